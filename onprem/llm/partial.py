"""Folders in which something is being made, to be renamed into its place when it is whole.

Rules: such a folder is locked by whoever makes it. The lock is the kernel's and ends with the process, however that ends, so
no age has to be guessed: a folder that nobody has locked was left behind by a kill, and the next one to begin removes it.
What is written there is read only, and on the disk before anything is renamed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_PIECE = 4 << 20  # bytes copied at a time


@contextmanager
def making(within: Path, prefix: str) -> Iterator[Path]:
    """Yield a new folder in `within`, mode 0700; remove it at the end if it is still there.

    Before, folders of this prefix that nobody is using are removed.

    Raises:
        OSError: it cannot be made.
    """
    with _locked(within):  # so that nobody meets the new folder before it is locked
        _clear(within, prefix)
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=within))
        held = _lock(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def copy_hashed(source: BinaryIO, target: Path, progress: Callable[[int], None]) -> str:
    """Copy an open file to a new one, durably; return the SHA-256 of what was written. `progress` is told the bytes.

    Raises:
        OSError: it cannot be read or written.
    """
    digest = hashlib.sha256()
    with target.open("xb") as file:
        while piece := source.read(_PIECE):
            digest.update(piece)
            file.write(piece)
            progress(len(piece))
        _settle(file)
    return digest.hexdigest()


def write(path: Path, content: bytes) -> None:
    """Write a new file, durably.

    Raises:
        OSError: it cannot be written.
    """
    with path.open("xb") as file:
        file.write(content)
        _settle(file)


def sync(folder: Path) -> None:
    """Wait until the names in a folder are on the disk.

    Raises:
        OSError: the disk fails.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fchmod(file.fileno(), 0o400)
    os.fsync(file.fileno())


def _clear(within: Path, prefix: str) -> None:
    for path in within.glob(f"{prefix}*"):
        with suppress(OSError):  # somebody is using it; or it is no folder of ours
            held = _lock(path)
            try:
                shutil.rmtree(path)
            finally:
                os.close(held)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Wait until nobody else begins, and let nobody begin meanwhile."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _lock(folder: Path) -> int:
    """Lock a folder and return the descriptor that holds the lock.

    Raises:
        OSError: another process holds it, or it is no folder.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
