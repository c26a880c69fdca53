"""Every form of a gold standard gives the same spans; malformed ones are refused without their text."""

import json

import pytest

from onprem.errors import InputError
from onprem.evaluate.gold import map_label, read_gold
from onprem.labels import Label
from onprem.tagged import Gold, Tagged

TEXT = "Seen by Zebulon Quill on 3 May.\r\n王小明 was there."
SPANS = (Gold(8, 21, Label.NAME), Gold(25, 30, Label.DATE), Gold(33, 36, Label.NAME))
EXPECTED = [Tagged(TEXT, SPANS)]


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content.encode("utf-8"))
    return path


def rows(names, style):
    start, end, label = style
    return [{start: span.start, end: span.end, label: name} for span, name in zip(SPANS, names, strict=False)]


def test_json_lines(tmp_path):
    line = {"text": TEXT, "spans": rows(["NAME", "DATE", "NAME"], ("start", "end", "label"))}
    assert (
        read_gold(write(tmp_path, "a.jsonl", "\ufeff" + json.dumps(line) + "\n\n" + json.dumps(line) + "\n"))
        == EXPECTED * 2
    )


def test_presidio_research_array(tmp_path):
    item = {
        "full_text": TEXT,
        "spans": rows(["PERSON", "DATE_TIME", "PERSON"], ("start_position", "end_position", "entity_type")),
    }
    assert read_gold(write(tmp_path, "a.json", json.dumps([item], indent=1))) == EXPECTED


def test_triples_and_tagged_lines(tmp_path):
    triples = {"text": TEXT, "entities": [[8, 21, "PER"], [25, 30, "DATE"], [33, 36, "人名"]]}
    assert read_gold(write(tmp_path, "a.jsonl", json.dumps(triples))) == EXPECTED
    tagged = {
        "tagged": "Seen by <NAME>Zebulon Quill</NAME> on <DATE>3 May</DATE>.\r\n<PATIENT>王小明</PATIENT> was there."
    }
    assert read_gold(write(tmp_path, "b.jsonl", json.dumps(tagged))) == EXPECTED


def test_inline_tags_documents_and_folder(tmp_path):
    one = "Seen by <DOCTOR>Zebulon Quill</DOCTOR> on <DATE>3 May</DATE>.\r\n<PATIENT>王小明</PATIENT> was there."
    assert read_gold(write(tmp_path, "a.txt", one)) == EXPECTED
    write(tmp_path, "b.txt", one + "\n---\nBP <B>low</B> and x<Y\n")
    first, second = read_gold(tmp_path / "b.txt")
    assert first.spans == SPANS and second.spans[0].label is Label.OTHER_ID and second.text == "BP low and x<Y\n"
    assert len(read_gold(tmp_path)) == 3


def test_an_angle_bracket_that_closes_nowhere_is_text(tmp_path):
    assert read_gold(write(tmp_path, "a.txt", "pH <LOW> today")) == [Tagged("pH <LOW> today", ())]


def test_i2b2_2006(tmp_path):
    content = (
        '<?xml version="1.0"?><ROOT><RECORD ID="1"><TEXT>Seen by <PHI TYPE="DOCTOR">Zebulon Quill</PHI> on '
        '<PHI TYPE="DATE">3 May</PHI>.&#13;\n<PHI TYPE="PATIENT">王小明</PHI> was there.</TEXT></RECORD>'
        '<RECORD ID="2"><TEXT>no one &amp; nothing</TEXT></RECORD></ROOT>'
    )
    assert read_gold(write(tmp_path, "a.xml", content)) == [*EXPECTED, Tagged("no one & nothing", ())]


def test_i2b2_2014(tmp_path):
    text = TEXT.replace("\r", " ")
    content = (
        f'<?xml version="1.0"?><deIdi2b2><TEXT><![CDATA[{text}]]></TEXT><TAGS>'
        '<NAME id="P0" start="8" end="21" text="x" TYPE="DOCTOR"/><DATE id="P1" start="25" end="30" TYPE="DATE"/>'
        '<NAME id="P2" start="33" end="36" TYPE="PATIENT"/></TAGS></deIdi2b2>'
    )
    assert read_gold(write(tmp_path, "a.xml", content)) == [Tagged(text, SPANS)]


def test_brat(tmp_path):
    write(tmp_path, "a.txt", TEXT)
    write(tmp_path, "a.ann", "T1\tPER 8 15;16 21\tx\nT2\tFECHAS 25 30\tx\nR1\tRel Arg1:T1\nT3\tPER 33 36\tx\n")
    (document,) = read_gold(tmp_path)
    assert document.text == TEXT
    assert [(span.start, span.end) for span in document.spans] == [(8, 15), (16, 21), (25, 30), (33, 36)]


def test_overlapping_annotations_become_one_that_covers_both(tmp_path):
    line = {"text": "Ann Lee Ward 4", "spans": [[0, 7, "NAME"], [4, 14, "HOSPITAL"], [8, 12, "NAME"]]}
    (document,) = read_gold(write(tmp_path, "a.jsonl", json.dumps(line)))
    assert document.spans == (Gold(0, 14, Label.HOSPITAL),)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("us-ssn", Label.SSN),
        ("Street Address", Label.ADDRESS),
        ("MEDICALRECORD", Label.RECORD_NUMBER),
        ("WHAT_IS_THIS", Label.OTHER_ID),
    ],
)
def test_foreign_labels(name, label):
    assert map_label(name) is label


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", '{"text": "Zebulon", "spans": [{"start": 0, "end": 99, "label": "NAME"}]}'),
        ("a.jsonl", '{"text": "Zebulon", "spans": [{"start": 3, "end": 3, "label": "NAME"}]}'),
        ("a.jsonl", '{"text": "Zebulon", "spans": [{"start": true, "end": 3, "label": "NAME"}]}'),
        ("a.jsonl", '{"text": "Zebulon", "spans": [[1, 2]]}'),
        ("a.jsonl", '{"text": "Zebulon"}'),
        ("a.jsonl", '{"text": "Zebulon", '),
        ("a.jsonl", '"Zebulon"'),
        ("a.json", "[Zebulon]"),
        ("a.json", "[" * 100_000),
        ("a.xml", "<ROOT><TEXT>Zebulon</ROOT>"),
        ("a.xml", "<ROOT>Zebulon</ROOT>"),
        ("a.xml", '<!DOCTYPE r [<!ENTITY a "Zebulon">]><r><TEXT>&a;</TEXT></r>'),
        ("a.xml", '<r><TEXT>Zebulon</TEXT><TAGS><NAME start="x" end="2"/></TAGS></r>'),
        ("a.txt", "<NAME>Zebulon <DATE>3</DATE></NAME>"),
        ("a.txt", "<NAME>a</NAME><NAME>Zebulon"),
        ("a.txt", "Zebulon</NAME>"),
        ("a.txt", "<NAME>Zebulon"),
    ],
)
def test_malformed_gold_is_refused_without_its_text(tmp_path, name, content):
    with pytest.raises(InputError) as caught:
        read_gold(write(tmp_path, name, content))
    shown = f"{caught.value} {caught.value.hint.replace(str(tmp_path), '')}"
    assert "Zebulon" not in shown
    assert caught.value.__cause__ is None


def test_missing_binary_and_empty(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_gold(tmp_path / "none.jsonl")
    (tmp_path / "b.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read_gold(tmp_path / "b.jsonl")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no gold standard"):
        read_gold(tmp_path / "empty")
    with pytest.raises(InputError):
        read_gold(write(tmp_path, "c.ann", "T1\tPER 0 1\tx"))
