"""Linked tables as one row for each patient: what all tables say of her, in columns that a distance can compare.

Rules: the root is the table in which a key that other tables hold names each row once; a child gives the number of its
rows, the mean of its numbers, the first of its times and the commonest of its categories.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from onprem.errors import InputError
from onprem.evaluate.privacy.chance import Ints
from onprem.table import Column, Kind, Table


@dataclass(frozen=True, slots=True)
class Linked:
    """How tables hang together: the root, its key, and the tables that hold that key. No key: they do not."""

    root: str
    key: str
    children: tuple[str, ...]

    @classmethod
    def of(cls, *sides: Mapping[str, Table]) -> Linked:
        """Return how tables hang together: the same in all three sets, or not at all."""
        best = cls("", "", ())
        names = sorted(sides[0])
        for root in names:
            for column in sides[0][root]:
                if not all(_names_rows(side[root], column.name) for side in sides):
                    continue
                children = tuple(
                    name for name in names if name != root and all(_key(side[name], column.name) for side in sides)
                )
                if len(children) > len(best.children):
                    best = cls(root, column.name, children)
        return best

    def owners(self, side: Mapping[str, Table], name: str) -> Ints:
        """Return of each row of a child the number of its patient; rows of nobody are of one more."""
        key = side[self.root].column(self.key)
        known = {key.categories[code]: place for place, code in enumerate(key.values.astype(int).tolist()) if code >= 0}
        column = side[name].column(self.key)
        of = np.asarray([known.get(each, len(known)) for each in column.categories] + [len(known)], dtype=np.int64)
        return of[column.values.astype(np.int64)]


def _key(table: Table, name: str) -> Column | None:
    return next((column for column in table if column.name == name and column.kind is Kind.KEY), None)


def _names_rows(table: Table, name: str) -> bool:
    column = _key(table, name)
    if column is None:
        return False
    codes = column.values
    return bool((codes >= 0).all() and len(np.unique(codes)) == len(codes))


def persons(linked: Linked, side: Mapping[str, Table]) -> Table:
    """Return one row for each patient.

    Raises:
        InputError: the root holds no rows.
    """
    root = side[linked.root]
    if not len(root):
        raise InputError("a table holds no rows")
    columns = [column for column in root if column.kind is not Kind.KEY]
    for number, name in enumerate(linked.children):
        owners = linked.owners(side, name)
        counts = np.bincount(owners, minlength=len(root) + 1)[: len(root)].astype(np.float64)
        columns.append(Column(f"{number}#", Kind.INTEGER, counts))
        for column in side[name]:
            if column.kind is not Kind.KEY:
                columns.append(_summary(column, owners, len(root), f"{number}#{column.name}"))
    return Table("patients", tuple(columns))


def _summary(column: Column, owners: Ints, count: int, name: str) -> Column:
    kept = np.flatnonzero(~column.missing & (owners < count))
    own, values = owners[kept], column.values[kept]
    if column.kind is Kind.CATEGORY:
        return Column(name, Kind.CATEGORY, _commonest(own, values, count), column.categories)
    found = np.full(count, np.nan)
    if column.kind is Kind.TIME:
        first = np.full(count, np.inf)
        np.minimum.at(first, own, values)
        found[np.isfinite(first)] = first[np.isfinite(first)]
        return Column(name, Kind.TIME, found)
    times = np.bincount(own, minlength=count)
    sums = np.bincount(own, values, count)
    found[times > 0] = sums[times > 0] / times[times > 0]
    return Column(name, Kind.NUMBER, found, decimals=column.decimals + 2)


def _commonest(owners: Ints, codes: npt.NDArray[np.generic], count: int) -> npt.NDArray[np.int32]:
    """Return of each owner the code that is hers most often, the smaller of two; -1 where there is none."""
    found = np.full(count, -1, np.int32)
    pairs, times = np.unique(np.stack([owners, codes.astype(np.int64)]), axis=1, return_counts=True)
    order = np.lexsort((-pairs[1], times, pairs[0]))
    found[pairs[0][order]] = pairs[1][order]  # the last of an owner stands: the most frequent
    return found
