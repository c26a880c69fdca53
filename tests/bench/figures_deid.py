"""The union of all detectors on data that is not shipped: `python tests/bench/figures_deid.py --data ../shared/data`.

1. Nothing to find: the train parts of ncbi-disease and bc5cdr, sentences joined from their tokens.
2. Chinese: identities of the test split put into the half of internal-medicine-zh that no training saw, and into all of
   huatuo-dev.

States and ages count for nothing, as under the policy hipaa-safe-harbor. Prints JSON lines.
"""

# ruff: noqa: T201 - a program that prints its result

import argparse
import json
from pathlib import Path

from onprem.detect.ensemble import Ensemble
from onprem.evaluate.deid import score
from onprem.labels import Label
from onprem.train.generate import zh, zh_carriers

HIDDEN = frozenset(Label) - {Label.AGE, Label.STATE, Label.ETHNICITY}
NEGATIVES = ("ncbi-disease/train.tsv", "bc5cdr/disease-train.tsv")
MEASURES = ("recall", "hidden", "clean", "over_redaction")
ROWS = 800  # of internal-medicine-zh


def sentences(path):
    """Yield the sentences of a token-per-line file."""
    words = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            words.append(line.split("\t")[0])
        elif words:
            yield " ".join(words)
            words = []
    if words:
        yield " ".join(words)


def nothing_to_find(ensemble, path):
    """Return how much of a file without identifiers is redacted."""
    texts = list(sentences(path))
    found = [[span for span in spans if span.label in HIDDEN] for spans in ensemble.find(texts, lang="en")]
    redacted = sum(span.end - span.start for spans in found for span in spans)
    return {
        "set": path.parent.name,
        "sentences": len(texts),
        "characters_redacted": redacted / sum(map(len, texts)),
        "sentences_touched": sum(map(bool, found)) / len(texts),
    }


def injected(ensemble, name, texts):
    """Return the measures on carriers with injected identities."""
    gold = list(zh.inject(texts, 1, "test"))
    found = ensemble.find([document.text for document in gold], lang="zh")
    scores = score(gold, found, hidden=HIDDEN, seed=0)
    return {"set": name, "documents": len(gold), **{key: vars_of(getattr(scores, key)) for key in MEASURES}}


def vars_of(metric):
    """Return a metric as plain numbers; None where it has no denominator."""
    return metric and {"value": metric.value, "low": metric.low, "high": metric.high, "n": metric.n}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    ensemble = Ensemble.load()
    for name in NEGATIVES:
        print(json.dumps(nothing_to_find(ensemble, data / name)))
    unseen = [row for row in zh_carriers.read_rows(data) if zh_carriers.measured(row)]
    print(json.dumps(injected(ensemble, "internal-medicine-zh", unseen[:ROWS])))
    print(json.dumps(injected(ensemble, "huatuo-dev", zh_carriers.read_huatuo(data))))


if __name__ == "__main__":
    main()
