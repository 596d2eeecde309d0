"""The last resort around any WSGI application: problems for what goes wrong outside of Flask.

application ─▶ Relay ─▶ server
                  │  ▲
                  ▼  └──────────────────────────────────────┐
      exception ─ resolve ─ describe ─ redacted ─ render ─▶ Response

`relay` has the rules of WSGI, this module what an exception is answered with.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, overload

from flask import Flask, Request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from . import config
from . import integrations as libraries
from .describe import Occurrence, describe, status_of
from .dialects import PROBLEM, essence, negotiate, render
from .exceptions import InternalServerError, StatusError
from .mapping import Builder, BuilderT, Resolution, is_ours_to_render, resolve
from .mapping import Mapping as Mappings
from .pages import HTML, our_page
from .problem import Problem
from .relay import Relay, path_of
from .reply import (
    BY_ACCEPT,
    NAMED,
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

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Pages of the application's own are out of reach here.
_PAGE = replace(HTML, render=our_page)
_BY_ACCEPT = tuple(_PAGE if dialect is HTML else dialect for dialect in BY_ACCEPT)

#: As Flask writes values that JSON lacks, where no application says otherwise.
_DUMPS = partial(json.dumps, default=DefaultJSONProvider.default)


class StatusKitMiddleware:
    """Answers what goes wrong in a WSGI application, and in layers around Flask, with problems.

    Parameters:
        wsgi_app: any WSGI application.
        integrations: names of libraries whose exceptions to map, besides those that are on anyway.
        default_integrations: whether those are on anyway that need no asking.
        options: settings by the names of `Settings`, as `StatusKit` takes them.

    Raises:
        ConfigError: a setting cannot be understood.
        TypeError: there is no such option.
        ValueError: there is no such integration.

    >>> app = Flask("shop")
    >>> app.wsgi_app = StatusKitMiddleware(app.wsgi_app)
    """

    def __init__(
        self,
        wsgi_app: WSGIApplication,
        *,
        integrations: Iterable[str] = (),
        default_integrations: bool = True,
        **options: Any,
    ) -> None:
        config.check_names((), options)
        self.wsgi_app = wsgi_app
        self._options = options
        # There is no DEBUG that would agree to show internals: only the log has them.
        self._settings = config.resolve({}, options, debug=False, testing=False)
        chosen: Any = self._settings.dialect
        if isinstance(chosen, Mapping):
            chosen = chosen.get("*", "problem")
        if isinstance(chosen, str) and essence(chosen) not in NAMED:
            raise config.ConfigError(
                f"dialect is {chosen!r}, which an application may have, and no middleware:"
                " pass the function that makes its body."
            )
        self._dialect = dialect_named(chosen, {_PAGE.media_type: _PAGE})
        self._mapping = Mappings()
        libraries.install_readers(self._mapping)
        named = (integrations,) if isinstance(integrations, str) else integrations
        libraries.install(self._mapping, named, defaults=default_integrations)

    @overload
    def map(self, exception: type[Exception] | str, /) -> Callable[[BuilderT], BuilderT]: ...
    @overload
    def map(
        self,
        exception: type[Exception] | str,
        error: type[StatusError] | int | Builder,
        /,
        **hints: Any,
    ) -> None: ...
    def map(
        self,
        exception: type[Exception] | str,
        error: type[StatusError] | int | Builder | None = None,
        /,
        **hints: Any,
    ) -> Callable[[BuilderT], BuilderT] | None:
        """Answer a foreign exception of a WSGI layer with an error of ours, as `StatusKit.map`.

        >>> middleware = StatusKitMiddleware(Flask("shop"))
        >>> middleware.map(TimeoutError, 504, retry_after=5)
        """
        return self._mapping.map(exception, error, **hints)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        relay = Relay(self, environ, start_response)
        try:
            return relay.passing(self.wsgi_app(environ, relay.start))
        except Exception as error:
            answered = relay.fail(error)
            if answered is None:
                raise
            return answered
        except BaseException:
            relay.abandon()
            raise

    def _serves(self, environ: WSGIEnvironment) -> bool:
        """Whether a request is for a part of the site in which problems are wanted."""
        return self._settings.serves(path_of(environ))

    def _answer(self, environ: WSGIEnvironment, error: Exception) -> WSGIApplication | None:
        """What answers an exception; None where it is to go on to the server."""
        if not self._serves(environ):
            return None
        resolution = resolve(error, self._mapping, environ)
        if resolution is None:
            if isinstance(error, HTTPException) and not is_ours_to_render(error):
                return error
            if self._is_for_a_developer(environ):
                return None
            resolution = Resolution(InternalServerError(), error)
        request = Request(environ, populate_request=False)
        # As the client sees it, wherever a mount has cut it in two.
        request.root_path, request.path = "", path_of(environ)
        settings = self._settings
        try:
            problem = self._problem(request, resolution)
            response, unrendered = self._response(request, problem)
        except Exception as failure:
            log_failure(resolution, failure)
            return last_resort(status_of(resolution.error, settings), settings)
        if unrendered is not None:
            log_failure(resolution, unrendered)
        reported = unrendered is not None
        announce(self, request, settings, resolution, problem, reported=reported)
        return response

    def _is_for_a_developer(self, environ: WSGIEnvironment) -> bool:
        """Whether a bug is to reach a test or a debugger, as under Flask's TESTING and DEBUG."""
        settings = self._settings
        app = getattr(self.wsgi_app, "__self__", self.wsgi_app)
        if isinstance(app, Flask):
            settings = config.resolve({}, self._options, debug=app.debug, testing=app.testing)
        # Werkzeug's debugger leaves this, and Flask's test client where it is used with `with`.
        debugged = "werkzeug.debug.preserve_context" in environ
        environment = settings.environment
        return environment == "testing" or (environment == "development" and debugged)

    def _problem(self, request: Request, resolution: Resolution) -> Problem:
        environ, error, settings = request.environ, resolution.error, self._settings
        # A StatusKit inside may have named the request already.
        occurrence = Occurrence(id_of(environ, settings), request.path, environ=environ)
        return as_shown(describe(error, settings, occurrence), error)

    def _response(self, request: Request, problem: Problem) -> tuple[Response, Exception | None]:
        """The response, and what was wrong with a body that a constant one stands in for."""
        settings, dialect = self._settings, self._dialect
        unrendered: Exception | None = None
        try:
            if settings.negotiate:
                dialect = negotiate(request.headers.get("Accept"), dialect, _BY_ACCEPT)
            body = render(problem, dialect, _DUMPS, settings.max_body_bytes)
        except Exception as failure:
            unrendered = failure
            dialect, body = PROBLEM, constant_body(problem.status)
        headers = headers_of(problem, settings, dialect.content_type, len(body))
        return Response([body], status_line(problem.status), headers), unrendered
