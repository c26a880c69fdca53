"""Make the sample hospital: `python examples/make_hospital.py --out examples/hospital`.

Rules: everybody in it is invented (see hospital_source/people.toml); the same seed gives the same files; every
identifier of a note is known, so the notes are also written with gold spans (`--gold FILE`) for `onprem eval deid`.

The folder has the faults of real ones: two encodings of Chinese, file names that name patients, a column that nobody
can place, a value in the wrong column, a row with a cell too many, a misspelt name, diseases and devices named after
people.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from hospital_source import chinese, english
from hospital_source.forms import fill

from onprem.tagged import Tagged

SOURCE = Path(__file__).resolve().parent / "hospital_source"
SEED = 20240601
FIRST_DAY = date(2024, 1, 8)
SHELVES = ("amber north", "teal", "violet low", "ochre")  # values of the column that nobody can place

Person = english.Patient | chinese.Patient
P = TypeVar("P", english.Patient, chinese.Patient)


def load(name: str) -> dict[str, Any]:
    """Read one of the source tables."""
    return tomllib.loads((SOURCE / name).read_text(encoding="utf-8"))


class Hospital:
    """The people of the hospital and the fields of their notes."""

    def __init__(self, seed: int) -> None:
        people = load("people.toml")
        self.places = {key: value for key, value in people.items() if isinstance(value, str)}
        self.staff = people["staff"]
        self.columns = people["columns"]
        cases = {name: load(f"cases_{name}.toml")["case"] for name in ("en", "zh")}
        stories = {name: [cases[name][number] for number in people["stories"][name]] for name in cases}
        self.english = list(self._admit(english.Patient, people["patients"], stories["en"], seed))
        self.chinese = list(self._admit(chinese.Patient, people["patients_zh"], stories["zh"], seed + 1))

    def _admit(self, kind: type[P], rows: list[Any], stories: list[dict[str, str]], seed: int) -> Iterator[P]:
        generator = random.Random(seed)  # noqa: S311 - a reproducible sample, no secret
        for index, row in enumerate(rows):
            admitted = FIRST_DAY + timedelta(days=generator.randrange(120))
            numbers = random.Random(seed * 1000 + index)  # noqa: S311 - as above
            yield kind(index, row, admitted, generator.randrange(3, 12), stories[index], numbers)

    def fill(self, person: Person, template: str) -> Tagged:
        """Write one note of a patient."""
        if isinstance(person, english.Patient):
            return fill(template, english.fields(person, self.places, self.staff[:10]))
        return fill(template, chinese.fields(person, self.places, self.staff[10:]))


class Folder:
    """Writes the files and remembers the gold spans of the notes."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.gold: list[Tagged] = []

    def text(self, name: str, note: Tagged, encoding: str = "utf-8", newline: str = "\n") -> None:
        """Write a note as a text file."""
        path = self.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(note.text.replace("\n", newline).encode(encoding))
        self.gold.append(note)

    def table(self, name: str, rows: list[list[str]], encoding: str, newline: str) -> None:
        """Write a CSV file."""
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator=newline).writerows(rows)
        (self.out / name).write_bytes(buffer.getvalue().encode(encoding))

    def parquet(self, name: str, table: pa.Table) -> None:
        """Write a Parquet file."""
        pq.write_table(table, self.out / name, compression="zstd", row_group_size=64)


def write_patients(hospital: Hospital, folder: Folder) -> None:
    """Write patients.csv (UTF-8) and 患者信息.csv (GB18030)."""
    rows = [hospital.columns["en"]]
    for person in hospital.english:
        last, first, sex, born, street, city, state, code, relative, relation, employer, _ = person.row
        phone = person.phone
        if person.index == 7:
            city, phone = phone, ""  # a value in the wrong column
        row = [
            person.key,
            person.mrn,
            last,
            first,
            sex,
            f"{born:%m/%d/%Y}",
            person.ssn,
            phone,
            person.email,
            street,
            city,
        ]
        row += [
            state,
            code,
            relative,
            relation,
            person.relative_phone,
            person.plan,
            employer,
            SHELVES[person.index % len(SHELVES)],
        ]
        rows.append([*row, "moved?"] if person.index == 16 else row)  # a cell too many
    folder.table("patients.csv", rows, "utf-8", "\r\n")

    rows = [hospital.columns["zh"]]
    for one in hospital.chinese:
        name, sex, born, ethnicity, native, job, employer, address, relative, relation = one.row
        left = one.admitted + timedelta(days=one.days)
        row = [
            one.key,
            name,
            sex,
            f"{born:%Y-%m-%d}",
            one.card,
            ethnicity,
            native,
            job,
            employer,
            address,
            one.phone,
            relative,
        ]
        row += [
            relation,
            one.relative_phone,
            one.insurance,
            one.bed,
            "心内科",
            f"{one.admitted:%Y/%m/%d}",
            f"{left:%Y/%m/%d}",
        ]
        rows.append([*row, one.case["dx"]])
    folder.table("患者信息.csv", rows, "gb18030", "\r\n")


def write_staff(hospital: Hospital, folder: Folder) -> None:
    """Write staff.csv, English and Chinese."""
    rows = [["staff_id", "staff_name", "role", "department", "staff_phone"]]
    for index, (key, name, role, department) in enumerate(hospital.staff):
        phone = f"(617) 555-01{10 + index:02d}" if key < "S2" else f"0999-55501{10 + index:02d}"
        rows.append([key, name, role, department, phone])
    folder.table("staff.csv", rows, "utf-8", "\n")


def write_encounters(hospital: Hospital, folder: Folder) -> None:
    """Write encounters.parquet and observations.parquet."""
    encounters: list[dict[str, Any]] = []
    observations: list[dict[str, Any]] = []
    for number, person in enumerate([*hospital.english, *hospital.chinese]):
        own = isinstance(person, english.Patient)
        staff = hospital.staff[person.index % 5] if own else hospital.staff[10 + person.index % 4]
        encounter = f"E{880_001 + 17 * number}"
        encounters.append(
            {
                "patient_id": person.key,
                "encounter_id": encounter,
                "admit_date": person.admitted,
                "discharge_date": person.admitted + timedelta(days=person.days),
                "department": staff[3],
                "attending": staff[1],
                "facility": hospital.places["hospital" if own else "hospital_zh"],
                "diagnosis": person.case["dx"],
                "diagnosis_code": person.case["code"],
            }
        )
        for step in range(6):
            code, name, value, unit = _measure(person, step)
            observed = datetime.combine(person.admitted + timedelta(days=step % person.days), time(6 + step, 5 * step))
            observations.append(
                {"patient_id": person.key, "encounter_id": encounter, "observed_at": observed, "loinc_code": code}
                | {"test_name": name, "value": value, "unit": unit}
            )
    folder.parquet("encounters.parquet", pa.Table.from_pylist(encounters))
    folder.parquet("observations.parquet", pa.Table.from_pylist(observations))


def _measure(person: Person, step: int) -> tuple[str, str, float, str]:
    kinds = (
        ("8867-4", "Heart rate", 62.0, "/min"),
        ("8480-6", "Systolic blood pressure", 118.0, "mm[Hg]"),
        ("2345-7", "Glucose", 96.0, "mg/dL"),
        ("718-7", "Hemoglobin", 12.4, "g/dL"),
        ("2160-0", "Creatinine", 0.9, "mg/dL"),
        ("8310-5", "Body temperature", 36.8, "Cel"),
    )
    code, name, value, unit = kinds[step]
    return code, name, round(value * (1 + 0.03 * ((person.index + step) % 7)), 1), unit


def write_notes(hospital: Hospital, folder: Folder) -> None:
    """Write notes/ and notes_zh/, with the file names that people really give."""
    templates = [note["text"] for note in load("notes_en.toml")["note"]]
    number = 0
    for person in hospital.english:
        for step in (0, 7):
            number += 1
            name = f"note_{number:04d}.txt"
            if number % 6 == 0:
                name = f"note_{person.key}_{person.admitted:%Y%m%d}.txt"
            if number == 1:
                name = f"{person.row[0]}_{person.row[1]}_letter.txt"
            note = hospital.fill(person, templates[(person.index + step) % len(templates)])
            folder.text(f"notes/{name}", note, newline="\r\n" if number % 9 == 0 else "\n")
    templates = [note["text"] for note in load("notes_zh.toml")["note"]]
    for one in hospital.chinese:
        for step in (0, 5):
            number += 1
            encoding = {3: "gb18030", 5: "utf-16"}.get(one.index, "utf-8") if step == 0 else "utf-8"
            name = f"{one.key}_病历.txt" if one.index == 8 and step == 0 else f"record_{number:04d}.txt"
            note = hospital.fill(one, templates[(one.index + step) % len(templates)])
            folder.text(f"notes_zh/{name}", note, encoding)


def write_free_text_tables(hospital: Hospital, folder: Folder) -> None:
    """Write progress_notes.csv, 检查报告.csv (GB18030) and messages.jsonl."""
    templates = [
        note["text"] for note in load("notes_en.toml")["note"] if note["kind"] in {"progress", "nursing", "dictation"}
    ]
    rows = [["patient_id", "note_date", "author", "note_text"]]
    for person in hospital.english:
        note = hospital.fill(person, templates[person.index % len(templates)])
        folder.gold.append(note)
        rows.append([person.key, f"{person.admitted:%Y-%m-%d}", hospital.staff[person.index % 5][1], note.text.strip()])
    folder.table("progress_notes.csv", rows, "utf-8", "\n")

    rows = [["检查号", "住院号", "姓名", "检查日期", "检查项目", "检查所见", "诊断意见", "报告医生"]]
    for one in hospital.chinese:
        seen = hospital.fill(one, "患者{patient}，{age}岁，{hpi}。{imaging}与{adm_md}片比较无明显变化。")
        folder.gold.append(seen)
        row = [f"CT2024{31_007 + 13 * one.index}", one.key, one.row[0], f"{one.admitted:%Y-%m-%d}", "CT", seen.text]
        rows.append([*row, f"符合{one.case['dx']}表现。", "郑凯"])
    folder.table("检查报告.csv", rows, "gb18030", "\n")

    messages = load("messages.toml")
    lines: list[str] = []
    for person in [*hospital.english, *hospital.chinese]:
        chosen = messages["en" if isinstance(person, english.Patient) else "zh"]
        for step in (0, 3):
            note = hospital.fill(person, chosen[(person.index + step) % len(chosen)])
            folder.gold.append(note)
            item = {
                "id": f"m{len(lines) + 1:04d}",
                "patient": person.key,
                "created_at": _created(person, step),
                "text": note.text,
            }
            lines.append(json.dumps(item, ensure_ascii=len(lines) % 10 == 0) + "\n")
    (folder.out / "messages.jsonl").write_text("".join(lines), encoding="utf-8")


def _created(person: Person, step: int) -> str:
    return f"{person.admitted + timedelta(days=person.days + step):%Y-%m-%d}T{9 + step:02d}:15:00Z"


def make(out: Path, *, seed: int = SEED) -> list[Tagged]:
    """Write the hospital into the folder `out`; return its notes with their gold spans."""
    out.mkdir(parents=True, exist_ok=True)
    hospital, folder = Hospital(seed), Folder(out)
    write_patients(hospital, folder)
    write_staff(hospital, folder)
    write_encounters(hospital, folder)
    write_notes(hospital, folder)
    write_free_text_tables(hospital, folder)
    return folder.gold


def main() -> None:
    """Write the folder, and the gold spans where they are asked for."""
    parser = argparse.ArgumentParser(description="Make the sample hospital.")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent / "hospital")
    parser.add_argument("--gold", type=Path, help="write the notes with gold spans, as JSON lines")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    notes = make(given.out, seed=given.seed)
    if given.gold:
        with given.gold.open("w", encoding="utf-8") as sink:
            for note in notes:
                spans = [{"start": span.start, "end": span.end, "label": span.label.value} for span in note.spans]
                sink.write(json.dumps({"text": note.text, "spans": spans}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
