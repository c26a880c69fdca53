"""`onprem init`: what it makes, what it refuses, what it leaves alone."""

import os
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import onprem
from onprem.cli.init import SETTINGS
from onprem.config import PRIVATE_FOLDERS, Settings, find_site

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(onprem.__file__).parents[1])}


def init(site, *arguments, **environment):
    program = [sys.executable, "-m", "onprem", "init", *arguments]
    program += ["--site", str(site)] if site is not None else []
    settings = {**ENVIRONMENT, **environment}
    return subprocess.run(program, capture_output=True, text=True, env=settings, timeout=60, check=False)


def snapshot(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_makes_a_private_site(tmp_path):
    site = tmp_path / "new" / "site"
    done = init(site)
    assert done.returncode == 0
    assert done.stdout == ""
    assert "site made" in done.stderr
    for path in (site, *(site / name for name in PRIVATE_FOLDERS)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for path in (site / "keys" / "master.key", site / "keys" / "audit.key", site / "onprem.toml"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert find_site(site).settings == Settings()
    assert b'"action":"site.init"' in (site / "audit" / "000001.jsonl").read_bytes()


def test_settings_file_shows_every_key_with_its_default():
    uncommented = "\n".join(line.removeprefix("#") for line in SETTINGS.splitlines() if not line.startswith("# "))
    assert Settings.model_validate(tomllib.loads(uncommented)) == Settings()
    assert set(tomllib.loads(uncommented)) == set(Settings.model_fields)


def test_twice_is_nothing_to_do(tmp_path):
    site = tmp_path / "site"
    init(site)
    before = snapshot(site)
    done = init(site)
    assert done.returncode == 0
    assert "nothing to do" in done.stderr
    assert snapshot(site) == before


def test_site_by_environment_and_json(tmp_path):
    site = tmp_path / "site"
    done = init(None, "--json", ONPREM_SITE=str(site))
    assert done.stdout == f'{{"site": "{site}", "made": true}}\n'
    assert done.stderr == ""


def test_without_a_folder_is_a_usage_error():
    done = init(None)
    assert done.returncode == 2
    assert "onprem init --site DIR" in done.stderr


@pytest.mark.parametrize("name", ["notes.txt", ".hidden", "keys.txt"])
def test_foreign_folder_is_refused_and_left_alone(tmp_path, name):
    (tmp_path / name).write_text("mine")
    mode = tmp_path.stat().st_mode
    done = init(tmp_path)
    assert done.returncode == 4
    assert snapshot(tmp_path) == {tmp_path / name: b"mine"}
    assert tmp_path.stat().st_mode == mode


def test_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "site").write_text("mine")
    assert init(tmp_path / "site").returncode == 4


def test_interrupted_init_is_continued_with_its_keys(tmp_path):
    site = tmp_path / "site"
    init(site)
    key = (site / "keys" / "master.key").read_bytes()
    (site / "onprem.toml").unlink()
    (site / "held").rmdir()
    assert init(site).returncode == 0
    assert (site / "keys" / "master.key").read_bytes() == key
    assert (site / "held").is_dir()


@pytest.mark.parametrize("name", ["master.key", "audit.key"])
def test_lost_key_is_told_and_never_replaced(tmp_path, name):
    site = tmp_path / "site"
    init(site)
    (site / "keys" / name).unlink()
    done = init(site)
    assert done.returncode == 5
    assert "backup" in done.stderr
    assert not (site / "keys" / name).exists()


def test_broken_settings_are_told(tmp_path):
    site = tmp_path / "site"
    init(site)
    (site / "onprem.toml").write_text("jobs = 0\n")
    done = init(site)
    assert done.returncode == 6
    assert "jobs" in done.stderr
