"""DuckDB, locked down; the only importer of duckdb.

Rules: in memory only; no external access, no extension is installed or loaded, no spilling to disk, no look at Python
variables; the configuration is locked before any row is loaded. Values reach a query as parameters, never as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from onprem.errors import ResourceError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

ColumnType = Literal["text", "whole", "counts"]

_SQL: dict[ColumnType, str] = {"text": "VARCHAR", "whole": "BIGINT", "counts": "MAP(VARCHAR, BIGINT)"}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_BATCH = 20_000  # rows
_LOCKED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",
    "temp_directory": "",
    "threads": "2",
}


class Store:
    """A database in memory for one purpose. Use as a context manager, or call `close`."""

    def __init__(self, *, memory_mib: int = 1_024) -> None:
        """Open the database; it holds at most `memory_mib`."""
        import duckdb

        self._database: duckdb.DuckDBPyConnection = duckdb.connect(
            ":memory:", config=_LOCKED | {"memory_limit": f"{memory_mib}MiB"}
        )
        self._database.execute("SET lock_configuration = true")
        self._out_of_memory = duckdb.OutOfMemoryException

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Drop the database."""
        self._database.close()

    def load(self, table: str, columns: Mapping[str, ColumnType], rows: Iterable[Sequence[object]]) -> int:
        """Make a table and fill it; return the number of rows. Rows are read in batches.

        Raises:
            ValueError: a name is not a plain lower-case identifier.
            ResourceError: memory ran out.
        """
        if not all(_NAME.fullmatch(name) for name in (table, *columns)):
            raise ValueError("a name of a table or column is not plain")
        # names were checked above and types come from a fixed table, so no outside text is in these statements
        definition = ", ".join(f"{name} {_SQL[kind]}" for name, kind in columns.items())
        self._database.execute(f"CREATE TABLE {table} ({definition})")
        stream, count = iter(rows), 0
        while batch := list(islice(stream, _BATCH)):
            self._database.register("batch", _arrow(columns, batch))
            try:
                self._database.execute(f"INSERT INTO {table} SELECT * FROM batch")  # noqa: S608 - checked above
            except self._out_of_memory:
                raise ResourceError("memory ran out while loading a table", hint="narrow the time span") from None
            finally:
                self._database.unregister("batch")
            count += len(batch)
        return count

    def query(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[tuple[object, ...]]:
        """Run one statement with its parameters and yield its rows. Streams."""
        result = self._database.execute(sql, list(parameters))
        while rows := result.fetchmany(1_000):
            yield from rows


def _arrow(columns: Mapping[str, ColumnType], batch: list[Sequence[object]]) -> pa.Table:
    import pyarrow as pa

    types = {"text": pa.string(), "whole": pa.int64(), "counts": pa.map_(pa.string(), pa.int64())}
    values = zip(*batch, strict=True)
    arrays = [pa.array(column, types[kind]) for column, kind in zip(values, columns.values(), strict=True)]
    return pa.Table.from_arrays(arrays, names=list(columns))
