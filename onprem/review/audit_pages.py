"""The pages of the audit review beside its list: one event in full, an answer, the timeline.

Rules: every page is about what the desk has read verified; from every list an event can be opened, marked and signed
off by the same keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from onprem.audit.checks import Check
from onprem.audit.view import Answer, Bucket, EventRow, Filters, Limits
from onprem.review import terminal
from onprem.review.audit_desk import Desk
from onprem.review.audit_sign import SigningPage
from onprem.review.audit_words import action_words, clock, detail, outcome_words, plain, short, to_utc, zone
from onprem.review.long_list import Column, LongList, Row
from onprem.review.theme import LEAVE, Page

_LABEL = 10  # characters
_WIDEST, _ENOUGH = 24, 12  # characters of a column of an answer
_DIGEST = 8  # characters of a digest in a column
_SAMPLE = 200  # rows that decide how wide columns are
_HEX = re.compile(r"[0-9a-f]{32}|[0-9a-f]{64}")


def event_text(desk: Desk, row: EventRow, *, full: bool) -> Table:
    """Return an event in plain words, a label before each line."""
    drawn = Table.grid(padding=(0, 1, 0, 0))
    drawn.add_column(width=_LABEL, style="bold")
    drawn.add_column(overflow="fold")
    for label, words in detail(row, desk.limits, full=full, signed=desk.look(row)):
        drawn.add_row(Text(label), Text(words))
    return drawn


class EventPage(SigningPage[None]):
    """One event, in full."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,down,pageup,pagedown", "none", "Read on", key_display="Up/Down", tooltip="Move the text"),
        Binding("d", "digests", "Digests in full", tooltip="Digests and references in full, or short again"),
        Binding("s", "sign", "Sign off", tooltip="Sign this event off, with a comment if you wish"),
        LEAVE,
    ]

    def __init__(self, desk: Desk, row: EventRow) -> None:
        super().__init__(f"Event {row.seq:,}", desk)
        self.event, self.full = row, False

    def body(self) -> ComposeResult:
        """Yield the text."""
        yield VerticalScroll(Static(id="event", markup=False, classes="said"))

    def on_mount(self) -> None:
        """Fill the text."""
        self.refreshed()

    def refreshed(self) -> None:
        """Say anew what is known of the event."""
        self.query_one("#event", Static).update(event_text(self.desk, self.event, full=self.full))

    def action_digests(self) -> None:
        """Show digests in full, or short again."""
        self.full = not self.full
        self.refreshed()

    def chosen(self) -> list[int]:
        """Return what `s` signs off."""
        return [self.event.seq]


class AnswerPage(SigningPage[None]):
    """The answer to a ready-made question."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "up,down,left,right",
            "none",
            "Move",
            key_display="Arrows",
            tooltip="Up and Down by a line, Left and Right to columns that do not fit",
        ),
        Binding("enter", "none", "Details", key_display="Enter", tooltip="Everything about the event"),
        Binding("space", "mark", "Mark", key_display="Space", tooltip="Mark the event for a sign-off of several"),
        Binding("s", "sign", "Sign off", tooltip="Sign off this event, or the marked ones"),
        LEAVE,
    ]

    def __init__(self, desk: Desk, question: Check, answer: Answer) -> None:
        super().__init__(question.title, desk)
        self.question, self.answer = question, answer
        self.seqs = [_seq(row, answer.columns) for row in answer.rows]

    def body(self) -> ComposeResult:
        """Yield the question's own words, how many rows there are, and the rows."""
        found = len(self.answer.rows)
        said = "Nothing was found." if not found else f"{found:,} found." if found > 1 else "1 found."
        if self.answer.cut:
            said = f"The first {found:,} are shown; there are more. Narrow the time with a filter first."
        yield Static(self.question.explanation, markup=False, classes="said")
        yield Static(said, markup=False, classes="said strong")
        yield LongList([])

    def on_mount(self) -> None:
        """Fill the list."""
        self.on_resize()
        rows = self.query_one(LongList)
        rows.display = bool(self.answer.rows)
        rows.show(len(self.answer.rows), self._rows)

    def on_resize(self) -> None:
        """Make the columns as wide as there is room."""
        columns = [Column("", 1), *_columns(self.answer, self.desk.limits, self.size.width - 4)]
        self.query_one(LongList).columns = tuple(columns)

    def _rows(self, offset: int, limit: int) -> Sequence[Row]:
        return [
            (_mark(self.desk, seq), *_cells(self.answer.columns, row, self.desk.limits))
            for seq, row in zip(
                self.seqs[offset : offset + limit], self.answer.rows[offset : offset + limit], strict=True
            )
        ]

    def chosen(self) -> list[int]:
        """Return what `s` signs off."""
        at = self.query_one(LongList).cursor
        return sorted(self.desk.marks) or ([self.seqs[at]] if at >= 0 else [])

    def action_mark(self) -> None:
        """Mark the event under the cursor, or take its mark away."""
        rows = self.query_one(LongList)
        if rows.cursor >= 0:
            self.desk.mark(self.seqs[rows.cursor])
            rows.again()
            rows.action_move(1)

    def on_long_list_chosen(self, message: LongList.Chosen) -> None:
        """Open the event."""
        row = self.desk.view.event(self.seqs[message.index])
        if row is not None:
            self.app.push_screen(EventPage(self.desk, row))

    def refreshed(self) -> None:
        """Draw the marks anew."""
        self.query_one(LongList).again()


class TimelinePage(Page[tuple[str, Bucket]]):
    """How many events there were by hour, day or month. The answer is the span that was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,down", "none", "Move", key_display="Up/Down", tooltip="Move by a line; PgUp, PgDn, Home, End too"),
        Binding("enter", "none", "Only this time", key_display="Enter", tooltip="Show the events of this time only"),
        Binding("d", "by('day')", "By day", tooltip="One line for each day"),
        Binding("m", "by('month')", "By month", tooltip="One line for each month"),
        Binding("o", "by('hour')", "By hour", tooltip="One line for each hour"),
        LEAVE,
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(f"Timeline: events by the hospital's clock ({zone(desk.limits)})")
        self.desk = desk
        self.bucket: Bucket = "day"
        self.spans: list[tuple[str, int]] = []

    def body(self) -> ComposeResult:
        """Yield the chart: a line for each span that has events."""
        yield LongList([Column("Time", 20), Column("Events", 10, right=True), Column("", 0)])

    def on_mount(self) -> None:
        """Fill the chart."""
        self.action_by("day")

    def action_by(self, bucket: Bucket) -> None:
        """Draw the chart by hour, day or month, the latest first."""
        self.bucket, self.spans = bucket, self.desk.view.timeline(self.desk.filters, bucket)[::-1]
        self.query_one(LongList).show(len(self.spans), self._rows)

    def _rows(self, offset: int, limit: int) -> Sequence[Row]:
        most = max(count for _, count in self.spans)
        room = max(8, self.size.width - 38)
        return [
            (_span(start, self.bucket), f"{count:,}", terminal.BAR * max(1, round(room * count / most)))
            for start, count in self.spans[offset : offset + limit]
        ]

    def on_long_list_chosen(self, message: LongList.Chosen) -> None:
        """Answer with the span."""
        self.dismiss((self.spans[message.index][0], self.bucket))


def span_filters(filters: Filters, start: str, bucket: Bucket, limits: Limits) -> dict[str, str]:
    """Return `since` and `until` of a span of the timeline, in UTC."""
    first = datetime.fromisoformat(f"{start[:7]}-01" if bucket == "month" else start[:16])
    if bucket == "month":
        end = (first + timedelta(days=32)).replace(day=1)
    else:
        end = first + (timedelta(days=1) if bucket == "day" else timedelta(hours=1))
    since, until = to_utc(first, limits), to_utc(end, limits)
    return {"since": max(since, filters.since), "until": min(until, filters.until or until)}


def _span(start: str, bucket: Bucket) -> str:
    if bucket == "month":
        return start[:7]
    moment = datetime.fromisoformat(start[:16])
    return f"{moment:%Y-%m-%d %a}" if bucket == "day" else f"{moment:%Y-%m-%d %a %H}h"


def _mark(desk: Desk, seq: int) -> str:
    return "*" if seq in desk.marks else ""


def _seq(row: tuple[object, ...], columns: tuple[str, ...]) -> int:
    return int(str(row[columns.index("seq")]))


def _cells(columns: tuple[str, ...], row: tuple[object, ...], limits: Limits) -> list[str]:
    return [_cell(name, value, limits) for name, value in zip(columns, row, strict=True)]


def _cell(name: str, value: object, limits: Limits) -> str:
    coded = {"utc": lambda text: clock(text, limits), "action": action_words, "outcome": outcome_words}
    coded |= dict.fromkeys(("role", "purpose"), plain)
    if value is None:
        return ""
    if name in coded:
        return coded[name](str(value))
    if isinstance(value, Mapping):
        return ", ".join(f"{plain(str(key))} {count}" for key, count in value.items())
    if isinstance(value, list | tuple):
        return f"{len(value)} patients" if name == "subjects" else ", ".join(map(str, value))
    text = f"{value:,}" if isinstance(value, int) and name != "seq" else str(value)
    return short(text, _DIGEST) if _HEX.fullmatch(text) else text


def _columns(answer: Answer, limits: Limits, width: int) -> list[Column]:
    """Return the columns of an answer: as wide as what is in them, narrower where there is no room for all."""
    titles = [_TITLES.get(name, plain(name).capitalize()) for name in answer.columns]
    sample = [_cells(answer.columns, row, limits) for row in answer.rows[:_SAMPLE]]
    content = [max([1, *(cell_len(row[index]) for row in sample)]) for index in range(len(titles))]
    widths = [min(_WIDEST, max(cell_len(title), own)) for title, own in zip(titles, content, strict=True)]
    least = [min(own, _NARROWEST.get(name, _ENOUGH)) for name, own in zip(answer.columns, content, strict=True)]
    least = [max(own, min(cell_len(title), 8)) for title, own in zip(titles, least, strict=True)]
    while sum(widths) + len(widths) > width and widths != least:
        most = max(range(len(widths)), key=lambda index: widths[index] - least[index])
        if widths[most] <= least[most]:
            break
        widths[most] -= 1
    numbers = [all(isinstance(row[index], int) for row in answer.rows[:_SAMPLE]) for index in range(len(titles))]
    return [
        Column(title, each, right=number and bool(answer.rows))
        for title, each, number in zip(titles, widths, numbers, strict=True)
    ]


_TITLES = {"seq": "No.", "utc": "When", "actor": "Who", "action": "What", "outcome": "Ended", "signed_off_by": "Signed"}
_NARROWEST = {"utc": 16, "seq": 9, "outcome": 9}  # characters
