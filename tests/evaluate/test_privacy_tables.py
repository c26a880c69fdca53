"""The gate on tables fails on real rows, on memorised ones and on their numbers, and passes another sample."""

from dataclasses import replace

import numpy as np
import pytest
from privacy_world import patients, with_rows

from onprem.errors import InputError
from onprem.evaluate.privacy.cells import align, nearest, row_numbers
from onprem.evaluate.privacy.contract import Settings, Verdict
from onprem.evaluate.privacy.tables import screen_table, screen_tables
from onprem.table import Column, Kind, Table

SEEN, UNSEEN, CLEAN = patients(400, 2), patients(400, 3), patients(400, 1)
NAMES = tuple(column.name for column in CLEAN)


def verdicts(result):
    return {(measure.where, measure.code): measure.verdict for measure in result.measures}


def test_another_sample_passes():
    result = screen_table(CLEAN, SEEN, UNSEEN)
    assert result.passed, verdicts(result)
    assert result.measure("inference").figures["control"] > 0.05  # what the table teaches about people in general
    assert sum(result.histogram.seen) == 400


@pytest.mark.parametrize("copies", [1, 20])
def test_real_rows_fail_and_are_told(copies):
    result = screen_table(with_rows(CLEAN, SEEN, copies), SEEN, UNSEEN)
    assert not result.passed
    assert result.measure("copies").rows == tuple(range(copies))
    assert (result.measure("exact-copies").verdict is Verdict.FAIL) == (copies == 20)


def test_the_seen_table_itself_fails_by_every_attack():
    result = screen_table(SEEN, SEEN, UNSEEN)
    failed = {code for (_, code), verdict in verdicts(result).items() if verdict is Verdict.FAIL}
    assert failed == {
        "copies", "exact-copies", "keys", "membership-distance", "membership-extreme", "singling-out", "linkability",
        "inference", "inference-worst",
    }  # fmt: skip
    assert result.measure("inference").metric.value == pytest.approx(1.0)


def test_rows_with_a_little_noise_are_no_copies_but_betray_who_was_used():
    rng = np.random.default_rng(0)
    columns = [
        replace(column, values=column.values + rng.choice([-1, 1], 400) * 10.0**-column.decimals)
        if column.kind is not Kind.CATEGORY
        else column
        for column in SEEN
    ]
    result = screen_table(Table("noisy", tuple(columns)), SEEN, UNSEEN)
    assert result.measure("copies").verdict is Verdict.PASS
    assert result.measure("membership-distance").verdict is Verdict.FAIL
    assert result.measure("linkability").verdict is Verdict.FAIL


def test_rows_that_are_alike_by_chance_are_no_copies():
    def coarse(seed):
        rng = np.random.default_rng(seed)
        return Table(
            "coarse",
            tuple(
                Column(name, Kind.CATEGORY, rng.integers(0, 3, 400).astype(np.int32), ("a", "b", "c")) for name in "xyz"
            ),
        )

    result = screen_table(coarse(1), coarse(2), coarse(3))
    assert result.passed, verdicts(result)
    assert result.measure("exact-copies").figures["seen"] > 0.9


def test_numbers_of_rows_that_are_taken_over_fail_and_a_numbering_does_not():
    taken = replace(CLEAN.column("number"), values=SEEN.column("number").values)
    rest = CLEAN.columns[1:]
    assert screen_table(Table("t", (taken, *rest)), SEEN, UNSEEN).measure("keys").verdict is Verdict.FAIL
    counted = [
        Table("t", (Column("number", Kind.INTEGER, np.arange(first, first + 400.0)), *table.columns[1:]))
        for first, table in ((1, CLEAN), (1, SEEN), (401, UNSEEN))
    ]
    assert ("", "keys") not in verdicts(screen_table(*counted))


def test_a_number_of_each_rows_own_does_not_hide_copies():
    cells = align(CLEAN, SEEN, UNSEEN)
    assert cells.columns == len(NAMES) - 1


def test_without_never_used_rows_the_result_is_incomplete():
    result = screen_table(CLEAN, SEEN, None)
    assert result.verdict is Verdict.INCOMPLETE and not result.passed


def test_few_rows_cannot_tell():
    result = screen_table(patients(15, 1), patients(15, 2), patients(15, 3))
    assert result.measure("membership-distance").verdict is Verdict.CANNOT_TELL
    assert result.verdict is Verdict.FAIL and "131" in result.measure("membership-distance").hint


def test_never_used_rows_that_are_seen_ones_fail():
    result = screen_table(CLEAN, SEEN, with_rows(UNSEEN, SEEN, 200))
    assert result.measure("split").verdict is Verdict.FAIL


def test_columns_are_told_by_name_and_one_that_differs_in_kind_is_compared_by_words():
    shuffled = Table("t", tuple(SEEN.columns[at] for at in (3, 1, 4, 2, 0)))
    words = [f"{value:.0f}" for value in CLEAN.column("age").values]
    known = tuple(sorted(set(words)))
    coded = Column("age", Kind.CATEGORY, np.asarray([known.index(word) for word in words], np.int32), known)
    cells = align(Table("t", (coded, CLEAN.column("sex"))), shuffled, UNSEEN)
    assert cells.numbers == (False, False)
    with pytest.raises(InputError, match="no column in common"):
        align(Table("t", (replace(coded, name="other"),)), SEEN, UNSEEN)
    with pytest.raises(InputError, match="no rows"):
        align(CLEAN.take(np.arange(0)), SEEN, UNSEEN)


def test_the_nearest_row_is_the_one_that_a_slow_search_finds():
    cells = align(CLEAN, SEEN, UNSEEN)
    distance, row = nearest(cells.seen.points, cells.rows.points)
    apart = cells.seen.points[:, None, :].astype(float) - cells.rows.points[None, :, :]
    slow = np.sqrt((apart**2).sum(axis=2))
    assert np.allclose(distance, slow.min(axis=1), atol=1e-5)
    assert np.allclose(slow[np.arange(400), row], slow.min(axis=1), atol=1e-5)
    same, place = nearest(cells.rows.points, cells.rows.points)
    assert same.max() == 0.0 and (place == np.arange(400)).all()


def test_equal_rows_have_equal_numbers():
    first, second = row_numbers(np.asarray([[1, 2], [1, 3]]), np.asarray([[1, 3], [4, 4], [1, 2]]))
    assert first.tolist() == [second[2], second[0]] and len({*first.tolist(), *second.tolist()}) == 3


def linked(seed, count=200, prefix="p"):
    """Return patients with laboratory rows: two or three for each, near to a level of her own."""
    rng = np.random.default_rng(seed)
    names = tuple(f"{prefix}{seed}-{place:04}" for place in range(count))
    root = patients(count, seed)
    key = Column("patient_id", Kind.KEY, np.arange(count, dtype=np.int32), names)
    owners = np.repeat(np.arange(count), rng.integers(1, 4, count))
    level = np.round(rng.normal(5, 1, count)[owners] + rng.normal(0, 0.3, len(owners)), 2)
    time = np.floor(rng.uniform(1e9, 1.5e9, len(owners)))
    lab = (
        Column("patient_id", Kind.KEY, owners.astype(np.int32), names),
        Column("code", Kind.CATEGORY, rng.integers(0, 5, len(owners)).astype(np.int32), tuple("abcde")),
        Column("value", Kind.NUMBER, level, decimals=2),
        Column("time", Kind.TIME, time),
    )
    return {"labs": Table("labs", lab), "patients": Table("patients", (key, *root.columns[1:]))}


def test_linked_tables_are_judged_by_patient():
    result = screen_tables(linked(1), linked(2), linked(3))
    assert result.passed, verdicts(result)
    assert {where for where, _ in verdicts(result)} == {"patients", "table 1", "table 2"}
    assert result.measure("keys", "table 2").verdict is Verdict.PASS


def test_a_patient_copied_with_all_her_rows_fails():
    made, seen = linked(1), linked(2)
    labs, real = made["labs"], seen["labs"]
    columns = [
        replace(column, values=np.concatenate([taken.values[:30], column.values[30:]]))
        if column.kind is not Kind.KEY
        else column
        for column, taken in zip(labs, real, strict=True)
    ]
    result = screen_tables(made | {"labs": Table("labs", tuple(columns))}, seen, linked(3))
    assert result.measure("copies", "table 1").rows == tuple(range(30))


def test_tables_are_told_by_name():
    with pytest.raises(InputError, match="no real one of the same name"):
        screen_tables(linked(1), {"patients": SEEN}, linked(3))
    one = screen_tables({"": CLEAN}, {"": SEEN}, {"": UNSEEN}, Settings())
    assert one.passed and one.measures[0].where == ""
