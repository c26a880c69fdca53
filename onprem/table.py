"""Tables as columns of numbers: what is fitted, sampled, measured and screened.

Rules: a missing value is missing (NaN, or code -1), never a number or a word; what a column is, is either told or read off
its values by one rule (`onprem.table_files`, which reads and writes them); no value of a table stands in an error or a repr.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]


class Kind(StrEnum):
    """What the values of a column are."""

    NUMBER = "number"  # measured: float64, NaN where missing
    INTEGER = "integer"  # counted: whole numbers in float64, NaN where missing
    TIME = "time"  # seconds since 1970-01-01 00:00 UTC in float64, NaN where missing; see `day`
    CATEGORY = "category"  # one of `categories`: int32 codes, -1 where missing
    KEY = "key"  # names a row of this table or of another: int32 codes into `categories`, whatever its form


@dataclass(frozen=True, slots=True)
class Column:
    """One column: float64, or int32 codes (CATEGORY, KEY). `decimals` are written; a `day` has no time of day."""

    name: str
    kind: Kind
    values: npt.NDArray[np.float64] | npt.NDArray[np.int32] = field(repr=False)
    categories: tuple[str, ...] = field(default=(), repr=False)
    decimals: int = 0
    day: bool = False

    def __len__(self) -> int:
        return len(self.values)

    @property
    def missing(self) -> npt.NDArray[np.bool_]:
        """Which values are missing."""
        if self.kind in {Kind.CATEGORY, Kind.KEY}:
            return np.asarray(self.values < 0)
        return np.isnan(self.values)

    def take(self, rows: npt.NDArray[np.intp]) -> Column:
        """Return the column of some rows, in their order."""
        return Column(self.name, self.kind, self.values[rows], self.categories, self.decimals, self.day)


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of one length. Names are unique. `left_out` names columns of the file that are free text, and not here."""

    name: str
    columns: tuple[Column, ...]
    left_out: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def column(self, name: str) -> Column:
        """Return the column of a name.

        Raises:
            KeyError: there is none; the name was typed by a user or stands in a file of the house.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def take(self, rows: npt.NDArray[np.intp]) -> Table:
        """Return some rows, in their order."""
        return Table(self.name, tuple(column.take(rows) for column in self.columns), self.left_out)
