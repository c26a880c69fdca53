"""The budget: what (epsilon, delta) gives, that it cannot be overspent, and that what is counted is what is drawn."""

import math
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from onprem.errors import PolicyError
from onprem.synth.tables.accountant import Accountant, Spent, delta_of, rho_of


def account(epsilon=1.0, delta=1e-6, seed=0):
    return Accountant(epsilon, delta, unsafe_source_of_bytes=random.Random(seed).randbytes)


def gaussian_delta(rho, epsilon):
    """The exact delta of one Gaussian mechanism of cost rho (Balle, Wang, ICML 2018, theorem 8)."""
    mu = math.sqrt(2 * rho)
    return norm.cdf(mu / 2 - epsilon / mu) - math.exp(epsilon) * norm.cdf(-mu / 2 - epsilon / mu)


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 4.0, 10.0])
@pytest.mark.parametrize("delta", [1e-4, 1e-6, 1e-9])
def test_rho_lies_between_the_simple_bound_and_the_exact_gaussian(epsilon, delta):
    rho = float(rho_of(epsilon, delta))
    simple = (math.sqrt(math.log(1 / delta) + epsilon) - math.sqrt(math.log(1 / delta))) ** 2  # Bun, Steinke
    assert simple < rho
    assert gaussian_delta(rho, epsilon) <= delta  # otherwise the promise would be broken
    assert delta_of(rho, epsilon) <= delta
    assert delta_of(rho * 1.001, epsilon) > delta  # and no more could be spent


def test_the_bound_is_the_least_over_all_orders():
    rho, epsilon = 0.02, 1.0
    grid = [
        math.exp((alpha - 1) * (alpha * rho - epsilon)) / (alpha - 1) * (1 - 1 / alpha) ** alpha
        for alpha in np.linspace(1.01, 200, 20_000)
    ]
    assert delta_of(rho, epsilon) == pytest.approx(min(grid), rel=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.fractions(Fraction(1, 200), Fraction(1, 3)), min_size=1, max_size=12))
def test_it_cannot_be_overspent(shares):
    accountant = account()
    for share in shares:
        asked = share * accountant.rho
        before = accountant.spent
        try:
            accountant.measure(np.zeros(3, dtype=np.int64), asked, "step")
        except PolicyError:
            assert accountant.spent == before
        assert accountant.spent <= accountant.rho
        assert accountant.spent - before <= asked


def test_a_refusal_has_a_hint_and_draws_nothing():
    drawn, chance = [], random.Random(0)

    def source(size):
        drawn.append(size)
        return chance.randbytes(size)

    accountant = Accountant(1.0, 1e-6, unsafe_source_of_bytes=source)
    for ask in (
        lambda: accountant.measure(np.zeros(3, dtype=np.int64), accountant.rho * 2, "too much"),
        lambda: accountant.choose([1, 2], accountant.rho * 2, "too much"),
        lambda: accountant.measure(np.zeros(3, dtype=np.int64), Fraction(0), "nothing"),
        lambda: accountant.choose([1, 2], Fraction(0), "nothing"),
        lambda: accountant.spend(Spent("less than nothing", Fraction(-1))),
    ):
        with pytest.raises(PolicyError) as caught:
            ask()
        assert caught.value.hint
    assert not drawn
    assert not accountant.ledger


@pytest.mark.parametrize("share", [Fraction(1, 90), Fraction(1, 3), Fraction(1)])
def test_the_noise_that_is_drawn_is_the_noise_that_was_paid_for(share):
    accountant = account(seed=4)
    counts = np.arange(60_000, dtype=np.int64).reshape(300, 200)
    noisy, sigma = accountant.measure(counts, share * accountant.rho, "step")
    drawn = (noisy - counts).ravel()
    (entry,) = accountant.ledger
    assert entry.sigma == sigma
    assert entry.rho == 1 / (2 * sigma**2)  # what a Gaussian of sensitivity 1 costs
    paid_for = 1 / (2 * float(entry.rho))
    assert abs(drawn.var() / paid_for - 1) < 6 * math.sqrt(2 / drawn.size)
    assert abs(drawn.mean()) < 6 * math.sqrt(paid_for / drawn.size)


def test_a_choice_is_as_sharp_as_was_paid_for():
    rounds, gap = 2000, 8
    accountant = account(epsilon=100.0, delta=1e-4, seed=5)
    rho = accountant.rho / (rounds + 1)
    assert not accountant.ledger
    better = sum(accountant.choose([0, gap], rho, "choice") for _ in range(rounds))
    entry = accountant.ledger[0]
    assert entry.rho == entry.epsilon**2 / 8
    assert entry.rho <= rho
    wanted = 1 / (1 + math.exp(-float(entry.epsilon) * gap / 2))
    assert abs(better / rounds - wanted) < 5 * math.sqrt(wanted * (1 - wanted) / rounds)


def test_a_choice_keeps_its_promise_on_paper():
    """Brute force: for all scores that one row can change, the Rényi divergence of the choices is at most alpha * rho."""
    epsilon = Fraction(1, 2)
    rho = float(epsilon**2 / 8)
    base = np.array([0, 3, 5])
    for change in np.array(np.meshgrid([-1, 0, 1], [-1, 0, 1], [-1, 0, 1])).reshape(3, -1).T:
        first = np.exp(float(epsilon) / 2 * base)
        other = np.exp(float(epsilon) / 2 * (base + change))
        first, other = first / first.sum(), other / other.sum()
        for alpha in (1.5, 2.0, 8.0, 64.0):
            divergence = math.log(float((first**alpha * other ** (1 - alpha)).sum())) / (alpha - 1)
            assert divergence <= alpha * rho + 1e-12


def test_without_an_unsafe_source_the_system_is_asked(monkeypatch):
    asked, chance = [], random.Random(0)

    def urandom(size):
        asked.append(size)
        return chance.randbytes(size)

    monkeypatch.setattr("onprem.synth.tables.accountant.os.urandom", urandom)
    accountant = Accountant(1.0, 1e-6)
    accountant.measure(np.zeros(3, dtype=np.int64), accountant.left, "step")
    assert asked
    assert accountant.card()["noise"] == "operating system"
    assert account().card()["noise"] != "operating system"


@pytest.mark.parametrize(
    ("epsilon", "delta"), [(0, 1e-6), (-1, 1e-6), (1, 0), (1, 0.5), (float("nan"), 1e-6), (1000, 1e-6)]
)
def test_a_budget_out_of_range_is_refused(epsilon, delta):
    with pytest.raises(PolicyError) as caught:
        Accountant(epsilon, delta)
    assert caught.value.hint


def test_the_card_adds_up():
    accountant = account()
    accountant.measure(np.zeros(3, dtype=np.int64), accountant.rho / 4, "one")
    accountant.choose([0, 1], accountant.rho / 8, "two")
    card = accountant.card()
    assert card["rho_spent"] == pytest.approx(sum(step["rho"] for step in card["steps"]))
    assert card["rho_spent"] <= card["rho"]
    assert card["neighbouring"] == "one row added or removed"
