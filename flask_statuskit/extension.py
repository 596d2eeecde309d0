"""`StatusKit`: what a user holds in hand, and where the flow is put into an application.

exception ─ resolve ─▶ StatusError ─ describe ─▶ Problem ─ redacted ─▶ Problem ─ render ─▶ Response
            mapping                  describe              response              dialects

`handlers` decides which exceptions come this way, `response` takes them along it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import replace
from logging import ERROR
from typing import Any, overload

from flask import Flask

from . import config, request_json
from . import integrations as libraries
from .config import Settings
from .exceptions import ERRORS, StatusError
from .handlers import find_error_handler
from .log import log
from .mapping import Builder, BuilderT, Mapping


class StatusKit:
    """Answers the errors of a Flask application with problem details (RFC 9457).

    Parameters:
        app: the application, or None to call `init_app` later.
        integrations: names of libraries whose exceptions to map, besides those that are on anyway.
        default_integrations: whether those are on anyway that need no asking.
        options: settings by the names of `Settings`; they win over ``app.config``.

    Raises:
        ConfigError: a setting of the application cannot be understood.
        TypeError: there is no such option.
        ValueError: there is no such integration.

    >>> app = Flask("shop")
    >>> statuskit = StatusKit(app, type_base="https://shop.example/problems")
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        integrations: Iterable[str] = (),
        default_integrations: bool = True,
        **options: Any,
    ) -> None:
        config.check_names((), options)
        self._integrations = (
            (integrations,) if isinstance(integrations, str) else tuple(integrations)
        )
        self._default_integrations = default_integrations
        self._options = options
        self.mapping = Mapping()
        libraries.install_readers(self.mapping)
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Set up an application; a second time, nothing happens.

        Parameters:
            app: the application, configured, before its first request.

        Raises:
            RuntimeError: another StatusKit has set it up, or it has answered requests already.
            ConfigError: a setting of the application cannot be understood.
        """
        state: State | None = app.extensions.get("statuskit")
        if state is not None:
            if state.kit is self:
                return
            raise RuntimeError(
                f"{app.name} already has a StatusKit. Import that instance and call its methods,"
                " or leave out one of the two."
            )
        if getattr(app, "_got_first_request", False):
            raise RuntimeError(
                f"{app.name} has already answered a request. Call init_app(app) where the"
                " application is made, before it serves anything."
            )
        if not hasattr(Flask, "_find_error_handler"):
            raise RuntimeError(
                "This Flask finds its handlers in a way flask-statuskit does not know."
            )
        config.check_names(app.config, ())
        state = State(self, app, self._options)
        state.libraries = libraries.install(
            state.mapping,
            {*self._integrations, *state.settings(app).integrations},
            defaults=self._default_integrations,
        )
        for library in state.libraries:
            if hasattr(library, "init_app"):
                library.init_app(app)
        for code, error_class in ERRORS.items():
            # abort(402) and others that Werkzeug has no class for.
            app.aborter.mapping.setdefault(code, error_class)
        app.extensions["statuskit"] = state
        # A plain function: a method bound to anything that knows the application would be a cycle.
        vars(app)["_find_error_handler"] = find_error_handler

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
        """Answer a foreign exception, and its subclasses, with an error of ours.

        Parameters:
            exception: its class, or the dotted name of it; a name is never imported.
            error: a `StatusError` class, a status, or a function that builds the error from the
                exception and may return None where it is not concerned. Without it, the method is
                a decorator for such a function.
            hints: what to build a class or status with: `detail` (shown, for a 5xx too), `type`,
                `title`, `headers`, `retry_after` (seconds, timedelta or datetime), members.

        Raises:
            TypeError: `exception` or `error` is none of these, or a member is missing or unknown.
            ValueError: the status or the name does not exist.

        >>> statuskit = StatusKit()
        >>> statuskit.map(TimeoutError, 504, retry_after=5)
        """
        return self.mapping.map(exception, error, **hints)

    def problem_types(self) -> list[type[StatusError]]:
        """The problem types that have been defined, by their types."""
        pending, found = [StatusError], set[type[StatusError]]()
        while pending:
            pending.extend(pending.pop().__subclasses__())
            found.update(cls for cls in pending if cls.type != "about:blank")
        return sorted(found, key=lambda cls: (cls.type, cls.__qualname__))


class State:
    """What is known of one application, without a reference to it."""

    def __init__(self, kit: StatusKit, app: Flask, options: dict[str, Any]) -> None:
        self.kit = kit
        self.mapping = Mapping(parent=kit.mapping)
        request_json.install(self.mapping)
        self.libraries: tuple[Any, ...] = ()
        self._way_is_clear = False
        self._options = options
        # The inputs are copied, since a list or a mapping may be changed in place.
        self._resolved = list(map(copy, _inputs(app))), self._resolve(app)

    def clear_the_way(self, app: Flask) -> None:
        """Have integrated libraries give way, once, when the first error is handled.

        All of them are initialised by then, so it does not matter who was first.
        """
        if not self._way_is_clear:
            for library in self.libraries:
                if hasattr(library, "give_way"):
                    library.give_way(app)
            # Last: the first errors of two threads may both do it, and neither may do without.
            self._way_is_clear = True

    def gives_way(self, app: Flask, handler: object) -> bool:
        """Whether an error handler is the default of an integrated library, nobody's choice."""
        return any(
            library.is_default(app, handler)
            for library in self.libraries
            if hasattr(library, "is_default")
        )

    def settings(self, app: Flask) -> Settings:
        """The settings that hold now; resolved anew only when something they depend on changed."""
        inputs, settings = self._resolved
        if inputs != _inputs(app):
            try:
                settings = self._resolve(app)
            except config.ConfigError as error:
                # At start-up it would have been refused. An error on its way out cannot wait, and
                # must not show internals because somebody mistyped the end of that.
                log(ERROR, "%s The settings from before stay, in production.", error)
                settings = replace(settings, environment="production", expose_internals=False)
            self._resolved = list(map(copy, _inputs(app))), settings
        return settings

    def _resolve(self, app: Flask) -> Settings:
        return config.resolve(app.config, self._options, debug=app.debug, testing=app.testing)


# None is a value; it switches some of the settings off. A copy of the Ellipsis is itself.
_UNSET: Any = ...


def _inputs(app: Flask) -> list[Any]:
    return [app.debug, app.testing, *(app.config.get(key, _UNSET) for key in config.KEYS)]
