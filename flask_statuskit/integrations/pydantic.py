"""pydantic's ValidationError: a 422 that names each value, and repeats none of them.

Only by name: pydantic refuses data of the server's own as well, and that is no client's mistake.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, get_args

from ..exceptions import ValidationError
from ..mapping import Mapping
from ..plain import Sentence, text
from ..problem import FieldError, json_pointer
from ..problem import field_errors as flatten

#: By error type, what to say in place of a message that quotes from the input,
_SENTENCES = {
    "union_tag_invalid": Sentence("{discriminator} should be one of: {expected_tags}"),
    "bytes_invalid_encoding": Sentence("Data should be valid {encoding}"),
    "timezone_offset": Sentence("Timezone offset of {tz_expected} required"),
    "uuid_parsing": Sentence("Input should be a valid UUID"),
    "zoneinfo_str": Sentence("Input should be a valid timezone"),
    "byte_size_unit": Sentence("Input should have a valid byte unit"),
    "base64_decode": Sentence("Data should be valid base64"),
    "import_error": Sentence("Input should be a valid python path"),
    # or from an exception that was raised while it was read,
    "get_attribute_error": Sentence("Input has an attribute that cannot be read"),
    "iteration_error": Sentence("Input should be iterable"),
    "mapping_type": Sentence("Input should be a valid mapping"),
    "datetime_object_invalid": Sentence("Input should be a valid datetime"),
    # or that names a class, which is no word to a client. This is what pydantic says to JSON.
    "model_type": Sentence("Input should be an object"),
    "dataclass_type": Sentence("Input should be an object"),
    "dataclass_exact_type": Sentence("Input should be an object"),
    "named_tuple_type": Sentence("Input should be an array or an object"),
    "is_instance_of": Sentence("Input is of the wrong type"),
    "is_subclass_of": Sentence("Input is of the wrong type"),
}
#: What pydantic knows of an error, and clients may.
_VALUES = ("discriminator", "expected_tags", "encoding", "tz_expected")
_NO_SENTENCE = Sentence("Input is not valid")

#: Types whose text is written in the application: `raise ValueError(...)` in a validator, `assert`.
_WRITTEN = frozenset({"value_error", "assertion_error"})


def install(mapping: Mapping, *, explicit: bool) -> None:
    mapping.map("pydantic.ValidationError", ValidationError, explicit=explicit)


def field_errors(exception: Any) -> Iterator[FieldError]:
    """The errors, each with the pointer of its `loc` and its type as the code.

    Parameters:
        exception: a `pydantic.ValidationError`. It does not know which part of the request it read;
            the pointers take it for the body.
    """
    # It has been imported: there is an exception of it.
    types = get_args(import_module("pydantic_core.core_schema").ErrorType)
    errors = (_field_error(error, types) for error in exception.errors(include_url=False))
    return flatten(errors)


def _field_error(error: dict[str, Any], types: tuple[str, ...]) -> FieldError:
    detail, code, context = error["msg"], error["type"], error.get("ctx", {})
    if code in _SENTENCES:
        values = {name: context.get(name, "") for name in _VALUES}
        detail = _SENTENCES[code].filled(**values)
    elif code in _WRITTEN or code not in types:
        detail = _written(detail, context)
        if not detail or _quotes(detail, error["input"]):
            detail = _NO_SENTENCE
    return FieldError(detail, pointer=json_pointer(error["loc"]), code=code)


def _written(message: str, context: dict[str, Any]) -> str:
    """What somebody wrote for the client, without what pydantic and email-validator add to it."""
    message = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    # Their reasons quote the characters that they object to.
    return message.removesuffix(f": {context.get('reason')}")


def _quotes(message: str, value: object) -> bool:
    """Whether a message repeats a value that was sent, or one inside it.

    `int(value)` in a validator does, and its author may not know. One or two characters count only
    between quotes: they stand in many a message by chance.
    """
    message = message.casefold()
    pending = [value]
    for _ in range(10_000):
        if not pending:
            return False
        part: Any = pending.pop()
        if isinstance(part, dict):
            pending.extend(part.values())
        elif isinstance(part, (list, tuple, set, frozenset)):
            pending.extend(part)
        elif part is not None and not isinstance(part, bool):
            sent = text(part).strip().casefold()
            forms = (sent,) if len(sent) > 2 else (f"'{sent}'", f'"{sent}"', f"`{sent}`")
            if sent and any(form in message for form in forms):
                return True
    return True  # too much to look through, or a value that holds itself
