"""`onprem deid`: de-identify files or folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.cli import JsonOption, SiteOption, open_site, render

if TYPE_CHECKING:
    from onprem.pipeline.run import Request
    from onprem.summary import RunSummary

_INPUTS = typer.Argument(metavar="INPUT...", help="Files or folders: text, JSON lines, CSV or TSV, Parquet.")
_OUT = typer.Option("--out", metavar="DIR", help="Folder for what is released; new or empty.")
_POLICY = typer.Option("--policy", metavar="NAME", help="Policy, see `onprem policy list`; default: the site's.")
_ROSTER = typer.Option("--roster", metavar="FILE", help="Table of patients or staff to search for; not written.")
_LANG = typer.Option("--lang", metavar="auto|en|zh", help="Language of the texts.")
_SPANS = typer.Option("--spans", metavar="FILE", help="Write the spans found: JSON lines, offsets only, never text.")
_REPORT = typer.Option("--report", metavar="FILE.html", help="Write a self-contained HTML report.")
_JOBS = typer.Option("--jobs", metavar="N", min=1, max=256, help="Worker processes; default: the site's.")
_RESUME = typer.Option("--resume", help="Go on with a run that was stopped.")
_DRY = typer.Option("--dry-run", help="Do everything but write the output.")
_FIELD = typer.Option("--text-field", metavar="NAME", help="Field of JSON lines that holds the text.")


def command(
    inputs: Annotated[list[Path], _INPUTS],
    out: Annotated[Path, _OUT],
    policy: Annotated[str | None, _POLICY] = None,
    roster: Annotated[list[Path] | None, _ROSTER] = None,
    lang: Annotated[str, _LANG] = "auto",
    spans: Annotated[Path | None, _SPANS] = None,
    report: Annotated[Path | None, _REPORT] = None,
    jobs: Annotated[int | None, _JOBS] = None,
    resume: Annotated[bool, _RESUME] = False,
    dry_run: Annotated[bool, _DRY] = False,
    text_field: Annotated[str, _FIELD] = "text",
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """De-identify files or folders: safe records out, doubtful records held."""
    from onprem.audit.events import Outcome
    from onprem.audit.log import audited
    from onprem.pipeline.plan import check_lang
    from onprem.pipeline.run import Request, run
    from onprem.scale.local import pool

    opened = open_site(site)
    request = Request(
        inputs=tuple(inputs),
        out=out,
        policy=policy or opened.settings.policy,
        rosters=tuple(roster or ()),
        lang=check_lang(lang),
        text_field=text_field,
        spans=spans,
        jobs=jobs or opened.settings.jobs,
        resume=resume,
        dry_run=dry_run,
    )
    _check_beside(request, report)
    with audited(opened, "deid", purpose="dry-run" if dry_run else "release", intent=True) as note:
        with render.bar(json=json) as progress:
            summary = run(opened, request, pool, progress)
        note.counts |= audit_counts(summary)
        note.digests["policy"] = summary.policy.digest
        if report is not None:
            _write_report(report, summary)
        if not summary.passed or summary.held_fields:
            note.outcome = Outcome.HELD
    show(summary, report, json=json)
    if not summary.passed or summary.held_fields:
        raise typer.Exit(1)


def _check_beside(request: Request, report: Path | None) -> None:
    """Refuse spans or a report inside the output or an input: they are not records.

    Raises:
        OutputError: with the reason.
    """
    from onprem.errors import OutputError

    for path in (request.spans, report):
        if path is None:
            continue
        inside = path.resolve().parents
        if request.out.resolve() in inside or any(
            given.resolve() in inside for given in request.inputs if given.is_dir()
        ):
            raise OutputError(
                "spans and reports do not belong among records", hint="name a file outside of --out and INPUT"
            )
        if path.is_dir():
            raise OutputError("a folder is named where a file is meant", hint="give a file name")


def audit_counts(summary: RunSummary) -> dict[str, int]:
    """Return the counts of a run as an audit event keeps them."""
    counts = {
        "sources": len(summary.sources),
        "records": summary.records,
        "released": summary.released,
        "held": summary.held_records,
        "held-fields": summary.held_fields,
        "gate-findings": len(summary.gate),
    }
    return counts | {f"label.{label.value.lower()}": count for label, count in summary.identifiers}


def _write_report(path: Path, summary: RunSummary) -> None:
    """Write the HTML report by rename.

    Raises:
        OutputError: it cannot be written.
    """
    from onprem.errors import OutputError
    from onprem.report.html import render_run

    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(render_run(summary), encoding="utf-8")
        partial.replace(path)
    except OSError:
        raise OutputError("the report cannot be written", hint="check the folder named by --report") from None


def show(summary: RunSummary, report: Path | None, *, json: bool) -> None:
    """Print what a run did."""
    from onprem.labels import MEANING

    totals: dict[str, object] = {
        "run": summary.run,
        "policy": summary.policy.name,
        "files": len(summary.sources),
        "records": summary.records,
        "released": summary.released,
        "held": summary.held_records,
        "held_fields": summary.held_fields,
        "leak_gate": "passed" if not summary.gate else f"{len(summary.gate)} findings",
        "seconds": round(summary.seconds, 1),
        "characters_per_second": round(summary.characters / max(summary.seconds, 0.001)),
    }
    if json:
        totals |= {
            "held_by_reason": {reason.value: count for reason, count in summary.held},
            "identifiers": {label.value: count for label, count in summary.identifiers},
        }
        render.document(totals, json=True)
    else:
        render.document(totals, json=False)
        rows = [(label.value, MEANING[label].words, count) for label, count in summary.identifiers]
        render.table(("identifier", "meaning", "replaced"), rows, json=False)
        held = [(reason.value, "records", count) for reason, count in summary.held]
        held += [("unknown field", "cells", summary.held_fields)] if summary.held_fields else []
        if held:
            render.table(("held because", "what", "count"), held, json=False)
    if summary.gate:
        render.findings(summary.gate, json=json, title="leak gate")
    _hints(summary)
    if report is not None:
        render.talk(f"report: {report}")


def _hints(summary: RunSummary) -> None:
    from onprem.model import Kind

    unknown = [
        (item.index, column.position)
        for item in summary.sources
        for column in item.columns
        if column.kind is Kind.UNKNOWN
    ]
    for source, position in unknown[:5]:
        render.talk(
            f"hint: column {position} of source {source} is held; tell the site: onprem policy column HEADER WHAT"
        )
    if summary.held_records:
        render.talk(f"hint: what is held, by source and record: held/{summary.run}/held.jsonl in the site")
        render.talk("hint: sources are counted from 0 in order of their paths")
