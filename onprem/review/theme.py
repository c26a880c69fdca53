"""What all screens for people share: how they look, how they say their keys, how they fail.

Rules: the terminal's own colours are kept and colour is never the only sign, so that light and dark terminals, 16
colours and NO_COLOR show the same; every key of a page stands in its bar of keys and in its help, both made from its
bindings; an unforeseen failure closes the screen and is told by the command line, by type and place, never with values;
a terminal that is gone ends the screen as Ctrl+C ends a command.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from typing import ClassVar, TypeVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.geometry import Size
from textual.screen import Screen
from textual.theme import Theme
from textual.widget import Widget
from textual.widgets import Input, Static
from textual.worker import WorkerFailed

from onprem.review import driver
from onprem.review.long_list import Column, LongList, Row, fit

T = TypeVar("T")
_LOOKS = 1.0  # seconds between two looks for the terminal

THEME = Theme(
    name="onprem",
    ansi=True,
    primary="ansi_default",
    secondary="ansi_default",
    warning="ansi_default",
    error="ansi_red",
    success="ansi_default",
    accent="ansi_default",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "border": "ansi_default",
        "border-blurred": "ansi_default",
    },
)
CSS = """
Screen { background: ansi_default; color: ansi_default; layout: vertical; }
LongList { height: 1fr; scrollbar-size: 0 0; background: ansi_default; color: ansi_default; }
VerticalScroll { height: 1fr; scrollbar-size: 0 0; background: ansi_default; }
Static { width: 100%; height: auto; background: ansi_default; color: ansi_default; }
.strong { text-style: bold; }
.said { margin: 1 0 0 0; }
.wrong { text-style: bold; }
TextArea { height: 8; }
Input, TextArea { margin: 1 2; border: ascii ansi_default; background: ansi_default; color: ansi_default; padding: 0 1; }
Input:focus, TextArea:focus { border: ascii ansi_default; }
Input > .input--cursor, TextArea .text-area--cursor {
  background: ansi_default; color: ansi_default; text-style: reverse;
}
Input > .input--selection, TextArea .text-area--selection {
  background: ansi_default; color: ansi_default; text-style: underline;
}
TextArea .text-area--cursor-line { background: ansi_default; }
"""


class ReviewApp(App[None]):
    """A screen for people, whose failures are told by who runs it."""

    CSS = CSS
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    failure: BaseException | None = None

    def __init__(self) -> None:
        # said before the theme is known: else NO_COLOR would turn the terminal's own colours to black on black
        super().__init__(driver_class=driver.Terminal, ansi_color=True)
        self.register_theme(THEME)
        self.theme = THEME.name
        self.animation_level = "none"

    def on_mount(self) -> None:
        """Watch the terminal. Textual calls this beside the same method of a class derived from this one."""
        if not self.is_headless:
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._hung_up)
            self.set_interval(_LOOKS, self._look)

    def _look(self) -> None:
        if driver.hung_up():
            self._hung_up()

    def _hung_up(self) -> None:
        self._handle_exception(KeyboardInterrupt())

    def _handle_exception(self, error: BaseException) -> None:
        """Close the screen; the base class would print a traceback with the values of all variables."""
        if isinstance(error, WorkerFailed) and isinstance(error.error, Exception):
            error = error.error
        if self.failure is None:
            self.failure = error
        self._return_code = 1
        if self._exception is None and isinstance(error, Exception):  # a pilot raises it again
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()

    def panic(self, *renderables: object) -> None:  # noqa: ARG002 - Textual's shape
        """Close the screen without showing what was to be shown."""
        self._handle_exception(RuntimeError("the screen cannot be drawn"))

    def action_help_quit(self) -> None:
        """Say how to leave, for who tries Ctrl+C."""
        self.bell()


def show(app: ReviewApp) -> None:
    """Run a screen until the person leaves it.

    Raises:
        KeyboardInterrupt: the terminal is gone.
        Exception: what else ended it, if something did.
    """
    app.run()
    if app.failure is not None:
        raise app.failure


class Title(Widget):
    """The first line of a page, reversed over its whole width."""

    DEFAULT_CSS = "Title { height: 1; width: 100%; }"

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render(self) -> Text:
        """Return the line."""
        return Text(fit(f" {self.text}", self.size.width), Style(bold=True, reverse=True), no_wrap=True)


class KeyBar(Widget):
    """The last lines of a page: its keys, never cut within a word."""

    DEFAULT_CSS = "KeyBar { height: auto; width: 100%; dock: bottom; }"

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's shape
        """Return how many lines the keys need."""
        return len(self._lines(width))

    def render(self) -> Text:
        """Return the keys, reversed, each with its words."""
        return Text("\n", no_wrap=True).join(self._lines(self.size.width))

    def _lines(self, width: int) -> list[Text]:
        lines, line = [], Text()
        for item in shown_keys(self.screen):
            words = Text.assemble((item.key_display or item.key, Style(reverse=True)), f" {item.description}")
            if line and cell_len(line.plain) + 2 + cell_len(words.plain) > width:
                lines.append(line)
                line = Text()
            line = Text.assemble(line, "  ", words) if line else words
        return [*lines, line]


def shown_keys(screen: Screen[T]) -> Iterator[Binding]:
    """Yield the keys that a page shows, in the order in which it names them."""
    for item in screen.BINDINGS:
        if isinstance(item, Binding) and item.show:
            yield item


def help_text(page: Screen[T], words: str) -> Text:
    """Return the help of a page: words about it, then every key with what it does."""
    keys = list(shown_keys(page))
    width = max(len(item.key_display or item.key) for item in keys)
    lines = [
        Text.assemble((f"  {item.key_display or item.key:<{width}}  ", "bold"), item.tooltip or item.description)
        for item in keys
    ]
    return Text("\n").join([Text(words)] * bool(words) + lines)


class Page(Screen[T]):
    """A page: a title, something below it, its keys. Escape leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f1", "help", show=False)]
    ABOUT: ClassVar[str] = ""  # of the page's help

    AUTO_FOCUS = "LongList, Input, TextArea, VerticalScroll"

    def __init__(self, title: str) -> None:
        super().__init__()
        self.heading = title

    def body(self) -> ComposeResult:
        """Yield what stands between the title and the keys."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Yield the parts of the page."""
        yield Title(self.heading)
        yield from self.body()
        yield KeyBar()

    def action_help(self) -> None:
        """Explain the page and its keys."""
        self.app.push_screen(Notice(f"Help: {self.heading}", help_text(self, self.ABOUT)))

    def action_none(self) -> None:
        """Do nothing: the list or the text that has the focus takes the key."""

    def action_leave(self) -> None:
        """Go back without an answer."""
        self.dismiss(None)


LEAVE = Binding("escape", "leave", "Back", key_display="Esc", tooltip="Go back")


class Notice(Page[None]):
    """Text to read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,down,pageup,pagedown", "none", "Read on", key_display="Up/Down", tooltip="Move the text"),
        LEAVE,
        Binding("enter,q", "leave", show=False),
    ]

    def __init__(self, title: str, text: Text | str) -> None:
        super().__init__(title)
        self.text = text
        self.can_leave = True

    def body(self) -> ComposeResult:
        """Yield the text."""
        yield VerticalScroll(Static(self.text, markup=False, classes="said"))

    def action_leave(self) -> None:
        """Go back, if that is possible now."""
        if self.can_leave:
            self.dismiss(None)

    def action_help(self) -> None:
        """Text needs no explanation."""


class Choice(Page[int]):
    """One of several things; the answer is its place in the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,down", "none", "Move", key_display="Up/Down"),
        Binding("enter", "none", "Choose", key_display="Enter"),
        LEAVE,
    ]

    def __init__(self, title: str, columns: list[Column], rows: list[Row], *, at: int = 0) -> None:
        super().__init__(title)
        self.columns, self.rows, self.at = columns, rows, at

    def body(self) -> ComposeResult:
        """Yield the list."""
        yield LongList(self.columns)

    def on_mount(self) -> None:
        """Fill the list."""
        rows = self.rows
        self.query_one(LongList).show(len(rows), lambda offset, limit: rows[offset : offset + limit], at=self.at)

    def on_long_list_chosen(self, message: LongList.Chosen) -> None:
        """Answer."""
        self.dismiss(message.index)


class Question(Page[str]):
    """One line to type. `check` says what is wrong with it, `answer` is what the page gives back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "none", "Take it", key_display="Enter"),
        LEAVE,
    ]

    def __init__(self, title: str, explanation: str, value: str) -> None:
        super().__init__(title)
        self.explanation, self.value = explanation, value

    def check(self, value: str) -> str:  # noqa: ARG002 - for those that check
        """Return what is wrong with the line."""
        return ""

    def answer(self, value: str) -> str:
        """Return what the line means."""
        return value

    def body(self) -> ComposeResult:
        """Yield the explanation, the line and room for what is wrong with it."""
        yield Static(self.explanation, markup=False, classes="said")
        yield Input(self.value, select_on_focus=False)
        yield Static("", markup=False, id="wrong", classes="wrong")

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Answer, or say what is wrong."""
        wrong = self.check(message.value.strip())
        if wrong:
            self.query_one("#wrong", Static).update(f"! {wrong}")
        else:
            self.dismiss(self.answer(message.value.strip()))
