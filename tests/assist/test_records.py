"""Records of files and folders as a model reads them: their order, their fields, and what cannot be read."""

import pytest

from onprem.assist.records import Fields, Records, of_text
from onprem.errors import InputError
from onprem.formats.contract import ReadOptions


def records(path, text="text", identity="id"):
    return list(Records(path, Fields(text, identity), ReadOptions()))


def test_files_of_a_folder_come_in_order_with_their_fields(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "n.jsonl").write_text('{"id": 7, "text": "One."}\n{"id": 8}\n{"text": " "}\nbroken\n')
    (tmp_path / "a.csv").write_text("id,text\nx,Two\n")
    (tmp_path / "c.txt").write_text("Three")
    (tmp_path / "d.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (tmp_path / "e.txt").write_text("")
    (tmp_path / "link.txt").symlink_to(tmp_path / "c.txt")
    found = records(tmp_path)
    assert [(item.source, item.record, item.text, item.id, item.error.split(":")[0]) for item in found] == [
        ("a.csv", 0, "Two", "x", ""),
        ("b/n.jsonl", 0, "One.", "7", ""),
        ("b/n.jsonl", 1, "", "8", "no text field"),
        ("b/n.jsonl", 2, "", "", "empty record"),
        ("b/n.jsonl", 3, "", "", "unreadable"),
        ("c.txt", 0, "Three", "", ""),
        ("d.txt", 0, "", "", "unreadable"),
        ("e.txt", 0, "", "", "the file holds no record"),
    ]
    assert Records(tmp_path, Fields(), ReadOptions()).count() == len(found)


def test_fields_can_be_named(tmp_path):
    (tmp_path / "a.csv").write_text("visit,note\nv1,Seen\n")
    (item,) = records(tmp_path / "a.csv", "note", "visit")
    assert (item.text, item.id) == ("Seen", "v1")
    assert records(tmp_path / "a.csv")[0].error == "no text field"


def test_the_digest_of_the_inputs_changes_with_a_file(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    before = Records(tmp_path, Fields(), ReadOptions()).digest()
    (tmp_path / "a.txt").write_text("longer")
    assert Records(tmp_path, Fields(), ReadOptions()).digest() != before


def test_no_input_and_an_empty_folder_are_errors(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError):
            records(path)


def test_a_text_that_was_piped_in_is_one_record():
    assert of_text("Seen.")[0].text == "Seen."
    assert of_text(" \n")[0].error == "empty record"
