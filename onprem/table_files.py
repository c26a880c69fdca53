"""Reads tables from CSV, TSV and Parquet, and writes them in parts, so that a large one never stands in memory.

Rules: what a column is follows from all its distinct values by one rule (`_kind`), the same for text and for typed files;
a column of free text is left out and named in `Table.left_out`; a file appears by rename after success, for its owner
alone; no value stands in an error.
"""

# ruff: noqa: ANN401 - pyarrow publishes no types

from __future__ import annotations

import csv
import os
import re
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from onprem.errors import InputError, OutputError, UsageError
from onprem.formats.encoding import detect_file, unreadable
from onprem.formats.parts import writing
from onprem.table import Column, Kind, Table

SUFFIXES = (".csv", ".tsv", ".parquet")
MAX_DECIMALS = 9
_MISSING = frozenset(("", "NA", "N/A", "NaN", "nan", "null", "NULL", "NaT"))
_INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,14})")  # a leading zero is no number's: a code, a postcode
_NUMBER = re.compile(r"[+-]?((0|[1-9]\d{0,14})(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?")
_KEY = re.compile(r"(?i:(.*[_ .-])?(id|uuid|guid))|.*[a-z]I[Dd]")
_LONG = 24  # characters on average, from which values that hardly repeat are free text
_LONGEST = 200  # characters of a value that names a category
_SOME = 20  # distinct values, below which nothing is said about how often they repeat


def read_table(path: Path, *, keys: Collection[str] = (), categories: Collection[str] = ()) -> Table:
    """Return the table of a file, named as the file; `keys` and `categories` say of which kind some columns are.

    Raises:
        InputError: the file is no table, a name stands twice, or a value cannot be read.
        UsageError: the suffix is not known, or a column that was told is not there.
    """
    read = _read_parquet if path.suffix.lower() == ".parquet" else _read_text
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError("a table is of an unknown form", hint=f"tables are read from {', '.join(SUFFIXES)}")
    names, arrays = read(path)
    if len(set(names)) < len(names) or not all(names):
        raise InputError("a table has two columns of one name, or one without", hint="give each column its own name")
    if not {*keys, *categories} <= {*names}:
        raise UsageError("a column that was named is not in the table", hint="check its header line")
    columns, left_out = [], []
    for name, array in zip(names, arrays, strict=True):
        told = Kind.KEY if name in keys else Kind.CATEGORY if name in categories else None
        column = _column(name, array, told)
        if column is None:
            left_out.append(name)
        else:
            columns.append(column)
    return Table(path.stem, tuple(columns), tuple(left_out))


def _read_text(path: Path) -> tuple[list[str], list[Any]]:
    import pyarrow as pa  # slow to import
    from pyarrow import csv as pacsv

    encoding = detect_file(path)
    codec = "utf-8-sig" if encoding.codec == "utf-8" else encoding.codec.removesuffix("-le").removesuffix("-be")
    try:
        with path.open(encoding=codec, newline="") as file:
            line = file.readline(1_000_000)
    except OSError as error:
        raise unreadable(error) from None
    except UnicodeError:
        raise InputError("a table does not decode", hint="save it in UTF-8") from None
    delimiter = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=line.count)
    names = next(csv.reader([line], delimiter=delimiter), [])
    if not names:
        raise InputError("a table is empty", hint="its first line names the columns")
    if len(set(names)) < len(names):
        return names, []  # refused by the caller
    try:
        table = pacsv.read_csv(
            path,
            pacsv.ReadOptions(encoding=codec.removesuffix("-sig"), use_threads=False),
            pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except (pa.ArrowException, UnicodeError):  # whose words quote the row
        raise InputError(
            "a table cannot be read: a row has another number of values than the header, or does not decode",
            hint="each row needs as many values as the header, in UTF-8 or GB18030",
        ) from None
    return list(table.column_names), list(table.columns)


def _read_parquet(path: Path) -> tuple[list[str], list[Any]]:
    import pyarrow as pa  # slow to import
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, use_threads=False, partitioning=None)
    except OSError as error:
        raise unreadable(error) from None
    except pa.ArrowException:
        raise InputError("a table is no Parquet file, or damaged") from None
    return list(table.column_names), list(table.columns)


def _column(name: str, array: Any, told: Kind | None) -> Column | None:
    """Return a column, or None when it is free text or no column of plain values."""
    import pyarrow as pa  # slow to import

    kind, made = array.type, array
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_time(kind) or pa.types.is_duration(kind):
        return None
    if pa.types.is_timestamp(kind):
        made = made.cast(pa.timestamp("us", kind.tz), safe=False)
    made = made.combine_chunks()
    if not pa.types.is_dictionary(made.type):
        made = made.dictionary_encode()
    codes = made.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    words = [_word(value) for value in made.dictionary.to_pylist()]
    return _coded(name, words, codes, told)


def _word(value: object) -> str:
    """Return a value as it would stand in a CSV file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value).strip()


def _coded(name: str, words: Sequence[str], codes: np.ndarray, told: Kind | None) -> Column | None:
    """Return the column whose values are `words[code]`."""
    distinct = sorted({word for word in words if word not in _MISSING})
    place = {word: number for number, word in enumerate(distinct)}
    # the last one stands for a code of -1
    codes = np.array([place.get(word, -1) for word in words] + [-1], dtype=np.int32)[codes]
    kind = told or _kind(name, distinct, int((codes >= 0).sum()))
    if kind is None:
        return None
    if kind in {Kind.CATEGORY, Kind.KEY}:
        return Column(name, kind, codes, tuple(distinct))
    if kind is Kind.TIME:
        numbers, decimals = [_seconds(word) for word in distinct], 0
    else:
        numbers = [float(word) for word in distinct]
        decimals = max((_decimals(word) for word in distinct), default=0)
        kind = Kind.NUMBER if decimals or not all(number.is_integer() for number in numbers) else Kind.INTEGER
    values = np.array([*numbers, np.nan], dtype=np.float64)[codes]
    return Column(name, kind, values, (), decimals, kind is Kind.TIME and all(map(_DAY.fullmatch, distinct)))


def _kind(name: str, distinct: Sequence[str], present: int) -> Kind | None:
    """Say what a column is, by its name and its distinct values; None where it is free text."""
    if _KEY.fullmatch(name):
        return Kind.KEY
    if not distinct:
        return Kind.CATEGORY
    for kind, form in ((Kind.INTEGER, _INTEGER), (Kind.NUMBER, _NUMBER), (Kind.TIME, _TIME)):
        if all(map(form.fullmatch, distinct)):
            return kind
    hardly_repeats = len(distinct) >= _SOME and 2 * len(distinct) > present
    is_long = sum(map(len, distinct)) > _LONG * len(distinct)
    if max(map(len, distinct)) > _LONGEST or (hardly_repeats and is_long):
        return None
    never_repeats = hardly_repeats and len(distinct) == present
    return Kind.KEY if never_repeats and not any(" " in word for word in distinct) else Kind.CATEGORY


def _decimals(word: str) -> int:
    """Return how many decimals a number needs: two for 1.50 as for 1.25, none for 97.0."""
    exponent = Decimal(word).normalize().as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= 0:
        return 0
    return min(MAX_DECIMALS, -exponent)


def _seconds(word: str) -> float:
    """Return the seconds since 1970 of a time; one without a zone is taken as UTC."""
    try:
        time = datetime.fromisoformat(word)
    except ValueError:
        raise InputError("a column of dates holds one that is none", hint="dates are written as 2024-01-31") from None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


class TableWriter:
    """Writes the parts of one table; the file gets its name in `finish`, and is gone if that is never reached."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            UsageError: the suffix is not known.
            OutputError: the file is there already, or the folder cannot be written.
        """
        if path.suffix.lower() not in SUFFIXES:
            raise UsageError("a table is of an unknown form", hint=f"tables are written as {', '.join(SUFFIXES)}")
        if os.path.lexists(path):
            raise OutputError("the output is there already", hint="give another name, or remove it")
        self._path, self._partial = path, path.with_name(f".{path.name}.partial")
        self._to: Any = None
        self.rows = 0
        with writing():
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            self._file = os.fdopen(os.open(self._partial, flags, 0o600), "wb")

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if not self._file.closed:
            self._file.close()
            with suppress(OSError):
                self._partial.unlink()

    def add(self, table: Table) -> None:
        """Write more rows, of the same columns.

        Raises:
            OutputError, ResourceError: the disk refuses.
        """
        import pyarrow as pa  # slow to import
        import pyarrow.parquet as pq
        from pyarrow import csv as pacsv

        text = self._path.suffix.lower() != ".parquet"
        rows = pa.table({column.name: _array(column, text=text) for column in table})
        with writing():
            if self._to is None and text:
                delimiter = "\t" if self._path.suffix.lower() == ".tsv" else ","
                options = pacsv.WriteOptions(delimiter=delimiter, quoting_style="needed")
                self._to = pacsv.CSVWriter(self._file, rows.schema, write_options=options)
            elif self._to is None:
                self._to = pq.ParquetWriter(self._file, rows.schema)
            (self._to.write if text else self._to.write_table)(rows)
        self.rows += len(table)

    def finish(self) -> None:
        """Make the file durable and give it its name.

        Raises:
            OutputError, ResourceError: the disk refuses.
        """
        with writing():
            if self._to is not None:
                self._to.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._partial.rename(self._path)


def write_table(table: Table | Iterable[Table], path: Path) -> None:
    """Write a table, or its parts one after another.

    Raises:
        UsageError, OutputError, ResourceError: as `TableWriter`.
    """
    with TableWriter(path) as writer:
        for part in [table] if isinstance(table, Table) else table:
            writer.add(part)
        writer.finish()


def _array(column: Column, *, text: bool) -> Any:
    """Return a column for Arrow: for CSV as it is to be read by people, for Parquet typed."""
    import pyarrow as pa  # slow to import
    import pyarrow.compute as pc

    missing = column.missing
    if column.kind in {Kind.CATEGORY, Kind.KEY}:
        words = pa.array(column.categories, pa.string())
        return words.take(pa.array(np.maximum(column.values, 0), pa.int32(), mask=missing))
    values = np.where(missing, 0, column.values)
    if column.kind is Kind.TIME:
        times = pa.array(np.floor(values).astype(np.int64), pa.int64(), mask=missing).cast(pa.timestamp("s"))
        if column.day:
            return times.cast(pa.date32())
        return pc.strftime(times, format="%Y-%m-%dT%H:%M:%S") if text else times.cast(pa.timestamp("us"))
    if column.kind is Kind.INTEGER:
        return pa.array(np.rint(values).astype(np.int64), pa.int64(), mask=missing)
    return pa.array(np.round(values, column.decimals), pa.float64(), mask=missing)
