"""Evaluations as rows: one long form for programs, and short tables for people.

Rules: every number with its interval; a measure without a denominator is shown as such, never as 0 or 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from onprem.evaluate.deid import DeidScores
from onprem.model import Metric

LONG = ("scope", "of", "measure", "value", "low", "high", "n")
_HEADLINE = ("recall", "hidden", "clean", "over_redaction", "touched")


def long_rows(runs: Mapping[str, DeidScores]) -> Iterator[tuple[object, ...]]:
    """Yield (scope, of, measure, value, low, high, n); the first run also by type and by detector."""
    for number, (name, scores) in enumerate(runs.items()):
        scope = "system" if number == 0 else "beside"
        for measure in _HEADLINE:
            yield (scope, name, measure, *_numbers(getattr(scores, measure)))
    for scores in list(runs.values())[:1]:
        for row in scores.by_type:
            for measure in ("recall", "hidden", "over_redaction"):
                yield ("type", row.label.value, measure, *_numbers(getattr(row, measure)))
        for item in scores.by_detector:
            for measure in (*_HEADLINE[:4], "recall_without", "hidden_without"):
                yield ("detector", item.detector, measure, *_numbers(getattr(item, measure)))


def headline(runs: Mapping[str, DeidScores]) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Return the columns and rows of the measures of every run."""
    columns = ("measured", "characters hidden", "identifiers hidden", "clean documents", "over-redaction", "touched")
    rows: list[tuple[object, ...]] = [
        (name, *(_shown(getattr(scores, measure)) for measure in _HEADLINE)) for name, scores in runs.items()
    ]
    return columns, rows


def by_type(scores: DeidScores) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Return the columns and rows of the measures by gold label."""
    columns = ("type", "identifiers", "characters hidden", "identifiers hidden", "over-redaction by it")
    rows: list[tuple[object, ...]] = [
        (row.label.value, row.identifiers, _shown(row.recall), _shown(row.hidden), _shown(row.over_redaction))
        for row in sorted(scores.by_type, key=lambda item: -item.identifiers)
    ]
    return columns, rows


def by_detector(scores: DeidScores) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Return the columns and rows of each detector alone, and of the union without it; single recognisers left out."""
    columns = (
        "detector",
        "alone: characters",
        "alone: identifiers",
        "alone: over-redaction",
        "union without it: identifiers",
    )
    rows: list[tuple[object, ...]] = [
        (
            item.detector,
            _shown(item.recall),
            _shown(item.hidden),
            _shown(item.over_redaction),
            _shown(item.hidden_without),
        )
        for item in scores.by_detector
        if "/" not in item.detector
    ]
    return columns, rows


def _numbers(metric: Metric | None) -> tuple[float | None, float | None, float | None, int]:
    return (None, None, None, 0) if metric is None else (metric.value, metric.low, metric.high, metric.n)


def _shown(metric: Metric | None) -> str:
    if metric is None:
        return "–"
    return f"{100 * metric.value:.2f} % ({100 * metric.low:.2f}–{100 * metric.high:.2f})"
