"""OpenAPI documents of libraries: one line, and they say what views are declared to answer with."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from flask import Flask
from flask.views import MethodView
from jsonschema import Draft202012Validator
from library_support import ROOT, require, run_alone
from marshmallow import Schema, fields

from flask_statuskit import (
    STATUSES,
    Conflict,
    Gone,
    NotFound,
    StatusKit,
    Unauthorized,
    UnprocessableContent,
    raises,
)
from flask_statuskit.openapi import ProblemSchema, problem_responses, register
from flask_statuskit.testing import record_problems

validate = require("openapi_spec_validator").validate
PROBLEM = "application/problem+json"
every_version = pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
WHEN = ["before", "after"]


class OutOfSpoons(Conflict):
    """There are not enough spoons left. Order fewer."""

    left: int


class Spoon(Schema):
    name = fields.String(required=True)
    size = fields.Integer(required=True)


def view() -> Any:
    """A view; each its own, since a declaration is a mark that stays on it."""

    def raise_out_of_spoons(*_args: Any, **_values: Any) -> Any:
        raise OutOfSpoons(left=3)

    return raise_out_of_spoons


def responses_of(spec: Any, path: str = "/spoons/{id}", method: str = "put") -> dict[str, Any]:
    """The responses of an operation, after the whole document has been validated."""
    validate(spec)
    responses: dict[str, Any] = spec["paths"][path][method]["responses"]
    return {str(status): response for status, response in responses.items()}


def schemas_of(response: Any) -> dict[str, Any]:
    return {name: part["schema"] for name, part in response.get("content", {}).items()}


def assert_describes(spec: Any, response: Any, path: str = "/spoons/{id}") -> None:
    """A real response is as the document says."""
    found = responses_of(spec, path)[str(response.status_code)]
    schema = schemas_of(found)[response.content_type]
    whole = {**schema, "components": spec["components"]}
    assert list(Draft202012Validator(whole).iter_errors(response.get_json())) == []


def only_problems(spec: Any, path: str = "/spoons/{id}") -> set[str]:
    """The statuses of errors, if each of them is described as a problem and nothing else."""
    errors = {s: r for s, r in responses_of(spec, path).items() if not s.startswith("2")}
    for response in errors.values():
        assert list(schemas_of(response)) == [PROBLEM]
    return set(errors)


# apispec


def apispec_of(version: str = "3.1.0", **options: Any) -> Any:
    return require("apispec").APISpec("Shop", "1", version, **options)


def shop() -> Flask:
    app = Flask("shop")
    StatusKit(app, audit="off")
    declaring = raises(NotFound, OutOfSpoons)(view())
    app.add_url_rule("/spoons/<int:id>", "spoon", declaring, methods=["PUT"])
    return app


def describe(spec: Any, **responses: Any) -> None:
    parameter = {"name": "id", "in": "path", "schema": {"type": "integer"}}
    operation = {"parameters": [parameter], "responses": responses or {"200": {"description": ""}}}
    spec.path("/spoons/{id}", operations={"put": operation})


@every_version
@pytest.mark.parametrize("when", WHEN)
def test_apispec_documents_what_is_declared(when: str, version: str) -> None:
    app, spec = shop(), apispec_of(version)
    if when == "before":
        register(spec, app)
    describe(spec)
    if when == "after":
        register(spec, app)
    done = spec.to_dict()
    assert set(responses_of(done)) == {"200", "404", "409"}
    assert done == spec.to_dict()
    if version == "3.1.0":
        assert_describes(done, app.test_client().put("/spoons/1"))


def test_apispec_in_an_application_context_needs_no_application() -> None:
    app, spec = shop(), apispec_of()
    describe(spec)
    register(spec)
    with app.app_context():
        assert set(responses_of(spec.to_dict())) == {"200", "404", "409"}
    with pytest.raises(RuntimeError, match="app_context"):
        spec.to_dict()


def test_apispec_writes_the_same_as_yaml() -> None:
    yaml = require("yaml")
    spec = apispec_of()
    describe(spec)
    register(spec, shop())
    written = spec.to_yaml()
    assert yaml.safe_load(written) == spec.to_dict()
    assert "&id" not in written
    assert "!!" not in written


def test_apispec_registered_twice_completes_once_with_the_last_application() -> None:
    spec = apispec_of()
    describe(spec)
    other = Flask("other")
    other.add_url_rule("/spoons/<id>", view_func=raises(Gone)(view()), methods=["PUT"])
    register(spec, other)
    register(spec, shop())
    assert set(responses_of(spec.to_dict())) == {"200", "404", "409"}
    assert type(spec).to_dict(spec)["paths"]["/spoons/{id}"]["put"]["responses"].keys() == {"200"}


def test_apispec_adds_what_a_path_refers_to_by_name() -> None:
    spec = apispec_of()
    describe(spec, **{"409": "OutOfSpoons", "410": "Gone"})
    register(spec, shop())
    done = spec.to_dict()
    assert responses_of(done)["410"] == {"$ref": "#/components/responses/Gone"}
    assert {"OutOfSpoons", "Gone"} <= done["components"]["responses"].keys()


def test_apispec_keeps_responses_that_are_written_out() -> None:
    spec, app = apispec_of(), shop()
    own = {"description": "Mine", "content": {PROBLEM: {"schema": {"type": "object"}}}}
    describe(spec, **{"404": own}, **problem_responses(OutOfSpoons, Gone, app=app))
    register(spec, app)
    found = responses_of(spec.to_dict())
    assert found["404"] == own
    assert set(found) == {"404", "409", "410"}


def test_apispec_with_views_and_docstrings() -> None:
    plugin = require("apispec_webframeworks.flask").FlaskPlugin
    spec = apispec_of(plugins=[plugin()])
    app = Flask("shop")
    StatusKit(app, audit="off")

    @app.get("/spoons/<int:id>")
    @raises(NotFound)
    def spoon(id: int) -> str:
        """A spoon.
        ---
        get:
          parameters:
          - {in: path, name: id, schema: {type: integer}}
          responses:
            200: {description: The spoon}
            410: {$ref: "#/components/responses/Gone"}
        """
        return ""

    register(spec)
    with app.test_request_context():
        spec.path(view=spoon)
        done = spec.to_dict()
    assert set(responses_of(done, method="get")) == {"200", "404", "410"}


def test_a_schema_of_marshmallow_and_ours_are_the_same_problem() -> None:
    if not hasattr(fields, "Enum"):
        pytest.skip("The plugin of apispec 6 needs marshmallow 3.18.")
    plugin = require("apispec.ext.marshmallow").MarshmallowPlugin
    spec = apispec_of(plugins=[plugin()])
    describe(spec, **{"400": {"description": "", "content": {PROBLEM: {"schema": ProblemSchema}}}})
    app = shop()
    register(spec, app)
    done = spec.to_dict()
    assert schemas_of(responses_of(done)["400"])[PROBLEM] == {
        "$ref": "#/components/schemas/Problem"
    }
    assert set(done["components"]["schemas"]) == {
        *("Problem", "FieldError"),
        *("NotFound", "OutOfSpoons"),
    }
    assert_describes(done, app.test_client().put("/spoons/1"))


def test_swagger_20_is_refused() -> None:
    with pytest.raises(ValueError, match=r"openapi_version='3\.1\.0'"):
        register(apispec_of("2.0"))


# flask-smorest


def smorest_app(
    when: str = "after", *, version: str = "3.1.0", on: bool = True, **config: Any
) -> tuple[Flask, Any]:
    smorest = require("flask_smorest")
    app = Flask("shop")
    app.config.update(
        API_TITLE="Shop",
        API_VERSION="1",
        OPENAPI_VERSION=version,
        OPENAPI_URL_PREFIX="/",
        **config,
    )
    StatusKit(app, integrations=["flask_smorest"] if on else [], audit="off")
    blueprint = smorest.Blueprint("spoons", "spoons", url_prefix="/spoons")

    @blueprint.route("/<int:id>")
    class Spoons(MethodView):
        @raises(NotFound, OutOfSpoons)
        @blueprint.arguments(Spoon)
        @blueprint.response(200, Spoon)
        @blueprint.alt_response(410, "Gone")
        @blueprint.alt_response(404, schema=ProblemSchema, content_type=PROBLEM)
        def put(self, _data: Any, id: int) -> Any:
            raise OutOfSpoons(left=3)

    api = smorest.Api()
    if when == "before":
        register(api)
    api.init_app(app)
    if when == "between":
        register(api)
    api.register_blueprint(blueprint)
    if when == "after":
        register(api)
    return app, api


@every_version
@pytest.mark.parametrize("when", ["before", "between", "after"])
def test_flask_smorest_documents_what_is_declared(when: str, version: str) -> None:
    app, _ = smorest_app(when, version=version)
    client = app.test_client()
    done = client.get("/openapi.json").get_json()
    found = responses_of(done)
    assert set(found) == {"200", "404", "409", "410", "422", "default"}
    assert schemas_of(found["404"])[PROBLEM] == {"$ref": "#/components/schemas/Problem"}
    assert schemas_of(found["default"])[PROBLEM] == {"$ref": "#/components/schemas/Problem"}
    assert found["default"]["description"] == "Default error response"
    # By the sentence of the status, where flask-smorest has its phrase.
    assert found["422"]["description"] == STATUSES[422].sentence
    # Its own error is documented nowhere any more.
    assert "Error" not in done["components"]["schemas"]
    assert set(done["components"]["responses"]) == {"Gone"}
    if version == "3.1.0":
        assert_describes(done, client.put("/spoons/1", json={"name": "a", "size": 1}))
        assert_describes(done, client.put("/spoons/1", json={"name": 7}))


def test_flask_smorests_own_errors_stay_documented_where_its_integration_is_off() -> None:
    app, _ = smorest_app(on=False)
    done = app.test_client().get("/openapi.json").get_json()
    found = responses_of(done)
    assert found["422"] == {"$ref": f"#/components/responses/{HTTPStatus(422).name}"}
    assert "Error" in done["components"]["schemas"]
    assert list(schemas_of(found["409"])) == [PROBLEM]


def test_flask_smorests_validation_errors_have_the_status_that_is_set() -> None:
    app, _ = smorest_app(STATUSKIT_VALIDATION_STATUS=400)
    client = app.test_client()
    done = client.get("/openapi.json").get_json()
    assert {"400", "422"} & set(responses_of(done)) == {"400"}
    assert_describes(done, client.put("/spoons/1", json={"name": 7}))


def test_an_error_schema_of_the_applications_own_stays_in_flask_smorest() -> None:
    smorest = require("flask_smorest")

    class Error(Schema):
        mine = fields.String()

    class Api(smorest.Api):
        ERROR_SCHEMA = Error

    app = Flask("shop")
    app.config.update(API_TITLE="Shop", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    StatusKit(app, integrations=["flask_smorest"], audit="off")
    blueprint = smorest.Blueprint("spoons", "spoons", url_prefix="/spoons")
    blueprint.route("/<int:id>", methods=["PUT"])(
        raises(NotFound)(blueprint.arguments(Spoon)(view()))
    )
    api = Api(app)
    api.register_blueprint(blueprint)
    register(api)
    done = api.spec.to_dict()
    assert HTTPStatus(422).name in done["components"]["responses"]
    assert "404" in responses_of(done)


def test_a_problem_schema_may_be_the_error_schema_of_flask_smorest() -> None:
    smorest = require("flask_smorest")

    class Api(smorest.Api):
        ERROR_SCHEMA = ProblemSchema

    app = Flask("shop")
    app.config.update(API_TITLE="Shop", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    api = Api(app)
    blueprint = smorest.Blueprint("spoons", "spoons", url_prefix="/spoons")
    blueprint.route("/<int:id>", methods=["PUT"])(blueprint.arguments(Spoon)(view()))
    api.register_blueprint(blueprint)
    validate(api.spec.to_dict())
    assert {"type", "errors"} <= api.spec.to_dict()["components"]["schemas"]["Problem"][
        "properties"
    ].keys()


def test_flask_smorest_need_not_say_which_application_it_has() -> None:
    app, api = smorest_app()
    # Private, so a release may call it otherwise.
    del api._app
    register(api)
    done = app.test_client().get("/openapi.json").get_json()
    assert {"404", "409", "422"} <= set(responses_of(done))
    assert "Error" not in done["components"]["schemas"]
    with pytest.raises(RuntimeError, match="app_context"):
        api.spec.to_dict()


def test_the_commands_of_flask_smorest_print_the_same() -> None:
    app, api = smorest_app()
    printed = app.test_cli_runner().invoke(args=["openapi", "print"]).output
    with app.app_context():
        assert json.loads(printed) == json.loads(json.dumps(api.spec.to_dict()))


# APIFlask


def apiflask_app(
    when: str = "before",
    *,
    on: bool = True,
    prepare: Callable[[Any], None] = lambda _: None,
    **config: Any,
) -> Any:
    apiflask = require("apiflask")
    app = apiflask.APIFlask("shop")
    app.config.update(config)
    StatusKit(app, integrations=["apiflask"] if on else [], audit="off")
    prepare(app)
    if when == "before":
        register(app)
    auth = apiflask.HTTPTokenAuth()

    @app.put("/spoons/<int:id>")
    @raises(OutOfSpoons, UnprocessableContent)
    @app.auth_required(auth)
    @app.input(Spoon)
    @app.doc(responses={403: "None of yours", 410: {"description": "It is gone"}})
    def put(id: int, json_data: Any) -> Any:
        raise OutOfSpoons(left=3)

    @app.patch("/spoons/<int:id>")
    @raises(OutOfSpoons, NotFound)
    @app.input(Spoon)
    def patch(id: int, json_data: Any) -> Any:
        raise OutOfSpoons(left=3)

    if when == "after":
        register(app)
    return app


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("when", WHEN)
def test_apiflask_documents_what_is_declared(when: str, version: str) -> None:
    app = apiflask_app(when, OPENAPI_VERSION=version)
    client = app.test_client()
    done = client.get("/openapi.json").get_json()
    found = responses_of(done)
    assert set(found) == {"401", "403", "404", "409", "410", "422"}
    assert {s: r["description"] for s, r in found.items() if s in ("403", "410")} == {
        "403": "None of yours",
        "410": "It is gone",
    }
    for status in ("401", "403", "404", "409", "422"):
        assert list(schemas_of(found[status])) == [PROBLEM]
    # Its own ones have made room.
    assert "allOf" in done["components"]["schemas"]["ValidationError"]
    assert "HTTPError" not in done["components"]["schemas"]
    if version == "3.1.0":
        assert_describes(done, client.put("/spoons/1"))
        patched = client.patch("/spoons/1", json={"name": "a", "size": 1})
        assert patched.status_code == 409
        assert errors_of_patch(done, patched) == []
        assert errors_of_patch(done, client.patch("/spoons/1", json={"name": "a"})) == []


def errors_of_patch(spec: Any, response: Any) -> list[Any]:
    found = responses_of(spec, method="patch")[str(response.status_code)]
    whole = {**schemas_of(found)[response.content_type], "components": spec["components"]}
    return list(Draft202012Validator(whole).iter_errors(response.get_json()))


@pytest.mark.parametrize("when", WHEN)
def test_the_spec_processor_of_the_application_has_the_last_word(when: str) -> None:
    def process(spec: Any) -> Any:
        spec["paths"]["/spoons/{id}"]["put"]["responses"]["409"]["description"] = "Mine"
        return spec

    def prepare(app: Any) -> None:
        app.spec_processor(process)

    app = apiflask_app(when, prepare=prepare)
    if when == "before":
        app.spec_processor(process)
    found = responses_of(app.test_client().get("/openapi.json").get_json())
    assert found["409"]["description"] == "Mine"


def test_apiflask_writes_the_same_as_yaml() -> None:
    yaml = require("yaml")
    app = apiflask_app(SPEC_FORMAT="yaml")
    with app.app_context():
        assert set(responses_of(yaml.safe_load(app.spec))) >= {"404", "409", "422"}


def test_apiflasks_own_errors_stay_documented_where_it_answers_with_them() -> None:
    off = apiflask_app(on=False).test_client().get("/openapi.json").get_json()

    def processing(app: Any) -> None:
        app.error_processor(lambda error: ({"mine": error.message}, error.status_code))

    processed = apiflask_app(prepare=processing).test_client().get("/openapi.json").get_json()
    for done in (off, processed):
        found = responses_of(done)
        assert list(schemas_of(found["401"])) == ["application/json"]
        assert list(schemas_of(found["422"])) == ["application/json"]
        # Its schema has the name of ours.
        assert "allOf" not in done["components"]["schemas"]["ValidationError"]
        assert list(schemas_of(found["409"])) == [PROBLEM]


def test_schemas_of_the_applications_own_stay_in_apiflask() -> None:
    app = apiflask_app(VALIDATION_ERROR_SCHEMA=Spoon, HTTP_ERROR_SCHEMA=Spoon)
    found = responses_of(app.test_client().get("/openapi.json").get_json())
    assert [list(schemas_of(found[s])) for s in ("401", "422")] == [["application/json"]] * 2


def test_a_problem_schema_may_be_the_error_schema_of_apiflask() -> None:
    app = apiflask_app(HTTP_ERROR_SCHEMA=ProblemSchema)
    done = app.test_client().get("/openapi.json").get_json()
    assert {"type", "errors"} <= done["components"]["schemas"]["Problem"]["properties"].keys()
    assert "ProblemProblem" not in done["components"]["schemas"]
    responses_of(done)


# flask-openapi3


def openapi3_app(when: str = "before", *, on: bool = True, **options: Any) -> Any:
    library, pydantic = require("flask_openapi3"), require("pydantic")
    # Without, it writes null, which no document may have there.
    app = library.OpenAPI("shop", security_schemes={}, **options)
    StatusKit(app, integrations=["flask_openapi3"] if on else [], audit="off")

    class Path(pydantic.BaseModel):
        id: int

    class Body(pydantic.BaseModel):
        size: int

    namespace = {"Path": Path, "Body": Body}

    def put(path: Any, body: Any) -> Any:
        raise OutOfSpoons(left=3)

    put.__annotations__ = {"path": namespace["Path"], "body": namespace["Body"]}
    if when == "before":
        register(app)
    app.put("/spoons/<int:id>")(raises(OutOfSpoons, Unauthorized)(put))
    if when == "after":
        register(app)
    return app


@pytest.mark.parametrize("when", WHEN)
def test_flask_openapi3_documents_what_is_declared(when: str) -> None:
    app = openapi3_app(when)
    client = app.test_client()
    done = client.get("/openapi/openapi.json").get_json()
    assert only_problems(done) == {"401", "409", "422"}
    assert "ValidationErrorModel" not in done["components"]["schemas"]
    assert client.get("/openapi/openapi.json").get_json() == done
    assert_describes(done, client.put("/spoons/1", json={"size": 1}))
    assert_describes(done, client.put("/spoons/1", json={"size": "x"}))


def test_flask_openapi3s_own_errors_stay_documented_where_it_answers_with_them() -> None:
    off = openapi3_app(on=False)
    custom = openapi3_app(validation_error_callback=lambda error: ("", 422))
    for app in (off, custom):
        done = app.test_client().get("/openapi/openapi.json").get_json()
        assert list(schemas_of(responses_of(done)["422"])) == ["application/json"]
        assert "ValidationErrorModel" in done["components"]["schemas"]


# The page of the documentation

PAGE = (ROOT / "docs" / "openapi.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^~~~python\n(.*?)^~~~$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    ("library", "url", "statuses"),
    [
        ("flask_smorest", "/openapi.json", {"400", "404", "422", "default"}),
        ("apiflask", "/openapi.json", {"400", "404", "422"}),
        ("flask_openapi3", "/openapi/openapi.json", {"400", "404", "415", "422"}),
    ],
)
def test_the_line_for_each_library_does_what_its_page_says(
    library: str, url: str, statuses: set[str]
) -> None:
    require(library)
    [program] = [program for program in PROGRAMS if f"from {library} import" in program]
    namespace: dict[str, Any] = {"__name__": "page"}
    exec(compile(program, "page", "exec", dont_inherit=True), namespace)
    app = namespace["app"]
    client = app.test_client()
    done = client.get(url).get_json()
    assert only_problems(done, "/orders/{id}") == statuses
    requests: list[tuple[int, Any]] = [
        (404, {"json": {"count": 1}}),
        (422, {"json": {"count": "x"}}),
        (400, {"data": "{", "content_type": "application/json"}),
        (415 if "415" in statuses else 422, {"data": "x", "content_type": "text/plain"}),
    ]
    with record_problems(app) as recorded:
        for status, sent in requests:
            response = client.put("/orders/1", **sent)
            assert response.status_code == status
            assert_describes(done, response, "/orders/{id}")
    # What the parser of the library raises is declared as well (SK700).
    assert not recorded.undeclared


def test_every_program_of_the_page_is_run() -> None:
    assert len(PROGRAMS) == 3


# flask-restx


def test_flask_restx_writes_another_kind_of_document() -> None:
    restx = require("flask_restx")
    with pytest.raises(TypeError, match=r"Swagger 2\.0"):
        register(restx.Api())


def test_no_library_is_imported() -> None:
    libraries = ["apispec", "flask_smorest", "apiflask", "flask_openapi3", "pydantic", "yaml"]
    program = "import sys, flask_statuskit.openapi; print(*sorted({libraries} & {{*sys.modules}}))"
    assert run_alone(program.format(libraries={*libraries})) == [""]
