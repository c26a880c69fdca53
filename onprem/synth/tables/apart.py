"""Tables set apart: persons of whom everything is fitted on, and persons who are never used, for the privacy gate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from onprem.synth.tables.schema import Schema, check
from onprem.table import Table

Tables = dict[str, Table]


def rows_apart(table: Table, share: float, seed: int) -> tuple[Table, Table]:
    """Return the rows of a table that are used, and about `share` of them that are not, each in its order."""
    never = _drawn(len(table), share, seed)
    return table.take(np.flatnonzero(~never)), table.take(np.flatnonzero(never))


def persons_apart(tables: Mapping[str, Table], schema: Schema, share: float, seed: int) -> tuple[Tables, Tables]:
    """Return linked tables of the persons (rows of the root) who are used, and of the others; no row is in both.

    Raises:
        UsageError, InputError: as `check`.
    """
    parents = check(tables, schema)
    root = schema.links[0].name
    never = {root: _drawn(len(tables[root]), share, seed)}
    for link in schema.links[1:]:
        never[link.name] = never[link.parent][parents[link.name]]
    used = {name: tables[name].take(np.flatnonzero(~rows)) for name, rows in never.items()}
    return used, {name: tables[name].take(np.flatnonzero(rows)) for name, rows in never.items()}


def _drawn(rows: int, share: float, seed: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which rows are never used: exactly the share, rounded."""
    rng = np.random.default_rng([seed, 0xA9A27])
    never = np.zeros(rows, dtype=bool)
    never[rng.permutation(rows)[: round(share * rows)]] = True
    return never
