"""Numbers, months and weekdays as people write them, read and written back in the same style.

`like(old, role, value)` is the one way a new number takes the form of the old one.
"""

from __future__ import annotations

from onprem.dates.spoken import spoken_like

MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth", "twenty-first", "twenty-second", "twenty-third", "twenty-fourth", "twenty-fifth", "twenty-sixth",
    "twenty-seventh", "twenty-eighth", "twenty-ninth", "thirtieth", "thirty-first",
)  # fmt: skip
SEASONS = ("winter", "spring", "summer", "autumn")
HAN_SEASONS = "冬春夏秋"
HAN_WEEKDAYS = "一二三四五六日"
HAN_DIGITS = "〇一二三四五六七八九"
HAN_THIRDS = "上中下"
_HAN_VALUE = {character: value for value, character in enumerate(HAN_DIGITS)} | {"零": 0, "○": 0, "O": 0, "两": 2}
_FULL_WIDTH = {ord("0") + i: chr(0xFF10 + i) for i in range(10)}
_THIRDS = ("early", "mid", "late")

_PLAIN = {0xFF01 + i: chr(0x21 + i) for i in range(94)}
_PLAIN |= dict.fromkeys((0x3000, 0x00A0, 0x2002, 0x2003, 0x2009, 0x202F, 0x205F), " ")
_PLAIN |= dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0xFE63), "-")
_PLAIN |= dict.fromkeys((0x2018, 0x2019, 0x2032), "'")


def plain(text: str) -> str:
    """Return `text` with full-width forms, dashes, quotes and spaces in ASCII, character by character."""
    return text if text.isascii() else text.translate(_PLAIN)


def han_number(text: str) -> int:
    """Read a Chinese numeral: digit by digit (二〇二四) or with tens (二十三, 廿三, 初五; 正, 冬, 腊)."""
    special = {"正": 1, "冬": 11, "腊": 12}
    if text in special:
        return special[text]
    text = text.removeprefix("初").replace("廿", "二十").replace("卅", "三十")
    if "十" in text:
        tens, _, ones = text.partition("十")
        return (_HAN_VALUE[tens] if tens else 1) * 10 + (_HAN_VALUE[ones] if ones else 0)
    value = 0
    for character in text:
        value = value * 10 + _HAN_VALUE[character]
    return value


def number(text: str) -> int:
    """Read digits (any decimal digits) or a Chinese numeral."""
    return int(text) if text.isdecimal() else han_number(text)


def month_number(text: str) -> int:
    """Read a month written as digits, as a Chinese numeral or as an English name of three letters or more."""
    if text[0].isascii() and text[0].isalpha():
        start = text[:3].lower()
        return next(index for index, name in enumerate(MONTHS, 1) if name.startswith(start))
    return number(text)


def day_number(text: str) -> int:
    """Read a day written as digits, as a Chinese numeral or as an English ordinal word."""
    if text[0].isascii() and text[0].isalpha():
        return ORDINALS.index("-".join(text.lower().replace("-", " ").split())) + 1
    return number(text)


def weekday_number(text: str) -> int:
    """Read a weekday, Monday 0: English of two letters or more, or the last character of the Chinese form."""
    if text[0].isascii():
        return next(index for index, name in enumerate(WEEKDAYS) if name.startswith(text[:2].lower()))
    return 6 if text == "天" else HAN_WEEKDAYS.index(text)


def _cased(word: str, old: str) -> str:
    if old.isupper() and len(old) > 1:
        return word.upper()
    return word if old[0].islower() else word.capitalize()


def _digits(old: str, value: int, pad: bool) -> str:
    written = f"{value:0{len(old)}d}" if pad else str(value)
    return written.translate(_FULL_WIDTH) if "\uff10" <= old[0] <= "\uff19" else written


def han_digits(value: int, zero: str = "〇") -> str:
    """Write a number digit by digit, as years are written."""
    return "".join(HAN_DIGITS[int(digit)] for digit in str(value)).replace("〇", zero)


def han_counting(value: int, *, nian: bool = False) -> str:
    """Write 1-99 with tens; `nian` writes 21-29 with 廿."""
    tens, ones = divmod(value, 10)
    end = HAN_DIGITS[ones] if ones else ""
    if not tens:
        return end
    if nian and tens == 2:
        return "廿" + end
    return ("" if tens == 1 else HAN_DIGITS[tens]) + "十" + end


def month_like(old: str, value: int, *, pad: bool, short: bool) -> str:
    """Write a month in the form of `old`; `short` settles `May`, which is both a name and its abbreviation."""
    if old.isdecimal():
        return _digits(old, value, pad)
    if not old[0].isascii():
        return han_counting(value)
    name = MONTHS[value - 1]
    lower = old.lower()
    if lower not in MONTHS or (lower == "may" and short):
        name = "sept" if value == 9 and lower == "sept" else name[:3]
    return _cased(name, old)


def day_like(old: str, value: int, *, pad: bool) -> str:
    """Write a day in the form of `old`."""
    if old.isdecimal():
        return _digits(old, value, pad)
    if not old[0].isascii():
        return han_counting(value, nian="廿" in old)
    word = ORDINALS[value - 1]
    return _cased(word if "-" in old or " " not in old else word.replace("-", " "), old)


def year_like(old: str, value: int) -> str:
    """Write a year in the form of `old`: four or two digits, decimal or Chinese."""
    if old[0].isascii() and old[0].isalpha() and len(old) > 2:
        return spoken_like(old, value)
    shown = value if len(old) == 4 else value % 100
    if old.isdecimal():
        return _digits(old, shown, pad=True)
    zero = next((character for character in old if character in "零○O"), "〇")
    text = han_digits(shown, zero)
    return text if len(text) == len(old) else zero + text


def weekday_like(old: str, value: int) -> str:
    """Write a weekday in the form of `old`."""
    if not old[0].isascii():
        return "天" if old == "天" and value == 6 else HAN_WEEKDAYS[value]
    name = WEEKDAYS[value]
    if old.lower() not in WEEKDAYS:
        name = name[: 2 if len(old) == 2 else 3]
    return _cased(name, old)


def suffix_like(old: str, value: int) -> str:
    """Write the ordinal suffix of a day: st, nd, rd, th."""
    ending = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return ending.upper() if old.isupper() else ending


def season_number(text: str) -> int:
    """Read a season: 0 winter, 1 spring, 2 summer, 3 autumn."""
    if not text[0].isascii():
        return HAN_SEASONS.index(text[0])
    return 3 if text.lower() == "fall" else SEASONS.index(text.lower())


def season_like(old: str, value: int) -> str:
    """Write a season in the form of `old`."""
    if not old[0].isascii():
        return HAN_SEASONS[value]
    return _cased("fall" if value == 3 and old.lower() != "autumn" else SEASONS[value], old)


def third_number(text: str) -> int:
    """Read the part of a month: 0 early or 上旬, 1 mid or 中旬, 2 late or 下旬."""
    return HAN_THIRDS.index(text) if not text[0].isascii() else _THIRDS.index(text.lower())


def third_like(old: str, value: int) -> str:
    """Write the part of a month in the form of `old`."""
    return HAN_THIRDS[value] if not old[0].isascii() else _cased(_THIRDS[value], old)


def quarter_number(text: str) -> int:
    """Read a quarter 1-4: digit, Chinese numeral or English ordinal word."""
    return day_number(text)


def quarter_like(old: str, value: int) -> str:
    """Write a quarter in the form of `old`."""
    return day_like(old, value, pad=False)
