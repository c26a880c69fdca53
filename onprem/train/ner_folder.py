"""The folder of a trained tagger: spaCy's own files, with a card that says what it is, from what, and how good.

Rules: it appears by rename; it holds weights, vectors of words, labels, figures and the names of a vocabulary that was
given; no word of the sentences that were learnt from or measured on.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onprem.errors import OutputError
from onprem.evaluate.tagging import ALL, Scores
from onprem.model import Metric
from onprem.train.ner import Plan, Trained
from onprem.train.ner_words import give_vectors
from onprem.train.unread import unread

COLUMNS = ("type", "system", "precision", "recall", "F1", "mentions")


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a training: how, the dictionary beside it, the learning curve, and how often each label stands."""

    plan: Plan
    beside: Mapping[str, Scores]
    curve: Sequence[tuple[int, Scores]] = ()
    labels: Mapping[str, int] = field(default_factory=dict)


def rows(systems: Mapping[str, Mapping[str, Scores]]) -> list[tuple[str, ...]]:
    """Return rows of `COLUMNS`: for each type, each system, in per cent with 95 % intervals."""
    types = [name for name in dict.fromkeys(name for scores in systems.values() for name in scores) if name != ALL]
    return [
        (name, system, *(shown(each) for each in (own.precision, own.recall, own.f1)), str(own.gold))
        for name in [*sorted(types), ALL]
        for system, scores in systems.items()
        if (own := scores.get(name)) is not None
    ]


def shown(metric: Metric | None) -> str:
    """Return a measure in per cent with its interval, "–" where there is none."""
    if metric is None:
        return "–"
    return f"{100 * metric.value:.1f} ({100 * metric.low:.1f} to {100 * metric.high:.1f})"


def write_folder(trained: Trained, out: Path, told: Told) -> None:
    """Write the folder.

    Raises:
        OutputError: it exists, or the disk refuses.
    """
    partial = out.with_name(f"{out.name}.partial")
    words = told.plan.words
    nlp = unread(trained.nlp, None if words is None else lambda fresh: give_vectors(fresh, words))
    nlp.meta.update(_meta(trained, told))
    try:
        if os.path.lexists(out):
            raise OutputError("the output folder exists", hint="name a folder that does not exist yet")
        if partial.is_dir():
            shutil.rmtree(partial)
        nlp.to_disk(partial)
        (partial / "card.md").write_text(_card(trained, out.name, told), encoding="utf-8")
        partial.rename(out)
    except OSError:
        raise OutputError("the model cannot be written", hint="look at free space and permissions") from None


def _meta(trained: Trained, told: Told) -> dict[str, Any]:
    whole = trained.scores[ALL]
    return {
        "name": "entities",
        "version": "1.0.0",
        "description": "An entity tagger trained by onprem",
        "onprem": {
            "seed": told.plan.seed,
            "sentences": trained.sentences,
            "held_back": len(trained.held),
            "passes": trained.passes,
            "kept_pass": trained.best_pass,
            "labels": dict(told.labels),
            "words": told.plan.words is not None,
            "f1": None if whole.f1 is None else round(whole.f1.value, 4),
        },
    }


def _card(trained: Trained, name: str, told: Told) -> str:
    lines = [
        f"# Model card: {name}",
        "",
        "An entity tagger. spaCy opens it as it is: `spacy.load(FOLDER)`; nothing of this package is needed to run it.",
        "",
        f"- Language: {told.plan.lang}; seed: {told.plan.seed}",
        f"- Sentences learnt from: {trained.sentences:,}; held back: {len(trained.held):,}",
        f"- Passes: {trained.passes}, of which number {trained.best_pass} was kept; {trained.seconds:.0f} seconds",
        "- Mentions in the data: " + ", ".join(f"{label} {number:,}" for label, number in sorted(told.labels.items())),
        f"- Names of a vocabulary in it: {len(told.plan.names):,}",
        "- Begins with: " + ("vectors and weights distilled from MiniLM-L6" if told.plan.words else "nothing"),
        "",
        "## On what was held back" if trained.held else "## Nothing was held back: the data are few",
        "",
        "By these figures the pass was chosen, and where the data are synthetic so is what was held back: they say how",
        "well it learnt, not how well it does on the house's own records. For that:",
        "`onprem eval ner --model FOLDER --gold FILE`.",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "|---" * len(COLUMNS) + "|",
        *("| " + " | ".join(row) + " |" for row in rows({"tagger": trained.scores, "dictionary": told.beside})),
    ]
    if told.curve:
        lines += ["", "| sentences | F1 |", "|---|---|"]
        lines += [f"| {size:,} | {shown(scores.f1)} |" for size, scores in told.curve]
    lines += ["", "No clinical claim: it marks words in text and decides nothing."]
    return "\n".join(lines) + "\n"
