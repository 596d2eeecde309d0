"""flask-smorest: its handler gives way; what `abort` was given and its parsers say stays."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, Response
from flask.views import MethodView
from framework_support import SECRET, assert_problem, reports_of
from library_support import assert_page_is_true, require
from marshmallow import Schema, fields
from werkzeug import exceptions
from werkzeug.test import TestResponse

from flask_statuskit import Conflict, StatusKit

flask_smorest = require("flask_smorest")
Api, abort = flask_smorest.Api, flask_smorest.abort

ORDERS = ["StatusKit first", "flask-smorest first"]


class AnItem(Schema):
    name = fields.String(required=True)
    price = fields.Integer()


class Page(Schema):
    page = fields.Integer()
    ids = fields.List(fields.Integer(), data_key="ids/~")


blueprint = flask_smorest.Blueprint("items", __name__, url_prefix="/items", description="Items")


@blueprint.route("/")
class Items(MethodView):
    @blueprint.arguments(Page, location="query")
    @blueprint.response(200, AnItem(many=True))
    def get(self, args: dict[str, Any]) -> list[Any]:
        return [{"name": "spoon", "price": 3}]

    @blueprint.arguments(AnItem)
    @blueprint.response(201, AnItem)
    def post(self, item: dict[str, Any]) -> dict[str, Any]:
        return item


@blueprint.route("/spoon")
class Spoon(MethodView):
    @blueprint.etag
    @blueprint.response(200, AnItem)
    def get(self) -> dict[str, Any]:
        return {"name": "spoon"}

    @blueprint.etag
    @blueprint.response(204)
    def delete(self) -> None:
        blueprint.check_etag({"name": "spoon"}, AnItem)


def make_app(
    order: str = ORDERS[0], integrations: tuple[str, ...] = ("flask_smorest",), api: Any = Api
) -> Flask:
    app = Flask("shop")
    app.config |= {"API_TITLE": "Shop", "API_VERSION": "v1", "OPENAPI_VERSION": "3.0.3"}
    statuskit = StatusKit(integrations=integrations)
    if order == "StatusKit first":
        statuskit.init_app(app)
    api(app).register_blueprint(blueprint)
    if order == "flask-smorest first":
        statuskit.init_app(app)
    return app


def aborting(*args: Any, app: Flask | None = None, **kwargs: Any) -> Any:
    """The answer of an application whose view calls `abort` like this."""
    app = app or make_app()
    app.add_url_rule("/abort", "abort", lambda: abort(*args, **kwargs))
    return app.test_client().get("/abort")


@pytest.mark.parametrize("order", ORDERS)
def test_its_handler_gives_way_in_either_order(order: str) -> None:
    client = make_app(order).test_client()
    assert_problem(client.get("/nowhere"), 404)
    refused = client.patch("/items/spoon")
    assert_problem(refused, 405)
    assert set(refused.headers["Allow"].split(", ")) == {"DELETE", "GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("order", ORDERS)
def test_what_abort_was_given_is_kept(order: str) -> None:
    response = aborting(
        409,
        message="There is such an item",
        errors={"name": ["Is taken"], "parts": {0: {"name": ["Is taken"]}}},
        headers={"X-Items": "7"},
        item=7,
        app=make_app(order),
    )
    assert_problem(
        response,
        409,
        "There is such an item",
        headers={"X-Items": "7"},
        errors=[
            {"detail": "Is taken", "pointer": "#/name"},
            {"detail": "Is taken", "pointer": "#/parts/0/name"},
        ],
        item=7,
    )


def test_messages_are_another_name_of_errors() -> None:
    response = aborting(422, messages={"name": ["Is taken"]})
    assert_problem(response, 422, errors=[{"detail": "Is taken", "pointer": "#/name"}])


def test_members_with_the_names_of_constructor_parameters_are_members() -> None:
    assert_problem(aborting(401, error="expired", scope="a"), 401, error="expired", scope="a")
    assert_problem(aborting(429, limit="lots", policy=None), 429, limit="lots", policy=None)
    # A status that Werkzeug has no class for.
    assert_problem(aborting(402, message="Pay", balance=7), 402, "Pay", balance=7)


def test_members_that_no_problem_can_have_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", "flask_statuskit"):
        response = aborting(400, status="error", instance="x", **{"9lives": 1, "ok": 2})
    assert_problem(response, 400, ok=2)
    assert "'status' is left out" in caplog.text


def test_retry_after_reaches_header_and_body() -> None:
    assert_problem(aborting(503, message="Closed", retry_after=30), 503, "Closed", retry_after=30)
    response = aborting(503, headers={"Retry-After": "7"})
    assert_problem(response, 503, retry_after=7)


def test_the_message_of_a_server_error_is_hidden() -> None:
    assert_problem(aborting(500, message=SECRET, query=SECRET), 500)


@pytest.mark.parametrize("order", ORDERS)
def test_validation_errors_name_the_place_of_the_value(order: str) -> None:
    client = make_app(order).test_client()
    assert_problem(
        client.post("/items/", json={"price": SECRET}),
        422,
        errors=[
            {"detail": "Missing data for required field.", "pointer": "#/name"},
            {"detail": "Not a valid integer.", "pointer": "#/price"},
        ],
    )
    assert_problem(
        client.get("/items/?page=" + SECRET),
        422,
        errors=[{"detail": "Not a valid integer.", "parameter": "page"}],
    )
    assert_problem(
        client.get("/items/?ids/~=x&ids/~=y"),
        422,
        errors=[{"detail": "Not a valid integer.", "parameter": "ids/~"}],
    )


def test_its_parsers_need_no_integration_of_their_own() -> None:
    app = Flask("shop")
    app.config |= {"API_TITLE": "Shop", "API_VERSION": "v1", "OPENAPI_VERSION": "3.0.3"}
    StatusKit(app, integrations=["flask_smorest"], default_integrations=False)
    Api(app).register_blueprint(blueprint)
    response = app.test_client().get("/items/?page=x")
    assert_problem(response, 422, errors=[{"detail": "Not a valid integer.", "parameter": "page"}])


def test_malformed_json_is_told_with_line_and_column() -> None:
    client = make_app().test_client()
    response = client.post("/items/", data='{"name":', content_type="application/json")
    assert response.status == "400 Bad Request"
    assert "line 1, column 9" in response.get_json()["detail"]


def test_preconditions_are_problems_and_304_is_none() -> None:
    client = make_app().test_client()
    etag = client.get("/items/spoon").headers["ETag"]
    unchanged = client.get("/items/spoon", headers={"If-None-Match": etag})
    assert (unchanged.status, unchanged.data) == ("304 NOT MODIFIED", b"")
    detail = 'This request is required to be conditional; try using "If-Match".'
    assert_problem(client.delete("/items/spoon"), 428, detail)
    assert_problem(client.delete("/items/spoon", headers={"If-Match": '"x"'}), 412)


def test_a_bug_is_reported_once_and_told_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app()
    bug = LookupError(SECRET)

    @app.get("/bug")
    def fail() -> None:
        raise bug

    with reports_of(app, caplog) as reports:
        response = app.test_client().get("/bug")
    assert_problem(response, 500)
    assert reports == [bug]


def test_an_api_that_overrides_the_handler_keeps_it() -> None:
    class Mine(Api):  # type: ignore[misc]
        def handle_http_exception(self, error: Any) -> Any:
            return {"mine": error.code}, error.code

    for order in ORDERS:
        response = aborting(404, app=make_app(order, api=Mine))
        assert (response.status_code, response.get_json()) == (404, {"mine": 404})


@pytest.mark.parametrize("handled", [404, exceptions.NotFound, exceptions.HTTPException, Exception])
def test_handlers_of_the_application_get_what_abort_raised(handled: Any) -> None:
    app = make_app()
    seen: list[Any] = []

    @app.errorhandler(handled)
    def handle(error: exceptions.HTTPException) -> tuple[str, int]:
        seen.append(error)
        return "mine", 404

    assert aborting(404, message="Gone", app=app).text == "mine"
    assert seen[0].data == {"message": "Gone"}


def answer_to(error: Any, data: Any) -> TestResponse:
    """The answer to an exception that has an attribute `data`."""
    app = make_app()
    error.data = data

    @app.get("/it")
    def fail() -> None:
        raise error

    return app.test_client().get("/it")


def test_other_exceptions_with_data_are_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    class Taken(Conflict):
        data: dict[str, int]

    body = answer_to(Taken(data={"item": 7}), {"item": 7}).get_json()
    assert (body["type"], body["data"]) == ("urn:problem-type:taken", {"item": 7})
    has_response = exceptions.NotFound(response=Response("mine", 404))
    assert answer_to(has_response, {"message": "x"}).text == "mine"
    assert_problem(answer_to(exceptions.NotFound("Not here"), b"image"), 404, "Not here")
    assert [record.message for record in caplog.records if record.exc_info] == []


def test_an_exception_keeps_what_its_data_does_not_say() -> None:
    class Odd(exceptions.HTTPException):
        code = 460
        name = "Odd"

    response = answer_to(Odd("Not even"), {"number": 7})
    body = response.get_json()
    assert (response.status_code, body["title"], body["detail"]) == (460, "Odd", "Not even")
    assert body["number"] == 7


def test_without_the_integration_its_handler_stays() -> None:
    for order in ORDERS:
        response = aborting(409, message="Taken", app=make_app(order, integrations=()))
        assert response.get_json() == {"code": 409, "status": "Conflict", "message": "Taken"}


def test_successes_and_the_openapi_document_are_unaffected() -> None:
    plain = Flask("shop")
    plain.config |= {"API_TITLE": "Shop", "API_VERSION": "v1", "OPENAPI_VERSION": "3.0.3"}
    plain.config |= {"OPENAPI_URL_PREFIX": "/", "OPENAPI_JSON_PATH": "openapi.json"}
    ours = Flask("shop")
    ours.config.update(plain.config)
    StatusKit(ours, integrations=["flask_smorest"])
    for app in (plain, ours):
        Api(app).register_blueprint(blueprint)
    for path in ("/openapi.json", "/items/", "/items/spoon"):
        expected, answer = plain.test_client().get(path), ours.test_client().get(path)
        assert expected.status_code == 200
        assert (answer.status, answer.data) == (expected.status, expected.data)
        assert list(answer.headers) == list(expected.headers)


def test_the_documentation_is_true() -> None:
    assert_page_is_true("flask_smorest.md")
