"""Merkle tree hashing of RFC 6962, section 2.1: leaf and node hashes, and a root over a stream of leaves.

Memory is logarithmic in the number of leaves: only the roots of complete subtrees are kept.
"""

from __future__ import annotations

import hashlib

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(line: bytes) -> bytes:
    """Return SHA-256(0x00 || line)."""
    return hashlib.sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing tree: add leaf hashes, ask for size and root at any time."""

    def __init__(self) -> None:
        self._peaks: list[tuple[int, bytes]] = []  # (height, root of a complete subtree), heights falling
        self.size = 0

    def add(self, leaf: bytes) -> None:
        """Append one leaf hash (32 bytes)."""
        self.add_subtree(0, leaf)

    def add_subtree(self, height: int, digest: bytes) -> None:
        """Append the 2**height leaves whose complete subtree has this root; it must begin at a multiple of 2**height.

        Raises:
            ValueError: it does not, so it would be no subtree of this tree.
        """
        if self.size % (1 << height):
            raise ValueError("not a subtree of this tree")
        size = self.size + (1 << height)
        while self._peaks and self._peaks[-1][0] == height:
            digest = node_hash(self._peaks.pop()[1], digest)
            height += 1
        self._peaks.append((height, digest))
        self.size = size

    def peaks(self) -> tuple[tuple[int, bytes], ...]:
        """Return (height, root) of the complete subtrees; added in this order to an empty tree, they give this one."""
        return tuple(self._peaks)

    def root(self) -> bytes:
        """Return the Merkle tree hash of all leaves so far (32 bytes)."""
        if not self._peaks:
            return EMPTY_ROOT
        digest = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            digest = node_hash(left, digest)
        return digest


def subtrees(first: int, leaves: list[bytes]) -> list[tuple[int, bytes]]:
    """Return (height, root) of the complete subtrees that cover `leaves`, the first of which has index `first`.

    Added in this order to a tree of `first` leaves, they give what adding each leaf gives.
    """
    covered: list[tuple[int, bytes]] = []
    place, end = first, first + len(leaves)
    while place < end:
        aligned = (place & -place).bit_length() - 1 if place else end.bit_length()
        height = min(aligned, (end - place).bit_length() - 1)
        covered.append((height, _root_of(leaves[place - first : place - first + (1 << height)])))
        place += 1 << height
    return covered


def _root_of(level: list[bytes]) -> bytes:
    """Return the root over a power of two of leaves."""
    sha256 = hashlib.sha256
    while len(level) > 1:
        level = [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=True)]
    return level[0]
