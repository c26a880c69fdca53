"""Measures of dialogues between patient and doctor: length, variety, repetition, questions, facts said, diagnoses leaked.

Rules: intervals are over dialogues, which are resampled together for all measures. Variety (distinct-n) falls with the size
of a text, so it is taken over a fixed number of words, in many random orders of the dialogues; sets are compared at the same
number. A Han character counts as a word. Whether a fact is said is taken from its line, and only where its place is in a
turn of whoever may say it; whether a diagnosis is leaked is looked for here again. Only figures leave.

Sources: J. Li et al., A diversity-promoting objective function for neural conversation models, NAACL (2016), distinct-n;
B. Efron, R. Tibshirani, An introduction to the bootstrap (1993).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from onprem.errors import InputError
from onprem.evaluate.bootstrap import Counts, Ratios
from onprem.model import Metric
from onprem.near import Near
from onprem.text import HAN

Speaker = Literal["patient", "doctor"]
_SPEAKERS = frozenset({"patient", "doctor"})
WORDS = 2_000  # of a set, over which distinct-n is taken
_ORDERS = 200
_SHORT = 3  # words up to which a turn may come again: "yes", "thank you"
_WORD = re.compile(rf"{HAN.pattern}|[^\W_]+(?:['’.-][^\W_]+)*")
_ASKS = re.compile(r"[?？]")


@dataclass(frozen=True, slots=True)
class Said:
    """A turn."""

    role: Speaker
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """A fact of a case: whether it is said, and whether only because it was asked for once more."""

    said: bool
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Turns; the facts of its case and the names of its diagnosis where they are known."""

    turns: tuple[Said, ...]
    facts: tuple[Told, ...] = ()
    names: tuple[str, ...] = field(default=(), repr=False)


def dialogue_of(line: Mapping[str, Any]) -> Dialogue:
    """Return the dialogue of a JSON line.

    Raises:
        InputError: it has no turns, a turn is of another form, or a fact's place is in no turn of its speaker.
    """
    turns = line.get("turns")
    if not isinstance(turns, list):
        raise InputError("a line has no turns", hint="a dialogue is a line with turns, each with role and text")
    said = tuple(_said(each) for each in turns)
    facts = line.get("facts", [])
    names = line.get("names", [])
    if not isinstance(facts, list) or not isinstance(names, list):
        raise InputError("facts and names of a dialogue are lists")
    return Dialogue(said, tuple(_told(each, said) for each in facts), tuple(str(name) for name in names))


def _said(turn: object) -> Said:
    if not isinstance(turn, dict) or turn.get("role") not in _SPEAKERS or not isinstance(turn.get("text"), str):
        raise InputError("a turn has a role, which is patient or doctor, and a text")
    return Said(turn["role"], turn["text"])


def _told(fact: object, turns: Sequence[Said]) -> Told:
    if not isinstance(fact, dict):
        raise InputError("a fact of a dialogue is no object")
    place, start, end = (fact.get(name) for name in ("turn", "start", "end"))
    if place is None:
        return Told(said=False)
    if not all(isinstance(each, int) for each in (place, start, end)) or not 0 <= place < len(turns):
        raise InputError("the place of a fact is in no turn")
    turn = turns[place]
    if not 0 <= start < end <= len(turn.text) or turn.role != fact.get("by", turn.role):  # type: ignore[operator]
        raise InputError("the place of a fact is in no turn of its speaker")
    return Told(said=True, repaired=fact.get("repaired") is True)


def measure(dialogues: Sequence[Dialogue], *, seed: int = 0, words: int = WORDS) -> dict[str, Metric | None]:
    """Return every measure by its name, None where nothing of its kind is there.

    turns: of a dialogue; words_patient, words_doctor: of a turn; distinct_1, distinct_2: share of different words and pairs
    in `words` words; near_duplicates: share of dialogues near to an earlier one; repeated_turns: share of turns said before
    in the dialogue; questions_doctor: share of the doctor's turns with a question; fact_recall, fact_recall_unrepaired:
    share of facts that are said; leaks: share of dialogues in which the patient names the diagnosis before the doctor.
    """
    ratios = Ratios(documents=len(dialogues), seed=seed)
    handles: dict[str, int] = {}
    for name, pairs in _columns(dialogues).items():
        counts = np.array(pairs, dtype=np.float64).reshape(-1, 2)
        units = int(counts[:, 1].sum())
        handles[name] = ratios.add(counts[:, 0], counts[:, 1], units=units)
    metrics = ratios.metrics()
    found = {name: metrics[handle] for name, handle in handles.items()}
    return found | {f"distinct_{n}": distinct(dialogues, n, seed=seed, words=words) for n in (1, 2)}


def _columns(dialogues: Sequence[Dialogue]) -> dict[str, list[tuple[float, float]]]:
    """Return numerator and denominator of every ratio, for each dialogue."""
    near = Near()
    found: dict[str, list[tuple[float, float]]] = {}

    def add(name: str, numerator: float, denominator: float) -> None:
        found.setdefault(name, []).append((numerator, denominator))

    for one in dialogues:
        text = "\n".join(turn.text for turn in one.turns)
        add("turns", len(one.turns), 1)
        for role in sorted(_SPEAKERS):
            own = [turn.text for turn in one.turns if turn.role == role]
            add(f"words_{role}", sum(len(words_of(each)) for each in own), len(own))
        add("near_duplicates", near.is_near(text), 1)
        near.add(text)
        add("repeated_turns", _repeated(one), len(one.turns))
        asked = [bool(_ASKS.search(turn.text)) for turn in one.turns if turn.role == "doctor"]
        add("questions_doctor", sum(asked), len(asked))
        add("fact_recall", sum(fact.said for fact in one.facts), len(one.facts))
        add("fact_recall_unrepaired", sum(fact.said and not fact.repaired for fact in one.facts), len(one.facts))
        add("leaks", leaks(one), bool(one.names))
    return found


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters; a Han character is one."""
    return _WORD.findall(text.lower())


def distinct(dialogues: Sequence[Dialogue], n: int, *, seed: int = 0, words: int = WORDS) -> Metric | None:
    """Return the share of different runs of `n` words in `words` words, the mean of random orders of the dialogues.

    The interval holds 95 % of the orders. A set of fewer words is taken whole, which `n` of the metric tells.
    """
    runs = [list(_runs(one, n)) for one in dialogues]
    total = sum(map(len, runs))
    if total == 0:
        return None
    size = min(words, total)
    generator = np.random.default_rng(seed)
    shares: Counts = np.empty(_ORDERS)
    for order in range(_ORDERS):
        seen: set[tuple[str, ...]] = set()
        left = size
        for place in generator.permutation(len(runs)):
            seen.update(runs[place][:left])
            left -= min(left, len(runs[place]))
            if not left:
                break
        shares[order] = len(seen) / size
    low, high = np.percentile(shares, (2.5, 97.5))
    value = float(shares.mean())
    return Metric(value, min(float(low), value), max(float(high), value), size)


def _runs(one: Dialogue, n: int) -> Iterator[tuple[str, ...]]:
    """Yield the runs of words within each turn."""
    for turn in one.turns:
        words = words_of(turn.text)
        yield from zip(*(words[at:] for at in range(n)), strict=False)


def _repeated(one: Dialogue) -> int:
    """Return the turns of more than a few words that were said before, by whomever."""
    seen: set[tuple[str, ...]] = set()
    repeated = 0
    for turn in one.turns:
        words = tuple(words_of(turn.text))
        if len(words) > _SHORT:
            repeated += words in seen
            seen.add(words)
    return repeated


def leaks(one: Dialogue) -> bool:
    """Say whether the patient names the diagnosis before the doctor has."""
    patterns = [_named(name) for name in one.names]
    for turn in one.turns:
        if any(pattern.search(turn.text) for pattern in patterns):
            return turn.role == "patient"
    return False


def _named(name: str) -> re.Pattern[str]:
    if HAN.search(name):
        return re.compile(re.escape(name))
    return re.compile(rf"(?<![a-z0-9]){re.escape(name)}(?:e?s)?(?![a-z0-9])", re.IGNORECASE)


def rows(metrics: Mapping[str, Metric | None]) -> Iterable[tuple[str, ...]]:
    """Yield each measure as a row of a table: name, value, interval, number of units."""
    for name, metric in metrics.items():
        if metric is None:
            yield name, "-", "", "0"
        else:
            yield name, f"{metric.value:.3f}", f"{metric.low:.3f} to {metric.high:.3f}", f"{metric.n:,}"
