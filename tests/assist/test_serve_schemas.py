"""Schemas of clients: what binds the model allows nothing that the client's does not, and what cannot bind is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from onprem.assist.serve.forms import Refused
from onprem.assist.serve.schemas import MAX_COUNT, MAX_DEPTH, MAX_LENGTH, MAX_NAMES, MAX_VALUES, binding

SECRET = "Jane Whitfield"
TEXT = {"type": "string"}


def refused(schema):
    with pytest.raises(Refused) as caught:
        binding(schema)
    problem = caught.value.problem
    assert (problem.status, problem.param) == (400, "response_format")
    assert SECRET not in problem.message
    return problem.message


def nested(depth):
    return TEXT if depth == 0 else {"type": "array", "items": nested(depth - 1)}


def test_references_are_put_in_place():
    schema = {
        "$defs": {"dose": {"type": "integer", "description": "mg"}, "drug/x": {"properties": {"d": {"$ref": "#/$defs/dose"}},
                  "type": "object", "required": ["d"]}},
        "title": "Order", "type": "array", "items": {"$ref": "#/$defs/drug~1x", "description": "one"}, "maxItems": 3,
    }  # fmt: skip
    drug = {
        "type": "object",
        "properties": {"d": {"type": "integer"}},
        "required": ["d"],
        "additionalProperties": False,
    }
    assert binding(schema) == {"type": "array", "items": drug, "maxItems": 3}


def test_list_of_types_becomes_a_choice_in_which_each_keeps_its_own():
    assert binding({"type": ["string", "null"], "maxLength": 5}) == {
        "anyOf": [TEXT | {"maxLength": 5}, {"type": "null"}]
    }


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "additionalProperties": False},
        {"type": "object", "additionalProperties": TEXT},
        {"type": "array"},
        TEXT | {"format": "date"},
        TEXT | {"minLength": 2, "maxLength": MAX_LENGTH},
        {"enum": ["是", 1, 2.5, None, True]},
        {"anyOf": [{"type": "number"}, {"type": "boolean"}]},
    ],
    ids=str,
)
def test_what_binds_as_it_is_stays(schema):
    assert binding(schema) == schema


@pytest.mark.parametrize(
    ("schema", "named"),
    [
        ({}, "without one of the types"),
        ({"type": SECRET}, "without one of the types"),
        ({"type": [SECRET, "null"]}, "list of types"),
        ({"type": []}, "list of types"),
        ({"type": [["null"]]}, "list of types"),
        (TEXT | {"pattern": "^(((a{0,1000}){0,1000}){0,1000})$"}, "pattern"),
        (TEXT | {"format": "email"}, "format"),
        (TEXT | {"format": ["date"]}, "format"),
        (TEXT | {"format": "date", "maxLength": 3}, "format"),
        (TEXT | {"maxLength": 2_000_000_000}, "maxLength"),
        (TEXT | {"maxLength": True}, "maxLength"),
        (TEXT | {"minLength": 3, "maxLength": 2}, "minLength above"),
        (TEXT | {SECRET: 1}, "a keyword that is not known"),
        (TEXT | {"minItems": 1}, "minItems"),
        ({"type": "integer", "minimum": 1}, "minimum"),
        ({"type": "array", "items": TEXT, "maxItems": MAX_COUNT + 1}, "maxItems"),
        ({"type": "array", "items": TEXT, "minItems": -1}, "minItems"),
        ({"type": "array", "minItems": 1}, "no items"),
        ({"type": "array", "items": True}, "something else"),
        ({"type": "array", "items": [TEXT]}, "something else"),
        ({"type": "array", "prefixItems": [TEXT]}, "prefixItems"),
        ({"type": "object", "properties": [SECRET]}, "properties"),
        ({"type": "object", "properties": {}, "required": [SECRET]}, "required"),
        ({"type": "object", "properties": {}, "required": [[]]}, "required"),
        ({"type": "object", "properties": {f'{SECRET}"': TEXT}}, "quotes"),
        ({"type": "object", "properties": {"": TEXT}}, "empty"),
        ({"type": "object", "properties": {f"p{n}": TEXT for n in range(MAX_NAMES + 1)}}, "properties"),
        ({"type": "object", "additionalProperties": SECRET}, "something else"),
        ({"oneOf": [TEXT]}, "without one of the types"),
        ({"anyOf": []}, "anyOf"),
        ({"anyOf": [TEXT], "type": "string"}, "type"),
        ({"enum": []}, "enum"),
        ({"enum": [SECRET, "\\"]}, "backslashes"),
        ({"const": "😀"}, "emoji"),
        ({"const": {"a": SECRET}}, "a list, an object"),
        ({"enum": [1], "type": "string"}, "not of its type"),
        ({"enum": [True], "type": "integer"}, "not of its type"),
        ({"enum": [1], "type": {}}, "not of its type"),
        ({"enum": [SECRET], "const": SECRET}, "beside a const"),
        ({"enum": list(range(MAX_VALUES + 1))}, "enum"),
        ({"$ref": "https://example.org/x"}, "$ref"),
        ({"$ref": "#"}, "$ref"),
        ({"$ref": 1}, "$ref"),
        ({"$ref": "#/$defs/a"}, "$ref to what is not in it"),
        ({"$ref": "#/$defs/a", "$defs": [1]}, "$ref to what is not in it"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, "within what it refers to"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [TEXT, {"$ref": "#/$defs/a"}]}}}, "within what it refers to"),
        (nested(MAX_DEPTH + 1), "in each other"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)  # fmt: skip
def test_what_cannot_bind_is_refused(schema, named):
    assert named in refused(schema)


def test_references_cannot_double_a_schema_beyond_bounds():
    each = {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(25)} | {"d25": TEXT}
    assert "1,000 parts" in refused({"$ref": "#/$defs/d0", "$defs": each})


def test_counts_are_bounded_in_all():
    many = {f"p{n}": TEXT | {"maxLength": MAX_LENGTH} for n in range(51)}
    assert "items and characters in all" in refused({"type": "object", "properties": many})


_PLAIN = st.sampled_from([TEXT, TEXT | {"maxLength": 3}, {"type": "integer"}, {"type": "null"}, {"enum": ["a", 1]}])
_SCHEMAS = st.recursive(
    _PLAIN,
    lambda inner: st.one_of(
        st.builds(lambda items, least: {"type": "array", "items": items, "minItems": least}, inner, st.integers(0, 2)),
        st.builds(lambda choices: {"anyOf": choices}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(
            lambda parts, some: {"type": "object", "properties": parts, "required": [n for n in parts if n in some]},
            st.dictionaries(st.sampled_from("abc"), inner),
            st.sets(st.sampled_from("abc")),
        ),
    ),
    max_leaves=6,
)
_VALUES = st.recursive(
    st.sampled_from(["", "a", "abcd", 1, 2.5, None, True]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner),
    max_leaves=6,
)


@given(_SCHEMAS, _VALUES)
def test_what_the_binding_schema_allows_the_clients_allows(schema, value):
    if Draft202012Validator(binding(schema)).is_valid(value):
        assert Draft202012Validator(schema).is_valid(value)


@given(_VALUES)
def test_no_value_does_anything_but_bind_or_be_refused(value):
    for schema in ({"type": value}, {"enum": value}, {"properties": value, "type": "object"}, {"$ref": value}, value):
        try:
            json.dumps(binding(schema))
        except Refused as caught:
            assert caught.problem.param == "response_format"
