"""Instructions: the evidence stands in the record, the answer in the evidence, and what has no answer has none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.errors import UsageError
from onprem.llm.scripted import Scripted
from onprem.synth import turns
from onprem.synth.contract import Asker, Made, Rejected, Source, Sources
from onprem.synth.recipes import _instruct_checks as checks
from onprem.synth.recipes import recipes
from onprem.synth.recipes.instruct import _speech

RECIPE = recipes()["instruct"]
RECORD = Source(
    "MEDICATIONS:\nShe takes bisoprolol 5 mg every morning for her blood pressure. She has never smoked.\n"
    "The chest X-ray showed no infiltrate, e.g. no pneumonia. Short one.\n",
    "k",
)
RECORD_ZH = Source("现病史：患者三天前出现咳嗽，伴黄痰。胸片示左下肺斑片影。口服阿莫西林0.5克，每日三次。\n", "z")
ALL, NONE = {"unanswerable": "1"}, {"unanswerable": "0"}
DOSE = "She takes bisoprolol 5 mg every morning for her blood pressure."


def attempt(say, number=1, context=4_096, **sources):
    sources = Sources(**{"records": (RECORD,)} | sources)
    model = Scripted(say, context=context)
    steps = RECIPE.bind(sources).write(number, Asker(model, sources.rng(number, "sampling")))
    asked = next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send(list(model.complete(asked)))
    return end.value.value, asked[0]


def evidence_in(prompt):
    return prompt.rstrip("\n").rpartition("\n")[2].removeprefix("Sentence: ")


def said(**values):
    return json.dumps(values)


# what may be evidence


def test_evidence_is_whole_sentences_at_their_place():
    found = list(checks.evidence_of(RECORD.text))
    assert [each.text for each in found] == [
        DOSE,
        "The chest X-ray showed no infiltrate, e.g. no pneumonia.",
    ]
    assert all(RECORD.text[each.start : each.end] == each.text for each in found)
    assert [each.text for each in checks.evidence_of(RECORD_ZH.text)][1] == "胸片示左下肺斑片影。"


@given(st.text(alphabet="ab cde fever 5mg.!?\n。咳嗽痰 ", max_size=200))
def test_evidence_of_any_text_is_part_of_it(text):
    at = 0
    for each in checks.evidence_of(text):
        assert text[each.start : each.end] == each.text and each.start >= at
        at = each.end


# what holds to it


@pytest.mark.parametrize(
    ("question", "answer", "reason"),
    [
        ("Which dose of bisoprolol does she take?", "She takes 5 mg every morning.", ""),
        ("Which dose of bisoprolol does she take?", "She takes five mg every morning.", ""),
        ("Which dose of bisoprolol does she take?", "She takes 10 mg every morning.", checks.NUMBER),
        ("Is bisoprolol 20 mg too much?", "She takes 5 mg every morning.", checks.NUMBER),
        ("Which dose of bisoprolol does she take?", "She takes metoprolol every morning.", checks.UNSUPPORTED),
        ("Which dose of bisoprolol does she take?", "She does not take bisoprolol.", checks.UNSUPPORTED),
        ("Which dose of bisoprolol does she take?", "Does she take 5 mg?", checks.UNSUPPORTED),
        ("Which dose of bisoprolol does she take?", "", checks.UNSUPPORTED),
        ("Does she take bisoprolol every morning?", "She takes bisoprolol.", checks.GIVEN),
        ("What did the X-ray show?", "She takes 5 mg every morning.", checks.OFF),
    ],
)
def test_question_and_answer_hold_to_the_evidence(question, answer, reason):
    assert checks.reason(question, answer, DOSE) == reason


@pytest.mark.parametrize("question", ["", "She takes it.", "Why?", "word " * 50 + "?", "Which\none does she take?"])
def test_what_is_no_question(question):
    assert not checks.is_question(question)
    assert checks.reason(question, "She takes 5 mg every morning.", DOSE) == checks.NO_QUESTION


# the rows


def test_a_row_has_its_evidence_where_it_says():
    def say(prompt):
        if evidence_in(prompt) == DOSE:
            return said(question="Which dose of bisoprolol does she take?", answer="She takes 5 mg every morning.")
        return said(question="What did the chest X-ray show?", answer="It showed no infiltrate.")

    seen = set()
    for number in range(12):
        made, request = attempt(say, number, options=NONE)
        assert isinstance(made, Made) and made.used == ("k",)
        line = made.line
        assert line["answerable"] and line["passage"][line["start"] : line["end"]] == line["evidence"]
        assert json.loads(request.schema)["required"] == ["question", "answer"]
        seen.add(line["evidence"])
    assert len(seen) == 2


def test_what_does_not_hold_is_rejected_for_its_reason():
    wrong = said(question="Which dose does the chest of bisoprolol show?", answer="She takes 50 mg.")
    assert attempt(lambda _: wrong, options=NONE)[0] == Rejected(checks.NUMBER)
    for text in ("{", "[]", '"x"', '{"question": "Which one?"}', '{"question": 1, "answer": "x"}'):
        assert attempt(lambda _, text=text: text, options=NONE)[0] == Rejected("no JSON")
    assert attempt(lambda _: "", context=20)[0] == Rejected(turns.TOO_LONG)


def test_a_question_without_an_answer_is_about_what_the_whole_record_does_not_say():
    topics = {topic[0]: topic for topic in _speech("en")["topics"]}

    def say(prompt):
        return said(question=topics[prompt.rstrip("\n").rpartition("Topic: ")[2]][1])

    seen = set()
    for number in range(60):
        made, _ = attempt(say, number, options=ALL)
        assert isinstance(made, Made), made
        assert not made.line["answerable"] and made.line["evidence"] == ""
        assert made.line["answer"] in _speech("en")["denied"]
        seen.add(made.line["question"])
    assert topics["smoking"][1] not in seen and topics["blood pressure"][1] not in seen
    assert topics["allergies"][1] in seen and len(seen) > 8


def test_a_question_beside_its_topic_is_rejected():
    made, _ = attempt(lambda _: said(question="What did the chest X-ray show?"), options=ALL)
    assert made == Rejected("question beside the topic")


def test_a_record_that_speaks_of_everything_has_no_such_question():
    words = " ".join(topic[-1].split("|")[0] for topic in _speech("en")["topics"])
    record = Source(f"{DOSE} {words}.", "k")
    assert RECIPE.bind(Sources(records=(record,), options=ALL)).fill(1) == Rejected("topic is in the record")


@pytest.mark.parametrize(("record", "lang"), [(RECORD, "en"), (RECORD_ZH, "zh")])
def test_templates_make_rows_of_both_kinds(record, lang):
    work = RECIPE.bind(Sources(records=(record,), lang=lang))
    rows = [work.fill(number) for number in range(80)]
    assert rows == [work.fill(number) for number in range(80)]
    lines = [row.line for row in rows if isinstance(row, Made)]
    assert len(lines) > 40
    kinds = [line["answerable"] for line in lines]
    assert 0.05 < kinds.count(False) / len(kinds) < 0.5
    for line in lines:
        assert work.told(line) == line["question"]
        assert not line["answerable"] or line["evidence"] in record.text


def test_a_long_record_is_quoted_in_part():
    text = " ".join(f"The knee number {place} was swollen on Monday." for place in range(200))
    work = RECIPE.bind(Sources(records=(Source(text, "k"),), options=NONE))
    for number in range(20):
        made = work.fill(number)
        line = made.line
        assert len(line["passage"]) <= 2_100 and line["passage"] in text
        assert line["passage"][line["start"] : line["end"]] == line["evidence"]
    without = RECIPE.bind(Sources(records=(Source(text, "k"),), options=NONE | {"passage": "no"})).fill(1)
    assert "passage" not in without.line


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="whole sentence"):
        RECIPE.bind(Sources(records=(Source("Secret", "k"),)))
    for options in (
        {"unanswerable": "2"},
        {"unanswerable": "x"},
        {"unanswerable": "nan"},
        {"passage": "maybe"},
        {"x": "1"},
    ):
        with pytest.raises(UsageError):
            RECIPE.bind(Sources(records=(RECORD,), options=options))


def test_a_real_model_is_bound_to_the_schema(smollm2, small_card):
    from onprem.llm.llama import Settings, load

    sources = Sources(records=(RECORD,), options=NONE)
    work = RECIPE.bind(sources)
    model = load(small_card, smollm2, Settings(sequences=4, context=768, threads=1))
    try:
        going = [work.write(number, Asker(model, sources.rng(number, "sampling"))) for number in range(6)]
        asked = [next(steps)[0] for steps in going]
        ended = []
        for steps, answer in zip(going, list(model.complete(asked)), strict=True):
            with pytest.raises(StopIteration) as end:
                steps.send([answer])
            ended.append(end.value.value)
    finally:
        model.close()
    assert not any(isinstance(each, Rejected) and each.reason == turns.TOO_LONG for each in ended)
    assert sum(isinstance(each, Rejected) and each.reason == "no JSON" for each in ended) <= 2
    for each in ended:
        if isinstance(each, Made):
            assert checks.reason(each.line["question"], each.line["answer"], each.line["evidence"]) == ""
