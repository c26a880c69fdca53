"""The Chinese development corpus: its make-up, and what patterns and the shipped model find in it together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onprem.detect.ensemble import Ensemble
from onprem.labels import Label
from onprem.tagged import Gold, Tagged, parse
from onprem.train.encode import seen
from onprem.train.measure import count, figures

NOTES = Path(__file__).parents[1] / "corpus" / "zh" / "notes.jsonl"
# the Chinese table of the design's deid.md, and what its records hold beside
PRESENT = set(Label) - {
    Label.FAX,
    Label.SSN,
    Label.URL,
    Label.IP_ADDRESS,
    Label.BIOMETRIC,
    Label.PHOTO,
}


def notes() -> list[dict[str, str]]:
    return [json.loads(line) for line in NOTES.read_text(encoding="utf-8").splitlines()]


def documents(prefix: str = "") -> list[Tagged]:
    return [seen(parse(note["tagged"])) for note in notes() if note["id"].startswith(prefix)]


@pytest.fixture(scope="module")
def detectors():
    return Ensemble.load(langs=("zh",))


def figures_of(detectors, texts: list[Tagged]) -> dict[str, float]:
    found = detectors.find([document.text for document in texts], lang="zh")
    counts = [
        count(document, [Gold(span.start, span.end, span.label) for span in spans])
        for document, spans in zip(texts, found, strict=True)
    ]
    return {name: metric.value for name, metric in figures(counts, seed=0).items()}


def test_the_corpus_is_large_and_of_all_kinds_lengths_and_labels():
    all_notes = notes()
    texts = [parse(note["tagged"]) for note in all_notes]
    assert len(texts) >= 320
    assert len({note["id"] for note in all_notes}) == len(all_notes)
    assert len({note["kind"] for note in all_notes}) >= 25
    assert min(len(text.text) for text in texts) < 30
    assert max(len(text.text) for text in texts) > 500
    assert {span.label for text in texts for span in text.spans} >= PRESENT
    assert sum(not text.spans for text in texts) >= 20


def test_all_detectors_together_hide_nearly_all(detectors):
    result = figures_of(detectors, documents())
    assert result["character_recall"] >= 0.985, result
    assert result["identifiers_hidden"] >= 0.96, result
    assert result["over_redaction"] <= 0.018, result  # a guard against worse; the goal is 0.01


def test_everyday_notes_written_by_hand_are_hidden_whole(detectors):
    result = figures_of(detectors, documents("written-c"))
    assert result["identifiers_hidden"] >= 0.99, result
    assert result["over_redaction"] <= 0.015, result


def test_clinical_text_without_identifiers_stays(detectors):
    texts = [document for document in documents() if not document.spans]
    assert figures_of(detectors, texts)["over_redaction"] <= 0.02


def test_spacing_and_full_width_hide_nothing_from_the_search(detectors):
    plain = "姓名：王建国，男，58岁，电话13800138000，于2024年3月5日入住心内科12床。"
    full = plain.translate({ord(c): chr(ord(c) + 0xFEE0) for c in "0123456789"})
    for text in (plain, full, plain.replace("，", " "), plain.replace("：", "")):
        spans = list(detectors.find([seen(Tagged(text, ())).text], lang="zh")[0])
        covered = {position for span in spans for position in range(span.start, span.end)}
        at = text.index("王建国")
        assert {at, at + 1, at + 2} <= covered, text
