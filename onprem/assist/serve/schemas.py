"""A client's JSON schema, read with distrust and made into the one that binds the model.

Rules: whatever is accepted binds every token of the answer, so an answer that came to its end is valid; whatever cannot
bind is refused and named, never passed over. References are put in place, so the grammar's rules cannot be mistaken for
each other. Everything is bounded: a text of a few bytes may otherwise ask for a grammar that fills the memory of the model's
process, or takes it minutes. What is told of a schema holds keywords of JSON schema, never a name or value of it.

Source: JSON Schema 2020-12; what llama.cpp's converter reads, less patterns, of which short ones can keep it busy for ever.
"""

from __future__ import annotations

from collections.abc import Mapping

from onprem.assist.serve.forms import Json, Refused, invalid
from onprem.llm.speakable import is_speakable

MAX_PARTS = 1_000  # schemas in a schema, references put in place
MAX_DEPTH = 32
MAX_COUNT = 500  # items of a list
MAX_LENGTH = 1_000  # characters of a text
MAX_REPEATS = 50_000  # items and characters, of all lists and texts with bounds
MAX_NAMES = 100  # properties of an object, choices of an anyOf
MAX_VALUES = 500  # of an enum

_SAYS_NOTHING = frozenset(
    "$schema $id $comment title description default examples deprecated readOnly writeOnly $defs definitions".split()
)
_KEYS: Mapping[str, frozenset[str]] = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "string": frozenset({"minLength", "maxLength", "format"}),
    "number": frozenset(),
    "integer": frozenset(),
    "boolean": frozenset(),
    "null": frozenset(),
}
_FORMATS = frozenset({"date", "time", "date-time", "uuid"})
_NOT_SERVED = frozenset(
    """pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf uniqueItems contains minContains maxContains
    prefixItems oneOf allOf not if then else dependentRequired dependentSchemas patternProperties propertyNames
    minProperties maxProperties unevaluatedItems unevaluatedProperties $dynamicRef $anchor contentEncoding
    contentMediaType""".split()
)


def binding(schema: Json) -> Json:
    """Return the schema that binds the model: what it allows, the client's allows too.

    Raises:
        Refused: the model cannot be bound to it.
    """
    return _Reader(schema).bind(schema, 0, ())


class _Reader:
    def __init__(self, whole: Json) -> None:
        self._whole = whole
        self._parts = self._repeats = 0

    def bind(self, schema: object, depth: int, within: tuple[str, ...]) -> Json:
        """Return what binds one part; `within` are the references it stands in."""
        self._parts += 1
        if self._parts > MAX_PARTS or depth > MAX_DEPTH:
            raise _refusal(
                f"has more than {MAX_PARTS:,} parts with its references, or more than {MAX_DEPTH} in each other"
            )
        if not isinstance(schema, dict):
            raise _refusal("holds something else where a schema should be")
        for key, read in (("$ref", self._referred), ("anyOf", self._any), ("enum", _choice), ("const", _choice)):
            if key in schema:
                return read(schema, depth, within)
        kind = schema.get("type")
        if isinstance(kind, list):
            return self._of_types(schema, kind, depth, within)
        if not isinstance(kind, str) or kind not in _KEYS:
            raise _refusal(f"has a part without one of the types {', '.join(_KEYS)}, an enum, const, anyOf or $ref")
        _only(schema, _KEYS[kind] | {"type"})
        reader = {"object": self._object, "array": self._array, "string": self._text}.get(kind)
        return reader(schema, depth, within) if reader is not None else {"type": kind}

    def _any(self, schema: Json, depth: int, within: tuple[str, ...]) -> Json:
        _only(schema, {"anyOf"})
        choices = schema["anyOf"]
        if not isinstance(choices, list) or not 0 < len(choices) <= MAX_NAMES:
            raise _refusal(f"has an anyOf that is no list of 1 to {MAX_NAMES}")
        return {"anyOf": [self.bind(choice, depth + 1, within) for choice in choices]}

    def _of_types(self, schema: Json, kinds: list[object], depth: int, within: tuple[str, ...]) -> Json:
        """Write a list of types as a choice; each keeps the keywords that say something of it."""
        known = [kind for kind in kinds if isinstance(kind, str) and kind in _KEYS]
        if not known or len(known) != len(kinds):
            raise _refusal(f"has a list of types that are not among {', '.join(_KEYS)}")
        _only(schema, {"type"}.union(*(_KEYS[kind] for kind in known)))
        each: list[Json] = [
            {"type": kind} | {key: schema[key] for key in _KEYS[kind] & schema.keys()} for kind in known
        ]
        return {"anyOf": [self.bind(one, depth + 1, within) for one in each]}

    def _referred(self, schema: Json, depth: int, within: tuple[str, ...]) -> Json:
        _only(schema, {"$ref"})
        to = schema["$ref"]
        steps = to.split("/") if isinstance(to, str) else []
        if len(steps) != 3 or steps[0] != "#" or steps[1] not in ("$defs", "definitions"):
            raise _refusal("has a $ref to something else than #/$defs/NAME")
        place, name = steps[1], steps[2].replace("~1", "/").replace("~0", "~")
        named = self._whole.get(place)
        if not isinstance(named, dict) or name not in named:
            raise _refusal("has a $ref to what is not in it")
        if name in within:
            raise _refusal("has a $ref within what it refers to")
        return self.bind(named[name], depth + 1, (*within, name))

    def _object(self, schema: Json, depth: int, within: tuple[str, ...]) -> Json:
        properties, required = schema.get("properties", {}), schema.get("required", [])
        more = schema.get("additionalProperties", True)
        if not isinstance(properties, dict) or not isinstance(required, list) or len(properties) > MAX_NAMES:
            raise _refusal(f"has an object whose properties are not up to {MAX_NAMES}, or whose required is no list")
        if any(not isinstance(name, str) or name not in properties for name in required):
            raise _refusal("has an object with a required that is not among its properties")
        for name in properties:
            _speakable(name)
        if properties:  # what may be added is not: an answer without it is valid too
            bound = {name: self.bind(below, depth + 1, within) for name, below in properties.items()}
            return {"type": "object", "properties": bound, "required": required, "additionalProperties": False}
        if more is True:
            return {"type": "object"}
        return {
            "type": "object",
            "additionalProperties": more if more is False else self.bind(more, depth + 1, within),
        }

    def _array(self, schema: Json, depth: int, within: tuple[str, ...]) -> Json:
        bounds = self._bounds(schema, "minItems", "maxItems", MAX_COUNT)
        if "items" in schema:
            return {"type": "array", "items": self.bind(schema["items"], depth + 1, within), **bounds}
        if bounds:
            raise _refusal("has an array with a number of items and no items")
        return {"type": "array"}

    def _text(self, schema: Json, _depth: int, _within: tuple[str, ...]) -> Json:
        bounds = self._bounds(schema, "minLength", "maxLength", MAX_LENGTH)
        form = schema.get("format")
        if form is None:
            return {"type": "string", **bounds}
        if not isinstance(form, str) or form not in _FORMATS or bounds:
            raise _refusal(f"has a format other than {', '.join(sorted(_FORMATS))}, or one beside a length")
        return {"type": "string", "format": form}

    def _bounds(self, schema: Json, least: str, most: str, limit: int) -> dict[str, int]:
        found: dict[str, int] = {}
        for key in (least, most):
            value = schema.get(key, 0)
            if type(value) is not int or not 0 <= value <= limit:
                raise _refusal(f"has a {key} that is no whole number from 0 to {limit:,}")
            if key in schema:
                found[key] = value
        if len(found) == 2 and found[least] > found[most]:
            raise _refusal(f"has a {least} above its {most}")
        self._repeats += max(found.values(), default=0)
        if self._repeats > MAX_REPEATS:
            raise _refusal(f"asks for more than {MAX_REPEATS:,} items and characters in all")
        return found


def _choice(schema: Json, _depth: int, _within: tuple[str, ...]) -> Json:
    _only(schema, {"enum", "const", "type"})
    values = [schema["const"]] if "const" in schema else schema["enum"]
    if not isinstance(values, list) or not 0 < len(values) <= MAX_VALUES or {"enum", "const"} <= schema.keys():
        raise _refusal(f"has an enum that is no list of 1 to {MAX_VALUES}, or one beside a const")
    kind = schema.get("type", list(_KEYS))
    kinds = kind if isinstance(kind, list) else [kind]
    for value in values:
        if not any(name in kinds for name in _names_of(value)):
            raise _refusal("has an enum or const with a list, an object, or what is not of its type")
        if isinstance(value, str):
            _speakable(value)
    return {"enum": values}


def _names_of(value: object) -> set[str]:
    """Return the types of JSON schema that a plain value has."""
    if isinstance(value, int) and not isinstance(value, bool):
        return {"integer", "number"}
    name = {str: "string", bool: "boolean", float: "number", type(None): "null"}.get(type(value))
    return {name} if name else set()


def _speakable(text: str) -> None:
    """Refuse a text that the grammar would not hold as it is.

    Raises:
        Refused: it has a quotation mark, a backslash, a control character, or one beyond the basic plane.
    """
    if not is_speakable(text):
        raise _refusal("has a name or text that is empty or has quotes, backslashes, control characters or emoji")


def _only(schema: Json, known: set[str] | frozenset[str]) -> None:
    for key in schema:
        if key not in known and key not in _SAYS_NOTHING:
            served = {"enum", "const", "anyOf", "$ref", "type"}.union(*_KEYS.values())
            named = key if key in _NOT_SERVED | served else "a keyword that is not known"
            raise _refusal(f"has {named} where the model cannot be bound by it")


def _refusal(words: str) -> Refused:
    return invalid("response_format", f"the schema {words}")
