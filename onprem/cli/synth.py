"""`onprem synth`: rows of a recipe, screened before they get their name where they were made from records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.cli import JsonOption, SiteOption, render
from onprem.cli.with_model import LayersOption, ModelOption, ThreadsOption

if TYPE_CHECKING:
    from collections.abc import Mapping

_RECIPE = typer.Argument(metavar="RECIPE", help="What is made; `list` shows every recipe.")
_N = typer.Option("--n", metavar="N", help="Rows, or patients.")
_OUT = typer.Option("--out", metavar="FILE", help="JSON lines; for tables a CSV or Parquet file, or a folder (ehr).")
_LANG = typer.Option("--lang", metavar="en|zh", help="Language of prompts, templates and names.")
_TEMPLATES = typer.Option("--templates", help="Write from templates, without a model.")
_RECORDS = typer.Option("--records", metavar="PATH", help="De-identified records, or the hospital's own tables.")
_HELD = typer.Option("--hold-out", metavar="SHARE", min=0.05, max=0.95, help="Share of --records never used.")
_UNSEEN = typer.Option("--unseen", metavar="PATH", help="Records that are never used; then all of --records may be.")
_EXAMPLES = typer.Option("--examples", metavar="FILE", help="De-identified, labelled sentences to write like.")
_VOCABULARY = typer.Option(
    "--vocabulary", metavar="FILE|icd10|hpo|drugs", help="Names to write about; may be repeated."
)
_TABLES = typer.Option("--tables", metavar="DIR", help="Tables of `onprem synth ehr` to write about.")
_PACK = typer.Option("--pack", metavar="FILE.toml", help="A disease pack of your own, for the recipe `pack`.")
_SET = typer.Option("--set", metavar="NAME=VALUE", help="An option of the recipe; see `onprem synth list`.")
_EPSILON = typer.Option("--epsilon", metavar="E", help="Tables with differential privacy; takes --domain.")
_DELTA = typer.Option("--delta", metavar="D", help="With --epsilon: the chance that the guarantee does not hold.")
_DOMAIN = typer.Option("--domain", metavar="FILE.toml", help="With --epsilon: public bounds of every column.")
_SCHEMA = typer.Option("--schema", metavar="FILE.toml", help="How tables are linked; default: by their keys.")
_LEAF = typer.Option("--leaf", metavar="N", min=5, help="Patients at least that stand behind each value of a tree.")
_RESUME = typer.Option("--resume", help="Go on with an --out that was cut short.")
_REPORT = typer.Option("--report", metavar="FILE.html", help="Write a report: yield, reasons, what the gate measured.")
_MANY = typer.Option("--at-a-time", metavar="N", min=1, max=64, help="Answers that are written at the same time.")
_CONTEXT = typer.Option("--context", metavar="N", min=0, help="Tokens of a question and its answer; default: 2,048.")


def command(
    recipe: Annotated[str, _RECIPE],
    n: Annotated[int, _N] = 100,
    out: Annotated[Path | None, _OUT] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="S", min=0, help="Decides what is made.")] = 0,
    lang: Annotated[str, _LANG] = "en",
    templates: Annotated[bool, _TEMPLATES] = False,
    records: Annotated[Path | None, _RECORDS] = None,
    hold_out: Annotated[float | None, _HELD] = None,
    unseen: Annotated[Path | None, _UNSEEN] = None,
    examples: Annotated[Path | None, _EXAMPLES] = None,
    vocabulary: Annotated[list[str] | None, _VOCABULARY] = None,
    tables: Annotated[Path | None, _TABLES] = None,
    pack: Annotated[Path | None, _PACK] = None,
    set_: Annotated[list[str] | None, _SET] = None,
    epsilon: Annotated[float | None, _EPSILON] = None,
    delta: Annotated[float | None, _DELTA] = None,
    domain: Annotated[Path | None, _DOMAIN] = None,
    schema: Annotated[Path | None, _SCHEMA] = None,
    leaf: Annotated[int, _LEAF] = 20,
    resume: Annotated[bool, _RESUME] = False,
    report: Annotated[Path | None, _REPORT] = None,
    at_a_time: Annotated[int, _MANY] = 8,
    model: ModelOption = None,
    context: Annotated[int, _CONTEXT] = 2048,
    gpu_layers: LayersOption = None,
    threads: ThreadsOption = None,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Make synthetic patients, notes, labelled sentences or dialogues; screen them if they were made from records.

    What is made from --records gets its name only when the privacy gate lets it pass; else it stays as OUT.held. See
    docs/synth.md.
    """
    from onprem.cli import synth_rows, synth_tables
    from onprem.errors import UsageError

    if recipe == "list":
        _list(json=json)
        return
    if out is None:
        raise UsageError("--out is missing", hint="name a file for what is made")
    if n < 1:
        raise UsageError("--n is at least 1", hint="name how many rows are to be made")
    if lang not in {"en", "zh"}:
        raise UsageError("--lang is not known", hint="en or zh")
    if recipe in synth_tables.RECIPES:
        synth_tables.carry_out(
            synth_tables.Asked(
                recipe=recipe,
                n=n,
                out=out,
                seed=seed,
                lang=lang,
                records=records,
                hold_out=hold_out,
                unseen=unseen,
                epsilon=epsilon,
                delta=delta,
                domain=domain,
                schema=schema,
                leaf=leaf,
                report=report,
                site=site,
                json=json,
            )
        )
        return
    synth_rows.carry_out(
        synth_rows.Asked(
            recipe=recipe,
            n=n,
            out=out,
            seed=seed,
            lang=lang,
            templates=templates,
            records=records,
            hold_out=hold_out,
            unseen=unseen,
            examples=examples,
            vocabulary=tuple(vocabulary or ()),
            tables=tables,
            pack=pack,
            options=_options(set_ or []),
            resume=resume,
            report=report,
            at_a_time=at_a_time,
            model=model,
            context=context,
            gpu_layers=gpu_layers,
            threads=threads,
            site=site,
            json=json,
        )
    )


def _options(given: list[str]) -> Mapping[str, str]:
    from onprem.errors import UsageError

    found: dict[str, str] = {}
    for each in given:
        name, sign, value = each.partition("=")
        if not (sign and name):
            raise UsageError("--set is no NAME=VALUE", hint="see: onprem synth list")
        if name == "pack":
            raise UsageError("a pack is no --set", hint="give --pack FILE.toml")
        found[name] = value
    return found


def _list(*, json: bool) -> None:
    from onprem.cli import synth_tables
    from onprem.synth.recipes import recipes

    columns = ("recipe", "makes", "languages", "smallest model", "needs", "options")
    rows: list[tuple[object, ...]] = [
        (name, about, "en, zh", "none", "", "") for name, about in synth_tables.RECIPES.items()
    ]
    rows += [
        (
            recipe.name,
            recipe.about,
            ", ".join(recipe.langs),
            f"{recipe.smallest / 1e6:,.0f}M",
            ", ".join(recipe.needs),
            "; ".join(f"{name}: {words}" for name, words in recipe.options.items()),
        )
        for recipe in recipes().values()
    ]
    render.table(columns, rows, json=json, title="recipes")
