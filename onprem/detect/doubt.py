"""Guesses of the model that their own form refutes: a word in small letters, a score taken for a date, a time for a phone.

Rules it keeps:

1. Only spans that the named-entity model alone found are touched; what any other source found stays as it is.
2. Words are cut only from the edges of a guess, and only where the text around it uses capitals: in dictation written in
   small letters a small letter says nothing.
3. A word that is also a given name or a frequent surname is never refuted for being a word when it has a capital.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from onprem import dates
from onprem.detect.lexicons import words
from onprem.labels import Label
from onprem.model import Span

_TRIMMED = frozenset({Label.NAME, Label.CITY, Label.ORGANISATION, Label.OTHER_ID, Label.ADDRESS, Label.STATE})
_DROPPED_WHOLE = frozenset({Label.HOSPITAL, *_TRIMMED})
_DATES = frozenset({Label.DATE, Label.BIRTH_DATE})
_NUMBERED = frozenset({Label.PHONE, Label.FAX})
_IDS = frozenset({Label.OTHER_ID, Label.RECORD_NUMBER, Label.DEVICE_ID, Label.ACCOUNT_NUMBER})
# a quantity with its unit, perhaps after the short name of what was measured: "FT4 7.1pmol"
_MEASURE = re.compile(
    r"(?:[A-Za-z]{1,6}\d?[ :]{0,2})?[<>]?\d+(?:\.\d+)?[ ]?"
    r"(?:[kcmn\u00b5\u03bcp]?(?:g|l|L|m|mol|IU|U|Eq|Hz|Pa)|mmHg|cmH2O|bpm|%)(?:/[A-Za-z\d.]+)?"
)
_MONEY = re.compile(r"[费计额金户付价元]?\d+(?:\.\d+)?元")
_DECIMAL = re.compile(r"\d+\.\d{1,3}")
_PAID_BEFORE = re.compile(r"(?:费|合计|金额|现金|账户|自付|单价|统筹|元)[:：，,；; ]{0,2}$")
_GESTATION = re.compile(r"\d{1,2}\+\d")  # weeks and days
_PEDIGREE = re.compile(r"[IVX]{1,4}-\d{1,2}")  # generation and member of a family tree
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):?[0-5]\d|\d{1,3}")  # a time of day, or too few digits to be anybody's
_BED_WORD = re.compile(r"(?i:bed|room|rm|ward|bay|unit|cubicle|pod|floor)|[床室区号房]")
_DATE_SIGN = re.compile(r"[\d〇零一二三四五六七八九十廿年月日号周星期天旬初末春夏秋冬节晨晚午今昨明前后去]")
# what a result out of a few is a result of: "power 4/5", "pain 3/10 at rest, 5/10 on descent", "Apgars 9/10"
_SCALE_BEFORE = re.compile(
    r"(?i:\b(?:pain|power|strength|scores?|motor|grades?|reflex(?:es)?|mrc|pulses|vas|nrs|moca|mmse|apgars?|gcs|rass|phq|gad|mismatch|"
    r"cultures?|nodes?|positive|murmur)\b)[^\n;]{0,24}$"
)
_RESULT = re.compile(r"\d{1,2}/(?:[2-9]|10|15|30)")
_ORDINAL = re.compile(r"(?:the )?\d{1,2}(?:st|nd|rd|th)")
_COUNTED_AFTER = re.compile(
    r" (?:and the \d+(?:st|nd|rd|th) )?(?:days?|weeks?|months?|years?|hours?|percentile|rib|toe|finger|dose)\b"
)
_PHONE_BEFORE = re.compile(
    r"(?i:pager?|ext\.?|extension|beeper|bleep(?:ed)?|dect|ascom|call|phone|tel|dial|fax|cell|mobile|x|#|at)[ .:#\d-]*$"
)
_CAPITALS = re.compile(r"[A-Z]{2,4}")
_SIGNED = re.compile(r"(?:[-\u2014/~]|(?i:by|signed|initials?|dr|nurse)[ .:]*)[ ]?$")
_CREDENTIAL_AFTER = re.compile(r",? ?(?:RN|MD|DO|NP|PA|LPN|CNA|RT|PT|OT|MA|PharmD)\b")
_SURE = 0.9
_ROMAN = re.compile(r"[IVX]{2,5}")
_NUMBER_AFTER = re.compile(r"[ :=]{1,2}(?:\d|[IV]{1,3}\b)")
_TITLE_BEFORE = re.compile(r"(?i:\b(?:dr|mr|mrs|ms|miss|prof|nurse|patient|pt|name)\b)[ .:]*$")
# Named scales that are written with their result alone ("Glasgow 15", "Folstein 28/30").
_SCORES = frozenset(
    "glasgow folstein berg tinetti mallampati miller apgar norton braden morse ramsay rankin barthel hamilton zarit bishop "
    "wells ranson norton katz lawton waterlow karnofsky killip forrester gleason breslow clark cormack".split()
)
_WORD = re.compile(r"[^\W\d_]+(?:'[a-z]+)?")
_NUMERIC = re.compile(r"[\d/.\-: ]+")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;]\s+|\n\s*|[-*•]\s+)$")
_CAPITALS_PER_WORD = 0.04  # a text with fewer is written in small letters
_AROUND = 400  # code points looked at to tell how a text is written
_PARTICLES = frozenset("de la le du da di do dos del der den van von bin ibn al el ben of y e st the and".split())


@lru_cache(maxsize=1)
def _english() -> frozenset[str]:
    return words("en_words") | words("not_names")


@lru_cache(maxsize=1)
def _possible_names() -> frozenset[str]:
    return words("given_names") | words("ambiguous_names") | words("word_surnames")


def is_word(token: str) -> bool:
    """Say whether a token is an English word or a regular inflection of one."""
    low = token.lower()
    known = _english()
    if low in known:
        return True
    stems = (low[:-1] if low.endswith("s") else "", low[:-2] if low.endswith(("es", "ed")) else "", low[:-3])
    return any(len(stem) >= 3 and stem in known for stem in stems[:2]) or (low.endswith("ing") and stems[2] in known)


def refute(text: str, spans: Iterable[Span]) -> list[Span]:
    """Return the spans with refuted guesses trimmed or left out. Offsets are those of `text`, the view."""
    given = list(spans)
    return [kept for span in given if (kept := span if not _guessed(span) else _examined(text, span)) is not None]


def _guessed(span: Span) -> bool:
    return bool(span.by) and all(name.split("/")[0] == "ner" for name in span.by)


def _examined(text: str, span: Span) -> Span | None:
    value = text[span.start : span.end]
    if _impossible(text, span, value):
        return None
    if not value.isascii():
        return span
    if (
        span.label in _DATES
        and _RESULT.fullmatch(value)
        and _SCALE_BEFORE.search(text[max(0, span.start - 48) : span.start])
    ):
        return None
    if span.label in _DATES and "/" in value and _NUMERIC.fullmatch(value):
        return span if dates.parse_date(value) is not None else None
    return _trimmed(text, span) if span.label in _DROPPED_WHOLE else span


def _impossible(text: str, span: Span, value: str) -> bool:
    """Say whether a guess lacks what every identifier of its label has."""
    label = span.label
    before = text[max(0, span.start - 16) : span.start]
    if label in _IDS or label in _NUMBERED:
        short = label in _NUMBERED and value.isdigit() and len(value) < 7 and not _PHONE_BEFORE.search(before)
        money = _DECIMAL.fullmatch(value) is not None and _PAID_BEFORE.search(before) is not None
        return short or money or any(form.fullmatch(value) for form in (_MEASURE, _CLOCK, _MONEY))
    if label is Label.BED:
        bare = span.score < _SURE and _BED_WORD.search(text, max(0, span.start - 16), span.end) is None
        return bare or _PEDIGREE.fullmatch(value) is not None
    if label in _DATES:
        counted = _GESTATION.fullmatch(value) or (_ORDINAL.fullmatch(value) and _COUNTED_AFTER.match(text, span.end))
        return counted is not None if value.isascii() else _DATE_SIGN.search(value) is None
    if label in (Label.NAME, Label.CITY, Label.ORGANISATION) and value.lower() in words("countries"):
        return True
    return label is Label.NAME and _no_person(text, span, before)


def _no_person(text: str, span: Span, before: str) -> bool:
    """Say whether a lone token guessed to be a name is a numeral, a scale with its result, or an abbreviation."""
    value = text[span.start : span.end]
    if _ROMAN.fullmatch(value):
        return True
    if value.lower() in _SCORES:
        return _NUMBER_AFTER.match(text, span.end) is not None and _TITLE_BEFORE.search(before) is None
    # initials sign a note ("--JQ, RN"); anywhere else two or three capitals in a text that uses small letters abbreviate
    brief = _CAPITALS.fullmatch(value) is not None and span.score < _SURE and _has_capitals(text, span)
    return brief and _SIGNED.search(before) is None and _CREDENTIAL_AFTER.match(text, span.end) is None


def _trimmed(text: str, span: Span) -> Span | None:
    found = [(match.start(), match.end()) for match in _WORD.finditer(text, span.start, span.end)]
    small = [_is_small_word(text[start:end]) for start, end in found]
    alone = len(found) == 1 and span.label is Label.NAME and _starts_sentence(text, *found[0])
    if not (alone or any(small)) or not _has_capitals(text, span):
        return span
    if all(small):
        return None if not any(map(str.isdigit, text[span.start : span.end])) else span
    if not any(text[start].isupper() for start, _ in found):
        return span  # a name in small letters: an ordinary word beside it may be its other half
    if alone or span.label not in _TRIMMED:
        return None if alone else span
    first, last = 0, len(found) - 1
    while small[first]:
        first += 1
    while small[last]:
        last -= 1
    start = found[first][0] if first else span.start
    end = found[last][1] if last < len(found) - 1 else span.end
    return Span(start, end, span.label, span.score, span.by)


def _is_small_word(token: str) -> bool:
    return token.islower() and token not in _PARTICLES and len(token) > 1 and is_word(token)


def _starts_sentence(text: str, start: int, end: int) -> bool:
    """Say whether a lone capitalised English word owes its capital to the beginning of a sentence or line."""
    token = text[start:end]
    if not (token[0].isupper() and token[1:].islower()) or token.lower() in _possible_names() or not is_word(token):
        return False
    return _SENTENCE_START.search(text[max(0, start - 12) : start]) is not None


def _has_capitals(text: str, span: Span) -> bool:
    around = text[max(0, span.start - _AROUND) : span.end + _AROUND]
    found: list[str] = _WORD.findall(around)
    capitals = sum(word[0].isupper() and not word.isupper() for word in found)
    return capitals >= 1 and capitals >= _CAPITALS_PER_WORD * len(found)
