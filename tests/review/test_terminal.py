"""What a screen needs of its terminal, and what it does not take from the environment."""

import io
import os
from types import SimpleNamespace

import pytest

from onprem.errors import UsageError
from onprem.review import terminal


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def at_terminal(monkeypatch):
    streams = SimpleNamespace(stdin=Terminal(), stdout=Terminal())
    monkeypatch.setattr(terminal, "sys", streams)  # pytest puts its own streams back before the test
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((80, 24)))
    return streams


def test_a_terminal_of_80_by_24_will_do(at_terminal):
    terminal.prepare(instead="onprem audit list")


@pytest.mark.parametrize("stream", ["stdin", "stdout"])
def test_a_pipe_is_refused_with_the_command_that_needs_no_screen(at_terminal, stream):
    setattr(at_terminal, stream, io.StringIO())
    with pytest.raises(UsageError) as caught:
        terminal.prepare(instead="onprem audit list")
    assert "onprem audit list" in caught.value.hint


@pytest.mark.parametrize("name", ["dumb", ""])
def test_a_terminal_that_cannot_place_text_is_refused(at_terminal, monkeypatch, name):
    monkeypatch.setenv("TERM", name)
    with pytest.raises(UsageError, match="cannot place text"):
        terminal.prepare(instead="x")


@pytest.mark.parametrize("size", [(59, 24), (80, 17)], ids=str)
def test_a_terminal_that_is_too_small_is_told_its_size(at_terminal, monkeypatch, size):
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size(size))
    with pytest.raises(UsageError, match=f"{size[0]} by {size[1]}"):
        terminal.prepare(instead="x")


def test_settings_of_the_screen_library_that_write_files_are_dropped(at_terminal, monkeypatch):
    for name in ("TEXTUAL", "TEXTUAL_LOG", "TEXTUAL_SCREENSHOT", "TEXTUAL_DEVTOOLS_HOST"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("TEXTUALLY", "mine")
    terminal.prepare(instead="x")
    assert [name for name in os.environ if name.startswith("TEXTUAL")] == ["TEXTUALLY"]
