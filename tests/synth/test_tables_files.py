"""Tables are read by one rule and written in parts, and a file that is not finished is not there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.errors import InputError, OutputError, UsageError
from onprem.table import Column, Kind, Table
from onprem.table_files import SUFFIXES, TableWriter, read_table, write_table

SECRET = "Zbigniew"


def _csv(tmp_path, text: str, *, codec: str = "utf-8", name: str = "t.csv"):
    path = tmp_path / name
    path.write_bytes(text.encode(codec))
    return path


def test_kinds_follow_from_values(tmp_path) -> None:
    rows = "\n".join(
        f"{n},{n % 7},{n % 7}.{n % 10}0,2024-01-{n % 28 + 1:02d},2024-01-01T{n % 24:02d}:30,{'mf'[n % 2]},0{n % 9},u{n}"
        for n in range(60)
    )
    table = read_table(_csv(tmp_path, f"visit_id,count,level,day,at,sex,postcode,mrn\n{rows}\n"))
    kinds = {column.name: column.kind for column in table}
    assert kinds == {
        "visit_id": Kind.KEY, "count": Kind.INTEGER, "level": Kind.NUMBER, "day": Kind.TIME, "at": Kind.TIME,
        "sex": Kind.CATEGORY, "postcode": Kind.CATEGORY, "mrn": Kind.KEY,
    }  # fmt: skip
    assert table.column("level").decimals == 1  # the second one is always 0
    assert table.column("day").day
    assert not table.column("at").day
    assert table.column("day").values[0] == 1704067200
    assert table.column("at").values[1] == 1704067200 + 5400
    assert "00" in table.column("postcode").categories


def test_missing_is_missing_in_every_kind(tmp_path) -> None:
    table = read_table(_csv(tmp_path, "a,b,c,d\n1,,2024-01-01,x\nNA,1.5,,\n3,NaN,null,y\n"))
    assert [column.missing.tolist() for column in table] == [
        [False, True, False],
        [True, False, True],
        [False, True, True],
        [False, True, False],
    ]


def test_a_column_told_is_what_was_told(tmp_path) -> None:
    path = _csv(tmp_path, "ward,dept_id\n1,5\n2,5\n")
    table = read_table(path, keys=["ward"], categories=["dept_id"])
    assert [column.kind for column in table] == [Kind.KEY, Kind.CATEGORY]
    with pytest.raises(UsageError):
        read_table(path, keys=["nothing"])


def test_free_text_is_left_out_and_named(tmp_path) -> None:
    rows = "\n".join(f"{n},Patient number {n} came with a cough and went home" for n in range(40))
    table = read_table(_csv(tmp_path, f"age,note\n{rows}\n"))
    assert table.left_out == ("note",)
    assert [column.name for column in table] == ["age"]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(tmp_path, codec: str) -> None:
    table = read_table(
        _csv(tmp_path, "性别,年龄\n男,30\n女,40\n男,50\n" * 3, codec=codec).rename(tmp_path / "门诊.csv")
    )
    assert table.name == "门诊"
    assert {"男", "女"} <= {*table.column("性别").categories}


@pytest.mark.parametrize(
    "text", [f"a,b\n1,2\n{SECRET}\n", f"a,a\n{SECRET},1\n", "", f"d\n2024-13-45\n{'2024-01-01' + chr(10)}"]
)
def test_what_is_no_table_is_refused_without_a_value(tmp_path, text: str) -> None:
    with pytest.raises(InputError) as caught:
        read_table(_csv(tmp_path, text))
    told = f"{caught.value} {caught.value.hint} {caught.value.__cause__}"
    assert SECRET not in told
    assert "2024-13" not in told
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_unknown_forms_are_refused(tmp_path) -> None:
    with pytest.raises(UsageError):
        read_table(_csv(tmp_path, "a\n1\n", name="t.xlsx"))
    with pytest.raises(InputError):
        read_table(_csv(tmp_path, "no parquet at all", name="t.parquet"))
    with pytest.raises(InputError):
        read_table(tmp_path / "nothing.csv")


_words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=8).filter(
    lambda word: word == word.strip() and word not in {"NA", "NaN", "nan", "null", "NULL", "N/A", "NaT"}
)


@given(
    words=st.lists(st.one_of(st.none(), _words), min_size=1, max_size=12),
    numbers=st.lists(st.one_of(st.none(), st.integers(-(10**6), 10**6)), min_size=12, max_size=12),
    suffix=st.sampled_from(SUFFIXES),
)
def test_what_is_written_is_read(tmp_path_factory, words, numbers, suffix) -> None:
    path = tmp_path_factory.mktemp("t") / f"t{suffix}"
    names = tuple(sorted({word for word in words if word}))
    codes = np.array([names.index(word) if word else -1 for word in words], dtype=np.int32)
    values = np.array([np.nan if n is None else n / 100 for n in numbers[: len(words)]])
    days = np.where(np.isnan(values), np.nan, np.floor(np.nan_to_num(values)) * 86400)
    table = Table(
        "t",
        (
            Column("word", Kind.CATEGORY, codes, names),
            Column("number", Kind.NUMBER, values, decimals=2),
            Column("day", Kind.TIME, days, day=True),
        ),
    )
    write_table(table, path)
    back = read_table(path, categories=["word"])
    word = back.column("word")
    assert [word.categories[code] if code >= 0 else None for code in word.values] == words
    if not np.isnan(values).all():
        np.testing.assert_array_equal(back.column("number").values, values)
        np.testing.assert_array_equal(back.column("day").values, days)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_was_not_finished_is_not_there(tmp_path) -> None:
    part = Table("t", (Column("a", Kind.INTEGER, np.arange(3.0)),))
    with pytest.raises(RuntimeError), TableWriter(tmp_path / "t.csv") as writer:
        writer.add(part)
        raise RuntimeError
    assert not list(tmp_path.iterdir())


def test_parts_follow_one_another_and_nothing_is_overwritten(tmp_path) -> None:
    part = Table("t", (Column("a", Kind.INTEGER, np.arange(3.0)),))
    for suffix in SUFFIXES:
        write_table([part, part], tmp_path / f"t{suffix}")
        assert read_table(tmp_path / f"t{suffix}").column("a").values.tolist() == [0, 1, 2, 0, 1, 2]
        with pytest.raises(OutputError):
            write_table(part, tmp_path / f"t{suffix}")
