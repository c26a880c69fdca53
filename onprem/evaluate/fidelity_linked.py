"""Linked tables beside the real ones: parents with what their children add up to, order in time, and what cannot be.

Rules: a child row belongs to the parent whose key it names; figures of time are within one parent (and one series, such as
one laboratory test). Everything is a `Metric`: beside the real hold-out it says what chance alone would give.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from onprem.errors import InputError
from onprem.evaluate.fidelity import c2st
from onprem.evaluate.fidelity_features import NORMAL, Floats, Integers, aligned, correlation
from onprem.model import Metric
from onprem.table import Column, Kind, Table

_RESAMPLES = 100
_STRONG = 0.3  # a correlation of the real tables from which on it counts as strong
_DAY = 86_400.0  # seconds
_LEAST = 30  # steps or rows of a series, below which it tells nothing


@dataclass(frozen=True, slots=True)
class Child:
    """A child table: the column that names its parent, the time of a row, and the column that tells series apart."""

    table: Table
    parent: str
    time: str = ""
    series: str = ""


@dataclass(frozen=True, slots=True)
class Linked:
    """A parent table, the column of its key, and its children; birth and death are columns of the parent ("" where none)."""

    parent: Table
    key: str
    children: tuple[Child, ...]
    birth: str = ""
    death: str = ""


@dataclass(frozen=True, slots=True)
class Violations:
    """Shares of rows that cannot be."""

    before_birth: Metric
    after_death: Metric
    orphans: Metric
    doubled_keys: Metric


def joined(linked: Linked) -> Table:
    """Return the parents without key, each with counts, means, extremes and numbers of kinds of its child rows."""
    columns = [column for column in linked.parent if column.kind is not Kind.KEY and column.name != linked.key]
    columns = [Column(f"parent.{c.name}", c.kind, c.values, c.categories, c.decimals, c.day) for c in columns]
    size = len(linked.parent)
    for number, child in enumerate(linked.children):
        owner = owners(linked, child)
        name = f"{number}:{child.table.name}"
        columns.append(_number(f"{name}.rows", np.bincount(owner[owner >= 0], minlength=size).astype(np.float64)))
        for column in child.table:
            if column.kind is Kind.KEY or column.name == child.parent:
                continue
            usable = (owner >= 0) & ~column.missing
            at, values = owner[usable], column.values[usable]
            if column.kind is Kind.CATEGORY:
                pairs = np.unique(np.stack([at, values.astype(np.int64)]), axis=1)
                columns.append(
                    _number(f"{name}.{column.name}.kinds", np.bincount(pairs[0], minlength=size).astype(float))
                )
                continue
            counts = np.bincount(at, minlength=size)
            mean = np.bincount(at, weights=values, minlength=size) / np.maximum(counts, 1)
            low, high = np.full(size, np.inf), np.full(size, -np.inf)
            np.minimum.at(low, at, values)
            np.maximum.at(high, at, values)
            for what, found in (("mean", mean), ("spread", high - low)):
                columns.append(_number(f"{name}.{column.name}.{what}", np.where(counts > 0, found, np.nan)))
    return Table(linked.parent.name, tuple(columns))


def _number(name: str, values: Floats) -> Column:
    return Column(name, Kind.NUMBER, values, (), 6)


def owners(linked: Linked, child: Child) -> Integers:
    """Return the parent's place for each child row, -1 where it has none."""
    key, named = linked.parent.column(linked.key), child.table.column(child.parent)
    places = {_name(key, place): place for place in range(len(key))}
    return np.array([places.get(_name(named, place), -1) for place in range(len(named))], dtype=np.int64)


def _name(column: Column, place: int) -> object:
    value = column.values[place]
    if column.kind in {Kind.KEY, Kind.CATEGORY}:
        return column.categories[int(value)] if value >= 0 else None
    return float(value)


def linked_c2st(real: Linked, synthetic: Linked, seed: int = 0) -> Metric:
    """Return how well boosted trees tell synthetic parents from real ones, seeing what their children add up to."""
    return c2st(joined(real), joined(synthetic), seed)


def strong_correlations(real: Linked, synthetic: Linked, seed: int = 0) -> Metric:
    """Return the mean error of correlations that are strong (0.3 or more) in the real joined tables; `n` counts them.

    Resampled are the parents of both.
    """
    one, other = aligned([joined(real), joined(synthetic)])
    first, second = (_values(table) for table in (one, other))
    pairs = [
        (a, b)
        for a, b in itertools.combinations(range(first.shape[1]), 2)
        if abs(correlation(first[:, a], first[:, b])) >= _STRONG
    ]
    if not pairs:
        return Metric(0.0, 0.0, 1.0, 0)

    def error(weights: tuple[Floats | None, Floats | None]) -> float:
        return float(
            np.mean(
                [
                    abs(
                        correlation(first[:, a], first[:, b], weights[0])
                        - correlation(second[:, a], second[:, b], weights[1])
                    )
                    for a, b in pairs
                ]
            )
        )

    rng = np.random.default_rng(seed)
    drawn = [error((_weights(len(first), rng), _weights(len(second), rng))) for _ in range(_RESAMPLES)]
    return _around(error((None, None)), drawn, len(pairs))


def _values(table: Table) -> Floats:
    """Return numbers, and categories of two values as 0 and 1."""
    kept = [c for c in table if c.kind is not Kind.CATEGORY or len(c.categories) == 2]
    return np.stack([np.where(c.missing, np.nan, c.values).astype(np.float64) for c in kept], axis=1)


def _weights(rows: int, rng: np.random.Generator) -> Floats:
    return rng.multinomial(rows, np.full(rows, 1 / rows)).astype(np.float64)


def _around(value: float, drawn: Sequence[float], units: int) -> Metric:
    margin = NORMAL * float(np.std(drawn))
    return Metric(value, max(0.0, value - margin), min(1.0, value + margin), units)


def temporal(real: Linked, synthetic: Linked, seed: int = 0) -> Metric:
    """Return the mean error of what happens in time, over children that have a time; `n` counts what was compared.

    For each series: the Kolmogorov-Smirnov distance of the gaps between a row and the next; for each number, the
    differences of its correlation with the row before (half of it) and of its trend, the correlation of its step with the
    gap (half of it). Resampled are the steps.
    """
    rng = np.random.default_rng(seed)
    values, replicates = [], []
    for one, other in zip(real.children, synthetic.children, strict=True):
        if not one.time:
            continue
        first, second = _steps(real, one), _steps(synthetic, other)
        for name in sorted(first):
            if len(first[name]) < _LEAST:
                continue
            made = second.get(name, np.full((0, first[name].shape[1]), np.nan))
            values.append(_step_error(first[name], made))
            replicates.append(
                [
                    _step_error(
                        *(
                            rows[rng.integers(0, len(rows), len(rows))] if len(rows) else rows
                            for rows in (first[name], made)
                        )
                    )
                    for _ in range(_RESAMPLES // 4)
                ]
            )
    if not values:
        raise InputError("no child table has a time and enough rows", hint="name the column of its time")
    return _around(float(np.mean(values)), np.mean(np.array(replicates), axis=0).tolist(), len(values))


def _steps(linked: Linked, child: Child) -> dict[str, Floats]:
    """Return, for each series, a row for each step within a parent: the gap, then before and after of every number."""
    owner = owners(linked, child)
    times = child.table.column(child.time).values.astype(np.float64)
    numbers = [c for c in child.table if c.kind in {Kind.NUMBER, Kind.INTEGER} and c.name != child.parent]
    if child.series:
        series = child.table.column(child.series)
        names, codes = series.categories, series.values.astype(np.int64)
    else:
        names, codes = ("",), np.zeros(len(owner), dtype=np.int64)
    order = np.lexsort((times, codes, owner))
    order = order[(owner[order] >= 0) & (codes[order] >= 0) & ~np.isnan(times[order])]
    before, after = order[:-1], order[1:]
    same = (owner[before] == owner[after]) & (codes[before] == codes[after])
    before, after = before[same], after[same]
    columns = [times[after] - times[before]]
    for column in numbers:
        columns += [column.values[before].astype(np.float64), column.values[after].astype(np.float64)]
    steps = np.stack(columns, axis=1)
    return {name: steps[codes[before] == code] for code, name in enumerate(names)}


def _step_error(one: Floats, other: Floats) -> float:
    """Return the mean of the errors of a series; 1 where it has no steps in the synthetic tables."""
    if not len(other):
        return 1.0
    merged = np.sort(np.concatenate([one[:, 0], other[:, 0]]))
    rising = [np.searchsorted(np.sort(steps[:, 0]), merged, side="right") / len(steps) for steps in (one, other)]
    errors = [float(np.abs(rising[0] - rising[1]).max())]
    for place in range(1, one.shape[1], 2):
        kept, trend = (
            [
                correlation(steps[:, place], steps[:, place + 1]),
                correlation(steps[:, 0], steps[:, place + 1] - steps[:, place]),
            ]
            for steps in (one, other)
        )
        if np.isnan(one[:, place]).all():
            continue
        errors += [abs(kept[0] - trend[0]) / 2, abs(kept[1] - trend[1]) / 2]
    return float(np.mean(errors))


def violations(linked: Linked) -> Violations:
    """Return the shares of child rows before birth, after death and without a parent, and of doubled parent keys."""
    early = late = orphan = timed = rows = 0
    for child in linked.children:
        owner = owners(linked, child)
        orphan += int((owner < 0).sum())
        rows += len(owner)
        if not child.time:
            continue
        times = child.table.column(child.time).values.astype(np.float64)
        timed += len(times)
        if linked.birth:
            early += int((times < _bound(linked, linked.birth, owner)).sum())
        if linked.death:
            # a day of death is told by the midnight at which it begins
            death_day = _DAY - 1 if linked.parent.column(linked.death).day else 0.0
            late += int((times > _bound(linked, linked.death, owner) + death_day).sum())
    key = linked.parent.column(linked.key)
    names = [_name(key, place) for place in range(len(key))]
    doubled = len(names) - len(set(names))
    return Violations(_share(early, timed), _share(late, timed), _share(orphan, rows), _share(doubled, len(names)))


def _bound(linked: Linked, name: str, owner: Integers) -> Floats:
    """Return the parent's time for each child row; NaN, with which nothing compares, where there is none."""
    return np.append(linked.parent.column(name).values.astype(np.float64), np.nan)[owner]


def _share(count: int, units: int) -> Metric:
    """Return a share with Wilson's interval, whose upper end at none is about 4 / n."""
    if not units:
        return Metric(0.0, 0.0, 1.0, 0)
    share, square = count / units, NORMAL**2
    middle = (share + square / (2 * units)) / (1 + square / units)
    half = NORMAL / (1 + square / units) * float(np.sqrt(share * (1 - share) / units + square / (4 * units**2)))
    return Metric(share, max(0.0, middle - half) if count else 0.0, min(1.0, middle + half), units)
