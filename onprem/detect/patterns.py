"""The pattern detector: runs every recogniser of the `recognisers` folder, those of a policy, and the date engine.

Rules it keeps: a recogniser that fails its check drops its own match only, never another's; all matches of all
recognisers are returned, overlaps included (the union is taken elsewhere); nothing of a passage is kept or raised.

Speed rests on two gates. `needs` says which passages a recogniser can match in at all; in a long passage the same
words say where, so that the pattern is tried only near them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

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
NUMBER = "number"
_CONDITIONS = frozenset({DIGIT, HAN, UNCASED, NUMBER})
_NUMBER = re.compile(r"\d(?:[-./: ]{0,3}\d){2}")  # three digits, however they are grouped
_NUMBER_REACH = (110, 70)  # a label and what stands between it and its number; the rest of a code
_REMEMBERED = 100_000  # words
_WORD = 120  # code points in which the end of a word is looked for
_SHORT = 200  # a passage up to this length is searched whole
_ASCII_WORD = re.compile(r"[A-Za-z]{2}")
_UPPER = re.compile(r"[A-Z]")
_UPPER_SHARE = 0.006  # dictation and chat hold fewer capitals than this; ordinary prose holds 2 to 4 in a hundred
_SPACE = re.compile(r"\s")


_Kind = tuple[
    bool, bool, bool, bool, bool, bool
]  # clinical, English, Chinese, digits, Han characters, almost no capitals


@dataclass(frozen=True)
class _Rule:
    """A recogniser made ready. Its expression is compiled when it is first asked for: few texts need them all."""

    name: str
    pattern: str
    label: Label
    score: float
    by: frozenset[str]
    needs: tuple[tuple[str, int], ...]  # needed words, each with its bit; empty when only conditions are asked
    digit: bool
    han: bool
    uncased: bool
    langs: frozenset[str]
    check: Callable[[str], bool] | None
    clinical: bool
    number: bool
    reach: tuple[int, int]
    mask: int  # the bits of `needs`

    @cached_property
    def find(self) -> re.Pattern[str]:
        """The compiled expression.

        Raises:
            PolicyError: the pattern is no regular expression.
        """
        try:
            return re.compile(self.pattern)
        except re.error:
            raise PolicyError(f"recogniser {self.name}: the pattern is no regular expression") from None

    @cached_property
    def group(self) -> str | int:
        """The group that holds the identifier."""
        return "v" if "v" in self.find.groupindex else 0


def _ready(recogniser: Recogniser, number: Callable[[str], int]) -> _Rule:
    words = tuple(need for need in recogniser.needs if need not in _CONDITIONS)
    return _Rule(
        recogniser.name,
        recogniser.pattern,
        recogniser.label,
        recogniser.score,
        frozenset({f"{NAME}/{recogniser.name}"}),
        tuple((word, 1 << number(word)) for word in words),
        not words and DIGIT in recogniser.needs,
        not words and HAN in recogniser.needs,
        UNCASED in recogniser.needs,
        recogniser.langs,
        recogniser.check,
        recogniser.clinical,
        NUMBER in recogniser.needs,
        recogniser.reach,
        sum(1 << bit for bit in {number(word) for word in words}),
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


class _Needs:
    """All needed words of all recognisers, numbered; says quickly which of them occur in a text.

    A text is looked at by its words, with white space on both sides. What a word holds is remembered in memory, up to
    _REMEMBERED words: the words of a language are few. A need with a space inside is judged here by its longest part
    and exactly afterwards.
    """

    __slots__ = ("_parts", "_seen", "words")

    def __init__(self) -> None:
        self.words: dict[str, int] = {}
        self._parts: dict[str, list[tuple[str, int]]] = {}  # by their first two characters
        self._seen: dict[str, int] = {}

    def number(self, need: str) -> int:
        """Return the number of a need, a new one if it is new."""
        if need not in self.words:
            self.words[need] = len(self.words)
            part = max(re.split(r"(?<=\S)\s+(?=\S)", need), key=len)
            self._parts.setdefault(part[:2], []).append((part, 1 << self.words[need]))
        return self.words[need]

    def mask(self, text: str, low: str, han: bool) -> int:
        """Return the bits of the needs that may occur in a text."""
        if han:  # no white space between words
            return self._held(f" {low} ") | self._held(f" {text} ")
        found = 0
        seen = self._seen
        if len(seen) > _REMEMBERED:
            seen.clear()
        for word in {*low.split(), *text.split()}:
            known = seen.get(word)
            if known is None:
                known = seen[word] = self._held(f" {word} ")
            found |= known
        return found

    def _held(self, text: str) -> int:
        found = 0
        parts = self._parts
        for start in {text[at : at + 2] for at in range(len(text))} & parts.keys():
            for part, bit in parts[start]:
                if part in text:
                    found |= bit
        for character in set(text) & parts.keys():  # needs of one character
            for _, bit in parts[character]:
                found |= bit
        return found


class _Search:
    """One passage under search: its lower-case form and where needed words occur."""

    __slots__ = ("_low", "_numbers", "mask", "text")

    def __init__(self, text: str, han: bool, needs: _Needs) -> None:
        self.text = text
        self._low = lowered(text)
        self._numbers: list[tuple[int, int]] | None = None
        self.mask = needs.mask(text, self._low, han)

    def _where(self, need: str) -> str:
        return self._low if need == need.lower() else self.text

    def numbers(self) -> list[tuple[int, int]]:
        """Return the stretches near a number of three digits or more, merged, in order; found once."""
        if self._numbers is None:
            ends = [(match.start(), match.end()) for match in _NUMBER.finditer(self.text)]
            self._numbers = list(self._merged(ends, _NUMBER_REACH))
        return self._numbers

    def windows(self, needs: tuple[tuple[str, int], ...], reach: tuple[int, int]) -> Iterator[tuple[int, int]]:
        """Yield the stretches of the text near a needed word, merged, in order."""
        near: list[tuple[int, int]] = []
        for need, bit in needs:
            if not bit & self.mask:
                continue
            text = self._where(need)
            at = text.find(need)
            while at >= 0:
                near.append((at, at))
                at = text.find(need, at + len(need))
        near.sort()
        yield from self._merged(near, reach)

    def _merged(self, near: Sequence[tuple[int, int]], reach: tuple[int, int]) -> Iterator[tuple[int, int]]:
        length = len(self.text)
        before, after = reach
        begin, stop = -1, -1
        for first, last in near:
            if begin < 0 or first - before > stop:
                if begin >= 0:
                    yield begin, self._to_space(stop, length)
                begin = max(0, first - before)
            stop = last + after
        if begin >= 0:
            yield begin, self._to_space(stop, length)

    def _to_space(self, stop: int, length: int) -> int:
        """Move the end of a stretch to the next white space, so that no token is cut."""
        if stop >= length:
            return length
        space = _SPACE.search(self.text, stop, min(stop + _WORD, length))
        return space.start() if space else min(stop + _WORD, length)


class PatternDetector:
    """Patterns with context, checksum and label, in English and Chinese. `extra` are the recognisers of a policy."""

    name = NAME

    def __init__(self, extra: Sequence[Recogniser] = ()) -> None:
        """Make the recognisers ready.

        Raises:
            PolicyError: a pattern is no regular expression, or two recognisers have one name.
        """
        self._needs = _Needs()
        rules = [_ready(item, self._needs.number) for item in (*recognisers(), *extra)]
        for rule in rules[len(rules) - len(extra) :]:
            _ = rule.find  # a policy's own pattern is checked at once, ours by the tests
        names = [name for rule in rules for name in rule.by]
        if len(set(names)) < len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise PolicyError(f"two recognisers have one name: {', '.join(twice)}")
        self._rules = tuple(rules)
        self._chosen: dict[_Kind, tuple[_Rule, ...]] = {}

    def find(self, passages: Sequence[Passage]) -> list[list[Span]]:
        """Return the spans of each passage, sorted, in view offsets; overlaps are allowed."""
        return [self._find(passage) for passage in passages]

    def _find(self, passage: Passage) -> list[Span]:
        text = passage.text
        if not text:
            return []
        digit, han = passage.has_digit, passage.has_han
        # a recogniser also runs where its script occurs, so that a wrong guess of the language loses nothing
        english = passage.lang != "zh" or _ASCII_WORD.search(text) is not None
        chinese = passage.lang != "en" or han
        capitals = sum(1 for _ in _UPPER.finditer(text)) if english else 0
        uncased = capitals <= 1 + _UPPER_SHARE * len(text)
        search = _Search(text, han, self._needs)
        spans = date_spans(passage)
        for rule in self._rules_for((passage.kind is Kind.CLINICAL, english, chinese, digit, han, uncased)):
            if rule.number and not (digit and search.numbers()):
                continue
            if rule.mask and not rule.mask & search.mask:
                continue
            windows: Iterable[tuple[int, int]] = ((0, len(text)),)
            if rule.number:
                windows = search.numbers()
            elif rule.needs and len(text) > _SHORT:
                windows = search.windows(rule.needs, rule.reach)
            for window in windows:
                _collect(rule, text, window, spans)
        spans.sort(key=lambda span: (span.start, span.end))
        return spans

    def _rules_for(self, kind: _Kind) -> tuple[_Rule, ...]:
        """Return the recognisers that can match in a passage of a kind; there are few kinds, and each is asked for often."""
        if kind not in self._chosen:
            clinical, english, chinese, digit, han, uncased = kind
            self._chosen[kind] = tuple(
                rule
                for rule in self._rules
                if (rule.clinical or not clinical)
                and (digit or not rule.digit)
                and (han or not rule.han)
                and (uncased or not rule.uncased)
                and ((english and "en" in rule.langs) or (chinese and "zh" in rule.langs))
            )
        return self._chosen[kind]


def _collect(rule: _Rule, text: str, window: tuple[int, int], into: list[Span]) -> None:
    """Add the matches of one recogniser. The group `v` may reach beyond the match: the search goes on after both."""
    at, stop = window
    while match := rule.find.search(text, at, stop):
        start, end = match.span(rule.group)
        at = max(match.end(), match.start() + 1)
        if start < end and (rule.check is None or rule.check(text[start:end])):
            into.append(Span(start, end, rule.label, rule.score, rule.by))
            at = max(at, end)
