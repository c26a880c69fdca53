"""DuckDB, locked down; the only importer of duckdb.

Rules: in memory only; no external access, no extension is installed or loaded, no spilling to disk, no look at Python
variables; the configuration is locked before any row is loaded. Values reach a query as parameters, never as text. SQL
that a person has typed runs through `select` alone: one SELECT every part of which is on the lists below, in a
transaction that cannot write, within bounds of rows, time and memory. DuckDB 2.0 lets a SELECT insert, delete, wait,
log and read memory addresses, so what is not listed is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from threading import Timer
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from onprem.errors import ResourceError, UsageError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

ColumnType = Literal["text", "whole", "counts"]

MAX_SQL = 20_000  # characters
_SQL: dict[ColumnType, str] = {"text": "VARCHAR", "whole": "BIGINT", "counts": "MAP(VARCHAR, BIGINT)"}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_BATCH = 20_000  # rows
_MAX_MESSAGE = 200  # characters of a message of DuckDB
_HELP = "see what may be asked: onprem audit query --help"
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

# what typed SQL may be made of, in the words of DuckDB's own syntax tree; `repeat`, `lpad`, `range` as a function and
# the like are left out because one call can ask for all memory
_EXPRESSIONS = frozenset(
    """BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION LAMBDA OPERATOR
    POSITIONAL_REFERENCE STAR SUBQUERY TYPE WINDOW""".split()
)
_NODES = frozenset(
    """SELECT_NODE SET_OPERATION_NODE RECURSIVE_CTE_NODE CTE_NODE BASE_TABLE JOIN SUBQUERY TABLE_FUNCTION
    EXPRESSION_LIST EMPTY DISTINCT_MODIFIER LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER ORDER_MODIFIER ORDER_DEFAULT
    ASCENDING DESCENDING""".split()
)
_TABLE_FUNCTIONS = frozenset("unnest generate_series range".split())
# operators, choices, text, numbers, time, lists, maps, aggregates, windows
_FUNCTIONS = frozenset(
    """!= !~~ !~~* % & && * ** + - / // < << <= <@ = > >= >> @> ^ ^@ | || ~ ~~ ~~* ~~~
    like_escape ilike_escape not_like_escape not_ilike_escape nullif if greatest least typeof
    ascii chr char_length character_length concat concat_ws contains ends_with hex instr lcase left len length
    levenshtein lower ltrim md5 position prefix regexp_extract regexp_extract_all regexp_full_match regexp_matches
    regexp_replace replace reverse right rtrim sha256 split_part starts_with str_split string_split strlen strpos
    substr substring suffix translate trim ucase upper
    abs add cbrt ceil ceiling divide exp floor isfinite isinf isnan ln log log10 log2 mod multiply pow power round
    sign sqrt subtract trunc
    age century current_date current_localtimestamp date_add date_diff date_part date_sub date_trunc datediff
    datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear epoch epoch_ms epoch_us get_current_time
    get_current_timestamp hour isodow isoyear last_day make_date make_time make_timestamp microsecond millisecond
    minute month monthname now quarter second strftime strptime time_bucket timezone to_days to_hours to_minutes
    to_months to_seconds to_timestamp to_weeks to_years today try_strptime week weekday weekofyear year yearweek
    array_contains array_extract array_length array_position array_slice apply cardinality element_at filter
    flatten list_aggregate list_any_value list_apply list_avg list_cat list_concat list_contains list_count
    list_distinct list_element list_extract list_filter list_has list_has_all list_has_any list_intersect list_max
    list_median list_min list_mode list_pack list_position list_reverse list_reverse_sort list_slice list_sort
    list_sum list_transform list_unique list_value list_zip
    map map_contains map_contains_entry map_contains_value map_entries map_extract map_extract_value
    map_from_entries map_keys map_values row struct_extract struct_pack unnest
    any_value approx_count_distinct approx_quantile arbitrary arg_max arg_min argmax argmin array_agg avg bool_and
    bool_or count count_if count_star countif entropy first group_concat histogram last list listagg mad max
    max_by mean median min min_by mode quantile quantile_cont quantile_disc stddev stddev_pop stddev_samp
    string_agg sum var_pop var_samp variance
    cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank rank_dense
    row_number
    """.split()
)


@dataclass(frozen=True, slots=True)
class Selection:
    """What typed SQL gave: names that differ, and rows of texts, numbers, truth values, lists and mappings by text."""

    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]
    cut: bool  # there are more rows than were asked for


class Store:
    """A database in memory for one purpose. Use as a context manager, or call `close`."""

    def __init__(self, *, memory_mib: int = 1_024) -> None:
        """Open the database; it holds at most `memory_mib`."""
        import duckdb

        self._duckdb = duckdb
        self._database: duckdb.DuckDBPyConnection = duckdb.connect(
            ":memory:", config=_LOCKED | {"memory_limit": f"{memory_mib}MiB"}
        )
        self._database.execute("SET TimeZone = 'UTC'")
        self._database.execute("SET lock_configuration = true")

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
        self.run(f"CREATE TABLE {table} ({definition})")
        stream, count = iter(rows), 0
        while batch := list(islice(stream, _BATCH)):
            self.run(f"INSERT INTO {table} SELECT * FROM batch", batch=_arrow(columns, batch))  # noqa: S608 - checked
            count += len(batch)
        return count

    def run(
        self, sql: str, parameters: Sequence[object] | Mapping[str, object] = (), *, batch: pa.Table | None = None
    ) -> None:
        """Run one statement of ours that gives no rows; it may read `batch` as a table of this name.

        Raises:
            ResourceError: memory ran out.
        """
        with self._bounded():
            if batch is not None:
                self._database.register("batch", batch)
            try:
                self._database.execute(sql, parameters)
            finally:
                if batch is not None:
                    self._database.unregister("batch")

    def query(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> Iterator[tuple[object, ...]]:
        """Run one statement of ours with its parameters, by place or by `$name`, and yield its rows. Streams.

        Raises:
            ResourceError: memory ran out.
        """
        with self._bounded():
            result = self._database.execute(sql, parameters)
            while rows := result.fetchmany(1_000):
                yield from rows

    def table(
        self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()
    ) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        """Run one statement of ours as `query` does; return the names of its columns and all its rows.

        Raises:
            ResourceError: memory ran out.
        """
        with self._bounded():
            result = self._database.execute(sql, parameters)
            return tuple(str(item[0]) for item in result.description or ()), result.fetchall()

    def select(self, sql: str, *, tables: Collection[str], rows: int, seconds: float) -> Selection:
        """Run the one SELECT that a person has typed, over `tables` only, for at most so many rows and seconds.

        DuckDB's messages about the SQL itself (syntax, names, types) are passed on: they speak of what was typed and of
        the names of columns. Its messages about a value that a row holds are not.

        Raises:
            UsageError: it is no single SELECT, or has a part that is not allowed, or fails.
            ResourceError: it took too long or too much memory.
        """
        statement = self._statement(sql, tables, seconds)
        timer = Timer(seconds, self._database.interrupt)
        self._database.execute("BEGIN TRANSACTION READ ONLY")
        timer.start()
        try:
            with self._typed(seconds):
                result = self._database.execute(statement)
                if any("WITH TIME ZONE" in str(item[1]) for item in result.description or ()):
                    raise UsageError("a time with a zone cannot be shown", hint="write it as UTC: now()::TIMESTAMP")
                found = result.fetchmany(rows + 1)
                names = [str(item[0]) for item in result.description or ()]
        finally:
            timer.cancel()
            timer.join()
            self._database.execute("ROLLBACK")
        return Selection(_apart(names), [tuple(map(_plain, row)) for row in found[:rows]], len(found) > rows)

    def _statement(self, sql: str, tables: Collection[str], seconds: float) -> duckdb.Statement:
        """Return what was typed, parsed and found harmless."""
        if len(sql) > MAX_SQL:
            raise UsageError(f"the SQL is longer than {MAX_SQL} characters", hint="ask for less at once")
        with self._typed(seconds):
            statements = self._database.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != self._duckdb.StatementType.SELECT:
                raise UsageError("the SQL is not one SELECT", hint="write one statement: SELECT ... FROM events")
            tree = self._database.execute("SELECT json_serialize_sql(?::VARCHAR)", [statements[0].query]).fetchone()
        try:
            parsed = json.loads(tree[0]) if tree is not None else {}
        except RecursionError:
            raise UsageError("the SQL is nested too deeply", hint="break it up: WITH name AS (SELECT ...)") from None
        if parsed.get("error", True) or len(parsed.get("statements", ())) != 1:
            raise UsageError("the SQL is not one SELECT", hint="write one statement: SELECT ... FROM events")
        _refuse_beyond(parsed["statements"][0], {name.lower() for name in tables})
        return statements[0]

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        try:
            yield
        except self._duckdb.OutOfMemoryException:
            raise ResourceError("memory ran out in the database", hint="narrow the time span") from None

    @contextmanager
    def _typed(self, seconds: float) -> Iterator[None]:
        """Turn DuckDB's errors about what a person has typed into ours."""
        known = self._duckdb
        try:
            with self._bounded():
                yield
        except known.InterruptException:
            raise ResourceError(f"the SQL took longer than {seconds:g} s", hint="ask for less: WHERE ...") from None
        except (known.ParserException, known.BinderException, known.CatalogException) as error:
            raise UsageError(f"the SQL is not accepted: {_first_line(error)}", hint=_HELP) from None
        except known.Error:
            raise UsageError("the SQL fails on a value", hint="use TRY_CAST, or filter with WHERE first") from None


def _refuse_beyond(tree: object, tables: Collection[str]) -> None:
    """Refuse a syntax tree with any part that is not on the lists. Without recursion: a tree can be deep."""
    own = _named_queries(tree)
    todo: list[object] = [tree]
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo += part
        if not isinstance(part, dict):
            continue
        kind, expression = part.get("type"), part.get("class")
        if expression is not None:
            if expression not in _EXPRESSIONS:
                raise _refused(f"{str(expression).lower()} expressions")
            if expression in {"FUNCTION", "WINDOW"}:
                _refuse_function(part, _FUNCTIONS)
        elif isinstance(kind, str):
            if kind not in _NODES:
                raise _refused(kind.lower().replace("_", " "))
            if kind == "BASE_TABLE":
                _refuse_table(part, {*tables, *own})
            if kind == "TABLE_FUNCTION":
                _refuse_function(part["function"], _TABLE_FUNCTIONS)
                todo += [value for key, value in part.items() if key != "function"]
                todo.append(part["function"]["arguments"])
                continue
        todo += part.values()


def _named_queries(tree: object) -> set[str]:
    """Return the names that WITH gives. They must be plain, so that none reads as the name of a file."""
    names: set[str] = set()
    todo: list[object] = [tree]
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo += part
        elif isinstance(part, dict):
            if "cte_map" in part:
                names |= {str(item["key"]).lower() for item in part["cte_map"]["map"]}
            todo += part.values()
    for name in names:
        if not _NAME.fullmatch(name):
            raise _refused("names after WITH that are not plain")
    return names


def _refuse_function(part: dict[str, Any], allowed: Collection[str]) -> None:
    name = str(part["function_name"]).lower()
    if name not in allowed or part["schema"] or part["catalog"]:
        raise _refused(f"the function {_first_line(name)}")


def _refuse_table(part: dict[str, Any], tables: Collection[str]) -> None:
    if (
        str(part["table_name"]).lower() not in tables
        or part["schema_name"]
        or part["catalog_name"]
        or part["at_clause"]
    ):
        raise UsageError(
            "the SQL reads something that is not a table of the log", hint=f"tables: {', '.join(sorted(tables))}"
        )


def _refused(what: str) -> UsageError:
    return UsageError(f"not allowed in SQL on the log: {what}", hint=_HELP)


def _first_line(error: object) -> str:
    line = str(error).partition("\n")[0]
    return "".join(character if character.isprintable() else " " for character in line)[:_MAX_MESSAGE]


def _apart(names: Sequence[str]) -> tuple[str, ...]:
    """Return names no two of which are alike: a second `count` becomes `count_2`."""
    made: list[str] = []
    for name in names:
        number, own = 1, name
        while own in made:
            number += 1
            own = f"{name}_{number}"
        made.append(own)
    return tuple(made)


def _plain(value: object) -> object:
    """Return a value of DuckDB as what JSON can say."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)  # not a number, infinity
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _arrow(columns: Mapping[str, ColumnType], batch: list[Sequence[object]]) -> pa.Table:
    import pyarrow as pa

    types = {"text": pa.string(), "whole": pa.int64(), "counts": pa.map_(pa.string(), pa.int64())}
    values = zip(*batch, strict=True)
    arrays = [pa.array(column, types[kind]) for column, kind in zip(values, columns.values(), strict=True)]
    return pa.Table.from_arrays(arrays, names=list(columns))
