"""Where the libraries that make documents let us complete them. None of them is imported."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask

from ..current import find_state
from .completion import complete
from .writer import application

#: Where the method of a library is kept that ours stands for.
_WRAPS = "__statuskit_wraps__"


def register(target: Any, app: Flask | None = None) -> None:
    """Have a library that makes OpenAPI documents complete them as `document` does.

    It does not matter whether views are added before or after. Where the integration of the library
    is on, the errors that it documents by itself become problems as well.

    Parameters:
        target: an ``apispec.APISpec``, a ``flask_smorest.Api``, an ``apiflask.APIFlask``, or a
            ``flask_openapi3.OpenAPI``.
        app: the application, for an ``APISpec`` (default: the current one when the document is
            made). The others know theirs.

    Raises:
        TypeError: `target` is none of these.
        ValueError: it writes documents of a version that is not known, such as Swagger 2.0.
    """
    # By the class: attributes of an instance may be properties that make the document.
    cls: Any = type(target)
    if hasattr(cls, "generate_spec_json"):
        _register_openapi3(target)
    elif hasattr(cls, "_generate_spec") and hasattr(cls, "spec_processor"):
        _register_apiflask(target)
    elif hasattr(cls, "ERROR_SCHEMA") and hasattr(cls, "init_app"):
        _register_smorest(target)
    elif hasattr(cls, "to_dict") and hasattr(target, "openapi_version"):
        _register_apispec(target, app, frozenset)
    else:
        hint = "an apispec.APISpec, a flask_smorest.Api, an APIFlask or a flask_openapi3.OpenAPI"
        if isinstance(target, Mapping):
            hint = "document = openapi.document(document, app) for a dictionary"
        elif isinstance(target, Flask):
            hint = f"{hint}; for a document that you write yourself, openapi.document(spec, app)"
        elif cls.__module__.startswith("flask_restx"):
            hint = f"{hint}; flask-restx writes Swagger 2.0, which cannot describe these problems"
        raise TypeError(
            f"register() does not know {cls.__module__}.{cls.__qualname__}: type {hint}."
        )


def _register_apispec(spec: Any, app: Flask | None, theirs: Callable[[], frozenset[str]]) -> None:
    if spec.openapi_version.major < 3:
        raise ValueError(
            f"Swagger {spec.openapi_version} cannot describe these problems: type"
            " openapi_version='3.1.0'."
        )
    # Of all that it calls on plugins, nothing comes when all paths are there.
    _wrap(spec, "to_dict", lambda made: complete(made, app, theirs()))


def _register_smorest(api: Any) -> None:
    def app_of() -> Flask | None:
        # Private, but nothing else says it without a context; without it, the current one counts.
        return application(getattr(api, "_app", None))

    def add_spec(_: Any = None) -> None:
        _register_apispec(api.spec, app_of(), theirs)

    def theirs() -> frozenset[str]:
        is_default = _module(api.ERROR_SCHEMA) == _module(api.handle_http_exception)
        return _replaced(app_of(), "flask_smorest", Error=is_default)

    if api.spec is not None:
        add_spec()
    # It makes another document for each application.
    _wrap(api, "init_app", add_spec)


def _register_apiflask(app: Any) -> None:
    def theirs() -> frozenset[str]:
        schemas: Any = sys.modules["apiflask.schemas"]
        is_default = _module(app.error_callback).startswith(("apiflask.", "flask_statuskit."))
        kept = app.config["VALIDATION_ERROR_SCHEMA"] is schemas.validation_error_schema
        return _replaced(
            app,
            "apiflask",
            ValidationError=is_default and kept,
            HTTPError=is_default and app.config["HTTP_ERROR_SCHEMA"] is schemas.http_error_schema,
        )

    def add_spec(spec: Any) -> Any:
        _register_apispec(spec, app, theirs)
        return spec

    # Private. Its spec_processor is one, and the application's own; so that comes after us.
    _wrap(app, "_generate_spec", add_spec)


def _register_openapi3(app: Any) -> None:
    def theirs() -> frozenset[str]:
        is_default = _module(app.validation_error_model).startswith("flask_openapi3.")
        is_ours = _module(app.validation_error_callback).startswith("flask_statuskit.")
        return _replaced(app, "flask_openapi3", ValidationErrorModel=is_default and is_ours)

    def finish(_: Any) -> None:
        app.spec_json = complete(app.spec_json, app, theirs())

    _wrap(app, "generate_spec_json", finish)


def _replaced(app: Flask | None, integration: str, **schemas: bool) -> frozenset[str]:
    """The names of those schemas, if the integration of their library is on."""
    state = find_state(app) if app else None
    modules = [library.__name__ for library in state.libraries] if state else []
    is_on = any(name.rpartition(".")[2] == integration for name in modules)
    return frozenset(name for name, is_default in schemas.items() if is_default and is_on)


def _module(target: Any) -> str:
    return str(getattr(target, "__module__", ""))


def _wrap(target: Any, method: str, after: Callable[[Any], Any]) -> None:
    """Have a method of one object return what `after` makes of its value."""
    original = getattr(target, method)
    # Registered once more, it is not done twice.
    original = getattr(original, _WRAPS, original)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return after(original(*args, **kwargs))

    setattr(wrapped, _WRAPS, original)
    setattr(target, method, wrapped)
