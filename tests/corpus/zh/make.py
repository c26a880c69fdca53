"""Make `notes.jsonl`, the Chinese development corpus: notes written by hand, and notes from the test split's templates.

Run from the project's root: `python tests/corpus/zh/make.py`. The people are invented; full names, institutions and
templates of the generated notes are those of the test split, which training never sees.
"""

import json
import re
from pathlib import Path
from random import Random

from onprem.tagged import Tagged, parse, render
from onprem.train.generate.zh import trimmed
from onprem.train.generate.zh_layouts import KINDS, write
from onprem.train.generate.zh_noise import noisy

HERE = Path(__file__).parent
SEED = "zh:corpus:1"
OF_EACH_KIND = 14
NOISY = 0.25  # share of notes that went through full width, lost punctuation, line wraps, traditional characters


def handwritten() -> list[tuple[str, str, str]]:
    """Return (id, kind, tagged text) of the notes in handwritten.txt."""
    text = (HERE / "handwritten.txt").read_text(encoding="utf-8")
    pieces = re.split(r"^=== (\S+) (\S+)\n", text, flags=re.M)[1:]
    notes = zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True)
    return [(f"written-{name}", kind, body.rstrip("\n")) for name, kind, body in notes]


def usable(document: Tagged, kind: str, seen: set[str]) -> bool:
    """Say whether a generated note is long enough, new, and holds an identifier where its kind should."""
    return len(document.text) >= 6 and document.text[:40] not in seen and (kind == "plain" or bool(document.spans))


def generated() -> list[tuple[str, str, str]]:
    """Return (id, kind, tagged text) of OF_EACH_KIND notes of every kind."""
    random = Random(SEED)
    chosen: list[tuple[str, str, str]] = []
    for kind in KINDS:
        seen: set[str] = set()
        for _ in range(400):
            document = trimmed(write(kind, "test", random, None).tagged())
            if not usable(document, kind, seen):
                continue
            seen.add(document.text[:40])
            if random.random() < NOISY:
                document = noisy(document, random)
            chosen.append((f"{kind}-{len(seen):02d}", kind, render(document)))
            if len(seen) == OF_EACH_KIND:
                break
    return chosen


def main() -> None:
    """Write notes.jsonl."""
    lines = []
    for name, kind, tagged in (*handwritten(), *generated()):
        parse(tagged)
        lines.append(json.dumps({"id": name, "kind": kind, "tagged": tagged}, ensure_ascii=False))
    (HERE / "notes.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
