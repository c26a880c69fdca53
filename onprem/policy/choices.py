"""Keyed choices: everything invented for a patient is drawn from HMAC-SHA-256 under a key of that patient's secret.

The same patient, purpose and value give the same choice on any machine; without the secret nothing can be recomputed.
"""

from __future__ import annotations

import hashlib
import hmac
import tomllib
from collections.abc import Sequence, Set
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from onprem.policy.contract import Subject

T = TypeVar("T")


class Choices:
    """Draws numbers and items for one subject. Keys of purposes are derived once."""

    __slots__ = ("_keys", "_subject")

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._keys: dict[str, bytes] = {}

    def digest(self, purpose: str, value: str) -> bytes:
        """Return 32 bytes for `value` under the subject's key for `purpose`."""
        key = self._keys.get(purpose)
        if key is None:
            key = self._keys[purpose] = self._subject.key(purpose)
        return hmac.digest(key, value.encode("utf-8", "surrogatepass"), hashlib.sha256)

    def number(self, purpose: str, value: str, bound: int) -> int:
        """Return a number in [0, bound); the bias for bounds below 2**64 is under 2**-64."""
        return int.from_bytes(self.digest(purpose, value)[:16], "big") % bound

    def pick(self, purpose: str, value: str, items: Sequence[T], *, never: Set[T] = frozenset()) -> T:
        """Choose an item that is not in `never`; if all are, the choice is made among all."""
        start = self.number(purpose, value, len(items))
        for step in range(len(items)):
            item = items[(start + step) % len(items)]
            if item not in never:
                return item
        return items[start]


@lru_cache(maxsize=1)
def _lists() -> dict[str, dict[str, tuple[str, ...]]]:
    content = tomllib.loads((Path(__file__).parent / "names.toml").read_text(encoding="utf-8"))
    return {
        lang: {
            key: tuple(dict.fromkeys(item.replace("_", " ") for item in text.split())) for key, text in lists.items()
        }
        for lang, lists in content.items()
    }


def words(lang: str, key: str) -> tuple[str, ...]:
    """Return one list of names.toml: `words("en", "surnames")`."""
    return _lists()[lang][key]
