"""Which sockets a command asks the kernel for, seen from outside by strace."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest
from canaries import ROOT

NEEDS_STRACE = pytest.mark.skipif(
    shutil.which("strace") is None, reason="strace is not installed: apt-get install strace"
)
_CALL = re.compile(r"\b(socket|socketpair|connect|sendto|io_uring_setup)\((.*?)\)?\s*=\s*(-?\d+)")


@dataclass(frozen=True)
class Trace:
    """The exit code of a traced command, what it said, and its network calls as (name, arguments, result)."""

    code: int
    err: str
    calls: tuple[tuple[str, str, int], ...]

    @property
    def opened(self):
        """Sockets that were opened, anonymous stream pairs between own processes apart."""
        return [call for call in self.calls if call[2] >= 0 and not _is_own_pair(call)]


def _is_own_pair(call):
    return call[0] == "socketpair" and call[1].startswith("AF_UNIX, SOCK_STREAM")


def trace(arguments, *, work, environment=None):
    """Run `python ARGUMENTS...` and all its children under strace."""
    output = work / "trace"
    settings = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
    command = ["strace", "-f", "-qq", "-e", "trace=socket,socketpair,connect,sendto,io_uring_setup", "-o", output]
    command += [sys.executable, *map(str, arguments)]
    done = subprocess.run(
        command, env=settings, capture_output=True, stdin=subprocess.DEVNULL, timeout=600, check=False
    )
    found = _CALL.findall(output.read_text(errors="replace"))
    return Trace(
        done.returncode, done.stderr.decode(), tuple((name, told, int(result)) for name, told, result in found)
    )
