"""Sentences with entities of a vocabulary, labelled, from which an entity tagger is trained.

1. A condition is drawn: a name of the vocabulary or none (three rows in ten), a context (history, complaint, negation,
   family, plan, finding; in papers genetics, cause, patients, treatment, study, symptoms), how the sentence begins, and the
   form in which the name will stand: as it is, with or as its abbreviation, before a noun, beside another name.
2. The model is shown three to five examples, the house's own where there are some, and writes a sentence.
3. What is no sentence, echoes what was shown, or lacks the name as whole words (plural and case may differ) is rejected;
   so is a sentence in which a word looks like an entity and is none of the vocabulary.
4. The form is put in by code, and every name of the vocabulary in the sentence is labelled, by offset. Letters that look
   like an abbreviation and are none stand in many sentences, so that a tagger learns more than capitals.
5. When all are there, rows on which taggers trained on the others disagree are dropped, and rows above a name's cap.

Sources: R. Tang et al., Does synthetic data generation of LLMs help clinical text mining? (2023), for the idea;
A. Schwartz, M. Hearst (2003) for abbreviations in brackets behind what they stand for.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from onprem.errors import UsageError
from onprem.evaluate.dictionary_tagger import Dictionary
from onprem.labelled import Mention, Sentence, mention_line, mention_of
from onprem.llm.contract import Ended
from onprem.llm.templates import Message
from onprem.synth.contract import Asker, How, Lang, Line, Made, Rejected, Sources, Steps, Term
from onprem.synth.recipes._ner_checks import PASSED, Checks, sentences
from onprem.synth.recipes._ner_forms import PLAIN, Form, bracketed, placed, symbol
from onprem.synth.recipes._ner_words import STYLES, words
from onprem.synth.vocabulary import enough

_NONE = 0.3  # share of rows without an entity
_NONE_ASKED = 0.21  # share of attempts of a model: it succeeds more often where no name is asked for
_OWN = 0.25  # share of answers that begin as the model likes, where an opener could be given
_SHOWN = 4  # examples of a prompt
_SAME = 64  # attempts that are shown the same examples, so that the model reads them once
_TOKENS = 64
_SPARE = 1.25
_CAP = 0.03  # share of the rows in which the same name may stand, at least `_CAP_LEAST` rows
_CAP_LEAST = 5
_YEARS = (1998, 2024)


class Ner:
    """The recipe."""

    name = "ner"
    version = 1
    about = "sentences with entities of a vocabulary, labelled, to train an entity tagger"
    smallest = 100_000_000
    langs: tuple[Lang, ...] = ("en", "zh")
    needs = ("vocabulary",)
    options: Mapping[str, str] = {"style": "note (the default), abstract, or mixed"}

    def bind(self, sources: Sources) -> NerWork:
        """Return the work.

        Raises:
            UsageError: the vocabulary has too few names, or an option is not known.
        """
        style = sources.options.get("style", STYLES[0])
        if set(sources.options) - set(self.options) or style not in {*STYLES, "mixed"}:
            raise UsageError("the recipe ner takes --set style=note, abstract or mixed")
        enough(sources.vocabulary)
        return NerWork(sources, STYLES if style == "mixed" else (style,))


class NerWork:
    """The recipe bound to its sources."""

    spare = _SPARE

    def __init__(self, sources: Sources, styles: Sequence[str]) -> None:
        self._sources = sources
        self._styles = styles
        self._words = words(sources.lang)
        self._terms = _ordered(sources)
        self._heads: defaultdict[str, list[Term]] = defaultdict(list)
        for term in self._terms:
            if _head(term):
                self._heads[_head(term)].append(term)
        named = [(term.text, term.label) for term in sources.vocabulary]
        named += [
            (example.text[mention.start : mention.end], mention.label)
            for example in sources.examples
            for mention in example.mentions
        ]
        self._dictionary = Dictionary(named)
        self._labels = sorted({label for _, label in named})
        known = {label.lower() for label in self._labels}
        cues = [cue for label, cue in self._words.cues.items() if label in known]
        self._checks = Checks(sources.lang, cues, [example.text for example in sources.examples])

    def write(self, number: int, asker: Asker) -> Steps:
        """Return attempt `number`, written by a model."""
        condition = self._condition(number, _NONE_ASKED)
        opener = condition.begun()
        how = How(_TOKENS, temperature=condition.temperature, begin=opener)
        (answer,) = yield [asker.ask(self._asked(number, condition), how)]
        if answer.ended is Ended.TOO_LONG:
            return Rejected("prompt too long")
        if opener and answer.text[:1].isalnum() and self._sources.lang == "en":
            return Rejected("opener broken")
        text = sentences(opener + answer.text, whole=answer.ended is Ended.STOP)
        reason = self._checks.reason(text)
        if reason:
            return Rejected(reason)
        return self._row(number, condition, text)

    def fill(self, number: int) -> Made | Rejected:
        """Return attempt `number`, made from templates."""
        condition = self._condition(number, _NONE)
        rng = self._sources.rng(number, "fill")
        style = self._words.styles[condition.style]
        text = rng.choice(style.filled if condition.term else style.filled_without)
        years = str(rng.randint(*_YEARS))
        text = _with_symbols(text, rng).replace("{year}", years)
        while "{number}" in text:
            text = text.replace("{number}", str(rng.randint(2, 90)), 1)
        if condition.term is not None:
            name = condition.term.text
            text = text.replace("{term}", capital(name) if text.startswith("{term}") else name)
        return self._row(number, condition, text)

    def told(self, line: Line) -> str:
        """Return the text by which near-duplicates are judged."""
        return str(line["text"])

    def settle(self, lines: Sequence[Line]) -> dict[int, str]:
        """Return the rows that are dropped: above the cap of a name, or in doubt among taggers."""
        from onprem.train.ner_doubt import doubtful

        rows = [Sentence(str(line["text"]), tuple(mention_of(span) for span in line["spans"])) for line in lines]
        dropped = dict.fromkeys(_above_cap(rows), "name too often")
        most = int(len(rows) * (1 - 1 / _SPARE)) - len(dropped)
        for place in doubtful(rows, seed=self._sources.seed):
            if most <= 0:
                break
            if place not in dropped:
                dropped[place] = "taggers disagree"
                most -= 1
        return dropped

    def _row(self, number: int, condition: Condition, text: str) -> Made | Rejected:
        """Return the row of a sentence: its form put in, every name labelled."""
        if condition.term is None:
            if self._dictionary.find(text) or self._checks.unsure(text, ()):
                return Rejected("an entity in it")
            line = self._line(number, condition, text, ())
            return Made(line, passed=PASSED, invented=(line["id"], *condition.opener.split()))
        own = Dictionary([(condition.term.text, condition.term.label)]).find(text)
        if not own:
            return Rejected("entity missing")
        text, own = placed(text, own, condition.form, self._words.both)
        mentions = self._labelled(text, own)
        if self._checks.unsure(text, mentions):
            return Rejected("unsure word")
        # a name of a vocabulary is nobody's, though it may sound like a person's; nor are its code and the row's number
        line = self._line(number, condition, text, mentions)
        named = (text[mention.start : mention.end] for mention in mentions)
        passed = (*PASSED, "entity present", "no unsure word")
        return Made(line, passed=passed, invented=(line["id"], condition.term.code, *condition.opener.split(), *named))

    def _labelled(self, text: str, own: Sequence[Mention]) -> tuple[Mention, ...]:
        """Return the mentions of a text: those that code put there, the names of the vocabulary, and their abbreviations."""
        mentions = list(own)
        for found in self._dictionary.find(text):
            covered = [each for each in mentions if each.start < found.end and found.start < each.end]
            if not covered:
                mentions.append(found)
            elif all(found.start <= each.start and each.end <= found.end for each in covered) and len(covered) == 1:
                mentions[mentions.index(covered[0])] = found  # the vocabulary knows a longer name
        return tuple(sorted([*mentions, *bracketed(text, mentions)]))

    def _line(self, number: int, condition: Condition, text: str, mentions: Sequence[Mention]) -> Line:
        term = condition.term
        return {
            "id": f"ner-{self._sources.seed}-{number}",
            "text": text,
            "spans": [mention_line(mention) for mention in mentions],
            "condition": {
                "style": condition.style,
                "context": condition.context,
                "form": condition.form.kind if term else "none",
                "code": term.code if term else "",
            },
        }

    def _condition(self, number: int, without: float) -> Condition:
        rng = self._sources.rng(number, "condition")
        name = rng.choice(self._styles)
        style = self._words.styles[name]
        temperature = rng.choice((0.7, 0.9, 1.1))
        if rng.random() < without:
            topic = rng.choice(style.topics)
            opener = "" if rng.random() < _OWN else rng.choice(style.openers[1:])
            return Condition(name, topic, _with_symbols(opener, rng), temperature)
        context = rng.choice(list(style.contexts))
        opener = "" if rng.random() < _OWN else rng.choice(style.contexts[context][1:])
        term = self._terms[number % len(self._terms)]
        other = self._terms[rng.randrange(len(self._terms))]
        sharing = [each for each in self._heads[_head(term)] if each is not term]
        form = Form.drawn(rng, term, (other, rng.choice(sharing) if sharing else None), self._sources.lang)
        return Condition(name, context, _with_symbols(opener, rng), temperature, term, form)

    def _asked(self, number: int, condition: Condition) -> list[Message]:
        style = self._words.styles[condition.style]
        said = self._words
        about = said.about.replace("{context}", condition.context)
        if condition.term is None:
            own = said.ask_none.replace("{label}", self._labels[0]) + about
        else:
            own = said.ask.replace("{term}", condition.form.asked(condition.term)) + about
        messages = [Message("system", said.system.replace("{kind}", style.kind))]
        for asked, text in self._shown(number, condition.style, none=condition.term is None):
            messages += [Message("user", asked), Message("assistant", text)]
        return [*messages, Message("user", own)]

    def _shown(self, number: int, name: str, *, none: bool) -> Iterator[tuple[str, str]]:
        """Yield what is shown: the house's own examples, then those that this package brings, with and without an entity."""
        said, style = self._words, self._words.styles[name]
        rng = self._sources.rng(number // _SAME, f"shown/{name}/{none}")
        own = list(self._sources.examples)
        rng.shuffle(own)
        shown = [(example.text[m.start : m.end], "", example.text) for example in own for m in [_first(example)] if m]
        shown = [] if none else shown
        without = [("", "", example.text) for example in own if not example.mentions]
        brought = [(each.term, each.context, each.text) for each in style.shown]
        rng.shuffle(brought)
        if none:
            shown = [*without, *(each for each in brought if not each[0])]
        else:
            shown += [each for each in brought if each[0]]
        for term, context, text in shown[:_SHOWN]:
            about = said.about.replace("{context}", context) if context else ""
            asked = said.ask.replace("{term}", term) if term else said.ask_none.replace("{label}", self._labels[0])
            yield asked + about, text


@dataclass(frozen=True, slots=True)
class Condition:
    """What code drew for a row."""

    style: str
    context: str
    opener: str  # with {term} where the name stands in it
    temperature: float
    term: Term | None = None
    form: Form = PLAIN

    def begun(self) -> str:
        """Return the opener with the name in it."""
        if self.term is None or "{term}" not in self.opener:
            return self.opener
        name = self.form.asked(self.term)
        return self.opener.replace("{term}", capital(name) if self.opener.startswith("{term}") else name)


def capital(name: str) -> str:
    """Return a name as it begins a sentence."""
    return name[:1].upper() + name[1:]


def _head(term: Term) -> str:
    """Return the last of a name's two or three words, "" of another name."""
    parts = term.text.split()
    return parts[-1].lower() if len(parts) in {2, 3} else ""


def _with_symbols(text: str, rng: random.Random) -> str:
    while "{symbol}" in text:
        text = text.replace("{symbol}", symbol(rng), 1)
    return text


def _first(example: Sentence) -> Mention | None:
    return example.mentions[0] if example.mentions else None


def _ordered(sources: Sources) -> list[Term]:
    """Return the terms in an order of chance in which labels and systems of codes take turns, however large each is."""
    rng = random.Random(f"{sources.seed}/terms")  # noqa: S311 - varies what is written; guards nothing
    kinds: dict[tuple[str, str], list[Term]] = {}
    for term in sources.vocabulary:
        system, colon, _ = term.code.partition(":")
        kinds.setdefault((term.label, system if colon else "code" * bool(term.code)), []).append(term)
    for terms in kinds.values():
        rng.shuffle(terms)
    turns = max(len(terms) for terms in kinds.values())
    return [terms[turn % len(terms)] for turn in range(turns) for terms in kinds.values()]


def _above_cap(rows: Sequence[Sentence]) -> Iterator[int]:
    """Yield the rows in which a name stands that as many rows as the cap allows have had already."""
    most = max(_CAP_LEAST, int(_CAP * len(rows)))
    seen: Counter[str] = Counter()
    for place, row in enumerate(rows):
        names = {row.text[mention.start : mention.end].casefold() for mention in row.mentions}
        if any(seen[name] >= most for name in names):
            yield place
        else:
            seen.update(names)


RECIPES = (Ner(),)
