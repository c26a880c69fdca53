"""What a recipe is: numbered attempts, each a few questions to a model and a row or a reason why there is none.

The way of the data: `Recipe.bind(sources)` gives a `Work`; its attempt `number` is a function of the seed and the number
alone, so an attempt can be made again, in any process. `Work.write` asks a model and checks what it says; `Work.fill` makes
the row without one, from templates, as the fallback and as the control arm. The runner (`onprem.synth.run`) asks for many
attempts at a time, refuses near-duplicates and rows that hold identifiers, adds the provenance, and writes the line.

Rules: code decides, the model only writes: labels, offsets, facts, severities and speakers come from the condition that code
drew, never from an answer. What cannot be checked is rejected, with a reason that is a fixed word. No text of a record
stands in a reason.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from onprem.errors import ModelError
from onprem.labelled import Sentence
from onprem.llm.contract import LLM, Answer, Request, Sampling
from onprem.llm.shelf import Card
from onprem.llm.templates import Message, Piece, prompt

Lang = Literal["en", "zh"]
Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Term:
    """An entry of a vocabulary: its name, its label (`disease`, `drug`, `phenotype`, …) and its code where it has one."""

    text: str
    label: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A record from which a row may be made: its text, and the keyed id that stands in the row's provenance."""

    text: str = field(repr=False)
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What a run draws from. A recipe says in `needs` what it cannot do without; the rest may be empty."""

    lang: Lang = "en"
    seed: int = 0
    vocabulary: tuple[Term, ...] = ()
    examples: tuple[Sentence, ...] = field(default=(), repr=False)  # de-identified, labelled, shown to the model
    records: tuple[Source, ...] = field(default=(), repr=False)  # de-identified texts
    tables: Path | None = None  # folder of the linked tables of `onprem synth ehr`
    options: Mapping[str, str] = field(default_factory=dict)  # `--set NAME=VALUE`, of this recipe alone

    def rng(self, number: int, purpose: str = "") -> random.Random:
        """Return the source of chance of one attempt: the same for the same seed, number and purpose, everywhere."""
        said = hashlib.sha256(f"{self.seed}/{number}/{purpose}".encode()).digest()
        return random.Random(int.from_bytes(said[:16]))  # noqa: S311 - varies what is written; guards nothing


@dataclass(frozen=True, slots=True)
class Made:
    """A row: `line` is what is written, but for the provenance.

    `invented` are the names and numbers that code put into the row (a synthetic patient's): they are no identifiers of
    anybody, and the scan lets them stand. `used` are the keys of records that the model saw. `passed` are the names of the
    checks that the row passed.
    """

    line: Line = field(repr=False)
    passed: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    invented: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why an attempt gave no row: a fixed word or two, such as "entity missing"; never text of an answer."""

    reason: str


# An attempt as a conversation with the runner: it yields what is asked and is sent what was answered, until it returns.
# It may yield several requests at once (a sequence), and is then sent their answers in the same order.
Steps = Generator[Sequence[Request], Sequence[Answer], Made | Rejected]


@runtime_checkable
class Work(Protocol):
    """A recipe bound to its sources."""

    def write(self, number: int, asker: Asker) -> Steps:
        """Return attempt `number`, written by a model."""

    def fill(self, number: int) -> Made | Rejected:
        """Return attempt `number`, made from templates without a model."""

    def told(self, line: Line) -> str:
        """Return the text of a row by which near-duplicates are judged."""


@runtime_checkable
class Settles(Protocol):
    """A work that judges its rows once more when all are there, such as by the disagreement of taggers."""

    spare: float  # so many times `n` rows are made before they are judged, at least 1

    def settle(self, lines: Sequence[Line]) -> dict[int, str]:
        """Return the places of the rows that are dropped, each with its reason."""


class Recipe(Protocol):
    """A way to make rows."""

    @property
    def name(self) -> str:
        """The name by which `onprem synth` knows it."""

    @property
    def version(self) -> int:
        """Changes whenever the same seed gives other rows."""

    @property
    def about(self) -> str:
        """What it makes, in one line for `onprem synth --list`."""

    @property
    def smallest(self) -> int:
        """Parameters of the smallest model that writes it; with a smaller one templates do, which is said."""

    @property
    def langs(self) -> tuple[Lang, ...]:
        """Languages of its prompts and templates."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the fields of `Sources` that must not be empty."""

    @property
    def options(self) -> Mapping[str, str]:
        """Options that `--set` takes, each with what it means."""

    def bind(self, sources: Sources) -> Work:
        """Return the work.

        Raises:
            UsageError: an option is not known, or sources do not suffice (a vocabulary of one entry).
            InputError: a source cannot be read.
        """


@dataclass(frozen=True, slots=True)
class How:
    """How an answer is written. At most one of `schema` (JSON schema) and `grammar` (GBNF with a rule `root`) is given.

    `begin` is put into the model's mouth: the answer goes on from it, and does not hold it.
    """

    max_tokens: int
    temperature: float = 0.8
    begin: str = ""
    schema: str = field(default="", repr=False)
    grammar: str = field(default="", repr=False)


class Asker:
    """Makes requests for one attempt, in the form the model knows, with seeds of their own."""

    def __init__(self, llm: LLM, rng: random.Random) -> None:
        self._llm = llm
        self._rng = rng
        self.context = llm.context

    @property
    def is_base(self) -> bool:
        """Whether the model only goes on with a text, and knows no turns."""
        return self._llm.card.template == "plain"

    def ask(self, messages: Sequence[Message], how: How) -> Request:
        """Return a request, to be yielded by `Work.write`.

        Raises:
            UsageError: as `onprem.llm.templates.prompt`.
        """
        made = prompt(self._llm.card.template, messages)
        if how.begin:
            made = replace(made, pieces=(*made.pieces, Piece(how.begin)))
        sampling = Sampling(temperature=how.temperature, seed=self._rng.randrange(2**32 - 1))
        return Request(made, max_tokens=how.max_tokens, sampling=sampling, grammar=how.grammar, schema=how.schema)


def suits(recipe: Recipe, card: Card) -> bool:
    """Say whether a model is large enough for a recipe.

    Raises:
        ModelError: the card does not say how large it is.
    """
    if card.parameters <= 0:
        raise ModelError("the card of the model does not say how large it is", hint="onprem model verify")
    return card.parameters >= recipe.smallest
