"""Errors in the middle of a body: its status line is sent, and there is never a second one."""

from __future__ import annotations

import pytest
from server_support import Server, wait_until
from support import assert_problem
from table_app import BROKE
from wire import BrokenOff, request

SENT = b"piece\n" * 3

#: What is said of the length: nothing, and what was meant to come.
LENGTHS = ["", "?Content-Length=1000"]

BREAK = [
    *(
        f"{mount}/pieces/{name}{length}"
        for mount in ("/table", "/wrapped")
        for name in ("breaks", "raises_a_typed_error")
        for length in LENGTHS
    ),
    "/written",
]


@pytest.mark.parametrize("path", BREAK)
def test_a_body_that_breaks_is_broken_off(server: Server, path: str) -> None:
    logged = server.log.count(BROKE)
    with server.connect() as wire:
        wire.send(request("GET", path))
        try:
            answer = wire.receive()
        except BrokenOff as end:
            status, content = end.received
            assert status in (200, None)
        else:
            # uWSGI has no chunks: nobody can tell this from the end.
            assert server.name == "uwsgi"
            assert LENGTHS[1] not in path
            content = answer.body
    assert SENT.startswith(content)
    wait_until(lambda: server.log.count(BROKE) > logged, "the error was not logged")


@pytest.mark.parametrize("length", LENGTHS)
def test_a_body_that_breaks_before_its_first_byte_shows_nothing_of_it(
    server: Server, length: str
) -> None:
    logged = server.log.count(BROKE)
    with server.connect() as wire:
        wire.send(request("GET", f"/table/pieces/breaks_at_once{length}"))
        try:
            answer = wire.receive()
        except BrokenOff as end:
            shown = end.received[1]
        else:
            # A page of the server's own: Flask has long handed over.
            assert answer.status == 500 or server.name == "uwsgi"
            shown = b"" if BROKE.encode() not in answer.body else answer.body
    assert shown == b""
    wait_until(lambda: server.log.count(BROKE) > logged, "the error was not logged")


@pytest.mark.parametrize("length", LENGTHS)
def test_the_middleware_answers_a_body_that_breaks_before_its_first_byte(
    server: Server, length: str
) -> None:
    logged = server.log.count(BROKE)
    with server.talk() as talk:
        assert_problem(talk.ask("GET", f"/wrapped/pieces/breaks_at_once{length}"), 500)
        assert_problem(talk.ask("GET", "/wrapped/raise/409"), 409)
    wait_until(lambda: server.log.count(BROKE) > logged, "the error was not logged")
