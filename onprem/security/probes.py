"""Which ways out of the process are open: each is tried by a child, which opens something and closes it, or is killed.

Rules: nothing is sent; a child that tries says what it found by its exit code; the same attempt before the walls were
raised is the positive control, without which a denial proves nothing about the walls.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Callable
from dataclasses import dataclass

from onprem.security.walls import FAMILIES, call, kernel, numbers_here

_INET, _STREAM, _DATAGRAM = 2, 1, 2
_SOCKET_OF_32_BIT = 359  # arch/x86/entry/syscalls/syscall_32.tbl
_FAILED = 255  # exit code of a child that could not try


@dataclass(frozen=True, slots=True)
class Ways:
    """What could be opened: how many families of sockets, an io_uring queue, a socket by the 32-bit entry."""

    families: int
    io_uring: bool
    thirty_two_bit: bool


def ways_out() -> Ways:
    """Try all ways now, in children."""
    return Ways(
        families=max(0, _in_child(_families)),
        io_uring=_in_child(_io_uring) == 1,
        thirty_two_bit=os.uname().machine == "x86_64" and _in_child(_thirty_two_bit) == 1,
    )


_control: list[Ways] = []


def try_without_walls() -> None:
    """Remember what is open before the walls are raised."""
    _control.append(ways_out())


def control() -> Ways | None:
    """Return what was open before the walls were raised; None when that was not tried."""
    return _control[-1] if _control else None


def _in_child(attempt: Callable[[], int]) -> int:
    """Return what an attempt found in a child, -1 when the child was killed or could not try."""
    if (child := os.fork()) == 0:
        try:
            os._exit(attempt())
        finally:
            os._exit(_FAILED)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if 0 <= code < _FAILED else -1


def _families() -> int:
    libc, number = kernel(), numbers_here().socket
    return sum(any(call(libc, number, family, kind, 0) >= 0 for kind in (_STREAM, _DATAGRAM, 3)) for family in FAMILIES)


def _io_uring() -> int:
    parameters = ctypes.create_string_buffer(256)  # struct io_uring_params has 120 bytes
    return int(call(kernel(), numbers_here().absent[0], 1, ctypes.addressof(parameters)) >= 0)


def _thirty_two_bit() -> int:
    """Ask for a TCP socket by `int 0x80`: push rbx; mov eax, N; mov ebx, 2; mov ecx, 1; xor edx, edx; int 0x80."""
    number = _SOCKET_OF_32_BIT.to_bytes(4, "little")
    code = b"\x53\xb8" + number + b"\xbb\x02\0\0\0\xb9\x01\0\0\0\x31\xd2\xcd\x80\x5b\xc3"
    with mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC) as page:
        page.write(code)
        place = ctypes.addressof(ctypes.c_char.from_buffer(page))
        return int(ctypes.CFUNCTYPE(ctypes.c_int)(place)() >= 0)
