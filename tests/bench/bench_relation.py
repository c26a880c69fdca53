"""What a classifier of relations is worth that learnt from sentences of the recipe `relation`, on sentences of abstracts.

    onprem synth relation --n 1000 --vocabulary tests/bench/relation_terms.tsv --model M --out written.jsonl
    python tests/bench/bench_relation.py table [--written written.jsonl] [--seeds 3]
    python tests/bench/bench_relation.py agreement
    python tests/bench/bench_relation.py show FILE --rows 100 --seed 5     # rows to be read by hand

The gold standard is `relation_gold.jsonl`: 364 pairs of a chemical and a disease, one a sentence, drawn at random from the
1,935 sentences of BC5CDR's development part that name both (MTL-Bioinformatics-2016, CC BY 4.0; J. Li et al., 2016).
It holds places, digests and labels; the text is read from ../shared/data. The files do not say where an abstract ends. 182
pairs of the first half of the file are for tuning, 182 of the second half are untouched; groups are blocks of ten sentences.

One reader labelled them, by these rules. What counts is what the sentence says, not what is known.

- causes: the sentence says, or takes for granted, that the chemical brings the disease on, makes it worse, or raises its
  risk, in people or animals; also "X-induced Y" beside something else, "Y after X", "Y in a patient treated with X",
  "stopped because of Y", "may cause". A chemical that is said to have a part in how a disease comes about counts.
- treats: the sentence says that the chemical is given against the disease, relieves or prevents it, or is studied as a
  treatment of it; also that patients who have the disease are given it, unless another purpose is named.
- none: neither; the sentence denies it ("did not cause", "failed to", "is not justified"), asks it ("whether X reduces Y"),
  tells it of another chemical, measures the chemical, or joins both by "and" alone.
- A mention that is only a part of another name (serotonin in "serotonin reuptake blockers") is judged by itself: none.

60 pairs drawn at random were labelled again by the same reader, in another order, without sight of the first labels, some 20
minutes later. That is agreement of a reader with himself, whose memory helps: an upper bound.
"""

# ruff: noqa: T201 - a program that prints its result

import argparse
import hashlib
import json
import random
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
DATA = HERE.parents[2] / "shared" / "data" / "bc5cdr"
ORDER = ("causes", "treats", "")
BLOCK = 10  # sentences
SIZES = (100, 300, 1000)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("table", "agreement", "show"))
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--written", type=Path, help="rows written by a model")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--seed", type=int, default=5)
    return parser.parse_args()


def sentences(path):
    """The sentences of a file in BIO, words parted by a blank."""
    found, words = [], []
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.strip():
            words.append(line.split("\t")[0])
        elif words:
            found.append(" ".join(words))
            words = []
    return found + ([" ".join(words)] if words else [])


def lines():
    return [json.loads(line) for line in (HERE / "relation_gold.jsonl").read_text(encoding="utf-8").splitlines()]


def gold():
    """The pairs of the tuning half and of the untouched half."""
    from onprem.labelled import Mention, Pair

    texts = {name: sentences(DATA / f"chem-{name}.tsv") for name in ("devel",)}
    halves = {"tuning": [], "untouched": []}
    for line in lines():
        text = texts[line["file"]][line["sentence"]]
        if hashlib.sha256(text.encode()).hexdigest()[:16] != line["sha256"]:
            raise SystemExit("the files of BC5CDR are not those that were labelled")
        head, tail = (Mention(*line[role], kind) for role, kind in (("head", "drug"), ("tail", "disease")))
        group = f"{line['file']}-{line['sentence'] // BLOCK}"
        halves[line["part"]].append(Pair(text, head, tail, line["label"], str(line["sentence"]), group))
    return halves["tuning"], halves["untouched"]


def templates(count, seed):
    """So many rows of the recipe's templates, without near-duplicates."""
    from onprem.labelled import Pair, mention_of
    from onprem.near import Near
    from onprem.synth.contract import Made, Sources
    from onprem.synth.recipes.relation import RECIPES
    from onprem.synth.vocabulary import read_vocabulary

    vocabulary = read_vocabulary(str(HERE / "relation_terms.tsv"))
    work = RECIPES[0].bind(Sources(seed=seed, vocabulary=vocabulary))
    near, made, number = Near(), [], 0
    while len(made) < count:
        row = work.fill(number)
        number += 1
        if isinstance(row, Made) and not near.is_near(row.line["text"]):
            near.add(row.line["text"])
            made.append(
                Pair(row.line["text"], mention_of(row.line["head"]), mention_of(row.line["tail"]), row.line["label"])
            )
    return made


def arms(given, tuning):
    """(name, rows, function of a seed that gives the training data)."""
    from onprem.evaluate.read_classes import read_pairs

    yield "real (tuning half)", lambda seed: tuning
    for size in SIZES:
        yield f"{size} templates", lambda seed, size=size: templates(size, seed)
    yield "1000 templates + real", lambda seed: templates(1000, seed) + tuning
    if not given.written:
        return
    pool = read_pairs(given.written)

    def drawn(size, seed):
        rows = sorted(pool, key=lambda pair: hashlib.sha256(f"{seed}/{pair.id}".encode()).digest())
        return rows[:size]

    for size in sorted({min(size, len(pool)) for size in SIZES}):
        yield f"{size} written by the model", lambda seed, size=size: drawn(size, seed)
    most = min(max(SIZES), len(pool))
    yield f"{most} written + {most} templates", lambda seed: drawn(most, seed) + templates(most, seed)
    yield f"{most} written + real", lambda seed: drawn(most, seed) + tuning


def table(given):
    from onprem.evaluate.classes import Gold
    from onprem.progress import Silent
    from onprem.train.linear import Settings
    from onprem.train.measured import constant, scored, tfidf
    from onprem.train.relation import plain, train

    tuning, untouched = gold()
    seeds = range(1, given.seeds + 1)
    right = Gold(
        [pair.label for pair in untouched] * given.seeds, [pair.group for pair in untouched] * given.seeds, ORDER
    )
    print("untouched half:", dict(Counter(pair.label or "none" for pair in untouched)), "tuning half:",
          dict(Counter(pair.label or "none" for pair in tuning)))  # fmt: skip
    print(f"{'':34} MCC (95 % interval; of each seed)          macro-F1            | related or not: MCC, macro-F1")

    def show(name, said):
        """Scores over all seeds together; resamples draw blocks of sentences."""
        whole, related = scored(right, [label for each in said for label in each], "", 0)
        single = Gold([pair.label for pair in untouched], [pair.group for pair in untouched], ORDER)
        each = " ".join(f"{scored(single, labels, '', 0)[0].mcc.value:.2f}" for labels in said)
        print(
            f"{name:34} {whole.mcc.value:.3f} ({whole.mcc.low:.3f} to {whole.mcc.high:.3f}; {each})  "
            f"{whole.macro_f1.value:.3f} ({whole.macro_f1.low:.3f} to {whole.macro_f1.high:.3f}) | "
            f"{related.mcc.value:.3f} ({related.mcc.low:.3f} to {related.mcc.high:.3f}), {related.macro_f1.value:.3f}",
            flush=True,
        )

    for name, said in constant("", Counter(pair.label for pair in tuning), len(untouched)).items():
        show(name, [said] * given.seeds)
    for name, rows in arms(given, tuning):
        data = [rows(seed) for seed in seeds]
        made = [train(pairs, None, Settings(seed=seed), Silent()) for seed, pairs in zip(seeds, data, strict=True)]
        show(name, [trained.choose(untouched) for trained in made])
        texts = [plain(pair) for pair in untouched]
        show(
            "  TF-IDF on the same",
            [tfidf([plain(pair) for pair in pairs], [pair.label for pair in pairs], texts) for pairs in data],
        )


def agreement():
    import numpy as np

    from onprem.evaluate.classes import accuracy_of, cohen_kappa_of

    both = [(ORDER.index(line["label"]), ORDER.index(line["second"])) for line in lines() if "second" in line]
    found = np.zeros((3, 3))
    for one, two in both:
        found[one, two] += 1
    print(
        f"{len(both)} pairs read twice: kappa {float(cohen_kappa_of(found)):.3f}, same {float(accuracy_of(found)):.3f}"
    )


def show(given):
    """Rows drawn at random, to be read by a person: does the sentence say what its label says?"""
    rows = [json.loads(line) for line in given.file.read_text(encoding="utf-8").splitlines()]
    for row in random.Random(given.seed).sample(rows, min(given.rows, len(rows))):
        names = " / ".join(row["text"][row[role]["start"] : row[role]["end"]] for role in ("head", "tail"))
        print(f"{row['label'] or 'none':7} [{row['cue']}] {names}: {row['text']}")


def main():
    given = arguments()
    if given.what == "table":
        table(given)
    elif given.what == "agreement":
        agreement()
    else:
        show(given)


if __name__ == "__main__":
    main()
