"""What a pre-trained encoder (BERT, here MiniLM-L6) says of words in context, computed in numpy, in single precision.

For making package data only: a plain forward pass over sentences of about the same length, no training, no padding by length
beyond a batch. Weights are read as raw numbers (`onprem.train.pieces.read_encoder`); nothing of a model's package is run.

Sources: J. Devlin et al., BERT (2019); W. Wang et al., MiniLM (2020).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from onprem.detect.ner_pieces import cut
from onprem.errors import UsageError
from onprem.text import fold
from onprem.train.pieces import EMBEDDINGS, Arrays, read_encoder

Floats = npt.NDArray[np.float32]

_HEADS = 12
_EPSILON = np.float32(1e-12)
_MOST_PIECES = 254  # of a sentence; what is behind them has no vector
_MOST_OF_WORD = 8
_BATCH = 2_048  # pieces of a batch, about


class Encoder:
    """The encoder. Its vectors have 384 dimensions."""

    def __init__(self, folder: Path) -> None:
        """Read `tokenizer.json` and `model.safetensors`.

        Raises:
            UsageError: they are missing, or are of another architecture.
        """
        self.vocabulary, self._weights = read_encoder(folder)
        if any(name not in self._weights for name in (EMBEDDINGS, "encoder.layer.0.attention.self.query.weight")):
            raise UsageError("the encoder is of another architecture than BERT")
        self._start, self._end, self._unknown = (self.vocabulary[name] for name in ("[CLS]", "[SEP]", "[UNK]"))
        self._layers = [
            _part(self._weights, f"encoder.layer.{number}.")
            for number in range(
                1 + max(int(name.split(".")[2]) for name in self._weights if name.startswith("encoder.layer"))
            )
        ]

    @property
    def width(self) -> int:
        """Dimensions of a vector."""
        return int(self._weights[EMBEDDINGS].shape[1])

    def given(self, word: str) -> Floats:
        """Return the mean input vector of a word's pieces."""
        pieces, _ = self._lay([word])
        mean: Floats = self._weights[EMBEDDINGS][pieces[1:-1]].mean(axis=0)
        return mean

    def vectors(self, sentences: Sequence[Sequence[str]]) -> Iterator[tuple[int, Floats]]:
        """Yield (place of the sentence, vector of each of its words): the mean over a word's pieces.

        Words beyond the longest sentence that is read get zeros. Order is by length.
        """
        laid = [self._lay(words) for words in sentences]
        order = sorted(range(len(laid)), key=lambda place: len(laid[place][0]))
        at = 0
        while at < len(order):
            longest = len(laid[order[min(at + 63, len(order) - 1)]][0])
            batch = order[at : at + max(1, min(64, _BATCH // longest))]
            at += len(batch)
            hidden = self._forward([laid[place][0] for place in batch])
            for row, place in enumerate(batch):
                pieces, firsts = laid[place]
                found = np.zeros((len(firsts), hidden.shape[-1]), dtype=np.float32)
                for word, (first, behind) in enumerate(zip(firsts, [*firsts[1:], len(pieces) - 1], strict=True)):
                    if first < behind:
                        found[word] = hidden[row, first:behind].mean(axis=0)
                yield place, found

    def _lay(self, words: Sequence[str]) -> tuple[list[int], list[int]]:
        """Return the pieces of a sentence with its ends, and the place of the first piece of each word."""
        pieces, firsts = [self._start], []
        for word in words:
            own = (cut(fold(word), self.vocabulary) or [self._unknown])[:_MOST_OF_WORD]
            if len(pieces) + len(own) > _MOST_PIECES:
                own = []
            firsts.append(len(pieces))
            pieces += own
        return [*pieces, self._end], firsts

    def _forward(self, batch: Sequence[Sequence[int]]) -> Floats:
        length = max(len(pieces) for pieces in batch)
        ids = np.zeros((len(batch), length), dtype=np.int64)
        mask = np.full((len(batch), 1, 1, length), np.float32(-1e9))
        for row, pieces in enumerate(batch):
            ids[row, : len(pieces)] = pieces
            mask[row, ..., : len(pieces)] = 0
        weights = self._weights
        hidden = weights[EMBEDDINGS][ids] + weights["embeddings.position_embeddings.weight"][:length]
        hidden = hidden + weights["embeddings.token_type_embeddings.weight"][0]
        hidden = _norm(hidden, weights["embeddings.LayerNorm.weight"], weights["embeddings.LayerNorm.bias"])
        for layer in self._layers:
            hidden = _layer(layer, hidden, mask)
        return hidden


def _part(weights: Arrays, prefix: str) -> Arrays:
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}


def _layer(layer: Arrays, hidden: Floats, mask: Floats) -> Floats:
    sentences, length, width = hidden.shape

    def linear(name: str, given: Floats) -> Floats:
        return given @ layer[f"{name}.weight"].T + layer[f"{name}.bias"]

    def heads(name: str) -> Floats:
        split = linear(f"attention.self.{name}", hidden).reshape(sentences, length, _HEADS, width // _HEADS)
        return split.transpose(0, 2, 1, 3)

    scores = heads("query") @ heads("key").transpose(0, 1, 3, 2) / np.float32(np.sqrt(width // _HEADS)) + mask
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    attended = (scores / scores.sum(axis=-1, keepdims=True)) @ heads("value")
    attended = linear("attention.output.dense", attended.transpose(0, 2, 1, 3).reshape(sentences, length, width))
    name = "attention.output.LayerNorm"
    hidden = _norm(hidden + attended, layer[f"{name}.weight"], layer[f"{name}.bias"])
    inner = linear("output.dense", _gelu(linear("intermediate.dense", hidden)))
    return _norm(hidden + inner, layer["output.LayerNorm.weight"], layer["output.LayerNorm.bias"])


def _gelu(given: Floats) -> Floats:
    from scipy.special import erf

    shaped: Floats = given * np.float32(0.5) * (1 + erf(given * np.float32(2**-0.5)))
    return shaped


def _norm(given: Floats, weight: Floats, bias: Floats) -> Floats:
    centred = given - given.mean(axis=-1, keepdims=True)
    spread = np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + _EPSILON)
    normed: Floats = centred / spread * weight + bias
    return normed
