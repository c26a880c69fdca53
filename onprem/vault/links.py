"""Which numbers name the same patient: a sealed map from (kind of key, value) to the patient's subject key.

A patients table ties a patient number to a record number and an identity card; an encounters table ties both to a
visit. Links are kept for the life of the site, so that a patient keeps one secret, and with it one set of codes and one
date offset, however later files name them. Insurance numbers do not link: families share them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from itertools import islice
from types import TracebackType

from onprem.checksums import compact
from onprem.config import Site
from onprem.text import view
from onprem.vault import custody
from onprem.vault.keys import derive
from onprem.vault.sealed import SealedStore

FILE = "links.sealed"
LINKING = ("patient", "record", "national", "encounter")  # in order of trust

_INTERCHANGEABLE = ("patient", "record")  # one hospital's patient number is another file's record number
_MIN_INTERCHANGED = 4  # characters: shorter numbers are row numbers
_PLACEHOLDERS = frozenset({"", "0", "NA", "N/A", "NAN", "NONE", "NULL", "UNKNOWN", "无", "不详", "未知", "/"})
_BATCH = 5_000

Alias = tuple[str, str]  # kind of key, value as written


class Links:
    """The sealed map of one site. Use as a context manager, or call `close`."""

    def __init__(self, store: SealedStore) -> None:
        self._store = store
        self._fresh: dict[bytes, bytes] = {}  # of the batch in hand, not yet stored
        self._seen: dict[tuple[Alias, ...], str | None] = {}  # rows of the batch in hand

    @classmethod
    def open(cls, site: Site, *, readonly: bool = False) -> Links:
        """Open the links of `site`; workers open them read-only.

        Raises:
            SiteError: the vault is locked, or a key or the store is missing or unsound.
        """
        key = derive(custody.root(site), "vault/links")
        return cls(SealedStore(site.folder("vault") / FILE, key, readonly=readonly))

    def link(self, rows: Iterable[tuple[Alias, ...]]) -> Iterator[str | None]:
        """Yield the subject key of each row of aliases, tying the aliases together; None for a row without any."""
        stream = iter(rows)
        while batch := list(islice(stream, _BATCH)):
            subjects = [self._seen[row] if row in self._seen else self._link_row(row) for row in batch]
            self._store.put_many(self._fresh.items())
            self._fresh, self._seen = {}, {}
            yield from subjects

    def subject(self, aliases: Iterable[Alias]) -> str | None:
        """Return the subject key that the first known alias leads to, or None."""
        for kind, value in aliases:
            for key in _keys(kind, value):
                found = self._follow(key)
                if found is not None:
                    return found
        return None

    def current(self, subject: str) -> str:
        """Return the key that stands for a patient now: another one where two subjects turned out to be one person."""
        return self._end(subject)

    def search(self, fits: Callable[[str], bool]) -> str | None:
        """Return the current key of the patient one of whose keys fits, or None. Reads all links."""
        return next((self._end(key) for key in map(bytes.decode, self._store.values()) if fits(key)), None)

    def merged(self, subject: str) -> set[str]:
        """Return every key that stands or stood for the patient whose current key is `subject`. Reads all links."""
        return {subject, *(key for key in map(bytes.decode, self._store.values()) if self._end(key) == subject)}

    def forget(self, subjects: Set[str]) -> int:
        """Delete for good every link that leads to one of `subjects`; return how many numbers led there."""
        rows = [row for row, value in self._store.items() if value.decode() in subjects]
        redirects = {self._store.row_id(_redirect(subject)) for subject in subjects}
        erased = self._store.erase(rows)
        return erased - len(redirects & set(rows))

    def _link_row(self, row: tuple[Alias, ...]) -> str | None:
        usable = [alias for alias in row if alias[0] in LINKING and _keys(*alias)]
        if not usable:
            return None
        usable.sort(key=lambda alias: LINKING.index(alias[0]))
        winner = self.subject(usable) or self._store.row_id(_keys(*usable[0])[0]).hex()[:32]
        for alias in usable:
            own = _keys(*alias)[0]
            known = self._get(own)
            if known is None:
                self._fresh[own] = winner.encode()
            elif (other := self._end(known.decode())) != winner:
                self._fresh[_redirect(other)] = winner.encode()  # two subjects turn out to be one person
                self._seen.clear()
        self._seen[row] = winner
        return winner

    def _follow(self, key: bytes) -> str | None:
        found = self._get(key)
        return None if found is None else self._end(found.decode())

    def _end(self, subject: str) -> str:
        seen = {subject}
        while (onward := self._get(_redirect(subject))) is not None and onward.decode() not in seen:
            subject = onward.decode()
            seen.add(subject)
        return subject

    def _get(self, key: bytes) -> bytes | None:
        return self._fresh.get(key) or self._store.get(key)

    def __enter__(self) -> Links:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the store."""
        self._store.close()


def _redirect(subject: str) -> bytes:
    return b"same\0" + subject.encode()


def _keys(kind: str, value: str) -> list[bytes]:
    """Return the row keys to look up for one alias, its own first; empty when the value says nothing."""
    written = compact(view(value).text)
    if written in _PLACEHOLDERS:
        return []
    kinds = [kind]
    if kind in _INTERCHANGEABLE and len(written) >= _MIN_INTERCHANGED:
        kinds += [other for other in _INTERCHANGEABLE if other != kind]
    return [f"{name}\0{written}".encode("utf-8", "surrogatepass") for name in kinds]
