"""Measures of dialogues against values counted by hand, and against plain other code."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.errors import InputError
from onprem.evaluate.dialogue import Dialogue, Said, Told, dialogue_of, distinct, leaks, measure, rows


def talk(*texts, facts=(), names=()):
    roles = ("patient", "doctor")
    return Dialogue(tuple(Said(roles[place % 2], text) for place, text in enumerate(texts)), tuple(facts), tuple(names))


HEADACHE = talk(
    "My head hurts on one side.",
    "How long has it hurt?",
    "For two days.",
    "It is migraine. Please rest.",
    facts=(Told(said=True), Told(said=True, repaired=True), Told(said=False), Told(said=True)),
    names=("migraine",),
)
LEAK = talk(
    "I have Migraines again.", "Is it on one side?", "Yes, as always.", "Then it is migraine.", names=("migraine",)
)
COUGH = talk(
    "I cough.", "Since when?", "I cough.", "Since when?", "I have coughed since the cold.", "Since when exactly?"
)


def test_values_are_what_is_counted_by_hand():
    found = measure([HEADACHE, LEAK, COUGH])
    assert found["turns"].value == pytest.approx(14 / 3)
    assert found["words_patient"].value == pytest.approx((6 + 3 + 4 + 3 + 2 + 2 + 6) / 7)
    assert found["words_doctor"].value == pytest.approx((5 + 5 + 5 + 4 + 2 + 2 + 3) / 7)
    assert found["questions_doctor"].value == pytest.approx(5 / 7)
    assert found["fact_recall"].value == pytest.approx(3 / 4)
    assert found["fact_recall_unrepaired"].value == pytest.approx(2 / 4)
    assert found["leaks"].value == pytest.approx(1 / 2) and found["leaks"].n == 2
    assert found["near_duplicates"].value == 0
    assert found["repeated_turns"].value == 0  # what is as short as "since when?" may come again


def test_repeats_and_near_duplicates():
    long = "It hurts when I bend the left knee."
    found = measure([talk(long, "Where?", long), HEADACHE, HEADACHE])
    assert found["repeated_turns"].value == pytest.approx(1 / 11)
    assert found["near_duplicates"].value == pytest.approx(1 / 3)


def test_distinct_is_the_share_of_different_runs():
    assert distinct([talk("a a a b")], 1).value == 2 / 4
    assert distinct([talk("a a a b")], 2).value == pytest.approx(2 / 3)
    assert distinct([talk("疼疼疼了")], 1).value == 2 / 4
    assert distinct([talk("a")], 2) is None
    assert distinct([talk("a b", "a b")], 2).value == 1 / 2  # no pair goes over the end of a turn


def test_distinct_is_taken_over_the_same_number_of_words():
    generator = random.Random(1)
    many = [talk(" ".join(generator.choices("abcdefghij", k=20))) for _ in range(200)]
    assert distinct(many, 2).n == 2_000
    whole, part = distinct(many, 2, words=4_000).value, distinct(many, 2, words=200).value
    assert part > 3 * whole
    few = distinct(many[:100], 2, words=200)
    assert few.low <= part <= few.high or abs(few.value - part) < 0.05


@given(st.lists(st.lists(st.text("ab c", min_size=1, max_size=8), min_size=1, max_size=4), min_size=1, max_size=4))
def test_distinct_of_a_whole_set_is_what_plain_counting_says(texts):
    dialogues = [talk(*each) for each in texts]
    words = [text.split() for each in texts for text in each]
    pairs = [(one, other) for each in words for one, other in itertools.pairwise(each)]
    found = distinct(dialogues, 2)
    assert (found is None) == (not pairs)
    if pairs:
        assert found.value == pytest.approx(len(set(pairs)) / len(pairs))


def test_the_interval_holds_the_value_and_narrows():
    generator = random.Random(2)
    made = [talk(*["word " * generator.randint(1, 9)] * generator.randint(2, 9)) for _ in range(400)]
    few, many = measure(made[:25]), measure(made)
    for found in (few, many):
        for metric in found.values():
            assert metric is None or metric.low <= metric.value <= metric.high
    assert many["turns"].high - many["turns"].low < few["turns"].high - few["turns"].low
    assert measure(made) == many


def test_a_leak_is_before_the_doctor_said_it():
    assert leaks(LEAK) and not leaks(HEADACHE)
    assert not leaks(talk("It hurts.", "It is migraine.", "So it is migraine?", names=("migraine",)))
    assert leaks(talk("我有偏头痛。", "哦。", names=("偏头痛",)))
    assert not leaks(talk("I feel stress.", "I see.", names=("tress",)))
    assert not leaks(talk("It hurts."))


def test_nothing_is_measured_of_nothing():
    assert set(measure([]).values()) <= {None}
    assert measure([COUGH])["fact_recall"] is None
    assert [row[1] for row in rows({"leaks": None})] == ["-"]


def test_a_line_becomes_a_dialogue():
    line = {
        "turns": [{"role": "patient", "text": "It hurts."}, {"role": "doctor", "text": "Gout.", "act": "diagnosis"}],
        "facts": [
            {"by": "patient", "turn": 0, "start": 0, "end": 9, "repaired": True},
            {"by": "doctor", "turn": None},
        ],
        "names": ["gout"],
    }
    found = dialogue_of(line)
    assert found.facts == (Told(said=True, repaired=True), Told(said=False)) and found.names == ("gout",)
    assert [turn.role for turn in found.turns] == ["patient", "doctor"]


@pytest.mark.parametrize(
    "fact",
    [
        "x",
        {"turn": 2, "start": 0, "end": 1},
        {"turn": -1, "start": 0, "end": 1},
        {"turn": 0, "start": 0, "end": 99},
        {"turn": 0, "start": 3, "end": 3},
        {"turn": 0, "start": 0, "end": 3, "by": "doctor"},
        {"turn": 0, "start": "0", "end": 3},
    ],
)
def test_a_fact_that_stands_nowhere_is_refused(fact):
    with pytest.raises(InputError) as caught:
        dialogue_of({"turns": [{"role": "patient", "text": "It hurts."}], "facts": [fact]})
    assert "hurts" not in str(caught.value)


@pytest.mark.parametrize(
    "line", [{}, {"turns": [{"role": "x", "text": "y"}]}, {"turns": [{"role": "doctor", "text": 1}]}]
)
def test_a_line_without_turns_is_refused(line):
    with pytest.raises(InputError):
        dialogue_of(line)
