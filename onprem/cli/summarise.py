"""`onprem summarise`: a brief of each record, every sentence held against the record by code."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

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


class Unsupported(StrEnum):
    """What becomes of a sentence that the record does not bear out."""

    DROP = "drop"
    MARK = "mark"


_UNSUPPORTED = typer.Option("--unsupported", help="What becomes of a sentence that the record does not bear out.")


def command(
    input: InputArgument,
    unsupported: Annotated[Unsupported, _UNSUPPORTED] = Unsupported.DROP,
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
    """Summarise records: a brief of each, with the places of the record that each sentence rests on.

    A model writes, code checks: numbers, drugs, findings, negations, sides. A sentence that the record does not bear out is
    dropped, or marked; where none is left there is no brief. See docs/summaries.md.
    """
    from onprem.assist.brief import Summarise

    mark = unsupported is Unsupported.MARK
    job = Job("summarise", "sentences", (mark,), lambda llm: Summarise(llm, mark=mark), _show)
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
    for sentence in line["sentences"]:
        if sentence["supported"]:
            places = ", ".join(f"{start}-{end}" for start, end in sentence["spans"])
            render.line(f"  {one_line(sentence['text'])} [{places}]")
        else:
            render.line(f"  not borne out ({sentence['kind']}): {one_line(sentence['text'])}")
    render.line(f"  supported: {line['supported']} of {line['of']} sentences of the model")
    if not line["complete"]:
        render.line("  the model was not done when its answer was full")
