"""What a report of the audit log is made of, gathered from the checked view."""

import re
from datetime import UTC, datetime

import pytest

from onprem.audit.checks import checks
from onprem.audit.checks.contract import Past, lines_of
from onprem.audit.events import Event, Outcome
from onprem.audit.view import Limits, View
from onprem.config import Settings, Site
from onprem.report import audit_collect
from onprem.vault.keys import create_key


@pytest.fixture
def site(tmp_path):
    """A site with nothing in it but a log and its key."""
    root = tmp_path / "site"
    for name in ("keys", "audit"):
        (root / name).mkdir(mode=0o700, parents=True)
    create_key(root / "keys" / "audit.key")
    return Site(root, Settings())


def past(site, events):
    """Write a log of events of given times and people."""
    lines = lines_of([Past(utc, actor, event) for utc, actor, event in events])
    (site.folder("audit") / "000001.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))


RUN = Event("deid", Outcome.DONE, purpose="release", subjects=("ab" * 16,))
EVENTS = [
    ("2026-02-27T09:00:00", "anna", RUN),  # Friday
    ("2026-03-02T09:10:00", "anna", Event("deid", Outcome.FAILED, error="InputError")),
    ("2026-03-02T23:30:00", "bert", Event("deid", Outcome.REFUSED, error="AccessError")),  # Tuesday in Shanghai
    ("2026-03-03T10:00:00", "carl", Event("audit.list", Outcome.DONE)),
    ("2026-03-04T10:00:00", "carl", Event("audit.signoff", Outcome.DONE, counts={"from": 0, "to": 3})),
]
NOW = datetime(2026, 3, 31, tzinfo=UTC)


def test_activity_and_reviews_are_counted(site):
    past(site, EVENTS)
    with View.open(site, now=NOW) as view:
        done, seen = audit_collect.activity(view, "", ""), audit_collect.reviews(view, "", "")
    assert (done.events, done.patients, done.unit) == (5, 1, "day")
    assert [(column.words, column.count, column.marked) for column in done.times] == [
        *(("2026-02-27", 1, 0), ("2026-02-28", 0, 0), ("2026-03-01", 0, 0), ("2026-03-02", 2, 2)),
        *(("2026-03-03", 1, 0), ("2026-03-04", 1, 0)),
    ]
    assert done.actions == (("deid", 3), ("audit.list", 1), ("audit.signoff", 1))
    assert done.actors == (("anna", 2), ("carl", 2), ("bert", 1))
    assert done.outcomes == (("done", 3), ("failed", 1), ("refused", 1))
    assert (done.heat[4][9], done.heat[0][9], done.heat[0][23], sum(map(sum, done.heat))) == (1, 1, 1, 5)
    # carl signed off four events, one of which is his own
    assert [(m.name, m.events, m.signed, m.readings) for m in seen.months] == [
        ("2026-02", 1, 1, 0),
        ("2026-03", 4, 2, 2),
    ]
    assert [(item.seq, item.actor, item.first, item.last) for item in seen.latest] == [(4, "carl", 0, 3)]
    assert seen.signoffs == 1
    assert seen.readers == (("carl", 2, "2026-03-04T10:00:00.000000Z"),)


def test_a_span_of_time_narrows_everything(site):
    past(site, EVENTS)
    span = ("2026-03-02", "2026-03-03T10:00")
    with View.open(site, now=NOW) as view:
        done, seen = audit_collect.activity(view, *span), audit_collect.reviews(view, *span)
        answers = {item.name: item for item in audit_collect.answers(view, *span)}
        with pytest.raises(ValueError, match="not of the form"):
            audit_collect.activity(view, "2026' OR '1'='1", "")
    assert (done.events, done.patients) == (2, 0)
    assert [(m.name, m.events, m.signed, m.readings) for m in seen.months] == [("2026-03", 2, 2, 0)]
    assert (seen.signoffs, seen.readers) == (0, ())
    assert answers["failures"].total == 2
    assert answers["exports-without-approval"].total == 0


def test_the_clock_of_the_hospital_moves_days_and_hours(site):
    past(site, EVENTS)
    with View.open(site, now=NOW, limits=Limits(utc_offset_minutes=480)) as view:
        done = audit_collect.activity(view, "", "")
    assert done.heat[1][7] == 1  # 23:30 UTC on Monday
    assert done.times[-2].count == 2


def test_many_days_are_told_by_month(site):
    past(site, [("2025-11-30T09:00:00", "anna", RUN), ("2026-03-02T09:00:00", "anna", RUN)])
    with View.open(site, now=NOW) as view:
        done = audit_collect.activity(view, "", "")
    assert done.unit == "month"
    assert [(column.words, column.count) for column in done.times] == [
        *(("2025-11", 1), ("2025-12", 0), ("2026-01", 0), ("2026-02", 0), ("2026-03", 1)),
    ]


def test_an_answer_shows_what_nobody_has_signed_off(site):
    past(site, [*EVENTS, ("2026-03-05T10:00:00", "anna", RUN)])
    with View.open(site, now=NOW) as view:
        answers = {item.name: item for item in audit_collect.answers(view, "", "")}
    assert list(answers) == [check.name for check in checks() if not check.parameters]
    found = answers["exports-without-approval"]
    assert (found.total, found.unsigned) == (2, 1)
    assert [row[0] for row in found.rows] == [5]
    assert found.columns[-1] != "signed_off_by"
    assert answers["off-hours"].total == 1
    assert answers["off-hours"].rows == ()  # a list is for reading elsewhere


def test_reading_is_what_the_question_about_gaps_takes_for_it():
    (gap,) = [check for check in checks() if check.name == "gap"]
    assert set(audit_collect.READINGS) == set(re.findall(r"'(audit\.\w+)'", gap.sql))


def test_working_time_is_what_the_question_about_off_hours_takes_for_it():
    usual = audit_collect.working(Limits())
    assert [sum(day) for day in usual] == [12] * 5 + [0] * 2
    assert (usual[0][6], usual[0][7], usual[0][18], usual[0][19]) == (False, True, True, False)
    night = audit_collect.working(Limits(opening="22:30", closing="06:00", days=(7,)))
    assert [hour for hour, at_work in enumerate(night[6]) if at_work] == [0, 1, 2, 3, 4, 5, 22, 23]
    assert not any(map(any, night[:6]))
    assert all(map(all, audit_collect.working(Limits(opening="00:00", closing="00:00", days=(1, 2, 3, 4, 5, 6, 7)))))


@pytest.mark.parametrize(("minutes", "words"), [(0, "UTC"), (480, "UTC+08:00"), (-210, "UTC-03:30")])
def test_the_zone_in_words(minutes, words):
    assert audit_collect.zone(Limits(utc_offset_minutes=minutes)) == words
