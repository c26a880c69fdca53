"""The contract of the family of formats, over the samples that every format brings."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from onprem import families
from onprem.errors import InputError
from onprem.formats.contract import Chunk, ReadOptions, Sample
from onprem.formats.recognise import formats, recognise
from onprem.model import Field, Held, Kind, Record

ALL = [
    pytest.param(name, sample, id=f"{name}-{sample.name}")
    for name, samples in families.members("onprem.formats", "SAMPLES").items()
    for sample in samples
]
READABLE = [item for item in ALL if not item.values[1].refused]


def opened(tmp_path: Path, sample: Sample, options: ReadOptions | None = None):
    path = tmp_path / f"input{sample.suffix}"
    path.write_bytes(sample.make())
    return path, recognise(path).open(path, 3, options or ReadOptions())


def copied(source, tmp_path: Path, change=lambda item: item) -> bytes:
    parts = []
    for number, chunk in enumerate(source.chunks()):
        part = tmp_path / f"part{number}"
        records = [
            (chunk.first + index, replace(record, subject=None, fields=tuple(change(item) for item in record.fields)))
            for index, record in enumerate(source.read(chunk))
            if isinstance(record, Record)
        ]
        source.write(chunk, records, part)
        parts.append(part)
    out = tmp_path / "output"
    source.join(parts, out)
    return out.read_bytes()


def test_every_format_brings_samples() -> None:
    assert set(families.members("onprem.formats", "FORMAT")) == set(families.members("onprem.formats", "SAMPLES"))
    assert set(formats()) == {"text", "jsonl", "delimited", "parquet"}


@pytest.mark.parametrize(("name", "sample"), ALL)
def test_counts_of_records_and_of_held_ones_are_right(tmp_path: Path, name: str, sample: Sample) -> None:
    if sample.refused:
        with pytest.raises(InputError) as caught:
            opened(tmp_path, sample)
        assert "Lee" not in f"{caught.value}{caught.value.hint}"
        assert caught.value.__cause__ is None
        assert "input" + sample.suffix not in str(caught.value)
        return
    _, source = opened(tmp_path, sample)
    chunks = list(source.chunks())
    read = [list(source.read(chunk)) for chunk in chunks]
    assert [len(records) for records in read] == [chunk.count for chunk in chunks]
    records = [record for group in read for record in group]
    assert len(records) == sample.records
    assert sum(isinstance(record, Held) for record in records) == sample.held
    assert [getattr(record, "id", None) or record.record_id for record in records] == [
        f"3:{index}" for index in range(len(records))
    ]
    for record in records:
        if isinstance(record, Record):
            paths = [item.path for item in record.fields]
            assert len(set(paths)) == len(paths)
            for item in record.fields:
                assert (item.label is not None) == (item.kind is Kind.IDENTIFIER)


@pytest.mark.parametrize(("name", "sample"), [item for item in READABLE if not item.values[1].held])
def test_without_edits_the_same_bytes_come_back(tmp_path: Path, name: str, sample: Sample) -> None:
    path, source = opened(tmp_path, sample)
    result = copied(source, tmp_path)
    if name == "parquet":
        before, after = pq.read_table(path), pq.read_table(io.BytesIO(result))
        assert after.num_rows == before.num_rows
        for index, column in enumerate(before.columns):
            if before.schema.names[index] == "hash":
                assert after.column(index).null_count == after.num_rows  # no text: emptied
                continue
            if column.type != after.column(index).type:
                assert str(after.column(index).type) in {"string"} or column.type.num_fields
                continue
            assert after.column(index).to_pylist().__repr__() == column.to_pylist().__repr__()
        assert "origin" not in str(pq.read_metadata(io.BytesIO(result)).metadata)
        return
    raw = path.read_bytes()
    if name == "delimited" and raw.count(b"name,,note"):
        raw = raw.replace(b"name,,note", b"name,column_2,note")
    if name == "delimited" and raw.startswith(b"name,note\nLee,Zoe"):
        raw = raw.replace(b"name,note\n", b"column_1,column_2\n")
    assert result == raw


@pytest.mark.parametrize(("name", "sample"), [item for item in READABLE if item.values[0] != "parquet"])
def test_chunks_read_alone_equal_the_whole(tmp_path: Path, name: str, sample: Sample) -> None:
    _, whole = opened(tmp_path, sample)
    _, cut = opened(tmp_path, sample, ReadOptions(chunk_bytes=10))
    expected = [record for chunk in whole.chunks() for record in whole.read(chunk)]
    chunks = list(cut.chunks())
    found = {(chunk.first, chunk.offset): list(cut.read(chunk)) for chunk in reversed(chunks)}
    read = [record for chunk in chunks for record in found[(chunk.first, chunk.offset)]]
    assert len(read) == len(expected)
    for one, other in zip(read, expected, strict=True):  # skeletons differ by the blank lines beside a record
        assert type(one) is type(other)
        assert getattr(one, "fields", one) == getattr(other, "fields", other)
    if not sample.held:
        assert copied(cut, tmp_path) == copied(whole, tmp_path)


@pytest.mark.parametrize(("name", "sample"), READABLE)
def test_every_value_of_the_output_was_a_field(tmp_path: Path, name: str, sample: Sample) -> None:
    """Empty every field: what remains is structure and headers of the vocabulary, never a value."""
    _, source = opened(tmp_path, sample)
    result = copied(source, tmp_path, lambda item: replace(item, text=""))
    if name == "parquet":
        table = pq.read_table(io.BytesIO(result))
        shown = str(table.schema.names) + str(table.to_pylist())
    else:
        shown = b"".join(result.split(b"\0")).decode("gb18030", "replace")
    for value in ("Lee", "Ann", "Zoe", "王", "小明", "11010519491231002X", "1961"):
        assert value not in shown


@pytest.mark.parametrize(
    ("name", "sample"),
    # bytes of Parquet are not comparable; held records are absent from the output
    [item for item in READABLE if item.values[0] != "parquet" and not item.values[1].held],
)
def test_an_edit_changes_only_its_own_bytes(tmp_path: Path, name: str, sample: Sample) -> None:
    _, source = opened(tmp_path, sample)
    plain = copied(source, tmp_path)

    def mark(item: Field) -> Field:
        return replace(item, text=f"Q{item.text}") if item.kind is Kind.TEXT and item.text else item

    edited = copied(source, tmp_path, mark)
    if sample.name == "mixed escapes":  # the one case where the escapes around an edit are made uniform
        assert json.loads(edited)["text"] == "Q" + json.loads(plain)["text"]
        return
    for zero in (b"\0Q", b"Q\0", b"Q"):
        if edited.count(zero) and edited.replace(zero, b"") == plain:
            return
    assert edited == plain


def test_an_oversize_record_is_held_and_the_rest_is_read(tmp_path: Path) -> None:
    big = "x" * 5000
    options = ReadOptions(max_record_chars=1000, chunk_bytes=100)
    cases = {
        ".jsonl": f'{{"text": "a"}}\n{{"text": "{big}"}}\n{{"text": "b"}}\n',
        ".csv": f'note,name\n"a",b\n"{big}\n""{big}""",c\nd,e\n',
        ".txt": big,
    }
    for suffix, content in cases.items():
        _, source = opened(tmp_path, Sample("", suffix, content.encode, 0), options)
        found = [record for chunk in source.chunks() for record in source.read(chunk)]
        assert [isinstance(record, Held) for record in found] == ([True] if suffix == ".txt" else [False, True, False])


def test_a_long_cell_is_read(tmp_path: Path) -> None:
    cell = "王小明 seen. " * 60_000
    for suffix, content in {
        ".jsonl": '{"text": "' + cell + '"}\n',
        ".csv": f'name,note\nLee,"{cell}"\nMa,b\n',
    }.items():
        _, source = opened(tmp_path, Sample("", suffix, content.encode, 0))
        found = [record for chunk in source.chunks() for record in source.read(chunk)]
        assert found[0].fields[-1].text == cell


def test_chunk_is_addressable() -> None:
    assert Chunk(0, 1, 2, 3).part == 0
