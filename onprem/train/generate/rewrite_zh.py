"""Other identities for a Chinese note that was written by hand: each identifier gives way to one of its own form.

The words of the note stay; names, days, places and numbers are drawn anew, mostly in the form they had, now and then as they
stand. Within a note a name, and its surname alone, are always replaced alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from onprem.labels import Label
from onprem.tagged import Tagged
from onprem.train.generate.zh_scene import Draft, Scene
from onprem.train.generate.zh_slots_people import PEOPLE
from onprem.train.generate.zh_words import all_surnames, han_number, words

_KEPT = 0.25  # share of notes whose names stay as they are written
_DRAWN = 0.4  # share of places and bodies that are drawn from lists
_FIGURES = re.compile(r"\d+")
_HAN_FIGURES = re.compile(r"[〇零一二三四五六七八九十]+")
_CAPITALS = re.compile(r"[A-Z]")
_PREFIX = ("老", "小", "阿")
_NO_NAME = re.compile(r"[某×*＊XxＸ□○●]")
_MOST = {"月": 12, "日": 28, "号": 28}


class Rewriter:
    """Draws identifiers for one note, in the forms of those it has."""

    def __init__(self, scene: Scene, random: Random) -> None:
        self._scene = scene
        self._random = random
        self._surnames: dict[str, str] = {}
        self._given: dict[str, str] = {}
        self._keeps_names = random.random() < _KEPT
        places, institutions = scene.places, scene.institutions
        self._by_label: dict[Label, Callable[[str], str]] = {
            Label.NAME: self._name,
            Label.DATE: self._day,
            Label.BIRTH_DATE: self._day,
            Label.AGE: self._age,
            Label.STATE: lambda text: self._drawn(text, places.province if len(text) > 2 else places.short_province),
            Label.CITY: lambda text: self._drawn(
                text,
                places.county if text[-1] in "县区旗" else places.city if text[-1] == "市" else places.bare_city,
            ),
            Label.ADDRESS: lambda text: self._number(self._drawn(text, places.local_address)),
            Label.HOSPITAL: lambda text: self._drawn(
                text, institutions.hospital if len(text) > 5 else institutions.short_hospital
            ),
            Label.ORGANISATION: lambda text: self._drawn(text, institutions.organisation),
            Label.OCCUPATION: lambda text: self._slot(text, "job"),
            Label.ETHNICITY: lambda text: self._slot(text, "ethnic"),
            Label.NATIVE_PLACE: lambda text: self._slot(text, "native"),
            Label.EMAIL: self._number,
        }

    def rewrite(self, note: Tagged) -> Tagged:
        """Return the note with other identifiers."""
        draft = Draft()
        position = 0
        for span in note.spans:
            draft.write(note.text[position : span.start])
            text = note.text[span.start : span.end]
            draft.write(self._by_label.get(span.label, self._number)(text) or text, span.label)
            position = span.end
        draft.write(note.text[position:])
        return draft.tagged()

    def _name(self, text: str) -> str:
        if self._keeps_names or _NO_NAME.search(text) or any(c.isascii() and c.isalpha() for c in text):
            return text
        people = self._scene.people
        if not text.isalpha() or len(text) > 4:  # 买买提·吐尔逊 and other names that are not surname and given name
            return self._given.setdefault(text, people.other_name())
        prefix = text[0] if len(text) == 2 and text[0] in _PREFIX else ""
        rest = text[len(prefix) :]
        surname = rest[:2] if rest[:2] in words("names", "compound") else rest[:1]
        if surname not in all_surnames() and surname not in words("names", "compound"):
            # a given name alone, a pet name
            return self._given.setdefault(text, people.given(30)[: max(1, len(text))])
        given = rest[len(surname) :]
        changed = self._surnames.setdefault(surname, people.surname())
        return prefix + changed + (self._given.setdefault(given, people.given(40)) if given else "")

    def _day(self, text: str) -> str:
        def figures(match: re.Match[str]) -> str:
            digits = match.group()
            if len(digits) == 4 and digits[:2] in {"19", "20"}:
                return str(self._random.randint(1930, 2027))
            if len(digits) > 2:
                return self._scene.codes.digits(len(digits))
            most = _MOST.get(text[match.end() : match.end() + 1], 12 if int(digits) <= 12 else 28)
            drawn = str(self._random.randint(1, most))
            return drawn.zfill(2) if digits.startswith("0") else drawn

        def han(match: re.Match[str]) -> str:
            most = _MOST.get(text[match.end() : match.end() + 1])
            return han_number(self._random.randint(1, most)) if most and len(match.group()) < 4 else match.group()

        return _HAN_FIGURES.sub(han, _FIGURES.sub(figures, text))

    def _age(self, text: str) -> str:
        def change(match: re.Match[str]) -> str:
            low = 10 ** (len(match.group()) - 1) if len(match.group()) > 1 else 1
            return str(self._random.randint(low, min(10 ** len(match.group()) - 1, 104)))

        return _FIGURES.sub(change, text)

    def _number(self, text: str) -> str:
        changed = _FIGURES.sub(lambda match: self._scene.codes.digits(len(match.group())), text)
        if any(c.isdigit() for c in text) and self._random.random() < 0.4:
            changed = _CAPITALS.sub(lambda _: self._random.choice("ABCDEFGHJKLMNPQRSTWXYZ"), changed)
        return changed

    def _drawn(self, text: str, draw: Callable[[], str]) -> str:
        return draw() if self._random.random() < _DRAWN else text

    def _slot(self, text: str, name: str) -> str:
        """Draw from a slot of people's descriptions, where it writes one identifier and nothing else."""
        if self._random.random() >= _DRAWN:
            return text
        draft = Draft()
        PEOPLE[name](self._scene, draft)
        return "".join(draft.pieces) if len(draft.spans) == 1 and draft.spans[0].end == draft.length else text
