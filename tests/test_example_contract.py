"""What the example app's views declare, held against their source, and against what happens."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import test_example_app
from example_app_support import Request, delete, get, post, send_wsgi
from flask import Flask
from test_example_app import (
    MALFORMED,
    ORDER,
    PROBLEMS,
    SUCCESSES,
    TOP_UP,
    Case,
    book,
    change,
    give_up,
    in_xml,
    log_in_as,
    pay,
    running,
    signed_in,
    webhook,
)

from example_app import trouble
from example_app.config import Development
from flask_statuskit import ServiceUnavailable
from flask_statuskit.contract import declared_by, operations
from flask_statuskit.testing import http_audit, record_problems  # noqa: F401

seeded, database = test_example_app.seeded, test_example_app.database
tokens = test_example_app.tokens

# The source.


def routes_check(app: Flask) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["statuskit", "routes", "--check"])
    return result.exit_code, result.output


def test_the_source_raises_nothing_that_is_not_declared(database: Path) -> None:
    with running(database) as app:
        status, said = routes_check(app)
    assert status == 0, said


def test_the_broken_view_is_found_by_its_source_as_well(database: Path) -> None:
    with running(database, Development) as app:
        status, said = routes_check(app)
    assert status == 1
    assert "broken.sk700 raises Gone" in said
    assert said.count(" raises ") == 1


def test_every_view_declares_what_it_answers_with(database: Path) -> None:
    with running(database) as app:
        silent = {
            rule.endpoint
            for rule, method in operations(app)
            if declared_by(app, rule.endpoint, method) is None
        }
    # The catalogue's are not the app's to decorate.
    assert not {name for name in silent if not name.startswith("statuskit_catalog.")}


# What happens.

TOO_LARGE = {"x": "x" * 70_000}
READERS = [
    post("/users", {}),
    log_in_as("ann@example.com", ""),
    book(),
    pay(1, "ann"),
    webhook(TOP_UP),
]
# What the tables of test_example_app.py leave out, since there it is the same for all views.
COMMON: list[tuple[int, Request]] = [
    *((400, replace(sent, body=MALFORMED)) for sent in READERS),
    *((413, replace(sent, body=b"x" * 70_000)) for sent in READERS),
    *((415, in_xml(sent)) for sent in READERS[:-1]),
    (415, replace(READERS[-1], headers={**READERS[-1].headers, "Content-Type": "text/xml"})),
    (401, replace(book(), account=None)),
    (401, replace(pay(1, "ann"), account=None)),
    (401, get("/payments/1")),
    (401, get("/reports/1")),
    (401, get("/files/1")),
    (401, delete("/bookings/1")),
    (401, delete("/admin/users/2")),
    (404, give_up(999, "ann")),
    (410, give_up(3, "ann")),
    (410, pay(3, "ann")),
    (422, pay(0, "ann")),
    (404, post("/tour/nothing")),
]
USING_UP = [change(1, "ann"), change(1, "ada"), change(5, "bob")]
# These cannot be deleted in the example, but `find` would notice.
DELETED = [
    get("/rooms/1"),
    get("/payments/1", account="ann"),
    get("/files/1", account="bob"),
    get("/reports/1", account="ann"),
    get("/reports/1/status", account="ann"),
]


@pytest.mark.usefixtures("http_audit")
def test_all_that_views_declare_can_happen_and_nothing_else_does(
    database: Path,
    tokens: dict[str, str],
) -> None:
    url = f"sqlite:///{database}?timeout=0.05"
    with running(database, DATABASE_URL=url) as app, record_problems(app) as record:

        def send(sent: Request) -> int:
            return send_wsgi(app, signed_in(sent, tokens)).status

        for line in PROBLEMS:
            for _ in range(line.before):
                send(line.request)
            assert send(line.request) == line.status, line.name
        assert [send(sent) for sent in USING_UP] == [200, 200, 200]
        for line in ORDER:
            assert send(line.request) == line.status, line.name
        assert [send(sent) for _, sent in COMMON] == [status for status, _ in COMMON]

        app.config["RATES_TIMEOUT"] = 0.3
        with trouble.rates_are_down(app):
            assert send(get("/rates")) == 502
        with trouble.rates_are_slow(app):
            assert send(get("/rates")) == 504

        with closing(sqlite3.connect(database)) as connection, connection:
            for table in ("rooms", "payments", "files", "reports"):
                connection.execute(f"UPDATE {table} SET deleted_at = '2031-01-01 00:00:00'")
        assert [send(sent) for sent in DELETED] == [410] * len(DELETED)

        with trouble.database_is_locked(app):
            for line in SUCCESSES:
                send(line.request)
    assert (record.undeclared, record.unseen) == ({}, {}), str(record)


@pytest.mark.parametrize("line", SUCCESSES, ids=str)
def test_without_a_database_a_view_answers_with_what_it_has_declared(
    line: Case,
    database: Path,
    tokens: dict[str, str],
) -> None:
    with running(database, DATABASE_URL=f"sqlite:///{database}?timeout=0.05") as app:
        endpoint, _ = app.url_map.bind("localhost").match(
            line.request.path.partition("?")[0], line.request.method
        )
        errors = declared_by(app, endpoint, line.request.method) or ()
        with trouble.database_is_locked(app):
            answer = send_wsgi(app, signed_in(line.request, tokens))
    assert answer.status == (503 if ServiceUnavailable in errors else line.status)
