"""APIFlask: its `HTTPError` and validation errors; its error handlers and its answer to bad logins.

An application that sets an `error_processor` keeps it, for all of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flask import current_app, make_response, request
from werkzeug.http import HTTP_STATUS_CODES

from ..exceptions import StatusError
from ..handlers import find_error_handler, is_served
from ..mapping import Mapping
from ..plain import Sentence
from ..problem import FieldError
from ..problem import field_errors as flatten
from . import pydantic, webargs
from ._payload import PLACES, bare, invalid, placed, with_payload

if TYPE_CHECKING:
    from apiflask import HTTPError
    from flask import Flask
    from flask.typing import ResponseReturnValue

#: What APIFlask says of all that it refuses, unless it is configured; as ours it can be translated.
_INVALID = Sentence("Validation error")


def install(mapping: Mapping, *, explicit: bool) -> None:
    mapping.map("apiflask.exceptions.HTTPError", aborted, explicit=explicit)
    mapping.map("apiflask.exceptions._ValidationError", refused, explicit=explicit)
    # A body that is no JSON is refused by webargs itself.
    webargs.install(mapping, explicit=False)


def aborted(error: HTTPError) -> StatusError:
    """`message` becomes the detail, `detail` the member details, `extra_data` further members."""
    payload = {"headers": error.headers, **error.extra_data}
    if error.detail:
        payload["details"] = error.detail
    if error.message != HTTP_STATUS_CODES.get(error.status_code):
        payload["message"] = error.message
    return with_payload(bare(error.status_code), payload)


def refused(error: HTTPError) -> StatusError:
    """A validation error: its detail holds the messages, by the locations of the request."""
    message = _INVALID if error.message == _INVALID else error.message
    payload = {"message": message, "headers": error.headers, "errors": field_errors(error)}
    return invalid(error.status_code, payload)


def field_errors(error: HTTPError) -> Iterator[FieldError]:
    """The messages, each with the place of its value."""
    cause = error.__cause__
    messages: dict[str, Any] = error.detail
    for location, by_field in messages.items():
        # pydantic's own exception has pointers and codes, where APIFlask joins names with dots.
        by_pydantic = type(cause).__module__.startswith("pydantic")
        found = pydantic.field_errors(cause) if by_pydantic else flatten(by_field)
        yield from placed(found, PLACES.get(location, "pointer"))


def init_app(app: Flask) -> None:
    """Have APIFlask's authentication answer with problems: it asks the error callback directly."""
    if _is_apiflasks(getattr(app, "error_callback", None)):
        app.error_callback = answer  # type: ignore[attr-defined]


def is_default(app: Flask, handler: Any) -> bool:
    """Whether a handler would ask the error callback, and that is not the application's."""
    return getattr(app, "error_callback", None) is answer and _is_apiflasks(handler)


def answer(error: HTTPError) -> ResponseReturnValue:
    """The response to an error that APIFlask did not raise."""
    app: Any = current_app
    handler = find_error_handler(error, request.blueprints) if is_served(app) else None
    if handler is None:
        default: ResponseReturnValue = app._error_handler(error)
        return default
    response = make_response(app.ensure_sync(handler)(error))
    if not any(name.lower() == "www-authenticate" for name in dict(error.headers)):
        # Flask-HTTPAuth adds its own where there is none, with the scheme that it wants.
        response.headers.pop("WWW-Authenticate", None)
    return response


def _is_apiflasks(function: Any) -> bool:
    return getattr(function, "__module__", "") == "apiflask.app"
