"""`onprem synth patients|ehr` as a user runs it: from the specification, from a hospital's tables, with privacy."""

import csv
import json
import stat

import numpy as np
import pytest
from model_world import World

DOMAIN = """\
[age]
kind = "integer"
low = 0
high = 99
bins = 10

[sex]
kind = "category"
values = ["female", "male"]

[weight]
kind = "number"
low = 40.0
high = 120.0
bins = 8
"""


def write_patients(path, rows, seed=0):
    rng = np.random.default_rng(seed)
    age = rng.integers(0, 100, rows)
    male = rng.random(rows) < 0.5
    weight = np.round(np.clip(rng.normal(62 + 14 * male + age / 10, 9), 40, 120), 1)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["age", "sex", "weight"])
        writer.writerows(zip(age, np.where(male, "male", "female"), weight, strict=True))
    return path


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("tables"))


def test_the_specification_makes_linked_tables_without_any_records(world):
    done = world.run("synth", "ehr", "--n", "20", "--out", "made", "--seed", "3", "--json", check=0)
    counts = json.loads(done.stdout)
    made = {path.stem: rows_of(path) for path in sorted((world.folder / "made").glob("*.csv"))}
    assert {f"rows.{name}": len(rows) for name, rows in made.items()} == counts
    assert counts["rows.patients"] == 20 and counts["rows.labs"] > 20
    known = {row["patient_id"] for row in made["patients"]}
    assert {row["patient_id"] for row in made["labs"]} <= known
    assert not stat.S_IMODE((world.folder / "made" / "patients.csv").stat().st_mode) & 0o077
    world.run("synth", "patients", "--n", "20", "--out", "alone", "--seed", "3", check=0)
    assert [path.name for path in (world.folder / "alone").glob("*.csv")] == ["patients.csv"]
    assert rows_of(world.folder / "alone" / "patients.csv") == made["patients"]


def test_a_hospitals_table_is_fitted_screened_and_named_when_it_passes(world):
    write_patients(world.folder / "real.csv", 2000)
    done = world.run(
        "synth", "patients", "--records", "real.csv", "--n", "500", "--out", "like", "--leaf", "40",
        "--hold-out", "0.4", "--report", "like.html", "--json",
    )  # fmt: skip
    said = json.loads(done.stdout)
    assert said["persons_used"] == 1200 and said["persons_never_used"] == 800
    passed = said["privacy_gate"] == "PASS"
    assert done.returncode == (0 if passed else 1)
    folder = world.folder / ("like" if passed else "like.held")
    assert folder.is_dir() and not (world.folder / ("like.held" if passed else "like")).exists()
    assert len(rows_of(folder / "real.csv")) == 500
    assert json.loads((folder / "provenance.json").read_text())["leaf"] == 40
    assert "synthetic" in (world.folder / "like.html").read_text().lower()
    (event,) = world.events("synth")[-1:]
    assert event["counts"]["rows"] == 500 and event["counts"]["gate.passed"] == int(passed)


def test_differential_privacy_takes_public_bounds_and_states_its_guarantee(world):
    write_patients(world.folder / "own.csv", 2000, seed=1)
    (world.folder / "bounds.toml").write_text(DOMAIN)
    private = ("synth", "patients", "--records", "own.csv", "--n", "300", "--epsilon", "1")
    refused = world.run(*private, "--out", "safe", check=2)
    assert "--delta" in refused.stderr
    done = world.run(*private, "--delta", "1e-6", "--domain", "bounds.toml", "--out", "safe", "--json")
    folder = world.folder / ("safe" if done.returncode == 0 else "safe.held")
    card = json.loads((folder / "provenance.json").read_text())["card"]
    assert (
        (card["epsilon"], card["delta"]) == (1.0, 1e-6)
        and card["rho_spent"] <= card["rho"]
        and card["noise"] == "operating system"
    )
    ages = [int(row["age"]) for row in rows_of(folder / "own.csv")]
    assert len(ages) == 300 and min(ages) >= 0 and max(ages) <= 99


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("patients", "--n", "0", "--out", "x"), 2, "--n is at least 1"),
        (("patients", "--epsilon", "1", "--delta", "1e-6", "--out", "x"), 2, "--records"),
        (("ehr", "--records", "nowhere", "--out", "x"), 3, "not there"),
        (("nothing", "--out", "x"), 2, "no such recipe"),
        (("ehr",), 2, "--out"),
    ],
)
def test_what_cannot_be_is_refused_with_a_hint(world, arguments, code, words):
    done = world.run("synth", *arguments)
    assert done.returncode == code, done.stderr
    assert words in done.stderr and "hint" in done.stderr
    assert not (world.folder / "x").exists()
