"""Scores of a classifier: Matthews correlation, macro-F1, quadratic weighted kappa, accuracy and the confusion of classes.

Rules: all scores of one gold standard share their resamples, which draw groups (patients, abstracts) and not rows, so that
differences between classifiers are not noise of the resampling. A class that neither occurs nor is said counts in no mean.
Where a score is not defined (one class only), it is 0: nothing was told apart.

Sources: J. Gorodkin, Comparing two K-category assignments by a K-category correlation coefficient, Comput. Biol. Chem. 28
(2004); J. Cohen, Weighted kappa, Psychol. Bull. 70 (1968); B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from onprem.model import Metric

Table = npt.NDArray[np.float64]  # (…, gold classes, said classes): how often
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Gold:
    """What is right: the class and the group of each row; "" as a group stands alone. `order` is that of the classes.

    The order matters for the quadratic weighted kappa alone: its classes are grades.
    """

    labels: Sequence[str] = field(repr=False)
    groups: Sequence[str] = field(repr=False)
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of one classifier, each with a 95 % interval, and its confusion: `confusion[gold][said]` rows."""

    mcc: Metric
    macro_f1: Metric
    accuracy: Metric
    kappa: Metric  # quadratic weighted; means something where the classes are grades
    f1: Mapping[str, float]
    confusion: Mapping[str, Mapping[str, int]]


def score(gold: Gold, said: Sequence[str], seed: int = 0) -> Scores:
    """Return the scores of what a classifier said, row by row.

    Raises:
        ValueError: the lengths differ, or a label is not in the gold's order.
    """
    if not len(gold.labels) == len(gold.groups) == len(said):
        raise ValueError("a label is needed for each row")
    places = {label: place for place, label in enumerate(gold.order)}
    if set(gold.labels) - set(places) or set(said) - set(places):
        raise ValueError("a label is not among the classes")
    tables = _by_group(gold, [places[label] for label in said], places)
    whole = tables.sum(axis=0)
    drawn = _resampled(tables, seed)

    def metric(measure: Callable[[Table], Table]) -> Metric:
        value = float(measure(whole))
        spread = measure(drawn) if len(tables) > 1 else np.array([-1.0, 1.0])
        low, high = np.percentile(spread, (2.5, 97.5))
        return Metric(value, min(float(low), value), max(float(high), value), len(gold.labels))

    single = f1_of(whole)
    return Scores(
        mcc=metric(mcc_of),
        macro_f1=metric(macro_f1_of),
        accuracy=metric(accuracy_of),
        kappa=metric(kappa_of),
        f1={label: float(single[place]) for label, place in places.items()},
        confusion={
            right: {label: int(whole[place, other]) for label, other in places.items()}
            for right, place in places.items()
        },
    )


def mcc_of(table: Table) -> Table:
    """Return the Matthews correlation of K classes (R_K), -1 to 1, of confusion tables (…, K, K)."""
    rows, columns = table.sum(axis=-1), table.sum(axis=-2)
    total = rows.sum(axis=-1)
    right = np.trace(table, axis1=-2, axis2=-1)
    above = right * total - (rows * columns).sum(axis=-1)
    below = np.sqrt((total**2 - (columns**2).sum(axis=-1)) * (total**2 - (rows**2).sum(axis=-1)))
    return _divided(above, below)


def f1_of(table: Table) -> Table:
    """Return the F1 of each class, 0 to 1: (…, K)."""
    right = np.diagonal(table, axis1=-2, axis2=-1)
    return _divided(2 * right, table.sum(axis=-1) + table.sum(axis=-2))


def macro_f1_of(table: Table) -> Table:
    """Return the mean F1 of the classes that occur or are said."""
    there = (table.sum(axis=-1) + table.sum(axis=-2)) > 0
    return _divided((f1_of(table) * there).sum(axis=-1), there.sum(axis=-1).astype(np.float64))


def accuracy_of(table: Table) -> Table:
    """Return the share of rows that are right."""
    return _divided(np.trace(table, axis1=-2, axis2=-1), table.sum(axis=(-2, -1)))


def kappa_of(table: Table) -> Table:
    """Return the quadratic weighted kappa, -1 to 1; the classes are grades at equal distances."""
    grades = np.arange(table.shape[-1], dtype=np.float64)
    weights = (grades[:, None] - grades[None, :]) ** 2
    rows, columns = table.sum(axis=-1), table.sum(axis=-2)
    total = rows.sum(axis=-1)
    seen = (table * weights).sum(axis=(-2, -1)) * total
    chance = (rows[..., :, None] * columns[..., None, :] * weights).sum(axis=(-2, -1))
    return np.where(chance > 0, 1 - _divided(seen, chance), 0.0)


def cohen_kappa_of(table: Table) -> Table:
    """Return Cohen's kappa without weights, for the agreement of two readings."""
    rows, columns = table.sum(axis=-1), table.sum(axis=-2)
    total = rows.sum(axis=-1)
    chance = _divided((rows * columns).sum(axis=-1), total**2)
    return _divided(accuracy_of(table) - chance, 1 - chance)


def _divided(above: Table, below: Table) -> Table:
    """Return a ratio, 0 where there is nothing to divide by."""
    above, below = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    return np.divide(above, below, out=np.zeros(np.broadcast_shapes(above.shape, below.shape)), where=below > 0)


def _by_group(gold: Gold, said: Sequence[int], places: Mapping[str, int]) -> Table:
    """Return a confusion table for each group, (groups, K, K)."""
    names: dict[object, int] = {}
    groups = [names.setdefault(group or (row,), len(names)) for row, group in enumerate(gold.groups)]
    tables = np.zeros((len(names), len(places), len(places)))
    np.add.at(tables, (groups, [places[label] for label in gold.labels], list(said)), 1.0)
    return tables


def _resampled(tables: Table, seed: int) -> Table:
    """Return the tables of resamples, (RESAMPLES, K, K). The draw depends on the seed and the number of groups alone."""
    generator = np.random.default_rng(seed)
    size, classes = len(tables), tables.shape[-1]
    drawn = generator.integers(0, size, (RESAMPLES, size)) if size else np.zeros((RESAMPLES, 0), dtype=np.int64)
    places = drawn + np.arange(RESAMPLES)[:, None] * size
    weights = np.bincount(places.ravel(), minlength=RESAMPLES * size).reshape(RESAMPLES, size).astype(np.float64)
    return (weights @ tables.reshape(size, -1)).reshape(RESAMPLES, classes, classes)
