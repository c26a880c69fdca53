"""Dates in English words: names of months, ordinals, seasons, quarters, years with a word before them, holidays."""

from __future__ import annotations

from onprem.dates.forms import DAY2, YEAR4, Form, Precision, form
from onprem.dates.spoken import SPOKEN_YEAR

_MONTH = (
    r"(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)(?![A-Za-z])"
)
_WORD_DAY = (
    r"(?i:(?:twenty|thirty)[- ](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)"
    r"|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth"
    r"|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth)"
)
_UNIT = (
    r"(?:mg|mcg|ug|ml|mls|g|kg|cc|units?|iu|meq|mmol|tabs?|tablets?|caps?|capsules?|puffs?|drops?|cm|mm|lbs?|hours?|hrs?"
    r"|weeks?|wks?|months?|mos?|years?|yrs?|minutes?|mins?|times|doses?|percent|degrees)"
)
_END_DAY = rf"(?![A-Za-z0-9]|[.:/,]\d|\s?%|\s?(?i:{_UNIT})\b)"
_YEAR_AFTER = rf"(?:\s?[,.]?\s{{0,2}}(?:(?:of|in)\s+)?'?(?P<y>{YEAR4}|(?<=')\d\d|{SPOKEN_YEAR})(?!\d))"
_EC = r"(?P<c>\s*(?:~|-+|/|&|,?\s(?:and|to|through|thru|until)\s)\s*(?:the\s)?)"
_LEFT = r"(?<![A-Za-z0-9])(?<!\d[./:-])"
_FESTIVAL_EN = (
    r"(?i:christmas(?:\s(?:eve|day))?|new\syear(?:'?s)?\s(?:eve|day)|thanksgiving(?:\sday)?|easter(?:\s(?:sunday|monday))?"
    r"|halloween|independence\sday|memorial\sday|labor\sday|veterans\sday|valentine'?s\sday|mother'?s\sday"
    r"|father'?s\sday|chinese\snew\syear|good\sfriday|boxing\sday|fourth\sof\sjuly)"
)

ENGLISH: tuple[Form, ...] = (
    # English names
    form(
        "mon-d-mon-d", "english",
        rf"{_LEFT}(?P<m>{_MONTH})\.?\s?(?P<d>{DAY2})(?P<o>(?i:st|nd|rd|th))?{_EC}"
        rf"(?P<p2>(?P<m2>{_MONTH})\.?\s?(?P<d2>{DAY2})(?P<o2>(?i:st|nd|rd|th))?)(?:{_YEAR_AFTER}|{_END_DAY})",
        cue="may",
    ),
    form(
        "mon-d-d", "english",
        rf"{_LEFT}(?P<m>{_MONTH})\.?\s?(?P<d>{DAY2})(?P<o>(?i:st|nd|rd|th))?{_EC}"
        rf"(?P<p2>(?P<d2>{DAY2})(?P<o2>(?i:st|nd|rd|th))?)(?:{_YEAR_AFTER}|{_END_DAY})",
        cue="may",
    ),
    form(
        "d-mon-d-mon", "english",
        rf"{_LEFT}(?P<d>{DAY2})(?P<o>(?i:st|nd|rd|th))?\s?(?:of\s)?(?P<m>{_MONTH})\.?{_EC}"
        rf"(?P<p2>(?P<d2>{DAY2})(?P<o2>(?i:st|nd|rd|th))?\s?(?:of\s)?(?P<m2>{_MONTH})\.?)(?:{_YEAR_AFTER}|(?![A-Za-z0-9]))",
        cue="may",
    ),
    form(
        "d-d-mon", "english",
        rf"{_LEFT}(?P<d>{DAY2})(?P<o>(?i:st|nd|rd|th))?{_EC}(?P<p2>(?P<d2>{DAY2})(?P<o2>(?i:st|nd|rd|th))?)"
        rf"\s?(?:of\s)?(?P<m>{_MONTH})\.?(?:{_YEAR_AFTER}|(?![A-Za-z0-9]))",
        cue="may",
    ),
    form("mon-mon-y", "english", rf"{_LEFT}(?P<m>{_MONTH})\.?{_EC}(?P<p2>(?P<m2>{_MONTH}))\.?{_YEAR_AFTER}"),
    form(
        "mon-d-y-marks", "english",
        rf"{_LEFT}(?P<m>{_MONTH})(?P<sep>[-/])(?P<d>{DAY2})(?P=sep)(?P<y>{YEAR4}|\d\d)(?![A-Za-z0-9])",
    ),
    form(
        "mon-d", "english",
        rf"{_LEFT}(?P<m>{_MONTH})(?:\.?\s{{0,2}}|\.?\s?[,-]\s?)(?:the\s)?"
        rf"(?P<d>{DAY2}(?!\d)|{_WORD_DAY})(?P<o>(?i:st|nd|rd|th))?(?:{_YEAR_AFTER}|{_END_DAY})",
        cue="may",
    ),
    form(
        "d-mon-y-marks", "english",
        rf"{_LEFT}(?P<d>{DAY2})(?P<sep>[-/ .]?)(?P<m>{_MONTH})(?P=sep)(?P<y>{YEAR4}|\d\d)(?![A-Za-z0-9:]|[.:]\d)",
        cue="may",
    ),
    form(
        "d-mon", "english",
        rf"{_LEFT}(?P<d>{DAY2}|{_WORD_DAY})(?P<o>(?i:st|nd|rd|th))?\s?(?:(?:day\s)?of\s|[-/.])?\s?(?P<m>{_MONTH})"
        rf"(?:\.?[-/]?{_YEAR_AFTER}|(?![A-Za-z0-9]|-\d))",
        cue="may",
    ),
    form(
        "y-mon-d", "english",
        rf"{_LEFT}(?P<y>{YEAR4})[-/ ,]{{1,2}}(?P<m>{_MONTH})[-/ .]{{1,2}}(?P<d>{DAY2})(?![A-Za-z0-9])",
    ),
    form(
        "mon-y", "english",
        rf"{_LEFT}(?:(?P<t>(?i:early|mid|late))[\s-](?:in\s)?)?(?P<m>{_MONTH})(?:\.?[-/]?{_YEAR_AFTER})",
    ),
    form(
        "mon", "english", rf"{_LEFT}(?:(?P<t>(?i:early|mid|late))[\s-])?(?P<m>{_MONTH})(?!\.?[\s-]*\d)", cue="month",
    ),
    # English, coarse
    form(
        "season", "year",
        rf"{_LEFT}(?P<s>(?i:spring|summer|fall|autumn|winter))(?:\s+of)?,?\s+(?P<y>{YEAR4})(?![A-Za-z0-9]|[.,]\d)",
        precision=Precision.SEASON,
    ),
    form(
        "quarter", "year",
        rf"{_LEFT}[Qq](?P<q>[1-4])[\s/,-]{{0,2}}(?:of\s)?(?P<y>{YEAR4})(?!\d)",
        precision=Precision.QUARTER,
    ),
    form(
        "quarter", "year", rf"{_LEFT}(?P<y>{YEAR4})[\s/-]?[Qq](?P<q>[1-4])(?![A-Za-z0-9])",
        precision=Precision.QUARTER,
    ),
    form(
        "quarter", "year",
        rf"{_LEFT}(?P<q>(?i:first|second|third|fourth))\squarter(?:\sof)?,?\s(?P<y>{YEAR4})(?!\d)",
        precision=Precision.QUARTER,
    ),
    form(
        "year", "year",
        rf"(?<![A-Za-z0-9./$#+:-])(?P<y>{YEAR4})(?P<c>-|/)(?P<p2>(?P<y2>{YEAR4}))(?![0-9A-Za-z%]|[./-]\d)",
        precision=Precision.YEAR,
    ),
    form(
        "year", "year", rf"(?<![A-Za-z0-9./$#+:-])(?P<y>{YEAR4})(?![0-9A-Za-z%]|[.,:/-]\d)",
        cue="year", precision=Precision.YEAR,
    ),
    form(
        "day", "ordinal", rf"{_LEFT}(?P<d>{DAY2})(?P<o>(?i:st|nd|rd|th))(?![A-Za-z0-9-])",
        cue="day", precision=Precision.DAY_OF_MONTH,
    ),
    form(
        "festival", "festival",
        rf"{_LEFT}{_FESTIVAL_EN}(?!\s?(?i:disease|factor))(?:\sof)?(?:,?\s(?P<y>{YEAR4}))?(?![A-Za-z0-9])",
        precision=Precision.NAMED,
    ),
)  # fmt: skip
