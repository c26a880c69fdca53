"""Who holds the root key of a site, from which the key of every purpose is derived.

A site begins with a plain key file, `keys/master.key`, which is the root. `change` wraps the root: `keys/root.sealed`
then says how it is held (`wrapping`), and `master.key` is gone. A key file that wraps the root is `keys/root-N.key`.

Rules: a new wrapping is written, synced and opened again before anything that opened the root is removed, so that a
change which is cut short at any point leaves a site that opens; what it left over is removed by the next (`tidy`). A
root that passphrases hold is kept in the memory of the process that was given them, and nowhere else; workers get it
through the private pipe by which they are started (`lend`, `take`).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from onprem.config import Site
from onprem.errors import ResourceError, SiteError
from onprem.vault.keys import MASTER, check_private, create_key, read_key, scrub, write_private
from onprem.vault.wrapping import COST, MAX_BYTES, NEEDED, Cost, Held, SealedRoot, normalised, parse, unwrap, wrap

SEALED = "root.sealed"

Ask = Callable[[str], str]  # what is asked for, in words -> what was typed

_opened: dict[Path, bytes] = {}  # site -> root, of sites that passphrases hold
_openers: list[Callable[[Site], None]] = []


@dataclass(frozen=True, slots=True)
class Status:
    """How the root is held; no secret. `wrapping` is 0 while the plain key file is the root itself."""

    held: Held
    wrapping: int
    epoch: int
    cost: Cost | None
    leftovers: int  # key files that open nothing new and should be gone

    @property
    def plain(self) -> bool:
        """Whether the key file is the root itself."""
        return self.wrapping == 0


@dataclass(frozen=True, slots=True)
class Holding:
    """What a new wrapping is under: passphrases in order of their holders, none for a key file."""

    held: Held
    passphrases: tuple[str, ...] = field(default=(), repr=False)
    cost: Cost = COST


def root(site: Site) -> bytes:
    """Return the root key of a site, asking for passphrases where this program knows how (`open_by`).

    Raises:
        SiteError: the vault is locked, or a key is missing, unsafe or damaged.
    """
    return _open(site)[0]


def epoch(site: Site) -> int:
    """Return the number of the epoch in which codes and shifts are made now, from 0.

    Raises:
        SiteError: as `root`, under which the number is checked.
    """
    sealed = _open(site)[1]
    return 0 if sealed is None else sealed.epoch


def open_by(opener: Callable[[Site], None]) -> None:
    """Let `root` call `opener` for a locked site; it calls `unlock` as often as it sees fit."""
    _openers[:] = [opener]


def unlock(site: Site, ask: Ask) -> bool:
    """Open the site's root with passphrases from `ask`, for this process; say whether they were right.

    Raises:
        SiteError: the sealed root is damaged.
        UsageError: what was typed cannot be a passphrase.
    """
    sealed = _sealed(site)
    if sealed is None or sealed.held == "key-file":
        return True
    words = ("passphrase of the vault",) if NEEDED[sealed.held] == 1 else _TWO
    found = unwrap(sealed, [normalised(ask(word)) for word in words])
    if found is not None:
        _opened[site.root] = found
    return found is not None


_TWO = ("passphrase of the first holder present", "passphrase of the second holder present")


def locked(site: Site) -> bool:
    """Say whether the root is held by passphrases that this process has not been given."""
    sealed = _sealed(site)
    return sealed is not None and sealed.held != "key-file" and site.root not in _opened


def lend(site: Site) -> bytes | None:
    """Return what a worker of this process needs beside the site's folder: the root, None where a key file opens it."""
    sealed = _sealed(site)
    return None if sealed is None or sealed.held == "key-file" else root(site)


def take(folder: Path, lent: bytes | None) -> None:
    """In a worker: keep what its parent lent for the site in `folder`."""
    if lent is not None:
        _opened[folder.resolve()] = lent


def status(site: Site) -> Status:
    """Return how the root is held, as the files say; nothing is opened.

    Raises:
        SiteError: there is no root, or the sealed one is damaged.
    """
    sealed = _sealed(site)
    if sealed is None:
        _plain_root(site)
        return Status("key-file", 0, 0, None, len(_leftovers(site, None)))
    if sealed.held == "key-file":
        read_key(_key_file(site, sealed))
    return Status(sealed.held, sealed.wrapping, sealed.epoch, sealed.cost, len(_leftovers(site, sealed)))


def exists(keys: Path) -> bool:
    """Say whether a keys folder holds a root in any form, so that none is ever made beside it."""
    return any((keys / name).exists() or (keys / name).is_symlink() for name in (MASTER, SEALED))


def change(site: Site, holding: Holding, *, new_epoch: bool = False) -> Status:
    """Wrap the site's root anew, under a new key file or new passphrases; return how it is held now.

    Links, codes and shifts stay as they are; with `new_epoch` later releases get others.

    Raises:
        SiteError: as `root`; or the new wrapping cannot be written, and the present one stays.
        UsageError: two passphrases are the same, or one cannot be.
    """
    keys = site.folder("keys")
    passphrases = [normalised(given) for given in holding.passphrases]
    with _flock(keys, fcntl.LOCK_EX, "the keys are being changed by another process"):
        secret, sealed = _open(site)
        plain = SealedRoot(
            held=holding.held,
            wrapping=1 if sealed is None else sealed.wrapping + 1,
            epoch=(0 if sealed is None else sealed.epoch) + new_epoch,
            cost=None if holding.held == "key-file" else holding.cost,
        )
        if holding.held == "key-file":
            file = _key_file(site, plain)
            if file.exists():  # of a change that was cut short
                scrub(file)
            create_key(file)
            passphrases = [read_key(file)]
        wrapped = wrap(secret, passphrases, plain)

        def opens(path: Path) -> None:
            read = _read(path)
            ways = combinations(passphrases, NEEDED[holding.held])
            if read is None or any(unwrap(read, way) != secret for way in ways):
                raise SiteError("the new wrapping does not open", hint="nothing was changed: check the disk")

        write_private(keys / SEALED, wrapped.encode(), check=opens)
        if holding.held != "key-file":
            _opened[site.root] = secret
        _remove_leftovers(site)
    return status(site)


def tidy(site: Site) -> int:
    """Remove what a change that was cut short left over; return how many key files. The root must open without them.

    Raises:
        SiteError: the root does not open, or a file cannot be removed.
    """
    with _flock(site.folder("keys"), fcntl.LOCK_EX, "the keys are being changed by another process"):
        root(site)
        return _remove_leftovers(site)


@contextmanager
def at_work(site: Site) -> Iterator[None]:
    """Mark that a run works with the vault, so that no patient is shredded under it."""
    with _flock(site.folder("vault"), fcntl.LOCK_SH, "a patient is being shredded"):
        yield


@contextmanager
def at_rest(site: Site) -> Iterator[None]:
    """Keep runs out of the vault.

    Raises:
        ResourceError: a run is going on.
    """
    with _flock(site.folder("vault"), fcntl.LOCK_EX, "a run is going on at this site"):
        yield


@contextmanager
def _flock(folder: Path, kind: int, busy: str) -> Iterator[None]:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        raise SiteError("the site lacks a folder", hint=f"restore it from your backup: {folder}") from None
    try:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except OSError:
            raise ResourceError(busy, hint="wait for it to end") from None
        yield
    finally:
        os.close(descriptor)


def _open(site: Site) -> tuple[bytes, SealedRoot | None]:
    """Return the root and the sealed root that it was taken from, None for a plain key file."""
    sealed = _sealed(site)
    try:
        return _root_of(site, sealed), sealed
    except SiteError:
        again = _sealed(site)
        if again == sealed:
            raise
        return _root_of(site, again), again  # the root was wrapped anew between two looks


def _root_of(site: Site, sealed: SealedRoot | None) -> bytes:
    if sealed is None:
        return _plain_root(site)
    if sealed.held == "key-file":
        found = unwrap(sealed, [read_key(_key_file(site, sealed))])
        if found is None:
            raise SiteError("the key file does not open the vault", hint="restore the keys folder from your backup")
        return found
    if site.root not in _opened and _openers:
        _openers[-1](site)
    if site.root not in _opened:
        raise SiteError(
            "the vault is locked", hint="run it on a terminal and type the passphrase, or give --passphrase-fd N"
        )
    if not sealed.authentic(_opened[site.root]):
        raise SiteError("the sealed root was changed", hint="restore keys/root.sealed from your backup")
    return _opened[site.root]


def _sealed(site: Site) -> SealedRoot | None:
    return _read(site.folder("keys") / SEALED)


def _read(path: Path) -> SealedRoot | None:
    """Return a sealed root, None where there is no file.

    Raises:
        SiteError: it is a link, open to others, of another owner, too long or damaged.
    """
    try:
        # a pipe in its place must not block
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError:
        raise SiteError("the sealed root is a link or unreadable", hint=f"restore {path} from your backup") from None
    try:
        check_private(descriptor, path)
        return parse(os.read(descriptor, MAX_BYTES + 1))
    finally:
        os.close(descriptor)


def _plain_root(site: Site) -> bytes:
    path = site.folder("keys") / MASTER
    if not path.exists() and not path.is_symlink():
        raise SiteError(
            "the root key is missing", hint=f"restore {path}, or {SEALED} with what opens it, from your backup"
        )
    return read_key(path)


def _key_file(site: Site, sealed: SealedRoot) -> Path:
    return site.folder("keys") / f"root-{sealed.wrapping:06}.key"


def _leftovers(site: Site, sealed: SealedRoot | None) -> Sequence[Path]:
    """Return the key files beside the one that opens the root."""
    keys = site.folder("keys")
    found = [keys / MASTER, *sorted(keys.glob("root-[0-9]*.key")), *sorted(keys.glob("root*.new"))]
    used = keys / MASTER if sealed is None else _key_file(site, sealed) if sealed.held == "key-file" else None
    return [path for path in found if path != used and (path.exists() or path.is_symlink())]


def _remove_leftovers(site: Site) -> int:
    files = _leftovers(site, _sealed(site))
    for path in files:
        scrub(path)
    return len(files)
