"""The plan of a run: its sources, their chunks, and the tasks that workers carry out. Kept sealed: paths identify.

A source's index is its place in the sorted list of input files; a task is a list of chunks of about equal size.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from onprem.errors import InputError, OutputError, UsageError
from onprem.formats.contract import Chunk, Column
from onprem.model import Reason

_TASK_BYTES = 200_000
_LEAST_BYTES = 1_000  # a shorter record is reckoned as so many: its keys, its patient and its lines cost as much
_SKIPPED_NAMES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class InputFile:
    """One input: where it is, and its path below the input root that named it."""

    path: Path = field(repr=False)
    relative: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """One input file as understood. `held` is set when the whole file cannot be read."""

    index: int
    path: str = field(repr=False)
    relative: str = field(repr=False)
    format: str
    columns: tuple[Column, ...] = field(repr=False, default=())
    chunks: tuple[Chunk, ...] = ()
    held: Reason | None = None

    @property
    def records(self) -> int:
        """Number of records, released or not."""
        return sum(chunk.count for chunk in self.chunks) if self.held is None else 1


@dataclass(frozen=True, slots=True)
class Task:
    """A unit of work: pairs (source index, chunk index)."""

    index: int
    pieces: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """All sources and tasks of a run."""

    sources: tuple[SourcePlan, ...]
    tasks: tuple[Task, ...]

    @property
    def records(self) -> int:
        """Number of records of all sources."""
        return sum(source.records for source in self.sources)


def enumerate_inputs(inputs: Sequence[Path]) -> list[InputFile]:
    """List the input files in a stable order: each argument in turn, a folder's files sorted by path.

    Raises:
        InputError: an argument does not exist, or no file was found.
    """
    found: list[InputFile] = []
    for position, given in enumerate(inputs, start=1):
        if given.is_dir():
            found += _walk(given)
        elif given.exists():
            found.append(InputFile(given.resolve(), given.name))
        else:
            raise InputError(f"input {position} does not exist", hint="give files or folders of records")
    if not found:
        raise InputError("no file was found in the input", hint="see the formats in `onprem deid --help`")
    seen: set[str] = set()
    unique: list[InputFile] = []
    for item in found:
        if str(item.path) in seen:
            continue
        seen.add(str(item.path))
        unique.append(item)
    return unique


def _walk(folder: Path) -> Iterator[InputFile]:
    root = folder.resolve()
    for directory, folders, names in os.walk(root, followlinks=False):
        folders.sort()
        for name in sorted(names):
            if name not in _SKIPPED_NAMES:
                path = Path(directory) / name
                yield InputFile(path, path.relative_to(root).as_posix())


def check_output(inputs: Sequence[Path], out: Path, *, resume: bool) -> None:
    """Refuse an output that is, holds or lies inside an input, or that is not empty.

    Raises:
        OutputError: with the reason.
    """
    target = out.resolve()
    for given in inputs:
        source = given.resolve()
        if source == target:
            raise OutputError("the output is the input", hint="give another folder for --out")
        if source.is_dir() and source in target.parents:
            raise OutputError("the output lies inside the input", hint="give a folder outside of it for --out")
        if target in source.parents:
            raise OutputError(
                "the output folder holds the input", hint="raw and clean records are kept apart: give another --out"
            )
    if target.exists() and not target.is_dir():
        raise OutputError("the output is a file", hint="--out names a folder")
    if target.is_dir() and any(target.iterdir()) and not resume:
        raise OutputError(
            "the output folder is not empty", hint="give an empty folder, or --resume to go on with a run"
        )


def make_tasks(sources: Sequence[SourcePlan], *, size_limit: int = _TASK_BYTES) -> tuple[Task, ...]:
    """Group the chunks of all sources, in order, into tasks of up to `size_limit` bytes, at least one chunk each.

    Memory of a worker grows with its task, and a stage ends with the slowest worker: so tasks are small, also where
    records are short, or where a format counts the length of a chunk in rows.
    """
    tasks: list[Task] = []
    pieces: list[tuple[int, int]] = []
    size = 0
    for source in sources:
        for position, chunk in enumerate(source.chunks):
            cost = max(chunk.length, _LEAST_BYTES * chunk.count)
            if pieces and size + cost > size_limit:
                tasks.append(Task(len(tasks), tuple(pieces)))
                pieces, size = [], 0
            pieces.append((source.index, position))
            size += cost
    if pieces:
        tasks.append(Task(len(tasks), tuple(pieces)))
    return tuple(tasks)


def check_lang(lang: str) -> str:
    """Check --lang.

    Raises:
        UsageError: it is none of auto, en, zh.
    """
    if lang not in ("auto", "en", "zh"):
        raise UsageError(f"--lang {lang} is not known", hint="use auto, en or zh")
    return lang
