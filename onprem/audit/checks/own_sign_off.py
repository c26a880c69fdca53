"""Sign-offs that cover the signer's own work. The program writes none, so somebody has got round it."""

from __future__ import annotations

from onprem.audit.checks.contract import Check, Past, Sample
from onprem.audit.events import Event, Outcome
from onprem.model import Severity

_OPENED = Event("review.open", Outcome.DONE, role="reviewer")


def _signed_off(first: int, last: int) -> Event:
    return Event("audit.signoff", Outcome.DONE, role="compliance-officer", counts={"from": first, "to": last})


CHECK = Check(
    name="own-sign-off",
    key=14,
    title="Did somebody sign off their own work?",
    explanation=(
        "Every sign-off that covers events of the person who signed. Such a sign-off counts for nothing here, and this "
        "program does not write any: ask how it came about."
    ),
    basis="45 CFR 164.308(a)(1)(ii)(D), review of activity; separation of duties",
    sql="""
        SELECT s.seq, s.utc, s.actor, s.first AS first_event, s.last AS last_event, count(*) AS own_events
        FROM signoffs s JOIN events e ON e.actor = s.actor AND e.seq BETWEEN s.first AND s.last
        GROUP BY s.seq, s.utc, s.actor, s.first, s.last
    """,
    severity=Severity.ERROR,
    sound=Sample(
        (
            Past("2026-03-02T09:00:00", "anna", _OPENED),
            Past("2026-03-02T10:00:00", "carl", _OPENED),
            Past("2026-03-03T09:00:00", "carl", _signed_off(0, 0)),
        )
    ),
    broken=Sample(
        (
            Past("2026-03-02T09:00:00", "anna", _OPENED),
            Past("2026-03-02T10:00:00", "carl", _OPENED),
            Past("2026-03-02T11:00:00", "carl", _OPENED),
            Past("2026-03-03T09:00:00", "carl", _signed_off(0, 2)),
            Past("2026-03-04T09:00:00", "dora", _signed_off(3, 3)),
        ),
        rows=((3, "2026-03-03T09:00:00.000000Z", "carl", 0, 2, 2, "dora"),),
    ),
)
