"""What a server says to one request: which addresses there are, who may ask, and the way of an answer to its client.

Rules: every request but that for health shows the token; what is not served is refused with OpenAI's error object, which
holds nothing of what was asked; a request that would wait behind too many is refused at once. An answer passes through
and is not kept. Whoever leaves is not written for any longer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import h11

from onprem.assist.serve.connection import Connection, Limits
from onprem.assist.serve.engine import ENDING, Engine, Job, Told
from onprem.assist.serve.forms import Problem, Refused
from onprem.assist.serve.openai_api import Ask, Reply, model, read_chat, read_completion, unanswered
from onprem.assist.serve.tally import Tally
from onprem.assist.serve.token_file import Token
from onprem.llm.contract import LLM, Answer, Ended

_READERS = {b"/v1/chat/completions": read_chat, b"/v1/completions": read_completion}

_NO_ADDRESS = Problem(404, "there is no such address here", code="unknown_url")
_NO_TOKEN = Problem(401, "the token is missing or wrong", "authentication_error", code="invalid_api_key")
_FULL = Problem(429, "too many requests wait", "rate_limit_error", code="queue_full")


class _Work:
    """A request on its way. `told` gets what the engine tells, and None when the client has left."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.told: asyncio.Queue[Told | None] = asyncio.Queue()


class Desk:
    """Answers requests, one at a time for each connection."""

    def __init__(self, engine: Engine, llm: LLM, token: Token, tally: Tally, limits: Limits) -> None:
        self._engine, self._llm, self._token, self._tally, self._limits = engine, llm, token, tally, limits
        self._running: dict[_Work, Job] = {}  # until its identifiers are counted
        self._counting: set[asyncio.Task[None]] = set()
        self.ending = False

    def begin(self, fault: Callable[[BaseException], None]) -> None:
        """Say where a fault is told that belongs to no request. Call in the event loop."""
        self._loop, self._fault = asyncio.get_running_loop(), fault

    async def answer(self, connection: Connection) -> bool:
        """Answer the next request of a connection; return whether there was one.

        Raises:
            ConnectionError, TimeoutError: the client has left, or takes nothing.
        """
        try:
            request = await connection.request()
            if request is None:
                return False
            await self._route(connection, request)
        except Refused as refused:
            self._tally.refused += 1
            await connection.answer(refused.problem.body(), refused.problem.status)
        return True

    def cut(self) -> None:
        """Tell all who wait for an answer that none is coming."""
        for work, job in self._running.items():
            job.cancelled = True
            work.told.put_nowait(ENDING)

    async def counted(self) -> None:
        """Wait until the identifiers of all answers are counted."""
        if self._counting:
            await asyncio.wait(self._counting)

    async def _route(self, connection: Connection, request: h11.Request) -> None:
        method, path = request.method, request.target
        if (method, path) == (b"GET", b"/healthz"):
            await connection.body()
            await connection.answer({"status": "ok"})
            return
        if not self._token.shown([value for name, value in request.headers if name == b"authorization"]):
            raise Refused(_NO_TOKEN)
        self._tally.requests += 1
        card = self._llm.card
        body = await connection.body()
        if (method, path) == (b"GET", b"/v1/models"):
            await connection.answer({"object": "list", "data": [model(card)]})
        elif (method, path) == (b"GET", b"/v1/models/" + card.name.encode("ascii")):
            await connection.answer(model(card))
        elif method == b"POST" and path in _READERS:
            await self._ask(connection, _READERS[path](body, card, self._llm.context))
        else:
            raise Refused(_NO_ADDRESS)

    async def _ask(self, connection: Connection, ask: Ask) -> None:
        if self.ending:
            raise Refused(ENDING)
        if len(self._running) >= self._limits.waiting:
            raise Refused(_FULL)
        work = _Work(ask)
        job = Job(ask.request, ask.stream, partial(self._tell, work))
        self._running[work] = job
        connection.watch(lambda: work.told.put_nowait(None))
        self._engine.put(job)
        try:
            await (self._stream if ask.stream else self._whole)(connection, work)
        finally:
            job.cancelled = True

    async def _whole(self, connection: Connection, work: _Work) -> None:
        while isinstance(answer := self._checked(await work.told.get()), str):
            continue  # pieces are for streams
        await connection.answer(Reply(work.ask, self._llm.card).whole(answer))

    async def _stream(self, connection: Connection, work: _Work) -> None:
        told = self._checked(await work.told.get())  # while nothing is said, a refusal can still have its status
        reply = Reply(work.ask, self._llm.card)
        await connection.begin()
        await connection.pieces(reply.begin())
        try:
            while isinstance(told, str):
                if told:
                    await connection.pieces([reply.piece(told)])
                told = self._checked(await work.told.get())
        except Refused as refused:
            self._tally.refused += 1
            await connection.pieces([refused.problem.body()])
            await connection.end()
            return
        await connection.pieces(reply.end(told))
        await connection.end(whole=True)

    def _checked(self, told: Told | None) -> str | Answer:
        """Return what was told, where it is a piece or an answer.

        Raises:
            Refused: there is no answer.
            ConnectionError: there is no client.
        """
        if told is None:
            raise ConnectionResetError
        if isinstance(told, Problem):
            raise Refused(told)
        if isinstance(told, Answer) and (problem := unanswered(told, self._llm.context)) is not None:
            raise Refused(problem)
        return told

    def _tell(self, work: _Work, told: Told) -> None:
        """Hand over, from the engine's thread, what it tells."""
        with suppress(RuntimeError):  # the loop has ended, and with it whoever waited
            self._loop.call_soon_threadsafe(self._take, work, told)

    def _take(self, work: _Work, told: Told) -> None:
        work.told.put_nowait(told)
        if isinstance(told, Problem) or (isinstance(told, Answer) and told.ended is Ended.TOO_LONG):
            del self._running[work]  # the model has seen nothing of it
        elif isinstance(told, Answer):
            counting = self._loop.create_task(self._tally.answered(work.ask.texts, told.text, told.tokens))
            self._counting.add(counting)
            counting.add_done_callback(partial(self._is_counted, work))

    def _is_counted(self, work: _Work, counting: asyncio.Task[None]) -> None:
        self._counting.remove(counting)
        del self._running[work]
        if not counting.cancelled() and (fault := counting.exception()) is not None:
            self._fault(fault)
