"""What failed or was refused, and how much of it came together."""

from __future__ import annotations

from onprem.audit.checks.contract import Check, Past, Sample
from onprem.audit.events import Event, Outcome
from onprem.model import Severity

_FINE = Event("review.open", Outcome.DONE, role="reviewer")
_FAILED = Event("deid", Outcome.FAILED, purpose="release", error="InputError")
_REFUSED = Event("vault.reveal", Outcome.REFUSED, error="AccessError")

CHECK = Check(
    name="failures",
    key=6,
    title="What failed or was refused?",
    explanation=(
        "Every event that failed or was refused. The last but one column says how many failures of the same user fall "
        "into the ten minutes up to the event: one is a mistake, many may be somebody trying doors. AccessError means "
        "that the person was not permitted to do it."
    ),
    basis="45 CFR 164.308(a)(1)(ii)(D); 45 CFR 164.308(a)(5)(ii)(C), monitoring of failed attempts; ISO 27789",
    sql="""
        SELECT seq, utc, actor, action, outcome, error, count(*) OVER (
            PARTITION BY actor ORDER BY time RANGE BETWEEN INTERVAL 10 MINUTES PRECEDING AND CURRENT ROW
        ) AS in_ten_minutes
        FROM events WHERE outcome IN ('failed', 'refused')
    """,
    severity=Severity.INFO,
    sound=Sample((Past("2026-03-02T09:00:00", "anna", _FINE),)),
    broken=Sample(
        (
            Past("2026-03-02T09:00:00", "anna", _FINE),
            Past("2026-03-02T09:01:00", "bert", _REFUSED),
            Past("2026-03-02T09:02:00", "batch", _FAILED),
            Past("2026-03-02T09:11:00", "bert", _REFUSED),
            Past("2026-03-02T09:11:01", "bert", _REFUSED),
        ),
        rows=(
            (1, "2026-03-02T09:01:00.000000Z", "bert", "vault.reveal", "refused", "AccessError", 1, ""),
            (2, "2026-03-02T09:02:00.000000Z", "batch", "deid", "failed", "InputError", 1, ""),
            (3, "2026-03-02T09:11:00.000000Z", "bert", "vault.reveal", "refused", "AccessError", 2, ""),
            (4, "2026-03-02T09:11:01.000000Z", "bert", "vault.reveal", "refused", "AccessError", 2, ""),
        ),
    ),
)
