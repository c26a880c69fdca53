"""`onprem train words`: make what English entity taggers know before they have seen a label (a command for makers)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from onprem.cli import render

_NAMES = 6_000  # names of vocabularies that are read in context; the words of all of them get vectors
_DRUGS = 8_000


def command(
    encoder: Annotated[Path, typer.Option(help="Folder with an encoder's tokenizer.json and model.safetensors.")],
    data: Annotated[Path, typer.Option(help="Folder of openly licensed texts: bc5cdr and mts-dialog.")],
    out: Annotated[Path, typer.Option(help="Folder of the words; must not exist.")],
    seed: Annotated[int, typer.Option(help="Decides the weights.")] = 0,
    passes: Annotated[int, typer.Option(help="How often the texts are read.")] = 6,
) -> None:
    """Distil vectors of words and a network of convolutions from a pre-trained encoder."""
    from onprem.synth.vocabulary import read_vocabulary
    from onprem.train.words import Plan, make_words, read_texts

    # the first of the drugs are those in use; the rest are chemicals and extracts
    names = [term.text for term in (*read_vocabulary("icd10,hpo"), *read_vocabulary("drugs")[:_DRUGS])]
    with render.bar(json=False) as progress:
        plan = Plan(encoder=encoder, texts=read_texts(data), names=names, read_names=_NAMES, seed=seed, passes=passes)
        meta = make_words(plan, out, progress)
    render.talk(f"{meta['words']:,} words; the card is {out / 'card.md'}")
