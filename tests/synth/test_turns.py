"""Turns: the tag is code's, one turn is cut out of whatever a model says, what only repeats is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.errors import InputError
from onprem.llm.contract import Answer, Ended
from onprem.llm.scripted import Scripted
from onprem.llm.templates import Message
from onprem.synth import turns
from onprem.synth.contract import Asker, How, Sources
from onprem.synth.turns import Asking, Bounds, Turn, clean, recent, repeats, sentences

ANY = Bounds()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Doctor: How long has it hurt? Patient: two days", "How long has it hurt?"),
        ("It hurts.\nDoctor: Where?\nPatient: Here.", "It hurts."),
        ("how are you feeling Patient: fine", "how are you feeling"),
        ("**Doctor:** Please rest.", "Please rest."),
        ('"I see. How long have you had it?"\n\nThis is a good question.', "I see. How long have you had it?"),
        ("1. Take it.\n2. Rest e.g. in bed.", "Take it. Rest e.g. in bed."),
        ("Take 2.5 mg twice a day. Then rest.", "Take 2.5 mg twice a day. Then rest."),
        ("Hello [Name]. How are you, Dr. Smith?", "How are you, doctor?"),
        ("It hurts (sighs) a lot. It hurts a lot.", "It hurts a lot."),
        ("I have had it for two weeks. It is in my", "I have had it for two weeks."),
        ("The patient: has pain.", "The patient: has pain."),
        ("医生：您哪里不舒服？患者：我头疼", "您哪里不舒服？"),
        ("我头疼三天了。吃了布洛芬不管用", "我头疼三天了。"),
        ("As an AI language model, I cannot.", ""),
        ("作为人工智能，我不能。", ""),
        ("Patient:", ""),
        ("  ", ""),
    ],
)
def test_one_turn_is_cut_out_of_an_answer(said, kept):
    assert clean(said, ANY) == kept


def test_bounds_cut_whole_sentences():
    said = "One two three. Four five six. Seven eight nine. Ten."
    assert clean(said, Bounds(sentences=2)) == "One two three. Four five six."
    assert clean(said, Bounds(most=5)) == "One two three."
    assert clean("One two three.", Bounds(most=2)) == ""
    assert clean("One.", Bounds(least=2)) == ""


@given(st.text(max_size=200))
def test_whatever_is_said_no_tag_no_line_and_nothing_too_long_is_left(said):
    kept = clean(f"It hurts. {said}\nDoctor: {said}\nPatient: {said}", Bounds(sentences=2, most=20))
    assert "\n" not in kept and turns.length(kept) <= 20
    assert not any(tag in kept for tag in ("Doctor:", "Patient:", "医生：", "患者："))


@given(st.text(alphabet="ab. !?\"')医。？ 1", max_size=60))
def test_sentences_hold_all_that_is_said(text):
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_a_turn_that_says_an_earlier_one_again_repeats():
    before = [Turn("patient", "My left knee has been swollen since I fell on the stairs."), Turn("doctor", "No.")]
    assert repeats("My left knee has been swollen since I fell on the stairs", before)
    assert repeats("So, my left knee has been swollen since I fell.", before)
    assert not repeats("When did you fall on the stairs?", before)
    assert not repeats("No.", before)
    assert repeats("我从星期一开始嗓子疼得厉害。", [Turn("patient", "我从星期一开始嗓子疼得厉害。")])


@pytest.mark.parametrize(
    ("text", "role", "is_out"),
    [
        ("I am a doctor, I can help.", "patient", True),
        ("I'll prescribe an ointment.", "patient", True),
        ("I have a doctor in the family.", "patient", False),
        ("I had pain there myself.", "doctor", True),
        ("Have you had pain there?", "doctor", False),
        ("您的症状多久了？", "patient", True),
        ("谢谢医生。", "doctor", True),
        ("谢谢医生。", "patient", False),
    ],
)
def test_words_that_only_the_other_one_says(text, role, is_out):
    assert turns.out_of_role(text, role) is is_out


def test_the_transcript_has_the_tags_of_its_language():
    said = [Turn("patient", "It hurts."), Turn("doctor", "Where?")]
    assert turns.transcript(said, "en") == "Patient: It hurts.\nDoctor: Where?"
    assert turns.transcript([Turn("patient", "疼。")], "zh") == "患者：疼。"


def test_what_does_not_fit_goes_in_the_middle():
    said = [Turn("patient", f"number {place} " + "word " * 20) for place in range(10)]
    kept = recent(said, 200)
    assert kept[0] is said[0] and kept[-1] is said[-1] and 2 < len(kept) < 10
    assert kept[1:] == said[10 - len(kept) + 1 :]
    assert recent(said, 10_000) == said
    assert recent(said, 0) == [said[-1]]
    assert recent([], 10) == []


def test_a_line_goes_there_and_back():
    said = [Turn("patient", "It hurts."), Turn("doctor", "Where?", "ask")]
    assert turns.turns_of({"turns": turns.turn_lines(said)}) == said
    assert turns.told({"turns": turns.turn_lines(said)}) == "It hurts.\nWhere?"


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"turns": "x"},
        {"turns": ["x"]},
        {"turns": [{"role": "nurse", "text": "x"}]},
        {"turns": [{"role": "doctor"}]},
    ],
)
def test_a_line_of_another_form_is_refused(line):
    with pytest.raises(InputError):
        turns.turns_of(line)


def taken(answers, so_far=(), role="doctor", opener=""):
    """Return what comes of asking for a turn with these answers, and how often it was asked for."""
    asker = Asker(Scripted(lambda _: ""), Sources().rng(1))
    steps = turns.take_turn(asker, [Message("user", "x")], Asking(How(9), role, tuple(so_far), ANY, opener))
    next(steps)
    for place, answer in enumerate(answers, 1):
        try:
            steps.send([answer if isinstance(answer, Answer) else Answer(answer, Ended.STOP, 1, 1)])
        except StopIteration as end:
            return end.value, place
    return None, len(answers)


def test_a_turn_is_asked_for_twice():
    before = [Turn("patient", "It has hurt since the fall on Monday.")]
    said, times = taken(["It has hurt since the fall on Monday.", "Where does it hurt?"], before)
    assert (said.text, said.why, times) == ("Where does it hurt?", "", 2)
    said, _ = taken(["It has hurt since the fall on Monday."] * 2, before)
    assert (said.text, said.why) == ("", turns.REPETITION)
    assert taken(["", "[Name]."])[0].why == turns.EMPTY
    assert taken(["I am your patient."] * 2)[0].why == turns.OUT_OF_ROLE


def test_what_was_cut_off_or_does_not_fit_is_no_turn():
    cut = Answer("I would like to have a look at", Ended.LENGTH, 1, 9)
    assert taken([cut, cut])[0].why == turns.EMPTY
    whole = Answer("Please rest. I would like to", Ended.LENGTH, 1, 9)
    assert taken([whole])[0].text == "Please rest."
    assert taken([Answer("", Ended.TOO_LONG, 1, 0)]) == (turns.Said("", turns.TOO_LONG), 1)


def test_the_words_in_the_models_mouth_belong_to_the_turn():
    assert taken([" long has it hurt?"], opener="How")[0].text == "How long has it hurt?"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("begun", [True, False])
@pytest.mark.parametrize("question", [True, False])
def test_the_grammar_binds_a_real_model_to_one_line(lang, begun, question, chat_model):
    grammar = turns.one_line(lang, begun=begun, question=question, second=not question)
    asker = Asker(chat_model, Sources().rng(1))
    how = How(24, begin="Doctor: How" if begun else "Doctor:", grammar=grammar)
    (answer,) = chat_model.complete([asker.ask([Message("user", "Write what a doctor says.")], how)])
    text = answer.text.strip()
    assert text and not set(text) & set("\n:[]()*")
    if answer.ended is Ended.STOP:
        assert text[-1] in ("?？" if question else ".?!。？！")


@pytest.fixture(scope="module")
def chat_model(smollm2, small_card):
    from onprem.llm.llama import Settings, load

    model = load(small_card, smollm2, Settings(sequences=1, context=256, threads=1))
    yield model
    model.close()
