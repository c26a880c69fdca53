"""The file of lines of a long run: written as it goes, renamed when all is there, gone on with where it was cut short.

Rules: lines go to FILE.partial (0600), which becomes FILE when all are there; FILE.job says by a digest which job it is of,
and one that is not the same is refused. A line is whole or not there.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from onprem.errors import OutputError

Line = dict[str, Any]

# what a terminal may obey; JSON may write any character by its number
_STEERS = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def written(line: Line) -> str:
    """Return a line as JSON on one line, harmless for a terminal, without its newline."""
    text = json.dumps(line, ensure_ascii=False, allow_nan=False)
    return _STEERS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def job_digest(*settings: object) -> str:
    """Return the digest of what makes a job the same: model, settings, inputs."""
    return hashlib.sha256(repr(settings).encode(errors="surrogateescape")).hexdigest()


def _object(line: bytes) -> Line:
    found = json.loads(line)
    if not isinstance(found, dict):
        raise ValueError("no line")
    return found


def _counted(line: Line) -> Line:
    """Return of an earlier line what is counted."""
    return {key: line[key] for key in ("error", "of", "supported", "found") if key in line}


class Out:
    """The file of lines. Use as a context: it is renamed to its name by `finish` alone."""

    def __init__(self, path: Path, digest: str, *, resume: bool, counted: Callable[[Line], Line] = _counted) -> None:
        """Open the partial file, anew or behind its last whole line; `before` is what `counted` says of each earlier line.

        Raises:
            OutputError: FILE is there already, an unfinished one is and `resume` is not asked for, the unfinished one is of
                another job, or it cannot be written.
        """
        self._path = path
        self._partial, self._job = (path.with_name(path.name + end) for end in (".partial", ".job"))
        if os.path.lexists(path):
            raise OutputError("the output is there already", hint="name another file for --out, or remove it")
        self.before: list[Line] = []
        self._counted = counted
        try:
            if os.path.lexists(self._partial):
                self._go_on(digest, resume=resume)
            else:
                _private(self._job, os.O_TRUNC, digest.encode())
                _private(self._partial, os.O_EXCL, b"")
            self._file = self._partial.open("ab")
        except OSError:
            raise _unwritable() from None

    def _go_on(self, digest: str, *, resume: bool) -> None:
        if not resume:
            raise OutputError("an unfinished output is there", hint="go on with --resume, or remove its .partial file")
        if self._partial.is_symlink() or not self._job.is_file() or self._job.read_bytes() != digest.encode():
            words = "the unfinished output is of another job: another model, other settings or other inputs"
            raise OutputError(words, hint="give the same command as before, or remove its .partial file")
        whole = 0
        with self._partial.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                try:
                    self.before.append(self._counted(_object(line)))
                except ValueError:
                    break
                whole += len(line)
        os.truncate(self._partial, whole)

    def __enter__(self) -> Out:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # what was not written is asked again by --resume
            self._file.close()
            if self._partial.is_file() and not self._partial.stat().st_size:
                self._partial.unlink()  # nothing was begun
                self._job.unlink()

    def write(self, line: Line) -> None:
        """Write a line.

        Raises:
            OutputError: the disk refuses.
        """
        try:
            self._file.write(written(line).encode() + b"\n")
            self._file.flush()
        except OSError:
            raise _unwritable() from None

    def _rewrite(self, kept: Iterable[Line]) -> None:
        """Give the name to a file of these lines. What there was stays until it is durable."""
        fresh = self._path.with_name(self._path.name + ".fresh")
        with ExitStack() as cleanup:
            _private(fresh, os.O_TRUNC, b"")
            cleanup.callback(_never, fresh)
            with fresh.open("wb") as file:
                for line in kept:
                    file.write(written(line).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(self._path)
        self._partial.unlink()

    def lines(self) -> Iterator[Line]:
        """Yield every line that was written."""
        return read_lines(self._partial)

    def finish(self, kept: Iterable[Line] | None = None) -> None:
        """Make the file durable and give it its name; where `kept` is given, these lines stand in it and no others.

        Raises:
            OutputError: the disk refuses.
        """
        try:
            os.fsync(self._file.fileno())
            self._file.close()
            if os.path.lexists(self._path):
                raise OutputError("the output is there already", hint="its lines stay in the .partial file")
            if kept is None:
                self._partial.rename(self._path)
            else:
                self._rewrite(kept)
            self._job.unlink()
        except OSError:
            raise _unwritable() from None


def _never(path: Path) -> None:
    """Remove what was not finished."""
    with suppress(OSError):
        path.unlink()


def _private(path: Path, flag: int, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | flag, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _unwritable() -> OutputError:
    return OutputError("the output cannot be written", hint="check the folder of --out, and free space")


def read_lines(path: Path) -> Iterator[Line]:
    """Yield the lines of a file that this house wrote.

    Raises:
        ValueError: a line is not one of these.
    """
    with path.open("rb") as file:
        for line in file:
            yield _object(line)


def check_out(given: Path, out: Path) -> None:
    """Refuse an output that is the input or lies inside it.

    Raises:
        OutputError: it is, or does.
    """
    source, target = given.resolve(), out.resolve()
    if source == target:
        raise OutputError("the output is the input", hint="give another file for --out")
    if source.is_dir() and source in target.parents:
        raise OutputError("the output lies inside the input", hint="give a file outside of it for --out")
    if target.is_dir():
        raise OutputError("the output is a folder", hint="--out names a file")
