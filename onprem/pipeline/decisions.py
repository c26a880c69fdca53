"""What reviewers decided, as a file that a later run replays: `onprem review RUN`, then `onprem deid --decisions FILE`.

Rules it keeps:

1. No text: a decision is offsets, a label and keyed digests. A taught text and whose it is are sealed, under the
   patient's own key, so that a patient who is shredded is forgotten here too.
2. The file is authenticated as a whole under a key of the site: an altered, cut or foreign file is refused.
3. A decision is bound to the content of its record. What protects (accept, add, keep, teach) holds under every policy;
   a rejection holds under the policy it was made under alone.
4. A rejection takes nothing but guesses away: what any other detector, the roster or another note found stays.

Form: JSON lines in canonical form. The first is the heading, the last the HMAC-SHA256 of all bytes before it, and each
between them is one decision.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from onprem.config import Site
from onprem.errors import InputError, OutputError, SiteError
from onprem.labels import Label
from onprem.model import Raw, Record
from onprem.pipeline.known import STAFF
from onprem.vault.custody import root
from onprem.vault.envelope import seal, unseal
from onprem.vault.keys import derive, sync_folder

MAX_BYTES = 50_000_000
_HEADING = {"onprem": "decisions", "v": 1}


class Do(StrEnum):
    """What was decided."""

    ACCEPT = "accept"  # the guess is an identifier: replace it
    ADD = "add"  # here is one that nothing found
    REJECT = "reject"  # the guess is none: leave it
    TEACH = "teach"  # this text is an identifier wherever it stands
    KEEP = "keep"  # the record stays held


class Why(StrEnum):
    """Why a guess was rejected. The value stands in the file, `WHY` says it in words."""

    NONE = ""
    CLINICAL = "clinical-term"
    WORD = "ordinary-word"
    MEASURE = "measurement"
    ROLE = "role"
    PUBLIC = "public-name"
    BORDERS = "borders"  # what the reviewer cut off when they moved a guess's borders


WHY: dict[Why, str] = {
    Why.CLINICAL: "a disease, sign, drug, device or test",
    Why.WORD: "an ordinary word or abbreviation",
    Why.MEASURE: "a measurement, score, dose or count",
    Why.ROLE: "a role, ward or service, nobody's name",
    Why.PUBLIC: "a public name: a guideline, law or author",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision. Offsets are code points of the field's original text, end exclusive.

    `record` is the keyed digest of the record's content; `taught` is the sealed (subject or STAFF, text) of a TEACH.
    """

    do: Do
    record: str
    policy: str
    by: str  # login of the reviewer
    at: str  # UTC, ISO 8601
    field: int = -1  # index of the field in the record; -1: all of the record
    start: int = 0
    end: int = 0
    label: Label | None = None
    why: Why = Why.NONE
    score: float = 0.0  # of the guess
    found: tuple[str, ...] = ()  # detectors that had found it
    taught: str = ""


_DECISION = TypeAdapter(Decision)

Own = Callable[[str], bytes | None]  # key of a patient -> the key of their taught texts


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """The keys of decisions, each derived from the site's master key: for digests, the file's HMAC, and sealing."""

    content: bytes
    file: bytes
    taught: bytes

    def digest(self, record: Record[Raw]) -> str:
        """Return the keyed digest (64 hex digits) of what a record says: paths and texts of its fields, in order."""
        said = json.dumps([(item.path, item.text) for item in record.fields], ensure_ascii=True)
        return hmac.digest(self.content, said.encode("ascii"), "sha256").hex()

    def same(self, text: str) -> str:
        """Return a short keyed digest of a text, by which places that read the same are known without reading them."""
        said = " ".join(text.split()).casefold()
        return hmac.digest(self.content, b"text\0" + said.encode("utf-8", "surrogatepass"), "sha256").hex()[:16]

    def teach(self, subject: str, text: str, own: bytes | None) -> str:
        """Return a taught text sealed: under the patient's `own` key, None for STAFF, which is everybody's records."""
        inner = text if own is None else seal(own, text.encode("utf-8", "surrogatepass"), about=b"text")
        return seal(self.taught, json.dumps([subject, inner], ensure_ascii=True).encode("ascii"), about=b"taught")

    def taught_by(self, decision: Decision, own: Own) -> tuple[str, str] | None:
        """Return what `teach` was given, as (subject or STAFF, text); None where the patient was forgotten.

        Raises:
            SiteError: it is damaged.
        """
        subject, inner = json.loads(unseal(self.taught, decision.taught, about=b"taught"))
        if subject == STAFF:
            return subject, inner
        try:
            text = b"" if (key := own(subject)) is None else unseal(key, inner, about=b"text")
        except SiteError:  # the file is sound, so the patient was shredded and has come again with another secret
            return None
        return (subject, text.decode("utf-8", "surrogatepass")) if text else None


def decision_keys(site: Site) -> Keys:
    """Derive the keys of decisions from the root key of the site.

    Raises:
        SiteError: the vault is locked, or its key is missing or unsound.
    """
    secret = derive(root(site), "decisions")
    return Keys(derive(secret, "content"), derive(secret, "file"), derive(secret, "taught"))


def encode(decisions: Iterable[Decision], keys: Keys) -> bytes:
    """Return the content of a decisions file."""
    lines = [_line(_HEADING), *(_line(_DECISION.dump_python(item, mode="json")) for item in decisions)]
    said = b"".join(lines)
    return said + _line({"hmac": hmac.digest(keys.file, said, "sha256").hex()})


def decode(content: bytes, keys: Keys) -> tuple[Decision, ...]:
    """Read what `encode` wrote.

    Raises:
        InputError: it is no decisions file, was altered or cut, or is of another site.
    """
    lines = content.splitlines(keepends=True)
    if len(content) > MAX_BYTES or len(lines) < 2 or lines[0] != _line(_HEADING):
        raise InputError("this is no decisions file", hint="make one with: onprem review RUN --decisions FILE")
    said = b"".join(lines[:-1])
    if not hmac.compare_digest(lines[-1], _line({"hmac": hmac.digest(keys.file, said, "sha256").hex()})):
        raise InputError(
            "the decisions file was altered or cut, or belongs to another site",
            hint="take it from your backup, or review again",
        )
    try:
        return tuple(_DECISION.validate_json(line, strict=False) for line in lines[1:-1])
    except ValidationError:  # sound, so written by another version
        raise InputError("the decisions file is of another version of onprem", hint="review again") from None


def read_file(path: Path) -> bytes:
    """Return the content of a decisions file, bounded.

    Raises:
        InputError: it does not exist or cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError:
        raise InputError("the decisions file cannot be read", hint="give the file that `onprem review` wrote") from None


def write_file(path: Path, content: bytes) -> None:
    """Put a decisions file in place: 0600, complete and durable, or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync_folder(path.parent)
    except OSError:
        partial.unlink(missing_ok=True)
        raise OutputError("the decisions file cannot be written", hint="check its folder and free space") from None


def file_digest(content: bytes) -> str:
    """Return the SHA-256 (hex) of a decisions file, for audit events and the name of a run."""
    return hashlib.sha256(content).hexdigest()


def _line(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii") + b"\n"
