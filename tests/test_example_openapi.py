"""The example app's own document: valid, complete, and true of all that the app answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import test_example_app
from example_app_support import (
    APISPEC_WORKS,
    Answer,
    assert_documented,
    get,
    operation_for,
    post,
    send_wsgi,
)
from flask import Flask
from jsonschema import ValidationError
from openapi_spec_validator import OpenAPIV31SpecValidator
from test_example_app import running
from werkzeug.security import generate_password_hash

from example_app import openapi, seed, stage, trouble, users
from example_app.situations import BY_NAME
from flask_statuskit.contract import declared_by, operations

pytestmark = pytest.mark.skipif(not APISPEC_WORKS, reason="This marshmallow is too old.")

seeded, document = test_example_app.seeded, test_example_app.document

#: A bug is not announced, and what the tour and the catalogue show is for people.
NOT_OF_THE_API = {
    *("operations.bug", "openapi.document", "tour.front_page", "tour.press", "static"),
    *("statuskit_catalog.index", "statuskit_catalog.entry"),
}
#: Who asks for another format than the documented one gets it.
IN_OTHER_FORMATS = {"html", "xml", "jsonapi", "text", "simple", "german-page"}


@pytest.fixture(scope="module", autouse=True)
def _hash_passwords_quickly() -> Iterator[None]:
    """Whether a hash is expensive to guess is nothing to these tests, and they log in a lot."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (seed, users):
            patch.setattr(
                module,
                "generate_password_hash",
                lambda password: generate_password_hash(password, "pbkdf2:sha256:1"),
            )
        stage.first_data.cache_clear()
        yield
    stage.first_data.cache_clear()


@pytest.fixture(scope="module")
def app(seeded: Path) -> Iterator[Flask]:
    with running(seeded) as app:
        yield app


def operations_in(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The operations of the document, by endpoint."""
    return {
        operation["operationId"]: operation
        for path in document["paths"].values()
        for operation in path.values()
    }


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_the_document_is_the_same_each_time(app: Flask, document: dict[str, Any]) -> None:
    assert send_wsgi(app, get("/openapi.json")).json == document


def test_the_front_page_leads_to_the_document(app: Flask) -> None:
    assert send_wsgi(app, get("/")).json["openapi"] == "/openapi.json"
    page = send_wsgi(app, get("/", Accept="text/html"))
    assert 'href="/openapi.json"' in page.body.decode()


def test_every_view_of_the_api_is_in_it(app: Flask, document: dict[str, Any]) -> None:
    documented = set(operations_in(document))
    assert documented == set(openapi.OPERATIONS)
    assert documented | NOT_OF_THE_API == set(app.view_functions)


def test_its_errors_are_those_that_the_views_declare(app: Flask, document: dict[str, Any]) -> None:
    known = operations_in(document)
    for rule, method in operations(app):
        if rule.endpoint in known:
            responses = known[rule.endpoint]["responses"]
            declared = {error.code for error in declared_by(app, rule.endpoint, method) or ()}
            # Where a URL has no number, its view is not asked.
            expected = declared | {404} if rule.arguments else declared
            assert {int(status) for status in responses if status >= "400"} == expected


def test_its_successes_are_those_that_are_tested(app: Flask, document: dict[str, Any]) -> None:
    requests = [(line.request, line.status) for line in test_example_app.SUCCESSES]
    requests += [(row.request, row.status) for row in BY_NAME.values() if row.status < 400]
    shown = {
        (operation["operationId"], str(status))
        for sent, status in requests
        if (operation := operation_for(document, app, sent))
    }
    documented = {
        (endpoint, status)
        for endpoint, operation in operations_in(document).items()
        for status in operation["responses"]
        if status < "400"
    }
    # That one is below, with a server to ask.
    assert documented == shown | {("rates.get_rates", "200")}


def test_who_has_to_log_in_is_said(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes == {"token": {"type": "http", "scheme": "bearer"}}
    known = operations_in(document)
    needs_token = {name for name, row in known.items() if row.get("security") == [{"token": []}]}
    # A wrong password is a 401 as well.
    assert needs_token | {"users.log_in"} == {
        name for name, row in known.items() if "401" in row["responses"]
    }


# What happens. All requests of test_example_app.py are held against the document there.


@pytest.mark.parametrize("name", [row.name for row in BY_NAME.values() if not row.breaks])
def test_what_the_tour_shows_is_documented(name: str, app: Flask, document: dict[str, Any]) -> None:
    outcome = stage.play(BY_NAME[name])
    body = b"" if name in IN_OTHER_FORMATS else outcome.body
    answer = Answer(outcome.status, outcome.headers, body)
    assert_documented(document, app, outcome.request, answer)


def test_rates_are_numbers_however_their_source_writes_them(
    app: Flask, document: dict[str, Any]
) -> None:
    rates = '{"rates": {"EUR": "0.92", "NOK": 11}, "of": "today"}'
    sent = get("/rates")
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(rates)}\r\n\r\n"
    with trouble.rates_answer(head + rates)(app):
        answer = send_wsgi(app, sent)
    assert_documented(document, app, sent, answer)
    assert answer.json == {"rates": {"EUR": 0.92, "NOK": 11}}


PAID = Answer(
    "201 CREATED",
    [("Content-Type", "application/json"), ("Location", "/payments/2")],
    b'{"id": 2, "booking_id": 1, "amount": 32000}',
)
JSON = ("Content-Type", "application/json")


def test_this_answer_is_documented(app: Flask, document: dict[str, Any]) -> None:
    assert_documented(document, app, post("/payments"), PAID)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"status_line": "200 OK"}, id="status"),
        pytest.param({"status_line": "504 Gateway Timeout"}, id="error"),
        pytest.param({"headers": [JSON]}, id="header"),
        pytest.param({"headers": [*PAID.headers[1:], ("Content-Type", "text/html")]}, id="type"),
        pytest.param({"headers": PAID.headers[1:]}, id="no type"),
        pytest.param({"body": b'{"id": 2, "booking_id": 1}'}, id="missing member"),
        pytest.param({"body": PAID.body.replace(b"2,", b'"2",')}, id="another type"),
        pytest.param({"body": PAID.body.replace(b"}", b', "secret": 1}')}, id="more members"),
    ],
)
def test_an_answer_that_is_not_documented_is_noticed(
    changed: dict[str, Any], app: Flask, document: dict[str, Any]
) -> None:
    with pytest.raises((AssertionError, ValidationError)):
        assert_documented(document, app, post("/payments"), replace(PAID, **changed))
