"""Notes written by hand for the corpora: how they are read, and which of them nobody looks at.

`written_*.txt` were written by people who saw neither the detectors nor the training text. Half of them, chosen by the
hash of their id, are for development. The other half is `held.jsonl`: measured on, and not to be read by anyone who
changes a detector, a template or a threshold.
"""

import json
from pathlib import Path
from zlib import crc32

from onprem.tagged import parse
from onprem.train.generate.written_notes import notes_of


def is_held(name):
    """Say whether a written note is held out: decided by its id alone."""
    return crc32(name.encode()) % 2 == 1


def written(home, *, held):
    """Return the notes of written_*.txt that are held out, or those that are not."""
    return [note for path in sorted(home.glob("written_*.txt")) for note in notes_of(path) if is_held(note[0]) is held]


def write(path: Path, notes):
    """Write notes as JSON lines; each must be well formed."""
    with path.open("w", encoding="utf-8") as out:
        for name, kind, tagged in notes:
            parse(tagged)
            note = {"id": name, "kind": kind, "tagged": tagged}
            out.write(json.dumps({key: value for key, value in note.items() if value}, ensure_ascii=False) + "\n")
