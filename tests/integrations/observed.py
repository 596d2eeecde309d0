"""An application that fails in every way, and what Sentry makes of it.

As a program it prints, for each path that it is called with, the status and the events of Sentry's
SDK. That is a process of its own, because the SDK patches Flask, logging, threads and whatever else
is installed, and takes none of it back.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import flask
import httpx
import marshmallow
from flask import abort, request
from werkzeug.exceptions import NotFound as WerkzeugsNotFound

from flask_statuskit import BadGateway, Conflict, RateLimited, ServiceUnavailable, StatusKit

#: Nobody listens there, and nobody but root may.
NOWHERE = "http://127.0.0.1:1/latest?token=s3cret"


class Broken(Exception):
    """Mapped to a 503."""


class Taken(Exception):
    """Mapped to a 409."""


class Bug(Exception):
    """Mapped to nothing."""


def raising(error: Exception) -> Callable[[], NoReturn]:
    def view() -> NoReturn:
        raise error

    return view


def quote() -> Any:
    return httpx.get(NOWHERE).json()


def aborting(status: int) -> Callable[[], NoReturn]:
    return lambda: abort(status)


VIEWS: dict[str, Callable[[], Any]] = {
    "/bug": raising(Bug("hunter2")),
    "/mapped": raising(Broken("hunter2")),
    "/upstream": quote,
    "/mapped-http": raising(WerkzeugsNotFound("hunter2")),
    "/typed": raising(BadGateway("hunter2")),
    "/announced": raising(ServiceUnavailable("Back soon.", retry_after=60)),
    "/abort-500": aborting(500),
    "/late": lambda: "fine",
    "/late-bug": lambda: "fine",
    "/taken": raising(Taken("hunter2")),
    "/conflict": raising(Conflict("Already there.")),
    "/busy": raising(RateLimited(retry_after=60)),
    "/invalid": lambda: marshmallow.Schema().load({"unknown": 1}),
    "/abort-401": aborting(401),
    "/abort-403": aborting(403),
    "/json": lambda: request.get_json(),
    "/fine": lambda: "fine",
}


def make_app(**config: Any) -> flask.Flask:
    # By its place in the package: OpenTelemetry puts another class there.
    app = flask.Flask("shop")
    app.config.update(config)
    statuskit = StatusKit(app, integrations=["httpx"])
    statuskit.map(Broken, 503, retry_after=5)
    statuskit.map(Taken, 409)
    for path, view in VIEWS.items():
        app.add_url_rule(path, path.strip("/").replace("-", "_"), view)

    @app.after_request
    def fail_late(response: flask.Response) -> flask.Response:
        if response.status_code == 200 and request.path.startswith("/late"):
            raise Bug() if request.path == "/late-bug" else Broken()
        return response

    return app


def main(*paths: str, **config: Any) -> dict[str, Any]:
    """The status and the events of a request to each path."""
    import sentry_sdk
    from sentry_sdk.envelope import Envelope
    from sentry_sdk.integrations.flask import FlaskIntegration
    from sentry_sdk.transport import Transport

    events: list[Any] = []

    class InMemory(Transport):
        def capture_envelope(self, envelope: Envelope) -> None:
            events.extend(filter(None, (item.get_event() for item in envelope.items)))

    # All else are Sentry's defaults: records at ERROR are events, duplicates are not.
    sentry_sdk.init(
        "http://key@127.0.0.1:9/1", transport=InMemory, integrations=[FlaskIntegration()]
    )
    app = make_app(**config)
    seen: dict[str, Any] = {}
    for path in paths:
        events.clear()
        status = app.test_client().get(path, headers={"Accept": "*/*"}).status_code
        sentry_sdk.flush()
        seen[path] = {"status": status, "events": [_summary(event) for event in events]}
    return seen


def _summary(event: Any) -> dict[str, Any]:
    exceptions = event.get("exception", {}).get("values", [])
    return {
        "path": event["request"]["url"].removeprefix("http://localhost"),
        "endpoint": event["transaction"],
        # The last one is the one that was raised; its causes come before.
        "exception": exceptions[-1]["type"] if exceptions else None,
        "has_traceback": bool(exceptions and exceptions[-1]["stacktrace"]["frames"]),
        "logger": event.get("logger"),
        "message": event.get("logentry", {}).get("formatted"),
        "level": event["level"],
    }


if __name__ == "__main__":
    print(json.dumps(main(*json.loads(sys.argv[1]), **json.loads(sys.argv[2]))))
