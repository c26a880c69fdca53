"""The records that a model is to read: of one file, of a folder, or a text that was typed or piped in.

Rules: files are read by the formats of the house; the order is that of the files' names and of the records in them, the
same each time; links are not followed; what cannot be read is a record with a reason, never left out.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from onprem.errors import InputError
from onprem.formats import headers
from onprem.formats.contract import Placement, ReadOptions, Source
from onprem.formats.recognise import recognise
from onprem.model import Held, Kind, Raw, Record

MAX_FILES = 1_000_000
_SKIPPED = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class Item:
    """A record to be read, or why it cannot be. `source` is the file below the input, `record` its place there, from 0."""

    source: str = field(repr=False)
    record: int
    text: str = field(repr=False, default="")
    id: str = field(repr=False, default="")
    error: str = ""


@dataclass(frozen=True, slots=True)
class Fields:
    """Names of the fields of a table or of JSON lines that hold a record's text and its identity."""

    text: str = "text"
    id: str = "id"


class Records:
    """The records of one input."""

    def __init__(self, given: Path, fields: Fields, options: ReadOptions) -> None:
        """List the files of an input.

        Raises:
            InputError: there is no such file or folder, or it holds no file.
        """
        self._fields = fields
        own = {} if fields.id == fields.text else {headers.fold(fields.id): Placement(Kind.CLINICAL)}
        self._options = ReadOptions(
            text_field=fields.text,
            columns=dict(options.columns) | own,
            max_record_chars=options.max_record_chars,
            chunk_bytes=options.chunk_bytes,
        )
        self._files = _files(given)

    def __iter__(self) -> Iterator[Item]:
        """Yield the records in order. A file that cannot be read is one record with an error."""
        for index, (path, name) in enumerate(self._files):
            try:
                source = recognise(path).open(path, index, self._options)
                yield from self._of(source, name)
            except InputError as error:
                yield Item(name, 0, error=_told(error.message))
            except OSError:
                yield Item(name, 0, error="the file cannot be read")

    def count(self) -> int:
        """Return how many records there are; reads every file once."""
        total = 0
        for index, (path, _) in enumerate(self._files):
            try:
                source = recognise(path).open(path, index, self._options)
                total += max(1, sum(chunk.count for chunk in source.chunks()))
            except (InputError, OSError):
                total += 1
        return total

    def digest(self) -> str:
        """Return a SHA-256 over the names, sizes and times of the files: another job has another."""
        found = hashlib.sha256(repr((self._fields.text, self._fields.id)).encode())
        for path, name in self._files:
            try:
                told = path.stat()
                said = (name, told.st_size, told.st_mtime_ns)
            except OSError:
                said = (name, -1, -1)
            found.update(repr(said).encode(errors="surrogateescape"))
        return found.hexdigest()

    def _of(self, source: Source, name: str) -> Iterator[Item]:
        empty = True
        for chunk in source.chunks():
            for place, record in enumerate(source.read(chunk), start=chunk.first):
                empty = False
                yield self._item(record, name, place)
        if empty:
            yield Item(name, 0, error="the file holds no record")

    def _item(self, record: Record[Raw] | Held, name: str, place: int) -> Item:
        if isinstance(record, Held):
            return Item(name, place, error=_told(str(record.reason)))
        held = {item.path.removeprefix("col:").strip(): item.text for item in record.fields}
        # the path of a text field is `text` whatever its name, in all formats but tables
        text = next((held[path] for path in (self._fields.text, "text") if path in held), None)
        identity = held.get(self._fields.id, "")
        if text is None:
            return Item(name, place, id=identity, error="no text field")
        if not text.strip():
            return Item(name, place, id=identity, error="empty record")
        return Item(name, place, text, identity)


def of_text(text: str) -> Sequence[Item]:
    """Return a text that was piped in as the one record of an input named `-`."""
    return [Item("-", 0, text) if text.strip() else Item("-", 0, error="empty record")]


def _files(given: Path) -> list[tuple[Path, str]]:
    if given.is_file():
        return [(given, given.name)]
    if not given.is_dir():
        raise InputError("the input does not exist, or is no file and no folder", hint="name a file or a folder")
    found: list[tuple[Path, str]] = []
    for folder, below, names in os.walk(given, followlinks=False):
        below.sort()
        for name in sorted(names):
            path = Path(folder) / name
            if name in _SKIPPED or path.is_symlink() or not path.is_file():
                continue
            found.append((path, path.relative_to(given).as_posix()))
            if len(found) > MAX_FILES:
                raise InputError(f"the folder holds more than {MAX_FILES:,} files", hint="name a smaller folder")
    if not found:
        raise InputError("no file was found in the input", hint="text, JSON lines, CSV, TSV and Parquet are read")
    return sorted(found, key=lambda item: item[1])


def _told(reason: str) -> str:
    return f"unreadable: {reason}"
