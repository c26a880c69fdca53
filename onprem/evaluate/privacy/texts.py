"""The privacy gate of synthetic texts: `screen_texts`, for the command and for `onprem synth`.

1. Never-used records that repeat a seen one are set aside: they are none, and would hide copies.
2. Identifiers and canaries are looked for in the rows: these need no never-used records.
3. Copies, phrases and near copies: what rows share with seen records beside what they share with never-used ones.
4. Membership: whether the distance to the nearest row tells a seen record from one that was never used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from onprem.errors import InputError
from onprem.evaluate.privacy import chance, shared
from onprem.evaluate.privacy.chance import Floats
from onprem.evaluate.privacy.contract import (
    ROWS_TOLD,
    Bounds,
    Length,
    Measure,
    Result,
    Settings,
    Verdict,
    counted,
    judged,
    not_measured,
)
from onprem.evaluate.privacy.extraction import canary_measure
from onprem.evaluate.privacy.identifiers import search
from onprem.evaluate.privacy.membership import extremes, histogram, membership, ratio
from onprem.evaluate.privacy.nearest import nearest
from onprem.evaluate.privacy.tokens import Corpus, Vocabulary, longest
from onprem.progress import Progress, Silent

_SPLIT = Bounds(0.02, 0.10)  # share of the never-used records that may repeat a seen one
_TELLING = Length(20, 30)  # below which two records are alike by chance
_PIECE = Length(4, 6)  # phrases by which a record is recognised
_NEED_UNSEEN = (
    "split",
    "copies",
    "phrases",
    "near-copies",
    "membership-distance",
    "membership-phrases",
    "membership-extreme",
    "distance-ratio",
)


def screen_texts(
    rows: Sequence[str],
    seen: Sequence[str],
    unseen: Sequence[str] | None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Result:
    """Return what the gate says of synthetic texts.

    `seen` are the real records that were shown to the generator or that it was tuned on, `unseen` real ones of the same
    kind that were not; split by patient. Without `unseen` the result is incomplete at best.

    Raises:
        InputError: one of the three is empty, or no never-used record is left that differs from all seen ones.
        ModelError: a model of the detectors is missing or damaged.
    """
    if not rows or not seen or (unseen is not None and not unseen):
        raise InputError("synthetic rows and real records are needed, and one of them is empty")
    settings, talk = settings or Settings(), progress or Silent()
    talk.stage("identifiers", None)
    measures = [_identifiers(rows, seen, unseen, settings), _canaries(rows, settings)]
    talk.stage("texts", None)
    vocabulary = Vocabulary()
    made, used = vocabulary.read(rows), vocabulary.read(seen)
    if unseen is None:
        measures += [_longest(made, used, None), *(not_measured(code) for code in _NEED_UNSEEN)]
        return Result("texts", tuple(measures), len(rows), len(seen), 0, guarantee=settings.guarantee)
    split, never = _split(used, vocabulary.read(unseen))
    measures += [split, _longest(made, used, never)]
    talk.stage("copies", None)
    measures += _copies(_Three(made, used, never), settings)
    talk.stage("distances", None)
    near = nearest(made, used, never)
    measures += _membership(_Three(made, used, never), near, settings)
    drawn = histogram(1.0 - near[0], 1.0 - near[1], 1.0)
    sizes = (len(rows), len(seen), len(unseen))
    return Result("texts", tuple(measures), *sizes, histogram=drawn, guarantee=settings.guarantee)


@dataclass(frozen=True, slots=True)
class _Three:
    """What is compared."""

    rows: Corpus
    seen: Corpus
    unseen: Corpus


def _identifiers(rows: Sequence[str], seen: Sequence[str], unseen: Sequence[str] | None, settings: Settings) -> Measure:
    found = search(rows, seen, unseen, settings.find)
    counts = {"found": found.found, "invented": found.invented, "common": found.common}
    measure = counted("identifiers", found.leaking, len(rows), counts)
    if found.doubtful and not found.leaking:
        hint = "names of seen records stand in rows: records that were never used would tell whether they are common"
        return replace(measure, verdict=Verdict.NOT_MEASURED, rows=found.doubtful[:ROWS_TOLD], hint=hint)
    return measure


def _canaries(rows: Sequence[str], settings: Settings) -> Measure:
    if settings.canaries is None:
        return Measure("canaries", Verdict.NOT_ASKED, hint="plant canaries before generating, and give --canaries FILE")
    return canary_measure(rows, settings.canaries)


def _longest(made: Corpus, used: Corpus, never: Corpus | None) -> Measure:
    counts = {"seen": longest(made, used)} | ({} if never is None else {"never used": longest(made, never)})
    return Measure("longest-run", Verdict.SHOWN, counts=counts)


def _split(used: Corpus, never: Corpus) -> tuple[Measure, Corpus]:
    """Return the measure of the split, and the never-used records that repeat no seen one.

    Raises:
        InputError: none is left.
    """
    telling = never.reach(_TELLING)
    known = shared.judgeable(never, used)
    repeats = telling & shared.near(known, used).flags(len(never))
    rest = np.flatnonzero(~repeats)
    if not len(rest):
        raise InputError(
            "every never-used record repeats a seen one", hint="split real records by patient before they are used"
        )
    metric = chance.share(int(repeats.sum()), len(never))
    hint = "split real records by patient before they are used" if repeats.any() else ""
    measure = judged("split", metric, _SPLIT, Measure("split", Verdict.SHOWN, hint=hint))
    return measure, never.take(rest)


def _copies(three: _Three, settings: Settings) -> list[Measure]:
    made, used, never = three.rows, three.seen, three.unseen
    known = shared.judgeable(made, used, never)
    near_seen, near_unseen = shared.near(known, used), shared.near(known, never)
    runs = shared.copied_runs(made, used, never, settings.run)
    long = made.reach(settings.run)
    close = near_seen.flags(len(made)) & ~near_unseen.flags(len(made)) & long
    control = shared.copied_runs(made, never, used, settings.run)
    control |= near_unseen.flags(len(made)) & ~near_seen.flags(len(made)) & long
    counts = {"runs": int(runs.sum()), "long near copies": int(close.sum()), "never used alone": int(control.sum())}
    copies = counted("copies", [int(row) for row in np.flatnonzero(runs | close)], len(made), counts)
    phrases = shared.phrases(made, used, never, settings.seed)
    near = shared.near_difference(known, near_seen, near_unseen, settings.seed)
    return [copies, _difference("phrases", phrases, settings.phrases), _difference("near-copies", near, settings.near)]


def _difference(code: str, found: chance.Difference, bounds: Bounds) -> Measure:
    figures = {"seen": found.seen, "never used": found.unseen}
    measure = judged(code, found.metric, bounds, Measure(code, Verdict.SHOWN, figures=figures))
    if measure.verdict is Verdict.CANNOT_TELL:
        count = chance.needed_rate(found.metric, bounds.tolerated)
        measure = replace(measure, hint=f"about {count:,} synthetic rows, and as many real records, would tell")
    return measure


def _membership(three: _Three, near: Sequence[Floats], settings: Settings) -> list[Measure]:
    seen, unseen = near
    held = [shared.found_share(corpus, three.rows, _PIECE) for corpus in (three.seen, three.unseen)]
    return [
        membership("membership-distance", seen, unseen, settings.auc),
        membership("membership-phrases", held[0], held[1], settings.auc),
        extremes(seen, unseen, settings),
        ratio(1.0 - seen, 1.0 - unseen),
    ]
