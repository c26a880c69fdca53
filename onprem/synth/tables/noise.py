"""The exact discrete Gaussian and the exact exponential mechanism, for many cells at once, from secure random bytes.

Rules: random bits come from the operating system; no step that decides a draw uses a floating-point number, so what is
drawn has the distribution on paper (floating-point noise has been attacked: I. Mironov, CCS 2012). Only the accountant
imports this module (a test reads the imports), so no noise is drawn that is not counted. The time that a draw takes is
not hidden: whoever can measure it on the machine is not kept out here.

Sources: C. Canonne, G. Kamath, T. Steinke, The Discrete Gaussian for Differential Privacy (NeurIPS 2020), algorithms 1 to
3. Factors are split so that all numbers fit 64 bits; the few draws for which they would not use Python's integers.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Bits = npt.NDArray[np.bool_]
Source = Callable[[int], bytes]  # returns so many random bytes

_FINE = 16  # a standard deviation is a multiple of 1/16 ...
_FINE_TO = 256  # ... up to here, and a whole number beyond
_MOST = 1 << 25
_SAFE_DRAW = 64  # multiples of the scale up to which squares fit 64 bits
_PROPOSED = 256  # places that are proposed together


def sigma_at_least(variance: Fraction) -> Fraction:
    """Return the smallest standard deviation that can be drawn exactly and whose square is at least `variance`.

    Raises:
        ValueError: it is not positive, or above 2**50.
    """
    if not 0 < variance <= _MOST**2:
        raise ValueError("the variance cannot be drawn")
    scale = _FINE if variance <= _FINE_TO**2 else 1
    wanted = math.ceil(variance * scale * scale)
    root = math.isqrt(wanted)
    return Fraction(root if root * root == wanted else root + 1, scale)


def discrete_gaussian(sigma: Fraction, size: int, source: Source = os.urandom) -> Integers:
    """Return `size` independent whole numbers x, each with probability proportional to exp(-x**2 / (2 * sigma**2)).

    The variance of such a number is at most sigma**2, and equal to it to nine digits from sigma = 1 on.

    Raises:
        ValueError: `sigma` is none of the values that `sigma_at_least` returns.
    """
    if sigma != sigma_at_least(sigma * sigma):
        raise ValueError("the standard deviation cannot be drawn exactly")
    scale = math.floor(sigma) + 1 if sigma <= _FINE_TO else sigma.numerator
    drawn = np.empty(size, dtype=np.int64)
    missing = np.arange(size)
    while len(missing):
        proposed = _discrete_laplace(scale, len(missing), source)
        kept = _is_kept(np.abs(proposed), scale, sigma, source)
        drawn[missing[kept]] = proposed[kept]
        missing = missing[~kept]
    return drawn


def exponential_choice(scores: Sequence[int], rate: Fraction, source: Source = os.urandom) -> int:
    """Return a place i with probability proportional to exp(rate * scores[i]).

    By rejection: a place is proposed evenly and kept with probability exp(-rate * (best - score)).
    """
    best = max(scores)
    gaps = [divmod(rate.numerator * (best - score), rate.denominator) for score in scores]
    whole, rest = (np.array(part, dtype=np.int64) for part in zip(*gaps, strict=True))
    while True:
        places = _below(len(scores), _PROPOSED, source)
        kept = np.flatnonzero(_exp_minus(whole[places], rest[places], rate.denominator, source))
        if len(kept):
            return int(places[kept[0]])


def _is_kept(size: Integers, scale: int, sigma: Fraction, source: Source) -> Bits:
    """Return which proposals are kept: with probability exp(-(size - sigma**2 / scale)**2 / (2 * sigma**2))."""
    exact: Any = size if not len(size) or int(size.max()) <= _SAFE_DRAW * scale else size.astype(object)
    s, r = sigma.numerator, sigma.denominator
    if scale == sigma:
        gap, over = exact - s, 2 * s * s
    else:  # with sigma = s / r
        gap, over = exact * (scale * r * r) - s * s, 2 * (s * scale * r) ** 2
    squared = gap * gap
    return _exp_minus((squared // over).astype(np.int64), (squared % over).astype(np.int64), over, source)


def _discrete_laplace(scale: int, size: int, source: Source) -> Integers:
    """Return `size` whole numbers x, each with probability proportional to exp(-abs(x) / scale)."""
    drawn = np.empty(size, dtype=np.int64)
    missing = np.arange(size)
    while len(missing):
        low = _below(scale, len(missing), source)
        kept = _exp_minus_fraction(low, scale, source)
        negative = _below(2, len(missing), source) == 1
        value = low + scale * _successes(len(missing), source)
        kept &= ~(negative & (value == 0))  # zero would be drawn twice as often
        drawn[missing[kept]] = np.where(negative, -value, value)[kept]
        missing = missing[~kept]
    return drawn


def _successes(size: int, source: Source) -> Integers:
    """Return how often an event of probability exp(-1) happened before it failed, `size` times."""
    counts = np.zeros(size, dtype=np.int64)
    active = np.arange(size)
    while len(active):
        active = active[_exp_minus_fraction(np.ones(len(active), dtype=np.int64), 1, source)]
        counts[active] += 1
    return counts


def _exp_minus(whole: Integers, numerators: Integers, denominator: int, source: Source) -> Bits:
    """Return events of probability exp(-(whole + numerator / denominator)), with numerator < denominator < 2**62."""
    happened = _exp_minus_fraction(numerators, denominator, source)
    active = np.flatnonzero(happened & (whole > 0))
    passed = 0
    while len(active):  # exp(-whole): so many events of exp(-1), all of which must happen
        again = _exp_minus_fraction(np.ones(len(active), dtype=np.int64), 1, source)
        happened[active[~again]] = False
        passed += 1
        active = active[again & (whole[active] > passed)]
    return happened


def _exp_minus_fraction(numerators: Integers, denominator: int, source: Source) -> Bits:
    """Return events of probability exp(-numerator / denominator), for fractions from 0 to 1 (algorithm 1)."""
    rounds = np.ones(len(numerators), dtype=np.int64)
    active = np.arange(len(numerators))
    passed = 1
    while len(active):  # goes on with probability fraction / round
        again = _below(denominator, len(active), source) < numerators[active]
        again &= _below(passed, len(active), source) == 0
        active = active[again]
        passed += 1
        rounds[active] = passed
    return np.asarray(rounds % 2 == 1)


def _below(bound: int, size: int, source: Source) -> Integers:
    """Return even draws from 0 to bound - 1: as many bits as the bound has, drawn again where they reach it."""
    if bound == 1:
        return np.zeros(size, dtype=np.int64)
    mask = (1 << (bound - 1).bit_length()) - 1
    drawn = np.frombuffer(source(8 * size), dtype=np.int64) & mask
    missing = np.flatnonzero(drawn >= bound)
    while len(missing):
        drawn[missing] = np.frombuffer(source(8 * len(missing)), dtype=np.int64) & mask
        missing = missing[drawn[missing] >= bound]
    return drawn
