"""What the machine does to memory that this process cannot change: swap areas, who may trace whom.

Rules: read from /proc and /sys only; what cannot be found out counts as unsafe.

Sources: proc(5), Documentation/admin-guide/LSM/Yama.rst, dm-crypt's UUID prefix `CRYPT-` (cryptsetup, lib/libdevmapper.c).
"""

from __future__ import annotations

import os
from pathlib import Path

_PROC, _SYS = Path("/proc"), Path("/sys")


def plain_swap(proc: Path = _PROC, sys: Path = _SYS) -> list[str]:
    """Return the swap areas in use that are neither encrypted nor compressed memory.

    Raises:
        OSError: /proc/swaps cannot be read.
    """
    rows = (proc / "swaps").read_text(encoding="utf-8", errors="replace").splitlines()[1:]
    areas = [(fields[0], fields[1]) for row in rows if len(fields := row.split()) > 1]
    return [name for name, kind in areas if not _safe(name, kind, sys)]


def _safe(name: str, kind: str, sys: Path) -> bool:
    try:
        if kind == "file":
            device = Path(name.encode().decode("unicode_escape")).stat().st_dev  # blanks stand as \040
            block = sys / "dev" / "block" / f"{os.major(device)}:{os.minor(device)}"
        else:
            block = sys / "class" / "block" / Path(os.path.realpath(name)).name
        return _encrypted(block)
    except (OSError, ValueError):
        return False


def _encrypted(block: Path) -> bool:
    """Say whether a block device is dm-crypt, lies on such only, or is memory (zram without a backing device)."""
    if block.name.startswith("zram"):
        backing = block / "backing_dev"
        return not backing.exists() or backing.read_text(encoding="ascii").strip() == "none"
    uuid = block / "dm" / "uuid"
    if uuid.exists() and uuid.read_text(encoding="utf-8").startswith("CRYPT-"):
        return True
    below = list((block / "slaves").iterdir()) if (block / "slaves").is_dir() else []
    return bool(below) and all(_encrypted(item) for item in below)


def ptrace_scope(proc: Path = _PROC) -> int | None:
    """Return Yama's setting: 0 any process of the user may trace another, 1 to 3 fewer may; None without Yama."""
    try:
        return int((proc / "sys" / "kernel" / "yama" / "ptrace_scope").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
