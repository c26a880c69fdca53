"""Events that touched many records at once."""

from __future__ import annotations

from onprem.audit.checks.contract import Check, Past, Sample
from onprem.audit.events import Event, Outcome
from onprem.model import Severity

_SMALL = Event("deid", Outcome.DONE, purpose="release", counts={"records": 9_999})
_LARGE = Event("deid", Outcome.DONE, purpose="release", recipient="registry", counts={"records": 10_000})
_TRIED = Event("deid", Outcome.FAILED, purpose="release", counts={"records": 80_000}, error="InputError")

CHECK = Check(
    name="bulk",
    key=5,
    title="Who worked on very many records at once?",
    explanation=(
        "Every event that touched at least as many records as access.toml names (bulk_records). A large run may be "
        "ordinary work; what matters is that somebody knows of it and that it went no further than its purpose asks."
    ),
    basis="45 CFR 164.502(b), minimum necessary; 45 CFR 164.308(a)(1)(ii)(D); ISO 27789",
    sql="""
        SELECT seq, utc, actor, action, outcome, purpose, recipient, counts['records'] AS records FROM events
        WHERE counts['records'] >= $bulk_records
    """,
    severity=Severity.WARNING,
    sound=Sample((Past("2026-03-02T09:00:00", "batch", _SMALL),)),
    broken=Sample(
        (
            Past("2026-03-02T09:00:00", "batch", _SMALL),
            Past("2026-03-02T10:00:00", "batch", _LARGE),
            Past("2026-03-02T11:00:00", "bert", _TRIED),
        ),
        rows=(
            (1, "2026-03-02T10:00:00.000000Z", "batch", "deid", "done", "release", "registry", 10_000, ""),
            (2, "2026-03-02T11:00:00.000000Z", "bert", "deid", "failed", "release", "", 80_000, ""),
        ),
    ),
)
