"""`onprem train phi`: makes the named-entity model of a language from generated text.

1. Generate tagged documents of the train split, shard by shard; gather the vocabulary.
2. Learn from them a fixed number of times (no clock takes part: the same seed gives the same weights on one machine).
3. On the dev split choose the lowest threshold whose over-redaction stays within bounds: recall first.
4. Measure on the test split; write the model folder, which spaCy loads too, with `meta.json` and `card.md`.

No document of the dev or test split is learnt from.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import cast

import numpy as np

from onprem.detect.contract import Passage
from onprem.detect.ner import FILES, PART, NerDetector, Reader, model_folder, tag_names
from onprem.detect.ner_network import Network, Parameters, Shape, read_weights, save_weights
from onprem.detect.ner_pieces import FILES as PIECES
from onprem.detect.ner_pieces import Pieces, read_pieces
from onprem.errors import UsageError
from onprem.progress import Progress, Silent
from onprem.tagged import Gold, Tagged
from onprem.train.card import write_card, write_config
from onprem.train.encode import Encoded, Encoder, Lexicon, batches, learnt_as, seen, vary_case, vocabulary_of
from onprem.train.generate.contract import Generator, Split
from onprem.train.measure import Counts, by_label, count, figures
from onprem.train.network import Adam, initial, learn

LANGUAGES = ("en", "zh")
_THRESHOLDS = (0.05, 0.08, 0.12, 0.16, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7)
# share of non-identifying characters on the dev split that the network alone may hide; in use much of it is refuted
_OVER_REDACTION = {"en": 0.021, "zh": 0.017}
_DROPOUT = {"en": 0.2, "zh": 0.15}
_WARM_UP = 0.02  # share of the characters during which the rate rises
_REPORT_EVERY = 20  # steps


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is learnt, and how.

    `characters` of documents are generated, in `shards` that differ by their seed, by `jobs` processes (which change
    nothing in the result), and read `passes` times. They are held in memory: about 20 bytes a character.
    """

    lang: str
    seed: int = 0
    characters: int = 50_000_000
    passes: int = 3
    shards: int = 16
    jobs: int = 2
    vocabulary_size: int = 40_000
    least_count: int = 3
    batch_tokens: int = 4_000
    rate: float = 2e-3
    dev_documents: int = 600
    test_documents: int = 600
    data: Path | None = field(default=None, repr=False)
    pieces: Path | None = field(default=None, repr=False)


def generator_of(lang: str) -> Generator:
    """Return the generator of a language.

    Raises:
        UsageError: there is none.

    """
    if lang not in LANGUAGES:
        raise UsageError("no generator for this language", hint=f"one of: {', '.join(LANGUAGES)}")
    return cast(Generator, importlib.import_module(f"onprem.train.generate.{lang}"))


def train(plan: Plan, out: Path, *, progress: Progress | None = None) -> dict[str, object]:
    """Learn a model and write its folder; return the content of its meta.json."""
    silent = progress or Silent()
    source = generator_of(plan.lang)
    tags = tag_names(sorted(set(source.LEARNT.values())))
    pieces = _pieces(plan)
    shape = Shape(tags, given=pieces.columns if pieces else 0)
    documents = generated(plan, silent)
    vocabulary = vocabulary_of(documents, least=plan.least_count, most=plan.vocabulary_size)
    parameters = _learn(plan, shape, documents, Lexicon(vocabulary, pieces), progress=silent)
    folder = out / PART
    folder.mkdir(parents=True, exist_ok=True)
    if pieces:
        for name in PIECES:
            (folder / name).write_bytes((_pieces_folder(plan) / name).read_bytes())
    save_weights(folder / "weights.npz", parameters)
    (folder / "words.txt").write_text("\n".join(sorted(vocabulary)), encoding="utf-8")
    network = Network(
        shape, read_weights(folder / "weights.npz"), vocabulary, pieces
    )  # in half precision, as it will run
    threshold, trials = choose_threshold(network, first_documents(plan, source, "dev"), lang=plan.lang)
    description = {"shape": asdict(shape), "threshold": threshold}
    (folder / "network.json").write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
    silent.stage("measure", None)
    counts = measure(NerDetector(plan.lang, network, threshold=threshold), first_documents(plan, source, "test"))
    meta = _meta(plan, out, threshold)
    meta["dev_trials"] = trials
    meta["test"] = {name: asdict(metric) for name, metric in figures(counts, seed=plan.seed).items()}
    meta["test_by_label"] = by_label(counts)
    (out / "meta.json").write_text(json.dumps(meta, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_card(out, meta)
    write_config(out, plan.lang)
    return meta


def _documents(plan: Plan, source: Generator, split: Split) -> Iterator[Tagged]:
    for tagged in source.documents(split, plan.seed, plan.data):
        yield learnt_as(tagged, source.LEARNT)


def first_documents(plan: Plan, source: Generator, split: Split) -> list[Tagged]:
    """Return the documents of the dev or test split that are measured, as detectors see them."""
    number = plan.dev_documents if split == "dev" else plan.test_documents
    return [seen(tagged) for tagged in islice(_documents(plan, source, split), number)]


def _pieces_folder(plan: Plan) -> Path:
    return plan.pieces or model_folder(plan.lang) / PART


def _pieces(plan: Plan) -> Pieces | None:
    """Return the word pieces to learn with: those given, or those of the shipped model."""
    try:
        pieces = read_pieces(_pieces_folder(plan))
    except (OSError, ValueError, KeyError):
        raise UsageError("the word pieces cannot be read", hint="make them: onprem train pieces") from None
    if plan.pieces and pieces is None:
        raise UsageError("the folder holds no word pieces", hint="make them: onprem train pieces")
    return pieces


def generated(plan: Plan, progress: Progress) -> list[Encoded]:
    """Return the documents to learn from, shard by shard."""
    progress.stage("generate", plan.characters)
    tasks = [(plan, shard) for shard in range(plan.shards)]
    documents: list[Encoded] = []
    if plan.jobs == 1:
        made: Iterator[list[Encoded]] = map(_shard, tasks)
        for shard in made:
            documents += shard
            progress.advance(plan.characters // plan.shards)
        return documents
    with ProcessPoolExecutor(plan.jobs, mp_context=get_context("spawn")) as executor:
        for shard in executor.map(_shard, tasks):
            documents += shard
            progress.advance(plan.characters // plan.shards)
    return documents


def _shard(task: tuple[Plan, int]) -> list[Encoded]:
    """Generate one shard: documents of its own seed."""
    plan, shard = task
    source = generator_of(plan.lang)
    encoder = Encoder(tag_names(sorted(set(source.LEARNT.values()))), source.LEARNT)
    random = np.random.Generator(np.random.PCG64((plan.seed, shard)))
    documents: list[Encoded] = []
    read = 0
    for tagged in source.documents("train", plan.seed * plan.shards + shard + 1, plan.data):
        if read >= plan.characters // plan.shards:
            break
        read += len(tagged.text)
        documents.append(encoder.encode(vary_case(tagged, random)))
    return documents


def _learn(
    plan: Plan, shape: Shape, documents: Sequence[Encoded], lexicon: Lexicon, *, progress: Progress
) -> Parameters:
    random = np.random.Generator(np.random.PCG64(plan.seed))
    parameters = initial(shape, random)
    optimiser = Adam(parameters)
    total = plan.passes * len(documents)
    read = 0

    def stream() -> Iterator[Encoded]:
        nonlocal read
        for _ in range(plan.passes):
            for place in random.permutation(len(documents)).tolist():
                read += 1
                yield documents[place]

    progress.stage("learn", total)
    reported = 0
    for batch in batches(stream(), lexicon, tokens=plan.batch_tokens, gap=shape.reach, generator=random):
        done = read / total
        rate = plan.rate * min(1.0, 0.01 + done / _WARM_UP) * max(0.01, 1 - done)
        _, gradients = learn(parameters, shape, batch, dropout=_DROPOUT[plan.lang], generator=random)
        optimiser.step(gradients, rate=rate)
        if optimiser.steps % _REPORT_EVERY == 0:
            progress.advance(read - reported)
            reported = read
    return optimiser.averaged()


def measure(detector: NerDetector, documents: Sequence[Tagged]) -> list[Counts]:
    """Compare a detector with the gold spans of documents (texts are views)."""
    found = detector.find([Passage(document.text, detector.lang) for document in documents])
    return [
        count(document, [Gold(span.start, span.end, span.label) for span in spans])
        for document, spans in zip(documents, found, strict=True)
    ]


def choose_threshold(
    network: Reader, documents: Sequence[Tagged], *, lang: str, most: float | None = None
) -> tuple[float, dict[str, dict[str, float]]]:
    """Return the lowest threshold whose over-redaction is within bounds, and the figures of all that were tried.

    `most` is the bound, a share of the characters that identify nobody; without it, that of the fast network.
    """
    bound = _OVER_REDACTION[lang] if most is None else most
    trials: dict[str, dict[str, float]] = {}
    chosen = _THRESHOLDS[-1]
    for threshold in reversed(_THRESHOLDS):
        results = figures(measure(NerDetector(lang, network, threshold=threshold), documents), seed=0)
        trials[str(threshold)] = {name: round(metric.value, 5) for name, metric in results.items()}
        if results["over_redaction"].value <= bound:
            chosen = threshold
    return chosen, trials


def command(plan: Plan) -> str:
    """Return the command that makes the fast model again; folders are left out."""
    data = " --data DIR" if plan.data else ""
    size = f"--characters {plan.characters} --passes {plan.passes}"
    return f"onprem train phi --lang {plan.lang} --seed {plan.seed} {size}{data} --out DIR"


def _meta(plan: Plan, out: Path, threshold: float) -> dict[str, object]:
    names = (*FILES, *(name for name in PIECES if (out / PART / name).exists()))
    digests = {name: hashlib.sha256((out / PART / name).read_bytes()).hexdigest() for name in names}
    return {
        "lang": plan.lang,
        "name": PART,
        "version": "0.1.0",
        "spacy_version": ">=3.8.0,<3.9.0",
        "description": "Finds identifiers in clinical text",
        "license": "Apache-2.0",
        "pipeline": [PART],
        "components": [PART],
        "command": command(plan),
        "seed": plan.seed,
        "characters": plan.characters,
        "passes": plan.passes,
        "threshold": threshold,
        "digests": digests,
    }
