"""Inputs are listed in a stable order; an output that would mix raw and clean is refused."""

import pytest

from onprem.errors import InputError, OutputError, UsageError
from onprem.formats.contract import Chunk
from onprem.pipeline.plan import SourcePlan, check_lang, check_output, enumerate_inputs, make_tasks


def test_a_folder_is_listed_by_path(tmp_path):
    for name in ("b/2.txt", "a/1.txt", "a/10.txt", ".DS_Store"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [item.relative for item in enumerate_inputs([tmp_path])] == ["a/1.txt", "a/10.txt", "b/2.txt"]


def test_the_same_file_given_twice_is_one_source(tmp_path):
    (tmp_path / "1.txt").write_text("x")
    assert len(enumerate_inputs([tmp_path, tmp_path / "1.txt"])) == 1


def test_what_does_not_exist_is_refused_by_position_not_name(tmp_path):
    with pytest.raises(InputError) as failure:
        enumerate_inputs([tmp_path / "Jane_Doe.txt"])
    assert "Jane" not in failure.value.message + failure.value.hint


@pytest.mark.parametrize("out", ["in", "in/out", "."])
def test_outputs_that_mix_with_the_input_are_refused(tmp_path, out):
    (tmp_path / "in").mkdir()
    with pytest.raises(OutputError):
        check_output([tmp_path / "in"], tmp_path / out, resume=False)


def test_a_folder_with_files_is_refused_unless_resumed(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").write_text("x")
    with pytest.raises(OutputError):
        check_output([tmp_path / "in"], tmp_path / "out", resume=False)
    check_output([tmp_path / "in"], tmp_path / "out", resume=True)


def test_tasks_hold_every_chunk_once_in_order():
    sources = [
        SourcePlan(index, "p", "r", "text", (), tuple(Chunk(i, 1, i, 3_000) for i in range(count)))
        for index, count in enumerate((3, 0, 5, 1))
    ]
    tasks = make_tasks(sources, size_limit=7_000)
    assert [piece for task in tasks for piece in task.pieces] == [
        (source.index, position) for source in sources for position in range(len(source.chunks))
    ]
    assert len(tasks) > 1


def test_chunks_that_nearly_fill_a_task_are_not_joined():
    chunks = tuple(Chunk(i, 10, i, 199_000) for i in range(5))
    tasks = make_tasks([SourcePlan(0, "p", "r", "jsonl", (), chunks)], size_limit=200_000)
    assert [len(task.pieces) for task in tasks] == [1] * 5


def test_a_task_is_bounded_where_a_chunk_is_measured_in_rows():
    chunks = tuple(Chunk(2_000 * i, 2_000, 2_000 * i, 2_000) for i in range(500))
    tasks = make_tasks([SourcePlan(0, "p", "r", "parquet", (), chunks)])
    assert max(sum(chunks[at].count for _, at in task.pieces) for task in tasks) == 2_000


def test_an_unknown_language_option_is_a_usage_error():
    with pytest.raises(UsageError):
        check_lang("fr")
