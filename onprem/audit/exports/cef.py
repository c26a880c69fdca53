r"""ArcSight Common Event Format, version 0, one event a line.

Rules: in the header `\` and `|` are escaped and a line end becomes a space; in the extension `\`, `=` and line ends are
escaped, and a pipe is not. Keys come from the extension dictionary, the custom strings with their labels; what the
dictionary has no place for has a key that begins with the product's name, as the standard asks of custom keys.

Source: Micro Focus Security ArcSight Common Event Format, Implementing ArcSight CEF, version 26 (2021), "CEF Key
Names" and "Character Encoding".
"""

from __future__ import annotations

from onprem.audit.events import Entry
from onprem.audit.exports.contract import Export, moment, pairs, severity

_GRAVITY = {1: 9, 3: 7, 4: 5, 5: 3, 6: 1}  # severity of RFC 5424 -> 0 to 10, where 9 and 10 are very high
_HEADER = str.maketrans({"\\": "\\\\", "|": "\\|", "\r": " ", "\n": " "})
_EXTENSION = str.maketrans({"\\": "\\\\", "=": "\\=", "\r": "\\r", "\n": "\\n"})


def header(text: str) -> str:
    """Return a text as a field of the header takes it."""
    return text.translate(_HEADER)


def extension(text: str) -> str:
    """Return a text as a value of the extension takes it."""
    return text.translate(_EXTENSION)


def _lines(entry: Entry, origin: str) -> tuple[str, ...]:
    event = entry.event
    named = f"{event.action} {event.outcome}"
    fields = ("CEF:0", "onprem", "onprem-hospital", entry.version, event.action, named, str(_GRAVITY[severity(event)]))
    values = " ".join(f"{key}={extension(value)}" for key, value in _values(entry, origin).items() if value)
    return ("|".join([*map(header, fields), values]),)


def _values(entry: Entry, origin: str) -> dict[str, str]:
    """Return the extension by key; empty values are left out. Times are milliseconds since 1970."""
    event = entry.event
    when = moment(entry.utc)
    custom = {
        "purpose": event.purpose,
        "recipient": event.recipient,
        "approval": event.approval,
        "secondPerson": event.second,
        "patients": " ".join(event.subjects),
        "digests": pairs(event.digests),
    }
    values = {
        "rt": str(int(when.timestamp() * 1000)) if when is not None else "",
        "externalId": str(entry.seq),
        "deviceExternalId": origin,
        "act": event.action,
        "outcome": str(event.outcome),
        "reason": event.error,
        "suser": entry.actor,
        "spriv": event.role,
    }
    for place, (label, text) in enumerate(custom.items(), start=1):
        values |= {f"cs{place}Label": label if text else "", f"cs{place}": text}
    beyond = {"Counts": pairs(event.counts), "Utc": entry.utc, "Boot": entry.boot}
    return values | {f"onpremHospital{name}": text for name, text in beyond.items()}


EXPORT = Export(
    name="cef",
    title="Common Event Format, for ArcSight and other SIEMs",
    basis="ArcSight Common Event Format, CEF:0",
    lines=_lines,
)
