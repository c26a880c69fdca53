"""`onprem screen`: whether a synthetic set betrays the records it was made from, PASS or FAIL with every number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.cli import JsonOption, SiteOption, logged, open_if_named, render

if TYPE_CHECKING:
    from onprem.audit.log import Note
    from onprem.evaluate.privacy.contract import Measure, Result, Settings
    from onprem.progress import Progress

_SEEN = typer.Option("--seen", metavar="DIR", help="Real records that were used, as examples or for tuning.")
_UNSEEN = typer.Option("--unseen", metavar="DIR", help="Real records of the same kind that were not; split by patient.")
_CANARIES = typer.Option(
    "--canaries", metavar="FILE", help="List of the canaries that were planted; see docs/screen.md."
)
_REPORT = typer.Option("--report", metavar="FILE.html", help="Write a self-contained HTML report.")
_FIELD = typer.Option(
    "--text-field", metavar="NAME", help="Field or column that holds the text; without it CSV is tables."
)
_SEED = typer.Option("--seed", metavar="N", help="Seed of the resampling.")


def command(
    synthetic: Annotated[Path, typer.Argument(metavar="SYNTHETIC", help="JSON lines, a table, or a folder of tables.")],
    seen: Annotated[Path, _SEEN],
    unseen: Annotated[Path | None, _UNSEEN] = None,
    canaries: Annotated[Path | None, _CANARIES] = None,
    report: Annotated[Path | None, _REPORT] = None,
    text_field: Annotated[str | None, _FIELD] = None,
    seed: Annotated[int, _SEED] = 0,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Measure whether a synthetic set betrays the records it was made from: PASS or FAIL, with every number.

    Without --unseen the result is incomplete, which is no PASS. The measures are defined in docs/screen.md.
    """
    from onprem.errors import OutputError
    from onprem.evaluate.privacy.contract import Verdict
    from onprem.report.page import write_page
    from onprem.report.screen_page import render_screen

    opened = open_if_named(site)
    if report is not None and report.exists() and report.is_dir():
        raise OutputError("the report is a folder", hint="name a file")
    with logged(opened, "screen") as note:
        with render.bar(json=json) as progress:
            result = _screened(synthetic, (seen, unseen), text_field, _settings(canaries, synthetic, seed), progress)
        _note(note, result)
    if report is not None:
        write_page(report, render_screen(result))
    _show(result, json=json)
    if result.verdict is not Verdict.PASS:
        raise typer.Exit(1)


def _settings(canaries: Path | None, synthetic: Path, seed: int) -> Settings:
    from onprem.evaluate.privacy.canaries import read
    from onprem.evaluate.privacy.contract import Settings
    from onprem.evaluate.privacy.reading import read_card

    listed = None if canaries is None else read(canaries)
    return Settings(seed=seed, canaries=listed, guarantee=read_card(synthetic))


def _screened(
    synthetic: Path, real: tuple[Path, Path | None], text_field: str | None, settings: Settings, progress: Progress
) -> Result:
    """Read the three sets and screen them.

    Raises:
        UsageError: some are tables and some are texts, or canaries are given for tables.
        InputError: one cannot be read.
    """
    from onprem.errors import UsageError
    from onprem.evaluate.privacy.reading import is_tables, read_tables, read_texts
    from onprem.evaluate.privacy.tables import screen_tables
    from onprem.evaluate.privacy.texts import screen_texts

    seen, unseen = real
    kinds = {is_tables(path, text_field) for path in (synthetic, seen, unseen) if path is not None}
    if len(kinds) > 1:
        raise UsageError("some inputs are tables and some are texts", hint="--text-field NAME reads tables as texts")
    progress.stage("reading", None)
    if kinds == {False}:
        never = None if unseen is None else read_texts(unseen, text_field)
        return screen_texts(read_texts(synthetic, text_field), read_texts(seen, text_field), never, settings, progress)
    if settings.canaries is not None:
        raise UsageError("canaries are for texts", hint="leave --canaries out for tables")
    others = None if unseen is None else read_tables(unseen)
    return screen_tables(read_tables(synthetic), read_tables(seen), others, settings, progress)


def _show(result: Result, *, json: bool) -> None:
    from onprem.evaluate.privacy.words import beside, figure, interval, threshold

    whole: dict[str, object] = {
        "verdict": result.verdict.value,
        "synthetic": result.rows,
        "seen": result.seen,
        "never_used": result.unseen,
    }
    if result.guarantee is not None and not result.guarantee.unsafe:
        whole |= {"stated_epsilon": result.guarantee.epsilon, "stated_delta": result.guarantee.delta}
    render.document(whole, json=json)
    if json:
        for measure in result.measures:
            render.document(_line(measure), json=True)
        return
    rows = [
        (
            measure.verdict.value,
            f"{measure.where} {measure.code}".strip(),
            "" if measure.metric is None else figure(measure, measure.metric.value),
            interval(measure),
            threshold(measure),
            beside(measure),
        )
        for measure in result.measures
    ]
    columns = ("verdict", "measure", "figure", "interval", "may_be", "beside")
    render.table(columns, rows, json=False, title="measures, with 95 % intervals")
    for words in _hints(result):
        render.talk(words)


def _hints(result: Result) -> Iterator[str]:
    """Yield what helps, once."""
    for hint, codes in _grouped(result).items():
        yield f"{', '.join(codes)}: {hint}"


def _grouped(result: Result) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for measure in result.measures:
        if measure.hint:
            found.setdefault(measure.hint, []).append(f"{measure.where} {measure.code}".strip())
    return found


def _line(measure: Measure) -> dict[str, object]:
    metric, bounds = measure.metric, measure.bounds
    return {
        "measure": measure.code,
        "where": measure.where,
        "verdict": measure.verdict.value,
        "value": None if metric is None else metric.value,
        "low": None if metric is None else metric.low,
        "high": None if metric is None else metric.high,
        "n": None if metric is None else metric.n,
        "limit": None if bounds is None else bounds.limit,
        "tolerated": None if bounds is None or bounds.tolerated == float("inf") else bounds.tolerated,
        "counts": dict(measure.counts),
        "figures": dict(measure.figures),
        "rows": list(measure.rows),
        "hint": measure.hint,
    }


def _note(note: Note, result: Result) -> None:
    from onprem.audit.events import Outcome
    from onprem.evaluate.privacy.contract import Verdict

    said = [measure.verdict for measure in result.measures]
    note.outcome = Outcome.DONE if result.passed else Outcome.HELD
    note.counts |= {
        "rows": result.rows,
        "seen": result.seen,
        "unseen": result.unseen,
        "passed": said.count(Verdict.PASS),
        "failed": said.count(Verdict.FAIL) + said.count(Verdict.CANNOT_TELL),
        "not_measured": said.count(Verdict.NOT_MEASURED),
    }
