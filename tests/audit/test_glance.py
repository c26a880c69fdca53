"""The quick reading of a line: says what `parse` says, and accepts nothing that `parse` refuses."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.audit.events import DIGESTS, Entry, Event, Outcome, parse
from onprem.audit.glance import Glance, columns, glance, glance_at

codes = st.from_regex(r"[a-z][a-z0-9_-]{0,39}(\.[a-z][a-z0-9_-]{0,39})?", fullmatch=True)
hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
references = st.text("0123456789abcdef", min_size=32, max_size=32)
events = st.builds(
    Event,
    action=codes,
    outcome=st.sampled_from(Outcome),
    purpose=st.just("") | codes,
    role=codes,
    approval=st.just("") | references,
    recipient=st.just("") | codes,
    second=st.sampled_from(["", "grace", "uid:1001"]),
    subjects=st.lists(references, max_size=4).map(tuple),
    counts=st.dictionaries(codes, st.integers(0, 10**18 - 1), max_size=6),
    digests=st.dictionaries(st.sampled_from(sorted(DIGESTS)), hexes),
    error=st.sampled_from(["", "SiteError", "KeyboardInterrupt"]),
)
entries = st.builds(
    Entry,
    seq=st.integers(0, 10**9),
    utc=st.just("2026-11-26T09:00:00.000001Z"),
    monotonic=st.integers(0, 10**18 - 1),
    boot=st.sampled_from(["unknown", "11111111-2222-3333-4444-555555555555"]),
    actor=st.sampled_from(["uid:1000", "svc-onprem$", "root"]),
    version=st.sampled_from(["0.1.0", "1.2rc1"]),
    prev=hexes,
    event=events,
)


@given(entries)
def test_every_event_is_known_at_a_glance(entry):
    line = entry.line()
    assert glance(line) == glance_at(parse(line))
    assert line == json.dumps(json.loads(line), sort_keys=True, separators=(",", ":")).encode()


@given(st.lists(entries, max_size=5))
def test_many_lines_are_read_as_each_of_them(several):
    lines = [entry.line() for entry in several]
    found = columns(b"".join(line + b"\n" for line in lines))
    one_by_one = [glance(line) for line in lines]
    assert (found is not None) == (None not in one_by_one and bool(lines))
    if found is not None:
        assert [glance_of(*row) for row in zip(*found, strict=True)] == one_by_one


def glance_of(boot, monotonic, prev, seq, utc):
    return Glance(int(seq), prev, boot, int(monotonic), utc)


@given(st.lists(entries, min_size=1, max_size=3), st.integers(0, 10**6), st.integers(0, 255))
def test_a_changed_byte_among_many_lines_is_never_accepted_where_parse_refuses(several, place, byte):
    content = bytearray(b"".join(entry.line() + b"\n" for entry in several))
    content[place % len(content)] = byte
    found = columns(bytes(content))
    if found is not None:
        lines = bytes(content).removesuffix(b"\n").split(b"\n")
        assert [glance_of(*row) for row in zip(*found, strict=True)] == [glance_at(parse(line)) for line in lines]


@given(entries, st.integers(0, 10**6), st.integers(0, 255))
def test_a_changed_byte_is_never_accepted_where_parse_refuses(entry, place, byte):
    line = bytearray(entry.line())
    line[place % len(line)] = byte
    seen = glance(bytes(line))
    if seen is not None:
        assert glance_at(parse(bytes(line))) == seen


COUNTS = '"counts":{"a":1,"b":2}'


@pytest.mark.parametrize(
    "instead",
    [
        '"counts":{"b":2,"a":1}',
        '"counts":{"a":1,"a":2}',
        '"counts":{"a":1, "b":2}',
        '"counts":{"a":01,"b":2}',
        '"counts":{"a":-1,"b":2}',
        '"counts":{"a":1.0,"b":2}',
        '"counts":{"a":1,"b":2,}',
        '"counts":{"a":1,"b":2},"counts":{}',
        '"counts":{"A":1,"b":2}',
    ],
)
def test_what_is_not_canonical_is_refused_by_both(instead):
    event = Event("test.run", Outcome.DONE, counts={"a": 1, "b": 2})
    line = Entry(0, "2026-11-26T09:00:00.000001Z", 5, "unknown", "root", "0.1.0", "0" * 64, event).line()
    assert COUNTS.encode() in line
    broken = line.replace(COUNTS.encode(), instead.encode())
    assert glance(line) is not None
    assert glance(broken) is None
    for lines in ([broken], [broken, line], [line, broken], [line, broken, line]):
        assert columns(b"".join(item + b"\n" for item in lines)) is None
    with pytest.raises(ValueError, match=r"canonical|unfit|keys|JSON|Expect|delimiter|Illegal|property"):
        parse(broken)


def test_numbers_too_long_for_a_glance_are_left_to_parse():
    event = Event("test.run", Outcome.DONE, counts={"a": 2**63 - 1})
    line = Entry(0, "2026-11-26T09:00:00.000001Z", 5, "unknown", "root", "0.1.0", "0" * 64, event).line()
    assert glance(line) is None
    assert parse(line).event.counts["a"] == 2**63 - 1
