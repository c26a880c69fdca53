"""Private tables: what is spent, what one row can change, what comes out, and that memory stays flat."""

import itertools
import random
import resource
from fractions import Fraction

import numpy as np
import pytest

from onprem.errors import PolicyError, UsageError
from onprem.synth.tables import private
from onprem.synth.tables.accountant import Accountant
from onprem.synth.tables.marginals import count
from onprem.synth.tables.marginals_domain import Domain
from onprem.synth.tables.private import Settings, fit
from onprem.table import Column, Kind, Table

DOMAIN = Domain.parse(
    """
[age]
kind = "integer"
low = 40
high = 99
step = 1
[pressure]
kind = "integer"
low = 80
high = 200
bins = 24
missing = true
[sex]
kind = "category"
values = ["F", "M"]
[died]
kind = "category"
values = ["no", "yes"]
"""
)


def patients(rows=4000, seed=0):
    rng = np.random.default_rng(seed)
    age = rng.integers(40, 100, rows)
    pressure = np.clip(np.rint(60 + age + rng.normal(0, 8, rows)), 80, 200)
    pressure[rng.random(rows) < 0.1] = np.nan
    sex = rng.integers(0, 2, rows)
    died = (rng.random(rows) < 1 / (1 + np.exp(-(age - 75) / 5))).astype(np.int32)
    return Table(
        "patients",
        (
            Column("age", Kind.INTEGER, age.astype(float)),
            Column("pressure", Kind.INTEGER, pressure),
            Column("sex", Kind.CATEGORY, sex.astype(np.int32), ("F", "M")),
            Column("died", Kind.CATEGORY, died, ("no", "yes")),
        ),
    )


def account(epsilon=1.0, delta=1e-6, seed=0):
    return Accountant(epsilon, delta, unsafe_source_of_bytes=random.Random(seed).randbytes)


def shares(table, first, second):
    one, other = DOMAIN.encode(table)[first], DOMAIN.encode(table)[second]
    sizes = [len(DOMAIN.columns[place]) for place in (first, second)]
    return count([one, other], sizes) / len(table)


def test_the_budget_is_spent_and_not_overspent():
    accountant = account()
    model = fit(patients(), DOMAIN, accountant)
    assert accountant.spent <= accountant.rho
    assert accountant.spent > accountant.rho * Fraction(99, 100)
    card = model.card()
    assert card["domain_sha256"] == DOMAIN.digest
    assert card["rho_spent"] == pytest.approx(sum(step["rho"] for step in card["steps"]))
    assert len(card["steps"]) == 4 + 3 * 2  # single columns; a choice and a count for each further column
    with pytest.raises(PolicyError) as caught:
        fit(patients(), DOMAIN, accountant)
    assert caught.value.hint


def test_relations_survive_and_what_is_independent_stays_so():
    real = patients()
    made = fit(real, DOMAIN, account()).sample(4000, 1)
    assert abs(np.corrcoef(real.column("age").values, real.column("died").values)[0, 1]) > 0.5
    assert np.corrcoef(made.column("age").values, made.column("died").values)[0, 1] > 0.45
    assert abs(np.corrcoef(made.column("age").values, made.column("sex").values)[0, 1]) < 0.1
    known = ~made.column("pressure").missing
    assert np.corrcoef(made.column("age").values[known], made.column("pressure").values[known])[0, 1] > 0.8
    assert 0.06 < 1 - known.mean() < 0.14


def test_more_budget_comes_nearer():
    real = patients()
    distances = []
    for epsilon in (0.1, 1.0, 20.0):
        made = [fit(real, DOMAIN, account(epsilon, seed=seed)).sample(20_000, seed) for seed in range(3)]
        distances.append(np.mean([np.abs(shares(real, 0, 3) - shares(table, 0, 3)).sum() for table in made]))
    assert distances[0] > distances[1] > distances[2]


def test_one_row_changes_one_cell_by_one_and_each_score_by_at_most_one():
    """Brute force over every row that could be added to a small table: the sensitivities that the ledger rests on."""
    text = (
        '[a]\nkind = "category"\nvalues = ["p", "q", "r"]\n[b]\nkind = "category"\nvalues = ["x", "y"]\n'
        '[c]\nkind = "integer"\nlow = 0\nhigh = 2\nstep = 1\n'
    )
    domain = Domain.parse(text)
    rng = np.random.default_rng(3)

    def small(rows):
        columns = [np.array([row[place] for row in rows]) for place in range(3)]
        return Table(
            "t",
            (
                Column("a", Kind.CATEGORY, columns[0].astype(np.int32), ("p", "q", "r")),
                Column("b", Kind.CATEGORY, columns[1].astype(np.int32), ("x", "y")),
                Column("c", Kind.INTEGER, columns[2].astype(float)),
            ),
        )

    rows = [tuple(int(rng.integers(0, size)) for size in (3, 2, 3)) for _ in range(30)]
    for settings in (Settings(), Settings(target="b"), Settings(parents=2, target="c", others=Fraction(1, 3))):
        growth = private._Growth(domain.encode(small(rows)), domain, account(50.0), settings)
        growth.grow()
        wanted = [(column, parents) for column in growth.missing for parents in growth._parents(column)]
        before = [growth._score(*candidate) for candidate in wanted]
        tables = [growth._count(columns) for columns in ((0, 1), (0, 2), (1, 2), (0, 1, 2))]
        changed = set()
        for added in itertools.product(range(3), range(2), range(3)):
            # only the data change: all that is noisy stays as it is
            codes = domain.encode(small([*rows, added]))
            growth._codes = [merged[column] for merged, column in zip(growth.merged, codes, strict=True)]
            differences = [
                abs(growth._score(*candidate) - score) for candidate, score in zip(wanted, before, strict=True)
            ]
            assert max(differences) <= 1
            changed.update(differences)
            for columns, table in zip(((0, 1), (0, 2), (1, 2), (0, 1, 2)), tables, strict=True):
                assert np.abs(growth._count(columns) - table).sum() == 1
        assert 1 in changed  # otherwise the bound would be idle


def test_the_model_depends_on_the_data_through_the_noisy_answers_alone():
    """Two tables of which the accountant says the same give the same model, whatever else they are."""
    said = {}

    class Repeats(Accountant):
        """Spends as it should, and answers the second table with what it said of the first."""

        def measure(self, counts, rho, step):
            return said.setdefault(step, super().measure(counts, rho, step))

        def choose(self, scores, rho, step):
            return said.setdefault(step, super().choose(scores, rho, step))

    made = [fit(table, DOMAIN, Repeats(1.0, 1e-6)).sample(500, 3) for table in (patients(4000, 0), patients(10, 1))]
    for one, other in zip(*made, strict=True):
        assert np.array_equal(one.values, other.values, equal_nan=one.kind is not Kind.CATEGORY)


def test_the_same_seed_gives_the_same_rows_and_chunks_are_the_sample():
    model = fit(patients(), DOMAIN, account())
    one, other = model.sample(private.ROWS + 10, 5), model.sample(private.ROWS + 10, 5)
    chunks = list(model.chunks(private.ROWS + 10, 5))
    assert [len(chunk) for chunk in chunks] == [private.ROWS, 10]
    for place, column in enumerate(one):
        joined = np.concatenate([chunk.columns[place].values for chunk in chunks])
        for values in (other.columns[place].values, joined):
            assert np.array_equal(column.values, values, equal_nan=column.kind is not Kind.CATEGORY)
    assert not np.array_equal(one.column("age").values, model.sample(private.ROWS + 10, 6).column("age").values)


def test_secure_noise_differs_between_fits():
    models = [fit(patients(), DOMAIN, Accountant(1.0, 1e-6)) for _ in range(2)]
    assert models[0].total != models[1].total


@pytest.mark.parametrize("rows", [0, 1, 7])
def test_few_rows_or_none_give_a_table_all_the_same(rows):
    """Whether there are rows is itself private, so nothing is refused."""
    made = fit(patients(rows), DOMAIN, account()).sample(50, 0)
    assert len(made) == 50
    assert len(fit(patients(rows), DOMAIN, account()).sample(0, 0)) == 0


def test_a_single_column_takes_the_whole_budget():
    domain = Domain.parse('[sex]\nkind = "category"\nvalues = ["F", "M"]\n')
    table = Table("t", (patients().column("sex"),))
    accountant = account()
    made = fit(table, domain, accountant).sample(20_000, 0)
    assert accountant.spent > accountant.rho * Fraction(9, 10)
    assert abs(made.column("sex").values.mean() - table.column("sex").values.mean()) < 0.03


def test_what_cannot_be_is_refused():
    for settings in (Settings(one_way=Fraction(1, 2), choices=Fraction(1, 2)), Settings(target="height")):
        with pytest.raises(PolicyError) as caught:
            fit(patients(10), DOMAIN, account(), settings)
        assert caught.value.hint
    with pytest.raises(UsageError):
        fit(patients(10), DOMAIN, account()).sample(-1, 0)


def test_three_columns_together_keep_what_two_cannot():
    """A value that is the exclusive or of two others: no pair shows it, three columns do."""
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2, (2, 4000))
    c = a ^ b ^ (rng.random(4000) < 0.02)
    domain = Domain.parse("".join(f'[{name}]\nkind = "category"\nvalues = ["0", "1"]\n' for name in "abc"))
    columns = (
        Column(name, Kind.CATEGORY, values.astype(np.int32), ("0", "1"))
        for name, values in zip("abc", (a, b, c), strict=True)
    )
    table = Table("t", tuple(columns))
    kept = []
    for parents in (1, 2):
        made = fit(table, domain, account(), Settings(parents=parents)).sample(4000, 0)
        values = [column.values for column in made]
        kept.append(abs(((values[0] ^ values[1]) == values[2]).mean() - 0.5))
    assert kept[0] < 0.1
    assert kept[1] > 0.4


@pytest.mark.serial
def test_a_million_rows_in_flat_memory():
    model = fit(patients(), DOMAIN, account())
    for _ in model.chunks(3 * private.ROWS, 0):
        pass
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows = sum(len(chunk) for chunk in model.chunks(1_000_000, 0))
    assert rows == 1_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kilobytes; all at once take 28,000
