"""Items that come again: a patient's drugs, diagnoses and tests are mostly those of the visit before.

A row's item is drawn in two steps: whether it is the next one of what the last parent had, another one that was seen, or a
new one; and then which, as the donors of a leaf have it among those that it can be. What the last parent had is gone through
in its order, so that new items in between do not break the row.

Rules: as `onprem.synth.tables.leaves`; an item that no parent has twice is drawn twice only where all others stand there.
"""

from __future__ import annotations

from collections.abc import Sequence
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


class Shares:
    """How common categories are, by leaf: rows or leaves x categories, the last for none."""

    def __init__(self, leaves: Leaves, size: int) -> None:
        self._leaves = leaves
        codes = np.where(np.isnan(leaves.donors), size - 1, leaves.donors).astype(np.intp)
        at = np.repeat(np.arange(len(leaves.count)), leaves.count)
        counts = np.bincount(at * size + codes, minlength=len(leaves.count) * size).reshape(-1, size)
        self._shares = counts / np.maximum(counts.sum(axis=1), 1)[:, None]
        self.usual: Numbers = counts.sum(axis=0) / max(counts.sum(), 1)

    def of(self, given: Given) -> Numbers:
        """Return how common each category is in the leaf of each row; 0 where nothing was learnt."""
        return np.asarray(self._shares[self._leaves.leaf(given)])


@dataclass(frozen=True, slots=True)
class Recurring:
    """A fitted item: of what kind it is, and which it is among new ones, among those that were seen, and among all.

    Few rows are new, and a tree of them alone tells badly what they follow from: drugs would no longer follow diagnoses.
    So a new item is as likely as among new rows, times how much likelier than usual it is here among all rows; and what
    this says of items that were seen is the chance that the row is not new after all. `codes` are the categories by the
    number of the item, as `Before` has them.
    """

    kind: Leaves
    new: Shares
    again: Shares
    every: Shares
    codes: Places = field(repr=False)

    def draw(self, given: Given, before: Before, rng: np.random.Generator, *, once: bool) -> Numbers:
        """Return an item for each row, as a category's code."""
        size, number = len(self.codes), np.argsort(self.codes)
        fresh = ~before.ever[:, number]
        seen = (before.ever & ~before.here if once else before.ever)[:, number]
        here, usual = self.every.of(given), self.every.usual
        likely = self.new.of(given) * here / np.where(usual > 0, usual, 1)
        likely /= np.maximum(likely.sum(axis=1), np.finfo(float).tiny)[:, None]
        is_new = rng.random(len(given)) < (likely * fresh).sum(axis=1)

        kind = self.kind.draw(given, rng)
        comes, was = before.next >= 0, seen.any(axis=1)
        kind[(kind == NEW) & ~is_new] = NEXT
        kind[(kind == NEXT) & ~comes] = SEEN
        kind[(kind == SEEN) & ~was] = NEW
        kind[(kind == NEW) & ~fresh.any(axis=1) & was] = SEEN
        made = np.empty(len(given))
        made[kind == NEXT] = self.codes[before.next[kind == NEXT]]
        own = kind == NEW
        made[own] = _drawn(rng, fresh[own], (likely[own], here[own], usual))
        own = kind == SEEN
        made[own] = _drawn(rng, seen[own], (self.again.of(given.take(own)), here[own], usual))
        return np.where(made == size - 1, np.nan, made)


def _drawn(rng: np.random.Generator, allowed: Flags, weights: Sequence[Numbers]) -> Numbers:
    """Draw a code for each row among those allowed, by the first weights that have one; where nothing is, by the last."""
    chosen = np.zeros(allowed.shape)
    for each in weights:
        none = ~chosen.any(axis=1)
        chosen[none] = (allowed * each)[none]
    none = ~chosen.any(axis=1)
    chosen[none] = weights[-1]
    heights = np.cumsum(chosen, axis=1)
    return np.asarray((heights <= (rng.random(len(heights)) * heights[:, -1])[:, None]).sum(axis=1), dtype=np.float64)


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

    def shares(rows: Flags) -> Shares:
        return Shares(fit(given.take(rows), codes[rows], shape, settings), len(number))

    kind = fit(given, kinds, _KIND, settings)
    return Recurring(kind, shares(~again), shares(again), shares(np.ones(len(codes), dtype=bool)), np.argsort(number))
