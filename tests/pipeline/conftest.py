"""A small invented hospital, English and Chinese, in every format; and a way to run `onprem` on it."""

import json
import os
import subprocess
import sys

import pyarrow
import pyarrow.parquet
import pytest

ENGLISH_NOTE = """Mercy Hill Hospital
Patient: Ngozi Okafor   MRN: 40017733   DOB: 05/14/1961

Mrs. Okafor was admitted on 03/02/2023 with chest pain. Her daughter Adaeze (617-555-0148) came along.
Discharged 03/08/2023. Follow-up with Dr. Imre Kovalenko on March 22, 2023.
History of Parkinson's disease; Foley catheter removed. BP 132/84, HR 72, aspirin 81 mg.
"""
CHINESE_NOTE = """入院记录
姓名：欧阳春燕  性别：女  住院号：ZY0088231
患者欧阳春燕，因反复咳嗽2周于2023年3月2日入院，2023年3月8日出院。
联系电话：13900001234，住址：浙江省杭州市西湖区文三路9号3幢502室。
主治医师：韩卫东
"""


def write_hospital(root):
    (root / "notes").mkdir(parents=True)
    (root / "patients.csv").write_text(
        "patient_id,mrn,first_name,last_name,sex,date_of_birth,phone,admission_date,discharge_date\n"
        "P0001,40017733,Ngozi,Okafor,F,1961-05-14,617-555-0100,2023-03-02,2023-03-08\n"
        "P0002,40017734,Bo,Lindqvist,M,1975-11-30,617-555-0101,2023-04-01,2023-04-11\n",
        encoding="utf-8",
    )
    (root / "患者信息.csv").write_bytes(
        (
            "患者编号,住院号,姓名,性别,出生日期,联系电话,现住址,入院日期,出院日期\r\n"
            "P0003,ZY0088231,欧阳春燕,女,1970-06-01,13900001234,浙江省杭州市西湖区文三路9号3幢502室,2023-03-02,2023-03-08\r\n"
        ).encode("gb18030")
    )
    (root / "notes" / "P0001_discharge.txt").write_text(ENGLISH_NOTE, encoding="utf-8")
    (root / "notes" / "入院记录.txt").write_bytes(CHINESE_NOTE.encode("gb18030"))
    with (root / "messages.jsonl").open("w", encoding="utf-8") as file:
        for row in (
            {
                "id": "m1",
                "patient": "P0001",
                "text": "Ngozi Okafor called on 03/15/2023 about her visit of 03/02/2023.",
            },
            {"id": "m2", "patient": "P0002", "text": "Mr Lindqvist asks to move 04/20/2023 to 04/27/2023."},
            {"id": "m3", "patient": "P0003", "text": "欧阳春燕于2023年3月15日复诊，首诊2023年3月2日。"},
        ):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    table = pyarrow.table(
        {
            "patient_id": ["P0001", "P0003", "P0002"],
            "encounter_date": pyarrow.array([19418, 19418, 19448], pyarrow.date32()),
            "note": [
                "Seen 03/02/2023 and again 04/02/2023 by Dr. Kovalenko.",
                "2023年3月2日首诊，2023-04-02复查。",
                "Bo Lindqvist, seen 04/01/2023.",
            ],
        }
    )
    pyarrow.parquet.write_table(table, root / "encounters.parquet")


@pytest.fixture
def hospital(tmp_path):
    write_hospital(tmp_path / "hospital")
    return tmp_path / "hospital"


@pytest.fixture
def onprem(tmp_path):
    """Run `onprem` in a process of its own, as a user does; return the finished process."""

    def call(*arguments, check=None, **extra):
        environment = {**os.environ, "ONPREM_SITE": str(tmp_path / "site"), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-m", "onprem", *map(str, arguments)],
            capture_output=True,
            check=False,
            text=True,
            env=environment,
            cwd=tmp_path,
            timeout=300,
            **extra,
        )
        if check is not None:
            assert done.returncode == check, (done.returncode, done.stdout, done.stderr)
        return done

    call("init", "--site", tmp_path / "site", check=0)
    return call
