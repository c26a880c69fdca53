"""Labelled text to learn from and to measure on: mentions in sentences, pairs of mentions, whole texts with a class.

One form of JSON lines for all three, written by recipes and read by training: `text`, and `spans`, or `head`, `tail` and
`label`, or `label`; optionally `id` and `patient`, by which splits are made. Offsets are code points, end exclusive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Mention:
    """An entity in a text."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text and its mentions, sorted and without overlap. `group` is what must not be split: a patient, an abstract."""

    text: str = field(repr=False)
    mentions: tuple[Mention, ...] = ()
    id: str = field(default="", repr=False)
    group: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two mentions in a text and what relates them; `label` is "" where nothing does."""

    text: str = field(repr=False)
    head: Mention
    tail: Mention
    label: str
    id: str = field(default="", repr=False)
    group: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Classed:
    """A text and its class."""

    text: str = field(repr=False)
    label: str
    id: str = field(default="", repr=False)
    group: str = field(default="", repr=False)


def mention_line(mention: Mention) -> dict[str, Any]:
    """Return a mention as JSON lines hold it."""
    return {"start": mention.start, "end": mention.end, "label": mention.label}


def sound(text: str, mentions: Iterable[Mention]) -> bool:
    """Say whether mentions are sorted, not empty, inside the text and without overlap."""
    at = 0
    for mention in mentions:
        if not at <= mention.start < mention.end <= len(text):
            return False
        at = mention.end
    return True


def mention_of(line: Mapping[str, Any]) -> Mention:
    """Return a mention of a JSON line.

    Raises:
        ValueError: a key is missing or of another type.
    """
    start, end, label = (line.get(name) for name in ("start", "end", "label"))
    if not isinstance(start, int) or not isinstance(end, int) or not isinstance(label, str):
        raise ValueError("a span has start, end and label")
    return Mention(start, end, label)
