"""Invented contacts and numbers in the forms of `en_numbers.toml`. No check digit is right but by chance."""

from __future__ import annotations

import random
import string
import tomllib
from functools import cache
from pathlib import Path

_MARKS = {
    "#": string.digits,
    "N": "23456789",
    "@": "ABCDEFGHJKLMNPRSTUVWXYZ",
    "&": string.ascii_lowercase,
    "^": "0123456789abcdef",
}


@cache
def _forms() -> dict[str, list[str]]:
    return tomllib.loads((Path(__file__).parent / "en_numbers.toml").read_text(encoding="utf-8"))


def fill(form: str, rng: random.Random) -> str:
    """Fill a form: # a digit, N a digit but 0 and 1, @ a capital letter, & a small letter, ^ a hexadecimal digit."""
    return "".join(rng.choice(_MARKS[mark]) if mark in _MARKS else mark for mark in form)


def number(kind: str, rng: random.Random) -> str:
    """Write a number of a kind of `en_numbers.toml`: records, others, plates, nationals, rooms, pagers, hosts."""
    return fill(rng.choice(_forms()[kind]), rng)


def phone(rng: random.Random) -> str:
    """Write a telephone number, sometimes with an extension."""
    made = number("phones", rng)
    if rng.random() < 0.1:
        made += rng.choice(_forms()["extensions"]).format(rng.randint(10, 99999))
    return made


def host(rng: random.Random) -> str:
    """Write an IP or MAC address."""
    if rng.random() < 0.7:
        return ".".join(str(rng.randint(1, 254)) for _ in range(4))
    return number("hosts", rng)
