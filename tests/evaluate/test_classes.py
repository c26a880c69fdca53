"""Scores of classifiers against known values and an obvious slow computation; readers of pairs and texts."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onprem.errors import InputError
from onprem.evaluate.classes import Gold, cohen_kappa_of, score
from onprem.evaluate.read_classes import read_classed, read_pairs
from onprem.labelled import Mention

LABELS = ("a", "b", "c")


def scores(right, said, order=LABELS, groups=None):
    return score(Gold(right, groups or [""] * len(right), order), said)


def test_two_classes_have_the_known_values():
    # 6 true, 2 missed, 1 false alarm, 11 true negatives: the textbook formulas
    right = ["a"] * 8 + ["b"] * 12
    said = ["a"] * 6 + ["b"] * 2 + ["a"] + ["b"] * 11
    found = scores(right, said, ("a", "b"))
    assert found.mcc.value == pytest.approx((6 * 11 - 1 * 2) / math.sqrt(7 * 8 * 12 * 13))
    assert found.f1["a"] == pytest.approx(12 / 15)
    assert found.macro_f1.value == pytest.approx((12 / 15 + 22 / 25) / 2)
    assert found.accuracy.value == pytest.approx(17 / 20)
    assert found.confusion == {"a": {"a": 6, "b": 2}, "b": {"a": 1, "b": 11}}
    assert found.mcc.n == 20


@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=2, max_size=60))
@settings(max_examples=80, deadline=None)
def test_scores_are_those_of_scikit_learn(rows):
    from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score, matthews_corrcoef

    right, said = [row[0] for row in rows], [row[1] for row in rows]
    found = scores(right, said)
    assert found.mcc.value == pytest.approx(matthews_corrcoef(right, said), abs=1e-9)
    there = sorted(set(right) | set(said))
    assert found.macro_f1.value == pytest.approx(
        f1_score(right, said, labels=there, average="macro", zero_division=0), abs=1e-9
    )
    assert found.accuracy.value == pytest.approx(accuracy_score(right, said))
    if len(there) > 1:
        kappa = cohen_kappa_score(right, said, labels=list(LABELS), weights="quadratic")
        assert found.kappa.value == pytest.approx(kappa, abs=1e-9)
        table = np.array([[found.confusion[one][two] for two in LABELS] for one in LABELS], dtype=float)
        assert float(cohen_kappa_of(table)) == pytest.approx(cohen_kappa_score(right, said), abs=1e-9)


@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=2, max_size=40))
@settings(max_examples=30, deadline=None)
def test_an_interval_holds_its_value(rows):
    found = scores([row[0] for row in rows], [row[1] for row in rows])
    for metric in (found.mcc, found.macro_f1, found.accuracy, found.kappa):
        assert metric.low <= metric.value <= metric.high


def test_groups_are_resampled_and_not_rows():
    right = [LABELS[place % 2] for place in range(200)]
    said = [label if place < 140 else "c" for place, label in enumerate(right)]
    alone = scores(right, said).accuracy
    together = scores(right, said, groups=[str(place // 20) for place in range(200)]).accuracy
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


def test_grades_far_off_cost_more():
    near = scores(["a", "b", "c", "a"], ["b", "b", "c", "a"])
    far = scores(["a", "b", "c", "a"], ["c", "b", "c", "a"])
    assert near.kappa.value > far.kappa.value
    assert near.mcc.value == pytest.approx(far.mcc.value, abs=0.2)


def test_one_class_only_tells_nothing_apart():
    found = scores(["a", "b", "c"], ["a", "a", "a"])
    assert found.mcc.value == 0
    assert found.kappa.value == 0


def test_an_unknown_label_is_an_error():
    with pytest.raises(ValueError, match="not among"):
        scores(["a"], ["z"])
    with pytest.raises(ValueError, match="each row"):
        scores(["a", "b"], ["a"])


def line(**changes):
    known = {
        "text": "quinine caused tinnitus",
        "head": {"start": 0, "end": 7, "label": "drug"},
        "tail": {"start": 15, "end": 23, "label": "disease"},
        "label": "causes",
    }
    return json.dumps(known | changes)


def test_json_lines_of_pairs(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_text(line(patient="p1", id="x") + "\n\n" + line(label="") + "\n", encoding="utf-8")
    first, second = read_pairs(path)
    assert (first.head, first.tail) == (Mention(0, 7, "drug"), Mention(15, 23, "disease"))
    assert (first.group, first.id, first.label, second.label) == ("p1", "x", "causes", "")


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "[]",
        line(text=""),
        line(label=None),
        line(head={"start": 0, "end": 99, "label": "drug"}),
        line(head={"start": 16, "end": 20, "label": "drug"}),
        line(tail={"start": "1", "end": 2, "label": "d"}),
        line(tail=None),
        line(patient=["p"]),
    ],
)
def test_a_bad_line_is_named_by_its_number_alone(tmp_path, bad):
    path = tmp_path / "pairs.jsonl"
    path.write_text(line() + "\n" + bad + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2") as caught:
        read_pairs(path)
    assert "quinine" not in f"{caught.value.message}{caught.value.hint}"
    assert caught.value.__cause__ is None


def test_relations_of_brat(tmp_path):
    text = "Overview.\nQuinine caused tinnitus in a man with gout.\nColchicine helps.\n"
    at = text.index
    (tmp_path / "doc.txt").write_text(text, encoding="utf-8")
    marks = [
        f"T1\tChemical {at('Quinine')} {at('Quinine') + 7}\tQuinine",
        f"T2\tDisease {at('tinnitus')} {at('tinnitus') + 8}\ttinnitus",
        f"T3\tDisease {at('gout')} {at('gout') + 4}\tgout",
        f"T4\tChemical {at('Colchicine')} {at('Colchicine') + 10}\tColchicine",
        "T5\tDisease 0 4;5 8\tOver view",
        "R1\tcauses Arg1:T1 Arg2:T2",
        "A1\tNegated T1",
    ]
    (tmp_path / "doc.ann").write_text("\n".join(marks) + "\n", encoding="utf-8")
    (pair,) = read_pairs(tmp_path)
    assert pair.text == "Quinine caused tinnitus in a man with gout."
    assert pair.text[pair.head.start : pair.head.end] == "Quinine"
    assert pair.text[pair.tail.start : pair.tail.end] == "tinnitus"
    assert (pair.label, pair.group) == ("causes", "doc")
    # pairs that no relation joins count as none, within a line
    found = read_pairs(tmp_path, ("Chemical", "Disease"))
    said = {
        (each.text[each.head.start : each.head.end], each.text[each.tail.start : each.tail.end]): each.label
        for each in found
    }
    assert said == {("Quinine", "tinnitus"): "causes", ("Quinine", "gout"): ""}


@pytest.mark.parametrize("bad", ["T1\tChemical x y\tQuinine", "R1\tcauses T1 T2", "T1\tChemical 0 99\tQuinine"])
def test_bad_brat_is_refused(tmp_path, bad):
    (tmp_path / "doc.txt").write_text("Quinine", encoding="utf-8")
    (tmp_path / "doc.ann").write_text(bad + "\n", encoding="utf-8")
    with pytest.raises(InputError):
        read_pairs(tmp_path / "doc.ann")


def test_texts_from_json_lines_and_tsv(tmp_path):
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": "tired", "label": "mild", "patient": 3}\n', encoding="utf-8")
    (item,) = read_classed(path)
    assert (item.text, item.label, item.group) == ("tired", "mild", "3")
    table = tmp_path / "texts.tsv"
    table.write_text('label\ttext\tgroup\nmild\tsays "hm\tp\n', encoding="utf-8")
    (item,) = read_classed(table)
    assert (item.text, item.label, item.group) == ('says "hm', "mild", "p")


@pytest.mark.parametrize("content", ["text\tclass\na\tb\n", "text\tlabel\nalone\n", "text\tlabel\n", ""])
def test_a_table_without_what_is_needed_is_refused(tmp_path, content):
    path = tmp_path / "texts.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError):
        read_classed(path)


def test_a_missing_file_and_one_that_is_no_text(tmp_path):
    with pytest.raises(InputError):
        read_pairs(tmp_path / "none.jsonl")
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError):
        read_pairs(tmp_path / "bytes.jsonl")
