"""One column given others: a tree whose leaves hold the rows that donate values, with numbers smoothed between donors.

1. The tree (CART) is grown on what comes before, with at least `leaf` rows in each leaf. Its target has one column per
   thing to be told apart: categories, or the rank of a number, whether it is missing, and whether it is the commonest.
2. A row to be drawn falls into a leaf and takes a donor's value. A number that `rare` rows share is taken as it is, as a
   category would be; any other is moved towards the next such number of its leaf, by a random part of the way, and is
   rounded as the donor was. The density between donors is that of linear interpolation, so nothing is widened.
3. The `rare` most extreme numbers on each side are drawn in before, into the range of as many numbers next to them.

Rules: fewer than `rare` missing values are no trait of the column, and none are drawn; no leaf is smaller than told.

Source: J. P. Reiter, Using CART to generate partially synthetic public use microdata, J. Official Statistics 21 (2005).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from onprem.synth.tables.shapes import Settings, Shape
from onprem.table import Numbers

Places = npt.NDArray[np.intp]

_MASS = 0.1  # share of rows, from which on the commonest number is told apart in the tree
_FEW = 20  # distinct numbers, up to which each is drawn as it is
_OUT = 4  # times as common as its neighbours is a number that stands out
_BESIDE = 3  # neighbours on either side
_GROWN = 20_000  # rows on which a tree is grown at most; all rows are donors


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of rows before a value is drawn: a matrix, one column per trait, and which traits are codes."""

    values: Numbers = field(repr=False)  # rows x traits
    sizes: tuple[int, ...]  # number of categories of a trait; 0 for a number

    def __len__(self) -> int:
        return len(self.values)

    def with_(self, more: Given) -> Given:
        """Return the traits of both."""
        return Given(np.hstack((self.values, more.values)), self.sizes + more.sizes)

    def take(self, rows: Places | npt.NDArray[np.bool_]) -> Given:
        """Return some rows."""
        return Given(self.values[rows], self.sizes)


def nothing(rows: int) -> Given:
    """Return rows of which nothing is known."""
    return Given(np.empty((rows, 0)), ())


@dataclass(slots=True)
class Leaves:
    """A fitted column. Donors stand in order of leaf and value; `up` and `down` are the values they move towards."""

    tree: Any
    codes: list[Numbers | None] = field(repr=False)  # for each trait that is a code: the number that stands for it
    missing: Numbers = field(repr=False)  # for each other trait: what stands for a missing number
    start: Places = field(repr=False)
    count: Places = field(repr=False)
    donors: Numbers = field(repr=False)
    up: Numbers | None = field(default=None, repr=False)
    down: Numbers | None = field(default=None, repr=False)
    scale: Numbers | None = field(default=None, repr=False)

    def draw(self, given: Given, rng: np.random.Generator) -> Numbers:
        """Return a value for each row."""
        if not len(self.donors):
            return np.full(len(given), np.nan)
        leaf = self.leaf(given)
        donor = self.start[leaf] + (rng.random(len(given)) * self.count[leaf]).astype(np.intp)
        values = self.donors[donor]
        if self.up is None or self.down is None or self.scale is None:
            return values
        towards = np.where(rng.random(len(given)) < 0.5, self.up[donor], self.down[donor])
        moved = values + rng.random(len(given)) * (towards - values)
        scale = self.scale[donor]
        return np.where(towards == values, values, np.rint(moved * scale) / scale)

    def leaf(self, given: Given) -> Places:
        """Return the leaf of each row, as its number among the nodes of the tree."""
        if self.tree is None:
            return np.zeros(len(given), dtype=np.intp)
        return np.asarray(self.tree.tree_.apply(_matrix(given, self.codes, self.missing)), dtype=np.intp)


def fit(given: Given, values: Numbers, shape: Shape, settings: Settings) -> Leaves:
    """Return the column of `values`, given what stands beside them."""
    absent = np.isnan(values)
    kept = np.ones(len(values), dtype=bool) if absent.sum() >= settings.rare else ~absent
    given, values, absent = given.take(kept), values[kept], absent[kept]
    if len(values) < settings.rare:
        values, given, absent = values[:0], given.take(slice(0)), absent[:0]  # type: ignore[arg-type]
    common = _common(values, settings.rare)
    distinct, counts = np.unique(values, return_counts=True)
    shared = distinct[counts >= settings.rare]
    if not shape.is_category:
        values = drawn_in(values, settings.rare)
    target = _target(values, absent, common, shape)
    if not target.shape[1] or np.all(target == target[:1]):
        given = nothing(len(values))  # nothing to tell apart
    codes, missing = _encoded(given, target)
    tree = _grow(_matrix(given, codes, missing), target, settings.leaf, is_category=shape.is_category)
    leaf = np.zeros(len(values), dtype=np.intp)
    if tree is not None:
        leaf = np.asarray(tree.tree_.apply(_matrix(given, codes, missing)), dtype=np.intp)
    count = np.bincount(leaf, minlength=1)
    order = np.lexsort((values, leaf))
    made = Leaves(tree, codes, missing, np.cumsum(count) - count, count, values[order])
    if not shape.is_category:
        made.up, made.down = _towards(values[order], leaf[order], common, shared)
        made.scale = scales(values[order], shape.decimals)
    return made


def drawn_in(values: Numbers, rare: int) -> Numbers:
    """Return numbers whose extremes lie where there are others: fewer than `rare` beyond it make no bound of the data."""
    present = np.flatnonzero(~np.isnan(values))
    if len(present) < 4 * rare:
        return values
    made = values.copy()
    order = present[np.argsort(values[present], kind="stable")]
    for extreme in (order, order[::-1]):
        beyond = extreme[: rare - 1][values[extreme[: rare - 1]] != values[extreme[rare - 1]]]
        near, bound = values[extreme[2 * rare - 1]], values[extreme[rare - 1]]
        made[beyond] = bound + (near - bound) * (np.arange(len(beyond)) + 1) / rare
    return made


def _common(values: Numbers, rare: int) -> Numbers:
    """Return the numbers that are drawn as they are, the commonest first: `rare` rows share them, and they stand out.

    A number stands out when there are few distinct ones, or when it is `_OUT` times as common as those next to it.
    """
    distinct, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    kept = counts >= rare
    if len(distinct) > _FEW:
        padded = np.pad(counts, _BESIDE, mode="reflect")
        beside = np.lib.stride_tricks.sliding_window_view(padded, 2 * _BESIDE + 1)
        kept &= counts > _OUT * np.median(beside, axis=1)
    return distinct[kept][np.argsort(-counts[kept], kind="stable")]


def _target(values: Numbers, absent: npt.NDArray[np.bool_], common: Numbers, shape: Shape) -> Numbers:
    """Return what the tree tells apart, each column of variance 1 for numbers, one per category otherwise."""
    if shape.is_category:
        size = len(shape.categories) + 1
        return np.eye(size)[np.where(absent, size - 1, values).astype(np.int64)]
    parts = []
    distinct, place, counts = np.unique(values[~absent], return_inverse=True, return_counts=True)
    rank = np.full(len(values), np.nan)
    rank[~absent] = (np.cumsum(counts) - counts / 2)[place] if len(distinct) else np.nan
    parts.append(rank)
    parts.append(absent.astype(np.float64))
    if len(common) and np.mean(values == common[0]) > _MASS:
        parts.append((values == common[0]).astype(np.float64))
    target = np.stack(parts, axis=1)
    if absent.all():
        return target[:, :0]
    spread = np.nanstd(target, axis=0)
    kept = spread > 0
    target = (target[:, kept] - np.nanmean(target[:, kept], axis=0)) / spread[kept]
    return np.asarray(np.nan_to_num(target))


def _encoded(given: Given, target: Numbers) -> tuple[list[Numbers | None], Numbers]:
    """Return numbers for codes, in the order that tells the target's values apart best, and numbers for missing ones.

    The order of categories is that of the first principal component of the target's means, which is the best one for a
    single target (L. Breiman et al., Classification and Regression Trees, 1984, 9.4).
    """
    codes: list[Numbers | None] = []
    missing = np.zeros(len(given.sizes))
    centred = target - target.mean(axis=0) if len(target) else target
    for place, size in enumerate(given.sizes):
        column = given.values[:, place]
        if not size:
            codes.append(None)
            low = np.nanmin(column) if not np.isnan(column).all() else 0.0
            high = np.nanmax(column) if not np.isnan(column).all() else 0.0
            missing[place] = low - 1 - 0.1 * (high - low)
            continue
        where = np.where(np.isnan(column), size, column).astype(np.int64)
        counts = np.bincount(where, minlength=size + 1)
        sums = np.stack([np.bincount(where, part, minlength=size + 1) for part in centred.T], axis=1)
        means = sums / np.maximum(counts, 1)[:, None]
        if means.shape[1] > 1:
            spread = (means * counts[:, None]).T @ means
            means = means @ np.linalg.eigh(spread)[1][:, -1:]
        codes.append(means[:, 0])
    return codes, missing


def _matrix(given: Given, codes: list[Numbers | None], missing: Numbers) -> npt.NDArray[np.float32]:
    made = np.where(np.isnan(given.values), missing, given.values).astype(np.float32)
    for place, code in enumerate(codes):
        if code is not None:
            column = given.values[:, place]
            made[:, place] = code[np.where(np.isnan(column), len(code) - 1, column).astype(np.int64)]
    return made


def _grow(matrix: npt.NDArray[np.float32], target: Numbers, leaf: int, *, is_category: bool) -> Any:  # noqa: ANN401
    """Return a tree of scikit-learn, or None where there is nothing to split by or to tell apart."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor  # slow to import

    if not matrix.shape[1] or len(target) < 2 * leaf:
        return None
    rows = slice(None)
    if len(target) > _GROWN:
        rows = np.sort(np.random.default_rng(0).permutation(len(target))[:_GROWN])  # type: ignore[assignment]
    kind = DecisionTreeClassifier if is_category else DecisionTreeRegressor
    wanted = target.argmax(axis=1) if is_category else target
    return kind(min_samples_leaf=leaf, random_state=0).fit(matrix[rows], wanted[rows])


def _towards(values: Numbers, leaf: Places, common: Numbers, shared: Numbers) -> tuple[Numbers, Numbers]:
    """Return for each donor the next distinct number above and below in its leaf, of those that do not stand out.

    At an end of its leaf a number moves inwards only; one of `shared`, which `rare` rows have, may stay. One that is alone
    in its leaf moves towards its neighbours in the whole column.
    """
    up, down = values.copy(), values.copy()
    alone = np.flatnonzero(~np.isnan(values) & ~np.isin(values, common))
    own, home = values[alone], leaf[alone]
    if not len(alone):
        return up, down
    first = np.append(True, (own[1:] != own[:-1]) | (home[1:] != home[:-1]))
    run = np.cumsum(first) - 1
    value, where = own[first], home[first]  # distinct numbers of each leaf, in order
    distinct = np.unique(own)
    place = np.searchsorted(distinct, value)
    wide_up = distinct[np.minimum(place + 1, len(distinct) - 1)]
    wide_down = distinct[np.maximum(place - 1, 0)]
    after, before = np.append(where[1:] == where[:-1], False), np.append(False, where[1:] == where[:-1])
    next_, last = np.append(value[1:], np.nan), np.append(np.nan, value[:-1])
    stays = np.isin(value, shared)
    up[alone] = np.where(after, next_, np.where(before, np.where(stays, value, last), wide_up))[run]
    down[alone] = np.where(before, last, np.where(after, np.where(stays, value, next_), wide_down))[run]
    return up, down


def scales(values: Numbers, decimals: int) -> Numbers:
    """Return ten to the power of the decimals to which numbers about each value are recorded, `decimals` at most.

    A laboratory may give three figures: 0.683, 1.02, 10.1. Then 1.10 has two, as its neighbours have.
    """
    distinct, run = np.unique(values, return_inverse=True, equal_nan=True)
    digits = np.full(len(distinct), decimals)
    for fewer in range(decimals - 1, -1, -1):
        scaled = distinct * 10.0**fewer
        digits[np.abs(np.rint(scaled) - scaled) < 10.0 ** (fewer - decimals - 1)] = fewer
    if len(distinct) > _FEW:
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(digits, _FEW // 2, mode="reflect"), _FEW + 1)
        digits = np.maximum(digits, np.median(windows, axis=1).astype(np.int64))
    return np.asarray(10.0 ** digits[run])
