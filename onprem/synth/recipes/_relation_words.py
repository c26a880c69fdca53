"""The words of the recipe `relation`: its cues with their openings, templates and examples, by language, from TOML."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from onprem.synth.contract import Lang

_SLOT = re.compile(r"\{(\w+)\}")
NAMES = ("head", "tail", "other", "also")  # slots of names: the two, and another of each kind


@dataclass(frozen=True, slots=True)
class Shown:
    """An example for the model: the two names and a sentence about them."""

    head: str
    tail: str
    text: str


@dataclass(frozen=True, slots=True)
class Cue:
    """A way in which a text says a label: openings of sentences, whole sentences with slots, and examples.

    `tight` openings hold the cue, `loose` ones leave it to the model.
    """

    label: str  # "" where nothing relates the two
    kind: str
    says: str
    tight: tuple[str, ...]
    loose: tuple[str, ...]
    templates: tuple[str, ...]
    examples: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """All words of a language. `patterns` are the groups of [words], each as one expression over lower-case text."""

    system: str
    ask: str
    slots: Mapping[str, tuple[str, ...]]
    patterns: Mapping[str, re.Pattern[str]]
    cues: tuple[Cue, ...]

    def filled(self, form: str, names: Mapping[str, str], rng: random.Random) -> str:
        """Return a form with names and chance values in its slots, its first letter a capital."""
        made = _SLOT.sub(lambda found: names.get(found[1]) or rng.choice(self.slots[found[1]]), form)
        return made[:1].upper() + made[1:]


@cache
def words(lang: Lang) -> Words:
    """Return the words of a language."""
    said = tomllib.loads((files("onprem.synth.recipes") / f"_relation_{lang}.toml").read_text(encoding="utf-8"))
    edge = r"\b" if lang == "en" else ""
    patterns = {
        name: re.compile("|".join(edge + re.escape(each).replace(r"\ ", r"\s+") for each in group))
        for name, group in said["words"].items()
    }
    cues = tuple(
        Cue(
            label=cue["label"],
            kind=cue["kind"],
            says=cue["says"],
            tight=tuple(cue["tight"]),
            loose=tuple(cue.get("loose", ())),
            templates=tuple(cue["templates"]),
            examples=tuple(Shown(**each) for each in cue["examples"]),
        )
        for cue in said["cue"]
    )
    slots = {name: tuple(values) for name, values in said["slots"].items()}
    return Words(said["system"], said["ask"], slots, patterns, cues)
