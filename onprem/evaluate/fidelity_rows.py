"""Distributions of real and synthetic columns as plain rows for a report, in which no single person's value shows.

Rules: at most 20 bins of a column; a bin, or the missing ones, that holds fewer real rows than `LEAST` is merged with its
neighbour (of numbers) or with "other" (of categories), until none is left that small; edges of numbers are rounded to two
digits that mean something, so that neither the lowest nor the highest value of a patient is shown.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from onprem.evaluate.fidelity_features import Floats, aligned
from onprem.table import Column, Kind, Table

LEAST = 10  # real rows of a bin
BINS = 20
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Bin:
    """A bin of a column: its name and its share of real and of synthetic rows."""

    column: str
    name: str = field(repr=False)
    real: float
    synthetic: float


def distributions(real: Table, synthetic: Table) -> list[Bin]:
    """Return the bins of all columns; a column that cannot be shown without showing few people has one."""
    rows: list[Bin] = []
    for one, other in zip(*aligned([real, synthetic]), strict=True):
        names, first, second = _categories(one, other) if one.kind is Kind.CATEGORY else _numbers(one, other)
        names, first, second = _merged_missing(names, first, second)
        shares = zip(names, first / max(first.sum(), 1), second / max(second.sum(), 1), strict=True)
        rows += [Bin(one.name, name, float(share), float(made)) for name, share, made in shares]
    return rows


_Counts = tuple[list[str], Floats, Floats]  # names of bins, real and synthetic rows; the last bin is of missing values


def _categories(one: Column, other: Column) -> _Counts:
    size = len(one.categories)
    first, second = (np.bincount(np.where(c.values < 0, size, c.values), minlength=size + 1) for c in (one, other))
    order = np.argsort(-first[:size], kind="stable")
    shown = [int(place) for place in order[: BINS - 1] if first[place] >= LEAST]
    rest = [place for place in range(size) if place not in shown]
    while shown and rest and 0 < first[rest].sum() < LEAST:
        rest.append(shown.pop())
    names = [one.categories[place] for place in shown]
    real, made = first[shown].astype(np.float64), second[shown].astype(np.float64)
    if rest:
        names.append("other")
        real, made = np.append(real, first[rest].sum()), np.append(made, second[rest].sum())
    return [*names, "missing"], np.append(real, first[size]), np.append(made, second[size])


def _numbers(one: Column, other: Column) -> _Counts:
    present = np.sort(one.values[~one.missing].astype(np.float64))
    made = other.values[~other.missing].astype(np.float64)
    edges = _edges(present)
    counts = [
        np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
        for values in (present, made)
    ]
    while len(edges) and counts[0].min() < LEAST:
        place = int(np.argmin(counts[0]))
        gone = min(place, len(edges) - 1)  # the edge above the smallest bin, or the last one below it
        edges = np.delete(edges, gone)
        counts = [
            np.concatenate([count[:gone], [count[gone] + count[gone + 1]], count[gone + 2 :]]) for count in counts
        ]
    said = [_said(edge, one) for edge in edges]
    names = ["all"]
    if said:
        names = [f"below {said[0]}", *(f"{a} to {b}" for a, b in itertools.pairwise(said)), f"from {said[-1]}"]
    missing = float(one.missing.sum()), float(other.missing.sum())
    return [*names, "missing"], np.append(counts[0], missing[0]), np.append(counts[1], missing[1])


def _edges(present: Floats) -> Floats:
    """Return even edges between the 1st and 99th percentile, rounded; none where there are too few values."""
    if len(present) < 2 * LEAST:
        return np.zeros(0)
    low, high = np.quantile(present, (0.01, 0.99))
    if high <= low:
        return np.zeros(0)
    step = (high - low) / (BINS - 3)
    grain = 10.0 ** math.floor(math.log10(step))
    step = grain * math.ceil(round(step / grain, 9))
    edges: Floats = np.arange(math.floor(low / step) + 1, math.floor(high / step) + 1) * step
    return edges


def _merged_missing(names: list[str], first: Floats, second: Floats) -> _Counts:
    """Return bins without that of missing values where it holds too few people: they join the largest bin."""
    if first[-1] >= LEAST or len(names) == 1:
        return names, first, second
    largest = int(np.argmax(first[:-1]))
    first, second = first.copy(), second.copy()
    first[largest] += first[-1]
    second[largest] += second[-1]
    return names[:-1], first[:-1], second[:-1]


def _said(edge: float, column: Column) -> str:
    if column.kind is Kind.TIME:
        return datetime.fromtimestamp(round(edge / _DAY) * _DAY, UTC).date().isoformat()
    return f"{edge:.10g}"
