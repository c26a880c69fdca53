"""Every look behind a code: who, why, and whether a second person agreed."""

from __future__ import annotations

from onprem.audit.checks.contract import Check, Past, Sample
from onprem.audit.events import Event, Outcome
from onprem.model import Severity

_ALONE = Event("vault.reveal", Outcome.DONE, purpose="treatment", role="privacy-officer", subjects=("ab" * 16,))
_BOTH = Event(
    "vault.reveal",
    Outcome.DONE,
    purpose="legal",
    role="privacy-officer",
    subjects=("ab" * 16, "cd" * 16),
    second="grace",
)
_REFUSED = Event("vault.reveal", Outcome.REFUSED, purpose="treatment", error="AccessError")

CHECK = Check(
    name="reveals",
    key=8,
    title="Who looked up the person behind a code?",
    explanation=(
        "Every time somebody asked for the identity behind a code or an invented name, with the reason that was given "
        "and whether a second person agreed; refused attempts too. Each should have a reason that you can follow, and "
        "be signed off."
    ),
    basis="45 CFR 164.514(c), re-identification; 45 CFR 164.308(a)(1)(ii)(D); ISO 27789, purpose of use",
    sql="""
        SELECT seq, utc, actor, role, outcome, purpose AS reason,
            second AS second_person, len(subjects) AS patients
        FROM events WHERE action = 'vault.reveal' AND outcome <> 'intent'
    """,
    severity=Severity.WARNING,
    sound=Sample((Past("2026-03-02T09:00:00", "paula", Event("vault.status", Outcome.DONE)),)),
    broken=Sample(
        (
            Past("2026-03-02T09:00:00", "paula", Event("vault.reveal", Outcome.INTENT, purpose="treatment")),
            Past("2026-03-02T09:00:01", "paula", _ALONE),
            Past("2026-03-02T09:10:00", "paula", _BOTH),
            Past("2026-03-02T09:20:00", "bert", _REFUSED),
        ),
        rows=(
            (1, "2026-03-02T09:00:01.000000Z", "paula", "privacy-officer", "done", "treatment", "", 1, ""),
            (2, "2026-03-02T09:10:00.000000Z", "paula", "privacy-officer", "done", "legal", "grace", 2, ""),
            (3, "2026-03-02T09:20:00.000000Z", "bert", "operator", "refused", "treatment", "", 0, ""),
        ),
    ),
)
