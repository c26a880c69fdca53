"""The thorough tier: what the encoder is shown, where it reads, how both networks are joined, what is refused."""

import hashlib
import json
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.detect import ner
from onprem.detect.contract import Passage
from onprem.detect.ner_encoder import doubtful, mix
from onprem.detect.ner_features import BREAK, row
from onprem.detect.ner_wordpiece import SPECIAL, WINDOW, WordPieces, windows
from onprem.errors import ModelError
from onprem.labels import Label
from onprem.text import tokenize

NOTE = (
    "Seen in clinic today. Plan: continue metformin, repeat the scan.\n"
    "Spoke to Wanjiru, who drives for Brightwater Coaches, about Tuesday.\n"
)


@pytest.fixture(scope="module")
def thorough():
    return ner.load("en", tier="thorough")


def laid(words, names=(*SPECIAL, "met", "##formin", "jo", "5")):
    return WordPieces(names).lay(words, np.zeros(len(words), dtype=np.int8))


def test_words_are_cut_greedily_and_unknown_ones_shown_as_such():
    names = (*SPECIAL, "met", "##formin", "jo", "5")
    shown = laid(["Metformin", "Jo", "qq", BREAK, "5"])
    assert [names[piece] for piece in shown.pieces] == ["met", "##formin", "jo", "[UNK]", "[BREAK]", "5"]
    assert shown.first.tolist() == [0, 2, 3, 4, 5, 6]


def test_the_form_tells_capitals_that_the_piece_has_lost():
    upper, title, lower = (laid([word]) for word in ("JO", "Jo", "jo"))
    assert upper.pieces.tolist() == title.pieces.tolist() == lower.pieces.tolist()
    assert len({tuple(shown.forms.tolist()) for shown in (upper, title, lower)}) == 3


def test_a_vocabulary_without_special_pieces_is_refused():
    with pytest.raises(ValueError, match="special"):
        WordPieces(("met", "jo"))


@given(st.lists(st.integers(1, 6), min_size=1, max_size=900))
def test_windows_count_each_word_once_and_fit(lengths):
    first = np.concatenate(([0], np.cumsum(lengths)))
    counted = []
    for window in windows(first, 0, len(lengths)):
        assert window.low <= window.start < window.end <= window.high
        assert first[window.high] - first[window.low] <= WINDOW - 2
        counted += range(window.start, window.end)
    assert counted == list(range(len(lengths)))


@given(st.lists(st.floats(0, 1), max_size=300), st.floats(0.001, 0.9))
def test_the_encoder_reads_every_doubtful_word_with_its_surroundings(values, gate):
    inside = np.array(values, dtype=np.float32)
    read = np.zeros(len(inside), dtype=bool)
    last = 0
    for start, end in doubtful(inside, gate):
        assert 0 <= last <= start < end <= len(inside)
        read[start:end] = True
        last = end
    for place in np.flatnonzero(inside >= np.float32(gate)):
        assert read[max(0, place - 16) : place + 17].all()


def test_a_mixture_of_equals_changes_nothing():
    some = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]], dtype=np.float32)
    assert np.allclose(mix(some, some, 0.7), some, atol=1e-4)
    assert np.allclose(mix(some, some[::-1], 1.0), some[::-1], atol=1e-4)


def test_it_finds_names_and_employers_and_leaves_drugs(thorough):
    (spans,) = thorough.find([Passage(NOTE, "en")])
    found = {(NOTE[span.start : span.end], span.label) for span in spans}
    assert ("Wanjiru", Label.NAME) in found
    assert any(text == "Brightwater Coaches" for text, _ in found)
    assert not any("metformin" in text for text, _ in found)


def test_a_result_depends_on_the_passage_alone(thorough):
    others = [Passage(f"Mr. Okafor lives in Leeds, room {number}.", "en") for number in range(5)]
    (alone,) = thorough.find([Passage(NOTE, "en")])
    assert thorough.find([*others, Passage(NOTE, "en"), *others])[5] == alone


def test_plain_findings_are_left_to_the_fast_network(thorough):
    both = thorough.network
    before = both.read
    thorough.find([Passage("The proteins were separated and the membrane was blocked for one hour.", "en")])
    assert both.read == before


def test_a_long_passage_is_read_in_windows(thorough):
    text = NOTE * 60
    (spans,) = thorough.find([Passage(text, "en")])
    assert sum(text[span.start : span.end] == "Wanjiru" for span in spans) >= 59


def test_both_networks_have_the_same_tags(thorough):
    laid_out = row(NOTE, tokenize(NOTE))
    (values,) = thorough.network.probabilities([(laid_out.words, laid_out.spacing)])
    assert values.shape == (len(laid_out.words), len(thorough.network.shape.tags))
    assert np.allclose(values.sum(axis=1), 1, atol=1e-3)


@pytest.mark.parametrize("name", ["encoder.json", "encoder.onnx", "vocabulary.txt"])
def test_a_changed_file_is_refused(tmp_path, name):
    home = tmp_path / "model"
    shutil.copytree(ner.model_folder("en", "thorough"), home)
    path = home / ner.ENCODER / name
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ModelError, match="wrong digest"):
        ner.load("en", tier="thorough", encoder=home)


@pytest.mark.parametrize(
    ("name", "content"),
    [("encoder.onnx", b"no graph"), ("vocabulary.txt", b"a\nb"), ("encoder.json", b'{"weight": 1}')],
)
def test_a_file_of_another_form_is_refused_though_its_card_agrees(tmp_path, name, content):
    home = tmp_path / "model"
    shutil.copytree(ner.model_folder("en", "thorough"), home)
    (home / ner.ENCODER / name).write_bytes(content)
    meta = json.loads((home / "meta.json").read_text(encoding="utf-8"))
    meta["digests"][name] = hashlib.sha256(content).hexdigest()
    (home / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    with pytest.raises(ModelError, match="expected form"):
        ner.load("en", tier="thorough", encoder=home)


def test_a_language_without_an_encoder_is_read_by_its_fast_network_in_either_tier():
    assert type(ner.load("zh", tier="thorough").network) is type(ner.load("zh").network)
    assert [name for name, _ in ner.digests_of("zh", "thorough")] == ["zh_phi"]
    assert [name for name, _ in ner.digests_of("en", "thorough")] == ["en_phi", "en_phi_thorough"]
    assert [name for name, _ in ner.digests_of("en", "fast")] == ["en_phi"]
