"""A model for a command: which one, loaded in its own process, ended with the command.

Rules: the model is the one that is named, else the site's (`model` in onprem.toml), else the only one on the shelf; where
there are several and none is named, nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.errors import ModelError, UsageError

if TYPE_CHECKING:
    from onprem.config import Site
    from onprem.llm.contract import LLM

ModelOption = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME", help="Model of the shelf; default: the site's, or the only one there."),
]
LayersOption = Annotated[
    int | None,
    typer.Option("--gpu-layers", metavar="N", min=0, help="Layers on the GPU; default: as many as its memory takes."),
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", metavar="N", min=1, max=256, help="Threads; default: one a physical core.")
]


def chosen(site: Site, name: str | None) -> str:
    """Return the name of the model to use.

    Raises:
        UsageError: none is named and there are several.
        ModelError: there is none.
    """
    from onprem.llm.shelf import Shelf

    if named := name or site.settings.model:
        return named
    names = [card.name for card in Shelf(site).cards()]
    if len(names) > 1:
        words = f"--model NAME, or `model` in onprem.toml; there are: {', '.join(names)}"
        raise UsageError("there are several models on the shelf", hint=words)
    if not names:
        raise ModelError("there is no model on the shelf", hint="put one there: onprem model add FILE --sha256 DIGEST")
    return names[0]


@contextmanager
def use(
    site: Site,
    name: str | None,
    *,
    sequences: int = 1,
    context: int = 0,
    gpu_layers: int | None = None,
    threads: int | None = None,
) -> Iterator[LLM]:
    """Load a model of the shelf; end its process when the command ends.

    `sequences` is how many answers are written at a time; `context` how many tokens each may have with its prompt (0: the
    model's own, 4,096 at most).

    Raises:
        UsageError, ModelError: as `chosen`; the file is not the one that was added; it cannot be loaded.
        ResourceError: it does not fit into memory.
    """
    from onprem.llm.llama import Settings, load
    from onprem.llm.shelf import Shelf

    settings = Settings(sequences=sequences, context=context, gpu_layers=gpu_layers, threads=threads)
    shelf = Shelf(site)
    model = load(shelf.card(chosen(site, name)), shelf.path(chosen(site, name)), settings)
    try:
        yield model
    finally:
        model.close()
