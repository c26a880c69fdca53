"""Perturbed copies of tagged documents: the same identifiers as people and machines really write them.

Rules: gold spans are carried over exactly; a copy is made by saying what each character becomes (`pieces`), so no
offset can drift; every copy is derived from a seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from onprem.dates.move import exact_date
from onprem.dates.words import han_counting, han_digits
from onprem.labels import Label
from onprem.tagged import Gold, Tagged
from onprem.text import HAN

Pieces = Callable[[Tagged, random.Random], list[str]]  # what every character of the text becomes, one string for each

_LOOK_ALIKE = {"0": "O", "O": "0", "1": "l", "l": "1", "5": "S", "S": "5", "8": "B", "B": "8", "m": "rn", "e": "c"}
_DATES = frozenset({Label.DATE, Label.BIRTH_DATE})
_RATE = 0.08  # share of words with a typing or recognition error
_SHORT = 4  # letters; shorter words get no typing error, as too little would be left of them


_ENGLISH: Sequence[Callable[[date], str]] = (
    date.isoformat,
    lambda day: f"{day.day} {day:%B} {day.year}",
    lambda day: f"{day:%b} {day.day}, {day.year}",
    lambda day: f"{day.month}/{day.day}/{day:%y}",
    lambda day: f"{day:%d}-{day:%b}-{day.year}".upper(),
    lambda day: f"{day:%d.%m.%Y}",
)
_CHINESE: Sequence[Callable[[date], str]] = (
    date.isoformat,
    lambda day: f"{day.year}.{day.month}.{day.day}",
    lambda day: f"{day.year}/{day:%m/%d}",
    lambda day: f"{day.year}年{day:%m}月{day:%d}日",
    lambda day: f"{day:%y}年{day.month}月{day.day}号",
    lambda day: f"{han_digits(day.year)}年{han_counting(day.month)}月{han_counting(day.day)}日",
)


def _upper(document: Tagged, _: random.Random) -> list[str]:
    return [character.upper() for character in document.text]


def _lower(document: Tagged, _: random.Random) -> list[str]:
    return [character.lower() for character in document.text]


def _full_width(document: Tagged, _: random.Random) -> list[str]:
    return [chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in document.text]


def _date_forms(document: Tagged, generator: random.Random) -> list[str]:
    """Write every date that is marked and complete in another form of its language; others stay."""
    forms = _CHINESE if HAN.search(document.text) else _ENGLISH
    pieces = list(document.text)
    for span in document.spans:
        day = exact_date(document.text[span.start : span.end]) if span.label in _DATES else None
        if day is not None:
            written = document.text[span.start : span.end]
            others = [other for form in forms if (other := form(day)) != written]
            pieces[span.start : span.end] = [generator.choice(others), *[""] * (span.end - span.start - 1)]
    return pieces


def _spacing(document: Tagged, generator: random.Random) -> list[str]:
    """Double some spaces, turn some into line breaks, and part some Chinese characters."""
    text = document.text
    pieces: list[str] = []
    for position, character in enumerate(text):
        after = text[position + 1 : position + 2]
        if character == " " and generator.random() < 0.15:
            pieces.append(generator.choice(("  ", "\n", "\u00a0")))
        elif "\u4e00" <= character <= "\u9fff" and "\u4e00" <= after <= "\u9fff" and generator.random() < 0.03:
            pieces.append(character + " ")
        else:
            pieces.append(character)
    return pieces


def _typos(document: Tagged, generator: random.Random) -> list[str]:
    """Transpose two letters, or double or drop one, inside some words of five letters and more."""
    pieces = list(document.text)
    for start, end in _words(document.text):
        if end - start <= _SHORT or generator.random() >= _RATE:
            continue
        place = generator.randrange(start + 1, end - 2)
        kind = generator.randrange(3)
        if kind == 0:
            pieces[place], pieces[place + 1] = pieces[place + 1], pieces[place]
        elif kind == 1:
            pieces[place] *= 2
        else:
            pieces[place] = ""
    return pieces


def _recognition(document: Tagged, generator: random.Random) -> list[str]:
    """Confuse characters that look alike, as optical recognition does."""
    rate = _RATE / 4
    return [
        _LOOK_ALIKE[character] if character in _LOOK_ALIKE and generator.random() < rate else character
        for character in document.text
    ]


def _words(text: str) -> list[tuple[int, int]]:
    words: list[tuple[int, int]] = []
    start = None
    for position, character in enumerate(text + " "):
        letter = character.isascii() and character.isalpha()
        if letter and start is None:
            start = position
        elif not letter and start is not None:
            words.append((start, position))
            start = None
    return words


PERTURBATIONS: Mapping[str, Pieces] = MappingProxyType(
    {
        "upper case": _upper,
        "lower case": _lower,
        "spacing": _spacing,
        "full width": _full_width,
        "typing errors": _typos,
        "recognition errors": _recognition,
        "date forms": _date_forms,
    }
)


def perturb(documents: Sequence[Tagged], name: str, *, seed: int = 0) -> list[Tagged]:
    """Return copies of `documents` under the perturbation `name` (a key of PERTURBATIONS)."""
    pieces = PERTURBATIONS[name]
    copies: list[Tagged] = []
    for index, document in enumerate(documents):
        generator = random.Random(f"{seed}:{index}")  # noqa: S311 - reproducible, not secret
        copies.append(_carry(document, pieces(document, generator)))
    return copies


def _carry(document: Tagged, pieces: Sequence[str]) -> Tagged:
    if len(pieces) != len(document.text):
        raise ValueError("a perturbation must return one piece for each character")
    offsets = [0]
    for piece in pieces:
        offsets.append(offsets[-1] + len(piece))
    spans = tuple(
        Gold(offsets[span.start], offsets[span.end], span.label)
        for span in document.spans
        if offsets[span.end] > offsets[span.start]
    )
    return Tagged("".join(pieces), spans)
