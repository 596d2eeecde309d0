"""The body formats: the same problem in each, and no more bytes than there may be."""

from __future__ import annotations

import dataclasses
import enum
import html
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from uuid import UUID
from xml.etree import ElementTree

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from support import (
    CONTENT_TYPES,
    Answer,
    Foreign,
    assert_error,
    assert_problem,
    call,
    kit_of,
    mapped,
    raising,
    strict_json,
)

from flask_statuskit import (
    STATUSES,
    BadGateway,
    Conflict,
    InternalServerError,
    MethodNotAllowed,
    PaymentRequired,
    RateLimited,
    ServiceUnavailable,
    StatusError,
    Unauthorized,
    ValidationError,
)
from flask_statuskit.dialects import JSONAPI, PROBLEM, PROBLEM_JSON, SIMPLE, TEXT, XML, render
from flask_statuskit.problem import FieldError, Problem, field_errors

MAX_BYTES = 65_536
REQUEST_ID = "0af7651916cd43dd8448eb211c80319c"


def flasks_dumps(value: Any) -> str:
    return Flask("shop").json.dumps(value, sort_keys=False)


def read(problem: Problem, dumps: Any = json.dumps, max_bytes: int = MAX_BYTES) -> Any:
    body = render(problem, PROBLEM, dumps, max_bytes)
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
    assert render(problem, PROBLEM, json.dumps, MAX_BYTES) == (
        b'{"type": "about:blank", "title": "Conflict", "status": 409,'
        b' "detail": "An account with this email already exists", "instance": "/users",'
        b' "request_id": "0af7651916cd43dd8448eb211c80319c", "email": "a@b.c"}\n'
    )


@pytest.mark.parametrize(
    "encoded", ['{"a": 1}', b'{"a": 1}', '{"a": 1}\n', b'{"a": 1} \n\n'], ids=ascii
)
def test_the_encoder_of_the_application_may_return_text_or_bytes(encoded: str | bytes) -> None:
    assert render(Problem(409), PROBLEM, lambda _: encoded, MAX_BYTES) == b'{"a": 1}\n'


def test_text_that_the_encoder_leaves_unescaped_is_utf_8() -> None:
    problem = Problem(409, detail="caf\u00e9 \u20ac \U0001f600")
    body = render(problem, PROBLEM, lambda value: json.dumps(value, ensure_ascii=False), MAX_BYTES)
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

    body = render(Problem(409, members={"price": Price()}), PROBLEM, flasks_dumps, MAX_BYTES)
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
    assert render(small, PROBLEM, dumps, MAX_BYTES).count(b"\n") > 3
    body = read(Problem(409, members={"list": list(range(100_000))}), dumps)
    assert len(body["list"]) > 1000


def test_the_type_is_never_cut() -> None:
    # A cut URI is another URI (RFC 9457 §3.1.1).
    uri = "https://shop.example/problems/the-order-has-been-shipped-already"
    problem = Problem(409, uri, "Shipped", members={"numbers": [10**600] * 100_000})
    assert read(problem)["type"] == uri


# One problem in, the same out


ALL = ["problem", "simple", "jsonapi", "xml", "text", "html"]
every_dialect = pytest.mark.parametrize("dialect", ALL)
ID = {"X-Request-ID": "the-request"}


def answered(dialect: str, error: Any, config: Any = None, status: int = 409) -> Answer:
    """What a client gets by default, checked for what every error owes."""
    app = raising(error, {**(config or {}), "STATUSKIT_DIALECT": dialect})
    answer = call(app, headers=ID)
    assert_error(answer, status, CONTENT_TYPES[dialect])
    return answer


@dataclass
class Said:
    """What a client has read, every value as text: XML and text have no other."""

    title: str | None
    detail: str | None
    type: str
    instance: str | None
    members: dict[str, Any]
    errors: list[dict[str, str]]


def spoken(value: Any) -> Any:
    """A value as text, what a terminal or XML cannot have replaced as they do."""
    if isinstance(value, dict):
        return {spoken(name): spoken(item) for name, item in value.items()} or ""
    if isinstance(value, list):
        return [spoken(item) for item in value] or ""
    text = value if isinstance(value, str) else json.dumps(value)
    return re.sub("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]", "\ufffd", text)


def said(body: dict[str, Any], members: dict[str, Any], errors: list[Any]) -> Said:
    standard = {name: body.get(name) for name in ("title", "detail", "instance")}
    known = {name: value and spoken(value) for name, value in standard.items()}
    type_ = body.get("type", "about:blank")
    return Said(**known, type=type_, members=spoken(members), errors=spoken(errors) or [])


def read_problem(body: bytes) -> Said:
    problem = strict_json(body)
    standard = {"type", "title", "status", "detail", "instance", "errors"}
    members = {name: value for name, value in problem.items() if name not in standard}
    return said(problem, members, problem.get("errors", []))


def read_simple(body: bytes) -> Said:
    simple = strict_json(body)
    members = {n: v for n, v in simple.items() if n not in ("error", "code", "errors")}
    return said({"detail": simple["error"]}, members, simple.get("errors", []))


def read_jsonapi(body: bytes) -> Said:
    document = assert_json_api(body)
    meta, objects = document["meta"], document["errors"]
    first = objects[0]
    entries = []
    if "detail" in meta:
        for each in objects:
            source = dict(each.get("source", {}))
            if "pointer" in source:
                source["pointer"] = "#" + quote(source["pointer"], safe="!$&'()*+,;=:@?/~")
            entry = {"detail": each["detail"], **source, **each.get("meta", {})}
            # That of the problem stands in each that has none of its own.
            entries.append(entry | ({"code": each["code"]} if each["code"] != CODE else {}))
    standard = {
        "title": first.get("title"),
        "detail": meta.get("detail", first["detail"]),
        "type": first.get("links", {}).get("type", "about:blank"),
        "instance": meta.get("instance"),
    }
    members = {name: value for name, value in meta.items() if name not in standard}
    return said(standard, members, entries)


def read_xml(body: bytes) -> Said:
    problem = dict(value_of(assert_problem_xml(body)))
    errors = problem.pop("errors", [])
    standard = ("type", "title", "status", "detail", "instance")
    return said(problem, {n: v for n, v in problem.items() if n not in standard}, errors)


def read_text(body: bytes) -> Said:
    first, *paragraphs = body.decode().rstrip("\n").split("\n\n")
    facts = dict(line.split(": ", 1) for line in paragraphs.pop().split("\n"))
    lines = [p for p in paragraphs if p.startswith("- ")]
    entries = [field_line(line) for p in lines for line in p.split("\n")]
    standard = {"title": first[4:], "detail": paragraphs[0], **facts}
    members = {n: value(v) for n, v in facts.items() if n not in ("type", "instance")}
    return said(standard, members, entries)


def field_line(line: str) -> dict[str, str]:
    match = re.fullmatch(
        r"- ((pointer|parameter|header|cookie|path) ([^ ]+): )?(.*?)( \(([a-z_]+)\))?", line
    )
    assert match, line
    _, place, where, detail, _, code = match.groups()
    entry = {"detail": detail} | ({place: where} if place else {})
    return entry | ({"code": code} if code else {})


def value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


READERS: dict[str, Callable[[bytes], Said]] = {
    "problem": read_problem,
    "simple": read_simple,
    "jsonapi": read_jsonapi,
    "xml": read_xml,
    "text": read_text,
}


class OutOfCredit(PaymentRequired):
    """The balance does not cover the price. Top up, then repeat the request."""

    type = "out-of-credit"
    title = "You do not have enough credit"
    balance: int
    price: float


PLACES = [
    FieldError("Must be positive", pointer="#/items/0/price~1EUR", code="too_small"),
    FieldError("Not a body", pointer="#"),
    FieldError("Too long", pointer="#/caf%C3%A9%20%25/a~0b"),
    FieldError("Unknown page", parameter="page[number]"),
    FieldError("No date", header="If-Modified-Since"),
    FieldError("Expired", cookie="session", code="expired"),
    FieldError("No such user", path="user_id"),
    FieldError("Somewhere <b>is</b> & \u65e5\u672c \U0001f600 \x1b[31m\x9b31m"),
]
#: The code of a ValidationError, and of each of its entries that has none.
CODE = "unprocessable-content"

SAME: dict[str, tuple[int, Callable[[], Any]]] = {
    "bare": (409, Conflict),
    "detail": (409, lambda: Conflict("An account with this email already exists")),
    "members": (
        409,
        lambda: Conflict(
            none=None,
            true=True,
            false=False,
            zero=0,
            number=-1.5e300,
            text="a: b",
            empty="",
            blank="about:blank",
            list=[1, "two", None, [3, [4]], {"five": {"six": []}}],
            object={"a b": 1, "xmlns": 2, "i": 3, "1": {"": 4}, "a&<>\"'": 5, "nested": {"i": 6}},
        ),
    ),
    "lines": (409, lambda: Conflict("one\ntwo\tthree", lines="one\r\n\ntwo: 2\r")),
    "unicode": (
        409,
        lambda: Conflict(
            "caf\u00e9 \u65e5\u672c \U0001f600 \u202e \u0000\x1b[31m\x85\x9b\ufffe\ud800",
            title="\u00dcber",
            word="</problem>]]> &amp; \x7f\x00",
        ),
    ),
    "type": (402, lambda: OutOfCredit(balance=30, price=49.9)),
    "type, absolute": (409, lambda: Conflict(type="https://shop.example/problems/taken?a=1&b=<2>")),
    "places": (422, lambda: ValidationError(PLACES)),
    "messages": (422, lambda: ValidationError({"a": {0: ["No"], "_schema": ["Nor this"]}}, "Mend")),
    "retry": (503, lambda: ServiceUnavailable("Back at six", retry_after=3600)),
    "limit": (429, lambda: RateLimited(retry_after=0.2, limit=100, remaining=0)),
    "hidden": (500, lambda: InternalServerError("the password is hunter2", dsn="hunter2")),
    "hidden, typed": (502, lambda: BadGateway("hunter2", retry_after=5, errors={"a": ["hunter2"]})),
    "numbers that JSON lacks": (409, lambda: Conflict(a=math.nan, b=[math.inf, 10**5000])),
}


@pytest.mark.parametrize("config", [{}, {"STATUSKIT_TYPE_BASE": "/problems"}], ids=str)
@pytest.mark.parametrize("dialect", READERS)
@pytest.mark.parametrize("name", SAME)
def test_every_dialect_says_the_same_of_a_problem(name: str, dialect: str, config: Any) -> None:
    status, error = SAME[name]
    meant = read_problem(answered("problem", error, config, status).body)
    answer = answered(dialect, error, config, status)
    found = READERS[dialect](answer.body)
    if dialect == "simple":
        # What it is made to leave out.
        meant.title, meant.type, meant.instance = None, "about:blank", None
    assert found == meant
    assert found.members["request_id"] == "the-request"
    assert found.members.get("retry_after") == answer.header("Retry-After")


@pytest.mark.parametrize("name", SAME)
def test_a_page_says_the_same_of_a_problem(name: str) -> None:
    status, error = SAME[name]
    meant = read_problem(answered("problem", error, None, status).body)
    shown = html.unescape(
        re.sub("<[^>]*>", "", answered("html", error, None, status).body.decode())
    )
    for line in (meant.title, meant.detail, *(entry["detail"] for entry in meant.errors)):
        assert line is None or line in spoken(shown)
    for entry in meant.errors:
        assert all(text in spoken(shown) for name, text in entry.items() if name != "code")
    for name, text in meant.members.items():
        # How long to wait is said in words.
        assert not isinstance(text, str) or text in spoken(shown) or name == "retry_after", name


@every_dialect
@pytest.mark.parametrize("config", [{}, {"TESTING": True}, {"STATUSKIT_EXPOSE_INTERNALS": True}])
def test_nothing_hidden_shows_in_any_dialect(dialect: str, config: Any) -> None:
    secret = "hunter2-canary"
    makes: list[Any] = [
        lambda: InternalServerError(secret, dsn=secret, errors={secret: [secret]}),
        lambda: BadGateway(secret, upstream=secret),
        lambda: BadGateway(errors={"a": [secret]}),
    ]
    for make in makes:
        status = make().code
        assert secret not in str(answered(dialect, make, config, status))
    for code in (409, 503):
        app = mapped(code, {**config, "STATUSKIT_DIALECT": dialect}, raised=lambda: Foreign(secret))
        answer = call(app)
        assert_error(answer, code, CONTENT_TYPES[dialect])
        assert secret not in str(answer)


@every_dialect
def test_in_development_every_dialect_shows_what_happened(dialect: str) -> None:
    app = mapped(
        409, {"DEBUG": True, "STATUSKIT_DIALECT": dialect}, raised=lambda: Foreign("loose")
    )
    body = html.unescape(call(app).body.decode())
    for shown in ("support.Foreign", "loose", "tests/support.py", "raise raised"):
        assert shown in body, shown


def loop() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["self"] = [value, value]
    return value


MANY_FIELDS = list(field_errors(MANY["fields"]))
HUGE: dict[str, Callable[[], Any]] = {
    "errors": lambda: ValidationError([*MANY_FIELDS, *MANY_FIELDS, *MANY_FIELDS]),
    "detail": lambda: Conflict("<\u00e9\x01" * 1_700_000),
    "escapes": lambda: Conflict("&" * 5_000_000, text='&<">' * 500_000),
    "members": lambda: Conflict(**{f"member{n}": n for n in range(20_000)}),
    "list": lambda: Conflict(list=list(range(1_000_000))),
    "nested": lambda: Conflict(nested=[[[[[[{"a b": 1}] * 10] * 10] * 10] * 10] * 10] * 10),
    "loop": lambda: Conflict(loop=loop()),
}


@pytest.mark.parametrize("name", HUGE)
@pytest.mark.parametrize("max_bytes", [1024, 5000, MAX_BYTES])
def test_a_huge_problem_fits_in_every_dialect(name: str, max_bytes: int) -> None:
    config = {"STATUSKIT_MAX_BODY_BYTES": max_bytes}
    status, make = (422 if name == "errors" else 409), HUGE[name]
    bodies = {dialect: answered(dialect, make, config, status).body for dialect in ALL}
    whole = read_problem(bodies["problem"])
    for dialect, body in bodies.items():
        frame = len(answered(dialect, lambda: Conflict(""), config).body)
        # The page alone takes more than the least that may be set.
        assert len(body) <= max_bytes if frame < max_bytes else len(body) < frame + 5 * max_bytes
        # What may be used is, as far as the problem goes.
        if max_bytes == MAX_BYTES:
            assert len(body) > max_bytes / (10 if name == "detail" else 2), dialect
        assert b"the-request" in body
    for dialect, read in READERS.items():
        found = read(bodies[dialect])
        assert found.title in (whole.title, None)
        assert [*found.members][:2] == [*whole.members][:2]
        if name == "errors" and max_bytes > 1024:
            assert found.errors == whole.errors[: len(found.errors)]
            assert len(found.errors) + int(found.members["errors_omitted"]) == 10_000


# Simple


def test_simple_is_a_sentence_a_code_and_the_members() -> None:
    answer = answered("simple", lambda: Conflict("Taken", email="a@b.c", errors={"a": ["No"]}))
    assert list(answer.json.items()) == [
        ("error", "Taken"),
        ("code", "conflict"),
        ("request_id", "the-request"),
        ("errors", [{"detail": "No", "pointer": "#/a"}]),
        ("email", "a@b.c"),
    ]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: Conflict(), "conflict"),
        (lambda: OutOfCredit(balance=1, price=2), "out-of-credit"),
        (lambda: Conflict(type="https://shop.example/problems/taken/"), "taken"),
        (lambda: Conflict(type="https://shop.example/problems#taken"), "taken"),
        (lambda: Conflict(type="urn:shop:taken"), "taken"),
        (lambda: Conflict(type="/"), "conflict"),
    ],
)
def test_the_code_is_the_slug_of_the_type_or_the_phrase(make: Any, code: str) -> None:
    for dialect in ("simple", "jsonapi"):
        body = answered(dialect, make, None, make().code).json
        assert (body["errors"][0] if dialect == "jsonapi" else body)["code"] == code


@pytest.mark.parametrize("status", [400, 414, 418, 422, 499, 511])
def test_every_status_has_a_code_and_a_sentence(status: int) -> None:
    body = json.loads(render(Problem(status), SIMPLE, json.dumps, MAX_BYTES))
    assert re.fullmatch("[a-z]+(-[a-z]+)*", body["code"])
    assert body["error"] == (STATUSES[status].phrase if status in STATUSES else "Unknown")


def test_a_member_of_the_name_of_a_part_of_simple_takes_its_place() -> None:
    body = answered("simple", lambda: Conflict("Taken", code="E42", error="duplicate")).json
    assert (body["error"], body["code"]) == ("duplicate", "E42")


# JSON:API


def assert_json_api(body: bytes) -> Any:
    """Check what JSON:API 1.1 demands of a document with errors, and return it."""
    document = strict_json(body)
    assert document.keys() <= {"errors", "meta", "jsonapi", "links"}
    assert isinstance(document["meta"], dict)
    assert isinstance(document["errors"], list)
    assert document["errors"]
    for error in document["errors"]:
        known = {"id", "links", "status", "code", "title", "detail", "source", "meta"}
        assert error.keys() <= known
        for name in known - {"links", "source", "meta"}:
            assert isinstance(error.get(name, ""), str), name
        assert re.fullmatch("[45][0-9]{2}", error["status"])
        assert error.get("links", {"type": ""}).keys() <= {"about", "type"}
        source = error.get("source", {"pointer": ""})
        assert source
        assert source.keys() <= {"pointer", "parameter", "header"}
        # A JSON Pointer that is no fragment (RFC 6901 §3).
        assert re.fullmatch(r"(/([^~/]|~[01])*)*", source.get("pointer", ""))
        assert error.get("meta", {"": ""})
    return document


def test_json_api_has_one_error_object_with_the_type_as_a_link() -> None:
    error = lambda: OutOfCredit("Top up", balance=30, price=50)  # noqa: E731
    answer = answered("jsonapi", error, {"STATUSKIT_TYPE_BASE": "/problems"}, 402)
    assert assert_json_api(answer.body) == {
        "errors": [
            {
                "status": "402",
                "code": "out-of-credit",
                "title": "You do not have enough credit",
                "detail": "Top up",
                "links": {"type": "/problems/out-of-credit"},
            }
        ],
        "meta": {"request_id": "the-request", "balance": 30, "price": 50, "instance": "/"},
    }


def test_json_api_has_an_error_object_for_each_field_error() -> None:
    answer = answered("jsonapi", lambda: ValidationError(PLACES, "Mend it"), None, 422)
    document = assert_json_api(answer.body)
    assert document["meta"] == {"request_id": "the-request", "instance": "/", "detail": "Mend it"}
    assert [error.get("source") for error in document["errors"]] == [
        {"pointer": "/items/0/price~1EUR"},
        {"pointer": ""},
        {"pointer": "/caf\u00e9 %/a~0b"},
        {"parameter": "page[number]"},
        {"header": "If-Modified-Since"},
        None,
        None,
        None,
    ]
    assert [error.get("meta") for error in document["errors"]][5:] == [
        {"cookie": "session"},
        {"path": "user_id"},
        None,
    ]
    assert {error["title"] for error in document["errors"]} == {"Unprocessable Content"}
    assert [error["code"] for error in document["errors"]][:2] == ["too_small", CODE]


# XML

NAMESPACE = "{urn:ietf:rfc:7807}"


def assert_problem_xml(body: bytes) -> ElementTree.Element:
    """Check what RFC 9457, appendix B, demands, and return the problem."""
    assert body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n')
    problem = ElementTree.fromstring(body)
    assert problem.tag == f"{NAMESPACE}problem"
    names = [child.tag.removeprefix(NAMESPACE) for child in problem]
    standard = ("type", "title", "status", "detail", "instance")
    present = [name for name in standard if name in names]
    assert [name for name in names if name in standard] == names[: len(present)]
    for element in problem.iter():
        # One namespace, and no text beside elements or attributes.
        assert element.tag.startswith(NAMESPACE)
        assert element.attrib == {}
        assert not (element.tail or "").strip()
        assert not (len(element) and (element.text or "").strip())
    assert int(problem.findtext(f"{NAMESPACE}status") or 0) >= 400
    return problem


def value_of(element: ElementTree.Element) -> Any:
    """A value by the rule of appendix B: what has only children named "i" is an array."""
    children = list(element)
    if not children:
        return element.text or ""
    if all(child.tag == f"{NAMESPACE}i" for child in children):
        return [value_of(child) for child in children]
    return dict(map(entry_of, children))


def entry_of(element: ElementTree.Element) -> tuple[str, Any]:
    name = element.tag.removeprefix(NAMESPACE)
    if name == "member" and len(element) == 2:
        named, holding = element
        return named.text or "", value_of(holding)
    return name, value_of(element)


def test_xml_is_as_the_example_in_the_rfc_has_it() -> None:
    accounts = ["https://example.com/account/12345", "https://example.com/account/67890"]
    problem = Problem(
        403,
        "https://example.com/probs/out-of-credit",
        "You do not have enough credit.",
        "Your current balance is 30, but that costs 50.",
        "https://example.net/account/12345/msgs/abc",
        {"balance": 30, "accounts": accounts},
    )
    assert (
        render(problem, XML, json.dumps, MAX_BYTES).decode()
        == """\
<?xml version="1.0" encoding="UTF-8"?>
<problem xmlns="urn:ietf:rfc:7807">
  <type>https://example.com/probs/out-of-credit</type>
  <title>You do not have enough credit.</title>
  <status>403</status>
  <detail>Your current balance is 30, but that costs 50.</detail>
  <instance>https://example.net/account/12345/msgs/abc</instance>
  <balance>30</balance>
  <accounts><i>https://example.com/account/12345</i><i>https://example.com/account/67890</i></accounts>
</problem>
"""
    )


any_text = st.text(st.characters(exclude_categories=()))
plain_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | any_text,
    lambda inner: st.lists(inner) | st.dictionaries(any_text, inner),
    max_leaves=8,
)
problems = st.builds(
    Problem,
    st.sampled_from([400, 409, 422, 499, 503]),
    st.sampled_from(["about:blank", "/problems/taken", "urn:x:y"]),
    st.none() | any_text,
    st.none() | any_text,
    st.none() | st.just("/users"),
    # With such a start, a name may be any but those of the standard members.
    st.dictionaries(st.from_regex("(x|xml|i)[A-Za-z0-9_]{0,9}", fullmatch=True), plain_values),
)


@given(problems)
def test_any_problem_is_legal_in_every_dialect(problem: Problem) -> None:
    assert_problem_xml(render(problem, XML, json.dumps, MAX_BYTES))
    assert_json_api(render(problem, JSONAPI, json.dumps, MAX_BYTES))
    strict_json(render(problem, SIMPLE, json.dumps, MAX_BYTES))
    shown = render(problem, TEXT, json.dumps, MAX_BYTES).decode()
    assert shown.startswith(str(problem.status))
    # Nothing that a terminal would obey.
    assert not re.search("[\0-\x08\x0b-\x1f\x7f-\x9f]", shown)


# Text


def test_text_is_for_people_at_a_terminal() -> None:
    app = raising(lambda: ValidationError(PLACES[:2], "Mend it", step=[1, 2]))
    answer = call(app, headers={**ID, "Accept": "text/plain"})
    assert answer.body.decode() == (
        "422 Unprocessable Content\n"
        "\n"
        "Mend it\n"
        "\n"
        "- pointer #/items/0/price~1EUR: Must be positive (too_small)\n"
        "- pointer #: Not a body\n"
        "\n"
        "instance: /\n"
        "request_id: the-request\n"
        "step: [1, 2]\n"
    )


@pytest.mark.parametrize("dialect", [SIMPLE, JSONAPI, XML, TEXT, PROBLEM])
def test_field_errors_of_no_class_of_ours_are_shown_as_they_are(dialect: Any) -> None:
    problem = Problem(422, members={"errors": ["a line", 5]})
    body = render(problem, dialect, json.dumps, MAX_BYTES)
    assert b"a line" in body
    assert b"5" in body


# Dialects of one's own

ACME = "application/vnd.acme.error+json"


def with_dialect(media_type: str, render: Any, error: Any = Conflict, **options: Any) -> Flask:
    app = raising(error, **options)
    kit_of(app).dialect(media_type)(render)
    return app


@pytest.mark.parametrize(
    ("made", "sent"),
    [
        ({"fault": "F\u00fcr Dich"}, b'{"fault": "F\\u00fcr Dich"}\n'),
        ([1, None, True], b"[1, null, true]\n"),
        (None, b"null\n"),
        ("F\u00fcr Dich", "F\u00fcr Dich\n".encode()),
        ("a line\n", b"a line\n"),
        ("two\n\n", b"two\n\n"),
        ("", b"\n"),
        ("\ud800", b"?\n"),
        (b"bytes", b"bytes"),
        (b"\x00\xff \n\n", b"\x00\xff \n\n"),
        (b"", b""),
    ],
    ids=ascii,
)
def test_a_dialect_of_ones_own_returns_text_bytes_or_what_becomes_json(
    made: Any, sent: bytes
) -> None:
    app = with_dialect(ACME, lambda problem: made)
    answer = call(app, headers={"Accept": ACME})
    assert_error(answer, 409, ACME)
    assert answer.body == sent
    head = call(app, "HEAD", headers={"Accept": ACME})
    assert_error(head, 409, ACME)
    assert head.body == b""


def test_json_of_ones_own_is_written_by_the_encoder_of_the_application() -> None:
    app = with_dialect(ACME, lambda problem: {"b": Decimal("9.90"), "a": 1})
    assert list(call(app, headers={"Accept": ACME}).json.items()) == [("b", "9.90"), ("a", 1)]


def test_a_function_gets_the_problem_in_plain_values_and_may_do_with_it_what_it_likes() -> None:
    given: list[Problem] = []

    def acme(problem: Problem) -> Any:
        given.append(problem)
        members = problem.members
        assert isinstance(members, dict)
        return {"fault": members.pop("price"), "errors": members.pop("errors")}

    errors = [FieldError("No", pointer="#/a")]
    app = with_dialect(ACME, acme, lambda: Conflict(price=Decimal("9.90"), errors=errors))
    for _ in range(2):
        body = call(app, headers={"Accept": ACME}).json
        assert body == {"fault": "9.90", "errors": [{"detail": "No", "pointer": "#/a"}]}
    assert [p.status for p in given] == [409, 409]
    assert assert_problem(call(app), 409)["price"] == "9.90"


@pytest.mark.parametrize(
    ("media_type", "sent"),
    [
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/csv; header=present", "text/csv; header=present; charset=utf-8"),
        ("text/csv; charset=latin-1", "text/csv; charset=latin-1"),
        ("Text/CSV", "Text/CSV; charset=utf-8"),
        ("text/csv; Charset=utf-8", "text/csv; Charset=utf-8"),
        ("application/vnd.acme+json; version=2", "application/vnd.acme+json; version=2"),
        ("application/x-yaml", "application/x-yaml"),
        ("x/y", "x/y"),
        ("application/vnd.a!b#c$d&e^f_g.h+xml", "application/vnd.a!b#c$d&e^f_g.h+xml"),
    ],
)
def test_the_media_type_is_sent_as_it_was_given_a_text_with_its_charset(
    media_type: str, sent: str
) -> None:
    app = with_dialect(media_type, lambda problem: "x")
    for accept in (media_type, media_type.partition(";")[0], media_type.upper()):
        answer = call(app, headers={"Accept": accept})
        assert answer.header("Content-Type") == sent, accept
        assert answer.body == b"x\n"
    assert_problem(call(app), 409)


@every_dialect
def test_a_dialect_of_ours_can_be_replaced(dialect: str) -> None:
    media_type = CONTENT_TYPES[dialect].partition(";")[0]
    for written in (media_type, media_type.upper(), f"{media_type}; profile=acme"):
        app = with_dialect(written, lambda problem: f"mine {problem.status}", dialect=dialect)
        for accept in (None, "*/*", media_type):
            answer = call(app, headers={"Accept": accept} if accept else {})
            assert answer.body == b"mine 409\n"
            assert str(answer.header("Content-Type")).lower().startswith(media_type)
        # Who does without negotiation gets it too.
        app = with_dialect(written, lambda problem: "mine", dialect=dialect, negotiate=False)
        assert call(app, headers={"Accept": "application/pdf"}).body == b"mine\n"


@pytest.mark.parametrize(
    ("media_type", "accept"),
    [
        ("text/html", "application/xhtml+xml"),
        ("application/problem+xml", "application/xml"),
        ("application/problem+xml", "text/xml"),
        ("application/problem+json", "application/json"),
    ],
)
def test_what_replaces_a_dialect_is_asked_for_by_the_same_names(
    media_type: str, accept: str
) -> None:
    app = with_dialect(media_type, lambda problem: "mine")
    assert call(app, headers={"Accept": accept}).body == b"mine\n"


@pytest.mark.parametrize(
    "media_type",
    [
        *("", "json", "application", "application/", "/json", "*/*", "application/*", "a/b/c"),
        *(
            "application/json\n",
            "application/j son",
            "text/\u00e9",
            "a/b;\r\nX-Evil: 1",
            "a/b; \u20ac",
        ),
        *(None, 5, b"application/json", lambda problem: "without parentheses"),
    ],
)
def test_what_is_no_media_type_is_refused_where_it_is_written(media_type: Any) -> None:
    kit = kit_of(raising(Conflict))
    with pytest.raises(ValueError, match="is no media type: type @statuskit"):
        kit.dialect(media_type)
    assert kit.dialects == {}


class Broken:
    def __init__(self, *_: Any) -> None:
        raise RuntimeError("the renderer is broken")


@pytest.mark.parametrize("made", [Broken, lambda _: object(), lambda _: {"a": object()}, lambda: 1])
@pytest.mark.parametrize("by", ["accept", "default", "function"])
def test_a_dialect_that_fails_leaves_a_constant_body_and_both_errors_in_the_log(
    made: Any, by: str, log: Any
) -> None:
    if by == "function":
        app = raising(lambda: Conflict("Taken"), dialect=made)
    else:
        options = {"dialect": ACME} if by == "default" else {}
        app = with_dialect(ACME, made, lambda: Conflict("Taken"), **options)
    answer = call(app, headers={"Accept": ACME})
    assert_error(answer, 409, PROBLEM_JSON)
    assert answer.json == {"type": "about:blank", "title": "Conflict", "status": 409}
    causes = [r.exc_info[0] for r in log.ours if r.levelname == "ERROR" and r.exc_info]
    assert Conflict in causes
    assert {RuntimeError, TypeError} & set(causes)
    assert call(app, "HEAD", headers={"Accept": ACME}).status == 409


@pytest.mark.parametrize(
    ("error", "header", "value"),
    [
        (Unauthorized(realm="shop"), "WWW-Authenticate", 'Bearer realm="shop"'),
        (ServiceUnavailable(retry_after=7), "Retry-After", "7"),
        (MethodNotAllowed(valid_methods=["GET"]), "Allow", "GET"),
    ],
)
def test_a_dialect_that_fails_costs_no_header(error: StatusError, header: str, value: str) -> None:
    answer = call(raising(error, dialect=Broken))
    assert answer.header(header) == value
    assert answer.header("X-Request-ID")
    assert answer.json["status"] == error.code


def test_a_dialect_is_for_every_application_of_its_statuskit() -> None:
    first = with_dialect(ACME, lambda problem: {"fault": problem.title})
    second = raising(Conflict, kit=kit_of(first))
    third = raising(Conflict)
    kinds = [
        call(a, headers={"Accept": ACME}).header("Content-Type") for a in (first, second, third)
    ]
    assert kinds == [ACME, ACME, PROBLEM_JSON]


def test_the_decorator_returns_the_function() -> None:
    def acme(problem: Problem) -> str:
        return "x"

    assert kit_of(raising(Conflict)).dialect(ACME)(acme) is acme


@pytest.mark.parametrize("room", [1024, 5000, MAX_BYTES])
def test_a_large_frame_of_ones_own_costs_the_problem_nothing(room: int) -> None:
    runs: list[int] = []

    def layout(problem: Problem) -> str:
        runs.append(1)
        return "-" * 100_000 + json.dumps(problem.to_dict())

    app = with_dialect("text/html", layout, lambda: Conflict("Taken", a=1), max_body_bytes=room)
    answer = call(app, headers={"Accept": "text/html"})
    body = json.loads(answer.body[100_000:])
    assert (body["detail"], body["a"]) == ("Taken", 1)
    assert len(runs) <= 2


def test_a_dialect_of_ones_own_is_kept_in_bounds_as_well() -> None:
    for repeat in (1, 3, 50):
        app = with_dialect(ACME, lambda problem: [problem.to_dict()] * repeat, HUGE["members"])  # noqa: B023
        body = call(app, headers={"Accept": ACME}).body
        assert MAX_BYTES / 3 < len(body) <= MAX_BYTES
