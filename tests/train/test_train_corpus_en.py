"""The English development corpus: well-formed, of the stated size, and of identities and templates never learnt from."""

import importlib.util
import json
from collections import Counter
from pathlib import Path

import pytest

from onprem.labels import Label
from onprem.tagged import parse, render
from onprem.train.generate.contract import SPLITS
from onprem.train.generate.written_notes import written

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
    assert [(note["id"], note["tagged"]) for note in corpus()] == [(name, tagged) for name, _, tagged in made]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_note_is_both_held_out_and_for_development_or_training(lang):
    def texts(path):
        with path.open(encoding="utf-8") as lines:
            return {parse(json.loads(line)["tagged"]).text for line in lines}

    home = HOME.parent / lang
    held, notes = texts(home / "held.jsonl"), texts(home / "notes.jsonl")
    assert len(held) >= 150
    assert not held & notes
    learnt = {note.text for split in SPLITS for note in written(lang, split)}
    assert learnt and not learnt & (held | notes)
