"""marshmallow's ValidationError: a 422 that names each field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..exceptions import ValidationError
from ..mapping import Mapping
from ..problem import FieldError
from ..problem import field_errors as flatten

if TYPE_CHECKING:
    import marshmallow


def install(mapping: Mapping, *, explicit: bool) -> None:
    mapping.map("marshmallow.exceptions.ValidationError", ValidationError, explicit=explicit)


def field_errors(exception: marshmallow.ValidationError) -> Iterator[FieldError]:
    """The messages, flattened. The values that were sent (`data`, `valid_data`) are left out."""
    # marshmallow 3 has no annotation for it.
    messages: Any = exception.normalized_messages()  # type: ignore[no-untyped-call, unused-ignore]
    return flatten(messages)
