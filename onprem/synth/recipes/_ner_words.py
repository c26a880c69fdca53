"""The words of the recipe `ner`: what it asks, shows and fills in, read from `_ner_en.toml` and `_ner_zh.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from onprem.synth.contract import Lang

STYLES = ("note", "abstract")


@dataclass(frozen=True, slots=True)
class Shown:
    """A sentence that is shown to a model: its context, the name it was asked to hold ("" for none), its text."""

    context: str
    term: str
    text: str


@dataclass(frozen=True, slots=True)
class Style:
    """A kind of text: its contexts and the openers of each, topics without an entity and theirs, and its templates."""

    kind: str
    contexts: Mapping[str, tuple[str, ...]]
    topics: tuple[str, ...]
    openers: tuple[str, ...]
    shown: tuple[Shown, ...]
    filled: tuple[str, ...]
    filled_without: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """All words of a language."""

    system: str
    ask: str
    about: str
    ask_none: str
    both: str  # two names beside each other
    styles: Mapping[str, Style]
    cues: Mapping[str, re.Pattern[str]]  # by label: what names something of it, by its end


@cache
def words(lang: Lang) -> Words:
    """Return the words of a language."""
    said = tomllib.loads((files("onprem.synth.recipes") / f"_ner_{lang}.toml").read_text(encoding="utf-8"))
    innocent = "|".join(said["innocent"]["words"])
    cues = {
        label: re.compile(rf"\b(?!(?:{innocent})\b)[\w-]*(?:{'|'.join(ends)})\b", re.IGNORECASE)
        for label, ends in said["cues"].items()
        if ends
    }
    styles = {name: _style(said["kinds"][name], said[name]) for name in STYLES}
    return Words(said["system"], said["ask"], said["about"], said["ask_none"], said["both"], styles, cues)


def _style(kind: str, said: Mapping[str, Any]) -> Style:
    return Style(
        kind=kind,
        contexts={context: tuple(openers) for context, openers in said["contexts"].items()},
        topics=tuple(said["none"]["topics"]),
        openers=tuple(said["none"]["openers"]),
        shown=tuple(Shown(each["context"], each.get("term", ""), each["text"]) for each in said["shown"]),
        filled=tuple(said["fill"]["with"]),
        filled_without=tuple(said["fill"]["without"]),
    )
