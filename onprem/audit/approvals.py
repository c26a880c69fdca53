"""Approvals: an event by which another person says that a release may be made, and the search for it.

Rules: an approval is for one policy, by its digest, and one recipient, and is good for some days; whoever gives it is
not who uses it. Its reference is the beginning of the event's leaf hash, so it stands for this event and no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from onprem.audit.events import Entry, Event, Outcome, parse
from onprem.audit.log import REFERENCE_DIGITS, AuditLog, standing
from onprem.audit.merkle import leaf_hash
from onprem.audit.segments import read_segment
from onprem.config import Site
from onprem.errors import AccessError, AuditError

ACTION = "approval.give"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an approval must be good for: the policy's digest, the recipient's code ("" for none), `days` from its giving."""

    policy: str
    recipient: str
    days: int


def give(site: Site, wanted: Wanted, *, by: str, role: str, access: str) -> str:
    """Write the approval of `by`, whose identity the caller has checked; return its reference (32 hex digits).

    Raises:
        AuditError: the event cannot be written.
    """
    digests = {"policy": wanted.policy, "access": access}
    event = Event(
        ACTION,
        Outcome.DONE,
        purpose="release",
        role=role,
        recipient=wanted.recipient,
        second=by,
        counts={"days": wanted.days},
        digests=digests,
    )
    return AuditLog(site).append_named(event)


def check(site: Site, reference: str, wanted: Wanted, *, login: str) -> None:
    """Say nothing where the approval is good for what is wanted by `login` now.

    Raises:
        AccessError: there is none of this reference, or it is for something else, too old, or one's own.
        AuditError: the log cannot be read.
    """
    found = _find(site, reference)
    if found is None:
        raise AccessError("there is no approval of this reference", hint="another person gives it: onprem approve")
    event = found.event
    given = datetime.fromisoformat(found.utc)
    age = datetime.now(UTC) - given
    problems = {
        "it was given for another policy": event.digests.get("policy") != wanted.policy,
        "it was given for another recipient": event.recipient != wanted.recipient,
        "it has expired": age > timedelta(days=min(wanted.days, event.counts.get("days", 0))),
        "it is your own": event.second == login,
    }
    if wrong := [words for words, is_so in problems.items() if is_so]:
        raise AccessError(f"the approval does not hold: {', '.join(wrong)}", hint="ask for another: onprem approve")


def _find(site: Site, reference: str) -> Entry | None:
    """Look through the log from its end: an approval in use is a recent one."""
    mark = f'"action":"{ACTION}"'.encode()
    for path in reversed(standing(site.folder("audit"))):
        try:
            content = read_segment(path)
        except ValueError:
            raise AuditError("the audit log does not verify", hint="onprem audit verify") from None
        for line in content.split(b"\n"):
            if mark not in line or leaf_hash(line).hex()[:REFERENCE_DIGITS] != reference:
                continue
            try:
                entry = parse(line)
            except ValueError:
                continue
            if entry.event.action == ACTION:
                return entry
    return None
