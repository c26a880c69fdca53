"""The layout of a CSV or TSV file, from its head: delimiter, width, and whether its first row is a header.

Nothing here is a value that leaves: a first row is a header only when it names columns and does not look like data.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from onprem.formats import headers, values
from onprem.formats.contract import ReadOptions
from onprem.formats.delimited_rows import Row, Rows

DELIMITERS = ",;\t|"
_SAMPLE_ROWS = 300
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[_ .\-/][A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Layout:
    """How the file is laid out. `header` is None for a file that begins with data.

    `preamble` is the length, in characters, of the rows above the header (a title), and `above` their number.
    """

    delimiter: str
    width: int
    header: Row | None
    sample: tuple[tuple[str, ...], ...] = field(repr=False)  # rows of data of the right width
    preamble: int = 0
    above: int = 0
    quoting: bool = True

    def names(self) -> list[str]:
        """Return the headers, "" for columns without one."""
        if self.header is None:
            return [""] * self.width
        names = [name.strip() for name in self.header.cells]
        extra = self.width - len(names)
        if extra == 1 and not any(cell.strip() for cell in self.column(self.width - 1)):
            return [*names, ""]  # rows end with a delimiter, the header does not
        if extra == -1 and not names[-1]:
            return names[:-1]
        return names if not extra else [""] * self.width  # headers that do not line up name none of the columns

    def column(self, index: int) -> list[str]:
        """Return the sampled cells of one column (0-based)."""
        return [row[index] for row in self.sample]


def layout_of(head: str, preferred: str, options: ReadOptions, *, complete: bool) -> Layout | None:
    """Return the layout of a file that begins with `head`, or None for one without rows.

    `preferred` is the delimiter that the file's suffix suggests ("" for none).
    """
    candidates = {mark: _sample_rows(head, mark, complete=complete) for mark in DELIMITERS}
    if not candidates[","]:
        return None
    delimiter = max(DELIMITERS, key=lambda mark: _score(candidates[mark], options) + (mark == preferred) * 0.25)
    rows = candidates[delimiter]
    quoting = not _is_plain(head, delimiter, rows, complete=complete)
    if not quoting:
        rows = _sample_rows(head, delimiter, complete=complete, quoting=False)
    width = _width(rows)
    above = _above(rows, width, options)
    first, rest = rows[above], rows[above + 1 :]
    data = [row.cells for row in rest if row.sound and len(row.cells) == width]
    if is_header(first.cells, data, options):
        preamble = sum(len(row.before) + row.length for row in rows[:above])
        return Layout(delimiter, width, first, tuple(data), preamble, above, quoting)
    sample = ([first.cells] if len(first.cells) == width else []) + data
    return Layout(delimiter, width, None, tuple(sample), quoting=quoting)


_MOST_ABOVE = 5


def _above(rows: Sequence[Row], width: int, options: ReadOptions) -> int:
    """Return how many rows stand above the header: titles, which name no column, over a row that names columns."""
    for index, row in enumerate(rows[: _MOST_ABOVE + 1]):
        known = sum(_names_column(cell, options) for cell in row.cells)
        if known and not index:
            return 0
        if len(row.cells) == width and known >= 2 and known * 2 >= sum(bool(cell.strip()) for cell in row.cells):
            return index
    return 0


def _is_plain(head: str, delimiter: str, rows: Sequence[Row], *, complete: bool) -> bool:
    """Say whether quotes quote nothing: read with them rows are unsound or uneven, read without them all are even.

    Only tab and bar are written without quoting; in CSV a quote that does not close is an error.
    """
    if delimiter in ",;":
        return False
    if '"' not in head or (all(row.sound for row in rows) and len({len(row.cells) for row in rows}) == 1):
        return False
    plain = {len(row.cells) for row in _sample_rows(head, delimiter, complete=complete, quoting=False)}
    return len(plain) == 1 and plain != {1}


def _sample_rows(head: str, delimiter: str, *, complete: bool, quoting: bool = True) -> list[Row]:
    rows: list[Row] = []
    for row in Rows(delimiter, quoting=quoting).parse(head):
        rows.append(row)
        if len(rows) > _SAMPLE_ROWS:
            return rows
    return rows if complete or len(rows) < 2 else rows[:-1]  # the head may have cut the last row


def _score(rows: Sequence[Row], options: ReadOptions) -> float:
    """Score a delimiter: rows of one width, more than one column, column names that are known."""
    width = _width(rows)
    if width < 2:
        return 0.1
    same = sum(len(row.cells) == width and row.sound for row in rows) / len(rows)
    known = max(
        sum(_names_column(cell, options) for cell in row.cells) / len(row.cells) for row in rows[: _MOST_ABOVE + 1]
    )
    return same * (2 if len(rows) > 1 else 1) + known + min(width, 20) / 100


def _width(rows: Sequence[Row]) -> int:
    """Return the width of the first row, unless most rows agree on another."""
    first = len(rows[0].cells)
    widths = Counter(len(row.cells) for row in rows[1:] if row.sound)
    if not widths:
        return first
    width, count = widths.most_common(1)[0]
    return width if count * 2 > widths.total() and count > 1 and widths[first] == 0 else first


def _names_column(cell: str, options: ReadOptions) -> bool:
    return bool(cell.strip()) and (
        cell.strip() == options.text_field
        or headers.fold(cell) in options.columns
        or headers.place(cell) is not None
    )  # fmt: skip


def is_header(first: Sequence[str], data: Sequence[Sequence[str]], options: ReadOptions) -> bool:
    """Say whether the first row names columns. When in doubt it is data, which is processed, not copied."""
    known = sum(_names_column(cell, options) for cell in first)
    like_data = sum(values.looks_like_data(cell) for cell in first)
    if known:
        return known >= like_data
    if like_data or not all(cell.strip() for cell in first[:1]):
        return False
    if not data or any(len(row) != len(first) for row in data):
        return False
    below = [[row[index] for row in data] for index in range(len(first))]
    typed = any(
        values.all_typed(column) and not values.all_typed([cell])
        for cell, column in zip(first, below, strict=True)
    )  # fmt: skip
    return typed and all(_IDENTIFIER.fullmatch(cell.strip()) or not cell.isascii() for cell in first if cell.strip())
