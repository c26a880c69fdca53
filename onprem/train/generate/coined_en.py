"""Coined words that identify nobody: eponyms of invented discoverers, drugs, devices, abbreviations, genes, codes.

They are made anew each time, so that what is learnt is their company (a sign, a dose, a unit), not the word.
"""

from __future__ import annotations

import random
import tomllib
from functools import cache
from pathlib import Path

from onprem.train.generate.contract import Split
from onprem.train.generate.identities_en import person


@cache
def lists() -> dict[str, list[str]]:
    """Return the lists of `en_coined.toml`."""
    content = tomllib.loads((Path(__file__).parent / "en_coined.toml").read_text(encoding="utf-8"))
    return {key: [item.strip() for item in value.split(",")] for key, value in content.items()}


def eponym(rng: random.Random, split: Split) -> str:
    """Return a sign, disease, score or instrument under somebody's name: `Lindqvist-Moor index`."""
    names = [person(rng, split).family for _ in range(rng.choices((1, 2, 3), (12, 5, 1))[0])]
    owner = rng.choice(("-", "-", " and ", "\u2013")).join(names)
    if len(names) == 1 and rng.random() < 0.25:
        owner += "'s"
    return f"{owner} {rng.choice(lists()['heads'])}"


def citation(rng: random.Random, split: Split) -> str:
    """Return a citation of authors, who are no patients."""
    first, second = person(rng, split).family, person(rng, split).family
    year = rng.randint(1950, 2026)
    return rng.choice(
        (
            f"{first} et al. ({year})",
            f"({first} and {second}, {year})",
            f"{first} et al., {year}",
            f"{first} & {second} {year}",
            f"{first} et al",
        )
    )


def word(rng: random.Random) -> str:
    """Return a pronounceable word of no language."""
    parts = lists()
    return "".join(rng.choice(parts["syllables"]) for _ in range(rng.randint(1, 2))) + rng.choice(parts["endings"])


def drug(rng: random.Random) -> str:
    """Return a drug that does not exist, as a substance or a brand."""
    name = word(rng)
    return name.capitalize() if rng.random() < 0.55 else name


def device(rng: random.Random) -> str:
    """Return a product that does not exist."""
    name = word(rng).capitalize()
    if rng.random() < 0.3:
        name += rng.choice(("", " ", "-")) + word(rng).capitalize()
    return f"{name} {rng.choice(lists()['products'])}"


def abbreviation(rng: random.Random) -> str:
    """Return capitals, now and then with digits or a small letter: FRDA, NRA0160, irCRF, C2M4."""
    letters = "".join(
        rng.choice("ABCDEFGHIKLMNOPQRSTUVWXYZ") for _ in range(rng.choices((2, 3, 4, 5), (4, 8, 5, 2))[0])
    )
    draw = rng.random()
    if draw < 0.62:
        return letters
    if draw < 0.8:
        return letters + rng.choice(("", "-")) + str(rng.randint(1, 99))
    if draw < 0.87:
        return letters + str(rng.randint(100, 999_999))
    if draw < 0.93:
        return rng.choice("iprshmt") + letters
    return letters[:2] + str(rng.randint(1, 9)) + letters[2:]


def organism(rng: random.Random) -> str:
    """Return a germ: `E. coli`."""
    return rng.choice(lists()["organisms"])
