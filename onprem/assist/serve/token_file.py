"""The token of a server: made at its start, left in a file for those who may use it, gone at its end.

Rules: the token is new at every start, compared in constant time, and stands in no repr, message or log. The file is this
user's alone, or its group's where the door is; nothing that could be somebody else's file is written over, and while a
server lives no other takes its file.
"""

from __future__ import annotations

import fcntl
import hmac
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from onprem.errors import OutputError

FILE = "serve.token"  # in the site
_BYTES = 32
_FORM = re.compile(rb"(?:[A-Za-z0-9_-]{43}\n)?")  # 32 bytes in base64url; or a start that was killed


class Token:
    """What a client must show."""

    def __init__(self, value: str) -> None:
        self._value = value.encode("ascii")

    def shown(self, authorization: list[bytes]) -> bool:
        """Return whether the Authorization headers of a request, of which there is one, show it."""
        if len(authorization) != 1:
            return False
        scheme, _, given = authorization[0].partition(b" ")
        return hmac.compare_digest(given.strip(), self._value) and scheme.lower() == b"bearer"


@contextmanager
def lent(path: Path, gid: int | None) -> Iterator[Token]:
    """Make a token and keep it in a file meanwhile; `gid` is the group that may read it, None for this user alone.

    Raises:
        OutputError: something else stands there, another server uses it, or it cannot be written.
    """
    value = secrets.token_urlsafe(_BYTES)
    descriptor = _written(path, value, gid)
    try:
        yield Token(value)
    finally:
        with suppress(OSError):  # a token that is left opens nothing
            path.unlink()
        os.close(descriptor)


def _written(path: Path, value: str, gid: int | None) -> int:
    """Write a token, and return the descriptor that holds its file."""
    try:
        descriptor = _take(path)
        try:
            if gid is not None:
                os.fchown(descriptor, -1, gid)
            os.fchmod(descriptor, 0o600 if gid is None else 0o640)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{value}\n".encode("ascii"), 0)
        except OSError:
            os.close(descriptor)
            raise
    except BlockingIOError:
        raise OutputError("another server uses the token's file", hint="name another by --token-file") from None
    except OSError:
        raise OutputError("the token's file cannot be written", hint="name another by --token-file") from None
    return descriptor


def _take(path: Path) -> int:
    """Open the file of a token, made if need be, for this server alone.

    Raises:
        OutputError: it is something else.
        BlockingIOError: another server has it.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    with ExitStack() as unless_own:
        unless_own.callback(os.close, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found, now = os.fstat(descriptor), path.lstat()
        own = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and found.st_nlink == 1
        same = (found.st_dev, found.st_ino) == (now.st_dev, now.st_ino)
        if not (own and same and _FORM.fullmatch(os.pread(descriptor, 64, 0))):
            raise OutputError("the token's file holds something else", hint="name another by --token-file")
        unless_own.pop_all()
    return descriptor
