"""Where a model goes: how many threads, how many layers on a GPU, how many tokens held, and whether memory takes it.

Rules: what is chosen depends on the machine and the model's header alone, and is told (`onprem model bench`); a limit of
a container counts as the machine's. A model that does not fit is refused before it is loaded, because one that the kernel
ends in the middle takes work with it. Sizes are bytes.

Sources: cpu topology in the kernel's Documentation/admin-guide/cputopology.rst; cgroup v2 in admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from onprem.llm.gguf import Header

DEFAULT_CONTEXT = 4_096  # tokens; models allow more, but its memory is taken whether it is used or not
_USUAL = 1_024  # tokens of a prompt and its answer, where many are written at a time
_NUMBER_BYTES = 2  # of the numbers that are held of a token: F16
_WORKSPACE = 160 << 20  # what computing takes beside
_ROWS = 128  # of numbers for the whole vocabulary, that are kept at a time
_SPARE = 0.05  # of a GPU's memory left alone


@dataclass(frozen=True, slots=True)
class Plan:
    """How a model is to be held. `context` is tokens of one sequence, `cells` of all together."""

    sequences: int
    context: int
    cells: int
    threads: int


def plan(header: Header, *, sequences: int, context: int, threads: int | None) -> Plan:
    """Return how a model is to be held; `context` 0 asks for the model's own, `DEFAULT_CONTEXT` at most.

    Every sequence may use the whole context, but room is made for all of them only as far as most prompts need.
    """
    trained = header.number("context_length") or DEFAULT_CONTEXT
    context = context or min(trained, DEFAULT_CONTEXT)
    cells = context + (sequences - 1) * min(context, _USUAL)
    return Plan(sequences, context, cells, threads or physical_cores())


def token_bytes(header: Header) -> int:
    """Return what is held of one token."""
    heads = header.number("attention.head_count")
    held = header.number("attention.head_count_kv") or heads
    each = header.number("embedding_length") // heads if heads else 0
    key = header.number("attention.key_length") or each
    value = header.number("attention.value_length") or each
    return header.number("block_count") * held * (key + value) * _NUMBER_BYTES


def needed(header: Header, chosen: Plan) -> int:
    """Return the memory that a model takes, wherever its layers are."""
    numbers = _ROWS * header.vocabulary * 4  # F32
    return header.size + chosen.cells * token_bytes(header) + _WORKSPACE + numbers


def layers(*, blocks: int, weights: int, held: int, free: int) -> int:
    """Return how many layers a GPU with `free` bytes takes, of a model whose layers hold `weights` and `held` together.

    The output layer counts as one more, as llama.cpp counts.
    """
    if blocks <= 0 or weights <= 0:
        return 0
    each = (weights + held) / (blocks + 1)
    return max(0, min(blocks + 1, int((free * (1 - _SPARE) - _WORKSPACE) / each)))


def physical_cores() -> int:
    """Return the cores that this process may use, two threads of one core counted once."""
    allowed = os.sched_getaffinity(0)
    cores = {_core(number) for number in allowed}
    return max(1, min(len(cores), _quota() or len(cores)))


def free_memory() -> int:
    """Return the memory that a process may take without harm to others; a container's limit counts.

    Raises:
        OSError: /proc is not mounted.
    """
    free = 0
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            free = int(line.split()[1]) << 10
    for folder in _groups():
        limit, used = _number(folder / "memory.max"), _number(folder / "memory.current")
        if limit is not None and used is not None:
            free = min(free, max(0, limit - used + _file_pages(folder)))
    return free


def has_gpu() -> bool:
    """Return whether the machine shows a GPU that llama.cpp may be built for."""
    return Path("/dev/nvidiactl").exists() or Path("/dev/kfd").exists()


def _core(number: int) -> tuple[str, str]:
    folder = Path(f"/sys/devices/system/cpu/cpu{number}/topology")
    try:
        package = (folder / "physical_package_id").read_text(encoding="ascii").strip()
        return package, (folder / "core_id").read_text(encoding="ascii").strip()
    except OSError:  # a machine that does not tell: each is counted
        return "", str(number)


def _groups() -> list[Path]:
    """Return the folders of this process's control groups, its own and those above, as far as they are seen."""
    root, found = Path("/sys/fs/cgroup"), []
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("0::"):
                own = root / line[3:].lstrip("/")
                found = [folder for folder in (own, *own.parents) if folder == root or root in folder.parents]
    return found


def _quota() -> int | None:
    """Return the whole cores of the tightest limit of a container, None for no limit."""
    found = []
    for folder in _groups():
        with suppress(OSError, ValueError, ZeroDivisionError):
            most, period = (folder / "cpu.max").read_text(encoding="ascii").split()
            found.append(max(1, int(most) // int(period)))
    return min(found, default=None)


def _number(path: Path) -> int | None:
    with suppress(OSError, ValueError):  # "max" is no limit
        return int(path.read_text(encoding="ascii"))
    return None


def _file_pages(folder: Path) -> int:
    """Return the pages of files that a control group would give back."""
    with suppress(OSError, ValueError):
        for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines():
            if line.startswith("inactive_file "):
                return int(line.split()[1])
    return 0
