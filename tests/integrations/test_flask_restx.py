"""flask-restx: Apis hand over what the application does not handle there; no value is repeated."""

from __future__ import annotations

import gc
import weakref
from io import BytesIO
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, abort, redirect, request_started
from framework_support import SECRET, assert_problem, reports_of
from library_support import assert_page_is_true, require
from marshmallow import Schema, ValidationError
from marshmallow import fields as ma
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from flask_statuskit import Conflict, StatusKit
from flask_statuskit.integrations import flask_restx as integration

flask_restx = require("flask_restx")
Api, Namespace, Resource = flask_restx.Api, flask_restx.Namespace, flask_restx.Resource
RequestParser = flask_restx.reqparse.RequestParser
fields, inputs = flask_restx.fields, flask_restx.inputs
MaskError = flask_restx.mask.MaskError
flaskparser = require("webargs.flaskparser")

ORDERS = ["StatusKit first", "flask-restx first", "the blueprint last"]
FAILED = "Input payload validation failed"


def make(
    view: Any = None,
    *,
    order: str = ORDERS[0],
    integrations: tuple[str, ...] = ("flask_restx",),
    api_class: Any = Api,
    **options: Any,
) -> tuple[Flask, Any]:
    """An application and its Api, with a resource that does `view` on any method."""
    app = Flask("shop")
    statuskit = StatusKit(integrations=integrations)
    if order != "flask-restx first":
        statuskit.init_app(app)
    blueprint = Blueprint("api", __name__) if order == "the blueprint last" else None
    api = api_class(blueprint or app, **options)

    class It(Resource):  # type: ignore[misc]
        get = post = lambda self: view()

    api.add_resource(It, "/it")
    if blueprint:
        app.register_blueprint(blueprint)
    if order == "flask-restx first":
        statuskit.init_app(app)
    return app, api


def get(view: Any, **options: Any) -> TestResponse:
    return make(view, **options)[0].test_client().get("/it")


def raising(error: Exception) -> Any:
    def view() -> None:
        raise error

    return view


def aborting(*args: Any, **members: Any) -> TestResponse:
    return get(lambda: Namespace("any").abort(*args, **members))


@pytest.mark.parametrize("order", ORDERS)
def test_its_error_bodies_give_way_in_every_order(order: str) -> None:
    # Each on an application of its own: the first error is the one that might come too early.
    assert_problem(get(lambda: abort(404), order=order), 404)
    app, _ = make(order=order, catch_all_404s=True)
    assert_problem(app.test_client().get("/nowhere"), 404)
    app, _ = make(order=order)
    refused = app.test_client().patch("/it")
    assert_problem(refused, 405)
    assert set(refused.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


@pytest.mark.parametrize("order", ORDERS)
def test_what_abort_was_given_is_kept(order: str) -> None:
    response = get(
        lambda: Namespace("any").abort(
            409, "There is such an item", errors={"name": "Is taken"}, item=7, error="E7"
        ),
        order=order,
    )
    assert_problem(
        response,
        409,
        "There is such an item",
        errors=[{"detail": "Is taken", "pointer": "#/name"}],
        item=7,
        error="E7",
    )


def test_members_that_no_problem_can_have_are_left_out() -> None:
    response = aborting(400, status="error", headers={"X-A": "b"}, ok=1)
    assert_problem(response, 400, ok=1, headers={"X-A": None})


def test_the_message_of_a_server_error_is_hidden() -> None:
    assert_problem(aborting(500, SECRET, query=SECRET), 500)
    assert_problem(aborting(503, "Closed", retry_after=9), 503, "Closed", retry_after=9)


def test_no_routes_are_suggested_for_a_404() -> None:
    app, _ = make(catch_all_404s=True)
    app.config["RESTX_ERROR_404_HELP"] = True
    assert_problem(app.test_client().get("/itt"), 404)


# --- Validation ---


def validating(model: Any, *, send: Any, **options: Any) -> TestResponse:
    """The answer to a body that an Api expects to be what `model` makes of it."""
    app, api = make(**options)

    class Expecting(Resource):  # type: ignore[misc]
        @api.expect(model(api), validate=True)
        def post(self) -> None: ...

    api.add_resource(Expecting, "/model")
    return app.test_client().post("/model", json=send)


def schema(schema: dict[str, Any]) -> Any:
    return lambda api: api.schema_model("Any", schema)


def item(api: Any) -> Any:
    part = api.model("Part", {"size": fields.Integer})
    name = fields.String(required=True)
    parts = fields.List(fields.Nested(part))
    return api.model("Item", {"name": name, "price": fields.Integer, "parts": parts})


@pytest.mark.parametrize("order", ORDERS)
def test_a_model_names_every_value_and_repeats_none(order: str) -> None:
    body = {"price": SECRET, "parts": [{"size": 1}, {"size": SECRET}]}
    assert_problem(
        validating(item, send=body, order=order),
        400,
        FAILED,
        errors=[
            {"detail": "Is required.", "pointer": "#/name"},
            {"detail": "Has to be of type integer.", "pointer": "#/price"},
            {"detail": "Has to be of type integer.", "pointer": "#/parts/1/size"},
        ],
    )


@pytest.mark.parametrize(
    ("of", "value", "detail"),
    [
        ({"type": "integer"}, SECRET, "Has to be of type integer."),
        ({"type": ["integer", "null"]}, SECRET, "Has to be of type integer, null."),
        ({"enum": ["a", "b"]}, SECRET, "Is none of the allowed values."),
        ({"minimum": 3}, 1, "Has to be at least 3."),
        ({"maximum": 1.5}, 1000, "Has to be at most 1.5."),
        ({"exclusiveMinimum": -3}, -3, "Has to be greater than -3."),
        ({"exclusiveMaximum": 3}, 3, "Has to be less than 3."),
        ({"multipleOf": 0.5}, 0.3, "Has to be a multiple of 0.5."),
        ({"minLength": 99}, SECRET, "Is too short."),
        ({"minLength": 1}, "", "Is too short."),
        ({"minItems": 1}, [], "Is too short."),
        ({"maxLength": 1}, SECRET, "Is too long."),
        ({"maxItems": 1}, [SECRET, SECRET], "Is too long."),
        ({"pattern": "^a'b$"}, SECRET, "Is not valid."),
        ({"pattern": "^ab$"}, SECRET, "Does not match the pattern."),
        ({"uniqueItems": True}, [SECRET, SECRET], "Holds an element twice."),
        ({"additionalProperties": False}, {SECRET: 1}, "Holds properties that are not allowed."),
        ({"not": {"type": "string"}}, SECRET, "Is not valid."),
        ({"const": 1}, SECRET, "Is not valid."),
        ({"anyOf": [{"type": "null"}, {"minLength": 99}]}, SECRET, "Is not valid."),
    ],
)
def test_what_jsonschema_says_is_said_without_the_value(
    of: dict[str, Any], value: Any, detail: str
) -> None:
    response = validating(schema({"properties": {"a": of}}), send={"a": value})
    assert_problem(response, 400, FAILED, errors=[{"detail": detail, "pointer": "#/a"}])


def test_formats_are_named() -> None:
    checker = require("jsonschema").FormatChecker()
    ip = schema({"properties": {"a": {"format": "ipv4"}}})
    response = validating(ip, send={"a": SECRET}, format_checker=checker)
    errors = [{"detail": "Is no valid ipv4.", "pointer": "#/a"}]
    assert_problem(response, 400, FAILED, errors=errors)


def test_a_value_cannot_pose_as_a_sentence() -> None:
    forged = f"x is not of type 'a', 'b' is not a '{SECRET}'"
    response = validating(schema({"properties": {"a": {"type": "integer"}}}), send={"a": forged})
    errors = [{"detail": "Has to be of type integer.", "pointer": "#/a"}]
    assert_problem(response, 400, FAILED, errors=errors)


def test_in_a_list_of_models_it_is_not_known_which_element_is_meant() -> None:
    def items(api: Any) -> list[Any]:
        return [item(api)]

    response = validating(items, send=[{"name": "a"}, {"name": "b", "price": SECRET}])
    errors = [{"detail": "price: Has to be of type integer."}]
    assert_problem(response, 400, FAILED, errors=errors)
    errors = [{"detail": "Has to be of type object."}]
    assert_problem(validating(items, send=[SECRET]), 400, FAILED, errors=errors)


def test_in_a_list_that_is_the_model_it_is_known() -> None:
    integers = schema({"type": "array", "items": {"type": "integer"}})
    errors = [{"detail": "Has to be of type integer.", "pointer": "#/1"}]
    assert_problem(validating(integers, send=[1, SECRET]), 400, FAILED, errors=errors)


def parsing(url: str = "/it", *, argument: dict[str, Any], **request: Any) -> TestResponse:
    """The answer of a parser with one argument, `a`."""

    def view() -> None:
        RequestParser().add_argument("a", **argument).parse_args()

    return make(view)[0].test_client(use_cookies=False).post(url, **request)


INT = {"type": int}
NOT_VALID = "Is not valid."


@pytest.mark.parametrize(
    ("location", "request_", "place"),
    [
        ("args", {"url": f"/it?a={SECRET}"}, {"parameter": "a"}),
        ("json", {"json": {"a": SECRET}}, {"pointer": "#/a"}),
        ("form", {"data": {"a": SECRET}}, {"pointer": "#/a"}),
        ("headers", {"headers": {"A": SECRET}}, {"header": "a"}),
        ("cookies", {"headers": {"Cookie": f"a={SECRET}"}}, {"cookie": "a"}),
        (("json", "values"), {"json": {"a": SECRET}}, {"pointer": "#/a"}),
        (("json", "values"), {"url": f"/it?a={SECRET}"}, {"parameter": "a"}),
    ],
)
def test_an_argument_is_named_with_its_place(
    location: Any, request_: dict[str, Any], place: dict[str, str]
) -> None:
    response = parsing(argument={"type": int, "location": location}, **request_)
    assert_problem(response, 400, FAILED, errors=[{"detail": NOT_VALID, **place}])


@pytest.mark.parametrize(
    ("location", "request_", "said", "place"),
    [
        ("args", {}, "the query string", {"parameter": "a"}),
        ("json", {"json": {}}, "the JSON body", {"pointer": "#/a"}),
        ("form", {}, "the post body", {"pointer": "#/a"}),
        ("files", {}, "an uploaded file", {"pointer": "#/a"}),
        ("headers", {}, "the HTTP headers", {"header": "a"}),
        ("cookies", {}, "the request's cookies", {"cookie": "a"}),
        ("values", {}, "the post body or the query string", {"parameter": "a"}),
        ("values", {"data": {"b": 1}}, "the post body or the query string", {"pointer": "#/a"}),
    ],
)
def test_a_missing_argument_is_named_with_its_place(
    location: str, request_: dict[str, Any], said: str, place: dict[str, str]
) -> None:
    response = parsing(argument={"required": True, "location": location}, **request_)
    detail = f"Missing required parameter in {said}"
    assert_problem(response, 400, FAILED, errors=[{"detail": detail, **place}])


def only_even(value: str) -> None:
    raise ValueError("Has to be even")


def parrot(value: str) -> None:
    raise ValueError(f"{value.upper()} cannot be")


@pytest.mark.parametrize(
    ("argument", "detail"),
    [
        ({"type": int}, NOT_VALID),
        ({"type": float}, NOT_VALID),
        ({"type": int, "help": "The number of the page."}, "The number of the page."),
        ({"type": int, "help": f"Not {SECRET}!"}, NOT_VALID),
        ({"type": inputs.natural}, NOT_VALID),
        ({"type": inputs.boolean}, NOT_VALID),
        ({"choices": ("x", "y")}, "Is none of the allowed values."),
        ({"choices": ("x", "y"), "help": "x or y."}, "x or y."),
        ({"type": only_even}, "Has to be even"),
        ({"type": only_even, "help": "A number."}, "A number. Has to be even"),
        ({"type": parrot}, NOT_VALID),
    ],
)
def test_messages_of_arguments_are_kept_as_far_as_they_repeat_no_value(
    argument: dict[str, Any], detail: str
) -> None:
    response = parsing(f"/it?a={SECRET}", argument={"location": "args", **argument})
    assert_problem(response, 400, FAILED, errors=[{"detail": detail, "parameter": "a"}])


@pytest.mark.parametrize(
    ("argument", "value"), [({"action": "split"}, f"1,{SECRET}"), ({}, f"two\nlines {SECRET}")]
)
def test_a_value_is_recognised_as_python_quotes_it(argument: dict[str, Any], value: str) -> None:
    query = {"query_string": {"a": value}}
    response = parsing(argument={"type": int, "location": "args", **argument}, **query)
    assert_problem(response, 400, FAILED, errors=[{"detail": NOT_VALID, "parameter": "a"}])


def test_a_value_inside_a_value_is_not_repeated_either() -> None:
    def parrot(value: Any) -> None:
        raise ValueError(f"{value['list'][0]['password']} is no good")

    body = {"a": {"list": [{"password": SECRET}]}}
    response = parsing(argument={"type": parrot, "location": "json"}, json=body)
    assert_problem(response, 400, FAILED, errors=[{"detail": NOT_VALID, "pointer": "#/a"}])


def test_values_without_end_are_taken_for_repeated() -> None:
    body = {"a": list(range(20_000))}
    response = parsing(argument={"type": only_even, "location": "json"}, json=body)
    # reqparse converts a list as one value
    assert_problem(response, 400, FAILED, errors=[{"detail": NOT_VALID, "pointer": "#/a"}])


def test_an_uploaded_file_is_named_in_the_body() -> None:
    def refuse(value: FileStorage) -> None:
        raise ValueError("Is no image")

    response = parsing(
        argument={"type": refuse, "location": "files"},
        data={"a": (BytesIO(b"x"), "a.png")},
        content_type="multipart/form-data",
    )
    assert_problem(response, 400, FAILED, errors=[{"detail": "Is no image", "pointer": "#/a"}])


def test_bundled_errors_are_all_there() -> None:
    def view() -> None:
        parser = RequestParser(bundle_errors=True)
        parser.add_argument("a", type=int, location="args")
        parser.add_argument("b", required=True, location="args")
        parser.parse_args()

    response = make(view)[0].test_client().get(f"/it?a={SECRET}")
    assert_problem(
        response,
        400,
        FAILED,
        errors=[
            {"detail": NOT_VALID, "parameter": "a"},
            {"detail": "Missing required parameter in the query string", "parameter": "b"},
        ],
    )


def test_a_mask_that_cannot_be_used_is_the_clients_mistake() -> None:
    app, api = make()
    item = api.model("Item", {"name": fields.String})

    class Item(Resource):  # type: ignore[misc]
        @api.marshal_with(item)
        def get(self) -> dict[str, str]:
            return {"name": "spoon"}

    api.add_resource(Item, "/item")
    client = app.test_client()
    assert client.get("/item", headers={"X-Fields": "name"}).get_json() == {"name": "spoon"}
    for mask, message in (
        ("{name", "Missing closing bracket"),
        ("name{a}", "Mask is inconsistent with model"),
    ):
        response = client.get("/item", headers={"X-Fields": mask})
        errors = [{"detail": message, "header": "X-Fields"}]
        assert_problem(response, 400, "The mask cannot be used.", errors=errors)


def test_a_mask_of_the_application_is_the_applications_mistake() -> None:
    def view() -> Any:
        return flask_restx.marshal({"name": "spoon"}, {"name": fields.String}, mask="name{a}")

    assert_problem(get(view), 500)
    app = Flask("shop")
    StatusKit(app, integrations=["flask_restx"])
    app.add_url_rule("/it", "it", view)
    assert_problem(app.test_client().get("/it"), 500)


def test_webargs_in_a_resource_is_read_as_webargs() -> None:
    class It(Resource):  # type: ignore[misc]
        @flaskparser.use_kwargs({"page": ma.Integer()}, location="query")
        def get(self, **_: Any) -> None: ...

    app, api = make()
    api.add_resource(It, "/args")
    response = app.test_client().get(f"/args?page={SECRET}")
    assert_problem(response, 422, errors=[{"detail": "Not a valid integer.", "parameter": "page"}])


def test_marshmallow_in_a_resource_does_not_send_the_body_back() -> None:
    class Login(Schema):
        name = ma.String(required=True)

    response = get(lambda: Login().load({"password": SECRET}))
    assert_problem(
        response,
        422,
        errors=[
            {"detail": "Missing data for required field.", "pointer": "#/name"},
            {"detail": "Unknown field.", "pointer": "#/password"},
        ],
    )


# --- What is the application's own ---


class Mine(Exception):
    """An exception that the application handles at the Api."""


def handler(error: Exception) -> tuple[dict[str, str], int]:
    return {"mine": type(error).__name__}, 418


def assert_mine(response: TestResponse, name: str) -> None:
    assert response.status_code == 418
    body = response.get_json()
    assert body["mine"] == name


@pytest.mark.parametrize("order", ORDERS)
def test_handlers_at_the_api_and_at_namespaces_stay(order: str) -> None:
    app, api = make(raising(Mine()), order=order)
    api.errorhandler(Mine)(handler)
    assert_mine(app.test_client().get("/it"), "Mine")

    app, api = make(raising(Mine()), order=order)
    namespace = Namespace("any")
    namespace.errorhandler(Mine)(handler)
    api.add_namespace(namespace)
    assert_mine(app.test_client().get("/it"), "Mine")
    # All else is ours, on the same Api.
    assert_problem(app.test_client().delete("/it"), 405)


def test_a_handler_at_the_api_is_not_asked_for_other_routes() -> None:
    app, api = make()
    api.errorhandler(Conflict)(handler)
    app.add_url_rule("/outside", "outside", raising(Conflict()))
    assert_problem(app.test_client().get("/outside"), 409)


def test_a_mask_handler_of_the_application_stays() -> None:
    app, api = make(raising(MaskError("x")))
    api.errorhandler(MaskError)(handler)
    assert_mine(app.test_client().get("/it"), "MaskError")


@pytest.mark.parametrize(
    "register", [lambda api: api.errorhandler, lambda api: api.errorhandler(Exception)]
)
def test_a_catch_all_at_the_api_gives_way_to_what_is_mapped_by_name_only(register: Any) -> None:
    app, api = make(raising(Mine()))
    register(api)(handler)
    assert_mine(app.test_client().get("/it"), "Mine")

    app, api = make(raising(ValidationError("x")))  # mapped by default
    register(api)(handler)
    assert app.test_client().get("/it").status_code == 418

    app, api = make(raising(Mine()))
    register(api)(handler)
    app.extensions["statuskit"].kit.map(Mine, 409)
    assert_problem(app.test_client().get("/it"), 409)


def test_only_a_handler_of_exception_sees_http_exceptions() -> None:
    app, api = make(lambda: abort(409))
    api.errorhandler(handler)
    assert_problem(app.test_client().get("/it"), 409)
    api.errorhandler(Exception)(handler)
    assert_mine(app.test_client().get("/it"), "Conflict")


def test_handlers_of_the_flask_application_are_asked() -> None:
    app, _ = make(lambda: abort(409))
    app.register_error_handler(409, handler)
    assert_mine(app.test_client().get("/it"), "Conflict")


def test_an_api_that_overrides_its_error_handling_keeps_it() -> None:
    class Own(Api):  # type: ignore[misc]
        def handle_error(self, error: Exception) -> Response:
            return Response("mine", 418)

    for order in ORDERS:
        assert get(lambda: abort(409), order=order, api_class=Own).text == "mine"


def test_two_apis_each_keep_their_handlers() -> None:
    app, first = make(raising(Mine()))
    first.errorhandler(Mine)(handler)

    class Other(Resource):  # type: ignore[misc]
        def get(self) -> None:
            raise Mine

    second = Blueprint("second", __name__, url_prefix="/second")
    Api(second).add_resource(Other, "/it")
    app.register_blueprint(second)
    client = app.test_client()
    assert_mine(client.get("/it"), "Mine")
    assert_problem(client.get("/second/it"), 500)
    assert_problem(client.delete("/it"), 405)
    assert_problem(client.delete("/second/it"), 405)


def test_the_challenge_of_the_api_is_kept() -> None:
    challenge = {"WWW-Authenticate": 'Basic realm="flask-restx"'}
    response = get(lambda: abort(401), serve_challenge_on_401=True)
    assert_problem(response, 401, headers=challenge)
    assert_problem(get(lambda: abort(401)), 401)
    assert_problem(get(lambda: abort(403), serve_challenge_on_401=True), 403)


# --- Flask's own ways ---


def test_a_bug_is_reported_once_and_told_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    bug = LookupError(SECRET)
    app, _ = make(raising(bug))
    with reports_of(app, caplog) as reports:
        response = app.test_client().get("/it")
    assert_problem(response, 500)
    assert reports == [bug]


def test_a_4xx_is_reported_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    app, _ = make(lambda: abort(409))
    with reports_of(app, caplog) as reports:
        app.test_client().get("/it")
    assert reports == []


def test_a_bug_propagates_to_tests() -> None:
    app, _ = make(raising(Mine()))
    app.testing = True
    with pytest.raises(Mine):
        app.test_client().get("/it")


def test_responses_and_redirects_are_left_alone() -> None:
    assert get(lambda: abort(Response("mine", 418))).text == "mine"
    moved = get(lambda: abort(redirect("/there")))
    assert (moved.status_code, moved.location) == (302, "/there")


def test_without_the_integration_its_error_bodies_stay() -> None:
    for order in ORDERS:
        response = get(lambda: abort(409), order=order, integrations=())
        assert response.content_type == "application/json"
        assert list(response.get_json()) == ["message"]


def test_successes_and_the_swagger_document_are_unaffected() -> None:
    (ours, _), (plain, _) = make(dict), make(dict, integrations=())
    for path in ("/swagger.json", "/it", "/"):
        expected, answer = plain.test_client().get(path), ours.test_client().get(path)
        assert expected.status_code == 200
        assert (answer.status, answer.data) == (expected.status, expected.data)
        assert list(answer.headers) == list(expected.headers)


def test_nothing_listens_after_the_first_request() -> None:
    app, _ = make(dict)
    assert integration._at_first_request in request_started.receivers_for(app)
    app.test_client().get("/it")
    assert integration._at_first_request not in request_started.receivers_for(app)


def test_no_application_is_kept_from_being_collected() -> None:
    # Without an Api, as flask-restx itself keeps the applications of its Apis.
    app = Flask("shop")
    StatusKit(app, integrations=["flask_restx"])
    gone = weakref.ref(app)
    del app
    gc.collect()
    assert gone() is None


def test_the_documentation_is_true() -> None:
    assert_page_is_true("flask_restx.md")
