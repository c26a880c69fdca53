"""The words by which a sentence is compared with its note, as `ground.toml` lists them, made ready to be searched for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

MARKS = ("negated", "unsure", "notional", "past", "allergy", "kin")
_ENDINGS = ("ing", "ed", "es", "s", "e")


@dataclass(frozen=True, slots=True)
class Trigger:
    """What sets a mark: an expression, and how far it reaches (see ground.toml)."""

    mark: str
    reach: str
    pattern: re.Pattern[str]
    han: bool


@dataclass(frozen=True, slots=True)
class Words:
    """The tables. `keys` are words that stand for something else: actions, sexes, irregular forms."""

    everyday: frozenset[str]
    markers: frozenset[str]
    use: frozenset[str]
    delimiters: frozenset[str]
    soft: frozenset[str]
    attach: frozenset[str]
    ordered: frozenset[str]
    heads: frozenset[str]
    absent: frozenset[str]
    numbers: Mapping[str, str]
    expanded: Mapping[str, tuple[str, ...]]
    keys: Mapping[str, str]
    pronouns: Mapping[str, str]  # of one sex
    opposed: Mapping[str, tuple[str, str]]  # word: (class, value)
    triggers: tuple[Trigger, ...]
    stops: re.Pattern[str]
    kin: re.Pattern[str]
    kin_sex: Mapping[str, str]
    informs: re.Pattern[str]
    resets: re.Pattern[str]
    headings: tuple[tuple[str, re.Pattern[str]], ...]
    medication_heading: re.Pattern[str]
    han_phrases: re.Pattern[str]  # of several kinds, the longest first
    routes: frozenset[str]
    units: Mapping[str, str]
    unit: str  # an expression


@cache
def words() -> Words:
    """Read the tables, once."""
    said = tomllib.loads(files("onprem.assist").joinpath("ground.toml").read_text(encoding="utf-8"))
    english, chinese = said["english"], said["chinese"]
    keys: dict[str, str] = dict(english["irregular"])
    for language in (english, chinese):
        for action, forms in language["actions"].items():
            keys |= dict.fromkeys(forms.split(), f"@{action}")
        for sex in ("male", "female"):
            keys |= dict.fromkeys(language[sex].split(), f"#{sex}")
    units = {form.casefold(): group.split()[0] for group in said["units"]["atoms"] for form in group.split()}
    return Words(
        everyday=_set(english["everyday"], chinese["everyday"]),
        markers=_set(english["marker"], chinese["marker"]),
        use=_set(english["use"], chinese["use"]),
        delimiters=_set(english["delimiters"], chinese["delimiters"]),
        soft=_set(english["soft"], chinese["soft"]),
        attach=_set(english["attach"], chinese["attach"]),
        ordered=_set(english["ordered"], chinese["ordered"]),
        heads=_set(english["heads"], chinese["heads"]),
        absent=_set(english["absent"], chinese["absent"]),
        numbers={word: str(value) for value, word in enumerate(english["numbers"].split(), 1)}
        | {word: str(value) for value, word in enumerate(chinese["numbers"], 1)}
        | {"两": "2"},
        expanded={short: tuple(long.split()) for short, long in english["expanded"].items()},
        keys=keys,
        pronouns=dict.fromkeys([*english["he"].split(), chinese["he"]], "#male")
        | dict.fromkeys([*english["she"].split(), chinese["she"]], "#female"),
        opposed={
            word: (name, word)
            for language in (english, chinese)
            for name, values in language["opposed"].items()
            for word in values.split()
        },
        triggers=tuple(_triggers(english["marks"], han=False)) + tuple(_triggers(chinese["marks"], han=True)),
        stops=re.compile(english["stops"], re.IGNORECASE),
        kin=_whole_words([*_kin(english["kin"]), *chinese["kin"]["all"].split()]),
        kin_sex={word: sex for sex in ("he", "she") for word in english["kin"][sex].split()},
        informs=_informs(english["kin"]["informs"].split(), chinese["kin"]["informs"].split()),
        resets=re.compile(f"{english['kin']['resets']}|{chinese['resets']}", re.IGNORECASE),
        headings=tuple(
            (mark, re.compile(f"(?:{english['headings'][mark]}|{chinese['headings'][mark]})", re.IGNORECASE))
            for mark in english["headings"]
        ),
        medication_heading=re.compile(
            rf"(?:\w+ )?(?:{'|'.join(english['medication_headings'].split())})|处理|治疗|用药|医嘱", re.IGNORECASE
        ),
        han_phrases=_han_phrases(chinese),
        routes=_set(chinese["route"]),
        units=units,
        unit="|".join(re.escape(form) for form in sorted(units, key=len, reverse=True)),
    )


def stem(word: str) -> str:
    """Return an English word without a common ending, the same for all of its regular forms."""
    if len(word) <= 3:
        return word
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith("ied"):
        return f"{word[:-3]}y"
    for ending in _ENDINGS:
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 3 and not (ending in {"s", "es"} and word.endswith(("ss", "us", "is"))):
            doubled = ending in {"ing", "ed"} and rest[-1] == rest[-2] and rest[-1] not in "lsz"
            return rest[:-1] if doubled else rest.removesuffix("e")
    return word


def _set(*lists: str) -> frozenset[str]:
    return frozenset(word for said in lists for word in said.split())


def _kin(said: Mapping[str, str]) -> list[str]:
    return [word for name in ("he", "she", "they") for word in said[name].split()]


def _whole_words(forms: Iterable[str]) -> re.Pattern[str]:
    """Match any of some words: whole ones of Latin script, Han characters anywhere."""
    parts = [rf"\b{form}(?:'s|s)?\b" if form.isascii() else form for form in sorted(forms, key=len, reverse=True)]
    return re.compile("|".join(parts), re.IGNORECASE)


def _informs(english: Iterable[str], chinese: Iterable[str]) -> re.Pattern[str]:
    """Match after a relative's name that the relative only tells or brings."""
    return re.compile(rf"\s+(?:\w+ )?(?:{'|'.join(english)})\b|(?:{'|'.join(chinese)})", re.IGNORECASE)


def _triggers(said: Mapping[str, Any], *, han: bool) -> Iterable[Trigger]:
    for mark, reaches in said.items():
        for reach, parts in reaches.items():
            ordered = sorted(parts, key=len, reverse=True)
            text = "|".join(ordered) if han else rf"(?<![\w-])(?:{'|'.join(ordered)})(?!\w)"
            yield Trigger(mark, reach, re.compile(text, re.IGNORECASE), han)


def _han_phrases(said: Mapping[str, Any]) -> re.Pattern[str]:
    groups: dict[str, list[str]] = {
        "key": [word for forms in said["actions"].values() for word in forms.split()]
        + [word for sex in ("male", "female") for word in said[sex].split()],
        "pronoun": [said["he"], said["she"]],
        "use": said["use"].split(),
        "delimiter": said["delimiters"].split(),
        "plain": said["everyday"].split() + [word for word in said["marker"].split() if len(word) > 1],
        "route": said["route"].split(),
    }
    forms = [(form, group) for group, members in groups.items() for form in members]
    longest = sorted(forms, key=lambda item: -len(re.sub(r"\(.*", "", item[0])))
    # each form is a group of its own kind, so that the longest wins whatever its kind
    return re.compile("|".join(f"(?P<{group}_{place}>{form})" for place, (form, group) in enumerate(longest)))
