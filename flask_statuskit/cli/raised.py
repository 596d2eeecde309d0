"""What is explained: an exception that nobody has raised, in a request that nobody has sent."""

from __future__ import annotations

import builtins
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from flask import (
    Flask,
    appcontext_tearing_down,
    got_request_exception,
    request,
    request_tearing_down,
)
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from .. import exceptions
from ..contract import operations
from ..exceptions import StatusError
from ..members import members_of
from ..reply import problem_raised

if TYPE_CHECKING:
    from ..extension import State

#: Python 3.10 has no groups; nothing is an instance of ().
GROUPS: Any = getattr(builtins, "BaseExceptionGroup", ())


class Made(NamedTuple):
    """An exception, and its origin.

    Attributes:
        error: the exception.
        origin: "abort", which makes it whenever it is called; its class, "whole" as somebody may
            raise it; or, "empty", around a constructor that wants arguments.
    """

    error: Exception
    origin: str


def class_name(cls: type[BaseException]) -> str:
    module = "" if cls.__module__ == "builtins" else f"{cls.__module__}."
    return f"{module}{cls.__qualname__}"


def make(name: str, app: Flask, state: State) -> tuple[type[Exception], Made | None]:
    """Make the exception that a user has named.

    Parameters:
        name: the name of its class, or a status.
        app: the application.
        state: what is known of it.

    Raises:
        BadParameter: it is no name of an exception.

    Returns:
        its class; and the exception, None where nothing can be made of that.
    """
    if name.isdecimal():
        try:
            app.aborter(int(name))
        except LookupError:
            raise click.BadParameter(
                f"{name} is the status of no error that abort() knows: type one of `flask statuskit"
                " statuses`, 400 or above."
            ) from None
        except Exception as error:
            return type(error), Made(error, "abort")
    found = _imported(name) if "." in name else _by_bare_name(name, state)
    if not (isinstance(found, type) and issubclass(found, BaseException)):
        known = "is not known by its bare name" if found is None else "is no class of exceptions"
        raise click.BadParameter(f"{name} {known}: type {_dotted(name)}.")
    if not issubclass(found, Exception):
        raise click.BadParameter(f"{name} is no Exception, so Flask lets it pass.")
    return found, _made(found)


def _by_bare_name(name: str, state: State) -> Any:
    for cls in state.kit.problem_types():
        if name in (cls.__name__, cls.type):
            return cls
    return getattr(exceptions, name, None) or getattr(builtins, name, None)


def _dotted(name: str) -> str:
    """What to type for a bare name: the class that has it, where one has been imported."""
    pending, found = [Exception], set[str]()
    while pending:
        for cls in pending.pop().__subclasses__():
            pending.append(cls)
            if cls.__name__ == name and "<locals>" not in cls.__qualname__:
                found.add(class_name(cls))
    return " or ".join(sorted(found)) or "a dotted name such as sqlalchemy.exc.NoResultFound"


def _imported(name: str) -> Any:
    module, *rest = name.split(".")
    try:
        found: Any = import_module(module)
        for part in rest:
            if not hasattr(found, part):
                import_module(f"{module}.{part}")
            found, module = getattr(found, part), f"{module}.{part}"
    except Exception as error:
        # Modules may fail in any way.
        said = f"{type(error).__name__}: {error}"
        raise click.BadParameter(f"{name} cannot be imported: {said}.") from None
    return found


def _made(cls: type[Exception]) -> Made | None:
    members: dict[str, Any] = {}
    if issubclass(cls, StatusError):
        members = {member.name: member.example for member in members_of(cls)}
    # The last is how a group is made.
    tried: list[Any] = [(), ("...",), ("...", [Exception(), Exception()])]
    for arguments in tried:
        try:
            return Made(cls(*arguments, **members), "whole")
        except Exception:
            continue  # a constructor may want anything
    try:
        error = cls.__new__(cls)
    except Exception:
        return None
    # What these set is read of every error that has a status.
    if isinstance(error, StatusError):
        StatusError.__init__(error, **members)
    elif isinstance(error, HTTPException):
        HTTPException.__init__(error)
    return Made(error, "empty")


def operation(app: Flask, endpoint: str | None, method: str | None) -> tuple[Rule | None, str]:
    """The URL rule of an endpoint, None without one, and the method to call it with.

    Raises:
        BadParameter: nothing leads there, or not with this method.
    """
    if endpoint is None:
        return None, (method or "GET").upper()
    served = [(rule, m) for rule, m in operations(app) if rule.endpoint == endpoint]
    if not served:
        known = "No URL leads to the" if endpoint in app.view_functions else "There is no"
        raise click.BadParameter(
            f"{known} endpoint {endpoint}. `flask statuskit routes` lists those to use."
        )
    wanted = (method or served[0][1]).upper()
    for rule, _ in served:
        if wanted in (rule.methods or ()):
            return rule, wanted
    methods = ", ".join(sorted({m for _, m in served}))
    raise click.BadParameter(f"{endpoint} answers {methods}, and not {wanted}.")


#: A variable of a URL rule, and values that are read by converters for which "1" is none.
_VARIABLE = re.compile(r"<(?:(\w+)(?:\(.*?\))?:)?\w+>")
_VALUES = {"float": "1.0", "uuid": "00000000-0000-0000-0000-000000000000"}


def _filled(pattern: str | None) -> str:
    return _VARIABLE.sub(lambda variable: _VALUES.get(variable[1], "1"), pattern or "")


@contextmanager
def unsent_request(app: Flask, rule: Rule | None, method: str, accept: str) -> Iterator[None]:
    """A request that a URL rule has matched, or none."""
    path, host, subdomain = "/", "", ""
    if rule:
        path, host, subdomain = _filled(rule.rule), _filled(rule.host), _filled(rule.subdomain)
    # The command's own context has its teardown functions run in the end. They are to find nothing
    # of what a handler has left in `g`, or in a session of a database.
    with (
        _without_teardown(app),
        app.app_context(),
        app.test_request_context(
            path,
            subdomain=subdomain or None,
            method=method,
            headers={"Accept": accept},
            environ_overrides={"HTTP_HOST": host} if host else {},
        ),
    ):
        if request.url_rule is not rule:
            request.url_rule = rule
            request.view_args = dict.fromkeys(rule.arguments, "1") if rule else None
        yield


@contextmanager
def _without_teardown(app: Flask) -> Iterator[None]:
    """Contexts end without the functions that commit, or close, what no view has begun."""
    before = app.teardown_request_funcs, app.teardown_appcontext_funcs
    app.teardown_request_funcs, app.teardown_appcontext_funcs = {}, []
    try:
        with request_tearing_down.muted(), appcontext_tearing_down.muted():
            yield
    finally:
        app.teardown_request_funcs, app.teardown_appcontext_funcs = before


@contextmanager
def unheard() -> Iterator[None]:
    """Nothing has happened, so neither the log nor those who count problems are to hear of it."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        with problem_raised.muted(), got_request_exception.muted():
            yield
    finally:
        logging.disable(before)
