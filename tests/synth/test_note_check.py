"""The check of notes, on notes written by hand before its rules were: every bad one refused, the good ones accepted.

Every third case was kept aside while the rules were made; here all of them count.
"""

import random
import re
import tomllib
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onprem.synth.contract import Made, Sources
from onprem.synth.ehr import Diagnosis, Encounter, Lab, Medication, Patient
from onprem.synth.recipes._note_check import CONTRADICTED, DIAGNOSIS, DRUG, MISSING, OTHER, Checker
from onprem.synth.recipes._note_facts import facts_of, vocabulary
from onprem.synth.recipes._note_plan import Ward
from onprem.synth.recipes.note import NoteRecipe

RECORDS = tomllib.loads(Path(__file__).with_name("note_cases.toml").read_text(encoding="utf-8"))["record"]
REASONS = {MISSING, CONTRADICTED, DIAGNOSIS, DRUG, OTHER}


def checker_of(record):
    start = datetime.fromisoformat(record["start"])
    who = Patient("P1", date(start.year - record["age"], 1, 1), None, record["sex"], "")
    stay = Encounter(
        "E1",
        start,
        datetime.fromisoformat(record["end"]),
        record["class"],
        tuple(Diagnosis("", "", name, None) for name in record["diagnoses"]),
        tuple(Lab("", start, *each) for each in record["labs"]),
        tuple(Medication("", *each, None, None) for each in record["medications"]),
    )
    return Checker(facts_of(who, stay, record["lang"]))


GOOD = [(place, text) for place, record in enumerate(RECORDS) for text in record["good"]]
BAD = [
    (place, record["good"][at].replace(old, new), why)
    for place, record in enumerate(RECORDS)
    for at, old, new, why in record["bad"]
]


@pytest.mark.parametrize(("place", "text"), GOOD)
def test_a_note_that_tells_the_record_is_accepted(place, text):
    checked = checker_of(RECORDS[place]).check(text)
    assert checked.reason == ""


@pytest.mark.parametrize(("place", "text", "why"), BAD)
def test_a_note_that_tells_another_record_is_refused(place, text, why):
    assert checker_of(RECORDS[place]).check(text).reason in REASONS, why


def test_the_reason_is_mostly_the_one_that_a_reader_gives():
    right = sum(checker_of(RECORDS[place]).check(text).reason == why for place, text, why in BAD)
    assert right >= 0.9 * len(BAD)


def test_facts_are_where_they_are_said_to_be():
    for place, text in GOOD:
        checker = checker_of(RECORDS[place])
        for found in checker.check(text).places:
            said = text[found.start : found.end]
            fact = checker.facts.all[found.fact]
            if fact.kind in {"lab", "medication"}:
                assert fact.value in said.replace(",", "")
                assert any(said.casefold().startswith(form.casefold()) for form in fact.forms)
            elif fact.kind == "diagnosis":
                assert said.casefold() in {form.casefold() for form in fact.forms}


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [
        ("en", "Metformin 500 mg."),  # how often is missing
        ("en", "Metformin twice daily."),
        ("en", "HbA1c 8.4."),  # the unit
        ("en", "The patient takes metformin and ramipril."),
    ],
)
def test_half_a_fact_is_none(lang, sentence):
    checker = checker_of(RECORDS[0])
    assert not [
        place for place in checker.check(sentence).places if checker.facts.all[place.fact].kind in {"lab", "medication"}
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "Admitted on 8 March 2024.",  # both days are of the record, but not so
        "Discharged on 2 March 2024.",
        "She takes ramipril 5 mg once daily for type 2 diabetes.",  # no drug of that disease
        "Pneumonia is due to type 2 diabetes.",
        "She may have pneumonia.",
        "She has a history of pneumonia.",  # she has it now
        "CRP fell from 132 mg/L to 15.2 mg/L.",
        "Severe pneumonia.",
        "Amoxicillin 1000 mg three times daily for 7 days.",
        "Blood pressure was 140/90 mmHg.",
        "Metformin 500 mg twice daily, ramipril 5 mg twice daily.",
        "HbA1c was normal at 8.4 %.",
        "She was admitted on 02/03/2024.",
        "Metformin 0.5 mg twice daily.",
        "Metformin 500 mg 500 mg twice daily.",
        "She takes 500 mg of metformin 500 mg twice daily.",
        "Potassium was 8.4 %.",
    ],
)
def test_sentences_that_the_record_does_not_bear_out(sentence):
    judged = checker_of(RECORDS[0]).check(sentence).sentences
    assert any(each.reason for each in judged)


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        (2, "She was admitted on 14 June 2022."),
        (2, "She was discharged on 14 June 2022."),
        (5, "患者2025年2月17日入院。"),
        (5, "患者2025年2月17日出院。"),
    ],
)
def test_who_was_only_seen_was_not_admitted(place, sentence):
    """Accepted at first: of nine notes by a small model that were read, one told a visit so."""
    assert checker_of(RECORDS[place]).check(sentence).sentences[0].reason == CONTRADICTED


def notes(lang, many):
    work = NoteRecipe().bind(Sources(lang=lang, seed=21))
    ward = Ward(Sources(lang=lang, seed=21))
    for number in range(many):
        made = work.fill(number)
        if isinstance(made, Made):
            draft = ward.draft(number, made.line["kind"])
            yield made.line["text"], made.line["facts"], Checker(draft.facts)


NOTES = {lang: list(notes(lang, 20)) for lang in ("en", "zh")}


def spoilt(text, fact, lang, chance):
    """Yield the text with one fact changed into one that the record does not have."""
    said = text[fact["start"] : fact["end"]]

    def instead(new):
        return text[: fact["start"]] + new + text[fact["end"] :]

    numbers = list(re.finditer(r"(?<![A-Za-z\d.])\d+(?:\.\d+)?(?=\s?[×x%a-zA-Zµ°岁单]|$)", said))
    if fact["kind"] in {"lab", "medication"} and numbers:
        number = numbers[-1] if fact["kind"] == "lab" else numbers[0]
        other = f"{float(number[0]) * chance.choice((2, 10)) + 0.7:g}"
        yield instead(said[: number.start()] + other + said[number.end() :])
    if fact["kind"] in {"diagnosis", "medication", "lab"}:
        others = vocabulary(lang)[fact["kind"]].items()
        names = [name for name, forms in others if not any(form.casefold() in text.casefold() for form in forms)]
        form = next(
            (
                form
                for forms in vocabulary(lang)[fact["kind"]].values()
                for form in forms
                if said.casefold().startswith(form.casefold())
            ),
            "",
        )
        if form:
            yield instead(chance.choice(names) + said[len(form) :])
    if fact["kind"] == "medication":
        for old, new in (
            ("mg", "g"),
            ("µg", "mg"),
            ("once daily", "twice daily"),
            ("每日1次", "每日3次"),
            ("twice", "four times"),
        ):
            if old in said:
                yield instead(said.replace(old, new))
                break
    if fact["kind"] in {"start", "end", "age"}:
        yield instead(re.sub(r"\d(?=\D*$)", lambda found: str((int(found[0]) + 3) % 10), said))
    if fact["kind"] == "sex":
        yield instead(
            {
                "woman": "man",
                "man": "woman",
                "girl": "boy",
                "boy": "girl",
                "female": "male",
                "male": "female",
                "女": "男",
                "男": "女",
                "女性": "男性",
                "男性": "女性",
            }.get(said.lower(), "robot")
        )


@given(lang=st.sampled_from(("en", "zh")), place=st.integers(0, 19), seed=st.integers(0, 10_000))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_note_with_one_fact_spoilt_is_accepted(lang, place, seed):
    text, facts, checker = NOTES[lang][place % len(NOTES[lang])]
    chance = random.Random(seed)
    fact = chance.choice(facts)
    for bad in spoilt(text, fact, lang, chance):
        assert checker.check(bad).reason, (fact, bad)
