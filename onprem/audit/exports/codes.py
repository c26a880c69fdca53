"""What an event is in the words of FHIR, DICOM and IHE: its category, its codes, its action and its shape.

Facts and their sources:
- categories and start, stop, configuration: DICOM PS3.16, context groups CID 400 and CID 401, as bound by FHIR R4
  `audit-event-type` and `audit-event-sub-type`; "Security Alert" is the message that configuration changes and the use
  of a restricted function belong to (DICOM PS3.15, A.5.3.12);
- a disclosure is 110106 Export with the lifecycle event `disclose`: IHE BALP 1.1.3, PrivacyDisclosure.Source;
- de-identification and authorised re-identification are 110106 Export with `deidentify` or `reidentify`: IHE
  De-Identification 2.0.0, IHE.BasicAudit.DeIdentification.Source;
- lifecycle events: ISO/TS 21089:2017 as the code system `iso-21089-lifecycle`;
- purposes of use: HL7 v3 ActReason, value set PurposeOfUse.
A code without words here has none in the sources that were at hand; the code alone is what counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from onprem.audit.events import Event, Outcome

DCM = "http://dicom.nema.org/resources/ontology/DCM"
LIFECYCLE = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


class Code(NamedTuple):
    """A code of a system, with its display where that is known."""

    system: str
    code: str
    display: str = ""


class Shape(Enum):
    """Which agents and entities a resource has."""

    ACTIVITY = "activity"  # the program and its user
    READ = "read"  # BALP PatientRead: client, server and user; one patient, one piece of data
    EXPORT = "export"  # BALP PrivacyDisclosure.Source: source, recipient where one is named, user


@dataclass(frozen=True, slots=True)
class Kind:
    """What an event is. `action` is C, R, U, D or E (FHIR `audit-event-action`)."""

    category: Code
    codes: tuple[Code, ...] = ()
    action: str = "E"
    shape: Shape = Shape.ACTIVITY


ACTIVITY = Code(DCM, "110100", "Application Activity")
LOG_USED = Code(DCM, "110101", "Audit Log Used")
EXPORT = Code(DCM, "110106", "Export")
PATIENT_RECORD = Code(DCM, "110110", "Patient Record")
ALERT = Code(DCM, "110113", "Security Alert")
AUTHENTICATION = Code(DCM, "110114", "User Authentication")
START = Code(DCM, "110120", "Application Start")
STOP = Code(DCM, "110121", "Application Stop")
LOGIN = Code(DCM, "110122", "Login")
EMERGENCY = Code(DCM, "110127", "Emergency Override Started")
CONFIGURATION = Code(DCM, "110129", "Security Configuration")
RESTRICTED = Code(DCM, "110132", "Use of Restricted Function")
USER_CHANGED = Code(DCM, "110137")
DESTINATION = Code(DCM, "110152", "Destination Role ID")
SOURCE = Code(DCM, "110153", "Source Role ID")

ACCESS = Code(LIFECYCLE, "access", "Access/View Record Lifecycle Event")
DEIDENTIFY = Code(
    LIFECYCLE, "deidentify", "De-Identify (Anononymize) Record Lifecycle Event"
)  # as the system spells it
DESTROY = Code(LIFECYCLE, "destroy", "Destroy/Delete Record Lifecycle Event")
DISCLOSE = Code(LIFECYCLE, "disclose", "Disclose Record Lifecycle Event")
REIDENTIFY = Code(LIFECYCLE, "reidentify")
VERIFY = Code(LIFECYCLE, "verify")

PURPOSES = {
    "break-glass": Code(REASON, "BTG", "break the glass"),
    "emergency": Code(REASON, "ETREAT", "Emergency Treatment"),
    "legal": Code(REASON, "HLEGAL", "legal"),
    "quality": Code(REASON, "HQUALIMP", "health quality improvement"),
    "research": Code(REASON, "HRESCH", "healthcare research"),
    "research-contact": Code(REASON, "HRESCH", "healthcare research"),
    "safety": Code(REASON, "PATSFTY", "patient safety"),
    "subject-request": Code(REASON, "PATRQT", "patient requested"),
    "treatment": Code(REASON, "TREAT", "treatment"),
}

_EXPORT = Kind(EXPORT, (DISCLOSE,), "R", Shape.EXPORT)
_RELEASE = Kind(EXPORT, (DISCLOSE, DEIDENTIFY), "R", Shape.EXPORT)
_RELEASED_PATIENTS = Kind(EXPORT, (DEIDENTIFY,), "R", Shape.EXPORT)
_READ = Kind(PATIENT_RECORD, (ACCESS,), "R", Shape.READ)
_CONFIGURED = Kind(ALERT, (CONFIGURATION,), "U")
_SEEN = Kind(ACTIVITY, (), "R")
_LOG_READ = Kind(LOG_USED, (), "R")
_KINDS = {
    "audit": Kind(LOG_USED),
    "audit.ask": _LOG_READ,
    "audit.export": _EXPORT,
    "audit.list": _LOG_READ,
    "audit.query": _LOG_READ,
    "audit.report": _LOG_READ,
    "audit.review": _LOG_READ,
    "audit.verify": _LOG_READ,
    "deid.subjects": _READ,
    "model": _SEEN,
    "model.add": _CONFIGURED,
    "model.remove": _CONFIGURED,
    "policy": _SEEN,
    "policy.column": _CONFIGURED,
    "review.decide": Kind(PATIENT_RECORD, (VERIFY,), "U", Shape.READ),
    "review.open": _READ,
    "vault.enrol": Kind(ALERT, (USER_CHANGED,), "U"),
    "vault.init": _CONFIGURED,
    "vault.reveal": Kind(EXPORT, (REIDENTIFY,), "R", Shape.EXPORT),
    "vault.rotate": _CONFIGURED,
    "vault.shred": Kind(PATIENT_RECORD, (DESTROY,), "D", Shape.READ),
    "vault.split": _CONFIGURED,
    "vault.status": _SEEN,
    "vault.unlock": Kind(AUTHENTICATION, (LOGIN,)),
}


def classify(event: Event) -> Kind:
    """Return what an event is.

    What failed or was refused is a security alert, as BALP records failures otherwise than what was done. What was begun
    and names nobody is the start of an activity; what was interrupted its stop, because nothing says that it took effect.
    """
    if event.outcome in (Outcome.FAILED, Outcome.REFUSED):
        return Kind(ALERT, (RESTRICTED,) * (event.error == "AccessError") + _emergency(event))
    if (event.outcome is Outcome.INTENT and not event.subjects) or event.outcome is Outcome.INTERRUPTED:
        return Kind(ACTIVITY, (START if event.outcome is Outcome.INTENT else STOP, *_emergency(event)))
    found = _kind(event)
    codes = found.codes + _emergency(event)
    return Kind(found.category, codes or (STOP,) * (found.category == ACTIVITY), found.action, found.shape)


def _kind(event: Event) -> Kind:
    if event.purpose == "release" and event.action in ("deid", "deid.subjects"):
        return _RELEASE if event.action == "deid" else _RELEASED_PATIENTS
    family = event.action.partition(".")[0]
    return _KINDS.get(event.action) or _KINDS.get(family) or Kind(ACTIVITY)


def _emergency(event: Event) -> tuple[Code, ...]:
    return (EMERGENCY,) if event.purpose == "break-glass" else ()
