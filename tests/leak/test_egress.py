"""No command of the guarded room opens a socket, seen from outside; the positive controls open one."""

import canaries
import pytest
from egress import NEEDS_STRACE, trace

pytestmark = NEEDS_STRACE


def test_positive_control_opens_a_socket(tmp_path):
    assert trace(["-c", "import socket; socket.socket().close()"], work=tmp_path).opened


def test_attempt_behind_the_walls_is_seen_and_denied(tmp_path):
    code = (
        "from onprem.security import walls; walls.raise_walls()\n"
        "import socket\ntry:\n    socket.socket()\nexcept OSError:\n    pass"
    )
    found = trace(["-c", code], work=tmp_path)
    assert any(name == "socket" and result == -1 and "AF_INET" in told for name, told, result in found.calls)
    assert found.opened == []


def test_commands_open_no_socket(tmp_path):
    site = tmp_path / "site"
    commands = [
        ["init"],
        ["audit", "verify"],
        ["audit", "list"],
        ["audit", "checkpoint", "--out", tmp_path / "checkpoint"],
        ["audit", "verify", "--against", tmp_path / "checkpoint"],
    ]
    for command in commands:
        found = trace(["-m", "onprem", *command, "--site", site], work=tmp_path)
        assert found.code == 0, found.err
        assert found.opened == []
        assert found.calls  # the wall's own probe was seen, so the trace works


@pytest.mark.parametrize("jobs", [1, 2])
def test_deid_and_its_workers_open_no_socket(tmp_path, jobs):
    site, source, out = tmp_path / "site", canaries.write_good(tmp_path / "input"), tmp_path / "out"
    assert trace(["-m", "onprem", "init", "--site", site], work=tmp_path).code == 0
    commands = [
        ["deid", source, "--out", out, "--jobs", jobs, "--report", tmp_path / "report.html"],
        ["verify", out, "--against", source],
    ]
    for command in commands:
        found = trace(["-m", "onprem", *command, "--site", site], work=tmp_path)
        assert found.code in (0, 1), found.err
        assert found.opened == []
    assert any(out.iterdir())
