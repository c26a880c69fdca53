"""What the codes of a reversible policy stand for, on its way from workers to the vault.

A worker gathers it per source and patient, of released records alone, and seals it into the run's folder
(`coded-N.sealed`). The parent joins it to the vault before anything appears in the output, without the sources that the
leak gate refused; joining twice changes nothing, so a run can be resumed. A record that names no patient has no row to
be kept in: its codes cannot be revealed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from onprem.labels import Label
from onprem.model import Raw, Record, Released
from onprem.pipeline.collect import keys_of
from onprem.pipeline.plan import Task
from onprem.pipeline.room import Room
from onprem.policy.contract import Operator
from onprem.vault.codes import Codes, Kept, read_code
from onprem.vault.sealed import SealedStore

_NUMBERS = frozenset({"patient", "record"})  # kinds of keys that are a patient's own number


@dataclass(slots=True)
class Coded:
    """What a task gathers, by source and subject key."""

    kept: dict[tuple[int, str], Kept] = field(repr=False, default_factory=dict)

    def gather(self, room: Room, place: tuple[int, str], record: Record[Raw], released: Released) -> None:
        """Note what the codes of a released record stand for, and the numbers by which its patient is known."""
        source, subject = place
        texts = {item.path: item.text for item in record.fields}
        codes: dict[str, tuple[str, ...]] = {}
        for path, edits in released.edits:
            for edit in edits:
                code = read_code(edit.replacement) if edit.rule == Operator.CODE else None
                if code is not None:
                    value = texts[path][edit.span.start : edit.span.end].strip()
                    codes[code] = tuple(dict.fromkeys((*codes.get(code, ()), value)))
        if codes:
            own = [value for kind, value in keys_of(record, room.source(source)) if kind in _NUMBERS]
            facts, _ = room.known.matchers(subject)
            own += [value for label, value in facts.roster if label is Label.RECORD_NUMBER]
            self.kept[place] = self.kept.get(place, Kept()).join(Kept(codes, tuple(dict.fromkeys(own))))

    def seal(self, room: Room, task: Task) -> None:
        """Seal what was gathered into the run's folder, by rename; nothing where there is nothing."""
        if not self.kept:
            return
        target = room.folder / f"coded-{task.index:06}.sealed"
        partial = target.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        with SealedStore(partial, room.key) as store:
            store.put_many(_row(*place, kept) for place, kept in self.kept.items())
        partial.replace(target)


def keep_codes(room: Room, refused: frozenset[int]) -> int:
    """In the parent, before the output appears: join to the vault what was gathered; return how many rows.

    `refused` are the sources that are not released.

    Raises:
        SiteError: the vault or the run's folder is unsound.
        ResourceError: the disk is full.
    """
    if not room.policy.reversible:
        return 0
    with Codes.open(room.site, room.subjects) as codes:
        return codes.add(_gathered(room, refused))


def _gathered(room: Room, refused: frozenset[int]) -> Iterator[tuple[str, Kept]]:
    for task in room.plan.tasks:
        path = room.folder / f"coded-{task.index:06}.sealed"
        if path.exists():
            with SealedStore(path, room.key, readonly=True) as store:
                for source, subject, kept in map(json.loads, store.values()):
                    if source not in refused:
                        yield subject, Kept.decode(kept.encode())


def _row(source: int, subject: str, kept: Kept) -> tuple[bytes, bytes]:
    plain = json.dumps([source, subject, kept.encode().decode()], ensure_ascii=True)
    return f"{source}\0{subject}".encode(), plain.encode()
