"""How other libraries' exceptions become ours, one small module for each library.

A module has `install(mapping)`, and `field_errors(exception)` where its library reports validation
errors. None is imported before its integration is on, and none imports its library.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from ..mapping import Mapping
from ..problem import FieldError

#: Every integration, and whether it is on unless `default_integrations=False`.
INTEGRATIONS = {"marshmallow": True}

#: The validation errors whose field errors can be read, whatever the application maps them to.
_READERS = {"marshmallow.exceptions.ValidationError": "marshmallow"}


def install_readers(mapping: Mapping) -> None:
    """Have field errors read also where the application maps a validation error itself."""
    for exception, name in _READERS.items():
        mapping.read_errors(exception, _reader(name))


def install(mapping: Mapping, named: Iterable[str], *, defaults: bool) -> None:
    """Enter the tables of the integrations that are on.

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
    for name, default in INTEGRATIONS.items():
        if name in named or (default and defaults):
            _module(name).install(mapping, explicit=name in named)


def _module(name: str) -> Any:
    return import_module(f"{__name__}.{name}")


def _reader(name: str) -> Callable[[Any], Iterable[FieldError]]:
    return lambda exception: _module(name).field_errors(exception)
