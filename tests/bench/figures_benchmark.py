"""All figures of an open benchmark: `python tests/bench/figures_benchmark.py en [--stock FOLDER] [--only TABLE]`.

Prints tables in Markdown: each system on its own, the union without each detector, identifiers by type, perturbed copies.
The policy is hipaa-safe-harbor; there is no roster. FOLDER is an unpacked small English spaCy model, for stock Presidio
(English only). Another gold standard in place of the benchmark: `--gold FILE`.
"""

# ruff: noqa: T201 - a program that prints its result

import argparse
from pathlib import Path

from compare_ner import stock

from onprem.detect import ner
from onprem.detect.ensemble import DETECTORS, Ensemble
from onprem.evaluate.allow import hidden_labels, stays_under
from onprem.evaluate.deid import score
from onprem.evaluate.gold import read_gold
from onprem.evaluate.perturb import PERTURBATIONS, perturb
from onprem.labels import Label
from onprem.model import Span
from onprem.policy.schema import load

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
TABLES = ("systems", "ablation", "types", "copies")
MEASURES = ("recall", "hidden", "clean", "over_redaction")
HEADS = "characters hidden | identifiers hidden | clean documents | over-redaction"
POLICY = load("hipaa-safe-harbor")
HIDDEN, STAYS = hidden_labels(POLICY), stays_under(POLICY)
ALONE = {"patterns": "patterns", "presidio": "Presidio's recognisers as used here", "ner": "networks"}


def measured(gold, found):
    return score(gold, found, hidden=HIDDEN, stays=STAYS, seed=0)


def cell(metric):
    """Return a metric with its interval, in per cent."""
    return "-" if metric is None else f"{100 * metric.value:.1f} ({100 * metric.low:.1f}–{100 * metric.high:.1f})"


def line(name, scores):
    return f"| {name} | {' | '.join(cell(getattr(scores, key)) for key in MEASURES)} |"


def finder_of_stock(folder):
    """Return stock Presidio as a finder of spans; whatever it finds hides."""
    find = stock(folder)

    def spans(texts):
        return [[Span(s.start, s.end, Label.OTHER_ID, 1.0, frozenset({"stock"})) for s in own] for own in find(texts)]

    return spans


def union(lang, tier, only=DETECTORS):
    ensemble = Ensemble.load(langs=(lang,), only=only, tier=tier)
    return lambda texts: ensemble.find(texts, lang=lang)


def systems(lang, folder):
    """Yield (name, finder): every system on its own."""
    if folder:
        yield "stock Presidio, small spaCy model", finder_of_stock(folder)
    for only in ("patterns", "presidio"):
        yield f"{ALONE[only]} alone", union(lang, "fast", (only,))
    yield "fast network alone", union(lang, "fast", ("ner",))
    if lang in ner.THOROUGH:
        yield "fast network and encoder alone", union(lang, "thorough", ("ner",))
    yield "**fast tier**", union(lang, "fast")
    if lang in ner.THOROUGH:
        yield "**thorough tier**", union(lang, "thorough")


def table_of_systems(gold, lang, folder):
    print(f"| | {HEADS} |\n|---|---|---|---|---|")
    for name, find in systems(lang, folder):
        print(line(name, measured(gold, find([item.text for item in gold]))), flush=True)


def table_of_ablation(gold, lang, _):
    print(f"| | {HEADS} |\n|---|---|---|---|---|")
    for missing in DETECTORS:
        only = tuple(name for name in DETECTORS if name != missing)
        found = union(lang, "thorough", only)([item.text for item in gold])
        print(line(f"without {ALONE[missing]}", measured(gold, found)), flush=True)


def table_of_types(gold, lang, folder):
    chosen = {name: find for name, find in systems(lang, folder) if name.startswith(("stock", "**"))}
    results = {name: measured(gold, find([item.text for item in gold])) for name, find in chosen.items()}
    print(f"| identifiers hidden | number | {' | '.join(results)} |\n|---|---{'|---' * len(results)}|")
    for of in next(iter(results.values())).by_type:
        if of.identifiers:
            cells = (cell(next(t.hidden for t in s.by_type if t.label is of.label)) for s in results.values())
            print(f"| {of.label.value} | {of.identifiers} | {' | '.join(cells)} |", flush=True)


def table_of_copies(gold, lang, _):
    tiers = ("fast", "thorough") if lang in ner.THOROUGH else ("fast",)
    finders = [union(lang, tier) for tier in tiers]
    heads = " | ".join(f"{tier}: characters hidden | change | over-redaction" for tier in tiers)
    print(f"| copy | {heads} |\n|---{'|---|---|---' * len(tiers)}|")
    first = {}
    for name in ("as it is", *PERTURBATIONS):
        copy = gold if name == "as it is" else perturb(gold, name)
        cells = []
        for tier, find in zip(tiers, finders, strict=True):
            scores = measured(copy, find([item.text for item in copy]))
            change = 100 * (scores.recall.value - first.setdefault(tier, scores.recall.value))
            cells += [cell(scores.recall), f"{change:+.1f}", f"{100 * scores.over_redaction.value:.1f}"]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lang", choices=("en", "zh"))
    parser.add_argument("--stock", type=Path)
    parser.add_argument("--gold", type=Path)
    parser.add_argument("--only", choices=TABLES)
    asked = parser.parse_args()
    gold = read_gold(asked.gold or BENCHMARKS / f"deid-{asked.lang}" / "documents.jsonl")
    makers = dict(zip(TABLES, (table_of_systems, table_of_ablation, table_of_types, table_of_copies), strict=True))
    for name in [asked.only] if asked.only else TABLES:
        print(f"\n{name}\n")
        makers[name](gold, asked.lang, asked.stock)


if __name__ == "__main__":
    main()
