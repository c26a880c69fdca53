"""`onprem eval classify`: a trained classifier of texts against a gold standard, beside trivial baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from onprem.cli import JsonOption, SiteOption, logged, open_if_named
from onprem.cli.train_classes import Labels, LearntOption, ModelFolder, SeedOption, evaluate, grades

_GOLD = typer.Option("--gold", metavar="FILE", help="JSON lines, or TSV with text and label.")
_ORDER = typer.Option("--order", metavar="A,B,…", help="The classes are grades; default: as the model was trained.")


def command(
    model: ModelFolder,
    gold: Annotated[Path, _GOLD],
    data: LearntOption = None,
    order: Annotated[str | None, _ORDER] = None,
    seed: SeedOption = 0,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Measure a trained classifier of texts on a gold standard, beside trivial baselines.

    Measures are defined in docs/measures.md.
    """
    from onprem.evaluate.read_classes import read_classed
    from onprem.train.linear import load
    from onprem.train.measured import MODEL, TFIDF, constant, digest_of, tfidf

    with logged(open_if_named(site), "eval") as note:
        trained, told = load(model, "classify")
        items = read_classed(gold)
        texts = [item.text for item in items]
        said = {MODEL: trained.choose(texts), **constant(None, told["classes"], len(items))}
        learnt = [item for path in data or () for item in read_classed(path)]
        if learnt:
            said[TFIDF] = tfidf([item.text for item in learnt], [item.label for item in learnt], texts)
        right = [item.label for item in items]
        order_of = grades(order) or tuple(told["order"])
        every = order_of or tuple(sorted({*right, *(label for each in said.values() for label in each)}))
        labels = Labels(
            right, [item.group for item in items], said, every, graded=bool(order_of), negative=None, seed=seed
        )
        evaluate(labels, dict.fromkeys(said, told["trained"]) | {TFIDF: len(learnt)}, json=json)
        note.counts |= {"rows": len(items)}
        note.digests["model"] = digest_of(model)
