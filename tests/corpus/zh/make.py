"""Make `notes.jsonl`, the Chinese development corpus, and `held.jsonl`, which nobody reads.

Run from the project's root: `python tests/corpus/zh/make.py`. Notes written by hand (see `../written.py`) and, for
development, notes from the generator's test split. The people are invented; full names, institutions and templates of the
generated notes are those of the test split, which training never sees.
"""

import sys
from pathlib import Path
from random import Random

from onprem.tagged import render
from onprem.train.generate.zh import trimmed
from onprem.train.generate.zh_layouts import KINDS, write
from onprem.train.generate.zh_noise import noisy

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import written  # noqa: E402 - a script's neighbour

SEED = "zh:corpus:1"
OF_EACH_KIND = 12
NOISY = 0.25  # share of notes that went through full width, lost punctuation, line wraps, traditional characters


def handwritten():
    """Return the notes written by hand that may be read."""
    own = [(f"written-{name}", kind, tagged) for name, kind, tagged in written.notes_of(HERE / "handwritten.txt")]
    return [*own, *written.written(HERE, held=False)]


def usable(document, kind, seen):
    """Say whether a generated note is long enough, new, and holds an identifier where its kind should."""
    return len(document.text) >= 6 and document.text[:40] not in seen and (kind == "plain" or bool(document.spans))


def generated():
    """Return OF_EACH_KIND notes of every kind."""
    random = Random(SEED)
    chosen = []
    for kind in KINDS:
        seen = set()
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


def main():
    """Write both."""
    written.write(HERE / "notes.jsonl", [*handwritten(), *generated()])
    written.write(HERE / "held.jsonl", written.written(HERE, held=True))


if __name__ == "__main__":
    main()
