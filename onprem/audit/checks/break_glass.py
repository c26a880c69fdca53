"""Access in an emergency, outside of what a role permits."""

from __future__ import annotations

from onprem.audit.checks.contract import Check, Past, Sample
from onprem.audit.events import Event, Outcome
from onprem.model import Severity

_ORDINARY = Event("vault.reveal", Outcome.DONE, purpose="treatment", role="privacy-officer", subjects=("ab" * 16,))
_EMERGENCY = Event("vault.reveal", Outcome.DONE, purpose="break-glass", subjects=("ab" * 16,))
_SIGNED_OFF = Event("audit.signoff", Outcome.DONE, role="compliance-officer", counts={"seq": 1})

CHECK = Check(
    name="break-glass",
    key=3,
    title="Who used emergency access?",
    explanation=(
        'Every use of emergency access ("break the glass"), which lets a person do at once what their role does not '
        "allow. Each must be looked at afterwards, with the person who used it, and signed off."
    ),
    basis="45 CFR 164.312(a)(2)(ii), emergency access procedure; ISO 27789, purpose of use",
    sql="""
        SELECT seq, utc, actor, role, action, outcome, len(subjects) AS patients FROM events
        WHERE purpose = 'break-glass' AND outcome <> 'intent'
    """,
    severity=Severity.WARNING,
    sound=Sample((Past("2026-03-02T09:00:00", "paula", _ORDINARY),)),
    broken=Sample(
        (
            Past("2026-03-02T09:00:00", "paula", _ORDINARY),
            Past("2026-03-02T23:00:00", "anna", _EMERGENCY),
            Past("2026-03-03T02:00:00", "bert", _EMERGENCY),
            Past("2026-03-03T09:00:00", "carl", _SIGNED_OFF),
        ),
        rows=(
            (1, "2026-03-02T23:00:00.000000Z", "anna", "operator", "vault.reveal", "done", 1, "carl"),
            (2, "2026-03-03T02:00:00.000000Z", "bert", "operator", "vault.reveal", "done", 1, ""),
        ),
    ),
)
