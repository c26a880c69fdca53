"""What `onprem synth patients|ehr` does: tables from a specification or fitted on the hospital's own, gate, report.

Rules: what was made from the hospital's tables stands as OUT.held until the gate lets it pass, and stays so if it does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from onprem.cli import open_site, render
from onprem.cli.synth_gate import check_free, check_halves, held_of, settle, told
from onprem.errors import UsageError
from onprem.progress import Progress

if TYPE_CHECKING:
    from onprem.evaluate.privacy.contract import Result
    from onprem.synth.contract import Lang
    from onprem.synth.tables.folder import Job, Written
    from onprem.table import Table

RECIPES: Mapping[str, str] = {
    "patients": "a table of patients",
    "ehr": "linked tables: patients, encounters, diagnoses, laboratory values, medications",
}
_HOLD_OUT = 0.2  # of the persons, where the user says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command is told."""

    recipe: str
    n: int
    out: Path
    seed: int
    lang: str
    records: Path | None
    hold_out: float | None
    unseen: Path | None
    epsilon: float | None
    delta: float | None
    domain: Path | None
    schema: Path | None
    leaf: int
    report: Path | None
    site: Path | None
    json: bool

    def check(self) -> None:
        """Refuse what cannot be.

        Raises:
            UsageError: it says which.
            OutputError: the output is there already.
        """
        check_halves(self.records, self.unseen, self.hold_out)
        if self.records is None and any(
            each is not None for each in (self.epsilon, self.domain, self.schema, self.report)
        ):
            raise UsageError(
                "without --records nothing is fitted, and there is nothing to report",
                hint="name the hospital's own tables as well",
            )
        if self.epsilon is None and (self.delta is not None or self.domain is not None):
            raise UsageError("--delta and --domain go with --epsilon", hint="see docs/synth.md")
        if self.epsilon is not None and (self.delta is None or self.domain is None):
            raise UsageError("--epsilon takes --delta and --domain", hint="bounds are public input; see docs/synth.md")
        if self.epsilon is not None and self.recipe != "patients":
            raise UsageError("--epsilon is for a single table", hint="onprem synth patients")
        check_free(self.out)


def carry_out(asked: Asked) -> None:
    """Make the tables; raise `typer.Exit(1)` where the gate did not pass.

    Raises:
        OnpremError: see `onprem.errors`.
    """
    from onprem.audit.events import Outcome
    from onprem.audit.log import audited
    from onprem.evaluate.privacy.reading import read_tables
    from onprem.report.page import write_page
    from onprem.report.tables_page import render_tables

    asked.check()
    site = open_site(asked.site)
    with audited(site, "synth") as note, render.bar(json=asked.json) as progress:
        result: Result | None = None
        left_out: tuple[str, ...] = ()
        if asked.records is None:
            rows = _simulated(asked)
        else:
            written = _fitted(asked, asked.records, progress)
            made = read_tables(held_of(asked.out))
            rows, left_out = written.rows, written.left_out
            result = _gate(asked, written, made, progress)
            note.counts |= {"gate.passed": int(result.passed)}
            if not result.passed:
                note.outcome = Outcome.HELD
            if asked.report is not None:
                progress.stage("report", None)
                write_page(asked.report, render_tables(result, written.seen, made))
        note.counts |= {"rows": sum(rows.values())}
    said: dict[str, object] = {f"rows.{name}": count for name, count in rows.items()}
    if left_out:
        said["left_out"] = ", ".join(left_out)
    if result is not None:
        said |= {"persons_used": result.seen, "persons_never_used": result.unseen, "privacy_gate": str(result.verdict)}
    render.document(said, json=asked.json)
    if result is not None and not result.passed:
        told(asked.out, result)
        raise typer.Exit(1)


def _simulated(asked: Asked) -> Mapping[str, int]:
    """Write patients of the shipped specification."""
    from onprem.synth.ehr import simulate, tables
    from onprem.synth.ehr.folder import TABLES

    names = tuple(TABLES) if asked.recipe == "ehr" else ("patients",)
    return tables(asked.out, simulate(asked.n, asked.seed, cast("Lang", asked.lang)), names)


def _fitted(asked: Asked, records: Path, progress: Progress) -> Written:
    from onprem.synth.tables.folder import Private, fit_and_sample_linked, fit_and_sample_private, fit_and_sample_table

    if asked.recipe == "ehr":
        return fit_and_sample_linked(records, held_of(asked.out), _job(asked), progress)
    if asked.epsilon is None or asked.delta is None or asked.domain is None:
        return fit_and_sample_table(records, held_of(asked.out), _job(asked), progress)
    return fit_and_sample_private(
        records, held_of(asked.out), _job(asked), Private(asked.epsilon, asked.delta, asked.domain), progress
    )


def _job(asked: Asked) -> Job:
    from onprem.synth.tables.folder import Job
    from onprem.synth.tables.shapes import Settings

    share = 0.0 if asked.unseen is not None else asked.hold_out or _HOLD_OUT
    return Job(asked.n, asked.seed, Settings(leaf=asked.leaf), asked.schema, hold_out=share)


def _gate(asked: Asked, written: Written, made: Mapping[str, Table], progress: Progress) -> Result:
    """Screen what was made; give it its name where it passes."""
    from onprem.evaluate.privacy.contract import Settings
    from onprem.evaluate.privacy.reading import read_card, read_tables
    from onprem.evaluate.privacy.tables import screen_tables

    unseen = written.unseen if asked.unseen is None else read_tables(asked.unseen)
    if asked.recipe == "patients" and asked.unseen is not None:
        unseen = dict(zip(written.seen, unseen.values(), strict=False))  # one table, whatever its file is called
    settings = Settings(seed=asked.seed, guarantee=read_card(held_of(asked.out)))
    result = screen_tables(made, written.seen, unseen, settings, progress)
    settle(asked.out, result)
    return result
