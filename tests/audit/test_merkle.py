"""Merkle hashing against published answers and against the definition written out."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from onprem.audit.merkle import Tree, leaf_hash, node_hash, subtrees

# The reference tree of the Certificate Transparency implementations (RFC 6962): eight leaves and the root at each size.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def test_published_roots():
    tree = Tree()
    assert tree.root().hex() == ROOTS[0]
    for leaf, root in zip(LEAVES, ROOTS[1:], strict=True):
        tree.add(leaf_hash(bytes.fromhex(leaf)))
        assert tree.root().hex() == root
    assert tree.size == 8


def definition(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(definition(leaves[:split]), definition(leaves[split:]))


@given(st.lists(st.binary(max_size=4), max_size=70))
def test_streaming_root_is_the_defined_root(leaves):
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf_hash(leaf))
    assert tree.root() == definition(leaves)


@given(st.integers(0, 70), st.lists(st.binary(max_size=4), max_size=70))
def test_subtrees_give_what_each_leaf_gives(first, lines):
    one, together = Tree(), Tree()
    for number in range(first):
        one.add(leaf_hash(bytes([number])))
        together.add(leaf_hash(bytes([number])))
    leaves = [leaf_hash(line) for line in lines]
    for leaf in leaves:
        one.add(leaf)
    for height, root in subtrees(first, leaves):
        together.add_subtree(height, root)
    assert (one.size, one.root()) == (together.size, together.root())
