"""What is answered: from a resolved error to the response, the log and the signal.

Resolution ─ describe ─▶ Problem ─ redacted ─▶ Problem ─ render ─▶ Response
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import Any

from flask import Response
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException

from .address import base_uri
from .contract import ANSWERED
from .current import Here, this_app, this_request
from .describe import Occurrence, describe, status_of
from .dialects import PROBLEM, PROBLEM_JSON, Dialect, Dumps, compiled, negotiate, render
from .languages import client_language, localized
from .mapping import Resolution
from .problem import Problem
from .reply import (
    BY_ACCEPT,
    announce,
    as_shown,
    constant_body,
    dialect_named,
    headers_of,
    id_of,
    last_resort,
    log_failure,
)
from .statuses import status_line


def respond(here: Here, resolution: Resolution, reported: bool, raised: object = None) -> Response:
    """Answer an error, tell of it, and fail at neither.

    Parameters:
        here: where it is handled.
        resolution: the error, and what it was made from.
        reported: whether the application's log has it at ERROR already, with its traceback.
        raised: what Flask hands over; the resolution knows.
    """
    app, request, _, settings = here
    error = resolution.error
    try:
        if "babel" in app.extensions:
            with client_language() as language:
                problem = localized(_problem(here, resolution), error, language)
                response, unrendered = _response(here, problem)
            language.vary(response)
        else:
            problem = _problem(here, resolution)
            response, unrendered = _response(here, problem)
        request.environ[ANSWERED] = problem.status, error.type, type(error)
    except Exception as failure:
        log_failure(resolution, failure, reported=reported)
        return app.make_response(last_resort(status_of(error, settings), settings))
    if unrendered is not None:
        log_failure(resolution, unrendered, reported=reported)
        reported = True
    announce(app, request, settings, resolution, problem, reported=reported)
    return response


def _problem(here: Here, resolution: Resolution) -> Problem:
    _, request, _, settings = here
    error, original, entry = resolution
    environ = request.environ
    occurrence = Occurrence(
        id_of(environ, settings),
        request.root_path + request.path,
        _allowed_methods,
        environ,
        _catalog,
    )
    problem = describe(error, settings, occurrence)
    if not settings.expose_internals:
        return as_shown(problem, error)
    if entry is None and problem.status < 500:
        # A typed 4xx says itself what happened; what was mapped or is a bug does not.
        return problem
    # Here, since no production gets this far.
    from .internals import debug_member

    return replace(problem, members={**problem.members, "debug": debug_member(original or error)})


def _catalog() -> str | None:
    return base_uri(this_app())


def _allowed_methods() -> set[str]:
    request = this_request()
    try:
        adapter = this_app().create_url_adapter(request)
    except HTTPException:
        # The host is not trusted, so there is no telling which rules hold.
        return set()
    # Who refuses the one refuses the other (RFC 9110 §9.3.2).
    refused = {"GET", "HEAD"} if request.method in ("GET", "HEAD") else {request.method}
    return set(adapter.allowed_methods()) - refused if adapter else set()


def _response(here: Here, problem: Problem) -> tuple[Response, Exception | None]:
    """The response, and what was wrong with a body that a constant one stands in for."""
    app, _, _, settings = here
    unrendered: Exception | None = None
    try:
        dialect = _dialect(here)
        content_type = dialect.content_type
        body = render(problem, dialect, _dumps(here), settings.max_body_bytes)
    except Exception as failure:  # a dialect or a template of the application's fails at anything
        unrendered = failure
        content_type, body = PROBLEM_JSON, constant_body(problem.status)
    headers = headers_of(problem, settings, content_type, len(body))
    line = status_line(problem.status)
    if app.response_class is Response:
        # It takes a list as it is. Others may want what `Flask.make_response` gives them.
        return Response([body], line, headers), unrendered
    return app.response_class(body, status=line, headers=headers), unrendered


def _dialect(here: Here) -> Dialect:
    """The body format for the client."""
    _, request, state, settings = here
    own, chosen = state.kit.dialects, settings.dialect
    if type(chosen) is dict:
        names = (*request.blueprints, "*")
        chosen = next((chosen[name] for name in names if name in chosen), "problem")
    default = PROBLEM if chosen == "problem" and not own else dialect_named(chosen, own)
    accept = request.environ.get("HTTP_ACCEPT")
    if not settings.negotiate or not accept:
        return default
    if accept == "application/json" and default is PROBLEM and not own:
        # What most programs send. None of ours is a better answer.
        return default
    # Of two that have the same names the first, so that those of ours can be replaced.
    return negotiate(accept, default, (*own.values(), *BY_ACCEPT))


def _dumps(here: Here) -> Dumps:
    """The application's JSON encoder, told to keep the members in their order."""
    provider, state = here.app.json, here.state
    dumps = provider.dumps
    if (
        not isinstance(provider, DefaultJSONProvider)
        or getattr(dumps, "__func__", None) is not DefaultJSONProvider.dumps
    ):
        return partial(_checked, dumps)
    # It would make an encoder of these for each text, and sort the keys.
    options = provider.default, provider.ensure_ascii
    made_of, encode = state.encoder
    if made_of != options:
        encode = compiled(json.JSONEncoder(default=options[0], ensure_ascii=options[1]))
        state.encoder = options, encode
    return encode


def _checked(dumps: Dumps, value: Any) -> str | bytes:
    """JSON of an encoder that is not Flask's own, and may write anything."""
    said = dumps(value)
    json.loads(said)
    return said
