"""Sealing, retention and cosigning: nothing is lost at any point where a machine may stop, and what is changed is told."""

import contextlib
import gzip
import os
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from onprem.audit import retire as retiring
from onprem.audit.checkpoint import cosign, cosigner, read, sign
from onprem.audit.events import Event, Outcome
from onprem.audit.log import AuditLog
from onprem.audit.note import parse_verifier_key
from onprem.audit.retire import before, retire
from onprem.audit.retired import FILE, read_retired
from onprem.audit.segments import MAX_BYTES, read_segment, segments
from onprem.audit.verify import begin, check, entries, verify
from onprem.errors import AuditError, OutputError, UsageError
from onprem.model import Severity

FUTURE = "2999-01-01T00:00:00.000000Z"


def codes(site, against=None, **cosigners):
    return {item.code for item in verify(site, against, **cosigners) if item.severity is Severity.ERROR}


def told(site, against):
    """Return what is wrong, a checkpoint that cannot be read included."""
    try:
        return codes(site, against)
    except AuditError as error:
        return {error.message}


@pytest.fixture
def long(site):
    """A log of 30 events in several segments, and the means to add to it."""
    log = AuditLog(site, segment_bytes=2_000)
    for number in range(30):
        log.append(Event("test.run", Outcome.DONE, counts={"number": number}))
    assert len(log.segments()) > 4
    return log


@pytest.fixture
def kept(site, long, tmp_path):
    state = check(site)
    path = tmp_path / "checkpoint"
    path.write_bytes(sign(site, state.tree.size, state.tree.root(), state.last_utc))
    return path


def numbers(site):
    state = begin(site)
    found = [entry.event.counts["number"] for entry in entries(site, state)]
    assert state.sound
    return found


def test_sealed_segments_are_small_closed_and_read_as_they_were(site, long, kept):
    plain = {path.name: path.read_bytes() for path in long.segments()}
    done = long.seal_full()
    files = long.segments()
    assert [path.name for path in files[:-1]] == [f"{name}.gz" for name in list(plain)[:-1]]
    assert files[-1].name == list(plain)[-1]
    assert [name for name, _, _ in done] == list(plain)[:-1]
    for path, content in zip(files, plain.values(), strict=True):
        assert read_segment(path) == content
    assert all(path.stat().st_mode & 0o777 == 0o440 for path in files[:-1])
    assert sum(after for _, _, after in done) < sum(size for _, size, _ in done) / 2
    assert codes(site, kept) == set()
    assert numbers(site) == list(range(30))
    assert long.seal_full() == []


def test_the_log_goes_on_after_sealing(site, long, kept):
    long.seal_full()
    long.append(Event("test.run", Outcome.DONE, counts={"number": 30}))
    assert numbers(site) == list(range(31))
    assert codes(site, kept) == set()


def test_the_log_goes_on_where_only_sealed_segments_are_left(site, long, kept):
    long.seal_full()
    last = long.segments()[-1]
    last.write_bytes(b"")  # a crash just after the new segment was made; its lines are in none
    lines = check(site).tree.size
    long.append(Event("test.run", Outcome.DONE, counts={"number": lines}))
    assert codes(site) == set()
    last.unlink()
    long.append(Event("test.run", Outcome.DONE, counts={"number": lines}))
    assert codes(site) == set()
    assert check(site).tree.size == lines + 1


class Stop(BaseException):
    pass


@pytest.mark.parametrize("step", range(1, 9))
def test_a_crash_while_sealing_loses_and_doubles_nothing(site, long, kept, monkeypatch, step):
    """The machine stops at each wait for the disk, each rename and each removal in turn."""
    from onprem.audit import segments as module

    left = [step]

    def stopping(call):
        def made(*arguments, **more):
            left[0] -= 1
            if left[0] == 0:
                raise Stop
            return call(*arguments, **more)

        return made

    monkeypatch.setattr(module.os, "fsync", stopping(os.fsync))
    monkeypatch.setattr(module.Path, "rename", stopping(module.Path.rename))
    monkeypatch.setattr(module.Path, "unlink", stopping(module.Path.unlink))
    with pytest.raises(Stop):
        long.seal_full()
    monkeypatch.undo()
    assert numbers(site) == list(range(30))
    assert codes(site, kept) == set()
    long.seal_full()
    assert codes(site, kept) == set()
    assert sum(path.name.endswith(".gz") for path in segments(site.folder("audit"))) == len(long.segments()) - 1


def test_whatever_changes_the_lines_of_a_sealed_segment_is_found(site, long, kept):
    long.seal_full()
    path = long.segments()[1]
    packed, lines = path.read_bytes(), read_segment(path)
    path.chmod(0o640)
    found = 0
    for at in range(0, len(packed), 3):
        path.write_bytes(packed[:at] + bytes((packed[at] ^ 0x10,)) + packed[at + 1 :])
        try:
            same = read_segment(path) == lines  # a flag of the header, a bit of padding: nothing of the lines
        except ValueError:
            same = False
        assert bool(codes(site, kept)) is not same
        found += not same
    assert found > len(packed) / 4


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=strategies.data())
def test_any_bit_of_the_log_or_its_checkpoint_that_is_changed_is_found(site, long, kept, data):
    """Plain and sealed segments; of a sealed one, what changes no line (a flag of its header) may pass."""
    long.seal_full()
    path = data.draw(strategies.sampled_from([kept, *long.segments()]))
    content = path.read_bytes()
    at, bit = data.draw(strategies.integers(0, len(content) - 1)), data.draw(strategies.integers(0, 7))
    lines = read_segment(path) if path != kept else b""
    path.chmod(0o640)
    path.write_bytes(content[:at] + bytes((content[at] ^ 1 << bit,)) + content[at + 1 :])
    try:
        assert told(site, kept) or (path.suffix == ".gz" and read_segment(path) == lines)
    finally:
        path.write_bytes(content)
    assert codes(site, kept) == set()


def test_a_rewritten_sealed_segment_is_told_as_a_plain_one(site, long, kept):
    long.seal_full()
    path = long.segments()[1]
    lines = read_segment(path)
    path.unlink()
    path.write_bytes(gzip.compress(lines.replace(b'"outcome":"done"', b'"outcome":"held"')))
    assert codes(site, kept) == {"rewrite"}


def test_a_sealed_segment_that_unpacks_without_end_is_refused(site, long, monkeypatch):
    long.seal_full()
    path = long.segments()[0]
    path.unlink()
    path.write_bytes(gzip.compress(b"\n" * (MAX_BYTES + 1)))
    with pytest.raises(ValueError, match="longer"):
        read_segment(path)
    assert "unreadable" in codes(site)


def test_old_segments_are_moved_out_and_checkpoints_still_hold(site, long, kept, tmp_path):
    out = tmp_path / "archive"
    out.mkdir()
    long.seal_full()
    files = long.segments()
    retired = retire(site, older_than=FUTURE, to=out)
    assert [path.name for path in sorted(out.iterdir())] == [path.name for path in files[:-1]]
    assert long.segments() == files[-1:]
    assert retired.size == read_retired(site.folder("audit")).size > 0
    assert codes(site, kept) == set()
    long.append(Event("test.run", Outcome.DONE, counts={"number": 30}))
    assert codes(site, kept) == set()
    assert numbers(site) == list(range(retired.size, 31))
    assert check(site).tree.size == 31


def test_what_is_not_old_enough_stays(site, long, tmp_path):
    out = tmp_path / "archive"
    out.mkdir()
    long.seal_full()
    names = [path.name for path in long.segments()]
    retire(site, older_than=before(6), to=out)
    assert list(out.iterdir()) == []
    assert [path.name for path in long.segments()] == names
    assert not (site.folder("audit") / FILE).exists()


def test_six_years_back_on_a_leap_day():
    assert before(6, now=datetime(2024, 2, 29, 12, tzinfo=UTC)) == "2018-02-28T12:00:00.000000Z"


def test_the_folder_must_be_outside_and_not_another_sites(site, long, tmp_path):
    long.seal_full()
    with pytest.raises(OutputError):
        retire(site, older_than=FUTURE, to=site.root / "held")
    (tmp_path / "000001.jsonl.gz").write_bytes(b"another site's")
    with pytest.raises(OutputError, match="another segment"):
        retire(site, older_than=FUTURE, to=tmp_path)
    assert codes(site) == set()


@pytest.mark.parametrize("step", range(1, 12))
def test_a_crash_while_moving_out_loses_and_doubles_nothing(site, long, kept, tmp_path, monkeypatch, step):
    out = tmp_path / "archive"
    out.mkdir()
    long.seal_full()
    left = [step]

    def stopping(call):
        def made(*arguments, **more):
            left[0] -= 1
            if left[0] == 0:
                raise Stop
            return call(*arguments, **more)

        return made

    monkeypatch.setattr(retiring.os, "fsync", stopping(os.fsync))
    monkeypatch.setattr(retiring.Path, "replace", stopping(retiring.Path.replace))
    monkeypatch.setattr(retiring.Path, "rename", stopping(retiring.Path.rename))
    monkeypatch.setattr(retiring.Path, "unlink", stopping(retiring.Path.unlink))
    with contextlib.suppress(Stop):
        retire(site, older_than=FUTURE, to=out)
    monkeypatch.undo()
    assert codes(site, kept) == set()
    gone = read_retired(site.folder("audit")).size
    assert numbers(site) == list(range(gone, 30))
    retire(site, older_than=FUTURE, to=out)
    assert codes(site, kept) == set()
    lines = [line for path in sorted(out.glob("*.gz")) for line in read_segment(path).splitlines()]
    assert len(lines) == read_retired(site.folder("audit")).size


def test_a_beginning_cut_off_does_not_pass_for_a_retirement(site, long, kept, tmp_path):
    long.seal_full()
    out = tmp_path / "archive"
    out.mkdir()
    retire(site, older_than=FUTURE, to=out)
    note = site.folder("audit") / FILE
    text = note.read_text()
    note.unlink()
    assert "truncation" in codes(site)
    note.write_text(text.replace("segment ", "segment 0", 1).replace("last 2", "last 1", 1))
    assert "retired" in codes(site)
    note.write_text("nonsense")
    with pytest.raises(AuditError, match="moved out"):
        check(site)


def test_a_checkpoint_of_what_was_moved_out_says_so(site, long, tmp_path):
    early = tmp_path / "early"
    state = begin(site)
    for entry in entries(site, state):
        if entry.seq == 1:
            early.write_bytes(sign(site, 2, state.tree.root(), entry.utc))
            break
    out = tmp_path / "archive"
    out.mkdir()
    long.seal_full()
    retire(site, older_than=FUTURE, to=out)
    found = [item for item in verify(site, early) if item.code == "retired"]
    assert [item.severity for item in found] == [Severity.WARNING]
    assert "moved out" in found[0].message


def second_person(tmp_path, name="grace"):
    key = os.urandom(32)
    trusted = tmp_path / f"{name}.txt"
    trusted.write_text(f"# keys of those who cosign\n{cosigner(name, key).text()}\n")
    return key, trusted


def test_a_cosigned_checkpoint_names_its_cosigner(site, kept, tmp_path):
    key, trusted = second_person(tmp_path)
    assert codes(site, kept, cosigners=trusted) == {"cosignature"}  # asked for and missing
    kept.write_bytes(cosign(kept.read_bytes(), "grace", key))
    assert codes(site, kept) == codes(site, kept, cosigners=trusted) == set()
    told = [item.message for item in verify(site, kept, cosigners=trusted) if item.code == "cosignature"]
    assert len(told) == 1
    assert told[0].startswith("cosigned by grace, 20")


def test_the_owner_of_the_site_cannot_cosign_for_the_second_person(site, long, kept, tmp_path):
    key, trusted = second_person(tmp_path)
    honest = cosign(kept.read_bytes(), "grace", key)
    # another history, signed by the site, with the cosignature taken from the true one
    forged = sign(site, 30, bytes(32), read(kept).last) + honest.splitlines(keepends=True)[-1]
    kept.write_bytes(forged)
    assert codes(site, kept, cosigners=trusted) == {"cosignature", "rewrite"}
    # another key under her name
    kept.write_bytes(cosign(sign(site, 30, check(site).tree.root(), read(kept).last), "grace", os.urandom(32)))
    assert codes(site, kept, cosigners=trusted) == {"cosignature"}


def test_the_cosignature_has_the_public_form(site, kept, tmp_path):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key, _ = second_person(tmp_path)
    kept.write_bytes(cosign(kept.read_bytes(), "grace", key))
    note = read(kept).note
    signature = note.signatures[1]
    public = parse_verifier_key(cosigner("grace", key).text())
    seconds = int.from_bytes(signature.blob[:8], "big")
    message = f"cosignature/v1\ntime {seconds}\n".encode() + note.text
    Ed25519PublicKey.from_public_bytes(public.public).verify(signature.blob[8:], message)
    assert abs(seconds - datetime.now(UTC).timestamp()) < 60


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nbreak", "x" * 101])
def test_names_that_would_break_a_signature_line_are_refused(kept, name):
    with pytest.raises(UsageError):
        cosign(kept.read_bytes(), name, bytes(32))


@pytest.mark.parametrize("line", ["nonsense", "grace+00000000+AAAA", "grace++", "é"])
def test_a_file_that_is_no_list_of_cosigners_is_refused(site, kept, tmp_path, line):
    path = tmp_path / "keys"
    path.write_text(line + "\n")
    with pytest.raises(AuditError, match="no key"):
        verify(site, kept, cosigners=path)
