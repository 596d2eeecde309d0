"""Who answers: a handler of the application, ours, or Flask itself.

Flask asks one method of the application which function handles an error. It asks for what a view
raised; for what no handler caught, it asks again with a 500 that has the exception as its
`original_exception`. `find_error_handler` stands in for that method. docs/design.md says why it is
this one.

1. Handlers of the application win, but a catch-all gives way to a mapping asked for by name.
2. A bug takes Flask's own path, and so does an exception that is mapped to a 5xx: it is logged with
   its traceback, signalled, and handed to teardown functions. Then Flask asks again.
3. All else is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from logging import ERROR
from typing import cast

from flask import Flask, got_request_exception, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import InternalServerError as FlasksServerError

from .config import Settings
from .current import state_of, this_app
from .dialects import PROBLEM, negotiate
from .exceptions import InternalServerError
from .log import log, one_line
from .mapping import Resolution, resolve
from .pages import HTML
from .response import BY_ACCEPT, respond

Handler = Callable[[Exception], ResponseReturnValue]

#: Where the environ of a request keeps what an exception was resolved to, and which.
_RESOLVED = "flask_statuskit.resolved"


def find_error_handler(error: Exception, blueprints: list[str]) -> Handler | None:
    """The handler of an error, None for Flask's own way; has the signature of Flask's method."""
    app = this_app()
    try:
        settings = state_of(app).settings(app)
        if settings.serves(request.path):
            return _choose(app, settings, error, blueprints)
    except Exception as failure:
        log(ERROR, "Choosing a handler failed; Flask goes its own way.", exc_info=failure)
    return cast("Handler | None", type(app)._find_error_handler(app, error, blueprints))


def is_served(app: Flask) -> bool:
    """Whether the request is for a part of the site in which problems are wanted."""
    return state_of(app).settings(app).serves(request.path)


@dataclass(frozen=True)
class _Question:
    """What Flask asks.

    Attributes:
        app: the application that handles a request.
        error: what a handler is wanted for.
        blueprints: the blueprints whose handlers count, the innermost first.
    """

    app: Flask
    error: Exception
    blueprints: list[str]

    def find(self, error: Exception) -> Handler | None:
        """The application's handler for an error, by Flask's rules.

        The default handler of an integrated library gives way to us, and to a catch-all as we do.
        It does not leave its place to handlers of base classes, which never saw these errors.
        """
        state = state_of(self.app)
        for wanted in (error, Exception()):
            found = type(self.app)._find_error_handler(self.app, wanted, self.blueprints)
            if found is None or not state.gives_way(self.app, found):
                return cast("Handler | None", found)
        return None

    def catches_all(self, handler: Handler, error: Exception) -> bool:
        """Whether a handler was found only because it handles every Exception."""
        registered = self.app.error_handler_spec
        code = error.code if isinstance(error, HTTPException) else None
        return not any(
            registered[name][key].get(cls) is handler
            for name in (*self.blueprints, None)
            for key in {code, None}
            for cls in type(error).__mro__
            if cls is not Exception
        )

    @property
    def cause(self) -> Exception | None:
        """What Flask made this 500 of, and has logged and signalled by now.

        No handler caught it, or it was raised where none is asked: in after_request functions, the
        session, URL converters, error handlers.
        """
        # Flask raises it nowhere. One that has a traceback is an application's own.
        if not isinstance(self.error, FlasksServerError) or self.error.__traceback__:
            return None
        cause = self.error.original_exception
        return cause if isinstance(cause, Exception) else None


def _choose(
    app: Flask, settings: Settings, error: Exception, blueprints: list[str]
) -> Handler | None:
    state = state_of(app)
    state.clear_the_way(app)
    question = _Question(app, error, blueprints)
    theirs = question.find(error)
    late = question.cause is not None
    raised = question.cause or error
    known, resolution = request.environ.pop(_RESOLVED, (None, None))
    if known is not raised and not _is_trapped(question, raised):
        resolution = resolve(raised, state.mapping, request.environ)
    if resolution is None:
        return _handler_of_a_bug(question, settings, theirs)

    if theirs is not None:
        asked_for = resolution.entry is not None and resolution.entry.explicit
        if not (asked_for if question.catches_all(theirs, error) else late):
            return theirs
    incident = _is_incident(resolution)
    answer: Handler = Answer(app, settings, resolution, reported=late or incident)
    if resolution.error is not error:
        theirs = question.find(resolution.error)
        if theirs is not None and not question.catches_all(theirs, resolution.error):
            answer = HandOver(app, theirs, resolution.error, answer if late else None)
    if late or not incident:
        return answer
    if isinstance(error, HTTPException) or propagates(app):
        # Flask's own path would end in a debugger or a test, or there is none.
        return Report(app, raised, answer)
    # Flask asks about it once more, and what built the error is not to run again.
    request.environ[_RESOLVED] = raised, resolution
    return None


def _is_trapped(question: _Question, raised: Exception) -> bool:
    """Whether TRAP_HTTP_EXCEPTIONS or its kin make a bug of an HTTPException."""
    app = question.app
    if not isinstance(raised, HTTPException) or not app.trap_http_exception(raised):
        return False
    asked_for = app.config["TRAP_HTTP_EXCEPTIONS"] or app.config["TRAP_BAD_REQUEST_ERRORS"]
    # Nobody did: debug mode traps missing keys of forms, for the debugger to show them.
    return bool(asked_for) or not _is_for_a_program(question)


def _is_incident(resolution: Resolution) -> bool:
    """Whether a 5xx stands for another exception: then somebody has to learn of that."""
    original = resolution.original
    # abort(503), also of another library, was meant as it is.
    is_meant = isinstance(original, HTTPException) and (original.code or 0) >= 500
    mapped = resolution.entry is not None and not is_meant
    return mapped and (resolution.error.code or 500) >= 500


def propagates(app: Flask) -> bool:
    """Whether Flask lets an unhandled exception through to the server."""
    configured: bool | None = app.config["PROPAGATE_EXCEPTIONS"]
    return bool(app.testing or app.debug) if configured is None else bool(configured)


def _handler_of_a_bug(
    question: _Question, settings: Settings, theirs: Handler | None
) -> Handler | None:
    app, error, cause = question.app, question.error, question.cause
    resolution = Resolution(InternalServerError(), cause or error)
    answer = Answer(app, settings, resolution, reported=True)
    if cause is not None:
        return answer if theirs is None else HandOver(app, theirs, error, answer)
    # An HTTPException here is a redirect, has a response of its own, or is trapped.
    if theirs is None and not isinstance(error, HTTPException):
        if _is_for_a_program(question):
            return Report(app, error, answer)
        if not propagates(app):
            request.environ[_RESOLVED] = error, None
    return theirs


def _is_for_a_program(question: _Question) -> bool:
    """Whether Werkzeug's debugger would answer a client that cannot use it.

    A browser is to have its debugger. A client that sends no Accept at all is most often Flask's
    own test client, whose users expect the exception itself.
    """
    app = question.app
    if not app.debug or app.testing or app.config["PROPAGATE_EXCEPTIONS"] is not None:
        return False
    accept = request.headers.get("Accept")
    if accept is None or negotiate(accept, PROBLEM, BY_ACCEPT) is HTML:
        return False
    return question.find(FlasksServerError(original_exception=question.error)) is None


# What the handlers do -----------------------------------------------------------------------------


@dataclass(eq=False, slots=True)
class Answer:
    """Answers with the problem of an error; `reported` says that the log has it at ERROR."""

    app: Flask
    settings: Settings
    resolution: Resolution
    reported: bool

    def __call__(self, _: Exception) -> ResponseReturnValue:
        return respond(self.app, self.settings, self.resolution, reported=self.reported)


@dataclass(eq=False, slots=True)
class HandOver:
    """Lets a handler of the application answer `error`, which was made of what was raised.

    Where Flask catches nothing any more, `fallback` answers what the handler fails at; the server
    would send a page of its own. To pass on what one does not own is no failure.
    """

    app: Flask
    handler: Handler
    error: Exception
    fallback: Handler | None

    def __call__(self, raised: Exception) -> ResponseReturnValue:
        error = self.error
        try:
            answered: ResponseReturnValue = self.app.ensure_sync(self.handler)(error)
        except Exception as failure:
            if self.fallback is None:
                raise
            if failure is not error and failure is not getattr(error, "original_exception", None):
                log(ERROR, f"The handler of {type(error).__name__} failed.", exc_info=failure)
            return self.fallback(raised)
        return answered


@dataclass(eq=False, slots=True)
class Report:
    """Logs and signals an incident that does not take Flask's own path, then has it answered."""

    app: Flask
    raised: Exception
    answer: Handler

    def __call__(self, error: Exception) -> ResponseReturnValue:
        got_request_exception.send(
            self.app, _async_wrapper=self.app.ensure_sync, exception=self.raised
        )
        method, path = one_line(request.method), one_line(request.path)
        self.app.logger.error("Exception on %s [%s]", path, method, exc_info=self.raised)
        return self.answer(error)
