"""A linked table as cells: what stands in a row besides keys, in the order in which it is drawn.

A row of a child begins with its item (a test, a code, a drug), then its time as a gap, then what the item determines, other
times as distances, numbers, and how many rows of each child table follow it. A number is drawn among those of its item.

Rules: a time is kept by construction after what it comes after and before what it comes before: it is drawn again while it
is not, and in the end drawn evenly between the two.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from onprem.synth.tables.leaves import Given, Leaves, Places, drawn_in, fit, scales
from onprem.synth.tables.shapes import Settings, Shape
from onprem.table import Kind, Numbers
from onprem.table_files import MAX_DECIMALS

Name = tuple[str, str]  # table and column

DAY = 86_400.0
_HOLDS = 0.995  # share of rows from which on an order of two times is a rule
_ENOUGH = 20  # rows that have both times
_AGAIN = 4  # times that a date is drawn anew before it is drawn evenly between its bounds
_NEAR = 0.5  # of the variance of values, below which that of distances from the patient's own is small
_OWN = 4  # leaves, from which on the rows of an item have a tree of their own


class Role(StrEnum):
    """What a cell is in its row."""

    ITEM = "item"
    NEXT = "next"  # a time that follows the row before of the same parent
    TIME = "time"  # a time at a distance from the row's first one, or from the parent's
    VALUE = "value"
    COUNT = "count"  # of rows of a child table, whose name stands in the shape


@dataclass(slots=True)
class Following:
    """Numbers of one item that stay near the patient's own: after the first one they are drawn as distances.

    `near` says from what: the last value (0) or the mean so far (1).
    """

    first: Leaves
    later: Leaves
    near: int
    low: float = field(repr=False)
    high: float = field(repr=False)
    decimals: int = 0

    def draw(self, given: Given, memory: Numbers, rng: np.random.Generator) -> Numbers:
        """Return a value for each row, whose last value and mean so far are `memory`."""
        start = memory[:, self.near]
        made = np.empty(len(given))
        known = ~np.isnan(start)
        made[~known] = self.first.draw(given.take(~known), rng)
        made[known] = start[known] + self.later.draw(given.take(known), rng)
        return np.clip(np.round(made, self.decimals), self.low, self.high)


@dataclass(slots=True)
class ByItem:
    """A cell that is drawn among rows of the same item; items of few rows are drawn together."""

    own: dict[int, Leaves | Following]
    rest: Leaves

    def draw(self, given: Given, items: Places, memory: Numbers, rng: np.random.Generator) -> Numbers:
        """Return a value for each row."""
        made = np.empty(len(given))
        left = np.ones(len(given), dtype=bool)
        for item in np.unique(items):
            way = self.own.get(int(item))
            if way is None:
                continue
            rows = items == item
            left &= ~rows
            if isinstance(way, Following):
                made[rows] = way.draw(given.take(rows), memory[rows], rng)
            else:
                made[rows] = way.draw(given.take(rows), rng)
        if left.any():
            made[left] = self.rest.draw(given.take(left), rng)
        return made


def fit_by_item(known: Known, values: Numbers, shape: Shape, settings: Settings) -> ByItem:
    """Return a cell given what is known of its rows, by item where there are rows enough."""
    items = known.items
    counts = np.bincount(items) if len(items) else np.zeros(1)
    large = np.flatnonzero(counts >= _OWN * settings.leaf)
    own = {int(item): _of_item(known.take(items == item), values[items == item], shape, settings) for item in large}
    left = ~np.isin(items, large)
    if left.sum() < settings.leaf:
        left = np.ones(len(items), dtype=bool)
    return ByItem(own, fit(known.given.take(left), values[left], shape, settings))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of rows before a cell: traits, the item, and the item's last value and mean so far of this cell."""

    given: Given
    items: Places = field(repr=False)
    memory: Numbers = field(repr=False)  # rows x 2

    def take(self, rows: npt.NDArray[np.bool_]) -> Known:
        """Return some rows."""
        return Known(self.given.take(rows), self.items[rows], self.memory[rows])


def _of_item(known: Known, values: Numbers, shape: Shape, settings: Settings) -> Leaves | Following:
    """Return the cell of one item: by distances where these vary much less than the values."""
    both = ~np.isnan(values) & ~np.isnan(known.memory).any(axis=1)
    enough = both.sum() >= _OWN * settings.leaf and len(values) - both.sum() >= settings.leaf
    if shape.kind is Kind.NUMBER or shape.kind is Kind.INTEGER:
        spread = np.nanvar(values)
        distances = np.nanvar(values[both, None] - known.memory[both], axis=0) if both.any() else np.full(2, np.inf)
        near = int(np.argmin(distances))
        if enough and len(np.unique(values[both])) > _OWN * 5 and distances[near] < _NEAR * spread:
            later = known.memory[:, near]
            start = fit(known.given.take(~both), values[~both], shape, settings)
            exact = Shape(shape.name, Kind.NUMBER, (), MAX_DECIMALS)
            steps = fit(known.given.take(both), values[both] - later[both], exact, settings)
            safe = drawn_in(values, settings.rare)
            scale = float(np.median(scales(values[both], shape.decimals)))
            return Following(start, steps, near, *_range(safe), round(np.log10(scale)))
    return fit(known.given, values, shape, settings)


def _range(values: Numbers) -> tuple[float, float]:
    return float(np.nanmin(values)), float(np.nanmax(values))


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a time lies between: other times as (table, column), and the first and last moment of the column.

    A day has no hour: what comes before a day may fall on it.
    """

    after: tuple[Name, ...]
    before: tuple[Name, ...]
    first: float = field(repr=False)
    last: float = field(repr=False)
    unit: float = 1.0  # seconds
    days: frozenset[Name] = frozenset()  # other times that are days

    def limits(self, others: Mapping[Name, Numbers], rows: int) -> tuple[Numbers, Numbers]:
        """Return the earliest and the latest moment for each row."""
        low, high = np.full(rows, -np.inf), np.full(rows, np.inf)
        for name in self.after:
            low = np.fmax(low, self.early(others[name]))
        for name in self.before:
            high = np.fmin(high, self.late(name, others[name]))
        high = np.floor(high / self.unit) * self.unit
        low_here, high_here = np.fmax(low, self.first), np.fmin(high, self.last)
        # a visit may lie where the column has no time yet: then what it belongs to is what counts
        outside = low_here > high_here
        low = np.where(outside, np.where(np.isfinite(low), low, high), low_here)
        high = np.where(outside, np.where(np.isfinite(high), high, low), high_here)
        return low, np.maximum(low, high)  # never an empty range

    def early(self, other: Numbers) -> Numbers:
        """Return the first moment after another time, on the grid of the column."""
        return np.floor(other / DAY) * DAY if self.unit == DAY else np.ceil(other / self.unit) * self.unit

    def late(self, name: Name, other: Numbers) -> Numbers:
        """Return the last moment before another time."""
        return other + DAY - 1 if name in self.days and self.unit < DAY else other


def bounds(
    own: Numbers, others: Mapping[Name, Numbers], days: frozenset[Name], told: tuple[Collection[str], Collection[str]]
) -> Bounds:
    """Return what the times of a column lie between, as nearly all of them do, or as is `told` (after, before)."""
    present = own[~np.isnan(own)]
    unit = next((unit for unit in (DAY, 60.0) if not np.any(present % unit)), 1.0)
    low, high = (present.min(), present.max()) if len(present) else (0.0, 0.0)
    made = Bounds((), (), float(np.floor(low / DAY) * DAY), float(np.floor(high / DAY) * DAY + DAY - unit), unit, days)
    after, before = [], []
    for name, values in others.items():
        both = ~np.isnan(own) & ~np.isnan(values)
        word, enough = ".".join(name), both.sum() >= _ENOUGH
        if word in told[0] or (enough and np.mean(own[both] >= made.early(values[both])) >= _HOLDS):
            after.append(name)
        elif word in told[1] or (enough and np.mean(own[both] <= made.late(name, values[both])) >= _HOLDS):
            before.append(name)
    return replace(made, after=tuple(after), before=tuple(before))


def within(made: Numbers, low: Numbers, high: Numbers, unit: float, rng: np.random.Generator) -> Numbers:
    """Return times that lie within their limits: one that does not is drawn evenly between them."""
    made = np.rint(made / unit) * unit
    wrong = (made < low) | (made > high)
    even = np.floor((low + rng.random(len(made)) * (high - low)) / unit) * unit
    return np.where(wrong, np.fmin(np.fmax(even, low), high), made)


def drawn_within(
    draw: Callable[[npt.NDArray[np.bool_]], Numbers], low: Numbers, high: Numbers, unit: float, rng: np.random.Generator
) -> Numbers:
    """Return times, drawn again while they lie outside their limits."""
    made = draw(np.ones(len(low), dtype=bool))
    for _ in range(_AGAIN):
        wrong = (made < low) | (made > high)
        if not wrong.any():
            break
        made[wrong] = draw(wrong)
    return within(made, low, high, unit, rng)
