"""Three attacks on a synthetic table, each beside its control on records that were never used and beside a guess.

- Singling out: conditions that fit one synthetic row alone; a success is that they fit one real record alone.
- Linkability: who knows two halves of a record finds that both lie nearest to the same synthetic row.
- Inference: who knows all of a record but one value takes that value from the nearest synthetic row.

Rules: the risk is what the attack gains beyond its control, of what there was to gain: (success - control) / (1 - control).
What a table teaches about people in general is in the control and is no risk. Both sides have as many records.

Source: M. Giomi, F. Boenisch, C. Wehmeyer, B. Tasnadi, A unified framework for quantifying privacy risk in synthetic data,
Proceedings on Privacy Enhancing Technologies 2023(2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from onprem.evaluate.privacy.cells import Cells, Side, nearest
from onprem.evaluate.privacy.chance import Floats, Ints, needed_rate, resampled
from onprem.evaluate.privacy.contract import Bounds, Measure, Settings, Verdict, judged
from onprem.model import Metric

_TARGETS = 2000  # records of each kind that are attacked
_CONDITIONS = 2000  # that single out a synthetic row
_TRIES = 6  # times as many are drawn
_COLUMNS = 8  # in one condition, at most
_HALVES = 4  # ways to cut the columns in two
_SECRETS = 24  # columns whose values are inferred, at most
_CLOSE = 0.05  # of the middle 90 % of the real values: a number is guessed when it is so near
_LEAST_LEFT = 0.01  # of what there is to gain

Mask = npt.NDArray[np.bool_]


def attacks(cells: Cells, settings: Settings) -> list[Measure]:
    """Return the risk of each attack."""
    rng = np.random.default_rng(settings.seed)
    size = min(len(cells.seen), len(cells.unseen))
    even = replace(cells, seen=_some(cells.seen, size, rng), unseen=_some(cells.unseen, size, rng))
    few = replace(even, seen=_some(even.seen, _TARGETS, rng), unseen=_some(even.unseen, _TARGETS, rng))
    measures = [_singling_out(even, settings, rng)]
    if cells.columns > 1:
        measures += [_linkability(few, settings, rng), *_inference(few, settings, rng)]
    return measures


def _some(side: Side, count: int, rng: np.random.Generator) -> Side:
    return side if len(side) <= count else side.take(np.sort(rng.choice(len(side), count, replace=False)))


def _risk(code: str, success: Floats, control: Floats, naive: float, settings: Settings) -> Measure:
    """Return the risk from the success on each seen and each never-used record (0 to 1)."""
    rng = np.random.default_rng(settings.seed)
    hit, base = float(success.mean()), float(control.mean())
    left = max(1.0 - base, _LEAST_LEFT)
    spread = resampled(success, rng) - resampled(control, rng)
    return _judged(code, _Rates(hit, base, naive), _metric((hit - base) / left, spread / left, len(success)), settings)


@dataclass(frozen=True, slots=True)
class _Rates:
    success: float
    control: float
    naive: float


def _metric(value: float, spread: Floats, count: int) -> Metric:
    low, high = np.percentile(spread, (2.5, 97.5))
    high = max(float(high), 3 / count if value <= 0 else 0.0)
    return Metric(value, min(value + float(low), value), max(value + high, value), count)


def _judged(code: str, rates: _Rates, metric: Metric, settings: Settings) -> Measure:
    figures = {"success": rates.success, "control": rates.control, "guess": rates.naive}
    measure = judged(code, metric, settings.risk, Measure(code, Verdict.SHOWN, figures=figures))
    if measure.verdict is Verdict.CANNOT_TELL:
        count = needed_rate(metric, settings.risk.tolerated)
        measure = replace(measure, hint=f"about {count:,} records of each kind would tell")
    return measure


@dataclass(frozen=True, slots=True)
class _Condition:
    """Which columns a condition looks at: equal to a value, at most it, or at least it."""

    columns: Ints
    values: Floats
    ways: Ints  # 0 equal, -1 at most, 1 at least

    def fits(self, side: Side) -> Mask:
        """Say of each row whether it meets the condition."""
        met = np.ones(len(side), bool)
        for column, value, way in zip(self.columns, self.values, self.ways, strict=True):
            own = side.values[:, column]
            if np.isnan(value):
                met &= np.isnan(own)
            elif way == 0:
                met &= own == value
            else:
                met &= own >= value if way > 0 else own <= value
        return met


def _singling_out(cells: Cells, settings: Settings, rng: np.random.Generator) -> Measure:
    medians = np.asarray([_median(cells.rows.values[:, column]) for column in range(cells.columns)])
    found: list[tuple[int, int]] = []  # which seen and which never-used record each condition singles out, or -1
    guesses = guessed = 0
    for _ in range(_CONDITIONS * _TRIES):
        if len(found) == _CONDITIONS:
            break
        columns = rng.choice(cells.columns, rng.integers(1, min(_COLUMNS, cells.columns) + 1), replace=False)
        row = int(rng.integers(len(cells.rows)))
        condition = _condition(cells, columns, cells.rows.values[row, columns], medians)
        if int(condition.fits(cells.rows).sum()) == 1:
            found.append((_one(condition.fits(cells.seen)), _one(condition.fits(cells.unseen))))
            # a guess: each value from another row, as one would who knew the columns alone
            others = rng.integers(len(cells.rows), size=len(columns))
            guess = _condition(cells, columns, cells.rows.values[others, columns], medians)
            guesses += 1
            guessed += _one(guess.fits(cells.seen)) >= 0
    if not found:  # no row of the synthetic table stands out
        return _judged("singling-out", _Rates(0.0, 0.0, 0.0), Metric(0.0, 0.0, 3 / _CONDITIONS, 0), settings)
    singled = np.asarray(found)
    success, control = (singled >= 0).astype(np.float64).T
    left = max(1.0 - float(control.mean()), _LEAST_LEFT)
    moves = [
        np.bincount(side[side >= 0], minlength=len(records)) / len(found)
        for side, records in zip(singled.T, (cells.seen, cells.unseen), strict=True)
    ]
    again = np.random.default_rng(settings.seed)
    # records are resampled, not conditions, of which there can be any number
    spread = (resampled(moves[0], again) - resampled(moves[1], again)) * len(cells.seen)
    rates = _Rates(float(success.mean()), float(control.mean()), guessed / guesses)
    metric = _metric((rates.success - rates.control) / left, spread / left, len(found))
    return _judged("singling-out", rates, metric, settings)


def _condition(cells: Cells, columns: Ints, values: Floats, medians: Floats) -> _Condition:
    ways = np.asarray(
        [
            (1 if value > medians[column] else -1) if cells.numbers[column] else 0
            for column, value in zip(columns, values, strict=True)
        ]
    )
    return _Condition(columns, values, ways)


def _median(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else 0.0


def _one(fits: Mask) -> int:
    places = np.flatnonzero(fits)
    return int(places[0]) if len(places) == 1 else -1


def _linkability(cells: Cells, settings: Settings, rng: np.random.Generator) -> Measure:
    """Cut the columns in two, several times; a success is that both halves lie nearest to the same row."""
    linked = [np.zeros(len(side)) for side in (cells.seen, cells.unseen)]
    for _ in range(_HALVES):
        order = rng.permutation(cells.columns)
        halves = np.sort(order[: cells.columns // 2]), np.sort(order[cells.columns // 2 :])
        # equally near rows are taken in another order by each half, so that a tie is no success
        shuffled = [rng.permutation(len(cells.rows)) for _ in halves]
        for at, side in enumerate((cells.seen, cells.unseen)):
            found = []
            for half, order_of_rows in zip(halves, shuffled, strict=True):
                places = _places(cells, half)
                _, row = nearest(side.points[:, places], cells.rows.points[order_of_rows][:, places])
                found.append(order_of_rows[row])
            linked[at] += (found[0] == found[1]) / _HALVES
    return _risk("linkability", linked[0], linked[1], 1 / len(cells.rows), settings)


def _places(cells: Cells, columns: Ints) -> Ints:
    return np.concatenate([np.arange(*cells.spans[column]) for column in columns])


def _inference(cells: Cells, settings: Settings, rng: np.random.Generator) -> list[Measure]:
    """Infer each column from all others; return the risk over all columns, and that of the worst one."""
    secrets = np.sort(rng.permutation(cells.columns)[:_SECRETS])
    known = [np.zeros((len(side), len(secrets))) for side in (cells.seen, cells.unseen)]
    guess = 0.0
    for at, secret in enumerate(secrets):
        places = _places(cells, np.setdiff1d(np.arange(cells.columns), [secret]))
        made = cells.rows.values[:, secret]
        close = _closeness(cells, int(secret))
        usual = _median(made) if cells.numbers[secret] else _commonest(made)
        for hits, side in zip(known, (cells.seen, cells.unseen), strict=True):
            _, row = nearest(side.points[:, places], cells.rows.points[:, places])
            hits[:, at] = _same(side.values[:, secret], made[row], close)
        guess += float(_same(cells.seen.values[:, secret], np.full(len(cells.seen), usual), close).mean())
    overall = _risk("inference", known[0].mean(axis=1), known[1].mean(axis=1), guess / len(secrets), settings)
    return [overall, _worst(known[0], known[1], secrets, settings)]


def _closeness(cells: Cells, column: int) -> float:
    if not cells.numbers[column]:
        return 0.0
    real = np.concatenate([cells.seen.values[:, column], cells.unseen.values[:, column]])
    real = real[~np.isnan(real)]
    return _CLOSE * float(np.subtract(*np.percentile(real, (95, 5)))) if len(real) else 0.0


def _commonest(values: Floats) -> float:
    known, counts = np.unique(values, return_counts=True, equal_nan=True)
    return float(known[int(np.argmax(counts))])


def _same(real: Floats, guess: Floats, close: float) -> Mask:
    return (np.abs(real - guess) <= close) | (np.isnan(real) & np.isnan(guess))


def _worst(success: Floats, control: Floats, secrets: Ints, settings: Settings) -> Measure:
    """Return the column with the largest risk; its interval is widened, because it is the worst of many (Bonferroni)."""
    from scipy.stats import norm

    hit, base = success.mean(axis=0), control.mean(axis=0)
    left = np.maximum(1.0 - base, _LEAST_LEFT)
    error = np.sqrt(success.var(axis=0) / len(success) + control.var(axis=0) / len(control)) / left
    risks = (hit - base) / left
    margin = norm.ppf(1 - 0.025 / len(secrets)) * error
    at = int(np.argmax(risks - margin))
    value, width = float(risks[at]), float(margin[at]) or 3 / math.sqrt(len(success) * len(control))
    metric = Metric(value, value - width, value + width, len(success))
    figures = {"success": float(hit[at]), "control": float(base[at]), "column": float(secrets[at] + 1)}
    # so wide an interval tells little of a single column: it can fail, and what all columns give must be narrow
    return judged(
        "inference-worst", metric, Bounds(settings.risk.limit, math.inf), Measure("", Verdict.SHOWN, figures=figures)
    )
