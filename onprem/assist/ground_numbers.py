"""Numbers and frequencies in one form each, whatever way they are written."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from onprem.assist.ground_words import words


def value_of(said: str) -> str:
    """Return a number, or several with signs between them, in one form."""
    return re.sub(r"\d+(?:[.,]\d+)*", lambda found: plain_number(found[0]), re.sub(r"\s", "", said).casefold())


def plain_number(said: str) -> str:
    """Return a number as written in one form: no signs between thousands, a point, no zeros at the end."""
    flat = re.sub(r",(?=\d{3}(?:\D|$))", "", said).replace(",", ".")
    try:
        value = Decimal(flat)
    except InvalidOperation:  # "1.2.3"
        return flat
    return format(value.normalize(), "f")


def often_of(said: str) -> str:
    """Return how often a day, or every how many hours."""
    flat = re.sub(r"[\s.]", "", said.casefold())
    if every := re.search(r"(?:every|q|每)(\d+|[一二三四六八])(?:h|小时)", flat):
        return f"{words().numbers.get(every[1], every[1])}h"
    if flat.startswith("每晚"):
        return "night"
    if flat in {"bid", "tid", "qid"}:
        return {"bid": "2", "tid": "3", "qid": "4"}[flat]
    if times := re.match(r"twice|three|four|five|six|\d", flat) or re.search(r"[一二两三四1-4](?=次)", flat):
        return words().numbers.get(times[0], {"twice": "2"}.get(times[0], times[0]))
    return "1"
