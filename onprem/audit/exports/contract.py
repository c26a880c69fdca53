"""What a form of export is: lines made of one verified event at a time.

Rules: a line holds what the event says and nothing else, in codes, counts and keyed references, so no value of a record
can be in it; a form invents nothing: what an event does not say is left out or said to be absent; memory does not grow
with the log; a value that the form's own grammar would misread is escaped, whatever the event's grammar promises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from onprem import families
from onprem.audit.events import Entry, Event, Outcome

# what changes who can be named again, or takes something out of the site
_NOTABLE = frozenset(
    """vault.reveal vault.shred vault.rotate vault.split vault.init vault.enrol audit.export audit.retire policy.column
    approval.give""".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A form of export. `lines` makes the lines of an event from it and from the name of its log."""

    name: str  # as typed: `onprem audit export --format NAME`; also the purpose of the event that exporting leaves
    title: str
    basis: str  # the standard it follows
    lines: Callable[[Entry, str], Iterable[str]]
    head: str = ""  # a first line that belongs to no event
    end: str = "\n"  # of every line


def exports() -> dict[str, Export]:
    """Return all forms of export by name, in order of name."""
    found = families.members("onprem.audit.exports", "EXPORT").values()
    return {item.name: item for item in sorted((x for x in found if isinstance(x, Export)), key=lambda x: x.name)}


def severity(event: Event) -> int:
    """Return how much an event matters, as a severity of RFC 5424, table 2.

    1 (alert) emergency access, because somebody has to look at it; 3 (error) what failed and what access.toml did not
    permit; 4 (warning) held, refused for another reason, interrupted; 5 (notice) what reveals, forgets, changes keys or
    rules, or leaves the site; 6 (informational) all else.
    """
    if event.purpose == "break-glass":
        return 1
    if event.outcome is Outcome.FAILED or event.error == "AccessError":
        return 3
    if event.outcome in (Outcome.HELD, Outcome.REFUSED, Outcome.INTERRUPTED):
        return 4
    released = event.action == "deid" and event.purpose == "release" and event.outcome is Outcome.DONE
    return 5 if released or event.action in _NOTABLE else 6


def moment(utc: str) -> datetime | None:
    """Return the time of an event; None for digits that are no time, which a clock gone wrong can leave."""
    try:
        return datetime.fromisoformat(utc)
    except ValueError:
        return None


def pairs(values: Mapping[str, object]) -> str:
    """Return counts or digests as one text: `records=12 held=0`, in order of name."""
    return " ".join(f"{key}={value}" for key, value in sorted(values.items()))


def fields(entry: Entry) -> dict[str, str]:
    """Return everything that an event says, as texts by name."""
    event = entry.event
    return {
        "seq": str(entry.seq),
        "utc": entry.utc,
        "actor": entry.actor,
        "role": event.role,
        "second": event.second,
        "action": event.action,
        "outcome": str(event.outcome),
        "purpose": event.purpose,
        "approval": event.approval,
        "recipient": event.recipient,
        "subjects": " ".join(event.subjects),
        "counts": pairs(event.counts),
        "digests": pairs(event.digests),
        "error": event.error,
        "version": entry.version,
        "boot": entry.boot,
    }
