"""What a user asks to be extracted, as a JSON schema: read with distrust, and made into the one that binds the model.

Rules: only what the model can be bound to is accepted, so that every answer is valid; anything else is refused with its
place in the schema and a hint. A property that is not required may be absent, so the model may say null for it; one that is
required must be given, and code says whether the record has it. Every text and list is bounded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onprem.errors import InputError, UsageError
from onprem.llm.speakable import is_speakable

MAX_BYTES = 65_536
MAX_DEPTH = 4  # objects in objects or lists
MAX_VALUES = 64  # of one record, where a list counts as one
MAX_CHOICES = 200
MAX_TEXT, USUAL_TEXT = 1_000, 200  # characters of a value; where the schema does not say
MAX_ITEMS, USUAL_ITEMS = 50, 20  # of a list; where the schema does not say
MAX_NAME = 100  # characters

_SAID = frozenset({"title", "description", "$comment", "default", "examples", "deprecated"})  # binds nothing
_KEYS: Mapping[str, frozenset[str]] = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "string": frozenset({"minLength", "maxLength"}),
    "number": frozenset(),
    "integer": frozenset(),
    "boolean": frozenset(),
}
_HINTS = {
    "$ref": "write what it points to in its place",
    "pattern": "leave it out, or list what may stand there with enum; check the values afterwards",
    "format": "leave it out: a date is found as it is written in the record",
    "minimum": "leave it out, and check the values afterwards",
    "maximum": "leave it out, and check the values afterwards",
    "oneOf": "give one type, or an enum",
    "anyOf": "give one type, or an enum",
    "allOf": "write it as one schema",
}
_HINT = "docs/summaries.md says what a schema may hold"


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema that can be met: the user's own, and the one that binds the model, both as JSON."""

    own: Mapping[str, Any]
    binding: str
    values: int


class _Reader:
    def __init__(self) -> None:
        self.values = 0

    def bind(self, schema: object, path: str, depth: int) -> dict[str, Any]:
        """Return what binds the model for one part of the schema."""
        if not isinstance(schema, dict):
            raise _refusal(path, "is no schema")
        if "enum" in schema or "const" in schema:
            return self._choice(schema, path)
        kind = schema.get("type")
        nullable = isinstance(kind, list) and len(kind) == 2 and "null" in kind
        if isinstance(kind, list) and nullable:
            kind = next((item for item in kind if item != "null"), None)
        if not isinstance(kind, str) or kind not in _KEYS:
            raise _refusal(f"{path}/type", f"is none of: {', '.join(_KEYS)}")
        _only(schema, _KEYS[kind] | {"type"}, path)
        if kind == "object":
            made = self._object(schema, path, depth)
        elif kind == "array":
            made = self._array(schema, path, depth)
        else:
            self._count(path)
            made = _scalar(kind, schema, path)
        return _or_null(made) if nullable else made

    def _object(self, schema: Mapping[str, Any], path: str, depth: int) -> dict[str, Any]:
        if depth >= MAX_DEPTH:
            raise _refusal(path, f"lies deeper than {MAX_DEPTH} objects or lists")
        properties = schema.get("properties")
        if not isinstance(properties, dict) or not properties:
            raise _refusal(f"{path}/properties", "names no property")
        required = schema.get("required", [])
        if not isinstance(required, list) or any(name not in properties for name in map(_hashable, required)):
            raise _refusal(f"{path}/required", "names what is no property")
        if not isinstance(schema.get("additionalProperties", False), bool):
            raise _refusal(f"{path}/additionalProperties", "is not true or false")
        bound = {}
        for name, below in properties.items():
            here = f"{path}/properties/{_shown(name)}"
            if len(name) > MAX_NAME or not name.isprintable() or not is_speakable(name):
                raise _refusal(
                    here, f"is no name of 1 to {MAX_NAME} printable characters without quotes and backslashes"
                )
            made = self.bind(below, here, depth + 1)
            bound[name] = made if name in required else _or_null(made)
        return {"type": "object", "properties": bound, "required": list(bound), "additionalProperties": False}

    def _array(self, schema: Mapping[str, Any], path: str, depth: int) -> dict[str, Any]:
        if depth >= MAX_DEPTH:
            raise _refusal(path, f"lies deeper than {MAX_DEPTH} objects or lists")
        least = _whole(schema, "minItems", path, 0, MAX_ITEMS)
        most = _whole(schema, "maxItems", path, max(USUAL_ITEMS, least), MAX_ITEMS)
        if least > most:
            raise _refusal(path, "asks for more items than it allows")
        if "items" not in schema:
            raise _refusal(f"{path}/items", "is missing")
        items = self.bind(schema["items"], f"{path}/items", depth + 1)
        return {"type": "array", "items": items, "minItems": least, "maxItems": most}

    def _choice(self, schema: Mapping[str, Any], path: str) -> dict[str, Any]:
        _only(schema, frozenset({"enum", "const", "type"}), path)
        choices = [schema["const"]] if "const" in schema else schema["enum"]
        if not isinstance(choices, list) or not 0 < len(choices) <= MAX_CHOICES:
            raise _refusal(f"{path}/enum", f"is no list of 1 to {MAX_CHOICES} values")
        if any(isinstance(item, (list, dict, float)) or len(str(item)) > MAX_TEXT for item in choices):
            raise _refusal(f"{path}/enum", "holds what is no short text, whole number, true, false or null")
        if not all(is_speakable(item) for item in choices if isinstance(item, str)):
            raise _refusal(
                f"{path}/enum", "holds a text that is empty or has quotes, backslashes, control characters or emoji"
            )
        if "const" in schema and "enum" in schema and schema["const"] not in schema["enum"]:
            raise _refusal(path, "cannot be met: its const is not in its enum")
        fitting = [item for item in choices if _is_of(item, schema.get("type"))]
        if not fitting:
            raise _refusal(path, "cannot be met: no value of its enum is of its type")
        self._count(path)
        return {"enum": fitting}

    def _count(self, path: str) -> None:
        self.values += 1
        if self.values > MAX_VALUES:
            raise _refusal(path, f"is more than {MAX_VALUES} values in one schema")


def read_schema(path: Path) -> Schema:
    """Read a user's schema from a file.

    Raises:
        InputError: the file cannot be read, or is too large.
        UsageError: it is not JSON in UTF-8, or asks for what cannot be met; the message names the place in it.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError:
        raise InputError("the file of --schema cannot be read", hint="check its name and permissions") from None
    if len(content) > MAX_BYTES:
        raise InputError(f"the file of --schema has more than {MAX_BYTES:,} bytes", hint="ask for less")
    return parse_schema(content)


def parse_schema(content: bytes) -> Schema:
    """Read a user's schema.

    Raises:
        UsageError: as `read_schema`.
    """
    try:
        own = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_constant)
    except _TwiceError:
        raise UsageError("the schema has a key twice in one place", hint="remove one of them") from None
    except (ValueError, RecursionError):
        raise UsageError("the schema is not JSON in UTF-8", hint="check it with: python3 -m json.tool FILE") from None
    if isinstance(own, dict):
        own.pop("$schema", None)
        own.pop("$id", None)
    if not isinstance(own, dict) or own.get("type") != "object":
        raise _refusal("/type", 'is not "object"')
    reader = _Reader()
    bound = reader.bind(own, "", 0)
    _check(own)
    return Schema(own, json.dumps(bound, ensure_ascii=False), reader.values)


def faults(schema: Schema, value: object) -> int:
    """Return how often a value breaks the user's schema."""
    from jsonschema import Draft202012Validator

    return sum(1 for _ in Draft202012Validator(schema.own).iter_errors(value))


def _check(own: Mapping[str, Any]) -> None:
    """Let another reader of schemas have its say too."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(own)
    except SchemaError as error:
        where = "/" + "/".join(_shown(str(step)) for step in error.absolute_path)
        raise _refusal(where, "is not as JSON schema has it") from None


def _scalar(kind: str, schema: Mapping[str, Any], path: str) -> dict[str, Any]:
    if kind != "string":
        return {"type": kind}
    least = _whole(schema, "minLength", path, 0, MAX_TEXT)
    most = _whole(schema, "maxLength", path, max(USUAL_TEXT, least), MAX_TEXT)
    if least > most:
        raise _refusal(path, "asks for a longer text than it allows")
    return {"type": "string", "minLength": least, "maxLength": most}


def _or_null(made: dict[str, Any]) -> dict[str, Any]:
    if "enum" in made:
        return {"enum": [*made["enum"], *(() if None in made["enum"] else (None,))]}
    return made if "anyOf" in made else {"anyOf": [made, {"type": "null"}]}


def _whole(schema: Mapping[str, Any], key: str, path: str, usual: int, most: int) -> int:
    value = schema.get(key, usual)
    if type(value) is not int or not 0 <= value <= most:
        raise _refusal(f"{path}/{key}", f"is no whole number from 0 to {most:,}")
    return value


def _only(schema: Mapping[str, Any], known: frozenset[str], path: str) -> None:
    for key in schema:
        if key not in known | _SAID:
            raise _refusal(
                f"{path}/{_shown(key)}", "is nothing that the model can be bound to", hint=_HINTS.get(key, _HINT)
            )


def _is_of(value: object, kind: object) -> bool:
    kinds = kind if isinstance(kind, list) else [kind]
    name = {bool: "boolean", str: "string", int: "integer"}.get(type(value), "null")
    return kind is None or name in kinds or (name == "integer" and "number" in kinds)


def _refusal(path: str, words: str, *, hint: str = _HINT) -> UsageError:
    return UsageError(f"the schema at {path or '/'} {words}", hint=hint)


def _shown(name: str) -> str:
    """Return a name for a message: a JSON pointer's escapes, and nothing that steers a terminal."""
    plain = "".join(sign if sign.isprintable() else "?" for sign in name[:MAX_NAME])
    return plain.replace("~", "~0").replace("/", "~1")


def _hashable(name: object) -> object:
    return name if isinstance(name, str) else None


class _TwiceError(ValueError):
    pass


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwiceError
    return found


def _no_constant(_: str) -> None:
    raise ValueError("no JSON")
