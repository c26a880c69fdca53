"""The server: programs of this host come in by the door, their requests go to the model, its answers go back.

Rules: when it is asked to end, the server takes no new request, lets running answers end for a while, and ends; when the
model's process ends, those who wait are told so, and the server ends with that error, for whoever started it to start it
again. A fault of the server itself ends it too: what is not understood is not served on.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from onprem.assist.serve.connection import Connection, Limits
from onprem.assist.serve.desk import Desk
from onprem.assist.serve.engine import Engine
from onprem.assist.serve.tally import Tally
from onprem.assist.serve.token_file import Token
from onprem.errors import OnpremError
from onprem.llm.contract import LLM
from onprem.security.door import Door, user_of
from onprem.security.door import close as close_door

_PAUSE_S = 1.0  # when there are no descriptors or no memory left to accept with
_LAST_S = 2.0  # for the last words, once answers are cut off


class Server:
    """One server, from `answer` to its end."""

    def __init__(self, door: Door, llm: LLM, token: Token, tally: Tally, limits: Limits) -> None:
        self._door, self._llm, self._tally, self._limits = door, llm, tally, limits
        self._engine = Engine(llm, self._engine_ended)
        self._desk = Desk(self._engine, llm, token, tally, limits)
        self._room = asyncio.Semaphore(limits.connections)
        self._clients: dict[asyncio.Task[None], Connection] = {}
        self._stop = asyncio.Event()
        self._faults: list[BaseException] = []

    def answer(self, ready: Callable[[], None]) -> None:
        """Answer until SIGTERM or SIGINT; call `ready` before the first client is let in. For the main thread.

        Raises:
            ModelError: the model's process ended, or a model of the detectors is damaged.
        """
        asyncio.run(self._run(ready))

    async def _run(self, ready: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stop.set)
        self._desk.begin(self._fault)
        thread = threading.Thread(target=self._engine.run, name="engine", daemon=True)
        thread.start()
        ready()
        accepting = self._loop.create_task(self._accept())
        accepting.add_done_callback(self._ended)
        await self._stop.wait()
        accepting.cancel()
        await self._end(thread)
        if self._faults:
            raise self._faults[0]

    async def _accept(self) -> None:
        while True:
            await self._room.acquire()
            try:
                client, _ = await self._loop.sock_accept(self._door.listener)
            except OSError:  # those who come wait meanwhile
                self._room.release()
                await asyncio.sleep(_PAUSE_S)
                continue
            self._tally.users.add(user_of(client))
            reader = asyncio.StreamReader()
            # the loop's own server would call listen(), which the walls deny
            transport, protocol = await self._loop.connect_accepted_socket(
                partial(asyncio.StreamReaderProtocol, reader), client
            )
            connection = Connection(reader, asyncio.StreamWriter(transport, protocol, reader, self._loop), self._limits)
            task = self._loop.create_task(self._talk(connection))
            self._clients[task] = connection
            task.add_done_callback(self._left)

    async def _talk(self, connection: Connection) -> None:
        try:
            while not self._stop.is_set() and await self._desk.answer(connection) and await connection.again():
                pass
        except (ConnectionError, TimeoutError):  # the client has left, or takes nothing
            connection.abort()
        finally:
            await connection.close()

    def _left(self, task: asyncio.Task[None]) -> None:
        del self._clients[task]
        self._room.release()
        self._ended(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._fault(fault)

    def _fault(self, fault: BaseException) -> None:
        self._faults.append(fault)
        self._stop.set()

    def _engine_ended(self) -> None:
        """Say, from the engine's thread, that there are no answers any more."""
        with suppress(RuntimeError):  # the loop has ended before it
            self._loop.call_soon_threadsafe(self._no_engine)

    def _no_engine(self) -> None:
        if not self._stop.is_set():
            self._fault(self._engine.failure or OnpremError("the model's thread ended", hint="please report this"))

    async def _end(self, thread: threading.Thread) -> None:
        close_door()
        self._desk.ending = True
        for task, connection in self._clients.items():
            if connection.idle:
                task.cancel()
        await self._leave(self._limits.grace_s)
        self._desk.cut()
        self._engine.close()
        await self._leave(_LAST_S)
        for task in self._clients:
            task.cancel()
        await self._join(thread)
        if thread.is_alive():  # the model is still at what nobody waits for
            self._llm.close()
            await self._join(thread)
        await self._desk.counted()

    async def _leave(self, seconds: float) -> None:
        if self._clients:
            await asyncio.wait([*self._clients], timeout=seconds)

    async def _join(self, thread: threading.Thread) -> None:
        await self._loop.run_in_executor(None, thread.join, _LAST_S)
