"""A sealed store: an SQLite file of (row id, sealed value) that says nothing without its key.

Rules: a row id is HMAC-SHA256 of the plain key, so no unkeyed digest of an identifier exists; a value is sealed with
AES-256-GCM (random 96-bit nonce) with its row id as associated data, so rows cannot be exchanged; one transaction per
batch with synchronous=FULL, so a crash leaves whole batches; deleted pages are overwritten. One process writes; any
number of processes may open the file read-only.
"""

from __future__ import annotations

import hmac
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn

from onprem.errors import ResourceError, SiteError
from onprem.vault.keys import derive

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_BATCH = 5_000  # rows per transaction: memory stays flat
_NONCE = 12
_HEADER = b"onprem sealed store 1"
_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS header (one INTEGER PRIMARY KEY CHECK (one = 1), sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS sealed (id BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""


def count_rows(path: Path) -> int:
    """Return how many rows the store at `path` has, without its key; 0 where there is none.

    Raises:
        SiteError: it is no store.
    """
    if not path.exists():
        return 0
    try:
        with closing(sqlite3.connect(_uri(path, "ro"), uri=True, timeout=60)) as database:
            return int(database.execute("SELECT count(*) FROM sealed").fetchone()[0])
    except sqlite3.Error:
        raise SiteError("a sealed store is damaged or cannot be used", hint=f"check {path}") from None


def _uri(path: Path, mode: str) -> str:
    quoted = str(path.resolve()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return f"file:{quoted}?mode={mode}"


class SealedStore:
    """Key -> value, both bytes, both hidden. Use as a context manager, or call `close`."""

    def __init__(self, path: Path, key: bytes, *, readonly: bool = False) -> None:
        """Open or make the store at `path`; `key` is a secret of 32 bytes or more.

        Raises:
            SiteError: the file is missing (read-only), is no store, or was sealed under another key.
        """
        self._rows = derive(key, "sealed row id")
        self._value_key = derive(key, "sealed value")
        self._cipher: AESGCM | None = None
        self._path = path
        self._readonly = readonly
        try:
            if not readonly and not path.exists():
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600))
            mode = "ro" if readonly else "rw"
            self._database = sqlite3.connect(_uri(path, mode), uri=True, isolation_level=None, timeout=60)
        except (OSError, sqlite3.Error):
            raise SiteError("a sealed store cannot be opened", hint=f"check {path}") from None
        with ExitStack() as unless_prepared:
            unless_prepared.callback(self._database.close)
            self._prepare()
            unless_prepared.pop_all()

    def _prepare(self) -> None:
        try:
            self._database.execute("PRAGMA temp_store=MEMORY")
            if not self._readonly:
                self._database.execute("PRAGMA synchronous=FULL")
                self._database.execute("PRAGMA secure_delete=ON")
                self._database.executescript(_SCHEMA)
                self._database.execute("INSERT OR IGNORE INTO header VALUES (1, ?)", (self._seal(b"header", _HEADER),))
                self._database.execute("COMMIT")  # one wait for the disk
            row = self._database.execute("SELECT sealed FROM header").fetchone()
        except sqlite3.Error as error:
            self._fail(error)
        if row is None:
            raise SiteError("a sealed store is damaged", hint=f"restore {self._path} from your backup")
        if self._open(b"header", row[0]) != _HEADER:
            raise SiteError("a sealed store is of another version", hint=f"see {self._path}")

    def __enter__(self) -> SealedStore:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return "SealedStore()"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a sealed store does not cross processes: open it there")

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def row_id(self, key: bytes) -> bytes:
        """Return the keyed digest (32 bytes) under which `key` is filed."""
        return hmac.digest(self._rows, key, "sha256")

    def get(self, key: bytes) -> bytes | None:
        """Return the value of `key`, or None."""
        return self._get(self.row_id(key))

    def put_many(self, items: Iterable[tuple[bytes, bytes]]) -> int:
        """Store the pairs, replacing values that exist; return how many. Streams; durable per batch."""
        return self._each_batch(items, self._put_batch)

    def insert_many(self, keys: Iterable[bytes], make: Callable[[], bytes]) -> int:
        """Store `make()` for every key not yet present; return how many were new. Streams; durable per batch."""
        return self._each_batch(((key, b"") for key in keys), lambda batch: self._insert_batch(batch, make))

    def merge(self, items: Iterable[tuple[bytes, bytes]], combine: Callable[[bytes, bytes], bytes]) -> int:
        """Store each pair, or `combine(old, new)` where the key has a value; return how many. Durable per batch.

        A key may occur many times. After a crash some batches are merged and others not, so `combine` must be
        idempotent (a union of sets is) for the caller to be able to begin again.
        """
        return self._each_batch(items, lambda batch: self._merge_batch(batch, combine))

    def delete_many(self, keys: Iterable[bytes]) -> int:
        """Delete the values of the keys, overwriting their pages; return how many there were."""
        return self._each_batch(((key, b"") for key in keys), self._delete_batch)

    def values(self) -> Iterator[bytes]:
        """Yield every value, in no meaningful order. Streams."""
        return (value for _, value in self.items())

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield every row id and its value, in no meaningful order. Streams; nothing may be written meanwhile."""
        try:
            for row, sealed in self._database.execute("SELECT id, value FROM sealed"):
                yield row, self._open(row, sealed)
        except sqlite3.Error as error:
            self._fail(error)

    def erase(self, rows: Iterable[bytes]) -> int:
        """Delete rows by their ids for good; return how many there were.

        Beside what `delete_many` overwrites, the file is written anew and the journal, which held the old pages, is
        overwritten.
        """
        if self._readonly:
            raise SiteError("a sealed store was opened to be read only")
        try:
            self._database.execute("PRAGMA journal_mode=PERSIST")
            self._database.execute("BEGIN IMMEDIATE")
            count = sum(
                self._database.execute("DELETE FROM sealed WHERE id = ?", (row,)).rowcount for row in list(rows)
            )
            self._database.execute("COMMIT")
            self._overwrite_journal()
            self._database.execute("VACUUM")
            self._overwrite_journal()
            self._database.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error as error:
            self._fail(error)
        return count

    def _overwrite_journal(self) -> None:
        journal = self._path.with_name(self._path.name + "-journal")
        try:
            with journal.open("r+b") as file:
                left = file.seek(0, os.SEEK_END)
                file.seek(0)
                while left > 0:
                    left -= file.write(bytes(min(left, 1 << 20)))
                file.flush()
                os.fsync(file.fileno())
        except FileNotFoundError:
            return
        except OSError:
            raise ResourceError("a sealed store's journal cannot be overwritten", hint=f"check {journal}") from None

    def __len__(self) -> int:
        try:
            return int(self._database.execute("SELECT count(*) FROM sealed").fetchone()[0])
        except sqlite3.Error as error:
            self._fail(error)

    def _get(self, row: bytes) -> bytes | None:
        try:
            found = self._database.execute("SELECT value FROM sealed WHERE id = ?", (row,)).fetchone()
        except sqlite3.Error as error:
            self._fail(error)
        return None if found is None else self._open(row, found[0])

    def _each_batch(
        self, items: Iterable[tuple[bytes, bytes]], write: Callable[[list[tuple[bytes, bytes]]], int]
    ) -> int:
        if self._readonly:
            raise SiteError("a sealed store was opened to be read only")
        count = 0
        stream = iter(items)
        while batch := list(islice(stream, _BATCH)):
            try:
                self._database.execute("BEGIN IMMEDIATE")
                with self._database:  # commits, or takes all of the batch back
                    count += write(batch)
            except sqlite3.Error as error:
                self._fail(error)
        return count

    def _put_batch(self, batch: list[tuple[bytes, bytes]]) -> int:
        rows = [(row := self.row_id(key), self._seal(row, value)) for key, value in batch]
        self._database.executemany("INSERT OR REPLACE INTO sealed VALUES (?, ?)", rows)
        return len(rows)

    def _insert_batch(self, batch: list[tuple[bytes, bytes]], make: Callable[[], bytes]) -> int:
        missing: dict[bytes, bytes] = {}
        for key, _ in batch:
            row = self.row_id(key)
            if (
                row not in missing
                and self._database.execute("SELECT 1 FROM sealed WHERE id = ?", (row,)).fetchone() is None
            ):
                missing[row] = self._seal(row, make())
        self._database.executemany("INSERT INTO sealed VALUES (?, ?)", missing.items())
        return len(missing)

    def _merge_batch(self, batch: list[tuple[bytes, bytes]], combine: Callable[[bytes, bytes], bytes]) -> int:
        merged: dict[bytes, bytes] = {}
        for key, value in batch:
            row = self.row_id(key)
            old = merged.get(row)
            if old is None:
                old = self._get(row)
            merged[row] = value if old is None else combine(old, value)
        rows = [(row, self._seal(row, value)) for row, value in merged.items()]
        self._database.executemany("INSERT OR REPLACE INTO sealed VALUES (?, ?)", rows)
        return len(batch)

    def _delete_batch(self, batch: list[tuple[bytes, bytes]]) -> int:
        rows = [(self.row_id(key),) for key, _ in batch]
        return self._database.executemany("DELETE FROM sealed WHERE id = ?", rows).rowcount

    def _aead(self) -> AESGCM:
        if self._cipher is None:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            self._cipher = AESGCM(self._value_key)
        return self._cipher

    def _seal(self, row: bytes, value: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._aead().encrypt(nonce, value, row)

    def _open(self, row: bytes, sealed: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag

        try:
            return self._aead().decrypt(sealed[:_NONCE], sealed[_NONCE:], row)
        except (InvalidTag, ValueError, TypeError):
            raise SiteError(
                "a sealed store is damaged or was sealed under another key",
                hint=f"restore {self._path} and the site's keys",
            ) from None

    def _fail(self, error: sqlite3.Error) -> NoReturn:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise ResourceError("a sealed store cannot be written", hint="free disk space") from None
        if code == sqlite3.SQLITE_BUSY:
            raise ResourceError(
                "a sealed store is in use by another run", hint="wait for the other run to end"
            ) from None
        raise SiteError("a sealed store is damaged or cannot be used", hint=f"check {self._path}") from None
