"""English clinical text with invented people: an endless stream of tagged documents (see `contract`).

A document is a layout of sentence templates filled by one scene, or sentences of carriers and abstracts in which nobody
is named. Some are shown as a scanner, a pager or a hurried writer would leave them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from onprem.labels import Label
from onprem.tagged import Tagged, parse
from onprem.train.generate.carriers_en import abstracts, sentences
from onprem.train.generate.contract import Split, shared_out
from onprem.train.generate.scenes_en import Scene
from onprem.train.generate.surface_en import roughen

LEARNT: dict[Label, Label] = {
    **{
        label: label
        for label in (
            Label.NAME, Label.AGE, Label.DATE, Label.PHONE, Label.EMAIL, Label.URL, Label.ADDRESS, Label.CITY,
            Label.STATE, Label.POSTCODE, Label.HOSPITAL, Label.ORGANISATION, Label.RECORD_NUMBER, Label.OTHER_ID, Label.BED,
        )
    },
    Label.BIRTH_DATE: Label.DATE,
    Label.FAX: Label.PHONE,
    **dict.fromkeys(
        (
            Label.SSN, Label.NATIONAL_ID, Label.PASSPORT, Label.HEALTH_PLAN_NUMBER, Label.ACCOUNT_NUMBER,
            Label.LICENCE_NUMBER, Label.VEHICLE_ID, Label.DEVICE_ID, Label.IP_ADDRESS, Label.BIOMETRIC,
        ),
        Label.OTHER_ID,
    ),
}  # fmt: skip

_SECTIONS = {
    "q": "query", "h": "history", "s": "staff", "p": "plan", "o": "social", "a": "admin", "c": "course",
    "n": "negative", "m": "message", "d": "dictation", "g": "dialogue", "e": "general",
}  # fmt: skip
_DRAWS = re.compile(r"\{(nq|[qhspoacnmdge])(s?)\}")
_ABSTRACTS, _CARRIERS = 0.10, 0.08  # shares of documents that are text of others, with nobody named
_QUESTIONS = ("What is", "What are", "Is ", "How is", "Which", "A {aged}", "What does")


def _lines(name: str) -> list[str]:
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("# ")]


@cache
def templates(split: Split) -> dict[str, tuple[str, ...]]:
    """Return the sentence templates of a split, by section."""
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in _lines("en_sentences.txt"):
        if line.startswith("## "):
            current = sections.setdefault(line[3:].strip(), [])
        elif line.strip():
            current.append(line.replace("\\n", "\n"))
    shared = {name: shared_out(lines)[split] for name, lines in sections.items()}
    shared["negative"] = (*shared["negative"], *["{sentence}"] * (2 + len(shared["negative"]) // 8))
    return shared


@cache
def layouts(split: Split) -> tuple[str, ...]:
    """Return the layouts of a split. Layouts that only draw sentences belong to every split: they are no template."""
    blocks = "\n".join(_lines("en_layouts.txt")).split("\n===\n")
    bare = [block for block in blocks if not _DRAWS.sub("", block.replace("{sentence}", "")).strip()]
    return (*bare, *shared_out([block for block in blocks if block not in bare])[split])


def _expand(layout: str, rng: random.Random, split: Split) -> str:
    sections = templates(split)

    def draw(match: re.Match[str]) -> str:
        name, several = match.groups()
        if name == "nq":
            return rng.choice([line for line in sections["negative"] if line.startswith(_QUESTIONS)] or ["{sentence}"])
        lines = sections[_SECTIONS[name]]
        return " ".join(rng.choice(lines) for _ in range(rng.randint(2, 5) if several else 1))

    return _DRAWS.sub(draw, layout)


def documents(split: Split, seed: int, data: Path | None = None) -> Iterator[Tagged]:
    """Yield tagged documents for ever, decided by (split, seed, data)."""
    rng = random.Random(f"{split}:{seed}:en")  # noqa: S311 - text for training, no secret
    carriers, plain = sentences(data, split), abstracts(data, split)

    def sentence(source: random.Random) -> str:
        return source.choice(carriers)

    while True:
        draw = rng.random()
        if plain and draw < _ABSTRACTS:
            start = rng.randrange(len(plain))
            yield parse(" ".join(plain[start : start + rng.randint(1, 6)]))
            continue
        if draw < _ABSTRACTS + _CARRIERS:
            start = rng.randrange(len(carriers))
            yield parse(rng.choice((" ", "\n")).join(carriers[start : start + rng.randint(1, 8)]))
            continue
        scene = Scene(rng, split, sentence)
        # choices of a layout are settled before sentences are drawn, which settle their own
        text = scene.fill(_expand(rng.choice(layouts(split)), rng, split))
        yield parse(roughen(text, rng))
