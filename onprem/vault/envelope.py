"""One sealed value that travels in a file of its own, outside of a sealed store.

Rules: AES-256-GCM with a random 96-bit nonce; what the value is about (`about`) is associated data, so that a sealed
value cannot be put in another's place; the form is base64, to stand in a line of JSON.
"""

from __future__ import annotations

import base64
import binascii
import os

from onprem.errors import SiteError

_NONCE = 12


def seal(key: bytes, value: bytes, *, about: bytes) -> str:
    """Return `value` sealed under `key` (32 bytes), as ASCII."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, value, about)).decode("ascii")


def unseal(key: bytes, sealed: str, *, about: bytes) -> bytes:
    """Return what `seal` was given.

    Raises:
        SiteError: it was sealed under another key or for another place, or is damaged.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        raw = base64.b64decode(sealed, validate=True)
        return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], about)
    except (InvalidTag, ValueError, binascii.Error):
        raise SiteError(
            "a sealed value is damaged or was sealed under another key", hint="restore the site's keys"
        ) from None
