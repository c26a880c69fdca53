"""Known answers of the standards: what is computed here must come out as the standard prints it, before it is relied on.

Rules: inputs and answers are those of the named source, never our own output; where forging matters, an altered input
must be refused as well; nothing is kept. What this toolkit builds on top is tested in `onprem.cli.selftest`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_hex = bytes.fromhex


@dataclass(frozen=True, slots=True)
class Answer:
    """One known answer: where it is printed, how it is computed, what must come out."""

    source: str
    compute: Callable[[], bytes] = field(repr=False)
    expected: bytes = field(repr=False)


def wrong(answers: Mapping[str, Answer]) -> list[str]:
    """Return the names of the answers that do not come out."""
    return [name for name, answer in answers.items() if not _right(answer)]


def _right(answer: Answer) -> bool:
    try:
        return hmac.compare_digest(answer.compute(), answer.expected)
    except Exception:  # noqa: BLE001 - whatever goes wrong in a self-test is its failure, and is told by its name
        return False


def _sha256() -> bytes:
    return hashlib.sha256(b"abc").digest()


def _hmac() -> bytes:
    return hmac.digest(b"Jefe", b"what do ya want for nothing?", "sha256")


def _hkdf() -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 42, salt=bytes(range(13)), info=bytes(range(0xF0, 0xFA))).derive(b"\x0b" * 22)


_GCM_KEY = _hex("feffe9928665731c6d6a8f9467308308" * 2)
_GCM_NONCE = _hex("cafebabefacedbaddecaf888")
_GCM_PLAIN = _hex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
)
_GCM_ABOUT = _hex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
_GCM_SEALED = _hex(
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
    "76fc6ece0f4e1768cddf8853bb2d551b"
)


def _aes_gcm() -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cipher = AESGCM(_GCM_KEY)
    try:
        cipher.decrypt(_GCM_NONCE, _GCM_SEALED[:-1] + b"\0", _GCM_ABOUT)
    except InvalidTag:
        sealed = cipher.encrypt(_GCM_NONCE, _GCM_PLAIN, _GCM_ABOUT)
        return sealed if cipher.decrypt(_GCM_NONCE, sealed, _GCM_ABOUT) == _GCM_PLAIN else b""
    return b""  # a forgery was accepted


def _ed25519() -> bytes:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
    signature = key.sign(b"\x72")
    key.public_key().verify(signature, b"\x72")
    try:
        key.public_key().verify(signature, b"\x73")
    except InvalidSignature:
        return signature
    return b""  # a forgery was accepted


def _argon2id() -> bytes:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    return Argon2id(
        salt=b"\x02" * 16, length=32, iterations=3, lanes=4, memory_cost=32, ad=b"\x04" * 12, secret=b"\x03" * 8
    ).derive(b"\x01" * 32)


STANDARDS: dict[str, Answer] = {
    "SHA-256": Answer(
        "FIPS 180-4, example of `abc`",
        _sha256,
        _hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ),
    "HMAC": Answer(
        "RFC 4231, test case 2",
        _hmac,
        _hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    ),
    "HKDF": Answer(
        "RFC 5869, test case 1",
        _hkdf,
        _hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"),
    ),
    "AES-256-GCM": Answer("McGrew and Viega, The Galois/Counter Mode, test case 16", _aes_gcm, _GCM_SEALED),
    "Ed25519": Answer(
        "RFC 8032, section 7.1, test 2",
        _ed25519,
        _hex(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    "Argon2id": Answer(
        "RFC 9106, section 5.3",
        _argon2id,
        _hex("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"),
    ),
}
