"""The card of a trained classifier: what it learnt from, how it was measured, how it is opened. In words a hospital reads.

Rules: digests, counts and figures; no text of the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onprem.errors import OutputError

NONE = "none"  # how a class without a name is told
_ABOUT = {
    "relation": "A linear classifier of what a sentence says of two things named in it.",
    "classify": "A linear classifier of whole texts.",
}
_USE = {
    "relation": """\
The pipeline reads the marks of a pair, not the sentence itself; `onprem.train.relation.marked` makes them, and its file says
how, in three rules, for programs without this package. The class `none` means that nothing relates the two.""",
    "classify": "The pipeline reads the text as it is; `doc.cats` holds the probability of each class.",
}


def write_card(folder: Path, meta: Mapping[str, Any]) -> None:
    """Write `card.md` into a model's folder from what its meta.json holds under `onprem`.

    Raises:
        OutputError: it cannot be written.
    """
    graded, relates = bool(meta["order"]), any("related_mcc" in line for line in meta["figures"])
    heads = ["system", "rows", "MCC", "macro-F1", "accuracy"]
    heads += ["quadratic kappa"] * graded + ["related: MCC", "related: macro-F1"] * relates
    keys = ["mcc", "macro_f1", "accuracy"] + ["kappa"] * graded + ["related_mcc", "related_macro_f1"] * relates
    lines = [
        f"# Model card: {folder.name}",
        "",
        _ABOUT[meta["task"]],
        "",
        f"- Rows learnt from: {meta['trained']:,}; measured on: {meta['measured']:,} others",
        f"- Classes: {', '.join(f'{label or NONE} {count:,}' for label, count in meta['classes'].items())}",
        f"- Seed: {meta['seed']}; language: {meta['language']}; inverse of the regularisation: {meta['strength']}",
        "- Digests of the data (SHA-256):",
        *(f"  - {name}: `{digest}`" for name, digest in meta["digests"].items()),
        "",
        "## Figures",
        "",
        "On rows that the model never saw, with 95 % intervals from resampled groups. `majority` always says the commonest",
        "class, `all-positive` always the commonest relation; `tf-idf` learnt from the same rows.",
        "",
        "| " + " | ".join(heads) + " |",
        "|" + "---|" * len(heads),
        *(_line(line, keys) for line in meta["figures"]),
        "",
        "## Use",
        "",
        "`spacy.load(folder)` opens it, without this package.",
        _USE[meta["task"]],
    ]
    try:
        (folder / "card.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError:
        raise OutputError("the card cannot be written", hint="see whether the disk has room") from None


def _line(line: Mapping[str, Any], keys: list[str]) -> str:
    cells = [line["system"], f"{line['rows']:,}"]
    cells += [f"{line[key]['value']:.3f} ({line[key]['low']:.3f} to {line[key]['high']:.3f})" for key in keys]
    return "| " + " | ".join(cells) + " |"
