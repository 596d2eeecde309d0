"""httpx and requests against servers that misbehave, each failure made to happen for real."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta, timezone
from functools import partial
from json import JSONDecodeError, loads
from typing import Any

import httpx
import pytest
import requests
from incident_support import (
    BUSY_UPSTREAM,
    Incident,
    assert_problem,
    assert_reported,
    fail_with,
    missing,
)
from library_support import assert_page_is_true
from requests.adapters import HTTPAdapter
from upstream import (
    UNKNOWN_HOST,
    answering,
    crowded,
    deaf,
    refusing,
    resetting,
    self_signed,
    sending,
    serving,
    stalling,
)
from urllib3.util.retry import Retry
from werkzeug.http import http_date

from flask_statuskit import NotFound, StatusKit
from flask_statuskit.integrations import httpx as httpx_integration
from flask_statuskit.integrations import requests as requests_integration

Place = Callable[[], AbstractContextManager[str]]
Call = Callable[..., Any]

#: Seconds, for tests that wait until they are over.
SHORT = 0.2

TLS = ssl.create_default_context()  # made once: loading the authorities takes 20 ms

#: What may never reach a client: of the URL, and of what the upstream says.
CANARY = "canary-5e7f"
SECRETS = f"user-{CANARY}:password-{CANARY}", f"/path-{CANARY}?token={CANARY}"


def with_httpx(url: str, method: str = "GET", *, timeout: float = 10, **options: Any) -> Any:
    with httpx.Client(
        verify=TLS, trust_env=False, timeout=timeout, follow_redirects=True
    ) as client:
        response = client.request(method, url, **options)
        response.raise_for_status()
        return response.json()


def with_requests(url: str, method: str = "GET", *, timeout: float = 10, **options: Any) -> Any:
    with requests.Session() as session:
        session.trust_env = False
        response = session.request(method, url, timeout=timeout, **options)
        response.raise_for_status()
        return response.json()


CALLS = {"httpx": with_httpx, "requests": with_requests}


@pytest.fixture(params=CALLS)
def library(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    if shutil.which("openssl") is None:
        missing("This test makes a certificate with openssl: apt install openssl.")
    return self_signed(tmp_path_factory.mktemp("tls"))


def call(
    library: str,
    place: Place,
    caplog: pytest.LogCaptureFixture,
    scheme: str = "http",
    set_up: Callable[[StatusKit], None] = lambda statuskit: None,
    **options: Any,
) -> Incident:
    """Have a view call an upstream, with secrets in the URL."""
    with place() as at:
        url = f"{scheme}://{SECRETS[0]}@{at}{SECRETS[1]}"
        view = partial(CALLS[library], url, **options)
        return fail_with(lambda: view(), caplog, [library], set_up)


def assert_no_secrets(incident: Incident) -> None:
    response = incident.response
    assert CANARY not in f"{response.status} {response.headers} {response.get_data(as_text=True)}"


@contextmanager
def unknown() -> Iterator[str]:
    yield UNKNOWN_HOST


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PIECE = f'{{"{CANARY}'.encode()

TOO_LATE: dict[str, Place] = {
    "connecting": crowded,
    "no response": deaf,
    "no body": partial(serving, stalling(HEAD + PIECE)),
    "no further chunk": partial(serving, stalling(CHUNKED + b"5\r\nabcde\r\n")),
}

BROKEN: dict[str, Place] = {
    "refused": refusing,
    "unknown host": unknown,
    "closed without a response": partial(serving, sending(b"")),
    "reset": partial(serving, resetting()),
    "reset in the body": partial(serving, resetting(HEAD + PIECE)),
    "truncated": partial(serving, sending(HEAD + PIECE)),
    "truncated in a chunk": partial(serving, sending(CHUNKED + b"5\r\nab")),
    "no chunk": partial(serving, sending(CHUNKED + b"zz\r\n")),
    "not HTTP": partial(serving, sending(f"SSH-2.0-{CANARY}\r\n\r\n".encode())),
    "not gzip": partial(serving, answering("200 OK", {"Content-Encoding": "gzip"}, PIECE)),
    "not JSON": partial(serving, answering("200 OK", body=f"<p>{CANARY}</p>".encode())),
    "JSON that breaks off": partial(serving, answering("200 OK", body=PIECE)),
    "no content": partial(serving, answering("204 No Content", body=b"")),
    "redirected in a circle": partial(serving, answering("302 Found", {"Location": "/"})),
}


@pytest.mark.parametrize("late", TOO_LATE)
def test_upstream_that_is_too_slow_is_504(
    library: str, late: str, caplog: pytest.LogCaptureFixture
) -> None:
    incident = call(library, TOO_LATE[late], caplog, timeout=SHORT)
    assert_problem(incident, 504)
    assert_reported(incident)
    assert_no_secrets(incident)


def test_upstream_that_does_not_read_what_we_send_is_504(
    library: str, caplog: pytest.LogCaptureFixture
) -> None:
    data = {"httpx": "content", "requests": "data"}[library]
    body = {data: b"x" * 30_000_000}
    incident = call(library, deaf, caplog, method="POST", timeout=SHORT, **body)
    assert_problem(incident, 504)


def test_upstream_that_does_not_shake_hands_is_504(
    library: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert_problem(call(library, deaf, caplog, scheme="https", timeout=SHORT), 504)


@pytest.mark.parametrize("broken", BROKEN)
def test_upstream_that_is_broken_is_502(
    library: str, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    incident = call(library, BROKEN[broken], caplog)
    assert_problem(incident, 502)
    assert_reported(incident)
    assert_no_secrets(incident)


def test_tls_to_a_plain_port_is_502(library: str, caplog: pytest.LogCaptureFixture) -> None:
    plain = partial(serving, answering("400 Bad Request"))
    assert_problem(call(library, plain, caplog, scheme="https"), 502)


def test_certificate_that_nobody_vouches_for_is_502(
    library: str, tls: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    untrusted = partial(serving, answering("200 OK"), tls)
    incident = call(library, untrusted, caplog, scheme="https")
    assert_problem(incident, 502)
    assert "CERTIFICATE_VERIFY_FAILED" in str(assert_reported(incident))


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 407, 409, 422, 500, 501, 502, 504])
def test_other_errors_of_an_upstream_are_502_without_its_retry_after(
    library: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"Retry-After": "7", "WWW-Authenticate": f"Basic realm={CANARY}"}
    answer = answering(f"{status} {CANARY}", headers, body=PIECE)
    incident = call(library, partial(serving, answer), caplog)
    assert_problem(incident, 502)
    assert_reported(incident)
    assert_no_secrets(incident)
    assert "WWW-Authenticate" not in incident.response.headers


def call_busy(
    library: str, status: int, retry_after: str | None, caplog: pytest.LogCaptureFixture
) -> Incident:
    headers = {"Retry-After": retry_after} if retry_after is not None else {}
    answer = answering(f"{status} {CANARY}", headers, body=PIECE)
    return call(library, partial(serving, answer), caplog)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("seconds", [0, 7, 86_400])
def test_busy_upstream_is_503_with_its_seconds(
    library: str, status: int, seconds: int, caplog: pytest.LogCaptureFixture
) -> None:
    incident = call_busy(library, status, str(seconds), caplog)
    assert_problem(incident, 503, detail=BUSY_UPSTREAM, retry_after=seconds)
    assert_reported(incident)
    assert_no_secrets(incident)


# RFC 9110 §5.6.7: the form to send, and the two obsolete ones that a recipient has to accept.
DATE_FORMS = {
    "IMF-fixdate": http_date,
    "RFC 850": lambda moment: f"{moment:%A, %d-%b-%y %H:%M:%S GMT}",
    "asctime": lambda moment: f"{moment:%a %b %e %H:%M:%S %Y}",
}


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", DATE_FORMS)
def test_busy_upstream_is_503_with_the_seconds_until_its_date(
    library: str, status: int, form: str, caplog: pytest.LogCaptureFixture
) -> None:
    date = DATE_FORMS[form](datetime.now(timezone.utc) + timedelta(minutes=2))
    incident = call_busy(library, status, date, caplog)
    seconds = incident.response.get_json()["retry_after"]
    assert 110 <= seconds <= 120
    assert_problem(incident, 503, detail=BUSY_UPSTREAM, retry_after=seconds)


def test_date_that_has_passed_is_now(library: str, caplog: pytest.LogCaptureFixture) -> None:
    incident = call_busy(library, 503, "Sun, 06 Nov 1994 08:49:37 GMT", caplog)
    assert_problem(incident, 503, detail=BUSY_UPSTREAM, retry_after=0)


@pytest.mark.parametrize("garbage", [None, "", "soon", "-5", "1.5", "9" * 400, "5, 6"])
def test_retry_after_that_is_none_is_left_out(
    library: str, garbage: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    assert_problem(call_busy(library, 503, garbage, caplog), 503, detail=BUSY_UPSTREAM)


def test_no_free_connection_of_our_own_is_503(caplog: pytest.LogCaptureFixture) -> None:
    limits, timeout = httpx.Limits(max_connections=1), httpx.Timeout(5, pool=0.05)
    with (
        serving(stalling(HEAD)) as at,
        httpx.Client(verify=TLS, trust_env=False, limits=limits, timeout=timeout) as client,
        client.stream("GET", f"http://{at}"),
    ):
        incident = fail_with(lambda: client.get(f"http://{at}"), caplog, ["httpx"])
    assert_problem(incident, 503, retry_after=1)
    assert isinstance(assert_reported(incident), httpx.PoolTimeout)


def test_proxy_that_does_not_let_us_through_is_502(caplog: pytest.LogCaptureFixture) -> None:
    with serving(answering(f"403 {CANARY}")) as at:
        proxy, url = f"http://{SECRETS[0]}@{at}", f"https://{UNKNOWN_HOST}/?token={CANARY}"

        def by_httpx() -> None:
            with httpx.Client(verify=TLS, proxy=proxy) as client:
                client.get(url)

        def by_requests() -> None:
            with requests.Session() as session:
                session.trust_env = False
                session.get(url, proxies={"https": proxy})

        for view, error in ((by_httpx, httpx.ProxyError), (by_requests, requests.ConnectionError)):
            incident = fail_with(view, caplog, ["httpx", "requests"])
            assert_problem(incident, 502)
            assert isinstance(assert_reported(incident), error)
            assert_no_secrets(incident)


# urllib3 repeats the request by itself, and wraps what happened the last time once more.
RETRIED = {
    "slow": (stalling(), 504, None),
    "reset": (resetting(), 502, None),
    "500": (answering("500 Internal Server Error"), 502, None),
    "429": (answering("429 Too Many Requests"), 503, BUSY_UPSTREAM),
    "503": (answering("503 Service Unavailable"), 503, BUSY_UPSTREAM),
}


@pytest.mark.parametrize("retried", RETRIED)
def test_requests_that_repeats_in_vain_is_answered_as_if_it_had_not(
    retried: str, caplog: pytest.LogCaptureFixture
) -> None:
    behave, status, detail = RETRIED[retried]

    def view() -> None:
        with requests.Session() as session:
            session.trust_env = False
            retry = Retry(1, status_forcelist=[429, 500, 503])
            session.mount("http://", HTTPAdapter(max_retries=retry))
            session.get(f"http://{at}{SECRETS[1]}", timeout=SHORT if status == 504 else 10)

    with serving(behave) as at:
        incident = fail_with(view, caplog, ["requests"])
    assert_problem(incident, status, detail=detail)
    assert_reported(incident)
    assert_no_secrets(incident)


def test_time_out_before_the_call_is_not_its_own(caplog: pytest.LogCaptureFixture) -> None:
    def view() -> None:
        try:
            raise TimeoutError("the first upstream")
        except TimeoutError:
            with_requests(f"http://{at}")

    with refusing() as at:
        assert_problem(fail_with(view, caplog, ["requests"]), 502)


def post_what_is_no_json() -> None:
    requests.post("http://127.0.0.1:1", json=float("nan"))


def read_a_stream_twice() -> None:
    response = httpx.Response(200, content=iter([b"a"]))
    list(response.iter_bytes())
    list(response.iter_bytes())


def read_a_stream_twice_with_requests() -> None:
    with serving(answering("200 OK")) as at, requests.Session() as session:
        session.trust_env = False
        response = session.get(f"http://{at}", stream=True)
        list(response.iter_content())
        list(response.iter_content())


def read_json_from_elsewhere() -> None:
    def json() -> None:  # the name that httpx's method has
        loads("{")

    json()


BUGS: dict[str, tuple[Callable[[], Any], type[Exception]]] = {
    "httpx: no such protocol": (
        partial(with_httpx, f"ftp://{SECRETS[0]}@upstream/"),
        httpx.UnsupportedProtocol,
    ),
    "httpx: no URL": (partial(with_httpx, "http://\0/"), httpx.InvalidURL),
    "httpx: no header": (
        partial(with_httpx, "http://127.0.0.1:1", headers={"A B": CANARY}),
        httpx.LocalProtocolError,
    ),
    "httpx: stream read twice": (read_a_stream_twice, httpx.StreamConsumed),
    "httpx: JSON from elsewhere": (read_json_from_elsewhere, JSONDecodeError),
    "requests: no scheme": (partial(with_requests, "upstream"), requests.exceptions.MissingSchema),
    "requests: no such scheme": (
        partial(with_requests, f"ftp://{SECRETS[0]}@upstream/"),
        requests.exceptions.InvalidSchema,
    ),
    "requests: no URL": (partial(with_requests, "http://"), requests.exceptions.InvalidURL),
    "requests: no header": (
        partial(with_requests, "http://127.0.0.1:1", headers={"A": f"{CANARY}\r\nB: 1"}),
        requests.exceptions.InvalidHeader,
    ),
    "requests: stream read twice": (
        read_a_stream_twice_with_requests,
        requests.exceptions.StreamConsumedError,
    ),
    "requests: no JSON to send": (post_what_is_no_json, requests.exceptions.InvalidJSONError),
}


@pytest.mark.parametrize("bug", BUGS)
def test_what_we_did_wrong_stays_a_bug(bug: str, caplog: pytest.LogCaptureFixture) -> None:
    view, error = BUGS[bug]
    with serving(answering("200 OK")) as at:
        # A header is looked at only when there is a connection to write it to.
        if bug.endswith("header") and isinstance(view, partial):
            view = partial(view.func, f"http://{at}", **view.keywords)
        incident = fail_with(lambda: view(), caplog, ["httpx", "requests"])
    assert_problem(incident, 500)
    assert type(assert_reported(incident)) is error
    assert_no_secrets(incident)


def test_secrets_stand_in_the_log(library: str, caplog: pytest.LogCaptureFixture) -> None:
    incident = call_busy(library, 503, None, caplog)
    assert f"token={CANARY}" in incident.log


def test_json_that_is_not_utf8_is_502(caplog: pytest.LogCaptureFixture) -> None:
    latin = partial(serving, answering("200 OK", body=b'{"currency": "\xa3"}'))
    incident = call("httpx", latin, caplog)
    assert_problem(incident, 502)
    assert isinstance(assert_reported(incident), UnicodeDecodeError)


def test_json_of_another_source_inside_a_call_stays_a_bug(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def sign(request: httpx.Request) -> None:
        loads("{")

    def view() -> None:
        with httpx.Client(verify=TLS, event_hooks={"request": [sign]}) as client:
            client.get(f"http://{UNKNOWN_HOST}")

    assert_problem(fail_with(view, caplog, ["httpx"]), 500)


def test_bug_of_our_own_while_decoding_stays_a_bug(caplog: pytest.LogCaptureFixture) -> None:
    assert_problem(fail_with(lambda: b"\xff".decode(), caplog, ["httpx"]), 500)


@pytest.mark.parametrize(
    "name",
    [
        *(f"httpx.{name}" for name in ("ConnectError", "TransportError", "HTTPError")),
        *(f"requests.exceptions.{name}" for name in ("ConnectionError", "RequestException")),
    ],
)
def test_class_that_the_application_maps_itself_wins(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    def set_up(statuskit: StatusKit) -> None:
        statuskit.map(name, 503, retry_after=9, detail="Rates are closed.")

    incident = call(name.partition(".")[0], refusing, caplog, set_up=set_up)
    assert_problem(incident, 503, detail="Rates are closed.", retry_after=9)


def test_application_that_maps_one_status_leaves_the_others(
    library: str, caplog: pytest.LogCaptureFixture
) -> None:
    name = {"httpx": "httpx.HTTPStatusError", "requests": "requests.exceptions.HTTPError"}[library]

    def set_up(statuskit: StatusKit) -> None:
        @statuskit.map(name)
        def unknown_currency(exc: Any) -> NotFound | None:
            gone = exc.response.status_code == 404
            return NotFound("There is no such currency.") if gone else None

    found = {
        status: call(library, partial(serving, answering(status)), caplog, set_up=set_up)
        for status in ("404 Not Found", "403 Forbidden")
    }
    assert_problem(found["404 Not Found"], 404, detail="There is no such currency.")
    assert not found["404 Not Found"].signalled
    assert_problem(found["403 Forbidden"], 502)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (requests.HTTPError("without a response"), 502),
        (requests.RequestException(), 502),
        (requests.ConnectTimeout(), 504),
        (requests.exceptions.URLRequired(), 500),
        (requests.exceptions.UnrewindableBodyError(), 500),
        (httpx.TransportError("of a transport that somebody wrote"), 502),
    ],
    ids=repr,
)
def test_errors_that_other_code_raises_are_decided_by_their_class(
    error: Exception, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    def view() -> None:
        raise error

    assert_problem(fail_with(view, caplog, ["httpx", "requests"]), status)


def test_without_the_integration_it_is_a_bug(
    library: str, caplog: pytest.LogCaptureFixture
) -> None:
    with refusing() as at:
        incident = fail_with(lambda: CALLS[library](f"http://{at}"), caplog, [])
    assert_problem(incident, 500)


def test_library_is_not_imported() -> None:
    program = (
        "import sys; from flask import Flask; from flask_statuskit import StatusKit;"
        "app = Flask('shop'); StatusKit(app, integrations=['httpx', 'requests', 'redis']);"
        "app.add_url_rule('/', 'fail', lambda: 1 / 0);"
        "assert app.test_client().get('/').status_code == 500;"
        "print({'httpx', 'requests', 'redis'} & sys.modules.keys())"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.stdout == "set()\n", ran.stderr


def test_page_of_the_documentation_is_true(library: str) -> None:
    assert_page_is_true(f"{library}.md")


@pytest.mark.parametrize(
    ("rows", "root"),
    [
        (httpx_integration._ROWS, httpx.HTTPError),
        (requests_integration._ROWS, requests.RequestException),
    ],
)
def test_each_row_names_a_class_of_the_library(rows: dict[str, Any], root: type[Exception]) -> None:
    assert rows.keys() <= {cls.__name__ for cls in tree(root)}


def tree(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for cls in root.__subclasses__():
        yield from tree(cls)
