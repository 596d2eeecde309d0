"""APIFlask: its HTTPError, validation errors and refused log-ins are problems, unless the
application has an error processor."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, abort
from framework_support import SECRET, assert_problem, reports_of
from library_support import assert_imports_nothing, assert_page_is_true, require
from marshmallow import Schema, fields
from werkzeug.test import TestResponse

from flask_statuskit import Conflict, StatusKit

apiflask = require("apiflask")
APIFlask, HTTPError = apiflask.APIFlask, apiflask.HTTPError
HTTPBasicAuth, HTTPTokenAuth = apiflask.HTTPBasicAuth, apiflask.HTTPTokenAuth
BaseModel = require("pydantic").BaseModel

INVALID = "Validation error"


def make(*, integrations: tuple[str, ...] = ("apiflask",), **options: Any) -> APIFlask:
    app = APIFlask("shop", **options)
    StatusKit(app, integrations=integrations, audit="off")
    return app


def get(view: Any, app: APIFlask | None = None, path: str = "/it") -> TestResponse:
    app = app or make()
    app.get("/it")(view)
    return app.test_client().get(path)


def raising(error: Exception) -> Any:
    def view() -> None:
        raise error

    return view


def aborting(*args: Any, **kwargs: Any) -> TestResponse:
    return get(lambda: apiflask.abort(*args, **kwargs))


def test_its_error_bodies_give_way() -> None:
    client = make().test_client()
    assert_problem(client.get("/nowhere"), 404)
    assert_problem(get(lambda: abort(409, "Taken")), 409, "Taken")
    assert_problem(get(raising(Conflict("Taken", item=7))), 409, "Taken", item=7)


def test_what_abort_was_given_is_kept() -> None:
    response = aborting(
        409,
        "There is such an item",
        detail={"item": 7},
        headers={"X-Items": "7", "Retry-After": "9"},
        extra_data={"error_code": "E7", "limit": 3, "status": "left out"},
    )
    assert_problem(
        response,
        409,
        "There is such an item",
        headers={"X-Items": "7"},
        retry_after=9,
        error_code="E7",
        limit=3,
        details={"item": 7},
    )


def test_a_bare_abort_has_the_sentence_of_its_status() -> None:
    assert_problem(aborting(404), 404)
    assert_problem(aborting(404, detail="No such item"), 404, details="No such item")
    assert_problem(aborting(401), 401)


def test_the_message_of_a_server_error_is_hidden() -> None:
    assert_problem(aborting(500, SECRET, detail=SECRET, extra_data={"query": SECRET}), 500)
    assert_problem(
        aborting(503, "Closed", headers={"Retry-After": "9"}), 503, "Closed", retry_after=9
    )


def test_a_subclass_with_a_status_of_its_own_keeps_it() -> None:
    class OddError(HTTPError):
        status_code = 460
        message = "Odd"

    response = get(raising(OddError()))
    assert response.status_code == 460
    assert response.get_json()["detail"] == "Odd"


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("json", "pointer"),
        ("form", "pointer"),
        ("files", "pointer"),
        ("form_and_files", "pointer"),
        ("json_or_form", "pointer"),
        ("query", "parameter"),
        ("headers", "header"),
        ("cookies", "cookie"),
    ],
)
def test_validation_errors_name_the_place_of_the_value(location: str, place: str) -> None:
    class Item(Schema):
        size = fields.Integer()

    app = make()

    @app.post("/items")
    @app.input(Item, location=location)
    def create(**_: Any) -> dict[str, str]:
        return {}

    sent: dict[str, Any] = {
        "json": {"json": {"size": SECRET}},
        "query": {"query_string": {"size": SECRET}},
        "headers": {"headers": {"Size": SECRET}},
        "cookies": {"headers": {"Cookie": f"size={SECRET}"}},
    }.get(location, {"data": {"size": SECRET}})
    response = app.test_client(use_cookies=False).post("/items", **sent)
    where = "#/size" if place == "pointer" else "size"
    errors = [{"detail": "Not a valid integer.", place: where}]
    assert_problem(response, 422, INVALID, errors=errors)


def test_a_value_of_the_path_is_named() -> None:
    class Item(Schema):
        item = fields.Integer()

    app = make()

    @app.get("/items/<item>")
    @app.input(Item, location="path")
    def read(**_: Any) -> dict[str, str]:
        return {}

    response = app.test_client().get("/items/spoon")
    assert_problem(
        response, 422, INVALID, errors=[{"detail": "Not a valid integer.", "path": "item"}]
    )


def test_nested_errors_and_errors_of_the_whole_are_kept() -> None:
    class Part(Schema):
        size = fields.Integer()

    class Item(Schema):
        parts = fields.List(fields.Nested(Part))

    app = make()

    @app.post("/items")
    @app.input(Item)
    def create(**_: Any) -> dict[str, str]:
        return {}

    client = app.test_client()
    assert_problem(
        client.post("/items", json={"parts": [{"size": 1}, {"size": SECRET}]}),
        422,
        INVALID,
        errors=[{"detail": "Not a valid integer.", "pointer": "#/parts/1/size"}],
    )
    errors = [{"detail": "Invalid input type.", "pointer": "#"}]
    assert_problem(client.post("/items", json=[SECRET]), 422, INVALID, errors=errors)


@pytest.mark.parametrize("key", ["VALIDATION_ERROR_STATUS_CODE", "STATUSKIT_VALIDATION_STATUS"])
def test_status_and_description_of_validation_errors_are_the_applications(key: str) -> None:
    app = make()
    app.config |= {key: 400, "VALIDATION_ERROR_DESCRIPTION": "Mend it."}

    @app.get("/items")
    @app.input({"page": fields.Integer()}, location="query")
    def read(**_: Any) -> dict[str, str]:
        return {}

    response = app.test_client().get("/items?page=x")
    errors = [{"detail": "Not a valid integer.", "parameter": "page"}]
    assert_problem(response, 400, "Mend it.", errors=errors)


def test_malformed_json_is_told_with_line_and_column() -> None:
    app = APIFlask("shop")
    StatusKit(app, integrations=["apiflask"], default_integrations=False)
    app.post("/items")(app.input({"size": fields.Integer()})(lambda **_: {}))
    response = app.test_client().post("/items", data="{", content_type="application/json")
    assert response.status == "400 Bad Request"
    assert "line 1, column 2" in response.get_json()["detail"]


class Size(BaseModel):
    cm: int


class Item(BaseModel):
    x_size: int = 0
    sizes: list[Size] | None = None


@pytest.mark.parametrize(
    ("location", "sent", "place"),
    [
        ("json", {"json": {"x_size": SECRET}}, {"pointer": "#/x_size"}),
        ("query", {"query_string": {"x_size": SECRET}}, {"parameter": "x_size"}),
        ("headers", {"headers": {"X-Size": SECRET}}, {"header": "x-size"}),
    ],
)
def test_errors_of_pydantic_are_read_from_its_exception(
    location: str, sent: dict[str, Any], place: dict[str, str]
) -> None:
    app = make()

    @app.post("/items")
    @app.input(Item, location=location)
    def create(**_: Any) -> dict[str, str]:
        return {}

    response = app.test_client().post("/items", **sent)
    detail = "Input should be a valid integer, unable to parse string as an integer"
    errors = [{"detail": detail, **place, "code": "int_parsing"}]
    assert_problem(response, 422, INVALID, errors=errors)


def test_pointers_of_pydantic_lead_into_the_body() -> None:
    app = make()
    app.post("/items")(app.input(Item)(lambda **_: {}))
    response = app.test_client().post("/items", json={"sizes": [{"cm": 1}, {}]})
    errors = [{"detail": "Field required", "pointer": "#/sizes/1/cm", "code": "missing"}]
    assert_problem(response, 422, INVALID, errors=errors)


# --- Refused log-ins ---


def protected(auth: Any, app: APIFlask | None = None) -> TestResponse:
    app = app or make()

    @auth.verify_password if isinstance(auth, HTTPBasicAuth) else auth.verify_token
    def verify(*credentials: str) -> None:
        return None

    return get(app.auth_required(auth)(dict), app)


def test_a_refused_login_is_a_problem_with_the_challenge_of_its_scheme() -> None:
    challenge = 'Basic realm="Authentication Required"'
    assert_problem(protected(HTTPBasicAuth()), 401, headers={"WWW-Authenticate": challenge})
    challenge = 'Bearer realm="shop"'
    response = protected(HTTPTokenAuth(realm="shop"))
    assert_problem(response, 401, headers={"WWW-Authenticate": challenge})


def test_a_login_that_may_not_is_a_403() -> None:
    app, auth = make(), HTTPBasicAuth()
    auth.verify_password(lambda name, password: "ann")
    auth.get_user_roles(lambda user: ["reader"])
    response = get(app.auth_required(auth, roles=["admin"])(dict), app)
    # The challenge is Flask-HTTPAuth's.
    challenge = 'Basic realm="Authentication Required"'
    assert_problem(response, 403, headers={"WWW-Authenticate": challenge})


def test_a_refused_login_can_be_the_very_first_request_of_a_blueprint() -> None:
    app, auth = make(), HTTPBasicAuth()
    blueprint = apiflask.APIBlueprint("items", __name__)
    blueprint.get("/it")(blueprint.auth_required(auth)(dict))
    app.register_blueprint(blueprint)
    challenge = 'Basic realm="Authentication Required"'
    response = app.test_client().get("/it")
    assert_problem(response, 401, headers={"WWW-Authenticate": challenge})


def test_error_handlers_see_a_refused_login() -> None:
    app = make()
    app.register_error_handler(401, lambda error: ("mine", 401))
    response = protected(HTTPBasicAuth(), app)
    assert response.text == "mine"
    assert response.headers["WWW-Authenticate"].startswith("Basic ")


def test_an_auth_error_processor_stays() -> None:
    auth = HTTPBasicAuth()
    auth.error_processor(lambda error: ({"mine": error.status_code}, error.status_code))
    assert protected(auth).get_json() == {"mine": 401}


def test_a_login_elsewhere_is_answered_by_apiflask() -> None:
    app = APIFlask("shop")
    StatusKit(app, integrations=["apiflask"], url_prefixes=["/api"])
    assert protected(HTTPBasicAuth(), app).get_json() == {"message": "Unauthorized", "detail": {}}


def test_a_challenge_that_an_error_brings_is_kept() -> None:
    app = make()
    challenge = {"www-authenticate": 'Basic realm="it"'}
    view = lambda: app.error_callback(HTTPError(401, headers=challenge))  # noqa: E731
    assert_problem(get(view, app), 401, headers={"WWW-Authenticate": 'Basic realm="it"'})


# --- What is the application's own ---


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_error_processor_stays(when: str) -> None:
    def processor(error: HTTPError) -> Any:
        return {"mine": error.status_code}, error.status_code

    app = APIFlask("shop")
    if when == "before":
        app.error_processor(processor)
    StatusKit(app, integrations=["apiflask"])
    if when == "after":
        app.error_processor(processor)

    @app.get("/items")
    @app.input({"page": fields.Integer()}, location="query")
    def read(**_: Any) -> dict[str, str]:
        return {}

    app.get("/abort")(lambda: apiflask.abort(409))
    assert protected(HTTPBasicAuth(), app).get_json() == {"mine": 401}
    client = app.test_client()
    assert client.get("/nowhere").get_json() == {"mine": 404}
    assert client.get("/items?page=x").get_json() == {"mine": 422}
    assert client.get("/abort").get_json() == {"mine": 409}


def test_an_application_that_overrides_the_default_processor_keeps_it() -> None:
    class Mine(APIFlask):
        @staticmethod
        def _error_handler(error: HTTPError) -> Any:
            return {"mine": error.status_code}, error.status_code

    app = Mine("shop")
    StatusKit(app, integrations=["apiflask"])
    assert get(lambda: apiflask.abort(409), app).get_json() == {"mine": 409}


@pytest.mark.parametrize("handled", [HTTPError, 404])
def test_error_handlers_of_the_application_stay(handled: Any) -> None:
    app = make()
    app.register_error_handler(handled, lambda error: ("mine", 404))
    error = HTTPError(404)
    assert get(raising(error), app).text == "mine"


def test_a_catch_all_gives_way_to_errors_of_the_named_integration() -> None:
    app = make()
    app.register_error_handler(Exception, lambda error: ("mine", 500))
    assert_problem(get(raising(HTTPError(409))), 409)


def test_without_json_errors_a_refused_login_stays_a_text() -> None:
    response = protected(HTTPBasicAuth(), make(json_errors=False))
    assert (response.status_code, response.text) == (401, "Unauthorized")
    assert_problem(get(raising(HTTPError(409)), make(json_errors=False)), 409)


def test_without_the_integration_its_bodies_stay() -> None:
    app = make(integrations=())
    expected = {"message": "Taken", "detail": {}, "error_code": 1}
    response = get(lambda: apiflask.abort(409, "Taken", extra_data={"error_code": 1}), app)
    assert response.get_json() == expected
    assert protected(HTTPBasicAuth(), make(integrations=())).get_json()["message"] == "Unauthorized"


def test_the_integration_does_nothing_to_a_plain_flask_application() -> None:
    app = Flask("shop")
    StatusKit(app, integrations=["apiflask"])
    assert_problem(app.test_client().get("/nowhere"), 404)


# --- Flask's own ways ---


def test_a_bug_is_reported_once_and_told_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    bug = LookupError(SECRET)
    app = make()
    with reports_of(app, caplog) as reports:
        response = get(raising(bug), app)
    assert_problem(response, 500)
    assert reports == [bug]


@pytest.mark.parametrize("testing", [False, True])
def test_a_5xx_is_an_incident_and_a_4xx_is_none(
    testing: bool, caplog: pytest.LogCaptureFixture
) -> None:
    for error, expected in (HTTPError(503, "Closed"), 1), (HTTPError(404, "Gone"), 0):
        app = make()
        app.testing = testing
        with reports_of(app, caplog) as reports:
            response = get(raising(error), app)
        assert_problem(response, error.status_code, error.message)
        assert reports == [error] * expected


def test_successes_and_the_openapi_document_are_unaffected() -> None:
    answers = []
    for integrations in (), ("apiflask",):
        app = make(integrations=integrations)

        @app.get("/items")
        @app.input({"page": fields.Integer()}, location="query")
        @app.output({"page": fields.Integer()})
        @app.auth_required(HTTPBasicAuth(), optional=True)
        @app.doc(responses=[404])
        def read(query_data: Any) -> Any:
            return query_data

        client = app.test_client()
        documents = [client.get(path) for path in ("/openapi.json", "/docs", "/items?page=3")]
        answers.append([(r.status, r.data, list(r.headers)) for r in documents])
    assert answers[0] == answers[1]
    assert [status for status, *_ in answers[0]] == ["200 OK"] * 3


def test_nothing_is_imported_for_an_application_of_another_kind() -> None:
    libraries = ("flask_smorest", "apiflask", "flask_restx", "flask_openapi3")
    assert_imports_nothing(*libraries, "webargs", "pydantic", integrations=libraries)


def test_the_documentation_is_true() -> None:
    assert_page_is_true("apiflask.md")
