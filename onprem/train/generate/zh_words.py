"""Word lists from which invented Chinese identities are made, Chinese numerals, and the partition of identities by split.

Rules: an identity that could be memorised belongs to one split by the hash of its text.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from onprem.train.generate.contract import Split, split_of

_HERE = Path(__file__).resolve().parent
_LEXICONS = _HERE.parent.parent / "detect" / "lexicons"


@cache
def words(section: str, name: str) -> tuple[str, ...]:
    """Return a word list of zh_words.toml; a list of characters comes back as its characters."""
    value = _table("zh_words")[section][name]
    if isinstance(value, list):
        return tuple(value)
    return tuple(value.split()) if " " in value else tuple(value)


@cache
def _table(name: str) -> Mapping[str, Any]:
    folder = _LEXICONS if name in {"zh_places", "zh_surnames"} else _HERE
    return tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def places(name: str) -> tuple[str, ...]:
    """Return a list of the place lexicon that the recognisers use too."""
    value = _table("zh_places")[name]
    return tuple(value.split()) if isinstance(value, str) else tuple(value)


@cache
def all_surnames() -> tuple[str, ...]:
    """Return every surname character known here, common, rare and of the recognisers' lexicon; each once."""
    lexicon = _table("zh_surnames")
    listed = "".join((*words("names", "surname_weight_common"), *words("names", "surname_rare")))
    return tuple(dict.fromkeys(listed + lexicon["safe"] + lexicon["risky"]))


@cache
def common_characters() -> tuple[str, ...]:
    """Return the 3755 characters in common use (GB 2312, level 1)."""
    pairs = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    return tuple(
        pair.decode("gb2312") for pair in pairs if pair not in {b"\xd7" + bytes((c,)) for c in range(0xFA, 0xFF)}
    )


def of_split(make: Callable[[], str], split: Split) -> str:
    """Draw until the identity belongs to the split."""
    while True:
        made = make()
        if split_of(made) == split:
            return made


_HAN_DIGITS = "〇一二三四五六七八九"


def han_number(value: int) -> str:
    """Write 1 to 9999 in Chinese numerals as spoken (十二, 二十, 一百零三)."""
    if value < 10:
        return _HAN_DIGITS[value]
    if value < 20:
        return "十" + (_HAN_DIGITS[value - 10] if value > 10 else "")
    if value < 100:
        return _HAN_DIGITS[value // 10] + "十" + (_HAN_DIGITS[value % 10] if value % 10 else "")
    if value < 1000:
        rest = value % 100
        return (
            _HAN_DIGITS[value // 100]
            + "百"
            + ("" if not rest else ("零" if rest < 10 else "") + ("一" if 10 <= rest < 20 else "") + han_number(rest))
        )
    rest = value % 1000
    return _HAN_DIGITS[value // 1000] + "千" + ("" if not rest else ("零" if rest < 100 else "") + han_number(rest))


def han_digits(value: int) -> str:
    """Write a number digit by digit in Chinese numerals (二〇二四)."""
    return "".join(_HAN_DIGITS[int(digit)] for digit in str(value))
