"""`onprem audit query` and `onprem audit ask`: questions to the checked view of the log.

Rules: the log is verified before it answers; asking is itself logged, with the name of the question and the number of
rows, never with SQL; a patient's number is typed at the terminal or comes from standard input, never from the command
line, and is turned into the reference that the log knows.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.cli import JsonOption, SiteOption, open_site, render
from onprem.errors import InputError, UsageError

if TYPE_CHECKING:
    from onprem.audit.checks import Check
    from onprem.audit.log import Note
    from onprem.audit.view import Answer, Limits, View
    from onprem.config import Site
    from onprem.policy.access import Access

_TIME = re.compile(r"\d{4}-\d\d-\d\d(T\d\d(:\d\d(:\d\d)?)?)?")
_PURPOSE = "ask."  # before the name of a question: to ask about break-glass is no break-glass
_MAX_NUMBER = 200  # characters of a patient's number
_ANY = "0" * 32  # stands for a reference that is yet to be worked out

LimitOption = Annotated[int, typer.Option("--limit", min=1, max=1_000_000, help="Rows at most.")]
AgainstOption = Annotated[
    Path | None, typer.Option("--against", metavar="FILE", help="A checkpoint kept elsewhere, to compare with.")
]
CosignersOption = Annotated[
    Path | None,
    typer.Option("--cosigners", metavar="FILE", help="Keys of those one of whom must have signed the checkpoint."),
]
SinceOption = Annotated[str, typer.Option("--since", metavar="UTC", help="From this time, 2026-01-31T08:00.")]
UntilOption = Annotated[str, typer.Option("--until", metavar="UTC", help="Before this time.")]


def query(
    sql: Annotated[str, typer.Argument(metavar="[SQL]", help="One SELECT, in quotes.", show_default=False)] = "",
    *,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Read the SQL from a file, - for standard input.")
    ] = None,
    limit: LimitOption = 10_000,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Answer one SELECT of your own over the events of the log.

    Tables: events (seq, utc, time, local, actor, role, action, outcome, purpose, approval, recipient, second, subjects,
    counts, digests, error, version, boot, reference) and signoffs (seq, utc, actor, first, last). Subjects are a
    list of references; counts and digests are maps: counts['records']. Nothing but these can be read, and nothing can be
    written.
    """
    from onprem.audit.log import audited

    if bool(sql) is (file is not None):
        raise UsageError("give one SQL statement", hint='onprem audit query "SELECT ...", or --file FILE')
    opened = open_site(site)
    with audited(opened, "audit.query") as note:
        access = _permit(opened, note)
        with _open(opened, access) as view:
            answer = view.query(sql if file is None else _read(file), limit=limit)
            note.counts = {"lines": view.state.tree.size, "rows": len(answer.rows)}
    _print(answer, limit, json=json)


def ask(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="Which question; none lists them.", show_default=False)
    ] = "",
    *,
    everything: Annotated[bool, typer.Option("--all", help="All questions that need no answer from you.")] = False,
    subject: Annotated[str, typer.Option("--subject", metavar="REF", help="Reference of a patient.")] = "",
    patient: Annotated[bool, typer.Option("--patient", help="Type a patient's number, or pipe it in.")] = False,
    login: Annotated[str, typer.Option("--actor", metavar="LOGIN", help="Login name of a user.")] = "",
    since: SinceOption = "",
    until: UntilOption = "",
    limit: LimitOption = 10_000,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Answer a ready-made question about the log; with --all, exit code 1 when something is to be seen to.

    To be seen to is a row of a question of severity warning or error that nobody has signed off yet.
    """
    from onprem.audit.checks import checks
    from onprem.audit.view import check_answers

    check_times(since, until)
    family = checks()
    if not name and not everything:
        _list(family, json=json)
        return
    if everything and (name or subject or patient or login):
        raise UsageError("--all asks the questions that need nothing", hint="give a name, or --all")
    if subject and patient:
        raise UsageError("one patient, please", hint="give --subject REF or --patient")
    given = {"subject": subject, "actor": login, "since": since, "until": until}
    answers = {key: value for key, value in given.items() if value}
    if everything:
        if _ask_all(open_site(site), [item for item in family if not item.parameters], answers, json=json):
            raise typer.Exit(1)
        return
    check = _named(family, name)
    if "subject" in check.parameters and not subject and not patient:
        raise UsageError("whose? this question is about one patient", hint=f"onprem audit ask {check.name} --patient")
    check_answers(check, answers | ({"subject": _ANY} if patient else {}))
    answer = _ask_one(open_site(site), check, answers, limit=limit, patient=patient)
    if not json:
        render.talk(check.title)
        render.talk(check.explanation)
        unsigned = sum(row[-1] == "" for row in answer.rows)
        render.talk(f"rows: {len(answer.rows):,}; about events that nobody has signed off: {unsigned:,}")
    _print(answer, limit, json=json)


def check_cosigners(against: Path | None, cosigners: Path | None) -> None:
    """Refuse cosigners where no checkpoint is given that they could have signed.

    Raises:
        UsageError: there is none.
    """
    if cosigners is not None and against is None:
        raise UsageError("cosigners sign checkpoints, and none is given", hint="add --against FILE")


def check_times(since: str, until: str) -> None:
    """Refuse what is no UTC time or its beginning: times are compared as text.

    Raises:
        UsageError: one of them has another form.
    """
    for option, given in (("--since", since), ("--until", until)):
        if given and not _TIME.fullmatch(given):
            raise UsageError(f"{option} is not a UTC time", hint="write it as 2026-01-31 or 2026-01-31T08:00")


def limits_of(access: Access) -> Limits:
    """Return where the ordinary ends at a site, for `View.open`."""
    from onprem.audit.view import Limits

    hours = access.hours
    return Limits(
        opening=hours.opening,
        closing=hours.closing,
        days=hours.days,
        utc_offset_minutes=hours.utc_offset_minutes,
        bulk_records=access.bulk_records,
        approval_days=access.approval_days,
    )


def _permit(site: Site, note: Note) -> Access:
    from onprem.audit.log import actor
    from onprem.policy.access import load_access, permit

    access = load_access(site.folder("policies"))
    grant = permit(access, "review-audit", actor())
    note.role, note.digests["access"] = grant.role, grant.digest
    return access


def _open(site: Site, access: Access) -> View:
    from onprem.audit.view import View

    return View.open(site, limits=limits_of(access))


def _ask_one(site: Site, check: Check, answers: dict[str, str], *, limit: int, patient: bool) -> Answer:
    from onprem.audit.log import audited

    with audited(site, "audit.ask", purpose=_PURPOSE + check.name) as note:
        access = _permit(site, note)
        if patient:
            answers = answers | {"subject": _reference(site)}
        with _open(site, access) as view:
            answer = view.ask(check, answers, limit=limit)
            note.counts = {"lines": view.state.tree.size, "rows": len(answer.rows)}
        if "subject" in check.parameters:
            note.subjects = (answers["subject"],)  # whose log was looked through is itself of interest
    return answer


def _ask_all(site: Site, family: Sequence[Check], answers: dict[str, str], *, json: bool) -> bool:
    """Count the rows of every question; say whether something is to be seen to."""
    from onprem.audit.events import Outcome
    from onprem.audit.log import audited
    from onprem.model import Severity

    rows: list[tuple[object, ...]] = []
    open_rows = 0
    with audited(site, "audit.ask", purpose=_PURPOSE + "all") as note:
        access = _permit(site, note)
        with _open(site, access) as view:
            for check in family:
                tally = view.tally(check, answers)
                matters = check.severity is not Severity.INFO
                result = "ok" if matters and not tally.unsigned else str(check.severity)
                rows.append((check.name, result, tally.rows, tally.unsigned, check.title))
                open_rows += tally.unsigned if matters else 0
            note.counts = {
                "lines": view.state.tree.size,
                "rows": sum(int(str(row[2])) for row in rows),
                "open": open_rows,
            }
        note.outcome = Outcome.HELD if open_rows else Outcome.DONE
    render.table(("name", "result", "rows", "unsigned", "title"), rows, json=json)
    return open_rows > 0


def _list(family: Sequence[Check], *, json: bool) -> None:
    rows = [(item.key, item.name, str(item.severity), " ".join(item.parameters), item.title) for item in family]
    render.table(("key", "name", "severity", "needs", "title"), rows, json=json)


def _named(family: Sequence[Check], name: str) -> Check:
    for item in family:
        if name in {item.name, str(item.key)}:
            return item
    near = difflib.get_close_matches(name, [item.name for item in family], n=1)
    raise UsageError(
        "there is no question of this name", hint=f"onprem audit ask {near[0]}" if near else "onprem audit ask"
    )


def _reference(site: Site) -> str:
    """Return the reference of the patient whose number is typed or piped in.

    Raises:
        UsageError: none is given, or this site knows no patient of this number; the message does not say it.
    """
    from onprem.vault.links import FILE, LINKING, Links
    from onprem.vault.subjects import Subjects

    number = _typed()
    unknown = UsageError(
        "this site knows no patient of this number", hint="try another number of the patient, as in a file"
    )
    if not (site.folder("vault") / FILE).exists():
        raise unknown
    with Links.open(site, readonly=True) as links:
        key = links.subject((kind, number) for kind in LINKING)
    if key is None:
        raise unknown
    with Subjects.open(site, readonly=True) as subjects:
        return subjects.reference(key)


def _typed() -> str:
    if sys.stdin.isatty():
        from getpass import getpass

        render.talk("type the patient's number, it is not shown:")
        number = getpass("")
    else:
        number = sys.stdin.readline(_MAX_NUMBER + 2)
    number = number.strip()
    if not 0 < len(number) <= _MAX_NUMBER:
        raise UsageError("no patient's number was given", hint="type one, or pipe one line in")
    return number


def _read(path: Path) -> str:
    from onprem.store import MAX_SQL

    try:
        if str(path) == "-":
            return sys.stdin.read(MAX_SQL + 1)
        with path.open(encoding="utf-8") as file:
            return file.read(MAX_SQL + 1)
    except (OSError, UnicodeDecodeError):
        raise InputError("the SQL cannot be read", hint=f"check {path}") from None


def _print(answer: Answer, limit: int, *, json: bool) -> None:
    rows = answer.rows if json else [tuple(map(_in_words, row)) for row in answer.rows]
    render.table(answer.columns, rows, json=json)
    if answer.cut:
        render.talk(f"there are more rows than {limit:,}: narrow the question, or give --limit")


def _in_words(value: object) -> object:
    if isinstance(value, dict):
        return " ".join(f"{key}={item}" for key, item in value.items())
    return " ".join(map(str, value)) if isinstance(value, list) else value
