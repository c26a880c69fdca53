"""`onprem review`: look at held records and doubtful places of a run, with their text, and decide."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.cli import SiteOption, needs, open_site, render

if TYPE_CHECKING:
    from onprem.audit.log import Note
    from onprem.config import Site
    from onprem.pipeline.queue import Queue
    from onprem.review.ledger import Ledger

_RUN = typer.Argument(metavar="RUN", help="Name of the run, as `onprem deid` said it.")
_DECISIONS = typer.Option(
    "--decisions", metavar="FILE", help="Where decisions go; default: with what the run holds.", show_default=False
)


def command(
    run: Annotated[str, _RUN],
    decisions: Annotated[Path | None, _DECISIONS] = None,
    site: SiteOption = None,
) -> None:
    """Look at what a run held or was not sure about, and decide; shows text, needs the role for it, is logged.

    Decisions hold offsets and keyed digests, no text; `onprem deid --decisions FILE` replays them.
    """
    from onprem.audit.log import AuditLog, actor, audited
    from onprem.pipeline.queue import Queue
    from onprem.policy.access import load_access, permit
    from onprem.review import terminal
    from onprem.review.ledger import Ledger, Under, opening

    opened = open_site(site)
    with audited(opened, "review.open", purpose="review") as note:
        grant = permit(load_access(opened.folder("policies")), "review-records", actor())
        note.role, note.digests["access"] = grant.role, grant.digest
        terminal.prepare(instead=f"held/{run}/held.jsonl in the site lists what is held, without its text")
        with Queue.open(opened, run) as queue:
            # the run's inputs are named in what the site keeps sealed, so files could not be confined before
            needs.confine("review", {"site": opened.root, "decisions": decisions}, queue.inputs())
            under = Under(grant.role, grant.digest, queue.heading.digest)
            note.digests["policy"] = under.policy
            path = _path(decisions, opened, queue.run)
            ledger = Ledger(opened, path, queue.keys, under)
            # who is about to be seen is on record before anything is shown
            AuditLog(opened).append_group(opening(opened, queue.subjects(), len(queue.items), under))
            _review(queue, ledger, note)
    _tell(queue, ledger, path)


def _path(given: Path | None, site: Site, run: str) -> Path:
    """Return where decisions go.

    Raises:
        OutputError: it is a folder, or its folder does not exist.
    """
    from onprem.errors import OutputError

    path = given or site.folder("held") / run / "decisions.jsonl"
    if path.is_dir() or not path.parent.is_dir():
        raise OutputError("decisions cannot go there", hint="name a file in a folder that exists")
    return path


def _review(queue: Queue, ledger: Ledger, note: Note) -> None:
    """Show the screen; the note gets what was decided, also when the screen fails."""
    from onprem.audit.log import actor
    from onprem.review.judging import Judging
    from onprem.review.run_app import RunApp
    from onprem.review.theme import show

    try:
        show(RunApp(Judging(queue, ledger, by=actor())))
    finally:
        note.counts = {"items": len(queue.items)} | {kind: count for kind, count in ledger.counts.items() if count > 0}
        if ledger.digest():
            note.digests["decisions"] = ledger.digest()


def _tell(queue: Queue, ledger: Ledger, path: Path) -> None:
    made = sum(ledger.counts.values())
    render.talk(f"{made} {'decision' if made == 1 else 'decisions'} made, {len(ledger.decisions)} in the file")
    if queue.heading.left:
        render.talk(
            f"{queue.heading.left} less doubtful places were not put to you: raise a threshold, or give a roster"
        )
    if ledger.decisions:
        render.talk(
            f"hint: replay them with: onprem deid INPUT --out DIR --policy {queue.heading.policy} --decisions {path}"
        )
