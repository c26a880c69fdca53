"""Key files: what is refused, and that derived keys differ by purpose."""

import os
import stat

import pytest

from onprem.errors import SiteError
from onprem.vault.keys import create_key, derive, read_key


def test_key_is_private_random_and_read_back(tmp_path):
    one, other = tmp_path / "one.key", tmp_path / "other.key"
    create_key(one)
    create_key(other)
    assert stat.S_IMODE(one.stat().st_mode) == 0o600
    assert len(read_key(one)) == 32
    assert read_key(one) != read_key(other)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.key", "other.key"]


def test_existing_key_is_never_replaced(tmp_path):
    path = tmp_path / "a.key"
    create_key(path)
    before = path.read_bytes()
    with pytest.raises(SiteError, match="exists already"):
        create_key(path)
    assert path.read_bytes() == before


def test_half_written_key_is_replaced(tmp_path):
    (tmp_path / "a.key.new").write_bytes(b"half")
    create_key(tmp_path / "a.key")
    assert len(read_key(tmp_path / "a.key")) == 32


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_open_key_is_refused(tmp_path, mode):
    path = tmp_path / "a.key"
    create_key(path)
    path.chmod(mode)
    with pytest.raises(SiteError, match="open to others"):
        read_key(path)


def test_missing_link_folder_and_short_keys_are_refused(tmp_path):
    path = tmp_path / "a.key"
    create_key(path)
    link = tmp_path / "link.key"
    link.symlink_to(path)
    short, long = tmp_path / "short.key", tmp_path / "long.key"
    for file, size in ((short, 31), (long, 33)):
        file.write_bytes(os.urandom(size))
        file.chmod(0o600)
    for bad in (tmp_path / "none.key", link, short, long):
        with pytest.raises(SiteError):
            read_key(bad)
    folder, pipe = tmp_path / "folder.key", tmp_path / "pipe.key"
    folder.mkdir(mode=0o700)
    os.mkfifo(pipe, 0o600)
    for bad in (folder, pipe):
        with pytest.raises(SiteError, match="regular"):
            read_key(bad)


def test_key_of_another_owner_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.key"
    create_key(path)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(SiteError, match="another user"):
        read_key(path)


def test_purposes_give_independent_keys():
    keys = {derive(b"s" * 32, purpose) for purpose in ("a", "b", "a/b", "ab", "")}
    assert len(keys) == 5
    assert all(len(key) == 32 for key in keys)
    assert derive(b"s" * 32, "a") == derive(b"s" * 32, "a")
    assert derive(b"t" * 32, "a") not in keys
