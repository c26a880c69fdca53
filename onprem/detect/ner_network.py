"""The named-entity network in numpy: word features -> vectors -> dilated convolutions -> probabilities of BIO tags.

Beside its hashed features a word may have a vector that is not learnt here (see `ner_pieces`).

A word's vector depends on the word alone and is kept in a bounded table, so a token costs one look-up and the
convolutions. A token sees `reach` tokens to each side and no further, which makes cutting a long text exact.
Passages are laid end to end with `reach` rows of zeros between, so a result does not depend on its neighbours.

Weights are a zip of arrays (numpy's npz, half precision, read with pickle refused).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from onprem.detect.ner_features import COLUMNS, Hashes, feature_table
from onprem.detect.ner_pieces import Pieces

Floats = npt.NDArray[np.float32]
Parameters = dict[str, Floats]

# two hash functions of the table look-up: multiply and keep the high bits (Knuth, TAOCP 3, 6.4)
_MULTIPLIERS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)
_WORDS_KEPT = 60_000  # rows of the word table: 23 MB at width 96


@dataclass(frozen=True, slots=True)
class Shape:
    """The dimensions of a network. `rows` are those of the hashed tables, one per word feature."""

    tags: tuple[str, ...]
    width: int = 96
    features: int = 48
    pieces: int = 2
    rows: tuple[int, ...] = (10_000, 1_500, 6_000, 1_500, 6_000, 1_500)
    dilations: tuple[int, ...] = (1, 2, 4, 2, 1)
    given: int = 0  # columns of a word's vector that is given and not learnt

    @property
    def reach(self) -> int:
        """How many tokens to each side decide a token's tag."""
        return sum(self.dilations)


def buckets(features: Hashes, column: int, rows: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the two rows of a hashed table for each feature value of a column."""
    keys = features[:, column]
    first, second = ((keys * np.uint64(factor)) >> np.uint64(33) for factor in _MULTIPLIERS)
    return (first % np.uint64(rows)).astype(np.int64), (second % np.uint64(rows)).astype(np.int64)


def spread(vectors: Floats, dilation: int, out: Floats | None = None) -> Floats:
    """Lay beside each row the rows `dilation` before and after it (zeros beyond the ends): shape (n, 3 * width)."""
    count, width = vectors.shape
    wide = np.empty((count, 3 * width), dtype=np.float32) if out is None else out
    reach = min(dilation, count)
    wide[:reach, :width] = 0
    wide[reach:, :width] = vectors[: count - reach]
    wide[:, width : 2 * width] = vectors
    wide[count - reach :, 2 * width :] = 0
    wide[: count - reach, 2 * width :] = vectors[reach:]
    return wide


def normalise(values: Floats) -> tuple[Floats, Floats]:
    """Return rows with mean 0 and variance 1, and the inverse standard deviations, shape (n, 1). Changes `values`."""
    values -= values.mean(axis=1, keepdims=True)
    inverse = 1.0 / np.sqrt(np.einsum("ij,ij->i", values, values) / values.shape[1] + np.float32(1e-6))
    inverse = inverse.astype(np.float32)[:, None]
    values *= inverse
    return values, inverse


def words_forward(parameters: Parameters, shape: Shape, features: Hashes, given: Floats) -> Floats:
    """Return the vectors of words, shape (len(features), width). `given`: shape (len(features), shape.given)."""
    parts = []
    for column in range(COLUMNS):
        first, second = buckets(features, column, shape.rows[column])
        table = parameters[f"table{column}"]
        parts.append(table[first] + table[second])
    mixed = np.concatenate((*parts, given), axis=1) @ parameters["mix.weight"] + parameters["mix.bias"]
    best = mixed.reshape(len(features), shape.pieces, shape.width).max(axis=1)
    return normalise(best)[0] * parameters["mix.gain"] + parameters["mix.shift"]


def rows_forward(parameters: Parameters, shape: Shape, vectors: Floats) -> Floats:
    """Return the logits of tags for a sheet of word vectors, shape (n, len(tags)). Buffers are made once per sheet."""
    count, width = vectors.shape
    vectors = vectors.copy()
    wide = np.empty((count, 3 * width), dtype=np.float32)
    hidden = np.empty((count, shape.pieces * width), dtype=np.float32)
    best = np.empty((count, width), dtype=np.float32)
    for index, dilation in enumerate(shape.dilations):
        np.matmul(spread(vectors, dilation, wide), parameters[f"layer{index}.weight"], out=hidden)
        hidden += parameters[f"layer{index}.bias"]
        best[:] = hidden[:, :width]
        for piece in range(1, shape.pieces):
            np.maximum(best, hidden[:, piece * width : (piece + 1) * width], out=best)
        normalise(best)
        best *= parameters[f"layer{index}.gain"]
        best += parameters[f"layer{index}.shift"]
        vectors += best
    logits: Floats = vectors @ parameters["out.weight"] + parameters["out.bias"]
    return logits


def softmax(logits: Floats) -> Floats:
    """Return probabilities, row by row."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Floats = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def given_vectors(words: Sequence[str], pieces: Pieces | None) -> Floats:
    """Return the vectors of words that are given, shape (len(words), columns); no columns without pieces."""
    return np.zeros((len(words), 0), dtype=np.float32) if pieces is None else pieces.vectors(words)


@dataclass
class Network:
    """Weights ready for use, with a bounded table of the vectors of words met so far."""

    shape: Shape
    parameters: Parameters = field(repr=False)
    vocabulary: frozenset[str] = field(repr=False)
    pieces: Pieces | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Begin with no word known.

        Raises:
            ValueError: the shape asks for given vectors of another length than the pieces have.
        """
        if self.shape.given != (self.pieces.columns if self.pieces else 0):
            raise ValueError("the network and its word pieces do not agree")
        self._forget()

    def _forget(self) -> None:
        self._ids: dict[str, int] = {}
        self._vectors = np.zeros((1_024, self.shape.width), dtype=np.float32)

    def word_vectors(self, words: Sequence[str]) -> Floats:
        """Return the vector of each word, shape (len(words), width)."""
        try:
            return self._vectors[[self._ids[word] for word in words]]
        except KeyError:
            self._learn(words)
        return self._vectors[[self._ids[word] for word in words]]

    def _learn(self, words: Sequence[str]) -> None:
        new = list(dict.fromkeys(word for word in words if word not in self._ids))
        if len(self._ids) + len(new) > _WORDS_KEPT:
            self._forget()  # memory stays flat; the words of this call are learnt anew
            new = list(dict.fromkeys(words))
        known = len(self._ids)
        needed = known + len(new)
        if needed > len(self._vectors):
            grown = np.zeros((max(needed, 2 * len(self._vectors)), self.shape.width), dtype=np.float32)
            grown[:known] = self._vectors[:known]
            self._vectors = grown
        features = feature_table(new, self.vocabulary)
        given = given_vectors(new, self.pieces)
        self._vectors[known:needed] = words_forward(self.parameters, self.shape, features, given)
        self._ids.update(zip(new, range(known, needed), strict=True))

    def probabilities(self, rows: Sequence[tuple[Sequence[str], npt.NDArray[np.int8]]]) -> list[Floats]:
        """Return for each row (words, spacing) the probabilities of tags, shape (len(words), len(tags))."""
        gap = self.shape.reach
        total = gap + sum(len(words) + gap for words, _ in rows)
        sheet = np.zeros((total, self.shape.width), dtype=np.float32)
        position = gap
        for words, spacing in rows:
            end = position + len(words)
            if words:
                sheet[position:end] = self.word_vectors(words) + self.parameters["spacing"][spacing]
            position = end + gap
        found = softmax(rows_forward(self.parameters, self.shape, sheet))
        results = []
        position = gap
        for words, _ in rows:
            results.append(found[position : position + len(words)])
            position += len(words) + gap
        return results


def save_weights(path: Path, parameters: Parameters) -> None:
    """Write the weights in half precision; the same weights give the same bytes."""
    with path.open("wb") as out:
        np.savez(out, **{name: value.astype(np.float16) for name, value in sorted(parameters.items())})  # type: ignore[arg-type]


def read_weights(path: Path) -> Parameters:
    """Read weights as float32; pickled content is refused.

    Raises:
        OSError, ValueError: the file cannot be read as a zip of plain arrays.

    """
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name].astype(np.float32) for name in arrays.files}
