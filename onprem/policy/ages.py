"""Ages in bands: 90 and over in one (45 CFR 164.514(b)(2)(i)(C)), others as they are or in bands of some years.

Understands digits, English words and Chinese numerals; ages in days, weeks and months are under one band's width and
stay.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from onprem.dates.words import han_number
from onprem.text import view

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_UNIT = rf"(?:[\s-](?:{'|'.join(_ONES[1:10])}))?"
_BELOW_HUNDRED = rf"(?:(?:{'|'.join(_TENS)}){_UNIT}|(?:{'|'.join(reversed(_ONES))}))"
_WORDS = rf"(?:(?:(?:one|a)[\s-])?hundred(?:[\s-](?:and[\s-])?{_BELOW_HUNDRED})?|{_BELOW_HUNDRED})"
_NUMBER = re.compile(
    rf"(?P<digits>(?<![\d.])\d{{1,3}}(?:\.\d+)?(?!\d))|(?P<words>(?<![a-z])(?i:{_WORDS})(?![a-z]))"
    r"|(?P<han>[一二两三四五六七八九]?百[零〇]?[一二三四五六七八九]?十?[一二三四五六七八九]?|[〇零一二两三四五六七八九十]{1,3})"
)
_SMALL_UNIT = re.compile(
    r"(?i)\s*-?(?:months?|mos?\b|m/?o\b|weeks?|wks?|w/?o\b|days?|d/?o\b|hours?|hrs?|个?月|周(?!岁)|天|日|小时)"
)
_DECADE = re.compile(r"(?i)^\s*'?s\b|^\s*多岁|^余岁|^多|^余")


@dataclass(frozen=True, slots=True)
class Age:
    """An age in years as written: its place in the text (code points of the view)."""

    years: int
    start: int
    end: int


def _words_value(text: str) -> int:
    total = 0
    for word in re.split(r"[\s-]+", text.lower()):
        if word == "hundred":
            total = max(total, 1) * 100
        elif word in _TENS:
            total += (_TENS.index(word) + 2) * 10
        elif word in _ONES:
            total += _ONES.index(word)
        elif word == "a":
            total = 1
    return total


def _han_value(text: str) -> int:
    if "百" not in text:
        return han_number(text)
    hundreds, _, rest = text.partition("百")
    rest = rest.lstrip("零〇")
    return (han_number(hundreds) if hundreds else 1) * 100 + (han_number(rest) if rest else 0)


def find_ages(text: str) -> list[Age]:
    """Return the ages in years in a text known to be an age (a normalised view), without those in months or days."""
    ages: list[Age] = []
    for match in _NUMBER.finditer(text):
        if _SMALL_UNIT.match(text, match.end()):
            continue
        if match["digits"]:
            years = int(float(match["digits"]))
        else:
            years = _words_value(match["words"]) if match["words"] else _han_value(match["han"])
        ages.append(Age(years, match.start(), match.end()))
    return ages


def banded(text: str, *, width: int, top: int) -> str | None:
    """Return a text known to be an age with every age in its band: `92-year-old` -> `90+-year-old`.

    `width` 0 leaves ages below `top` as they are. Returns None where no age is understood: the caller redacts.
    """
    shown = view(text)
    ages = find_ages(shown.text)
    if not ages and not _NUMBER.search(shown.text):
        return None
    pieces: list[str] = []
    position = 0
    for age in ages:
        start, end = shown.original(age.start, age.end)
        pieces.append(text[position:start])
        position = end
        if age.years >= top:
            pieces.append(f"{top}+")
            if decade := _DECADE.match(shown.text[age.end :]):  # 95多岁: nothing of the number may stay beside the band
                position = shown.original(age.end, age.end + decade.end())[1]
                pieces.append("岁" if "岁" in decade.group() else "")
        elif width:
            low = age.years // width * width
            pieces.append(f"{low}-{min(low + width, top) - 1}")
        else:
            pieces.append(text[start:end])
    pieces.append(text[position:])
    return "".join(pieces)
