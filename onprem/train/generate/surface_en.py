"""What happens to text on its way: hard-wrapped lines, lost punctuation, scanner noise, odd spacing. Tags are kept."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from onprem.labels import Label
from onprem.tagged import Gold, Tagged
from onprem.train.generate.coined_en import abbreviation
from onprem.train.generate.lexicon_en import dictionary

_PIECE = re.compile(r"(</?[A-Z_]+>)")
_WEEKDAY = re.compile(
    r"\b(?:(?i:(?:mon|tues|wednes|thurs|fri|satur|sun)day)|(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun|MON|TUE|WED|THU|FRI|SAT|SUN)\.?)"
    r",?[ ]{1,2}(?:the[ ])?$"
)
_ORDINARY = re.compile(r"\b[A-Za-z][a-z]{3,}\b")
_NUMBER = re.compile(r"(?<![A-Za-z\d])\d{1,4}(?![A-Za-z\d])")
_WEEKDAY_REACH = 20  # code points
_SCANNED = {"l": "1", "O": "0", "o": "0", "I": "l", "S": "5", "rn": "m", "e": "c", "B": "8"}


def _pieces(text: str, change: Callable[[str], str], *, inside: bool) -> str:
    """Change the text between tags, that of identifiers only where `inside`."""
    changed: list[str] = []
    within = False
    for piece in _PIECE.split(text):
        if _PIECE.fullmatch(piece):
            within = not piece.startswith("</")
            changed.append(piece)
        else:
            changed.append(change(piece) if inside or not within else piece)
    return "".join(changed)


def reworded(text: str, rng: random.Random, *, share: float) -> str:
    """Put other words of the dictionary for a share of the words outside identifiers, and drop a few.

    What remains is no sense, but teaches that an unknown word in a known place need not be a name.
    """
    words = dictionary()

    def swap(match: re.Match[str]) -> str:
        draw = rng.random()
        if draw > share:
            return match.group()
        word = match.group()
        if draw < share * 0.1:
            return ""
        if draw < share * 0.2:
            return abbreviation(rng)
        other = rng.choice(words)
        return other.capitalize() if word[0].isupper() else other

    return _pieces(text, lambda piece: _ORDINARY.sub(swap, piece), inside=False)


def renumbered(text: str, rng: random.Random) -> str:
    """Draw new digits for half of the numbers outside identifiers."""

    def draw(match: re.Match[str]) -> str:
        number = match.group()
        if rng.random() < 0.5 or len(number) > 3:
            return number
        return str(rng.randrange(10 ** (len(number) - 1) if len(number) > 1 else 0, 10 ** len(number)))

    return _pieces(text, lambda piece: _NUMBER.sub(draw, piece), inside=False)


def wrap(text: str, width: int) -> str:
    """Break lines at `width` characters, as old systems do; tags count nothing."""
    lines = []
    for line in text.split("\n"):
        length = 0
        words: list[str] = []
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
    return _pieces(text, lambda piece: re.sub(r"[.,;:](?=\s|$)", "", piece).lower(), inside=True)


def scanned(text: str, rng: random.Random) -> str:
    """Misread a character here and there, outside identifiers and sometimes inside."""

    def misread(piece: str) -> str:
        return "".join(_SCANNED.get(mark, mark) if rng.random() < 0.02 else mark for mark in piece)

    return _pieces(text, misread, inside=True)


def _one_line(text: str, rng: random.Random) -> str:
    return re.sub(r"\n+", rng.choice((" ", "  ", " | ", " / ")), text)


def _spaced(text: str, rng: random.Random) -> str:
    return text.replace(". ", ".  ").replace(": ", rng.choice((":", ":  ", ":\t")))


_WEAR: tuple[tuple[float, Callable[[str, random.Random], str]], ...] = (
    (0.70, lambda text, _: text),
    (0.10, lambda text, rng: wrap(text, rng.choice((40, 60, 72, 80)))),
    (0.05, lambda text, _: unpunctuated(text)),
    (0.03, scanned),
    (0.04, _one_line),
    (0.03, _spaced),
    (0.02, lambda text, _: text.replace("\n", "\r\n")),
    (0.03, lambda text, _: text.replace("\n", "\n\n")),
)


def roughen(text: str, rng: random.Random) -> str:
    """Leave most documents as they are; give the others one kind of wear."""
    change = rng.choices([wear for _, wear in _WEAR], [share for share, _ in _WEAR])[0]
    return change(text, rng)


def with_weekdays(tagged: Tagged) -> Tagged:
    """Return the document with a weekday that stands right before a date as a part of it: `Tuesday, March 4`.

    Beside a date that has become its year, the weekday would tell more than the year.
    """
    spans: list[Gold] = []
    for span in tagged.spans:
        start = span.start
        if span.label in {Label.DATE, Label.BIRTH_DATE}:
            before = _WEEKDAY.search(tagged.text, max(0, start - _WEEKDAY_REACH), start)
            if before is not None and not (spans and spans[-1].end > before.start()):
                start = before.start()
        spans.append(Gold(start, span.end, span.label))
    return Tagged(tagged.text, tuple(spans))
