"""The terminal that a screen for people needs, looked at before the screen is imported.

Rules: no mouse, no colour and no more than 80 by 24 characters are needed; settings of the screen library that come
from the environment are dropped, because some of them write what is shown or typed to a file.
"""

from __future__ import annotations

import os
import shutil
import sys

from onprem.errors import UsageError


def _can_show(text: str) -> bool:
    try:
        text.encode((sys.__stderr__.encoding if sys.__stderr__ is not None else None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


MORE = "…" if _can_show("…") else "~"  # there is more
BAR = "#"  # blocks and lines of other alphabets are two characters wide on some terminals
COLUMNS, LINES = 60, 18  # the least that shows a list and its keys; everything is made for 80 by 24


def prepare(*, instead: str) -> None:
    """Check that a screen can be shown here. Call before importing a screen.

    `instead` is the command that does the same without a screen.

    Raises:
        UsageError: standard input or output is no terminal, or it is too small or too simple.
    """
    for name in [name for name in os.environ if name == "TEXTUAL" or name.startswith("TEXTUAL_")]:
        del os.environ[name]
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the screen needs a terminal", hint=f"without one: {instead}")
    if os.environ.get("TERM", "dumb") in ("", "dumb"):
        raise UsageError("this terminal cannot place text", hint=f"set TERM, or use: {instead}")
    size = shutil.get_terminal_size()
    if size.columns < COLUMNS or size.lines < LINES:
        raise UsageError(
            f"the terminal is too small: {size.columns} by {size.lines} characters",
            hint=f"make it at least {COLUMNS} by {LINES}, better 80 by 24, or use: {instead}",
        )
