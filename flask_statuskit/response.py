"""What is answered: from a resolved error to the response, the log and the signal.

Resolution ─ describe ─▶ Problem ─ redacted ─▶ Problem ─ render ─▶ Response
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import chain
from logging import ERROR, WARNING
from typing import Any

from blinker import Namespace
from flask import Flask, Response, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException

from .catalog import base_uri
from .config import Settings
from .contract import ANSWERED, known_as
from .current import state_of
from .describe import Occurrence, describe, request_id, status_of
from .dialects import (
    BUILT_IN,
    JSONAPI,
    PROBLEM,
    PROBLEM_JSON,
    TEXT,
    XML,
    Dialect,
    Dumps,
    essence,
    negotiate,
    render,
)
from .internals import debug_member
from .languages import Language, client_language, localized
from .log import log, logger, one_line
from .mapping import Resolution
from .pages import HTML
from .plain import text
from .problem import Problem
from .statuses import phrase

#: What may be asked for by Accept, in the order of our own liking.
BY_ACCEPT = (PROBLEM, HTML, TEXT, XML, JSONAPI)

#: By their names, and by their media types.
_BUILT_IN: Mapping[str, Dialect] = {
    name: dialect
    for known, dialect in {**BUILT_IN, "html": HTML}.items()
    for name in (known, dialect.media_type)
}

_REQUEST_ID = "flask_statuskit.request_id"

#: Sent for each problem that is answered, with the application as sender; `problem` is what the
#: client reads, `error` the `StatusError`, `original` the foreign exception or None.
problem_raised = Namespace().signal("problem-raised")


def respond(
    app: Flask, settings: Settings, resolution: Resolution, *, reported: bool = False
) -> Response:
    """Answer an error, tell of it, and fail at neither.

    Parameters:
        app: the application; its request is being handled.
        settings: the settings that hold.
        resolution: the error, and what it was made from.
        reported: whether the application's log has it at ERROR already, with its traceback.
    """
    try:
        with client_language() as language:
            problem = _problem(app, settings, resolution, language)
            body, content_type = _body(app, settings, resolution, problem)
            response = app.response_class(
                body,
                status=_status_line(problem.status),
                headers=list(problem.headers),
                content_type=content_type,
            )
        if settings.negotiate:
            # In one line: who adds to it later, Flask's session for one, reads only the first.
            varies = dict.fromkeys([*response.headers.getlist("Vary"), "Accept"])
            response.headers["Vary"] = ", ".join(varies)
        language.vary(response)
        request.environ[ANSWERED] = known_as(problem.status, resolution.error)
    except Exception as failure:
        return _last_resort(resolution, settings, failure)
    _announce(app, settings, resolution, problem, reported)
    return response


def _problem(app: Flask, settings: Settings, resolution: Resolution, language: Language) -> Problem:
    error, original = resolution.error, resolution.original
    occurrence = Occurrence(
        request_id=_request_id(settings),
        path=request.root_path + request.path,
        allowed_methods=partial(_allowed_methods, app),
        environ=request.environ,
        catalog=partial(base_uri, app),
    )
    problem = describe(error, settings, occurrence)
    if not settings.expose_internals:
        # The one place where the reason of a failure of ours is hidden.
        hidden = problem.status >= 500 and not error.expose
        problem = problem.redacted() if hidden else problem
    elif resolution.entry is not None or problem.status >= 500:
        # A typed 4xx says itself what happened; what was mapped or is a bug does not.
        debug = debug_member(original or error)
        problem = replace(problem, members={**problem.members, "debug": debug})
    return localized(problem, error, language)


def _body(
    app: Flask, settings: Settings, resolution: Resolution, problem: Problem
) -> tuple[bytes, str]:
    """The body and its Content-Type; a constant one where a template or a dialect fails."""
    try:
        dialect = _dialect(app, settings)
        body = render(problem, dialect, _dumps(app), settings.max_body_bytes)
    except Exception as failure:
        _log_failure(resolution, failure)
        return _constant_body(problem.status), PROBLEM_JSON
    return body, dialect.content_type


def _dialect(app: Flask, settings: Settings) -> Dialect:
    """The body format for the client."""
    own: Mapping[str, Dialect] = state_of(app).kit.dialects
    chosen = settings.dialect
    if isinstance(chosen, Mapping):
        names = (*request.blueprints, "*")
        chosen = next((chosen[name] for name in names if name in chosen), "problem")
    default = _named(chosen, own)
    if not settings.negotiate:
        return default
    # Of two that have the same names the first, so that those of ours can be replaced.
    return negotiate(request.headers.get("Accept"), default, chain(own.values(), BY_ACCEPT))


def _named(chosen: Any, own: Mapping[str, Dialect]) -> Dialect:
    if callable(chosen):
        return Dialect("application/json", chosen)
    name = essence(chosen)
    built_in = _BUILT_IN.get(name)
    found = own.get(built_in.media_type if built_in else name, built_in)
    if found is None:
        log(ERROR, "There is no dialect %r; @statuskit.dialect(%r) makes one.", chosen, chosen)
    return found or PROBLEM


def _request_id(settings: Settings) -> str:
    # One for all problems of a request: an after_request function may fail over the first.
    environ = request.environ
    if _REQUEST_ID not in environ:
        environ[_REQUEST_ID] = request_id(request.headers, settings.request_id_header)
    return str(environ[_REQUEST_ID])


def _allowed_methods(app: Flask) -> set[str]:
    try:
        adapter = app.create_url_adapter(request._get_current_object())  # type: ignore[attr-defined]
    except HTTPException:
        # The host is not trusted, so there is no telling which rules hold.
        return set()
    return set(adapter.allowed_methods()) - {request.method} if adapter else set()


def _dumps(app: Flask) -> Dumps:
    """The application's JSON encoder, told to keep the members in their order."""
    provider = app.json
    if type(provider).dumps is DefaultJSONProvider.dumps:
        return partial(provider.dumps, sort_keys=False)
    return provider.dumps


def _status_line(status: int) -> str:
    # In full, because Werkzeug would add the phrases of RFC 7231.
    return f"{status} {phrase(status)}"


def _last_resort(resolution: Resolution, settings: Settings, failure: Exception) -> Response:
    """What is sent when not even the headers can be made."""
    _log_failure(resolution, failure)
    status = status_of(resolution.error, settings)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if settings.negotiate:
        headers["Vary"] = "Accept"
    return Response(
        _constant_body(status), _status_line(status), headers, content_type=PROBLEM_JSON
    )


def _constant_body(status: int) -> bytes:
    body = {"type": "about:blank", "title": phrase(status), "status": status}
    return json.dumps(body).encode() + b"\n"


def _log_failure(resolution: Resolution, failure: Exception) -> None:
    log(
        ERROR, "This error could not be rendered.", exc_info=resolution.original or resolution.error
    )
    log(ERROR, "That is because rendering failed.", exc_info=failure)


def _announce(
    app: Flask, settings: Settings, resolution: Resolution, problem: Problem, reported: bool
) -> None:
    """Tell the log and the receivers of the signal; none of them can spoil the response."""
    try:
        level = settings.log_level(problem.status)
        reason = None
        if level is not None and reported:
            # Sentry makes an event of each record at ERROR: one incident would be two.
            level = min(level, WARNING)
        elif problem.status >= 500:
            # What the client is not told, and nobody else has logged.
            reason = resolution.original or resolution.error
        if level is not None and logger.isEnabledFor(level):
            _log(level, problem, resolution.error.title, reason)
        problem_raised.send(
            app,
            _async_wrapper=app.ensure_sync,
            problem=problem,
            error=resolution.error,
            original=resolution.original,
        )
    except Exception as failure:
        log(ERROR, "A problem was answered, but not everybody could be told.", exc_info=failure)


def _log(level: int, problem: Problem, title: object, reason: Exception | None) -> None:
    method, path = one_line(request.method), one_line(request.path)
    # Not in the language of the client: who reads logs searches them.
    known = text(title) if isinstance(title, str) and title else phrase(problem.status)
    extra = {
        "status": problem.status,
        "type": problem.type,
        "endpoint": request.endpoint,
        "method": method,
        "request_id": problem.members["request_id"],
    }
    # The id in the text as well: clients are told to quote it, and most formats show no attributes.
    said = (method, path, problem.status, one_line(known), extra["request_id"])
    log(level, "%s %s: %d %s [%s]", *said, extra=extra, exc_info=reason)
