"""`onprem train phi`: regenerate the training text and make a named-entity model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from onprem.cli import render

app = typer.Typer(help="Make the models that the package ships.", no_args_is_help=True)


@app.command()
def phi(
    lang: Annotated[str, typer.Option(help="Language: en or zh.")],
    out: Annotated[Path, typer.Option(help="Folder of the model; must not exist.")],
    seed: Annotated[int, typer.Option(help="Decides the text and the weights.")] = 0,
    data: Annotated[Path | None, typer.Option(help="Folder of openly licensed carriers.")] = None,
    characters: Annotated[int, typer.Option(help="Characters of generated text to learn from.")] = 50_000_000,
) -> None:
    """Make the named-entity model of a language from generated text."""
    from onprem.errors import OutputError, UsageError
    from onprem.train.phi import Plan, train

    if out.exists():
        raise OutputError("the output folder exists", hint="name a folder that does not exist yet")
    if data is not None and not data.is_dir():
        raise UsageError("--data is not a folder")
    with render.bar(json=False) as progress:
        meta = train(Plan(lang, seed=seed, data=data, characters=characters), out, progress=progress)
    render.talk(f"threshold {meta['threshold']}; the card is {out / 'card.md'}")
