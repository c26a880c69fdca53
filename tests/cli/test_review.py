"""`onprem review`: who may, what it needs, what is logged before anything is shown, and what a later run does with it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from at_screen import play

import onprem
from onprem.audit.log import actor
from onprem.security import landlock

STRANGE = "Пациентка жалуется на боль в груди и слабость, осмотрена вчера. " * 3


@pytest.fixture
def environment(tmp_path):
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ONPREM_", "TEXTUAL"))}
    root = os.pathsep.join(filter(None, (str(Path(onprem.__file__).parents[1]), os.environ.get("PYTHONPATH"))))
    return {**kept, "ONPREM_SITE": str(tmp_path / "site"), "PYTHONPATH": root, "TERM": "xterm", "LC_ALL": "C.UTF-8"}


@pytest.fixture
def call(environment, tmp_path):
    """Run `onprem` without a terminal."""

    def run(*arguments, check=None):
        program = [sys.executable, "-m", "onprem", *map(str, arguments)]
        done = subprocess.run(
            program,
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert check is None or done.returncode == check, (done.returncode, done.stderr)
        return done

    return run


@pytest.fixture
def name(call, tmp_path):
    """The name of a run that held a record in a language that is not read."""
    (tmp_path / "in").mkdir()
    rows = [{"patient": "P0001", "text": "BP 120/80, HR 72."}, {"patient": "P0001", "text": STRANGE}]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "in" / "notes.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "in" / "patients.csv").write_text("patient_id,name\nP0001,Ngozi Okafor\n", encoding="utf-8")
    call("init", "--site", tmp_path / "site", check=0)
    done = call("deid", tmp_path / "in", "--out", tmp_path / "out", "--json", check=1)
    run = json.loads(done.stdout.splitlines()[0])["run"]
    assert f"onprem review {run}" in done.stderr
    return run


def permit(tmp_path, *logins):
    content = f'[roles]\noperator = ["*"]\nreviewer = {json.dumps(logins)}\n[actions]\n'
    content += 'release = { roles = ["operator"] }\nreview-records = { roles = ["reviewer"] }\n'
    (tmp_path / "site" / "policies" / "access.toml").write_text(content, encoding="utf-8")


def events(tmp_path, action):
    paths = sorted((tmp_path / "site" / "audit").glob("*.jsonl"))
    lines = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    return [event for event in lines if event["action"] == action]


def test_nobody_may_until_the_site_says_who(call, name, tmp_path):
    done = call("review", name, check=11)
    assert "review-records is not permitted to you: it takes reviewer" in done.stderr
    (event,) = events(tmp_path, "review.open")
    assert (event["outcome"], event["subjects"], event["error"]) == ("refused", [], "AccessError")


def test_it_needs_a_terminal(call, name, tmp_path):
    permit(tmp_path, actor())
    done = call("review", name, check=2)
    assert "needs a terminal" in done.stderr
    assert f"held/{name}/held.jsonl" in done.stderr
    assert [event["outcome"] for event in events(tmp_path, "review.open")] == ["refused"]


def test_a_decision_at_the_screen_is_logged_and_replayed(call, name, environment, tmp_path):
    permit(tmp_path, actor())
    decided = tmp_path / "decided.jsonl"
    arguments = ["-m", "onprem", "review", name, "--decisions", decided]
    played = play(arguments, [("Пациентка", "k"), ("will be held", "q")], environment=environment)
    assert played.code == 0
    assert "1 decision made, 1 in the file" in played.after
    assert "Пациентка" not in played.after
    intent, done = events(tmp_path, "review.open")
    (decision,) = events(tmp_path, "review.decide")
    assert (intent["outcome"], done["outcome"], intent["role"]) == ("intent", "done", "reviewer")
    assert intent["counts"] == {"items": 1, "part": 1, "parts": 1}
    assert len(intent["subjects"]) == 1 and intent["subjects"] == decision["subjects"]
    assert intent["seq"] < decision["seq"] < done["seq"]
    assert done["counts"] == {"items": 1, "keep": 1}
    assert done["digests"]["decisions"] == decision["digests"]["decisions"]

    again = call("deid", tmp_path / "in", "--out", tmp_path / "out2", "--decisions", decided, "--json", check=1)
    totals = json.loads(again.stdout.splitlines()[0])
    assert (totals["decisions"], totals["decisions_ignored"]) == (1, 0)
    assert totals["held_by_reason"] == {"reviewer": 1}
    assert events(tmp_path, "deid")[-1]["digests"]["decisions"] == decision["digests"]["decisions"]
    call("audit", "verify", check=0)


def test_decisions_that_no_longer_fit_are_told(call, name, environment, tmp_path):
    permit(tmp_path, actor())
    play(["-m", "onprem", "review", name], [("Пациентка", "k"), ("will be held", "q")], environment=environment)
    decided = tmp_path / "site" / "held" / name / "decisions.jsonl"
    (tmp_path / "in" / "notes.jsonl").write_text('{"text": "BP 120/80, HR 72."}\n', encoding="utf-8")
    done = call("deid", tmp_path / "in", "--out", tmp_path / "out2", "--decisions", decided, check=0)
    assert "onprem: 1 decision no longer fits and had no effect" in done.stderr


@pytest.mark.parametrize("hang_up", ["signal", "ignore"])
def test_a_terminal_that_goes_away_ends_the_screen_and_is_logged(call, name, environment, tmp_path, hang_up):
    permit(tmp_path, actor())
    arguments = ["-m", "onprem", "review", name]
    played = play(arguments, [("Пациентка", "k"), ("will be held", "u")], environment=environment, hang_up=hang_up)
    assert played.code == 130
    assert [event["outcome"] for event in events(tmp_path, "review.open")] == ["intent", "interrupted"]
    assert len(events(tmp_path, "review.decide")) >= 1
    call("audit", "verify", check=0)


def test_an_unknown_run_is_refused_with_the_names_of_those_that_wait(call, environment, name, tmp_path):
    permit(tmp_path, actor())
    played = play(["-m", "onprem", "review", "0" * 16], [], environment=environment)
    assert played.code == 2
    assert name in played.screen


@pytest.mark.skipif(landlock.version() == 0, reason="this kernel has no Landlock: CONFIG_SECURITY_LANDLOCK")
def test_at_the_screen_only_the_inputs_of_the_run_can_be_read(name, environment, tmp_path):
    permit(tmp_path, actor())
    (tmp_path / "secret.txt").write_text("not of this run", encoding="utf-8")
    code = f"""
import sys
from pathlib import Path
from onprem import __main__
from onprem.review import theme
def plugin(app):
    for path in {[str(tmp_path / name) for name in ("in/notes.jsonl", "in/patients.csv", "secret.txt")]!r}:
        try:
            print(Path(path).name, len(Path(path).read_bytes()) > 0)
        except PermissionError:
            print(Path(path).name, "denied")
theme.show = plugin
sys.exit(__main__.run(["review", {name!r}]))
"""
    played = play(["-c", code], [], environment=environment)
    assert played.screen.split()[:6] == ["notes.jsonl", "True", "patients.csv", "denied", "secret.txt", "denied"]


@pytest.mark.parametrize("where", ["in/decided.jsonl", "out/decided.jsonl"])
def test_decisions_among_records_are_refused(call, name, tmp_path, where):
    (tmp_path / where).write_text("x", encoding="utf-8")
    done = call("deid", tmp_path / "in", "--out", tmp_path / "out", "--decisions", tmp_path / where, check=4)
    assert "do not belong among records" in done.stderr


def test_decisions_go_into_a_folder_that_exists(call, name, environment, tmp_path):
    permit(tmp_path, actor())
    for path in (tmp_path, tmp_path / "nowhere" / "decided.jsonl"):
        played = play(["-m", "onprem", "review", name, "--decisions", path], [], environment=environment)
        assert played.code == 4
        assert "decisions cannot go there" in played.screen


def test_the_walls_stand_and_nothing_of_the_screen_goes_to_a_file(call, name, environment, tmp_path):
    permit(tmp_path, actor())
    said = {**environment, "TEXTUAL_LOG": str(tmp_path / "log"), "TEXTUAL_SCREENSHOT": "1", "NO_COLOR": "1"}
    said |= {"TEXTUAL_SCREENSHOT_LOCATION": str(tmp_path / "pictures"), "TEXTUAL": "debug,devtools"}
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    keys = [("Пациентка", "h"), ("What is asked", "q"), ("1 of 1", "q")]
    played = play(["-m", "onprem", "review", name], keys, environment=said)
    assert played.code == 0
    new = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert not any(path.parent == tmp_path or "pictures" in path.parts or path.suffix == ".svg" for path in new), new
