"""`onprem verify`: the leak gate on its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from onprem.cli import JsonOption, SiteOption, open_site, render

_OUT = typer.Argument(metavar="OUT", help="Folder or file that was released.")
_AGAINST = typer.Option("--against", metavar="INPUT", help="Folder or file it was made from; may be given again.")
_POLICY = typer.Option("--policy", metavar="NAME", help="Policy it was released under; default: the site's.")
_ROSTER = typer.Option("--roster", metavar="FILE", help="Table of patients or staff to search for.")
_FIELD = typer.Option("--text-field", metavar="NAME", help="Field of JSON lines that holds the text.")
_JOBS = typer.Option("--jobs", metavar="N", min=1, max=256, help="Worker processes; default: the site's.")


def command(
    out: Annotated[Path, _OUT],
    against: Annotated[list[Path], _AGAINST],
    policy: Annotated[str | None, _POLICY] = None,
    roster: Annotated[list[Path] | None, _ROSTER] = None,
    text_field: Annotated[str, _FIELD] = "text",
    jobs: Annotated[int | None, _JOBS] = None,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Search released files for what should not be in them: the leak gate on its own."""
    from onprem.audit.events import Outcome
    from onprem.audit.log import audited
    from onprem.pipeline.verify import VerifyRequest, verify
    from onprem.scale.local import pool

    opened = open_site(site)
    request = VerifyRequest(
        out=out,
        against=tuple(against),
        policy=policy or opened.settings.policy,
        rosters=tuple(roster or ()),
        text_field=text_field,
        jobs=jobs or opened.settings.jobs,
    )
    with audited(opened, "verify") as note:
        with render.bar(json=json) as progress:
            verdict = verify(opened, request, pool, progress)
        note.counts |= {"files": verdict.files, "records": verdict.records, "findings": len(verdict.findings)}
        if verdict.findings:
            note.outcome = Outcome.HELD
    if verdict.findings:
        render.findings(verdict.findings, json=json, title="leak gate")
        raise typer.Exit(1)
    totals = {"leak_gate": "passed", "files": verdict.files, "records": verdict.records}
    render.document(totals, json=json)
