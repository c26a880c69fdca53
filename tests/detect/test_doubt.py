"""The model's guesses are refuted by their form alone, and only when nobody else made them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.detect.doubt import refute
from onprem.labels import Label
from onprem.model import Span


def guess(text, value, label=Label.NAME, by="ner", score=0.7):
    start = text.index(value)
    return Span(start, start + len(value), label, score, frozenset({by}))


def kept(text, span):
    return [text[item.start : item.end] for item in refute(text, [span])]


@pytest.mark.parametrize(
    ("text", "value", "label"),
    [
        ("Seen today. Folstein 28/30.", "Folstein", Label.NAME),
        ("西药费147.13元，合计：18200.18", "147.13元", Label.OTHER_ID),
        ("西药费147.13元，合计：18200.18", "18200.18", Label.OTHER_ID),
        ("III-1 先证者", "III-1", Label.BED),
        ("孕周：12+5", "12+5", Label.DATE),
        ("Seen today. Glasgow 15, no deficit.", "Glasgow", Label.NAME),
        ("Patient has NYHA III failure today", "III", Label.NAME),
        ("Seen Today. The wallet was lost", "wallet", Label.CITY),
        ("Epidural placed at L3. Patient Well", "Epidural", Label.NAME),
        ("MoCA 27/30 today", "27/30", Label.DATE),
        ("rounded at 0800 today", "0800", Label.RECORD_NUMBER),
        ("TSH 24.6, FT4 7.1pmol/L", "FT4 7.1pmol", Label.OTHER_ID),
        ("fasting sugars 180-220 at home", "180-220", Label.BED),
        ("He was born in Spain and Lives here", "Spain", Label.CITY),
        ("on the 10th day of treatment", "the 10th", Label.DATE),
        ("现在我院住院治疗", "在我院住院治疗", Label.DATE),
        ("She Has GC rich elements", "GC", Label.NAME),
    ],
)
def test_refuted(text, value, label):
    assert kept(text, guess(text, value, label)) == []


@pytest.mark.parametrize(
    ("text", "value", "label"),
    [
        ("Dr Glasgow 15 March", "Glasgow", Label.NAME),
        ("单号：18200.18", "18200.18", Label.OTHER_ID),
        ("III-1床", "III-1床", Label.BED),
        ("Will cont to monitor. --JQ, RN", "JQ", Label.NAME),
        ("this is doctor amara nwosu", "amara nwosu", Label.NAME),
        ("refill pls for leonard stone today", "leonard stone", Label.NAME),
        ("Rose slept well. Pain 3.", "Rose", Label.NAME),
        ("seen on 3/4 for pain", "3/4", Label.DATE),
        ("pager 41277 please", "41277", Label.PHONE),
        ("moved to bed 12", "12", Label.BED),
        ("患者于去年秋天起病", "去年秋天", Label.DATE),
    ],
)
def test_kept(text, value, label):
    assert kept(text, guess(text, value, label)) == [value]


def test_small_words_are_cut_from_the_edges():
    text = "Callum Rutherford met with the Team"
    assert kept(text, guess(text, "Callum Rutherford met")) == ["Callum Rutherford"]


@given(
    st.text("Aab 1/.", min_size=1, max_size=30), st.sampled_from(list(Label)), st.sampled_from(["roster", "patterns/x"])
)
def test_what_another_source_found_is_never_touched(text, label, by):
    span = Span(0, len(text), label, 0.5, frozenset({by}))
    assert refute(text, [span]) == [span]
    both = Span(0, len(text), label, 0.5, frozenset({by, "ner"}))
    assert refute(text, [both]) == [both]
