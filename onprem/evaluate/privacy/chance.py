"""How far a figure may be chance: exact shares, the area under the ROC curve with its interval, and resampling.

Rules: intervals are of 95 %, two-sided; an interval is never narrower than chance alone makes it, whatever the sample
looks like (a sample without variance proves little); the same seed gives the same interval.

Sources: C. Clopper, E. Pearson, Biometrika 26 (1934); E. DeLong, D. DeLong, D. Clarke-Pearson, Biometrics 44 (1988);
B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993); E. Pitman, J. R. Stat. Soc. Suppl. 4 (1937), randomisation;
S. Hurlbert, Ecology 52 (1971), rarefaction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from onprem.model import Metric

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Ids = npt.NDArray[np.uint64]

Z = 1.959964  # two-sided 95 %
_POWER = 0.841621  # 80 %
_RESAMPLES = 1000
_SHUFFLES = 250  # of records, each counted both ways
_BLOCK = 2_000_000  # resampled units held in memory at once


def share(hits: int, of: int) -> Metric:
    """Return a share with its exact interval (Clopper-Pearson)."""
    from scipy.stats import beta

    if not of:
        return Metric(0.0, 0.0, 1.0, 0)
    low = float(beta.ppf(0.025, hits, of - hits + 1)) if hits else 0.0
    # where nothing was hit the whole error is on one side: the rule of three
    upper = 0.975 if hits else 0.95
    high = float(beta.ppf(upper, hits + 1, of - hits)) if hits < of else 1.0
    return Metric(hits / of, low, high, of)


def area(seen: Floats, unseen: Floats) -> Metric:
    """Return the AUC: how often a seen record scores above one that was never used, ties as half.

    The standard error is DeLong's, and at least that of a score without any information.
    """
    from scipy.stats import rankdata

    first, second = len(seen), len(unseen)
    ranks = rankdata(np.concatenate([seen, unseen]))
    above = (ranks[:first] - rankdata(seen)) / second
    below = 1.0 - (ranks[first:] - rankdata(unseen)) / first
    value = float(above.mean())
    spread = (above.var(ddof=1) / first if first > 1 else 0.25) + (below.var(ddof=1) / second if second > 1 else 0.25)
    margin = Z * max(math.sqrt(spread), chance_error(first, second))
    return Metric(value, max(0.0, value - margin), min(1.0, value + margin), first + second)


def chance_error(first: int, second: int) -> float:
    """Return the standard error of the AUC of a score that tells nothing (Mann-Whitney)."""
    return math.sqrt((first + second + 1) / (12 * first * second))


def detectable(first: int, second: int, limit: float) -> float:
    """Return the AUC whose excess over `limit` so many records would show with a power of 80 %."""
    return min(1.0, limit + (Z + _POWER) * chance_error(first, second))


def needed(tolerated: float) -> int:
    """Return how many records of each kind bring a harmless set below the tolerated AUC with a power of 80 %."""
    return math.ceil(((Z + _POWER) / (tolerated - 0.5)) ** 2 / 6)


def needed_rate(metric: Metric, tolerated: float) -> int:
    """Return about how many units would narrow an interval of a harmless set to what is tolerated."""
    width = max(metric.high - metric.value, 1e-9)
    return max(metric.n + 1, math.ceil(metric.n * (width / tolerated) ** 2))


def extreme(seen: Floats, unseen: Floats, seed: int, false: float = 0.01) -> Metric:
    """Return how many more seen records than `false` lie above the score that `false` of the never-used ones exceed.

    Source: N. Carlini and others, Membership inference attacks from first principles, IEEE S&P (2022).
    """
    rng = np.random.default_rng(seed)
    value = _beyond(seen, unseen, false)
    found = []
    for _ in range(_RESAMPLES):
        found.append(_beyond(rng.choice(seen, len(seen)), rng.choice(unseen, len(unseen)), false))
    low, high = np.percentile(found, (2.5, 97.5))
    least = 3 / len(seen)
    return Metric(value, min(float(low), value), max(float(high), value + least if value <= 0 else value), len(seen))


def _beyond(seen: Floats, unseen: Floats, false: float) -> float:
    allowed = math.floor(false * len(unseen))
    place = len(unseen) - 1 - allowed
    bar = np.partition(unseen, place)[place]
    return float((seen > bar).mean() - (unseen > bar).mean())


@dataclass(frozen=True, slots=True)
class Items:
    """What stands where: item `ids[i]` stands in owner `owners[i]` (a row, a record, a patient) of `count` owners."""

    ids: Ids = field(repr=False)
    owners: Ints = field(repr=False)
    count: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Share of a row's items that stand in seen records, minus the same for as many never-used ones."""

    metric: Metric
    seen: float
    unseen: float


def difference(rows: Items, seen: Items, unseen: Items, seed: int) -> Difference:
    """Return how many more items of a row stand in seen than in never-used records, in shares of the row's items.

    Of both kinds as many records are taken as there are of the rarer kind, in expectation (rarefaction), so that more
    records find no more by their number. The rows are what would be released and are no sample; what is chance is which
    records were used. So the interval is as wide as that of the same figure between two random halves of all records: a
    phrase that many rows and a few records share moves it as much as it should.
    """
    unique, place = np.unique(rows.ids, return_inverse=True)
    per_row = np.bincount(rows.owners, minlength=rows.count)
    measured = int((per_row > 0).sum())
    if not measured:
        return Difference(Metric(0.0, 0.0, 0.0, 0), 0.0, 0.0)
    weight = np.bincount(place, 1.0 / per_row[rows.owners], len(unique)) / measured
    size = min(seen.count, unseen.count)
    pairs = _pairs(unique, seen), _pairs(unique, unseen)
    shares = [
        float(weight @ _chance(np.bincount(own[0], minlength=len(unique)), side.count, size))
        for own, side in zip(pairs, (seen, unseen), strict=True)
    ]
    value = shares[0] - shares[1]
    together = np.concatenate([pairs[0], pairs[1] + np.asarray([[0], [seen.count]])], axis=1)
    spread = _shuffled(together, weight, (seen.count + unseen.count, size), seed)
    low, high = (float(value + part) for part in np.percentile(spread, (2.5, 97.5)))
    if value <= 0:
        high = max(high, 3 / measured)  # rule of three
    return Difference(Metric(value, min(low, value), max(high, value), measured), shares[0], shares[1])


def _pairs(unique: Ids, side: Items) -> Ints:
    """Return (place among `unique`, owner) of the items that are among them, each once."""
    places = np.searchsorted(unique, side.ids)
    places[places == len(unique)] = 0
    hit = unique[places] == side.ids
    return np.unique(np.stack([places[hit], side.owners[hit]]), axis=1)


def _shuffled(pairs: Ints, weight: Floats, sizes: tuple[int, int], seed: int) -> Floats:
    """Return the figure between two sets of records, of `sizes[1]` each, drawn at random out of `sizes[0]`, many times."""
    from scipy.sparse import csr_matrix

    rng = np.random.default_rng(seed)
    count, size = sizes
    kept, place = np.unique(pairs[0], return_inverse=True)
    held = csr_matrix((np.ones(len(place), np.float32), (place, pairs[1])), shape=(len(kept), count))
    own = weight[kept].astype(np.float32)
    found: list[float] = []
    block = max(1, min(_SHUFFLES, _BLOCK * 4 // max(1, len(kept))))
    for start in range(0, _SHUFFLES, block):
        drawn = np.zeros((count, 2 * min(block, _SHUFFLES - start)), np.float32)
        for column in range(0, drawn.shape[1], 2):
            order = rng.permutation(count)[: 2 * size]
            drawn[order[:size], column] = 1.0
            drawn[order[size:], column + 1] = 1.0
        shares = own @ (held @ drawn > 0)
        found += (shares[::2] - shares[1::2]).tolist()
    return np.asarray([*found, *(-each for each in found)])  # the two sets may change places


def _chance(holders: Ints, count: int, size: int) -> Floats:
    """Return the chance that `size` of `count` records, drawn at random, hold an item that `holders` of them hold."""
    from scipy.special import gammaln

    without = count - holders
    possible = without >= size
    logs = np.full(len(holders), -np.inf)
    rest = without[possible].astype(np.float64)
    logs[possible] = gammaln(rest + 1) - gammaln(rest - size + 1) - gammaln(count + 1) + gammaln(count - size + 1)
    return np.asarray(1.0 - np.exp(logs))


def resampled(each: Floats, rng: np.random.Generator) -> Floats:
    """Return the mean of resampled units minus their mean."""
    block = max(1, _BLOCK // len(each))
    means = []
    for start in range(0, _RESAMPLES, block):
        drawn = rng.integers(0, len(each), (min(block, _RESAMPLES - start), len(each)))
        means.append(each[drawn].mean(axis=1))
    return np.asarray(np.concatenate(means) - each.mean())
