"""Key files, and the keys derived from a secret, one per purpose.

Rules: a key file holds 32 random bytes, belongs to the user, is readable by nobody else and is no link; a key is never
made in place of one that is missing; no key is ever printed or logged. Who holds a site's root key: `custody`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from onprem.errors import SiteError

KEY_BYTES = 32
MASTER = "master.key"
AUDIT = "audit.key"


def create_key(path: Path) -> None:
    """Write a new random key to `path` with mode 0600, complete or not at all.

    Raises:
        SiteError: the file exists already, or cannot be written.
    """
    if path.exists() or path.is_symlink():
        raise SiteError("the key exists already", hint=f"see {path}")
    write_private(path, os.urandom(KEY_BYTES))


def write_private(path: Path, content: bytes, *, check: Callable[[Path], None] | None = None) -> None:
    """Write `content` to `path` with mode 0600, complete and durable or not at all, in place of what was there.

    `check` is given the written file before it takes its place; what it raises leaves `path` as it was.

    Raises:
        SiteError: it cannot be written.
    """
    partial = path.with_name(path.name + ".new")
    try:
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if check is not None:
            check(partial)
        partial.rename(path)
        sync_folder(path.parent)
    except OSError:
        raise SiteError("a key cannot be written", hint=f"check permissions and free space of {path.parent}") from None


def scrub(path: Path) -> None:
    """Overwrite a key file and remove it. Copies in backups, snapshots and the storage itself remain.

    Raises:
        SiteError: it cannot be overwritten or removed.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.write(descriptor, bytes(os.fstat(descriptor).st_size))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        path.unlink()
        sync_folder(path.parent)
    except OSError:
        raise SiteError("an old key cannot be removed", hint=f"remove it yourself: {path}") from None


def read_key(path: Path) -> bytes:
    """Return the 32 bytes of a key file.

    Raises:
        SiteError: the file is missing, a link, of another owner, open to others, or not 32 bytes long.
    """
    try:
        # a pipe in the key's place must not block
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        raise SiteError("a key is missing, a link or unreadable", hint=f"restore {path} from your backup") from None
    try:
        check_private(descriptor, path)
        key = os.read(descriptor, KEY_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(key) != KEY_BYTES:
        raise SiteError("a key has the wrong length", hint=f"restore {path} from your backup")
    return key


def check_private(descriptor: int, path: Path) -> None:
    """Refuse an open key that is no regular file, open to others or of another owner.

    Raises:
        SiteError: with the reason.
    """
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise SiteError("a key is no regular file", hint=f"see {path}")
    if status.st_mode & 0o077:
        raise SiteError("a key is open to others", hint=f"chmod 600 {path}")
    if status.st_uid != os.geteuid():
        raise SiteError("a key belongs to another user", hint=f"run as the owner of {path}")


def derive(secret: bytes, purpose: str) -> bytes:
    """Return the 32-byte key of `secret` for `purpose` by HKDF-SHA256 (RFC 5869), without salt."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"onprem/1/" + purpose.encode()).derive(secret)


def sync_folder(folder: Path) -> None:
    """Make a rename or a new file in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
