"""Goes over the rows of one linked table in step, to draw them or, when fitting, to see what each was given.

Rules: fitting and drawing use the same code for what a row is given; a time lies within its bounds whatever was drawn.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from onprem.synth.tables.cells import ByItem, Name, Role, drawn_within
from onprem.synth.tables.leaves import Given, Leaves, Places, nothing
from onprem.synth.tables.past import Past, seen_by
from onprem.synth.tables.plan import Cell, Laid, Plan, joined, numbers
from onprem.synth.tables.recurring import Before, Recurrence, Recurring
from onprem.synth.tables.schema import Schema
from onprem.synth.tables.trees import Rule
from onprem.table import Numbers

_OTHER = 10  # times that an item is drawn anew


class Walk:
    """Goes over the rows of one table in step, to draw them or to see what each was given."""

    def __init__(self, schema: Schema, plans: Mapping[str, Plan], laid: Mapping[str, Laid], name: str) -> None:
        self._plan, self._own = plans[name], laid[name]
        at = self._own.at
        self._is_root = not self._plan.link.parent
        count = int(at.root.max()) + 1 if len(at) else 0
        self._past = Past(count, self._plan.sizes, len(self._plan.items), len(self._plan.kept))
        self._recurrence = Recurrence(count, len(self._plan.items))
        self._left = np.bincount(at.parent)[at.parent] - at.place if len(at) else at.place
        self.others = self._above(schema, laid, name)
        self._begin = self._parent_time(schema)
        self._fixed = nothing(len(at)) if self._is_root else self._known(schema, plans, laid)
        self.reference = self._begin.copy()

    def _above(self, schema: Schema, laid: Mapping[str, Laid], name: str) -> dict[Name, Numbers]:
        """Return the times of the rows above, by table and column."""
        found: dict[Name, Numbers] = {}
        rows: Places = np.arange(len(self._own.at))
        below = name
        for above in schema.above(name):
            rows = laid[below].at.parent[rows]
            found |= {(above, column): times[rows] for column, times in laid[above].times.items()}
            below = above
        return found

    def _parent_time(self, schema: Schema) -> Numbers:
        """Return the time from which a first gap is counted: that of the parent, or of the next above that has one."""
        made = np.full(len(self._own.at), np.nan)
        for above in schema.above(self._plan.link.name):
            time = schema.link(above).time
            if (above, time) in self.others:
                made = np.where(np.isnan(made), self.others[above, time], made)
        return np.asarray(np.nan_to_num(made))

    def _known(self, schema: Schema, plans: Mapping[str, Plan], laid: Mapping[str, Laid]) -> Given:
        """Return what is known of a row before any of its table is drawn."""
        at, above = self._own.at, schema.above(self._plan.link.name)
        parts = [Given(laid[above[0]].rows[at.parent], plans[above[0]].sizes)]
        if len(above) > 1:
            parts.append(Given(laid[above[-1]].rows[at.root], plans[above[-1]].sizes))
        root_time = self.others.get((above[-1], schema.link(above[-1]).time), np.zeros(len(at)))
        parts.append(numbers(at.place, at.rank, self._begin, self._begin - root_time))
        for other in self._plan.seen:
            plan, made = plans[other], laid[other]
            items, many = plan.number(made.rows), len(plan.items)
            # of the whole stay with the hospital: what is coded later was often there before
            parts.append(seen_by(items, made.at.root, len(laid[above[-1]].at), many).take(at.root))
            if plan.link.parent == above[0] != above[-1]:
                parts.append(seen_by(items, made.at.parent, len(laid[above[0]].at), many).take(at.parent))
        return joined(parts)

    def base(self, rows: Places) -> Given:
        """Return what rows are given before their first cell."""
        if self._is_root:
            return nothing(len(rows))
        limit = next((cell for cell in self._plan.cells if cell.role is Role.NEXT), None)
        reference = self.reference[rows]
        left = np.full(len(rows), np.nan)
        if limit and limit.bounds:
            left = limit.bounds.limits(self._others(rows), len(rows))[1] - reference
        clock = numbers(reference, reference - self._begin[rows], left)
        return joined(
            [self._fixed.take(rows), clock, self._past.before(self._own.at.root[rows], self._own.at.parent[rows])]
        )

    def before(self, rows: Places) -> tuple[Before, Given]:
        """Return which items were before rows, and that as traits."""
        before = self._recurrence.before(self._own.at.root[rows], self._own.at.parent[rows])
        return before, before.traits(self._left[rows])

    def of_item(self, rows: Places) -> Given:
        """Return what is known of the item of rows: distances of times, and numbers."""
        made = self._past.of_item(self._own.at.root[rows], self._plan.number(self._own.rows[rows]))
        kept = self._plan.kept
        for place, cell in enumerate(kept):
            if self._plan.cells[cell].role is Role.TIME:
                made[:, (place, place + len(kept))] -= self.reference[rows][:, None]
        return Given(made, (0,) * made.shape[1])

    def last(self, rows: Places, place: int) -> Numbers:
        """Return the last time of the item in a cell."""
        last = self._past.last(self._own.at.root[rows], self._plan.number(self._own.rows[rows]))
        return np.asarray(last[:, self._plan.kept.index(place)])

    def _others(self, rows: Places) -> dict[Name, Numbers]:
        own = {(self._plan.link.name, column): times[rows] for column, times in self._own.times.items()}
        return {name: times[rows] for name, times in self.others.items()} | own

    def settle(self, rows: Places) -> None:
        """Take up rows that are complete, and set from when the next ones are counted."""
        own, plan, at = self._own, self._plan, self._own.at
        kept = [
            own.times[plan.cells[place].shape.name][rows]
            if plan.cells[place].role is Role.TIME
            else own.rows[rows, place]
            for place in plan.kept
        ]
        values = np.stack(kept, axis=1) if kept else np.empty((len(rows), 0))
        items = plan.number(own.rows[rows])
        self._past.add((at.root[rows], at.parent[rows]), items, own.rows[rows], values)
        self._recurrence.add(at.root[rows], at.parent[rows], items)
        following = next((cell for cell in plan.cells if cell.role is Role.NEXT), None)
        if following is not None:
            after = rows[rows + 1 < len(at)]
            after = after[at.parent[after + 1] == at.parent[after]] if not self._is_root else after[:0]
            time = own.times[following.shape.name][after]
            self.reference[after + 1] = np.where(np.isnan(time), self.reference[after], time)

    def draw(self, rows: Places, rng: np.random.Generator) -> None:
        """Draw every cell of some rows, at most one row of each root."""
        base, own = self.base(rows), self._own
        for place, cell in enumerate(self._plan.cells):
            drawn = own.rows[rows]
            if isinstance(cell.way, Rule):
                by = drawn[:, cell.way.by]
                own.rows[rows, place] = cell.way.codes[
                    np.where(np.isnan(by), len(cell.way.codes) - 1, by).astype(np.int64)
                ]
                continue
            given = self.given(base, self.of_item(rows) if place else None, rows, place)
            if isinstance(cell.way, Recurring):
                before, traits = self.before(rows)
                own.rows[rows, place] = cell.way.draw(joined([given, traits]), before, rng, once=cell.once)
            elif cell.bounds is None:
                own.rows[rows, place] = self._drawn(cell, given, rows, rng)
                if cell.once:
                    self._draw_other(place, given, rows, rng)
            else:
                self._draw_time(place, given, rows, rng)
        self.settle(rows)

    def repeats(self, rows: Places) -> npt.NDArray[np.bool_]:
        """Say which rows have an item that stands by the same parent already."""
        at, items = self._own.at, self._plan.number(self._own.rows[rows])
        return self._past.is_here(at.root[rows], at.parent[rows], items)

    def _draw_other(self, place: int, given: Given, rows: Places, rng: np.random.Generator) -> None:
        """Draw items again that would stand twice by one parent."""
        cell = self._plan.cells[place]
        for _ in range(_OTHER):
            twice = self.repeats(rows)
            if not twice.any():
                return
            self._own.rows[rows[twice], place] = self._drawn(cell, given.take(twice), rows[twice], rng)

    def given(self, base: Given, of_item: Given | None, rows: Places, place: int) -> Given:
        """Return what a cell is given: what is known before the row, of its item, and the cells before."""
        parts = [base]
        if of_item is not None and not self._is_root:
            parts.append(of_item)
        if self._is_root:
            # moments beside ages: how long somebody could be seen follows from when he died
            timed = [cell.shape.name for cell in self._plan.cells[:place] if cell.bounds]
            parts += [numbers(self._own.times[name][rows]) for name in timed]
        return joined([*parts, Given(self._own.rows[rows, :place], self._plan.sizes[:place])])

    def memory(self, rows: Places, cell: Cell) -> Numbers:
        """Return the last value of the item in a cell and the mean so far."""
        kept = [self._plan.cells[place].shape.name for place in self._plan.kept]
        if cell.role is not Role.VALUE or cell.shape.name not in kept:
            return np.full((len(rows), 2), np.nan)
        of_item = self._past.of_item(self._own.at.root[rows], self._plan.number(self._own.rows[rows]))
        place = kept.index(cell.shape.name)
        return of_item[:, (place, place + len(kept))]

    def _drawn(self, cell: Cell, given: Given, rows: Places, rng: np.random.Generator) -> Numbers:
        if isinstance(cell.way, ByItem):
            items = self._plan.number(self._own.rows[rows])
            return cell.way.draw(given, items, self.memory(rows, cell), rng)
        if not isinstance(cell.way, Leaves):
            raise AssertionError
        return cell.way.draw(given, rng)

    def _draw_time(self, place: int, given: Given, rows: Places, rng: np.random.Generator) -> None:
        cell, own = self._plan.cells[place], self._own
        if cell.bounds is None:
            raise AssertionError
        reference = self.counted_from(place, rows)
        low, high = cell.bounds.limits(self._others(rows), len(rows))
        if cell.role is Role.NEXT and not self._is_root:
            later = self._own.at.place[rows] > 0
            low = np.minimum(np.where(later, np.fmax(low, self.reference[rows]), low), high)

        def gaps(which: npt.NDArray[np.bool_]) -> Numbers:
            return np.asarray(reference[which] + self._drawn(cell, given.take(which), rows[which], rng))

        made = drawn_within(gaps, low, high, cell.bounds.unit, rng)
        if cell.same is not None:
            last = self.last(rows, place)
            as_before = (cell.same.draw(given, rng) == 1) & (last >= low) & (last <= high)
            made = np.where(as_before, last, made)
        own.times[cell.shape.name][rows] = made
        own.rows[rows, place] = made - reference

    def counted_from(self, place: int, rows: Places) -> Numbers:
        """Return from when the time of a cell is counted: the row's first time, or the row before, or the parent."""
        first = next(number for number, cell in enumerate(self._plan.cells) if cell.bounds)
        if place == first:
            return self.reference[rows] if not self._is_root else np.zeros(len(rows))
        time = self._own.times[self._plan.cells[first].shape.name][rows]
        return np.where(np.isnan(time), self._begin[rows], time)
