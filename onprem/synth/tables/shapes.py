"""What is known of a column before anything is fitted: its form, its frequent categories, its determiner, its fresh keys.

Rules: a category of fewer than `rare` rows does not survive: such rows share the category "other" where they are `rare`
together, and are without a value otherwise; a key is never one of the real ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from onprem.errors import UsageError
from onprem.table import Codes, Column, Kind, Numbers

OTHER = "other"
_FRESH = ("S", "SYN", "SYNTH")  # before the number of a fresh key, the first that no real key begins with
_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Settings:
    """How much of real rows may show: donors per `leaf`, rows from which on a value is not `rare`; the `order` of columns.

    Columns that `order` does not name follow in the order that `onprem.synth.tables.trees` gives them.
    """

    leaf: int = 20
    rare: int = 5
    order: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what protects nobody.

        Raises:
            UsageError: fewer than 5 donors per leaf, or values of one row are let through.
        """
        if self.leaf < 5 or self.rare < 2:
            raise UsageError("a leaf of fewer than 5 rows, or values of one row, would copy people", hint="--leaf 20")


@dataclass(frozen=True, slots=True)
class Shape:
    """The form of a column without its values. Its values stand as float64: codes of categories, NaN where missing."""

    name: str
    kind: Kind
    categories: tuple[str, ...] = field(default=(), repr=False)
    decimals: int = 0
    day: bool = False

    @property
    def is_category(self) -> bool:
        """Whether values are codes."""
        return self.kind in {Kind.CATEGORY, Kind.KEY}

    def column(self, values: Numbers) -> Column:
        """Return the column of some values."""
        if self.is_category:
            codes: Codes = np.where(np.isnan(values), -1, values).astype(np.int32)
            return Column(self.name, self.kind, codes, self.categories)
        return Column(self.name, self.kind, values, (), self.decimals, self.day)


def shaped(column: Column, rare: int) -> tuple[Shape, Numbers]:
    """Return the form of a column and its values, without rare categories."""
    if column.kind not in {Kind.CATEGORY, Kind.KEY}:
        return Shape(column.name, column.kind, (), column.decimals, column.day), column.values.astype(np.float64)
    counts = np.bincount(column.values[column.values >= 0], minlength=len(column.categories))
    frequent = np.flatnonzero(counts >= rare)
    names = [column.categories[place] for place in frequent]
    rest = int(counts.sum() - counts[frequent].sum())
    codes = np.full(len(counts) + 1, np.nan)  # the last one stands for missing
    if rest >= rare:
        other = names.index(OTHER) if OTHER in names else len(names)
        names += [OTHER] * (other == len(names))
        codes[:-1] = other
    codes[frequent] = np.arange(len(frequent))
    return Shape(column.name, column.kind, tuple(names)), codes[column.values]


def determined(by: Numbers, what: Numbers) -> Numbers | None:
    """Return for each code of `by` the only code of `what` that stands beside it, or None where there are several.

    The last place stands for a missing `by`. Such are the unit of a test, the name of a code, the group of a drug.
    """
    size = int(np.nanmax(by, initial=-1)) + 1
    places = np.where(np.isnan(by), size, by).astype(np.int64)
    beside = np.where(np.isnan(what), -1, what)
    low, high = np.full(size + 1, np.inf), np.full(size + 1, -np.inf)
    np.minimum.at(low, places, beside)
    np.maximum.at(high, places, beside)
    if np.any(high > low):
        return None
    return np.where((low < 0) | np.isinf(low), np.nan, low)


def fresh_keys(real: Sequence[str], first: int, count: int) -> tuple[str, ...]:
    """Return keys that no real row has: a letter that no real key begins with, and a running number from `first` on."""
    begin = next((word for word in _FRESH if not any(key.startswith(word) for key in real)), _FRESH[-1] + "-")
    while any(key.startswith(begin) for key in real):
        begin += "-"
    return tuple(f"{begin}{number:0{_DIGITS}d}" for number in range(first + 1, first + count + 1))
