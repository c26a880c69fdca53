"""What a row of a child table follows: the row before it of the same patient, last values of its item, what was seen.

Rows of all patients are taken in step: first everybody's first row, then everybody's second, so that a step is one
operation on arrays. Fitting walks over the real rows in the same way, with the same code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from onprem.synth.tables.leaves import Given, Places
from onprem.table import Numbers

SEEN = 16  # most frequent items of a table, for each of which is known how often it was there


@dataclass(frozen=True, slots=True)
class Lines:
    """Where rows stand: their root and parent (places in the parent's rows), place among siblings, place in the root.

    Rows of a table stand in order of root, then of parent, then of time.
    """

    root: Places = field(repr=False)
    parent: Places = field(repr=False)
    place: Places = field(repr=False)
    rank: Places = field(repr=False)

    def __len__(self) -> int:
        return len(self.root)

    def steps(self) -> Iterator[Places]:
        """Yield everybody's first row, everybody's second, and so on."""
        order = np.argsort(self.rank, kind="stable")
        ends = np.cumsum(np.bincount(self.rank)) if len(self) else np.empty(0, dtype=np.intp)
        begin = 0
        for end in ends:
            yield order[begin:end]
            begin = int(end)


def roots(count: int) -> Lines:
    """Return the lines of a root table."""
    alone = np.zeros(count, dtype=np.intp)
    return Lines(np.arange(count), alone, alone, alone)


def lines(above: Lines, counts: Places) -> Lines:
    """Return the lines of children, so many to each row of the parent."""
    parent = np.repeat(np.arange(len(above)), counts)
    root = above.root[parent]
    return Lines(root, parent, _running(parent), _running(root))


def _running(groups: Places) -> Places:
    """Return the place of each row within its group; groups stand together."""
    if not len(groups):
        return np.empty(0, dtype=np.intp)
    first = np.flatnonzero(np.append(True, groups[1:] != groups[:-1]))
    return np.asarray(np.arange(len(groups)) - np.repeat(first, np.diff(np.append(first, len(groups)))))


class Past:
    """What is known of each root's rows of one table so far. `kept` are the places whose values are kept by item."""

    def __init__(self, count: int, sizes: tuple[int, ...], items: int, kept: int) -> None:
        self._sizes = sizes
        self._row = np.full((count, len(sizes)), np.nan)
        self._seen = np.zeros((count, min(items, SEEN)))
        self._here = np.zeros((count, items + 1), dtype=bool)  # by the same parent
        self._parent = np.full(count, -1)
        self._last = np.full((count, items + 1, kept), np.nan)
        self._sum = np.zeros((count, items + 1, kept))
        self._number = np.zeros((count, items + 1, kept))

    def before(self, root: Places, parent: Places) -> Given:
        """Return the row before, how often each frequent item was seen, and whether it was by this parent; how many were."""
        seen = self._seen[root]
        here = self._here[root] & (self._parent[root] == parent)[:, None]
        few = here[:, : seen.shape[1]]
        distinct = np.sum(seen > 0, axis=1)[:, None]
        made = np.hstack((self._row[root], seen, few, distinct))
        return Given(made, self._sizes + (0,) * (2 * seen.shape[1] + 1))

    def is_here(self, root: Places, parent: Places, item: Places) -> npt.NDArray[np.bool_]:
        """Say whether an item stands by the same parent already."""
        return np.asarray(self._here[root, item] & (self._parent[root] == parent))

    def last(self, root: Places, item: Places) -> Numbers:
        """Return the last values of the item."""
        return self._last[root, item]

    def of_item(self, root: Places, item: Places) -> Numbers:
        """Return the last values of the item, their means so far, and how many there were."""
        number = self._number[root, item]
        mean = self._sum[root, item] / np.where(number > 0, number, np.nan)
        return np.hstack((self._last[root, item], mean, number))

    def add(self, at: tuple[Places, Places], item: Places, row: Numbers, kept: Numbers) -> None:
        """Take up one row of each of these roots and parents; items are numbered by how frequent they are."""
        root, parent = at
        self._row[root] = row
        self._here[root[self._parent[root] != parent]] = False
        self._parent[root] = parent
        self._here[root, item] = True
        known = item < self._seen.shape[1]
        self._seen[root[known], item[known]] += 1
        there = ~np.isnan(kept)
        self._last[root, item] = np.where(there, kept, self._last[root, item])
        self._sum[root, item] += np.where(there, kept, 0)
        self._number[root, item] += there


def seen_by(items: Places, rows: Places, count: int, many: int) -> Given:
    """Return how often each of the `many` most frequent items, at most `SEEN`, stands by each of `count` rows."""
    made = np.zeros((count, min(many, SEEN)))
    known = items < made.shape[1]
    np.add.at(made, (rows[known], items[known]), 1)
    return Given(made, (0,) * made.shape[1])
