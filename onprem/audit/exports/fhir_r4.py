"""FHIR R4 AuditEvent (4.0.1), one resource a line, in the shapes of IHE BALP 1.1.3 and IHE De-Identification 2.0.0.

A profile is named in `meta.profile` where every part that it requires is there, and only there: a release as a whole names
its recipient and no patient, its patients are named by the events of their own that come before it, and a read at
this machine is no RESTful operation, which PatientRead says of itself. What BALP asks of `network` is answered by the
extension data-absent-reason, `not-applicable`: there is none.

Facts: `outcome` is 0 success (with warnings or not), 4 minor failure (as HTTP 400: what was refused or broken off), 8
serious failure (as HTTP 500); an event that was begun has none yet. `agent.requestor` and `source.observer` are required;
`type`, `subtype`, `source.type`, `entity.type` and `entity.role` are Codings; the purpose stands at the event and at the
agent who had it; a detail is a text.

Source: hl7.org/fhir/R4/auditevent.html; CodeSystem audit-event-outcome; profiles.ihe.net/ITI/BALP 1.1.3.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from onprem.audit.events import Entry, Outcome
from onprem.audit.exports.accounts import Account, Agent, Entity, Name, accounts, told
from onprem.audit.exports.codes import Code
from onprem.audit.exports.contract import Export, moment

Json = dict[str, object]

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_OUTCOMES = {Outcome.DONE: "0", Outcome.HELD: "0", Outcome.REFUSED: "4", Outcome.INTERRUPTED: "4", Outcome.FAILED: "8"}
SOURCE_TYPE = Code("http://terminology.hl7.org/CodeSystem/security-source-type", "4", "Application Server")


def resource(account: Account) -> Json:
    """Return the AuditEvent of an account."""
    event, kind = account.entry.event, account.kind
    profiles = account.profiles()
    made: Json = {"resourceType": "AuditEvent", "id": account.id}
    if profiles:
        made["meta"] = {"profile": profiles}
    made["type"] = coding(kind.category)
    made["subtype"] = [coding(code) for code in (*kind.codes, account.own)]
    made["action"] = kind.action
    made |= recorded(account.entry)
    if event.outcome in _OUTCOMES:
        made["outcome"] = _OUTCOMES[event.outcome]
    made["outcomeDesc"] = told(event)
    if account.purpose is not None:
        made["purposeOfEvent"] = [concept(account.purpose)]
    made["agent"] = [_agent(agent) for agent in account.agents]
    made["source"] = {"observer": reference(account.observer), "type": [coding(SOURCE_TYPE)]}
    made["entity"] = [_entity(entity) for entity in account.entities]
    return made


def _agent(agent: Agent) -> Json:
    made: Json = {"type": concept(agent.type)}
    if agent.role is not None:
        made["role"] = [concept(agent.role)]
    made |= {"who": reference(agent.who), "requestor": agent.requestor}
    if agent.machine:
        made["network"] = {"extension": [absent("not-applicable")]}
    if agent.purpose is not None:
        made["purposeOfUse"] = [concept(agent.purpose)]
    return made


def _entity(entity: Entity) -> Json:
    made: Json = {"what": reference(entity.what), "type": coding(entity.type), "role": coding(entity.role)}
    if entity.details:
        made["detail"] = [{"type": name, "valueString": str(value)} for name, value in entity.details]
    return made


def coding(code: Code) -> Json:
    """Return a Coding."""
    return {name: text for name, text in code._asdict().items() if text}


def concept(code: Code) -> Json:
    """Return a CodeableConcept of one code."""
    return {"coding": [coding(code)]}


def reference(name: Name) -> Json:
    """Return a Reference by identifier: there is no server to ask for a resource."""
    kind: Json = {"type": name.type} if name.type else {}
    return kind | {"identifier": {"type": {"text": name.words}, "system": name.system, "value": name.value}}


def recorded(entry: Entry) -> Json:
    """Return when the event was recorded, or that its digits are no time; they stand in the details in any case."""
    if moment(entry.utc) is not None:
        return {"recorded": entry.utc}
    return {"_recorded": {"extension": [absent("error")]}}


def absent(reason: str) -> Json:
    """Return the extension that says why a value is not there (FHIR CodeSystem data-absent-reason)."""
    return {"url": ABSENT, "valueCode": reason}


def line(made: Json) -> str:
    """Return a resource as a line of NDJSON, in ASCII."""
    return json.dumps(made, separators=(",", ":"))


def _lines(entry: Entry, origin: str) -> Iterator[str]:
    return (line(resource(account)) for account in accounts(entry, origin))


EXPORT = Export(
    name="fhir-r4",
    title="FHIR R4 AuditEvent, one resource a line (application/fhir+ndjson)",
    basis="FHIR 4.0.1; IHE ITI BALP 1.1.3; IHE ITI De-Identification 2.0.0",
    lines=_lines,
)
