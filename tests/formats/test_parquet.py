"""Parquet: types, nesting and schema survive; identifiers change type only when they must; metadata stays behind."""

from __future__ import annotations

import datetime
import decimal
import io
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from onprem.errors import OutputError
from onprem.formats.contract import ReadOptions
from onprem.formats.encoding import UnreadableInput
from onprem.formats.parquet import FORMAT
from onprem.labels import Label
from onprem.model import Held, Kind, Reason, Record


def opened(tmp_path, columns: dict[str, pa.Array], options: ReadOptions | None = None, **written):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table(columns), path, **written)
    return FORMAT.open(path, 0, options or ReadOptions())


def records(source) -> list[Record | Held]:
    return [record for chunk in source.chunks() for record in source.read(chunk)]


def written(source, tmp_path, change=lambda leaf: leaf, keep=lambda index: True) -> pa.Table:
    parts = []
    for number, chunk in enumerate(source.chunks()):
        kept = [
            (chunk.first + index, replace(item, fields=tuple(map(change, item.fields))))
            for index, item in enumerate(source.read(chunk))
            if isinstance(item, Record) and keep(chunk.first + index)
        ]
        source.write(chunk, kept, tmp_path / f"part{number}")
        parts.append(tmp_path / f"part{number}")
    source.join(parts, tmp_path / "out")
    return pq.read_table(io.BytesIO((tmp_path / "out").read_bytes()))


WHEN = datetime.datetime(2024, 3, 5, 10, 30, 15, 123456)
SCALARS = {
    "int": pa.array([1, None, -3], pa.int8()),
    "uint": pa.array([2**64 - 1, 0, None], pa.uint64()),
    "float32": pa.array([0.1, None, float("inf")], pa.float32()),
    "float64": pa.array([0.1, float("nan"), -0.0]),
    "bool": pa.array([True, None, False]),
    "decimal": pa.array([decimal.Decimal("12.30"), None, decimal.Decimal("-0.01")], pa.decimal128(6, 2)),
    "date32": pa.array([WHEN.date(), None, datetime.date(1900, 1, 1)]),
    "time64": pa.array([WHEN.time(), None, datetime.time(0)], pa.time64("us")),
    "timestamp_s": pa.array([WHEN.replace(microsecond=0), None, None], pa.timestamp("s")),
    "timestamp_ns": pa.array([1709634615123456789, None, 0], pa.timestamp("ns")),
    "timestamp_tz": pa.array([WHEN, None, WHEN], pa.timestamp("us", tz="Asia/Shanghai")),
    "duration": pa.array([5, None, 7], pa.duration("us")),
    "large": pa.array(["王小明", None, ""], pa.large_string()),
    "dictionary": pa.array(["a", None, "a"]).dictionary_encode(),
}


@pytest.mark.parametrize("name", SCALARS)
def test_every_scalar_type_is_text_and_comes_back(tmp_path, name: str) -> None:
    array = SCALARS[name]
    source = opened(tmp_path, {"weight": array, "note": pa.array(["x", "y", "z"])})
    kept = written(source, tmp_path, lambda leaf: replace(leaf, kind=Kind.CLINICAL))
    before = pq.read_table(tmp_path / "x.parquet")["weight"].combine_chunks()
    after = kept["weight"].combine_chunks()
    if source.columns()[0].placement.kind is Kind.IDENTIFIER:  # dates under a harmless name
        assert after.type in {pa.string(), pa.large_string()}
        after = after.cast(before.type)
    assert after.type == before.type
    assert after.equals(before) or repr(after.to_pylist()) == repr(before.to_pylist())  # NaN is not itself
    for record in records(source):
        assert all(isinstance(leaf.text, str) for leaf in record.fields)


def test_identifiers_become_text_unless_their_label_keeps_its_type(tmp_path) -> None:
    columns = {"mrn": pa.array([1002003, 1002004]), "admission_date": pa.array([WHEN.date(), WHEN.date()])}

    def change(leaf):
        return replace(leaf, text="[X]" if leaf.label is Label.RECORD_NUMBER else "2019-01-02")

    plain = written(opened(tmp_path, columns), tmp_path, change)
    assert plain.schema.types == [pa.string(), pa.string()]
    typed = written(opened(tmp_path, columns, ReadOptions(typed=frozenset({Label.DATE}))), tmp_path, change)
    assert typed.schema.types == [pa.string(), pa.date32()]
    assert typed["admission_date"].to_pylist() == [datetime.date(2019, 1, 2)] * 2
    lost = written(
        opened(tmp_path, columns, ReadOptions(typed=frozenset({Label.DATE}))),
        tmp_path,
        lambda leaf: replace(leaf, text="2019"),
    )
    assert lost["admission_date"].to_pylist() == [None, None]


def test_unknown_columns_are_emptied_to_null_and_renamed(tmp_path) -> None:
    source = opened(
        tmp_path, {"Ann Lee": pa.array(["x1", "x2"]), "zzq": pa.array([100234, 100235]), "note": pa.array(["a", "b"])}
    )
    assert [column.path for column in source.columns()] == ["col#1", "col#2", "col:note"]
    out = written(source, tmp_path, lambda leaf: replace(leaf, text="") if leaf.kind is Kind.UNKNOWN else leaf)
    assert out.schema.names == ["column_1", "column_2", "note"]
    assert out["column_1"].to_pylist() == [None, None]
    assert out["column_2"].to_pylist() == [None, None]
    assert out.schema.types[1] == pa.int64()


def test_nested_leaves_surface_with_paths_and_are_rebuilt(tmp_path) -> None:
    kind = pa.struct(
        [
            ("name", pa.struct([("given", pa.list_(pa.string())), ("family", pa.string())])),
            ("age", pa.int32()),
            ("Ann", pa.string()),
        ]
    )
    value = {"name": {"given": ["Ann", "Zoe"], "family": "Lee"}, "age": 41, "Ann": "secret"}
    source = opened(
        tmp_path, {"patient": pa.array([value, None, {**value, "name": None}], kind), "note": pa.array(["x", "y", "z"])}
    )
    first = records(source)[0]
    assert isinstance(first, Record)
    assert [(leaf.path, leaf.label) for leaf in first.fields] == [
        ("col:patient.name.given[0]", Label.NAME),
        ("col:patient.name.given[1]", Label.NAME),
        ("col:patient.name.family", Label.NAME),
        ("col:patient.age", Label.AGE),
        ("col:patient.#3", None),
        ("col:note", None),
    ]
    assert "secret" not in repr(first)
    out = written(
        source, tmp_path, lambda leaf: replace(leaf, text="" if leaf.kind is Kind.UNKNOWN else f"<{leaf.text}>")
    )
    assert out["patient"].to_pylist() == [
        {"name": {"given": ["<Ann>", "<Zoe>"], "family": "<Lee>"}, "age": "<41>", "field_3": None},
        None,
        {"name": None, "age": "<41>", "field_3": None},
    ]


def test_keys_of_maps_are_data(tmp_path) -> None:
    array = pa.array([[("weight", "70"), ("Ann Lee", "sister")]], pa.map_(pa.string(), pa.string()))
    source = opened(tmp_path, {"attributes": array, "note": pa.array(["x"])})
    paths = [leaf.path for leaf in records(source)[0].fields]
    assert paths == ["col:#1.weight", "key:col:#1.#2", "col:#1.#2", "col:note"]
    out = written(source, tmp_path, lambda leaf: replace(leaf, text="") if leaf.kind is Kind.UNKNOWN else leaf)
    assert "Ann" not in str(out.to_pylist())
    assert "sister" not in str(out.to_pylist())


@pytest.mark.parametrize(
    "array",
    [
        pa.array([b"\xff\xfe", b"\x00"]),
        pa.array([b"\xff\xfe\x01\x02"] * 2, pa.binary(4)),
        pa.array([[("a", [1])]] * 2, pa.map_(pa.string(), pa.list_(pa.time64("us")))),
    ],
)
def test_what_has_no_exact_text_is_unknown_and_always_emptied(tmp_path, array: pa.Array) -> None:
    source = opened(tmp_path, {"weight": array, "note": pa.array(["x", "y"])})
    assert source.columns()[0].placement.kind is Kind.UNKNOWN
    assert len(records(source)[0].fields) == 2
    assert written(source, tmp_path)["weight"].null_count == 2


def test_codec_and_order_are_kept_and_metadata_is_not(tmp_path) -> None:
    path = tmp_path / "x.parquet"
    field = pa.field("note", pa.string(), metadata={"source": "Ann Lee"})
    table = pa.table([pa.array(["well"] * 5), pa.array([1.5] * 5)], schema=pa.schema([field, ("weight", pa.float64())]))
    pq.write_table(table.replace_schema_metadata({"pandas": "Ann Lee", "x": "Ann Lee"}), path, compression="gzip")
    source = FORMAT.open(path, 0, ReadOptions())
    out = written(source, tmp_path)
    raw = (tmp_path / "out").read_bytes()
    assert b"Ann Lee" in path.read_bytes()
    assert b"Ann Lee" not in raw
    assert out.schema.names == ["note", "weight"]
    assert pq.read_metadata(io.BytesIO(raw)).row_group(0).column(0).compression == "GZIP"


def test_statistics_are_of_the_output(tmp_path) -> None:
    source = opened(tmp_path, {"name": pa.array(["Ann Lee", "Zoe Ma"]), "note": pa.array(["x", "y"])})
    written(source, tmp_path, lambda leaf: replace(leaf, text="[NAME]") if leaf.label else leaf)
    raw = (tmp_path / "out").read_bytes()
    assert b"Ann" not in raw
    assert b"Zoe" not in raw


def test_held_rows_are_absent_and_row_groups_are_crossed(tmp_path) -> None:
    columns = {"note": pa.array([f"note {index}" for index in range(1000)])}
    source = opened(tmp_path, columns, ReadOptions(chunk_bytes=1000), row_group_size=300)
    chunks = list(source.chunks())
    assert len(chunks) > 8
    assert sum(chunk.count for chunk in chunks) == 1000
    assert (
        written(source, tmp_path, keep=lambda index: index % 2)["note"].to_pylist() == columns["note"].to_pylist()[1::2]
    )


def test_chunks_may_be_read_in_any_order_and_twice(tmp_path) -> None:
    source = opened(tmp_path, {"note": pa.array([f"n{index}" for index in range(100)])}, ReadOptions(chunk_bytes=100))
    chunks = list(source.chunks())
    for chunk in [*reversed(chunks), *chunks, chunks[0], chunks[0]]:
        assert [record.fields[0].text for record in source.read(chunk)] == [
            f"n{index}" for index in range(chunk.first, chunk.first + chunk.count)
        ]


def test_a_string_that_is_not_utf_8_holds_its_row(tmp_path) -> None:
    bad = pa.Array.from_buffers(pa.string(), 2, pa.array([b"ok", b"\xff\xfe"]).buffers())
    source = opened(tmp_path, {"note": bad})
    found = records(source)
    assert [getattr(item, "reason", None) for item in found] == [None, Reason.ENCODING]


def test_a_page_that_cannot_be_decoded_holds_its_chunk(tmp_path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"note": [f"note {index} Ann" for index in range(500)]}), path, use_dictionary=False)
    source = FORMAT.open(path, 0, ReadOptions())
    data = bytearray(path.read_bytes())
    data[40:400] = b"\xff" * 360
    path.write_bytes(data)
    found = records(source)
    assert len(found) == 500
    assert {item.reason for item in found} == {Reason.UNREADABLE}


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + b"\0" * 40 + b"PAR1", b"PARE" + b"x" * 40 + b"PARE"])
def test_a_broken_file_is_refused_without_its_name(tmp_path, content: bytes) -> None:
    path = tmp_path / "Ann.parquet"
    path.write_bytes(content)
    with pytest.raises(UnreadableInput) as caught:
        FORMAT.open(path, 0, ReadOptions())
    assert "Ann" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_writing_refuses_a_record_that_lacks_a_leaf(tmp_path) -> None:
    source = opened(tmp_path, {"note": pa.array(["x"]), "name": pa.array(["y"])})
    chunk = next(iter(source.chunks()))
    record = records(source)[0]
    for fields in (record.fields[:1], (*record.fields, record.fields[0]), record.fields[::-1]):
        with pytest.raises(OutputError):
            source.write(chunk, [(0, replace(record, fields=fields))], tmp_path / "part")


def test_memory_is_flat_over_one_large_row_group(tmp_path) -> None:
    """Chunks far into a row group are reached without holding what comes before (measured on the Arrow pool)."""
    notes = pa.array([f"{index} " + "seen in clinic today " * 20 for index in range(60_000)])
    source = opened(tmp_path, {"note": notes}, ReadOptions(chunk_bytes=500_000), row_group_size=60_000)
    del notes
    peaks = []
    base = pa.total_allocated_bytes()
    for chunk in source.chunks():
        for _ in source.read(chunk):
            pass
        peaks.append(pa.total_allocated_bytes() - base)
    assert len(peaks) > 6
    assert max(peaks) < 16_000_000  # the column is 26 MB
