"""Printing: data and talk apart, JSON lines, terminals wide and narrow, no colour where none is wanted."""

import io
import json

import pytest

from onprem.cli import render
from onprem.errors import InputError
from onprem.model import Finding, Severity
from onprem.progress import Silent


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    def make(*, columns=100, **environment):
        screen = Terminal()
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("TERM", "xterm-256color")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.stdout", screen)
        monkeypatch.setattr("sys.stderr", screen)
        return screen

    return make


ROWS = [("keys", "ok", "可以读取"), ("disk", "error", "0.1 GB free where the site is, which is not enough")]
COLUMNS = ("check", "state", "finding")


def test_error_is_one_line_and_a_hint_on_standard_error(capsys):
    render.error(InputError("an input cannot be read", hint="check the path"))
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "onprem: error: an input cannot be read\nonprem: hint: check the path\n"
    render.error(InputError("an input cannot be read"))
    assert capsys.readouterr().err == "onprem: error: an input cannot be read\n"


def test_json_lines(capsys):
    render.table(COLUMNS, ROWS, json=True)
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["check"] for line in lines] == ["keys", "disk"]
    render.document({"a": 1, "b": None}, json=True)
    assert json.loads(capsys.readouterr().out) == {"a": 1, "b": None}


def test_piped_rows_stay_rows(capsys):
    render.table(("a", "b"), [("x\ty\nz", True), (None, 1.23456)], json=False)
    assert capsys.readouterr().out == "a\tb\nx y z\tyes\n\t1.235\n"


def test_table_on_a_terminal_has_colour_and_no_colour_has_none(terminal):
    screen = terminal()
    render.table(COLUMNS, ROWS, json=False, title="Doctor")
    assert "\x1b[" in screen.getvalue()
    screen = terminal(NO_COLOR="1")
    render.table(COLUMNS, ROWS, json=False)
    assert "\x1b[3" not in screen.getvalue()
    assert "error" in screen.getvalue()  # colour is not the only sign


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_table_keeps_to_the_width_and_loses_nothing(terminal, columns):
    from rich.cells import cell_len

    screen = terminal(columns=columns, NO_COLOR="1", TERM="dumb")
    render.table(COLUMNS, ROWS, json=False)
    lines = screen.getvalue().splitlines()
    assert max(cell_len(line) for line in lines) <= columns
    letters = "".join("".join(lines).split())
    assert all(character in letters for character in "可以读取keysdiskerror0.1GB")


def test_markup_in_a_value_is_text(terminal):
    screen = terminal(NO_COLOR="1")
    render.table(("a",), [("[red]x[/red] :smile:",)], json=False)
    assert "[red]x[/red] :smile:" in screen.getvalue()


def test_control_characters_never_reach_a_terminal(terminal, capsys):
    screen = terminal(NO_COLOR="1")
    render.table(("a",), [("x\x1b]0;title\x07y",)], json=False)
    assert "\x1b]" not in screen.getvalue()


def test_text_that_the_stream_cannot_show_is_escaped(monkeypatch):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    monkeypatch.setattr("sys.stdout", stream)
    render.line("病 \udcff")
    stream.flush()
    assert raw.getvalue() == b"\\u75c5 \\udcff\n"


def test_worst():
    def finding(severity):
        return Finding("code", severity, "", "")

    assert render.worst([]) is Severity.INFO
    assert render.worst([finding(Severity.WARNING), finding(Severity.ERROR), finding(Severity.INFO)]) is Severity.ERROR


def test_progress_is_silent_when_piped(capsys):
    with render.bar(json=False) as progress:
        assert isinstance(progress, Silent)
        progress.stage("read", 3)
        progress.advance(3)
    assert capsys.readouterr() == ("", "")


def test_progress_as_json_lines_on_standard_error(capsys):
    with render.bar(json=True) as progress:
        progress.stage("read", 3)
        for _ in range(3):
            progress.advance(1)
        progress.stage("write", None)
        progress.advance(5)
    out, err = capsys.readouterr()
    assert out == ""
    shown = [json.loads(line)["progress"] for line in err.splitlines()]
    assert {"stage": "read", "done": 3, "total": 3} in shown
    assert {"stage": "write", "done": 0, "total": None} in shown


def test_bar_on_a_terminal(terminal):
    screen = terminal(columns=60)
    with render.bar(json=False) as progress:
        assert isinstance(progress, render.Bar)
        progress.stage("read", 3)
        progress.advance(2)
        progress.stage("write", None)
        progress.advance(1)
    assert "read" in screen.getvalue() or "write" in screen.getvalue()


def test_terminal_without_cursor_gets_no_control_codes(terminal):
    screen = terminal(TERM="dumb")
    with render.bar(json=False) as progress:
        progress.stage("read", 3)
        progress.advance(3)
    assert "\x1b[" not in screen.getvalue()
