"""What matters and nobody has signed off in time.

What matters: emergency access, reveals, failures, and what access.toml refused. A refusal for another reason, such as a
mistyped command, does not.
"""

from __future__ import annotations

from onprem.audit.checks.contract import Check, Past, Sample
from onprem.audit.events import Event, Outcome
from onprem.model import Severity

_EMERGENCY = Event("review.open", Outcome.DONE, purpose="break-glass", subjects=("ab" * 16,))
_REVEALED = Event("vault.reveal", Outcome.DONE, purpose="treatment", role="privacy-officer", subjects=("ab" * 16,))
_FAILED = Event("deid", Outcome.FAILED, purpose="release", error="InputError")
_FORBIDDEN = Event("vault.shred", Outcome.REFUSED, error="AccessError")
_MISTYPED = Event("audit.list", Outcome.REFUSED, error="UsageError")


def _signed_off(first: int, last: int) -> Event:
    return Event("audit.signoff", Outcome.DONE, role="compliance-officer", counts={"from": first, "to": last})


CHECK = Check(
    name="unsigned",
    key=13,
    title="What has nobody signed off in time?",
    explanation=(
        "Emergency access, revealed identities, failures and attempts at what is not permitted, older than a week, that "
        "no second person has signed off. Look at each, ask the person, and sign it off with a comment."
    ),
    basis="45 CFR 164.308(a)(1)(ii)(D), regular review of activity",
    sql="""
        SELECT seq, utc, actor, action, outcome, CASE
            WHEN purpose = 'break-glass' THEN 'emergency access'
            WHEN action = 'vault.reveal' THEN 'identity revealed'
            WHEN outcome = 'failed' THEN 'failure'
            ELSE 'not permitted' END AS why, date_diff('hour', time, $now) // 24 AS days
        FROM events ANTI JOIN signed USING (seq)
        WHERE (purpose = 'break-glass' OR action = 'vault.reveal' OR outcome = 'failed' OR error = 'AccessError')
            AND outcome <> 'intent' AND time < $now - to_days($signoff_days)
    """,
    severity=Severity.ERROR,
    sound=Sample(
        (
            Past("2026-03-02T09:00:00", "anna", _EMERGENCY),
            Past("2026-03-02T10:00:00", "paula", _REVEALED),
            Past("2026-03-02T11:00:00", "bert", _MISTYPED),
            Past("2026-03-03T09:00:00", "carl", _signed_off(0, 1)),
            Past("2026-03-30T09:00:00", "batch", _FAILED),
        )
    ),
    broken=Sample(
        (
            Past("2026-03-02T09:00:00", "anna", _EMERGENCY),
            Past("2026-03-02T10:00:00", "paula", _REVEALED),
            Past("2026-03-02T11:00:00", "batch", _FAILED),
            Past("2026-03-02T11:30:00", "bert", _FORBIDDEN),
            Past("2026-03-03T09:00:00", "anna", _signed_off(0, 1)),
        ),
        rows=(
            (0, "2026-03-02T09:00:00.000000Z", "anna", "review.open", "done", "emergency access", 29, ""),
            (2, "2026-03-02T11:00:00.000000Z", "batch", "deid", "failed", "failure", 29, ""),
            (3, "2026-03-02T11:30:00.000000Z", "bert", "vault.shred", "refused", "not permitted", 29, ""),
        ),
    ),
)
