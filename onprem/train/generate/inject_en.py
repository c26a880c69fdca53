"""Identities put into sentences of carriers, where a writer might have put them: for the patient, a role, a time, a place.

The grammar need not be perfect; what counts is that identifiers are learnt among words that no template holds.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from onprem.train.generate.scenes_en import Scene

# what stands for somebody, and what may be written in its place; the group is what is replaced
_SWAPS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (
        re.compile(r"\b(?:[Tt]he|[Tt]his) patient\b(?!'s)|\b[Pp]t\b"),
        ("{ptt}", "{ptf}", "{ptg}", "{ptl}", "{ptt}", "the patient, {ptf},"),
    ),
    (re.compile(r"\b[Tt]he patient's\b"), ("{ptt}'s", "{ptg}'s", "{ptl}'s")),
    (re.compile(r"^(?:She|He)\b"), ("{ptt}", "{ptg}", "{ptl}", "{ptf}")),
    (
        re.compile(r"\b(?:the|her|his|my) (?:doctor|physician|surgeon|cardiologist|provider|GP|PCP|oncologist)\b"),
        ("{dr}", "{dr}", "{drl}", "{drc},"),
    ),
    (re.compile(r"\b(?:the|a) nurse\b"), ("{nurse}",)),
    (
        re.compile(r"\b(?:her|his|my|the) (?:husband|wife|mother|father|son|daughter|sister|brother|mom|dad)\b"),
        ("{his} {relname}", "{relname}"),
    ),
    (
        re.compile(r"\bthe (?:hospital|clinic|emergency (?:room|department)|ER|ED|office|nursing home)\b"),
        ("{hosp}", "{clinic}", "{nh}"),
    ),
    (
        re.compile(r"\b(?:yesterday|today|last week|last month|recently|this morning|two days ago|a week ago)\b"),
        ("on {date}", "on {md}", "in {month}", "in {my}", "{md}"),
    ),
    (
        re.compile(r"^(Doctor|Patient|Guest_family|\[doctor\]|\[patient\]): ?"),
        ("{last}: ", "{first}: ", "Dr. {last}: ", "Mrs. {last}: "),
    ),
)
_PAUSE = re.compile(
    r"(?<=[a-z]{3})(?=[,;.](?:\s|$))|(?<=[a-z]{4})(?= (?:and|but|with|which|for|because|when|while|after|before) )"
)


@cache
def _forms() -> dict[str, list[str]]:
    """Return what may be put at a pause, before and after a sentence."""
    return tomllib.loads((Path(__file__).parent / "en_inject.toml").read_text(encoding="utf-8"))


def inject(sentence: str, scene: Scene, rng: random.Random) -> str:
    """Return a carrier's sentence (inline tags) with one to three identifiers put in, or none where nothing fits."""
    text = sentence
    for pattern, forms in rng.sample(_SWAPS, len(_SWAPS)):
        if rng.random() < 0.6:
            text = pattern.sub(_once(lambda forms=forms: scene.fill(rng.choice(forms))), text, count=1)  # type: ignore[misc]
    if rng.random() < 0.55:
        places = [match.start() for match in _PAUSE.finditer(text) if text.count("<", 0, match.start()) % 2 == 0]
        if places:
            place = rng.choice(places)
            text = text[:place] + scene.fill(rng.choice(_forms()["pauses"])) + text[place:]
    if rng.random() < 0.15:
        text = scene.fill(rng.choice(_forms()["starts"])) + text
    if rng.random() < 0.12:
        text += scene.fill(rng.choice(_forms()["ends"]).replace("[", "(").replace("]", ")"))
    return text


def _once(make: Callable[[], str]) -> Callable[[re.Match[str]], str]:
    def replace(_: re.Match[str]) -> str:
        return make()

    return replace
