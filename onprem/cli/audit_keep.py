"""`onprem audit seal` and `retire`: compress what is complete, move out what is older than the law asks to keep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.cli import JsonOption, SiteOption, open_site, render
from onprem.errors import AuditError, OutputError

if TYPE_CHECKING:
    from onprem.audit.verify import State
    from onprem.config import Site

_TO = typer.Option("--to", metavar="DIR", help="Folder outside the site, on a medium that is kept.")


def seal(site: SiteOption = None, json: JsonOption = False) -> None:
    """Compress the segments that are complete; the log stays as it is, and verifies as before."""
    from onprem.audit.log import AuditLog, audited

    opened = open_site(site)
    with audited(opened, "audit.seal", intent=True) as note:
        _verified(opened)
        done = AuditLog(opened).seal_full()
        before, after = sum(item[1] for item in done), sum(item[2] for item in done)
        note.counts = {"segments": len(done), "bytes-before": before, "bytes-after": after}
    if json:
        render.document(note.counts, json=True)
    else:
        render.talk(f"{len(done)} segments sealed: {before:,} bytes before, {after:,} after")


def retire(to: Annotated[Path, _TO], site: SiteOption = None, json: JsonOption = False) -> None:
    """Move sealed segments older than the retention out of the site; nothing is deleted."""
    from onprem.audit import retire as retiring
    from onprem.audit.log import actor, audited
    from onprem.policy.access import load_access, permit

    opened = open_site(site)
    if not to.is_dir():
        raise OutputError("the folder does not exist", hint=f"mkdir {to}")
    with audited(opened, "audit.retire", intent=True) as note:
        access = load_access(opened.folder("policies"))
        grant = permit(access, "retire", actor())
        note.role, note.digests["access"] = grant.role, grant.digest
        first = _verified(opened).retired
        last = retiring.retire(opened, older_than=retiring.before(access.retention_years), to=to)
        note.counts = {"lines": last.size - first.size, "segments": last.segment - first.segment}
    if json:
        render.document(note.counts, json=True)
    else:
        words = f"{note.counts['segments']} segments of {note.counts['lines']} lines moved out"
        render.talk(f"{words}: all of them older than {access.retention_years} years")


def _verified(site: Site) -> State:
    from onprem.audit.verify import check

    state = check(site)
    if not state.sound:
        raise AuditError("the audit log does not verify, so it is left as it is", hint="onprem audit verify")
    return state
