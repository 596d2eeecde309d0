"""flask-smorest: its error handler gives way; what `abort` was given stays.

The errors of its argument parser are webargs' and are read there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException

from ..exceptions import StatusError
from ..mapping import Mapping
from . import webargs
from ._payload import payload_of, with_payload

if TYPE_CHECKING:
    from flask import Flask


def install(mapping: Mapping, *, explicit: bool) -> None:
    # Never explicit: to an application that handles Exception, abort(404, message="...") of
    # flask-smorest is the same HTTPException as Flask's abort(404), and as much its business.
    mapping.map(HTTPException, aborted, explicit=False)
    # Entered last, so asked first: its parser's errors look like those of an abort.
    webargs.install(mapping, explicit=False)


def aborted(error: HTTPException) -> StatusError | None:
    """The error of `flask_smorest.abort(code, message=..., errors=..., headers=..., ...)`."""
    payload = payload_of(error)
    if payload is None:
        return None
    # "messages" is what webargs calls them; flask-smorest reads both names.
    errors = payload.get("errors", payload.get("messages"))
    rest = {name: value for name, value in payload.items() if name != "messages"}
    return with_payload(error, {**rest, "errors": errors})


def is_default(_: Flask, handler: Any) -> bool:
    """Whether a handler is `Api.handle_http_exception`, and not an application's override of it."""
    # A method has the module of its function, so that of a subclass is not flask-smorest's.
    return getattr(handler, "__module__", "") == "flask_smorest.error_handler"
