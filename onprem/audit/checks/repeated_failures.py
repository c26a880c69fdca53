"""Bursts of failures of one user: somebody trying doors, or something that has broken."""

from __future__ import annotations

from onprem.audit.checks.contract import Check, Past, Sample
from onprem.audit.events import Event, Outcome
from onprem.model import Severity

_REFUSED = Event("vault.reveal", Outcome.REFUSED, error="AccessError")
_FAILED = Event("vault.unlock", Outcome.FAILED, error="SiteError")
_BURST = tuple(Past(f"2026-03-02T09:{minute:02d}:00", "bert", _REFUSED) for minute in (0, 9, 18, 27))

CHECK = Check(
    name="repeated-failures",
    key=16,
    title="Who failed again and again?",
    explanation=(
        "Five or more failures or refusals of one user, none more than ten minutes after the one before. It may be a "
        "script that has broken, a person who needs help, or somebody trying what is not permitted. A row stands for the "
        "whole burst and names its first and its last event."
    ),
    basis="45 CFR 164.308(a)(5)(ii)(C), monitoring of failed attempts; 45 CFR 164.308(a)(6)(ii), incidents",
    sql="""
        WITH failed AS (
            SELECT seq, utc, time, actor, action, error, coalesce(
                time - lag(time) OVER (PARTITION BY actor ORDER BY seq) > INTERVAL 10 MINUTES, true) AS anew
            FROM events WHERE outcome IN ('failed', 'refused')
        ),
        numbered AS (
            SELECT *, count(*) FILTER (anew) OVER (PARTITION BY actor ORDER BY seq) AS burst FROM failed
        )
        SELECT min(seq) AS seq, arg_min(utc, seq) AS utc, actor, max(seq) AS last_event, count(*) AS failures,
            string_agg(DISTINCT action, ' ' ORDER BY action) AS actions,
            string_agg(DISTINCT error, ' ' ORDER BY error) AS errors
        FROM numbered GROUP BY actor, burst HAVING count(*) >= 5
    """,
    severity=Severity.WARNING,
    sound=Sample(
        (*_BURST, Past("2026-03-02T09:37:01", "bert", _REFUSED), Past("2026-03-02T09:38:00", "anna", _FAILED))
    ),
    broken=Sample(
        (*_BURST, Past("2026-03-02T09:30:00", "anna", _FAILED), Past("2026-03-02T09:37:00", "bert", _FAILED)),
        rows=(
            (
                0,
                "2026-03-02T09:00:00.000000Z",
                "bert",
                5,
                5,
                "vault.reveal vault.unlock",
                "AccessError SiteError",
                "",
            ),
        ),
    ),
)
