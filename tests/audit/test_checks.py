"""Every ready-made question keeps the family's contract: its own sample logs are its tests."""

import re
from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest

from onprem.audit.checks.contract import Past, checks, lines_of
from onprem.audit.events import CODE, Event, Outcome
from onprem.audit.view import Limits, View
from onprem.errors import UsageError
from onprem.families import modules
from onprem.model import Severity

CHECKS = checks()
BY_NAME = {item.name: item for item in CHECKS}
each = pytest.mark.parametrize("check", CHECKS, ids=lambda item: item.name)


def asked(log, check, sample, **changes):
    """Return what `check` answers over the log of a sample, written to disk and verified."""
    log.write(lines_of(sample.events))
    limits = Limits(**changes)
    with View.open(log.site, limits=limits, now=datetime.fromisoformat(sample.now).replace(tzinfo=UTC)) as view:
        answer = view.ask(check, sample.answers)
        tally = view.tally(check, sample.answers)
    assert tally.rows == len(answer.rows)
    assert tally.unsigned == sum(row[-1] == "" for row in answer.rows)
    return answer


def test_every_file_of_the_family_is_a_question_and_they_are_in_order():
    assert len(CHECKS) == len(list(modules("onprem.audit.checks"))) - 1  # `contract`
    assert [item.key for item in CHECKS] == list(range(1, len(CHECKS) + 1))
    assert len(BY_NAME) == len(CHECKS)


@each
def test_a_sound_log_gives_no_row(log, check):
    assert check.sound.events
    assert asked(log, check, check.sound).rows == []


@each
def test_a_broken_log_gives_exactly_the_rows_it_names(log, check):
    assert check.broken.rows
    assert asked(log, check, check.broken).rows == list(check.broken.rows)


@each
def test_a_question_reads_as_one_and_says_what_it_rests_on(check):
    assert re.fullmatch(CODE, f"ask.{check.name}")  # the purpose of the event that asking leaves
    assert check.title.endswith("?")
    assert len(check.explanation) > 100
    assert check.explanation.endswith(".")
    assert re.search(r"45 CFR 164\.|ISO 27789", check.basis)
    assert not re.search(r"\b(SQL|JSON|hash|regex|boolean|UTC)\b", check.title + check.explanation)


@each
def test_columns_begin_with_the_event_and_end_with_its_sign_off(log, check):
    columns = asked(log, check, check.broken).columns
    assert columns[:2] == ("seq", "utc")
    assert columns[-1] == "signed_off_by"
    assert len(set(columns)) == len(columns)


@each
def test_a_question_uses_known_names_only(check):
    used = set(re.findall(r"\$([a-z_]+)", check.sql))
    assert used <= {item.name for item in fields(Limits)} | {"now", *check.parameters}
    assert used >= set(check.parameters)


@each
def test_a_question_can_be_narrowed_in_time(log, check):
    sample = check.broken
    times = [row[1] for row in sample.rows]
    log.write(lines_of(sample.events))
    now = datetime.fromisoformat(sample.now).replace(tzinfo=UTC)
    with View.open(log.site, now=now) as view:
        first, last = min(times), max(times)
        assert view.ask(check, {**sample.answers, "until": first}).rows == []
        assert len(view.ask(check, {**sample.answers, "since": first}).rows) == len(times)
        assert [row[1] for row in view.ask(check, {**sample.answers, "since": last}).rows] == [last] * times.count(last)
        assert view.ask(check, {**sample.answers, "since": last[:-1] + "~"}).rows == []


@each
def test_a_sign_off_by_another_person_shows_beside_every_row(log, check):
    sample = check.broken
    everything = Event("audit.signoff", Outcome.DONE, counts={"from": 0, "to": len(sample.events) - 1})
    end = max(past.utc for past in sample.events if past.utc[5:7] <= "12")
    signed = replace(sample, events=(*sample.events, Past(end, "zoe", everything)))
    answer = asked(log, check, signed)
    about = {row[0] for row in sample.rows} - ({row[0] for row in sample.rows if row[-1]})
    if check.name == "unsigned":
        assert answer.rows == []
    else:
        assert {row[0] for row in answer.rows if row[-1] == "zoe"} >= about
        assert all(row[-1] for row in answer.rows if row[0] < len(sample.events))


@each
def test_a_list_to_read_is_told_from_what_must_be_seen_to(check):
    lists = {"touched-patient", "by-user", "off-hours", "failures", "same-household"}
    assert (check.severity is Severity.INFO) is (check.name in lists)


def test_parameters_are_checked(log):
    log.fill(1)
    with View.open(log.site) as view:
        for name, answers in [
            ("touched-patient", {}),
            ("touched-patient", {"subject": "ab"}),
            ("touched-patient", {"subject": "AB" * 16}),
            ("touched-patient", {"subject": "ab" * 16, "actor": "anna"}),
            ("by-user", {"actor": ""}),
            ("by-user", {"actor": "Anna Lee"}),
            ("bulk", {"actor": "anna"}),
            ("bulk", {"bulk_records": "1"}),
        ]:
            with pytest.raises(UsageError, match=r"needs|does not ask"):
                view.ask(BY_NAME[name], answers)
            with pytest.raises(UsageError, match=r"needs|does not ask"):
                view.tally(BY_NAME[name], answers)


def test_an_answer_is_cut_at_its_limit(log):
    check = BY_NAME["failures"]
    log.write(lines_of(check.broken.events))
    with View.open(log.site) as view:
        cut = view.ask(check, {}, limit=3)
        whole = view.ask(check, {}, limit=4)
        assert (len(cut.rows), cut.cut) == (3, True)
        assert (len(whole.rows), whole.cut) == (4, False)
        assert view.tally(check, {}).rows == 4


def test_working_hours_follow_the_clock_of_the_hospital(log):
    check = BY_NAME["off-hours"]
    at = ["2026-03-01T23:30:00", "2026-03-02T11:30:00", "2026-03-06T16:30:00"]  # Monday 07:30, 19:30, Saturday 00:30
    sample = replace(check.broken, events=tuple(Past(utc, "anna", Event("review.open", Outcome.DONE)) for utc in at))
    assert [row[0] for row in asked(log, check, sample, utc_offset_minutes=480).rows] == [1, 2]
    assert [row[0] for row in asked(log, check, sample, utc_offset_minutes=-90).rows] == [0]
    assert [row[0] for row in asked(log, check, sample, days=(6, 7)).rows] == [0, 1, 2]
    every_day = (1, 2, 3, 4, 5, 6, 7)
    assert [row[0] for row in asked(log, check, sample, opening="22:00", closing="06:00", days=every_day).rows] == [
        1,
        2,
    ]
    assert asked(log, check, sample, opening="00:00", closing="00:00", days=every_day).rows == []


def test_limits_move_what_is_listed(log):
    bulk = BY_NAME["bulk"]
    assert len(asked(log, bulk, bulk.broken, bulk_records=9_999).rows) == 3
    assert len(asked(log, bulk, bulk.broken, bulk_records=80_001).rows) == 0
    unsigned = BY_NAME["unsigned"]
    assert len(asked(log, unsigned, unsigned.broken, signoff_days=29).rows) == 3
    assert len(asked(log, unsigned, unsigned.broken, signoff_days=30).rows) == 0
    exports = BY_NAME["exports-without-approval"]
    assert len(asked(log, exports, exports.broken, approval_days=8).rows) == len(exports.broken.rows) - 1
    gap = BY_NAME["gap"]
    assert len(asked(log, gap, gap.broken, review_days=20).rows) == 0


def test_a_sign_off_covers_nothing_that_came_after_it(log):
    check = BY_NAME["break-glass"]
    emergency = Event("review.open", Outcome.DONE, purpose="break-glass")
    blank = Event("audit.signoff", Outcome.DONE, counts={"from": 0, "to": 1_000})
    before = Event("audit.signoff", Outcome.DONE, counts={"seq": 3})
    refused = Event("audit.signoff", Outcome.REFUSED, counts={"seq": 4})
    said = [("anna", emergency), ("carl", blank), ("carl", before), ("anna", emergency), ("anna", emergency)]
    events = tuple(Past(f"2026-03-02T09:0{place}:00", *item) for place, item in enumerate([*said, ("carl", refused)]))
    answer = asked(log, check, replace(check.broken, events=events))
    assert [(row[0], row[-1]) for row in answer.rows] == [(0, "carl"), (3, ""), (4, "")]


def test_a_household_is_seen_through_small_records_only(log):
    check = BY_NAME["same-household"]
    people = [f"{number:032x}" for number in range(11)]

    def opened(minute, actor, *subjects, action="review.open", outcome=Outcome.DONE):
        return Past(f"2026-03-02T09:{minute:02d}:00", actor, Event(action, outcome, subjects=tuple(subjects)))

    looks = (opened(10, "bert", people[0]), opened(20, "bert", people[1]))
    for together in (
        opened(1, "anna", *people),  # eleven in one event
        opened(1, "anna", people[0], people[1], action="deid.subjects"),
        opened(1, "anna", people[0], people[1], outcome=Outcome.REFUSED),
        opened(1, "anna", people[0], people[0]),
    ):
        assert asked(log, check, replace(check.broken, events=(together, *looks))).rows == []
    seen = opened(30, "anna", people[0], people[1])
    rows = asked(log, check, replace(check.broken, events=(*looks, seen))).rows
    assert [row[:2] + row[-3:-1] for row in rows] == [(1, "2026-03-02T09:20:00.000000Z", people[1], people[0])]
