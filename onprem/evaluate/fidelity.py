"""How far a synthetic table is from the real one, measured beside a real hold-out: shapes, pairs, C2ST, utility, membership.

Rules: every number is a `Metric` with a 95 % interval, and is to be read beside the same number of the real hold-out, which
is what cannot be told from real. A missing value is a value like any other. Categories are matched by name, keys are left
out. Intervals: DeLong for an AUC; for the rest 1.96 standard deviations over resampled rows, since a distance is biased in
resamples, so that percentiles would miss the value itself. A C2ST clearly below 0.5 is no praise: rows that copy one another
across folds mislead the classifier, so a copy of the data gives it.

Sources: E. DeLong et al., Comparing the Areas under Two or More Correlated ROC Curves (Biometrics 44, 1988); D. Lopez-Paz,
M. Oquab, Revisiting Classifier Two-Sample Tests (ICLR 2017); C. Esteban et al. (2017), train on synthetic, test on real.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from onprem.errors import InputError
from onprem.evaluate.fidelity_features import (
    NORMAL,
    Features,
    Floats,
    Integers,
    aligned,
    auc,
    correlation,
    features,
    space,
)
from onprem.model import Metric
from onprem.table import Column, Kind, Table

_RESAMPLES = 100
_BINS = 10  # of a number, where it is compared with a category
_FOLDS = 5
_STEPS = 100  # of boosting


@dataclass(frozen=True, slots=True)
class Utility:
    """AUROC on the real hold-out of models that learned from a table."""

    boosted: Metric
    logistic: Metric


def shapes(real: Table, synthetic: Table, seed: int = 0) -> Metric:
    """Return the mean likeness of columns: 1 less total variation of categories, 1 less Kolmogorov-Smirnov of numbers."""
    one, other = aligned([real, synthetic])
    columns = [_Shape(first, second) for first, second in zip(one, other, strict=True)]
    return _resampled(columns, (len(one), len(other)), seed)


def pairs(real: Table, synthetic: Table, seed: int = 0) -> Metric:
    """Return the mean likeness of pairs of columns.

    Two numbers: 1 less half the difference of their correlations. Others: 1 less total variation of the joint
    distribution, numbers in deciles of the real table.
    """
    one, other = aligned([real, synthetic])
    columns = list(zip(one, other, strict=True))
    made = [
        _Correlation(first, second) if Kind.CATEGORY not in {first[0].kind, second[0].kind} else _Joint(first, second)
        for first, second in itertools.combinations(columns, 2)
    ]
    return _resampled(made, (len(one), len(other)), seed)


class _Shape:
    """Likeness of one column."""

    def __init__(self, real: Column, synthetic: Column) -> None:
        self._is_code = real.kind is Kind.CATEGORY
        both = np.concatenate([real.values, synthetic.values]).astype(np.float64)
        codes = np.unique(np.where(np.isnan(both), -np.inf, both), return_inverse=True)[1]
        self._size = int(codes.max(initial=0)) + 1
        self._codes = codes[: len(real)], codes[len(real) :]

    def of(self, weights: tuple[Floats, Floats]) -> float:
        one, other = (
            np.bincount(codes, weights=weight, minlength=self._size) / max(weight.sum(), 1.0)
            for codes, weight in zip(self._codes, weights, strict=True)
        )
        if self._is_code:
            return 1 - 0.5 * float(np.abs(one - other).sum())
        return 1 - float(np.abs(np.cumsum(one - other)).max())


_Both = tuple[Column, Column]


class _Joint:
    """Likeness of the joint distribution of two columns."""

    def __init__(self, first: _Both, second: _Both) -> None:
        (one, other), (width, depth) = zip(*(_coded(*both) for both in (first, second)), strict=True)
        (one_real, one_made), (other_real, other_made) = one, other
        self._size = width * depth
        self._codes = one_real * depth + other_real, one_made * depth + other_made

    def of(self, weights: tuple[Floats, Floats]) -> float:
        one, other = (
            np.bincount(codes, weights=weight, minlength=self._size) / max(weight.sum(), 1.0)
            for codes, weight in zip(self._codes, weights, strict=True)
        )
        return 1 - 0.5 * float(np.abs(one - other).sum())


class _Correlation:
    """Likeness of Pearson's correlation of two columns, over the rows that have both."""

    def __init__(self, first: _Both, second: _Both) -> None:
        self._pairs = [
            (one.values.astype(np.float64), other.values.astype(np.float64))
            for one, other in zip(first, second, strict=True)
        ]

    def of(self, weights: tuple[Floats, Floats]) -> float:
        one, other = (correlation(*pair, weight) for pair, weight in zip(self._pairs, weights, strict=True))
        return 1 - 0.5 * abs(one - other)


def _coded(real: Column, synthetic: Column) -> tuple[tuple[Integers, Integers], int]:
    """Return a column of both tables as codes: categories, or deciles of the real one; missing ones last."""
    if real.kind is Kind.CATEGORY:
        size = len(real.categories)
        return tuple(np.where(column.values < 0, size, column.values) for column in (real, synthetic)), size + 1  # type: ignore[return-value]
    present = real.values[~real.missing]
    edges = np.unique(np.quantile(present, np.linspace(0, 1, _BINS + 1)[1:-1])) if len(present) else np.zeros(0)
    size = len(edges) + 1
    coded = tuple(
        np.where(column.missing, size, np.searchsorted(edges, column.values, side="right"))
        for column in (real, synthetic)
    )
    return coded, size + 1  # type: ignore[return-value]


def _resampled(parts: Sequence[Any], rows: tuple[int, int], seed: int) -> Metric:
    """Return the mean of parts, and 1.96 standard deviations over resampled rows of both tables."""
    if not parts or not all(rows):
        return Metric(0.0, 0.0, 1.0, 0)
    rng = np.random.default_rng(seed)
    value = float(np.mean([part.of((np.ones(rows[0]), np.ones(rows[1]))) for part in parts]))
    drawn = []
    for _ in range(_RESAMPLES):
        one, other = (rng.multinomial(count, np.full(count, 1 / count)).astype(np.float64) for count in rows)
        drawn.append(np.mean([part.of((one, other)) for part in parts]))
    margin = NORMAL * float(np.std(drawn))
    return Metric(value, max(0.0, value - margin), min(1.0, value + margin), sum(rows))


def c2st(real: Table, synthetic: Table, seed: int = 0) -> Metric:
    """Return the AUC with which boosted trees tell synthetic rows from real ones: as many of each, cross-validated."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    rng = np.random.default_rng(seed)
    one, other = aligned([real, synthetic])
    rows = min(len(one), len(other))
    one, other = (table.take(np.sort(rng.permutation(len(table))[:rows])) for table in (one, other))
    first, second = features(one), features(other)
    values = np.concatenate([first.values, second.values])
    labels = np.repeat([0, 1], rows)
    model = HistGradientBoostingClassifier(
        categorical_features=first.categorical, max_iter=_STEPS, early_stopping=False, random_state=seed
    )
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    scores = cross_val_predict(model, values, labels, cv=folds, method="predict_proba")[:, 1]
    return auc(scores[labels == 1], scores[labels == 0])


def utility(train: Table, test: Table, target: str, seed: int = 0) -> Utility:
    """Return the AUROC on `test` of boosted trees and logistic regression that learned `target` from `train`.

    `target` is a category of two values; a table that has but one of them teaches nothing, which gives 0.5.

    Raises:
        InputError: the target is no category of two values in `test`.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    real, made = aligned([test, train])
    goal = real.column(target)
    present = np.unique(goal.values[goal.values >= 0])
    if goal.kind is not Kind.CATEGORY or len(present) != 2:
        raise InputError("the target of a utility is a column of two values", hint="choose another column")
    made = made.take(np.flatnonzero(np.isin(made.column(target).values, present)))
    answers = made.column(target).values == present[1]
    truth = goal.values == present[1]
    known = goal.values >= 0
    given, asked = features(made, without=target), features(real, without=target)
    if answers.all() or not answers.any():
        return Utility(*(Metric(0.5, 0.0, 1.0, len(real)) for _ in range(2)))
    boosted = HistGradientBoostingClassifier(
        categorical_features=given.categorical, max_iter=_STEPS, random_state=seed
    ).fit(given.values, answers)
    logistic = _logistic(given).fit(given.values, answers)
    measured = []
    for model in (boosted, logistic):
        scores = model.predict_proba(asked.values)[:, 1]
        measured.append(auc(scores[truth & known], scores[~truth & known]))
    return Utility(*measured)


def _logistic(given: Features) -> Any:  # noqa: ANN401 - a pipeline of scikit-learn, which has no types
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), StandardScaler()
    )
    columns = ColumnTransformer(
        [
            ("numbers", numbers, np.flatnonzero(~given.categorical)),
            ("codes", OneHotEncoder(handle_unknown="ignore"), np.flatnonzero(given.categorical)),
        ]
    )
    return make_pipeline(columns, LogisticRegression(max_iter=2000))


def membership(seen: Table, unseen: Table, synthetic: Table) -> Metric:
    """Return the AUC of a distance attack: rows that were fitted lie nearer to a synthetic row than rows that were not.

    0.5 is ideal; below it, the unseen ones lie nearer, which is chance.
    """
    from sklearn.neighbors import NearestNeighbors

    tables = aligned([unseen, seen, synthetic])
    outside, inside, made = (space(table, tables[0]) for table in tables)
    search = NearestNeighbors(n_neighbors=1).fit(made)
    near, far = (search.kneighbors(rows)[0][:, 0] for rows in (inside, outside))
    return auc(-near, -far)
