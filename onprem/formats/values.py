"""What sampled values of one column look like: identifiers by form and check digit, dates, measurements, prose, names.

Evidence is used to confirm or correct a header, always to the safer side; it never makes a column harmless that has
unique long numbers, and a column of short words that is not a closed clinical vocabulary stays unplaced.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from onprem import checksums
from onprem.formats import vocabulary
from onprem.labels import Label
from onprem.text import view


class Looks(StrEnum):
    """What the values of a column look like as a whole."""

    EMPTY = "empty"
    IDENTIFIER = "identifier"  # of `Evidence.label`
    PROSE = "prose"
    MEASURE = "measure"  # small numbers, decimals, ranges
    CODE = "code"  # codes of a clinical classification
    CLOSED = "closed"  # a closed vocabulary: sex, yes or no, positive or negative
    LONG_NUMBER = "long number"  # integers that may single somebody out
    SERIAL = "serial"  # integers of seven digits and more, each its own, of one length: they do single somebody out
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a sample says; `label` is set exactly when it looks like identifiers."""

    looks: Looks
    label: Label | None = None


_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE_FORMS = (
    r"(?:1[89]|20)\d\d[-/.年](?:0?[1-9]|1[0-2])[-/.月](?:0?[1-9]|[12]\d|3[01])日?",
    r"(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:(?:1[89]|20)\d\d|\d\d)",
    rf"(?:0?[1-9]|[12]\d|3[01])[- /]?{_MONTH}[- /,.]*(?:(?:1[89]|20)\d\d|\d\d)",
    rf"{_MONTH}[ .]+(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?,? +(?:1[89]|20)\d\d",
    r"(?:1[89]|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])",
    r"(?:1[89]|20)\d\d年(?:0?[1-9]|1[0-2])月",
    r"(?:0?[1-9]|1[0-2])月(?:0?[1-9]|[12]\d|3[01])日",
    r"[二一〇零○九八七六五四三]{4}年[一二三四五六七八九十]{1,2}月(?:[一二三四五六七八九十]{1,3}日)?",
)
_TIME = r"(?:[T ]?\d{1,2}[:时]\d{2}(?:[:分]\d{2}(?:\.\d+)?秒?)?分?(?: ?[ap]m)?(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?)"
_DATE = re.compile(
    rf"(?:{'|'.join(_DATE_FORMS)}){_TIME}?|(?:1[89]|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{{4,6}}", re.I
)
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[ap]m)?", re.I)
_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"(?:https?|ftp)://\S+|www\.\S+", re.I)
_IP = re.compile(
    r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.I
)
_SSN = re.compile(r"\d{3}-\d{2}-\d{4}")
_PHONE = re.compile(
    r"(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}"
    r"|(?:\(0\d{2,3}\)|0\d{2,3})[- ]?[2-9]\d{2,3}[- ]?\d{4}(?:[- ]\d{1,6})?|[48]00[- ]\d{3,4}[- ]\d{3,4}"
    r"|(?:\+?1[-. ]?)?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?: ?(?:x|ext\.?) ?\d{1,6})?"
    r"|\+[1-9]\d{0,2}[- .()\d]{7,16}",
    re.I,
)
_NUMBER = re.compile(r"[<>≤≥~]?=?\s*[-+]?\d{1,3}(?:,\d{3})*(?:\.\d+)?|[<>≤≥~]?=?\s*[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_MEASURE = re.compile(
    r"[<>≤≥~±]?=?\s*[-+]?\d{1,5}(?:\.\d{1,3})?(?:\s*[-~/xX*×–]\s*\d{1,5}(?:\.\d{1,3})?){0,2}"
    r"(?:\s*[x×*]?\s*10(?:\^|\*\*?|E)\d{1,2})?"
    r"\s*/?(?:%|[°℃℉]?[CF]?|[a-zA-Zμµ]{1,5}(?:\^?\d{1,2})?(?:/[a-zA-Zμµ0-9.²³]{1,6})?)?\s*[↑↓HL*]?"
)
_ICD = re.compile(r"[A-TV-Z]\d[0-9A-Z](?:\.[0-9A-Zx+*]{1,5})?[+*†]?|\d{3}\.\d{1,2}|\d{1,5}-\d", re.I)
_CN_ADDRESS = re.compile(
    r"[\u4e00-\u9fff].*(?:[路街道巷弄村镇乡]|小区|花园).*\d+|.+(?:省|市|自治区).+(?:[区县路街道镇乡村])|.+[区县].+[路街巷镇乡村].*"
)
_EN_ADDRESS = re.compile(
    r"\d+[A-Za-z]?\s+.*\b(?:st|street|ave|avenue|rd|road|blvd|boulevard|ln|lane|dr|drive|ct|court|way|pl|place|ter|terrace|pkwy|hwy|cir|circle)\b.*"
    r"|p\.?\s?o\.?\s?box\s+\d+.*",
    re.I,
)  # fmt: skip
_HAN_NAME = re.compile(r"[\u3400-\u9fff]{2,4}|[\u3400-\u9fff]{1,8}[·•・][\u3400-\u9fff]{1,8}")
_EN_NAME = re.compile(r"[^\W\d_]['’.\w-]*(?:,? +[^\W\d_]['’.\w-]*){1,3}")
_LONG_DIGITS = re.compile(r"\d{6,}")
_CODE_WITH_DIGITS = re.compile(r"(?=.*\d{3})[A-Za-z0-9_\-/.#]{5,}")
_PROSE_MARK = re.compile(r"[。；;!?！？]|\.\s|,\s.*,\s|，.*，")
_DISEASE_ENDINGS = frozenset("病症炎癌瘤压疸痛热科室院区伤血梗塞痹疹疮毒虫障折张喘咳泻便晕胀肿")
_COORDINATE = re.compile(r"-?\d{1,3}\.\d{4,}")
_LOOKED_AT = 200  # characters
_STRONG = 0.3  # share of values from which a form that does not occur by chance decides
_MOST = 0.6
_NEARLY_ALL = 0.85


_FORMS: tuple[tuple[Label, re.Pattern[str], float], ...] = (
    (Label.EMAIL, _EMAIL, _STRONG),
    (Label.URL, _URL, _STRONG),
    (Label.SSN, _SSN, _STRONG),
    (Label.IP_ADDRESS, _IP, _MOST),
    (Label.DATE, _DATE, 0.5),
    (Label.PHONE, _PHONE, 0.5),
    (Label.ADDRESS, _CN_ADDRESS, 0.5),
    (Label.ADDRESS, _EN_ADDRESS, 0.5),
)


def judge(sample: Sequence[str]) -> Evidence:
    """Return what the values look like; empty cells do not count."""
    found = [value for item in sample if (value := _seen(item))]
    found = [value for value in found if value.casefold() not in vocabulary.absent()]
    if not found:
        return Evidence(Looks.EMPTY)
    count = len(found)
    if sum(map(checksums.cn_resident, found)) >= max(1, count * 0.1):
        return Evidence(Looks.IDENTIFIER, Label.NATIONAL_ID)
    prose = sum(map(is_prose, found)) >= count * 0.25
    for label, pattern, share in _FORMS:
        matched = sum(pattern.fullmatch(value) is not None for value in found)
        if matched >= max(1, count * share) and not (prose and label is Label.ADDRESS and _sentences(found)):
            return Evidence(Looks.IDENTIFIER, label)
    if sum(map(looks_like_name, found)) >= count * _MOST:
        return Evidence(Looks.IDENTIFIER, Label.NAME)
    if prose:
        return Evidence(Looks.PROSE)
    return Evidence(_plain(found))


def _seen(cell: str) -> str:
    """Return as much of a cell as is looked at: what identifies is short, and patterns are slow on long texts."""
    return view(cell[:_LOOKED_AT]).text.strip()


def _sentences(found: Sequence[str]) -> bool:
    return sum(_PROSE_MARK.search(value) is not None for value in found) * 2 > len(found)


def _plain(found: Sequence[str]) -> Looks:
    """Judge values that are neither identifiers by form nor prose."""
    count = len(found)
    distinct = len(set(found)) / count
    if all(value.casefold() in vocabulary.closed() or value.casefold() in vocabulary.units() for value in found):
        return Looks.CLOSED
    if all(_CLOCK.fullmatch(value) for value in found):
        return Looks.MEASURE
    if sum(_ICD.fullmatch(value) is not None for value in found) >= count * _NEARLY_ALL and any(
        not value[:1].isdigit() for value in found
    ):
        return Looks.CODE
    integers = [value for value in found if value.isdigit()]
    if len(integers) >= count * 0.5:
        return _integers(integers, distinct, count) if _all_numeric(found) else Looks.OTHER
    if sum(_COORDINATE.fullmatch(value) is not None for value in found) >= count * 0.5:
        return Looks.LONG_NUMBER
    return Looks.MEASURE if all(_MEASURE.fullmatch(value) for value in found) else Looks.OTHER


def _all_numeric(found: Sequence[str]) -> bool:
    return all(_NUMBER.fullmatch(value) or value.casefold() in vocabulary.closed() for value in found)


def _integers(integers: Sequence[str], distinct: float, count: int) -> Looks:
    """Integers of up to three digits are measured or counted; longer ones must repeat, as numbers of people do not."""
    shortest, longest = min(map(len, integers)), max(map(len, integers))
    if shortest >= 7 and longest - shortest <= 1 and distinct >= 0.95 and count >= 3:
        return Looks.SERIAL
    if longest <= 3:
        return Looks.MEASURE
    if longest <= 5 and count >= 10 and distinct < 0.8:
        return Looks.MEASURE
    return Looks.LONG_NUMBER


def is_prose(value: str) -> bool:
    """Say whether a value is free text: many words, or many Han characters with marks between them."""
    if len(value) < 12:
        return False
    words = value.count(" ") + 1
    han = sum("\u4e00" <= character <= "\u9fff" for character in value[:400])
    return (
        words >= 7
        or len(value) > 80
        or "\n" in value
        or (han >= 10 and _PROSE_MARK.search(value) is not None)
        or han >= 24
    )


def looks_like_name(value: str) -> bool:
    """Say whether a value is by its form and a surname or given name lexicon the name of a person."""
    if _HAN_NAME.fullmatch(value):
        if value[-1] in _DISEASE_ENDINGS:  # 高血压, 白内障 and 黄疸 begin with surnames
            return False
        if any(mark in value for mark in "·•・"):
            return True
        rest = len(value) - (2 if value[:2] in vocabulary.compound_surnames() else 1)
        return rest in {1, 2} and (value[0] in vocabulary.surnames() or value[:2] in vocabulary.compound_surnames())
    if not _EN_NAME.fullmatch(value):
        return False
    words = [word.strip(".,'’").casefold() for word in value.replace(",", " ").split()]
    return any(word in vocabulary.given_names() for word in words)


def looks_like_data(cell: str) -> bool:
    """Say whether a cell of a first row is a value rather than a column's name."""
    value = _seen(cell)
    if not value:
        return False
    forms = any(pattern.fullmatch(value) for _, pattern, _ in _FORMS)
    return bool(
        forms or _NUMBER.fullmatch(value) or _LONG_DIGITS.search(value) or is_prose(value) or looks_like_name(value)
        or value.casefold() in vocabulary.closed()
    )  # fmt: skip


def all_typed(column: Sequence[str]) -> bool:
    """Say whether nearly all filled cells are numbers, dates or codes with digits."""
    found = [value for item in column if (value := _seen(item))]
    typed = sum(
        bool(_NUMBER.fullmatch(value) or _DATE.fullmatch(value) or _CODE_WITH_DIGITS.fullmatch(value))
        for value in found
    )
    return bool(found) and typed >= len(found) * _NEARLY_ALL


@lru_cache(maxsize=1)
def _closed_shape() -> re.Pattern[str]:
    known = vocabulary.closed() | vocabulary.absent() | vocabulary.units()
    words = "|".join(sorted(map(re.escape, known), key=len, reverse=True))
    return re.compile(rf"\s*(?:{words})\s*", re.IGNORECASE)


@lru_cache(maxsize=1)
def result_shape() -> re.Pattern[str]:
    """Return what a result of a test looks like that is a measurement or of a closed vocabulary, and thus no text."""
    return re.compile(
        rf"\s*(?:{_MEASURE.pattern}|{_CLOCK.pattern}|{_NUMBER.pattern}|{_closed_shape().pattern})\s*", re.I
    )


_SHAPES = {
    # a cell under a column that was placed as measured by its values alone
    Looks.MEASURE: re.compile(rf"\s*(?:{_MEASURE.pattern}|{_CLOCK.pattern})\s*"),
    Looks.CODE: re.compile(rf"\s*(?:{_ICD.pattern})\s*", re.I),
}


def shape_of(sample: Sequence[str]) -> re.Pattern[str] | None:
    """Return what every cell of a column must match that was placed as clinical by these values alone."""
    looks = judge(sample).looks
    return _closed_shape() if looks is Looks.CLOSED else _SHAPES.get(looks)
