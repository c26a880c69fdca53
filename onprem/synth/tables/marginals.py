"""What private tables are made of: counts, coarser cells, joint tables from a tree of cliques, and rows drawn from them.

Rules: `count` alone sees data, and what it returns goes nowhere but into the accountant; everything else works on noisy
counts, so it costs nothing. Rows are drawn column by column along the tree, from tables that stay small.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from onprem.synth.tables.marginals_domain import Cells, Codes
from onprem.synth.tables.marginals_tree import Clique, Floats, marginal

Integers = npt.NDArray[np.int64]


def count(codes: Sequence[Codes | Integers], sizes: Sequence[int]) -> Integers:
    """Return how many rows fall into each cell of the columns together; one row changes one cell by one."""
    place = np.zeros(len(codes[0]), dtype=np.int64)
    for column, size in zip(codes, sizes, strict=True):
        place = place * size + column
    return np.bincount(place, minlength=math.prod(sizes)).reshape(sizes)


def project(noisy: Floats, total: float) -> Floats:
    """Return the nearest counts that are not negative and add up to `total` (above 0).

    Source: J. Duchi et al., Efficient Projections onto the l1-Ball (ICML 2008).
    """
    falling = np.sort(noisy.ravel())[::-1]
    lowered = (np.cumsum(falling) - total) / np.arange(1, falling.size + 1)
    threshold = lowered[np.flatnonzero(falling > lowered)[-1]]
    return np.asarray(np.maximum(noisy - threshold, 0.0))


def coarser(cells: Cells, counts: Floats, *, most: int, crowd: float) -> Integers:
    """Return a coarse cell for each cell of a column, by its noisy counts.

    What is ordered falls into at most `most` runs of about the same count; of what is not, the values below `crowd` fall
    together. The missing cell stays by itself.
    """
    known = counts[: cells.known]
    if cells.ordered:
        middle = np.cumsum(known) - known / 2
        label = np.minimum(middle * (most / max(float(known.sum()), 1e-9)), most - 1).astype(np.int64)
    else:
        frequent = known >= crowd
        label = np.where(frequent, np.cumsum(frequent) - 1, frequent.sum())
    places = np.unique(label, return_inverse=True)[1].astype(np.int64)
    return np.append(places, places.max() + 1) if cells.missing else places


@dataclass(frozen=True, slots=True)
class Draws:
    """Places drawn given a row: `rows` of probabilities as one rising line, so that a draw is a search."""

    line: Floats = field(repr=False)
    width: int

    @classmethod
    def of(cls, weights: Floats) -> Draws:
        """Return draws from the rows of a matrix of weights; a row without weight is even."""
        rows, width = weights.shape
        sums = weights.sum(axis=1, keepdims=True)
        rising: Floats = np.cumsum(np.where(sums > 0, weights, 1.0), axis=1)
        rising /= rising[:, -1:]
        return cls((rising + np.arange(rows)[:, None]).ravel(), width)

    def draw(self, rows: Integers, rng: np.random.Generator) -> Integers:
        """Return a place for each row."""
        found = np.searchsorted(self.line, rows + rng.random(len(rows)), side="right")
        return np.asarray(np.clip(found - rows * self.width, 0, self.width - 1))


@dataclass(frozen=True, slots=True)
class Tree:
    """A distribution over coarse cells: consistent tables of the cliques, in the order in which they hang together."""

    cliques: tuple[Clique, ...]
    tables: tuple[Floats, ...] = field(repr=False)
    sizes: tuple[int, ...] = ()  # cells of every column

    def draw(self, rows: int, rng: np.random.Generator) -> list[Integers]:
        """Return a coarse cell for every column and row."""
        drawn: list[Integers] = [np.zeros(rows, dtype=np.int64)] * len(self.sizes)
        for clique, draws in zip(self.cliques, self._draws(), strict=True):
            if clique.parent < 0:
                flat = draws.draw(np.zeros(rows, dtype=np.int64), rng)
                shape = [self.sizes[column] for column in clique.columns]
                for column, places in zip(clique.columns, np.unravel_index(flat, shape), strict=True):
                    drawn[column] = places.astype(np.int64)
                continue
            given = np.zeros(rows, dtype=np.int64)
            for column in clique.separator:
                given = given * self.sizes[column] + drawn[column]
            drawn[clique.columns[0]] = draws.draw(given, rng)
        return drawn

    def _draws(self) -> list[Draws]:
        """Return the draws of every clique: of all its columns at the first, of its new column (the first) elsewhere."""
        return [
            Draws.of(table.reshape(1, -1) if clique.parent < 0 else table.reshape(table.shape[0], -1).T)
            for clique, table in zip(self.cliques, self.tables, strict=True)
        ]

    def marginal(self, columns: Sequence[int]) -> Floats:
        """Return the joint probabilities of some columns, by passing messages from the leaves to the first clique.

        Memory grows with the cells of the columns that are asked for times those of a clique.
        """
        messages: list[list[tuple[tuple[int, ...], Floats]]] = [[] for _ in self.cliques]
        for place in range(len(self.cliques) - 1, -1, -1):
            clique, table = self.cliques[place], np.maximum(self.tables[place], 0.0)
            factor = table / max(float(table.sum()), 1e-300)
            if clique.parent >= 0:  # the probability of the new column given the separator
                below = factor.sum(axis=0, keepdims=True)
                factor = np.divide(factor, below, out=np.zeros_like(factor), where=below > 0)
            axes = clique.columns
            for others, message in messages[place]:
                axes, factor = _times((axes, factor), (others, message))
            kept = tuple(axis for axis in axes if axis in columns or axis in clique.separator)
            factor = marginal(factor, axes, kept)
            if clique.parent >= 0:
                messages[clique.parent].append((kept, factor))
        return marginal(factor, kept, columns)


def _times(
    one: tuple[tuple[int, ...], Floats], other: tuple[tuple[int, ...], Floats]
) -> tuple[tuple[int, ...], Floats]:
    """Return the product of two tables with named axes."""
    axes = one[0] + tuple(axis for axis in other[0] if axis not in one[0])
    shape = one[1].shape + (1,) * (len(axes) - len(one[0]))
    order = sorted(range(len(other[0])), key=lambda place: axes.index(other[0][place]))
    turned = np.transpose(other[1], order)
    sizes = iter(turned.shape)
    spread = turned.reshape([next(sizes) if axis in other[0] else 1 for axis in axes])
    return axes, one[1].reshape(shape) * spread
