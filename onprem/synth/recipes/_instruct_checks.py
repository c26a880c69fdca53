"""Whether a question and its answer hold to the sentence that is their evidence, and what a record does not say.

Rules: every number of question and answer stands in the evidence; the answer is borne out by it (`onprem.assist.ground`) and
is not in the question already; the question has a word of it. Reasons are fixed words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from onprem.assist.ground import Note
from onprem.assist.ground_numbers import plain_number
from onprem.assist.ground_words import words
from onprem.synth.recipes._consult_facts import ASKING_HAN, groups_of
from onprem.synth.turns import length, sentences
from onprem.text import HAN, view

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_ASKS = re.compile(r"[?？]$")
_QUESTION = (3, 40)  # words; Han characters
_EVIDENCE = (5, 45)
_ANSWER = (1, 50)

NO_QUESTION, OFF = "no question", "question beside the evidence"
NUMBER, UNSUPPORTED, GIVEN = "number not in the evidence", "answer not borne out", "answer in the question"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a record: code points of its text."""

    start: int
    end: int
    text: str = field(repr=False)


def evidence_of(text: str) -> Iterator[Evidence]:
    """Yield the sentences of a record that a question may be about: whole, neither short nor long, no heading."""
    at = 0
    for line in text.splitlines(keepends=True):
        inside = at
        for sentence in sentences(line):
            start = text.index(sentence, inside)
            inside = start + len(sentence)
            if (
                _EVIDENCE[0] <= length(sentence) <= _EVIDENCE[1]
                and len(groups_of(sentence)) >= 2
                and sentence[-1] in ".。!！;；"
            ):
                yield Evidence(start, inside, sentence)
        at += len(line)


def numbers(text: str) -> set[str]:
    """Return the numbers of a text in one form, also the small ones that are written as words."""
    shown = view(text).text
    found = {plain_number(each) for each in _NUMBER.findall(shown)}
    return found | {words().numbers[each] for each in re.findall(r"[a-z]+", shown.lower()) if each in words().numbers}


def is_question(text: str) -> bool:
    """Say whether a text is one question on one line, neither short nor long."""
    return bool(_ASKS.search(text)) and _QUESTION[0] <= length(text) <= _QUESTION[1] and "\n" not in text


def reason(question: str, answer: str, evidence: str) -> str:
    """Return why question and answer do not hold to the evidence, "" if they do."""
    if not is_question(question):
        return NO_QUESTION
    asked, told = stems(question), stems(answer)
    if not asked & stems(evidence):
        return OFF
    if not (numbers(question) | numbers(answer)) <= numbers(evidence):
        return NUMBER
    is_answer = _ANSWER[0] <= length(answer) <= _ANSWER[1] and not _ASKS.search(answer)
    if not is_answer or not Note(evidence).check(answer).supported:
        return UNSUPPORTED
    if told <= asked and numbers(answer) <= numbers(question):
        return GIVEN
    return ""


def stems(text: str) -> set[str]:
    """Return what a sentence is about: its words that are not everyday, without endings; pairs of Han characters."""
    if HAN.search(text):
        runs = re.findall(rf"(?:{HAN.pattern})+", ASKING_HAN.sub(" ", text))
        return {run[at : at + 2] for run in runs for at in range(max(1, len(run) - 1))}
    return {word for group in groups_of(text) for word in group}


def says(topic: list[str], text: str) -> bool:
    """Say whether a text has a word of a topic (beginnings of words count): then it may answer a question about it."""
    return any(_begins(word).search(text) for word in topic[-1].split("|"))


def _begins(word: str) -> re.Pattern[str]:
    return re.compile(re.escape(word) if HAN.search(word) else rf"(?<![a-z]){re.escape(word)}", re.IGNORECASE)


def subject(evidence: str) -> str:
    """Return a few words of a sentence that say what it is about, for a question without a model."""
    if HAN.search(evidence):
        runs = [run for run in re.findall(rf"(?:{HAN.pattern})+", evidence) if len(run) > 1]
        return max(runs, key=len)[:8] if runs else evidence[:8]
    plain = re.findall(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*", evidence)
    everyday = words().everyday | words().markers
    runs_en: list[list[str]] = [[]]
    for word in plain:
        if word.lower() in everyday or len(word) <= 2:
            runs_en.append([])
        else:
            runs_en[-1].append(word)
    longest = max(runs_en, key=len)
    return " ".join(longest[:4]).lower() or evidence


def topic_words(topic: list[str]) -> set[str]:
    """Return what a question about a topic speaks of."""
    said: Any = topic[:2]
    return set().union(*(stems(each) for each in said))
