"""What a pre-trained encoder knows of a word: the mean of the vectors of its pieces, for the named-entity network.

A network that learns from generated text alone meets most words of a hospital for the first time when it searches. The
input embeddings of an encoder that has read billions of words place them beside their like: towns beside towns, drugs
beside drugs, given names beside given names. They are projected to a few dimensions (principal components), kept in eight
bits and never learnt further. A word's vector is computed once (see `ner_network`), so a token costs nothing more.

Rules: words are cut as WordPiece cuts them (greedy longest match, Wu et al. 2016) in their folded form; numbers, marks and
Han characters have no vector; the result depends on the word alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from onprem.text import HAN, fold

Floats = npt.NDArray[np.float32]

FILES = ("pieces.txt", "pieces.npz")
_COUNTS = 4  # columns that say into how many pieces a word falls: 1, 2, 3, 4 and more
_LONGEST = 40  # code points; a longer word is no word


class Pieces:
    """The vectors of word pieces. `table` holds eight-bit values, shape (pieces, dimensions), to be scaled by column."""

    def __init__(self, pieces: Sequence[str], table: npt.NDArray[np.int8], scale: Floats) -> None:
        """Keep the vectors.

        Raises:
            ValueError: the numbers of pieces, rows and columns do not agree.
        """
        if table.dtype != np.int8 or table.shape != (len(pieces), len(scale)):
            raise ValueError("pieces and their vectors do not agree")
        self._places = {piece: index for index, piece in enumerate(pieces)}
        self._table = table
        self._scale = scale.astype(np.float32)

    @property
    def columns(self) -> int:
        """The length of a word's vector."""
        return len(self._scale) + _COUNTS

    def cut(self, word: str) -> list[int]:
        """Return the places of a word's pieces; none where it is no word or holds an unknown character."""
        form = fold(word)
        if not form.isalpha() or len(form) > _LONGEST or HAN.search(form):
            return []
        return cut(form, self._places)

    def vectors(self, words: Sequence[str]) -> Floats:
        """Return the vectors of words, shape (len(words), columns); zeros where a word has no pieces."""
        found = np.zeros((len(words), self.columns), dtype=np.float32)
        width = len(self._scale)
        for index, word in enumerate(words):
            places = self.cut(word)
            if places:
                found[index, :width] = self._table[places].mean(axis=0) * self._scale
                found[index, width + min(len(places), _COUNTS) - 1] = 1.0
        return found


def cut(word: str, places: Mapping[str, int]) -> list[int]:
    """Return the places of a folded word's pieces; none where it holds what no piece has."""
    found: list[int] = []
    start = 0
    while start < len(word):
        for end in range(len(word), start, -1):
            place = places.get(("##" if start else "") + word[start:end])
            if place is not None:
                found.append(place)
                start = end
                break
        else:
            return []
    return found


def read_pieces(folder: Path) -> Pieces | None:
    """Read the pieces of a model's part; None where it has none.

    Raises:
        OSError, ValueError, KeyError: a file is missing or does not have the expected form.

    """
    if not (folder / FILES[0]).exists():
        return None
    names = (folder / FILES[0]).read_text(encoding="utf-8").split("\n")
    with np.load(folder / FILES[1], allow_pickle=False) as arrays:
        return Pieces(names, arrays["table"], arrays["scale"])
