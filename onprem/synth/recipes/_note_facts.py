"""The facts of one encounter that a note must tell, and the record as a text against which its sentences are held.

Rules: facts are what the tables tell, in one language; of each test one value. A fact knows the forms in which it may be
told. What the tables do not tell (a dose that is missing) is no fact. Months and days are those of the tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from random import Random
from typing import Literal, TypeVar

from onprem.synth.ehr.folder import shown
from onprem.synth.ehr.patient import Encounter, Patient
from onprem.synth.ehr.spec import ADULT, LANGS, SIDES, spec

Lang = Literal["en", "zh"]
T = TypeVar("T")

STAY = "inpatient"  # the class of an encounter for which somebody is admitted
MOST_DIAGNOSES, MOST_LABS, MOST_DRUGS = 4, 5, 5
_YEAR = 365.25
MONTHS = "January February March April May June July August September October November December".split()


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. `forms` are names under which it is told, the first that of the tables; `value` is told with it."""

    kind: str  # name, id, age, sex, diagnosis, lab, medication, start, end
    forms: tuple[str, ...] = field(repr=False)
    value: str = field(default="", repr=False)  # a number as the tables hold it
    unit: str = field(default="", repr=False)
    route: str = field(default="", repr=False)
    often: str = field(default="", repr=False)
    level: str = ""  # low, normal or high; "" where it is not known

    @property
    def told(self) -> str:
        """The fact as a line tells it."""
        said = [self.forms[0] if self.kind not in {"age"} else "", self.value, self.unit, self.route, self.often]
        return " ".join(part for part in said if part)


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts of a note, in the order in which they are told."""

    lang: Lang
    sex: str
    kind: str  # the class of the encounter
    all: tuple[Fact, ...] = field(repr=False)

    def of(self, *kinds: str) -> tuple[Fact, ...]:
        """Return the facts of some kinds."""
        return tuple(fact for fact in self.all if fact.kind in kinds)


def facts_of(patient: Patient, stay: Encounter, lang: Lang, name: str = "", *, chance: Random | None = None) -> Facts:
    """Return the facts of an encounter; `chance` draws which where there are too many, else it is the first ones."""
    found: list[Fact] = []
    if name:
        found += [Fact("name", (name,)), Fact("id", (patient.patient_id,))]
    age = _age(patient, stay)
    if age is not None:
        found.append(Fact("age", (str(age),), str(age)))
    if patient.sex:
        found.append(Fact("sex", (patient.sex,)))
    if stay.start:
        found.append(Fact("start", day_forms(stay.start.date(), lang), unit=stay.start.date().isoformat()))
    if stay.end and stay.start and stay.end.date() != stay.start.date():
        found.append(Fact("end", day_forms(stay.end.date(), lang), unit=stay.end.date().isoformat()))
    names = [each.name for each in stay.diagnoses if each.name]
    kept = names[:1] + _some(list(dict.fromkeys(names[1:])), MOST_DIAGNOSES - 1, chance)
    found += [Fact("diagnosis", forms_of("diagnosis", each, lang)) for each in dict.fromkeys(kept)]
    found += _some(list(_labs(stay, lang, patient.sex, age)), MOST_LABS, chance)
    found += _some(list(_drugs(stay, lang)), MOST_DRUGS, chance)
    return Facts(lang, patient.sex, stay.kind, tuple(found))


def _age(patient: Patient, stay: Encounter) -> int | None:
    if not patient.birth_date or not stay.start or stay.start.date() < patient.birth_date:
        return None
    return int((stay.start.date() - patient.birth_date).days / _YEAR)


def _some(these: list[T], most: int, chance: Random | None) -> list[T]:
    if len(these) <= most:
        return these
    places = sorted(chance.sample(range(len(these)), most)) if chance else range(most)
    return [these[place] for place in places]


def _labs(stay: Encounter, lang: Lang, sex: str, age: int | None) -> Iterator[Fact]:
    """Yield one fact a test: its first value."""
    seen: set[str] = set()
    for lab in stay.labs:
        if not lab.test or lab.value is None or lab.test in seen:
            continue
        seen.add(lab.test)
        forms = forms_of("lab", lab.test, lang)
        yield Fact("lab", forms, shown(lab.value), lab.unit, level=_level(lab.test, lab.value, sex, age))


def _level(test: str, value: float, sex: str, age: int | None) -> str:
    for each in spec().tests.values():
        if test in {each.names[lang][0] for lang in LANGS} and sex in each.ranges and age is not None and age >= ADULT:
            low, high = each.ranges[sex]
            return "low" if value < low else "high" if value > high else "normal"
    return ""


def _drugs(stay: Encounter, lang: Lang) -> Iterator[Fact]:
    seen: set[str] = set()
    for each in stay.medications:
        if not each.drug or each.dose is None or not each.frequency or each.drug in seen:
            continue
        seen.add(each.drug)
        forms = forms_of("medication", each.drug, lang)
        yield Fact("medication", forms, shown(each.dose), each.unit, each.route, each.frequency)


def day_forms(day: date, lang: Lang) -> tuple[str, ...]:
    """Return the forms of a day that leave no doubt which one it is."""
    if lang == "zh":
        return f"{day.year}年{day.month}月{day.day}日", day.isoformat()
    month = MONTHS[day.month - 1]
    return f"{day.day} {month} {day.year}", day.isoformat(), f"{month} {day.day}, {day.year}"


def forms_of(kind: str, name: str, lang: Lang) -> tuple[str, ...]:
    """Return a name and what is read as the same."""
    return vocabulary(lang)[kind].get(name, (name,))


@cache
def vocabulary(lang: Lang) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return by kind every name of the specification with its forms; what is sided stands there for each side."""
    known = spec()
    diagnoses: dict[str, tuple[str, ...]] = {}
    for condition in known.conditions.values():
        sides = SIDES[lang] if condition.sided else ("",)
        for side in sides:
            forms = tuple(form.replace("{side}", side) for form in condition.names[lang])
            diagnoses[forms[0]] = forms
    return {
        "diagnosis": diagnoses,
        "lab": {each.names[lang][0]: each.names[lang] for each in known.tests.values()},
        "medication": {each.names[lang][0]: each.names[lang] for each in known.drugs.values()},
    }


@cache
def indications(lang: Lang) -> Mapping[str, frozenset[str]]:
    """Return what each drug of the specification is given for."""
    known = spec()
    found: dict[str, set[str]] = {}
    for condition in known.conditions.values():
        sides = SIDES[lang] if condition.sided else ("",)
        names = {condition.names[lang][0].replace("{side}", side) for side in sides}
        for treatment in condition.treatments:
            for key in treatment.one_of:
                found.setdefault(known.drugs[key].names[lang][0], set()).update(names)
    return {drug: frozenset(names) for drug, names in found.items()}


def record_text(facts: Facts) -> str:
    """Return the record as sentences, each fact in each of its forms, for `onprem.assist.ground.Note`."""
    lines: list[str] = []
    zh = facts.lang == "zh"
    for fact in facts.all:
        for form in fact.forms:
            measured = f"{fact.value} {fact.unit}".strip()
            given = [form, measured]
            if fact.kind == "age":
                noun = {"female": "女性", "male": "男性"} if zh else {"female": "woman", "male": "man"}
                sex = noun.get(facts.sex, "")
                lines.append(f"患者{sex}，{form}岁。" if zh else f"The patient is a {form}-year-old {sex}.")
            elif fact.kind == "diagnosis":
                lines += [f"诊断：{form}。", f"患者患{form}。"] if zh else [f"Diagnosis: {form}.", f"{form}."]
                if facts.kind == STAY:
                    lines.append(f"因{form}入院。" if zh else f"Admitted with {form}.")
            elif fact.kind == "lab":
                lines.append(f"{form}{measured}。" if zh else f"{form}: {measured}.")
            elif fact.kind == "medication":
                lines.append(
                    "，".join([" ".join(given), fact.often]) + "。" if zh else f"Takes {form} {measured} {fact.often}."
                )
                lines.append(
                    f"用药：{form} {measured} {fact.route} {fact.often}。"
                    if zh
                    else f"Takes {form} {measured} {fact.route} {fact.often}."
                )
            elif fact.kind == "start":
                said = ("入院", "Admitted") if facts.kind == STAY else ("就诊", "Seen")
                lines.append(f"{form}{said[0]}。" if zh else f"{said[1]} on {form}.")
            elif fact.kind == "end":
                lines.append(f"{form}出院。" if zh else f"Discharged on {form}.")
            elif fact.kind == "name":
                lines.append(f"姓名：{form}。" if zh else f"Patient: {form}.")
    return "\n".join(lines)
