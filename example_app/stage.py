"""The stage of the tour: each press of a button is answered by an app of its own.

    situation ─▶ an app with the first data ─ before ─▶ ... ─ request ─▶ Outcome

It is what ``create_app`` makes of ``config.Stage``, with the same views as the app that serves the
tour. So a button does the same however often and by how many people it is pressed, and nothing
that is done there touches the real users, bookings and limits.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

from flask import Flask, request_finished
from flask import request as current_request
from werkzeug.test import Client, TestResponse

from flask_statuskit.audit import Finding, check

from .config import Stage
from .database import engine_of
from .situations import Request, Situation

# What the auditor says of the request at hand; None while it is not asked.
_findings: ContextVar[list[Finding] | None] = ContextVar("findings", default=None)

# One press at a time. Werkzeug compiles routes, and Python 3.11 formats tracebacks, by way of
# syntax trees; that Python cannot make them in two threads at once (a SystemError, now and then).
_playing = Lock()

# What is longer is cut where it is shown (characters).
LONGEST_REQUEST = 600
LONGEST_RESPONSE = 20_000


@dataclass(frozen=True)
class Outcome:
    """What came of a situation.

    Attributes:
        before: what was sent before the request, each with the status that it got.
        request: the request as it was sent, with the token of whoever sent it.
        status: the status line of the response.
        headers: its headers.
        body: its body.
        findings: what the auditor says of it.
    """

    before: list[tuple[Request, str]]
    request: Request
    status: str
    headers: list[tuple[str, str]]
    body: bytes
    findings: list[Finding]

    def to_dict(self) -> dict[str, Any]:
        """The outcome as the tour's script shows it."""
        return {
            "before": [{"request": str(sent), "status": status} for sent, status in self.before],
            "request": {
                "line": str(self.request),
                "headers": list(self.request.headers.items()),
                "body": readable(self.request.body, LONGEST_REQUEST),
            },
            "status": self.status,
            "headers": self.headers,
            "body": readable(self.body, LONGEST_RESPONSE),
            "findings": [
                {
                    "id": finding.id,
                    "summary": finding.rule.summary,
                    "hint": finding.rule.hint,
                    "section": finding.rule.section,
                }
                for finding in self.findings
            ],
        }


def readable(content: bytes, longest: int) -> str:
    """Return content as text, or say that it is none."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return f"({len(content)} bytes)"
    return text if len(text) <= longest else f"{text[:longest]}… ({len(content)} bytes in all)"


def play(situation: Situation) -> Outcome:
    """Send what a situation consists of, and note what came of it."""
    before: list[tuple[Request, str]] = []
    tokens: dict[str, str] = {}

    def send(sent: Request) -> TestResponse:
        return client.open(
            sent.path, method=sent.method, headers=dict(sent.headers), data=sent.body, buffered=True
        )

    def send_before(sent: Request) -> TestResponse:
        response = send(sent)
        before.append((sent, response.status))
        return response

    def signed_in(sent: Request) -> Request:
        name = sent.account
        if name is None:
            return sent
        if name not in tokens:
            tokens[name] = send_before(log_in(name)).get_json()["access_token"]
        return replace(sent, headers={**sent.headers, "Authorization": f"Bearer {tokens[name]}"})

    with _playing, app_with(situation.settings) as app:
        client = Client(app, use_cookies=False)
        for sent in situation.before:
            send_before(signed_in(sent))
        sent = signed_in(situation.request)
        with situation.meanwhile(app), audited() as findings:
            response = send(sent)
    return Outcome(before, sent, response.status, list(response.headers), response.data, findings)


def log_in(name: str) -> Request:
    """Make the request by which somebody of the first data logs in."""
    given = f'{{"email": "{name}@example.com", "password": "{name}-secret"}}'
    return Request("POST", "/login", given.encode(), {"Content-Type": "application/json"})


@contextmanager
def audited() -> Iterator[list[Finding]]:
    """Have the auditor look at what an app answers, whatever its STATUSKIT_AUDIT says."""
    findings: list[Finding] = []
    before = _findings.set(findings)
    try:
        yield findings
    finally:
        _findings.reset(before)


def _audit(_app: Flask, response: Any, **_: Any) -> None:
    findings = _findings.get()
    if findings is not None:
        findings.extend(check(current_request, response))


@contextmanager
def app_with(settings: Mapping[str, Any]) -> Iterator[Flask]:
    """Make an app with the first data, and take both away afterwards."""
    with TemporaryDirectory() as folder:
        database = Path(folder, "bookings.sqlite3")
        database.write_bytes(first_data())
        with app_on(database, settings) as app:
            yield app


@cache
def first_data() -> bytes:
    """Return the database of a new app. It is made once, since to hash passwords takes a while."""
    with TemporaryDirectory() as folder:
        database = Path(folder, "bookings.sqlite3")
        with app_on(database, {}):
            return database.read_bytes()


@contextmanager
def app_on(database: Path, settings: Mapping[str, Any]) -> Iterator[Flask]:
    """Make an app with this database, and close the database afterwards."""
    from . import create_app  # here, since it imports the tour

    # Who waits for a lock longer than this (seconds) waits in vain: there is nobody else.
    where = {"DATABASE_URL": f"sqlite:///{database}?timeout=0.2"}
    app = create_app(type("Stage", (Stage,), {**settings, **where}))
    # For as long as there is this app: blinker cannot disconnect while another thread sends.
    request_finished.connect(_audit, app)
    try:
        yield app
    finally:
        engine_of(app).dispose()
