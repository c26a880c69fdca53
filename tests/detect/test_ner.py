"""The named-entity detector: digests, offsets, long text, odd characters, silence."""

import json
import shutil
import warnings

import pytest

from onprem.detect.contract import Passage
from onprem.detect.ner import NAME, load, model_folder, windows
from onprem.detect.ner_features import BLANK, BREAK, GLUED, WIDE, norm, row, shape
from onprem.errors import ModelError
from onprem.labels import Label
from onprem.model import Kind
from onprem.text import tokenize, view

TEXT = (
    "Dear Dr. Kowalczyk,\nThank you for seeing Mrs. Maribel Ocampo (DOB 3/14/1961, MRN 8840127) of 12 Larch Street, "
    "Springfield, IL 62704. She was admitted to Mercy General Hospital on March 3, 2021 with pneumonia."
)


@pytest.fixture(scope="module")
def detector():
    return load("en")


def found(detector, text, **options):
    return detector.find([Passage(text, options.pop("lang", "en"), **options)])[0]


def test_finds_what_a_letter_holds(detector):
    spans = found(detector, TEXT)
    covered = {TEXT[span.start : span.end] for span in spans}
    for identifier in ("Kowalczyk", "Maribel Ocampo", "3/14/1961", "8840127", "12 Larch Street", "62704"):
        assert any(identifier in piece for piece in covered), identifier
    assert not any("pneumonia" in piece for piece in covered)
    assert all(span.by == frozenset({NAME}) and 0 <= span.score <= 1 for span in spans)


def test_a_result_does_not_depend_on_its_neighbours(detector):
    texts = [TEXT, "Seen by Lee.", "", "No complaints.", TEXT[40:], "x"]
    together = detector.find([Passage(text, "en") for text in texts])
    assert together == [found(detector, text) for text in texts]


def test_a_long_cell_gives_what_its_parts_give(detector):
    part = TEXT + "\n\n" + "The patient denies chest pain, cough and fever. " * 20 + "\n\n"
    text = part * 600  # about 600,000 characters
    assert len(text) > 600_000
    spans = found(detector, text)
    alone = found(detector, part)
    assert len(spans) >= 600 * (len(alone) - 1)
    middle = [span for span in spans if 300 * len(part) <= span.start < 301 * len(part)]
    shifted = {(span.start - 300 * len(part), span.end - 300 * len(part), span.label) for span in middle}
    inner = {(span.start, span.end, span.label) for span in alone if 60 < span.start < len(part) - 60}
    assert inner <= shifted


def test_windows_cover_every_token_once():
    text = "a b c " * 5_000
    laid = row(text, tokenize(text))
    counted = sum(high - low for _, (low, high) in windows(laid, 10))
    assert counted == len(laid.words)


@pytest.mark.parametrize(
    "text",
    [
        "\ud800",
        "Seen by Lee\ud83d.",
        "\x00\x00",
        "İstanbul'da Dr. Öztürk",
        "e\u0301" * 50,
        "\u200b",
        "\u0661\u0662",
        "𐐀" * 9,
        "A" * 100_000,
    ],
)
def test_odd_characters_are_harmless(detector, text):
    for searched in (text, view(text).text):
        for span in found(detector, searched):
            assert 0 <= span.start < span.end <= len(searched)


def test_fields_of_other_kinds_and_languages_are_left(detector):
    assert found(detector, TEXT, kind=Kind.CLINICAL) == []
    assert found(detector, TEXT, lang="zh") == []
    assert found(detector, TEXT, lang="mixed") == found(detector, TEXT)


def test_no_warning_is_given(detector):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found(detector, TEXT + "\ud800 \x00 " + "é" * 10)


def test_labels_are_of_the_vocabulary(detector):
    assert {span.label for span in found(detector, TEXT)} <= set(Label)


@pytest.mark.parametrize("name", ["weights.npz", "words.txt", "network.json"])
def test_a_changed_file_is_refused(tmp_path, name):
    shutil.copytree(model_folder("en"), tmp_path / "model")
    path = tmp_path / "model" / "phi" / name
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(ModelError, match="digest"):
        load("en", tmp_path / "model")


def test_a_missing_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match="missing"):
        load("en", tmp_path)


def test_a_model_of_another_language_is_refused(tmp_path):
    shutil.copytree(model_folder("en"), tmp_path / "model")
    with pytest.raises(ModelError, match="language"):
        load("zh", tmp_path / "model")


def test_pickled_weights_are_refused(tmp_path):
    import hashlib

    import numpy as np

    shutil.copytree(model_folder("en"), tmp_path / "model")
    weights = tmp_path / "model" / "phi" / "weights.npz"
    np.savez(weights, spacing=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    meta = json.loads((tmp_path / "model" / "meta.json").read_text())
    meta["digests"]["weights.npz"] = hashlib.sha256(weights.read_bytes()).hexdigest()
    (tmp_path / "model" / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(ModelError, match="form"):
        load("en", tmp_path / "model")


def test_rows_mark_lines_and_spacing():
    text = "A: b\n\nc  d\r\ne-f\tg"
    laid = row(text, tokenize(text))
    assert laid.words == ["A", ":", "b", BLANK, "c", "d", BREAK, "e", "-", "f", "g"]
    assert laid.source.tolist() == [0, 1, 2, -1, 3, 4, -1, 5, 6, 7, 8]
    assert laid.spacing[1] == GLUED
    assert laid.spacing[5] == WIDE
    assert laid.spacing[10] == WIDE


def test_forms_of_words():
    assert (norm("Müller"), norm("1987"), norm("54"), norm("8840127")) == ("muller", "19yy", "54", "ddddddd")
    assert (shape("McD"), shape("HELLO"), shape("12345"), shape("王")) == ("XxX", "XXXX", "ddddd", "文")
