"""What released codes stand for: a sealed row per patient, and a keyed look-up from a code to the patient.

Only releases under a policy with `reversible = true` are kept. Rules: a patient's row is sealed under the patient's own
secret, inside the seal of the store, so that deleting the secret makes the row unreadable in every copy of it; the
look-up is filed under the HMAC of the code; a row is a union, so adding twice changes nothing.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType

from onprem.config import Site
from onprem.errors import SiteError
from onprem.vault import custody
from onprem.vault.keys import derive
from onprem.vault.sealed import SealedStore
from onprem.vault.subjects import Subjects

ROWS = "codes.sealed"
LOOKUP = "lookup.sealed"
CODE = re.compile(r"\[?([A-Z][A-Z_]{1,39}-[0-9A-F]{16})\]?")

_SPELLINGS = 8  # of one value that are kept
_NUMBERS = 32  # of one patient
_NONCE = 12
_BATCH = 1_000  # patients joined at a time: memory stays flat


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one patient: code -> spellings of the value, and the patient's numbers as tables wrote them."""

    codes: Mapping[str, tuple[str, ...]] = field(repr=False, default_factory=dict)
    numbers: tuple[str, ...] = field(repr=False, default=())

    def join(self, other: Kept) -> Kept:
        """Return the union; the same joined twice changes nothing."""
        codes = dict(self.codes)
        for code, values in other.codes.items():
            codes[code] = tuple(dict.fromkeys((*codes.get(code, ()), *values)))[:_SPELLINGS]
        return Kept(codes, tuple(dict.fromkeys((*self.numbers, *other.numbers)))[:_NUMBERS])

    def encode(self) -> bytes:
        """Return the form in which it is sealed."""
        return json.dumps([self.codes, self.numbers], ensure_ascii=True).encode()

    @classmethod
    def decode(cls, plain: bytes) -> Kept:
        """Read what `encode` wrote."""
        codes, numbers = json.loads(plain)
        return cls({code: tuple(values) for code, values in codes.items()}, tuple(numbers))


@dataclass(frozen=True, slots=True)
class Revealed:
    """One code and what it stands for."""

    code: str
    label: str
    values: tuple[str, ...] = field(repr=False)
    numbers: tuple[str, ...] = field(repr=False)
    subject: str = field(repr=False)


class Codes:
    """The reversible codes of one site. Use as a context manager, or call `close`."""

    def __init__(self, rows: SealedStore, lookup: SealedStore, subjects: Subjects) -> None:
        self._rows = rows
        self._lookup = lookup
        self._subjects = subjects

    @classmethod
    def open(cls, site: Site, subjects: Subjects) -> Codes:
        """Open the stores of `site`, making them where there are none; `subjects` is left open.

        Raises:
            SiteError: the vault is locked, or a store is unsound.
        """
        root = custody.root(site)
        folder = site.folder("vault")
        rows = SealedStore(folder / ROWS, derive(root, "vault/codes"))
        try:
            lookup = SealedStore(folder / LOOKUP, derive(root, "vault/lookup"))
        except SiteError:
            rows.close()
            raise
        return cls(rows, lookup, subjects)

    def add(self, kept: Iterable[tuple[str, Kept]]) -> int:
        """Join what is kept of patients to what is stored; return how many rows were given. Streams.

        Raises:
            SiteError: a patient has no secret.
            ResourceError: the disk is full.
        """
        count = 0
        stream = iter(kept)
        while batch := list(islice(stream, _BATCH)):
            # the rows first: a look-up never leads to a row that is not there
            self._rows.merge(((_row_key(subject), self._seal(subject, item)) for subject, item in batch), self._combine)
            self._lookup.merge(
                ((code.encode(), subject.encode()) for subject, item in batch for code in item.codes), _both
            )
            count += len(batch)
        return count

    def reveal(self, codes: Iterable[str]) -> Iterator[Revealed]:
        """Yield what each known code stands for; nothing for an unknown one, nor for one of a shredded patient."""
        for code in codes:
            for subject in (self._lookup.get(code.encode()) or b"").decode().split():
                kept = self._kept(subject)
                if code in kept.codes:
                    yield Revealed(code, code.rpartition("-")[0], kept.codes[code], kept.numbers, subject)

    def numbers(self, subject: str) -> tuple[str, ...]:
        """Return a patient's numbers as tables wrote them."""
        return self._kept(subject).numbers

    def of(self, subjects: Set[str]) -> set[str]:
        """Return all codes of the patients."""
        return {code for subject in subjects for code in self._kept(subject).codes}

    def forget(self, subjects: Set[str]) -> int:
        """Delete for good the patients' rows and what leads to them; return how many codes there were."""
        codes = self.of(subjects)
        alone, shared = [], []
        for code in codes:
            others = [
                item for item in (self._lookup.get(code.encode()) or b"").decode().split() if item not in subjects
            ]
            if others:
                shared.append((code.encode(), " ".join(others).encode()))
            else:
                alone.append(self._lookup.row_id(code.encode()))
        self._lookup.put_many(shared)
        self._lookup.erase(alone)
        self._rows.erase(self._rows.row_id(_row_key(subject)) for subject in subjects)
        return len(codes)

    def __enter__(self) -> Codes:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return "Codes()"

    def close(self) -> None:
        """Close the stores."""
        self._rows.close()
        self._lookup.close()

    def _kept(self, subject: str) -> Kept:
        sealed = self._rows.get(_row_key(subject))
        if sealed is None or not self._subjects.has(subject):
            return Kept()
        return self._unseal(sealed)

    def _seal(self, subject: str, item: Kept) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE)
        key = self._subjects.get(subject).own("codes")
        return subject.encode() + b"\0" + nonce + AESGCM(key).encrypt(nonce, item.encode(), _row_key(subject))

    def _unseal(self, sealed: bytes) -> Kept:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        subject, content = _whose(sealed)
        key = self._subjects.get(subject).own("codes")
        try:
            return Kept.decode(AESGCM(key).decrypt(content[:_NONCE], content[_NONCE:], _row_key(subject)))
        except InvalidTag:  # sealed under a secret that was shredded since
            return Kept()

    def _combine(self, old: bytes, new: bytes) -> bytes:
        return self._seal(_whose(new)[0], self._unseal(old).join(self._unseal(new)))


def read_code(text: str) -> str | None:
    """Return the code of a line, in the form in which it is filed; None where the line is no code."""
    found = CODE.fullmatch(text.strip())
    return None if found is None else found[1]


def _whose(sealed: bytes) -> tuple[str, bytes]:
    """Split a row into its subject key, which holds no NUL, and its ciphertext."""
    subject, _, content = sealed.partition(b"\0")
    return subject.decode(), content


def _row_key(subject: str) -> bytes:
    return b"codes\0" + subject.encode()


def _both(old: bytes, new: bytes) -> bytes:
    return b" ".join(dict.fromkeys((*old.split(), *new.split())))
