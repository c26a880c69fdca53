"""Consultations: each role knows its own part, facts stand where the row says, nobody but the doctor names the diagnosis."""

import json

import pytest

from onprem.errors import InputError, UsageError
from onprem.evaluate.dialogue import dialogue_of
from onprem.llm.scripted import Scripted
from onprem.synth import turns
from onprem.synth.contract import Asker, Made, Rejected, Source, Sources
from onprem.synth.recipes import recipes
from onprem.synth.recipes._consult_facts import Fact, find, free, leaked_by_patient, leaks, told_in
from onprem.synth.recipes._consult_sheets import of_records, of_tables, phrases, shipped
from onprem.synth.scan import Scan
from onprem.synth.turns import Turn

RECIPE = recipes()["consult"]
NOTE = """Chief complaint: Cough with yellow phlegm.
History of present illness: The patient reports a fever of 39 since Sunday. He takes bisoprolol 5 mg every morning.
Physical examination: Crackles at the left base.
Assessment and plan:
Community-acquired pneumonia.
1. Amoxicillin 1 g three times daily for seven days.
"""
NOTE_ZH = """主诉：咳嗽，黄痰三天。
现病史：发热三十九度，伴胸痛。
查体：左下肺湿啰音。
诊断：肺炎
处理：口服阿莫西林七天。
"""


def note_of(prompt):
    """Return the note of the turn that is asked for."""
    return prompt.rpartition("Note:" if "Note:" in prompt else "提示：")[2].partition("\n")[0].strip()


def begun_of(prompt):
    """Return what is in the model's mouth of the turn: the tag, and the words behind it."""
    return prompt.rpartition("\n")[2]


def obedient(prompt):
    """Say the note, behind what is in the mouth already."""
    opener = begun_of(prompt).replace("：", ":").split(":", 1)[1]
    note = note_of(prompt)
    return note.removeprefix(opener.strip()) if opener.strip() and note.startswith(opener.strip()) else f" {note}"


def talk(say=obedient, number=1, context=4_096, **sources):
    """Return what an attempt comes to, and the texts of its prompts."""
    sources = Sources(**sources)
    prompts = []

    def said(prompt):
        prompts.append(prompt)
        return say(prompt)

    model = Scripted(said, context=context)
    steps = RECIPE.bind(sources).write(number, Asker(model, sources.rng(number, "sampling")))
    answers = None
    while True:
        try:
            asked = next(steps) if answers is None else steps.send(answers)
        except StopIteration as end:
            return end.value, prompts
        answers = list(model.complete(asked))


def sheet_of(made, lang="en"):
    return next(sheet for sheet in shipped(lang) if sheet.id == made.line["case"])


# facts


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_fact_of_the_shipped_cases_is_found_where_it_is_said(lang):
    sheets = shipped(lang)
    assert len(sheets) >= 30 and len({sheet.id for sheet in sheets}) == len(sheets)
    for sheet in sheets:
        for fact in sheet.facts:
            assert told_in(fact, fact.text), (sheet.id, fact.text)
            if fact.by == "patient":
                assert fact.ask and not leaks(sheet.names, fact.text + fact.ask), (sheet.id, fact.text)
        kinds = [fact.kind for fact in sheet.facts]
        assert kinds.count("complaint") == kinds.count("diagnosis") == 1 and kinds.count("history") == 3
    assert [sheet.id for sheet in shipped("en")] == [sheet.id for sheet in shipped("zh")]


def test_a_fact_is_said_by_its_speaker_alone_and_not_where_it_is_denied():
    fact = Fact("history", "patient", "I had a fever of 39.", (("fever", "temperature"), ("39",)))
    assert told_in(fact, "Yes. My temperature was 39 last night. It hurts.") == (5, 38)
    assert told_in(fact, "I had no fever, at most 37, but on 39 street.") is None
    assert told_in(fact, "My temperature was 390.") is None
    assert find(fact, [Turn("doctor", "A fever of 39?"), Turn("patient", "Feverish, 39.")]).turn == 1
    plan = Fact("plan", "doctor", "Weigh yourself.", (("weigh",),))
    assert find(plan, [Turn("doctor", "Has your weight changed?", "ask")]) is None  # a question says no fact
    denied = Fact("history", "patient", "I have no fever.", (("fever",),))
    assert told_in(denied, "No fever at all.") and not told_in(denied, "I have a fever.")
    han = Fact("history", "patient", "没有发烧。", (("发烧",),))
    assert told_in(han, "没发烧，就是累。") and not told_in(han, "发烧三天了。")


def test_a_sentence_without_groups_is_found_by_most_of_its_words():
    fact = free("history", "patient", "The pain began on Sunday after lifting a heavy box.")
    assert told_in(fact, "It began Sunday, the pain, when I lifted a box.")
    assert not told_in(fact, "The pain is bad.")
    assert free("history", "patient", "He is.") is None


def test_a_leak_is_the_patients_before_the_doctors_word():
    names = ("migraine",)
    assert leaked_by_patient(names, [Turn("patient", "My migraines are back.")])
    assert not leaked_by_patient(names, [Turn("doctor", "It is migraine."), Turn("patient", "Migraine?")])


# the dialogue


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_obedient_model_says_every_fact_and_the_row_tells_where(lang):
    made = 0
    for number in range(20):
        row, _ = talk(number=number, lang=lang)
        if isinstance(row, Rejected):  # "Is there blood in your urine?" says the doctor's finding
            continue
        made += 1
        assert all(fact["turn"] is not None and not fact["repaired"] for fact in row.line["facts"])
        for fact in row.line["facts"]:
            turn = row.line["turns"][fact["turn"]]
            assert turn["role"] == fact["by"] and turn["text"][fact["start"] : fact["end"]]
        assert dialogue_of(json.loads(json.dumps(row.line)))
    assert made >= 18


def test_no_role_is_told_what_only_the_other_knows():
    made, prompts = talk()
    sheet = sheet_of(made)
    for prompt in prompts:
        own = "patient" if begun_of(prompt).startswith("Patient:") else "doctor"
        note = note_of(prompt)
        other = sheet.of("doctor" if own == "patient" else "patient")
        assert not any(fact.text == note for fact in other)
        if own == "patient":
            assert not leaks(sheet.names, note)


def test_a_question_beside_the_fact_gives_way_to_the_sheets_own():
    def say(prompt):
        asks = begun_of(prompt) == "Doctor:" and note_of(prompt).endswith("?")
        return f" do you like number {len(prompt)}?" if asks else obedient(prompt)

    made, _ = talk(say)
    asked = [turn["text"] for turn in made.line["turns"] if turn.get("act") == "ask"]
    assert asked and set(asked) <= {fact.ask for fact in sheet_of(made).facts}


def test_a_missing_fact_is_asked_for_again_and_marked():
    """The model keeps the history to itself until the words are put into its mouth."""

    def say(prompt):
        tag, _, opener = begun_of(prompt).partition(":")
        note = note_of(prompt)
        complaint = note in {sheet.facts[0].text for sheet in shipped("en")}
        if tag == "Patient" and not opener.strip() and not complaint:
            return f" let me think of it {len(prompt)}."
        return obedient(prompt)

    made, _ = talk(say)
    assert isinstance(made, Made)
    repaired = [fact for fact in made.line["facts"] if fact["turn"] is not None and fact["repaired"]]
    assert {fact["kind"] for fact in repaired} == {"history"} and len(repaired) == 3
    examined = next(place for place, turn in enumerate(made.line["turns"]) if turn.get("act") == "finding")
    assert all(fact["turn"] < examined for fact in repaired)
    without, _ = talk(say, options={"repairs": "0"})
    assert without == Rejected("facts missing") or sum(fact["turn"] is None for fact in without.line["facts"]) == 3


def test_a_doctors_missing_fact_is_said_at_the_end():
    def say(prompt):
        tag, _, opener = begun_of(prompt).partition(":")
        if tag == "Doctor" and not opener.strip() and not note_of(prompt).endswith("?"):
            return f" let me see number {len(prompt)}."
        return obedient(prompt)

    made, _ = talk(say)
    if isinstance(made, Made):
        assert made.line["turns"][-1]["role"] == "doctor"
    assert made == Rejected("facts missing") or any(fact.get("repaired") for fact in made.line["facts"])


def test_a_leak_is_written_once_more_and_else_rejected():
    def leaking(times):
        left = [times]

        def say(prompt):
            if begun_of(prompt).startswith("Patient:") and left[0]:
                left[0] -= 1
                return f" I think it is {sheet.names[0]}."
            return obedient(prompt)

        return say

    sheet = sheet_of(talk()[0])
    made, prompts = talk(leaking(1))
    assert made.line["rewritten"] == 1 and not leaked_by_patient(sheet.names, turns.turns_of(made.line))
    assert phrases("en")["avoid"] in note_of(prompts[1])
    assert talk(leaking(2))[0] == Rejected("diagnosis leaked")


def test_a_model_that_says_nothing_of_use_makes_no_row():
    made, _ = talk(lambda prompt: f" well number {len(prompt)}.")
    assert made == Rejected("facts missing")
    made, _ = talk(lambda _: "")
    assert made == Rejected("facts missing")
    assert talk(context=30)[0] == Rejected(turns.TOO_LONG)


def test_the_same_number_gives_the_same_dialogue():
    assert talk(number=5, seed=2) == talk(number=5, seed=2)
    assert talk(number=5, seed=2)[1] != talk(number=6, seed=2)[1]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_templates_say_every_fact(lang):
    work = RECIPE.bind(Sources(lang=lang))
    for number in range(60):
        made = work.fill(number)
        assert made == work.fill(number)
        assert isinstance(made, Made)
        assert all(fact["turn"] is not None for fact in made.line["facts"])


# other cases


def test_a_record_becomes_a_case():
    (sheet,) = of_records([Source(NOTE, "k"), Source("Nothing here.", "other")], "en")
    assert sheet.key == "k" and sheet.names[0] == "Community-acquired pneumonia"
    assert [fact.kind for fact in sheet.facts] == ["complaint", "history", "history", "finding", "diagnosis", "plan"]
    assert sheet.facts[1].text == "A fever of 39 since Sunday."
    assert sheet.facts[-1].text.startswith("Amoxicillin 1 g")
    (han,) = of_records([Source(NOTE_ZH, "k")], "zh")
    assert han.names == ("肺炎",) and {fact.kind for fact in han.facts} >= {"complaint", "finding", "plan"}


def test_a_row_of_a_record_names_it_and_no_word_of_it_counts_as_invented():
    sources = Sources(records=(Source(NOTE, "k"),))
    made = RECIPE.bind(sources).fill(1)
    assert made.used == ("k",) and made.line["case"] == "record"
    assert not any(fact["text"] in own or own in fact["text"] for fact in made.line["facts"] for own in made.invented)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_templates_hold_nothing_that_looks_like_an_identifier(lang):
    rows = [
        recipe.bind(Sources(lang=lang)).fill(number)
        for recipe in (RECIPE, recipes()["selfchat"])
        for number in range(16)
    ]
    assert not any(Scan().holds(rows))


def test_encounters_of_synthetic_patients_become_cases(tmp_path):
    (tmp_path / "patients.csv").write_text("patient_id,birth_date,sex\np1,1960-05-01,female\n")
    (tmp_path / "encounters.csv").write_text(
        "encounter_id,patient_id,start,end,class\ne1,p1,2024-03-02T09:00:00,2024-03-02T10:00:00,outpatient\n"
    )
    (tmp_path / "diagnoses.csv").write_text(
        "diagnosis_id,encounter_id,patient_id,code,name,onset\nd1,e1,p1,M10.9,gout,2024-03-01\n"
    )
    (tmp_path / "labs.csv").write_text(
        "lab_id,encounter_id,patient_id,time,test,value,unit\nl1,e1,p1,2024-03-02T09:30:00,uric acid,9.1,mg/dL\n"
    )
    (sheet,) = of_tables(tmp_path, "en")
    assert sheet.names[0] == "gout"
    texts = [fact.text for fact in sheet.facts]
    assert "My big toe is red and hurts terribly." in texts  # lent by the shipped case of the same illness
    assert "I am 63 years old." in texts and "Your uric acid is 9.1 mg/dL." in texts
    made = RECIPE.bind(Sources(tables=tmp_path)).fill(1)
    assert isinstance(made, Made) and made.line["diagnosis"] == "gout"
    with pytest.raises(InputError):
        RECIPE.bind(Sources(tables=tmp_path / "none"))


def test_what_makes_no_case_and_unknown_options_are_refused():
    with pytest.raises(UsageError, match="no record"):
        RECIPE.bind(Sources(records=(Source("Secret text.", "k"),)))
    with pytest.raises(UsageError, match="no option colour"):
        RECIPE.bind(Sources(options={"colour": "red"}))
    for bad in ("4", "x", "-1"):
        with pytest.raises(UsageError, match="repairs"):
            RECIPE.bind(Sources(options={"repairs": bad}))


@pytest.mark.slow
def test_a_real_model_keeps_to_its_turns(smollm2, small_card):
    from onprem.llm.llama import Settings, load

    sources = Sources(seed=4, options={"repairs": "1"})
    work = RECIPE.bind(sources)
    model = load(small_card, smollm2, Settings(sequences=2, context=768, threads=1))
    ended, said = [], []
    try:
        for number in range(2):
            steps = work.write(number, Asker(model, sources.rng(number, "sampling")))
            answers = None
            with pytest.raises(StopIteration) as end:
                while True:
                    answers = list(model.complete(next(steps) if answers is None else steps.send(answers)))
                    said += [answer.text for answer in answers]
            ended.append(end.value.value)
    finally:
        model.close()
    assert len(said) > 16 and not any(set(text.strip()) & set("\n:[]()*") for text in said)
    for each in ended:
        if isinstance(each, Made):
            assert dialogue_of(each.line).facts
        else:
            assert each.reason in {"facts missing", "diagnosis leaked", turns.REPETITION}
