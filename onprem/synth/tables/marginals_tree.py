"""Noisy marginals of a tree of cliques made whole: non-negative, consistent, of maximum likelihood, and exactly so.

A clique holds two or three columns; each but the first hangs on an earlier one by columns that both have (its separator),
and brings one new column. For such a tree the likeliest tables under Gaussian noise are the solution of a least-squares
problem over non-negative cells that agree on separators; the distribution of maximum entropy with these marginals is then
the product of the cliques over the product of the separators, with no further iteration.

Rules: nothing here sees data; all of it works on noisy counts. The solution is exact (tests compare it with a brute-force
one over the full joint distribution).

Sources: R. McKenna, G. Miklau, D. Sheldon, Winning the NIST Contest (Journal of Privacy and Confidentiality 11, 2021), the
estimation problem; S. Lauritzen, Graphical Models (1996), junction trees; L. Qi, D. Sun (2006), a semismooth Newton method
for the dual of such a problem.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

_STEPS = 200
_CLOSE = 1e-11  # of the total: how far tables may disagree on a separator


@dataclass(frozen=True, slots=True)
class Clique:
    """Some columns (by place), the separator with the clique it hangs on, and that one's place (-1 for the first)."""

    columns: tuple[int, ...]
    separator: tuple[int, ...] = ()
    parent: int = -1


@dataclass(frozen=True, slots=True)
class Measured:
    """A noisy table of counts over columns; `variance` of each cell's noise (one number, or one each)."""

    columns: tuple[int, ...]
    counts: Floats = field(repr=False)
    variance: Floats | float


def marginal(table: Floats, columns: Sequence[int], kept: Sequence[int]) -> Floats:
    """Return the sums of a table over `columns` that are not kept; the axes are in the order of `kept`."""
    summed = table.sum(axis=tuple(axis for axis, column in enumerate(columns) if column not in kept))
    rest = [column for column in columns if column in kept]
    turned: Floats = np.transpose(summed, [rest.index(column) for column in kept])
    return turned


def estimate(cliques: Sequence[Clique], measured: Sequence[Measured]) -> list[Floats]:
    """Return the table of every clique: the likeliest ones that are non-negative and agree.

    The first measurements are those of the cliques, in their order; further ones, of some columns of a clique, follow.
    """
    blocks = list(measured)
    links = [(place, clique.parent, clique.separator) for place, clique in enumerate(cliques) if clique.parent >= 0]
    for place, block in enumerate(blocks[len(cliques) :], len(cliques)):
        home = next(at for at, clique in enumerate(cliques) if set(block.columns) <= set(clique.columns))
        links.append((place, home, block.columns))
    shapes = [block.counts.shape for block in blocks]
    starts = np.concatenate([[0], np.cumsum([math.prod(shape) for shape in shapes])])
    counts = np.concatenate([block.counts.ravel() for block in blocks]).astype(np.float64)
    variances = np.concatenate(
        [np.broadcast_to(np.asarray(block.variance, dtype=np.float64), block.counts.shape).ravel() for block in blocks]
    )
    rows, places, signs, height = _links(links, blocks, starts)
    solved = _solve(counts, variances, (rows, places, signs, height))
    return [solved[starts[place] : starts[place + 1]].reshape(shapes[place]) for place in range(len(cliques))]


_Links = tuple[Places, Places, Floats, int]


def _links(links: Sequence[tuple[int, int, tuple[int, ...]]], blocks: Sequence[Measured], starts: Places) -> _Links:
    """Return the matrix of the equations "both tables have the same sums on the separator", as row, place, sign."""
    rows: list[Places] = []
    places: list[Places] = []
    signs: list[Floats] = []
    height = 0
    for one, other, separator in links:
        for place, sign in ((one, 1.0), (other, -1.0)):
            shape = blocks[place].counts.shape
            axes = np.indices(shape).reshape(len(shape), -1)
            kept = [blocks[place].columns.index(column) for column in separator]
            index = np.zeros(axes.shape[1], dtype=np.int64)
            for axis in kept:
                index = index * shape[axis] + axes[axis]
            rows.append(height + index)
            places.append(starts[place] + np.arange(axes.shape[1]))
            signs.append(np.full(axes.shape[1], sign))
        height += math.prod(blocks[one].counts.shape[blocks[one].columns.index(column)] for column in separator)
    if not links:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0), 0
    return np.concatenate(rows), np.concatenate(places), np.concatenate(signs), height


def _solve(counts: Floats, variances: Floats, links: _Links) -> Floats:
    """Return the x >= 0 of least sum((x - counts)**2 / variances) for which all links hold, by Newton on the dual."""
    from scipy.sparse import csr_array

    rows, places, signs, height = links
    if not height:
        return np.maximum(counts, 0.0)
    matrix = csr_array((signs, (rows, places)), shape=(height, len(counts)))
    turned = csr_array(matrix.T)
    scale = max(1.0, float(np.abs(counts).max()))
    prices = np.zeros(height)

    def tables(at: Floats) -> Floats:
        return np.asarray(np.maximum(counts + variances * (turned @ at), 0.0))

    def value(solution: Floats) -> float:
        return 0.5 * float((solution**2 / variances).sum())

    solution = tables(prices)
    for _ in range(_STEPS):
        gradient = matrix @ solution
        if np.abs(gradient).max() <= _CLOSE * scale:
            break
        active = np.where(solution > 0, variances, 0.0)
        curvature = (matrix * active) @ turned
        dense = curvature.toarray()
        dense[np.diag_indices(height)] += 1e-10 * max(1.0, float(dense.diagonal().max()))
        step = np.linalg.solve(dense, -gradient)
        slope, before, length = float(gradient @ step), value(solution), 1.0
        while length > 1e-10:
            tried = tables(prices + length * step)
            if value(tried) <= before + 1e-4 * length * slope + 1e-14 * abs(before):
                break
            length /= 2
        prices = prices + length * step
        solution = tables(prices)
    return solution
