"""The privacy budget of a fit, in zero-concentrated differential privacy: every noisy answer is paid for here, then drawn.

1. (epsilon, delta) becomes rho, all there is to spend.
2. A step asks for noise and says what it pays; the standard deviation is rounded up to one that can be drawn exactly, and
   the ledger is charged what that one costs. More than is left is refused, and then nothing is drawn.

Rules: neighbouring tables differ by one row, added or removed. Amounts are fractions, so the ledger adds up exactly. Noise
is drawn nowhere else (only this module imports `noise`), so what was counted is what was spent.

Sources: M. Bun, T. Steinke, Concentrated Differential Privacy (TCC 2016): Gaussian noise costs sensitivity**2 / (2 *
sigma**2), costs add up; C. Canonne, G. Kamath, T. Steinke, The Discrete Gaussian for Differential Privacy (NeurIPS 2020),
proposition 12: rho to (epsilon, delta), and the same cost for the discrete Gaussian; M. Cesar, R. Rogers, Bounding,
Concentrating, and Truncating (ALT 2021): an exponential mechanism of epsilon costs epsilon**2 / 8.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from onprem.errors import PolicyError
from onprem.synth.tables import noise

Integers = npt.NDArray[np.int64]

_GRAIN = 1 << 40  # rho is a multiple of its inverse, rounded down
_RATE_GRAIN = 1 << 20


@dataclass(frozen=True, slots=True)
class Spent:
    """A line of the ledger: what for, how much rho, and the noise: sigma of a Gaussian, epsilon of a choice, else 0."""

    step: str
    rho: Fraction
    sigma: Fraction = Fraction(0)
    epsilon: Fraction = Fraction(0)


class Accountant:
    """A budget of (epsilon, delta) for rows added or removed, and what was spent of it."""

    def __init__(self, epsilon: float, delta: float, *, unsafe_source_of_bytes: noise.Source | None = None) -> None:
        """Open a budget. `unsafe_source_of_bytes` makes noise that can be foretold, which is no privacy: tests alone.

        Raises:
            PolicyError: epsilon or delta is out of range.
        """
        if not 0 < epsilon <= 100 or not math.isfinite(epsilon):
            raise PolicyError(
                "epsilon must lie above 0 and not above 100", hint="1 is common; below 0.1 little is left"
            )
        if not 0 < delta < 0.001:
            raise PolicyError("delta must lie above 0 and below 0.001", hint="at most 1 / rows**2, such as 1e-6")
        self.epsilon, self.delta = epsilon, delta
        self.rho = rho_of(epsilon, delta)
        self._ledger: list[Spent] = []
        self._spent = Fraction(0)
        self._source = unsafe_source_of_bytes or os.urandom
        self.is_unsafe = unsafe_source_of_bytes is not None

    @property
    def ledger(self) -> tuple[Spent, ...]:
        """What was paid for, in order."""
        return tuple(self._ledger)

    @property
    def spent(self) -> Fraction:
        """What was spent so far."""
        return self._spent

    @property
    def left(self) -> Fraction:
        """What may still be spent."""
        return self.rho - self.spent

    def spend(self, entry: Spent) -> None:
        """Charge the ledger.

        Raises:
            PolicyError: that is more than is left, or not more than nothing.
        """
        if entry.rho <= 0:
            raise PolicyError("a step of a private fit must cost something", hint="give it a share above 0")
        if entry.rho > self.left:
            raise PolicyError(
                "the privacy budget is spent",
                hint="one budget serves one fit; open another and add up what both may spend",
            )
        self._ledger.append(entry)
        self._spent += entry.rho

    def measure(self, counts: Integers, rho: Fraction, step: str) -> tuple[Integers, Fraction]:
        """Return counts with noise, and its sigma; one row changes one of the counts by one (sensitivity 1).

        Raises:
            PolicyError: `rho` is more than is left, or so little that its noise cannot be drawn.
        """
        sigma = self.sigma(rho)
        self.spend(Spent(step, 1 / (2 * sigma * sigma), sigma=sigma))
        return counts + noise.discrete_gaussian(sigma, counts.size, self._source).reshape(counts.shape), sigma

    def choose(self, scores: Sequence[int], rho: Fraction, step: str) -> int:
        """Return the place of a high score by the exponential mechanism; one row changes each score by at most one.

        Raises:
            PolicyError: `rho` is more than is left, or so little that nothing could be chosen by it.
        """
        rate = Fraction(math.isqrt(math.floor(2 * rho * _RATE_GRAIN**2)), _RATE_GRAIN)  # epsilon / 2, rounded down
        if rate <= 0:
            raise PolicyError("the budget of a choice is too small", hint="a larger epsilon")
        self.spend(Spent(step, rate * rate / 2, epsilon=2 * rate))
        return noise.exponential_choice(scores, rate, self._source)

    def sigma(self, rho: Fraction) -> Fraction:
        """Return the standard deviation that `measure` draws for `rho`: it costs `rho` or a little less.

        Raises:
            PolicyError: it is too large to be drawn.
        """
        try:
            return noise.sigma_at_least(1 / (2 * rho))
        except (ValueError, ZeroDivisionError):
            raise PolicyError("the budget of a step is too small", hint="a larger epsilon") from None

    def card(self) -> dict[str, object]:
        """Return what was promised and what was spent, for the card of a data set."""
        return {
            "epsilon": self.epsilon,
            "delta": self.delta,
            "neighbouring": "one row added or removed",
            "rho": float(self.rho),
            "rho_spent": float(self.spent),
            "noise": "unsafe: bytes that can be foretold" if self.is_unsafe else "operating system",
            "steps": [
                {
                    "step": entry.step,
                    "rho": float(entry.rho),
                    **({"sigma": float(entry.sigma)} if entry.sigma else {}),
                    **({"epsilon": float(entry.epsilon)} if entry.epsilon else {}),
                }
                for entry in self._ledger
            ],
        }


def delta_of(rho: float, epsilon: float) -> float:
    """Return the smallest delta that proposition 12 gives for rho and epsilon."""
    if rho <= 0:
        return 0.0

    def log_delta(alpha: float) -> float:
        return (alpha - 1) * (alpha * rho - epsilon) + alpha * math.log1p(-1 / alpha) - math.log(alpha - 1)

    # its logarithm is convex in alpha; its minimum lies near (epsilon / rho + 1) / 2
    low, high = 1 + 1e-9, epsilon / rho + 2 + 10 / math.sqrt(rho)
    for _ in range(100):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        if log_delta(left) < log_delta(right):
            high = right
        else:
            low = left
    return min(1.0, math.exp(log_delta((low + high) / 2)))


def rho_of(epsilon: float, delta: float) -> Fraction:
    """Return the largest rho (rounded down) with which (epsilon, delta) holds."""
    low, high = 0.0, epsilon + 1
    for _ in range(60):
        middle = (low + high) / 2
        if delta_of(middle, epsilon) <= delta:
            low = middle
        else:
            high = middle
    return Fraction(math.floor(low * (1 - 1e-9) * _GRAIN), _GRAIN)
