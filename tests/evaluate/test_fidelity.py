"""Measures of synthetic tables: right where the answer is known, and unable to be fooled by the obvious."""

import math

import numpy as np
import pytest
from scipy.stats import ks_2samp
from sklearn.metrics import roc_auc_score

from onprem.errors import InputError
from onprem.evaluate import fidelity
from onprem.evaluate.fidelity_attack import Shadow, _drawn, _judged, outliers, shadow
from onprem.evaluate.fidelity_features import aligned, auc
from onprem.evaluate.fidelity_linked import (
    Child,
    Linked,
    joined,
    linked_c2st,
    strong_correlations,
    temporal,
    violations,
)
from onprem.evaluate.fidelity_rows import BINS, LEAST, distributions
from onprem.progress import Silent
from onprem.table import Column, Kind, Table

YEAR = 365.25 * 86_400


def patients(rows=600, seed=0, *, related=True):
    rng = np.random.default_rng(seed)
    age = rng.normal(60, 10, rows)
    risk = (age - 60) / 10 if related else rng.normal(0, 1, rows)
    lab = 2 * risk + rng.normal(0, 1, rows)
    lab[rng.random(rows) < 0.1] = np.nan
    died = (risk + rng.normal(0, 0.7, rows) > 0).astype(np.int32)
    unit = rng.integers(0, 3, rows).astype(np.int32)
    return Table(
        "patients",
        (
            Column("id", Kind.KEY, np.arange(rows, dtype=np.int32), tuple(f"p{seed}-{i}" for i in range(rows))),
            Column("age", Kind.NUMBER, age, (), 1),
            Column("lab", Kind.NUMBER, lab, (), 2),
            Column("unit", Kind.CATEGORY, unit, ("a", "b", "c")),
            Column("died", Kind.CATEGORY, died, ("no", "yes")),
        ),
    )


REAL, OUT, WRONG = patients(seed=1), patients(seed=2), patients(seed=3, related=False)


def test_the_auc_is_that_of_the_field_and_its_interval_covers():
    rng = np.random.default_rng(0)
    covered = 0
    truth = 0.5 * (1 + math.erf(1 / 2))  # of two normals one standard deviation apart
    for _ in range(300):
        positive, negative = np.round(rng.normal(1, 1, 80), 2), np.round(rng.normal(0, 1, 60), 2)
        found = auc(positive, negative)
        labels = np.repeat([1, 0], [80, 60])
        assert found.value == pytest.approx(roc_auc_score(labels, np.concatenate([positive, negative])))
        covered += found.low <= truth <= found.high
    assert 0.9 <= covered / 300 <= 0.99


def test_an_auc_of_all_is_not_certain():
    assert auc(np.array([2.0, 3.0]), np.array([0.0, 1.0])).low < 1
    assert auc(np.zeros(0), np.ones(3)).low == 0


def test_shapes_are_one_for_the_table_itself_and_ks_for_a_number():
    assert fidelity.shapes(REAL, REAL).value == 1
    one = Table("t", (Column("lab", Kind.NUMBER, REAL.column("age").values),))
    other = Table("t", (Column("lab", Kind.NUMBER, REAL.column("age").values + 5),))
    wanted = 1 - ks_2samp(one.column("lab").values, other.column("lab").values).statistic
    found = fidelity.shapes(one, other)
    assert found.value == pytest.approx(wanted)
    assert found.low < wanted < found.high


def test_missing_values_and_other_orders_of_categories_count():
    lab = REAL.column("lab")
    filled = Table("t", (Column("lab", Kind.NUMBER, np.where(lab.missing, 0.0, lab.values)),))
    assert fidelity.shapes(Table("t", (lab,)), filled).value < 0.97
    unit = REAL.column("unit")
    turned = Column("unit", Kind.CATEGORY, (2 - unit.values).astype(np.int32), ("c", "b", "a"))
    assert fidelity.shapes(Table("t", (unit,)), Table("t", (turned,))).value == 1


def test_pairs_and_c2st_see_what_shapes_do_not():
    assert fidelity.shapes(REAL, WRONG).value > 0.93
    assert fidelity.pairs(REAL, REAL).value == 1
    assert fidelity.pairs(REAL, OUT).value > fidelity.pairs(REAL, WRONG).value + 0.05
    honest, wrong = fidelity.c2st(REAL, OUT), fidelity.c2st(REAL, WRONG)
    assert honest.low < 0.5 < honest.high
    assert wrong.low > 0.6


def test_keys_are_no_giveaway():
    assert "id" not in [column.name for column in aligned([REAL, OUT])[0]]


def test_utility_falls_when_relations_are_lost():
    real, wrong = fidelity.utility(REAL, OUT, "died"), fidelity.utility(WRONG, OUT, "died")
    for kind in ("boosted", "logistic"):
        assert getattr(real, kind).low > 0.8
        assert getattr(wrong, kind).value < getattr(real, kind).value - 0.04
    died = REAL.column("died")
    alive = Table("t", (*REAL.columns[:4], Column("died", Kind.CATEGORY, np.zeros_like(died.values), died.categories)))
    assert fidelity.utility(alive, OUT, "died").boosted.value == 0.5
    with pytest.raises(InputError):
        fidelity.utility(REAL, OUT, "unit")


def test_membership_sees_a_copy_and_nothing_in_a_stranger():
    copy = fidelity.membership(REAL, OUT, REAL.take(np.arange(300)))
    assert copy.low > 0.6
    stranger = fidelity.membership(REAL, OUT, patients(seed=9))
    assert stranger.low < 0.5 < stranger.high


def test_tables_of_other_columns_are_refused_without_a_value():
    other = Table("t", REAL.columns[:3])
    with pytest.raises(InputError) as caught:
        fidelity.shapes(REAL, other)
    assert "p1-" not in str(caught.value)


def bootstrap(table, seed):
    return table.take(np.random.default_rng(seed).integers(0, len(table), len(table)))


def fresh(table, seed):
    return patients(len(table), seed + 1000)


def test_the_shadow_attack_finds_a_copy_and_nothing_where_nothing_is():
    attack = Shadow(targets=8, runs=40, seed=1)
    found = shadow(bootstrap, patients(200, 4), attack, Silent())
    assert found.low > 0.7
    assert found.value < 0.92  # 37 % of the rows are not in a copy: 0.82 is the most that can be expected
    nothing = shadow(fresh, patients(200, 4), attack, Silent())
    assert nothing.low < 0.5 < nothing.high
    assert nothing.n == 160
    for table, runs in ((patients(50, 4), 40), (patients(200, 4), 42), (patients(200, 4), 0)):
        with pytest.raises(InputError):
            shadow(fresh, table, Shadow(targets=8, runs=runs), Silent())


def test_an_attack_that_knows_nothing_comes_out_at_a_half_on_average():
    """Nor is its interval too narrow: that is seen over many attacks."""
    rng = np.random.default_rng(0)
    values, covered = [], 0
    for seed in range(20):
        inside = _drawn(Shadow(targets=4, runs=40, seed=seed), rng)
        assert all(inside[part::2].sum(axis=0).tolist() == [10] * 4 for part in (0, 1))
        found = _judged(rng.normal(size=(40, 4, 3)), inside, seed)
        values.append(found.value)
        covered += found.low <= 0.5 <= found.high
    assert covered >= 16  # 19 are expected
    assert abs(np.mean(values) - 0.5) < 4 * np.std(values) / math.sqrt(len(values))


def test_outliers_are_far_out():
    table = patients(300, 5)
    age = table.column("age").values.copy()
    age[17] = 400.0
    table = Table("t", (table.columns[0], Column("age", Kind.NUMBER, age), *table.columns[2:]))
    assert 17 in outliers(table, 3)


def test_rows_of_a_report_show_nobody():
    rng = np.random.default_rng(0)
    values = np.append(rng.lognormal(0, 1, 995), [500.0, 600.0, 700.0, -50.0, -60.0])
    codes = np.append(np.repeat([0, 1], 480), np.arange(2, 42)).astype(np.int32)
    names = ("common", "usual", *(f"rare {number}" for number in range(40)))
    real = Table("t", (Column("x", Kind.NUMBER, values), Column("c", Kind.CATEGORY, codes, names)))
    rows = distributions(real, real)
    for column in ("x", "c"):
        own = [row for row in rows if row.column == column]
        assert len(own) <= BINS
        assert sum(row.real for row in own) == pytest.approx(1)
        assert min(row.real for row in own) >= LEAST / 1000
        assert all(row.real == row.synthetic for row in own)
    said = " ".join(row.name for row in rows)
    assert not any(secret in said for secret in ("500", "600", "700", "-50", "-60", "rare"))


@pytest.mark.parametrize("count", [0, 1, 9])
def test_few_people_of_a_kind_have_no_bin_of_their_own(count):
    values = np.append(np.random.default_rng(0).normal(0, 1, 500), np.full(count, np.nan))
    codes = np.append(np.zeros(500), np.full(count, 1)).astype(np.int32)
    real = Table("t", (Column("x", Kind.NUMBER, values), Column("c", Kind.CATEGORY, codes, ("often", "secret"))))
    rows = distributions(real, real)
    assert "missing" not in [row.name for row in rows]
    assert all(round(row.real * (500 + count)) >= LEAST for row in rows if row.real)
    assert not any("secret" in row.name for row in rows)


def test_a_column_that_is_the_same_for_all_is_one_bin():
    real = Table("t", (Column("x", Kind.NUMBER, np.full(100, 37.5)), Column("y", Kind.NUMBER, np.full(100, np.nan))))
    assert [(row.name, row.real) for row in distributions(real, real)] == [("all", 1.0), ("all", 0.0), ("missing", 1.0)]


def linked(parents=300, seed=0, *, drift=0.5, keep=0.9, late=False):
    """Parents with a birth, and a yearly laboratory value that keeps to itself and drifts."""
    rng = np.random.default_rng(seed)
    names = tuple(f"k{seed}-{number}" for number in range(parents))
    birth = rng.uniform(-30, 0, parents) * YEAR
    level = rng.normal(0, 1, parents)
    owner, times, values = [], [], []
    for place in range(parents):
        value, time = level[place], birth[place] + 20 * YEAR
        for _ in range(rng.integers(3, 8)):
            gap = rng.exponential(YEAR)
            time += gap
            value = keep * value + drift * gap / YEAR + rng.normal(0, 0.3)
            owner.append(place)
            times.append(time)
            values.append(value)
    death = np.full(parents, np.nan)
    death[:50] = birth[:50] + (15 if late else 90) * YEAR
    parent = Table(
        "patients",
        (
            Column("id", Kind.KEY, np.arange(parents, dtype=np.int32), names),
            Column("birth", Kind.TIME, birth),
            Column("death", Kind.TIME, death),
            Column("level", Kind.NUMBER, level),
        ),
    )
    child = Table(
        "labs",
        (
            Column("patient", Kind.KEY, np.array(owner, dtype=np.int32), names),
            Column("time", Kind.TIME, np.array(times)),
            Column("value", Kind.NUMBER, np.array(values)),
        ),
    )
    return Linked(parent, "id", (Child(child, "patient", "time"),), "birth", "death")


def test_parents_are_joined_with_what_their_children_add_up_to():
    table = linked(5)
    child = table.children[0].table
    rows = joined(table)
    own = child.column("patient").values == 2
    assert rows.column("0:labs.rows").values[2] == own.sum()
    assert rows.column("0:labs.value.mean").values[2] == pytest.approx(child.column("value").values[own].mean())
    assert len(rows) == 5


def test_linked_measures_know_the_same_from_another_process():
    real, out, wrong = linked(seed=1), linked(seed=2), linked(seed=3, drift=-0.5, keep=0.1)
    same = linked_c2st(real, out)
    assert same.low < 0.55
    assert linked_c2st(real, wrong).low > 0.7
    assert strong_correlations(real, real).value == 0
    assert strong_correlations(real, out).value < 0.1 < strong_correlations(real, wrong).value
    assert temporal(real, real).value == 0
    assert temporal(real, out).value < 0.06 < temporal(real, wrong).value


@pytest.mark.parametrize(("day", "late"), [(True, 0), (False, 1)])
def test_what_follows_on_the_day_of_death_is_after_a_moment_and_not_after_a_day(day, late):
    parent = Table("patients", (
        Column("id", Kind.KEY, np.array([0], dtype=np.int32), ("a",)),
        Column("birth", Kind.TIME, np.array([-YEAR])),
        Column("death", Kind.TIME, np.array([0.0]), day=day),
    ))  # fmt: skip
    for hour, counted in ((15, late), (24, 1)):
        child = Table("labs", (
            Column("patient", Kind.KEY, np.array([0], dtype=np.int32), ("a",)),
            Column("time", Kind.TIME, np.array([hour * 3600.0])),
        ))  # fmt: skip
        found = violations(Linked(parent, "id", (Child(child, "patient", "time"),), "birth", "death"))
        assert found.after_death.value == counted


def test_violations_are_counted():
    sound = violations(linked())
    assert [getattr(sound, name).value for name in ("before_birth", "after_death", "orphans", "doubled_keys")] == [
        0
    ] * 4
    assert 0 < sound.before_birth.high < 0.01
    dead = violations(linked(late=True))
    assert dead.after_death.low > 0.05
    table = linked(4)
    parent, child = table.parent, table.children[0].table
    times = child.column("time").values.copy()
    times[0] = -1e12
    names = (*child.column("patient").categories, "nobody")
    codes = child.column("patient").values.copy()
    codes[1:3] = 4, -1
    broken = Table(
        "labs", (Column("patient", Kind.KEY, codes, names), Column("time", Kind.TIME, times), child.columns[2])
    )
    key = Column("id", Kind.KEY, np.array([0, 1, 2, 2], dtype=np.int32), parent.columns[0].categories)
    found = violations(
        Linked(Table("p", (key, *parent.columns[1:])), "id", (Child(broken, "patient", "time"),), "birth", "death")
    )
    assert round(found.before_birth.value * found.before_birth.n) == 1
    alone = violations(Linked(parent, "id", (Child(broken, "patient", "time"),), "birth", "death"))
    assert round(alone.orphans.value * alone.orphans.n) == 2
    assert alone.doubled_keys.value == 0
    assert found.doubled_keys.value == 0.25
