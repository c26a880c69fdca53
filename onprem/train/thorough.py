"""`onprem train phi --tier thorough`: fine-tunes an encoder on the text that the fast network learns from.

1. Generate the documents as for the fast tier; lay them out as word pieces.
2. Fine-tune (`fine_tune`), write the graph in eight bits (`graph`).
3. Beside the shipped fast network, choose on the dev split the weight of the encoder and the lowest threshold within the
   bound on over-redaction: the pair that hides most identifiers.
4. Measure on the test split, the gate too; write the model folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from onprem.detect.ner import ENCODER, NerDetector, model_folder, read_network, tag_names
from onprem.detect.ner import PART as FAST
from onprem.detect.ner_encoder import FILES, Encoder, Settings, Thorough, describe, doubtful
from onprem.detect.ner_features import row
from onprem.detect.ner_network import Network
from onprem.detect.ner_wordpiece import WordPieces
from onprem.progress import Progress, Silent
from onprem.tagged import Tagged
from onprem.text import tokenize
from onprem.train import phi
from onprem.train.card import write_card
from onprem.train.encode import tag_tokens
from onprem.train.fine_tune import HEADS_WIDTH, Base, Recipe, fine_tune, read_base, samples_of
from onprem.train.graph import graph_of
from onprem.train.measure import by_label, figures
from onprem.train.phi import Plan
from onprem.train.pieces import Arrays

GATE = 0.002  # chosen on the dev split of `en`: 13,200 identifiers, all within what the encoder reads
# as in `phi`; lower, because where the encoder errs the union refutes less of it
_OVER_REDACTION = {"en": 0.0155}
_WEIGHTS = (0.5, 0.7, 0.85, 1.0)


def train(plan: Plan, encoder: Path, out: Path, *, progress: Progress | None = None) -> dict[str, object]:
    """Learn a model and write its folder; return the content of its meta.json.

    Raises:
        UsageError: the encoder's files are missing or do not have the expected form.

    """
    silent = progress or Silent()
    base = read_base(encoder)
    tags = tag_names(sorted(set(phi.generator_of(plan.lang).LEARNT.values())))
    pieces = WordPieces(base.names)
    random = np.random.Generator(np.random.PCG64(plan.seed))
    samples = [
        sample
        for document in phi.generated(plan, silent)
        for sample in samples_of(pieces.lay(document.words, document.spacing), document.tags, random)
    ]
    torch.set_num_threads(plan.jobs)
    recipe = Recipe(passes=plan.passes, seed=plan.seed)
    weights = fine_tune(base, samples, len(tags), recipe, progress=silent)
    return finish(plan, base, weights, out, progress=silent)


def finish(plan: Plan, base: Base, weights: Arrays, out: Path, *, progress: Progress) -> dict[str, object]:
    """Write the model folder of learnt weights, chosen settings and figures."""
    source = phi.generator_of(plan.lang)
    fast, _ = read_network(model_folder(plan.lang) / FAST)
    graph = graph_of(weights, heads=base.width // HEADS_WIDTH).SerializeToString(deterministic=True)
    encoder = Encoder(graph, WordPieces(base.names))
    dev = phi.first_documents(plan, source, "dev")
    settings, trials = choose(fast, encoder, dev, lang=plan.lang)
    home = out / ENCODER
    home.mkdir(parents=True, exist_ok=True)
    contents = dict(
        zip(FILES, (describe(settings, fast.shape.tags), graph, "\n".join(base.names).encode()), strict=True)
    )
    for name, content in contents.items():
        (home / name).write_bytes(content)
    progress.stage("measure", None)
    test = phi.first_documents(plan, source, "test")
    both = Thorough(fast, encoder, settings)
    counts = phi.measure(NerDetector(plan.lang, both, threshold=settings.threshold), test)
    identifiers, outside = beyond_gate(fast, [*dev, *test], settings.gate)
    meta: dict[str, object] = {
        "lang": plan.lang,
        "name": ENCODER,
        "version": "0.1.0",
        "description": "Finds identifiers in clinical text, beside the fast network",
        "license": "Apache-2.0",
        "command": f"{phi.command(plan)} --tier thorough --encoder DIR",
        "seed": plan.seed,
        "characters": plan.characters,
        "passes": plan.passes,
        **asdict(settings),
        "gate_identifiers": identifiers,
        "gate_outside": outside,
        "read": round(both.read / max(both.seen, 1), 4),
        "digests": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
        "dev_trials": trials,
        "test": {name: asdict(metric) for name, metric in figures(counts, seed=plan.seed).items()},
        "test_by_label": by_label(counts),
    }
    (out / "meta.json").write_text(json.dumps(meta, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_card(out, meta)
    return meta


def choose(
    fast: Network, encoder: Encoder, documents: Sequence[Tagged], *, lang: str
) -> tuple[Settings, dict[str, dict[str, dict[str, float]]]]:
    """Return the settings that hide most identifiers within the bound, and the figures of all that were tried."""
    trials = {}
    best = Settings(1.0, GATE, 1.0)
    most = -1.0
    for weight in _WEIGHTS:
        both = Thorough(fast, encoder, replace(best, weight=weight))
        threshold, tried = phi.choose_threshold(both, documents, lang=lang, most=_OVER_REDACTION[lang])
        trials[str(weight)] = tried
        if tried[str(threshold)]["identifiers_hidden"] > most:
            most = tried[str(threshold)]["identifiers_hidden"]
            best = Settings(weight, GATE, threshold)
    return best, trials


def beyond_gate(fast: Network, documents: Sequence[Tagged], gate: float) -> tuple[int, int]:
    """Return how many identifiers documents have, and of how many a word lies where the encoder does not read."""
    identifiers = outside = 0
    for document in documents:
        tokens = tokenize(document.text)
        if not len(tokens):
            continue
        laid = row(document.text, tokens)
        (values,) = fast.probabilities([(laid.words, laid.spacing)])
        read = np.zeros(len(laid.words), dtype=bool)
        for start, end in doubtful(1.0 - values[:, 0], gate):
            read[start:end] = True
        labels, begins = tag_tokens(laid, tokens.starts, tokens.ends, document)
        inside = np.array([label is not None for label in labels])
        numbers = np.cumsum(np.array(begins))
        identifiers += int(np.sum(begins))
        outside += len(set(numbers[inside & ~read].tolist()))
    return identifiers, outside
