"""The pattern detector: runs every recogniser of the `recognisers` folder, those of a policy, and the date engine.

Rules it keeps: a recogniser that fails its check drops its own match only, never another's; all matches of all
recognisers are returned, overlaps included (the union is taken elsewhere); nothing of a passage is kept or raised.

Speed rests on two gates. `needs` says which passages a recogniser can match in at all; in a long passage the same
words say where, so that the pattern is tried only near them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from onprem import families
from onprem.detect.contract import Passage, Recogniser
from onprem.detect.dates import date_spans
from onprem.errors import PolicyError
from onprem.labels import Label
from onprem.model import Kind, Span

NAME = "patterns"
DIGIT = "digit"
HAN = "han"
UNCASED = "uncased"
_BEFORE = 120  # code points a match may begin before a needed word
_AFTER = 240  # code points a match may end after one
_SHORT = 480  # a passage up to this length is searched whole
_ASCII_WORD = re.compile(r"[A-Za-z]{2}")
_UPPER = re.compile(r"[A-Z]")
_UPPER_SHARE = 0.006  # dictation and chat hold fewer capitals than this; ordinary prose holds 2 to 4 in a hundred
_SPACE = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class _Rule:
    """A recogniser, compiled."""

    find: re.Pattern[str]
    group: str | int
    label: Label
    score: float
    by: frozenset[str]
    needs: tuple[str, ...]  # substrings; empty when only `digit` or `han` is asked, or nothing
    digit: bool
    han: bool
    uncased: bool
    langs: frozenset[str]
    check: Callable[[str], bool] | None
    clinical: bool


def _compile(recogniser: Recogniser) -> _Rule:
    try:
        find = re.compile(recogniser.pattern)
    except re.error:
        raise PolicyError(f"recogniser {recogniser.name}: the pattern is no regular expression") from None
    words = tuple(need for need in recogniser.needs if need not in (DIGIT, HAN, UNCASED))
    return _Rule(
        find,
        "v" if "v" in find.groupindex else 0,
        recogniser.label,
        recogniser.score,
        frozenset({f"{NAME}/{recogniser.name}"}),
        words,
        not words and DIGIT in recogniser.needs,
        not words and HAN in recogniser.needs,
        UNCASED in recogniser.needs,
        recogniser.langs,
        recogniser.check,
        recogniser.clinical,
    )


def recognisers() -> tuple[Recogniser, ...]:
    """Return the recognisers of the folder, in order of module and of their tuple."""
    found: list[Recogniser] = []
    for name, member in families.members("onprem.detect.recognisers", "RECOGNISERS").items():
        if not isinstance(member, tuple) or not all(isinstance(item, Recogniser) for item in member):
            raise TypeError(f"RECOGNISERS of {name} is not a tuple of Recogniser")
        found += member
    return tuple(found)


def lowered(text: str) -> str:
    """Return `text` in lower case with offsets kept: a character whose lower case is longer stays as it is."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join([c.lower() if len(c.lower()) == 1 else c for c in text])


class _Search:
    """One passage under search: its lower-case form and where needed words occur, found once for all recognisers."""

    __slots__ = ("_found", "_low", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._low = lowered(text)
        self._found: dict[str, bool] = {}

    def has(self, need: str) -> bool:
        """Say whether a needed word occurs; a need without capitals is compared in lower case."""
        known = self._found.get(need)
        if known is None:
            known = self._found[need] = need in self._where(need)
        return known

    def _where(self, need: str) -> str:
        return self._low if need == need.lower() else self.text

    def windows(self, needs: tuple[str, ...]) -> Iterator[tuple[int, int]]:
        """Yield the stretches of the text near a needed word, merged, in order."""
        near: list[int] = []
        for need in filter(self.has, needs):
            text = self._where(need)
            at = text.find(need)
            while at >= 0:
                near.append(at)
                at = text.find(need, at + len(need))
        near.sort()
        length = len(self.text)
        begin, stop = -1, -1
        for at in near:
            if at - _BEFORE > stop:
                if begin >= 0:
                    yield begin, self._to_space(stop, length)
                begin = max(0, at - _BEFORE)
            stop = at + _AFTER
        if begin >= 0:
            yield begin, self._to_space(stop, length)

    def _to_space(self, stop: int, length: int) -> int:
        """Move the end of a stretch to the next white space, so that no token is cut."""
        if stop >= length:
            return length
        space = _SPACE.search(self.text, stop, min(stop + _BEFORE, length))
        return space.start() if space else min(stop + _BEFORE, length)


class PatternDetector:
    """Patterns with context, checksum and label, in English and Chinese. `extra` are the recognisers of a policy."""

    name = NAME

    def __init__(self, extra: Sequence[Recogniser] = ()) -> None:
        """Compile the recognisers.

        Raises:
            PolicyError: a pattern is no regular expression, or two recognisers have one name.
        """
        rules = [_compile(item) for item in (*recognisers(), *extra)]
        names = [name for rule in rules for name in rule.by]
        if len(set(names)) < len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise PolicyError(f"two recognisers have one name: {', '.join(twice)}")
        self._rules = tuple(rules)
        self._clinical = tuple(rule for rule in rules if rule.clinical)

    def find(self, passages: Sequence[Passage]) -> list[list[Span]]:
        """Return the spans of each passage, sorted, in view offsets; overlaps are allowed."""
        return [self._find(passage) for passage in passages]

    def _find(self, passage: Passage) -> list[Span]:
        text = passage.text
        if not text:
            return []
        rules = self._clinical if passage.kind is Kind.CLINICAL else self._rules
        digit, han = passage.has_digit, passage.has_han
        # a recogniser also runs where its script occurs, so that a wrong guess of the language loses nothing
        english = passage.lang != "zh" or _ASCII_WORD.search(text) is not None
        chinese = passage.lang != "en" or han
        capitals = sum(1 for _ in _UPPER.finditer(text)) if english else 0
        uncased = capitals <= 1 + _UPPER_SHARE * len(text)
        search = _Search(text)
        spans = date_spans(passage)
        for rule in rules:
            if (rule.digit and not digit) or (rule.han and not han) or (rule.uncased and not uncased):
                continue
            if not ((english and "en" in rule.langs) or (chinese and "zh" in rule.langs)):
                continue
            if rule.needs:
                if not any(map(search.has, rule.needs)):
                    continue
                if len(text) > _SHORT:
                    for begin, stop in search.windows(rule.needs):
                        _collect(rule, text, (begin, stop), spans)
                    continue
            _collect(rule, text, (0, len(text)), spans)
        spans.sort(key=lambda span: (span.start, span.end))
        return spans


def _collect(rule: _Rule, text: str, window: tuple[int, int], into: list[Span]) -> None:
    """Add the matches of one recogniser. The group `v` may reach beyond the match: the search goes on after both."""
    at, stop = window
    while match := rule.find.search(text, at, stop):
        start, end = match.span(rule.group)
        at = max(match.end(), match.start() + 1)
        if start < end and (rule.check is None or rule.check(text[start:end])):
            into.append(Span(start, end, rule.label, rule.score, rule.by))
            at = max(at, end)
