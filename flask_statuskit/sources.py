"""What the source of a view raises, for whoever compares it with what the view declares.

It reads functions, and follows what it can see: names to the classes they stand for, variables to
their assignments, errors into the ``except`` that catches them. What it cannot resolve it leaves
out. So it misses errors, and what it finds is there: a check that cries wolf is one that people
turn off.
"""

from __future__ import annotations

import ast
import inspect
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from .contract import (
    blueprints_of,
    class_of,
    declared,
    declared_by,
    functions_of,
    identity_of,
    is_declared,
    layers_of,
    registered_hooks,
)
from .current import state_of
from .exceptions import StatusError
from .statements import Found, Function, Walk, is_generator


@dataclass(frozen=True)
class Reading:
    """What the source of a function, and of those that it is decorated with, says.

    Attributes:
        found: the errors, each with the place where it comes from.
        unread: the names of functions that have no source to read.
    """

    found: tuple[Found, ...] = ()
    unread: tuple[str, ...] = ()


# What is compared ---------------------------------------------------------------------------------


def view_of(app: Flask, endpoint: str) -> Any:
    """The function or class that a developer has written for an endpoint."""
    view = app.view_functions[endpoint]
    return class_of(view) or view


def read_operation(app: Flask, endpoint: str, method: str) -> Reading:
    """What a view raises when it answers a method.

    Parameters:
        app: the application.
        endpoint: the endpoint.
        method: the method of a request.
    """
    view = app.view_functions[endpoint]
    readings = [read(app, function, class_of(view)) for function in functions_of(view, method)]
    return Reading(
        tuple(dict.fromkeys(found for reading in readings for found in reading.found)),
        tuple(dict.fromkeys(name for reading in readings for name in reading.unread)),
    )


def missing(app: Flask, rule: Rule, method: str) -> list[Found]:
    """What a view raises when it answers a method, and does not declare.

    Nothing is missing from a view that is not the developer's to mend, nor where something else
    than StatusKit answers: an error handler of the application, or Flask beside
    STATUSKIT_URL_PREFIXES.

    Parameters:
        app: the application.
        rule: one of its URL rules.
        method: a method of that.
    """
    endpoint = rule.endpoint
    if not state_of(app).settings(app).serves(rule.rule):
        return []
    if not is_own(app, view_of(app, endpoint)):
        return []
    found = read_operation(app, endpoint, method).found
    return _undeclared(app, found, declared_by(app, endpoint, method) or (), endpoint)


def hooks(app: Flask) -> Iterator[tuple[Any, str | None]]:
    """The developer's functions that run before views, each with its blueprint's name if any."""
    for registered in registered_hooks(app):
        for name, functions in registered.items():
            yield from ((hook, name) for hook in functions if is_own(app, hook))


def missing_of_hook(app: Flask, hook: Any, blueprint: str | None) -> list[Found]:
    """What a function raises that runs before views, and neither it nor its blueprint declares.

    Parameters:
        app: the application.
        hook: the function.
        blueprint: the name of the blueprint whose views it runs before; None means all views.
    """
    holders = [hook, app, app.blueprints.get(blueprint) if blueprint else None]
    errors = [error for holder in holders for error in declared(holder) or ()]
    endpoint = f"{blueprint}." if blueprint else ""
    return _undeclared(app, read(app, hook).found, errors, endpoint)


def _undeclared(
    app: Flask, found: Iterable[Found], errors: Sequence[type[StatusError]], endpoint: str
) -> list[Found]:
    settings = state_of(app).settings(app)
    return [
        one
        for one in found
        if not is_declared(identity_of(one.error, settings), errors, settings)
        and not _has_handler(app, one.raised, endpoint)
    ]


def _has_handler(app: Flask, raised: type[Exception], endpoint: str) -> bool:
    """Whether a handler of the application answers, and not StatusKit."""
    # One that nobody constructs: a constructor may want anything.
    handler = type(app)._find_error_handler(app, raised.__new__(raised), blueprints_of(endpoint))
    return handler is not None and not state_of(app).gives_way(app, handler)


def is_own(app: Flask, target: Any) -> bool:
    """Whether a function or class is the developer's, and not of an installed library.

    Parameters:
        app: the application; of its own package all is the developer's, wherever it is installed.
        target: the function or class.
    """
    *_, innermost = layers_of(target)
    module = str(getattr(innermost, "__module__", ""))
    top = module.partition(".")[0]
    if top == __name__.partition(".")[0]:
        return False
    if top == app.import_name.partition(".")[0]:
        return True
    file = getattr(sys.modules.get(module), "__file__", None)
    return file is None or not _is_installed(Path(file))


def _is_installed(file: Path) -> bool:
    if {"site-packages", "dist-packages"} & {*file.parts}:
        return True
    paths = sysconfig.get_paths()
    return any(file.is_relative_to(paths[name]) for name in ("stdlib", "platstdlib"))


# Reading ------------------------------------------------------------------------------------------


def read(app: Flask, function: Any, cls: type | None = None) -> Reading:
    """What a function raises, with those that its decorators have put around it.

    Parameters:
        app: the application, whose ``aborter`` knows what ``abort(404)`` raises.
        function: the function.
        cls: the class whose method it is.
    """
    layers = list(layers_of(function))
    inner, result = None, Reading()
    for outer, layer in reversed(list(zip([None, *layers], layers, strict=False))):
        if isinstance(layer, FunctionType):
            # An object that can be called is a layer, too, around the method that it calls.
            is_call = outer is not None and layer is type(outer).__call__
            result = _read_layer(app, layer, type(outer) if is_call else cls, inner, result)
        elif inner is None:
            result = _unread(layer, result)
        inner = layer
    return replace(result, found=tuple(dict.fromkeys(result.found)))


def _read_layer(
    app: Flask, function: FunctionType, cls: type | None, inner: Any, of_inner: Reading
) -> Reading:
    node = _parsed(function.__code__)
    if node is None:
        return _unread(function, of_inner)
    if is_generator(node):
        # It runs while the response is sent, when there is no other to answer with.
        return of_inner
    walk = Walk(app.aborter.mapping, function, cls, inner, of_inner.found)
    walk.function(node)
    # A wrapper calls what it wraps, in one way or another.
    found = walk.found if walk.called else [*of_inner.found, *walk.found]
    return replace(of_inner, found=tuple(found))


def _parsed(code: CodeType) -> Function | None:
    """The function of a code object, with the line numbers of its file; None without a source."""
    try:
        # Of the code, as the source of a function is that of the one it wraps.
        lines, first = inspect.getsourcelines(code)
        source, before = "".join(lines), 0
        if source[:1].isspace():
            # Not dedented: that would change what is inside of strings.
            source, before = f"if 1:\n{source}", 1
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    ast.increment_lineno(tree, first - 1 - before)
    node = tree.body[0]
    node = node.body[0] if before and isinstance(node, ast.If) else node
    # Of another name: it is a lambda, or the file has changed since.
    return node if isinstance(node, Function) and node.name == code.co_name else None


def _unread(layer: Any, of_inner: Reading) -> Reading:
    name = getattr(layer, "__qualname__", type(layer).__qualname__)
    return replace(of_inner, unread=(*of_inner.unread, name))
