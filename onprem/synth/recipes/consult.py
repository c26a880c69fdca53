"""Consultations from cases: two roles that a model plays, each knowing only its own part of the sheet.

1. A case is drawn: one that comes with the program, a record, or an encounter of synthetic patients.
2. Code walks through the checklist: complaint, history, finding, diagnosis, plan. For each turn the model gets the note of
   the role whose turn it is, and never one of the other's.
3. A patient's turn that names the diagnosis before the doctor has is written once more; if it still does, the row is
   rejected.
4. Facts that nobody has said are asked for again, three at most: a question and its answer before the examination, or a
   further turn of the doctor at the end.
5. The row carries each fact with the turn and the offsets at which it is said. Without complaint, diagnosis and a plan, or
   with less than 60 % of the facts, it is rejected.

Rules: code finds the facts (`_consult_facts`); a model's word on it counts nothing.

Source: H. Zhang et al., HuatuoGPT, towards taming language model to be a doctor, EMNLP Findings (2023), for the idea.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from onprem.errors import UsageError
from onprem.llm.contract import Answer, Request
from onprem.llm.templates import Message
from onprem.synth import turns
from onprem.synth.contract import Asker, How, Lang, Line, Made, Rejected, Sources, Steps, Work
from onprem.synth.recipes._consult_facts import Fact, Sheet, find, groups_of, leaked_by_patient, leaks, told_in
from onprem.synth.recipes._consult_sheets import of_records, of_tables, phrases, shipped
from onprem.synth.turns import Bounds, Said, Speaker, Turn

_TOKENS = 36  # of a turn
_BOUNDS = Bounds(sentences=2, least=1, most=40)
_REPAIRS = 3
_LEAST_SAID = 0.6  # of the facts
_HISTORY = 3  # facts of the history in a dialogue
_BEFORE = 2  # turns that are shown before the one that is asked for
_OPENING = {"en": 3, "zh": 4}  # words (zh: characters) of a fact that a repair puts into the model's mouth
LEAKED, MISSING = "diagnosis leaked", "facts missing"

Exchange = Generator[Sequence[Request], Sequence[Answer], Said]


@dataclass(slots=True)
class _Talk:
    """A dialogue in the making. `examined` is the place of the doctor's first finding."""

    sheet: Sheet
    facts: list[Fact]
    rng: random.Random = field(repr=False)
    asker: Asker | None = None  # None: without a model
    turns: list[Turn] = field(default_factory=list, repr=False)
    examined: int = 0
    rewritten: int = 0
    repaired: list[Fact] = field(default_factory=list, repr=False)

    def say(self, role: Speaker, text: str, act: str) -> None:
        self.turns.append(Turn(role, text, act))

    def missing(self) -> list[Fact]:
        return [fact for fact in self.facts if find(fact, self.turns) is None]

    @property
    def may_leak(self) -> bool:
        """Whether the doctor has not yet said what it is."""
        return not any(turn.role == "doctor" and leaks(self.sheet.names, turn.text) for turn in self.turns)


class ConsultWork:
    """The recipe, bound."""

    def __init__(self, sources: Sources, repairs: int) -> None:
        self._sources = sources
        self._lang = sources.lang
        self._said = phrases(sources.lang)
        self._repairs = repairs
        self._sheets = _sheets(sources)
        self._shown = {role: self._examples(role) for role in turns.OTHER}

    def write(self, number: int, asker: Asker) -> Steps:
        """Return a consultation, each turn asked of the model."""
        talk = self._begin(number, asker)
        for fact in talk.facts:
            if fact.by == "doctor" and not talk.examined:
                talk.examined = len(talk.turns)
            reason = yield from (self._tells(talk, fact) if fact.by == "doctor" else self._asks(talk, fact))
            if reason:
                return Rejected(reason)
        for fact in talk.missing()[: self._repairs]:
            reason = yield from self._repair(talk, fact)
            if reason:
                return Rejected(reason)
        return self._made(talk)

    def fill(self, number: int) -> Made | Rejected:
        """Return a consultation in the words of the sheet."""
        talk = self._begin(number)
        for place, fact in enumerate(talk.facts):
            if fact.by == "patient" and place:
                question = fact.ask if fact.ask != self._said["more"][0] else talk.rng.choice(self._said["more"])
                talk.say("doctor", question, "ask")
            elif fact.by == "doctor" and talk.turns[-1].role == "doctor":
                talk.say("patient", talk.rng.choice(self._said["answered"]), "react")
            talk.say(fact.by, fact.text, fact.kind)
        return self._made(talk, tuple(turn.text for turn in talk.turns))

    def told(self, line: Line) -> str:
        """Return what is said, without who says it."""
        return turns.told(line)

    def _begin(self, number: int, asker: Asker | None = None) -> _Talk:
        rng = self._sources.rng(number)
        sheet = rng.choice(self._sheets)
        history = sheet.of("patient", "history")
        chosen = rng.sample(history, min(len(history), _HISTORY))
        facts = [*sheet.of("patient", "complaint"), *chosen, *sheet.of("doctor")]
        return _Talk(sheet, facts, rng, asker)

    def _asks(self, talk: _Talk, fact: Fact) -> Generator[Sequence[Request], Sequence[Answer], str]:
        """Have the doctor ask, but for the complaint, and the patient say a fact."""
        if talk.turns:
            asked = yield from self._turn(talk, "doctor", fact.ask, question=True)
            if asked.why == turns.TOO_LONG:
                return asked.why
            talk.say("doctor", asked.text if _is_about(fact.ask, asked.text) else fact.ask, "ask")
        return (yield from self._answers(talk, fact, opener=""))

    def _answers(self, talk: _Talk, fact: Fact, *, opener: str) -> Generator[Sequence[Request], Sequence[Answer], str]:
        """Have the patient say a fact, once more without the name of an illness if that slipped out."""
        said = yield from self._turn(talk, "patient", fact.text, opener=opener)
        if talk.may_leak and leaks(talk.sheet.names, said.text):
            talk.rewritten += 1
            said = yield from self._turn(talk, "patient", f"{fact.text} {self._said['avoid']}", opener=opener)
            if leaks(talk.sheet.names, said.text):
                return LEAKED
        if said.why == turns.TOO_LONG:
            return said.why
        if said.text:
            talk.say("patient", said.text, fact.kind)
        elif talk.turns:
            talk.turns.pop()  # the question that got no answer
        return ""

    def _tells(self, talk: _Talk, fact: Fact) -> Generator[Sequence[Request], Sequence[Answer], str]:
        """Have the doctor say a fact, after a word of the patient where the doctor spoke last."""
        if talk.turns and talk.turns[-1].role == "doctor":
            ready = talk.rng.choice(self._said["answered"])
            said = yield from self._turn(talk, "patient", ready, opener=talk.rng.choice(self._said["react"]))
            leaked = talk.may_leak and leaks(talk.sheet.names, said.text)
            talk.rewritten += leaked
            talk.say("patient", ready if leaked or not said.text else said.text, "react")
        said = yield from self._turn(talk, "doctor", fact.text)
        if said.text:
            talk.say("doctor", said.text, fact.kind)
        elif talk.turns and talk.turns[-1].act == "react":
            talk.turns.pop()
        return said.why if said.why == turns.TOO_LONG else ""

    def _repair(self, talk: _Talk, fact: Fact) -> Generator[Sequence[Request], Sequence[Answer], str]:
        """Have a missing fact said in a further turn of the one who may say it, which begins as the fact does."""
        opener = _opening(fact.text, self._lang)
        after: list[Turn] = []
        if fact.by == "patient":
            talk.turns, after = talk.turns[: talk.examined], talk.turns[talk.examined :]
            if talk.turns:
                talk.say("doctor", fact.ask, "ask")
        elif talk.turns and talk.turns[-1].role == "doctor":
            talk.say("patient", talk.rng.choice(self._said["else"]), "react")
        begun = len(talk.turns)
        if fact.by == "patient":
            reason = yield from self._answers(talk, fact, opener=opener)
        else:
            said = yield from self._turn(talk, "doctor", fact.text, opener=opener)
            reason = said.why if said.why == turns.TOO_LONG else ""
            if said.text:
                talk.say("doctor", said.text, fact.kind)
            elif talk.turns and talk.turns[-1].act == "react":
                talk.turns.pop()
        if len(talk.turns) > begun and told_in(fact, talk.turns[-1].text):
            talk.repaired.append(fact)
        talk.examined = len(talk.turns) if after else talk.examined
        talk.turns += after
        return reason

    def _turn(self, talk: _Talk, role: Speaker, note: str, *, opener: str = "", question: bool = False) -> Exchange:
        lang, asker = self._lang, talk.asker
        if asker is None:
            raise AssertionError
        blank = " " if lang == "en" else ""
        before = talk.turns[-_BEFORE:] or [Turn("doctor", self._said["anything"])]
        how = How(max_tokens=_TOKENS)
        task = self._said["task"][role]
        left = turns.room(asker, how, task, self._shown[role], note, opener)
        shown = turns.transcript(turns.recent(before, left), lang)
        # the note stands next to what is to be said: a small model does not look far back
        begin = f"{self._shown[role]}\n\n{shown}\n{self._said['note']}{blank}{note}\n{turns.TAGS[lang][role]}"
        begin += f"{blank}{opener}" if opener else ""
        grammar = turns.one_line(lang, begun=bool(opener), question=question)
        how = How(max_tokens=_TOKENS, temperature=0.5, begin=begin, grammar=grammar)
        asking = turns.Asking(how, role, tuple(talk.turns), _BOUNDS, opener)
        return turns.take_turn(asker, [Message("user", task)], asking)

    def _examples(self, role: Speaker) -> str:
        blank = " " if self._lang == "en" else ""
        return "\n\n".join(
            f"{before}\n{self._said['note']}{blank}{note}\n{said}" for note, before, said in self._said["shown"][role]
        )

    def _made(self, talk: _Talk, own: tuple[str, ...] = ()) -> Made | Rejected:
        said = [place for fact in talk.facts if (place := find(fact, talk.turns)) is not None]
        kinds = {fact.kind for fact in talk.facts if find(fact, talk.turns) is not None}
        needed = {"complaint", "diagnosis"} | {fact.kind for fact in talk.facts if fact.kind == "plan"}
        if not needed <= kinds or len(said) < _LEAST_SAID * len(talk.facts):
            return Rejected(MISSING)
        if leaked_by_patient(talk.sheet.names, talk.turns):
            return Rejected(LEAKED)
        if any(one.text == other.text for one, other in pairwise(talk.turns)):
            return Rejected(turns.REPETITION)
        sheet = talk.sheet
        line: Line = {
            "turns": turns.turn_lines(talk.turns),
            "case": sheet.id,
            "diagnosis": sheet.names[0],
            "names": list(sheet.names),
            "facts": [self._fact_line(fact, talk) for fact in talk.facts],
            "rewritten": talk.rewritten,
        }
        if sheet.department:
            line["department"] = sheet.department
        if sheet.key:
            return Made(line, _PASSED, (sheet.key,))
        # the sheet is invented: what stands on it is of nobody
        texts = [text for fact in talk.facts for text in (fact.text, fact.ask) if text]
        return Made(line, _PASSED, (), (*texts, *sheet.names, sheet.id, sheet.department, *own))

    def _fact_line(self, fact: Fact, talk: _Talk) -> Line:
        line: Line = {"kind": fact.kind, "by": fact.by, "text": fact.text}
        if (place := find(fact, talk.turns)) is None:
            return line | {"turn": None}
        return line | {"turn": place.turn, "start": place.start, "end": place.end, "repaired": fact in talk.repaired}


_PASSED = ("facts", "no leak", "no repetition", "in role")


class Consult:
    """The recipe."""

    name = "consult"
    version = 1
    about = "consultations from cases, with the facts that are said and where"
    smallest = 100_000_000
    langs: tuple[Lang, ...] = ("en", "zh")
    needs: tuple[str, ...] = ()
    options: Mapping[str, str] = {
        "repairs": f"times that a missing fact is asked for, 0 to {_REPAIRS} (default {_REPAIRS})"
    }

    def bind(self, sources: Sources) -> Work:
        """Return the work.

        Raises:
            UsageError: an option is not known, or no record makes a case.
            InputError: the tables cannot be read.
        """
        if unknown := set(sources.options) - set(self.options):
            raise UsageError(f"consult has no option {min(unknown)}", hint="it takes: repairs")
        said = sources.options.get("repairs", str(_REPAIRS))
        if not said.isdecimal() or int(said) > _REPAIRS:
            raise UsageError(f"repairs is a number from 0 to {_REPAIRS}", hint="--set repairs=3")
        return ConsultWork(sources, int(said))


def _sheets(sources: Sources) -> list[Sheet]:
    if sources.records:
        found = of_records(sources.records, sources.lang)
        if not found:
            raise UsageError(
                "no record tells a complaint and a diagnosis under headings",
                hint="leave out --records for the cases that are shipped",
            )
        return found
    if sources.tables is not None:
        found = of_tables(sources.tables, sources.lang)
        if not found:
            raise UsageError("no encounter of the tables has a diagnosis")
        return found
    return list(shipped(sources.lang))


def _is_about(wanted: str, question: str) -> bool:
    """Say whether a question has a word of the one that is wanted, where that has words of its own."""
    groups = groups_of(wanted)
    return bool(question) and (not groups or any(word in question.lower() for group in groups for word in group))


def _opening(text: str, lang: Lang) -> str:
    """Return the first words of a fact, but not all of them."""
    if lang == "zh":
        return text[: min(_OPENING[lang], len(text) // 2)]
    words = text.split()
    return " ".join(words[: min(_OPENING[lang], len(words) - 1)])


RECIPES: tuple[Any, ...] = (Consult(),)
