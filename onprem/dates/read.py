"""From a match of a form to what it says: points, precision, slots.

Rules: two-digit years up to 30 are 20xx, later ones 19xx, unless the caller knows the latest year possible; a numeric
pair that can only be read one way is read that way; a range that runs over the end of a year gets both years.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from onprem.dates.forms import Form, ParsedDate, Point, Precision, Slot
from onprem.dates.spoken import spoken_year
from onprem.dates.words import (
    day_number,
    month_number,
    number,
    quarter_number,
    season_number,
    third_number,
)

PIVOT = 30  # two-digit years: 00-30 are of this century


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read what the digits alone leave open."""

    day_first: bool = False  # 03/04/2024 is 3 April
    year_first: bool = False  # 03.04.05 is 5 April 2003, as in Chinese text; otherwise 3 April 2005
    latest: int | None = None  # the last year that two digits can mean; None: 2030


DEFAULT = Reading()
_PLAIN = ("y", "m", "d", "y2", "m2", "d2", "o", "o2", "q", "s", "t", "h")


def read_year(text: str, *, latest: int | None = None) -> int:
    """Read a year of four or two digits; `latest` is the last year it can be, if known."""
    if text[0].isascii() and text[0].isalpha():
        return spoken_year(text)
    value = number(text)
    if len(text) != 2:
        return value
    value += 2000
    return value - 100 if value > (2000 + PIVOT if latest is None else latest) else value


def _days_of(month: int, year: int | None) -> int:
    return monthrange(2000 if year is None else year, month)[1]


def _sound(point: Point) -> bool:
    """Whether the day exists; a 29 February without a year does."""
    if point.month is not None and not 1 <= point.month <= 12:
        return False
    if point.day is None:
        return True
    return 1 <= point.day <= (31 if point.month is None else _days_of(point.month, point.year))


def _pair(first: int, second: int, *, day_first: bool) -> str | None:
    """Return the roles of a numeric pair, `md` or `dm`; None where it is no date."""
    if first > 12 and second > 12:
        return None
    if first > 12:
        return "dm"
    if second > 12:
        return "md"
    return "dm" if day_first else "md"


def _slots(match: re.Match[str], roles: dict[str, str]) -> list[Slot]:
    present = match.re.groupindex
    base = match.start()
    slots = [
        Slot(role, match.start(group) - base, match.end(group) - base)
        for group, role in roles.items()
        if group in present and match.start(group) >= 0
    ]
    return sorted(slots, key=lambda slot: slot.start)


def _roles(match: re.Match[str], *, day_first: bool) -> tuple[dict[str, str], bool] | None:
    """Return {group: role} and whether the order was ambiguous; None where the numbers are no date."""
    roles = {role: role for role in _PLAIN}
    groups = match.groupdict()
    if not groups.get("a"):
        return roles, False
    numbers = [int(groups[name]) for name in ("a", "b", "a2", "b2") if groups.get(name)]
    orders = {_pair(*numbers[i : i + 2], day_first=day_first) for i in range(0, len(numbers), 2)}
    if None in orders:
        return None
    ambiguous = all(value <= 12 for value in numbers)
    if len(orders) > 1:  # 3/7-3/25: the second pair settles the first
        orders = {_pair(*numbers[i : i + 2], day_first=not day_first) for i in range(0, len(numbers), 2)}
        if len(orders) > 1:
            return None
    order = orders.pop() or "md"
    if groups.get("sep") == "." and groups.get("y") and ambiguous:
        order, ambiguous = "dm", False  # dots with the year last are day first wherever they are used
    return roles | {"a": order[0], "b": order[1], "a2": order[0] + "2", "b2": order[1] + "2"}, ambiguous


def _points(words: dict[str, str], *, year_first: bool, latest: int | None) -> tuple[Point, ...]:
    year = read_year(words["y"], latest=latest) if "y" in words else None
    month = month_number(words["m"]) if "m" in words else None
    day = day_number(words["d"]) if "d" in words else None
    if not ("y2" in words or "m2" in words or "d2" in words):
        return (Point(year, month, day, _part(words)),)
    month2 = month_number(words["m2"]) if "m2" in words else month
    day2 = day_number(words["d2"]) if "d2" in words else None
    year2 = read_year(words["y2"], latest=latest) if "y2" in words else year
    if year is not None and "y2" not in words and (month2 or 0, day2 or 0) < (month or 0, day or 0) and month != month2:
        year, year2 = (year, year + 1) if year_first else (year - 1, year)
    return Point(year, month, day), Point(year2, month2, day2)


def _part(words: dict[str, str]) -> int | None:
    if "q" in words:
        return quarter_number(words["q"])
    if "s" in words:
        return season_number(words["s"])
    if "t" in words:
        return third_number(words["t"])
    return "上下".index(words["h"]) if "h" in words else None


def _precision(form: Form, points: tuple[Point, ...]) -> Precision:
    if form.precision is Precision.NAMED:
        return Precision.NAMED
    if not all(_sound(point) for point in points):
        return Precision.INVALID
    if len(points) == 2 and points[0][:2] == points[1][:2] and (points[0].day or 0) > (points[1].day or 99):
        return Precision.INVALID  # a range that runs backwards
    if form.precision is not None:
        return form.precision
    if points[0].day is None:
        return Precision.MONTH
    return Precision.MONTH_DAY if points[0].year is None else Precision.DAY


def build(form: Form, match: re.Match[str], reading: Reading = DEFAULT) -> ParsedDate | None:
    """Read a match; None where its numbers cannot be a date in any order."""
    decided = _roles(match, day_first=reading.day_first)
    if decided is None:
        return None
    roles, ambiguous = decided
    slots = _slots(match, roles)
    text = match.group()
    words = {slot.role: text[slot.start : slot.end] for slot in slots}
    base = match.start()
    cut = (0, 0)
    if match.groupdict().get("p2") is not None:
        cut = (match.start("c") - base, match.end("p2") - base)
    year_first = "y" in words and cut[0] > next(slot.start for slot in slots if slot.role == "y")
    if form.precision is Precision.NAMED:
        year = words.get("y") or words.get("y2")
        points: tuple[Point, ...] = (Point(read_year(year, latest=reading.latest) if year else None),)
    else:
        points = _points(words, year_first=year_first, latest=reading.latest)
    return ParsedDate(form.name, _precision(form, points), text, tuple(slots), points, cut, ambiguous)


def exact(parsed: ParsedDate) -> date | None:
    """Return the (first) day of a date written in full; None for every other precision."""
    first = parsed.points[0]
    if parsed.precision is not Precision.DAY or first.year is None or first.month is None or first.day is None:
        return None
    return date(first.year, first.month, first.day)
