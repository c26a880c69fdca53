"""Dialogues that a model has with itself, beside real ones: length, variety, repetition, facts said, leaks, speed.

    python tests/bench/bench_dialogue.py make selfchat OUT --model .models/MODEL.gguf --rows 8 --minutes 5
    python tests/bench/bench_dialogue.py make consult OUT --rows 60
    python tests/bench/bench_dialogue.py measure ../shared/data OUT

`make` writes a file of rows for each seed into the folder OUT, and what came of the run beside it, until the minutes are
over; without a model from templates. A file that is there is not made again, so it can be called again to go on. `measure`
prints a table of the real dialogues and of each kind of made ones. Prints figures, never text.

Of real dialogues a fact is a sentence of the note, said where one turn has two thirds of its words; the diagnosis is each
heading of the note's assessment. MTS-Dialog: CC BY 4.0, abachaa/MTS-Dialog. ACI-Bench: CC BY 4.0, wyim/aci-bench.
"""

# ruff: noqa: T201 - a program that prints its result

import argparse
import csv
import json
import re
import signal
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cards import card_of

from onprem.evaluate.dialogue import Dialogue, Said, Told, dialogue_of, measure, rows
from onprem.llm.llama import Settings, load
from onprem.synth.contract import Sources
from onprem.synth.recipes import recipes
from onprem.synth.recipes._consult_facts import free, told_in
from onprem.synth.run import Job, Run
from onprem.synth.scan import Scan
from onprem.synth.turns import length, sentences

_SPEAKER = re.compile(r"^\s*\[?(doctor|patient)\]?\s*:?\s*(.*)$", re.IGNORECASE)
_ASSESSMENT = re.compile(r"^\s*(?:assessment|impression|assessment and plan)\b", re.IGNORECASE)
_HEADING = re.compile(r"^[A-Z][A-Za-z' -]{3,50}\.?$")


class Quiet:
    def stage(self, *_):
        pass

    def advance(self, *_):
        pass


class Kept:
    """Takes the place of a file of lines: what a run of minutes makes fits into memory."""

    def __init__(self):
        self.written = []

    def write(self, line):
        self.written.append(line)

    def lines(self):
        return iter(self.written)

    def finish(self, kept):
        self.written = list(kept)


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    way = asked.add_subparsers(dest="way", required=True)
    makes = way.add_parser("make")
    makes.add_argument("recipe", choices=["selfchat", "consult", "instruct"])
    makes.add_argument("out", type=Path)
    makes.add_argument("--model", type=Path)
    makes.add_argument("--template", default="chatml")
    makes.add_argument("--lang", choices=["en", "zh"], default="en")
    makes.add_argument("--rows", type=int, default=8)
    makes.add_argument("--at-a-time", type=int, default=8)
    makes.add_argument("--threads", type=int, default=1)
    makes.add_argument("--context", type=int, default=1024)
    makes.add_argument("--minutes", type=float, default=0)
    makes.add_argument("--first-seed", type=int, default=1)
    makes.add_argument("--records", type=Path, help="a CSV file with a column section_text, for instruct")
    makes.add_argument("--set", nargs="*", default=[])
    measures = way.add_parser("measure")
    measures.add_argument("data", type=Path)
    measures.add_argument("out", type=Path)
    given = asked.parse_args()
    if given.way == "make":
        make(given)
    else:
        report(given)


def make(given):
    given.out.mkdir(parents=True, exist_ok=True)
    card = card_of(given.model, template=given.template) if given.model else None
    settings = Settings(sequences=given.at_a_time, context=given.context, threads=given.threads)
    model = load(card, given.model, settings) if card else None
    name = f"{given.recipe}-{given.lang}-{given.model.stem if model else 'templates'}-x{given.at_a_time}"
    name += "".join(f"-{each}" for each in given.set)
    begun, seed = time.monotonic(), given.first_seed
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("cut short"))  # what is made so far is kept, and counted
    while True:
        path = given.out / f"{name}-{seed}.jsonl"
        if not path.exists():
            one_run(path, given, model, seed)
            if time.monotonic() - begun > 60 * given.minutes:
                break
        seed += 1
    if model:
        model.close()


def one_run(path, given, model, seed):
    recipe = recipes()[given.recipe]
    options = dict(each.split("=", 1) for each in given.set)
    sources = Sources(lang=given.lang, seed=seed, options=options, records=records(given.records))
    out = Kept()
    run = Run(Job(recipe, sources, recipe.bind(sources), given.rows, model, given.at_a_time), Scan())
    begun = time.monotonic()
    try:
        run.make(out, Quiet())
    finally:
        tally = run.tally
        came = {"rows": tally.rows, "attempts": tally.attempts, "tokens": tally.tokens, "reasons": dict(tally.reasons)}
        came["seconds"] = round(time.monotonic() - begun, 1)
        lines = [line for line in out.written if "provenance" in line]
        path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
        path.with_suffix(".came.json").write_text(json.dumps(came), encoding="utf-8")
        print(path.name, came, flush=True)


def records(path):
    from onprem.synth.contract import Source

    if path is None:
        return ()
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(Source(row["section_text"], f"r{place}") for place, row in enumerate(csv.DictReader(file)))


def report(given):
    for name, dialogues in real(given.data):
        table(name, dialogues)
    kinds = {}
    for path in sorted(given.out.glob("*.jsonl")):
        kinds.setdefault(path.stem.rpartition("-")[0], []).append(path)
    for name, paths in kinds.items():
        came = [json.loads(path.with_suffix(".came.json").read_text(encoding="utf-8")) for path in paths]
        total = Counter()
        reasons = Counter()
        for each in came:
            reasons.update(each.pop("reasons"))
            total.update(each)
        print(f"\n{name}: {len(paths)} runs, {total['rows']} rows of {total['attempts']} attempts, {dict(reasons)}")
        print(f"  {60 * total['rows'] / max(total['seconds'], 0.1):.1f} rows and", end=" ")
        print(f"{60 * total['tokens'] / max(total['seconds'], 0.1):.0f} tokens a minute, {total['seconds']:.0f} s")
        lines = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
        made = [line for line in lines if "turns" in line]
        if made:
            table(name, [dialogue_of(line) for line in made])
        if any("rewritten" in line for line in made):
            leaked = sum(line["rewritten"] > 0 for line in made) + reasons["diagnosis leaked"]
            asked = len(made) + reasons["diagnosis leaked"]
            print(f"  diagnosis leaked before the check: {leaked} of {asked}; rejected: {reasons['diagnosis leaked']}")


def table(name, dialogues):
    print(f"\n{name}: {len(dialogues)} dialogues")
    for measure_name, *rest in rows(measure(dialogues)):
        print(f"  {measure_name:24}", *(f"{each:>18}" for each in rest))


def real(data):
    for name, path, note in (
        ("MTS-Dialog", data / "mts-dialog" / "TrainingSet.csv", "section_text"),
        ("ACI-Bench", data / "aci-bench" / "train.csv", "note"),
    ):
        with path.open(encoding="utf-8", newline="") as file:
            yield name, [dialogue(row["dialogue"], row[note]) for row in csv.DictReader(file)]


def dialogue(text, note):
    turns = []
    for line in text.splitlines():
        if found := _SPEAKER.match(line):
            turns.append((found[1].lower(), found[2].strip()))
        elif turns and line.strip():
            turns[-1] = (turns[-1][0], f"{turns[-1][1]} {line.strip()}")
    said = tuple(Said(role, words) for role, words in turns if words)
    facts = []
    for line in note.splitlines():
        for sentence in sentences(line):
            fact = free("history", "patient", sentence) if 3 <= length(sentence) <= 30 else None
            if fact is not None:
                facts.append(Told(any(told_in(fact, turn.text) for turn in said)))
    return Dialogue(said, tuple(facts), tuple(diagnoses(note)))


def diagnoses(note):
    """Yield the headings of an assessment: short lines of their own."""
    inside = False
    for line in note.splitlines():
        if _ASSESSMENT.match(line):
            inside = True
        elif inside and _HEADING.match(line.strip()) and not line.isupper() and len(line.split()) <= 5:
            yield line.strip().rstrip(".")


if __name__ == "__main__":
    main()
