"""The report of tables made from a hospital's own: the privacy gate, and how alike each column is to the real one.

Rules: a bin of a chart holds at least ten real rows, or is merged with its neighbour; no value of fewer people is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from onprem.evaluate.fidelity import pairs, shapes
from onprem.evaluate.fidelity_rows import distributions
from onprem.evaluate.privacy.contract import Result
from onprem.model import Metric
from onprem.report.page import Head, page, paragraph, section, table
from onprem.report.screen_page import sections
from onprem.report.svg import SOLID, Charts, Part, Two, hatched
from onprem.table import Kind, Table


def render_tables(result: Result, real: Mapping[str, Table], made: Mapping[str, Table]) -> str:
    """Return the report as one HTML document; `real` are the tables that were fitted on, by name."""
    charts = Charts()
    return page(
        "Synthetic tables report",
        charts.definitions(),
        "<header><h1>Synthetic tables report</h1>",
        paragraph("Real is what was fitted on; synthetic is what was made."),
        "</header><main>",
        *sections(result, charts),
        _alike(real, made),
        *(part for name in real for part in _columns(name, real[name], made[name], charts)),
        "</main>",
        "<footer>This report holds names of columns and of values that at least ten persons share, counts and shares: no "
        "row. What was made is of no patient and makes no clinical claim.</footer>",
    )


def _alike(real: Mapping[str, Table], made: Mapping[str, Table]) -> str:
    rows = []
    for name in real:
        one, other = _shown(real[name]), _shown(made[name])
        if one.columns:
            rows.append(
                (name, _metric(shapes(one, other)), _metric(pairs(one, other)) if len(one.columns) > 1 else "–")
            )
    heads = (Head("Table"), Head("Columns alike", "n"), Head("Pairs of columns alike", "n"))
    words = "1 is the same: one minus the distance of the distributions, on the average; with 95 % intervals."
    return section("How alike", paragraph(words), table("How alike", heads, rows))


def _columns(name: str, real: Table, made: Table, charts: Charts) -> Iterator[str]:
    """Yield a chart for each column of a table."""
    if not _shown(real).columns:
        return
    legend = "".join(
        f"<li>{charts.key(part)}{part.words}</li>"
        for part in (Part("real", 1, SOLID), Part("synthetic", 1, hatched(0)))
    )
    drawn = []
    for column, bins in groupby(distributions(_shown(real), _shown(made)), key=lambda each: each.column):
        two = [Two(each.name, each.real, each.synthetic) for each in bins]
        ends = f"from {two[0].words} to {two[-1].words}" if len(two) > 1 else two[0].words
        drawn += [
            f'<div class="plot">{charts.paired(column, two, "real", "synthetic")}</div>',
            paragraph(f"{column}: {len(two)} bins, {ends}"),
        ]
    yield section(f"Columns of {name}", f'<ul class="legend">{legend}</ul>', *drawn)


def _shown(given: Table) -> Table:
    """Return a table without its keys, which name rows and tell nothing."""
    return Table(given.name, tuple(column for column in given if column.kind is not Kind.KEY))


def _metric(metric: Metric) -> str:
    return f"{metric.value:.3f} ({metric.low:.3f} to {metric.high:.3f})"
