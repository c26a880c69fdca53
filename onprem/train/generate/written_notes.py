"""Notes written by hand for training (`written/LANG_*.txt`): what no template has, the way people write.

A file holds notes one after the other, each headed by `=== id` or `=== id kind`, with inline tags. All people, places and
numbers are invented. A note belongs to one split by the hash of its id.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from onprem.tagged import Gold, Tagged, parse
from onprem.train.generate.contract import Split, split_of

_HEAD = re.compile(r"^=== (\S+)(?: (\S+))?[ ]*\n", re.MULTILINE)
_FOLDER = Path(__file__).parent / "written"


def notes_of(path: Path) -> list[tuple[str, str | None, str]]:
    """Return (id, kind, tagged text) of the notes of a file; the kind is None where the head has none."""
    pieces = _HEAD.split(path.read_text(encoding="utf-8"))[1:]
    return [
        (name, kind, text.strip("\n")) for name, kind, text in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True)
    ]


@cache
def written(lang: str, split: Split) -> tuple[Tagged, ...]:
    """Return the notes of a language that belong to a split."""
    notes = [note for path in sorted(_FOLDER.glob(f"{lang}_*.txt")) for note in notes_of(path)]
    return tuple(parse(text) for name, _, text in notes if split_of(f"written:{name}") == split)


def part_of(note: Tagged, first: float, second: float) -> Tagged:
    """Return the lines of a note between two shares of its length (0..1); a note of one line stays whole."""
    low, high = sorted((int(first * len(note.text)), int(second * len(note.text))))
    start = note.text.rfind("\n", 0, low) + 1
    end = note.text.find("\n", high)
    end = len(note.text) if end < 0 else end
    if any(span.start < start < span.end or span.start < end < span.end for span in note.spans):
        return note
    inside = [span for span in note.spans if start <= span.start and span.end <= end]
    return Tagged(note.text[start:end], tuple(Gold(s.start - start, s.end - start, s.label) for s in inside))
