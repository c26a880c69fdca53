"""The audit event: who did what, when, with what outcome, in counts and keyed digests.

Rules: unknown keys are refused; every text is a code of a narrow form, so that no name of a patient, record number,
file name, query or exception value fits into any of them. Fields follow ISO 27789 and 45 CFR 164.312(b).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import lru_cache

from onprem.errors import AuditError

FORM = 1  # of a line, its key `v`
MAX_LINE_BYTES = 16_384

# the forms of an event's texts; `glance` builds its one expression from them, so groups capture nothing, and runs are
# possessive where what follows cannot be in them, which halves the time of a match
CODE = r"[a-z][a-z0-9_-]{0,39}+(?:\.[a-z][a-z0-9_-]{0,39}+)?+"
ACTOR = r"[a-z_][a-z0-9_.-]{0,31}+\$?|uid:[0-9]{1,10}+"
BOOT = r"[0-9a-f]{8}+(?:-[0-9a-f]{4}+){3}+-[0-9a-f]{12}+|unknown"
ERROR = r"[A-Z][A-Za-z]{1,39}+"
UTC_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
VERSION = r"[0-9]+(?:\.[0-9]+){1,3}[a-z0-9.+-]{0,20}"

_CODE, _ACTOR, _BOOT, _ERROR, _UTC, _VERSION = map(re.compile, (CODE, ACTOR, BOOT, ERROR, UTC_TIME, VERSION))
_HEX = re.compile(r"[0-9a-f]{64}")
_REFERENCE = re.compile(r"[0-9a-f]{32}")
DIGESTS = frozenset(
    {"policy", "model", "input", "output", "settings", "checkpoint", "access", "comment", "decisions", "segment"}
)
MAX_REFERENCES = 100
OPTIONAL = frozenset({"recipient", "second"})  # keys that a line does not have when they are empty


class Outcome(StrEnum):
    """How an action ended; INTENT is written before an effect."""

    INTENT = "intent"
    DONE = "done"
    HELD = "held"  # done, but records are held or a gate failed
    REFUSED = "refused"  # nothing was done: usage, permission, policy
    FAILED = "failed"
    INTERRUPTED = "interrupted"


_OUTCOMES = frozenset(Outcome)


@dataclass(frozen=True, slots=True)
class Event:
    """What a caller says of an action. Time, actor and place in the chain are added by the log.

    The purpose `break-glass` is access in an emergency, outside of what a role permits.

    `subjects` are references from `Subjects.reference`; `digests` are 64 hex digits, keyed where the digested content
    is a record; `counts` are non-negative whole numbers by code; `error` is the class name of an error, never its
    message.
    """

    action: str
    outcome: Outcome
    purpose: str = ""
    role: str = "operator"
    approval: str = ""  # reference of the approving event: the first 32 hex digits of its leaf hash
    recipient: str = ""  # code of who receives what was released
    second: str = ""  # login of the second person, where an action takes two
    subjects: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    error: str = ""

    def check(self) -> None:
        """Refuse whatever could hold a value of a record.

        Raises:
            AuditError: a field has the wrong form; the message names the field only.
        """
        fine = {
            "action": _is_code(self.action),
            "outcome": self.outcome in _OUTCOMES,
            "purpose": self.purpose == "" or _is_code(self.purpose),
            "role": _is_code(self.role),
            "approval": self.approval == "" or _is(_REFERENCE, self.approval),
            "recipient": self.recipient == "" or _is_code(self.recipient),
            "second": self.second == "" or _is(_ACTOR, self.second),
            "subjects": len(self.subjects) <= MAX_REFERENCES and all(_is(_REFERENCE, item) for item in self.subjects),
            "counts": all(_is_code(key) and _whole(value) for key, value in self.counts.items()),
            "digests": all(key in DIGESTS and _is(_HEX, value) for key, value in self.digests.items()),
            "error": self.error == "" or _is(_ERROR, self.error),
        }
        if not all(fine.values()):
            wrong = ", ".join(name for name, is_fine in fine.items() if not is_fine)
            raise AuditError(f"an audit event has an unfit field: {wrong}")


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as it stands in the log. `seq` is the index of its line in the whole log, from 0."""

    seq: int
    utc: str  # ISO 8601, microseconds, Z
    monotonic: int  # nanoseconds since boot
    boot: str  # boot id of the kernel
    actor: str  # login name, or uid:NUMBER
    version: str  # of onprem
    prev: str  # leaf hash of the line before, 64 hex digits
    event: Event

    def line(self) -> bytes:
        """Return the canonical JSON line, without its newline: keys sorted, no spaces, ASCII.

        Raises:
            AuditError: the event is unfit or too long.
        """
        self.event.check()
        return self.canonical()

    def canonical(self) -> bytes:
        """Return the line of an event that was checked already.

        No text of a checked event needs an escape, so the line is put together, five times as fast as JSON is written.

        Raises:
            AuditError: the event is too long.
        """
        event = self.event
        counts = ",".join([f'"{name}":{event.counts[name]}' for name in sorted(event.counts)])
        digests = ",".join([f'"{name}":"{event.digests[name]}"' for name in sorted(event.digests)])
        subjects = '","'.join(event.subjects)
        text = (
            f'{{"action":"{event.action}","actor":"{self.actor}","approval":"{event.approval}","boot":"{self.boot}",'
            f'"counts":{{{counts}}},"digests":{{{digests}}},"error":"{event.error}","monotonic":{self.monotonic},'
            f'"outcome":"{event.outcome}","prev":"{self.prev}","purpose":"{event.purpose}",'
            + (f'"recipient":"{event.recipient}",' if event.recipient else "")
            + f'"role":"{event.role}",'
            + (f'"second":"{event.second}",' if event.second else "")
            + f'"seq":{self.seq},"subjects":['
            + (f'"{subjects}"' if subjects else "")
            + f'],"utc":"{self.utc}","v":{FORM},"version":"{self.version}"}}'
        )
        line = text.encode("ascii")
        if len(line) > MAX_LINE_BYTES:
            raise AuditError("an audit event is too long")
        return line


_OWN = frozenset(item.name for item in fields(Entry)) - {"event"}
_EVENT = frozenset(item.name for item in fields(Event))
_KEYS = _OWN | _EVENT | {"v"}
_SHAPES = {"counts": dict, "digests": dict, "subjects": list, "seq": int, "monotonic": int, "v": int}


def parse(line: bytes) -> Entry:
    """Read one canonical line.

    Raises:
        ValueError: the line is not JSON, has unknown, missing or unfit keys, or is not in canonical form.
    """
    content = json.loads(line)  # JSONDecodeError and UnicodeDecodeError are ValueErrors
    if not isinstance(content, dict) or content.get("v") != FORM or content.keys() | OPTIONAL != _KEYS:
        raise ValueError("unknown or missing keys")
    if any(type(value) is not _SHAPES.get(key, str) for key, value in content.items()):
        raise ValueError("unfit type")
    try:
        values = {key: content[key] for key in _EVENT if key in content}
        event = Event(**(values | {"outcome": Outcome(content["outcome"]), "subjects": tuple(content["subjects"])}))
        entry = Entry(**{key: content[key] for key in _OWN}, event=event)
        fit = entry.line() == line
    except (AuditError, TypeError, UnicodeEncodeError):  # a text that is no ASCII is no code
        raise ValueError("unfit field") from None
    if not (
        fit and entry.seq >= 0 and entry.monotonic >= 0 and _HEX.fullmatch(entry.prev) and _UTC.fullmatch(entry.utc)
    ):
        raise ValueError("not canonical")
    if not (_ACTOR.fullmatch(entry.actor) and _BOOT.fullmatch(entry.boot) and _VERSION.fullmatch(entry.version)):
        raise ValueError("unfit field")
    return entry


def _is(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_code(value: object) -> bool:
    return isinstance(value, str) and _fits_code(value)


@lru_cache(maxsize=4_096)  # there are few codes, and every event has several
def _fits_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


def _whole(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**63
