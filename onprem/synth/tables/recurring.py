"""Items that come again: a patient's drugs, diagnoses and tests are mostly those of the visit before.

A row's item is drawn in two steps: whether it is the next one of what the last parent had, another one that was seen, or a
new one; and then which, as the donors of a leaf have it among those that it can be. What the last parent had is gone through
in its order, so that new items in between do not break the row.

Rules: as `onprem.synth.tables.leaves`; an item that no parent has twice is never drawn twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from onprem.synth.tables.leaves import Given, Leaves, Places, fit
from onprem.synth.tables.shapes import Settings, Shape
from onprem.table import Kind, Numbers

Flags = npt.NDArray[np.bool_]

NEW, SEEN, NEXT = 0, 1, 2
_KIND = Shape("again", Kind.CATEGORY, ("new", "seen", "next"))
_ENOUGH = 4  # leaves of rows that come again, and of those that do not, from which on they are told apart


@dataclass(frozen=True, slots=True)
class Before:
    """What was before some rows, as rows x items: seen ever, seen by this parent, of the last parent and still to come.

    `next` is the item that comes next, -1 for none.
    """

    ever: Flags = field(repr=False)
    here: Flags = field(repr=False)
    coming: Flags = field(repr=False)
    next: Places = field(repr=False)

    def traits(self, left: Places) -> Given:
        """Return it as traits, beside how many rows of the parent are `left`, this one included."""
        known = np.where(self.next < 0, np.nan, self.next)
        open_, coming = (self.ever & ~self.here).sum(axis=1), self.coming.sum(axis=1)
        values = np.stack([open_, coming, left, left - open_, left - coming, known], axis=1).astype(np.float64)
        return Given(values, (0, 0, 0, 0, 0, self.ever.shape[1]))

    def kinds(self, item: Places) -> Numbers:
        """Return of what kind these items are."""
        seen = self.ever[np.arange(len(item)), item]
        return np.where(item == self.next, NEXT, np.where(seen, SEEN, NEW)).astype(np.float64)


class Recurrence:
    """When each root last had each item, in one table."""

    def __init__(self, roots: int, items: int) -> None:
        self._used = np.zeros((roots, items), dtype=np.int32)  # the row of the root, from 1; 0 for never
        self._rows = np.zeros(roots, dtype=np.int32)
        self._parent = np.full(roots, -1, dtype=np.intp)
        self._begin = np.zeros(roots, dtype=np.int32)  # first row by this parent
        self._passed = np.zeros(roots, dtype=np.int32)  # row of the last parent up to which it was gone through

    def before(self, root: Places, parent: Places) -> Before:
        """Return what was before a row of each of these roots."""
        begin, passed = self._place(root, parent)
        used = self._used[root]
        ever, here = used > 0, used >= begin[:, None]
        coming = ever & ~here & (used > passed[:, None])
        next_ = np.where(coming, used, np.iinfo(np.int32).max).argmin(axis=1)
        return Before(ever, here, coming, np.where(coming.any(axis=1), next_, -1))

    def add(self, root: Places, parent: Places, item: Places) -> None:
        """Take up a row of each of these roots."""
        begin, passed = self._place(root, parent)
        used = self._used[root, item]
        old = (used > 0) & (used < begin)
        self._passed[root] = np.where(old, np.maximum(passed, used), passed)
        self._begin[root], self._parent[root] = begin, parent
        self._rows[root] += 1
        self._used[root, item] = self._rows[root]

    def _place(self, root: Places, parent: Places) -> tuple[Places, Places]:
        """Return the first row of the parent, and the row of the last one up to which it was gone through."""
        fresh = self._parent[root] != parent
        begin = np.where(fresh, self._rows[root] + 1, self._begin[root])
        return begin, np.where(fresh, self._begin[root] - 1, self._passed[root])


@dataclass(frozen=True, slots=True)
class Recurring:
    """A fitted item: of what kind it is, and which among all and among those that were seen.

    What is new is drawn as any row's item is: too few rows are new to tell what they follow from.

    `codes` are the categories by the number of the item, as `Before` has them.
    """

    kind: Leaves
    any: Leaves
    again: Leaves
    codes: Places = field(repr=False)

    def draw(self, given: Given, before: Before, rng: np.random.Generator, *, once: bool) -> Numbers:
        """Return an item for each row, as a category's code."""
        rows = np.arange(len(given))
        seen = before.ever & ~before.here if once else before.ever
        kind = self.kind.draw(given, rng)
        kind[(kind == NEXT) & (before.next < 0)] = SEEN
        kind[(kind == SEEN) & ~seen.any(axis=1)] = NEW
        kind[(kind == NEW) & before.ever.all(axis=1) & seen.any(axis=1)] = SEEN
        made = np.empty(len(given))
        made[kind == NEXT] = self.codes[before.next[kind == NEXT]]
        by_code = np.empty_like(self.codes)
        by_code[self.codes] = np.arange(len(self.codes))
        for which, way, allowed in ((NEW, self.any, ~before.here if once else ~before.ever), (SEEN, self.again, seen)):
            own = rows[kind == which]
            if len(own):
                made[own] = way.draw_among(given.take(own), allowed[own][:, by_code], rng)
        return np.where(made == len(self.codes) - 1, np.nan, made)


def fit_recurring(
    given: Given, items: tuple[Numbers, Numbers], number: Places, shape: Shape, settings: Settings
) -> Recurring | None:
    """Return an item that comes again, None where too few do or too few do not.

    `items` are the codes of real rows and of what kind each is; `number` is the number of each code, the last for none.
    """
    codes, kinds = items
    again = kinds != NEW
    if min(again.sum(), (~again).sum()) < _ENOUGH * settings.leaf:
        return None
    return Recurring(
        fit(given, kinds, _KIND, settings),
        fit(given, codes, shape, settings),
        fit(given.take(again), codes[again], shape, settings),
        np.argsort(number),
    )
