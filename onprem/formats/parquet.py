"""Parquet: one row is one record; schema, column order and compression are kept; metadata and statistics are not.

Paths: `col:<name>` for a known name that occurs once, else `col#<position>`; nested leaves as `col:patient.name[0]`.
Every scalar type is read as text. An identifying column that is not text becomes text, unless the label keeps its type
(`ReadOptions.typed`). A column that has no exact text is unknown and is emptied.
"""

# ruff: noqa: ANN401 - pyarrow publishes no types

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onprem.errors import OutputError
from onprem.formats import parquet_rows, placing
from onprem.formats import parquet_types as types
from onprem.formats.contract import Chunk, Column, Placement, ReadOptions, Sample
from onprem.formats.encoding import UnreadableInput, read_head
from onprem.formats.parquet_layout import FlatColumn, NestedColumn, plan
from onprem.formats.parts import open_part, writing
from onprem.model import Clean, Field, Held, Kind, Raw, Reason, Record

_GROUP_BYTES = 67_108_864  # of one row group written, before compression
_EMPTY = 0  # mark of a cell that is there and holds no character


@dataclass(frozen=True, slots=True)
class Cells:
    """A row without its values: for each column None (null), a mark, or the skeleton of a nested value."""

    marks: tuple[Any, ...]


class ParquetSource:
    """One Parquet file."""

    def __init__(self, path: Path, source: int, options: ReadOptions) -> None:
        self._path = path
        self._source = source
        self._options = options
        file = parquet_rows.open_file(path)
        try:
            self._metadata = file.metadata
            with parquet_rows.reading():
                self._plan = plan(file, options)
        finally:
            file.close()
        self._by_path: dict[str, Placement] = {
            item.path: item.placed.placement for item in self._plan if isinstance(item, FlatColumn)
        }

    def columns(self) -> tuple[Column, ...]:
        """Return the columns as placed; for nested ones every leaf that the first rows have."""
        found: list[Column] = []
        for position, item in enumerate(self._plan, start=1):
            if isinstance(item, FlatColumn):
                found.append(Column(item.path, position, item.placed.placement))
            else:
                found += [Column(path, position, placement) for path, placement in item.leaves()]
        return tuple(found)

    def placement(self, path: str) -> Placement:
        """Return what the field at `path` was placed as when it was read."""
        found = self._by_path.get(path)
        if found is None:
            found = next(
                (item.seen[path] for item in self._plan if isinstance(item, NestedColumn) and path in item.seen), None
            )
        return found or Placement(Kind.UNKNOWN)

    def chunks(self) -> Iterator[Chunk]:
        """Cut the row groups into runs of rows."""
        return parquet_rows.cut(self._metadata, self._options)

    def read(self, chunk: Chunk) -> Iterator[Record[Raw] | Held]:
        """Yield one record for each row; all are held when the chunk cannot be decoded."""
        index = chunk.first
        try:
            for batch in parquet_rows.batches(self._path, chunk):
                for record in self._batch(batch, index):
                    yield record
                    index += 1
        except UnreadableInput:
            for rest in range(index, chunk.first + chunk.count):
                yield Held(f"{self._source}:{rest}", "", Reason.UNREADABLE)

    def _batch(self, batch: Any, first: int) -> Iterator[Record[Raw] | Held]:
        columns = [item.read(batch.column(index)) for index, item in enumerate(self._plan)]
        for row in range(batch.num_rows):
            yield self._record(f"{self._source}:{first + row}", [column[row] for column in columns])

    def _record(self, name: str, cells: Sequence[Any]) -> Record[Raw] | Held:
        fields: list[Field] = []
        marks: list[Any] = []
        keys: dict[str, str] = {}
        size = 0
        for item, cell in zip(self._plan, cells, strict=True):
            if cell is None:
                marks.append(None)
                continue
            if isinstance(cell, Reason):
                return Held(name, "", cell)
            if isinstance(item, NestedColumn):
                found, mark = item.fields(cell, keys)
                fields += found
                marks.append(mark)
                size += sum(len(leaf.text) for leaf in found)
                continue
            fields.append(placing.field(item.path, cell, item.placed))
            marks.append(True if cell else _EMPTY)
            size += len(cell)
            if item.placed.placement.key:
                keys.setdefault(item.placed.placement.key, cell)
        if size > self._options.max_record_chars:
            return Held(name, "", Reason.TOO_LARGE)
        return Record(name, placing.subject(keys), tuple(fields), Cells(tuple(marks)))

    def write(self, chunk: Chunk, records: Iterable[tuple[int, Record[Clean]]], part: Path) -> None:  # noqa: ARG002
        """Write the rows of clean records as one Arrow stream.

        Raises:
            OutputError: a record lacks a cell of its row, or the disk refuses.
        """
        import pyarrow as pa  # slow to import

        columns: list[list[Any]] = [[] for _ in self._plan]
        for _, record in records:
            self._spread(record, columns)
        arrays = [item.write(values) for item, values in zip(self._plan, columns, strict=True)]
        rows = len(columns[0]) if columns else 0
        with open_part(part) as out, pa.ipc.new_stream(out, self._schema()) as stream:
            if rows:
                stream.write_batch(pa.RecordBatch.from_arrays(arrays, schema=self._schema()))

    def _spread(self, record: Record[Clean], columns: list[list[Any]]) -> None:
        """Append the cells of one record to the columns."""
        shape = record.skeleton
        if not isinstance(shape, Cells) or len(shape.marks) != len(self._plan):
            raise OutputError("a record does not have the fields of its source")
        leaves = iter(record.fields)
        for item, mark, column in zip(self._plan, shape.marks, columns, strict=True):
            if mark is None:
                column.append(None)
            elif isinstance(item, NestedColumn):
                column.append(item.value(mark, leaves))
            else:
                leaf = next(leaves, None)
                if leaf is None or leaf.path != item.path:
                    raise OutputError("a record does not have the fields of its source")
                emptied = not leaf.text and mark != _EMPTY and leaf.kind is Kind.UNKNOWN
                column.append(None if emptied else leaf.text)
        if next(leaves, None) is not None:
            raise OutputError("a record does not have the fields of its source")

    def _schema(self) -> Any:
        import pyarrow as pa  # slow to import

        return pa.schema([item.field for item in self._plan])

    def join(self, parts: Sequence[Path], out: Path) -> None:
        """Write one Parquet file of all parts, row group by row group.

        Raises:
            OutputError: the disk refuses.
        """
        import pyarrow as pa  # slow to import
        import pyarrow.parquet as pq

        with open_part(out) as target, pq.ParquetWriter(
            target, self._schema(), compression=self._compression(), write_page_index=False
        ) as writer:  # fmt: skip
            held: list[Any] = []
            size = 0
            for batch in _stream(parts):
                held.append(batch)
                size += batch.nbytes
                if size >= _GROUP_BYTES:
                    writer.write_table(pa.Table.from_batches(held))
                    held, size = [], 0
            if held:
                writer.write_table(pa.Table.from_batches(held))

    def _compression(self) -> Any:
        """Return the codec of each column, or of all when columns are nested or one codec serves all."""
        if not self._metadata.num_row_groups:
            return "snappy"
        group = self._metadata.row_group(0)
        codecs = [_codec(group.column(index).compression) for index in range(group.num_columns)]
        if len(set(codecs)) == 1 or len(codecs) != len(self._plan):
            return codecs[0] if codecs else "snappy"
        return {item.field.name: codec for item, codec in zip(self._plan, codecs, strict=True)}


def _codec(name: str) -> str:
    known = {
        "UNCOMPRESSED": "none",
        "SNAPPY": "snappy",
        "GZIP": "gzip",
        "BROTLI": "brotli",
        "ZSTD": "zstd",
        "LZ4": "lz4",
    }
    return known.get(name, "zstd")


def _stream(parts: Sequence[Path]) -> Iterator[Any]:
    import pyarrow as pa  # slow to import

    with writing():
        for part in parts:
            with part.open("rb") as file, pa.ipc.open_stream(file) as stream:
                yield from stream


class ParquetFormat:
    """Apache Parquet."""

    name = "parquet"
    suffixes = (".parquet", ".pq", ".parq")

    def sniff(self, head: bytes) -> bool:
        """Say whether the content begins as Parquet does (encrypted footers too, which are refused on opening)."""
        return head.startswith((b"PAR1", b"PARE"))

    def open(self, path: Path, source: int, options: ReadOptions) -> ParquetSource:
        """Open a Parquet file.

        Raises:
            UnreadableInput: it is not Parquet, is cut, or is encrypted.
        """
        if not self.sniff(read_head(path, 4)):
            raise UnreadableInput("an input named as Parquet is not Parquet")
        return ParquetSource(path, source, options)


FORMAT = ParquetFormat()


def _written(columns: dict[str, Any], schema: Any = None, rows: int = 1000) -> bytes:
    import pyarrow as pa  # slow to import
    import pyarrow.parquet as pq

    out = io.BytesIO()
    table = pa.table(columns, schema=schema).replace_schema_metadata({"origin": "Ann Lee"})
    pq.write_table(table, out, row_group_size=rows, compression="zstd")
    return out.getvalue()


def _typed() -> bytes:
    import datetime
    import decimal

    import pyarrow as pa

    when = datetime.datetime(2024, 3, 5, 10, 30)
    return _written(
        {
            "weight": pa.array([70.5, float("nan"), None]),
            "count": pa.array([1, 2, 3], pa.int16()),
            "dose": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("0.25")]),
            "alive": pa.array([True, False, None]),
            "admission_date": pa.array([when.date(), None, when.date()]),
            "charttime": pa.array([when, when, None], pa.timestamp("ns")),
            "storetime": pa.array([when, None, when], pa.timestamp("us", tz="UTC")),
            "duration": pa.array([1, 2, None], pa.duration("s")),
            "sex": pa.array(["M", "F", "M"]).dictionary_encode(),
            "note": pa.array(["Seen by Dr. Lee.", "", None], pa.large_string()),
            "status": pa.array([b"final", None, b"draft"]),
            "hash": pa.array([b"\xff\xfe", b"\x00", None]),
            "empty": pa.nulls(3),
        },
        rows=2,
    )


def _nested() -> bytes:
    import pyarrow as pa

    person = {"name": ["Ann", "Lee"], "age": 41, "tags": [("Zoe", "x"), ("weight", "70")], "王小明": "y"}
    kind = pa.struct(
        [
            ("name", pa.list_(pa.string())),
            ("age", pa.int64()),
            ("tags", pa.map_(pa.string(), pa.string())),
            ("王小明", pa.string()),
        ]
    )
    return _written(
        {"patient": pa.array([person, None, {**person, "name": None, "tags": []}], kind), "note": ["a", "b", "c"]}
    )


def _people() -> bytes:
    return _written(
        {"patient_id": ["p1", "p2"], "name": ["Ann Lee", "Bo Chen"], "Zoe": ["x", "y"], "note": ["seen", "well"]}
    )


SAMPLES = (
    Sample("people", ".parquet", _people, 2),
    Sample("typed", ".parquet", _typed, 3),
    Sample("nested", ".parquet", _nested, 3),
    Sample("no rows", ".parquet", lambda: _written({"name": []}), 0),
    Sample("cut", ".parquet", lambda: _people()[:-40], 0, refused=True),
    Sample("no Parquet", ".parquet", lambda: b"name,note\nAnn,well\n", 0, refused=True),
)

__all__ = ["FORMAT", "SAMPLES", "Cells", "ParquetFormat", "ParquetSource", "types"]
