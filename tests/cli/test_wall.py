"""Every command runs behind the wall, and refuses to start without it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import onprem

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(onprem.__file__).parents[1])}


def command(*arguments, **options):
    program = [sys.executable, "-m", "onprem", *map(str, arguments)]
    return subprocess.run(program, capture_output=True, text=True, env=ENVIRONMENT, timeout=60, check=False, **options)


def test_inherited_socket_stops_every_command():
    with socket.socket() as inherited:
        done = command("--version", pass_fds=[inherited.fileno()])
    assert done.returncode == 8
    assert done.stdout == ""
    assert "inherited" in done.stderr
    assert "onprem: hint: " in done.stderr


def test_the_wall_is_raised_before_anything_else_is_imported():
    code = (
        "import sys\nfrom onprem.security import walls\nbefore = []\nraise_walls = walls.raise_walls\n"
        "def seen():\n    before.extend(sys.modules)\n    raise_walls()\n"
        "walls.raise_walls = seen\nfrom onprem.__main__ import run\nrun(['--version'])\n"
        "print(sorted({name.partition('.')[0] for name in before} - set(sys.stdlib_module_names) - {'onprem'}))\n"
        "print(sorted(name for name in before if name.startswith('onprem')))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {ENVIRONMENT['PYTHONPATH']!r})\n{code}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    _, foreign, own = done.stdout.splitlines()
    assert [name for name in eval(foreign) if not name.startswith(("_", "__"))] in (
        [],
        ["distutils-precedence", "sitecustomize"],
    )
    assert eval(own) == [
        "onprem",
        "onprem.__main__",
        "onprem.errors",
        "onprem.security",
        "onprem.security.calls",
        "onprem.security.hygiene",
        "onprem.security.walls",
    ]


def test_wall_that_cannot_be_raised_stops_the_command(tmp_path):
    code = (
        "import sys\nfrom onprem.security import walls\nfrom onprem.__main__ import run\n"
        "walls.call = lambda *_: -1\nsys.exit(run(['init', '--site', sys.argv[1]]))"
    )
    site = tmp_path / "site"
    done = subprocess.run(
        [sys.executable, "-c", code, site], capture_output=True, text=True, env=ENVIRONMENT, check=False
    )
    assert done.returncode == 8
    assert not site.exists()
