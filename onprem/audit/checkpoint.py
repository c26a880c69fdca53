"""Checkpoints: size and Merkle root of the log in the public checkpoint text form, signed with the site's Ed25519 key.

Rules: only a log that verifies is signed; what counts is the copy that is kept outside the site, because whoever holds
the site can also sign. The extension line `last UTC` tells a history that was cut and continued from one rewritten in
place. Form: C2SP tlog-checkpoint and signed-note; the key's identity is SHA-256(name, LF, 0x01, public key)[:4].
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from onprem.config import Site
from onprem.errors import AuditError
from onprem.vault.keys import AUDIT, read_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MAX_FILE_BYTES = 65_536
_ED25519 = b"\x01"
_SIGNATURE_LINE = "\N{EM DASH} "


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint as read: `root` is 32 bytes, `last` the UTC time of its last event ("" for an empty log)."""

    origin: str
    size: int
    root: bytes
    last: str
    signed: bytes  # the text that the signatures cover
    signatures: tuple[tuple[str, bytes, bytes], ...]  # name, key identity (4 bytes), signature (64 bytes)


def sign(site: Site, size: int, root: bytes, last: str) -> bytes:
    """Return the signed checkpoint of a log of `size` lines, as UTF-8 text.

    Raises:
        SiteError: the site's audit key is missing or unsafe.
    """
    key = _private(site)
    name = origin(key.public_key())
    text = f"{name}\n{size}\n{base64.b64encode(root).decode()}\nlast {last or '-'}\n".encode()
    blob = base64.b64encode(_identity(name, key.public_key()) + key.sign(text)).decode()
    return text + f"\n{_SIGNATURE_LINE}{name} {blob}\n".encode()


def read(path: Path) -> Checkpoint:
    """Read a checkpoint file.

    Raises:
        AuditError: the file cannot be read or is no checkpoint.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError:
        raise AuditError("the checkpoint cannot be read", hint=f"check {path}") from None
    try:
        return _parse(content)
    except (ValueError, binascii.Error):
        raise AuditError(
            "the file is no checkpoint", hint="make one with: onprem audit checkpoint --out FILE"
        ) from None


def _parse(content: bytes) -> Checkpoint:
    if len(content) > MAX_FILE_BYTES or content.count(b"\n\n") != 1:
        raise ValueError("not a signed note")
    body, _, tail = content.partition(b"\n\n")
    name, size, root, last = body.decode().split("\n")
    if not size.isascii() or not size.isdigit() or not last.startswith("last ") or not tail.endswith(b"\n"):
        raise ValueError("not a checkpoint")
    signatures = []
    for line in tail.decode().removesuffix("\n").split("\n"):
        signer, _, blob = line.removeprefix(_SIGNATURE_LINE).partition(" ")
        raw = base64.b64decode(blob, validate=True)
        signatures.append((signer, raw[:4], raw[4:]))
    digest = base64.b64decode(root, validate=True)
    if len(digest) != 32:
        raise ValueError("not a root")
    return Checkpoint(name, int(size), digest, last[5:].removeprefix("-"), body + b"\n", tuple(signatures))


def signed_by_site(site: Site, checkpoint: Checkpoint) -> bool:
    """Say whether the checkpoint carries a valid signature of this site's audit key."""
    from cryptography.exceptions import InvalidSignature

    key = _private(site).public_key()
    name = origin(key)
    for signer, identity, signature in checkpoint.signatures:
        if signer == name == checkpoint.origin and identity == _identity(name, key):
            try:
                key.verify(signature, checkpoint.signed)
            except InvalidSignature:
                return False
            return True
    return False


def origin(key: Ed25519PublicKey) -> str:
    """Return the name of a log: it says nothing of the hospital."""
    return f"onprem.audit/{hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]}"


def _identity(name: str, key: Ed25519PublicKey) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + key.public_bytes_raw()).digest()[:4]


def _private(site: Site) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(read_key(site.folder("keys") / AUDIT))
