"""One person looking up people who seem to belong together: a family, neighbours, a colleague's household.

The log knows no household: it has no name, address or insurance number. What it has are events that bear several
references at once, because one record named several people (a mother and her newborn, a donor and a recipient, a
contact person who is a patient too). Two patients who stand together in such an event are taken to belong together. So
this sees nothing of relatives whom no single record names together, and it may show people who share no more than a
record. References of a run (`deid.subjects`) do not count: they stand together because a file had them in that order.

To do better, the vault would have to give a household code: a keyed digest of what families share (insurance number,
address with surname, emergency contact's number), kept per patient, so that the command can pass pairs of references.
"""

from __future__ import annotations

from onprem.audit.checks.contract import Check, Past, Sample
from onprem.audit.events import Event, Outcome
from onprem.model import Severity

_MOTHER, _CHILD, _STRANGER = "aa" * 16, "bb" * 16, "cc" * 16


def _opened(*subjects: str) -> Event:
    return Event("review.open", Outcome.DONE, role="reviewer", subjects=subjects)


CHECK = Check(
    name="same-household",
    key=10,
    title="Who looked up people who belong together, one after another?",
    explanation=(
        "A person who opened held records or revealed the identity of two patients within an hour, one after the other, "
        "where some record names these two patients together. It may be ordinary work, or curiosity about a family. The "
        "log does not know who is related to whom: relatives whom no record names together do not show, and patients who "
        "only share a record do."
    ),
    basis="45 CFR 164.502(b), minimum necessary; 45 CFR 164.308(a)(1)(ii)(D)",
    sql="""
        WITH looked AS MATERIALIZED (
            SELECT seq, utc, time, actor, action, list_distinct(subjects) AS people FROM events
            WHERE (action = 'vault.reveal' OR starts_with(action, 'review.'))
                AND outcome IN ('done', 'held') AND len(subjects) BETWEEN 1 AND 10
        ),
        pairs AS MATERIALIZED (
            SELECT DISTINCT one, other FROM (
                SELECT one, unnest(people) AS other
                FROM (SELECT unnest(people) AS one, people FROM looked WHERE len(people) > 1)
            ) WHERE one <> other
        ),
        touched AS MATERIALIZED (SELECT *, unnest(people) AS person FROM looked),
        -- joined in two steps, because the other order compares everybody with everybody
        earlier AS MATERIALIZED (SELECT seq, time, actor, people, one, other FROM pairs JOIN touched ON person = one)
        SELECT second.seq, second.utc, second.actor, second.action, max(earlier.seq) AS after_event,
            min(date_diff('minute', earlier.time, second.time)) AS minutes_later, person AS patient,
            one AS looked_up_before
        FROM earlier JOIN touched second ON person = other AND second.actor = earlier.actor
        WHERE second.seq > earlier.seq AND second.time BETWEEN earlier.time AND earlier.time + INTERVAL 1 HOUR
            AND NOT list_contains(earlier.people, person) AND NOT list_contains(second.people, one)
        GROUP BY second.seq, second.utc, second.actor, second.action, person, one
    """,
    severity=Severity.INFO,
    sound=Sample(
        (
            Past("2026-03-02T09:00:00", "anna", _opened(_MOTHER, _CHILD)),
            Past("2026-03-02T10:00:00", "bert", _opened(_MOTHER)),
            Past("2026-03-02T10:10:00", "bert", _opened(_STRANGER)),
            Past("2026-03-02T11:00:01", "bert", _opened(_CHILD)),
        )
    ),
    broken=Sample(
        (
            Past("2026-03-02T09:00:00", "anna", _opened(_MOTHER, _CHILD)),
            Past("2026-03-02T10:00:00", "bert", _opened(_MOTHER)),
            Past("2026-03-02T10:10:00", "bert", _opened(_STRANGER)),
            Past("2026-03-02T10:20:00", "bert", _opened(_CHILD)),
        ),
        rows=((3, "2026-03-02T10:20:00.000000Z", "bert", "review.open", 1, 20, _CHILD, _MOTHER, ""),),
    ),
)
