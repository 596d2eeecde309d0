"""What an application answers passes, what it fails at is answered, by the rules of PEP 3333."""

from __future__ import annotations

import gc
import io
import logging
import weakref
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any, NoReturn
from wsgiref.handlers import SimpleHandler
from wsgiref.util import FileWrapper

import pytest
from flask import Flask, send_file
from hypothesis import given
from hypothesis import strategies as st
from support import Foreign, assert_problem, call, make_app, names
from werkzeug import exceptions as werkzeugs
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.debug import DebuggedApplication
from werkzeug.exceptions import HTTPException, default_exceptions
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.http_proxy import ProxyMiddleware
from werkzeug.middleware.lint import LintMiddleware
from werkzeug.middleware.profiler import ProfilerMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.middleware.shared_data import SharedDataMiddleware
from wsgi_support import (
    GET_AND_HEAD,
    HTML,
    PAGE_BODY,
    TEXT,
    Body,
    Server,
    answering,
    lazy,
    page,
    raises_a_conflict,
    raises_after_a_late_start,
    raises_after_an_empty_chunk,
    raises_after_the_start,
    raises_after_the_start_of_a_page,
    raises_at_once,
    raises_at_the_first_next,
    received,
    served,
    with_header,
    wrapped,
)

from flask_statuskit import STATUSES, Conflict, middleware, relay


class CannotBeIterated:
    def __iter__(self) -> Iterator[bytes]:
        raise Foreign


def answers_what_cannot_be_iterated(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", TEXT)
    return CannotBeIterated()


def answers_nothing(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", TEXT)


def never_starts_and_lists(environ: Any, start_response: Any) -> Iterable[bytes]:
    return [b"body"]


def never_starts_and_lists_nothing(environ: Any, start_response: Any) -> Iterable[bytes]:
    return []


def never_starts_and_yields(environ: Any, start_response: Any) -> Iterator[bytes]:
    yield b"body"


def never_starts_and_has_a_file(environ: Any, start_response: Any) -> Any:
    return environ["wsgi.file_wrapper"](io.BytesIO(b"body"))


def starts_twice(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", TEXT)
    start_response("201 Created", TEXT)
    return [b"body"]


def starts_twice_with_pages(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("404 NOT FOUND", HTML)
    start_response("403 FORBIDDEN", HTML)
    return [b"body"]


def starts_with_a_number(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response(200, TEXT)
    return [b"body"]


FAILING = [
    raises_at_once,
    raises_after_the_start,
    raises_after_the_start_of_a_page,
    raises_at_the_first_next,
    raises_after_a_late_start,
    answers_what_cannot_be_iterated,
    answers_nothing,
    never_starts_and_lists,
    never_starts_and_lists_nothing,
    never_starts_and_yields,
    never_starts_and_has_a_file,
    starts_twice,
    starts_twice_with_pages,
    starts_with_a_number,
]


@pytest.mark.parametrize("app", FAILING, ids=names(FAILING))
@GET_AND_HEAD
def test_what_fails_before_the_body_begins_is_a_500_problem(
    app: Any, method: str, log: Any
) -> None:
    answer = served(wrapped(app), method, environ_overrides={"wsgi.file_wrapper": FileWrapper})
    body = assert_problem(answer, 500, method)
    assert b"hunter2" not in answer.body
    [record] = log.ours
    assert record.levelno == logging.ERROR
    assert record.exc_info
    assert record.exc_info[2] is not None
    if method == "GET":
        assert body["detail"] == STATUSES[500].sentence
        assert body["instance"] == "/"
        assert log.problems == [record]
        assert record.__dict__["request_id"] == body["request_id"]
        assert record.getMessage() == f"GET /: 500 Internal Server Error [{body['request_id']}]"


# Werkzeug's page


@pytest.mark.parametrize("code", sorted(default_exceptions))
@GET_AND_HEAD
def test_the_page_that_werkzeug_makes_of_an_exception_becomes_a_problem(
    code: int, method: str
) -> None:
    page: Any = default_exceptions[code]()
    answer = served(wrapped(DispatcherMiddleware(page, {})), method, "/users")
    body = assert_problem(answer, code, method)
    row = STATUSES[code]
    if method == "GET":
        assert body["title"] == row.phrase
        assert body["detail"] == row.sentence
        assert body["instance"] == "/users"


def test_the_headers_of_get_and_head_are_those_of_the_same_problem() -> None:
    app = wrapped(DispatcherMiddleware(werkzeugs.NotFound(), {}))
    got, head = (served(app, m, headers={"X-Request-ID": "a"}) for m in ("GET", "HEAD"))
    assert got.headers == head.headers


@pytest.mark.parametrize(
    ("page", "name", "value"),
    [
        (werkzeugs.MethodNotAllowed(["PUT"]), "Allow", "PUT"),
        (werkzeugs.TooManyRequests(retry_after=7), "Retry-After", "7"),
        (werkzeugs.ServiceUnavailable(retry_after=7), "Retry-After", "7"),
        (werkzeugs.RequestedRangeNotSatisfiable(length=9), "Content-Range", "bytes */9"),
        (
            werkzeugs.Unauthorized(
                www_authenticate=WWWAuthenticate("basic", {"realm": "the shop"})
            ),
            "WWW-Authenticate",
            'Basic realm="the shop"',
        ),
        (werkzeugs.Unauthorized(), "WWW-Authenticate", "Bearer"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, HTTPException) else None,
)
@GET_AND_HEAD
def test_the_headers_that_a_page_carries_are_kept_and_those_that_it_owes_are_added(
    page: Any, name: str, value: str, method: str
) -> None:
    answer = served(wrapped(page), method)
    assert_problem(answer, page.code, method)
    assert answer.header(name) == value


def test_what_a_page_says_of_its_own_is_the_detail_unless_it_is_a_5xx() -> None:
    said = "No <shop> & no\n“street”"
    answer = served(wrapped(werkzeugs.NotFound(said)))
    assert assert_problem(answer, 404)["detail"] == said
    answer = served(wrapped(werkzeugs.BadGateway("db-3 is down")))
    assert b"db-3" not in answer.body
    assert_problem(answer, 502)


def test_a_page_of_an_unregistered_status_keeps_its_status() -> None:
    class Enhance(HTTPException):
        code = 420
        description = "Enhance your calm."

    answer = served(wrapped(Enhance()))
    assert assert_problem(answer, 420)["detail"] == "Enhance your calm."


def profiled(app: Any) -> Any:
    return ProfilerMiddleware(app, stream=None)


LAYERS: list[Callable[[Any], Any]] = [
    ProxyFix,
    lambda app: SharedDataMiddleware(app, {"/static": str(Path(__file__).parent)}),
    profiled,
    LintMiddleware,
    lazy,
    with_header("X-Layer", "here"),
    lambda app: DispatcherMiddleware(app, {}),
    lambda app: ProxyMiddleware(app, {"/static": {"target": "http://127.0.0.1:1/"}}),
    lambda app: DebuggedApplication(app, evalex=False),
    DebuggedApplication,
]


@pytest.mark.parametrize(
    ("inside", "outside"),
    # One process has one profiler.
    [pair for pair in product(LAYERS, LAYERS) if pair != (profiled, profiled)],
)
@pytest.mark.filterwarnings("ignore:WSGI environment is not")
def test_a_page_becomes_a_problem_through_the_layers_around_and_beneath(
    inside: Callable[[Any], Any], outside: Callable[[Any], Any]
) -> None:
    mounts: Any = {"/shop": answering([b"shop"])}
    app = inside(DispatcherMiddleware(werkzeugs.NotFound(), mounts))
    # The debugger itself makes a request of the environ, and so has taken the choice.
    handled = isinstance(app, DebuggedApplication)
    layer = outside(wrapped(app))
    answer = call(layer, path="/lost")
    if handled:
        assert answer.header("Content-Type") == "text/html; charset=utf-8"
    else:
        assert assert_problem(answer, 404)["instance"] == "/lost"
    assert call(layer, path="/shop").body == b"shop"


def test_a_layer_that_cannot_reach_its_server_gets_a_502_problem() -> None:
    # Nobody listens there; the layer answers by calling BadGateway.
    targets: Any = {"/api/": {"target": "http://127.0.0.1:1/"}}
    answer = served(wrapped(ProxyMiddleware(answering([b"ok"]), targets)), path="/api/x")
    assert_problem(answer, 502)


def test_headers_that_a_layer_adds_to_a_page_are_kept_but_for_validators() -> None:
    app: Any = werkzeugs.NotFound()
    for line in [("Vary", "Origin"), ("Access-Control-Allow-Origin", "*"), ("ETag", '"page"')]:
        app = with_header(*line)(app)
    answer = served(wrapped(app))
    assert_problem(answer, 404)
    assert answer.header("Vary") == "Origin, Accept"
    assert answer.header("Access-Control-Allow-Origin") == "*"


NO_PAGES = {
    "another status": page(PAGE_BODY, status="403 FORBIDDEN"),
    "no error": page(PAGE_BODY, status="200 OK"),
    "a status that is no number": page(PAGE_BODY, status="4o4 NOT FOUND"),
    "another type": page(PAGE_BODY, headers=TEXT),
    "no length": answering([PAGE_BODY], "404 NOT FOUND", HTML),
    "more behind it": page(PAGE_BODY + b"<p>More</p>\n"),
    "more before it": page(b"<!-- hi -->" + PAGE_BODY),
    "markup in it": page(PAGE_BODY.replace(b"<p>", b"<p><b>Lost!</b> ")),
    "another title": page(PAGE_BODY.replace(b"<title>", b"<title>Shop: ")),
    "another end": page(PAGE_BODY.replace(b"</p>", b"</i>")),
    "another heading": page(PAGE_BODY.replace(b"<h1>", b"<h1>Oh, ")),
    "cut in two": page(PAGE_BODY[:9], PAGE_BODY[9:]),
    "more in another chunk": page(PAGE_BODY, b"<p>More</p>\n"),
    "an empty chunk first": page(b"", PAGE_BODY),
    "an empty chunk": page(b""),
    "an empty body": page(),
    "a page of an application's": page(b"<!doctype html>\n<title>Lost</title>"),
}


@pytest.mark.parametrize("app", NO_PAGES.values(), ids=NO_PAGES)
def test_what_is_not_exactly_werkzeugs_page_passes_untouched(app: Any) -> None:
    assert received(wrapped(app)) == received(app)


@pytest.mark.parametrize("name", ["another status", "another type", "a page of an application's"])
def test_a_head_request_for_another_page_passes_untouched(name: str) -> None:
    app = with_nothing_for_head(NO_PAGES[name])
    assert received(wrapped(app), "HEAD") == received(app, "HEAD")


def test_what_is_sent_to_a_head_request_is_no_page_for_its_length() -> None:
    app = page(b"x" * len(PAGE_BODY))
    assert received(wrapped(app), "HEAD") == received(app, "HEAD")


def with_nothing_for_head(app: Any) -> Any:
    def inner(environ: Any, start_response: Any) -> Any:
        app(environ, start_response)
        return ()

    return inner


def written(environ: Any, start_response: Any) -> Iterable[bytes]:
    headers = [*HTML, ("Content-Length", str(len(PAGE_BODY)))]
    start_response("404 NOT FOUND", headers)(PAGE_BODY)
    return []


def test_a_page_that_is_written_by_write_passes_untouched() -> None:
    assert received(wrapped(written)) == received(written)


def test_a_page_that_takes_the_place_of_another_start_becomes_a_problem_too() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", TEXT)
        try:
            raise Foreign
        except Foreign as error:
            given = (type(error), error, error.__traceback__)
            return werkzeugs.Gone()(environ, lambda *start: start_response(*start, given))

    server = Server(wrapped(app))
    assert_problem(call(server), 410)
    assert server.starts == ["410 Gone"]


def test_a_flask_application_answers_as_it_likes() -> None:
    plain, kit = Flask("plain"), make_app()
    mounts: Any = {"/plain": plain, "/kit": kit}
    app = wrapped(DispatcherMiddleware(werkzeugs.NotFound(), mounts))
    for debugged in (app, DebuggedApplication(app)):
        assert call(debugged, path="/plain/x").body == PAGE_BODY
        assert assert_problem(call(debugged, path="/kit/x"), 404)["instance"] == "/kit/x"
        assert assert_problem(call(debugged, path="/x"), 404)["instance"] == "/x"


def test_a_flask_application_with_url_prefixes_leaves_the_rest_to_flask() -> None:
    app = make_app({"STATUSKIT_URL_PREFIXES": "/api"})
    app.wsgi_app = wrapped(app.wsgi_app)  # type: ignore[method-assign]
    assert call(app, path="/lost").body == PAGE_BODY
    assert_problem(call(app, path="/api/lost"), 404)


def test_one_request_after_the_other_in_one_environ_is_told_apart() -> None:
    # A layer that tries a Flask application first, and goes on where that finds nothing.
    first, second = Flask("first"), DispatcherMiddleware(werkzeugs.NotFound(), {})

    def cascade(environ: Any, start_response: Any) -> Any:
        chunks = first(environ, lambda *_: None)
        assert b"".join(chunks) == PAGE_BODY
        return second(environ, start_response)

    # Flask has handled it, and nobody can tell any more who made the page.
    assert call(wrapped(cascade), path="/x").body == PAGE_BODY


# What passes


def by_write(environ: Any, start_response: Any) -> Iterable[bytes]:
    write = start_response("200 OK", TEXT)
    write(b"one")
    write(b"two")
    return [b"three"]


PASSING = {
    "a list": answering([b"one", b"", b"two"]),
    "a tuple": answering((b"one",)),
    "nothing": answering([]),
    "an iterator": answering(Body(b"one", b"", b"two")),
    "an empty iterator": answering(Body()),
    "a lazy application": lazy(answering([b"one", b"two"])),
    "write()": by_write,
    "an error": answering([b"no"], "404 Nope", TEXT),
    "an error as JSON": answering([b"{}"], "500 Oh", [("content-type", "application/json")]),
    "a page": answering([b"<p>"], "503 Sorry", HTML),
    "odd headers": answering([b"x"], "299 ", [("b", "1"), ("A", "\xe9"), ("b", "1")]),
}


@pytest.mark.parametrize("app", PASSING.values(), ids=PASSING)
@GET_AND_HEAD
def test_what_an_application_answers_passes_byte_for_byte(app: Any, method: str, log: Any) -> None:
    assert received(wrapped(app), method) == received(app, method)
    assert log.ours == []


@given(
    status=st.from_regex(r"[1-5][0-9]{2} [ -~]{0,9}", fullmatch=True),
    headers=st.lists(
        st.tuples(
            st.sampled_from(["Content-Type", "content-length", "ETag", "X"]),
            st.sampled_from([HTML[0][1], "text/html", "0", "12"]) | st.text("aé ", max_size=5),
        )
    ),
    chunks=st.lists(st.binary(max_size=4) | st.sampled_from([PAGE_BODY[:12], b"<p>"])),
    shape=st.sampled_from([list, tuple, iter, lambda chunks: Body(*chunks)]),
    is_lazy=st.booleans(),
    method=st.sampled_from(["GET", "HEAD", "POST", "SPLINE"]),
)
def test_whatever_is_answered_passes_untouched(
    status: str, headers: Any, chunks: list[bytes], shape: Any, is_lazy: bool, method: str
) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response(status, headers)
        return shape(chunks)

    bare = lazy(app) if is_lazy else app
    assert received(wrapped(bare), method) == received(bare, method)


@given(
    description=st.text(),
    code=st.sampled_from(sorted(default_exceptions)),
    path=st.binary(max_size=20),
    accept=st.text(st.characters(max_codepoint=255), max_size=30),
)
def test_whatever_a_page_says_becomes_a_problem_of_its_status(
    description: str, code: int, path: bytes, accept: str
) -> None:
    printable = "".join(c if c.isprintable() else " " for c in accept)
    answer = served(
        wrapped(default_exceptions[code](description=description)),
        headers={"Accept": printable},
        environ_overrides={"PATH_INFO": "/" + path.decode("latin-1")},
    )
    assert answer.status_line == f"{code} {STATUSES[code].phrase}"
    assert answer.header("Cache-Control") == "no-store"


def test_lists_and_files_are_handed_to_the_server_as_they_are() -> None:
    # A server sets Content-Length by a list, and sends a file by the system call for it.
    body: Any
    for body in ([b"one"], (b"one",), FileWrapper(io.BytesIO(b"one"))):
        environ = {"REQUEST_METHOD": "GET", "wsgi.file_wrapper": FileWrapper}
        assert wrapped(answering(body))(environ, lambda *_: None) is body


def test_a_file_wrapper_that_is_a_function_gives_the_file_back() -> None:
    # uWSGI's, which knows the file again.
    file: Any = io.BytesIO(b"one")
    environ = {"REQUEST_METHOD": "GET", "wsgi.file_wrapper": lambda file, size=0: file}
    assert wrapped(answering(file))(environ, lambda *_: None) is file
    # What is no file may fail, and so may a file that the server knows nothing of.
    broken: Any = Body(Foreign())
    assert_problem(served(wrapped(answering(broken)), environ_overrides=environ), 500)
    broken.read = None
    assert_problem(served(wrapped(answering(broken))), 500)


def test_files_that_flask_sends_reach_the_server_as_its_own_wrapper(tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    file.write_bytes(b"content")
    app = Flask("shop")
    app.add_url_rule("/", view_func=lambda: send_file(file))
    got: list[Any] = []

    def layer(environ: Any, start_response: Any) -> Any:
        got.append(wrapped(app)(environ, start_response))
        return got[0]

    answer = call(layer, environ_overrides={"wsgi.file_wrapper": FileWrapper})
    assert answer.body == b"content"
    assert isinstance(got[0], FileWrapper)


def test_chunks_are_asked_for_one_by_one_and_the_first_at_once() -> None:
    asked: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number in range(3):
            asked.append(number)
            yield b"chunk"

    body = iter(wrapped(answering(chunks()))({"REQUEST_METHOD": "GET"}, lambda *_: None))
    for number in range(3):
        assert next(body) == b"chunk"
        assert asked == list(range(number + 1))


@pytest.mark.parametrize(("status", "headers"), [("200 OK", HTML), ("404 Lost", TEXT)])
def test_the_start_reaches_the_server_while_the_application_runs(status: str, headers: Any) -> None:
    starts: list[Any] = []
    layer = wrapped(answering(Body(b"x"), status, headers))
    body = layer({}, lambda *started: starts.append(started))
    assert starts == [(status, headers)]
    assert list(body) == [b"x"]


ENDED = {
    "read to its end": lambda body: list(body),
    "not read": lambda body: None,
    "read in part": lambda body: next(iter(body)),
}


@pytest.mark.parametrize("end", ENDED.values(), ids=ENDED)
@pytest.mark.parametrize(
    "chunks", [[b"one", b"two"], [b""], [PAGE_BODY], [Foreign()]], ids=["body", "", "page", "error"]
)
@pytest.mark.parametrize("status", ["200 OK", "404 NOT FOUND"])
def test_a_body_is_closed_once_however_it_ends(status: str, chunks: Any, end: Any) -> None:
    body = Body(*chunks)
    headers = [*HTML, ("Content-Length", str(len(PAGE_BODY)))]
    sent: Any = wrapped(answering(body, status, headers))(
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, lambda *_: None
    )
    end(sent)
    sent.close()
    del sent
    gc.collect()
    assert body.closed == 1


def test_a_body_without_close_can_be_closed() -> None:
    body: Any = wrapped(answering(iter([b"one"])))({}, lambda *_: None)
    assert list(body) == [b"one"]
    body.close()


# In mid-stream

BEGUN = {
    "a body that yields": answering(Body(b"one", Foreign("late"))),
    "a lazy application": lazy(answering(Body(b"one", Foreign("late")))),
    "a page": answering(Body(b"<p>", Foreign("late")), "404 NOT FOUND", HTML),
    # Some servers send the headers with it.
    "an empty chunk": answering(Body(b"", Foreign("late"))),
}


@pytest.mark.parametrize("app", BEGUN.values(), ids=BEGUN)
def test_an_error_in_mid_stream_is_logged_and_left_to_the_server(app: Any, log: Any) -> None:
    server = Server(wrapped(app))
    with pytest.raises(Foreign, match="late"):
        call(server, path="/export")
    assert len(server.starts) == 1
    assert server.sent in (b"one", b"<p>", b"")
    [record] = log.ours
    assert record.levelno == logging.ERROR
    assert record.exc_info
    assert isinstance(record.exc_info[1], Foreign)
    assert record.getMessage() == "GET /export failed too late for an answer."


@pytest.mark.parametrize("lines", [TEXT, HTML])
def test_an_error_after_write_is_logged_and_left_to_the_server(lines: Any, log: Any) -> None:
    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("404 NOT FOUND", lines)(b"one")
        raise Foreign

    server = Server(wrapped(app))
    with pytest.raises(Foreign):
        call(server)
    assert (len(server.starts), server.sent) == (1, b"one")
    assert len(log.ours) == 1


def test_a_start_that_the_server_refuses_is_not_followed_by_another(log: Any) -> None:
    # It may have kept the status, or some of the headers.
    starts: list[str] = []

    def start(status: str, *_: Any) -> Any:
        starts.append(status)
        raise Foreign("a header that is none")

    body = Body(b"one")
    with pytest.raises(Foreign, match="a header that is none"):
        wrapped(answering(body))({"REQUEST_METHOD": "GET"}, start)
    assert starts == ["200 OK"]
    assert body.closed == 1
    assert len(log.ours) == 1


def test_an_answer_that_the_server_refuses_is_not_followed_by_another(log: Any) -> None:
    starts: list[str] = []

    def start(status: str, *_: Any) -> Any:
        starts.append(status)
        raise Foreign("a header that is none")

    def failing(*_: Any) -> NoReturn:
        raise Conflict("Taken.")

    with pytest.raises(Conflict):
        wrapped(failing)({"REQUEST_METHOD": "GET"}, start)
    assert starts == ["409 Conflict"]
    assert [str(r.exc_info[1]) for r in log.ours if r.exc_info][1:] == ["a header that is none"]


def test_a_body_that_cannot_be_closed_either_is_answered(log: Any) -> None:
    body = Body(Foreign("first"), closing=Foreign("second"))
    assert_problem(served(wrapped(answering(body)), path="/a%0Ab"), 500)
    assert body.closed == 1
    assert [str(record.exc_info[1]) for record in log.ours if record.exc_info] == [
        "second",
        "first",
    ]
    assert log.ours[0].getMessage() == "GET /a\\nb failed too late for an answer."


def test_an_error_in_close_is_logged_and_left_to_the_server(log: Any) -> None:
    body = Body(b"one", closing=Foreign("late"))
    with pytest.raises(Foreign, match="late"):
        served(wrapped(answering(body)))
    assert body.closed == 1
    assert len(log.ours) == 1


def starts_over(write: bytes) -> Any:
    """An application that handles an error of its own, after it has written something."""

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        out = start_response("200 OK", TEXT)
        if write:
            out(write)
        try:
            raise Foreign("its own")
        except Foreign as error:
            given = (type(error), error, error.__traceback__)
            start_response("503 Sorry", TEXT, exc_info=given)
        return [b"sorry"]

    return app


def test_an_application_may_start_over_until_the_body_begins() -> None:
    server = Server(wrapped(starts_over(b"")))
    answer = call(server)
    assert (answer.status_line, answer.body) == ("503 Sorry", b"sorry")
    assert server.starts == ["503 Sorry"]


def test_after_that_the_server_refuses_it(log: Any) -> None:
    server = Server(wrapped(starts_over(b"one")))
    with pytest.raises(Foreign, match="its own"):
        call(server)
    assert (server.starts, server.sent) == (["200 OK", "503 Sorry"], b"one")
    assert len(log.ours) == 1


@pytest.mark.parametrize(
    ("app", "ends"),
    [
        (answering(Body(b"one", Foreign())), b"\r\n\r\none"),
        (answering([b"one"]), b"\r\n\r\none"),
        (raises_after_the_start, b'"status": 500'),
        (raises_at_the_first_next, b'"status": 500'),
        (raises_after_an_empty_chunk, b"\r\n\r\n"),
    ],
    ids=["mid-stream", "well", "started", "lazy", "empty chunk"],
)
def test_the_server_of_the_standard_library_sends_one_response(app: Any, ends: bytes) -> None:
    wire = io.BytesIO()
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_PROTOCOL": "HTTP/1.1"}
    handler = SimpleHandler(io.BytesIO(), wire, io.StringIO(), environ)
    handler.run(wrapped(app))
    sent = wire.getvalue()
    assert sent.count(b"HTTP/1.0 ") == 1
    assert ends in sent
    assert b'"status": 500' not in sent or b"HTTP/1.0 500 Internal Server Error" in sent


@pytest.mark.parametrize(
    "app",
    [
        lambda: answering(Body(b"one")),
        lambda: lazy(answering([b"one"])),
        lambda: raises_at_the_first_next,
        lambda: raises_after_the_start,
        lambda: raises_a_conflict,
        lambda: werkzeugs.NotFound(),
    ],
    ids=["well", "lazy", "lazy error", "started", "error", "page"],
)
def test_a_request_leaves_no_reference_cycle(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    alive: list[weakref.ref[Any]] = []

    class Watched(relay.Relay):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            alive.append(weakref.ref(self))

    monkeypatch.setattr(middleware, "Relay", Watched)
    # Records keep tracebacks, which keep all that was at hand.
    logging.disable()
    gc.disable()
    try:
        received(wrapped(app()))
        assert [reference() for reference in alive] == [None]
    finally:
        gc.enable()
        logging.disable(logging.NOTSET)
