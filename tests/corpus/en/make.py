"""Make `notes.jsonl`, the English development corpus: notes written by hand, and notes from the test split's templates.

Run from the project's root: `python tests/corpus/en/make.py`. The people are invented; their names and the templates are
those of the test split, which training never sees (`onprem.train.generate.contract`).
"""

import json
import re
from pathlib import Path

from onprem.tagged import parse, render
from onprem.train.generate.en import notes

HERE = Path(__file__).parent
GENERATED = 290
SEED = 20_261_122


def handwritten() -> list[tuple[str, str]]:
    """Return (id, tagged text) of the notes in handwritten.txt."""
    pieces = re.split(r"^=== (\S+)\n", (HERE / "handwritten.txt").read_text(encoding="utf-8"), flags=re.M)[1:]
    return [(name, text.rstrip("\n")) for name, text in zip(pieces[::2], pieces[1::2], strict=True)]


def generated() -> list[tuple[str, str]]:
    """Return (id, tagged text) of different notes from templates; one in eight may be without identifiers."""
    chosen: list[tuple[str, str]] = []
    seen: set[str] = set()
    without = 0
    for document in notes("test", SEED):
        if document.text in seen or len(document.text) < 40:
            continue
        if not document.spans:
            without += 1
            if without * 8 > len(chosen):
                continue
        seen.add(document.text)
        chosen.append((f"generated-{len(chosen) + 1:03d}", render(document)))
        if len(chosen) == GENERATED:
            return chosen
    raise AssertionError("the stream of notes never ends")


def main() -> None:
    """Write the corpus."""
    with (HERE / "notes.jsonl").open("w", encoding="utf-8") as out:
        for name, tagged in [*handwritten(), *generated()]:
            parse(tagged)
            out.write(json.dumps({"id": name, "tagged": tagged}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
