"""Text with inline tags, `Seen by Dr. <NAME>Lee</NAME>.`: the form in which a clinician can read gold spans.

Used by recogniser examples, the tagged corpora, generated training text and evaluation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from onprem.labels import Label

_TAG = re.compile(r"<(/?)([A-Z][A-Z_]*)>")


@dataclass(frozen=True, slots=True)
class Gold:
    """One identifier in a tagged text: code-point offsets, end exclusive."""

    start: int
    end: int
    label: Label


@dataclass(frozen=True, slots=True)
class Tagged:
    """A text and its identifiers, sorted and without overlap."""

    text: str = field(repr=False)
    spans: tuple[Gold, ...]


def parse(tagged: str) -> Tagged:
    """Read inline tags. Angle brackets that hold no label name are text.

    Raises:
        ValueError: a tag is not closed, is nested, or is closed without being open.
    """
    pieces: list[str] = []
    spans: list[Gold] = []
    length = position = 0
    opened: tuple[Label, int] | None = None
    for match in _TAG.finditer(tagged):
        if match.group(2) not in Label.__members__:
            continue
        label = Label[match.group(2)]
        pieces.append(tagged[position : match.start()])
        length += match.start() - position
        position = match.end()
        if not match.group(1):
            if opened is not None:
                raise ValueError("tags are nested")
            opened = (label, length)
        elif opened is None or opened[0] is not label:
            raise ValueError("a tag is closed that is not open")
        else:
            spans.append(Gold(opened[1], length, label))
            opened = None
    if opened is not None:
        raise ValueError("a tag is not closed")
    pieces.append(tagged[position:])
    return Tagged("".join(pieces), tuple(spans))


def render(tagged: Tagged) -> str:
    """Write a tagged text with inline tags; the inverse of `parse`."""
    pieces: list[str] = []
    position = 0
    for span in tagged.spans:
        pieces += (
            tagged.text[position : span.start],
            f"<{span.label}>",
            tagged.text[span.start : span.end],
            f"</{span.label}>",
        )
        position = span.end
    pieces.append(tagged.text[position:])
    return "".join(pieces)
