"""A model of the shelf in a process of its own: llama.cpp computes there, and what goes wrong there is an error here.

Order of `load`: 1. the file is hashed and compared with its card; 2. its header is read; 3. memory is looked at; 4. the
process starts, behind the walls, and may read the program and that one file; 5. it loads the model and computes a token.

Rules: prompts and answers cross two pipes and are in no argument, environment or file. A crash of native code, or an end
by the kernel, is a ModelError that names the signal; what was answered before stays true. One operation at a time: one
that is begun while another is under way ends that one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

from onprem.errors import ModelError, ResourceError, UsageError
from onprem.llm import placing
from onprem.llm.contract import Answer, Ended, Request
from onprem.llm.gguf import Header, read_header
from onprem.llm.process import Process
from onprem.llm.shelf import Card, compare
from onprem.llm.templates import Prompt
from onprem.llm.told import failure, refusal
from onprem.llm.writing import Writing

_AHEAD = 2  # requests that are sent for each sequence, so that none waits for who asks
_MAX_SEED = 2**32 - 2  # the next number means to llama.cpp: any
_MAX_SEQUENCES = 64
_HOT = 5.0  # no temperature above makes sense


@dataclass(frozen=True, slots=True)
class Settings:
    """How a model is held: answers written at a time, tokens of one with its prompt (0: the model's own, 4,096 at most),
    layers on the GPU (None: as many as its memory takes), threads (None: one a physical core).
    """  # noqa: D205 - one sentence

    sequences: int = 1
    context: int = 0
    gpu_layers: int | None = None
    threads: int | None = None

    def check(self) -> None:
        """Refuse what cannot be.

        Raises:
            UsageError: it says which.
        """
        if not 1 <= self.sequences <= _MAX_SEQUENCES:
            raise UsageError(f"1 to {_MAX_SEQUENCES} answers are written at a time")
        if self.context < 0 or (self.gpu_layers or 0) < 0 or (self.threads is not None and self.threads < 1):
            raise UsageError("a number of tokens, layers or threads cannot be")


@dataclass(frozen=True, slots=True)
class Chosen:
    """How a model is held in the end, and how long loading took. `system` is what llama.cpp says of the machine."""

    context: int
    cells: int
    sequences: int
    threads: int
    gpu_layers: int
    offload: bool  # whether this build of llama.cpp can use a GPU
    needed: int  # bytes, estimated
    load_s: float
    system: str


def load(card: Card, path: Path, settings: Settings) -> Llama:
    """Load a model.

    Raises:
        UsageError: a setting cannot be.
        ModelError: the file is not the one on the card, or cannot be loaded.
        ResourceError: it does not fit into memory.
    """
    settings.check()
    compare(card, path)
    header = read_header(path)
    chosen = placing.plan(header, sequences=settings.sequences, context=settings.context, threads=settings.threads)
    trained = header.number("context_length")
    if trained and chosen.context > trained:
        words = f"the model's context has {trained:,} tokens, {chosen.context:,} were asked for"
        raise UsageError(words, hint="ask for a shorter --context, or take another model")
    gpu = settings.gpu_layers != 0 and placing.has_gpu()
    needed = placing.needed(header, chosen)
    if not gpu and needed > (free := placing.free_memory()):
        words = f"the model takes about {_giga(needed)} of memory, {_giga(free)} are free"
        raise ResourceError(words, hint="take a smaller one, a shorter context, or fewer answers at a time")
    with ExitStack() as unless_ready:
        process = Process()
        unless_ready.callback(process.end)
        process.send({"path": str(path), "gpu": gpu, **_asked(header, chosen, settings)})
        ready = process.receive()
        if ready["is"] == "failed":
            raise failure(ready["code"])
        unless_ready.pop_all()
    held = Chosen(
        chosen.context,
        chosen.cells,
        chosen.sequences,
        chosen.threads,
        ready["gpu_layers"],
        offload=ready["offload"],
        needed=needed,
        load_s=ready["seconds"],
        system=ready["system"],
    )
    return Llama(card, held, process)


class Llama:
    """A loaded model: see `onprem.llm.contract.LLM`."""

    def __init__(self, card: Card, chosen: Chosen, process: Process) -> None:
        self._card = card
        self._process = process
        self._keys = count()
        self._open: dict[int, Writing | None] = {}  # asked, not answered
        self.chosen = chosen

    @property
    def card(self) -> Card:
        """What is known of the model."""
        return self._card

    @property
    def context(self) -> int:
        """Tokens that a prompt and its answer may have together."""
        return self.chosen.context

    def complete(self, requests: Iterable[Request]) -> Iterator[Answer]:
        """Yield the answer of each request, in order.

        Raises:
            UsageError: a request cannot be answered as it is.
            ModelError: the model's process ended.
        """
        self._finish()
        self._process.send({"op": "begin"})
        source, more = iter(requests), True
        keys: deque[int] = deque()
        answers: dict[int, Answer] = {}
        try:
            while True:
                while more and len(self._open) < _AHEAD * self.chosen.sequences:
                    if (request := next(source, None)) is not None:
                        keys.append(self._ask(request))
                    else:
                        more = False
                        self._process.send({"op": "last"})
                if not keys:
                    return
                if keys[0] in answers:
                    yield answers.pop(keys.popleft())
                else:
                    key, answer = self._next_answer()
                    answers[key] = answer
        finally:
            self._finish(last=more)

    def stream(self, request: Request) -> Writing:
        """Begin one answer. It goes on from what an earlier one has computed of the same prompt.

        Raises:
            UsageError, ModelError: as `complete`.
        """
        self._finish()
        writing = Writing(pump=self._pump, cancel=self._cancel)
        writing.key = self._ask(request, writing)
        return writing

    def count(self, prompt: Prompt) -> int:
        """Return how many tokens a prompt has.

        Raises:
            ModelError: the model's process ended, or it lacks a mark of the prompt.
        """
        key = next(self._keys)
        self._process.send({"op": "count", "id": key, "pieces": _pieces(prompt)})
        frame = self._until("count")
        if frame["count"] < 0:
            told = refusal("template")
            raise ModelError(told.message, hint=told.hint)
        return int(frame["count"])

    def raw(self, prompt: Prompt, tokens: int) -> float:
        """Return the seconds that the library's plainest loop takes to write some tokens after a short prompt.

        Raises:
            ModelError: the model's process ended.
        """
        self._finish()
        self._process.send({"op": "raw", "id": next(self._keys), "pieces": _pieces(prompt), "count": tokens})
        return float(self._until("raw")["seconds"])

    @property
    def pid(self) -> int:
        """The model's process."""
        return self._process.pid

    def close(self) -> None:
        """End the model's process. Idempotent."""
        self._open.clear()
        self._process.end()

    def _ask(self, request: Request, writing: Writing | None = None) -> int:
        sampling = request.sampling
        if request.grammar and request.schema:
            raise UsageError("a request has a grammar or a schema, not both")
        if request.max_tokens < 1 or not 0 <= sampling.seed <= _MAX_SEED or not 0 <= sampling.temperature <= _HOT:
            raise UsageError("a request's number of tokens, seed or temperature cannot be")
        key = next(self._keys)
        self._process.send(
            {
                "op": "ask",
                "id": key,
                "pieces": _pieces(request.prompt),
                "stop_marks": request.prompt.stop_marks,
                "stop_texts": request.prompt.stop_texts,
                "max_tokens": request.max_tokens,
                "sampling": asdict(sampling),
                "grammar": request.grammar,
                "schema": request.schema,
                "streamed": writing is not None,
            }
        )
        self._open[key] = writing
        return key

    def _next_answer(self) -> tuple[int, Answer]:
        """Wait for an answer of `complete`.

        Raises:
            UsageError: a request was refused.
            ModelError: the process ended.
        """
        while True:
            found = self._sort(self._receive())
            if found is not None:
                return found

    def _sort(self, frame: dict[str, Any]) -> tuple[int, Answer] | None:
        """Take one frame: text goes to its writing; an answer is returned, unless a writing has it."""
        key = frame["id"]
        if frame["is"] == "piece":
            if (writing := self._open.get(key)) is not None:
                writing.take(frame["text"])
            return None
        writing = self._open.pop(key, None)
        if frame["is"] == "refused":
            refused = refusal(frame["code"])
            if writing is None:
                raise refused
            writing.finish(refused)
            return None
        answer = Answer(frame["text"], Ended(frame["ended"]), frame["prompt_tokens"], frame["tokens"], frame["reused"])
        if writing is None:
            return key, answer
        writing.finish(answer)
        return None

    def _receive(self) -> dict[str, Any]:
        """Wait for the next frame.

        Raises:
            ModelError, ResourceError: the process ended, or says that it cannot go on.
        """
        frame = self._process.receive()
        if frame["is"] == "failed":
            self._process.end()
            raise failure(frame["code"])
        return frame

    def _until(self, kind: str) -> dict[str, Any]:
        """Wait for a frame of a kind; take what comes before."""
        while (frame := self._receive())["is"] != kind:
            self._sort(frame)
        return frame

    def _pump(self) -> None:
        self._sort(self._receive())

    def _cancel(self, key: int) -> None:
        self._process.send({"op": "cancel", "id": key})

    def _finish(self, *, last: bool = False) -> None:
        """End whatever is under way; nobody waits for the answers of `complete` any more."""
        if self._process.ended:
            self._open.clear()
            return
        if last:
            self._process.send({"op": "last"})
        for key in self._open:
            self._cancel(key)
        while self._open:
            try:
                self._pump()
            except UsageError:  # one was refused
                continue


def _asked(header: Header, chosen: placing.Plan, settings: Settings) -> dict[str, object]:
    return {
        **asdict(chosen),
        "gpu_layers": settings.gpu_layers,
        "blocks": header.number("block_count"),
        "size": header.size,
        "held": chosen.cells * placing.token_bytes(header),
    }


def _pieces(prompt: Prompt) -> list[tuple[str, bool]]:
    return [(piece.text, piece.mark) for piece in prompt.pieces]


def _giga(size: int) -> str:
    return f"{size / (1 << 30):.1f} GiB"
