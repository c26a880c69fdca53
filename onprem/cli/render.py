"""All printing of the command line: standard output is data, standard error is talk.

Rules: with --json, data are JSON lines on standard output and progress is JSON lines on standard error
(`{"progress": {"stage", "done", "total"}}`, at most one a second); on a terminal, data are tables and progress is a
bar; when piped, data are tab-separated and progress is silent. Colour follows NO_COLOR and is never the only sign. No
value of a record reaches this module: callers pass counts, labels, codes and what the user typed.
"""

from __future__ import annotations

import json as jsonlib
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from onprem.errors import OnpremError
from onprem.model import Finding, Severity
from onprem.progress import Progress, Silent

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

_STYLE = {"ok": "green", "info": "cyan", "warning": "yellow", "error": "bold red"}
_SECONDS_BETWEEN_LINES = 1.0
_NARROW = 60  # columns


def talk(message: str) -> None:
    """Say one line on standard error."""
    _line(sys.stderr, f"onprem: {message}")


def error(failure: OnpremError) -> None:
    """Say what went wrong and how to repair the command."""
    problem(failure.message, failure.hint)


def problem(message: str, hint: str = "") -> None:
    """Say `onprem: error: …` and, if there is one, `onprem: hint: …`."""
    _line(sys.stderr, f"onprem: error: {message}")
    if hint:
        _line(sys.stderr, f"onprem: hint: {hint}")


def line(text: str) -> None:
    """Print one line of data, as it is."""
    _line(sys.stdout, text)


def document(content: Mapping[str, object], *, json: bool) -> None:
    """Print one thing with its properties: one JSON line, or a line per property."""
    if json:
        line(_json(content))
    elif _is_terminal(sys.stdout):
        width = max((len(key) for key in content), default=0)
        for key, value in content.items():
            line(f"{key.replace('_', ' '):<{width}}  {_shown(value)}")
    else:
        for key, value in content.items():
            line(f"{key}\t{_shown(value)}")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, json: bool, title: str = "") -> None:
    """Print rows: JSON lines keyed by column, a table on a terminal, tab-separated with a header when piped.

    Rows stream except on a terminal.
    """
    if json:
        for row in rows:
            line(_json(dict(zip(columns, row, strict=True))))
    elif _is_terminal(sys.stdout):
        _rich_table(columns, rows, title)
    else:
        line("\t".join(columns))
        for row in rows:
            line("\t".join(_shown(value) for value in row))


def findings(found: Iterable[Finding], *, json: bool, title: str = "") -> None:
    """Print the results of a check, with a hint for each that needs one."""
    rows = [(str(item.severity), item.code, item.where, item.message, item.hint) for item in found]
    table(("severity", "code", "where", "message", "hint"), rows, json=json, title=title)


def worst(found: Iterable[Finding]) -> Severity:
    """Return the gravest severity, INFO for none."""
    order = list(Severity)
    return max((item.severity for item in found), key=order.index, default=Severity.INFO)


@contextmanager
def bar(*, json: bool) -> Iterator[Progress]:
    """Yield the progress to hand to a long job: a bar on a terminal, JSON lines with --json, else silent."""
    if json:
        yield _Lines()
    elif _is_terminal(sys.stderr):
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        parts = (TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn(), TimeElapsedColumn())
        with RichProgress(*parts, console=console(sys.stderr), transient=True) as drawn:
            yield Bar(drawn)
    else:
        yield Silent()


class Bar:
    """Progress drawn by rich, one bar per stage."""

    def __init__(self, drawn: RichProgress) -> None:
        self._drawn = drawn
        self._task: TaskID | None = None

    def stage(self, name: str, total: int | None) -> None:
        """Replace the bar by one for the new stage."""
        if self._task is not None:
            self._drawn.remove_task(self._task)
        self._task = self._drawn.add_task(name, total=total)

    def advance(self, units: int) -> None:
        """Move the bar."""
        if self._task is not None:
            self._drawn.advance(self._task, units)


class _Lines:
    """Progress as JSON lines on standard error."""

    def __init__(self) -> None:
        self._name, self._total, self._done = "", 0, 0
        self._last = 0.0

    def stage(self, name: str, total: int | None) -> None:
        if self._name:
            self._print()
        self._name, self._total, self._done = name, total or 0, 0
        self._print()

    def advance(self, units: int) -> None:
        self._done += units
        if time.monotonic() - self._last >= _SECONDS_BETWEEN_LINES or self._done == self._total:
            self._print()

    def _print(self) -> None:
        self._last = time.monotonic()
        shown = {"stage": self._name, "done": self._done, "total": self._total or None}
        _line(sys.stderr, _json({"progress": shown}))


def console(stream: TextIO) -> Console:
    """Return a rich console for `stream` that keeps to its width and to NO_COLOR."""
    from rich.console import Console

    return Console(
        file=stream, highlight=False, markup=False, emoji=False, width=_width(), height=25, no_color=_no_colour()
    )


def _rich_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str) -> None:
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    screen = console(sys.stdout)
    if title:
        screen.print(Text(title, style="bold"))
    if screen.width < _NARROW:  # a block per row reads better than columns of a few letters
        for row in rows:
            for name, value in zip(columns, row, strict=True):
                if shown := _shown(value):
                    screen.print(Text(f"{name.replace('_', ' ')}: {shown}", style=_STYLE.get(shown, "")))
            screen.print()
        return
    drawn = Table(box=SIMPLE, pad_edge=False)
    for name in columns:
        drawn.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(_shown(value), style=_STYLE.get(str(value), "")) for value in row))
    screen.print(drawn)


def _width() -> int:
    return max(20, shutil.get_terminal_size((100, 24)).columns)


def _no_colour() -> bool:
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty()


def _shown(value: object) -> str:
    """Return a value for a line of text: no tabs, newlines or control characters, so a row stays a row."""
    if isinstance(value, float):
        return f"{value:.4g}"
    text = "yes" if value is True else "no" if value is False else "" if value is None else str(value)
    return "".join(character if character.isprintable() else " " for character in text)


def _json(content: Mapping[str, object]) -> str:
    return jsonlib.dumps(content, ensure_ascii=False, separators=(", ", ": "), default=str)


def _line(stream: TextIO, text: str) -> None:
    # a path the user typed may hold bytes that the terminal's encoding cannot show
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
