"""webargs: every location, its headers and statuses, and JSON that cannot be read."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask, request
from flask.typing import ResponseReturnValue
from library_support import (
    CANARY,
    assert_imports_nothing,
    assert_page_is_true,
    problem,
    require,
)
from werkzeug.exceptions import HTTPException, UnprocessableEntity
from werkzeug.test import TestResponse

from flask_statuskit import BadRequest, Conflict, FieldError, StatusKit
from flask_statuskit.integrations.webargs import field_errors

flaskparser = require("webargs.flaskparser")
fields = require("webargs.fields")
marshmallow = require("marshmallow")

NOT_A_NUMBER = "Not a valid integer."
JSON = "application/json"


def make(
    arguments: Any, rule: str = "/", *, kit: dict[str, Any] | None = None, **options: Any
) -> Any:
    """An application with a view that takes these arguments."""
    app = Flask("shop")
    StatusKit(app, **(kit or {}))

    @app.route(rule, methods=["GET", "POST"])
    @flaskparser.use_args(arguments, **options)
    def view(*_args: Any, **_kwargs: Any) -> str:
        return "ok"

    return app


def ask(arguments: Any, sent: dict[str, Any], **options: Any) -> TestResponse:
    return make(arguments, **options).test_client(use_cookies=False).post(**sent)


@pytest.mark.parametrize(
    ("location", "sent", "place"),
    [
        ("json", {"json": {"age": CANARY}}, {"pointer": "#/age"}),
        ("json_or_form", {"json": {"age": CANARY}}, {"pointer": "#/age"}),
        ("json_or_form", {"data": {"age": CANARY}}, {"pointer": "#/age"}),
        ("form", {"data": {"age": CANARY}}, {"pointer": "#/age"}),
        ("files", {"data": {"age": (io.BytesIO(b"x"), CANARY)}}, {"pointer": "#/age"}),
        ("query", {"query_string": {"age": CANARY}}, {"parameter": "age"}),
        ("querystring", {"query_string": {"age": CANARY}}, {"parameter": "age"}),
        ("headers", {"headers": {"Age": CANARY}}, {"header": "age"}),
        ("cookies", {"environ_base": {"HTTP_COOKIE": f"age={CANARY}"}}, {"cookie": "age"}),
    ],
)
def test_a_field_error_says_where_its_value_came_from(
    location: str, sent: dict[str, Any], place: dict[str, str]
) -> None:
    body = problem(ask({"age": fields.Int()}, sent, location=location), 422)
    assert body["errors"] == [{"detail": NOT_A_NUMBER, **place}]


@pytest.mark.parametrize("location", ["path", "view_args"])
def test_a_part_of_the_path_is_named(location: str) -> None:
    client = make({"age": fields.Int()}, "/<age>", location=location).test_client()
    errors = client.get("/x").get_json()["errors"]
    assert errors == [{"detail": NOT_A_NUMBER, "path": "age"}]


def test_a_location_of_the_applications_own_is_taken_for_the_body() -> None:
    parser = flaskparser.FlaskParser()

    @parser.location_loader("csv")
    def load_csv(_request: Any, _schema: Any) -> dict[str, str]:
        return dict([request.get_data(as_text=True).split(",")])  # type: ignore[list-item]

    app = Flask("shop")
    StatusKit(app)

    @app.post("/")
    @parser.use_args({"age": fields.Int()}, location="csv")
    def view(_args: Any) -> str:
        return "ok"

    body = problem(app.test_client().post("/", data=f"age,{CANARY}"), 422)
    assert body["errors"] == [{"detail": NOT_A_NUMBER, "pointer": "#/age"}]


def test_nested_values_and_elements_have_pointers() -> None:
    arguments = {"items": fields.List(fields.Nested({"a/b": fields.Int()}))}
    body = problem(ask(arguments, {"json": {"items": [{}, {"a/b": CANARY}]}}), 422)
    assert body["errors"] == [{"detail": NOT_A_NUMBER, "pointer": "#/items/1/a~1b"}]


def test_elements_of_a_body_that_is_a_list_have_pointers() -> None:
    schema = marshmallow.Schema.from_dict({"age": fields.Int(required=True)})(many=True)
    body = problem(ask(schema, {"json": [{"age": 1}, {"age": CANARY}, {}]}), 422)
    assert body["errors"] == [
        {"detail": NOT_A_NUMBER, "pointer": "#/1/age"},
        {"detail": "Missing data for required field.", "pointer": "#/2/age"},
    ]


def test_a_body_of_the_wrong_type_is_pointed_at_as_a_whole() -> None:
    body = problem(ask({"age": fields.Int()}, {"json": [1]}), 422)
    assert body["errors"] == [{"detail": "Invalid input type.", "pointer": "#"}]


def refuse_together(_data: Any) -> None:
    raise marshmallow.ValidationError("Give one of the two.")


@pytest.mark.parametrize(("location", "place"), [("json", {"pointer": "#"}), ("query", {})])
def test_an_error_of_all_values_has_no_name(location: str, place: dict[str, str]) -> None:
    sent: dict[str, Any] = {"json": {}}
    body = problem(ask({}, sent, location=location, validate=refuse_together), 422)
    assert body["errors"] == [{"detail": "Give one of the two.", **place}]


def test_several_wrong_values_of_one_parameter_are_one_error() -> None:
    sent = {"query_string": {"id": [CANARY, "1", CANARY]}}
    body = problem(ask({"id": fields.List(fields.Int())}, sent, location="query"), 422)
    assert body["errors"] == [{"detail": NOT_A_NUMBER, "parameter": "id"}]


def test_the_headers_of_the_parser_are_kept() -> None:
    headers = {"Retry-After": "7", "X-Schema": "users/2"}
    response = ask({"age": fields.Int(required=True)}, {"json": {}}, error_headers=headers)
    assert problem(response, 422)["retry_after"] == 7
    assert response.headers.getlist("X-Schema") == ["users/2"]


@pytest.mark.parametrize("status", [400, 404, 409])
def test_a_status_that_was_asked_for_is_kept(status: int) -> None:
    arguments = {"age": fields.Int(required=True)}
    for validation_status in (422, 400):
        kit = {"validation_status": validation_status}
        response = ask(arguments, {"json": {}}, kit=kit, error_status_code=status)
        body = problem(response, status)
        assert body["errors"] == [
            {"detail": "Missing data for required field.", "pointer": "#/age"}
        ]


def test_the_usual_status_follows_the_setting() -> None:
    response = ask({"age": fields.Int(required=True)}, {"json": {}}, kit={"validation_status": 400})
    assert problem(response, 400)["errors"]


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (
            b'{"age": 1,\n "name" "x"}',
            "The body is not valid JSON: Expecting ':' delimiter, line 2, column 9.",
        ),
        (b'{"age": 1', "The body is not valid JSON: Expecting ',' delimiter, line 1, column 10."),
        (b'{"n": "\xff"}', "The body is not valid UTF-8: byte 7 is out of place."),
        (b" \n", "The body is empty; it has to be JSON."),
        (b"[" * 100_000, "The body is nested too deeply."),
    ],
)
def test_json_that_cannot_be_read_is_a_400_that_says_where(data: bytes, detail: str) -> None:
    response = ask({"age": fields.Int()}, {"data": data, "content_type": JSON})
    body = problem(response, 400)
    assert body["detail"] == detail
    assert "errors" not in body


def test_the_request_reader_of_flask_says_the_same() -> None:
    app = make({"age": fields.Int()})
    app.post("/flask")(lambda: request.get_json())
    client, data = app.test_client(), b'{"age": \n1'
    details = {
        problem(client.post(path, data=data, content_type=JSON), 400)["detail"]
        for path in ("/", "/flask")
    }
    assert len(details) == 1


def test_a_recursion_error_of_a_view_is_a_bug() -> None:
    app = Flask("shop")
    StatusKit(app)

    @app.post("/")
    @flaskparser.use_args({"age": fields.Int()})
    def view(_args: Any) -> str:
        raise RecursionError

    problem(app.test_client().post("/", json={}), 500)


def test_a_body_of_another_media_type_is_none_as_webargs_has_it() -> None:
    response = ask({"age": fields.Int(required=True)}, {"data": "age=1"})
    assert problem(response, 422)["errors"][0]["pointer"] == "#/age"


def abort_with(status: int, **data: Any) -> TestResponse:
    app = Flask("shop")
    StatusKit(app)

    @app.post("/")
    def view() -> None:
        flaskparser.abort(status, **data)

    return app.test_client().post("/")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"message": CANARY, "errors": {"json": {"age": [CANARY]}}},
        {"messages": {"age": [CANARY]}},
        {"messages": CANARY, "exc": ValueError(CANARY)},
    ],
)
def test_what_an_application_gives_to_abort_is_not_taken_for_webargs(data: dict[str, Any]) -> None:
    assert "errors" not in problem(abort_with(422, **data), 422)


def test_a_status_that_is_in_no_registry_stays_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    class ClientClosedRequest(HTTPException):
        code = 499

    app = make({"age": fields.Int(required=True)}, error_status_code=499)
    app.aborter.mapping[499] = ClientClosedRequest
    body = app.test_client().post("/", json={}).get_json()
    assert (body["status"], "errors" in body) == (499, False)
    assert not [record for record in caplog.records if record.exc_info]


def test_a_handler_of_the_application_still_sees_webargs_exception() -> None:
    app = make({"age": fields.Int()}, location="query")

    @app.errorhandler(422)
    def handle(error: Any) -> ResponseReturnValue:
        return {"own": error.data["messages"]}, 422

    answer = app.test_client().get("/?age=x").get_json()
    assert answer == {"own": {"query": {"age": [NOT_A_NUMBER]}}}


@pytest.mark.parametrize("named", [False, True])
def test_a_catch_all_sees_it_unless_the_integration_was_asked_for(named: bool) -> None:
    kit = {"integrations": ["webargs"]} if named else {}
    app = make({"age": fields.Int()}, kit=kit)

    @app.errorhandler(Exception)
    def handle(_error: Exception) -> ResponseReturnValue:
        return "own", 400

    client = app.test_client()
    for sent in ({"json": {"age": "x"}}, {"data": b"[" * 100_000, "content_type": JSON}):
        assert (client.post("/", **sent).text == "own") != named


def test_an_error_handler_of_the_parser_raises_what_it_likes() -> None:
    parser = flaskparser.FlaskParser()

    @parser.error_handler
    def handle(error: Any, *_args: Any, **_options: Any) -> None:
        raise Conflict("Not like that", errors=error.messages["json"])

    app = Flask("shop")
    StatusKit(app)

    @app.post("/")
    @parser.use_args({"age": fields.Int()})
    def view(_args: Any) -> str:
        return "ok"

    body = problem(app.test_client().post("/", json={"age": "x"}), 409)
    assert body["errors"] == [{"detail": NOT_A_NUMBER, "pointer": "#/age"}]


def test_a_mapping_of_the_applications_own_decides_and_can_read_the_errors() -> None:
    app = Flask("shop")
    statuskit = StatusKit(app)

    @statuskit.map(UnprocessableEntity)
    def refused(error: HTTPException) -> BadRequest:
        return BadRequest("Look at the errors.", errors=field_errors(error))

    @app.get("/")
    @flaskparser.use_args({"age": fields.Int()}, location="query")
    def view(_args: Any) -> str:
        return "ok"

    body = problem(app.test_client().get("/?age=x"), 400)
    assert body["detail"] == "Look at the errors."
    assert body["errors"] == [FieldError(NOT_A_NUMBER, parameter="age").to_dict()]


def test_a_view_that_is_a_coroutine_answers_the_same() -> None:
    require("asgiref")
    app = Flask("shop")
    StatusKit(app)

    @app.get("/")
    @flaskparser.use_args({"age": fields.Int()}, location="query")
    async def view(_args: Any) -> str:
        return "ok"

    errors = problem(app.test_client().get("/?age=x"), 422)["errors"]
    assert errors == [{"detail": NOT_A_NUMBER, "parameter": "age"}]


def test_webargs_is_not_imported_for_this() -> None:
    assert_imports_nothing("webargs", "marshmallow")


@pytest.mark.parametrize("page", ["webargs.md", "marshmallow.md"])
def test_the_page_is_true(page: str) -> None:
    assert_page_is_true(page)
