"""What a ready-made question to the audit log is: plain words, one SELECT over the checked view, two logs that test it.

Rules: the SELECT begins with the columns `seq` and `utc` of the event that a row is about, so that every question can be
narrowed in time, each row can be opened, and the sign-off of its event stands beside it; values reach it as `$names` (the
fields of `onprem.audit.view.Limits`, `now` and the question's parameters), never as text. It reads `events`, `signoffs`
and `signed` (seq, signed_off_by) and must be quick over 500,000 events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from onprem import families
from onprem.audit.events import Entry, Event
from onprem.audit.merkle import leaf_hash
from onprem.audit.retired import GENESIS
from onprem.model import Severity

Parameter = Literal["subject", "actor"]  # a reference of 32 hex digits; a login name


@dataclass(frozen=True, slots=True)
class Past:
    """An event of a sample log: when (UTC to the second, `2026-03-02T09:00:00`), who, what, since which start."""

    utc: str
    actor: str
    event: Event
    boot: str = "unknown"  # boot id of the kernel


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample log, what is asked of it, and the rows that must come out (signed_off_by, the last column, included)."""

    events: tuple[Past, ...]
    answers: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[tuple[object, ...], ...] = ()
    now: str = "2026-03-31T12:00:00"  # UTC, the time at which it is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A ready-made question. `severity` is INFO for a list to read, else it says how much a row matters."""

    name: str  # as typed: `onprem audit ask NAME`; `ask.NAME` is the purpose of the event that asking leaves
    key: int  # place in the list
    title: str
    explanation: str  # for a compliance officer
    basis: str  # law or standard that asks for it
    sql: str
    parameters: tuple[Parameter, ...] = ()
    severity: Severity
    sound: Sample  # gives no row
    broken: Sample  # gives exactly its rows


def checks() -> list[Check]:
    """Return all ready-made questions in order of key."""
    found = families.members("onprem.audit.checks", "CHECK").values()
    return sorted((item for item in found if isinstance(item, Check)), key=lambda item: item.key)


def lines_of(events: Iterable[Past]) -> list[bytes]:
    """Return the chained lines of a sample log, without newlines."""
    lines: list[bytes] = []
    previous = GENESIS
    for seq, past in enumerate(events):
        entry = Entry(seq, f"{past.utc}.000000Z", seq, past.boot, past.actor, "0.1.0", previous, past.event)
        lines.append(entry.line())
        previous = leaf_hash(lines[-1]).hex()
    return lines


def reference_of(first: Past) -> str:
    """Return the reference by which an approval that is the first event of a sample log is named."""
    return leaf_hash(lines_of((first,))[0]).hex()[:32]
