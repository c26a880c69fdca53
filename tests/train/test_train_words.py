"""The encoder in numpy against a plain one, and the making of words from a tiny encoder."""

import json
import math

import numpy as np
import pytest

from onprem.errors import InputError, UsageError
from onprem.train import ner_words
from onprem.train.words import Plan, make_words, read_texts
from onprem.train.words_encoder import Encoder

WIDTH, LAYERS, INNER = 24, 2, 48
PIECES = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    *"abcdefghijklmnopqrstuvwxyz.",
    *(f"##{letter}" for letter in "abcdefghijklmnop"),
    "flu",
]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    """A folder as an encoder's makers ship it, with weights of chance."""
    folder = tmp_path_factory.mktemp("encoder")
    generator = np.random.default_rng(0)
    shapes = {
        "embeddings.word_embeddings.weight": (len(PIECES), WIDTH),
        "embeddings.position_embeddings.weight": (300, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
    }
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        for name in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes |= {f"{prefix}{name}.weight": (WIDTH, WIDTH), f"{prefix}{name}.bias": (WIDTH,)}
        shapes |= {f"{prefix}intermediate.dense.weight": (INNER, WIDTH), f"{prefix}intermediate.dense.bias": (INNER,)}
        shapes |= {f"{prefix}output.dense.weight": (WIDTH, INNER), f"{prefix}output.dense.bias": (WIDTH,)}
        for name in ("attention.output", "output"):
            shapes |= {f"{prefix}{name}.LayerNorm.weight": (WIDTH,), f"{prefix}{name}.LayerNorm.bias": (WIDTH,)}
    header, content = {}, b""
    for name, shape in shapes.items():
        values = generator.normal(0.0, 0.5, shape).astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(content), len(content) + len(values)]}
        content += values
    said = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(said).to_bytes(8, "little") + said + content)
    vocabulary = {name: place for place, name in enumerate(PIECES)}
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}), encoding="utf-8")
    return folder


def plain(weights, pieces):
    """The forward pass of BERT for one sentence, written with loops: slow, and easy to see that it is right."""

    def norm(x, name):
        return [
            [(v - sum(r) / WIDTH) / math.sqrt(sum((u - sum(r) / WIDTH) ** 2 for u in r) / WIDTH + 1e-12) * w + b
             for v, w, b in zip(r, weights[f"{name}.weight"], weights[f"{name}.bias"], strict=True)]
            for r in x
        ]  # fmt: skip

    def linear(x, name):
        weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
        return [[float(np.dot(row, out)) + float(b) for out, b in zip(weight, bias, strict=True)] for row in x]

    def added(x, y):
        return [[u + v for u, v in zip(a, b, strict=True)] for a, b in zip(x, y, strict=True)]

    table = weights["embeddings.word_embeddings.weight"]
    places = weights["embeddings.position_embeddings.weight"]
    kind = weights["embeddings.token_type_embeddings.weight"][0]
    x = [table[piece] + place + kind for piece, place in zip(pieces, places, strict=False)]
    x = norm([list(map(float, row)) for row in x], "embeddings.LayerNorm")
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        q, k, v = (linear(x, f"{prefix}attention.self.{name}") for name in ("query", "key", "value"))
        heard = [[0.0] * WIDTH for _ in pieces]
        size = WIDTH // 12
        for head in range(12):
            part = slice(head * size, (head + 1) * size)
            for place in range(len(pieces)):
                scores = [math.exp(float(np.dot(q[place][part], other[part])) / math.sqrt(size)) for other in k]
                for share, other in zip(scores, v, strict=True):
                    for at in range(part.start, part.stop):
                        heard[place][at] += share / sum(scores) * other[at]
        x = norm(added(x, linear(heard, f"{prefix}attention.output.dense")), f"{prefix}attention.output.LayerNorm")
        inner = [
            [u * 0.5 * (1 + math.erf(u / math.sqrt(2))) for u in row]
            for row in linear(x, f"{prefix}intermediate.dense")
        ]
        x = norm(added(x, linear(inner, f"{prefix}output.dense")), f"{prefix}output.LayerNorm")
    return np.array(x)


def test_the_encoder_computes_what_a_plain_one_does(encoder):
    read = Encoder(encoder)
    found = dict(read.vectors([["flu", "ab"], ["a"], ["Flu", "is", "bad", "."]]))
    pieces = [PIECES.index(name) for name in ("[CLS]", "flu", "a", "##b", "[SEP]")]
    wanted = plain(read._weights, pieces)
    assert np.allclose(found[0][0], wanted[1], atol=1e-3)
    assert np.allclose(found[0][1], wanted[2:4].mean(axis=0), atol=1e-3)


def test_sentences_do_not_change_their_neighbours(encoder):
    read = Encoder(encoder)
    alone = dict(read.vectors([["flu", "is", "bad"]]))[0]
    beside = dict(read.vectors([["a"], ["flu", "is", "bad"], ["b"] * 60]))[1]
    assert np.allclose(alone, beside, atol=1e-4)


def test_words_are_made_twice_the_same_and_taggers_begin_with_them(encoder, tmp_path):
    texts = ["flu is a bad end", "the end of a flu", "no flu here", "he had a cold and a cough"] * 30
    plan = Plan(encoder=encoder, texts=texts, names=["bad flu", "cold feed"], passes=120)
    metas = [make_words(plan, tmp_path / name) for name in ("first", "again")]
    assert metas[0] == metas[1]
    for name in ner_words.FILES:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert metas[0]["explained_of_it_on_held_out_sentences"] > 0.2
    words = (tmp_path / "first" / "words.txt").read_text(encoding="utf-8").split("\n")
    assert {"flu", "feed", "cough"} <= set(words) and len(words) == metas[0]["words"]
    nlp = ner_words.pipeline("en", tmp_path / "first")
    assert nlp.vocab["flu"].vector.any() and not nlp.vocab["zzz"].vector.any()
    assert "MiniLM" in (tmp_path / "first" / "card.md").read_text(encoding="utf-8")


def test_what_is_missing_is_a_clear_error(encoder, tmp_path):
    plan = Plan(encoder=tmp_path, texts=["a"], names=[])
    with pytest.raises(UsageError, match="encoder"):
        make_words(plan, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with pytest.raises(UsageError, match="exists"):
        make_words(Plan(encoder=encoder, texts=["a"], names=[]), tmp_path)
    with pytest.raises(InputError):
        read_texts(tmp_path)
