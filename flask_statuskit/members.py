"""What problem types say of their members: JSON Schemas from annotations, and example values."""

from __future__ import annotations

import enum
import inspect
import json
import re
import sys
import types
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from .exceptions import REQUIRED, StatusError
from .plain import Room

Schema = dict[str, Any]
#: Turns a value that is of no JSON type into one that is, as an application's encoder does.
ToPlain = Callable[[Any], Any]

#: Subclasses are written as these, so the narrow ones come first.
_JSON_TYPES: Mapping[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    bytes: "string",
    types.NoneType: "null",
}
#: Values of types that JSON lacks. What becomes of them shows what becomes of others.
_SAMPLES: Mapping[type, Any] = {
    datetime: datetime(2026, 12, 1, 6, tzinfo=timezone.utc),
    date: date(2026, 12, 1),
    timedelta: timedelta(seconds=90),
    Decimal: Decimal("7.50"),
    UUID: UUID("0af76519-16cd-43dd-8448-eb211c80319c"),
}
#: What stands in an example for a value of a type.
_EXAMPLES: Mapping[str, Any] = {
    "boolean": True,
    "integer": 7,
    "number": 7.5,
    "string": "...",
    "null": None,
    "object": {},
    "array": [],
}
_FORMATS: Mapping[str, str] = {
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
    "date": r"\d{4}-\d\d-\d\d",
    "uuid": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}
#: The size, in bytes, up to which a default is an example.
_LARGEST = 1000


@dataclass(frozen=True)
class Member:
    """A member that every problem of a type has.

    Attributes:
        name: its name.
        schema: the JSON Schema of its value; empty if the annotation does not tell.
        example: a value that fits the schema, the default where there is one.
    """

    name: str
    schema: Schema
    example: Any

    @property
    def kind(self) -> str:
        """The schema in words."""
        return in_words(self.schema)


def members_of(cls: type[StatusError], to_plain: ToPlain = str) -> list[Member]:
    """The members that a problem type declares by annotations, inherited ones first.

    Parameters:
        cls: the problem type.
        to_plain: turns a value that is of no JSON type into one that is.
    """
    declared = cls.declared_members()
    annotations = _annotations(cls, declared.keys())
    return [
        _member(name, annotations[name], default, to_plain) for name, default in declared.items()
    ]


def _member(name: str, annotation: Any, default: Any, to_plain: ToPlain) -> Member:
    if default is REQUIRED:
        schema = schema_of(annotation, to_plain)
        return Member(name, schema, example_of(schema))
    example = _plain(default, to_plain)
    if example is None:
        # It may be None then, as in the signature of a function.
        annotation = Union[annotation, None]  # noqa: UP007 - what is no class knows no "|"
    return Member(name, schema_of(annotation, to_plain), example)


def _annotations(cls: type, names: Set[str]) -> dict[str, Any]:
    """The annotations of attributes; `Any` where one names what only the type checker imports."""
    found: dict[str, Any] = dict.fromkeys(names, Any)
    for base in reversed(cls.__mro__):
        known = vars(sys.modules[base.__module__]) if base.__module__ in sys.modules else {}
        annotations = inspect.get_annotations(base)
        for name in names & annotations.keys():
            # One by one: one that cannot be resolved is not to spoil the others.
            alone = types.SimpleNamespace(__annotations__={name: annotations[name]})
            try:
                found |= get_type_hints(alone, known, dict(vars(base)))
            except Exception:
                found[name] = Any
    return found


def schema_of(annotation: Any, to_plain: ToPlain = str) -> Schema:
    """The JSON Schema (2020-12) of the values that an annotation admits.

    Parameters:
        annotation: a type, as annotations have it.
        to_plain: turns a value that is of no JSON type into one that is.

    >>> schema_of(list[int])
    {'type': 'array', 'items': {'type': 'integer'}}
    """
    annotation = getattr(annotation, "__supertype__", annotation)  # of a NewType
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _any_of([schema_of(argument, to_plain) for argument in arguments])
    if origin is Literal:
        return _enum(arguments, to_plain)
    kind = types.NoneType if annotation is None else origin or annotation
    if not isinstance(kind, type):
        return {}
    if issubclass(kind, enum.Enum):
        return _enum(kind, to_plain)
    for plain_type, name in _JSON_TYPES.items():
        if issubclass(kind, plain_type):
            return {"type": name}
    for sample_type, sample in _SAMPLES.items():
        if issubclass(kind, sample_type):
            return _of_sample(_plain(sample, to_plain))
    if issubclass(kind, Mapping):
        values = schema_of(arguments[1], to_plain) if len(arguments) == 2 else {}
        return {"type": "object"} | ({"additionalProperties": values} if values else {})
    if issubclass(kind, tuple) and arguments and arguments[-1] is not ...:
        items = [schema_of(argument, to_plain) for argument in arguments if argument != ()]
        return {"type": "array", "prefixItems": items} if items else {"type": "array"}
    if issubclass(kind, (list, tuple, set, frozenset)) or _is_abstract_list(kind):
        values = schema_of(arguments[0], to_plain) if arguments else {}
        return {"type": "array"} | ({"items": values} if values else {})
    return {}


def _is_abstract_list(kind: type) -> bool:
    return kind.__module__ == "collections.abc" and issubclass(kind, Iterable)


def _enum(values: Iterable[Any], to_plain: ToPlain) -> Schema:
    listed: list[Any] = []
    for value in values:
        plain = _plain(value, to_plain)
        # JSON tells True from 1, which Python calls equal.
        if (type(plain), plain) not in [(type(other), other) for other in listed]:
            listed.append(plain)
    return {"enum": listed} if listed else {}


def _of_sample(plain: Any) -> Schema:
    schema = {"type": _JSON_TYPES.get(type(plain), "array" if type(plain) is list else "object")}
    text = plain if isinstance(plain, str) else ""
    format_ = next((name for name, p in _FORMATS.items() if re.fullmatch(p, text)), None)
    return schema | ({"format": format_} if format_ else {}) | {"examples": [plain]}


def _any_of(schemas: list[Schema]) -> Schema:
    if not all(schemas):
        return {}
    if all(schema.keys() == {"type"} and isinstance(schema["type"], str) for schema in schemas):
        kinds = list(dict.fromkeys(schema["type"] for schema in schemas))
        return {"type": kinds if len(kinds) > 1 else kinds[0]}
    return {"anyOf": schemas}


def _plain(value: Any, to_plain: ToPlain) -> Any:
    """A value as a problem has it, whatever `to_plain` does."""
    return Room(_LARGEST, to_plain).member("", value)


def example_of(schema: Schema) -> Any:
    """A value that fits a schema of `schema_of`."""
    if "enum" in schema:
        return schema["enum"][0]
    if "examples" in schema:
        return schema["examples"][0]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0])
    if "items" in schema:
        return [example_of(schema["items"])]
    if "prefixItems" in schema:
        return [example_of(item) for item in schema["prefixItems"]]
    kind = schema.get("type", "string")
    return _EXAMPLES[kind if isinstance(kind, str) else kind[0]]


def in_words(schema: Schema) -> str:
    """A schema of `schema_of` as a short text.

    >>> in_words(schema_of(list[int] | None))
    'array of integer or null'
    """
    if "enum" in schema:
        return " or ".join(json.dumps(value, ensure_ascii=False) for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(map(in_words, schema["anyOf"]))
    kind = schema.get("type", "any value")
    if not isinstance(kind, str):
        return " or ".join(kind)
    if "format" in schema:
        return f"{kind} ({schema['format']})"
    if "prefixItems" in schema:
        return f"{kind} of {', '.join(map(in_words, schema['prefixItems']))}"
    inner = schema.get("items") or schema.get("additionalProperties")
    return f"{kind} of {in_words(inner)}" if inner else kind
