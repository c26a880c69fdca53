"""Clinical notes of the patients of a synthetic hospital, held against the records that they are written from.

The way of a note: code draws an encounter and the facts that must be told; a model writes it section by section, or
templates do; code keeps the sentences that the record bears out (`_note_check`), asks again for what is missing, twice at
most, and then holds the whole note against the record once more.

Rules: headings, name and id are written by code. A sentence that says anything that the record does not is left out, and
a note that does not tell every fact is rejected. Offsets are found by code in the finished text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from onprem.errors import UsageError
from onprem.synth.contract import Asker, Lang, Line, Made, Rejected, Sources, Steps, Work
from onprem.synth.recipes import _note_fill as fill
from onprem.synth.recipes._note_ask import Prompts
from onprem.synth.recipes._note_check import MISSING, Checker
from onprem.synth.recipes._note_plan import KINDS, Draft, Section, Ward

REPAIRS = 2
NO_ENCOUNTER = "no encounter of this kind"
_BARE = 0.3  # of the notes have no headings


@dataclass(slots=True)
class _Part:
    """A section as it is written: the sentences that are kept, what is missing, and why sentences were left out."""

    section: Section
    kept: list[str] = field(default_factory=list, repr=False)
    missing: tuple[int, ...] = ()
    written: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def take(self, text: str, checker: Checker) -> None:
        """Keep of an answer what the record bears out and was not said yet."""
        checked = checker.check(text, self.section.facts)
        for each in checked.sentences:
            said = text[each.start : each.end].strip()
            self.written += 1
            if each.reason:
                self.refused[each.reason] += 1
            elif said not in self.kept and {place.fact for place in each.places} & {*self.missing}:
                self.kept.append(said)
                told = {place.fact for place in each.places}
                self.missing = tuple(fact for fact in self.missing if fact not in told)


class NoteWork:
    """The recipe bound to its sources."""

    def __init__(self, sources: Sources, ward: Ward, kinds: Sequence[str]) -> None:
        self._sources = sources
        self._ward = ward
        self._kinds = kinds
        self.counts = Counter[str]()  # facts told by the first answers, and in the end, of so many

    def write(self, number: int, asker: Asker) -> Steps:
        """Return attempt `number`, written by a model section by section."""
        draft = self._draft(number)
        if draft is None:
            return Rejected(NO_ENCOUNTER)
        checker = Checker(draft.facts)
        chance = self._sources.rng(number, "layout")
        prompts = Prompts(draft, chance, asker)
        parts = [_Part(section, missing=section.facts) for section in draft.sections]
        for again in range(REPAIRS + 1):
            wanted = [(part, prompts.section(part.section)) for part in parts]
            if again:
                wanted = [(part, prompts.fact(fact, again)) for part in parts for fact in part.missing]
            if not wanted:
                break
            answers = yield [asked.request for _, asked in wanted]
            for (part, asked), answer in zip(wanted, answers, strict=True):
                part.take(asked.text(answer), checker)
            if not again:
                self._count(parts, "first")
        self._count(parts, "last")
        wanting = [part for part in parts if part.missing]
        if wanting:
            return Rejected(wanting[0].refused.most_common(1)[0][0] if wanting[0].refused else MISSING)
        bodies = [_joined(part.kept, draft.facts.lang) for part in parts]
        return self._made(draft, bodies, chance, sum(len(p.kept) for p in parts) / sum(p.written for p in parts))

    def fill(self, number: int) -> Made | Rejected:
        """Return attempt `number`, made from templates."""
        draft = self._draft(number)
        if draft is None:
            return Rejected(NO_ENCOUNTER)
        chance = self._sources.rng(number, "layout")
        return self._made(draft, [fill.written(draft, section, chance) for section in draft.sections], chance, 1.0)

    def told(self, line: Line) -> str:
        """Return the text of a row."""
        return str(line["text"])

    def _draft(self, number: int) -> Draft | None:
        return self._ward.draft(number, self._sources.rng(number, "kind").choice(self._kinds))

    def _made(self, draft: Draft, bodies: Sequence[str], chance: Random, share: float) -> Made | Rejected:
        """Return the row of a note, once the whole of it was held against the record."""
        text = _put_together(draft, bodies, chance)
        needed = [place for place, fact in enumerate(draft.facts.all) if fact.kind in {"name", "id"}]
        needed += [place for section in draft.sections for place in section.facts]
        checked = Checker(draft.facts).check(text, needed)
        if checked.reason:
            return Rejected(checked.reason)
        facts = [
            {
                "kind": draft.facts.all[place.fact].kind,
                "value": draft.facts.all[place.fact].told,
                "start": place.start,
                "end": place.end,
            }
            for place in checked.places
        ]
        line = {
            "text": text,
            "patient": draft.patient,
            "encounter": draft.encounter,
            "kind": draft.kind,
            "facts": facts,
            "share": round(share, 4),
        }
        return Made(line, ("every fact told", "nothing else told"), invented=draft.invented)

    def _count(self, parts: Sequence[_Part], when: str) -> None:
        self.counts[when] += sum(len(part.section.facts) - len(part.missing) for part in parts)
        self.counts[f"of {when}"] += sum(len(part.section.facts) for part in parts)


class NoteRecipe:
    """The recipe."""

    name = "note"
    version = 1
    about = "clinical notes from the records of synthetic patients, held against them"
    smallest = 100_000_000  # measured, see tests/bench/bench_notes.py
    langs: tuple[Lang, ...] = ("en", "zh")
    needs: tuple[str, ...] = ()
    options: Mapping[str, str] = {"kind": f"kind of note: {', '.join(KINDS)}; without it all of them"}

    def bind(self, sources: Sources) -> Work:
        """Return the work; `sources.tables` is the hospital whose encounters are told, the simulated one without it.

        Raises:
            UsageError: an option or kind is not known; no encounter of the tables can be told in a note.
            InputError: a table cannot be read.
        """
        kind = sources.options.get("kind", "")
        if set(sources.options) - {"kind"}:
            raise UsageError("the recipe note does not know such an option", hint="it takes --set kind=KIND")
        if kind and kind not in KINDS:
            raise UsageError("there is no such kind of note", hint=f"kinds: {', '.join(KINDS)}")
        ward = Ward(sources)
        kinds = [kind] if kind else list(ward.kinds())
        if not set(kinds) <= set(ward.kinds()):
            raise UsageError("no encounter of the tables is of this kind", hint=f"kinds: {', '.join(ward.kinds())}")
        return NoteWork(sources, ward, kinds)


def _joined(sentences: Sequence[str], lang: Lang) -> str:
    """Return sentences as a text, each with a sign at its end: a line of a list may come without one."""
    ended = [
        each if each[-1] in ".!?。！？" else each.rstrip(",，;；") + ("." if lang == "en" else "。")
        for each in sentences
    ]
    return " ".join(ended) if lang == "en" else "".join(ended)


def _put_together(draft: Draft, bodies: Sequence[str], chance: Random) -> str:
    bare = chance.random() < _BARE
    said = [fill.header(draft, chance)]
    for section, body in zip(draft.sections, bodies, strict=True):
        said.append(fill.heading(draft, section, chance, bare=bare) + body)
    if end := fill.closing(draft, chance):
        said.append(end)
    return "\n".join(said)


RECIPES = (NoteRecipe(),)
