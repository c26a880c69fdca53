"""The sealed root: a site's root key, wrapped under a key file, a passphrase, or any two of three passphrases.

Rules: a passphrase is normalised (NFC) and stretched by Argon2id (RFC 9106) with a salt of its own; a pair is stretched
as one secret, so that every guess at a pair costs as much, and no single passphrase can be tried alone; the header
(kind, cost, epoch) is associated data of every wrap, and a MAC under the root covers the whole file, so that no byte of
it can be changed unseen. What is read is bounded and must be in the one form in which it is written.
"""

from __future__ import annotations

import hmac
import json
import os
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onprem.errors import SiteError, UsageError
from onprem.vault.keys import KEY_BYTES, derive

Held = Literal["key-file", "passphrase", "two-of-three"]

MAX_BYTES = 8_192
MAX_PASSPHRASE = 1_024  # bytes in UTF-8
HOLDERS = "abc"
_SALT, _NONCE, _TAG = 16, 12, 16
_SLOTS: dict[Held, tuple[str, ...]] = {
    "key-file": ("key",),
    "passphrase": ("one",),
    "two-of-three": tuple("".join(pair) for pair in combinations(HOLDERS, 2)),
}
SECRETS: dict[Held, int] = {"key-file": 1, "passphrase": 1, "two-of-three": 3}  # that are given to `wrap`
NEEDED: dict[Held, int] = {"key-file": 1, "passphrase": 1, "two-of-three": 2}  # to `unwrap`

_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Cost(BaseModel):
    """Argon2id: memory in KiB, passes, lanes. The default is RFC 9106's second choice: 64 MiB, 3 passes, 4 lanes."""

    model_config = _STRICT

    memory_kib: int = Field(default=65_536, ge=8, le=1_048_576)
    passes: int = Field(default=3, ge=1, le=64)
    lanes: int = Field(default=4, ge=1, le=16)


COST = Cost()


class Slot(BaseModel):
    """One way to the root: its name, the salt of its key, nonce and ciphertext; hexadecimal."""

    model_config = _STRICT

    name: Literal["key", "one", "ab", "ac", "bc"]
    salt: Annotated[str, Field(pattern=rf"^[0-9a-f]{{{2 * _SALT}}}$")]
    sealed: Annotated[str, Field(pattern=rf"^[0-9a-f]{{{2 * (_NONCE + KEY_BYTES + _TAG)}}}$", repr=False)]


class SealedRoot(BaseModel):
    """The content of a sealed root file. It says how the root is held and nothing of what it is."""

    model_config = _STRICT

    v: Literal[1] = 1
    held: Held
    wrapping: int = Field(ge=1, le=999_999)  # counts how often the root has been wrapped
    epoch: int = Field(ge=0, le=999_999)  # of codes and shifts
    cost: Cost | None  # None for a key file
    slots: tuple[Slot, ...] = ()
    mac: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$|^$")] = ""

    def encode(self) -> bytes:
        """Return the one form in which it is written: canonical JSON and a newline."""
        return _canonical(self.model_dump(mode="json")) + b"\n"

    @property
    def header(self) -> bytes:
        """What every wrap is bound to."""
        return _canonical(self.model_dump(mode="json", exclude={"slots", "mac"}))

    def authentic(self, root: bytes) -> bool:
        """Say whether every byte is as it was written by a holder of `root`."""
        return hmac.compare_digest(self.mac, self._mac(root))

    def sealed_by(self, root: bytes) -> SealedRoot:
        """Return it with its MAC."""
        return self.model_copy(update={"mac": self._mac(root)})

    def _mac(self, root: bytes) -> str:
        content = _canonical(self.model_dump(mode="json", exclude={"mac"}))
        return hmac.digest(derive(root, "custody/mac"), content, "sha256").hex()


def parse(content: bytes) -> SealedRoot:
    """Read a sealed root file.

    Raises:
        SiteError: it is too long, is none, or is not in the form in which one is written.
    """
    try:
        if len(content) > MAX_BYTES:
            raise ValueError("too long")
        sealed = SealedRoot.model_validate_json(content)
        fit = sealed.encode() == content and tuple(slot.name for slot in sealed.slots) == _SLOTS[sealed.held]
        if not fit or (sealed.cost is None) != (sealed.held == "key-file"):
            raise ValueError("not canonical")
    except (ValidationError, ValueError):
        raise SiteError("the sealed root is damaged", hint="restore keys/root.sealed from your backup") from None
    return sealed


def normalised(passphrase: str) -> bytes:
    """Return the bytes of a passphrase: NFC, so that it is the same however a keyboard composes it, in UTF-8.

    Raises:
        UsageError: it is empty, too long, or no text.
    """
    try:
        content = unicodedata.normalize("NFC", passphrase).encode()
    except UnicodeEncodeError:
        raise UsageError("a passphrase is no text", hint="type it in UTF-8") from None
    if not 0 < len(content) <= MAX_PASSPHRASE:
        raise UsageError(f"a passphrase has 1 to {MAX_PASSPHRASE} bytes")
    return content


def stretched(secrets: Sequence[bytes], salt: bytes, cost: Cost) -> bytes:
    """Return the 32-byte key of one or several secrets together, whatever their order."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    joined = b"".join(len(secret).to_bytes(4, "big") + secret for secret in sorted(secrets))
    memory = max(cost.memory_kib, 8 * cost.lanes)  # the least that Argon2 takes
    return Argon2id(salt=salt, length=KEY_BYTES, iterations=cost.passes, lanes=cost.lanes, memory_cost=memory).derive(
        joined
    )


def wrap(root: bytes, secrets: Sequence[bytes], plain: SealedRoot) -> SealedRoot:
    """Return `plain` (a header without slots) with `root` wrapped under `secrets`.

    Raises:
        UsageError: two of them are the same.
        ValueError: there are more or fewer than this kind of custody takes.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(secrets) != SECRETS[plain.held]:
        raise ValueError("another number of secrets is needed")
    if len(set(secrets)) != len(secrets):
        raise UsageError("two passphrases are the same", hint="each holder chooses one of their own")
    slots = []
    for name, chosen in _choices(plain.held, secrets):
        salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
        key = _slot_key(chosen, salt, plain)
        sealed = nonce + AESGCM(key).encrypt(nonce, root, _bound(plain, name))
        slots.append(Slot.model_validate({"name": name, "salt": salt.hex(), "sealed": sealed.hex()}))
    return plain.model_copy(update={"slots": tuple(slots)}).sealed_by(root)


def unwrap(sealed: SealedRoot, secrets: Sequence[bytes]) -> bytes | None:
    """Return the root, or None where the secrets do not open it. Of three holders any two, in any order."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(secrets) != NEEDED[sealed.held] or len(set(secrets)) != len(secrets):
        return None
    for slot in sealed.slots:
        content = bytes.fromhex(slot.sealed)
        key = _slot_key(secrets, bytes.fromhex(slot.salt), sealed)
        try:
            root = AESGCM(key).decrypt(content[:_NONCE], content[_NONCE:], _bound(sealed, slot.name))
        except InvalidTag:
            continue
        return root if sealed.authentic(root) else None
    return None


def _choices(held: Held, secrets: Sequence[bytes]) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    """Yield the slots of a kind of custody, each with the secrets that open it."""
    return zip(_SLOTS[held], combinations(secrets, NEEDED[held]), strict=True)


def _slot_key(secrets: Sequence[bytes], salt: bytes, sealed: SealedRoot) -> bytes:
    if sealed.cost is None:
        return derive(secrets[0], f"custody/wrap/{salt.hex()}")
    return stretched(secrets, salt, sealed.cost)


def _bound(sealed: SealedRoot, name: str) -> bytes:
    return b"onprem root 1\0" + name.encode() + b"\0" + sealed.header


def _canonical(content: object) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")
