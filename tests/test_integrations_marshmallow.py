"""marshmallow's ValidationError becomes a 422 that names each field, and no value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import marshmallow
import pytest
from flask import Flask
from marshmallow import Schema, fields, validate, validates_schema

from flask_statuskit import BadRequest, Conflict, StatusKit, ValidationError, integrations
from flask_statuskit.integrations import INTEGRATIONS
from flask_statuskit.integrations.marshmallow import field_errors
from flask_statuskit.mapping import Mapping, Resolution, resolve


class Item(Schema):
    name = fields.String(required=True)
    price = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=1, error="Must be positive.")
    )


class Order(Schema):
    email = fields.Email(required=True)
    items = fields.List(fields.Nested(Item))
    address = fields.Nested(Item)
    password = fields.String(validate=validate.Length(min=8, error="Too short."))

    @validates_schema(skip_on_field_errors=False)
    def check(self, data: Any, **_: Any) -> None:
        if data.get("password") == "password":
            raise marshmallow.ValidationError("Do not use this one.")
        if data.get("email") == "root@example.com":
            raise marshmallow.ValidationError("Not this one.", "email")


def failure(data: Any, schema: Schema | None = None, **options: Any) -> Any:
    with pytest.raises(marshmallow.ValidationError) as raised:
        (schema or Order()).load(data, **options)
    return raised.value


def found(exception: Any) -> list[tuple[str | None, str]]:
    return [(error.pointer, error.detail) for error in field_errors(exception)]


def installed(*named: str, defaults: bool = True) -> Mapping:
    mapping = Mapping()
    integrations.install_readers(mapping)
    integrations.install(mapping, named, defaults=defaults)
    return mapping


def answered(mapping: Mapping, exception: Exception) -> Resolution:
    resolution = resolve(exception, mapping)
    assert resolution is not None
    return resolution


ORDER = {"email": "a@b.example", "items": [{"name": "Chair", "price": 5}]}


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        ({}, [("#/email", "Missing data for required field.")]),
        ({**ORDER, "email": "x"}, [("#/email", "Not a valid email address.")]),
        ({**ORDER, "other": 1}, [("#/other", "Unknown field.")]),
        (
            {**ORDER, "items": [{"name": "Chair", "price": 5}, {"price": -1}]},
            [
                ("#/items/1/name", "Missing data for required field."),
                ("#/items/1/price", "Must be positive."),
            ],
        ),
        ({**ORDER, "items": {}}, [("#/items", "Not a valid list.")]),
        ({**ORDER, "address": "x"}, [("#/address", "Invalid input type.")]),
        ({**ORDER, "password": "password"}, [("#", "Do not use this one.")]),
        ({**ORDER, "email": "root@example.com"}, [("#/email", "Not this one.")]),
        ("x", [("#", "Invalid input type.")]),
        (None, [("#", "Invalid input type.")]),
    ],
)
def test_each_field_is_named_by_its_pointer(data: Any, errors: list[tuple[str, str]]) -> None:
    assert sorted(found(failure(data))) == sorted(errors)


def test_many_are_named_by_their_index() -> None:
    exception = failure([ORDER, {}, ORDER, {**ORDER, "password": "password"}], many=True)
    assert found(exception) == [
        ("#/1/email", "Missing data for required field."),
        ("#/3", "Do not use this one."),
    ]


def test_a_list_that_is_none_stands_beside_the_indexes() -> None:
    assert found(failure({}, many=True)) == [("#", "Invalid input type.")]
    exception = marshmallow.ValidationError({0: {"a": ["Wrong"]}, "_schema": ["Too many"]})
    assert found(exception) == [("#/0/a", "Wrong"), ("#", "Too many")]


@pytest.mark.parametrize(
    ("messages", "field", "errors"),
    [
        ("Wrong", None, [("#", "Wrong")]),
        ("Wrong", "email", [("#/email", "Wrong")]),
        (["One", "Two"], "email", [("#/email", "One"), ("#/email", "Two")]),
        ({"a": {"b": ["Wrong"]}}, None, [("#/a/b", "Wrong")]),
    ],
)
def test_errors_that_an_application_raises_itself_are_read(
    messages: Any, field: str | None, errors: list[tuple[str, str]]
) -> None:
    names = {} if field is None else {"field_name": field}
    assert found(marshmallow.ValidationError(messages, **names)) == errors


def test_values_that_were_sent_are_not_read() -> None:
    data = {"email": "s3cr3t", "items": [{"name": "s3cr3t", "price": "s3cr3t"}], "s3cr3t": 1}
    exception = failure({**data, "password": "s3cr3t"})
    assert "s3cr3t" in str(exception.data)
    details = [detail for _, detail in found(exception)]
    assert "s3cr3t" not in json.dumps(details)


def test_a_validation_error_is_a_422_with_its_field_errors() -> None:
    exception = failure({})
    resolution = answered(installed(), exception)
    assert type(resolution.error) is ValidationError
    assert resolution.error.errors == tuple(field_errors(exception))
    assert resolution.original is exception
    assert resolution.error.code == 422


def test_subclasses_of_marshmallows_error_are_mapped_with_it() -> None:
    class OwnError(marshmallow.ValidationError):
        pass

    assert answered(installed(), OwnError("Wrong")).error.code == 422


@pytest.mark.parametrize(("named", "explicit"), [((), False), (("marshmallow",), True)])
def test_it_is_explicit_where_it_was_asked_for_by_name(
    named: tuple[str, ...], explicit: bool
) -> None:
    entry = answered(installed(*named), failure({})).entry
    assert entry is not None
    assert entry.explicit is explicit


def test_it_can_be_left_out_with_the_other_defaults() -> None:
    assert resolve(failure({}), installed(defaults=False)) is None


def test_it_can_be_named_without_the_other_defaults() -> None:
    mapping = installed("marshmallow", defaults=False)
    assert answered(mapping, failure({})).error.code == 422


@pytest.mark.parametrize("defaults", [True, False])
@pytest.mark.parametrize("name", ["marshmallow.ValidationError", marshmallow.ValidationError])
def test_a_mapping_of_the_applications_decides_the_status_and_the_fields_are_read(
    name: Any, defaults: bool
) -> None:
    mapping = installed(defaults=defaults)
    mapping.map(name, BadRequest, detail="Check your input.")
    error = answered(mapping, failure({})).error
    assert (type(error), error.detail) == (BadRequest, "Check your input.")
    assert [e.pointer for e in error.errors] == ["#/email"]


def test_a_function_of_the_applications_decides_everything() -> None:
    mapping = installed()
    mapping.map(marshmallow.ValidationError, lambda exception: Conflict("No"))
    assert answered(mapping, failure({})).error.errors == ()


# The table of integrations


def test_every_module_is_an_integration_and_every_integration_a_module() -> None:
    folder = Path(integrations.__file__).parent
    modules = {path.stem for path in folder.glob("[!_]*.py")}
    assert modules == set(INTEGRATIONS)
    integrations.install(Mapping(), INTEGRATIONS, defaults=False)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("marshmalow", "did you mean 'marshmallow'?"),
        ("xyzzy", f"choose from {', '.join(INTEGRATIONS)}."),
        ("", f"choose from {', '.join(INTEGRATIONS)}."),
    ],
)
def test_an_unknown_integration_is_refused_with_the_nearest_name(name: str, hint: str) -> None:
    with pytest.raises(ValueError, match="There is no integration") as raised:
        integrations.install(Mapping(), ["marshmallow", name], defaults=True)
    assert str(raised.value) == f"There is no integration {name!r}: {hint}"


def test_an_unknown_integration_is_an_error_at_start_up() -> None:
    with pytest.raises(ValueError, match="did you mean 'marshmallow'"):
        StatusKit(Flask(__name__), integrations=["marshmallows"])
    app = Flask(__name__)
    app.config["STATUSKIT_INTEGRATIONS"] = "marshmallows"
    with pytest.raises(ValueError, match="did you mean 'marshmallow'"):
        StatusKit(app)


def test_a_schema_that_fails_in_a_view_is_a_422() -> None:
    app = Flask(__name__)
    StatusKit(app)

    @app.post("/orders")
    def create() -> str:
        Order().load({"email": "s3cr3t"})
        raise AssertionError

    response = app.test_client().post("/orders")
    assert response.status == "422 Unprocessable Content"
    assert response.get_json()["errors"] == [
        {"detail": "Not a valid email address.", "pointer": "#/email"}
    ]
    assert b"s3cr3t" not in response.data
