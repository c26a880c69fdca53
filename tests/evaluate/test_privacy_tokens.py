"""Tokens, runs and near copies, held against the obvious slow way."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from privacy_world import notes, one_word_changed

from onprem.evaluate.privacy import shared
from onprem.evaluate.privacy.contract import Length
from onprem.evaluate.privacy.nearest import nearest
from onprem.evaluate.privacy.tokens import Vocabulary, grams, longest

WORDS = st.lists(st.sampled_from("red green blue grey".split()), max_size=12)
TEXTS = st.lists(WORDS.map(" ".join), min_size=1, max_size=5)


def read(*sets):
    vocabulary = Vocabulary()
    return [vocabulary.read(texts) for texts in sets]


def slow_runs(text, size):
    words = text.split()
    return {tuple(words[at : at + size]) for at in range(len(words) - size + 1)}


def slow_longest(first, second):
    sizes = (size for a in first for b in second for size in range(1, 13) if slow_runs(a, size) & slow_runs(b, size))
    return max(sizes, default=0)


@settings(deadline=None, max_examples=50)
@given(TEXTS, TEXTS)
def test_the_longest_run_is_the_longest(first, second):
    assert longest(*read(first, second)) == slow_longest(first, second)


@settings(deadline=None, max_examples=50)
@given(TEXTS, st.integers(1, 5))
def test_grams_stay_within_a_text_and_are_told_apart(texts, size):
    found = grams(read(texts)[0], Length(size, size))
    assert len(found.ids) == sum(max(0, len(text.split()) - size + 1) for text in texts)
    assert len(set(found.ids.tolist())) == len(set().union(*(slow_runs(text, size) for text in texts)))


@settings(deadline=None, max_examples=100)
@given(TEXTS, TEXTS, TEXTS, st.integers(2, 5))
def test_copied_runs_are_those_of_seen_records_that_are_mostly_unknown_from_others(rows, seen, unseen, size):
    made, used, never = read(rows, seen, unseen)
    copied = set().union(*(slow_runs(text, size) for text in seen))
    known = set().union(*(slow_runs(text, 2) for text in unseen))

    def is_copy(run):
        phrases = [run[at : at + 2] for at in range(size - 1)]
        return run in copied and 2 * sum(each in known for each in phrases) <= len(phrases)

    expected = [any(map(is_copy, slow_runs(row, size))) for row in rows]
    found = shared.copied_runs(made, used, never, Length(size, size), Length(2, 2))
    assert found.tolist() == expected


def test_marks_case_and_width_are_no_difference():
    first, second = read(["Chest pain, since Tuesday; 38.5"], ["ＣＨＥＳＴ pain since TUESDAY 38 5"])
    assert first.ids.tolist() == second.ids.tolist()


def test_chinese_texts_are_told_and_measured_in_characters():
    (corpus,) = read(
        ["患者三天前出现胸闷", "chest pain", "CT示肺炎 and nothing else was found in the whole chest today"]
    )
    assert corpus.han.tolist() == [True, False, False]
    assert len(corpus.ids[: corpus.starts[1]]) == 9
    assert corpus.reach(Length(2, 10)).tolist() == [False, True, True]


def test_near_copies_are_those_of_one_record():
    records = notes(80, 5)
    copy = one_word_changed(records[17], 0)
    # sentences of many records make no copy of one
    mixed = " ".join(records[place].split(". ")[0] + "." for place in range(20, 27))
    made, real = read([copy, mixed], records)
    known = shared.judgeable(made, real)
    found = shared.near(known, real)
    assert found.rows.tolist() == [0] and found.records.tolist() == [17]


def test_what_many_records_say_distinguishes_none():
    phrase = " ".join(f"w{number}" for number in range(30))
    made, real = read([phrase], [f"{phrase} {text}" for text in notes(60, 6)])
    assert len(shared.judgeable(made, real).rows) == 0


def test_nearest_is_the_largest_cosine():
    made, real = read(notes(40, 7), notes(30, 8))
    (found,) = nearest(made, real)
    assert found.shape == (30,) and 0 <= found.min() <= found.max() < 1
    (same,) = nearest(made, read(notes(40, 7))[0])
    assert np.allclose(same, 1.0, atol=1e-5)


def test_the_share_of_a_records_phrases():
    real, rows = read(["a b c d e f", "x y"], ["c d e f", "q a b c"])
    assert shared.found_share(real, rows, Length(3, 3)).tolist() == [0.75, 0.0]
