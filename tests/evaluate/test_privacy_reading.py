"""What the gate reads: texts and turns as they were spoken, tables by name; what cannot be read stops it."""

import json

import pytest
from privacy_world import patients

from onprem.errors import InputError
from onprem.evaluate.privacy.reading import is_tables, read_card, read_tables, read_texts, row_text
from onprem.evaluate.privacy.tokens import Vocabulary
from onprem.table_files import write_table

LINE = {
    "turns": [{"role": "patient", "text": "I cough.", "act": "complaint"}, {"role": "doctor", "text": "Since when?"}],
    "severity": 3,
    "provenance": {"recipe": "selfchat", "model": "abc"},
}


def test_turns_are_read_as_they_were_spoken_and_the_provenance_is_not():
    assert row_text(LINE) == "patient: I cough.\ndoctor: Since when?\ncomplaint"
    spoken = Vocabulary()
    made, real = spoken.read([row_text(LINE)]), spoken.read(["Patient: I cough. Doctor: Since when?"])
    assert made.ids[:6].tolist() == real.ids.tolist()


def test_all_else_of_a_line_is_read_too():
    line = {"text": "Takes aspirin.", "spans": [{"start": 6, "end": 13, "label": "drug"}], "who": {"name": "Ada"}}
    assert row_text(line) == "Takes aspirin.\nAda\ndrug"


def test_texts_come_from_lines_files_and_columns(tmp_path):
    lines = tmp_path / "rows.jsonl"
    lines.write_text(json.dumps({"text": "One."}) + "\n\n" + json.dumps(LINE) + "\n", encoding="utf-8")
    assert read_texts(lines, None) == ["One.", "patient: I cough.\ndoctor: Since when?\ncomplaint"]
    folder = tmp_path / "notes"
    (folder / "below").mkdir(parents=True)
    (folder / "b.txt").write_text("Second.")
    (folder / "a.txt").write_text("胸闷三天。", encoding="utf-8")
    (folder / "below" / "c.txt").write_text("Third.")
    (folder / "provenance.json").write_text("{}")
    assert read_texts(folder, None) == ["胸闷三天。", "Second.", "Third."]
    table = tmp_path / "table.csv"
    table.write_text("id,note\n1,Chest pain since noon.\n2,No fever.\n")
    assert read_texts(table, "note") == ["Chest pain since noon.", "No fever."]
    assert is_tables(table, None) and not is_tables(table, "note") and not is_tables(folder, None)


@pytest.mark.parametrize("content", ["not json\n", "[1]\n", '{"text": \n', '"text"\n'])
def test_a_line_that_cannot_be_read_stops_it(tmp_path, content):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "One."}\n' + content)
    with pytest.raises(InputError) as caught:
        read_texts(path, None)
    assert "One." not in str(caught.value) and caught.value.__cause__ is None


def test_a_column_that_is_not_there_and_an_input_that_is_not_there_are_refused(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("id,note\n1,Chest pain since noon.\n")
    with pytest.raises(InputError, match="no text"):
        read_texts(table, "letter")
    with pytest.raises(InputError, match="does not exist"):
        read_texts(tmp_path / "gone", None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no file"):
        is_tables(tmp_path / "empty", None)


def test_tables_are_read_by_name(tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    write_table(patients(30, 1), folder / "patients.csv")
    write_table(patients(20, 2), folder / "labs.parquet")
    found = read_tables(folder)
    assert {name: len(table) for name, table in found.items()} == {"labs": 20, "patients": 30}
    assert list(read_tables(folder / "labs.parquet")) == [""]
    write_table(patients(20, 2), folder / "labs.csv")
    with pytest.raises(InputError, match="one name"):
        read_tables(folder)


def test_a_stated_guarantee_is_read_from_the_card(tmp_path):
    card = {"epsilon": 1.0, "delta": 1e-6, "neighbouring": "one row added or removed", "noise": "operating system"}
    (tmp_path / "provenance.json").write_text(json.dumps({"card": card}))
    (tmp_path / "made.csv").write_text("a\n1\n")
    assert read_card(tmp_path / "made.csv") is None  # its folder is not looked at
    stated = read_card(tmp_path)
    assert (stated.epsilon, stated.delta, stated.unit, stated.unsafe) == (1.0, 1e-6, card["neighbouring"], False)
    card["noise"] = "unsafe: bytes that can be foretold"
    (tmp_path / "provenance.json").write_text(json.dumps({"card": card}))
    assert read_card(tmp_path).unsafe
    for content in ("{}", '{"card": {"epsilon": "one"}}', "[]"):
        (tmp_path / "provenance.json").write_text(content)
        assert read_card(tmp_path) is None
    (tmp_path / "provenance.json").write_text("{")
    with pytest.raises(InputError):
        read_card(tmp_path)
