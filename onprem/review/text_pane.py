"""A pane with the text of a record: the place in question in sight, moved by keys, laid out anew when the screen changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widget import Widget

from onprem.review.record_text import Line, Masked, Place, lay_out, line_of

_STYLES = {"": Style(), "mark": Style(bold=True, reverse=True), "dim": Style(dim=True)}


class TextPane(Widget, can_focus=True):
    """Shows one text at a time; nothing of it is kept when another is shown."""

    DEFAULT_CSS = "TextPane { height: 1fr; width: 100%; background: ansi_default; color: ansi_default; margin: 1 0; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self._place = Place(0, 0)
        self._masked: Sequence[Masked] = ()
        self._lines: list[Line] = []
        self._top = 0

    def show(self, text: str, place: Place, masked: Sequence[Masked]) -> None:
        """Show a text with a place in the middle of the pane."""
        self._text, self._place, self._masked = text, place, masked
        self._lay_out()

    def on_resize(self) -> None:
        """Lay the text out for the new width."""
        self._lay_out()

    def action_move(self, lines: int) -> None:
        """Move the text by lines."""
        self._top = max(0, min(self._top + lines, len(self._lines) - self.size.height))
        self.refresh()

    def action_page(self, pages: int) -> None:
        """Move the text by what is in sight."""
        self.action_move(pages * max(1, self.size.height - 1))

    def render_line(self, y: int) -> Strip:
        """Return one line of the pane."""
        plain = self.rich_style
        index = self._top + y
        line = self._lines[index] if index < len(self._lines) else []
        pieces = [Segment(" ", plain)]
        pieces += [Segment(cell.shown, plain + _STYLES[cell.style]) for cell in line if cell.shown != "\n"]
        return Strip(pieces).adjust_cell_length(self.size.width, plain)

    def _lay_out(self) -> None:
        if self.size.width > 2:
            self._lines = lay_out(self._text, self._place, self._masked, width=self.size.width - 2)
            self._top = 0
            self.action_move(line_of(self._lines, self._place.start) - self.size.height // 2)
