"""Tables made ready for measuring: matched columns, features, points; an AUC with its interval, a weighted correlation.

Rules: categories are matched by name, keys are left out, a missing value stays one; no value stands in an error.

Source: E. DeLong et al., Comparing the Areas under Two or More Correlated ROC Curves (Biometrics 44, 1988).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from onprem.errors import InputError
from onprem.model import Metric
from onprem.table import Column, Kind, Table

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

NORMAL = 1.959963984540054  # standard deviations of a 95 % interval
_MOST_CATEGORIES = 250  # that boosted trees take; beyond, codes are taken as numbers


@dataclass(frozen=True, slots=True)
class Features:
    """A table as numbers: NaN where missing; which columns are categories."""

    values: Floats = field(repr=False)
    categorical: npt.NDArray[np.bool_] = field(repr=False)


def aligned(tables: Sequence[Table]) -> list[Table]:
    """Return tables with the columns of the first but its keys, in its order, and one list of categories for each.

    Raises:
        InputError: a table lacks a column of the first, or has it as another kind.
    """
    made: list[list[Column]] = [[] for _ in tables]
    for first in tables[0]:
        if first.kind is Kind.KEY:
            continue
        try:
            columns = [table.column(first.name) for table in tables]
        except KeyError:
            raise InputError("the tables have not the same columns", hint="compare tables of one origin") from None
        is_code = first.kind is Kind.CATEGORY
        if any((column.kind is Kind.CATEGORY) != is_code for column in columns):
            raise InputError("a column is not of one kind in all tables", hint="compare tables of one origin")
        if not is_code:
            for place, column in enumerate(columns):
                made[place].append(column)
            continue
        names = sorted({name for column in columns for name in column.categories})
        places = {name: place for place, name in enumerate(names)}
        for place, column in enumerate(columns):
            codes = np.array([*(places[name] for name in column.categories), -1], dtype=np.int32)
            made[place].append(Column(first.name, first.kind, codes[column.values.astype(np.int64)], tuple(names)))
    return [Table(table.name, tuple(columns)) for table, columns in zip(tables, made, strict=True)]


def auc(positive: Floats, negative: Floats) -> Metric:
    """Return the probability that a positive scores higher than a negative, with DeLong's interval."""
    m, n = len(positive), len(negative)
    if not m or not n:
        return Metric(0.5, 0.0, 1.0, m + n)
    own, other, both = _midranks(positive), _midranks(negative), _midranks(np.concatenate([positive, negative]))
    above = (both[:m] - own) / n  # of each positive: the share of negatives below it
    below = 1 - (both[m:] - other) / m
    value = float(above.mean())
    variance = (above.var(ddof=1) / m if m > 1 else 0.25) + (below.var(ddof=1) / n if n > 1 else 0.25)
    margin = NORMAL * float(np.sqrt(variance)) or 3 / min(m, n)  # all or nothing: the rule of three
    return Metric(value, max(0.0, value - margin), min(1.0, value + margin), m + n)


def _midranks(values: Floats) -> Floats:
    places = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(places[2])
    return (ends - (places[2] - 1) / 2)[places[1]].astype(np.float64)


def correlation(one: Floats, other: Floats, weights: Floats | None = None) -> float:
    """Return Pearson's correlation over rows that have both; 0 where one does not vary."""
    usable = ~(np.isnan(one) | np.isnan(other))
    weight = np.ones(int(usable.sum())) if weights is None else weights[usable]
    if weight.sum() <= 1:
        return 0.0
    weight = weight / weight.sum()
    one, other = (values[usable] - weight @ values[usable] for values in (one, other))
    spread = float(np.sqrt((weight @ one**2) * (weight @ other**2)))
    return float(weight @ (one * other)) / spread if spread > 1e-12 else 0.0


def features(table: Table, *, without: str = "") -> Features:
    """Return the columns of an aligned table as numbers, without one of them."""
    columns = [column for column in table if column.name != without]
    values = np.stack([np.where(column.missing, np.nan, column.values) for column in columns], axis=1)
    few = [column.kind is Kind.CATEGORY and len(column.categories) <= _MOST_CATEGORIES for column in columns]
    return Features(values.astype(np.float64), np.array(few))


def space(table: Table, scale: Table) -> Floats:
    """Return the rows of an aligned table as points: numbers by median and quartiles of `scale`, categories as corners.

    A missing number stands at the median, with an axis of its own that says so.
    """
    axes: list[Floats] = []
    for column, by in zip(table, scale, strict=True):
        if column.kind is Kind.CATEGORY:
            corners = np.eye(len(column.categories) + 1)[:, :-1] / np.sqrt(2)
            axes.append(corners[column.values.astype(np.int64)])  # -1 takes the last, which is no corner
            continue
        present = by.values[~by.missing]
        low, middle, high = np.quantile(present, (0.25, 0.5, 0.75)) if len(present) else (0.0, 0.0, 0.0)
        spread = (high - low) or (float(np.std(present)) if len(present) else 0.0) or 1.0
        values = np.where(column.missing, 0.0, (column.values - middle) / spread)
        axes.append(values[:, None])
        if by.missing.any():
            axes.append(column.missing[:, None].astype(np.float64))
    return np.concatenate(axes, axis=1) if axes else np.zeros((len(table), 0))
