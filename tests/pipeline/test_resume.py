"""A run that is killed at any point goes on where it stood: nothing lost, nothing doubled, the log sound."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

ROWS = 400


def write_rows(path):
    with path.open("w", encoding="utf-8") as file:
        for number in range(ROWS):
            text = "Ada Okafor was seen on 03/02/2023 by Dr. Kovalenko; BP 132/84. " * 6 + f"Platelets {number + 100}."
            file.write(json.dumps({"id": f"m{number}", "patient": f"P{number:04}", "text": text}) + "\n")


def environment(tmp_path):
    return {**os.environ, "ONPREM_SITE": str(tmp_path / "site")}


def start(tmp_path, *more, out="out"):
    arguments = ["deid", tmp_path / "in", "--out", tmp_path / out, "--policy", "hipaa-expert", "--jobs", "2", *more]
    return subprocess.Popen(
        [sys.executable, "-m", "onprem", *map(str, arguments)],
        env=environment(tmp_path),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_after(process, seconds):
    """Kill a run and all its workers; return whether it still ran."""
    time.sleep(seconds)
    running = process.poll() is None
    if running:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stderr.close()
    return running


@pytest.fixture
def site(onprem, tmp_path):
    (tmp_path / "in").mkdir()
    write_rows(tmp_path / "in" / "messages.jsonl")
    settings = tmp_path / "site" / "onprem.toml"
    settings.write_text(settings.read_text() + "\nchunk_bytes = 20000\n")
    return tmp_path / "site"


def finish_and_check(onprem, tmp_path, out="out"):
    done = onprem(
        "deid", tmp_path / "in", "--out", tmp_path / out, "--policy", "hipaa-expert", "--jobs", "2", "--resume"
    )
    assert done.returncode == 0, done.stderr
    check(onprem, tmp_path, out)


def check(onprem, tmp_path, out="out"):
    """Every record once and in order, nothing left in the work area, a sound log."""
    rows = [json.loads(line) for line in (tmp_path / out / "messages.jsonl").read_text().splitlines()]
    assert [row["text"].rpartition("Platelets ")[2] for row in rows] == [f"{number + 100}." for number in range(ROWS)]
    assert len({row["id"] for row in rows}) == ROWS
    assert not any("Okafor" in row["text"] for row in rows)
    assert list((tmp_path / "site" / "work").iterdir()) == []
    onprem("audit", "verify", check=0)


def test_a_killed_run_is_resumed(onprem, site, tmp_path):
    kill_after(start(tmp_path), 4.0)
    finish_and_check(onprem, tmp_path)


@pytest.mark.serial
def test_two_processes_do_not_share_a_run(onprem, site, tmp_path):
    first = start(tmp_path)
    time.sleep(2.0)
    second = onprem("deid", tmp_path / "in", "--out", tmp_path / "out", "--policy", "hipaa-expert", "--jobs", "2")
    first.communicate()
    assert first.returncode == 0
    assert second.returncode == 9, second.stderr


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(50))
def test_a_hundred_kills_at_random_points(onprem, site, tmp_path, seed):
    """Two kills a seed. After each, the log holds all that the one before it did, and nothing is half released."""
    chance, kills, number = random.Random(seed), 0, 0
    while kills < 2:
        out, point = f"out{number}", tmp_path / f"point{number}-{kills}"
        onprem("audit", "checkpoint", "--out", point, check=0)
        if kill_after(start(tmp_path, "--resume", out=out), chance.uniform(0.2, 6.0)):
            kills += 1
            onprem("audit", "verify", "--against", point, check=0)
            released = [*(tmp_path / out).iterdir()] if (tmp_path / out).exists() else []
            assert [path.name for path in released] in ([], ["messages.jsonl"])
            assert all(path.read_bytes().count(b"\n") == ROWS for path in released)  # whole, where it is there at all
        else:  # it was done by then: not a kill
            check(onprem, tmp_path, out)
            number += 1
    finish_and_check(onprem, tmp_path, out)
