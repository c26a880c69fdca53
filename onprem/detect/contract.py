"""What a detector is: passages -> spans. Detectors work in union; none can remove what another found.

A detector sees the normalised view of a field (`onprem.text.view`), so full-width digits, exotic dashes and invisible
characters are already folded; offsets it returns are offsets of that view.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Protocol

from onprem.labels import Label
from onprem.model import Kind, Span
from onprem.text import HAN, Packed, Tokens, fold, pack, tokenize

_folded = lru_cache(maxsize=50_000)(fold)


@dataclass(frozen=True)
class Passage:
    """One field prepared for search. Not slotted: what several searches need is computed once, when the first asks."""

    text: str = field(repr=False)  # the view, not the original
    lang: str  # "en", "zh" or "mixed"
    kind: Kind = Kind.TEXT

    @cached_property
    def tokens(self) -> Tokens:
        """The tokens of the view."""
        return tokenize(self.text)

    @cached_property
    def folded(self) -> tuple[str, ...]:
        """The words of the tokens as known values are compared with them."""
        return tuple(map(_folded, self.tokens.words))

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every folded word once."""
        return frozenset(self.folded)

    @cached_property
    def packed(self) -> Packed:
        """The ASCII letters and digits of the view alone."""
        return pack(self.text)

    @cached_property
    def has_digit(self) -> bool:
        """Whether any ASCII digit occurs (the view shows every decimal digit as ASCII)."""
        return any(character in self.text for character in "0123456789")

    @cached_property
    def has_han(self) -> bool:
        """Whether any Han character occurs."""
        return HAN.search(self.text) is not None


class Detector(Protocol):
    """Finds identifiers in passages."""

    name: str

    def find(self, passages: Sequence[Passage]) -> list[list[Span]]:
        """Return the spans of each passage, in view offsets; overlaps are allowed."""


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence with inline tags, `Seen by Dr. <NAME>Lee</NAME>.`; without a tag it is a negative example."""

    tagged: str


@dataclass(frozen=True, slots=True)
class Recogniser:
    """A pattern with its context and checksum. One file of `detect/recognisers/` holds those of one subject matter.

    `pattern` is a regular expression over the view. The group `v` is the identifier if present, else the whole match.
    `needs` is a cheap gate: the passage is searched only when one of these substrings (or "digit", "han") occurs;
    substrings without capitals are compared in lower case. "uncased" asks for a text with almost no capital letters,
    "number" for a number of three digits or more within reach, both beside what else is needed.
    `reach` bounds a match: how far before a needed word it may begin and how far after one it may end.
    `check` sees the matched value; False drops the match (a wrong checksum with a label is a recogniser of its own).
    """

    name: str
    label: Label
    pattern: str
    score: float
    examples: tuple[Example, ...]
    needs: tuple[str, ...] = ()
    langs: frozenset[str] = frozenset({"en", "zh"})
    check: Callable[[str], bool] | None = None
    reach: tuple[int, int] = (120, 240)  # code points
    clinical: bool = False  # also searched in fields of kind CLINICAL (high precision only)
