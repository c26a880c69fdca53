"""CSV and TSV: rows are cut as the format says, layouts are recognised, and nothing is guessed to be safe."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onprem.formats.contract import Placement, ReadOptions
from onprem.formats.delimited import FORMAT
from onprem.formats.delimited_rows import Rows, Shape
from onprem.labels import Label
from onprem.model import Held, Kind, Reason, Record

CELLS = st.text(alphabet=st.sampled_from("ab王\"',;|\t\n .é\0"), max_size=6)
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=6)
)


def opened(tmp_path: Path, content: str | bytes, name: str = "x.csv", options: ReadOptions | None = None):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return FORMAT.open(path, 0, options or ReadOptions())


def records(source) -> list[Record | Held]:
    return [record for chunk in source.chunks() for record in source.read(chunk)]


def written(source, tmp_path: Path, change=lambda leaf: leaf) -> bytes:
    parts = []
    for number, chunk in enumerate(source.chunks()):
        kept = [
            (index, replace(item, fields=tuple(map(change, item.fields))))
            for index, item in enumerate(source.read(chunk))
            if isinstance(item, Record)
        ]
        source.write(chunk, kept, tmp_path / f"part{number}")
        parts.append(tmp_path / f"part{number}")
    source.join(parts, tmp_path / "out")
    return (tmp_path / "out").read_bytes()


@given(
    TABLES,
    st.sampled_from(",;\t|"),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
)
@settings(max_examples=150)
def test_rows_of_the_standard_writer_are_read_alike_and_come_back(table, delimiter, quoting, end) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(table)
    rows = Rows(delimiter)
    text = out.getvalue()
    found = list(rows.parse(text))
    assert [list(row.cells) for row in found] == table
    assert (
        "".join(rows.render(list(row.cells), Shape(row.quoted, row.end, row.before, row.after)) for row in found)
        == text
    )
    assert rows.scan(text, final=True) == (len(table), len(text))


@given(st.text(alphabet=st.sampled_from('ab",\r\n '), max_size=30))
@settings(max_examples=300)
def test_any_text_is_cut_the_same_whole_or_row_by_row(text: str) -> None:
    rows = Rows(",")
    whole = list(rows.parse(text))
    count, end = rows.scan(text, final=True)
    assert (count, end) == (len(whole), len(text))
    if whole and all(row.sound for row in whole):
        shapes = [Shape(row.quoted, row.end, row.before, row.after) for row in whole]
        again = [rows.render(list(row.cells), shape) for row, shape in zip(whole, shapes, strict=True)]
        assert "".join(again) == text
    position, total = 0, 0
    while position < len(text):
        for size in range(1, len(text) - position + 1):
            part = text[position : position + size]
            seen, stop = rows.scan(part, final=position + size == len(text))
            if stop:
                break
        total, position = total + seen, position + stop
    assert total == count


@given(TABLES)
@settings(max_examples=60)
def test_passing_over_a_row_ends_where_the_row_ends(table) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(table)
    text = out.getvalue() + "next,row\n"
    rows = Rows(",")
    end = len(text) - len("next,row\n")
    first = next(iter(rows.parse(text)))
    if first.before:
        return
    for step in (1, 3, 1000):
        position = state = 0
        while True:
            stop, state = rows.skip(text[position : position + step], state)
            if stop >= 0:
                position += stop
                break
            position += step
        assert position == first.length
    assert end >= first.length


def test_a_600000_character_cell_and_its_neighbours(tmp_path: Path) -> None:
    cell = 'He said "no".\n' * 43_000
    out = io.StringIO()
    csv.writer(out).writerows([["name", "note"], ["Lee", cell], ["Ma", "well"]])
    source = opened(tmp_path, out.getvalue())
    found = records(source)
    assert [item.fields[1].text for item in found] == [cell, "well"]
    assert written(source, tmp_path) == out.getvalue().encode()


def test_headers_that_nobody_knows_are_replaced(tmp_path: Path) -> None:
    source = opened(tmp_path, "name,Ann Lee,note\nBo,x1,well\nCy,x2,ill\n")
    assert [column.path for column in source.columns()] == ["col:name", "col#2", "col:note"]
    assert written(source, tmp_path).startswith(b"name,column_2,note\n")


def test_a_known_header_with_a_name_in_brackets_is_replaced(tmp_path: Path) -> None:
    source = opened(tmp_path, "姓名(王小明),体重(kg)\n王小明,70\n")
    assert written(source, tmp_path).decode().startswith("column_1,体重(kg)\n")


def test_duplicate_headers_are_addressed_by_position_and_placed_by_values(tmp_path: Path) -> None:
    source = opened(tmp_path, "status,status,name\nfinal,Ann Lee,Bo\nfinal,John Smith,Cy\n")
    assert [column.path for column in source.columns()] == ["col#1", "col#2", "col:name"]
    assert [column.placement.label for column in source.columns()] == [None, Label.NAME, Label.NAME]


def test_missing_headers_are_placed_by_values_or_unknown(tmp_path: Path) -> None:
    source = opened(tmp_path, "name,,,\nBo,a1b2,13800138000,7.5\nCy,c3d4,13900139000,8.1\n")
    kinds = [(column.placement.kind, column.placement.label) for column in source.columns()]
    assert kinds[1:] == [(Kind.UNKNOWN, None), (Kind.IDENTIFIER, Label.PHONE), (Kind.CLINICAL, None)]


def test_a_cell_that_does_not_fit_its_guessed_column_is_held(tmp_path: Path) -> None:
    rows = "".join(f"{value}\n" for value in ["1.5,x", "2.5,y", "Ann Lee,z"])
    source = opened(tmp_path, "zzq,note\n" + "1.2,a\n" * 350 + rows)
    assert source.columns()[0].placement.kind is Kind.CLINICAL
    assert records(source)[-1].fields[0].kind is Kind.UNKNOWN


def test_words_typed_under_a_result_are_read_as_text(tmp_path: Path) -> None:
    source = opened(tmp_path, "test,result\nWBC,7.2 x10^9/L\nHIV,negative\nculture,called to Lee\n")
    assert [item.fields[1].kind for item in records(source)] == [Kind.CLINICAL, Kind.CLINICAL, Kind.TEXT]


def test_a_long_cell_under_a_clinical_header_is_read_as_text(tmp_path: Path) -> None:
    source = opened(
        tmp_path,
        "diagnosis,sex\nHypertension,F\n" + '"seen by Lee, who agrees that this is hypertension after all",F\n',
    )
    assert records(source)[1].fields[0].kind is Kind.TEXT


@pytest.mark.parametrize(
    ("content", "headers", "count"),
    [
        ("王小明,男,13800138000\n李四,女,13900139000\n", ["col#1", "col#2", "col#3"], 2),
        ("Ann Lee,F,1961-02-03\nJohn Smith,M,1950-02-03\n", ["col#1", "col#2", "col#3"], 2),
        ("甲列,乙列\n1.5,2024-01-02\n2.5,2024-01-03\n", ["col#1", "col#2"], 2),  # a header: words over numbers
        ("blood_x,marker_y\n1.5,10\n2.5,11\n", ["col#1", "col#2"], 2),
        ("peach,plum\ncherry,fig\n", ["col#1", "col#2"], 2),  # no telling: all of it is data
    ],
)
def test_a_file_without_known_headers(tmp_path: Path, content: str, headers: list[str], count: int) -> None:
    source = opened(tmp_path, content)
    assert [column.path for column in source.columns()] == headers
    assert len(records(source)) == count


def test_a_first_row_of_data_is_no_header_though_a_word_is_known(tmp_path: Path) -> None:
    source = opened(tmp_path, "Ann Lee,1961-02-03,note\nBo Chen,1970-01-01,letter\n")
    assert len(records(source)) == 2


def test_titles_above_the_header_are_held(tmp_path: Path) -> None:
    source = opened(tmp_path, "市第一医院登记表\n姓名,性别,病程记录\n王小明,男,患者今日入院。\n")
    found = records(source)
    assert [isinstance(item, Held) for item in found] == [True, False]
    assert [item.path for item in found[1].fields] == ["col:姓名", "col:性别", "col:病程记录"]
    assert "第一医院" not in written(source, tmp_path).decode()


def test_trailing_delimiters_do_not_shift_the_headers(tmp_path: Path) -> None:
    source = opened(tmp_path, "name,note\nAnn,well,\nBo,ill,\n")
    assert [item.path for item in records(source)[0].fields] == ["col:name", "col:note", "col#3"]
    assert written(source, tmp_path) == b"name,note\nAnn,well,\nBo,ill,\n"


def test_headers_of_another_width_name_no_column(tmp_path: Path) -> None:
    """The form that R writes, row names first: a shifted header would place names under notes."""
    source = opened(tmp_path, "name,note\n1,Ann Lee,well\n2,Bo Chen,ill\n3,John Cy,ill\n")
    assert [column.path for column in source.columns()] == ["col#1", "col#2", "col#3"]
    assert source.columns()[1].placement.label is Label.NAME


def test_reasons_of_held_rows(tmp_path: Path) -> None:
    source = opened(tmp_path, 'name,note\nAnn,well,extra\nBo\n"Cy"x,ill\nDi,"open\nEd,ill\n')
    assert [item.reason for item in records(source)] == [
        Reason.STRUCTURE,
        Reason.STRUCTURE,
        Reason.UNREADABLE,
        Reason.UNREADABLE,
    ]


def test_a_replacement_is_quoted_when_it_must_be(tmp_path: Path) -> None:
    source = opened(tmp_path, "name,note\nAnn,well\n")
    out = written(source, tmp_path, lambda leaf: replace(leaf, text='Lee, "Z"\n') if leaf.path == "col:name" else leaf)
    assert out == b'name,note\n"Lee, ""Z""\n",well\n'


def test_a_row_whose_only_cell_is_emptied_stays_a_row(tmp_path: Path) -> None:
    source = opened(tmp_path, "note\nwell\nill\n")
    assert written(source, tmp_path, lambda leaf: replace(leaf, text="")) == b'note\n""\n""\n'


def test_the_sites_word_about_a_column_counts(tmp_path: Path) -> None:
    options = ReadOptions(columns={"zzq": Placement(Kind.IDENTIFIER, Label.NAME, "staff")})
    source = opened(tmp_path, "ZZQ,note\nBo,well\n", options=options)
    assert source.columns()[0] == type(source.columns()[0])("col:ZZQ", 1, options.columns["zzq"])


def test_the_subject_is_the_strongest_key(tmp_path: Path) -> None:
    source = opened(tmp_path, "住院号,姓名,患者ID\nZY001,王小明,P7\n,李四,P8\n")
    assert [item.subject for item in records(source)] == ["P7", "P8"]
    assert "P7" not in repr(records(source))


def test_the_headers_of_the_failure_in_the_field(tmp_path: Path) -> None:
    """A rival wrote these columns in clear because its header map knew English only."""
    source = opened(
        tmp_path, "姓名,身份证号,住院号,现住址,病程记录\n王小明,11010519491231002X,ZY1,北京市朝阳区,今日入院\n"
    )
    assert [column.placement.label for column in source.columns()] == [
        Label.NAME,
        Label.NATIONAL_ID,
        Label.RECORD_NUMBER,
        Label.ADDRESS,
        None,
    ]
    assert source.columns()[4].placement.kind is Kind.TEXT


def test_a_cell_in_another_encoding_than_its_row_is_held(tmp_path: Path) -> None:
    good = "王小明,患者今日入院。\n".encode("gb18030")
    bad = "王小明,".encode("gb18030") + "患者今日入院。\n".encode()
    source = opened(tmp_path, "姓名,病程记录\n".encode("gb18030") + good * 3 + bad + good)
    found = records(source)
    assert [getattr(item, "reason", None) for item in found] == [None, None, None, Reason.ENCODING, None]


def test_long_cells_do_not_slow_the_placing(tmp_path: Path) -> None:
    cell = "患者今日入院路过医院门口街道" * 9_000
    source = opened(tmp_path, f"zzq,note\n{cell},x\n{cell},y\n")
    assert source.columns()[0].placement.kind is Kind.TEXT
    assert len(records(source)) == 2


def test_quotes_that_quote_nothing_are_characters(tmp_path: Path) -> None:
    """Dumps of databases write TSV without quoting: a stray quote must not swallow the rows after it."""
    content = 'name\tnote\nAnn\t"well\nBo\t5" needle\nCy\t"ill" today\n'
    source = opened(tmp_path, content, "x.tsv")
    assert [item.fields[1].text for item in records(source)] == ['"well', '5" needle', '"ill" today']
    assert written(source, tmp_path) == content.encode()
    out = written(source, tmp_path, lambda leaf: replace(leaf, text="a\tb\nc") if leaf.path == "col:name" else leaf)
    assert out.splitlines()[1] == b'a b c\t"well'


def test_a_quote_that_never_closes_is_not_taken_for_plain_text(tmp_path: Path) -> None:
    source = opened(tmp_path, 'name,note\nAnn,"seen by Lee\nwho is well, and\nhis wife"\nBo,"ill\nMa\n')
    assert [isinstance(item, Held) for item in records(source)] == [False, True]
