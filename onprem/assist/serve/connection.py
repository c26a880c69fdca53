"""HTTP/1.1 over one accepted connection: a request is read within limits, an answer is written whole or piece by piece.

Rules: the protocol is h11's; every wait has an end and every part of a request a size, so a client that says nothing, or
a little at a time, holds a place for a while and no longer. A request that could be read in two ways (a length and chunks,
an encoded body) is refused, and its connection closed.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import h11

from onprem.assist.serve.forms import Json, Problem, Refused

_PIECE = 65_536  # bytes read at a time


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may ask for, and how long it may take. Bytes and seconds."""

    connections: int = 64
    waiting: int = 32  # requests that wait or are answered
    head_bytes: int = 16_384
    body_bytes: int = 4 << 20
    idle_s: float = 15.0  # until the first byte of a request
    head_s: float = 10.0
    body_s: float = 60.0
    write_s: float = 30.0  # that a client takes nothing of an answer
    grace_s: float = 5.0  # for running answers when the server ends


_ALSO: dict[int, list[tuple[str, str]]] = {
    401: [("WWW-Authenticate", "Bearer")],
    429: [("Retry-After", "1")],
    503: [("Retry-After", "5")],
}


class Connection:
    """One client. `idle` says that it has asked for nothing that is not answered."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: Limits) -> None:
        self._reader, self._writer, self._limits = reader, writer, limits
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.head_bytes)
        self._watch: asyncio.Task[None] | None = None
        self._head_only = False  # of the answer is asked for
        self.idle = True

    async def request(self) -> h11.Request | None:
        """Wait for the head of the next request; None when there is none to come.

        Raises:
            Refused: it is no HTTP, too long or too slow.
        """
        if not self._http.trailing_data[0]:
            try:
                async with asyncio.timeout(self._limits.idle_s):
                    self._http.receive_data(await self._reader.read(_PIECE))
            except TimeoutError:
                return None
        self.idle = False
        event = await self._event(self._limits.head_s)
        if not isinstance(event, h11.Request):
            return None
        self._head_only = event.method == b"HEAD"
        if sum(len(name) + len(value) for name, value in event.headers) + len(event.target) > self._limits.head_bytes:
            raise Refused(Problem(431, f"a head has at most {self._limits.head_bytes} bytes"))
        names = [name for name, _ in event.headers]
        if b"transfer-encoding" in names and b"content-length" in names:
            raise Refused(Problem(400, "a request has a length or chunks, not both"))
        if b"content-encoding" in names:
            raise Refused(Problem(415, "an encoded body is not read"))
        if int(dict(event.headers).get(b"content-length", b"0")) > self._limits.body_bytes:
            raise self._too_long()
        return event

    async def body(self) -> bytes:
        """Return the body of the request.

        Raises:
            Refused: it is too long, too slow or breaks off.
        """
        if self._http.they_are_waiting_for_100_continue:
            await self._send(h11.InformationalResponse(status_code=100, headers=[]))
        content = bytearray()
        deadline = time.monotonic() + self._limits.body_s
        while isinstance(event := await self._event(deadline - time.monotonic()), h11.Data):
            content += event.data
            if len(content) > self._limits.body_bytes:
                raise self._too_long()
        if not isinstance(event, h11.EndOfMessage):
            raise Refused(Problem(400, "the body breaks off"))
        return bytes(content)

    async def answer(self, content: Json, status: int = 200) -> None:
        """Write a whole answer."""
        body = _bytes(content)
        await self._head(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        if not self._head_only:
            await self._send(h11.Data(data=body))
        await self._send(h11.EndOfMessage())

    async def begin(self) -> None:
        """Begin a stream of server-sent events."""
        await self._head(200, [("Content-Type", "text/event-stream; charset=utf-8")])

    async def pieces(self, contents: Iterable[Json]) -> None:
        """Write events of a stream."""
        for content in contents:
            await self._send(h11.Data(data=b"data: " + _bytes(content) + b"\n\n"))

    async def end(self, *, whole: bool = False) -> None:
        """End a stream, which says so where it holds a whole answer."""
        if whole:
            await self._send(h11.Data(data=b"data: [DONE]\n\n"))
        await self._send(h11.EndOfMessage())

    def watch(self, gone: Callable[[], None]) -> None:
        """Call `gone` when the client leaves before `again`; what it sends ahead is kept."""

        async def watched() -> None:
            try:
                data = await self._reader.read(_PIECE)
            except ConnectionError:
                data = b""
            if data:  # the next request; who sends ahead is not watched any longer
                self._http.receive_data(data)
            else:
                gone()

        self._watch = asyncio.create_task(watched())

    async def again(self) -> bool:
        """Return whether another request may come on this connection, and make ready for it."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait({self._watch})
            self._watch = None
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        self.idle = True
        return True

    def abort(self) -> None:
        """Close, and drop what the client has not taken."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Let the client take what was written, then close."""
        if self._watch is not None:
            self._watch.cancel()
        self._writer.close()
        try:
            async with asyncio.timeout(self._limits.write_s):
                await self._writer.wait_closed()
        except (ConnectionError, TimeoutError):
            self.abort()

    async def _event(self, seconds: float) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        try:
            async with asyncio.timeout(seconds):
                while (event := self._http.next_event()) is h11.NEED_DATA:
                    self._http.receive_data(await self._reader.read(_PIECE))
        except h11.RemoteProtocolError as failure:
            raise Refused(Problem(failure.error_status_hint, "the request is not HTTP/1.1 as served here")) from None
        except TimeoutError:
            raise Refused(Problem(408, "the request came too slowly")) from None
        return event

    async def _head(self, status: int, headers: list[tuple[str, str]]) -> None:
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        common = [("Date", date), ("Cache-Control", "no-store"), *_ALSO.get(status, [])]
        if self._http.their_state is not h11.DONE:  # the rest of the request is not read
            common.append(("Connection", "close"))
        await self._send(h11.Response(status_code=status, headers=common + headers))

    async def _send(self, event: h11.Event) -> None:
        """Write, and wait while the client takes nothing.

        Raises:
            ConnectionError, TimeoutError: it has left, or takes nothing.
        """
        self._writer.write(self._http.send(event) or b"")
        async with asyncio.timeout(self._limits.write_s):
            await self._writer.drain()

    def _too_long(self) -> Refused:
        return Refused(Problem(413, f"a body has at most {self._limits.body_bytes} bytes"))


def _bytes(content: Json) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
