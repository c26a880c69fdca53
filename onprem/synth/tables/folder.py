"""From files to files: fits a table or a folder of linked tables, and writes made ones beside a card of how.

Rules: the folder that is written is new or empty, and no part of the input; each table appears when all its rows are there,
and `provenance.json` last, so that a folder without it is no result; no value stands in the card.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onprem.errors import InputError, OutputError, UsageError
from onprem.formats.parts import writing
from onprem.progress import Progress, Silent
from onprem.synth.tables import linked, trees
from onprem.synth.tables.apart import Tables, persons_apart, rows_apart
from onprem.synth.tables.schema import Schema, infer, read_schema
from onprem.synth.tables.shapes import Settings
from onprem.table import Kind, Table
from onprem.table_files import SUFFIXES, TableWriter, read_table

VERSION = 2  # changes whenever the same seed gives other rows
CARD = "provenance.json"


@dataclass(frozen=True, slots=True)
class Job:
    """What is made: `n` rows of the table, or of the root of linked ones; `keys` and `categories` name columns of a kind.

    `hold_out` is the share of the persons who are not fitted on, but kept to screen what was made.
    """

    n: int
    seed: int = 0
    settings: Settings = field(default_factory=Settings)
    schema: Path | None = None
    keys: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    hold_out: float = 0.0

    def __post_init__(self) -> None:
        """Refuse to make nothing.

        Raises:
            UsageError: `n` is below 1, or `seed` below 0.
        """
        if self.n < 1 or self.seed < 0:
            raise UsageError("there is nothing to make", hint="--n 1 or more, --seed 0 or more")


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: rows of each table, and columns of free text that were left out, as "table.column".

    `seen` are the real tables that were fitted on, `unseen` those that were held out: they stay in memory.
    """

    rows: dict[str, int]
    left_out: tuple[str, ...]
    seen: Tables = field(repr=False)
    unseen: Tables = field(repr=False)


@dataclass(frozen=True, slots=True)
class Private:
    """A budget of differential privacy, and the public bounds within which it is spent."""

    epsilon: float
    delta: float
    domain: Path


def fit_and_sample_table(source: Path, out: Path, job: Job, progress: Progress | None = None) -> Written:
    """Fit the table of a file and write `n` rows of its like into the folder `out`.

    Raises:
        InputError: the table cannot be read, has too few rows, or a key that repeats.
        UsageError: a column that was named is not there.
        OutputError, ResourceError: the folder is not empty, or cannot be written.
    """
    _check_out(source, out)
    table = read_table(source, keys=job.keys, categories=job.categories)
    used, never = rows_apart(table, job.hold_out, job.seed)
    model = trees.fit(used, job.settings)
    parts = ({table.name: part} for part in model.chunks(job.n, job.seed))
    apart = ({table.name: used}, {table.name: never})
    how = _How(out, job, {table.name: source.suffix}, _trees(apart[0], "patients", job))
    return _write(apart, parts, how, progress or Silent())


def fit_and_sample_private(
    source: Path, out: Path, job: Job, private: Private, progress: Progress | None = None
) -> Written:
    """Fit the table of a file with differential privacy and write `n` rows into the folder `out`. Keys are left out.

    Nothing is held out unless the job says so: the guarantee holds without a measurement.

    Raises:
        PolicyError: the budget is none, or too small; a column has no public bounds.
        InputError, OutputError, ResourceError: as `fit_and_sample_table`.
    """
    from onprem.synth.tables.accountant import Accountant
    from onprem.synth.tables.marginals_domain import Domain
    from onprem.synth.tables.private import fit

    _check_out(source, out)
    domain, accountant = Domain.read(private.domain), Accountant(private.epsilon, private.delta)
    table = read_table(source, keys=job.keys, categories=job.categories)
    keys = tuple(column.name for column in table if column.kind is Kind.KEY)
    table = Table(table.name, tuple(column for column in table if column.name not in keys), (*table.left_out, *keys))
    used, never = rows_apart(table, job.hold_out, job.seed)
    model = fit(used, domain, accountant)
    parts = ({table.name: part} for part in model.chunks(job.n, job.seed))
    card = {
        "recipe": "patients",
        "version": VERSION,
        "origin": "fitted",
        "method": "marginals with differential privacy",
        "seed": job.seed,
        "card": model.card(),
    }
    how = _How(out, job, {table.name: source.suffix}, card)
    return _write(({table.name: used}, {table.name: never}), parts, how, progress or Silent())


def fit_and_sample_linked(folder: Path, out: Path, job: Job, progress: Progress | None = None) -> Written:
    """Fit the linked tables of a folder and write `n` roots (patients) and their children into the folder `out`.

    Raises:
        InputError: a table cannot be read, the tables are no tree, or keys repeat or point nowhere.
        UsageError, PolicyError: a schema names what is not there, or is none.
        OutputError, ResourceError: the folder is not empty, or cannot be written.
    """
    _check_out(folder, out)
    schema = read_schema(job.schema) if job.schema else None
    found = read_folder(folder, schema)
    if schema is None:
        schema = infer([table for table, _ in found.values()])
    suffixes = {link.name: found[link.name][1] for link in schema.links if link.name in found}
    apart = persons_apart({name: found[name][0] for name in suffixes}, schema, job.hold_out, job.seed)
    model = linked.fit(apart[0], schema, job.settings)
    how = _How(out, job, suffixes, _trees(apart[0], "ehr", job))
    return _write(apart, model.blocks(job.n, job.seed), how, progress or Silent())


def read_folder(folder: Path, schema: Schema | None = None) -> dict[str, tuple[Table, str]]:
    """Return each table of a folder with the suffix of its file; of those that a schema names, where there is one.

    Raises:
        InputError: there is none, or one twice in two forms, or one cannot be read.
    """
    if not folder.is_dir():
        raise InputError("the tables are not there", hint="name a folder of CSV or Parquet files")
    found: dict[str, tuple[Table, str]] = {}
    for path in sorted(folder.iterdir()):
        links = [link for link in schema.links if link.name == path.stem] if schema else []
        if path.suffix.lower() not in SUFFIXES or path.name.startswith(".") or (schema and not links):
            continue
        if path.stem in found:
            raise InputError("a table stands in the folder in two forms", hint="keep one of them")
        keys = {word for link in links for word in (link.key, link.foreign) if word}
        found[path.stem] = (read_table(path, keys=keys), path.suffix.lower())
    if not found:
        raise InputError("the folder holds no table", hint="tables are CSV, TSV or Parquet files")
    return found


@dataclass(frozen=True, slots=True)
class _How:
    """Where tables are written, in which form each, and what the card says."""

    out: Path
    job: Job
    suffixes: Mapping[str, str]
    card: Mapping[str, Any]


def _write(
    apart: tuple[Tables, Tables], parts: Iterable[Mapping[str, Table]], how: _How, progress: Progress
) -> Written:
    with writing():
        how.out.mkdir(mode=0o700, parents=True, exist_ok=True)
    progress.stage("rows", how.job.n)
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(TableWriter(how.out / f"{name}{suffix}")) for name, suffix in how.suffixes.items()
        }
        first = next(iter(how.suffixes))
        for part in parts:
            for name, table in part.items():
                writers[name].add(table)
            progress.advance(len(part[first]))
        for writer in writers.values():
            writer.finish()
        rows = {name: writer.rows for name, writer in writers.items()}
    left_out = tuple(f"{name}.{column}" for name, table in apart[0].items() for column in table.left_out)
    _write_card(how.out, {**how.card, "rows": rows, "left_out": list(left_out)})
    return Written(rows, left_out, *apart)


def _check_out(source: Path, out: Path) -> None:
    given, target = source.resolve(), out.resolve()
    if given == target or given in target.parents:
        raise OutputError("the output lies inside the input", hint="give another folder for --out")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise OutputError("the output is there already and not empty", hint="give a new folder for --out")


def _trees(used: Tables, recipe: str, job: Job) -> dict[str, Any]:
    """Return how the tables were made: nothing in it is a value of a row."""
    form = [
        [name, [[c.name, c.kind.value, c.decimals, c.day] for c in table if c.kind is not Kind.KEY]]
        for name, table in used.items()
    ]
    return {
        "recipe": recipe,
        "version": VERSION,
        "origin": "fitted",
        "method": "sequential trees, no formal guarantee of privacy",
        "seed": job.seed,
        "leaf": job.settings.leaf,
        "rare": job.settings.rare,
        "fitted_rows": {name: len(table) for name, table in used.items()},
        "schema_sha256": hashlib.sha256(json.dumps(form).encode()).hexdigest(),
    }


def _write_card(out: Path, card: Mapping[str, Any]) -> None:
    partial = out / f".{CARD}.partial"
    with writing():
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(partial, flags, 0o600), "w", encoding="utf-8") as file:
            json.dump(card, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        partial.rename(out / CARD)
