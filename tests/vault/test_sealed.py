"""The sealed store: nothing readable on disk, rows that cannot be exchanged, whole batches after a crash."""

import hashlib
import multiprocessing
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import onprem
from onprem.errors import ResourceError, SiteError
from onprem.vault import sealed
from onprem.vault.sealed import SealedStore, count_rows

KEY = b"k" * 32
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(onprem.__file__).parents[1])}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.sealed"


def test_put_get_replace_delete(path):
    with SealedStore(path, KEY) as store:
        assert store.put_many([(b"a", b"1"), (b"b", b""), (b"", b"3")]) == 3
        assert (store.get(b"a"), store.get(b"b"), store.get(b""), store.get(b"c")) == (b"1", b"", b"3", None)
        store.put_many([(b"a", b"9")])
        assert store.delete_many([b"b", b"none"]) == 1
        assert (store.get(b"a"), store.get(b"b"), len(store)) == (b"9", None, 2)
    with SealedStore(path, KEY, readonly=True) as store:
        assert sorted(store.values()) == [b"3", b"9"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_insert_keeps_what_is_there(path):
    made = iter([b"first", b"second", b"third"])
    with SealedStore(path, KEY) as store:
        assert store.insert_many([b"a", b"a"], lambda: next(made)) == 1
        assert store.insert_many([b"b", b"a"], lambda: next(made)) == 1
        assert (store.get(b"a"), store.get(b"b")) == (b"first", b"second")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.binary(max_size=3), st.binary(max_size=4))))
def test_merge_agrees_with_a_dictionary(tmp_path, pairs):
    path = tmp_path / "merged.sealed"
    path.unlink(missing_ok=True)
    expected = {}
    with SealedStore(path, KEY) as store:
        for part in (pairs[: len(pairs) // 2], pairs[len(pairs) // 2 :]):
            assert store.merge(part, lambda old, new: old + new) == len(part)
            for key, value in part:
                expected[key] = expected[key] + value if key in expected else value
        assert {key: store.get(key) for key in expected} == expected
        assert len(store) == len(expected)


def test_nothing_readable_on_disk(path):
    secret, key = "赵钱孙 MRN-44817234".encode(), b"MRN-44817234"
    with SealedStore(path, KEY) as store:
        store.put_many([(key, secret)])
        row = store.row_id(key)
    content = path.read_bytes()
    assert row in content  # the positive control: the row is there, under its keyed name
    for plain in (
        secret,
        key,
        KEY,
        hashlib.sha256(key).digest(),
        hashlib.md5(key).digest(),
        hashlib.sha1(key).digest(),
    ):
        assert plain not in content


def test_same_value_is_sealed_differently(path):
    with SealedStore(path, KEY) as store:
        store.put_many([(b"a", b"same"), (b"b", b"same")])
    rows = sqlite3.connect(path).execute("SELECT value FROM sealed").fetchall()
    assert rows[0] != rows[1]


def test_another_key_does_not_open_it(path):
    SealedStore(path, KEY).close()
    with pytest.raises(SiteError, match="another key"):
        SealedStore(path, b"x" * 32)


def test_rows_cannot_be_exchanged(path):
    with SealedStore(path, KEY) as store:
        store.put_many([(b"a", b"1"), (b"b", b"2")])
        ids = [store.row_id(b"a"), store.row_id(b"b")]
    database = sqlite3.connect(path)
    values = [database.execute("SELECT value FROM sealed WHERE id = ?", (row,)).fetchone()[0] for row in ids]
    for row, value in zip(ids, reversed(values), strict=True):
        database.execute("UPDATE sealed SET value = ? WHERE id = ?", (value, row))
    database.commit()
    database.close()
    with SealedStore(path, KEY) as store, pytest.raises(SiteError, match="damaged"):
        store.get(b"a")


@pytest.mark.parametrize("damage", [b"", b"no database at all" * 100, b"\0" * 4096])
def test_damaged_file_is_told_without_quoting(path, damage):
    path.write_bytes(damage)
    with pytest.raises(SiteError) as caught:
        SealedStore(path, KEY, readonly=True)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_cut_rows_are_told(path):
    with SealedStore(path, KEY) as store:
        store.put_many([(b"a", b"1")])
    database = sqlite3.connect(path)
    database.execute("UPDATE sealed SET value = x'00'")
    database.commit()
    database.close()
    with SealedStore(path, KEY, readonly=True) as store, pytest.raises(SiteError):
        store.get(b"a")


def test_readonly_store_refuses_writes_and_missing_files(path):
    with pytest.raises(SiteError):
        SealedStore(path, KEY, readonly=True)
    SealedStore(path, KEY).close()
    with SealedStore(path, KEY, readonly=True) as store, pytest.raises(SiteError, match="read only"):
        store.put_many([(b"a", b"1")])


def test_failed_batch_leaves_nothing(path):
    def pairs():
        yield b"a", b"1"
        raise ValueError("source failed")

    with SealedStore(path, KEY) as store:
        with pytest.raises(ValueError, match="source"):
            store.put_many(pairs())
        with pytest.raises(ZeroDivisionError):
            store.merge([(b"b", b"1"), (b"b", b"2")], lambda *_: 1 // 0)
        assert len(store) == 0
        store.put_many([(b"c", b"1")])  # and the store still works
        assert len(store) == 1


def test_full_disk_is_a_resource_error(path):
    with SealedStore(path, KEY) as store:
        store._database.execute("PRAGMA max_page_count = 10")  # what sqlite reports for a full disk
        with pytest.raises(ResourceError, match="cannot be written"):
            store.put_many((str(i).encode(), b"v" * 100) for i in range(10_000))
        assert len(store) == 0


def test_kill_in_the_middle_keeps_whole_batches(path):
    code = """
    import os, signal, sys
    from pathlib import Path
    from onprem.vault import sealed
    sealed._BATCH = 100
    def pairs():
        for i in range(1000):
            if i == 750:
                os.kill(os.getpid(), signal.SIGKILL)
            yield str(i).encode(), b"v"
    sealed.SealedStore(Path(sys.argv[1]), b"k" * 32).put_many(pairs())
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code), path], env=ENVIRONMENT, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    with SealedStore(path, KEY) as store:
        assert len(store) == 700


def _read_all(path, results):
    with SealedStore(path, KEY, readonly=True) as store:
        results.put(sum(store.get(str(i).encode()) == b"v" for i in range(200)))


def test_many_processes_read_at_once(path):
    with SealedStore(path, KEY) as store:
        store.put_many((str(i).encode(), b"v") for i in range(200))
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    children = [context.Process(target=_read_all, args=(path, results)) for _ in range(4)]
    for child in children:
        child.start()
    assert [results.get() for _ in children] == [200] * 4
    for child in children:
        child.join()


def test_batches_stream(path, monkeypatch):
    monkeypatch.setattr(sealed, "_BATCH", 10)
    taken = []

    def pairs():
        for i in range(35):
            taken.append(i)
            yield str(i).encode(), b"v"
            with SealedStore(path, KEY, readonly=True) as other:
                assert len(other) >= i // 10 * 10  # earlier batches are durable already

    with SealedStore(path, KEY) as store:
        assert store.put_many(pairs()) == 35


def test_store_does_not_cross_processes(path):
    import pickle

    with SealedStore(path, KEY) as store, pytest.raises(TypeError, match="cross"):
        pickle.dumps(store)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_byte_of_any_row_can_be_changed(tmp_path, data):
    path = tmp_path / "changed.sealed"
    path.unlink(missing_ok=True)
    with SealedStore(path, KEY) as store:
        store.put_many([(b"a", b"first value"), (b"b", b"second value")])
    database = sqlite3.connect(path)
    rows = database.execute("SELECT id, value FROM sealed ORDER BY id").fetchall()
    row, value = rows[data.draw(st.integers(0, 1))]
    column, content = data.draw(st.sampled_from([("id", row), ("value", value)]))
    changed = bytearray(content)
    changed[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    database.execute(f"UPDATE sealed SET {column} = ? WHERE id = ?", (bytes(changed), row))
    database.commit()
    database.close()
    with SealedStore(path, KEY, readonly=True) as store, pytest.raises(SiteError, match="damaged"):
        list(store.items())


def test_erased_rows_are_in_no_file(path):
    with SealedStore(path, KEY) as store:
        store.put_many((str(number).encode(), os.urandom(300)) for number in range(200))
        rows = dict(store._database.execute("SELECT id, value FROM sealed").fetchall())
        gone = [store.row_id(str(number).encode()) for number in range(0, 200, 2)]
        before = path.stat().st_size
        assert store.erase([*gone, b"never there"]) == 100
        left = b"".join(file.read_bytes() for file in path.parent.iterdir())
        assert all((rows[row] in left) is (row not in gone) for row in rows)
        assert path.stat().st_size < before
        assert len(store) == 100
        store.put_many([(b"again", b"1")])
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    with SealedStore(path, KEY, readonly=True) as store, pytest.raises(SiteError, match="read only"):
        store.erase(gone)


def test_the_journal_of_an_erasure_is_overwritten_before_it_goes(path, monkeypatch):
    seen = []
    overwrite = SealedStore._overwrite_journal

    def watched(store):
        journal = path.with_name(path.name + "-journal")
        before = journal.read_bytes()
        overwrite(store)
        seen.append((before, journal.read_bytes()))

    monkeypatch.setattr(SealedStore, "_overwrite_journal", watched)
    with SealedStore(path, KEY) as store:
        store.put_many([(b"a", os.urandom(300))])
        row = store.row_id(b"a")
        store.erase([row])
    (before, after), (last_before, last_after) = seen  # of the deletion, of the new writing
    assert row in before  # the control: old pages were there
    assert not any(after) and len(after) == len(before)
    assert not any(last_after) and len(last_after) == len(last_before)


def test_rows_are_counted_without_the_key(path):
    assert count_rows(path) == 0
    with SealedStore(path, KEY) as store:
        store.put_many([(b"a", b"1"), (b"b", b"2")])
    assert count_rows(path) == 2
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(SiteError):
        count_rows(path)
