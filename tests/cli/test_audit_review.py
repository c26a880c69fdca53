"""`onprem audit review` and `onprem audit signoff` as they run: under the walls, at a terminal or without one."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from at_screen import play

import onprem
from onprem.audit.events import Event, Outcome
from onprem.audit.log import AuditLog, actor
from onprem.audit.segments import segments
from onprem.audit.signoff import FILE as COMMENTS
from onprem.audit.signoff import Comments
from onprem.config import Settings, Site

CANARY = "Agatha Whitcombe"
ACCESS = """
[roles]
operator = ["*"]
compliance-officer = [{officers}]
[actions]
review-audit = {{ roles = ["compliance-officer"] }}
sign-off = {{ roles = ["compliance-officer"] }}
"""


@pytest.fixture
def environment(tmp_path):
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ONPREM_", "TEXTUAL", "NO_COLOR"))}
    root = os.pathsep.join(filter(None, (str(Path(onprem.__file__).parents[1]), os.environ.get("PYTHONPATH"))))
    return {**kept, "ONPREM_SITE": str(tmp_path / "site"), "PYTHONPATH": root, "TERM": "xterm", "LC_ALL": "C.UTF-8"}


@pytest.fixture
def call(environment):
    """Run `onprem` without a terminal."""

    def run(*arguments, text=""):
        program = [sys.executable, "-m", "onprem", *map(str, arguments)]
        given = text if isinstance(text, bytes) else text.encode()
        return subprocess.run(program, env=environment, capture_output=True, input=given, timeout=120, check=False)

    return run


@pytest.fixture
def site(call, tmp_path, monkeypatch):
    """A site with events 0 (its making, by us), 1 to 4 by grace and 5 by us, who are its compliance officer."""
    assert call("init").returncode == 0
    opened = Site(tmp_path / "site", Settings())
    (opened.folder("policies") / "access.toml").write_text(ACCESS.format(officers=f'"{actor()}"'), encoding="utf-8")
    with monkeypatch.context() as patched:
        patched.setattr("onprem.audit.log.actor", lambda: "grace")
        for _ in range(4):
            AuditLog(opened).append(Event("deid", Outcome.DONE, purpose="release"))
    AuditLog(opened).append(Event("doctor.run", Outcome.DONE))
    return opened


def events(site):
    return [json.loads(line) for path in segments(site.folder("audit")) for line in path.read_bytes().splitlines()]


def tamper(site):
    (path,) = segments(site.folder("audit"))
    path.write_bytes(path.read_bytes().replace(b'"actor":"grace"', b'"actor":"linus"', 1))


REVIEW = ["-m", "onprem", "audit", "review"]


@pytest.mark.parametrize("extra", [{}, {"NO_COLOR": "1"}, {"TERM": "screen"}, {"TERM": "vt100"}], ids=str)
def test_the_screen_works_behind_the_wall_and_reading_is_logged(site, environment, extra):
    done = play(
        REVIEW, [("Quit", "6"), ("Every event that failed", "\x1b"), ("Quit", "q")], environment=environment | extra
    )
    assert done.code == 0, done.after
    assert "SOUND: 7 lines verified" in done.screen
    assert "Traceback" not in done.screen
    begun, ended = events(site)[-2:]
    assert [(item["action"], item["outcome"]) for item in (begun, ended)] == [
        ("audit.review", "intent"),
        ("audit.review", "done"),
    ]
    assert {item["role"] for item in (begun, ended)} == {"compliance-officer"}
    assert {item["digests"]["access"] for item in (begun, ended)} == {begun["digests"]["access"]}
    assert ended["counts"] == {"filters": 0, "questions": 1, "readings": 0, "shown": 1, "signed": 0}
    assert len(ended["digests"]["checkpoint"]) == 64


def test_sign_off_on_the_screen_leaves_the_comment_sealed_and_nowhere_else(site, environment, tmp_path):
    log = tmp_path / "textual.log"
    spying = environment | {"TEXTUAL_LOG": str(log), "TEXTUAL": "debug,devtools", "TEXTUAL_SCREENSHOT": "1"}
    keys = [("Quit", "j"), ("Event 5", "j"), ("Event 4", "s"), ("Do not sign off", CANARY), (CANARY[-4:], "\r")]
    done = play(REVIEW, [*keys, ("You have signed off", "\x1b"), ("Quit", "q")], environment=spying)
    assert done.code == 0, done.after
    assert not log.exists()
    signed = next(item for item in events(site) if item["action"] == "audit.signoff")
    assert signed["counts"] == {"seq": 4, "lines": 7}
    with Comments.open(site, readonly=True) as comments:
        assert comments.read(signed["digests"]["comment"]) == CANARY
    left = [path for path in tmp_path.rglob("*") if path.is_file() and b"Whitcombe" in path.read_bytes()]
    assert left == []
    assert CANARY not in done.after


def test_a_log_that_does_not_verify_is_not_shown(site, environment):
    tamper(site)
    done = play(REVIEW, [], environment=environment)
    assert done.code == 7
    assert "does not verify" in done.screen
    assert "Quit" not in done.screen
    assert events(site)[-1]["outcome"] == "failed"


def test_tampering_under_the_screen_ends_it_with_the_same_code(site, environment):
    class Tampering(str):
        """A key before which the log is changed."""

        def encode(self):
            tamper(site)
            return super().encode()

    done = play(REVIEW, [("Quit", Tampering("r")), ("DOES NOT VERIFY", "q")], environment=environment)
    assert done.code == 7
    assert "onprem: error: the audit log does not verify" in done.after
    assert (events(site)[-1]["outcome"], events(site)[-1]["error"]) == ("failed", "AuditError")


def test_without_a_terminal_it_says_what_to_do_instead(site, call):
    done = call("audit", "review")
    assert done.returncode == 2
    assert b"onprem: error: the screen needs a terminal" in done.stderr
    assert b"onprem: hint: without one: onprem audit list" in done.stderr
    assert (events(site)[-1]["action"], events(site)[-1]["outcome"]) == ("audit.review", "refused")


@pytest.mark.parametrize(
    ("command", "action"), [(["review"], "audit.review"), (["signoff", "--seq", "1"], "audit.signoff")], ids=str
)
def test_who_is_not_permitted_does_neither_and_the_attempt_is_logged(site, call, command, action):
    (site.folder("policies") / "access.toml").write_text(ACCESS.format(officers='"ada"'), encoding="utf-8")
    done = call("audit", *command)
    assert done.returncode == 11
    assert b"not permitted to you: it takes compliance-officer" in done.stderr
    last = events(site)[-1]
    assert (last["action"], last["outcome"], last["error"]) == (action, "refused", "AccessError")
    assert len(events(site)) == 7


def test_cosigners_without_a_checkpoint_are_a_usage_error(site, call, tmp_path):
    done = call("audit", "review", "--cosigners", tmp_path / "keys")
    assert done.returncode == 2
    assert b"add --against FILE" in done.stderr


def test_signoff_of_one_event(site, call):
    done = call("audit", "signoff", "--seq", "2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().splitlines() == ["result\tfrom\tto", "signed off\t2\t2"]
    assert b"onprem: the log says so in event 6" in done.stderr
    last = events(site)[-1]
    assert (last["counts"], last["role"]) == ({"lines": 6, "seq": 2}, "compliance-officer")
    assert "comment" not in last["digests"]


def test_signoff_of_a_range_leaves_own_work_out_says_so_and_is_not_quite_done(site, call):
    done = call("audit", "signoff", "--seq", "0", "--to", "9", "--json")
    assert done.returncode == 1
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"result": "signed off", "from": 1, "to": 4},
        {"result": "your own work", "from": 0, "to": 0},
        {"result": "your own work", "from": 5, "to": 5},
        {"result": "not in the log", "from": 6, "to": 9},
    ]
    assert b"left out: events 0, 5, because nobody signs off their own work" in done.stderr
    assert events(site)[-1]["counts"] == {"from": 1, "lines": 6, "to": 4}


def test_signoff_of_own_work_is_refused(site, call):
    done = call("audit", "signoff", "--seq", "5")
    assert done.returncode == 11
    assert b"nobody signs off their own work: event 5" in done.stderr
    assert (events(site)[-1]["outcome"], events(site)[-1]["counts"]) == ("refused", {})


def test_signoff_twice_is_refused(site, call):
    assert call("audit", "signoff", "--seq", "1", "--to", "2").returncode == 0
    done = call("audit", "signoff", "--seq", "1")
    assert done.returncode == 2
    assert b"signed off already: event 1" in done.stderr


def test_signoff_takes_a_comment_from_standard_input(site, call):
    done = call("audit", "signoff", "--seq", "1", "--comment-stdin", text=f"seen with {CANARY}\n")
    assert done.returncode == 0, done.stderr
    assert CANARY.encode() not in done.stdout + done.stderr
    with Comments.open(site, readonly=True) as comments:
        assert comments.read(events(site)[-1]["digests"]["comment"]) == f"seen with {CANARY}"


@pytest.mark.parametrize(
    "text",
    ["", "  \n", f"{CANARY}\nin two lines", f"{CANARY}\x1b[2J", CANARY * 200, CANARY * 600, CANARY.encode("utf-16")],
    ids=["empty", "blank", "two lines", "escape", "too long", "far too long", "utf-16"],
)
def test_unfit_comments_are_refused_without_being_quoted(site, call, text):
    done = call("audit", "signoff", "--seq", "1", "--comment-stdin", text=text)
    assert done.returncode == 2
    assert b"Whitcombe" not in done.stdout + done.stderr
    assert (events(site)[-1]["action"], events(site)[-1]["outcome"]) == ("audit.signoff", "refused")
    assert not (site.folder("vault") / COMMENTS).exists()


@pytest.mark.parametrize(
    ("options", "hint"),
    [(["--seq", "4", "--to", "2"], b"--seq 2 --to 4"), ([], b"--help"), (["--seq", "-1"], b"--help")],
)
def test_wrong_ranges_are_usage_errors(site, call, options, hint):
    done = call("audit", "signoff", *options)
    assert done.returncode == 2
    assert hint in done.stderr


def test_signoff_of_a_log_that_does_not_verify_is_refused(site, call):
    tamper(site)
    assert call("audit", "signoff", "--seq", "1").returncode == 7
    assert (events(site)[-1]["action"], events(site)[-1]["outcome"]) == ("audit.signoff", "failed")


FAILURES = {
    "mount": "class Failing(ReviewApp):\n    def on_mount(self):\n        secret = CANARY\n        raise ValueError(secret)",
    "key": (
        "class Failing(ReviewApp):\n    BINDINGS = [('x', 'fail', 'Fail')]\n    def on_ready(self):\n"
        "        self.simulate_key('x')\n    def action_fail(self):\n        secret = CANARY\n        {}[secret]"
    ),
    "worker": (
        "class Failing(ReviewApp):\n    def on_mount(self):\n        self.run_worker(self.fail())\n"
        "    async def fail(self):\n        secret = CANARY\n        raise ValueError(secret)"
    ),
    "drawing": (
        "class Bad(Widget):\n    def render(self):\n        secret = CANARY\n        raise ValueError(secret)\n"
        "class Failing(ReviewApp):\n    def compose(self):\n        yield Bad()"
    ),
    "style": "class Failing(ReviewApp):\n    CSS = 'Screen { color: ' + CANARY + ' }'",
    "panic": "class Failing(ReviewApp):\n    def on_mount(self):\n        self.panic(CANARY)",
}

PROGRAM = """
import sys, types
from onprem import cli
from onprem.__main__ import run

CANARY = {canary!r}

def command() -> None:
    \"\"\"Fail.\"\"\"
    from textual.widget import Widget
    from onprem.review.theme import {base} as ReviewApp, show
{body}
    {show}

module = types.ModuleType("onprem.cli.fail")
module.command = command
sys.modules["onprem.cli.fail"] = module
cli.COMMANDS["fail"] = "Fail."
sys.exit(run(["fail"]))
"""


def failing(tmp_path, name, *, base, show):
    program = tmp_path / "program.py"
    body = textwrap.indent(FAILURES[name], "    ")
    program.write_text(PROGRAM.format(canary=CANARY, body=body, base=base, show=show), encoding="utf-8")
    return [program]


@pytest.mark.parametrize("name", FAILURES)
def test_an_unforeseen_failure_of_a_screen_is_one_line_without_values(environment, tmp_path, name):
    done = play(failing(tmp_path, name, base="ReviewApp", show="show(Failing())"), [], environment=environment)
    assert done.code == 70, done.screen
    assert CANARY not in done.screen
    assert "Traceback" not in done.screen
    assert "onprem: error: internal error" in done.after
    assert "onprem: hint: nothing was released" in done.after


def test_without_the_guard_a_failure_does_show_values(environment, tmp_path):
    done = play(failing(tmp_path, "mount", base="App", show="Failing().run()"), [], environment=environment)
    assert CANARY in done.screen
