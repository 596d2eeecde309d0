"""OpenAPI: the problems that operations are declared to answer with, from the classes themselves.

    @raises ─▶ document, register ─┐
    problem_responses(NotFound) ───┼▶ responses ─▶ schemas, headers, an example each
    components() ──────────────────┘

A problem type, and a bare status, has one schema; several errors of one status are told apart by
their ``type``. The package itself does not import this one, which needs marshmallow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask

from ..contract import error_class
from ..exceptions import StatusError
from .completion import complete
from .libraries import register
from .parts import Json
from .schemas import FieldErrorSchema, ProblemSchema
from .writer import writer_for

__all__ = [
    "FieldErrorSchema",
    "ProblemSchema",
    "components",
    "document",
    "problem_responses",
    "register",
]


def problem_responses(
    *errors: type[StatusError] | int, version: str = "3.1", app: Flask | None = None
) -> Json:
    """The Responses Object of errors; their schemas are those of `components`.

    Parameters:
        errors: classes of errors, or statuses for the bare ones, as for `raises`.
        version: the version of OpenAPI, 3.0 or 3.1.
        app: the application, whose settings decide about statuses, URIs and headers (default: the
            current one; without any, the settings have their defaults).

    Raises:
        TypeError, ValueError: what is given is no error of ours, or no such version.

    >>> from flask_statuskit import NotFound
    >>> problem_responses(NotFound)["404"]["content"]["application/problem+json"]["schema"]
    {'$ref': '#/components/schemas/NotFound'}
    """
    classes = [error_class(error) for error in errors]
    with writer_for(version, app, classes) as writer:
        return writer.responses(classes)


def components(
    *errors: type[StatusError] | int, version: str = "3.1", app: Flask | None = None
) -> Json:
    """The Components Object of errors: schemas, headers, and a response for each of them.

    Parameters:
        errors: as for `problem_responses` (default: every problem type that has been defined, and
            every status that an application may answer with).
        version: the version of OpenAPI, 3.0 or 3.1.
        app: the application (default: the current one).

    Raises:
        TypeError, ValueError: what is given is no error of ours, or no such version.

    >>> from flask_statuskit import Unauthorized
    >>> {section: list(parts) for section, parts in components(Unauthorized).items()}
    ... # doctest: +NORMALIZE_WHITESPACE
    {'schemas': ['Problem', 'FieldError', 'Unauthorized'],
     'headers': ['WWW-Authenticate', 'X-Request-ID'],
     'responses': ['Unauthorized']}
    """
    classes = [error_class(error) for error in errors]
    with writer_for(version, app, classes) as writer:
        return writer.components(classes or writer.everything())


def document(spec: Mapping[str, Any], app: Flask | None = None) -> Json:
    """An OpenAPI document, with the problems that the views of an application declare by `raises`.

    Added are responses of statuses that an operation does not describe yet, and the components that
    they, or anything else in the document, refer to. What stands there is never changed; a schema
    of ours whose name is taken by another one is called ``...Problem``. What is complete stays as
    it is.

    Parameters:
        spec: the document, as a dictionary. It stays as it is.
        app: the application (default: the current one).

    Raises:
        ValueError: the document is of no version that is known.
        RuntimeError: there is no application.
    """
    return complete(spec, app, frozenset())
