"""What a model is asked for a note: a section with its facts at first; then what is missing, each fact alone and begun.

Rules: a prompt holds the facts of its section and no name, id or other section. Each fact is listed under the same name
every time. A model of a hundred million parameters copies one fact far more surely than five.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from onprem.llm.contract import Answer, Request
from onprem.llm.templates import Message
from onprem.synth.contract import Asker, How
from onprem.synth.recipes._note_facts import Fact
from onprem.synth.recipes._note_fill import measured
from onprem.synth.recipes._note_plan import Draft, Section

_TOKENS = 44  # a fact, at most
_BEGIN = 20
_TEMPERATURES = (0.6, 0.2, 0.7)  # the first answer, a repair that copies, one that tries another way


@cache
def _prompts(lang: str) -> Mapping[str, Any]:
    said = tomllib.loads(files("onprem.synth.recipes").joinpath("_note_prompts.toml").read_text(encoding="utf-8"))
    found: Mapping[str, Any] = said[lang]
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and what was put into the model's mouth."""

    request: Request
    begin: str = field(default="", repr=False)

    def text(self, answer: Answer) -> str:
        """Return what was said up to the first blank line: behind it, a model often goes on with another task."""
        return (self.begin + answer.text).strip().split("\n\n")[0]


class Prompts:
    """Makes the requests of one note."""

    def __init__(self, draft: Draft, chance: Random, asker: Asker) -> None:
        self._draft = draft
        self._asker = asker
        self._said = _prompts(draft.facts.lang)
        self._forms = [chance.choice(fact.forms) for fact in draft.facts.all]

    def section(self, section: Section) -> Asked:
        """Return what asks for a whole section."""
        task = self._said[section.name].format(event=self._said["event"][self._draft.event])
        shots = self._said["shots"][section.name]
        how = How(max_tokens=_BEGIN + _TOKENS * len(section.facts), temperature=_TEMPERATURES[0])
        return Asked(self._request(f"{task}\n{self._said['ask']}", shots, section.facts, how))

    def fact(self, fact: int, again: int) -> Asked:
        """Return what asks for one fact alone, for the first or the second time."""
        said = self._draft.facts.all[fact]
        name = self._forms[fact]
        words = self._said["begin"][said.kind][again - 1]
        begin: str = words.format(name=name, Name=name[:1].upper() + name[1:], value=self._value(said))
        how = How(max_tokens=_BEGIN + _TOKENS, temperature=_TEMPERATURES[again], begin=begin)
        return Asked(self._request(self._said["again"], self._said["one"][said.kind], (fact,), how), begin)

    def _request(self, words: str, shots: Sequence[Sequence[str]], facts: Sequence[int], how: How) -> Request:
        messages = [Message("system", self._said["system"])]
        for listed, answer in shots:
            messages += [Message("user", words.format(facts=listed)), Message("assistant", answer)]
        listed = "\n".join(f"- {self._listed(self._draft.facts.all[place], self._forms[place])}" for place in facts)
        messages.append(Message("user", words.format(facts=listed)))
        return self._asker.ask(messages, how)

    def _listed(self, fact: Fact, form: str) -> str:
        """Return a fact as a prompt lists it."""
        template = self._said[f"fact_{fact.kind}"]
        if isinstance(template, dict):
            template = template[self._draft.event if fact.kind == "start" else self._draft.facts.sex]
        told: str = template.format(name=form, value=self._value(fact), often=fact.often)
        return told

    def _value(self, fact: Fact) -> str:
        return fact.value if fact.kind == "age" else measured(fact, tight=self._draft.facts.lang == "zh")
