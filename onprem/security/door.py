"""The one door in the walls: a listening UNIX socket, made before the walls are raised, for `onprem serve` alone.

Rules: made only when the first word of the command line is `serve`, and for one path; AF_UNIX and a stream, never another
family; closed to everybody but this user from the first moment, opened to one group before it listens; nobody else can
exchange it, because every folder on the way to it is closed to the writing of others; what stands at its path stays,
unless it is a socket of this user at which nobody listens any more. Groups are read from /etc/group, because the C
library would ask services for them, and the walls are not up yet. This is the one module that imports `socket`.

Sources: unix(7), accept(2), umask(2).
"""

from __future__ import annotations

import atexit
import errno
import fcntl
import os
import socket
import stat
import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from onprem.errors import OutputError, UsageError

MAX_PATH_BYTES = 107  # of sun_path, less its closing zero
_BACKLOG = 128  # connections that wait to be accepted
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_GROUPS = Path("/etc/group")
_LAST_GID = 2**32 - 2  # the next number means to chown: leave it
_CREDENTIALS = struct.Struct("3i")  # struct ucred: process, user, group


@dataclass(frozen=True, slots=True)
class Door:
    """A socket that listens. `given` is its path as it was typed, `path` where it is; `gid` is None for this user alone."""

    listener: socket.socket
    given: str
    path: Path
    gid: int | None
    identity: tuple[int, int]  # device and inode of the file, by which it is known when it is removed

    @property
    def mode(self) -> int:
        """Return the mode of the socket's file."""
        return 0o600 if self.gid is None else 0o660


_opened: list[Door] = []


def opened() -> Door | None:
    """Return the door of this process."""
    return _opened[-1] if _opened else None


def open_by(arguments: Sequence[str]) -> int | None:
    """Open the door that the arguments of `serve` ask for; return its descriptor, None where they ask for none.

    Raises:
        UsageError: an option is given twice, the path is too long, there is no such group or this user is not in it.
        OutputError: a folder on the way is open to others, something stands at the path, or it cannot be made.
    """
    if {"--help", "-h"} & {*arguments}:
        return None
    given, group = _value(arguments, "--socket"), _value(arguments, "--group")
    if given is None:
        return None
    door = _open(given, None if group is None else _gid(group))
    _opened.append(door)
    atexit.register(_close_in, os.getpid())
    return door.listener.fileno()


def close() -> None:
    """Stop listening and remove the socket's file, if it is still the one that was made. Idempotent."""
    while _opened:
        door = _opened.pop()
        door.listener.close()
        with suppress(OSError):  # a dead socket that is left is taken away by the next start
            found = door.path.lstat()
            if (found.st_dev, found.st_ino) == door.identity:
                door.path.unlink()


def user_of(connection: socket.socket) -> int:
    """Return the number of the user who opened an accepted connection, as the kernel knows it."""
    _, user, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return int(user)


def trusted(folder: Path) -> Path:
    """Return a folder, resolved, in which nobody else can exchange a file.

    Raises:
        OutputError: it does not exist, or it or a folder above is owned or may be written by others.
    """
    try:
        place = folder.resolve(strict=True)
        for above in (place, *place.parents):
            found = above.stat()
            shared = found.st_mode & _OTHERS_WRITE and not (found.st_mode & stat.S_ISVTX and above != place)
            if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (0, os.geteuid()) or shared:
                raise OutputError(f"others could exchange files in a folder: {above}", hint=f"chmod go-w {above}")
    except OSError:
        raise OutputError("a folder does not exist, or is closed to this user", hint="make it, mode 700") from None
    return place


def _value(arguments: Sequence[str], name: str) -> str | None:
    found: list[str] = []
    for place, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument == name:
            found += arguments[place + 1 : place + 2]
        elif argument.startswith(f"{name}="):
            found.append(argument.partition("=")[2])
    if len(found) > 1:
        raise UsageError(f"{name} is given twice", hint="run: onprem serve --help")
    return found[0] if found else None


def _gid(group: str) -> int:
    """Return the number of a group: of the file's, or as it is given, because a directory service may know more.

    Raises:
        UsageError: the file has no such name.
    """
    with suppress(OSError):
        for line in _GROUPS.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, rest = line.partition(":")
            number = rest.partition(":")[2].partition(":")[0]
            if group in (name, number) and number.isascii() and number.isdigit():
                return int(number)
    if group.isascii() and group.isdigit() and len(group) <= 10 and int(group) <= _LAST_GID:
        return int(group)
    words = "name one that it lists, or a number: getent group NAME tells that of a directory service"
    raise UsageError("there is no such group in /etc/group", hint=words)


def _open(given: str, gid: int | None) -> Door:
    name = os.path.basename(given)  # noqa: PTH119 - a Path would forget a slash at the end
    if name in ("", ".", ".."):
        raise UsageError("--socket names no file", hint="name a file in a folder that exists")
    path = trusted(Path(given).parent) / name
    if (length := len(os.fsencode(path))) > MAX_PATH_BYTES:
        raise UsageError(f"the path of the socket has {length} bytes, of at most {MAX_PATH_BYTES}", hint="shorten it")
    try:
        with _alone(path.parent):
            _clear(path)
            listener = _listen(path, gid)
            found = path.lstat()
    except OSError:
        raise OutputError("the socket cannot be made", hint="check the permissions of its folder") from None
    return Door(listener, given, path, gid, (found.st_dev, found.st_ino))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other starts out of a folder, so that none takes another's socket for a dead one."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise OutputError("another server is starting in the folder of the socket", hint="try again") from None
    finally:
        os.close(descriptor)


def _clear(path: Path) -> None:
    """Remove a socket of this user at which nobody listens.

    Raises:
        OutputError: something else stands there.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
        raise OutputError("the path of the socket is taken", hint="name another, or remove what stands there")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        if probe.connect_ex(os.fspath(path)) != errno.ECONNREFUSED:
            raise OutputError("another program listens at the path of the socket", hint="end it, or name another path")
    path.unlink()


def _listen(path: Path, gid: int | None) -> socket.socket:
    """Return a socket that is bound for this user alone, then given to a group, then listens."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with ExitStack() as unless_listening:
        unless_listening.callback(listener.close)
        before = os.umask(0o177)
        try:
            listener.bind(os.fspath(path))
            unless_listening.callback(path.unlink)
        finally:
            os.umask(before)
        if gid is not None:
            _give(path, gid)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
        unless_listening.pop_all()
    return listener


def _give(path: Path, gid: int) -> None:
    try:
        os.chown(path, -1, gid)
    except PermissionError:
        raise UsageError("this user is not in the group, so cannot open the socket to it", hint="see: id") from None
    path.chmod(0o660)


def _close_in(owner: int) -> None:
    if os.getpid() == owner:  # a forked child must not take it from its parent
        close()
