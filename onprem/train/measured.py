"""Trains a classifier and measures it on data that it never saw, beside trivial baselines: for relations and for texts.

1. Without development data, a fifth of the groups is put aside (`onprem.train.split`).
2. The classifier is trained on the rest; whatever is chosen is chosen by folds of that rest, never on what measures.
3. It is measured beside: the commonest class; for relations, the commonest relation said of every pair (all-positive); and
   TF-IDF with logistic regression of scikit-learn, trained on the same rows.
4. With a curve, the same for an eighth, a quarter and a half of the rows. Smaller parts are parts of larger ones.

Rules: nothing of a text stands in a result.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from onprem.errors import InputError
from onprem.evaluate.classes import Gold, Scores, score
from onprem.model import Metric
from onprem.progress import Progress
from onprem.train.linear import Settings
from onprem.train.split import split

DEV_SHARE = 0.2
SHARES = (0.125, 0.25, 0.5, 1.0)  # of a curve
MAJORITY, POSITIVE, TFIDF, MODEL = "majority", "all-positive", "tf-idf", "model"
RELATED, UNRELATED = "related", "not"
_WORD = r"[\u4e00-\u9fff]|\w\w+"  # single Chinese characters count as words
_LEAST = 2  # rows of a part of a curve


class Item(Protocol):
    """A labelled thing: a pair, or a text."""

    @property
    def text(self) -> str:
        """What it says."""

    @property
    def label(self) -> str:
        """Its class."""

    @property
    def group(self) -> str:
        """Whom it is of."""


I = TypeVar("I", bound=Item)  # noqa: E741 - a type, not a number
M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Task(Generic[I, M]):
    """What is learnt: `plain` is the text that TF-IDF reads; `negative` is the class of "nothing", where there is one."""

    name: str
    plain: Callable[[I], str]
    fit: Callable[[Sequence[I], Settings, Progress], M]
    choose: Callable[[M, Sequence[I]], list[str]]
    negative: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: a system, the rows it learnt from, its scores; `related` are those of related or not."""

    system: str
    rows: int
    scores: Scores
    related: Scores | None = None


@dataclass(frozen=True, slots=True)
class Data(Generic[I]):
    """What is learnt from, and what measures (empty: a part of the former). `order` are the classes if they are grades."""

    items: Sequence[I] = field(repr=False)
    dev: Sequence[I] = field(default=(), repr=False)
    order: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result(Generic[M]):
    """A trained model, how many rows it learnt from and was measured on, and the lines of its table."""

    model: M = field(repr=False)
    trained: int
    measured: int
    classes: Mapping[str, int]  # rows of each class that it learnt from
    rows: tuple[Row, ...]


def measured(task: Task[I, M], data: Data[I], settings: Settings, progress: Progress, *, curve: bool) -> Result[M]:
    """Train and measure.

    Raises:
        InputError: there are too few rows or classes, or an order lacks a class.
    """
    items, dev = list(data.items), list(data.dev)
    if not dev:
        items, dev = split(items, (1 - DEV_SHARE, DEV_SHARE), settings.seed)
    if not items or not dev:
        raise InputError("there are too few rows to learn from and to measure on", hint="give more, or --dev FILE")
    known = {item.label for item in [*items, *dev]}
    if data.order and known - set(data.order):
        raise InputError("a label of the data is not among the grades", hint="name every label in --order")
    gold = Gold([item.label for item in dev], [item.group for item in dev], data.order or tuple(sorted(known)))
    rows: list[Row] = []
    model: M | None = None
    for part in _parts(items, settings.seed) if curve else [items]:
        if len({item.label for item in part}) < 2:
            continue
        model = task.fit(part, settings, progress)
        said = {MODEL: task.choose(model, dev), **baselines(task, part, dev)}
        rows += [Row(name, len(part), *scored(gold, each, task.negative, settings.seed)) for name, each in said.items()]
    if model is None:
        raise InputError("there is only one class to learn", hint="at least two labels must occur in the data")
    rows.sort(key=lambda row: -row.rows)  # keeps the order of the systems
    counts = Counter(item.label for item in items)
    return Result(model, len(items), len(dev), {label: counts[label] for label in sorted(counts)}, tuple(rows))


def baselines(task: Task[I, M], items: Sequence[I], dev: Sequence[I]) -> dict[str, list[str]]:
    """Return what the trivial systems say of `dev`, by name."""
    said = constant(task.negative, Counter(item.label for item in items), len(dev))
    if dev:
        said[TFIDF] = tfidf([task.plain(i) for i in items], [i.label for i in items], [task.plain(i) for i in dev])
    return said


def constant(negative: str | None, counts: Mapping[str, int], rows: int) -> dict[str, list[str]]:
    """Return what is said by whoever always says the commonest class, or the commonest that is not the negative one."""
    common = sorted(counts, key=lambda label: (-counts[label], label))
    said = {MAJORITY: [common[0]] * rows}
    if negative is not None:
        positive = [label for label in common if label != negative]
        said[POSITIVE] = [positive[0] if positive else common[0]] * rows
    return said


def tfidf(texts: Sequence[str], labels: Sequence[str], others: Sequence[str]) -> list[str]:
    """Return what TF-IDF of words and pairs of words with a logistic regression says of other texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=_WORD)
    try:
        table = vectors.fit_transform(texts)
    except ValueError:  # no text has a word
        return [Counter(labels).most_common(1)[0][0]] * len(others)
    with threadpool_limits(1):
        made = LogisticRegression(C=10.0, class_weight="balanced", max_iter=500).fit(table, list(labels))
    return [str(label) for label in made.predict(vectors.transform(others))]


def scored(gold: Gold, said: Sequence[str], negative: str | None, seed: int) -> tuple[Scores, Scores | None]:
    """Return the scores over the classes; and, with a negative class, those of telling related from not."""

    def bare(labels: Sequence[str]) -> list[str]:
        return [UNRELATED if label == negative else RELATED for label in labels]

    whole = score(gold, said, seed)
    if negative is None:
        return whole, None
    return whole, score(Gold(bare(gold.labels), gold.groups, (RELATED, UNRELATED)), bare(said), seed)


def _parts(items: Sequence[I], seed: int) -> list[list[I]]:
    """Return growing parts; each holds those before it."""

    def place(item: I) -> bytes:
        return hashlib.sha256(f"{seed}/c/{item.group or item.text}".encode()).digest()

    ordered = sorted(items, key=place)
    return [ordered[: max(_LEAST, round(share * len(ordered)))] for share in SHARES]


def figures(result: Result[Any]) -> list[dict[str, Any]]:
    """Return the lines of a result's table as JSON has them."""
    return lines(result.rows)


def lines(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the lines of a table as JSON has them."""
    return [
        {
            "system": row.system,
            "rows": row.rows,
            **_shown(row.scores, ""),
            **(_shown(row.related, "related_") if row.related else {}),
        }
        for row in rows
    ]


def _shown(scores: Scores, prefix: str) -> dict[str, Any]:
    named = {"mcc": scores.mcc, "macro_f1": scores.macro_f1, "accuracy": scores.accuracy, "kappa": scores.kappa}
    if prefix:
        named = {"mcc": scores.mcc, "macro_f1": scores.macro_f1}
    return {f"{prefix}{name}": _metric(metric) for name, metric in named.items()}


def _metric(metric: Metric) -> dict[str, float]:
    return {"value": round(metric.value, 4), "low": round(metric.low, 4), "high": round(metric.high, 4)}


def digest(paths: Sequence[Path]) -> dict[str, str]:
    """Return the SHA-256 of each file, by its place; a folder's is that of the files in it, in order of name.

    Raises:
        InputError: one cannot be read.
    """
    return {f"data {number}": digest_of(path) for number, path in enumerate(paths, 1)}


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, of a folder that of its files one after another, in order of their paths as text.

    Raises:
        InputError: it cannot be read.
    """
    said = hashlib.sha256()
    try:
        for each in (
            [path] if path.is_file() else sorted((p for p in path.rglob("*") if p.is_file()), key=Path.as_posix)
        ):
            said.update(each.read_bytes())
    except OSError:
        raise InputError("the data cannot be read") from None
    return said.hexdigest()
