"""`onprem policy` as a session: list, show, check, diff, column."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


def onprem(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "onprem", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    made = onprem("init", "--site", str(folder))
    assert made.returncode == 0, made.stderr
    return folder


def test_list() -> None:
    done = onprem("policy", "list", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert len(rows) == 9 and {"name", "title", "digest"} == set(rows[0])


def test_show_names_the_clause() -> None:
    done = onprem("policy", "show", "hipaa-safe-harbor", "--json")
    rows = {row["label"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert rows["NAME"]["rule"] == "redact" and rows["NAME"]["clause"].endswith("(A)")


def test_show_toml_is_a_policy_to_start_from(site: Path) -> None:
    content = onprem("policy", "show", "hipaa-expert", "--toml").stdout.replace('"hipaa-expert"', '"ours"')
    (site / "policies" / "ours.toml").write_text(content, encoding="utf-8")
    done = onprem("policy", "check", "ours", "--site", str(site))
    assert done.returncode == 0
    assert "ours" in onprem("policy", "list", "--site", str(site)).stdout


def test_check_fails_on_a_weak_policy(site: Path) -> None:
    content = onprem("policy", "show", "hipaa-safe-harbor", "--toml").stdout
    weak = content.replace('NAME = { do = "redact"', 'NAME = { do = "keep"').replace(
        'name = "hipaa-safe-harbor"', 'name = "weak"'
    )
    (site / "policies" / "weak.toml").write_text(weak, encoding="utf-8")
    done = onprem("policy", "check", "weak", "--site", str(site), "--json")
    assert done.returncode == 1
    assert any(json.loads(line)["code"] == "policy.weak" for line in done.stdout.splitlines())


def test_diff() -> None:
    done = onprem("policy", "diff", "hipaa-safe-harbor", "hipaa-expert")
    assert done.returncode == 0 and "NAME\tredact\tsurrogate" in done.stdout


@pytest.mark.parametrize("arguments", [("show", "no-such"), ("check", "no-such"), ("diff", "hipaa-expert", "no-such")])
def test_an_unknown_policy_is_named_with_a_hint(arguments: tuple[str, ...]) -> None:
    done = onprem("policy", *arguments)
    assert done.returncode == 6
    assert "onprem: error: " in done.stderr and "hipaa-safe-harbor" in done.stderr
    assert "Traceback" not in done.stderr


def test_column_is_kept_and_audited(site: Path) -> None:
    done = onprem("policy", "column", "随访号", "RECORD_NUMBER:patient", "--site", str(site))
    assert done.returncode == 0, done.stderr
    assert "随访号" in (site / "columns.toml").read_text(encoding="utf-8")
    log = "".join(path.read_text(encoding="utf-8") for path in (site / "audit").glob("*.jsonl"))
    assert "policy.column" in log and "随访号" not in log


def test_a_column_that_is_not_understood_is_refused(site: Path) -> None:
    done = onprem("policy", "column", "x", "SOMETHING", "--site", str(site))
    assert done.returncode == 6
    assert not (site / "columns.toml").exists()
