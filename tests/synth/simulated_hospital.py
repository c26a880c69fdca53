"""A hospital that never was: linked tables with what such tables have, since no real ones may leave a hospital.

Patients fall ill with chronic diseases by age and sex, come the more often the more they have, are coded again at most
visits, have laboratory values with a level and a trend of their own, and drugs that follow from what was coded. Numbers of
the world below are invented; nothing is fitted to anybody. A second seed is the hold-out, and so the ceiling of a method.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from onprem.table import Column, Kind, Table
from onprem.table_files import write_table

DAY = 86_400.0
FIRST = 1_420_070_400.0  # 2015-01-01
LAST = 1_735_603_200.0  # 2024-12-31
CHRONIC = (  # code, name, share at 60, rise per year of age, drug
    ("I10", "Essential hypertension", 0.35, 0.012, "amlodipine"),
    ("E11", "Type 2 diabetes", 0.18, 0.005, "metformin"),
    ("E78", "Hyperlipidaemia", 0.30, 0.006, "atorvastatin"),
    ("N18", "Chronic kidney disease", 0.08, 0.006, "furosemide"),
    ("J44", "COPD", 0.08, 0.004, "tiotropium"),
    ("I50", "Heart failure", 0.05, 0.005, "bisoprolol"),
    ("F32", "Depressive episode", 0.12, 0.0, "sertraline"),
)
ACUTE = (("J06", "Acute upper respiratory infection"), ("N39", "Urinary tract infection"), ("R10", "Abdominal pain"),
         ("S52", "Fracture of forearm"), ("M54", "Dorsalgia"), ("J18", "Pneumonia"))  # fmt: skip
TESTS = (  # name, unit, mean, spread between patients, spread within, decimals, disease that moves it, by how much
    ("glucose", "mmol/L", 5.3, 0.5, 0.5, 1, 1, 3.4),
    ("hba1c", "%", 5.5, 0.3, 0.15, 1, 1, 1.9),
    ("creatinine", "umol/L", 78.0, 14.0, 6.0, 0, 3, 85.0),
    ("potassium", "mmol/L", 4.2, 0.2, 0.25, 1, 3, 0.4),
    ("sodium", "mmol/L", 140.0, 1.5, 1.8, 0, 5, -2.5),
    ("ldl", "mmol/L", 3.0, 0.6, 0.3, 2, 2, 0.9),
    ("haemoglobin", "g/L", 138.0, 10.0, 5.0, 0, 3, -18.0),
    ("crp", "mg/L", 4.0, 2.0, 3.0, 1, 4, 6.0),
)
DOSES = {"amlodipine": (5.0, 10.0), "metformin": (500.0, 850.0, 1000.0), "atorvastatin": (20.0, 40.0, 80.0),
         "furosemide": (20.0, 40.0), "tiotropium": (18.0,), "bisoprolol": (2.5, 5.0), "sertraline": (50.0, 100.0),
         "amoxicillin": (500.0, 1000.0), "paracetamol": (500.0, 1000.0)}  # fmt: skip


def hospital(n: int, seed: int) -> dict[str, Table]:
    """Return the five tables of `n` patients, about 20 child rows to each."""
    rng = np.random.default_rng(seed)
    age = np.clip(rng.gamma(9.0, 6.0, n), 1, 98)
    birth = np.floor((FIRST - age * 365.25 * DAY) / DAY) * DAY
    female = rng.random(n) < 0.52
    region = rng.choice(4, n, p=(0.4, 0.3, 0.2, 0.1))
    risk = np.array([share for _, _, share, _, _ in CHRONIC])
    rise = np.array([rise for _, _, _, rise, _ in CHRONIC])
    ill = rng.random((n, len(CHRONIC))) < np.clip(risk + rise * (age[:, None] - 60), 0.005, 0.9)
    ill[:, 3] |= ill[:, 1] & (rng.random(n) < 0.15)
    ill[:, 6] |= female & (rng.random(n) < 0.08)
    since = FIRST - rng.exponential(2000, ill.shape) * DAY
    since = np.floor(np.maximum(since, birth[:, None] + 300 * DAY) / DAY) * DAY
    years = 10.0 * np.ones(n)
    hazard = 0.004 * np.exp(0.07 * (age - 60)) * (1 + 1.5 * ill[:, 5] + ill[:, 3])
    dies = rng.exponential(1 / hazard)
    dead = dies < years
    end = np.where(dead, np.floor((FIRST + dies * 365.25 * DAY) / DAY) * DAY, LAST)
    # encounters
    visits = 1 + rng.poisson(
        np.clip((0.15 + 0.18 * ill.sum(1)) * (end - FIRST) / DAY / 365 * rng.gamma(4, 0.25, n), 0, 25)
    )
    patient = np.repeat(np.arange(n), visits)
    start = FIRST + rng.random(len(patient)) * np.maximum(end - FIRST - DAY, 0)[patient]
    start = np.floor(start / 60) * 60
    patient, start = (array[np.lexsort((start, patient))] for array in (patient, start))
    kind = np.where(
        rng.random(len(patient)) < 0.12 + 0.15 * ill[patient, 5], 2, (rng.random(len(patient)) < 0.2).astype(int)
    )
    hours = np.where(
        kind == 2, rng.gamma(2.0, 60.0, len(patient)), np.where(kind == 1, rng.gamma(3.0, 2.0, len(patient)), 0.5)
    )
    stop = np.minimum(start + np.floor(hours * 60) * 60, np.where(dead, end + DAY - 60, LAST + DAY)[patient])
    stop = np.maximum(stop, start)
    # diagnoses: chronic ones are coded again at most visits, acute ones once
    m = len(patient)
    coded = ill[patient] & (rng.random((m, len(CHRONIC))) < 0.6)
    acute = rng.random(m) < 0.45
    which = rng.choice(len(ACUTE), m, p=(0.3, 0.2, 0.15, 0.1, 0.15, 0.1))
    enc_c, code_c = np.nonzero(coded)
    encounter = np.concatenate((enc_c, np.flatnonzero(acute)))
    code = np.concatenate((code_c, len(CHRONIC) + which[acute]))
    onset = np.concatenate((since[patient[enc_c], code_c], np.floor(start[acute] / DAY) * DAY))
    order = np.lexsort((code, encounter))
    encounter, code, onset = encounter[order], code[order], onset[order]
    # laboratories: a panel per visit
    level = rng.standard_normal((n, len(TESTS)))
    trend = 0.08 * rng.standard_normal((n, len(TESTS)))
    asked = rng.random((m, len(TESTS))) < np.where(kind == 2, 0.75, np.where(kind == 1, 0.4, 0.25))[:, None]
    asked[:, 0] |= ill[patient, 1]
    asked[:, 1] |= ill[patient, 1] & (rng.random(m) < 0.6)
    enc_l, test = np.nonzero(asked)
    who = patient[enc_l]
    traits = np.array([[mean, between, within, moved, by] for _, _, mean, between, within, _, moved, by in TESTS])[test]
    since_first = (start[enc_l] - FIRST) / DAY / 365
    value = traits[:, 0] + traits[:, 1] * (level[who, test] + trend[who, test] * since_first)
    value += traits[:, 4] * ill[who, traits[:, 3].astype(int)] + traits[:, 2] * rng.standard_normal(len(who))
    value[test == 7] = np.maximum(value[test == 7], 0.3) * np.exp(0.5 * rng.standard_normal((test == 7).sum()))
    digits = np.array([decimals for *_, decimals, _, _ in TESTS])[test]
    value = np.round(np.maximum(value, 0.1) * 10.0**digits) / 10.0**digits
    when = np.minimum(start[enc_l] + np.floor(rng.random(len(who)) * 20) * 60, stop[enc_l])
    order = np.lexsort((test, when, enc_l))
    enc_l, test, value, when = enc_l[order], test[order], value[order], when[order]
    # medications: for each coded chronic disease mostly its drug; for an infection an antibiotic
    dose_of = rng.random((n, len(CHRONIC)))
    given = rng.random(len(encounter)) < np.where(code < len(CHRONIC), 0.75, 0.5)
    given &= ~np.isin(code, (len(CHRONIC) + 3,))
    enc_m, for_code = encounter[given], code[given]
    drugs = [drug for *_, drug in CHRONIC] + ["amoxicillin", "paracetamol"]
    infection = np.isin(for_code - len(CHRONIC), (0, 1, 5))
    drug = np.where(for_code < len(CHRONIC), for_code, np.where(infection, len(CHRONIC), len(CHRONIC) + 1))
    pick = np.where(
        drug < len(CHRONIC), dose_of[patient[enc_m], np.minimum(drug, len(CHRONIC) - 1)], rng.random(len(drug))
    )
    dose = np.array([DOSES[drugs[d]][int(p * len(DOSES[drugs[d]]))] for d, p in zip(drug, pick, strict=True)])
    begun = np.floor(start[enc_m] / DAY) * DAY
    begun = np.where(begun < start[enc_m], start[enc_m], begun)
    until = begun + np.where(drug < len(CHRONIC), 90, 7) * DAY
    until = np.where(until > end[patient[enc_m]], np.nan, until)
    often = np.where(drug == 1, 1, np.where(drug >= len(CHRONIC), 2, 0))
    unit = np.where(drug == 4, 1, 0)
    route = np.where(drug == 4, 1, 0)

    def key(prefix: str, count: int, codes: np.ndarray, name: str) -> Column:
        return Column(name, Kind.KEY, codes.astype(np.int32), tuple(f"{prefix}{number:06d}" for number in range(count)))

    def code_column(name: str, codes: np.ndarray, words: tuple[str, ...]) -> Column:
        return Column(name, Kind.CATEGORY, codes.astype(np.int32), words)

    def time(name: str, values: np.ndarray, *, day: bool = False) -> Column:
        return Column(name, Kind.TIME, values, day=day)

    def patient_key(codes: np.ndarray) -> Column:
        return key("P", n, codes, "patient_id")

    def visit_key(codes: np.ndarray) -> Column:
        return key("E", m, codes, "encounter_id")

    names = (*((c, d) for c, d, *_ in CHRONIC), *ACUTE)
    tables = (
        Table("patients", (patient_key(np.arange(n)), time("birth_date", birth, day=True),
              time("death_date", np.where(dead, end, np.nan), day=True),
              code_column("sex", female, ("male", "female")), code_column("region", region, ("N", "E", "S", "W")))),
        Table("encounters", (visit_key(np.arange(m)), patient_key(patient), time("start", start), time("end", stop),
              code_column("class", kind, ("ambulatory", "emergency", "inpatient")))),
        Table("diagnoses", (key("D", len(code), np.arange(len(code)), "diagnosis_id"), visit_key(encounter),
              patient_key(patient[encounter]), code_column("code", code, tuple(c for c, _ in names)),
              code_column("name", code, tuple(d for _, d in names)), time("onset", onset, day=True))),
        Table("labs", (key("L", len(test), np.arange(len(test)), "lab_id"), visit_key(enc_l), patient_key(patient[enc_l]),
              time("time", when), code_column("test", test, tuple(t[0] for t in TESTS)),
              Column("value", Kind.NUMBER, value, decimals=2), code_column("unit", test, tuple(t[1] for t in TESTS)))),
        Table("medications", (key("M", len(drug), np.arange(len(drug)), "medication_id"), visit_key(enc_m),
              patient_key(patient[enc_m]), code_column("drug", drug, tuple(drugs)),
              Column("dose", Kind.NUMBER, dose, decimals=1),
              code_column("unit", unit, ("mg", "ug")), code_column("route", route, ("oral", "inhaled")),
              code_column("frequency", often, ("once daily", "twice daily", "three times daily")),
              time("start", begun), time("end", until))),
    )  # fmt: skip
    return {table.name: table for table in tables}


def write_hospital(folder: Path, n: int, seed: int) -> Path:
    """Write the five tables as CSV into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in hospital(n, seed).items():
        write_table(table, folder / f"{name}.csv")
    return folder
