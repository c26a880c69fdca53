"""A table with differential privacy: noisy marginals over a tree of columns, and rows drawn from the distribution they tell.

1. Every column is counted with noise over its public cells; cells are merged to the coarseness that the noise allows.
2. The tree grows from the first column: a column and the columns it hangs on (one or two that already stand together) are
   chosen by the exponential mechanism, by how far their counts are from independence, less what their noise will cost.
3. Each choice is counted with noise at once.
4. The likeliest consistent tables are computed (`marginals_tree`); within a coarse cell the first counts rule.

Rules: a row is the unit that is protected: who stands in several rows is protected less (a table of patients has one row
each). Cells are public (`marginals_domain`). All noise comes from the accountant, and a fit takes its whole budget. What is
returned depends on the data through noisy answers alone. A fitted model stays in memory and is written nowhere.

Sources: R. McKenna, G. Miklau, D. Sheldon, Winning the NIST Contest (Journal of Privacy and Confidentiality 11, 2021): MST;
R. McKenna et al., AIM (VLDB 2022): the cost of noise in the score; J. Zhang et al., PrivBayes (SIGMOD 2014): growth by
parents.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from onprem.errors import PolicyError, UsageError
from onprem.synth.tables.accountant import Accountant
from onprem.synth.tables.marginals import Draws, Integers, Tree, coarser, count, project
from onprem.synth.tables.marginals_domain import Codes, Domain
from onprem.synth.tables.marginals_tree import Clique, Floats, Measured, estimate, marginal
from onprem.table import Column, Table

ROWS = 65_536  # of a chunk
_MEAN_NOISE = math.sqrt(2 / math.pi)  # of a Gaussian, in sigmas


@dataclass(frozen=True, slots=True)
class Settings:
    """How the budget is split, how coarse cells become. Defaults were chosen on one half of flchain, a public table."""

    one_way: Fraction = Fraction(3, 20)  # share of rho for single columns
    choices: Fraction = Fraction(1, 10)  # share of rho for choosing; the rest measures what was chosen
    crowd: float = 4.0  # rows that a cell of two columns shall hold on average, in sigmas of its noise
    cost: float = 1.0  # weight of the noise in a choice
    cells: int = 2000  # of a clique at most
    parents: int = 1  # columns that a column may hang on together
    target: str = ""  # a column whose relations matter most: the tree grows from it
    others: Fraction = Fraction(3, 4)  # weight of relations without the target, where there is one


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted table: nothing in it but noisy answers and what follows from them. `total` is a noisy number of rows."""

    name: str
    domain: Domain
    tree: Tree
    merged: tuple[Integers, ...] = field(repr=False)  # the coarse cell of every cell, by column
    fine: tuple[Floats, ...] = field(repr=False)  # noisy counts of cells, by column
    total: float
    spent: dict[str, object] = field(repr=False)

    def sample(self, n: int, seed: int) -> Table:
        """Return `n` rows.

        Raises:
            UsageError: `n` is negative.
        """
        chunks = list(self.chunks(n, seed)) or [self._chunk(0, np.random.default_rng(seed))]
        columns = (
            Column(
                first.name,
                first.kind,
                np.concatenate([chunk.columns[place].values for chunk in chunks]),
                first.categories,
                first.decimals,
                first.day,
            )
            for place, first in enumerate(chunks[0].columns)
        )
        return Table(self.name, tuple(columns))

    def chunks(self, n: int, seed: int) -> Iterator[Table]:
        """Yield `n` rows, `ROWS` at a time; each chunk has a source of chance of its own.

        Raises:
            UsageError: `n` is negative.
        """
        if n < 0:
            raise UsageError("the number of rows is negative", hint="0 or more")
        for number, start in enumerate(range(0, n, ROWS)):
            yield self._chunk(min(ROWS, n - start), np.random.default_rng((seed, number)))

    def _chunk(self, rows: int, rng: np.random.Generator) -> Table:
        columns = []
        drawn = self.tree.draw(rows, rng)
        for cells, places, merged, fine in zip(self.domain, drawn, self.merged, self.fine, strict=True):
            weights = np.zeros((int(merged.max()) + 1, len(merged)))
            weights[merged, np.arange(len(merged))] = fine + 1e-9  # a coarse cell whose counts are all 0 is even
            columns.append(cells.decode(Draws.of(weights).draw(places, rng).astype(np.int32), rng))
        return Table(self.name, tuple(columns))

    def card(self) -> dict[str, object]:
        """Return what was promised: epsilon, delta, rho, what each step spent, who are neighbours, digest of the domain."""
        names = [cells.name for cells in self.domain]
        return {
            "mechanism": "marginals over a tree of columns, discrete Gaussian noise",
            "domain_sha256": self.domain.digest,
            "cliques": [[names[column] for column in clique.columns] for clique in self.tree.cliques],
            **self.spent,
        }


def fit(table: Table, domain: Domain, accountant: Accountant, settings: Settings | None = None) -> Model:
    """Return a model of a table, which takes a whole budget.

    Raises:
        PolicyError: the budget was used already or is too small, a column has no bounds, or the settings leave nothing to
            measure with.
    """
    chosen = settings or Settings()
    if not (chosen.one_way > 0 and chosen.choices > 0 and chosen.one_way + chosen.choices < 1):
        raise PolicyError(
            "shares of the budget must be above 0 and leave some to measure with", hint="the default does"
        )
    if chosen.target and all(cells.name != chosen.target for cells in domain):
        raise PolicyError("the domain has no column of the target's name", hint="name a column of the domain")
    if accountant.spent > 0:
        raise PolicyError("something was spent of this privacy budget already", hint="one budget serves one fit")
    codes = domain.encode(table)
    growth = _Growth(codes, domain, accountant, chosen)
    while growth.missing:
        growth.grow()
    tables = estimate(growth.cliques, [*growth.measured, *growth.single])
    return Model(
        table.name,
        domain,
        Tree(tuple(growth.cliques), tuple(tables), tuple(growth.sizes)),
        tuple(growth.merged),
        tuple(growth.fine),
        growth.total,
        accountant.card(),
    )


class _Growth:
    """Steps 1 to 3: it alone holds data."""

    def __init__(self, codes: Sequence[Codes], domain: Domain, accountant: Accountant, settings: Settings) -> None:
        self._accountant, self._settings = accountant, settings
        budget, columns = accountant.rho, len(domain)
        rounds = max(columns - 1, 1)
        share = settings.one_way if columns > 1 else Fraction(1, 2)
        self._choice = settings.choices * budget / rounds
        noisy, sigma = [], Fraction(0)
        for place, cells in enumerate(domain):
            exact = count([codes[place]], [len(cells)])
            counts, sigma = accountant.measure(exact, share * budget / columns, f"column {place + 1}")
            noisy.append(counts.astype(np.float64))
        self._each = (accountant.left - (self._choice * rounds if columns > 1 else 0)) / rounds
        self._sigma = float(accountant.sigma(self._each))
        # the sum of a column's cells is a noisy number of rows, the better the fewer cells it has
        weights = np.array([1 / len(counts) for counts in noisy])
        self.total = max(1.0, float(weights @ [counts.sum() for counts in noisy] / weights.sum()))
        self.fine = [project(counts, self.total) for counts in noisy]
        most = max(2, int(math.sqrt(self.total / (settings.crowd * self._sigma))))
        crowd = 2 * float(sigma)
        self.merged = [
            coarser(cells, fine, most=most, crowd=crowd) for cells, fine in zip(domain, self.fine, strict=True)
        ]
        self.sizes = [int(merged.max()) + 1 for merged in self.merged]
        self._codes = [merged[column] for merged, column in zip(self.merged, codes, strict=True)]
        self.single = [
            Measured(
                (place,),
                np.bincount(merged, weights=counts, minlength=size).astype(np.float64),
                (float(sigma) ** 2 * np.bincount(merged, minlength=size)).astype(np.float64),
            )
            for place, (merged, counts, size) in enumerate(zip(self.merged, noisy, self.sizes, strict=True))
        ]
        self.cliques: list[Clique] = []
        self.measured: list[Measured] = []
        names = [cells.name for cells in domain]
        self._target = names.index(settings.target) if settings.target else -1
        self.missing = [place for place in range(columns) if place != max(self._target, 0)]
        if columns == 1:
            self._measure(Clique((0,)))

    def grow(self) -> None:
        """Choose a column that is missing and what it hangs on, and count them."""
        candidates = [(column, parents) for column in self.missing for parents in self._parents(column)]
        scores = [self._score(column, parents) for column, parents in candidates]
        place = self._accountant.choose(scores, self._choice, f"choice {len(self.cliques) + 1}")
        column, parents = candidates[place]
        at = next((at for at, clique in enumerate(self.cliques) if {*parents} <= {*clique.columns}), -1)
        self._measure(Clique((column, *parents), parents if at >= 0 else (), at))
        self.missing.remove(column)

    def _measure(self, clique: Clique) -> None:
        exact = self._count(clique.columns)
        counts, sigma = self._accountant.measure(exact, self._each, f"clique {len(self.cliques) + 1}")
        self.cliques.append(clique)
        self.measured.append(Measured(clique.columns, counts.astype(np.float64), float(sigma) ** 2))

    def _count(self, columns: Sequence[int]) -> Integers:
        return count([self._codes[column] for column in columns], [self.sizes[column] for column in columns])

    def _parents(self, column: int) -> list[tuple[int, ...]]:
        """Return what a column may hang on: columns that stand in the tree, and groups of one clique that are small."""
        standing = [place for place in range(len(self.sizes)) if place not in self.missing]
        groups = {
            group
            for clique in self.cliques
            for number in range(2, self._settings.parents + 1)
            for group in itertools.combinations(sorted(clique.columns), number)
            if self.sizes[column] * math.prod(self.sizes[other] for other in group) <= self._settings.cells
        }
        return [(place,) for place in standing] + sorted(groups)

    def _score(self, column: int, parents: tuple[int, ...]) -> int:
        """Return how far the counts are from independence, less the cost of noise; one row changes it by one at most.

        Only the exact counts depend on the data, and the distance is a sum over them; what is expected is rounded, so the
        score is a whole number.
        """
        alone = project(self.single[column].counts, 1.0 * self.total) / self.total
        expected = np.rint(self.total * np.multiply.outer(alone, self._together(parents))).astype(np.int64)
        exact = self._count((column, *parents))
        noise = self._settings.cost * _MEAN_NOISE * self._sigma * exact.size
        distance = int(np.abs(exact - expected).sum())
        if self._target >= 0 and self._target not in parents:  # a weight below 1 keeps the sensitivity
            distance = math.floor(distance * self._settings.others)
        return distance - math.floor(noise)

    def _together(self, columns: tuple[int, ...]) -> Floats:
        """Return noisy probabilities of columns that stand together."""
        found = self.single[columns[0]].counts
        if len(columns) > 1:
            block = next(block for block in self.measured if {*columns} <= {*block.columns})
            found = marginal(block.counts, block.columns, columns)
        return project(found, self.total) / self.total
