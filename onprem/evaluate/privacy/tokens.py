"""Texts as numbers of their words: what runs, phrases and distances are computed from.

Rules: a token is a word, a number or one Han character, case and width folded; marks are none, so another comma hides no
copy. Lengths are in tokens; Chinese has its own, because a character says less than a word.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from onprem.evaluate.privacy.chance import Ids, Ints, Items
from onprem.evaluate.privacy.contract import Length
from onprem.text import HAN, TOKEN, fold, view

_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_BASE = np.uint64(0x100000001B3)
_HAN_TEXT = 0.3  # share of Han characters among the tokens, above which a text is Chinese


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts in a row: text `i` has the tokens `ids[starts[i]:starts[i + 1]]`; `han` says which are Chinese."""

    ids: npt.NDArray[np.int64] = field(repr=False)
    starts: Ints = field(repr=False)
    han: npt.NDArray[np.bool_] = field(repr=False)

    def __len__(self) -> int:
        return len(self.han)

    @property
    def sizes(self) -> Ints:
        """Tokens of each text."""
        return np.diff(self.starts)

    def reach(self, length: Length) -> npt.NDArray[np.bool_]:
        """Say of each text whether it is at least so long."""
        return np.asarray(self.sizes >= np.where(self.han, length.characters, length.words))

    def take(self, texts: Ints) -> Corpus:
        """Return some of the texts, in their order."""
        sizes = self.sizes[texts]
        parts = [self.ids[self.starts[text] : self.starts[text + 1]] for text in texts]
        starts = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)
        return Corpus(np.concatenate(parts) if parts else self.ids[:0], starts, self.han[texts])


class Vocabulary:
    """Numbers of tokens, the same for all corpora of one screening."""

    def __init__(self) -> None:
        self._by_form: dict[str, int] = {}
        self._by_token: dict[str, int] = {}

    def number(self, token: str) -> int:
        """Return the number of a token, -1 for a mark."""
        found = self._by_token.get(token)
        if found is None:
            found = self._by_form.setdefault(fold(token), len(self._by_form)) if token.isalnum() else -1
            self._by_token[token] = found
        return found

    def read(self, texts: Iterable[str]) -> Corpus:
        """Return texts as numbers."""
        parts: list[npt.NDArray[np.int64]] = []
        sizes, han = [], []
        for text in texts:
            words = TOKEN.findall(view(text).text)
            numbers = np.fromiter(map(self.number, words), np.int64, len(words))
            parts.append(numbers[numbers >= 0])
            sizes.append(len(parts[-1]))
            han.append(not text.isascii() and len(HAN.findall(text)) > _HAN_TEXT * max(1, sizes[-1]))
        starts = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)
        ids = np.concatenate(parts) if parts else np.zeros(0, np.int64)
        return Corpus(ids, starts, np.asarray(han, dtype=bool))


def grams(corpus: Corpus, length: Length) -> Items:
    """Return every run of so many tokens (of characters in a Chinese text), each with the text in which it stands.

    A run is told by 64 bits: two of ten million that differ share them with a chance of 3 in a million.
    """
    found = [_runs(corpus, length.words, han=False)]
    if corpus.han.any():
        found.append(_runs(corpus, length.characters, han=True))
    ids, owners = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Items(ids, owners, len(corpus))


def _runs(corpus: Corpus, size: int, *, han: bool) -> tuple[Ids, Ints]:
    count = len(corpus.ids) - size + 1
    if count <= 0:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    owner = np.repeat(np.arange(len(corpus)), corpus.sizes)
    mixed = _mixed(corpus.ids)
    value = np.full(count, np.uint64(size))
    for offset in range(size):
        value = value * _BASE + mixed[offset : offset + count]
    whole = (owner[:count] == owner[size - 1 :]) & (corpus.han[owner[:count]] == han)
    return value[whole], owner[:count][whole]


def _mixed(ids: npt.NDArray[np.int64]) -> Ids:
    """Return numbers spread over 64 bits (splitmix64, by S. Vigna)."""
    value = (ids.astype(np.uint64) + np.uint64(1)) * _MIX[0]
    value = (value ^ (value >> np.uint64(30))) * _MIX[1]
    value = (value ^ (value >> np.uint64(27))) * _MIX[2]
    return np.asarray(value ^ (value >> np.uint64(31)))


def among(ids: Ids, known: Ids) -> npt.NDArray[np.bool_]:
    """Say of each number whether it is among `known`, which is sorted."""
    if not len(known):
        return np.zeros(len(ids), bool)
    places = np.searchsorted(known, ids)
    places[places == len(known)] = 0
    return np.asarray(known[places] == ids)


def longest(first: Corpus, second: Corpus, most: int = 4096) -> int:
    """Return the length of the longest run of tokens that a text of one corpus shares with one of the other."""

    def shares(size: int) -> bool:
        length = Length(size, size)
        return bool(among(grams(first, length).ids, np.unique(grams(second, length).ids)).any())

    low, high = 0, 1
    while high <= most and shares(high):
        low, high = high, high * 2
    while high - low > 1:  # what shares a run shares every shorter one
        middle = (low + high) // 2
        low, high = (middle, high) if shares(middle) else (low, middle)
    return low
