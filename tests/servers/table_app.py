"""An app that answers what it is asked: every status, bodies left unread, content that breaks."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flask import Flask, abort, request, send_file
from flask.typing import ResponseReturnValue

from flask_statuskit import (
    Conflict,
    StatusKit,
    Unauthorized,
    UpgradeRequired,
    accepted,
    conditional,
    created,
    no_content,
    redirect_to,
    reset_content,
)
from flask_statuskit.exceptions import ERRORS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

#: Stands in the log before a record of the package that says that something of ours has failed.
FAILURE = "STATUSKIT FAILED: "
#: Stands in the log for a request that was never one.
SMUGGLED = "SMUGGLED"
#: The message of what is raised in the middle of a body.
BROKE = "the generator broke"
#: Stands in the log when content in pieces was closed.
CLOSED = "the pieces were closed"


def make_table() -> Flask:
    app = Flask("table", static_folder=None)
    logging.getLogger("table").setLevel(logging.INFO)
    app.config["STATUSKIT_AUDIT"] = "off"
    StatusKit(app).map(TimeoutError, 503, retry_after=5)

    @app.route("/raise/<int:code>", methods=["GET", "POST"])
    def raise_class(code: int) -> ResponseReturnValue:
        raise ERRORS[code]()

    @app.get("/abort/<int:code>")
    def abort_with(code: int) -> ResponseReturnValue:
        abort(code)

    @app.get("/bug")
    def bug() -> ResponseReturnValue:
        raise RuntimeError("a secret")

    @app.get("/late")
    def late() -> ResponseReturnValue:
        raise TimeoutError("a secret")

    @app.get("/text")
    def text() -> ResponseReturnValue:
        raise Conflict("Vergeben: Käse → 🧀 " * 2000, sku="\ud800" * 500)

    @app.get("/headers")
    def headers() -> ResponseReturnValue:
        challenges = [("WWW-Authenticate", f'Scheme{n} realm="a"') for n in range(20)]
        raise Unauthorized(headers=[*challenges, ("X-Name", "K\xe4se\xa0"), ("X-Empty", "")])

    @app.get("/refused")
    def refused() -> ResponseReturnValue:
        # What gunicorn refuses, others send. It has taken the length when it refuses the next line.
        at_gunicorn = "gunicorn" in request.environ.get("SERVER_SOFTWARE", "")
        line = ("X-Control", "\x01") if at_gunicorn else ("Proxy-Authenticate", "Basic")
        return app.response_class("refused", headers=[("Content-Length", "7"), line])

    @app.get("/upgrade")
    def upgrade() -> ResponseReturnValue:
        raise UpgradeRequired(headers={"Upgrade": "websocket", "Connection": "upgrade"})

    @app.route("/succeed/<int:code>")
    def succeed(code: int) -> ResponseReturnValue:
        return SUCCESSES[code]()

    @app.post("/read/json")
    def read_json() -> ResponseReturnValue:
        return {"read": request.get_json()}

    @app.post("/read/limited")
    def read_limited() -> ResponseReturnValue:
        request.max_content_length = 100_000
        return {"read": request.get_json()}

    @app.post("/read/form")
    def read_form() -> ResponseReturnValue:
        return {"read": sorted(request.form), "files": sorted(request.files)}

    @app.post("/read/some")
    def read_some() -> ResponseReturnValue:
        request.stream.read(10)
        raise Conflict

    @app.get("/second")
    def second() -> ResponseReturnValue:
        return "the second"

    @app.route("/smuggled", methods=["GET", "POST"])
    def smuggled() -> ResponseReturnValue:
        logging.getLogger("table").error(SMUGGLED)
        return SMUGGLED

    @app.get("/pieces/<name>")
    def pieces(name: str) -> ResponseReturnValue:
        response = app.response_class(PIECES[name](), headers=dict(request.args))
        response.call_on_close(lambda: logging.getLogger("table").info(CLOSED))
        return response

    return app


# What the app answers with.


def a_part() -> ResponseReturnValue:
    return send_file(io.BytesIO(b"0123456789"), "text/plain", conditional=True, etag="v1")


SUCCESSES: dict[int, Any] = {
    200: lambda: {"name": "Käse"},
    201: lambda: created("/table/succeed/200", {"id": 1}),
    202: lambda: accepted("/table/succeed/200", retry_after=2),
    204: no_content,
    205: reset_content,
    206: a_part,
    301: lambda: redirect_to("/table/succeed/200", permanent=True, keep_method=False),
    303: lambda: redirect_to("/table/succeed/200", keep_method=False),
    304: lambda: conditional({"id": 1}, etag="v1"),
    307: lambda: redirect_to("/table/succeed/200"),
    308: lambda: redirect_to("/table/succeed/200", permanent=True),
}


def whole() -> Iterator[bytes]:
    yield from [b"piece\n"] * 3


def breaks() -> Iterator[bytes]:
    yield from whole()
    raise RuntimeError(BROKE)


def breaks_at_once() -> Iterator[bytes]:
    raise RuntimeError(BROKE)
    yield b""


def raises_a_typed_error() -> Iterator[bytes]:
    yield from whole()
    raise Conflict(BROKE)


def write_and_break(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Send content as PEP 3333 has it for programs that cannot do it otherwise, and break."""
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    for piece in whole():
        write(piece)
    raise RuntimeError(BROKE)


def endless() -> Iterator[bytes]:
    while True:
        yield b"piece\n" * 10_000
        time.sleep(0.001)


PIECES: dict[str, Any] = {
    f.__name__: f for f in (whole, breaks, breaks_at_once, raises_a_typed_error, endless)
}
