"""One part of a claim held against one part of a note: whether all of it stands there together, said in the same way.

Rules: what stands under a mark on one side stands under it on the other; a number is of the same words on both; where a part
of the note says left and right, or mild and severe, only its smaller parts bear anything out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from onprem.assist.ground_read import ENDED, Part, Token
from onprem.assist.ground_want import Wanted, owner_of
from onprem.assist.ground_words import MARKS, words

DOSES = frozenset("mg g mcg ml iu u mu tablet capsule puff drop 片 粒 支".split())
_TAKEN = frozenset({"@use", "@start", "@continue", "@up", "@down", "@switch", "@resume"})
_SIDES = frozenset("左右双")
_NEGATED = MARKS.index("negated")


class Kind(StrEnum):
    """Why a sentence is not borne out."""

    EMPTY = "empty"  # it says nothing that could be looked for
    WORD = "word"  # a drug, finding or other word that the note does not have
    NUMBER = "number"
    UNIT = "unit"
    PAIRING = "pairing"  # all is there, but not said of the same thing
    SIDE = "side"
    NEGATION = "negation"
    UNCERTAINTY = "uncertainty"
    PLAN = "plan"  # planned, advised or only spoken of
    PAST = "past"
    ALLERGY = "allergy"
    FAMILY = "family"
    ACTION = "action"  # started, stopped, raised, lowered
    USE = "use"  # that a drug is taken
    PERSON = "person"  # another sex or age


_OF_MARK = dict(
    zip(MARKS, (Kind.NEGATION, Kind.UNCERTAINTY, Kind.PLAN, Kind.PAST, Kind.ALLERGY, Kind.FAMILY), strict=True)
)


class Region:
    """A part of the note, or a smaller part of one, against which a part of the claim is held."""

    def __init__(self, part: Part, own: Sequence[Token] | None = None) -> None:
        self.part = part
        self.own = part.own if own is None else list(own)
        self.tokens = [*part.heading, *(part.shared if own is None else ()), *self.own]
        self.whole = own is None
        self.values: dict[str, set[str]] = {}  # of what is opposed: sides, grades
        for token in self.own:
            if token.word in words().opposed:
                name, value = words().opposed[token.word]
                self.values.setdefault(name, set()).add(value)
        self._han = [token for token in self.tokens if token.kind == "han"]

    def bears(self, wanted: Wanted) -> tuple[int, Kind | None]:
        """Return how much of what is wanted stands here, and why that is not enough, None if it is."""
        if self.whole and self._is_torn(wanted):
            return 0, Kind.SIDE
        held = 0
        failed: list[Kind] = []
        for token in wanted.words:
            kind = self._word(token, wanted)
            held, failed = held + (kind is None or kind is not Kind.WORD), [*failed, *([kind] if kind else [])]
        for run in wanted.han:
            share, kind = self._run(run)
            held, failed = held + share, [*failed, *([kind] if kind else [])]
        taken: list[Token] = []  # "4 to 4" is not borne out by one 4
        for token in wanted.numbers:
            kind = self._number(token, wanted, taken)
            held, failed = held + (kind is None), [*failed, *([kind] if kind else [])]
        for token in wanted.often:
            same = [_disagree(token, item) for item in self.tokens if item.kind == "often" and item.key == token.key]
            if None not in same:
                failed.append(next(filter(None, same), Kind.NUMBER))
        failed += self._actions(wanted)
        if not failed and wanted.ordered and not self._in_order(wanted):
            failed.append(Kind.PAIRING)
        return held, failed[0] if failed else None

    def stops(self, wanted: Wanted) -> bool:
        """Whether this part says that what is wanted was stopped."""
        ends = [token for token in self.own if token.key in ENDED and token.marks[_NEGATED] != 1]
        named = {token.key for token in self.own} & {token.key for token in wanted.words}
        return bool(ends) and (bool(named) or any(self._run(run)[1] is None for run in wanted.han))

    def stands_alone(self, wanted: Wanted, before: Sequence[Region], *, whole: bool) -> bool:
        """Whether a further part of a claim stands beside an earlier one, or is all that is said here.

        `whole` says that this part of the note is a sentence; of a list, only single things stand for themselves.
        """
        if any(self.part.sentence == region.part.sentence for region in before):
            return True
        own = [token for token in self.own if not token.plain and token.key[:1] not in {"@", "#"}]
        named = {token.key for token in (*wanted.words, *wanted.numbers)}
        signs = sum(token.kind == "han" for token in own)
        others = [token for token in own if token.kind in {"word", "number"} and token.key not in named]
        bare = not others and signs <= sum(map(len, wanted.han))
        return bare and (whole or wanted.alone) and _is_thing(wanted)

    def has_age(self, token: Token) -> bool:
        """Whether the patient's age stands here."""
        return any(item.unit == "age" and item.key == token.key and _disagree(token, item) is None for item in self.own)

    def _is_torn(self, wanted: Wanted) -> bool:
        """Whether the claim says left or right, or the like, where this part says both."""
        said = {words().opposed[token.word][0] for token in wanted.words if token.word in words().opposed}
        return any(len(self.values.get(name, ())) > 1 for name in said)

    def _word(self, token: Token, wanted: Wanted) -> Kind | None:
        named = [item for item in self.tokens if item.kind == "word" and item.key == token.key]
        if not named:
            return Kind.SIDE if token.word in words().opposed and self._opposes(token) else Kind.WORD
        kinds = [_disagree(token, item) for item in named]
        if None not in kinds:
            return next(kind for kind in kinds if kind)
        if all(self._is_of_another(item, wanted) for item, kind in zip(named, kinds, strict=True) if kind is None):
            return Kind.WORD
        if wanted.alone and _is_verb(token) and all(self._has_subject(item) for item in named):
            return Kind.PAIRING
        return None

    def _has_subject(self, item: Token) -> bool:
        """Whether something stands before a verb of which it may be said."""
        before = [token for token in self.own if token.start < item.start and not token.plain]
        return any(token.key not in {"#male", "#female"} and token.unit != "age" for token in before)

    def _opposes(self, token: Token) -> bool:
        name, value = words().opposed[token.word]
        return bool(self.values.get(name, set()) - {value})

    def _is_of_another(self, item: Token, wanted: Wanted) -> bool:
        """Whether a word only goes with the next one, as in "hernia repair"."""
        after = next((token for token in self.own if token.start > item.start), None)
        return (
            after is not None
            and after.word.removesuffix("s") in {head.removesuffix("s") for head in words().heads}
            and after.start - item.end <= 1
            and after.key not in {token.key for token in wanted.words}
        )

    def _run(self, run: Sequence[Token]) -> tuple[int, Kind | None]:
        """Look for a run of Han characters, whole or in pieces of two and more; return how many stand here."""
        at = held = 0
        kind: Kind | None = None
        while at < len(run):
            length, there, why = self._longest(run, at)
            if length == 1 and len(run) > 1 and not self._is_side(run[at]):
                length = 0
            if length == 0:
                kind = kind or (Kind.SIDE if run[at].word in _SIDES else why or Kind.WORD)
                held += there  # closer than a part that does not have it at all
                there = max(1, there)
            held += length
            at += length or there
        return held, kind

    def _longest(self, run: Sequence[Token], at: int) -> tuple[int, int, Kind | None]:
        """Return how many characters from `at` on stand here, how many but for their marks, and which mark that is."""
        best, there, why = 0, 0, None
        for begin in range(len(self._han)):
            length = agreed = 0
            kind: Kind | None = None
            while at + length < len(run) and begin + length < len(self._han):
                held, token = self._han[begin + length], run[at + length]
                if held.key != token.key or (length and self._han[begin + length - 1].end != held.start):
                    break
                kind = kind or _disagree(token, held)
                length += 1
                agreed += kind is None
            if kind is None and length and self._before_head(begin + length, run, at + length):
                agreed, kind = 0, Kind.WORD
            best = max(best, agreed)
            if length > 1 and length > there:
                there, why = length, kind
        return best, there, why

    def _before_head(self, place: int, run: Sequence[Token], at: int) -> bool:
        """Whether what was found only goes with what follows it, as in 疫苗 after a disease's name."""
        if place >= len(self._han) or at < len(run):
            return False
        following = "".join(token.key for token in self._han[place : place + 2])
        return any(following.startswith(head) for head in words().heads if not head.isascii())

    def _is_side(self, token: Token) -> bool:
        """Whether a single character is a side, and the only one that is said here."""
        return token.key in _SIDES and {item.key for item in self._han if item.key in _SIDES} == {token.key}

    def _number(self, token: Token, wanted: Wanted, taken: list[Token]) -> Kind | None:
        """Look for a number among those that no number of the claim has `taken` yet."""
        used = {item.start for item in taken}
        same = [item for item in self.own if item.kind == "number" and item.key == token.key and item.start not in used]
        if not same:
            return Kind.NUMBER
        fitting = [item for item in same if item.unit == token.unit]
        if not fitting:
            return Kind.UNIT
        kinds = [_disagree(token, item) for item in fitting]
        if None not in kinds:
            return next(kind for kind in kinds if kind)
        agreed = [item for item, kind in zip(fitting, kinds, strict=True) if kind is None]
        roles = [item for item in agreed if item.role == token.role or (item.role != "from" and not token.role)]
        if not roles:
            return Kind.ACTION
        owner = owner_of(token, wanted.tokens)
        for item in roles:
            if token.unit == "age" or owner & owner_of(item, [*self.part.heading, *self.own]):
                taken.append(item)
                return None
        return Kind.PAIRING

    def _actions(self, wanted: Wanted) -> Iterator[Kind]:
        said = {token.key for token in wanted.words}
        here = {token.key for token in self.tokens if token.kind == "word"}
        # the part's own last word on a drug must be in the claim
        if here & ENDED - said or self.part.doubtful:
            yield Kind.ACTION
        for token in wanted.use:
            same = [_disagree(token, item) for item in self.own if item.key == "@use"]
            if (same or any(token.marks)) and None not in same:
                yield next(filter(None, same), Kind.USE)
        if wanted.use and not (
            here & _TAKEN
            or self.part.medication
            or any(token.kind == "often" or token.unit.partition("/")[0] in DOSES for token in self.own)
        ):
            yield Kind.USE

    def _in_order(self, wanted: Wanted) -> bool:
        """Whether what the claim says stands here in the same order, as a cause and what it causes must."""
        last = -1
        for token in wanted.tokens:
            if token.plain or token.kind not in {"word", "han", "number"}:
                continue
            places = [item.start for item in self.tokens if item.key == token.key and item.kind == token.kind]
            later = [place for place in places if place >= last]
            if places and not later:
                return False
            last = min(later, default=last)
        return True


def regions(part: Part) -> Iterator[Region]:
    """Yield a part, and its smaller parts where it has several."""
    yield Region(part)
    pieces: list[list[Token]] = [[]]
    for token in part.own:
        if token.word in words().soft and token.plain:
            pieces.append([])
        else:
            pieces[-1].append(token)
    if len(pieces) > 1:
        for piece in filter(None, pieces):
            yield Region(part, piece)


def _is_thing(wanted: Wanted) -> bool:
    """Whether a part of a claim names something, and does not only go on with what was said: "quit in 2007"."""
    first = next((token for token in wanted.tokens if not token.plain), None)
    return first is not None and not (first.kind == "word" and _is_verb(first))


def _is_verb(token: Token) -> bool:
    """Whether a word is the past of a verb, which the claim may say of the patient and the note of something else."""
    return token.word.endswith("ed") or words().keys.get(token.word, "@")[0] not in "@#"


def _disagree(said: Token, held: Token) -> Kind | None:
    """Return in which mark two tokens do not agree, None if they do."""
    for mark, one, other in zip(MARKS, said.marks, held.marks, strict=True):
        if 3 in {one, other} or (one != other and 2 not in {one, other}):
            return _OF_MARK[mark]
    return None
