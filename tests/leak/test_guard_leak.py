"""No canary comes out of the commands of the guarded room, on sound and on broken sites, nor out of any failure."""

import textwrap

import canaries
import pytest
from canaries import assert_none, run

CANARY = canaries.CANARIES[0]


@pytest.fixture
def site(tmp_path):
    site = tmp_path / "site"
    assert run(["init", "--site", site], work=tmp_path).code == 0
    return site


COMMANDS = [
    ["audit", "verify"],
    ["audit", "list"],
    ["audit", "list", "--json"],
    ["audit", "checkpoint", "--out", "CHECKPOINT"],
    ["doctor"],
    ["doctor", "--json"],
    ["init"],
]


def breakages():
    yield "settings value", lambda site: (site / "onprem.toml").write_text(f'name = ["{CANARY}"]\n')
    yield "settings syntax", lambda site: (site / "onprem.toml").write_text(f'name = "{CANARY}\n')
    yield "settings bytes", lambda site: (site / "onprem.toml").write_bytes(CANARY.encode("utf-16"))
    yield "master key", lambda site: (site / "keys" / "master.key").write_bytes(CANARY.encode())
    yield "audit key", lambda site: (site / "keys" / "audit.key").write_bytes(CANARY.encode())
    yield "vault", lambda site: (site / "vault" / "subjects.sealed").write_bytes(CANARY.encode() * 100)
    yield "audit line", lambda site: _append(site / "audit" / "000001.jsonl", f'{{"patient": "{CANARY}"}}\n')
    yield "torn audit line", lambda site: _append(site / "audit" / "000001.jsonl", f'{{"patient": "{CANARY}"')
    yield "policy", lambda site: (site / "policies" / "own.toml").write_text(f'title = "{CANARY}\n')


def _append(path, text):
    with path.open("a") as file:
        file.write(text)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_sound_site(site, tmp_path, command):
    arguments = [str(tmp_path / "checkpoint") if part == "CHECKPOINT" else part for part in command]
    done = run([*arguments, "--site", site], work=tmp_path)
    assert done.code in (0, 1), done.err
    assert_none(done, site)


@pytest.mark.parametrize("breakage", [pytest.param(damage, id=name) for name, damage in breakages()])
@pytest.mark.parametrize("command", [["audit", "verify"], ["doctor"], ["init"]], ids=" ".join)
def test_broken_site(site, tmp_path, command, breakage):
    breakage(site)
    done = run([*command, "--site", site], work=tmp_path)
    assert_none(done)
    assert b"Traceback" not in done.err


def test_broken_checkpoint(site, tmp_path):
    checkpoint = tmp_path / "checkpoint"
    checkpoint.write_text(f"{CANARY}\n1\n{CANARY}\nlast -\n\n\N{EM DASH} {CANARY} {CANARY}\n")
    done = run(["audit", "verify", "--against", checkpoint, "--site", site], work=tmp_path)
    assert done.code == 7
    assert_none(done, site)


FAILURES = {
    "exception": "raise ValueError(CANARY)",
    "exception with a cause": "try:\n    {}[CANARY]\nexcept KeyError as e:\n    raise RuntimeError(CANARY) from e",
    "operating system": "open('/none/' + CANARY)",
    "unicode": "CANARY.encode().decode('utf-16-le').encode('ascii')",
    "group": "raise ExceptionGroup(CANARY, [ValueError(CANARY)])",
    "deep": "f = lambda n: f(n + 1)\nf(0)",
    "system exit": "import sys; sys.exit(CANARY)",
    "warning": "import warnings; warnings.simplefilter('always'); warnings.warn(CANARY)",
    "log": "import logging; logging.basicConfig(); logging.getLogger('presidio-analyzer').error(CANARY)",
    "thread": (
        "import threading\ndef w():\n    raise ValueError(CANARY)\nt = threading.Thread(target=w); t.start(); t.join()"
    ),
    "pool": (
        "import multiprocessing\nfrom concurrent.futures import ProcessPoolExecutor\n"
        "with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context('spawn')) as pool:\n"
        "    pool.submit(int, CANARY).result()"
    ),
    "spacy": "import spacy; spacy.blank('en').add_pipe(CANARY)",
    "pydantic": "from onprem.config import Settings; Settings.model_validate({CANARY: CANARY})",
    "typer": "import typer; raise typer.BadParameter('bad')",
}

PROGRAM = """
import sys, types
from onprem import cli
from onprem.__main__ import run

CANARY = {canary!r}

def command() -> None:
    \"\"\"Fail.\"\"\"
{body}

if __name__ == "__main__":
    module = types.ModuleType("onprem.cli.fail")
    module.command = command
    sys.modules["onprem.cli.fail"] = module
    cli.COMMANDS["fail"] = "Fail."
    sys.exit(run(["fail"]))
"""


@pytest.mark.parametrize("name", FAILURES)
def test_unforeseen_failure_of_a_command(tmp_path, name):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(canary=CANARY, body=textwrap.indent(FAILURES[name], "    ")))
    done = run([], work=tmp_path, program=(str(program),))
    assert_none(done)
    assert b"Traceback" not in done.err
    if name not in ("warning", "log", "thread", "typer"):
        assert done.code == 70
        assert b"onprem: error: internal error" in done.err


def test_failure_without_the_guard_does_show_the_canary(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(f"raise ValueError({CANARY!r})")
    done = run([], work=tmp_path, program=(str(program),))
    assert canaries.search_bytes("stderr", done.err)


def test_memory_of_a_killed_command_is_not_dumped(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(canary=CANARY, body="    import os; os.abort()"))
    done = run([], work=tmp_path, program=(str(program),))
    assert done.code == -6
    assert_none(done)
    assert not list(tmp_path.glob("core*"))
