"""Word pieces: cut as WordPiece cuts, decided by the word alone, silent about what is no word."""

import json

import numpy as np
import pytest

from onprem.detect.ner_network import Network, Shape
from onprem.detect.ner_pieces import FILES, Pieces, read_pieces
from onprem.errors import UsageError
from onprem.train.pieces import make_pieces

NAMES = ("tall", "##aha", "##ssee", "tallah", "a", "##a")
TABLE = np.arange(12, dtype=np.int8).reshape(6, 2)


@pytest.fixture
def pieces():
    return Pieces(NAMES, TABLE, np.array([1.0, 0.5], dtype=np.float32))


def test_the_longest_piece_is_taken_first_and_not_given_back(pieces):
    assert [NAMES[place] for place in pieces.cut("TALLAHA")] == ["tallah", "##a"]
    assert pieces.cut("tallahx") == []
    assert [NAMES[place] for place in pieces.cut("Á")] == ["a"]


def test_a_vector_is_the_mean_of_its_pieces_and_their_number(pieces):
    both, one, none = pieces.vectors(["tallaha", "a", "b"])
    assert both.tolist() == [(6 + 10) / 2, (7 + 11) / 4, 0, 1, 0, 0]
    assert one.tolist() == [8, 4.5, 1, 0, 0, 0]
    assert not none.any()


@pytest.mark.parametrize("word", ["2024", "-", "\n", "", "\u4e2d", "a1", "a" * 41])
def test_numbers_marks_and_han_have_no_vector(pieces, word):
    assert not pieces.vectors([word]).any()


def test_pieces_and_vectors_must_agree(pieces):
    with pytest.raises(ValueError, match="do not agree"):
        Pieces(NAMES[:3], TABLE, np.ones(2))
    with pytest.raises(ValueError, match="do not agree"):
        Network(Shape(("O", "B-NAME", "I-NAME"), given=1), {}, frozenset(), pieces)


def test_pieces_are_made_from_an_encoder_and_read_back(tmp_path):
    words = ["[PAD]", "[UNK]", "!", "smith", "jones", "##son", "aspirin", "ibuprofen", "12"]
    random = np.random.default_rng(1)
    values = random.normal(size=(len(words), 8)).astype("<f4")
    values[4] = values[3] + 0.01
    values[7] = values[6] + 0.01
    encoder = tmp_path / "encoder"
    encoder.mkdir()
    vocabulary = {"model": {"vocab": {word: place for place, word in enumerate(words)}}}
    (encoder / "tokenizer.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    entry = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [0, values.nbytes]}
    header = json.dumps({"embeddings.word_embeddings.weight": entry}).encode()
    (encoder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + values.tobytes())
    make_pieces(encoder, tmp_path / "out", dimensions=4)
    assert (tmp_path / "out" / FILES[0]).read_text(encoding="utf-8").split("\n") == [
        "smith", "jones", "##son", "aspirin", "ibuprofen"
    ]  # fmt: skip
    smith, jones, aspirin, ibuprofen = read_pieces(tmp_path / "out").vectors(["Smith", "JONES", "aspirin", "Ibuprofen"])
    apart = np.linalg.norm(smith - aspirin)
    assert np.linalg.norm(smith - jones) < apart / 10
    assert np.linalg.norm(aspirin - ibuprofen) < apart / 10


def test_an_encoder_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(UsageError):
        make_pieces(tmp_path, tmp_path / "out")
    assert read_pieces(tmp_path) is None
