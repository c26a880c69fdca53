"""Progress as a protocol: silent by default; the command line draws it, `--json` prints it.

Progress carries counts and stage names only, never a value of a record or a file name.
"""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives what a long job has done."""

    def stage(self, name: str, total: int | None) -> None:
        """Begin a stage of `total` units (None: not known)."""

    def advance(self, units: int) -> None:
        """Report `units` more done in the current stage."""


class Silent:
    """The default: nothing is shown."""

    def stage(self, name: str, total: int | None) -> None:
        """Ignore the stage."""

    def advance(self, units: int) -> None:
        """Ignore the units."""
