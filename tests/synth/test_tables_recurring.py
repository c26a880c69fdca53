"""Items that come again: the order of the last visit is gone through, and patients have as many kinds as real ones."""

from __future__ import annotations

import numpy as np
import pytest
from simulated_hospital import hospital

from onprem.synth.tables import linked, schema
from onprem.synth.tables.leaves import Given, fit, nothing
from onprem.synth.tables.recurring import NEW, NEXT, SEEN, Recurrence, Shares, _drawn, fit_recurring
from onprem.synth.tables.shapes import Settings, Shape
from onprem.table import Kind, Table

ITEMS = Shape("drug", Kind.CATEGORY, ("a", "b", "c", "d"))


def kinds_of(rows: list[tuple[int, int]], items: int = 5) -> list[int]:
    """Return of what kind each (parent, item) of one root is."""
    memory, found = Recurrence(1, items), []
    for parent, item in rows:
        before = memory.before(np.array([0]), np.array([parent]))
        found.append(int(before.kinds(np.array([item]))[0]))
        memory.add(np.array([0]), np.array([parent]), np.array([item]))
    return found


def test_the_first_visit_is_new_and_the_next_goes_through_it_in_order() -> None:
    assert kinds_of([(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]) == [NEW] * 3 + [NEXT] * 3


def test_a_new_item_in_between_does_not_break_the_row() -> None:
    assert kinds_of([(0, 0), (0, 1), (1, 3), (1, 0), (1, 1)]) == [NEW, NEW, NEW, NEXT, NEXT]


def test_what_was_left_out_or_lies_further_back_was_seen() -> None:
    # c was not at the visit before; and b is passed over, so that nothing but d still comes
    assert kinds_of([(0, 2), (1, 0), (1, 1), (1, 3), (2, 2), (2, 0), (2, 3), (2, 1)]) == [
        NEW, NEW, NEW, NEW, SEEN, NEXT, SEEN, SEEN,
    ]  # fmt: skip


def test_roots_do_not_know_of_one_another() -> None:
    memory = Recurrence(2, 5)
    memory.add(np.array([0, 1]), np.array([0, 1]), np.array([0, 1]))
    before = memory.before(np.array([0, 1]), np.array([2, 3]))
    assert before.next.tolist() == [0, 1]
    assert before.ever.tolist() == [[True, False, False, False, False], [False, True, False, False, False]]
    assert not before.here.any()


def test_what_is_drawn_is_allowed_and_as_likely_as_its_leaf_has_it() -> None:
    codes = np.repeat([0.0, 1.0, 2.0, 3.0], [400, 300, 200, 100])
    way = Shares(fit(nothing(1000), codes, ITEMS, Settings()), 5)
    shares, usual = way.of(nothing(8000)), way.usual
    np.testing.assert_allclose(usual, (0.4, 0.3, 0.2, 0.1, 0))
    rng = np.random.default_rng(3)
    drawn = _drawn(rng, np.tile([False, True, False, True, False], (8000, 1)), (shares, usual))
    assert set(drawn) == {1.0, 3.0}
    assert np.mean(drawn == 1) == pytest.approx(0.75, abs=0.02)
    none = _drawn(rng, np.zeros((8000, 5), dtype=bool), (shares, usual))
    assert np.mean(none == 0) == pytest.approx(0.4, abs=0.03)  # where nothing is allowed, as all rows are


def test_where_the_leaf_has_none_that_is_allowed_all_donors_count() -> None:
    side = np.repeat([0.0, 1.0], 500)
    codes = np.where(side == 0, 0.0, np.tile([1.0, 2.0], 500))
    way = Shares(fit(Given(side[:, None], (0,)), codes, ITEMS, Settings()), 5)
    shares = way.of(Given(np.zeros((50, 1)), (0,)))
    assert shares[0].tolist() == [1, 0, 0, 0, 0]
    allowed = np.tile([False, False, True, True, False], (50, 1))
    assert set(_drawn(np.random.default_rng(1), allowed, (shares, way.usual))) == {2.0}


def test_too_few_that_come_again_are_no_kind_of_their_own() -> None:
    kinds = np.repeat([NEW, NEXT], [500, 30]).astype(float)
    codes = np.tile([0.0, 1.0], 265)
    assert fit_recurring(nothing(530), (codes, kinds), np.arange(5), ITEMS, Settings()) is None


@pytest.mark.parametrize(("table", "column"), [("medications", "drug"), ("diagnoses", "code"), ("labs", "test")])
def test_patients_have_as_many_kinds_as_real_ones(table: str, column: str) -> None:
    real = hospital(800, 1)
    made = linked.fit(real, schema.infer([*real.values()]), Settings()).sample(800, 7)

    def kinds(tables: dict[str, Table]) -> float:
        patient, item = (tables[table].column(name).values for name in ("patient_id", column))
        pairs = np.unique(np.stack([patient, item]), axis=1)
        return float(np.mean(np.unique(pairs[0], return_counts=True)[1]))

    assert abs(kinds(made) / kinds(real) - 1) < 0.12
