"""An event as FHIR tells it, before it is written in the terms of one release: who, whose, with what, how it ended.

Rules: one resource for each patient that an event names, so that an account of one patient shows no other (IHE
De-Identification 2.0.0, the note to DeIdentification.Source); names of patients are keyed references; there is no
network, and where a profile asks for one, that it does not apply is said.

Systems of our own are name-based UUIDs (RFC 9562, version 5), because this toolkit owns no domain and a URN namespace
would have to be registered. Those of logins, references and lines are different for every log, so that `anna` of one
site is not taken for `anna` of another; the words of each stand beside it. Whoever holds the log's name can work them out:
uuid5(NAMESPACE, "LOG/WHAT").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID, uuid5

from onprem.audit.events import Entry, Event, Outcome
from onprem.audit.exports.codes import (
    DEIDENTIFY,
    DESTINATION,
    DISCLOSE,
    EXPORT,
    LOG_USED,
    PURPOSES,
    REIDENTIFY,
    SOURCE,
    Code,
    Kind,
    Shape,
    classify,
)

NAMESPACE = UUID("5d0c4f6a-9a57-4c0e-8b0e-3f1f6f4f2b61")
_BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PrivacyDisclosure.Source"
_DEID = "https://profiles.ihe.net/ITI/DeId/StructureDefinition/IHE.BasicAudit.DeIdentification.Source"

_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
USER_READS = Code(_PARTICIPATION, "IRCP", "information recipient")  # BALP PatientRead, agent[user]
USER = Code("http://terminology.hl7.org/CodeSystem/extra-security-role-type", "humanuser", "human user")
SECOND = Code(_PARTICIPATION, "VRF", "verifier")

_TYPES = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
PERSON, SYSTEM_OBJECT, OTHER = (
    Code(_TYPES, "1", "Person"),
    Code(_TYPES, "2", "System Object"),
    Code(_TYPES, "4", "Other"),
)
ALGORITHM = Code(
    "https://profiles.ihe.net/ITI/DeId/CodeSystem/DeIdentificationEntityType",
    "DeId-algorithm",
    "De-Identification Algorithm",
)
_ROLES = "http://terminology.hl7.org/CodeSystem/object-role"
PATIENT, REPORT, JOB = Code(_ROLES, "1", "Patient"), Code(_ROLES, "3", "Report"), Code(_ROLES, "20", "Job")
RESOURCE, DATA, PROCESSING = Code(_ROLES, "13", "Security Resource"), Code(_ROLES, "25"), Code(_ROLES, "26")
_DIGEST_ROLES = {"input": DATA, "output": REPORT, "model": PROCESSING}


@dataclass(frozen=True, slots=True)
class Name:
    """What is pointed at: an identifier with its system and what it is in words, and the FHIR type that it stands for."""

    words: str
    system: str
    value: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class Agent:
    """Who took part, and how."""

    type: Code
    who: Name
    requestor: bool = False
    role: Code | None = None
    purpose: Code | None = None
    machine: bool = True  # would have a network, were there one


@dataclass(frozen=True, slots=True)
class Entity:
    """What was used: `details` are further facts by name."""

    what: Name
    type: Code
    role: Code
    details: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """One resource to be."""

    id: str
    entry: Entry
    kind: Kind
    own: Code  # the action in our own words
    purpose: Code | None
    patient: Name | None
    agents: tuple[Agent, ...]
    observer: Name
    entities: tuple[Entity, ...]

    def profiles(self) -> list[str]:
        """Return the IHE profiles (FHIR R4) of which every required part is there."""
        codes, types = self.kind.codes, {agent.type for agent in self.agents}
        whole = self.kind.category == EXPORT and self.patient is not None and SOURCE in types
        if not whole or self.entry.event.outcome is Outcome.INTENT:  # they ask for an outcome
            return []
        profiles = [_BALP] if DISCLOSE in codes and DESTINATION in types else []
        return profiles + ([_DEID] if {DEIDENTIFY, REIDENTIFY} & {*codes} else [])


def accounts(entry: Entry, origin: str) -> Iterator[Account]:
    """Yield the resources of an event: one, or one for each patient that it names."""
    event = entry.event
    kind = classify(event)
    observer = _name(origin, "log", origin, "Device")
    purpose = PURPOSES.get(event.purpose)
    agents = tuple(_agents(entry, origin, kind, observer))
    common = tuple(_entities(entry, origin, kind))
    own = Code(system("", "action"), event.action)
    key = f"{origin.rpartition('/')[2]}-{entry.seq}"
    if not event.subjects:
        yield Account(key, entry, kind, own, purpose, None, agents, observer, common)
    for place, subject in enumerate(event.subjects):
        patient = _name(origin, "patient reference", subject, "Patient")
        entities = (Entity(patient, PERSON, PATIENT), *common)
        yield Account(f"{key}-{place}", entry, kind, own, purpose, patient, agents, observer, entities)


def _agents(entry: Entry, origin: str, kind: Kind, observer: Name) -> Iterator[Agent]:
    event = entry.event
    yield Agent(SOURCE, observer)
    if kind.shape is Shape.READ:  # the program is its own client: both ends are this machine
        yield Agent(DESTINATION, observer)
    if kind.shape is Shape.EXPORT and event.recipient:
        yield Agent(DESTINATION, _name(origin, "recipient", event.recipient, "Organization"))
    yield Agent(
        USER_READS if kind.shape is Shape.READ else USER,
        _name(origin, "login", entry.actor, "Practitioner"),
        requestor=True,
        role=Code(system("", "role"), event.role),
        purpose=PURPOSES.get(event.purpose),
        machine=False,
    )
    if event.second:
        yield Agent(SECOND, _name(origin, "login", event.second, "Practitioner"), machine=False)


def _entities(entry: Entry, origin: str, kind: Kind) -> Iterator[Entity]:
    event = entry.event
    line = _name(origin, "line of the log", str(entry.seq))
    yield Entity(line, SYSTEM_OBJECT, JOB, tuple(_details(entry, kind)))
    for name, value in sorted(event.digests.items()):
        algorithm = ALGORITHM if name == "policy" else OTHER
        yield Entity(_name(origin, f"digest of {name}", value), algorithm, _DIGEST_ROLES.get(name, RESOURCE))
    if kind.category == LOG_USED or event.action == "audit.export":
        yield Entity(_name(origin, "log", origin), OTHER, RESOURCE)


def _details(entry: Entry, kind: Kind) -> Iterator[tuple[str, str | int]]:
    event = entry.event
    known = event.purpose in PURPOSES
    disclosed = kind.shape is Shape.EXPORT  # there the recipient is an agent
    texts = {
        "outcome": str(event.outcome),
        "purpose": "" if known else event.purpose,
        "recipient": "" if disclosed else event.recipient,
        "approval": event.approval,
        "error": event.error,
        "version": entry.version,
        "boot": entry.boot,
        "utc": entry.utc,
    }
    yield from ((name, text) for name, text in texts.items() if text)
    yield from ((f"count:{name}", value) for name, value in sorted(event.counts.items()))


def _name(origin: str, what: str, value: str, kind: str = "") -> Name:
    return Name(f"{what} ({origin})" if value != origin else what, system(origin, what), value, kind)


@lru_cache(maxsize=1_024)
def system(origin: str, what: str) -> str:
    """Return the URI of a system of identifiers or codes of our own; "" as origin for what every log shares."""
    return f"urn:uuid:{uuid5(NAMESPACE, f'{origin}/{what}')}"


def told(event: Event) -> str:
    """Return how an event ended, in words for people."""
    words = {
        Outcome.INTENT: "begun: written before any effect",
        Outcome.DONE: "done",
        Outcome.HELD: "done, but records are held or a check failed",
        Outcome.REFUSED: "refused: nothing was done",
        Outcome.FAILED: "failed",
        Outcome.INTERRUPTED: "interrupted",
    }[event.outcome]
    return f"{words} ({event.error})" if event.error else words
