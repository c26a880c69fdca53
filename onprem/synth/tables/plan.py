"""A linked table as it is drawn: its cells with how each is drawn, and rows of it as they are laid out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from onprem.synth.tables.cells import Bounds, ByItem, Role
from onprem.synth.tables.leaves import Given, Leaves, Places
from onprem.synth.tables.past import Lines
from onprem.synth.tables.recurring import Recurring
from onprem.synth.tables.schema import Link
from onprem.synth.tables.shapes import Shape
from onprem.synth.tables.trees import Rule
from onprem.table import Numbers


@dataclass(slots=True)
class Cell:
    """A cell of a row: what it is and how it is drawn. `same` says first whether a time is that of the item's last row."""

    shape: Shape
    role: Role
    bounds: Bounds | None = None
    way: Leaves | ByItem | Recurring | Rule | None = None
    same: Leaves | None = None
    once: bool = False  # an item that no parent has twice


@dataclass(slots=True)
class Plan:
    """A table as it is drawn."""

    link: Link
    cells: list[Cell]
    items: Numbers = field(repr=False)  # for each code of the item its number by frequency, the last for a missing one
    names: tuple[str, ...] = ()  # columns as they stand
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    seen: tuple[str, ...] = ()  # tables made earlier whose items are known here

    @property
    def kept(self) -> list[int]:
        """Places of cells whose values are kept by item."""
        return [place for place, cell in enumerate(self.cells) if cell.role is Role.TIME or self._is_number(cell)]

    @staticmethod
    def _is_number(cell: Cell) -> bool:
        return cell.role in {Role.VALUE, Role.COUNT} and not cell.shape.is_category

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sizes of the cells as traits."""
        return tuple(len(cell.shape.categories) if cell.shape.is_category else 0 for cell in self.cells)

    def number(self, rows: Numbers) -> Places:
        """Return the items of rows, numbered by how frequent they are."""
        if not self.cells or self.cells[0].role is not Role.ITEM:
            return np.zeros(len(rows), dtype=np.intp)
        codes = np.where(np.isnan(rows[:, 0]), len(self.items) - 1, rows[:, 0]).astype(np.intp)
        return self.items[codes].astype(np.intp)

    def count(self, child: str) -> int:
        """Return the place of the count of a child table."""
        return next(p for p, c in enumerate(self.cells) if c.role is Role.COUNT and c.shape.name == child)


@dataclass(slots=True)
class Laid:
    """Rows of a table: where they stand, their cells as traits, and their times."""

    at: Lines
    rows: Numbers = field(repr=False)
    times: dict[str, Numbers] = field(repr=False)


def numbers(*columns: Numbers | Places) -> Given:
    """Return numbers as traits."""
    return Given(np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1), (0,) * len(columns))


def joined(parts: Sequence[Given]) -> Given:
    """Return the traits of all."""
    return Given(np.hstack([part.values for part in parts]), sum((part.sizes for part in parts), ()))
