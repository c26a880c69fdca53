"""Make `notes.jsonl`, the English development corpus, and `held.jsonl`, which nobody reads.

Run from the project's root: `python tests/corpus/en/make.py`. Notes written by hand (see `../written.py`) and, for
development, notes from the generator's test split. The people are invented; names and templates of the generated notes are
those of the test split, which training never sees (`onprem.train.generate.contract`).
"""

import sys
from pathlib import Path

from onprem.tagged import parse, render
from onprem.train.generate.en import notes
from onprem.train.generate.surface_en import with_weekdays

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from written import notes_of, write, written  # noqa: E402 - a script's neighbour

GENERATED = 290
SEED = 20_261_122


def handwritten():
    """Return the notes written by hand that may be read."""
    return conventional([*notes_of(HERE / "handwritten.txt"), *written(HERE, held=False)])


def held():
    """Return the notes written by hand that nobody reads."""
    return conventional(written(HERE, held=True))


def conventional(notes):
    """Return the notes with a weekday right before a date as a part of it, whoever tagged them."""
    return [(name, kind, render(with_weekdays(parse(tagged)))) for name, kind, tagged in notes]


def generated():
    """Return different notes from templates; one in eight may be without identifiers."""
    chosen = []
    seen = set()
    without = 0
    for document in notes("test", SEED):
        if document.text in seen or len(document.text) < 40:
            continue
        if not document.spans:
            without += 1
            if without * 8 > len(chosen):
                continue
        seen.add(document.text)
        chosen.append((f"generated-{len(chosen) + 1:03d}", None, render(document)))
        if len(chosen) == GENERATED:
            return chosen
    raise AssertionError("the stream of notes never ends")


def main():
    """Write both."""
    write(HERE / "notes.jsonl", [*handwritten(), *generated()])
    write(HERE / "held.jsonl", held())


if __name__ == "__main__":
    main()
