"""The command line as a whole: help, versions, wrong usage, time to start."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import typer

import onprem
from onprem import cli
from onprem.errors import EXIT_CODES

ROOT = Path(onprem.__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "COLUMNS": "110"}


def command(*arguments, **options):
    program = [sys.executable, "-m", "onprem", *map(str, arguments)]
    settings = {"capture_output": True, "text": True, "env": ENVIRONMENT, "timeout": 60, **options}
    return subprocess.run(program, check=False, **settings)


def exists(name):
    return (ROOT / "onprem" / "cli" / f"{name}.py").exists()


def test_help_names_every_command_and_exit_code():
    shown = command("--help")
    assert shown.returncode == 0
    for name, words in cli.COMMANDS.items():
        assert f"  {name} " in shown.stdout
        assert words.split(",")[0] in " ".join(shown.stdout.split())
    for code, words in EXIT_CODES.items():
        assert f"{code} " in shown.stdout
        assert words.split("(")[0].strip() in shown.stdout


@pytest.mark.parametrize("name", [name for name in cli.COMMANDS if exists(name)])
def test_line_of_help_begins_the_commands_own_help(name):
    own = " ".join(cli.load(name).help.split("\n\n")[0].split())
    assert own == cli.COMMANDS[name]


@pytest.mark.parametrize("name", [name for name in cli.COMMANDS if exists(name)])
def test_every_command_shows_help(name):
    shown = command(name, "--help")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith(f"Usage: onprem {name}")


def test_files_and_names_of_commands_agree():
    files = {path.stem for path in (ROOT / "onprem" / "cli").glob("*.py")} - {"__init__", "render"}
    shared = {"passphrase", "second_person"}  # what several commands ask people for
    shared |= {"needs", "selftest"}  # what stands before every command
    shared |= {"with_model", "harmless"}  # what commands with a model share
    parts = {name for name in files if name.partition("_")[0] in cli.COMMANDS}  # a large command's subcommands
    assert files - shared - parts <= set(cli.COMMANDS)
    assert set(cli.COMMANDS) <= files


@pytest.mark.serial
def test_help_is_quick():
    command("--help")  # byte code is written once
    times = []
    for _ in range(7):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    # processor time: on a quiet machine the wall clock says the same, on a busy one it says how busy
    assert min(times) <= 0.25


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from onprem.__main__ import run; run(['--help'])\n"
        "heavy = {'spacy', 'presidio_analyzer', 'pyarrow', 'duckdb', 'cryptography', 'pydantic', 'numpy', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=True)
    assert done.stderr.strip() == "[]"


def test_importing_the_package_imports_nothing():
    code = "import sys; before = set(sys.modules); import onprem; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=True)
    assert done.stdout.strip() == "['onprem']"


def test_version():
    assert command("--version").stdout.strip() == f"onprem {onprem.__version__}"


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["foo"], "no such command 'foo'", "run: onprem --help"),
        (["audot"], "did you mean 'audit'", "run: onprem --help"),
        (["init", "--nope"], "no such option: --nope", "run: onprem init --help"),
        (["audit", "foo"], "no such command 'foo'", "run: onprem audit --help"),
        (["audit", "checkpoint"], "missing option '--out'", "run: onprem audit checkpoint --help"),
        (["audit", "list"], "no site is named", "onprem init --site DIR"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told_with_a_hint(arguments, message, hint):
    done = command(*arguments)
    assert done.returncode in (2, 5)
    assert done.stdout == ""
    error, told = done.stderr.splitlines()
    assert error.startswith("onprem: error: ")
    assert message in error.lower()
    assert told.startswith("onprem: hint: ")
    assert hint in told


def test_no_arguments_shows_help_and_is_a_usage_error():
    done = command()
    assert done.returncode == 2
    assert done.stdout.startswith("Usage: onprem")


def test_closed_pipe_is_quiet(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = command("--help", stdout=writer, stderr=subprocess.PIPE, capture_output=False)
    finally:
        os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 141  # not done: whoever reads a part must not be told that all was said


def test_interrupt_is_130(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import sys\nfrom onprem import __main__ as entry\n"
        "def interrupted(_):\n    raise KeyboardInterrupt\n"
        "entry._command = interrupted\nsys.exit(entry.run([]))"
    )
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_exit_of_a_command_is_the_exit_code(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import sys, types, typer\nfrom onprem import cli\nfrom onprem.__main__ import run\n"
        "def command() -> None:\n    '''Hold.'''\n    raise typer.Exit(1)\n"
        "module = types.ModuleType('onprem.cli.hold'); module.command = command\n"
        "sys.modules['onprem.cli.hold'] = module; cli.COMMANDS['hold'] = 'Hold.'\n"
        "sys.exit(run(['hold']))"
    )
    assert subprocess.run([sys.executable, program], env=ENVIRONMENT, check=False).returncode == 1


def test_a_module_with_one_subcommand_is_a_group(monkeypatch):
    import types

    app = typer.Typer(help="Measure.")

    @app.command("one")
    def one() -> None:
        """Do one."""

    module = types.ModuleType("onprem.cli.single")
    module.app = app
    monkeypatch.setitem(sys.modules, "onprem.cli.single", module)
    assert list(cli.load("single").commands) == ["one"]
