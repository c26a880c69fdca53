"""Rows of CSV and TSV, read and written without losing a byte: quotes, doubled quotes, line breaks in cells, line ends.

A quote that never closes takes the rest of the file into one row, which is held: no later line is guessed to be a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

_LINE_ENDS = ("\r\n", "\n", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells unquoted, which were quoted, its line end. `sound` is False when quotes do not balance."""

    cells: tuple[str, ...] = field(repr=False)
    quoted: tuple[bool, ...]
    end: str
    before: str  # blank lines that precede the row
    length: int  # of the row itself, in characters
    sound: bool = True
    after: str = ""  # blank lines at the end of the text, after its last row


@dataclass(frozen=True, slots=True)
class Shape:
    """A row without its cells."""

    quoted: tuple[bool, ...]
    end: str
    before: str
    after: str = ""


@lru_cache(maxsize=8)
def _patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a cell, a whole row, and the characters that end an unquoted cell."""
    mark = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]++|"")*+"[^{mark}\r\n]*+|(?!")[^{mark}\r\n]*+)'
    return re.compile(cell), re.compile(rf"{cell}(?:{mark}{cell})*+(?:\r\n|\n|\r|\Z)"), re.compile(rf"[{mark}\r\n]")


class Rows:
    """The grammar of rows for one delimiter; also the scanner that cuts a file at row ends.

    Without `quoting` (as database dumps write TSV) a quote is a character like any other and a line is a row.
    """

    def __init__(self, delimiter: str, *, quoting: bool = True) -> None:
        self.delimiter = delimiter
        self.quoting = quoting
        self._never = re.compile(rf"[{re.escape(delimiter)}\r\n]+")
        self._cell, self._row, self._stop = _patterns(delimiter)

    def parse(self, text: str) -> Iterator[Row]:
        """Yield the rows of `text`, which begins at a row and ends with one. Blank lines go with the next row."""
        before = ""
        position = 0
        has_newline = "\n" in text
        last = len(text.rstrip(" \r\n"))  # the last row goes on to here at least
        while position < len(text):
            end = self._row_end(text, position, has_newline=has_newline)
            if end < 0:
                rest = text[position:]
                yield Row((rest,), (False,), "", before, len(rest), sound=False)
                return
            raw = text[position:end]
            if is_blank(raw):
                before += raw
            else:
                row = self._split(raw, before)
                if end >= last:
                    yield replace(row, after=text[end:]) if end < len(text) else row
                    return
                yield row
                before = ""
            position = end

    def _row_end(self, text: str, position: int, *, has_newline: bool) -> int:
        """Return where the row that begins at `position` ends, its line end included; -1 when a quote never closes."""
        newline = text.find("\n", position) if has_newline else -1
        if newline >= 0 and (not self.quoting or text.find('"', position, newline) < 0):
            carriage = text.find("\r", position, newline)
            if carriage < 0 or carriage == newline - 1:
                return newline + 1
        if not self.quoting:
            return self._line_end(text, position)
        match = self._row.match(text, position)
        return match.end() if match else -1

    def _line_end(self, text: str, position: int) -> int:
        ends = [found for mark in "\r\n" if (found := text.find(mark, position)) >= 0]
        end = min(ends, default=len(text) - 1)
        return end + 2 if text[end : end + 2] == "\r\n" else end + 1

    def _split(self, raw: str, before: str) -> Row:
        end = next((mark for mark in _LINE_ENDS if raw.endswith(mark)), "")
        body = raw[: len(raw) - len(end)]
        if not self.quoting or '"' not in body:
            cells = tuple(body.split(self.delimiter))
            return Row(cells, (False,) * len(cells), end, before, len(raw))
        values: list[str] = []
        quoted: list[bool] = []
        position = 0
        sound = True
        while True:
            match = self._cell.match(body, position)
            if match is None:
                return Row((body,), (False,), end, before, len(raw), sound=False)
            literal = match.group()
            is_quoted = literal.startswith('"')
            if is_quoted:
                sound = sound and literal.endswith('"') and len(literal) > 1 and _closes(literal)
                literal = literal[1:-1].replace('""', '"')
            values.append(literal)
            quoted.append(is_quoted)
            position = match.end()
            if position >= len(body):
                return Row(tuple(values), tuple(quoted), end, before, len(raw), sound)
            position += 1

    def scan(self, text: str, *, final: bool) -> tuple[int, int]:
        """Count whole rows, for `onprem.formats.chunks`."""
        count = position = 0
        has_newline = "\n" in text
        while position < len(text):
            end = self._row_end(text, position, has_newline=has_newline)
            if end < 0:
                return (count + 1, len(text)) if final else (count, position)
            if not final and (end == len(text) and not text.endswith("\n")):
                break  # the row, or its line end, may go on
            count += not is_blank(text[position:end]) if end - position < 64 else 1
            position = end
        return count, position

    def skip(self, text: str, state: int) -> tuple[int, int]:
        r"""Pass over one row. States: 0 at a cell, 1 in a bare cell, 2 in quotes, 3 after a quote, 4 after \\r."""
        position = 0
        while position < len(text):
            character = text[position]
            if state == 4:
                return position + (character == "\n"), 0
            if state == 0:
                state = 2 if character == '"' and self.quoting else 1
                position += state == 2
            elif state == 2:
                found = text.find('"', position)
                if found < 0:
                    return -1, 2
                position, state = found + 1, 3
            elif state == 3 and character == '"':
                position, state = position + 1, 2
            else:
                match = self._stop.search(text, position)
                if match is None:
                    return -1, 1
                position = match.end()
                if match.group() == "\n":
                    return position, 0
                state = 4 if match.group() == "\r" else 0
        return -1, state

    def render(self, cells: list[str], shape: Shape) -> str:
        """Write a row in its shape; a cell is quoted when it was, or when its new text needs it."""
        if not self.quoting:
            return (
                shape.before
                + self.delimiter.join([self._never.sub(" ", cell) for cell in cells])
                + shape.end
                + shape.after
            )
        written = [
            '"' + cell.replace('"', '""') + '"' if quoted or self._needs_quotes(cell) else cell
            for cell, quoted in zip(cells, shape.quoted, strict=True)
        ]
        body = self.delimiter.join(written)
        return shape.before + ('""' if is_blank(body) else body) + shape.end + shape.after

    def _needs_quotes(self, cell: str) -> bool:
        return cell.startswith('"') or self._stop.search(cell) is not None


def _closes(literal: str) -> bool:
    return '"' not in literal[1:-1].replace('""', "")


def is_blank(row: str) -> bool:
    """Say whether a row is a blank line: structure, not a record."""
    return not row.strip(" \r\n")
