"""Tagged text -> sheets of tokens to learn from: case variation, the same token rows as in search, BIO tags, batches.

Words of identifiers are often shown as unknown, so that the network learns to tell a name it has never met by its form
and by what stands around it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import numpy.typing as npt

from onprem.detect.ner_features import UNKNOWN, Hashes, Row, feature_table, norm, row
from onprem.detect.ner_network import Floats, given_vectors
from onprem.detect.ner_pieces import Pieces
from onprem.labels import Label
from onprem.tagged import Gold, Tagged
from onprem.text import tokenize, view
from onprem.train.network import Batch

_UPPER, _LOWER, _TITLE = 0.05, 0.10, 0.02  # shares of documents shown in another case
_LONE_UPPER = 0.04  # share of identifiers shown in capitals
_UNKNOWN_INSIDE, _UNKNOWN_OUTSIDE = 0.25, 0.10  # shares of words shown as unknown
_UNGIVEN = 0.08  # share of words shown without their given vector
_REMEMBERED = 300_000  # words
_SHUFFLED = 512  # documents held back to mix long and short ones

# a character of the private area marks a word whose norm is shown as unknown; it is removed before features are made
_HIDE = "\ue001"


@dataclass(frozen=True, slots=True)
class Encoded:
    """One document as the network reads it."""

    words: list[str] = field(repr=False)
    spacing: npt.NDArray[np.int8]
    tags: list[int] = field(repr=False)


def learnt_as(tagged: Tagged, learnt: Mapping[Label, Label]) -> Tagged:
    """Return the document with its labels as they are learnt; labels that are not learnt are dropped."""
    spans = tuple(Gold(span.start, span.end, learnt[span.label]) for span in tagged.spans if span.label in learnt)
    return Tagged(tagged.text, spans)


def seen(tagged: Tagged) -> Tagged:
    """Return the document as detectors see it: the normalised view of its text, with spans moved along."""
    shown = view(tagged.text)
    if shown.offsets is None:
        return Tagged(shown.text, tagged.spans)
    moved = []
    offsets = np.asarray(shown.offsets)
    for span in tagged.spans:
        start, end = np.searchsorted(offsets, (span.start, span.end))
        if start < end:
            moved.append(Gold(int(start), int(end), span.label))
    return Tagged(shown.text, tuple(moved))


def vary_case(tagged: Tagged, generator: np.random.Generator) -> Tagged:
    """Show some documents in capitals, lower case or title case, and some identifiers in capitals."""
    draw = generator.random()
    text = tagged.text
    if draw < _UPPER:
        text = text.upper()
    elif draw < _UPPER + _LOWER:
        text = text.lower()
    elif draw < _UPPER + _LOWER + _TITLE:
        text = text.title()
    else:
        pieces: list[str] = []
        position = 0
        for span, drawn in zip(tagged.spans, generator.random(len(tagged.spans)).tolist(), strict=True):
            inside = text[span.start : span.end]
            pieces += (text[position : span.start], inside.upper() if drawn < _LONE_UPPER else inside)
            position = span.end
        text = "".join((*pieces, text[position:]))
    return Tagged(text, tagged.spans) if len(text) == len(tagged.text) else tagged


def tag_tokens(
    laid: Row, starts: Sequence[int], ends: Sequence[int], tagged: Tagged
) -> tuple[list[Label | None], list[bool]]:
    """Return for each token of the row its label (None outside) and whether it begins an identifier."""
    labels: list[Label | None] = [None] * len(laid.words)
    begins = [False] * len(laid.words)
    spans = iter(tagged.spans)
    span = next(spans, None)
    begun = False
    for place, source in enumerate(laid.source.tolist()):
        if source < 0:
            continue
        while span is not None and span.end <= starts[source]:
            span, begun = next(spans, None), False
        if span is None:
            break
        if ends[source] > span.start:
            labels[place] = span.label
            begins[place] = not begun
            if begun and labels[place - 1] is None:
                labels[place - 1] = span.label  # a line break inside the identifier
            begun = True
    return labels, begins


class Encoder:
    """Turns tagged documents into what the network learns from."""

    def __init__(self, tags: Sequence[str], learnt: Mapping[Label, Label]) -> None:
        self._index = {tag: index for index, tag in enumerate(tags)}
        self._learnt = learnt

    def encode(self, tagged: Tagged) -> Encoded:
        """Lay out one document."""
        shown = seen(learnt_as(tagged, self._learnt))
        tokens = tokenize(shown.text)
        laid = row(shown.text, tokens)
        labels, begins = tag_tokens(laid, tokens.starts, tokens.ends, shown)
        tags = [
            0 if label is None else self._index[f"{'B' if first else 'I'}-{label}"]
            for label, first in zip(labels, begins, strict=True)
        ]
        return Encoded(laid.words, laid.spacing, tags)


def vocabulary_of(documents: Iterable[Encoded], *, least: int, most: int) -> frozenset[str]:
    """Return the norms that occur at least `least` times, the `most` most frequent of them."""
    counts: Counter[str] = Counter()
    for document in documents:
        counts.update(document.words)
    norms: Counter[str] = Counter()
    for word, count in counts.items():
        norms[norm(word)] += count
    ranked = sorted(norms.items(), key=lambda item: (-item[1], item[0]))
    return frozenset(word for word, count in ranked[:most] if count >= least and "\n" not in word)


@dataclass
class Lexicon:
    """The features and given vectors of words, remembered up to a bound."""

    vocabulary: frozenset[str] = field(repr=False)
    pieces: Pieces | None = field(default=None, repr=False)
    _features: dict[str, Hashes] = field(default_factory=dict, repr=False)
    _given: dict[str, Floats] = field(default_factory=dict, repr=False)

    def features(self, words: Iterable[str]) -> Hashes:
        """Return the features of words, shape (words, columns); a word that begins with _HIDE is shown as unknown."""
        known = self._features
        if len(known) > _REMEMBERED:
            known.clear()
        for word in words:
            if word not in known:
                shown = frozenset({UNKNOWN}) if word.startswith(_HIDE) else self.vocabulary
                known[word] = feature_table([word.removeprefix(_HIDE)], shown)[0]
        return np.stack([known[word] for word in words])

    def given(self, words: Iterable[str]) -> Floats:
        """Return the given vectors of words, shape (words, columns)."""
        known = self._given
        if len(known) > _REMEMBERED:
            known.clear()
        plain = [word.removeprefix(_HIDE) for word in words]
        new = [word for word in dict.fromkeys(plain) if word not in known]
        known.update(zip(new, given_vectors(new, self.pieces), strict=True))
        return np.stack([known[word] for word in plain])


def batches(
    documents: Iterator[Encoded], lexicon: Lexicon, *, tokens: int, gap: int, generator: np.random.Generator
) -> Iterator[Batch]:
    """Yield batches of about `tokens` tokens from a shuffled stream; `gap` rows of zeros stand between documents."""
    held = list(islice(documents, _SHUFFLED))
    chosen: list[Encoded] = []
    size = 0
    for document in documents:
        place = int(generator.integers(len(held)))
        chosen.append(held[place])
        size += len(held[place].words) + gap
        held[place] = document
        if size >= tokens:
            yield _batch(chosen, lexicon, gap=gap, generator=generator)
            chosen, size = [], 0


def _batch(documents: Sequence[Encoded], lexicon: Lexicon, *, gap: int, generator: np.random.Generator) -> Batch:
    words: list[str] = [""] * gap
    spacing = [np.zeros(gap, dtype=np.int8)]
    tags: list[int] = [0] * gap
    for document in documents:
        words += document.words + [""] * gap
        spacing += (document.spacing, np.zeros(gap, dtype=np.int8))
        tags += document.tags + [0] * gap
    gold = np.asarray(tags, dtype=np.int64)
    hide = generator.random(len(words)) < np.where(gold > 0, _UNKNOWN_INSIDE, _UNKNOWN_OUTSIDE)
    ids: dict[str, int] = {}
    places = [
        -1 if not word else ids.setdefault(_HIDE + word if hidden else word, len(ids))
        for word, hidden in zip(words, hide.tolist(), strict=True)
    ]
    index = np.asarray(places, dtype=np.int64)
    given = lexicon.given(ids)
    given *= generator.random((len(given), 1), dtype=np.float32) >= _UNGIVEN
    return Batch(lexicon.features(ids), given, index, np.concatenate(spacing), gold, (index >= 0).astype(np.float32))
