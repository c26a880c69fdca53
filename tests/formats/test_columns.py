"""What a site says about a column in one line is kept, read back and refused when it is not understood."""

from __future__ import annotations

import os
import stat

import pytest

from onprem.errors import PolicyError, SiteError
from onprem.formats.columns import load_columns, save_column
from onprem.formats.contract import Placement
from onprem.labels import Label
from onprem.model import Kind


def test_what_is_saved_is_loaded(tmp_path) -> None:
    path = tmp_path / "columns.toml"
    assert load_columns(path) == {}
    save_column(path, "随访号", "RECORD_NUMBER:patient")
    save_column(path, 'Odd "name"\\ (x)', "text")
    save_column(path, "Chief", "NAME:staff")
    save_column(path, "zzq", "clinical")
    save_column(path, "ZZQ ", "drop")
    assert load_columns(path) == {
        "随访号": Placement(Kind.IDENTIFIER, Label.RECORD_NUMBER, "patient", "record"),
        "oddname": Placement(Kind.TEXT),
        "chief": Placement(Kind.IDENTIFIER, Label.NAME, "staff"),
        "zzq": Placement(Kind.UNKNOWN),
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in tmp_path.iterdir()] == ["columns.toml"]


@pytest.mark.parametrize("what", ["nonsense", "NAME:nobody", "text:patient", "", "drop:staff"])
def test_a_word_that_is_not_known_is_refused_and_nothing_is_written(tmp_path, what: str) -> None:
    with pytest.raises(PolicyError) as caught:
        save_column(tmp_path / "columns.toml", "Ann Lee", what)
    assert "Ann" not in str(caught.value) + caught.value.hint
    assert not (tmp_path / "columns.toml").exists()


@pytest.mark.parametrize("content", [b"= x", b"\xff\xfe", b'"a" = 3\n', b'"a" = "nonsense"\n', b'[a]\nb = "text"\n'])
def test_a_broken_file_is_refused(tmp_path, content: bytes) -> None:
    (tmp_path / "columns.toml").write_bytes(content)
    with pytest.raises(PolicyError):
        load_columns(tmp_path / "columns.toml")


def test_a_header_without_a_letter_is_refused(tmp_path) -> None:
    with pytest.raises(PolicyError):
        save_column(tmp_path / "columns.toml", " - ", "text")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_an_error(tmp_path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(SiteError):
        save_column(tmp_path / "columns.toml", "a", "text")


def test_a_missing_folder_is_an_error(tmp_path) -> None:
    with pytest.raises(SiteError):
        save_column(tmp_path / "none" / "columns.toml", "a", "text")
