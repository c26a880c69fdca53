"""How dates are written in the sample hospital's notes, and how a template is filled with tagged values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

from onprem.labels import Label
from onprem.tagged import Tagged, parse

Value = tuple[Label | None, str]  # the label of a field's value (None: it identifies nobody) and the value
Fields = Mapping[str, Value]

_FIELD = re.compile(r"\{([a-zA-Z_0-9]+)\}")
_DIGITS = "〇一二三四五六七八九"
_HOLIDAYS = ("Thanksgiving", "Easter", "the Fourth of July", "Labor Day")


def fill(template: str, fields: Fields) -> Tagged:
    """Return the filled template with its gold spans; tags that stand in the template count too."""

    def tag(match: re.Match[str]) -> str:
        label, value = fields[match.group(1)]
        return f"<{label}>{value}</{label}>" if label and value else value

    return parse(_FIELD.sub(tag, template).lstrip("\n"))


def english_dates(prefix: str, day: date) -> dict[str, Value]:
    """Return the ways in which English notes write a date, keyed `adm_us`, `adm_long` and so on."""
    month, short = day.strftime("%B"), day.strftime("%b")
    written = {
        "us": f"{day:%m/%d/%Y}",
        "short": f"{day.month}/{day.day}/{day:%y}",
        "md": f"{day.month}/{day.day}",
        "iso": f"{day:%Y-%m-%d}",
        "compact": f"{day:%Y%m%d}",
        "long": f"{month} {day.day}, {day.year}",
        "month": f"{month} {day.year}",
        "wd": f"{day:%A}, {short} {day.day}",
        "words": f"{month} {_ordinal(day.day)} {day.year}".lower(),
        "minus": f"{day - timedelta(days=2):%b %d}",
    }
    return {f"{prefix}_{form}": (Label.DATE, text) for form, text in written.items()}


def chinese_dates(prefix: str, day: date) -> dict[str, Value]:
    """Return the ways in which Chinese notes write a date."""
    year = "".join(_DIGITS[int(digit)] for digit in str(day.year))
    written = {
        "cn": f"{day.year}年{day.month}月{day.day}日",
        "md": f"{day.month}月{day.day}日",
        "dash": f"{day:%Y-%m-%d}",
        "slash": f"{day.year}/{day.month}/{day.day}",
        "dots": f"{day:%y}.{day.month}.{day.day}",
        "chinese": f"{year}年{_numeral(day.month)}月{_numeral(day.day)}日",
    }
    return {f"{prefix}_{form}": (Label.DATE, text) for form, text in written.items()}


def holiday(number: int) -> Value:
    """Return a feast that dates an event."""
    return Label.DATE, _HOLIDAYS[number % len(_HOLIDAYS)]


def age_on(born: date, day: date) -> int:
    """Return the age in whole years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def typo(name: str) -> str:
    """Transpose two letters in the middle of a name."""
    middle = max(1, len(name) // 2 - 1)
    return name[:middle] + name[middle + 1] + name[middle] + name[middle + 2 :] if len(name) > 4 else name


def _ordinal(number: int) -> str:
    ending = "th" if 11 <= number <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _numeral(number: int) -> str:
    tens, ones = divmod(number, 10)
    left = "" if not tens else "十" if tens == 1 else _DIGITS[tens] + "十"
    return left + (_DIGITS[ones] if ones else "")
