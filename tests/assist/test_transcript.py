"""Transcripts: what is kept comes back whole, nobody reads it without the vault, and nothing of it is in the file."""

import json
import os

import pytest

from onprem.assist import transcript
from onprem.assist.conversation import Turn
from onprem.assist.transcript import FOLDER, Transcript
from onprem.config import Settings, Site
from onprem.errors import OutputError, SiteError, UsageError
from onprem.llm.contract import Ended
from onprem.vault import keys

TURNS = (
    Turn("I am Ngozi Okafor.\nMRN 40017733", "Good morning, Ngozi.", Ended.STOP),
    Turn("我叫欧阳春燕", "你好\x1b[2J", Ended.CANCELLED, 1),
)
KEPT = Transcript("small", "ab" * 32, 7, "Be brief.", TURNS)


@pytest.fixture
def site(tmp_path):
    for name in ("keys", "vault", "audit", "tmp"):
        (tmp_path / name).mkdir(mode=0o700)
    make_key(tmp_path)
    return Site(tmp_path, Settings())


def save(site):
    return transcript.save(site, transcript.prepare(site), KEPT)


def files(site):
    return sorted((site.root / FOLDER).iterdir())


def test_what_is_kept_comes_back_whole(site):
    name = save(site)
    assert transcript.read(site, name) == KEPT
    assert transcript.read(site, f"{name}.sealed") == KEPT
    assert [known for known, _ in transcript.names(site)] == [name]


def test_the_file_is_private_and_holds_nothing_of_the_conversation(site):
    name = save(site)
    (path,) = files(site)
    assert path.stat().st_mode & 0o777 == 0o600
    assert (site.root / FOLDER).stat().st_mode & 0o777 == 0o700
    content = path.read_bytes() + name.encode()
    assert not [word for word in ("Ngozi", "40017733", "欧阳", "brief", "small") if word.encode() in content]
    assert "Ngozi" not in repr(KEPT)


def test_several_of_one_second_have_names_of_their_own_and_none_is_written_over(site):
    names = [save(site) for _ in range(5)]
    assert len(set(names)) == len(files(site)) == 5
    assert [name for name, _ in transcript.names(site)] == sorted(names)
    assert all(transcript.read(site, name) == KEPT for name in names)


def test_a_transcript_under_another_name_is_not_read(site):
    (path,) = [files(site)[0] for _ in [save(site)]]
    other = path.with_name("20260101T000000Z.sealed")
    path.rename(other)
    with pytest.raises(SiteError):
        transcript.read(site, "20260101T000000Z")


@pytest.mark.parametrize("place", [0, 40, -2])
def test_a_byte_that_was_changed_is_noticed(site, place):
    name = save(site)
    (path,) = files(site)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(SiteError) as damaged:
        transcript.read(site, name)
    assert "Ngozi" not in f"{damaged.value} {damaged.value.hint} {damaged.value.__cause__}"


def test_another_site_cannot_read_it(site, tmp_path):
    name = save(site)
    (tmp_path / "keys" / "master.key").unlink()
    make_key(tmp_path)
    with pytest.raises(SiteError):
        transcript.read(site, name)


def test_without_a_key_nothing_is_begun(site, tmp_path):
    (tmp_path / "keys" / "master.key").unlink()
    with pytest.raises(SiteError):
        transcript.prepare(site)
    assert not (tmp_path / FOLDER).exists()


@pytest.mark.parametrize("name", ["", "..", "../keys/master.key", "20260101T000000Z", "x.sealed", "/etc/passwd"])
def test_a_name_that_is_not_one_of_a_transcript_is_refused(site, name):
    save(site)
    with pytest.raises(UsageError, match="no such transcript"):
        transcript.read(site, name)


def test_what_is_no_transcript_is_not_listed(site):
    name = save(site)
    folder = site.root / FOLDER
    (folder / "notes.sealed").write_text("x")
    (folder / "20260101T000000Z.new").write_text("x")
    (folder / "20260101T000001Z.sealed").symlink_to(folder / f"{name}.sealed")
    (folder / "20260101T000002Z.sealed").mkdir()
    assert [known for known, _ in transcript.names(site)] == [name]


def test_a_folder_that_is_open_to_others_or_a_link_is_refused(site, tmp_path):
    (tmp_path / FOLDER).mkdir(mode=0o755)
    with pytest.raises(OutputError, match="open to others"):
        transcript.prepare(site)
    (tmp_path / FOLDER).rmdir()
    (tmp_path / FOLDER).symlink_to(tmp_path / "tmp")
    with pytest.raises(OutputError, match="a link"):
        transcript.prepare(site)


def test_a_disk_that_fails_leaves_no_part_behind(site, monkeypatch):
    key = transcript.prepare(site)

    def full(descriptor):
        raise OSError

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="cannot be written"):
        transcript.save(site, key, KEPT)
    assert files(site) == []


def test_it_is_one_line_of_json_and_nothing_beyond_its_fields_is_taken(site, monkeypatch):
    line = transcript.dump(KEPT)
    assert "\n" not in line
    assert [turn["ended"] for turn in json.loads(line)["turns"]] == ["stop", "cancelled"]
    monkeypatch.setattr(transcript, "dump", lambda kept: line[:-1] + ',"more":1}')
    with pytest.raises(SiteError, match="another version"):
        transcript.read(site, save(site))


def make_key(root):
    keys.create_key(root / "keys" / "master.key")
