"""Chinese word lists as fragments of regular expressions: surnames, words that are no names, places, label forms.

Rules it keeps: a list is read once, when a Chinese recogniser is imported; fragments hold no capturing group, so the
group `v` of a recogniser stays the only one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

_LEXICONS = Path(__file__).resolve().parent.parent / "lexicons"

HAN = "[\u3400-\u4dbf\u4e00-\u9fff]"
# what may stand between a label and its value: 住院号: 123, 住院号为123, 住院号码是 123, 住院号(123)
LINK = r"(?:[号號]?[码碼]?)?\s{0,3}(?:[:;=为為是#]|No\.?|\(|【|\[|\||_+){0,2}\s{0,4}"
COLON = r"\s{0,3}[:;=|]\s{0,4}"
# a code with a digit: 0012345, ZY-2024-0031, C20240311-07; or Chinese numerals
CODE = (
    r"(?P<v>(?=[A-Za-z\-_/]{0,8}\d)[A-Za-z\d](?:[A-Za-z\d]|[\-_/.](?=[A-Za-z\d]*\d)){2,30}(?![%\d]|[ ]?(?:mg|"
    r"ml|岁|次|天|元|份))"
    r"|[〇零○幺一二三四五六七八九]{4,18})"
)
DIGITS_HAN = "[〇零一二三四五六七八九十百两○]"


@cache
def lexicon(name: str) -> Mapping[str, Any]:
    """Return the word list `lexicons/<name>.toml`."""
    return tomllib.loads((_LEXICONS / f"{name}.toml").read_text(encoding="utf-8"))


def any_of(words: Iterable[str]) -> str:
    """Return an alternation of literal words, longest first; a set of their first characters is tried before it."""
    ordered = sorted(set(words), key=lambda word: (-len(word), word))
    branches = "(?:" + "|".join(map(re.escape, ordered)) + ")"
    firsts = "".join(sorted({re.escape(word[0]) for word in ordered}))
    return f"(?=[{firsts}]){branches}" if len(ordered) > 6 else branches


def han_except(characters: str) -> str:
    """Return a set of all common Han characters but these, as ranges (one test of the engine, not two)."""
    left, ranges = 0x4E00, []
    for code in (*sorted({ord(character) for character in characters}), 0xA000):
        if code > left:
            ranges.append(f"{chr(left)}-{chr(code - 1)}")
        left = code + 1
    return f"[{''.join(ranges)}]"


def _one_of(characters: str) -> str:
    return "[" + "".join(dict.fromkeys(characters)) + "]"


@cache
def surnames(kind: str) -> str:
    """Return a fragment for a surname: `all`, `safe` (few of them begin or end other words) or `frequent`."""
    table = lexicon("zh_surnames")
    compound = any_of(table["compound"])
    if kind == "frequent":
        return _one_of(table["frequent"])
    if kind == "safe":
        return f"(?:{compound}|{_one_of(table['safe'] + table['traditional'])})"
    return f"(?:{compound}|{_one_of(table['safe'] + table['risky'] + table['traditional'])})"


@cache
def word_ends() -> str:
    """Return a negative lookbehind, to be put after a surname character that may be the end of a word (检查, 上周)."""
    parts = []
    for character, before in lexicon("zh_surnames")["before"].items():
        if len(character) == 1 and before:
            parts.append(f"(?<![{before}]{character})")
    return "".join(parts)


@cache
def words_not_names() -> frozenset[str]:
    """Return the two characters that begin words which begin with a surname character (高血, 于今)."""
    text = (_LEXICONS / "zh_not_names.txt").read_text(encoding="utf-8")
    return frozenset(" ".join(line for line in text.splitlines() if not line.startswith("#")).split())


@cache
def not_a_name() -> str:
    """Return a negative lookahead: no word that begins with a surname character begins here (高血压, 于今日)."""
    by_first: dict[str, set[str]] = {}
    for word in words_not_names():
        by_first.setdefault(word[0], set()).add(word[1])
    branches = [f"{first}[{''.join(sorted(seconds))}]" for first, seconds in sorted(by_first.items())]
    return f"(?!{'|'.join(branches)})"


def label(*words: str) -> str:
    """Return an alternation of label words as written in forms; spaces inside are allowed (姓 名)."""
    spaced = [r"\s{0,4}".join(map(re.escape, word)) if len(word) == 2 else re.escape(word) for word in words]
    return "(?:" + "|".join(sorted(spaced, key=lambda word: (-len(word), word))) + ")"
