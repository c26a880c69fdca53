"""Pieces from which recognisers are built: label words, the way from a label to its value, shapes of values.

Every piece is bounded, so that no input makes a search slow. Alternations of labels branch on sets of letters, which
the regular-expression engine skips without trying them; it does not skip what a flag makes case-insensitive.
"""

from __future__ import annotations

from collections.abc import Iterable

from onprem.detect.contract import Example

# What may stand between a label and its value: "number", "no.", "#", "is", ":", "=", a tab, a table bar, one line break.
GAP = (
    r"(?:[ \t]{0,3}(?i:number|numbers|num|nbr|no|nr|code|id|ids|\#|№)(?![A-Za-z])\.?)?"
    r"(?:[ \t]{0,3}\([^()\n]{1,20}\))?"
    r"(?:[ \t]{0,3},?[ \t]?(?i:which is|is|was|are)(?![A-Za-z]))?"
    r"[ \t]{0,12}[:#=|,.\-]{0,3}[ \t]{0,12}(?:\n[ \t]{0,12})?\#?"
)

# A code with at least one digit: 12345678, A-123/45, 123 456 789, M12.345
CODE = (
    r"(?P<v>(?:\d{2,4}(?:[ ]\d{2,4}){1,4}(?![\w])"
    r"|(?=[A-Za-z]{0,8}[-/._]?[A-Za-z]{0,4}\d)[A-Za-z0-9]{1,30}(?:[-/._:][A-Za-z0-9]{1,30}){0,6}))"
)


def words(*labels: str) -> str:
    """Return a pattern for any of `labels` (fragments that begin with a plain letter), in any case, from a word's start."""
    by_first: dict[str, list[str]] = {}
    for label in labels:
        by_first.setdefault(label[0].lower(), []).append(label[1:])
    branches = [_either(first) + _seconds(rest) for first, rest in sorted(by_first.items())]
    return f"(?<![A-Za-z0-9])(?:{'|'.join(branches)})"


def _seconds(rests: list[str]) -> str:
    """Return the rests of labels that share a first letter, branching by the second where it is a plain letter."""
    by_second: dict[str, list[str]] = {}
    others: list[str] = []
    for rest in rests:
        plain = (
            rest[:1].isascii()
            and rest[:1].isalpha()
            and rest[1:2] not in ("?", "*", "+", "{")
            and "|" not in _outside(rest)
        )
        if plain:
            by_second.setdefault(rest[0].lower(), []).append(rest[1:])
        else:
            others.append(rest)
    branches = [_either(second) + _any_case(below) for second, below in sorted(by_second.items())]
    if others:
        branches.append(_any_case(others))
    return f"(?:{'|'.join(branches)})"


def _either(letter: str) -> str:
    return f"[{letter.upper()}{letter}]"


def _any_case(rests: list[str]) -> str:
    return f"(?i:{'|'.join(sorted(rests, key=len, reverse=True))})"


def _outside(fragment: str) -> str:
    """Return what of a fragment stands outside its groups."""
    depth = 0
    shown = ""
    for character in fragment:
        depth += (character == "(") - (character == ")")
        shown += character if depth == 0 else ""
    return shown


def examples(*tagged: str) -> tuple[Example, ...]:
    """Return examples from tagged sentences; one without a tag is negative."""
    return tuple(map(Example, tagged))


def digits(value: str) -> str:
    """Return the ASCII digits of a value."""
    return "".join(character for character in value if character in "0123456789")


def has_digits(least: int) -> DigitCount:
    """Return a check: the value holds at least `least` digits."""
    return DigitCount(least, 10_000)


class DigitCount:
    """A check by number of digits, both bounds included."""

    __slots__ = ("least", "most")

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def __call__(self, value: str) -> bool:
        """Say whether the number of digits lies within the bounds."""
        return self.least <= len(digits(value)) <= self.most


def any_of(items: Iterable[str]) -> str:
    """Return a group that matches any of the plain words, longest first."""
    return "(?:" + "|".join(sorted(items, key=len, reverse=True)) + ")"
