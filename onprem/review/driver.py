"""The terminal of a screen, which may be taken away: a closed window, a dropped line.

Source: https://man7.org/linux/man-pages/man3/termios.3.html: after a hang-up, reading gives the end of the file at once
and writing fails. The library's reading thread would then go round without end, its writing thread would die and block
whoever writes next. A hang-up is therefore looked for, also where its signal is ignored (`nohup`), and ends the screen.
"""

from __future__ import annotations

import contextlib
import select
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO, cast

from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from textual.app import App


class Terminal(LinuxDriver):
    """The terminal that standard input and standard error are."""

    def __init__(self, app: App[object], **options: Any) -> None:  # noqa: ANN401 - passed on as they are
        super().__init__(app, **options)
        if sys.__stderr__ is not None:
            self._file = cast("Any", _Written(sys.__stderr__))


class _Written:
    """A stream to a terminal that may be gone: what cannot be written is dropped."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.write = partial(self._try, stream.write)
        self.flush = partial(self._try, stream.flush)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    @staticmethod
    def _try(write: Callable[..., object], *text: str) -> None:
        with contextlib.suppress(OSError):
            write(*text)


def hung_up() -> bool:
    """Say whether the terminal on standard input is gone."""
    if sys.__stdin__ is None:
        return True
    poll = select.poll()
    poll.register(sys.__stdin__.fileno(), 0)  # a hang-up is told without being asked for
    return any(told & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, told in poll.poll(0))
