"""Openly licensed clinical English as carriers: sentences in which nobody is named, and abstracts as hard negatives.

Sources, under `--data` (each keeps its licence): mts-dialog and aci-bench, train parts (CC BY 4.0); ncbi-disease and
bc5cdr, devel parts only (CC BY 4.0): their train parts are what the detector is measured on. A sentence that may hold a
natural identifier (a title with a name, a date, a capitalised word that is no known clinical word) is dropped. Ages are
tagged by rule. Rows are partitioned by hash between splits.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from functools import cache
from pathlib import Path

from onprem.errors import InputError
from onprem.train.generate.contract import SPLITS, Split, split_of
from onprem.train.generate.identities_en import pools
from onprem.train.generate.stage_en import clinic

_NATURAL = re.compile(
    r"\b(?:Dr|Doctor|Mr|Mrs|Ms|Miss|Nurse)\b\.? +[A-Z]"
    r"|\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
    r"|\b(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.? ?\d"
    r"|\d+[/-]\d+[/-]\d+|\b\d{1,2}/\d{1,2}\b(?! ?(?:mm|strength|vision))|\b[A-Z]{3,5}D\b|\bABC"
    r"|\b(?:Hospital|Clinic|Center|University|Street|Avenue|County|School|Inc|Christmas|Thanksgiving|Easter)\b"
    r"|\d{3}-\d{4}|@|\bwww\b|#\d|\b(?:named|name is|I'm|I am) [A-Z]"
)
_AGE = re.compile(
    r"\b(\d{1,3})(?=[- ]?(?:year|yr|month|week|day)s?[- ]old\b|[- ]?y/?o\b| years of age\b)"
    r"|(?<=\baged )(\d{1,3})\b|(?<=\bage of )(\d{1,3})\b"
    r"|(?<=\b[Ii]'m )(\d{2})\b(?! ?(?:%|pounds|weeks|minutes|percent))"
)
_SENTENCE = re.compile(r"(?<=[.!?]) +(?=[A-Z])|\n+")
_WORD = re.compile(r"[A-Z][a-z]+")
_KNOWN = """Reasoning Agreements Caucasian American African Hispanic Asian German Russian Spanish Vietnamese Cuban English
Swedish Latin Danish Persian Alzheimer Parkinson Crohn Huntington Charcot Addison Foley Valsalva Phalen Lhermitte Uhthoff
Homan Schatzker Gleason Gertzbein Codman Hippel Gehrig Fahrenheit Thursdays Tuesday Monday Wednesday Thursday Friday
Saturday Sunday Medicare Medicaid Internet Christian Catholic Coumadin Allegra Benadryl Cetaphil Lexapro Wellbutrin Xanax
Advair Flonase Keflex Bactrim Ecstasy Claritin Proscar Klonopin Mavik Elavil Cymbalta Adderall Aristocort Cardizem Medrol
Zyrtec Tarka Cipro Sinemet Accutane Borax Nexium Micronase Lamisil Juvenile Medifast Dosepak Dilaudid Referrals Aircast
Salmeterol Fluticasone Tums Mylanta Invega Risperdal Zyprexa Clozaril Topamax Botox Premarin Dilantin Macrobid Infectious
Levothroid Pedialyte Gatorade Zostrix Trizivir Chantix Seroquel Lyrica Viagra Versed Doxepin Procrit Equagesic Dilatrate
Zithromax Plaquenil Lamictal Lupron Mevacor Bactroban Dynasplint Avalide Ditropan Synvisc Antivert Pacerone Zaroxolyn
Alesse Tazorac Daypro Minocin Ovcon Nizoral Microgestin Zofran Abilify Streptococcus Xray Pravachol Lidoderm Vasovagal
Benicar Clantix Diovan Proventil Htn Citalopram Gynecology Asprin Cylert Pepto Bismol Folate Detrol Detroal Idiopathic
Xrays Aciphex Staph Apgars Ultracet Epi Codeine Obstetrician Depo""".split()  # fmt: skip


def tag_ages(sentence: str) -> str:
    """Wrap the ages of a sentence in inline tags."""
    return _AGE.sub(lambda match: f"<AGE>{match.group()}</AGE>", sentence)


def _texts(data: Path, split: Split) -> list[str]:
    found: list[str] = []
    for name, columns in (
        ("mts-dialog/TrainingSet.csv", ("section_text", "dialogue")),
        ("aci-bench/train.csv", ("note", "dialogue")),
    ):
        with (data / name).open(encoding="utf-8", newline="") as rows:
            for number, content in enumerate(csv.DictReader(rows)):
                if split_of(f"{name}:{number}") == split:
                    found += [content[column] for column in columns if content.get(column)]
    return found


def _abstracts(data: Path, split: Split) -> list[str]:
    found: list[str] = []
    for name in ("ncbi-disease/devel.tsv", "bc5cdr/disease-devel.tsv"):
        content = (data / name).read_text(encoding="utf-8")
        for number, block in enumerate(content.split("\n\n")):
            words = [line.split("\t")[0] for line in block.splitlines() if "\t" in line]
            if words and split_of(f"{name}:{number // 10}") == split:
                found.append(" ".join(words))
    return found


@cache
def sentences(data: Path | None, split: Split) -> tuple[str, ...]:
    """Return sentences without natural identifiers, ages tagged; a few of this project's own without `data`."""
    if data is None:
        return tuple(f"{item[0].upper()}{item[1:]}." for item in clinic()["advice"] + clinic()["course"])
    texts = _read(_texts, data, split)
    # the visit dialogues write names small: a small word must be a word of the other texts, or no name
    lower = Counter(
        word for text in texts if not text.startswith("[doctor]") for word in re.findall(r"\b[a-z]+\b", text)
    )
    names = {name.casefold() for pool in pools(split).values() for name in (*pool.female, *pool.male, *pool.family)}
    names |= {name for part in SPLITS for pool in pools(part).values() for name in map(str.casefold, pool.female)}
    names -= set(lower)
    known = set(_KNOWN) | {word for values in clinic().values() for item in values for word in _WORD.findall(item)}
    kept = []
    for text in texts:
        for sentence in _SENTENCE.split(text):
            clean = sentence.strip()
            if len(clean) < 8 or len(clean) > 600 or "<" in clean or _NATURAL.search(clean):
                continue
            if names.intersection(re.findall(r"\b[a-z]+\b", clean)):
                continue
            if all(word in known or lower[word.lower()] > 1 for word in _WORD.findall(clean)):
                kept.append(tag_ages(clean))
    return tuple(kept)


@cache
def abstracts(data: Path | None, split: Split) -> tuple[str, ...]:
    """Return sentences of abstracts, in which nobody is identified; ages tagged."""
    if data is None:
        return ()
    return tuple(tag_ages(sentence) for sentence in _read(_abstracts, data, split) if "<" not in sentence)


def _read(reader: object, data: Path, split: Split) -> list[str]:
    try:
        result: list[str] = reader(data, split)  # type: ignore[operator]
    except (OSError, KeyError, UnicodeDecodeError):
        raise InputError(
            "the folder of carriers lacks a file", hint="see docs/detectors-ner.md for its layout"
        ) from None
    return result
