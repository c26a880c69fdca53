"""Stage 1, in the parent: recognise the inputs, cut them, and gather what tables say of each patient.

Nothing is searched here. Keys become links in the vault, roster values go sealed to the run's folder, and every patient
gets a secret before a worker needs it. A file that cannot be read as a whole is held as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from onprem.errors import InputError
from onprem.formats.contract import Column, Placement, Source
from onprem.formats.recognise import recognise
from onprem.labels import Label
from onprem.model import Held, Kind, Raw, Reason, Record
from onprem.pipeline.known import STAFF, Facts, full_names
from onprem.pipeline.plan import InputFile, Plan, SourcePlan, make_tasks
from onprem.pipeline.room import Room
from onprem.progress import Progress
from onprem.vault.links import Alias

_BATCH = 5_000
_SEX_PATH = re.compile(r"sex|gender|性别|\bxb\b", re.IGNORECASE)
_SEX = {"f": "F", "female": "F", "w": "F", "女": "F", "m": "M", "male": "M", "男": "M"}


def collect(room: Room, files: Iterable[InputFile], *, rosters: Iterable[Path], progress: Progress) -> Plan:
    """Plan the run and fill its sealed stores.

    `rosters` are further tables (a patients list, a staff list) that are read for what they say and not written.

    Raises:
        InputError: a roster file cannot be read; inputs that cannot are held in the plan.
    """
    sources: list[SourcePlan] = []
    for index, path in enumerate(rosters):
        opened = recognise(path).open(path, index, room.options)
        _gather(room, opened, opened.columns())
    listed = list(files)
    progress.stage("read", len(listed))
    for index, file in enumerate(listed):
        sources.append(_plan_source(room, index, file))
        progress.advance(1)
    plan = Plan(tuple(sources), make_tasks(sources))
    room.save_plan(plan)
    return plan


def _plan_source(room: Room, index: int, file: InputFile) -> SourcePlan:
    try:
        known = recognise(file.path)
        opened = known.open(file.path, index, room.options)
        columns = opened.columns()
        chunks = tuple(opened.chunks())
        _gather(room, opened, columns)
    except InputError as error:
        return SourcePlan(index, str(file.path), file.relative, "", held=Reason(error.reason))
    except OSError:
        return SourcePlan(index, str(file.path), file.relative, "", held=Reason.UNREADABLE)
    return SourcePlan(index, str(file.path), file.relative, known.name, columns, chunks)


def _gather(room: Room, source: Source, columns: tuple[Column, ...]) -> None:
    """Read a table once for its keys and roster values."""
    places = {column.path: column.placement for column in columns if column.placement.key or column.placement.roster}
    if not places:
        return
    sex = {column.path for column in columns if column.placement.kind is Kind.CLINICAL and _SEX_PATH.search(column.path)}
    records = (record for chunk in source.chunks() for record in source.read(chunk) if not isinstance(record, Held))
    while batch := list(islice(records, _BATCH)):
        aliases = [keys_of(record, places) for record in batch]
        subjects = list(room.links.link(aliases))
        room.subjects.ensure({subject for subject in subjects if subject is not None})
        room.known.add(_facts(zip(batch, subjects, strict=True), places, sex))
        room.known.add_names(_names(zip(batch, subjects, strict=True), places))


def keys_of(record: Record[Raw], places: dict[str, Placement]) -> tuple[Alias, ...]:
    """Return the patient keys that a record carries: (kind of key, value)."""
    return tuple(
        (place.key, item.text.strip())
        for item in record.fields
        if (place := places.get(item.path)) is not None and place.key and item.text.strip()
    )


def _facts(
    rows: Iterable[tuple[Record[Raw], str | None]], places: dict[str, Placement], sex: set[str]
) -> Iterator[tuple[str, Facts]]:
    gathered: dict[str, Facts] = {}
    for record, subject in rows:
        own: list[tuple[Label, str]] = []
        staff: list[tuple[Label, str]] = []
        said = ""
        for item in record.fields:
            place = places.get(item.path)
            value = item.text.strip()
            if place is not None and place.label is not None and value:
                # a table's key column is the patient's own number, whether or not the header said so
                if place.roster == "staff":
                    staff.append((place.label, value))
                elif place.roster == "patient" or place.key:
                    own.append((place.label, value))
            elif item.path in sex and not said:
                said = _SEX.get(value.casefold(), "")
        if subject is not None and (own or said):
            gathered[subject] = gathered.get(subject, Facts()).join(Facts(tuple(own), (), said))
        if staff:
            gathered[STAFF] = gathered.get(STAFF, Facts()).join(Facts(tuple(staff)))
    yield from gathered.items()


def _names(
    rows: Iterable[tuple[Record[Raw], str | None]], places: dict[str, Placement]
) -> Iterator[tuple[str, str]]:
    """Yield (folded full name, subject) of the patients themselves: the first name column of a row, not a relative's."""
    for record, subject in rows:
        if subject is None:
            continue
        for item in record.fields:
            place = places.get(item.path)
            if place is not None and place.label is Label.NAME and place.roster == "patient":
                for name in full_names([item.text]):
                    yield name, subject
                break
