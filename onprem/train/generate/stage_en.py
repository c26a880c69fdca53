"""The stage of a scene: what a document is about, and how a template is filled.

A template is text with `{slots}` and `[choices|of|wording|]`. Every slot writes text with inline tags (`onprem.tagged`), so
a template cannot forget to tag what it invents.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache

from onprem.train.generate import dates_en as dates
from onprem.train.generate import places_en as places
from onprem.train.generate.contract import Split
from onprem.train.generate.identities_en import person, typo, words
from onprem.train.generate.lexicon_en import diseases

_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_SLOT = re.compile(r"\{([a-z_0-9]+)\}")
_MISSPELT = 0.03  # share of documents in which names are misspelt here and there
_DISEASES = 0.55  # share of diagnoses that come from the long list


def tag(label: str, text: str) -> str:
    """Wrap text in an inline tag; the full stop of an abbreviation (`Feb.`, `Rd.`) stays outside but for names."""
    if text.endswith(".") and label not in {"NAME", "AGE"}:
        return f"<{label}>{text[:-1]}</{label}>."
    return f"<{label}>{text}</{label}>"


@cache
def clinic() -> dict[str, list[str]]:
    """Return the clinical words that identify nobody."""
    return words("en_clinic.toml")


@cache
def people() -> dict[str, list[str]]:
    """Return titles, credentials and relations."""
    return words("en_people.toml")


def settle(template: str, rng: random.Random) -> str:
    """Return the template with its choices made, nested ones from the inside."""

    def choose(match: re.Match[str]) -> str:
        chosen: str = rng.choice(match.group(1).split("|"))
        return chosen

    while "[" in template and (changed := _CHOICE.sub(choose, template)) != template:
        template = changed
    return template


class Stage:
    """The people, places and days of one document, and the filling of templates from slots."""

    def __init__(self, rng: random.Random, split: Split, sentence: Callable[[random.Random], str]) -> None:
        self.rng = rng
        self.split: Split = split
        self.sentence_of = sentence
        self.patient = person(rng, split)
        self.age_years = dates.age(rng)
        self.now = dates.day(rng, 1998, 2026)
        self.misspelt = rng.random() < _MISSPELT
        self.doctors = [person(rng, split) for _ in range(3)]
        self.home = places.city(rng, split)
        self.main_hospital = places.hospital(rng, split)

    def fill(self, template: str) -> str:
        """Fill choices, then slots; nested choices are settled from the inside."""
        return _SLOT.sub(self._slot, settle(template, self.rng))

    def _slot(self, match: re.Match[str]) -> str:
        name = match.group(1)
        method = getattr(self, "slot_" + name, None)
        if method is not None:
            text: str = method()
            return text
        if name == "icd" or (name == "diagnosis" and self.rng.random() < _DISEASES):
            term = self.rng.choice(diseases(self.split))
            return term if self.rng.random() < 0.4 else term[0].lower() + term[1:]
        word: str = self.rng.choice(clinic()[name])
        return word

    def name(self, text: str) -> str:
        """Tag the name of a person, misspelt here and there in some documents."""
        return tag("NAME", typo(text, self.rng) if self.misspelt and self.rng.random() < 0.3 else text)

    def slot_sentence(self) -> str:
        """A sentence of a carrier, with its ages tagged."""
        return self.sentence_of(self.rng)
