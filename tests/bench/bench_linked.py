"""Linked tables made by trees beside the real ones, and a second sample of the same world, which is the best there is.

`python tests/bench/bench_linked.py [--patients 3000] [--seeds 3] [--large 40000]` prints a table in Markdown. No hospital's
linked tables may leave it, so the real ones are of two invented worlds: `simulated_hospital` of the tests, and the shipped
specification of `onprem synth ehr`. Seconds are of the processor, on one thread. `--large` makes that many patients from the
first world in a process of its own, and a tenth of them in another, and prints the rows and the most memory that each held.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "synth"))

import numpy as np  # noqa: E402 - after the environment is set
from simulated_hospital import hospital, write_hospital  # noqa: E402

from onprem.evaluate import fidelity_linked as measures  # noqa: E402
from onprem.synth.ehr import folder as ehr  # noqa: E402
from onprem.synth.ehr.simulate import simulate  # noqa: E402
from onprem.synth.tables import linked, schema  # noqa: E402
from onprem.synth.tables.folder import Job, fit_and_sample_linked  # noqa: E402
from onprem.synth.tables.shapes import Settings  # noqa: E402
from onprem.table_files import read_table  # noqa: E402

COLUMNS = (
    "world",
    "what",
    "rows",
    "seconds",
    "C2ST",
    "strong correlations",
    "in time",
    "drugs follow",
    "impossible rows",
)
SERIES = {"labs": "test"}
FOLLOWS = {"simulated hospital": ("E11", "metformin")}  # the drug is given to none but those with the diagnosis


def shipped(n, seed):
    """Return the tables of the shipped specification, read as a hospital's are."""
    with tempfile.TemporaryDirectory() as name:
        ehr.tables(Path(name), simulate(n, seed, "en"))
        return {path.stem: read_table(path) for path in sorted(Path(name).glob("*.csv"))}


WORLDS = {"simulated hospital": hospital, "shipped specification": shipped}


def as_linked(tables, links):
    """Return the tables as the measures take them."""
    children = tuple(
        measures.Child(tables[link.name], "patient_id", link.time, SERIES.get(link.name, ""))
        for link in links
        if link.parent
    )
    return measures.Linked(tables["patients"], "patient_id", children, "birth_date", "death_date")


def follows(tables, pair):
    """Return how many rows of a drug are of patients with its diagnosis; "" where none is told."""
    if pair is None:
        return ""
    (codes, ill), (drugs, taken) = (
        (words(tables[name].column(column)), words(tables[name].column("patient_id")))
        for name, column in (("diagnoses", "code"), ("medications", "drug"))
    )
    return f"{np.isin(taken[drugs == pair[1]], ill[codes == pair[0]]).mean():.3f}"


def words(column):
    return np.array([*column.categories, ""], dtype=object)[column.values]


def figures(real, made, tables, pair):
    """Return the cells of a row: figures with their intervals."""
    impossible = measures.violations(made)
    wrong = [impossible.before_birth, impossible.after_death, impossible.orphans, impossible.doubled_keys]
    return (
        shown(measures.linked_c2st(real, made)),
        shown(measures.strong_correlations(real, made)),
        shown(measures.temporal(real, made)),
        follows(tables, pair),
        f"{sum(metric.value * metric.n for metric in wrong):.0f} of {sum(metric.n for metric in wrong):,}",
    )


def shown(metric):
    return f"{metric.value:.3f} ({metric.low:.3f}–{metric.high:.3f})"


def compare(world, patients, seeds):
    real = WORLDS[world](patients, 1)
    told = schema.infer([*real.values()])
    beside = as_linked(real, told.links)
    total = f"{sum(map(len, real.values())):,}"
    second, pair = WORLDS[world](patients, 2), FOLLOWS.get(world)
    line(world, "a second sample", total, "", *figures(beside, as_linked(second, told.links), second, pair))
    clock = time.process_time()
    model = linked.fit(real, told, Settings())
    fitting = time.process_time() - clock
    for seed in range(1, seeds + 1):
        clock = time.process_time()
        made = model.sample(patients, seed)
        spent = f"{fitting:.1f} + {time.process_time() - clock:.1f}"
        rows = f"{sum(map(len, made.values())):,}"
        line(world, f"trees, seed {seed}", rows, spent, *figures(beside, as_linked(made, told.links), made, pair))


def line(*cells):
    print(f"| {' | '.join(map(str, cells))} |", flush=True)  # noqa: T201 - a program that prints its result


def large(patients):
    """Make so many patients in this process; print rows, seconds and the most memory that it held."""
    with tempfile.TemporaryDirectory() as name:
        source = write_hospital(Path(name) / "real", 3_000, 1)
        clock = time.process_time()
        written = fit_and_sample_linked(source, Path(name) / "made", Job(patients, seed=1))
        spent = time.process_time() - clock
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(  # noqa: T201
        f"{patients:,} patients, {sum(written.rows.values()):,} rows: {spent:.0f} s, {most:.0f} MiB at most"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=3_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--worlds", nargs="*", default=list(WORLDS), choices=list(WORLDS))
    parser.add_argument("--large", type=int, default=0)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        large(given.large)
        return
    line(*COLUMNS)
    line(*["---"] * len(COLUMNS))
    for world in given.worlds:
        compare(world, given.patients, given.seeds)
    for patients in (given.large // 10, given.large) if given.large else ():
        subprocess.run([sys.executable, __file__, "--here", "--large", str(patients)], check=True)


if __name__ == "__main__":
    main()
