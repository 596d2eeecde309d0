"""`StatusKit`: what a user holds in hand, and where the flow is put into an application.

exception ─ resolve ─▶ StatusError ─ describe ─▶ Problem ─ redacted ─▶ Problem ─ render ─▶ Response
            mapping                  describe              reply                 dialects

`handlers` decides which exceptions come this way, `response` takes them along it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import replace
from logging import ERROR
from typing import TYPE_CHECKING, Any, TypeVar, overload

from flask import Flask
from jinja2 import Environment

from . import audit, cli, config, request_json
from . import integrations as libraries
from .config import Settings
from .current import find_state
from .dialects import MEDIA_TYPE, Dialect, Dumps, Renderer, essence
from .exceptions import ERRORS, StatusError
from .handlers import find_error_handler
from .log import log
from .mapping import Builder, BuilderT, Mapping
from .reply import BY_ACCEPT

if TYPE_CHECKING:
    from .catalog import Operations

RendererT = TypeVar("RendererT", bound=Renderer)


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
        self.integrations: tuple[str, ...] = (
            (integrations,) if isinstance(integrations, str) else tuple(integrations)
        )
        self._default_integrations = default_integrations
        self._options = options
        self.mapping: Mapping = Mapping()
        libraries.install_readers(self.mapping)
        #: Body formats of the user's own, by their media types.
        self.dialects: dict[str, Dialect] = {}
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
        state = find_state(app)
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
            {*self.integrations, *state.settings(app).integrations},
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
        audit.install(app)
        catalog_url = state.settings(app).catalog_url
        if catalog_url is not None:
            # Here, since few applications mount it, and no other needs it.
            from . import catalog

            catalog.install(app, catalog_url)
        app.cli.add_command(cli.group)

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

    def dialect(self, media_type: str) -> Callable[[RendererT], RendererT]:
        """Register a body format of your own; a decorator for the function that makes the body.

        Clients get it if they ask for it by ``Accept``, or where STATUSKIT_DIALECT names it.

        Parameters:
            media_type: what is sent as Content-Type. That of a dialect of ours replaces it, also
                where it is the default.

        Raises:
            ValueError: `media_type` is no media type.

        The function takes the `Problem`, whose members are plain JSON values, and returns text,
        bytes, or what becomes JSON. Where it raises, a constant body goes out:

        >>> statuskit = StatusKit()
        >>> @statuskit.dialect("application/vnd.acme.error+json")
        ... def acme(problem):
        ...     return {"fault": problem.title, "see": problem.type}
        """
        # Without the parentheses, this is the function that was to be decorated.
        if not isinstance(media_type, str) or not re.fullmatch(MEDIA_TYPE, media_type):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(
                f"{media_type!r} is no media type:"
                " type @statuskit.dialect('application/vnd.acme.error+json')."
            )
        name = essence(media_type)
        aliases = next((d.aliases for d in BY_ACCEPT if d.media_type == name), ())

        def register(render: RendererT) -> RendererT:
            self.dialects[name] = Dialect(media_type, render, aliases)
            return render

        return register

    def problem_types(self) -> list[type[StatusError]]:
        """The problem types that have been defined, by their types."""
        pending, found = [StatusError], set[type[StatusError]]()
        while pending:
            pending.extend(pending.pop().__subclasses__())
            found.update(cls for cls in pending if cls.type != "about:blank")
        return sorted(found, key=lambda cls: (cls.type, cls.__qualname__))


class State:
    """What is known of one application; refers to it only where its Jinja environment does."""

    def __init__(self, kit: StatusKit, app: Flask, options: dict[str, Any]) -> None:
        self.kit = kit
        self.mapping: Mapping = Mapping(parent=kit.mapping)
        request_json.install(self.mapping)
        self.libraries: tuple[Any, ...] = ()
        #: What our templates are rendered in, once there is something to render.
        self.pages: Environment | None = None
        #: What problems become JSON by, and what it was made with.
        self.encoder: tuple[Any, Dumps] = None, str
        #: Where the catalogue is mounted.
        self.catalog: str | None = None
        #: Who declares what, as the catalogue says it, and the settings that held then.
        self.operations: tuple[Settings, Operations] | None = None
        #: What the auditor has found and told of, by endpoint, rule and error.
        self.told: dict[tuple[str | None, str, str | None], audit.Finding] = {}
        self._way_is_clear = False
        self.options = options
        now = _snapshot(app)
        self._resolved: tuple[dict[str, Any], Settings] = now, self._resolve(now)

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
        """The settings that hold now; resolved anew only when ``app.config`` has changed."""
        seen, settings = self._resolved
        try:
            # One comparison of dictionaries, most of whose values are the same objects.
            changed = seen != app.config
        except Exception:
            # Arrays, for instance, have no plain answer.
            changed = True
        if changed:
            # What is resolved is what later ones are compared with, whoever changes it meanwhile.
            seen = _snapshot(app)
            try:
                settings = self._resolve(seen)
            except config.ConfigError as error:
                # At start-up it would have been refused. An error on its way out cannot wait, and
                # must not show internals because somebody mistyped the end of that.
                log(ERROR, "%s The settings from before stay, in production.", error)
                settings = replace(settings, environment="production", expose_internals=False)
            self._resolved = seen, settings
        return settings

    def forget_settings(self) -> None:
        """Have them resolved anew: `options` have changed, which nobody expects."""
        self._resolved = {}, self._resolved[1]

    def _resolve(self, now: dict[str, Any]) -> Settings:
        return config.resolve(now, self.options, debug=now["DEBUG"], testing=now["TESTING"])


def _snapshot(app: Flask) -> dict[str, Any]:
    """The configuration, to be compared with a later one."""
    now = dict(app.config)
    for key in config.KEYS:
        # It may be changed in place. Nothing else is copied; a copied function may well differ.
        if isinstance(now.get(key), (dict, list, set)):
            now[key] = copy(now[key])
    return now
