"""Portraits of a pack: values of all items, drawn together, and what its scales say of them.

Items correlate by a Gaussian copula: each factor is a standard normal variable of the portrait, an item's own variable is
its factors by their loads and an independent rest, and its value is where that variable falls among the quantiles of the
shares. So marginal shares are kept exactly, and a portrait is coherent: who cannot sleep is more often tired.

Source of the method: R. B. Nelsen, An Introduction to Copulas (2006), section 2.3.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from itertools import accumulate
from statistics import NormalDist

from onprem.synth.pack import Bands, Item, Pack, Portrait, Scale

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Result:
    """What a scale says: the score and the name of its band."""

    score: int
    band: str


def draw(pack: Pack, rng: random.Random) -> dict[str, str]:
    """Return a portrait: a value for each item, in the order of the items."""
    names = dict.fromkeys(factor for item in pack.item for factor in item.load)
    factors = {name: rng.gauss() for name in names}
    portrait = {}
    for item in pack.item:
        rest = math.sqrt(max(0.0, 1.0 - sum(load * load for load in item.load.values())))
        own = sum(load * factors[name] for name, load in item.load.items()) + rest * rng.gauss()
        portrait[item.id] = _value(item, _NORMAL.cdf(own))
    return portrait


def _value(item: Item, quantile: float) -> str:
    for value, bound in zip(item.values, accumulate(item.shares), strict=True):
        if quantile < bound:
            return value
    return next(value for value, share in zip(reversed(item.values), reversed(item.shares), strict=True) if share)


def measure(pack: Pack, scale: Scale, values: Portrait, bands: Bands | None = None) -> Result:
    """Return what a scale says of values. An item that is not known gives no points and meets no rule.

    `bands` are another division of the same score, one of the scale's variants.
    """
    bands = bands or scale.bands
    score = sum(pack.items[item].point(values[item]) for item in scale.items if item in values)
    names = list(bands)
    least = 0
    for rule in scale.rules:
        if rule.holds(values):
            score += rule.add
            # a variant may not know the band that a rule names: then it says nothing
            least = max(least, names.index(rule.at_least) if rule.at_least in bands else 0)
    place = max([place for place, name in enumerate(names) if score >= bands[name]], default=0)
    return Result(score, names[max(place, least)])
