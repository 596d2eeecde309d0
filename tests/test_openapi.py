"""OpenAPI: schemas that are true of real responses, and documents that are completed."""

from __future__ import annotations

import copy
import json
import re
import warnings
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

import pytest
from flask import Blueprint, Flask, current_app, g
from flask.sessions import SecureCookieSessionInterface
from flask.views import MethodView, View
from flask_babel import Babel, lazy_gettext
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import validate
from support import PROBLEM_JSON, call, make_app, raising, view_raising
from translations_support import write

from flask_statuskit import (
    STATUSES,
    BadGateway,
    Conflict,
    FieldError,
    Gone,
    Locked,
    NotFound,
    PaymentRequired,
    Problem,
    RateLimited,
    RequestHeaderFieldsTooLarge,
    ServiceUnavailable,
    StatusError,
    StatusKit,
    Unauthorized,
    UnprocessableContent,
    ValidationError,
    catalog,
    raises,
)
from flask_statuskit.exceptions import ERRORS
from flask_statuskit.openapi import (
    FieldErrorSchema,
    ProblemSchema,
    components,
    document,
    names,
    problem_responses,
    register,
)
from flask_statuskit.openapi.version_30 import as_30

VERSIONS = ["3.0.3", "3.1.0"]
every_version = pytest.mark.parametrize("version", VERSIONS)
CODES = [pytest.param(code, id=str(code)) for code in ERRORS]
URN = "urn:problem-type:"

# Other modules of tests have problem types, too; these have names that no other has.


class SoldOut(Conflict):
    """There are not enough items left. Order fewer of them."""

    title = "Sold out"
    left: int
    wanted: list[int]


class FullHouse(Conflict):
    """Every seat is taken."""

    row: str | None = None
    seats: dict[str, int] = {}  # noqa: RUF012 - a member of the body
    kind: Literal["stalls", "balcony", 7]
    until: datetime
    size: int | str | None
    pair: tuple[int, str]
    anything: Any
    either: list[int] | dict[str, str] | None = None


class RanDry(BadGateway):
    """The well gave nothing."""

    depth: int


class RanLow(ServiceUnavailable):
    """The well gives little."""

    depth: int


class Overrun(RateLimited):
    code = 503


class SpentAll(RateLimited):
    """All requests of the month are spent."""

    plan: str


def sold_out() -> SoldOut:
    return SoldOut(left=3, wanted=[4, 5])


def full_house() -> FullHouse:
    return FullHouse(
        kind="balcony",
        until=datetime(2027, 1, 1, tzinfo=timezone.utc),
        size=None,
        pair=(1, "a"),
        anything={"a": [1]},
    )


def spec_of(paths: Mapping[str, Any], version: str = "3.1.0", **more: Any) -> dict[str, Any]:
    info = {"title": "Shop", "version": "1"}
    return {"openapi": version, "info": info, "paths": dict(paths), **more}


def operation(*names: str, **responses: Any) -> dict[str, Any]:
    """An operation with variables in its path."""
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]
    return {"parameters": parameters, "responses": {"200": {"description": "OK"}, **responses}}


def errors_of(schema: Mapping[str, Any], value: Any, parts: Any, version: str = "3.1") -> list[str]:
    """What is wrong with a value, by a schema that refers to those components."""
    kind = Draft202012Validator if version.startswith("3.1") else OAS30Validator
    whole = {**schema, "components": parts}
    return [e.message for e in kind(whole, format_checker=FormatChecker()).iter_errors(value)]


def schema_of(response: Mapping[str, Any]) -> Any:
    [(media_type, content)] = response["content"].items()
    assert media_type == PROBLEM_JSON
    return content["schema"]


def own_part(name: str, parts: Any) -> Any:
    """What a schema has of its own, besides what every problem has."""
    base, own = parts["schemas"][name]["allOf"]
    assert base == {"$ref": "#/components/schemas/Problem"}
    return own


def assert_documented(answer: Any, responses: Any, parts: Any) -> None:
    """The response is one of those that are documented, and of exactly one kind."""
    response = responses[str(answer.status)]
    schema = schema_of(response)
    assert errors_of(schema, answer.json, parts) == []
    matching = [s for s in schema.get("oneOf", [schema]) if not errors_of(s, answer.json, parts)]
    assert len(matching) == 1
    if "oneOf" in schema:
        assert schema["discriminator"]["propertyName"] == "type"
        assert schema["discriminator"]["mapping"][answer.json["type"]] == matching[0]["$ref"]
    for name, reference in response.get("headers", {}).items():
        header = parts["headers"][reference["$ref"].rpartition("/")[2]]
        value = answer.header(name)
        assert value is not None or not header.get("required", False), name
        if value is not None and header["schema"]["type"] == "integer":
            assert int(value) >= header["schema"]["minimum"]


def referred(value: Any) -> set[str]:
    """Every reference of a document."""
    if isinstance(value, str):
        return {value} if value.startswith("#/components/") else set()
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {ref for item in inner for ref in referred(item)}


def assert_valid(spec: dict[str, Any]) -> None:
    """The document is valid, what it refers to is there, and its examples fit their schemas."""
    validate(spec)
    parts = spec.get("components", {})
    for reference in referred(spec):
        _, _, section, name = reference.split("/")
        assert name in parts[section], reference
    for section in parts.values():
        assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in section)
    operations = [o for item in spec["paths"].values() for o in item.values()]
    responses = [r for o in operations for r in o["responses"].values()]
    for response in [*responses, *parts.get("responses", {}).values()]:
        if PROBLEM_JSON in response.get("content", {}):
            for example in response["content"][PROBLEM_JSON].get("examples", {}).values():
                found = errors_of(schema_of(response), example["value"], parts, spec["openapi"])
                assert found == []


# Responses


def test_a_response_has_a_description_a_schema_an_example_and_headers() -> None:
    assert problem_responses(SoldOut) == {
        "409": {
            "description": "There are not enough items left.",
            "headers": {"X-Request-ID": {"$ref": "#/components/headers/X-Request-ID"}},
            "content": {
                "application/problem+json": {
                    "schema": {"$ref": "#/components/schemas/SoldOut"},
                    "examples": {
                        "SoldOut": {
                            "summary": "Sold out",
                            "value": {
                                "type": "urn:problem-type:sold-out",
                                "title": "Sold out",
                                "status": 409,
                                "detail": STATUSES[409].sentence,
                                "request_id": "0af7651916cd43dd8448eb211c80319c",
                                "left": 7,
                                "wanted": [7],
                            },
                        }
                    },
                }
            },
        }
    }


def test_a_schema_fixes_type_title_and_status_and_requires_the_members() -> None:
    assert components(SoldOut)["schemas"]["SoldOut"] == {
        "title": "Sold out",
        "description": "There are not enough items left.\n\nOrder fewer of them.",
        "allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {
                "type": "object",
                "properties": {
                    "type": {"type": "string", "const": "urn:problem-type:sold-out"},
                    "title": {"type": "string", "const": "Sold out"},
                    "status": {"type": "integer", "const": 409},
                    "left": {"type": "integer"},
                    "wanted": {"type": "array", "items": {"type": "integer"}},
                },
                "required": ["type", "title", "status", "left", "wanted"],
            },
        ],
    }


@pytest.mark.parametrize("code", CODES)
def test_every_bare_status_answers_as_its_schema_says(code: int) -> None:
    with warnings.catch_warnings():
        # 407 and 426 cannot be sent as they should be, and say so.
        warnings.simplefilter("ignore")
        app = raising(lambda: ERRORS[code]())
        answer = call(app)
        hidden = call(raising(lambda: ERRORS[code]("Why", retry_after=3)))
    responses, parts = problem_responses(code, app=app), components(code, app=app)
    assert list(responses) == [str(code)]
    assert list(parts["responses"]) == [ERRORS[code].__name__]
    assert_documented(answer, responses, parts)
    assert errors_of(schema_of(responses[str(code)]), hidden.json, parts) == []
    other = {**answer.json, "status": 499}
    assert errors_of(schema_of(responses[str(code)]), other, parts) != []


@pytest.mark.parametrize("code", CODES)
def test_headers_are_those_that_the_status_owes_and_a_wsgi_application_can_send(code: int) -> None:
    duties = {d.header for d in STATUSES[code].duties if not d.hop_by_hop} - {"Cache-Control"}
    retry = {"Retry-After"} if STATUSES[code].retry else set()
    response = problem_responses(code)[str(code)]
    assert set(response["headers"]) == duties | retry | {"X-Request-ID"}
    headers = components(code)["headers"]
    assert {n for n, h in headers.items() if h.get("required")} == {
        401: {"WWW-Authenticate"},
        405: {"Allow"},
    }.get(code, set())
    assert all(h["description"] for h in headers.values())


def test_the_request_id_is_documented_under_the_name_of_its_header_if_there_is_one() -> None:
    named = raising(Gone, request_id_header="Trace")
    assert list(problem_responses(410, app=named)["410"]["headers"]) == ["Trace"]
    assert_documented(call(named), problem_responses(410, app=named), components(410, app=named))
    assert "headers" not in problem_responses(410, app=raising(Gone, request_id_header=None))["410"]


def test_retry_after_is_documented_where_a_setting_sends_it() -> None:
    app = raising(Conflict, retry_after={409: 3})
    assert "Retry-After" in problem_responses(409, app=app)["409"]["headers"]
    assert "Retry-After" not in problem_responses(409)["409"]["headers"]
    assert components(409, app=app)["headers"]["Retry-After"]["schema"] == {
        "type": "integer",
        "minimum": 0,
    }


@pytest.mark.parametrize("style", ["none", "legacy", "draft"])
@pytest.mark.parametrize("cls", [RateLimited, SpentAll])
def test_the_headers_of_rate_limits_are_documented_where_they_are_sent(
    cls: type[RateLimited], style: str
) -> None:
    plan = {"plan": "small"} if cls is SpentAll else {}
    app = raising(cls(limit=9, remaining=0, reset=5, **plan), ratelimit_headers=style)
    answer, responses = call(app), problem_responses(cls, app=app)
    assert_documented(answer, responses, components(cls, app=app))
    sent = {name for name, _ in answer.headers if "RateLimit" in name}
    assert sent == {name for name in responses["429"]["headers"] if "RateLimit" in name}


@pytest.mark.parametrize(
    ("error", "members"),
    [
        (
            RateLimited(limit=9, remaining=0, reset=5),
            {"limit": "nine", "remaining": -1, "reset": "soon"},
        ),
        (SpentAll(limit=9, plan="small"), {"limit": "nine", "plan": 7}),
        (RequestHeaderFieldsTooLarge(field="Cookie"), {"field": 7}),
        (ERRORS[511](login_url="https://net.example"), {"login_url": 7}),
    ],
)
def test_members_that_our_own_classes_have_are_optional_and_typed(
    error: StatusError, members: dict[str, Any]
) -> None:
    schema, parts = (
        schema_of(problem_responses(type(error))[str(error.code)]),
        components(type(error)),
    )
    body = call(raising(error)).json
    assert errors_of(schema, body, parts) == []
    for name, wrong in members.items():
        assert errors_of(schema, {**body, name: wrong}, parts) != []
    if type(error) in ERRORS.values():
        assert errors_of(schema, call(raising(type(error))).json, parts) == []


@every_version
@pytest.mark.parametrize("make", [sold_out, full_house])
def test_the_members_of_a_problem_type_are_required_and_typed(
    make: Callable[[], StatusError], version: str
) -> None:
    app, cls = raising(make), type(make())
    body, parts = call(app).json, components(cls, app=app, version=version)
    schema = schema_of(problem_responses(cls, app=app, version=version)["409"])
    assert errors_of(schema, body, parts, version) == []
    for name in cls.declared_members():
        less = {n: v for n, v in body.items() if n != name}
        assert errors_of(schema, less, parts, version) != []
    wrong = {"left": "3", "wanted": ["4"], "row": 7, "kind": "roof", "size": [], "pair": [1]}
    for name in wrong.keys() & body.keys():
        is_fixed = name != "pair" or version == "3.0.3"
        found = errors_of(schema, {**body, name: wrong[name]}, parts, version)
        assert bool(found) == is_fixed, name


def test_values_are_described_as_the_application_encodes_them() -> None:
    class Encoder(Flask.json_provider_class):
        @staticmethod
        def default(value: Any) -> Any:
            return value.isoformat() if isinstance(value, datetime) else value

    app = raising(full_house)
    app.json = Encoder(app)
    until = own_part("FullHouse", components(FullHouse, app=app))["properties"]["until"]
    assert until["format"] == "date-time"
    assert "format" not in own_part("FullHouse", components(FullHouse))["properties"]["until"]
    responses, parts = problem_responses(FullHouse, app=app), components(FullHouse, app=app)
    assert_documented(call(app), responses, parts)


def test_a_hidden_failure_shows_no_members_and_one_that_is_exposed_does() -> None:
    app = raising(RanDry(depth=3))
    parts = components(RanDry, RanLow, app=app)
    assert "depth" not in call(app).json
    assert own_part("RanDry", parts)["required"] == ["type", "title", "status"]
    assert "depth" not in str(problem_responses(RanDry, app=app))
    assert_documented(call(app), problem_responses(RanDry, app=app), parts)
    assert own_part("RanLow", parts)["required"] == ["type", "title", "status", "depth"]
    assert "limit" not in str(components(Overrun, app=app))
    exposed = raising(RanLow(depth=3))
    assert_documented(call(exposed), problem_responses(RanLow, app=exposed), parts)


def test_a_bare_status_is_described_by_its_sentence() -> None:
    assert components(404)["schemas"]["NotFound"]["description"] == STATUSES[404].sentence


def test_several_errors_of_one_status_are_told_apart_by_type() -> None:
    errors = (Conflict, SoldOut, FullHouse, NotFound)
    responses = problem_responses(*errors)
    assert list(responses) == ["404", "409"]
    names = ["Conflict", "SoldOut", "FullHouse"]
    refs = [f"#/components/schemas/{name}" for name in names]
    types = ["about:blank", f"{URN}sold-out", f"{URN}full-house"]
    assert schema_of(responses["409"]) == {
        "oneOf": [{"$ref": ref} for ref in refs],
        "discriminator": {"propertyName": "type", "mapping": dict(zip(types, refs, strict=True))},
    }
    assert list(responses["409"]["content"][PROBLEM_JSON]["examples"]) == names
    assert responses["409"]["description"].split("\n\n") == [
        STATUSES[409].sentence,
        "There are not enough items left.",
        "Every seat is taken.",
    ]
    for error in (Conflict, sold_out, full_house):
        assert_documented(call(raising(error)), responses, components(*errors))


@pytest.mark.parametrize("status", [422, 400])
def test_validation_errors_and_their_bare_status_are_one(status: int) -> None:
    app = raising(
        lambda: ValidationError({"age": ["Too young"]}), {"STATUSKIT_VALIDATION_STATUS": status}
    )
    for errors in [(ValidationError, status), (status, ValidationError), (ValidationError,)]:
        responses, parts = problem_responses(*errors, app=app), components(*errors, app=app)
        assert list(responses) == [str(status)]
        assert schema_of(responses[str(status)]) == {"$ref": "#/components/schemas/ValidationError"}
        assert_documented(call(app), responses, parts)
        [example] = responses[str(status)]["content"][PROBLEM_JSON]["examples"].values()
        assert example["value"]["errors"]
    assert ("422" in problem_responses(UnprocessableContent, ValidationError, app=app)) is True
    wrong = {**call(app).json, "errors": [{"pointer": "#/age"}]}
    assert errors_of(schema_of(responses[str(status)]), wrong, parts) != []


def test_an_error_that_is_given_twice_stands_there_once() -> None:
    assert problem_responses(NotFound, 404, NotFound) == problem_responses(NotFound)


@pytest.mark.parametrize(
    ("wrong", "error", "hint"),
    [
        ("NotFound", TypeError, "'NotFound'"),
        (StatusError, TypeError, "no status"),
        (200, ValueError, "200"),
        (NotFound(), TypeError, "without parentheses"),
    ],
)
@pytest.mark.parametrize("function", [problem_responses, components])
def test_what_is_no_error_of_ours_is_refused_as_raises_does(
    function: Any, wrong: Any, error: type[Exception], hint: str
) -> None:
    with pytest.raises(error, match=hint):
        function(wrong)


@pytest.mark.parametrize("version", ["3.2.0", "2.0", "3", "", "3.10", 3.1, None, "None"])
def test_another_version_is_refused(version: Any) -> None:
    with pytest.raises(ValueError, match=r"type version='3\.1', or '3\.0'"):
        components(version=version)


@pytest.mark.parametrize(("short", "long"), [("3.0", "3.0.3"), ("3.1", "3.1.0"), ("3.1", "3.1.1")])
def test_a_version_may_have_two_or_three_parts(short: str, long: str) -> None:
    assert components(FullHouse, version=short) == components(FullHouse, version=long)


# Components


@every_version
def test_all_components_are_a_valid_document_with_examples_that_fit(version: str) -> None:
    app = make_app({"STATUSKIT_CATALOG_URL": "/problems"})
    assert_valid(spec_of({}, version, components=components(version=version, app=app)))
    assert_valid(spec_of({}, version, components=components(version=version)))


def test_without_errors_there_is_everything_that_an_application_can_answer_with() -> None:
    app = make_app({"STATUSKIT_CATALOG_URL": "/problems"})
    listed = call(app, path="/problems/", headers={"Accept": "application/json"}).json
    parts = components(app=app)
    bare = {ERRORS[entry["status"]].__name__ for entry in listed["statuses"]}
    names = set(parts["responses"])
    assert bare | {"ValidationError"} <= names
    documented = {own_part(n, parts)["properties"]["type"].get("const") for n in names}
    assert documented - {"about:blank"} == {e["type"] for e in listed["problem_types"]}
    assert set(parts["schemas"]) == names | {"Problem", "FieldError"}
    assert not {"ProxyAuthenticationRequired", "ImATeapot"} & names


def test_every_response_can_be_referred_to_by_the_name_of_its_schema() -> None:
    parts = components(SoldOut, NotFound)
    assert list(parts["responses"]) == ["NotFound", "SoldOut"]
    assert parts["responses"]["SoldOut"] == problem_responses(SoldOut)["409"]


@pytest.mark.parametrize("member", ["detail", "pointer", "parameter", "header", "cookie", "path"])
def test_field_errors_are_as_they_are_sent(member: str) -> None:
    place = {} if member == "detail" else {member: "#/age" if member == "pointer" else "age"}
    error = FieldError("Too young", code="min", **place)
    app = raising(lambda: ValidationError([error]))
    parts, body = components(ValidationError), call(app).json
    schema = {"$ref": "#/components/schemas/FieldError"}
    assert errors_of(schema, body["errors"][0], parts) == []
    assert errors_of(schema, {**body["errors"][0], member: 7}, parts) != []


def test_a_problem_of_any_kind_fits_the_base() -> None:
    parts = components(NotFound)
    schema = {"$ref": "#/components/schemas/Problem"}
    errors = [{f"field{n}": ["x" * 50]} for n in range(5000)]
    body = call(raising(lambda: ValidationError(errors, "No", retry_after=3))).json
    assert body["errors_omitted"] > 0
    assert errors_of(schema, body, parts) == []
    assert set(body) == set(parts["schemas"]["Problem"]["properties"])
    for name in body:
        assert errors_of(schema, {**body, name: []}, parts) != [] or name == "errors"


@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_only_plain_values_are_written_and_none_of_them_twice(version: str) -> None:
    # YAML would write a tag for the former and an anchor for the latter.
    seen: dict[int, Any] = {}

    def walk(value: Any) -> None:
        assert type(value) in (dict, list, str, int, float, bool, type(None))
        if isinstance(value, (dict, list)):
            assert id(value) not in seen
            seen[id(value)] = value
            for inner in value.values() if isinstance(value, dict) else value:
                walk(inner)

    walk(components(version=version))
    walk(problem_responses(*ERRORS, SoldOut, FullHouse, version=version))


# Version 3.0

_NEW_IN_31 = {"const", "examples", "prefixItems"}


def schemas_in(schema: Any) -> list[Any]:
    """A schema and all those inside of it."""
    inner = [*schema.get("properties", {}).values()]
    inner += [s for key in ("allOf", "anyOf", "oneOf") for s in schema.get(key, [])]
    inner += [schema[key] for key in ("items", "additionalProperties") if key in schema]
    return [schema, *(found for s in inner for found in schemas_in(s))]


def test_version_30_has_no_keyword_that_is_newer() -> None:
    for whole in components(FullHouse, SoldOut, 422, version="3.0")["schemas"].values():
        for schema in schemas_in(whole):
            assert not _NEW_IN_31 & schema.keys()
            assert isinstance(schema.get("type", ""), str)
            assert schema.get("type") != "null"
            assert schema.get("type") != "array" or "items" in schema
            assert not ("$ref" in schema and len(schema) > 1)
            assert not schema.get("nullable") or "type" in schema


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ({"type": "string", "const": "a"}, {"type": "string", "enum": ["a"]}),
        ({"type": "string", "examples": ["a"]}, {"type": "string", "example": "a"}),
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ({"type": ["null", "string"]}, {"type": "string", "nullable": True}),
        ({"type": ["integer", "string"]}, {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        (
            {"type": ["integer", "string", "null"]},
            {
                "anyOf": [
                    {"type": "integer", "nullable": True},
                    {"type": "string", "nullable": True},
                ]
            },
        ),
        ({"type": "null"}, {"type": "string", "nullable": True, "enum": [None]}),
        ({"type": "array"}, {"type": "array", "items": {}}),
        (
            {"type": "array", "prefixItems": [{"type": "string"}] * 2},
            {"type": "array", "items": {}, "minItems": 2, "maxItems": 2},
        ),
        (
            {"type": "object", "properties": {"const": {"const": 7}, "type": {"type": "null"}}},
            {
                "type": "object",
                "properties": {
                    "const": {"enum": [7]},
                    "type": {"type": "string", "nullable": True, "enum": [None]},
                },
            },
        ),
        ({"enum": [1, "const"]}, {"enum": [1, "const"]}),
        ({}, {}),
    ],
)
def test_a_schema_says_the_same_in_30(new: dict[str, Any], old: dict[str, Any]) -> None:
    before = copy.deepcopy(new)
    assert as_30(new) == old
    assert new == before


# Names


def named(cls: type[StatusError], *others: type[StatusError], app: Flask | None = None) -> str:
    [name] = components(cls, app=app)["responses"]
    [among_others] = [n for n in components(cls, *others, app=app)["responses"] if n == name]
    return among_others


def problem_type(name: str, type_: str | None = None, base: Any = Conflict) -> type[StatusError]:
    return type(name, (base,), {} if type_ is None else {"type": type_})


@pytest.mark.parametrize(
    ("name", "type_", "expected"),
    [
        ("QueueOfOneA", None, "QueueOfOneA"),
        ("HTTPQueueB", None, "HTTPQueueB"),
        ("QueueC", "queue-of-c", "QueueOfC"),
        ("QueueD", "queue_of_d", "QueueOfD"),
        ("QueueE", "https://shop.example/problems/queue-of-e", "QueueOfE"),
        ("QueueF", "https://shop.example/problems/queue-of-f/", "QueueOfF"),
        ("QueueG", "tag:shop.example,2026:queue-of-g", "QueueOfG"),
        ("QueueH", "https://shop.example/problems#queue-h", "QueueH"),
        ("QueueI", "404-queue-i", "404-queue-i-"),
        ("QueueJ", "warteschlängej", "WarteschlNgej"),
        ("Status999", None, "status999"),
        ("FieldError", None, "field-error"),
        ("Problem", "problem", "problem"),
        ("Gone", None, "gone"),
        ("ValidationError", None, "validation-error"),
        ("Gone", "https://shop.example/not-found", "https-shop.example-not-found-"),
    ],
)
def test_a_schema_is_called_like_its_class_or_its_type(
    name: str, type_: str | None, expected: str
) -> None:
    found = named(problem_type(name, type_))
    assert found == expected or re.fullmatch(f"{re.escape(expected)}[0-9a-f]{{8}}", found)
    assert expected.endswith("-") == (found != expected)


def test_two_types_that_would_have_one_name_get_others() -> None:
    slug = problem_type("LostKeyA")
    uri = problem_type("LostKeyA", "https://shop.example/lost-key-a")
    other_uri = problem_type("Lost", "https://bank.example/lost-key-a")
    assert named(slug, uri, other_uri) == "LostKeyA"
    assert named(uri, slug, other_uri).startswith("https-shop.example-lost-key-a-")
    assert named(other_uri).startswith("https-bank.example-lost-key-a-")
    one, two = problem_type("LostKeyB", "lost-key-b"), problem_type("Lost", "lost_key_b")
    assert {named(one, two), named(two, one)} == {"lost-key-b", "lost_key_b"}


slugs = st.text("abcAB01-_.~:/ä", min_size=1, max_size=9).filter(
    lambda slug: slug.strip("-") and slug not in ("about:blank", "/") and "//" not in slug
)


@given(st.lists(slugs, min_size=1, max_size=6, unique=True))
def test_no_two_types_share_a_name(types: list[str]) -> None:
    classes = [problem_type("Shared", type_) for type_ in types]
    app = make_app({"STATUSKIT_TYPE_BASE": "https://shop.example/"})
    with pytest.MonkeyPatch.context() as patch:
        # The classes of other examples, as long as they have not been collected.
        patch.setattr(names, "all_types", lambda: iter(()))
        parts = components(*classes, app=app)
    assert len(parts["responses"]) == len({*types})
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in parts["responses"])


class Unregistered(StatusError):
    type = "about:blank"
    code = 499


class OwnWords(Conflict):
    type = "about:blank"
    title = "In our own words"


def test_a_status_that_is_not_registered_has_a_schema_as_well() -> None:
    app = raising(Unregistered)
    assert list(components(Unregistered)["responses"]) == ["Status499"]
    assert_documented(call(app), problem_responses(Unregistered), components(Unregistered))


def test_a_bare_status_with_a_title_of_its_own_shares_the_schema_of_the_status() -> None:
    errors = (OwnWords, Conflict)
    for error in errors:
        assert_documented(call(raising(error)), problem_responses(*errors), components(*errors))


def test_one_type_with_two_statuses_has_one_schema() -> None:
    class Left(Gone):
        type = "shared-by-two"
        reason: str

    class Right(NotFound):
        type = "shared-by-two"
        reason: str
        side: int

    parts, responses = components(Left, Right), problem_responses(Left, Right)
    assert own_part("SharedByTwo", parts)["required"] == ["type", "title", "status", "reason"]
    for error in (Left(reason="a"), Right(reason="b", side=1)):
        assert_documented(call(raising(error)), responses, parts)


# Settings


@pytest.mark.parametrize(
    ("config", "type_"),
    [
        ({}, f"{URN}sold-out"),
        ({"STATUSKIT_TYPE_BASE": "https://shop.example/p"}, "https://shop.example/p/sold-out"),
        ({"STATUSKIT_CATALOG_URL": "/problems"}, "/problems/sold-out"),
        (
            {"STATUSKIT_CATALOG_URL": "https://shop.example/problems"},
            "https://shop.example/problems/sold-out",
        ),
    ],
)
def test_types_are_as_bodies_have_them(config: dict[str, str], type_: str) -> None:
    app = raising(sold_out, config)
    assert call(app).json["type"] == type_
    assert_documented(
        call(app), problem_responses(SoldOut, 409, app=app), components(SoldOut, 409, app=app)
    )
    with app.app_context():
        assert components(SoldOut) == components(SoldOut, app=app)
        assert type_ in str(components(SoldOut))
    assert (type_ in str(components(SoldOut))) == (not config)


def test_below_a_root_types_are_as_clients_see_them() -> None:
    app = raising(sold_out, {"STATUSKIT_CATALOG_URL": "/problems", "APPLICATION_ROOT": "/shop"})
    answer = call(app, environ_overrides={"SCRIPT_NAME": "/shop"})
    assert answer.json["type"] == "/shop/problems/sold-out"
    assert_documented(answer, problem_responses(SoldOut, app=app), components(SoldOut, app=app))


def test_in_a_request_types_are_as_its_client_sees_them() -> None:
    app = make_app({"STATUSKIT_CATALOG_URL": "/problems"})
    app.add_url_rule("/doc", view_func=lambda: components(SoldOut))
    app.add_url_rule("/named", "named", lambda: components(SoldOut, app=current_app))
    for path in ("/doc", "/named"):
        answer = call(app, path=path, environ_overrides={"SCRIPT_NAME": "/behind"})
        type_ = own_part("SoldOut", answer.json)["properties"]["type"]
        assert type_["const"] == "/behind/problems/sold-out"


def test_in_a_request_to_another_application_types_are_those_of_the_one_that_is_given() -> None:
    other = make_app({"STATUSKIT_CATALOG_URL": "/errors"})
    app = make_app({"STATUSKIT_CATALOG_URL": "/problems"})
    app.add_url_rule("/doc", view_func=lambda: components(SoldOut, app=other))
    assert own_part("SoldOut", call(app, path="/doc").json)["properties"]["type"]["const"] == (
        "/errors/sold-out"
    )


def below_a_variable(config: Mapping[str, Any] = {}, **options: Any) -> Flask:
    """An application whose catalogue has another address for each language."""
    app = make_app(config)
    prefix = "/<lang>/problems"
    app.register_blueprint(catalog.blueprint(), url_prefix=prefix, **options)
    view = view_raising(sold_out)
    app.add_url_rule("/<lang>/orders", "orders", lambda lang: view())
    app.add_url_rule("/<lang>/doc", "doc", lambda lang: components(SoldOut, Conflict))
    return app


def test_the_type_of_a_slug_is_open_where_the_address_of_the_catalogue_varies() -> None:
    app = below_a_variable()
    answers = [call(app, path=f"/{lang}/orders") for lang in ("en", "de")]
    assert answers[0].json["type"] == "/en/problems/sold-out"
    for version, parts in [
        ("3.0.3", components(SoldOut, Conflict, version="3.0", app=app)),
        ("3.1.0", components(SoldOut, Conflict, app=app)),
        ("3.1.0", call(app, path="/en/doc").json),
    ]:
        assert_valid(spec_of({}, version, components=parts))
        type_ = own_part("SoldOut", parts)["properties"]["type"]
        assert (type_["type"], type_["format"]) == ("string", "uri-reference")
        assert not {"const", "enum"} & type_.keys()
        for answer in answers:
            assert errors_of(parts["schemas"]["SoldOut"], answer.json, parts, version) == []
        # This one is a URI already, wherever the catalogue is.
        assert {"const", "enum"} & own_part("Conflict", parts)["properties"]["type"].keys()


def test_what_an_open_type_cannot_tell_apart_is_any_of_them() -> None:
    app = below_a_variable()
    errors = (Conflict, SoldOut, FullHouse)
    schema = schema_of(problem_responses(*errors, app=app)["409"])
    names = ["Conflict", "SoldOut", "FullHouse"]
    assert schema == {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in names]}
    parts = components(*errors, app=app)
    assert errors_of(schema, call(app, path="/en/orders").json, parts) == []
    assert_valid(spec_of({}, components=parts))


@pytest.mark.parametrize(
    ("config", "options"),
    [
        ({"STATUSKIT_TYPE_BASE": "https://shop.example/p"}, {}),
        ({}, {"url_defaults": {"lang": "en"}}),
    ],
)
def test_a_type_is_fixed_where_the_variables_of_the_catalogue_do_not_matter(
    config: dict[str, str], options: dict[str, Any]
) -> None:
    app = below_a_variable(config, **options)
    parts = components(SoldOut, app=app)
    type_ = own_part("SoldOut", parts)["properties"]["type"]["const"]
    assert type_ == call(app, path="/en/orders").json["type"]
    assert "oneOf" in schema_of(problem_responses(SoldOut, Conflict, app=app)["409"])


def test_outside_of_a_request_no_session_is_opened_and_nothing_is_torn_down() -> None:
    app = make_app({"STATUSKIT_CATALOG_URL": "/problems"})
    happened: list[str] = []
    app.teardown_request(lambda _: happened.append("teardown"))
    # One of its own: Flask's is the same for all applications.
    app.session_interface = SecureCookieSessionInterface()
    app.session_interface.open_session = lambda *_: happened.append("session")  # type: ignore[method-assign]
    components(app=app)
    assert happened == []


def test_an_application_without_statuskit_has_the_defaults() -> None:
    app = Flask("bare")
    assert components(SoldOut, app=app) == components(SoldOut)
    with app.app_context():
        assert problem_responses(SoldOut, Unauthorized) == problem_responses(
            SoldOut, Unauthorized, app=app
        )


# Languages


class ZuSpaet(Gone):
    title = lazy_gettext("Too late")


class Later(Gone):
    title = type("Text", (), {"__str__": lambda _: f"Late in {g.get('town', 'Rome')}"})()


@pytest.mark.parametrize("cls", [ZuSpaet, Later])
def test_a_title_that_is_translated_later_is_not_fixed(cls: type[StatusError]) -> None:
    title = own_part(cls.__name__, components(cls, version="3.1"))["properties"]["title"]
    assert title["type"] == "string"
    assert not {"const", "enum"} & title.keys()
    assert len(title["examples"]) == 1
    old = own_part(cls.__name__, components(cls, version="3.0"))["properties"]["title"]
    assert isinstance(old["example"], str)


@pytest.mark.parametrize("locale", ["de", "en", "zh"])
@pytest.mark.parametrize("error", [NotFound, ZuSpaet, sold_out])
def test_with_flask_babel_titles_are_in_any_language_and_the_document_in_english(
    error: Any, locale: str
) -> None:
    app = raising(error)
    Babel(app, locale_selector=lambda: locale)
    cls = SoldOut if error is sold_out else error
    responses, parts = problem_responses(cls, app=app), components(cls, app=app)
    assert_documented(call(app), responses, parts)
    if error is NotFound:
        assert (call(app).json["title"] == "Not Found") == (locale == "en")
        assert responses["404"]["description"] == STATUSES[404].sentence
        with app.test_request_context(headers={"Accept-Language": locale}):
            assert components(cls) == parts
    title = own_part(cls.__name__, parts)["properties"]["title"]
    assert not {"const", "enum"} & title.keys()
    assert title["examples"][0] in ("Not Found", "Too late", "Sold out")


@pytest.mark.parametrize("locale", ["de", "en"])
def test_a_translated_title_is_an_example_in_english(tmp_path: Path, locale: str) -> None:
    write(tmp_path, "de", {"Too late": "Zu spaet"}, "messages")
    app = raising(ZuSpaet)
    directory = str(tmp_path)
    Babel(app, locale_selector=lambda: locale, default_translation_directories=directory)
    with app.test_request_context():
        parts = components(ZuSpaet)
        assert str(ZuSpaet.title) == {"de": "Zu spaet", "en": "Too late"}[locale]
    assert own_part("ZuSpaet", parts)["properties"]["title"]["examples"] == ["Too late"]
    assert_documented(call(app), problem_responses(ZuSpaet, app=app), parts)


# Documents


def shop() -> Flask:
    """An application that declares in every way."""
    app = make_app({"STATUSKIT_CATALOG_URL": "/problems"})
    orders = Blueprint("orders", __name__, url_prefix="/orders")
    raises(RateLimited)(orders)

    @app.get("/items/<int:id>")
    @raises(NotFound, SoldOut, Conflict)
    def item(id: int) -> Any:
        raise {1: NotFound(), 2: sold_out(), 3: Conflict("Taken", item=3)}.get(id, Gone())

    class Orders(MethodView):
        @raises(ValidationError, FullHouse)
        def post(self) -> Any:
            raise ValidationError({"size": ["Too large"]})

        def get(self) -> Any:
            raise RateLimited(retry_after=7)

    class Reports(View):
        methods = ("GET",)

        @raises(Locked)
        def dispatch_request(self, name: str) -> Any:
            raise Locked

    @app.get("/free")
    def free() -> str:
        return ""

    orders.add_url_rule("/", view_func=Orders.as_view("orders"))
    app.register_blueprint(orders)
    app.add_url_rule("/reports/<path:name>", view_func=Reports.as_view("reports"))
    return app


PATHS = {
    "/items/{id}": {"get": operation("id")},
    "/orders/": {"get": operation(), "post": operation()},
    "/reports/{name}": {"get": operation("name")},
    "/free": {"get": operation()},
    "/elsewhere": {"get": operation()},
}


@every_version
def test_a_document_is_completed_with_what_the_views_declare(version: str) -> None:
    app, spec = shop(), spec_of(PATHS, version)
    before = copy.deepcopy(spec)
    done = document(spec, app)
    assert spec == before
    assert_valid(done)
    statuses = {
        (path, method): list(operation["responses"])
        for path, item in done["paths"].items()
        for method, operation in item.items()
    }
    assert statuses == {
        ("/items/{id}", "get"): ["200", "404", "409"],
        ("/orders/", "get"): ["200", "429"],
        ("/orders/", "post"): ["200", "409", "422", "429"],
        ("/reports/{name}", "get"): ["200", "423"],
        ("/free", "get"): ["200"],
        ("/elsewhere", "get"): ["200"],
    }
    assert document(done, app) == done
    assert document(json.loads(json.dumps(done)), app) == done
    assert "Gone" not in done["components"]["schemas"]
    with app.app_context():
        assert document(spec) == done


@pytest.mark.parametrize(
    ("method", "path", "template"),
    [
        ("GET", "/items/1", "/items/{id}"),
        ("GET", "/items/2", "/items/{id}"),
        ("GET", "/items/3", "/items/{id}"),
        ("GET", "/orders/", "/orders/"),
        ("POST", "/orders/", "/orders/"),
        ("GET", "/reports/a", "/reports/{name}"),
    ],
)
def test_real_responses_are_as_the_document_says(method: str, path: str, template: str) -> None:
    app = shop()
    done = document(spec_of(PATHS), app)
    responses = done["paths"][template][method.lower()]["responses"]
    assert_documented(call(app, method, path), responses, done["components"])


def test_a_response_that_somebody_wrote_stays() -> None:
    own = {"description": "In our own words"}
    paths = {
        "/items/{id}": {"get": operation("id", **{"404": own, "default": own})},
        "/orders/": {"post": {"responses": {409: own, 201: own}}, "get": {}},
    }
    done = document(spec_of(paths), shop())
    found = done["paths"]["/items/{id}"]["get"]["responses"]
    assert (found["404"], found["default"]) == (own, own)
    assert "oneOf" in schema_of(found["409"])
    assert list(done["paths"]["/orders/"]["post"]["responses"]) == [409, 201, "422", "429"]
    assert list(done["paths"]["/orders/"]["get"]["responses"]) == ["429"]
    assert "NotFound" not in done["components"]["schemas"]


def test_a_component_that_somebody_wrote_stays_and_ours_gets_another_name() -> None:
    own: dict[str, Any] = {
        "schemas": {"NotFound": {"type": "string"}, "Problem": {"type": "integer"}},
        "headers": {"X-Request-ID": {"schema": {"type": "string"}}},
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    }
    app, spec = shop(), spec_of(PATHS, components=own)
    done = document(spec, app)
    assert_valid(done)
    for section, parts in own.items():
        for name, part in parts.items():
            assert done["components"][section][name] == part
    response = done["paths"]["/items/{id}"]["get"]["responses"]["404"]
    assert schema_of(response) == {"$ref": "#/components/schemas/NotFoundProblem"}
    assert errors_of(schema_of(response), call(app, path="/items/1").json, done["components"]) == []
    assert document(done, app) == done
    taken = {**own["schemas"], "NotFoundProblem": {"type": "string"}}
    again = document(spec_of(PATHS, components={"schemas": taken}), app)
    assert "NotFoundProblemProblem" in again["components"]["schemas"]


def test_another_name_is_none_that_one_of_ours_has() -> None:
    class NotFoundProblem(Gone):
        pass

    app = make_app()
    view = raises(NotFound, NotFoundProblem)(lambda: "")
    app.add_url_rule("/free", view_func=view)
    taken = {"schemas": {"NotFound": {"type": "string"}}}
    done = document(spec_of({"/free": {"get": operation()}}, components=taken), app)
    assert_valid(done)
    responses = done["paths"]["/free"]["get"]["responses"]
    assert schema_of(responses["404"])["$ref"].endswith("/NotFoundProblemProblem")
    assert schema_of(responses["410"])["$ref"].endswith("/NotFoundProblem")


def test_an_object_that_stands_in_two_places_is_completed_in_each() -> None:
    shared = operation()
    spec = spec_of({"/orders/": {"get": shared, "post": shared}, "/free": {"get": shared}})
    done = document(spec, shop())
    assert [list(o["responses"]) for item in done["paths"].values() for o in item.values()] == [
        ["200", "429"],
        ["200", "409", "422", "429"],
        ["200"],
    ]


def test_components_that_are_there_are_used() -> None:
    app = shop()
    parts = components(app=app)
    done = document(spec_of(PATHS, components=parts), app)
    assert done["components"] == parts
    assert_valid(done)


@pytest.mark.parametrize("section", ["responses", "schemas"])
def test_what_the_document_refers_to_and_lacks_is_added(section: str) -> None:
    reference = {"$ref": f"#/components/{section}/SoldOut"}
    response = {"description": "", "content": {PROBLEM_JSON: {"schema": reference}}}
    used = reference if section == "responses" else response
    paths = {"/free": {"get": operation(**{"409": used})}}
    done = document(spec_of(paths), shop())
    assert_valid({**done, "paths": {}})
    assert done["paths"] == paths
    assert set(done["components"]["schemas"]) == {"SoldOut", "Problem", "FieldError"}


def test_without_declarations_and_references_a_document_stays_as_it_is() -> None:
    spec = spec_of({"/free": {"get": operation()}, "x-internal": "yes"})
    assert document(spec, shop()) == spec
    minimal = {"openapi": "3.1.0", "info": {"title": "", "version": ""}, "components": {}}
    assert document(minimal, shop()) == minimal


@pytest.mark.parametrize(
    ("path", "servers", "root"),
    [
        ("/api/v1/items/{id}", [], "/"),
        ("/api/v1/items/{item}", [], "/"),
        ("/v1/items/{id}", [{"url": "https://shop.example/api"}], "/"),
        ("/items/{id}", [{"url": "/api/v1/"}], "/"),
        (
            "/items/{id}",
            [{"url": "https://{host}/api/{v}", "variables": {"v": {"default": "v1"}}}],
            "/",
        ),
        ("/shop/api/v1/items/{id}", [], "/shop"),
        ("/items/{id}", [{"url": "https://shop.example/shop/api/v1"}], "/shop"),
        # A proxy strips the prefix of the server.
        ("/api/v1/items/{id}", [{"url": "https://shop.example/behind"}], "/"),
        ("/api/v1/items/{id}", [{"url": "/a"}, {"url": "/b"}], "/"),
        # No URL, and so no path.
        ("/items/{id}", [{"url": "https://[bad/v1"}, {"url": "/api/v1"}], "/"),
    ],
)
def test_a_path_is_found_below_servers_and_roots(path: str, servers: list[Any], root: str) -> None:
    app = make_app({"APPLICATION_ROOT": root})
    app.add_url_rule("/api/v1/items/<int:id>", view_func=raises(NotFound)(lambda id: ""))
    done = document(spec_of({path: {"get": operation("id")}}, servers=servers), app)
    assert list(done["paths"][path]["get"]["responses"]) == ["200", "404"]


def test_a_path_below_a_server_is_preferred_to_the_same_path_without_it() -> None:
    app = make_app()
    app.add_url_rule("/items", "old", view_func=raises(Gone)(lambda: ""))
    app.add_url_rule("/v2/items", "new", view_func=raises(NotFound)(lambda: ""))
    spec = spec_of({"/items": {"get": operation()}}, servers=[{"url": "/v2"}])
    assert list(document(spec, app)["paths"]["/items"]["get"]["responses"]) == ["200", "404"]


def test_rules_with_one_template_are_one_operation() -> None:
    app = make_app()
    app.add_url_rule("/items/<int:id>", "a", view_func=raises(NotFound)(lambda id: ""))
    app.add_url_rule("/items/<string:id>", "b", view_func=raises(Gone)(lambda id: ""))
    done = document(spec_of({"/items/{id}": {"get": operation("id")}}), app)
    assert list(done["paths"]["/items/{id}"]["get"]["responses"]) == ["200", "404", "410"]


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_a_path_with_the_same_variables_is_preferred_to_one_of_the_same_shape(prefix: str) -> None:
    app = make_app()
    app.add_url_rule(f"{prefix}/items/<int:id>", "a", view_func=raises(NotFound)(lambda id: ""))
    app.add_url_rule(f"{prefix}/items/<name>", "b", view_func=raises(Gone)(lambda name: ""))
    put = raises(Locked)(lambda name: "")
    app.add_url_rule(f"{prefix}/items/<name>", "c", view_func=put, methods=["PUT"])
    paths = {
        f"/items/{{{name}}}": {"get": operation(name), "put": operation(name)}
        for name in ("id", "name", "other")
    }
    done = document(spec_of(paths, servers=[{"url": prefix or "/"}]), app)
    assert [[*item["get"]["responses"]][1:] for item in done["paths"].values()] == [
        ["404"],
        ["410"],
        ["404", "410"],
    ]
    assert all("423" in item["put"]["responses"] for item in done["paths"].values())


def test_a_document_needs_an_application() -> None:
    with pytest.raises(RuntimeError, match=r"type document\(spec, app\)"):
        document(spec_of({}))


@pytest.mark.parametrize("spec", [{"swagger": "2.0"}, {"openapi": "3.2.0"}, {}])
def test_a_document_of_another_version_is_refused(spec: dict[str, str]) -> None:
    # By the name of its own field: nobody who calls has a parameter for it.
    with pytest.raises(ValueError, match=r"type openapi='3\.1\.0', or '3\.0\.3'"):
        document(spec, shop())


def test_a_document_may_be_made_by_an_application_without_statuskit() -> None:
    app = Flask("bare")
    app.add_url_rule("/free", view_func=raises(NotFound)(lambda: ""))
    assert_valid(document(spec_of({"/free": {"get": operation()}}), app))


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ({}, r"openapi\.document\(document, app\)"),
        (make_app(), r"openapi\.document\(spec, app\)"),
        (None, "apispec.APISpec"),
        (StatusKit(), "apispec.APISpec"),
    ],
)
def test_what_makes_no_documents_cannot_be_registered(target: Any, hint: str) -> None:
    with pytest.raises(TypeError, match=hint):
        register(target)


# marshmallow


def test_a_problem_is_dumped_with_its_members_in_their_order() -> None:
    problem = Problem(
        409,
        title="Conflict",
        instance="/x",
        members={"request_id": "r", "errors": [FieldError("Bad", pointer="#/a")], "left": [1]},
    )
    assert list(ProblemSchema().dump(problem).items()) == list(problem.to_dict().items())
    assert ProblemSchema().dump(problem.to_dict()) == problem.to_dict()
    assert ProblemSchema(many=True).dump([problem]) == [problem.to_dict()]
    assert ProblemSchema(only=["status"]).dump(problem) == {"status": 409, "left": [1]}
    assert "errors" not in ProblemSchema(exclude=["errors"]).dump(problem)


@pytest.mark.parametrize("error", [sold_out, full_house, lambda: ValidationError({"a": ["b"]})])
def test_what_is_received_is_loaded_with_all_of_its_members(error: Any) -> None:
    body = call(raising(error)).json
    assert ProblemSchema().load(body) == body
    assert Problem.from_dict(ProblemSchema().load(body)) == Problem.from_dict(body)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (ProblemSchema, {"status": "409"}),
        (ProblemSchema, {"title": 7}),
        (ProblemSchema, {"errors": [{"pointer": "#/a"}]}),
        (FieldErrorSchema, {}),
        (FieldErrorSchema, {"detail": "Bad", "pointer": 7}),
    ],
)
def test_what_is_no_problem_is_not_loaded(schema: Any, value: Any) -> None:
    assert schema().validate(value)


def test_the_schemas_of_marshmallow_and_of_openapi_have_the_same_properties() -> None:
    schemas = components(NotFound)["schemas"]
    assert set(ProblemSchema().fields) == set(schemas["Problem"]["properties"])
    assert set(FieldErrorSchema().fields) == set(schemas["FieldError"]["properties"])


def test_views_of_the_catalogue_are_documented_like_any_other() -> None:
    app = shop()
    paths = {"/problems/{slug}": {"get": operation("slug")}}
    done = document(spec_of(paths), app)
    assert "404" in done["paths"]["/problems/{slug}"]["get"]["responses"]
    assert_documented(
        call(app, path="/problems/nowhere"),
        done["paths"]["/problems/{slug}"]["get"]["responses"],
        done["components"],
    )


def test_an_undeclared_problem_is_not_what_the_document_says() -> None:
    app = make_app()
    app.add_url_rule("/", view_func=raises(Conflict)(view_raising(sold_out)))
    done = document(spec_of({"/": {"get": operation()}}), app)
    schema = schema_of(done["paths"]["/"]["get"]["responses"]["409"])
    assert errors_of(schema, call(app).json, done["components"]) != []


def test_a_type_without_a_status_is_not_documented() -> None:
    class Abstract(StatusError):
        pass

    class WithStatus(Abstract, PaymentRequired):
        pass

    names = components()["responses"]
    assert "WithStatus" in names
    assert "Abstract" not in names
