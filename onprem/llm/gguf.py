"""What a GGUF file says of itself, read without llama.cpp and believed only as far as the file's own size allows.

A model file comes from outside. Loaders of this format have overflowed on crafted counts and lengths, so before llama.cpp
sees a file it is read here, in Python, where nothing can overflow: the magic, every count and length against what is left
of the file, every type and alignment, and that the tensors lie inside the file, one after another, none over another.

Sources: the GGUF specification and the block sizes of `ggml.h`, https://github.com/ggml-org/ggml (docs/gguf.md).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import BinaryIO

from onprem.errors import ModelError

Value = int | float | bool | str

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_TENSORS = 100_000
MAX_KEYS = 10_000
MAX_KEY_BYTES = 65_535
MAX_TEXT_BYTES = 10_000_000  # of one text: a chat template is tens of thousands
MAX_ITEMS = 10_000_000  # of one array: a vocabulary is hundreds of thousands
MAX_DIMENSIONS = 4
_DEFAULT_ALIGNMENT = 32

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_BOOL, _TEXT, _ARRAY = 7, 8, 9

# type of a tensor: (name, weights of a block, bytes of a block)
TYPES: Mapping[int, tuple[str, int, int]] = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 36),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
}


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: its name, shape (fastest dimension first), type, and where its bytes lie in the file."""

    name: str
    shape: tuple[int, ...]
    type: str
    start: int
    bytes: int

    @property
    def weights(self) -> int:
        """Number of weights."""
        return prod(self.shape)


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself. `values` are its scalars and texts; of an array only the length is kept."""

    version: int
    values: Mapping[str, Value] = field(repr=False)
    lengths: Mapping[str, int] = field(repr=False)
    tensors: tuple[Tensor, ...] = field(repr=False)
    size: int  # bytes of the file

    @property
    def architecture(self) -> str:
        """Name of the network's architecture, as llama.cpp knows it."""
        return str(self.values["general.architecture"])

    @property
    def parameters(self) -> int:
        """Number of weights of all tensors."""
        return sum(tensor.weights for tensor in self.tensors)

    @property
    def quantisation(self) -> str:
        """The type that holds most of the weights."""
        held: dict[str, int] = {}
        for tensor in self.tensors:
            held[tensor.type] = held.get(tensor.type, 0) + tensor.weights
        return max(held, key=lambda name: held[name])

    @property
    def vocabulary(self) -> int:
        """Number of tokens."""
        return self.lengths.get("tokenizer.ggml.tokens", 0)

    def number(self, name: str) -> int:
        """Return a whole number of the architecture, such as `context_length`; 0 where the file has none."""
        found = self.values.get(f"{self.architecture}.{name}", 0)
        return found if type(found) is int else 0


def read_header(path: Path) -> Header:
    """Read and check what a model file says of itself.

    Raises:
        ModelError: it is no GGUF file, or any count, length, type or place in it cannot be.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            return _Reader(file, size).header()
    except OSError:
        raise ModelError("the model file cannot be read", hint=f"check {path}") from None


class _Reader:
    """Reads forward through a file and never asks for more than is left of it."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._at = 0

    def header(self) -> Header:
        if self._take(4) != MAGIC:
            raise ModelError("this is no GGUF file", hint="convert the model to GGUF on the connected side")
        version = self._number("I")
        if version not in VERSIONS:
            raise _unsound("its version is unknown")
        tensors, keys = self._number("Q"), self._number("Q")
        if not 0 < tensors <= MAX_TENSORS or keys > MAX_KEYS:
            raise _unsound("it claims too many parts, or none")
        values, lengths = self._metadata(keys)
        if not isinstance(values.get("general.architecture"), str):
            raise _unsound("it names no architecture")
        alignment = values.get("general.alignment", _DEFAULT_ALIGNMENT)
        if type(alignment) is not int or not 8 <= alignment <= 65_536 or alignment & (alignment - 1):
            raise _unsound("its alignment cannot be")
        return Header(version, values, lengths, self._tensors(tensors, alignment), self._size)

    def _metadata(self, count: int) -> tuple[dict[str, Value], dict[str, int]]:
        values: dict[str, Value] = {}
        lengths: dict[str, int] = {}
        for _ in range(count):
            name = self._text(MAX_KEY_BYTES)
            if not name or name in values or name in lengths:
                raise _unsound("a key is empty or stands twice")
            kind = self._number("I")
            if kind == _ARRAY:
                lengths[name] = self._array()
            elif kind == _TEXT:
                values[name] = self._text(MAX_TEXT_BYTES)
            else:
                values[name] = self._scalar(kind)
        return values, lengths

    def _array(self) -> int:
        """Pass over an array; return its length."""
        kind, length = self._number("I"), self._number("Q")
        if length > MAX_ITEMS:
            raise _unsound("an array is too long")
        if kind == _TEXT:
            for _ in range(length):
                self._skip(self._length(MAX_TEXT_BYTES))
        elif kind in _SCALARS:
            self._skip(length * struct.calcsize(f"<{_SCALARS[kind]}"))
        else:  # arrays of arrays occur in no model
            raise _unsound("an array has items of an unknown type")
        return length

    def _tensors(self, count: int, alignment: int) -> tuple[Tensor, ...]:
        told: list[tuple[str, tuple[int, ...], int, int]] = []
        for _ in range(count):
            name = self._text(MAX_KEY_BYTES)
            dimensions = self._number("I")
            if not 0 < dimensions <= MAX_DIMENSIONS:
                raise _unsound("a tensor has too many dimensions, or none")
            shape = tuple(self._number("Q") for _ in range(dimensions))
            told.append((name, shape, self._number("I"), self._number("Q")))
        if len({name for name, *_ in told}) < count:
            raise _unsound("two tensors have one name")
        data = -(-self._at // alignment) * alignment
        found = [self._tensor(item, data, alignment) for item in told]
        in_order = sorted(found, key=lambda tensor: tensor.start)
        if any(one.start + one.bytes > other.start for one, other in pairwise(in_order)):
            raise _unsound("two tensors lie over each other")
        return tuple(found)

    def _tensor(self, told: tuple[str, tuple[int, ...], int, int], data: int, alignment: int) -> Tensor:
        name, shape, kind, offset = told
        if kind not in TYPES:
            raise _unsound("a tensor has an unknown type")
        label, block, size = TYPES[kind]
        weights = prod(shape)
        if not weights or shape[0] % block:
            raise _unsound("a tensor has a shape that its type cannot hold")
        held = weights // block * size
        if offset % alignment or data + offset + held > self._size:
            raise _unsound("a tensor lies outside of the file, or the file is cut off")
        return Tensor(name, shape, label, data + offset, held)

    def _scalar(self, kind: int) -> Value:
        if kind not in _SCALARS:
            raise _unsound("a value has an unknown type")
        if kind == _BOOL and (byte := self._take(1)) in (b"\0", b"\1"):
            return byte == b"\1"
        if kind == _BOOL:
            raise _unsound("a value is neither true nor false")
        return self._unpacked(_SCALARS[kind])

    def _number(self, form: str) -> int:
        return int(self._unpacked(form))

    def _unpacked(self, form: str) -> int | float:
        found: int | float = struct.unpack(f"<{form}", self._take(struct.calcsize(f"<{form}")))[0]
        return found

    def _text(self, most: int) -> str:
        try:
            return self._take(self._length(most)).decode("utf-8")
        except UnicodeDecodeError:
            raise _unsound("a text is not UTF-8") from None

    def _length(self, most: int) -> int:
        length = self._number("Q")
        if length > most:
            raise _unsound("a text is too long")
        return length

    def _take(self, count: int) -> bytes:
        self._step(count)
        content = self._file.read(count)
        if len(content) != count:
            raise _unsound("it ends too early")
        return content

    def _skip(self, count: int) -> None:
        self._step(count)
        self._file.seek(count, 1)

    def _step(self, count: int) -> None:
        self._at += count
        if self._at > self._size:
            raise _unsound("it ends too early")


def _unsound(why: str) -> ModelError:
    return ModelError(f"the model file is not sound: {why}", hint="copy it again and compare its SHA-256")
