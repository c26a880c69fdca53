"""What a model has said so far, as text that may be shown: no half characters, no beginning of what ends the answer.

Rules: bytes that can never be UTF-8 become U+FFFD; bytes that may still become a character are held back, as is text that
may still become a stop text. What is held back at the end is shown if it is whole, and dropped if it is half a character.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class Said:
    """Grows by the bytes of one token at a time."""

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stops = tuple(stop for stop in stops if stop)
        self._shown: list[str] = []
        self._held = ""
        self.stopped = False  # by a stop text

    @property
    def text(self) -> str:
        """All that was shown."""
        return "".join(self._shown)

    def add(self, piece: bytes) -> str:
        """Take the bytes of a token; return what may be shown now."""
        self._held += self._decoder.decode(piece)
        found = [place for stop in self._stops if (place := self._held.find(stop)) >= 0]
        if found:
            self.stopped = True
            self._held = self._held[: min(found)]
            return self._show(len(self._held))
        return self._show(len(self._held) - self._may_begin())

    def end(self) -> str:
        """Return what was held back and may be shown, because nothing follows."""
        return self._show(len(self._held))

    def _show(self, count: int) -> str:
        shown, self._held = self._held[:count], self._held[count:]
        self._shown.append(shown)
        return shown

    def _may_begin(self) -> int:
        """Return how many characters at the end may be the beginning of a stop text."""
        longest = max(map(len, self._stops), default=0)
        for count in range(min(longest - 1, len(self._held)), 0, -1):
            if any(stop.startswith(self._held[-count:]) for stop in self._stops):
                return count
        return 0
