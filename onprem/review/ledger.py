"""The decisions file during a review: every decision is logged, then written, before the screen goes on.

Rules: the event comes first and holds counts, a reference to the patient and the digest of the file as it will be; the
file is replaced whole, so a lost connection loses nothing; a file that somebody else has changed meanwhile is not
written over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from onprem.audit.events import Event, Outcome
from onprem.audit.log import AuditLog
from onprem.config import Site
from onprem.errors import OutputError
from onprem.pipeline.decisions import Decision, Keys, decode, encode, file_digest, read_file, write_file
from onprem.vault.subjects import Subjects

_EVENTS = 1_000  # of one write


@dataclass(frozen=True, slots=True)
class Under:
    """What a review is made under: the reviewer's role, and the digests of access.toml and of the run's policy."""

    role: str
    access: str
    policy: str


class Ledger:
    """The decisions of one file, old and new, in order."""

    def __init__(self, site: Site, path: Path, keys: Keys, under: Under) -> None:
        """Open the file, or begin one with the first decision.

        Raises:
            InputError: the file is no decisions file of this site, or was altered.
        """
        self._site, self._path, self._keys, self._under = site, path, keys, under
        self._content = read_file(path) if path.exists() else b""
        self.decisions: tuple[Decision, ...] = decode(self._content, keys) if self._content else ()
        self._mine: list[tuple[int, str | None]] = []  # of this review: how many decisions, whose
        self.counts: Counter[str] = Counter()  # of this review, by kind

    def add(self, decisions: Sequence[tuple[Decision, str | None]]) -> None:
        """Log and write decisions, each with the key of its patient.

        Raises:
            AuditError: they cannot be logged, and nothing is written.
            OutputError: the file cannot be written, or was changed by somebody else.
        """
        grouped = [(item, len(list(same))) for item, same in groupby(decisions, key=lambda one: (one[0].do, one[1]))]
        events = [({do.value: count}, subject) for (do, subject), count in grouped]
        self._write((*self.decisions, *(decision for decision, _ in decisions)), events)
        self._mine.append((len(decisions), decisions[0][1]))
        self.counts.update(decision.do.value for decision, _ in decisions)

    def undo(self) -> int:
        """Take back the last decision of this review; return how many entries of the file that were, 0 for none.

        Raises:
            AuditError, OutputError: as `add`.
        """
        if not self._mine:
            return 0
        count, subject = self._mine[-1]
        taken = self.decisions[-count:]
        self._write(self.decisions[:-count], [({"undo": count}, subject)])
        self._mine.pop()
        self.counts.subtract(decision.do.value for decision in taken)
        return count

    def digest(self) -> str:
        """Return the SHA-256 of the file as it stands, "" where there is none yet."""
        return file_digest(self._content) if self._content else ""

    def _write(self, decisions: tuple[Decision, ...], counted: Sequence[tuple[dict[str, int], str | None]]) -> None:
        if (read_file(self._path) if self._path.exists() else b"") != self._content:
            raise OutputError(
                "somebody else has changed the decisions file", hint="review again: what you decided before is in it"
            )
        content = encode(decisions, self._keys)
        events = [self._event(counts, subject, content) for counts, subject in counted]
        for first in range(0, len(events), _EVENTS):
            AuditLog(self._site).append_group(events[first : first + _EVENTS])
        write_file(self._path, content)
        self._content, self.decisions = content, decisions

    def _event(self, counts: dict[str, int], subject: str | None, content: bytes) -> Event:
        digests = {"policy": self._under.policy, "access": self._under.access, "decisions": file_digest(content)}
        whose = references(self._site, [] if subject is None else [subject])
        return Event(
            "review.decide", Outcome.DONE, "review", self._under.role, subjects=whose, counts=counts, digests=digests
        )


def references(site: Site, subjects: Sequence[str]) -> tuple[str, ...]:
    """Return the keyed references by which events name patients."""
    if not subjects:
        return ()
    with Subjects.open(site, readonly=True) as vault:
        return tuple(vault.reference(subject) for subject in subjects)


def opening(site: Site, subjects: Sequence[str], items: int, under: Under) -> list[Event]:
    """Return the events that must be written before text is shown: how much, and whose records, 100 an event."""
    named = references(site, subjects)
    digests = {"policy": under.policy, "access": under.access}
    groups = [named[first : first + 100] for first in range(0, len(named), 100)] or [()]
    return [
        Event(
            "review.open",
            Outcome.INTENT,
            "review",
            under.role,
            subjects=group,
            counts={"items": items, "part": part, "parts": len(groups)},
            digests=digests,
        )
        for part, group in enumerate(groups, start=1)
    ]
