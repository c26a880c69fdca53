"""The report of the privacy gate, for the person who answers for a release: the verdict, and every number with its words.

Rules: rows and records stand in it by number, columns and tables by their place; no text, no name of a file or column. It
says what was measured and what would have been found, and a formal guarantee as what the generator's card states.
"""

from __future__ import annotations

from onprem.evaluate.privacy.contract import Guarantee, Histogram, Measure, Result, Verdict
from onprem.evaluate.privacy.words import MEANING, beside, figure, interval, threshold
from onprem.report.page import Cell, Head, Html, page, paragraph, section, show, table, tag
from onprem.report.svg import SOLID, Charts, Part, Two, hatched

_ROWS = 30  # numbers of rows that are told, at most
_CSS = {
    Verdict.PASS: "good",
    Verdict.FAIL: "bad",
    Verdict.CANNOT_TELL: "bad",
    Verdict.INCOMPLETE: "held",
    Verdict.NOT_MEASURED: "held",
}
_SAID = {
    Verdict.PASS: ("PASS: no measure found that the set betrays the records it was made from.", "good"),
    Verdict.FAIL: ("FAIL: this set may not leave.", "bad"),
    Verdict.INCOMPLETE: ("Incomplete: not everything was measured, so this is no PASS.", "held"),
}
_MORE = {
    Verdict.PASS: "Each measure could have found what its line says; smaller traces may have stayed unseen.",
    Verdict.FAIL: "What failed, or could not be told apart from chance, stands first below, with what would help.",
    Verdict.INCOMPLETE: "Give real records that were never used (--unseen), and measure again.",
}
_ORDER = (
    Verdict.FAIL,
    Verdict.CANNOT_TELL,
    Verdict.NOT_MEASURED,
    Verdict.PASS,
    Verdict.SHOWN,
    Verdict.NOT_ASKED,
)


def render_screen(result: Result) -> str:
    """Return the report as one HTML document."""
    charts = Charts()
    return page(
        "Privacy of synthetic data",
        charts.definitions(),
        "<header><h1>Privacy of synthetic data</h1>",
        paragraph(f"Synthetic {result.kind} beside the real records they were made from and real ones never used."),
        "</header><main>",
        *sections(result, charts),
        "</main>",
        "<footer>This report holds counts and shares. It holds no text of a record, no value, no name of a file or of a "
        "column. Rows are numbered from 0 in the order of the synthetic set, columns and tables from 1.</footer>",
    )


def sections(result: Result, charts: Charts) -> tuple[str, ...]:
    """Return the parts of the report, for a page that tells of other things too and holds the charts' definitions."""
    return (
        _verdict(result),
        _figures(result),
        _measures(result),
        _distances(result.histogram, charts),
        _rows(result),
        _guarantee(result.guarantee),
        _reading(),
    )


def _verdict(result: Result) -> str:
    words, css = _SAID[result.verdict]
    return (
        f'<div class="verdict {css}" role="status"><p><strong>{words}</strong></p><p>{_MORE[result.verdict]}</p></div>'
    )


def _figures(result: Result) -> str:
    failed = sum(measure.verdict in {Verdict.FAIL, Verdict.CANNOT_TELL} for measure in result.measures)
    judged = failed + sum(measure.verdict is Verdict.PASS for measure in result.measures)
    tiles: list[tuple[str, Cell, str]] = [
        ("Synthetic rows", result.rows, "what would be released"),
        ("Seen records", result.seen, "used as examples or for tuning"),
        ("Never-used records", result.unseen or "none", "the control"),
        ("Measures", judged, f"{failed} not passed"),
    ]
    items = "".join(
        f"<div><dt>{name}</dt><dd>{show(value)}<small>{show(note)}</small></dd></div>" for name, value, note in tiles
    )
    return f'<dl class="figures">{items}</dl>'


def _measures(result: Result) -> str:
    heads = [
        Head("Measure"),
        Head("Verdict"),
        Head("Figure", "n"),
        Head("95 % interval"),
        Head("May be"),
        Head("Beside it"),
    ]
    ordered = sorted(result.measures, key=lambda measure: _ORDER.index(measure.verdict))
    rows: list[list[Cell]] = [
        [
            _name(measure),
            tag(measure.verdict.value, _CSS.get(measure.verdict, "")),
            "" if measure.metric is None else figure(measure, measure.metric.value),
            interval(measure),
            threshold(measure),
            _aside(measure),
        ]
        for measure in ordered
    ]
    return section(
        "What was measured",
        paragraph(
            "A measure passes where its whole interval is small enough. Where the set or the records are too few for "
            "that, nobody can tell, and it does not pass."
        ),
        table("Measures of the privacy gate", heads, rows),
    )


def _name(measure: Measure) -> Html:
    words = MEANING[measure.code]
    where = f" ({measure.where})" if measure.where else ""
    return Html(f"{show(words.name + where)}<br><small>{show(words.asks)}</small>")


def _aside(measure: Measure) -> Html:
    hint = f"<br><strong>{show(measure.hint)}</strong>" if measure.hint else ""
    return Html(show(beside(measure)) + hint)


def _distances(drawn: Histogram | None, charts: Charts) -> str:
    if drawn is None:
        return ""
    totals = max(1, sum(drawn.seen)), max(1, sum(drawn.unseen))
    bins = [
        Two(f"distance {low:.2f} to {high:.2f}", seen / totals[0], unseen / totals[1])
        for low, high, seen, unseen in zip(drawn.edges[:-1], drawn.edges[1:], drawn.seen, drawn.unseen, strict=True)
    ]
    chart = charts.paired("Distance of real records to their nearest synthetic row", bins, "seen", "never used")
    keys = ((Part("seen", 0, SOLID), "seen records"), (Part("never used", 0, hatched(0)), "never-used records"))
    legend = "".join(f"<li>{charts.key(part)}{words}</li>" for part, words in keys)
    ends = f"<span>{drawn.edges[0]:.2f}: the same</span><span>{drawn.edges[-1]:.2f}: nothing in common</span>"
    return section(
        "How near the synthetic rows are",
        paragraph("If the set betrays nobody, seen and never-used records lie equally far from it."),
        f'<div class="plot">{chart}<p class="axis">{ends}</p></div><ul class="legend">{legend}</ul>',
    )


def _rows(result: Result) -> str:
    told = [measure for measure in result.measures if measure.rows]
    if not told:
        return ""
    rows: list[list[Cell]] = []
    for measure in told:
        more = f" and {len(measure.rows) - _ROWS:,} more" if len(measure.rows) > _ROWS else ""
        where = f" ({measure.where})" if measure.where else ""
        numbers = ", ".join(str(row) for row in measure.rows[:_ROWS]) + more
        rows.append([MEANING[measure.code].name + where, numbers])
    return section(
        "Rows to look at",
        paragraph("Numbers of synthetic rows, from 0. Look at them at the site, beside the real records."),
        table("Synthetic rows that a measure objects to", [Head("Measure"), Head("Rows")], rows),
    )


def _guarantee(stated: Guarantee | None) -> str:
    if stated is None:
        words = "The card of the set states none. What is measured here finds traces; it proves no absence of them."
        return section("Formal guarantee", paragraph(words))
    if stated.unsafe:
        words = "The card states differential privacy, but also that its noise can be foretold: it guarantees nothing."
        return section("Formal guarantee", paragraph(words))
    facts: list[list[Cell]] = [
        ["ε", f"{stated.epsilon:g}"],
        ["δ", f"{stated.delta:g}"],
        ["mechanism", stated.mechanism or "not stated"],
        ["neighbouring tables differ in", stated.unit or "not stated"],
    ]
    return section(
        "Formal guarantee",
        paragraph(
            "The card of the set states differential privacy. It bounds what anybody can learn of one such unit; it was "
            "not measured here, and holds as far as the program that drew the noise is right."
        ),
        table("Differential privacy as the card states it", [Head("What"), Head("Value")], facts),
    )


def _reading() -> str:
    return section(
        "How to read it",
        paragraph(
            "Real records of one kind resemble each other, so a raw count of shared phrases or a small distance means "
            "nothing. Everything is therefore measured twice: on the records that were used, and on real ones that were "
            "not. Only the difference can come from use. Attacks on tables follow Giomi and others (2022); membership "
            "follows Carlini and others (2022), canaries Carlini and others (2019)."
        ),
    )
