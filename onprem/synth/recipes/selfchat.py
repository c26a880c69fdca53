"""Dialogues that a model has with itself, from a patient's question on, turn by turn.

1. A seed is drawn: the question of a record, or one of those that come with the program.
2. Code plans the moves (questions and answers, advice and reactions), owns the tags and puts the first words of a turn into
   the model's mouth; the model writes the rest of that one turn.
3. The dialogue ends with its plan, when the patient says thanks after the second turn, or where a turn only repeats.

Rules: nothing of an answer but the words of one turn is used. Whether what is said is right is not checked: the rows teach
the form of a consultation, and no medicine.

Source: C. Xu et al., Baize: an open-source chat model with parameter-efficient tuning on self-chat data (2023).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from onprem.errors import UsageError
from onprem.llm.templates import Message
from onprem.synth import turns
from onprem.synth.contract import Asker, How, Lang, Line, Made, Rejected, Sources, Steps, Work
from onprem.synth.recipes._chat_speech import Move, Seed, of_records, shipped, speech
from onprem.synth.turns import Bounds, Turn

_TOKENS = 60  # of a turn
_BOUNDS = Bounds(sentences=2, least=1, most=40)
_FEWEST, _MOST = 4, 12  # turns
_ENDS_AFTER = 2  # turns, before which the patient does not end it
TOO_SHORT = "too short"
_PASSED = ("turns", "no repetition", "in role")


class SelfChatWork:
    """The recipe, bound."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._lang = sources.lang
        self._speech = speech(sources.lang)
        self._seeds = of_records(sources.records) if sources.records else shipped(sources.lang)
        if not self._seeds:
            raise UsageError(
                "no record holds a question", hint="leave out --records for the questions that are shipped"
            )
        self._most = _number(sources.options.get("turns", str(_MOST)))

    def write(self, number: int, asker: Asker) -> Steps:
        """Return a dialogue, each turn asked of the model."""
        rng = self._sources.rng(number)
        seed = rng.choice(self._seeds)
        so_far = [Turn("patient", seed.text)]
        ended = "plan"
        for move in self._speech.plan(rng, self._most):
            role = turns.OTHER[so_far[-1].role]
            asking = self._asking(so_far, move, asker)
            said = yield from turns.take_turn(asker, [Message("user", self._speech.task(role))], asking)
            if said.why == turns.TOO_LONG:
                return Rejected(said.why)
            if said.why:
                ended = said.why
                break
            so_far.append(Turn(role, said.text))
            if role == "patient" and len(so_far) > _ENDS_AFTER and self._speech.is_bye(said.text):
                ended = "patient"
                break
        # a question that nobody answers teaches nothing
        while so_far and ended not in {"plan", "patient"} and self._asks(so_far[-1]):
            so_far.pop()
        if len(so_far) < _FEWEST:
            return Rejected(ended if ended not in {"plan", "patient"} else TOO_SHORT)
        return self._made(so_far, seed, ended)

    def fill(self, number: int) -> Made | Rejected:
        """Return a dialogue of ready sentences."""
        rng = self._sources.rng(number)
        seed = rng.choice(self._seeds)
        said = [Turn(role, text) for role, text in self._speech.filled(seed, rng)]
        ended = "patient" if said[-1].role == "patient" else "plan"
        return self._made(said, seed, ended, [turn.text for turn in said[1:]])

    def told(self, line: Line) -> str:
        """Return what is said, without who says it."""
        return turns.told(line)

    def _asking(self, so_far: list[Turn], move: Move, asker: Asker) -> turns.Asking:
        lang, role = self._lang, turns.OTHER[so_far[-1].role]
        how = How(max_tokens=_TOKENS)
        left = turns.room(asker, how, self._speech.task(role), self._speech.shown(), move.opener)
        blank = " " if lang == "en" else ""
        before = turns.transcript(turns.recent(so_far, left), lang)
        opener = f"{blank}{move.opener}" if move.opener else ""
        begin = f"{self._speech.shown()}\n\n{before}\n{turns.TAGS[lang][role]}{opener}"
        grammar = turns.one_line(
            lang, begun=bool(move.opener), question=move.kind == "ask", second=move.kind == "advise"
        )
        how = How(max_tokens=_TOKENS, begin=begin, grammar=grammar)
        return turns.Asking(how, role, tuple(so_far), _BOUNDS, move.opener)

    def _asks(self, turn: Turn) -> bool:
        return turn.role == "patient" or turn.text[-1:] in "?？"

    def _made(self, said: list[Turn], seed: Seed, ended: str, own: Sequence[str] = ()) -> Made:
        line: Line = {"turns": turns.turn_lines(said), "seed": "record" if seed.key else "shipped", "ended": ended}
        if seed.key:
            return Made(line, _PASSED, (seed.key,), tuple(own))
        # what code wrote is of nobody
        return Made(line | {"department": seed.department}, _PASSED, (), (seed.text, seed.department, *own))


class SelfChat:
    """The recipe."""

    name = "selfchat"
    version = 1
    about = "dialogues of patient and doctor that a model has with itself, from a question on"
    smallest = 100_000_000
    langs: tuple[Lang, ...] = ("en", "zh")
    needs: tuple[str, ...] = ()
    options: Mapping[str, str] = {"turns": f"turns of a dialogue at most, {_FEWEST} to 40 (default {_MOST})"}

    def bind(self, sources: Sources) -> Work:
        """Return the work.

        Raises:
            UsageError: an option is not known or no number, or no record holds a question.
        """
        if unknown := set(sources.options) - set(self.options):
            raise UsageError(f"selfchat has no option {min(unknown)}", hint="it takes: turns")
        return SelfChatWork(sources)


def _number(said: str) -> int:
    if not said.isdecimal() or not _FEWEST <= int(said) <= 40:
        raise UsageError(f"turns is a number from {_FEWEST} to 40", hint="--set turns=12")
    return int(said)


RECIPES: tuple[Any, ...] = (SelfChat(),)
