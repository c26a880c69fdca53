"""What people type: passphrases without echo on the terminal, or a line each from the descriptor of --passphrase-fd.

Rules: nothing secret is read from the command line, the environment or standard input; the terminal is `/dev/tty`, so
data can be piped meanwhile; an echo that was turned off is turned on again, however the reading ends; the descriptor is
not inherited by children; every unlocking of a vault, right or wrong, is an event.
"""

from __future__ import annotations

import os
import termios
from typing import TYPE_CHECKING

from onprem.cli import render
from onprem.errors import SiteError, UsageError

if TYPE_CHECKING:
    from onprem.config import Site

MIN_CHARACTERS = 12  # of a new passphrase
_MAX_LINE = 4_096  # bytes
_ATTEMPTS = 3  # at a terminal


class Lines:
    """The lines of a descriptor, one answer each."""

    def __init__(self, descriptor: int) -> None:
        """Take a descriptor of 3 or above; 0 to 2 are for data and talk.

        Raises:
            UsageError: it is not open, or below 3.
        """
        try:
            if descriptor < 3:
                raise OSError
            os.set_inheritable(descriptor, False)
        except OSError:
            raise UsageError(
                "the descriptor of --passphrase-fd is not open, or below 3",
                hint="onprem --passphrase-fd 3 COMMAND 3<FILE",
            ) from None
        self._file = os.fdopen(descriptor, "rb", buffering=0, closefd=True)

    def next(self) -> str:
        """Return the next line.

        Raises:
            UsageError: there is none, or it is too long or no text.
        """
        return _text(self._file.readline(_MAX_LINE + 1))


_lines: list[Lines] = []


def read_from(descriptor: int) -> None:
    """Read everything that is asked for from a descriptor, in the order in which it is asked."""
    _lines[:] = [Lines(descriptor)]


def secret(label: str) -> str:
    """Ask for a passphrase, without echo.

    Raises:
        UsageError: there is neither a terminal nor a descriptor, or what was given is no text.
    """
    return _lines[-1].next() if _lines else _typed(label, shown=False)


def answer(label: str) -> str:
    """Ask for something that may be seen. Raises as `secret`."""
    return (_lines[-1].next() if _lines else _typed(label, shown=True)).strip()


def typed(label: str) -> str:
    """Ask at the terminal for something that may be seen, descriptor or not. Raises as `secret`."""
    return _typed(label, shown=True).strip()


def new_secret(label: str) -> str:
    """Ask for a passphrase that is to be set, on a terminal twice.

    Raises:
        UsageError: it is short, was typed in two ways, or as `secret`.
    """
    first = secret(f"new {label}")
    if len(first) < MIN_CHARACTERS:
        raise UsageError(f"a passphrase has {MIN_CHARACTERS} characters or more", hint="take several words")
    if not _lines and secret(f"new {label}, once more") != first:
        raise UsageError("the two are not the same", hint="run the command again")
    return first


def confirmed(question: str, *, yes: bool) -> None:
    """Ask for a yes on the terminal, unless `yes` says so already.

    Raises:
        UsageError: the answer is another one, or there is no terminal.
    """
    if yes:
        return
    try:
        given = typed(f"{question} Type yes")
    except UsageError:
        raise UsageError("this asks for a yes at a terminal", hint="add --yes") from None
    if given != "yes":
        raise UsageError("not confirmed, nothing was done")


def open_vault(site: Site) -> None:
    """Unlock a site that passphrases hold; what `custody.open_by` is given.

    Raises:
        SiteError: what was typed does not open it.
        AuditError: the event cannot be written.
    """
    from onprem.audit.events import Event, Outcome
    from onprem.audit.log import AuditLog
    from onprem.vault import custody

    attempts = 1 if _lines else _ATTEMPTS
    for attempt in range(1, attempts + 1):
        right = custody.unlock(site, secret)
        outcome = Outcome.DONE if right else Outcome.REFUSED
        AuditLog(site).append(Event("vault.unlock", outcome, counts={"attempt": attempt}))
        if right:
            return
        if attempt < attempts:
            render.talk("that does not open the vault; try again")
    raise SiteError("what was typed does not open the vault", hint="see how it is held: onprem vault status")


def _typed(label: str, *, shown: bool) -> str:
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        raise UsageError(
            "there is no terminal to ask at", hint="give what is asked for by --passphrase-fd N, a line each"
        ) from None
    with os.fdopen(terminal, "r+b", buffering=0) as tty:
        before = termios.tcgetattr(tty)
        quiet = [*before]
        quiet[3] = before[3] & ~termios.ECHO
        try:
            if not shown:
                termios.tcsetattr(tty, termios.TCSAFLUSH, quiet)
            tty.write(f"onprem: {label}: ".encode())
            return _text(tty.readline(_MAX_LINE + 1))
        finally:
            if not shown:
                termios.tcsetattr(tty, termios.TCSADRAIN, before)
                tty.write(b"\n")


def _text(line: bytes) -> str:
    if not line:
        raise UsageError("something was asked for and nothing was given")
    if len(line) > _MAX_LINE:
        raise UsageError("a line is too long")
    try:
        return line.removesuffix(b"\n").removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise UsageError("what was typed is no text", hint="type it in UTF-8") from None
