"""Questions with answers and evidence from records, and questions that a record does not answer.

1. Code draws a record and a sentence of it, the evidence, so that it is an exact part of the source.
2. The model, bound to a JSON schema, writes a question to the sentence and the answer.
3. Code holds both against the evidence (`_instruct_checks`).
4. For one row in five code draws a topic of which the whole record has no word; the model writes only the question, and the
   answer, which says that there is none, is code's.

Rules: a row quotes its record, so it is as confidential as the record is. No question is near to an earlier one: that is
what the runner compares.

Source: Y. Wang et al., Self-Instruct, ACL (2023), and P. Rajpurkar et al., Know what you don't know, ACL (2018), for the
ideas.
"""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from onprem.errors import UsageError
from onprem.llm.contract import Answer, Ended
from onprem.llm.templates import Message
from onprem.synth import turns
from onprem.synth.contract import Asker, How, Lang, Line, Made, Rejected, Source, Sources, Steps, Work
from onprem.synth.recipes import _instruct_checks as checks
from onprem.synth.recipes._instruct_checks import Evidence

_TOKENS = 120
_UNANSWERABLE = 0.2  # share of the rows
_PASSAGE = 2_000  # characters of a record that a row quotes at most
_STRING = {"type": "string", "minLength": 1, "maxLength": 200}
NO_JSON, ANSWERED, NO_TOPIC = "no JSON", "topic is in the record", "question beside the topic"


class InstructWork:
    """The recipe, bound."""

    def __init__(self, sources: Sources, unanswerable: float, *, passage: bool) -> None:
        self._sources = sources
        self._said = _speech(sources.lang)
        self._share = unanswerable
        self._passage = passage
        found = [(record, list(checks.evidence_of(record.text))) for record in sources.records]
        self._records = [(record, evidence) for record, evidence in found if evidence]
        if not self._records:
            raise UsageError("no record has a whole sentence", hint="give records of running text")
        blank = " " if sources.lang == "en" else ""
        self._blank = blank
        self._shown = "\n\n".join(
            f"{self._said['sentence']}{blank}{sentence}\n{_json(question=question, answer=answer)}"
            for sentence, question, answer in self._said["shown"]
        )
        self._about = "\n\n".join(
            f"{self._said['topic']}{blank}{topic}\n{_json(question=question)}"
            for topic, question in self._said["about"]
        )

    def write(self, number: int, asker: Asker) -> Steps:
        """Return a question and its answer, written by a model."""
        rng = self._sources.rng(number)
        record, evidence = self._drawn(rng)
        if rng.random() < self._share:
            topic = self._topic(rng, record)
            if topic is None:
                return Rejected(ANSWERED)
            asked = f"{self._about}\n\n{self._said['topic']}{self._blank}{topic[0]}\n"
            how = _how(asked, "question")
            (answer,) = yield [asker.ask([Message("user", self._said["task_topic"])], how)]
            return self._read_unanswerable(answer, topic, record, rng)
        asked = f"{self._shown}\n\n{self._said['sentence']}{self._blank}{evidence.text}\n"
        how = _how(asked, "question", "answer")
        (answer,) = yield [asker.ask([Message("user", self._said["task"])], how)]
        return self._read(answer, record, evidence)

    def fill(self, number: int) -> Made | Rejected:
        """Return a question of a frame, with the sentence itself for an answer."""
        rng = self._sources.rng(number)
        record, evidence = self._drawn(rng)
        if rng.random() < self._share:
            topic = self._topic(rng, record)
            if topic is None:
                return Rejected(ANSWERED)
            question = rng.choice(self._said["forms"]).format(topic[1])
            return self._made(question, rng.choice(self._said["denied"]), record, None)
        lowered = evidence.text.lower()
        fitting = [ask for words, ask in self._said["frames"] if any(word in lowered for word in words.split("|"))]
        question = rng.choice(fitting).format(checks.subject(evidence.text))
        why = checks.reason(question, evidence.text, evidence.text)
        return Rejected(why) if why else self._made(question, evidence.text, record, evidence)

    def told(self, line: Line) -> str:
        """Return the question."""
        said: str = line["question"]
        return said

    def _drawn(self, rng: random.Random) -> tuple[Source, Evidence]:
        record, evidence = rng.choice(self._records)
        return record, rng.choice(evidence)

    def _topic(self, rng: random.Random, record: Source) -> list[str] | None:
        """Return a topic of which a record says nothing."""
        silent = [topic for topic in self._said["topics"] if not checks.says(topic, record.text)]
        return rng.choice(silent) if silent else None

    def _read(self, answer: Answer, record: Source, evidence: Evidence) -> Made | Rejected:
        said = _read_json(answer, "question", "answer")
        if isinstance(said, Rejected):
            return said
        question, told = said
        why = checks.reason(question, told, evidence.text)
        return Rejected(why) if why else self._made(question, told, record, evidence)

    def _read_unanswerable(
        self, answer: Answer, topic: list[str], record: Source, rng: random.Random
    ) -> Made | Rejected:
        said = _read_json(answer, "question")
        if isinstance(said, Rejected):
            return said
        (question,) = said
        if not checks.is_question(question):
            return Rejected(checks.NO_QUESTION)
        # about the topic, and about nothing that the record tells
        if not checks.says(topic, question) and not checks.stems(question) & checks.topic_words(topic):
            return Rejected(NO_TOPIC)
        return self._made(question, rng.choice(self._said["denied"]), record, None)

    def _made(self, question: str, answer: str, record: Source, evidence: Evidence | None) -> Made:
        line: Line = {"question": question, "answer": answer, "answerable": evidence is not None}
        begun, end = _around(record.text, evidence)
        if evidence is None:
            line |= {"evidence": ""}
        else:
            line |= {"evidence": evidence.text, "start": evidence.start - begun, "end": evidence.end - begun}
        if self._passage:
            line["passage"] = record.text[begun:end]
        passed = ("evidence in the record", "answer borne out") if evidence else ("topic not in the record",)
        return Made(line, passed, (record.key,))


def _how(begin: str, *names: str) -> How:
    schema = {"type": "object", "properties": dict.fromkeys(names, _STRING), "required": list(names)}
    said = json.dumps(schema | {"additionalProperties": False})
    return How(max_tokens=_TOKENS, temperature=0.7, begin=begin, schema=said)


def _json(**values: str) -> str:
    return json.dumps(values, ensure_ascii=False)


def _read_json(answer: Answer, *names: str) -> list[str] | Rejected:
    """Return the values of an answer, on one line each."""
    if answer.ended is Ended.TOO_LONG:
        return Rejected(turns.TOO_LONG)
    try:
        said = json.loads(answer.text)
    except ValueError:
        return Rejected(NO_JSON)
    if not isinstance(said, dict) or not all(isinstance(said.get(name), str) for name in names):
        return Rejected(NO_JSON)
    return [
        " ".join(said[name].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").split())
        for name in names
    ]


def _around(text: str, evidence: Evidence | None) -> tuple[int, int]:
    """Return the part of a record that a row quotes: all of it, or whole sentences around the evidence."""
    if len(text) <= _PASSAGE:
        return 0, len(text)
    at, end = (evidence.start, evidence.end) if evidence else (0, 1)
    spans = [(one.start, one.end) for one in checks.evidence_of(text)]
    half = (_PASSAGE - (end - at)) // 2
    begun = min([start for start, _ in spans if start >= at - half] + [at])
    ends = max([stop for _, stop in spans if stop <= end + half] + [end])
    return begun, ends


@cache
def _speech(lang: Lang) -> dict[str, Any]:
    text = files("onprem.synth.recipes").joinpath("_instruct_topics.toml").read_text(encoding="utf-8")
    found: dict[str, Any] = tomllib.loads(text)[lang]
    return found


class Instruct:
    """The recipe."""

    name = "instruct"
    version = 1
    about = "questions, answers and evidence from records, and questions that a record does not answer"
    smallest = 100_000_000
    langs: tuple[Lang, ...] = ("en", "zh")
    needs: tuple[str, ...] = ("records",)
    options: Mapping[str, str] = {
        "unanswerable": f"share of questions that the record does not answer, 0 to 1 (default {_UNANSWERABLE})",
        "passage": "yes or no: whether a row quotes the record around its evidence (default yes)",
    }

    def bind(self, sources: Sources) -> Work:
        """Return the work.

        Raises:
            UsageError: an option is not known or cannot be, or no record has a whole sentence.
        """
        if unknown := set(sources.options) - set(self.options):
            raise UsageError(f"instruct has no option {min(unknown)}", hint="it takes: passage, unanswerable")
        passage = sources.options.get("passage", "yes")
        if passage not in {"yes", "no"}:
            raise UsageError("passage is yes or no", hint="--set passage=no")
        return InstructWork(
            sources, _share(sources.options.get("unanswerable", str(_UNANSWERABLE))), passage=passage == "yes"
        )


def _share(said: str) -> float:
    try:
        share = float(said)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise UsageError("unanswerable is a share from 0 to 1", hint="--set unanswerable=0.2")
    return share


RECIPES: tuple[Any, ...] = (Instruct(),)
