"""Threads, layers, room and memory follow from the machine and the header, as the numbers by hand say."""

import pytest

from onprem.llm import placing
from onprem.llm.gguf import Header

GIB = 1 << 30


def header(size=100, **numbers):
    values = {f"llama.{name}": value for name, value in numbers.items()}
    return Header(3, {"general.architecture": "llama", **values}, {"tokenizer.ggml.tokens": 49_152}, (), size)


SMOLLM2 = {
    "block_count": 30,
    "embedding_length": 576,
    "attention.head_count": 9,
    "attention.head_count_kv": 3,
    "context_length": 8_192,
}


def test_bytes_of_a_token_are_keys_and_values_of_every_layer():
    assert placing.token_bytes(header(**SMOLLM2)) == 30 * 3 * (64 + 64) * 2


def test_bytes_of_a_token_follow_the_lengths_that_the_header_tells():
    told = {**SMOLLM2, "attention.key_length": 128, "attention.value_length": 96}
    assert placing.token_bytes(header(**told)) == 30 * 3 * (128 + 96) * 2


def test_a_header_that_tells_nothing_takes_nothing():
    assert placing.token_bytes(header()) == 0


@pytest.mark.parametrize(
    ("asked", "context", "cells"),
    [
        ({"sequences": 1, "context": 0}, 4_096, 4_096),
        ({"sequences": 16, "context": 0}, 4_096, 4_096 + 15 * 1_024),
        ({"sequences": 16, "context": 512}, 512, 16 * 512),
        ({"sequences": 2, "context": 8_192}, 8_192, 8_192 + 1_024),
    ],
)
def test_room_is_for_one_whole_context_and_as_much_as_others_usually_need(asked, context, cells):
    found = placing.plan(header(**SMOLLM2), threads=3, **asked)
    assert (found.context, found.cells, found.threads) == (context, cells, 3)


def test_a_model_of_a_short_context_has_that():
    assert (
        placing.plan(header(**{**SMOLLM2, "context_length": 2_048}), sequences=1, context=0, threads=1).context == 2_048
    )


@pytest.mark.parametrize(
    ("free", "expected"),
    [(0, 0), (80 * GIB, 33), (5 * GIB, 33), (3 * GIB, 20), (GIB, 6), (200 << 20, 0)],
    ids=["none", "much", "just", "some", "few", "too few"],
)
def test_as_many_layers_as_a_gpu_takes(free, expected):
    # 32 layers and the output, 4 GiB of weights and 0.25 GiB held: 132 MiB each
    assert placing.layers(blocks=32, weights=4 * GIB, held=GIB // 4, free=free) == expected


def test_layers_of_nothing_are_none():
    assert placing.layers(blocks=0, weights=4 * GIB, held=0, free=GIB) == 0


def test_memory_counts_the_file_and_what_is_held():
    plan = placing.plan(header(**SMOLLM2), sequences=1, context=4_096, threads=1)
    more = placing.plan(header(**SMOLLM2), sequences=1, context=8_192, threads=1)
    assert placing.needed(header(size=GIB, **SMOLLM2), plan) - placing.needed(header(size=0, **SMOLLM2), plan) == GIB
    grown = placing.needed(header(**SMOLLM2), more) - placing.needed(header(**SMOLLM2), plan)
    assert grown == 4_096 * placing.token_bytes(header(**SMOLLM2))


def test_the_limit_of_a_container_counts(tmp_path, monkeypatch):
    free = placing.free_memory()
    assert 0 < free < 1 << 50
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("900000\n")
    (tmp_path / "memory.stat").write_text("anon 5\ninactive_file 50000\n")
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    monkeypatch.setattr(placing, "_groups", lambda: [tmp_path])
    assert placing.free_memory() == 150_000
    assert placing.physical_cores() == 1


def test_no_limit_is_none(tmp_path, monkeypatch):
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("900000\n")
    (tmp_path / "cpu.max").write_text("max 100000\n")
    before = placing.physical_cores()
    monkeypatch.setattr(placing, "_groups", lambda: [tmp_path])
    assert placing.free_memory() > 1 << 20
    assert placing.physical_cores() == before
