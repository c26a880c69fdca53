"""Transcripts of conversations, sealed under the site's vault, in SITE/transcripts.

Rules: a transcript is written only when it was asked for, whole or not at all, with mode 0600, and never over another;
nothing of it can be read without the vault, and its name says when it was written and nothing else.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from onprem.assist.conversation import Turn
from onprem.config import Site
from onprem.errors import OutputError, SiteError, UsageError
from onprem.vault import custody
from onprem.vault.envelope import seal, unseal
from onprem.vault.keys import derive, sync_folder

FOLDER = "transcripts"
MAX_BYTES = 256_000_000  # of a sealed file
_NAME = re.compile(r"\d{8}T\d{6}Z(?:-\d{1,3})?")
_SUFFIX = ".sealed"


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation as it ended: the model's name and SHA-256, what it was told first, the seed, the turns."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    model: str
    sha256: str
    seed: int
    system: str = field(repr=False)
    turns: tuple[Turn, ...]


_FORM = TypeAdapter(Transcript)


def prepare(site: Site) -> bytes:
    """Make ready to seal: open the vault and make the folder; return the key. Before a conversation, not after it.

    Raises:
        SiteError: the vault cannot be opened.
        OutputError: the folder cannot be made, or others may enter it.
    """
    key = _key(site)
    folder = site.root / FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_mode & 0o077:
            raise OutputError("the folder of transcripts is a link, or open to others", hint=f"chmod 700 {folder}")
    except OSError:
        raise OutputError("the folder of transcripts cannot be made", hint=f"check {folder}") from None
    return key


def save(site: Site, key: bytes, transcript: Transcript) -> str:
    """Seal a transcript under what `prepare` returned; return its name.

    Raises:
        OutputError: it cannot be written.
    """
    folder = site.root / FOLDER
    name = _free(folder, datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"))
    sealed = seal(key, dump(transcript).encode(), about=_about(name))
    partial = folder / f"{name}.new"
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(sealed.encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        partial.rename(folder / (name + _SUFFIX))
        sync_folder(folder)
    except OSError:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise OutputError("the transcript cannot be written", hint=f"check free space of {folder}") from None
    return name


def dump(transcript: Transcript) -> str:
    """Return a transcript as one line of JSON."""
    return _FORM.dump_json(transcript).decode()


def names(site: Site) -> list[tuple[str, int]]:
    """Return the names of all transcripts, the oldest first, each with the size of its file in bytes."""
    found = (site.root / FOLDER).glob(f"*{_SUFFIX}")
    kept = [path for path in found if _NAME.fullmatch(path.stem) and path.is_file() and not path.is_symlink()]
    return sorted((path.stem, path.stat().st_size) for path in kept)


def read(site: Site, name: str) -> Transcript:
    """Open a transcript.

    Raises:
        UsageError: there is none of this name.
        SiteError: the vault cannot be opened, or the transcript is damaged or sealed under another key.
    """
    name = name.removesuffix(_SUFFIX)
    if name not in {known for known, _ in names(site)}:
        raise UsageError("there is no such transcript", hint="onprem chat --list")
    key = _key(site)
    try:
        descriptor = os.open(site.root / FOLDER / (name + _SUFFIX), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError:
        raise SiteError("the transcript cannot be read", hint="check its permissions") from None
    if len(content) > MAX_BYTES:
        raise SiteError("the transcript is damaged", hint="restore it from your backup")
    plain = unseal(key, content.decode("ascii", "replace"), about=_about(name))
    try:
        return _FORM.validate_json(plain)
    except ValidationError:
        raise SiteError("the transcript is of another version", hint="read it with the version that wrote it") from None


def _free(folder: Path, name: str) -> str:
    """Return a name that is not taken: several conversations may end in one second."""
    number, free = 1, name
    while (folder / (free + _SUFFIX)).exists() or (folder / f"{free}.new").exists():
        number, free = number + 1, f"{name}-{number + 1}"
    return free


def _key(site: Site) -> bytes:
    return derive(custody.root(site), "transcripts")


def _about(name: str) -> bytes:
    return b"transcript " + name.encode("ascii")
