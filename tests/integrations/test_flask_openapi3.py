"""flask-openapi3: what a model refuses is a problem that names each place and repeats no value."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, make_response
from framework_support import SECRET, assert_problem, reports_of
from library_support import assert_page_is_true, require
from werkzeug.test import TestResponse

from flask_statuskit import STATUSES, StatusKit

flask_openapi3 = require("flask_openapi3")
pydantic = require("pydantic")
OpenAPI, BaseModel = flask_openapi3.OpenAPI, pydantic.BaseModel

INTEGER = "Input should be a valid integer, unable to parse string as an integer"
MISSING = {"detail": "Field required", "code": "missing"}


class Item(BaseModel):
    size: int
    parts: list[Part] | None = None


class Part(BaseModel):
    size: int


class Sizes(BaseModel):
    sizes: list[int] = pydantic.Field(alias="size")


class Token(BaseModel):
    x_token: int


class Session(BaseModel):
    session: int


Item.model_rebuild()


def make(*, integrations: tuple[str, ...] = ("flask_openapi3",), **options: Any) -> OpenAPI:
    app = OpenAPI("shop", **options)
    StatusKit(app, integrations=integrations)
    return app


def post(view: Any, app: OpenAPI | None = None, path: str = "/it", **sent: Any) -> TestResponse:
    app = app or make()
    app.post("/it")(view)
    return app.test_client(use_cookies=False).post(path, **sent)


def with_body(body: Item) -> dict[str, str]:
    return {}


def with_query(query: Sizes) -> dict[str, str]:
    return {}


def with_form(form: Item) -> dict[str, str]:
    return {}


def with_header(header: Token) -> dict[str, str]:
    return {}


def with_cookie(cookie: Session) -> dict[str, str]:
    return {}


def invalid(**place: str) -> dict[str, str]:
    return {"detail": INTEGER, **place, "code": "int_parsing"}


@pytest.mark.parametrize(
    ("view", "sent", "errors"),
    [
        (
            with_body,
            {"json": {"size": SECRET, "parts": [{"size": 1}, {}]}},
            [
                invalid(pointer="#/size"),
                {"detail": "Field required", "pointer": "#/parts/1/size", "code": "missing"},
            ],
        ),
        (
            with_body,
            {"json": [SECRET]},
            [{"detail": "Input should be an object", "pointer": "#", "code": "model_type"}],
        ),
        (with_form, {"data": {"size": SECRET}}, [invalid(pointer="#/size")]),
        (with_query, {"query_string": {"size": [1, SECRET]}}, [invalid(parameter="size")]),
        (with_query, {}, [{"detail": "Field required", "parameter": "size", "code": "missing"}]),
        (with_header, {"headers": {"X-Token": SECRET}}, [invalid(header="x-token")]),
        (with_cookie, {"headers": {"Cookie": f"session={SECRET}"}}, [invalid(cookie="session")]),
    ],
)
def test_what_a_model_refuses_is_named_with_its_place(
    view: Any, sent: dict[str, Any], errors: list[dict[str, str]]
) -> None:
    assert_problem(post(view, **sent), 422, errors=errors)


def test_a_value_of_the_path_is_named() -> None:
    app = make()

    @app.get("/items/<size>")
    def read(path: Part) -> dict[str, str]:
        return {}

    response = app.test_client().get("/items/spoon")
    assert_problem(response, 422, errors=[invalid(path="size")])


def test_the_location_is_found_among_several() -> None:
    def view(header: Token, cookie: Session, query: Sizes, body: Item) -> dict[str, str]:
        return {}

    token, cookie = {"X-Token": "1"}, {"Cookie": "session=1"}
    assert_problem(post(view), 422, errors=[{**MISSING, "header": "x-token"}])
    response = post(view, headers=token)
    assert_problem(response, 422, errors=[{**MISSING, "cookie": "session"}])
    response = post(view, headers=token | cookie)
    assert_problem(response, 422, errors=[{**MISSING, "parameter": "size"}])
    response = post(view, headers=token | cookie, query_string={"size": 1}, json={})
    assert_problem(response, 422, errors=[{**MISSING, "pointer": "#/size"}])
    response = post(view, headers=token | cookie, query_string={"size": 1}, json={"size": 1})
    assert response.status_code == 200


def test_a_model_is_known_by_its_title() -> None:
    class Titled(BaseModel, title="A page"):
        page: int

    def view(query: Titled, body: Item) -> dict[str, str]:
        return {}

    # As with any view of flask-openapi3, the annotations are real classes.
    view.__annotations__["query"] = Titled
    assert_problem(post(view), 422, errors=[{**MISSING, "parameter": "page"}])


def test_one_model_in_two_places_leaves_the_name_only() -> None:
    def view(query: Part, body: Part) -> dict[str, str]:
        return {}

    errors = [{"detail": "size: Field required", "code": "missing"}]
    assert_problem(post(view), 422, errors=errors)


def view_class() -> OpenAPI:
    app, views = make(), flask_openapi3.APIView()

    @views.route("/it")
    class It:
        @views.doc()
        def post(self, body: Item) -> dict[str, str]:
            return {}

    app.register_api_view(views)
    return app


def blueprint() -> OpenAPI:
    app, api = make(), flask_openapi3.APIBlueprint("api", __name__)
    api.post("/it")(with_body)
    app.register_api(api)
    return app


def validated_later() -> OpenAPI:
    app = make()

    @app.post("/it")
    @flask_openapi3.validate_request()
    def view(body: Item) -> dict[str, str]:
        return {}

    return app


def asynchronous() -> OpenAPI:
    pytest.importorskip("asgiref")
    app = make()

    @app.post("/it")
    async def view(body: Item) -> dict[str, str]:
        return {}

    return app


@pytest.mark.parametrize("make_app", [view_class, blueprint, validated_later, asynchronous])
def test_every_kind_of_view_is_covered(make_app: Any) -> None:
    client = make_app().test_client()
    response = client.post("/it", json={"size": SECRET})
    assert_problem(response, 422, errors=[invalid(pointer="#/size")])
    assert client.post("/it", json={"size": 1}).get_json() == {}


def test_a_body_that_is_no_json_is_not_blamed_on_its_fields() -> None:
    response = post(with_body, data='{"size":', content_type="application/json")
    assert response.status == "400 Bad Request"
    assert "line 1, column 9" in response.get_json()["detail"]
    assert_problem(
        post(with_body, data="size=1", content_type="text/plain"),
        415,
        "The body has to be application/json.",
        headers={"Accept": "application/json"},
    )
    errors = [{"detail": "Input should be an object", "pointer": "#", "code": "model_type"}]
    null = post(with_body, data="null", content_type="application/json")
    assert_problem(null, 422, errors=errors)


def test_the_status_of_validation_errors_is_the_applications() -> None:
    errors = [{**MISSING, "pointer": "#/size"}]
    response = post(with_body, make(validation_error_status=400), json={})
    assert_problem(response, 400, errors=errors)
    response = post(with_body, make(validation_error_status=460), json={})
    assert (response.status_code, response.get_json()["errors"]) == (460, errors)
    app = make()
    app.config["STATUSKIT_VALIDATION_STATUS"] = 400
    assert_problem(post(with_body, app, json={}), 400, STATUSES[422].sentence, errors=errors)


def test_other_errors_are_problems_as_they_are_without_the_integration() -> None:
    assert_problem(make().test_client().get("/nowhere"), 404)


def test_a_callback_of_the_application_stays() -> None:
    def callback(error: Any) -> Any:
        return make_response({"mine": error.title}, 418)

    app = make(validation_error_callback=callback)
    assert post(with_body, app, json={}).get_json() == {"mine": "Item"}
    app = make()
    app.validation_error_callback = callback
    assert post(with_body, app, json={}).get_json() == {"mine": "Item"}


def test_an_error_handler_of_the_application_stays() -> None:
    app = make()
    app.register_error_handler(422, lambda error: (f"mine: {error.errors[0].pointer}", 422))
    assert post(with_body, app, json={}).text == "mine: #/size"


def test_pydantic_in_a_view_is_a_bug_unless_it_is_named(caplog: pytest.LogCaptureFixture) -> None:
    def view() -> None:
        Part.model_validate({"size": SECRET})

    app = make()
    with reports_of(app, caplog) as reports:
        assert_problem(post(view, app), 500)
    assert len(reports) == 1
    app = make(integrations=("flask_openapi3", "pydantic"))
    assert_problem(post(view, app), 422, errors=[invalid(pointer="#/size")])


def test_without_the_integration_its_response_stays() -> None:
    response = post(with_body, make(integrations=()), json={"size": SECRET})
    assert response.status_code == 422
    assert response.get_json()[0]["input"] == SECRET


def test_the_integration_does_nothing_to_a_plain_flask_application() -> None:
    app = Flask("shop")
    StatusKit(app, integrations=["flask_openapi3"])
    assert_problem(app.test_client().get("/nowhere"), 404)


def test_successes_and_the_openapi_document_are_unaffected() -> None:
    answers = []
    for integrations in (), ("flask_openapi3",):
        app = make(integrations=integrations)
        app.post("/items")(with_body)
        client = app.test_client()
        responses = [client.get("/openapi/openapi.json"), client.post("/items", json={"size": 1})]
        answers.append([(r.status, r.data, list(r.headers)) for r in responses])
    assert answers[0] == answers[1]
    assert [status for status, *_ in answers[0]] == ["200 OK"] * 2


def test_the_documentation_is_true() -> None:
    assert_page_is_true("flask_openapi3.md")
