"""A classifier of whole texts (`onprem train classify`): a spaCy pipeline, with a card and the figures of its training.

    trained = train(items, dev, Settings(lang="en", seed=0), Silent())   # items, dev: Sequence[Classed]; dev may be None
    trained.predict(["…"])      # [{"mild": 0.1, "severe": 0.9}], one dictionary of label to probability for each text
    trained.choose(["…"])       # ["severe"]
    trained.save(folder, meta)  # opens with spacy.load(folder)

Rules: what is of one group (`Classed.group`: a patient, a portrait) is kept together in the folds; the caller keeps it
together between `items` and `dev`, with `onprem.train.split`.
"""

from __future__ import annotations

from collections.abc import Sequence

from onprem.labelled import Classed
from onprem.progress import Progress
from onprem.train.linear import Fitted, Labelled, Settings, fit, likeliest, load
from onprem.train.measured import Task

Trained = Fitted

__all__ = ["TASK", "Settings", "Trained", "likeliest", "load", "train"]


def train(items: Sequence[Classed], dev: Sequence[Classed] | None, settings: Settings, progress: Progress) -> Trained:
    """Train a classifier of texts on `items`; `dev`, if there are any, choose the strength of the regularisation.

    Raises:
        InputError: fewer than two classes occur.
    """
    return fit(labelled(items), labelled(dev) if dev else None, settings, progress)


def labelled(items: Sequence[Classed]) -> Labelled:
    """Return the columns of items."""
    return Labelled([item.text for item in items], [item.label for item in items], [item.group for item in items])


def _fit(items: Sequence[Classed], settings: Settings, progress: Progress) -> Trained:
    return train(items, None, settings, progress)


def _choose(trained: Trained, items: Sequence[Classed]) -> list[str]:
    return trained.choose([item.text for item in items])


TASK: Task[Classed, Trained] = Task("classify", lambda item: item.text, _fit, _choose)
