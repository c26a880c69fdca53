"""What happens to Chinese text on its way into a record: full width, lost punctuation, spaces, OCR slips, traditional forms.

Rules: a change keeps every span on its identifier; only changes of known length are made.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import accumulate
from random import Random

from onprem.tagged import Gold, Tagged

_FULL = {ord(c): chr(ord(c) + 0xFEE0) for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz:()-/,."}
Change = Callable[[Tagged, Random], Tagged]
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


def _wrapped(tagged: Tagged, random: Random) -> Tagged:
    width = random.randint(14, 44)
    return mapped(tagged, lambda i, c: c + "\n" if i % width == width - 1 else c)


def _dropping(characters: str, share: float = 1.0, instead: str = "") -> Change:
    """Drop marks, but none between two digits: a time of day without its colon would look like a number of somebody."""

    def change(tagged: Tagged, random: Random) -> Tagged:
        text = tagged.text

        def drop(position: int, character: str) -> str:
            if character not in characters or random.random() >= share:
                return character
            between = text[max(0, position - 1) : position + 2]
            return character if len(between) == 3 and between[0].isdigit() and between[2].isdigit() else instead

        return mapped(tagged, drop)

    return change


_CHANGES: tuple[tuple[float, Change], ...] = (
    (0.62, lambda tagged, _: tagged),
    (0.06, lambda tagged, _: Tagged(tagged.text.translate(_FULL), tagged.spans)),
    (0.10, lambda tagged, _: Tagged(tagged.text.translate(_HALF_MARKS), tagged.spans)),
    (0.06, _dropping("，。：；、,.:;", 0.85)),
    (0.03, _dropping("，。；、", instead=" ")),
    (0.03, lambda tagged, _: traditional(tagged)),
    (0.03, _wrapped),
    (0.02, lambda tagged, random: mapped(tagged, lambda _, c: c.translate(_OCR) if random.random() < 0.04 else c)),
    (0.02, lambda tagged, random: mapped(tagged, lambda _, c: c + " " if random.random() < 0.03 else c)),
    (0.015, _dropping("\n")),
    (0.015, _dropping("\n ")),
)
_SHARES = tuple(accumulate(share for share, _ in _CHANGES))


def noisy(tagged: Tagged, random: Random) -> Tagged:
    """Return the document as it is (most often), or changed in one way."""
    _, change = random.choices(_CHANGES, cum_weights=_SHARES)[0]
    return change(tagged, random)
