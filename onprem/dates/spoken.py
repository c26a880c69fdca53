"""Years as they are dictated: nineteen ninety four, two thousand and six, twenty sixteen, o six."""

from __future__ import annotations

_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ONES_OR, _TEENS_OR, _TENS_OR = "|".join(_ONES), "|".join(_TEENS), "|".join(_TENS)
_BELOW_HUNDRED = rf"(?:(?:{_TENS_OR})(?:[\s-](?:{_ONES_OR}))?|{_TEENS_OR})"
SPOKEN_YEAR = (
    rf"(?i:(?:nineteen|twenty)[\s-](?:hundred|(?:oh?|zero)[\s-](?:{_ONES_OR})|{_BELOW_HUNDRED})"
    rf"|two\sthousand(?:\s(?:and\s)?(?:{_BELOW_HUNDRED}|{_ONES_OR}))?"
    rf"|(?:oh?|zero)[\s-](?:{_ONES_OR})|(?:seventy|eighty|ninety)[\s-](?:{_ONES_OR}))(?![A-Za-z])"
)


def _below_hundred(words: list[str]) -> int:
    total = 0
    for word in words:
        if word in _TENS:
            total += 10 * (_TENS.index(word) + 2)
        elif word in _TEENS:
            total += _TEENS.index(word) + 10
        elif word in _ONES:
            total += _ONES.index(word) + 1
    return total


def spoken_year(text: str) -> int:
    """Read a dictated year; short ones (o six, ninety nine) are of the century in which they lie in the past."""
    words = text.lower().replace("-", " ").split()
    if words[0] == "nineteen":
        return 1900 + _below_hundred(words[1:])
    if words[:2] == ["two", "thousand"]:
        return 2000 + _below_hundred(words[2:])
    if words[0] == "twenty" and len(words) > 1 and words[1] not in _ONES:
        return 2000 + _below_hundred(words[1:])
    short = _below_hundred(words)
    return (1900 if short > 30 else 2000) + short


def _say(number: int, join: str) -> str:
    if number < 10:
        return _ONES[number - 1] if number else ""
    if number < 20:
        return _TEENS[number - 10]
    tens, ones = divmod(number, 10)
    return _TENS[tens - 2] + (join + _ONES[ones - 1] if ones else "")


def spoken_like(old: str, value: int) -> str:
    """Write a year in words, in the manner of `old` (with `and`, with hyphens, short)."""
    lower = old.lower()
    join = "-" if "-" in old else " "
    century, rest = divmod(value, 100)
    if not lower.startswith(("nineteen", "two", "twenty")):
        made = f"o{join}{_ONES[rest - 1]}" if 0 < rest < 10 else _say(rest, join) or "two thousand"
    elif century == 20 and (rest < 10 or lower.startswith("two")):
        made = "two thousand" + (" and" if " and " in lower and rest else "") + (" " + _say(rest, join) if rest else "")
    else:
        first = "nineteen" if century == 19 else "twenty"
        made = f"{first} " + (f"o{join}{_ONES[rest - 1]}" if 0 < rest < 10 else _say(rest, join) or "hundred")
    return made.capitalize() if old[0].isupper() else made
