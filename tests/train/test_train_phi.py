"""Training from end to end on little text: the folder it writes, its digests, and that the seed decides."""

import json
from itertools import cycle
from typing import ClassVar

import pytest

from onprem.detect.ner import load, spans_of
from onprem.errors import UsageError
from onprem.labels import Label
from onprem.tagged import parse
from onprem.train import phi
from onprem.train.encode import Encoder, learnt_as, seen
from onprem.train.measure import count, figures, hides


class Tiny:
    """A generator of four sentences."""

    LEARNT: ClassVar = {Label.NAME: Label.NAME, Label.BIRTH_DATE: Label.DATE, Label.DATE: Label.DATE}

    @staticmethod
    def documents(split, seed, data=None):
        names = {"train": "Ocampo", "dev": "Kowalczyk", "test": "Lindqvist"}[split]
        lines = (
            f"Seen by Dr. <NAME>{names}</NAME> today.",
            "The patient denies chest pain.",
            f"Dear Dr. <NAME>{names}</NAME>, born <BIRTH_DATE>3/4/1950</BIRTH_DATE> in <CITY>Rome</CITY>.",
            "Follow up in two weeks.",
        )
        return (parse(line) for line in cycle(lines))


def plan(**changes):
    values = {
        "characters": 30_000,
        "passes": 2,
        "shards": 2,
        "jobs": 1,  # the generator of this test does not exist in another process
        "batch_tokens": 300,
        "dev_documents": 8,
        "test_documents": 8,
    }
    return phi.Plan("en", **(values | changes))


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(phi, "generator_of", lambda _: Tiny)


def test_training_writes_a_model_that_loads_and_finds(tiny, tmp_path):
    meta = phi.train(plan(), tmp_path / "model")
    detector = load("en", tmp_path / "model")
    text = "Seen by Dr. Lindqvist today."
    assert [text[span.start : span.end] for span in spans_of(detector, text, lang="en")] == ["Lindqvist"]
    assert meta["test"]["character_recall"]["value"] == 1.0
    assert meta["test"]["over_redaction"]["value"] == 0.0
    card = (tmp_path / "model" / "card.md").read_text(encoding="utf-8")
    assert meta["digests"]["weights.npz"] in card
    assert json.loads((tmp_path / "model" / "meta.json").read_text(encoding="utf-8"))["command"].startswith(
        "onprem train phi"
    )


def test_the_seed_decides_every_byte(tiny, tmp_path):
    digests = [
        phi.train(plan(seed=seed, characters=24_000), tmp_path / str(index))["digests"]
        for index, seed in enumerate((1, 1, 2))
    ]
    assert digests[0] == digests[1]
    assert digests[0]["weights.npz"] != digests[2]["weights.npz"]


def test_an_unknown_language_is_refused():
    with pytest.raises(UsageError):
        phi.generator_of("xx")


def test_tags_follow_tokens_and_breaks():
    encoder = Encoder(("O", "B-NAME", "I-NAME"), {Label.NAME: Label.NAME})
    encoded = encoder.encode(parse("Dr. <NAME>Ana\nMcLee</NAME>, <CITY>Rome</CITY>"))
    assert encoded.words == ["Dr", ".", "Ana", "\n", "Mc", "Lee", ",", "Rome"]
    assert encoded.tags == [0, 0, 1, 2, 2, 2, 0, 0]


def test_spans_follow_the_view():
    shown = seen(parse("e\u0301a <NAME>Jose\u0301</NAME> ok"))
    assert [shown.text[span.start : span.end] for span in shown.spans] == ["José"]


def test_what_policies_keep_counts_for_nothing():
    assert not hides(Label.STATE, "Ohio")
    assert not hides(Label.AGE, "54")
    assert hides(Label.AGE, "91")
    document = learnt_as(
        parse("Ana Lee, <AGE>54</AGE>, of <STATE>Ohio</STATE>, <NAME>Bo</NAME>"), {label: label for label in Label}
    )
    counts = count(document, document.spans[1:2])  # the state alone is found
    assert (counts.gold, counts.covered, counts.over, counts.clean) == (2, 0, 0, 0)
    result = figures([counts, count(document, document.spans)], seed=1)
    assert result["character_recall"].value == 0.5
    assert result["clean_documents"].value == 0.5
    assert result["character_recall"].low <= 0.5 <= result["character_recall"].high
