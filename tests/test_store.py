"""DuckDB, locked down: what it answers and every way out that is shut."""

import duckdb
import pyarrow as pa
import pytest

from onprem.errors import ResourceError
from onprem.store import Store

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
