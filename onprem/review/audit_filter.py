"""The filters of the audit review: choices are the values that the log has, times are the hospital's.

Rules: nothing that is typed reaches a query but a time and a reference of a fixed form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from onprem.audit.view import Filters, Limits
from onprem.errors import OnpremError
from onprem.review.audit_desk import Desk
from onprem.review.audit_words import OUTCOMES, action_words, clock, local, plain, to_utc, zone
from onprem.review.long_list import Column, LongList, Row
from onprem.review.theme import Choice, Page, Question

_REFERENCE = re.compile(r"[0-9a-f]{32}")
_FORMS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")


class FilterPage(Page[Filters]):
    """Which events are shown. Choices are the values that the log has; the answer holds when the page is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,down", "none", "Move", key_display="Up/Down"),
        Binding("enter", "none", "Change", key_display="Enter", tooltip="Choose from what the log has, or type"),
        Binding("delete,backspace", "any", "Any", key_display="Del", tooltip="Any value will do"),
        Binding("c", "clear", "Clear all", tooltip="Show all events"),
        Binding("escape", "leave", "Show the events", key_display="Esc", tooltip="Go back and show what was asked for"),
    ]
    FIELDS: ClassVar[dict[str, str]] = {
        "action": "What was done",
        "actor": "Who did it",
        "outcome": "How it ended",
        "purpose": "What for",
        "since": "From",
        "until": "Until",
        "subject": "Whose records",
    }

    def __init__(self, desk: Desk) -> None:
        super().__init__("Which events to show")
        self.desk = desk
        self.values = {name: str(getattr(desk.filters, name)) for name in self.FIELDS}

    def body(self) -> ComposeResult:
        """Yield the fields."""
        yield LongList([Column("Field", 15), Column("Only", 0)])

    def on_mount(self) -> None:
        """Fill the fields."""
        self.query_one(LongList).show(len(self.FIELDS), self._rows)

    def _rows(self, offset: int, limit: int) -> Sequence[Row]:
        rows = [
            (label, shown(name, self.values[name], self.desk.limits) or "any") for name, label in self.FIELDS.items()
        ]
        return rows[offset : offset + limit]

    def _set(self, name: str, value: str | None) -> None:
        if value is not None:
            self.values[name] = value
            self.query_one(LongList).again()

    def on_long_list_chosen(self, message: LongList.Chosen) -> None:
        """Change a field."""
        name = list(self.FIELDS)[message.index]
        if name in ("since", "until"):
            moment = local(self.values[name], self.desk.limits) if self.values[name] else None
            typed = f"{moment:%Y-%m-%d %H:%M}" if moment is not None else ""
            page = TimePage(self.FIELDS[name], typed, self.desk.limits, last=name == "until")
            self.app.push_screen(page, lambda value: self._set(name, value))
        elif name == "subject":
            self.app.push_screen(SubjectPage(self.desk, self.values[name]), lambda value: self._set(name, value))
        else:
            self._choose(name)

    def _choose(self, name: str) -> None:
        found = self.desk.choices(name)
        if name == "action":
            found = sorted(found + _families(found))
        rows: list[Row] = [
            ("any", ""),
            *((shown(name, value, self.desk.limits), f"{count:,}") for value, count in found),
        ]
        values = ["", *(value for value, _ in found)]
        at = values.index(self.values[name]) if self.values[name] in values else 0

        def chosen(index: int | None) -> None:
            self._set(name, None if index is None else values[index])

        columns = [Column("", 0), Column("Events", 10, right=True)]
        self.app.push_screen(Choice(self.FIELDS[name], columns, rows, at=at), chosen)

    def action_any(self) -> None:
        """Let any value of the field under the cursor through."""
        self._set(list(self.FIELDS)[self.query_one(LongList).cursor], "")

    def action_clear(self) -> None:
        """Let everything through."""
        self.values = dict.fromkeys(self.FIELDS, "")
        self.query_one(LongList).again()

    def action_leave(self) -> None:
        """Answer."""
        self.dismiss(Filters(**self.values))


class TimePage(Question):
    """A time on the hospital's clock; the answer is UTC in the log's own form."""

    def __init__(self, field: str, value: str, limits: Limits, *, last: bool) -> None:
        whole = "that whole day counts" if last else "from its first minute"
        said = (
            f"A day, 2026-01-31 ({whole}), or a time, 2026-01-31 08:00, by the hospital's clock ({zone(limits)}). "
            "Leave it empty for any time."
        )
        super().__init__(field, said, value)
        self.limits, self.last = limits, last

    def check(self, value: str) -> str:
        """Return what is wrong with the time."""
        return "" if not value or _moment(value) is not None else "write it as 2026-01-31 or 2026-01-31 08:00"

    def answer(self, value: str) -> str:
        """Return the UTC time; the day after for a whole last day."""
        moment = _moment(value)
        if moment is None:
            return ""
        whole_day = self.last and len(value) == len("2026-01-31")
        return to_utc(moment + timedelta(days=whole_day), self.limits)


class SubjectPage(Question):
    """A patient: their number, or the reference by which the log knows them, which is the answer."""

    def __init__(self, desk: Desk, value: str) -> None:
        said = (
            "A number of the patient as your files have it, or the reference by which the log knows them (32 "
            "characters; events show it under Whose). The number goes nowhere: the vault turns it into the reference. "
            "Leave it empty for anybody."
        )
        super().__init__("Whose records", said, value)
        self.desk, self.found = desk, ""

    def check(self, value: str) -> str:
        """Return what is wrong with the reference or the number."""
        self.found = value.replace(" ", "").lower()
        if not value or _REFERENCE.fullmatch(self.found):
            return ""
        try:
            self.found = self.desk.reference(value)
        except OnpremError as error:
            return f"{error.message}: {error.hint}"
        return ""

    def answer(self, value: str) -> str:  # noqa: ARG002 - `check` has found what it means
        """Return the reference."""
        return self.found


def shown(name: str, value: str, limits: Limits) -> str:
    """Return the value of a filter in words; "" where any will do."""
    if not value:
        return ""
    if name == "action":
        words = action_words(value)
        return f"Everything about: {value}" if words == value and "." not in value else f"{words} ({value})"
    if name == "outcome":
        return OUTCOMES[value][1] if value in OUTCOMES else value
    if name in ("since", "until"):
        return clock(value, limits)
    return value if name in ("actor", "subject") else plain(value)


def _moment(value: str) -> datetime | None:
    for form in _FORMS:
        try:
            return datetime.strptime(value, form)  # by the hospital's clock, made UTC by `to_utc`
        except ValueError:
            continue
    return None


def _families(found: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return what actions have in common before the dot, where that says more than one of them."""
    counts: dict[str, list[int]] = {}
    for value, count in found:
        counts.setdefault(value.partition(".")[0], []).append(count)
    known = {value for value, _ in found}
    return [(name, sum(each)) for name, each in counts.items() if len(each) > 1 and name not in known]
