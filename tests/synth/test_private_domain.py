"""The public domain: what it refuses, and that every value finds a cell by the domain alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onprem.errors import PolicyError
from onprem.synth.tables.marginals_domain import Domain
from onprem.table import Column, Kind, Table

TEXT = """
[age]
kind = "integer"
low = 18
high = 100
step = 1
[creatinine]
kind = "number"
low = 0.2
high = 15.0
bins = 40
scale = "log"
decimals = 1
missing = true
[seen]
kind = "time"
low = 2001-01-01
high = 2010-12-31
bins = 10
[sex]
kind = "category"
values = ["F", "M"]
other = "other"
"""
DOMAIN = Domain.parse(TEXT)
DAY = 86_400.0


def table(age=(30,), creatinine=(1.0,), seen=(978307200.0,), sex=("F",)):
    names = tuple(sorted(set(sex) - {None}))
    codes = [names.index(value) if value is not None else -1 for value in sex]
    return Table(
        "patients",
        (
            Column("age", Kind.INTEGER, np.array(age, dtype=float)),
            Column("creatinine", Kind.NUMBER, np.array(creatinine, dtype=float), (), 1),
            Column("seen", Kind.TIME, np.array(seen, dtype=float), (), 0, True),
            Column("sex", Kind.CATEGORY, np.array(codes, dtype=np.int32), names),
        ),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not toml [",
        '[age]\nkind = "integer"\n',
        '[age]\nkind = "integer"\nlow = 1\nhigh = 9\n',
        '[age]\nkind = "integer"\nlow = 1\nhigh = 9\nbins = 3\nstep = 1\n',
        '[age]\nkind = "integer"\nlow = 9\nhigh = 1\nbins = 3\n',
        '[age]\nkind = "integer"\nlow = true\nhigh = 9\nbins = 3\n',
        '[age]\nkind = "integer"\nlow = nan\nhigh = 9\nbins = 3\n',
        '[age]\nkind = "number"\nlow = -1\nhigh = 9\nbins = 3\nscale = "log"\n',
        '[age]\nkind = "number"\nlow = 0\nhigh = 9e8\nstep = 0.01\n',
        '[age]\nkind = "integer"\nlow = 1\nhigh = 9\nbins = 3\ncolour = "red"\n',
        '[age]\nkind = "shape"\nlow = 1\nhigh = 9\nbins = 3\n',
        '[sex]\nkind = "category"\n',
        '[sex]\nkind = "category"\nvalues = ["F", "F"]\n',
        '[sex]\nkind = "category"\nvalues = ["F"]\nlow = 1\n',
        '[seen]\nkind = "time"\nlow = 1\nhigh = 9\nbins = 3\n',
    ],
)
def test_a_domain_that_is_not_sound_is_refused_with_a_hint(text):
    with pytest.raises(PolicyError) as caught:
        Domain.parse(text)
    assert caught.value.hint


def test_a_column_without_bounds_is_refused_and_so_is_one_that_is_not_there():
    one = table()
    more = Table("patients", (*one.columns, Column("zip", Kind.INTEGER, np.array([12345.0]))))
    with pytest.raises(PolicyError, match="column 5") as caught:
        DOMAIN.encode(more)
    assert caught.value.hint
    with pytest.raises(PolicyError, match="no column"):
        DOMAIN.encode(Table("patients", one.columns[:3]))
    with pytest.raises(PolicyError, match="kind"):
        DOMAIN.encode(Table("patients", (*one.columns[:3], Column("sex", Kind.INTEGER, np.array([1.0])))))


def test_values_outside_are_mapped_by_the_domain():
    codes = DOMAIN.encode(
        table(
            age=(-5, 18, 100, 250, np.nan),
            creatinine=(0.0, 0.2, 15.0, 99.0, np.nan),
            seen=(-1e12, 978307200.0, 1293753600.0, 1e12, np.nan),
            sex=("F", "M", "X", None, "diverse"),
        )
    )
    age, creatinine, seen, sex = DOMAIN.columns
    assert codes[0].tolist() == [0, 0, 82, 82, 0]  # no missing cell: the first
    assert codes[1].tolist() == [0, 0, creatinine.known - 1, creatinine.known - 1, creatinine.known]
    assert codes[2].tolist() == [0, 0, 9, 9, 0]
    assert codes[3].tolist() == [0, 1, 2, 0, 2]
    assert [len(cells) for cells in (age, seen, sex)] == [83, 10, 3]


def test_log_cells_are_narrow_at_the_low_end_and_never_below_the_grid():
    edges = DOMAIN.columns[1].edges
    widths = np.diff(edges)
    assert widths.min() >= 1
    assert widths[0] < widths[-1]
    assert edges[0] == 2
    assert edges[-1] == 151


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-100, 1000, allow_nan=False))
def test_what_is_drawn_from_a_cell_lies_in_it(seed, value):
    rng = np.random.default_rng(seed)
    for cells, column in zip(DOMAIN, table(age=(value,), creatinine=(value,), seen=(value * 1e7,)), strict=True):
        every = np.arange(len(cells), dtype=np.int32)
        for codes in (every, cells.encode(column)):
            drawn = cells.decode(codes, rng)
            assert drawn.kind is cells.kind
            assert cells.encode(drawn).tolist() == codes.tolist()


def test_drawn_numbers_are_inside_the_bounds_and_on_the_grid():
    drawn = DOMAIN.columns[1].decode(np.repeat(np.arange(40, dtype=np.int32), 50), np.random.default_rng(0)).values
    drawn = drawn[~np.isnan(drawn)]
    assert drawn.min() >= 0.2
    assert drawn.max() <= 15.0
    assert np.array_equal(drawn, np.round(drawn, 1))
    days = DOMAIN.columns[2].decode(np.arange(10, dtype=np.int32), np.random.default_rng(0))
    assert days.day
    assert not (days.values % DAY).any()


def test_the_digest_is_of_what_is_said():
    assert Domain.parse(TEXT + "# a comment\n").digest == DOMAIN.digest
    assert Domain.parse(TEXT.replace("high = 100", "high = 101")).digest != DOMAIN.digest


def test_a_file_is_read_and_a_missing_one_refused(tmp_path):
    (tmp_path / "domain.toml").write_text(TEXT, encoding="utf-8")
    assert Domain.read(tmp_path / "domain.toml").digest == DOMAIN.digest
    with pytest.raises(PolicyError):
        Domain.read(tmp_path / "none.toml")
