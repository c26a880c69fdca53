"""The page of a training: its table of measures beside the trivial baselines, and learning curves with their intervals.

Rules: numbers, labels and fixed words only; all text is escaped; no script, nothing fetched.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from onprem.model import Metric
from onprem.report.page import Cell, Head, page, paragraph, section, table
from onprem.report.svg import SOLID

_WIDE, _HIGH = 1000, 360
_LEFT, _RIGHT, _TOP, _FOOT = 70, 30, 20, 50  # margins
_STEPS = 5


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
    for number, curve in enumerate(curves):
        if any(point.metric is not None for point in curve.points):
            parts.append(section(f"Learning curve: {curve.measure}", _drawn(curve, number), _listed(curve)))
    return page(title, *parts, "</main>")


def interval(metric: Metric | None) -> str:
    """Return a share as per cent with its interval, such as "61.2 (58.0 to 64.1)"; "–" for none."""
    if metric is None:
        return "–"
    return f"{100 * metric.value:.1f} ({100 * metric.low:.1f} to {100 * metric.high:.1f})"


def _listed(curve: Curve) -> str:
    rows = [(f"{point.size:,}", interval(point.metric)) for point in curve.points]
    return table(curve.measure, [Head(curve.unit), Head(f"{curve.measure}, % (95 % interval)", "n")], rows)


def _drawn(curve: Curve, number: int) -> str:
    """Return the curve as a picture: sizes on a square-root axis, so that small ones stay apart."""
    points = [(point.size, point.metric) for point in sorted(curve.points, key=lambda each: each.size) if point.metric]
    most = max(size for size, _ in points) or 1

    def x(size: int) -> float:
        return _LEFT + (_WIDE - _LEFT - _RIGHT) * math.sqrt(size / most)

    def y(share: float) -> float:
        return _TOP + (_HIGH - _TOP - _FOOT) * (1 - min(1.0, max(0.0, share)))

    shapes = []
    for step in range(_STEPS + 1):
        at = y(step / _STEPS)
        shapes.append(f'<line x1="{_LEFT}" y1="{at:.1f}" x2="{_WIDE - _RIGHT}" y2="{at:.1f}" stroke="#c5ccd3"/>')
        shapes.append(f'<text x="{_LEFT - 10}" y="{at + 6:.1f}" text-anchor="end">{100 * step // _STEPS} %</text>')
    for size, metric in points:
        shapes.append(
            f'<line x1="{x(size):.1f}" y1="{y(metric.low):.1f}" x2="{x(size):.1f}" y2="{y(metric.high):.1f}" '
            f'stroke="{SOLID}" stroke-width="2"/><circle cx="{x(size):.1f}" cy="{y(metric.value):.1f}" r="6" fill="{SOLID}">'
            f"<title>{size:,} {escape(curve.unit)}: {interval(metric)} %</title></circle>"
        )
        shapes.append(f'<text x="{x(size):.1f}" y="{_HIGH - 20}" text-anchor="middle">{size:,}</text>')
    line = " ".join(f"{x(size):.1f},{y(metric.value):.1f}" for size, metric in points)
    shapes.append(f'<polyline points="{line}" fill="none" stroke="{SOLID}" stroke-width="2"/>')
    said = "; ".join(f"{size:,} {curve.unit}: {interval(metric)} %" for size, metric in points)
    return (
        f'<svg viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-labelledby="c{number} e{number}" font-size="18" '
        f'style="width:100%;height:auto" fill="#333"><title id="c{number}">{escape(curve.measure)}</title>'
        f'<desc id="e{number}">{escape(said)}</desc>{"".join(shapes)}</svg>'
    )
