"""What was done outside of working hours, on the hospital's own clock."""

from __future__ import annotations

from onprem.audit.checks.contract import Check, Past, Sample
from onprem.audit.events import Event, Outcome
from onprem.model import Severity

_OPENED = Event("review.open", Outcome.DONE, role="reviewer")

CHECK = Check(
    name="off-hours",
    key=4,
    title="What was done outside of working hours?",
    explanation=(
        "Every event outside of the working days and hours that access.toml names, by the hospital's clock. Runs that "
        "are started by a timer show here too: look for people, and for work that has no reason to be done at night. "
        "Where opening is later than closing, the working time goes past midnight; where both are equal, it never ends."
    ),
    basis="45 CFR 164.308(a)(1)(ii)(D), review of activity; ISO 27789",
    sql="""
        SELECT seq, utc, strftime("local", '%a %Y-%m-%d %H:%M') AS hospital_time, actor, role, action, outcome, purpose
        FROM events
        WHERE NOT coalesce(
            list_contains($days, isodow("local")) AND CASE
                WHEN $opening < $closing
                THEN "local"::TIME >= $opening::TIME AND "local"::TIME < $closing::TIME
                ELSE "local"::TIME >= $opening::TIME OR "local"::TIME < $closing::TIME
            END, false)
    """,
    severity=Severity.INFO,
    # 2 March 2026 is a Monday
    sound=Sample(
        (Past("2026-03-02T07:00:00", "anna", _OPENED), Past("2026-03-06T18:59:59", "anna", _OPENED)),
    ),
    broken=Sample(
        (
            Past("2026-03-02T06:59:59", "anna", _OPENED),
            Past("2026-03-02T12:00:00", "anna", _OPENED),
            Past("2026-03-02T19:00:00", "bert", _OPENED),
            Past("2026-03-07T12:00:00", "carl", _OPENED),
        ),
        rows=(
            (
                0,
                "2026-03-02T06:59:59.000000Z",
                "Mon 2026-03-02 06:59",
                "anna",
                "reviewer",
                "review.open",
                "done",
                "",
                "",
            ),
            (
                2,
                "2026-03-02T19:00:00.000000Z",
                "Mon 2026-03-02 19:00",
                "bert",
                "reviewer",
                "review.open",
                "done",
                "",
                "",
            ),
            (
                3,
                "2026-03-07T12:00:00.000000Z",
                "Sat 2026-03-07 12:00",
                "carl",
                "reviewer",
                "review.open",
                "done",
                "",
                "",
            ),
        ),
    ),
)
