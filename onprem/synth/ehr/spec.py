"""The specification of the synthetic hospital, as its files tell it: conditions, tests, drugs, people.

Rules: the files are part of the program and are checked as they are read; whatever they name is there. Shares and rates
by age are lists by whole year, 0 to 110.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

OLDEST = 110
SEXES = ("female", "male")
LANGS = ("en", "zh")
ADULT = 16  # years, from which the doses of adults are given
SIDES: Mapping[str, tuple[str, str]] = {"en": ("left", "right"), "zh": ("左", "右")}


@dataclass(frozen=True, slots=True)
class LabTest:
    """A laboratory test. `ranges` are (low, high) by sex, of adults."""

    key: str
    names: Mapping[str, tuple[str, ...]]
    unit: str
    ranges: Mapping[str, tuple[float, float]]
    decimals: int
    least: float
    most: float
    asked_from: int


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug; doses are those of one intake, in `unit`."""

    key: str
    names: Mapping[str, tuple[str, ...]]
    adult: tuple[float, ...]
    child: tuple[float, ...]
    unit: str
    route: str
    often: str
    group: str
    days: int  # 0: taken for good
    sex: str
    from_age: int
    setting: str
    only_beside: str
    not_with: frozenset[str]
    not_beside: frozenset[str]


@dataclass(frozen=True, slots=True)
class Treatment:
    """One of some drugs, the commonest first, in a share of the patients."""

    one_of: tuple[str, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition. `curve` by sex is, by age, the share that has it (lasting) or the new cases up to that age (passing).

    What other conditions add is taken out of the curve, so that people as a whole come out as the file says.
    """

    key: str
    code: str
    names: Mapping[str, tuple[str, ...]]
    lasting: bool
    curve: Mapping[str, tuple[float, ...]] = field(repr=False)
    told: Mapping[str, tuple[float, ...]] = field(repr=False)  # by age, as the file says it
    raised_by: Mapping[str, float]
    requires: frozenset[str]
    excludes: frozenset[str]
    sex: str
    once: bool
    days: int
    before: int
    setting: float
    visits: float
    admissions: float
    stay: float
    mortality: float
    fatality: float
    tests: tuple[str, ...]
    shifts: Mapping[str, tuple[float, float]]
    treatments: tuple[Treatment, ...]

    @property
    def sided(self) -> bool:
        """Whether it is on the left or on the right."""
        return "{side}" in self.names["en"][0]


@dataclass(frozen=True, slots=True)
class People:
    """Who the patients are."""

    first_day: date
    last_day: date
    hazard: Mapping[str, float]
    slope: float
    ages: tuple[tuple[int, float], ...]
    female: float
    often: Mapping[str, tuple[str, ...]]
    routes: Mapping[str, tuple[str, ...]]
    units: Mapping[str, tuple[str, ...]]
    regions: Mapping[str, tuple[str, ...]]
    region_shares: tuple[float, ...]
    names: Mapping[str, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Spec:
    """The whole. Conditions stand behind those that raise, require or exclude them."""

    conditions: Mapping[str, Condition]
    tests: Mapping[str, LabTest]
    drugs: Mapping[str, Drug]
    people: People


@cache
def spec() -> Spec:
    """Return the specification that ships with the program."""
    return read_spec({name: _file(name) for name in ("conditions", "labs", "drugs", "people")})


def read_spec(said: Mapping[str, Mapping[str, Any]]) -> Spec:
    """Return the specification of the four files as TOML tells them.

    Raises:
        ValueError: something names what is not there, or a curve falls with age where it must not.
    """
    tests = {key: _test(key, each) for key, each in said["labs"].items()}
    drugs = {key: _drug(key, each) for key, each in said["drugs"].items()}
    conditions: dict[str, Condition] = {}
    for key, each in said["conditions"].items():
        conditions[key] = _condition(key, each, conditions)
    made = Spec(conditions, tests, drugs, _people(said["people"]))
    _check(made)
    return made


def by_age(points: Sequence[Sequence[float]], column: int) -> tuple[float, ...]:
    """Return what stands in a column of [age, female, male], by whole year, with straight lines between."""
    found = []
    for age in range(OLDEST + 1):
        before = [point for point in points if point[0] <= age]
        after = [point for point in points if point[0] > age]
        if not before:
            found.append(0.0)
        elif not after:
            found.append(float(before[-1][column]))
        else:
            low, high = before[-1], after[0]
            found.append(low[column] + (high[column] - low[column]) * (age - low[0]) / (high[0] - low[0]))
    return tuple(found)


def _file(name: str) -> Mapping[str, Any]:
    return tomllib.loads(files("onprem.synth.ehr").joinpath(f"{name}.toml").read_text(encoding="utf-8"))


def _names(said: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {lang: tuple(said[lang]) for lang in LANGS}


def _test(key: str, said: Mapping[str, Any]) -> LabTest:
    ranges = {sex: (float(said[sex][0]), float(said[sex][1])) for sex in SEXES}
    bounds = float(said["least"]), float(said["most"])
    return LabTest(key, _names(said), said["unit"], ranges, said["decimals"], *bounds, said.get("asked_from", 0))


def _drug(key: str, said: Mapping[str, Any]) -> Drug:
    return Drug(
        key=key,
        names=_names(said),
        adult=tuple(said["adult"]),
        child=tuple(said.get("child", ())),
        unit=said["unit"],
        route=said["route"],
        often=said["often"],
        group=said["group"],
        days=said.get("days", 0),
        sex=said.get("sex", ""),
        from_age=said.get("from_age", 0),
        setting=said.get("setting", ""),
        only_beside=said.get("only_beside", ""),
        not_with=frozenset(said.get("not_with", ())),
        not_beside=frozenset(said.get("not_beside", ())),
    )


def _condition(key: str, said: Mapping[str, Any], above: Mapping[str, Condition]) -> Condition:
    lasting = "prevalence" in said
    points = said["prevalence" if lasting else "incidence"]
    told = {sex: by_age(points, column) for column, sex in enumerate(SEXES, 1)}
    raised: dict[str, float] = said.get("raised_by", {})
    if not raised.keys() <= above.keys():
        raise ValueError(f"{key} names what is not there, or not above it")
    base = {
        sex: [value / _raise(above, raised, sex, age) for age, value in enumerate(values)]
        for sex, values in told.items()
    }
    curve = {sex: tuple(_rising(values) if lasting else _summed(values)) for sex, values in base.items()}
    return Condition(
        key=key,
        code=said["code"],
        names=_names(said),
        lasting=lasting,
        curve=curve,
        told=told,
        raised_by=raised,
        requires=frozenset(said.get("requires", ())),
        excludes=frozenset(said.get("excludes", ())),
        sex=said.get("sex", ""),
        once=said.get("once", False),
        days=said.get("days", 0),
        before=said.get("before", 0),
        setting=said.get("setting", 0.0),
        visits=said.get("visits", 0.0),
        admissions=said.get("admissions", 0.0),
        stay=said.get("stay", 1),
        mortality=said.get("mortality", 1.0),
        fatality=said.get("fatality", 0.0),
        tests=tuple(said["tests"]),
        shifts={test: (float(mean), float(spread)) for test, (mean, spread) in said.get("shifts", {}).items()},
        treatments=tuple(Treatment(tuple(each["one_of"]), each["share"]) for each in said.get("treatments", ())),
    )


def _raise(above: Mapping[str, Condition], raised: Mapping[str, float], sex: str, age: int) -> float:
    """Return how many times as likely it is in people as a whole, for those among them who have what raises it."""
    product = 1.0
    for cause, times in raised.items():
        product *= 1 + above[cause].told[sex][age] * (times - 1)
    return product


def _rising(values: Sequence[float]) -> list[float]:
    """Return values that never fall: nobody loses a condition that lasts."""
    found: list[float] = []
    for value in values:
        found.append(max(value, found[-1] if found else 0.0))
    return found


def _summed(values: Sequence[float]) -> list[float]:
    found = [0.0]
    for value in values:
        found.append(found[-1] + value)
    return found[: OLDEST + 1]


def _people(said: Mapping[str, Any]) -> People:
    pairs = {table: {key: tuple(both) for key, both in said[table].items()} for table in ("often", "routes", "units")}
    return People(
        first_day=said["first_day"],
        last_day=said["last_day"],
        hazard=said["hazard"],
        slope=said["slope"],
        ages=tuple((age, share) for age, share in said["ages"]),
        female=said["female"],
        often=pairs["often"],
        routes=pairs["routes"],
        units=pairs["units"],
        regions={lang: tuple(said["regions"][lang]) for lang in LANGS},
        region_shares=tuple(said["regions"]["shares"]),
        names={lang: {part: tuple(each.split()) for part, each in said["names"][lang].items()} for lang in LANGS},
    )


def _check(made: Spec) -> None:
    known = set(made.conditions)
    for condition in made.conditions.values():
        drugs = {drug for treatment in condition.treatments for drug in treatment.one_of}
        if not (
            drugs <= set(made.drugs)
            and {*condition.tests, *condition.shifts} <= set(made.tests)
            and condition.requires | condition.excludes | set(condition.raised_by) <= known
        ):
            raise ValueError(f"{condition.key} names what is not there")
        if condition.lasting and any(list(told) != sorted(told) for told in condition.told.values()):
            raise ValueError(f"{condition.key} falls with age")
    for drug in made.drugs.values():
        if not (
            drug.not_with <= known
            and drug.not_beside <= set(made.drugs)
            and drug.often in made.people.often
            and drug.route in made.people.routes
        ):
            raise ValueError(f"{drug.key} names what is not there")
