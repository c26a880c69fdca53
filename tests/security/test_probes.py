"""The probes of `onprem doctor` tell the truth: open without the walls, closed with them, and they leave nothing behind."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

import onprem

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(onprem.__file__).parents[1])}


def python(code):
    return subprocess.run(
        [sys.executable, "-c", "from onprem.security import probes, walls\n" + code],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=60,
        check=True,
    ).stdout.strip()


def test_control_comes_from_before_the_walls():
    assert python("print(probes.control())") == "None"
    code = "probes.try_without_walls(); walls.raise_walls(); found = probes.control(); print(found.families >= 3)"
    assert python(code) == "True"


def test_with_the_walls_all_ways_are_closed():
    closed = "Ways(families=0, io_uring=False, thirty_two_bit=False)"
    assert python("walls.raise_walls(); print(probes.ways_out())") == closed


def test_io_uring_and_the_32_bit_entry_are_seen_where_the_host_has_them():
    if platform.machine() != "x86_64":
        pytest.skip("the 32-bit entry by int 0x80 exists on x86_64 only")
    found = python("print(probes.ways_out())")
    if "io_uring=True" not in found or "thirty_two_bit=True" not in found:
        pytest.skip("this host lacks CONFIG_IA32_EMULATION, or has kernel.io_uring_disabled")
    assert (
        python("walls.raise_walls(); print(probes.ways_out().io_uring, probes.ways_out().thirty_two_bit)")
        == "False False"
    )


def test_attempts_leave_no_descriptor_and_no_child():
    code = """
import os
before = os.listdir("/proc/self/fd")
probes.ways_out()
print(before == os.listdir("/proc/self/fd"))
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    print("none")
"""
    assert python(code).split() == ["True", "none"]
