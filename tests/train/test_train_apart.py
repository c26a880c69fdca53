"""What measures never taught: evaluation documents and the notes that models learn from share nobody and no passage.

Failures tell how many values coincide, never which: nobody reads the held documents and the benchmarks.
"""

import json
import re
from pathlib import Path

import pytest

from onprem.labels import Label
from onprem.tagged import parse
from onprem.train.generate import written_notes
from onprem.train.generate.written_notes import notes_of

ROOT = Path(__file__).parents[2]
GENERATE = Path(written_notes.__file__).parent
DATES = {Label.DATE, Label.BIRTH_DATE}
LONG = 7  # digits; shorter numbers coincide by chance
PASSAGE = {"en": 80, "zh": 30}  # characters without white space; shorter ones are phrases of the trade
TEMPLATES = {"en": "en_*.txt", "zh": "zh_*.toml"}


def texts(lang):
    """Return the tagged notes from which models learn."""
    return [text for path in sorted((GENERATE / "written").glob(f"{lang}_*.txt")) for *_, text in notes_of(path)]


def documents(path):
    with (ROOT / path).open(encoding="utf-8") as lines:
        return [parse(json.loads(line)["tagged"]) for line in lines]


def names(document, lang):
    """Return the full names: in Chinese of three characters and more, in English of two words and more."""
    found = {document.text[span.start : span.end] for span in document.spans if span.label is Label.NAME}
    return {name.casefold() for name in found if (len(name) > 2 if lang == "zh" else len(name) > 6 and " " in name)}


def numbers(document):
    found = {document.text[span.start : span.end] for span in document.spans if span.label not in DATES | {Label.NAME}}
    return {value.casefold() for value in found if sum(map(str.isdigit, value)) >= LONG}


def passages(text, length):
    dense = re.sub(r"\s+", "", text)
    return {dense[start : start + length] for start in range(len(dense) - length + 1)}


def union(sets):
    return set().union(*sets)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    "path", ["tests/corpus/{}/held.jsonl", "tests/corpus/{}/notes.jsonl", "benchmarks/deid-{}/documents.jsonl"]
)
def test_evaluation_and_training_share_nobody_and_no_passage(path, lang):
    measured, learnt = documents(path.format(lang)), [parse(text) for text in texts(lang)]
    assert len(measured) > 150
    assert len(learnt) > 1000
    size = PASSAGE[lang]
    # the development corpora are made from templates too, of the split that no training sees
    files = [] if path.endswith("notes.jsonl") else sorted(GENERATE.glob(TEMPLATES[lang]))
    templates = [file.read_text(encoding="utf-8") for file in files]
    assert templates or path.endswith("notes.jsonl")
    shared = {
        "names": union(names(item, lang) for item in measured) & union(names(item, lang) for item in learnt),
        "numbers": union(map(numbers, measured)) & union(map(numbers, learnt)),
        "passages": union(passages(item.text, size) for item in measured)
        & union(passages(text, size) for text in [*(item.text for item in learnt), *templates]),
    }
    assert {kind: len(values) for kind, values in shared.items()} == dict.fromkeys(shared, 0)
