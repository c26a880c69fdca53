"""Rules that changed: a new digest of a policy, of access.toml or of the settings.

Several policies may be in use side by side, so of policies each first use is told; of access.toml and of the settings
there is one at a time, so each change is told, back to an earlier one too.
"""

from __future__ import annotations

from onprem.audit.checks.contract import Check, Past, Sample
from onprem.audit.events import Event, Outcome
from onprem.model import Severity


def _release(*, policy: str, access: str = "a" * 64) -> Event:
    return Event("deid", Outcome.DONE, purpose="release", digests={"policy": policy, "access": access})


CHECK = Check(
    name="weakened-policies",
    key=9,
    title="When did the rules change?",
    explanation=(
        "Each time that a de-identification policy was used for the first time, or that the access rules or the settings "
        "were no longer those of the event before. The log knows a rule by its digest (a fingerprint), so it can say that "
        "a rule changed, when, and who worked with it first, but not whether it became weaker: compare the files, with "
        "`onprem policy diff` for policies, and sign the change off."
    ),
    basis="45 CFR 164.308(a)(8), evaluation after changes; 45 CFR 164.316(b)(2)(iii), updates",
    sql="""
        WITH told AS (SELECT seq, unnest(map_entries(digests)) AS pair FROM events),
        changed AS (
            SELECT seq, pair.key AS rule, pair.value AS digest,
                lag(pair.value) OVER (PARTITION BY pair.key ORDER BY seq) AS was
            FROM told WHERE pair.key IN ('policy', 'access', 'settings') QUALIFY coalesce(digest <> was, true)
        ),
        used AS (SELECT *, row_number() OVER (PARTITION BY rule, digest ORDER BY seq) AS time_of_use FROM changed)
        SELECT seq, utc, actor, action, rule, left(was, 16) AS before, left(digest, 16) AS now
        FROM used JOIN events USING (seq) WHERE was IS NOT NULL AND (rule <> 'policy' OR time_of_use = 1)
    """,
    severity=Severity.WARNING,
    sound=Sample(
        (
            Past("2026-03-02T09:00:00", "batch", _release(policy="1" * 64)),
            Past("2026-03-03T09:00:00", "batch", _release(policy="1" * 64)),
        )
    ),
    broken=Sample(
        (
            Past("2026-03-02T09:00:00", "batch", _release(policy="1" * 64)),
            Past("2026-03-03T09:00:00", "batch", _release(policy="2" * 64)),
            Past("2026-03-04T09:00:00", "batch", _release(policy="1" * 64)),
            Past("2026-03-05T09:00:00", "bert", _release(policy="1" * 64, access="b" * 64)),
            Past("2026-03-06T09:00:00", "batch", _release(policy="1" * 64)),
        ),
        rows=(
            (1, "2026-03-03T09:00:00.000000Z", "batch", "deid", "policy", "1" * 16, "2" * 16, ""),
            (3, "2026-03-05T09:00:00.000000Z", "bert", "deid", "access", "a" * 16, "b" * 16, ""),
            (4, "2026-03-06T09:00:00.000000Z", "batch", "deid", "access", "b" * 16, "a" * 16, ""),
        ),
    ),
)
