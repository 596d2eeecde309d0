"""Rendering fails, in each way there is: the status that was meant goes out, with a valid body."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from failure_support import (
    CASES,
    Bug,
    Case,
    assert_constant,
    every_case,
    every_failure,
    failing,
    shop,
    times_logged,
)
from flask import Flask, Request, Response, before_render_template, template_rendered
from flask.json.provider import DefaultJSONProvider
from flask_babel import Babel, LazyString
from jinja2 import DictLoader
from support import BROWSER, PROGRAM, assert_problem, call, kit_of, raising

from flask_statuskit import BadGateway, Conflict, FieldError, ServiceUnavailable, StatusError

ACME = "application/vnd.acme.error+json"
Fail = Callable[..., Any]

# Parts of the application -------------------------------------------------------------------------


def json_provider(app: Flask, fail: Fail) -> None:
    app.json.dumps = fail  # type: ignore[method-assign]


def json_provider_without_a_method(app: Flask, fail: Fail) -> None:
    class Lost:
        dumps = property(fail)

    app.json = Lost()  # type: ignore[assignment]


def dialect_by_accept(app: Flask, fail: Fail) -> None:
    kit_of(app).dialect(ACME)(fail)


def dialect_by_setting(app: Flask, fail: Fail) -> None:
    app.config["STATUSKIT_DIALECT"] = fail


def template(app: Flask, fail: Fail) -> None:
    app.jinja_env.globals["fail"] = fail
    app.jinja_loader = DictLoader({"statuskit/problem.html": "<p>{{ fail() }}"})


def template_loader(app: Flask, fail: Fail) -> None:
    app.jinja_loader = DictLoader({})
    app.jinja_loader.get_source = fail  # type: ignore[method-assign]


def template_environment(app: Flask, fail: Fail) -> None:
    app.create_jinja_environment = fail  # type: ignore[method-assign]


def context_processor(app: Flask, fail: Fail) -> None:
    app.jinja_loader = DictLoader({"statuskit/problem.html": "<p>fine"})
    app.context_processor(fail)


def receiver_before_a_template(app: Flask, fail: Fail) -> None:
    app.jinja_loader = DictLoader({"statuskit/problem.html": "<p>fine"})
    before_render_template.connect(fail, app, weak=False)


def receiver_after_a_template(app: Flask, fail: Fail) -> None:
    app.jinja_loader = DictLoader({"statuskit/problem.html": "<p>fine"})
    template_rendered.connect(fail, app, weak=False)


def response_class(app: Flask, fail: Fail) -> None:
    app.response_class = type("Raises", (Response,), {"__init__": fail})


def mount_of_the_request(app: Flask, fail: Fail) -> None:
    app.request_class = type("Broken", (Request,), {"root_path": property(fail, ignore)})


def ignore(*_: Any) -> None:
    """Set nothing."""


#: What is broken, for whom, and what is left at least: all, the headers, or the status alone.
PARTS: dict[str, tuple[Callable[[Flask, Fail], None], dict[str, str], str]] = {
    part.__name__: (part, client, left)
    for part, client, left in [
        (json_provider, PROGRAM, "all"),
        (json_provider_without_a_method, PROGRAM, "headers"),
        (dialect_by_accept, {"Accept": ACME}, "headers"),
        (dialect_by_setting, PROGRAM, "headers"),
        (template, BROWSER, "headers"),
        (template_loader, BROWSER, "headers"),
        (template_environment, BROWSER, "headers"),
        (context_processor, BROWSER, "headers"),
        (receiver_before_a_template, BROWSER, "headers"),
        (receiver_after_a_template, BROWSER, "headers"),
        (response_class, PROGRAM, "status"),
        (mount_of_the_request, PROGRAM, "status"),
    ]
}
every_part = pytest.mark.parametrize("part", PARTS)


def assert_costs_no_status(
    part: str, case: Case, failure: type[Exception], config: Any, caplog: Any
) -> None:
    break_it, client, left = PARTS[part]
    failures, fail = failing(failure)
    app, raised = shop(case, config)
    break_it(app, fail)
    answer = call(app, headers=client)
    if left == "all" or "request_id" in answer.json:
        assert_problem(answer, case.status)
    else:
        assert_constant(answer, case.status)
        assert times_logged(caplog, raised) >= 1
    if left != "status":
        assert answer.header("X-Request-ID")
        assert answer.header("Retry-After") == ("5" if case.status == 503 else None)
    assert times_logged(caplog, *failures) == 1


@every_case
@every_failure
@every_part
def test_a_part_that_fails_costs_no_status(
    part: str, failure: type[Exception], case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    assert_costs_no_status(part, case, failure, {}, caplog)


@every_case
@pytest.mark.parametrize("config", [{"TESTING": True}, {"DEBUG": True}], ids=str)
@every_part
def test_a_part_that_fails_costs_developers_no_status(
    part: str, config: dict[str, Any], case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    client = PARTS[part][1]
    # A browser is to have its debugger; without headers nobody can tell who asks.
    unseen = "TESTING" in config or client is BROWSER or part == "headers_of_the_request"
    if case is CASES["bug"] and unseen:
        app, _ = shop(case, config)
        PARTS[part][0](app, failing(RuntimeError)[1])
        with pytest.raises(Bug):
            call(app, headers=client)
    else:
        assert_costs_no_status(part, case, RuntimeError, config, caplog)


@every_case
@pytest.mark.parametrize("part", ["dialect_by_setting", "response_class"])
def test_an_error_that_cannot_be_rendered_is_logged_once(
    part: str, case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    app, raised = shop(case)
    PARTS[part][0](app, failing(RuntimeError)[1])
    assert_constant(call(app), case.status)
    assert times_logged(caplog, raised) == 1


# Nonsense in the place of a failure ---------------------------------------------------------------


class Nothing:
    """An object that no encoder knows."""

    def __repr__(self) -> str:
        return "Nothing()"


NONSENSE = [Nothing(), {1, 2}, bytearray(b"{}"), {"a": Nothing()}, {(1, 2): 3}, abs]


@pytest.mark.parametrize("made", NONSENSE, ids=repr)
def test_nonsense_from_a_dialect_costs_the_body_alone(
    made: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for case in CASES.values():
        caplog.clear()
        app, raised = shop(case, {"STATUSKIT_DIALECT": lambda problem: made})
        answer = call(app)
        assert_constant(answer, case.status)
        assert answer.header("X-Request-ID")
        assert times_logged(caplog, raised) >= 1
        said = [record.getMessage() for record in caplog.records]
        assert said.count("That is because rendering failed.") == 1


def test_a_dialect_that_stops_halfway_costs_the_body_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def dialect(problem: Any) -> Iterator[str]:
        yield problem.title
        fail()

    class Lists(DefaultJSONProvider):
        """An encoder that knows generators."""

        default = staticmethod(list)

    failures, fail = failing(RuntimeError)
    app, raised = shop(CASES["typed 4xx"], {"STATUSKIT_DIALECT": dialect})
    app.json = Lists(app)
    assert_constant(call(app), 409)
    assert times_logged(caplog, raised) == times_logged(caplog, *failures) == 1


@pytest.mark.parametrize("written", [None, 5, [], b"\xff{}", "", "{oops"], ids=repr)
def test_an_encoder_that_writes_no_json_does_not_spoil_the_body(written: Any) -> None:
    class Writes(DefaultJSONProvider):
        def dumps(self, obj: Any, **_: Any) -> Any:
            return written

    for case in CASES.values():
        app, _ = shop(case)
        app.json = Writes(app)
        answer = call(app)
        assert answer.status == answer.json["status"] == case.status
        assert answer.header("X-Request-ID")


def test_an_encoder_may_fail_at_any_time() -> None:
    class Tires(DefaultJSONProvider):
        runs = 0

        def dumps(self, obj: Any, **options: Any) -> str:
            self.runs += 1
            if self.runs == 2:
                raise ValueError("tired")
            return super().dumps(obj, **options)

    app, _ = shop(CASES["typed 4xx"])
    app.json = Tires(app)
    first, second, third = (call(app, headers={"X-Request-ID": "same"}) for _ in range(3))
    assert first == third
    assert (second.status, second.json) == (409, first.json)


def test_a_view_that_calls_itself_for_ever_is_a_bug_like_any_other() -> None:
    def recurse() -> Any:
        return recurse()

    assert_problem(call(raising(recurse)), 500)


# Parts of the error -------------------------------------------------------------------------------

METHODS = ["get_headers", "get_members"]
PROPERTIES = ["detail", "title", "type", "errors", "headers", "members", "retry_after", "expose"]


def error_class(base: type[StatusError], name: str, fail: Fail) -> type[StatusError]:
    """A class of a user's, in which one attribute is broken."""

    def get(error: StatusError) -> Any:
        # The constructor reads it, and has to come to its end.
        return fail() if name != "detail" or "members" in vars(error) else None

    own = fail if name in METHODS else property(get, ignore)
    # Of no type, so that no catalogue of other tests lists it.
    return type("Broken", (base,), {name: own}, init=False)  # type: ignore[call-overload,no-any-return]


@every_failure
@pytest.mark.parametrize("mapped", [False, True], ids=["raised", "mapped"])
@pytest.mark.parametrize("base", [Conflict, BadGateway, ServiceUnavailable])
@pytest.mark.parametrize("name", METHODS + PROPERTIES)
def test_an_attribute_that_fails_costs_no_status(
    name: str,
    base: type[StatusError],
    mapped: bool,
    failure: type[Exception],
    caplog: pytest.LogCaptureFixture,
) -> None:
    failures, fail = failing(failure)
    broken = error_class(base, name, fail)
    raised = Bug() if mapped else broken()
    app = raising(raised)
    kit_of(app).map(Bug, lambda _: broken())
    answer = call(app)
    if failures:
        assert_constant(answer, base.code or 0)
        assert times_logged(caplog, raised) >= 1
        assert times_logged(caplog, *failures) == 1
    else:
        assert (name, base) == ("expose", Conflict), "only a 5xx may hide its reason"
        assert_problem(answer, 409)


@pytest.mark.parametrize(
    ("name", "garbage"),
    [
        *[("get_headers", g) for g in (None, 5, "text", [None], [("A",)], [(1, 2)], {"A": "b"})],
        *[("get_headers", [("A", v)]) for v in (None, 5, b"b", Nothing())],
        *[("get_headers", [("Retry-After", v)]) for v in (None, 5, "soon", "\u00b2", "-1")],
        *[("get_headers", [(n, "b")]) for n in (None, b"A", "", "A B", "A\r\nB", "\u00e4", ":")],
        *[("get_members", g) for g in (None, 5, "text", [None], [("a",)], {1: 2}, {None: 3})],
        *[("get_members", {n: Nothing()}) for n in ("", "a b", "\ud800", "<", "xml", "\0")],
    ],
    ids=ascii,
)
def test_garbage_from_a_method_costs_no_status(name: str, garbage: Any) -> None:
    app = raising(error_class(Conflict, name, lambda *_: garbage))
    for media_type in ("problem+json", "problem+xml", "vnd.api+json"):
        answer = call(app, headers={"Accept": f"application/{media_type}"})
        assert answer.status_line == "409 Conflict"
        assert fromstring(answer.body).tag if answer.body[:1] == b"<" else answer.json
    for media_type in ("text/html", "text/plain"):
        assert call(app, headers={"Accept": media_type}).status_line == "409 Conflict"


@pytest.mark.parametrize(
    "members",
    [
        {"status": 200},
        {"title": 5, "type": [], "instance": {}},
        {"detail": None},
        {"request_id": "another"},
        {"retry_after": 7},
    ],
    ids=str,
)
def test_members_of_a_class_of_ones_own_do_not_replace_those_of_the_problem(members: Any) -> None:
    broken = error_class(Conflict, "get_members", lambda _: members)
    body = assert_problem(call(raising(broken)), 409)
    assert [type(body[n]) for n in ("type", "title", "detail", "instance")] == [str] * 4


@every_failure
@pytest.mark.parametrize(
    "make",
    [
        lambda lazy: Conflict(lazy),
        lambda lazy: Conflict(title=lazy),
        lambda lazy: Conflict(member=[lazy]),
        lambda lazy: Conflict(errors={"a": [lazy]}),
        lambda lazy: Conflict(errors=[FieldError(lazy, pointer="#/a")]),
        lambda lazy: Conflict(headers={"X-Own": lazy}),
    ],
    ids=["detail", "title", "member", "message", "field error", "header"],
)
def test_a_lazy_string_that_fails_costs_no_status(make: Any, failure: type[Exception]) -> None:
    for locale in ("de", "en"):
        app = raising(lambda: make(LazyString(failing(failure)[1])))
        Babel(app, default_locale=locale)
        assert call(app).json["status"] == 409
        assert call(app, headers=BROWSER).status == 409
