"""How tables are linked: a tree of parent keys, read from a TOML or inferred by names and inclusion; and its checks.

    [tables.encounters]
    key = "encounter_id"       # names a row of this table
    parent = "patients"        # "" for the table at the root
    foreign = "patient_id"     # names a row of the parent
    time = "start"             # rows of one parent follow one another by it
    item = "class"             # what a row is of: a test, a code, a drug; values follow the last ones of the same item
    after = { start = ["patients.birth_date"], end = ["encounters.start"] }
    before = { start = ["patients.death_date"] }

What is not told is inferred: an order of two times that holds in nearly all rows is a rule that is kept in all.

Rules: there is one root; each row of a child names a row of its parent, or the tables are refused with the count; no key
stands in an error.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from onprem.errors import InputError, PolicyError, UsageError
from onprem.table import Codes, Column, Kind, Table

_FIELDS = frozenset(("key", "parent", "foreign", "time", "item", "after", "before"))
MOST_TABLES = 50


@dataclass(frozen=True, slots=True)
class Link:
    """One table of a schema. `after` and `before` name for a time column other times, as "table.column"."""

    name: str
    key: str = ""
    parent: str = ""
    foreign: str = ""
    time: str = ""
    item: str = ""
    after: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    before: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Schema:
    """Tables, each after its parent; the first one is the root."""

    links: tuple[Link, ...]

    def link(self, name: str) -> Link:
        """Return a table of the schema."""
        return next(link for link in self.links if link.name == name)

    def above(self, name: str) -> list[str]:
        """Return the parent of a table, its parent, and so on up to the root."""
        found: list[str] = []
        while parent := self.link(name).parent:
            found.append(parent)
            name = parent
        return found


def read_schema(path: Path) -> Schema:
    """Return the schema of a TOML file.

    Raises:
        PolicyError: it cannot be read, or is no tree of tables.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError):
        raise PolicyError("the schema cannot be read", hint="a schema is a TOML file with [tables.NAME]") from None
    tables = told.get("tables")
    if not isinstance(tables, dict) or not all(
        isinstance(item, dict) and {*item} <= _FIELDS for item in tables.values()
    ):
        raise PolicyError("the schema has a field that is not known", hint=f"known are {', '.join(sorted(_FIELDS))}")
    links = []
    for name, item in tables.items():
        rules = {}
        for way in ("after", "before"):
            given = item.get(way, {})
            if not isinstance(given, dict) or not all(isinstance(names, list) for names in given.values()):
                raise PolicyError(
                    "the schema has a field of the wrong form", hint=f'{way} = {{ end = ["TABLE.COLUMN"] }}'
                )
            rules[way] = {column: tuple(map(str, names)) for column, names in given.items()}
        words = {word: item.get(word, "") for word in ("key", "parent", "foreign", "time", "item")}
        if not all(isinstance(word, str) for word in words.values()):
            raise PolicyError("the schema has a field of the wrong form", hint='such as key = "patient_id"')
        links.append(replace(Link(name, **words), after=rules["after"], before=rules["before"]))
    return Schema(_tree(links))


def infer(tables: Sequence[Table]) -> Schema:
    """Return the schema that the names of keys and their inclusion tell.

    Raises:
        InputError: the tables do not hang together as one tree.
    """
    own = {table.name: _own_key(table) for table in tables}
    foreign: dict[str, dict[str, str]] = {}
    for table in tables:
        names = {column.name for column in table if column.kind is Kind.KEY and column.name != own[table.name]}
        foreign[table.name] = {other: key for other, key in own.items() if other != table.name and key in names}
    links = []
    for table in tables:
        # the nearest of several is the one that names the others itself: an encounter names its patient
        parents = foreign[table.name]
        parent = max(parents, key=lambda other: (len(foreign[other]), other), default="")
        times = [column.name for column in table if column.kind is Kind.TIME]
        links.append(Link(table.name, own[table.name], parent, parents.get(parent, ""), times[0] if times else ""))
    return Schema(_tree(links))


def _own_key(table: Table) -> str:
    """Return the key of a table: one that never repeats, rather the one that is named as the table is."""
    once = [
        column.name
        for column in table
        if column.kind is Kind.KEY and len(column) and len(np.unique(column.values)) == len(column)
    ]
    stem = table.name.lower().removesuffix("s").removesuffix("se")
    named = [name for name in once if name.lower().startswith(stem[:4])]
    return next(iter(named or once), "")


def _tree(links: Sequence[Link]) -> tuple[Link, ...]:
    names = {link.name for link in links}
    roots = [link for link in links if not link.parent]
    if len(roots) != 1 or len(links) > MOST_TABLES or not all(link.parent in names for link in links if link.parent):
        raise InputError(
            f"the tables are no tree: {len(roots)} of {len(links)} have no parent",
            hint="name parent and foreign key of each table in a schema: --schema FILE",
        )
    made, rest = [roots[0]], [link for link in links if link.parent]
    while rest:
        ready = [link for link in rest if link.parent in {other.name for other in made}]
        if not ready:
            raise InputError("the tables are no tree: parents go round in a circle", hint="check --schema")
        made += ready
        rest = [link for link in rest if link not in ready]
    for link in made[1:]:
        if not link.foreign or not next(other for other in made if other.name == link.parent).key:
            raise InputError("a table does not say how it names its parent", hint="key and foreign in --schema FILE")
    return tuple(made)


def check(tables: Mapping[str, Table], schema: Schema) -> dict[str, npt.NDArray[np.intp]]:
    """Return for each child table the row of its parent that each row names, and refuse what does not hang together.

    Raises:
        UsageError: the schema names a table or a column that is not there.
        InputError: keys repeat, or point nowhere, or contradict one another; with how many.
    """
    for link in schema.links:
        columns = {column.name for column in tables[link.name]} if link.name in tables else set()
        told = {link.key, link.foreign, link.time, link.item, *link.after, *link.before} - {""}
        if link.name not in tables or not told <= columns:
            raise UsageError(
                "the schema names a table or column that is not there", hint="check --schema and the folder"
            )
    rows: dict[str, npt.NDArray[np.intp]] = {}
    for link in schema.links:
        table = tables[link.name]
        if link.key:
            _unique(table.column(link.key))
        if link.parent:
            rows[link.name] = _pointed(
                table.column(link.foreign), tables[link.parent].column(schema.link(link.parent).key)
            )
    for link in schema.links:
        _consistent(link, tables, schema, rows)
    return rows


def _unique(key: Column) -> None:
    present = key.values[key.values >= 0]
    wrong = len(key) - len(np.unique(present))
    if wrong:
        raise InputError(f"a key of a table is missing or repeats in {wrong} rows", hint="each row needs its own key")


def _pointed(foreign: Column, key: Column) -> npt.NDArray[np.intp]:
    """Return the row whose key each row names."""
    places = {word: place for place, word in enumerate(key.categories)}
    row_of = np.full(len(key.categories) + 1, -1, dtype=np.intp)
    row_of[key.values] = np.arange(len(key))
    code: Codes = np.array([places.get(word, -1) for word in foreign.categories] + [-1], dtype=np.int32)
    code[code < 0] = len(key.categories)
    rows = row_of[code[foreign.values]]
    if wrong := int((rows < 0).sum()):
        raise InputError(
            f"{wrong} of {len(rows)} rows name a row of the parent table that is not there",
            hint="remove these rows, or name another parent in --schema",
        )
    return rows


def _consistent(
    link: Link, tables: Mapping[str, Table], schema: Schema, rows: Mapping[str, npt.NDArray[np.intp]]
) -> None:
    """Refuse rows that name one patient while their encounter names another."""
    if not link.parent:
        return
    at = rows[link.name]
    for name in schema.above(link.name)[1:]:
        at = rows[schema.above(link.name)[schema.above(link.name).index(name) - 1]][at]
        carried = [c for c in tables[link.name] if c.kind is Kind.KEY and c.name == schema.link(name).key]
        for column in carried:
            if wrong := int((_pointed(column, tables[name].column(column.name)) != at).sum()):
                raise InputError(
                    f"{wrong} of {len(at)} rows name another row above than their parent does",
                    hint="correct the keys, or leave the column out",
                )
