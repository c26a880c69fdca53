"""`onprem audit`: verify the log, read it, sign it, keep it. Reading the log is itself logged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.cli import (
    JsonOption,
    SiteOption,
    audit_checkpoint,
    audit_export,
    audit_keep,
    audit_query,
    audit_review,
    open_site,
    render,
)
from onprem.errors import AuditError

if TYPE_CHECKING:
    from onprem.audit.events import Entry

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Verify, read and review the audit log; sign and keep it."
)
app.command("ask")(audit_query.ask)
app.command("query")(audit_query.query)
app.command("review")(audit_review.review)
app.command("signoff")(audit_review.signoff)
app.command("checkpoint")(audit_checkpoint.checkpoint)
app.command("cosign")(audit_checkpoint.cosign)
app.command("export")(audit_export.export)
app.command("report")(audit_export.report)
app.command("seal")(audit_keep.seal)
app.command("retire")(audit_keep.retire)

COLUMNS = ("seq", "utc", "actor", "action", "outcome", "purpose", "counts", "error")


@app.command("verify")
def verify_log(
    site: SiteOption = None,
    against: audit_query.AgainstOption = None,
    cosigners: audit_query.CosignersOption = None,
    json: JsonOption = False,
) -> None:
    """Check every line of the log, and the log against a checkpoint; exit code 7 when it does not hold."""
    from onprem.audit.log import audited
    from onprem.audit.verify import check

    audit_query.check_cosigners(against, cosigners)
    opened = open_site(site)
    state = check(opened, against, cosigners=cosigners)
    if state.findings:
        render.findings(state.findings, json=json)
    with audited(opened, "audit.verify") as note:
        note.counts = {"lines": state.tree.size, "findings": len(state.findings)}
        if not state.sound:
            named = sorted({item.code for item in state.findings if item.severity == "error"})
            raise AuditError(f"the audit log does not verify: {', '.join(named)}", hint=_verify_hint(against))
    render.talk(f"the audit log verifies: {state.tree.size} lines" + ("" if against else ", no checkpoint given"))


def _verify_hint(against: Path | None) -> str:
    return (
        "keep the folder as it is and tell your security officer"
        if against
        else "compare: onprem audit verify --against FILE"
    )


@app.command("list")
def list_events(
    *,
    site: SiteOption = None,
    action: Annotated[str, typer.Option("--action", help="Only this action, or all that begin with it.")] = "",
    actor: Annotated[str, typer.Option("--actor", help="Only this login name.")] = "",
    outcome: Annotated[str, typer.Option("--outcome", help="Only this outcome.")] = "",
    since: Annotated[str, typer.Option("--since", metavar="UTC", help="From this time, 2026-01-31T08:00.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="UTC", help="Before this time.")] = "",
    json: JsonOption = False,
) -> None:
    """List events that verify, with filters."""
    from onprem.audit.log import audited
    from onprem.audit.verify import begin, entries
    from onprem.store import Store

    audit_query.check_times(since, until)
    opened = open_site(site)
    filters = {"action": action, "actor": actor, "outcome": outcome, "since": since, "until": until}
    with audited(opened, "audit.list") as note, Store() as store:
        state = begin(opened)
        types = {"seq": "whole", "counts": "counts"}
        store.load("events", {name: types.get(name, "text") for name in COLUMNS}, _rows(entries(opened, state)))  # type: ignore[misc]
        if not state.sound:
            raise AuditError("the audit log does not verify, so it is not listed", hint="onprem audit verify")
        sql, values = _query(filters)
        rows = list(store.query(sql, values))
        note.counts = {"lines": state.tree.size, "listed": len(rows)}
    render.table(COLUMNS, (_shown(row, json=json) for row in rows), json=json)


def _rows(found: Iterator[Entry]) -> Iterator[tuple[object, ...]]:
    for entry in found:
        event = entry.event
        counts = list(event.counts.items())
        yield (entry.seq, entry.utc, entry.actor, event.action, str(event.outcome), event.purpose, counts, event.error)


def _query(filters: dict[str, str]) -> tuple[str, list[str]]:
    conditions = {
        "action": "(action = ? OR starts_with(action, ? || '.'))",
        "actor": "actor = ?",
        "outcome": "outcome = ?",
        "since": "utc >= ?",
        "until": "utc < ?",
    }
    given = {name: value for name, value in filters.items() if value}
    where = " AND ".join(conditions[name] for name in given) or "true"
    values = [value for name, value in given.items() for _ in range(conditions[name].count("?"))]
    return f"SELECT {', '.join(COLUMNS)} FROM events WHERE {where} ORDER BY seq", values  # noqa: S608 - fixed texts


def _shown(row: tuple[object, ...], *, json: bool) -> list[object]:
    shown = list(row)
    counts = shown[6] if isinstance(shown[6], dict) else {}
    shown[6] = counts if json else " ".join(f"{key}={value}" for key, value in counts.items())
    return shown
