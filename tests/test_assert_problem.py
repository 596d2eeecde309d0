"""`assert_problem`: what it accepts, and how it shows what differs."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import ANY

import httpx
import pytest
import requests
from flask import Flask, Response, abort
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from requests.adapters import BaseAdapter
from support import make_app, view_raising
from werkzeug import exceptions
from werkzeug.datastructures import Headers

from flask_statuskit import (
    STATUSES,
    BadRequest,
    Conflict,
    FieldError,
    InternalServerError,
    NotFound,
    PaymentRequired,
    Problem,
    RateLimited,
    StatusError,
    Unauthorized,
    ValidationError,
)
from flask_statuskit.exceptions import ERRORS
from flask_statuskit.testing import assert_problem

pytest_plugins = ["pytester"]

JSON = "application/problem+json"


class OutOfTokens(PaymentRequired):
    """A problem type with members."""

    balance: int
    tags: list[str] = []  # noqa: RUF012


class Documented(Conflict):
    """A problem type that has a URI."""

    type = "https://shop.example/problems/documented"


class WrongValue(ValidationError):
    """A type of its own for wrong values."""

    type = "wrong-value"


@pytest.fixture
def app() -> Flask:
    app = make_app({"PROPAGATE_EXCEPTIONS": False})

    @app.get("/tokens")
    def tokens() -> None:
        raise OutOfTokens("Buy some.", balance=7, tags=["a", "b"])

    @app.get("/wrong")
    def wrong() -> None:
        raise ValidationError({"email": ["No address."], "items": {0: {"price": ["Too low."]}}})

    @app.get("/wrong-value")
    def wrong_value() -> None:
        raise WrongValue("No.")

    @app.get("/limited")
    def limited() -> None:
        raise RateLimited(retry_after=60, headers=[("Link", "<a>"), ("Link", "<b>")])

    @app.get("/documented")
    def documented() -> None:
        raise Documented

    @app.get("/bug")
    def bug() -> None:
        raise ZeroDivisionError("The total is zero.")

    @app.get("/old")
    def old() -> None:
        abort(400)

    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def answer(
    body: Any = None, status: int = 409, content_type: str = JSON, **headers: str
) -> Response:
    """A response, of whatever application."""
    content = body if isinstance(body, (bytes, str)) else json.dumps(body)
    return Response(content, status, content_type=content_type)


def conflict(**members: Any) -> Response:
    return answer({"type": "about:blank", "status": 409, **members})


def message(response: Any, error: Any, **members: Any) -> list[str]:
    with pytest.raises(AssertionError) as caught:
        assert_problem(response, error, **members)
    return str(caught.value).splitlines()


# What it accepts ----------------------------------------------------------------------------------


def test_the_problem_comes_back_with_the_headers_of_the_response(client: FlaskClient) -> None:
    problem = assert_problem(client.get("/limited"), RateLimited, retry_after=60)
    assert isinstance(problem, Problem)
    assert (problem.status, problem.title, problem.instance) == (
        429,
        "Too Many Requests",
        "/limited",
    )
    assert ("Retry-After", "60") in problem.headers
    assert [value for name, value in problem.headers if name == "Link"] == ["<a>", "<b>"]
    assert dict(problem.headers)["Content-Type"] == JSON


@pytest.mark.parametrize(
    "error", [OutOfTokens, 402, "out-of-tokens", "urn:problem-type:out-of-tokens"], ids=str
)
def test_a_class_a_status_or_a_type_is_expected(client: FlaskClient, error: Any) -> None:
    problem = assert_problem(
        client.get("/tokens"),
        error,
        balance=7,
        tags=["a", "b"],
        detail="Buy some.",
        title="Out of tokens",
        status=402,
        instance="/tokens",
        type="urn:problem-type:out-of-tokens",
        request_id=ANY,
    )
    assert problem.members["balance"] == 7


@pytest.mark.parametrize("error", ERRORS.values(), ids=lambda error: error.__name__)
def test_each_bare_error_is_known_by_its_class(error: type[StatusError]) -> None:
    said = {"status": error.code, "title": STATUSES[error.code or 0].phrase}
    for body in (said, {"type": "about:blank", **said}):
        assert_problem(answer(body, error.code or 0), error)
        assert_problem(answer(body, error.code or 0), error.code or 0)
    other = NotFound if error is not NotFound else Conflict
    message(answer(said, error.code or 0), other)
    message(answer({"type": "urn:problem-type:x", **said}, error.code or 0), error)


@pytest.mark.parametrize(
    "type_",
    [
        "urn:problem-type:out-of-tokens",
        "https://shop.example/problems/out-of-tokens",
        "https://shop.example/problems#out-of-tokens",
        "https://shop.example/problems?type=out-of-tokens",
        "/problems/out-of-tokens",
        "out-of-tokens",
    ],
)
def test_a_slug_is_where_a_uri_ends(type_: str) -> None:
    response = answer({"type": type_, "status": 402}, 402)
    assert_problem(response, OutOfTokens)
    assert_problem(response, "out-of-tokens")
    assert_problem(response, type_)


@pytest.mark.parametrize(
    "type_",
    [
        "urn:problem-type:not-out-of-tokens",
        "/problems/out-of-tokens/",
        "/problems/out-of-tokens-today",
        "/out-of-tokens/other",
        "about:blank",
        "OUT-OF-TOKENS",
        7,
        None,
    ],
)
def test_another_type_is_another_problem(type_: Any) -> None:
    response = answer({"type": type_, "status": 402}, 402)
    for error in (OutOfTokens, "out-of-tokens"):
        lines = message(response, error)
        assert "- type: out-of-tokens, or a URI that ends in it" in lines
    assert_problem(response, 402)


def test_an_absent_type_is_none_of_a_class() -> None:
    assert "+ type: absent" in message(answer({"status": 402}, 402), OutOfTokens)
    assert_problem(answer({"status": 402}, 402), "about:blank")


def test_a_uri_has_to_be_that_uri(client: FlaskClient) -> None:
    response = client.get("/documented")
    assert_problem(response, Documented)
    assert_problem(response, "https://shop.example/problems/documented")
    assert_problem(response, "documented")
    lines = message(response, "https://other.example/problems/documented")
    assert "- type: https://other.example/problems/documented" in lines


@pytest.mark.parametrize("base", [None, "https://shop.example/p", "/p/", "https://x.example/#"])
def test_wherever_the_application_has_its_types(base: str | None) -> None:
    app = make_app(type_base=base)
    app.add_url_rule("/", "index", view_raising(OutOfTokens(balance=1)))
    assert_problem(app.test_client().get("/"), OutOfTokens, balance=1)


# The status of ValidationError follows a setting --------------------------------------------------


@pytest.mark.parametrize("status", [422, 400])
def test_a_validation_error_has_the_status_of_the_setting(app: Flask, status: int) -> None:
    app.config["STATUSKIT_VALIDATION_STATUS"] = status
    client = app.test_client()
    assert_problem(client.get("/wrong"), ValidationError)
    assert_problem(client.get("/wrong"), ValidationError, status=status)
    assert_problem(client.get("/wrong-value"), WrongValue)
    message(client.get("/wrong"), ValidationError, status={422: 400, 400: 422}[status])


def test_a_bare_400_is_no_validation_error(client: FlaskClient) -> None:
    lines = message(client.get("/old"), ValidationError)
    assert lines[1] == "- status: 422 Unprocessable Content or 400 Bad Request that lists errors"
    assert_problem(client.get("/old"), BadRequest)


def test_another_status_is_no_validation_error() -> None:
    body = {"status": 409, "errors": [{"detail": "No."}]}
    message(answer(body), ValidationError)


def test_a_validation_error_with_a_status_of_its_own_has_only_that() -> None:
    class Unprocessed(ValidationError):
        code = 409
        type = "unprocessed"

    assert_problem(answer({"type": "unprocessed", "status": 409}), Unprocessed)
    message(answer({"type": "unprocessed", "status": 400}, 400), Unprocessed)


# Members ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (7, 7),
        (7, ANY),
        (0.1 + 0.2, pytest.approx(0.3)),
        (None, None),
        (True, True),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": ANY}]}),
        ([1, 2], (1, 2)),
        ([{"a": 1}], ({"a": 1},)),
        ({"a": 0.30000001}, {"a": pytest.approx(0.3)}),
        (1, 1.0),
        (True, ANY),
        ([True], [ANY]),
    ],
)
def test_a_member_is_equal(sent: Any, expected: Any) -> None:
    assert_problem(conflict(value=sent), Conflict, value=expected)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (7, 8),
        (7, "7"),
        (True, 1),
        (1, True),
        (0, False),
        (False, 0.0),
        ([1], [True]),
        ({"a": 1}, {"a": True}),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1, "b": 2}, {"a": 1}),
        ([1, 2], [1]),
        ([1], [1, 2]),
        (None, 0),
        (None, False),
        ("", None),
        (0.5, pytest.approx(0.3)),
        ([{"a": True}], [{"a": 1}]),
    ],
)
def test_a_member_that_differs_is_shown(sent: Any, expected: Any) -> None:
    lines = message(conflict(value=sent), Conflict, value=expected)
    assert f"- value: {expected!r}" in lines
    assert f"+ value: {sent!r}" in lines


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON_VALUES, JSON_VALUES)
def test_members_are_equal_where_their_json_is(sent: Any, expected: Any) -> None:
    if sent in (float("inf"), float("-inf")):
        return
    try:
        response = conflict(value=json.loads(json.dumps(sent, allow_nan=False)))
        json.dumps(expected, allow_nan=False)
        json.dumps([sent, expected], ensure_ascii=False).encode()
    except ValueError:
        return  # infinities and lone surrogates are no JSON
    assert_problem(response, Conflict, value=sent)
    normal = [json.dumps(_floats(value), sort_keys=True) for value in (sent, expected)]
    if normal[0] != normal[1]:
        message(response, Conflict, value=expected)


def _floats(value: Any) -> Any:
    """Numbers are equal whatever they are written as."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return int(value) if value == int(value) else value
    if isinstance(value, list):
        return [_floats(inner) for inner in value]
    if isinstance(value, dict):
        return {name: _floats(inner) for name, inner in value.items()}
    return value


@pytest.mark.parametrize("expected", [7, None, ANY, {}, [], ""])
def test_an_absent_member_is_equal_to_nothing(expected: Any) -> None:
    lines = message(conflict(), Conflict, balance=expected)
    assert "+ balance: absent" in lines


@pytest.mark.parametrize("name", ["error", "response", "status_code", "self"])
def test_a_member_may_have_any_name(name: str) -> None:
    assert_problem(conflict(**{name: "x"}), Conflict, **{name: "x"})


# Field errors -------------------------------------------------------------------------------------

SENT = [
    {"detail": "No address.", "pointer": "#/email"},
    {"detail": "Too low.", "pointer": "#/items/0/price"},
]


@pytest.mark.parametrize(
    "expected",
    [
        {"email": ["No address."], "items": {0: {"price": ["Too low."]}}},
        {"items": {0: {"price": ["Too low."]}}, "email": "No address."},
        {"email": [ANY], "items": {0: {"price": ["Too low."]}}},
        {"email": ANY, "items": {0: {"price": ANY}}},
        [
            FieldError("No address.", pointer="#/email"),
            FieldError("Too low.", pointer="#/items/0/price"),
        ],
        (
            FieldError("Too low.", pointer="#/items/0/price"),
            FieldError("No address.", pointer="#/email"),
        ),
        SENT,
        SENT[::-1],
        [{"detail": ANY, "pointer": "#/email"}, {"detail": ANY, "pointer": ANY}],
        [{"detail": ANY, "pointer": ANY}, {"detail": ANY, "pointer": "#/email"}],
        [ANY, SENT[0]],
        [SENT[1], {"email": ["No address."]}],
        [FieldError("Too low.", pointer="#/items/0/price"), {"email": ["No address."]}],
        {"email": ["No address."], "x": [FieldError("Too low.", pointer="#/items/0/price")]},
        ANY,
    ],
    ids=repr,
)
def test_field_errors_are_given_in_any_form_and_order(client: FlaskClient, expected: Any) -> None:
    assert_problem(client.get("/wrong"), ValidationError, errors=expected)


@pytest.mark.parametrize(
    ("expected", "lines"),
    [
        (
            {"email": ["No address."]},
            [
                "  errors: {'detail': 'No address.', 'pointer': '#/email'}",
                "+ errors: {'detail': 'Too low.', 'pointer': '#/items/0/price'}",
            ],
        ),
        (
            {"email": ["Taken."], "items": {0: {"price": ["Too low."]}}},
            [
                "  errors: {'detail': 'Too low.', 'pointer': '#/items/0/price'}",
                "- errors: {'detail': 'Taken.', 'pointer': '#/email'}",
                "+ errors: {'detail': 'No address.', 'pointer': '#/email'}",
            ],
        ),
        (
            [*SENT, SENT[0]],
            ["- errors: {'detail': 'No address.', 'pointer': '#/email'}"],
        ),
        ([], ["+ errors: {'detail': 'No address.', 'pointer': '#/email'}"]),
        (None, ["- errors: None"]),
    ],
    ids=repr,
)
def test_field_errors_that_differ_are_shown_one_by_one(
    client: FlaskClient, expected: Any, lines: list[str]
) -> None:
    shown = message(client.get("/wrong"), ValidationError, errors=expected)
    assert [line for line in lines if line not in shown] == []


def test_a_code_counts_where_it_is_named() -> None:
    error = {"detail": "No address.", "pointer": "#/email", "code": "invalid"}
    response = answer({"status": 422, "errors": [error]}, 422)
    assert_problem(response, ValidationError, errors={"email": ["No address."]})
    assert_problem(response, ValidationError, errors=[error])
    without = {"detail": "No address.", "pointer": "#/email"}
    message(response, ValidationError, errors=[without])
    message(response, ValidationError, errors=[FieldError(**without)])


def test_a_place_outside_of_the_body_is_a_field_error(client: FlaskClient) -> None:
    response = answer({"status": 422, "errors": [{"detail": "No.", "parameter": "page"}]}, 422)
    assert_problem(response, ValidationError, errors=[FieldError("No.", parameter="page")])
    message(response, ValidationError, errors={"page": ["No."]})


def test_a_field_may_be_called_detail() -> None:
    response = answer({"status": 422, "errors": [{"detail": "No.", "pointer": "#/detail"}]}, 422)
    assert_problem(response, ValidationError, errors={"detail": ["No."]})
    assert_problem(response, ValidationError, errors=[{"detail": ["No."]}])


def test_errors_that_are_absent_are_told() -> None:
    assert "+ errors: absent" in message(conflict(), Conflict, errors={"email": ["No."]})


# What is no problem -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "+ body: nothing; to HEAD there is none, so assert its status_code"),
        (b"{", "+ body: no JSON: "),
        (b'{"status": 409, "status": 409}', "+ body: no JSON: the name 'status' stands twice"),
        (b'{"status": 409, "a": {"b": 1, "b": 2}}', "+ body: no JSON: the name 'b' stands twice"),
        (b'{"status": 409, "a": NaN}', "+ body: no JSON: NaN is not JSON"),
        (b'{"status": 409, "a": -Infinity}', "+ body: no JSON: -Infinity is not JSON"),
        (b'{"status": 409, "a": "\xff"}', "+ body: no JSON: 'utf-8' codec"),
        (b'{"status": 409, "a": "\\ud800"}', "+ body: no JSON: 'utf-8' codec"),
        (b'\xef\xbb\xbf{"status": 409}', "+ body: no JSON: "),
        (b"[409]", "+ body: JSON, but no object: [409]"),
        (b"null", "+ body: JSON, but no object: None"),
        (b"[" * 100_000, "+ body: no JSON: "),
    ],
)
def test_the_body_is_an_object_in_strict_json(body: bytes, said: str) -> None:
    lines = message(answer(body), Conflict, balance=7)
    assert "- body: an object, in strict JSON (RFC 8259)" in lines
    assert [line for line in lines if line.startswith(said)]


@pytest.mark.parametrize("said", [404, "409", 409.5, True, None])
def test_the_body_says_the_status_of_the_response(said: Any) -> None:
    for error in (Conflict, 409, "about:blank"):
        lines = message(answer({"status": said}), error)
        assert "- status in the body: 409" in lines
        assert f"+ status in the body: {said!r}" in lines
    assert "+ status in the body: absent" in message(answer({}), 409)


def test_what_the_body_says_does_not_matter_where_the_status_differs_already() -> None:
    assert "status in the body" not in "\n".join(message(answer({"status": 1}, 404), 409))


@pytest.mark.parametrize(
    "content_type", ["text/html", "application/json", "application/vnd.api+json", "", "problem"]
)
def test_another_body_format_is_told_with_what_to_send(content_type: str) -> None:
    lines = message(answer({"status": 409}, content_type=content_type), 409)
    assert "- Content-Type: application/problem+json" in lines
    assert 'headers={"Accept": "application/problem+json"}' in "\n".join(lines)


@pytest.mark.parametrize(
    "content_type", [JSON, f"{JSON}; charset=utf-8", "Application/Problem+JSON"]
)
def test_parameters_of_the_content_type_do_not_matter(content_type: str) -> None:
    assert_problem(answer({"status": 409}, content_type=content_type), Conflict)


def test_a_page_for_browsers_is_no_problem(client: FlaskClient) -> None:
    response = client.get("/tokens", headers={"Accept": "text/html"})
    lines = message(response, OutOfTokens)
    assert "+ Content-Type: text/html; charset=utf-8" in lines
    assert "  status: 402 Payment Required" in lines


@pytest.mark.parametrize("error", [Conflict("Taken."), exceptions.Conflict("Taken.")])
def test_an_error_that_a_view_returns_is_to_be_raised(app: Flask, error: Exception) -> None:
    app.add_url_rule("/returned", "returned", lambda: error)
    said = "\n".join(message(app.test_client().get("/returned"), Conflict))
    assert "raise the error, do not return it" in said
    assert '"Accept"' not in said


def test_no_other_page_is_taken_for_that_of_an_error() -> None:
    for page in (b"<title>409 Conflict</title>", b"<title>Shop</title><h1>Conflict</h1>"):
        lines = message(answer(page, content_type="text/html"), Conflict)
        assert "do not return it" not in "\n".join(lines)


def test_a_success_is_no_problem() -> None:
    assert "+ status: 200 OK" in message(answer({"status": 200}, 200), Conflict)


# What the message says ----------------------------------------------------------------------------


def test_the_message_is_a_diff(client: FlaskClient) -> None:
    lines = message(client.get("/tokens?page=2"), RateLimited, balance=8, tags=["a", "b"], other=1)
    assert lines[:-1] == [
        "GET /tokens is not RateLimited (- expected, + answered):",
        "- status: 429 Too Many Requests",
        "+ status: 402 Payment Required",
        "  Content-Type: application/problem+json",
        "- type: about:blank",
        "+ type: urn:problem-type:out-of-tokens",
        "- balance: 8",
        "+ balance: 7",
        "  tags: ['a', 'b']",
        "- other: 1",
        "+ other: absent",
        "The body:",
    ]
    assert json.loads(lines[-1])["balance"] == 7


def test_a_500_says_where_to_look(client: FlaskClient) -> None:
    said = "\n".join(message(client.get("/bug"), NotFound))
    assert "+ status: 500 Internal Server Error" in said
    assert "the log has its traceback. With app.testing = True it is raised in the test" in said
    assert "A 500 is" not in "\n".join(message(client.get("/tokens"), NotFound))
    assert "A 500 is" not in "\n".join(message(client.get("/bug"), InternalServerError, x=1))


def test_what_is_long_is_cut() -> None:
    response = conflict(value="x" * 100_000)
    lines = message(response, Conflict, value="y" * 100_000)
    assert len("\n".join(lines)) < 4000
    assert [line for line in lines if line.endswith("... (100002 characters)")]


def test_nothing_in_a_body_colours_a_terminal() -> None:
    lines = message(answer(b'{"status": 409, "a": "\x1b[31m"}\n\x1b[31m\r\nlast'), Conflict)
    assert "\x1b" not in "\n".join(lines)
    assert lines[-1] == "last"


def test_pytest_shows_the_line_of_the_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from flask import Response
        from flask_statuskit.testing import assert_problem

        def test_it():
            assert_problem(Response("", 404), 409)  # here
    """)
    result = pytester.runpytest_inprocess("-W", "error")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            '>*assert_problem(Response("", 404), 409)  # here',
            "E*AssertionError: The response is not 409 Conflict (- expected, + answered):",
            "E*- status: 409 Conflict",
            "E*+ status: 404 Not Found",
        ]
    )
    result.stdout.no_fnmatch_line("*problems.py*")


# Responses of others ------------------------------------------------------------------------------


def test_a_response_of_werkzeug_is_read() -> None:
    from werkzeug.wrappers import Response as WerkzeugsResponse

    body = json.dumps({"status": 409}).encode()
    assert_problem(WerkzeugsResponse(body, 409, content_type=JSON), Conflict)


def test_a_response_of_httpx_is_read(app: Flask) -> None:
    with httpx.Client(
        transport=httpx.WSGITransport(app=app), base_url="http://shop.example"
    ) as client:
        problem = assert_problem(client.get("/limited"), RateLimited, retry_after=60)
        assert [value for name, value in problem.headers if name.lower() == "link"] == [
            "<a>",
            "<b>",
        ]
        lines = message(client.get("/tokens"), NotFound)
    assert lines[0] == "GET /tokens is not NotFound (- expected, + answered):"
    # Made by hand, it does not know its request, and raises.
    alone = httpx.Response(409, json={"status": 409}, headers={"Content-Type": JSON})
    assert_problem(alone, Conflict)
    assert message(alone, NotFound)[0].startswith("The response is not NotFound")


def test_a_response_of_requests_is_read(app: Flask) -> None:
    class Adapter(BaseAdapter):
        def send(self, request: Any, *_: Any, **__: Any) -> requests.Response:
            answered = app.test_client().get(request.path_url)
            response = requests.Response()
            response.status_code = answered.status_code
            response.headers.update(dict(answered.headers))
            response._content = answered.data
            response.request = request
            return response

        def close(self) -> None:
            pass

    with requests.Session() as session:
        session.mount("http://", Adapter())
        response = session.get("http://shop.example/tokens")
    assert_problem(response, OutOfTokens, balance=7)
    assert message(response, NotFound)[0].startswith("GET /tokens is not NotFound")


@pytest.mark.parametrize("body", ["text", "content"])
def test_what_looks_like_a_response_is_read(body: str) -> None:
    class Other:
        status_code = 409
        headers = Headers({"content-type": JSON})

    response = Other()
    setattr(response, body, '{"status": 409}')
    assert_problem(response, Conflict)


@pytest.mark.parametrize("response", [None, {"status": 409}, "", b"", 409, ({}, 409)], ids=repr)
def test_what_is_no_response_is_refused(response: Any) -> None:
    with pytest.raises(TypeError, match=r"reads a response.*pass what client.get\(...\) returns"):
        assert_problem(response, Conflict)


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (exceptions.NotFound, "type flask_statuskit.NotFound"),
        (exceptions.HTTPException, "type flask_statuskit.StatusError"),
        (Conflict("Taken."), "type Conflict, the class, and its members by keyword"),
        (KeyError, "type a class such as Conflict"),
        (None, "type a class such as Conflict"),
        (True, "type a class such as Conflict"),
        ("", "type a class such as Conflict"),
        ("409", "assert_problem cannot expect '409': type 409, without quotes."),
        (StatusError, "StatusError has no status"),
    ],
    ids=repr,
)
def test_what_is_no_error_is_refused(error: Any, hint: str) -> None:
    with pytest.raises(TypeError) as caught:
        assert_problem(conflict(), error)
    assert hint in str(caught.value)


@pytest.mark.parametrize("status", [200, 302, 399, 600, 0, -1])
def test_a_status_of_no_error_is_refused(status: int) -> None:
    with pytest.raises(ValueError, match="is the status of no error"):
        assert_problem(conflict(), status)


def test_a_status_that_is_not_registered_may_be_expected() -> None:
    assert_problem(answer({"status": 499}, 499), 499)
    assert "- status: 499 Unknown" in message(conflict(), 499)


def test_an_error_of_flask_itself_is_expected_like_any_other(client: FlaskClient) -> None:
    assert_problem(client.get("/nowhere"), NotFound, instance="/nowhere")
    assert_problem(client.post("/tokens"), 405)
    assert_problem(answer({"status": 401}, 401), Unauthorized)
