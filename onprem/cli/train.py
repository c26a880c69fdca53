"""`onprem train`: small models from labelled text; and the named-entity models of the package, from generated text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.cli import render, train_classify, train_ner, train_relation, train_words

if TYPE_CHECKING:
    from onprem.progress import Progress
    from onprem.train.phi import Plan

app = typer.Typer(
    help="Train small models on labelled text, synthetic or real; make the models that the package ships.",
    no_args_is_help=True,
)
app.command("ner")(train_ner.command)
app.command("relation")(train_relation.command)
app.command("classify")(train_classify.command)
app.command("words")(train_words.command)


@app.command()
def phi(
    lang: Annotated[str, typer.Option(help="Language: en or zh.")],
    out: Annotated[Path, typer.Option(help="Folder of the model; must not exist.")],
    seed: Annotated[int, typer.Option(help="Decides the text and the weights.")] = 0,
    data: Annotated[Path | None, typer.Option(help="Folder of openly licensed carriers.")] = None,
    characters: Annotated[int, typer.Option(help="Characters of generated text to learn from.")] = 50_000_000,
    passes: Annotated[int, typer.Option(help="How often this text is read.")] = 3,
    word_pieces: Annotated[Path | None, typer.Option(help="Folder of word pieces; else those shipped.")] = None,
    jobs: Annotated[int, typer.Option(help="Processes that generate text; threads that learn (thorough).")] = 2,
    tier: Annotated[str, typer.Option(help="fast: the network; thorough: the encoder beside it.")] = "fast",
    encoder: Annotated[Path | None, typer.Option(help="Folder of a pre-trained encoder (thorough).")] = None,
) -> None:
    """Make the named-entity model of a language from generated text."""
    from onprem.errors import OutputError, UsageError
    from onprem.train.phi import Plan, train

    if out.exists():
        raise OutputError("the output folder exists", hint="name a folder that does not exist yet")
    if data is not None and not data.is_dir():
        raise UsageError("--data is not a folder")
    if (tier == "thorough") != (encoder is not None) or tier not in {"fast", "thorough"}:
        raise UsageError("--tier is fast, or thorough with --encoder", hint="see docs/detectors-ner.md")
    with render.bar(json=False) as progress:
        plan = Plan(lang, seed=seed, data=data, characters=characters, passes=passes, pieces=word_pieces, jobs=jobs)
        meta = train(plan, out, progress=progress) if encoder is None else _thorough(plan, encoder, out, progress)
    render.talk(f"threshold {meta['threshold']}; the card is {out / 'card.md'}")


def _thorough(plan: Plan, encoder: Path, out: Path, progress: Progress) -> dict[str, object]:
    """Make the encoder's model.

    Raises:
        UsageError: PyTorch or ONNX is not installed.
    """
    from onprem.errors import UsageError

    try:
        from onprem.train.thorough import train
    except ImportError:
        raise UsageError(
            "PyTorch or ONNX is not installed", hint="install requirements/thorough.txt, see docs/detectors-ner.md"
        ) from None
    return train(plan, encoder, out, progress=progress)


@app.command()
def pieces(
    encoder: Annotated[Path, typer.Option(help="Folder with an encoder's tokenizer.json and model.safetensors.")],
    out: Annotated[Path, typer.Option(help="Folder for pieces.txt and pieces.npz; must not exist.")],
) -> None:
    """Make the word pieces that the English model reads with, from a pre-trained encoder."""
    from onprem.errors import OutputError
    from onprem.train.pieces import make_pieces

    if out.exists():
        raise OutputError("the output folder exists", hint="name a folder that does not exist yet")
    make_pieces(encoder, out)
    render.talk(f"written: {out}")
