"""Other identities for a note that was written by hand: each identifier gives way to one of its own form.

A note is met many times in training. Its words stay; its names, days, places and numbers are drawn anew, mostly in the form
they had (case, order, initials, separators, number of digits), now and then as they stand. Within a note a word of a name
is always replaced by the same word.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache

from onprem.labels import Label
from onprem.tagged import Tagged
from onprem.train.generate import dates_en as dates
from onprem.train.generate import places_en as places
from onprem.train.generate.identities_en import person
from onprem.train.generate.lexicon_en import dictionary
from onprem.train.generate.scenes_en import Scene

_KEPT = 0.25  # share of notes whose names stay as they are written
_DRAWN = 0.35  # share of places and bodies that are drawn from lists, whatever their form was
_WORD = re.compile(r"[^\W\d_]+")
_FIGURES = re.compile(r"\d+")
_ORDINAL = re.compile(r"(\d{1,2})(st|nd|rd|th)\b", re.IGNORECASE)
# words inside a name that are no part of anybody's identity
_NO_NAME = frozenset(
    "baby boy girl twin infant newborn of jr sr ii iii iv née nee aka van von der den de del della di da dos la le el al "
    "bin bint ibn abu ap s d o and y e dit mr mrs ms dr miss".split()
)
_MONTHS = {name.lower(): names for names in (dates.MONTHS, dates.SHORT) for name in names}
_DIGIT_WORDS = "zero one two three four five six seven eight nine".split()


@cache
def _ordinary() -> frozenset[str]:
    """The words of the dictionary: what of a body's name says what it is."""
    return frozenset(dictionary())


def cased(word: str, like: str) -> str:
    """Write `word` in the case of `like`."""
    if like.isupper() and len(like) > 1:
        return word.upper()
    if like.islower():
        return word.lower()
    return word


class Rewriter:
    """Draws identifiers for one note, in the forms of those it has."""

    def __init__(self, scene: Scene, rng: random.Random) -> None:
        self._scene = scene
        self._rng = rng
        self._words: dict[str, str] = {}
        self._keeps_names = rng.random() < _KEPT
        number, day = self._number, self._day
        self._by_label: dict[Label, Callable[[str], str]] = {
            Label.NAME: self._name,
            Label.DATE: day,
            Label.BIRTH_DATE: day,
            Label.AGE: self._age,
            Label.CITY: lambda text: self._drawn(text, self._scene.slot_city),
            Label.STATE: lambda text: self._drawn(
                text, self._scene.slot_st if len(text) < 4 else self._scene.slot_state
            ),
            Label.HOSPITAL: lambda text: self._body(text, self._scene.slot_clinic, self._scene.slot_hosp),
            Label.ORGANISATION: lambda text: self._body(text, self._scene.slot_org, self._scene.slot_school),
            Label.ADDRESS: lambda text: number(self._body(text, self._scene.slot_street)),
            Label.EMAIL: lambda text: self._drawn(text, self._scene.slot_email),
            Label.URL: lambda text: self._drawn(text, self._scene.slot_url),
        }

    def rewrite(self, note: Tagged) -> str:
        """Return the note with other identifiers, with inline tags."""
        pieces: list[str] = []
        position = 0
        for span in note.spans:
            pieces.append(note.text[position : span.start])
            text = note.text[span.start : span.end]
            changed = self._by_label.get(span.label, self._number)(text)
            pieces.append(f"<{span.label}>{changed if changed.strip() == changed and changed else text}</{span.label}>")
            position = span.end
        pieces.append(note.text[position:])
        return "".join(pieces)

    def _name(self, text: str) -> str:
        if self._keeps_names:
            return text
        words = _WORD.findall(text)
        if len(words) > 3 and all(len(word) == 1 for word in words):  # spelled: S-M-I-T-H
            return _WORD.sub(lambda match: cased(self._rng.choice("ABCDEGHIKLMNOPRSTUVZ"), match.group()), text)
        last = words[-1] if words else ""
        before_comma = text.partition(",")[0] if "," in text else ""

        def change(match: re.Match[str]) -> str:
            word = match.group()
            if word.lower() in _NO_NAME:
                return word
            if len(word) == 1:
                return cased(self._rng.choice("ABCDEFGHJKLMNOPRSTVW"), word)
            family = (
                word in before_comma if before_comma else word is last or (word == last and self._rng.random() < 0.6)
            )
            if word.lower() not in self._words:
                who = person(self._rng, self._scene.split)
                drawn = who.family if family else self._rng.choice((who.given, who.given, who.nickname))
                self._words[word.lower()] = _WORD.findall(drawn)[0] if _WORD.findall(drawn) else word
            return cased(self._words[word.lower()], word)

        return _WORD.sub(change, text)

    def _day(self, text: str) -> str:
        rng = self._rng

        def month(match: re.Match[str]) -> str:
            word = match.group()
            names = _MONTHS.get(word.lower())
            if names is not None:
                return cased(rng.choice(names), word)
            if word.lower() in {day.lower() for day in dates.DAYS}:
                return cased(rng.choice(dates.DAYS), word)
            return word

        def figures(match: re.Match[str]) -> str:
            digits = match.group()
            if len(digits) == 4 and digits[:2] in {"19", "20"}:
                return str(rng.randint(1925, 2027))
            if len(digits) == 8:
                return dates.day(rng, 1930, 2027).strftime("%Y%m%d" if digits[:2] in {"19", "20"} else "%m%d%Y")
            if len(digits) > 2:
                return self._digits(digits)
            most = 12 if int(digits) <= 12 else 28 if int(digits) <= 31 else 99
            drawn = str(rng.randint(1, most))
            return drawn.zfill(2) if digits.startswith("0") or len(digits) > len(drawn) else drawn

        def ordinal(match: re.Match[str]) -> str:
            return cased(dates.ordinal(rng.randint(1, 28)), match.group(2))

        if _ORDINAL.search(text):
            return _ORDINAL.sub(ordinal, _WORD.sub(month, text))
        return _FIGURES.sub(figures, _WORD.sub(month, text))

    def _age(self, text: str) -> str:
        def change(match: re.Match[str]) -> str:
            low = 10 ** (len(match.group()) - 1) if len(match.group()) > 1 else 1
            return str(self._rng.randint(low, min(10 ** len(match.group()) - 1, 106)))

        return _FIGURES.sub(change, text)

    def _digits(self, digits: str) -> str:
        drawn = "".join(self._rng.choice("0123456789") for _ in digits)
        return (
            drawn if digits.startswith("0") or not drawn.startswith("0") else self._rng.choice("123456789") + drawn[1:]
        )

    def _number(self, text: str) -> str:
        def change(match: re.Match[str]) -> str:
            return self._digits(match.group())

        def spoken(match: re.Match[str]) -> str:
            word = match.group()
            if word.lower() in _DIGIT_WORDS:
                return cased(self._rng.choice(_DIGIT_WORDS), word)
            if len(word) <= 3 and word.isupper() and self._rng.random() < 0.5:
                return "".join(self._rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in word)
            return word

        return _WORD.sub(spoken, _FIGURES.sub(change, text))

    def _drawn(self, text: str, *slots: Callable[[], str]) -> str:
        """Draw a place of the same kind, unless the slot writes more than one identifier."""
        if self._rng.random() < _DRAWN:
            return text
        return self._slot(text, slots)

    def _body(self, text: str, *slots: Callable[[], str]) -> str:
        """Draw another body, or keep what this one is called after its words of the dictionary."""
        if self._rng.random() < _DRAWN:
            return self._slot(text, slots)
        if self._rng.random() < 0.4:
            return text

        def change(match: re.Match[str]) -> str:
            word = match.group()
            if len(word) < 3 or word.lower() in _ordinary() or word.lower() in _NO_NAME:
                return word
            draw = self._rng.random()
            drawn = (
                places.city(self._rng, self._scene.split) if draw < 0.4 else person(self._rng, self._scene.split).family
            )
            return cased(drawn, word)

        return _WORD.sub(change, text)

    def _slot(self, text: str, slots: tuple[Callable[[], str], ...]) -> str:
        match = re.fullmatch(r"<([A-Z_]+)>([^<>]*)</\1>", self._rng.choice(slots)())
        return cased(match.group(2), text) if match else text
