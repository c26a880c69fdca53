"""The pattern detector: gates, windows, the partial-hit rule, hard negatives, hostile input."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onprem.detect import patterns
from onprem.detect.contract import Example, Passage, Recogniser
from onprem.detect.patterns import PatternDetector, lowered, recognisers
from onprem.detect.resolve import resolve
from onprem.errors import PolicyError
from onprem.labels import Label
from onprem.model import Kind, Span
from onprem.text import view

DETECTOR = PatternDetector()


def found(text: str, lang: str = "en", kind: Kind = Kind.TEXT) -> dict[str, Label]:
    shown = view(text)
    spans = DETECTOR.find([Passage(shown.text, lang, kind)])[0]
    return {text[slice(*shown.original(span.start, span.end))]: span.label for span in spans}


def covered(text: str, value: str, lang: str = "en") -> bool:
    start = text.index(value)
    shown = view(text)
    spans = resolve(shown.text, DETECTOR.find([Passage(shown.text, lang)])[0])
    return any(span.start <= start and start + len(value) <= span.end for span in spans)


@pytest.mark.parametrize(
    "clean",
    [
        "BP 120/80, HR 72, RR 16, T 37.2, SpO2 98 % on room air, weight 70.5 kg, BMI 24.1.",
        "Metformin 500 mg BID, insulin glargine 20 units, vitamin D 50000 IU weekly.",
        "Na 138, K 4.1, Cr 1.2, glucose 142, WBC 11.2, Hgb 9.8, platelets 250,000.",
        "GCS 15, NIHSS 4, Apgar 9/10, MELD 23, CHA2DS2-VASc 4.",
        "BRCA1, TP53, HLA-DRB1*04:01, CYP2D6 and IL-6 were tested.",
        "N Engl J Med 2019;380:123-134. PMID 30586774.",
        "ICD E11.9, CPT 99213, Stage IIIB, T12-L1, L4-5, C5-C6 and S1.",
        "A mass of 3.2 x 4.1 x 2.0 cm; range 12-18; at 14:30 and 08:05.",
        "Parkinson disease, Wilson's disease, Foley catheter, Glasgow Coma Scale, Babinski sign.",
        "The hospital, the Emergency Department, General Hospital, Pain Clinic.",
        "Patient denies chest pain. Mother has diabetes. Plan: continue aspirin.",
        "MR angiography, MS lesions, PA and lateral chest, OR at noon.",
        "NCT01234567, SB203580, GSK1120212.",
        "pH 7.35, pCO2 45, lactate 1.9; 2 of 4 blood cultures; 1/2 tablet.",
        "ASSESSMENT AND PLAN: CHEST PAIN. FOLLOW UP WITH CARDIOLOGY.",
    ],
)
def test_hard_negatives_stay_clean(clean: str) -> None:
    assert found(clean) == {}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SSN: 219-09-6789, last four 6789", "219-09-6789"),
        ("Card 4111 1111 1111 1111 ending in 1111", "4111 1111 1111 1111"),
        ("MRN 6789 and SSN 219-09-6789", "219-09-6789"),
        ("Call (617) 555-0142 x6789", "(617) 555-0142 x6789"),
    ],
)
def test_a_partial_hit_never_suppresses_the_whole_number(text: str, value: str) -> None:
    assert covered(text, value)


def test_a_partial_span_of_another_detector_is_healed_by_the_union() -> None:
    text = "SSN 219-09-6789 on file"
    partial = Span(11, 15, Label.SSN, 0.99, frozenset({"ner"}))
    spans = resolve(text, [partial, *DETECTOR.find([Passage(text, "en")])[0]])
    assert [(span.start, span.end) for span in spans] == [(4, 15)]


def test_a_person_with_an_eponym_for_a_name_is_found_by_label_and_title() -> None:
    assert found("Patient surname: Parkinson") == {"Parkinson": Label.NAME}
    assert found("Mr. Hodgkin was seen.") == {"Hodgkin": Label.NAME}


def test_dates_are_found_and_a_bare_year_is_not() -> None:
    shown = found("Seen 3/5/2024, surgery in 2019. DOB: 04/01/1960. Born in 1931.")
    assert shown["3/5/2024"] is Label.DATE
    assert shown["04/01/1960"] is Label.BIRTH_DATE
    assert shown.get("1931") is Label.BIRTH_DATE
    assert "2019" not in shown


def test_fractions_and_acronyms_are_no_dates() -> None:
    assert found("response in 29% (8/27) of patients; pain 4/10; OCT of the macula") == {}


def test_full_width_digits_are_found_with_original_offsets() -> None:
    text = "MRN： １２３４５６７８ seen"
    assert "１２３４５６７８" in found(text)


def test_clinical_fields_are_searched_by_precise_recognisers_only() -> None:
    assert found("Dr. Lee, 4111 1111 1111 1111", kind=Kind.CLINICAL) == {"4111 1111 1111 1111": Label.ACCOUNT_NUMBER}
    assert found("3/4", kind=Kind.CLINICAL) == {}


def test_a_long_passage_finds_what_a_short_one_finds() -> None:
    """Windows near needed words must not lose a match wherever it stands."""
    filler = "The patient was stable and the plan was reviewed again without any change at all. " * 9
    for item in recognisers():
        if "en" not in item.langs or "uncased" in item.needs:
            continue
        alone = PatternDetector.__new__(PatternDetector)
        alone.__init__(())  # type: ignore[misc]
        for example in item.examples:
            text = _plain(example)
            short = {text[s.start : s.end] for s in alone.find([Passage(text, "mixed")])[0] if item.name in _names(s)}
            long = f"{filler}\n{text}\n{filler}"
            again = {long[s.start : s.end] for s in alone.find([Passage(long, "mixed")])[0] if item.name in _names(s)}
            assert short <= again, item.name


def _plain(example: Example) -> str:
    from onprem.tagged import parse

    return view(parse(example.tagged).text).text


def _names(span: Span) -> set[str]:
    return {name.partition("/")[2] for name in span.by}


def test_a_policy_adds_recognisers_and_a_bad_one_is_refused() -> None:
    own = Recogniser("ward_code", Label.OTHER_ID, r"WX-(?P<v>\d{3})", 0.9, (), ("wx-",))
    spans = PatternDetector([own]).find([Passage("code WX-123", "en")])[0]
    assert [(span.start, span.end, span.by) for span in spans if span.start == 8] == [
        (8, 11, frozenset({"patterns/ward_code"}))
    ]
    with pytest.raises(PolicyError, match="bad_one"):
        PatternDetector([Recogniser("bad_one", Label.OTHER_ID, "(", 0.9, ())])
    with pytest.raises(PolicyError, match="us_phone"):
        PatternDetector([Recogniser("us_phone", Label.PHONE, "x", 0.9, ())])


def test_a_check_that_fails_drops_its_own_match_only() -> None:
    drop = Recogniser("dropper", Label.OTHER_ID, r"\d{3}-\d{2}-\d{4}", 0.9, (), ("digit",), check=lambda _: False)
    spans = PatternDetector([drop]).find([Passage("SSN 219-09-6789", "en")])[0]
    assert any(span.label is Label.SSN for span in spans)
    assert not any("patterns/dropper" in span.by for span in spans)


@given(st.text(max_size=60))
def test_lower_case_keeps_offsets(text: str) -> None:
    assert len(lowered(text)) == len(text)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_any_text_gives_spans_inside_it(text: str) -> None:
    shown = view(text).text
    for span in DETECTOR.find([Passage(shown, "mixed")])[0]:
        assert 0 <= span.start < span.end <= len(shown)


_HOSTILE = {
    "digits": "1" * 600_000,
    "spaced digits": "1 " * 300_000,
    "dashes": "12-" * 200_000,
    "capitals": "Aa " * 200_000,
    "initials": "A. " * 200_000,
    "labels": "MRN " * 150_000,
    "titles": "Dr. " * 150_000,
    "names": "Anna Lee " * 66_666,
    "spaces": "Name:" + " " * 600_000,
    "at": "a@" * 300_000,
    "dots": "a." * 300_000,
    "one word": "a" * 600_000,
    "colons": "ab:" * 200_000,
    "hospital": "Mercy Hospital of " * 33_333,
    "street": "12 Oak " * 85_000,
    "hyphens": "A-" * 300_000,
    "brackets": "(" * 600_000,
    "lines": "Sincerely,\n" * 54_545,
}


def _seconds(text: str) -> float:
    """Processor time of the chosen rules on a text, the better of two."""
    spent = []
    for _ in range(2):
        begun = time.process_time()
        DETECTOR.find([Passage(text, "mixed")])
        spent.append(time.process_time() - begun)
    return min(spent)


@pytest.mark.parametrize("name", _HOSTILE)
def test_hostile_input_takes_linear_time(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each recogniser alone: a fifth of a second for 60,000 characters, or, on a slow machine, twice what half takes."""
    text = _HOSTILE[name][:60_000]
    rules = DETECTOR._rules
    slow: list[str] = []
    monkeypatch.setattr(patterns, "date_spans", lambda _: [])  # measured in tests/test_dates.py
    try:
        for rule in rules:
            DETECTOR._rules = (rule,)
            DETECTOR._chosen.clear()  # which rules a kind of passage asks is remembered
            spent = _seconds(text)
            if spent > 1 or (spent > 0.2 and spent > 3 * _seconds(text[:30_000])):
                slow.append(f"{next(iter(rule.by))} {spent:.2f}s")
    finally:
        DETECTOR._rules = rules
        DETECTOR._chosen.clear()
    assert not slow
