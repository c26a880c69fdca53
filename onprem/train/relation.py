"""A classifier of relations (`onprem train relation`): what a sentence says of two things named in it.

    trained = train(pairs, dev, Settings(lang="en"), Silent())   # pairs, dev: Sequence[Pair]; dev may be None
    trained.choose(pairs)        # ["causes", "", "treats"]
    trained.save(folder, meta)   # a spaCy pipeline, opened with spacy.load(folder)

The pipeline reads the marks of a pair, `marked(pair)`, one after another with a blank between, each once:

1. The text is cut into words in lower case, single signs, single Chinese characters; the head becomes HEAD, the tail TAIL.
   Brackets in which neither stands are left out, and so are numbers.
2. Of the words from the first of the two to the second: every run of one, two and three, joined by `_`.
3. Of these, the beginnings of five letters of what is a word of Latin letters, or HEAD or TAIL: every run of one and of two,
   joined by `_`, with `b:` before it.

Rules: names of the two are never marks, so nothing is learnt about a drug, only about how relations are said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from onprem.labelled import Pair
from onprem.progress import Progress
from onprem.train.linear import Fitted, Labelled, Settings, fit, likeliest
from onprem.train.linear import load as load_linear
from onprem.train.measured import Task

NONE = "none"  # the class of pairs without a relation, whose label is ""
HEAD, TAIL = "HEAD", "TAIL"
_TOKEN = re.compile(r"[\u4e00-\u9fff]|[^\W\d_\u4e00-\u9fff]+|\d+|[^\w\s]")
_OPEN, _SHUT = "(（", ")）"
_RUN, _RUN_OF_BEGINNINGS = 3, 2
_BEGINNING = 5  # letters


class Trained:
    """A trained classifier of pairs."""

    def __init__(self, fitted: Fitted) -> None:
        self._fitted = fitted
        self.labels = tuple(_label(each) for each in fitted.labels)
        self.strength = fitted.strength

    def predict(self, pairs: Sequence[Pair]) -> list[dict[str, float]]:
        """Return the probability of each label for each pair; "" stands for no relation."""
        said = self._fitted.predict([marked(pair) for pair in pairs])
        return [{_label(name): value for name, value in each.items()} for each in said]

    def choose(self, pairs: Sequence[Pair]) -> list[str]:
        """Return the most probable label of each pair."""
        return [likeliest(said) for said in self.predict(pairs)]

    def save(self, folder: Path, meta: Mapping[str, Any]) -> None:
        """Write the model.

        Raises:
            OutputError: the folder exists, or cannot be written.
        """
        self._fitted.save(folder, meta)


def train(pairs: Sequence[Pair], dev: Sequence[Pair] | None, settings: Settings, progress: Progress) -> Trained:
    """Train a classifier of relations on `pairs`; `dev`, if there are any, choose the strength of the regularisation.

    Raises:
        InputError: fewer than two labels occur.
    """
    settings = replace(settings, tokens="blanks", runs=1)
    return Trained(fit(labelled(pairs), labelled(dev) if dev else None, settings, progress))


def load(folder: Path, task: str = "") -> tuple[Trained, dict[str, Any]]:
    """Open a saved classifier; return it and what is told of it. `task` is what it must be for, if that matters.

    Raises:
        ModelError: the folder is not such a model.
    """
    fitted, told = load_linear(folder, task)
    return Trained(fitted), told


def labelled(pairs: Sequence[Pair]) -> Labelled:
    """Return the columns of pairs."""
    texts = [marked(pair) for pair in pairs]
    return Labelled(texts, [pair.label or NONE for pair in pairs], [pair.group for pair in pairs])


def plain(pair: Pair) -> str:
    """Return the sentence with the two replaced, as the baseline TF-IDF reads it."""
    return " ".join(_words(pair))


def marked(pair: Pair) -> str:
    """Return the marks of a pair, as the pipeline reads them; see the top of this file."""
    words = _without_brackets(_words(pair))
    first, second = sorted((words.index(HEAD), words.index(TAIL)))
    within = [word for word in words[first : second + 1] if not word.isdigit()]
    beginnings = [word[:_BEGINNING] for word in within if word.isascii() and word.isalpha()]
    marks = [*_runs(within, _RUN), *(f"b:{run}" for run in _runs(beginnings, _RUN_OF_BEGINNINGS))]
    return " ".join(dict.fromkeys(marks))


def _runs(words: Sequence[str], longest: int) -> Iterator[str]:
    for length in range(1, longest + 1):
        for at in range(len(words) - length + 1):
            yield "_".join(words[at : at + length])


def _without_brackets(words: Sequence[str]) -> list[str]:
    """Return the words without round brackets that hold neither of the two nor other brackets."""
    kept: list[str] = []
    at = 0
    while at < len(words):
        if words[at] in _OPEN:
            end = next((place for place in range(at + 1, len(words)) if words[place] in _OPEN + _SHUT), at)
            if words[end] in _SHUT and HEAD not in words[at:end] and TAIL not in words[at:end]:
                at = end + 1
                continue
        kept.append(words[at])
        at += 1
    return kept


def _words(pair: Pair) -> list[str]:
    """Return the words of a pair's text with the two replaced."""
    words: list[str] = []
    at = 0
    for mention, name in sorted([(pair.head, HEAD), (pair.tail, TAIL)]):
        words += [*_TOKEN.findall(pair.text[at : mention.start].lower()), name]
        at = mention.end
    return words + _TOKEN.findall(pair.text[at:].lower())


def _label(name: str) -> str:
    return "" if name == NONE else name


def _fit(pairs: Sequence[Pair], settings: Settings, progress: Progress) -> Trained:
    return train(pairs, None, settings, progress)


TASK: Task[Pair, Trained] = Task("relation", plain, _fit, Trained.choose, negative="")
