"""Facts of a case: who may say them, and where in a dialogue they are said.

Rules: a fact is said where one turn of its speaker has a word of each of its groups, denied there as in the fact itself, so
"I have no fever" is not the fact "I have a fever". The place is from the first of these words to the last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from onprem.assist.ground_words import stem, words
from onprem.synth.turns import Speaker, Turn
from onprem.text import HAN

Kind = Literal["complaint", "history", "finding", "diagnosis", "plan"]
_DENIED = re.compile(
    r"(?:\b(?:no|not|never|without|neither|nor|denies|denied|deny)\b|n['’]t\b)[^.,;:!?]{0,24}$"
    r"|(?:没有?|不|未|无|否认|别)[^，。！？；]{0,4}$",
    re.IGNORECASE,
)
_MARK = re.compile(r"[.!?](?=\s|$)\s*|[。！？]")
_WORD = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*")
# words that ask or tell, and say nothing of what
_TELLING = frozenset(
    "what which how much many often where when who why whether patient patients mr mrs ms year-old old today currently"
    " reports reported report states stated notes noted denies denied endorses endorsed describes described presents"
    " presented complains complained says said mentions mentioned".split()
)
ASKING_HAN = re.compile("患者|病人|病历|是?多少|什么|怎么样?|怎样|哪些|哪里|关于|目前|自述|[吗呢吧的了]")
_HAN_RUN = 2  # Han characters that make a group of a fact without groups of its own
_MOST_SHARE = 2 / 3  # of the groups of such a fact that must be said


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: `text` is how its speaker would say it, `ask` the question that leads to it.

    Each of `groups` is words of which one must be said; `share` of the groups is enough.
    """

    kind: Kind
    by: Speaker
    text: str = field(repr=False)
    groups: tuple[tuple[str, ...], ...] = field(repr=False)
    ask: str = field(default="", repr=False)
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fact is said: the turn, from 0, and code points of its text."""

    turn: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A case. `names` are the diagnosis and what else it is called; `key` is that of the record from which it is."""

    id: str
    department: str
    names: tuple[str, ...] = field(repr=False)
    facts: tuple[Fact, ...] = field(repr=False)
    key: str = ""

    def of(self, by: Speaker, *kinds: Kind) -> list[Fact]:
        """Return the facts of a speaker, of some kinds or of all."""
        return [fact for fact in self.facts if fact.by == by and (not kinds or fact.kind in kinds)]


def told_in(fact: Fact, text: str) -> tuple[int, int] | None:
    """Return where a text says a fact, None where it does not."""
    places = []
    for group in fact.groups:
        place = _first(group, text, denied=_is_denied(group, fact.text))
        if place is not None:
            places.append(place)
    if not places or len(places) < fact.share * len(fact.groups):
        return None
    begun = max((match.end() for match in _MARK.finditer(text, 0, min(start for start, _ in places))), default=0)
    last = max(end for _, end in places)
    ends = _MARK.search(text, last)
    return begun, ends.start() + 1 if ends else len(text)


def find(fact: Fact, turns: Sequence[Turn]) -> Place | None:
    """Return the first place where a fact is said by whoever may say it; a question says none."""
    for number, turn in enumerate(turns):
        if turn.role == fact.by and turn.act != "ask" and (place := told_in(fact, turn.text)) is not None:
            return Place(number, *place)
    return None


def leaks(names: Iterable[str], text: str) -> bool:
    """Say whether a text names a diagnosis."""
    return any(_pattern(name).search(text) for name in names)


def leaked_by_patient(names: Sequence[str], turns: Iterable[Turn]) -> bool:
    """Say whether the patient names the diagnosis before the doctor has."""
    for turn in turns:
        if leaks(names, turn.text):
            return turn.role == "patient"
    return False


def groups_of(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the groups of a sentence that brings none: each of its words that is not everyday, without its ending."""
    if HAN.search(text):
        runs = re.findall(rf"(?:{HAN.pattern})+|\d+", ASKING_HAN.sub(" ", text))
        return tuple((run[at : at + _HAN_RUN],) for run in runs for at in range(0, len(run), _HAN_RUN))
    everyday = words().everyday | words().markers | _TELLING
    found = dict.fromkeys(re.sub(r"['’]s$", "", word.lower()) for word in _WORD.findall(text))
    return tuple((stem(word),) for word in found if word not in everyday and (len(word) > 2 or word.isdigit()))


def free(kind: Kind, by: Speaker, text: str, ask: str = "") -> Fact | None:
    """Return a fact of a sentence, None where it has no words by which it could be found."""
    groups = groups_of(text)
    return Fact(kind, by, text, groups, ask, _MOST_SHARE) if groups else None


def _first(group: tuple[str, ...], text: str, *, denied: bool) -> tuple[int, int] | None:
    for match in _matches(group, text):
        if bool(_DENIED.search(text[: match.start()])) == denied:
            return match.span()
    return None


def _is_denied(group: tuple[str, ...], text: str) -> bool:
    first = next(_matches(group, text), None)
    return first is not None and bool(_DENIED.search(text[: first.start()]))


def _matches(group: tuple[str, ...], text: str) -> Iterator[re.Match[str]]:
    found = (match for word in group for match in _pattern(word).finditer(text))
    return iter(sorted(found, key=lambda match: match.start()))


@cache
def _pattern(word: str) -> re.Pattern[str]:
    """Match a word from its beginning; Han characters anywhere, a number whole."""
    if HAN.search(word):
        return re.compile(re.escape(word))
    end = r"(?!\d)" if word[-1:].isdigit() else r"[a-z]*"
    return re.compile(rf"(?<![^\W\u3400-\u9fff]){re.escape(word)}{end}", re.IGNORECASE)
