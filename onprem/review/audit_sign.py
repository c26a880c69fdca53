"""Signing off on the screen: what will be signed off and what not, a comment, the result.

Rules: what is refused is told before anything is written: the reviewer's own work, what is signed off already; the
comment stays on this page and in the sealed store.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static, TextArea

from onprem.audit.runs import size, told
from onprem.audit.signoff import MAX_COMMENT, Plan, check_comment
from onprem.errors import AuditError, OnpremError
from onprem.review.audit_desk import Desk
from onprem.review.theme import Notice, Page, T


class SigningPage(Page[T]):
    """A page from which events are signed off."""

    def __init__(self, title: str, desk: Desk) -> None:
        super().__init__(title)
        self.desk = desk

    def chosen(self) -> list[int]:
        """Return the numbers of the events that `s` signs off."""
        raise NotImplementedError

    def refreshed(self) -> None:
        """Show what has changed."""
        raise NotImplementedError

    def action_sign(self) -> None:
        """Say what can be signed off, and ask for a comment."""
        seqs = self.chosen()
        if not seqs:
            return
        try:
            signer = self.desk.signer()
            planned = self.desk.plan(seqs)
            planned.check()
        except AuditError:
            raise
        except OnpremError as error:
            self.desk.refused(error)
            self.app.push_screen(Notice("Not signed off", _words(error)))
            return
        self.app.push_screen(SignPage(self.desk, planned, signer.role), self._signed)

    def _signed(self, words: str | None) -> None:
        if words is not None:
            self.desk.marks.clear()
            self.refreshed()
            self.app.push_screen(Notice("Signed off", words))


class Comment(TextArea):
    """A paragraph to type; Enter ends it."""

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            await self.screen.run_action("confirm")
        else:
            await super()._on_key(event)


class SignPage(Page[str]):
    """The last page before a sign-off. The answer is what was done, in words."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "confirm", "Sign off", key_display="Enter", tooltip="Sign off what is named above"),
        Binding("escape", "leave", "Do not sign off", key_display="Esc", tooltip="Go back; nothing is written"),
    ]

    def __init__(self, desk: Desk, planned: Plan, role: str) -> None:
        super().__init__("Sign off")
        self.desk, self.planned, self.role = desk, planned, role
        self.busy = False

    def body(self) -> ComposeResult:
        """Yield what will be done, what will not, and the comment."""
        yield Static(
            f"You, {self.desk.login} ({self.role.replace('-', ' ')}), sign off {counted(self.planned)}.",
            markup=False,
            classes="said strong",
        )
        for words in _left_out(self.planned):
            yield Static(f"! {words}", markup=False)
        yield Static(
            f"Comment, at most {MAX_COMMENT:,} characters, may stay empty. It is kept sealed in the vault; the log holds "
            "only its fingerprint.",
            markup=False,
            classes="said",
        )
        yield Comment(soft_wrap=True, show_line_numbers=False, tab_behavior="focus")
        yield Static("", markup=False, id="wrong", classes="wrong")

    def on_text_area_changed(self, message: TextArea.Changed) -> None:
        """Say how long the comment is once that matters."""
        length = len(message.text_area.text)
        words = f"{length:,} of {MAX_COMMENT:,} characters" if length > MAX_COMMENT // 2 else ""
        self.query_one("#wrong", Static).update(words)

    async def action_confirm(self) -> None:
        """Sign off, in a thread of its own because the whole log is verified before."""
        if self.busy:
            return
        comment = " ".join(self.query_one(Comment).text.split())
        try:
            check_comment(comment)
        except OnpremError as error:
            self.query_one("#wrong", Static).update(f"! {_words(error)}")
            return
        self.busy = True
        self.query_one("#wrong", Static).update("Verifying the log, then signing off …")
        self.run_worker(self._sign(comment))

    async def _sign(self, comment: str) -> None:
        try:
            written = await asyncio.to_thread(self.desk.sign_off, self.planned, comment)
        except AuditError:
            raise  # the log cannot be trusted or written any more: the review ends
        except OnpremError as error:
            self.busy = False
            self.query_one("#wrong", Static).update(f"! {_words(error)}")
            return
        self.dismiss(_done(self.planned, written, bool(comment)))

    def action_leave(self) -> None:
        """Go back, unless the sign-off is being written."""
        if not self.busy:
            self.dismiss(None)


def counted(planned: Plan) -> str:
    """Return what is signed off: `event 7`, `12 events: 3-9, 14-18`."""
    words = told(planned.ready)
    return f"{size(planned.ready):,} {words.replace('events', 'events:', 1)}" if words.startswith("events") else words


def _done(planned: Plan, written: range, commented: bool) -> str:
    words = [
        f"You have signed off {counted(planned)}{', with your comment' if commented else ''}. The log says so in "
        f"{told([(written.start, written.stop - 1)])}.",
        *_left_out(planned),
    ]
    return "\n\n".join(words)


def _left_out(planned: Plan) -> list[str]:
    words = []
    if planned.own:
        words.append(f"Left out, because nobody signs off their own work: {told(planned.own)}. Ask another reviewer.")
    if planned.signed:
        words.append(f"Left out, because signed off already: {told(planned.signed)}.")
    return words


def _words(error: OnpremError) -> str:
    said = f"{error.message[:1].upper()}{error.message[1:]}."
    return f"{said} {error.hint[:1].upper()}{error.hint[1:]}." if error.hint else said
