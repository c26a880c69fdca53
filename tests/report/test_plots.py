"""Plots of lines and of two distributions, and the pages that hold them: everything is told in words as well."""

import re
import xml.etree.ElementTree as ET

import numpy as np

from onprem.evaluate.privacy.tables import screen_tables
from onprem.model import Metric
from onprem.report.svg import Axis, Charts, Point, Series, Two
from onprem.report.tables_page import render_tables
from onprem.report.training_page import Curve, training_page
from onprem.report.training_page import Point as Learnt
from onprem.report.training_page import Table as Measures
from onprem.table import Column, Kind, Table


def drawn(svg):
    return ET.fromstring(re.sub(r' class="[^"]*"', "", svg))


def test_lines_stand_at_their_values_and_say_them():
    series = [
        Series("synthetic", [Point(0, 10, 5, 15), Point(500, 40, 35, 45)]),
        Series("<real>", [Point(50, 30, 25, 35)]),
    ]
    svg = drawn(Charts().lines("F1", series, Axis("sentences"), Axis("per cent", 0, 100)))
    first, second = svg.findall("g")
    heights = [float(circle.get("cy")) for circle in first.findall("circle")]
    assert heights == [360 - 340 * 0.1, 360 - 340 * 0.4]
    places = [float(circle.get("cx")) for group in (first, second) for circle in group.findall("circle")]
    assert places[0] < places[2] < places[1]  # 0, 50, 500
    told = svg.find("desc").text
    assert told == "synthetic, from 10 at 0 to 40 at 500; <real>, from 30 at 50 to 30 at 50"
    assert [text.text for text in svg.findall("text")][:3] == ["0", "50", "500"]


def test_lines_of_nothing_are_a_picture_too():
    assert drawn(Charts().lines("F1", [], Axis("x"), Axis("y"))).find("desc").text == "nothing"


def test_two_distributions_stand_side_by_side_and_say_how_far_apart_they_are():
    svg = drawn(Charts().paired("age", [Two("young", 0.6, 0.5), Two("old", 0.4, 0.5)], "real", "synthetic"))
    bars = [float(bar.get("height")) for group in svg.findall("g") for bar in group.findall("rect")]
    assert bars == [198.0, 165.0, 132.0, 165.0]
    assert svg.find("desc").text == "real beside synthetic in 2 bins; 10.0% lies elsewhere"


def test_a_learning_curve_has_its_figures_as_a_table():
    curve = Curve("exact-span F1", "sentences", (Learnt(100, Metric(0.3, 0.2, 0.4, 9)), Learnt(500, None)))
    page = training_page("Training", [Measures("On dev", ("type", "F1"), [("disease", "30.0")])], [curve])
    assert "30.0 (20.0 to 40.0)" in page and page.count("<circle") == 1 and "–" in page
    assert "<script" not in page


def table_of(rows, seed):
    rng = np.random.default_rng(seed)
    return Table(
        "patients",
        (
            Column("patient_id", Kind.KEY, np.arange(rows, dtype=np.int32), tuple(f"key{n}" for n in range(rows))),
            Column("age", Kind.INTEGER, np.append(rng.integers(20, 80, rows - 1), 117).astype(np.float64)),
            Column("sex", Kind.CATEGORY, rng.integers(0, 2, rows).astype(np.int32), ("female", "male")),
            Column("place", Kind.CATEGORY, np.append(np.zeros(rows - 1), 1).astype(np.int32), ("town", "Qblimey")),
        ),
    )


def test_the_report_of_tables_shows_no_value_of_few_persons():
    real, unseen, made = ({"patients": table_of(400, seed)} for seed in (1, 2, 3))
    page = render_tables(screen_tables(made, real, unseen), real, made)
    assert page.count('class="columns"') >= 3 and "Columns of patients" in page
    assert "age:" in page and "female" in page
    assert "Qblimey" not in page and "117" not in page and "key1" not in page
    assert len(re.findall(r' id="[td]\d+"', page)) == len(set(re.findall(r' id="[td]\d+"', page)))
