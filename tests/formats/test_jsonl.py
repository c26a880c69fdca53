"""JSON lines: literals come back as they were written, and whatever is not strict JSON is held."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onprem.errors import OutputError
from onprem.formats.contract import Placement, ReadOptions
from onprem.formats.json_leaves import LineParser, NotJson, literal_of, string_literal
from onprem.formats.jsonl import FORMAT
from onprem.labels import Label
from onprem.model import Held, Kind, Reason, Record

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def read(tmp_path: Path, content: bytes, options: ReadOptions | None = None) -> list[Record | Held]:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    source = FORMAT.open(path, 0, options or ReadOptions())
    return [record for chunk in source.chunks() for record in source.read(chunk)]


def rewritten(tmp_path: Path, content: bytes, texts: dict[str, str], options: ReadOptions | None = None) -> bytes:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    source = FORMAT.open(path, 0, options or ReadOptions())
    parts = []
    for number, chunk in enumerate(source.chunks()):
        records = [
            (
                index,
                replace(
                    item, fields=tuple(replace(leaf, text=texts.get(leaf.path, leaf.text)) for leaf in item.fields)
                ),
            )
            for index, item in enumerate(source.read(chunk))
            if isinstance(item, Record)
        ]
        source.write(chunk, records, tmp_path / str(number))
        parts.append(tmp_path / str(number))
    source.join(parts, tmp_path / "out")
    return (tmp_path / "out").read_bytes()


@given(st.text(alphabet=st.characters(codec=None, exclude_categories=()), max_size=30), st.booleans())
def test_a_literal_of_the_standard_writers_comes_back(text: str, ascii_only: bool) -> None:
    raw = json.dumps(text, ensure_ascii=ascii_only)
    assert string_literal(text, literal_of(raw, text)) == raw or any("\ud800" <= mark <= "\udfff" for mark in text)
    assert json.loads(string_literal(text, literal_of(raw, text))) == text


@given(
    st.lists(
        st.sampled_from(
            [
                "a",
                "\\u0041",
                "\\u00e9",
                "é",
                "\\u00E9",
                "\\/",
                "/",
                "\\n",
                "\\u000a",
                "\\\\",
                '\\"',
                "\\u0022",
                "\\ud83d\\ude00",
                "\\uD83D\\ude00",
                "😀",
                "\\u2028",
                "<",
                "\\u003c",
                "\\ud83d",
                "王",
                "\\u738b",
            ]
        ),
        max_size=12,
    )
)
def test_a_literal_of_any_escapes_comes_back(pieces: list[str]) -> None:
    raw = '"' + "".join(pieces) + '"'
    text = json.loads(raw)
    form = literal_of(raw, text)
    assert string_literal(text, form) == raw
    for other in (text + "x王\n", "\ud800" + text, text[1:], "</é>"):
        assert json.loads(string_literal(other, form)) == other


@given(st.dictionaries(st.text(max_size=6), VALUES, max_size=4), st.sampled_from([None, 2]))
@settings(max_examples=60)
def test_every_leaf_is_found(value: dict[str, object], _indent: int | None) -> None:
    def count(item: object) -> int:
        if isinstance(item, dict):
            return sum(1 + count(part) for part in item.values())
        if isinstance(item, list):
            return sum(map(count, item))
        return item is not None

    line = json.dumps(value)
    leaves = LineParser(line).parse()
    assert len(leaves) == count(value)
    for leaf in leaves:
        assert str(json.loads(line[leaf.start : leaf.end])) == str(
            json.loads(json.dumps(leaf.text)) if leaf.is_string else json.loads(leaf.text)
        )


@pytest.mark.parametrize(
    "line",
    [
        '{"a": 1,}',
        "{'a': 1}",
        '{"a": 01}',
        '{"a": tru}',
        '{"a": "x\ty"}',
        '{"a": "\\x"}',
        '{"a" 1}',
        '{"a": [1 2]}',
        "{",
        '{"a": .5}',
        '{"a": 1} x',
        '{"a": "\\ud83',
    ],
)
def test_what_is_not_strict_json_is_refused_without_a_value(line: str) -> None:
    with pytest.raises(NotJson) as caught:
        LineParser(line).parse()
    assert str(caught.value) == ""
    assert caught.value.__cause__ is None


def test_reasons_of_held_lines(tmp_path: Path) -> None:
    found = read(
        tmp_path, b'{"text": "a", "text": "b"}\n{"patient": {"name": "a"}, "patient.name": "b"}\n{"text": "a"\n'
    )
    assert [item.reason for item in found if isinstance(item, Held)] == [
        Reason.UNREADABLE,
        Reason.STRUCTURE,
        Reason.UNREADABLE,
    ]


def test_an_unknown_key_and_its_value_are_fields_and_are_emptied(tmp_path: Path) -> None:
    content = b'{"text": "hello", "Ann Lee": "lives alone", "zzq": 12}\n'
    record = read(tmp_path, content)[0]
    assert isinstance(record, Record)
    assert [(leaf.path, leaf.kind) for leaf in record.fields] == [
        ("text", Kind.TEXT),
        ("key:#2", Kind.UNKNOWN),
        ("#2", Kind.UNKNOWN),
        ("key:#3", Kind.UNKNOWN),
        ("#3", Kind.CLINICAL),
    ]
    assert "Ann" not in repr(record)
    out = rewritten(tmp_path, content, {"key:#2": "", "#2": "", "key:#3": "", "#3": ""})
    assert out == b'{"text": "hello", "key_2": null, "key_3": null}\n'


def test_numbers_stay_numbers_where_the_replacement_is_one(tmp_path: Path) -> None:
    content = b'{"age": 41, "mrn": 1002003, "sex": true, "weight": 70.50}\n'
    assert rewritten(tmp_path, content, {"age": "90", "mrn": "[RECORD_NUMBER]", "sex": ""}) == (
        b'{"age": 90, "mrn": "[RECORD_NUMBER]", "sex": null, "weight": 70.50}\n'
    )


def test_a_replacement_is_escaped_as_its_source(tmp_path: Path) -> None:
    assert rewritten(tmp_path, b'{"text": "caf\\u00e9"}', {"text": "李\n"}) == b'{"text": "\\u674e\\n"}'
    assert rewritten(tmp_path, '{"text": "café"}'.encode(), {"text": "李\n"}) == '{"text": "李\\n"}'.encode()


def test_the_text_field_and_the_sites_columns_are_respected(tmp_path: Path) -> None:
    options = ReadOptions(text_field="body", columns={"zzq": Placement(Kind.IDENTIFIER, Label.NAME, "patient")})
    record = read(tmp_path, b'{"body": "x", "zzq": "Ann", "text": "y"}\n', options)[0]
    assert isinstance(record, Record)
    assert [(leaf.path, leaf.kind) for leaf in record.fields] == [
        ("text", Kind.TEXT),
        ("zzq", Kind.IDENTIFIER),
        ("key:#3", Kind.UNKNOWN),
        ("#3", Kind.TEXT),
    ]


@pytest.mark.parametrize(
    ("line", "path", "label"),
    [
        ('{"patient": {"name": [{"family": "Lee", "given": ["Ann"]}]}}', "patient.name[0].given[0]", Label.NAME),
        ('{"author": {"name": "Lee"}}', "author.name", Label.NAME),
        ('{"identifier": [{"value": "x1"}]}', "identifier[0].value", Label.OTHER_ID),
        ('{"telecom": [{"value": "617-555-0100"}]}', "telecom[0].value", Label.PHONE),
        ('{"address": [{"city": "Boston", "line": ["1 Main St"]}]}', "address[0].line[0]", Label.ADDRESS),
        ('{"encounter": {"id": "e1"}}', "encounter.id", Label.RECORD_NUMBER),
    ],
)
def test_nested_keys_are_understood_with_the_key_above(tmp_path: Path, line: str, path: str, label: Label) -> None:
    record = read(tmp_path, line.encode())[0]
    assert isinstance(record, Record)
    assert {leaf.path: leaf.label for leaf in record.fields}[path] is label


def test_a_value_under_an_unknown_key_is_not_taken_for_a_result(tmp_path: Path) -> None:
    record = read(tmp_path, b'{"zzq": {"value": "Bo"}}\n')[0]
    assert isinstance(record, Record)
    assert record.fields[-1].kind is Kind.UNKNOWN


def test_columns_and_placements(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"patient": "p1", "contact": [{"name": "Bo"}], "text": "x"}\n')
    source = FORMAT.open(path, 0, ReadOptions())
    assert [column.path for column in source.columns()] == ["patient", "contact[*].name", "text"]
    list(source.read(next(iter(source.chunks()))))
    assert source.placement("patient").key == "patient"
    assert source.placement("contact[0].name").roster == "patient"
    assert source.placement("nowhere").kind is Kind.UNKNOWN


def test_writing_refuses_a_record_that_lacks_a_leaf(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"text": "x", "age": 41}\n')
    source = FORMAT.open(path, 0, ReadOptions())
    chunk = next(iter(source.chunks()))
    record = next(iter(source.read(chunk)))
    assert isinstance(record, Record)
    with pytest.raises(OutputError):
        source.write(chunk, [(0, replace(record, fields=record.fields[:1]))], tmp_path / "part")


def test_a_value_in_another_encoding_than_its_line_is_held(tmp_path: Path) -> None:
    good = '{"姓名": "王小明", "text": "患者今日入院。"}\n'.encode("gb18030")
    bad = '{"姓名": "王小明", "text": "'.encode("gb18030") + '患者今日入院。"}\n'.encode()
    found = read(tmp_path, good * 3 + bad + good)
    assert [getattr(item, "reason", None) for item in found] == [None, None, None, Reason.ENCODING, None]
