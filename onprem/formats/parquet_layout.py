"""The columns of a Parquet file as planned from its schema and first rows: how each is read, placed and written."""

# ruff: noqa: ANN401 - pyarrow publishes no types

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from onprem.errors import OutputError
from onprem.formats import headers, placing
from onprem.formats import parquet_types as types
from onprem.formats.contract import Placement, ReadOptions
from onprem.formats.json_leaves import Step
from onprem.formats.parquet_types import Shape
from onprem.formats.placing import UNPLACED, Placed
from onprem.model import Field, Kind, Reason

_SAMPLE_ROWS = 200


@dataclass(frozen=True, slots=True)
class FlatColumn:
    """A column of scalars. `kind` is its Arrow type, `field` the Arrow field that is written."""

    path: str
    placed: Placed
    shape: Shape
    kind: Any
    field: Any

    def read(self, array: Any) -> Sequence[str | Reason | None]:
        """Return the text of each cell; None for null; a reason where it has no text."""
        if self.shape is Shape.OPAQUE:
            return [types.glimpse(item) if item.is_valid else None for item in array]
        try:
            return types.to_text(array, self.shape)
        except (UnicodeDecodeError, ValueError):
            return [self._alone(array, index) for index in range(len(array))]

    def _alone(self, array: Any, index: int) -> str | Reason | None:
        try:
            return types.to_text(array.slice(index, 1), self.shape)[0]
        except UnicodeDecodeError:
            return Reason.ENCODING
        except ValueError:
            return Reason.STRUCTURE

    def write(self, texts: Sequence[str | None]) -> Any:
        """Return the array of clean texts in the type that is written; an opaque column is emptied."""
        return types.from_text([None] * len(texts) if self.shape is Shape.OPAQUE else texts, self.field.type)


@dataclass(frozen=True)
class NestedColumn:
    """A column of structs, lists or maps. `ways`: the leaves of the first rows as placed; `seen`: those read so far."""

    name: str
    position: int
    kind: Any
    field: Any
    options: ReadOptions = field(repr=False)
    ways: Mapping[tuple[str, ...], Placed] = field(repr=False)
    seen: dict[str, Placement] = field(repr=False, default_factory=dict)

    def leaves(self) -> Iterator[tuple[str, Placement]]:
        """Yield (general path, placement) of the leaves of the first rows."""
        for way, placed in self.ways.items():
            steps = tuple(Step(None if key == "*" else key, 0) for key in way)
            yield self._path(steps, general=True), placed.placement

    def _path(self, steps: Sequence[Step], *, general: bool = False) -> str:
        path = ""
        for index, step in enumerate(steps):
            way = tuple("*" if item.key is None else item.key for item in steps[: index + 1])
            if step.key is None:
                path += "[*]" if general else f"[{step.position}]"
            elif placing.is_named(way, self.options):
                path += f".{step.key}"
            else:
                path += ".#" if general else f".#{step.position}"
        return "col:" + path.removeprefix(".")

    def _placed(self, steps: Sequence[Step]) -> Placed:
        way = tuple("*" if item.key is None else item.key for item in steps)
        return self.ways.get(way) or placing.place_way(way, self.options)

    def read(self, array: Any) -> Sequence[Any]:
        """Return the Python value of each cell."""
        try:
            return list(array.to_pylist())
        except UnicodeDecodeError:
            return [Reason.ENCODING if item.is_valid else None for item in array]

    def fields(self, value: Any, keys: dict[str, str]) -> tuple[list[Field], Any]:
        """Return the fields of a value and its skeleton; patient keys among them are added to `keys`."""
        found: list[Field] = []
        root = (Step(self.name, self.position),)
        for leaf in types.walk(value, self.kind, root):
            path = self._path(leaf.steps)
            if leaf.is_key:
                if not headers.is_known(leaf.text):
                    found.append(Field(f"key:{path}", leaf.text, Kind.UNKNOWN))
                continue
            placed = self._placed(leaf.steps)
            if len(self.seen) < 100_000:  # keys of maps are endless
                self.seen[path] = placed.placement
            if placed.placement.key:
                keys.setdefault(placed.placement.key, leaf.text)
            found.append(placing.field(path, leaf.text, placed))
        return found, types.skeleton(value, self.kind, headers.is_known)

    def value(self, skeleton: Any, leaves: Iterator[Field]) -> Any:
        """Return the clean value of a cell, taking its leaves from `leaves`.

        Raises:
            OutputError: there are not enough leaves.
        """

        def texts() -> Iterator[str | None]:
            for index, leaf in enumerate(leaves, start=1):
                if leaf.path.startswith("key:"):
                    yield leaf.text or f"key_{index}"
                else:
                    yield None if not leaf.text and leaf.kind is Kind.UNKNOWN else leaf.text
            raise OutputError("a record does not have the fields of its source")

        return types.rebuild(skeleton, texts(), self.field.type)

    def write(self, values: Sequence[Any]) -> Any:
        """Return the array of clean values."""
        import pyarrow as pa  # slow to import

        return pa.array(values, self.field.type)


def plan(file: Any, options: ReadOptions) -> list[FlatColumn | NestedColumn]:
    """Return the columns of an open Parquet file as they will be read and written."""
    schema = file.schema_arrow
    sample = next(file.iter_batches(batch_size=_SAMPLE_ROWS, use_threads=False), None)
    names = [item.name for item in schema]
    arrays = [None if sample is None else sample.column(index) for index in range(len(names))]
    shapes = [
        types.shape_of(item.type, _array(array, item.type)) for item, array in zip(schema, arrays, strict=True)
    ]  # fmt: skip
    flat = _place_flat(names, arrays, shapes, options)
    planned: list[FlatColumn | NestedColumn] = []
    for index, (item, shape) in enumerate(zip(schema, shapes, strict=True)):
        if shape is Shape.NESTED:
            planned.append(_nested(item, index + 1, arrays[index], options))
        else:
            placed = flat[index] if shape is not Shape.OPAQUE else Placed(UNPLACED.placement, flat[index].known)
            repeated = sum(headers.fold(name) == headers.fold(item.name) for name in names) > 1
            path = f"col:{item.name.strip()}" if placed.known and not repeated else f"col#{index + 1}"
            planned.append(FlatColumn(path, placed, shape, item.type, _written(item, index + 1, placed, options)))
    return planned


def _array(array: Any, kind: Any) -> Any:
    import pyarrow as pa  # slow to import

    return pa.array([], kind) if array is None else array


def _place_flat(names: list[str], arrays: list[Any], shapes: list[Shape], options: ReadOptions) -> list[Placed]:
    samples: list[list[str]] = []
    for array, shape in zip(arrays, shapes, strict=True):
        if array is None or shape in {Shape.NESTED, Shape.OPAQUE}:
            samples.append([])
            continue
        column = FlatColumn("", UNPLACED, shape, array.type, None)
        samples.append([cell for cell in column.read(array) if isinstance(cell, str) and not isinstance(cell, Reason)])
    return placing.place_columns(names, samples, options)


def _is_stringlike(kind: Any) -> bool:
    import pyarrow as pa  # slow to import

    types_ = pa.types
    return bool(
        types_.is_string(kind) or types_.is_large_string(kind) or types_.is_string_view(kind)
        or types_.is_dictionary(kind) or types_.is_binary(kind) or types_.is_large_binary(kind)
    )  # fmt: skip


def _out_type(kind: Any, placed: Placed, options: ReadOptions) -> Any:
    """Return the type that is written: an identifier that is not text becomes text, unless its label keeps its type."""
    import pyarrow as pa  # slow to import

    placement = placed.placement
    if placement.kind is not Kind.IDENTIFIER or placement.label in options.typed or _is_stringlike(kind):
        return kind
    return pa.string()


def _written(item: Any, position: int, placed: Placed, options: ReadOptions) -> Any:
    import pyarrow as pa  # slow to import

    kind = _out_type(item.type, placed, options)
    # a cell that is emptied, or whose replacement is no value of the type, becomes null
    may_be_null = placed.placement.kind is Kind.UNKNOWN or placed.shape is not None or not _is_stringlike(kind)
    return pa.field(item.name if placed.known else f"column_{position}", kind, item.nullable or may_be_null)


def _nested(item: Any, position: int, array: Any, options: ReadOptions) -> NestedColumn:
    import pyarrow as pa  # slow to import

    sampled: dict[tuple[str, ...], list[str]] = {}
    root = (Step(item.name, position),)
    for value in [] if array is None else array.to_pylist():
        for leaf in types.walk(value, item.type, root):
            if not leaf.is_key:
                way = tuple("*" if step.key is None else step.key for step in leaf.steps)
                sampled.setdefault(way, []).append(leaf.text)
    ways = placing.place_keys(sampled, options)

    def rewritten(kind: Any, way: tuple[str, ...]) -> Any:
        if pa.types.is_struct(kind):
            return pa.struct([
                pa.field(
                    part.name if placing.is_named((*way, part.name), options) else f"field_{index}",
                    rewritten(part.type, (*way, part.name)),
                )
                for index, part in enumerate([kind.field(at) for at in range(kind.num_fields)], start=1)
            ])  # fmt: skip
        if pa.types.is_map(kind):
            return pa.map_(kind.key_type, kind.item_type if pa.types.is_string(kind.item_type) else pa.string())
        if pa.types.is_nested(kind):
            inner = rewritten(kind.value_type, (*way, "*"))
            return pa.large_list(inner) if pa.types.is_large_list(kind) else pa.list_(inner)
        return _out_type(kind, ways.get(way) or placing.place_way(way, options), options)

    name = item.name if placing.is_named((item.name,), options) else f"column_{position}"
    out = pa.field(name, rewritten(item.type, (item.name,)), True)
    return NestedColumn(item.name, position, item.type, out, options, ways)
