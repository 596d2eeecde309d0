"""The requests, and how one is sent to a WSGI application without a server."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass
from typing import Any

from .asgi import OverASGI

JSON_CLIENT = "application/json"


@dataclass(frozen=True)
class Path:
    """A request, and the status that every contender has to answer it with."""

    title: str
    status: int
    url: str
    body: bytes = b""


PATHS = {
    "success": Path("success", 200, "/success"),
    "conflict": Path("409, raised by the view", 409, "/conflict"),
    "unknown": Path("404, unknown URL", 404, "/unknown"),
    "invalid": Path(
        "422, three field errors",
        422,
        "/invalid",
        json.dumps({"name": "", "email": "ann", "age": -1}).encode(),
    ),
    "bug": Path("500, a bug, logging off", 500, "/bug"),
}


def environ(path: Path, accept: str = JSON_CLIENT) -> dict[str, Any]:
    """What a server makes of a request. One is made for many calls, each of which copies it."""
    made = {
        "REQUEST_METHOD": "POST" if path.body else "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path.url,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "HTTP_ACCEPT": accept,
        "HTTP_USER_AGENT": "benchmark",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if path.body:
        made |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(path.body))}
    return made


def call(app: Any, environ: dict[str, Any], body: bytes) -> tuple[str, list[Any], bytes]:
    """Send a request and read the response to its end, as a server does."""
    started: list[Any] = []

    def start_response(status: str, headers: list[Any], exc_info: Any = None) -> None:
        started[:] = status, headers

    iterable = app({**environ, "wsgi.input": io.BytesIO(body)}, start_response)
    chunks = list(iterable)
    if hasattr(iterable, "close"):
        iterable.close()
    return started[0], started[1], b"".join(chunks)


def repeat(app: Any, times: int, environ: dict[str, Any], body: bytes) -> None:
    """Send the same request many times."""
    if isinstance(app, OverASGI):
        app.repeat(times, environ, body)
        return
    for _ in range(times):
        call(app, environ, body)
