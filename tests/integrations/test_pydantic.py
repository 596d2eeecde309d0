"""pydantic: where a value stands, what is wrong with it, and never the value."""

from __future__ import annotations

import enum
import re
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from datetime import time as time_of_day
from decimal import Decimal
from inspect import isfunction
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st
from library_support import CANARY, assert_imports_nothing, assert_page_is_true, problem, require
from werkzeug.test import TestResponse

from flask_statuskit import BadGateway, FieldError, StatusKit
from flask_statuskit.integrations.pydantic import _SENTENCES, field_errors

pydantic = require("pydantic")
pydantic_core = require("pydantic_core")
core_schema = pydantic_core.core_schema
# Not public, but the only place where pydantic lists them; its own documentation is made from it.
list_all_errors = require("pydantic_core._pydantic_core").list_all_errors

TEMPLATES = {error["type"]: error["message_template_python"] for error in list_all_errors()}
CONTEXTS = {error["type"]: error["example_context"] or {} for error in list_all_errors()}


def refusal(annotation: Any, value: Any) -> Any:
    """What pydantic raises where a value is no such thing."""
    validate = annotation
    if not isfunction(annotation):
        validate = pydantic.TypeAdapter(annotation).validate_python
    with pytest.raises(pydantic.ValidationError) as caught:
        validate(value)
    return caught.value


def the_error(exception: Any) -> FieldError:
    (error,) = field_errors(exception)
    return error


# --- Every message of pydantic's own -----------------------------------------------------------

#: What the placeholders of pydantic's templates stand for: parts of the schema, which the client
#: may know,
SCHEMA = {
    "gt", "ge", "lt", "le", "multiple_of", "field_type", "min_length", "max_length", "pattern",
    "expected", "expected_plural", "encoding", "tz_expected", "discriminator", "expected_tags",
    "expected_schemes", "expected_version", "max_digits", "decimal_places", "whole_digits",
    "method_name", "attribute",
}  # fmt: skip
#: how long something is,
MEASURE = {"actual_length"}
#: classes of the application, and parts of the input or of exceptions: these may not be shown.
HIDDEN = {"class", "class_name", "tag", "tz_actual", "encoding_error", "error"}
#: But these take `error` from a fixed list of sentences in the parsers they use.
FIXED = {
    "json_invalid", "date_parsing", "date_from_datetime_parsing", "time_parsing",
    "datetime_parsing", "datetime_from_date_parsing", "time_delta_parsing", "url_parsing",
    "url_syntax_violation",
}  # fmt: skip
#: And these are written by the application; they are looked through for the input.
WRITTEN = {"value_error", "assertion_error"}


@pytest.mark.parametrize("code", TEMPLATES)
def test_no_message_has_a_placeholder_for_what_was_sent(code: str) -> None:
    placeholders = set(re.findall(r"{(\w+)}", TEMPLATES[code]))
    assert placeholders <= SCHEMA | MEASURE | HIDDEN  # else decide what the new one stands for
    if placeholders & HIDDEN and code not in FIXED | WRITTEN:
        assert code in _SENTENCES
        assert not set(re.findall(r"{(\w+)}", _SENTENCES[code])) & HIDDEN


@pytest.mark.parametrize("code", TEMPLATES)
def test_no_message_shows_what_is_hidden(code: str) -> None:
    context = {
        name: CANARY if name in HIDDEN and not isinstance(value, int) else value
        for name, value in CONTEXTS[code].items()
    }
    if "tz_actual" in context:
        context["tz_actual"] = 98765
    if code in WRITTEN:
        context["error"] = ValueError(CANARY)
    if "actual_length" in context:
        context["actual_length"] = 1
    details = {"type": code, "loc": ("a", 0), "input": CANARY, "ctx": context}
    error = the_error(pydantic_core.ValidationError.from_exception_data("T", [details]))
    if code not in FIXED:
        assert CANARY not in error.detail
        assert "98765" not in error.detail
    assert error.detail
    assert (error.pointer, error.code) == ("#/a/0", code)


# --- The same with real values -----------------------------------------------------------------


class Cat(pydantic.BaseModel):  # type: ignore[misc]
    kind: Literal["cat"]


class Dog(pydantic.BaseModel):  # type: ignore[misc]
    kind: Literal["dog"]


class Strict(pydantic.BaseModel, extra="forbid", frozen=True, validate_assignment=True):  # type: ignore[misc]
    name: str = ""


class FromAttributes(pydantic.BaseModel, from_attributes=True):  # type: ignore[misc]
    name: str


class Broken:
    @property
    def name(self) -> str:
        raise RuntimeError(CANARY)

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError(CANARY)


class BrokenMapping(Mapping[str, int]):
    def __getitem__(self, key: str) -> int:
        raise RuntimeError(CANARY)

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError(CANARY)

    def __len__(self) -> int:
        return 1


@dataclass
class Point:
    x: int


class Pair(NamedTuple):
    a: int
    b: int


class Color(enum.Enum):
    RED = "red"


class BrokenZone(tzinfo):
    def utcoffset(self, _when: datetime | None) -> timedelta:
        raise RuntimeError(CANARY)


def annotated(annotation: Any, **options: Any) -> Any:
    return Annotated[annotation, pydantic.Field(**options)]


def raises(error: Exception) -> Any:
    def validate(_value: Any) -> Any:
        raise error

    return Annotated[str, pydantic.AfterValidator(validate)]


def strict(annotation: Any) -> Any:
    return Annotated[annotation, pydantic.Strict()]


def as_json(annotation: Any, **config: Any) -> Callable[[str], Any]:
    return lambda text: pydantic.TypeAdapter(annotation, config=config).validate_json(f'"{text}"')


def core(schema: dict[str, Any]) -> Callable[[Any], Any]:
    return lambda value: pydantic_core.SchemaValidator(schema).validate_python(value)


NUMBER = 98765
NOW = datetime.now(timezone.utc)
BY_KIND = annotated(Cat | Dog, discriminator="kind")

#: An annotation, or a function that validates, and a value that is no such thing.
REAL: dict[str, tuple[Any, Any]] = {
    "assertion_error": (raises(AssertionError(f"not {CANARY!r}")), CANARY),
    "bool_parsing": (bool, CANARY),
    "bool_type": (bool, [CANARY]),
    "bytes_invalid_encoding": (as_json(bytes, val_json_bytes="hex"), CANARY),
    "bytes_too_long": (annotated(bytes, max_length=5), CANARY.encode()),
    "bytes_too_short": (annotated(bytes, min_length=50), CANARY.encode()),
    "bytes_type": (bytes, [CANARY]),
    "callable_type": (Callable[[], None], CANARY),
    "complex_str_parsing": (as_json(complex), CANARY),
    "complex_type": (complex, [CANARY]),
    "dataclass_exact_type": (
        lambda value: pydantic.TypeAdapter(Point).validate_python(value, strict=True),
        CANARY,
    ),
    "dataclass_type": (Point, CANARY),
    "date_from_datetime_inexact": (date, "2024-01-01T09:08:07"),
    "date_from_datetime_parsing": (date, CANARY),
    "date_future": (pydantic.FutureDate, "1987-06-05"),
    "date_parsing": (as_json(strict(date)), CANARY),
    "date_past": (pydantic.PastDate, "9876-05-04"),
    "date_type": (date, [CANARY]),
    "datetime_from_date_parsing": (datetime, CANARY),
    "datetime_future": (pydantic.FutureDatetime, NOW - timedelta(days=9876)),
    "datetime_object_invalid": (
        core(core_schema.datetime_schema(tz_constraint=0)),
        datetime(2024, 1, 1, tzinfo=BrokenZone()),
    ),
    "datetime_parsing": (as_json(strict(datetime)), CANARY),
    "datetime_past": (pydantic.PastDatetime, NOW + timedelta(days=NUMBER)),
    "datetime_type": (datetime, [CANARY]),
    "decimal_max_digits": (annotated(Decimal, max_digits=2), f"{NUMBER}"),
    "decimal_max_places": (annotated(Decimal, decimal_places=2), "9.8765"),
    "decimal_parsing": (Decimal, CANARY),
    "decimal_type": (Decimal, [CANARY]),
    "decimal_whole_digits": (annotated(Decimal, max_digits=6, decimal_places=3), f"{NUMBER}"),
    "deque_type": (deque[int], CANARY),
    "dict_type": (dict[str, int], CANARY),
    "enum": (Color, CANARY),
    "extra_forbidden": (Strict, {"name": "", "x": CANARY}),
    "finite_number": (pydantic.FiniteFloat, float("inf")),
    "float_parsing": (float, CANARY),
    "float_type": (float, [CANARY]),
    "frozen_set_type": (frozenset[int], CANARY),
    "get_attribute_error": (FromAttributes, Broken()),
    "greater_than": (annotated(int, gt=10**6), NUMBER),
    "int_from_float": (int, 987.65),
    "int_parsing": (int, CANARY),
    "int_parsing_size": (int, f"{NUMBER}" * 1000),
    "int_type": (int, [CANARY]),
    "is_instance_of": (pydantic.InstanceOf[Color], CANARY),
    "is_subclass_of": (type[Color], str),
    "iterable_type": (core(core_schema.generator_schema()), NUMBER),
    "iteration_error": (list[int], (int(digit) for digit in CANARY)),
    "json_invalid": (pydantic.Json, CANARY),
    "json_type": (pydantic.Json, [CANARY]),
    "list_type": (list[int], CANARY),
    "literal_error": (Literal["cat"], CANARY),
    "mapping_type": (Mapping[str, int], BrokenMapping()),
    "missing": (Cat, {"name": CANARY}),
    "model_attributes_type": (FromAttributes, CANARY),
    "model_type": (Cat, CANARY),
    "multiple_of": (annotated(int, multiple_of=2), NUMBER),
    "named_tuple_type": (Pair, CANARY),
    "none_required": (None, CANARY),
    "set_item_not_hashable": (set[Any], [{CANARY: 1}]),
    "set_type": (set[int], CANARY),
    "string_pattern_mismatch": (annotated(str, pattern="^x$"), CANARY),
    "string_too_long": (annotated(str, max_length=5), CANARY),
    "string_too_short": (annotated(str, min_length=50), CANARY),
    "string_type": (str, [CANARY]),
    "string_unicode": (str, CANARY.encode() + b"\xff"),
    "time_delta_parsing": (timedelta, CANARY),
    "time_delta_type": (timedelta, [CANARY]),
    "time_parsing": (time_of_day, CANARY),
    "time_type": (time_of_day, [CANARY]),
    "timezone_aware": (pydantic.AwareDatetime, "1987-06-05T04:03:02"),
    "timezone_naive": (pydantic.NaiveDatetime, NOW),
    "timezone_offset": (
        core(core_schema.datetime_schema(tz_constraint=0)),
        datetime(2024, 1, 1, tzinfo=timezone(timedelta(seconds=9876))),
    ),
    "too_long": (annotated(list[str], max_length=0), [CANARY]),
    "too_short": (annotated(list[str], min_length=5), [CANARY]),
    "tuple_type": (tuple[int, int], CANARY),
    "union_tag_invalid": (BY_KIND, {"kind": CANARY}),
    "union_tag_not_found": (BY_KIND, {"x": CANARY}),
    "url_parsing": (pydantic.AnyUrl, CANARY),
    "url_scheme": (pydantic.HttpUrl, f"{CANARY}://x"),
    "url_syntax_violation": (core(core_schema.url_schema(strict=True)), f" http://{CANARY}"),
    "url_type": (pydantic.AnyUrl, [CANARY]),
    "uuid_parsing": (uuid.UUID, CANARY),
    "uuid_type": (uuid.UUID, [CANARY]),
    "uuid_version": (pydantic.UUID4, uuid.uuid1()),
    "value_error": (raises(ValueError(f"{CANARY} is taken")), CANARY),
    # from pydantic's Python half
    "base64_decode": (pydantic.Base64Bytes, f"{CANARY}!"),
    "byte_size_unit": (pydantic.ByteSize, f"5{CANARY}"),
    "import_error": (pydantic.ImportString, CANARY),
    "ip_v4_address": (IPv4Address, CANARY),
    "path_not_file": (pydantic.FilePath, CANARY),
    "pattern_regex": (re.Pattern, f"{CANARY}("),
    "zoneinfo_str": (ZoneInfo, CANARY),
}


@pytest.mark.parametrize("code", REAL)
def test_no_value_is_repeated(code: str) -> None:
    annotation, value = REAL[code]
    for error in field_errors(refusal(annotation, value)):
        assert error.code == code
        assert not re.search(rf"(?i){CANARY}|{CANARY[:4]}|9876|987\.65|1987|09:08", error.detail)


def test_all_that_could_repeat_one_were_tried() -> None:
    could = {code for code, text in TEMPLATES.items() if set(re.findall(r"{(\w+)}", text)) & HIDDEN}
    assert could <= REAL.keys()


@given(
    before=st.text('0123456789-:T/.[{"@ ', max_size=12),
    after=st.text('0123456789-:T/.]}"@ ', max_size=12),
)
@pytest.mark.parametrize(
    "annotation",
    [date, datetime, time_of_day, timedelta, pydantic.AnyUrl, pydantic.Json, uuid.UUID],
)
def test_parsers_speak_of_what_they_expect_only(annotation: Any, before: str, after: str) -> None:
    for error in field_errors(refusal_or_none(annotation, before + "QZXJ" + after)):
        assert not re.search("(?i)[qzxj]{2}|'[qzxj]'|`[qzxj]`", error.detail)


def refusal_or_none(annotation: Any, value: Any) -> Any:
    try:
        pydantic.TypeAdapter(annotation).validate_python(value)
    except pydantic.ValidationError as exception:
        return exception
    return pydantic_core.ValidationError.from_exception_data("nothing", [])


# --- What the application writes itself --------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "value", "detail"),
    [
        (ValueError("must be even"), "7", "must be even"),
        (ValueError("must be 1 or 2"), "1", "must be 1 or 2"),
        (ValueError("'1' is taken"), "1", None),
        (ValueError("bob is taken"), "Bob ", None),
        (ValueError("the name is taken"), "", "the name is taken"),
        (ValueError(), "x", None),
        (AssertionError("must be even"), "7", "must be even"),
        (AssertionError(), "7", None),
        (pydantic_core.PydanticCustomError("odd", "{n} is odd", {"n": 777}), "777", None),
        (pydantic_core.PydanticCustomError("odd", "must be even"), "777", "must be even"),
    ],
)
def test_the_text_of_a_validator_is_shown_unless_it_repeats_the_value(
    error: Exception, value: str, detail: str | None
) -> None:
    assert the_error(refusal(raises(error), value)).detail == (detail or "Input is not valid")


def convert(value: str) -> int:
    return int(value)


def test_an_exception_of_python_in_a_validator_does_not_repeat_the_value() -> None:
    annotation = Annotated[str, pydantic.AfterValidator(convert)]
    for value in ("x", CANARY):
        error = the_error(refusal(annotation, value))
        assert error == FieldError("Input is not valid", pointer="#", code="value_error")


class Passwords(pydantic.BaseModel):  # type: ignore[misc]
    values: list[dict[str, str]]

    @pydantic.model_validator(mode="after")
    def check(self) -> Any:
        raise ValueError(f"{self.values[0]['new']} was used before")


def test_a_value_inside_the_value_is_not_repeated_either() -> None:
    error = the_error(refusal(Passwords, {"values": [{"new": CANARY}]}))
    assert error.detail == "Input is not valid"


def test_a_value_that_holds_itself_is_given_up_on() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    annotation = Annotated[Any, pydantic.AfterValidator(convert_cycle)]
    assert the_error(refusal(annotation, cycle)).detail == "Input is not valid"


def convert_cycle(_value: Any) -> None:
    raise ValueError("must be shorter")


def test_an_address_of_email_is_refused_without_its_characters() -> None:
    require("email_validator")
    for value in (CANARY, f"({CANARY}) x@example.com", f"x@{CANARY}..com", "a@b@c"):
        error = the_error(refusal(pydantic.EmailStr, value))
        assert error.detail == "value is not a valid email address"


# --- In an application -------------------------------------------------------------------------


class Item(pydantic.BaseModel):  # type: ignore[misc]
    price: int
    tags: dict[str, int] = pydantic.Field(default_factory=dict)


class Order(pydantic.BaseModel):  # type: ignore[misc]
    email: str
    items: list[Item]


def post(body: Any, set_up: Callable[[StatusKit], None] | None = None, **kit: Any) -> TestResponse:
    app = Flask("shop")
    statuskit = StatusKit(app, **({"integrations": ["pydantic"]} | kit))
    if set_up:
        set_up(statuskit)
    app.post("/")(lambda: Order.model_validate(request.get_json()).model_dump())
    return app.test_client().post("/", json=body)


def test_each_error_has_its_pointer_and_its_type_as_code() -> None:
    body = problem(post({"items": [{"price": 1}, {"price": CANARY, "tags": {"a/b": CANARY}}]}), 422)
    unable = "Input should be a valid integer, unable to parse string as an integer"
    assert body["errors"] == [
        {"detail": "Field required", "pointer": "#/email", "code": "missing"},
        {"detail": unable, "pointer": "#/items/1/price", "code": "int_parsing"},
        {"detail": unable, "pointer": "#/items/1/tags/a~1b", "code": "int_parsing"},
    ]


def test_a_body_of_the_wrong_type_is_pointed_at_as_a_whole() -> None:
    body = problem(post([CANARY]), 422)
    assert body["errors"] == [
        {"detail": "Input should be an object", "pointer": "#", "code": "model_type"}
    ]


def test_the_status_follows_the_setting() -> None:
    assert problem(post({}, validation_status=400), 400)["errors"]


def test_without_its_name_it_is_a_bug() -> None:
    assert "errors" not in problem(post({"email": CANARY}, integrations=[]), 500)


def test_a_mapping_of_the_applications_own_decides_and_the_errors_are_read() -> None:
    for kit in ({}, {"integrations": []}):
        body = problem(post({}, lambda s: s.map("pydantic.ValidationError", 400), **kit), 400)
        assert [error["pointer"] for error in body["errors"]] == ["#/email", "#/items"]


@pytest.mark.parametrize(("title", "status"), [("Order", 502), ("Settings", 500)])
def test_a_builder_of_the_applications_own_tells_its_data_apart(title: str, status: int) -> None:
    def set_up(statuskit: StatusKit) -> None:
        @statuskit.map("pydantic.ValidationError")
        def refused(error: Any) -> BadGateway | None:
            return BadGateway() if error.title == title else None

    problem(post({}, set_up, integrations=[]), status)


def test_very_many_errors_are_answered_in_time() -> None:
    started = time.perf_counter()
    body = problem(post({"email": "", "items": [{}] * 50_000}), 422)
    assert time.perf_counter() - started < 5
    assert len(body["errors"]) + body["errors_omitted"] == 10_000


def test_pydantic_is_not_imported_for_this() -> None:
    assert_imports_nothing("pydantic", "pydantic_core", integrations=("pydantic",))


def test_the_page_is_true() -> None:
    assert_page_is_true("pydantic.md")
