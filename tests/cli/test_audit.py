"""`onprem audit` as a user meets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import onprem

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(onprem.__file__).parents[1])}


@pytest.fixture
def onprem_command(tmp_path):
    def run(*arguments):
        program = [sys.executable, "-m", "onprem", *map(str, arguments), "--site", str(tmp_path / "site")]
        return subprocess.run(program, capture_output=True, text=True, env=ENVIRONMENT, timeout=60, check=False)

    assert run("init").returncode == 0
    return run


def listed(run, *arguments):
    done = run("audit", "list", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_reading_the_log_is_logged(onprem_command):
    assert [item["action"] for item in listed(onprem_command)] == ["site.init"]
    assert [item["action"] for item in listed(onprem_command)] == ["site.init", "audit.list"]
    assert onprem_command("audit", "verify").returncode == 0
    assert listed(onprem_command)[-1]["action"] == "audit.verify"


def test_filters(onprem_command):
    first = listed(onprem_command)[0]
    onprem_command("audit", "verify")
    assert {item["action"] for item in listed(onprem_command, "--action", "audit")} == {"audit.list", "audit.verify"}
    assert [item["action"] for item in listed(onprem_command, "--action", "audit.verify")] == ["audit.verify"]
    assert listed(onprem_command, "--actor", "nobody-here") == []
    assert listed(onprem_command, "--outcome", "failed") == []
    assert listed(onprem_command, "--until", first["utc"][:19]) == []
    assert listed(onprem_command, "--since", first["utc"][:16])[0] == first
    assert listed(onprem_command, "--action", "x' OR '1'='1") == []


def test_wrong_time_is_a_usage_error(onprem_command):
    done = onprem_command("audit", "list", "--since", "last week")
    assert done.returncode == 2
    assert "2026-01-31" in done.stderr


def test_piped_list_is_tab_separated_with_a_header(onprem_command):
    lines = onprem_command("audit", "list").stdout.splitlines()
    assert lines[0].split("\t")[:3] == ["seq", "utc", "actor"]
    assert len(lines[1].split("\t")) == len(lines[0].split("\t"))


def test_rewritten_log_fails_with_code_7_and_is_not_listed(onprem_command, tmp_path):
    onprem_command("audit", "verify")
    path = tmp_path / "site" / "audit" / "000001.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"action":"site.init"', b'"action":"site.sham"'))
    done = onprem_command("audit", "verify")
    assert done.returncode == 7
    assert "does not verify: rewrite" in done.stderr
    assert done.stdout.splitlines()[1].startswith("error\trewrite\t000001.jsonl:2")
    assert onprem_command("audit", "list").returncode == 7
    assert onprem_command("audit", "checkpoint", "--out", tmp_path / "c").returncode == 7
    assert not (tmp_path / "c").exists()


def test_checkpoint_kept_outside_shows_a_cut(onprem_command, tmp_path):
    checkpoint = tmp_path / "checkpoint"
    onprem_command("audit", "verify")
    assert onprem_command("audit", "checkpoint", "--out", checkpoint).returncode == 0
    assert onprem_command("audit", "verify", "--against", checkpoint).returncode == 0
    path = tmp_path / "site" / "audit" / "000001.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    done = onprem_command("audit", "verify", "--against", checkpoint)
    assert done.returncode == 7
    assert "truncation" in done.stderr


def test_checkpoint_inside_the_site_or_over_a_file_is_refused(onprem_command, tmp_path):
    assert onprem_command("audit", "checkpoint", "--out", tmp_path / "site" / "work" / "c").returncode == 4
    (tmp_path / "c").write_text("mine")
    assert onprem_command("audit", "checkpoint", "--out", tmp_path / "c").returncode == 4
    assert (tmp_path / "c").read_text() == "mine"
    assert onprem_command("audit", "checkpoint", "--out", tmp_path / "none" / "c").returncode == 4


def test_log_that_cannot_be_written_fails_the_command(onprem_command, tmp_path):
    folder = tmp_path / "site" / "audit"
    path = folder / "000001.jsonl"
    path.rename(folder / "elsewhere")
    path.mkdir()
    assert onprem_command("audit", "list").returncode == 7


def test_open_site_is_refused(onprem_command, tmp_path):
    (tmp_path / "site").chmod(0o755)
    done = onprem_command("audit", "list")
    assert done.returncode == 5
    assert f"chmod 700 {tmp_path / 'site'}" in done.stderr


OFFICERS = """
[roles]
compliance-officer = ["grace", "*"]
[actions]
release = { roles = ["compliance-officer"] }
cosign = { roles = ["compliance-officer"] }
retire = { roles = ["compliance-officer"] }
"""


def test_a_second_person_signs_a_checkpoint_with_a_key_of_their_own(onprem_command, tmp_path):
    (tmp_path / "site" / "policies" / "access.toml").write_text(OFFICERS)
    key, point = tmp_path / "grace.key", tmp_path / "checkpoint"
    made = onprem_command("audit", "cosign", "--new-key", key, "--name", "grace")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("grace+")
    assert "own file system" in made.stderr
    assert key.stat().st_mode & 0o777 == 0o600
    trusted = tmp_path / "cosigners"
    trusted.write_text(made.stdout)
    onprem_command("audit", "checkpoint", "--out", point)
    assert onprem_command("audit", "verify", "--against", point, "--cosigners", trusted).returncode == 7
    page = tmp_path / "page.html"
    done = onprem_command("audit", "cosign", point, "--key", key, "--name", "grace", "--page", page)
    assert done.returncode == 0, done.stderr
    assert "grace" in page.read_text()
    done = onprem_command("audit", "verify", "--against", point, "--cosigners", trusted)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "cosigned by grace" in done.stdout
    assert listed(onprem_command, "--action", "audit.cosign")[-1]["outcome"] == "done"


def test_who_may_not_cosign_is_refused_and_the_checkpoint_stays_as_it_is(onprem_command, tmp_path):
    key, point = tmp_path / "grace.key", tmp_path / "checkpoint"
    onprem_command("audit", "cosign", "--new-key", key, "--name", "grace")
    onprem_command("audit", "checkpoint", "--out", point)
    before = point.read_bytes()
    assert onprem_command("audit", "cosign", point, "--key", key, "--name", "grace").returncode == 11  # no role given
    (tmp_path / "site" / "policies" / "access.toml").write_text(OFFICERS)
    own = listed(onprem_command)[0]["actor"]
    done = onprem_command("audit", "cosign", point, "--key", key, "--name", own)
    assert done.returncode == 11
    assert "second person" in done.stderr
    assert point.read_bytes() == before
    assert (
        onprem_command("audit", "cosign", "--new-key", tmp_path / "site" / "keys" / "x", "--name", "g").returncode == 4
    )
    assert onprem_command("audit", "cosign", point, "--name", "grace").returncode == 2
    assert onprem_command("audit", "verify", "--cosigners", key).returncode == 2


def test_a_checkpoint_of_another_history_is_not_cosigned(onprem_command, tmp_path):
    (tmp_path / "site" / "policies" / "access.toml").write_text(OFFICERS)
    key, point = tmp_path / "grace.key", tmp_path / "checkpoint"
    onprem_command("audit", "cosign", "--new-key", key, "--name", "grace")
    onprem_command("audit", "checkpoint", "--out", point)
    before = point.read_bytes()
    segment = tmp_path / "site" / "audit" / "000001.jsonl"
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:1]))
    assert onprem_command("audit", "cosign", point, "--key", key, "--name", "grace").returncode == 7
    assert point.read_bytes() == before


def test_checkpoint_page_and_code(onprem_command, tmp_path):
    done = onprem_command("audit", "checkpoint", "--out", tmp_path / "c", "--page", tmp_path / "c.html", "--qr")
    assert done.returncode == 0, done.stderr
    assert "█" in done.stdout
    assert (tmp_path / "c").read_text().splitlines()[0] in (tmp_path / "c.html").read_text()
    assert onprem_command("audit", "checkpoint", "--out", tmp_path / "d", "--page", tmp_path / "c.html").returncode == 4
    assert not (tmp_path / "d").exists()


def test_seal_and_retire_are_logged_and_keep_what_is_young(onprem_command, tmp_path):
    assert onprem_command("audit", "seal").returncode == 0
    out = tmp_path / "archive"
    assert onprem_command("audit", "retire", "--to", out).returncode == 4
    out.mkdir()
    assert onprem_command("audit", "retire", "--to", out).returncode == 11
    (tmp_path / "site" / "policies" / "access.toml").write_text(OFFICERS)
    done = onprem_command("audit", "retire", "--to", out, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"lines": 0, "segments": 0}
    assert list(out.iterdir()) == []
    found = [(item["action"], item["outcome"]) for item in listed(onprem_command)]
    assert ("audit.seal", "done") in found
    assert found[-2:] == [("audit.retire", "intent"), ("audit.retire", "done")]
