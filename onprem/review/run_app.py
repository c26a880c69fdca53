"""The screen of `onprem review RUN`: one doubtful place after another with its context, and what a person says of it.

Rules: every key is shown; the place is marked by brackets, not by colour alone; what is replaced anyway is masked; each
decision is logged and written before the next place is shown; nothing of a text is kept when another is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from onprem.labels import MEANING, Label
from onprem.pipeline.decisions import WHY
from onprem.pipeline.doubts import Asked
from onprem.pipeline.queue import Item, Shown
from onprem.review.judging import Judging
from onprem.review.long_list import Column, Row
from onprem.review.picking import Edge, Pick, PickPage
from onprem.review.record_text import Masked, Place, clean
from onprem.review.run_words import COLUMN, HELP, decided, why
from onprem.review.text_pane import TextPane
from onprem.review.theme import Choice, Notice, Page, ReviewApp, Title

_Then = Callable[[Place | None], None]
_ThenLabel = Callable[[Label], None]
_LABELS = tuple(Label)
_REASONS = tuple(WHY)


class RunApp(ReviewApp):
    """The review of one run."""

    TITLE = "Review of a run"

    def __init__(self, judging: Judging) -> None:
        super().__init__()
        self.judging = judging

    def on_mount(self) -> None:
        """Show the first place."""
        self.push_screen(ItemPage(self.judging), lambda _: self.exit())


class ItemPage(Page[None]):
    """One item of the queue."""

    AUTO_FOCUS = "TextPane"
    DEFAULT_CSS = "ItemPage #why, ItemPage #said { padding: 0 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "accept", "Accept"),
        Binding("A", "accept_alike", "Alike", key_display="A"),
        Binding("r", "reject", "Reject"),
        Binding("e", "borders", "Borders"),
        Binding("plus", "add", "Add", key_display="+"),
        Binding("t", "teach", "Teach"),
        Binding("k", "keep", "Keep"),
        Binding("l", "column", "Column"),
        Binding("n,right", "go(1)", "Next", key_display="n"),
        Binding("p,left", "go(-1)", "Previous", key_display="p"),
        Binding("v", "unmask", "Others"),
        Binding("u", "undo", "Undo"),
        Binding("h,f1,question_mark", "help", "Help", key_display="h"),
        Binding("q,escape", "leave", "Quit", key_display="q"),
    ]

    def __init__(self, judging: Judging) -> None:
        super().__init__("")
        self.judging = judging
        self.items = judging.queue.items
        undecided = (at for at, item in enumerate(self.items) if judging.decided(item) is None)
        self.at = next(undecided, 0)
        self._shown = Shown()
        self._unmasked = False

    @property
    def item(self) -> Item:
        """The item that is shown."""
        return self.items[self.at]

    def body(self) -> ComposeResult:
        """Yield why it is asked, the text, what was decided or went wrong."""
        yield Static("", markup=False, id="why", classes="strong")
        yield TextPane()
        yield Static("", markup=False, id="said")

    def on_mount(self) -> None:
        """Show the item."""
        self._show()

    def action_go(self, items: int) -> None:
        """Show another item."""
        at = max(0, min(self.at + items, len(self.items) - 1))
        if at == self.at:
            self._say("this is the last place" if items > 0 else "this is the first place")
            return
        self.at, self._unmasked = at, False
        self._show()

    def action_accept(self) -> None:
        """Accept the guess."""
        if self._about_a_place():
            self.judging.accept([self.item])
            self._go_on()

    def action_accept_alike(self) -> None:
        """Accept the guess in every place with the same text."""
        if self._about_a_place():
            alike = [self.item, *self.judging.queue.same(self.item)]
            self.judging.accept(alike)
            self._go_on(f"accepted in {len(alike)} places" if len(alike) > 1 else "")

    def action_reject(self) -> None:
        """Reject the guess, for a reason."""
        refusal = self._hidden() or self.judging.refusal(self.item)
        if refusal:
            self._say(refusal)
            return
        page = Choice("Why is it no identifier?", [Column("Reason", 0)], [(WHY[reason],) for reason in _REASONS])
        self.app.push_screen(page, self._rejected)

    def action_borders(self) -> None:
        """Move the borders of the guess, then accept it."""
        if self._about_a_place():
            pick = Pick(self._shown.text, self._place(), self._masked(), edge=Edge.START)
            self._pick("Where does it begin and end?", pick, self._moved)

    def action_add(self) -> None:
        """Mark an identifier that nothing found."""
        if self.item.question.asked is Asked.HELD and not self._hidden():
            self._say("the record is held whatever is marked in it: t teaches a text for others")
        elif self._has_text():
            here = self._place().start
            pick = Pick(self._shown.text, Place(here, here), self._masked(), edge=Edge.WORD)
            self._pick("What was not found?", pick, self._added)

    def action_teach(self) -> None:
        """Teach a text of the record."""
        if self._has_text():
            edge = Edge.END if self._place().start < self._place().end else Edge.WORD
            pick = Pick(self._shown.text, self._place(), self._masked(), edge=edge)
            self._pick("What is to be taught?", pick, self._teaching)

    def action_keep(self) -> None:
        """Hold the record."""
        hidden = self._hidden() if self.item.asking.digest else ""
        refusal = hidden or self.judging.keep(self.item)
        if refusal:
            self._say(refusal)
        else:
            self._go_on()

    def action_column(self) -> None:
        """Say how a column is released."""
        if self.item.question.asked is Asked.FIELD:
            number = self.item.question.path.rpartition("#")[2]
            where = f"column {number} of source {self.item.asking.source}" if number.isdigit() else "this column"
            words = (
                f"{where}: {COLUMN}.\n\nWHAT is text, clinical, drop, or a label such as NAME or RECORD_NUMBER:patient."
            )
            self.app.push_screen(Notice("A column that nobody can place", words))
        else:
            self._say("this is no column that nobody can place")

    def action_unmask(self) -> None:
        """Show, or mask again, what is replaced anyway."""
        self._unmasked = not self._unmasked
        self._show()

    def action_undo(self) -> None:
        """Take back the last decision of this review."""
        count = self.judging.ledger.undo()
        self._show()
        self._say("your last decision is undone" if count else "there is nothing to undo")

    def action_help(self) -> None:
        """Show the help."""
        self.app.push_screen(Notice("Help", HELP))

    def _pick(self, title: str, pick: Pick, then: _Then) -> None:
        self.app.push_screen(PickPage(title, self._shown.text, pick), then)

    def _rejected(self, chosen: int | None) -> None:
        if chosen is not None:
            self.judging.reject(self.item, _REASONS[chosen])
            self._go_on()

    def _moved(self, place: Place | None) -> None:
        if place is not None:
            self.judging.move(self.item, place)
            self._go_on()

    def _added(self, place: Place | None) -> None:
        if place is not None:
            self._label(lambda label: self._add(place, label))

    def _add(self, place: Place, label: Label) -> None:
        self.judging.add(self.item, place, label)
        self._show()
        self._say(f"added as {label.value}")

    def _teaching(self, place: Place | None) -> None:
        if place is not None:
            self._label(lambda label: self._whose(place, label))

    def _whose(self, place: Place, label: Label) -> None:
        rows: list[Row] = [
            ("this patient: in all of their records",),
            ("anybody, such as staff: in everybody's records",),
        ]
        page = Choice("Whose is it?", [Column("It identifies", 0)], rows)
        self.app.push_screen(page, lambda chosen: self._taught(place, label, chosen))

    def _taught(self, place: Place, label: Label, chosen: int | None) -> None:
        if chosen is None:
            return
        text = self._shown.text[place.start : place.end]
        refusal = self.judging.teach(self.item, place, label, text, everybody=chosen == 1)
        self._show()
        self._say(refusal or f"taught as {label.value}")

    def _label(self, then: _ThenLabel) -> None:
        rows: list[Row] = [(label.value, MEANING[label].words) for label in _LABELS]
        proposed = self.item.question.label or Label.NAME
        page = Choice("What is it?", [Column("Label", 20), Column("Meaning", 0)], rows, at=_LABELS.index(proposed))
        self.app.push_screen(page, lambda chosen: None if chosen is None else then(_LABELS[chosen]))

    def _about_a_place(self) -> bool:
        said = self._hidden()
        if not said and not self.judging.asks_about_a_place(self.item):
            said = "there is no guess here: + marks an identifier"
        self._say(said)
        return not said

    def _has_text(self) -> bool:
        said = self._hidden()
        if not said and (self.item.question.asked is Asked.FIELD or not self._shown.text.strip()):
            said = "there is no text here to mark"
        self._say(said)
        return not said

    def _hidden(self) -> str:
        """Say why nothing can be decided: what is not shown cannot be judged."""
        return self._shown.why

    def _place(self) -> Place:
        return Place(self.item.question.start, self.item.question.end)

    def _masked(self) -> list[Masked]:
        return [] if self._unmasked else list(self.item.asking.replaced.get(self.item.question.field, ()))

    def _go_on(self, said: str = "") -> None:
        """After a decision: the next item, or this one again where it was the last."""
        if self.at + 1 < len(self.items):
            self.at, self._unmasked = self.at + 1, False
            self._show()
            self._say(said)
        else:
            self._show()
            decision = self.judging.decided(self.item)
            words = said or ("" if decision is None else decided(decision))
            self._say(f"{words}\nThat was the last place; {self.judging.open_items()} are open.")

    def _show(self) -> None:
        """Read the item's record and show it."""
        queue, item = self.judging.queue, self.item
        self._shown = queue.show(item)
        place = f"{self.at + 1} of {len(self.items)}, {self.judging.open_items()} open"
        record = f"source {item.asking.source} ({clean(queue.file(item))}), record {item.asking.record}"
        title = self.query_one(Title)
        title.text = f"{place}: {record}"
        title.refresh()
        self.query_one("#why", Static).update(why(item, queue.heading))
        pane = self.query_one(TextPane)
        if self._shown.why:
            pane.show(f"({self._shown.why})", Place(0, 0), ())
        elif item.question.asked is Asked.FIELD:
            cells = [self._shown.text, *self._shown.samples]
            pane.show("\n".join(f"cell: {cell}" for cell in cells), Place(0, 0), ())
        else:
            pane.show(self._shown.text, self._place(), self._masked())
        decision = self.judging.decided(item)
        self._say("" if decision is None else decided(decision))

    def _say(self, words: str) -> None:
        self.query_one("#said", Static).update(words)
