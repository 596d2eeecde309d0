"""What `response` and `middleware` share: how a problem leaves, what is sent when rendering fails,
and who is told.

The one answers inside of a Flask application, the other around any WSGI application.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from logging import ERROR, WARNING
from typing import TYPE_CHECKING, Any

from blinker import NamedSignal, Namespace
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from .config import Settings
from .describe import request_id
from .dialects import BUILT_IN, JSONAPI, PROBLEM, PROBLEM_JSON, TEXT, XML, Dialect, essence
from .exceptions import StatusError
from .log import log, logger, one_line
from .mapping import Resolution
from .pages import HTML
from .plain import text
from .problem import Problem
from .statuses import phrase, status_line

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

#: What may be asked for by Accept, in the order of our own liking.
BY_ACCEPT = (PROBLEM, HTML, TEXT, XML, JSONAPI)

#: By their names, and by their media types.
NAMED: Mapping[str, Dialect] = {
    name: dialect
    for known, dialect in {**BUILT_IN, "html": HTML}.items()
    for name in (known, dialect.media_type)
}

_REQUEST_ID = "flask_statuskit.request_id"

#: Sent for each problem that is answered, with the application as sender, or the middleware;
#: `problem` is what the client reads, `error` the `StatusError`, `original` the foreign exception
#: or None.
problem_raised: NamedSignal = Namespace().signal("problem-raised")


def id_of(environ: WSGIEnvironment, settings: Settings) -> str:
    """The id of a request; one for all its problems, as an after_request function may fail too."""
    known: str | None = environ.get(_REQUEST_ID)
    if known is None:
        known = environ[_REQUEST_ID] = request_id(environ, settings.request_id_key)
    return known


def as_shown(problem: Problem, error: StatusError) -> Problem:
    """The problem as clients see it: the one place where the reason of a failure of ours is hidden.

    Parameters:
        problem: the problem.
        error: what it was made of.
    """
    return problem.redacted() if problem.status >= 500 and not error.expose else problem


def dialect_named(chosen: Any, own: Mapping[str, Dialect]) -> Dialect:
    """The dialect that STATUSKIT_DIALECT chooses.

    Parameters:
        chosen: a name, a media type or a function.
        own: the dialects of the application, by their media types.
    """
    if callable(chosen):
        return Dialect("application/json", chosen)
    name = essence(chosen)
    built_in = NAMED.get(name)
    found = own.get(built_in.media_type if built_in else name, built_in)
    if found is None:
        log(ERROR, "There is no dialect %r; @statuskit.dialect(%r) makes one.", chosen, chosen)
    return found or PROBLEM


def headers_of(problem: Problem, settings: Settings, content_type: str, size: int) -> Headers:
    """The headers of a response with a problem.

    Parameters:
        problem: the problem.
        settings: the settings that hold.
        content_type: the Content-Type of the body.
        size: its size, in bytes.
    """
    lines = [*problem.headers, ("Content-Type", content_type), ("Content-Length", str(size))]
    if settings.negotiate:
        lines.append(("Vary", "Accept"))
    for name, _ in problem.headers:
        if name == "Vary":  # however it was written: see `describe`
            lines = _with_one(name, lines)
            break
    headers = Headers()
    # Its own `extend` would look each line over once more, and take as long as all the rest.
    getattr(headers, "_list", headers).extend(lines)
    return headers


def _with_one(name: str, lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The lines with one of a name; who adds to it, Flask's session for one, reads the first."""
    values = dict.fromkeys(value for known, value in lines if known == name)
    return [*(line for line in lines if line[0] != name), (name, ", ".join(values))]


# Where rendering fails ----------------------------------------------------------------------------


def last_resort(status: int, settings: Settings) -> Response:
    """What is sent when not even the headers can be made."""
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if settings.negotiate:
        headers["Vary"] = "Accept"
    return Response(constant_body(status), status_line(status), headers, content_type=PROBLEM_JSON)


def constant_body(status: int) -> bytes:
    """The least that a problem says."""
    body = {"type": "about:blank", "title": phrase(status), "status": status}
    return json.dumps(body).encode() + b"\n"


def log_failure(resolution: Resolution, failure: Exception, *, reported: bool = False) -> None:
    """Log an error that could not be rendered, and why.

    Parameters:
        resolution: the error.
        failure: what rendering failed with.
        reported: whether a log has the error at ERROR already.
    """
    reason = None if reported else resolution.original or resolution.error
    log(ERROR, "This error could not be rendered.", exc_info=reason)
    log(ERROR, "That is because rendering failed.", exc_info=failure)


# Who is told --------------------------------------------------------------------------------------


def announce(
    sender: Any,
    request: Request,
    settings: Settings,
    resolution: Resolution,
    problem: Problem,
    *,
    reported: bool,
) -> None:
    """Tell the log and the receivers of the signal; none of them can spoil the response.

    Parameters:
        sender: the application, or the middleware.
        request: the request.
        settings: the settings that hold.
        resolution: the error, and what it was made from.
        problem: what the client reads.
        reported: whether a log has the error at ERROR already, with its traceback.
    """
    error, original, _ = resolution
    try:
        level = settings.log_level(problem.status)
        reason = None
        if reported:
            # Sentry makes an event of each record at ERROR: one incident would be two.
            level = None if level is None else min(level, WARNING)
        elif problem.status >= 500:
            # What the client is not told, and nobody else has logged.
            reason = original or error
            if original is not None and not isinstance(original, HTTPException):
                # Flask would log it so, whatever the settings say.
                level = max(level or ERROR, ERROR)
        if level is not None and logger.isEnabledFor(level):
            _log(level, request, problem, error.title, reason)
        if problem_raised.receivers:
            told = {"problem": problem, "error": error, "original": original}
            in_sync = getattr(sender, "ensure_sync", _in_sync)
            problem_raised.send(sender, _async_wrapper=in_sync, **told)
    except Exception as failure:
        log(ERROR, "A problem was answered, but not everybody could be told.", exc_info=failure)


def _log(
    level: int, request: Request, problem: Problem, title: object, reason: Exception | None
) -> None:
    method, path = one_line(request.method), one_line(request.path)
    # Not in the language of the client: who reads logs searches them.
    known = text(title) if isinstance(title, str) and title else phrase(problem.status)
    extra = {
        "status": problem.status,
        "type": problem.type,
        "endpoint": getattr(request, "endpoint", None),
        "method": method,
        "request_id": problem.members["request_id"],
    }
    # The id in the text as well: clients are told to quote it, and most formats show no attributes.
    said = (method, path, problem.status, one_line(known), extra["request_id"])
    log(level, "%s %s: %d %s [%s]", *said, extra=extra, exc_info=reason)


def _in_sync(receiver: Callable[..., Any]) -> Callable[..., Any]:
    # What Flask does for its applications, if its extra "async" is there.
    wrapped: Callable[..., Any] = import_module("asgiref.sync").async_to_sync(receiver)
    return wrapped
