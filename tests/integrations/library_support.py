"""What the tests of an integration share: its library, strict reading, and pages that are true."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from flask_statuskit.statuses import STATUSES

ROOT = Path(__file__).parents[2]

#: In every input of these tests, and in no answer to them.
CANARY = "cAnary-7f3a"


def require(module: str) -> Any:
    """A module of a library; without it its tests are skipped, or fail where all are to run."""
    if os.environ.get("STATUSKIT_REQUIRE_SERVICES") == "1":
        return importlib.import_module(module)
    package = module.partition(".")[0].replace("_", "-")
    return pytest.importorskip(module, reason=f"These tests need {package}: pip install {package}")


def problem(response: TestResponse, status: int) -> dict[str, Any]:
    """The body of a problem, after all that has to hold for each of them."""
    row, body = STATUSES[status], response.get_json()
    assert response.status == f"{status} {row.phrase}", response.text
    assert response.content_type == "application/problem+json"
    names = [name.lower() for name, _ in response.headers if name != "WWW-Authenticate"]
    assert sorted(names) == sorted(set(names))
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert int(response.headers["Content-Length"]) == len(response.data)
    assert list(body)[:4] == ["type", "title", "status", "detail"]
    assert (body["title"], body["status"]) == (row.phrase, status)
    assert body["detail"]
    retry_after = response.headers.get("Retry-After")
    assert retry_after == (str(body["retry_after"]) if "retry_after" in body else None)
    if status == 401:
        assert response.headers.getlist("WWW-Authenticate")
    assert CANARY.lower() not in f"{response.headers}{response.text}".lower()
    return body


def run_alone(program: str) -> list[str]:
    """The lines that a program prints, in an interpreter that has imported nothing yet."""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def assert_imports_nothing(*packages: str, integrations: tuple[str, ...] = ()) -> None:
    """An application that handles an error with its integrations on imports none of these."""
    program = f"""
import sys
from flask import Flask
from flask_statuskit import StatusKit
app = Flask("shop")
StatusKit(app, integrations={integrations!r})
assert app.test_client().get("/").status_code == 404
print(*sorted({{*{packages!r}}} & {{*sys.modules}}))
"""
    assert run_alone(program) == [""]


def assert_page_is_true(page: str) -> None:
    """The programs of a page in docs/integrations run, and its requests are answered as it says.

    The first program makes the application. Each request stands before its answer, and the answer
    is whole, but for its Content-Length.
    """
    text = (ROOT / "docs" / "integrations" / page).read_text()
    first, *others = _blocks(text, "python")
    exchanges = _blocks(text, "http")
    namespace: dict[str, Any] = {"__name__": "page"}
    _run(first, namespace)
    client = namespace["app"].test_client()
    assert len(exchanges) % 2 == 0
    assert exchanges
    for asked, answered in zip(exchanges[::2], exchanges[1::2], strict=True):
        start, headers, body = _parse(asked)
        method, path, _ = start.split()
        status, expected, said = _parse(answered)
        request_id = json.loads(said)["request_id"] if said else ""
        response = client.open(
            path, method=method, headers=[*headers, ("X-Request-ID", request_id)], data=body
        )
        assert status == f"HTTP/1.1 {response.status}", response.text
        if said:
            # as lists, since the order of the members is promised as well
            assert [*response.get_json().items()] == [*json.loads(said).items()], response.text
        sent = [(n, v) for n, v in response.headers if n != "Content-Length"]
        assert sorted(sent) == sorted(expected)
    for program in others:
        _run(program, namespace)


def _run(program: str, namespace: dict[str, Any]) -> None:
    # Not with the future import of this module: a page has none.
    exec(compile(program, namespace["__name__"], "exec", dont_inherit=True), namespace)


def _blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def _parse(block: str) -> tuple[str, list[tuple[str, str]], str]:
    head, _, body = block.partition("\n\n")
    start, *lines = head.splitlines()
    return (
        start,
        [(n, v) for n, _, v in (line.partition(": ") for line in lines)],
        body.rstrip("\n"),
    )
