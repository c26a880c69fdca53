"""Known answers come out as the standards print them, and a library that computes otherwise is found."""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM as REAL

from onprem.security.selftest import STANDARDS, Answer, wrong


@pytest.mark.parametrize("name", STANDARDS)
def test_answer_comes_out_and_names_its_source(name):
    assert wrong({name: STANDARDS[name]}) == []
    assert STANDARDS[name].source


def test_another_answer_a_failure_and_nothing_are_wrong():
    def fails():
        raise RuntimeError("a value")

    right = Answer("", lambda: b"right", b"right")
    answers = {
        "right": right,
        "other": Answer("", lambda: b"other", b"right"),
        "nothing": Answer("", lambda: b"", b"right"),
        "failure": Answer("", fails, b"right"),
    }
    assert wrong(answers) == ["other", "nothing", "failure"]


def broken_hash(data=b""):
    return hashlib.sha512(data)


BREAKAGES = {
    "SHA-256": lambda patch: patch.setattr(hashlib, "sha256", broken_hash),
    "HMAC": lambda patch: patch.setattr(hmac, "digest", lambda *_: bytes(32)),
    "HKDF": lambda patch: patch.setattr("cryptography.hazmat.primitives.kdf.hkdf.HKDF", Constant),
    "AES-256-GCM": lambda patch: patch.setattr("cryptography.hazmat.primitives.ciphers.aead.AESGCM", Accepting),
    "Ed25519": lambda patch: patch.setattr(
        "cryptography.hazmat.primitives.asymmetric.ed25519.Ed25519PrivateKey", AcceptingKey
    ),
    "Argon2id": lambda patch: patch.setattr("cryptography.hazmat.primitives.kdf.argon2.Argon2id", Constant),
}


class Constant:
    def __init__(self, *args, **kwargs):
        pass

    def derive(self, *_):
        return bytes(42)


class Accepting:
    """Encrypts rightly, and accepts a forged tag."""

    def __init__(self, key):
        self._real = REAL(key)

    def encrypt(self, *arguments):
        return self._real.encrypt(*arguments)

    def decrypt(self, *_):
        from onprem.security import selftest

        return selftest._GCM_PLAIN


class AcceptingKey:
    """Signs rightly, and accepts every signature."""

    @classmethod
    def from_private_bytes(cls, _):
        return cls()

    def sign(self, _):
        return STANDARDS["Ed25519"].expected

    def public_key(self):
        return self

    def verify(self, *_):
        return None


@pytest.mark.parametrize("name", STANDARDS)
def test_library_that_computes_otherwise_is_found(monkeypatch, name):
    BREAKAGES[name](monkeypatch)
    assert wrong({name: STANDARDS[name]}) == [name]
