"""DuckDB, locked down: what it answers and every way out that is shut."""

import json
import time
from datetime import UTC, date, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest

from onprem.errors import ResourceError, UsageError
from onprem.store import _FUNCTIONS, Store

COLUMNS = {"name": "text", "size": "whole", "counts": "counts"}


@pytest.fixture
def store():
    with Store() as opened:
        opened.load("things", COLUMNS, [("a", 1, [("x", 2)]), ("b", None, []), (None, 2**62, [])])
        yield opened


def test_load_and_query_with_parameters(store):
    assert list(store.query("SELECT * FROM things WHERE name = ?", ["a"])) == [("a", 1, {"x": 2})]
    assert list(store.query("SELECT size FROM things ORDER BY size NULLS LAST")) == [(1,), (2**62,), (None,)]
    assert list(store.query("SELECT 1 FROM things WHERE name = ?", ["a' OR '1'='1"])) == []


def test_rows_are_loaded_in_batches():
    with Store() as store:
        assert store.load("many", {"n": "whole"}, ((number,) for number in range(45_000))) == 45_000
        assert list(store.query("SELECT count(*), sum(n) FROM many")) == [(45_000, sum(range(45_000)))]


def test_no_rows():
    with Store() as store:
        assert store.load("none", {"n": "whole"}, []) == 0
        assert list(store.query("SELECT * FROM none")) == []


@pytest.mark.parametrize("name", ["a b", "a;drop", "Ä", "", '"x"', "a--"])
def test_names_that_are_not_plain_are_refused(name):
    with Store() as store:
        with pytest.raises(ValueError, match="plain"):
            store.load(name, {"n": "whole"}, [])
        with pytest.raises(ValueError, match="plain"):
            store.load("t", {name: "whole"}, [])


@pytest.mark.parametrize(
    "statement",
    [
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET lock_configuration",
        "SET threads = 7",
        "COPY things TO '{folder}/out.csv'",
        "EXPORT DATABASE '{folder}/out'",
        "ATTACH '{folder}/other.db'",
        "ATTACH '{folder}/other.db' (ENCRYPTION_KEY 'k')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/etc/*')",
        "INSTALL httpfs",
        "LOAD httpfs",
        "FORCE INSTALL sqlite FROM community",
        "CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')",
        "SELECT * FROM outside",
        "SELECT getenv('HOME')",
    ],
)
def test_ways_out_are_shut(store, tmp_path, statement):
    outside = pa.table({"n": [1]})  # a variable that DuckDB would read if it might
    with pytest.raises(duckdb.Error):
        list(store.query(statement.format(folder=tmp_path)))
    del outside
    assert list(tmp_path.iterdir()) == []


def test_memory_is_bounded_and_nothing_spills(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Store(memory_mib=8) as store, pytest.raises(ResourceError, match="memory"):
        store.load("big", {"t": "text"}, ((f"{number:04d}" * 500,) for number in range(60_000)))
    assert list(tmp_path.iterdir()) == []


def typed(store, sql, *, rows=100, seconds=20):
    return store.select(sql, tables=["things"], rows=rows, seconds=seconds)


ATTACKS = [
    # more than one statement, or another kind
    "",
    ";",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE things",
    "DROP TABLE things",
    "DELETE FROM things",
    "UPDATE things SET name = 'x'",
    "INSERT INTO things VALUES ('x', 1, MAP {{}})",
    "CREATE TABLE more AS SELECT 1",
    "CREATE TEMP TABLE more AS SELECT 1",
    "CREATE VIEW things AS SELECT 1",
    "CREATE MACRO f() AS 1",
    "ALTER TABLE things RENAME TO other",
    "MERGE INTO things USING things AS t ON true WHEN MATCHED THEN DELETE",
    "TRUNCATE things",
    "EXPLAIN ANALYZE SELECT 1",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "CALL pragma_version()",
    "PRAGMA database_list",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "CHECKPOINT",
    "VACUUM",
    "USE main",
    # settings, files, extensions, secrets
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "RESET threads",
    "SET VARIABLE x = 1",
    "COPY things TO '{folder}/out.csv'",
    "COPY (SELECT 1) TO '{folder}/out.csv'",
    "COPY things FROM '/etc/passwd'",
    "EXPORT DATABASE '{folder}/out'",
    "IMPORT DATABASE '{folder}/out'",
    "ATTACH '{folder}/other.db'",
    "DETACH memory",
    "INSTALL httpfs",
    "LOAD httpfs",
    "CREATE SECRET s (TYPE http, BEARER_TOKEN 'x')",
    # a SELECT that writes: DuckDB 2.0 runs these
    "WITH x AS (INSERT INTO things VALUES ('x', 1, MAP {{}}) RETURNING *) SELECT * FROM x",
    "WITH x AS (DELETE FROM things RETURNING *) SELECT * FROM x",
    "WITH x AS (UPDATE things SET size = 0 RETURNING *) SELECT * FROM x",
    "SELECT * FROM (WITH x AS (DELETE FROM things RETURNING *) SELECT * FROM x)",
    "SELECT (WITH x AS (DELETE FROM things RETURNING size) SELECT max(size) FROM x)",
    # a SELECT that reads something else
    "SELECT * FROM '/etc/passwd'",
    'SELECT * FROM "/etc/passwd"',
    "SELECT * FROM '{folder}/out.parquet'",
    "FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM READ_BLOB('/etc/passwd')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM parquet_metadata('x')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM query('DROP TABLE things')",
    "SELECT * FROM query_table('things')",
    "SELECT * FROM json_execute_serialized_sql('{{}}')",
    "SELECT * FROM arrow_scan(1, 2, 3)",
    "SELECT * FROM pandas_scan(1)",
    "SELECT * FROM python_map_function(1)",
    "SELECT * FROM enable_logging()",
    "SELECT * FROM checkpoint()",
    "SELECT * FROM pragma_table_info('things')",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM repeat('x', 1000000000)",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM pg_catalog.pg_tables",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM memory.main.things",
    "SELECT * FROM main.things",
    "SELECT * FROM other",
    "SELECT * FROM outside",
    "SELECT 1 WHERE EXISTS (SELECT * FROM outside)",
    "SELECT * FROM things JOIN outside ON true",
    "SELECT * FROM things, LATERAL (SELECT * FROM outside)",
    "SELECT * FROM things UNION ALL SELECT * FROM outside",
    "SELECT * FROM things AT (VERSION => 1)",
    "SELECT * FROM (DESCRIBE things)",
    "DESCRIBE things",
    "SHOW TABLES",
    "SUMMARIZE things",
    'WITH "/etc/passwd" AS (SELECT 1) SELECT * FROM "/etc/passwd"',
    'SELECT * FROM (WITH "a.csv" AS (SELECT 1) SELECT 1), "a.csv"',
    # functions that reach outside, write, wait, or ask for all memory
    "SELECT getenv('HOME')",
    "SELECT GetEnv('HOME')",
    "SELECT main.getenv('HOME')",
    "SELECT 'HOME'.getenv()",
    "SELECT current_setting('threads')",
    "SELECT getvariable('x')",
    "SELECT write_log('x')",
    "SELECT sleep_ms(100000)",
    "SELECT pg_sleep(100)",
    "SELECT nextval('s')",
    "SELECT setseed(0.5)",
    "SELECT error('x')",
    "SELECT json_serialize_sql('SELECT 1')",
    "SELECT json_deserialize_sql('{{}}')",
    "SELECT repeat('x', 1000000000)",
    "SELECT lpad('x', 1000000000, 'y')",
    "SELECT range(1000000000)",
    "SELECT list_transform([1], lambda x: getenv('HOME'))",
    "SELECT size FROM things ORDER BY getenv('HOME')",
    "SELECT max(size) FILTER (WHERE getenv('HOME') = 'x') FROM things",
    "SELECT sum(size) OVER (PARTITION BY getenv('HOME')) FROM things",
    "SELECT CASE WHEN true THEN getenv('HOME') END",
    "SELECT size FROM things GROUP BY size HAVING getenv('HOME') = 'x'",
    "SELECT size FROM things LIMIT (SELECT length(getenv('HOME')))",
    "SELECT system.main.upper('x')",
    "SELECT $1",
    "SELECT ?",
    "PIVOT things ON name USING count(*)",
]


@pytest.mark.parametrize("statement", ATTACKS)
def test_typed_sql_that_would_do_more_than_read_its_tables_is_refused(store, tmp_path, statement):
    before = list(store.query("FROM things"))
    outside = pa.table({"n": [1]})
    with pytest.raises(UsageError) as caught:
        typed(store, statement.format(folder=tmp_path))
    del outside
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []
    assert list(store.query("FROM things")) == before
    assert typed(store, "SELECT count(*) FROM things").rows == [(3,)]  # and it goes on answering


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO things VALUES ('x', 1, MAP {})",
        "WITH x AS (DELETE FROM things RETURNING *) SELECT * FROM x",
        "CREATE TABLE more AS SELECT 1",
    ],
)
def test_even_what_got_past_the_lists_could_not_write(store, statement, monkeypatch):
    monkeypatch.setattr(store, "_statement", lambda sql, tables, seconds: sql)
    with pytest.raises(UsageError):
        typed(store, statement)
    assert list(store.query("SELECT count(*) FROM things")) == [(3,)]


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        ("SELECT name, size FROM things WHERE size > 0 ORDER BY size DESC", [(None, 2**62), ("a", 1)]),
        ("FROM things SELECT count(*)", [(3,)]),
        ("SELECT count(*) FROM things -- why not", [(3,)]),
        ("/* first */ (SELECT 1);", [(1,)]),
        ("VALUES (1, 'x')", [(1, "x")]),
        ("WITH big AS (SELECT * FROM things WHERE size > 1) SELECT count(*) FROM big", [(1,)]),
        ("WITH a AS MATERIALIZED (SELECT 1 AS n), b AS (SELECT n + 1 AS n FROM a) SELECT * FROM b", [(2,)]),
        ("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 4) SELECT sum(n) FROM t", [(10,)]),
        ("SELECT counts['x'] FROM things WHERE name = 'a'", [(2,)]),
        ("SELECT t.key, t.value FROM (SELECT unnest(map_entries(counts)) AS t FROM things)", [("x", 2)]),
        ("SELECT upper(name) || '!' FROM things WHERE name LIKE 'A' OR name ILIKE 'A'", [("A!",)]),
        ("SELECT CASE WHEN size IS NULL THEN 'none' ELSE 'some' END FROM things WHERE name = 'b'", [("none",)]),
        (
            "SELECT coalesce(size, 0), size IN (1, 2), NOT (size BETWEEN 2 AND 3) FROM things WHERE name = 'a'",
            [(1, True, True)],
        ),
        ("SELECT (SELECT max(size) FROM things) - 1", [(2**62 - 1,)]),
        ("SELECT count(*) FROM things a JOIN things b USING (name) LEFT JOIN things c ON a.size < c.size", [(2,)]),
        ("SELECT name FROM things x WHERE EXISTS (SELECT 1 FROM things y WHERE y.size > x.size)", [("a",)]),
        ("SELECT 1 UNION SELECT 1 EXCEPT SELECT 2 INTERSECT SELECT 2", [(1,)]),
        (
            "SELECT name, row_number() OVER w FROM things WHERE name IN ('a', 'b') WINDOW w AS (ORDER BY name) "
            "QUALIFY lag(name) OVER w = 'a'",
            [("b", 2)],
        ),
        (
            "SELECT count(DISTINCT name) FILTER (WHERE size > 0), string_agg(name, ',' ORDER BY name DESC) FROM things "
            "WHERE name IN ('a', 'b')",
            [(1, "b,a")],
        ),
        (
            "SELECT size > 1 AS big, count(*) FROM things WHERE size > 0 GROUP BY ALL ORDER BY big LIMIT 1 OFFSET 1",
            [(True, 1)],
        ),
        ("SELECT DISTINCT ON (size > 0) name FROM things WHERE size = 1", [("a",)]),
        ("SELECT * EXCLUDE (counts) REPLACE (size + 1 AS size) FROM things WHERE name = 'a'", [("a", 2)]),
        ("SELECT [x + 1 for x in [1, 2] if x > 1], list_filter([1, 2], lambda x: x > 1), len([1, 2])", [([3], [2], 2)]),
        ("SELECT {'a': 1}, MAP {'k': 'v'}, [1, 2][1], struct_pack(b := 2).b", [({"a": 1}, {"k": "v"}, 1, 2)]),
        (
            "SELECT DATE '2026-03-02' + INTERVAL 1 DAY, extract(year FROM DATE '2026-03-02')",
            [("2026-03-03T00:00:00", 2026)],
        ),
        (
            "SELECT strftime(TIMESTAMP '2026-03-02 10:00:00', '%H'), date_trunc('month', DATE '2026-03-02')",
            [("10", "2026-03-01T00:00:00")],
        ),
        (
            "SELECT CAST('1' AS BIGINT), '2'::DECIMAL(4, 1), TRY_CAST('x' AS INTEGER), typeof(1::SMALLINT)",
            [(1, "2.0", None, "SMALLINT")],
        ),
        ("SELECT sum(n) FROM range(5) t(n)", [(10,)]),
        ("SELECT * FROM unnest([1, 2])", [(1,), (2,)]),
        ("SELECT * FROM generate_series(1, 2)", [(1,), (2,)]),
        ("SELECT 1 = ANY (SELECT 1), 0.5::DOUBLE, 'nan'::DOUBLE, 'x'::BLOB", [(True, 0.5, "nan", "78")]),
    ],
)
def test_typed_sql_that_reads_its_tables_is_answered(store, statement, rows):
    found = typed(store, statement)
    assert found.rows == rows
    json.dumps(found.rows)


def test_every_function_on_the_list_exists_and_gives_the_same_for_the_same(store):
    stability = dict(store.query("SELECT function_name, max(stability) FROM duckdb_functions() GROUP BY 1"))
    clock = {"current_date", "get_current_time", "get_current_timestamp", "now", "today", "current_localtimestamp"}
    assert {name for name in _FUNCTIONS if name not in stability} == set()
    assert {name for name in _FUNCTIONS if stability[name] not in ("CONSISTENT", None)} <= clock


def test_values_of_every_kind_become_what_json_can_say(store):
    found = typed(
        store,
        """SELECT MAP {DATE '2026-01-01': [1.5]}, MAP {[1]: 2}, TIME '10:00', INTERVAL 1 DAY, 2::HUGEINT ** 100,
           now()::TIMESTAMP, true, NULL, -1""",
    )
    assert json.loads(json.dumps(found.rows)) == [list(row) for row in found.rows]
    assert found.rows[0][0] == {str(date(2026, 1, 1)): ["1.5"]}


def test_the_clock_of_the_database_is_utc_and_a_time_with_a_zone_is_refused_with_the_way_out(store, monkeypatch):
    (row,) = typed(store, "SELECT now()::TIMESTAMP").rows
    assert abs(datetime.fromisoformat(row[0]).replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(minutes=5)
    for sql in ("SELECT now()", "SELECT [now()]", "SELECT TIMESTAMP '2026-01-01' AT TIME ZONE 'UTC'"):
        with pytest.raises(UsageError) as caught:
            typed(store, sql)
        assert "::TIMESTAMP" in caught.value.hint


def test_typed_sql_is_cut_at_its_rows(store):
    assert typed(store, "SELECT name FROM things", rows=3).cut is False
    found = typed(store, "SELECT name FROM things", rows=2)
    assert (len(found.rows), found.cut) == (2, True)


def test_columns_of_one_name_are_told_apart(store):
    assert typed(store, "SELECT 1 AS a, 2 AS a, 3 AS a_2").columns == ("a", "a_2", "a_2_2")


def test_typed_sql_that_takes_too_long_is_stopped(store):
    begin = time.monotonic()
    with pytest.raises(ResourceError, match=r"longer than 0\.3 s"):
        typed(store, "SELECT count(*) FROM generate_series(1, 100000000000) WHERE generate_series % 7 = 3", seconds=0.3)
    assert time.monotonic() - begin < 20
    with pytest.raises(ResourceError, match="longer"):
        typed(
            store, "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t", seconds=0.3
        )
    assert typed(store, "SELECT 1").rows == [(1,)]


def test_typed_sql_that_takes_too_much_memory_is_stopped():
    with Store(memory_mib=16) as store:
        store.load("things", {"n": "whole"}, [(1,)])
        with pytest.raises(ResourceError, match="memory"):
            typed(store, "SELECT list(n) FROM generate_series(1, 100000000) t(n)")
        assert typed(store, "SELECT n FROM things").rows == [(1,)]


def test_messages_speak_of_what_was_typed_and_never_of_what_rows_hold():
    with Store() as store:
        store.load("things", {"name": "text"}, [("Brambleworth",)])
        shown = {
            "SELEC 1": "syntax error",
            "SELECT nmae FROM things": "nmae",
            "SELECT upper(name, 1) FROM things": "upper",
        }
        for sql, word in shown.items():
            with pytest.raises(UsageError, match=word) as caught:
                typed(store, sql)
            assert "\n" not in caught.value.message
        for sql in (
            "SELECT CAST(name AS INTEGER) FROM things",
            "SELECT CAST(name AS DATE) FROM things",
            "SELECT strptime(name, '%Y') FROM things",
            "SELECT regexp_matches('x', name || '(') FROM things",
        ):
            with pytest.raises(UsageError, match="fails on a value") as caught:
                typed(store, sql)
            assert "Brambleworth" not in str(caught.value)
            assert caught.value.__suppress_context__


def test_sql_that_is_long_or_deep_is_refused(store):
    with pytest.raises(UsageError, match="longer"):
        typed(store, "SELECT " + "1 + " * 10_000 + "1")
    for deep in (
        "(" * 4_000 + "1" + ")" * 4_000,
        "NOT " * 4_000 + "true",
        "[" * 4_000 + "]" * 4_000,
        "- " * 4_000 + "1",
    ):
        with pytest.raises(UsageError):
            typed(store, "SELECT " + deep)
    assert typed(store, "SELECT " + "1 + " * 200 + "1").rows == [(201,)]
