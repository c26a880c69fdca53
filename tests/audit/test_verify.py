"""Every attack builds its broken log and is told by name."""

import json

import pytest

from onprem.audit.checkpoint import read, sign
from onprem.audit.verify import check, verify
from onprem.errors import AuditError
from onprem.model import Severity
from onprem.vault.keys import create_key


def codes(site, against=None):
    return {item.code for item in verify(site, against) if item.severity is Severity.ERROR}


@pytest.fixture
def kept(site, log, tmp_path):
    """A log of 8 events with a checkpoint kept outside after the sixth."""
    log.fill(6)
    state = check(site)
    path = tmp_path / "checkpoint"
    path.write_bytes(sign(site, state.tree.size, state.tree.root(), state.last_utc))
    log.fill(2)
    return path


def test_sound_log_verifies_with_and_without_checkpoint(site, kept):
    assert codes(site) == set()
    assert codes(site, kept) == set()
    assert check(site).tree.size == 8


def test_empty_log_and_its_checkpoint(site, log, tmp_path):
    state = check(site)
    path = tmp_path / "checkpoint"
    path.write_bytes(sign(site, 0, state.tree.root(), ""))
    assert codes(site, path) == set()
    log.fill(2)
    assert codes(site, path) == set()


@pytest.mark.parametrize("at", [0, 3, 6])
def test_rewritten_line_is_a_rewrite(site, log, kept, at):
    lines = log.lines()
    lines[at] = log.changed(lines[at], actor="mallory")
    log.write(lines)
    assert codes(site) == {"rewrite"}


def test_rewritten_last_line_needs_a_checkpoint(site, log, tmp_path):
    log.fill(3)
    state = check(site)
    path = tmp_path / "checkpoint"
    path.write_bytes(sign(site, state.tree.size, state.tree.root(), state.last_utc))
    lines = log.lines()
    log.write([*lines[:-1], log.changed(lines[-1], actor="mallory")])
    assert codes(site) == set()  # not claimed without a checkpoint
    assert codes(site, path) == {"rewrite"}


@pytest.mark.parametrize("at", [0, 3, 5])
def test_rewritten_and_chained_again_is_a_rewrite_against_the_checkpoint(site, log, kept, at):
    lines = log.lines()
    lines[at] = log.changed(lines[at], actor="mallory")
    log.write(log.chained(lines))
    assert codes(site) == set()
    assert codes(site, kept) == {"rewrite"}


def test_change_after_the_checkpoint_is_not_its_matter(site, log, kept):
    lines = log.lines()
    lines[7] = log.changed(lines[7], actor="mallory")
    log.write(lines)
    assert codes(site, kept) == set()


@pytest.mark.parametrize("keep", [0, 1, 5])
def test_cut_end_is_a_truncation_against_the_checkpoint(site, log, kept, keep):
    log.write(log.lines()[:keep])
    assert codes(site) == set()
    assert codes(site, kept) == {"truncation"}


def test_missing_log_is_a_truncation(site, log, kept):
    (log.folder / "000001.jsonl").unlink()
    assert codes(site, kept) == {"truncation"}


@pytest.mark.parametrize("gone", [slice(0, 1), slice(0, 3), slice(2, 3), slice(2, 5)])
def test_lines_taken_out_are_a_truncation(site, log, kept, gone):
    lines = log.lines()
    del lines[gone]
    log.write(lines)
    assert "truncation" in codes(site)
    assert "truncation" in codes(site, kept)


def test_missing_segment_is_a_truncation(site, log):
    from onprem.audit.events import Event, Outcome
    from onprem.audit.log import AuditLog

    small = AuditLog(site, segment_bytes=500)
    for _ in range(8):
        small.append(Event("test.run", Outcome.DONE))
    (log.folder / "000002.jsonl").unlink()
    assert codes(site) == {"truncation"}


@pytest.mark.parametrize(("one", "other"), [(0, 1), (2, 3), (1, 6), (6, 7)])
def test_exchanged_lines_are_a_reorder(site, log, kept, one, other):
    lines = log.lines()
    lines[one], lines[other] = lines[other], lines[one]
    log.write(lines)
    assert codes(site) == {"reorder"}


def test_exchanged_and_chained_again_is_a_reorder(site, log, kept):
    lines = log.lines()
    lines[2], lines[3] = lines[3], lines[2]
    log.write(log.chained(lines))
    assert codes(site) == {"reorder"}
    assert codes(site, kept) == {"reorder"}


def test_machines_that_write_in_turns_are_sound(site, log):
    log.fill(4)
    boots = ["11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"]
    lines = [log.changed(line, boot=boots[number % 2]) for number, line in enumerate(log.lines())]
    log.write(log.chained(lines))
    assert codes(site) == set()
    log.write(log.chained([lines[2], lines[1], lines[0], lines[3]]))
    assert codes(site) == {"reorder"}


def test_exchanged_segments_are_a_reorder(site, log):
    from onprem.audit.events import Event, Outcome
    from onprem.audit.log import AuditLog

    small = AuditLog(site, segment_bytes=500)
    for _ in range(8):
        small.append(Event("test.run", Outcome.DONE))
    first, second = log.folder / "000001.jsonl", log.folder / "000002.jsonl"
    content = first.read_bytes(), second.read_bytes()
    first.write_bytes(content[1])
    second.write_bytes(content[0])
    assert codes(site) == {"reorder"}


def clocks(site, against=None):
    return [(item.where, item.severity) for item in verify(site, against) if item.code == "clock"]


def test_clock_set_back_is_told_by_the_event_that_shows_it(site, log, kept):
    lines = log.lines()
    back = [
        log.changed(line, utc="2020-01-01T00:00:00.000000Z") if place >= 3 else line for place, line in enumerate(lines)
    ]
    log.write(log.chained(back))
    assert clocks(site) == [("000001.jsonl:4", Severity.WARNING)]
    assert codes(site) == set()
    assert codes(site, kept) == {"rewrite"}


def test_clock_set_back_after_the_checkpoint_is_told_in_a_segment_of_its_own(site, log, kept):
    lines = log.lines()
    log.write(lines[:6])
    later = log.chained([*lines[:6], *(log.changed(line, utc="2020-01-01T00:00:00.000000Z") for line in lines[6:])])
    (log.folder / "000002.jsonl").write_bytes(b"".join(line + b"\n" for line in later[6:]))
    assert clocks(site, kept) == [("000002.jsonl:1", Severity.WARNING)]
    assert codes(site, kept) == set()


def test_small_corrections_of_the_clock_pass(site, log, kept):
    lines = log.lines()
    times = ["2026-01-01T00:00:09.000000Z", "2026-01-01T00:00:08.100000Z"]
    log.write(log.chained([log.changed(line, utc=times[place % 2]) for place, line in enumerate(lines)]))
    assert clocks(site) == []


def test_digits_that_are_no_time_are_told(site, log, kept):
    lines = log.lines()
    lines[2] = log.changed(lines[2], utc="9999-99-99T99:99:99.999999Z")
    log.write(log.chained(lines))
    assert clocks(site) == [("000001.jsonl:4", Severity.WARNING)]


@pytest.mark.parametrize("at", [0, 3, 8, 9, 19])
def test_segments_read_together_find_what_reading_line_by_line_finds(site, log, at, monkeypatch):
    from onprem.audit import verify as module

    log.fill(20)
    lines = log.lines()
    for change in (
        {"actor": "mallory"},
        {"seq": 40},
        {"monotonic": 1},
        {"boot": "unknown"},
        {"utc": times_back(lines[at])},
    ):
        changed = [*lines]
        changed[at] = log.changed(lines[at], **change)
        for path in log.folder.iterdir():
            path.unlink()
        for number in range(5):
            part = b"".join(line + b"\n" for line in changed[number * 4 : number * 4 + 4])
            (log.folder / f"{number + 1:06}.jsonl").write_bytes(part)
        with monkeypatch.context() as patched:
            patched.setattr(module, "sound_segments", lambda paths: ((path, None) for path in paths))
            line_by_line = check(site)
        together = check(site)
        assert together.findings == line_by_line.findings
        assert together.tree.root() == line_by_line.tree.root()
        assert together.last == line_by_line.last


def times_back(line):
    return json.loads(line)["utc"].replace("20", "19", 1)


def test_cut_before_the_checkpoint_and_continued_is_a_fork(site, log, kept):
    log.write(log.lines()[:4])
    log.fill(4)
    assert codes(site) == set()
    assert codes(site, kept) == {"fork"}


def test_two_lines_for_one_place_are_a_fork(site, log, kept):
    lines = log.lines()
    log.write([*lines[:4], log.changed(lines[3], actor="mallory"), *lines[4:]])
    assert "fork" in codes(site)


@pytest.mark.parametrize("garbage", [b"", b"{}", b"not json", b"\0" * 10, b'{"v":1}', b"x" * 40_000])
@pytest.mark.parametrize("replace", [False, True])
def test_garbage_is_unreadable(site, log, kept, garbage, replace):
    lines = log.lines()
    log.write([*lines[:3], garbage, *lines[3 + replace :]])
    found = codes(site)
    assert "unreadable" in found
    assert "truncation" not in found
    assert "reorder" not in found


def test_forged_repair_does_not_excuse_a_replaced_line(site, log, kept):
    lines = log.lines()
    lines[3] = b"garbage"
    log.write(lines)
    assert "unreadable" in codes(site)
    # with a repair event in the next place and everything chained again, only the checkpoint tells
    forged = log.changed(lines[4], action="audit.repair", counts={"torn_bytes": 7})
    lines[4] = forged
    log.write(lines)
    assert "unreadable" in codes(site)


def test_checkpoint_of_another_site_or_altered_is_told(site, log, kept, tmp_path):
    altered = tmp_path / "altered"
    text = kept.read_text()
    altered.write_text(text.replace("\n6\n", "\n5\n", 1))
    assert "checkpoint" in codes(site, altered)
    (site.root / "keys" / "audit.key").unlink()
    create_key(site.root / "keys" / "audit.key")
    assert "checkpoint" in codes(site, kept)


@pytest.mark.parametrize(
    "content", [b"", b"text", b"\n\n\n", b"a\n1\nb\nlast -\n\nx", b"\xff\n1\n2\n3\n\n\n", b"x" * 70_000]
)
def test_file_that_is_no_checkpoint_is_refused(site, log, tmp_path, content):
    log.fill(1)
    path = tmp_path / "checkpoint"
    path.write_bytes(content)
    with pytest.raises(AuditError, match="no checkpoint"):
        verify(site, path)
    with pytest.raises(AuditError, match="cannot be read"):
        verify(site, tmp_path / "none")


def test_checkpoint_has_the_public_form(site, kept):
    body, _, tail = kept.read_text().partition("\n\n")
    origin, size, root, last = body.split("\n")
    assert origin.startswith("onprem.audit/")
    assert size == "6"
    assert len(root) == 44
    assert last.startswith("last 2")
    assert tail.startswith(f"\N{EM DASH} {origin} ")
    assert len((body + "\n").encode()) < 196
    assert read(kept).size == 6


def test_signature_is_ed25519_over_the_text(site, kept):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    seed = (site.root / "keys" / "audit.key").read_bytes()
    point = read(kept)
    (signature,) = point.note.signatures
    Ed25519PrivateKey.from_private_bytes(seed).public_key().verify(signature.blob, point.note.text)
    assert kept.read_bytes().startswith(point.note.text + b"\n")


def test_findings_hold_places_and_no_content(site, log, kept):
    lines = log.lines()
    log.write([*lines[:3], b"Oswin Brambleworth", *lines[3:]])
    assert "Brambleworth" not in json.dumps([(item.where, item.message, item.hint) for item in verify(site)])


def test_many_findings_are_bounded(site, log, kept):
    lines = log.lines()
    log.write([*lines[:4], *[b"garbage"] * 1_000, *lines[4:]])
    assert 0 < len(verify(site)) < 100
