"""Word lists of the detectors, compiled for this project; `#` begins a comment, white space separates words."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources


@lru_cache(maxsize=32)
def words(name: str) -> frozenset[str]:
    """Return the words of the list `name` (a file `name.txt` of this folder)."""
    text = resources.files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() for word in line.partition("#")[0].split())
