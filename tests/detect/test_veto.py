"""The clinical veto: bound to what stands beside a name, and only against the model alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.detect.veto import context_veto
from onprem.labels import Label
from onprem.model import Span

NER = frozenset({"ner"})
_SOURCES = ({"ner"}, {"ner", "roster"}, {"patterns/x"}, {"roster"}, {"ner/en"})


def vetoed(text: str, value: str, by: frozenset[str] = NER, label: Label = Label.NAME) -> bool:
    start = text.index(value)
    return context_veto(text, [Span(start, start + len(value), label, 0.9, by)]) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("He has Parkinson's disease.", "Parkinson"),
        ("Wilson disease was excluded", "Wilson"),
        ("classical Hodgkin lymphoma", "Hodgkin"),
        ("a Foley catheter was placed", "Foley"),
        ("a Foley catheter was placed", "Foley catheter"),
        ("Glasgow Coma Scale 15", "Glasgow"),
        ("Charcot-Marie-Tooth disease", "Charcot"),
        ("Babinski sign absent", "Babinski"),
        ("the circle of Willis", "Willis"),
        ("takes Prednisone 5 mg daily", "Prednisone"),
        ("started on Atenolol", "Atenolol"),
        ("帕金森病史十年", "帕金森"),
        ("克罗恩病活动期", "克罗恩"),
        ("霍奇金淋巴瘤", "霍奇金"),
        ("美尼尔氏综合征", "美尼尔"),
        ("巴宾斯基征阴性", "巴宾斯基"),
    ],
)
def test_clinical_terms_are_cleared(text: str, value: str) -> None:
    assert vetoed(text, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Patient surname: Parkinson", "Parkinson"),
        ("Dr. Wilson disease clinic", "Wilson"),
        ("seen with Wilson today", "Wilson"),
        ("Smith had disease", "Smith"),
        ("John Smith developed a new test", "John Smith"),
        ("Brian's disease progressed", "Brian"),
        ("Smith's hernia was repaired", "Smith"),
        ("Signed by Foley\nCatheter removed", "Foley"),
        ("Foley\ncatheter", "Foley"),
        ("王建国病情稳定", "王建国"),
        ("李梅呼吸平稳", "李梅"),
        ("王建国贫血", "王建国"),
        ("患者帕金森病", "帕金森"),
        ("her daughter Caroline came", "Caroline"),
    ],
)
def test_people_stay(text: str, value: str) -> None:
    assert not vetoed(text, value)


@pytest.mark.parametrize(
    "by", [{"roster"}, {"patterns/titled_name"}, {"propagated"}, {"ner", "roster"}, {"presidio/nhs"}]
)
def test_another_source_is_never_vetoed(by: set[str]) -> None:
    assert not vetoed("Parkinson's disease", "Parkinson", frozenset(by))


def test_a_span_that_touches_another_source_stays() -> None:
    text = "Wilson disease"
    spans = [Span(0, 6, Label.NAME, 0.9, NER), Span(3, 6, Label.NAME, 0.9, frozenset({"roster"}))]
    assert context_veto(text, spans) == spans


def test_dates_and_numbers_are_never_vetoed() -> None:
    assert not vetoed("12 disease", "12", label=Label.DATE)


@given(
    st.text(alphabet="Wilson's disease 病氏王\n:.", max_size=40),
    st.lists(
        st.tuples(
            st.integers(0, 39),
            st.integers(1, 12),
            st.sampled_from(_SOURCES),
        ),
        max_size=6,
    ),
)
def test_a_veto_removes_only_what_the_model_alone_found(text: str, places: list[tuple[int, int, set[str]]]) -> None:
    spans = [
        Span(start, min(start + length, len(text)), Label.NAME, 0.5, frozenset(by))
        for start, length, by in places
        if start < len(text)
    ]
    kept = context_veto(text, spans)
    assert [span for span in spans if span in kept] == kept
    for span in spans:
        if span not in kept:
            assert all(name.split("/")[0] == "ner" for name in span.by)
            others = [o for o in spans if any(name.split("/")[0] != "ner" for name in o.by)]
            assert not any(o.start < span.end and span.start < o.end for o in others)
