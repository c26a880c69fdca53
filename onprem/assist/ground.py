"""Whether a note bears a sentence out, and where: decided by code, never by a model.

Rules: every number with its unit, and every word that is not everyday, stands in the note, in one part of a sentence with
the words it is tied to in the claim; both sides agree on what is denied, doubted, planned, past, an allergy or a relative's,
on left and right, on what was started, stopped, raised or lowered. What cannot be decided is not borne out: a right sentence
refused costs a sentence, a wrong one accepted may cost more. No text of a note leaves here, only offsets and a kind.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from onprem.assist.ground_hold import DOSES, Kind, Region, regions
from onprem.assist.ground_read import Part, Read, quoted, read
from onprem.assist.ground_want import KIN, Wanted
from onprem.text import View, view

_ONCE = frozenset("took taken used received gave given prescribed administered treated".split())
_QUOTATION = 8  # characters; what is shorter is compared as any sentence


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a sentence is borne out: `spans` are (start, end) of the note in code points, `kind` is why not."""

    spans: tuple[tuple[int, int], ...] = ()
    kind: Kind | None = None

    @property
    def supported(self) -> bool:
        """Whether the note bears it out."""
        return self.kind is None


class Note:
    """A note, read once, against which sentences are held."""

    def __init__(self, text: str) -> None:
        self._view: View = view(text)
        self._read: Read = read(self._view.text)
        self._regions = [region for part in self._read.parts for region in regions(part)]
        self._parts = Counter(part.sentence for part in self._read.parts)
        self._sexes = self._told_sexes()

    def check(self, sentence: str) -> Verdict:
        """Say whether the note bears a sentence out."""
        supports: list[Region] = []
        placed: list[Region] = []  # but for those that only tell age and sex
        said = quoted(view(sentence).text.strip())
        if len(said) >= _QUOTATION and (place := self._read.quotable.get(said)) is not None:
            return Verdict((self._view.original(*self._read.sentences[place]),))
        for part in read(view(sentence).text, claim=True).parts:
            wanted = Wanted(part.own)
            if wanted.empty:
                continue
            found = self._support(wanted, placed)
            if isinstance(found, Kind):
                return Verdict(kind=found)
            supports += found
            placed += [] if wanted.only_person else found[-1:]
        if not supports:
            return Verdict(kind=Kind.EMPTY)
        spans = sorted({self._read.sentences[region.part.sentence] for region in supports})
        return Verdict(tuple(self._view.original(*span) for span in spans))

    def _support(self, wanted: Wanted, before: list[Region]) -> list[Region] | Kind:
        """Return the region that bears a part out (none where the whole note does), or why there is none."""
        persons = self._person(wanted)
        if isinstance(persons, Kind):
            return persons
        if wanted.only_person:
            return persons
        best, least = Kind.WORD, -1
        for region in self._regions:
            held, kind = region.bears(wanted)
            whole = self._parts[region.part.sentence] == 1
            if kind is None and before and not region.stands_alone(wanted, before, whole=whole):
                kind = Kind.PAIRING
            if kind is None:
                return [*persons, region] if not self._ended(wanted) else Kind.ACTION
            if held > least:
                best, least = kind, held
        return best if best not in {Kind.WORD, Kind.NUMBER} else self._missing(wanted, best)

    def _ended(self, wanted: Wanted) -> bool:
        """Whether a drug that the claim says is taken is stopped anywhere in the note."""
        doses = [token for token in wanted.numbers if token.unit.partition("/")[0] in DOSES]
        if not (wanted.use or doses) or any(token.key[:1] == "@" for token in wanted.words):
            return False
        if any(token.word in _ONCE for token in wanted.use):
            return False
        return any(region.stops(wanted) for region in self._regions)

    def _missing(self, wanted: Wanted, kind: Kind) -> Kind:
        """Say whether what is missing in the closest part is nowhere in the note, or only elsewhere."""
        everywhere = Region(Part(0, [token for part in self._read.parts for token in part.own], [], []))
        keys = {token.key for token in everywhere.tokens}
        numbers = {token.key: token for token in everywhere.tokens if token.kind == "number"}
        for token in wanted.numbers:
            if token.key not in numbers:
                return Kind.NUMBER
        if any(token.key not in keys for token in wanted.words):
            return Kind.WORD
        return Kind.PAIRING if not wanted.han else kind

    def _person(self, wanted: Wanted) -> list[Region] | Kind:
        """Look for the patient's age and sex, which may stand anywhere."""
        found: list[Region] = []
        for token in wanted.persons:
            if token.unit == "age":
                held = [region for region in self._regions if region.has_age(token)]
                if not held:
                    return Kind.PERSON
                found.append(held[0])
            elif token.key not in self._sexes:
                return Kind.PERSON
            elif (region := self._sexes[token.key]) is not None:
                found.append(region)
        return found

    def _told_sexes(self) -> dict[str, Region | None]:
        """Return the patient's sex as the note's nouns say it, else as its pronouns do, with where."""
        nouns: dict[str, Region | None] = {}
        pronouns: dict[str, Region | None] = {}
        for region in self._regions:
            for token in region.part.own:
                if token.key in {"#male", "#female"} and token.marks[KIN] == 0:
                    (pronouns if token.plain else nouns).setdefault(token.key, region)
        return nouns or pronouns
