"""What the gate calls chance, held against the obvious slow way to compute it."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onprem.evaluate.privacy import chance
from onprem.evaluate.privacy.chance import Items
from onprem.model import Metric

SCORES = st.lists(st.integers(0, 6), min_size=2, max_size=12)


@settings(deadline=None, max_examples=50)
@given(SCORES, SCORES)
def test_area_is_the_share_of_pairs_in_which_the_seen_one_scores_higher(seen, unseen):
    pairs = [(a > b) + (a == b) / 2 for a in seen for b in unseen]
    metric = chance.area(np.asarray(seen, float), np.asarray(unseen, float))
    assert metric.value == pytest.approx(np.mean(pairs))
    assert metric.low <= metric.value <= metric.high


def test_area_covers_chance_as_often_as_it_says():
    rng = np.random.default_rng(5)
    missed = 0
    for _ in range(400):
        metric = chance.area(rng.normal(size=80), rng.normal(size=120))
        missed += not metric.low <= 0.5 <= metric.high
    assert missed <= 32  # 5 % of 400 and two and a half standard errors


def test_a_sample_without_variance_proves_little():
    metric = chance.area(np.zeros(4), np.zeros(4))
    assert metric.value == 0.5 and metric.high > 0.85


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"), [(0, 100, 0.0, 0.0295), (5, 50, 0.0333, 0.2181), (50, 50, 0.9289, 1.0)]
)
def test_shares_have_the_published_exact_interval(hits, of, low, high):
    metric = chance.share(hits, of)
    assert (metric.low, metric.high) == (pytest.approx(low, abs=2e-4), pytest.approx(high, abs=2e-4))


def test_detectable_and_needed_agree():
    count = chance.needed(0.60)
    assert count == 131
    assert chance.detectable(count, count, 0.5) == pytest.approx(0.60, abs=1e-3)
    assert chance.needed_rate(Metric(0.0, 0.0, 0.2, 50), 0.05) == 800


def items(sets):
    """Return sets of numbers as items of owners."""
    pairs = [(number, owner) for owner, each in enumerate(sets) for number in sorted(each)]
    ids, owners = zip(*pairs, strict=True) if pairs else ((), ())
    return Items(np.asarray(ids, np.uint64), np.asarray(owners, np.int64), len(sets))


SETS = st.lists(st.sets(st.integers(0, 5), max_size=4), min_size=2, max_size=4)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sets(st.integers(0, 5), min_size=1, max_size=4), min_size=1, max_size=4), SETS, SETS)
def test_difference_is_that_of_as_many_records_on_average_over_all_choices(rows, seen, unseen):
    size = min(len(seen), len(unseen))

    def held(records):
        shares = []
        for chosen in itertools.combinations(records, size):
            known = set().union(*chosen)
            shares.append(np.mean([len(row & known) / len(row) for row in rows]))
        return np.mean(shares)

    found = chance.difference(items(rows), items(seen), items(unseen), seed=0)
    assert found.seen == pytest.approx(held(seen)) and found.unseen == pytest.approx(held(unseen))
    assert found.metric.value == pytest.approx(held(seen) - held(unseen), abs=1e-9)
    assert found.metric.low <= found.metric.value <= found.metric.high


def test_difference_of_exchangeable_records_is_seldom_found_where_few_records_share_what_many_rows_hold():
    rng = np.random.default_rng(9)
    alarms = 0
    for round_ in range(200):
        # one item in most rows and in three records of 60; the rest are items of their own
        special = set(rng.choice(60, 3, replace=False).tolist())
        records = [{1000 + place} | ({7} if place in special else set()) for place in range(60)]
        rows = [{7, 5000 + place} for place in range(50)]
        found = chance.difference(items(rows), items(records[:30]), items(records[30:]), seed=round_)
        alarms += found.metric.low > 0.002
    assert alarms <= 12  # at most 2.5 % of 200 in expectation


def test_difference_finds_what_is_there():
    records = [{place} for place in range(100)]
    rows = [{place} for place in range(10)] + [{1000 + place} for place in range(90)]
    found = chance.difference(items(rows), items(records[:50]), items(records[50:]), seed=0)
    assert found.metric.value == pytest.approx(0.1) and found.metric.low > 0.02


def test_rows_without_an_item_are_not_measured():
    found = chance.difference(items([set(), {1}]), items([{1}]), items([{2}]), seed=0)
    assert found.metric.n == 1 and found.metric.value == 1.0
    assert chance.difference(items([set()]), items([{1}]), items([{2}]), seed=0).metric.n == 0


def test_extremes_are_counted_beyond_one_in_a_hundred():
    unseen = np.arange(1000.0)
    assert chance.extreme(unseen.copy(), unseen, 0).value == pytest.approx(0.0)
    near = np.concatenate([np.full(50, 5000.0), np.arange(950.0)])
    metric = chance.extreme(near, unseen, 0)
    assert metric.value == pytest.approx(0.04) and metric.low > 0.02
