"""`onprem eval deid`: figures with intervals, baselines beside them, an audit event, and never a word of the gold."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOLD = (
    "Seen by Dr. <NAME>Zebulon Quill</NAME> on <DATE>3 May 2021</DATE>, MRN <RECORD_NUMBER>77120345</RECORD_NUMBER>.\n"
    "---\nCall <PHONE>(617) 555-0142</PHONE>. BP 120/80, no fever.\n---\nNothing to find here.\n"
)


def onprem(*arguments):
    command = [sys.executable, "-m", "onprem", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=120)


@pytest.fixture
def gold(tmp_path):
    path = tmp_path / "gold.txt"
    path.write_text(GOLD, encoding="utf-8")
    return path


def test_json_lines_hold_every_measure(gold):
    done = onprem("eval", "deid", "--gold", gold, "--detectors", "patterns", "--json")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    system = {row["measure"]: row for row in rows if row["scope"] == "system"}
    assert system["hidden"]["value"] == 1.0 and system["hidden"]["n"] == 4
    assert system["hidden"]["low"] == pytest.approx(1 - 3 / 4)
    assert system["over_redaction"]["value"] == 0.0 and system["clean"]["n"] == 2 and system["touched"]["n"] == 1
    beside = {row["of"] for row in rows if row["scope"] == "beside"}
    assert beside == {"redact nothing", "redact everything", "capitals and digits"}
    assert {row["of"] for row in rows if row["scope"] == "type"} >= {"NAME", "DATE", "RECORD_NUMBER", "PHONE"}
    assert any(row["of"] == "patterns" and row["measure"] == "hidden_without" for row in rows)
    assert "Quill" not in done.stdout + done.stderr and "77120345" not in done.stdout + done.stderr


def test_tables_copies_and_a_policy(gold):
    done = onprem(
        "eval", "deid", "--gold", gold, "--detectors", "patterns", "--perturb", "--policy", "hipaa-limited-dataset"
    )
    assert done.returncode == 0, done.stderr
    assert "identifiers\t3" in done.stdout  # the policy keeps dates
    assert "copy: upper case" in done.stdout and "copy: full width" in done.stdout
    assert "Quill" not in done.stdout + done.stderr


def test_an_evaluation_at_a_site_is_audited(gold, tmp_path):
    site = tmp_path / "site"
    assert onprem("init", "--site", site).returncode == 0
    done = onprem("eval", "deid", "--gold", gold, "--detectors", "patterns", "--site", site)
    assert done.returncode == 0, done.stderr
    events = [
        json.loads(line) for path in sorted((site / "audit").glob("*.jsonl")) for line in path.read_text().splitlines()
    ]
    last = events[-1]
    assert last["action"] == "eval" and last["outcome"] == "done"
    assert last["counts"]["documents"] == 3 and last["counts"]["identifiers"] == 4
    assert "Quill" not in json.dumps(events)


def test_the_tier_is_the_one_asked_for(gold):
    scores = {}
    for tier in ("fast", "thorough"):
        done = onprem("eval", "deid", "--gold", gold, "--detectors", "ner", "--lang", "en", "--tier", tier, "--json")
        assert done.returncode == 0
        scores[tier] = done.stdout
    default = onprem("eval", "deid", "--gold", gold, "--detectors", "ner", "--lang", "en", "--json")
    assert default.stdout == scores["thorough"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--detectors", "guesses"), 2),
        (("--detectors", ","), 2),
        (("--lang", "xx"), 2),
        (("--tier", "slow"), 2),
        (("--policy", "no-such-policy"), 6),
    ],
)
def test_usage(gold, arguments, code):
    done = onprem("eval", "deid", "--gold", gold, *arguments)
    assert done.returncode == code
    assert done.stderr.startswith(("onprem: error: ", "Usage"))
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "content", [b"<NAME>Zebulon", b"\xff\xfe\x00Zebulon", b'{"text": "Zebulon", "spans": [[0, 99, "NAME"]]}']
)
def test_malformed_gold_is_refused_without_its_text(tmp_path, content):
    path = tmp_path / "gold.txt"
    path.write_bytes(content)
    done = onprem("eval", "deid", "--gold", path, "--detectors", "patterns")
    assert done.returncode == 3
    assert "onprem: error: " in done.stderr and "Zebulon" not in done.stdout + done.stderr


def test_missing_gold(tmp_path):
    assert onprem("eval", "deid", "--gold", tmp_path / "none.jsonl", "--detectors", "patterns").returncode == 3
