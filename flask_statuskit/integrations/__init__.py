"""How other libraries' exceptions become ours, one small module for each library.

None is imported before its integration is on, and none imports its library. A module has

- `install(mapping, *, explicit)`: enters the library's exceptions,
- `field_errors(exception)`, where the library reports validation errors (see `_READERS`),
- `init_app(app)`, where the library has to be met at start-up,
- `is_default(app, handler)`, where the library registers error handlers of its own: tells those
  that are its defaults, and so give way, from those that are the application's choice,
- `give_way(app)`, where it gets in the way of problems otherwise: called once, at the first error.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from typing import Any

from ..mapping import Mapping
from ..problem import FieldError

#: Every integration, and whether it is on unless `default_integrations=False`.
INTEGRATIONS = {
    "marshmallow": True,
    "webargs": True,
    "flask_limiter": True,
    "flask_jwt_extended": True,
    "flask_smorest": False,
    "apiflask": False,
    "flask_restx": False,
    "flask_openapi3": False,
    "pydantic": False,
    "sqlalchemy": False,
    "httpx": False,
    "requests": False,
    "redis": False,
}

#: The validation errors whose field errors can be read, whatever the application maps them to.
_READERS = {
    "marshmallow.exceptions.ValidationError": "marshmallow",
    "pydantic.ValidationError": "pydantic",
}


def install_readers(mapping: Mapping) -> None:
    """Have field errors read also where the application maps a validation error itself."""
    for exception, name in _READERS.items():
        mapping.read_errors(exception, _reader(name))


def install(mapping: Mapping, named: Iterable[str], *, defaults: bool) -> tuple[Any, ...]:
    """Enter the tables of the integrations that are on, and return their modules.

    Parameters:
        mapping: where to enter them.
        named: the integrations that the application asked for.
        defaults: whether those are on, too, that need no asking.

    Raises:
        ValueError: there is no integration of that name.
    """
    named = set(named)
    for name in named - INTEGRATIONS.keys():
        near = difflib.get_close_matches(name, INTEGRATIONS, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(INTEGRATIONS)}."
        raise ValueError(f"There is no integration {name!r}: {hint}")
    modules: list[Any] = []
    for name, default in INTEGRATIONS.items():
        if name in named or (default and defaults):
            modules.append(_module(name))
            mapping.author = name
            modules[-1].install(mapping, explicit=name in named)
    mapping.author = None
    return tuple(modules)


@cache
def _module(name: str) -> Any:
    return import_module(f"{__name__}.{name}")


def _reader(name: str) -> Callable[[Any], Iterable[FieldError]]:
    return lambda exception: _module(name).field_errors(exception)
