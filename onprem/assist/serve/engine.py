"""The thread that has the model: answers waiting requests in the order they came, many at once where they are whole.

Rules: requests for whole answers that wait next to each other go to `complete` together, and those that come while there
is room join them; a stream is written alone, because the model writes one at a time. Every job is told one end: an answer,
or why there is none. One job that cannot be answered takes no other with it; when the model's process ends, all are told.
Callbacks are called in this thread.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from onprem.assist.serve.forms import Problem
from onprem.errors import OnpremError, UsageError
from onprem.llm.contract import LLM, Answer, Request

_GATHER_S = 0.01  # how long the first of a batch waits for others: requests of one program seldom come at once

MODEL_ENDED = Problem(503, "the model's process ended; the server ends too", "server_error", code="model_ended")
ENDING = Problem(503, "the server is ending", "server_error", code="ending")
CANCELLED = Problem(503, "the answer was cancelled", "server_error", code="cancelled")

Told = str | Answer | Problem  # a piece of a stream, or an end


@dataclass(eq=False, slots=True)
class Job:
    """One request. `tell` gets the pieces of a stream, then the end. `cancelled` may be set by any thread."""

    request: Request
    stream: bool
    tell: Callable[[Told], None] = field(repr=False)
    cancelled: bool = False


class Engine:
    """Has the model from `run` until `close`, or until the model's process ends."""

    def __init__(self, llm: LLM, ended: Callable[[], None]) -> None:
        self._llm = llm
        self._ended = ended
        self._waiting: deque[Job] = deque()
        self._taken: deque[Job] = deque()  # given to the model, not told their end
        self._change = threading.Condition()
        self._closed = False
        self._why = ENDING  # there are no answers any more
        self.failure: OnpremError | None = None

    def put(self, job: Job) -> None:
        """Let a job wait for its turn."""
        with self._change:
            if not self._closed:
                self._waiting.append(job)
                self._change.notify()
                return
        job.tell(self._why)

    def close(self) -> None:
        """Take no more jobs; `run` returns once the model has answered what it was given."""
        with self._change:
            self._closed = True
            self._change.notify()

    def run(self) -> None:
        """Answer jobs until closed. A failure of the model is left in `failure`; every job has been told its end."""
        try:
            while (job := self._next(wait=True)) is not None:
                if job.stream:
                    self._write(job)
                else:
                    self._complete(job)
        except OnpremError as failure:
            self.failure, self._why = failure, MODEL_ENDED
        finally:
            self.close()
            for job in (*self._taken, *self._waiting):
                job.tell(self._why)
            self._ended()

    def _next(self, *, wait: bool) -> Job | None:
        """Take the next job that is still wanted, None when closed; without `wait` only one that may join a batch."""
        with self._change:
            while True:
                if wait:
                    self._change.wait_for(lambda: self._waiting or self._closed)
                if self._closed or not self._waiting or (self._waiting[0].stream and not wait):
                    return None
                job = self._waiting.popleft()
                if not job.cancelled:
                    self._taken.append(job)
                    return job
                job.tell(CANCELLED)

    def _complete(self, first: Job) -> None:
        try:
            for answer in self._llm.complete(self._requests(first)):
                self._taken.popleft().tell(answer)
        except UsageError as failure:  # of one of them; which one is found by asking for each alone
            if len(self._taken) == 1:
                job = self._taken.popleft()
                job.tell(_unusable(job.request, failure))
        while self._taken:
            self._complete_alone(self._taken[0])

    def _requests(self, first: Job) -> Iterator[Request]:
        """Yield requests as long as others wait; after the first moment the model is not kept waiting for more."""
        until = time.monotonic() + _GATHER_S
        job: Job | None = first
        while job is not None:
            yield job.request
            with self._change:
                left = until - time.monotonic()
                self._change.wait_for(lambda: self._waiting or self._closed, max(0.0, left))
            job = self._next(wait=False)

    def _complete_alone(self, job: Job) -> None:
        try:
            end: Told = next(iter(self._llm.complete((job.request,))))
        except UsageError as failure:
            end = _unusable(job.request, failure)
        self._taken.remove(job)
        job.tell(end)

    def _write(self, job: Job) -> None:
        try:
            writing = self._llm.stream(job.request)
            for piece in writing:
                if job.cancelled:
                    writing.cancel()
                else:
                    job.tell(piece)
            end: Told = writing.answer
        except UsageError as failure:
            end = _unusable(job.request, failure)
        self._taken.remove(job)
        job.tell(end)


def _unusable(request: Request, failure: UsageError) -> Problem:
    """Return what is told of a request that the model cannot answer as it is; a message of ours holds no value."""
    param = "response_format" if request.schema else None
    return Problem(400, failure.message, param=param, code="invalid_value")
