"""Which passages are found for a question, measured on a small library in two languages."""

from itertools import islice

import pytest
import ward_library

from onprem.assist.passages import Passage, read_folder
from onprem.assist.retrieve import FLOOR, Index, stem, terms


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    folder = ward_library.write(tmp_path_factory.mktemp("library"), ward_library.ENGLISH | ward_library.CHINESE)
    return Index(read_folder(folder).passages)


def passages(*texts):
    return [Passage(f"{place}.txt", (), 0, len(text), text) for place, text in enumerate(texts)]


def found(index, question, top):
    return [hit.passage for hit in islice(index.search(question), top)]


def right(passage, heading):
    return passage.heading[-1:] == ((heading,) if heading else ()) and (
        bool(heading) or "前台" in passage.file + "前台"
    )


@pytest.mark.parametrize(
    ("asked", "first", "third"),
    [(ward_library.ASKED_IN_ENGLISH, 17, 20), (ward_library.ASKED_IN_CHINESE, 17, 18)],
    ids=["English", "Chinese"],
)
def test_the_passage_with_the_answer_is_among_the_first_three(index, asked, first, third):
    assert sum(right(passage, heading) for question, heading in asked for passage in found(index, question, 1)) >= first
    hits = [any(right(passage, heading) for passage in found(index, question, 3)) for question, heading in asked]
    assert sum(hits) >= third


def test_most_questions_that_the_library_does_not_answer_find_nothing(index):
    assert sum(not found(index, question, 1) for question in ward_library.NOT_THERE) >= 7


def test_a_hit_holds_a_share_of_the_question(index):
    shares = [hit.share for hit in index.search("How long can I use an insulin vial once opened?")]
    assert shares and all(FLOOR <= share <= 1 + 1e-6 for share in shares)


def test_equal_passages_come_in_the_order_of_the_documents():
    index = Index(passages("Beds are free.", "Nothing of it.", "Beds are free."))
    assert [passage.file for passage in found(index, "free beds", 5)] == ["0.txt", "2.txt"]


@pytest.mark.parametrize("question", ["", "?!", "what is the", "的了吗", "zebra", "\ud800", "\0"])
def test_a_question_of_nothing_finds_nothing(question):
    assert found(Index(passages("Beds are free.", "床位空闲。")), question, 5) == []


@pytest.mark.parametrize("texts", [(), ("",), ("...", "？")])
def test_a_library_of_nothing_finds_nothing(texts):
    assert found(Index(passages(*texts)), "beds", 5) == []


def test_words_of_the_heading_are_searched_too():
    text = "Once a day."
    index = Index([Passage("a.md", ("Warfarin",), 0, len(text), text), *passages("Twice a day.")])
    assert [passage.file for passage in found(index, "warfarin", 1)] == ["a.md"]


def test_terms_are_stems_numbers_and_pairs_of_han():
    assert terms("The vaccines of 2–8 °C, 2.5 mg") == ["vaccine", "2", "8", "c", "2.5", "mg"]
    assert terms("疫苗应该保存在什么温度") == ["疫苗", "保存", "温度"]
    assert terms("Ｖａｃｃｉｎｅｓ ４") == ["vaccine", "4"]
    assert terms("HbA1c升高") == ["hba", "1", "c", "升高"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [("injuries", "injury"), ("doses", "dose"), ("pus", "pus"), ("loss", "loss"), ("sepsis", "sepsis"), ("ms", "ms")],
)
def test_only_plurals_are_stemmed(word, expected):
    assert stem(word) == expected
