"""The recipe `note`: from templates, from a scripted model, from a small real one; offsets, repairs, reasons, sources."""

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onprem.errors import InputError, UsageError
from onprem.llm.scripted import Scripted
from onprem.synth.contract import Asker, Made, Recipe, Rejected, Sources, Work
from onprem.synth.ehr import simulate, tables
from onprem.synth.ehr.spec import spec
from onprem.synth.recipes import _note_fill
from onprem.synth.recipes._note_check import CONTRADICTED, DIAGNOSIS, DRUG, MISSING, OTHER, TEST
from onprem.synth.recipes.note import NO_ENCOUNTER, REPAIRS, NoteRecipe

REASONS = {MISSING, CONTRADICTED, OTHER, DRUG, DIAGNOSIS, TEST}
KINDS = ("discharge", "progress", "referral", "admission")


def bound(**said):
    return NoteRecipe().bind(Sources(**said))


def run(work, number, llm, sources=None):
    """Drive one attempt to its end; return it and how often it asked."""
    steps = work.write(number, Asker(llm, (sources or Sources(seed=3)).rng(number, "sampling")))
    answers, rounds = None, 0
    while True:
        try:
            asked = next(steps) if answers is None else steps.send(answers)
        except StopIteration as end:
            return end.value, rounds
        rounds += 1
        answers = list(llm.complete(asked))


def facts_in(prompt):
    """The facts that a prompt asks for, in its last list."""
    block = prompt.rpartition("\nFacts:\n")[2].partition("\n\n")[0]
    return re.findall(r"^- (.+)$", block, re.MULTILINE)


def sentence(fact):
    name, _, value = fact.partition(": ")
    if name == "age":
        return f"The patient is {value} old."
    if name == "sex":
        return f"The patient is {value}."
    if re.match(r"(admitted|seen|discharged) on", fact):
        return f"The patient was {fact}."
    if not value:
        return f"The patient has {fact}."
    if ", " in value:
        return f"The patient takes {name} {value.replace(', ', ' ')}."
    return f"{name[:1].upper()}{name[1:]} was {value}."


def honest(prompt, but=0):
    """What a model that copies says: each fact in a sentence of its own, going on from what was begun."""
    begun = prompt.rpartition("Assistant:")[2]
    facts = facts_in(prompt)
    said = " ".join(sentence(fact) for fact in facts[: len(facts) - but])
    assert said.startswith(begun), (said, begun)
    return said[len(begun) :]


def test_it_is_a_recipe():
    recipe: Recipe = NoteRecipe()
    assert isinstance(recipe.bind(Sources()), Work)
    assert recipe.name == "note"
    assert set(recipe.langs) == {"en", "zh"}


@given(number=st.integers(0, 5_000), lang=st.sampled_from(("en", "zh")), kind=st.sampled_from(KINDS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_note_from_templates_tells_its_facts_where_it_says(number, lang, kind):
    work = bound(lang=lang, seed=3, options={"kind": kind})
    made = work.fill(number)
    assert isinstance(made, Made)
    line = made.line
    assert set(line) == {"text", "patient", "encounter", "kind", "facts", "share"}
    assert line["kind"] == kind
    assert json.loads(json.dumps(line)) == line
    assert {"name", "id", "age", "sex", "diagnosis", "start"} <= {fact["kind"] for fact in line["facts"]}
    assert ("end" in {fact["kind"] for fact in line["facts"]}) is (kind == "discharge")
    for fact in line["facts"]:
        told = line["text"][fact["start"] : fact["end"]]
        if fact["kind"] in {"lab", "medication"}:
            assert re.search(
                rf"(?<![\d.]){re.escape(re.search(r'[0-9.]+(?= |$)', fact['value'])[0])}(?![\d.]*\d)", told
            ), fact
        elif fact["kind"] == "name":
            assert told == fact["value"]
            assert told in made.invented
    assert line["patient"] in line["text"]
    assert work.told(line) == line["text"]
    assert made == work.fill(number)


def test_the_same_attempt_in_another_work_is_the_same_note():
    assert bound(seed=5).fill(12) == bound(seed=5).fill(12)
    assert bound(seed=5).fill(12) != bound(seed=6).fill(12)


def test_names_are_of_our_lists_and_the_same_for_a_patient():
    work = bound(seed=5)
    names = {}
    for number in range(60):
        made = work.fill(number)
        name = next(fact["value"] for fact in made.line["facts"] if fact["kind"] == "name")
        assert names.setdefault(made.line["patient"], name) == name
        first, family = name.split()
        lists = spec().people.names["en"]
        assert family in lists["family"]
        assert first in lists["female"] + lists["male"]


def test_notes_vary():
    work = bound(seed=5, options={"kind": "progress"})
    heads = {work.fill(number).line["text"].partition("\n")[0][:9] for number in range(25)}
    assert len(heads) > 5


def test_a_model_that_copies_gives_a_note():
    llm = Scripted(honest)
    work = bound(seed=3)
    ended = [run(work, number, llm) for number in range(12)]
    assert all(isinstance(made, Made) for made, _ in ended)
    assert {rounds for _, rounds in ended} == {1}
    assert {made.line["share"] for made, _ in ended} == {1.0}


def test_a_prompt_holds_the_facts_and_no_name():
    llm = Scripted(honest)
    work = bound(seed=3)
    made, _ = run(work, 4, llm)
    prompts = ["".join(piece.text for piece in request.prompt.pieces) for request in llm.asked]
    for fact in made.line["facts"]:
        if fact["kind"] in {"name", "id"}:
            assert not any(fact["value"] in prompt for prompt in prompts)
        if fact["kind"] == "medication":
            drug, dose = re.fullmatch(r"(.+?) ([\d.]+ \S+) .*", fact["value"]).groups()
            assert any(dose in prompt for prompt in prompts), drug


def test_what_is_missing_is_asked_again_and_only_that():
    asked = []

    def forgetful(prompt):
        facts = facts_in(prompt)
        asked.append(facts)
        again = "tells this fact" in prompt.rpartition("User:")[2]
        return honest(prompt, but=0 if again else 1)

    made, rounds = run(bound(seed=3), 4, Scripted(forgetful))
    assert isinstance(made, Made)
    assert rounds == 2
    assert all(len(facts) == 1 for facts in asked[len(asked) // 2 :])


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        (lambda prompt: "", "fact missing"),
        (lambda prompt: "The patient takes heparin 5000 units daily and aspirin 75 mg daily.", None),
        (lambda prompt: re.sub(r"\d+", lambda found: str(int(found[0]) + 7), honest(prompt)), "contradicted"),
        (lambda prompt: honest(prompt).replace(".", " if needed."), "not in the record"),
    ],
)
def test_a_model_that_lies_gives_none(lie, reason):
    work = bound(seed=3)
    for number in range(3):
        made, rounds = run(work, number, Scripted(lie))
        assert isinstance(made, Rejected)
        assert reason is None or made.reason == reason
        assert rounds == REPAIRS + 1


def test_the_whole_note_is_held_against_the_record_at_the_end(monkeypatch):
    header = _note_fill.header
    monkeypatch.setattr(_note_fill, "header", lambda *given: header(*given) + "\nTakes heparin 5000 units once daily.")
    work = bound(seed=3)
    assert isinstance(work.fill(4), Rejected)
    made, _ = run(work, 4, Scripted(honest))
    assert isinstance(made, Rejected)


def test_sentences_that_end_with_a_line_get_a_sign():
    made, _ = run(bound(seed=3), 4, Scripted(lambda prompt: honest(prompt).replace(". ", "\n").rstrip(".")))
    assert isinstance(made, Made)
    for line in made.line["text"].splitlines()[2:]:
        assert line[-1] in ".:", line


def test_what_a_model_adds_is_left_out():
    def talkative(prompt):
        return (
            honest(prompt) + " She was advised to rest. There is no history of migraine. Aspirin 75 mg daily was given."
        )

    made, _ = run(bound(seed=3), 2, Scripted(talkative))
    assert isinstance(made, Made)
    assert made.line["share"] < 1
    assert not re.search("rest|migraine|Aspirin 75", made.line["text"])


def test_the_encounters_of_a_hospital_s_tables(tmp_path):
    tables(tmp_path / "ward", simulate(150, 9, "en"))
    work = bound(seed=1, tables=tmp_path / "ward")
    made = [work.fill(number) for number in range(30)]
    rows = [each.line for each in made if isinstance(each, Made)]
    assert len(rows) > 25
    known = {stay.encounter_id for who in simulate(150, 9, "en") for stay in who.encounters}
    assert {row["encounter"] for row in rows} <= known


def test_names_that_no_vocabulary_has(tmp_path):
    folder = tmp_path
    (folder / "patients.csv").write_text("patient_id,birth_date,sex\n1,1961-04-01,m\n")
    (folder / "encounters.csv").write_text(
        "encounter_id,patient_id,start,end,class\n9,1,2020-05-01,2020-05-01,outpatient\n"
    )
    (folder / "diagnoses.csv").write_text(
        "diagnosis_id,encounter_id,patient_id,code,name,onset\n1,9,1,X,Whipple disease,\n"
    )
    (folder / "labs.csv").write_text(
        "lab_id,encounter_id,patient_id,time,test,value,unit\n1,9,1,,copper,14.5,µmol/L\n2,9,1,,zinc,,\n"
    )
    work = bound(seed=1, tables=folder, options={"kind": "progress"})
    line = work.fill(0).line
    assert "Whipple disease" in line["text"]
    assert ("copper 14.5 µmol/L") in {fact["value"] for fact in line["facts"]}
    assert not any("zinc" in fact["value"] for fact in line["facts"])
    with pytest.raises(UsageError):
        bound(seed=1, tables=folder, options={"kind": "discharge"})


def test_what_cannot_be_is_refused(tmp_path):
    with pytest.raises(UsageError):
        bound(options={"kind": "invoice"})
    with pytest.raises(UsageError):
        bound(options={"colour": "red"})
    with pytest.raises(InputError):
        bound(tables=tmp_path)
    (tmp_path / "patients.csv").write_text("patient_id,sex\n1,f\n")
    (tmp_path / "encounters.csv").write_text("encounter_id,patient_id,start,end,class\n")
    with pytest.raises(UsageError):
        bound(tables=tmp_path)
    assert NO_ENCOUNTER


def test_a_small_real_model_writes_notes(smollm2, small_card):
    from onprem.llm.llama import Settings, load

    work = bound(seed=11, options={"kind": "progress"})
    llm = load(small_card, smollm2, Settings(sequences=4, context=1_024, threads=1))
    try:
        ended = [run(work, number, llm, Sources(seed=11))[0] for number in (13, 25, 41)]
    finally:
        llm.close()
    assert any(isinstance(made, Made) for made in ended)
    assert all(made.reason in REASONS for made in ended if isinstance(made, Rejected))
    assert work.counts["last"] > work.counts["first"] > 0 or work.counts["first"] == work.counts["of first"]
