"""Every form of export says what the event says, and nothing unverified is ever shown."""

import io
import json
import re
import tracemalloc
from dataclasses import replace
from hashlib import sha256
from itertools import cycle

import pytest
from export_world import BOOT_ID, FHIR, FORMS, FULL, NO_TIME, REFERENCES, all_entries, entry, lines, many

# R4B (4.3.0) changed a few resources of medication, evidence and the like; its AuditEvent is that of R4 (4.0.1)
from hypothesis import example, given

from onprem.audit.checkpoint import site_key
from onprem.audit.events import Event, Outcome, parse
from onprem.audit.exports.stream import write
from onprem.audit.log import AuditLog
from onprem.audit.verify import check
from onprem.audit.view import Filters, View
from onprem.errors import AuditError, OutputError

# the family


def test_the_forms_are_named_as_codes_and_say_what_they_follow():
    assert list(FORMS) == ["cef", "csv", "fhir-r4", "fhir-r5", "jsonl", "syslog"]
    for name, form in FORMS.items():
        Event("audit.export", Outcome.DONE, purpose=name).check()  # the name becomes the purpose of an event
        assert form.title and form.basis


@pytest.mark.parametrize("form", FORMS)
@many
@given(all_entries)
@example(NO_TIME)
@example(entry(FULL))
def test_every_event_gives_lines_of_printable_ascii_in_every_form(form, found):
    assert parse(found.line()) == found  # it is an event that the log can hold
    made_lines = lines(form, found)
    assert len(made_lines) == (max(1, len(found.event.subjects)) if form in FHIR else 1)
    for line in made_lines:
        assert re.fullmatch(r"[\x20-\x7e]+", line), line


@pytest.mark.parametrize("form", FORMS)
def test_what_the_event_says_is_in_its_lines(form):
    text = "\n".join(lines(form, entry(FULL)))
    said = [*REFERENCES, "anna", "ada", "registry", "9" * 32, "vault.reveal", "privacy-officer", BOOT_ID, "0.1.0"]
    said += [*FULL.digests.values(), str(2**40)] + (["break-glass"] if form not in FHIR else ["BTG"])
    assert [item for item in said if item not in text] == []


# the stream


EVERYTHING = Filters()


def written(site, form, filters=EVERYTHING):
    file = io.BytesIO()
    told = write(site, FORMS[form], filters, file)
    return told, file.getvalue()


def test_jsonl_is_the_log_byte_for_byte(site, log):
    log.fill(5)
    told, content = written(site, "jsonl")
    assert content == b"".join(line + b"\n" for line in log.lines())
    assert (told.events, told.lines, told.digest) == (5, 5, sha256(content).hexdigest())
    assert told.state.tree.root() == check(site).tree.root()


@pytest.mark.parametrize("form", FORMS)
def test_every_form_names_the_log_by_its_own_name_only(site, log, form):
    log.fill(2)
    _, content = written(site, form)
    assert str(site.root).encode() not in content
    if form not in ("csv", "jsonl"):
        assert site_key(site).name.encode() in content


WANTED = [
    {"action": "audit"},
    {"action": "audit.list"},
    {"action": "aud"},
    {"actor": "anna"},
    {"since": "2026-03-02T10"},
    {"until": "2026-03-02T10:00:00"},
    {"since": "2026-03-02", "until": "2026-03-03", "actor": "bert", "action": "deid"},
    {"outcome": "refused"},
    {"purpose": "release"},
    {"subject": REFERENCES[0]},
    {"subject": REFERENCES[1], "outcome": "done"},
    {},
]


@pytest.mark.parametrize("given_filters", WANTED, ids=str)
def test_the_events_are_those_that_the_view_would_show(site, log, given_filters):
    log.fill(1)
    parts = [
        (actor, action, utc)
        for actor in ("anna", "bert")
        for action in ("audit", "audit.list", "auditor", "deid", "deid.subjects")
        for utc in ("2026-03-01T23:59:59.999999Z", "2026-03-02T10:00:00.000000Z", "2026-03-03T00:00:00.000000Z")
    ]
    parts.sort(key=lambda part: part[2])
    first = log.lines()[0]
    said = [
        {"outcome": "done", "purpose": "release", "subjects": [REFERENCES[0]]},
        {"outcome": "refused", "purpose": "", "subjects": list(REFERENCES)},
        {"outcome": "done", "purpose": "dry-run", "subjects": []},
        {"outcome": "held", "purpose": "release", "subjects": [REFERENCES[1]]},
    ]
    lines = [
        log.changed(first, actor=actor, action=action, utc=utc, monotonic=5, **more)
        for (actor, action, utc), more in zip(parts, cycle(said), strict=False)
    ]
    log.write(log.chained(lines))
    told, content = written(site, "jsonl", Filters(**given_filters))
    seqs = [json.loads(line)["seq"] for line in content.splitlines()]
    with View.open(site) as view:
        shown = [item.seq for item in view.events(Filters(**given_filters), newest_first=False)]
    assert seqs == shown
    assert told.events == len(shown)


@pytest.mark.parametrize("form", FORMS)
def test_a_log_that_does_not_verify_is_not_exported(site, log, form):
    log.fill(3)
    found = log.lines()
    log.write([found[0], log.changed(found[1], actor="mallory"), found[2]])
    with pytest.raises(AuditError, match="does not verify"):
        written(site, form)
    log.write([found[0], found[2]])
    with pytest.raises(AuditError, match="does not verify"):
        written(site, form, Filters(action="nothing"))  # not even when nothing of it is wanted


def test_a_line_that_a_crash_cut_is_no_event(site, log):
    log.fill(2)
    path = log.folder / "000001.jsonl"
    with path.open("ab") as file:
        file.write(b'{"action":"half')
    log.fill(1)
    told, content = written(site, "jsonl")
    assert [json.loads(line)["action"] for line in content.splitlines()] == ["test.run"] * 2 + [
        "audit.repair",
        "test.run",
    ]
    assert (told.events, told.state.tree.size) == (4, 5)


def test_a_full_disk_fails_the_export(site, log):
    log.fill(1)

    class Full(io.BytesIO):
        def write(self, content):
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="cannot be written"):
        write(site, FORMS["csv"], EVERYTHING, Full())


@pytest.mark.parametrize("form", ["jsonl", "fhir-r4"])
def test_memory_does_not_grow_with_the_log(site, form):
    class Nowhere(io.BytesIO):
        def write(self, content):
            return len(content)

    log = AuditLog(site)
    event = replace(FULL, subjects=REFERENCES)

    def peak(count):
        log.append_group([event] * count)
        tracemalloc.start()
        told = write(site, FORMS[form], EVERYTHING, Nowhere())
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most, told.events

    (few, _), (more, count) = peak(100), peak(1_000)
    assert count == 1_100
    assert more < few + 1_000_000  # the lines alone are more than 1,500 bytes each; what grows are 8 bytes of its place
