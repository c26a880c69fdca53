"""Consistent tables of a tree of cliques, beside brute force over the full joint distribution."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from onprem.synth.tables.marginals import Draws, Tree, coarser, count, project
from onprem.synth.tables.marginals_domain import Domain
from onprem.synth.tables.marginals_tree import Clique, Measured, estimate, marginal

SIZES = (3, 2, 4, 2, 3)
TREES = {
    "pairs": [Clique((1, 0)), Clique((2, 1), (1,), 0), Clique((3, 1), (1,), 0), Clique((4, 2), (2,), 1)],
    "threes": [Clique((1, 0)), Clique((2, 0, 1), (0, 1), 0), Clique((3, 2), (2,), 1), Clique((4, 1, 2), (1, 2), 1)],
    "star": [Clique((4, 2)), Clique((0, 2), (2,), 0), Clique((1, 2), (2,), 0), Clique((3, 2), (2,), 0)],
}


def measured(cliques, seed, *, noise=4.0, rows=60):
    """Noisy tables of random rows: with so much noise many cells are below zero."""
    rng = np.random.default_rng(seed)
    codes = [rng.integers(0, size, rows) for size in SIZES]
    tables = []
    for columns in [clique.columns for clique in cliques] + [(place,) for place in range(len(SIZES))]:
        exact = count([codes[column] for column in columns], [SIZES[column] for column in columns])
        scale = noise * (1 + len(tables) % 3)
        tables.append(Measured(columns, exact + rng.normal(0, scale, exact.shape), scale**2))
    return tables


def incidence(columns):
    """The matrix that sums a full joint table to the table of some columns."""
    full = list(itertools.product(*map(range, SIZES)))
    index = np.ravel_multi_index([[cell[column] for cell in full] for column in columns], [SIZES[c] for c in columns])
    matrix = np.zeros((math.prod(SIZES[column] for column in columns), len(full)))
    matrix[index, np.arange(len(full))] = 1
    return matrix


def brute_joint(tables):
    """The slow way: the non-negative full joint table that fits all measurements best, by active sets."""
    rows = np.concatenate([incidence(table.columns) / np.sqrt(table.variance) for table in tables])
    wanted = np.concatenate([table.counts.ravel() / np.sqrt(table.variance) for table in tables])
    return nnls(rows, wanted, maxiter=100_000)[0]


def brute_entropy(cliques, tables):
    """The slow way: the full joint table of maximum entropy with the marginals of the cliques, by iterated scaling."""
    joint = np.ones(SIZES)
    for _ in range(2000):
        for clique, table in zip(cliques, tables, strict=True):
            now = marginal(joint, range(len(SIZES)), clique.columns)
            ratio = np.divide(table, now, out=np.zeros_like(table), where=now > 0)
            order = sorted(clique.columns)
            ratio = np.transpose(ratio, [clique.columns.index(column) for column in order])
            joint = joint * ratio.reshape([SIZES[column] if column in order else 1 for column in range(len(SIZES))])
    return joint / joint.sum()


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("seed", range(4))
def test_the_tables_are_those_of_the_best_full_joint(name, seed):
    tables = measured(TREES[name], seed)
    found = estimate(TREES[name], tables)
    joint = brute_joint(tables)
    total = joint.sum()
    assert any((table.counts < 0).any() for table in tables)  # otherwise nothing is shown
    for clique, table in zip(TREES[name], found, strict=True):
        wanted = (incidence(clique.columns) @ joint).reshape(table.shape)
        assert np.abs(table / total - wanted / total).max() < 1e-6


@pytest.mark.parametrize("name", TREES)
def test_marginals_are_those_of_the_joint_of_maximum_entropy(name):
    cliques = TREES[name]
    tables = [np.maximum(table, 0) + 0.5 for table in estimate(cliques, measured(cliques, 7))]
    # adding to all cells broke the agreement: agree again, now with every cell above zero
    tables = estimate(cliques, [Measured(c.columns, t, 1.0) for c, t in zip(cliques, tables, strict=True)])
    assert min(table.min() for table in tables) > 0
    tree = Tree(tuple(cliques), tuple(tables), SIZES)
    joint = brute_entropy(cliques, tables)
    for number in (1, 2, 3):
        for columns in itertools.permutations(range(len(SIZES)), number):
            assert np.abs(tree.marginal(columns) - marginal(joint, range(len(SIZES)), columns)).max() < 1e-6


@pytest.mark.parametrize("name", TREES)
def test_rows_are_drawn_from_that_joint(name):
    cliques = TREES[name]
    tree = Tree(tuple(cliques), tuple(estimate(cliques, measured(cliques, 3))), SIZES)
    rows = 200_000
    drawn = tree.draw(rows, np.random.default_rng(0))
    for columns in itertools.combinations(range(len(SIZES)), 2):
        found = count([drawn[column] for column in columns], [SIZES[column] for column in columns]) / rows
        wanted = tree.marginal(columns)
        assert np.abs(found - wanted).max() < 6 * math.sqrt(0.25 / rows)
        assert not found[wanted < 1e-12].any()


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(TREES)), st.integers(0, 10_000), st.floats(0.1, 50))
def test_tables_agree_and_have_no_negative_cell(name, seed, noise):
    cliques = TREES[name]
    tables = estimate(cliques, measured(cliques, seed, noise=noise))
    total = tables[0].sum()
    assert total >= 0
    for clique, table in zip(cliques, tables, strict=True):
        assert table.min() >= 0
        if clique.parent >= 0:
            above = cliques[clique.parent].columns
            one = marginal(table, clique.columns, clique.separator)
            other = marginal(tables[clique.parent], above, clique.separator)
            assert np.abs(one - other).max() <= 1e-8 * max(total, 1)


def test_without_noise_the_tables_are_the_counts():
    tables = measured(TREES["threes"], 5, noise=1e-9)
    for found, given_ in zip(estimate(TREES["threes"], tables), tables, strict=False):
        assert np.abs(found - np.rint(given_.counts)).max() < 1e-6


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-1000, 1000), min_size=1, max_size=30), st.floats(0.5, 5000))
def test_projection_is_the_nearest_point(noisy, total):
    noisy = np.array(noisy)
    found = project(noisy, total)
    assert found.min() >= 0
    assert found.sum() == pytest.approx(total, rel=1e-9)
    # optimality: moving mass from a cell that has some to any other brings it no nearer
    slope = found - noisy
    assert slope[found > 1e-9 * total].max() <= slope.min() + 1e-6 * max(1.0, abs(slope).max())


def test_ordered_cells_merge_to_runs_and_rare_values_together():
    domain = Domain.parse(
        '[a]\nkind = "integer"\nlow = 0\nhigh = 9\nstep = 1\nmissing = true\n'
        '[b]\nkind = "category"\nvalues = ["p", "q", "r", "s"]\n'
    )
    runs = coarser(domain.columns[0], np.array([5.0] * 10 + [3.0]), most=5, crowd=1.0)
    assert runs.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5]
    merged = coarser(domain.columns[1], np.array([50.0, 1.0, 40.0, 2.0]), most=5, crowd=10.0)
    assert merged.tolist() == [0, 2, 1, 2]


def test_draws_never_take_a_place_without_weight():
    draws = Draws.of(np.array([[0.0, 1.0, 0.0, 3.0], [0.0, 0.0, 0.0, 0.0], [2.0, 0.0, 0.0, 0.0]]))
    rows = np.repeat(np.arange(3), 50_000)
    places = draws.draw(rows, np.random.default_rng(1))
    shares = [np.bincount(places[rows == row], minlength=4) / 50_000 for row in range(3)]
    assert shares[0][[0, 2]].sum() == 0
    assert abs(shares[0][1] - 0.25) < 0.01
    assert abs(shares[1] - 0.25).max() < 0.01
    assert shares[2][0] == 1
