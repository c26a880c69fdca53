"""Runs a command on chosen cores and watches the memory of it and its children.

Memory is the peak resident set (VmHWM) of every process, and the sum of the current resident sets over time.
"""

import os
import resource
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")


@dataclass
class Usage:
    seconds: float = 0.0  # wall clock
    cpu: float = 0.0  # user and system, of the process and all its children
    code: int = 0
    output: str = ""
    error: str = ""
    peaks: dict[int, int] = field(default_factory=dict)  # process id -> peak resident set, bytes
    series: list[tuple[float, int]] = field(default_factory=list)  # (seconds, largest current resident set)

    @property
    def peak(self):
        """Peak resident set of the largest process, bytes."""
        return max(self.peaks.values(), default=0)


def run(command, *, cores, folder, every=0.1):
    """Run `command` on the set of `cores`; its output goes to files in `folder`, so that no pipe can fill."""
    environment = {**os.environ, **ONE_THREAD, "PYTHONDONTWRITEBYTECODE": "1"}
    usage = Usage()
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        spent = _children()
        began = time.perf_counter()
        process = subprocess.Popen(
            list(map(str, command)),
            stdout=out,
            stderr=err,
            env=environment,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),  # noqa: PLW1509 - no threads here
        )
        while process.poll() is None:
            _watch(process.pid, usage, time.perf_counter() - began)
            time.sleep(every)
        usage.seconds = time.perf_counter() - began
        usage.cpu = _children() - spent
    usage.code = process.returncode
    usage.output = (folder / "stdout").read_text(encoding="utf-8", errors="replace")
    usage.error = (folder / "stderr").read_text(encoding="utf-8", errors="replace")
    return usage


def _children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(root, usage, now):
    largest = 0
    for pid in _family(root):
        peak, current = _memory(pid)
        usage.peaks[pid] = max(usage.peaks.get(pid, 0), peak)
        largest = max(largest, current)
    usage.series.append((now, largest))


def _family(pid):
    members = [pid]
    for member in members:
        for task in Path(f"/proc/{member}/task").glob("*/children"):
            try:
                members += map(int, task.read_text().split())
            except OSError:
                continue  # it ended while we looked
    return members


def _memory(pid):
    peak = current = 0
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                peak = int(line.split()[1]) * 1024
            elif line.startswith("VmRSS:"):
                current = int(line.split()[1]) * 1024
    except OSError:
        pass  # it ended while we looked
    return peak, current
