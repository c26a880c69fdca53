"""A writer that is killed at any instant: what it was told is durable is in the log, and the log verifies."""

import os
import random
import signal
import time

import pytest

from onprem.audit.events import Event, Outcome
from onprem.audit.log import AuditLog
from onprem.audit.verify import begin, check, entries
from onprem.model import Severity

KILLS = 100


def write_until_killed(site, pipe, seed):
    """Append single events and groups, and say by the pipe what was acknowledged; seal now and then."""
    log = AuditLog(site, segment_bytes=20_000)
    chance = random.Random(seed)
    number = 0
    while True:
        group = chance.choice((1, 1, 1, 3, 64))
        events = [Event("test.run", Outcome.DONE, counts={"of": seed, "number": number + i}) for i in range(group)]
        log.append_group(events)
        number += group
        os.write(pipe, number.to_bytes(8, "little"))
        if chance.random() < 0.02:
            log.seal_full()


def killed_writer(site, seed):
    """Run a writer in a process of its own, kill it at a random instant; return how many events it was sure of."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            write_until_killed(site, writer, seed)
        finally:
            os._exit(70)
    os.close(writer)
    time.sleep(random.Random(seed).uniform(0.001, 0.12))
    os.kill(child, signal.SIGKILL)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    told = b""
    while chunk := os.read(reader, 65_536):
        told += chunk
    os.close(reader)
    return int.from_bytes(told[-8:], "little") if told else 0


def test_no_acknowledged_event_is_lost_in_a_hundred_kills(site):
    sure = {}
    for seed in range(KILLS):
        sure[seed] = killed_writer(site, seed)
        found = [item for item in check(site).findings if item.severity is Severity.ERROR]
        assert not found, found
    AuditLog(site).append(Event("test.end", Outcome.DONE))  # repairs what the last kill has torn
    state = begin(site)
    written = {}
    for entry in entries(site, state):
        if entry.event.action == "test.run":
            written.setdefault(entry.event.counts["of"], []).append(entry.event.counts["number"])
    assert state.sound
    assert sum(sure.values()) > 10 * KILLS  # the writers did write
    for seed, count in sure.items():
        numbers = written.get(seed, [])
        assert numbers == list(range(len(numbers)))  # none lost between, none doubled
        # at most the one group that was under way is there without having been acknowledged
        assert count <= len(numbers) <= count + 64


@pytest.mark.parametrize("keep", range(0, 700, 23))
def test_a_group_cut_at_any_byte_is_repaired(site, keep):
    """What a power cut may leave of one write, byte by byte."""
    log = AuditLog(site)
    log.append(Event("test.run", Outcome.DONE, counts={"number": 0}))
    path = log.segments()[0]
    before = path.stat().st_size
    log.append_group([Event("test.run", Outcome.DONE, counts={"number": 1 + i}) for i in range(2)])
    os.truncate(path, min(before + keep, path.stat().st_size))
    log.append(Event("test.run", Outcome.DONE, counts={"number": 9}))
    assert check(site).sound
    state = begin(site)
    numbers = [entry.event.counts["number"] for entry in entries(site, state) if entry.event.action == "test.run"]
    assert numbers == sorted(numbers)
    assert numbers[0] == 0
    assert numbers[-1] == 9
