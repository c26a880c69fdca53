"""The report of `onprem synth`: how many attempts gave a row, why the others did not, and what the privacy gate measured.

Rules: counts, fixed words and digests; no text of a row and none of a record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from onprem.report.page import Cell, Head, Html, code, page, paragraph, section, show, table
from onprem.report.svg import SOLID, Charts, Part, hatched


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What came of a recipe. `reasons` and `dropped` count by their fixed words; `origin` is "model" or "template"."""

    recipe: str
    version: int
    about: str
    origin: str
    model: str  # its name, "" where templates wrote
    model_digest: str
    lang: str
    seed: int
    rows: int
    attempts: int
    tokens: int
    seconds: float
    rows_now: int  # of this run alone, to which the seconds belong
    reasons: Mapping[str, int]
    dropped: Mapping[str, int]
    gave_up: bool


def render_made(made: Made, gate: Sequence[str], charts: Charts) -> str:
    """Return the report as one HTML document; `gate` are the sections of the privacy gate, none where it did not run."""
    return page(
        "Synthetic data report",
        charts.definitions(),
        "<header><h1>Synthetic data report</h1>",
        paragraph(
            f"{made.about}. Recipe {made.recipe}, version {made.version}, language {made.lang}, seed {made.seed}."
        ),
        "</header><main>",
        *gate[:1],
        _figures(made),
        _yield(made, charts),
        *gate[1:],
        _provenance(made),
        "</main>",
        "<footer>This report holds counts and fixed words: no text of a row and none of a record. What was made is of no "
        "patient and makes no clinical claim.</footer>",
    )


def _figures(made: Made) -> str:
    share = f"{made.rows / made.attempts:.1%} of {made.attempts:,} attempts" if made.attempts else ""
    rate = f"{60 * made.rows_now / made.seconds:,.1f} a minute" if made.seconds > 0 else ""
    tiles: list[tuple[str, Cell, str]] = [
        ("Rows", made.rows, rate),
        ("Yield", share.partition(" ")[0] or "none", share.partition(" ")[2]),
        ("Tokens written", made.tokens, f"{made.tokens / made.rows:,.0f} a row" if made.rows else ""),
        ("Written by", "a model" if made.origin == "model" else "templates", made.model),
    ]
    items = "".join(
        f"<div><dt>{words}</dt><dd>{show(value)}{f'<small>{show(more)}</small>' if more else ''}</dd></div>"
        for words, value, more in tiles
    )
    return f'<dl class="figures">{items}</dl>'


def _yield(made: Made, charts: Charts) -> str:
    rejected = sorted(made.reasons.items(), key=lambda item: (-item[1], item[0]))
    dropped = sorted(made.dropped.items(), key=lambda item: (-item[1], item[0]))
    parts = [Part("rows", made.rows, SOLID)]
    parts += [Part(f"rejected: {reason}", count, hatched(place)) for place, (reason, count) in enumerate(rejected[:3])]
    rest = sum(count for _, count in rejected[3:]) + sum(count for _, count in dropped)
    parts.append(Part("for other reasons", rest, hatched(3)))
    legend = "".join(f"<li>{charts.key(part)}{show(part.words)}: {part.count:,}</li>" for part in parts if part.count)
    largest = max([count for _, count in [*rejected, *dropped]], default=0)
    rows: list[tuple[Cell, ...]] = [
        (words + reason, count, Html(charts.bar(reason, count, largest)))
        for words, items in (("", rejected), ("dropped when all were there: ", dropped))
        for reason, count in items
    ]
    content = [charts.stacked("Attempts", parts), f'<ul class="legend">{legend}</ul>']
    if rows:
        content.append(table("Reasons", (Head("Why there is no row"), Head("Attempts", "n"), Head("", "chart")), rows))
    if made.gave_up:
        content.append(paragraph("The recipe gave too few rows and was given up; see the reasons.", css="strong"))
    return section("Yield", *content)


def _provenance(made: Made) -> str:
    rows: list[tuple[Cell, ...]] = [
        ("Recipe", f"{made.recipe}, version {made.version}"),
        ("Seed", str(made.seed)),
        ("Written by", f"model {made.model}" if made.origin == "model" else "templates, without a model"),
    ]
    if made.model_digest:
        rows.append(("Model (SHA-256)", code(made.model_digest)))
    return section(
        "Provenance",
        paragraph("Each row tells its recipe, model, prompt, seed, attempt and checks in its `provenance`."),
        table("Provenance", (Head("What"), Head("Which")), rows),
    )
