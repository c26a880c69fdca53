"""Decisions of reviewers made ready for a run: found by the content of a record, in any worker.

Rules: the spans of a field lose guesses that were rejected, then gain what was accepted, added or taught; what any other
detector than the name finder found is never touched; a rejection counts under its own policy alone. Which decisions took
effect is counted, so that none is lost silently.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from onprem.detect.resolve import tier
from onprem.model import Raw, Record, Span
from onprem.pipeline.decisions import Decision, Do, Keys, Own
from onprem.pipeline.known import Facts
from onprem.text import View
from onprem.vault.subjects import Subjects

REVIEW = "review"  # the detector's name of what a reviewer found
_FINDS = frozenset({Do.ACCEPT, Do.ADD, Do.TEACH})


class Replay:
    """Decisions made ready for a run: found by the content of a record, in any worker. Holds no text of a record."""

    def __init__(self, decisions: Sequence[Decision], keys: Keys, policy: str, own: Own) -> None:
        """Take decisions in the order of their file; `policy` is the digest of the run's policy."""
        self._keys, self._own = keys, own
        self._decisions = tuple(decisions)
        self._by_record: dict[str, list[int]] = {}
        for at, item in enumerate(self._decisions):
            if item.do is not Do.REJECT or item.policy == policy:
                self._by_record.setdefault(item.record, []).append(at)

    def __len__(self) -> int:
        return len(self._decisions)

    def of(self, record: Record[Raw]) -> tuple[int, ...]:
        """Return the indices of the decisions that were made on this content."""
        return tuple(self._by_record.get(self._keys.digest(record), ())) if self._by_record else ()

    def keeps(self, record: Record[Raw]) -> bool:
        """Say whether a reviewer decided that this record stays held."""
        return any(self._decisions[at].do is Do.KEEP for at in self.of(record))

    def kept(self, indices: Iterable[int]) -> list[int]:
        """Return those of the decisions that hold their record."""
        return [at for at in indices if self._decisions[at].do is Do.KEEP]

    def taught(self, indices: Iterable[int] | None = None) -> Iterator[tuple[str, Facts]]:
        """Yield (subject or STAFF, facts) of what was taught, by all decisions or by those named."""
        for at in range(len(self._decisions)) if indices is None else indices:
            if (known := self._taught(at)) is not None:
                yield known

    def effective(self, done: Iterable[int]) -> int:
        """Count the decisions that took effect: those in `done`, and what was taught of patients not forgotten."""
        taught = {at for at in range(len(self._decisions)) if self._taught(at) is not None}
        return len(taught.union(done))

    def _taught(self, at: int) -> tuple[str, Facts] | None:
        item = self._decisions[at]
        if item.do is not Do.TEACH or item.label is None:
            return None
        said = self._keys.taught_by(item, self._own)
        return None if said is None else (said[0], Facts(((item.label, said[1]),)))

    def change(
        self, spans: Sequence[Span], indices: Iterable[int], *, field: int, shown: View
    ) -> tuple[list[Span], list[int]]:
        """Return the spans of one field (offsets of its view, `shown`) as decided, and which decisions took effect.

        Guesses lose what was rejected; then what reviewers found joins, so that a stretch that was rejected and accepted
        is replaced.
        """
        here = [(at, item, _place(item, shown)) for at in indices if (item := self._decisions[at]).field == field]
        changed, done = list(spans), []
        for at, item, place in here:
            if item.do is Do.REJECT and not any(_meet(span, place) and tier(span) > 1 for span in spans):
                changed = [piece for span in changed for piece in _without(span, place)]
                done.append(at)
        for at, item, (start, end) in here:
            if item.do in _FINDS and item.label is not None and start < end:
                changed.append(Span(start, end, item.label, 1.0, frozenset({REVIEW})))
                done.append(at)
        return changed, done


def _place(item: Decision, shown: View) -> tuple[int, int]:
    """Return where a decision stands in the view of its field."""
    if shown.offsets is None:
        return item.start, item.end
    return bisect_left(shown.offsets, item.start), bisect_left(shown.offsets, item.end)


def _meet(span: Span, place: tuple[int, int]) -> bool:
    return span.start < place[1] and place[0] < span.end


def _without(span: Span, place: tuple[int, int]) -> list[Span]:
    """Return what is left of a guess; a span of any other detector stays whole."""
    if not _meet(span, place) or tier(span) > 1:
        return [span]
    left = (span.start, min(span.end, place[0])), (max(span.start, place[1]), span.end)
    return [Span(start, end, span.label, span.score, span.by) for start, end in left if start < end]


def own_key(subjects: Subjects, subject: str) -> bytes | None:
    """Return the key under which a patient's taught texts are sealed; None where the patient was forgotten."""
    return subjects.get(subject).own("taught") if subjects.has(subject) else None
