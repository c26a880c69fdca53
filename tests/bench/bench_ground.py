"""How many spoilt sentences the grounding of briefs accepts, over real notes.

    python tests/bench/bench_ground.py ../shared/data/mts-dialog/TrainingSet.csv --notes 300

Takes the sentences of notes (column `section_text` or `note`), spoils one thing in each (a number for another of the same
note, left for right, a negation dropped or added), and asks whether the note bears the result out; beside it, whether it
bears out sentences of other notes. A spoilt sentence may be true by chance, so the aim is near to 0, not 0. Prints figures;
`--show` prints what was accepted, which is text of the data, for whoever works on the rules.

MTS-Dialog: CC BY 4.0, abachaa/MTS-Dialog. ACI-Bench: CC BY 4.0, wyim/aci-bench.
"""

# ruff: noqa: T201 - a program that prints its result

import argparse
import csv
import random
import re
import time
from collections import Counter
from pathlib import Path

from onprem.assist.ground import Note

_NUMBER = re.compile(r"(?<![\w.,/-])\d+(?:\.\d+)?(?![\w/-]|[.,]\d)")
_DENIED = re.compile(r"\b(?:no|not|never|den\w+|without|none|nor|neither|negative)\b|n't", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("data", type=Path)
    asked.add_argument("--notes", type=int, default=300)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--show", action="store_true")
    given = asked.parse_args()
    chance = random.Random(given.seed)
    texts = read(given.data, given.notes)
    said = [[part for part in _SENTENCE.split(text) if len(part) > 15] for text in texts]
    of, accepted = Counter(), Counter()
    begun = time.monotonic()
    for index, text in enumerate(texts):
        note = Note(text)
        for kind, sentence in spoilt(text, said[index], chance):
            of[kind] += 1
            if note.check(sentence).supported:
                accepted[kind] += 1
                if given.show:
                    print(f"  {kind}: {sentence}")
        for other in chance.sample(range(len(texts)), 5):
            for sentence in said[other] if texts[other] != text else ():
                of["of another note"] += 1
                accepted["of another note"] += note.check(sentence).supported
    print(f"notes: {len(texts)}; seconds: {time.monotonic() - begun:.1f}")
    for kind, many in of.items():
        print(f"{kind}: accepted {accepted[kind]} of {many} ({accepted[kind] / many:.2%})")


def read(path, many):
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row.get("section_text") or row.get("note") or "" for row in csv.DictReader(file)]
    return [text for text in rows if len(text) > 150][:many]


def spoilt(text, sentences, chance):
    """Yield (kind, sentence) with one thing changed that the note does not say."""
    numbers = sorted(set(_NUMBER.findall(text)))
    flat = " ".join(text.split()).casefold()
    for sentence in sentences:
        for found in _NUMBER.finditer(sentence):
            others = [number for number in numbers if number != found[0]]
            if others:
                yield "number", sentence[: found.start()] + chance.choice(others) + sentence[found.end() :]
        for one, other in (("left", "right"), ("right", "left")):
            if re.search(rf"\b{one}\b", sentence) and not re.search(rf"\b{other}\b", sentence):
                changed = re.sub(rf"\b{one}\b", other, sentence)
                if " ".join(changed.split()).casefold() not in flat:
                    yield "side", changed
        for pattern, instead, kind in (
            (r"\b(?:denies|denied)\b", "has", "negation dropped"),
            (r"\bno\b ", "", "negation dropped"),
            (r"\bnot\b ", "", "negation dropped"),
            (r"\b(has|had) (?=(?:been|had|done|felt|\w+ed)\b)", r"\1 not ", "negation added"),
            (r"\b(has|had) (?=(?:an?|some|mild|severe)\b)(?:an? |some )?", r"\1 no ", "negation added"),
            (r"\b(is|was|were|are) ", r"\1 not ", "negation added"),
        ):
            if kind == "negation added" and _DENIED.search(sentence):
                continue
            changed = re.sub(pattern, instead, sentence, count=1)
            if changed != sentence:
                yield kind, changed


if __name__ == "__main__":
    main()
