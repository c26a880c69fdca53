"""What a generator of training text is: one module per language, `onprem.train.generate.<lang>`, with two names.

    LEARNT      what the named-entity network of this language learns: gold label -> label it is learnt as
    documents   an endless stream of tagged documents of a split

Rules: the stream is decided by (split, seed) alone, and by the carriers in `data` where given; identities and
templates are partitioned by hash, so that none of dev or test is ever met in train; a label that LEARNT lacks is not
learnt (the text counts as no identifier).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

from onprem.labels import Label
from onprem.tagged import Tagged

Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = ("train", "dev", "test")


class Generator(Protocol):
    """A module of this package that makes text of one language."""

    LEARNT: Mapping[Label, Label]

    def documents(self, split: Split, seed: int, data: Path | None = None) -> Iterator[Tagged]:
        """Yield documents for ever. `data` is the folder of carriers (openly licensed text); None does without."""


def shared_out(keys: Sequence[str]) -> dict[Split, tuple[str, ...]]:
    """Share out a list of templates: ordered by hash, 10 % (at least one) go to dev, 12 % to test, the rest to train.

    Unlike `split_of` this leaves no split of a short list empty.
    """
    ranked = sorted(set(keys), key=lambda key: (zlib.crc32(key.encode("utf-8", "replace")), key))
    dev, test = max(1, len(ranked) // 10), max(1, round(len(ranked) * 0.12))
    parts: dict[Split, set[str]] = {"dev": set(ranked[:dev]), "test": set(ranked[dev : dev + test])}
    parts["train"] = set(ranked[dev + test :])
    return {split: tuple(key for key in keys if key in parts[split]) for split in SPLITS}


def split_of(key: str) -> Split:
    """Return the split that an identity, a template or a carrier's row belongs to: 80 % train, 10 % dev, 10 % test.

    The hash is of the key's UTF-8 bytes (CRC-32), so the partition is the same on every machine and in every version.
    """
    bucket = zlib.crc32(key.encode("utf-8", "replace")) % 10
    return "dev" if bucket == 8 else "test" if bucket == 9 else "train"
