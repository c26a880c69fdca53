"""The report is well formed, fetches and runs nothing, escapes what it shows, and tells every count."""

import itertools
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from onprem.labels import MEANING, Label
from onprem.model import Finding, Kind, Reason, Severity
from onprem.report.html import render_run
from onprem.summary import PlacedColumn, PolicySummary, RunSummary, SourceSummary

COLUMNS = (
    PlacedColumn(1, Kind.IDENTIFIER, Label.RECORD_NUMBER, "mrn", "code"),
    PlacedColumn(2, Kind.IDENTIFIER, Label.NAME, "", "surrogate"),
    PlacedColumn(3, Kind.TEXT, None, "note", "searched"),
    PlacedColumn(4, Kind.CLINICAL, None, "sex", "kept"),
    PlacedColumn(5, Kind.UNKNOWN),
)
SUMMARY = RunSummary(
    run="a1b2c3d4",
    started="2024-06-01T08:30:00+00:00",
    seconds=75.4,
    jobs=2,
    policy=PolicySummary(
        "hipaa-safe-harbor", "HIPAA Safe Harbor, 45 CFR 164.514(b)(2)", "ab" * 32, tuple((x, "redact") for x in Label)
    ),
    sources=(
        SourceSummary(0, "delimited", 1203, 1201, 2, 90_000, COLUMNS),
        SourceSummary(1, "text", 44, 44, 0, 120_000),
        SourceSummary(2, "parquet", 61, 0, 61, 40_000, published=False),
    ),
    held=((Reason.LEAK, 61), (Reason.STRUCTURE, 2)),
    held_fields=40,
    identifiers=((Label.NAME, 3120), (Label.DATE, 1875), (Label.PHONE, 420), (Label.BED, 3)),
    detectors=(("patterns", 2704), ("ner-en", 1980), ("roster", 1401), ("propagated", 88)),
    gate=(
        Finding("shape", Severity.ERROR, "source 2", "3 found, first in record 7", "look at the record in its source"),
    ),
    gate_values=5418,
    versions=(("onprem-hospital", "0.1.0"), ("spacy", "3.8.18")),
    models=(("phi-en", "cd" * 32),),
)


def tree(html):
    """Parse as XML after closing the void elements."""
    body = re.sub(r"<(meta[^>]*)>", r"<\1/>", html.removeprefix("<!DOCTYPE html>\n"))
    return ET.fromstring(re.sub(r"<style>.*?</style>", "", body, flags=re.DOTALL))


def text(html):
    return " ".join(" ".join(tree(html).itertext()).split())


def test_every_count_is_told():
    shown = text(render_run(SUMMARY))
    for words in (
        "1,308",
        "1,245",
        "63",
        "and 40 single fields",
        "3,120",
        "2,704",
        "5,418 values",
        "75.4 s",
        "a1b2c3d4",
    ):
        assert words in shown, words
    assert MEANING[Label.NAME].words in shown and "shape" in shown and "ab" * 32 in shown
    assert "held: leak gate" in shown and "held: structure" in shown


def test_the_verdict_follows_the_gate_then_what_is_held():
    assert "leak gate found something" in render_run(SUMMARY)
    held = replace(SUMMARY, gate=())
    assert "some content is held" in render_run(held)
    clean = replace(held, held=(), held_fields=0, sources=(SourceSummary(0, "text", 5, 5, 0, 10),))
    assert "Every record was released" in render_run(clean)


def test_nothing_is_fetched_and_nothing_runs():
    html = render_run(SUMMARY)
    assert "default-src 'none'" in html
    for banned in ("<script", "<link", "<img", "<iframe", "@import", "http://", "https://", "javascript:"):
        assert banned not in html, banned
    assert not re.search(r"<[^>]* on\w+=", html)
    assert not re.search(r"url\((?!#held[1-4]\))", html)


def test_every_chart_says_in_words_what_it_shows():
    ids = []
    for svg in tree(render_run(SUMMARY)).iter("svg"):
        if svg.get("aria-hidden") == "true":
            continue
        named = {child.get("id") for child in svg if child.tag in {"title", "desc"} and child.text}
        assert svg.get("role") == "img" and set(svg.get("aria-labelledby").split()) == named
        ids += named
    assert len(ids) == len(set(ids)) and len(ids) >= 16


def test_a_stacked_bar_is_cut_by_the_shares():
    bar = tree(render_run(SUMMARY)).find(".//svg[@class='whole']")
    rectangles = [(float(shape.get("x", 0)), float(shape.get("width"))) for shape in bar.findall("rect")][1:]
    assert rectangles[0][1] == pytest.approx(1000 * 1245 / 1308, abs=8)  # the smallest part takes a little
    for before, after in itertools.pairwise(rectangles):
        assert after[0] == pytest.approx(sum(before), abs=0.02)
    assert sum(rectangles[-1]) == pytest.approx(1000, abs=0.02)
    assert min(width for _, width in rectangles) > 7  # 2 of 1,308 can still be seen


def test_files_of_which_nothing_is_to_be_told_apart_share_a_row():
    texts = tuple(SourceSummary(index, "text", 1, 1, 0, 100) for index in range(3, 90))
    held = SourceSummary(90, "text", 1, 0, 1, 0, published=False)
    shown = text(render_run(replace(SUMMARY, sources=(*SUMMARY.sources, *texts, held))))
    assert "3 to 89 text 87 87 0 published" in shown
    assert "90 text 1 0 1 held" in shown


def test_what_the_hospital_typed_is_escaped():
    hostile = "<b>\"x\" & 'y'</b>"
    policy = replace(SUMMARY.policy, name=hostile, title=hostile)
    columns = (PlacedColumn(1, Kind.TEXT, None, hostile, hostile),)
    sources = (SourceSummary(0, hostile, 1, 1, 0, 1, columns),)
    html = render_run(replace(SUMMARY, policy=policy, sources=sources, versions=((hostile, hostile),), run=hostile))
    assert "<b>" not in html
    assert hostile in "".join(tree(html).itertext())


def test_an_empty_run():
    nothing = replace(SUMMARY, sources=(), held=(), held_fields=0, identifiers=(), detectors=(), gate=(), seconds=0.0)
    assert "No record was read" in text(render_run(nothing))
