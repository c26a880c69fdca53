"""Events in plain words: everything an event says, nothing that it does not, and a word for every action there is."""

import re
from datetime import datetime
from pathlib import Path

import pytest

import onprem
from onprem.audit.events import DIGESTS, Outcome
from onprem.audit.signoff import SignOff
from onprem.audit.view import EventRow, Limits
from onprem.review.audit_words import ACTIONS, OUTCOMES, Signature, clock, detail, local, off_hours, short, to_utc, zone

LIMITS = Limits(utc_offset_minutes=-210)
SUBJECTS = tuple(f"{number:032x}" for number in range(3))


def row(**changes):
    plain = {
        "seq": 7,
        "utc": "2026-03-02T09:00:00.123456Z",
        "actor": "grace",
        "role": "privacy-officer",
        "action": "vault.reveal",
        "outcome": "done",
        "purpose": "",
        "approval": "",
        "recipient": "",
        "second": "",
        "subjects": (),
        "counts": {},
        "digests": {},
        "error": "",
        "version": "0.1.0",
        "boot": "unknown",
        "signed_off_by": "",
    }
    return EventRow(**(plain | changes))


def words(event, *, full=False, signed=None, limits=LIMITS):
    return dict(detail(event, limits, full=full, signed=signed))


def test_every_action_that_this_program_logs_has_words_that_fit_the_list():
    code = "\n".join(path.read_text(encoding="utf-8") for path in Path(onprem.__file__).parent.rglob("*.py"))
    begins = (r"audited\(\w+(?:\(\w+\))?, ", r'\blogged\([^\n"]+, ', r"\bEvent\(", r"\bJob\(", r"^ACTION = ")
    logged = set(re.findall(rf'(?:{"|".join(begins)})\s*"([a-z.-]+)"', code, re.MULTILINE))
    logged -= {"test.run"}
    assert len(logged) > 15
    assert logged <= ACTIONS.keys()
    assert all(len(shown) <= 24 for shown, _ in ACTIONS.values())


def test_every_outcome_has_words_that_differ_without_colour():
    assert OUTCOMES.keys() == set(Outcome)
    assert len({shown for shown, _ in OUTCOMES.values()}) == len(OUTCOMES)
    assert all(len(shown) <= 9 for shown, _ in OUTCOMES.values())


def test_everything_that_an_event_says_is_told():
    event = row(
        purpose="break-glass",
        outcome="failed",
        error="SiteError",
        approval="ab" * 16,
        recipient="registry",
        subjects=SUBJECTS,
        counts={"records": 12_000, "torn_bytes": 3},
        digests={key: f"{number:x}" * 64 for number, key in enumerate(sorted(DIGESTS))},
    )
    lines = detail(event, LIMITS, full=True, signed=None)
    told = "\n".join(f"{label}: {text}" for label, text in lines)
    for part in (
        "What: Looking up the person behind a code or an invented name, EMERGENCY ACCESS (break-glass) (vault.reveal)",
        "Outcome: Failed (SiteError)",
        "Who: grace, as privacy officer",
        "When: Mon 2 Mar 2026, 05:30:00, hospital time (UTC-03:30), outside working hours",
        "2026-03-02 09:00:00 UTC",
        "3 patients, by reference: " + ", ".join(SUBJECTS),
        "Counts: records 12,000, torn bytes 3",
        "ab" * 16,
        "Given to: registry",
        "Signed off: not yet",
        *(f"{number:x}" * 64 for number in range(len(DIGESTS))),
    ):
        assert part in told, part


def test_what_an_event_does_not_say_is_left_out():
    assert list(words(row())) == ["What", "Outcome", "Who", "When", "", "Program", "Signed off"]


def test_short_form_hides_no_count_of_patients():
    assert words(row(subjects=SUBJECTS))["Whose"].startswith("3 patients, by reference: 0000 0000 0000 0000…")
    assert words(row(subjects=SUBJECTS))["Whose"].endswith("and 1 more")
    assert words(row(subjects=SUBJECTS[:1]))["Whose"].startswith("1 patient, by reference: ")


def test_unknown_codes_are_shown_as_they_are():
    told = words(row(action="moon.landing", outcome="odd", purpose="new-thing"))
    assert told["What"] == "Something that this version has no words for, for new thing (moon.landing)"
    assert told["Outcome"] == "odd"


def test_a_sign_off_is_told_with_its_comment_or_without():
    signoff = SignOff(1_204, "2026-03-03T09:00:00.000000Z", "ada", "compliance-officer", 7, 7, "")
    told = words(row(), signed=Signature(signoff, "seen"))["Signed off"]
    assert told == "by ada on 2026-03-03 05:30 (event 1,204): seen"
    assert words(row(), signed=Signature(signoff, ""))["Signed off"].endswith("(event 1,204), without a comment")


def test_a_time_that_is_none_is_told():
    event = row(utc="2026-02-30T09:00:00.000000Z")
    assert "no time at all" in words(event)["When"]
    assert clock(event.utc, LIMITS) == "2026-02-30T09:00"


@pytest.mark.parametrize(
    ("minutes", "name"),
    [(-840, "UTC-14:00"), (-210, "UTC-03:30"), (0, "UTC"), (60, "UTC+01:00"), (345, "UTC+05:45"), (840, "UTC+14:00")],
)
def test_the_hospitals_time_there_and_back(minutes, name):
    limits = Limits(utc_offset_minutes=minutes)
    utc = "2026-03-02T09:00:00.000000Z"
    assert to_utc(local(utc, limits).replace(tzinfo=None), limits) == utc
    assert zone(limits) == name


@pytest.mark.parametrize(
    ("moment", "day", "night"),
    [
        ("2026-03-02T07:00", False, False),
        ("2026-03-02T06:59", True, False),
        ("2026-03-02T18:59", False, True),
        ("2026-03-02T19:00", True, True),
        ("2026-03-02T23:00", True, False),
        ("2026-03-01T12:00", True, True),
    ],
)
def test_working_hours_by_day_and_past_midnight(moment, day, night):
    assert off_hours(datetime.fromisoformat(moment), Limits()) is day
    assert off_hours(datetime.fromisoformat(moment), Limits(opening="22:00", closing="10:00")) is night
    assert off_hours(datetime.fromisoformat(moment), Limits(opening="07:00", closing="07:00")) is (moment[8:10] == "01")


def test_digests_are_grouped_to_be_compared_aloud():
    assert short("0123456789abcdef" * 4) == "0123 4567 89ab cdef…"
    assert short("01234567", 8) == "0123 4567"
