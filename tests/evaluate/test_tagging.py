"""Measures of entity taggers by hand-counted cases, and the dictionary beside them."""

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from onprem.errors import ModelError, UsageError
from onprem.evaluate.dictionary_tagger import Dictionary
from onprem.evaluate.tagging import ALL, dictionary_tagger, known_names, score, spacy_tagger
from onprem.labelled import Mention, Sentence, sound

GOLD = [
    Sentence("gout and flu", (Mention(0, 4, "D"), Mention(9, 12, "D"))),
    Sentence("aspirin", (Mention(0, 7, "C"),)),
    Sentence("nothing here"),
]


def test_scores_are_exact_and_by_type():
    found = [(Mention(0, 4, "D"), Mention(5, 12, "D")), (Mention(0, 7, "D"),), ()]
    scores = score(GOLD, found)
    assert list(scores) == ["C", "D", ALL]
    diseases = scores["D"]
    assert (diseases.gold, diseases.found, diseases.right) == (2, 3, 1)
    assert diseases.precision.value == pytest.approx(1 / 3)
    assert diseases.recall.value == pytest.approx(1 / 2)
    assert diseases.f1.value == pytest.approx(2 / 5)
    assert (scores["C"].right, scores["C"].precision) == (0, None)
    assert (scores[ALL].gold, scores[ALL].found, scores[ALL].right) == (3, 3, 1)
    assert scores[ALL].f1.low <= scores[ALL].f1.value <= scores[ALL].f1.high


def test_intervals_are_of_groups():
    text, mention = "gout", Mention(0, 4, "D")
    lone = [Sentence(text, (mention,)) for _ in range(40)]
    grouped = [Sentence(text, (mention,), group=str(number // 20)) for number in range(40)]
    found = [(mention,) if number < 20 else () for number in range(40)]
    narrow, wide = score(lone, found)["D"].recall, score(grouped, found)["D"].recall
    assert narrow.value == wide.value == 0.5
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Breast cancer and cancers", ["Breast cancer", "cancers"]),
        ("breast  cancer", ["breast  cancer"]),
        ("all of ALL", ["ALL"]),
        ("many ALLs", ["ALLs"]),
        ("precancerous, cancer-free", ["cancer"]),
        ("two allergies", ["allergies"]),
        ("Tay-Sachs disease", ["Tay-Sachs disease"]),
        ("患者有糖尿病史", ["糖尿病"]),
        ("breast", []),
    ],
)
def test_a_dictionary_finds_whole_words(text, found):
    names = ["cancer", "breast cancer", "ALL", "allergy", "Tay-Sachs disease", "糖尿病", "cancer of the breast"]
    dictionary = Dictionary((name, "D") for name in names)
    assert [text[m.start : m.end] for m in dictionary.find(text)] == found


@given(st.lists(st.text(alphabet="ab -", min_size=2, max_size=6), max_size=6), st.text(alphabet="abAB -s", max_size=40))
def test_what_a_dictionary_finds_is_sound(names, text):
    assert sound(text, Dictionary((name, "D") for name in names).find(text))


def test_the_names_of_labelled_text_are_a_dictionary():
    names = known_names(GOLD)
    assert names == [("gout", "D"), ("flu", "D"), ("aspirin", "C")]
    assert score(GOLD, dictionary_tagger(names)([each.text for each in GOLD]))[ALL].f1.value == 1


def test_any_pipeline_of_spacy_is_measured(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "D", "pattern": "gout"}])
    nlp.to_disk(tmp_path / "ruler")
    assert spacy_tagger(tmp_path / "ruler")(["no gout", ""]) == [(Mention(3, 7, "D"),), ()]


def test_what_is_no_tagger_is_a_clear_error(tmp_path):
    with pytest.raises(ModelError, match="cannot be loaded"):
        spacy_tagger(tmp_path)
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(UsageError, match="finds no entities"):
        spacy_tagger(tmp_path / "blank")
