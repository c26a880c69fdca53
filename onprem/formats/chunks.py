"""Cutting a text file into chunks that can be read alone, at flat memory, whatever its encoding and its records' size.

A format brings a `Scanner` that knows where its records end; `cut` streams the file past it. A record longer than the
bound becomes a chunk of its own that is held without ever being read into memory.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from onprem.formats.contract import Chunk, ReadOptions
from onprem.formats.encoding import Encoding, unreadable

OVERSIZE = 1  # `Chunk.part` of a chunk whose only record is longer than the bound


class Scanner(Protocol):
    """Knows where records end."""

    def scan(self, text: str, *, final: bool) -> tuple[int, int]:
        """Return how many whole records `text` begins with, and where the last one (and blank lines) ends.

        `final` says that the file ends with `text`; then everything must be consumed.
        """

    def skip(self, text: str, state: int) -> tuple[int, int]:
        """Return where the record that is being passed over ends in `text` (-1: later), and the state to go on with."""


@dataclass(slots=True)
class _Window:
    """A decoded part of the file and where it begins."""

    text: str
    offset: int  # in bytes
    final: bool


def cut(path: Path, encoding: Encoding, scanner: Scanner, start: int, options: ReadOptions) -> Iterator[Chunk]:
    """Yield the chunks of a file from byte `start` to its end.

    Raises:
        UnreadableInput: the file cannot be read.
    """
    first = 0
    window = _Window("", start, final=False)
    blocks = _decoded(path, encoding, start, options.chunk_bytes)
    wanted = options.chunk_bytes
    while True:
        _fill(window, blocks, wanted)
        if not window.text:
            return
        count, end = scanner.scan(window.text, final=window.final)
        if end:
            length = encoding.length(window.text[:end])
            yield Chunk(first, count, window.offset, length)
            window = _Window(window.text[end:], window.offset + length, window.final)
            first, wanted = first + count, options.chunk_bytes
        elif len(window.text) <= options.max_record_chars:
            wanted = 2 * len(window.text)
        else:
            length = _pass_over(window, blocks, encoding, scanner)
            yield Chunk(first, 1, window.offset, length, OVERSIZE)
            window.offset += length
            first, wanted = first + 1, options.chunk_bytes


def _decoded(path: Path, encoding: Encoding, start: int, size: int) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding.codec)(encoding.errors)
    try:
        with path.open("rb") as file:
            file.seek(start)
            while block := file.read(min(size, 4_194_304)):
                yield decoder.decode(block)
    except OSError as error:
        raise unreadable(error) from None
    yield decoder.decode(b"", True)


def _fill(window: _Window, blocks: Iterator[str], wanted: int) -> None:
    pieces = [window.text]
    size = len(window.text)
    while size < wanted and not window.final:
        block = next(blocks, None)
        if block is None:
            window.final = True
        else:
            pieces.append(block)
            size += len(block)
    window.text = "".join(pieces)


def _pass_over(window: _Window, blocks: Iterator[str], encoding: Encoding, scanner: Scanner) -> int:
    """Stream past one record; leave the rest in the window; return the record's length in bytes."""
    length = state = 0
    while True:
        end, state = scanner.skip(window.text, state)
        if end >= 0 or window.final:
            end = len(window.text) if end < 0 else end
            length += encoding.length(window.text[:end])
            window.text = window.text[end:]
            return length
        length += encoding.length(window.text)
        window.text = ""
        _fill(window, blocks, 1)


def read_text(path: Path, encoding: Encoding, chunk: Chunk) -> str:
    """Return the text of one chunk.

    Raises:
        UnreadableInput: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            file.seek(chunk.offset)
            return encoding.decode(file.read(chunk.length))
    except OSError as error:
        raise unreadable(error) from None
