"""The privacy gate of synthetic tables: `screen_table` for one, `screen_tables` for linked ones.

1. Never-used rows that are seen ones are counted: the split has to hold.
2. Exact copies of seen rows, beside those of never-used ones; keys taken over from seen rows.
3. Membership by the distance to the nearest synthetic row.
4. Singling out, linkability and inference (`onprem.evaluate.privacy.attacks`).

Rules: in linked tables the unit is the patient: each is one row of what the tables say of her, and a copied row counts
once for each patient it may be of, because rows of one patient resemble each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from onprem.errors import InputError
from onprem.evaluate.privacy import chance
from onprem.evaluate.privacy.attacks import attacks
from onprem.evaluate.privacy.cells import Cells, align, common, names_rows, nearest, row_numbers, values_of
from onprem.evaluate.privacy.chance import Ints, Items
from onprem.evaluate.privacy.contract import (
    Bounds,
    Histogram,
    Measure,
    Result,
    Settings,
    Verdict,
    counted,
    judged,
    not_measured,
)
from onprem.evaluate.privacy.linked import Linked, persons
from onprem.evaluate.privacy.membership import extremes, histogram, membership, ratio
from onprem.model import Metric
from onprem.progress import Progress, Silent
from onprem.table import Table

_SPLIT = Bounds(0.05, 0.20)  # share of the never-used rows that may be seen rows, beyond chance
_MANY = 100  # real rows of each kind, from which on it is known whether real rows are unique
_NEED_UNSEEN = (
    "split",
    "copies",
    "exact-copies",
    "membership-distance",
    "membership-extreme",
    "distance-ratio",
    "singling-out",
    "linkability",
    "inference",
    "inference-worst",
)


def screen_table(
    rows: Table, seen: Table, unseen: Table | None, settings: Settings | None = None, progress: Progress | None = None
) -> Result:
    """Return what the gate says of one synthetic table, whose rows are independent of each other.

    Raises:
        InputError: a table is empty, or they have no column in common.
    """
    settings, talk = settings or Settings(), progress or Silent()
    if unseen is None:
        none = tuple(not_measured(code) for code in _NEED_UNSEEN)
        return Result("tables", none, len(rows), len(seen), 0, guarantee=settings.guarantee)
    cells = align(rows, seen, unseen)
    talk.stage("copies", None)
    owners = (np.arange(len(seen)), np.arange(len(unseen)))
    measures = [_split(cells), *_copies(cells, owners, settings), *_keys(rows, seen, unseen, settings)]
    talk.stage("distances", None)
    more, drawn = _membership(cells, settings)
    measures += more
    talk.stage("attacks", None)
    measures += attacks(cells, settings)
    sizes = (len(rows), len(seen), len(unseen))
    return Result("tables", tuple(measures), *sizes, histogram=drawn, guarantee=settings.guarantee)


def screen_tables(
    rows: Mapping[str, Table],
    seen: Mapping[str, Table],
    unseen: Mapping[str, Table] | None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Result:
    """Return what the gate says of linked tables, by their names; one table is screened as by `screen_table`.

    Raises:
        InputError: a table is empty, or has no counterpart among the real ones, or they have no column in common.
    """
    settings = settings or Settings()
    if len(rows) == len(seen) == 1 and (unseen is None or len(unseen) == 1):
        # there is no doubt which is which, whatever their names are
        (made,), (used,), never = rows.values(), seen.values(), None if unseen is None else next(iter(unseen.values()))
        return screen_table(made, used, never, settings, progress)
    if set(rows) - set(seen) or (unseen is not None and set(rows) - set(unseen)):
        raise InputError(
            "a synthetic table has no real one of the same name", hint="tables are told by the names of their files"
        )
    if unseen is None:
        name = min(rows)
        return screen_table(rows[name], seen[name], None, settings, progress)
    linked = Linked.of(rows, seen, unseen)
    measures: list[Measure] = []
    result: Result | None = None
    if linked.key:
        tables = [persons(linked, side) for side in (rows, seen, unseen)]
        result = screen_table(tables[0], tables[1], tables[2], settings, progress)
        measures += [replace(measure, where="patients") for measure in result.measures]
    for number, name in enumerate(sorted(rows), start=1):
        if name in linked.children:
            owners = (linked.owners(seen, name), linked.owners(unseen, name))
            cells = align(rows[name], seen[name], unseen[name])
            found = _copies(cells, owners, settings)
        elif linked.key and name == linked.root:
            found = _keys(rows[name], seen[name], unseen[name], settings)
        else:
            alone = screen_table(rows[name], seen[name], unseen[name], settings, progress)
            result = result or alone
            found = list(alone.measures)
        measures += [replace(measure, where=f"table {number}") for measure in found]
    drawn = None if result is None else result.histogram
    sizes = (_rows_of(rows), _rows_of(seen), _rows_of(unseen))
    return Result("tables", tuple(measures), *sizes, histogram=drawn, guarantee=settings.guarantee)


def _rows_of(side: Mapping[str, Table]) -> int:
    return sum(len(table) for table in side.values())


def _split(cells: Cells) -> Measure:
    """Return which share of the never-used rows are seen rows, beyond how often two seen rows are the same."""
    seen, unseen = row_numbers(cells.seen.codes, cells.unseen.codes)
    both = int(np.isin(unseen, seen).sum())
    _, place, counts = np.unique(seen, return_inverse=True, return_counts=True)
    twins = float((counts[place] > 1).mean())
    metric = chance.share(both, len(unseen))
    left = max(1.0 - twins, 1e-9)
    value, low, high = ((each - twins) / left for each in (metric.value, metric.low, metric.high))
    if twins > 0.5:  # most rows are like others: that a never-used one is like a seen one says nothing
        value, low, high = 0.0, 0.0, 0.0
    found = Metric(max(value, 0.0), max(low, 0.0), max(high, 0.0), metric.n)
    hint = "split real records by patient before they are used" if both else ""
    counts_of = {"never-used rows that are seen rows": both}
    return judged("split", found, _SPLIT, Measure("split", Verdict.SHOWN, counts=counts_of, hint=hint))


def _copies(cells: Cells, owners: tuple[Ints, Ints], settings: Settings) -> list[Measure]:
    """Return exact copies: beyond chance, and, where no two real records are alike, every one of them."""
    made, seen, unseen = row_numbers(cells.rows.codes, cells.seen.codes, cells.unseen.codes)
    sides = (
        Items(made, np.arange(len(made)), len(made)),
        Items(seen, owners[0], int(owners[0].max()) + 1),
        Items(unseen, owners[1], int(owners[1].max()) + 1),
    )
    found = chance.difference(*sides, settings.seed)
    figures = {"seen": found.seen, "never used": found.unseen}
    beyond = judged("exact-copies", found.metric, settings.copies, Measure("", Verdict.SHOWN, figures=figures))
    if beyond.verdict is Verdict.CANNOT_TELL:
        count = chance.needed_rate(found.metric, settings.copies.tolerated)
        beyond = replace(beyond, hint=f"about {count:,} synthetic rows, and as many real ones, would tell")
    alike = np.isin(unseen, seen).any() or np.isin(made, unseen).any()
    rows = np.flatnonzero(np.isin(made, seen))
    if alike or min(len(seen), len(unseen)) < _MANY:
        return [beyond]
    return [counted("copies", [int(row) for row in rows], len(made)), beyond]


def _keys(rows: Table, seen: Table, unseen: Table, settings: Settings) -> list[Measure]:
    """Return of each key which share of its values are those of seen rows, beyond those of never-used ones."""
    measures = []
    tables = (rows, seen, unseen)
    for name in common(*tables):
        columns = [table.column(name) for table in tables]
        words = [values_of(column) for column in columns]
        if not any(map(names_rows, columns)) or _is_numbering(words[0]):
            continue  # 1, 2, 3 … name nobody
        known = {value: number for number, value in enumerate(sorted(set().union(*words)))}
        items = [
            Items(np.asarray([known[value] for value in side], np.uint64), np.arange(len(side)), max(1, len(side)))
            for side in words
        ]
        found = chance.difference(items[0], items[1], items[2], settings.seed)
        figures = {"seen": found.seen, "never used": found.unseen}
        measures.append(judged("keys", found.metric, settings.copies, Measure("", Verdict.SHOWN, figures=figures)))
    return measures


def _is_numbering(values: Collection[str]) -> bool:
    if not values or not all(value.isascii() and value.isdigit() for value in values):
        return False
    numbers = {int(value) for value in values}
    return min(numbers) in {0, 1} and max(numbers) - min(numbers) < 2 * len(numbers)


def _membership(cells: Cells, settings: Settings) -> tuple[list[Measure], Histogram]:
    apart = [nearest(side.points, cells.rows.points)[0] for side in (cells.seen, cells.unseen)]
    largest = float(max(apart[0].max(), apart[1].max(), 1e-9))
    measures = [
        membership("membership-distance", -apart[0], -apart[1], settings.auc),
        extremes(-apart[0], -apart[1], settings),
        ratio(apart[0], apart[1]),
    ]
    return measures, histogram(apart[0], apart[1], largest)
