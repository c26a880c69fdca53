"""Run a program on a terminal of 80 by 24 characters and press keys, each when the words before it stand on the screen."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from dataclasses import dataclass, field

TIMEOUT = 30  # seconds until the words must stand there
LEFT = b"\x1b[?1049l"  # a program gives the screen back as it was
_CONTROL = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[P_^][^\x1b]*\x1b\\|[ -/]*[0-~])")


@dataclass(frozen=True)
class Played:
    """How a program ended, everything that stood on its screen, and what it said after it had given the screen back."""

    code: int
    screen: str = field(repr=False)
    after: str


def play(arguments, keys, *, environment, hang_up=None):
    """Run `python ARGUMENTS...`; `keys` is [(words that must have come, keys to press then)].

    With `hang_up`, the terminal goes away after the last keys; "ignore" ignores the signal for it, as `nohup` does.
    """
    child, terminal = pty.fork()
    if child == 0:
        signal.signal(signal.SIGHUP, signal.SIG_IGN if hang_up == "ignore" else signal.SIG_DFL)
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.closerange(3, 256)
        os.execve(sys.executable, [sys.executable, *map(str, arguments)], environment)
    raw, seen, waiting = b"", 0, list(keys)
    until = time.monotonic() + TIMEOUT
    try:
        while True:
            ready, _, _ = select.select([terminal], [], [], max(0, until - time.monotonic()))
            assert ready, f"never came: {waiting[:1]} after {_plain(raw)!r}"
            try:
                piece = os.read(terminal, 65_536)
            except OSError:  # the last process left the terminal
                break
            if not piece:
                break
            raw += piece
            if waiting and waiting[0][0] in _plain(raw[seen:]):
                seen, until = len(raw), time.monotonic() + TIMEOUT
                os.write(terminal, waiting.pop(0)[1].encode())
                if hang_up and not waiting:
                    break
    finally:
        os.close(terminal)
        status = _ended(child)
    assert not waiting, f"never came: {waiting[0]} in {_plain(raw)!r}"
    return Played(os.waitstatus_to_exitcode(status), _plain(raw), _plain(raw.rpartition(LEFT)[2]))


def _ended(child):
    """Wait until a process without its terminal ends; make it end when it does not."""
    until = time.monotonic() + TIMEOUT
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def _plain(raw):
    return _CONTROL.sub(b"", raw).decode(errors="replace")
