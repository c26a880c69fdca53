"""`onprem audit`: verify the log, read it, make a checkpoint. Reading the log is itself logged."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.cli import JsonOption, SiteOption, open_site, render
from onprem.errors import AuditError, OutputError, UsageError

if TYPE_CHECKING:
    from onprem.audit.events import Entry

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Verify and read the audit log; make checkpoints.")

COLUMNS = ("seq", "utc", "actor", "action", "outcome", "purpose", "counts", "error")
_TIME = re.compile(r"\d{4}-\d\d-\d\d(T\d\d(:\d\d(:\d\d)?)?)?")


@app.command("verify")
def verify_log(
    site: SiteOption = None,
    against: Annotated[
        Path | None, typer.Option("--against", metavar="FILE", help="A checkpoint kept elsewhere.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check every line of the log, and the log against a checkpoint; exit code 7 when it does not hold."""
    from onprem.audit.log import audited
    from onprem.audit.verify import check

    opened = open_site(site)
    state = check(opened, against)
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


@app.command("checkpoint")
def checkpoint(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write it; keep it outside the site.")],
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Sign size and root of the log as it stands; keep the file outside the site."""
    from onprem.audit.checkpoint import sign
    from onprem.audit.log import audited
    from onprem.audit.verify import check

    opened = open_site(site)
    if out.resolve().is_relative_to(opened.root):
        raise OutputError("a checkpoint inside the site proves nothing", hint="name a file outside the site")
    if out.exists():
        raise OutputError("the checkpoint file exists already", hint="name a new file")
    with audited(opened, "audit.checkpoint") as note:
        state = check(opened)
        if not state.sound:
            raise AuditError("the audit log does not verify, so it is not signed", hint="onprem audit verify")
        text = sign(opened, state.tree.size, state.tree.root(), state.last_utc)
        _write_new(out, text)
        note.counts = {"lines": state.tree.size}
        note.digests = {"checkpoint": state.tree.root().hex()}
    if json:
        render.document({"file": str(out), "lines": state.tree.size, "root": state.tree.root().hex()}, json=True)
    else:
        render.talk(f"checkpoint of {state.tree.size} lines written: {out}")


def _write_new(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.new")
    try:
        with partial.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise OutputError("the checkpoint cannot be written", hint=f"check the folder of {path}") from None


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
    from onprem.audit.verify import State, entries
    from onprem.store import Store

    for name, given in (("--since", since), ("--until", until)):
        if given and not _TIME.fullmatch(given):
            raise UsageError(f"{name} is not a UTC time", hint="write it as 2026-01-31 or 2026-01-31T08:00")
    opened = open_site(site)
    filters = {"action": action, "actor": actor, "outcome": outcome, "since": since, "until": until}
    with audited(opened, "audit.list") as note, Store() as store:
        state = State()
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
