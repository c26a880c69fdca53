"""What verification needs of a line, read in one match: ten times as fast as `events.parse`, and never more lenient.

A canonical line has its keys in one order, no spaces and only narrow forms, so one regular expression knows it whole.
What it does not accept (numbers of more than 18 digits, a damaged line) is for `parse` to decide.
"""

from __future__ import annotations

import re
from operator import lt
from typing import NamedTuple

from onprem.audit.events import (
    ACTOR,
    BOOT,
    CODE,
    DIGESTS,
    ERROR,
    FORM,
    MAX_LINE_BYTES,
    UTC_TIME,
    VERSION,
    Entry,
    Outcome,
)

_WHOLE = r"(?:0|[1-9][0-9]{0,17}+)"
_REFERENCE = '"[0-9a-f]{32}+"'
_HEX = "[0-9a-f]{64}+"


class Glance(NamedTuple):
    """The place of an event: the fields that tie it to the lines around it."""

    seq: int
    prev: bytes  # 64 hex digits
    boot: bytes
    monotonic: int  # nanoseconds
    utc: bytes  # ISO 8601


def _quoted(pattern: str) -> str:
    return f'"(?:{pattern})"'


def _pairs(key: str, value: str) -> str:
    pair = f"{_quoted(key)}:{value}"
    return rf"\{{((?:{pair}(?:,{pair})*+)?+)\}}"


# this is the whole of an event's form, with what is optional
_FORMS = {
    "action": _quoted(CODE),
    "actor": _quoted(ACTOR),
    "approval": f'(?:{_REFERENCE}|"")',
    "boot": f'"({BOOT})"',
    "counts": _pairs(CODE, _WHOLE),
    "digests": _pairs("|".join(sorted(DIGESTS)), f'"{_HEX}"'),
    "error": _quoted(f"(?:{ERROR})?"),
    "monotonic": f"({_WHOLE})",
    "outcome": _quoted("|".join(Outcome)),
    "prev": f'"({_HEX})"',
    "purpose": _quoted(f"(?:{CODE})?"),
    "role": _quoted(CODE),
    "seq": f"({_WHOLE})",
    "subjects": rf"\[(?:{_REFERENCE}(?:,{_REFERENCE}){{0,99}}+)?+\]",
    "utc": f'"({UTC_TIME})"',
    "v": str(FORM),
    "version": _quoted(VERSION),
}
_OPTIONAL = {"recipient": _quoted(CODE), "second": _quoted(ACTOR)}  # of `OPTIONAL`
_PARTS = [
    f'(?:"{key}":{_OPTIONAL[key]},)?+'
    if key in _OPTIONAL
    else f'"{key}":{_FORMS[key]}' + ("," if key != "version" else "")
    for key in sorted(_FORMS | _OPTIONAL)
]
_LINE = re.compile((r"\{" + "".join(_PARTS) + r"\}").encode("ascii"))


def raw_glance(line: bytes) -> tuple[bytes, bytes, bytes, bytes, bytes] | None:
    """Return boot, monotonic, prev, seq and utc as they stand on a canonical line; None as `glance`."""
    match = _LINE.fullmatch(line)
    if match is None or len(line) > MAX_LINE_BYTES:
        return None
    boot, counts, digests, monotonic, prev, seq, utc = match.groups()
    # neither keys nor hexadecimal hold a quote, so every second piece is a key, or a key and a digest in turns
    if b"," in counts and not _rising(counts.split(b'"')[1::2]):
        return None
    if b"," in digests and not _rising(digests.split(b'"')[1::4]):
        return None
    return boot, monotonic, prev, seq, utc


def glance(line: bytes) -> Glance | None:
    """Return the place of the event on a canonical line; None where only `events.parse` can decide."""
    raw = raw_glance(line)
    if raw is None:
        return None
    boot, monotonic, prev, seq, utc = raw
    return Glance(int(seq), prev, boot, int(monotonic), utc)


def glance_at(entry: Entry) -> Glance:
    """Return the place of an event that `parse` has read."""
    return Glance(entry.seq, entry.prev.encode(), entry.boot.encode(), entry.monotonic, entry.utc.encode())


def _rising(keys: list[bytes]) -> bool:
    """Say whether the keys rise strictly, as canonical JSON has them."""
    return all(map(lt, keys, keys[1:]))
