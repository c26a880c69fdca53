"""The egress wall: a seccomp filter under which no socket of any family can be made, in this process or its children.

Rules: the architecture is checked before any number is compared, so the 32-bit entry of a 64-bit kernel is no way
round; the x32 range is killed; io_uring is absent (ENOSYS), because its operations are not seen by seccomp; nothing
that reaches into another process (ptrace, pidfd_getfd, process_vm_writev) is allowed, because that process may have
sockets. The whole list, with reasons, is in `calls`.

`socketpair(AF_UNIX, SOCK_STREAM)` stays, for asyncio and multiprocessing pipes: both ends are anonymous and a stream
pair can never be connected elsewhere. A datagram pair can (it may be re-addressed to a named socket), so it is denied.
Four other calls are told apart by their arguments: `clone` may make no namespace, `ioctl` may put nothing into a
terminal's input, `prctl` may not open the memory of this process to others.

Sockets that were open before the filter keep working, so a process that inherits one refuses to start. The standard
streams may be AF_UNIX stream sockets: a service manager hands them over so. `onprem serve` alone has one more, a listening
AF_UNIX stream socket that `door` has made: on its descriptor, and no other, `accept` is allowed; `recvmsg` is denied then,
so that whoever connects cannot hand in a socket of another kind. Everything else stays as it is.

Sources: seccomp(2), the kernel's Documentation/userspace-api/seccomp_filter.rst, asm/unistd_64.h, asm-generic/unistd.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from dataclasses import dataclass
from typing import Literal

from onprem.errors import WallError
from onprem.security import calls

# classic BPF: opcode of each instruction used
_LOAD_WORD, _AND, _RETURN = 0x20, 0x54, 0x06
_JUMP, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT = 0x05, 0x15, 0x35, 0x45
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
# offsets in struct seccomp_data; arguments are 64-bit little-endian, their low words are read
_NUMBER, _ARCHITECTURE, _ARGUMENT_0, _ARGUMENT_1 = 0, 4, 16, 24
_HIGH = 4  # from the low word of an argument to its high one

_PR_SET_NO_NEW_PRIVS, _SET_MODE_FILTER, _FLAG_TSYNC = 38, 1, 1
_AF_UNIX, _SOCK_STREAM, _SOCK_DGRAM, _SOL_SOCKET, _SO_TYPE, _SO_DOMAIN = 1, 1, 2, 1, 3, 39
_X32_FIRST = 0x40000000
FAMILIES = range(46)  # AF_UNSPEC to AF_MCTP: a probe of each must be denied (linux/socket.h)

Instruction = tuple[int, int, int, int]  # opcode, jump if true, jump if false, operand


@dataclass(frozen=True, slots=True)
class Numbers:
    """System call numbers of one architecture, and its AUDIT_ARCH value."""

    architecture: int
    seccomp: int
    socket: int
    socketpair: int
    clone: int
    ioctl: int
    prctl: int
    accept: tuple[int, ...]
    denied: tuple[int, ...]  # EPERM
    denied_with_door: tuple[int, ...]  # EPERM while a door is open
    absent: tuple[int, ...]  # ENOSYS, beside what is newer than the table
    x32: bool = False


def _column(place: Literal[0, 1], architecture: int, *, x32: bool) -> Numbers:
    """Return one column of the table of calls."""
    single = {name: pair[place] for name, pair in calls.SINGLE.items()}
    sockets = calls.DENIED["sockets of any family"]
    pairs = [pair for group in calls.DENIED.values() for pair in group.values()]
    return Numbers(
        architecture,
        seccomp=single["seccomp"],
        socket=single["socket"],
        socketpair=single["socketpair"],
        clone=single["clone"],
        ioctl=single["ioctl"],
        prctl=single["prctl"],
        accept=tuple(number for name in ("accept", "accept4") if (number := sockets[name][place]) is not None),
        denied_with_door=tuple(pair[place] for pair in calls.DENIED_WITH_DOOR.values()),
        denied=(single["socket"], *(number for pair in pairs if (number := pair[place]) is not None)),
        absent=tuple(pair[place] for pair in calls.ABSENT.values()),
        x32=x32,
    )


NUMBERS: dict[str, Numbers] = {
    "x86_64": _column(0, 0xC000003E, x32=True),
    "aarch64": _column(1, 0xC00000B7, x32=False),
}


def filter_program(numbers: Numbers, *, listening: int | None = None) -> list[Instruction]:
    """Return the filter as classic BPF instructions; `listening` is the one descriptor that may be accepted on."""
    deny, absent = (_RETURN, 0, 0, _ERRNO | errno.EPERM), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)
    allow, kill = (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _KILL_PROCESS)
    program = [
        (_LOAD_WORD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, numbers.architecture),
        kill,
        (_LOAD_WORD, 0, 0, _NUMBER),
    ]
    if numbers.x32:
        program += [(_JUMP_AT_LEAST, 0, 1, _X32_FIRST), kill]
    program += [(_JUMP_AT_LEAST, 0, 1, calls.FIRST_UNKNOWN), absent]
    denied = numbers.denied
    if listening is not None:
        denied = (*(number for number in denied if number not in numbers.accept), *numbers.denied_with_door)
    for answer, group in ((absent, numbers.absent), (deny, denied)):
        # every comparison jumps to the one answer behind the last of them, which is stepped over where none is true
        program += [(_JUMP_EQUAL, len(group) - place, 0, number) for place, number in enumerate(group)]
        program += [(_JUMP, 0, 0, 1), answer]
    blocks = _by_argument(numbers, deny=deny, allow=allow)
    if listening is not None:
        blocks |= dict.fromkeys(numbers.accept, _on_descriptor(listening, deny=deny, allow=allow))
    for number, block in blocks.items():
        program += [(_JUMP_EQUAL, 0, len(block), number), *block]
    return [*program, allow]


def _by_argument(numbers: Numbers, *, deny: Instruction, allow: Instruction) -> dict[int, list[Instruction]]:
    """Return the calls that are told apart by their arguments, each with the instructions that answer it."""
    first, second = (_LOAD_WORD, 0, 0, _ARGUMENT_0), (_LOAD_WORD, 0, 0, _ARGUMENT_1)
    requests = calls.TERMINAL_REQUESTS
    return {
        numbers.socketpair: [
            first,
            (_JUMP_EQUAL, 0, 4, _AF_UNIX),
            second,
            (_AND, 0, 0, 0x0F),  # the low bits are the type, the rest are flags
            (_JUMP_EQUAL, 0, 1, _SOCK_STREAM),
            allow,
            deny,
        ],
        numbers.clone: [first, (_JUMP_ANY_BIT, 0, 1, calls.CLONE_NAMESPACES), deny, allow],
        numbers.ioctl: [
            second,
            *((_JUMP_EQUAL, len(requests) - place, 0, request) for place, request in enumerate(requests)),
            allow,
            deny,
        ],
        numbers.prctl: [
            first,
            (_JUMP_EQUAL, 3, 0, calls.PR_SET_PTRACER),
            (_JUMP_EQUAL, 0, 3, calls.PR_SET_DUMPABLE),
            second,
            (_JUMP_EQUAL, 1, 0, 0),
            deny,
            allow,
        ],
    }


def _on_descriptor(descriptor: int, *, deny: Instruction, allow: Instruction) -> list[Instruction]:
    """Return the instructions that allow a call when its first argument is `descriptor`, in all of its 64 bits."""
    return [
        (_LOAD_WORD, 0, 0, _ARGUMENT_0),
        (_JUMP_EQUAL, 0, 3, descriptor),
        (_LOAD_WORD, 0, 0, _ARGUMENT_0 + _HIGH),
        (_JUMP_EQUAL, 0, 1, 0),
        allow,
        deny,
    ]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def numbers_here() -> Numbers:
    """Return the numbers of this machine.

    Raises:
        WallError: there is no wall for it.
    """
    machine = os.uname().machine
    if machine not in NUMBERS or sys.maxsize < 2**32 or sys.byteorder != "little":
        raise WallError("no egress wall exists for this machine", hint="run on 64-bit Linux, x86_64 or aarch64")
    return NUMBERS[machine]


def kernel() -> ctypes.CDLL:
    """Return the C library, ready for raw system calls."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    libc.syscall.argtypes = (ctypes.c_long,) * 5
    return libc


def call(libc: ctypes.CDLL, number: int, *arguments: int) -> int:
    """Make a raw system call of up to four arguments; return its result, or the negative error number."""
    result = int(libc.syscall(number, *arguments, *(0,) * (4 - len(arguments))))
    return result if result >= 0 else -ctypes.get_errno()


def inherited_ways_out(*, listening: int | None = None) -> list[int]:
    """Return the open descriptors that are sockets or io_uring queues, AF_UNIX stream standard streams apart.

    `listening` is the descriptor of a door; it is left out too, if it is an AF_UNIX stream socket.

    Raises:
        WallError: /proc is not mounted, so descriptors cannot be listed.
    """
    found = []
    libc = kernel()
    try:
        names = os.listdir("/proc/self/fd")  # noqa: PTH208 - descriptors are not paths
    except OSError:
        raise WallError("open descriptors cannot be listed", hint="mount /proc") from None
    for name in names:
        try:
            target = os.readlink(f"/proc/self/fd/{name}")  # noqa: PTH115 - as above, and this runs at every start
        except OSError:  # the descriptor of the listing itself, closed by now
            continue
        meant = int(name) in (0, 1, 2, listening) and _is_unix_stream(libc, int(name))
        if target == "anon_inode:[io_uring]" or (target.startswith("socket:") and not meant):
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


def raise_walls(*, listening: int | None = None) -> None:
    """Install the filter for all threads of this process and prove that it holds. Idempotent; less than 1 ms.

    `listening` is the descriptor of the door of `onprem serve`; no other command has one.

    Raises:
        WallError: the machine is not supported, the kernel refuses the filter, a socket is already open, or the probe
            after installation still gets through.
    """
    if _raised_in:
        return
    numbers = numbers_here()
    if ways_out := inherited_ways_out(listening=listening):
        raise WallError(
            f"{len(ways_out)} open socket(s) were inherited (descriptor {', '.join(map(str, ways_out))})",
            hint="start onprem from a shell or service that does not pass its sockets on, or close them: N>&-",
        )
    libc = kernel()
    instructions = filter_program(numbers, listening=listening)
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(instructions), ctypes.addressof(buffer))
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise WallError("the kernel refuses no_new_privs", hint="Linux 3.17 or newer is needed")
    result = call(libc, numbers.seccomp, _SET_MODE_FILTER, _FLAG_TSYNC, ctypes.addressof(program))
    if result != 0:
        raise WallError("the kernel refuses the egress filter", hint="allow seccomp(2) in the container's profile")
    if not walls_in_force():
        raise WallError("the egress filter is set, but a socket could still be opened")
    _raised_in.add(os.getpid())


def walls_in_force() -> bool:
    """Probe whether every socket family and io_uring are denied right now, and `accept` on what is no door.

    What a probe opens is closed at once.
    """
    numbers = numbers_here()
    libc = kernel()
    try:
        with open("/proc/self/status", "rb", buffering=0) as file:  # noqa: PTH123 - this runs at every start
            status = file.read(8_192)
    except OSError:
        return False
    if b"\nSeccomp:\t2\n" not in status:
        return False
    for family in FAMILIES:
        result = call(libc, numbers.socket, family, _SOCK_DGRAM, 0)
        if result >= 0:
            os.close(result)
        if result != -errno.EPERM:
            return False
    if any(call(libc, number, -1, 0, 0, 0) != -errno.EPERM for number in numbers.accept):
        return False
    return all(call(libc, number, 1, 0) == -errno.ENOSYS for number in numbers.absent)
