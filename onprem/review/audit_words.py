"""Audit events in plain words, for readers who are no programmers.

Rules: nothing is shown that the log does not say; a code that has no words here is shown as it is; what an event does
not say is left out, not invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from onprem.audit.events import Outcome
from onprem.review import terminal

if TYPE_CHECKING:
    from onprem.audit.signoff import SignOff
    from onprem.audit.view import EventRow, Limits

# action -> (words for the list, for the details); nouns, because it may have been refused
ACTIONS: dict[str, tuple[str, str]] = {
    "approval.ask": ("Approval asked for", "Asking another person to approve what is meant to be released"),
    "approval.give": ("Approval", "Approval of what another person wants to do"),
    "ask": ("Question to documents", "A question that a language model answered from local documents"),
    "audit.ask": ("Question to the log", "A ready-made question to the audit log"),
    "audit.checkpoint": ("Checkpoint", "Signature on the size and the root of the audit log"),
    "audit.cosign": ("Cosignature", "Second signature on a checkpoint"),
    "audit.export": ("Export of the log", "Writing events of the audit log to a file"),
    "audit.list": ("List of the log", "Listing events of the audit log"),
    "audit.query": ("Query of the log", "A question to the audit log in the person's own words (SQL)"),
    "audit.repair": ("Repair of a cut line", "Closing a line of the log that a crash had cut"),
    "audit.report": ("Report on the log", "Writing a report of the audit log"),
    "audit.retire": ("Moving out old events", "Moving old parts of the audit log to another place"),
    "audit.review": ("Review of the log", "Reading the audit log on this screen"),
    "audit.seal": ("Packing of old events", "Compressing full parts of the audit log"),
    "audit.signoff": ("Sign-off", "Signing events of the audit log off"),
    "audit.verify": ("Verification", "Checking that nobody has changed the audit log"),
    "chat": ("Conversation", "A conversation with a language model of the site"),
    "chat.list": ("List of transcripts", "Listing the conversations that were kept"),
    "chat.show": ("Transcript shown", "Reading a conversation that was kept"),
    "deid": ("De-identification", "De-identification of records"),
    "deid.subjects": ("Patients of a run", "Whose records a run reads, by reference"),
    "doctor.run": ("Machine check", "Checking this machine and the site"),
    "eval": ("Measurement", "Measuring detectors or a trained model on texts with known answers"),
    "extract": ("Values from records", "Extracting values from records by a language model"),
    "model.add": ("Model added", "Putting a language model on the shelf"),
    "model.list": ("List of models", "Listing the language models"),
    "model.remove": ("Model removed", "Taking a language model off the shelf"),
    "model.show": ("Model shown", "Showing a language model"),
    "model.verify": ("Models verified", "Comparing language models with what was added"),
    "policy.check": ("Policy check", "Checking a policy"),
    "policy.column": ("Column of a table", "Telling the site what a column of a table holds"),
    "policy.diff": ("Policies compared", "Comparing two policies"),
    "policy.list": ("List of policies", "Listing the policies"),
    "policy.show": ("Policy shown", "Showing a policy"),
    "review.decide": ("Decision on a record", "Deciding what becomes of a held record or a doubtful place"),
    "review.open": ("Held records opened", "Looking at held records, with their text"),
    "screen": ("Synthetic data screened", "Measuring whether a synthetic set betrays records"),
    "serve.close": ("Model no longer served", "Closing the socket at which programs of this host used a model"),
    "serve.open": ("Model served", "Opening a socket at which programs of this host may use a model"),
    "site.init": ("New site", "Making the site, with its keys"),
    "summarise": ("Briefs of records", "Summarising records by a language model"),
    "synth": ("Synthetic data", "Making synthetic patients, notes or dialogues"),
    "train": ("Training of a model", "Training a small model on labelled texts"),
    "vault.enrol": ("Passphrase set", "Setting the passphrase of a second person"),
    "vault.init": ("New vault", "Making the vault of secrets"),
    "vault.reveal": ("Reveal of an identity", "Looking up the person behind a code or an invented name"),
    "vault.rotate": ("Change of keys", "New keys in the place of the old ones"),
    "vault.shred": ("Forgetting of patients", "Destroying the secrets of patients, so that nobody can find them again"),
    "vault.split": ("Split of the key", "Splitting the key of the vault between people"),
    "vault.status": ("State of the vault", "Asking for the state of the vault"),
    "vault.unlock": ("Unlocking of the vault", "Unlocking the vault with a passphrase"),
    "verify": ("Search for leaks", "Searching released files for what should not be in them"),
    "verify.run": ("Search for leaks", "Searching released files for what should not be in them"),
}

# outcome -> (words for the list, how it ended). `!` and `?` stand where colour would.
OUTCOMES: dict[str, tuple[str, str]] = {
    Outcome.INTENT: ("begun", "Begun: this was written before anything was done"),
    Outcome.DONE: ("done", "Done"),
    Outcome.HELD: ("? held", "Done, but some records were held back or a check failed"),
    Outcome.REFUSED: ("! refused", "Refused: nothing was done"),
    Outcome.FAILED: ("! failed", "Failed"),
    Outcome.INTERRUPTED: ("? stopped", "Stopped before its end"),
}

PURPOSES: dict[str, str] = {
    "release": "to release records",
    "dry-run": "as a trial run, nothing was written",
    "break-glass": "EMERGENCY ACCESS (break-glass)",
}

DIGEST_WORDS: dict[str, str] = {
    "access": "access rules",
    "checkpoint": "log as it was",
}

SHORT = 16  # characters of a digest or reference that are shown


@dataclass(frozen=True, slots=True)
class Signature:
    """A sign-off as it is shown: what the log says, and the comment or why it cannot be shown."""

    signoff: SignOff
    comment: str


def action_words(action: str) -> str:
    """Return the words of an action for the list, the code itself if it has none."""
    return ACTIONS[action][0] if action in ACTIONS else action


def outcome_words(outcome: str) -> str:
    """Return the words of an outcome for the list."""
    return OUTCOMES[outcome][0] if outcome in OUTCOMES else outcome


def plain(code: str) -> str:
    """Return a code as words: `torn_bytes` is `torn bytes`."""
    return code.replace("_", " ").replace("-", " ")


def short(digest: str, characters: int = SHORT) -> str:
    """Return the beginning of a digest, in groups of four that can be compared aloud."""
    groups = [digest[start : start + 4] for start in range(0, characters, 4)]
    return " ".join(groups) + terminal.MORE * (len(digest) > characters)


def local(utc: str, limits: Limits) -> datetime | None:
    """Return the hospital's time of an event; None for digits that are no time."""
    try:
        moment = datetime.fromisoformat(utc)
    except ValueError:
        return None
    return moment.astimezone(timezone(timedelta(minutes=limits.utc_offset_minutes)))


def clock(utc: str, limits: Limits) -> str:
    """Return the hospital's time for the list: `2026-11-26 14:03`."""
    moment = local(utc, limits)
    return moment.strftime("%Y-%m-%d %H:%M") if moment is not None else utc[:16]


def zone(limits: Limits) -> str:
    """Return how far the hospital's time is from UTC: `UTC+01:00`."""
    minutes = abs(limits.utc_offset_minutes)
    sign = "-" if limits.utc_offset_minutes < 0 else "+"
    return f"UTC{sign}{minutes // 60:02d}:{minutes % 60:02d}" if minutes else "UTC"


def off_hours(moment: datetime, limits: Limits) -> bool:
    """Say whether a local time lies outside of working hours, as the check of this name sees it."""
    time = moment.strftime("%H:%M")
    if limits.opening < limits.closing:
        inside = limits.opening <= time < limits.closing
    else:  # past midnight, or never closed
        inside = time >= limits.opening or time < limits.closing
    return moment.isoweekday() not in limits.days or not inside


def to_utc(moment: datetime, limits: Limits) -> str:
    """Return the UTC time, in the log's own form, of a time on the hospital's clock."""
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=limits.utc_offset_minutes)))
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def detail(row: EventRow, limits: Limits, *, full: bool, signed: Signature | None) -> list[tuple[str, str]]:
    """Return everything that an event says, as (label, words); with `full`, digests and references unshortened."""
    show = str if full else short
    told = [
        ("What", _what(row)),
        ("Outcome", _outcome(row)),
        ("Who", f"{row.actor}, as {plain(row.role)}"),
        *_when(row, limits),
        ("Whose", _whose(row, full=full)),
        ("Counts", _counts(row.counts)),
        ("Approval", f"by the event with reference {show(row.approval)}" if row.approval else ""),
        ("Given to", row.recipient),
        ("Second person", row.second),
        *_digests(row.digests, full=full),
        ("Program", f"onprem {row.version}; start of the machine {row.boot if full else row.boot[:8]}"),
        ("Signed off", _signed(row, limits, signed)),
    ]
    return [(label, words) for label, words in told if words]


def _what(row: EventRow) -> str:
    words = ACTIONS[row.action][1] if row.action in ACTIONS else "Something that this version has no words for"
    purpose = f", {PURPOSES.get(row.purpose, 'for ' + plain(row.purpose))}" if row.purpose else ""
    return f"{words}{purpose} ({row.action})"


def _outcome(row: EventRow) -> str:
    words = OUTCOMES[row.outcome][1] if row.outcome in OUTCOMES else row.outcome
    return f"{words} ({row.error})" if row.error else words


def _when(row: EventRow, limits: Limits) -> list[tuple[str, str]]:
    moment = local(row.utc, limits)
    if moment is None:
        return [("When", f"{row.utc} (no time at all: the clock was wrong)")]
    outside = ", outside working hours" if off_hours(moment, limits) else ""
    return [
        ("When", f"{moment:%a %-d %b %Y, %H:%M:%S}, hospital time ({zone(limits)}){outside}"),
        ("", f"{row.utc[:10]} {row.utc[11:19]} UTC"),
    ]


def _whose(row: EventRow, *, full: bool) -> str:
    if not row.subjects:
        return ""
    shown = row.subjects if full else row.subjects[:2]
    more = f" and {len(row.subjects) - len(shown)} more" if len(shown) < len(row.subjects) else ""
    people = "1 patient" if len(row.subjects) == 1 else f"{len(row.subjects)} patients"
    return f"{people}, by reference: {', '.join(item if full else short(item) for item in shown)}{more}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{plain(key)} {value:,}" for key, value in counts.items())


def _digests(digests: Mapping[str, str], *, full: bool) -> list[tuple[str, str]]:
    labels = ["Digests"] + [""] * len(digests)
    named = [(DIGEST_WORDS.get(key, plain(key)), value) for key, value in digests.items()]
    return [
        (label, f"{name}: {value if full else short(value)}")
        for label, (name, value) in zip(labels, named, strict=False)
    ]


def _signed(row: EventRow, limits: Limits, signed: Signature | None) -> str:
    if signed is None:
        return f"by {row.signed_off_by}" if row.signed_off_by else "not yet"
    comment = f": {signed.comment}" if signed.comment else ", without a comment"
    return f"by {signed.signoff.actor} on {clock(signed.signoff.utc, limits)} (event {signed.signoff.seq:,}){comment}"
