"""Many answers at once: every step computes one token of each answer that is being written, and parts of new prompts.

Rules:
- A slot is one sequence of the network. A request waits in a queue until a slot is free and there is room for the whole of
  it, prompt and answer, so that no answer ends because another one grew.
- What prompts have in common is computed once. A new request takes the free slot that begins like it, or waits until
  another slot has computed the common beginning and shares it. The last token of a prompt is always computed, because its
  numbers are wanted.
- A slot that is free keeps what it has computed until the room is needed.
- All of this depends on the requests and their order alone, never on time, so the same requests are computed in the same
  shape and answered the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from onprem.llm.contract import Ended
from onprem.llm.native import BATCH, Logits, Row
from onprem.llm.said import Said

_WORTH_SHARING = 8  # tokens: fewer are computed as quickly


class Computing(Protocol):
    """What is needed of a network."""

    def piece(self, token: int) -> bytes:
        """Return the bytes of a token."""

    def ends(self, token: int) -> bool:
        """Return whether a token ends an answer."""

    def compute(self, rows: Sequence[Row]) -> Logits:
        """Compute tokens; return the numbers of those that want them."""

    def keep(self, sequence: int, count: int) -> bool:
        """Forget what follows the first tokens of a sequence; False where all had to be forgotten."""

    def share(self, source: int, target: int, count: int) -> bool:
        """Begin a sequence with the first tokens of another; False where that cannot be."""

    def clear(self) -> None:
        """Forget all."""


class Choosing(Protocol):
    """What is needed of a chooser."""

    def choose(self, logits: Logits) -> int | None:
        """Return the next token, None for none."""

    def close(self) -> None:
        """Give back what is held."""


@dataclass(eq=False, slots=True)
class Task:
    """One request: its tokens, and how its answer is chosen and ended. `streamed` asks for text as it comes."""

    key: int
    prompt: list[int] = field(repr=False)
    most: int  # tokens of the answer
    chooser: Choosing = field(repr=False)
    stop_tokens: frozenset[int] = frozenset()
    said: Said = field(default_factory=Said, repr=False)
    streamed: bool = False
    written: int = 0
    reused: int = 0


@dataclass(frozen=True, slots=True)
class Wrote:
    """Some text of an answer."""

    key: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Finished:
    """An answer has ended."""

    task: Task
    ended: Ended


Event = Wrote | Finished


@dataclass(eq=False, slots=True)
class _Slot:
    number: int
    held: list[int] = field(default_factory=list, repr=False)  # tokens that are computed
    task: Task | None = None
    next: int | None = None  # chosen, to be computed
    source: _Source | None = None  # waits for another slot
    used: int = 0  # when it was last begun


@dataclass(frozen=True, slots=True)
class _Source:
    slot: _Slot
    task: Task
    count: int  # tokens to share


class Batching:
    """Answers tasks by a network of `sequences` slots that hold `cells` tokens together, `context` at most in each."""

    def __init__(self, network: Computing, *, sequences: int, cells: int, context: int) -> None:
        self._network = network
        self._cells = cells
        self._context = context
        self._slots = [_Slot(number) for number in range(sequences)]
        self._queue: deque[Task] = deque()
        self._began = 0

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self._queue and all(slot.task is None for slot in self._slots)

    @property
    def hungry(self) -> bool:
        """Whether there are more free slots than tasks that wait for one."""
        return len(self._queue) < sum(slot.task is None for slot in self._slots)

    def add(self, task: Task) -> None:
        """Let a task wait for its turn. Its prompt has a token at least and leaves room for one."""
        self._queue.append(task)

    def cancel(self, key: int) -> Iterator[Event]:
        """End a task where it is, if it has not ended."""
        for task in [task for task in self._queue if task.key == key]:
            self._queue.remove(task)
            yield from self._end(task, Ended.CANCELLED)
        for slot in self._slots:
            if slot.task is not None and slot.task.key == key:
                yield from self._free(slot, Ended.CANCELLED)

    def forget(self) -> None:
        """Forget what free slots have kept; called while all are free."""
        self._network.clear()
        for slot in self._slots:
            slot.held, slot.used = [], 0
        self._began = 0

    def step(self) -> Iterator[Event]:
        """Compute once; yield what came of it.

        Raises:
            Unfit: the network cannot be computed.
        """
        self._share()
        self._admit()
        rows, wanting = self._rows()
        if not rows:
            return
        logits = self._network.compute(rows)
        for slot, row in zip(wanting, logits, strict=True):
            yield from self._go_on(slot, row)

    # one step

    def _rows(self) -> tuple[list[Row], list[_Slot]]:
        """Return what is to be computed now, and the slots that want numbers, in the order of their rows."""
        rows: list[Row] = []
        wanting: list[_Slot] = []
        for slot in self._slots:
            if slot.next is not None:
                rows.append(Row(slot.next, len(slot.held), slot.number, wanted=True))
                slot.held.append(slot.next)
                slot.next = None
                wanting.append(slot)
        reading = [slot for slot in self._slots if self._reads(slot)]
        for slot in sorted(reading, key=lambda slot: slot.used):
            prompt = slot.task.prompt if slot.task else []
            start = len(slot.held)
            part = prompt[start : start + BATCH - len(rows)]
            last = len(prompt) - 1
            rows += [Row(token, place, slot.number, wanted=place == last) for place, token in enumerate(part, start)]
            slot.held += part
            if part and len(slot.held) == len(prompt):
                wanting.append(slot)
        return rows, wanting

    def _reads(self, slot: _Slot) -> bool:
        return slot.task is not None and slot.source is None and len(slot.held) < len(slot.task.prompt)

    def _go_on(self, slot: _Slot, logits: Logits) -> Iterator[Event]:
        """Choose the next token of a slot's answer."""
        task = slot.task
        if task is None:
            return
        token = task.chooser.choose(logits)
        if token is None:
            yield from self._free(slot, Ended.STUCK)
            return
        if token in task.stop_tokens or self._network.ends(token):
            yield from self._free(slot, Ended.STOP)
            return
        task.written += 1
        text = task.said.add(self._network.piece(token))
        if text and task.streamed:
            yield Wrote(task.key, text)
        if task.said.stopped:
            yield from self._free(slot, Ended.STOP)
        elif task.written >= task.most or len(task.prompt) + task.written >= self._context:
            yield from self._free(slot, Ended.LENGTH)
        else:
            slot.next = token

    def _free(self, slot: _Slot, ended: Ended) -> Iterator[Event]:
        task, slot.task, slot.next, slot.source = slot.task, None, None, None
        if task is not None:
            yield from self._end(task, ended)

    def _end(self, task: Task, ended: Ended) -> Iterator[Event]:
        task.chooser.close()
        if (text := task.said.end()) and task.streamed:
            yield Wrote(task.key, text)
        yield Finished(task, ended)

    # who takes which slot

    def _admit(self) -> None:
        while self._queue:
            task = self._queue[0]
            free = [slot for slot in self._slots if slot.task is None]
            if not free:
                return
            slot, source = self._choice(task, free)
            if not self._make_room(task, slot, source):
                return
            self._queue.popleft()
            self._begin(slot, task, source)

    def _choice(self, task: Task, free: Sequence[_Slot]) -> tuple[_Slot, _Source | None]:
        """Return the slot for a task: the free one that begins like it, or the oldest and what it waits for."""
        own = max(free, key=lambda slot: (_common(slot.held, task.prompt), -slot.used))
        source: _Source | None = None
        best = max(_common(own.held, task.prompt), _WORTH_SHARING - 1)
        for slot in self._slots:
            if slot.task is not None and (count := _common(slot.task.prompt, task.prompt)) > best:
                best, source = count, _Source(slot, slot.task, count)
        if source is not None:
            own = min(free, key=lambda slot: (len(slot.held), slot.used))
        return own, source

    def _make_room(self, task: Task, target: _Slot, source: _Source | None) -> bool:
        """Let free slots forget, the oldest first, until there is room for a task; False where there is none yet."""
        kept = sorted((slot for slot in self._slots if slot.task is None and slot.held), key=lambda slot: slot.used)
        kept = [slot for slot in kept if slot is not target and (source is None or slot is not source.slot)]
        active = sum(self._reserved(slot.task) for slot in self._slots if slot.task is not None)
        room = self._cells - active - self._reserved(task)
        if room < 0:
            return False
        room -= sum(len(slot.held) for slot in kept)
        for slot in kept:
            if room >= 0:
                break
            room += len(slot.held)
            self._network.keep(slot.number, 0)
            slot.held = []
        return True

    def _reserved(self, task: Task) -> int:
        return min(self._context, len(task.prompt) + task.most)

    def _begin(self, slot: _Slot, task: Task, source: _Source | None) -> None:
        self._began += 1
        slot.task, slot.source, slot.used = task, source, self._began
        count = 0 if source is not None else _common(slot.held, task.prompt)
        if slot.held and not self._network.keep(slot.number, count):
            count = 0
        del slot.held[count:]
        task.reused = count

    def _share(self) -> None:
        """Let slots that wait begin with what their sources have computed by now."""
        for slot in self._slots:
            source = slot.source
            if source is None or slot.task is None:
                continue
            gone = source.slot.task is not source.task
            if len(source.slot.held) < source.count and not gone:
                continue
            slot.source = None
            count = min(source.count, _common(source.slot.held, slot.task.prompt))
            if count and self._network.share(source.slot.number, slot.number, count):
                slot.held = slot.task.prompt[:count]
                slot.task.reused = count
            else:
                self._network.keep(slot.number, 0)


def _common(held: Sequence[int], prompt: Sequence[int]) -> int:
    """Return how many tokens at the beginning of a prompt are held, all but its last at most."""
    most = min(len(held), len(prompt) - 1)
    if held[:most] == prompt[:most]:
        return most
    return next(place for place in range(most) if held[place] != prompt[place])
