"""Spans of time in which nobody read the log.

Reading is listing, querying, asking, reviewing, reporting or signing off; that the log was verified is no reading.
"""

from __future__ import annotations

from onprem.audit.checks.contract import Check, Past, Sample
from onprem.audit.events import Event, Outcome
from onprem.model import Severity

_WORK = Event("deid", Outcome.DONE, purpose="release")
_READ = Event("audit.list", Outcome.DONE)
_VERIFIED = Event("audit.verify", Outcome.DONE)

CHECK = Check(
    name="gap",
    key=15,
    title="When did nobody look at the log?",
    explanation=(
        "Every span of more than a week in which nobody listed, asked, reviewed or signed off anything in the log, from "
        "its beginning until now. The row names the last reading before the span, or the beginning of the log."
    ),
    basis="45 CFR 164.308(a)(1)(ii)(D), regular review of activity",
    sql="""
        SELECT seq, utc, actor, action, strftime(onward, '%Y-%m-%dT%H:%M:%SZ') AS until,
            date_diff('hour', time, onward) // 24 AS days
        FROM (
            SELECT seq, utc, time, actor, action, lead(time, 1, $now) OVER (ORDER BY seq) AS onward FROM events
            WHERE seq = (SELECT min(seq) FROM events) OR (outcome IN ('done', 'held') AND action IN (
                'audit.list', 'audit.query', 'audit.ask', 'audit.review', 'audit.report', 'audit.signoff'))
        ) WHERE onward - time > to_days($review_days)
    """,
    severity=Severity.WARNING,
    sound=Sample(
        (
            Past("2026-03-02T09:00:00", "batch", _WORK),
            Past("2026-03-09T08:00:00", "carl", _READ),
            Past("2026-03-16T08:00:00", "carl", _READ),
        ),
        now="2026-03-23T08:00:00",
    ),
    broken=Sample(
        (
            Past("2026-03-02T09:00:00", "batch", _WORK),
            Past("2026-03-05T09:00:00", "batch", _VERIFIED),
            Past("2026-03-10T09:00:00", "carl", _READ),
            Past("2026-03-12T09:00:00", "carl", _READ),
            Past("2026-03-30T09:00:00", "batch", _WORK),
        ),
        rows=(
            (0, "2026-03-02T09:00:00.000000Z", "batch", "deid", "2026-03-10T09:00:00Z", 8, ""),
            (3, "2026-03-12T09:00:00.000000Z", "carl", "audit.list", "2026-03-31T12:00:00Z", 19, ""),
        ),
    ),
)
