"""A scene of people, places and days, consistent in a document, and the draft in which it is written.

Rules: a span is laid exactly where its identity is written; what is no identifier is written without one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from random import Random

from onprem.labels import Label
from onprem.tagged import Gold, Tagged
from onprem.train.generate.contract import Split
from onprem.train.generate.zh_codes import Codes
from onprem.train.generate.zh_dates import date_text
from onprem.train.generate.zh_institutions import Institutions
from onprem.train.generate.zh_people import People
from onprem.train.generate.zh_places import Places
from onprem.train.generate.zh_words import words

_SLOT = re.compile(r"\{(\w+)\}")


@dataclass
class Draft:
    """A tagged text being written."""

    pieces: list[str] = field(default_factory=list, repr=False)
    spans: list[Gold] = field(default_factory=list, repr=False)
    length: int = 0

    def write(self, text: str, label: Label | None = None) -> None:
        """Add text; with a label it is an identifier."""
        if label is not None and text:
            self.spans.append(Gold(self.length, self.length + len(text), label))
        self.pieces.append(text)
        self.length += len(text)

    def tagged(self) -> Tagged:
        """Return the text written so far."""
        return Tagged("".join(self.pieces), tuple(self.spans))


Part = tuple[str, str]  # literal text, then the name of the slot behind it ("" at the end)


@cache
def compiled(template: str) -> tuple[Part, ...]:
    """Cut a template into literals and slots."""
    parts = _SLOT.split(template)
    return tuple((parts[i], parts[i + 1] if i + 1 < len(parts) else "") for i in range(0, len(parts), 2))


class Scene:
    """The people, places and days of one document."""

    def __init__(self, split: Split, random: Random) -> None:
        self.random = random
        self.people = People(split, random)
        self.places = Places(split, random)
        self.institutions = Institutions(split, random)
        self.codes = Codes(random)
        self.female = random.random() < 0.5
        draw = random.random()
        self.age = (
            random.randint(0, 14) if draw < 0.12 else random.randint(90, 103) if draw > 0.95 else random.randint(15, 89)
        )
        self.year = random.randint(2005, 2026)
        self.day = (self.year, random.randint(1, 12), random.randint(1, 28))
        self.birth = (self.year - self.age, random.randint(1, 12), random.randint(1, 28))
        self.patient = self.people.name(self.age)
        self.form = random.randrange(10)  # the habit of this document: how dates are written
        self.relation, self.relative = random.choice(words("names", "relation")), self.people.name()
        self._staff: dict[str, str] = {}
        self._fixed: dict[str, str] = {}

    def staff(self, key: str) -> str:
        """Return the member of staff known by this key in the document."""
        return self._staff.setdefault(key, self.people.name(self.random.randint(24, 62)))

    def fixed(self, key: str, make: Callable[[], str]) -> str:
        """Return a value that stays the same in the document (a record number, a telephone)."""
        return self._fixed.setdefault(key, make())

    def surname(self, name: str) -> str:
        """Return the surname part of a Han name."""
        return name[:2] if name[:2] in words("names", "compound") else name[0]

    def date(self, *, years: tuple[int, int] = (0, 0), coarse: float = 0.0) -> str:
        """Write a date near the document's day, or some years before it."""
        random = self.random
        year = self.year - random.randint(*years)
        month, day = (
            (random.randint(1, 12), random.randint(1, 28)) if years != (0, 0) or random.random() < 0.5 else self.day[1:]
        )
        return date_text((year, month, day), random, habit=self.form, coarse=coarse)


Slot = Callable[[Scene, Draft], None]


def plain(choose: Callable[[Scene], str]) -> Callable[[Scene, Draft], None]:
    """Return a slot that writes text which identifies nobody."""
    return lambda scene, draft: draft.write(choose(scene))


def identity(label: Label, choose: Callable[[Scene], str]) -> Callable[[Scene, Draft], None]:
    """Return a slot that writes an identifier."""
    return lambda scene, draft: draft.write(choose(scene), label)


def clinical(name: str) -> Callable[[Scene, Draft], None]:
    """Return a slot that writes a word of a clinical list."""
    return lambda scene, draft: draft.write(scene.random.choice(words("clinical", name)))
