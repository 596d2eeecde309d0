"""The same small API, once with each way to answer errors.

Each is written the way the library's own documentation has it: its own `abort` or exception for the
409, its own parser for the body of the 422 where it has one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NoReturn

from flask import Flask, Response, abort, jsonify, request
from marshmallow import Schema, ValidationError, fields, validate
from werkzeug.exceptions import HTTPException

from .asgi import OverASGI

EXISTS = "An account with this email already exists."
EMAIL = "ann@example.com"


class NewUser(Schema):
    name = fields.String(required=True, validate=validate.Length(min=1))
    email = fields.Email(required=True)
    age = fields.Integer(required=True, validate=validate.Range(min=0))


# One for all requests, as those libraries have it that read the body themselves.
NEW_USER = NewUser()


# Flask alone, and by hand -------------------------------------------------------------------------


def bare() -> Flask:
    app = _plain_flask()

    @app.post("/invalid")
    def invalid() -> Any:
        try:
            return NEW_USER.load(request.get_json())
        except ValidationError:
            abort(422)

    return _with_views(app)


def floor() -> Flask:
    """The least that an error handler can do: the same response, whatever happened.

    It is a new one each time, since what runs after a request may change it. For Flask to make one
    of a tuple takes longer.
    """
    app = _raising_flask()

    @app.errorhandler(HTTPException)
    def answer(error: HTTPException) -> Response:
        return _constant_response(error.code)

    @app.errorhandler(ValidationError)
    def answer_invalid(error: ValidationError) -> Response:
        return _constant_response(422)

    return app


def _constant_response(status: int | None) -> Response:
    return Response(b'{"error": true}\n', status, content_type="application/json")


def swallowing_floor() -> Flask:
    """Without what Flask does about a bug: it is neither signalled nor logged."""
    app = floor()

    @app.errorhandler(Exception)
    def answer_bug(error: Exception) -> Response:
        return _constant_response(500)

    return app


def by_hand() -> Flask:
    app = _raising_flask()

    @app.errorhandler(HTTPException)
    def answer(error: HTTPException) -> Any:
        return jsonify(error=error.name, message=error.description), error.code

    @app.errorhandler(ValidationError)
    def answer_invalid(error: ValidationError) -> Any:
        return jsonify(error="Unprocessable Content", messages=error.messages), 422

    return app


def _plain_flask() -> Flask:
    app = Flask("benchmark")
    app.logger.disabled = True
    return app


def _raising_flask() -> Flask:
    app = _plain_flask()

    @app.post("/invalid")
    def invalid() -> Any:
        return NEW_USER.load(request.get_json())

    return _with_views(app)


def _with_views(app: Any, conflict: Callable[[], NoReturn] = lambda: abort(409, EXISTS)) -> Any:
    app.add_url_rule("/success", "success", success)
    app.add_url_rule("/conflict", "conflict", conflict)
    app.add_url_rule("/bug", "bug", bug)
    return app


def success() -> dict[str, Any]:
    return {"email": EMAIL, "orders": 3}


def bug() -> NoReturn:
    raise RuntimeError("This is a bug.")


# StatusKit ----------------------------------------------------------------------------------------


def statuskit() -> Flask:
    return _with_statuskit(_plain_flask())


def statuskit_webargs() -> Flask:
    """Reads the body with webargs, as flask-smorest and APIFlask do."""
    from webargs.flaskparser import use_args

    from flask_statuskit import StatusKit

    app = _plain_flask()
    StatusKit(app)
    app.add_url_rule("/invalid", view_func=use_args(NEW_USER)(_created), methods=["POST"])
    return app


def statuskit_orjson() -> Flask:
    import orjson
    from flask.json.provider import JSONProvider

    class OrjsonProvider(JSONProvider):
        def dumps(self, obj: Any, **kwargs: Any) -> str:
            return orjson.dumps(obj).decode()

        def loads(self, s: str | bytes, **kwargs: Any) -> Any:
            return orjson.loads(s)

    app = _plain_flask()
    app.json = OrjsonProvider(app)
    return _with_statuskit(app)


def _with_statuskit(app: Flask) -> Flask:
    from flask_statuskit import Conflict, StatusKit

    StatusKit(app)

    def conflict() -> NoReturn:
        raise Conflict(EXISTS, email=EMAIL)

    @app.post("/invalid")
    def invalid() -> Any:
        return NEW_USER.load(request.get_json())

    return _with_views(app, conflict)


def _created(user: dict[str, Any]) -> dict[str, Any]:
    return user


# The peers ----------------------------------------------------------------------------------------


def smorest() -> Flask:
    from flask_smorest import Api, Blueprint
    from flask_smorest import abort as smorest_abort

    app = _plain_flask()
    app.config |= {"API_TITLE": "shop", "API_VERSION": "1", "OPENAPI_VERSION": "3.1.0"}
    blueprint = Blueprint("shop", "shop")

    @blueprint.post("/invalid")
    @blueprint.arguments(NEW_USER)
    def invalid(user: dict[str, Any]) -> Any:
        return user

    _with_views(blueprint, lambda: smorest_abort(409, message=EXISTS))
    Api(app).register_blueprint(blueprint)
    return app


def apiflask() -> Flask:
    from apiflask import APIFlask
    from apiflask import abort as apiflask_abort

    app = APIFlask("benchmark")
    app.logger.disabled = True

    @app.post("/invalid")
    @app.input(NEW_USER, location="json")
    def invalid(json_data: dict[str, Any]) -> Any:
        return json_data

    return _with_views(app, lambda: apiflask_abort(409, message=EXISTS))


def restx() -> Flask:
    from flask_restx import Api, Resource
    from flask_restx import abort as restx_abort

    app = _plain_flask()
    api = Api(app, catch_all_404s=True)

    @api.errorhandler(ValidationError)
    def answer_invalid(error: ValidationError) -> Any:
        return {"errors": error.messages}, 422

    def resource(url: str, view: Callable[[], Any], method: str = "get") -> None:
        methods = {method: lambda self: view()}
        api.add_resource(type(url.strip("/"), (Resource,), methods), url)

    resource("/success", success)
    resource("/conflict", lambda: restx_abort(409, EXISTS))
    resource("/bug", bug)
    resource("/invalid", lambda: NEW_USER.load(request.get_json()), "post")
    return app


def webargs() -> Flask:
    from webargs.flaskparser import use_args

    app = _plain_flask()

    @app.errorhandler(HTTPException)
    def answer(error: HTTPException) -> Any:
        return jsonify(error=error.name, message=error.description), error.code

    @app.errorhandler(422)
    @app.errorhandler(400)
    def answer_invalid(error: Any) -> Any:
        headers = error.data.get("headers", None)
        messages = error.data.get("messages", ["Invalid request."])
        body = jsonify({"errors": messages})
        return (body, error.code, headers) if headers else (body, error.code)

    app.add_url_rule("/invalid", view_func=use_args(NEW_USER)(_created), methods=["POST"])
    return _with_views(app)


def connexion() -> OverASGI:
    from connexion import FlaskApp
    from connexion.exceptions import ProblemException
    from connexion.lifecycle import ConnexionResponse

    def conflict() -> NoReturn:
        raise ProblemException(status=409, title="Conflict", detail=EXISTS)

    def invalid() -> Any:
        return NEW_USER.load(request.get_json())

    def answer_invalid(_: Any, error: Any) -> ConnexionResponse:
        body = app.app.json.dumps({"errors": error.messages})
        return ConnexionResponse(422, "application/problem+json", body=body)

    # It makes a record of every error at WARNING or above, which would be written to stderr.
    logging.getLogger("connexion").setLevel(logging.CRITICAL)
    app = FlaskApp("benchmark")
    app.app.logger.disabled = True
    app.add_api(
        _openapi(success=success, conflict=conflict, bug=bug, invalid=invalid),
        resolver={"success": success, "conflict": conflict, "bug": bug, "invalid": invalid}.get,
    )
    app.add_error_handler(ValidationError, answer_invalid)
    return OverASGI(app)


def _openapi(**views: Any) -> dict[str, Any]:
    responses = {"default": {"description": "the answer"}}
    paths: dict[str, Any] = {
        f"/{name}": {"get": {"operationId": name, "responses": responses}} for name in views
    }
    schema = {"type": "object"}
    paths["/invalid"]["post"] = paths["/invalid"].pop("get") | {
        "requestBody": {"content": {"application/json": {"schema": schema}}}
    }
    return {"openapi": "3.0.3", "info": {"title": "shop", "version": "1"}, "paths": paths}
