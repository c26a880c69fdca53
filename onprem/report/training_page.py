"""The page of a training: its table of measures beside the trivial baselines, and learning curves with their intervals.

Rules: numbers, labels and fixed words only; all text is escaped; no script, nothing fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from onprem.model import Metric
from onprem.report.page import Cell, Head, page, paragraph, section, table
from onprem.report.svg import Axis, Charts, Series
from onprem.report.svg import Point as Drawn


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a curve: how much was learnt from, and what was measured; None where nothing could be."""

    size: int
    metric: Metric | None


@dataclass(frozen=True, slots=True)
class Curve:
    """A learning curve: what is measured (0 to 1), what is counted, and its points."""

    measure: str
    unit: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of measures: a title, the heads of its columns, and its rows; the first cell of a row names it."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def training_page(title: str, tables: Sequence[Table], curves: Sequence[Curve] = (), notes: Sequence[str] = ()) -> str:
    """Return the page. `notes` are plain sentences that stand below the title."""
    parts = [f"<header><h1>{escape(title)}</h1>{''.join(paragraph(note) for note in notes)}</header><main>"]
    for each in tables:
        heads = [Head(words, "" if number == 0 else "n") for number, words in enumerate(each.columns)]
        parts.append(section(each.title, table(each.title, heads, each.rows)))
    charts = Charts()
    for curve in curves:
        if any(point.metric is not None for point in curve.points):
            parts.append(section(f"Learning curve: {curve.measure}", _drawn(curve, charts), _listed(curve)))
    return page(title, *parts, "</main>")


def interval(metric: Metric | None) -> str:
    """Return a share as per cent with its interval, such as "61.2 (58.0 to 64.1)"; "–" for none."""
    if metric is None:
        return "–"
    return f"{100 * metric.value:.1f} ({100 * metric.low:.1f} to {100 * metric.high:.1f})"


def _listed(curve: Curve) -> str:
    rows = [(f"{point.size:,}", interval(point.metric)) for point in curve.points]
    return table(curve.measure, [Head(curve.unit), Head(f"{curve.measure}, % (95 % interval)", "n")], rows)


def _drawn(curve: Curve, charts: Charts) -> str:
    """Return the curve as a picture."""
    points = [
        Drawn(point.size, 100 * point.metric.value, 100 * point.metric.low, 100 * point.metric.high)
        for point in sorted(curve.points, key=lambda each: each.size)
        if point.metric is not None
    ]
    series = Series(curve.measure, points)
    return charts.lines(curve.measure, [series], Axis(curve.unit), Axis("per cent", 0, 100))
