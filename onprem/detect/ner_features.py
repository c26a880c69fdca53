"""What the named-entity network sees of a text: a row of tokens with line breaks and spacing, and word features.

Training and search share this file, so that a model never meets another view of text than the one it learnt from.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from onprem.text import Tokens, fold

BREAK = "\n"  # a line break between two tokens
BLANK = "\n\n"  # an empty line between two tokens
UNKNOWN = "\ue000unknown"  # the norm of a word outside the model's vocabulary

APART, GLUED, WIDE = 0, 1, 2  # how a token follows the one before: white space, nothing, two or more spaces or a tab
SPACINGS = 3
COLUMNS = 6  # features of a word, see `word_features`

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Row:
    """One passage as the network reads it. `source[i]` is the index of the passage's token, -1 for a line break."""

    words: list[str] = field(repr=False)
    spacing: npt.NDArray[np.int8]
    source: Ints


def row(text: str, tokens: Tokens) -> Row:
    """Lay out the tokens of `text`, with a token of its own for each line break."""
    count = len(tokens)
    starts = np.asarray(tokens.starts, dtype=np.int64)
    ends = np.asarray(tokens.ends, dtype=np.int64)
    spacing = np.zeros(count, dtype=np.int8)
    gap = np.zeros(count, dtype=np.int64)
    if count > 1:
        gap[1:] = starts[1:] - ends[:-1]
        spacing[1:][gap[1:] == 0] = GLUED
        spacing[1:][gap[1:] > 1] = WIDE
        for index in np.flatnonzero(gap == 1):
            if text[starts[index] - 1] == "\t":
                spacing[index] = WIDE
    words = list(tokens.words)
    if "\n" not in text and "\r" not in text:
        return Row(words, spacing, np.arange(count, dtype=np.int64))
    return _with_breaks(text, words, spacing, starts)


def _with_breaks(text: str, words: list[str], spacing: npt.NDArray[np.int8], starts: Ints) -> Row:
    lines = np.fromiter((i for i, character in enumerate(text) if character in "\n\r"), dtype=np.int64)
    # the token after each line break; several breaks before one token make a blank line (CRLF counts once)
    after = np.searchsorted(starts, lines)
    crlf = np.zeros(len(lines), dtype=bool)
    for position, line in enumerate(lines):
        crlf[position] = text[line] == "\n" and line > 0 and text[line - 1] == "\r"
    places, counts = np.unique(after[~crlf], return_counts=True)
    inside = (places > 0) & (places < len(words))
    places, counts = places[inside], counts[inside]
    source = np.insert(np.arange(len(words), dtype=np.int64), places, -1)
    laid: list[str] = []
    previous = 0
    for place, number in zip(places.tolist(), counts.tolist(), strict=True):
        laid += words[previous:place]
        laid.append(BREAK if number == 1 else BLANK)
        previous = place
    laid += words[previous:]
    return Row(laid, np.insert(spacing, places, APART), source)


def shape(word: str) -> str:
    """Return the form of a word: letters as X, x or 文, digits as d; runs are cut at four, digits at twelve."""
    if word.isdigit():
        return "d" * min(len(word), 12)
    seen: list[str] = []
    run = 0
    for character in word[:40]:
        if character.isupper():
            kind = "X"
        elif character.islower():
            kind = "x"
        elif character.isalpha():
            kind = "文"
        else:
            kind = "d" if character.isdigit() else character
        run = run + 1 if seen and seen[-1] == kind else 1
        if run <= 4:
            seen.append(kind)
    return "".join(seen)


def norm(word: str) -> str:
    """Return the form under which a word is learnt: folded; long numbers by their length, years by their century."""
    if not word.isdigit():
        return fold(word)
    if len(word) <= 2:
        return word
    if len(word) == 4 and word[:2] in {"19", "20"}:
        return word[:2] + "yy"
    return "d" * min(len(word), 12)


def word_features(word: str, vocabulary: frozenset[str]) -> tuple[int, ...]:
    """Hash the features of a word (CRC-32): norm (or UNKNOWN), two and four first letters, two and four last, shape."""
    form = norm(word)
    known = form if form in vocabulary else UNKNOWN
    parts = ("n" + known, "p" + form[:2], "q" + form[:4], "s" + form[-2:], "t" + form[-4:], "h" + shape(word))
    return tuple(zlib.crc32(part.encode("utf-8", "replace")) for part in parts)


def feature_table(words: Sequence[str], vocabulary: frozenset[str]) -> Hashes:
    """Return the features of `words`, shape (len(words), COLUMNS)."""
    table = np.empty((len(words), COLUMNS), dtype=np.uint64)
    for index, word in enumerate(words):
        table[index] = word_features(word, vocabulary)
    return table
