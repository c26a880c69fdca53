"""Notes from templates: the fallback without a model, and what a model's notes are compared with.

Rules: the same facts, the same check afterwards. What is drawn (layout, wording, forms of names) is drawn from the
attempt's own chance.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from onprem.synth.recipes._note_facts import Fact
from onprem.synth.recipes._note_plan import Draft, Section
from onprem.synth.recipes._note_read import often_of, route_of, words

_GROWN = 16  # years
_SHORT = 4  # characters, of a frequency that only goes with a dose before it
_LINES = 0.35  # of the lists stand one item a line


@cache
def _templates(lang: str) -> Mapping[str, Any]:
    said = tomllib.loads(files("onprem.synth.recipes").joinpath("_note_templates.toml").read_text(encoding="utf-8"))
    found: Mapping[str, Any] = said[lang]
    return found


def header(draft: Draft, chance: Random) -> str:
    """Return what stands above the sections: kind of note, name, id."""
    said: str = chance.choice(_templates(draft.facts.lang)["headers"][draft.kind])
    return said.format(name=draft.name, id=draft.patient)


def heading(draft: Draft, section: Section, chance: Random, *, bare: bool) -> str:
    """Return what stands above a section, "" for nothing; `bare` notes have none."""
    named = [each for each in _templates(draft.facts.lang)["headings"][section.name] if each]
    if draft.event == "visit":
        named = [each for each in named if "admission" not in each and "入院" not in each]
    if bare or not named:
        return ""
    said = chance.choice(named)
    return f"{said}：\n" if draft.facts.lang == "zh" else f"{said}:\n"


def closing(draft: Draft, chance: Random) -> str:
    """Return a sentence that ends a letter, "" for a note that is none."""
    frames: Sequence[str] = words()["frames"][draft.facts.lang]
    return chance.choice(frames) if draft.kind == "referral" else ""


def written(draft: Draft, section: Section, chance: Random) -> str:
    """Return a section from templates."""
    said = _templates(draft.facts.lang)
    facts = [draft.facts.all[place] for place in section.facts]
    if section.name in {"labs", "drugs"}:
        kind = "lab" if section.name == "labs" else "drug"
        if chance.random() < _LINES:
            return "\n".join(f"- {_item(fact, kind, draft, chance, alone=True)}" for fact in facts)
        items = [_item(fact, kind, draft, chance, alone=False) for fact in facts]
    else:
        items = [chance.choice(fact.forms) for fact in facts if fact.kind == "diagnosis"]
    listed = _joined(items, said, chance)
    template = chance.choice(said["sections"][f"case_{draft.event}" if section.name == "case" else section.name])
    told: str = template.format(
        **_values(draft, chance), **dict.fromkeys(("main", "others", "labs", "drugs"), listed), Labs=_upper(listed)
    )
    return _upper(told) if draft.facts.lang == "en" else told


def _values(draft: Draft, chance: Random) -> dict[str, str]:
    said, facts = _templates(draft.facts.lang), draft.facts
    age = next((fact.value for fact in facts.of("age")), "")
    an_age = f"{'an' if age in {'8', '11', '18'} or (age[:1] == '8' and len(age) == 2) else 'a'} {age}"
    sex = said["sex"].get(facts.sex, "")
    she = said["she"].get(facts.sex, "")
    days = {kind: chance.choice(fact.forms) for kind in ("start", "end") for fact in facts.of(kind)}
    noun = said["nouns"][facts.sex][int(age or "0") < _GROWN]
    return {
        "age": age,
        "an_age": an_age,
        "An_age": _upper(an_age),
        "noun": noun,
        "sex": sex,
        "Sex": _upper(sex),
        "she": she,
        "She": _upper(she),
    } | days


def measured(fact: Fact, *, tight: bool) -> str:
    """Return a value with its unit, `tight` without a blank between them where they cannot run together."""
    if fact.unit[:1].isdigit():  # 10^9/L
        return f"{fact.value}×{fact.unit}" if tight else f"{fact.value} x {fact.unit}"
    return f"{fact.value}{'' if tight or fact.unit == '%' else ' '}{fact.unit}".strip()


def _item(fact: Fact, kind: str, draft: Draft, chance: Random, *, alone: bool) -> str:
    said = _templates(draft.facts.lang)
    value = measured(fact, tight=draft.facts.lang == "zh" and chance.random() < 0.5)
    name = chance.choice(fact.forms)
    if name[-1].isascii() and draft.facts.lang == "zh":  # so that the number behind it stays one
        name += " "
    if alone and draft.facts.lang == "en":
        name = _upper(name)
    if kind == "lab":
        ways = [way for way in said["lab_line" if alone else "lab"] if fact.level or "{level}" not in way]
        level = chance.choice(said["levels"][fact.level]) if fact.level else ""
        told: str = chance.choice(ways).format(name=name, value=value, level=level)
        return " ".join(told.split())
    return _drug(fact, name, value, draft, chance)


def _drug(fact: Fact, name: str, dose: str, draft: Draft, chance: Random) -> str:
    said = _templates(draft.facts.lang)
    often = fact.often
    if forms := words()["often"].get(often_of(often)):
        zh = draft.facts.lang == "zh"
        often = chance.choice(
            [form for form in forms if form.isascii() != zh and (zh or (len(form) > _SHORT and "." not in form))]
            or [often]
        )
    routes = said["routes"].get(route_of(fact.route), [fact.route])
    told: str = chance.choice(said["drug"]).format(name=name, dose=dose, route=chance.choice(routes), often=often)
    return " ".join(told.replace("，，", "，").split()).strip()


def _joined(items: Sequence[str], said: Mapping[str, Any], chance: Random) -> str:
    sign: str = chance.choice(said["join"])
    if len(items) > 1 and chance.random() < 0.6:
        return f"{sign.join(items[:-1])}{said['last']}{items[-1]}"
    return sign.join(items)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
