"""A list of any length for a screen: only the rows in sight are asked for, so half a million are as quick as ten.

Rules: the row under the cursor is reversed and bears `>`, so that it is seen without colour; a row is one line and is
cut with `…`; control characters never reach the terminal.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from onprem.review import terminal

PAGE = 200  # rows asked for at once
_PAGES = 8  # kept
_MARK = 2  # characters before a row
_PLAIN, _BOLD, _CURSOR = Style(), Style(bold=True), Style(reverse=True)

Row = tuple[str, ...]
Fetch = Callable[[int, int], Sequence[Row]]  # (offset, limit) -> rows


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `width` in characters, 0 takes what is left (one column of a list does)."""

    title: str
    width: int
    right: bool = False


class LongList(ScrollView, can_focus=True):
    """Rows that are fetched by page. The cursor is the index of a row, -1 in an empty list.

    Columns that do not fit are reached by Left and Right; the first `FROZEN` stay.
    """

    FROZEN = 2

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup,ctrl+b", "page(-1)", show=False),
        Binding("pagedown,ctrl+f", "page(1)", show=False),
        Binding("home,g", "go(0)", show=False),
        Binding("end,G", "go(-1)", show=False),
        Binding("enter", "choose", show=False),
        Binding("left", "shift(-1)", show=False),
        Binding("right", "shift(1)", show=False),
    ]

    class Moved(Message):
        """The cursor stands on another row."""

        def __init__(self, index: int) -> None:
            self.index = index
            super().__init__()

    class Chosen(Message):
        """Enter was pressed on a row."""

        def __init__(self, index: int) -> None:
            self.index = index
            super().__init__()

    def __init__(self, columns: Sequence[Column], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.count = 0
        self.cursor = -1
        self.shift = 0  # columns that are left out after the frozen ones
        self._fetch: Fetch = _nothing
        self._pages: OrderedDict[int, Sequence[Row]] = OrderedDict()

    def show(self, count: int, fetch: Fetch, *, at: int = 0) -> None:
        """Show `count` rows, the cursor on row `at`."""
        self.count, self._fetch = count, fetch
        self._pages.clear()
        self.cursor = -1
        self._measure()
        self.scroll_to(y=0, animate=False)
        self.go(at)

    def again(self) -> None:
        """Ask for the rows anew: what they say has changed, their number has not."""
        self._pages.clear()
        self.refresh()

    def go(self, index: int) -> None:
        """Put the cursor on a row, or on the nearest there is."""
        self.cursor = min(max(index, 0), self.count - 1)
        self._into_sight()
        self.refresh()
        self.post_message(self.Moved(self.cursor))

    def row(self, index: int) -> Row:
        """Return one row."""
        number = index // PAGE
        if number not in self._pages:
            self._pages[number] = self._fetch(number * PAGE, PAGE)
            if len(self._pages) > _PAGES:
                self._pages.popitem(last=False)
        self._pages.move_to_end(number)
        return self._pages[number][index - number * PAGE]

    def action_move(self, rows: int) -> None:
        """Move the cursor by rows."""
        self.go(self.cursor + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by what is in sight."""
        self.go(self.cursor + pages * max(1, self._height() - 1))

    def action_go(self, index: int) -> None:
        """Move the cursor to a row; -1 is the last."""
        self.go(index if index >= 0 else self.count - 1)

    def action_choose(self) -> None:
        """Tell that the row under the cursor was chosen."""
        if self.cursor >= 0:
            self.post_message(self.Chosen(self.cursor))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor under the mouse, for who has one."""
        index = self.scroll_offset.y + event.y - 1
        if event.y > 0 and index < self.count:
            self.go(index)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._measure()
        self._into_sight()

    def _measure(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, self.count + 1)

    def _height(self) -> int:
        return max(1, self.scrollable_content_region.height - 1)  # the first line is the titles

    def _into_sight(self) -> None:
        top, height = self.scroll_offset.y, self._height()
        if self.cursor < top:
            self.scroll_to(y=max(0, self.cursor), animate=False)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw everything again: the titles stand still while the rows move."""
        super().watch_scroll_y(old_value, new_value)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return one line: the titles, or a row."""
        width = self.scrollable_content_region.width
        if y == 0:
            return self._strip(self._line([item.title for item in self.columns], "  ", width), _BOLD, width)
        index = self.scroll_offset.y + y - 1
        if index >= self.count:
            return Strip.blank(width, self.rich_style)
        here = index == self.cursor
        line = self._line(self.row(index), "> " if here else "  ", width)
        return self._strip(line, _CURSOR if here else _PLAIN, width)

    def action_shift(self, columns: int) -> None:
        """Leave out one more column on the left, or one less."""
        most = len(self.columns) - self.FROZEN
        while most > 0 and self._needed(most - 1) <= self.scrollable_content_region.width:
            most -= 1
        self.shift = min(max(self.shift + columns, 0), most)
        self.refresh()

    def _shown(self, shift: int) -> list[int]:
        return [index for index in range(len(self.columns)) if not 0 <= index - self.FROZEN < shift]

    def _needed(self, shift: int) -> int:
        shown = self._shown(shift)
        return sum(self.columns[index].width for index in shown) + len(shown) - 1 + _MARK

    def _line(self, cells: Sequence[str], mark: str, width: int) -> str:
        rest = max(4, width - self._needed(self.shift))
        line = mark + " ".join(
            fit(cells[index], self.columns[index].width or rest, right=self.columns[index].right)
            for index in self._shown(self.shift)
        )
        return fit(line, width)

    def _strip(self, line: str, style: Style, width: int) -> Strip:
        shown = self.rich_style + style
        return Strip([Segment(line, shown)]).adjust_cell_length(width, shown)


def _nothing(offset: int, limit: int) -> Sequence[Row]:  # noqa: ARG001 - the shape of a Fetch
    return ()


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return a text as exactly so many characters of the terminal, without control characters."""
    clean = "".join(character if character.isprintable() else " " for character in text)
    if cell_len(clean) > width:
        return set_cell_size(clean, width - 1) + terminal.MORE
    return " " * (width - cell_len(clean)) + clean if right else set_cell_size(clean, width)
