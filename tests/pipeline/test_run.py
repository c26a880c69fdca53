"""A folder of records goes in, a safe folder comes out: through the command, in every format, both languages."""

import csv
import io
import json
import re
from datetime import date

import pyarrow.parquet
import pytest

IDENTIFIERS = (
    "Okafor", "Ngozi", "Adaeze", "Lindqvist", "Kovalenko", "40017733", "ZY0088231", "617-555-0148", "617-555-0100",
    "欧阳春燕", "韩卫东", "13900001234", "文三路", "Mercy Hill",
)  # fmt: skip
CLINICAL = ("Parkinson's disease", "Foley catheter", "BP 132/84", "aspirin 81 mg", "反复咳嗽2周", "chest pain")


def texts(folder):
    """Every output file as text, whatever its encoding."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet":
            found[path] = json.dumps(pyarrow.parquet.read_table(path).to_pylist(), default=str, ensure_ascii=False)
        elif path.is_file():
            raw = path.read_bytes()
            try:
                found[path] = raw.decode("utf-8")
            except UnicodeDecodeError:
                found[path] = raw.decode("gb18030")
    return found


@pytest.fixture
def released(onprem, hospital, tmp_path):
    out = tmp_path / "out"
    onprem("deid", hospital, "--out", out, "--policy", "hipaa-expert", "--spans", tmp_path / "spans.jsonl", check=0)
    return out


def test_no_identifier_is_left_and_the_clinical_words_stay(released):
    everything = "\n".join(texts(released).values()) + "\n".join(str(path) for path in texts(released))
    assert [value for value in IDENTIFIERS if value.casefold() in everything.casefold()] == []
    assert [words for words in CLINICAL if words not in everything] == []


def test_output_mirrors_the_input_but_for_names_that_identify(released):
    names = {str(path.relative_to(released)) for path in released.rglob("*") if path.is_file()}
    assert {"patients.csv", "患者信息.csv", "messages.jsonl", "encounters.parquet", "notes/入院记录.txt"} <= names
    (coded,) = names - {"patients.csv", "患者信息.csv", "messages.jsonl", "encounters.parquet", "notes/入院记录.txt"}
    assert re.fullmatch(r"notes/named-[0-9a-f]{12}\.txt", coded)


def test_encodings_and_line_ends_are_kept(released):
    raw = (released / "患者信息.csv").read_bytes()
    assert raw.count(b"\r\n") == raw.count(b"\n") == 2
    raw.decode("gb18030")


def days(text):
    """All complete dates of a text, in order."""
    pattern = r"(\d{4})-(\d\d)-(\d\d)|(\d\d)/(\d\d)/(\d{4})|(\d{4})年(\d{1,2})月(\d{1,2})日"
    found = []
    for match in re.finditer(pattern, text):
        year, month, day, us_month, us_day, us_year, zh_year, zh_month, zh_day = match.groups()
        found.append(
            date(int(year or us_year or zh_year), int(month or us_month or zh_month), int(day or us_day or zh_day))
        )
    return found


def offsets(original, changed):
    return {(new - old).days for old, new in zip(days(original), days(changed), strict=True)}


def test_every_date_of_a_patient_moves_by_the_same_days_in_every_format(hospital, released):
    moved = {"P0001": set(), "P0002": set(), "P0003": set()}
    before, after = texts(hospital), texts(released)

    def rows(found, root, name):
        return list(csv.reader(io.StringIO(found[root / name])))

    for name, patients in (("patients.csv", ["P0001", "P0002"]), ("患者信息.csv", ["P0003"])):
        old, new = rows(before, hospital, name), rows(after, released, name)
        for patient, first, second in zip(patients, old[1:], new[1:], strict=True):
            moved[patient] |= offsets(" ".join(first), " ".join(second))
    old_lines = before[hospital / "messages.jsonl"].splitlines()
    new_lines = after[released / "messages.jsonl"].splitlines()
    for patient, first, second in zip(("P0001", "P0002", "P0003"), old_lines, new_lines, strict=True):
        moved[patient] |= offsets(first, second)
    old_table = pyarrow.parquet.read_table(hospital / "encounters.parquet").to_pylist()
    new_table = pyarrow.parquet.read_table(released / "encounters.parquet").to_pylist()
    for patient, first, second in zip(("P0001", "P0003", "P0002"), old_table, new_table, strict=True):
        moved[patient] |= offsets(
            f"{first['encounter_date']} {first['note']}", f"{second['encounter_date']} {second['note']}"
        )
    (coded,) = (released / "notes").glob("named-*.txt")
    moved["P0001"] |= offsets(before[hospital / "notes" / "P0001_discharge.txt"], after[coded])
    moved["P0003"] |= offsets(before[hospital / "notes" / "入院记录.txt"], after[released / "notes" / "入院记录.txt"])
    assert all(len(found) == 1 for found in moved.values()), moved
    assert all(abs(next(iter(found))) > 365 for found in moved.values())


def test_spans_hold_offsets_and_never_text(released, tmp_path):
    lines = [json.loads(line) for line in (tmp_path / "spans.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines
    for line in lines:
        assert set(line) == {"source", "record", "path", "start", "end", "label", "score", "by"}
        assert 0 <= line["start"] < line["end"]
    content = (tmp_path / "spans.jsonl").read_text(encoding="utf-8")
    assert [value for value in IDENTIFIERS if value in content] == []


def test_spans_point_at_the_original(onprem, tmp_path):
    text = "Ｐａｔｉｅｎｔ İpek: call \u200b６１７-５５５-０１４８ now"
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": text}) + "\n", encoding="utf-8")
    onprem("deid", tmp_path / "in.jsonl", "--out", tmp_path / "o", "--spans", tmp_path / "s.jsonl", check=0)
    spans = [json.loads(line) for line in (tmp_path / "s.jsonl").read_text().splitlines()]
    assert any(text[span["start"] : span["end"]].strip("\u200b") == "６１７-５５５-０１４８" for span in spans)


def test_two_workers_write_what_one_writes(onprem, hospital, tmp_path):
    for jobs in (1, 2):
        onprem("deid", hospital, "--out", tmp_path / f"out{jobs}", "--policy", "hipaa-expert", "--jobs", jobs, check=0)
    assert [text for _, text in sorted(texts(tmp_path / "out1").items())] == [
        text for _, text in sorted(texts(tmp_path / "out2").items())
    ]


def test_a_dry_run_writes_nothing(onprem, hospital, tmp_path):
    onprem("deid", hospital, "--out", tmp_path / "out", "--dry-run", check=0)
    assert not (tmp_path / "out").exists()


def test_verify_passes_what_was_released_and_finds_what_was_put_back(onprem, hospital, released):
    onprem("verify", released, "--against", hospital, "--policy", "hipaa-expert", check=0)
    note = next((released / "notes").glob("named-*.txt"))
    note.write_text(note.read_text(encoding="utf-8") + "\nseen: Ngozi Okafor\n", encoding="utf-8")
    done = onprem("verify", released, "--against", hospital, "--policy", "hipaa-expert", "--json", check=1)
    codes = {json.loads(line)["code"] for line in done.stdout.splitlines()}
    assert {"value-survives", "not-released"} <= codes
    assert "Okafor" not in done.stdout + done.stderr


def test_the_work_area_is_empty_after_a_run(released, tmp_path):
    assert list((tmp_path / "site" / "work").iterdir()) == []


def test_every_command_leaves_an_event(onprem, released, tmp_path):
    onprem("audit", "verify", check=0)
    events = [
        json.loads(line)
        for path in sorted((tmp_path / "site" / "audit").glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    assert [event["action"] for event in events if event["action"] == "deid"] == ["deid", "deid"]


def test_running_numbers_and_plain_names_are_kept_and_persons_coded(onprem, tmp_path):
    source = tmp_path / "names"
    source.mkdir()
    plain = ["note_0002.txt", "record_10045.txt", "discharge summary 12.txt", "检查报告_03.txt", "notes-2024.txt"]
    personal = ["Ngozi_Okafor.txt", "王小明_出院小结.txt", "call 617-555-0148.txt", "2024-03-05 visit.txt"]
    for name in plain + personal:
        (source / name).write_text("BP 120/80", encoding="utf-8")
    onprem("deid", source, "--out", tmp_path / "out", check=0)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert set(plain) <= names
    assert len(names) == len(plain) + len(personal)
    assert not names & set(personal)
