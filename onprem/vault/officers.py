"""The secrets by which a second person shows that it is they: one passphrase per login, kept as a verifier.

A site cannot ask the host for a password without a network or PAM. So whoever may agree to a reveal or a shredding
enrols a passphrase of their own. Rules: what is kept is Argon2id of the passphrase with a salt of its own, sealed under
the login's row, so it can neither be read nor moved to another login.
"""

from __future__ import annotations

import hmac
import json
import os
from types import TracebackType

from onprem.config import Site
from onprem.errors import SiteError
from onprem.vault import custody
from onprem.vault.keys import derive
from onprem.vault.sealed import SealedStore
from onprem.vault.wrapping import COST, Cost, normalised, stretched

FILE = "officers.sealed"
_SALT = 16


class Officers:
    """The enrolled people of one site. Use as a context manager, or call `close`."""

    def __init__(self, store: SealedStore) -> None:
        self._store = store

    @classmethod
    def open(cls, site: Site) -> Officers:
        """Open the store of `site`, making it where there is none.

        Raises:
            SiteError: the vault is locked, or the store is unsound.
        """
        return cls(SealedStore(site.folder("vault") / FILE, derive(custody.root(site), "vault/officers")))

    def enrol(self, login: str, passphrase: str, cost: Cost = COST) -> None:
        """Keep a verifier of the passphrase of `login`, in place of the one there was.

        Raises:
            UsageError: it cannot be a passphrase.
        """
        salt = os.urandom(_SALT)
        digest = stretched([normalised(passphrase)], salt, cost)
        kept = {"cost": cost.model_dump(), "salt": salt.hex(), "digest": digest.hex()}
        self._store.put_many([(login.encode(), json.dumps(kept).encode())])

    def enrolled(self, login: str) -> bool:
        """Say whether a login has a passphrase."""
        return self._store.get(login.encode()) is not None

    def check(self, login: str, passphrase: str) -> bool:
        """Say whether it is the passphrase of `login`; never for a login without one.

        Raises:
            UsageError: it cannot be a passphrase.
            SiteError: the store is damaged.
        """
        sealed = self._store.get(login.encode())
        given = normalised(passphrase)
        if sealed is None:
            return False
        try:
            kept = json.loads(sealed)
            salt, digest = bytes.fromhex(kept["salt"]), bytes.fromhex(kept["digest"])
            cost = Cost.model_validate(kept["cost"])
        except (ValueError, KeyError, TypeError):
            raise SiteError("the store of officers is damaged", hint="restore it from your backup") from None
        return hmac.compare_digest(stretched([given], salt, cost), digest)

    def __len__(self) -> int:
        return len(self._store)

    def __enter__(self) -> Officers:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the store."""
        self._store.close()
