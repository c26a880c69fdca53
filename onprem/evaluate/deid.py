"""Measures of de-identification: what was hidden, what was missed, what was hidden without need.

Rules: label-blind (a name found as an address is hidden), by character and by whole identifier; white space counts
nowhere; what a policy leaves as it is counts neither as missed nor as over-redacted; results hold offsets and counts,
never text. Every measure is defined in docs/measures.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from onprem.evaluate.bootstrap import Counts, Ratios
from onprem.labels import Label
from onprem.model import Metric, Span
from onprem.tagged import Gold, Tagged

Mask = npt.NDArray[np.bool_]
Stays = Callable[[Label, str], bool]

# every code point for which str.isspace() holds
_SPACES = np.array([code for code in range(0x3001) if chr(code).isspace()])


@dataclass(frozen=True, slots=True)
class TypeScore:
    """How identifiers of one gold label were hidden, and what spans of that label hid without need."""

    label: Label
    identifiers: int
    recall: Metric | None  # of characters
    hidden: Metric | None  # of whole identifiers
    over_redaction: Metric | None  # characters hidden without need by spans of this label / non-identifying characters


@dataclass(frozen=True, slots=True)
class DetectorScore:
    """One detector alone, or the union without it. `patterns` is all recognisers, `patterns/ssn` one of them."""

    detector: str
    recall: Metric | None
    hidden: Metric | None
    clean: Metric | None
    over_redaction: Metric | None
    recall_without: Metric | None  # leave one out: what the union reaches without this detector
    hidden_without: Metric | None


@dataclass(frozen=True, slots=True)
class Miss:
    """An identifier that is not fully hidden: document index, offsets, label. Never its text."""

    document: int
    start: int
    end: int
    label: Label


@dataclass(frozen=True, slots=True)
class DeidScores:
    """The measures of one evaluation. None stands where a measure has no denominator."""

    documents: int
    identifiers: int
    characters: int  # identifying ones
    recall: Metric | None
    hidden: Metric | None
    clean: Metric | None
    over_redaction: Metric | None
    touched: Metric | None  # documents with nothing to hide in which something was hidden
    by_type: tuple[TypeScore, ...]
    by_detector: tuple[DetectorScore, ...]
    missed: tuple[Miss, ...]


@dataclass(frozen=True)
class _Document:
    """One document prepared for counting: which characters identify, which stay, which are neither."""

    text: str
    gold: tuple[Gold, ...]  # identifiers that must be hidden
    solid: Mask  # not white space
    plain: Mask  # solid, neither identifying nor left by the policy

    def cover(self, spans: Sequence[Span]) -> Mask:
        """Return the characters that `spans` hide."""
        covered = np.zeros(len(self.text), dtype=np.bool_)
        for span in spans:
            covered[span.start : span.end] = True
        return covered


class _Tally:
    """Counts per document of one set of spans."""

    def __init__(self, documents: int) -> None:
        self.hidden_characters = np.zeros(documents)
        self.hidden_identifiers = np.zeros(documents)
        self.over = np.zeros(documents)

    def copy(self) -> _Tally:
        """Return a tally with the same counts."""
        other = _Tally(0)
        other.hidden_characters = self.hidden_characters.copy()
        other.hidden_identifiers = self.hidden_identifiers.copy()
        other.over = self.over.copy()
        return other

    def count(self, index: int, document: _Document, covered: Mask) -> list[tuple[int, int]]:
        """Count document `index`; return (characters hidden, characters) of every gold span."""
        sums = np.concatenate(([0], np.cumsum(covered & document.solid)))
        totals = np.concatenate(([0], np.cumsum(document.solid)))
        hits = [(int(sums[g.end] - sums[g.start]), int(totals[g.end] - totals[g.start])) for g in document.gold]
        self.hidden_characters[index] = sum(hit for hit, _ in hits)
        self.hidden_identifiers[index] = sum(hit == size for hit, size in hits)
        self.over[index] = int((covered & document.plain).sum())
        return hits


def score(
    gold: Sequence[Tagged],
    found: Sequence[Sequence[Span]],
    *,
    hidden: frozenset[Label] | None = None,
    stays: Stays | None = None,
    seed: int = 0,
) -> DeidScores:
    """Measure `found` (spans of each document, in offsets of its text, code points) against `gold`.

    Args:
        gold: documents with their identifiers.
        found: for each document, what was found; overlaps are allowed. `Span.by` names the detectors.
        hidden: labels that the policy hides; None: all. Other labels count as left by the policy, on both sides.
        stays: says that a value of a hidden label stays nevertheless (an age of 40 where only 90 and over are banded).
        seed: of the resampling.

    Raises:
        ValueError: the two sequences differ in length, or a span lies outside its text.
    """
    if len(gold) != len(found):
        raise ValueError("gold and found differ in length")
    documents: list[_Document] = []
    spans: list[list[Span]] = []
    for tagged, own in zip(gold, found, strict=True):
        offsets = [(span.start, span.end) for span in own] + [(item.start, item.end) for item in tagged.spans]
        if any(not 0 <= start <= end <= len(tagged.text) for start, end in offsets):
            raise ValueError("a span lies outside its text")
        documents.append(_prepare(tagged, hidden, stays))
        spans.append([span for span in own if _hides(span, tagged.text, hidden, stays)])
    return _measure(documents, spans, seed)


def _hides(item: Span | Gold, text: str, hidden: frozenset[Label] | None, stays: Stays | None) -> bool:
    if hidden is not None and item.label not in hidden:
        return False
    return stays is None or not stays(item.label, text[item.start : item.end])


def _prepare(tagged: Tagged, hidden: frozenset[Label] | None, stays: Stays | None) -> _Document:
    points = np.frombuffer(tagged.text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    solid = ~np.isin(points, _SPACES)
    plain = solid.copy()
    must: list[Gold] = []
    for item in tagged.spans:
        plain[item.start : item.end] = False
        if solid[item.start : item.end].any() and _hides(item, tagged.text, hidden, stays):
            must.append(item)
    return _Document(tagged.text, tuple(must), solid, plain)


def _measure(documents: Sequence[_Document], spans: Sequence[Sequence[Span]], seed: int) -> DeidScores:
    size = len(documents)
    characters, identifiers, plain = np.zeros(size), np.zeros(size), np.zeros(size)
    union = _Tally(size)
    types: dict[Label, Counts] = {}  # rows: identifiers, hidden identifiers, characters, hidden characters, over
    missed: list[Miss] = []
    for index, (document, own) in enumerate(zip(documents, spans, strict=True)):
        hits = union.count(index, document, document.cover(own))
        identifiers[index] = len(hits)
        characters[index] = sum(total for _, total in hits)
        plain[index] = int(document.plain.sum())
        for item, (hit, total) in zip(document.gold, hits, strict=True):
            types.setdefault(item.label, np.zeros((5, size)))[:4, index] += (1, hit == total, total, hit)
            if hit < total:
                missed.append(Miss(index, item.start, item.end, item.label))
        for label in {span.label for span in own}:
            covered = document.cover([span for span in own if span.label is label])
            types.setdefault(label, np.zeros((5, size)))[4, index] = int((covered & document.plain).sum())

    ratios = Ratios(size, seed)
    base = _Base(ratios, characters, identifiers, plain)
    empty = (identifiers == 0).astype(np.float64)
    handles = base.register(union)
    touched = ratios.add(empty * (union.over > 0), empty, units=int(empty.sum()))
    type_handles = {label: _register_type(ratios, rows, plain) for label, rows in types.items()}
    detector_handles = _register_detectors(documents, spans, base, union)
    metrics = ratios.metrics()
    return DeidScores(
        documents=size,
        identifiers=int(identifiers.sum()),
        characters=int(characters.sum()),
        recall=metrics[handles[0]],
        hidden=metrics[handles[1]],
        clean=metrics[handles[2]],
        over_redaction=metrics[handles[3]],
        touched=metrics[touched],
        by_type=tuple(
            TypeScore(label, int(types[label][0].sum()), *(metrics[handle] for handle in type_handles[label]))
            for label in sorted(types)
        ),
        by_detector=tuple(
            DetectorScore(name, *(metrics[handle] for handle in chosen)) for name, chosen in detector_handles.items()
        ),
        missed=tuple(missed),
    )


@dataclass(frozen=True)
class _Base:
    """The denominators that all sets of spans share."""

    ratios: Ratios
    characters: Counts
    identifiers: Counts
    plain: Counts

    def register(self, tally: _Tally) -> tuple[int, int, int, int]:
        """Register recall, hidden, clean and over-redaction of a tally."""
        units = int(self.identifiers.sum())
        bearing = (self.identifiers > 0).astype(np.float64)
        clean = bearing * (tally.hidden_identifiers == self.identifiers)
        return (
            self.ratios.add(tally.hidden_characters, self.characters, units=units),
            self.ratios.add(tally.hidden_identifiers, self.identifiers, units=units),
            self.ratios.add(clean, bearing, units=int(bearing.sum())),
            self.ratios.add(tally.over, self.plain, units=len(self.plain)),
        )


def _register_type(ratios: Ratios, rows: Counts, plain: Counts) -> tuple[int, int, int]:
    units = int(rows[0].sum())
    return (
        ratios.add(rows[3], rows[2], units=units),
        ratios.add(rows[1], rows[0], units=units),
        ratios.add(rows[4], plain, units=len(plain)),
    )


def _register_detectors(
    documents: Sequence[_Document], spans: Sequence[Sequence[Span]], base: _Base, union: _Tally
) -> dict[str, tuple[int, ...]]:
    """Score every detector alone, and the union without it; recognisers of a family (`patterns/ssn`) also together."""
    where: dict[str, set[int]] = {}
    for index, own in enumerate(spans):
        for name in {name for span in own for name in span.by}:
            for key in {name, name.partition("/")[0]}:
                where.setdefault(key, set()).add(index)
    handles: dict[str, tuple[int, ...]] = {}
    for name in sorted(where):
        alone, without = _Tally(len(documents)), union.copy()
        for index in where[name]:  # elsewhere it found nothing, and its absence changes nothing
            document, own = documents[index], spans[index]
            alone.count(index, document, document.cover([span for span in own if _of(span, name)]))
            without.count(index, document, document.cover([span for span in own if not _only_of(span, name)]))
        handles[name] = (*base.register(alone), *base.register(without)[:2])
    return handles


def _of(span: Span, name: str) -> bool:
    return any(item == name or item.startswith(f"{name}/") for item in span.by)


def _only_of(span: Span, name: str) -> bool:
    return all(item == name or item.startswith(f"{name}/") for item in span.by)
