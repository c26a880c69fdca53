"""Agreement of two annotations of a benchmark: `python benchmarks/agreement.py benchmarks/deid-zh`.

Reads `documents.jsonl` (the gold standard) and `second.jsonl` (of a second annotator, who saw the text and the guidelines
only), for the documents that both have. Prints label-blind agreement (F1 and Cohen's kappa over characters that are
not white space), exact agreement of spans with their label (F1), and the same by label.
"""

# ruff: noqa: T201 - a program that prints its result

import json
import sys
from collections import Counter
from pathlib import Path

from onprem.tagged import Tagged, parse


def annotations(path: Path) -> dict[str, Tagged]:
    """Return the parsed documents of a file by id."""
    with path.open(encoding="utf-8") as lines:
        return {row["id"]: parse(row["tagged"]) for row in map(json.loads, lines)}


def f1(both: int, first: int, second: int) -> float:
    """Return the harmonic mean of both shares; 1 where there is nothing to agree on."""
    return 2 * both / (first + second) if first + second else 1.0


def main() -> None:
    """Print the agreement."""
    folder = Path(sys.argv[1])
    gold, other = annotations(folder / "documents.jsonl"), annotations(folder / "second.jsonl")
    cells: Counter[tuple[bool, bool]] = Counter()
    spans: Counter[str] = Counter()
    labels: Counter[tuple[str, str]] = Counter()
    for name in sorted(gold.keys() & other.keys()):
        pair = gold[name], other[name]
        if pair[0].text != pair[1].text:
            raise SystemExit(f"{name}: the texts differ")
        marked = [{at for span in item.spans for at in range(span.start, span.end)} for item in pair]
        for at, character in enumerate(pair[0].text):
            if not character.isspace():
                cells[at in marked[0], at in marked[1]] += 1
        sets = [{(span.start, span.end, span.label.value) for span in item.spans} for item in pair]
        for kind, part in (("first", sets[0]), ("second", sets[1]), ("both", sets[0] & sets[1])):
            spans[kind] += len(part)
            labels.update((label, kind) for *_, label in part)
    total, both = sum(cells.values()), cells[True, True]
    one, two = both + cells[True, False], both + cells[False, True]
    expected = (one * two + (total - one) * (total - two)) / total**2
    kappa = ((both + cells[False, False]) / total - expected) / (1 - expected)
    print(f"documents {len(gold.keys() & other.keys())}, characters {total:,}")
    print(f"characters, label-blind: F1 {f1(both, one, two):.3f}, kappa {kappa:.3f}")
    print(f"gold characters that the second marked: {both / one:.3f}; the other way: {both / two:.3f}")
    print(f"spans with label, exact: F1 {f1(spans['both'], spans['first'], spans['second']):.3f}")
    for label in sorted({label for label, _ in labels}):
        first, second, agreed = (labels[label, kind] for kind in ("first", "second", "both"))
        print(f"  {label:<20} {first:>5} {second:>5}  F1 {f1(agreed, first, second):.2f}")


if __name__ == "__main__":
    main()
