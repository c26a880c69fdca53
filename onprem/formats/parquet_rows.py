"""Streaming access to the rows of a Parquet file, at flat memory even when all rows are in one row group.

A row group cannot be entered in its middle, so one cursor stays open per process: reading chunks in rising order costs
one pass over the file, whatever the number of chunks.
"""

# ruff: noqa: ANN401 - pyarrow publishes no types

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from onprem.formats.contract import Chunk, ReadOptions
from onprem.formats.encoding import UnreadableInput, unreadable

_BUFFER_BYTES = 1_048_576
_MAX_ROWS = 2_048  # in a chunk: a column of repeated values says little of their size


@contextmanager
def reading() -> Iterator[None]:
    """Turn the errors of the Parquet library into one without values."""
    import pyarrow as pa  # slow to import

    try:
        yield
    except (PermissionError, FileNotFoundError) as error:
        raise unreadable(error) from None
    except (pa.ArrowException, OSError, EOFError):
        raise UnreadableInput("an input cannot be read as Parquet", hint="the file may be cut or encrypted") from None


def open_file(path: Path) -> Any:
    """Open a Parquet file.

    Raises:
        UnreadableInput: it is not Parquet, is cut, or is encrypted.
    """
    import pyarrow.parquet as pq  # slow to import

    with reading():
        # pre_buffer would hold whole column chunks of a row group in memory
        return pq.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False, memory_map=False)


def cut(metadata: Any, options: ReadOptions) -> Iterator[Chunk]:
    """Cut row groups into chunks of about `chunk_bytes`; `offset` and `length` count rows, `part` is the row group."""
    first = 0
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group).num_rows
        size = max(1, metadata.row_group(group).total_byte_size // max(1, rows))
        step = max(1, min(_MAX_ROWS, options.chunk_bytes // size))
        for offset in range(0, rows, step):
            count = min(step, rows - offset)
            yield Chunk(first + offset, count, offset, count, group)
        first += rows


class _Cursor:
    """Where reading of one row group stands."""

    def __init__(self, path: Path, group: int, step: int) -> None:
        self.path = path
        self.group = group
        self.position = 0  # rows handed out
        self._file = open_file(path)
        self._batches = self._file.iter_batches(batch_size=step, row_groups=[group], use_threads=False)
        self._rest: Any = None

    def take(self, count: int) -> Iterator[Any]:
        """Yield batches of `count` rows in total."""
        while count:
            if self._rest is None or not self._rest.num_rows:
                with reading():
                    self._rest = next(self._batches, None)
                if self._rest is None:
                    raise UnreadableInput("an input cannot be read as Parquet", hint="it has fewer rows than it says")
            batch = self._rest.slice(0, count)
            self._rest = self._rest.slice(batch.num_rows)
            self.position += batch.num_rows
            count -= batch.num_rows
            yield batch

    def close(self) -> None:
        """Close the file."""
        self._file.close()


_open: dict[tuple[str, int, int], _Cursor] = {}  # at most one


def batches(path: Path, chunk: Chunk) -> Iterator[Any]:
    """Yield the record batches of one chunk.

    Raises:
        UnreadableInput: the file cannot be read.
    """
    with reading():
        stat = path.stat()
    key = (str(path), stat.st_mtime_ns, stat.st_size)
    cursor = _open.pop(key, None)
    if cursor is not None and (cursor.group != chunk.part or cursor.position > chunk.offset):
        cursor.close()
        cursor = None
    for other in list(_open):
        _open.pop(other).close()
    if cursor is None:
        cursor = _Cursor(path, chunk.part, max(1, chunk.length))
    for _ in cursor.take(chunk.offset - cursor.position):
        pass  # rows of chunks that another worker reads
    yield from cursor.take(chunk.count)
    _open[key] = cursor
