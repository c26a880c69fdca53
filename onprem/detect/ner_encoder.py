"""The thorough tier: a fine-tuned encoder (`onprem train phi --tier thorough`) beside the fast network, by onnxruntime.

The fast network reads everything. The encoder reads only what the fast one is not sure about: words at which the
probability of an identifier reaches the gate, and `_AROUND` words to each side. Where both have read, their
probabilities are mixed. So a page of plain findings costs no more than in the fast tier.

Rules: windows are run one at a time, because eight-bit activations share one scale: a result depends on the passage alone,
not on its neighbours. One thread; no telemetry, no network; the graph is loaded from bytes whose digest was checked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from onprem.detect.ner_network import Floats, Network, Shape, softmax
from onprem.detect.ner_wordpiece import FORMS, SPECIAL, Laid, WordPieces, windows
from onprem.errors import ModelError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

FILES = ("encoder.json", "encoder.onnx", "vocabulary.txt")

_AROUND = 16  # words to each side of a doubtful one that the encoder reads too
_JOINED = 8  # a shorter gap between two stretches is read as well
_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Settings:
    """How the two networks are joined: the weight of the encoder (0..1), the gate and the threshold (probabilities)."""

    weight: float
    gate: float
    threshold: float


class Encoder:
    """The encoder's graph, ready to run."""

    def __init__(self, graph: bytes, pieces: WordPieces) -> None:
        """Load a graph.

        Raises:
            ModelError: onnxruntime cannot be imported, or refuses the graph.
        """
        self.pieces = pieces
        self._session = _session(graph)

    def probabilities(self, laid: Laid) -> Floats:
        """Return the probabilities of tags for each word of a window, shape (words, tags)."""
        count = len(laid.pieces) + 2
        pieces = np.empty((1, count), dtype=np.int64)
        forms = np.zeros((1, count), dtype=np.int64)
        pieces[0, 0], pieces[0, -1] = self.pieces.start, self.pieces.end
        pieces[0, 1:-1] = laid.pieces
        forms[0, 1:-1] = laid.forms
        (logits,) = self._session.run(None, {"pieces": pieces, "forms": forms})
        return softmax(logits[0, 1 + laid.first[:-1]])


def _session(graph: bytes) -> InferenceSession:
    try:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as states
    except ImportError:
        raise ModelError(
            "onnxruntime is missing, which the thorough tier needs", hint='install it, or set tier = "fast"'
        ) from None
    onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # memory stays flat whatever the lengths of windows
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except (states.InvalidProtobuf, states.InvalidGraph, states.InvalidArgument, states.NotImplemented, states.Fail):
        raise ModelError("the encoder does not have the expected form", hint="reinstall the package") from None


@dataclass
class Thorough:
    """Both networks as one: takes the place of the fast `Network` in a detector."""

    fast: Network
    encoder: Encoder
    settings: Settings
    read: int = field(default=0, repr=False)  # words that the encoder has read so far ...
    seen: int = field(default=0, repr=False)  # ... of all

    @property
    def shape(self) -> Shape:
        """The tags and the reach, which are the fast network's."""
        return self.fast.shape

    def probabilities(self, rows: Sequence[tuple[Sequence[str], npt.NDArray[np.int8]]]) -> list[Floats]:
        """Return for each row (words, spacing) the probabilities of tags, shape (len(words), len(tags))."""
        found = self.fast.probabilities(rows)
        return [
            self._reread(words, spacing, values) if len(words) else values
            for (words, spacing), values in zip(rows, found, strict=True)
        ]

    def _reread(self, words: Sequence[str], spacing: npt.NDArray[np.int8], values: Floats) -> Floats:
        self.seen += len(words)
        mixed = values
        for start, end in doubtful(1.0 - values[:, 0], self.settings.gate):
            laid = self.encoder.pieces.lay(words[start:end], spacing[start:end])
            for window in windows(laid.first, 0, end - start):
                second = self.encoder.probabilities(laid.part(window.low, window.high))
                counts = slice(window.start - window.low, window.end - window.low)
                place = slice(start + window.start, start + window.end)
                if mixed is values:
                    mixed = values.copy()
                mixed[place] = mix(values[place], second[counts], self.settings.weight)
            self.read += end - start
        return mixed


def doubtful(inside: Floats, gate: float) -> Iterator[tuple[int, int]]:
    """Yield the stretches (first word, one past the last) that the encoder reads."""
    places = np.flatnonzero(inside >= gate)
    if not len(places):
        return
    start, end = max(0, int(places[0]) - _AROUND), int(places[0]) + _AROUND + 1
    for place in places[1:].tolist():
        if place - _AROUND > end + _JOINED:
            yield start, end
            start = place - _AROUND
        end = place + _AROUND + 1
    yield start, min(end, len(inside))


def mix(first: Floats, second: Floats, weight: float) -> Floats:
    """Return the geometric mean of two sets of probabilities, row by row; `weight` is that of the second."""
    logits = (1 - weight) * np.log(first + _TINY) + weight * np.log(second + _TINY)
    return softmax(logits.astype(np.float32))


def describe(settings: Settings, tags: Sequence[str]) -> bytes:
    """Return the content of encoder.json."""
    values = {**asdict(settings), "tags": tags, "forms": FORMS, "special": SPECIAL}
    return (json.dumps(values, indent=1) + "\n").encode()


def join(fast: Network, contents: Mapping[str, bytes]) -> tuple[Thorough, Settings]:
    """Join the fast network with the encoder whose files are given by name.

    Raises:
        ModelError: a file does not have the expected form, or was made for another view of text or other tags.

    """
    try:
        values = json.loads(contents["encoder.json"])
        settings = Settings(*(float(values[name]) for name in ("weight", "gate", "threshold")))
        if (tuple(values["tags"]), values["forms"], tuple(values["special"])) != (fast.shape.tags, FORMS, SPECIAL):
            raise ValueError("the encoder was made for another view of text or other tags")
        pieces = WordPieces(contents["vocabulary.txt"].decode("utf-8").split("\n"))
    except (ValueError, KeyError, TypeError):
        raise ModelError("the encoder does not have the expected form", hint="reinstall the package") from None
    return Thorough(fast, Encoder(contents["encoder.onnx"], pieces), settings), settings
