"""What `onprem train relation|classify` and `onprem eval relation|classify` have in common: options, runs, tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from onprem.cli import logged, open_if_named, render

if TYPE_CHECKING:
    from onprem.train.linear import Settings
    from onprem.train.measured import Task

OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the model; must not exist.")]
DevOption = Annotated[
    Path | None, typer.Option("--dev", metavar="FILE", help="Measure on these; default: a fifth of the data, by group.")
]
CurveOption = Annotated[bool, typer.Option("--curve", help="Train on an eighth, a quarter and a half of it too.")]
SeedOption = Annotated[
    int, typer.Option("--seed", metavar="N", min=0, help="Decides what is put aside, and the folds.")
]
LangOption = Annotated[str, typer.Option("--lang", metavar="en|zh", help="Language of the texts.")]
ModelFolder = Annotated[Path, typer.Option("--model", metavar="DIR", help="Folder of a trained model.")]
LearntOption = Annotated[
    list[Path] | None,
    typer.Option("--data", metavar="FILE", help="What the model learnt from: TF-IDF learns from it beside it."),
]

_COLUMNS = ("system", "rows", "mcc", "macro_f1", "accuracy")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for on the command line of `onprem train`."""

    data: Sequence[Path]
    out: Path
    dev: Path | None
    curve: bool
    seed: int
    lang: str
    order: tuple[str, ...] = ()
    site: Path | None = None
    json: bool = False


@dataclass(frozen=True, slots=True)
class Labels:
    """What was said of a gold standard, for a table: by system, with the right labels and the groups."""

    right: Sequence[str] = field(repr=False)
    groups: Sequence[str] = field(repr=False)
    said: Mapping[str, Sequence[str]] = field(repr=False)
    order: tuple[str, ...]
    graded: bool
    negative: str | None
    seed: int


def train(asked: Asked, task: Task[Any, Any], read: Callable[[Path], Sequence[Any]]) -> None:
    """Train, measure, save with a card, and print the table.

    Raises:
        UsageError: a language is not known.
        InputError: data cannot be read, or there are too few rows or classes.
        OutputError: the folder exists, or cannot be written.
        SiteError, AuditError: a site is named, and it is none, or its log cannot be written.
    """
    from onprem.errors import OutputError
    from onprem.train.class_card import write_card
    from onprem.train.measured import Data, digest, digest_of, figures, measured

    if asked.out.exists():
        raise OutputError("the output folder exists", hint="name a folder that does not exist yet")
    settings = _settings(asked)
    with logged(open_if_named(asked.site), "train") as note:
        items = [item for path in asked.data for item in read(path)]
        dev = read(asked.dev) if asked.dev else []
        with render.bar(json=asked.json) as progress:
            result = measured(task, Data(items, dev, asked.order), settings, progress, curve=asked.curve)
        meta = {
            "task": task.name,
            "language": settings.lang,
            "seed": asked.seed,
            "digests": digest([*asked.data, *([asked.dev] if asked.dev else [])]),
            "trained": result.trained,
            "measured": result.measured,
            "classes": dict(result.classes),
            "order": list(asked.order),
            "strength": result.model.strength,
            "figures": figures(result),
        }
        result.model.save(asked.out, meta)
        write_card(asked.out, meta)
        note.counts |= {"rows": result.trained, "measured": result.measured}
        note.digests["model"] = digest_of(asked.out)
    show(meta["figures"], graded=bool(asked.order), json=asked.json)
    render.talk(f"measured on {result.measured:,} rows that were not learnt from; the card is {asked.out / 'card.md'}")


def evaluate(labels: Labels, rows: Mapping[str, int], *, json: bool) -> None:
    """Score what each system said of a gold standard, and print the table and the model's confusion.

    Raises:
        InputError: the gold or the model has a label that the grades lack.
    """
    from onprem.errors import InputError
    from onprem.evaluate.classes import Gold
    from onprem.train.measured import MODEL, Row, lines, scored

    every = {*labels.right, *(label for said in labels.said.values() for label in said)}
    if every - set(labels.order):
        raise InputError("a label is not among the grades", hint="name every label in --order")
    gold = Gold(labels.right, labels.groups, labels.order)
    table = [
        Row(name, rows.get(name, 0), *scored(gold, said, labels.negative, labels.seed))
        for name, said in labels.said.items()
    ]
    show(lines(table), graded=labels.graded, json=json)
    if not json:
        confusion = next(row.scores.confusion for row in table if row.system == MODEL)
        shown = [label or "none" for label in labels.order]
        counts = [[right or "none", *said.values()] for right, said in confusion.items()]
        render.table(
            ["right", *shown], counts, json=False, title="the model's confusion: what it said of what is right"
        )


def show(figures: Sequence[dict[str, Any]], *, graded: bool, json: bool) -> None:
    """Print the lines of a table; numbers with their 95 % intervals."""
    if json:
        for each in figures:
            render.document(each, json=True)
        return
    columns = [*_COLUMNS, *(["kappa"] if graded else [])]
    columns += [name for name in ("related_mcc", "related_macro_f1") if any(name in each for each in figures)]
    rows = [[_cell(each[name]) for name in columns] for each in figures]
    render.table([name.replace("_", " ") for name in columns], rows, json=False, title="with 95 % intervals")


def grades(given: str | None) -> tuple[str, ...]:
    """Return the classes of `--order`, from the lowest.

    Raises:
        UsageError: there are fewer than two, or one stands twice.
    """
    from onprem.errors import UsageError

    names = tuple(part.strip() for part in (given or "").split(",") if part.strip())
    if given is not None and (len(names) < 2 or len(set(names)) != len(names)):
        raise UsageError("--order names at least two classes, each once", hint="--order none,mild,moderate,severe")
    return names


def _settings(asked: Asked) -> Settings:
    from onprem.errors import UsageError
    from onprem.train.linear import Settings

    lang: Literal["en", "zh"]
    if asked.lang == "en":
        lang = "en"
    elif asked.lang == "zh":
        lang = "zh"
    else:
        raise UsageError("--lang is not known", hint="en or zh")
    return Settings(lang=lang, seed=asked.seed)


def _cell(value: Any) -> object:  # noqa: ANN401 - what a line of figures holds
    if not isinstance(value, dict):
        return value
    return f"{value['value']:.3f} ({value['low']:.3f} to {value['high']:.3f})"
