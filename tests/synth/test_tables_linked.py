"""Linked tables: keys that hold, times in order, children that follow their parent and the rows before them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from simulated_hospital import DAY, hospital, write_hospital

from onprem.errors import InputError, OutputError, PolicyError, UsageError
from onprem.synth.tables import linked, schema
from onprem.synth.tables.cells import within
from onprem.synth.tables.folder import CARD, Job, fit_and_sample_linked
from onprem.synth.tables.past import Past, lines, roots
from onprem.synth.tables.shapes import Settings
from onprem.table import Column, Kind, Table
from onprem.table_files import read_table

N = 800


@pytest.fixture(scope="module")
def real() -> dict[str, Table]:
    return hospital(N, 1)


@pytest.fixture(scope="module")
def model(real) -> linked.Linked:
    return linked.fit(real, schema.infer([*real.values()]), Settings())


@pytest.fixture(scope="module")
def made(model) -> dict[str, Table]:
    return model.sample(N, 7)


def _words(column: Column) -> np.ndarray:
    return np.array([*column.categories, ""], dtype=object)[column.values]


def _row_of(tables: dict[str, Table], child: str, parent: str, key: str) -> np.ndarray:
    place = {word: row for row, word in enumerate(_words(tables[parent].column(key)))}
    return np.array([place[word] for word in _words(tables[child].column(key))])


def test_the_schema_is_inferred(real) -> None:
    links = {link.name: link for link in schema.infer([*real.values()]).links}
    assert {name: link.parent for name, link in links.items()} == {
        "patients": "", "encounters": "patients", "diagnoses": "encounters", "labs": "encounters",
        "medications": "encounters",
    }  # fmt: skip
    assert (links["labs"].key, links["labs"].foreign, links["labs"].time) == ("lab_id", "encounter_id", "time")


def test_keys_hold_and_are_fresh(real, made) -> None:
    for name, table in made.items():
        assert [c.name for c in table] == [c.name for c in real[name]]
        for column in table:
            if column.kind is Kind.KEY:
                assert not {*column.categories} & {*real[name].column(column.name).categories}
        own = table.columns[0]
        assert len(np.unique(own.values)) == len(table)
    for child in ("diagnoses", "labs", "medications"):
        visit = _row_of(made, child, "encounters", "encounter_id")
        by_visit = _words(made["encounters"].column("patient_id"))[visit]
        np.testing.assert_array_equal(by_visit, _words(made[child].column("patient_id")))


def violations(tables: dict[str, Table]) -> int:
    """Count times before birth, after the day of death, or outside of what they belong to."""
    birth = tables["patients"].column("birth_date").values
    death = tables["patients"].column("death_date").values
    count = 0
    for name, table in tables.items():
        rows = _row_of(tables, name, "patients", "patient_id")
        for column in table:
            if column.kind is Kind.TIME:
                count += int((column.values < birth[rows]).sum() + (column.values > death[rows] + DAY - 1).sum())
    start, end = (tables["encounters"].column(name).values for name in ("start", "end"))
    count += int((end < start).sum())
    visit = _row_of(tables, "labs", "encounters", "encounter_id")
    when = tables["labs"].column("time").values
    count += int((when < start[visit]).sum() + (when > end[visit]).sum())
    patient = tables["encounters"].column("patient_id").values
    return count + int((np.diff(start)[np.diff(patient) == 0] < 0).sum())


def test_nothing_before_birth_or_after_death(real, model) -> None:
    assert violations(real) == 0
    for seed in range(3):
        assert violations(model.sample(N, seed)) == 0


def test_the_count_of_violations_sees_one(made) -> None:
    start = made["encounters"].column("start")
    wrong = Column("start", Kind.TIME, start.values - 200 * 365 * DAY)
    columns = tuple(wrong if column.name == "start" else column for column in made["encounters"])
    assert violations({**made, "encounters": Table("encounters", columns)}) > 0


def test_children_are_as_many_as_in_the_real_tables(real, made) -> None:
    for name, table in real.items():
        assert abs(len(made[name]) / len(table) - 1) < 0.12


def test_a_code_has_its_name_and_a_test_its_unit(real, made) -> None:
    for table, one, other in (("diagnoses", "code", "name"), ("labs", "test", "unit"), ("medications", "drug", "unit")):
        known = {*zip(_words(real[table].column(one)), _words(real[table].column(other)), strict=True)}
        drawn = {*zip(_words(made[table].column(one)), _words(made[table].column(other)), strict=True)}
        assert drawn - {("other", "other")} <= known


def test_no_test_stands_twice_at_one_visit(real, made) -> None:
    def twice(tables: dict[str, Table]) -> float:
        pairs = np.stack((tables["labs"].column("encounter_id").values, tables["labs"].column("test").values), axis=1)
        return 1 - len(np.unique(pairs, axis=0)) / len(pairs)

    assert twice(real) == 0
    assert twice(made) < 0.005


def _lag(tables: dict[str, Table], test: str) -> float:
    labs = tables["labs"]
    rows = np.flatnonzero(_words(labs.column("test")) == test)
    who, value = labs.column("patient_id").values[rows], labs.column("value").values[rows]
    order = np.lexsort((labs.column("time").values[rows], who))
    same = np.diff(who[order]) == 0
    return float(np.corrcoef(value[order][1:][same], value[order][:-1][same])[0, 1])


def test_values_follow_the_last_of_the_same_test(real, made) -> None:
    for test in ("glucose", "creatinine", "haemoglobin"):
        assert abs(_lag(real, test) - _lag(made, test)) < 0.12
    assert _lag(made, "creatinine") > 0.8


def test_drugs_follow_diagnoses(real, model) -> None:
    def share(tables: dict[str, Table]) -> float:
        ill = np.unique(
            _words(tables["diagnoses"].column("patient_id"))[_words(tables["diagnoses"].column("code")) == "E11"]
        )
        drug = _words(tables["medications"].column("drug")) == "metformin"
        return float(np.isin(_words(tables["medications"].column("patient_id"))[drug], ill).mean())

    assert share(real) == 1
    # 0.3 if they did not; of 3,000 patients it is 0.99 (tests/bench/bench_linked.py), of 800 a leaf of 20 is coarse
    assert np.mean([share(model.sample(N, seed)) for seed in range(4)]) > 0.8


def test_values_lie_within_those_of_the_same_test(real, made) -> None:
    for test in ("sodium", "hba1c"):
        one, other = (t["labs"].column("value").values[_words(t["labs"].column("test")) == test] for t in (real, made))
        assert np.sort(one)[4] <= other.min()
        assert other.max() <= np.sort(one)[-5]


def test_same_seed_same_rows_and_blocks_go_on(model) -> None:
    one, again = model.sample(100, 3), model.sample(100, 3)
    for name in one:
        for column in one[name]:
            np.testing.assert_array_equal(column.values, again[name].column(column.name).values)
    blocks = list(model.blocks(100, 3, block=40))
    assert [len(block["patients"]) for block in blocks] == [40, 40, 20]
    for name in one:
        keys = [word for block in blocks for word in _words(block[name].columns[0])]
        assert len(set(keys)) == len(keys)
    assert all(len(table) == 0 for table in model.sample(0, 3).values())


def test_keys_that_point_nowhere_or_repeat_are_refused_and_counted(real) -> None:
    plan = schema.infer([*real.values()])
    fewer = {**real, "encounters": real["encounters"].take(np.arange(10, len(real["encounters"])))}
    wrong = int((real["labs"].column("encounter_id").values < 10).sum())
    assert wrong
    with pytest.raises(InputError, match="rows name a row of the parent") as caught:
        linked.fit(fewer, plan, Settings())
    assert "E0000" not in str(caught.value)
    twice = {**real, "patients": real["patients"].take(np.append(np.arange(N), 3))}
    with pytest.raises(InputError, match="repeats in 1 rows"):
        linked.fit(twice, plan, Settings())
    moved = np.roll(real["labs"].column("patient_id").values, 400)
    columns = tuple(Column(c.name, c.kind, moved, c.categories) if c.name == "patient_id" else c for c in real["labs"])
    with pytest.raises(InputError, match="than their parent does"):
        linked.fit({**real, "labs": Table("labs", columns)}, plan, Settings())
    with pytest.raises(InputError, match="too few"):
        linked.fit({"patients": real["patients"].take(np.arange(1))}, schema.Schema(plan.links[:1]), Settings())
    with pytest.raises(InputError, match="no tree"):
        schema.infer([real["patients"], Table("wards", (Column("ward_id", Kind.KEY, np.arange(3), ("a", "b", "c")),))])


def test_a_told_schema(tmp_path, real) -> None:
    path = tmp_path / "s.toml"
    path.write_text(
        '[tables.patients]\nkey = "patient_id"\ntime = "birth_date"\n'
        '[tables.labs]\nkey = "lab_id"\nparent = "patients"\nforeign = "patient_id"\ntime = "time"\nitem = "test"\n'
        'after = { time = ["patients.birth_date"] }\n'
    )
    made = linked.fit(real, schema.read_schema(path), Settings()).sample(100, 1)
    assert [*made] == ["patients", "labs"]
    assert "encounter_id" not in [column.name for column in made["labs"]]  # names a table that is not made
    for text in ("x = ", "[tables.a]\nkind = 1\n", "[tables.a]\nkey = 3\n", "[tables.a]\nafter = 1\n"):
        path.write_text(text)
        with pytest.raises(PolicyError):
            schema.read_schema(path)
    path.write_text('[tables.a]\n[tables.b]\nparent = "c"\nforeign = "x"\n[tables.c]\nparent = "b"\nforeign = "x"\n')
    with pytest.raises(InputError, match="circle"):
        schema.read_schema(path)
    path.write_text('[tables.patients]\nkey = "nothing"\n')
    with pytest.raises(UsageError):
        linked.fit(real, schema.read_schema(path), Settings())


def test_lines_count_places_and_ranks() -> None:
    at = lines(lines(roots(3), np.array([2, 0, 1])), np.array([1, 2, 3]))
    assert at.root.tolist() == [0, 0, 0, 2, 2, 2]
    assert at.parent.tolist() == [0, 1, 1, 2, 2, 2]
    assert at.place.tolist() == [0, 0, 1, 0, 1, 2]
    assert at.rank.tolist() == [0, 1, 2, 0, 1, 2]
    assert [step.tolist() for step in at.steps()] == [[0, 3], [1, 4], [2, 5]]


def test_what_a_row_follows() -> None:
    past = Past(2, (3, 0), items=2, kept=1)
    none, first = np.array([0, 1]), np.array([1])
    assert np.isnan(past.of_item(none, none)[:, :2]).all()
    past.add((first, np.array([5])), np.array([1]), np.array([[1.0, 4.0]]), np.array([[4.0]]))
    past.add((first, np.array([5])), np.array([1]), np.array([[1.0, 8.0]]), np.array([[8.0]]))
    past.add((first, np.array([5])), np.array([1]), np.array([[1.0, np.nan]]), np.array([[np.nan]]))
    assert past.of_item(first, np.array([1])).tolist() == [[8.0, 6.0, 2.0]]  # last, mean so far, how many
    assert np.isnan(past.last(first, np.array([0]))).all()
    known = past.before(first, np.array([5]))
    assert known.values[0, [0, 2, 3, 4, 5, 6]].tolist() == [1.0, 0.0, 3.0, 0.0, 1.0, 1.0]
    assert known.sizes[:2] == (3, 0)
    assert past.is_here(first, np.array([5]), np.array([1])).all()
    assert not past.is_here(first, np.array([6]), np.array([1])).any()
    assert np.isnan(past.before(np.array([0]), np.array([0])).values[0, 0])


def test_times_outside_are_brought_within() -> None:
    rng = np.random.default_rng(0)
    made = within(np.array([-5.0, 50.0, 500.0, np.nan]), np.zeros(4), np.full(4, 100.0), 1.0, rng)
    assert ((made[:3] >= 0) & (made[:3] <= 100)).all()
    assert made[1] == 50
    assert np.isnan(made[3])


def test_from_folder_to_folder(tmp_path) -> None:
    given = write_hospital(tmp_path / "real", 200, 1)
    written = fit_and_sample_linked(given, tmp_path / "made", Job(150, seed=2))
    assert written.rows["patients"] == 150
    names = {"patients", "encounters", "diagnoses", "labs", "medications"}
    assert {path.name for path in (tmp_path / "made").iterdir()} == {f"{name}.csv" for name in names} | {CARD}
    tables = {name: read_table(tmp_path / "made" / f"{name}.csv") for name in names}
    assert violations(tables) == 0
    card = json.loads((tmp_path / "made" / CARD).read_text())
    assert (card["recipe"], card["seed"], card["rows"]["patients"]) == ("ehr", 2, 150)
    fit_and_sample_linked(given, tmp_path / "again", Job(150, seed=2))
    for name in names:
        assert (tmp_path / "made" / f"{name}.csv").read_bytes() == (tmp_path / "again" / f"{name}.csv").read_bytes()
    with pytest.raises(OutputError):
        fit_and_sample_linked(given, tmp_path / "made", Job(5))
    with pytest.raises(InputError):
        fit_and_sample_linked(tmp_path / "nothing", tmp_path / "new", Job(5))
