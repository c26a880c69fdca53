"""The harness itself: every form that is planted is found, and nothing is found where nothing was planted."""

import base64
import gzip
import hashlib

import canaries
import pyarrow as pa
import pyarrow.parquet as pq
import pytest


def planted(value):
    digits = "".join(filter(str.isdigit, value))
    yield value.encode()
    yield value.upper().encode()
    yield value.swapcase().encode()
    yield value.replace(" ", "").encode()
    for encoding in ("utf-16-le", "utf-16-be", "gb18030"):
        yield value.encode(encoding)
    yield value.encode().hex().encode()
    for before in ("", "x", "xx", "xxx"):
        yield base64.b64encode(f"{before}{value} and more".encode())
    if len(digits) >= 7:
        yield digits.encode()
    yield hashlib.sha256(value.encode()).hexdigest().encode()
    yield hashlib.md5(value.encode()).digest()


@pytest.mark.parametrize("canary", range(len(canaries.CANARIES)))
def test_every_planted_form_is_found(canary):
    for content in planted(canaries.CANARIES[canary]):
        hits = canaries.search_bytes("here", b"before " + content + b" after")
        assert canary in {hit.canary for hit in hits}, content


def test_nothing_is_found_where_nothing_is():
    text = "Patient 7 was started on metformin. 患者因咳嗽三天入院。 Phone withheld; bramble bushes; 1234567"
    for encoding in ("utf-8", "utf-16-le", "gb18030"):
        assert canaries.search_bytes("here", text.encode(encoding)) == []
    assert canaries.search_bytes("here", bytes(range(256)) * 50) == []


def test_names_archives_and_parquet_are_searched(tmp_path):
    (tmp_path / "Oswin Brambleworth.txt").write_bytes(b"")
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"QLF-44817234 " * 100))
    pq.write_table(pa.table({"a": ["上官若溪"] * 100}), tmp_path / "b.bin", compression="zstd")
    places = {hit.where for hit in canaries.search_tree(tmp_path)}
    assert "a.gz:unpacked" in places
    assert "b.bin:rows" in places
    assert any(place.startswith("name of a file") for place in places)


def test_a_hit_quotes_nothing():
    hits = canaries.search_bytes("here", "上官若溪 Oswin Brambleworth".encode())
    assert hits
    assert canaries.search_bytes("report", repr(hits).encode()) == []


def test_inputs_hold_canaries(tmp_path):
    for write in (canaries.write_good, canaries.write_broken):
        folder = write(tmp_path / write.__name__)
        held = {hit.where.split(":")[0] for hit in canaries.search_tree(folder)}
        assert held == {path.name for path in folder.iterdir()} - {"empty.txt"}
