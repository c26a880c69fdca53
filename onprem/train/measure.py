"""Figures of a detector on tagged text, as in the design's `deid.md`: label-blind, with bootstrap intervals.

States and ages below 90 are found but policies keep them: they count neither as identifiers nor as over-redaction, and
a span with such a label hides nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from onprem.labels import Label
from onprem.model import Metric
from onprem.tagged import Gold, Tagged

_RESAMPLES = 500
_OLDEST_SHOWN = 89  # 45 CFR 164.514(b)(2)(i)(C)


@dataclass
class Counts:
    """What was counted in one document. Characters are those that are not white space."""

    gold: int = 0
    covered: int = 0
    identifiers: int = 0
    hidden: int = 0
    clean: int = 0
    other: int = 0
    over: int = 0
    by_label: dict[Label, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))


def hides(label: Label, text: str) -> bool:
    """Say whether a policy hides an identifier of this label and text: states and ages to 89 stay."""
    if label is Label.STATE:
        return False
    if label is Label.AGE:
        return any(int(number) > _OLDEST_SHOWN for number in re.findall(r"\d{2,3}", text))
    return True


def count(tagged: Tagged, found: Iterable[Gold]) -> Counts:
    """Compare the spans found in a document with its gold spans."""
    text = tagged.text
    shown = np.fromiter((not character.isspace() for character in text), dtype=bool, count=len(text))
    hidden = np.zeros(len(text), dtype=bool)
    for span in found:
        if hides(span.label, text[span.start : span.end]):
            hidden[span.start : span.end] = True
    other = shown.copy()
    result = Counts(clean=1)
    for span in tagged.spans:
        other[span.start : span.end] = False
        if not hides(span.label, text[span.start : span.end]):
            continue
        inside = shown[span.start : span.end]
        covered = inside & hidden[span.start : span.end]
        whole = int(covered.sum() == inside.sum())
        result.gold += int(inside.sum())
        result.covered += int(covered.sum())
        result.identifiers += 1
        result.hidden += whole
        result.clean &= whole
        result.by_label[span.label][0] += 1
        result.by_label[span.label][1] += whole
    result.other = int(other.sum())
    result.over = int((other & hidden).sum())
    return result


def figures(counts: Sequence[Counts], *, seed: int) -> dict[str, Metric]:
    """Return the measures with 95 % intervals from resampled documents."""
    generator = np.random.Generator(np.random.PCG64(seed))
    values = np.array(
        [(c.gold, c.covered, c.identifiers, c.hidden, c.clean, 1, c.other, c.over) for c in counts], dtype=float
    )
    drawn = generator.integers(len(counts), size=(_RESAMPLES, len(counts)))
    sums = values[drawn].sum(axis=1)
    total = values.sum(axis=0)
    columns = {
        "character_recall": (1, 0),
        "identifiers_hidden": (3, 2),
        "clean_documents": (4, 5),
        "over_redaction": (7, 6),
    }
    result = {}
    for name, (part, whole) in columns.items():
        low, high = np.percentile(sums[:, part] / np.maximum(sums[:, whole], 1), (2.5, 97.5))
        result[name] = Metric(float(total[part] / max(total[whole], 1)), float(low), float(high), int(total[whole]))
    return result


def by_label(counts: Sequence[Counts]) -> Mapping[str, tuple[int, int]]:
    """Return for each gold label the number of identifiers and of those fully hidden."""
    sums: dict[str, tuple[int, int]] = {}
    for document in counts:
        for label, (all_, whole) in document.by_label.items():
            before = sums.get(label.value, (0, 0))
            sums[label.value] = (before[0] + all_, before[1] + whole)
    return dict(sorted(sums.items()))
