"""flask-openapi3: its validation errors, in place of the response that it makes of them.

It catches pydantic's exception and asks a callback of the application for a response. The default
callback answers with the exception as JSON, values and all; an application's own is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn, get_type_hints

from flask import current_app, request

from ..mapping import Mapping
from ..plain import Sentence
from ..problem import FieldError
from . import pydantic as models
from ._payload import invalid, placed

if TYPE_CHECKING:
    import pydantic
    from flask import Flask

#: Where a value stood, by the parameter of the view that has the model for it.
_PLACES = {
    "header": "header",
    "cookie": "cookie",
    "path": "path",
    "query": "parameter",
    "form": "pointer",
    "body": "pointer",
}


def install(mapping: Mapping, *, explicit: bool) -> None:
    """There is nothing to map: what `refuse` raises is ours already."""


def init_app(app: Flask) -> None:
    callback = getattr(app, "validation_error_callback", None)
    if getattr(callback, "__module__", "") == "flask_openapi3.utils":
        app.validation_error_callback = refuse  # type: ignore[attr-defined]


def refuse(exception: pydantic.ValidationError) -> NoReturn:
    """Raise what a model says of a request, with the status that the application has for that."""
    app: Any = current_app
    locations = _locations(exception)
    if locations == ["body"] and request.get_json(silent=True) is None:
        request.get_json()  # where that fails, it says why: 415, or 400 with line and column
    errors = field_errors(exception, locations)
    raise invalid(int(app.validation_error_status), {"errors": errors}) from None


def _locations(exception: pydantic.ValidationError) -> list[str]:
    """The parameters of the view that have the model which refused: one, or else it cannot be told.

    flask-openapi3 does not say where it was; but each location has a model, and pydantic names it.
    """
    hints = get_type_hints(current_app.view_functions[request.endpoint or ""])
    return [name for name in _PLACES if name in hints and _title(hints[name]) == exception.title]


def _title(model: type[pydantic.BaseModel]) -> str:
    return model.model_config.get("title") or model.__name__


def field_errors(exception: pydantic.ValidationError, locations: list[str]) -> Iterator[FieldError]:
    """The messages, with the place in the request; where that is unknown, with the bare name."""
    places = {_PLACES[location] for location in locations}
    if len(places) == 1:
        yield from placed(models.field_errors(exception), *places)
        return
    for error in models.field_errors(exception):
        name = (error.pointer or "").removeprefix("#/")
        said = Sentence("{name}: {detail}", name=name, detail=error.detail)
        yield replace(error, pointer=None, detail=said)
