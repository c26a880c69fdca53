"""The life of an invented patient: born when, of which sex, with which conditions from when on, dead when.

Rules: days are ordinals (`date.toordinal`); nothing lies before birth or after death. A condition's onset is where the
share of people of the patient's age who have it passes the patient's own number between 0 and 1, so at every age as many
have it as the specification says.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field
from random import Random

from onprem.synth.ehr.spec import OLDEST, SEXES, Condition, Spec

YEAR = 365.25
_CERTAIN = 0.97  # no condition is surer than this
_OF_FATALITY = 75  # years, the age that `fatality` is told of


@dataclass(frozen=True, slots=True)
class Episode:
    """A condition of a patient, from `onset` to `until`; `since` is before it where it shows only at its end (a birth)."""

    condition: Condition
    onset: int
    until: int
    since: int
    side: int = 0  # 0 left, 1 right


@dataclass(slots=True)
class Life:
    """Of one patient; `lasting` and `passing` are in order of onset."""

    sex: str
    birth: int
    death: int | None
    first: int  # the first day of which records tell
    last: int
    lasting: list[Episode] = field(default_factory=list)
    passing: list[Episode] = field(default_factory=list)

    def age(self, day: int) -> int:
        """Return the age in whole years."""
        return int((day - self.birth) / YEAR)


def live(spec: Spec, rng: Random) -> Life:
    """Draw a life."""
    people = spec.people
    sex = SEXES[rng.random() >= people.female]
    last = people.last_day.toordinal()
    birth = last - int(_age(spec, rng) * YEAR)
    life = Life(sex, birth, None, max(people.first_day.toordinal(), birth), last)
    _lasting(spec, life, rng)
    _passing(spec, life, rng)
    _die(spec, life, rng)
    return life


def _age(spec: Spec, rng: Random) -> float:
    ages = spec.people.ages
    place = rng.choices(range(len(ages)), [share for _, share in ages])[0]
    return ages[place][0] + 5 * rng.random()


def _lasting(spec: Spec, life: Life, rng: Random) -> None:
    end = life.age(life.last)
    since: dict[str, float] = {}  # age of onset
    for condition in spec.conditions.values():
        if not condition.lasting:
            continue
        own = rng.random()
        if own >= _CERTAIN or not _may(condition, life.sex, since):
            continue
        whole = _onset(condition, life.sex, own, since, end)
        if whole is None:
            continue
        within, side = rng.random(), int(rng.random() < 0.5)
        age = max([max(0, whole - 1) + within, *(since[key] for key in condition.requires if key in since)])
        onset = life.birth + int(age * YEAR)
        if onset <= life.last:
            since[condition.key] = age
            life.lasting.append(Episode(condition, onset, OLDEST * 400 + life.last, onset, side))
    life.lasting.sort(key=lambda each: (each.onset, each.condition.key))


def _may(condition: Condition, sex: str, had: dict[str, float]) -> bool:
    return (
        condition.sex in {"", sex}
        and not condition.excludes & had.keys()
        and (not condition.requires or bool(condition.requires & had.keys()))
    )


def _onset(condition: Condition, sex: str, own: float, had: dict[str, float], end: int) -> int | None:
    """Return the first whole year of age at which the patient has it."""
    curve = condition.curve[sex]
    causes = [(had[key], times) for key, times in condition.raised_by.items() if key in had]
    if not causes:
        age = bisect_right(curve, own)
        return age if age <= end else None
    if own >= min(_CERTAIN, curve[end] * math.prod(times for _, times in causes)):
        return None
    for age in range(end + 1):
        times = math.prod(times for since, times in causes if since <= age)
        if own < min(_CERTAIN, curve[age] * times):
            return age
    return None


def _passing(spec: Spec, life: Life, rng: Random) -> None:
    """Draw what comes and goes within the records: a Poisson process, thinned before what raises it has begun."""
    young, old = (life.first - life.birth) / YEAR, (life.last - life.birth) / YEAR
    onsets = {each.condition.key: each.onset for each in life.lasting}
    for condition in spec.conditions.values():
        if condition.lasting or condition.sex not in {"", life.sex}:
            continue
        curve = condition.curve[life.sex]
        low, high = _at(curve, young), _at(curve, old)
        if high <= low:
            continue
        causes = [(onsets[key], times) for key, times in condition.raised_by.items() if key in onsets]
        most = math.prod(times for _, times in causes)
        free = life.first
        for _ in range(poisson((high - low) * most, rng)):
            age = _inverse(curve, low + (high - low) * rng.random())
            onset = life.birth + int(age * YEAR)
            now = math.prod(times for begun, times in causes if begun <= onset)
            side, kept = int(rng.random() < 0.5), rng.random() * most < now
            if not kept or onset < free or onset > life.last or (condition.once and free > life.first):
                continue
            life.passing.append(Episode(condition, onset, onset + condition.days, onset - condition.before, side))
            free = onset + condition.days + condition.before + 1
    life.passing.sort(key=lambda each: (each.onset, each.condition.key))


def _die(spec: Spec, life: Life, rng: Random) -> None:
    """Draw the day of death within the records, and take away what would be after it."""
    people = spec.people
    day = life.first
    death: int | None = None
    while day <= life.last and death is None:
        until = min(day + 365, life.last + 1)
        times = math.prod(each.condition.mortality for each in life.lasting if each.onset <= day)
        risk = people.hazard[life.sex] * math.exp(people.slope * (day - life.birth) / YEAR) * times
        if rng.random() < 1 - math.exp(-risk * (until - day) / 365):
            death = rng.randrange(day, until)
        day = until
    for each in life.passing:
        fatal = each.condition.fatality * min(1.5, life.age(each.onset) / _OF_FATALITY)
        if rng.random() < fatal and (death is None or each.onset <= death):
            death = min(each.onset + rng.randrange(1, max(2, each.condition.days)), life.last)
            break
    if death is None:
        return
    life.death = death
    life.last = death
    life.lasting = [each for each in life.lasting if each.onset <= death]
    life.passing = [each for each in life.passing if each.onset <= death]


def _at(curve: tuple[float, ...], age: float) -> float:
    place = min(int(age), OLDEST - 1)
    return curve[place] + (curve[place + 1] - curve[place]) * (age - place)


def _inverse(curve: tuple[float, ...], value: float) -> float:
    place = min(max(bisect_right(curve, value) - 1, 0), OLDEST - 1)
    width = curve[place + 1] - curve[place]
    return place + ((value - curve[place]) / width if width > 0 else 0.0)


def poisson(mean: float, rng: Random) -> int:
    """Return a Poisson number, by products of uniform ones (D. Knuth, The Art of Computer Programming 2, 3.4.1)."""
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count
