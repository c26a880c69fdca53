"""Whose records a run read: references of patients, by which audit events name them (ISO 27789: whose record).

Rules: a reference is a keyed digest, so the file holds no value; memory grows by about 100 bytes a patient.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from onprem.pipeline.room import Room

_FILE = "touched.txt"


def begin(room: Room) -> None:
    """Begin the run's list anew."""
    _path(room).write_text("", encoding="ascii")


def add(room: Room, subjects: Iterable[str]) -> None:
    """Note that the run reads records of these patients."""
    references = sorted({room.subjects.reference(subject) for subject in subjects})
    with _path(room).open("a", encoding="ascii") as file:
        file.writelines(f"{reference}\n" for reference in references)


def references(room: Room) -> list[str]:
    """Return the references of all patients of the run, each once, in order."""
    if not _path(room).exists():  # no input could be read
        return []
    return sorted(set(_path(room).read_text(encoding="ascii").split()))


def _path(room: Room) -> Path:
    return room.folder / _FILE
