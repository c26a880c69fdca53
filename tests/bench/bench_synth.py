"""Rows per minute of every recipe: many answers in one batch of the model, beside one at a time, beside templates.

    .venv/bin/python tests/bench/bench_synth.py MODEL.gguf [--rows 16] [--at-a-time 8] [--core N] [--only RECIPE,…]

Rows are made as `onprem synth` makes them: checked, searched for identifiers, written to a file. The sources are invented or
shipped: ICD-10 and drug names, case sheets, seed questions; `instruct` reads notes that the recipe `note` wrote, their names
taken out. Run it on a machine that does nothing else.
"""

# ruff: noqa: T201 - a program that prints its result

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cards import card_of

from onprem.assist.batch_out import Out, read_lines
from onprem.llm.llama import Settings, load
from onprem.progress import Silent
from onprem.synth.contract import Source, Sources, suits
from onprem.synth.recipes import recipes
from onprem.synth.run import Job, Run
from onprem.synth.scan import Scan
from onprem.synth.vocabulary import read_vocabulary

NOTES = 40  # that `instruct` reads


def rate(job, scan, folder, name):
    """Make the rows of a job; return rows per minute, the yield and tokens per row."""
    run = Run(job, scan)
    with Out(folder / name, "bench", resume=False, counted=run.seen) as out:
        run.make(out, Silent())
    tally = run.tally
    share = tally.rows / tally.attempts if tally.attempts else 0.0
    return 60 * tally.made_now / tally.seconds, share, tally.tokens / max(tally.rows, 1)


def released(texts, scan):
    """Yield the texts without their invented names, as a release is: a row that quotes one would be rejected."""
    for text, spans in zip(texts, scan.found(texts), strict=True):
        left = text
        for span in sorted(spans, key=lambda span: -span.start):
            left = f"{left[: span.start]}[{span.label}]{left[span.end :]}"
        yield left


def sources_of(recipe, folder, scan):
    """Return what a recipe draws from."""
    vocabulary = (*read_vocabulary("icd10"), *read_vocabulary("drugs")) if "vocabulary" in recipe.needs else ()
    records = ()
    if "records" in recipe.needs:
        note = recipes()["note"]
        notes = folder / "notes.jsonl"
        if not notes.exists():
            sources = Sources(seed=1)
            rate(Job(note, sources, note.bind(sources), NOTES), scan, folder, notes.name)
        texts = [line["text"] for line in read_lines(notes)]
        records = tuple(Source(text, str(place)) for place, text in enumerate(released(texts, scan)))
    return Sources(seed=3, vocabulary=vocabulary, records=records)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--rows", type=int, default=16)
    parser.add_argument("--at-a-time", type=int, default=8)
    parser.add_argument("--core", type=int)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    if given.core is not None:
        os.sched_setaffinity(0, {given.core})
    card, scan = card_of(given.model), Scan()
    scan.found(["a first text, so that loading the detectors is not counted"])
    only = set(filter(None, given.only.split(",")))
    print(f"{card.quantisation} {card.parameters / 1e6:.0f}M, {given.rows} rows, rows a minute (yield, tokens a row)")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for recipe in recipes().values():
            if recipe.name == "pack" or (only and recipe.name not in only) or not suits(recipe, card):
                continue
            sources = sources_of(recipe, folder, scan)
            work = recipe.bind(sources)
            told = []
            for many in (given.at_a_time, 1):
                llm = load(card, given.model, Settings(sequences=many, context=2048, threads=1))
                try:
                    job = Job(recipe, sources, work, given.rows, llm, many)
                    told.append(rate(job, scan, folder, f"{recipe.name}-{many}"))
                finally:
                    llm.close()
            told.append(rate(Job(recipe, sources, work, given.rows), scan, folder, f"{recipe.name}-templates"))
            shown = " ".join(f"{each[0]:8.1f} ({each[1]:4.0%}, {each[2]:5.0f})" for each in told)
            faster = f"{told[0][0] / told[1][0]:.2f}x" if told[1][0] else "no row"
            print(f"{recipe.name:12} {given.at_a_time} at a time, 1, templates: {shown}  {faster}", flush=True)


if __name__ == "__main__":
    main()
