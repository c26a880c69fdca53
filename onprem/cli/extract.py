"""`onprem extract`: values of each record by a schema, each with its place in the record or marked as not found there."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onprem.cli import JsonOption, SiteOption, render
from onprem.cli.harmless import one_line
from onprem.cli.summarise_run import (
    Asked,
    ContextOption,
    CutOption,
    IdOption,
    InputArgument,
    Job,
    ManyOption,
    OutOption,
    ResumeOption,
    TextOption,
    carry_out,
)
from onprem.cli.with_model import LayersOption, ModelOption, ThreadsOption

if TYPE_CHECKING:
    from onprem.assist.batch_out import Line

_SCHEMA = typer.Option("--schema", metavar="FILE.json", help="JSON schema of the values; see docs/summaries.md.")


def command(
    input: InputArgument,
    schema: Annotated[Path, _SCHEMA],
    out: OutOption = None,
    resume: ResumeOption = False,
    cut: CutOption = False,
    text_field: TextOption = "text",
    id_field: IdOption = "id",
    at_a_time: ManyOption = 8,
    model: ModelOption = None,
    context: ContextOption = 0,
    gpu_layers: LayersOption = None,
    threads: ThreadsOption = None,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Extract values from records by a JSON schema, each with its place in the record.

    The model is bound to the schema, so every answer is valid; code looks for each value in the record and marks those that
    are not there. See docs/summaries.md.
    """
    from onprem.assist.extract import Extract
    from onprem.assist.schema import read_schema

    wanted = read_schema(schema)
    job = Job("extract", "values", (jsonlib.dumps(wanted.own),), lambda llm: Extract(llm, wanted), _show)
    carry_out(
        Asked(
            given=input,
            out=out,
            resume=resume,
            cut=cut,
            text_field=text_field,
            id_field=id_field,
            at_a_time=at_a_time,
            model=model,
            context=context,
            gpu_layers=gpu_layers,
            threads=threads,
            site=site,
            json=json,
        ),
        job,
    )


def _show(line: Line) -> None:
    for place in line["spans"]:
        where = f"[{place['start']}-{place['end']}]" if place["found"] else "not found in the record"
        render.line(f"  {one_line(place['path'])}: {one_line(str(_at(line['values'], place['path'])))}  {where}")
    render.line(f"  found: {line['found']} of {line['of']} values")


def _at(values: Any, pointer: str) -> Any:  # noqa: ANN401 - what JSON gives
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        values = values[int(name)] if isinstance(values, list) else values[name]
    return values
