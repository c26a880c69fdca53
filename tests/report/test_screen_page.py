"""The report of the privacy gate: every number with its words, rows by number, and no word that no measure earns."""

import math
import re

import pytest

from onprem.evaluate.privacy.contract import Bounds, Guarantee, Histogram, Measure, Result, Verdict
from onprem.evaluate.privacy.words import MEANING, beside, figure, interval, threshold
from onprem.model import Metric
from onprem.report.screen_page import render_screen

AUC = Measure(
    "membership-distance",
    Verdict.CANNOT_TELL,
    Metric(0.58, 0.49, 0.67, 160),
    Bounds(0.52, 0.60),
    figures={"detectable": 0.64},
    hint="about 131 records of each kind are needed to tell",
)
COPIES = Measure("copies", Verdict.FAIL, Metric(0.004, 0.001, 0.01, 500), counts={"runs": 2}, rows=(3, 41))
DRAWN = Histogram((0.0, 0.5, 1.0), (30, 50), (10, 70))


def result(*measures, **more):
    return Result("texts", measures, 500, 80, 80, **more)


def test_the_verdict_and_what_failed_come_first():
    page = render_screen(result(Measure("split", Verdict.PASS, Metric(0, 0, 0.04, 80), Bounds(0.02, 0.1)), AUC, COPIES))
    assert page.index("FAIL: this set may not leave") < page.index(MEANING["copies"].name)
    assert page.index(MEANING["copies"].name) < page.index(MEANING["membership-distance"].name)
    assert page.index(MEANING["membership-distance"].name) < page.index(MEANING["split"].name)
    assert AUC.hint in page and "3, 41" in page


def test_every_number_has_its_interval_and_threshold_in_words():
    page = render_screen(result(AUC, COPIES))
    for words in (
        "0.58",
        "0.49 to 0.67",
        "not above 0.52 for certain, and surely below 0.6",
        "0.40 %",
        "0.10 % to 1.00 %",
    ):
        assert words in page
    assert threshold(COPIES) == "none" and figure(COPIES, 0.004) == "0.40 %"
    assert (
        threshold(Measure("inference-worst", Verdict.PASS, bounds=Bounds(0.02, math.inf)))
        == "not above 2.00 % for certain"
    )
    assert "0.64 would have been found" in beside(AUC)
    assert interval(Measure("distance-ratio", Verdict.SHOWN, Metric(1, 1, 1, 5))) == ""


def test_distances_are_drawn_for_both_kinds():
    page = render_screen(result(AUC, histogram=DRAWN))
    assert "distance 0.00 to 0.50: seen 37.5%, never used 12.5%" in page


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        ((Verdict.PASS, Verdict.SHOWN, Verdict.NOT_ASKED), "PASS: no measure found"),
        ((Verdict.PASS, Verdict.NOT_MEASURED), "Incomplete: not everything was measured"),
        ((Verdict.NOT_ASKED,), "Incomplete: not everything was measured"),
        ((Verdict.PASS, Verdict.NOT_MEASURED, Verdict.CANNOT_TELL), "FAIL: this set may not leave"),
    ],
)
def test_the_verdict_of_all_is_that_of_the_worst(verdicts, words):
    assert words in render_screen(result(*(Measure("canaries", verdict) for verdict in verdicts)))


def test_a_guarantee_is_shown_as_what_the_card_states():
    stated = Guarantee(1.0, 1e-6, "MST", "one row added or removed")
    page = render_screen(result(COPIES, guarantee=stated))
    assert "1e-06" in page and "one row added or removed" in page and "not measured here" in page
    unsafe = render_screen(result(COPIES, guarantee=Guarantee(1.0, 1e-6, "", "", unsafe=True)))
    assert "guarantees nothing" in unsafe and "1e-06" not in unsafe
    assert "states none" in render_screen(result(COPIES))


def test_no_report_says_that_data_identify_nobody():
    pages = [render_screen(result(AUC, COPIES)), render_screen(result(Measure("split", Verdict.PASS)))]
    words = " ".join(words.name + words.asks for words in MEANING.values())
    assert not re.search("anonym", "".join([*pages, words]), re.IGNORECASE)


def test_a_page_of_another_report_can_hold_its_sections():
    from onprem.report.screen_page import sections
    from onprem.report.svg import Charts

    assert all(part in render_screen(result(COPIES)) for part in sections(result(COPIES), Charts()))
