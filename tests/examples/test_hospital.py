"""The sample hospital is what its generator makes, its gold spans fit, and its numbers belong to nobody."""

import csv
import json
import re
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from onprem import checksums
from onprem.evaluate.gold import read_gold
from onprem.labels import Label

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    sys.path.insert(0, str(EXAMPLES))
    try:
        import make_hospital
    finally:
        sys.path.remove(str(EXAMPLES))
    out = tmp_path_factory.mktemp("hospital")
    return out, make_hospital.make(out)


def files(folder):
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_shipped_folder_is_what_the_generator_makes(made):
    shipped, fresh = files(EXAMPLES / "hospital"), files(made[0])
    assert list(shipped) == list(fresh)
    for name, path in shipped.items():
        if name.endswith(".parquet"):  # the bytes depend on the version of the writer
            assert pq.read_table(path).equals(pq.read_table(fresh[name]))
        else:
            assert path.read_bytes() == fresh[name].read_bytes(), name
    assert sum(path.stat().st_size for path in shipped.values()) < 2_000_000


def test_the_shipped_gold_is_what_the_generator_makes(made):
    assert read_gold(EXAMPLES / "gold.jsonl") == made[1]


def test_notes_carry_many_identifiers_of_many_kinds(made):
    labels = [span.label for note in made[1] for span in note.spans]
    assert len(labels) > 1300
    assert len(set(labels)) >= 25
    assert sum(re.search("[\u4e00-\u9fff]", note.text) is not None for note in made[1]) > 60


def test_no_identifier_of_a_patient_stands_in_a_note_unmarked(made):
    for note in made[1]:
        covered = {position for span in note.spans for position in range(span.start, span.end)}
        values = {
            note.text[s.start : s.end] for s in note.spans if s.label in {Label.NAME, Label.PHONE, Label.RECORD_NUMBER}
        }
        for value in values:
            if len(value) < (2 if value > "\u2e80" else 5):
                continue
            # a patient called Parkinson has Parkinson's disease: the eponym names nobody
            for match in re.finditer(rf"(?<!\w){re.escape(value)}(?!\w|'s disease)", note.text):
                assert covered.issuperset(range(*match.span())), note.text[:40]


def test_faults_that_real_folders_have(made):
    names = list(files(made[0]))
    assert any("Whitcombe" in name for name in names) and any("P1003" in name for name in names)
    with (made[0] / "patients.csv").open(encoding="utf-8", newline="") as source:
        assert {len(row) for row in csv.reader(source)} == {19, 20}
    assert "姓名" in (made[0] / "患者信息.csv").read_bytes().decode("gb18030")
    with pytest.raises(UnicodeDecodeError):
        (made[0] / "患者信息.csv").read_bytes().decode("utf-8")
    assert [name for name in names if (made[0] / name).read_bytes().startswith(b"\xff\xfe")]
    assert any(b"\r\n" in path.read_bytes() for name, path in files(made[0]).items() if name.startswith("notes/"))


def test_numbers_belong_to_nobody(made):
    for path in files(made[0]).values():
        if path.suffix not in {".txt", ".csv", ".jsonl"}:
            continue
        raw = path.read_bytes()
        text = raw.decode("utf-16") if raw.startswith(b"\xff\xfe") else raw.decode("utf-8", "ignore")
        for number in re.findall(r"(?<!\d)[1-9]\d{16}[\dX](?!\d)", text):
            assert checksums.cn_resident(number) and number[4:6] == "99"
        for number in re.findall(r"(?<![\d-])1[3-9]\d{9}(?!\d)", text):
            assert number.startswith("1990000")
        for number in re.findall(r"\b\d{3}[-.]\d{3}[-.]\d{4}\b", text):
            assert number[4:7] == "555" and number[8:10] == "01"
        for address in re.findall(r"@[\w.]+", text):
            assert re.search(r"example\.(org|net|com)\.?$", address)
    for line in (made[0] / "messages.jsonl").read_text(encoding="utf-8").splitlines():
        assert set(json.loads(line)) == {"id", "patient", "created_at", "text"}
