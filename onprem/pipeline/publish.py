"""Stages 4 and 6, in the parent: parts become whole files in the private area; what passed the gate appears in the output.

A file appears in the output by rename, complete and durable. A file that the gate refused goes to SITE/held, and so does
the list of held records (indices and reasons). What was released is remembered by digest, so that `onprem verify` knows
later which records a file does not hold.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from onprem.errors import OutputError, ResourceError
from onprem.pipeline.change import Tally, part_path
from onprem.pipeline.names import output_names
from onprem.pipeline.room import Room, Written, read_lines
from onprem.vault import custody
from onprem.vault.keys import derive
from onprem.vault.sealed import SealedStore


def read_tallies(room: Room) -> list[Tally]:
    """Return the tallies of all chunks, in the order of the plan."""
    return [
        Tally.read(plain)
        for task in room.plan.tasks
        for plain in read_lines(room.folder / f"change-{task.index:06}.jsonl")
    ]


def assemble(room: Room, tallies: Sequence[Tally]) -> dict[int, Written]:
    """Join the parts of every readable source into a file of the private area, and seal the list for the gate.

    Raises:
        ResourceError: the disk is full.
    """
    folder = room.folder / "whole"
    folder.mkdir(exist_ok=True)
    names = output_names(room)
    absent: dict[int, list[int]] = {}
    for tally in tallies:
        absent.setdefault(tally.source, []).extend(record for record, path, _ in tally.held if not path)
    written: dict[int, Written] = {}
    for source in room.plan.sources:
        if source.held is not None:
            continue
        whole = folder / f"{source.index:06}"
        partial = whole.with_suffix(".partial")
        parts = [part_path(room, source.index, chunk) for chunk in range(len(source.chunks))]
        try:
            if not whole.exists():
                room.source(source.index).join(parts, partial)
                partial.replace(whole)
            for part in parts:
                part.unlink(missing_ok=True)
        except OSError:
            raise ResourceError("a file cannot be assembled", hint="free disk space, then --resume") from None
        written[source.index] = Written(
            source.index, str(whole), names[source.index], tuple(sorted(set(absent.get(source.index, ()))))
        )
    room.save_written(written)
    return written


def publish(room: Room, out: Path, refused: frozenset[int]) -> None:
    """Move the assembled files to the output, those in `refused` to the held area. Can be repeated.

    Raises:
        OutputError: the output cannot be written.
    """
    for source, file in room.written.items():
        whole = Path(file.path)
        if not whole.exists():  # published before a kill
            continue
        if source in refused:
            _move(whole, held_folder(room) / f"source-{source:06}")
        elif len(file.absent) < room.plan.sources[source].records or room.plan.sources[source].records == 0:
            _remember(room, source, file, file.name)
            _move(whole, out / file.name)
        else:
            whole.unlink()  # every record is held: nothing to release


def held_folder(room: Room) -> Path:
    """Return the private folder for what this run holds."""
    folder = room.site.folder("held") / room.spec.run
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def write_held(room: Room, held: Iterable[tuple[int, int, str, str]]) -> None:
    """Write the list of what is held: (source, record, path, reason), without a value."""
    rows = [
        json.dumps({"source": source, "record": record, "path": path, "reason": reason})
        for source, record, path, reason in held
    ]
    if rows:
        target = held_folder(room) / "held.jsonl"
        _write_lines(target, iter(rows))


def write_spans(room: Room, target: Path) -> None:
    """Write the spans of all tasks to `target`, in order of source and record.

    Raises:
        OutputError: the file cannot be written.
    """

    def lines() -> Iterator[str]:
        for task in room.plan.tasks:
            with (room.folder / f"spans-{task.index:06}.jsonl").open(encoding="utf-8") as file:
                yield from (line.rstrip("\n") for line in file)

    _write_lines(target, lines())


def released_store(room: Room, *, readonly: bool) -> SealedStore:
    """Open the site's memory of released files: digest -> input name, output name, absent records."""
    key = derive(custody.root(room.site), "vault/released")
    return SealedStore(room.site.folder("vault") / "released.sealed", key, readonly=readonly)


def file_digest(path: Path) -> bytes:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _remember(room: Room, source: int, file: Written, name: str) -> None:
    planned = room.plan.sources[source]
    row = {"relative": planned.relative, "name": name, "absent": file.absent, "policy": room.policy.name}
    with released_store(room, readonly=False) as store:
        store.put_many([(file_digest(Path(file.path)), json.dumps(row).encode())])


def _move(file: Path, target: Path) -> None:
    partial = target.with_name(f".{target.name}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            file.rename(partial)
        except OSError:  # another file system
            shutil.copyfile(file, partial)
            _sync(partial)
        partial.replace(target)
        file.unlink(missing_ok=True)
    except OSError:
        partial.unlink(missing_ok=True)
        raise OutputError(
            "the output cannot be written", hint="check free space and permissions, then --resume"
        ) from None


def _write_lines(target: Path, lines: Iterator[str]) -> None:
    partial = target.with_name(f".{target.name}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            for line in lines:
                file.write(line + "\n")
        _sync(partial)
        partial.replace(target)
    except OSError:
        partial.unlink(missing_ok=True)
        raise OutputError("a file cannot be written", hint="check free space and permissions, then --resume") from None


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
