"""How fast a loaded model is on this machine: one text, many at once, and the library's plainest loop beside them.

Rules: the three are measured one after another, in turns, and the median of the turns is told, because whatever else the
machine does falls on all. Every figure is tokens per second of answers; the time that prompts take is told apart.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from onprem.llm.contract import Request
from onprem.llm.llama import Llama
from onprem.llm.templates import Piece, Prompt

TURNS = 3
_TURN_S = 4.0  # about how long one measurement takes
_FEWEST, _MOST = 8, 96  # tokens of one answer
_WORDS = "The patient was seen on the ward, and the findings were discussed with the team before the round. "

Progress = Callable[[int], None]  # steps done since the last call


@dataclass(frozen=True, slots=True)
class Rates:
    """Tokens per second: of answers, and of prompts. `peak` is the most memory that the model's process had, in bytes."""

    tokens: int  # of one answer
    raw: float
    single: float
    batch: float
    prompt: float
    peak: int


def steps(turns: int) -> int:
    """Return how many steps of progress a measuring has."""
    return 1 + 4 * turns


def measure(model: Llama, *, turns: int = TURNS, turn_s: float = _TURN_S, progress: Progress = lambda _: None) -> Rates:
    """Measure a model that was loaded for as many sequences as the batch is to have; a turn of one takes `turn_s` seconds.

    Raises:
        ModelError: its process ended.
    """
    count = _count(model, turn_s)
    progress(1)
    found: dict[str, list[float]] = {"raw": [], "single": [], "batch": [], "prompt": []}
    for _ in range(turns):
        for name, rate in (("raw", _raw), ("single", _single), ("batch", _batch), ("prompt", _prompt)):
            found[name].append(rate(model, count))
            progress(1)
    middle = {name: statistics.median(rates) for name, rates in found.items()}
    return Rates(count, peak=_peak(model.pid), **middle)


def _count(model: Llama, turn_s: float) -> int:
    """Return how many tokens of an answer take about as long as a measurement should."""
    rate = _raw(model, _FEWEST)
    return max(_FEWEST, min(_MOST, int(rate * turn_s)))


def _request(model: Llama, number: int, count: int, words: str = _WORDS) -> Request:
    return Request(Prompt((Piece(f"{words}Note {number}:"),)), max_tokens=min(count, model.context // 2))


def _raw(model: Llama, count: int) -> float:
    return count / model.raw(_request(model, 0, count).prompt, count)


def _single(model: Llama, count: int) -> float:
    """One text, from its first piece on."""
    writing = model.stream(_request(model, 0, count))
    pieces = iter(writing)
    next(pieces, None)
    began = time.perf_counter()
    for _ in pieces:
        pass
    return max(1, writing.answer.tokens - 1) / (time.perf_counter() - began)


def _batch(model: Llama, count: int) -> float:
    """As many texts at once as the model was loaded for, their short prompts included."""
    began = time.perf_counter()
    answers = list(model.complete(_request(model, number, count) for number in range(model.chosen.sequences)))
    return sum(answer.tokens for answer in answers) / (time.perf_counter() - began)


def _prompt(model: Llama, count: int) -> float:
    """The prompt of one text, which nothing is known of."""
    words = _WORDS * max(1, min(count, model.context // 2) // 20)
    began = time.perf_counter()
    (answer,) = model.complete([_request(model, 0, 1, words)])
    return answer.prompt_tokens / (time.perf_counter() - began)


def _peak(pid: int) -> int:
    """Return the most memory that a process had, in bytes; 0 where the kernel does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:")), 0)
