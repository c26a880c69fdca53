"""A linear classifier of words and runs of words, fitted by scikit-learn and kept as a pipeline of spaCy (`textcat`).

The weights are those of a multinomial logistic regression on exactly the features that spaCy's bag of n-grams has (counts of
token runs, each hashed to two places). The fit is convex, so it depends on data and settings alone, and takes seconds.
What is saved opens with `spacy.load(folder)`, with nothing of this package.

Rules: the strength of the regularisation is chosen on development data where there are, else by folds that keep groups
together; never on what is measured. No word of the data is kept: a model holds weights of hashed features.

Sources: K. Weinberger et al., Feature hashing for large scale multitask learning, ICML (2009); A. Appleby, MurmurHash3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from onprem.errors import InputError, ModelError, OutputError
from onprem.progress import Progress
from onprem.train.unread import unread

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from spacy.language import Language

Lang = Literal["en", "zh"]
Tokens = Literal["language", "blanks"]
LENGTH = 2**18  # places of the hash table
STRENGTHS = (0.1, 1.0, 10.0)  # inverse of the regularisation, from strong to weak
_FOLDS = 4
_MOST_PLACES = 60_000
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Settings:
    """How a classifier is trained. `strength` 0: chosen, see the rules. `tokens` "blanks": the text is split at blanks only.

    `balanced` weighs every class alike, however many rows it has.
    """

    lang: Lang = "en"
    seed: int = 0
    runs: int = 3  # longest run of tokens that is a feature
    strength: float = 0.0
    balanced: bool = True
    tokens: Tokens = "language"


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts, the class of each, and the group of each (a patient, a portrait; "" stands alone)."""

    texts: Sequence[str] = field(repr=False)
    labels: Sequence[str] = field(repr=False)
    groups: Sequence[str] = field(repr=False)


class Fitted:
    """A trained classifier."""

    def __init__(self, nlp: Language, labels: Sequence[str], strength: float) -> None:
        self._nlp = nlp
        self.labels = tuple(labels)
        self.strength = strength

    def predict(self, texts: Sequence[str]) -> list[dict[str, float]]:
        """Return the probability of each class for each text; they add up to 1."""
        docs = self._nlp.pipe(texts, batch_size=_BATCH)
        return [{label: float(doc.cats[label]) for label in self.labels} for doc in docs]

    def choose(self, texts: Sequence[str]) -> list[str]:
        """Return the most probable class of each text."""
        return [likeliest(said) for said in self.predict(texts)]

    def save(self, folder: Path, meta: Mapping[str, Any]) -> None:
        """Write the pipeline, with `meta` in its meta.json under `onprem`.

        Raises:
            OutputError: the folder exists, or cannot be written.
        """
        if folder.exists():
            raise OutputError("the output folder exists", hint="name a folder that does not exist yet")
        fresh = unread(self._nlp)
        fresh.meta["onprem"] = {**meta, "labels": list(self.labels), "strength": self.strength}
        try:
            fresh.to_disk(folder)
        except OSError:
            raise OutputError("the model cannot be written", hint="see whether the disk has room") from None


def likeliest(said: Mapping[str, float]) -> str:
    """Return the most probable class; of equals the first by name."""
    return min(said, key=lambda label: (-said[label], label))


def fit(data: Labelled, dev: Labelled | None, settings: Settings, progress: Progress) -> Fitted:
    """Train a classifier.

    Raises:
        InputError: there are fewer than two classes, or no text.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    labels = sorted(set(data.labels))
    if len(labels) < 2:
        raise InputError("there is only one class to learn", hint="at least two labels must occur in the data")
    nlp = _pipeline(labels, settings)
    counts = features(nlp, data.texts, settings.runs)
    kept = _kept(counts)
    scale = _scale(counts[:, kept])
    table = counts[:, kept].multiply(scale).tocsr()
    known = np.array([labels.index(label) for label in data.labels])

    def fitted(rows: npt.NDArray[np.intp], strength: float) -> LogisticRegression:
        weight = "balanced" if settings.balanced else None
        made = LogisticRegression(C=strength, class_weight=weight, max_iter=500)
        with threadpool_limits(1):  # the tables are small: more threads only wait for each other
            return made.fit(table[rows], known[rows])

    rows = np.arange(len(known))
    progress.stage("fit", None)
    strength = settings.strength
    if not strength and dev is not None:
        aside = features(nlp, dev.texts, settings.runs)[:, kept].multiply(scale).tocsr()
        wanted = np.array([labels.index(label) if label in labels else -1 for label in dev.labels])
        losses = [_loss(fitted(rows, each), aside, wanted) for each in STRENGTHS]
        strength = STRENGTHS[int(np.argmin(losses))]
    elif not strength:
        strength = _by_folds(fitted, table, known, _folds(data, settings.seed))
    _put(nlp, fitted(rows, strength), kept, scale)
    progress.advance(len(known))
    return Fitted(nlp, labels, strength)


def load(folder: Path, task: str = "") -> tuple[Fitted, dict[str, Any]]:
    """Open a saved classifier; return it and what `save` was told of it. `task` is what it must be for, if that matters.

    Raises:
        ModelError: the folder is not such a model.
    """
    import spacy

    hint = "name a folder that `onprem train relation` or `onprem train classify` wrote"
    try:
        nlp = spacy.load(folder)
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError("the folder is not a model that spaCy opens", hint=hint) from None
    told = nlp.meta.get("onprem")
    if not isinstance(told, dict) or not isinstance(told.get("labels"), list) or "textcat" not in nlp.pipe_names:
        raise ModelError("the folder is not a classifier of this program", hint=hint)
    part: Any = nlp.get_pipe("textcat")
    if set(told["labels"]) != set(part.labels):
        raise ModelError("the classes of the model are not those of its meta.json", hint=hint)
    if task and told.get("task") != task:
        raise ModelError("the model is for another task", hint=hint)
    return Fitted(nlp, told["labels"], float(told.get("strength", 0.0))), told


def features(nlp: Language, texts: Sequence[str], runs: int) -> csr_matrix:
    """Return a row for each text: how often each place of the hash table is met, (texts, LENGTH), as spaCy counts them."""
    from scipy.sparse import csr_matrix
    from spacy.attrs import ORTH

    part: Any = nlp.get_pipe("textcat")
    ops = part.model.ops
    places: list[npt.NDArray[np.int64]] = []
    counts: list[npt.NDArray[np.float32]] = []
    ends = [0]
    for doc in nlp.pipe(texts, batch_size=_BATCH, disable=["textcat"]):
        single = doc.to_array([ORTH])
        keys = np.concatenate([single, *(ops.ngrams(n, single) for n in range(2, runs + 1))])
        keys, often = np.unique(keys, return_counts=True)
        places += [_murmur(keys, 0) % LENGTH, _murmur(keys, 1) % LENGTH]
        counts += [often.astype(np.float32)] * 2
        ends.append(ends[-1] + 2 * len(keys))
    flat = np.concatenate(places) if places else np.zeros(0, dtype=np.int64)
    values = np.concatenate(counts) if counts else np.zeros(0, dtype=np.float32)
    made = csr_matrix((values, flat, np.array(ends)), shape=(len(texts), LENGTH))
    made.sum_duplicates()
    return made


def _pipeline(labels: Sequence[str], settings: Settings) -> Language:
    import spacy
    from spacy.tokenizer import Tokenizer

    nlp = spacy.blank(settings.lang)
    if settings.tokens == "blanks":
        nlp.tokenizer = Tokenizer(nlp.vocab)
    config = {
        "model": {
            "@architectures": "spacy.TextCatBOW.v3",
            "exclusive_classes": True,
            "ngram_size": settings.runs,
            "no_output_layer": False,
            "length": LENGTH,
        }
    }
    part: Any = nlp.add_pipe("textcat", config=config)
    for label in labels:
        part.add_label(label)
    nlp.initialize()
    return nlp


def _kept(counts: csr_matrix) -> npt.NDArray[np.intp]:
    """Return the places that are met; of very many only those that more than one text has, so that a fit stays quick."""
    having = np.asarray((counts > 0).sum(axis=0)).ravel()
    met = np.flatnonzero(having)
    return met if len(met) <= _MOST_PLACES else np.flatnonzero(having >= 2)


def _scale(counts: csr_matrix) -> npt.NDArray[np.float64]:
    """Return a weight for each feature, more for rare ones, so that a row has about length 1."""
    having = np.asarray((counts > 0).sum(axis=0)).ravel()
    rarity = np.log((1 + counts.shape[0]) / (1 + having)) + 1
    lengths = np.sqrt(np.asarray(counts.multiply(rarity).power(2).sum(axis=1)).ravel())
    return np.asarray(rarity / max(float(lengths.mean()), 1e-9))


def _put(
    nlp: Language,
    made: Any,  # noqa: ANN401 - scikit-learn's
    kept: npt.NDArray[np.intp],
    scale: npt.NDArray[np.float64],
) -> None:
    """Put fitted weights into the pipeline. Two classes have one row of weights, which is halved between them."""
    weights, bias = made.coef_ * scale, made.intercept_
    if len(bias) == 1:
        weights, bias = np.vstack([-weights / 2, weights / 2]), np.concatenate([-bias / 2, bias / 2])
    whole = np.zeros((len(bias), LENGTH), dtype=np.float32)
    whole[:, kept] = weights
    part: Any = nlp.get_pipe("textcat")
    layer = part.model.get_ref("output_layer")
    layer.set_param("W", whole.ravel())
    layer.set_param("b", bias.astype(np.float32))


def _loss(made: Any, table: csr_matrix, known: npt.NDArray[np.intp]) -> float:  # noqa: ANN401 - scikit-learn's
    """Return the mean of -log p of the right class; every class weighs the same, so that the rare ones count."""
    said = np.full((len(known), int(max(known.max(), made.classes_.max())) + 1), 1e-6)
    said[:, made.classes_] = np.maximum(made.predict_proba(table), 1e-6)
    right = np.where(known >= 0, said[np.arange(len(known)), np.maximum(known, 0)], 1e-6)
    return float(np.mean([-np.log(right[known == each]).mean() for each in np.unique(known)]))


def _folds(data: Labelled, seed: int) -> npt.NDArray[np.intp]:
    """Return the fold of each row, by a digest of its group or text."""
    folds = []
    for text, group in zip(data.texts, data.groups, strict=True):
        said = hashlib.sha256(f"{seed}/f/{group or text}".encode()).digest()
        folds.append(said[0] % _FOLDS)
    return np.array(folds)


def _by_folds(fitted: Any, table: csr_matrix, known: npt.NDArray[np.intp], folds: npt.NDArray[np.intp]) -> float:  # noqa: ANN401 - a function of `fit`
    losses = np.zeros(len(STRENGTHS))
    for fold in range(_FOLDS):
        rows, aside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if not len(aside) or len(np.unique(known[rows])) < 2:
            continue
        for place, strength in enumerate(STRENGTHS):
            losses[place] += len(aside) * _loss(fitted(rows, strength), table[aside], known[aside])
    return STRENGTHS[int(np.argmin(losses))]


def _murmur(keys: npt.NDArray[np.uint64], seed: int) -> npt.NDArray[np.int64]:
    """Return MurmurHash3 (x86, 32 bits) of each 64-bit key, by which spaCy's layer finds the places of a feature."""
    mask = np.uint64(0xFFFFFFFF)

    def turned(value: npt.NDArray[np.uint64], by: int) -> npt.NDArray[np.uint64]:
        return (value << np.uint64(by) | value >> np.uint64(32 - by)) & mask

    state = np.full(len(keys), seed, dtype=np.uint64)
    for half in (keys & mask, keys >> np.uint64(32)):
        mixed = turned(half * np.uint64(0xCC9E2D51) & mask, 15) * np.uint64(0x1B873593) & mask
        state = turned(state ^ mixed, 13) * np.uint64(5) + np.uint64(0xE6546B64) & mask
    state = state ^ np.uint64(8)
    state = (state ^ state >> np.uint64(16)) * np.uint64(0x85EBCA6B) & mask
    state = (state ^ state >> np.uint64(13)) * np.uint64(0xC2B2AE35) & mask
    return (state ^ state >> np.uint64(16)).astype(np.int64)
