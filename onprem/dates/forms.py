"""The written forms of dates as patterns with named slots, and what a match of one means.

Groups: `y m d` (first or only point), `y2 m2 d2` (second point of a range), `a b`, `a2 b2` (numeric pairs whose order
depends on the country), `o o2` (ordinal suffix), `w` (weekday), `q` quarter, `s` season, `t` part of a month, `h` half,
`c` connector of a range, `p2` its whole second point. Sources of the numeric forms: ISO 8601-1:2019, GB/T 7408-2005,
HL7 v2 TS; the others are usage.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Precision(StrEnum):
    """How much of a date is written."""

    DAY = "day"
    MONTH_DAY = "month and day"  # no year
    DAY_OF_MONTH = "day of month"
    MONTH = "month"  # with or without year
    YEAR = "year"
    QUARTER = "quarter"
    HALF = "half-year"
    SEASON = "season"
    NAMED = "named"  # lunar dates and festivals: they cannot be shifted exactly
    INVALID = "invalid"  # the form of a date, but no such day


class Slot(NamedTuple):
    """One element of a written date: its role (`y m d y2 m2 d2 o o2 w q s t h`) and place in the expression."""

    role: str
    start: int
    end: int


class Point(NamedTuple):
    """The elements of one end of a date expression; None where not written. `part`: quarter, season, half or third."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    part: int | None = None


@dataclass(frozen=True, slots=True)
class ParsedDate:
    """One date expression: one point, or two of a range whose second point leaves out what it shares."""

    form: str
    precision: Precision
    text: str = field(repr=False)  # the normalised view of the expression
    slots: tuple[Slot, ...] = field(repr=False)
    points: tuple[Point, ...] = field(repr=False)
    cut: tuple[int, int] = field(repr=False, default=(0, 0))  # from the connector to the end of the second point
    ambiguous: bool = False  # numeric, and day-first and month-first are both possible

    @property
    def shiftable(self) -> bool:
        """Whether the date exists and can be moved."""
        return self.precision not in {Precision.NAMED, Precision.INVALID}


class Found(NamedTuple):
    """A date in a text: offsets of the text searched (code points, end exclusive) and what it says."""

    start: int
    end: int
    date: ParsedDate


@dataclass(frozen=True, slots=True)
class Form:
    """A written form. `cue` names the context it needs before a scanner may believe it."""

    name: str
    family: str
    pattern: re.Pattern[str]
    precision: Precision | None = None  # None: follows from the groups
    cue: str = ""


_Y = r"(?:19|20)\d\d"
_M = r"(?:1[0-2]|0?[1-9])"
_D = r"(?:3[01]|[12]\d|0?[1-9])"
_C = r"(?P<c>\s*(?:~|-+|to|through|thru|until|至|到)\s*)"  # connector of a range
_NOT_AFTER_NUMBER = r"(?<!\d)(?<!\d[./])"
_ISO_TIME = r"(?:T\d{2}:?\d{2}(?::?\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
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
_YEAR_AFTER = rf"(?:\s?[,.]?\s{{0,2}}(?:(?:of|in)\s+)?'?(?P<y>{_Y}|(?<=')\d\d)(?!\d))"
_EC = r"(?P<c>\s*(?:~|-+|/|&|,?\s(?:and|to|through|thru|until)\s)\s*(?:the\s)?)"
_LEFT = r"(?<![A-Za-z0-9])(?<!\d[./:-])"

_HY = r"(?:(?:19|20)\d\d|(?<!\d)\d\d|[〇零○一二三四五六七八九]{4}|[〇零○一二三四五六七八九]{2})"
_HM = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_HD = r"(?:3[01]|[12]\d|0?[1-9]|三十一?|二?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|[一二三四五六七八九])"
_HC = r"(?P<c>\s*(?:~|-+|至|到|、|及|和)\s*)"
_LUNAR_DAY = r"(?:初[一二三四五六七八九十]|十[一二三四五六七八九]|二十[一二三四五六七八九]?|廿[一二三四五六七八九]?|三十|十五)"
_FESTIVAL_EN = (
    r"(?i:christmas(?:\s(?:eve|day))?|new\syear(?:'?s)?\s(?:eve|day)|thanksgiving(?:\sday)?|easter(?:\s(?:sunday|monday))?"
    r"|halloween|independence\sday|memorial\sday|labor\sday|veterans\sday|valentine'?s\sday|mother'?s\sday"
    r"|father'?s\sday|chinese\snew\syear|good\sfriday|boxing\sday|fourth\sof\sjuly)"
)
_FESTIVAL_ZH = (
    r"(?:春节|除夕|大年初[一二三四五六七八九十]|大年三十|元宵节|清明节|端午节|中秋节|重阳节|国庆节|元旦|劳动节|五一节"
    r"|圣诞节|腊八节|七夕节|中元节|小年夜)"
)


def _form(name: str, family: str, pattern: str, *, cue: str = "", precision: Precision | None = None) -> Form:
    return Form(name, family, re.compile(pattern), precision, cue)


FORMS: tuple[Form, ...] = (
    # year first
    _form(
        "ymd-range", "numeric",
        rf"{_NOT_AFTER_NUMBER}(?P<y>{_Y})(?P<sep>[-/.])(?P<m>{_M})(?P=sep)(?P<d>{_D})"
        rf"(?P<c>\s*(?:~|to|至|到)\s*|\s?-\s?)(?P<p2>(?P<y2>{_Y})(?P=sep)(?P<m2>{_M})(?P=sep)(?P<d2>{_D}))(?!\d)",
    ),
    _form(
        "ymd-md", "numeric",
        rf"{_NOT_AFTER_NUMBER}(?P<y>{_Y})(?P<sep>[/.])(?P<m>{_M})(?P=sep)(?P<d>{_D}){_C}"
        rf"(?P<p2>(?:(?P<m2>{_M})(?P=sep))?(?P<d2>{_D}))(?![\d:]|(?P=sep)\d)",
    ),
    _form(
        "iso-md", "numeric",
        rf"{_NOT_AFTER_NUMBER}(?P<y>{_Y})-(?P<m>{_M})-(?P<d>{_D})(?P<c>\s*(?:~|/|to|至|到)\s*)"
        rf"(?P<p2>(?:(?P<m2>{_M})-)?(?P<d2>{_D}))(?![\d:]|-\d)",
    ),
    _form(
        "ymd", "numeric",
        rf"{_NOT_AFTER_NUMBER}(?P<y>{_Y})\s?(?P<sep>[-/.])\s?(?P<m>{_M})\s?(?P=sep)\s?(?P<d>{_D}){_ISO_TIME}"
        r"(?!\d|(?P=sep)\d|%)",
    ),
    _form(
        "compact", "compact",
        r"(?<![0-9A-Za-z.])(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])"
        r"(?:T?(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\.\d{1,6})?)?(?:Z|[+-]\d{4})?)?(?![0-9A-Za-z]|\.\d)",
    ),
    # day or month first
    _form(
        "ab-ab-y", "numeric",
        rf"{_NOT_AFTER_NUMBER}(?P<a>{_D})(?P<sep>[/.])(?P<b>{_D}){_C}(?P<p2>(?P<a2>{_D})(?P=sep)(?P<b2>{_D}))"
        rf"(?P=sep)(?P<y>{_Y}|\d\d)(?!\d|(?P=sep)\d)",
    ),
    _form(
        "ab-y-ab", "numeric",
        rf"{_NOT_AFTER_NUMBER}(?P<a>{_D})(?P<sep>[/.])(?P<b>{_D})(?P=sep)(?P<y>{_Y}){_C}"
        rf"(?P<p2>(?P<a2>{_D})(?P=sep)(?P<b2>{_D}))(?!\d|(?P=sep)\d)",
    ),
    _form(
        "md-d-y", "numeric",
        rf"{_NOT_AFTER_NUMBER}(?P<m>{_M})/(?P<d>{_D})(?P<c>-)(?P<p2>(?P<d2>{_D}))/(?P<y>{_Y})(?!\d|/\d)",
    ),
    _form(
        "ab-y", "numeric",
        rf"{_NOT_AFTER_NUMBER}(?P<a>{_D})\s?(?P<sep>[-/.])\s?(?P<b>{_D})\s?(?P=sep)\s?(?P<y>{_Y})(?!\d|(?P=sep)\d|%)",
    ),
    _form(
        "ab-yy", "numeric",
        rf"{_NOT_AFTER_NUMBER}(?<![A-Za-z$#])(?P<a>{_D})(?P<sep>/)(?P<b>{_D})/(?P<y>\d\d)(?![\dA-Za-z%]|/\d|\.\d)",
    ),
    _form(
        "ab-yy-marks", "numeric",
        r"(?<![A-Za-z0-9$#.-])(?P<a>[0-3]\d)(?P<sep>[.-])(?P<b>[0-3]\d)(?P=sep)(?P<y>\d\d)(?![\dA-Za-z%]|[./-]\d)",
        cue="marks",
    ),
    _form(
        "yy-m-d", "numeric",
        rf"(?<![A-Za-z0-9$#.-])(?P<y>\d\d)(?P<sep>[./-])(?P<m>{_M})(?P=sep)(?P<d>{_D}){_C}"
        rf"(?P<p2>(?:(?P<m2>{_M})(?P=sep))?(?P<d2>{_D}))(?![\dA-Za-z%]|[./-]\d)",
        cue="han dots",
    ),
    _form(
        "yy-m-d", "numeric",
        rf"(?<![A-Za-z0-9$#.-])(?P<y>\d\d)(?P<sep>[./-])(?P<m>{_M})(?P=sep)(?P<d>{_D})(?![\dA-Za-z%]|[./]\d)",
        cue="han dots",
    ),
    _form(
        "ab-ab", "numeric",
        rf"(?<![A-Za-z0-9./$#-])(?P<a>{_D})(?P<sep>/)(?P<b>{_D}){_C}(?P<p2>(?P<a2>{_D})/(?P<b2>{_D}))"
        r"(?![0-9A-Za-z/%]|[.,]\d)",
        cue="slash",
    ),
    _form(
        "ab", "numeric",
        rf"(?<![A-Za-z0-9./$#-])(?P<a>{_D})(?P<sep>/)(?P<b>{_D})(?![0-9A-Za-z/%]|[.,-]\d)",
        cue="slash",
    ),
    _form(
        "ab-dash", "numeric",
        rf"(?<![A-Za-z0-9./$#-])(?P<a>{_D})(?P<sep>[-.])(?P<b>{_D})(?![0-9A-Za-z/%]|[.,-]\d)",
        cue="dash",
    ),
    _form(
        "my", "numeric",
        rf"(?<![A-Za-z0-9./$#-])(?P<m>{_M})(?P<sep>[/-])(?P<y>{_Y})(?![0-9A-Za-z%]|[./-]\d)",
    ),
    _form(
        "ym", "numeric",
        rf"(?<![A-Za-z0-9./$#-])(?P<y>{_Y})(?P<sep>[/-])(?P<m>0[1-9]|1[0-2])(?![0-9A-Za-z%]|[./-]\d)",
    ),
    _form(
        "ym-dot", "numeric",
        rf"(?<![A-Za-z0-9./$#-])(?P<y>{_Y})(?P<sep>[.])(?P<m>{_M})(?![0-9A-Za-z%]|[./-]\d)",
        cue="han dots",
    ),
    # English names
    _form(
        "mon-d-mon-d", "english",
        rf"{_LEFT}(?P<m>{_MONTH})\.?\s?(?P<d>{_D})(?P<o>(?i:st|nd|rd|th))?{_EC}"
        rf"(?P<p2>(?P<m2>{_MONTH})\.?\s?(?P<d2>{_D})(?P<o2>(?i:st|nd|rd|th))?)(?:{_YEAR_AFTER}|{_END_DAY})",
        cue="may",
    ),
    _form(
        "mon-d-d", "english",
        rf"{_LEFT}(?P<m>{_MONTH})\.?\s?(?P<d>{_D})(?P<o>(?i:st|nd|rd|th))?{_EC}"
        rf"(?P<p2>(?P<d2>{_D})(?P<o2>(?i:st|nd|rd|th))?)(?:{_YEAR_AFTER}|{_END_DAY})",
        cue="may",
    ),
    _form(
        "d-mon-d-mon", "english",
        rf"{_LEFT}(?P<d>{_D})(?P<o>(?i:st|nd|rd|th))?\s?(?:of\s)?(?P<m>{_MONTH})\.?{_EC}"
        rf"(?P<p2>(?P<d2>{_D})(?P<o2>(?i:st|nd|rd|th))?\s?(?:of\s)?(?P<m2>{_MONTH})\.?)(?:{_YEAR_AFTER}|(?![A-Za-z0-9]))",
        cue="may",
    ),
    _form(
        "d-d-mon", "english",
        rf"{_LEFT}(?P<d>{_D})(?P<o>(?i:st|nd|rd|th))?{_EC}(?P<p2>(?P<d2>{_D})(?P<o2>(?i:st|nd|rd|th))?)"
        rf"\s?(?:of\s)?(?P<m>{_MONTH})\.?(?:{_YEAR_AFTER}|(?![A-Za-z0-9]))",
        cue="may",
    ),
    _form("mon-mon-y", "english", rf"{_LEFT}(?P<m>{_MONTH})\.?{_EC}(?P<p2>(?P<m2>{_MONTH}))\.?{_YEAR_AFTER}"),
    _form(
        "mon-d-y-marks", "english",
        rf"{_LEFT}(?P<m>{_MONTH})(?P<sep>[-/])(?P<d>{_D})(?P=sep)(?P<y>{_Y}|\d\d)(?![A-Za-z0-9])",
    ),
    _form(
        "mon-d", "english",
        rf"{_LEFT}(?P<m>{_MONTH})(?:\.?\s{{0,2}}|\.?\s?[,-]\s?)(?:the\s)?"
        rf"(?P<d>{_D}(?!\d)|{_WORD_DAY})(?P<o>(?i:st|nd|rd|th))?(?:{_YEAR_AFTER}|{_END_DAY})",
        cue="may",
    ),
    _form(
        "d-mon-y-marks", "english",
        rf"{_LEFT}(?P<d>{_D})(?P<sep>[-/ .]?)(?P<m>{_MONTH})(?P=sep)(?P<y>{_Y}|\d\d)(?![A-Za-z0-9:]|[.:]\d)",
        cue="may",
    ),
    _form(
        "d-mon", "english",
        rf"{_LEFT}(?P<d>{_D}|{_WORD_DAY})(?P<o>(?i:st|nd|rd|th))?\s?(?:(?:day\s)?of\s|[-/.])?\s?(?P<m>{_MONTH})"
        rf"(?:\.?[-/]?{_YEAR_AFTER}|(?![A-Za-z0-9]|-\d))",
        cue="may",
    ),
    _form("y-mon-d", "english", rf"{_LEFT}(?P<y>{_Y})[-/ ,]{{1,2}}(?P<m>{_MONTH})[-/ .]{{1,2}}(?P<d>{_D})(?![A-Za-z0-9])"),
    _form(
        "mon-y", "english",
        rf"{_LEFT}(?:(?P<t>(?i:early|mid|late))[\s-](?:in\s)?)?(?P<m>{_MONTH})(?:\.?[-/]?{_YEAR_AFTER})",
    ),
    _form(
        "mon", "english", rf"{_LEFT}(?:(?P<t>(?i:early|mid|late))[\s-])?(?P<m>{_MONTH})(?!\.?[\s-]*\d)", cue="month",
    ),
    # English, coarse
    _form(
        "season", "year",
        rf"{_LEFT}(?P<s>(?i:spring|summer|fall|autumn|winter))(?:\s+of)?,?\s+(?P<y>{_Y})(?![A-Za-z0-9]|[.,]\d)",
        precision=Precision.SEASON,
    ),
    _form(
        "quarter", "year", rf"{_LEFT}[Qq](?P<q>[1-4])[\s/,-]{{0,2}}(?:of\s)?(?P<y>{_Y})(?!\d)", precision=Precision.QUARTER,
    ),
    _form("quarter", "year", rf"{_LEFT}(?P<y>{_Y})[\s/-]?[Qq](?P<q>[1-4])(?![A-Za-z0-9])", precision=Precision.QUARTER),
    _form(
        "quarter", "year",
        rf"{_LEFT}(?P<q>(?i:first|second|third|fourth))\squarter(?:\sof)?,?\s(?P<y>{_Y})(?!\d)",
        precision=Precision.QUARTER,
    ),
    _form(
        "year", "year", rf"(?<![A-Za-z0-9./$#+:-])(?P<y>{_Y})(?P<c>-|/)(?P<p2>(?P<y2>{_Y}))(?![0-9A-Za-z%]|[./-]\d)",
        precision=Precision.YEAR,
    ),
    _form(
        "year", "year", rf"(?<![A-Za-z0-9./$#+:-])(?P<y>{_Y})(?![0-9A-Za-z%]|[.,:/-]\d)",
        cue="year", precision=Precision.YEAR,
    ),
    _form(
        "day", "ordinal", rf"{_LEFT}(?P<d>{_D})(?P<o>(?i:st|nd|rd|th))(?![A-Za-z0-9-])",
        cue="day", precision=Precision.DAY_OF_MONTH,
    ),
    _form("festival", "festival", rf"{_LEFT}{_FESTIVAL_EN}(?!\s?(?i:disease|factor))(?:\sof)?(?:,?\s(?P<y>{_Y}))?(?![A-Za-z0-9])",
          precision=Precision.NAMED),
    # Chinese
    _form(
        "han-lunar", "han",
        rf"(?:(?:农历|阴历|旧历|夏历)\s?)(?:(?P<y>{_HY})年)?闰?(?:正|腊|冬|{_HM})月(?:{_LUNAR_DAY}|{_HD}日?)?"
        rf"|(?:(?P<y2>{_HY})年)?(?:(?:正|腊|冬)月(?:{_LUNAR_DAY})?|{_HM}月初[一二三四五六七八九十])",
        precision=Precision.NAMED,
    ),
    _form(
        "han-range", "han",
        rf"(?P<y>{_HY})\s?年\s?(?P<m>{_HM})\s?月\s?(?P<d>{_HD})\s?[日号]?{_HC}"
        rf"(?P<p2>(?:(?:(?P<y2>{_HY})\s?年\s?)?(?P<m2>{_HM})\s?月\s?)?(?P<d2>{_HD})\s?[日号])(?!龄)",
    ),
    _form(
        "han-ymd", "han",
        rf"(?P<y>{_HY})\s?年\s?(?P<m>{_HM})\s?月\s?(?P<d>{_HD})(?:\s?[日号]|(?![\d个次月年天周岁期小时分余多]))",
    ),
    _form(
        "han-ym-m", "han", rf"(?P<y>{_HY})\s?年\s?(?P<m>{_HM})\s?月?{_HC}(?P<p2>(?P<m2>{_HM})\s?月)(?!\s?\d{{1,2}}\s?[日号])",
    ),
    _form("han-ym", "han", rf"(?P<y>{_HY})\s?年\s?(?P<m>{_HM})\s?月(?P<t>[上中下](?=旬))?(?:旬|份|初|底|末)?"),
    _form(
        "han-md-range", "han",
        rf"(?<![\d.年])(?P<m>{_HM})\s?月\s?(?P<d>{_HD})\s?[日号]?{_HC}(?P<p2>(?:(?P<m2>{_HM})\s?月\s?)?(?P<d2>{_HD})\s?[日号])(?!龄)",
    ),
    _form("han-md", "han", rf"(?<![\d.])(?P<m>{_HM})\s?月\s?(?P<d>{_HD})\s?[日号](?!龄)"),
    _form("han-m", "han", rf"(?<![\d.个])(?P<m>{_HM})\s?月(?:份|(?P<t>[上中下])旬|[初底末])"),
    _form("han-m", "han", rf"(?<![\d.个])(?P<m>{_HM})\s?月(?![龄前后余内来多\d大经])", cue="han month"),
    _form(
        "han-quarter", "han", rf"(?P<y>{_HY})\s?年\s?第?(?P<q>[1-4一二三四])季度?", precision=Precision.QUARTER,
    ),
    _form("han-half", "han", rf"(?P<y>{_HY})\s?年\s?(?P<h>[上下])半年", precision=Precision.HALF),
    _form("han-season", "han", rf"(?P<y>{_HY})\s?年\s?(?P<s>[春夏秋冬])[季天]?", precision=Precision.SEASON),
    _form(
        "han-year", "han", rf"(?<![\d.])(?P<y>(?:19|20)\d\d)(?P<c>\s*[-~至到]\s*)(?P<p2>(?P<y2>(?:19|20)\d\d))\s?年(?!级|版)",
        precision=Precision.YEAR,
    ),
    _form(
        "han-year", "han",
        rf"(?<![\d.])(?P<y>{_Y}|[一二][〇零○九][〇零○一二三四五六七八九]{{2}})\s?年(?!级|版)(?:初|底|末)?",
        precision=Precision.YEAR,
    ),
    _form(
        "han-year", "han", r"(?<![\d.])(?P<y>[089]\d)年(?!级|版|余|前|后|来|间|史|龄)", cue="han year", precision=Precision.YEAR,
    ),
    _form(
        "han-day", "han", rf"(?<![\d.月个])(?P<d>{_HD})[日号](?![前后内余龄间常床楼])", cue="han day",
        precision=Precision.DAY_OF_MONTH,
    ),
    _form("han-festival", "han festival", rf"(?:(?P<y>{_HY})年)?{_FESTIVAL_ZH}", precision=Precision.NAMED),
)  # fmt: skip
