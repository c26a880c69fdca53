"""Simulates patients from the specification, one after another.

Rules: patient `number` is a function of the seed and of it alone, in either language: only names differ. Memory does not
grow with the number of patients. Nothing is before birth or after death, and stays do not overlap.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Literal

from onprem.synth.ehr.life import YEAR, Episode, Life, live, poisson
from onprem.synth.ehr.patient import Diagnosis, Encounter, Lab, Medication, Patient
from onprem.synth.ehr.spec import LANGS, SIDES, LabTest, Spec, spec
from onprem.synth.ehr.treat import Chart

Lang = Literal["en", "zh"]

_OTHERS = 0.25  # of the visits of a further condition are visits of their own
_APART = 10  # days between encounters, at least
_MOST_LISTED = 7  # diagnoses of an encounter
_MOST_TESTS = 8
_EMERGENCY = 0.4  # of what is no stay and comes and goes
_WITHIN = 0.12  # of a reference range's width, from day to day
_SEVERITY, _FROM_TEST_TO_TEST = 0.8, 0.6  # of the spread of what a condition shifts: the patient's own, and the rest


def simulate(n: int, seed: int, lang: Lang) -> Iterator[Patient]:
    """Yield `n` patients; their names of things are in English or Chinese."""
    for number in range(n):
        yield patient(number, seed, lang)


def patient(number: int, seed: int, lang: Lang) -> Patient:
    """Return one patient of the hospital that a seed makes."""
    said = hashlib.sha256(f"ehr/{seed}/{number}".encode()).digest()
    rng = Random(int.from_bytes(said[:16]))  # noqa: S311 - varies what is simulated; guards nothing
    known = spec()
    life = live(known, rng)
    regions = known.people.regions[lang]
    region = rng.choices(regions, known.people.region_shares)[0]
    desk = _Desk(known, lang, life, rng, f"{number + 1:07d}")
    return Patient(
        patient_id=f"P{number + 1:07d}",
        birth_date=date.fromordinal(life.birth),
        death_date=date.fromordinal(life.death) if life.death else None,
        sex=life.sex,
        region=region,
        encounters=tuple(desk.encounters()),
    )


@dataclass(frozen=True, slots=True)
class _Planned:
    day: int
    until: int
    kind: str
    reason: Episode


@dataclass(slots=True)
class _Desk:
    """Writes one patient's encounters."""

    spec: Spec
    lang: Lang
    life: Life
    rng: Random
    key: str
    _own: dict[str, float] = field(default_factory=dict)  # where in a test's range the patient is, how ill
    _counts: dict[str, int] = field(default_factory=dict)

    def encounters(self) -> Iterator[Encounter]:
        chart = Chart(self.spec, self.life, self.rng)
        for plan in self._plans():
            about = self._about(plan)
            times = self._times(plan)
            given = tuple(chart.prescribe(about, plan.day, plan.until, plan.kind))
            yield Encounter(
                encounter_id=self._id("E"),
                start=times[0],
                end=times[1],
                kind=plan.kind,
                diagnoses=tuple(self._diagnosis(each) for each in about),
                labs=tuple(self._labs(plan, about, times)),
                medications=tuple(
                    Medication(
                        medication_id=self._id("M"),
                        drug=each.drug.names[self.lang][0],
                        dose=each.dose,
                        unit=self._said(self.spec.people.units, each.drug.unit),
                        route=self._said(self.spec.people.routes, each.drug.route),
                        frequency=self._said(self.spec.people.often, each.drug.often),
                        start=date.fromordinal(each.start),
                        end=date.fromordinal(each.end),
                    )
                    for each in given
                ),
            )

    def _plans(self) -> list[_Planned]:
        """Return when the patient is seen, and what for, in order, without overlap."""
        found = [*self._stays_of_passing(), *self._of_lasting()]
        found.sort(key=lambda plan: (plan.day, plan.kind != "inpatient", plan.reason.condition.key))
        kept: list[_Planned] = []
        stays = [plan for plan in found if plan.kind == "inpatient"]
        free = 0
        for plan in found:
            ahead = any(plan.day <= stay.day <= plan.day + 2 for stay in stays if stay is not plan)
            if plan.day < free or (plan.kind == "outpatient" and ahead):
                continue
            kept.append(plan)
            free = plan.until + (_APART if plan.kind != "emergency" else 1)
        return kept

    def _stays_of_passing(self) -> Iterator[_Planned]:
        for episode in self.life.passing:
            condition = episode.condition
            kind = "inpatient"
            if self.rng.random() >= condition.setting:
                urgent = condition.setting > 0 and self.rng.random() < _EMERGENCY
                kind = "emergency" if urgent else "outpatient"
            yield self._plan(episode.onset, kind, episode)

    def _of_lasting(self) -> Iterator[_Planned]:
        rates = [each.condition.visits for each in self.life.lasting]
        most = max(rates, default=0.0)
        for episode in self.life.lasting:
            begun = max(episode.onset, self.life.first)
            years = (self.life.last - begun) / YEAR
            if years < 0:
                continue
            condition = episode.condition
            share = 1.0 if condition.visits == most else _OTHERS
            if episode.onset >= self.life.first and condition.visits:
                yield self._plan(episode.onset, "outpatient", episode)
            for _ in range(poisson(condition.visits * share * years, self.rng)):
                yield self._plan(begun + int(self.rng.random() * years * YEAR), "outpatient", episode)
            for _ in range(poisson(condition.admissions * years, self.rng)):
                yield self._plan(begun + int(self.rng.random() * years * YEAR), "inpatient", episode)

    def _plan(self, day: int, kind: str, reason: Episode) -> _Planned:
        days = 0
        if kind == "inpatient":
            days = 1 + int(self.rng.gammavariate(2.0, max(0.5, reason.condition.stay - 1) / 2))
        return _Planned(day, min(day + days, self.life.last), kind, reason)

    def _about(self, plan: _Planned) -> list[Episode]:
        """Return the conditions of an encounter, its reason first."""
        present = [each for each in self.life.lasting if each.onset <= plan.day and each is not plan.reason]
        share = {"inpatient": 1.0, "emergency": 0.4, "outpatient": 0.6}[plan.kind]
        listed = [each for each in present if self.rng.random() < share]
        return [plan.reason, *listed][:_MOST_LISTED]

    def _times(self, plan: _Planned) -> tuple[datetime, datetime]:
        begin = datetime.combine(date.fromordinal(plan.day), datetime.min.time())
        if plan.kind == "inpatient":
            hours = self.rng.randrange(0, 10 * 60)
            end = datetime.combine(date.fromordinal(plan.until), datetime.min.time())
            if plan.until > plan.day:
                return begin + timedelta(minutes=6 * 60 + hours), end + timedelta(minutes=600 + hours // 2)
            return begin + timedelta(minutes=hours), begin + timedelta(minutes=hours + 180)
        start = self.rng.randrange(0, 20 * 60) if plan.kind == "emergency" else self.rng.randrange(8 * 60, 17 * 60, 5)
        long = self.rng.randrange(60, 230, 10) if plan.kind == "emergency" else self.rng.randrange(15, 60, 5)
        return begin + timedelta(minutes=start), begin + timedelta(minutes=start + long)

    def _diagnosis(self, episode: Episode) -> Diagnosis:
        name = episode.condition.names[self.lang][0].replace("{side}", SIDES[self.lang][episode.side])
        return Diagnosis(self._id("D"), episode.condition.code, name, date.fromordinal(episode.onset))

    def _labs(self, plan: _Planned, about: Sequence[Episode], times: tuple[datetime, datetime]) -> Iterator[Lab]:
        age = self.life.age(plan.day)
        keys = dict.fromkeys(key for each in about for key in each.condition.tests)
        tests = [self.spec.tests[key] for key in keys if age >= self.spec.tests[key].asked_from]
        when = times[0] + timedelta(minutes=self.rng.randrange(2, 12))
        for place, test in enumerate(tests[:_MOST_TESTS]):
            if place and self.rng.random() > 0.85:
                continue
            value, shifted = self._value(test, about, 1.0)
            yield self._lab(test, when, value)
            if shifted and plan.until - plan.day >= 3:
                later, _ = self._value(test, about, 0.4)
                day = self.rng.randrange(plan.day + 1, plan.until)
                yield self._lab(
                    test, datetime.combine(date.fromordinal(day), datetime.min.time().replace(hour=8)), later
                )

    def _value(self, test: LabTest, about: Sequence[Episode], share: float) -> tuple[float, bool]:
        """Return a value in the course of the conditions; `share` is how much of their shift is left."""
        low, high = test.ranges[self.life.sex]
        width = max(high - low, 1e-6)
        own = self._own.setdefault(test.key, min(max(self.rng.gauss(0.5, 0.13), 0.15), 0.85))
        value = low + width * min(max(own + self.rng.gauss(0, _WITHIN), 0.04), 0.96)
        shifts = [(*each.condition.shifts[test.key], each) for each in about if test.key in each.condition.shifts]
        if shifts:
            middle = (low + high) / 2
            mean, spread, cause = max(shifts, key=lambda shift: abs(shift[0] - middle))
            severe = self._own.setdefault(f"{cause.condition.key}/{cause.onset}", self.rng.gauss(0, _SEVERITY))
            off = min(max(severe + self.rng.gauss(0, _FROM_TEST_TO_TEST), -2.2), 2.2)
            ill = mean + spread * (off if mean > middle else -off)
            value += share * (ill - value)
        return min(max(value, test.least), test.most), bool(shifts)

    def _lab(self, test: LabTest, when: datetime, value: float) -> Lab:
        return Lab(self._id("L"), when, test.names[self.lang][0], round(value, test.decimals), test.unit)

    def _id(self, letter: str) -> str:
        self._counts[letter] = self._counts.get(letter, 0) + 1
        return f"{letter}{self.key}-{self._counts[letter]:04d}"

    def _said(self, table: Mapping[str, Sequence[str]], key: str) -> str:
        return table[key][LANGS.index(self.lang)] if key in table else key
