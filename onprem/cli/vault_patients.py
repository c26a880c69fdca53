"""`onprem vault reveal` and `onprem vault shred`: what concerns one patient.

Codes and numbers name patients, so they are typed or piped in and never arguments; a reference of the audit log may be
one. `reveal` is the one command whose output holds values of records: the event stands in the log before the first of
them is shown, and where it cannot be written nothing is.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.cli import JsonOption, SiteOption, open_site, passphrase, render
from onprem.errors import InputError, UsageError

if TYPE_CHECKING:
    from onprem.audit.log import Note
    from onprem.config import Site
    from onprem.vault.codes import Revealed

MAX_CODES = 1_000  # of one reveal
_MAX_INPUT = 100_000  # characters of standard input
_REFERENCE_DIGITS = 32


class Reason(StrEnum):
    """Why a code is revealed."""

    TREATMENT = "treatment"
    SAFETY = "safety"
    RESEARCH_CONTACT = "research-contact"
    QUALITY = "quality"
    LEGAL = "legal"
    SUBJECT_REQUEST = "subject-request"
    BREAK_GLASS = "break-glass"  # an emergency: no role and no second person are asked for, and it is reviewed


class Kind(StrEnum):
    """Whose number it is."""

    PATIENT = "patient"
    RECORD = "record"
    NATIONAL = "national"
    ENCOUNTER = "encounter"


SecondOption = Annotated[str, typer.Option("--second", metavar="LOGIN", help="The second person; else asked for.")]


def reveal(
    reason: Annotated[Reason, typer.Option("--reason", help="Why; break-glass is for emergencies.")],
    second: SecondOption = "",
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Show what released codes stand for; codes are read from standard input, one a line."""
    from onprem.audit.log import audited
    from onprem.cli.second_person import agreed, break_glass
    from onprem.vault import custody
    from onprem.vault.codes import Codes
    from onprem.vault.links import Links
    from onprem.vault.subjects import Subjects

    opened = open_site(site)
    codes = _codes(_given("codes, one a line, then an empty line", most=MAX_CODES))
    with audited(opened, "vault.reveal", purpose=reason.value) as note:
        custody.root(opened)
        emergency = reason is Reason.BREAK_GLASS
        (break_glass(opened) if emergency else agreed(opened, "reveal", second=second)).note(note)
        with Links.open(opened) as links, Subjects.open(opened) as subjects, Codes.open(opened, subjects) as store:
            found = list(store.reveal(codes))
            current = {item.subject: links.current(item.subject) for item in found}
            numbers = {key: store.numbers(key) for key in current.values()}
            references = sorted({subjects.reference(key) for key in current.values()})
        known = {item.code for item in found}
        note.counts = {"codes": len(codes), "found": len(known), "patients": len(references)}
        _write_intent(opened, note, references)
        _show([(item, numbers[current[item.subject]]) for item in found], json=json)
    if len(known) < len(codes):
        render.talk(f"{len(codes) - len(known)} of {len(codes)} codes are not known here")
        raise typer.Exit(1)


def _write_intent(site: Site, note: Note, references: Sequence[str]) -> None:
    """Write who will see whose values, durably, before they do: one event for each 100 patients."""
    from onprem.audit.events import MAX_REFERENCES, Event, Outcome
    from onprem.audit.log import AuditLog

    groups = [tuple(references[at : at + MAX_REFERENCES]) for at in range(0, len(references), MAX_REFERENCES)] or [()]
    note.subjects = groups[0] if len(groups) == 1 else ()
    events = [
        Event(
            "vault.reveal",
            Outcome.INTENT,
            purpose=note.purpose,
            role=note.role,
            second=note.second,
            subjects=group,
            counts=note.counts,
            digests=note.digests,
        )
        for group in groups
    ]
    AuditLog(site).append_group(events)


def _show(found: Sequence[tuple[Revealed, tuple[str, ...]]], *, json: bool) -> None:
    rows = []
    for item, numbers in found:
        patient = list(dict.fromkeys((*item.numbers, *numbers)))
        values = list(item.values)
        shown = (values, patient) if json else (" | ".join(values), " | ".join(patient))
        rows.append((f"[{item.code}]", item.label, *shown))
    render.table(("code", "label", "value", "patient"), rows, json=json)


def shred(
    reference: Annotated[
        str, typer.Argument(metavar="[REFERENCE]", help="The patient's reference in the audit log; else a number.")
    ] = "",
    kind: Annotated[Kind | None, typer.Option("--kind", help="Whose number it is, where that is not clear.")] = None,
    second: SecondOption = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Forget a patient: no code or shift of theirs can be made or explained again. The number is typed or piped in."""
    from onprem.audit.events import Event, Outcome
    from onprem.audit.log import AuditLog, audited
    from onprem.cli.second_person import agreed
    from onprem.vault import custody
    from onprem.vault.links import LINKING
    from onprem.vault.shred import find
    from onprem.vault.shred import shred as forget

    if reference and not (len(reference) == _REFERENCE_DIGITS and set(reference) <= set("0123456789abcdef")):
        raise UsageError("that is no reference of the audit log", hint="a patient's number is typed, never an argument")
    opened = open_site(site)
    number = "" if reference else _number(_given("number of the patient", most=1))
    with audited(opened, "vault.shred") as note:
        custody.root(opened)
        agreed(opened, "shred", second=second).note(note)
        with custody.at_rest(opened):
            target = find(opened, reference=reference, number=number, kinds=LINKING if kind is None else (kind.value,))
            if target is None:
                raise InputError("the vault knows no such patient", hint="numbers are looked up as tables wrote them")
            stopped = sum(path.is_dir() for path in opened.folder("work").iterdir())
            question = f"Shred patient {target.references[0]} with {target.codes} codes"
            question += f", and {stopped} stopped runs with them" if stopped else ""
            passphrase.confirmed(f"{question}? It cannot be undone.", yes=yes)
            note.subjects = target.references[:100]
            intent = Event(
                "vault.shred",
                Outcome.INTENT,
                role=note.role,
                second=note.second,
                subjects=note.subjects,
                counts={"codes": target.codes},
                digests=note.digests,
            )
            AuditLog(opened).append(intent)
            done = forget(opened, target)
        note.counts = done.counts()
    if json:
        render.document({"reference": target.references[0], **done.counts()}, json=True)
    else:
        render.talk(f"shredded: {done.secrets} secrets, {done.codes} codes, {done.numbers} numbers, {done.runs} runs")
        render.talk("backups of the site's vault still hold the patient until they are overwritten or destroyed")


def _given(label: str, *, most: int) -> list[str]:
    """Return the lines of standard input, or those typed at a prompt up to an empty one or `most`."""
    if sys.stdin.isatty():
        lines: list[str] = []
        while len(lines) < most and (line := passphrase.typed("next" if lines else label)):
            lines.append(line)
        return lines
    try:
        content = sys.stdin.read(_MAX_INPUT + 1)
    except UnicodeDecodeError:
        raise UsageError("standard input is no text", hint="pipe in UTF-8") from None
    if len(content) > _MAX_INPUT:
        raise UsageError(f"standard input has more than {_MAX_INPUT} characters")
    return [line.strip() for line in content.splitlines() if line.strip()]


def _codes(lines: Sequence[str]) -> list[str]:
    from onprem.vault.codes import read_code

    codes = []
    for position, line in enumerate(lines, start=1):
        code = read_code(line)
        if code is None:
            raise UsageError(f"line {position} is no code", hint="write codes as they were released, one a line")
        codes.append(code)
    codes = list(dict.fromkeys(codes))
    if not 0 < len(codes) <= MAX_CODES:
        raise UsageError(f"give 1 to {MAX_CODES} codes", hint="pipe them in, one a line")
    return codes


def _number(lines: Sequence[str]) -> str:
    if len(lines) != 1:
        raise UsageError("give one number, of one patient", hint="pipe it in, or type it")
    return lines[0]
