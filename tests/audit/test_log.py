"""Appending: order, durability, failure, crashes, many writers."""

import multiprocessing
import os
import stat
from contextlib import nullcontext

import pytest

from onprem.audit import log as log_module
from onprem.audit.events import Event, Outcome, parse
from onprem.audit.log import AuditLog, actor, audited
from onprem.audit.segments import segments
from onprem.audit.verify import check
from onprem.errors import AuditError, InputError, PolicyError
from onprem.model import Severity

EVENT = Event("test.run", Outcome.DONE)


def last(log):
    return parse(log.lines()[-1])


def errors(site):
    return [item.code for item in check(site).findings if item.severity is Severity.ERROR]


def test_events_are_numbered_chained_and_private(site, log):
    assert [AuditLog(site).append(EVENT) for _ in range(3)] == [0, 1, 2]
    path = log.folder / "000001.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    entries = [parse(line) for line in log.lines()]
    assert [entry.seq for entry in entries] == [0, 1, 2]
    assert entries[0].monotonic < entries[1].monotonic
    assert entries[0].actor == actor()
    assert errors(site) == []


def test_a_group_is_numbered_chained_and_written_at_once(site, log):
    assert AuditLog(site).append_group([EVENT] * 3) == range(3)
    assert AuditLog(site).append_group([EVENT] * 2) == range(3, 5)
    assert [parse(line).seq for line in log.lines()] == [0, 1, 2, 3, 4]
    assert errors(site) == []


@pytest.mark.parametrize("events", [[], [EVENT] * 1_001, [EVENT, Event("Not a code", Outcome.DONE)]])
def test_an_unfit_group_writes_nothing(site, log, events):
    with pytest.raises(AuditError):
        AuditLog(site).append_group(events)
    assert log.lines() == []


@pytest.mark.parametrize("cut", [1, 200, 600, 900])
def test_a_torn_group_keeps_its_first_events_and_is_repaired(site, log, cut):
    log.fill(1)
    AuditLog(site).append_group([EVENT] * 3)
    path = log.folder / "000001.jsonl"
    path.write_bytes(path.read_bytes()[:-cut])
    AuditLog(site).append(EVENT)
    assert errors(site) == []


def test_segments_roll_over_and_verify_across(site, log):
    small = AuditLog(site, segment_bytes=1_000)
    for _ in range(10):
        small.append(EVENT)
    assert [path.name for path in segments(log.folder)][:2] == ["000001.jsonl", "000002.jsonl"]
    assert len(log.lines()) == 10
    assert errors(site) == []


def test_event_is_refused_before_anything_is_written(site, log):
    with pytest.raises(AuditError):
        AuditLog(site).append(Event("Not a code", Outcome.DONE))
    assert log.lines() == []


@pytest.mark.parametrize("keep", [1, 10, 100, -1], ids=["1 byte", "10 bytes", "100 bytes", "all but the newline"])
@pytest.mark.parametrize("before", [0, 1, 3])
def test_torn_line_is_kept_and_repaired(site, log, keep, before):
    log.fill(before + 1)
    *lines, torn = log.lines()
    log.write(lines)
    path = log.folder / "000001.jsonl"
    with path.open("ab") as file:
        file.write(torn[:keep] if keep > 0 else torn)
    content = path.read_bytes()
    assert "torn" in [item.code for item in check(site).findings]
    AuditLog(site).append(EVENT)
    assert path.read_bytes().startswith(content)  # nothing was taken away
    assert parse(log.lines()[-2]).event.action == "audit.repair"
    assert last(log).seq == before + 2
    assert errors(site) == []
    AuditLog(site).append(EVENT)
    assert errors(site) == []


def test_crash_during_the_repair_is_repaired(site, log):
    log.fill(2)
    path = log.folder / "000001.jsonl"
    with path.open("ab") as file:
        file.write(b'{"action":"te')
    content = path.read_bytes()
    AuditLog(site).append(EVENT)
    repair = path.read_bytes()[len(content) :]
    for cut in (1, 2, 40, len(repair) // 2, len(repair) - 1):
        path.write_bytes(content + repair[:cut])
        AuditLog(site).append(EVENT)
        assert errors(site) == [], cut
        assert last(log).event.action == "test.run"


def test_zeros_left_by_a_power_cut_are_repaired(site, log):
    log.fill(2)
    with (log.folder / "000001.jsonl").open("ab") as file:
        file.write(b"\0" * 300)
    AuditLog(site).append(EVENT)
    assert errors(site) == []


def test_crash_after_making_an_empty_segment(site, log):
    log.fill(2)
    (log.folder / "000002.jsonl").touch(mode=0o640)
    assert AuditLog(site).append(EVENT) == 2
    assert (log.folder / "000002.jsonl").stat().st_size > 0
    assert errors(site) == []


def test_long_garbage_at_the_end_stops_the_log(site, log):
    log.fill(1)
    with (log.folder / "000001.jsonl").open("ab") as file:
        file.write(b"x" * 3_000_000)
    with pytest.raises(AuditError, match="unreadable"):
        AuditLog(site).append(EVENT)


def _append_many(site, count):
    for _ in range(count):
        AuditLog(site).append(EVENT)


def test_writers_in_many_processes_take_turns(site, log):
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=_append_many, args=(site, 25)) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [parse(line).seq for line in log.lines()] == list(range(100))
    assert errors(site) == []


def test_missing_folder_fails_the_operation(site, log):
    log.folder.rmdir()
    done = []
    with pytest.raises(AuditError, match="cannot be written"), audited(site, "test.run", intent=True):
        done.append("effect")
    assert done == []


def test_short_write_fails_the_operation_and_is_repaired_later(site, log, monkeypatch):
    log.fill(1)
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(log_module.os, "write", lambda descriptor, content: write(descriptor, content[:20]))
        with pytest.raises(AuditError, match="in full"):
            AuditLog(site).append(EVENT)
    AuditLog(site).append(EVENT)
    assert errors(site) == []


def test_full_disk_fails_the_operation(site, log, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(log_module.os, "write", full)
    with pytest.raises(AuditError, match="cannot be written"):
        AuditLog(site).append(EVENT)


def test_failed_sync_fails_the_operation(site, monkeypatch):
    def failed(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(log_module.os, "fdatasync", failed)
    with pytest.raises(AuditError):
        AuditLog(site).append(EVENT)


def test_symbolic_link_in_place_of_a_segment_is_not_followed(site, log, tmp_path):
    log.fill(1)
    outside = tmp_path / "outside.jsonl"
    path = log.folder / "000001.jsonl"
    path.rename(outside)
    path.symlink_to(outside)
    before = outside.read_bytes()
    with pytest.raises(AuditError):
        AuditLog(site).append(EVENT)
    assert outside.read_bytes() == before


class _ExitError(Exception):
    def __init__(self, exit_code):
        self.exit_code = exit_code


@pytest.mark.parametrize(
    ("raised", "outcome", "error"),
    [
        (None, "done", ""),
        (InputError("an input cannot be read"), "failed", "InputError"),
        (PolicyError("a policy is invalid"), "refused", "PolicyError"),
        (ValueError("Oswin Brambleworth"), "failed", "ValueError"),
        (KeyboardInterrupt(), "interrupted", "KeyboardInterrupt"),
        (_ExitError(1), "held", ""),
        (_ExitError(0), "done", ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_outcome_is_written_also_on_failure(site, log, raised, outcome, error):
    expected = nullcontext() if raised is None else pytest.raises(type(raised))
    with expected, audited(site, "test.run", purpose="research") as note:
        note.counts["records"] = 4
        if raised is not None:
            raise raised
    event = last(log).event
    assert (event.outcome, event.error, event.counts, event.purpose) == (outcome, error, {"records": 4}, "research")
    assert b"Brambleworth" not in log.lines()[-1]


def test_intent_comes_before_the_effect(site, log):
    with audited(site, "test.run", intent=True):
        assert last(log).event.outcome == "intent"
    assert last(log).event.outcome == "done"


def test_actor_without_an_entry_in_the_user_files(monkeypatch):
    monkeypatch.setattr(log_module.os, "getuid", lambda: 4_000_000)
    assert actor() == "uid:4000000"


def test_a_log_that_another_one_continued_is_continued_from_there(site):
    one, other = AuditLog(site, segment_bytes=3_000), AuditLog(site, segment_bytes=3_000)
    for turn in range(30):  # past the end of a segment, too
        (one, other)[turn % 3 == 0].append(Event("test.run", Outcome.DONE))
    with one.segments()[-1].open("ab") as file:  # as a crash of a third leaves it
        file.write(b'{"action":"te')
    one.append(Event("test.run", Outcome.DONE))
    found = check(site)
    assert [item.code for item in found.findings] == ["torn"]
    assert (found.sound, found.tree.size) == (True, 33)
    assert len(one.segments()) > 3
