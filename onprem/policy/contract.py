"""What a policy does to a record: spans -> edits, with a persona and a date offset drawn from the patient's secret.

All randomness is derived: `Subject.key(purpose)` is HKDF of the subject's secret, so that any worker on any machine
makes the same replacement, and deleting the secret makes every replacement unrecoverable.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from onprem.labels import Label


class Operator(StrEnum):
    """How an identifier is replaced."""

    KEEP = "keep"
    REDACT = "redact"  # [NAME]
    MASK = "mask"  # letters and digits to asterisks, length hidden
    CODE = "code"  # keyed code, [NAME-7F3A9C]; the same value of the same patient gives the same code
    SURROGATE = "surrogate"  # looks real, agrees with the patient's persona
    SHIFT = "shift"  # dates moved by the patient's offset
    YEAR = "year"  # dates to their year
    BAND = "band"  # ages to a band; 90 and over in one
    ZIP3 = "zip3"  # postcode to its first three digits, 000 where 20,000 people or fewer live
    GENERALISE = "generalise"  # address to city or province, place to its region
    SUPPRESS = "suppress"  # removed


class Subject(Protocol):
    """A patient's secret, held by the vault."""

    def key(self, purpose: str) -> bytes:
        """Return 32 bytes for `purpose`; the same for the same patient and purpose, independent of every other."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the roster knows of a patient, for personas that agree: (label, value) pairs as read from tables."""

    values: tuple[tuple[Label, str], ...] = field(repr=False, default=())
    sex: str = ""  # "F", "M" or ""
