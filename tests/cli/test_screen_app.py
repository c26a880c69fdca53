"""`onprem screen`: exit codes, JSON lines, the report, the audit event, and never a word of a record."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "evaluate"))
from privacy_world import notes, patients, with_rows  # noqa: E402

from onprem.evaluate.privacy import canaries  # noqa: E402
from onprem.table_files import write_table  # noqa: E402

SECRET = "Zebulon Quillfeather"


def screen(*arguments, command="screen"):
    program = [sys.executable, "-m", "onprem", command, *map(str, arguments)]
    return subprocess.run(program, check=False, capture_output=True, text=True, cwd=ROOT, timeout=300)


def lines_of(path, texts):
    path.write_text("".join(json.dumps({"text": text, "provenance": {"recipe": "note"}}) + "\n" for text in texts))
    return path


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A clean set, and real records seen and never used; one of the seen ones names somebody."""
    folder = tmp_path_factory.mktemp("screen")
    seen = [f"{notes(1, 2)[0]} Seen by Dr. {SECRET}.", *notes(300, 2)[1:]]
    for name, texts in (("seen", seen), ("unseen", notes(300, 3))):
        (folder / name).mkdir()
        for place, text in enumerate(texts):
            (folder / name / f"{place:03}.txt").write_text(text)
    lines_of(folder / "clean.jsonl", notes(300, 1))
    lines_of(folder / "copied.jsonl", [*notes(299, 1), seen[5]])
    lines_of(folder / "named.jsonl", [*notes(299, 1), f"Seen by Dr. {SECRET} today, with a dry cough."])
    return folder


def real(world):
    return ("--seen", world / "seen", "--unseen", world / "unseen")


def test_a_clean_set_passes(world):
    done = screen(world / "clean.jsonl", *real(world))
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.startswith("verdict\tPASS\n")


def test_a_copy_fails_with_its_row_in_the_report_and_in_the_audit_log_by_its_count(world, tmp_path):
    site = tmp_path / "site"
    assert screen("--site", site, command="init").returncode == 0
    page = tmp_path / "page.html"
    done = screen(world / "copied.jsonl", *real(world), "--report", page, "--site", site, "--json")
    assert done.returncode == 1, done.stderr
    head, *measures = map(json.loads, done.stdout.splitlines())
    assert head["verdict"] == "FAIL" and head["synthetic"] == 300
    copies = next(each for each in measures if each["measure"] == "copies")
    assert copies["verdict"] == "FAIL" and copies["rows"] == [299] and copies["low"] < copies["value"] < copies["high"]
    phrases = next(each for each in measures if each["measure"] == "phrases")
    assert phrases["limit"] == 0.002 and phrases["tolerated"] == 0.05
    events = [
        json.loads(line) for path in sorted((site / "audit").glob("*.jsonl")) for line in path.read_text().splitlines()
    ]
    assert (events[-1]["action"], events[-1]["outcome"]) == ("screen", "held")
    assert events[-1]["counts"]["failed"] == 1 and events[-1]["counts"]["rows"] == 300
    shown = done.stdout + done.stderr + page.read_text() + json.dumps(events)
    assert "299" in page.read_text()
    for word in ("patient has", "metformin", SECRET, "anonym", "copied.jsonl"):
        assert word not in shown


def test_a_name_of_a_seen_record_fails(world):
    done = screen(world / "named.jsonl", *real(world), "--json")
    assert done.returncode == 1
    identifiers = next(json.loads(line) for line in done.stdout.splitlines() if '"identifiers"' in line)
    assert identifiers["verdict"] == "FAIL" and identifiers["rows"] == [299]
    assert "Quillfeather" not in done.stdout + done.stderr


def test_without_never_used_records_it_is_incomplete(world):
    done = screen(world / "clean.jsonl", "--seen", world / "seen")
    assert done.returncode == 1
    assert done.stdout.startswith("verdict\tincomplete\n")
    assert "not measured\tcopies" in done.stdout and "--unseen DIR" in done.stderr


def test_canaries_that_come_out_fail(world, tmp_path):
    _, listed = canaries.plant(notes(60, 2), seed=3)
    canaries.write(tmp_path / "canaries.json", listed)
    secret = next(canary for canary in listed if canary.repeats == 16)
    rows = lines_of(tmp_path / "rows.jsonl", [*notes(299, 1), secret.sentence])
    done = screen(rows, *real(world), "--canaries", tmp_path / "canaries.json", "--json")
    assert done.returncode == 1
    found = next(json.loads(line) for line in done.stdout.splitlines() if '"canaries"' in line)
    assert found["verdict"] == "FAIL" and found["counts"]["secret"] == 1 and found["rows"] == [299]
    assert secret.secret not in done.stdout + done.stderr


def test_tables_with_real_rows_fail_and_others_pass_with_the_stated_guarantee(tmp_path):
    seen, unseen = patients(400, 2), patients(400, 3)
    for name, table in (("seen", seen), ("unseen", unseen)):
        write_table(table, tmp_path / f"{name}.csv")
    (tmp_path / "made").mkdir()
    write_table(patients(400, 1), tmp_path / "made" / "clean.csv")
    write_table(with_rows(patients(400, 1), seen, 2), tmp_path / "copied.csv")
    card = {"card": {"epsilon": 1.0, "delta": 1e-6, "neighbouring": "one row"}}
    (tmp_path / "made" / "provenance.json").write_text(json.dumps(card))
    given = ("--seen", tmp_path / "seen.csv", "--unseen", tmp_path / "unseen.csv", "--json")
    clean = screen(tmp_path / "made", *given)
    assert clean.returncode == 0, clean.stdout + clean.stderr
    assert json.loads(clean.stdout.splitlines()[0])["stated_epsilon"] == 1.0
    copied = screen(tmp_path / "copied.csv", *given)
    assert copied.returncode == 1
    assert any('"copies"' in line and '"rows": [0, 1]' in line for line in copied.stdout.splitlines())


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (("--seen", "gone"), 3, "does not exist"),
        (("--canaries", "clean.jsonl"), 3, "no list of canaries"),
        (("--unseen", "table.csv"), 2, "some inputs are tables and some are texts"),
    ],
)
def test_what_cannot_be_is_refused(world, change, code, said):
    (world / "table.csv").write_text("a,b\n1,2\n")
    options = {"--seen": world / "seen", "--unseen": world / "unseen"} | {change[0]: world / change[1]}
    done = screen(world / "clean.jsonl", *(each for option in options.items() for each in option))
    assert done.returncode == code, done.stderr
    assert said in done.stderr
