"""A patient of the linked tables: what happened, encounter by encounter.

Rules: a value that a table does not tell is None or empty; the simulation always tells. Text of records stands in no repr.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was diagnosed; `code` is ICD-10, `onset` the day on which it began."""

    diagnosis_id: str = field(repr=False)
    code: str = field(repr=False)
    name: str = field(repr=False)
    onset: date | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lab:
    """What was measured; `value` is in `unit`, which is empty for a ratio."""

    lab_id: str = field(repr=False)
    time: datetime | None = field(repr=False)
    test: str = field(repr=False)
    value: float | None = field(repr=False)
    unit: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Medication:
    """What was given: `dose` of one intake in `unit`; `end` is the last day."""

    medication_id: str = field(repr=False)
    drug: str = field(repr=False)
    dose: float | None = field(repr=False)
    unit: str = field(repr=False)
    route: str = field(repr=False)
    frequency: str = field(repr=False)
    start: date | None = field(repr=False)
    end: date | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Encounter:
    """A stay or a visit; `kind` is the column `class`: inpatient, outpatient or emergency. The first diagnosis is why."""

    encounter_id: str = field(repr=False)
    start: datetime | None = field(repr=False)
    end: datetime | None = field(repr=False)
    kind: str = field(repr=False)
    diagnoses: tuple[Diagnosis, ...] = field(default=(), repr=False)
    labs: tuple[Lab, ...] = field(default=(), repr=False)
    medications: tuple[Medication, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient and the encounters in order of time; `sex` is female or male."""

    patient_id: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    death_date: date | None = field(repr=False)
    sex: str = field(repr=False)
    region: str = field(repr=False)
    encounters: tuple[Encounter, ...] = field(default=(), repr=False)
