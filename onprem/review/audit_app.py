"""`onprem audit review`: the audit log on one screen, for compliance officers who are no programmers.

Rules: the log is verified before it is shown and again when it is read again; a log that does not verify is not shown;
who reads it and what they looked at is itself an event, written by the command. Everything works in 80 by 24
characters, without a mouse and without colour.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from rich.console import Group
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widgets import Static

from onprem.audit.view import Bucket, EventRow, Filters
from onprem.errors import AuditError
from onprem.review import terminal
from onprem.review.audit_ask import AskingPage
from onprem.review.audit_desk import MAX_MARKS, Desk
from onprem.review.audit_filter import FilterPage, shown
from onprem.review.audit_notes import ABOUT, Broken, export_words, verdict_words
from onprem.review.audit_pages import EventPage, TimelinePage, event_text, span_filters
from onprem.review.audit_words import action_words, clock, outcome_words, zone
from onprem.review.long_list import Column, LongList, Row
from onprem.review.theme import Notice, ReviewApp, help_text

_CSS = """
#body { layout: vertical; height: 1fr; }
#events { height: 3fr; }
#side { height: 2fr; border-top: ascii ansi_default; }
AuditPage.-wide #body { layout: horizontal; }
AuditPage.-wide #events { width: 1fr; height: 1fr; }
AuditPage.-wide #side { width: 41; height: 1fr; border-top: none; border-left: ascii ansi_default; padding: 0 1; }
AuditPage.-low #side { display: none; }
#where { height: 1; }
"""


class AuditPage(AskingPage):
    """The list of events, newest first, and what the one under the cursor says."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "up,down",
            "none",
            "Move",
            key_display="Up/Down",
            tooltip="Move by a line; PgUp, PgDn, Home and End go further",
        ),
        Binding("enter", "none", "Details", key_display="Enter", tooltip="Everything about the event, on a page"),
        Binding("space", "mark", "Mark", key_display="Space", tooltip="Mark the event, or take its mark away"),
        Binding("a", "mark_to_here", "Mark range", tooltip="Mark all from the last mark to this event"),
        Binding("u", "unmark", "Unmark", tooltip="Take all marks away"),
        Binding("s", "sign", "Sign off", tooltip="Sign off this event, or the marked ones, with a comment if you wish"),
        Binding("f", "filter", "Filter", tooltip="Choose by what, who, how it ended, when, whose records, what for"),
        Binding("c", "clear", "All", tooltip="Show all events again"),
        Binding("t", "timeline", "Timeline", tooltip="How many events there were, by day, month or hour"),
        Binding(
            "1", "ask(0)", "Ask", key_display="1-0", tooltip="Ask a ready-made question: 1 is the first of the list"
        ),
        Binding("question_mark", "questions", "Questions", key_display="?", tooltip="Choose a ready-made question"),
        Binding("d", "digests", "Digests", tooltip="Digests and references in full, or short again"),
        Binding("v", "verdict", "Verdict", tooltip="What the verification of the log found"),
        Binding("r", "reload", "Reload", tooltip="Read and verify the log again, with what is new"),
        Binding("e", "export", "Export", tooltip="How to write these events to a file"),
        Binding("h,f1", "help", "Help", key_display="h", tooltip="This page; F1 does the same"),
        Binding("q", "quit_review", "Quit", tooltip="Leave the review"),
        *(Binding(digit, f"ask({number})", show=False) for number, digit in enumerate("234567890", start=1)),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__("", desk)
        name = desk.site.settings.name
        self.heading = f"Audit review - {name} - reviewer {desk.login}"
        self.rows: dict[int, EventRow] = {}
        self.full = False
        self.last_mark = -1

    def body(self) -> ComposeResult:
        """Yield the verdict, what is shown, the list and the details."""
        yield Static(self.desk.verdict(), id="verdict", markup=False)
        yield Static(id="where", markup=False)
        with Container(id="body"):
            yield LongList(self._columns(), id="events")
            yield VerticalScroll(Static(id="event", markup=False), id="side")

    def _columns(self) -> list[Column]:
        width = max(5, len(f"{self.desk.view.state.tree.size:,}"))
        return [
            Column("", 1),
            Column("No.", width, right=True),
            Column(f"When ({zone(self.desk.limits)})", 16),
            Column("Who", 10),
            Column("What", 0),
            Column("Ended", 9),
            Column("Signed", 8),
        ]

    def on_mount(self) -> None:
        """Fill the page."""
        self.fill()

    def fill(self, *, at: int = 0) -> None:
        """Show the events that the filters let through, the cursor on one of them."""
        self.rows.clear()
        self.last_mark = -1
        self.query_one("#verdict", Static).update(self.desk.verdict())
        self.query_one(LongList).show(self.desk.count(), self._page, at=at)

    def _page(self, offset: int, limit: int) -> Sequence[Row]:
        found = self.desk.page(offset, limit)
        if len(self.rows) > 10 * MAX_MARKS:
            self.rows.clear()
        self.rows.update({offset + index: row for index, row in enumerate(found)})
        return [self._line(row) for row in found]

    def _line(self, row: EventRow) -> Row:
        return (
            "*" if row.seq in self.desk.marks else "",
            f"{row.seq:,}",
            clock(row.utc, self.desk.limits),
            row.actor,
            action_words(row.action),
            outcome_words(row.outcome),
            self.desk.signed_by(row),
        )

    def here(self) -> EventRow | None:
        """Return the event under the cursor."""
        rows = self.query_one(LongList)
        if rows.cursor < 0:
            return None
        if rows.cursor not in self.rows:
            rows.row(rows.cursor)
        return self.rows[rows.cursor]

    def on_long_list_moved(self) -> None:
        """Say what the event under the cursor says."""
        self._where()
        row = self.here()
        if row is None:
            self.query_one("#event", Static).update("No event fits. c shows all.")
        else:
            heading = Text(f"Event {row.seq:,} (Enter: on its own page)", style="bold")
            self.query_one("#event", Static).update(Group(heading, event_text(self.desk, row, full=self.full)))
        self.query_one("#side", VerticalScroll).scroll_home(animate=False)

    def _where(self) -> None:
        rows, marks = self.query_one(LongList), len(self.desk.marks)
        words = [
            f"{rows.count:,} event{'s' * (rows.count != 1)}",
            *([f"marked {marks:,}"] if marks else []),
            *(
                f"{FilterPage.FIELDS[name].lower()}: {shown(name, str(getattr(self.desk.filters, name)), self.desk.limits)}"
                for name in FilterPage.FIELDS
                if getattr(self.desk.filters, name)
            ),
        ]
        self.query_one("#where", Static).update(Text("; ".join(words), no_wrap=True, overflow="ellipsis"))

    def on_long_list_chosen(self) -> None:
        """Open the event."""
        row = self.here()
        if row is not None:
            self.app.push_screen(EventPage(self.desk, row), lambda _: self.refreshed())

    def refreshed(self) -> None:
        """Draw marks and sign-offs anew."""
        self.query_one(LongList).again()
        self.on_long_list_moved()

    def chosen(self) -> list[int]:
        """Return what `s` signs off."""
        row = self.here()
        return sorted(self.desk.marks) or ([row.seq] if row is not None else [])

    def action_mark(self) -> None:
        """Mark the event under the cursor, or take its mark away, and go on to the next."""
        row, rows = self.here(), self.query_one(LongList)
        if row is not None:
            self.desk.mark(row.seq)
            self.last_mark = rows.cursor
            rows.again()
            rows.action_move(1)

    def action_mark_to_here(self) -> None:
        """Mark what is listed from the last mark to the cursor."""
        rows = self.query_one(LongList)
        first, last = sorted((max(self.last_mark, 0) if self.last_mark >= 0 else rows.cursor, rows.cursor))
        if first < 0:
            return
        if last - first + len(self.desk.marks) >= MAX_MARKS:
            words = f"At most {MAX_MARKS:,} events are marked at once. For a longer range, after you have left:\n\n"
            words += "  onprem audit signoff --seq FIRST --to LAST"
            self.app.push_screen(Notice("Too many to mark", words))
            return
        self.desk.marks.update(row.seq for row in self.desk.page(first, last - first + 1))
        self.refreshed()

    def action_unmark(self) -> None:
        """Take all marks away."""
        self.desk.marks.clear()
        self.refreshed()

    def action_digests(self) -> None:
        """Show digests in full, or short again."""
        self.full = not self.full
        self.on_long_list_moved()

    def action_filter(self) -> None:
        """Choose which events are shown."""
        self.app.push_screen(FilterPage(self.desk), self._narrow)

    def action_clear(self) -> None:
        """Show all events."""
        self._narrow(Filters())

    def _narrow(self, filters: Filters | None) -> None:
        if filters is not None and filters != self.desk.filters:
            self.desk.narrow(filters)
            self.fill()

    def action_timeline(self) -> None:
        """Show how many events there were when."""

        def chosen(span: tuple[str, Bucket] | None) -> None:
            if span is not None:
                self._narrow(replace(self.desk.filters, **span_filters(self.desk.filters, *span, self.desk.limits)))

        self.app.push_screen(TimelinePage(self.desk), chosen)

    def action_verdict(self) -> None:
        """Say what the verification found."""
        self.app.push_screen(Notice("Verification of the log", verdict_words(self.desk)))

    def action_export(self) -> None:
        """Say how the events that are shown are written to a file."""
        self.app.push_screen(Notice("Export", export_words(self.desk)))

    def action_help(self) -> None:
        """Explain the page and its keys."""
        self.app.push_screen(Notice("Help", help_text(self, ABOUT)))

    def action_reload(self) -> None:
        """Read and verify the log again."""
        page = Notice("Reading", f"The log is read and verified again {terminal.MORE}")
        page.can_leave = False
        self.query_one(LongList).show(0, self._page)
        self.app.push_screen(page)
        self.run_worker(self._reload(page))

    async def _reload(self, page: Notice) -> None:
        try:
            await asyncio.to_thread(self.desk.reload)
        except AuditError as error:
            self.app.push_screen(Broken(error))
            return
        page.dismiss(None)
        self.query_one(LongList).columns = tuple(self._columns())
        self.fill()

    def action_quit_review(self) -> None:
        """Leave."""
        self.app.exit()


class AuditApp(ReviewApp):
    """The review of one site's log."""

    TITLE = "Audit review"
    CSS = ReviewApp.CSS + _CSS

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]

    def on_mount(self) -> None:
        """Show the log."""
        self.push_screen(AuditPage(self.desk))
