"""Whether a note tells the facts of its record, all of them and no others: decided by code.

Rules: a number belongs to the name before it, and is that name's in the record; a frequency and a route belong to the
drug before them; a name of the vocabulary that the record does not have is refused; so is a sentence with any word that
is neither plain nor borne out by the record (`onprem.assist.ground`). What cannot be decided is refused. No text of a
note leaves here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from onprem.assist.ground import Note
from onprem.synth.ehr.spec import spec
from onprem.synth.recipes._note_facts import STAY, Fact, Facts, indications, record_text
from onprem.synth.recipes._note_read import Item, Reader, Said, often_of, route_of, same_number, unit_of, unsided, words

MISSING, CONTRADICTED, OTHER = "fact missing", "contradicted", "not in the record"
DRUG, DIAGNOSIS, TEST = "drug not in the record", "diagnosis not in the record", "test not in the record"
_OF_KIND = {"medication": DRUG, "diagnosis": DIAGNOSIS, "lab": TEST}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fact is told: `fact` is its place among the facts, offsets are code points."""

    fact: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence: what it tells, or why it is refused."""

    start: int
    end: int
    places: tuple[Place, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A note: its sentences, and the facts that no sentence tells."""

    sentences: tuple[Judged, ...]
    missing: tuple[int, ...]

    @property
    def reason(self) -> str:
        """Why the note is refused; "" where it is not. What is wrong weighs more than what is missing."""
        wrong = [each.reason for each in self.sentences if each.reason]
        order = (CONTRADICTED, DRUG, DIAGNOSIS, TEST, OTHER)
        return min(wrong, key=order.index) if wrong else MISSING if self.missing else ""

    @property
    def places(self) -> tuple[Place, ...]:
        """Return the first place of each fact that is told."""
        first: dict[int, Place] = {}
        for sentence in self.sentences:
            for place in sentence.places if not sentence.reason else ():
                first.setdefault(place.fact, place)
        return tuple(first[fact] for fact in sorted(first))


class Checker:
    """Holds notes against one record."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._facts = facts.all
        self._lang = facts.lang
        self._sex = facts.sex
        self._is_stay = facts.kind == STAY
        # kinds of items that must fit the record, and what says whether they do
        self._fits: dict[str, Callable[[Sequence[Item], int], bool]] = {
            "sex": self._is_sex,
            "age": self._is_age,
            "event": self._is_event,
            "day": self._is_day,
            "quantity": self._is_value,
            "often": self._is_use,
            "route": self._is_use,
            "level": self._is_level,
            "diagnosis": self._is_now,
            "cause": self._is_no_cause,
        }
        self._frames = frozenset(words()["frames"][facts.lang])
        self._reader = Reader(facts)
        self._ground = Note(record_text(facts))
        self._named = {(fact.kind, fact.forms[0]): place for place, fact in enumerate(facts.all)}
        self._conditions = {unsided(fact.forms[0], facts.lang) for fact in facts.of("diagnosis")}

    def check(self, text: str, needed: Sequence[int] | None = None) -> Checked:
        """Hold a text against the record; `needed` are the facts that it must tell, all if it is not given."""
        judged = tuple(self._judge(said, text[said.start : said.end]) for said in self._reader.read(text))
        told = {place.fact for each in judged if not each.reason for place in each.places}
        needed = range(len(self._facts)) if needed is None else needed
        return Checked(judged, tuple(fact for fact in needed if fact not in told))

    def _judge(self, said: Said, sentence: str) -> Judged:
        if sentence.strip() in self._frames:
            return Judged(said.start, said.end)
        wrong = next(self._wrong(said.items), "")
        if not wrong and any(item.kind in {"unknown", "denial"} for item in said.items):
            denied = any(item.kind == "denial" for item in said.items)
            about = any(item.kind in _OF_KIND for item in said.items)
            if denied or not self._ground.check(said.text).supported:
                wrong = CONTRADICTED if denied and about else OTHER
        if wrong:
            return Judged(said.start, said.end, reason=wrong)
        return Judged(said.start, said.end, tuple(self._places(said.items)))

    def _wrong(self, items: Sequence[Item]) -> Iterator[str]:
        """Yield why a sentence is refused, by what it says alone."""
        for place, item in enumerate(items):
            if item.kind in _OF_KIND and (reason := self._other_name(item)):
                yield reason
            if item.kind in self._fits and not self._fits[item.kind](items, place):
                yield CONTRADICTED
        owners = [id(self._owner(items, place)) for place, item in enumerate(items) if item.kind == "quantity"]
        if len(set(owners)) < len(owners):  # a test has one value, a drug one dose
            yield CONTRADICTED
        yield from self._for_another(items)

    def _other_name(self, item: Item) -> str:
        """Return why a name is refused; "" where it is one of the record."""
        if (item.kind, item.key) in self._named:
            return ""
        if item.kind == "diagnosis" and (key := unsided(item.key, self._lang)) and key in self._conditions:
            return "" if item.key[:1] == "~" else CONTRADICTED  # on the other side
        return _OF_KIND[item.kind]

    def _is_now(self, items: Sequence[Item], place: int) -> bool:
        """Whether a diagnosis is not told as of the past, where it is of what comes and goes."""
        condition = spec().conditions.get(unsided(items[place].key, self._lang))
        return condition is None or condition.lasting or _before(items, place, "past") is None

    def _is_sex(self, items: Sequence[Item], place: int) -> bool:
        return items[place].key == self._sex

    def _is_age(self, items: Sequence[Item], place: int) -> bool:
        return any(fact.kind == "age" and fact.value == items[place].key for fact in self._facts)

    def _is_event(self, items: Sequence[Item], place: int) -> bool:
        """Whether there was a stay, where somebody is admitted or discharged."""
        return items[place].key == "start" or self._is_stay

    def _is_no_cause(self, items: Sequence[Item], place: int) -> bool:
        return _before(items, place, "diagnosis") is None

    def _is_day(self, items: Sequence[Item], place: int) -> bool:
        """Whether a day is that of the event beside it."""
        days = {fact.kind: fact.unit for fact in self._facts if fact.kind in {"start", "end"}}
        event = _beside(items, place, "event")
        if event is None:
            return items[place].key in days.values()
        start = days.get("start")
        return items[place].key == (days.get("end", start) if event.key == "end" else start)

    def _is_value(self, items: Sequence[Item], place: int) -> bool:
        fact = self._owner(items, place)
        item = items[place]
        return fact is not None and same_number(item.key, fact.value) and item.unit == unit_of(fact.unit)

    def _is_use(self, items: Sequence[Item], place: int) -> bool:
        name = _before(items, place, "medication") or _after(items, place, "medication")
        fact = self._fact(name)
        if fact is None:
            return False
        item = items[place]
        return item.key == (often_of(fact.often) if item.kind == "often" else route_of(fact.route))

    def _is_level(self, items: Sequence[Item], place: int) -> bool:
        after = items[place + 1] if place + 1 < len(items) else None
        name = after if after and after.kind == "lab" else _before(items, place, "lab") or _after(items, place, "lab")
        fact = self._fact(name)
        return fact is not None and fact.level == items[place].key

    def _for_another(self, items: Sequence[Item]) -> Iterator[str]:
        """Refuse a drug that is told beside diagnoses none of which it is given for."""
        names = {item.key for item in items if item.kind == "diagnosis"}
        for item in items:
            known = indications(self._lang).get(item.key) if item.kind == "medication" else None
            if names and known and not names & known:
                yield CONTRADICTED

    def _owner(self, items: Sequence[Item], place: int) -> Fact | None:
        """Return the fact that a number is of: of the next name in "75 mg of it", else of the last name without one."""
        after = items[place + 1] if place + 1 < len(items) else None
        beyond = items[place + 2] if place + 2 < len(items) else None
        if (
            after
            and after.kind == "plain"
            and beyond
            and beyond.kind in {"medication", "lab"}
            and beyond.start - items[place].end <= 4
        ):
            return self._fact(beyond)
        for back in range(place - 1, -1, -1):
            if items[back].kind == "quantity":
                break
            if items[back].kind in {"medication", "lab"}:
                return self._fact(items[back])
        if after and after.kind in {"medication", "lab"}:
            return self._fact(after)
        return None

    def _fact(self, item: Item | None) -> Fact | None:
        place = self._named.get((item.kind, item.key)) if item else None
        return None if place is None else self._facts[place]

    def _places(self, items: Sequence[Item]) -> Iterator[Place]:
        """Yield the facts that a sentence tells in full."""
        for place, item in enumerate(items):
            fact = self._named.get((item.kind, item.key))
            if item.kind in {"name", "id", "diagnosis"} and fact is not None:
                yield Place(fact, item.start, item.end)
            elif item.kind in {"lab", "medication"} and fact is not None:
                yield from self._told(items, place, fact)
            elif item.kind in {"age", "sex"}:
                yield from (
                    Place(at, item.start, item.end) for at, each in enumerate(self._facts) if each.kind == item.kind
                )
            elif item.kind == "day":
                event = _beside(items, place, "event")
                for at, each in enumerate(self._facts):
                    if (
                        each.kind in {"start", "end"}
                        and each.unit == item.key
                        and (event is None or (event.key == "end") is (each.kind == "end"))
                    ):
                        yield Place(at, item.start, item.end)

    def _told(self, items: Sequence[Item], place: int, fact: int) -> Iterator[Place]:
        """Yield a test with its value, or a drug with its dose and how often, which stand up to the next name."""
        name, wanted = items[place], self._facts[fact]
        number = [at for at, item in enumerate(items) if item.kind == "quantity" and self._owner(items, at) is wanted]
        if not number:
            return
        own = [name, items[number[0]]]
        if wanted.kind == "medication":
            kinds = {"often"}
            uses = [
                item
                for at, item in enumerate(items)
                if item.kind in kinds
                and self._fact(_before(items, at, "medication") or _after(items, at, "medication")) is wanted
            ]
            if not uses:
                return
            own += uses[:1]
        yield Place(fact, min(item.start for item in own), max(item.end for item in own))


def _before(items: Sequence[Item], place: int, kind: str) -> Item | None:
    return next((item for item in reversed(items[:place]) if item.kind == kind), None)


def _after(items: Sequence[Item], place: int, kind: str) -> Item | None:
    return next((item for item in items[place + 1 :] if item.kind == kind), None)


def _beside(items: Sequence[Item], place: int, kind: str) -> Item | None:
    """Return the item of a kind that a day goes with: right behind it where they touch, else before it, else behind it."""
    after = items[place + 1] if place + 1 < len(items) else None
    if after and after.kind == kind and after.start == items[place].end:
        return after
    return _before(items, place, kind) or _after(items, place, kind)
