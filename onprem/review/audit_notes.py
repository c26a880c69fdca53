"""Texts of the audit review that explain: what it is, what the verification found, how to export, that it is over."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from onprem.errors import AuditError
from onprem.review.audit_desk import Desk
from onprem.review.audit_filter import FilterPage
from onprem.review.audit_words import clock, zone
from onprem.review.theme import Notice

ABOUT = """\
The audit log says who did what, when, for what purpose and whose records were touched. It holds no names of patients: \
a patient is a reference, always the same for the same person.

The list shows the newest event first. Below or beside it stands everything that the event under the cursor says. \
"!" is what was refused or failed, "?" what was held or stopped, "*" what you have marked.

A sign-off says that you have looked at an event. Nobody signs off their own work. Your comment is kept sealed: the log \
holds only its fingerprint. That you read the log is itself an event.

Times are those of the hospital's clock, set in access.toml of the site; details show UTC beside it.
"""


def verdict_words(desk: Desk) -> str:
    """Return what the verification found, in full."""
    state = desk.view.state
    found = [f"{item.severity}: {item.message} ({item.where})" for item in state.findings]
    words = [
        desk.verdict(),
        f"Root in full: {state.tree.root().hex()}",
        f"Last event: {clock(state.last_utc, desk.limits)} ({zone(desk.limits)})",
        *(found or ["Nothing was found that needs to be told."]),
    ]
    if desk.known is None:
        words.append(
            "A log that somebody rewrote from some line to its end can look sound. Only a checkpoint that was kept "
            "elsewhere shows it: onprem audit review --against FILE"
        )
    return "\n\n".join(words)


def export_words(desk: Desk) -> str:
    """Return how the events that are shown are written to a file."""
    named = {name: str(getattr(desk.filters, name)) for name in FilterPage.FIELDS}
    options = "".join(f" --{name} {value}" for name, value in named.items() if value)
    return (
        "After you have left this screen, these events are written to a file by:\n\n"
        f"  onprem audit export --format csv --out FILE{options}\n\n"
        "Other forms are fhir-r4, fhir-r5, cef, syslog and jsonl. The file appears only if the whole log verifies, and "
        "who exported what, and to whom (--to CODE), is itself an event of the log.\n\n"
        "A report of the log as a page, with charts: onprem audit report --out FILE.html"
    )


class Broken(Notice):
    """The log does not verify any more: nothing is shown, and the review ends with that error."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,enter,escape", "leave", "Quit", key_display="q", tooltip="Leave the review")
    ]

    def __init__(self, error: AuditError) -> None:
        words = (
            f"{error.message[:1].upper()}{error.message[1:]}.\n\nIt was sound when the review began. Nothing more is "
            "shown and nothing is signed off.\n\nKeep the folder of the site as it is and tell your security officer. "
            + (f"\n\nWhen you have left, what was found is told by: {error.hint}" if error.hint else "")
        )
        super().__init__("! THE LOG DOES NOT VERIFY", words)
        self.error = error

    def action_leave(self) -> None:
        """End the review with the error."""
        raise self.error
