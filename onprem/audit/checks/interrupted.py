"""What was begun and has no end: a crash, a kill, a machine that lost its power, or a run that is still going.

Of one user, action and start of the machine, an end belongs to the latest beginning that has none yet. References of a
run (`deid.subjects`) are written before its effect and have no end of their own.
"""

from __future__ import annotations

from onprem.audit.checks.contract import Check, Past, Sample
from onprem.audit.events import Event, Outcome
from onprem.model import Severity

_BEGUN = Event("deid", Outcome.INTENT, purpose="release")
_ENDED = Event("deid", Outcome.DONE, purpose="release")
_SUBJECTS = Event("deid.subjects", Outcome.INTENT, subjects=("ab" * 16,))
_FIRST, _SECOND = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"

CHECK = Check(
    name="interrupted",
    key=12,
    title="What was begun and never ended?",
    explanation=(
        "Every action whose beginning is in the log and whose end is not: the program was killed, the machine stopped, "
        "or it is still at work. What it had done by then is not in the log: look at the outputs, and run it again."
    ),
    basis="45 CFR 164.312(b), audit controls; 45 CFR 164.308(a)(6)(ii), incidents",
    sql="""
        WITH begun AS (
            SELECT actor, action, boot, row_number() OVER () AS number FROM (
                SELECT DISTINCT actor, action, boot FROM events WHERE outcome = 'intent' AND action <> 'deid.subjects'
            )
        ),
        steps AS (
            SELECT seq, number, CASE outcome WHEN 'intent' THEN 1 ELSE -1 END AS step
            FROM events JOIN begun USING (actor, action, boot)
        ),
        running AS (SELECT *, sum(step) OVER (PARTITION BY number ORDER BY seq) AS open FROM steps),
        onward AS (
            SELECT seq, step, open, min(open) OVER (
                PARTITION BY number ORDER BY seq DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS later FROM running
        )
        SELECT seq, utc, actor, action, purpose FROM onward JOIN events USING (seq)
        WHERE step = 1 AND coalesce(later >= open, true)
    """,
    severity=Severity.WARNING,
    sound=Sample(
        (
            Past("2026-03-02T09:00:00", "batch", _BEGUN),
            Past("2026-03-02T09:00:01", "batch", _SUBJECTS),
            Past("2026-03-02T09:00:02", "anna", _BEGUN),
            Past("2026-03-02T09:10:00", "batch", _ENDED),
            Past("2026-03-02T09:20:00", "anna", _ENDED),
        )
    ),
    broken=Sample(
        (
            Past("2026-03-02T09:00:00", "batch", _BEGUN, _FIRST),
            Past("2026-03-02T10:00:00", "batch", _BEGUN, _FIRST),
            Past("2026-03-02T10:10:00", "batch", _ENDED, _FIRST),
            Past("2026-03-02T11:00:00", "batch", _BEGUN, _FIRST),
            Past("2026-03-02T12:00:00", "batch", _BEGUN, _SECOND),
            Past("2026-03-02T12:10:00", "batch", _ENDED, _SECOND),
        ),
        rows=(
            (0, "2026-03-02T09:00:00.000000Z", "batch", "deid", "release", ""),
            (3, "2026-03-02T11:00:00.000000Z", "batch", "deid", "release", ""),
        ),
    ),
)
