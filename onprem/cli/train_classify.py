"""`onprem train classify`: a classifier of whole texts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from onprem.cli import JsonOption, SiteOption
from onprem.cli.train_classes import Asked, CurveOption, DevOption, LangOption, OutOption, SeedOption, grades, train

_DATA = typer.Option("--data", metavar="FILE", help="JSON lines, or TSV with text and label; may be repeated.")
_ORDER = typer.Option("--order", metavar="A,B,…", help="The classes are grades, from the lowest: kappa is shown.")


def command(
    data: Annotated[list[Path], _DATA],
    out: OutOption,
    dev: DevOption = None,
    order: Annotated[str | None, _ORDER] = None,
    curve: CurveOption = False,
    seed: SeedOption = 0,
    lang: LangOption = "en",
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Train a classifier of texts on labelled texts, and measure it beside trivial baselines.

    The folder holds a pipeline that spaCy opens without this package, and a card with the figures. See docs/training.md.
    """
    from onprem.evaluate.read_classes import read_classed
    from onprem.train.classify import TASK

    train(Asked(tuple(data), out, dev, curve, seed, lang, grades(order), site, json), TASK, read_classed)
