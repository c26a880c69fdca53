"""The plan of a dialogue: topics and acts first, what the patient reveals in each turn, and a phrase for every turn.

1. `route` walks the graph of topics; those that are mandatory come in any case.
2. For each item of a topic the doctor asks, and the patient says its value; or says less than is true, or evades, and says
   it when asked once more. What a red flag rests on is always asked once more.
3. When a red flag is met the talk ends with the fixed sentence that hands it to a person; else with advice and a farewell.

Rules: every turn has a text of its own, so a dialogue is whole without a model; a model may only say a turn in other words
(`pack_write`), and what a turn reveals stays. No phrase comes twice in a dialogue while others are left.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from onprem.synth.contract import Lang
from onprem.synth.pack import Flag, Pack, Portrait, Topic
from onprem.synth.pack_speech import Speech

CLOSING = "closing"
_RECAP_AFTER = 3  # topics, before the doctor says what was understood
_RECAPPED = 3  # notes in it


@dataclass(frozen=True, slots=True)
class Step:
    """A planned turn. `lead` is said before `text` and never written by a model; `item` and `value` are what it reveals.

    `value` is "" where a turn reveals nothing; the doctor's questions name the item alone.
    """

    role: Literal["doctor", "patient"]
    topic: str
    act: str
    text: str = field(repr=False)
    lead: str = field(default="", repr=False)
    item: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A dialogue, planned: `revealed` is what the patient said of each item in the end."""

    steps: tuple[Step, ...] = field(repr=False)
    revealed: dict[str, str] = field(repr=False)
    flag: Flag | None
    topics: tuple[str, ...]


def route(pack: Pack, rng: random.Random) -> list[Topic]:
    """Return the topics of a talk in order: by the weights of the graph, all mandatory ones among them."""
    by_id = {topic.id: topic for topic in pack.topic}
    path = [by_id[pack.start]]
    most = rng.randint(*pack.topics)
    while True:
        due = [topic for topic in pack.topic if topic.mandatory and topic not in path]
        has_room = len(path) + len(due) < most

        def open_from(topics: Sequence[Topic], has_room: bool = has_room) -> dict[str, float]:
            weights: dict[str, float] = {}
            for name, weight in ((name, weight) for topic in topics for name, weight in topic.next.items()):
                topic = by_id[name]
                if topic not in path and topic.earliest <= len(path) and (has_room or topic.mandatory):
                    weights[name] = weights.get(name, 0.0) + weight
            return weights

        # on from here; else from any earlier topic; else to a mandatory one that nothing has led to
        weights = open_from(path[-1:]) or open_from(path)
        if weights:
            path.append(by_id[rng.choices(list(weights), list(weights.values()))[0]])
        elif due:
            path.append(due[0])
        else:
            return path


def plan(pack: Pack, lang: Lang, portrait: Portrait, rng: random.Random) -> Plan:
    """Return the plan of a dialogue with the patient of a portrait."""
    talk = _Talk(pack, pack.speech[lang], portrait, rng)
    topics = []
    for topic in route(pack, rng):
        topics.append(topic.id)
        for place, item in enumerate(topic.items):
            talk.ask(topic, item, first=not place)
            met = next((flag for flag in pack.flag if item in flag.when and flag.met(talk.revealed)), None)
            if met is not None:
                talk.hand_over(met, topic, lang)
                return Plan(tuple(talk.steps), talk.revealed, met, tuple(topics))
        talk.recap(topic, len(topics))
    talk.close()
    return Plan(tuple(talk.steps), talk.revealed, None, tuple(topics))


class _Talk:
    """A dialogue as it is planned, turn by turn."""

    def __init__(self, pack: Pack, speech: Speech, portrait: Portrait, rng: random.Random) -> None:
        self._pack = pack
        self._speech = speech
        self._portrait = portrait
        self._rng = rng
        self._used: set[str] = set()
        self._react = ""  # what the doctor says first, to the answer before
        self._reaction = ""  # the act of it
        self._has_recap = rng.random() < pack.chances.recap
        self.steps: list[Step] = []
        self.revealed: dict[str, str] = {}

    def ask(self, topic: Topic, item: str, *, first: bool) -> None:
        """Ask after an item, and once more where that is due."""
        said, chances = self._speech.item[item], self._pack.chances
        # only a closed question gets an answer of degree; the first question of all is an open one
        is_open = first and (not self.steps or self._chance(chances.open))
        act, text = ("open", self._pick(said.open)) if is_open else ("closed", self._pick(said.closed))
        if not self.steps:
            self._react, self._reaction = self._pick(self._speech.acts.greeting), "greeting"
        self._doctor(topic.id, act, text, item)
        own = self._pack.items[item]
        true = self._portrait[item]
        at = own.values.index(true)
        hides = at > 0 and self._chance(own.hides)
        if not hides:
            self._answer(topic, item, "answer", true)
            return
        if evades := self._chance(0.5):
            step = Step("patient", topic.id, "evade", self._pick(self._speech.acts.evade), item=item)
            self.steps.append(step)
        else:
            self._answer(topic, item, "understate", own.values[self._rng.randrange(at)])
        if item in self._pack.flagged or self._chance(chances.again):
            self._react, self._reaction = "", ""
            lead = self._pick(self._speech.acts.again)
            self._doctor(topic.id, "again", self._pick(said.closed), item, lead)
            self._answer(topic, item, "relent" if evades else "correct", true)
        elif evades:
            self._react, self._reaction = self._pick(self._speech.acts.acknowledge), "acknowledge"

    def _answer(self, topic: Topic, item: str, act: str, value: str) -> None:
        phrases = self._speech.item[item].say[value]
        if "open" in self.steps[-1].act:  # "No" is no answer to an open question
            phrases = tuple(each for each in phrases if not each.startswith(self._speech.replies)) or phrases
        text, lead = self._pick(phrases), ""
        if act in ("relent", "correct"):
            lead = self._pick(self._speech.acts.relent if act == "relent" else self._speech.acts.correct)
        elif value != self._pack.items[item].values[0] and self._chance(self._pack.chances.hesitate):
            lead = self._pick(self._speech.acts.hesitate)
        self.steps.append(Step("patient", topic.id, act, text, lead, item, value))
        self.revealed[item] = value
        self._respond(item, value)

    def _respond(self, item: str, value: str) -> None:
        """Choose what the doctor says to an answer: empathy with what burdens, else that it was heard, else nothing."""
        acts, chance = self._speech.acts, self._pack.chances.empathy
        self._react, self._reaction = "", ""
        own = self._pack.items[item]
        is_heavy = any(item in scale.items for scale in self._pack.scale) and 2 * own.point(value) > max(
            map(own.point, own.values)
        )
        if self._chance(chance):
            kind, phrases = ("empathy", acts.empathy) if is_heavy else ("acknowledge", acts.acknowledge)
            self._react, self._reaction = self._pick(phrases), kind

    def recap(self, topic: Topic, topics: int) -> None:
        """Say once in the middle what was understood so far."""
        if not self._has_recap or topics < _RECAP_AFTER or not self.revealed:
            return
        self._has_recap = False
        told = list(self.revealed)[-_RECAPPED:]
        notes = [self._speech.item[item].note[self.revealed[item]] for item in told]
        text = self._pick(self._speech.acts.recap).format(found=self._speech.join(notes))
        self._doctor(topic.id, "recap", text, "")
        self.steps.append(Step("patient", topic.id, "agree", self._pick(self._speech.acts.agree)))

    def hand_over(self, flag: Flag, topic: Topic, lang: Lang) -> None:
        """End the talk with the fixed sentence of a red flag."""
        self._react, self._reaction = "", ""
        self._doctor(topic.id, "handover", flag.say[lang], "")

    def close(self) -> None:
        """End the talk with advice, perhaps, and a farewell."""
        acts = self._speech.acts
        if self._chance(self._pack.chances.advice):
            self._doctor(CLOSING, "advice", self._pick(acts.advice), "")
            self.steps.append(Step("patient", CLOSING, "accept", self._pick(acts.accept)))
        self._doctor(CLOSING, "closing", self._pick(acts.closing), "")
        self.steps.append(Step("patient", CLOSING, "thanks", self._pick(acts.thanks)))

    def _doctor(self, topic: str, act: str, text: str, item: str, lead: str = "") -> None:
        if self._react:
            act, lead = f"{self._reaction}+{act}", self._react
        self._react, self._reaction = "", ""
        self.steps.append(Step("doctor", topic, act, text, lead, item))

    def _chance(self, share: float) -> bool:
        return self._rng.random() < share

    def _pick(self, phrases: Sequence[str]) -> str:
        """Return a phrase that was not said yet, if there is one."""
        chosen = self._rng.choice([phrase for phrase in phrases if phrase not in self._used] or list(phrases))
        self._used.add(chosen)
        return chosen
