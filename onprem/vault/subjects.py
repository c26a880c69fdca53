"""Subject secrets: 32 random bytes per patient, sealed in the vault, from which everything about them is derived.

Rules: only the parent process makes secrets, before workers start; workers open the vault read-only and derive; a
secret never leaves the process that opened the vault. Deleting the row makes every replacement of the patient
unrecoverable. What is released is derived in an epoch: after `onprem vault rotate --new-epoch` the same patient gets
other codes and another shift. Epoch 0 is the first.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import NoReturn

from onprem.config import Site
from onprem.errors import SiteError
from onprem.vault import custody
from onprem.vault.keys import KEY_BYTES, derive
from onprem.vault.sealed import SealedStore

FILE = "subjects.sealed"


@dataclass(frozen=True, slots=True, repr=False)
class SubjectSecret:
    """One patient's secret; implements `onprem.policy.contract.Subject`."""

    _secret: bytes = field(repr=False)
    epoch: int = 0

    def key(self, purpose: str) -> bytes:
        """Return 32 bytes for `purpose`; the same for the same patient, epoch and purpose, independent of every other."""
        return derive(self._secret, f"subject/epoch-{self.epoch}/{purpose}" if self.epoch else f"subject/{purpose}")

    def own(self, purpose: str) -> bytes:
        """Return 32 bytes for what the vault itself keeps of the patient; the same in every epoch."""
        return derive(self._secret, f"vault/{purpose}")

    def __repr__(self) -> str:
        return "SubjectSecret()"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a subject's secret does not cross processes")


class Subjects:
    """The vault of subject secrets of one site. Use as a context manager, or call `close`."""

    def __init__(self, store: SealedStore, references: bytes, epoch: int = 0) -> None:
        self._store = store
        self._references = references
        self._epoch = epoch

    @classmethod
    def open(cls, site: Site, *, epoch: int = 0, readonly: bool = False) -> Subjects:
        """Open the vault of `site` to derive in `epoch`; workers open it read-only.

        Raises:
            SiteError: the vault is locked, or a key is missing or unsafe, or the vault does not open with it.
        """
        root = custody.root(site)
        store = SealedStore(site.folder("vault") / FILE, derive(root, "vault/subjects"), readonly=readonly)
        return cls(store, derive(root, "audit/reference"), epoch)

    def ensure(self, keys: Iterable[str]) -> int:
        """Make a secret for every patient who has none yet; return how many were made. Streams; durable per batch.

        Raises:
            SiteError: the vault was opened read-only.
            ResourceError: the disk is full.
        """
        return self._store.insert_many((_encode(key) for key in keys), lambda: os.urandom(KEY_BYTES))

    def get(self, key: str) -> SubjectSecret:
        """Return the secret of a patient.

        Raises:
            SiteError: the patient has none: `ensure` was not called for them.
        """
        secret = self._store.get(_encode(key))
        if secret is None:
            raise SiteError(
                "a patient has no secret in the vault", hint="the run's first pass did not finish: run again"
            )
        return SubjectSecret(secret, self._epoch)

    def has(self, key: str) -> bool:
        """Say whether a patient has a secret."""
        return self._store.get(_encode(key)) is not None

    def forget(self, keys: Iterable[str]) -> int:
        """Delete the secrets of the patients; return how many there were. What was derived cannot be derived again."""
        return self._store.erase(self._store.row_id(_encode(key)) for key in keys)

    def reference(self, key: str) -> str:
        """Return the keyed digest (32 hex digits) by which audit events name a patient."""
        return hmac.digest(self._references, _encode(key), "sha256").hex()[:32]

    def __len__(self) -> int:
        return len(self._store)

    def __enter__(self) -> Subjects:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return "Subjects()"

    def close(self) -> None:
        """Close the vault."""
        self._store.close()


def _encode(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")  # a source may hold lone surrogates
