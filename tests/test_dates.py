"""The date engine: what is a date, what is none, and that a shift keeps form and every interval."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onprem.dates import (
    Precision,
    Reading,
    exact_date,
    find_dates,
    parse_date,
    parse_dates,
    shift,
    strip_times,
    year_text,
)
from onprem.dates.words import MONTHS, ORDINALS, WEEKDAYS, han_counting, han_digits, suffix_like

settings.register_profile("shared machine", deadline=None)  # other work runs beside the tests
settings.load_profile("shared machine")

HAN_WEEK = "一二三四五六日"


def _name(day: date, cut: int | None = None) -> str:
    return MONTHS[day.month - 1][:cut].capitalize()


WRITTEN = {
    "iso": lambda d: d.isoformat(),
    "iso time": lambda d: f"{d.isoformat()}T12:30:00+08:00",
    "iso space": lambda d: f"{d.isoformat()} 07:05",
    "compact": lambda d: f"{d:%Y%m%d}",
    "hl7": lambda d: f"{d:%Y%m%d}123000",
    "slashes": lambda d: f"{d.year}/{d.month}/{d.day}",
    "dots": lambda d: f"{d.year}.{d.month}.{d.day}",
    "mdy": lambda d: f"{d.month}/{d.day}/{d.year}",
    "mdy padded": lambda d: f"{d:%m/%d/%Y}",
    "mdy dashes": lambda d: f"{d:%m-%d-%Y}",
    "dmy dots": lambda d: f"{d:%d.%m.%Y}",
    "month d, y": lambda d: f"{_name(d)} {d.day}, {d.year}",
    "Mon. d y": lambda d: f"{_name(d, 3)}. {d.day} {d.year}",
    "MONTH D, Y": lambda d: f"{_name(d).upper()} {d.day}, {d.year}",
    "month dth, y": lambda d: f"{_name(d)} {d.day}{suffix_like('th', d.day)}, {d.year}",
    "dth of month y": lambda d: f"{d.day}{suffix_like('th', d.day)} of {_name(d)} {d.year}",
    "the nth of month": lambda d: f"the {ORDINALS[d.day - 1]} of {_name(d)} {d.year}",
    "d month y": lambda d: f"{d.day} {_name(d)} {d.year}",
    "dd-Mon-yyyy": lambda d: f"{d.day:02d}-{_name(d, 3)}-{d.year}",
    "ddMONyyyy": lambda d: f"{d.day:02d}{_name(d, 3).upper()}{d.year}",
    "yyyy-Mon-dd": lambda d: f"{d.year}-{_name(d, 3)}-{d.day:02d}",
    "weekday": lambda d: f"{WEEKDAYS[d.weekday()].capitalize()}, {_name(d)} {d.day}, {d.year}",
    "weekday short": lambda d: f"{WEEKDAYS[d.weekday()][:3].capitalize()} {d.month}/{d.day}/{d.year}",
    "han": lambda d: f"{d.year}年{d.month}月{d.day}日",
    "han padded": lambda d: f"{d.year}年{d.month:02d}月{d.day:02d}日",
    "han hao": lambda d: f"{d.year}年{d.month}月{d.day}号",
    "han spaces": lambda d: f"{d.year} 年 {d.month} 月 {d.day} 日",
    "han numerals": lambda d: f"{han_digits(d.year)}年{han_counting(d.month)}月{han_counting(d.day)}日",
    "han numerals, zero": lambda d: f"{han_digits(d.year, '零')}年{han_counting(d.month)}月{han_counting(d.day)}日",
    "han weekday": lambda d: f"{d.year}年{d.month}月{d.day}日（星期{HAN_WEEK[d.weekday()]}）",
    "full width": lambda d: f"{d.year}年{d.month}月{d.day}日".translate({48 + i: 0xFF10 + i for i in range(10)}),
    "two digits": lambda d: f"{d.month}/{d.day}/{d.year % 100:02d}",
    "dd-Mon-yy": lambda d: f"{d.day:02d}-{_name(d, 3)}-{d.year % 100:02d}",
    "yy.m.d": lambda d: f"{d.year % 100:02d}.{d.month}.{d.day}",
    "yy年m月d日": lambda d: f"{d.year % 100:02d}年{d.month}月{d.day}日",
}  # fmt: skip
SHORT_YEARS = {"two digits", "dd-Mon-yy", "yy.m.d", "yy年m月d日"}

days = st.dates(date(2001, 1, 1), date(2029, 12, 31))  # two-digit years are sure in this range, before and after
offsets = st.integers(-1820, 1820)
forms = st.sampled_from(sorted(WRITTEN))


def _reading(form: str) -> Reading:
    return Reading(year_first=form == "yy.m.d")


def _read(text: str, form: str = "") -> date | None:
    return exact_date(text, _reading(form))


def _shift(day: date, form: str, offset: int) -> str | None:
    return shift(WRITTEN[form](day), offset, _reading(form))


@given(days, forms)
def test_every_written_form_is_read_as_its_day(day: date, form: str) -> None:
    assert _read(WRITTEN[form](day), form) == day


@settings(max_examples=400)
@given(days, forms, offsets)
def test_a_shift_moves_the_day_exactly_in_every_written_form(day: date, form: str, offset: int) -> None:
    moved = _shift(day, form, offset)
    assert moved is not None
    expected = day + timedelta(days=offset)
    if form in SHORT_YEARS and not 2000 <= expected.year <= 2030:
        return  # what two digits mean is not in the text
    assert _read(moved, form) == expected


@settings(max_examples=300)
@given(days, days, forms, forms, offsets)
def test_every_pair_of_dates_keeps_its_distance(one: date, other: date, form: str, second: str, offset: int) -> None:
    a, b = (_shift(day, name, offset) for name, day in ((form, one), (second, other)))
    assert a is not None and b is not None
    if {form, second} & SHORT_YEARS and not all(2000 <= (d + timedelta(offset)).year <= 2030 for d in (one, other)):
        return
    moved = _read(a, form), _read(b, second)
    assert moved[0] is not None and moved[1] is not None
    assert moved[1] - moved[0] == other - one


@settings(max_examples=300)
@given(days, forms, offsets)
def test_the_written_form_stays(day: date, form: str, offset: int) -> None:
    expected = day + timedelta(days=offset)
    moved = _shift(day, form, offset)
    wanted = WRITTEN[form](expected)
    if day.month >= 10 and day.day >= 10:  # two digits each: whether the hand that wrote them pads is not in the text
        wanted_numbers = [int(part) for part in _numbers(wanted)]
        assert moved is not None and [int(part) for part in _numbers(moved)] == wanted_numbers
    else:
        assert moved == wanted


def _numbers(text: str) -> list[str]:
    import re

    return re.findall(r"\d+", text)


@given(days, forms, offsets)
def test_there_and_back_is_the_same_day(day: date, form: str, offset: int) -> None:
    moved = _shift(day, form, offset)
    assert moved is not None
    if form in SHORT_YEARS and not 2000 <= (day + timedelta(offset)).year <= 2030:
        return
    back = shift(moved, -offset, _reading(form))
    assert back is not None and _read(back, form) == day


@given(days, st.integers(0, 60), offsets, st.sampled_from(["mon", "zh", "slash", "dots", "dmy", "iso"]))
def test_a_range_keeps_its_length(day: date, length: int, offset: int, style: str) -> None:
    last = day + timedelta(days=length)
    if last.year != day.year and style in {"slash", "dmy"}:
        return  # these forms write one year for both ends
    texts = {
        "mon": f"{_name(day, 3)} {day.day}-{last.day}, {day.year}"
        if day.month == last.month
        else f"{_name(day, 3)} {day.day} - {_name(last, 3)} {last.day}, {last.year}",
        "zh": f"{day.year}年{day.month}月{day.day}日至{last.month}月{last.day}日",
        "slash": f"{day.month}/{day.day}-{last.month}/{last.day}/{day.year}",
        "dots": f"{day.year}.{day.month}.{day.day}-{last.month}.{last.day}",
        "dmy": f"{day.day} {_name(day)} to {last.day} {_name(last)} {last.year}",
        "iso": f"{day.isoformat()} to {last.isoformat()[5:]}",
    }
    moved = shift(texts[style], offset)
    assert moved is not None
    ends = [
        date(point.year, point.month, point.day)
        for found in parse_dates(moved)
        for point in found.date.points
        if point.year and point.month and point.day
    ]
    assert ends == [day + timedelta(days=offset), last + timedelta(days=offset)]


@pytest.mark.parametrize(
    ("text", "offset", "expected"),
    [
        ("March 2021", 392, "April 2022"),  # never a day
        ("2019年", 400, "2020年"),
        ("2019年3月", 392, "2020年4月"),
        ("spring 2019", 371, "spring 2020"),
        ("Q3 2021", -371, "Q3 2020"),
        ("2021年第三季度", 371, "2022年第三季度"),
        ("2021年下半年", 371, "2022年下半年"),
        ("2019年3月上旬", 371, "2020年3月上旬"),
        ("Mar 7-9, 2021", 371, "Mar 13-15, 2022"),
        ("Mar 7-9, 2021", 388, "Mar 30, 2022 - Apr 1, 2022"),
        ("Dec 30 - Jan 2, 2021", 371, "Jan 5 - Jan 8, 2022"),
        ("2024年12月30日至1月3日", -371, "2023年12月25日至12月29日"),
        ("2024.3.5-3.9", 300, "2024.12.30-2025.1.3"),
        ("3/7-3/9/2021", 371, "3/13-3/15/2022"),
        ("3rd of May 2021", 371, "9th of May 2022"),
        ("1998-2003", 371, "1999-2004"),
        ("Sept. 3, 2020", 371, "Sept. 9, 2021"),
        ("Mon 3/4/2024", 371, "Mon 3/10/2025"),
        ("Mon 3/4/2024", 372, "Tue 3/11/2025"),
        ("2024年3月4日（星期一）", 372, "2025年3月11日（星期二）"),
        ("2024-03-05T12:30:00Z", 371, "2025-03-11T12:30:00Z"),
        ("March 5, 2021 at 3:15 PM", 371, "March 11, 2022 at 3:15 PM"),
        ("20240305123000.123+0800", 371, "20250311123000.123+0800"),
        ("Monday", 371, "Monday"),
        ("October twenty sixth nineteen ninety five", 371, "October thirty first nineteen ninety six"),
        ("March of two thousand and six", 1500, "April of two thousand and ten"),
        ("May fourteenth two thousand four", 371, "May twentieth two thousand five"),
        ("September of o six", -371, "September of o five"),
        ("December third, nineteen ninety nine", 400, "January sixth, two thousand one"),
        ("2024/02/29 08:00", 365, "2025/02/28 08:00"),
    ],
)
def test_known_shifts(text: str, offset: int, expected: str) -> None:
    assert shift(text, offset) == expected


def test_a_six_day_stay_stays_six_days() -> None:
    for offset in range(-1820, 1821, 7):
        first, last = shift("12/28/2020", offset), shift("Jan 3, 2021", offset)
        assert first and last
        one, other = exact_date(first), exact_date(last)
        assert one and other and (other - one).days == 6


@pytest.mark.parametrize(
    "text",
    [
        "2023-02-30",
        "31/04/2021",
        "2023年2月30日",
        "February 30, 2021",
        "Mar 9-7, 2021",
        "农历正月初五",
        "春节",
        "Christmas 2021",
    ],
)
def test_what_is_no_real_day_is_not_shifted(text: str) -> None:
    assert shift(text, 371) is None


@pytest.mark.parametrize("text", ["yesterday", "two weeks", "3/5 or so 17", "on 45/45/2021", "", "about the 2nd of"])
def test_what_is_not_understood_is_not_shifted(text: str) -> None:
    assert shift(text, 371) is None


def test_an_invalid_day_is_found_so_that_it_is_redacted() -> None:
    found = find_dates("seen on 2023-02-30 again")
    assert [item.date.precision for item in found] == [Precision.INVALID]


@given(st.dates(date(2015, 1, 1), date(2025, 12, 31)), st.integers(0, 120), offsets)
def test_dates_without_a_year_keep_their_distance_near_a_reference(reference: date, gap: int, offset: int) -> None:
    day = reference + timedelta(days=gap)
    moved = shift(f"{day.month}/{day.day}", offset, reference=reference)
    expected = day + timedelta(days=offset)
    assert moved is not None
    assert [int(part) for part in moved.split("/")] == [expected.month, expected.day]


def test_a_leap_day_without_a_year_takes_the_nearest_leap_year() -> None:
    assert shift("2/29", 366, reference=date(2023, 7, 1)) == "3/1"


def test_a_day_alone_needs_a_reference() -> None:
    assert shift("the 5th", 371) is None
    assert shift("the 5th", 7, reference=date(2021, 3, 1)) == "the 12th"


@pytest.mark.parametrize(
    "text",
    [
        "BP 120/80", "blood pressure was 98/60 mmHg", "pain 7/10", "rated 8/10 in severity", "1/2 tab daily",
        "GA 38+2 weeks",
        "version 3.2.1", "section 3.2.1", "see 4.1.2 above", "5-10 mg", "2-3 times a day", "ratio of 1/3",
        "2000 ml of saline",
        "WBC 2010 cells", "1950 calories", "strength 5/5 throughout", "2/6 systolic murmur", "vision 20/20",
        "20/40 in the left",
        "the 5th metatarsal", "the 3rd time", "Call 555-123-4567", "3-0 silk", "4-0 Vicryl", "C5-6 and L4-5", "T2 N1 M0",
        "he may 5 mg", "may increase to 10", "march in place", "HbA1c 6.5/7.0", "10/12 lymph nodes positive", "3/15 nodes",
        "1/18 lymph nodes", "pH 7.35-7.45", "24/7 care", "GCS 14/15", "Apgar 8/9", "q 6-8 h", "0.9-1.2", "12.5/25 mg",
        "2.3.1 Methods", "ver. 12.11.10", "IP 10.11.12.13", "size 10-12 mm", "1-2-3", "血压120/80mmHg", "糖尿病史10年",
        "3个月前", "5日前", "3月龄", "术后3日", "每次5-10毫克", "孕38+2周", "二十年前", "住院3天", "2-3次/日",
        "疼痛评分7/10", "第3.2.1节", "约20年", "20余年",
        "5/10 mg", "Grade 3/4 neutropenia", "7/10 pain on 5/5", "May I help", "activation of Jun kinase", "It may be 3",
    ],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert [text[item.start : item.end] for item in find_dates(text)] == []


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("Seen on 3/22 and again 3/25.", ["3/22", "3/25"]),
        ("Admitted 12/28/2020, discharged 1/3/2021.", ["12/28/2020", "1/3/2021"]),
        ("DOB: 03/05/1950", ["03/05/1950"]),
        ("DOB:3/5/50 M", ["3/5/50"]),
        ("follow up in March", ["March"]),
        ("appendectomy in 1998", ["1998"]),
        ("s/p CABG (2010)", ["2010"]),
        ("on March 5th, 2021 at 14:00", ["March 5th, 2021"]),
        ("from Mar 7-9, 2021 he", ["Mar 7-9, 2021"]),
        ("05-Mar-2021 10:30", ["05-Mar-2021"]),
        ("Tuesday, 3 May", ["Tuesday, 3 May"]),
        ("On the 5th, she fell", ["5th"]),
        ("患者于2024年3月5日入院，3月22日出院", ["2024年3月5日", "3月22日"]),
        ("24.3.5行手术", ["24.3.5"]),
        ("2019年行胆囊切除术", ["2019年"]),
        ("二〇二四年三月五日记录", ["二〇二四年三月五日"]),
        ("于3月行手术", ["3月"]),
        ("农历正月初五", ["农历正月初五"]),
        ("春节前出现咳嗽", ["春节"]),
        ("2021年3月5日-9日住院", ["2021年3月5日-9日"]),
        ("入院日期:2024-03-05 12:30", ["2024-03-05"]),
        ("visit 20240305123000", ["20240305123000"]),
        ("on 25/12/2021 and 04/05/2021", ["25/12/2021", "04/05/2021"]),
        ("Mary seen Jan 5", ["Jan 5"]),
        ("since summer 2020", ["summer 2020"]),
        ("Date: 2021. 3. 5", ["2021. 3. 5"]),
    ],
)
def test_what_is_a_date(text: str, dates: list[str]) -> None:
    assert [text[item.start : item.end] for item in find_dates(text)] == dates


def test_order_of_ambiguous_dates_follows_the_sure_ones_of_the_text() -> None:
    found = find_dates("on 25/12/2021 and 04/05/2021")
    assert [item.date.points[0].month for item in found] == [12, 5]
    assert exact_date("04/05/2021") == date(2021, 4, 5)
    assert exact_date("04/05/2021", Reading(day_first=True)) == date(2021, 5, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("March 5, 2021", "2021"), ("2024年3月5日", "2024年"), ("3/22", None), ("Dec 30 - Jan 2, 2021", "2020-2021"),
     ("3/5/21", "2021"), ("3/5/38", "1938"), ("农历2023年八月十五", "2023年")],
)  # fmt: skip
def test_a_date_reduced_to_its_year(text: str, expected: str | None) -> None:
    assert year_text(text) == expected


def test_two_digit_years_after_the_latest_possible_are_of_the_last_century() -> None:
    assert year_text("3/5/28", Reading(latest=2026)) == "1928"
    assert year_text("3/5/24", Reading(latest=2026)) == "2024"


def test_times_are_taken_off_on_request() -> None:
    assert strip_times("2024-03-05T12:30:00Z") == "2024-03-05"
    assert strip_times("20240305123000") == "20240305"
    assert strip_times("March 5, 2021 at 3:15 PM") == "March 5, 2021"


def test_no_repr_shows_a_date() -> None:
    parsed = parse_date("March 5, 2021")
    assert parsed is not None
    assert "2021" not in repr(parsed) and "March" not in repr(parsed)


@given(st.text(max_size=200))
def test_any_text_is_searched_without_failure(text: str) -> None:
    end = 0
    for found in find_dates(text):
        assert end <= found.start < found.end <= len(text)
        assert found.date.text == text[found.start : found.end]
        end = found.end
    shift(text, 371)


@pytest.mark.parametrize("unit", ["1/", "Mar 5, ", "5 of May ", "2019 ", "3/5/2021 ", "一日", "2021-03-05 to ", "5th "])
def test_a_long_run_of_date_pieces_costs_linear_time(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * (length // len(unit) + 1))[:length]
        start = time.process_time()
        find_dates(text)
        return time.process_time() - start

    short = min(seconds(4_000) for _ in range(3))
    assert min(seconds(32_000) for _ in range(2)) < 8 * short * 3  # quadratic would be 64 times


@given(
    st.lists(
        st.sampled_from([*"0123456789/.-年月日至 ", "Mar", "March ", "May", " of ", "th", "三", "十", "2021", "19"]),
        max_size=30,
    )
)
def test_any_run_of_date_pieces_is_handled_without_failure(pieces: list[str]) -> None:
    text = "".join(pieces)
    for found in parse_dates(text):
        assert found.date.text == text[found.start : found.end]
    shift(text, 371, reference=date(2021, 3, 1))
    shift(text, -371, Reading(day_first=True))
