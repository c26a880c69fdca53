"""What one user did, event by event."""

from __future__ import annotations

from onprem.audit.checks.contract import Check, Past, Sample
from onprem.audit.events import Event, Outcome
from onprem.model import Severity

_RELEASE = Event("deid", Outcome.HELD, purpose="release", counts={"records": 40})
_OPENED = Event("review.open", Outcome.DONE, role="reviewer", subjects=("ab" * 16,))

CHECK = Check(
    name="by-user",
    key=2,
    title="What did one user do?",
    explanation=(
        "Every event of one login name, in order: what was done, in which role, how it ended, and how many patients and "
        "records it concerned. A login that several people share says nothing about any one of them."
    ),
    basis="45 CFR 164.308(a)(1)(ii)(D), review of activity; 45 CFR 164.312(a)(2)(i), unique users; ISO 27789",
    sql="""
        SELECT seq, utc, actor, role, action, outcome, purpose, len(subjects) AS patients,
            coalesce(counts['records'], 0) AS records
        FROM events WHERE actor = $actor
    """,
    parameters=("actor",),
    severity=Severity.INFO,
    sound=Sample((Past("2026-03-02T09:00:00", "anna", _OPENED),), answers={"actor": "bert"}),
    broken=Sample(
        (
            Past("2026-03-02T09:00:00", "anna", _OPENED),
            Past("2026-03-02T09:05:00", "bert", _RELEASE),
            Past("2026-03-02T09:06:00", "bertha", _OPENED),
            Past("2026-03-02T09:07:00", "bert", _OPENED),
        ),
        answers={"actor": "bert"},
        rows=(
            (1, "2026-03-02T09:05:00.000000Z", "bert", "operator", "deid", "held", "release", 0, 40, ""),
            (3, "2026-03-02T09:07:00.000000Z", "bert", "reviewer", "review.open", "done", "", 1, 0, ""),
        ),
    ),
)
