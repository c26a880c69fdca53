"""What an invented patient is given: drugs for what an encounter is about, where nothing speaks against them.

Rules: no drug with a condition that forbids it, from the day on which that condition begins; no two drugs of a group, none
beside one that it must not be given with, as long as either is taken; children only what has a dose for children.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from onprem.synth.ehr.life import Episode, Life
from onprem.synth.ehr.spec import ADULT, Drug, Spec

_FIRST = 0.7  # of the patients have the commonest drug of a treatment
_SUPPLIES = (30, 60, 90)  # days
_STEP = 0.15  # of later prescriptions raise the dose


@dataclass(frozen=True, slots=True)
class Given:
    """A drug that is given from `start` to `end`, both included."""

    drug: Drug
    dose: float
    start: int
    end: int


@dataclass(slots=True)
class Chart:
    """What one patient has been given so far, and what was decided for good."""

    spec: Spec
    life: Life
    rng: Random
    _until: dict[str, int] = field(default_factory=dict)  # drug: last day
    _chosen: dict[tuple[str, int], tuple[float, float]] = field(default_factory=dict)
    _steps: dict[str, int] = field(default_factory=dict)

    def prescribe(self, about: Sequence[Episode], day: int, last: int, setting: str) -> Iterator[Given]:
        """Yield what is given at an encounter of `day` to `last` that is about some conditions."""
        given: set[str] = set()
        for episode in about:
            for place, treatment in enumerate(episode.condition.treatments):
                treated, order = self._choice(episode.condition.key, place)
                if treated >= treatment.share:
                    continue
                if given & set(treatment.one_of):
                    continue
                for key in _ordered(treatment.one_of, order):
                    drug = self.spec.drugs[key]
                    end = self._last_day(drug, day, last, passing=not episode.condition.lasting)
                    if end >= day and self._fits(drug, day, setting, given):
                        given.add(key)
                        self._until[key] = max(end, self._until.get(key, end))
                        yield Given(drug, self._dose(drug, day), day, end)
                        break

    def _choice(self, condition: str, place: int) -> tuple[float, float]:
        """Return the patient's own numbers for one treatment: whether it is given, and which drug of it."""
        if (condition, place) not in self._chosen:
            self._chosen[condition, place] = self.rng.random(), self.rng.random()
        return self._chosen[condition, place]

    def _fits(self, drug: Drug, day: int, setting: str, given: set[str]) -> bool:
        age = self.life.age(day)
        if age < drug.from_age or drug.sex not in {"", self.life.sex} or drug.setting not in {"", setting}:
            return False
        if age < ADULT and not drug.child:
            return False
        taken = given | {key for key, until in self._until.items() if until >= day and key != drug.key}
        if drug.only_beside and drug.only_beside not in taken:
            return False
        for key in taken:
            other = self.spec.drugs[key]
            if other.group == drug.group or key in drug.not_beside or drug.key in other.not_beside:
                return False
        return True

    def _last_day(self, drug: Drug, day: int, last: int, *, passing: bool) -> int:
        """Return the last day on which it may be taken, which is before `day` where it may not be at all."""
        if drug.setting == "inpatient":
            end = min(day + drug.days, last)
        else:
            end = day + (drug.days or (self.rng.choice(_SUPPLIES) if not passing else _SUPPLIES[0]))
        for episode in (*self.life.lasting, *self.life.passing):
            if episode.condition.key in drug.not_with and episode.until >= day and episode.since <= end:
                end = episode.since - 1
        return min(end, self.life.last)

    def _dose(self, drug: Drug, day: int) -> float:
        age = self.life.age(day)
        if age < ADULT:
            return drug.child[min(len(drug.child) - 1, age * len(drug.child) // ADULT)]
        if drug.key not in self._steps:
            self._steps[drug.key] = self.rng.randrange(max(1, len(drug.adult) - 1))
        elif self.rng.random() < _STEP:
            self._steps[drug.key] = min(self._steps[drug.key] + 1, len(drug.adult) - 1)
        return drug.adult[self._steps[drug.key]]


def _ordered(one_of: Sequence[str], order: float) -> list[str]:
    """Return the drugs in the order in which this patient would have them."""
    if order < _FIRST or len(one_of) == 1:
        return list(one_of)
    place = 1 + int((order - _FIRST) / (1 - _FIRST) * (len(one_of) - 1))
    return [*one_of[place:], *one_of[:place]]
