"""Each line of `onprem doctor` about the process itself turns yellow or red when it should, and says the fix."""

import os
import resource
import socket

import pytest

from onprem.cli import doctor_walls, selftest
from onprem.model import Severity
from onprem.security import host, hygiene, landlock, probes, walls
from onprem.security.probes import Ways
from onprem.security.selftest import Answer

OPEN, CLOSED = Ways(7, io_uring=True, thirty_two_bit=True), Ways(0, io_uring=False, thirty_two_bit=False)
GREEN, YELLOW, RED = Severity.INFO, Severity.WARNING, Severity.ERROR


def told(check):
    """Return the severity of each line, after a look at the fixes."""
    found = list(doctor_walls.CHECKS[check]())
    assert all(item.message for item in found)
    assert all(item.hint for item in found if item.severity is not GREEN)
    assert not any(item.hint for item in found if item.severity is GREEN)
    return {item.code: item.severity for item in found}


@pytest.fixture
def tried(monkeypatch):
    """Say what was found by the probes, before and now."""

    def set_to(before, now, *, in_force=True):
        monkeypatch.setattr(probes, "control", lambda: before)
        monkeypatch.setattr(probes, "ways_out", lambda: now)
        monkeypatch.setattr(walls, "walls_in_force", lambda: in_force)

    return set_to


def test_outside_of_the_command_the_walls_are_red():
    assert told("walls")["walls"] is RED


def test_walls_that_hold_are_green(tried):
    for before in (OPEN, CLOSED):  # a host may deny sockets itself
        tried(before, CLOSED)
        assert told("walls") == {"walls": GREEN, "io_uring": GREEN, "32-bit entry": GREEN}


def test_walls_without_a_control_prove_little(tried):
    tried(None, CLOSED)
    assert told("walls")["walls"] is YELLOW


def test_each_way_that_is_open_is_red(tried):
    tried(OPEN, OPEN)
    assert told("walls") == {"walls": RED, "io_uring": RED, "32-bit entry": RED}
    tried(OPEN, Ways(0, io_uring=True, thirty_two_bit=False))
    assert told("walls") == {"walls": GREEN, "io_uring": RED, "32-bit entry": GREEN}
    tried(OPEN, Ways(0, io_uring=False, thirty_two_bit=True))
    assert told("walls") == {"walls": GREEN, "io_uring": GREEN, "32-bit entry": RED}
    tried(OPEN, CLOSED, in_force=False)
    assert told("walls")["walls"] is RED


@pytest.mark.parametrize(
    ("version", "confined", "holds", "severity"),
    [(7, 7, True, GREEN), (1, 1, True, GREEN), (7, 7, False, RED), (7, 0, False, RED), (0, 0, False, YELLOW)],
)
def test_files_that_are_not_confined_are_red_unless_the_kernel_cannot(monkeypatch, version, confined, holds, severity):
    monkeypatch.setattr(landlock, "version", lambda: version)
    monkeypatch.setattr(landlock, "confined", lambda: confined)
    monkeypatch.setattr(landlock, "files_confined", lambda: holds)
    assert told("files") == {"files": severity}


def test_open_socket_is_red_and_the_fix_closes_it():
    assert told("descriptors") == {"descriptors": GREEN}
    with socket.socket() as one:
        assert told("descriptors") == {"descriptors": RED}
        (line,) = doctor_walls.CHECKS["descriptors"]()
        assert f"{one.fileno()}>&-" in line.hint


@pytest.mark.parametrize(("core", "dumpable"), [(0, False), (1, False), (0, True)])
def test_memory_that_others_could_read_is_red(monkeypatch, core, dumpable):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (core, core))
    monkeypatch.setattr(hygiene, "dumpable", lambda: dumpable)
    assert told("core files") == {"core files": RED if core else GREEN, "memory": RED if dumpable else GREEN}


@pytest.mark.parametrize(
    ("mask", "private", "quiet"), [(0o077, True, True), (0o022, True, True), (0o077, False, True), (0o077, True, False)]
)
def test_traces_that_others_could_read_are_red(monkeypatch, mask, private, quiet):
    monkeypatch.setattr(hygiene, "umask", lambda: mask)
    monkeypatch.setattr(hygiene, "temp_is_private", lambda: private)
    monkeypatch.setattr(hygiene, "quieted", lambda: quiet)
    expected = {"umask": mask == 0o077, "temporary files": private, "loggers": quiet}
    assert told("umask") == {name: GREEN if good else RED for name, good in expected.items()}


@pytest.mark.parametrize(
    ("swap", "scope", "user", "yellow"),
    [
        ([], 1, 1000, set()),
        (["/dev/sda2"], 1, 1000, {"swap"}),
        ([], None, 1000, {"ptrace"}),
        ([], 0, 1000, {"ptrace"}),
        ([], 3, 0, {"user"}),
    ],
)
def test_machine_that_keeps_memory_badly_is_yellow(monkeypatch, swap, scope, user, yellow):
    monkeypatch.setattr(host, "plain_swap", lambda: swap)
    monkeypatch.setattr(host, "ptrace_scope", lambda: scope)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    found = told("swap")
    assert {name for name, severity in found.items() if severity is YELLOW} == yellow
    assert RED not in found.values()


def test_known_answer_that_does_not_come_out_is_red_and_named(monkeypatch):
    assert told("self-test") == {"self-test": GREEN}
    wrong = Answer("nowhere", lambda: b"another", b"answer")
    monkeypatch.setattr(selftest, "ANSWERS", selftest.ANSWERS | {"SHA-256": wrong})
    assert told("self-test") == {"self-test": RED}
    (line,) = doctor_walls.CHECKS["self-test"]()
    assert "SHA-256" in line.message
