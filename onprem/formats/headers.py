"""What a column's name says it holds, in English and Chinese, and what its values say about that.

A whole header is looked up in the vocabulary; a compound one ("emergency_contact_phone", 入院诊断编码) is read from its
last word, and the words before it say whose it is. A header may be shown or written only when all of it is known.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from onprem.formats import values, vocabulary
from onprem.formats.contract import Placement
from onprem.formats.values import Evidence, Looks
from onprem.labels import Label
from onprem.model import Kind

_BRACKETS = re.compile(r"[(\[{<（【［｛]([^()\[\]{}<>（）【】［］｛｝]*)[)\]}>）】］｝]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_APOSTROPHE = re.compile(r"['’`]")
_WORD = re.compile(r"[^\W_]+")
_INDEX = re.compile(r"(?<=[^\W\d_])\d{1,2}$")
_HAN = re.compile(r"[\u3400-\u9fff]")
_MAX_HEADER = 80  # characters; a longer first cell is no column name
_FILLER = frozenset({"s", "the", "of"})
_SOFT_DATE = frozenset({Label.AGE, Label.BIRTH_DATE, Label.DATE})


def fold(header: str) -> str:
    """Return the form in which headers are compared: half-width, lower case, no brackets, spaces or punctuation."""
    plain = _BRACKETS.sub(" ", unicodedata.normalize("NFKC", header))
    return "".join(_WORD.findall(_APOSTROPHE.sub("", plain).casefold()))


@lru_cache(maxsize=1)
def _table() -> dict[str, str]:
    table: dict[str, str] = {}
    for group, names in vocabulary.names().items():
        for name in names:
            table.setdefault(fold(name), group)
    table.pop("", None)
    return table


@lru_cache(maxsize=1)
def _ambiguous() -> dict[str, dict[str, str]]:
    return {fold(name): answers for name, answers in vocabulary.ambiguous().items()}


@lru_cache(maxsize=8192)
def _group(header: str) -> tuple[str, bool]:
    """Return the group of a header ("" for none) and whether all of the header is known words."""
    if not header or len(header) > _MAX_HEADER:
        return "", False
    folded = fold(header)
    known = _brackets_known(header)
    for form in (folded, _INDEX.sub("", folded), _INDEX.sub("", _simplified(folded)), _without_unit(folded)):
        answers = _ambiguous().get(form)
        if answers is not None:
            return answers["else"], known
        if form in _table():
            return _table()[form], known
    group, whole = _compound_zh(_INDEX.sub("", _simplified(folded))) if _HAN.search(folded) else _compound_en(header)
    return group, whole and known


def _brackets_known(header: str) -> bool:
    """Say whether what stands in brackets is a unit, a form of date or a column name of its own."""
    allowed = vocabulary.words("brackets")
    plain = unicodedata.normalize("NFKC", header)
    return all(
        not inner.strip() or inner.strip().casefold() in allowed or fold(inner) in _table()
        for inner in _BRACKETS.findall(plain)
    )  # fmt: skip


_TRAILING_LATIN = re.compile(r"(?<=[\u3400-\u9fff])[a-zμ]{1,5}$")


def _without_unit(folded: str) -> str:
    """Return a Chinese header without a unit that stands right after it, as in 体重kg."""
    found = _TRAILING_LATIN.search(folded)
    return folded[: found.start()] if found and found.group() in vocabulary.units() else folded


def _simplified(folded: str) -> str:
    if not _HAN.search(folded):
        return folded
    return _converter().convert(folded)


@lru_cache(maxsize=1)
def _converter() -> _Converter:
    return _Converter()


class _Converter:
    """Traditional to simplified Chinese; the tables are loaded when a Chinese header is first seen."""

    def __init__(self) -> None:
        from opencc import OpenCC  # loads tables

        self._opencc = OpenCC("t2s")

    def convert(self, text: str) -> str:
        """Return `text` in simplified characters."""
        return str(self._opencc.convert(text))


def words(header: str) -> list[str]:
    """Return the words of a Latin header: camel case, snake case, dots and dashes separate them."""
    plain = _BRACKETS.sub(" ", unicodedata.normalize("NFKC", header))
    plain = _CAMEL.sub(" ", _APOSTROPHE.sub("", plain).replace("_", " "))
    found = [word.casefold() for word in _WORD.findall(plain)]
    while len(found) > 1 and found[-1].isdigit() and len(found[-1]) <= 2:
        found.pop()
    if found:
        found[-1] = _INDEX.sub("", found[-1])
    return [word for word in found if word not in _FILLER]


def _compound_en(header: str) -> tuple[str, bool]:
    found = words(header)
    if len(found) < 2:
        return "", False
    heads = vocabulary.heads()["en"]
    tail = "".join(found[-2:])
    before, group = found[:-1], heads.get(found[-1], "")
    if tail in _table() and len(found) > 2:
        before, group = found[:-2], _table()[tail]
    if not group:
        return "", False
    return _owned(group, before), all(_is_word(word) for word in before)


def _is_word(word: str) -> bool:
    return (word.isdigit() and len(word) <= 2) or any(
        word in vocabulary.words(section) for section in ("patient", "staff", "clinical_names", "plain")
    )  # fmt: skip


def _compound_zh(folded: str) -> tuple[str, bool]:
    """Read a Chinese header from its longest known ending."""
    heads = vocabulary.heads()["zh"]
    for start in range(1, len(folded)):
        tail = folded[start:]
        group = _table().get(tail) if len(tail) > 1 else None
        group = group or heads.get(tail)
        if group:
            before = _segments(folded[:start])
            return _owned(group, before), bool(before) and all(_is_word(word) for word in before)
    return "", False


def _segments(text: str) -> list[str]:
    """Split a Chinese phrase into known words, longest first; what is not known stays as single characters."""
    found: list[str] = []
    position = 0
    while position < len(text):
        for end in range(len(text), position, -1):
            if end == position + 1 or _is_word(text[position:end]) or text[position:end] in _table():
                found.append(text[position:end])
                position = end
                break
    return found


_NAMES = frozenset({"patient_name", "relative_name", "staff_name"})


def _owned(group: str, before: Sequence[str]) -> str:
    """Return the group that a head means after the words before it: whose name, phone or number it is."""
    qualifiers = set(before)
    staff = qualifiers & vocabulary.words("staff")
    patient = qualifiers & vocabulary.words("patient")
    if group in _NAMES:
        if qualifiers & vocabulary.words("clinical_names") and not patient and not _person_of_staff(qualifiers):
            return "clinical"
        return "staff_name" if (staff and not patient) or group == "staff_name" else group
    if group == "other_id":
        return _number_group(qualifiers, bool(staff and not patient))
    if group in {"phone", "email", "licence"} and staff and not patient:
        return f"staff_{group}"
    return group


def _person_of_staff(qualifiers: set[str]) -> bool:
    return bool(qualifiers & {"doctor", "physician", "provider", "nurse", "surgeon", "staff", "医生", "医师", "护士"})


_NUMBERS = (
    (frozenset({"patient", "pat", "pt", "person", "患者", "病人"}), "patient_key"),
    (
        frozenset({"encounter", "enc", "visit", "admission", "就诊", "住院", "门诊", "急诊", "入院", "挂号"}),
        "encounter_key",
    ),
    (frozenset({"insurance", "plan", "member", "医保"}), "health_plan"),
    (frozenset({"account", "billing", "结算", "收费"}), "account"),
    (frozenset({"drug", "medication", "concept", "item", "药品", "项目", "科室"}), "code"),
)


def _number_group(qualifiers: set[str], is_staff: bool) -> str:
    if is_staff and _person_of_staff(qualifiers) | bool(qualifiers & {"attending", "operator", "employee", "user"}):
        return "staff_id"
    return next((group for words_, group in _NUMBERS if qualifiers & words_), "other_id")


def _placement(group: str) -> Placement | None:
    if not group:
        return None
    if group.startswith("staff_") and group not in vocabulary.placements():
        return replace(vocabulary.placements()[group.removeprefix("staff_")], roster="staff")
    return vocabulary.placements()[group]


_RELATIVE = re.compile(
    r"mother|father|parent|guardian|guarantor|spouse|husband|wife|partner|twin|sibling|kin|contact|relative|subscriber|insured"
    r"|母|父|监护|配偶|家属|亲属|联系人|丈夫|妻子|陪护|代理|委托|家长"
)


def _read(header: str, group: str) -> Placement | None:
    """Return the group's placement; a relative's number is not the key of the patient."""
    found = _placement(group)
    if found is not None and found.key and _RELATIVE.search(_simplified(fold(header))):
        return replace(found, key="")
    return found


def place(header: str) -> Placement | None:
    """Return what a header says alone, on the safe side where values would be needed; None when it says nothing."""
    return _read(header, _group(header.strip())[0])


def group_of(header: str) -> str:
    """Return the name of the group of `headers.toml` that a header belongs to; "" for none."""
    return _group(header.strip())[0]


def is_known(header: str) -> bool:
    """Say whether every part of a header is of the vocabulary, so that it may be shown and written."""
    return _group(header.strip())[1]


def place_by_values(header: str, sample_values: Sequence[str]) -> Placement:
    """Place a column by its header ("" for none) and up to a few hundred sampled values.

    Values confirm the header, correct it, or place the column when the header says nothing; where both disagree the safer
    answer stands. What nobody can place is of kind UNKNOWN.
    """
    evidence = values.judge(sample_values)
    group, known = _group(header.strip())
    answers = _ambiguous().get(fold(header)) if header else None
    if answers is not None:
        group = _answer(answers, evidence)
    placement = _read(header, group)
    if placement is None:
        return _by_values_alone(evidence)
    if placement.kind is Kind.CLINICAL:
        return _checked_clinical(placement, evidence, is_code=group == "code", is_sure=known)
    if placement.kind is Kind.TEXT:
        # a bare name in a cell has no context by which a detector would know it
        return _identifier(Label.NAME) if evidence.label is Label.NAME else placement
    return _checked_identifier(placement, evidence)


def _answer(answers: dict[str, str], evidence: Evidence) -> str:
    looks = str(evidence.label).lower() if evidence.label else evidence.looks.value
    return answers.get(looks, answers["else"])


def _by_values_alone(evidence: Evidence) -> Placement:
    if evidence.label is not None:
        return _identifier(evidence.label)
    if evidence.looks is Looks.PROSE:
        return Placement(Kind.TEXT)
    if evidence.looks in {Looks.MEASURE, Looks.CODE, Looks.CLOSED}:
        return Placement(Kind.CLINICAL)
    return Placement(Kind.UNKNOWN)


_OWN = frozenset({Label.NAME, Label.PHONE, Label.EMAIL, Label.ADDRESS, Label.SSN, Label.NATIONAL_ID})


def _identifier(label: Label) -> Placement:
    key = "national" if label in {Label.SSN, Label.NATIONAL_ID} else ""
    return Placement(Kind.IDENTIFIER, label, "patient" if label in _OWN else "", key)


def _checked_clinical(placement: Placement, evidence: Evidence, *, is_code: bool, is_sure: bool) -> Placement:
    """Let a harmless header over identifying values give way to the values."""
    if evidence.label is not None and not (is_code and evidence.label in {Label.PHONE, Label.DATE}):
        return _identifier(evidence.label)
    if evidence.looks is Looks.PROSE:
        return Placement(Kind.TEXT)
    if is_code:
        return placement
    if evidence.looks is Looks.SERIAL:
        return Placement(Kind.UNKNOWN)
    if not is_sure and evidence.looks in {Looks.OTHER, Looks.LONG_NUMBER}:
        return Placement(Kind.UNKNOWN)  # "xyz result": the ending alone does not vouch for words
    return placement


def _checked_identifier(placement: Placement, evidence: Evidence) -> Placement:
    """Values of another identifier under an identifying header: the column keeps whose it is, and takes their label."""
    label = evidence.label
    if label is None or label is placement.label or placement.label in {Label.BIRTH_DATE, Label.PHOTO, Label.BIOMETRIC}:
        return placement
    if label is Label.DATE:
        return (
            replace(placement, label=Label.BIRTH_DATE, roster="patient") if placement.label is Label.AGE else placement
        )
    if label is Label.NATIONAL_ID:
        return replace(placement, label=label, key=placement.key or "national")
    if label in {Label.EMAIL, Label.SSN} or (label is Label.NAME and placement.label in _SOFT_DATE):
        return replace(placement, label=label)
    return placement
