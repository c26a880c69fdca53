"""Learning the named-entity network: its backward pass and the Adam optimiser, beside `onprem.detect.ner_network`.

The forward pass here computes what `ner_network` computes (a test compares them), and keeps what the gradients need.
Everything is decided by the seed: no thread, no clock and no hash order takes part.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from onprem.detect.ner_features import COLUMNS, SPACINGS, Hashes
from onprem.detect.ner_network import Floats, Parameters, Shape, buckets, normalise, softmax, spread

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Batch:
    """A sheet of tokens to learn from. Rows of `words` equal to -1 are the zeros between documents."""

    features: Hashes  # of the different words of the batch
    given: Floats  # vectors of these words that are not learnt, shape (words, shape.given)
    words: Ints  # (n,) index into features
    spacing: npt.NDArray[np.int8]  # (n,)
    tags: Ints  # (n,) index of the gold tag
    weights: Floats  # (n,) of the loss; 0 between documents


def initial(shape: Shape, generator: np.random.Generator) -> Parameters:
    """Return random parameters: uniform tables, Glorot-uniform weights."""

    def glorot(rows: int, columns: int) -> Floats:
        bound = np.sqrt(6.0 / (rows + columns))
        return generator.uniform(-bound, bound, (rows, columns)).astype(np.float32)

    width, wide = shape.width, shape.width * shape.pieces
    parameters: Parameters = {
        f"table{column}": generator.uniform(-0.1, 0.1, (rows, shape.features)).astype(np.float32)
        for column, rows in enumerate(shape.rows)
    }
    parameters["mix.weight"] = glorot(COLUMNS * shape.features + shape.given, wide)
    parameters["spacing"] = generator.uniform(-0.1, 0.1, (SPACINGS, width)).astype(np.float32)
    for index in range(len(shape.dilations)):
        parameters[f"layer{index}.weight"] = glorot(3 * width, wide)
    for name in ["mix", *(f"layer{index}" for index in range(len(shape.dilations)))]:
        parameters[f"{name}.bias"] = np.zeros(wide, dtype=np.float32)
        parameters[f"{name}.gain"] = np.ones(width, dtype=np.float32)
        parameters[f"{name}.shift"] = np.zeros(width, dtype=np.float32)
    parameters["out.weight"] = np.zeros((width, len(shape.tags)), dtype=np.float32)
    parameters["out.bias"] = np.zeros(len(shape.tags), dtype=np.float32)
    return parameters


@dataclass
class _Maxout:
    """One maxout layer with layer normalisation, and what its gradient needs."""

    shape: Shape
    parameters: Parameters
    name: str
    inputs: Floats = field(init=False)
    which: npt.NDArray[np.int8] = field(init=False)
    normal: Floats = field(init=False)
    inverse: Floats = field(init=False)

    def forward(self, inputs: Floats) -> Floats:
        get = self.parameters
        hidden = inputs @ get[f"{self.name}.weight"] + get[f"{self.name}.bias"]
        width = self.shape.width
        self.inputs = inputs
        self.which = np.zeros((len(inputs), width), dtype=np.int8)
        best = hidden[:, :width].copy()
        for piece in range(1, self.shape.pieces):
            cut = hidden[:, piece * width : (piece + 1) * width]
            self.which[cut > best] = piece
            np.maximum(best, cut, out=best)
        self.normal, self.inverse = normalise(best)
        result: Floats = self.normal * get[f"{self.name}.gain"] + get[f"{self.name}.shift"]
        return result

    def backward(self, upper: Floats, gradients: Parameters) -> Floats:
        gradients[f"{self.name}.gain"] = np.einsum("ij,ij->j", upper, self.normal)
        gradients[f"{self.name}.shift"] = upper.sum(axis=0)
        inner = upper * self.parameters[f"{self.name}.gain"]
        along = np.einsum("ij,ij->i", inner, self.normal)[:, None] / self.shape.width
        inner = self.inverse * (inner - inner.mean(axis=1, keepdims=True) - self.normal * along)
        hidden = np.concatenate([inner * (self.which == piece) for piece in range(self.shape.pieces)], axis=1)
        gradients[f"{self.name}.weight"] = self.inputs.T @ hidden
        gradients[f"{self.name}.bias"] = hidden.sum(axis=0)
        result: Floats = hidden @ self.parameters[f"{self.name}.weight"].T
        return result


def unspread(wide: Floats, dilation: int) -> Floats:
    """Gather gradients of `spread` back to its input."""
    width = wide.shape[1] // 3
    narrow = wide[:, width : 2 * width].copy()
    narrow[:-dilation] += wide[dilation:, :width]
    narrow[dilation:] += wide[:-dilation, 2 * width :]
    return narrow


def learn(
    parameters: Parameters, shape: Shape, batch: Batch, *, dropout: float, generator: np.random.Generator
) -> tuple[float, Parameters]:
    """Return the mean weighted cross-entropy of a batch and its gradients; `dropout`: share of inputs silenced."""
    mixer = _Maxout(shape, parameters, "mix")
    rows = [buckets(batch.features, column, shape.rows[column]) for column in range(COLUMNS)]
    looked = np.concatenate(
        [
            *(
                parameters[f"table{column}"][first] + parameters[f"table{column}"][second]
                for column, (first, second) in enumerate(rows)
            ),
            batch.given,
        ],
        axis=1,
    )
    vectors = mixer.forward(looked)
    real = batch.words >= 0
    sheet = np.zeros((len(batch.words), shape.width), dtype=np.float32)
    sheet[real] = vectors[batch.words[real]] + parameters["spacing"][batch.spacing[real]]
    masks = []
    layers = []
    hidden = sheet
    for index, dilation in enumerate(shape.dilations):
        mask = (generator.random(hidden.shape, dtype=np.float32) >= dropout).astype(np.float32) / (1 - dropout)
        layer = _Maxout(shape, parameters, f"layer{index}")
        hidden = hidden + layer.forward(spread(hidden * mask, dilation))
        masks.append(mask)
        layers.append(layer)
    probabilities = softmax(hidden @ parameters["out.weight"] + parameters["out.bias"])
    at = np.arange(len(batch.tags))
    total = float(batch.weights.sum())
    loss = float(-(np.log(probabilities[at, batch.tags] + 1e-9) * batch.weights).sum() / total)

    gradients: Parameters = {}
    logits = probabilities
    logits[at, batch.tags] -= 1
    logits *= (batch.weights / total)[:, None]
    gradients["out.weight"] = hidden.T @ logits
    gradients["out.bias"] = logits.sum(axis=0)
    upper = logits @ parameters["out.weight"].T
    for index in reversed(range(len(shape.dilations))):
        inner = layers[index].backward(upper, gradients)
        upper = upper + unspread(inner, shape.dilations[index]) * masks[index]
    upper = upper[real]
    gradients["spacing"] = np.stack([upper[batch.spacing[real] == value].sum(axis=0) for value in range(SPACINGS)])
    words = _add_rows(upper, batch.words[real], len(batch.features))
    inner = mixer.backward(words, gradients)
    for column, (first, second) in enumerate(rows):
        part = inner[:, column * shape.features : (column + 1) * shape.features]
        both = np.concatenate([part, part])
        gradients[f"table{column}"] = _add_rows(both, np.concatenate([first, second]), shape.rows[column])
    return loss, gradients


def _add_rows(values: Floats, places: Ints, count: int) -> Floats:
    """Sum the rows of `values` that belong to the same place: shape (count, width)."""
    order = np.argsort(places, kind="stable")
    sorted_places = places[order]
    firsts = np.flatnonzero(np.r_[True, sorted_places[1:] != sorted_places[:-1]])
    summed = np.zeros((count, values.shape[1]), dtype=np.float32)
    if len(places):
        summed[sorted_places[firsts]] = np.add.reduceat(values[order], firsts, axis=0)
    return summed


@dataclass
class Adam:
    """The optimiser of Kingma & Ba (2015) with gradients clipped to norm 1 and a moving average of the parameters."""

    parameters: Parameters
    beta1: float = 0.9
    beta2: float = 0.99
    decay: float = 0.999  # of the moving average, which is what is kept as the model

    def __post_init__(self) -> None:
        self.steps = 0
        self._first = {name: np.zeros_like(value) for name, value in self.parameters.items()}
        self._second = {name: np.zeros_like(value) for name, value in self.parameters.items()}
        self._average = {name: value.copy() for name, value in self.parameters.items()}

    def step(self, gradients: Parameters, *, rate: float) -> None:
        """Move the parameters against the gradients by the learning rate."""
        self.steps += 1
        norm = np.sqrt(sum(float(np.vdot(value, value)) for value in gradients.values()))
        scale = np.float32(min(1.0, 1.0 / (norm + 1e-9)))
        right1, right2 = 1 - self.beta1**self.steps, 1 - self.beta2**self.steps
        keep = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for name, value in self.parameters.items():
            gradient = gradients[name] * scale
            first, second = self._first[name], self._second[name]
            first += (1 - self.beta1) * (gradient - first)
            second += (1 - self.beta2) * (gradient * gradient - second)
            step = (first / right1) / (np.sqrt(second / right2) + 1e-8)
            np.subtract(value, np.float32(rate) * step, out=value)
            self._average[name] += (1 - keep) * (value - self._average[name])

    def averaged(self) -> Parameters:
        """Return a copy of the moving average of the parameters."""
        return {name: value.copy() for name, value in self._average.items()}
