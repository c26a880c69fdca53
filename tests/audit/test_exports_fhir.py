"""FHIR AuditEvent R4 and R5: valid against the resource's own schema, in the shapes of IHE BALP."""

import json
import re
from dataclasses import replace

import pytest
from export_world import (
    ACTIONS,
    FHIR,
    FORMS,
    FULL,
    NO_TIME,
    ORIGIN,
    REFERENCES,
    all_entries,
    code_of,
    entry,
    lines,
    made,
    many,
    one,
)
from fhir.resources.auditevent import AuditEvent as AuditEventR5

# R4B (4.3.0) changed a few resources of medication, evidence and the like; its AuditEvent is that of R4 (4.0.1)
from fhir.resources.R4B.auditevent import AuditEvent as AuditEventR4
from hypothesis import example, given

from onprem.audit.events import Event, Outcome

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
