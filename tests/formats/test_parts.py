"""Writing fails with a clear line: a full disk, a folder that is not there, a file that may not be read."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from onprem import families
from onprem.errors import InputError, OutputError, ResourceError
from onprem.formats.contract import ReadOptions
from onprem.formats.parts import join_parts, open_part
from onprem.formats.recognise import recognise
from onprem.model import Record

FULL = Path("/dev/full")
FIRST = {name: samples[0] for name, samples in families.members("onprem.formats", "SAMPLES").items()}


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full to write to")
@pytest.mark.parametrize("name", FIRST)
def test_a_full_disk_is_an_error_of_its_own(tmp_path, name: str) -> None:
    path = tmp_path / f"input{FIRST[name].suffix}"
    path.write_bytes(FIRST[name].make())
    source = recognise(path).open(path, 0, ReadOptions())
    chunk = next(iter(source.chunks()))
    records = [
        (index, replace(record, subject=None))
        for index, record in enumerate(source.read(chunk))
        if isinstance(record, Record)
    ]
    with pytest.raises(ResourceError) as caught:
        source.write(chunk, records, FULL)
    assert caught.value.__suppress_context__
    part = tmp_path / "part"
    source.write(chunk, records, part)
    with pytest.raises(ResourceError):
        source.join([part], FULL)


def test_a_missing_folder_is_an_error_without_its_name(tmp_path) -> None:
    with pytest.raises(OutputError) as caught, open_part(tmp_path / "Ann" / "part"):
        pass
    assert "Ann" not in str(caught.value)


def test_parts_are_private_and_joined_in_order(tmp_path) -> None:
    for name in ("a", "b"):
        with open_part(tmp_path / name) as out:
            out.write(name.encode())
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    join_parts(b"0", [tmp_path / "b", tmp_path / "a"], tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"0ba"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
@pytest.mark.parametrize("name", FIRST)
def test_a_file_that_may_not_be_read_is_an_error(tmp_path, name: str) -> None:
    path = tmp_path / f"Ann{FIRST[name].suffix}"
    path.write_bytes(FIRST[name].make())
    path.chmod(0)
    with pytest.raises(InputError) as caught:
        recognise(path)
    assert "Ann" not in str(caught.value)
