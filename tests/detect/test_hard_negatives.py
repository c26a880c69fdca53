"""Abstracts in which nobody is identified stay almost untouched by all detectors, though they are full of eponyms."""

from pathlib import Path

import pytest

from onprem.detect.ensemble import Ensemble
from onprem.train.measure import hides

DATA = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.mark.parametrize("name", ["ncbi-disease/train.tsv", "bc5cdr/disease-train.tsv"])
def test_abstracts_stay(name):
    path = DATA / name
    if not path.exists():
        pytest.skip("the public data sets are not beside the project (see docs/detectors-ner.md)")
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    rows = [[line.split("\t")[0] for line in block.splitlines() if "\t" in line] for block in blocks]
    texts = [" ".join(words) for words in rows if words]
    found = Ensemble.load(langs=("en",)).find(texts, lang="en")
    hidden = [
        [span for span in spans if hides(span.label, text[span.start : span.end])]
        for text, spans in zip(texts, found, strict=True)
    ]
    characters = sum(span.end - span.start for spans in hidden for span in spans)
    assert characters <= 0.003 * sum(map(len, texts))
    assert sum(map(bool, hidden)) <= 0.05 * len(texts)
