"""A user's schema: what can be met binds the model, anything else is refused with its place and a way out."""

import json

import pytest
from jsonschema import Draft202012Validator

from onprem.assist.schema import MAX_DEPTH, faults, parse_schema, read_schema
from onprem.errors import InputError, UsageError


def schema(properties, **more):
    return parse_schema(json.dumps({"type": "object", "properties": properties, **more}).encode())


def binding(properties, **more):
    return json.loads(schema(properties, **more).binding)


def refused(content):
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    with pytest.raises(UsageError) as caught:
        parse_schema(content)
    assert caught.value.hint
    return caught.value


# what binds the model


def test_every_property_must_be_said_and_nothing_else():
    bound = binding({"age": {"type": "integer"}, "drug": {"type": "string"}}, required=["drug"])
    assert bound["required"] == ["age", "drug"]
    assert bound["additionalProperties"] is False


def test_what_is_not_required_may_be_null_and_what_is_required_may_not():
    bound = binding({"age": {"type": "integer"}, "drug": {"type": "string"}}, required=["drug"])["properties"]
    assert bound["age"] == {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    assert bound["drug"]["type"] == "string"


def test_texts_and_lists_are_bounded_where_the_schema_does_not_say():
    bound = binding({"a": {"type": "string"}, "b": {"type": "array", "items": {"type": "number"}}}, required=["a", "b"])
    assert bound["properties"]["a"]["maxLength"] == 200
    assert bound["properties"]["b"]["maxItems"] == 20


def test_an_enum_that_may_be_absent_has_null_among_its_choices():
    bound = binding({"sex": {"enum": ["male", "female"]}, "kind": {"enum": ["a", None]}})["properties"]
    assert bound["sex"]["enum"] == ["male", "female", None]
    assert bound["kind"]["enum"] == ["a", None]


def test_only_the_choices_of_the_named_type_bind():
    bound = binding({"grade": {"type": "integer", "enum": [1, 2, "three", True]}}, required=["grade"])
    assert bound["properties"]["grade"] == {"enum": [1, 2]}


def test_objects_in_lists_and_a_type_with_null():
    drug = {"type": "object", "properties": {"name": {"type": "string"}, "dose": {"type": ["string", "null"]}}}
    bound = binding({"drugs": {"type": "array", "items": drug, "maxItems": 3}}, required=["drugs"])
    items = bound["properties"]["drugs"]["items"]
    assert items["required"] == ["name", "dose"]
    assert items["properties"]["dose"]["anyOf"][1] == {"type": "null"}


def test_what_binds_the_model_is_itself_a_schema_and_fits_the_users_own():
    whole = schema(
        {"a": {"type": "string", "description": "the complaint"}, "b": {"const": "x"}}, title="t", required=["a"]
    )
    Draft202012Validator.check_schema(json.loads(whole.binding))
    assert faults(whole, {"a": "cough"}) == 0
    assert faults(whole, {"b": "x"}) == 1  # `a` is required
    assert faults(whole, {"a": 5}) == 1


def test_names_of_the_dialect_are_let_by():
    content = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "x", "type": "object"}
    assert parse_schema(json.dumps(content | {"properties": {"a": {"type": "string"}}}).encode()).values == 1


# what cannot be met


@pytest.mark.parametrize(
    ("properties", "place"),
    [
        ({"a": {"type": "string", "pattern": "^x"}}, "/properties/a/pattern"),
        ({"a": {"type": "string", "format": "date"}}, "/properties/a/format"),
        ({"a": {"type": "integer", "minimum": 3}}, "/properties/a/minimum"),
        ({"a": {"$ref": "#/x"}}, "/properties/a/type"),
        ({"a": {"type": "string", "$ref": "#/x"}}, "/properties/a/$ref"),
        ({"a": {"anyOf": [{"type": "string"}]}}, "/properties/a/type"),
        ({"a": {"type": "date"}}, "/properties/a/type"),
        ({"a": {"type": ["string", "integer"]}}, "/properties/a/type"),
        ({"a": {"type": [["x"], "null"]}}, "/properties/a/type"),
        ({"a": True}, "/properties/a"),
        ({"a": {"enum": []}}, "/properties/a/enum"),
        ({"a": {"enum": [1.5]}}, "/properties/a/enum"),
        ({"a": {"enum": "x"}}, "/properties/a/enum"),
        ({"a": {"enum": ["x"], "type": "integer"}}, "/properties/a"),
        ({"a": {"const": "x", "enum": ["y"]}}, "/properties/a"),
        ({"a": {"type": "array"}}, "/properties/a/items"),
        ({"a": {"type": "array", "items": {"type": "string"}, "minItems": 3, "maxItems": 2}}, "/properties/a"),
        ({"a": {"type": "array", "items": {"type": "string"}, "uniqueItems": True}}, "/properties/a/uniqueItems"),
        ({"a": {"type": "string", "minLength": 9, "maxLength": 2}}, "/properties/a"),
        ({"a": {"type": "string", "maxLength": 10**9}}, "/properties/a/maxLength"),
        ({"a": {"type": "string", "maxLength": "9"}}, "/properties/a/maxLength"),
        ({"a": {"type": "object", "properties": {}}}, "/properties/a/properties"),
        ({"a/b": {"type": "date"}}, "/properties/a~1b/type"),
        ({"": {"type": "string"}}, "/properties/"),
        ({"a\x1b[2J": {"type": "string"}}, "/properties/a?[2J"),
        ({}, "/properties"),
    ],
)
def test_what_the_model_cannot_be_bound_to_is_refused_with_its_place(properties, place):
    error = refused({"type": "object", "properties": properties})
    assert f"the schema at {place} " in error.message
    assert error.exit_code == 2


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"\xff",
        b"[]",
        b'"x"',
        b"null",
        b'{"type": "array", "items": {"type": "string"}}',
        b'{"type": "object", "type": "object", "properties": {"a": {"type": "string"}}}',
        b'{"type": "object", "properties": {"a": {"const": NaN}}}',
        b"[" * 100_000,
        b'{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["b"]}',
        b'{"type": "object", "properties": {"a": {"type": "string"}}, "required": [["a"]]}',
        b'{"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {}}',
        b'{"type": "object", "properties": {"a": {"type": "string", "title": 5}}}',
    ],
)
def test_what_is_no_schema_of_an_object_is_refused(content):
    refused(content)


def test_depth_and_number_of_values_are_bounded():
    deep = {"type": "string"}
    for _ in range(MAX_DEPTH):
        deep = {"type": "object", "properties": {"a": deep}}
    refused({"type": "object", "properties": {"a": deep}})
    assert (
        "64 values"
        in refused({"type": "object", "properties": {f"a{place}": {"type": "string"} for place in range(65)}}).message
    )


def test_a_file_that_is_too_large_or_not_there_is_an_input_error(tmp_path):
    with pytest.raises(InputError):
        read_schema(tmp_path / "none.json")
    (tmp_path / "large.json").write_bytes(b" " * 70_000)
    with pytest.raises(InputError):
        read_schema(tmp_path / "large.json")
