"""`onprem eval ner`: measure an entity tagger against labelled sentences, beside a dictionary."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from onprem.cli import JsonOption, SiteOption, logged, open_if_named, render

_MODEL = typer.Option("--model", metavar="DIR", help="A folder of `onprem train ner`, or another that spaCy opens.")
_GOLD = typer.Option("--gold", metavar="FILE", help="Labelled sentences: IOB, JSON lines or a brat folder.")
_VOCABULARY = typer.Option("--vocabulary", metavar="FILE|icd10|hpo|drugs", help="Names for the dictionary beside it.")
_DATA = typer.Option(
    "--data", metavar="FILE", help="What it was trained on: its mentions are another dictionary; repeatable."
)


def command(
    model: Annotated[Path, _MODEL],
    gold: Annotated[Path, _GOLD],
    vocabulary: Annotated[str | None, _VOCABULARY] = None,
    data: Annotated[list[Path] | None, _DATA] = None,
    seed: Annotated[int, typer.Option(help="Seed of the resampling.")] = 0,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Print exact-span precision, recall and F1 of a tagger by type, with 95 % intervals, beside dictionaries."""
    from onprem.evaluate.read_labelled import read_labelled
    from onprem.evaluate.tagging import Scores, dictionary_tagger, known_names, score, spacy_tagger
    from onprem.synth.vocabulary import named_as, read_vocabulary
    from onprem.train.measured import digest_of
    from onprem.train.ner_folder import COLUMNS, rows

    with logged(open_if_named(site), "eval") as note:
        sentences = read_labelled(gold)
        texts = [sentence.text for sentence in sentences]
        taggers = {"tagger": spacy_tagger(model)}
        labels = sorted({mention.label for sentence in sentences for mention in sentence.mentions})
        if vocabulary is not None:
            taggers["dictionary"] = dictionary_tagger(named_as(read_vocabulary(vocabulary), labels))
        if data:
            known = known_names(sentence for path in data for sentence in read_labelled(path))
            taggers["dictionary of the training data"] = dictionary_tagger(known)
        systems: dict[str, dict[str, Scores]] = {
            name: score(sentences, tag(texts), seed=seed) for name, tag in taggers.items()
        }
        note.counts |= {"rows": len(sentences)}
        note.digests["model"] = digest_of(model)
    render.table(COLUMNS, rows(systems), json=json, title="exact spans, in per cent with 95 % intervals")
