"""Confidence intervals of ratios by resampling documents, and the rule of three where the bootstrap says nothing.

Rules: documents are the unit that is resampled, because identifiers of one document are missed together; all ratios of
one evaluation share their resamples, so that differences between them are not noise of the resampling.

Sources: B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993), percentile interval; J. A. Hanley,
A. Lippman-Hand, If nothing goes wrong, is everything all right? JAMA 249 (1983), rule of three.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from onprem.model import Metric

Counts = npt.NDArray[np.float64]

RESAMPLES = 1000
_BLOCK = 2_000_000  # resampled documents held in memory at once


@dataclass
class Ratios:
    """Collects ratios of sums over documents, then resamples them all at once.

    Every column is an array of one number per document.
    """

    documents: int
    seed: int
    _columns: list[Counts] = field(default_factory=list, repr=False)
    _units: list[int] = field(default_factory=list, repr=False)

    def add(self, numerator: Counts, denominator: Counts, *, units: int) -> int:
        """Register sum(numerator) / sum(denominator), which rests on `units` units; return its handle for `metrics`."""
        self._columns += (np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64))
        self._units.append(units)
        return len(self._units) - 1

    def metrics(self) -> list[Metric | None]:
        """Return a metric for every handle, with a 95 % interval; None where the denominator is zero."""
        if not self._units:
            return []
        table = np.stack(self._columns, axis=1) if self.documents else np.zeros((0, len(self._columns)))
        sums = table.sum(axis=0)
        replicates = self._resample(table) if self.documents > 1 else np.zeros((0, len(self._columns)))
        found: list[Metric | None] = []
        for handle, units in enumerate(self._units):
            numerator, denominator = sums[2 * handle], sums[2 * handle + 1]
            if denominator == 0:
                found.append(None)
                continue
            value = float(numerator / denominator)
            low, high = _percentiles(replicates[:, 2 * handle], replicates[:, 2 * handle + 1])
            found.append(_rule_of_three(Metric(value, min(low, value), max(high, value), units)))
        return found

    def _resample(self, table: Counts) -> Counts:
        generator = np.random.default_rng(self.seed)
        size = self.documents
        block = max(1, min(RESAMPLES, _BLOCK // size))
        sums: list[Counts] = []
        for start in range(0, RESAMPLES, block):
            rows = min(block, RESAMPLES - start)
            drawn = generator.integers(0, size, (rows, size)) + np.arange(rows)[:, None] * size
            weights = np.bincount(drawn.ravel(), minlength=rows * size).reshape(rows, size)
            sums.append(weights.astype(np.float64) @ table)
        return np.concatenate(sums)


def _percentiles(numerators: Counts, denominators: Counts) -> tuple[float, float]:
    """Return the 2.5th and 97.5th percentile; the whole range when there are too few documents to resample."""
    usable = denominators > 0
    if not usable.any():
        return 0.0, 1.0
    low, high = np.percentile(numerators[usable] / denominators[usable], (2.5, 97.5))
    return float(low), float(high)


def _rule_of_three(metric: Metric) -> Metric:
    """Widen an interval that the bootstrap collapses: where all or nothing was hit, 3 / n bounds the rest at 95 %."""
    margin = min(1.0, 3 / metric.n) if metric.n else 1.0
    if metric.value == 1.0:
        return Metric(1.0, min(metric.low, 1.0 - margin), 1.0, metric.n)
    if metric.value == 0.0:
        return Metric(0.0, 0.0, max(metric.high, margin), metric.n)
    return metric
