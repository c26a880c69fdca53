"""The named-entity detector: a small network trained here (`onprem train phi`), run in numpy, one per language.

In the thorough tier an encoder reads beside it (see `ner_encoder`), for the languages that have one.

Rules: the digest of every weight file is checked before it is read; a token is flagged when 1 - P(outside) reaches the
threshold (recall first; the label is decided afterwards); memory stays flat
whatever the length of a passage; a result depends on the passage alone, not on its neighbours in a batch. No warning and
no error quotes text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from onprem.detect.contract import Passage
from onprem.detect.ner_features import GLUED, WIDE, Row, row
from onprem.detect.ner_network import Floats, Network, Shape, read_weights
from onprem.detect.ner_pieces import FILES as PIECES
from onprem.detect.ner_pieces import read_pieces
from onprem.errors import ModelError
from onprem.labels import Label
from onprem.model import Kind, Span, Tier

THOROUGH = ("en",)  # languages that have an encoder; the others are read by the fast network in either tier

NAME = "ner"
PART = "phi"  # the folder of the network inside a model folder
ENCODER = "encoder"  # the folder of the encoder inside its model folder
FILES = ("network.json", "weights.npz", "words.txt")
_WEAK = 0.25  # share of the threshold at which a token beside a flagged one is flagged too
_BATCH_TOKENS = 800  # rows that stay in the second-level cache at width 96
_WINDOW_TOKENS = 4_000

# Labels that policies keep or band: a place or a name mistaken for one of these would be shown, so it must be clear.
KEPT = frozenset({Label.STATE, Label.AGE})
_KEPT_SHARE = 0.8

# Marks that may lie between two parts of one identifier; anything else ends it.
_BRIDGES: dict[Label, frozenset[str]] = {
    Label.NAME: frozenset("-'.\u00b7"),
    Label.DATE: frozenset("/-.,:"),
    Label.PHONE: frozenset("()-./+ "),
    Label.ADDRESS: frozenset(",.#-/\n"),
    Label.HOSPITAL: frozenset("-'.&"),
    Label.ORGANISATION: frozenset("-'.&"),
    Label.EMAIL: frozenset("@._-+"),
    Label.URL: frozenset("/:._-?=&#%~"),
}
_BRIDGES_OTHER = frozenset("-/.#")
_BRIDGE_LENGTH = 2
_SEPARATORS = frozenset(",;:")


@dataclass(frozen=True, slots=True)
class _Mark:
    """One flagged token: its place in the row, its label, whether it begins an identifier, 1 - P(outside)."""

    place: int
    label: Label
    begins: bool
    score: float


class Reader(Protocol):
    """What gives probabilities of tags: the fast network, or both networks as one."""

    @property
    def shape(self) -> Shape:
        """The tags, and how many tokens to each side decide a token's tag."""
        ...

    def probabilities(self, rows: Sequence[tuple[Sequence[str], npt.NDArray[np.int8]]]) -> list[Floats]:
        """Return for each row (words, spacing) the probabilities of tags, shape (len(words), len(tags))."""
        ...


class NerDetector:
    """Finds identifiers of one language in free text with what was trained here."""

    name = NAME

    def __init__(self, lang: str, network: Reader, *, threshold: float) -> None:
        self.lang = lang
        self.network = network
        self.threshold = threshold
        tags = network.shape.tags
        self._labels = tuple(Label(tag.partition("-")[2]) for tag in tags[1::2])
        self._kept = np.array([label in KEPT for label in self._labels])

    def find(self, passages: Sequence[Passage]) -> list[list[Span]]:
        """Return the spans of each passage in view offsets. Only free text of the model's language is searched."""
        found: list[list[Span]] = [[] for _ in passages]
        for batch in self._batches(passages):
            probabilities = self.network.probabilities([(part.words, part.spacing) for _, part, _ in batch])
            for (index, part, (low, high)), values in zip(batch, probabilities, strict=True):
                kept = Row(part.words[low:high], part.spacing[low:high], part.source[low:high])
                found[index] += self._spans(passages[index], kept, values[low:high])
        return found

    def _batches(self, passages: Sequence[Passage]) -> Iterator[list[tuple[int, Row, tuple[int, int]]]]:
        """Yield groups of (passage, piece of its row, the part of the piece that counts)."""
        batch: list[tuple[int, Row, tuple[int, int]]] = []
        size = 0
        for index, passage in enumerate(passages):
            if passage.kind is not Kind.TEXT or passage.lang not in {self.lang, "mixed"} or not len(passage.tokens):
                continue
            for piece, counts in windows(row(passage.text, passage.tokens), self.network.shape.reach):
                batch.append((index, piece, counts))
                size += len(piece.words)
                if size >= _BATCH_TOKENS:
                    yield batch
                    batch, size = [], 0
        if batch:
            yield batch

    def _spans(self, passage: Passage, laid: Row, probabilities: Floats) -> list[Span]:
        marks = self._marks(probabilities)
        if not marks:
            return []
        groups = [_bare(group, laid) for group in _heal(_join(_group(marks, laid), laid), laid)]
        starts, ends = passage.tokens.starts, passage.tokens.ends
        spans = []
        for first, last, label, score in groups:
            inside = laid.source[first : last + 1]
            inside = inside[inside >= 0]
            if len(inside) and any(
                character.isalnum() for place in inside for character in passage.tokens.words[place]
            ):
                spans.append(Span(starts[inside[0]], ends[inside[-1]], label, round(score, 3), frozenset({NAME})))
        return spans

    def _marks(self, probabilities: Floats) -> list[_Mark]:
        inside = 1.0 - probabilities[:, 0]
        places = np.flatnonzero(_extended(inside, self.threshold))
        if not len(places):
            return []
        by_label = probabilities[places, 1:].reshape(len(places), len(self._labels), 2)
        mass = by_label.sum(axis=2)
        share = mass / mass.sum(axis=1, keepdims=True)
        share[:, self._kept] *= share[:, self._kept] >= _KEPT_SHARE
        best = share.argmax(axis=1)
        begins = by_label[np.arange(len(places)), best, 0] > by_label[np.arange(len(places)), best, 1]
        return [
            _Mark(place, self._labels[label], first, score)
            for place, label, first, score in zip(
                places.tolist(), best.tolist(), begins.tolist(), inside[places].tolist(), strict=True
            )
        ]


def _extended(inside: Floats, threshold: float) -> npt.NDArray[np.bool_]:
    """Return which tokens are flagged: those that reach the threshold, and weaker ones that adjoin them in a row.

    Where an identifier is certain, its doubtful end more likely belongs to it than not: the last line of an address, the
    second half of a rare name.
    """
    flagged: npt.NDArray[np.bool_] = inside >= threshold
    weak = inside >= _WEAK * threshold
    while True:
        beside = flagged.copy()
        beside[1:] |= flagged[:-1] & weak[1:]
        beside[:-1] |= flagged[1:] & weak[:-1]
        if np.array_equal(beside, flagged):
            return flagged
        flagged = beside


_Group = tuple[int, int, Label, float]  # first and last place in the row, label, score


def _group(marks: Sequence[_Mark], laid: Row) -> list[_Group]:
    """Gather neighbouring marks of one label. A lone other label inside an identifier does not cut it, a wide gap does."""
    labels = [mark.label for mark in marks]
    for index in range(1, len(marks) - 1):
        before, here, after = marks[index - 1 : index + 2]
        beside = before.place + 1 == here.place == after.place - 1
        if beside and labels[index - 1] is after.label is not labels[index] and not here.begins:
            labels[index] = after.label
    groups: list[_Group] = []
    for mark, label in zip(marks, labels, strict=True):
        if groups:
            first, last, previous, score = groups[-1]
            gap = laid.spacing[mark.place]
            goes_on = gap == GLUED or (gap != WIDE and not mark.begins)
            if mark.place == last + 1 and label is previous and goes_on:
                groups[-1] = (first, mark.place, label, max(score, mark.score))
                continue
        groups.append((mark.place, mark.place, label, mark.score))
    return groups


def _join(groups: Sequence[_Group], laid: Row) -> list[_Group]:
    """Join parts of one identifier that only marks separate."""
    joined: list[_Group] = []
    for group in groups:
        if joined:
            first, last, label, score = joined[-1]
            between = laid.words[last + 1 : group[0]]
            allowed = _BRIDGES.get(label, _BRIDGES_OTHER)
            if label is group[2] and 0 < len(between) <= _BRIDGE_LENGTH and all(mark in allowed for mark in between):
                joined[-1] = (first, group[1], label, max(score, group[3]))
                continue
        joined.append(group)
    return joined


def _heal(groups: Sequence[_Group], laid: Row) -> list[_Group]:
    """Grow each identifier over letters and digits glued to it: `Mc` takes `Donald` along. An age leaves its unit."""
    healed: list[_Group] = []
    for group in groups:
        first, last, label, score = group
        if label is not Label.AGE:
            while _one_word(laid, first):
                first -= 1
            while _one_word(laid, last + 1):
                last += 1
        healed.append((first, last, label, score))
    return healed


def _bare(group: _Group, laid: Row) -> _Group:
    """Leave commas, semicolons and colons at the ends out: they are nobody's."""
    first, last, label, score = group
    while first < last and laid.words[first] in _SEPARATORS:
        first += 1
    while first < last and laid.words[last] in _SEPARATORS:
        last -= 1
    return first, last, label, score


def _one_word(laid: Row, place: int) -> bool:
    """Say whether the token at `place` goes on the word before it, as `Donald` in McDonald or `yo` in 54yo."""
    if not 0 < place < len(laid.words) or laid.spacing[place] != GLUED:
        return False
    before, here = laid.words[place - 1], laid.words[place]
    return before.isalnum() and here.isalnum() and not _is_han(before) and not _is_han(here)


def _is_han(word: str) -> bool:
    return len(word) == 1 and word >= "\u3400"  # a Han character is a token of its own: nothing is glued to it


def windows(laid: Row, reach: int) -> Iterator[tuple[Row, tuple[int, int]]]:
    """Cut a long row into pieces that overlap by `reach`, with the part of each that counts; exact, see the network."""
    count = len(laid.words)
    for start in range(0, count, _WINDOW_TOKENS):
        end = min(start + _WINDOW_TOKENS, count)
        low, high = max(0, start - reach), min(count, end + reach)
        yield Row(laid.words[low:high], laid.spacing[low:high], laid.source[low:high]), (start - low, end - low)


def model_folder(lang: str, tier: Tier = "fast") -> Path:
    """Return the folder of the model that the package ships for a language and a tier."""
    return Path(str(files("onprem") / "models" / (f"{lang}_phi" if tier == "fast" else f"{lang}_phi_thorough")))


def digests_of(lang: str, tier: Tier) -> Iterator[tuple[str, str]]:
    """Yield (name, SHA-256 of the weights) of the models that a tier reads a language with, as their cards say."""
    weights: dict[Tier, str] = {"fast": "weights.npz"}
    if tier == "thorough" and lang in THOROUGH:
        weights["thorough"] = "encoder.onnx"
    for one, name in weights.items():
        home = model_folder(lang, one)
        yield home.name, str(json.loads((home / "meta.json").read_text(encoding="utf-8"))["digests"][name])


def load(lang: str, folder: Path | None = None, *, tier: Tier = "fast", encoder: Path | None = None) -> NerDetector:
    """Load the detector of a language ("en", "zh") from package data, or from `folder` (and `encoder`).

    Raises:
        ModelError: the model is missing, its digest differs from its card's, or it does not have the expected form.

    """
    home = folder or model_folder(lang)
    contents_of(home, lang, PART, FILES, PIECES)
    network, threshold = read_network(home / PART)
    if tier == "fast" or (lang not in THOROUGH and encoder is None):
        return NerDetector(lang, network, threshold=threshold)
    from onprem.detect import ner_encoder

    contents = contents_of(encoder or model_folder(lang, "thorough"), lang, ENCODER, ner_encoder.FILES)
    both, settings = ner_encoder.join(network, contents)
    return NerDetector(lang, both, threshold=settings.threshold)


def contents_of(
    home: Path, lang: str, part: str, names: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, bytes]:
    """Return the content of a model folder's files by name; what the card has another digest for is refused.

    Raises:
        ModelError: the model is missing, its digest differs from its card's, or it is for another language.

    """
    try:
        meta = json.loads((home / "meta.json").read_text(encoding="utf-8"))
        present = (*names, *(name for name in optional if (home / part / name).exists()))
        contents = {name: (home / part / name).read_bytes() for name in present}
    except (OSError, ValueError):
        raise ModelError(
            f"the {lang} model is missing or unreadable", hint="reinstall, or run: onprem train phi"
        ) from None
    for name, content in contents.items():
        if not _same_digest(meta, name, content):
            raise ModelError(f"the {lang} model's {name} has the wrong digest", hint="reinstall the package")
    if meta.get("lang") != lang:
        raise ModelError(f"the model in the folder of {lang} is for another language", hint="reinstall the package")
    return contents


def _same_digest(meta: dict[str, Any], name: str, content: bytes) -> bool:
    digests = meta.get("digests")
    return isinstance(digests, dict) and digests.get(name) == hashlib.sha256(content).hexdigest()


def read_network(folder: Path) -> tuple[Network, float]:
    """Read the network of a model folder's part, without checking digests.

    Raises:
        ModelError: a file is missing or does not have the expected form.

    """
    try:
        description = json.loads((folder / "network.json").read_text(encoding="utf-8"))
        dimensions: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in description["shape"].items()
        }
        words = (folder / "words.txt").read_text(encoding="utf-8").split("\n")
        weights, pieces = read_weights(folder / "weights.npz"), read_pieces(folder)
        network = Network(Shape(**dimensions), weights, frozenset(words), pieces)
        return network, float(description["threshold"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError("the model does not have the expected form", hint="reinstall the package") from None


def tag_names(labels: Sequence[Label]) -> tuple[str, ...]:
    """Return the tags of a network that learns `labels`: O, then B- and I- of each."""
    return ("O", *(f"{part}-{label}" for label in labels for part in "BI"))


def spans_of(detector: NerDetector, text: str, *, lang: str) -> list[Span]:
    """Search one text (a view) with a detector."""
    return detector.find([Passage(text, lang)])[0]
