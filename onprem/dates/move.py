"""Move a written date by days, or reduce it to its year, keeping its written form.

Exact days move exactly. Months, quarters, seasons and years move as intervals: the new one is that which holds the
middle of the moved interval, so precision never changes. A date without a year is moved within the year that brings
it nearest to a reference day. Anything else gives None, and the caller redacts.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta

from onprem.dates import words
from onprem.dates.forms import Found, ParsedDate, Point, Precision, Slot
from onprem.dates.read import DEFAULT, Reading, exact
from onprem.dates.scan import parse_dates

DEFAULT_REFERENCE = date(2023, 7, 1)  # for dates without a year where nothing says which year they are of
_TIME = re.compile(
    r"(?<!\d)(?:[01]?\d|2[0-4])\s?[:时点]\s?[0-5]\d(?:\s?[:分]\s?[0-5]\d(?:\.\d+)?秒?|分)?(?:\s?[AaPp]\.?[Mm]\.?)?"
    r"(?:\s?(?:Z|[+-]\d\d:?\d\d))?(?!\d)|(?<!\d)(?:1[0-2]|0?\d)\s?[AaPp]\.?[Mm]\b|(?<!\d)(?:[01]?\d|2[0-3])[时点](?:半|整|许)?"
    r"|(?<!\d)(?:[01]\d|2[0-3])[0-5]\d\s?(?:h|hrs?|hours)\b"
)
_ELEMENT = re.compile(
    r"\d|(?i:\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|first|second|third|[a-z]+teen|twenty|thirty)[a-z]*)"
    r"|[一二三四五六七八九十〇零廿]|[年月]|[春夏秋冬节]"
)
_WEEKDAY = re.compile(
    r"(?<![A-Za-z])(?i:mon(?:day)?|tues?(?:day)?|wed(?:nesday)?|thur?s?(?:day)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)(?![A-Za-z])"
    r"|(?:(?<=星期)|(?<=周)|(?<=礼拜))[一二三四五六日天]"
)


def _nearest(month: int, day: int, reference: date) -> date | None:
    """Return the day and month in the year nearest to the reference; a leap day in the nearest leap year."""
    options = [
        date(year, month, day)
        for year in range(reference.year - 8, reference.year + 9)
        if 1 <= year <= 9999 and day <= monthrange(year, month)[1]
    ]
    return min(options, key=lambda option: abs((option - reference).days), default=None)


def _nearest_day(day: int, reference: date) -> date | None:
    months = [
        (reference.year + (reference.month - 1 + i) // 12, (reference.month - 1 + i) % 12 + 1) for i in range(-2, 3)
    ]
    options = [date(year, month, day) for year, month in months if day <= monthrange(year, month)[1]]
    return min(options, key=lambda option: abs((option - reference).days), default=None)


def _middle(parsed: ParsedDate, point: Point, given: date | None) -> date | None:
    """Return the day that stands for a point: itself, or the middle of the interval it names."""
    year, month, day, part = point
    if month is not None:
        middle = day or (15 if part is None else (5, 15, 25)[part])
        return date(year, month, middle) if year else _nearest(month, middle, given or DEFAULT_REFERENCE)
    if day is not None:
        return None if given is None else _nearest_day(day, given)  # no month is invented
    return None if year is None else _middle_of_year(parsed, year, part)


def _middle_of_year(parsed: ParsedDate, year: int, part: int | None) -> date:
    """Return the middle of a year or of the part of it that is named."""
    if parsed.precision is Precision.QUARTER and part is not None:
        return date(year, part * 3 - 1, 15)
    if parsed.precision is Precision.HALF and part is not None:
        return date(year, 4 + part * 6, 1)
    if parsed.precision is Precision.SEASON and part is not None:
        return date(year, part * 3 + 1, 15)
    return date(year, 7, 2)


def _moved(middle: date, days: int) -> date | None:
    try:
        return middle + timedelta(days=days)
    except OverflowError:
        return None


def _season(day: date) -> tuple[int, int]:
    """Return the season and the year it is named by; December belongs to the winter of the next year."""
    return (day.month % 12) // 3, day.year + (day.month == 12)


def _replacement(parsed: ParsedDate, slot: Slot, day: date, weekday: int) -> str:
    """Write one element of the new day in the form of the old."""
    old = parsed.text[slot.start : slot.end]
    role = slot.role.rstrip("2")
    season, season_year = _season(day)
    writers = {
        "y": lambda: words.year_like(old, season_year if parsed.precision is Precision.SEASON else day.year),
        "m": lambda: words.month_like(old, day.month, pad=_pads(parsed), short=_short(parsed)),
        "d": lambda: words.day_like(old, day.day, pad=_pads(parsed)),
        "o": lambda: words.suffix_like(old, day.day),
        "w": lambda: words.weekday_like(old, weekday),
        "q": lambda: words.quarter_like(old, (day.month + 2) // 3),
        "s": lambda: words.season_like(old, season),
        "t": lambda: words.third_like(old, min((day.day - 1) // 10, 2)),
        "h": lambda: "上下"[day.month > 6],
    }
    return writers[role]()


def _pads(parsed: ParsedDate) -> bool:
    """Whether numbers below ten get a zero: where one has it, or all have two digits and no word."""
    numbers = [parsed.text[slot.start : slot.end] for slot in parsed.slots if slot.role in {"m", "d", "m2", "d2"}]
    numbers = [number for number in numbers if number.isdecimal()]
    if any(len(number) == 2 and number[0] in "0０" for number in numbers):
        return True
    worded = parsed.form.startswith("han") or ("mon" in parsed.form and " " in parsed.text)
    return not worded and all(len(number) == 2 for number in numbers)


def _short(parsed: ParsedDate) -> bool:
    """Whether `May` is written as an abbreviation would be: with a full stop, or inside 05-May-2021."""
    return " " not in parsed.text or any(
        slot.role.startswith("m") and parsed.text[slot.end : slot.end + 1] == "." for slot in parsed.slots
    )


def _weekday_of(parsed: ParsedDate, slot: Slot, day: date, days: int) -> int:
    """Return the new weekday: of the new day; moved from the written one where the year is not known."""
    if parsed.precision is Precision.DAY:
        return day.weekday()
    return (words.weekday_number(parsed.text[slot.start : slot.end]) + days) % 7


def _fill(parsed: ParsedDate, days: int, ends: Sequence[date], *, drop_second: bool = False) -> str:
    """Write the expression with new elements; `drop_second` writes only its first point, in full form."""
    first, last = ends[0], ends[-1]
    pieces: list[str] = []
    position = 0
    year_is_last = any(slot.role == "y" and slot.start >= parsed.cut[1] for slot in parsed.slots)
    for slot in parsed.slots:
        if drop_second and parsed.cut[0] <= slot.start < parsed.cut[1]:
            continue
        if drop_second and position <= parsed.cut[0] <= slot.start:
            pieces.append(parsed.text[position : parsed.cut[0]])
            position = parsed.cut[1]
        second = slot.role.endswith("2") or (slot.role == "y" and year_is_last and not drop_second)
        day = last if second else first
        weekday = _weekday_of(parsed, slot, day, days) if slot.role.startswith("w") else 0
        pieces += (parsed.text[position : slot.start], _replacement(parsed, slot, day, weekday))
        position = slot.end
    if drop_second and position <= parsed.cut[0]:
        pieces.append(parsed.text[position : parsed.cut[0]])
        position = parsed.cut[1]
    pieces.append(parsed.text[position:])
    return "".join(pieces)


def _elided(parsed: ParsedDate, ends: Sequence[date]) -> bool:
    """Whether the second point may leave out what it leaves out in the original."""
    roles = {slot.role for slot in parsed.slots}
    same_year = ends[0].year == ends[1].year
    if "y2" not in roles and "y" in roles and not same_year:
        return False
    return "m2" in roles or "m" not in roles or (same_year and ends[0].month == ends[1].month)


def shift_parsed(parsed: ParsedDate, days: int, *, reference: date | None = None) -> str | None:
    """Return the expression moved by `days`, in its written form; None if it cannot be moved truly."""
    if not parsed.shiftable:
        return None
    middles = [_middle(parsed, point, reference) for point in parsed.points]
    ends: list[date] = []
    for middle in middles:
        moved = None if middle is None else _moved(middle, days)
        if moved is None:
            return None
        ends.append(moved)
    if len(ends) == 2 and not {slot.role for slot in parsed.slots} & {"y"} and ends[1] < ends[0]:
        second = _nearest(parsed.points[1].month or 1, parsed.points[1].day or 15, middles[0] or DEFAULT_REFERENCE)
        later = None if second is None else _moved(second, days)
        ends[1] = later if later is not None and later >= ends[0] else ends[1]
    if len(ends) == 1 or _elided(parsed, ends):
        return _fill(parsed, days, ends)
    connector = re.match(r"\s*(?:[~/&、-]+|,?\s?[A-Za-z]+\s(?:the\s)?|[至到及和])\s*", parsed.text[parsed.cut[0] :])
    between = connector.group() if connector else "-"
    if between.strip() == between and " " in parsed.text and between.isascii():
        between = f" {between} "
    return _fill(parsed, days, ends[:1], drop_second=True) + between + _fill(parsed, days, ends[1:], drop_second=True)


def _rest_is_plain(shown: str, found: Sequence[Found]) -> bool:
    """Whether nothing date-like stands outside the dates and times that were understood."""
    rest, position = [], 0
    for item in found:
        rest.append(shown[position : item.start])
        position = item.end
    rest.append(shown[position:])
    return not any(_ELEMENT.search(_WEEKDAY.sub("", _TIME.sub("", piece))) for piece in rest)


def _move_weekdays(piece: str, days: int) -> str:
    return _WEEKDAY.sub(lambda match: words.weekday_like(match[0], (words.weekday_number(match[0]) + days) % 7), piece)


def shift(text: str, days: int, reading: Reading = DEFAULT, *, reference: date | None = None) -> str | None:
    """Move every date of a text that is known to be a date, keeping its written form; times stay.

    `reference` is a day near which dates without a year lie.
    Returns None where something date-like is not understood or names no real day: the caller redacts.
    """
    shown = words.plain(text)
    found = parse_dates(shown, reading)
    if not _rest_is_plain(shown, found) or not (found or _WEEKDAY.search(shown)):
        return None
    pieces: list[str] = []
    position = 0
    for item in found:
        moved = shift_parsed(item.date, days, reference=reference)
        if moved is None:
            return None
        if not text[item.start : item.end].isascii():
            moved = _like_width(moved, text[item.start : item.end])
        pieces += (_move_weekdays(text[position : item.start], days), moved)
        position = item.end
    pieces.append(_move_weekdays(text[position:], days))
    return "".join(pieces)


def _like_width(moved: str, original: str) -> str:
    """Write digits full width, and dashes and other marks as the original has them, where the original does so."""
    table: dict[int, str] = {}
    if any("\uff10" <= character <= "\uff19" for character in original):
        table |= {ord("0") + i: chr(0xFF10 + i) for i in range(10)}
    for character in original:
        shown = words.plain(character)
        if shown != character and not shown.isalnum():
            table[ord(shown)] = character
    return moved.translate(table)


def strip_times(text: str) -> str:
    """Return a date or timestamp without its time of day."""
    without = re.sub(r"(?<=\d)T(?=\d\d:?\d\d)\S*", "", text)
    without = re.sub(r"(?<!\d)((?:19|20)\d{6})\d{4}(?:\d\d)?(?:\.\d+)?(?:Z|[+-]\d{4})?(?!\d)", r"\1", without)
    return re.sub(r"[\s,]*(?:\bat\s)?$", "", _TIME.sub("", without))


def exact_date(text: str, reading: Reading = DEFAULT) -> date | None:
    """Return the one exact day that a text names; None for coarse dates, ranges, several dates or none."""
    found = parse_dates(words.plain(text), reading)
    if len(found) != 1 or len(found[0].date.points) != 1:
        return None
    return exact(found[0].date)


def years_of(text: str, reading: Reading = DEFAULT) -> tuple[int, ...]:
    """Return the years that a date names, in order and without repeats; empty where none is written."""
    seen: dict[int, None] = {}
    for item in parse_dates(words.plain(text), reading):
        for point in item.date.points:
            if point.year is not None:
                seen.setdefault(point.year)
    return tuple(seen)


def year_of(text: str, reading: Reading = DEFAULT) -> int | None:
    """Return the first year that a date names, or None."""
    years = years_of(text, reading)
    return years[0] if years else None


def year_text(text: str, reading: Reading = DEFAULT) -> str | None:
    """Return a date reduced to its year, with 年 where it was written in Chinese; None where no year is written."""
    years = years_of(text, reading)
    if not years:
        return None
    ends = (years[0], years[-1]) if years[0] != years[-1] else years[:1]
    return "-".join(map(str, ends)) + ("年" if "年" in text else "")
