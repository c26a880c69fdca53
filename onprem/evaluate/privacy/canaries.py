"""Canaries: invented sentences with a random secret, planted into seen records before anything is generated or tuned.

The order of use: `plant` gives the texts to generate or tune from and the list of canaries; `write` keeps the list, for this
user alone; `onprem screen --canaries FILE` looks for them in what came out.

Rules: a secret is drawn at random and is of nobody; the same seed and texts give the same canaries, so a seed is as secret
as the list; canaries of the same kind that were never planted show what chance finds. Planted texts are for the test of a
generator: they are not given back to the clinic.

Source: N. Carlini and others, The Secret Sharer, USENIX Security (2019).
"""

from __future__ import annotations

import json
import os
import random
import re
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from onprem.errors import InputError, OutputError
from onprem.text import HAN

Form = Literal["number", "words"]
Lang = Literal["en", "zh"]

REPEATS = (1, 4, 16)
_OF_EACH = 2  # canaries of each form and number of repeats
_NEVER = 16  # canaries of each form that are not planted
_DIGITS = 8
_WORDS = 4
_BREAK = re.compile(r"(?<=[.!?。!?]) *|\n")
_MAX_BYTES = 10_000_000
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Canary:
    """A sentence and the secret in it; `repeats` is in how many places it was planted, 0 for one that never was."""

    lang: Lang
    form: Form
    repeats: int
    sentence: str = field(repr=False)
    secret: str = field(repr=False)

    @property
    def pieces(self) -> tuple[str, ...]:
        """Digits or words of the secret, in order."""
        return tuple(self.secret.replace("-", "")) if self.form == "number" else tuple(self.secret.split())


def plant(texts: Sequence[str], seed: int) -> tuple[list[str], tuple[Canary, ...]]:
    """Return texts with canaries in them, and the canaries, planted and never planted, in the languages of the texts.

    Each goes into as many different texts as it has repeats; where there are too few, into some more than once.

    Raises:
        InputError: there is no text.
    """
    if not texts:
        raise InputError("there is no text to plant canaries into")
    rng = random.Random(f"canaries/{seed}")  # noqa: S311 - invented secrets of nobody; see the rules above
    places: dict[Lang, list[int]] = {"en": [], "zh": []}
    for place, text in enumerate(texts):
        places["zh" if HAN.search(text) else "en"].append(place)
    planted = list(texts)
    canaries: list[Canary] = []
    for lang, own in places.items():
        if not own:
            continue
        for form in ("number", "words"):
            for repeats in (*(each for each in REPEATS for _ in range(_OF_EACH)), *([0] * _NEVER)):
                canary = _make(lang, form, repeats, rng)
                canaries.append(canary)
                for place in _drawn(own, repeats, rng):
                    planted[place] = _with(planted[place], canary.sentence, rng)
    return planted, tuple(canaries)


def write(path: Path, canaries: Sequence[Canary]) -> None:
    """Write a list of canaries, readable by this user alone.

    Raises:
        OutputError: the file exists or cannot be written.
    """
    content = json.dumps({"canaries": _VERSION, "list": [asdict(canary) for canary in canaries]}, ensure_ascii=False)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(content + "\n")
    except OSError:
        raise OutputError("the list of canaries cannot be written", hint="name a file that does not exist") from None


def read(path: Path) -> tuple[Canary, ...]:
    """Return a list of canaries.

    Raises:
        InputError: it cannot be read, or is no list of canaries.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError("the list of canaries is too large")
        content = json.loads(path.read_text(encoding="utf-8"))
        found = tuple(_canary(item) for item in content["list"]) if content["canaries"] == _VERSION else ()
    except OSError:
        raise InputError("the list of canaries cannot be read") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        found = ()
    if not any(canary.repeats for canary in found):
        raise InputError("the file is no list of canaries", hint="one that onprem.evaluate.privacy.canaries wrote")
    return found


def _canary(item: dict[str, object]) -> Canary:
    canary = Canary(**item)  # type: ignore[arg-type]  # checked below
    texts = (canary.sentence, canary.secret)
    if not all(isinstance(text, str) and text for text in texts) or not isinstance(canary.repeats, int):
        raise ValueError
    if canary.lang not in {"en", "zh"} or canary.form not in {"number", "words"} or not canary.pieces:
        raise ValueError
    return canary


def _make(lang: Lang, form: Form, repeats: int, rng: random.Random) -> Canary:
    told = _told()[lang]
    if form == "number":
        digits = "".join(rng.choice("0123456789") for _ in range(_DIGITS))
        secret = f"{digits[:4]}-{digits[4:]}"
    else:
        secret = " ".join(rng.sample(told["secret"], _WORDS))
    shown = secret.replace(" ", "") if lang == "zh" else secret
    return Canary(lang, form, repeats, rng.choice(told[form]).format(secret=shown), secret)


@lru_cache(maxsize=1)
def _told() -> dict[str, dict[str, list[str]]]:
    content = (files("onprem.evaluate.privacy") / "canaries.toml").read_text(encoding="utf-8")
    return tomllib.loads(content)


def _drawn(places: Sequence[int], repeats: int, rng: random.Random) -> list[int]:
    whole, rest = divmod(repeats, len(places))
    return [*places] * whole + rng.sample(places, rest)


def _with(text: str, sentence: str, rng: random.Random) -> str:
    """Return the text with a sentence between two of its own, or at an end."""
    place = rng.choice([0, *(match.end() for match in _BREAK.finditer(text)), len(text)])
    before, after = text[:place], text[place:]
    gap = "" if HAN.search(sentence) else " "
    first = "" if not before or before[-1].isspace() else gap
    return before + first + sentence + ("" if not after or after[0].isspace() else gap) + after
