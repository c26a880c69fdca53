"""A model file is read by what it says of itself, and refused wherever that cannot be."""

import struct
import time

import pytest
from gguf_world import METADATA, TENSORS, build, text, value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onprem.errors import ModelError
from onprem.llm.gguf import TYPES, read_header

WHOLE = build()


@pytest.fixture
def read(tmp_path):
    def from_bytes(content):
        path = tmp_path / "model.gguf"
        path.write_bytes(content)
        return read_header(path)

    return from_bytes


@pytest.mark.parametrize("version", [2, 3])
def test_a_sound_file_is_read(read, version):
    header = read(build(version=version))
    assert (header.version, header.architecture, header.vocabulary) == (version, "llama", 3)
    assert (header.number("context_length"), header.number("block_count")) == (2_048, 0)
    assert header.parameters == 64 * 3 + 64
    assert header.quantisation == "Q4_0"
    assert header.values["tokenizer.ggml.add_bos_token"] is True
    assert header.lengths == {"tokenizer.ggml.tokens": 3, "tokenizer.ggml.scores": 3}
    first, second = header.tensors
    assert (first.type, first.bytes, second.start - first.start) == ("Q4_0", 108, 128)
    assert second.start + second.bytes == header.size == len(build(version=version))


@pytest.mark.parametrize("alignment", [8, 64, 4_096])
def test_tensors_lie_where_the_alignment_puts_them(read, alignment):
    metadata = (*METADATA, ("general.alignment", "I", alignment))
    assert read(build(metadata=metadata, alignment=alignment)).tensors[1].bytes == 256


def tensor(*, shape=(64,), kind=0, size=256, offset=0):
    return build(tensors=(("a", shape, kind, size, offset),))


def without(name):
    return tuple(item for item in METADATA if item[0] != name)


BROKEN = {
    "other magic": build(magic=b"GGML"),
    "pickle": b"\x80\x04\x95" + bytes(200),
    "empty": b"",
    "version": build(version=4),
    "big-endian": build(version=struct.unpack("<I", struct.pack(">I", 3))[0]),
    "no tensors": build(tensors=()),
    "tensors without end": build(counts=(2**63, len(METADATA))),
    "keys without end": build(counts=(2, 2**64 - 1)),
    "more keys than there are": build(counts=(2, len(METADATA) + 1)),
    "no architecture": build(metadata=without("general.architecture")),
    "architecture is a number": build(
        metadata=(*without("general.architecture"), ("general.architecture", "I", 1)),
    ),
    "key twice": build(metadata=(*METADATA, METADATA[2])),
    "key of an array twice": build(metadata=(*METADATA, ("tokenizer.ggml.tokens", "I", 1))),
    "empty key": build(metadata=(*METADATA, ("", "I", 1))),
    "alignment": build(metadata=(*METADATA, ("general.alignment", "I", 24))),
    "alignment zero": build(metadata=(*METADATA, ("general.alignment", "I", 0))),
    "alignment is a text": build(metadata=(*METADATA, ("general.alignment", "text", "32"))),
    "text is not UTF-8": build(metadata=(*METADATA, ("general.author", "text", b"\xff\xfe"))),
    "unknown tensor type": tensor(kind=4),
    "no dimensions": tensor(shape=()),
    "five dimensions": tensor(shape=(64, 1, 1, 1, 1)),
    "empty dimension": tensor(shape=(64, 0)),
    "half a block": tensor(shape=(48,), kind=2, size=27),
    "a product beyond 64 bits": tensor(shape=(2**40, 2**40)),
    "beyond the end": tensor(offset=32),
    "far beyond the end": tensor(offset=2**64 - 32),
    "between alignments": tensor(offset=8),
    "cut off": WHOLE[:-1],
    "two of one name": build(tensors=(TENSORS[0], (TENSORS[0][0], (64,), 0, 256))),
    "one over the other": build(tensors=(TENSORS[0], ("b", (64,), 0, 256, 32))),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_is_refused(read, name):
    with pytest.raises(ModelError) as caught:
        read(BROKEN[name])
    assert caught.value.exit_code == 10


def claims(raw):
    """A file with one key whose value is `raw` bytes."""
    return build(metadata=(), counts=(2, 1))[:24] + text("general.architecture") + raw + bytes(64)


@pytest.mark.parametrize(
    "raw",
    [
        struct.pack("<IQ", 8, 2**63),  # a text of half of all bytes there are
        struct.pack("<IQ", 8, 2**32),
        struct.pack("<IIQ", 9, 10, 2**61),  # eight bytes each: the product overflows 64 bits
        struct.pack("<IIQ", 9, 8, 9_999_999),
        struct.pack("<IIQ", 9, 9, 1),  # an array of arrays
        struct.pack("<IIQ", 9, 77, 1),
        struct.pack("<I", 77),
        struct.pack("<IB", 7, 2),  # neither true nor false
    ],
    ids=["text", "text of 4 GiB", "array overflows", "array of texts", "nested", "items", "type", "bool"],
)
def test_no_length_is_believed(read, raw):
    began = time.monotonic()
    with pytest.raises(ModelError):
        read(claims(raw))
    assert time.monotonic() - began < 5  # nothing is read or reserved that is not there


def test_the_claims_that_are_refused_would_else_be_read(read):
    whole = claims(value("text", "llama"))
    with pytest.raises(ModelError, match="tensor"):  # past the metadata: what follows is no tensor
        read(whole)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused_and_nothing_else(read, at, byte):
    content = bytearray(WHOLE)
    content[at] = byte
    try:
        header = read(bytes(content))
    except ModelError:
        return
    assert all(item.start > 0 and item.start + item.bytes <= header.size for item in header.tensors)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, len(WHOLE) - 1))
def test_a_file_cut_off_anywhere_is_refused(read, keep):
    with pytest.raises(ModelError):
        read(WHOLE[:keep])


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        read_header(tmp_path / "none.gguf")


def test_every_block_is_a_whole_number_of_bits_a_weight_that_is_plausible():
    for name, weights, size in TYPES.values():
        assert 1 <= size * 8 / weights <= 64, name
