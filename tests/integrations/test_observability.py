"""What error trackers and traces see of errors, by the real SDKs of Sentry and OpenTelemetry."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
from library_support import ROOT, require, run_alone

require("sentry_sdk")
observed = require("observed")  # which takes httpx and marshmallow
FlaskInstrumentor = require("opentelemetry.instrumentation.flask").FlaskInstrumentor
sdk = require("opentelemetry.sdk.trace")
export = require("opentelemetry.sdk.trace.export")
in_memory = require("opentelemetry.sdk.trace.export.in_memory_span_exporter")
trace = require("opentelemetry.trace")

#: What an exception stands behind that nobody meant for clients: path, status and exception.
INCIDENTS = [
    ("/bug", 500, "Bug"),
    ("/mapped", 503, "Broken"),
    ("/upstream", 502, "ConnectError"),
    ("/late", 503, "Broken"),
    ("/late-bug", 500, "Bug"),
]
EARLY = [incident for incident in INCIDENTS if "late" not in incident[0]]

#: Somebody chose to answer with these, as with any other status.
DELIBERATE = [("/typed", 502), ("/announced", 503), ("/abort-500", 500)]

MISTAKES = [
    ("/taken", 409),
    ("/conflict", 409),
    ("/busy", 429),
    ("/invalid", 422),
    ("/abort-401", 401),
    ("/abort-403", 403),
    ("/mapped-http", 404),
    ("/json", 415),
    ("/nowhere", 404),
]


# Sentry


def seen_by_sentry(*paths: str, **config: Any) -> dict[str, Any]:
    """What Sentry makes of a request to each path, in a process of its own."""
    program = Path(__file__).parent / "observed.py"
    ran = subprocess.run(
        [sys.executable, program, json.dumps(paths), json.dumps(config)],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    seen: dict[str, Any] = json.loads(ran.stdout)
    return seen


@pytest.fixture(scope="module")
def in_production() -> dict[str, Any]:
    return seen_by_sentry(*observed.VIEWS, "/nowhere")


@pytest.mark.parametrize(("path", "status", "exception"), INCIDENTS)
def test_sentry_captures_an_incident_once_with_its_traceback(
    path: str, status: int, exception: str, in_production: Any
) -> None:
    seen = in_production[path]
    assert seen["status"] == status
    [event] = seen["events"]
    assert (event["exception"], event["has_traceback"]) == (exception, True)
    # The request's own event of FlaskIntegration, no record of a logger.
    assert (event["logger"], event["level"]) == (None, "error")
    assert event["path"] == path
    assert event["endpoint"] == path.strip("/").replace("-", "_")


@pytest.mark.parametrize(("path", "status"), DELIBERATE)
def test_sentry_captures_the_record_of_a_5xx_that_was_raised_on_purpose(
    path: str, status: int, in_production: Any
) -> None:
    seen = in_production[path]
    assert seen["status"] == status
    [event] = seen["events"]
    assert (event["logger"], event["has_traceback"]) == ("flask_statuskit", True)
    assert event["message"].startswith(f"GET {path}: {status} ")


@pytest.mark.parametrize("path", [path for path, _ in DELIBERATE])
def test_a_lower_level_keeps_a_5xx_raised_on_purpose_from_sentry(path: str, quiet: Any) -> None:
    assert quiet[path]["events"] == []


@pytest.mark.parametrize("path", [path for path, *_ in INCIDENTS])
def test_a_lower_level_keeps_no_incident_from_sentry(path: str, quiet: Any) -> None:
    assert len(quiet[path]["events"]) == 1


@pytest.fixture(scope="module")
def quiet() -> dict[str, Any]:
    return seen_by_sentry(*observed.VIEWS, STATUSKIT_LOG_LEVELS={"5xx": "WARNING"})


@pytest.mark.parametrize(("path", "status"), [*MISTAKES, ("/fine", 200)])
def test_sentry_captures_no_4xx_and_no_success(
    path: str, status: int, in_production: Any, in_debug_mode: Any
) -> None:
    for seen in (in_production[path], in_debug_mode[path]):
        assert seen == {"status": status, "events": []}


@pytest.mark.parametrize(("path", "status", "exception"), EARLY)
def test_sentry_captures_an_incident_once_in_debug_mode_as_well(
    path: str, status: int, exception: str, in_debug_mode: Any
) -> None:
    seen = in_debug_mode[path]
    assert seen["status"] == status
    assert [event["exception"] for event in seen["events"]] == [exception]


@pytest.fixture(scope="module")
def in_debug_mode() -> dict[str, Any]:
    # A program gets the problem there, and nobody but us tells of it. What is raised late is not
    # ours to answer: it goes to the debugger.
    paths = [path for path in [*observed.VIEWS, "/nowhere"] if "late" not in path]
    return seen_by_sentry(*paths, DEBUG=True)


# OpenTelemetry


class Traced:
    """An application that OpenTelemetry watches, and the spans that it has recorded."""

    def __init__(self, provider: Any, by_class: bool) -> None:
        self.exporter = in_memory.InMemorySpanExporter()
        provider.add_span_processor(export.SimpleSpanProcessor(self.exporter))
        self._by_class = by_class
        if by_class:
            FlaskInstrumentor().instrument(tracer_provider=provider)
        self.app = observed.make_app()
        if not by_class:
            FlaskInstrumentor().instrument_app(self.app, tracer_provider=provider)

    def stop(self) -> None:
        if self._by_class:
            FlaskInstrumentor().uninstrument()
        else:
            FlaskInstrumentor().uninstrument_app(self.app)

    def get(self, path: str) -> Any:
        """The span of a request, which knows what the client was answered."""
        status = self.app.test_client().get(path).status_code
        [span] = [s for s in self.exporter.get_finished_spans() if s.kind is trace.SpanKind.SERVER]
        assert span.attributes["http.status_code"] == status
        return span


@pytest.fixture(params=["the class", "an application"])
def traced(request: pytest.FixtureRequest) -> Iterator[Traced]:
    untouched = flask.Flask
    provider = sdk.TracerProvider()
    traced = Traced(provider, by_class=request.param == "the class")
    yield traced
    traced.stop()
    provider.shutdown()
    assert flask.Flask is untouched


@pytest.mark.parametrize(("path", "status", "exception"), INCIDENTS)
def test_opentelemetry_records_the_exception_and_the_mapped_status(
    path: str, status: int, exception: str, traced: Traced
) -> None:
    span = traced.get(path)
    assert span.attributes["http.status_code"] == status
    assert span.status.status_code is trace.StatusCode.ERROR
    [event] = span.events
    assert event.name == "exception"
    assert event.attributes["exception.type"].endswith(exception)
    assert "Traceback" in event.attributes["exception.stacktrace"]


@pytest.mark.parametrize(("path", "status"), DELIBERATE)
def test_opentelemetry_records_the_status_of_a_5xx_that_was_raised_on_purpose(
    path: str, status: int, traced: Traced
) -> None:
    span = traced.get(path)
    assert span.attributes["http.status_code"] == status
    assert span.status.status_code is trace.StatusCode.ERROR
    assert span.events == ()


@pytest.mark.parametrize(("path", "status"), [*MISTAKES, ("/fine", 200)])
def test_opentelemetry_finds_no_fault_with_a_4xx(path: str, status: int, traced: Traced) -> None:
    span = traced.get(path)
    assert span.attributes["http.status_code"] == status
    assert span.status.status_code is trace.StatusCode.UNSET
    assert span.events == ()


def test_a_problem_says_the_id_of_the_trace_that_the_client_began(traced: Traced) -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}
    response = traced.app.test_client().get("/mapped", headers=headers)
    [span] = traced.exporter.get_finished_spans()
    assert response.json is not None
    assert response.json["request_id"] == trace_id == format(span.context.trace_id, "032x")


# What the documentation says


def test_the_page_is_true() -> None:
    # Alone, for it starts Sentry's SDK.
    run_alone(
        "import sys; sys.path.insert(0, 'tests/integrations')\n"
        "from library_support import assert_page_is_true\n"
        "assert_page_is_true('observability.md')"
    )
