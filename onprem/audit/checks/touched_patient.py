"""Who has touched one patient: every event that bears the patient's reference."""

from __future__ import annotations

from onprem.audit.checks.contract import Check, Past, Sample
from onprem.audit.events import Event, Outcome
from onprem.model import Severity

_MARTA, _OTHER = "ab" * 16, "cd" * 16
_OPENED = Event("review.open", Outcome.DONE, role="reviewer", subjects=(_MARTA,))
_OF_ANOTHER = Event("review.open", Outcome.DONE, role="reviewer", subjects=(_OTHER,))
_RUN = Event("deid.subjects", Outcome.DONE, subjects=(_OTHER, _MARTA))

CHECK = Check(
    name="touched-patient",
    key=1,
    title="Who has touched one patient's records?",
    explanation=(
        "Every event that concerned one patient: runs that read the patient's records, held records that were opened or "
        "decided on, identities that were revealed. The log knows patients by a reference that only this site can work "
        "out from a patient number. It shows what was done with this program, not what was done in other systems."
    ),
    basis="45 CFR 164.312(b), audit controls; ISO 27789, whose record was accessed; of use for 45 CFR 164.528",
    sql="""
        SELECT seq, utc, actor, role, action, outcome, purpose FROM events WHERE list_contains(subjects, $subject)
    """,
    parameters=("subject",),
    severity=Severity.INFO,
    sound=Sample((Past("2026-03-02T09:00:00", "anna", _OF_ANOTHER),), answers={"subject": _MARTA}),
    broken=Sample(
        (
            Past("2026-03-02T09:00:00", "anna", _OF_ANOTHER),
            Past("2026-03-02T09:10:00", "batch", _RUN),
            Past("2026-03-02T09:20:00", "anna", _OPENED),
        ),
        answers={"subject": _MARTA},
        rows=(
            (1, "2026-03-02T09:10:00.000000Z", "batch", "operator", "deid.subjects", "done", "", ""),
            (2, "2026-03-02T09:20:00.000000Z", "anna", "reviewer", "review.open", "done", "", ""),
        ),
    ),
)
