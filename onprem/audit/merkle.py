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
        height, digest = 0, leaf
        while self._peaks and self._peaks[-1][0] == height:
            digest = node_hash(self._peaks.pop()[1], digest)
            height += 1
        self._peaks.append((height, digest))
        self.size += 1

    def root(self) -> bytes:
        """Return the Merkle tree hash of all leaves so far (32 bytes)."""
        if not self._peaks:
            return EMPTY_ROOT
        digest = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            digest = node_hash(left, digest)
        return digest
