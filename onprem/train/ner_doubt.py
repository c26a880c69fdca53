"""Rows whose labels taggers trained on the other rows do not believe: where a synthetic sentence is likely labelled wrongly.

The rows are dealt into folds; a linear tagger (logistic regression over words, their ends and shapes, and their neighbours)
learns from all folds but one and reads that one. A row is as doubtful as its most doubtful word.

Source: the idea is that of cross-validated label cleaning, C. Northcutt, L. Jiang, I. Chuang, Confident learning (2021).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from onprem.labelled import Sentence
from onprem.text import HAN

_WORDS = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff_]+|[^\w\s]|_")
_LEAST = 60  # rows, below which taggers know too little to doubt
_FOLDS = 3
_DOUBT = 0.85  # probability that a label is wrong, from which a row is doubtful
_FEATURES = 2**18


def doubtful(rows: Sequence[Sentence], *, seed: int) -> Iterator[int]:
    """Yield the places of doubtful rows, the most doubtful first; none where there are too few rows to judge."""
    if len(rows) < _LEAST:
        return
    cut = [_cut(row) for row in rows]
    folds = np.random.default_rng(seed).permutation(len(rows)) % _FOLDS
    doubt = np.zeros(len(rows))
    for fold in range(_FOLDS):
        learnt = [place for place in range(len(rows)) if folds[place] != fold]
        labels = [label for place in learnt for label in cut[place][1]]
        if len(set(labels)) < 2:
            continue
        tagger = _learn([word for place in learnt for word in _features(cut[place][0])], labels, seed)
        for place in np.flatnonzero(folds == fold):
            words, inside = cut[place]
            if words:
                believed = tagger(_features(words))
                doubt[place] = np.abs(believed - np.asarray(inside)).max()
    order = np.lexsort((np.arange(len(rows)), -doubt))
    yield from (int(place) for place in order if doubt[place] >= _DOUBT)


def _cut(row: Sentence) -> tuple[list[str], list[int]]:
    """Return the words of a row and whether each is inside a mention."""
    words, inside = [], []
    for found in _WORDS.finditer(row.text):
        words.append(found.group())
        inside.append(int(any(m.start < found.end() and found.start() < m.end for m in row.mentions)))
    return words, inside


def _features(words: Sequence[str]) -> list[list[str]]:
    """Return what is told of each word."""
    lower = ["", "", *(word.lower() for word in words), "", ""]
    told = []
    for place, word in enumerate(words, 2):
        own = lower[place]
        shape = re.sub(r"[^\W\d_]", "x", re.sub(r"[A-Z]", "X", word))[:4]
        told.append(
            [f"w{own}", f"e{own[-3:]}", f"f{own[-4:]}", f"b{own[:3]}", f"s{shape}", f"h{bool(HAN.match(word))}"]
            + [f"{step}{lower[place + step]}" for step in (-2, -1, 1, 2)]
            + [f"p{lower[place - 1]} {own}", f"n{own} {lower[place + 1]}"]
        )
    return told


def _learn(told: Sequence[list[str]], labels: Sequence[int], seed: int) -> Any:  # noqa: ANN401 - a function on features
    from sklearn.feature_extraction import FeatureHasher
    from sklearn.linear_model import SGDClassifier

    hasher = FeatureHasher(_FEATURES, input_type="string")
    model = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=12, tol=None, random_state=seed, average=True)
    model.fit(hasher.transform(told), labels)
    return lambda given: model.predict_proba(hasher.transform(given))[:, 1]
