"""Spans to edits under the shipped policies."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_world import make_persona, run_policy, spans_of

from onprem.dates import exact_date
from onprem.labels import Label
from onprem.model import Span
from onprem.policy.contract import Operator
from onprem.policy.operators import edits_for, redacted, replace_value
from onprem.policy.schema import find_policies, load
from onprem.text import apply_edits

SEEDS = st.integers(0, 2**40)


@pytest.mark.parametrize(
    ("tagged", "expected"),
    [
        ("Mr. <NAME>Smith</NAME>", "Mr. [NAME]"),
        ("患者<NAME>王小明</NAME>", "患者[NAME]"),
        ("on <DATE>March 5, 2021</DATE>", "on 2021"),
        ("于<DATE>2024年3月5日</DATE>入院", "于2024年入院"),
        ("on <DATE>3/22</DATE>", "on [DATE]"),
        ("<DATE>Mar 7-9, 2021</DATE>", "2021"),
        ("<DATE>March 2021</DATE>", "2021"),
        ("<DATE>2023-02-30</DATE>", "2023"),
        ("a <AGE>45</AGE> yo, a <AGE>92-year-old</AGE>", "a 45 yo, a 90+-year-old"),
        ("<AGE>ninety-two</AGE> years, <AGE>one hundred and two</AGE>", "90+ years, 90+"),
        ("<AGE>九十二岁</AGE>，<AGE>102岁</AGE>，<AGE>八十九岁</AGE>", "90+岁，90+岁，八十九岁"),
        ("<AGE>3 months</AGE> and <AGE>18个月</AGE>", "3 months and 18个月"),
        ("DOB <BIRTH_DATE>3/5/1931</BIRTH_DATE>", "DOB 1936 or earlier"),
        ("DOB <BIRTH_DATE>3/5/28</BIRTH_DATE>", "DOB 1936 or earlier"),
        ("出生<BIRTH_DATE>1936年3月5日</BIRTH_DATE>", "出生1936年或更早"),
        ("DOB <BIRTH_DATE>3/5/1937</BIRTH_DATE>", "DOB 1937"),
        (
            "<POSTCODE>02139</POSTCODE> <POSTCODE>03601-1234</POSTCODE> <POSTCODE>310000</POSTCODE>",
            "021 000 [POSTCODE]",
        ),
        ("in <CITY>Boston</CITY>, <STATE>MA</STATE>", "in [CITY], MA"),
        ("bed <BED>12</BED>.", "bed ."),
        ("at <HOSPITAL>Mercy General Hospital</HOSPITAL>", "at [HOSPITAL]"),
        ("<ETHNICITY>汉族</ETHNICITY>", "汉族"),
    ],
)
def test_safe_harbor(tagged: str, expected: str) -> None:
    assert run_policy(tagged, "hipaa-safe-harbor", make_persona()) == expected


@pytest.mark.parametrize("name", list(find_policies()))
@pytest.mark.parametrize("label", list(Label))
def test_no_shipped_policy_leaves_a_direct_identifier(name: str, label: Label) -> None:
    """Every label under every policy: the value is gone unless the rule says keep."""
    samples = {
        Label.DATE: "March 5, 2021", Label.BIRTH_DATE: "2024年3月5日", Label.AGE: "93", Label.POSTCODE: "02139",
        Label.EMAIL: "jane.roe@clinic.test", Label.URL: "http://clinic.test/jr", Label.IP_ADDRESS: "10.11.12.13",
        Label.PHONE: "617-842-9921", Label.FAX: "617-842-9922", Label.NAME: "Jane Roe", Label.ADDRESS: "12 Elm Road, Lowell",
        Label.CITY: "Lowell", Label.STATE: "浙江省", Label.HOSPITAL: "Lowell General Hospital", Label.ETHNICITY: "回族",
    }  # fmt: skip
    value = samples.get(label, "QX72913")
    text = f"a {value} b"
    policy = load(name)
    span = Span(2, 2 + len(value), label, 1.0, frozenset({"test"}))
    out = apply_edits(text, edits_for(text, (span,), policy=policy, persona=make_persona(), lang="en"))
    if policy.rule(label) is Operator.KEEP:
        assert out == text
    else:
        assert value not in out
        assert out.startswith("a ") and out.endswith(" b")


def test_redaction_has_one_form_in_both_languages() -> None:
    assert {redacted(label) for label in Label} == {f"[{label.value}]" for label in Label}


def test_a_date_that_cannot_be_moved_is_redacted_and_says_so() -> None:
    text, spans = spans_of("on <DATE>2023-02-30</DATE> and <DATE>农历正月初五</DATE>")
    edits = edits_for(text, spans, policy=load("hipaa-expert"), persona=make_persona(), lang="en")
    assert [(edit.replacement, edit.rule) for edit in edits] == [("[DATE]", "redact")] * 2


DATE_FORMS = (
    "{d.month}/{d.day}/{d.year}",
    "{d:%Y-%m-%d}",
    "{d.year}年{d.month}月{d.day}日",
    "{d:%Y%m%d}",
    "{d:%B} {d.day}, {d.year}",
)


@settings(max_examples=150)
@given(
    SEEDS,
    st.lists(
        st.tuples(st.dates(date(1990, 1, 1), date(2030, 1, 1)), st.sampled_from(DATE_FORMS)), min_size=2, max_size=6
    ),
)
def test_dates_of_a_patient_keep_every_distance(seed: int, written: list[tuple[date, str]]) -> None:
    persona, policy = make_persona(seed), load("dev-surrogate")
    moved = []
    for index, (day, form) in enumerate(written):
        value = form.format(d=day)
        if index % 2:
            moved.append(exact_date(replace_value(value, Label.DATE, policy=policy, persona=persona)))
        else:
            moved.append(exact_date(run_policy(f"seen <DATE>{value}</DATE> 复诊", policy, persona)[5:-3]))
    days = [day for day, _ in written]
    assert all(day is not None for day in moved)
    assert [(day - moved[0]).days for day in moved if day and moved[0]] == [(day - days[0]).days for day in days]
    assert all(day.weekday() == old.weekday() for day, old in zip(moved, days, strict=True) if day)


def test_dates_without_a_year_follow_the_exact_date_before_them() -> None:
    persona, policy = make_persona(3), load("dev-surrogate")
    out = run_policy("<DATE>2024-02-27</DATE> then <DATE>3/2</DATE>", policy, persona)
    first, second = re.fullmatch(r"(\S+) then (\S+)", out).groups()
    day = exact_date(first)
    assert day is not None
    month, number = map(int, second.split("/"))
    assert (date(day.year if (month, number) >= (day.month, day.day) else day.year + 1, month, number) - day).days == 4


def test_the_order_of_numeric_dates_follows_the_sure_one_of_the_text() -> None:
    persona, policy = make_persona(4), load("dev-surrogate")
    out = run_policy("<DATE>25/12/2021</DATE> and <DATE>04/01/2022</DATE>", policy, persona)
    one, two = (tuple(map(int, part.split("/"))) for part in out.split(" and "))
    first = date(one[2], one[1], one[0])
    assert (date(two[2], two[1], two[0]) - first).days == 10


def test_age_and_birth_date_still_agree_after_a_shift() -> None:
    persona, policy = make_persona(5), load("dev-surrogate")
    out = run_policy("<BIRTH_DATE>1980-06-15</BIRTH_DATE> <DATE>2020-06-16</DATE> <AGE>40</AGE>", policy, persona)
    born, seen, age = out.split()
    first, second = exact_date(born), exact_date(seen)
    assert first and second and int(age) == 40
    assert abs((second - first).days - 40 * 365.25) < 3


NAMES = (
    "王小明",
    "Smith, John",
    "John Smith",
    "Mr Smith",
    "SMITH",
    "欧阳娜娜",
    "J. Smith",
    "O'Brien",
    "阿依古丽·买买提",
)


@given(SEEDS, st.sampled_from(NAMES), st.sampled_from(["dev-surrogate", "gdpr-pseudonymise", "hipaa-safe-harbor"]))
def test_a_cell_and_a_note_get_the_same_replacement(seed: int, name: str, policy: str) -> None:
    persona = make_persona(seed, (Label.NAME, "Smith, John"), (Label.NAME, "王小明"))
    in_note = run_policy(f"seen: <NAME>{name}</NAME>.", policy, persona)[6:-1]
    assert in_note == replace_value(
        name,
        Label.NAME,
        policy=load(policy),
        persona=make_persona(seed, (Label.NAME, "Smith, John"), (Label.NAME, "王小明")),
    )


@given(st.text(min_size=1, max_size=60), st.sampled_from(list(Label)), st.sampled_from(list(find_policies())), SEEDS)
@settings(max_examples=300)
def test_any_text_under_any_label_is_replaced_without_failure(value: str, label: Label, name: str, seed: int) -> None:
    policy, persona = load(name), make_persona(seed)
    span = Span(2, 2 + len(value), label, 1.0, frozenset({"test"}))
    text = f"<<{value}>>"
    out = apply_edits(text, edits_for(text, (span,), policy=policy, persona=persona, lang="mixed"))
    assert out.startswith("<<") and out.endswith(">>")


@given(
    st.lists(
        st.sampled_from(
            [
                "<NAME>Ada King</NAME>",
                "<DATE>3/5/2021</DATE>",
                "text ",
                "，",
                "<PHONE>617-842-9921</PHONE>",
                "İ",
                "e\u0301",
            ]
        ),
        max_size=12,
    )
)
def test_edits_lie_on_their_spans_and_leave_the_rest(pieces: list[str]) -> None:
    text, spans = spans_of("".join(pieces))
    edits = edits_for(text, spans, policy=load("dev-surrogate"), persona=make_persona(), lang="en")
    assert [edit.span for edit in edits] == list(spans)
    rest, position = [], 0
    for span in spans:
        rest.append(text[position : span.start])
        position = span.end
    out = apply_edits(text, edits)
    assert all(piece in out for piece in rest)
    assert edits == edits_for(text, spans, policy=load("dev-surrogate"), persona=make_persona(), lang="en")


def test_codes_need_the_secret_and_join_spellings() -> None:
    policy = load("gdpr-pseudonymise")
    known = ((Label.NAME, "Smith, John"), (Label.NAME, "王小明"))
    one, other = make_persona(1, *known), make_persona(2, *known)
    codes = {
        replace_value(name, Label.NAME, policy=policy, persona=one)
        for name in ("John Smith", "SMITH, JOHN", "Mr. Smith", "Smyth, John", "J. Smith")
    }
    assert len(codes) == 1 and all(re.fullmatch(r"\[NAME-[0-9A-F]{16}\]", code) for code in codes)
    assert replace_value("John Smith", Label.NAME, policy=policy, persona=one) != replace_value(
        "John Smith", Label.NAME, policy=policy, persona=other
    )
    assert replace_value("王先生", Label.NAME, policy=policy, persona=one) == replace_value(
        "王小明", Label.NAME, policy=policy, persona=one
    )
    numbers = {
        replace_value(value, Label.RECORD_NUMBER, policy=policy, persona=one)
        for value in ("12-34", "1234", "１２３４", "12 34")
    }
    assert len(numbers) == 1


def test_an_address_stops_at_its_city_or_province() -> None:
    text = "住<ADDRESS>浙江省杭州市西湖区文三路1号2幢301室</ADDRESS>"
    assert run_policy(text, "cn-gbt39725-limited", make_persona()) == "住浙江省杭州市"
    assert run_policy(text, "cn-pipl-anonymise", make_persona()) == "住浙江省"
    assert run_policy("<ADDRESS>北京市朝阳区建国路1号</ADDRESS>", "cn-gbt39725-limited", make_persona()) == "北京市"
    assert run_policy("<ADDRESS>文三路1号</ADDRESS>", "cn-gbt39725-limited", make_persona()) == "[ADDRESS]"


def test_an_empty_cell_stays_empty() -> None:
    assert replace_value("", Label.NAME, policy=load("dev-surrogate"), persona=make_persona()) == ""
    assert replace_value("  ", Label.NAME, policy=load("dev-surrogate"), persona=make_persona()) == "  "
