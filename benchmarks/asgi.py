"""Requests to an ASGI application, without a server."""

from __future__ import annotations

import asyncio
import weakref
from typing import Any


class OverASGI:
    """Lets an ASGI application be called as a WSGI application is.

    A server has one event loop for all requests. Likewise, `repeat` has one for many.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()
        weakref.finalize(self, self._loop.close)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read()
        start, *chunks = self._loop.run_until_complete(self._ask(_scope(environ), body))
        start_response(str(start["status"]), start["headers"])
        return [chunk["body"] for chunk in chunks]

    def repeat(self, times: int, environ: dict[str, Any], body: bytes) -> None:
        async def ask_all() -> None:
            scope = _scope(environ)
            for _ in range(times):
                await self._ask(dict(scope), body)

        self._loop.run_until_complete(ask_all())

    async def _ask(self, scope: dict[str, Any], body: bytes) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            messages.append(message)

        await self._app(scope, receive, send)
        return messages


def _scope(environ: dict[str, Any]) -> dict[str, Any]:
    headers = {
        b"host": environ["HTTP_HOST"],
        b"accept": environ["HTTP_ACCEPT"],
        b"user-agent": environ["HTTP_USER_AGENT"],
    }
    if "CONTENT_LENGTH" in environ:
        headers[b"content-type"] = environ["CONTENT_TYPE"]
        headers[b"content-length"] = environ["CONTENT_LENGTH"]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": environ["REQUEST_METHOD"],
        "scheme": environ["wsgi.url_scheme"],
        "path": environ["PATH_INFO"],
        "raw_path": environ["PATH_INFO"].encode(),
        "query_string": environ["QUERY_STRING"].encode(),
        "root_path": environ["SCRIPT_NAME"],
        "headers": [(name, value.encode()) for name, value in headers.items()],
        "client": (environ["REMOTE_ADDR"], 50000),
        "server": (environ["SERVER_NAME"], int(environ["SERVER_PORT"])),
    }
