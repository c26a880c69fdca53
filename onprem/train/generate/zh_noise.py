"""What happens to Chinese text on its way into a record: full width, lost punctuation, spaces, OCR slips, traditional forms.

Rules: a change keeps every span on its identifier; only changes of known length are made.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random

from onprem.tagged import Gold, Tagged

_FULL = {ord(c): chr(ord(c) + 0xFEE0) for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz:()-/,."}
_HALF_MARKS = str.maketrans("，：；（）？！　", ",:;()?! ")
_OCR = str.maketrans(
    {"0": "O", "1": "l", "日": "曰", "己": "已", "未": "末", "人": "入", "土": "士", "，": "．", "：": "∶", "5": "S"}
)


def mapped(tagged: Tagged, change: Callable[[int, str], str]) -> Tagged:
    """Replace each character by what `change(position, character)` returns, moving the spans along."""
    pieces: list[str] = []
    offsets: list[int] = []
    length = 0
    for position, character in enumerate(tagged.text):
        offsets.append(length)
        piece = change(position, character)
        pieces.append(piece)
        length += len(piece)
    offsets.append(length)
    text = "".join(pieces)
    spans = []
    for span in tagged.spans:
        start, end = offsets[span.start], offsets[span.end]
        while end > start and text[end - 1].isspace():
            end -= 1  # white space put behind an identifier is not of it
        if start < end:
            spans.append(Gold(start, end, span.label))
    return Tagged(text, tuple(spans))


@cache
def _traditional() -> object:
    from opencc import OpenCC  # the only importer here; needed for generation alone

    return OpenCC("s2t")


def traditional(tagged: Tagged) -> Tagged:
    """Write in traditional characters; a text whose length would change stays as it is."""
    text: str = _traditional().convert(tagged.text)  # type: ignore[attr-defined]
    return Tagged(text, tagged.spans) if len(text) == len(tagged.text) else tagged


def noisy(tagged: Tagged, random: Random) -> Tagged:
    """Return the document as it is (most often), or changed in one or two ways."""
    draw = random.random()
    if draw < 0.62:
        return tagged
    if draw < 0.68:
        return Tagged(tagged.text.translate(_FULL), tagged.spans)
    if draw < 0.78:
        return Tagged(tagged.text.translate(_HALF_MARKS), tagged.spans)
    if draw < 0.84:
        return mapped(tagged, lambda _, c: "" if c in "，。：；、,.:;" and random.random() < 0.85 else c)
    if draw < 0.87:
        return mapped(tagged, lambda _, c: " " if c in "，。；、" else c)
    if draw < 0.90:
        return traditional(tagged)
    if draw < 0.93:
        width = random.randint(14, 44)
        return mapped(tagged, lambda i, c: c + "\n" if i % width == width - 1 else c)
    if draw < 0.95:
        return mapped(tagged, lambda _, c: c.translate(_OCR) if random.random() < 0.04 else c)
    if draw < 0.97:
        return mapped(tagged, lambda _, c: c + " " if random.random() < 0.03 else c)
    if draw < 0.985:
        return mapped(tagged, lambda _, c: "" if c == "\n" else c)
    return mapped(tagged, lambda _, c: "" if c in "\n " else c)
