"""Makes the rows of a recipe: many attempts at a time through one model, written in the order of their numbers.

1. Attempts are begun as there is room; each asks, is answered, and ends with a row or a reason (`onprem.synth.contract`).
2. What has ended is taken in order of number: a near-duplicate of an earlier row and a row that holds an identifier are
   rejected.
3. The row is written with its provenance; a rejected attempt leaves a line with its number and reason, which the finished
   file does not hold. So a run that was killed goes on behind its last line, and nothing is doubled or lost.
4. When enough rows are there, a work that judges its rows as a whole (`Settles`) does; then the file gets its name.

The same command gives the same rows. A run that goes on keeps what is there; what it adds is as good as what an unbroken
run would have added, but with a real model not the same to the letter: sums are rounded otherwise in another batch.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field

from onprem.assist.batch_out import Line, Out
from onprem.llm.contract import LLM, Answer, Request
from onprem.near import Near
from onprem.progress import Progress
from onprem.synth.contract import Asker, Made, Recipe, Rejected, Settles, Sources, Steps, Work
from onprem.synth.scan import Scan

PROVENANCE = "provenance"
DUPLICATE, IDENTIFIER = "near-duplicate", "identifier in it"
_MOST = 20  # attempts for each row that is wanted, and then the recipe is given up
_FEW = 200  # attempts, after which a recipe that has hardly given anything is given up
_LEAST = 0.01  # of the attempts
_SCANNED = 16  # rows that are searched for identifiers together


@dataclass(slots=True)
class Tally:
    """What came of a run. `dropped` are rows that the work itself dropped when all were there."""

    rows: int = 0
    attempts: int = 0
    tokens: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0  # of this run alone, without what an earlier one did
    made_now: int = 0  # rows of this run alone
    gave_up: bool = False

    def add(self, line: Line) -> None:
        """Count a line of the partial file."""
        self.attempts += 1
        self.tokens += line.get("tokens", line.get(PROVENANCE, {}).get("tokens", 0))
        if "rejected" in line:
            self.reasons[line["rejected"]] += 1
        else:
            self.rows += 1


@dataclass(frozen=True, slots=True)
class Job:
    """What is run: a recipe bound to its sources, for `n` rows, `at_a_time` answers; without a model from templates."""

    recipe: Recipe
    sources: Sources
    work: Work
    n: int
    llm: LLM | None = None
    at_a_time: int = 8

    @property
    def wanted(self) -> int:
        """Rows that are made before the work judges them."""
        return math.ceil(self.n * self.work.spare) if isinstance(self.work, Settles) else self.n


class Run:
    """One run of a job: open an `Out` with `counted=run.seen`, then call `make`."""

    def __init__(self, job: Job, scan: Scan) -> None:
        self._job = job
        self._scan = scan
        self._near = Near()
        self._ready = 0  # rows that have come and are not judged yet
        self.tally = Tally()

    def seen(self, line: Line) -> Line:
        """Take up a line of an earlier run that was cut short."""
        self.tally.add(line)
        if "rejected" not in line:
            self._near.add(self._job.work.told(line))
        return {}

    def make(self, out: Out, progress: Progress) -> None:
        """Make the rows that are missing, and finish the file.

        Raises:
            ModelError: the model's process ended; what was written stays.
            OutputError: the disk refuses; what was written stays.
        """
        clock = time.monotonic()
        progress.stage("rows", self._job.wanted)
        progress.advance(self.tally.rows)
        before = self.tally.rows
        ended = self._ended()
        while self.tally.rows < self._job.wanted and not self._is_hopeless():
            for line in self._judged([next(ended) for _ in range(min(_SCANNED, self._missing()))]):
                out.write(line)
                self.tally.add(line)
                progress.advance(PROVENANCE in line)
        ended.close()
        self.tally.made_now = self.tally.rows - before
        self.tally.seconds = time.monotonic() - clock
        out.finish(self._kept(out))

    def _missing(self) -> int:
        return max(1, self._job.wanted - self.tally.rows)

    def _is_hopeless(self) -> bool:
        tally = self.tally
        few = tally.attempts >= _FEW and tally.rows < _LEAST * tally.attempts
        tally.gave_up = few or tally.attempts >= _MOST * self._job.wanted + _FEW
        return tally.gave_up

    def _kept(self, out: Out) -> Iterator[Line]:
        """Yield the lines of the finished file: rows, without what the work drops, `n` at most."""
        dropped: dict[int, str] = {}
        if isinstance(self._job.work, Settles):
            dropped = self._job.work.settle([line for line in out.lines() if PROVENANCE in line])
            self.tally.dropped.update(dropped.values())
        place = kept = 0
        for line in out.lines():
            if PROVENANCE not in line:
                continue
            if place not in dropped and kept < self._job.n:
                kept += 1
                yield line
            place += 1
        self.tally.rows = kept

    def _judged(self, attempts: Sequence[_Attempt]) -> Iterator[Line]:
        """Yield the line of each attempt that has ended."""
        rows = [attempt.made for attempt in attempts if isinstance(attempt.made, Made)]
        holding = iter(self._scan.holds(rows))
        for attempt in attempts:
            made = attempt.made
            if isinstance(made, Made):
                self._ready -= 1
                told = self._job.work.told(made.line)
                if next(holding):
                    made = Rejected(IDENTIFIER)
                elif self._near.is_near(told):
                    made = Rejected(DUPLICATE)
                else:
                    self._near.add(told)
            if isinstance(made, Made):
                yield made.line | {PROVENANCE: self._provenance(attempt, made)}
            elif made is not None:
                yield {"number": attempt.number, "rejected": made.reason, "tokens": attempt.tokens}

    def _provenance(self, attempt: _Attempt, made: Made) -> Line:
        job = self._job
        origin = {"origin": "template"}
        if job.llm is not None:
            prompts = hashlib.sha256("".join(attempt.prompts).encode()).hexdigest()
            origin = {"origin": "model", "model": job.llm.card.sha256, "prompt": prompts}
        return {
            "recipe": job.recipe.name,
            "version": job.recipe.version,
            **origin,
            "lang": job.sources.lang,
            "seed": job.sources.seed,
            "number": attempt.number,
            "tokens": attempt.tokens,
            "passed": [*made.passed, "no identifier", "no near-duplicate"],
            "records": list(made.used),
        }

    def _ended(self) -> Generator[_Attempt, None, None]:
        """Yield every attempt in order of number, each when it has ended; begin others as there is room."""
        first = self.tally.attempts
        if self._job.llm is None:
            while True:
                made = self._job.work.fill(first)
                self._ready += isinstance(made, Made)
                yield _Attempt(first, made=made)
                first += 1
        begun = first
        going: dict[int, _Attempt] = {}
        while True:
            for _ in range(self._room() - sum(attempt.made is None for attempt in going.values())):
                going[begun] = self._begin(begun, self._job.llm)
                begun += 1
            asking = [attempt for attempt in going.values() if attempt.made is None]
            self._round(self._job.llm, asking)
            self._ready += sum(isinstance(attempt.made, Made) for attempt in asking)
            while (done := going.get(first)) is not None and done.made is not None:
                yield going.pop(first)
                first += 1

    def _room(self) -> int:
        """Return how many attempts ask together: as many as are likely to give the rows that are missing.

        At most four for each answer that is written at a time: then few of them come one by one at the end of a round.
        """
        likely = (self.tally.rows + 1) / (self.tally.attempts + 1)
        return min(4 * self._job.at_a_time, math.ceil(max(0, self._missing() - self._ready) / likely))

    def _begin(self, number: int, llm: LLM) -> _Attempt:
        asker = Asker(llm, self._job.sources.rng(number, "sampling"))
        attempt = _Attempt(number, steps=self._job.work.write(number, asker))
        attempt.go_on(None)
        return attempt

    def _round(self, llm: LLM, attempts: Sequence[_Attempt]) -> None:
        """Have every attempt's questions answered once."""
        answers = iter(llm.complete(request for attempt in attempts for request in attempt.asked))
        for attempt in attempts:
            attempt.go_on([next(answers) for _ in attempt.asked])
        next(answers, None)  # lets the model end its round


@dataclass(slots=True)
class _Attempt:
    """One attempt: what it asks now, what it cost, and what it made in the end."""

    number: int
    steps: Steps | None = field(default=None, repr=False)
    asked: Sequence[Request] = field(default=(), repr=False)
    made: Made | Rejected | None = field(default=None, repr=False)
    tokens: int = 0
    prompts: list[str] = field(default_factory=list, repr=False)

    def go_on(self, answers: Sequence[Answer] | None) -> None:
        """Give the answers, and take the next questions or the end."""
        if self.steps is None:
            raise AssertionError
        self.tokens += sum(answer.tokens for answer in answers or ())
        try:
            self.asked = next(self.steps) if answers is None else self.steps.send(answers)
        except StopIteration as end:
            self.asked, self.made = (), end.value
            return
        self.prompts += ["".join(piece.text for piece in request.prompt.pieces) for request in self.asked]
