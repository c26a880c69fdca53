"""Readers of labelled text: IOB in its kinds, brat folders, JSON lines, and what is malformed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.errors import InputError
from onprem.evaluate.read_labelled import joined, read_labelled
from onprem.labelled import Mention, sound


def written(tmp_path, text, name="data.tsv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def marked(sentence):
    text = sentence.text
    for mention in reversed(sentence.mentions):
        text = f"{text[: mention.start]}[{text[mention.start : mention.end]}]{text[mention.end :]}"
    return text


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ("No O\nflu B-D\n. O", ["No [flu]."]),
        ("No O\nflu B-D\ncough B-D", ["No [flu] [cough]"]),
        ("acute B-D\nflu I-D\n\nno O", ["[acute flu]", "no"]),
        ("acute I-D\nflu I-D\nof O", ["[acute flu] of"]),  # IOB1
        ("gout S-D\nbad B-D\nflu E-D\nflu U-D", ["[gout] [bad flu] [flu]"]),  # IOBES, BILOU
        ("flu I-D\naspirin I-C", ["[flu] [aspirin]"]),
        ("Tay NNP B-D\n- : I-D\nSachs NNP I-D", ["[Tay-Sachs]"]),  # columns between
        ("Down B-D\n' I-D\ns I-D\nsyndrome I-D\n( O\nDS B-D\n) O\n, O\ntoo O", ["[Down's syndrome] ([DS]), too"]),
    ],
)
def test_iob(tmp_path, lines, wanted):
    assert [marked(each) for each in read_labelled(written(tmp_path, lines))] == wanted


def test_documents_of_an_iob_file_are_groups(tmp_path):
    text = "-DOCSTART- O\n\na O\n\nb O\n\n-DOCSTART- O\n\nc B-D\n"
    first, second, third = (each.group for each in read_labelled(written(tmp_path, text)))
    assert first == second != third


@given(st.lists(st.text(alphabet="ab-,.()'/9", min_size=1, max_size=4), max_size=12))
def test_words_stand_where_it_is_said(words):
    text, places = joined(words)
    assert [text[start:end] for start, end in places] == words
    assert text == text.strip()


def test_brat(tmp_path):
    (tmp_path / "a.txt").write_text("He has gout.\n\nNo flu,\nno cough.", encoding="utf-8")
    (tmp_path / "a.ann").write_text("T1\tD 7 11\tgout\nR1\tx Arg1:T1\nT2\tD 17 20;25 30\tflu cough\n", encoding="utf-8")
    found = read_labelled(tmp_path)
    assert [marked(each) for each in found] == ["He has [gout].", "No [flu],", "no [cough]."]
    assert {each.group for each in found} == {"a"}


def test_a_mention_over_a_line_break_holds_its_lines_together(tmp_path):
    (tmp_path / "a.txt").write_text("Renal\nfailure is\nbad", encoding="utf-8")
    (tmp_path / "a.ann").write_text("T1\tD 0 13\tRenal failure\n", encoding="utf-8")
    assert [marked(each) for each in read_labelled(tmp_path)] == ["[Renal\nfailure] is", "bad"]


def test_json_lines(tmp_path):
    line = {"id": 3, "patient": "p", "text": "gout", "spans": [{"start": 0, "end": 4, "label": "D"}], "other": 1}
    (found,) = read_labelled(written(tmp_path, json.dumps(line) + "\n\n"))
    assert (found.mentions, found.id, found.group) == ((Mention(0, 4, "D"),), "3", "p")


def test_of_two_that_overlap_the_longer_stays(tmp_path):
    spans = [{"start": s, "end": e, "label": "D"} for s, e in ((6, 12), (0, 12), (13, 16))]
    (found,) = read_labelled(written(tmp_path, json.dumps({"text": "breast cancer foo"[:16], "spans": spans})))
    assert [(m.start, m.end) for m in found.mentions] == [(0, 12), (13, 16)]
    assert sound(found.text, found.mentions)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        "secret X-D",
        '{"text": "secret"}',
        '{"text": "secret", "spans": [{"start": 0, "end": 9, "label": "D"}]}',
        '{"text": "secret", "spans": [{"start": 3, "end": 3, "label": "D"}]}',
        '{"text": "secret", "spans": 3}',
        '{"text": ',
    ],
)
def test_what_is_malformed_is_an_error_without_its_text(tmp_path, text):
    with pytest.raises(InputError) as failure:
        read_labelled(written(tmp_path, text))
    assert "secret" not in str(failure.value) + failure.value.hint
    assert failure.value.__cause__ is None


@pytest.mark.parametrize("line", ["T1\tD 0 99\tsecret", "T1\tD x 3\tsecret", "T1", "T1\tD 3 3\tsecret"])
def test_malformed_annotations_are_an_error(tmp_path, line):
    (tmp_path / "a.txt").write_text("secret", encoding="utf-8")
    (tmp_path / "a.ann").write_text(line, encoding="utf-8")
    with pytest.raises(InputError, match="line 1 of the annotations") as failure:
        read_labelled(tmp_path)
    assert "secret" not in str(failure.value)
