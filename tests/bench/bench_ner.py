"""Entity taggers from synthetic sentences, beside templates, a dictionary and real sentences, on NCBI-disease.

    python tests/bench/bench_ner.py --work DIR [--model .models/MODEL.gguf] [--on devel] [--seeds 0 1 2] [--arms NAME …]

Entities come from a foreign vocabulary: the disease mentions of BC5CDR's train part, ICD-10-CM, and the diseases of HPO
(Orphanet). For each seed, five sentences of NCBI-disease's train part are the examples that the model is shown; every tagger
but those trained on real sentences alone learns from these five too. DIR keeps what was generated (`synthetic-SEED.jsonl`,
`templates-SEED.jsonl`) and the counts of each tagger (`results.jsonl`), so that a second call goes on; what is missing is
generated where --model is given. With one generated file for all seeds (`--generation 0`) seeds differ in training, in
their templates and in the real sentences drawn.

Real sentences are drawn from the first 4,000 of the train part; the rest (1,424) is what was tuned on (`--on tune`). The
development part is only measured on. CC BY 4.0: NCBI-disease and BC5CDR, cambridgeltl/MTL-Bioinformatics-2016.
"""

# ruff: noqa: T201 - a program that prints its result

import argparse
import json
import random
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cards import card_of

from onprem.assist.batch_out import Out
from onprem.evaluate.bootstrap import Ratios
from onprem.evaluate.read_labelled import read_labelled
from onprem.evaluate.tagging import dictionary_tagger
from onprem.progress import Silent
from onprem.synth.contract import Sources, Term
from onprem.synth.recipes.ner import Ner
from onprem.synth.run import Job, Run
from onprem.synth.scan import Scan
from onprem.synth.vocabulary import read_vocabulary
from onprem.train import ner
from onprem.train.ner_vocabulary import add_names

DRAWN = 4_000  # sentences of the train part that are drawn from; the rest is for tuning
ROWS = 2_000
ARMS = {
    "5 real": (0, 0, 5),
    "100 synthetic": (100, 0, 5),
    "500 synthetic": (500, 0, 5),
    "2,000 synthetic": (2_000, 0, 5),
    "100 templates": (0, 100, 5),
    "500 templates": (0, 500, 5),
    "2,000 templates": (0, 2_000, 5),
    "50 real": (0, 0, 50),
    "50 real + 2,000 synthetic": (2_000, 0, 50),
    "50 real + 2,000 templates": (0, 2_000, 50),
    "200 real": (0, 0, 200),
    "1,000 real": (0, 0, 1_000),
    "2,000 synthetic, nothing known": (2_000, 0, 5),
}


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--work", type=Path, required=True)
    asked.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / ".." / "shared" / "data")
    asked.add_argument("--model", type=Path)
    asked.add_argument("--on", choices=("devel", "tune"), default="tune")
    asked.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    asked.add_argument("--generation", type=int, help="the seed of the one generated file that all seeds use")
    asked.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS))
    given = asked.parse_args()
    train = read_labelled(given.data / "ncbi-disease" / "train.tsv")
    gold = train[DRAWN:] if given.on == "tune" else read_labelled(given.data / "ncbi-disease" / "devel.tsv")
    vocabulary = foreign(given.data)
    print(f"{given.on}: {len(gold)} sentences, {sum(len(each.mentions) for each in gold)} mentions")
    names = [(term.text, term.label) for term in vocabulary]
    bc5cdr = [(term.text, term.label) for term in vocabulary if not term.code]
    for words, list_ in (("dictionary of BC5CDR", bc5cdr), ("dictionary of the whole vocabulary", names)):
        show(words, [counts(gold, dictionary_tagger(list_)([each.text for each in gold]))])
    for arm in given.arms:
        runs = [measured(given, arm, seed, (train, gold, vocabulary)) for seed in given.seeds]
        show(arm, [each[0] for each in runs])
        show("   and the vocabulary in the tagger", [each[1] for each in runs])


def foreign(data):
    """Return the vocabulary: BC5CDR's mentions, then the diseases of HPO and ICD-10-CM."""
    terms = {}
    for sentence in read_labelled(data / "bc5cdr" / "disease-train.tsv"):
        for mention in sentence.mentions:
            name = sentence.text[mention.start : mention.end]
            terms.setdefault(name.casefold(), Term(name, "Disease"))
    for term in read_vocabulary("icd10,hpo"):
        if term.label == "disease":
            terms.setdefault(term.text.casefold(), Term(term.text, "Disease", term.code))
    return tuple(terms.values())


def drawn(train, seed, number):
    """Return real sentences: five with a mention each, as a hospital would show; more as they come."""
    pool = train[:DRAWN] if number > 5 else [each for each in train[:DRAWN] if each.mentions]
    return random.Random(seed).sample(pool, number)


def measured(given, arm, seed, what):
    """Return the counts (gold, found, right) of each sentence, from the file of results or by training.

    Twice: of the tagger alone, and with the names of the vocabulary in it.
    """
    train, gold, vocabulary = what
    results = given.work / "results.jsonl"
    key = [given.on, arm, seed]
    for line in results.read_text().splitlines() if results.exists() else ():
        if (known := json.loads(line))["key"] == key:
            return np.array(known["counts"]), np.array(known["with_names"])
    synthetic, templates, real = ARMS[arm]
    # beside generated sentences stand the five that their model was shown, and no others
    shown = given.generation if synthetic and real == 5 and given.generation is not None else seed
    files = [drawn(train, shown, real)]
    for kind, number in (("synthetic", synthetic), ("templates", templates)):
        if number:
            files.insert(0, generated(given, kind, seed, (train, vocabulary))[:number])
    clock = time.monotonic()
    plan = ner.Plan(seed=seed, words=None) if arm.endswith("nothing known") else ner.Plan(seed=seed)
    trained = ner.train(files, (), plan)
    seconds = round(time.monotonic() - clock)
    alone = counts(gold, ner.tagged(trained.nlp, gold))
    add_names(trained.nlp, [(term.text, term.label) for term in vocabulary])
    both = counts(gold, ner.tagged(trained.nlp, gold))
    line = {"key": key, "seconds": seconds, "counts": alone.tolist(), "with_names": both.tolist()}
    with results.open("a") as file:
        file.write(json.dumps(line) + "\n")
    return alone, both


def generated(given, kind, seed, what):
    """Return the rows of a generated file, which is made where it is missing."""
    train, vocabulary = what
    seed = seed if given.generation is None or kind == "templates" else given.generation
    path = given.work / f"{kind}-{seed}.jsonl"
    if not path.exists():
        examples = tuple(drawn(train, seed, 5))
        sources = Sources(seed=seed, vocabulary=vocabulary, examples=examples, options={"style": "abstract"})
        make(given.model if kind == "synthetic" else None, sources, path)
    return read_labelled(path)


def make(model, sources, path):
    """Write rows with a model, or from templates where there is none."""
    llm = None
    if "synthetic" in path.name:
        if model is None:
            raise SystemExit(f"{path.name} is missing: give --model to make it")
        llm = loaded(model)
    recipe = Ner()
    run = Run(Job(recipe, sources, recipe.bind(sources), ROWS, llm, 16), Scan())
    with Out(path, "bench_ner", resume=True, counted=run.seen) as out:
        run.make(out, Silent())
    if llm is not None:
        llm.close()
    tally = run.tally
    print(
        f"  {path.name}: {tally.rows} rows of {tally.attempts} attempts in {tally.seconds:.0f} s, {dict(tally.reasons)}"
    )


def loaded(path):
    from onprem.llm.llama import Settings, load

    return load(card_of(path), path, Settings(sequences=16, context=1_024, threads=1))


def counts(gold, found):
    return np.array(
        [(len(s.mentions), len(m), len(set(s.mentions) & set(m))) for s, m in zip(gold, found, strict=True)]
    )


def show(words, runs):
    """Print precision, recall and F1 over all runs, with an interval from resampled sentences, and F1 of each run."""
    total = sum(runs)
    ratios = Ratios(len(total), 0)
    ratios.add(2 * total[:, 2], total[:, 0] + total[:, 1], units=int(total[:, :2].sum()))
    metric = ratios.metrics()[0]
    sums = total.sum(axis=0)
    own = [100 * 2 * each[:, 2].sum() / max(1, each[:, :2].sum()) for each in runs]
    print(
        f"{words:36} P {100 * sums[2] / max(1, sums[1]):5.1f}  R {100 * sums[2] / sums[0]:5.1f}  "
        f"F1 {100 * metric.value:5.1f} ({100 * metric.low:.1f} to {100 * metric.high:.1f}), mean {np.mean(own):.1f}, "
        f"seeds {' '.join(f'{each:.1f}' for each in own)}",
        flush=True,
    )


if __name__ == "__main__":
    main()
