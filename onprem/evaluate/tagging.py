"""How well entities are found: exact-span precision, recall and F1 for each type, with intervals, beside a dictionary.

Rules: a mention counts when its start, its end and its label are those of the gold standard. What is resampled for the
intervals is the group (an abstract, a patient) where the gold standard names groups, the sentence otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from onprem.errors import ModelError, UsageError
from onprem.evaluate.bootstrap import Ratios
from onprem.evaluate.dictionary_tagger import Dictionary
from onprem.labelled import Mention, Sentence
from onprem.model import Metric

ALL = "all"
Tagger = Callable[[Sequence[str]], list[tuple[Mention, ...]]]


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one type: mentions in the gold standard and found, and the measures; None where there is nothing to divide by."""

    gold: int
    found: int
    right: int
    precision: Metric | None
    recall: Metric | None
    f1: Metric | None


def score(gold: Sequence[Sentence], found: Sequence[Sequence[Mention]], *, seed: int = 0) -> dict[str, Scores]:
    """Return the scores by type, sorted, with those of all types together (`ALL`) last."""
    groups = {group: place for place, group in enumerate(dict.fromkeys(_group(each, n) for n, each in enumerate(gold)))}
    places = [groups[_group(each, number)] for number, each in enumerate(gold)]
    labels = sorted({mention.label for each in (*(s.mentions for s in gold), *found) for mention in each})
    ratios = Ratios(len(groups), seed)
    counted: list[tuple[str, list[int]]] = []
    for label in [*labels, ALL]:
        counts = np.zeros((3, len(groups)))
        for place, sentence, mentions in zip(places, gold, found, strict=True):
            wanted = {mention for mention in sentence.mentions if label in {ALL, mention.label}}
            given = {mention for mention in mentions if label in {ALL, mention.label}}
            counts[:, place] += (len(wanted), len(given), len(wanted & given))
        counted.append((label, [int(each) for each in counts.sum(axis=1)]))
        wanted_, given_, right = counts
        units = [int(wanted_.sum()), int(given_.sum())]
        ratios.add(right, given_, units=units[1])
        ratios.add(right, wanted_, units=units[0])
        ratios.add(2 * right, wanted_ + given_, units=sum(units))
    metrics = ratios.metrics()
    found_scores = {}
    for place, (label, (wanted_sum, given_sum, right_sum)) in enumerate(counted):
        precision, recall, f1 = metrics[3 * place : 3 * place + 3]
        found_scores[label] = Scores(wanted_sum, given_sum, right_sum, precision, recall, f1)
    return found_scores


def spacy_tagger(folder: Path) -> Tagger:
    """Return the tagger in a folder that spaCy can load.

    Raises:
        ModelError: spaCy cannot load it.
        UsageError: it finds no entities.
    """
    import spacy

    try:
        nlp = spacy.load(folder)
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError(
            "the tagger cannot be loaded", hint="--model is a folder that `onprem train ner` wrote"
        ) from None
    if not {"ner", "beam_ner", "span_ruler", "entity_ruler"} & set(nlp.pipe_names):
        raise UsageError("the model finds no entities", hint="--model is a folder that `onprem train ner` wrote")

    def tag(texts: Sequence[str]) -> list[tuple[Mention, ...]]:
        return [
            tuple(Mention(entity.start_char, entity.end_char, entity.label_) for entity in doc.ents)
            for doc in nlp.pipe(texts, batch_size=64)
        ]

    return tag


def dictionary_tagger(names: Iterable[tuple[str, str]]) -> Tagger:
    """Return the tagger that finds the names of a list, and nothing else."""
    dictionary = Dictionary(names)
    return lambda texts: [dictionary.find(text) for text in texts]


def known_names(sentences: Iterable[Sentence]) -> list[tuple[str, str]]:
    """Return what is labelled in sentences, as names for a dictionary."""
    return list(dict.fromkeys((s.text[m.start : m.end], m.label) for s in sentences for m in s.mentions))


def _group(sentence: Sentence, number: int) -> str:
    return f"group {sentence.group}" if sentence.group else f"sentence {number}"
