"""Signed notes: a text, an empty line, and one line for each signature, so that it can be printed, filed and typed in.

Forms: C2SP signed-note, with Ed25519 (kind 1), and C2SP tlog-cosignature (kind 4), whose signature covers a time and
the text. A key is named by `SHA-256(name, LF, kind, public key)[:4]` and passed on as a verifier key,
`NAME+IDENTITY+BASE64(kind, public key)`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MAX_NOTE_BYTES = 65_536
ED25519, COSIGNATURE = 1, 4
_DASH = "\N{EM DASH} "
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]{1,100}")
_SIGNATURE_BYTES = {ED25519: 64, COSIGNATURE: 72}


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: whose, by which key, and the bytes after the key's identity."""

    name: str
    identity: bytes  # 4 bytes
    blob: bytes  # Ed25519: 64 bytes; cosignature: 8 bytes of POSIX time, then 64


@dataclass(frozen=True, slots=True)
class Note:
    """A note as read: `text` with its last newline, and its signatures, none of them checked yet."""

    text: bytes
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a key, with the name and the kind of signature that it is for."""

    name: str
    kind: int
    public: bytes  # 32 bytes

    @property
    def identity(self) -> bytes:
        """The four bytes by which signature lines name the key."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes((self.kind,)) + self.public).digest()[:4]

    def text(self) -> str:
        """Return the one-line form in which the key is passed on."""
        return f"{self.name}+{self.identity.hex()}+{base64.b64encode(bytes((self.kind,)) + self.public).decode()}"


def parse(content: bytes) -> Note:
    """Read a note.

    Raises:
        ValueError: it is none, or too long.
    """
    if len(content) > MAX_NOTE_BYTES or content.count(b"\n\n") != 1 or not content.endswith(b"\n"):
        raise ValueError("not a signed note")
    text, _, tail = content.partition(b"\n\n")
    signatures = []
    for line in tail.decode().removesuffix("\n").split("\n"):
        name, _, blob = line.removeprefix(_DASH).partition(" ")
        try:
            raw = base64.b64decode(blob, validate=True)
        except binascii.Error:
            raise ValueError("not a signature") from None
        if not line.startswith(_DASH) or not _NAME.fullmatch(name) or len(raw) < 4:
            raise ValueError("not a signature")
        signatures.append(Signature(name, raw[:4], raw[4:]))
    return Note(text + b"\n", tuple(signatures))


def parse_verifier_key(line: str) -> VerifierKey:
    """Read the one-line form of a key.

    Raises:
        ValueError: it is none, or its parts do not agree.
    """
    name, _, rest = line.strip().partition("+")
    identity, _, encoded = rest.partition("+")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise ValueError("not a verifier key") from None
    if not _NAME.fullmatch(name) or len(raw) != 33 or raw[0] not in _SIGNATURE_BYTES:
        raise ValueError("not a verifier key")
    key = VerifierKey(name, raw[0], raw[1:])
    if key.identity.hex() != identity:
        raise ValueError("not a verifier key")
    return key


def verifier_key(name: str, kind: int, key: Ed25519PrivateKey) -> VerifierKey:
    """Return the public half of a private key.

    Raises:
        ValueError: the name has spaces, plus signs or control characters, or is empty or long.
    """
    if not _NAME.fullmatch(name):
        raise ValueError("unfit name")
    return VerifierKey(name, kind, key.public_key().public_bytes_raw())


def sign(text: bytes, name: str, key: Ed25519PrivateKey) -> bytes:
    """Return the note of `text`, whole lines, signed under `name`."""
    owner = verifier_key(name, ED25519, key)
    return text + b"\n" + _line(owner, key.sign(text))


def cosign(content: bytes, name: str, key: Ed25519PrivateKey, *, time: int) -> bytes:
    """Return the note with one more line: the cosignature of `name` at the POSIX time `time`, in seconds.

    Raises:
        ValueError: the content is no note, or the name is unfit.
    """
    note = parse(content)
    owner = verifier_key(name, COSIGNATURE, key)
    return content + _line(owner, struct.pack(">Q", time) + key.sign(_cosigned(note.text, time)))


def verify(note: Note, key: VerifierKey) -> int | None:
    """Return the time of the key's valid signature on the note (0 for a plain one); None if it has none.

    A note with a wrong signature of the key counts as not signed by it.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    public = Ed25519PublicKey.from_public_bytes(key.public)
    for signature in signatures_of(note, key):
        if len(signature.blob) != _SIGNATURE_BYTES[key.kind]:
            return None
        time = 0
        if key.kind == COSIGNATURE:
            (time,) = struct.unpack(">Q", signature.blob[:8])
        signed = _cosigned(note.text, time) if key.kind == COSIGNATURE else note.text
        try:
            public.verify(signature.blob[-64:], signed)
        except InvalidSignature:
            return None
        return time
    return None


def signatures_of(note: Note, key: VerifierKey) -> list[Signature]:
    """Return the signature lines that say they are by `key`, valid or not."""
    return [item for item in note.signatures if item.name == key.name and item.identity == key.identity]


def _cosigned(text: bytes, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n".encode() + text


def _line(owner: VerifierKey, blob: bytes) -> bytes:
    return f"{_DASH}{owner.name} {base64.b64encode(owner.identity + blob).decode()}\n".encode()
