"""`onprem deid`: de-identify files or folders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from onprem.cli import JsonOption, SiteOption, open_site, render, with_model
from onprem.cli.with_model import LayersOption, ThreadsOption

if TYPE_CHECKING:
    from onprem.audit.log import Note
    from onprem.config import Site
    from onprem.llm.contract import LLM
    from onprem.pipeline.run import Request
    from onprem.summary import RunSummary

T = TypeVar("T")

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
_DECISIONS = typer.Option(
    "--decisions", metavar="FILE", help="Replay what reviewers decided, see `onprem review`.", show_default=False
)
_APPROVAL = typer.Option("--approval", metavar="REF", help="Reference of an approval, see `onprem approve`.")
_TO = typer.Option("--to", metavar="CODE", help="Who receives it, as a code; for the audit log.")
_FIELD = typer.Option("--text-field", metavar="NAME", help="Field of JSON lines that holds the text.")
_MODEL = typer.Option("--model", metavar="NAME", help="Model of the shelf, for a policy that says `echo = true`.")
_AT_A_TIME = 8  # answers of the model that are written together


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
    decisions: Annotated[Path | None, _DECISIONS] = None,
    approval: Annotated[str, _APPROVAL] = "",
    to: Annotated[str, _TO] = "",
    model: Annotated[str | None, _MODEL] = None,
    gpu_layers: LayersOption = None,
    threads: ThreadsOption = None,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """De-identify files or folders: safe records out, doubtful records held."""
    from onprem.audit.events import Outcome
    from onprem.audit.log import audited
    from onprem.pipeline.plan import check_lang
    from onprem.pipeline.run import Request, run
    from onprem.report.html import render_run
    from onprem.report.page import write_page
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
        decisions=decisions,
    )
    _check_beside(request, report)
    with audited(opened, "deid", purpose="dry-run" if dry_run else "release", intent=True) as note:
        _permit(opened, note, request.policy, approval=approval, to=to)
        use = partial(with_model.use, opened, model, sequences=_AT_A_TIME, gpu_layers=gpu_layers, threads=threads)
        with _echoing(opened, request, note, use) as asked, render.bar(json=json) as progress:
            summary = run(opened, asked, pool, progress, lambda found: _declare(opened, note, found))
        note.counts |= audit_counts(summary)
        note.digests["policy"] = summary.policy.digest
        if summary.replayed is not None:
            note.digests["decisions"] = summary.replayed.digest
        if report is not None:
            write_page(report, render_run(summary))
        if not summary.passed or summary.held_fields:
            note.outcome = Outcome.HELD
    show(summary, report, json=json)
    if not summary.passed or summary.held_fields:
        raise typer.Exit(1)


@contextmanager
def _echoing(
    site: Site, request: Request, note: Note, use: Callable[[], AbstractContextManager[LLM]]
) -> Iterator[Request]:
    """Yield the request, with a loaded model where the policy asks for one; its counts join the audit event.

    Raises:
        UsageError, ModelError, ResourceError: there is no model, or it cannot be loaded.
    """
    from onprem.policy.schema import load

    if not load(request.policy, site_policies=site.folder("policies")).echo:
        yield request
        return
    from onprem.detect.echo import Echo

    with use() as llm:
        echo = Echo(llm)
        note.digests["model"] = echo.digest
        try:
            yield replace(request, echo=echo)
        finally:
            note.counts |= echo.counts


def _permit(site: Site, note: Note, policy: str, *, approval: str, to: str) -> None:
    """Look up who may release, and the approval where one is given or asked for.

    Raises:
        AccessError: access.toml does not permit it, or the approval does not hold.
    """
    from onprem.audit.approvals import Wanted, check
    from onprem.audit.log import actor
    from onprem.errors import AccessError
    from onprem.policy.access import load_access, permit
    from onprem.policy.schema import load

    folder = site.folder("policies")
    access = load_access(folder)
    grant = permit(access, "release", actor())
    note.role, note.recipient, note.digests["access"] = grant.role, to, grant.digest
    if approval:
        digest = load(policy, site_policies=folder).digest
        check(site, approval, Wanted(digest, to, access.approval_days), login=actor())
        note.approval = approval
    elif grant.approval and note.purpose == "release":
        raise AccessError(
            "a release takes an approval", hint="another person gives it: onprem approve POLICY --as LOGIN"
        )


def _declare(site: Site, note: Note, references: Sequence[str]) -> None:
    """Write whose records the run read, before anything of them is released."""
    from onprem.audit.events import MAX_REFERENCES, Event, Outcome
    from onprem.audit.log import MAX_GROUP, AuditLog

    log = AuditLog(site)
    events = (
        Event("deid.subjects", Outcome.DONE, purpose=note.purpose, role=note.role, subjects=some)
        for some in _cut(references, MAX_REFERENCES)
    )
    for group in _cut(events, MAX_GROUP):
        log.append_group(group)
    note.counts["patients"] = len(references)


def _cut(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    stream = iter(items)
    while some := tuple(islice(stream, size)):
        yield some


def _check_beside(request: Request, report: Path | None) -> None:
    """Refuse spans or a report inside the output or an input: they are not records.

    Raises:
        OutputError: with the reason.
    """
    from onprem.errors import OutputError

    for path in (request.spans, report, request.decisions):
        if path is None:
            continue
        inside = path.resolve().parents
        if request.out.resolve() in inside or any(
            given.resolve() in inside for given in request.inputs if given.is_dir()
        ):
            raise OutputError(
                "spans, reports and decisions do not belong among records",
                hint="name a file outside of --out and INPUT",
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
    if summary.replayed is not None:
        counts |= {"decisions": summary.replayed.applied, "decisions-ignored": summary.replayed.ignored}
    return counts | {f"label.{label.value.lower()}": count for label, count in summary.identifiers}


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
    if summary.replayed is not None:
        totals |= {"decisions": summary.replayed.applied, "decisions_ignored": summary.replayed.ignored}
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
    if summary.replayed is not None and summary.replayed.ignored:
        count = summary.replayed.ignored
        words = "decision no longer fits" if count == 1 else "decisions no longer fit"
        render.talk(f"{count} {words} and had no effect")
    if summary.asked:
        places = "1 place" if summary.asked == 1 else f"{summary.asked} places"
        render.talk(f"hint: {places} to be looked at by a person: onprem review {summary.run}")
    if summary.held_records:
        render.talk(f"hint: what is held, by source and record: held/{summary.run}/held.jsonl in the site")
        render.talk("hint: sources are counted from 0 in order of their paths")
