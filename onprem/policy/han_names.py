"""The parts of a Chinese name: prefix, surname (single or compound), given name, title."""

from __future__ import annotations

from onprem.policy.choices import words

_HAN_TITLES = tuple(sorted(words("zh", "titles"), key=len, reverse=True))
_HAN_PREFIXES = "小老阿"


def _ends_with_title(name: str, title: str) -> bool:
    """Whether a name ends with a title; one character is one only after a surname alone (李姐)."""
    return name.endswith(title) and (len(name) == 2 if len(title) == 1 and title != "某" else len(name) > len(title))


def split_han(run: str) -> tuple[str, str, str, str]:
    """Split a Chinese name into prefix (小 老), surname, given name and title (主任 女士 某某)."""
    title = ""
    rest = run
    while (end := next((word for word in _HAN_TITLES if _ends_with_title(rest, word)), None)) is not None:
        title, rest = end + title, rest[: -len(end)]
    if len(rest) == 2 and rest[0] in _HAN_PREFIXES and rest[1] in words("zh", "surnames"):
        return rest[0], rest[1], "", title
    if len(rest) >= 2 and rest[:2] in words("zh", "compound_surnames"):
        return "", rest[:2], rest[2:], title
    if rest[0] in words("zh", "surnames") and (len(rest) <= 3):
        return "", rest[0], rest[1:], title
    if len(rest) <= 2:
        return "", "", rest, title  # a given name alone
    return "", rest[0], rest[1:], title
