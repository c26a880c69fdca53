"""What a written form of a date is: a pattern with named slots, and what a match of one says.

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


YEAR4 = r"(?:19|20)\d\d"
MONTH2 = r"(?:1[0-2]|0?[1-9])"
DAY2 = r"(?:3[01]|[12]\d|0?[1-9])"


def form(name: str, family: str, pattern: str, *, cue: str = "", precision: Precision | None = None) -> Form:
    """Compile a form."""
    return Form(name, family, re.compile(pattern), precision, cue)
