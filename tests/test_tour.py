"""The tour of the example app: each row keeps its promise, whoever presses its button and when."""

from __future__ import annotations

import gc
import logging
import os
import re
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import html5lib
import pytest
import test_example_app
from example_app_support import (
    Answer,
    assert_problem,
    get,
    only_its_types,
    post,
    request,
    send_wsgi,
)
from flask import Flask
from sqlalchemy import MetaData, select
from support import BROWSER
from werkzeug.security import generate_password_hash

from example_app import config, create_app, seed, stage, users
from example_app.config import Development, Production
from example_app.database import engine_of
from example_app.situations import BY_NAME, GROUPS, Request
from flask_statuskit.audit import RULES
from flask_statuskit.testing import HTTPAudit, http_audit  # noqa: F401

NAMES = list(BY_NAME)
#: One of each kind: made before, made meanwhile, set differently, cached, limited, broken.
VARIED = ["overtaken", "at-once", "locked", "rates-busy", "too-often", "expired", "known", "sk500"]


def hashed_quickly(password: str) -> str:
    return generate_password_hash(password, "pbkdf2:sha256:1")


@pytest.fixture(scope="module", autouse=True)
def _hash_passwords_quickly() -> Iterator[None]:
    """Whether a hash is expensive to guess is nothing to these tests, and they log in a lot."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (seed, users):
            patch.setattr(module, "generate_password_hash", hashed_quickly)
        stage.first_data.cache_clear()
        stage.first_data()
        yield
    stage.first_data.cache_clear()


@contextmanager
def running(folder: Path, base: type = Production, **settings: Any) -> Iterator[Flask]:
    """Make the app that serves the tour."""
    where = {"DATABASE_URL": f"sqlite:///{folder}/bookings.sqlite3"}
    fixed = {"RATELIMIT_STORAGE_URI": "memory://", "SEARCH_LIMIT": "2 per minute"}
    app = create_app(type("Config", (base,), {**fixed, **where, **settings}))
    try:
        yield app
    finally:
        engine_of(app).dispose()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """In production, as ``make example`` serves it; one for all tests, so it is used a lot."""
    with running(tmp_path_factory.mktemp("tour")) as app, only_its_types():
        yield app


def press(app: Flask, name: str) -> dict[str, Any]:
    answer = send_wsgi(app, post(f"/tour/{name}"))
    assert answer.status_line == "200 OK", answer.body
    assert answer.header("Content-Type") == "application/json"
    assert answer.header("Cache-Control") == "no-store"
    return dict(answer.json)


def assert_kept(outcome: dict[str, Any], name: str) -> None:
    situation = BY_NAME[name]
    assert outcome["status"][:4] == f"{situation.status} ", outcome
    assert outcome["promised"] == situation.status
    assert [found["id"] for found in outcome["findings"]] == [situation.breaks] * bool(
        situation.breaks
    )


# The table.


@pytest.mark.parametrize("name", NAMES)
def test_a_button_keeps_its_promise_again_and_again(name: str, app: Flask) -> None:
    for _ in range(2):
        assert_kept(press(app, name), name)


def test_every_error_that_the_example_can_answer_with_is_there() -> None:
    shown = {situation.status for situation in BY_NAME.values() if situation.breaks is None}
    # The server that rates come from can fail in three ways: test_example_services.py.
    answered = {line.status for line in test_example_app.PROBLEMS + test_example_app.ORDER}
    assert answered | {502, 503, 504} == {status for status in shown if status >= 400}


def test_every_success_that_the_example_can_answer_with_is_there() -> None:
    shown = {situation.status for situation in BY_NAME.values() if situation.breaks is None}
    assert {line.status for line in test_example_app.SUCCESSES} <= shown


def test_every_rule_of_the_auditor_is_there_once() -> None:
    broken = [situation.breaks for situation in BY_NAME.values() if situation.breaks]
    assert broken == list(RULES)


def test_no_two_situations_have_one_name() -> None:
    assert sum(len(group.situations) for group in GROUPS) == len(BY_NAME)
    assert all(re.fullmatch("[a-z0-9-]+", name) for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_row_says_when_one_meets_it(name: str) -> None:
    situation = BY_NAME[name]
    assert re.fullmatch(r"[A-Z“\"].*[.?!]", situation.sentence)
    assert situation.title
    assert not situation.title.endswith(".")


# What is told of an exchange.


def test_what_was_sent_before_is_told_with_its_status(app: Flask) -> None:
    before = press(app, "overtaken")["before"]
    assert before == [
        {"request": "POST /login", "status": "200 OK"},
        {"request": "PUT /bookings/1", "status": "200 OK"},
        {"request": "POST /login", "status": "200 OK"},
    ]


def test_the_request_is_told_as_it_was_sent(app: Flask) -> None:
    sent = press(app, "poor")["request"]
    assert sent["line"] == "POST /payments"
    assert sent["body"] == '{"booking_id": 5}'
    names = [name for name, _ in sent["headers"]]
    assert names == ["Content-Type", "Authorization"]


def test_the_response_is_told_with_all_its_headers(app: Flask) -> None:
    outcome = press(app, "maintenance")
    headers = dict(outcome["headers"])
    assert outcome["status"] == "503 Service Unavailable"
    assert headers["Retry-After"] == "120"
    assert headers["Content-Type"] == "application/problem+json"
    assert '"retry_after": 120' in outcome["body"]


def test_a_finding_is_told_with_what_to_type_instead(app: Flask) -> None:
    rule = RULES["SK401"]
    [found] = press(app, "sk401")["findings"]
    assert found == {
        "id": "SK401",
        "summary": rule.summary,
        "hint": rule.hint,
        "section": rule.section,
    }


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"", ""),
        ("Åse".encode(), "Åse"),
        (b"12345678", "12345678"),
        (b"123456789", "12345678… (9 bytes in all)"),
        (b"\xff\0", "(2 bytes)"),
    ],
)
def test_content_is_shown_as_text_of_a_bounded_length(content: bytes, shown: str) -> None:
    assert stage.readable(content, 8) == shown


def test_a_long_request_is_cut_where_it_is_shown(app: Flask) -> None:
    sent = press(app, "too-large")["request"]
    assert sent["body"].endswith("… (70012 bytes in all)")
    assert len(sent["body"]) < 1000


@pytest.mark.parametrize(
    ("name", "language", "title"), [("german", "de", "Konflikt"), ("chinese", "zh", "冲突")]
)
def test_an_error_is_told_in_the_language_of_the_client(
    name: str, language: str, title: str, app: Flask
) -> None:
    outcome = press(app, name)
    assert dict(outcome["headers"])["Content-Language"] == language
    # Flask writes what is not ASCII as escapes.
    assert f'"title": {stage.readable(ascii_json(title), 100)}' in outcome["body"]


def ascii_json(text: str) -> bytes:
    return b'"' + text.encode("unicode_escape") + b'"'


def test_formats_differ_in_nothing_but_the_format(app: Flask) -> None:
    media_types = {
        name: dict(press(app, name)["headers"])["Content-Type"]
        for name in ("problem-json", "html", "xml", "jsonapi", "text", "simple", "simple-and-new")
    }
    assert media_types == {
        "problem-json": "application/problem+json",
        "html": "text/html; charset=utf-8",
        "xml": "application/problem+xml",
        "jsonapi": "application/vnd.api+json",
        "text": "text/plain; charset=utf-8",
        "simple": "application/json",
        "simple-and-new": "application/problem+json",
    }


def test_a_bug_shows_its_lines_in_development_only(app: Flask) -> None:
    hidden, shown = press(app, "bug"), press(app, "bug-in-development")
    assert '"debug"' not in hidden["body"]
    assert "RuntimeError" not in hidden["body"]
    assert "example_app/operations.py" in shown["body"]
    assert "hunter2" not in shown["body"]


# Who presses, and when.


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_a_post_presses_a_button(method: str, app: Flask) -> None:
    answer = send_wsgi(app, request(method, "/tour/user"))
    assert_problem(answer, 405)
    assert answer.header("Allow") in ("POST, OPTIONS", "OPTIONS, POST")


@pytest.mark.parametrize("name", ["nothing", "User", "%2e%2e", "user%00"])
def test_only_what_stands_in_the_table_can_be_sent(name: str, app: Flask) -> None:
    assert_problem(send_wsgi(app, post(f"/tour/{name}")), 404)


def test_what_is_sent_along_changes_nothing(app: Flask) -> None:
    sent = post("/tour/user?path=/bug", {"path": "/bug"}, X_Method="DELETE")
    assert send_wsgi(app, sent).json["request"]["line"] == "GET /users/1"


def test_many_buttons_are_pressed_at_once(app: Flask) -> None:
    names = VARIED * 3
    with ThreadPoolExecutor(8) as pool:
        for name, outcome in zip(
            names, pool.map(lambda name: press(app, name), names), strict=True
        ):
            assert_kept(outcome, name)


def test_pressing_leaves_the_data_of_the_app_as_it_is(app: Flask) -> None:
    before = records(app)
    for name in ("sign-up", "book", "pay", "give-up", "webhook", "report", "changed", "part"):
        assert_kept(press(app, name), name)
    assert records(app) == before


def records(app: Flask) -> dict[str, list[Any]]:
    metadata = MetaData()
    metadata.reflect(engine_of(app))
    with engine_of(app).connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(select(table))]
            for name, table in metadata.tables.items()
        }


def test_the_data_of_the_app_changes_nothing_for_the_tour(tmp_path: Path) -> None:
    with running(tmp_path) as app, engine_of(app).begin() as connection:
        connection.exec_driver_sql("UPDATE users SET deleted_at = '2031-01-01', balance = 0")
        connection.exec_driver_sql("UPDATE bookings SET version = 99")
    with running(tmp_path) as app:
        for name in ("book", "changed", "log-in", "pay"):
            assert_kept(press(app, name), name)


def test_the_limits_of_the_app_are_not_used_up_by_the_tour(app: Flask) -> None:
    for name in ("too-often", "order-429", "no-redis", "too-often"):
        assert_kept(press(app, name), name)
    assert [send_wsgi(app, get("/search")).status for _ in range(3)] == [200, 200, 429]
    assert_kept(press(app, "too-often"), "too-often")


def test_a_token_of_the_tour_is_good_for_nothing_else(app: Flask) -> None:
    token = dict(press(app, "poor")["request"]["headers"])["Authorization"]
    assert_problem(send_wsgi(app, get("/me", Authorization=token)), 401)


@pytest.mark.parametrize("name", VARIED)
def test_a_press_leaves_nothing_behind(
    name: str, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[weakref.ref[Flask]] = []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(
        Flask, "auto_find_instance_path", lambda self: made.append(weakref.ref(self)) or "/nowhere"
    )
    logging.disable()  # pytest keeps what is logged, and with it tracebacks
    try:
        press(app, name)
    finally:
        logging.disable(logging.NOTSET)
    gc.collect()
    assert len(made) == 1
    assert made[0]() is None
    assert list(tmp_path.iterdir()) == []


def test_the_broken_endpoints_stay_on_the_stage(app: Flask) -> None:
    assert_kept(press(app, "sk200"), "sk200")
    assert_problem(send_wsgi(app, get("/broken/sk200")), 404)


@pytest.mark.parametrize("name", VARIED)
def test_promises_are_kept_in_development_too(name: str, tmp_path: Path) -> None:
    with running(tmp_path, Development) as app:
        assert_kept(press(app, name), name)


def test_promises_do_not_depend_on_how_the_app_is_set_up() -> None:
    source = Path(config.__file__).read_text()
    variables = set(re.findall(r'os\.environ\.get\("(\w+)"', source))
    assert "RATES_URL" in variables
    # These have no say in it: each stage has a database of its own, and counts in memory.
    variables -= {"DATABASE_URL", "RATELIMIT_KEY_PREFIX"}
    assert settings_of_stage(dict.fromkeys(variables, "7")) == settings_of_stage({})


def settings_of_stage(environment: dict[str, str]) -> str:
    program = """
from example_app.config import Stage
print({name: getattr(Stage, name) for name in dir(Stage) if name.isupper()})
"""
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(config.__file__).parents[1],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout


# The page, and what others get there.


@pytest.fixture(scope="module")
def page(app: Flask) -> Answer:
    return send_wsgi(app, get("/", **BROWSER))


def test_a_browser_gets_a_page_that_is_valid(page: Answer) -> None:
    assert page.status_line == "200 OK"
    assert page.header("Content-Type") == "text/html; charset=utf-8"
    assert page.header("Vary") == "Accept"
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    tree = parser.parse(page.body, transport_encoding="utf-8")
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    # The heading of an outcome takes the place of the first one.
    assert sorted(ids) == sorted([*set(ids), "answer-title"])
    assert {link.get("href", "")[1:] for link in tree.iter("a")} & {*ids} == {
        group.name for group in GROUPS
    }


def test_the_page_has_each_situation_as_a_button(page: Answer) -> None:
    tree = html5lib.parse(page.body.decode(), namespaceHTMLElements=False)
    buttons = {button.get("formaction"): button for button in tree.iter("button")}
    assert list(buttons) == [f"/tour/{name}" for name in NAMES]
    for name, situation in BY_NAME.items():
        said = " ".join("".join(buttons[f"/tour/{name}"].itertext()).split())
        assert said == " ".join(
            [str(situation.status), situation.title, str(situation.request), situation.sentence]
        )


def test_the_page_allows_itself_what_it_needs_and_no_more(page: Answer) -> None:
    policy = page.header("Content-Security-Policy") or ""
    directives = dict(directive.split(" ", 1) for directive in policy.split("; "))
    assert directives.pop("style-src").startswith("'self' 'sha256-")
    assert directives == {
        "default-src": "'none'",
        "script-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    html = page.body.decode()
    assert "<style" not in html
    assert not re.search(r"<script(?![^>]* src=)|\son\w+=|style=|https?://", html)


@pytest.mark.parametrize("path", ["tour.css", "tour.js", "icon.svg"])
def test_what_the_page_needs_is_there(path: str, app: Flask, page: Answer) -> None:
    assert f"/static/{path}" in page.body.decode()
    answer = send_wsgi(app, get(f"/static/{path}"))
    assert answer.status == 200
    addresses = set(re.findall(r"https?://[^\"']+", answer.body.decode()))
    assert addresses <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "text/csv", "nonsense"])
def test_a_program_gets_the_same_table(accept: str | None, app: Flask) -> None:
    answer = send_wsgi(app, get("/", **({} if accept is None else {"Accept": accept})))
    assert answer.status_line == "200 OK"
    assert answer.header("Content-Type") == "application/json"
    assert answer.header("Vary") == "Accept"
    assert list(answer.json["tour"]) == [f"POST /tour/{name}" for name in NAMES]
    assert answer.json["tour"]["POST /tour/poor"] == "402 Not enough credit"
    problem_types = send_wsgi(app, get(answer.json["problem_types"]))
    assert problem_types.status == 200


def test_the_auditor_finds_nothing_about_the_tour_itself(
    app: Flask,
    http_audit: HTTPAudit,  # noqa: F811
) -> None:
    for headers in ({}, BROWSER):
        assert send_wsgi(app, get("/", **headers)).status == 200
    assert send_wsgi(app, request("HEAD", "/")).status == 200
    assert press(app, "user")["findings"] == []


# The catalogue.


@pytest.mark.parametrize("name", ["poor", "full"])
def test_a_type_of_the_example_leads_to_its_page(name: str, app: Flask) -> None:
    outcome = press(app, name)
    [uri] = re.findall('"type": "(.*?)"', outcome["body"])
    document = send_wsgi(app, get(uri)).json
    assert document["type"] == uri
    assert document["status"] == BY_NAME[name].status
    assert document["title"] in outcome["body"]
    assert document["description"] != document["how_to_fix"]
    members = set(document["members"]["required"])
    assert members
    assert all(f'"{member}":' in outcome["body"] for member in members)


def test_a_request_reads_as_its_first_line() -> None:
    assert str(Request("PUT", "/bookings/1")) == "PUT /bookings/1"
