"""How a command and the process of a model talk: JSON in frames, over two private pipes.

Rules: a frame is its length, four bytes, big end first, and that many bytes of UTF-8 JSON; a longer one than `MAX_BYTES` is
no frame. What is read stays read when a signal interrupts the reading, so that the next frame begins where it should.
Prompts and answers cross these pipes; nothing else sees them (docs/decisions/0016-text-crosses-one-pipe.md).
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from typing import Any

MAX_BYTES = 64 << 20  # of one frame: a prompt of a million tokens is a tenth of it
_HEAD = struct.Struct(">I")
_PIECE = 1 << 16

Frame = Mapping[str, object]


class Closed(Exception):  # noqa: N818 - no failure by itself: the other side has ended
    """The other side has closed the pipe, or what came is no frame."""


class Reader:
    """Reads frames from a descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = bytearray()

    def read(self) -> dict[str, Any]:
        """Wait for the next frame and return it.

        Raises:
            Closed: there is none to come.
        """
        (length,) = _HEAD.unpack(self._first(_HEAD.size))
        if length > MAX_BYTES:
            raise Closed
        whole = self._first(_HEAD.size + length)
        try:
            content = json.loads(whole[_HEAD.size :])
        except ValueError:
            raise Closed from None
        if not isinstance(content, dict):
            raise Closed
        del self._buffer[: len(whole)]
        return content

    def _first(self, count: int) -> bytes:
        """Return the first bytes of the buffer, filled as far as needed, and leave them there."""
        while len(self._buffer) < count:
            piece = os.read(self._descriptor, _PIECE)
            if not piece:
                raise Closed
            self._buffer += piece
        return bytes(self._buffer[:count])


def write(descriptor: int, content: Frame) -> None:
    """Write one frame.

    Raises:
        Closed: nobody reads any more, or the frame is too long.
    """
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    if len(body) > MAX_BYTES:
        raise Closed
    view = memoryview(_HEAD.pack(len(body)) + body)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except BrokenPipeError:
        raise Closed from None
