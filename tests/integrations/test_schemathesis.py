"""Schemathesis looks for requests that the example app answers otherwise than its document says.

It sends them to a real server: valid ones, invalid ones, and sequences in which one request uses
what another has made. Its settings stand in `schemathesis.toml`, and what it is told besides the
document in `schemathesis_hooks.py`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest
import test_example_app
from test_example_app import WEBHOOK_SECRET, running, serving
from upstream import answering
from upstream import serving as serving_rates
from werkzeug.security import generate_password_hash

from example_app import users
from flask_statuskit.testing import http_audit, record_problems  # noqa: F401

seeded, database = test_example_app.seeded, test_example_app.database
tokens = test_example_app.tokens

HERE = Path(__file__).parent
RATES = answering("200 OK", body=b'{"rates": {"EUR": 0.92}}')
#: So that no limit hides what is behind it.
UNLIMITED = {
    "SEARCH_LIMIT": "1000000 per minute",
    "CHANGE_LIMIT": "1000000 per minute",
    "STORAGE_QUOTA": 10**9,
}


@pytest.mark.skipif(not find_spec("schemathesis"), reason="Schemathesis is not installed.")
@pytest.mark.usefixtures("http_audit")
@pytest.mark.parametrize("account", ["nobody", "ann", "ada"])
def test_schemathesis_finds_nothing_to_object_to(
    account: str,
    database: Path,
    tokens: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(users, "generate_password_hash", hashed_quickly)
    with ExitStack() as stack:
        rates = stack.enter_context(serving_rates(RATES))
        app = stack.enter_context(running(database, RATES_URL=f"http://{rates}/", **UNLIMITED))
        record = stack.enter_context(record_problems(app))
        port = stack.enter_context(serving(app))
        said = schemathesis(port, tokens.get(account), tmp_path)
    assert said.returncode == 0, said.stdout + said.stderr
    assert record.undeclared == {}


def hashed_quickly(password: str) -> str:
    return generate_password_hash(password, "pbkdf2:sha256:1")


def schemathesis(port: int, token: str | None, folder: Path) -> subprocess.CompletedProcess[str]:
    """Have it look at an app, with somebody's token if there is one."""
    command = [sys.executable, "-m", "schemathesis.cli"]
    command += ["--no-color", "--config-file", str(HERE / "schemathesis.toml"), "run"]
    command += [f"http://127.0.0.1:{port}/openapi.json", "--continue-on-failure"]
    if token:
        command += ["--header", f"Authorization: Bearer {token}"]
    hooks = {
        "SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py"),
        "WEBHOOK_SECRET": WEBHOOK_SECRET,
    }
    return subprocess.run(
        command, cwd=folder, env=os.environ | hooks, capture_output=True, text=True
    )
