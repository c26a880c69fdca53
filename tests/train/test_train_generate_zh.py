"""The Chinese generator: determinism, spans, disjoint splits of identities and templates, carriers kept for measuring."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onprem.labels import Label
from onprem.tagged import parse, render
from onprem.train.generate import zh, zh_carriers, zh_noise
from onprem.train.generate.contract import SPLITS, split_of
from onprem.train.generate.zh_forms import pool, templates
from onprem.train.generate.zh_institutions import Institutions
from onprem.train.generate.zh_layouts import KINDS, write
from onprem.train.generate.zh_people import People
from onprem.train.generate.zh_places import Places

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the development data are not beside this checkout")


def test_the_same_seed_gives_the_same_documents_and_another_seed_others():
    first, again, other = ([render(d) for d in islice(zh.documents("train", seed), 60)] for seed in (4, 4, 5))
    assert first == again
    assert not set(first) & set(other)


@pytest.mark.parametrize("split", SPLITS)
def test_spans_are_sorted_apart_and_without_white_space_at_their_ends(split):
    for document in islice(zh.documents(split, 1), 200):
        position = 0
        for span in document.spans:
            assert position <= span.start < span.end <= len(document.text)
            assert document.text[span.start : span.end] == document.text[span.start : span.end].strip()
            position = span.end
        assert parse(render(document)) == document


def test_every_template_belongs_to_exactly_one_split():
    for name, text in templates().items():
        lines = [pool(name, split) for split in SPLITS]
        assert sum(map(len, lines)) == len(text)
        assert all(split_of(line) == split for split, part in zip(SPLITS, lines, strict=True) for line in part)


@pytest.mark.parametrize(
    "draw",
    [
        lambda split, random: People(split, random).name(),
        lambda split, random: People(split, random).latin_name(),
        lambda split, random: Institutions(split, random).hospital(),
        lambda split, random: Institutions(split, random).organisation(),
        lambda split, random: Places(split, random).estate(),
    ],
    ids=["name", "latin name", "hospital", "organisation", "estate"],
)
def test_identities_of_the_splits_are_disjoint(draw):
    drawn = {split: {draw(split, Random(seed)) for seed in range(400)} for split in SPLITS}
    assert not drawn["train"] & drawn["dev"]
    assert not drawn["train"] & drawn["test"]
    assert not drawn["dev"] & drawn["test"]


def test_full_names_in_documents_belong_to_the_split_of_the_document():
    hospitals = {"train": set(), "test": set()}
    for split, found in hospitals.items():
        for document in islice(zh.documents(split, 2), 400):
            spans = (s for s in document.spans if s.label is Label.HOSPITAL and s.end - s.start > 8)
            found |= {document.text[s.start : s.end] for s in spans}
    assert len(hospitals["test"]) > 50
    assert not hospitals["train"] & hospitals["test"]


def test_all_kinds_of_documents_are_written():
    for kind in KINDS:
        texts = [write(kind, "train", Random(seed), None).tagged().text for seed in range(8)]
        assert any(texts), kind


def test_most_labels_of_the_vocabulary_occur():
    seen = {span.label for document in islice(zh.documents("train", 9), 500) for span in document.spans}
    assert set(zh.LEARNT) - {Label.FAX, Label.URL, Label.SSN} <= seen


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_noise_keeps_spans_on_their_identities(seed, noise):
    document = next(islice(zh.documents("train", seed), 1))
    changed = zh_noise.noisy(document, Random(noise))
    assert len(changed.spans) <= len(document.spans)
    for span in changed.spans:
        assert changed.text[span.start : span.end].strip()
    if len(changed.text) == len(document.text):
        assert [(s.start, s.end) for s in changed.spans] == [(s.start, s.end) for s in document.spans]


def test_injection_adds_identities_and_keeps_the_words_of_the_text():
    texts = ["医生您好，我最近总是头晕，想做个检查。请问需要注意什么？", "患者昨天开始腹痛，没有发热。平时血压高。"]
    for text, tagged in zip(texts, zh.inject(texts, 1, "test"), strict=True):
        assert tagged.spans
        assert "头晕" in tagged.text or "腹痛" in tagged.text, text


def test_a_carrier_with_an_identifier_is_dropped_and_ages_are_tagged():
    cleaner = zh_carriers.Cleaner()
    assert cleaner.tag("我在成都市第三人民医院看过") is None
    assert cleaner.tag("2008年查出来的") is None
    tagged = cleaner.tag("我今年35岁，有高血压")
    assert tagged is not None
    assert [tagged.text[s.start : s.end] for s in tagged.spans] == ["35岁"]


@needs_data
def test_the_half_kept_for_measuring_is_never_learnt_from():
    rows = zh_carriers.read_rows(DATA)
    kept = [row for row in rows if zh_carriers.measured(row)]
    assert 0.45 < len(kept) / len(rows) < 0.55
    own = {row for row in rows if not zh_carriers.measured(row)}
    only_kept = {line for row in kept for line in row.split("\n")} - {line for row in own for line in row.split("\n")}
    learnt = {sentence.text for sentence in zh_carriers.sentences(DATA, "dev")}
    assert learnt
    assert not learnt & only_kept
