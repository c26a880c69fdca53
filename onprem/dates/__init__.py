"""One date engine for all formats, English and Chinese: find, parse, shift, reduce to a year.

Rules it keeps: the written form stays (order, separators, padding, month-name language and case, numerals); every
pair of exact dates keeps its exact distance; a coarse date moves as an interval and gains no element; what cannot be
read as a real date is never shifted, so the caller redacts it; times stay; no repr shows a date.
"""

from onprem.dates.forms import Found, ParsedDate, Precision
from onprem.dates.move import exact_date, shift, strip_times, year_of, year_text
from onprem.dates.read import Reading
from onprem.dates.scan import day_first_evidence, find_dates, parse_date, parse_dates

__all__ = [
    "Found",
    "ParsedDate",
    "Precision",
    "Reading",
    "day_first_evidence",
    "exact_date",
    "find_dates",
    "parse_date",
    "parse_dates",
    "shift",
    "strip_times",
    "year_of",
    "year_text",
]
