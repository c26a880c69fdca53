"""Checkpoints: size and Merkle root of the log in the public checkpoint text form, signed with the site's Ed25519 key.

Rules: only a log that verifies is signed; what counts is the copy that is kept outside the site, because whoever holds
the site can also sign, and the signatures of others whose keys are kept elsewhere (`cosign`). The extension line
`last UTC` tells a history that was cut and continued from one rewritten in place. Form: C2SP tlog-checkpoint.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from onprem.audit import note as notes
from onprem.audit.note import COSIGNATURE, ED25519, MAX_NOTE_BYTES, Note, VerifierKey
from onprem.config import Site
from onprem.errors import AuditError, UsageError
from onprem.vault.keys import AUDIT, read_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint as read: `root` is 32 bytes, `last` the UTC time of its last event ("" for an empty log)."""

    origin: str
    size: int
    root: bytes
    last: str
    note: Note


@dataclass(frozen=True, slots=True)
class Cosigned:
    """What a checkpoint says of one key: `time` in POSIX seconds, None where its signature is not valid."""

    name: str
    time: int | None


def sign(site: Site, size: int, root: bytes, last: str) -> bytes:
    """Return the signed checkpoint of a log of `size` lines, as UTF-8 text.

    Raises:
        SiteError: the site's audit key is missing or unsafe.
    """
    return sign_lines(site, f"{size}\n{base64.b64encode(root).decode()}\nlast {last or '-'}\n")


def sign_lines(site: Site, lines: str) -> bytes:
    """Return whole lines under the log's name, signed by the site.

    Raises:
        SiteError: the site's audit key is missing or unsafe.
    """
    key = private_key(site)
    name = origin(key.public_key())
    return notes.sign(f"{name}\n{lines}".encode(), name, key)


def cosign(content: bytes, name: str, key: bytes) -> bytes:
    """Return a checkpoint's content with the cosignature of a second person's key (32 bytes).

    Raises:
        UsageError: the name does not fit into a signature line.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        return notes.cosign(content, name, Ed25519PrivateKey.from_private_bytes(key), time=int(time.time()))
    except ValueError:
        raise UsageError("the cosigner's name does not fit", hint="use letters and digits without spaces") from None


def cosigner(name: str, key: bytes) -> VerifierKey:
    """Return the public half of a cosigner's key (32 bytes), under the name that its signatures bear.

    Raises:
        UsageError: the name does not fit into a signature line.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        return notes.verifier_key(name, COSIGNATURE, Ed25519PrivateKey.from_private_bytes(key))
    except ValueError:
        raise UsageError("the cosigner's name does not fit", hint="use letters and digits without spaces") from None


def read_bounded(path: Path) -> bytes:
    """Return the content of a note or of a file of verifier keys, as much as tells that it is too long.

    Raises:
        AuditError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_NOTE_BYTES + 1)
    except OSError:
        raise AuditError("the checkpoint cannot be read", hint=f"check {path}") from None


def read(path: Path) -> Checkpoint:
    """Read a checkpoint file.

    Raises:
        AuditError: the file cannot be read or is no checkpoint.
    """
    try:
        return _parse(read_bounded(path))
    except (ValueError, binascii.Error):
        raise AuditError(
            "the file is no checkpoint", hint="make one with: onprem audit checkpoint --out FILE"
        ) from None


def read_cosigners(path: Path) -> list[VerifierKey]:
    """Read a file of verifier keys, one a line; lines that begin with `#` are remarks.

    Raises:
        AuditError: the file cannot be read, or a line is no key of a cosigner.
    """
    try:
        content = read_bounded(path)
        if len(content) > MAX_NOTE_BYTES:
            raise ValueError("too long")
        lines = [line for line in content.decode().splitlines() if line.strip() and line[0] != "#"]
        keys = [notes.parse_verifier_key(line) for line in lines]
        if any(key.kind != COSIGNATURE for key in keys):
            raise ValueError("not a cosigner's key")
    except ValueError:
        raise AuditError(
            "a line of the cosigners' file is no key", hint="take it as `onprem audit cosign --new-key` printed it"
        ) from None
    return keys


def signed_by_site(site: Site, checkpoint: Checkpoint) -> bool:
    """Say whether the checkpoint carries a valid signature of this site's audit key."""
    return checkpoint.origin == site_key(site).name and notes.verify(checkpoint.note, site_key(site)) is not None


def cosigned(checkpoint: Checkpoint, known: list[VerifierKey]) -> list[Cosigned]:
    """Return what the checkpoint says of each known key that it names."""
    found = [key for key in known if notes.signatures_of(checkpoint.note, key)]
    return [Cosigned(key.name, notes.verify(checkpoint.note, key)) for key in found]


def strangers(site: Site, checkpoint: Checkpoint, known: list[VerifierKey]) -> int:
    """Return how many signature lines are neither the site's nor of a known cosigner."""
    ours = {(key.name, key.identity) for key in (*known, site_key(site))}
    return sum((item.name, item.identity) not in ours for item in checkpoint.note.signatures)


def site_key(site: Site) -> VerifierKey:
    """Return the public half of the site's audit key."""
    key = private_key(site)
    return notes.verifier_key(origin(key.public_key()), ED25519, key)


def origin(key: Ed25519PublicKey) -> str:
    """Return the name of a log: it says nothing of the hospital."""
    return f"onprem.audit/{hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]}"


def private_key(site: Site) -> Ed25519PrivateKey:
    """Return the site's audit key.

    Raises:
        SiteError: it is missing or unsafe.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(read_key(site.folder("keys") / AUDIT))


def _parse(content: bytes) -> Checkpoint:
    note = notes.parse(content)
    name, size, root, last = note.text.decode().removesuffix("\n").split("\n")
    if not size.isascii() or not size.isdigit() or not last.startswith("last "):
        raise ValueError("not a checkpoint")
    digest = base64.b64decode(root, validate=True)
    if len(digest) != 32:
        raise ValueError("not a root")
    return Checkpoint(name, int(size), digest, last[5:].removeprefix("-"), note)
