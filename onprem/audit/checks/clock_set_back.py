"""Events that bear an earlier time than the one written before them."""

from __future__ import annotations

from onprem.audit.checks.contract import Check, Past, Sample
from onprem.audit.events import Event, Outcome
from onprem.model import Severity

_FINE = Event("deid", Outcome.DONE, purpose="dry-run")

CHECK = Check(
    name="clock-set-back",
    key=11,
    title="Was the clock set back?",
    explanation=(
        "Every event that was written after another one and bears an earlier time, by more than two seconds, or bears a "
        "time that does not exist. Machines correct their clocks; but who backdates an action also sets the clock back."
    ),
    basis="45 CFR 164.312(b), audit controls; ISO 27789, time of the event",
    sql="""
        SELECT seq, utc, actor, action, before, round(epoch(earlier - time), 1) AS seconds_back FROM (
            SELECT seq, utc, time, actor, action, lag(utc) OVER (ORDER BY seq) AS before,
                lag(time) OVER (ORDER BY seq) AS earlier
            FROM events
        ) WHERE time IS NULL OR time < earlier - INTERVAL 2 SECONDS
    """,
    severity=Severity.WARNING,
    sound=Sample(
        (
            Past("2026-03-02T09:00:10", "batch", _FINE),
            Past("2026-03-02T09:00:08", "batch", _FINE),
            Past("2026-03-02T09:00:20", "batch", _FINE),
        )
    ),
    broken=Sample(
        (
            Past("2026-03-02T09:00:00", "batch", _FINE),
            Past("2026-03-01T09:00:00", "bert", _FINE),
            Past("2026-03-02T09:05:00", "batch", _FINE),
            Past("2026-13-02T09:05:00", "batch", _FINE),
        ),
        rows=(
            (1, "2026-03-01T09:00:00.000000Z", "bert", "deid", "2026-03-02T09:00:00.000000Z", 86_400.0, ""),
            (3, "2026-13-02T09:05:00.000000Z", "batch", "deid", "2026-03-02T09:05:00.000000Z", None, ""),
        ),
    ),
)
