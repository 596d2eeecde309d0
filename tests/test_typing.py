"""What type checkers make of a user's program, and what that program does when it runs."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PROGRAM = ROOT / "tests" / "typing" / "user_program.py"

needs_mypy = pytest.mark.skipif(
    importlib.util.find_spec("mypy") is None, reason="mypy is not installed (make types has it)"
)

#: Each line with a comment is an error, and no other line is.
WRONG = """
from flask import Flask
from flask_statuskit import (
    Conflict, FieldError, MethodNotAllowed, PaymentRequired, Problem, RateLimited, StatusKit,
    Unauthorized, ValidationError, accepted, conditional, created, raises, redirect_to,
    require_match,
)

class OutOfCredit(PaymentRequired):
    balance: int
    currency: str = "EUR"

class Overdrawn(OutOfCredit):
    since: str

OutOfCredit(balance=1)
OutOfCredit("Top up first", balance=1, currency="USD", retry_after=5, title="Broke")
OutOfCredit()  # error
OutOfCredit("Top up first")  # error
OutOfCredit(balance="1")  # error
OutOfCredit(balance=1, ballance=2)  # error
OutOfCredit(balance=1, currency=5)  # error
OutOfCredit("Top up first", 1)  # error
OutOfCredit(balance=1).price  # error
Overdrawn(balance=1, since="today")
Overdrawn(since="today")  # error
Overdrawn(balance=1, since=5)  # error
text: str = OutOfCredit(balance=1).balance  # error

Conflict("Taken", email="a@b.c")
Conflict("Taken", "a@b.c")  # error
Conflict(5)  # error
Conflict(title=5)  # error
Conflict(retry_after=object())  # error
Conflict(headers=5)  # error
Unauthorized(scheme=5)  # error
Unauthorized(scope=5)  # error
MethodNotAllowed(["GET"])  # error
MethodNotAllowed(valid_methods=5)  # error
RateLimited(limit="many")  # error
ValidationError(errors=5)  # error
FieldError()  # error
FieldError("Wrong", pointer=5)  # error
Problem("404")  # error
Problem(404).status = 405  # error

kit = StatusKit()
kit.map(5, Conflict)  # error
kit.map(KeyError, "conflict")  # error
kit.map(KeyError, ValueError)  # error
kit.map(KeyboardInterrupt, Conflict)  # error
kit.init_app("app")  # error
StatusKit(Flask("shop"), integrations=5)  # error

created()  # error
created("/orders/7", body=object())  # error
created("/orders/7", status=200)  # error
accepted("/orders/7", ["changing"])  # error
accepted("/orders/7", {}, 5)  # error
accepted("/orders/7", retry_after=object())  # error
redirect_to("/orders/7", 301)  # error
redirect_to("/orders/7", permanent="yes")  # error
conditional({"id": 7}, "v7")  # error
conditional({"id": 7}, etag=b"v7")  # error
conditional({"id": 7}, last_modified="today")  # error
require_match(None)  # error
body: str = created("/orders/7")  # error

@raises(Conflict, OutOfCredit, 404)
def order(number: int) -> str:
    return str(number)

order(7).upper()
order("7")  # error
order(7) + 7  # error
raises(Conflict)(Flask("shop")).test_client()
raises()(Flask("shop")).no_client()  # error
raises(ValueError)  # error
raises(Conflict())  # error
raises("Conflict")  # error
raises(KeyError, Conflict)  # error

@raises  # error
def not_called() -> None: ...

@kit.map(KeyError)  # error
def returns_text(error: KeyError) -> str:
    return "conflict"
"""


def mypy(*arguments: str | Path, cache: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file=", "--show-error-codes"),
            *("--no-error-summary", "--no-pretty", "--hide-error-context", "--cache-dir", cache),
            *arguments,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What both runs read of the libraries, read once."""
    return tmp_path_factory.mktemp("mypy")


@needs_mypy
def test_a_users_program_passes_the_strict_checks(cache: Path) -> None:
    run = mypy(PROGRAM, cache=cache)
    assert (run.stdout, run.returncode) == ("", 0)


@needs_mypy
def test_wrong_uses_are_errors_and_right_ones_are_not(cache: Path, tmp_path: Path) -> None:
    program = tmp_path / "wrong.py"
    program.write_text(WRONG, encoding="utf-8")
    run = mypy(program, cache=cache)
    found = {int(line) for line in re.findall(r"wrong\.py:(\d+): error: ", run.stdout)}
    expected = {
        number for number, line in enumerate(WRONG.splitlines(), start=1) if "  # error" in line
    }
    assert found == expected, run.stdout


@pytest.fixture(scope="module")
def program() -> Any:
    spec = importlib.util.spec_from_file_location("user_program", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["user_program"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("what", "status", "shown"),
    [
        ("credit", 402, {"missing": 1, "title": "You do not have enough credit"}),
        ("overdrawn", 402, {"missing": 3}),
        ("declined", 402, {"missing": 1}),
        ("taken", 409, {"name": "ann", "detail": "This name is taken."}),
        ("closed", 409, {"type": "https://shop.example/problems/book-closed"}),
        ("shipped", 409, {"order": 7, "detail": "Order 7 has been shipped."}),
        ("invalid", 422, {"detail": "Two values are wrong."}),
        ("page", 422, {"errors": [{"detail": "Too low.", "parameter": "page", "code": "min"}]}),
        ("login", 401, {"title": "Unauthorized"}),
        ("admin", 403, {}),
        ("slow", 429, {"limit": 100, "remaining": 0, "reset": 60, "retry_after": 60}),
        ("method", 405, {}),
        ("media", 415, {}),
        ("down", 503, {"detail": "Back at noon.", "retry_after": 30}),
        ("thing", 404, {"detail": "There is no thing.", "code_was": 404}),
        ("seats/13", 404, {"type": "about:blank"}),
    ],
)
def test_the_program_answers_as_it_is_written(
    program: Any, what: str, status: int, shown: dict[str, Any]
) -> None:
    response = program.create_app().test_client().get(f"/{what}")
    assert response.status_code == status
    assert response.get_json().items() >= shown.items()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/orders", 301),
        ("POST", "/orders", 201),
        ("GET", "/orders/7", 200),
        ("GET", "/orders/7/lines", 200),
        ("GET", "/orders/7/program", 200),
        ("PUT", "/orders/7", 428),
        ("PATCH", "/orders/7", 202),
        ("DELETE", "/orders/7", 204),
        ("DELETE", "/orders/0", 205),
        ("GET", "/seats/7", 200),
    ],
)
def test_the_program_succeeds_as_it_is_written(
    program: Any, method: str, path: str, status: int
) -> None:
    with program.create_app().test_client().open(path, method=method) as response:
        assert response.status_code == status


def test_the_program_reads_problems_and_lists_its_types(program: Any) -> None:
    assert program.read({"status": 404}) == ["Not Found", "type", "status"]
    assert {"out-of-credit", "overdrawn", "book-closed", "shipped"} <= set(program.types())
