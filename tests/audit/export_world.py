"""Events of every kind for the tests of exports, and what each form makes of them."""

import json
import re
from hashlib import sha256

from fhir.resources.auditevent import AuditEvent as AuditEventR5

# R4B (4.3.0) changed a few resources of medication, evidence and the like; its AuditEvent is that of R4 (4.0.1)
from fhir.resources.R4B.auditevent import AuditEvent as AuditEventR4
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from onprem.audit.events import ACTOR, BOOT, CODE, DIGESTS, ERROR, UTC_TIME, VERSION, Entry, Event, Outcome
from onprem.audit.exports import codes, exports

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
