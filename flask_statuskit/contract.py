"""The contract: which problems a view answers with, as it says itself.

    @app.post("/orders")
    @raises(OutOfCredit, ValidationError)
    def order(): ...

`raises` leaves a mark, and the view as it is: a request pays nothing for it. The catalogue, OpenAPI
documents and `flask statuskit routes` read it. The auditor holds it against what happens (SK700),
`testing.record_problems` against a whole run of tests, `sources` against what the code says.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

from flask import Flask
from flask.views import MethodView
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.wrappers import Request

from .config import Settings
from .current import find_state
from .describe import status_of_class
from .exceptions import ERRORS, NotFound, RangeNotSatisfiable, StatusError
from .plain import text

Declarable = TypeVar("Declarable")
Errors = tuple[type[StatusError], ...]

#: An argument of a URL rule, with its converter, as Werkzeug reads it.
_ARGUMENT = re.compile(r"<(?:[a-zA-Z_]\w*(?:\(.*?\))?:)?([a-zA-Z_]\w*)>")

#: The modules whose functions are views: of the catalogue, and what `assert_no_leaks` puts in place
#: of all. Any other function of ours is a view because the application has made it one.
_GIVEN = frozenset({f"{__package__}.catalog", f"{__package__}.testing.leaks"})

#: Where the mark is left. What `functools.wraps` copies includes it.
_MARK = "__statuskit_raises__"


def raises(*errors: type[StatusError] | int) -> Callable[[Declarable], Declarable]:
    """Declare the problems that a view answers with; a decorator.

    It goes on functions, methods, and classes of views, above or below ``@app.get``; on a blueprint
    or an application, for all of its views; on a function for ``before_request``, for the views it
    runs before; and on a helper that views call, whose errors `flask statuskit routes --check`
    then expects them to declare. Declarations add up. With no errors, it declares that there are
    none.

    A problem is known by its status and type: `Conflict` declares the bare 409, and not the
    problem types that are derived from it. That a bug is a 500 need not be declared.

    Parameters:
        errors: classes of errors, or statuses for the bare ones.

    Raises:
        TypeError: what was declared is no error of ours, or what declares it cannot be marked.
        ValueError: there is no error of that status.

    >>> @raises(NotFound, 409)
    ... def rename_user(id): ...
    >>> [error.__name__ for error in declared(rename_user)]
    ['NotFound', 'Conflict']
    """
    classes = tuple(map(error_class, errors))

    def declare(target: Declarable) -> Declarable:
        # The attribute of a method is its function's.
        holder: Any = getattr(target, "__func__", target)
        known = vars(holder).get(_MARK, ()) if hasattr(holder, "__dict__") else ()
        try:
            setattr(holder, _MARK, tuple(dict.fromkeys((*known, *classes))))
        except (AttributeError, TypeError):
            raise TypeError(
                f"{target!r} cannot carry a declaration: put @raises on a function, a class, a"
                " blueprint or an application."
            ) from None
        return target

    return declare


def error_class(error: Any) -> type[StatusError]:
    """The class that somebody declares by itself or by its status.

    Raises:
        TypeError: it is no error of ours, or has no status.
        ValueError: there is no error of that status.
    """
    if isinstance(error, int) and not isinstance(error, bool):
        if not 400 <= error <= 599:
            raise ValueError(f"{error} is the status of no error.")
        if error not in ERRORS:
            raise ValueError(
                f"{error} is no registered 4xx or 5xx status: declare your class that has it."
            )
        return ERRORS[error]
    if not (inspect.isclass(error) and issubclass(error, StatusError)):
        raise TypeError(f"{error!r} cannot be declared: type {_instead_of(error)}.")
    if error.code is None:
        raise TypeError(f"{error.__name__} has no status: declare its subclasses.")
    return error


def _instead_of(mistaken: object) -> str:
    cls = mistaken if inspect.isclass(mistaken) else type(mistaken)
    if issubclass(cls, StatusError):
        return f"{cls.__name__}, without parentheses"
    if issubclass(cls, HTTPException) and cls.code in ERRORS:
        return f"flask_statuskit.{ERRORS[cls.code].__name__}"
    if issubclass(cls, BaseException):
        return "the class that it is mapped to"
    return "@raises(NotFound), with the errors in parentheses"


# Reading ------------------------------------------------------------------------------------------


def declared(target: Any) -> Errors | None:
    """What a function, class, blueprint or application declares itself; None if nothing.

    Parameters:
        target: the object; of a decorated function all layers count, of a class its bases, and of
            any other object its class.
    """
    found: list[Errors] = []
    for layer in layers_of(target):
        cls = layer if isinstance(layer, type) else type(layer)
        for holder in (layer, *cls.__mro__):
            mark = getattr(holder, "__dict__", {}).get(_MARK)
            if mark is not None:
                found.append(mark)
    return _sum(found) if found else None


def layers_of(view: Any) -> Iterator[Any]:
    """A function and those that its decorators have wrapped, the outermost first.

    Of an object that can be called, the last is the function that this calls.
    """
    seen: dict[int, Any] = {}
    while view is not None and id(view) not in seen:
        seen[id(view)] = view
        # A method is looked at as the function that it is made of.
        view = getattr(view, "__func__", view)
        yield view
        view = _inside(view)


def _inside(layer: Any) -> Any:
    """What a layer calls; None if it is the last."""
    if isinstance(layer, partial):
        return layer.func
    wrapped = getattr(layer, "__wrapped__", None)
    if wrapped is None and callable(layer) and not isinstance(layer, type):
        return None if inspect.isroutine(layer) else type(layer).__call__
    return wrapped


def class_of(view: Any) -> type[Any] | None:
    """The class of a class-based view, None if it is none."""
    classes = (getattr(layer, "view_class", None) for layer in layers_of(view))
    return next(filter(inspect.isclass, classes), None)


def functions_of(view: Any, method: str) -> list[Any]:
    """What a view runs for a method: its function, or that of its class as the last.

    Parameters:
        view: the view, as ``app.view_functions`` has it.
        method: the method of the request.
    """
    cls, found = class_of(view), [view]
    if cls is not None:
        found.append(getattr(cls, "dispatch_request", None))
        if issubclass(cls, MethodView):
            found.append(getattr(cls, method_that_answers(view, method).lower(), None))
    return [function for function in found if function not in (None, MethodView.dispatch_request)]


def method_that_answers(view: Any, method: str) -> str:
    """The method whose contract holds: for HEAD that of GET, unless a class has its own head()."""
    cls = class_of(view)
    has_head = cls is not None and issubclass(cls, MethodView) and hasattr(cls, "head")
    return "GET" if method == "HEAD" and not has_head else method


def declared_by(app: Flask, endpoint: str, method: str) -> Errors | None:
    """What an endpoint declares for a method, None if nobody has declared anything for it.

    Parameters:
        app: the application.
        endpoint: the endpoint.
        method: the method of a request.
    """
    view = app.view_functions.get(endpoint)
    if view is None:
        return None
    blueprints = (app.blueprints.get(name) for name in blueprints_of(endpoint))
    own = _declared_each([*functions_of(view, method), class_of(view), *blueprints, app])
    if _is_for_files(endpoint, view):
        own.append((NotFound, RangeNotSatisfiable))
    if not own:
        return None
    # What runs before the view adds to a contract and makes none: it knows nothing of the view.
    return _sum([*own, *_declared_each(hooks_of(app, endpoint))])


def hooks_of(app: Flask, endpoint: str) -> list[Any]:
    """The functions that run before the view of an endpoint."""
    names = (None, *reversed(blueprints_of(endpoint)))
    hooks: list[Any] = []
    for registered in registered_hooks(app):
        for name in names:
            hooks.extend(registered.get(name, ()))
    return hooks


def registered_hooks(app: Flask) -> tuple[Mapping[str | None, Iterable[Any]], ...]:
    """The functions that run before views, by blueprint, those of all views by None.

    The tables are in the order in which Flask goes through them.
    """
    return app.url_value_preprocessors, app.before_request_funcs


def blueprints_of(endpoint: str) -> list[str]:
    """The names of the blueprints of an endpoint, the innermost first."""
    name, names = endpoint.rpartition(".")[0], list[str]()
    while name:
        names.append(name)
        name = name.rpartition(".")[0]
    return names


def is_given(app: Flask, endpoint: str) -> bool:
    """Whether a view is Flask's own for files, or the catalogue's: nobody could decorate it."""
    view = app.view_functions.get(endpoint)
    return _is_for_files(endpoint, view) or _module_of(view) in _GIVEN


def _is_for_files(endpoint: str, view: Any) -> bool:
    return endpoint.rpartition(".")[2] == "static" and _module_of(view).startswith("flask.")


def _module_of(view: Any) -> str:
    innermost = [None, *layers_of(view)][-1]
    return str(getattr(innermost, "__module__", ""))


def _declared_each(holders: Iterable[Any]) -> list[Errors]:
    return [errors for holder in holders if (errors := declared(holder)) is not None]


def _sum(declarations: Iterable[Errors]) -> Errors:
    return tuple(dict.fromkeys(error for errors in declarations for error in errors))


def operations(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every URL rule of an application with each of its methods that a view answers.

    HEAD is left out where GET answers it, and OPTIONS where Flask does by itself.
    """
    for rule in app.url_map.iter_rules():
        methods = set(rule.methods or ())
        view = app.view_functions.get(rule.endpoint)
        if view is None or rule.build_only or rule.websocket:
            continue
        if "GET" in methods and method_that_answers(view, "HEAD") == "GET":
            methods.discard("HEAD")
        if getattr(rule, "provide_automatic_options", False):
            methods.discard("OPTIONS")
        for method in sorted(methods):
            yield rule, method


def template_of(rule: Rule) -> str:
    """The path of a URL rule as clients write it: /users/{id} for /users/<int:id>."""
    return _ARGUMENT.sub(r"{\1}", rule.rule)


# Comparing ----------------------------------------------------------------------------------------

#: How a problem is known: by its status, and the type as its class has it.
Identity = tuple[int, str]

#: Where the environ of a request keeps what `known_as` takes, of the problem that answers it. Not
#: the error itself, which would refer, by its traceback, to whoever keeps it.
ANSWERED = "flask_statuskit.problem"

_BUG: Identity = (500, "about:blank")


def identity_of(cls: type[StatusError], settings: Settings) -> Identity:
    """How the problems of a class are known."""
    return status_of_class(cls, settings), text(cls.type)


def known_as(status: int, type_: object, cls: type[StatusError]) -> tuple[Identity, str]:
    """How a problem is known, and what to call its class.

    Parameters:
        status: its status.
        type_: the type of the error.
        cls: the class of the error.
    """
    said, name = text(type_), cls.__name__
    if said != text(cls.type):
        # No class has that type, so none can declare it.
        name = f"{name} with a type of its own"
    return (status, said), name


def is_declared(known: Identity, errors: Iterable[type[StatusError]], settings: Settings) -> bool:
    """Whether a problem is among those that are declared; a bug always is."""
    return known == _BUG or any(identity_of(cls, settings) == known for cls in errors)


def undeclared(app: Flask, request: Request, status: int) -> str | None:
    """The class of the problem that a request was answered with, if its view should declare it.

    Parameters:
        app: the application.
        request: its request, answered. A view that declares nothing may answer with anything, and
            so may those that nobody could decorate: what runs before them is not theirs.
        status: the status of the response. With another than the problem's, something else was
            answered in its place; or the problem was another application's, asked before this one.
    """
    answered, endpoint = request.environ.get(ANSWERED), getattr(request, "endpoint", None)
    state = find_state(app)
    if answered is None or endpoint is None or state is None or is_given(app, endpoint):
        return None
    errors = declared_by(app, endpoint, request.method)
    if errors is None:
        return None
    known, name = known_as(*answered)
    if known[0] != status:
        return None
    return None if is_declared(known, errors, state.settings(app)) else name
