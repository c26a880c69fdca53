"""What stood before the first segment, once segments older than the retention were moved out of the site.

Rules: a signed note, so that cutting the beginning off does not pass for a retirement; it holds the roots of the
complete subtrees, so that the root of the whole log, and any checkpoint that covers more, can still be computed.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from onprem.audit import checkpoint as checkpoints
from onprem.audit import note as notes
from onprem.audit.merkle import Tree
from onprem.config import Site
from onprem.errors import AuditError
from onprem.vault.keys import sync_folder

FILE = "retired.note"
GENESIS = "0" * 64
_HINT = "restore it from your backup, or put the segments that were moved out back"
_LINES = re.compile(
    r"(?P<origin>[^\n]+)\nretired\nsegment (?P<segment>\d{1,6})\nsize (?P<size>\d{1,15})\nlast (?P<last>[0-9TZ:.-]{27})\n"
    r"prev (?P<prev>[0-9a-f]{64})\n(?P<peaks>(?:peak \d{1,2} [0-9a-f]{64}\n)+)"
)


@dataclass(frozen=True, slots=True)
class Retired:
    """The log before its first segment: `segment` is the last number moved out, `size` the lines up to it."""

    segment: int = 0
    size: int = 0
    last: str = ""  # UTC time of the last line's event
    prev: str = GENESIS  # leaf hash of the last line, 64 hex digits
    peaks: tuple[tuple[int, bytes], ...] = ()  # (height, root) of the complete subtrees
    note: notes.Note | None = None

    def tree(self) -> Tree:
        """Return the tree of the lines moved out."""
        tree = Tree()
        for height, root in self.peaks:
            tree.add_subtree(height, root)
        return tree


def read_retired(folder: Path) -> Retired:
    """Read the note of an audit folder; an empty beginning where there is none. The signature is not checked here.

    Raises:
        AuditError: the note cannot be read or is none.
    """
    path = folder / FILE
    if not path.exists():
        return Retired()
    try:
        note = notes.parse(checkpoints.read_bounded(path))
        match = _LINES.fullmatch(note.text.decode())
        if match is None:
            raise ValueError("not a note of retirement")
        peaks = tuple(
            (int(height), bytes.fromhex(root))
            for _, height, root in (line.split(" ") for line in match["peaks"].splitlines())
        )
        retired = Retired(int(match["segment"]), int(match["size"]), match["last"], match["prev"], peaks, note)
        if retired.tree().size != retired.size:
            raise ValueError("the subtrees do not make up the size")
    except ValueError:
        raise AuditError("the note of what was moved out of the audit log is damaged", hint=_HINT) from None
    return retired


def signed(site: Site, retired: Retired) -> bool:
    """Say whether there is nothing to sign, or the note carries a valid signature of this site's audit key."""
    return retired.note is None or notes.verify(retired.note, checkpoints.site_key(site)) is not None


def write_retired(site: Site, retired: Retired) -> None:
    """Sign and write the note durably, in the place of the one before. The caller holds the log's lock.

    Raises:
        AuditError: it cannot be written.
    """
    peaks = "".join(f"peak {height} {root.hex()}\n" for height, root in retired.peaks)
    lines = (
        f"retired\nsegment {retired.segment}\nsize {retired.size}\nlast {retired.last}\nprev {retired.prev}\n{peaks}"
    )
    path = site.folder("audit") / FILE
    partial = path.with_name(f"{FILE}.new")
    try:
        with partial.open("wb") as file:
            os.fchmod(file.fileno(), 0o640)
            file.write(checkpoints.sign_lines(site, lines))
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
        sync_folder(path.parent)
    except OSError:
        raise AuditError("the audit log cannot be written", hint="check permissions and free space") from None
