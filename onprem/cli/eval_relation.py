"""`onprem eval relation`: a trained classifier of relations against a gold standard, beside trivial baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from onprem.cli import JsonOption, SiteOption, logged, open_if_named
from onprem.cli.train_classes import Labels, LearntOption, ModelFolder, SeedOption, evaluate

_GOLD = typer.Option("--gold", metavar="FILE", help="JSON lines or a folder of brat.")
_KINDS = typer.Option("--kinds", metavar="HEAD,TAIL", help="brat: entity types; unrelated pairs of them count as none.")


def command(
    model: ModelFolder,
    gold: Annotated[Path, _GOLD],
    data: LearntOption = None,
    kinds: Annotated[str | None, _KINDS] = None,
    seed: SeedOption = 0,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Measure a trained classifier of relations on a gold standard, beside trivial baselines.

    Measures are defined in docs/measures.md.
    """
    from onprem.evaluate.read_classes import read_pairs
    from onprem.train.measured import MODEL, TFIDF, constant, digest_of, tfidf
    from onprem.train.relation import load, plain

    with logged(open_if_named(site), "eval") as note:
        trained, told = load(model, "relation")
        pairs = read_pairs(gold, _kinds(kinds))
        said = {MODEL: trained.choose(pairs), **constant("", told["classes"], len(pairs))}
        learnt = [pair for path in data or () for pair in read_pairs(path)]
        if learnt:
            said[TFIDF] = tfidf([plain(p) for p in learnt], [p.label for p in learnt], [plain(p) for p in pairs])
        right = [pair.label for pair in pairs]
        order = tuple(sorted({*right, *(label for each in said.values() for label in each)}))
        labels = Labels(right, [pair.group for pair in pairs], said, order, graded=False, negative="", seed=seed)
        evaluate(labels, dict.fromkeys(said, told["trained"]) | {TFIDF: len(learnt)}, json=json)
        note.counts |= {"rows": len(pairs)}
        note.digests["model"] = digest_of(model)


def _kinds(given: str | None) -> tuple[str, str] | None:
    from onprem.errors import UsageError

    if given is None:
        return None
    head, comma, tail = (part.strip() for part in given.partition(","))
    if not head or not comma or not tail:
        raise UsageError("--kinds names two entity types", hint="--kinds Chemical,Disease")
    return head, tail
