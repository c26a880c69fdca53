"""What happens to text on its way: hard-wrapped lines, lost punctuation, scanner noise, odd spacing. Tags are kept."""

from __future__ import annotations

import random
import re

_PIECE = re.compile(r"(</?[A-Z_]+>)")
_SCANNED = {"l": "1", "O": "0", "o": "0", "I": "l", "S": "5", "rn": "m", "e": "c", "B": "8"}


def _outside_tags(text: str, change: object) -> str:
    return "".join(piece if _PIECE.fullmatch(piece) else change(piece) for piece in _PIECE.split(text))  # type: ignore[operator]


def wrap(text: str, width: int) -> str:
    """Break lines at `width` characters, as old systems do; tags count nothing."""
    lines = []
    for line in text.split("\n"):
        length = 0
        words = []
        for word in line.split(" "):
            shown = len(_PIECE.sub("", word))
            if length and length + shown > width:
                lines.append(" ".join(words))
                words, length = [], 0
            words.append(word)
            length += shown + 1
        lines.append(" ".join(words))
    return "\n".join(lines)


def unpunctuated(text: str) -> str:
    """Drop full stops and commas and write small letters, as dictation arrives; numbers keep their marks."""
    return _outside_tags(text, lambda piece: re.sub(r"[.,;:](?=\s|$)", "", piece).lower())


def scanned(text: str, rng: random.Random) -> str:
    """Misread a character here and there, outside identifiers and sometimes inside."""

    def misread(piece: str) -> str:
        return "".join(_SCANNED.get(mark, mark) if rng.random() < 0.02 else mark for mark in piece)

    return _outside_tags(text, misread)


def roughen(text: str, rng: random.Random) -> str:
    """Leave most documents as they are; give the others one kind of wear."""
    draw = rng.random()
    if draw < 0.70:
        return text
    if draw < 0.80:
        return wrap(text, rng.choice((40, 60, 72, 80)))
    if draw < 0.85:
        return unpunctuated(text)
    if draw < 0.88:
        return scanned(text, rng)
    if draw < 0.92:
        return re.sub(r"\n+", rng.choice((" ", "  ", " | ", " / ")), text)
    if draw < 0.95:
        return text.replace(". ", ".  ").replace(": ", rng.choice((":", ":  ", ":\t")))
    if draw < 0.97:
        return text.replace("\n", "\r\n")
    return text.replace("\n", "\n\n")
