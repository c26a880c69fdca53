"""The text of a record laid out for a terminal: lines of cells, the place in question marked, others masked.

Rules it keeps:

1. No colour is needed: the place in question stands between `>>` and `<<`, and what is replaced anyway is shown as its
   label in brackets, so that a reviewer sees no identifier that the question is not about, unless they ask for it.
2. No control character, direction mark or lone surrogate of a record reaches the terminal.
3. Every cell knows its offset in the field's text, so that a place can be picked by keyboard.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rich.cells import cell_len

from onprem.labels import Label
from onprem.review import terminal

REACH = 6_000  # code points of text laid out on either side of the place in question


@dataclass(frozen=True, slots=True)
class Cell:
    """One character, or one mark such as `>>` or `[NAME]`, of `width` columns. `at` is its offset in the text."""

    shown: str = field(repr=False)
    at: int
    style: str = ""
    width: int = 1


Line = list[Cell]


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of the text, in code points, end exclusive."""

    start: int
    end: int


Masked = tuple[int, int, Label]  # start, end and label of what is replaced anyway


def lay_out(text: str, place: Place, masked: Iterable[Masked], *, width: int) -> list[Line]:
    """Return the text around `place` as lines of at most `width` columns.

    Masked stretches that meet the place are shown: the question is about them.
    """
    low, high = max(0, place.start - REACH), min(len(text), place.end + REACH)
    others = sorted(
        (start, end, label)
        for start, end, label in masked
        if low <= start and end <= high and (end <= place.start or place.end <= start)
    )
    return list(_wrapped(_cells(text, (low, high), place, others), max(8, width)))


def line_of(lines: Sequence[Line], offset: int) -> int:
    """Return the index of the line in which an offset stands, or of the last line before it."""
    found = 0
    for index, line in enumerate(lines):
        if any(cell.at <= offset for cell in line):
            found = index
    return found


def clean(text: str) -> str:
    """Return a text in one line, without what could move the cursor or turn the direction of writing."""
    return "".join(_shown(character) for character in text)


def _cells(text: str, window: tuple[int, int], place: Place, others: Sequence[Masked]) -> Iterator[Cell]:
    low, high = window
    masks = {start: (end, label) for start, end, label in others}
    marked = place.start < place.end
    if low:
        yield Cell(f"{terminal.MORE} ", low, "dim", 2)
    at = low
    while at < high:
        if marked and at == place.start:
            yield Cell(">>", at, "mark", 2)
        if marked and at == place.end:
            yield Cell("<<", at - 1, "mark", 2)
        if at in masks:
            end, label = masks[at]
            yield Cell(f"[{label.value}]", at, "dim", len(label.value) + 2)
            at = end
        else:
            yield _cell(text[at], at, "mark" if place.start <= at < place.end else "")
            at += 1
    if marked and place.end == high:
        yield Cell("<<", high - 1, "mark", 2)
    if high < len(text):
        yield Cell(f" {terminal.MORE}", high, "dim", 2)


def _cell(character: str, at: int, style: str) -> Cell:
    if character == "\n":
        return Cell("\n", at, style, 0)
    shown = _shown(character)
    return Cell(shown, at, style, cell_len(shown))


@lru_cache(maxsize=20_000)
def _shown(character: str) -> str:
    """Return a character as a terminal may show it: a space for white space, a mark for what it must not get."""
    if character.isprintable() and _encodes(character):
        return character
    return " " if character.isspace() else _HIDDEN


def _encodes(character: str) -> bool:
    """Say whether the terminal's encoding has a character; the screen is written to standard error."""
    encoding = sys.__stderr__.encoding if sys.__stderr__ is not None else "utf-8"
    return character.encode(encoding, "ignore") != b""


_HIDDEN = "\N{REPLACEMENT CHARACTER}" if _encodes("\N{REPLACEMENT CHARACTER}") else "?"


def _wrapped(cells: Iterable[Cell], width: int) -> Iterator[Line]:
    """Break lines where the text does, and else after the last space that fits, or where the line is full."""
    line: Line = []
    used = 0
    for cell in cells:
        if cell.shown == "\n":
            yield [*line, cell]
            line, used = [], 0
            continue
        if used + cell.width > width and line:
            broken = _break(line)
            yield line[:broken]
            line = line[broken:]
            used = sum(item.width for item in line)
        line.append(cell)
        used += cell.width
    yield line


def _break(line: Line) -> int:
    """Return how many cells of a full line stay on it."""
    for index in range(len(line) - 1, len(line) // 2, -1):
        if line[index].shown == " ":
            return index + 1
    return len(line)
