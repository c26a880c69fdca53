"""The exact samplers: their distribution, their arithmetic, and where their random bits come from."""

import ast
import math
import os
import random
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

from onprem.synth.tables import noise

DRAWS = 100_000
P_BOUND = 1e-6  # of every test of a distribution; seeds are fixed, so it fails for good or not at all


def seeded(seed):
    return random.Random(seed).randbytes


def p_value(drawn, probabilities):
    """Chi-square of drawn whole numbers against {value: probability}; the rest of the numbers is one class."""
    values = sorted(probabilities)
    expected = np.array([probabilities[value] for value in values] + [0.0]) * len(drawn)
    expected[-1] = len(drawn) - expected.sum()
    observed = np.array([(drawn == value).sum() for value in values] + [0])
    observed[-1] = len(drawn) - observed.sum()
    usable = expected > 5
    expected = np.append(expected[usable], expected[~usable].sum())
    observed = np.append(observed[usable], observed[~usable].sum())
    expected, observed = expected[expected > 1e-3], observed[expected > 1e-3]
    return chi2.sf(((observed - expected) ** 2 / expected).sum(), len(expected) - 1)


def gaussian(sigma):
    reach = math.ceil(12 * sigma) + 2
    weights = {x: math.exp(-x * x / (2 * float(sigma) ** 2)) for x in range(-reach, reach + 1)}
    total = sum(weights.values())
    return {x: weight / total for x, weight in weights.items()}


@pytest.mark.parametrize("sigma", [Fraction(1, 2), Fraction(1), Fraction(27, 16), Fraction(9), Fraction(40)])
def test_the_discrete_gaussian_has_its_distribution(sigma):
    drawn = noise.discrete_gaussian(sigma, DRAWS, seeded(1))
    assert p_value(drawn, gaussian(sigma)) > P_BOUND


def test_a_wrong_distribution_is_seen():
    """The test above can fail: a sigma that is 5 % too large does not pass it."""
    drawn = noise.discrete_gaussian(Fraction(9), DRAWS, seeded(1))
    assert p_value(drawn, gaussian(Fraction(9) * Fraction(105, 100))) < P_BOUND


def test_tiny_noise_is_none():
    assert not noise.discrete_gaussian(Fraction(1, 16), DRAWS, seeded(1)).any()  # exp(-128) for anything else


@pytest.mark.parametrize("sigma", [Fraction(256), Fraction(257), Fraction(5000), Fraction(1 << 25)])
def test_large_noise_has_its_variance_and_no_bias(sigma):
    drawn = noise.discrete_gaussian(sigma, DRAWS, seeded(2)) / float(sigma)
    assert abs(drawn.var() - 1) < 6 * math.sqrt(2 / DRAWS)
    assert abs(drawn.mean()) < 6 / math.sqrt(DRAWS)
    inside = (np.abs(drawn) < 1).mean()
    assert abs(inside - math.erf(1 / math.sqrt(2))) < 6 * 0.5 / math.sqrt(DRAWS) + 2 / float(sigma)


@pytest.mark.parametrize(("numerator", "denominator"), [(0, 1), (1, 1), (1, 3), (2, 3), (99, 100), (1, 1 << 61)])
def test_events_of_a_fraction_have_their_probability(numerator, denominator):
    happened = noise._exp_minus_fraction(np.full(DRAWS, numerator, dtype=np.int64), denominator, seeded(3))
    wanted = math.exp(-numerator / denominator)
    assert abs(happened.mean() - wanted) <= 5.5 * math.sqrt(wanted * (1 - wanted) / DRAWS) + 1e-12


def test_events_with_a_whole_part_have_their_probability():
    happened = noise._exp_minus(np.full(DRAWS, 2, dtype=np.int64), np.ones(DRAWS, dtype=np.int64), 4, seeded(4))
    wanted = math.exp(-2.25)
    assert abs(happened.mean() - wanted) < 5.5 * math.sqrt(wanted * (1 - wanted) / DRAWS)


@pytest.mark.parametrize("bound", [1, 2, 3, 5, 8, 1000, (1 << 62) - 1])
def test_even_draws_are_even_and_below_the_bound(bound):
    drawn = noise._below(bound, DRAWS, seeded(5))
    assert drawn.min() >= 0
    assert drawn.max() < bound
    classes = min(bound, 8)
    share = np.bincount((drawn.astype(object) * classes // bound).astype(np.int64), minlength=classes)
    if bound <= 8 or bound > 10**6:
        assert chi2.sf(((share - DRAWS / classes) ** 2 / (DRAWS / classes)).sum(), max(1, classes - 1)) > P_BOUND


def test_the_acceptance_is_the_fraction_on_paper(monkeypatch):
    """For small parameters the rational that decides a draw equals (|x| - sigma**2 / t)**2 / (2 sigma**2), exactly."""
    asked = []
    monkeypatch.setattr(
        noise,
        "_exp_minus",
        lambda whole, rest, over, source: asked.append((whole, rest, over)) or np.ones(len(whole), dtype=bool),
    )
    for sigma in (Fraction(1, 16), Fraction(13, 16), Fraction(3), Fraction(4095, 16), Fraction(256), Fraction(300)):
        scale = math.floor(sigma) + 1 if sigma <= 256 else sigma.numerator
        for sizes in ([0, 1, 2, 7, 64 * scale], [0, 65 * scale, 10**6 * scale]):  # the second take Python's integers
            asked.clear()
            noise._is_kept(np.array(sizes, dtype=np.int64), scale, sigma, os.urandom)
            whole, rest, over = asked[0]
            for size, high, low in zip(sizes, whole.tolist(), rest.tolist(), strict=True):
                assert high + Fraction(low, over) == (size - sigma**2 / scale) ** 2 / (2 * sigma**2)


@pytest.mark.parametrize("variance", [Fraction(1, 300), Fraction(1), Fraction(2), Fraction(335, 1), Fraction(10**9, 7)])
def test_sigma_is_rounded_up_and_not_far(variance):
    sigma = noise.sigma_at_least(variance)
    assert sigma**2 >= variance
    step = Fraction(1, 16) if sigma <= 256 else 1
    assert (sigma - step) ** 2 < variance or sigma == step


@pytest.mark.parametrize("variance", [Fraction(0), Fraction(-1), Fraction(2**51)])
def test_a_variance_that_cannot_be_drawn_is_refused(variance):
    with pytest.raises(ValueError, match="cannot be drawn"):
        noise.sigma_at_least(variance)


def test_a_sigma_that_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="exactly"):
        noise.discrete_gaussian(Fraction(1, 3), 1)


def test_a_choice_has_its_distribution():
    source, scores, rate = seeded(6), [0, 7, 10, -40], Fraction(1, 10)
    drawn = np.array([noise.exponential_choice(scores, rate, source) for _ in range(5_000)])
    weights = [math.exp(float(rate) * score) for score in scores]
    assert p_value(drawn, {place: weight / sum(weights) for place, weight in enumerate(weights)}) > P_BOUND


def test_only_the_accountant_reaches_the_noise():
    """No other module of the house imports the samplers, so no noise is drawn that is not counted."""
    house = Path(noise.__file__).parents[2]
    found = set()
    for path in house.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = []
            if isinstance(node, ast.ImportFrom):
                named = [f"{node.module}.{alias.name}" for alias in node.names] + [node.module or ""]
            elif isinstance(node, ast.Import):
                named = [alias.name for alias in node.names]
            if "onprem.synth.tables.noise" in named:
                found.add(path.name)
    assert found == {"accountant.py"}


def test_the_sampler_knows_no_float_and_no_generator():
    """No floating-point literal, division or random module in the sampler's source."""
    tree = ast.parse(Path(noise.__file__).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
        assert not (isinstance(node, ast.Attribute) and node.attr in {"random", "default_rng", "exp", "log", "float64"})
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            pytest.fail("a true division in the sampler")


@pytest.mark.serial
def test_tens_of_thousands_of_cells_take_half_a_second():
    noise.discrete_gaussian(Fraction(20), 100)
    began = time.process_time()
    noise.discrete_gaussian(Fraction(20), 50_000)
    assert time.process_time() - began < 0.5
