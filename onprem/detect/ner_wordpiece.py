"""What the encoder of the thorough tier sees of a row of tokens: word pieces, forms, windows.

Training and search share this file, so that a model never meets another view of text than the one it learnt from.

A word is cut as WordPiece cuts it (greedy longest match, Wu et al. 2016) in its folded form. Because that form has lost
its capitals, each piece has beside it a form: the case of its word and how the word follows the one before. A line break
is a piece of its own, so that layout is seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from onprem.detect.ner_features import BLANK, BREAK, SPACINGS
from onprem.detect.ner_pieces import cut
from onprem.text import fold

Ints = npt.NDArray[np.int64]

START, END, UNKNOWN, MASK = "[CLS]", "[SEP]", "[UNK]", "[MASK]"
BREAKS = {BREAK: "[BREAK]", BLANK: "[BLANK]"}
SPECIAL = ("[PAD]", START, END, UNKNOWN, MASK, *BREAKS.values())

_LONGEST = 60  # code points; a longer word is unknown
_MOST = 6  # pieces of a word that are read: the first ones
_WORDS_KEPT = 60_000

# forms: the case of a word ...
_MARK, _LOWER, _TITLE, _UPPER, _LETTER, _DIGITS, _OTHER, _GOES_ON = range(8)
FORMS = 8 * SPACINGS  # ... times its spacing

WINDOW = 256  # pieces that the encoder reads at once, with the two at its ends
_CONTEXT = 32  # pieces that are read beside those that count, where a text is longer than a window


def case_of(word: str) -> int:
    """Return the case of a word, one of the forms."""
    if word.isdigit():
        return _DIGITS
    if not word.isalpha():
        return _MARK
    if word.islower():
        return _LOWER
    if word.isupper():
        return _LETTER if len(word) == 1 else _UPPER
    return _TITLE if word[:1].isupper() and word[1:].islower() else _OTHER


@dataclass(frozen=True, slots=True)
class Laid:
    """A row of words as pieces. Piece `first[i]` is the first one of word i; `first` ends with the number of pieces."""

    pieces: Ints
    forms: Ints
    first: Ints

    def part(self, low: int, high: int) -> Laid:
        """Return the words from `low` up to `high`."""
        start, end = self.first[low], self.first[high]
        return Laid(self.pieces[start:end], self.forms[start:end], self.first[low : high + 1] - start)


class WordPieces:
    """Cuts words into the pieces of a vocabulary; what it has cut is remembered up to a bound."""

    def __init__(self, names: Sequence[str]) -> None:
        """Keep the names of pieces in their order.

        Raises:
            ValueError: a special piece is missing.
        """
        self._places = {name: place for place, name in enumerate(names)}
        if not all(name in self._places for name in SPECIAL):
            raise ValueError("the vocabulary lacks a special piece")
        self.start, self.end, self.mask = (self._places[name] for name in (START, END, MASK))
        self._known: dict[str, tuple[list[int], int]] = {}

    def __len__(self) -> int:
        return len(self._places)

    def lay(self, words: Sequence[str], spacing: npt.NDArray[np.int8]) -> Laid:
        """Lay out a row of words."""
        pieces: list[int] = []
        forms: list[int] = []
        first: list[int] = []
        if len(self._known) > _WORDS_KEPT:
            self._known.clear()
        for word, follows in zip(words, spacing.tolist(), strict=True):
            if word not in self._known:
                self._known[word] = self._look_up(word)
            found, case = self._known[word]
            first.append(len(pieces))
            pieces += found
            forms.append(case * SPACINGS + follows)
            forms += [_GOES_ON * SPACINGS] * (len(found) - 1)
        first.append(len(pieces))
        return Laid(*(np.asarray(values, dtype=np.int64) for values in (pieces, forms, first)))

    def _look_up(self, word: str) -> tuple[list[int], int]:
        if word in BREAKS:
            return [self._places[BREAKS[word]]], _MARK
        found = cut(fold(word), self._places) if len(word) <= _LONGEST else []
        return found[:_MOST] or [self._places[UNKNOWN]], case_of(word)


@dataclass(frozen=True, slots=True)
class Window:
    """Words `low` to `high` of a row are read; those from `start` to `end` count."""

    low: int
    high: int
    start: int
    end: int


def windows(first: Ints, start: int, end: int) -> Iterator[Window]:
    """Cut the words from `start` to `end` into windows that overlap, so that each word that counts has context."""
    room = WINDOW - 2
    if first[end] - first[start] <= room:
        yield Window(start, end, start, end)
        return
    core = room - 2 * _CONTEXT
    low = start
    while low < end:
        high = max(low + 1, int(np.searchsorted(first, first[low] + core, side="right")) - 1)
        high = min(high, end)
        before = max(start, int(np.searchsorted(first, first[low] - _CONTEXT, side="left")))
        after = min(end, int(np.searchsorted(first, first[high] + _CONTEXT, side="right")) - 1)
        yield Window(min(before, low), max(after, high), low, high)
        low = high
