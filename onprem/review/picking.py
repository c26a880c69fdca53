"""Marking a place in a text by keyboard: by words, by single characters, at either end or both."""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from onprem.review.record_text import REACH, Masked, Place
from onprem.review.text_pane import TextPane
from onprem.review.theme import LEAVE, Page
from onprem.text import tokenize


class Edge(StrEnum):
    """What moves."""

    WORD = "the word"
    START = "its beginning"
    END = "its end"


class Pick:
    """The place as it is marked. It never is empty and never leaves the part of the text that is laid out."""

    def __init__(self, text: str, place: Place, masked: Sequence[Masked], *, edge: Edge) -> None:
        """Begin at `place`, at the word after it where it is empty. What is masked is stepped over."""
        self.masked = masked
        self.low, self.high = max(0, place.start - REACH), min(len(text), place.end + REACH)
        tokens = tokenize(text[self.low : self.high])
        places = [(self.low + start, self.low + end) for start, end in zip(tokens.starts, tokens.ends, strict=True)]
        hidden = sorted((start, end) for start, end, _ in masked if end <= place.start or place.end <= start)
        free = [(start, end) for start, end in places if not _within(start, hidden)] or [(self.low, self.high)]
        self._starts, self._ends = [start for start, _ in free], [end for _, end in free]
        self.place, self.edge = place, edge
        if place.start >= place.end:
            self._take(self._token(place.start))

    def turn(self) -> None:
        """Let the next of word, beginning and end move."""
        order = list(Edge)
        self.edge = order[(order.index(self.edge) + 1) % len(order)]

    def step(self, words: int) -> None:
        """Move what moves by words, later ones for positive numbers."""
        start, end = self.place.start, self.place.end
        if self.edge is Edge.WORD:
            self._take(self._token(start) + words)
        elif self.edge is Edge.START:
            self._put(self._beyond(self._starts, start, words), end)
        else:
            self._put(start, self._beyond(self._ends, end, words))

    def nudge(self, characters: int) -> None:
        """Move a border by characters; the end where the word moves."""
        start, end = self.place.start, self.place.end
        if self.edge is Edge.START:
            self._put(start + characters, end)
        else:
            self._put(start, end + characters)

    def _put(self, start: int, end: int) -> None:
        if self.low <= start < end <= self.high:
            self.place = Place(start, end)

    def _take(self, token: int) -> None:
        token = max(0, min(token, len(self._starts) - 1))
        self._put(self._starts[token], self._ends[token])

    def _token(self, offset: int) -> int:
        return max(0, bisect_right(self._starts, offset) - 1)

    @staticmethod
    def _beyond(borders: Sequence[int], here: int, words: int) -> int:
        """Return the border `words` on from `here`, which need not be a border itself."""
        at = bisect_right(borders, here) - 1 + words if words > 0 else bisect_left(borders, here) + words
        return borders[at] if 0 <= at < len(borders) else here


def _within(offset: int, places: Sequence[tuple[int, int]]) -> bool:
    """Say whether an offset lies in one of the places, which are in order."""
    at = bisect_right(places, (offset, sys.maxsize)) - 1
    return at >= 0 and offset < places[at][1]


class PickPage(Page[Place]):
    """A text in which a place is marked. The answer is the place."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "Back", key_display="Left"),
        Binding("right", "step(1)", "On", key_display="Right"),
        Binding("up", "step(-10)", "Ten back", key_display="Up"),
        Binding("down", "step(10)", "Ten on", key_display="Down"),
        Binding("comma", "nudge(-1)", "One character", key_display=", ."),
        Binding("full_stop", "nudge(1)", show=False),
        Binding("tab", "turn", "Word, beginning, end", key_display="Tab"),
        Binding("enter", "take", "Take it", key_display="Enter"),
        LEAVE,
    ]

    def __init__(self, title: str, text: str, pick: Pick) -> None:
        super().__init__(title)
        self._text = text
        self.pick = pick

    def body(self) -> ComposeResult:
        """Yield what moves, and the text."""
        yield Static("", markup=False, id="moves")
        yield TextPane()

    def on_mount(self) -> None:
        """Show the text."""
        self._show()

    def action_step(self, words: int) -> None:
        """Move by words."""
        self.pick.step(words)
        self._show()

    def action_nudge(self, characters: int) -> None:
        """Move by characters."""
        self.pick.nudge(characters)
        self._show()

    def action_turn(self) -> None:
        """Let something else move."""
        self.pick.turn()
        self._show()

    def action_take(self) -> None:
        """Answer."""
        self.dismiss(self.pick.place)

    def _show(self) -> None:
        self.query_one("#moves", Static).update(f"What moves: {self.pick.edge}")
        self.query_one(TextPane).show(self._text, self.pick.place, self.pick.masked)
