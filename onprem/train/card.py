"""The model card (data, command, seed, digests, figures, in words a hospital can read) and the spaCy configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

_WORDS = {
    "character_recall": "characters of identifiers hidden (label-blind)",
    "identifiers_hidden": "identifiers fully hidden",
    "clean_documents": "documents with nothing left",
    "over_redaction": "other characters hidden (over-redaction)",
}


_KINDS = {
    "phi": (
        "A convolutional token classifier that finds identifiers in clinical text, learnt on generated documents",
        "with invented identities and on openly licensed carriers; it holds no record of a patient.",
    ),
    "encoder": (
        "A pre-trained encoder fine-tuned to find identifiers in clinical text, on generated documents with invented",
        "identities and on openly licensed carriers; it holds no record of a patient. It runs beside the fast network.",
    ),
}

_CONFIG = """\
[nlp]
lang = "{lang}"
pipeline = ["phi"]
disabled = []
before_creation = null
after_creation = null
after_pipeline_creation = null
batch_size = 256

[nlp.tokenizer]
@tokenizers = "onprem.tokens.v1"

[components]

[components.phi]
factory = "onprem_phi"
lang = "{lang}"
"""


def write_config(folder: Path, lang: str) -> None:
    """Write the `config.cfg` with which spaCy opens the folder, once `onprem.detect.ner_spacy` is imported."""
    (folder / "config.cfg").write_text(_CONFIG.format(lang=lang), encoding="utf-8")


def write_card(folder: Path, meta: Mapping[str, Any]) -> None:
    """Write `card.md` from a model's meta.json. A file `notes.md` beside it is appended as it is."""
    lines = [
        f"# Model card: {folder.name}",
        "",
        *_KINDS[meta["name"]],
        "",
        f"- Command: `{meta['command']}`",
        f"- Seed: {meta['seed']}; characters read: {meta['characters']:,}; threshold: {meta['threshold']}",
        "- Digests (SHA-256):",
        *(f"  - {name}: `{digest}`" for name, digest in meta["digests"].items()),
        "",
        "## Figures on the test split (identities and templates never learnt from)",
        "",
        "The detector alone, without patterns, roster and propagation. 95 % intervals from resampled documents.",
        "",
        "| measure | value | interval | of |",
        "|---|---|---|---|",
    ]
    for name, words in _WORDS.items():
        metric = meta["test"][name]
        low, high = 100 * metric["low"], 100 * metric["high"]
        lines.append(f"| {words} | {100 * metric['value']:.2f} % | {low:.2f} to {high:.2f} | {metric['n']:,} |")
    lines += ["", "| identifier | number | fully hidden |", "|---|---|---|"]
    for label, (number, whole) in meta["test_by_label"].items():
        lines.append(f"| {label} | {number} | {100 * whole / number:.1f} % |")
    if "gate" in meta:
        lines += [
            "",
            f"Beside the fast network: weight {meta['weight']}, gate {meta['gate']}. Of {meta['gate_identifiers']:,}",
            f"identifiers of the dev and test splits {meta['gate_outside']} lie partly where it does not read; it reads",
            f"{100 * meta['read']:.0f} % of the words of these documents, which are dense with identifiers.",
        ]
    notes = folder / "notes.md"
    if notes.exists():
        lines += ["", notes.read_text(encoding="utf-8").rstrip()]
    (folder / "card.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
