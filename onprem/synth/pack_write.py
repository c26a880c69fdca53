"""Has a model say the planned turns in its own words, all turns of a dialogue at once, and checks every one.

1. The doctor's questions are asked for (where the recipe is told to), then the patient's answers to what the doctor says.
2. What fails a check is asked for once more. An answer that burdens is then kept as its phrase, and the model goes on from
   it by a sentence; anything else is asked for again. What fails twice stays as the phrase of the plan, and is counted.

Rules: topic, act, item and value of each turn are in the plan before a model is asked, and stay; a model sees the phrase
that it says anew, other phrases of the same value as examples, and the doctor's words; never the portrait or a score.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field

from onprem.llm.contract import Answer, Ended, Request
from onprem.llm.templates import Message
from onprem.synth.contract import Asker, How, Lang, Line
from onprem.synth.pack import Pack
from onprem.synth.pack_checks import Checked, Checks
from onprem.synth.pack_walk import Plan, Step
from onprem.synth.turns import Bounds, Turn, clean, repeats
from onprem.text import HAN

TRIES = 2
MODEL, PHRASE_AND_MODEL = "model", "phrase+model"
REPETITION, NOTHING = "repetition", "nothing said"
_ANSWERS = frozenset({"answer", "understate", "relent", "correct"})
_QUESTIONS = frozenset({"open", "closed"})
_WORDS = re.compile(rf"{HAN.pattern}|[^\W_]+")
_EXAMPLES = 2
_TEMPERATURE = 0.4  # above, a small model says something else
_TOKENS = 40
_BOUNDS = {"en": Bounds(sentences=2, least=3, most=32), "zh": Bounds(sentences=2, least=3, most=48)}
# one line, without what marks a list, a tag or a quotation
_GRAMMAR = {
    "en": r"""root ::= [A-Z] [a-zA-Z ,'’-]{6,180} [.?!]""",
    "zh": r"""root ::= [^\n\x20-\x7e“”：「」【】]{3,60} [。？！]""",
}
# goes on behind "It feels like"
_GRAMMAR_MORE = {
    "en": r"""root ::= " " [a-zA-Z ,'’-]{8,90} "." """,
    "zh": r"""root ::= [^\n\x20-\x7e“”：「」【】。？！]{3,40} "。" """,
}
_SYSTEM_MORE = {
    "en": "You are a patient who tells a doctor how the days are, in plain, short sentences about yourself.",
    "zh": "你是一位病人，在跟医生说平时的情况，只说自己，句子简短。",
}
_SYSTEM = {
    "patient": {
        "en": "You are a patient and answer your doctor. Say the sentence again in other words, as people talk. "
        "Keep how often it happens, keep what it is about, and add nothing. One short sentence.",
        "zh": "你是一位病人，正在回答医生。请把这句话换一种说法，用口语，意思和频率都不变，不要添加别的内容。只说一句短话。",
    },
    "doctor": {
        "en": "You are a doctor and talk with a patient. Ask the question again in other words, kindly and simply. "
        "Ask nothing else. One short question.",
        "zh": "你是一位医生，正在和病人谈话。请把这个问题换一种问法，温和、简单，不要问别的。只问一句。",
    },
}
_HEARD = {"en": "Doctor: {question}\n", "zh": "医生：{question}\n"}
_ASKED = {"en": "Say again: {phrase}", "zh": "换一种说法：{phrase}"}


@dataclass(slots=True)
class Written:
    """The turns of a dialogue as they are said. `why` counts what was refused, by reason."""

    texts: list[str] = field(repr=False)
    by: dict[int, str] = field(default_factory=dict)  # places of turns: MODEL, or PHRASE_AND_MODEL
    fallback: int = 0
    why: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question to the model for a turn. `kept` and `begun` stand before the answer where the model only goes on."""

    place: int
    request: Request
    kept: str = field(default="", repr=False)
    begun: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Share:
    """What a model is asked for: `doctor`, whether also for questions; `most` turns of each of the two (0: all)."""

    doctor: bool = False
    most: int = 0


class Writer:
    """Asks a model for the turns of plans of one pack."""

    def __init__(self, pack: Pack, lang: Lang, share: Share) -> None:
        self.pack = pack
        self.speech = pack.speech[lang]
        self.lang: Lang = lang
        self.share = share
        self.checks = Checks(lang, self.speech)

    def write(
        self, plan: Plan, asker: Asker, rng: random.Random
    ) -> Generator[Sequence[Request], Sequence[Answer], Written]:
        """Ask for the turns of a plan; use it with `yield from` in `Work.write`.

        Raises:
            UsageError: as `Asker.ask`.
        """
        return (yield from _Writing(self, plan, asker, rng).write())


class _Writing:
    """One dialogue as it is written."""

    def __init__(self, writer: Writer, plan: Plan, asker: Asker, rng: random.Random) -> None:
        self._its = writer
        self._steps = plan.steps
        self._asker = asker
        self._rng = rng
        self._written = Written([step.text for step in plan.steps])

    def write(self) -> Generator[Sequence[Request], Sequence[Answer], Written]:
        """Ask for the doctor's turns, then for the patient's."""
        for role, acts in (("doctor", _QUESTIONS), ("patient", _ANSWERS)):
            if role == "patient" or self._its.share.doctor:
                yield from self._round(self._places(role, acts))
        return self._written

    def _places(self, role: str, acts: frozenset[str]) -> list[int]:
        """Return the places of the turns that are asked for."""
        found = [
            place
            for place, step in enumerate(self._steps)
            if step.role == role and step.item and step.act.rpartition("+")[2] in acts
        ]
        most = self._its.share.most
        return sorted(self._rng.sample(found, most)) if 0 < most < len(found) else found

    def _round(self, places: Sequence[int]) -> Generator[Sequence[Request], Sequence[Answer], None]:
        for again in range(TRIES):
            if not places:
                break
            asked = [self._ask(place, again=bool(again)) for place in places]
            answers = yield [each.request for each in asked]
            refused = []
            for each, answer in zip(asked, answers, strict=True):
                if why := self._take(each, answer):
                    self._written.why[why] += 1
                    refused.append(each.place)
            places = refused
        self._written.fallback += len(places)

    def _ask(self, place: int, *, again: bool) -> _Asked:
        step, lang = self._steps[place], self._its.lang
        question = self._written.texts[place - 1] if step.role == "patient" else ""
        if again and self._its.speech.acts.more and self._burdens(step):
            return self._ask_more(place, question)
        messages = [Message("system", _SYSTEM[step.role][lang])]
        for given, other in list(self._pairs(step))[:_EXAMPLES]:
            messages += [Message("user", _ASKED[lang].format(phrase=given)), Message("assistant", other)]
        heard = _HEARD[lang].format(question=question) if question else ""
        messages.append(Message("user", heard + _ASKED[lang].format(phrase=step.text)))
        return _Asked(place, self._asker.ask(messages, How(_TOKENS, temperature=_TEMPERATURE, grammar=_GRAMMAR[lang])))

    def _ask_more(self, place: int, question: str) -> _Asked:
        text, lang = self._steps[place].text, self._its.lang
        kept = f"{text} " if lang == "en" else text
        begun = self._rng.choice(self._its.speech.acts.more)
        messages = [Message("system", _SYSTEM_MORE[lang]), Message("user", question)]
        how = How(_TOKENS, temperature=_TEMPERATURE, begin=kept + begun, grammar=_GRAMMAR_MORE[lang])
        return _Asked(place, self._asker.ask(messages, how), kept, begun)

    def _burdens(self, step: Step) -> bool:
        """Say whether an answer is about something that counts on a scale; never of what a red flag rests on.

        Nothing is added to what a person says of dying, of a wound or of pain in the chest.
        """
        item = self._its.pack.items[step.item]
        is_scored = any(step.item in scale.items for scale in self._its.pack.scale)
        is_grave = step.item in self._its.pack.flagged
        return (
            bool(step.value)
            and is_scored
            and not is_grave
            and item.point(step.value) > min(map(item.point, item.values))
        )

    def _pairs(self, step: Step) -> Iterator[tuple[str, str]]:
        """Yield pairs of phrases that say the same, none of them the step's own."""
        said = self._its.speech.item[step.item]
        own = said.say[step.value] if step.value else (said.open if step.text in said.open else said.closed)
        others = [phrase for phrase in own if phrase != step.text]
        self._rng.shuffle(others)
        yield from zip(others[::2], others[1::2], strict=False)

    def _take(self, asked: _Asked, answer: Answer) -> str:
        """Take an answer as the turn; return why not, "" where it was taken."""
        step, bounds = self._steps[asked.place], _BOUNDS[self._its.lang]
        text = clean(asked.begun + answer.text, bounds) if answer.ended is Ended.STOP else ""
        if not text:
            return NOTHING
        if _stutters(text):
            return REPETITION
        wanted = Checked(step.item, step.value, step.text)
        if why := self._its.checks.addition(wanted, text) if asked.kept else self._its.checks.fault(wanted, text):
            return why
        written = self._written
        # what goes on from a phrase must not say it again; other words for it may
        so_far = [said for at, said in enumerate(written.texts) if asked.kept or at != asked.place]
        if repeats(text, [Turn(step.role, said) for said in so_far]):
            return REPETITION
        written.texts[asked.place] = asked.kept + text
        written.by[asked.place] = PHRASE_AND_MODEL if asked.kept else MODEL
        return ""


def _stutters(text: str) -> bool:
    """Say whether a turn says three words (Han: three characters) twice."""
    words = _WORDS.findall(text.lower())
    runs = [tuple(words[at : at + 3]) for at in range(len(words) - 2)]
    return len(set(runs)) < len(runs)


def turn_lines(plan: Plan, written: Written) -> list[Line]:
    """Return the turns as lines hold them: what was said, and what was planned."""
    lines: list[Line] = []
    for place, (step, text) in enumerate(zip(plan.steps, written.texts, strict=True)):
        line: Line = {"role": step.role, "text": _joined(step.lead, text), "topic": step.topic, "act": step.act}
        if step.item and step.role == "patient":
            line["reveals"] = {step.item: step.value} if step.value else {}
        if place in written.by:
            line["by"] = written.by[place]
        lines.append(line)
    return lines


def _joined(lead: str, text: str) -> str:
    return f"{lead}{' ' if lead and lead.isascii() else ''}{text}"
