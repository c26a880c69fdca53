"""Every form of export keeps to its grammar for every event there can be, and nothing unverified is ever shown."""

import csv
import io
import json
import re
import tracemalloc
from dataclasses import replace
from hashlib import sha256
from itertools import cycle

import pytest
from fhir.resources.auditevent import AuditEvent as AuditEventR5

# R4B (4.3.0) changed a few resources of medication, evidence and the like; its AuditEvent is that of R4 (4.0.1)
from fhir.resources.R4B.auditevent import AuditEvent as AuditEventR4
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from onprem.audit.checkpoint import site_key
from onprem.audit.events import ACTOR, BOOT, CODE, DIGESTS, ERROR, UTC_TIME, VERSION, Entry, Event, Outcome, parse
from onprem.audit.exports import codes, exports
from onprem.audit.exports.cef import extension, header
from onprem.audit.exports.contract import severity
from onprem.audit.exports.csv import COLUMNS, FORMULA, row
from onprem.audit.exports.stream import write
from onprem.audit.exports.syslog import value
from onprem.audit.log import AuditLog
from onprem.audit.verify import check
from onprem.audit.view import Filters, View
from onprem.errors import AuditError, OutputError

ORIGIN = "onprem.audit/0123456789abcdef"
FORMS = exports()
FHIR = {"fhir-r4": AuditEventR4, "fhir-r5": AuditEventR5}
BOOT_ID = "10d35d18-8a25-4a41-9d42-b37d3e396f36"
REFERENCES = ("ab" * 16, "cd" * 16)
FULL = Event(
    "vault.reveal",
    Outcome.DONE,
    purpose="break-glass",
    role="privacy-officer",
    approval="9" * 32,
    recipient="registry",
    second="ada",
    subjects=REFERENCES,
    counts={"records": 12, "held": 0, "large": 2**40},
    digests={name: sha256(name.encode()).hexdigest() for name in DIGESTS},
)
ACTIONS = [
    *sorted(codes._KINDS.keys() - {"audit", "policy"}),
    *("site.init", "deid", "doctor.run", "verify.run", "approval.give", "audit.seal", "audit.signoff", "audit.repair"),
    *("audit.checkpoint", "policy.show", "something.new", "solo"),
]


def entry(event, **changes):
    values = {"seq": 3, "utc": "2026-03-02T09:00:00.000006Z", "monotonic": 7, "boot": BOOT_ID, "actor": "anna"}
    return Entry(**(values | {"version": "0.1.0", "prev": "0" * 64} | changes), event=event)


def lines(form, found):
    return list(FORMS[form].lines(found, ORIGIN))


def made(form, event, **changes):
    """Return the resources of an event, each checked against the resource's own schema."""
    found = [json.loads(line) for line in lines(form, entry(event, **changes))]
    for resource in found:
        FHIR[form].model_validate(resource)
    return found


def one(form, event, **changes):
    (found,) = made(form, event, **changes)
    return found


def code_of(concept):
    (coding,) = concept["coding"]
    return coding["code"]


hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
code_texts = st.from_regex(re.compile(CODE), fullmatch=True)
counts = st.integers(0, 2**63 - 1)
events = st.builds(
    Event,
    st.one_of(st.sampled_from(ACTIONS), code_texts),
    st.sampled_from(list(Outcome)),
    purpose=st.one_of(st.sampled_from(["", "release", "dry-run", *codes.PURPOSES]), code_texts),
    role=code_texts,
    approval=st.sampled_from(["", "7" * 32]),
    recipient=st.one_of(st.just(""), code_texts),
    second=st.one_of(st.just(""), st.from_regex(re.compile(ACTOR), fullmatch=True)),
    subjects=st.lists(hexes.map(lambda text: text[:32]), max_size=3).map(tuple),
    counts=st.dictionaries(code_texts, counts, max_size=3),
    digests=st.dictionaries(st.sampled_from(sorted(DIGESTS)), hexes, max_size=3),
    error=st.one_of(st.sampled_from(["", "AccessError"]), st.from_regex(re.compile(ERROR), fullmatch=True)),
)
# what the log can hold, times that are none included: the form of a time is digits alone
all_entries = st.builds(
    Entry,
    st.integers(0, 2**40),
    st.one_of(
        st.datetimes().map(lambda t: f"{t:%Y-%m-%dT%H:%M:%S.%f}Z".rjust(27, "0")),
        st.from_regex(re.compile(UTC_TIME), fullmatch=True),
    ),
    st.integers(0, 2**62),
    st.from_regex(re.compile(BOOT), fullmatch=True),
    st.from_regex(re.compile(ACTOR), fullmatch=True),
    st.from_regex(re.compile(VERSION), fullmatch=True),
    hexes,
    events,
).filter(lambda item: len(item.version) < 60)
many = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
NO_TIME = entry(FULL, utc="2026-99-99T25:61:61.000000Z")


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


# FHIR: schema


@pytest.mark.parametrize("form", FHIR)
@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("action", ACTIONS)
def test_a_resource_of_every_action_and_outcome_is_valid(form, action, outcome):
    for purpose in ("", "release", "dry-run", "break-glass"):
        for subjects in ((), REFERENCES):
            event = replace(FULL, action=action, outcome=outcome, purpose=purpose, subjects=subjects)
            assert len(made(form, event)) == max(1, len(subjects))
            assert len(made(form, Event(action, outcome, purpose=purpose, subjects=subjects))) == max(1, len(subjects))


def _empty(value):
    if isinstance(value, dict | list):
        return not value or any(map(_empty, value.values() if isinstance(value, dict) else value))
    return value in ("", None)


@pytest.mark.parametrize("form", FHIR)
@many
@given(all_entries)
@example(NO_TIME)
def test_any_event_gives_valid_resources_with_ids_and_codes_that_fhir_knows(form, found):
    ids = []
    for line in lines(form, found):
        resource = json.loads(line)
        FHIR[form].model_validate(resource)
        assert not _empty(resource)  # FHIR has no empty values
        assert re.fullmatch(r"[A-Za-z0-9.-]{1,64}", resource["id"])
        assert resource["action"] in "CRUDE"
        assert ("recorded" in resource) is not ("_recorded" in resource)
        ids.append(resource["id"])
        if form == "fhir-r4":
            assert resource.get("outcome", "0") in {"0", "4", "8", "12"}
        else:
            assert resource["outcome"]["code"]["code"] in {"fatal", "error", "warning", "information", "success"}
    assert len(set(ids)) == len(ids)


def test_the_schemas_would_say_so_if_a_resource_were_wrong():
    for form, schema in FHIR.items():
        resource = one(form, Event("deid", Outcome.DONE))
        for wrong in ({"agent": None}, {"source": {}}, {"recorded": "yesterday"}, {"nothing": 1}):
            with pytest.raises(ValueError, match="validation error"):
                schema.model_validate(resource | wrong)
    with pytest.raises(ValueError, match="validation error"):
        AuditEventR5.model_validate(one("fhir-r4", FULL_ONE))
    with pytest.raises(ValueError, match="validation error"):
        AuditEventR4.model_validate(one("fhir-r5", FULL_ONE))


# FHIR: shapes


FULL_ONE = replace(FULL, subjects=REFERENCES[:1])
RELEASE = Event("deid", Outcome.DONE, purpose="release", recipient="registry", digests={"policy": "5" * 64})
BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PrivacyDisclosure.Source"
DEID = "https://profiles.ihe.net/ITI/DeId/StructureDefinition/IHE.BasicAudit.DeIdentification.Source"
DCM = "http://dicom.nema.org/resources/ontology/DCM"


def slices(items, code):
    """Return the agents or entities of R4 whose type is `code`."""

    def type_of(item):
        return code_of(item["type"]) if "coding" in item["type"] else item["type"]["code"]

    return [item for item in items if type_of(item) == code]


def check_source(resource):
    """Slice source: 1..1 agent of DCM 110153, who is the observer (val-audit-source), with a network that is absent."""
    (source,) = slices(resource["agent"], "110153")
    assert source["who"] == resource["source"]["observer"]
    assert source["requestor"] is False
    assert [item["valueCode"] for item in source["network"]["extension"]] == ["not-applicable"]


def check_patient(resource, reference):
    """Slice patient: 1..1 entity of type 1 and role 1 with a Reference(Patient)."""
    (patient,) = slices(resource["entity"], "1")
    assert patient["role"]["code"] == "1"
    assert patient["what"]["type"] == "Patient"
    assert patient["what"]["identifier"]["value"] == reference
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", patient["what"]["identifier"]["system"])


def test_a_release_is_a_privacy_disclosure():
    found = one("fhir-r4", RELEASE)
    assert (found["type"]["system"], found["type"]["code"], found["action"]) == (DCM, "110106", "R")
    assert {"disclose", "deidentify", "deid"} == {item["code"] for item in found["subtype"]}
    assert found["outcome"] == "0"
    check_source(found)
    (recipient,) = slices(found["agent"], "110152")
    assert recipient["who"]["identifier"]["value"] == "registry"
    assert "meta" not in found  # it names no patient, which the profile requires
    (whole,) = made("fhir-r4", replace(RELEASE, subjects=REFERENCES[:1]))
    assert whole["meta"]["profile"] == [BALP, DEID]
    check_source(whole)
    check_patient(whole, REFERENCES[0])
    assert len(whole["entity"]) >= 2
    (algorithm,) = slices(whole["entity"], "DeId-algorithm")
    assert algorithm["what"]["identifier"]["value"] == "5" * 64


@pytest.mark.parametrize(
    ("event", "lifecycle"),
    [
        (Event("deid.subjects", Outcome.DONE, purpose="release", subjects=REFERENCES), "deidentify"),
        (Event("vault.reveal", Outcome.DONE, purpose="treatment", subjects=REFERENCES), "reidentify"),
    ],
)
def test_patients_of_a_release_or_a_reveal_have_a_resource_each(event, lifecycle):
    found = made("fhir-r4", event)
    assert [item["id"] for item in found] == ["0123456789abcdef-3-0", "0123456789abcdef-3-1"]
    for resource, reference in zip(found, REFERENCES, strict=True):
        assert resource["meta"]["profile"] == [DEID]
        assert resource["type"]["code"] == "110106"
        assert lifecycle in {item["code"] for item in resource["subtype"]}
        check_source(resource)
        check_patient(resource, reference)
        (other,) = set(REFERENCES) - {reference}
        assert other not in json.dumps(resource)


def test_what_is_only_begun_or_failed_claims_no_profile():
    for outcome in (Outcome.INTENT, Outcome.FAILED, Outcome.REFUSED, Outcome.INTERRUPTED):
        for found in made("fhir-r4", replace(RELEASE, outcome=outcome, subjects=REFERENCES)):
            assert "meta" not in found, outcome


@pytest.mark.parametrize("action", ["review.open", "review.decide", "vault.shred", "deid.subjects"])
def test_what_touches_a_patient_has_the_slices_of_patient_read(action):
    found = one("fhir-r4", Event(action, Outcome.DONE, purpose="review", subjects=REFERENCES[:1]))
    assert found["type"]["code"] == "110110"
    check_source(found)  # server
    (client,) = slices(found["agent"], "110152")
    assert "network" in client
    (user,) = slices(found["agent"], "IRCP")
    assert user["requestor"] is True and "network" not in user and "media" not in user
    assert user["who"]["identifier"]["value"] == "anna"
    assert code_of(user["role"][0]) == "operator"
    (data,) = slices(found["entity"], "2")
    assert data["role"]["code"] in {"3", "4", "20"}  # RestObjectRoles
    assert "what" in data
    check_patient(found, REFERENCES[0])


def test_the_basic_shapes_start_stop_log_used_and_alert():
    def shape(event):
        found = one("fhir-r4", event)
        return found["type"]["code"], found["subtype"][0]["code"], found.get("outcome"), found["action"]

    assert shape(Event("deid", Outcome.INTENT, purpose="release")) == ("110100", "110120", None, "E")
    assert shape(Event("doctor.run", Outcome.DONE)) == ("110100", "110121", "0", "E")
    assert shape(Event("deid", Outcome.INTERRUPTED, purpose="release")) == ("110100", "110121", "4", "E")
    assert shape(Event("audit.list", Outcome.DONE)) == ("110101", "audit.list", "0", "R")
    assert shape(Event("audit.export", Outcome.DONE, recipient="siem"))[:2] == ("110106", "disclose")
    assert shape(Event("deid", Outcome.FAILED, error="InputError")) == ("110113", "deid", "8", "E")
    assert shape(Event("vault.shred", Outcome.REFUSED, error="AccessError")) == ("110113", "110132", "4", "E")
    assert shape(Event("vault.rotate", Outcome.DONE)) == ("110113", "110129", "0", "U")
    assert shape(Event("vault.unlock", Outcome.DONE)) == ("110114", "110122", "0", "E")
    assert shape(Event("vault.shred", Outcome.DONE, subjects=REFERENCES[:1]))[1:] == ("destroy", "0", "D")


def test_purposes_are_those_of_act_reason():
    for purpose, code in (("break-glass", "BTG"), ("treatment", "TREAT"), ("research", "HRESCH"), ("legal", "HLEGAL")):
        event = Event("vault.reveal", Outcome.DONE, purpose=purpose)
        r4, r5 = one("fhir-r4", event), one("fhir-r5", event)
        (user,) = [agent for agent in r4["agent"] if agent["requestor"]]
        assert [code_of(item) for item in (*r4["purposeOfEvent"], *user["purposeOfUse"])] == [code, code]
        (user,) = [agent for agent in r5["agent"] if agent["requestor"]]
        assert [code_of(item) for item in (*r5["authorization"], *user["authorization"])] == [code, code]
    emergency = one("fhir-r4", Event("vault.reveal", Outcome.DONE, purpose="break-glass"))
    assert "110127" in {item["code"] for item in emergency["subtype"]}
    asked = one("fhir-r4", Event("audit.ask", Outcome.DONE, purpose="ask.break-glass"))
    assert "purposeOfEvent" not in asked  # to ask about emergencies is none
    assert {"type": "purpose", "valueString": "ask.break-glass"} in asked["entity"][0]["detail"]


def test_r5_says_the_same_in_its_own_terms():
    r4, r5 = one("fhir-r4", FULL_ONE), one("fhir-r5", FULL_ONE)
    assert [item["code"] for item in r4["subtype"]] == [item["code"] for item in r5["code"]["coding"]]
    assert code_of(r5["category"][0]) == r4["type"]["code"]
    assert r5["patient"] == r4["entity"][0]["what"]
    assert [agent["who"] for agent in r5["agent"]] == [agent["who"] for agent in r4["agent"]]
    assert [entity["what"] for entity in r5["entity"]] == [entity["what"] for entity in r4["entity"]]
    assert (r5["severity"], r5["outcome"]["code"]["code"], r4["outcome"]) == ("alert", "success", "0")
    assert r5["outcome"]["detail"] == [{"text": r4["outcomeDesc"]}]
    assert r5["recorded"] == r4["recorded"] == "2026-03-02T09:00:00.000006Z"
    assert "meta" not in r5
    values = {item["type"]["text"]: item for item in r5["entity"][1]["detail"]}
    assert values["count:records"]["valueInteger"] == 12
    assert values["count:large"]["valueString"] == str(2**40)  # more than an integer of FHIR holds
    assert {"verifier"} <= {coding.get("display") for agent in r5["agent"] for coding in agent["type"]["coding"]}


def test_identifiers_of_one_log_are_not_those_of_another():
    def systems(origin):
        (line,) = FORMS["fhir-r4"].lines(entry(FULL_ONE), origin)
        return {agent["who"]["identifier"]["system"] for agent in json.loads(line)["agent"]}

    assert systems(ORIGIN) == systems(ORIGIN)
    assert not systems(ORIGIN) & systems("onprem.audit/ffffffffffffffff")


# CEF


def read_cef(line):
    """Read a CEF line as the standard defines it, character by character: (header fields, extension)."""
    fields, text, place = [], "", 0
    while len(fields) < 7:
        if line[place] == "\\":
            assert line[place + 1] in "\\|"
            text, place = text + line[place + 1], place + 2
        elif line[place] == "|":
            fields.append(text)
            text, place = "", place + 1
        else:
            text, place = text + line[place], place + 1
    return fields, line[place:]


def read_extension(text):
    found = {}
    for key, written in re.findall(r"(?:^| )([A-Za-z0-9]+)=((?:[^=\\]|\\.)*?)(?=$| [A-Za-z0-9]+=)", text):
        assert not re.sub(r"\\[\\=nr]", "", written).count("\\")
        found[key] = re.sub(r"\\(.)", lambda match: {"n": "\n", "r": "\r"}.get(match[1], match[1]), written)
    return found


@many
@given(all_entries)
@example(NO_TIME)
def test_a_cef_line_is_read_back(found):
    (line,) = lines("cef", found)
    fields, rest = read_cef(line)
    event, values = found.event, read_extension(rest)
    assert fields == [
        *("CEF:0", "onprem", "onprem-hospital", found.version, event.action, f"{event.action} {event.outcome}"),
        str({1: 9, 3: 7, 4: 5, 5: 3, 6: 1}[severity(event)]),
    ]
    assert values["suser"] == found.actor
    assert values["externalId"] == str(found.seq)
    assert values["onpremHospitalUtc"] == found.utc
    assert values["deviceExternalId"] == ORIGIN
    labelled = {values[f"{key}Label"]: text for key, text in values.items() if re.fullmatch(r"cs\d", key)}
    said = {"purpose": event.purpose, "recipient": event.recipient, "approval": event.approval}
    said |= {"secondPerson": event.second, "patients": " ".join(event.subjects)}
    assert {key: text for key, text in labelled.items() if key != "digests"} == {k: v for k, v in said.items() if v}


@given(st.text(st.sampled_from('ab|\\=\n\r "]')))
def test_cef_escapes_whatever_a_value_holds(text):
    fields, rest = read_cef("|".join([header(text)] * 7) + f"|key={extension(text)}")
    assert fields == [re.sub(r"[\r\n]", " ", text)] * 7
    assert "\n" not in rest and "\r" not in rest
    assert read_extension(rest) == {"key": text}


def test_cef_times_are_milliseconds():
    assert "rt=1772442000000 " in lines("cef", entry(FULL))[0]
    assert "rt=" not in lines("cef", NO_TIME)[0]


# syslog


SYSLOG = re.compile(
    r"<(?P<pri>\d{1,3})>1 (?P<time>-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z) (?P<host>-) (?P<app>[!-~]{1,48}) "
    r"(?P<proc>-) (?P<msgid>[!-~]{1,32}) \[(?P<id>[^ =\]\"]{1,32})"
    r"(?P<params>(?: [^ =\]\"]{1,32}=\"(?:[^\"\\\]]|\\.)*\")*)\] .+"
)


def read_params(text):
    found = re.findall(r' ([^ =\]"]{1,32})="((?:[^"\\\]]|\\.)*)"', text)
    return {name: re.sub(r'\\(["\\\]])', r"\1", written) for name, written in found}


@many
@given(all_entries)
@example(NO_TIME)
def test_a_syslog_line_is_read_back(found):
    (line,) = lines("syslog", found)
    match = SYSLOG.fullmatch(line)
    assert match is not None, line
    params, event = read_params(match["params"]), found.event
    assert match["id"] == "onprem@32473"  # the number that RFC 5612 keeps for documentation
    assert match["time"] in (found.utc, "-")
    assert params["action"] == event.action
    assert params["action"].startswith(match["msgid"])
    assert params["utc"] == found.utc
    assert params.get("subjects", "") == " ".join(event.subjects)
    assert params.get("counts", "") == " ".join(f"{key}={item}" for key, item in sorted(event.counts.items()))


@given(st.text(st.sampled_from('ab\\"]= \n')))
def test_syslog_escapes_whatever_a_value_holds(text):
    written = value(text)
    assert "\n" not in written
    assert not re.search(r'["\]]', re.sub(r"\\.", "", written))
    assert read_params(f' key="{written}"') == {"key": text.replace("\n", " ")}


@pytest.mark.parametrize(
    ("event", "number"),
    [
        (Event("vault.reveal", Outcome.DONE, purpose="break-glass"), 1),
        (Event("deid", Outcome.FAILED, error="InputError"), 3),
        (Event("vault.shred", Outcome.REFUSED, error="AccessError"), 3),
        (Event("audit.list", Outcome.REFUSED, error="UsageError"), 4),
        (Event("deid", Outcome.HELD, purpose="release"), 4),
        (Event("deid", Outcome.DONE, purpose="release"), 5),
        (Event("vault.shred", Outcome.DONE), 5),
        (Event("deid", Outcome.DONE, purpose="dry-run"), 6),
        (Event("audit.ask", Outcome.DONE, purpose="ask.break-glass"), 6),
    ],
)
def test_priority_is_log_audit_with_the_severity(event, number):
    assert lines("syslog", entry(event))[0].startswith(f"<{13 * 8 + number}>1 2026-03-02T09:00:00.000006Z - onprem - ")


# CSV


@many
@given(all_entries)
@example(NO_TIME)
def test_a_csv_record_is_read_back_and_no_cell_begins_as_a_formula(found):
    (line,) = lines("csv", found)
    (cells,) = csv.reader(io.StringIO(line), strict=True)
    shown, event = dict(zip(COLUMNS, cells, strict=True)), found.event
    assert (shown["seq"], shown["utc"], shown["actor"]) == (str(found.seq), found.utc, found.actor)
    assert (shown["outcome"], shown["error"], shown["second"]) == (str(event.outcome), event.error, event.second)
    assert not [cell for cell in cells if re.match(r"[^0-9a-zA-Z_]", cell)]


@given(st.text(min_size=1))
@example("=1+1")
@example("\t=1")
@example("＝1")
def test_a_cell_that_begins_as_a_formula_cannot_be_written(text):
    # for any text whatever, so it does not rest on the forms of the fields
    if text[0] in FORMULA:
        with pytest.raises(AuditError, match="formula") as caught:
            row(["3", text])
        assert str(caught.value) == "a cell of the export would begin like a formula"  # it is not quoted
    else:
        assert next(csv.reader(io.StringIO(row(["3", text]), newline=""), strict=True)) == ["3", text]


def test_csv_has_a_header_and_lines_of_rfc_4180():
    assert FORMS["csv"].head.split(",") == list(COLUMNS)
    assert FORMS["csv"].end == "\r\n"
    assert row(['a,"b"', "c\nd"]) == '"a,""b""","c\nd"'


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
