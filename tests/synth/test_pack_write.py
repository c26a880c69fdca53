import json
import re
from collections import Counter

from pack_world import shipped_pack, written

from onprem.llm.llama import Settings, load
from onprem.synth.contract import Asker, Made, Rejected, Sources
from onprem.synth.pack_checks import Checked, Checks
from onprem.synth.recipes.packs import NOTHING_WRITTEN, RECIPES

DEPRESSION = next(recipe for recipe in RECIPES if recipe.name == "depression")
EN = shipped_pack("depression").speech["en"]
CHECKS = Checks("en", EN)
# a model that knows other words for two of the items, and for no other
AGAIN = {"tired": "tired", "sad": "sad"}
OTHER_WORDS = {
    "I am tired every day, whatever I do.": "I am so very tired every day.",
    "I am sad every day, from morning to night.": "Every day I am sad, so sad.",
    "Every single day costs more strength than I have.": "Every single day takes all my strength.",
}


def bound(**options):
    return DEPRESSION.bind(Sources(lang="en", seed=4, options=options))


def last_phrase(prompt):
    """Return the phrase that the model is to say; "" where it is to go on from one."""
    return [*re.findall(r"Say again: (.*)", prompt), ""][-1 if "Say again" not in prompt else -2].strip()


def plan_of(line):
    """Return what was planned of a line: all but what is said."""
    return [{key: value for key, value in turn.items() if key not in ("text", "by")} for turn in line["turns"]]


def number_with(*phrases):
    """Return an attempt in which one of the phrases is said."""
    work = bound()
    return next(k for k in range(2_000) if any(p in json.dumps(work.fill(k).line["turns"]) for p in phrases))


def test_what_passes_is_said_by_the_model_and_the_plan_stays():
    number = number_with(*OTHER_WORDS)
    made, _ = written(bound(), number, lambda prompt: OTHER_WORDS.get(last_phrase(prompt), "Are you sad?"))
    plain = bound().fill(number)
    assert isinstance(made, Made)
    assert plan_of(made.line) == plan_of(plain.line)
    for key in ("portrait", "score", "severity", "revealed", "revealed_score", "red_flag", "summary", "patient"):
        assert made.line[key] == plain.line[key]
    said = [turn for turn in made.line["turns"] if turn.get("by") == "model"]
    assert len(said) == made.line["written_turns"] >= 1
    assert all(any(turn["text"].endswith(text) for text in OTHER_WORDS.values()) for turn in said)


def test_what_fails_twice_stays_the_phrase_and_is_counted():
    number = number_with(*OTHER_WORDS)
    made, llm = written(bound(), number, lambda prompt: OTHER_WORDS.get(last_phrase(prompt), "I am sad most days."))
    answers = sum("reveals" in turn and bool(turn["reveals"]) for turn in made.line["turns"])
    assert made.line["fallback_turns"] == answers - made.line["written_turns"] > 0
    assert len(llm.asked) == answers + made.line["fallback_turns"]  # each that failed once more, and no further
    assert sum(made.line["refused_turns"].values()) == 2 * made.line["fallback_turns"]
    plain = bound().fill(number).line["turns"]
    for turn, phrase in zip(made.line["turns"], plain, strict=True):
        assert ("by" in turn) or turn["text"] == phrase["text"]


def test_an_answer_that_burdens_is_kept_and_gone_on_from_when_other_words_fail():
    def say(prompt):
        return " somebody else lives my days." if prompt.endswith(("like", " I", "if", "and")) else "Nonsense."

    seen = Counter()
    for number in range(6):
        made, _ = written(bound(), number, say)
        for turn, phrase in zip(made.line["turns"], bound().fill(number).line["turns"], strict=True):
            if turn.get("by"):
                seen[turn["by"]] += 1
                assert turn["text"].startswith(phrase["text"])
                added = turn["text"].removeprefix(phrase["text"]).strip()
                assert added.startswith(EN.acts.more)
                ((item, value),) = turn["reveals"].items()
                assert value not in ("none", EN.item[item].note and shipped_pack("depression").items[item].values[0])
                assert item != "suicide"  # nothing is added to that
    # each sentence once in a dialogue, since the next would say it again
    assert seen == {"phrase+model": seen["phrase+model"]}
    assert seen["phrase+model"] >= 6


def test_a_sentence_that_only_says_the_answer_again_is_none():
    made, llm = written(bound(), 0, lambda prompt: f" {kept_of(prompt)}" if kept_of(prompt) else "Nonsense.")
    assert any(kept_of("".join(piece.text for piece in request.prompt.pieces)) for request in llm.asked)
    assert made == Rejected(NOTHING_WRITTEN)


def test_nothing_is_added_to_what_a_red_flag_rests_on():
    number = next(k for k in range(300) if bound().fill(k).line["red_flag"])
    _, llm = written(bound(), number, lambda _: "Nonsense.")
    kept = [kept_of("".join(piece.text for piece in request.prompt.pieces)) for request in llm.asked]
    grave = [phrase for phrases in EN.item["suicide"].say.values() for phrase in phrases]
    assert any(kept)
    assert not any(phrase.endswith(tuple(grave)) for phrase in kept if phrase)


def test_a_turn_that_says_three_words_twice_is_none():
    made, _ = written(bound(), 0, lambda prompt: " nothing but rain nothing but rain" if kept_of(prompt) else "No.")
    assert made == Rejected(NOTHING_WRITTEN)


def kept_of(prompt):
    """Return the phrase that the model is to go on from."""
    begun = next((more for more in EN.acts.more if prompt.endswith(more)), "")
    return prompt.removesuffix(begun).rpartition("Assistant:")[2].strip() if begun else ""


def test_as_many_turns_as_are_asked_for():
    for most in (1, 3):
        _, llm = written(bound(turns=str(most)), 0, lambda _: "Nonsense.")
        assert len(llm.asked) == 2 * most


def test_a_model_that_writes_nothing_usable_gives_no_row():
    made, _ = written(bound(), 3, lambda _: "As an AI language model, I cannot.")
    assert made == Rejected(NOTHING_WRITTEN)


def test_unsafe_words_of_a_model_stand_in_no_row():
    for number in range(5):
        evil = "I am tired every day and think of an overdose."
        made, _ = written(bound(), number, lambda prompt: OTHER_WORDS.get(last_phrase(prompt), evil))  # noqa: B023
        assert isinstance(made, Rejected) or "overdose" not in json.dumps(made.line)


def test_the_model_sees_neither_portrait_nor_score_nor_other_items():
    number = number_with("I am tired every day, whatever I do.")
    _, llm = written(bound(), number, lambda _: "No.")
    line = bound().fill(number).line
    for request in llm.asked:
        text = "".join(piece.text for piece in request.prompt.pieces)
        assert line["severity"] not in text
        assert line["patient"] not in text
        assert line["summary"] not in text
        phrase = last_phrase(text)
        if not phrase:
            continue
        own = next(
            phrases
            for said in EN.item.values()
            for phrases in said.say.values()
            if any(phrase == each for each in phrases)
        )
        assert phrase or text.rpartition("Assistant:")[2].strip()
        # the examples say the same value of the same item
        assert set(re.findall(r"Say again: (.*)", text)) <= set(own)


def test_the_doctor_is_written_only_where_it_is_asked_for():
    def say(prompt):
        return "Are you tired in the daytime?" if "You are a doctor" in prompt else "Every day I am sad."

    numbers = range(8)
    both = [written(bound(writes="both"), number, say)[0] for number in numbers]
    lines = [made.line for made in both if isinstance(made, Made)]
    by = Counter(turn["role"] for line in lines for turn in line["turns"] if turn.get("by"))
    assert by["doctor"] > 0
    for line in lines:
        fixed = [turn for turn in line["turns"] if turn["act"] in ("handover", "closing", "recap")]
        assert not any("by" in turn for turn in fixed)
    _alone, llm = written(bound(), 0, say)
    assert not any("You are a doctor" in "".join(p.text for p in r.prompt.pieces) for r in llm.asked)


def test_with_a_real_model(small_card, smollm2):
    llm = load(small_card, smollm2, Settings(sequences=2, context=512, threads=1))
    try:
        work = bound(turns="2")
        steps = work.write(1, Asker(llm, Sources(seed=4).rng(1, "sampling")))
        try:
            asked = next(steps)
            while True:
                asked = steps.send(list(llm.complete(asked)))
        except StopIteration as end:
            made = end.value
    finally:
        llm.close()
    if isinstance(made, Rejected):
        assert made.reason == NOTHING_WRITTEN
        return
    plain = work.fill(1)
    assert plan_of(made.line) == plan_of(plain.line)
    assert made.line["written_turns"] + made.line["fallback_turns"] == 2
    for turn, phrase in zip(made.line["turns"], plain.line["turns"], strict=True):
        if "by" not in turn:
            assert turn["text"] == phrase["text"]
            continue
        ((item, value),) = turn["reveals"].items()
        own = next(each for each in EN.item[item].say[value] if phrase["text"].endswith(each))
        said = turn["text"].removeprefix(phrase["text"].removesuffix(own))
        wanted = Checked(item, value, own)
        if turn["by"] == "model":
            assert CHECKS.fault(wanted, said) == ""
        else:
            assert CHECKS.addition(wanted, said.removeprefix(own).strip()) == ""
