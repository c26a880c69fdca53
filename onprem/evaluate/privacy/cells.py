"""Tables side by side: the same columns of the synthetic and the real rows as joint codes, and as points with a distance.

Rules: keys name rows and describe nobody: they are left out here and looked at alone, told or not (a number of each row's
own would hide that the rest of it was copied). Numbers are compared by their rank
among the real values, so no unit and no outlier weighs more; a missing value is a value. A category weighs as much as a
number does on average.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from onprem.errors import InputError
from onprem.evaluate.privacy.chance import Floats, Ints
from onprem.table import Column, Kind, Table

_CODED = frozenset({Kind.CATEGORY, Kind.KEY})
_NUMBER_WEIGHT = 3.0**0.5  # two random ranks are then as far apart, squared, as two categories that are equally common
_DISTINCT = 64  # categories with a place of their own; the rarer ones share one
_SOME = 20  # rows, below which nothing is said about how often values repeat
_HARDLY = 0.95  # share of the rows that have a value of their own
_BLOCK = 20_000_000  # distances in memory at once

Points = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Side:
    """The rows of one table. `codes` has a column for each column of the table, equal where the values are."""

    codes: Ints = field(repr=False)
    values: Floats = field(repr=False)  # numbers as they are, codes of categories
    points: Points = field(repr=False)

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: Ints) -> Side:
        """Return some rows, in their order."""
        return Side(self.codes[rows], self.values[rows], self.points[rows])


@dataclass(frozen=True, slots=True)
class Cells:
    """Synthetic, seen and never-used rows in the same columns; `spans[j]` are the columns of `points` of column `j`."""

    rows: Side
    seen: Side
    unseen: Side
    numbers: tuple[bool, ...]
    spans: tuple[tuple[int, int], ...]

    @property
    def columns(self) -> int:
        """How many columns are compared."""
        return len(self.numbers)


def align(rows: Table, seen: Table, unseen: Table) -> Cells:
    """Return three tables in their common columns.

    Raises:
        InputError: a table is empty, or they have no column in common beside keys.
    """
    tables = (rows, seen, unseen)
    if not all(len(table) for table in tables):
        raise InputError("a table holds no rows")
    shared = [
        name for name in common(*tables) if not any(names_rows(table.column(name)) for table in (rows, seen, unseen))
    ]
    if not shared:
        raise InputError("the synthetic and the real tables have no column in common")
    numbers, spans, at = [], [], 0
    codes: list[list[Ints]] = [[], [], []]
    values: list[list[Floats]] = [[], [], []]
    points: list[list[Points]] = [[], [], []]
    for name in shared:
        columns = [table.column(name) for table in tables]
        is_number = not any(column.kind in _CODED for column in columns)
        plain = _numbers(columns) if is_number else _categories(columns)
        coded = _joint(plain)
        placed = _ranked(plain) if is_number else _one_hot(plain)
        for side in range(3):
            codes[side].append(coded[side])
            values[side].append(plain[side])
            points[side].append(placed[side])
        numbers.append(is_number)
        spans.append((at, at + placed[0].shape[1]))
        at = spans[-1][1]
    sides = [
        Side(np.stack(codes[side], axis=1), np.stack(values[side], axis=1), np.hstack(points[side]))
        for side in range(3)
    ]
    return Cells(sides[0], sides[1], sides[2], tuple(numbers), tuple(spans))


def common(*tables: Table) -> list[str]:
    """Return the names of the columns that all tables have, in the order of the first."""
    names = [{column.name for column in table} for table in tables[1:]]
    return [column.name for column in tables[0] if all(column.name in known for known in names)]


def names_rows(column: Column) -> bool:
    """Say whether a column names rows and describes nothing: a key, or codes and whole numbers that hardly repeat."""
    if column.kind is Kind.KEY:
        return True
    if column.kind not in {Kind.CATEGORY, Kind.INTEGER} or len(column) < _SOME:
        return False
    known = column.values[~column.missing]
    return len(np.unique(known)) >= _HARDLY * len(column)


def row_numbers(*sides: Ints) -> list[npt.NDArray[np.uint64]]:
    """Return of each row of codes a number that is the same for the same row."""
    together = np.ascontiguousarray(np.concatenate(sides))
    _, inverse = np.unique(together, axis=0, return_inverse=True)
    return np.split(inverse.ravel().astype(np.uint64), np.cumsum([len(side) for side in sides])[:-1])


def nearest(points: Points, made: Points) -> tuple[Floats, Ints]:
    """Return of each point the distance to its nearest made one, and which that is (the first of several)."""
    squares = (made * made).sum(axis=1)
    step = max(1, _BLOCK // len(made))
    places = [
        np.argmin(squares - 2.0 * (points[start : start + step] @ made.T), axis=1)
        for start in range(0, len(points), step)
    ]
    place = np.concatenate(places).astype(np.int64)
    # the short form of the distance loses digits where two points are almost one
    apart = points.astype(np.float64) - made[place]
    return np.sqrt((apart * apart).sum(axis=1)), place


def _numbers(columns: Sequence[Column]) -> list[Floats]:
    decimals = max(column.decimals for column in columns[1:])
    return [np.asarray(np.round(column.values.astype(np.float64), decimals), np.float64) for column in columns]


def values_of(column: Column) -> list[str]:
    """Return the distinct values of a column as they would be written, in order."""
    known = np.unique(column.values[~column.missing])
    if column.kind in _CODED:
        return [column.categories[int(code)] for code in known]
    return [f"{value:.{column.decimals}f}" for value in known]


def _categories(columns: Sequence[Column]) -> list[Floats]:
    """Return values as joint numbers of their words, NaN where missing."""
    known: dict[str, int] = {}
    found = []
    for column in columns:
        if column.kind in _CODED:
            numbers = np.asarray([known.setdefault(each, len(known)) for each in column.categories], dtype=np.float64)
            codes = column.values.astype(np.int64)
            found.append(np.where(codes >= 0, np.append(numbers, np.nan)[codes], np.nan))
        else:
            words = ["" if np.isnan(value) else f"{value:.{column.decimals}f}" for value in column.values]
            found.append(np.asarray([known.setdefault(word, len(known)) if word else np.nan for word in words]))
    return found


def _joint(values: Sequence[Floats]) -> list[Ints]:
    _, inverse = np.unique(np.concatenate(values), return_inverse=True, equal_nan=True)
    return np.split(inverse.ravel().astype(np.int64), np.cumsum([len(side) for side in values])[:-1])


def _ranked(values: Sequence[Floats]) -> list[Points]:
    """Return ranks among the real values, 0 to 1 times the weight, and whether a value is missing."""
    real = np.concatenate(values[1:])
    order = np.sort(real[~np.isnan(real)])
    found = []
    for side in values:
        gone = np.isnan(side)
        if len(order):
            rank = (np.searchsorted(order, side) + np.searchsorted(order, side, "right")) / (2 * len(order))
        else:
            rank = np.zeros(len(side))
        rank = np.where(gone, 0.5, rank) * _NUMBER_WEIGHT
        found.append(np.stack([rank, gone / 2**0.5], axis=1).astype(np.float32))
    return found


def _one_hot(values: Sequence[Floats]) -> list[Points]:
    real = np.concatenate(values[1:])
    known, counts = np.unique(real[~np.isnan(real)], return_counts=True)
    own = np.sort(known[np.argsort(-counts, kind="stable")[:_DISTINCT]])
    found = []
    for side in values:
        place = np.searchsorted(own, side)
        place[place == len(own)] = 0
        is_own = (own[place] == side) if len(own) else np.zeros(len(side), bool)
        column = np.where(is_own, place, np.where(np.isnan(side), len(own) + 1, len(own)))
        points = np.zeros((len(side), len(own) + 2), np.float32)
        points[np.arange(len(side)), column] = 0.5**0.5
        found.append(points)
    return found
