"""What the privacy gate of synthetic data says: measures with interval, threshold and verdict, and the result of all.

Rules: a measure passes only where its interval lies below what is tolerated, so a set that is too small to tell does not
pass; where the lower bound exceeds the limit it fails; in between nobody can tell, which is no pass either. Rows and
records stand here by number (from 0), never by text. No result says that data identify nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from onprem.model import Metric, Span

if TYPE_CHECKING:
    from onprem.evaluate.privacy.canaries import Canary

# finds the identifiers of texts, in their order: `onprem.detect.ensemble.Ensemble.find`, or a scan that is loaded already
Finder = Callable[[Sequence[str]], Sequence[Sequence[Span]]]
ROWS_TOLD = 100  # numbers of rows in a measure, at most


class Verdict(StrEnum):
    """What one measure says, or all of them."""

    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    CANNOT_TELL = "cannot tell"  # the interval is too wide: no pass
    NOT_MEASURED = "not measured"  # what it needs was not given: the result is incomplete
    NOT_ASKED = "not asked for"  # no canaries were planted: the result does not depend on it
    SHOWN = "shown"  # a figure without a threshold
    INCOMPLETE = "incomplete"  # of a result alone


@dataclass(frozen=True, slots=True)
class Length:
    """A number of tokens: words in most languages, characters in Chinese, of which it takes more to say as much."""

    words: int
    characters: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """Thresholds: FAIL where the lower bound is above `limit`, PASS where the upper one is within `tolerated`."""

    limit: float
    tolerated: float


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of the gate. `bounds` None and a verdict other than SHOWN: a count of which there may be none."""

    code: str
    verdict: Verdict
    metric: Metric | None = None
    bounds: Bounds | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)  # beside it: baselines, what could be detected
    rows: tuple[int, ...] = ()  # synthetic rows that it concerns
    hint: str = ""
    where: str = ""  # which of several tables: "table 2", by the order of their names


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many seen and never-used records lie at each distance from their nearest synthetic row."""

    edges: tuple[float, ...]
    seen: tuple[int, ...]
    unseen: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Guarantee:
    """A formal guarantee that the generator's card states: differential privacy, with its unit. It is not measured here."""

    epsilon: float
    delta: float
    mechanism: str = ""
    unit: str = ""  # what neighbouring tables differ in, in the words of the card: "one row added or removed"
    unsafe: bool = False  # the card says that its noise can be foretold: then it guarantees nothing


@dataclass(frozen=True, slots=True)
class Settings:
    """What the gate is told. The thresholds are the house's; a change of them stands in the report."""

    seed: int = 0
    canaries: tuple[Canary, ...] | None = field(default=None, repr=False)
    guarantee: Guarantee | None = None
    find: Finder | None = field(default=None, repr=False)  # else the fast detectors are loaded
    run: Length = Length(30, 45)  # that a synthetic row may not share with seen records alone
    phrases: Bounds = Bounds(0.002, 0.05)  # share of a row's phrases
    near: Bounds = Bounds(0.002, 0.05)  # share of the rows
    copies: Bounds = Bounds(0.002, 0.05)  # share of the rows of a table
    auc: Bounds = Bounds(0.52, 0.60)
    extreme: Bounds = Bounds(0.02, 0.10)  # share of the seen records
    risk: Bounds = Bounds(0.02, 0.10)  # of an attack on a table, beyond its control


@dataclass(frozen=True, slots=True)
class Result:
    """What the gate says of one synthetic set."""

    kind: str  # "texts" or "tables"
    measures: tuple[Measure, ...]
    rows: int
    seen: int
    unseen: int  # 0 where none were given
    histogram: Histogram | None = None
    guarantee: Guarantee | None = None

    @property
    def verdict(self) -> Verdict:
        """PASS, FAIL, or INCOMPLETE where nothing failed but not everything could be measured."""
        said = {measure.verdict for measure in self.measures}
        if said & {Verdict.FAIL, Verdict.CANNOT_TELL}:
            return Verdict.FAIL
        if Verdict.NOT_MEASURED in said or not said & {Verdict.PASS}:
            return Verdict.INCOMPLETE
        return Verdict.PASS

    @property
    def passed(self) -> bool:
        """Whether the set may be released as far as this gate can say."""
        return self.verdict is Verdict.PASS

    def measure(self, code: str, where: str = "") -> Measure:
        """Return the measure of a code, of one of several tables.

        Raises:
            KeyError: there is none.
        """
        for measure in self.measures:
            if (measure.code, measure.where) == (code, where):
                return measure
        raise KeyError(code)


def judged(code: str, metric: Metric, bounds: Bounds, beside: Measure | None = None) -> Measure:
    """Return a measure with the verdict that its interval and bounds give; what else it tells is taken from `beside`."""
    if metric.low > bounds.limit:
        verdict = Verdict.FAIL
    elif metric.high > bounds.tolerated:
        verdict = Verdict.CANNOT_TELL
    else:
        verdict = Verdict.PASS
    if beside is None:
        return Measure(code, verdict, metric, bounds)
    return Measure(code, verdict, metric, bounds, beside.counts, beside.figures, beside.rows[:ROWS_TOLD], beside.hint)


def counted(code: str, rows: Sequence[int], of: int, counts: Mapping[str, int] | None = None) -> Measure:
    """Return a measure that fails on the first row; its interval is the share of rows, exact (Clopper-Pearson, 95 %)."""
    from onprem.evaluate.privacy.chance import share

    verdict = Verdict.FAIL if rows else Verdict.PASS
    return Measure(code, verdict, share(len(rows), of), counts=counts or {}, rows=tuple(sorted(rows)[:ROWS_TOLD]))


def not_measured(code: str) -> Measure:
    """Return a measure that needs records that were never used, where none were given."""
    hint = "give records that were never used: --unseen DIR"
    return Measure(code, Verdict.NOT_MEASURED, hint=hint)
