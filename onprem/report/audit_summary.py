"""What a report of the audit log is made of: codes, counts, times and digests, gathered from the checked view.

Rules: nothing here is free text; a table of a ready-made question holds what the question's SELECT gives, and that is
what events hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from onprem.model import Finding, Severity
from onprem.report.svg import Column

Heat = tuple[tuple[int, ...], ...]  # events by weekday (Monday first) and hour of the hospital's clock


@dataclass(frozen=True, slots=True)
class Point:
    """A checkpoint that was kept elsewhere: how many lines it covers, its root, the time of the last of them (UTC)."""

    size: int
    root: str
    last: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verification said. `findings` are its own, by place in the log."""

    sound: bool
    log: str  # its name, which says nothing of the hospital
    size: int  # lines
    root: str  # 64 hex digits
    against: Point | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """A ready-made question and its answer.

    `total` counts all rows, `unsigned` those about an event that nobody signed off; `rows` are the first of the latter.
    """

    name: str
    title: str
    explanation: str
    basis: str
    severity: Severity
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[object, ...], ...] = ()
    total: int = 0
    unsigned: int = 0


@dataclass(frozen=True, slots=True)
class Activity:
    """What was done, by time, by action, by person and by outcome."""

    events: int
    patients: int  # different references
    unit: str  # what a column of `times` is: day or month
    times: tuple[Column, ...]
    heat: Heat
    working: tuple[tuple[bool, ...], ...]  # which of its hours are working time
    actions: tuple[tuple[str, int], ...]
    actors: tuple[tuple[str, int], ...]
    outcomes: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Month:
    """How well one month was looked through."""

    name: str
    events: int
    signed: int
    readings: int


@dataclass(frozen=True, slots=True)
class Signed:
    """One sign-off: its own event, who, as what, and the events that it covers."""

    seq: int
    utc: str
    actor: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Reviews:
    """Who looked at the log, and what was signed off."""

    months: tuple[Month, ...]
    latest: tuple[Signed, ...]  # newest first
    signoffs: int
    readers: tuple[tuple[str, int, str], ...]  # login, readings, UTC time of the last


@dataclass(frozen=True, slots=True)
class AuditSummary:
    """One report. Without `activity` and `reviews`, because the log did not verify, there is a verdict and no more."""

    made: str  # UTC
    by: str  # login
    since: str
    until: str
    zone: str  # of the hospital's clock, as UTC+01:00
    verdict: Verdict
    activity: Activity | None = None
    reviews: Reviews | None = None
    answers: tuple[Answered, ...] = ()
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # action -> short and long words
