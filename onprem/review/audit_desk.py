"""What a reviewer of the audit log has before them, without the screen: the view, the filters, the marks, the sign-offs.

Rules: whatever is shown was read verified; when a later reading does not verify, nothing is shown any more; what was
looked at is counted, never quoted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from onprem.audit.checks import Check
from onprem.audit.runs import Run, overlap, runs_of, size, union, without
from onprem.audit.signoff import Comments, Plan, Signer, SignOff, SignOffs, note_refusal, plan, sign_off
from onprem.audit.verify import check
from onprem.audit.view import Answer, EventRow, Filters, Limits, View
from onprem.config import Site
from onprem.errors import AccessError, AuditError, OnpremError, SiteError, UsageError
from onprem.model import Severity
from onprem.policy.access import Access, permit
from onprem.review import terminal
from onprem.review.audit_words import Signature, short
from onprem.vault import custody
from onprem.vault.links import FILE as LINKS
from onprem.vault.links import LINKING, Links
from onprem.vault.subjects import Subjects

MAX_MARKS = 20_000
MAX_SUBJECTS = 100  # references of patients that were looked for, in one event


@dataclass(frozen=True, slots=True)
class Known:
    """A checkpoint that was kept elsewhere, and the keys of those one of whom must have signed it."""

    checkpoint: Path
    cosigners: Path | None = None


@dataclass(slots=True)
class Looked:
    """What was looked at, for the event at the end."""

    events: set[int] = field(default_factory=set)
    subjects: dict[str, None] = field(default_factory=dict)  # in order
    questions: int = 0
    filters: int = 0
    readings: int = 0  # of the log after the first
    signed: int = 0

    def counts(self) -> dict[str, int]:
        """Return the counts of the event."""
        return {
            "shown": len(self.events),
            "questions": self.questions,
            "filters": self.filters,
            "readings": self.readings,
            "signed": self.signed,
        }

    def references(self) -> tuple[str, ...]:
        """Return the references of the patients that were looked for, as many as an event holds."""
        return tuple(self.subjects)[:MAX_SUBJECTS]


class Desk:
    """The log of one site before one reviewer. Use as a context manager, or call `close`."""

    def __init__(self, site: Site, access: Access, login: str, *, limits: Limits, known: Known | None = None) -> None:
        """Read and verify the log, also against a checkpoint that is known.

        Raises:
            AuditError: the log does not verify, or it or the checkpoint cannot be read.
        """
        self.site, self.login, self.known = site, login, known
        self._access = access
        self.limits = limits
        self.looked = Looked()
        self.filters = Filters()
        self.marks: set[int] = set()
        self._fresh: list[Signature] = []  # made here, after the view was read
        self._comments: Comments | None = None
        self._read()

    def _read(self) -> None:
        self._compare()
        self.view = View.open(self.site, limits=self.limits)
        self._signoffs = SignOffs(self.view)
        self._fresh.clear()

    def _compare(self) -> None:
        if self.known is None:
            return
        state = check(self.site, self.known.checkpoint, cosigners=self.known.cosigners)
        if not state.sound:
            named = sorted({item.code for item in state.findings if item.severity is Severity.ERROR})
            raise AuditError(
                f"the audit log does not agree with the checkpoint: {', '.join(named)}",
                hint="keep the folder as it is and tell your security officer",
            )

    def reload(self) -> None:
        """Read and verify the log again; what was shown is dropped before.

        Raises:
            AuditError: it does not verify any more.
        """
        self.looked.readings += 1
        self.view.close()
        self._read()

    def verdict(self) -> str:
        """Return the result of the verification in one paragraph."""
        state = self.view.state
        words = f"SOUND: {state.tree.size:,} lines verified, root {short(state.tree.root().hex(), 12)}; "
        if self.known is None:
            words += "no checkpoint to compare."
        else:
            words += (
                f"same history as {'cosigned ' * bool(self.known.cosigners)}checkpoint {_name(self.known.checkpoint)}."
            )
        warnings = sum(item.severity is Severity.WARNING for item in state.findings)
        return words + (f" {warnings} warning{'s' if warnings > 1 else ''}: press v." if warnings else "")

    def count(self) -> int:
        """Return how many events the filters let through."""
        return self.view.count(self.filters)

    def page(self, offset: int, limit: int) -> list[EventRow]:
        """Return some of them, newest first."""
        return self.view.events(self.filters, limit=limit, offset=offset)

    def narrow(self, filters: Filters) -> None:
        """Show other events."""
        self.looked.filters += filters != self.filters
        self._looked_for(filters.subject)
        self.filters = filters

    def choices(self, column: str) -> list[tuple[str, int]]:
        """Return the values that a column of codes has in this log, with the number of their events."""
        if column not in ("action", "actor", "outcome", "purpose"):
            raise ValueError("no column of codes")
        answer = self.view.query(f"SELECT {column}, count(*) FROM events GROUP BY 1 ORDER BY 1")  # noqa: S608 - see above
        return [(str(value), int(str(number))) for value, number in answer.rows if value]

    def ask(self, question: Check, answers: dict[str, str]) -> Answer:
        """Answer a ready-made question, within the time of the filters."""
        self.looked.questions += 1
        self._looked_for(answers.get("subject", ""))
        span = {"since": self.filters.since, "until": self.filters.until}
        return self.view.ask(question, answers | {name: value for name, value in span.items() if value})

    def look(self, row: EventRow) -> Signature | None:
        """Note that an event is shown in full; return its sign-off."""
        self.looked.events.add(row.seq)
        found = self._signoffs.of(row.seq, row.actor)
        return Signature(found, self._comment(found)) if found is not None else self._made_here(row.seq)

    def signed_by(self, row: EventRow) -> str:
        """Return who signed an event off, "" for nobody."""
        return row.signed_off_by or (self.login if self._made_here(row.seq) is not None else "")

    def _made_here(self, seq: int) -> Signature | None:
        return next((item for item in self._fresh if item.signoff.first <= seq <= item.signoff.last), None)

    def mark(self, seq: int) -> None:
        """Mark an event, or take its mark away."""
        self.marks ^= {seq}

    def plan(self, seqs: Iterable[int]) -> Plan:
        """Say what becomes of events that the reviewer wants to sign off."""
        planned = plan(self.view, runs_of(seqs), login=self.login)
        fresh = union((item.signoff.first, item.signoff.last) for item in self._fresh)
        again = overlap(planned.ready, fresh)
        return replace(
            planned, ready=tuple(without(planned.ready, fresh)), signed=tuple(union([*planned.signed, *again]))
        )

    def reference(self, number: str) -> str:
        """Return the reference of the patient of this number.

        Raises:
            UsageError: this site knows no such patient; the message does not say the number.
            SiteError: the vault is locked.
        """
        self._unlocked()
        unknown = UsageError("this site knows no patient of this number", hint="another number of the patient may do")
        if not (self.site.folder("vault") / LINKS).exists():
            raise unknown
        with Links.open(self.site, readonly=True) as links:
            key = links.subject((kind, number) for kind in LINKING)
        if key is None:
            raise unknown
        with Subjects.open(self.site, readonly=True) as subjects:
            return subjects.reference(key)

    def signer(self) -> Signer:
        """Return as whom the reviewer signs off.

        Raises:
            AccessError: access.toml does not permit it.
        """
        grant = permit(self._access, "sign-off", self.login)
        return Signer(grant.role, grant.digest)

    def sign_off(self, planned: Plan, comment: str) -> range:
        """Sign off what is ready; return the numbers of the events that say so.

        Raises:
            OnpremError: as `onprem.audit.signoff.sign_off`.
        """
        signer = self.signer()
        if comment:
            self._unlocked()
        written = sign_off(self.site, self.view, planned, signer=signer, comment=comment)
        self._remember(written, planned.ready, signer, comment)
        self.looked.signed += size(planned.ready)
        return written

    def refused(self, error: OnpremError) -> None:
        """Write that a sign-off was asked for which is not permitted."""
        if isinstance(error, AccessError):
            note_refusal(self.site, error)

    def _remember(self, written: range, runs: tuple[Run, ...], signer: Signer, comment: str) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        for seq, (first, last) in zip(written, runs, strict=True):
            made = SignOff(seq, now, self.login, signer.role, first, last, "")
            self._fresh.append(Signature(made, comment))

    def _comment(self, found: SignOff) -> str:
        if not found.comment:
            return ""
        try:
            if self._comments is None:
                self._unlocked()
                self._comments = Comments.open(self.site, readonly=True)
            return self._comments.read(found.comment)
        except SiteError as error:
            return f"({error.message})"

    def _unlocked(self) -> None:
        if custody.locked(self.site):  # a passphrase cannot be asked for under the screen
            raise SiteError("the vault is locked", hint="begin again with: onprem audit review --comments")

    def _looked_for(self, subject: str) -> None:
        if subject:
            self.looked.subjects[subject] = None

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop the view and close the comments."""
        self.view.close()
        if self._comments is not None:
            self._comments.close()


def _name(path: Path) -> str:
    """Return the name of a file, its middle left out when it is long."""
    return path.name if len(path.name) <= 24 else f"{path.name[:12]}{terminal.MORE}{path.name[-11:]}"
