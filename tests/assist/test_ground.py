"""Whether a note bears a sentence out: hand-written claims, each with a subtle fault or none, in English and Chinese."""

import tomllib
from pathlib import Path

import pytest

from onprem.assist.ground import Kind, Note

NOTES = tomllib.loads(Path(__file__).with_name("claims.toml").read_text(encoding="utf-8"))["note"]
WRONG = [(note["text"], sentence) for note in NOTES for sentence, _ in note["wrong"]]


def test_no_wrong_claim_is_accepted():
    accepted = [sentence for text, sentence in WRONG if Note(text).check(sentence).supported]
    assert accepted == []


def test_nine_of_ten_right_claims_are_accepted():
    right = [(note["text"], sentence) for note in NOTES for sentence in note["right"]]
    refused = [sentence for text, sentence in right if not Note(text).check(sentence).supported]
    assert len(refused) <= len(right) // 10, refused


# what a claim may not do, each rule alone


@pytest.mark.parametrize(
    ("note", "sentence"),
    [
        ("Denies: fever, cough.", "The patient has fever."),
        ("Denies: fever. Night sweats.", "Night sweats."),
        ("Suspected diagnosis: lymphoma.", "The patient has lymphoma."),
        ("Fever, chills and rash were denied.", "The patient has chills."),
        ("Denies fever, cough is dry.", "No cough."),
        ("No fever, cough for 3 days.", "No cough."),
        ("Stopped aspirin and metformin 500 mg daily.", "The patient takes metformin 500 mg daily."),
        ("Aspirin 81 mg and warfarin 5 mg were stopped.", "The patient takes aspirin 81 mg."),
        ("Takes metformin 500 mg. Metformin was stopped today.", "The patient takes metformin 500 mg."),
        ("Platelets > 50.", "Platelets were < 50."),
        ("Tested for hepatitis B.", "The patient has hepatitis B."),
        ("Hernia repair in 2010.", "The patient has a hernia."),
        ("Her mother had breast cancer. She died at 60.", "The patient died at 60."),
        ("Family history: diabetes.", "The patient has diabetes."),
        ("Stroke?", "The patient had a stroke."),
        ("CT and MRI are planned.", "CT was done."),
        ("Takes apixaban 5 mg.", "Rivaroxaban: 5 mg."),
        ("The hip is normal. Pain in the left knee.", "Pain in the left knee and hip."),
        (
            "Pain in the right shoulder and numbness from the left hand to the right elbow.",
            "Numbness of the right hand.",
        ),
        ("Mild stenosis of the LAD with severe stenosis of the RCA.", "Severe stenosis of the LAD."),
        ("Aspirin 81 mg metoprolol 25 mg.", "Metoprolol 81 mg."),
        ("Weight 82 kg.", "She weighs 82 kg."),  # nothing says that it is a woman
        ("FAMILY HISTORY\n\nDiabetes.\n\nHypertension.", "The patient has diabetes."),
        ("FAMILY HISTORY\n\nDiabetes.\n\nHypertension.", "The patient has hypertension."),
        ("Family history: Diabetes\nHypertension", "The patient has hypertension."),
        ("Denies:\n- fever at night\n- cough", "Fever at night."),
        ("Denies fever, chills,\ncough, or rash.", "The patient has a cough."),
        ("ALLERGIES\nPenicillin\n\nMEDICATIONS\nAspirin 81 mg", "The patient takes penicillin."),
        ("PLAN:\nStart insulin 10 units.", "Insulin 10 units was given."),
        ("家族史：\n糖尿病", "患者患糖尿病。"),
        ("接种流感疫苗。", "患者患流感。"),
        ("否认：发热。", "患者发热。"),
        ("白内障术后。", "患者有白内障。"),
        ("疑似肺炎、胸腔积液。", "患者有胸腔积液。"),
        ("无发热、皮疹，咳嗽3天。", "患者有皮疹。"),
    ],
)
def test_a_claim_that_the_note_does_not_bear_out(note, sentence):
    assert not Note(note).check(sentence).supported


@pytest.mark.parametrize(
    ("note", "sentence"),
    [
        ("Metformin 500 mg po bid.", "Metformin 500 mg twice daily."),
        ("Hgb 7,5 g/dL.", "Hgb was 7.50 g/dL."),
        ("Ｗeight ８２ ｋｇ．", "Weight was 82 kg."),
        ("HTN, T2DM.", "The patient has hypertension and type 2 diabetes."),
        ("Oxygen for five days.", "Oxygen for 5 days."),
        ("No fever. Productive cough.", "Productive cough."),
        ("ALLERGIES\nPenicillin\n\nMEDICATIONS\nAspirin 81 mg", "The patient takes aspirin 81 mg."),
        ("Vitals: BP 120/80\nPulse 70", "Pulse was 70."),
        ("无发热、皮疹，咳嗽三天。", "患者无皮疹，咳嗽3天。"),
        ("予吸氧。", "予吸氧。"),
    ],
)
def test_a_claim_in_other_words_or_signs_that_the_note_bears_out(note, sentence):
    assert Note(note).check(sentence).supported


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("Pain radiates to the right arm.", Kind.SIDE),
        ("He has fever.", Kind.NEGATION),
        ("Metformin 500 g twice daily.", Kind.UNIT),
        ("Metformin 750 mg.", Kind.NUMBER),
        ("He takes lisinopril 500 mg.", Kind.PAIRING),
        ("He has unstable angina.", Kind.UNCERTAINTY),
        ("He takes apixaban.", Kind.WORD),
        ("He takes aspirin 81 mg.", Kind.ACTION),
        ("The patient has hypothyroidism.", Kind.FAMILY),
        ("A 62-year-old woman.", Kind.PERSON),
        ("", Kind.EMPTY),
        ("The patient was seen.", Kind.EMPTY),
    ],
)
def test_the_kind_says_what_is_wrong(sentence, kind):
    assert Note(NOTES[0]["text"]).check(sentence).kind == kind


# where it rests


def test_spans_are_of_the_notes_own_text_whatever_signs_it_holds():
    text = "\u200bJose\u0301 ate. ｍetformin ５００ mg\ntwice daily. Other line."
    verdict = Note("A\u0301\u200b. " + text).check("Metformin 500 mg.")
    (span,) = verdict.spans
    assert ("A\u0301\u200b. " + text)[slice(*span)].strip() == "ｍetformin ５００ mg\ntwice daily."


def test_a_sentence_of_several_facts_rests_on_all_their_places():
    note = "Hypertension.\nAsthma since 2010.\nNo fever."
    verdict = Note(note).check("The patient has hypertension, no fever.")
    assert [note[slice(*span)] for span in verdict.spans] == ["Hypertension.", "No fever."]


def test_an_empty_note_bears_nothing_out():
    assert not Note("").check("Fever.").supported
    assert not Note(" \n").check("").supported


def test_a_long_note_is_read_quickly():
    note = Note("The patient slept well, ate and walked 20 m. " * 3_000)
    assert note.check("The patient walked 20 m.").supported
    assert not note.check("The patient walked 30 m.").supported
