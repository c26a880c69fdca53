"""Documents of a folder as passages: where they begin and end, what is read, and what is named instead."""

import os
import re
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.assist import passages
from onprem.assist.passages import ENOUGH, MOST, read_folder, read_text, split
from onprem.errors import InputError
from onprem.text import HAN

GUIDE = """Before any heading.

# Falls ##
Intro.
## After a fall
Do not lift. Call a doctor!

```
# no heading
```
#### Deep
跌倒后不得搬动。请医生检查。
# Other
"""


def headings(text):
    return [(passage.heading, passage.text) for passage in split(text, "f.md")]


def test_a_passage_stands_under_the_path_of_its_headings():
    assert headings(GUIDE) == [
        ((), "Before any heading."),
        (("Falls",), "Intro."),
        (("Falls", "After a fall"), "Do not lift. Call a doctor!\n\n```\n# no heading\n```"),
        (("Falls", "After a fall", "Deep"), "跌倒后不得搬动。请医生检查。"),
    ]


def test_plain_text_has_no_headings():
    (passage,) = split("# 5 beds are free\nand more", "f.txt")
    assert (passage.heading, passage.text) == ((), "# 5 beds are free\nand more")


def test_paragraphs_part_once_there_is_enough_and_no_passage_is_too_large():
    paragraph = "One sentence of a paragraph. " * 12
    found = list(split(f"{paragraph}\n\n{paragraph}\n\nshort\n\nshorter", "f.txt"))
    assert [passage.text for passage in found] == [paragraph.strip(), paragraph.strip(), "short\n\nshorter"]
    assert all(ENOUGH <= len(passage.text) <= MOST for passage in found[:2])


@pytest.mark.parametrize("text", ["药" * 2_000, "x" * 2_000, "word " * 500, "药品。" * 700, "a.b " * 400])
def test_text_without_an_end_is_cut_and_no_character_lost(text):
    found = list(split(text, "f.txt"))
    assert "".join(passage.text for passage in found).replace(" ", "") == text.replace(" ", "")
    assert all(len(passage.text) + len(HAN.findall(passage.text)) <= MOST for passage in found)


@given(st.text(alphabet="# \n\t.。!药a1`-\r\u2028", max_size=400), st.booleans())
def test_offsets_are_of_the_text_and_only_headings_and_blanks_are_in_no_passage(text, markdown):
    found = list(split(text, "f.md" if markdown else "f.txt"))
    assert all(text[passage.start : passage.end] == passage.text for passage in found)
    assert all(one.end <= next_.start for one, next_ in pairwise(found))
    rest, at = "", 0
    for passage in found:
        rest, at = rest + text[at : passage.start], passage.end
    rest += text[at:]
    assert not re.sub(r"(?m)^ {0,3}#{1,6}[ \t].*$|[\s#]", "", rest) or (markdown and "#" in rest)
    assert markdown or not rest.strip()


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_encodings_are_found_out_and_offsets_count_no_mark(tmp_path, codec):
    text = "入院后八小时内评估跌倒风险。疫苗保存在冰箱中，每日两次登记。"
    (tmp_path / "a.txt").write_bytes(text.encode(codec))
    (passage,) = read_folder(tmp_path).passages
    assert (passage.start, passage.end, passage.text) == (0, len(text), text)


def test_what_is_not_read_is_named_with_the_reason(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "good.MD").write_text("Text.")
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "latin.txt").write_bytes("Temp\xe9rature \xe9lev\xe9e \xe0 l'entr\xe9e".encode("latin-1"))
    (tmp_path / "half.txt").write_bytes(b"\xff\xfe" + "a\ud800b".encode("utf-16-le", "surrogatepass"))
    (tmp_path / "big.txt").write_bytes(b"a" * 8_000_001)
    (tmp_path / "secret.txt").symlink_to("/etc/passwd")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.txt")
    library = read_folder(tmp_path)
    assert [passage.file for passage in library.passages] == ["sub/good.MD"]
    assert {item.file: item.reason for item in library.skipped} == {
        "scan.pdf": "no text, markdown, table or JSON lines",
        "picture.txt": "binary content",
        "latin.txt": "in no known encoding",
        "half.txt": "in several encodings",
        "big.txt": "larger than 8 MB",
        "secret.txt": "a link",
        "loop": "a link",
        "pipe.txt": "no regular file",
    }


def test_files_come_in_the_order_of_their_names(tmp_path):
    for name in ("b/2.md", "b/1.md", "a.md", "c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("Text.")
    assert [item.file for item in read_folder(tmp_path).passages] == ["a.md", "c.txt", "b/1.md", "b/2.md"]


@pytest.mark.parametrize(("limit", "most"), [("MAX_FILES", 1), ("MAX_TOTAL", 9), ("MAX_ENTRIES", 1)])
def test_a_folder_that_is_too_large_is_refused_and_not_read_in_part(tmp_path, monkeypatch, limit, most):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("Text.")
    monkeypatch.setattr(passages, limit, most)
    with pytest.raises(InputError, match="holds more than"):
        read_folder(tmp_path)


def test_a_folder_without_text_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        read_folder(tmp_path / "nowhere")
    (tmp_path / "empty.txt").write_text(" \n")
    with pytest.raises(InputError, match="holds no text"):
        read_folder(tmp_path)


def test_an_error_and_a_repr_hold_nothing_of_a_document(tmp_path):
    (tmp_path / "Okafor.txt").write_text("Ngozi Okafor fell.")
    with pytest.raises(InputError) as caught:
        read_text(tmp_path / "Okafor.txt", most=5)
    assert "Okafor" not in str(caught.value) + caught.value.hint
    assert "Okafor" not in repr(read_folder(tmp_path))


@pytest.mark.parametrize("text", ["." * 300_000, "药品。" * 100_000, "# " + " " * 300_000 + "x", "\n" * 300_000])
def test_no_text_takes_more_than_a_look_at_each_character(text):
    begun = time.process_time()
    assert sum(1 for _ in split(text, "f.md")) >= 0
    assert time.process_time() - begun < 20  # seconds; a quadratic search takes hours


TABLE = 'drug,dose,note\nwarfarin,5 mg,evening\napixaban,2.5 mg,"twice\ndaily"\nragged,1\n'
JSON_LINES = '{"id": 7, "text": "Beds are free.", "ward": {"names": ["east", "west"]}}\n\nbroken {\n{"text": null}\n'


def test_a_row_is_a_passage_with_the_names_of_its_columns_and_one_that_is_ragged_has_none():
    found = [(passage.row, passage.text) for passage in split(TABLE, "drugs.csv")]
    assert found == [
        (1, "drug: warfarin\ndose: 5 mg\nnote: evening"),
        (2, "drug: apixaban\ndose: 2.5 mg\nnote: twice\ndaily"),
        (3, "ragged\n1"),
    ]


def test_a_line_of_json_is_a_passage_with_its_keys_and_one_that_is_no_json_is_text():
    found = [(passage.row, passage.text) for passage in split(JSON_LINES, "beds.jsonl")]
    assert found == [
        (1, "id: 7\ntext: Beds are free.\nward.names: east\nward.names: west"),
        (3, "broken {"),
    ]


@pytest.mark.parametrize(
    "text", ["Drugs of the ward\ndrug,dose\nwarfarin,5 mg\n", "药品说明\n王,5,男\n李,6,女\n", "one,two\n", "a\n"]
)
def test_a_title_over_a_table_and_rows_without_a_header_are_in_a_passage(text):
    found = "\n".join(passage.text for passage in split(text, "t.csv"))
    assert [cell for cell in re.split("[,\n]", text.replace("drug,dose\n", "")) if cell not in found] == []


def test_a_table_in_gb18030_is_read(tmp_path):
    (tmp_path / "药品.csv").write_bytes("药品,剂量\n华法林,5毫克\n".encode("gb18030"))
    (passage,) = read_folder(tmp_path).passages
    assert (passage.file, passage.row, passage.text) == ("药品.csv", 1, "药品: 华法林\n剂量: 5毫克")


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_a_large_row_is_cut_as_text_is(name):
    text = "word " * 500
    found = list(split(f'{{"text": "{text}"}}' if name == "t.jsonl" else f"drug,note\na,{text}\n", name))
    assert len(found) > 1 and {passage.row for passage in found} == {1}
    assert "".join(passage.text for passage in found).count("word") == 500
