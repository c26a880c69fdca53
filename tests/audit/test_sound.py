"""Segments are read by several processes that share nothing but pipes; what one of them cannot tell is read again."""

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import onprem
from onprem.audit import sound
from onprem.audit.events import Event, Outcome
from onprem.audit.log import AuditLog
from onprem.audit.segments import segments
from onprem.audit.verify import check

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(onprem.__file__).parents[1])}


@pytest.fixture
def paths(site, log, monkeypatch):
    """Segments of a sound log, read by three processes on any machine."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})
    small = AuditLog(site, segment_bytes=500)
    for number in range(20):
        small.append(Event("test.run", Outcome.DONE, counts={"number": number}))
    found = segments(log.folder)
    assert len(found) > 6
    return found


def test_segments_come_in_order_and_as_one_process_would_tell_them(paths):
    assert list(sound.sound_segments(paths)) == [(path, sound.sound(path)) for path in paths]
    assert None not in [whole for _, whole in sound.sound_segments(paths)]


@pytest.mark.parametrize("after", [0, 1])
def test_segments_of_a_reader_that_was_killed_are_read_line_by_line(paths, site, monkeypatch, after):
    def read_a_little(own, found, foreign):
        for path in own[:after]:
            found.send(sound.sound(path))
        if own[0] == paths[0]:
            os.kill(os.getpid(), 9)
        for path in own[after:]:
            found.send(sound.sound(path))

    monkeypatch.setattr(sound, "_read", read_a_little)
    assert [path for path, whole in sound.sound_segments(paths) if whole is None] == paths[::3][after:]
    state = check(site)
    assert state.sound
    assert state.tree.size == 20


def test_readers_end_with_whoever_asks(paths):
    asked = sound.sound_segments(paths * 2_000)  # more than a pipe holds, so none is at its end
    next(asked)
    readers = multiprocessing.active_children()
    assert len(readers) == 3
    asked.close()
    assert not any(reader.is_alive() for reader in readers)


def test_readers_do_not_outlive_a_parent_that_was_killed(site, paths, tmp_path):
    """Each waits for room in its pipe, and finds that nobody reads it."""
    told = tmp_path / "readers"
    code = f"""
import multiprocessing, os, signal
from pathlib import Path
from onprem.audit import sound
os.sched_getaffinity = lambda _: {{0, 1, 2}}
asked = sound.sound_segments([Path(path) for path in {[str(path) for path in paths]!r}] * 2_000)
next(asked)
Path({str(told)!r}).write_text(" ".join(str(child.pid) for child in multiprocessing.active_children()))
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, timeout=60, check=False, stderr=subprocess.DEVNULL)
    readers = told.read_text().split()
    assert len(readers) == 3
    deadline = time.monotonic() + 20
    while (left := [one for one in readers if _runs(one)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []


def _runs(process):
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
