"""Durable events per second, verification and questions, beside SQLite and DuckDB: `python tests/bench/bench_audit.py`.

One run, one folder, one machine. An event is durable when it survives a power cut: `fdatasync` here, WAL with
synchronous=FULL in SQLite, a commit in DuckDB. All three write the same canonical lines of about 500 bytes; ours also
reads the end of the log, takes the lock and chains the hashes. Every figure is the median of several rounds.
"""

# ruff: noqa: T201 - a program that prints its result

import argparse
import os
import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

import duckdb

from onprem.audit.checks import checks
from onprem.audit.events import Event, Outcome, parse
from onprem.audit.log import AuditLog, standing
from onprem.audit.segments import read_segment
from onprem.audit.verify import check
from onprem.audit.view import View
from onprem.cli.init import make_site

ROUNDS, ONE_BY_ONE, GROUP, GROUPS, ALL = 7, 200, 64, 100, 500_000


def an_event(rng):
    return Event(
        "deid",
        rng.choice((Outcome.INTENT, Outcome.DONE, Outcome.DONE, Outcome.HELD)),
        purpose="release",
        subjects=(f"{rng.randrange(5_000):032x}",),
        counts={"held": rng.randrange(9), "records": rng.randrange(20_000)},
        digests={"policy": "ab" * 32},
    )


def rate(count, work):
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def ours(folder, group, count, rng):
    site = make_site(folder / f"site-{group}")
    log = AuditLog(site)
    events = [[an_event(rng) for _ in range(group)] for _ in range(count)]

    def work():
        for item in events:
            log.append_group(item)

    return work


def sqlite(folder, group, count, rng, lines):
    database = sqlite3.connect(folder / f"sqlite-{group}.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, line BLOB NOT NULL)")
    rows = [[(rng.choice(lines),) for _ in range(group)] for _ in range(count)]

    def work():
        for item in rows:
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO events (line) VALUES (?)", item)
            database.execute("COMMIT")

    return work


def duck(folder, group, count, rng, lines):
    database = duckdb.connect(str(folder / f"duck-{group}.db"))
    database.execute("CREATE TABLE IF NOT EXISTS events (line BLOB)")

    def work():
        for _ in range(count):
            database.execute("BEGIN")
            for _ in range(group):
                database.execute("INSERT INTO events VALUES (?)", [rng.choice(lines)])
            database.execute("COMMIT")

    return work


def writing(folder, rng):
    sample = make_site(folder / "sample")
    AuditLog(sample).append_group([an_event(rng) for _ in range(1_000)])
    lines = read_segment(standing(sample.folder("audit"))[0]).splitlines()
    print("| durable events per second, median (least–most) of", ROUNDS, "rounds | one by one | groups of", GROUP, "|")
    print("|---|---|---|")
    for name, make in (("onprem", ours), ("SQLite, WAL, FULL", sqlite), ("DuckDB", duck)):
        cells = []
        for group, count in ((1, ONE_BY_ONE), (GROUP, GROUPS)):
            times = max(1, count // 10) if name == "DuckDB" else count
            found = []
            for round_ in range(ROUNDS):
                place = folder / f"{name[:4]}-{group}-{round_}"
                place.mkdir()
                more = () if make is ours else (lines,)
                found.append(rate(times * group, make(place, group, times, rng, *more)))
            cells.append(f"{statistics.median(found):,.0f} ({min(found):,.0f}–{max(found):,.0f})")
        print(f"| {name} | {' | '.join(cells)} |")


def reading(folder, rng):
    site = make_site(folder / "long")
    log = AuditLog(site)
    for _ in range(ALL // 1_000):
        log.append_group([an_event(rng) for _ in range(1_000)])
    timed = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        assert check(site).sound
        timed.append(time.perf_counter() - began)
    print(f"\nverification of {ALL:,} events: {spread(timed)} s")

    lines = [line for path in standing(site.folder("audit")) for line in read_segment(path).splitlines()]
    database = sqlite3.connect(folder / "long.db")
    database.execute(
        "CREATE TABLE events (seq INTEGER, utc TEXT, actor TEXT, action TEXT, outcome TEXT, records INTEGER)"
    )
    rows = [
        (entry.seq, entry.utc, entry.actor, entry.event.action, str(entry.event.outcome), entry.event.counts["records"])
        for entry in map(parse, lines[1:])
    ]
    database.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", rows)
    database.commit()
    began = time.perf_counter()
    database.execute("PRAGMA integrity_check").fetchall()
    seconds = time.perf_counter() - began
    print(f"SQLite's integrity_check of as many rows, which proves nothing about who wrote them: {seconds:.2f} s")

    began = time.perf_counter()
    with View.open(site) as view:
        print(f"verified and loaded for questions: {time.perf_counter() - began:.2f} s")
        print("\n| question | seconds, median (least–most) of 5 | rows |\n|---|---|---|")
        for item in checks():
            answers = {"subject": f"{7:032x}", "actor": log_actor(view)}
            timed, rows = [], 0
            for _ in range(5):
                began = time.perf_counter()
                rows = len(view.ask(item, {key: answers[key] for key in item.parameters}).rows)
                timed.append(time.perf_counter() - began)
            print(f"| {item.name} | {spread(timed)} | {rows:,} |")


def log_actor(view):
    return view.event(1).actor


def spread(timed):
    return f"{statistics.median(timed):.2f} ({min(timed):.2f}–{max(timed):.2f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="on the file system to measure; default: the temporary folder")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench-audit-", dir=given.folder))
    rng = random.Random(0)
    print(f"{os.cpu_count()} cores; rounds {ROUNDS}")
    try:
        writing(folder, rng)
        reading(folder, rng)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
