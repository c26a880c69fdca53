"""The audit report is well formed, fetches and runs nothing, says what it was given, and needs no colour to be read."""

import re
import xml.etree.ElementTree as ET
from dataclasses import fields, is_dataclass, replace

import pytest

from onprem.model import Finding, Severity
from onprem.report.audit_html import render_audit
from onprem.report.audit_summary import (
    Activity,
    Answered,
    AuditSummary,
    Month,
    Point,
    Reviews,
    Signed,
    Verdict,
)
from onprem.report.svg import Column

ROOT, OLD_ROOT = "ab" * 32, "cd" * 32
VERDICT = Verdict(
    True, "onprem.audit/0123456789abcdef", 120_345, ROOT, Point(118_000, OLD_ROOT, "2026-11-20T08:55:36Z")
)
HEAT = tuple(tuple(1_234 if (day, hour) == (2, 10) else day * (hour == 3) for hour in range(24)) for day in range(7))
WORKING = tuple(tuple(day < 5 and 7 <= hour < 19 for hour in range(24)) for day in range(7))
ACTIVITY = Activity(
    events=1_255,
    patients=61,
    unit="day",
    times=(Column("2026-11-01", 1_000, 3), Column("2026-11-02", 0), Column("2026-11-03", 255)),
    heat=HEAT,
    working=WORKING,
    actions=(("deid", 1_200), ("vault.reveal", 50), ("something.new", 5)),
    actors=tuple((f"user{number:02d}", 100 - number) for number in range(40)),
    outcomes=(("done", 1_100), ("held", 60), ("refused", 50), ("failed", 40), ("interrupted", 3), ("intent", 2)),
)
REVIEWS = Reviews(
    months=(Month("2026-10", 1_000, 400, 3), Month("2026-11", 255, 0, 0)),
    latest=(
        Signed(1_204, "2026-11-20T08:58:06.000000Z", "ada", 17, 44),
        Signed(900, "2026-11-01T08:00:00Z", "ada", 7, 7),
    ),
    signoffs=9,
    readers=(("ada", 7, "2026-11-20T08:58:06.000000Z"),),
)
ANSWERS = (
    Answered(
        "break-glass",
        "Who used emergency access?",
        "Each must be looked at.",
        "45 CFR 164.312(a)(2)(ii)",
        Severity.WARNING,
        ("seq", "utc", "actor", "subjects", "counts"),
        ((1_106, "2026-10-26T00:32:42.000000Z", "mary.s", ["12" * 16, "34" * 16], {"records": 3}),),
        total=4,
        unsigned=3,
    ),
    Answered("off-hours", "What was done at night?", "A list.", "ISO 27789", Severity.INFO, total=77, unsigned=76),
    Answered("gap", "When did nobody look?", "Spans.", "ISO 27789", Severity.ERROR, total=2, unsigned=0),
)
WORDS = {
    "deid": ("De-identification", "De-identification of records"),
    "vault.reveal": ("Reveal", "Looking up a person"),
}
SUMMARY = AuditSummary(
    *("2026-11-26T19:24:14Z", "root", "", "", "UTC+01:00"), VERDICT, ACTIVITY, REVIEWS, ANSWERS, WORDS
)


def tree(html):
    """Parse as XML after closing the void elements."""
    body = re.sub(r"<(meta[^>]*)>", r"<\1/>", html.removeprefix("<!DOCTYPE html>\n"))
    return ET.fromstring(re.sub(r"<style>.*?</style>", "", body, flags=re.DOTALL))


def text(html):
    return " ".join(" ".join(tree(html).itertext()).split())


SHOWN = text(render_audit(SUMMARY))


@pytest.mark.parametrize(
    "words",
    [
        *("120,345", ROOT, "118,000", OLD_ROOT, "onprem.audit/0123456789abcdef", "All events of the log", "by root"),
        *("Events 1,255 3 kinds of action", "To be seen to 3", "Failed or refused 90 7.2 %", "Signed off 400 31.9 %"),
        *("People 40", "Patients 61", "Who used emergency access? break-glass open 4 3", "list 77 76", "clear 2 0"),
        *("1,106 2026-10-26 00:32:42 mary.s 1212121212121212… 3434343434343434… records=3", "2 more that nobody has"),
        *("2026-10 1,000 400 40.0 % 3", "2026-11 255 0 0.0 % 0", "ada 7 2026-11-20 08:58:06"),
        *("1,204 2026-11-20 08:58:06 ada 17 to 44 28", "900 2026-11-01 08:00:00 ada 7 1", "7 earlier ones"),
        *(
            "2026-11-01: 1,000, 3 failed or refused",
            "1.2k",
            "deid De-identification 1,200",
            "15 more, with 1,020 events",
        ),
        *("1,100 done 87.6 %", "3 broken off", "something.new No words for it", "vault.reveal Looking up a person."),
        *("onprem audit verify --against FILE", f"first 120,345 lines must be {ROOT}", "UTC+01:00"),
    ],
)
def test_what_the_report_was_given_is_told(words):
    assert words in SHOWN


def test_the_verdict_is_good_only_beside_a_checkpoint():
    assert 'class="verdict good"' in render_audit(SUMMARY)
    alone = render_audit(replace(SUMMARY, verdict=replace(VERDICT, against=None)))
    assert 'class="verdict held"' in alone
    assert "against itself alone" in text(alone)


def test_a_log_that_does_not_verify_is_told_and_nothing_of_it_is_shown():
    found = (Finding("rewrite", Severity.ERROR, "000001.jsonl:21", "the line before this one is not the one"),)
    broken = AuditSummary(
        *("2026-11-26T19:24:14Z", "root", "", "", "UTC"), replace(VERDICT, sound=False, findings=found)
    )
    html = render_audit(broken)
    shown = text(html)
    assert 'class="verdict bad"' in html
    assert "rewrite error 000001.jsonl:21 the line before" in shown
    assert "nothing in a log that does not verify can be relied on" in shown
    assert f"must be {ROOT}" not in shown  # its root is nobody's to compare with


def test_the_span_of_time_is_told():
    for since, until, words in (
        ("2026-10", "", "Events from 2026-10."),
        ("", "2026-11", "Events until before 2026-11."),
        ("2026-10", "2026-11", "Events from 2026-10 until before 2026-11."),
    ):
        assert words in text(render_audit(replace(SUMMARY, since=since, until=until)))


def test_nothing_is_fetched_and_nothing_runs():
    html = render_audit(SUMMARY)
    assert "default-src 'none'" in html
    for banned in (
        "<script",
        "<link",
        "<img",
        "<iframe",
        "@import",
        "http://",
        "https://",
        "javascript:",
        "src=",
        "href=",
    ):
        assert banned not in html, banned
    assert not re.search(r"<[^>]* on\w+=", html)
    assert not re.search(r"url\((?!#held[1-4]\))", html)
    assert not re.search(r"<[^>]* style=", html.replace('<svg width="0" height="0" aria-hidden="true" style=', ""))


HOSTILE = '"><script>alert(1)</script>&<b>'


def _hostile(value):
    """Return the same with every text replaced by markup."""
    if is_dataclass(value) and not isinstance(value, type):
        changed = {item.name: _hostile(getattr(value, item.name)) for item in fields(value)}
        return type(value)(**(changed | ({"unit": "day"} if isinstance(value, Activity) else {})))
    if isinstance(value, Severity):
        return value
    if isinstance(value, str):
        return HOSTILE
    if isinstance(value, dict):
        return {_hostile(key): _hostile(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_hostile(item) for item in value)
    return value


def test_no_text_becomes_markup_wherever_it_stands():
    html = render_audit(_hostile(SUMMARY))
    tree(html)  # well formed
    assert "<script" not in html
    assert "<b>" not in html
    assert html.count("&lt;script&gt;") > 40


def test_every_chart_says_in_words_what_it_shows():
    ids = []
    for svg in tree(render_audit(SUMMARY)).iter("svg"):
        if svg.get("aria-hidden") == "true":
            continue
        named = {child.get("id") for child in svg if child.tag in {"title", "desc"} and child.text}
        assert svg.get("role") == "img"
        assert set(svg.get("aria-labelledby").split()) == named
        ids += named
    assert len(ids) == len(set(ids)) >= 2 * (1 + 2 + 3 + 25 + 1)  # columns, months, actions, people, outcomes


def test_columns_stand_side_by_side_and_as_high_as_their_counts():
    (svg,) = [item for item in tree(render_audit(SUMMARY)).iter("svg") if item.get("class") == "columns"]
    groups = svg.findall("g")
    assert [group.find("title").text for group in groups] == [
        "2026-11-01: 1,000, 3 failed or refused",
        "2026-11-03: 255",
    ]
    (tall, marked), (low,) = (group.findall("rect") for group in groups)
    assert float(low.get("height")) == pytest.approx(float(tall.get("height")) * 0.255, abs=0.1)
    assert float(low.get("x")) > 600 > 333 > float(tall.get("x"))  # the day between has no column, and its place
    assert float(marked.get("height")) >= 2  # stays visible
    assert marked.get("fill").startswith("url(#held")  # and is hatched


def test_the_heat_map_is_a_table_of_numbers_that_marks_what_is_outside_of_working_time():
    (heat,) = [item for item in tree(render_audit(SUMMARY)).iter("table") if item.get("class") == "heat"]
    rows = heat.findall("tbody/tr")
    cells = [row.findall("td") for row in rows]
    assert [row.find("th").text for row in rows] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert [len(row) for row in cells] == [24] * 7
    busiest, night, none = cells[2][10], cells[6][3], cells[0][10]
    assert (busiest.text, busiest.get("class")) == ("1.2k", "h5")
    assert (night.text, night.get("class")) == ("6", "h1 off")
    assert (none.text, none.get("class")) == ("·", None)


def test_an_empty_span_of_time():
    nothing = replace(ACTIVITY, events=0, patients=0, times=(), actions=(), actors=(), outcomes=())
    nothing = replace(nothing, heat=tuple((0,) * 24 for _ in range(7)))
    shown = text(render_audit(replace(SUMMARY, activity=nothing, reviews=Reviews((), (), 0, ()), answers=ANSWERS[1:])))
    assert "There is no event in this span of time" in shown
    assert "Nobody has signed off anything" in shown
    assert "Nothing: every finding above is signed off." in shown
    nobody = Reviews(REVIEWS.months, (), 0, ())
    assert "Nobody read the log" in text(render_audit(replace(SUMMARY, reviews=nobody)))


def test_it_can_be_printed_and_read_on_a_narrow_screen():
    html = render_audit(SUMMARY)
    assert '<meta name="viewport"' in html
    assert "@media print" in html
    assert "@media (max-width" in html
    tables = tree(html).iter("table")
    wide = {id(inner) for outer in tree(html).iter("div") if outer.get("class") == "wide" for inner in outer}
    assert len(list(tables)) == len(wide)  # every table scrolls on its own
