"""A single table by sequential trees: each column is drawn given the columns before it, from donors of a leaf.

The order: columns that `Settings.order` names; then categories, those of few values first, each followed by what it
determines (the name of a code); then numbers and times as they stand in the table. Keys are made afresh. A column that
another determines gets no tree but that rule, so the two agree in every row.

Rules: a fitted model stays in memory and is written nowhere; the same seed gives the same rows; chunks draw from sources
of chance of their own, so their number is no matter of memory. Trees protect by the size of leaves, smoothing and the
rule on rare values, which is no formal guarantee: what leaves the house takes `private` instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from onprem.errors import InputError, UsageError
from onprem.synth.tables.leaves import Given, Leaves, nothing
from onprem.synth.tables.leaves import fit as fit_leaves
from onprem.synth.tables.shapes import Settings, Shape, determined, fresh_keys, shaped
from onprem.table import Column, Kind, Numbers, Table

ROWS = 50_000  # of a chunk
LEAST = 50  # rows of a table, below which there is no crowd to hide in


@dataclass(frozen=True, slots=True)
class Rule:
    """A category that another one determines: for each code of column `by` the code here, the last for a missing one."""

    by: int
    codes: Numbers = field(repr=False)


@dataclass(slots=True)
class Chain:
    """Columns in the order in which they are drawn, each with how; a matrix of rows x columns is drawn."""

    shapes: list[Shape]
    ways: list[Leaves | Rule]

    def draw(self, context: Given, rng: np.random.Generator) -> Numbers:
        """Return a row for each row of the context."""
        made = np.empty((len(context), len(self.shapes)))
        for place, way in enumerate(self.ways):
            if isinstance(way, Rule):
                by = made[:, way.by]
                made[:, place] = way.codes[np.where(np.isnan(by), len(way.codes) - 1, by).astype(np.int64)]
            else:
                made[:, place] = way.draw(context.with_(traits(made[:, :place], self.shapes)), rng)
        return made


def traits(values: Numbers, shapes: Sequence[Shape]) -> Given:
    """Return columns as traits of what follows them."""
    sizes = tuple(len(shape.categories) if shape.is_category else 0 for shape in shapes[: values.shape[1]])
    # a category without a frequent value is no code of anything
    return Given(values, sizes)


def fit_chain(columns: Sequence[tuple[Shape, Numbers]], context: Given, settings: Settings) -> Chain:
    """Return the columns, in this order, each given the context and those before it."""
    chain = Chain([shape for shape, _ in columns], [])
    values = np.stack([values for _, values in columns], axis=1) if columns else np.empty((len(context), 0))
    for place, (shape, own) in enumerate(columns):
        way = _rule(columns[:place], shape, own)
        given = context.with_(traits(values[:, :place], chain.shapes))
        chain.ways.append(way or fit_leaves(given, own, shape, settings))
    return chain


def _rule(before: Sequence[tuple[Shape, Numbers]], shape: Shape, own: Numbers) -> Rule | None:
    """Return the rule by which a column before determines this one."""
    if not shape.is_category:
        return None
    for place, (other, values) in enumerate(before):
        if other.is_category and len(other.categories) >= max(2, len(shape.categories)):
            codes = determined(values, own)
            if codes is not None:
                return Rule(place, codes)
    return None


def ordered(columns: Sequence[tuple[Shape, Numbers]], order: Sequence[str]) -> list[tuple[Shape, Numbers]]:
    """Return columns in the order in which they are drawn.

    Raises:
        UsageError: `order` names a column that is not there.
    """
    by_name = {shape.name: (shape, values) for shape, values in columns}
    if not {*order} <= {*by_name}:
        raise UsageError("the order names a column that is not there", hint="check the header line of the table")
    named = [by_name[name] for name in order]
    rest = [(shape, values) for shape, values in columns if shape.name not in order]
    codes = sorted((item for item in rest if item[0].is_category), key=lambda item: len(item[0].categories))
    made: list[tuple[Shape, Numbers]] = []
    while codes:
        shape, values = codes.pop(0)
        by = next(
            (
                item
                for item in codes
                if len(item[0].categories) > len(shape.categories) > 1 and determined(item[1], values) is not None
            ),
            None,
        )
        if by is not None:
            # drawn after what determines it, whatever its size
            codes.remove(by)
            made.append(by)
        made.append((shape, values))
    return named + made + [item for item in rest if not item[0].is_category]


@dataclass(slots=True)
class Model:
    """A fitted table. `keys` are the real keys that fresh ones must not be, by column."""

    name: str
    names: tuple[str, ...]
    chain: Chain
    keys: dict[str, tuple[str, ...]] = field(repr=False)
    rows: int

    def sample(self, n: int, seed: int, start: int = 0) -> Table:
        """Return `n` rows; fresh keys are numbered from `start` on."""
        parts = list(self.chunks(n, seed, start=start))
        columns = []
        for place, column in enumerate(parts[0] if parts else ()):
            values = np.concatenate([part.columns[place].values for part in parts])
            categories = column.categories
            if column.kind is Kind.KEY:
                values = np.arange(n, dtype=np.int32)
                categories = fresh_keys(self.keys[column.name], start, n)
            columns.append(Column(column.name, column.kind, values, categories, column.decimals, column.day))
        return Table(self.name, tuple(columns))

    def chunks(self, n: int, seed: int, rows: int = ROWS, *, start: int = 0) -> Iterator[Table]:
        """Yield `n` rows in tables of `rows` at most; at least one table, which may be empty."""
        for number in range(max(1, -(-n // rows))):
            size = min(rows, n - number * rows)
            values = self.chain.draw(nothing(size), np.random.default_rng((seed, number)))
            made = {shape.name: shape.column(values[:, place]) for place, shape in enumerate(self.chain.shapes)}
            for name, real in self.keys.items():
                fresh = fresh_keys(real, start + number * rows, size)
                made[name] = Column(name, Kind.KEY, np.arange(size, dtype=np.int32), fresh)
            yield Table(self.name, tuple(made[name] for name in self.names))


def fit(table: Table, settings: Settings) -> Model:
    """Return the model of a table.

    Raises:
        InputError: the table is too small, or a key repeats.
        UsageError: the order names a column that is not there.
    """
    if len(table) < LEAST:
        raise InputError(
            f"the table has {len(table)} rows, too few to hide anybody among", hint=f"at least {LEAST} rows are needed"
        )
    keys = {column.name: column.categories for column in table if column.kind is Kind.KEY}
    for column in table:
        if column.kind is Kind.KEY:
            check_key(column)
    columns = [shaped(column, settings.rare) for column in table if column.kind is not Kind.KEY]
    chain = fit_chain(ordered(columns, settings.order), nothing(len(table)), settings)
    return Model(table.name, tuple(column.name for column in table), chain, keys, len(table))


def check_key(column: Column) -> None:
    """Refuse a key that is missing or stands in several rows.

    Raises:
        InputError: it does; with how many.
    """
    present = column.values[column.values >= 0]
    if missing := len(column) - len(present):
        raise InputError(f"a key is missing in {missing} rows", hint="each row needs its own key")
    if repeated := len(present) - len(np.unique(present)):
        raise InputError(
            f"a key repeats in {repeated} rows",
            hint="give linked tables as a folder; or say that the column is a category",
        )
