"""A single table by sequential trees: what is drawn keeps to the real table's form and shows nobody."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onprem.errors import InputError, OutputError, UsageError
from onprem.synth.tables import folder, trees
from onprem.synth.tables.folder import CARD, Job, fit_and_sample_table
from onprem.synth.tables.leaves import drawn_in
from onprem.synth.tables.shapes import OTHER, Settings, fresh_keys
from onprem.table import Column, Kind, Table
from onprem.table_files import read_table, write_table


def patients(n: int, seed: int) -> Table:
    """Age moves pressure and death; the unit follows the drug; dates; a zero that stands out; some missing."""
    rng = np.random.default_rng(seed)
    age = np.round(rng.gamma(12, 5, n))
    pressure = np.round(90 + 0.6 * age + rng.normal(0, 8, n), 1)
    dead = (rng.random(n) < 1 / (1 + np.exp((75 - age) / 6))).astype(np.int32)
    albumin = np.where(rng.random(n) < 0.4, 0, np.round(rng.lognormal(2, 1, n), 2))
    albumin[rng.random(n) < 0.1] = np.nan
    drug = rng.choice(4, n, p=(0.5, 0.3, 0.15, 0.05)).astype(np.int32)
    return Table(
        "patients",
        (
            Column("patient_id", Kind.KEY, np.arange(n, dtype=np.int32), tuple(f"P{k}" for k in range(n))),
            Column("age", Kind.INTEGER, age),
            Column("pressure", Kind.NUMBER, pressure, decimals=1),
            Column("albumin", Kind.NUMBER, albumin, decimals=2),
            Column("dead", Kind.CATEGORY, dead, ("no", "yes")),
            Column("drug", Kind.CATEGORY, drug, ("a", "b", "c", "d")),
            Column("unit", Kind.CATEGORY, np.array([0, 0, 1, 1], dtype=np.int32)[drug], ("mg", "ug")),
            Column("seen", Kind.TIME, 86400.0 * rng.integers(15000, 19000, n), day=True),
        ),
    )


def _words(column: Column) -> set[str]:
    return {column.categories[code] for code in np.unique(column.values) if code >= 0}


def test_form_and_relations_are_kept() -> None:
    real = patients(3000, 1)
    made = trees.fit(real, Settings()).sample(3000, 2)
    assert [(c.name, c.kind, c.decimals, c.day) for c in made] == [(c.name, c.kind, c.decimals, c.day) for c in real]
    for name in ("age", "pressure", "albumin", "seen"):
        one, other = real.column(name).values, made.column(name).values
        np.testing.assert_allclose(
            np.nanquantile(other, (0.1, 0.5, 0.9)), np.nanquantile(one, (0.1, 0.5, 0.9)), rtol=0.08
        )
    both = [np.corrcoef(t.column("age").values, t.column("pressure").values)[0, 1] for t in (real, made)]
    assert abs(both[0] - both[1]) < 0.06
    old = [np.mean(t.column("dead").values[t.column("age").values > 75]) for t in (real, made)]
    assert abs(old[0] - old[1]) < 0.08
    zero = [np.mean(t.column("albumin").values == 0) for t in (real, made)]
    missing = [np.mean(t.column("albumin").missing) for t in (real, made)]
    assert abs(zero[0] - zero[1]) < 0.04
    assert abs(missing[0] - missing[1]) < 0.03


def test_what_determines_another_does_so_in_every_row() -> None:
    made = trees.fit(patients(2000, 3), Settings()).sample(5000, 1)
    units = {(a, b) for a, b in zip(made.column("drug").values, made.column("unit").values, strict=True)}
    drug, unit = made.column("drug").categories, made.column("unit").categories
    assert {(drug[a], unit[b]) for a, b in units} <= {("a", "mg"), ("b", "mg"), ("c", "ug"), ("d", "ug")}


def test_same_seed_same_rows_in_chunks_or_not() -> None:
    model = trees.fit(patients(500, 1), Settings())
    one, again, other = model.sample(700, 5), model.sample(700, 5), model.sample(700, 6)
    for column in one:
        np.testing.assert_array_equal(column.values, again.column(column.name).values)
    assert not np.array_equal(one.column("pressure").values, other.column("pressure").values)
    parts = list(model.chunks(700, 5, rows=200))
    assert [len(part) for part in parts] == [200, 200, 200, 100]
    keys = [word for part in parts for word in part.column("patient_id").categories]
    assert len(set(keys)) == 700
    assert len(next(iter(model.chunks(0, 5)))) == 0


@settings(deadline=None, max_examples=40)
@given(
    counts=st.lists(st.integers(1, 40), min_size=1, max_size=8),
    rare=st.integers(2, 12),
    seed=st.integers(0, 99),
)
def test_no_rare_category_survives(counts: list[int], rare: int, seed: int) -> None:
    codes = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    codes = np.concatenate((codes, np.full(60, -1, dtype=np.int32)))
    names = tuple(f"word{place}" for place in range(len(counts)))
    table = Table("t", (Column("w", Kind.CATEGORY, codes, names),))
    made = trees.fit(table, Settings(rare=rare)).sample(400, seed).column("w")
    frequent = {name for name, count in zip(names, counts, strict=True) if count >= rare}
    assert _words(made) <= frequent | {OTHER}
    assert not {name for name in made.categories if name != OTHER} - frequent
    rest = sum(count for count in counts if count < rare)
    assert (OTHER in made.categories) == (rest >= rare)


@settings(deadline=None, max_examples=40)
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=60, max_size=120), seed=st.integers(0, 99))
def test_numbers_keep_within_their_fellows(values: list[float], seed: int) -> None:
    real = np.round(np.array(values), 2)
    made = trees.fit(Table("t", (Column("x", Kind.NUMBER, real, decimals=2),)), Settings()).sample(300, seed)
    drawn = made.column("x").values
    ranked = np.sort(real)
    assert drawn.min() >= ranked[4] - 0.01  # four are further out
    assert drawn.max() <= ranked[-5] + 0.01
    np.testing.assert_array_equal(drawn, np.round(drawn, 2))


def test_extremes_are_drawn_in_and_others_are_left() -> None:
    values = np.append(np.arange(100.0), [1e6, 1e7, np.nan])
    made = drawn_in(values, 5)
    assert np.nanmax(made) <= 97
    np.testing.assert_array_equal(made[10:90], values[10:90])
    shared = np.append(np.arange(50.0), [99.0] * 5)
    assert np.nanmax(drawn_in(shared, 5)) == 99


def test_rows_of_people_are_not_copied_more_than_chance() -> None:
    real, never = patients(2000, 1), patients(2000, 2)
    made = trees.fit(real, Settings()).sample(2000, 3)

    def rows(table: Table) -> set[tuple[float, ...]]:
        names = ("age", "pressure", "albumin", "seen")
        return set(zip(*(np.nan_to_num(table.column(name).values, nan=-1) for name in names), strict=True))

    assert len(rows(made) & rows(real)) <= len(rows(made) & rows(never)) + 2
    # the measure sees a copy
    assert len(rows(real.take(np.arange(50))) & rows(real)) == 50


def test_unique_numbers_are_not_copied() -> None:
    rng = np.random.default_rng(0)
    real = np.round(rng.normal(0, 1, 1000), 6)
    made = trees.fit(Table("t", (Column("x", Kind.NUMBER, real, decimals=6),)), Settings()).sample(1000, 1)
    assert np.isin(made.column("x").values, real).mean() < 0.02


def test_no_leaf_is_smaller_than_told() -> None:
    for leaf in (20, 40):
        model = trees.fit(patients(1500, 4), Settings(leaf=leaf))
        for way in model.chain.ways:
            if isinstance(way, trees.Leaves):
                assert way.count[way.count > 0].min() >= leaf


def test_keys_are_never_real_ones() -> None:
    assert fresh_keys(("P1", "P2"), 0, 2) == ("S00000001", "S00000002")
    for real in (("S00000001",), ("S1", "SYN9"), ("S", "SYN", "SYNTH", "SYNTH-", "SYNTH--")):
        assert not {*fresh_keys(real, 0, 5)} & {*real}
        begin = fresh_keys(real, 0, 1)[0].removesuffix("00000001")
        assert begin
        assert not any(key.startswith(begin) for key in real)


@pytest.mark.parametrize(
    "column",
    [
        Column("x", Kind.INTEGER, np.full(80, 7.0)),
        Column("x", Kind.NUMBER, np.full(80, np.nan)),
        Column("x", Kind.CATEGORY, np.full(80, -1, dtype=np.int32), ()),
        Column("x", Kind.CATEGORY, np.zeros(80, dtype=np.int32), ("only",)),
        Column("x", Kind.TIME, np.append(np.full(79, np.nan), 0.0), day=True),
    ],
)
def test_columns_that_say_nothing(column: Column) -> None:
    table = Table("t", (column, Column("y", Kind.INTEGER, np.arange(80.0) % 9)))
    made = trees.fit(table, Settings()).sample(50, 1)
    drawn = made.column("x")
    expected = column if column.missing.sum() != 79 else Column("x", Kind.TIME, np.full(80, np.nan))
    assert drawn.missing.all() == expected.missing.all()
    assert len(np.unique(drawn.values)) == 1
    assert set(np.unique(made.column("y").values)) <= set(range(9))


def test_bad_input_is_refused() -> None:
    table = patients(200, 1)
    with pytest.raises(InputError, match="1 rows"):
        trees.fit(table.take(np.arange(1)), Settings())
    with pytest.raises(InputError, match="repeats in 1 rows") as caught:
        trees.fit(table.take(np.append(np.arange(199), 5)), Settings())
    assert "P5" not in str(caught.value)
    with pytest.raises(UsageError):
        trees.fit(table, Settings(order=("nothing",)))
    for wrong in ({"leaf": 1}, {"rare": 1}):
        with pytest.raises(UsageError):
            Settings(**wrong)
    with pytest.raises(UsageError):
        Job(0)


def test_the_order_that_is_told_is_taken() -> None:
    model = trees.fit(patients(300, 1), Settings(order=("seen", "dead")))
    assert [shape.name for shape in model.chain.shapes][:2] == ["seen", "dead"]


def test_from_file_to_file(tmp_path) -> None:
    write_table(patients(400, 1), tmp_path / "patients.csv")
    written = fit_and_sample_table(tmp_path / "patients.csv", tmp_path / "out", Job(120, seed=3))
    assert written.rows == {"patients": 120}
    made = read_table(tmp_path / "out" / "patients.csv")
    assert len(made) == 120
    assert not {*made.column("patient_id").categories} & {f"P{k}" for k in range(400)}
    text = (tmp_path / "out" / CARD).read_text()
    card = json.loads(text)
    assert (card["recipe"], card["seed"], card["leaf"], card["rows"]) == ("patients", 3, 20, {"patients": 120})
    assert len(card["schema_sha256"]) == 64
    fit_and_sample_table(tmp_path / "patients.csv", tmp_path / "again", Job(120, seed=3))
    for name in ("patients.csv", CARD):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    with pytest.raises(OutputError):
        fit_and_sample_table(tmp_path / "patients.csv", tmp_path / "out", Job(5))
    (tmp_path / "in").mkdir()
    (tmp_path / "patients.csv").rename(tmp_path / "in" / "patients.csv")
    with pytest.raises(OutputError):
        folder.fit_and_sample_linked(tmp_path / "in", tmp_path / "in" / "out", Job(5))


@pytest.mark.slow
def test_a_million_rows_in_flat_memory(tmp_path) -> None:
    model = trees.fit(patients(4000, 1), Settings())
    tops = []
    for n in (100_000, 1_000_000):
        tracemalloc.start()
        write_table(model.chunks(n, 1), tmp_path / f"{n}.csv")
        tops.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert tops[1] < 1.2 * tops[0]
    with (tmp_path / "1000000.csv").open("rb") as file:
        assert sum(1 for _ in file) == 1_000_001
