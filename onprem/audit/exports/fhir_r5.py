"""FHIR R5 AuditEvent (5.0.0), one resource a line, in the shapes that `fhir_r4` describes.

What is otherwise than in R4: `type` and `subtype` are `category` and `code`, both CodeableConcepts, and `code` is
required; `outcome` is an object with a code of `issue-severity` and its details; `purposeOfEvent` and `purposeOfUse` are
both `authorization`; there is a `severity`, that of RFC 5424 in words; `patient` names the patient at the top, so that a
search for a patient's events is exact; `agent.who` is required, and the network is a string, a URI or a reference;
`entity.type` is gone, and what a digest is of stands in its identifier; a detail has a coded name and a typed value.
`occurred[x]` is left out: the log says when an event was written, not how long what it tells of took. `meta.profile`
names nothing, because the profiles of IHE constrain R4.

Source: hl7.org/fhir/R5/auditevent.html; ValueSet audit-event-outcome (all of issue-severity).
"""

from __future__ import annotations

from collections.abc import Iterator

from onprem.audit.events import Entry, Outcome
from onprem.audit.exports.accounts import Account, Agent, Entity, accounts, told
from onprem.audit.exports.codes import Code
from onprem.audit.exports.contract import Export, severity
from onprem.audit.exports.fhir_r4 import SOURCE_TYPE, Json, absent, coding, concept, line, recorded, reference

_ISSUE = "http://hl7.org/fhir/issue-severity"
_OUTCOMES = {
    Outcome.INTENT: Code(_ISSUE, "information", "Information"),
    Outcome.DONE: Code(_ISSUE, "success", "Operation Successful"),
    Outcome.HELD: Code(_ISSUE, "warning", "Warning"),
    Outcome.REFUSED: Code(_ISSUE, "error", "Error"),
    Outcome.FAILED: Code(_ISSUE, "error", "Error"),
    Outcome.INTERRUPTED: Code(_ISSUE, "error", "Error"),
}
_SEVERITIES = {1: "alert", 3: "error", 4: "warning", 5: "notice", 6: "informational"}
_MOST = 2**31 - 1  # of an integer of FHIR


def resource(account: Account) -> Json:
    """Return the AuditEvent of an account."""
    event, kind = account.entry.event, account.kind
    made: Json = {"resourceType": "AuditEvent", "id": account.id}
    made["category"] = [concept(kind.category)]
    made["code"] = {"coding": [coding(code) for code in (*kind.codes, account.own)]}
    made |= {"action": kind.action, "severity": _SEVERITIES[severity(event)]}
    made |= recorded(account.entry)
    made["outcome"] = {"code": coding(_OUTCOMES[event.outcome]), "detail": [{"text": told(event)}]}
    if account.purpose is not None:
        made["authorization"] = [concept(account.purpose)]
    if account.patient is not None:
        made["patient"] = reference(account.patient)
    made["agent"] = [_agent(agent) for agent in account.agents]
    made["source"] = {"observer": reference(account.observer), "type": [concept(SOURCE_TYPE)]}
    made["entity"] = [_entity(entity) for entity in account.entities]
    return made


def _agent(agent: Agent) -> Json:
    made: Json = {"type": concept(agent.type)}
    if agent.role is not None:
        made["role"] = [concept(agent.role)]
    made |= {"who": reference(agent.who), "requestor": agent.requestor}
    if agent.machine:
        made["_networkString"] = {"extension": [absent("not-applicable")]}
    if agent.purpose is not None:
        made["authorization"] = [concept(agent.purpose)]
    return made


def _entity(entity: Entity) -> Json:
    made: Json = {"what": reference(entity.what), "role": concept(entity.role)}
    if entity.details:
        made["detail"] = [{"type": {"text": name}} | _typed(value) for name, value in entity.details]
    return made


def _typed(value: str | int) -> Json:
    whole = isinstance(value, int) and value <= _MOST
    return {"valueInteger": value} if whole else {"valueString": str(value)}


def _lines(entry: Entry, origin: str) -> Iterator[str]:
    return (line(resource(account)) for account in accounts(entry, origin))


EXPORT = Export(
    name="fhir-r5",
    title="FHIR R5 AuditEvent, one resource a line (application/fhir+ndjson)",
    basis="FHIR 5.0.0, in the shapes of IHE ITI BALP",
    lines=_lines,
)
