"""The linked tables of patients as a folder of CSV files, written and read.

Rules: files appear by rename, readable for their owner alone. What is read need not be ours: a value that cannot be
understood is missing, a row that belongs to nobody is an error, and no value stands in a message.
"""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

from onprem.errors import InputError, OutputError
from onprem.synth.ehr.patient import Diagnosis, Encounter, Lab, Medication, Patient

TABLES: Mapping[str, tuple[str, ...]] = {
    "patients": ("patient_id", "birth_date", "death_date", "sex", "region"),
    "encounters": ("encounter_id", "patient_id", "start", "end", "class"),
    "diagnoses": ("diagnosis_id", "encounter_id", "patient_id", "code", "name", "onset"),
    "labs": ("lab_id", "encounter_id", "patient_id", "time", "test", "value", "unit"),
    "medications": (
        "medication_id",
        "encounter_id",
        "patient_id",
        "drug",
        "dose",
        "unit",
        "route",
        "frequency",
        "start",
        "end",
    ),
}
_SEXES = {"f": "female", "female": "female", "w": "female", "女": "female"} | {
    "m": "male",
    "male": "male",
    "男": "male",
}
Row = Mapping[str, str]


def tables(folder: Path, patients: Iterable[Patient], names: Sequence[str] = tuple(TABLES)) -> dict[str, int]:
    """Write tables of these names into a folder, which is made, as the patients come; return how many rows each has.

    Raises:
        OutputError: a table is there already, or the disk refuses.
    """
    counts = dict.fromkeys(names, 0)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(os.path.lexists(folder / f"{name}.csv") for name in names):
            raise OutputError("there are tables in the folder already", hint="name another folder, or remove them")
        with ExitStack() as stack:
            writers = {name: _opened(folder / f".{name}.csv.partial", stack) for name in names}
            for name in names:
                writers[name](TABLES[name])
            for patient in patients:
                for name, row in _rows(patient):
                    if name in writers:
                        writers[name](row)
                        counts[name] += 1
        for name in names:
            (folder / f".{name}.csv.partial").rename(folder / f"{name}.csv")
    except OSError:
        raise OutputError("the tables cannot be written", hint="check the folder, and free space") from None
    finally:
        for name in names:
            with suppress(OSError):
                (folder / f".{name}.csv.partial").unlink(missing_ok=True)
    return counts


def read_patients(folder: Path) -> Iterator[Patient]:
    """Yield the patients of a folder of tables, in the order of the table `patients`; encounters in order of time.

    Tables of children that are not there are empty; a column that is not there is missing in every row.

    Raises:
        InputError: there is no table of patients, a table cannot be read, has no column of keys, or a row of it belongs to
            no patient or encounter.
    """
    rows = {name: list(_read(folder, name)) for name in TABLES if name != "patients"}
    patients = list(_read(folder, "patients", needed=True))
    _check_keys(patients, rows)
    children = {name: _grouped(each, "encounter_id") for name, each in rows.items() if name != "encounters"}
    stays = _grouped(rows["encounters"], "patient_id")
    for row in patients:
        found = [_encounter(each, children) for each in stays.get(row["patient_id"], ())]
        found.sort(key=lambda each: (each.start or datetime.max, each.encounter_id))
        yield Patient(
            patient_id=row["patient_id"],
            birth_date=_day(row.get("birth_date")),
            death_date=_day(row.get("death_date")),
            sex=_SEXES.get(row.get("sex", "").strip().casefold(), ""),
            region=row.get("region", ""),
            encounters=tuple(found),
        )


def _opened(path: Path, stack: ExitStack) -> Callable[[Iterable[object]], Any]:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    file = stack.enter_context(os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8", newline=""))
    return csv.writer(file, lineterminator="\n").writerow


def _rows(patient: Patient) -> Iterator[tuple[str, tuple[object, ...]]]:
    own = patient.patient_id
    yield "patients", (own, _told(patient.birth_date), _told(patient.death_date), patient.sex, patient.region)
    for stay in patient.encounters:
        key = stay.encounter_id
        yield "encounters", (key, own, _told(stay.start), _told(stay.end), stay.kind)
        for each in stay.diagnoses:
            yield "diagnoses", (each.diagnosis_id, key, own, each.code, each.name, _told(each.onset))
        for lab in stay.labs:
            yield "labs", (lab.lab_id, key, own, _told(lab.time), lab.test, shown(lab.value), lab.unit)
        for drug in stay.medications:
            when = _told(drug.start), _told(drug.end)
            dose = shown(drug.dose)
            yield (
                "medications",
                (drug.medication_id, key, own, drug.drug, dose, drug.unit, drug.route, drug.frequency, *when),
            )


def shown(value: float | None) -> str:
    """Return a number as the tables hold it: without zeros at its end; empty where it is missing."""
    return "" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")


def _told(when: date | datetime | None) -> str:
    return "" if when is None else when.isoformat()


def _read(folder: Path, name: str, *, needed: bool = False) -> Iterator[Row]:
    path = folder / f"{name}.csv"
    if not path.is_file():
        if needed:
            raise InputError("there is no table of patients in the folder", hint="it is named patients.csv")
        return
    keys = [column for column in TABLES[name][:2] if column.endswith("_id")]
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if any(key not in (reader.fieldnames or ()) for key in keys):
                raise InputError(f"the table {name} has no column {' or '.join(keys)}")
            for row in reader:
                yield {column: value or "" for column, value in row.items() if isinstance(column, str)}
    except (OSError, UnicodeDecodeError, csv.Error):
        raise InputError(f"the table {name} cannot be read", hint="it is CSV in UTF-8") from None


def _check_keys(patients: Iterable[Row], rows: Mapping[str, Iterable[Row]]) -> None:
    known = {row["patient_id"] for row in patients}
    if any(row["patient_id"] not in known for row in rows["encounters"]):
        raise InputError("a row of the table encounters belongs to no patient")
    stays = {row["encounter_id"] for row in rows["encounters"]}
    for name in ("diagnoses", "labs", "medications"):
        if any(row["encounter_id"] not in stays for row in rows[name]):
            raise InputError(f"a row of the table {name} belongs to no encounter")


def _grouped(rows: Iterable[Row], column: str) -> Mapping[str, list[Row]]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return found


def _encounter(row: Row, children: Mapping[str, Mapping[str, list[Row]]]) -> Encounter:
    key = row["encounter_id"]
    return Encounter(
        encounter_id=key,
        start=_time(row.get("start")),
        end=_time(row.get("end")),
        kind=row.get("class", ""),
        diagnoses=tuple(
            Diagnosis(each.get("diagnosis_id", ""), each.get("code", ""), each.get("name", ""), _day(each.get("onset")))
            for each in children["diagnoses"].get(key, ())
        ),
        labs=tuple(
            Lab(
                each.get("lab_id", ""),
                _time(each.get("time")),
                each.get("test", ""),
                _number(each.get("value")),
                each.get("unit", ""),
            )
            for each in children["labs"].get(key, ())
        ),
        medications=tuple(
            Medication(
                medication_id=each.get("medication_id", ""),
                drug=each.get("drug", ""),
                dose=_number(each.get("dose")),
                unit=each.get("unit", ""),
                route=each.get("route", ""),
                frequency=each.get("frequency", ""),
                start=_day(each.get("start")),
                end=_day(each.get("end")),
            )
            for each in children["medications"].get(key, ())
        ),
    )


def _time(said: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat((said or "").strip()).replace(tzinfo=None)
    except ValueError:
        return None


def _day(said: str | None) -> date | None:
    found = _time(said)
    return found.date() if found else None


def _number(said: str | None) -> float | None:
    try:
        value = float(said or "")
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None
