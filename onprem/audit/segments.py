"""The files of the log: `NNNNNN.jsonl` while it may be written to, `NNNNNN.jsonl.gz` once sealed.

Rules: only a segment that another follows is sealed; its compressed form is written aside, made durable, read back and
compared byte by byte before it takes the place of the plain one, and both bear one number, so a crash leaves either or
both and nothing is ever lost or doubled: where both stand, the plain one counts. A file is read whole, and no more
than `MAX_BYTES` of it are believed.

What is older than the retention may be moved out (`retire`): the log then begins with a stub, signed by the site, of
what stood before: how many lines, the roots of their subtrees, the hash and time of the last. Checkpoints that cover
more than that still verify.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Iterable
from pathlib import Path

from onprem.errors import AuditError
from onprem.vault.keys import sync_folder

SEGMENT_BYTES = 16_000_000  # a segment that has reached this size is followed by a new one
MAX_BYTES = 2 * SEGMENT_BYTES  # a longer file is no segment of ours, and is not read into memory
_PLAIN, _SEALED = ".jsonl", ".jsonl.gz"
_NAME = re.compile(r"(\d{6})\.jsonl(\.gz)?")
_LEVEL = 6
_HINT = "check permissions and free space of the site's audit folder, then: onprem audit verify"


def number(path: Path) -> int:
    """Return the number of a segment, from 1."""
    return int(path.name[:6])


def is_sealed(path: Path) -> bool:
    """Say whether a segment is compressed and will not be written to again."""
    return path.name.endswith(_SEALED)


def segments(folder: Path) -> list[Path]:
    """Return the segment files of an audit folder in order; the plain one where a number has both forms.

    Raises:
        AuditError: the folder cannot be read.
    """
    return [folder / name for name in segment_names(listing(folder))]


def listing(folder: Path) -> list[str]:
    """Return the names of all files of an audit folder.

    Raises:
        AuditError: it cannot be read.
    """
    try:
        return os.listdir(folder)  # noqa: PTH208 - names are enough, and this is done for every event
    except OSError:
        raise AuditError("the audit log cannot be read", hint=_HINT) from None


def segment_names(names: Iterable[str], *, after: int = 0) -> list[str]:
    """Return the names of segments among `names`, in order, each number once, only numbers greater than `after`."""
    by_number: dict[int, str] = {}
    for name in sorted(filter(_NAME.fullmatch, names)):  # NNNNNN.jsonl sorts before NNNNNN.jsonl.gz
        by_number.setdefault(int(name[:6]), name)
    return [name for number, name in by_number.items() if number > after]


def read_segment(path: Path) -> bytes:
    """Return the lines of a segment as they were written, at most `MAX_BYTES`.

    Raises:
        AuditError: it cannot be read.
        ValueError: it is larger than a segment can be, or its compressed form is damaged.
    """
    try:
        with path.open("rb") as file:
            if not is_sealed(path):
                content = file.read(MAX_BYTES + 1)
            else:
                with gzip.GzipFile(fileobj=file) as unpacked:
                    content = unpacked.read(MAX_BYTES + 1)
                    if len(content) <= MAX_BYTES and unpacked.read(1):  # checks the trailer
                        raise ValueError("longer than a segment")
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise ValueError("a sealed segment is damaged") from None
    except OSError:
        raise AuditError("the audit log cannot be read", hint=f"check permissions of {path}") from None
    if len(content) > MAX_BYTES:
        raise ValueError("longer than a segment")
    return content


def seal(path: Path) -> Path:
    """Replace a plain segment by its compressed form; return that. The caller holds the log's lock.

    Raises:
        AuditError: it cannot be written, or what was written does not read back as the same bytes.
    """
    target = path.with_name(path.name + ".gz")
    partial = path.with_name(target.name + ".new")
    try:
        content = read_segment(path)
        with partial.open("wb") as file:
            os.fchmod(file.fileno(), 0o440)
            # no time and no name in the header: the same lines give the same file
            with gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=file, mtime=0) as packed:
                packed.write(content)
            file.flush()
            os.fsync(file.fileno())
        with partial.open("rb") as written, gzip.GzipFile(fileobj=written) as unpacked:
            if unpacked.read() != content:
                raise AuditError("a sealed segment does not read back as it was written", hint=_HINT)
        partial.rename(target)
        sync_folder(path.parent)
        path.unlink()
        sync_folder(path.parent)
    except (OSError, ValueError, EOFError, zlib.error):
        raise AuditError("a segment cannot be sealed", hint=_HINT) from None
    return target
