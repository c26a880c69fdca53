"""`onprem audit export` and `report`: the log in the forms that other systems read, and as a page for people.

Rules: who takes events out needs the role that reviews the log; that it is done stands in the log before the first byte
is written; what comes out has been verified to the last line before it shows; a file appears whole, outside of the site
and in no other's place.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from onprem.cli import JsonOption, SiteOption, open_site, render
from onprem.cli.audit_query import (
    AgainstOption,
    CosignersOption,
    SinceOption,
    UntilOption,
    check_cosigners,
    check_times,
    limits_of,
)
from onprem.errors import AuditError, OutputError, UsageError

if TYPE_CHECKING:
    from onprem.audit.exports.stream import Written
    from onprem.audit.log import Note
    from onprem.audit.verify import State
    from onprem.config import Site
    from onprem.policy.access import Access
    from onprem.report.audit_summary import AuditSummary

_FORMAT = typer.Option("--format", metavar="NAME", help="fhir-r4, fhir-r5, cef, syslog, csv or jsonl.")
_OUT = typer.Option("--out", metavar="FILE", help="A new file outside the site, - for standard output.")
_PAGE = typer.Option("--out", metavar="FILE.html", help="A new file outside the site.")
_TO = typer.Option("--to", metavar="CODE", help="Who receives it, as a code; it stands in the log.")


def export(
    form: Annotated[str, _FORMAT],
    out: Annotated[Path, _OUT],
    *,
    to: Annotated[str, _TO] = "",
    action: Annotated[str, typer.Option("--action", help="Only this action, or all that begin with it.")] = "",
    actor: Annotated[str, typer.Option("--actor", help="Only this login name.")] = "",
    outcome: Annotated[str, typer.Option("--outcome", help="Only this outcome.")] = "",
    purpose: Annotated[str, typer.Option("--purpose", help="Only this purpose.")] = "",
    subject: Annotated[str, typer.Option("--subject", metavar="REF", help="Only of this patient's reference.")] = "",
    since: SinceOption = "",
    until: UntilOption = "",
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Write verified events for other systems: FHIR AuditEvent, CEF, syslog, CSV or the lines as they are.

    Nothing is written, and no file appears, unless the whole log verifies.
    """
    from onprem.audit.exports import exports
    from onprem.audit.exports.stream import write
    from onprem.audit.log import audited
    from onprem.audit.view import Filters

    family = exports()
    if form not in family:
        raise UsageError("there is no form of this name", hint=f"--format is one of: {', '.join(family)}")
    check_times(since, until)
    _check_code(to)
    piped = str(out) == "-"
    if piped and json:
        raise UsageError("standard output holds the events already", hint="leave --json out, or name a file")
    opened = open_site(site)
    if not piped:
        _check_place(opened, out)
    filters = Filters(action, actor, outcome, since, until, subject, purpose)
    with audited(opened, "audit.export", purpose=form) as note:
        note.recipient = to
        _permit(opened, note)
        _begun(opened, note)
        note.counts = {"filters": sum(map(bool, astuple(filters)))}
        if piped:
            with tempfile.TemporaryFile() as spool:  # in the site's private folder, without a name
                done = write(opened, family[form], filters, spool)
                _note(note, done)
                spool.seek(0)
                for line in spool:
                    render.line(line.decode("utf-8").removesuffix("\n"))
        else:
            with new_file(out) as file:
                done = write(opened, family[form], filters, file)
                _note(note, done)
    if json:
        told = {"file": str(out), "format": form, "events": done.events, "lines": done.lines, "sha256": done.digest}
        render.document(told | {"log_lines": done.state.tree.size, "root": done.state.tree.root().hex()}, json=True)
    else:
        render.talk(f"{done.events:,} of {done.state.tree.size:,} events exported, SHA-256 {done.digest}")


def report(
    out: Annotated[Path, _PAGE],
    *,
    against: AgainstOption = None,
    cosigners: CosignersOption = None,
    since: SinceOption = "",
    until: UntilOption = "",
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Write a report of the log as one HTML page: does it hold, what should be seen to, who looked, what was done.

    Where the log does not verify, the page says so and shows no events, and the exit code is 7.
    """
    from onprem.audit.log import audited
    from onprem.audit.verify import check
    from onprem.report.audit_html import render_audit

    check_times(since, until)
    check_cosigners(against, cosigners)
    opened = open_site(site)
    _check_place(opened, out)
    with audited(opened, "audit.report") as note:
        access = _permit(opened, note)
        state = check(opened, against, cosigners=cosigners)
        summary = _summary(opened, access, state, against=against, span=(since, until))
        page = render_audit(summary).encode("utf-8")
        with new_file(out) as file:
            file.write(page)
        found = [item for item in summary.answers if item.severity != "info"]
        note.counts = {"lines": summary.verdict.size, "findings": len(summary.verdict.findings)}
        note.counts |= {"open": sum(item.unsigned for item in found)}
        note.digests["checkpoint"] = summary.verdict.root
        if not state.sound:
            raise AuditError("the audit log does not verify, and the report says so", hint="onprem audit verify")
    if json:
        render.document({"file": str(out), **note.counts}, json=True)
    else:
        lines, found_open = note.counts["lines"], note.counts["open"]
        render.talk(f"report of {lines:,} lines, {found_open:,} open finding{'s' * (found_open != 1)}: {out}")


def _permit(site: Site, note: Note) -> Access:
    from onprem.audit.log import actor
    from onprem.policy.access import load_access, permit

    access = load_access(site.folder("policies"))
    grant = permit(access, "review-audit", actor())
    note.role, note.digests["access"] = grant.role, grant.digest
    return access


def _begun(site: Site, note: Note) -> None:
    """Write that an export is begun, by whom and to whom."""
    from onprem.audit.events import Event, Outcome
    from onprem.audit.log import AuditLog

    said = Event(
        "audit.export", Outcome.INTENT, note.purpose, note.role, recipient=note.recipient, digests=note.digests
    )
    AuditLog(site).append(said)


def _note(note: Note, done: Written) -> None:
    note.counts |= {"lines": done.state.tree.size, "events": done.events, "written": done.lines}
    note.digests |= {"checkpoint": done.state.tree.root().hex(), "output": done.digest}


def _summary(site: Site, access: Access, state: State, *, against: Path | None, span: tuple[str, str]) -> AuditSummary:
    from onprem.audit.log import actor
    from onprem.audit.view import View
    from onprem.report import audit_collect
    from onprem.report.audit_summary import AuditSummary
    from onprem.review.audit_words import ACTIONS

    limits = limits_of(access)
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    head = (made, actor(), *span, audit_collect.zone(limits))
    told = audit_collect.verdict(site, state, against)
    if not state.sound:
        return AuditSummary(*head, told)
    with View.open(site, limits=limits) as view:
        tree = view.state.tree  # of the same history, perhaps longer: it was verified again
        told = replace(told, size=tree.size, root=tree.root().hex())
        found = audit_collect.activity(view, *span), audit_collect.reviews(view, *span)
        return AuditSummary(*head, told, *found, audit_collect.answers(view, *span), ACTIONS)


def _check_code(text: str) -> None:
    """Refuse what is no code of a recipient.

    Raises:
        UsageError: the message does not say it.
    """
    from onprem.audit.events import CODE

    if text and not re.fullmatch(CODE, text):
        raise UsageError("--to is no code", hint="small letters, digits, - and _, as in: --to registry")


def _check_place(site: Site, path: Path) -> None:
    """Refuse a file that lies in the site or is there.

    Raises:
        OutputError: with the reason.
    """
    if path.resolve().is_relative_to(site.root):
        raise OutputError("what is exported does not belong into the site", hint="name a file outside the site")
    if os.path.lexists(path):
        raise OutputError("the file exists already", hint="name a new file")
    if not path.parent.is_dir():
        raise OutputError("the folder does not exist", hint=f"mkdir {path.parent}")


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a private file that appears as `path`, whole and durable, when the block ends well, and else not at all.

    Raises:
        OutputError: it cannot be written, or another file has come to stand there.
    """
    from onprem.vault.keys import sync_folder

    partial = path.with_name(f".{path.name}.{os.getpid()}.new")
    failed = OutputError("the file cannot be written", hint=f"check the folder of {path}")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        raise failed from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            try:
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                raise failed from None
        try:
            _appear(partial, path)
            sync_folder(path.parent)
        except OSError:
            raise failed from None
    finally:
        partial.unlink(missing_ok=True)


def _appear(partial: Path, path: Path) -> None:
    """Give a file its name, in no other's place.

    Raises:
        OutputError: there is another.
    """
    taken = OutputError("the file exists already", hint="name a new file")
    try:
        path.hardlink_to(partial)  # a rename would replace
    except FileExistsError:
        raise taken from None
    except OSError:  # a file system without hard links, such as that of many memory sticks
        if os.path.lexists(path):
            raise taken from None
        partial.rename(path)
