"""Flask-Limiter with real windows: when to come back, in every time zone, said once."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, Response, make_response, request
from flask.typing import ResponseReturnValue
from library_support import assert_imports_nothing, assert_page_is_true, problem, require
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from flask_statuskit import NotFound, ServiceUnavailable, StatusKit, raises
from flask_statuskit.audit import check
from flask_statuskit.integrations import flask_limiter as integration

flask_limiter = require("flask_limiter")
limits = require("limits")

STRATEGIES = ["fixed-window", "moving-window", "sliding-window-counter"]
LIMIT_HEADERS = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]


def make(kit: dict[str, Any] | None = None, **options: Any) -> tuple[Flask, Any]:
    """An application and its limiter, which counts all clients as one."""
    app = Flask("shop")
    if kit is not None:
        StatusKit(app, **kit)
    options = {"storage_uri": "memory://", **options}
    return app, flask_limiter.Limiter(lambda: "client", app=app, **options)


def limited(limit: str, **options: Any) -> Flask:
    """An application whose view has a limit."""
    route = {n: options.pop(n) for n in ("error_message", "on_breach", "cost") if n in options}
    app, limiter = make(options.pop("kit", {}), **options)
    app.add_url_rule("/", "view", limiter.limit(limit, **route)(lambda: "ok"))
    return app


def breach(app: Flask, requests: int = 2) -> TestResponse:
    """The last of so many requests; the others are not refused."""
    client = app.test_client()
    for _ in range(requests - 1):
        assert client.get("/").status_code == 200
    return client.get("/")


@pytest.fixture
def time_zone() -> Iterator[Callable[[str], None]]:
    before = os.environ.get("TZ")

    def choose(name: str | None) -> None:
        os.environ.pop("TZ", None)
        if name is not None:
            os.environ["TZ"] = name
        time.tzset()

    yield choose
    choose(before)


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Kolkata"])
@pytest.mark.parametrize("headers_enabled", [False, True])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_it_says_when_to_come_back(
    time_zone: Callable[[str], None], strategy: str, headers_enabled: bool, zone: str
) -> None:
    time_zone(zone)
    app = limited("2 per minute", strategy=strategy, headers_enabled=headers_enabled)
    response = breach(app, 3)
    body = problem(response, 429)
    assert 0 < body["retry_after"] <= 60
    if strategy != "sliding-window-counter":  # its windows begin with the epoch, not with a request
        assert body["retry_after"] == 60
    assert (body["limit"], body["remaining"], body["reset"]) == (2, 0, body["retry_after"])
    assert [n for n in LIMIT_HEADERS if n in response.headers] == LIMIT_HEADERS * headers_enabled
    assert "per" not in body["detail"]


@pytest.mark.parametrize("headers_enabled", [False, True])
@pytest.mark.parametrize("strategy", ["fixed-window", "moving-window"])
def test_a_client_that_waits_that_long_is_served(strategy: str, headers_enabled: bool) -> None:
    app = limited("1 per second", strategy=strategy, headers_enabled=headers_enabled)
    response = breach(app)
    time.sleep(int(response.headers["Retry-After"]))
    assert app.test_client().get("/").status_code == 200


def test_it_is_so_with_the_clock_of_redis() -> None:
    require("redis")
    uri = "redis://127.0.0.1:6379/9"
    if not limits.storage.storage_from_string(uri).check():
        reason = "This test needs Redis on 127.0.0.1:6379: redis-server --daemonize yes"
        if os.environ.get("STATUSKIT_REQUIRE_SERVICES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    app = limited("1 per second", storage_uri=uri, key_prefix=os.urandom(8).hex())
    body = problem(breach(app), 429)
    assert body["retry_after"] == 1
    time.sleep(1)
    assert app.test_client().get("/").status_code == 200


@dataclass(eq=False)
class Counter:
    """A limiter, as far as it is asked."""

    current_limits: list[Any]


@pytest.mark.parametrize("started", [0.0, 0.3, 0.5, 0.999])
@pytest.mark.parametrize("passed", [0.0, 0.2, 0.701, 30.6, 59.999, 61.0])
def test_it_is_never_too_early_nor_negative_nor_longer_than_the_window(
    monkeypatch: pytest.MonkeyPatch, started: float, passed: float
) -> None:
    now = 1_800_000_000 + started + passed
    ends = 1_800_000_000 + started + 60
    item = limits.parse("5 per minute")
    window = SimpleNamespace(breached=True, limit=item, remaining=0, reset_at=int(ends + 1))
    app = Flask("shop")
    app.extensions["limiter"] = {Counter([window])}
    limit = SimpleNamespace(limit=item, error_message=None)
    exception = SimpleNamespace(response=None, limit=limit)
    monkeypatch.setattr(integration.time, "time", lambda: now)
    with app.app_context():
        error = integration.rate_limited(exception)
    assert error is not None
    (seconds,) = (int(value) for name, value in error.get_headers() if name == "Retry-After")
    assert max(0, math.ceil(ends - now - 1e-6)) <= seconds <= 60


def test_the_longest_of_the_breached_windows_counts() -> None:
    app = limited("1 per minute; 1 per hour; 5 per day", fail_on_first_breach=False)
    body = problem(breach(app), 429)
    assert (body["limit"], body["retry_after"]) == (1, 3600)


def test_a_limit_that_holds_does_not_count() -> None:
    app = limited("5 per hour; 1 per minute")
    body = problem(breach(app), 429)
    assert (body["limit"], body["retry_after"]) == (1, 60)


def test_what_is_left_is_told_where_a_request_costs_more() -> None:
    body = problem(breach(limited("10 per minute", cost=6, strategy="moving-window")), 429)
    assert (body["limit"], body["remaining"]) == (10, 4)


@pytest.mark.parametrize(
    "options",
    [
        {"default_limits": ["1 per minute"]},
        {"application_limits": ["1 per minute"]},
        {"default_limits": ["9 per minute"], "application_limits": ["1 per minute"]},
    ],
)
def test_limits_of_the_whole_application_are_the_same(options: dict[str, Any]) -> None:
    app, _ = make({}, **options)
    app.get("/")(lambda: "ok")
    body = problem(breach(app), 429)
    assert (body["limit"], body["remaining"], body["retry_after"]) == (1, 0, 60)


def test_a_limit_on_refusals_says_how_long_it_lasts() -> None:
    app = limited("1 per minute", meta_limits=["1 per hour"])
    assert problem(breach(app), 429)["retry_after"] == 60
    body = problem(breach(app, 1), 429)
    assert (body["limit"], body["retry_after"]) == (1, 3600)


def test_of_two_limiters_the_one_that_refused_is_asked() -> None:
    app, _ = make({}, default_limits=["9 per day"])
    flask_limiter.Limiter(
        lambda: "client", app=app, storage_uri="memory://", default_limits=["1 per minute"]
    )
    app.get("/")(lambda: "ok")
    body = problem(breach(app), 429)
    assert (body["limit"], body["retry_after"]) == (1, 60)


def test_a_limit_within_a_view_is_the_same() -> None:
    app, limiter = make({})

    @app.get("/")
    def view() -> str:
        with limiter.limit("1 per minute"):
            return "ok"

    assert problem(breach(app), 429)["retry_after"] == 60


def test_a_limit_that_no_limiter_counts_lasts_its_whole_window() -> None:
    app = Flask("shop")
    StatusKit(app)

    @app.get("/")
    def view() -> None:
        limit = SimpleNamespace(limit=limits.parse("5 per 2 minute"), error_message=None)
        raise flask_limiter.RateLimitExceeded(limit)

    body = problem(app.test_client().get("/"), 429)
    assert (body["limit"], body["remaining"], body["retry_after"]) == (5, 0, 120)


@pytest.mark.parametrize("message", ["One a minute is enough.", lambda: "One a minute is enough."])
def test_the_words_of_the_developer_are_the_detail(message: Any) -> None:
    body = problem(breach(limited("1 per minute", error_message=message)), 429)
    assert body["detail"] == "One a minute is enough."


# --- Beside Flask-Limiter's own headers --------------------------------------------------------


@pytest.mark.parametrize("style", ["legacy", "draft"])
@pytest.mark.parametrize("headers_enabled", [False, True])
def test_each_header_is_sent_once(headers_enabled: bool, style: str) -> None:
    kit = {"ratelimit_headers": style}
    response = breach(limited("1 per minute", headers_enabled=headers_enabled, kit=kit))
    problem(response, 429)  # which looks for lines that are there twice
    if style == "draft":
        assert response.headers["RateLimit-Policy"] == '"1 per 1 minute";q=1'
        assert response.headers["RateLimit"] == '"1 per 1 minute";r=0;t=60'
    else:
        assert response.headers["X-RateLimit-Limit"] == "1"


def test_a_date_that_flask_limiter_is_to_send_gives_way_to_the_seconds_of_the_body() -> None:
    app = limited("1 per minute", headers_enabled=True, retry_after="http-date")
    assert problem(breach(app), 429)["retry_after"] == 60


def test_headers_under_names_of_the_applications_own_are_left_alone() -> None:
    names = flask_limiter.HeaderNames
    mapping = {names.RETRY_AFTER: "X-Wait", names.LIMIT: "X-Limit"}
    app = limited("1 per minute", headers_enabled=True, header_name_mapping=mapping)
    response = breach(app)
    assert problem(response, 429)["retry_after"] == 60
    assert response.headers["X-Limit"] == "1"
    assert response.headers["X-Wait"] in ("59", "60")


def test_other_problems_keep_their_retry_after() -> None:
    app, limiter = make({}, headers_enabled=True)

    @app.get("/")
    @limiter.limit("5 per hour")
    def view() -> None:
        raise ServiceUnavailable("Back soon.", retry_after=30)

    response = app.test_client().get("/")
    assert problem(response, 503)["retry_after"] == 30
    assert response.headers["X-RateLimit-Remaining"] == "4"


def test_beside_two_limiters_it_is_kept_as_well() -> None:
    app, _ = make({}, headers_enabled=True, default_limits=["9 per day"])
    flask_limiter.Limiter(
        lambda: "client",
        app=app,
        storage_uri="memory://",
        headers_enabled=True,
        default_limits=["1 per minute"],
    )
    app.get("/")(lambda: "ok")
    response = breach(app)
    assert response.headers.getlist("Retry-After") == ["60"]
    assert response.get_json()["retry_after"] == 60


def without_time(response: TestResponse) -> list[tuple[str, str]]:
    return [(n, v) for n, v in response.headers if n != "X-RateLimit-Reset"]


@pytest.mark.parametrize("path", ["/", "/own", "/missing"])
def test_what_is_no_problem_with_a_delay_is_answered_as_without_statuskit(path: str) -> None:
    answers: list[list[tuple[str, str]]] = []
    for kit in (None, {}):
        app, limiter = make(kit, headers_enabled=True)
        app.get("/")(limiter.limit("5 per hour")(lambda: "ok"))
        own = limiter.limit("5 per hour")(lambda: ("wait", 503, {"Retry-After": "7200"}))
        app.add_url_rule("/own", "own", own)
        app.add_url_rule("/missing", "missing", limiter.limit("5 per hour")(not_found))
        client = app.test_client()
        client.get("/nowhere")  # an error, so that everything is in place
        answers.append([h for h in without_time(client.get(path)) if h[0] in ADDED])
    assert answers[0] == answers[1] != []


ADDED = ["Retry-After", *LIMIT_HEADERS]


def not_found() -> None:
    raise NotFound


def test_nothing_is_hooked_in_where_flask_limiter_sends_no_headers() -> None:
    app = limited("1 per minute")
    before = list(app.after_request_funcs[None])
    problem(breach(app), 429)
    assert app.after_request_funcs[None] == before


# --- What is left alone ------------------------------------------------------------------------


def own_response(_limit: Any) -> Response:
    response = make_response({"own": True}, 418)
    response.headers["Retry-After"] = "5"
    return response


@pytest.mark.parametrize("headers_enabled", [False, True])
def test_a_response_of_on_breach_is_untouched(headers_enabled: bool) -> None:
    answers: list[tuple[str, bytes, list[tuple[str, str]]]] = []
    for kit in ({}, None):
        app = limited(
            "1 per hour", on_breach=own_response, headers_enabled=headers_enabled, kit=kit
        )
        response = breach(app)
        answers.append((response.status, response.data, without_time(response)))
    assert answers[0] == answers[1]
    assert answers[0][0].startswith("418")


def test_an_on_breach_that_only_looks_changes_nothing() -> None:
    assert problem(breach(limited("1 per minute", on_breach=lambda _: None)), 429)["limit"] == 1


@pytest.mark.parametrize("handled", [429, HTTPException, Exception])
def test_a_handler_of_the_application_answers(handled: Any) -> None:
    app = limited("1 per minute")

    @app.errorhandler(handled)
    def handle(error: Any) -> ResponseReturnValue:
        return {"own": error.description}, 429

    assert breach(app).get_json() == {"own": "1 per 1 minute"}


def test_with_the_integration_off_the_description_is_flask_limiters() -> None:
    body = breach(limited("1 per minute", kit={"default_integrations": False})).get_json()
    assert (body["status"], body["detail"]) == (429, "1 per 1 minute")
    assert "retry_after" not in body


def test_something_else_that_is_called_limiter_is_no_harm() -> None:
    app = Flask("shop")
    StatusKit(app)
    app.extensions["limiter"] = object()
    problem(app.test_client().get("/"), 404)


def test_flask_limiter_is_not_imported_for_this() -> None:
    assert_imports_nothing("flask_limiter", "limits")


def test_the_page_is_true() -> None:
    assert_page_is_true("flask_limiter.md")


def test_a_breach_with_the_librarys_headers_can_be_audited() -> None:
    app = limited("1 per minute", headers_enabled=True)
    app.view_functions["view"] = raises(NotFound)(app.view_functions["view"])
    with app.test_request_context("/"):
        app.full_dispatch_request()
    with app.test_request_context("/"):
        response = app.full_dispatch_request()
        assert response.status_code == 429
        assert [(f.id, f.error) for f in check(request, response)] == [("SK700", "RateLimited")]
