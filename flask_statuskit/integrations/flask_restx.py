"""flask-restx: what no handler of the application answers, its Apis hand over to Flask.

An Api puts a router in front of Flask's error handling. There it keeps what the application
registered with `@api.errorhandler` or `@namespace.errorhandler`; its own default bodies give way.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from flask import Response, after_this_request, current_app, request, request_started
from werkzeug.exceptions import HTTPException

from ..current import state_of, this_app
from ..exceptions import BadRequest, StatusError
from ..handlers import is_served
from ..mapping import Mapping as Mappings
from ..plain import Sentence
from ..problem import FieldError
from ._payload import payload_of, with_payload
from ._restx_messages import argument_errors, model_errors

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue

#: `flask_restx.Api`, whose package has no types.
Api: TypeAlias = Any

#: What flask-restx says of all that it refuses; as ours it can be translated.
_INVALID = Sentence("Input payload validation failed")


def install(mapping: Mappings, *, explicit: bool) -> None:
    # Never explicit: to an application that handles Exception, `api.abort(404, "...")` is the same
    # HTTPException as Flask's abort(404), and as much its business.
    mapping.map(HTTPException, aborted, explicit=False)
    mapping.map("flask_restx.mask.MaskError", mask_refused, explicit=explicit)


def aborted(error: HTTPException) -> StatusError | None:
    """The error of `api.abort(code, message, **members)`, and of flask-restx's own validation."""
    payload = payload_of(error)
    if payload is None or hasattr(error, "exc"):  # that one is an abort of webargs
        return None
    # To flask-restx, headers is a word like any other; it never sends them.
    payload = {name: value for name, value in payload.items() if name != "headers"}
    errors = payload.get("errors")
    if payload.get("message") == _INVALID and isinstance(errors, Mapping):
        payload["message"] = _INVALID
        payload["errors"] = model_errors(errors) if _by_model(error) else argument_errors(errors)
    return with_payload(error, payload)


def _by_model(error: HTTPException) -> bool:
    """Whether a model refused the body, and not a request parser an argument."""
    return type(error.__context__).__module__.partition(".")[0] == "jsonschema"


def mask_refused(error: Any) -> StatusError | None:
    """The error of a mask, by which a client asks for some fields only."""
    header = current_app.config.get("RESTX_MASK_HEADER", "")
    if header not in request.headers:
        return None  # a mask of the application's own
    return BadRequest(
        Sentence("The mask cannot be used."), errors=[FieldError(error.msg, header=header)]
    )


def init_app(app: Flask) -> None:
    """Have the Apis give way before the first error, which they would see before Flask does.

    At start-up is too early: an Api, or the blueprint that holds one, may be registered later.
    """
    request_started.connect(_at_first_request, app)


def _at_first_request(app: Flask, **_: Any) -> None:
    give_way(app)
    request_started.disconnect(_at_first_request, app)


def give_way(app: Flask) -> None:
    """Put a router of ours in place of each one that an Api put around these methods of Flask."""
    for method in ("handle_user_exception", "handle_exception"):
        if method in vars(app):
            vars(app)[method] = _replaced(vars(app)[method])


def _replaced(router: Any) -> Any:
    api: Api = getattr(router.func, "__self__", None) if isinstance(router, partial) else None
    if not any(map(_is_restx, type(api).__mro__)):
        return router
    original = _replaced(router.args[0])
    if _is_restx(api.handle_error) and _is_restx(api.error_router):
        return partial(_route, api, original)
    # The application overrides what an Api does with errors.
    return partial(router.func, original)


def _is_restx(defined: Any) -> bool:
    """Whether a class or a method is flask-restx's own, not an application's subclass of it."""
    return getattr(defined, "__module__", "") == "flask_restx.api"


def _route(api: Api, original: Any, error: Exception) -> ResponseReturnValue:
    """What `Api.error_router` does, but only for errors that the application handles there."""
    if not is_served(this_app()):
        return cast("ResponseReturnValue", api.error_router(original, error))
    router = partial(api.error_router, original) if _has_handler(api, error) else original
    if request.endpoint and api.owns_endpoint(request.endpoint):
        after_this_request(partial(_challenge, api))
    answer: ResponseReturnValue = router(error)
    return answer


def _challenge(api: Api, response: Response) -> Response:
    """What an Api does with any 401, if it was told so (`serve_challenge_on_401`)."""
    return api.unauthorized(response) if response.status_code == 401 else response


def _has_handler(api: Api, error: Exception) -> bool:
    """Whether the application registered a handler for an error at the Api or a namespace."""
    handlers = dict(api.error_handlers)
    for namespace in api.namespaces:
        handlers.update(namespace.error_handlers)
    caught = next((cls for cls in handlers if isinstance(error, cls)), None)
    if caught is None:
        # `@api.errorhandler` without a class is for all that is no HTTPException.
        if api._default_error_handler is None or isinstance(error, HTTPException):
            return False
    elif _is_restx(handlers[caught]):
        return False
    # As with a catch-all of Flask's: a mapping that somebody asked for by name comes before it.
    mapping: Mappings = state_of(this_app()).mapping
    catches_all = caught in (None, Exception)
    return not (catches_all and any(entry.explicit for entry in mapping.entries(type(error))))
