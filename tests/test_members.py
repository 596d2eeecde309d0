"""What problem types say of their members: schemas, examples, and both in words."""

# Users write types in older ways, too.
# ruff: noqa: UP006, UP007, UP035, UP045

from __future__ import annotations

import collections
import enum
import json
import math
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Dict,
    Generic,
    List,
    Literal,
    NamedTuple,
    NewType,
    Optional,
    TypedDict,
    TypeVar,
    Union,
)
from uuid import UUID

import pytest
from flask import Flask
from jsonschema import Draft202012Validator

from flask_statuskit import Conflict
from flask_statuskit.members import Member, example_of, in_words, members_of, schema_of

if TYPE_CHECKING:
    from somewhere import Imported


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Shape(str, enum.Enum):
    ROUND = "round"


class Nothing(enum.Enum):
    pass


class Money(int):
    pass


class Label(str):
    __slots__ = ()


class Item(TypedDict):
    price: int


class Point(NamedTuple):
    x: int
    y: int


T = TypeVar("T")


class Box(Generic[T]):
    pass


UserId = NewType("UserId", int)
STRING, INTEGER = {"type": "string"}, {"type": "integer"}
PAIR = "array of integer, string"

#: annotation, schema, the schema in words
SCHEMAS: list[tuple[Any, dict[str, Any], str]] = [
    (bool, {"type": "boolean"}, "boolean"),
    (int, INTEGER, "integer"),
    (float, {"type": "number"}, "number"),
    (str, STRING, "string"),
    (bytes, STRING, "string"),
    (None, {"type": "null"}, "null"),
    (type(None), {"type": "null"}, "null"),
    (Money, INTEGER, "integer"),
    (Label, STRING, "string"),
    (UserId, INTEGER, "integer"),
    (NewType("Ids", "list[UserId]"), {}, "any value"),
    (Any, {}, "any value"),
    (object, {}, "any value"),
    (T, {}, "any value"),
    (Box[int], {}, "any value"),
    (Callable[[int], int], {}, "any value"),
    ("Unresolved", {}, "any value"),
    (7, {}, "any value"),
    # one of several
    (Literal["a", 1, True, None], {"enum": ["a", 1, True, None]}, '"a" or 1 or true or null'),
    (Literal[Size.LARGE, b"x"], {"enum": [2, "x"]}, '2 or "x"'),
    (Shape, {"enum": ["round"]}, '"round"'),
    (Size, {"enum": [1, 2]}, "1 or 2"),
    (Nothing, {}, "any value"),
    (int | None, {"type": ["integer", "null"]}, "integer or null"),
    (Optional[int], {"type": ["integer", "null"]}, "integer or null"),
    (Union[int, str, None], {"type": ["integer", "string", "null"]}, "integer or string or null"),
    (dict[str, Any] | Mapping[str, Any], {"type": "object"}, "object"),
    (Any | None, {}, "any value"),
    (Optional[Literal["a"]], {"anyOf": [{"enum": ["a"]}, {"type": "null"}]}, '"a" or null'),
    # lists
    (list, {"type": "array"}, "array"),
    (List, {"type": "array"}, "array"),
    (list[Any], {"type": "array"}, "array"),
    (list[int], {"type": "array", "items": INTEGER}, "array of integer"),
    (List[int], {"type": "array", "items": INTEGER}, "array of integer"),
    (set[int], {"type": "array", "items": INTEGER}, "array of integer"),
    (frozenset[int], {"type": "array", "items": INTEGER}, "array of integer"),
    (Sequence[int], {"type": "array", "items": INTEGER}, "array of integer"),
    (Iterable[int], {"type": "array", "items": INTEGER}, "array of integer"),
    (Collection[int], {"type": "array", "items": INTEGER}, "array of integer"),
    (tuple[int, ...], {"type": "array", "items": INTEGER}, "array of integer"),
    (tuple[int, str], {"type": "array", "prefixItems": [INTEGER, STRING]}, PAIR),
    (tuple[()], {"type": "array"}, "array"),
    (tuple, {"type": "array"}, "array"),
    (Point, {"type": "array"}, "array"),
    (
        list[list[int | None]],
        {"type": "array", "items": {"type": "array", "items": {"type": ["integer", "null"]}}},
        "array of array of integer or null",
    ),
    # objects
    (dict, {"type": "object"}, "object"),
    (Dict[str, int], {"type": "object", "additionalProperties": INTEGER}, "object of integer"),
    (dict[str, Any], {"type": "object"}, "object"),
    (Item, {"type": "object"}, "object"),
    (collections.Counter, {"type": "object"}, "object"),
    # no iterables, for all that JSON knows
    (collections.deque, {}, "any value"),
    (range, {}, "any value"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("annotation", "schema", "words"), SCHEMAS, ids=[str(row[0]) for row in SCHEMAS]
)
def test_an_annotation_has_a_schema_an_example_and_words(
    annotation: Any, schema: dict[str, Any], words: str
) -> None:
    assert schema_of(annotation) == schema
    assert in_words(schema) == words
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(example_of(schema))


def test_a_schema_shares_nothing_with_the_next() -> None:
    schema_of(int)["changed"] = True
    assert schema_of(int) == INTEGER


# What JSON lacks is what the application's encoder makes of it


def flasks(value: Any) -> Any:
    return json.loads(Flask("shop").json.dumps(value))


def of_iso_8601(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z")


def of_nothing(value: Any) -> Any:
    raise TypeError(value)


@pytest.mark.parametrize(
    ("annotation", "to_plain", "schema", "words"),
    [
        (datetime, flasks, ["string", None, "Tue, 01 Dec 2026 06:00:00 GMT"], "string"),
        (date, flasks, ["string", None, "Tue, 01 Dec 2026 00:00:00 GMT"], "string"),
        (Decimal, flasks, ["string", None, "7.50"], "string"),
        (UUID, flasks, ["string", "uuid", "0af76519-16cd-43dd-8448-eb211c80319c"], "string (uuid)"),
        (timedelta, flasks, ["string", None, "<timedelta>"], "string"),
        (
            datetime,
            of_iso_8601,
            ["string", "date-time", "2026-12-01T06:00:00Z"],
            "string (date-time)",
        ),
        (date, of_iso_8601, ["string", "date", "2026-12-01"], "string (date)"),
        (Decimal, float, ["number", None, 7.5], "number"),
        (Decimal, lambda d: {"amount": str(d)}, ["object", None, {"amount": "7.50"}], "object"),
        (timedelta, lambda d: d.seconds, ["integer", None, 90], "integer"),
        (timedelta, lambda d: [d.days, d.seconds], ["array", None, [0, 90]], "array"),
        (datetime, of_nothing, ["string", None, "<datetime>"], "string"),
    ],
)
def test_a_type_that_json_lacks_is_what_the_encoder_makes_of_it(
    annotation: Any, to_plain: Any, schema: list[Any], words: str
) -> None:
    kind, format_, example = schema
    expected = {"type": kind, "format": format_, "examples": [example]}
    expected = {name: value for name, value in expected.items() if value is not None}
    found = schema_of(annotation, to_plain)
    assert (found, in_words(found), example_of(found)) == (expected, words, example)


@pytest.mark.parametrize(
    ("to_plain", "values"),
    [(lambda color: color.value, ["red", "green"]), (flasks, ["<Color>"])],
    ids=["value", "flask"],
)
def test_an_enum_is_what_the_encoder_makes_of_it(to_plain: Any, values: list[str]) -> None:
    assert schema_of(Color, to_plain) == {"enum": values}


# Of classes


class Shipped(Conflict):
    order: int
    at: datetime | None = None
    tags: list[str] = []  # noqa: RUF012 - members of a body, not attributes to share
    limits: dict[str, int] = {"a": 1}  # noqa: RUF012
    since: datetime = datetime(2026, 3, 1, tzinfo=timezone.utc)
    color: Color = Color.RED
    ratio: float = math.nan
    note: Annotated[str, "shown to clients"] = "none"


class ShippedAbroad(Shipped):
    country: Literal["CH", "NO"]


class ToTypeCheckersOnly(Conflict):
    known: list[int]
    unknown: Imported
    nested: list[Imported]
    text: "Color"  # noqa: UP037
    worse: 1 / 0  # type: ignore[valid-type]


class OwnConstructor(Conflict):
    order: int

    def __init__(self, order: int) -> None:
        super().__init__(f"Order {order}", order=order)


def by_name(cls: type[Conflict], to_plain: Any = flasks) -> dict[str, Member]:
    return {member.name: member for member in members_of(cls, to_plain)}


def test_a_class_has_the_members_that_it_annotates() -> None:
    members = by_name(OwnConstructor)
    assert list(members) == ["order"]
    assert members["order"] == Member("order", INTEGER, 7)
    assert members["order"].kind == "integer"


def test_a_class_has_the_members_of_its_bases_first() -> None:
    assert list(by_name(ShippedAbroad)) == [*by_name(Shipped), "country"]
    assert by_name(ShippedAbroad)["country"].example == "CH"


def test_a_class_without_annotations_has_no_members() -> None:
    assert members_of(Conflict) == []


def test_a_default_is_the_example() -> None:
    examples = {name: member.example for name, member in by_name(Shipped).items()}
    assert examples == {
        "order": 7,
        "at": None,
        "tags": [],
        "limits": {"a": 1},
        "since": "Sun, 01 Mar 2026 00:00:00 GMT",
        "color": "<Color>",
        "ratio": None,
        "note": "none",
    }
    json.dumps(examples, allow_nan=False)


def test_the_default_none_means_that_it_may_be_none() -> None:
    class Late(Conflict):
        until: int = None  # type: ignore[assignment]
        since: int | None = None
        reason: Any = None
        color: Literal["red"] = None  # type: ignore[assignment]

    members = by_name(Late)
    assert members["until"].schema == members["since"].schema == {"type": ["integer", "null"]}
    assert members["reason"].schema == {}
    assert members["color"].kind == '"red" or null'


def test_a_default_is_not_changed_by_who_reads_it() -> None:
    by_name(Shipped)["tags"].example.append("changed")
    assert Shipped(order=1).members["tags"] == []


def test_a_name_that_only_the_type_checker_knows_costs_no_other() -> None:
    kinds = {name: member.kind for name, member in by_name(ToTypeCheckersOnly, str).items()}
    assert kinds == {
        "known": "array of integer",
        "unknown": "any value",
        "nested": "any value",
        "text": '"Color.RED" or "Color.GREEN"',
        "worse": "any value",
    }


def test_a_class_of_no_module_has_members() -> None:
    homeless = type(
        "Homeless", (Conflict,), {"__annotations__": {"order": int}, "__module__": "gone"}
    )
    assert "gone" not in sys.modules
    assert by_name(homeless)["order"].schema == INTEGER
