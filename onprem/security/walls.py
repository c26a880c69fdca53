"""The egress wall: a seccomp filter under which no socket of any family can be made, in this process or its children.

Rules: the architecture is checked before any number is compared, so the 32-bit entry of a 64-bit kernel is no way
round; the x32 range is killed; io_uring is absent (ENOSYS), because its operations are not seen by seccomp; nothing
that reaches into another process (ptrace, pidfd_getfd, process_vm_writev) is allowed, because that process may have
sockets.

`socketpair(AF_UNIX, SOCK_STREAM)` stays, for asyncio and multiprocessing pipes: both ends are anonymous and a stream
pair can never be connected elsewhere. A datagram pair can (it may be re-addressed to a named socket), so it is denied.

Sockets that were open before the filter keep working, so a process that inherits one refuses to start. The standard
streams may be AF_UNIX stream sockets: a service manager hands them over so.

Sources: seccomp(2), the kernel's Documentation/userspace-api/seccomp_filter.rst, asm/unistd_64.h, asm-generic/unistd.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

from onprem.errors import WallError

# classic BPF: opcode of each instruction used
_LOAD_WORD, _AND, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
# offsets in struct seccomp_data; arguments are 64-bit little-endian, their low words are read
_NUMBER, _ARCHITECTURE, _ARGUMENT_0, _ARGUMENT_1 = 0, 4, 16, 24

_PR_SET_NO_NEW_PRIVS, _SET_MODE_FILTER, _FLAG_TSYNC = 38, 1, 1
_AF_UNIX, _SOCK_STREAM, _SOCK_DGRAM, _SOL_SOCKET, _SO_TYPE, _SO_DOMAIN = 1, 1, 2, 1, 3, 39
_X32_FIRST = 0x40000000
# unix, inet, inet6, netlink, packet, alg, vsock: a probe of each must be denied
_PROBED_FAMILIES = (1, 2, 10, 16, 17, 38, 40)


@dataclass(frozen=True, slots=True)
class Numbers:
    """System call numbers of one architecture, and its AUDIT_ARCH value."""

    architecture: int
    seccomp: int
    socket: int
    socketpair: int
    denied: tuple[int, ...]  # EPERM: connect, accept, accept4, bind, listen, ptrace, process_vm_writev, pidfd_getfd
    absent: tuple[int, ...] = (425, 426, 427)  # ENOSYS: io_uring_setup, io_uring_enter, io_uring_register
    x32: bool = False


NUMBERS: dict[str, Numbers] = {
    "x86_64": Numbers(0xC000003E, 317, 41, 53, (42, 43, 288, 49, 50, 101, 311, 438), x32=True),
    "aarch64": Numbers(0xC00000B7, 277, 198, 199, (203, 202, 242, 200, 201, 117, 271, 438)),
}


def filter_program(numbers: Numbers) -> list[tuple[int, int, int, int]]:
    """Return the filter as classic BPF instructions (opcode, jump if true, jump if false, operand)."""
    program = [
        (_LOAD_WORD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, numbers.architecture),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD_WORD, 0, 0, _NUMBER),
    ]
    if numbers.x32:
        program += [(_JUMP_AT_LEAST, 0, 1, _X32_FIRST), (_RETURN, 0, 0, _KILL_PROCESS)]
    for code, group in ((errno.ENOSYS, numbers.absent), (errno.EPERM, (numbers.socket, *numbers.denied))):
        for number in group:
            program += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | code)]
    program += [
        (_JUMP_EQUAL, 0, 6, numbers.socketpair),
        (_LOAD_WORD, 0, 0, _ARGUMENT_0),
        (_JUMP_EQUAL, 0, 3, _AF_UNIX),
        (_LOAD_WORD, 0, 0, _ARGUMENT_1),
        (_AND, 0, 0, 0x0F),  # the low bits are the type, the rest are flags
        (_JUMP_EQUAL, 1, 0, _SOCK_STREAM),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return program


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def _numbers() -> Numbers:
    machine = os.uname().machine
    if machine not in NUMBERS or sys.maxsize < 2**32 or sys.byteorder != "little":
        raise WallError("no egress wall exists for this machine", hint="run on 64-bit Linux, x86_64 or aarch64")
    return NUMBERS[machine]


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(libc: ctypes.CDLL, number: int, *arguments: int) -> int:
    """Make a raw system call; return its result, or the negative error number."""
    result = int(libc.syscall(ctypes.c_long(number), *(ctypes.c_long(value) for value in arguments)))
    return result if result >= 0 else -ctypes.get_errno()


def inherited_ways_out() -> list[int]:
    """Return the open descriptors that are sockets or io_uring queues, AF_UNIX stream standard streams apart.

    Raises:
        WallError: /proc is not mounted, so descriptors cannot be listed.
    """
    found = []
    libc = _libc()
    try:
        names = os.listdir("/proc/self/fd")  # noqa: PTH208 - descriptors are not paths
    except OSError:
        raise WallError("open descriptors cannot be listed", hint="mount /proc") from None
    for name in names:
        try:
            target = str(Path(f"/proc/self/fd/{name}").readlink())
        except OSError:  # the descriptor of the listing itself, closed by now
            continue
        handed_over = int(name) <= 2 and _is_unix_stream(libc, int(name))
        if target == "anon_inode:[io_uring]" or (target.startswith("socket:") and not handed_over):
            found.append(int(name))
    return sorted(found)


def _is_unix_stream(libc: ctypes.CDLL, descriptor: int) -> bool:
    """Say whether a socket is an AF_UNIX stream; a datagram socket could still be written to any address."""
    found = []
    for option in (_SO_DOMAIN, _SO_TYPE):
        value, size = ctypes.c_int(-1), ctypes.c_uint(ctypes.sizeof(ctypes.c_int))
        libc.getsockopt(descriptor, _SOL_SOCKET, option, ctypes.byref(value), ctypes.byref(size))
        found.append(value.value)
    return found == [_AF_UNIX, _SOCK_STREAM]


_raised_in: set[int] = set()  # process ids: a fork inherits both this set and the filter


def raise_walls() -> None:
    """Install the filter for all threads of this process and prove that it holds. Idempotent; about 0.3 ms.

    Raises:
        WallError: the machine is not supported, the kernel refuses the filter, a socket is already open, or the probe
            after installation still gets through.
    """
    if _raised_in:
        return
    numbers = _numbers()
    if ways_out := inherited_ways_out():
        raise WallError(
            f"{len(ways_out)} open socket(s) were inherited (descriptor {', '.join(map(str, ways_out))})",
            hint="start onprem from a shell or service that does not pass its sockets on, or close them: N>&-",
        )
    libc = _libc()
    instructions = filter_program(numbers)
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(instructions), ctypes.addressof(buffer))
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise WallError("the kernel refuses no_new_privs", hint="Linux 3.17 or newer is needed")
    result = _call(libc, numbers.seccomp, _SET_MODE_FILTER, _FLAG_TSYNC, ctypes.addressof(program))
    if result != 0:
        raise WallError("the kernel refuses the egress filter", hint="allow seccomp(2) in the container's profile")
    if not walls_in_force():
        raise WallError("the egress filter is set, but a socket could still be opened")
    _raised_in.add(os.getpid())


_control: list[bool] = []  # what `try_without_walls` saw, if it was called


def try_without_walls() -> None:
    """Let a child without walls open a socket: the positive control of the probe. Call before `raise_walls`."""
    numbers = _numbers()
    if (child := os.fork()) == 0:
        os._exit(0 if _call(_libc(), numbers.socket, _AF_UNIX, _SOCK_DGRAM, 0) >= 0 else 1)
    _control.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0)


def control() -> bool | None:
    """Return whether a socket could be opened without walls; None when that was not tried."""
    return _control[-1] if _control else None


def walls_in_force() -> bool:
    """Probe whether every socket family and io_uring are denied right now. What a probe opens is closed at once."""
    numbers = _numbers()
    libc = _libc()
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    if "\nSeccomp:\t2\n" not in status:
        return False
    for family in _PROBED_FAMILIES:
        result = _call(libc, numbers.socket, family, _SOCK_DGRAM, 0)
        if result >= 0:
            os.close(result)
        if result != -errno.EPERM:
            return False
    return _call(libc, numbers.absent[0], 1, 0) == -errno.ENOSYS
