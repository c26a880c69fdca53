"""`onprem audit review`, the log on a screen for compliance officers, and `onprem audit signoff`, its sign-off without."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.cli import JsonOption, SiteOption, open_site, render
from onprem.cli.audit_query import AgainstOption, CosignersOption, check_cosigners, limits_of
from onprem.errors import OnpremError, UsageError

if TYPE_CHECKING:
    from onprem.audit.runs import Run
    from onprem.audit.signoff import Plan
    from onprem.config import Site

_MAX_BYTES = 8_001  # of a comment on standard input: four bytes a character, and its newline


def review(
    site: SiteOption = None,
    against: AgainstOption = None,
    cosigners: CosignersOption = None,
    comments: Annotated[
        bool,
        typer.Option("--comments", help="Unlock a locked vault: for comments on sign-offs and for patients' numbers."),
    ] = False,
) -> None:
    """Read the log on a screen: filter it, ask it ready-made questions, sign events off; needs no mouse and no colour.

    The log is verified first. That it was read, and how much of it, is itself an event.
    """
    from onprem.audit.events import Event, Outcome
    from onprem.audit.log import AuditLog, actor, audited
    from onprem.policy.access import load_access, permit
    from onprem.review import terminal
    from onprem.vault import custody

    check_cosigners(against, cosigners)
    opened = open_site(site)
    with audited(opened, "audit.review") as note:
        access = load_access(opened.folder("policies"))
        grant = permit(access, "review-audit", actor())
        note.role, note.digests["access"] = grant.role, grant.digest
        terminal.prepare(instead="onprem audit list")
        begun = Event("audit.review", Outcome.INTENT, role=grant.role, digests={"access": grant.digest})
        AuditLog(opened).append(begun)
        if comments:
            custody.root(opened)
        elif custody.locked(opened):
            render.talk("the vault is locked: comments and patients' numbers need --comments")
        render.talk("reading and verifying the audit log")
        from onprem.review.audit_app import AuditApp
        from onprem.review.audit_desk import Desk, Known
        from onprem.review.theme import show

        known = Known(against, cosigners) if against is not None else None
        with Desk(opened, access, actor(), limits=limits_of(access), known=known) as desk:
            note.digests["checkpoint"] = desk.view.state.tree.root().hex()
            try:
                show(AuditApp(desk))
            finally:
                note.counts, note.subjects = desk.looked.counts(), desk.looked.references()


def signoff(
    seq: Annotated[int, typer.Option("--seq", min=0, metavar="N", help="Number of the event, or of the first.")],
    to: Annotated[int | None, typer.Option("--to", min=0, metavar="M", help="Number of the last event.")] = None,
    comment_stdin: Annotated[
        bool, typer.Option("--comment-stdin", help="Read a comment from standard input; it is kept sealed.")
    ] = False,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Sign off an event, or events N to M, that somebody else caused; exit code 1 when some of them are left out."""
    from onprem.audit import signoff as signing
    from onprem.audit.runs import told

    last = seq if to is None else to
    if last < seq:
        raise UsageError("the range ends before it begins", hint=f"write: --seq {last} --to {seq}")
    opened = open_site(site)
    try:
        planned, written = _sign(opened, (seq, last), comment_stdin=comment_stdin)
    except OnpremError as error:
        signing.note_refusal(opened, error)
        raise
    rows = [("signed off", run) for run in planned.ready]
    rows += [("your own work", run) for run in planned.own] + [("signed off already", run) for run in planned.signed]
    rows += [("not in the log", run) for run in planned.absent]
    render.table(("result", "from", "to"), [(words, *run) for words, run in rows], json=json)
    render.talk(f"the log says so in {told([(written.start, written.stop - 1)])}")
    if planned.own:
        render.talk(f"left out: {told(planned.own)}, because nobody signs off their own work: ask another reviewer")
    if planned.own or planned.absent:
        raise typer.Exit(1)


def _sign(site: Site, run: Run, *, comment_stdin: bool) -> tuple[Plan, range]:
    from onprem.audit import signoff as signing
    from onprem.audit.log import actor
    from onprem.audit.view import View
    from onprem.policy.access import load_access, permit
    from onprem.vault import custody

    access = load_access(site.folder("policies"))
    grant = permit(access, "sign-off", actor())
    if comment_stdin:
        custody.root(site)  # a passphrase is asked for before the long reading, not after it
    comment = _comment() if comment_stdin else ""
    signing.check_comment(comment)
    with View.open(site, limits=limits_of(access)) as view:
        planned = signing.plan(view, [run], login=actor())
        signer = signing.Signer(grant.role, grant.digest)
        return planned, signing.sign_off(site, view, planned, signer=signer, comment=comment)


def _comment() -> str:
    """Read a comment from standard input.

    Raises:
        UsageError: it is empty, is no UTF-8, or longer than any comment.
    """
    content = sys.stdin.buffer.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise UsageError("the comment is too long", hint="at most 2,000 characters")
    try:
        text = content.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise UsageError("the comment is not UTF-8", hint="write it in UTF-8") from None
    if not text:
        raise UsageError("the comment on standard input is empty", hint="leave --comment-stdin out")
    return text
