"""What bad input gets: a clear line, the right exit code, the record held, nothing lost, no value shown."""

import json
import os
import resource

import pyarrow
import pyarrow.parquet
import pytest

SECRET = "Brambleworth"
POLICY = ("--policy", "hipaa-safe-harbor")


def held_rows(site):
    return [json.loads(line) for path in (site / "held").glob("*/held.jsonl") for line in path.read_text().splitlines()]


def clean(done):
    assert SECRET not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def deid(onprem, tmp_path):
    """De-identify one file of the given content; return the process, the output text (or None) and the held rows."""

    def call(name, content, *options, code=None):
        source = tmp_path / "in"
        source.mkdir(exist_ok=True)
        (source / name).write_bytes(content)
        done = onprem("deid", source, "--out", tmp_path / "out", *POLICY, *options)
        clean(done)
        if code is not None:
            assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        written = (
            [path for path in (tmp_path / "out").rglob("*") if path.is_file()] if (tmp_path / "out").exists() else []
        )
        return done, (written[0].read_bytes() if written else None), held_rows(tmp_path / "site")

    return call


def test_an_empty_file_stays_an_empty_file(deid):
    _, written, held = deid("note.txt", b"", code=0)
    assert (written, held) == (b"", [])


def test_binary_under_a_text_suffix_is_refused(deid):
    done, written, _ = deid("note.txt", b"\x7fELF\0\0\x01" + SECRET.encode() + bytes(range(256)), code=3)
    assert written is None
    assert done.stderr.startswith("onprem: error: ")
    assert "onprem: hint: " in done.stderr


def test_mixed_encodings_hold_the_record(deid):
    mixed = "患者张伟".encode() + b"\n" + "患者李娜".encode("gb18030") * 3 + SECRET.encode() + b"\xff\xfe\x80\n"
    _, written, _ = deid("note.txt", mixed)
    assert written is None or SECRET.encode() not in written


def test_one_bad_line_of_json_holds_that_record_alone(deid):
    lines = b'{"text": "BP 120/80"}\n{"text": "' + SECRET.encode() + b'"\n{"text": "HR 72"}\n'
    _, written, held = deid("a.jsonl", lines, code=1)
    assert [json.loads(line)["text"] for line in written.decode().splitlines()] == ["BP 120/80", "HR 72"]
    assert [(row["record"], row["reason"]) for row in held] == [(1, "unreadable")]


def test_a_cell_of_600_000_characters(deid):
    cell = "The patient reports mild pain and no fever. " * 13_700
    assert len(cell) > 600_000
    note = f'note\n"{cell}Seen by Dr. {SECRET}."\n'.encode()
    _, written, _ = deid("a.csv", note, code=0)
    assert SECRET.encode() not in written
    assert len(written) > 600_000


def test_ragged_rows_are_held_and_the_others_released(deid):
    rows = f"name,sex,note\nAda Lind,F,well\nBo,M,well,{SECRET}\nCy Oru,M,well\n".encode()
    _, written, held = deid("a.csv", rows, code=1)
    assert SECRET.encode() not in written
    assert written.count(b"well") == 2
    assert [(row["record"], row["reason"]) for row in held] == [(1, "structure")]


def test_duplicate_headers_pass_nothing_unseen(deid):
    _, written, _ = deid("a.csv", f"name,name,note\nAda,{SECRET},well\nCy,Oru,well\n".encode())
    assert written is None or SECRET.encode() not in written


def test_a_file_without_headers_passes_nothing_unseen(deid):
    rows = f"Oswin {SECRET},1961-05-14,F\nAda Lind,1975-02-01,F\n".encode() * 5
    _, written, _ = deid("a.csv", rows)
    assert written is None or SECRET.encode() not in written


def test_an_unknown_column_is_held_and_named_by_number(deid):
    rows = "name,zxq,note\n" + "".join(f"Ada Lind,{SECRET}{i}x{i * 7919 % 1000},well\n" for i in range(30))
    done, written, held = deid("a.csv", rows.encode(), code=1)
    assert SECRET.encode() not in written
    assert {row["reason"] for row in held} == {"unknown field"}
    assert "column 2" in done.stderr
    assert "zxq" not in done.stdout + done.stderr


def test_nested_columns_of_parquet_hide_nothing(deid, tmp_path):
    table = pyarrow.table(
        {
            "patient_id": ["P0001"],
            "contact": [[{"name": f"Oswin {SECRET}", "phones": ["617-555-0148"]}]],
            "note": [f"{SECRET} is well."],
        }
    )
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet")
    deid("a.parquet", (tmp_path / "t.parquet").read_bytes())
    for path in (tmp_path / "out").rglob("*.parquet"):
        assert SECRET not in str(pyarrow.parquet.read_table(path).to_pylist())
        assert b"Brambleworth" not in path.read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        f"Dr. {SECRET} \\ud800 saw the patient",
        f"Dr. {SECRET}\\u0000 saw the patient",
        f"\\u0130\\u0130\\u0130 Dr. {SECRET} saw the patient",
        f"Re\\u0301ne\\u0301e: Dr. {SECRET} saw the patient",
        f"Dr.\\u200b {SECRET} saw the patient",
    ],
)
def test_odd_characters_never_uncover_a_name(deid, text):
    _, written, _ = deid("a.jsonl", f'{{"text": "{text}"}}\n'.encode())
    assert written is None or SECRET.encode() not in written


def test_full_width_digits_are_digits(deid):
    _, written, _ = deid("a.jsonl", '{"text": "联系电话：１３９００００１２３４，体温３６．５"}\n'.encode(), code=0)
    assert "１３９００００１２３４" not in written.decode()
    assert "３６．５" in written.decode()


def test_a_language_nobody_reads_is_held(deid):
    _, written, held = deid("a.txt", "Пациент Иванов поступил вчера с жалобами на боль в груди".encode())
    assert written is None
    assert [row["reason"] for row in held] == ["unknown language"]


def test_a_file_without_permission_is_held(deid, tmp_path):
    if os.geteuid() == 0:
        # root may read everything: a folder where a file is expected fails in the same way
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "a.csv").symlink_to(tmp_path / "nowhere")
    else:
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "a.csv").write_text("x")
        (tmp_path / "in" / "a.csv").chmod(0)
    _, written, held = deid("b.txt", b"BP 120/80", code=1)
    assert written == b"BP 120/80"
    assert [row["source"] for row in held] == [0]


def test_output_inside_input_is_refused(onprem, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(SECRET)
    done = onprem("deid", tmp_path / "in", "--out", tmp_path / "in" / "out", check=4)
    clean(done)
    assert not (tmp_path / "in" / "out").exists()


def test_a_full_disk_loses_nothing_and_says_so(onprem, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(f"Dr. {SECRET} " + "saw the patient. " * 200_000)
    limit = 1_000_000  # bytes a file may grow to: a write beyond it fails as on a full disk

    def small_files():
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = onprem("deid", tmp_path / "in", "--out", tmp_path / "out", preexec_fn=small_files)
    clean(done)
    assert done.returncode in (4, 9), done.stderr
    assert not (tmp_path / "out").exists() or not any((tmp_path / "out").rglob("*.*"))
    done = onprem("deid", tmp_path / "in", "--out", tmp_path / "out", "--resume", check=0)
    assert (tmp_path / "out" / "a.txt").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["deid", "nowhere", "--out", "out"], 3),
        (["deid", "in", "--out", "out", "--policy", "no-such-policy"], 6),
        (["deid", "in", "--out", "out", "--lang", "fr"], 2),
        (["deid", "in"], 2),
        (["verify", "nowhere", "--against", "in"], 3),
        (["frobnicate"], 2),
    ],
)
def test_usage_gets_one_line_a_hint_and_its_code(onprem, tmp_path, arguments, code):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(SECRET)
    done = onprem(*arguments, check=code)
    lines = [line for line in done.stderr.splitlines() if line]
    assert lines[0].startswith("onprem: error: ")
    clean(done)
