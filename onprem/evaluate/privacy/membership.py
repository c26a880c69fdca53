"""Membership: whether the distance to the nearest synthetic row tells a seen record from one that was never used.

Rules: scores are the higher the nearer; both kinds of record are measured against the same synthetic set, so what the set
is like otherwise plays no part.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from onprem.evaluate.privacy import chance
from onprem.evaluate.privacy.chance import Floats
from onprem.evaluate.privacy.contract import Bounds, Histogram, Measure, Settings, Verdict, judged
from onprem.model import Metric

_BINS = 20


def membership(code: str, seen: Floats, unseen: Floats, bounds: Bounds) -> Measure:
    """Return the AUC of a score that is higher the nearer a record is to the synthetic set."""
    metric = chance.area(seen, unseen)
    figures = {"detectable": chance.detectable(len(seen), len(unseen), bounds.limit)}
    measure = judged(code, metric, bounds, Measure(code, Verdict.SHOWN, figures=figures))
    if measure.verdict is Verdict.CANNOT_TELL:
        count = chance.needed(bounds.tolerated)
        hint = f"about {count:,} records of each kind are needed to tell"
        if min(len(seen), len(unseen)) >= count:
            hint = "more records would tell whether this is chance"
        measure = replace(measure, hint=hint)
    return measure


def extremes(seen: Floats, unseen: Floats, settings: Settings) -> Measure:
    """Return how many more seen than never-used records lie as near as one in 100 of the never-used ones does."""
    metric = chance.extreme(seen, unseen, settings.seed)
    measure = judged("membership-extreme", metric, settings.extreme)
    if measure.verdict is Verdict.CANNOT_TELL:
        count = chance.needed_rate(metric, settings.extreme.tolerated)
        measure = replace(measure, hint=f"about {count:,} records of each kind would tell")
    return measure


def ratio(seen: Floats, unseen: Floats) -> Measure:
    """Return the median distance of seen records to their nearest row, divided by that of never-used ones: 1 is ideal."""
    medians = float(np.median(seen)), float(np.median(unseen))
    figures = {"seen": medians[0], "never used": medians[1]}
    value = medians[0] / medians[1] if medians[1] > 0 else 1.0 if medians[0] <= 0 else float("inf")
    return Measure("distance-ratio", Verdict.SHOWN, Metric(value, value, value, len(seen)), figures=figures)


def histogram(seen: Floats, unseen: Floats, largest: float) -> Histogram:
    """Return how many records lie at each distance from their nearest row, up to the largest distance."""
    edges = np.linspace(0.0, largest, _BINS + 1)
    counts = [np.histogram(np.clip(side, 0.0, largest), edges)[0] for side in (seen, unseen)]
    return Histogram(tuple(edges.tolist()), *(tuple(int(each) for each in side) for side in counts))
