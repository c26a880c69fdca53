"""Our synthetic tables beside python-synthpop, arfpy and dpmm on three patient tables: quality, privacy, seconds.

`python tests/bench/bench_tables.py --rivals PYTHON [--tables flchain gbsg2 whas500] [--methods NAME ...] [--attack RUNS]`
prints a table in Markdown. PYTHON is that of an environment of requirements/bench-tables.in: the rivals and the package
with the patient tables live there, for dpmm pins what onprem cannot live with. Half of each table is fitted, half is the
real hold-out; the split and the seeds are the same for all. Seconds are of the processor, on one thread. The shadow-model
attack runs on ours and on a bootstrap copy (which says what the attack can find); the rivals are too slow for it.
"""

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402 - after the environment is set

from onprem.evaluate import fidelity  # noqa: E402
from onprem.evaluate.fidelity_attack import Shadow, shadow  # noqa: E402
from onprem.progress import Silent  # noqa: E402
from onprem.synth.tables import private, trees  # noqa: E402
from onprem.synth.tables.accountant import Accountant  # noqa: E402
from onprem.synth.tables.marginals_domain import Domain  # noqa: E402
from onprem.synth.tables.shapes import Settings  # noqa: E402
from onprem.table import Column, Kind, Table  # noqa: E402

HERE = Path(__file__).parent
TARGETS = {"flchain": "death", "gbsg2": "cens", "whas500": "fstat"}
RIVALS = {
    "synthpop": "python-synthpop",
    "arfpy": "arfpy",
    "dpmm-mst": "dpmm MST, ε = 1",
    "dpmm-aim": "dpmm AIM, ε = 1",
}
OURS = {"trees": "trees, leaf 20", "private": "marginals, ε = 1", "private-plain": "marginals, ε = 1, no target named"}
DELTA = 1e-6
COLUMNS = (
    "table",
    "method",
    "fit, s",
    "AUROC boosted / logistic",
    "shapes / pairs",
    "C2ST",
    "membership",
    "shadow attack",
)


def read(path, domain):
    """Return a CSV file as a table, its kinds as the domain says."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    columns = []
    for cells in domain:
        values = [row[header.index(cells.name)] for row in rows]
        if cells.kind is Kind.CATEGORY:
            names = tuple(sorted({*values} - {""}))
            codes = [names.index(value) if value else -1 for value in values]
            columns.append(Column(cells.name, cells.kind, np.array(codes, dtype=np.int32), names))
        else:
            numbers = np.array([float(value) if value else np.nan for value in values])
            columns.append(Column(cells.name, cells.kind, numbers, (), cells.decimals))
    return Table("patients", tuple(columns))


def write(table, path):
    """Write a table as CSV."""
    said = [
        [table_column.categories[value] if value >= 0 else "" for value in table_column.values]
        if table_column.kind is Kind.CATEGORY
        else ["" if np.isnan(value) else repr(float(value)) for value in table_column.values]
        for table_column in table
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[column.name for column in table], *zip(*said, strict=True)])


def bounds(domain):
    """Return the domain as the rivals are told."""
    return {
        cells.name: {
            "values": list(cells.values),
            "low": float(cells.edges[0] * cells.unit) if not cells.values else None,
            "high": float((cells.edges[-1] - 1) * cells.unit) if not cells.values else None,
        }
        for cells in domain
    }


def maker(name, domain, target):
    """Return the function (rows, seed) -> synthetic rows of one of ours."""
    if name == "trees":
        return lambda table, seed: trees.fit(table, Settings()).sample(len(table), seed)
    settings = private.Settings(target=target if name == "private" else "")

    def make(table, seed):
        # seeded, so that the run can be repeated: what is measured is no release
        budget = Accountant(1.0, DELTA, unsafe_source_of_bytes=random.Random(seed).randbytes)
        return private.fit(table, domain, budget, settings).sample(len(table), seed)

    return make


def rival(python, name, fit, domain, seed):
    """Return a rival's rows and the seconds of its fit."""
    with tempfile.TemporaryDirectory() as folder:
        task = {
            "fit": f"{folder}/fit.csv",
            "out": f"{folder}/out.csv",
            "seed": seed,
            "rows": len(fit),
            "delta": DELTA,
            "columns": bounds(domain),
        }
        write(fit, Path(task["fit"]))
        Path(folder, "task.json").write_text(json.dumps(task), encoding="utf-8")
        command = [python, str(HERE / "rival_tables.py"), name, f"{folder}/task.json"]
        ran = subprocess.run(command, check=False, capture_output=True, text=True)
        if ran.returncode:
            raise RuntimeError(f"{name} failed: {ran.stderr.strip().splitlines()[-1]}")
        return read(Path(task["out"]), domain), json.loads(ran.stdout.splitlines()[-1])["fit"]


def bootstrap(table, seed):
    """Return a copy of the rows, drawn with replacement: the worst that could be released."""
    return table.take(np.random.default_rng(seed).integers(0, len(table), len(table)))


def said(metric, digits=3):
    """Return a metric with its interval."""
    return f"{metric.value:.{digits}f} ({metric.low:.{digits}f}–{metric.high:.{digits}f})"


def measures(fit, out, made, target):
    """Return the cells of a row: utility, shapes and pairs, C2ST, membership."""
    use = fidelity.utility(made, out, target)
    return (
        f"{said(use.boosted)} / {said(use.logistic)}",
        f"{fidelity.shapes(fit, made).value:.3f} / {fidelity.pairs(fit, made).value:.3f}",
        said(fidelity.c2st(fit, made)),
        said(fidelity.membership(fit, out, made)),
    )


def show(*cells):
    """Print a row."""
    print(f"| {' | '.join(cells)} |", flush=True)  # noqa: T201 - the result


def run(name, given):
    """Print the rows of one table."""
    domain = Domain.read(HERE / "domains" / f"{name}.toml")
    target = TARGETS[name]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        subprocess.run([given.rivals, str(HERE / "rival_tables.py"), "data", name, str(path)], check=True)
        table = read(path, domain)
    order = np.random.default_rng(given.seed).permutation(len(table))
    half = len(table) // 2
    fit, out = table.take(order[:half]), table.take(order[half : 2 * half])
    title = f"{name} ({half} + {half})"
    real = fidelity.utility(fit, out, target)
    show(
        title,
        "real hold-out",
        "",
        f"{said(real.boosted)} / {said(real.logistic)}",
        f"{fidelity.shapes(fit, out).value:.3f} / {fidelity.pairs(fit, out).value:.3f}",
        said(fidelity.c2st(fit, out)),
        "",
        "",
    )
    attack = Shadow(runs=given.attack, seed=given.seed)
    if given.attack:
        show(title, "bootstrap copy", "", "", "", "", "", said(shadow(bootstrap, fit, attack, Silent())))
    for method in [method for method in OURS if method in given.methods]:
        make = maker(method, domain, target)
        for seed in range(given.seed, given.seed + given.seeds):
            began = time.process_time()
            made = make(fit, seed)
            seconds = time.process_time() - began
            attacked = said(shadow(make, fit, attack, Silent())) if given.attack and seed == given.seed else ""
            show(title, f"{OURS[method]}, seed {seed}", f"{seconds:.2f}", *measures(fit, out, made, target), attacked)
    for method in [method for method in RIVALS if method in given.methods]:
        try:
            made, seconds = rival(given.rivals, method, fit, domain, given.seed)
        except RuntimeError as error:
            show(title, RIVALS[method], str(error), "", "", "", "", "")
            continue
        show(title, RIVALS[method], f"{seconds:.1f}", *measures(fit, out, made, target), "not run")


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rivals", required=True, help="python of an environment of requirements/bench-tables.in")
    parser.add_argument("--tables", nargs="+", default=[*TARGETS], choices=[*TARGETS])
    parser.add_argument("--methods", nargs="+", default=[*OURS, *RIVALS], choices=[*OURS, *RIVALS])
    parser.add_argument("--attack", type=int, default=100, help="runs of the shadow-model attack; 0 leaves it out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=3, help="seeds of ours, from --seed on")
    given = parser.parse_args()
    show(*COLUMNS)
    show(*("---" for _ in COLUMNS))
    for name in given.tables:
        run(name, given)


if __name__ == "__main__":
    sys.exit(main())
