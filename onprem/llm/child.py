"""The process of a model: reads requests from standard input, computes, writes answers to standard output.

Order: 1. the egress wall and hygiene, as in every process of ours; 2. what to load is read; 3. files are confined to the
program and that one model; 4. the model is loaded and one token computed; 5. requests are read by a thread, so that
whoever asks never waits to write; 6. it ends when nobody writes to it any more, in the middle of whatever it does.

Rules: nothing is said but frames (`onprem.llm.wire`). A failure is told by a code; what the library or a request said is
in none. An interrupt, or a signal to end, is for who asked, not for this process: it ends with its pipe. Frames have a
descriptor of their own, because native code may print to standard output.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onprem.llm import wire

if TYPE_CHECKING:
    from onprem.llm.batching import Batching, Event
    from onprem.llm.native import Network

_IN = 0
_out = [1]  # where frames go
_OOM_SCORE = "1000"  # if memory runs out, this process is ended, not the one that holds records


class Inbox:
    """What has been read and not yet done."""

    def __init__(self, reader: wire.Reader) -> None:
        self._reader = reader
        self._frames: deque[dict[str, Any]] = deque()
        self._change = threading.Condition()

    def start(self) -> None:
        """Read from now on, in a thread of its own."""
        threading.Thread(target=self._read, daemon=True).start()

    def take(self, *, wait: bool) -> dict[str, Any] | None:
        """Return the next frame, None where there is none and it is not to be waited for."""
        with self._change:
            if wait:
                self._change.wait_for(lambda: self._frames)
            return self._frames.popleft() if self._frames else None

    def _read(self) -> None:
        try:
            while True:
                frame = self._reader.read()
                with self._change:
                    self._frames.append(frame)
                    self._change.notify()
        except wire.Closed:
            os._exit(0)  # nobody is there to answer, and computing may take minutes


class Server:
    """Does what the frames ask for."""

    def __init__(self, network: Network, batching: Batching, context: int, inbox: Inbox) -> None:
        self._network = network
        self._batching = batching
        self._context = context
        self._inbox = inbox
        self._more = False  # more requests are announced: a free slot waits for them, so that time decides nothing
        self._began: dict[int, float] = {}

    def run(self) -> None:
        """Work until the process ends."""
        while True:
            while (frame := self._inbox.take(wait=self._waits())) is not None:
                self._do(frame)
            for event in self._batching.step():
                self._tell(event)

    def _waits(self) -> bool:
        return self._batching.idle or (self._more and self._batching.hungry)

    def _do(self, frame: dict[str, Any]) -> None:
        operation = frame["op"]
        if operation == "ask":
            self._ask(frame)
        elif operation == "begin":
            self._batching.forget()
            self._more = True
        elif operation == "last":
            self._more = False
        elif operation == "cancel":
            for event in self._batching.cancel(frame["id"]):
                self._tell(event)
        elif operation == "count":
            tokens = self._tokens(frame["pieces"])
            _say({"is": "count", "id": frame["id"], "count": -1 if tokens is None else len(tokens)})
        elif operation == "raw":
            self._batching.forget()
            tokens = self._tokens(frame["pieces"]) or self._network.beginning
            _say({"is": "raw", "id": frame["id"], "seconds": self._network.raw(tokens, frame["count"])})
            self._batching.forget()

    def _ask(self, frame: dict[str, Any]) -> None:
        from onprem.llm.batching import Task
        from onprem.llm.choosing import Chooser, NoGrammar, grammar_of
        from onprem.llm.contract import Sampling
        from onprem.llm.said import Said

        key = frame["id"]
        prompt = self._tokens(frame["pieces"])
        stops = [self._network.tokenise(mark, mark=True) for mark in frame["stop_marks"]]
        if prompt is None or any(len(stop) != 1 for stop in stops):
            _say({"is": "refused", "id": key, "code": "template"})
            return
        if not prompt:
            _say({"is": "refused", "id": key, "code": "empty"})
            return
        if len(prompt) >= self._context:
            _say(_answer(key, ended="too long", prompt_tokens=len(prompt)))
            return
        try:
            grammar = grammar_of(frame["schema"]) if frame["schema"] else frame["grammar"]
            chooser = Chooser(self._network, Sampling(**frame["sampling"]), grammar)
        except NoGrammar:
            _say({"is": "refused", "id": key, "code": "schema" if frame["schema"] else "grammar"})
            return
        said = Said(frame["stop_texts"])
        ends = frozenset(token for stop in stops for token in stop)
        self._began[key] = time.monotonic()
        self._batching.add(Task(key, prompt, frame["max_tokens"], chooser, ends, said, streamed=frame["streamed"]))

    def _tokens(self, pieces: list[tuple[str, bool]]) -> list[int] | None:
        """Return the tokens of a prompt, None where the model lacks one of its marks."""
        found: list[int] = []
        for text, mark in pieces:
            tokens = self._network.tokenise(text, mark=mark)
            if mark and len(tokens) != 1:
                return None
            found += tokens
        return [*self._network.beginning, *found] if found else []

    def _tell(self, event: Event) -> None:
        from onprem.llm.batching import Wrote

        if isinstance(event, Wrote):
            _say({"is": "piece", "id": event.key, "text": event.text})
            return
        task = event.task
        _say(
            _answer(
                task.key,
                text=task.said.text,
                ended=str(event.ended),
                prompt_tokens=len(task.prompt),
                tokens=task.written,
                reused=task.reused,
                seconds=round(time.monotonic() - self._began.pop(task.key), 6),
            )
        )


def _answer(key: int, **said: object) -> dict[str, object]:
    return {"is": "answer", "id": key, "text": "", "tokens": 0, "reused": 0, **said}


def _say(frame: wire.Frame) -> None:
    try:
        wire.write(_out[-1], frame)
    except wire.Closed:
        os._exit(0)


def _settle() -> None:
    """Raise the wall and settle the process."""
    from onprem.security import hygiene, walls

    walls.raise_walls()
    with suppress(OSError):  # not allowed in some containers; then the kernel chooses
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, encoding="ascii")
    hygiene.settle()  # from here on /proc/self is closed to users other than root
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def main() -> int:
    """Serve one model; return the exit code where it cannot be loaded."""
    _settle()
    _out.append(os.dup(1))
    os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), 1)
    reader = wire.Reader(_IN)
    try:
        asked = reader.read()
    except wire.Closed:
        return 0
    from onprem.errors import ModelError
    from onprem.security import landlock

    landlock.confine(landlock.Rules(read=(Path(asked["path"]),), gpu=asked["gpu"]))
    try:
        from onprem.llm.native import Unfit
    except ModelError:  # llama-cpp-python is not installed
        _say({"is": "failed", "code": "missing"})
        return 1
    try:
        return _serve(reader, asked)
    except Unfit as failure:
        _say({"is": "failed", "code": str(failure.cause)})
        return 1


def _serve(reader: wire.Reader, asked: dict[str, Any]) -> int:
    from onprem.llm.batching import Batching
    from onprem.llm.gpus import free_bytes
    from onprem.llm.native import Network, Size
    from onprem.llm.placing import layers

    began = time.monotonic()
    chosen = asked["gpu_layers"]
    if chosen is None:
        chosen = layers(blocks=asked["blocks"], weights=asked["size"], held=asked["held"], free=free_bytes())
    size = Size(asked["sequences"], asked["cells"], chosen, asked["threads"])
    network = Network(asked["path"], size)
    batching = Batching(network, sequences=size.sequences, cells=size.cells, context=asked["context"])
    _say({"is": "ready", "seconds": time.monotonic() - began, "gpu_layers": chosen, **network.describe()})
    inbox = Inbox(reader)
    inbox.start()
    Server(network, batching, asked["context"], inbox).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
