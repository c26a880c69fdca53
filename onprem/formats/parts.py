"""Part files and their join: plain byte files that nobody else may read until they are published."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from onprem.errors import OutputError, ResourceError


@contextmanager
def open_part(part: Path) -> Iterator[BinaryIO]:
    """Open a part for writing, readable by its owner only, and flush it to the disk at the end.

    Raises:
        OutputError: the part cannot be written.
        ResourceError: the disk is full.
    """
    with writing():
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb", buffering=1_048_576) as out:
            yield out
            out.flush()
            os.fsync(out.fileno())


@contextmanager
def writing() -> Iterator[None]:
    """Turn the errors of the operating system while writing into errors without a file name."""
    try:
        yield
    except OSError as error:
        if error.errno in {28, 122}:  # ENOSPC, EDQUOT
            raise ResourceError("the disk is full", hint="free space and run again with --resume") from None
        raise OutputError(f"an output cannot be written (errno {error.errno})") from None


def join_parts(prefix: bytes, parts: Sequence[Path], out: Path) -> None:
    """Write `prefix` and then every part, in order, streaming."""
    with open_part(out) as target:
        target.write(prefix)
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, target, 1_048_576)
