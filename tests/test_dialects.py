"""The body formats: from a problem to bytes that are no longer than they may be."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from flask_statuskit.dialects import PROBLEM_JSON, render
from flask_statuskit.problem import FieldError, Problem, field_errors

MAX_BYTES = 65_536
REQUEST_ID = "0af7651916cd43dd8448eb211c80319c"


def flasks_dumps(value: Any) -> str:
    return Flask("shop").json.dumps(value, sort_keys=False)


def read(problem: Problem, dumps: Any = json.dumps, max_bytes: int = MAX_BYTES) -> Any:
    body = render(problem, dumps, max_bytes)
    assert len(body) <= max_bytes
    return json.loads(body)


def test_the_media_type_is_that_of_rfc_9457() -> None:
    assert PROBLEM_JSON == "application/problem+json"


def test_the_body_is_the_problem_on_one_line() -> None:
    problem = Problem(
        409,
        title="Conflict",
        detail="An account with this email already exists",
        instance="/users",
        members={"request_id": REQUEST_ID, "email": "a@b.c"},
        headers=(("Allow", "GET"),),
    )
    assert render(problem, json.dumps, MAX_BYTES) == (
        b'{"type": "about:blank", "title": "Conflict", "status": 409,'
        b' "detail": "An account with this email already exists", "instance": "/users",'
        b' "request_id": "0af7651916cd43dd8448eb211c80319c", "email": "a@b.c"}\n'
    )


@pytest.mark.parametrize(
    "encoded", ['{"a": 1}', b'{"a": 1}', '{"a": 1}\n', b'{"a": 1} \n\n'], ids=ascii
)
def test_the_encoder_of_the_application_may_return_text_or_bytes(encoded: str | bytes) -> None:
    assert render(Problem(409), lambda _: encoded, MAX_BYTES) == b'{"a": 1}\n'


def test_text_that_the_encoder_leaves_unescaped_is_utf_8() -> None:
    problem = Problem(409, detail="caf\u00e9 \u20ac \U0001f600")
    body = render(problem, lambda value: json.dumps(value, ensure_ascii=False), MAX_BYTES)
    assert "caf\u00e9 \u20ac \U0001f600".encode() in body


def test_the_encoder_writes_the_types_that_it_knows() -> None:
    members = {
        "when": datetime(2026, 3, 1, tzinfo=timezone.utc),
        "price": Decimal("9.90"),
        "id": UUID(int=7),
    }
    body = read(Problem(409, members=members), flasks_dumps)
    assert body["when"] == "Sun, 01 Mar 2026 00:00:00 GMT"
    assert body["price"] == "9.90"
    assert body["id"] == "00000000-0000-0000-0000-000000000007"


class Color(enum.Enum):
    RED = "red"


class Unencodable:
    pass


@pytest.mark.parametrize(
    ("value", "said"),
    [(Color.RED, "<Color>"), (Unencodable(), "<Unencodable>"), ([{"a": 1j}], [{"a": "<complex>"}])],
)
def test_a_member_that_the_encoder_does_not_know_becomes_the_name_of_its_class(
    value: object, said: object
) -> None:
    body = read(Problem(409, members={"before": 1, "it": value, "after": 2}), flasks_dumps)
    assert body == {
        "type": "about:blank",
        "status": 409,
        "before": 1,
        "it": said,
        "after": 2,
    }


def test_a_member_that_the_encoder_does_not_know_costs_no_other() -> None:
    body = read(Problem(409, members={"it": Color.RED, "price": Decimal("9.90")}), flasks_dumps)
    assert (body["it"], body["price"]) == ("<Color>", "9.90")


@pytest.mark.parametrize("error", [TypeError, ValueError, RecursionError, RuntimeError])
def test_an_encoder_that_fails_is_done_without(error: type[Exception]) -> None:
    def dumps(value: Any) -> str:
        raise error("broken")

    assert read(Problem(409, detail="Taken"), dumps)["detail"] == "Taken"


@dataclasses.dataclass
class Price:
    amount: float = math.nan


def test_a_value_that_only_the_encoder_knows_may_not_hold_what_json_lacks() -> None:
    def no_constant(name: str) -> Any:
        raise ValueError(f"{name} is no JSON")

    body = render(Problem(409, members={"price": Price()}), flasks_dumps, MAX_BYTES)
    json.loads(body, parse_constant=no_constant)


# Size


@pytest.mark.parametrize(
    "character",
    [
        "x",
        '"',
        "\0",
        "\u20ac",
        "\U0001f600",
    ],
)
@pytest.mark.parametrize("dumps", [json.dumps, flasks_dumps], ids=["json", "flask"])
def test_a_long_detail_is_cut_to_fit(character: str, dumps: Any) -> None:
    detail = character * 5_000_000
    for max_bytes in [1024, 4096, MAX_BYTES]:
        body = read(Problem(409, title="Conflict", detail=detail), dumps, max_bytes)
        assert body["title"] == "Conflict"
        assert body["detail"].rstrip("\u2026") in detail
        # No shorter than necessary: a quarter of the body, of which an escape takes up to 12 bytes.
        assert len(body["detail"]) >= max_bytes // 4 // 12


MANY = {
    "texts": [f"Error {n}" for n in range(50_000)],
    "fields": {"items": {n: {"price": ["Must be positive"]} for n in range(50_000)}},
    "ready": [FieldError("Must be positive", parameter=f"price{n}") for n in range(50_000)],
    "long": ["x" * 10_000 for _ in range(500)],
}


def many_errors(name: str, **standard: Any) -> Problem:
    errors = tuple(field_errors(MANY[name]))
    members = {"request_id": REQUEST_ID, "retry_after": 5, "errors": errors}
    return Problem(422, title="Unprocessable Content", members=members, **standard)


@pytest.mark.parametrize("max_bytes", [1024, 1025, 1026, 1027, 10_000, MAX_BYTES])
@pytest.mark.parametrize("name", MANY)
def test_many_field_errors_fit_the_body(name: str, max_bytes: int) -> None:
    body = read(many_errors(name), max_bytes=max_bytes)
    assert (body["title"], body["status"]) == ("Unprocessable Content", 422)


def sizes_that_fail(name: str, detail: str | None, check: Any) -> list[int]:
    problem = many_errors(name, detail=detail)
    return [
        max_bytes
        for max_bytes in [2000, 5000, 20_000, 30_000, 65_535, MAX_BYTES, 100_000]
        if not check(read(problem, max_bytes=max_bytes))
    ]


@pytest.mark.parametrize("name", ["texts", "fields"])
def test_as_many_field_errors_are_listed_as_fit(name: str) -> None:
    detail = "Correct the errors. " * 5000
    assert not sizes_that_fail(name, detail, lambda body: len(body.get("errors", ())) > 2)


@pytest.mark.parametrize("name", ["texts", "fields", "ready"])
def test_the_request_id_is_never_cut(name: str) -> None:
    assert not sizes_that_fail(name, None, lambda body: body.get("request_id") == REQUEST_ID)


class Huge:
    pass


def huge_dumps(value: Any) -> str:
    return json.dumps(value, default=lambda _: ["x" * 100_000])


@pytest.mark.parametrize(
    "members",
    [{f"member{n}": n for n in range(20_000)}, {"huge": {"it": Huge()}}, {"x" * 10**6: 1}],
    ids=["many", "huge", "long name"],
)
def test_what_the_headers_say_stays_whatever_has_to_go(members: dict[str, Any]) -> None:
    members = {"request_id": REQUEST_ID, "retry_after": 5, **members}
    problem = Problem(409, title="Conflict", detail="Taken", members=members)
    body = read(problem, huge_dumps)
    assert (body["type"], body["title"], body["status"]) == ("about:blank", "Conflict", 409)
    assert (body["request_id"], body["retry_after"]) == (REQUEST_ID, 5)


def test_what_the_encoder_makes_of_a_value_is_cut_like_any_other() -> None:
    body = read(Problem(409, members={"it": Huge(), "after": 1}), huge_dumps)
    [text] = body["it"]
    assert text == "x" * (len(text) - 1) + "\u2026"


@pytest.mark.parametrize("indent", [2, 40])
def test_an_encoder_that_takes_more_than_was_counted_is_done_without(indent: int) -> None:
    def dumps(value: Any) -> str:
        return json.dumps(value, indent=indent)

    small = Problem(409, detail="Taken")
    assert render(small, dumps, MAX_BYTES).count(b"\n") > 3
    body = read(Problem(409, members={"list": list(range(100_000))}), dumps)
    assert len(body["list"]) > 1000


def test_the_type_is_never_cut() -> None:
    # A cut URI is another URI (RFC 9457 §3.1.1).
    uri = "https://shop.example/problems/the-order-has-been-shipped-already"
    problem = Problem(409, uri, "Shipped", members={"numbers": [10**600] * 100_000})
    assert read(problem)["type"] == uri
