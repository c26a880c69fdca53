"""What one note is to be: its record, its kind, its sections with the facts that each must tell.

Rules: all of it is drawn from the seed and the number of the attempt. The patient's name is invented from the patient's
id and the seed; the hospital's tables hold none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from onprem.errors import UsageError
from onprem.synth.contract import Sources
from onprem.synth.ehr import Encounter, Patient, patient, read_patients
from onprem.synth.ehr.spec import spec
from onprem.synth.recipes._note_facts import STAY, Facts, facts_of

KINDS = ("discharge", "progress", "referral", "admission")
_BEDS = 10_000  # patients of the simulated hospital from which an encounter is drawn
_TRIES = 400
_DIGITS = re.compile(r"\d{4,}")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a note: `facts` are the places of the facts that it must tell."""

    name: str
    facts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A note that is to be written."""

    kind: str
    patient: str = field(repr=False)
    encounter: str = field(repr=False)
    name: str = field(repr=False)
    facts: Facts
    sections: tuple[Section, ...]

    @property
    def event(self) -> str:
        """Whether it is of a stay or a visit."""
        return "stay" if self.facts.kind == STAY else "visit"

    @property
    def invented(self) -> tuple[str, ...]:
        """The name, ids and days of the patient, which are of nobody."""
        days = [form for fact in self.facts.of("start", "end") for form in (*fact.forms, fact.unit)]
        digits = _DIGITS.findall(f"{self.patient} {self.encounter}")  # a detector may cut an id in two
        return (self.name, *self.name.split(), self.patient, self.encounter, *digits, *days)


class Ward:
    """Where the encounters come from: a folder of tables, or the simulated hospital."""

    def __init__(self, sources: Sources) -> None:
        """Read the tables, if there are any.

        Raises:
            UsageError: no encounter of the tables can be told in a note.
            InputError: a table cannot be read.
        """
        self._sources = sources
        self._read: dict[str, list[tuple[Patient, Encounter]]] = {}
        if sources.tables is not None:
            known = list(read_patients(sources.tables))
            for kind in KINDS:
                self._read[kind] = [(who, stay) for who in known for stay in who.encounters if _suits(who, stay, kind)]
            if not any(self._read.values()):
                raise UsageError(
                    "no encounter of the tables can be told in a note", hint="it takes a diagnosis and a result"
                )

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of notes that there are encounters for."""
        return tuple(kind for kind in KINDS if self._read[kind]) if self._read else KINDS

    def draft(self, number: int, kind: str) -> Draft | None:
        """Return what attempt `number` is to write, None where no encounter was found for it."""
        chance = self._sources.rng(number, "note")
        found = self._drawn(chance, kind)
        if found is None:
            return None
        who, stay = found
        lang = self._sources.lang
        name = invented_name(who, self._sources)
        facts = facts_of(who, stay, lang, name, chance=chance)
        return Draft(kind, who.patient_id, stay.encounter_id, name, facts, sections(facts, kind))

    def _drawn(self, chance: Random, kind: str) -> tuple[Patient, Encounter] | None:
        if self._read:
            return chance.choice(self._read[kind]) if self._read[kind] else None
        for _ in range(_TRIES):
            who = patient(chance.randrange(_BEDS), self._sources.seed, self._sources.lang)
            stays = [stay for stay in who.encounters if _suits(who, stay, kind)]
            if stays:
                return who, chance.choice(stays)
        return None


def invented_name(who: Patient, sources: Sources) -> str:
    """Return the name of a patient, the same in every note of one seed."""
    said = hashlib.sha256(f"name/{sources.seed}/{who.patient_id}".encode()).digest()
    names = spec().people.names[sources.lang]
    given = names["male" if who.sex == "male" else "female"]
    first, family = (
        given[int.from_bytes(said[:4]) % len(given)],
        names["family"][int.from_bytes(said[4:8]) % len(names["family"])],
    )
    return family + first if sources.lang == "zh" else f"{first} {family}"


def sections(facts: Facts, kind: str) -> tuple[Section, ...]:
    """Return the sections of a note; those without a fact are left out."""
    places = {id(fact): place for place, fact in enumerate(facts.all)}

    def at(these: Sequence[object]) -> tuple[int, ...]:
        return tuple(places[id(fact)] for fact in these)

    diagnoses = facts.of("diagnosis")
    parts = {
        "case": at([*facts.of("age", "sex", "start"), *diagnoses[:1]]),
        "others": at(diagnoses[1:]),
        "labs": at(facts.of("lab")),
        "drugs": at(facts.of("medication")),
        "close": at(facts.of("end")) if kind == "discharge" else (),
    }
    return tuple(Section(name, found) for name, found in parts.items() if found)


def _suits(who: Patient, stay: Encounter, kind: str) -> bool:
    """Whether a note of a kind can be written on an encounter: it tells who, when, what, and one thing measured or given."""
    if who.sex not in {"female", "male"} or not who.birth_date or not stay.start:
        return False
    if (stay.start.date() - who.birth_date).days < 400:  # "0-year-old" is no way to tell it
        return False
    if not any(each.name for each in stay.diagnoses) or not (stay.labs or stay.medications):
        return False
    if kind in {"discharge", "admission"}:
        return stay.kind == STAY and (
            kind == "admission" or (stay.end is not None and stay.end.date() > stay.start.date())
        )
    return True
