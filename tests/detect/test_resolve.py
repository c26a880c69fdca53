"""Union and heal: nothing that a detector flagged is ever uncovered, whatever the others say."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.detect.resolve import resolve
from onprem.labels import Label
from onprem.model import Span

ALPHABET = "aB1 -.'/,\n\u5f20\u00b7@"


def span(start, end, label=Label.NAME, by="ner", score=0.9):
    return Span(start, end, label, score, frozenset({by}))


@st.composite
def flagged(draw):
    text = draw(st.text(ALPHABET, min_size=1, max_size=60))
    bounds = st.tuples(st.integers(0, len(text) - 1), st.integers(1, 20))
    spans = [
        span(
            start,
            min(len(text), start + length),
            draw(st.sampled_from(list(Label))),
            draw(st.sampled_from(["ner", "patterns", "roster"])),
        )
        for start, length in draw(st.lists(bounds, max_size=8))
    ]
    return text, spans


def covered(spans):
    return {at for item in spans for at in range(item.start, item.end)}


@given(flagged())
def test_every_flagged_character_stays_flagged(case):
    text, spans = case
    assert covered(spans) <= covered(resolve(text, spans))


@given(flagged(), st.integers(0, 59), st.integers(1, 10), st.sampled_from(list(Label)))
def test_adding_a_detector_never_uncovers(case, start, length, label):
    text, spans = case
    start = min(start, len(text) - 1)
    more = [*spans, span(start, min(len(text), start + length), label, "patterns")]
    assert covered(spans) | covered(more) <= covered(resolve(text, more))


@given(flagged())
def test_result_is_sorted_without_overlap(case):
    text, spans = case
    result = resolve(text, spans)
    assert all(first.end <= second.start for first, second in itertools.pairwise(result))


def test_partial_hit_grows_to_the_whole_number():
    text = "SSN 123-45-6789 on file"
    (found,) = resolve(text, [span(11, 15, Label.SSN, "patterns")])
    assert text[found.start : found.end] == "123-45-6789"


def test_partial_name_grows_to_the_hyphenated_name():
    text = "seen by Smith-Jones today"
    (found,) = resolve(text, [span(8, 13)])
    assert text[found.start : found.end] == "Smith-Jones"


def test_possessive_is_not_part_of_a_name():
    text = "Smith's daughter"
    (found,) = resolve(text, [span(0, 5)])
    assert text[found.start : found.end] == "Smith"


def test_a_date_keeps_its_borders_inside_a_longer_guess():
    text = "John Smith 03/04/2024 clinic"
    found = resolve(text, [span(0, 28), span(11, 21, Label.DATE, "patterns")])
    assert [(text[item.start : item.end], item.label) for item in found][1] == ("03/04/2024", Label.DATE)


def test_age_does_not_take_its_unit_along():
    text = "a 54yo man"
    (found,) = resolve(text, [span(2, 4, Label.AGE, "patterns")])
    assert text[found.start : found.end] == "54"


def test_a_place_right_before_a_chinese_institution_is_a_part_of_its_name():
    text = "转江西省回医医院"
    found = resolve(text, [span(1, 4, Label.STATE, by="patterns"), span(4, 8, Label.HOSPITAL, by="ner")])
    assert [(text[s.start : s.end], s.label) for s in found] == [("江西省回医医院", Label.HOSPITAL)]


def test_a_place_before_an_english_hospital_stays_its_own():
    text = "Ohio General Hospital"
    found = resolve(text, [span(0, 4, Label.STATE, by="patterns"), span(5, 21, Label.HOSPITAL, by="ner")])
    assert [s.label for s in found] == [Label.STATE, Label.HOSPITAL]


def test_an_address_goes_on_across_a_comma():
    text = "at 12 Shanti Nagar, Flat 3, Leeds"
    found = resolve(text, [span(3, 18, Label.ADDRESS, by="ner"), span(20, 26, Label.ADDRESS, by="patterns")])
    assert [text[s.start : s.end] for s in found] == ["12 Shanti Nagar, Flat 3"]


@pytest.mark.parametrize(
    ("text", "pieces", "label", "whole"),
    [
        ("seen at Nyalenda Dispensary on", ["Nyalenda"], Label.ORGANISATION, "Nyalenda Dispensary"),
        (
            "of Mardike & Rhodes Hospice at Home,",
            ["Mardike & Rhodes Hospice"],
            Label.HOSPITAL,
            "Mardike & Rhodes Hospice at Home",
        ),
        ("at Grounded Coffee Co. by", ["Grounded Coffee Co"], Label.ORGANISATION, "Grounded Coffee Co."),
        (
            "BLUE RIDGE ASSOCIATES, P.C.\n1400",
            ["BLUE RIDGE ASSOCIATES", "P.C"],
            Label.HOSPITAL,
            "BLUE RIDGE ASSOCIATES, P.C.",
        ),
        ("Wade Walk-In today", ["Wade Walk"], Label.HOSPITAL, "Wade Walk-In"),
        ("booked at Marsh & Pell today", ["Marsh", "Pell"], Label.ORGANISATION, "Marsh & Pell"),
        ("to 2200 block of Elm Ave, x", ["2200", "Elm Ave"], Label.ADDRESS, "2200 block of Elm Ave"),
        ("（闽南正和司法鉴定所）", ["闽南正和司"], Label.ORGANISATION, "闽南正和司法鉴定所"),
        ("Kyiv 9/18/13–9/26/13, then", ["9/18/13", "9/26/13"], Label.DATE, "9/18/13–9/26/13"),
    ],
)
def test_an_identifier_is_whole(text, pieces, label, whole):
    found = resolve(text, [span(text.index(piece), text.index(piece) + len(piece), label) for piece in pieces])
    assert [text[s.start : s.end] for s in found] == [whole]


@pytest.mark.parametrize(
    ("text", "pieces", "label"),
    [
        ("Tom and Lisa came", ["Tom", "Lisa"], Label.NAME),
        ("parents Tom & Lisa came", ["Tom", "Lisa"], Label.NAME),
        ("Boots and Lloyds", ["Boots", "Lloyds"], Label.ORGANISATION),
        ("at Walmart. Kroger called", ["Walmart", "Kroger"], Label.ORGANISATION),
        ("12 Elm St; 14 Oak Ave", ["12 Elm St", "14 Oak Ave"], Label.ADDRESS),
        (
            "04-MAR-2024-03-APR-2024",
            ["04-MAR-2024", "03-APR-2024"],
            Label.DATE,
        ),  # the date engine cannot move it as one
        ("on 9/18/13 and 9/26/13", ["9/18/13", "9/26/13"], Label.DATE),
        ("Boots, Superdrug", ["Boots", "Superdrug"], Label.ORGANISATION),
        ("Boots closed", ["Boots"], Label.ORGANISATION),
        ("协和到本市医院", ["协和"], Label.HOSPITAL),
        ("at Acme. Then", ["Acme"], Label.ORGANISATION),
    ],
)
def test_neighbours_that_are_two_stay_two(text, pieces, label):
    found = resolve(text, [span(text.index(piece), text.index(piece) + len(piece), label) for piece in pieces])
    assert [text[s.start : s.end] for s in found] == pieces
