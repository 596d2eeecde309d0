"""The example app with what it needs in earnest: databases, Redis, and a server that it asks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
import redis
import sqlalchemy
from databases import Database, new_database
from example_app_support import Answer, assert_problem, get, post, put, send_socket, send_wsgi
from flask import Flask
from incident_support import BUSY_UPSTREAM, missing
from library_support import ROOT
from redis.backoff import NoBackoff
from redis.retry import Retry
from upstream import answering, refusing, resetting, sending, serving, stalling

from example_app import bookings, create_app, seed, users
from example_app.auth import issue_token
from example_app.config import Production
from example_app.database import db_session, engine_of
from example_app.models import User
from flask_statuskit.testing import http_audit  # noqa: F401

pytestmark = pytest.mark.usefixtures("http_audit")

EVE = {"email": "eve@example.com", "name": "Eve", "password": "eve-has-one"}
STAY = {"check_in": "2031-07-01", "check_out": "2031-07-02", "guests": 1}
TAKEN = [
    {
        "detail": "A record with this value already exists.",
        "pointer": "#/email",
        "code": "unique",
    }
]


@contextmanager
def running(**settings: Any) -> Iterator[Flask]:
    """An app in production, and the end of its connections."""
    settings = {"RATELIMIT_STORAGE_URI": "memory://", **settings}
    app = create_app(type("Config", (Production,), settings))
    try:
        yield app
    finally:
        engine_of(app).dispose()


@pytest.fixture(autouse=True)
def _hash_no_passwords_of_the_first_data(monkeypatch: pytest.MonkeyPatch) -> None:
    # That takes a second for each new database, and nobody of them logs in.
    monkeypatch.setattr(seed, "generate_password_hash", lambda password: password)


def url_of(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


# A unique violation instead of a look before the insertion


@pytest.fixture(params=["psycopg", "sqlite"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with new_database(request.param, tmp_path) as database:
        yield database


@pytest.fixture
def sign_up_at_once(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Answer]]:
    """Send requests that all stand before the insertion when the first of them inserts."""

    def sign_up(app: Flask, *emails: str) -> list[Answer]:
        together = Barrier(len(emails), timeout=30)

        def hash_and_wait(password: str) -> str:
            together.wait()
            return f"hash of {password}"

        monkeypatch.setattr(users, "generate_password_hash", hash_and_wait)
        requests = [post("/users", {**EVE, "email": email}) for email in emails]
        with ThreadPoolExecutor(len(emails)) as pool:
            return list(pool.map(lambda request: send_wsgi(app, request), requests))

    return sign_up


def test_of_two_that_want_one_address_at_once_one_gets_it(
    database: Database, sign_up_at_once: Any
) -> None:
    with running(DATABASE_URL=url_of(database)) as app:
        for number in range(10):
            email = f"eve{number}@example.com"
            answers = sign_up_at_once(app, email, email)
            created, refused = sorted(answers, key=lambda answer: answer.status)
            assert created.status == 201
            assert created.json["email"] == email
            assert_problem(refused, 409, "A record with this value already exists.")
            assert refused.json["errors"] == TAKEN
            assert email not in refused.body.decode()
            count = sqlalchemy.text("SELECT count(*) FROM users WHERE email = :email")
            with engine_of(app).connect() as connection:
                assert connection.scalar(count, {"email": email}) == 1


def test_a_taken_address_is_no_incident(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with running(DATABASE_URL=url_of(database)) as app:
        for status in (201, 409):
            assert send_wsgi(app, post("/users", EVE)).status == status
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_those_that_want_different_addresses_both_get_theirs(
    database: Database, sign_up_at_once: Any
) -> None:
    with running(DATABASE_URL=url_of(database)) as app:
        answers = sign_up_at_once(app, "eve@example.com", "eva@example.com")
    assert [answer.status for answer in answers] == [201, 201]


# Versions of a booking


def token_of_ann(app: Flask) -> dict[str, str]:
    with app.app_context():
        ann = db_session().get(User, 1)
        assert ann is not None
        return {"Authorization": f"Bearer {issue_token(ann)}"}


def test_of_two_changes_of_one_version_at_once_one_is_made(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = Barrier(2, timeout=30)
    # The last thing before the change is written: both have passed If-Match.
    monkeypatch.setattr(bookings, "count_change", together.wait)
    with running(DATABASE_URL=url_of(database)) as app:
        token = token_of_ann(app)
        for number in range(1, 11):
            # Neither is what it was: to write nothing is no conflict.
            stays = [{**STAY, "guests": guests + 5 * (number % 2)} for guests in (1, 2)]
            requests = [put("/bookings/1", stay, If_Match=f'"{number}"', **token) for stay in stays]
            with ThreadPoolExecutor(2) as pool:
                answers = pool.map(lambda request: send_wsgi(app, request), requests)
            changed, refused = sorted(answers, key=lambda answer: answer.status)
            assert (changed.status, changed.header("ETag")) == (200, f'"{number + 1}"')
            assert_problem(
                refused, 409, "The record has been changed or deleted since it was read."
            )
            assert send_wsgi(app, get("/bookings/1", **token)).json == changed.json


def test_a_database_of_the_first_version_is_brought_up_to_date(database: Database) -> None:
    with running(DATABASE_URL=url_of(database)) as app, engine_of(app).begin() as connection:
        connection.exec_driver_sql("ALTER TABLE bookings DROP COLUMN version")
        connection.exec_driver_sql("DROP TABLE reports")
    with running(DATABASE_URL=url_of(database)) as app:
        token = token_of_ann(app)
        answer = send_wsgi(app, put("/bookings/1", STAY, If_Match='"1"', **token))
        assert (answer.status, answer.header("ETag")) == (200, '"2"')
        assert send_wsgi(app, post("/reports", **token)).status == 202


def test_a_database_that_somebody_has_locked_is_busy(tmp_path: Path) -> None:
    with new_database("sqlite", tmp_path) as database, ExitStack() as stack:
        app = stack.enter_context(running(DATABASE_URL=f"{url_of(database)}?timeout=0.1"))
        locking = stack.enter_context(engine_of(app).connect())
        locking.exec_driver_sql("BEGIN EXCLUSIVE")
        answer = send_wsgi(app, post("/users", EVE))
    assert_problem(answer, 503, "The request took too long; repeat it.")
    assert answer.header("Retry-After") == "5"


# Rates from another server

#: Far enough for a run of all tests on a slow machine.
IN_AN_HOUR = format_datetime(datetime.now(timezone.utc) + timedelta(hours=1), usegmt=True)
JSON = {"Content-Type": "application/json"}
BROKEN = "Another service that the request depends on failed; try again later."
SLOW = "Another service that the request depends on was too slow; try again later."

Upstream = Callable[[], AbstractContextManager[str]]


def ask(upstream: Upstream) -> Answer:
    with (
        upstream() as address,
        running(
            DATABASE_URL="sqlite://", RATES_URL=f"http://{address}/?token=s3cret", RATES_TIMEOUT=0.3
        ) as app,
    ):
        answer = send_wsgi(app, get("/rates"))
    assert "s3cret" not in f"{answer.headers}{answer.body!r}"
    assert address not in f"{answer.headers}{answer.body!r}"
    return answer


def test_rates_are_passed_on() -> None:
    body = b'{"rates": {"EUR": 0.92, "NOK": 10}, "on": "2031-01-01"}'
    answer = ask(lambda: serving(answering("200 OK", JSON, body)))
    assert answer.status == 200
    assert answer.json == {"rates": {"EUR": 0.92, "NOK": 10}}


@pytest.mark.parametrize(
    ("upstream", "status", "detail"),
    [
        pytest.param(refusing, 502, BROKEN, id="refusing"),
        pytest.param(lambda: serving(resetting()), 502, BROKEN, id="resetting"),
        pytest.param(
            lambda: serving(sending(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}")),
            502,
            BROKEN,
            id="truncated",
        ),
        pytest.param(lambda: serving(sending(b"hello\r\n\r\n")), 502, BROKEN, id="not HTTP"),
        pytest.param(lambda: serving(answering("500 Failed")), 502, BROKEN, id="500"),
        pytest.param(lambda: serving(answering("401 Unauthorized")), 502, BROKEN, id="401"),
        pytest.param(
            lambda: serving(answering("200 OK", JSON, b"<html>")), 502, BROKEN, id="not JSON"
        ),
        pytest.param(lambda: serving(answering("200 OK", JSON, b"[]")), 502, BROKEN, id="a list"),
        pytest.param(
            lambda: serving(answering("200 OK", JSON, b'{"rates": {"EUR": NaN}}')),
            502,
            BROKEN,
            id="not a number",
        ),
        pytest.param(lambda: serving(stalling()), 504, SLOW, id="silent"),
        pytest.param(
            lambda: serving(stalling(b"HTTP/1.1 200 OK\r\n")), 504, SLOW, id="silent in the middle"
        ),
    ],
)
def test_rates_that_cannot_be_had_are_the_fault_of_the_other_server(
    upstream: Upstream, status: int, detail: str
) -> None:
    answer = ask(upstream)
    assert_problem(answer, status, detail)
    assert answer.header("Retry-After") is None


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
@pytest.mark.parametrize(("said", "seconds"), [("7", (7, 7)), (IN_AN_HOUR, (1, 3600))])
def test_a_source_of_rates_that_is_busy_says_when_to_come_back(
    status: str, said: str, seconds: tuple[int, int]
) -> None:
    answer = ask(lambda: serving(answering(status, {"Retry-After": said})))
    assert_problem(answer, 503, BUSY_UPSTREAM)
    least, most = seconds
    assert least <= int(answer.header("Retry-After") or 0) <= most


def test_the_log_has_what_happened_to_the_rates(caplog: pytest.LogCaptureFixture) -> None:
    ask(refusing)
    [record] = [record for record in caplog.records if record.exc_info]
    assert record.exc_info is not None
    assert type(record.exc_info[1]).__name__ == "ConnectError"


# Several workers


@pytest.fixture
def redis_url() -> str:
    url = "redis://127.0.0.1:6379"
    try:
        with redis.Redis.from_url(url, socket_timeout=5) as client:
            client.ping()
    except redis.ConnectionError:
        missing("This test needs Redis on 127.0.0.1:6379: redis-server --daemonize yes")
    return url


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def start(stack: ExitStack, port: int, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    worker = subprocess.Popen(
        [sys.executable, "-m", "example_app"],
        cwd=ROOT,
        env={**os.environ, **settings, "PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    stack.callback(worker.wait, timeout=10)
    stack.callback(worker.terminate)
    return worker


def wait_for(port: int, worker: subprocess.Popen[bytes]) -> None:
    for _ in range(400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert worker.poll() is None, "the worker ended"
        time.sleep(0.05)
    raise AssertionError("the worker did not start")


@pytest.fixture
def workers(redis_url: str, tmp_path: Path) -> Iterator[tuple[int, int]]:
    """The ports of two processes, started at once, that share nothing but two servers."""
    with new_database("psycopg", tmp_path) as database, ExitStack() as stack:
        settings = {
            "DATABASE_URL": url_of(database),
            "RATELIMIT_STORAGE_URI": redis_url,
            "RATELIMIT_KEY_PREFIX": f"statuskit-{uuid4().hex}",
            "SECRET_KEY": "the same on both machines",
        }
        first, second = free_port(), free_port()
        processes = {port: start(stack, port, settings) for port in (first, second)}
        for port, process in processes.items():
            wait_for(port, process)
        yield first, second


def test_workers_share_one_limit(workers: tuple[int, int]) -> None:
    for number in range(10):
        assert send_socket(workers[number % 2], get("/search")).status == 200
    for port in workers:
        answer = send_socket(port, get("/search"))
        body = assert_problem(answer, 429)
        assert (body["limit"], body["remaining"]) == (10, 0)
        assert 0 < int(answer.header("Retry-After") or 0) <= 60


def test_workers_share_users_and_their_limits(workers: tuple[int, int]) -> None:
    first, second = workers
    assert send_socket(first, post("/users", EVE)).status == 201
    assert_problem(send_socket(second, post("/users", EVE)), 409)
    answer = send_socket(second, post("/login", {k: EVE[k] for k in ("email", "password")}))
    token = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert send_socket(first, get("/me", **token)).json["email"] == EVE["email"]
    answer = send_socket(first, post("/bookings", {**STAY, "room_id": 1}, **token))
    assert answer.status == 201
    path = answer.header("Location") or ""
    for number in range(5):
        version = answer.header("ETag") or ""
        sent = put(path, {**STAY, "guests": number + 1}, If_Match=version, **token)
        answer = send_socket(workers[number % 2], sent)
        assert answer.status == 200
    for port in workers:
        assert_problem(send_socket(port, put(path, STAY, If_Match="*", **token)), 429)


def test_without_redis_what_is_limited_is_unavailable(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        refusing() as address,
        running(
            DATABASE_URL=f"sqlite:///{tmp_path}/bookings.db",
            RATELIMIT_STORAGE_URI=f"redis://{address}",
            # Since 6.0, redis-py repeats by itself for some seconds.
            RATELIMIT_STORAGE_OPTIONS={"retry": Retry(NoBackoff(), 0)},
        ) as app,
    ):
        answer = send_wsgi(app, get("/search"))
        assert_problem(answer, 503)
        assert answer.header("Retry-After") == "5"
        assert address not in answer.body.decode()
        assert send_wsgi(app, get("/rooms/1")).status == 200
    assert len([record for record in caplog.records if record.exc_info]) == 1
