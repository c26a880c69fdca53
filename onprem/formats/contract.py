"""What a format is: bytes <-> records, in chunks that any process can open again.

The order of use:

1. `Format.open(path, options)` gives a `Source`; it reads no more than the head of the file.
2. `Source.chunks()` cuts the file into pieces that can be read alone (streaming; memory stays flat).
3. `Source.read(chunk)` yields records in order, or `Held` for those that cannot be understood. Always the same count.
4. `Source.write(chunk, records, part)` writes one chunk's clean records to a part file; records that are held are
   simply absent from `records`.
5. `Source.join(parts, out)` makes the output file of all parts, in order.

Rules: no edits gives the same bytes; edits change only their own bytes; every leaf surfaces as a field; malformed input
is Held, never passed; no error carries a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from onprem.labels import Label
from onprem.model import Clean, Held, Kind, Raw, Record


@dataclass(frozen=True, slots=True)
class Placement:
    """What a column or key holds: its kind and, for an identifier, its label.

    `roster` says whether its values are the patient's own identifiers (searched in all of that patient's text), those
    of staff (searched in everybody's text), or neither. `key` marks a column that names the patient of the row.
    """

    kind: Kind
    label: Label | None = None
    roster: str = ""  # "patient", "staff" or ""
    key: str = ""  # kind of patient key: "patient", "record", "encounter", "national", "plan" or ""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read: names of special fields, what the site has said about columns, bounds."""

    text_field: str = "text"
    columns: dict[str, Placement] = field(default_factory=dict)  # the site's own words, by folded header
    max_record_chars: int = 16_000_000  # a longer record is held
    chunk_bytes: int = 200_000
    typed: frozenset[Label] = frozenset()  # labels whose replacement keeps a typed column's type (shifted dates)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """An addressable piece of a source. `first` is the 0-based index of its first record, `count` its records."""

    first: int
    count: int
    offset: int  # meaning belongs to the format: byte offset, row offset
    length: int
    part: int = 0  # for formats with an inner division (row group)


@dataclass(frozen=True, slots=True)
class Column:
    """One column or key of a source as understood. `position` is 1-based; the header itself may be an identifier."""

    path: str
    position: int
    placement: Placement


class Source(Protocol):
    """One input file, opened."""

    def columns(self) -> tuple[Column, ...]:
        """Return the columns as placed; empty for formats without columns. Known after `Format.open`."""

    def placement(self, path: str) -> Placement:
        """Return what the field at `path` holds; for nested paths too, which `columns` gives as `a.b[*].c`."""

    def chunks(self) -> Iterator[Chunk]:
        """Cut the file; streaming."""

    def read(self, chunk: Chunk) -> Iterator[Record[Raw] | Held]:
        """Yield the chunk's records in order, `chunk.count` of them."""

    def write(self, chunk: Chunk, records: Iterable[tuple[int, Record[Clean]]], part: Path) -> None:
        """Write clean records (with their index in the source) of one chunk to `part`."""

    def join(self, parts: Sequence[Path], out: Path) -> None:
        """Make the output of the parts, in order."""


class Format(Protocol):
    """One family member: recognised by suffix first, then by content."""

    name: str
    suffixes: tuple[str, ...]

    def sniff(self, head: bytes) -> bool:
        """Say whether content that begins with `head` (up to 64 KiB) is of this format."""

    def open(self, path: Path, source: int, options: ReadOptions) -> Source:
        """Open a file; `source` is its index in the run, for record ids.

        Raises:
            InputError: the file as a whole cannot be read as this format.
        """


@dataclass(frozen=True, slots=True)
class Sample:
    """An example of a format, from which its tests come. `make` gives the bytes of a file named with `suffix`.

    `records` is what the file holds, `held` how many of those are Held; `refused` says that opening must fail instead.
    """

    name: str
    suffix: str
    make: Callable[[], bytes] = field(repr=False)
    records: int
    held: int = 0
    refused: bool = False
