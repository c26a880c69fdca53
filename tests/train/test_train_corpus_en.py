"""The English development corpus: well-formed, of the stated size, and of identities and templates never learnt from."""

import importlib.util
import json
from collections import Counter
from pathlib import Path

import pytest

from onprem.labels import Label
from onprem.tagged import parse, render

HOME = Path(__file__).parents[1] / "corpus" / "en"


def corpus():
    with (HOME / "notes.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_the_corpus_is_well_formed():
    notes = corpus()
    assert len(notes) >= 320
    assert len({note["id"] for note in notes}) == len(notes)
    counts = Counter()
    for note in notes:
        document = parse(note["tagged"])
        assert render(document) == note["tagged"]
        for span in document.spans:
            inside = document.text[span.start : span.end]
            assert inside == inside.strip() and inside
            counts[span.label] += 1
    assert counts[Label.NAME] > 400
    assert all(
        counts[label] >= 20 for label in (Label.DATE, Label.HOSPITAL, Label.CITY, Label.PHONE, Label.RECORD_NUMBER)
    )
    assert sum(not parse(note["tagged"]).spans for note in notes) >= 15


def test_the_corpus_comes_from_the_test_split():
    for package in ("faker", "simple_icd_10_cm", "spacy_lookups_data"):
        pytest.importorskip(package, reason="needed only to make training text, see docs/detectors-ner.md")
    spec = importlib.util.spec_from_file_location("make_corpus_en", HOME / "make.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    made = [*make.handwritten(), *make.generated()]
    assert [(note["id"], note["tagged"]) for note in corpus()] == made
