"""Invented days and ages in the forms in which clinical text writes them (`en_dates.toml`)."""

from __future__ import annotations

import datetime
import random
import tomllib
from functools import cache
from pathlib import Path

MONTHS = tuple("January February March April May June July August September October November December".split())
SHORT = tuple("Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec".split())
DAYS = tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
_ONES = tuple(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen".split()
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = tuple(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth".split()
)


@cache
def _forms() -> dict[str, list[str]]:
    return tomllib.loads((Path(__file__).parent / "en_dates.toml").read_text(encoding="utf-8"))


def spelled(number: int) -> str:
    """Write a number below 200 in words."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _TENS[number // 10] + (f"-{_ONES[number % 10]}" if number % 10 else "")
    rest = f" and {spelled(number - 100)}" if number > 100 else ""
    return f"one hundred{rest}"


def ordinal(number: int) -> str:
    """Write an ordinal in figures: 1st, 2nd, 11th."""
    if 10 <= number % 100 <= 20:
        return f"{number}th"
    return str(number) + {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def ordinal_words(number: int) -> str:
    """Write an ordinal below 100 in words."""
    if number < 20:
        return _ORDINALS[number - 1]
    tens = _TENS[number // 10]
    return f"{tens}-{_ORDINALS[number % 10 - 1]}" if number % 10 else f"{tens[:-1]}ieth"


def year_words(year: int) -> str:
    """Write a year in words, as dictated."""
    high, low = divmod(year, 100)
    if 2000 <= year < 2010:
        return "two thousand" + (f" {spelled(low)}" if low else "")
    if not low:
        return f"{spelled(high)} hundred"
    return f"{spelled(high)} {spelled(low) if low > 9 else 'oh ' + spelled(low)}"


def day(rng: random.Random, first: int = 1995, last: int = 2026) -> datetime.date:
    """Return a day between two years."""
    return datetime.date(first, 1, 1) + datetime.timedelta(days=rng.randrange(365 * (last - first + 1)))


def _parts(when: datetime.date, rng: random.Random) -> dict[str, str]:
    """Return what the forms of `en_dates.toml` may name."""
    d, m, y = when.day, when.month, when.year
    short = SHORT[m - 1]
    return {
        "d": str(d),
        "dd": f"{d:02d}",
        "m": str(m),
        "mm": f"{m:02d}",
        "y": str(y),
        "yy": f"{y % 100:02d}",
        "M": MONTHS[m - 1] if rng.random() < 0.6 else short + rng.choice(("", ".")),
        "month": MONTHS[m - 1],
        "mon": short[:3],
        "MON": short[:3].upper(),
        "dth": ordinal(d),
        "dwords": ordinal_words(d),
        "ywords": year_words(y),
        "weekday": DAYS[when.weekday()],
        "wd": DAYS[when.weekday()][:3],
    }


def _written(kind: str, when: datetime.date, rng: random.Random) -> str:
    return rng.choice(_forms()[kind]).format(**_parts(when, rng))


def written(when: datetime.date, rng: random.Random) -> str:
    """Write a whole date in one of many forms: figures, year first, month in letters, weekday, words, odd."""
    kinds = ("figures", "year_first", "month_first", "day_first", "weekday", "words", "odd")
    return _written(rng.choices(kinds, (42, 8, 18, 14, 8, 5, 5))[0], when, rng)


def figures(when: datetime.date, rng: random.Random) -> str:
    """Write a date in figures, as forms have it."""
    return _written("form", when, rng)


def month_day(when: datetime.date, rng: random.Random) -> str:
    """Write month and day without a year."""
    return _written("month_day", when, rng)


def month_year(when: datetime.date, rng: random.Random) -> str:
    """Write a month and a year."""
    return _written("month_year", when, rng)


def interval(when: datetime.date, rng: random.Random) -> str:
    """Write a range of days."""
    end = when + datetime.timedelta(days=rng.randint(1, 20))
    later = {f"e{name}": value for name, value in _parts(end, rng).items()}
    kind = "interval_within" if end.month == when.month and rng.random() < 0.6 else "interval"
    return rng.choice(_forms()[kind]).format(**_parts(when, rng), **later)


def clock(rng: random.Random) -> str:
    """Write a time of day."""
    hour, minute = rng.randrange(24), rng.randrange(60)
    half = rng.choice(("am", "pm", "AM", "PM", "a.m.", "p.m."))
    forms = _forms()["clock"]
    return rng.choice(forms).format(
        hh=f"{hour:02d}", mm=f"{minute:02d}", h=str(hour % 12 + 1), half=half, ss=f"{rng.randrange(60):02d}"
    )


def age(rng: random.Random) -> int:
    """Return an age in years; one in nine is 90 or more."""
    return rng.randint(90, 104) if rng.random() < 0.11 else rng.randint(1, 89)
