import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack_world import TINY, shipped_pack

from onprem.synth.pack_portrait import draw
from onprem.synth.pack_read import parse
from onprem.synth.pack_sum import summarise
from onprem.synth.pack_walk import plan, route

PACKS = {
    pack.name: pack for pack in (shipped_pack("depression"), shipped_pack("diabetes"), parse(TINY, name="migraine"))
}
NAMES = st.sampled_from(list(PACKS))
SEEDS = st.integers(0, 2**32)


def planned(name, seed, lang="en"):
    pack = PACKS[name]
    portrait = draw(pack, random.Random(seed))
    return pack, portrait, plan(pack, lang, portrait, random.Random(seed + 1))


@given(NAMES, SEEDS)
@settings(max_examples=150)
def test_mandatory_topics_are_never_missed_unless_a_red_flag_ends_the_talk(name, seed):
    pack, _, made = planned(name, seed)
    mandatory = {topic.id for topic in pack.topic if topic.mandatory}
    if made.flag is None:
        assert mandatory <= set(made.topics)
    assert len(set(made.topics)) == len(made.topics)
    assert made.topics[0] == pack.start


@given(NAMES, SEEDS)
@settings(max_examples=150)
def test_a_red_flag_that_is_asked_after_is_always_told_and_handed_over(name, seed):
    pack, portrait, made = planned(name, seed)
    met = [flag for flag in pack.flag if flag.met(portrait)]
    if met and made.flag is None:
        pytest.fail("a portrait with a red flag ended without one")
    if made.flag is not None:
        assert made.flag in met
        last = made.steps[-1]
        assert (last.role, last.act, last.text, last.lead) == ("doctor", "handover", made.flag.say["en"], "")
    else:
        assert not met
        assert made.steps[-1].act == "thanks"
    assert sum(step.act == "handover" for step in made.steps) == (made.flag is not None)


@given(NAMES, SEEDS)
@settings(max_examples=100)
def test_nothing_is_revealed_that_the_portrait_does_not_bear_out(name, seed):
    pack, portrait, made = planned(name, seed)
    for item, value in made.revealed.items():
        values = pack.items[item].values
        assert values.index(value) <= values.index(portrait[item])
    told = {}
    for step in made.steps:
        if step.role == "patient" and step.value:
            assert step.text in pack.speech["en"].item[step.item].say[step.value]
            told[step.item] = step.value
    assert told == made.revealed


@given(NAMES, SEEDS)
@settings(max_examples=100)
def test_doctor_and_patient_take_turns_and_the_question_is_of_the_item(name, seed):
    pack, _, made = planned(name, seed)
    assert [step.role for step in made.steps] == ["doctor", "patient"] * (len(made.steps) // 2) + (
        ["doctor"] if made.flag else []
    )
    for question, answer in zip(made.steps[::2], made.steps[1::2], strict=False):
        assert (question.topic, question.item) == (answer.topic, answer.item)
        if question.item:
            own = pack.speech["en"].item[question.item]
            assert question.text in own.open + own.closed


@given(st.sampled_from(["depression", "diabetes"]), SEEDS, st.sampled_from(["en", "zh"]))
@settings(max_examples=100)
def test_no_question_and_no_answer_comes_twice(name, seed, lang):
    _, _, made = planned(name, seed, lang)
    said = [step.text for step in made.steps if step.item and step.act != "evade"]
    assert len(set(said)) == len(said)


def test_the_same_seed_gives_the_same_talk_and_another_another():
    assert planned("depression", 5)[2] == planned("depression", 5)[2]
    assert planned("depression", 5)[2] != planned("depression", 6)[2]


def test_a_mandatory_topic_to_which_nothing_leads_comes_all_the_same():
    pack = parse(
        TINY.replace("next = { sudden = 1 }", "").replace("topics = [2, 2]", "topics = [1, 1]"), name="migraine"
    )
    assert {tuple(topic.id for topic in route(pack, random.Random(seed))) for seed in range(20)} == {("days", "sudden")}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_bare_yes_or_no_answers_an_open_question(lang):
    after = Counter()
    for seed in range(200):
        _, _, made = planned("depression", seed, lang)
        for question, answer in zip(made.steps[::2], made.steps[1::2], strict=False):
            replies = answer.text.startswith(PACKS["depression"].speech[lang].replies)
            after[question.act.rpartition("+")[2]] += replies
    assert after["open"] == 0
    assert after["closed"] > 50


def test_topics_follow_the_graph_and_its_weights():
    pack = PACKS["depression"]
    paths = [route(pack, random.Random(seed)) for seed in range(1_000)]
    second = Counter(path[1].id for path in paths)
    weights = next(topic.next for topic in pack.topic if topic.id == "onset")
    assert set(second) == set(weights)
    for name, weight in weights.items():
        assert abs(second[name] / 1_000 - weight / sum(weights.values())) < 0.05
    assert all([topic.id for topic in path].index("suicide") >= 7 for path in paths)
    assert {len(path) for path in paths} == {9, 10, 11}  # there are no more than eleven


def test_what_is_understated_is_told_when_asked_again():
    acts = Counter()
    for seed in range(300):
        _, _, made = planned("depression", seed)
        for step, then in zip(made.steps, made.steps[1:], strict=False):
            acts[step.act] += 1
            if step.act in ("understate", "evade") and then.act.endswith("again"):
                assert step.item == then.item
            if step.act in ("understate", "evade") and step.item == "suicide":
                assert then.act == "again"
    assert acts["relent"] > 50
    assert acts["correct"] > 50
    assert acts["evade"] > acts["relent"]


def test_empathy_goes_to_what_burdens():
    pack = PACKS["depression"]
    for seed in range(200):
        _, _, made = planned("depression", seed)
        for answer, then in zip(made.steps[1::2], made.steps[2::2], strict=False):
            if then.act.startswith("empathy+"):
                assert pack.items[answer.item].point(answer.value) >= 2
                assert then.lead in pack.speech["en"].acts.empathy


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_summary_is_of_what_was_revealed_alone(lang):
    pack = PACKS["depression"]
    said = pack.speech[lang].item
    text = summarise(pack, lang, {"mood": "daily", "sleep": "none"}, random.Random(1))
    assert said["mood"].note["daily"] in text
    assert said["sleep"].name in text
    assert said["sleep"].note["none"] not in text
    assert said["suicide"].name in text  # among what is not known
    everything = summarise(pack, lang, dict.fromkeys(pack.asked, "x") | ALL, random.Random(1))
    assert "{" not in text + everything
    assert said["suicide"].name not in everything.replace(said["suicide"].note["some"], "")
    assert len({summarise(pack, lang, ALL, random.Random(seed)) for seed in range(60)}) == 6


ALL = {item: PACKS["depression"].items[item].values[1] for item in PACKS["depression"].asked}
