"""Values of Arrow columns as text, and text as values again, exactly; what cannot make the round trip is opaque.

pyarrow is imported inside the functions: it takes longer to load than the rest of the package.
"""

# ruff: noqa: ANN401 - pyarrow publishes no types

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from onprem.formats.json_leaves import Step


class Shape(StrEnum):
    """How the values of a column become text."""

    TEXT = "text"  # strings, also dictionary-encoded ones
    BYTES = "bytes"  # binary that holds text
    SCALAR = "scalar"  # numbers, truth values, dates, times: cast to text and back
    NESTED = "nested"
    OPAQUE = "opaque"  # nobody can read it: always emptied


def shape_of(kind: Any, sample: Any) -> Shape:
    """Return how a column of Arrow type `kind` is read; `sample` is an array of its first values."""
    import pyarrow as pa

    types = pa.types
    if types.is_dictionary(kind):
        return Shape.TEXT if _is_string(kind.value_type) else Shape.OPAQUE
    if _is_string(kind):
        return Shape.TEXT
    if types.is_binary(kind) or types.is_large_binary(kind):
        return Shape.BYTES if _all_text(sample) else Shape.OPAQUE
    if types.is_nested(kind):
        return Shape.NESTED if _is_walkable(kind) else Shape.OPAQUE
    return Shape.SCALAR if _is_scalar(kind) else Shape.OPAQUE


def _is_string(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_scalar(kind: Any) -> bool:
    import pyarrow as pa

    types = pa.types
    return bool(
        types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
        or types.is_date(kind) or types.is_time(kind) or types.is_timestamp(kind) or types.is_duration(kind)
    )  # fmt: skip


def _all_text(sample: Any) -> bool:
    """Say whether binary values are text: writers of old marked strings as plain bytes."""
    for value in sample.to_pylist():
        if value is None:
            continue
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            return False
        if any(character < " " and character not in "\t\r\n" for character in text):
            return False
    return bool(len(sample) > sample.null_count)


_LEAF_UNITS = frozenset({"s", "ms", "us"})  # Python's datetime holds no nanoseconds


def _is_walkable(kind: Any) -> bool:
    """Say whether every leaf of a nested type has an exact text."""
    import pyarrow as pa

    types = pa.types
    if types.is_struct(kind):
        names = [kind.field(index).name for index in range(kind.num_fields)]
        return len(set(names)) == len(names) and all(
            _is_walkable(kind.field(index).type) for index in range(kind.num_fields)
        )
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _is_walkable(kind.value_type)
    if types.is_map(kind):
        return _is_string(kind.key_type) and _is_walkable(kind.item_type)
    if types.is_timestamp(kind):
        return kind.unit in _LEAF_UNITS and kind.tz is None
    return bool(
        _is_string(kind) or types.is_boolean(kind) or types.is_integer(kind) or types.is_float64(kind)
        or types.is_float32(kind) or types.is_decimal(kind) or types.is_date32(kind)
    )  # fmt: skip


def glimpse(value: Any) -> str:
    """Return a bounded text for a scalar that has no exact one; it is never written."""
    plain = value.as_py() if hasattr(value, "as_buffer") else None
    return plain[:256].hex() if isinstance(plain, bytes) else str(value)[:1024]


def to_text(array: Any, shape: Shape) -> list[str | None]:
    """Return the texts of an array that is TEXT, BYTES or SCALAR; None for null.

    Raises:
        UnicodeDecodeError: a string is not UTF-8.
        ValueError: a value does not come back from its text.
    """
    import pyarrow as pa

    if shape is Shape.TEXT:
        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        return list(array.to_pylist())
    if shape is Shape.BYTES:
        return [None if value is None else value.decode("utf-8") for value in array.to_pylist()]
    try:
        texts = _cast_to_text(array)
        exact = _same(_cast_from_text(texts, array.type), array)
    except pa.ArrowException:
        exact = False
    if not exact:
        raise ValueError("a value does not come back from its text")
    return list(texts.to_pylist())


def _same(back: Any, array: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_floating(array.type):  # NaN is not equal to itself
        return bool(back.cast(pa.float64()).to_pylist().__repr__() == array.cast(pa.float64()).to_pylist().__repr__())
    return bool(back.equals(array))


def _cast_to_text(array: Any) -> Any:
    import pyarrow as pa

    types = pa.types
    if types.is_time(array.type):  # Arrow has no cast from text to a time of day
        values = array.cast(pa.time64("us")).to_pylist()
        return pa.array([None if value is None else value.isoformat() for value in values], pa.string())
    if types.is_duration(array.type):
        array = array.cast(pa.int64())
    elif types.is_float16(array.type):
        array = array.cast(pa.float32())
    elif types.is_date64(array.type):
        array = array.cast(pa.timestamp("ms"))
    return array.cast(pa.string())


def _cast_from_text(texts: Any, kind: Any) -> Any:
    import pyarrow as pa

    types = pa.types
    if types.is_time(kind):
        values = [None if text is None else datetime.time.fromisoformat(text) for text in texts.to_pylist()]
        return pa.array(values, pa.time64("us")).cast(kind)
    if types.is_duration(kind):
        return texts.cast(pa.int64()).cast(kind)
    if types.is_float16(kind):
        return texts.cast(pa.float32()).cast(kind)
    if types.is_date64(kind):
        return texts.cast(pa.timestamp("ms")).cast(kind)
    return texts.cast(kind)


def from_text(texts: Sequence[str | None], kind: Any) -> Any:
    """Return an array of Arrow type `kind`; a text that is no value of the type becomes null."""
    import pyarrow as pa

    types = pa.types
    if types.is_dictionary(kind):
        return pa.array(texts, kind.value_type).dictionary_encode().cast(kind)
    if types.is_binary(kind) or types.is_large_binary(kind):
        return pa.array([None if text is None else text.encode("utf-8") for text in texts], kind)
    if _is_string(kind):
        return pa.array(texts, kind)
    filled = [text or None for text in texts]
    try:
        return _cast_from_text(pa.array(filled, pa.string()), kind)
    except (pa.ArrowException, ValueError):
        return pa.concat_arrays([_one(text, kind) for text in filled])


def _one(text: str | None, kind: Any) -> Any:
    import pyarrow as pa

    try:
        return _cast_from_text(pa.array([text], pa.string()), kind)
    except (pa.ArrowException, ValueError):
        return pa.nulls(1, kind)


@dataclass(frozen=True, slots=True)
class NestedLeaf:
    """A leaf of a nested value. `is_key`: it is a key of a map, which is data unless its word is known."""

    steps: tuple[Step, ...] = field(repr=False)
    text: str = field(repr=False)
    is_key: bool = False


def walk(value: Any, kind: Any, steps: tuple[Step, ...]) -> Iterator[NestedLeaf]:
    """Yield the leaves of a nested value, in order; null is structure."""
    import pyarrow as pa

    types = pa.types
    if value is None:
        return
    if types.is_struct(kind):
        for index in range(kind.num_fields):
            part = kind.field(index)
            yield from walk(value[part.name], part.type, (*steps, Step(part.name, index + 1)))
    elif types.is_map(kind):
        for index, (key, item) in enumerate(value, start=1):
            here = (*steps, Step(key, index))
            yield NestedLeaf(here, key, is_key=True)
            yield from walk(item, kind.item_type, here)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from walk(item, kind.value_type, (*steps, Step(None, index)))
    else:
        yield NestedLeaf(steps, leaf_text(value))


def leaf_text(value: Any) -> str:
    """Return the exact text of a Python scalar."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value)


def skeleton(value: Any, kind: Any, is_known: Callable[[str], bool]) -> Any:
    """Return the structure of a nested value without its leaves; see `rebuild`."""
    import pyarrow as pa

    if value is None:
        return None
    if pa.types.is_struct(kind):
        parts = [kind.field(index) for index in range(kind.num_fields)]
        return [skeleton(value[part.name], part.type, is_known) for part in parts]
    if pa.types.is_map(kind):
        return [(key if is_known(key) else None, skeleton(item, kind.item_type, is_known)) for key, item in value]
    if isinstance(value, list):
        return [skeleton(item, kind.value_type, is_known) for item in value]
    return True


def rebuild(structure: Any, texts: Iterator[str | None], kind: Any) -> Any:
    """Return a nested value of type `kind` from its skeleton, taking the text of each leaf in order.

    A skeleton is None for null, True for a leaf, a list for a struct or list, and for a map a list of pairs (key text,
    or None for a key that comes from `texts`; value).
    """
    import pyarrow as pa

    types = pa.types
    if structure is None:
        return None
    if types.is_struct(kind):
        return {
            kind.field(index).name: rebuild(part, texts, kind.field(index).type) for index, part in enumerate(structure)
        }
    if types.is_map(kind):
        return [(next(texts) if key is None else key, rebuild(item, texts, kind.item_type)) for key, item in structure]
    if isinstance(structure, list):
        return [rebuild(item, texts, kind.value_type) for item in structure]
    return leaf_value(next(texts), kind)


def leaf_value(text: str | None, kind: Any) -> Any:
    """Return the Python scalar that `text` means in an Arrow type, or None when it means none."""
    import pyarrow as pa

    if text is None or _is_string(kind):
        return text
    try:
        return pa.scalar(_parsed(text, kind), kind).as_py()
    except (ValueError, ArithmeticError, pa.ArrowException):
        return None


def _parsed(text: str, kind: Any) -> object:
    import pyarrow as pa

    types = pa.types
    if types.is_boolean(kind):
        return {"true": True, "false": False}.get(text)
    if types.is_integer(kind):
        return int(text)
    if types.is_floating(kind):
        return float(text)
    if types.is_decimal(kind):
        return decimal.Decimal(text)
    return datetime.date.fromisoformat(text) if types.is_date(kind) else datetime.datetime.fromisoformat(text)
