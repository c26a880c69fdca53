"""A review without its screen: what a person says of an item becomes decisions, or a reason why it cannot.

Rules: what any detector but the name finder found cannot be rejected, nor what two found, nor what the leak gate found;
a rejection has a reason; borders that are moved inwards reject what they leave out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from onprem.detect.roster import Matcher
from onprem.labels import Label
from onprem.pipeline.decisions import Decision, Do, Why
from onprem.pipeline.doubts import Asked
from onprem.pipeline.known import STAFF
from onprem.pipeline.queue import Item, Queue
from onprem.review.ledger import Ledger
from onprem.review.record_text import Place
from onprem.review.run_words import DETECTORS

_ASKS_ABOUT_A_PLACE = frozenset({Asked.LEAK, Asked.MISSED, Asked.DOUBTFUL})


class Judging:
    """The items of a run and what has been decided about them."""

    def __init__(self, queue: Queue, ledger: Ledger, *, by: str) -> None:
        """`by` is the reviewer's login."""
        self.queue, self.ledger, self._by = queue, ledger, by
        self._gathered: tuple[tuple[Decision, ...], dict[str, list[Decision]]] | None = None

    def decided(self, item: Item) -> Decision | None:
        """Return the last decision about an item, None for none."""
        digest, field, start, end = item.place
        for decision in reversed(self._said().get(digest, ())):
            meets = decision.field == field and decision.start < max(end, start + 1) and start < decision.end
            if decision.do is Do.KEEP or meets:
                return decision
        return None

    def open_items(self) -> int:
        """Return how many items nobody has decided."""
        return sum(self.decided(item) is None for item in self.queue.items)

    def _said(self) -> dict[str, list[Decision]]:
        """Return the decisions by record, gathered anew when the ledger has changed."""
        decisions = self.ledger.decisions
        if self._gathered is None or self._gathered[0] is not decisions:
            by_record: dict[str, list[Decision]] = {}
            for decision in decisions:
                by_record.setdefault(decision.record, []).append(decision)
            self._gathered = decisions, by_record
        return self._gathered[1]

    def asks_about_a_place(self, item: Item) -> bool:
        """Say whether an item is about a stretch of text."""
        return item.question.asked in _ASKS_ABOUT_A_PLACE and item.question.start < item.question.end

    def refusal(self, item: Item) -> str:
        """Say why an item cannot be rejected, "" where it can."""
        question = item.question
        if question.asked is Asked.LEAK:
            return "a known value of this patient: the leak gate holds the file until it is replaced"
        if not self.asks_about_a_place(item):
            return "there is no guess here that could be rejected"
        if question.asked is Asked.MISSED:
            return ""  # it is left in any case
        sure = [name for name in question.by if name.split("/")[0] != "ner"]
        if sure:
            by = " and ".join(DETECTORS.get(name.split("/")[0], name) for name in sure)
            return f"found by {by}, which does not guess: change the roster or the policy instead"
        return "" if len(question.by) == 1 else "several detectors found it, so it cannot be rejected"

    def accept(self, items: Sequence[Item]) -> None:
        """Accept guesses as they stand."""
        self.ledger.add([(self._made(item, Do.ACCEPT, _place(item)), item.asking.subject) for item in items])

    def reject(self, item: Item, why: Why) -> None:
        """Reject a guess.

        Raises:
            ValueError: it cannot be rejected, or no reason is given.
        """
        if self.refusal(item) or why is Why.NONE:
            raise ValueError("this cannot be rejected")
        self.ledger.add([(replace(self._made(item, Do.REJECT, _place(item)), why=why), item.asking.subject)])

    def move(self, item: Item, place: Place) -> None:
        """Accept a guess with other borders; what they leave out is rejected where that may be."""
        made = [self._made(item, Do.ACCEPT, place)]
        if not self.refusal(item):
            old = _place(item)
            cut = (Place(old.start, min(old.end, place.start)), Place(max(old.start, place.end), old.end))
            made += [
                replace(self._made(item, Do.REJECT, part), why=Why.BORDERS) for part in cut if part.start < part.end
            ]
        self.ledger.add([(decision, item.asking.subject) for decision in made])

    def add(self, item: Item, place: Place, label: Label) -> None:
        """Add an identifier that nothing found, in the item's field."""
        self.ledger.add([(replace(self._made(item, Do.ADD, place), label=label), item.asking.subject)])

    def teach(self, item: Item, place: Place, label: Label, text: str, *, everybody: bool) -> str:
        """Teach a text as an identifier of the item's patient or of everybody; say why it cannot be, "" if it can.

        The text is sealed at once.
        """
        subject = STAFF if everybody else item.asking.subject
        if subject is None:
            return "nobody knows whose record this is: teach it for everybody, or not at all"
        if not Matcher([(label, text)], by="roster", parts=not everybody, fuzzy=not everybody):
            return "this text is too short or too common to be searched for"
        taught = self.queue.teach(subject, text)
        if not taught:
            return "the keys of this patient were shredded: nothing of them can be taught"
        decision = replace(self._made(item, Do.TEACH, place), label=label, taught=taught)
        self.ledger.add([(decision, item.asking.subject)])
        return ""

    def keep(self, item: Item) -> str:
        """Hold the item's record from now on; say why it cannot be, "" if it can."""
        if not item.asking.digest:
            return "it is held until it can be read: there is nothing to decide"
        self.ledger.add([(self._made(item, Do.KEEP, Place(0, 0)), item.asking.subject)])
        return ""

    def _made(self, item: Item, do: Do, place: Place) -> Decision:
        question, whole = item.question, do is Do.KEEP
        return Decision(
            do,
            item.asking.digest,
            self.queue.heading.digest,
            self._by,
            datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            field=-1 if whole else question.field,
            start=place.start,
            end=place.end,
            label=None if whole else question.label,
            score=question.score,
            found=question.by,
        )


def _place(item: Item) -> Place:
    return Place(item.question.start, item.question.end)
