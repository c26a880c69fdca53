"""Find dates in text, and read a piece of text that is known to be a date.

Two tiers: `find_dates` searches unmarked text and asks for context where a form also means something else (3/5 is a
score more often than a day); `parse_dates` reads text already marked as a date and asks for none. Offsets are those
of the text given: pass the normalised view (`onprem.text.view`) when the text is raw.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from onprem.dates.cues import believed
from onprem.dates.english import ENGLISH
from onprem.dates.forms import Form, Found, ParsedDate, Precision, Slot
from onprem.dates.han import HAN
from onprem.dates.numeric import NUMERIC
from onprem.dates.read import DEFAULT, Reading, build

# Where a form of a family can begin. Forms are tried only there: the scan costs a few cheap passes.
_HAN_NUMBER = r"\d〇零○一二三四五六七八九十廿正腊冬"
_STARTS: dict[str, re.Pattern[str]] = {
    "numeric": re.compile(r"\d(?<!\d\d)(?=\d{0,3} ?[./-] ?\d)"),
    "compact": re.compile(r"[12](?<!\d\d)(?=[09]\d{6})"),
    "year": re.compile(r"[12](?<!\d\d)(?=[09]\d\d(?!\d))"),
    "ordinal": re.compile(r"\d(?<!\d\d)(?=\d?(?:st|nd|rd|th|ST|ND|RD|TH))"),
    "han": re.compile(
        rf"[{_HAN_NUMBER}](?<![{_HAN_NUMBER}]{{2}})(?=[{_HAN_NUMBER}]{{0,3}} ?[年月日号])|农历|阴历|旧历|夏历|闰"
    ),
}
# each branch begins with a plain letter: the engine scans for them, and for nothing else
_MONTH_START = re.compile(
    r"(?:J(?:an|AN|u[nl]|U[NL])|j(?:an|u[nl])|F(?:eb|EB)|feb|M(?:a[ry]|A[RY])|ma[ry]|A(?:pr|PR|ug|UG)|a(?:pr|ug)"
    r"|S(?:ep|EP)|sep|O(?:ct|CT)|oct|N(?:ov|OV)|nov|D(?:ec|EC)|dec)(?:[a-z]*|[A-Z]*)(?![A-Za-z])"
)
# What may stand before a month or a year as the first element of a date, within _BEFORE characters.
_BEFORE = 34
_SHORT = 64  # code points of a text that is one date
_FIRST = re.compile(
    r"(?<![A-Za-z0-9])(?:\d|(?i:early|mid|late|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh"
    r"|twelfth|[a-z]{3,6}teenth|twent|thirt|spring|summer|fall|autumn|winter|q[1-4]))"
)
_RARE = {
    "festival": re.compile(
        r"hristmas|ew [Yy]ear|hanksgiving|aster\b|alloween|[a-z]s? [Dd]ay\b|ood [Ff]riday|of [Jj]uly"
    ),
    "han festival": re.compile(r"[春宵明午秋阳庆动一诞八夕元]节|除夕|元旦|大年|小年"),
}
_FORMS = NUMERIC + ENGLISH + HAN
_BY_FAMILY = {name: tuple(form for form in _FORMS if form.family == name) for name in {form.family for form in _FORMS}}
_MONTH_FIRST = tuple(form for form in _BY_FAMILY["english"] if form.name.startswith("mon"))
_NUMBER_FIRST = tuple(form for form in _BY_FAMILY["english"] if not form.name.startswith("mon-d"))
_HAN_MARK = re.compile(r"[\u4e00-\u9fff〇○]")
_OTHER_DOTS = {True: "ab-yy-marks", False: "yy-m-d"}  # of 01.10.10 the reading that does not count
_NAMES = r"(?i:mon(?:day)?|tues?(?:day)?|wed(?:nesday)?|thur?s?(?:day)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
_WEEKDAY_BEFORE = re.compile(rf"(?<![A-Za-z])(?P<w>{_NAMES})\.?,?\s{{1,2}}(?:the\s)?$")
_WEEKDAY_AFTER = re.compile(rf"\s?,?\s?\(?(?P<w>{_NAMES})(?![A-Za-z])\)?")
_HAN_WEEKDAY_BEFORE = re.compile(r"(?:星期|周|礼拜)(?P<w>[一二三四五六日天])[,，]?\s?$")
_HAN_WEEKDAY_AFTER = re.compile(r"\s?[,(]?\s?(?:星期|周|礼拜)(?P<w>[一二三四五六日天])(?:\s?\))?")


def _begins(text: str) -> Iterator[tuple[int, tuple[Form, ...]]]:
    """Yield (place, forms that can begin there)."""
    has_han = not text.isascii() and _HAN_MARK.search(text) is not None
    for family, start in _STARTS.items():
        if family == "han" and not has_han:
            continue
        forms = _BY_FAMILY[family]
        for match in start.finditer(text):
            yield match.start(), forms
            if family == "year":
                yield from _first_elements(text, match.start(), forms)
    for match in _MONTH_START.finditer(text):
        yield match.start(), _MONTH_FIRST
        yield from _first_elements(text, match.start(), _NUMBER_FIRST)
    for family, mark in _RARE.items():
        if family == "festival" or has_han:
            for match in mark.finditer(text):
                for form in _BY_FAMILY[family]:
                    found = form.pattern.search(text, max(0, match.start() - _BEFORE), match.end() + _BEFORE)
                    if found is not None:
                        yield found.start(), (form,)


def _first_elements(text: str, end: int, forms: tuple[Form, ...]) -> Iterator[tuple[int, tuple[Form, ...]]]:
    for match in _FIRST.finditer(text, max(0, end - _BEFORE), end):
        yield match.start(), forms


def _matches(text: str) -> Iterator[tuple[Form, re.Match[str]]]:
    for start, forms in _begins(text):
        for form in forms:
            match = form.pattern.match(text, start)
            if match is not None:
                yield form, match


def _with_weekday(text: str, found: Found) -> Found:
    """Take the weekday written beside a day into the expression, so that both move together."""
    if found.date.precision not in {Precision.DAY, Precision.MONTH_DAY, Precision.DAY_OF_MONTH}:
        return found
    start, end, parsed = found
    slots = parsed.slots
    cut = parsed.cut
    before = text[max(0, start - 16) : start]
    match = _WEEKDAY_BEFORE.search(before) or _HAN_WEEKDAY_BEFORE.search(before)
    if match is not None:
        lead = len(before) - match.start()
        moved = tuple(Slot(slot.role, slot.start + lead, slot.end + lead) for slot in slots)
        slots = (Slot("w", 0, match.end("w") - match.start("w")), *moved)
        if not before[match.start()].isascii():
            slots = (Slot("w", match.start("w") - match.start(), match.end("w") - match.start()), *moved)
        cut = (cut[0] + lead, cut[1] + lead) if cut[1] else cut
        start -= lead
    elif (after := _HAN_WEEKDAY_AFTER.match(text, end) or _WEEKDAY_AFTER.match(text, end)) is not None:
        role = "w2" if len(parsed.points) == 2 else "w"
        slots = (*slots, Slot(role, after.start("w") - start, after.end("w") - start))
        end = after.end()
    if end - start == found.end - found.start:
        return found
    return Found(
        start,
        end,
        ParsedDate(parsed.form, parsed.precision, text[start:end], slots, parsed.points, cut, parsed.ambiguous),
    )


def _readable(match: re.Match[str], *, year_first: bool) -> bool:
    """Whether a dotted date of two digits each can also be read in the order that counts."""
    if match["sep"] != "." or "c" in match.groupdict():
        return False
    first, middle, last = (int(part) for part in match.group().split("."))
    if year_first:
        return 1 <= middle <= 12 and 1 <= last <= 31
    return len(match.group()) == 8 and 1 <= first <= 31 and 1 <= middle <= 12


def _longest(candidates: Iterable[Found]) -> list[Found]:
    """Keep the longest of overlapping candidates; of equals the first in the order of the forms."""
    taken: list[Found] = []  # sorted by start; its members never overlap, so only neighbours need a look
    for found in sorted(candidates, key=lambda item: item.start - item.end):
        at = bisect_right(taken, found.start, key=lambda item: item.start)
        if (at == 0 or taken[at - 1].end <= found.start) and (at == len(taken) or found.end <= taken[at].start):
            taken.insert(at, found)
    return taken


def _groups(candidates: list[Found]) -> Iterator[list[Found]]:
    """Cut candidates into runs that overlap, so that choosing stays linear in the length of the text."""
    candidates.sort(key=lambda item: item.start)  # stable: the order of the forms stays within a start
    group: list[Found] = []
    end = -1
    for found in candidates:
        if group and found.start >= end:
            yield group
            group = []
        group.append(found)
        end = max(end, found.end) if len(group) > 1 else found.end
    if group:
        yield group


def _search(text: str, reading: Reading, *, strict: bool) -> list[Found]:
    candidates: list[Found] = []
    for form, match in _matches(text):
        if form.name == _OTHER_DOTS[reading.year_first] and _readable(match, year_first=reading.year_first):
            continue
        if strict and form.cue and not believed(form.cue, text, match):
            continue
        parsed = build(form, match, reading)
        if parsed is not None:
            candidates.append(Found(match.start(), match.end(), parsed))
    chosen = [found for group in _groups(candidates) for found in _longest(group)]
    return [_with_weekday(text, found) for found in chosen]


def day_first_evidence(dates: Iterable[ParsedDate]) -> bool | None:
    """Say whether numeric dates of one text are day first, by those that can only be read one way; None if unknown."""
    seen: set[bool] = set()
    for parsed in dates:
        if parsed.form.startswith("ab") and not parsed.ambiguous and "." not in parsed.text:
            roles = [slot.role for slot in parsed.slots if slot.role in {"m", "d"}]
            seen.add(roles[0] == "d")
    return seen.pop() if len(seen) == 1 else None


def find_dates(text: str, *, day_first: bool = False) -> list[Found]:
    """Find the dates of a text (a normalised view), in order and without overlap.

    Numeric dates whose order is open are read as the unambiguous ones of the same text are, else by `day_first`.
    Days that do not exist (2023-02-30) are found with precision INVALID. Measurements, scores, fractions, doses,
    versions and section numbers are not dates.
    """
    reading = Reading(day_first=day_first, year_first=not text.isascii() and _HAN_MARK.search(text) is not None)
    found = _search(text, reading, strict=True)
    evidence = day_first_evidence(item.date for item in found)
    if evidence is None or evidence is day_first or not any(item.date.ambiguous for item in found):
        return found
    return _search(text, replace(reading, day_first=evidence), strict=True)


def parse_dates(text: str, reading: Reading = DEFAULT) -> list[Found]:
    """Find every date in text that is already known to be a date (a span, a cell): no context is asked for."""
    return list(_parsed(text, reading)) if len(text) <= _SHORT else _search(text, reading, strict=False)


@lru_cache(maxsize=1_024)
def _parsed(text: str, reading: Reading) -> tuple[Found, ...]:
    """What `parse_dates` finds in a short text; the last ones are kept, since one date is read several times over."""
    return tuple(_search(text, reading, strict=False))


def parse_date(text: str, reading: Reading = DEFAULT) -> ParsedDate | None:
    """Read a text that is one date, with or without a time; None if it is none, or more than one."""
    found = parse_dates(text, reading)
    return found[0].date if len(found) == 1 else None
