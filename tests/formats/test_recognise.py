"""Files are recognised by suffix, then by content; what is not understood is refused."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from onprem.formats.encoding import UnreadableInput
from onprem.formats.recognise import recognise
from onprem.model import Reason


def parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"note": ["x"]}), out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", b"Seen by Dr. Lee.", "text"),
        ("a.TXT", b"", "text"),
        ("a.jsonl", b"", "jsonl"),
        ("a.csv", b"", "delimited"),
        ("a.parquet", b"", "text"),
        ("a.txt", parquet(), "parquet"),
        ("a.csv", parquet(), "parquet"),
        ("a.csv", b'{"text": "x"}\n{"text": "y"}\n', "jsonl"),
        ("a.csv", b"name,note\nAnn,well\n", "delimited"),
        ("a", b"name,note\nAnn,well\n", "delimited"),
        ("a", b'{"text": "x"}\n', "jsonl"),
        ("a.json", b'{"text": "x"}\n{"text": "y"}\n', "jsonl"),
        ("a", "患者今日入院，胸闷三天。\n".encode("gb18030"), "text"),
        ("a.dat", b"Dear Dr. Lee, thank you, as ever, for seeing her.\nShe is well.\n", "text"),
        ("a.txt", b"name,note\nAnn,well\n", "text"),
    ],
)
def test_a_file_is_recognised(tmp_path, name: str, content: bytes, expected: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert recognise(tmp_path / name).name == expected


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"%PDF-1.7 Ann Lee", Reason.BINARY),
        ("a.csv", bytes(range(256)), Reason.BINARY),
        ("a.jsonl", b"PK\x03\x04 Ann Lee", Reason.BINARY),
        ("a.xlsx", b"PK\x03\x04 Ann Lee", Reason.BINARY),
        ("a.dcm", b"\0" * 128 + b"DICM Ann Lee", Reason.BINARY),
        ("a.parquet", b"name,note\nAnn Lee,well\n", Reason.UNREADABLE),
        ("a.txt", b"{\\rtf1 Ann Lee}", Reason.UNREADABLE),
        ("a.txt", b"<?xml version='1.0'?><p>Ann Lee</p>", Reason.UNREADABLE),
        ("a.txt", b"MSH|^~\\&|Ann Lee", Reason.UNREADABLE),
        ("a.xml", b"Ann Lee", Reason.UNREADABLE),
        ("a.json", b'{\n  "name": "Ann Lee"\n}\n', Reason.UNREADABLE),
        ("a", b'[{"name": "Ann Lee"}]', Reason.UNREADABLE),
    ],
)
def test_what_is_not_understood_is_refused_without_a_value(tmp_path, name: str, content: bytes, reason: Reason) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableInput) as caught:
        recognise(tmp_path / name)
    assert caught.value.reason is reason
    assert caught.value.exit_code == 3
    assert "Ann" not in caught.value.message + caught.value.hint
    assert str(tmp_path) not in caught.value.message


def test_what_cannot_be_opened_is_refused_without_its_name(tmp_path) -> None:
    for path in (tmp_path / "Ann Lee.txt", tmp_path):
        with pytest.raises(UnreadableInput) as caught:
            recognise(path)
        assert "Ann" not in caught.value.message
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
