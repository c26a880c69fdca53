"""The event schema: what fits, and that no value of a record does."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.audit.events import Entry, Event, Outcome, parse
from onprem.errors import AuditError

BOOT = "10d35d18-8a25-4a41-9d42-b37d3e396f36"


def entry(event, **changes):
    values = {"seq": 3, "utc": "2026-01-02T03:04:05.000006Z", "monotonic": 7, "boot": BOOT, "actor": "wang.li"}
    return Entry(**(values | {"version": "0.1.0", "prev": "0" * 64} | changes), event=event)


FULL = Event(
    "deid.run",
    Outcome.HELD,
    purpose="research",
    role="operator",
    approval="a" * 32,
    subjects=("b" * 32,),
    counts={"records": 12, "held": 0},
    digests={"policy": "c" * 64},
    error="",
)


def test_line_is_canonical_and_read_back():
    line = entry(FULL).line()
    assert parse(line) == entry(FULL)
    assert line == json.dumps(json.loads(line), sort_keys=True, separators=(",", ":")).encode()
    assert b"\n" not in line


UNFIT = [
    {"action": "Deid Run"},
    {"action": "open /data/zhang_san.csv"},
    {"action": ""},
    {"purpose": "for Mr Brambleworth"},
    {"purpose": "张三"},
    {"role": "Dr. Lee"},
    {"approval": "MRN-44817234"},
    {"subjects": ("MRN-44817234",)},
    {"subjects": ("b" * 32,) * 101},
    {"counts": {"张三": 1}},
    {"counts": {"records": -1}},
    {"counts": {"records": 1.5}},
    {"counts": {"records": True}},
    {"counts": {"records": "5550142987"}},
    {"counts": {"records": 2**63}},
    {"digests": {"file": "c" * 64}},
    {"digests": {"policy": "notes.txt"}},
    {"error": "ValueError: Brambleworth"},
    {"error": "张三"},
    {"outcome": "fine"},
]


@pytest.mark.parametrize("change", UNFIT, ids="-".join)
def test_unfit_fields_are_refused_by_name_only(change):
    values = {"action": "deid.run", "outcome": Outcome.DONE} | change
    with pytest.raises(AuditError) as caught:
        Event(**values).check()
    assert next(iter(change)) in caught.value.message
    assert "Brambleworth" not in caught.value.message
    assert "44817234" not in caught.value.message


@pytest.mark.parametrize(
    "change",
    [
        {"patient": "x"},
        {"v": 2},
        {"seq": -1},
        {"seq": "3"},
        {"utc": "yesterday"},
        {"actor": "Oswin Brambleworth"},
        {"boot": "b"},
        {"version": "latest"},
        {"prev": "0"},
        {"counts": []},
        {"outcome": "fine"},
        {"error": None},
    ],
    ids=lambda change: "-".join(map(str, change.items())),
)
def test_lines_with_unknown_or_unfit_keys_are_refused(change):
    content = json.loads(entry(FULL).line()) | change
    with pytest.raises(ValueError):
        parse(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())


def test_missing_keys_and_other_forms_of_the_same_content_are_refused():
    content = json.loads(entry(FULL).line())
    del content["role"]
    with pytest.raises(ValueError):
        parse(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())
    with pytest.raises(ValueError):
        parse(json.dumps(json.loads(entry(FULL).line())).encode())  # spaces
    with pytest.raises(ValueError):
        parse(entry(FULL).line() + b" ")


def test_too_long_event_is_refused():
    counts = {f"count_{number}_{'x' * 25}": 2**62 for number in range(400)}
    with pytest.raises(AuditError, match="too long"):
        entry(Event("deid.run", Outcome.DONE, counts=counts)).line()


@given(st.binary(max_size=200))
def test_parse_gives_an_event_or_a_value_error(content):
    with pytest.raises(ValueError):
        parse(content)
