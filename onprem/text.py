"""Offset-safe surgery on text: a normalised view with its alignment, tokens, and the application of edits.

Detectors search the *view*; spans are reported on the *original*. No function here changes the length of a text without
an alignment, so an `İ`, a combining mark, a full-width digit or a lone surrogate cannot shift a span.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import accumulate

from onprem.model import Edit

# Removed from the view (with alignment): zero-width characters, soft hyphen, bidirectional controls, variation selectors.
_INVISIBLE = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff"
_NEEDS_ALIGNMENT = re.compile(f"[{_INVISIBLE}\u0300-\u036f]")
_REMOVED = re.compile(f"[{_INVISIBLE}]")
_RUN = re.compile(r"[0-9A-Za-z]+")
_MAY_CHANGE = re.compile("[^\x01-\x9f\u4e00-\u9fff]+")


def _letters(*, upper: bool) -> str:
    """The Latin letters of one case, for a character class: capitals and small letters alternate beyond ASCII."""
    codes = (*range(0x41, 0x250), *range(0x1E00, 0x1F00))
    return "".join(chr(code) for code in codes if (chr(code).isupper() if upper else chr(code).islower()))


_UPPER, _LOWER = _letters(upper=True), _letters(upper=False)

TOKEN = re.compile(
    f"[{_UPPER}]?[{_LOWER}]+|[{_UPPER}]+(?![{_LOWER}])|[0-9]+"
    r"|[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"  # one Han character is one token
    # other letters in a row, which end before Han: "β受体" and "Ⅱ型" are a letter and Han characters
    r"|[^\W\d_\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+|\w|[^\w\s]"
)
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def _one_to_one() -> dict[int, str]:
    """Characters that the view shows as another single character: full-width forms, digits, dashes, quotes, spaces."""
    table: dict[int, str] = {0xFF01 + i: chr(0x21 + i) for i in range(94)}
    table |= dict.fromkeys((0x3000, 0x00A0, 0x2002, 0x2003, 0x2009, 0x202F, 0x205F), " ")
    table |= dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0xFE63), "-")
    table |= dict.fromkeys((0x2018, 0x2019, 0x201B, 0x2032), "'") | dict.fromkeys((0x201C, 0x201D, 0x2033), '"')
    table |= dict.fromkeys((0x2022, 0x2027, 0x30FB, 0xFF65), "\u00b7")  # the dots of ethnic names
    table |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")  # lone surrogates cannot be encoded
    table[0] = "\ufffd"
    for code in range(0x0660, 0x1FC00):  # the last decimal digits of Unicode 15
        if code not in table and (digit := unicodedata.decimal(chr(code), None)) is not None:
            table[code] = str(digit)
    return table


@lru_cache(maxsize=1)
def _table() -> dict[int, str]:
    return _one_to_one()


@dataclass(frozen=True, slots=True)
class View:
    """A normalised text. `offsets[i]` is where character i of `text` begins in the original; None when they agree."""

    text: str = field(repr=False)
    offsets: tuple[int, ...] | None
    length: int  # of the original, in code points

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Map a span of the view to the original; invisible and combining characters inside it are covered."""
        if self.offsets is None:
            return start, end
        after = self.offsets[end] if end < len(self.offsets) else self.length
        return self.offsets[start], after


def view(text: str) -> View:
    """Return the normalised view of `text`: full-width folded, digits ASCII, combining marks composed, invisible removed."""
    if text.isascii():
        return View(text.replace("\0", "\ufffd") if "\0" in text else text, None, len(text))
    if _NEEDS_ALIGNMENT.search(text) is None:
        return View(_shown(text), None, len(text))
    shown: list[str] = []
    offsets: list[int] = []
    for position, character in enumerate(text):
        if _REMOVED.match(character):
            continue
        if shown and unicodedata.combining(character):
            composed = unicodedata.normalize("NFC", shown[-1] + character)
            if len(composed) == 1:
                shown[-1] = composed
            continue  # a mark that does not compose is dropped from the view; the original keeps it
        shown.append(character)
        offsets.append(position)
    return View(_shown("".join(shown)), tuple(offsets), len(text))


def _shown(text: str) -> str:
    """Return `text` with each character as the view shows it. Only stretches that may change are looked up."""
    return _MAY_CHANGE.sub(lambda match: match[0].translate(_table()), text)


def fold(token: str) -> str:
    """Return the form in which tokens are compared: case folded, accents removed."""
    if token.isascii():
        return token.lower()
    decomposed = unicodedata.normalize("NFKD", token.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of a view as parallel tuples: start and end offsets (code points of the view) and their text."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    words: tuple[str, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.words)


def tokenize(text: str) -> Tokens:
    """Split a view into words, numbers, single Han characters and single marks; white space is no token."""
    words: list[str] = TOKEN.findall(text)
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for word in words:  # between two tokens stands only white space, so the next occurrence of a token is its place
        at = text.index(word, at)
        starts.append(at)
        at += len(word)
        ends.append(at)
    return Tokens(tuple(starts), tuple(ends), tuple(words))


@dataclass(frozen=True)
class Packed:
    """The ASCII letters and digits of a text alone, in capitals: the form in which numbers are compared."""

    text: str = field(repr=False)
    source: str = field(repr=False)

    @cached_property
    def _runs(self) -> tuple[list[int], list[int]]:
        """Where each run of letters and digits begins in the source, and how many characters stand in those before."""
        spans = [match.span() for match in _RUN.finditer(self.source)]
        return [start for start, _ in spans], [0, *accumulate(end - start for start, end in spans)]

    def original(self, index: int) -> int:
        """Map an index of the packed text to the source."""
        starts, before = self._runs
        run = bisect_right(before, index) - 1
        return starts[run] + index - before[run]


def pack(text: str) -> Packed:
    """Return the ASCII letters and digits of `text`, with the way back, which is found when it is first asked for."""
    return Packed("".join(_RUN.findall(text)).upper(), text)


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return `text` with every edit applied.

    Raises:
        ValueError: an edit lies outside the text or overlaps another; the caller holds the record.
    """
    pieces: list[str] = []
    position = 0
    for edit in sorted(edits, key=lambda item: (item.span.start, item.span.end)):
        if not position <= edit.span.start <= edit.span.end <= len(text):
            raise ValueError("edits overlap or lie outside the text")
        pieces += (text[position : edit.span.start], edit.replacement)
        position = edit.span.end
    pieces.append(text[position:])
    return "".join(pieces)


def shift_offset(position: int, edits: Sequence[Edit]) -> int:
    """Map an offset of the original (outside every edit) to the edited text."""
    moved = position
    for edit in edits:
        if edit.span.end <= position:
            moved += len(edit.replacement) - (edit.span.end - edit.span.start)
    return moved
