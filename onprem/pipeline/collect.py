"""Stage 1, in the parent: recognise the inputs, cut them, and gather what tables say of each patient.

Nothing is searched here. Keys become links in the vault, roster values go sealed to the run's folder, and every patient
gets a secret before a worker needs it. A file that cannot be read as a whole is held as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from onprem.errors import InputError
from onprem.formats.contract import Column, Source
from onprem.formats.encoding import UnreadableInput
from onprem.formats.recognise import recognise
from onprem.labels import Label
from onprem.model import Held, Kind, Raw, Reason, Record
from onprem.pipeline import touched
from onprem.pipeline.known import STAFF, Facts, full_names
from onprem.pipeline.plan import InputFile, Plan, SourcePlan, make_tasks
from onprem.pipeline.room import Room
from onprem.progress import Progress
from onprem.text import HAN
from onprem.vault.links import Alias

_BATCH = 5_000
_SEX_PATH = re.compile(r"sex|gender|性别|\bxb\b", re.IGNORECASE)
_GIVEN_PATH = re.compile(r"first|given|fore|fname|christian", re.IGNORECASE)
_FAMILY_PATH = re.compile(r"last|family|sur_?name|lname|:姓$", re.IGNORECASE)
_SEX = {"f": "F", "female": "F", "w": "F", "女": "F", "m": "M", "male": "M", "男": "M"}


def collect(room: Room, files: Iterable[InputFile], *, rosters: Iterable[Path], progress: Progress) -> Plan:
    """Plan the run and fill its sealed stores.

    `rosters` are further tables (a patients list, a staff list) that are read for what they say and not written.

    Raises:
        InputError: a roster file cannot be read; inputs that cannot are held in the plan.
    """
    room.open_stores()
    touched.begin(room)
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
        return SourcePlan(
            index,
            str(file.path),
            file.relative,
            "",
            held=error.reason if isinstance(error, UnreadableInput) else Reason.UNREADABLE,
        )
    except OSError:
        return SourcePlan(index, str(file.path), file.relative, "", held=Reason.UNREADABLE)
    return SourcePlan(index, str(file.path), file.relative, known.name, columns, chunks)


def _gather(room: Room, source: Source, columns: tuple[Column, ...]) -> None:
    """Read a table once for its keys and roster values."""
    if not any(column.placement.key or column.placement.roster for column in columns):
        return
    sex = {
        column.path for column in columns if column.placement.kind is Kind.CLINICAL and _SEX_PATH.search(column.path)
    }
    records = (record for chunk in source.chunks() for record in source.read(chunk) if not isinstance(record, Held))
    while batch := list(islice(records, _BATCH)):
        aliases = [keys_of(record, source) for record in batch]
        subjects = list(room.links.link(aliases))
        known = {subject for subject in subjects if subject is not None}
        room.subjects.ensure(known)
        touched.add(room, known)
        rows = [_read_row(record, source, sex) for record in batch]
        room.known.add(_facts(zip(rows, subjects, strict=True)))
        room.known.add_names(_names(zip(rows, subjects, strict=True)))


def keys_of(record: Record[Raw], source: Source) -> tuple[Alias, ...]:
    """Return the patient keys that a record carries: (kind of key, value)."""
    return tuple(
        (key, item.text.strip())
        for item in record.fields
        if item.kind is not Kind.TEXT and (key := source.placement(item.path).key) and item.text.strip()
    )


@dataclass(slots=True)
class _Row:
    """What one row says: identifiers of its patient, of staff, sex, and the patient's own full name."""

    own: list[tuple[Label, str]] = field(repr=False, default_factory=list)
    staff: list[tuple[Label, str]] = field(repr=False, default_factory=list)
    sex: str = ""
    full_name: str = field(repr=False, default="")


def _read_row(record: Record[Raw], source: Source, sex: set[str]) -> _Row:
    row = _Row()
    given = family = first_name = ""
    for item in record.fields:
        place = source.placement(item.path)
        value = item.text.strip()
        if not value:
            continue
        if place.label is not None and place.roster == "staff":
            row.staff.append((place.label, value))
        elif place.label is not None and (place.roster == "patient" or place.key):
            # a table's key column is the patient's own number, whether or not the header said so
            row.own.append((place.label, value))
            if place.label is Label.NAME:
                first_name = first_name or value
                given = given or (value if _GIVEN_PATH.search(item.path) else "")
                family = family or (value if _FAMILY_PATH.search(item.path) else "")
        elif item.path in sex and not row.sex:
            row.sex = _SEX.get(value.casefold(), "")
    row.full_name = first_name
    if given and family:
        row.full_name = family + given if HAN.match(family) else f"{given} {family}"
        row.own.insert(0, (Label.NAME, row.full_name))  # first, so that a persona knows which part is which
    return row


def _facts(rows: Iterable[tuple[_Row, str | None]]) -> Iterator[tuple[str, Facts]]:
    gathered: dict[str, Facts] = {}
    for row, subject in rows:
        if subject is not None and (row.own or row.sex):
            gathered[subject] = gathered.get(subject, Facts()).join(Facts(tuple(row.own), (), row.sex))
        if row.staff:
            gathered[STAFF] = gathered.get(STAFF, Facts()).join(Facts(tuple(row.staff)))
    yield from gathered.items()


def _names(rows: Iterable[tuple[_Row, str | None]]) -> Iterator[tuple[str, str]]:
    """Yield (folded full name, subject) of the patients themselves: the first name of a row, not a relative's."""
    for row, subject in rows:
        if subject is not None:
            for name in full_names([row.full_name]):
                yield name, subject
