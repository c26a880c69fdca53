"""Self-chat: the speakers alternate, the patient may end it, what repeats ends it, and each attempt can be made again."""

import itertools
import tomllib
from importlib.resources import files

import pytest

from onprem.errors import UsageError
from onprem.llm.contract import Answer, Ended
from onprem.llm.scripted import Scripted
from onprem.synth import turns
from onprem.synth.contract import Asker, Made, Rejected, Source, Sources
from onprem.synth.recipes import recipes
from onprem.synth.recipes._chat_speech import of_records, shipped, speech

RECIPE = recipes()["selfchat"]


def talk(say, number=1, context=4_096, **sources):
    """Return what an attempt comes to, and the requests that it made."""
    sources = Sources(**sources)
    model = Scripted(say, context=context)
    steps = RECIPE.bind(sources).write(number, Asker(model, sources.rng(number, "sampling")))
    answers = None
    while True:
        try:
            asked = next(steps) if answers is None else steps.send(answers)
        except StopIteration as end:
            return end.value, model.asked
        assert len(asked) == 1
        answers = list(model.complete(asked))


class Varied:
    """Says another sentence each time."""

    def __init__(self, lang="en"):
        self._count = itertools.count()
        self._lang = lang

    def __call__(self, _):
        place = next(self._count)
        words = "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november".split()
        if self._lang == "zh":
            return f"{'甲乙丙丁戊己庚辛壬癸子丑寅卯'[place % 14] * 5}吗？"
        return f" {words[place % 14]} {words[(place * 3 + 1) % 14]} {words[(place * 5 + 2) % 14]} number {place}?"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_speakers_alternate_and_the_seed_is_first(lang):
    for number in range(20):
        made, _ = talk(Varied(lang), number, lang=lang)
        assert isinstance(made, Made)
        said = turns.turns_of(made.line)
        assert [turn.role for turn in said] == ["patient", "doctor"] * (len(said) // 2) + ["patient"] * (len(said) % 2)
        assert said[0].text in {seed.text for seed in shipped(lang)}
        assert 4 <= len(said) <= 12
        assert made.used == ()


def test_the_tag_before_each_turn_is_codes_whatever_the_model_says():
    made, asked = talk(lambda prompt: f" it is so {len(prompt)}.\nDoctor: no!\nPatient: yes!")
    said = turns.turns_of(made.line) if isinstance(made, Made) else []
    assert not any("Doctor" in turn.text or "no!" in turn.text for turn in said)
    for place, request in enumerate(asked):
        begun = request.prompt.pieces[-1].text.rpartition("\n")[2]
        assert begun.startswith(("Doctor:", "Patient:")), place


def test_each_role_has_its_own_prompt():
    _, asked = talk(Varied())
    tasks = ["".join(piece.text for piece in request.prompt.pieces[:-1]) for request in asked]
    assert speech("en").said["scene"]["doctor"] in tasks[0] and speech("en").said["scene"]["patient"] not in tasks[0]
    assert speech("en").said["scene"]["patient"] in tasks[1] and speech("en").said["scene"]["doctor"] not in tasks[1]


def test_the_patient_may_end_it_after_the_second_turn():
    other = Varied()

    def say(prompt):
        return " thank you." if prompt.rpartition("\n")[2].startswith("Patient:") else other(prompt)

    ended = [talk(say, number)[0] for number in range(12)]
    # a third turn of thanks ends it, and is too short for a row
    assert {end.reason for end in ended if isinstance(end, Rejected)} == {"too short"}
    assert speech("en").is_bye("Thank you, doctor.")
    assert not speech("en").is_bye("Thank you, but how long will it take until I can run?")
    assert speech("zh").is_bye("好的，谢谢医生。") and not speech("zh").is_bye("好的。")


def test_it_ends_where_a_turn_only_repeats():
    once = itertools.count()
    other = Varied()

    def say(prompt):
        return other(prompt) if next(once) < 5 else " alpha bravo charlie number 0?"

    found = [talk(say, number)[0] for number in range(4)]
    once = itertools.count(5)
    made, asked = talk(lambda _: " the same words as ever before?", 3)
    assert isinstance(made, Rejected) and made.reason == turns.REPETITION
    assert len(asked) == 3  # the first is taken, the second asked for twice
    assert all(isinstance(each, (Made, Rejected)) for each in found)


def test_a_dialogue_that_stops_ends_with_an_answer_not_with_a_question():
    other = Varied()
    count = itertools.count()
    for number in range(10):
        made, _ = talk(lambda prompt: other(prompt) if next(count) % 7 else " ", number)
        if isinstance(made, Made) and made.line["ended"] not in {"plan", "patient"}:
            last = turns.turns_of(made.line)[-1]
            assert last.role == "doctor" and last.text[-1] not in "?？"


def test_the_same_number_gives_the_same_requests():
    one, other = talk(Varied(), 7, seed=3)[1], talk(Varied(), 7, seed=3)[1]
    assert one == other
    assert talk(Varied(), 8, seed=3)[1] != one


def test_a_small_context_is_kept_or_said():
    made, asked = talk(Varied(), 1, context=40)
    assert isinstance(made, Rejected) and made.reason == turns.TOO_LONG and len(asked) == 1


def test_templates_fill_without_a_model_in_both_languages():
    for lang in ("en", "zh"):
        work = RECIPE.bind(Sources(lang=lang))
        lines = [work.fill(number).line for number in range(50)]
        assert lines == [work.fill(number).line for number in range(50)]
        assert len({work.told(line) for line in lines}) == 50
        for line in lines:
            said = turns.turns_of(line)
            assert all(one.role != other.role for one, other in itertools.pairwise(said))


def test_questions_of_records_are_the_seeds():
    records = (
        Source("Seen on the ward. No question here.", "a"),
        Source("My ear hurts since Monday. What can it be?", "b"),
    )
    assert [(seed.text, seed.key) for seed in of_records(records)] == [
        ("My ear hurts since Monday. What can it be?", "b")
    ]
    made = RECIPE.bind(Sources(records=records)).fill(1)
    assert made.used == ("b",) and made.line["seed"] == "record"
    assert made.line["turns"][0]["text"].startswith("My ear") and not any("My ear" in each for each in made.invented)
    long = Source("word " * 80 + ". Should I take the tablets twice a day?", "c")
    assert of_records([long])[0].text == "Should I take the tablets twice a day?"


def test_records_without_a_question_and_unknown_options_are_refused():
    with pytest.raises(UsageError, match="question"):
        RECIPE.bind(Sources(records=(Source("Secret name here.", "a"),)))
    with pytest.raises(UsageError, match="no option colour"):
        RECIPE.bind(Sources(options={"colour": "red"}))
    for bad in ("3", "x", "41", "-5", ""):
        with pytest.raises(UsageError):
            RECIPE.bind(Sources(options={"turns": bad}))


def test_the_option_bounds_the_turns():
    for number in range(10):
        made, _ = talk(Varied(), number, options={"turns": "4"})
        assert not isinstance(made, Made) or len(made.line["turns"]) <= 4


def test_enough_seeds_are_shipped_none_twice():
    said = tomllib.loads(files("onprem.synth.recipes").joinpath("_chat_seeds.toml").read_text(encoding="utf-8"))
    assert said["en"].keys() == said["zh"].keys()
    for lang in ("en", "zh"):
        seeds = [seed.text for seed in shipped(lang)]
        assert len(seeds) == len(set(seeds)) >= 100
        assert all(seed[-1] in "?？" for seed in seeds)


def test_a_real_model_writes_a_dialogue(smollm2, small_card):
    from onprem.llm.llama import Settings, load

    sources = Sources(seed=2, options={"turns": "4"})
    model = load(small_card, smollm2, Settings(sequences=4, context=768, threads=1))
    try:
        work = RECIPE.bind(sources)
        going = {number: work.write(number, Asker(model, sources.rng(number, "sampling"))) for number in range(4)}
        asked = {number: next(steps) for number, steps in going.items()}
        ended = {}
        while asked:
            answers = model.complete([request for each in asked.values() for request in each])
            for number, answer in zip(list(asked), list(answers), strict=True):
                assert isinstance(answer, Answer) and answer.ended is not Ended.TOO_LONG
                try:
                    asked[number] = going[number].send([answer])
                except StopIteration as end:
                    ended[number] = end.value
                    del asked[number]
    finally:
        model.close()
    rows = [each for each in ended.values() if isinstance(each, Made)]
    assert rows, [each.reason for each in ended.values()]
    for row in rows:
        assert all(turn.text == turns.clean(turn.text, turns.Bounds()) for turn in turns.turns_of(row.line)[1:])
