import random
from collections import Counter
from statistics import correlation, mean

import pytest
from pack_world import TINY, shipped_pack

from onprem.synth.pack_portrait import Result, draw, measure
from onprem.synth.pack_read import parse

MANY = 4_000
DEPRESSION, DIABETES = shipped_pack("depression"), shipped_pack("diabetes")
PHQ = DEPRESSION.scales["severity"]
NINE = dict.fromkeys(PHQ.items, "none")
VALUES = ("none", "some", "most", "daily")


def with_score(score):
    """Return values of the nine items with this sum."""
    values = dict(NINE)
    for item in PHQ.items:
        values[item] = VALUES[min(3, score)]
        score -= min(3, score)
    return values


@pytest.mark.parametrize("pack", [DEPRESSION, DIABETES], ids=lambda pack: pack.name)
def test_shares_are_kept_and_items_go_together_as_their_loads_say(pack):
    portraits = [draw(pack, random.Random(seed)) for seed in range(MANY)]
    for item in pack.item:
        counts = Counter(portrait[item.id] for portrait in portraits)
        for value, share in zip(item.values, item.shares, strict=True):
            margin = 4 * (share * (1 - share) / MANY) ** 0.5
            assert abs(counts[value] / MANY - share) < margin, (item.id, value)
    points = {item.id: [item.values.index(portrait[item.id]) for portrait in portraits] for item in pack.item}
    for item in pack.item:
        for other in pack.item:
            if item.id < other.id:
                loads = sum(load * other.load.get(name, 0.0) for name, load in item.load.items())
                found = correlation(points[item.id], points[other.id])
                # values are cut from the normal variables, which takes off some of their correlation
                assert 0.5 * loads - 0.07 < found < loads + 0.07, (item.id, other.id)


def test_a_portrait_is_the_same_for_the_same_seed():
    assert draw(DEPRESSION, random.Random(7)) == draw(DEPRESSION, random.Random(7))
    assert len({tuple(draw(DEPRESSION, random.Random(seed)).values()) for seed in range(50)}) > 45


def test_a_value_with_no_share_is_never_drawn():
    text = TINY.replace("shares = [0.5, 0.5]", "shares = [1.0, 0.0]")
    pack = parse(text, name="migraine")
    assert {draw(pack, random.Random(seed))["days"] for seed in range(300)} == {"few"}


def test_severity_follows_the_bands_of_kroenke_and_others():
    bands = [("none", 0, 4), ("mild", 5, 9), ("moderate", 10, 14), ("moderately-severe", 15, 19), ("severe", 20, 27)]
    for name, low, high in bands:
        for score in range(low, high + 1):
            assert measure(DEPRESSION, PHQ, with_score(score)) == Result(score, name)
    four = [measure(DEPRESSION, PHQ, with_score(score), PHQ.variants["four"]).band for score in (4, 5, 10, 15, 27)]
    assert four == ["control", "mild", "moderate", "severe", "severe"]


def test_the_risk_is_of_the_suicide_item_alone():
    risk = DEPRESSION.scales["risk"]
    said = [measure(DEPRESSION, risk, NINE | {"suicide": value}).band for value in VALUES]
    assert said == ["none", "low", "moderate", "high"]
    assert measure(DEPRESSION, risk, with_score(20) | {"suicide": "none"}).band == "none"


def test_what_is_not_known_gives_no_points():
    assert measure(DEPRESSION, PHQ, {"mood": "daily"}) == Result(3, "none")
    assert measure(DEPRESSION, PHQ, {}) == Result(0, "none")


def test_every_severity_occurs():
    counts = Counter(measure(DEPRESSION, PHQ, draw(DEPRESSION, random.Random(seed))).band for seed in range(MANY))
    assert min(counts[band] for band in PHQ.bands) > 0.08 * MANY
    scores = [measure(DEPRESSION, PHQ, draw(DEPRESSION, random.Random(seed))).score for seed in range(MANY)]
    assert 10 < mean(scores) < 14


def test_rules_of_a_scale():
    control = DIABETES.scales["control"]
    least = {
        "glucose": "in-range",
        "adherence": "all",
        "diet": "careful",
        "exercise": "regular",
        "hypoglycaemia": "none",
    }
    said = [
        measure(DIABETES, control, least | more)
        for more in (
            {},
            {"glucose": "high"},
            {"glucose": "high", "adherence": "misses-many"},
            {"hypoglycaemia": "severe"},
        )
    ]
    assert said == [Result(0, "good"), Result(4, "fair"), Result(6, "poor"), Result(2, "poor")]
    # a rule needs all its items to be known
    assert measure(DIABETES, control, {"adherence": "misses-many"}).band == "good"
