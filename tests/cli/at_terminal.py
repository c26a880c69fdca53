"""Run a program at a terminal of its own: wait for each prompt, type an answer, return what was shown.

Standard input can be a pipe beside the terminal, and standard output always is one, so that data, talk and prompts can
be told apart: data on standard output, talk and prompts (with whatever is echoed) on the terminal.
"""

import os
import pty
import select
import time
from dataclasses import dataclass, field

TIMEOUT = 120  # seconds


@dataclass(frozen=True)
class Session:
    """How a program ended, what it wrote to standard output, and everything that stood on its terminal."""

    code: int
    out: str = field(repr=False)
    screen: str


def at_terminal(program, typing, *, environment, folder, stdin=None, piped=True):
    """Run `program` in `folder`; `typing` is [(part of a prompt, answer)].

    With `piped` false, standard output is the terminal too.
    """
    read_out, write_out = os.pipe()
    read_in, write_in = os.pipe()
    child, terminal = pty.fork()
    if child == 0:
        if stdin is not None:
            os.dup2(read_in, 0)
        if piped:
            os.dup2(write_out, 1)
        os.closerange(3, 256)
        os.chdir(folder)
        os.execve(program[0], program, environment)
    os.close(read_in)
    os.close(write_out)
    if stdin is not None:
        os.write(write_in, stdin.encode())
    os.close(write_in)
    try:
        return _converse(child, terminal, read_out, list(typing))
    finally:
        os.close(terminal)
        os.close(read_out)


def _converse(child, terminal, read_out, typing):
    screen, out, seen = b"", b"", 0
    ends = {terminal, read_out}
    until = time.monotonic() + TIMEOUT
    while ends:
        ready, _, _ = select.select(list(ends), [], [], max(0, until - time.monotonic()))
        assert ready, f"nothing happened after: {screen[-300:]!r}"
        for end in ready:
            try:
                piece = os.read(end, 65_536)
            except OSError:  # the last process left the terminal
                piece = b""
            if not piece:
                ends.discard(end)
            elif end == terminal:
                screen += piece
            else:
                out += piece
        if typing and typing[0][0].encode() in screen[seen:]:
            seen = len(screen)
            os.write(terminal, typing.pop(0)[1].encode() + b"\n")
    _, status = os.waitpid(child, 0)
    assert not typing, f"never asked for {typing[0][0]!r}: {screen[-300:]!r}"
    return Session(os.waitstatus_to_exitcode(status), out.decode(), screen.decode(errors="replace"))
