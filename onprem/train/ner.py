"""Trains an entity tagger from labelled sentences in minutes on a processor; the result is a folder that plain spaCy opens.

1. Each file of data counts: a small one (fifty real sentences beside two thousand synthetic ones) is read several times.
2. What is held back to choose by is split off by group, unless a development file is given or the data are few.
3. The network begins with what it knows of words (`onprem.train.ner_words`), and learns in passes with a falling rate; after
   each pass the averaged weights are measured on what is held back, and the best are kept.
4. The names of a vocabulary, where one is given, become a part of it (`onprem.train.ner_vocabulary`).
5. The folder appears by rename, with `meta.json` and `card.md`; it holds weights, vectors and labels, no sentence.

Rules: the same data, seed and versions give the same weights on one machine. Sources: spaCy's transition-based tagger
(M. Honnibal, https://spacy.io/api/architectures); averaging of weights, B. Polyak, A. Juditsky (1992).
"""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onprem.errors import InputError
from onprem.evaluate.tagging import ALL, Scores, score
from onprem.labelled import Mention, Sentence
from onprem.progress import Progress, Silent
from onprem.train import ner_words
from onprem.train.ner_vocabulary import add_names
from onprem.train.split import split

if TYPE_CHECKING:
    from spacy.language import Language

_HELD = 0.1  # share of the data that is held back where no development file is given
_SMALL = 200  # sentences, below which a file is worth more learnt from than chosen by
_HELD_MOST = 400  # sentences of it that are read after each pass
_BATCH = 8  # sentences
_UPDATES = 600
_PASSES = (6, 100)
_RATE, _LEAST_RATE = 0.001, 0.05  # learning rate, and the share of it that the last update has
_DROP = 0.3
_SHARE, _REPEATS = 0.25, 8  # a small file makes up this share of what is read, but is read so many times a pass at most
_CURVE = (0.125, 0.25, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a tagger is trained: in so many updates at least, as far as the bounds on passes allow.

    `words` is the folder of what it knows before: None for nothing.
    """

    lang: str = "en"
    seed: int = 0
    updates: int = _UPDATES
    words: Path | None = field(default_factory=lambda: ner_words.shipped("en"))
    names: Sequence[tuple[str, str]] = field(default=(), repr=False)  # of a vocabulary, with their labels


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained tagger, how well it does on what was held back, and what it was trained on."""

    nlp: Language = field(repr=False)
    scores: dict[str, Scores]
    sentences: int
    held: tuple[Sentence, ...] = field(repr=False)
    best_pass: int
    passes: int
    seconds: float


def train(
    files: Sequence[Sequence[Sentence]], dev: Sequence[Sentence], plan: Plan, progress: Progress | None = None
) -> Trained:
    """Train a tagger on the sentences of several files.

    Raises:
        InputError: there are no mentions to learn from, or no sentences.
        ModelError: what the tagger begins with is damaged.
    """
    progress = progress or Silent()
    clock = time.monotonic()
    if dev:
        learnt, held = [list(each) for each in files], list(dev)
    else:
        learnt, held = held_back(files, plan.seed)
    read = balanced(learnt)
    if not any(sentence.mentions for sentence in read):
        raise InputError("the data hold no mention to learn from", hint="labelled sentences: IOB, brat, or JSON lines")
    nlp = ner_words.pipeline(plan.lang, plan.words)
    passes = min(_PASSES[1], max(_PASSES[0], math.ceil(plan.updates * _BATCH / len(read))))
    best = _learn(nlp, read, held[:_HELD_MOST], (passes, plan), progress)
    if plan.names:
        add_names(nlp, plan.names)
    scores = score(held, tagged(nlp, held), seed=plan.seed)
    seconds = time.monotonic() - clock
    return Trained(nlp, scores, sum(len(each) for each in learnt), tuple(held), best, passes, seconds)


def curve(
    files: Sequence[Sequence[Sentence]], dev: Sequence[Sentence], plan: Plan, progress: Progress | None = None
) -> list[tuple[int, Scores]]:
    """Return (sentences, scores of all types on `dev`) of taggers trained on growing parts of the data.

    Raises:
        InputError, ModelError: as `train`.
    """
    points = []
    for share in _CURVE:
        parts = [split(each, (share, 1 - share), plan.seed)[0] for each in files]
        if any(sentence.mentions for part in parts for sentence in part):
            trained = train(parts, dev, plan, progress)
            points.append((trained.sentences, trained.scores[ALL]))
    return points


def balanced(files: Sequence[Sequence[Sentence]]) -> list[Sentence]:
    """Return the sentences of several files, those of a small one several times."""
    total = sum(len(each) for each in files)
    read: list[Sentence] = []
    for sentences in files:
        wanted = _SHARE * total / len(sentences) if sentences else 0
        read += [*sentences] * max(1, min(_REPEATS, round(wanted)))
    return read


def tagged(nlp: Language, sentences: Sequence[Sentence]) -> list[tuple[Mention, ...]]:
    """Return what a pipeline finds in sentences."""
    return [
        tuple(Mention(entity.start_char, entity.end_char, entity.label_) for entity in doc.ents)
        for doc in nlp.pipe((sentence.text for sentence in sentences), batch_size=64)
    ]


def held_back(files: Sequence[Sequence[Sentence]], seed: int) -> tuple[list[list[Sentence]], list[Sentence]]:
    """Return the data without a tenth, split off by group, and that tenth; of a small file nothing is held back."""
    learnt: list[list[Sentence]] = []
    held: list[Sentence] = []
    for sentences in files:
        large = len(sentences) >= _SMALL
        kept, back = split(sentences, (1 - _HELD, _HELD), seed) if large else (list(sentences), [])
        learnt.append(kept)
        held += back
    return learnt, held


def _learn(
    nlp: Language, read: Sequence[Sentence], held: Sequence[Sentence], how: tuple[int, Plan], progress: Progress
) -> int:
    """Train a pipeline in place; return the pass whose weights were kept."""
    from thinc.api import Adam, fix_random_seed

    passes, plan = how
    fix_random_seed(plan.seed)
    rng = random.Random(plan.seed)  # noqa: S311 - the order of learning guards nothing
    examples = [example(nlp, sentence) for sentence in read]
    nlp.initialize(lambda: examples)
    if plan.words is not None:
        ner_words.give_weights(nlp, plan.words)
    optimizer = Adam(_RATE, L2=0.01, L2_is_weight_decay=True, grad_clip=1.0, use_averages=True)
    progress.stage("passes", passes)
    total = passes * math.ceil(len(examples) / _BATCH)
    best: tuple[float, int, bytes] = (-1.0, 0, b"")
    step = 0
    for number in range(1, passes + 1):
        rng.shuffle(examples)
        for start in range(0, len(examples), _BATCH):
            optimizer.learn_rate = _RATE * max(_LEAST_RATE, 1 - step / total)
            nlp.update(examples[start : start + _BATCH], sgd=optimizer, drop=_DROP)
            step += 1
        progress.advance(1)
        if number < passes and (not held or 2 * number <= passes):
            continue  # before half-way luck decides; with nothing held back the last pass is kept
        with nlp.use_params(optimizer.averages):
            reached = _f1(held, tagged(nlp, held))
            if reached >= best[0]:
                best = (reached, number, ner_words.model_of(nlp).to_bytes())
    ner_words.model_of(nlp).from_bytes(best[2])
    return best[1]


def example(nlp: Language, sentence: Sentence) -> Any:  # noqa: ANN401 - spaCy publishes no types here
    """Return a sentence as spaCy learns from it; a mention that cuts a token takes the whole token."""
    from spacy.training import Example
    from spacy.util import filter_spans

    doc = nlp.make_doc(sentence.text)
    found = (doc.char_span(m.start, m.end, label=m.label, alignment_mode="expand") for m in sentence.mentions)
    wanted = doc.copy()
    wanted.ents = filter_spans([span for span in found if span is not None and span.text.strip() == span.text])
    return Example(doc, wanted)


def _f1(gold: Sequence[Sentence], found: Sequence[Sequence[Mention]]) -> float:
    right = sum(len(set(sentence.mentions) & set(mentions)) for sentence, mentions in zip(gold, found, strict=True))
    both = sum(len(sentence.mentions) + len(mentions) for sentence, mentions in zip(gold, found, strict=True))
    return 2 * right / both if both else 0.0


def counts(files: Sequence[Sequence[Sentence]]) -> Counter[str]:
    """Return how many mentions of each label there are."""
    return Counter(mention.label for each in files for sentence in each for mention in sentence.mentions)
