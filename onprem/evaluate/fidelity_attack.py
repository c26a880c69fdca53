"""A shadow-model attack on outliers: whether a synthetic table tells that one person's row was fitted.

1. Targets are the rows that lie farthest from all others.
2. The maker is run many times on the same rows, with each target in half of the runs: the attacker is taken to know
   everything but in which.
3. Each synthetic table is described as seen from each target: distances to its nearest rows, rows within reach, values as
   extreme as its own.
4. A classifier learns "in or out" from half of the runs, pooled over targets, and is asked for the other half. Its AUC is
   the figure. (Cross-validation would use each run, but its AUC varies more than its own interval says: the runs of one fold
   teach the model of another.)

Rules: 0.5 is what nobody can tell; the interval is over runs, which are what is independent. A bootstrap copy of the data
gives about 0.8, for a copy leaves out 37 % of the rows. An attack that fails shows little: a better one may not.

Source: T. Stadler, B. Oprisanu, C. Troncoso, Synthetic Data: Anonymisation Groundhog Day (USENIX Security 2022).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from onprem.errors import InputError
from onprem.evaluate.fidelity_features import Features, Floats, Integers, aligned, auc, features, space
from onprem.model import Metric
from onprem.progress import Progress
from onprem.table import Table

Maker = Callable[[Table, int], Table]  # (rows to fit, seed) -> a synthetic table of about as many rows

_NEAR = (1, 5, 20)  # neighbours whose distance is looked at
_REACH = (1, 5)  # neighbours among the real rows that set how far "within reach" is
_RESAMPLES = 500
_TREES = 200


@dataclass(frozen=True, slots=True)
class Shadow:
    """How large an attack is."""

    targets: int = 10
    runs: int = 100
    seed: int = 0


def outliers(table: Table, count: int) -> Integers:
    """Return the places of the rows whose fifth nearest neighbour is farthest."""
    from sklearn.neighbors import NearestNeighbors

    own = aligned([table])[0]
    points = space(own, own)
    neighbours = min(6, len(points))
    far = NearestNeighbors(n_neighbors=neighbours).fit(points).kneighbors(points)[0][:, -1]
    return np.sort(np.argsort(-far, kind="stable")[:count]).astype(np.int64)


def shadow(maker: Maker, table: Table, attack: Shadow, progress: Progress) -> Metric:
    """Return the AUC of the attack; `n` counts judged runs times targets.

    Raises:
        InputError: there are too few rows or runs to attack anything.
    """
    if len(table) < 10 * attack.targets or attack.runs < 8 or attack.runs % 4:
        raise InputError(
            "too few rows for a shadow-model attack, or runs not by fours", hint="ten rows a target; 100 runs"
        )
    rng = np.random.default_rng(attack.seed)
    targets = outliers(table, attack.targets)
    base = np.setdiff1d(np.arange(len(table)), targets)
    inside = _drawn(attack, rng)
    progress.stage("shadow runs", attack.runs)
    seen: list[Floats] = []
    for run in range(attack.runs):
        rows = np.sort(np.concatenate([base, targets[inside[run]]]))
        made = maker(table.take(rows.astype(np.intp)), int(rng.integers(2**31)))
        made = made.take(np.arange(min(len(made), len(base))))  # how many rows were fitted is no secret that counts
        seen.append(_described(table, base, targets, made))
        progress.advance(1)
    return _judged(np.stack(seen), inside, attack.seed)


def _drawn(attack: Shadow, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Return who is in which run (runs x targets): each target is in half of those to learn from and half of the others."""
    half = np.arange(attack.runs // 2) % 2 == 0
    inside = np.zeros((attack.runs, attack.targets), dtype=bool)
    for part in (0, 1):
        for target in range(attack.targets):
            inside[part::2, target] = rng.permutation(half)
    return inside


def _described(table: Table, base: Integers, targets: Integers, made: Table) -> Floats:
    """Return what each target sees of a synthetic table: targets x features."""
    real, synthetic = aligned([table, made])
    points, others = space(real, real), space(synthetic, real)
    values, drawn = features(real), features(synthetic)
    rows = []
    for target in targets:
        far = np.sort(np.sqrt(((others - points[target]) ** 2).sum(axis=1)))
        around = np.sort(np.sqrt(((points[base] - points[target]) ** 2).sum(axis=1)))
        near = [far[min(count, len(far)) - 1] for count in _NEAR]
        reach = [float((far <= around[min(count, len(around)) - 1]).sum()) for count in _REACH]
        rows.append([*near, *reach, *_as_extreme(values, drawn, int(target))])
    return np.array(rows)


def _as_extreme(real: Features, made: Features, target: int) -> list[float]:
    """Return, by column, how many synthetic rows are as extreme as the target on its side, or have its category."""
    found = []
    for place, value in enumerate(real.values[target]):
        column = made.values[:, place]
        if np.isnan(value):
            found.append(float(np.isnan(column).sum()))
        elif real.categorical[place]:
            found.append(float((column == value).sum()))
        else:
            above = value >= np.nanmedian(real.values[:, place])
            found.append(float((column >= value).sum() if above else (column <= value).sum()))
    return found


def _judged(seen: Floats, inside: npt.NDArray[np.bool_], seed: int) -> Metric:
    """Return the AUC on the odd runs of a forest that learned from the even ones; `seen` is runs x targets x features."""
    from sklearn.ensemble import RandomForestClassifier

    middle, spread = seen[::2].mean(axis=0), seen[::2].std(axis=0)
    plain = (seen - middle) / np.where(spread > 0, spread, 1.0)  # so that targets can be pooled
    model = RandomForestClassifier(_TREES, min_samples_leaf=5, random_state=seed)
    model.fit(plain[::2].reshape(-1, seen.shape[2]), inside[::2].ravel())
    inside = inside[1::2]
    scores = model.predict_proba(plain[1::2].reshape(-1, seen.shape[2]))[:, 1].reshape(inside.shape)
    rng = np.random.default_rng((seed, 1))
    runs = len(inside)

    def area(chosen: npt.NDArray[np.int64]) -> float:
        return auc(scores[chosen][inside[chosen]], scores[chosen][~inside[chosen]]).value

    value = area(np.arange(runs))
    drawn = [area(np.asarray(rng.integers(0, runs, runs))) for _ in range(_RESAMPLES)]
    low, high = np.percentile(drawn, (2.5, 97.5))
    return Metric(value, min(value, float(low)), max(value, float(high)), inside.size)
