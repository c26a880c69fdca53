"""`onprem doctor`: each thing that is broken gives its red line and its fix."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import onprem
from onprem.cli import doctor
from onprem.model import Severity
from onprem.security import landlock

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(onprem.__file__).parents[1])}


@pytest.fixture
def site(tmp_path):
    command("init", tmp_path / "site")
    return tmp_path / "site"


def command(name, site, *arguments):
    program = [sys.executable, "-m", "onprem", name, *arguments, "--site", str(site)]
    return subprocess.run(program, capture_output=True, text=True, env=ENVIRONMENT, timeout=120, check=False)


def states(site):
    done = command("doctor", site, "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return done, {row["check"]: row for row in rows if row["state"] == "error"}, {row["check"]: row for row in rows}


def test_walls_are_shown_to_hold_with_a_control(site):
    _, _, rows = states(site)
    assert rows["walls"]["state"] == "ok"
    assert re.search(r"[1-9]\d* families could be opened before", rows["walls"]["finding"])
    kept = ("io_uring", "32-bit entry", "descriptors", "core files", "memory", "umask", "temporary files", "loggers")
    assert {rows[name]["state"] for name in (*kept, "self-test")} == {"ok"}
    assert rows["files"]["state"] == ("ok" if landlock.version() else "warning")


def test_sound_site_has_no_error_of_its_own(site):
    _, wrong, rows = states(site)
    assert not set(wrong) & {
        "site",
        "permissions",
        "keys",
        "vault",
        "audit log",
        "disk",
        "walls",
        "core files",
        "libraries",
    }
    assert {"site", "permissions", "keys", "vault", "audit log", "policies", "models", "shelf", "disk"} <= set(rows)


BREAKAGES = {
    "permissions": lambda site: (site / "vault").chmod(0o750),
    "keys": lambda site: (site / "keys" / "audit.key").unlink(),
    "vault": lambda site: (site / "vault" / "subjects.sealed").write_bytes(b"rubbish"),
    "audit log": lambda site: (site / "audit" / "000001.jsonl").write_bytes(b"rubbish\n{}\n"),
    "site": lambda site: (site / "onprem.toml").write_text("unknown = 1\n"),
    "policies": lambda site: (site / "policies" / "own.toml").write_text("x = 1\n"),
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_what_is_broken_is_an_error_with_a_fix(site, name):
    BREAKAGES[name](site)
    done, wrong, _ = states(site)
    assert done.returncode != 0
    assert name in wrong
    assert wrong[name]["fix"]


def test_missing_folder_is_told(site):
    shutil.rmtree(site / "held")
    _, wrong, _ = states(site)
    assert "mkdir -m 700" in wrong["permissions"]["fix"]


def test_full_disk_is_told(monkeypatch, site):
    from onprem.config import find_site

    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 99, 1))
    assert [item.severity for item in doctor._disk(find_site(site))] == [Severity.ERROR]


def test_other_owner_of_the_module_is_told(monkeypatch):
    monkeypatch.setattr(doctor.metadata, "packages_distributions", lambda: {"onprem": ["onprem"]})
    found = list(doctor._distribution())
    assert [item.severity for item in found] == [Severity.ERROR]
    assert "pip uninstall onprem" in found[0].hint
    monkeypatch.setattr(doctor.metadata, "packages_distributions", lambda: {"onprem": [doctor.OWNER]})
    assert [item.severity for item in doctor._distribution()] == [Severity.INFO]


def test_missing_library_is_told(monkeypatch):
    monkeypatch.setattr(doctor, "NEEDED", ("json", "no_such_library"))
    found = list(doctor._libraries())
    assert found[0].severity is Severity.ERROR
    assert "no_such_library" in found[0].message


def test_altered_model_is_told(monkeypatch, tmp_path):
    package = tmp_path / "onprem"
    (package / "cli").mkdir(parents=True)
    monkeypatch.setattr(doctor, "__file__", str(package / "cli" / "doctor.py"))
    monkeypatch.setattr(doctor, "MODELS", ("en_phi",))
    assert [item.severity for item in doctor.models()] == [Severity.ERROR]
    model = package / "models" / "en_phi"
    (model / "phi").mkdir(parents=True)
    weights = model / "phi" / "weights"
    weights.write_bytes(b"weights")
    (model / "meta.json").write_text(json.dumps({"digests": {"weights": doctor._sha256(weights)}}))
    assert [item.severity for item in doctor.models()] == [Severity.INFO]
    weights.write_bytes(b"others")
    assert [item.severity for item in doctor.models()] == [Severity.ERROR]
    weights.unlink()
    assert [item.severity for item in doctor.models()] == [Severity.ERROR]
    (model / "meta.json").write_text("[]")
    assert [item.severity for item in doctor.models()] == [Severity.ERROR]


def test_doctor_is_logged(site):
    states(site)
    assert b'"action":"doctor.run"' in (site / "audit" / "000001.jsonl").read_bytes()


def test_without_a_site_the_machine_is_checked():
    environment = {key: value for key, value in ENVIRONMENT.items() if key != "ONPREM_SITE"}
    program = [sys.executable, "-m", "onprem", "doctor", "--json"]
    done = subprocess.run(program, capture_output=True, text=True, env=environment, timeout=60, check=False)
    checks = {json.loads(line)["check"] for line in done.stdout.splitlines()}
    assert {"python", "walls", "core files", "distribution", "libraries", "text encoding", "models"} <= checks
    assert "keys" not in checks
