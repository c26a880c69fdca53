"""Cases for `consult`: those that come with the program, those of records, and encounters of synthetic patients.

Rules: who may say a fact follows from where it stands: complaint, history and medicines are the patient's, findings,
results, diagnosis and plan the doctor's. A record that tells no diagnosis and no complaint makes no case.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from onprem.synth.contract import Lang, Source
from onprem.synth.ehr.folder import read_patients
from onprem.synth.ehr.patient import Encounter, Patient
from onprem.synth.recipes._consult_facts import Fact, Kind, Sheet, free
from onprem.synth.turns import length, sentences

_FILES = {"en": "_consult_cases.toml", "zh": "_consult_cases_zh.toml"}
_WORDS = (2, 30)  # of a sentence of a record that is a fact
_MOST: dict[Kind, int] = {"complaint": 1, "history": 4, "finding": 2, "diagnosis": 1, "plan": 2}
_LABS, _DRUGS = 2, 2  # of an encounter

# headings of a record, in the order in which they are tried
_HEADINGS: tuple[tuple[Kind | None, str], ...] = (
    ("diagnosis", r"(?:assessment|impression|diagnos[ie]s|assessment and plan|a/p|诊断|初步诊断|入院诊断|出院诊断)"),
    ("complaint", r"(?:chief complaint|reason for visit|presenting complaint|主诉)"),
    (
        "history",
        r"(?:history of present illness|hpi|history|past (?:medical )?history|medical history|social history|family history"
        r"|medications?|allerg(?:y|ies)|subjective|现病史|既往史|个人史|家族史|过敏史|用药史)",
    ),
    (
        "finding",
        r"(?:(?:physical )?exam(?:ination)?|vitals?(?: reviewed)?|results?|labs?|objective|查体|体格检查|辅助检查|检查)",
    ),
    ("plan", r"(?:plan|treatment|recommendations?|instructions?|处理|治疗|治疗意见|医嘱|建议|处置)"),
    (None, r"(?:review of systems|ros|procedures?|surgical history)"),
)
_HEADING = tuple(
    (kind, re.compile(rf"^\s*(?:[*#•-]\s*)*{form}\s*(?:[:：]\s*|$)", re.IGNORECASE)) for kind, form in _HEADINGS
)
_ITEM = re.compile(r"^\s*(?:[•*-]|\d{1,2}[.)、])\s*")
_PARTS = re.compile(r"\s*(?:,|;|\(|\)|，|；|、|（|）|\band\b|\bwith\b|伴|合并)\s*", re.IGNORECASE)
_SUBJECT = re.compile(
    r"^(?:the patient|patient|he|she|this is an?|mr\.? \w+|mrs\.? \w+|ms\.? \w+)\s+"
    r"(?:(?:reports?|states?|notes?|says?|complains? of|endorses?|describes?|presents? (?:today )?with)\s+(?:that\s+)?)?",
    re.IGNORECASE,
)


@cache
def shipped(lang: Lang) -> tuple[Sheet, ...]:
    """Return the invented cases that come with the program."""
    said = tomllib.loads(files("onprem.synth.recipes").joinpath(_FILES[lang]).read_text(encoding="utf-8"))[lang]
    return tuple(_shipped(one, lang) for one in said)


@cache
def phrases(lang: Lang) -> dict[str, Any]:
    """Return what `consult` says in a language."""
    text = files("onprem.synth.recipes").joinpath("_consult_speech.toml").read_text(encoding="utf-8")
    found: dict[str, Any] = tomllib.loads(text)[lang]
    return found


def _shipped(one: dict[str, Any], lang: Lang) -> Sheet:
    facts = [
        Fact("history" if at else "complaint", "patient", text, _groups(words), ask)
        for at, (ask, text, *words) in enumerate(one["patient"])
    ]
    names = tuple(one["names"])
    found = [Fact(kind, "doctor", text, _groups(words)) for kind, text, *words in one["doctor"]]
    facts += [fact for fact in found if fact.kind == "finding"]
    facts.append(_diagnosis(names, lang))
    facts += [fact for fact in found if fact.kind == "plan"]
    return Sheet(one["id"], one["department"], names, tuple(facts))


def _groups(words: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(each.split("|")) for each in words)


def _diagnosis(names: tuple[str, ...], lang: Lang) -> Fact:
    return Fact("diagnosis", "doctor", phrases(lang)["diagnosis"].format(names[0]), (names,))


def of_records(records: Iterable[Source], lang: Lang) -> list[Sheet]:
    """Return the cases of the records that tell a complaint or a history, and a diagnosis."""
    return [sheet for record in records if (sheet := _of_record(record, lang)) is not None]


def _of_record(record: Source, lang: Lang) -> Sheet | None:
    found: dict[Kind, list[str]] = {kind: [] for kind in _MOST}
    for kind, sentence in _sections(record.text):
        if _WORDS[0] <= length(sentence) <= _WORDS[1] or (kind in {"complaint", "diagnosis"} and sentence):
            found[kind].append(sentence)
    if not found["complaint"]:
        found["complaint"], found["history"] = found["history"][:1], found["history"][1:]
    if not found["diagnosis"] or not found["complaint"]:
        return None
    names = _names(found["diagnosis"][0])
    if not names:
        return None
    # in an assessment with its plan, what follows the diagnosis is the plan
    found["plan"] = found["plan"] or found["diagnosis"][1:]
    facts: list[Fact | None] = []
    for kind in ("complaint", "history"):
        facts += [_said_by_patient(kind, each, lang) for each in found[kind][: _MOST[kind]]]
    facts += [free("finding", "doctor", each) for each in found["finding"][: _MOST["finding"]]]
    facts.append(_diagnosis(names, lang))
    facts += [free("plan", "doctor", each) for each in found["plan"][: _MOST["plan"]]]
    kept = tuple(fact for fact in facts if fact is not None)
    return Sheet("record", "", names, kept, record.key)


def _said_by_patient(kind: Kind, sentence: str, lang: Lang) -> Fact | None:
    said = phrases(lang)
    text = _SUBJECT.sub("", sentence) if lang == "en" else sentence
    return free(kind, "patient", text[:1].upper() + text[1:], said["anything" if kind == "complaint" else "more"][0])


def _sections(text: str) -> Iterator[tuple[Kind, str]]:
    """Yield the sentences below headings, each with what the heading stands for."""
    kind: Kind | None = None
    for line in text.splitlines():
        rest = line
        for heading, pattern in _HEADING:
            if found := pattern.match(line):
                kind, rest = heading, line[found.end() :]
                break
        if kind is not None:
            for sentence in sentences(_ITEM.sub("", rest)):
                yield kind, sentence


def _names(sentence: str) -> tuple[str, ...]:
    """Return a diagnosis and its parts: "acute bronchitis with cough" is also "acute bronchitis"."""
    whole = _ITEM.sub("", sentence).strip(" .。;；,，")
    parts = [part.strip(" .。") for part in _PARTS.split(whole)]
    names = dict.fromkeys(part for part in parts if part and length(part) <= 6)
    return tuple(name for name in names if len(name) > 2 or not name.isascii())


def of_tables(folder: Path, lang: Lang) -> list[Sheet]:
    """Return a case of each encounter that has a diagnosis.

    Raises:
        InputError: as `read_patients`.
    """
    found = []
    for patient in read_patients(folder):
        for encounter in patient.encounters:
            sheet = _of_encounter(patient, encounter, lang)
            if sheet is not None:
                found.append(sheet)
    return found


def _of_encounter(patient: Patient, encounter: Encounter, lang: Lang) -> Sheet | None:
    if not encounter.diagnoses or not encounter.diagnoses[0].name:
        return None
    said, name = phrases(lang), encounter.diagnoses[0].name
    names = _names(name) or (name,)
    begun = encounter.start.date() if encounter.start else None
    before = [each for each in encounter.medications if begun and each.start and each.start < begun]
    new = [each for each in encounter.medications if each not in before]
    # the tables tell no complaints: the invented case of the same illness lends its own
    like = [each for each in shipped(lang) if any(own.lower() in name.lower() for own in each.names)]
    lent = list(like[0].of("patient")) if like else []
    facts = lent or [
        Fact("complaint", "patient", said["problem"], ((said["problem"].rstrip(".。"),),), said["anything"])
    ]
    if patient.birth_date and begun:
        age = str((begun - patient.birth_date).days // 365)
        facts.append(Fact("history", "patient", said["person"].format(age), ((age,),), said["asks_age"]))
    for each in before[:_DRUGS]:
        text = said["takes"].format(each.drug)
        facts.append(Fact("history", "patient", text, ((each.drug,),), said["asks_medicine"]))
    for lab in [lab for lab in encounter.labs if lab.value is not None][:_LABS]:
        value = f"{lab.value:g} {lab.unit}".strip()
        facts.append(
            Fact("finding", "doctor", said["value"].format(lab.test, value), ((lab.test,), (f"{lab.value:g}",)))
        )
    facts.append(_diagnosis(names, lang))
    facts += [Fact("plan", "doctor", said["get"].format(each.drug), ((each.drug,),)) for each in new[:_DRUGS]]
    return Sheet("encounter", "", names, tuple(facts))
