"""The public domain of a private table: what values a column may have, told by people and never read off the data.

A TOML file with one table for each column:

    [age]
    kind = "integer"      # number, integer, time or category
    low = 18              # bounds: values outside are moved to the nearest
    high = 100
    step = 1              # or bins = 20; scale = "log" gives narrow cells at the low end
    [creatinine]
    kind = "number"
    low = 0.2
    high = 15.0
    bins = 40
    scale = "log"
    decimals = 1          # digits after the point that are kept; 0 for an integer
    missing = true        # a value may be missing
    [sex]
    kind = "category"
    values = ["F", "M"]   # ordered = true where their order means something
    other = "other"       # takes every value that is not listed

Rules: a value that the domain does not allow is mapped by the domain alone: numbers to the nearest bound, categories to
`other`; where there is no `other`, and for a missing value where `missing` is not said, to missing if that is allowed, else
to the first cell. Whether such values occur is said by no error and no count, for that would tell of the data.
"""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onprem.errors import PolicyError
from onprem.table import Column, Kind, Table

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

MOST_CELLS = 4096  # of one column
_DAY = 86_400.0
_LARGEST = 1e9  # of a bound; nine decimals then still fit 64 bits
_HINT = "one [column] each: kind, and values, or low and high with bins or step; see docs"


class _Said(BaseModel):
    """A column as the file says it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["number", "integer", "time", "category"]
    values: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    ordered: bool = False
    other: str = ""
    low: Any = None  # a number, or a date of a time; checked with the kind
    high: Any = None
    step: float | None = Field(default=None, gt=0)
    bins: int | None = Field(default=None, ge=1)
    scale: Literal["linear", "log"] = "linear"
    decimals: int | None = Field(default=None, ge=0, le=9)
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a column: codes 0 to `len - 1`; the last is the missing one where `missing`.

    Numbers lie on a grid of `unit`; cell i holds the grid points from edges[i] to edges[i + 1] - 1.
    """

    name: str
    kind: Kind
    unit: float = 1.0
    edges: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64), repr=False)
    values: tuple[str, ...] = field(default=(), repr=False)
    ordered: bool = True
    other: bool = False  # the last of `values` takes what is not listed
    decimals: int = 0
    missing: bool = False

    @property
    def known(self) -> int:
        """How many cells are not the missing one."""
        return len(self.values) if self.kind is Kind.CATEGORY else len(self.edges) - 1

    def __len__(self) -> int:
        return self.known + self.missing

    def encode(self, column: Column) -> Codes:
        """Return the cell of every value of a column.

        Raises:
            PolicyError: the column is of another kind.
        """
        if (column.kind is Kind.CATEGORY) != (self.kind is Kind.CATEGORY):
            raise PolicyError("a column is not of the kind that its domain says", hint=_HINT)
        outside = self.known if self.missing else 0
        if self.kind is Kind.CATEGORY:
            places = {value: place for place, value in enumerate(self.values)}
            unlisted = self.known - 1 if self.other else outside
            found = [places.get(value, unlisted) for value in column.categories]
            return np.array([*found, outside], dtype=np.int32)[column.values.astype(np.int64)]  # -1 is the last
        missing = column.missing
        points = np.rint(np.clip(np.where(missing, 0.0, column.values) / self.unit, -(2.0**62), 2.0**62)).astype(
            np.int64
        )
        codes = np.clip(np.searchsorted(self.edges, points, side="right") - 1, 0, self.known - 1)
        return np.where(missing, outside, codes).astype(np.int32)

    def decode(self, codes: Codes, rng: np.random.Generator) -> Column:
        """Return values for cells: a number is drawn evenly from the grid points of its cell."""
        missing = codes >= self.known
        if self.kind is Kind.CATEGORY:
            return Column(self.name, self.kind, np.where(missing, -1, codes).astype(np.int32), self.values)
        cells = np.where(missing, 0, codes)
        points = rng.integers(self.edges[cells], self.edges[cells + 1])
        scale = 10**self.decimals
        values = points / scale if self.kind is Kind.NUMBER else points * self.unit
        day = self.kind is Kind.TIME and self.unit == _DAY
        return Column(self.name, self.kind, np.where(missing, np.nan, values), (), self.decimals, day)


@dataclass(frozen=True, slots=True)
class Domain:
    """The cells of every column, in the order of the file."""

    columns: tuple[Cells, ...]
    digest: str  # SHA-256 of what was said, in hexadecimal

    def __iter__(self) -> Iterator[Cells]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    @classmethod
    def read(cls, path: Path) -> Domain:
        """Return the domain that a TOML file tells.

        Raises:
            PolicyError: it cannot be read, or a column has no bounds.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise PolicyError("the domain file cannot be read", hint=_HINT) from None
        return cls.parse(text)

    @classmethod
    def parse(cls, text: str) -> Domain:
        """Return the domain that the text of a TOML file tells.

        Raises:
            PolicyError: it is no such file, or a column has no bounds.
        """
        try:
            said: Mapping[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise PolicyError(f"the domain is not TOML: {error}", hint=_HINT) from None
        if not said:
            raise PolicyError("the domain names no column", hint=_HINT)
        columns = tuple(_cells(name, table) for name, table in said.items())
        plain = json.dumps(said, ensure_ascii=False, separators=(",", ":"), default=str)
        return cls(columns, hashlib.sha256(plain.encode()).hexdigest())

    def encode(self, table: Table) -> list[Codes]:
        """Return the cells of every column of a table, in the order of the domain.

        Raises:
            PolicyError: a column of the table has no domain, or the other way round, or the kinds differ.
        """
        names = [column.name for column in table]
        for place, name in enumerate(names, 1):
            if all(cells.name != name for cells in self.columns):
                raise PolicyError(
                    f"column {place} of the table has no bounds in the domain",
                    hint="add it to the domain, or leave it out",
                )
        for cells in self.columns:
            if cells.name not in names:
                raise PolicyError(f"the table has no column {cells.name!r}", hint="take it out of the domain")
        return [cells.encode(table.column(cells.name)) for cells in self.columns]


def _cells(name: str, table: object) -> Cells:
    try:
        said = _Said.model_validate(table)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise PolicyError(f"[{name}] of the domain: {where or 'a column'} is not valid", hint=_HINT) from None
    cells = _category(name, said) if said.kind == "category" else _numeric(name, said)
    if not 1 <= len(cells) <= MOST_CELLS:
        raise PolicyError(
            f"[{name}] of the domain: it has more than {MOST_CELLS} cells", hint="a wider step, fewer bins"
        )
    return cells


def _category(name: str, said: _Said) -> Cells:
    if not said.values or said.low is not None or said.high is not None:
        raise PolicyError(f"[{name}] of the domain: a category has values, and no bounds", hint=_HINT)
    values = (*said.values, said.other) if said.other else said.values
    if len(set(values)) < len(values):
        raise PolicyError(f"[{name}] of the domain: a value stands there twice", hint=_HINT)
    return Cells(name, Kind.CATEGORY, values=values, ordered=said.ordered, other=bool(said.other), missing=said.missing)


def _numeric(name: str, said: _Said) -> Cells:
    low, high = said.low, said.high
    if low is None or high is None:
        raise PolicyError(f"[{name}] of the domain has no bounds", hint="low and high, from public knowledge")
    if said.values or said.other or (said.step is None) == (said.bins is None):
        raise PolicyError(f"[{name}] of the domain: it needs bins or step, one of them", hint=_HINT)
    is_time = said.kind == "time"
    if not all(isinstance(bound, date if is_time else (int, float)) and _is_finite(bound) for bound in (low, high)):
        raise PolicyError(f"[{name}] of the domain: low and high are not of its kind", hint="dates for a time alone")
    decimals = said.decimals if said.decimals is not None else (2 if said.kind == "number" else 0)
    is_moment = isinstance(low, datetime) or isinstance(high, datetime)
    unit = (1.0 if is_moment else _DAY) if is_time else 10.0**-decimals
    first, last = round(_number(low) / unit), round(_number(high) / unit)
    if last <= first:
        raise PolicyError(f"[{name}] of the domain: low is not below high", hint=_HINT)
    return Cells(
        name, Kind(said.kind), unit, _edges(name, said, first, last, unit), (), True, False, decimals, said.missing
    )


def _edges(name: str, said: _Said, first: int, last: int, unit: float) -> npt.NDArray[np.int64]:
    """Return the edges of cells on the grid, at least one grid point apart."""
    if said.step is not None:
        if said.scale == "log":
            raise PolicyError(f"[{name}] of the domain: a step has no scale", hint='bins with scale = "log"')
        step = said.step * _DAY / unit if said.kind == "time" else said.step / unit  # steps of a time are days
        count = math.ceil((last + 1 - first) / max(step, 1.0))
        if count > MOST_CELLS:
            raise PolicyError(f"[{name}] of the domain: it has more than {MOST_CELLS} cells", hint="a wider step")
        edges = first + np.rint(np.arange(count) * max(step, 1.0))
    elif said.scale == "log":
        if first < 0:
            raise PolicyError(f"[{name}] of the domain: a log scale has no numbers below 0", hint='scale = "linear"')
        edges = np.floor(np.expm1(np.linspace(math.log1p(first), math.log1p(last + 1), (said.bins or 1) + 1)) + 0.5)[
            :-1
        ]
    else:
        edges = np.rint(np.linspace(first, last + 1, (said.bins or 1) + 1))[:-1]
    inner = np.unique(edges.astype(np.int64))
    return np.append(inner[inner <= last], last + 1)


def _is_finite(bound: float | date) -> bool:
    return isinstance(bound, date) or (not isinstance(bound, bool) and abs(bound) < _LARGEST)


def _number(bound: float | date) -> float:
    if isinstance(bound, datetime):
        return (bound if bound.tzinfo else bound.replace(tzinfo=UTC)).timestamp()
    if isinstance(bound, date):
        return datetime.combine(bound, time(), UTC).timestamp()
    return float(bound)
