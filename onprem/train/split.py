"""Splits by patient: whatever is of one patient (of one abstract, one portrait) stands on one side.

Which side a group is on follows from a digest of its name and the seed alone, so more data moves nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol, TypeVar


class Grouped(Protocol):
    """Something that belongs to somebody."""

    @property
    def text(self) -> str:
        """What it says."""

    @property
    def group(self) -> str:
        """Whom it is of; "" where nothing says so, and then it stands alone."""


T = TypeVar("T", bound=Grouped)


def split(items: Sequence[T], shares: Sequence[float], seed: int = 0) -> list[list[T]]:
    """Return the items in as many parts as there are shares, which add up to 1; about so many groups are in each.

    Items without a group are placed by their text, so that the same text is never on two sides.
    """
    parts: list[list[T]] = [[] for _ in shares]
    bounds = [sum(shares[: place + 1]) for place in range(len(shares))]
    for item in items:
        said = f"{seed}/g/{item.group}" if item.group else f"{seed}/t/{item.text}"
        where = int.from_bytes(hashlib.sha256(said.encode()).digest()[:8]) / 2**64
        place = next((place for place, bound in enumerate(bounds) if where < bound), len(parts) - 1)
        parts[place].append(item)
    return parts
