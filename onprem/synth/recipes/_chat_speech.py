"""What `selfchat` says to a model and without one, and the questions from which its dialogues start."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from onprem.synth.contract import Lang, Source
from onprem.synth.turns import TAGS, Speaker, length, sentences

_MOST_WORDS = 60  # of a question that is taken from a record
_LEAST_WORDS = 4
_QUESTION = re.compile(r"[?？][\"'”’」』)）]*$")


@dataclass(frozen=True, slots=True)
class Move:
    """What a turn is for, and how it begins: "" for freely."""

    kind: str  # ask, answer, advise, react
    opener: str


@dataclass(frozen=True, slots=True)
class Department:
    """A department: questions with which patients come; for dialogues without a model: questions with answers, advice."""

    name: str
    seeds: tuple[str, ...]
    asks: tuple[tuple[str, ...], ...]
    advice: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seed:
    """What a patient comes with. `key` is the keyed id of the record from which it is, where it is from one."""

    text: str = field(repr=False)
    department: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Speech:
    """What `_chat_speech.toml` and `_chat_seeds.toml` hold for one language."""

    lang: Lang
    said: dict[str, Any] = field(repr=False)
    departments: dict[str, Department] = field(repr=False)

    def task(self, role: Speaker) -> str:
        """Return what the model is told before it writes a role's turn."""
        return f"{self.said['task']}\n{self.said['scene'][role]}"

    def shown(self) -> str:
        """Return the talks that a model is shown, which are the same in every request, so that they are computed once."""
        return "\n\n".join(talk.strip() for talk in self.said["talks"])

    def plan(self, rng: random.Random, most: int) -> list[Move]:
        """Return the moves that follow the seed, the doctor's first: questions with answers, then advice with reactions."""
        asks = rng.sample(self.said["asks"], rng.randint(1, 3))
        moves = []
        for opener, *answers in asks:
            moves += [Move("ask", opener), Move("answer", rng.choice(answers))]
        for _ in range(rng.randint(1, 2)):
            moves += [Move("advise", rng.choice(self.said["advise"])), Move("react", rng.choice(self.said["react"]))]
        return moves[: most - 1]

    def is_bye(self, text: str) -> bool:
        """Say whether a patient's turn ends the dialogue: short, with thanks or a farewell, and no question."""
        lowered = text.lower()
        return length(text) <= 12 and not _QUESTION.search(text) and any(word in lowered for word in self.said["bye"])

    def filled(self, seed: Seed, rng: random.Random) -> list[tuple[Speaker, str]]:
        """Return the turns of a dialogue without a model."""
        said: list[tuple[Speaker, str]] = [("patient", seed.text)]
        home = self.departments.get(seed.department)
        pool = [tuple(pair) for pair in self.said["common"]] + list(home.asks if home else ())
        for question, *answers in rng.sample(pool, rng.randint(2, 4)):
            said += [("doctor", question), ("patient", rng.choice(answers))]
        own = home.advice if home else ()
        advice = rng.choice(own or [text for every in self.departments.values() for text in every.advice])
        said += [("doctor", advice), ("patient", rng.choice(self.said["close"]))]
        return said[:-1] if rng.random() < 0.3 else said


@cache
def speech(lang: Lang) -> Speech:
    """Read the tables of a language, once."""
    folder = files("onprem.synth.recipes")
    said = tomllib.loads(folder.joinpath("_chat_speech.toml").read_text(encoding="utf-8"))[lang]
    seeds = tomllib.loads(folder.joinpath("_chat_seeds.toml").read_text(encoding="utf-8"))[lang]
    departments = {
        name: Department(name, tuple(one["seeds"]), tuple(map(tuple, one["asks"])), tuple(one["advice"]))
        for name, one in seeds.items()
    }
    return Speech(lang, said, departments)


def shipped(lang: Lang) -> list[Seed]:
    """Return the questions that come with the program."""
    return [Seed(text, one.name) for one in speech(lang).departments.values() for text in one.seeds]


def of_records(records: Sequence[Source]) -> list[Seed]:
    """Return the question of each record that holds one: the whole if it is short, else the question's sentence."""
    found = []
    for record in records:
        text = " ".join(record.text.split())
        asked = [each for each in sentences(text) if _QUESTION.search(each) and length(each) >= _LEAST_WORDS]
        if not asked or any(tag.rstrip(":：") in asked[0] for tag in TAGS["zh"].values()):
            continue
        said = text if length(text) <= _MOST_WORDS else asked[0]
        if length(said) <= _MOST_WORDS:
            found.append(Seed(said, key=record.key))
    return found
