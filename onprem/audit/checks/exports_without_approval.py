"""What left the site without a valid approval of another person.

An export is a de-identification run of purpose `release` that published something (done, or done with records held),
or any event that names a recipient. The approval must be in the log before it, by another person, young enough, and for
the same thing: the digests of input, policy and settings that both events bear must agree.
"""

from __future__ import annotations

from onprem.audit.checks.contract import Check, Past, Sample, reference_of
from onprem.audit.events import Event, Outcome
from onprem.model import Severity

_APPROVED = Past(
    "2026-03-02T09:00:00",
    "batch",  # the account that both use
    Event("approval.give", Outcome.DONE, role="privacy-officer", second="paula", digests={"input": "1" * 64}),
)
_REFERENCE = reference_of(_APPROVED)


def _release(approval: str, *, of: str = "1" * 64, recipient: str = "") -> Event:
    return Event(
        "deid",
        Outcome.DONE,
        purpose="release",
        approval=approval,
        recipient=recipient,
        counts={"records": 40},
        digests={"input": of, "policy": "2" * 64},
    )


CHECK = Check(
    name="exports-without-approval",
    key=7,
    title="What left the site without an approval?",
    explanation=(
        "Every release of records, and everything given to a named recipient, without a valid approval: none was given, "
        "it is not in the log before the release, it is the person's own, it was too old, or it was for something else. "
        "Where access.toml asks for no approval, this lists all releases: sign them off once you have looked at them. "
        "What was copied off this machine by other means does not show."
    ),
    basis="45 CFR 164.308(a)(4), access authorisation; 45 CFR 164.308(a)(1)(ii)(D); ISO 27789",
    sql="""
        SELECT * FROM (
            SELECT e.seq, e.utc, e.actor, e.action, e.recipient, coalesce(e.counts['records'], 0) AS records, CASE
                WHEN e.approval = '' THEN 'none was given'
                WHEN a.seq IS NULL OR a.seq >= e.seq THEN 'it is not in the log before'
                WHEN coalesce(nullif(a.second, ''), a.actor) = e.actor THEN 'it is the person''s own'
                WHEN coalesce(e.time - a.time > to_days($approval_days), true) THEN 'it was too old'
                WHEN e.digests['input'] <> a.digests['input'] OR e.digests['policy'] <> a.digests['policy']
                    OR e.digests['settings'] <> a.digests['settings'] THEN 'it was for something else'
            END AS approval
            FROM events e LEFT JOIN (SELECT * FROM events WHERE action = 'approval.give' AND outcome = 'done') a
            ON e.approval <> '' AND a.reference = e.approval
            WHERE e.outcome IN ('done', 'held') AND e.action <> 'approval.give'
                AND ((e.action = 'deid' AND e.purpose = 'release') OR e.recipient <> '')
        ) WHERE approval IS NOT NULL
    """,
    severity=Severity.WARNING,
    sound=Sample(
        (
            _APPROVED,
            Past("2026-03-02T10:00:00", "batch", _release(_REFERENCE)),
            Past("2026-03-02T11:00:00", "batch", Event("deid", Outcome.DONE, purpose="dry-run")),
            Past("2026-03-02T12:00:00", "batch", Event("deid", Outcome.FAILED, purpose="release", error="InputError")),
        )
    ),
    broken=Sample(
        (
            _APPROVED,
            Past("2026-03-02T10:00:00", "batch", _release("")),
            Past("2026-03-02T10:01:00", "batch", _release("f" * 32, recipient="registry")),
            Past("2026-03-02T10:02:00", "paula", _release(_REFERENCE)),
            Past("2026-03-02T10:03:00", "batch", _release(_REFERENCE, of="3" * 64)),
            Past("2026-03-02T10:04:00", "anna", Event("audit.export", Outcome.DONE, recipient="insurer")),
            Past("2026-03-09T09:00:01", "batch", _release(_REFERENCE)),
        ),
        rows=(
            (1, "2026-03-02T10:00:00.000000Z", "batch", "deid", "", 40, "none was given", ""),
            (2, "2026-03-02T10:01:00.000000Z", "batch", "deid", "registry", 40, "it is not in the log before", ""),
            (3, "2026-03-02T10:02:00.000000Z", "paula", "deid", "", 40, "it is the person's own", ""),
            (4, "2026-03-02T10:03:00.000000Z", "batch", "deid", "", 40, "it was for something else", ""),
            (5, "2026-03-02T10:04:00.000000Z", "anna", "audit.export", "insurer", 0, "none was given", ""),
            (6, "2026-03-09T09:00:01.000000Z", "batch", "deid", "", 40, "it was too old", ""),
        ),
    ),
)
