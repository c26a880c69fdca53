"""What both kinds of `onprem synth` share: what was made from records has no name of its own until the gate lets it pass."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from onprem.cli import render
from onprem.errors import OutputError, UsageError

if TYPE_CHECKING:
    from onprem.evaluate.privacy.contract import Result


def held_of(out: Path) -> Path:
    """Return where what is made from records stands until it has passed."""
    return out.with_name(out.name + ".held")


def check_halves(records: Path | None, unseen: Path | None, hold_out: float | None) -> None:
    """Refuse what cannot be said of the records that are never used.

    Raises:
        UsageError: it says which.
    """
    if records is None and (unseen is not None or hold_out is not None):
        raise UsageError("--unseen and --hold-out go with --records", hint="name the records as well")
    if unseen is not None and hold_out is not None:
        raise UsageError("--unseen and --hold-out exclude each other", hint="give one of them")


def check_free(out: Path) -> None:
    """Refuse to make what is there, or what an earlier run left unscreened or refused.

    Raises:
        OutputError: it says which.
    """
    if out.exists():
        raise OutputError("the output is there already", hint="name another one for --out, or remove it")
    if held_of(out).exists():
        words = (
            "what an earlier run made from records stands as OUT.held: it did not pass the gate, or was not screened"
        )
        raise OutputError(words, hint="name another one for --out, or remove it")


def settle(out: Path, result: Result) -> None:
    """Give what was made its name if it passed.

    Raises:
        OutputError: the folder refuses; it stays as it is.
    """
    if result.passed:
        try:
            held_of(out).rename(out)
        except OSError:
            raise OutputError("the output cannot be written", hint="it stays as OUT.held; check the folder") from None


def told(out: Path, result: Result) -> None:
    """Say where what did not pass is."""
    if not result.passed:
        render.talk(f"the privacy gate says {result.verdict}: what was made stays as {held_of(out).name}")
