"""The shipped English model beside stock Presidio with the small spaCy model, on the same texts, one core, one run.

`python tests/bench/compare_ner.py STOCK_MODEL_FOLDER [--data DIR]` prints a table in Markdown. STOCK_MODEL_FOLDER is an
unpacked small English spaCy model. Texts: the development corpus `tests/corpus/en`; with --data also the train parts of
ncbi-disease and bc5cdr (nothing to find) and generic-pii. States and ages below 90 count for nothing, for both; Presidio's
nationalities and bare years do not count against it.
"""

import argparse
import json
import logging
import os
import re
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS"] = ""

from onprem.detect.contract import Passage  # noqa: E402 - after the environment is set
from onprem.detect.ner import load  # noqa: E402
from onprem.labels import Label  # noqa: E402
from onprem.tagged import Gold, Tagged, parse  # noqa: E402
from onprem.train.measure import count, figures  # noqa: E402

CORPUS = Path(__file__).parents[1] / "corpus" / "en" / "notes.jsonl"
STOCK = {"PERSON": Label.NAME, "LOCATION": Label.CITY, "DATE_TIME": Label.DATE, "PHONE_NUMBER": Label.PHONE}
MEASURES = ("character_recall", "identifiers_hidden", "clean_documents", "over_redaction")
UNCOUNTED = {"TITLE", "AGE", "NRP"}


def stock(folder):
    """Return a finder of stock Presidio over the model in `folder`."""
    import tldextract

    logging.disable(logging.CRITICAL)  # it logs the values it matched
    offline = tldextract.TLDExtract(suffix_list_urls=(), fallback_to_snapshot=True)
    tldextract.extract = offline
    tldextract.tldextract.TLD_EXTRACTOR = offline
    import spacy
    from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    engine = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": "en_core_web_sm"}])
    engine.nlp = {"en": spacy.load(folder)}
    analyser = BatchAnalyzerEngine(AnalyzerEngine(nlp_engine=engine, supported_languages=["en"]))

    def find(texts):
        results = []
        for text, found in zip(texts, analyser.analyze_iterator(texts, language="en", batch_size=64), strict=True):
            kept = [item for item in found if item.entity_type != "NRP"]
            kept = [item for item in kept if not re.fullmatch(r"(19|20)\d\d", text[item.start : item.end])]
            results.append([Gold(item.start, item.end, STOCK.get(item.entity_type, Label.OTHER_ID)) for item in kept])
        return results

    return find


def ours():
    """Return a finder of the shipped model."""
    detector = load("en")

    def find(texts):
        found = detector.find([Passage(text, "en") for text in texts])
        return [[Gold(span.start, span.end, span.label) for span in spans] for spans in found]

    return find


def corpus():
    """Return the development corpus."""
    with CORPUS.open(encoding="utf-8") as lines:
        return [parse(json.loads(line)["tagged"]) for line in lines]


def abstracts(path):
    """Return the sentences of an IOB file, words joined by spaces."""
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    rows = [[line.split("\t")[0] for line in block.splitlines() if "\t" in line] for block in blocks]
    return [Tagged(" ".join(words), ()) for words in rows if words]


def generic(path):
    """Return generic-pii with every labelled value but titles, ages and nationalities as an identifier."""
    made = []
    for item in json.loads(path.read_text(encoding="utf-8")):
        spans = [span for span in item["spans"] if span["entity_type"] not in UNCOUNTED]
        gold = [Gold(span["start_position"], span["end_position"], Label.OTHER_ID) for span in spans]
        made.append(Tagged(item["full_text"], tuple(sorted(gold, key=lambda span: span.start))))
    return made


def row(name, finder, documents):
    """Return one line of the table."""
    texts = [document.text for document in documents]
    finder(texts[:3])
    began = time.process_time()
    found = finder(texts)
    speed = sum(map(len, texts)) / (time.process_time() - began) / 1000
    counts = [count(document, spans) for document, spans in zip(documents, found, strict=True)]
    touched = sum(bool(result.over) for result in counts) / len(counts)
    values = figures(counts, seed=0)
    cells = [f"{100 * values[key].value:.2f}" if values[key].n else "-" for key in MEASURES]
    return f"| {name} | {' | '.join(cells)} | {100 * touched:.1f} | {speed:.0f} |"


def main():
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("stock", type=Path)
    parser.add_argument("--data", type=Path)
    asked = parser.parse_args()
    sets = {"development corpus": corpus()}
    if asked.data:
        sets["ncbi-disease train"] = abstracts(asked.data / "ncbi-disease" / "train.tsv")
        sets["bc5cdr train"] = abstracts(asked.data / "bc5cdr" / "disease-train.tsv")
        sets["generic-pii"] = generic(asked.data / "generic-pii" / "synth_dataset_v2.json")
    columns = (
        "text, system",
        *(f"{name.replace('_', ' ')} %" for name in MEASURES),
        "texts touched in vain %",
        "kchar/s",
    )
    print(f"| {' | '.join(columns)} |")  # noqa: T201 - the result
    print("|---" * len(columns) + "|")  # noqa: T201 - the result
    finders = {"this model": ours(), "stock Presidio": stock(asked.stock)}
    for name, documents in sets.items():
        for system, finder in finders.items():
            print(row(f"{name}, {system}", finder, documents), flush=True)  # noqa: T201 - the result


if __name__ == "__main__":
    main()
