"""`onprem model bench`: how fast a model is on this machine, and how it is held."""

from __future__ import annotations

from typing import Annotated

import typer

from onprem.cli import JsonOption, SiteOption, open_site, render
from onprem.cli.with_model import LayersOption, ThreadsOption, chosen

_NAME = typer.Argument(metavar="[NAME]", help="Model of the shelf; default: the site's, or the only one there.")
_AT_A_TIME = typer.Option("--at-a-time", metavar="N", min=1, max=64, help="Answers that the batch writes at a time.")


def bench(
    name: Annotated[str | None, _NAME] = None,
    at_a_time: Annotated[int, _AT_A_TIME] = 16,
    threads: ThreadsOption = None,
    gpu_layers: LayersOption = None,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Measure a model on this machine: one text, many at a time, the library's plainest loop; load time and memory."""
    from onprem.llm.bench import TURNS, measure, steps
    from onprem.llm.llama import Settings, load
    from onprem.llm.shelf import Shelf

    opened = open_site(site)
    shelf = Shelf(opened)
    card = shelf.card(chosen(opened, name))
    settings = Settings(sequences=at_a_time, threads=threads, gpu_layers=gpu_layers)
    model = load(card, shelf.path(card.name), settings)
    try:
        with render.bar(json=json) as bar:
            bar.stage("measuring", steps(TURNS))
            rates = measure(model, progress=bar.advance)
    finally:
        model.close()
    held = model.chosen
    render.document(
        {
            "model": card.name,
            "parameters": card.parameters,
            "quantisation": card.quantisation,
            "load_s": round(held.load_s, 2),
            "memory_mib": rates.peak >> 20,
            "threads": held.threads,
            "threads_why": "as given" if threads else "one a physical core that this process may use",
            "gpu_layers": held.gpu_layers,
            "gpu_layers_why": _why(offload=held.offload, given=gpu_layers),
            "context": held.context,
            "raw_loop_tokens_per_s": round(rates.raw, 1),
            "single_tokens_per_s": round(rates.single, 1),
            "batch_tokens_per_s": round(rates.batch, 1),
            "batch_at_a_time": held.sequences,
            "prompt_tokens_per_s": round(rates.prompt, 1),
            "answer_tokens": rates.tokens,
        },
        json=json,
    )


def _why(*, offload: bool, given: int | None) -> str:
    if not offload:
        return "llama.cpp was built without a GPU"
    return "as given" if given is not None else "as many as the free memory of the GPUs takes"
