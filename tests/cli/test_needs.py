"""What a command may touch is what it was given: every path of every command is named, and nothing beyond is reached."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import onprem
from onprem import cli
from onprem.cli import needs, selftest
from onprem.cli.needs import NEEDS
from onprem.errors import OnpremError
from onprem.security import landlock
from onprem.security.selftest import Answer

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(onprem.__file__).parents[1])}
NEEDS_LANDLOCK = pytest.mark.skipif(
    landlock.version() == 0, reason="this kernel has no Landlock: CONFIG_SECURITY_LANDLOCK, lsm=landlock"
)
# texts that name a file if there is one, and a policy or a vocabulary of a package else
POLICIES = {"policy show": {"name"}, "policy check": {"name"}, "policy diff": {"first", "second"}}
POLICIES |= {path: {"vocabulary"} for path in ("synth", "train ner", "eval ner")}


def commands(group=None, path=""):
    """Yield the path and the object of every command that runs."""
    group = group or cli.root()
    for name in group.list_commands(None):
        command, below = group.get_command(None, name), f"{path} {name}".strip()
        if hasattr(command, "list_commands"):
            yield from commands(command, below)
        else:
            yield below, command


COMMANDS = dict(commands())


def run(*arguments, **options):
    program = [sys.executable, "-m", "onprem", *map(str, arguments)]
    settings = {"capture_output": True, "text": True, "env": ENVIRONMENT, "timeout": 120, **options}
    return subprocess.run(program, check=False, **settings)


def test_every_command_has_its_line_and_no_line_is_left_over():
    assert set(NEEDS) == set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS)
def test_every_path_that_a_command_takes_is_named_once(path):
    taken = {
        parameter.name for parameter in COMMANDS[path].params if "Path" in str(parameter.type_descriptor.annotation)
    }
    need = NEEDS[path]
    named = [*need.read, *need.write, *need.make]
    assert len(named) == len(set(named))
    # all commands have a site, and one makes it
    assert set(named) - {"site"} == taken - {"site"} | POLICIES.get(path, set())


@pytest.mark.parametrize("path", COMMANDS)
def test_only_commands_that_take_jobs_share_semaphores(path):
    assert NEEDS[path].run == ("jobs" in {parameter.name for parameter in COMMANDS[path].params})


def test_known_answers_that_are_asked_for_exist():
    assert {name for need in NEEDS.values() for name in need.answers} <= set(selftest.ANSWERS)


def test_command_that_writes_to_the_log_asks_for_the_answers_of_the_log():
    for path in ("init", "deid", "approve", "review", "vault reveal", "vault shred", "audit export", "audit seal"):
        assert set(selftest.LOG) <= set(NEEDS[path].answers)


def test_wrong_answer_stops_the_command_before_it_begins(monkeypatch):
    wrong = Answer("nowhere", lambda: b"another", b"answer")
    monkeypatch.setattr(landlock, "confine", lambda _: 0)
    monkeypatch.setattr(selftest, "ANSWERS", selftest.ANSWERS | {"HMAC": wrong})
    with pytest.raises(OnpremError, match="self-test failed, nothing was done: HMAC") as caught:
        needs.begin("init", {})
    assert caught.value.exit_code == 70


def asked(monkeypatch, path, given):
    """Return the rules under which a command would run."""
    rules = []
    monkeypatch.setattr(landlock, "confine", rules.append)
    needs.begin(path, given)
    return rules[0]


def test_rules_follow_what_was_given(monkeypatch, tmp_path):
    for name in ("in", "site/tmp"):
        (tmp_path / name).mkdir(parents=True, mode=0o700)
    given = {"inputs": [tmp_path / "in"], "site": tmp_path / "site", "report": tmp_path / "r.html", "jobs": 2}
    rules = asked(monkeypatch, "deid", given)
    assert rules.read == (tmp_path / "in",)
    assert rules.write == (tmp_path / "site", tmp_path / "r.html", tmp_path / "site" / "tmp")
    assert rules.workers
    assert not asked(monkeypatch, "deid", given | {"jobs": 1}).workers


def test_standard_output_is_no_file(monkeypatch):
    rules = asked(monkeypatch, "audit export", {"out": Path("-")})
    assert Path("-") not in rules.write
    assert Path.cwd() not in rules.write


def test_unknown_command_may_write_nothing_it_was_given(monkeypatch, tmp_path):
    assert "no such" not in NEEDS
    rules = asked(monkeypatch, "no such", {"out": tmp_path / "x"})
    assert rules.read == (tmp_path / "x",)
    assert tmp_path / "x" not in rules.write


def test_output_folder_is_made_and_taken_away_when_nothing_came_into_it(tmp_path):
    site, out = tmp_path / "site", tmp_path / "new" / "out"
    assert run("init", "--site", site).returncode == 0
    done = run("deid", tmp_path / "missing", "--site", site, "--out", out, "--policy", "hipaa-safe-harbor")
    assert done.returncode == 3
    assert not out.parent.exists()


@NEEDS_LANDLOCK
@pytest.mark.parametrize("how", ["inside", "gone"])
def test_working_folder(tmp_path, how):
    folder = tmp_path / "work"
    folder.mkdir()
    code = f"import os, sys; {'os.rmdir(os.getcwd()); ' * (how == 'gone')}from onprem.__main__ import run; "
    code += "sys.exit(run(['init', '--site', sys.argv[1]]))"
    program = [sys.executable, "-P", "-c", code, str(tmp_path / "site")]
    done = subprocess.run(program, cwd=folder, capture_output=True, text=True, env=ENVIRONMENT, timeout=60, check=False)
    assert done.returncode == (2 if how == "gone" else 0), done.stderr
    assert ("the working folder is gone" in done.stderr) == (how == "gone")


@NEEDS_LANDLOCK
def test_what_runs_inside_a_command_cannot_read_beyond_its_arguments(tmp_path):
    """A foreign line in the middle of a command, as a plugin would bring it."""
    site, secret = tmp_path / "site", tmp_path / "secret.txt"
    assert run("init", "--site", site).returncode == 0
    secret.write_text("not given to the command")
    code = f"""
import sys
from pathlib import Path
from onprem import __main__
from onprem.cli import render
say = render.line
def plugin(_):
    try:
        say(Path({str(secret)!r}).read_text())
    except PermissionError:
        say("denied")
render.talk = render.line = plugin
sys.exit(__main__.run(["audit", "verify", "--site", {str(site)!r}]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert set(done.stdout.split("\n")) == {"denied", ""}, done.stderr


@pytest.mark.parametrize(
    ("path", "given", "opened"),
    [
        ("chat", {}, True),
        ("deid", {}, False),
        ("deid", {"model": "small"}, True),
        ("deid", {"gpu_layers": 8}, True),
        ("verify", {"model": "small"}, False),
    ],
)
def test_a_gpu_is_opened_where_a_model_is_run_and_not_else(path, given, opened, monkeypatch, tmp_path):
    rules = []
    monkeypatch.setattr(landlock, "confine", rules.append)
    monkeypatch.chdir(tmp_path)
    needs.confine(path, {"site": tmp_path, "jobs": 1, **given})
    assert rules[0].gpu is opened


def test_what_chat_may_read_beside_is_below_the_working_folder_and_never_everything(monkeypatch, tmp_path):
    rules = []
    monkeypatch.setattr(landlock, "confine", rules.append)
    for folder, read in ((tmp_path, True), (Path("/"), False)):
        monkeypatch.chdir(folder)
        needs.confine("chat", {"site": tmp_path / "site"})
        assert (folder in rules[-1].read) is read
