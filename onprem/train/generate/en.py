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
from onprem.train.generate.inject_en import inject
from onprem.train.generate.scenes_en import Scene
from onprem.train.generate.surface_en import renumbered, reworded, roughen

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
_ABSTRACTS, _CARRIERS = 0.13, 0.06  # shares of documents that are text of others, with nobody named
_INJECTED = 0.30  # share of documents that are text of others with identities put in
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


def has_words(layout: str) -> bool:
    """Say whether a layout has words of its own; one that only draws sentences is no template."""
    return bool(_DRAWS.sub("", layout.replace("{sentence}", "")).strip())


@cache
def layouts(split: Split) -> tuple[str, ...]:
    """Return the layouts of a split. Layouts that only draw sentences belong to every split: they are no template."""
    blocks = "\n".join(_lines("en_layouts.txt")).split("\n===\n")
    bare = [block for block in blocks if not has_words(block)]
    return (*bare, *shared_out([block for block in blocks if has_words(block)])[split])


def _expand(layout: str, rng: random.Random, split: Split) -> str:
    sections = templates(split)

    def draw(match: re.Match[str]) -> str:
        name, several = match.groups()
        if name == "nq":
            return rng.choice([line for line in sections["negative"] if line.startswith(_QUESTIONS)] or ["{sentence}"])
        lines = sections[_SECTIONS[name]]
        return " ".join(rng.choice(lines) for _ in range(rng.randint(2, 5) if several else 1))

    return _DRAWS.sub(draw, layout)


def _parsed(text: str, rng: random.Random) -> Tagged:
    draw = rng.random()
    if draw < 0.5:
        text = reworded(text, rng, share=rng.choice((0.04, 0.1, 0.2)))
    return parse(roughen(renumbered(text, rng), rng))


def notes(split: Split, seed: int) -> Iterator[Tagged]:
    """Yield for ever documents made of templates alone, in whole sense: what a development corpus is drawn from."""
    rng = random.Random(f"{split}:{seed}:en:notes")  # noqa: S311 - text for evaluation, no secret
    own = sentences(None, split)
    while True:
        scene = Scene(rng, split, lambda source: source.choice(own))
        yield parse(roughen(scene.fill(_expand(rng.choice(layouts(split)), rng, split)), rng))


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
            yield _parsed(" ".join(plain[start : start + rng.randint(1, 6)]), rng)
            continue
        if draw < _ABSTRACTS + _CARRIERS:
            start = rng.randrange(len(carriers))
            yield _parsed(rng.choice((" ", "\n")).join(carriers[start : start + rng.randint(1, 8)]), rng)
            continue
        scene = Scene(rng, split, sentence)
        if draw < _ABSTRACTS + _CARRIERS + _INJECTED:
            source = plain if plain and rng.random() < 0.2 else carriers
            start = rng.randrange(len(source))
            chosen = source[start : start + rng.randint(1, 5)]
            text = rng.choice((" ", " ", "\n")).join(inject(item, scene, rng) for item in chosen)
            yield _parsed(text, rng)
            continue
        # choices of a layout are settled before sentences are drawn, which settle their own
        text = scene.fill(_expand(rng.choice(layouts(split)), rng, split))
        yield _parsed(text, rng)
