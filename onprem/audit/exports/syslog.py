r"""Syslog messages of RFC 5424, one event a line, with everything the event says as structured data.

Rules: facility 13 (log audit); the log knows no host name and no process, so both are the nil value; in a value `"`,
`\` and `]` are escaped (RFC 5424, 6.3.3), and a line end, which a value may hold but a line of a file may not, becomes
a space. The structured data bear the enterprise number 32473, which RFC 5612 keeps for documentation: this toolkit has
none of its own. A site that has one replaces `onprem@32473`. An event that names many patients is longer than the 2,048
octets that every receiver should accept; send such lines over TCP or TLS.
"""

from __future__ import annotations

from onprem.audit.events import Entry
from onprem.audit.exports.contract import Export, fields, moment, severity

_FACILITY = 13
_NIL = "-"
_SD_ID = "onprem@32473"
_MSGID_CHARACTERS = 32
_VALUE = str.maketrans({"\\": "\\\\", '"': '\\"', "]": "\\]", "\r": " ", "\n": " "})


def value(text: str) -> str:
    """Return a text as a PARAM-VALUE takes it."""
    return text.translate(_VALUE)


def _lines(entry: Entry, origin: str) -> tuple[str, ...]:
    event = entry.event
    values = {"log": origin} | fields(entry)
    priority = _FACILITY * 8 + severity(event)
    when = entry.utc if moment(entry.utc) is not None else _NIL
    kind = event.action[:_MSGID_CHARACTERS]  # whole in the structured data
    data = "".join(f' {name}="{value(text)}"' for name, text in values.items() if text)
    said = f"{entry.actor}: {event.action} {event.outcome}"
    return (f"<{priority}>1 {when} {_NIL} onprem {_NIL} {kind} [{_SD_ID}{data}] {said}",)


EXPORT = Export(
    name="syslog",
    title="Syslog messages with structured data",
    basis="RFC 5424; enterprise number of RFC 5612",
    lines=_lines,
)
