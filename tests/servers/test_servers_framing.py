"""Every status through every server, one request after the other over one connection.

What is wrong with the frame of one answer puts the next one out of step, and that fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from server_support import Server, Talk
from support import PAGE, PROBLEM_JSON, Answer, assert_error, assert_problem
from table_app import SUCCESSES

from example_app import trouble
from example_app.situations import BY_NAME, Request, Situation
from example_app.stage import log_in
from flask_statuskit.exceptions import ERRORS

#: What clients ask for, with what they get.
FORMATS = {
    "*/*": PROBLEM_JSON,
    "text/html": PAGE,
    "text/plain": "text/plain; charset=utf-8",
    "application/problem+xml": "application/problem+xml",
    "application/vnd.api+json": "application/vnd.api+json",
}

#: What the server writes for each answer anew, and what has a test of its own.
CHANGING = {"date", "connection", "transfer-encoding", "allow"}


@pytest.fixture
def talk(server: Server) -> Iterator[Talk]:
    with server.talk() as talk:
        yield talk


def get_and_head(talk: Talk, path: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Send both: they get the same but for the content. Return what GET got."""
    headers = {"X-Request-ID": "the-same", **(headers or {})}
    got, head = (talk.ask(method, path, headers) for method in ("GET", "HEAD"))
    assert head.body == b""
    assert head.status_line == got.status_line
    assert lasting(head) == lasting(got)
    return got


def lasting(answer: Answer) -> list[tuple[str, str]]:
    """The header lines, in an order of our own, that another answer to the same request has."""
    lines = [(name.lower(), value) for name, value in answer.headers]
    return sorted(line for line in lines if line[0] not in CHANGING)


@pytest.mark.parametrize("accept", FORMATS)
def test_every_error_arrives_whole_in_every_format(talk: Talk, accept: str) -> None:
    for code in ERRORS:
        answer = get_and_head(talk, f"/table/raise/{code}", {"Accept": accept})
        assert_error(answer, code, FORMATS[accept])
        assert str(code).encode() in answer.body
        assert answer.body.endswith(b"\n")


def test_an_abort_arrives_as_the_class_does(talk: Talk, mount: str) -> None:
    for code in ERRORS:
        aborted, raised = (
            get_and_head(talk, f"{mount}/{how}/{code}") for how in ("abort", "raise")
        )
        assert_problem(aborted, code)
        assert_problem(raised, code)
        assert [name for name, _ in lasting(aborted)] == [name for name, _ in lasting(raised)]


@pytest.mark.parametrize("path", ["/raise/405", "/read/json"])
def test_a_405_allows_the_same_methods_to_get_and_head(talk: Talk, mount: str, path: str) -> None:
    answers = [talk.ask(method, f"{mount}{path}") for method in ("GET", "HEAD")]
    # Werkzeug takes them from a set.
    allowed = [set((answer.header("Allow") or "").split(", ")) for answer in answers]
    assert allowed == [{"OPTIONS", "POST"}] * 2


@pytest.mark.parametrize("path", ["/raise/407", "/raise/426", "/upgrade"])
def test_a_status_arrives_without_the_headers_that_wsgi_forbids(
    talk: Talk, mount: str, path: str
) -> None:
    answer = get_and_head(talk, f"{mount}{path}")
    assert_problem(answer, 407 if path == "/raise/407" else 426)
    assert answer.header("Proxy-Authenticate") is None
    assert answer.header("Upgrade") is None


def test_every_success_arrives_whole(talk: Talk, mount: str) -> None:
    asked = {206: {"Range": "bytes=2-4"}, 304: {"If-None-Match": '"v1"'}}
    for code in SUCCESSES:
        answer = get_and_head(talk, f"{mount}/succeed/{code}", asked.get(code))
        assert answer.status == code
        assert (answer.body == b"") == (code in (204, 205, 304))


@pytest.mark.parametrize(
    ("path", "status"),
    [("/bug", 500), ("/late", 503), ("/nowhere", 404), ("/text", 409), ("/read/json", 405)],
)
def test_what_nobody_raised_by_its_class_arrives_whole(
    talk: Talk, mount: str, path: str, status: int
) -> None:
    assert_problem(get_and_head(talk, f"{mount}{path}"), status)


def test_the_headers_of_an_error_arrive_as_they_were_set(talk: Talk, mount: str) -> None:
    answer = get_and_head(talk, f"{mount}/headers")
    assert_problem(answer, 401)
    assert answer.all("WWW-Authenticate") == [f'Scheme{n} realm="a"' for n in range(20)]
    assert answer.header("X-Name") == "K\xe4se\xa0"


def test_a_header_that_a_server_refuses_ends_in_one_whole_answer(talk: Talk, mount: str) -> None:
    assert talk.ask("GET", f"{mount}/refused").status in (200, 500)


def test_content_in_pieces_arrives_whole(talk: Talk, mount: str) -> None:
    # Not to HEAD: waitress sends the end of chunks that there are none of.
    assert talk.ask("GET", f"{mount}/pieces/whole").body == b"piece\n" * 3
    assert get_and_head(talk, f"{mount}/pieces/whole?Content-Length=18").body == b"piece\n" * 3


# The example


def can_be_asked(situation: Situation) -> bool:
    """Whether it takes nothing but requests, and little time."""
    around = situation.meanwhile is not trouble.none or situation.settings or situation.breaks
    body = situation.request.body
    # A password takes a tenth of a second, and 32 MiB. gunicorn gives up a connection on which more
    # than 64 KiB were left unread.
    return not around and b"password" not in body and len(body) < 60_000


SITUATIONS = [situation for situation in BY_NAME.values() if can_be_asked(situation)]


@pytest.fixture(scope="module")
def tokens() -> dict[str, str]:
    """By account; all servers take them, and to make one takes a while."""
    return {}


def test_every_situation_of_the_example_arrives_as_promised(
    server: Server, talk: Talk, tokens: dict[str, str]
) -> None:
    def send(sent: Request, method: str) -> Answer:
        headers = {"X-Request-ID": "the-same", **sent.headers}
        if sent.account:
            if sent.account not in tokens:
                answer = send(log_in(sent.account), "POST")
                tokens[sent.account] = answer.json["access_token"]
            headers["Authorization"] = f"Bearer {tokens[sent.account]}"
        return talk.ask(method, sent.path, headers, sent.body)

    for situation in SITUATIONS:
        for sent in situation.before:
            send(sent, sent.method)
        sent = situation.request
        answer = send(sent, sent.method)
        assert answer.status == situation.status, situation.name
        if answer.status >= 400 and "Accept" not in sent.headers:
            assert answer.header("Content-Type") == PROBLEM_JSON
            assert answer.json["status"] == answer.status
        if sent.method == "GET":
            assert lasting(send(sent, "HEAD")) == lasting(answer), situation.name
        if situation.before or sent.method not in ("GET", "HEAD", "OPTIONS"):
            server.forget_changes()
