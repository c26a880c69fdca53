"""Linked tables by sequential trees: children are drawn given their parent, the row before, and what was seen so far.

1. The root table is drawn as a single one; a row also holds how many rows of each child table it has.
2. The rows of a child are laid out by these counts, and drawn in step over all roots (`onprem.synth.tables.past`). A row is
   given its parent's and its root's cells, its place, the time of the row before, that row, the items seen before in this
   table and in those made earlier (drugs after diagnoses), and then the last values of its own item.
3. Times are kept within their bounds by construction (`onprem.synth.tables.cells`); keys are made afresh.

Rules: as `onprem.synth.tables.trees`. Roots are drawn in blocks, each from a source of chance of its own, so that any
number of patients is written with the memory of one block.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from onprem.errors import InputError
from onprem.synth.tables.cells import Known, Role, bounds, fit_by_item
from onprem.synth.tables.leaves import Given, Places
from onprem.synth.tables.leaves import fit as fit_leaves
from onprem.synth.tables.past import Lines, lines, roots
from onprem.synth.tables.plan import Cell, Laid, Plan, joined
from onprem.synth.tables.recurring import fit_recurring
from onprem.synth.tables.schema import Link, Schema, check
from onprem.synth.tables.shapes import Settings, Shape, determined, fresh_keys, shaped
from onprem.synth.tables.trees import LEAST, Rule, ordered
from onprem.synth.tables.walk import Walk
from onprem.table import Column, Kind, Numbers, Table

BLOCK = 2_000  # roots drawn together
_AS_BEFORE = 0.2  # share of times that are those of the item's last row, from which on that is drawn first
_ONCE = 0.002  # share of rows whose item stands twice by one parent, up to which that is an error
_SAME = Shape("same", Kind.CATEGORY, ("no", "yes"))


@dataclass(slots=True)
class Linked:
    """Fitted linked tables."""

    schema: Schema
    plans: dict[str, Plan]
    roots: int

    def sample(self, n: int, seed: int) -> dict[str, Table]:
        """Return tables of `n` roots and their children."""
        parts = list(self.blocks(n, seed, block=max(1, n)))
        return parts[0]

    def blocks(self, n: int, seed: int, block: int = BLOCK) -> Iterator[dict[str, Table]]:
        """Yield tables of `n` roots and their children, `block` roots at a time; keys go on from block to block."""
        first = dict.fromkeys(self.plans, 0)
        for number in range(max(1, -(-n // block))):
            rng = np.random.default_rng((seed, number))
            laid = self._draw(min(block, n - number * block), rng)
            yield {name: self._table(name, laid, first) for name in self.plans}
            for name, made in laid.items():
                first[name] += len(made.at)

    def _draw(self, count: int, rng: np.random.Generator) -> dict[str, Laid]:
        laid: dict[str, Laid] = {}
        for link in self.schema.links:
            plan = self.plans[link.name]
            if link.parent:
                above = laid[link.parent]
                wanted = above.rows[:, self.plans[link.parent].count(link.name)]
                at = lines(above.at, np.nan_to_num(wanted).astype(np.intp))
            else:
                at = roots(count)
            empty = {cell.shape.name: np.full(len(at), np.nan) for cell in plan.cells if cell.bounds}
            laid[link.name] = Laid(at, np.full((len(at), len(plan.cells)), np.nan), empty)
            walk = Walk(self.schema, self.plans, laid, link.name)
            for rows in at.steps():
                walk.draw(rows, rng)
        return laid

    def _table(self, name: str, laid: Mapping[str, Laid], first: Mapping[str, int]) -> Table:
        plan, made = self.plans[name], laid[name]
        columns: dict[str, Column] = {}
        for place, cell in enumerate(plan.cells):
            if cell.role is not Role.COUNT:
                column_name = cell.shape.name
                columns[column_name] = cell.shape.column(made.times.get(column_name, made.rows[:, place]))
        keyed = {plan.link.key: (name, np.arange(len(made.at)))} if plan.link.key else {}
        at: Places = np.arange(len(made.at))
        below = name
        for above in self.schema.above(name):
            at = laid[below].at.parent[at]
            key = self.plans[above].link.key
            keyed[plan.link.foreign if above == plan.link.parent else key] = (above, at)
            below = above
        for key, (table, rows) in keyed.items():
            if key in plan.names:
                real = self.plans[table].keys[self.plans[table].link.key]
                fresh = fresh_keys(real, first[table], len(laid[table].at))
                columns[key] = Column(key, Kind.KEY, rows.astype(np.int32), fresh)
        return Table(name, tuple(columns[column] for column in plan.names if column in columns))


def fit(tables: Mapping[str, Table], schema: Schema, settings: Settings) -> Linked:
    """Return the model of linked tables.

    Raises:
        InputError: too few roots; keys repeat, point nowhere or contradict one another.
        UsageError: the schema names what is not there.
    """
    parents = check(tables, schema)
    root = tables[schema.links[0].name]
    if len(root) < LEAST:
        raise InputError(
            f"the table at the root has {len(root)} rows, too few to hide anybody among",
            hint=f"at least {LEAST} rows are needed",
        )
    plans: dict[str, Plan] = {}
    laid: dict[str, Laid] = {}
    order: dict[str, Places] = {}  # the row of the file for each row as it is laid
    for link in schema.links:
        table, rows = tables[link.name], np.arange(len(tables[link.name]))
        at = roots(len(table))
        if link.parent:
            back = np.empty(len(order[link.parent]), dtype=np.intp)
            back[order[link.parent]] = np.arange(len(back))
            parent = back[parents[link.name]]
            time = table.column(link.time).values if link.time else np.zeros(len(table))
            rows = np.lexsort((rows, time, parent))
            at = lines(laid[link.parent].at, np.bincount(parent, minlength=len(back)))
        order[link.name] = rows
        counts = {
            child.name: np.bincount(parents[child.name], minlength=len(table))[rows].astype(np.float64)
            for child in schema.links
            if child.parent == link.name
        }
        fit_table(table.take(rows), Fitting(schema, plans, laid, settings), (link, at, counts))
    return Linked(schema, plans, len(root))


@dataclass(frozen=True, slots=True)
class Fitting:
    """What is fitted so far."""

    schema: Schema
    plans: dict[str, Plan]
    laid: dict[str, Laid]
    settings: Settings


def fit_table(table: Table, so_far: Fitting, where: tuple[Link, Lines, dict[str, Numbers]]) -> None:
    """Add the plan of a table and its rows, which stand in the order of their lines."""
    link, at, counts = where
    settings, is_root = so_far.settings, not link.parent
    keys = {column.name: column.categories for column in table if column.kind is Kind.KEY}
    columns = [shaped(column, settings.rare) for column in table if column.kind is not Kind.KEY]
    item = "" if is_root else link.item or _item(columns)
    columns = _in_row(columns, item, link.time, settings)
    cells, values = [], []
    times: dict[str, Numbers] = {}
    for shape, own in columns:
        role = Role.ITEM if shape.name == item else Role.TIME if shape.kind is Kind.TIME else Role.VALUE
        cells.append(Cell(shape, role))
        values.append(own)
    for child, own in counts.items():
        cells.append(Cell(Shape(child, Kind.INTEGER), Role.COUNT))
        values.append(own)
    numbers = np.zeros(1)
    if cells and cells[0].role is Role.ITEM:
        frequency = np.bincount(values[0][~np.isnan(values[0])].astype(int), minlength=len(cells[0].shape.categories))
        numbers = np.append(np.argsort(np.argsort(-frequency, kind="stable"), kind="stable"), len(frequency)).astype(
            float
        )
    seen = tuple(
        other.link.name
        for other in so_far.plans.values()
        if other.link.name not in so_far.schema.above(link.name) and other.cells and other.cells[0].role is Role.ITEM
    )
    plan = Plan(link, cells, numbers, tuple(column.name for column in table), keys, () if is_root else seen)
    laid = Laid(at, np.stack(values, axis=1) if values else np.empty((len(at), 0)), times)
    so_far.plans[link.name], so_far.laid[link.name] = plan, laid
    _set_times(so_far, link, columns)
    _fit_cells(so_far, link.name)


def _item(columns: Sequence[tuple[Shape, Numbers]]) -> str:
    """Return the column that says what a row is of: the category of most values, if there are three."""
    codes = [shape for shape, _ in columns if shape.is_category and len(shape.categories) > 2]
    return max(codes, key=lambda shape: len(shape.categories), default=Shape("", Kind.CATEGORY)).name


def _in_row(
    columns: Sequence[tuple[Shape, Numbers]], item: str, time: str, settings: Settings
) -> list[tuple[Shape, Numbers]]:
    """Return the columns of a table in the order in which they are drawn."""
    first = [name for name in (item, time) if name]
    named = [name for name in settings.order if name not in first and name in {shape.name for shape, _ in columns}]
    made = ordered(columns, [*first, *named])
    if item or not time:
        return made
    # in a root, categories come before times, and the row's first time before others
    codes = [entry for entry in made if entry[0].is_category]
    return codes + [entry for entry in made if not entry[0].is_category]


def _set_times(so_far: Fitting, link: Link, columns: Sequence[tuple[Shape, Numbers]]) -> None:
    """Give each time its bounds and its place in the row as a distance."""
    plan, laid = so_far.plans[link.name], so_far.laid[link.name]
    days = frozenset(
        (name, cell.shape.name) for name, other in so_far.plans.items() for cell in other.cells if cell.shape.day
    )
    others = Walk(so_far.schema, so_far.plans, so_far.laid, link.name).others
    for place, (shape, own) in enumerate(columns):
        if shape.kind is not Kind.TIME:
            continue
        told = (link.after.get(shape.name, ()), link.before.get(shape.name, ()))
        cell = plan.cells[place]
        cell.bounds = bounds(own, others, days, told)
        parent_time = (link.parent, so_far.schema.link(link.parent).time) if link.parent else ("", "")
        if shape.name == link.time and parent_time in cell.bounds.after:
            cell.role = Role.NEXT
        laid.times[shape.name] = own
        others[link.name, shape.name] = own


def _fit_cells(so_far: Fitting, name: str) -> None:
    """Fit each cell of a table on what its real rows were given."""
    plan, laid, settings = so_far.plans[name], so_far.laid[name], so_far.settings
    walk = Walk(so_far.schema, so_far.plans, so_far.laid, name)
    walked = _walked(walk, plan, laid)
    every, items = np.arange(len(laid.at)), plan.number(laid.rows)
    for place, cell in enumerate(plan.cells):
        cell.way = _rule(plan, laid, place)
        if cell.way is not None:
            continue
        own = laid.rows[:, place]
        given = walk.given(walked.base, walked.of_item if place else None, every, place)
        kept = np.ones(len(own), dtype=bool)
        if cell.role is Role.ITEM:
            known, codes = joined([given, walked.before]), (own, walked.kinds)
            cell.way = fit_recurring(known, codes, plan.items.astype(np.intp), cell.shape, settings)
            if cell.way is not None:
                continue
        if cell.role is Role.TIME and plan.link.parent:
            last = walked.last[cell.shape.name]
            same = laid.times[cell.shape.name] == last
            if same.sum() > _AS_BEFORE * max(1, np.sum(~np.isnan(last))):
                cell.same, kept = fit_leaves(given, same.astype(np.float64), _SAME, settings), ~same
        if plan.cells[0].role is Role.ITEM and place and cell.role in {Role.VALUE, Role.TIME}:
            memory = np.full((len(own), 2), np.nan)
            if cell.role is Role.VALUE and place in plan.kept:
                number = plan.kept.index(place)
                memory = walked.of_item.values[:, (number, number + len(plan.kept))]
            cell.way = fit_by_item(Known(given, items, memory).take(kept), own[kept], cell.shape, settings)
        else:
            cell.way = fit_leaves(given.take(kept), own[kept], cell.shape, settings)


@dataclass(frozen=True, slots=True)
class Walked:
    """What real rows were given: before the row, which items, of the own one, and for each time the last one of the item.

    `kinds` says of each item whether it came again (`onprem.synth.tables.recurring`).
    """

    base: Given
    before: Given
    of_item: Given
    kinds: Numbers
    last: dict[str, Numbers]


def _walked(walk: Walk, plan: Plan, laid: Laid) -> Walked:
    """Go over the real rows of a table, and set its times as distances."""
    none: Places = np.arange(0)
    taken, parts = [none], [(walk.base(none), walk.before(none)[1], walk.of_item(none))]
    kinds = np.zeros(len(laid.at))
    last = {cell.shape.name: np.full(len(laid.at), np.nan) for cell in plan.cells if cell.role is Role.TIME}
    twice = 0
    for rows in laid.at.steps():
        twice += int(walk.repeats(rows).sum())
        for place, cell in enumerate(plan.cells):
            if cell.bounds is not None:
                laid.rows[rows, place] = laid.times[cell.shape.name][rows] - walk.counted_from(place, rows)
            if cell.role is Role.TIME:
                last[cell.shape.name][rows] = walk.last(rows, place)
        was, traits = walk.before(rows)
        kinds[rows] = was.kinds(plan.number(laid.rows[rows]))
        taken.append(rows)
        parts.append((walk.base(rows), traits, walk.of_item(rows)))
        walk.settle(rows)
    if plan.cells and plan.cells[0].role is Role.ITEM:
        plan.cells[0].once = twice <= _ONCE * len(laid.at)
    order = np.argsort(np.concatenate(taken))
    base, before, of_item = (
        Given(np.concatenate([given.values for given in givens])[order], givens[0].sizes)
        for givens in zip(*parts, strict=True)
    )
    return Walked(base, before, of_item, kinds, last)


def _rule(plan: Plan, laid: Laid, place: int) -> Rule | None:
    """Return the rule by which a cell before determines this one."""
    shape = plan.cells[place].shape
    if not shape.is_category:
        return None
    for other in range(place):
        before = plan.cells[other].shape
        if before.is_category and len(before.categories) >= max(2, len(shape.categories)):
            codes = determined(laid.rows[:, other], laid.rows[:, place])
            if codes is not None:
                return Rule(other, codes)
    return None
