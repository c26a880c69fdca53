"""The privacy gate measured: false alarms on clean sets, copies found, seconds and memory.

    python tests/bench/bench_screen.py alarms [--data DIR] [--seeds 20]
    python tests/bench/bench_screen.py copies [--data DIR] [--seeds 20]
    python tests/bench/bench_screen.py speed [--rows 10000]

Clean sets: invented notes and tables of the tests, and, with the folder of MTS-Dialog (CC BY 4.0, abachaa/MTS-Dialog), its
training dialogues and notes: near-duplicates taken out first, the rest in three parts at random, one of which is called
synthetic; so nothing was used for anything, and every FAIL is a false alarm. Identifiers are searched where it is said.
"""

# ruff: noqa: T201 - a program that prints its result

import argparse
import csv
import random
import resource
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "evaluate"))
from privacy_world import notes, nothing, one_word_changed, patients, with_rows

from onprem.evaluate.privacy.contract import Settings, Verdict
from onprem.evaluate.privacy.identifiers import load, search
from onprem.evaluate.privacy.tables import screen_table
from onprem.evaluate.privacy.texts import screen_texts
from onprem.near import Near

COPIES = (1, 2, 5, 20)
OF = 500


def mts(data, field):
    """Return the training texts of MTS-Dialog without near-duplicates, in their order."""
    with (data / "TrainingSet.csv").open(encoding="utf-8", newline="") as file:
        texts = [row[field] for row in csv.DictReader(file)]
    near, kept = Near(), []
    for text in texts:
        if not near.is_near(text):
            near.add(text)
            kept.append(text)
    return kept


def thirds(texts, seed):
    """Return a synthetic, a seen and a never-used part."""
    shuffled = random.Random(seed).sample(texts, len(texts))
    size = len(texts) // 3
    return shuffled[:size], shuffled[size : 2 * size], shuffled[2 * size : 3 * size]


def worlds(data):
    """Yield (name, function of a seed that gives the three sets)."""
    yield "invented notes, 500", lambda seed: [notes(OF, f"{seed}/{part}") for part in "abc"]
    yield "invented Chinese notes, 500", lambda seed: [notes(OF, f"{seed}/{part}", "zh") for part in "abc"]
    if data is not None:
        for field in ("dialogue", "section_text"):
            texts = mts(data, field)
            yield f"MTS-Dialog {field}, {len(texts) // 3}", lambda seed, texts=texts: thirds(texts, seed)


def failed(result):
    """Return what did not pass, by its verdict."""
    bad = {Verdict.FAIL, Verdict.CANNOT_TELL}
    return [(measure.code, measure.verdict.value) for measure in result.measures if measure.verdict in bad]


def alarms(data, seeds, *, identifiers):
    finder = load() if identifiers else nothing
    print(f"| clean sets, {seeds} seeds | not passed | of these FAIL | measures that did not pass |\n|---|---|---|---|")
    runs = [
        (name, lambda seed, make=make: screen_texts(*make(seed), Settings(seed=seed, find=finder)))
        for name, make in worlds(data)
    ]
    runs.append(
        (
            "invented tables, 500",
            lambda seed: screen_table(*(patients(OF, 10 * seed + part) for part in range(3)), Settings(seed=seed)),
        )
    )
    for name, run in runs:
        found = [failed(run(seed)) for seed in range(seeds)]
        said = Counter(f"{code} ({verdict})" for each in found for code, verdict in each)
        sure = sum(any(verdict == "FAIL" for _, verdict in each) for each in found)
        words = ", ".join(f"{what} {count}" for what, count in said.most_common()) or "none"
        print(f"| {name} | {sum(map(bool, found))} | {sure} | {words} |", flush=True)


def copies(data, seeds):
    print(f"| set, {seeds} seeds, rows of 500 that are copies | " + " | ".join(map(str, COPIES)) + " |")
    print("|---|" + "---|" * len(COPIES))

    def rate(name, make, changed):
        cells = []
        for count in COPIES:
            hits = 0
            for seed in range(seeds):
                rows, seen, unseen = make(seed)
                taken = [changed(text, seed) for text in seen[:count]]
                result = screen_texts([*rows[count:], *taken], seen, unseen, Settings(seed=seed, find=nothing))
                own = set(range(len(rows) - count, len(rows)))
                hits += bool(own & set(result.measure("copies").rows)) or any(
                    verdict == "FAIL" for code, verdict in failed(result) if code != "copies"
                )
            cells.append(f"{hits}")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)

    for name, make in worlds(data):
        rate(f"{name}: whole", make, lambda text, seed: text)
        if "Chinese" not in name:
            rate(f"{name}: one word changed", make, one_word_changed)
    cells = []
    for count in COPIES:
        hits = 0
        for seed in range(seeds):
            made, seen, unseen = (patients(OF, 10 * seed + part) for part in range(3))
            hits += any(
                verdict == "FAIL" for _, verdict in failed(screen_table(with_rows(made, seen, count), seen, unseen))
            )
        cells.append(f"{hits}")
    print(f"| invented tables: whole rows | {' | '.join(cells)} |")


def speed(rows):
    sets = [notes(rows, f"speed/{part}") for part in "abc"]
    words = sum(len(text.split()) for text in sets[0]) / rows
    began, busy = time.perf_counter(), time.process_time()
    screen_texts(*sets, Settings(find=nothing))
    took, work = time.perf_counter() - began, time.process_time() - busy
    print(
        f"texts, {rows:,} rows against {rows:,} + {rows:,} records of {words:.0f} words, without the scan for "
        f"identifiers: {took:.1f} s ({work:.1f} s of CPU), most memory {memory():,} MB",
        flush=True,
    )
    finder, some = load(), sets[0][: rows // 10]
    began, busy = time.perf_counter(), time.process_time()
    search(some, sets[1], sets[2], finder)
    took, work = time.perf_counter() - began, time.process_time() - busy
    print(f"the scan for identifiers, {len(some):,} rows: {took:.1f} s ({work:.1f} s of CPU)", flush=True)
    tables = [patients(rows, part) for part in range(3)]
    began, busy = time.perf_counter(), time.process_time()
    screen_table(*tables)
    took, work = time.perf_counter() - began, time.process_time() - busy
    print(f"tables, {rows:,} rows of 8 columns against as many: {took:.1f} s ({work:.1f} s of CPU), {memory():,} MB")


def memory():
    """Return the most memory that this process held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("alarms", "copies", "speed"))
    parser.add_argument("--data", type=Path, help="folder of MTS-Dialog")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--identifiers", action="store_true", help="alarms: search identifiers as well")
    given = parser.parse_args()
    if given.what == "alarms":
        alarms(given.data, given.seeds, identifiers=given.identifiers)
    elif given.what == "copies":
        copies(given.data, given.seeds)
    else:
        speed(given.rows)


if __name__ == "__main__":
    main()
