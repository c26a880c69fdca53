"""Small inline charts. Every one says in words what it shows (title, desc) and differs by pattern as well as colour.

Rules: numbers and the fixed words of callers only; all text is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import count as _count

_HATCH = (
    '<pattern id="{name}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate({turn})">'
    '<rect width="6" height="6" fill="{colour}"/><line x1="0" y1="0" x2="0" y2="6" stroke="#fff" stroke-width="2.2"/>'
    "</pattern>"
)
SOLID = "#1f6391"
_LEAST = 8.0  # thousandths of a bar
_HELD = (("held1", 45, "#b4530a"), ("held2", 0, "#7a3b8f"), ("held3", 135, "#4d5a66"), ("held4", 90, "#8a6d00"))

# of lines: colour and dashes
_LINES = (
    (SOLID, "none"),
    ("#b4530a", "12 6"),
    ("#7a3b8f", "3 5"),
    ("#1c6b45", "16 5 3 5"),
    ("#4d5a66", "6 4"),
    ("#8a6d00", "20 8"),
)


def hatched(number: int) -> str:
    """Return the fill of the `number`-th kind of what is held."""
    return f"url(#{_HELD[number % len(_HELD)][0]})"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a chart over time: its name, how many, and how many of them are to be told apart."""

    words: str
    count: int
    marked: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a stacked bar: what it is, how many, and how it is filled."""

    words: str
    count: int
    fill: str = SOLID


@dataclass(frozen=True, slots=True)
class Point:
    """A measured value with its interval, at a place on the horizontal axis."""

    x: float
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a plot: what it is, and its points in the order of x."""

    words: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a plot: what it shows, and from where to where (None: as the values are)."""

    words: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Two:
    """The shares of two sets, from 0 to 1, that fall into one bin."""

    words: str
    left: float
    right: float


class Charts:
    """Makes the charts of one page; ids of titles are unique on it."""

    def __init__(self) -> None:
        self._ids = _count(1)

    def definitions(self) -> str:
        """Return the patterns, to stand once at the top of the page."""
        patterns = "".join(_HATCH.format(name=name, turn=turn, colour=colour) for name, turn, colour in _HELD)
        return f'<svg width="0" height="0" aria-hidden="true" style="position:absolute"><defs>{patterns}</defs></svg>'

    def stacked(self, title: str, parts: Sequence[Part], *, css: str = "whole") -> str:
        """Return a bar of full width, cut by the parts' shares."""
        total = sum(part.count for part in parts)
        words = ", ".join(f"{part.count:,} {part.words}" for part in parts if part.count) or "nothing"
        shown = [part for part in parts if part.count]
        # the smallest part stays visible; the others give way
        least = min(_LEAST, 1000 / len(shown)) if shown else 0
        widths = [max(1000 * part.count / total, least) for part in shown]
        scale = 1000 / sum(widths) if shown else 0
        shapes: list[str] = []
        position = 0.0
        for part, width in zip(shown, widths, strict=True):
            shapes.append(
                f'<rect x="{position:.2f}" y="0" width="{width * scale:.2f}" height="40" fill="{part.fill}"/>'
            )
            position += width * scale
        return self._frame(title, words, "".join(shapes), css)

    def bar(self, title: str, count: int, largest: int) -> str:
        """Return one bar of a chart whose longest bar counts `largest`."""
        width = 1000 * count / largest if largest else 0.0
        shape = f'<rect x="0" y="0" width="{max(width, 3) if count else 0:.2f}" height="40" rx="3" fill="{SOLID}"/>'
        return self._frame(title, f"{count:,}; the largest of the chart is {largest:,}", shape, "bar")

    def columns(self, title: str, columns: Sequence[Column], *, marked: str) -> str:
        """Return columns side by side; the marked part of each stands hatched at its foot. Hovering tells each."""
        most = max((column.count for column in columns), default=0)
        step = 1000 / len(columns) if columns else 0.0
        gap = min(step / 5, 6.0)
        shapes = [f'<line x1="0" y1="{y}" x2="1000" y2="{y}" class="grid"/>' for y in (1, 100)]

        def upright(place: int, count: int, fill: str) -> str:
            if not count:
                return ""
            height = max(198 * count / most, 2.0)
            width = min(step - gap, 48.0)  # a single day is a column too, not a wall
            x = (place + 0.5) * step - width / 2
            return f'<rect x="{x:.2f}" y="{200 - height:.2f}" width="{width:.2f}" height="{height:.2f}" fill="{fill}"/>'

        for place, column in enumerate(columns):
            if column.count:
                told = f"{column.words}: {column.count:,}" + f", {column.marked:,} {marked}" * bool(column.marked)
                drawn = upright(place, column.count, SOLID) + upright(place, column.marked, hatched(0))
                shapes.append(f"<g><title>{escape(told)}</title>{drawn}</g>")
        total, bad = sum(column.count for column in columns), sum(column.marked for column in columns)
        peak = max(columns, key=lambda column: column.count, default=None)
        words = f"{total:,} in all, {bad:,} {marked}" + (f"; most on {peak.words}: {peak.count:,}" if peak else "")
        return self._frame(title, words, "".join(shapes), "columns", height=200)

    def lines(self, title: str, series: Sequence[Series], x: Axis, y: Axis) -> str:
        """Return lines with intervals over the places that occur, which stand at equal distances: 0, 100, 500, 2,000."""
        points = [point for each in series for point in each.points]
        places = sorted({point.x for point in points})
        low = min((point.low for point in points), default=0.0) if y.low is None else y.low
        high = max((point.high for point in points), default=1.0) if y.high is None else y.high
        spread = (high - low) or 1.0
        at = {place: 90 + 600 * (index + 0.5) / len(places) for index, place in enumerate(places)}

        def up(value: float) -> float:
            return 360 - 340 * (min(max(value, low), high) - low) / spread

        shapes = [_words(at[place], 388, f"{place:,.6g}", "middle") for place in places]
        for step in range(5):
            value = low + spread * step / 4
            shapes.append(f'<line x1="90" x2="690" y1="{up(value):.1f}" y2="{up(value):.1f}" class="grid"/>')
            shapes.append(_words(80, up(value) + 6, f"{value:.3g}", "end"))
        shapes += [_words(390, 415, x.words, "middle"), _words(90, 14, y.words, "start")]
        for index, each in enumerate(series):
            colour, dashes = _LINES[index % len(_LINES)]
            drawn = " ".join(f"{at[point.x]:.1f},{up(point.value):.1f}" for point in each.points)
            whiskers = "".join(
                f'<line x1="{at[point.x]:.1f}" x2="{at[point.x]:.1f}" y1="{up(point.low):.1f}" y2="{up(point.high):.1f}"/>'
                f'<circle cx="{at[point.x]:.1f}" cy="{up(point.value):.1f}" r="5" fill="{colour}"/>'
                for point in each.points
            )
            told = "; ".join(f"{point.x:,.6g}: {point.value:.3g}" for point in each.points)
            shapes.append(
                f'<g stroke="{colour}" stroke-width="3" fill="none"><title>{escape(f"{each.words}: {told}")}</title>'
                f'<polyline points="{drawn}" stroke-dasharray="{dashes}"/>{whiskers}'
                f'<line x1="710" x2="760" y1="{34 + 30 * index}" y2="{34 + 30 * index}" stroke-dasharray="{dashes}"/></g>'
            )
            shapes.append(_words(770, 40 + 30 * index, each.words, "start"))
        words = "; ".join(f"{each.words}, from {_ends(each)}" for each in series if each.points) or "nothing"
        return self._plot(title, words, "".join(shapes), 420)

    def paired(self, title: str, bins: Sequence[Two], left: str, right: str) -> str:
        """Return two columns for each bin side by side: `left` plain, `right` hatched. Hovering tells each."""
        most = max((max(each.left, each.right) for each in bins), default=0.0) or 1.0
        step = 1000 / len(bins) if bins else 0.0
        shapes = ['<line x1="0" y1="199" x2="1000" y2="199" class="grid"/>']
        for place, each in enumerate(bins):
            told = f"{each.words}: {left} {each.left:.1%}, {right} {each.right:.1%}"
            drawn = "".join(
                f'<rect x="{(place + offset) * step:.2f}" y="{200 - 198 * share / most:.2f}" width="{0.38 * step:.2f}" '
                f'height="{198 * share / most:.2f}" fill="{fill}"/>'
                for offset, share, fill in ((0.1, each.left, SOLID), (0.5, each.right, hatched(0)))
            )
            shapes.append(f"<g><title>{escape(told)}</title>{drawn}</g>")
        apart = sum(abs(each.left - each.right) for each in bins) / 2
        words = f"{left} beside {right} in {len(bins)} bins; {apart:.1%} lies elsewhere"
        return self._frame(title, words, "".join(shapes), "columns", height=200)

    def key(self, part: Part) -> str:
        """Return the mark of a legend entry."""
        return f'<svg viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10" fill="{part.fill}"/></svg>'

    def _plot(self, title: str, words: str, shapes: str, height: int) -> str:
        """Return a drawing that keeps its proportions, because it holds words."""
        number = next(self._ids)
        return (
            f'<svg class="plot" viewBox="0 0 1000 {height}" role="img" aria-labelledby="t{number} d{number}">'
            f'<title id="t{number}">{escape(title)}</title><desc id="d{number}">{escape(words)}</desc>{shapes}</svg>'
        )

    def _frame(self, title: str, words: str, shapes: str, css: str, *, height: int = 40) -> str:
        number = next(self._ids)
        return (
            f'<svg class="{css}" viewBox="0 0 1000 {height}" preserveAspectRatio="none" role="img" '
            f'aria-labelledby="t{number} d{number}"><title id="t{number}">{escape(title)}</title>'
            f'<desc id="d{number}">{escape(words)}</desc><rect width="1000" height="{height}" fill="#e9edf1"/>{shapes}</svg>'
        )


def _words(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _ends(series: Series) -> str:
    first, last = series.points[0], series.points[-1]
    return f"{first.value:.3g} at {first.x:,.6g} to {last.value:.3g} at {last.x:,.6g}"
