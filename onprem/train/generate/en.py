"""English clinical text with invented people: an endless stream of tagged documents (see `contract`).

A document is a note written by hand with its identities exchanged, a layout of sentence templates filled by one scene, or
sentences of carriers and abstracts in which nobody is named. Some are shown as a scanner, a pager or a hurried writer would
leave them.
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
from onprem.train.generate.rewrite_en import Rewriter
from onprem.train.generate.scenes_en import Scene
from onprem.train.generate.stage_en import settle
from onprem.train.generate.surface_en import renumbered, reworded, roughen, with_weekdays
from onprem.train.generate.written_notes import part_of, written

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
_WRITTEN = 0.4  # share of documents that are notes written by hand
_PART = 0.4  # share of these of which only some lines are shown
_SHARES = (0.04, 0.1, 0.2, 0.35)  # of the words that give way to others in a document that is reworded
_REWORDED: dict[Split, float] = {"train": 0.55, "dev": 0.15, "test": 0.15}  # share of documents
_INJECTED = 0.30  # share of documents that are text of others with identities put in
_QUESTIONS = ("What is", "What are", "Is ", "How is", "Which", "A {aged}", "What does")


def _files(pattern: str) -> list[list[str]]:
    """Return the lines of each file beside this module that matches, in the order of their names, without comments."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob(pattern))]
    return [[line for line in text.splitlines() if not line.startswith("# ")] for text in texts]


@cache
def templates(split: Split) -> dict[str, tuple[str, ...]]:
    """Return the sentence templates of a split, by section. Each file is shared out by itself: one more moves no other."""
    sections: dict[str, list[str]] = {}
    for lines in _files("en_sentences*.txt"):
        own: dict[str, list[str]] = {}
        current: list[str] = []
        for line in lines:
            if line.startswith("## "):
                current = own.setdefault(line[3:].strip(), [])
            elif line.strip():
                current.append(line.replace("\\n", "\n"))
        for name, found in own.items():
            sections.setdefault(name, []).extend(shared_out(found)[split])
    shared = {name: tuple(found) for name, found in sections.items()}
    shared["negative"] = (*shared["negative"], *["{sentence}"] * (2 + len(shared["negative"]) // 8))
    return shared


def has_words(layout: str) -> bool:
    """Say whether a layout has words of its own; one that only draws sentences is no template."""
    return bool(_DRAWS.sub("", layout.replace("{sentence}", "")).strip())


@cache
def layouts(split: Split) -> tuple[str, ...]:
    """Return the layouts of a split. Layouts that only draw sentences belong to every split: they are no template."""
    files = ["\n".join(lines).split("\n===\n") for lines in _files("en_layouts*.txt")]
    bare = [block for blocks in files for block in blocks if not has_words(block)]
    worded = [shared_out([block for block in blocks if has_words(block)])[split] for blocks in files]
    worded_flat = [block for blocks in worded for block in blocks]
    # as many draws for free sentences as for whole layouts
    return (*bare * max(1, round(len(worded_flat) / len(bare))), *worded_flat)


# slots of one kind may stand in each other's sentences
_KINDS = {
    slot: kind
    for kind, slots in {
        "person": "pt ptf ptt ptl ptg person last first dr drl drn drc nurse mr relname personr ptr",
        "day": "date dates md my month holiday dob",
        "place": "hosp clinic nh city county org school pharm",
        "number": "mrn id phone ssn nid",
        "clinical": "diagnosis icd drug symptom procedure eponym test role course body",
    }.items()
    for slot in slots.split()
}
_SLOT = re.compile(r"\{([a-z_0-9]+)\}")
_SPLICED = 0.35  # share of sentences that begin as one template and end as another


def splice(first: str, second: str, rng: random.Random) -> str:
    """Return the beginning of one template up to a slot, and the end of another after a slot of the same kind.

    So an identifier is met between more pairs of contexts than were written. Both must be settled (no choices left).
    """
    starts = [(match.end(), _KINDS.get(match.group(1))) for match in _SLOT.finditer(first)]
    ends = [(match.end(), _KINDS.get(match.group(1))) for match in _SLOT.finditer(second)]
    pairs = [(start, end) for start, kind in starts for end, other in ends if kind and kind == other]
    if not pairs:
        return first
    start, end = rng.choice(pairs)
    return first[:start] + second[end:]


def _expand(layout: str, rng: random.Random, split: Split, *, spliced: bool) -> str:
    sections = templates(split)
    every = list(sections.values())

    def line(lines: tuple[str, ...]) -> str:
        chosen = settle(rng.choice(lines), rng)
        if not spliced or rng.random() >= _SPLICED:
            return chosen
        return splice(chosen, settle(rng.choice(rng.choice(every)), rng), rng)

    def draw(match: re.Match[str]) -> str:
        name, several = match.groups()
        if name == "nq":
            return rng.choice([line for line in sections["negative"] if line.startswith(_QUESTIONS)] or ["{sentence}"])
        lines = sections[_SECTIONS[name]]
        return " ".join(line(lines) for _ in range(rng.randint(2, 5) if several else 1))

    return _DRAWS.sub(draw, layout)


def _parsed(text: str, rng: random.Random, split: Split, *, shares: tuple[float, ...] = _SHARES) -> Tagged:
    draw = rng.random()
    if draw < _REWORDED[split]:
        text = reworded(text, rng, share=rng.choice(shares))
    return with_weekdays(parse(roughen(renumbered(text, rng), rng)))


def _written(notes: tuple[Tagged, ...], scene: Scene, rng: random.Random) -> Tagged:
    note = rng.choice(notes)
    if rng.random() < _PART:
        note = part_of(note, rng.random(), rng.random())
    return _parsed(Rewriter(scene, rng).rewrite(note), rng, scene.split, shares=_SHARES[:2])


def notes(split: Split, seed: int) -> Iterator[Tagged]:
    """Yield for ever documents made of templates alone, in whole sense: what a development corpus is drawn from."""
    rng = random.Random(f"{split}:{seed}:en:notes")  # noqa: S311 - text for evaluation, no secret
    own = sentences(None, split)
    while True:
        scene = Scene(rng, split, lambda source: source.choice(own))
        text = roughen(scene.fill(_expand(rng.choice(layouts(split)), rng, split, spliced=False)), rng)
        yield with_weekdays(parse(text))


def documents(split: Split, seed: int, data: Path | None = None) -> Iterator[Tagged]:
    """Yield tagged documents for ever, decided by (split, seed, data)."""
    rng = random.Random(f"{split}:{seed}:en")  # noqa: S311 - text for training, no secret
    carriers, plain = sentences(data, split), abstracts(data, split)
    notes_by_hand = written("en", split)

    def sentence(source: random.Random) -> str:
        return source.choice(carriers)

    while True:
        if notes_by_hand and rng.random() < _WRITTEN:
            yield _written(notes_by_hand, Scene(rng, split, sentence), rng)
            continue
        draw = rng.random()
        if plain and draw < _ABSTRACTS:
            start = rng.randrange(len(plain))
            yield _parsed(" ".join(plain[start : start + rng.randint(1, 6)]), rng, split)
            continue
        if draw < _ABSTRACTS + _CARRIERS:
            start = rng.randrange(len(carriers))
            yield _parsed(rng.choice((" ", "\n")).join(carriers[start : start + rng.randint(1, 8)]), rng, split)
            continue
        scene = Scene(rng, split, sentence)
        if draw < _ABSTRACTS + _CARRIERS + _INJECTED:
            source = plain if plain and rng.random() < 0.2 else carriers
            start = rng.randrange(len(source))
            chosen = source[start : start + rng.randint(1, 5)]
            text = rng.choice((" ", " ", "\n")).join(inject(item, scene, rng) for item in chosen)
            yield _parsed(text, rng, split)
            continue
        # choices of a layout are settled before sentences are drawn, which settle their own
        text = scene.fill(_expand(rng.choice(layouts(split)), rng, split, spliced=split == "train"))
        yield _parsed(text, rng, split)
