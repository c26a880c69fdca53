"""`onprem train ner`: train an entity tagger on synthetic sentences, real ones, or both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.cli import JsonOption, SiteOption, logged, open_if_named, render

if TYPE_CHECKING:
    from onprem.labelled import Sentence

_DATA = typer.Option("--data", metavar="FILE", help="Labelled sentences: IOB, JSON lines or a brat folder; repeatable.")
_DEV = typer.Option(
    "--dev", metavar="FILE", help="Labelled sentences to choose by; default: a tenth of the data, by patient."
)
_VOCABULARY = typer.Option(
    "--vocabulary", metavar="FILE|icd10|hpo|drugs", help="Names that become a part of the tagger."
)


def command(
    data: Annotated[list[Path], _DATA],
    out: Annotated[Path, typer.Option(help="Folder of the model; must not exist.")],
    dev: Annotated[Path | None, _DEV] = None,
    vocabulary: Annotated[str | None, _VOCABULARY] = None,
    curve: Annotated[
        bool, typer.Option("--curve", help="Train on parts of the data too, for a learning curve.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Decides the split and the weights.")] = 0,
    lang: Annotated[str, typer.Option(help="Language: en or zh.")] = "en",
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Train an entity tagger; spaCy opens the folder as it is."""
    from onprem.errors import OutputError, UsageError
    from onprem.evaluate.read_labelled import read_labelled
    from onprem.evaluate.tagging import ALL, dictionary_tagger, score
    from onprem.report.page import write_page
    from onprem.report.training_page import Curve, Point, Table, training_page
    from onprem.train import ner, ner_folder, ner_words
    from onprem.train.measured import digest_of
    from onprem.train.ner_folder import COLUMNS, Told, write_folder

    if out.exists():
        raise OutputError("the output folder exists", hint="name a folder that does not exist yet")
    if lang not in {"en", "zh"}:
        raise UsageError("--lang is not known", hint="en or zh")
    with logged(open_if_named(site), "train") as note:
        files = [read_labelled(path) for path in data]
        held = read_labelled(dev) if dev is not None else []
        if not held:
            # before anything looks at the data: the dictionary must not know what it is measured on, and the same sentences
            # are held back for every point of the curve
            files, held = ner.held_back(files, seed)
        if curve and not held:
            raise UsageError("the data are too few to hold some back for a curve", hint="give --dev FILE")
        names = _names(files, vocabulary)
        plan = ner.Plan(
            lang=lang, seed=seed, words=ner_words.shipped(lang), names=names if vocabulary is not None else ()
        )
        with render.bar(json=json) as progress:
            points = ner.curve(files, held, plan, progress) if curve else []
            trained = ner.train(files, held, plan, progress)
        beside = score(trained.held, dictionary_tagger(names)([each.text for each in trained.held]), seed=seed)
        write_folder(trained, out, Told(plan, beside, points, ner.counts(files)))
        rows = ner_folder.rows({"tagger": trained.scores, "dictionary": beside})
        title = "On what was held back, in per cent with 95 % intervals"
        drawn = [*points, (trained.sentences, trained.scores[ALL])] if points else []
        line = Curve("exact-span F1", "sentences", tuple(Point(size, scores.f1) for size, scores in drawn))
        page = training_page("Training of an entity tagger", [Table(title, COLUMNS, rows)], [line] if drawn else [])
        write_page(out / "report.html", page)
        note.counts |= {"rows": trained.sentences, "measured": len(trained.held)}
        note.digests["model"] = digest_of(out)
    render.table(COLUMNS, rows, json=json, title=title.lower())
    render.talk(f"spaCy opens {out}; the card is {out / 'card.md'}, the report {out / 'report.html'}")


def _names(files: list[list[Sentence]], vocabulary: str | None) -> list[tuple[str, str]]:
    """Return the names of a vocabulary under the label of the data, else what is labelled in the data."""
    from onprem.evaluate.tagging import known_names

    known = known_names(sentence for each in files for sentence in each)
    if vocabulary is None:
        return known
    from onprem.synth.vocabulary import named_as, read_vocabulary

    return named_as(read_vocabulary(vocabulary), sorted({label for _, label in known}))
