"""Dates of a passage as spans, found by the date engine; a birth date is told by the words before it.

A bare year is no identifier (45 CFR 164.514(b)(2)(i)(C) lets the year stay) unless it is a year of birth.
"""

from __future__ import annotations

import re

from onprem.dates import Precision, find_dates
from onprem.detect.contract import Passage
from onprem.labels import Label
from onprem.model import Kind, Span

_BIRTH = re.compile(
    r"(?:(?i:\b(?:d\.?o\.?b\.?|birth ?dates?|date of birth|birthday|born(?: (?:on|in))?|birth|bd|b/d|"
    r"geboren(?: am)?|né(?:e)? le"
    r"|fecha de nacimiento|nacid[oa] el))|出生(?:日期|年月日?|时间|于)?|生于|生日|诞生)"
    r"[\s:：=|,，(（为是在#.\-]{0,12}(?:(?i:is|was|on|the)\s)?$"
)
_BEFORE = 40  # code points before a date in which a birth label is looked for
_AFTER = re.compile(r"\s?(?:出生|生(?![\u4e00-\u9fff])|\((?i:dob|birth)|(?i:dob\b))")
# What tells a fraction, a score or an acronym from month and day: "29.6% (8/27)", "pain 4/10", "6/31 vs 26/31", OCT.
_FRACTION_BEFORE = re.compile(
    r"%\s?\($|(?i:\b(?:pain|score[ds]?|scale|severity|"
    r"rate[ds]?|rating|level|vas|nrs|strength|apgar|reflexes|murmur)\b)[^.\n]{0,40}$"
)
_FRACTION_AFTER = re.compile(
    r"\)?\s?(?i:of|vs\.?|versus|patients|subjects|cases|rats|"
    r"mice|positive|nodes|strength|murmur|pain)\b"
)
_ACRONYM = re.compile(r"[A-Z]{3}")
_BY_DATE = frozenset({"patterns/date"})
_BY_BIRTH = frozenset({"patterns/birth_date"})


def date_spans(passage: Passage) -> list[Span]:
    """Return the dates of a passage in view offsets, labelled BIRTH_DATE or DATE."""
    text = passage.text
    spans: list[Span] = []
    for start, end, parsed in find_dates(text):
        if passage.kind is Kind.CLINICAL and parsed.precision is not Precision.DAY:
            continue  # a result such as 3/4 or a code is not a date
        if _doubtful(text, start, end, parsed.precision):
            continue
        born = _BIRTH.search(text[max(0, start - _BEFORE) : start]) or _AFTER.match(text, end)
        if born:
            spans.append(Span(start, end, Label.BIRTH_DATE, 0.9, _BY_BIRTH))
        elif parsed.precision is not Precision.YEAR:
            spans.append(Span(start, end, Label.DATE, 0.9, _BY_DATE))
    return spans


def _doubtful(text: str, start: int, end: int, precision: Precision) -> bool:
    if precision is Precision.MONTH_DAY and "/" in text[start:end]:
        return bool(_FRACTION_BEFORE.search(text[max(0, start - 60) : start]) or _FRACTION_AFTER.match(text, end))
    if precision is Precision.MONTH and _ACRONYM.fullmatch(text, start, end):
        around = text[max(0, start - _BEFORE) : end + _BEFORE]
        return not around.isupper()
    return False
