"""`onprem train relation`: a classifier of what a sentence says of two things named in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from onprem.cli import JsonOption, SiteOption
from onprem.cli.train_classes import Asked, CurveOption, DevOption, LangOption, OutOption, SeedOption, train

_DATA = typer.Option("--data", metavar="FILE", help="JSON lines or a folder of brat; may be repeated.")


def command(
    data: Annotated[list[Path], _DATA],
    out: OutOption,
    dev: DevOption = None,
    curve: CurveOption = False,
    seed: SeedOption = 0,
    lang: LangOption = "en",
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Train a classifier of relations on labelled pairs, and measure it beside trivial baselines.

    The folder holds a pipeline that spaCy opens without this package, and a card with the figures. See docs/training.md.
    """
    from onprem.evaluate.read_classes import read_pairs
    from onprem.train.relation import TASK

    train(Asked(tuple(data), out, dev, curve, seed, lang, site=site, json=json), TASK, read_pairs)
