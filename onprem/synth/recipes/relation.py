"""Recipe `relation`: a drug, a disease and what relates them go in, a sentence that says so comes out.

Code draws the two names, the label (`causes`, `treats`, or "" for none) and a cue, begins the sentence, and finds the names
in what was written; the model goes on with it. The three labels take turns. Negative cues: no association, a mere question,
another subject, both only mentioned.

Rules: labels and offsets are never the model's. A sentence that turns its cue round by a word that code knows is rejected;
others stay as noise of the labels, which docs/synthetic-data.md tells.

Source: R. Tang et al., Does synthetic data generation of LLMs help clinical text mining?, arXiv 2303.04360 (2023).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from onprem.errors import UsageError
from onprem.labelled import Mention, mention_line
from onprem.llm.contract import Ended
from onprem.llm.templates import Message
from onprem.synth.contract import Asker, How, Lang, Line, Made, Rejected, Sources, Steps, Term, Work
from onprem.synth.recipes._relation_checks import PASSED, Said, first_sentence, judge, place
from onprem.synth.recipes._relation_words import NAMES, Cue, Shown, words

LABELS = ("causes", "treats", "none")
NONE = "none"  # how "" is written on the command line
_TRIES = 4  # sentences for one condition, so that labels that are harder to write do not become rare
_TOKENS = {"en": 60, "zh": 80}
_TEMPERATURE = 0.9
_SHOWN = 3
_ALIKE = 24  # attempts one after another with the same cues and examples, which a model then reads once
_LOOSE = 0.4  # share of openings that leave the cue to the model, where a cue has such


@dataclass(frozen=True, slots=True)
class Condition:
    """What a sentence is to say."""

    head: Term
    tail: Term
    other: Term  # another of the head's kind, which a sentence may name too
    also: Term  # another of the tail's kind
    cue: Cue = field(repr=False)

    @property
    def names(self) -> dict[str, str]:
        """The names by their slots."""
        return {name: getattr(self, name).text for name in NAMES}


class _Bound:
    """The recipe with its sources."""

    def __init__(self, sources: Sources, labels: Sequence[str], heads: Sequence[Term], tails: Sequence[Term]) -> None:
        self._sources = sources
        self._lang: Lang = sources.lang
        self._words = words(sources.lang)
        self._heads, self._tails = heads, tails
        self._cues = {label: [cue for cue in self._words.cues if cue.label == label] for label in labels}

    def write(self, number: int, asker: Asker) -> Steps:
        """Ask for one sentence, again up to four times while code can tell that it is not what was asked for."""
        condition = self._condition(number)
        chance = self._sources.rng(number, "opening")
        shown = self._shown(number, condition.cue)
        why = Rejected("no sentence")
        for _ in range(_TRIES):
            begin, tight = self._opening(condition, chance)
            how = How(_TOKENS[self._lang], _TEMPERATURE, begin=begin)
            (answer,) = yield [asker.ask(self._messages(condition, shown), how)]
            if answer.ended is Ended.TOO_LONG:
                return Rejected("prompt too long")
            text = first_sentence(begin + answer.text)
            said = Said(text, len(begin), tight, tuple(condition.names.values()))
            judged = judge(said, condition.cue.label, self._words, self._lang, [each.text for each in shown])
            if judged is None:
                return self._made(number, condition, said.text, PASSED)
            why = judged
        return why

    def fill(self, number: int) -> Made | Rejected:
        """Return a sentence from a template."""
        condition = self._condition(number)
        chance = self._sources.rng(number, "template")
        text = self._words.filled(chance.choice(condition.cue.templates), condition.names, chance)
        if any(len(place(text, term.text, self._lang)) != 1 for term in (condition.head, condition.tail)):
            return Rejected("name repeated")
        return self._made(number, condition, text, ("both names once",))

    def told(self, line: Line) -> str:
        """Return the sentence."""
        return str(line["text"])

    def _condition(self, number: int) -> Condition:
        labels = list(self._cues)
        self._sources.rng(number // len(labels), "labels").shuffle(labels)
        label = labels[number % len(labels)]
        cues = list(self._cues[label])
        turn, place = divmod(number // _ALIKE, len(cues))
        self._sources.rng(turn, f"cues of {label}").shuffle(cues)
        chance = self._sources.rng(number, "condition")
        while True:  # ends: `bind` saw that there are such names
            drawn = (*chance.sample(self._heads, 2), *chance.sample(self._tails, 2))
            if _apart(drawn):
                head, other, tail, also = drawn
                return Condition(head, tail, other, also, cues[place])

    def _shown(self, number: int, cue: Cue) -> list[Shown]:
        chance = self._sources.rng(number // _ALIKE, f"shown for {cue.kind}")
        return chance.sample(cue.examples, min(_SHOWN, len(cue.examples)))

    def _opening(self, condition: Condition, chance: random.Random) -> tuple[str, bool]:
        """Return the beginning of a sentence, and whether it holds the cue."""
        tight = not condition.cue.loose or chance.random() >= _LOOSE
        form = chance.choice(condition.cue.tight if tight else condition.cue.loose)
        return self._words.filled(form, condition.names, chance), tight

    def _messages(self, condition: Condition, shown: Sequence[Shown]) -> list[Message]:
        def asked(head: str, tail: str) -> Message:
            form = self._words.ask.replace("{says}", condition.cue.says)
            return Message("user", form.replace("{head}", head).replace("{tail}", tail))

        said = [Message("system", self._words.system)]
        for each in shown:
            said += [asked(each.head, each.tail), Message("assistant", each.text)]
        return [*said, asked(condition.head.text, condition.tail.text)]

    def _made(self, number: int, condition: Condition, text: str, passed: tuple[str, ...]) -> Made:
        line = self._line(number, condition, text)
        # names of diseases and drugs may look like a person's, and the row's own id like a record number
        return Made(line, passed, invented=(*condition.names.values(), line["id"]))

    def _line(self, number: int, condition: Condition, text: str) -> Line:
        def mention(term: Term) -> Line:
            ((start, end),) = place(text, term.text, self._lang)
            made: Line = mention_line(Mention(start, end, term.label))
            return made | ({"code": term.code} if term.code else {})

        return {
            "id": f"relation-{self._sources.seed}-{number}",
            "text": text,
            "head": mention(condition.head),
            "tail": mention(condition.tail),
            "label": condition.cue.label,
            "cue": condition.cue.kind,
        }


class Relation:
    """The recipe."""

    name: ClassVar[str] = "relation"
    version: ClassVar[int] = 1
    about: ClassVar[str] = "sentences in which a drug causes a disease, treats it, or neither"
    smallest: ClassVar[int] = 100_000_000
    langs: ClassVar[tuple[Lang, ...]] = ("en", "zh")
    needs: ClassVar[tuple[str, ...]] = ("vocabulary",)
    options: ClassVar[Mapping[str, str]] = {
        "head": "label of the vocabulary's names that cause or treat (drug)",
        "tail": "label of the vocabulary's names that are caused or treated (disease)",
        "labels": "which of causes,treats,none are made, at least two of them (all)",
    }

    def bind(self, sources: Sources) -> Work:
        """Return the work.

        Raises:
            UsageError: an option is not known, or the vocabulary has too few names of a kind.
        """
        if set(sources.options) - set(self.options):
            raise UsageError("the recipe relation has no such option", hint="its options: " + ", ".join(self.options))
        labels = tuple(part.strip() for part in sources.options.get("labels", ",".join(LABELS)).split(","))
        if set(labels) - set(LABELS) or len(set(labels)) != len(labels) or len(labels) < 2:
            raise UsageError("labels names what is no label, or fewer than two", hint="labels=causes,treats,none")
        heads = self._named(sources, "head", "drug")
        tails = self._named(sources, "tail", "disease")
        if not any(map(_apart, _drawn(heads, tails))):
            raise UsageError("the names of the vocabulary hold each other", hint="give other names")
        return _Bound(sources, ["" if label == NONE else label for label in labels], heads, tails)

    def _named(self, sources: Sources, option: str, default: str) -> list[Term]:
        label = sources.options.get(option, default)
        found = [term for term in sources.vocabulary if term.label == label]
        if len(found) < 2:
            raise UsageError(
                f"the vocabulary has fewer than two names for the {option} of a relation",
                hint=f"give names with the label {default}, or --set {option}=LABEL",
            )
        return found


def _drawn(heads: Sequence[Term], tails: Sequence[Term]) -> Iterator[tuple[Term, ...]]:
    """Yield a thousand draws of two heads and two tails, by which it is seen whether names hold each other."""
    chance = random.Random(0)  # noqa: S311 - guards nothing
    for _ in range(1000):
        yield (*chance.sample(heads, 2), *chance.sample(tails, 2))


def _apart(terms: Sequence[Term]) -> bool:
    """Say whether no name stands in another."""
    names = [term.text.casefold() for term in terms]
    return not any(one in other for place, one in enumerate(names) for other in names[:place] + names[place + 1 :])


RECIPES = (Relation(),)
