"""Ready-made questions on the screen: by their key or from the list of all; what a question needs is asked for."""

from __future__ import annotations

from onprem.audit.checks import Check, checks
from onprem.audit.view import EventRow
from onprem.review.audit_desk import Desk
from onprem.review.audit_filter import SubjectPage
from onprem.review.audit_pages import AnswerPage
from onprem.review.audit_sign import SigningPage
from onprem.review.long_list import Column, Row
from onprem.review.theme import Choice


class AskingPage(SigningPage[None]):
    """A page from which questions are asked; the event under the cursor suggests who and whose."""

    def __init__(self, title: str, desk: Desk) -> None:
        super().__init__(title, desk)
        self.questions = checks()

    def here(self) -> EventRow | None:
        """Return the event under the cursor."""
        raise NotImplementedError

    def action_questions(self) -> None:
        """Choose a question from the list of all."""
        rows: list[Row] = [(_key(index), item.title) for index, item in enumerate(self.questions)]

        def chosen(index: int | None) -> None:
            if index is not None:
                self.action_ask(index)

        self.app.push_screen(Choice("Ready-made questions", [Column("Key", 3), Column("Question", 0)], rows), chosen)

    def action_ask(self, index: int) -> None:
        """Ask a question by its place in the list."""
        if index < len(self.questions):
            self._ask(self.questions[index], {})

    def _ask(self, question: Check, answers: dict[str, str]) -> None:
        """Ask for the parameters one after the other, then show the answer."""
        missing = next((name for name in question.parameters if name not in answers), None)
        if missing is None:
            page = AnswerPage(self.desk, question, self.desk.ask(question, answers))
            self.app.push_screen(page, lambda _: self.refreshed())
        elif missing == "actor":
            people = [name for name, _ in self.desk.choices("actor")]
            row = self.here()
            at = people.index(row.actor) if row is not None and row.actor in people else 0
            self.app.push_screen(
                Choice(f"{question.title} - who?", [Column("Login", 0)], [(name,) for name in people], at=at),
                lambda index: None if index is None else self._ask(question, answers | {"actor": people[index]}),
            )
        else:
            row = self.here()
            near = row.subjects[0] if row is not None and row.subjects else self.desk.filters.subject
            self.app.push_screen(
                SubjectPage(self.desk, near),
                lambda value: self._ask(question, answers | {"subject": value}) if value else None,
            )


def _key(index: int) -> str:
    return "1234567890"[index] if index < 10 else ""
