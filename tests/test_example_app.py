"""The example app: every endpoint with every status it teaches, and the order of its decisions."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import shlex
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from example_app_support import (
    APISPEC_WORKS,
    Answer,
    Request,
    Send,
    assert_documented,
    assert_no_internals,
    assert_problem,
    delete,
    get,
    post,
    put,
    request,
    send_socket,
    send_wsgi,
    upload,
)
from flask import Flask
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from sqlalchemy.orm import Session
from werkzeug.http import generate_etag
from werkzeug.serving import make_server

from example_app import create_app
from example_app.config import Development, Production, Testing
from example_app.database import engine_of
from flask_statuskit.testing import http_audit  # noqa: F401

ROOT = Path(__file__).parent.parent
WEBHOOK_SECRET = "shared with the provider"


class Config(Production):
    """Production, but with secrets, a database and limits that the tests know."""

    SECRET_KEY = "known to the tests"
    WEBHOOK_SECRET = WEBHOOK_SECRET
    RATELIMIT_STORAGE_URI = "memory://"
    SEARCH_LIMIT = "3 per minute"
    CHANGE_LIMIT = "1 per hour"
    RATES_URL = None
    TOKEN_LIFETIME = timedelta(hours=1)
    REPORT_SECONDS = 60


class AuditedConfig(Config, Testing):
    """The same in the environment of tests, in which the auditor raises."""


@pytest.fixture(autouse=True)
def _every_response_is_audited(request: pytest.FixtureRequest) -> None:
    """Fail a test on any finding, in whatever environment. One test has the auditor do that."""
    if request.function is not test_under_testing_the_auditor_raises_for_none_of_them:
        request.getfixturevalue("http_audit")


@contextmanager
def running(database: Path, base: type = Config, **settings: Any) -> Iterator[Flask]:
    """Make an app with this database, and close the database afterwards."""
    settings = {"DATABASE_URL": f"sqlite:///{database}", **settings}
    app = create_app(type("Config", (base,), settings))
    try:
        yield app
    finally:
        engine_of(app).dispose()


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the first data, to be copied: hashing the passwords takes a while."""
    database = tmp_path_factory.mktemp("example") / "seeded.sqlite3"
    with running(database):
        return database


@pytest.fixture
def database(seeded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(seeded, tmp_path))


@pytest.fixture
def app(database: Path) -> Iterator[Flask]:
    with running(database) as app:
        yield app


@pytest.fixture(scope="session")
def tokens(seeded: Path) -> dict[str, str]:
    """A token for each account, got by logging in, and some that are not good any more."""
    with running(seeded) as app:
        found = {name: log_in(app, name) for name in ("ann", "bob", "gil", "ada")}
        with pytest.MonkeyPatch.context() as patch:
            two_hours_ago = int(time.time()) - 7200
            patch.setattr(TimestampSigner, "get_timestamp", lambda self: two_hours_ago)
            found["expired"] = log_in(app, "ann")
    signer = URLSafeTimedSerializer(Config.SECRET_KEY, salt="token")
    forger = URLSafeTimedSerializer("another key", salt="token")
    return found | {
        "dora": signer.dumps(5),
        "forged": forger.dumps(4),
        "garbage": "garbage",
        "latin": "\xe9\xff",
    }


def log_in(app: Flask, name: str) -> str:
    answer = send_wsgi(app, log_in_as(f"{name}@example.com", f"{name}-secret"))
    assert answer.status == 200, answer.body
    return str(answer.json["access_token"])


def signed_in(sent: Request, tokens: dict[str, str]) -> Request:
    if sent.account is None:
        return sent
    credentials = {"Authorization": f"Bearer {tokens[sent.account]}"}
    return replace(sent, headers={**sent.headers, **credentials})


@pytest.fixture(scope="session")
def document(seeded: Path) -> dict[str, Any] | None:
    """What the app says of itself, in OpenAPI; None if marshmallow is too old for that."""
    if not APISPEC_WORKS:
        return None
    with running(seeded) as app:
        return dict(send_wsgi(app, get("/openapi.json")).json)


@pytest.fixture
def send(app: Flask, tokens: dict[str, str], document: dict[str, Any] | None) -> Send:
    """Send a request to a fresh app over WSGI, and hold the answer against the document."""

    def send(sent: Request) -> Answer:
        answer = send_wsgi(app, signed_in(sent, tokens))
        if document:
            assert_documented(document, app, sent, answer)
        return answer

    return send


@pytest.fixture(scope="session")
def port(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a real server, which serves an app of its own."""
    database = shutil.copy(seeded, tmp_path_factory.mktemp("server"))
    with running(Path(database)) as app, serving(app) as port:
        yield port


@contextmanager
def serving(app: Flask) -> Iterator[int]:
    """Serve the app on a port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def send_for_real(port: int, tokens: dict[str, str]) -> Send:
    """Send a request to the server over a socket."""
    return lambda sent: send_socket(port, signed_in(sent, tokens))


# What the tables say: for this request, this status, this detail, these headers, these members.


@dataclass(frozen=True)
class Case:
    status: int
    name: str
    request: Request
    detail: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    members: dict[str, Any] = field(default_factory=dict)
    before: int = 0  # how often the request is sent before it counts

    def __str__(self) -> str:
        return f"{self.status}-{self.name.replace(' ', '-')}"


def case(
    status: int,
    name: str,
    sent: Request,
    detail: str | None = None,
    before: int = 0,
    members: dict[str, Any] | None = None,
    **headers: str,
) -> Case:
    """Write one line of a table. Header names are written with underscores."""
    lines = {name.replace("_", "-"): value for name, value in headers.items()}
    return Case(status, name, sent, detail, lines, members or {}, before)


BEARER = 'Bearer realm="bookings"'
INVALID = f'{BEARER}, error="invalid_token"'
NOT_ADMIN = 'Bearer error="insufficient_scope", scope="admin"'
COURT = '<https://court.example/orders/17>; rel="blocked-by"'
MALFORMED = b'{"email": "ann",\n "name": }'
EVE = {"email": "eve@example.com", "name": "Eve", "password": "eve-has-one"}
STAY = {"check_in": "2031-06-01", "check_out": "2031-06-05", "guests": 2}
BOOKING = {"room_id": 2, **STAY}
TOP_UP = {"user_id": 2, "amount": 500_00}
WRONG = "The e-mail or the password is wrong."
TAKEN_VALUE = "A record with this value already exists."
TAKEN = "The room is taken on these dates."
OUTDATED = "The record has been changed or deleted since it was read."
HTML = "text/html; charset=utf-8"
PLANS = generate_etag(bytes(127 * 1024))  # of Bob's file


def errors(pointer: str, detail: str) -> dict[str, Any]:
    return {"errors": [{"detail": detail, "pointer": pointer}]}


NO_INTEGER = errors("#/guests", "Not a valid integer.")


def of_type(slug: str, **members: int) -> dict[str, Any]:
    return {"type": f"/problems/{slug}", **members}


def log_in_as(email: str, password: str) -> Request:
    return post("/login", {"email": email, "password": password})


def webhook(body: Any, signed_body: Any = None, secret: str = WEBHOOK_SECRET) -> Request:
    """Sign a call as the provider does: the body, unless another is given."""
    signed = json.dumps(signed_body or body).encode()
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return post("/webhooks/payments", body, X_Signature=digest)


def book(account: str = "ann", **changes: Any) -> Request:
    return post("/bookings", {**BOOKING, **changes}, account)


def change(
    number: int, account: str | None, body: Any = STAY, version: str | None = "*"
) -> Request:
    """Change a booking, if it has this version. The default is any, None is not to say."""
    return put(f"/bookings/{number}", body, account, **if_match(version))


def give_up(number: int, account: str, version: str | None = "*") -> Request:
    return delete(f"/bookings/{number}", account=account, **if_match(version))


def if_match(version: str | None) -> dict[str, str]:
    return {} if version is None else {"If_Match": version}


def pay(booking_id: int, account: str) -> Request:
    return post("/payments", {"booking_id": booking_id}, account)


PROBLEMS = [
    # users
    case(400, "malformed JSON", post("/users", MALFORMED)),
    case(415, "XML", post("/users", b"<a/>", Content_Type="text/xml"), Accept="application/json"),
    case(415, "no media type", post("/users"), Accept="application/json"),
    case(413, "large JSON", post("/users", {"name": "x" * 70_000})),
    case(
        409,
        "duplicate e-mail",
        post("/users", {**EVE, "email": "Ann@Example.com"}),
        TAKEN_VALUE,
        members={"errors": [{"detail": TAKEN_VALUE, "pointer": "#/email", "code": "unique"}]},
    ),
    case(
        422,
        "invalid e-mail",
        post("/users", {**EVE, "email": "eve"}),
        members=errors("#/email", "Not a valid email address."),
    ),
    case(
        422,
        "lone surrogate",
        post("/users", {**EVE, "name": "\ud800"}),
        members=errors("#/name", "Contains characters that are not text."),
    ),
    case(422, "not an object", post("/users", [1])),
    case(404, "unknown user", get("/users/999"), "There is no user 999."),
    case(410, "deleted user", get("/users/5"), "The user 5 was deleted."),
    # URLs
    case(404, "unknown URL", get("/nothing/here")),
    case(404, "no number", get("/users/ann")),
    case(404, "number of 5000 digits", get("/users/" + "9" * 5000)),
    case(404, "largest number", get("/users/999999999"), "There is no user 999999999."),
    case(404, "number zero", get("/users/0")),
    case(404, "number that begins with zeros", get("/users/007")),
    case(404, "number in Arabic digits", get("/users/%D9%A1")),
    # login and me
    case(405, "login by GET", get("/login"), Allow="OPTIONS, POST"),
    case(401, "wrong password", log_in_as("ann@example.com", "x"), WRONG, WWW_Authenticate=BEARER),
    case(401, "unknown e-mail", log_in_as("eve@example.com", "x"), WRONG, WWW_Authenticate=BEARER),
    case(401, "deleted account", log_in_as("dora@example.com", "dora-secret"), WRONG),
    case(422, "no password", post("/login", {"email": "ann@example.com"})),
    case(401, "no token", get("/me"), WWW_Authenticate=BEARER),
    case(401, "Basic", get("/me", Authorization="Basic YW5uOmFubg=="), WWW_Authenticate=BEARER),
    case(
        401,
        "expired token",
        get("/me", account="expired"),
        "The token has expired. Log in again.",
        WWW_Authenticate=INVALID,
    ),
    case(401, "forged token", get("/me", account="forged"), WWW_Authenticate=INVALID),
    case(401, "garbage", get("/me", account="garbage"), WWW_Authenticate=INVALID),
    case(401, "not ASCII", get("/me", account="latin"), WWW_Authenticate=INVALID),
    case(401, "token of a deleted user", get("/me", account="dora"), WWW_Authenticate=INVALID),
    # admin
    case(401, "admin without token", get("/admin/users"), WWW_Authenticate=BEARER),
    case(403, "member", get("/admin/users", account="ann"), WWW_Authenticate=NOT_ADMIN),
    case(403, "member deletes user", delete("/admin/users/2", account="ann")),
    case(404, "admin deletes nobody", delete("/admin/users/999", account="ada")),
    case(410, "admin deletes again", delete("/admin/users/5", account="ada")),
    # bookings
    case(401, "bookings without token", get("/bookings"), WWW_Authenticate=BEARER),
    case(401, "booking without token", get("/bookings/1"), WWW_Authenticate=BEARER),
    case(404, "private booking", get("/bookings/4", account="ann"), "There is no booking 4."),
    case(410, "deleted booking", get("/bookings/3", account="ann"), "The booking 3 was deleted."),
    case(403, "guest books", book("gil")),
    case(
        422,
        "check-out before check-in",
        book(check_out="2031-05-31"),
        members=errors("#/check_out", "Must be later than check_in."),
    ),
    case(
        422,
        "unknown room",
        book(room_id=99),
        members=errors("#/room_id", "There is no such room to book."),
    ),
    case(422, "guests in words", book(guests=True), members=NO_INTEGER),
    case(422, "guests in part", book(guests=1.5), members=NO_INTEGER),
    case(422, "guests without end", book(guests=float("inf")), members=NO_INTEGER),
    case(
        422,
        "private in words",
        book(private="yes"),
        members=errors("#/private", "Not a valid boolean."),
    ),
    case(409, "taken", book(room_id=1, check_in="2031-02-04", check_out="2031-02-06"), TAKEN),
    case(403, "someone else's booking", give_up(5, "ann")),
    case(409, "paid booking", give_up(2, "ann")),
    case(428, "change of no version", change(1, "ann", version=None)),
    case(412, "change of another version", change(1, "ann", version='"2"'), ETag='"1"'),
    case(412, "change of a weak version", change(1, "ann", version='W/"1"'), ETag='"1"'),
    case(428, "gives up no version", give_up(1, "ann", None)),
    case(412, "gives up another version", give_up(1, "ann", '"2"'), ETag='"1"'),
    case(
        412, "wants another version", get("/bookings/1", account="ann", If_Match='"2"'), ETag='"1"'
    ),
    case(405, "booking by POST", post("/bookings/1"), Allow="DELETE, GET, HEAD, OPTIONS, PUT"),
    # reservations
    case(405, "reservation by PUT", put("/reservations/1"), Allow="GET, HEAD, OPTIONS"),
    case(404, "unknown reservation", get("/reservations/ann")),
    # reports
    case(401, "report without token", post("/reports"), WWW_Authenticate=BEARER),
    case(401, "monitor without token", get("/reports/1/status"), WWW_Authenticate=BEARER),
    case(404, "unknown report", get("/reports/9", account="ann"), "There is no report 9."),
    case(404, "unknown monitor", get("/reports/9/status", account="ann"), "There is no report 9."),
    case(404, "someone else's report", get("/reports/1", account="ada"), "There is no report 1."),
    case(404, "someone else's monitor", get("/reports/1/status", account="bob")),
    # payments
    case(
        402,
        "out of credit",
        pay(5, "bob"),
        members=of_type("out-of-credit", balance=10_00, price=480_00),
    ),
    case(409, "paid twice", pay(2, "ann"), "The booking 2 is already paid for."),
    case(403, "guest pays", pay(1, "gil")),
    case(403, "someone else pays", pay(5, "ann")),
    case(404, "pays unknown booking", pay(999, "ann"), "There is no booking 999."),
    case(404, "unknown payment", get("/payments/9", account="ann"), "There is no payment 9."),
    case(404, "someone else's payment", get("/payments/1", account="bob")),
    case(400, "unsigned", post("/webhooks/payments", TOP_UP)),
    case(400, "forged signature", webhook(TOP_UP, secret="guessed")),
    case(400, "signature of another body", webhook({**TOP_UP, "amount": 1}, TOP_UP)),
    case(400, "signature not ASCII", post("/webhooks/payments", TOP_UP, X_Signature="\xe9")),
    case(422, "signed nonsense", webhook({"amount": "much"})),
    case(422, "money for nobody", webhook({**TOP_UP, "user_id": 99})),
    # rooms
    case(
        429,
        "search too often",
        get("/search?city=Oslo"),
        "Too many requests were sent in a short time; wait before you send another.",
        before=3,
        members={"limit": 3, "remaining": 0},
    ),
    case(404, "unknown room", get("/rooms/99"), "There is no room 99."),
    case(451, "taken down", get("/rooms/3"), Link=COURT),
    # rates
    case(
        503,
        "no source of rates",
        get("/rates"),
        "There is no source of rates here.",
        Retry_After="3600",
    ),
    # files
    case(413, "large file", upload(65 * 1024)),
    case(
        507,
        "no quota left",
        upload(2048, "bob"),
        "2048 more bytes do not fit.",
        members=of_type("quota-exceeded", used=127 * 1024, quota=128 * 1024),
    ),
    case(401, "file without token", upload(1, None), WWW_Authenticate=BEARER),
    case(422, "form without file", upload(1, name="fiel")),
    case(
        415,
        "file without form",
        post("/files", b"x", "ann", Content_Type="text/plain"),
        Accept="multipart/form-data",
    ),
    case(404, "someone else's file", get("/files/1", account="ann"), "There is no file 1."),
    case(
        416,
        "range beyond the end",
        get("/files/1", account="bob", Range="bytes=130048-"),
        Content_Range="bytes */130048",
    ),
    case(
        412,
        "wants another file",
        get("/files/1", account="bob", If_Match='"x"'),
        ETag=f'"{PLANS}"',
    ),
    # operations
    case(500, "bug", get("/bug")),
    case(503, "maintenance", get("/maintenance"), "The archive is moving to a new home."),
]

ATTACHED = {
    "Content_Type": "application/octet-stream",
    "Content_Disposition": "attachment; filename=plans.pdf",
    "ETag": f'"{PLANS}"',
}
# Werkzeug's first 3.1 releases do not say so where nobody has asked for one.
A_PART = {"Accept_Ranges": "bytes"}

SUCCESSES = [
    case(201, "sign up", post("/users", EVE), Location="/users/6"),
    case(200, "user", get("/users/1"), members={"id": 1, "name": "Ann"}),
    case(200, "login", log_in_as("ANN@example.com", "ann-secret"), Cache_Control="no-store"),
    case(200, "me", get("/me", account="bob"), members={"email": "bob@example.com"}),
    case(200, "users", get("/admin/users", account="ada")),
    case(204, "delete user", delete("/admin/users/2", account="ada")),
    case(200, "rooms", get("/search?city=oslo")),
    case(200, "room", get("/rooms/1"), members={"name": "The Attic"}),
    case(
        201,
        "book",
        book(),
        Location="/bookings/6",
        ETag='"1"',
        members={**BOOKING, "price": 480_00},
    ),
    case(201, "whole guests", book(guests=2.0), members={"guests": 2}),
    case(201, "given up", book(room_id=1, check_in="2031-03-01", check_out="2031-03-05")),
    case(200, "bookings", get("/bookings", account="ann")),
    case(200, "booking", get("/bookings/5", account="ann"), members={"paid": False}, ETag='"1"'),
    case(200, "headers of a booking", request("HEAD", "/bookings/5", account="ann"), ETag='"1"'),
    case(304, "known", get("/bookings/1", account="ann", If_None_Match='"1"'), ETag='"1"'),
    case(200, "outdated", get("/bookings/1", account="ann", If_None_Match='"0"'), ETag='"1"'),
    case(200, "wanted version", get("/bookings/1", account="ann", If_Match='"1"')),
    case(200, "own private booking", get("/bookings/4", account="bob")),
    case(200, "private booking for admin", get("/bookings/4", account="ada")),
    case(
        200,
        "change",
        change(1, "ann", version='"1"'),
        ETag='"2"',
        Content_Location="/bookings/1",
        members=STAY,
    ),
    case(200, "change of one of some versions", change(1, "ann", version='"7", "1"'), ETag='"2"'),
    case(204, "give up", give_up(1, "ann", '"1"')),
    case(301, "reservations", get("/reservations"), Location="/bookings", Content_Type=HTML),
    case(301, "reservation", get("/reservations/1"), Location="/bookings/1", Content_Type=HTML),
    case(
        308,
        "reserve",
        post("/reservations", BOOKING, "ann"),
        Location="/bookings",
        Content_Type=HTML,
    ),
    case(
        202,
        "start a report",
        post("/reports", account="ann"),
        Location="/reports/2/status",
        Retry_After="60",
        members={"id": 2, "state": "running", "monitor": "/reports/2/status"},
    ),
    case(
        303,
        "finished report",
        get("/reports/1/status", account="ann"),
        Location="/reports/1",
        Content_Type=HTML,
    ),
    case(
        200,
        "report",
        get("/reports/1", account="ann"),
        members={"bookings": 2, "nights": 8, "sum": 640_00},
    ),
    case(201, "pay", pay(1, "ann"), Location="/payments/2", members={"amount": 320_00}),
    case(200, "payment", get("/payments/1", account="ann"), members={"booking_id": 2}),
    case(204, "top up", webhook(TOP_UP)),
    case(201, "upload", upload(2048), Location="/files/2", members={"size": 2048}),
    *(
        case(status, name, get("/files/1", account="bob", **asked), **ATTACHED, **headers)
        for status, name, asked, headers in [
            (200, "file", {}, {"Content_Length": "130048"}),
            (
                206,
                "beginning",
                {"Range": "bytes=0-9"},
                {**A_PART, "Content_Range": "bytes 0-9/130048"},
            ),
            (
                206,
                "end",
                {"Range": "bytes=-9"},
                {**A_PART, "Content_Range": "bytes 130039-130047/130048"},
            ),
            (
                206,
                "rest of the same file",
                {"Range": "bytes=130047-", "If_Range": f'"{PLANS}"'},
                {"Content_Range": "bytes 130047-130047/130048", "Content_Length": "1"},
            ),
            (
                200,
                "another file instead of its rest",
                {"Range": "bytes=130047-", "If_Range": '"x"'},
                {"Content_Length": "130048"},
            ),
        ]
    ),
    case(
        304,
        "known file",
        get("/files/1", account="bob", If_None_Match=f'"{PLANS}"'),
        ETag=f'"{PLANS}"',
    ),
]


def check(line: Case, answer: Answer) -> None:
    """Compare an answer with its line of the table."""
    assert answer.status == line.status, answer.body
    for name, value in line.headers.items():
        found = answer.header(name)
        if name == "Allow" and found:
            found = ", ".join(sorted(found.split(", ")))  # Werkzeug takes them from a set
        assert found == value
    if line.members:
        assert line.members.items() <= answer.json.items()


@pytest.mark.parametrize("line", PROBLEMS, ids=str)
def test_each_problem_has_its_status_headers_and_members(line: Case, send: Send) -> None:
    for _ in range(line.before):
        assert send(line.request).status == 200
    answer = send(line.request)
    body = assert_problem(answer, line.status, line.detail)
    assert body["instance"] == line.request.path.partition("?")[0]
    check(line, answer)


@pytest.mark.parametrize("line", PROBLEMS, ids=str)
def test_a_real_server_answers_the_same(line: Case, send_for_real: Send) -> None:
    for _ in range(line.before):
        send_for_real(line.request)
    answer = send_for_real(line.request)
    assert_problem(answer, line.status, line.detail)
    check(line, answer)


@pytest.mark.parametrize("line", SUCCESSES, ids=str)
def test_each_success_has_its_status_headers_and_members(line: Case, send: Send) -> None:
    answer = send(line.request)
    check(line, answer)
    assert b"password" not in answer.body
    if line.status in (204, 304):
        assert answer.header("Content-Type") is None
    elif "Content-Type" not in line.headers:
        assert answer.header("Content-Type") == "application/json"


@pytest.mark.parametrize("line", SUCCESSES, ids=str)
def test_a_real_server_sends_each_success_whole(
    line: Case, app: Flask, tokens: dict[str, str]
) -> None:
    with serving(app) as port:
        check(line, send_socket(port, signed_in(line.request, tokens)))


# Under testing, the bug propagates.
ANSWERED = [line for line in (*SUCCESSES, *PROBLEMS) if line.name != "bug"]


@pytest.mark.parametrize("line", ANSWERED, ids=str)
def test_under_testing_the_auditor_raises_for_none_of_them(
    line: Case, database: Path, tokens: dict[str, str]
) -> None:
    with running(database, AuditedConfig) as app:
        for _ in range(line.before + 1):
            answer = send_wsgi(app, signed_in(line.request, tokens))
    check(line, answer)


def test_the_tables_leave_out_no_endpoint(app: Flask) -> None:
    urls = app.url_map.bind("localhost")
    sent = [line.request for line in SUCCESSES]
    answered = {urls.match(s.path.partition("?")[0], s.method)[0] for s in sent}
    tested_elsewhere = {"operations.bug", "operations.maintenance", "static"}
    tested_elsewhere |= {"rates.get_rates"}  # in tests/integrations, with a server to ask
    tested_elsewhere |= {"openapi.document"}  # in test_example_openapi.py
    tested_elsewhere |= {"tour.front_page", "tour.press"}  # in test_tour.py
    tested_elsewhere |= {"statuskit_catalog.index", "statuskit_catalog.entry"}
    assert answered | tested_elsewhere == {rule.endpoint for rule in app.url_map.iter_rules()}


@pytest.mark.parametrize("line", [c for c in SUCCESSES if c.status == 201], ids=str)
def test_what_was_created_is_found_at_its_location(line: Case, send: Send) -> None:
    location = send(line.request).header("Location") or ""
    assert send(get(location, account=line.request.account)).status == 200


def test_what_was_deleted_is_gone(send: Send) -> None:
    assert send(give_up(1, "ann")).status == 204
    assert_problem(send(get("/bookings/1", account="ann")), 410)
    assert send(delete("/admin/users/2", account="ada")).status == 204
    assert_problem(send(get("/users/2")), 410)


def test_a_downloaded_file_is_what_was_uploaded(send: Send) -> None:
    location = send(upload(10)).header("Location") or ""
    answer = send(get(location, account="ann"))
    assert (answer.status, answer.body) == (200, b"x" * 10)
    assert answer.header("Content-Disposition") == "attachment; filename=plan.pdf"


def test_a_download_that_broke_off_goes_on(send: Send) -> None:
    location = send(upload(100)).header("Location") or ""
    whole = send(get(location, account="ann"))
    tag = whole.header("ETag") or ""
    parts = [
        send(get(location, account="ann", Range=f"bytes={start}-{start + 39}", If_Range=tag))
        for start in (0, 40, 80)
    ]
    assert [part.status for part in parts] == [206, 206, 206]
    assert [part.header("Content-Length") for part in parts] == ["40", "40", "20"]
    assert b"".join(part.body for part in parts) == whole.body


# Reports.


def test_a_report_runs_until_its_time_is_over(app: Flask, send: Send) -> None:
    monitor = send(post("/reports", account="bob")).header("Location") or ""

    running = send(get(monitor, account="bob"))
    assert (running.status, running.json["state"]) == (200, "running")
    assert running.header("Retry-After") == "60"
    assert running.header("Cache-Control") == "no-store"

    app.config["REPORT_SECONDS"] = 0
    finished = send(get(monitor, account="bob"))
    assert finished.status == 303
    result = send(get(finished.header("Location") or "", account="bob"))
    assert result.json == {"id": 2, "bookings": 2, "nights": 8, "sum": 960_00}


def test_a_report_that_runs_has_no_result_yet(send: Send) -> None:
    monitor = send(post("/reports", account="ann")).header("Location")
    answer = send(get("/reports/2", account="ann"))
    body = assert_problem(answer, 404, "The report 2 is not ready yet.")
    assert answer.header("Retry-After") == "60"
    assert body["monitor"] == monitor


# Reservations, which are bookings now.


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("city=Oslo&city=Bergen", "city=Oslo&city=Bergen"),
        ("q=a%20b%2F%26&r=c+d", "q=a%20b%2F%26&r=c+d"),
        ("_scheme=javascript&_external=1&_anchor=x", "_scheme=javascript&_external=1&_anchor=x"),
        ("next=//elsewhere.example/", "next=//elsewhere.example/"),
        ("q=\xff", "q=%FF"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "reservations", 301),
        ("HEAD", "reservations", 301),
        ("GET", "reservations/1", 301),
        ("POST", "reservations", 308),
    ],
)
def test_who_knows_the_old_url_is_sent_on_with_the_query(
    method: str, path: str, status: int, query: str, kept: str, send: Send
) -> None:
    answer = send(request(method, f"/{path}?{query}"))
    assert answer.status == status
    assert answer.header("Location") == f"/{path}?{kept}".replace("reservations", "bookings")


def test_a_reservation_repeated_at_the_new_url_books(send: Send) -> None:
    sent = post("/reservations", BOOKING, "ann")
    moved = send(sent)
    answer = send(replace(sent, path=moved.header("Location") or ""))
    assert (answer.status, answer.header("Location")) == (201, "/bookings/6")


def test_a_top_up_pays_what_was_too_expensive(send: Send) -> None:
    assert_problem(send(pay(5, "bob")), 402)
    assert send(webhook(TOP_UP)).status == 204
    assert send(pay(5, "bob")).status == 201
    assert send(get("/me", account="bob")).json["balance"] == 30_00


def test_a_failure_in_the_middle_of_a_payment_costs_nothing(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    balance = send(get("/me", account="ann")).json["balance"]

    def fail(**values: object) -> None:
        raise RuntimeError("after the money was taken")

    with monkeypatch.context() as patch:
        patch.setattr("example_app.payments.Payment", fail)
        assert_problem(send(pay(1, "ann")), 500)
    assert send(get("/me", account="ann")).json["balance"] == balance


# The order of decisions of PUT /bookings/<number>.

BAD_DATES = {**STAY, "check_out": "2031-05-31"}
TAKEN_DATES = {**STAY, "check_in": "2031-02-01"}
OLD = '"0"'
blindly = partial(change, version=None)


def in_xml(sent: Request) -> Request:
    return replace(sent, body=b"<a/>", headers={**sent.headers, "Content-Type": "text/xml"})


# Bookings: 1 is Ann's, 2 is paid, 3 is deleted, 4 is Bob's private one, 5 his public one. Ann, Bob
# and Ada have used up their limits before, so every request of theirs breaks the last rule as well.
# By that the bookings 1 and 5 have got their second version.
ORDER = [
    case(400, "malformed, no token, missing", blindly(999, None, MALFORMED)),
    case(400, "malformed, expired token, deleted", blindly(3, "expired", MALFORMED)),
    case(400, "malformed, forbidden", blindly(5, "ann", MALFORMED)),
    case(400, "malformed, guest, deleted", blindly(3, "gil", MALFORMED)),
    case(400, "malformed, old version, paid", change(2, "ann", MALFORMED, OLD)),
    case(415, "not JSON, no token, missing", in_xml(blindly(999, None))),
    case(415, "not JSON, old version", in_xml(change(1, "ann", version=OLD))),
    case(413, "too large, no token, missing", blindly(999, None, {"x": "x" * 70_000})),
    case(401, "no token, missing, bad dates", blindly(999, None, BAD_DATES)),
    case(401, "no token, deleted, bad dates", blindly(3, None, BAD_DATES)),
    case(401, "expired token, old version, paid", change(2, "expired", BAD_DATES, OLD)),
    case(403, "guest, missing, bad dates", blindly(999, "gil", BAD_DATES)),
    case(403, "guest, deleted, bad dates", blindly(3, "gil", BAD_DATES)),
    case(403, "guest, hidden, bad dates", blindly(4, "gil", BAD_DATES)),
    case(403, "guest, old version, paid", change(2, "gil", BAD_DATES, OLD)),
    case(403, "not the owner, deleted, bad dates", blindly(3, "bob", BAD_DATES)),
    case(403, "not the owner, paid, bad dates", blindly(2, "bob", BAD_DATES)),
    case(403, "not the owner, old version", change(5, "ann", BAD_DATES, OLD)),
    case(404, "missing, no version, bad dates", blindly(999, "ann", BAD_DATES)),
    case(404, "missing, old version, bad dates", change(999, "ann", BAD_DATES, OLD)),
    case(404, "hidden, no version, bad dates", blindly(4, "ann", BAD_DATES)),
    case(404, "hidden, old version, bad dates", change(4, "ann", BAD_DATES, OLD)),
    case(410, "deleted, no version, bad dates", blindly(3, "ann", BAD_DATES)),
    case(410, "deleted, old version, taken", change(3, "ann", TAKEN_DATES, OLD)),
    case(428, "no version, paid, bad dates", blindly(2, "ann", BAD_DATES)),
    case(428, "no version, taken", blindly(1, "ann", TAKEN_DATES)),
    case(428, "no version, bad dates", blindly(1, "ann", BAD_DATES)),
    case(428, "no version", blindly(1, "ann")),
    case(412, "old version, paid, bad dates", change(2, "ann", BAD_DATES, OLD)),
    case(412, "old version, taken", change(1, "ann", TAKEN_DATES, OLD)),
    case(412, "old version, bad dates", change(1, "ann", BAD_DATES, OLD)),
    case(412, "old version", change(1, "ann", version=OLD)),
    case(409, "paid, bad dates", change(2, "ann", BAD_DATES)),
    case(409, "paid, not an object", change(2, "ann", [1])),
    case(409, "taken, too many guests", change(1, "ann", {**TAKEN_DATES, "guests": 99})),
    case(409, "taken", change(1, "ann", TAKEN_DATES)),
    case(422, "bad dates", change(1, "ann", BAD_DATES)),
    case(422, "bad dates of an admin", change(1, "ada", BAD_DATES)),
    case(422, "not an object", change(1, "ann", [1])),
    case(429, "nothing else", change(1, "ann", version='"2"')),
]
REFUSED = ORDER[:-1]


@pytest.fixture
def used_up(send: Send) -> None:
    """Use up the limits, which are one change per hour for each caller."""
    for number, account in [(1, "ann"), (1, "ada"), (5, "bob")]:
        assert send(change(number, account)).status == 200


@pytest.mark.usefixtures("used_up")
@pytest.mark.parametrize("line", ORDER, ids=str)
def test_the_first_broken_rule_decides(line: Case, send: Send) -> None:
    assert_problem(send(line.request), line.status)


@pytest.mark.usefixtures("used_up")
def test_a_request_mended_step_by_step_meets_the_statuses_in_order(send: Send) -> None:
    steps = {
        400: blindly(3, None, MALFORMED),
        401: blindly(3, None, BAD_DATES),
        403: blindly(3, "gil", BAD_DATES),
        410: blindly(3, "ann", BAD_DATES),
        428: blindly(2, "ann", BAD_DATES),
        412: change(2, "ann", BAD_DATES, OLD),
        409: change(2, "ann", BAD_DATES),
        422: change(1, "ann", BAD_DATES),
        429: change(1, "ann"),
    }
    assert [send(step).status for step in steps.values()] == list(steps)


def test_a_refused_change_is_not_counted(send: Send) -> None:
    for line in REFUSED:
        assert send(line.request).status == line.status
    assert send(change(1, "ann")).status == 200
    answer = send(change(1, "ann"))
    assert_problem(answer, 429)
    assert 3590 < int(answer.header("Retry-After") or 0) <= 3600


def test_a_refused_change_changes_nothing(send: Send) -> None:
    def booking() -> tuple[Any, str | None]:
        answer = send(get("/bookings/1", account="ann"))
        return answer.json, answer.header("ETag")

    before = booking()
    for line in REFUSED:
        send(line.request)
    assert booking() == before


# Versions of bookings.


def test_the_version_of_one_answer_lets_the_next_change_through(send: Send) -> None:
    shown = send(get("/bookings/1", account="ada"))
    guests = 2
    for account in ("ann", "ada"):
        guests += 1
        sent = change(1, account, {**STAY, "guests": guests}, shown.header("ETag"))
        shown = send(sent)
        assert shown.status == 200
        assert_problem(send(sent), 412)
    now = send(get("/bookings/1", account="ann"))
    assert (now.json, now.header("ETag")) == (shown.json, shown.header("ETag"))


def test_a_new_booking_can_be_changed_without_fetching_it(send: Send) -> None:
    made = send(book())
    sent = put(made.header("Location") or "", STAY, "ann", If_Match=made.header("ETag") or "")
    assert send(sent).status == 200


def test_a_change_to_what_it_is_leaves_the_version(send: Send) -> None:
    first = send(change(1, "ann"))
    second = send(change(1, "ada"))
    assert (second.status, second.header("ETag")) == (200, first.header("ETag"))


def test_a_booking_that_was_paid_for_is_another_version(send: Send) -> None:
    before = send(get("/bookings/1", account="ann")).header("ETag") or ""
    assert send(pay(1, "ann")).status == 201
    after = send(get("/bookings/1", account="ann", If_None_Match=before))
    assert (after.status, after.json["paid"]) == (200, True)


@pytest.mark.parametrize(
    ("other", "status"),
    [
        pytest.param(change(1, "ada", {**STAY, "guests": 4}, '"1"'), 200, id="changes it"),
        pytest.param(give_up(1, "ada", '"1"'), 204, id="gives it up"),
        pytest.param(pay(1, "ann"), 201, id="pays for it"),
    ],
)
def test_of_a_change_and_another_act_at_the_same_time_one_is_refused(
    other: Request,
    status: int,
    app: Flask,
    tokens: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    together = threading.Barrier(2, timeout=30)
    commit = Session.commit

    def wait_and_commit(session: Session) -> None:
        together.wait()
        commit(session)

    mine = change(1, "ann", {**STAY, "guests": 3}, '"1"')
    with monkeypatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(Session, "commit", wait_and_commit)
        sent = [signed_in(request, tokens) for request in (mine, other)]
        answers = list(pool.map(partial(send_wsgi, app), sent))
    done, refused = sorted(answers, key=lambda answer: answer.status)
    assert done.status == (200 if refused is answers[1] else status)
    assert_problem(refused, 409, OUTDATED)

    now = send_wsgi(app, signed_in(get("/bookings/1", account="ann"), tokens))
    assert now.status == (410 if done.status == 204 else 200)
    if done.status == 200:
        assert (now.json, now.header("ETag")) == (done.json, '"2"')


# What single statuses owe.


def test_malformed_json_is_located(send: Send) -> None:
    body = assert_problem(send(post("/users", MALFORMED)), 400)
    assert "line 2" in body["detail"]
    assert "column 10" in body["detail"]


def test_every_wrong_field_is_named(send: Send) -> None:
    body = assert_problem(send(book(room_id=0, check_out="2031-05-31", guests="2")), 422)
    pointers = {error["pointer"] for error in body["errors"]}
    assert pointers == {"#/room_id", "#/check_out", "#/guests"}


def test_an_unknown_url_reads_differently_from_an_unknown_record(send: Send) -> None:
    url = assert_problem(send(get("/nothing/here")), 404)
    record = assert_problem(send(get("/users/999")), 404)
    assert url["detail"] != record["detail"]
    assert "999" in record["detail"]


def test_a_hidden_booking_is_answered_like_one_that_never_was(send: Send) -> None:
    def without_what_differs(answer: Answer) -> tuple[list[str], str]:
        text = answer.body.decode().replace(answer.json["request_id"], "")
        return [name for name, _ in answer.headers], re.sub(r"\b[49]\b", "#", text)

    hidden, missing = (send(get(f"/bookings/{number}", account="ann")) for number in (4, 9))
    assert without_what_differs(hidden) == without_what_differs(missing)


def test_maintenance_says_when_it_is_over(send: Send) -> None:
    answer = send(get("/maintenance"))
    assert_problem(answer, 503)
    assert answer.header("Retry-After") == "120"


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="This system cannot change its time zone.")
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def test_retry_after_is_right_in_every_time_zone(
    zone: str, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        *_, answer = [send(get("/search")) for _ in range(4)]
    finally:
        monkeypatch.undo()
        time.tzset()
    assert_problem(answer, 429)
    assert 55 < int(answer.header("Retry-After") or 0) <= 60


def test_head_has_the_headers_of_get_and_no_body(send: Send) -> None:
    of_get, of_head = (send(request(method, "/users/999")) for method in ("GET", "HEAD"))
    assert (of_head.status, of_head.body) == (404, b"")
    for name in ("Content-Type", "Content-Length", "Cache-Control"):
        assert of_head.header(name) == of_get.header(name)


# Environments.


@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/html"])
def test_production_shows_nothing_of_a_bug_and_logs_it(
    accept: str, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    answer = send(get("/bug", Accept=accept))
    assert answer.status == 500
    for secret in (b"hunter2", b"RuntimeError", b"Traceback", b"debug"):
        assert secret not in answer.body
    assert len([record for record in caplog.records if record.exc_info]) == 1
    assert "hunter2" in caplog.text


def test_development_shows_a_bug_to_a_client_that_reads_json(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running(database, Development) as app:
        answer = send_wsgi(app, get("/bug", Accept="application/json"))
    assert answer.status_line == "500 Internal Server Error"
    assert answer.json["debug"]["type"].endswith("RuntimeError")
    assert len([record for record in caplog.records if record.exc_info]) == 1


def test_development_shows_internals_of_bugs_only(database: Path) -> None:
    with running(database, Development) as app:
        assert_no_internals(send_wsgi(app, get("/users/999", Accept="*/*")))


def test_under_testing_a_bug_propagates(database: Path) -> None:
    with running(database, Testing) as app, pytest.raises(RuntimeError, match="hunter2"):
        send_wsgi(app, get("/bug"))


def test_an_environment_is_chosen_by_name() -> None:
    app = create_app("testing")
    try:
        assert app.testing
        assert send_wsgi(app, get("/users/1")).status == 200
    finally:
        engine_of(app).dispose()


def test_production_is_what_a_forgotten_setting_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BOOKINGS_ENVIRONMENT", raising=False)
    monkeypatch.setattr(Production, "DATABASE_URL", f"sqlite:///{tmp_path}/new.sqlite3")
    app = create_app()
    engine_of(app).dispose()
    assert app.config["STATUSKIT_ENVIRONMENT"] == "production"
    assert not app.debug
    assert not app.testing


def test_an_unknown_environment_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOKINGS_ENVIRONMENT", "prodution")
    with pytest.raises(ValueError, match=r"no environment 'prodution'.*production, development"):
        create_app()


def test_what_was_written_is_there_after_a_restart(database: Path) -> None:
    with running(database) as app:
        assert send_wsgi(app, post("/users", EVE)).status == 201
    with running(database) as app:
        assert_problem(send_wsgi(app, post("/users", EVE)), 409)


def test_a_database_of_the_first_version_is_brought_up_to_date(
    database: Path, tokens: dict[str, str]
) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("ALTER TABLE bookings DROP COLUMN version")
        connection.execute("DROP TABLE reports")
    for sent, status, version in [
        (get("/bookings/1", account="ann"), 200, '"1"'),
        (change(1, "ann", version='"1"'), 200, '"2"'),
        (post("/reports", account="ann"), 202, None),
    ]:
        with running(database) as app:
            answer = send_wsgi(app, signed_in(sent, tokens))
        assert (answer.status, answer.header("ETag")) == (status, version)


def test_the_default_database_does_not_depend_on_where_the_app_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Flask, "auto_find_instance_path", lambda self: str(tmp_path / "instance"))
    with running(tmp_path, DATABASE_URL=None) as app:
        assert app.instance_path == str(tmp_path / "instance")
    assert (tmp_path / "instance" / "bookings.sqlite3").is_file()


# ``python -m example_app``.


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until a server listens. Ten seconds are more than it ever takes."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server did not start")


@pytest.fixture
def printed(database: Path, tmp_path: Path) -> Iterator[str]:
    """Start the app as a user does, from another directory, and yield what it prints."""
    port = free_port()
    settings = {"PORT": str(port), "DATABASE_URL": f"sqlite:///{database}", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "example_app"]
    with (tmp_path / "out").open("w") as out, (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=tmp_path, env=os.environ | settings, stdout=out, stderr=log
        )
    try:
        wait_for(port)
        yield (tmp_path / "out").read_text()
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.mark.skipif(not shutil.which("curl"), reason="There is no curl on this machine.")
def test_the_printed_requests_show_five_statuses(printed: str) -> None:
    lines = [line.strip() for line in printed.replace("\\\n", "").splitlines()]
    statuses = []
    for line in lines:
        if line.startswith("curl"):
            answer = subprocess.check_output([*shlex.split(line), "-s"], text=True, timeout=10)
            statuses.append(int(answer.split()[1]))
    assert statuses == [404, 401, 405, 400, 200]


def test_the_tour_is_what_is_printed_first(printed: str) -> None:
    [address, *_] = re.findall(r"http://\S+", printed)
    with urlopen(address, timeout=10) as response:
        assert response.status == 200
        assert json.load(response)["tour"]
