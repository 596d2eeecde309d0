"""What a request costs, counted in calls: nothing where it succeeds, and no more in a larger app.

Calls are the same each time, where a clock differs each time. What they do not show is work inside
of one call of C, such as the copy of a large table: that shows in the memory it takes.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from support import (
    BROWSER,
    PROGRAM,
    Foreign,
    ForeignChild,
    call,
    kit_of,
    make_app,
    raising,
    view_raising,
)

import flask_statuskit
from flask_statuskit import Conflict, NotFound, StatusKit, ValidationError, raises

PACKAGE = str(Path(flask_statuskit.__file__).parent)
SMALL, LARGE = 10, 10_000


@contextmanager
def counted() -> Iterator[Counter[tuple[str, str]]]:
    """The calls of Python and of C functions, by where they are made and what is called."""
    calls: Counter[tuple[str, str]] = Counter()

    def count(frame: Any, event: str, function: Any) -> None:
        if event == "call":
            calls[frame.f_code.co_filename, frame.f_code.co_name] += 1
        elif event == "c_call":
            calls[frame.f_code.co_filename, function.__qualname__] += 1

    # A collection would run finalizers of whatever the tests before have left behind.
    gc.disable()
    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)
        gc.enable()


def cost(app: Flask, status: int, **request: Any) -> int:
    """The calls that one request takes once the first one has filled the caches."""
    assert call(app, **request).status == status
    with counted() as calls:
        call(app, **request)
    return calls.total()


# Mappings -----------------------------------------------------------------------------------------


def map_classes(kit: StatusKit, number: int) -> None:
    for n in range(number):
        kit.map(type(f"Error{n}", (Exception,), {}), Conflict)


def map_names(kit: StatusKit, number: int) -> None:
    """As by an application that has a table for whatever libraries might be there."""
    for n in range(number):
        kit.map(f"absent_{n}.errors.Error{n}", Conflict)


def app_with_mappings(fill: Callable[[StatusKit, int], None], number: int, error: Any) -> Flask:
    app = raising(error)
    fill(kit_of(app), number)
    kit_of(app).map(Foreign, Conflict)
    return app


ERRORS = [(Conflict, 409), (Foreign, 409), (ForeignChild, 409), (KeyError, 500)]


@pytest.mark.parametrize(("error", "status"), ERRORS)
@pytest.mark.parametrize("fill", [map_classes, map_names])
def test_an_error_costs_the_same_with_ten_mappings_and_with_ten_thousand(
    fill: Callable[[StatusKit, int], None], error: Any, status: int
) -> None:
    small, large = (app_with_mappings(fill, number, error) for number in (SMALL, LARGE))
    assert cost(large, status) == cost(small, status)


@pytest.mark.parametrize("fill", [map_classes, map_names])
def test_an_error_takes_no_copy_of_a_large_table(fill: Callable[[StatusKit, int], None]) -> None:
    def peak(number: int) -> int:
        app = app_with_mappings(fill, number, Foreign)
        cost(app, 409)
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            call(app)
            return tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()

    # Not even the references: that would be eight bytes for each.
    assert peak(LARGE) - peak(SMALL) < 4 * LARGE


# Field errors -------------------------------------------------------------------------------------

FLAT = ["Too long."]
NESTED = [{"name": ["Too long."], "price": {0: ["Not a number."]}}]


def cost_of_errors(number: int, entry: Any, accept: dict[str, str]) -> int:
    app = raising(lambda: ValidationError({f"field_{n}": entry for n in range(number)}))
    with counted() as calls:
        assert call(app, headers=accept).status == 422
    return calls.total()


@pytest.mark.parametrize("entry", [FLAT, NESTED], ids=["flat", "nested"])
@pytest.mark.parametrize("accept", [PROGRAM, BROWSER], ids=["program", "browser"])
def test_each_field_error_costs_what_the_one_before_it_did(
    entry: Any, accept: dict[str, str]
) -> None:
    _, few, some, many = (cost_of_errors(n, entry, accept) for n in (1, 10, 110, 1010))
    # Less, where the body is full.
    assert many - some <= 9 * (some - few) * 1.01


def test_the_cost_of_field_errors_ends_at_ten_thousand() -> None:
    many, most, more = (cost_of_errors(n, FLAT, PROGRAM) for n in (1000, 10_000, 20_000))
    assert most <= 10 * many * 1.01
    assert more <= most * 1.01


# Endpoints ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "status"), [("/", 409), ("/fine", 200), ("/nowhere", 404)])
def test_a_thousand_endpoints_that_declare_cost_a_request_nothing(path: str, status: int) -> None:
    def app_that(declares: Callable[[Any], Any]) -> Flask:
        app = make_app()
        app.add_url_rule("/", "index", declares(view_raising(Conflict)))
        app.add_url_rule("/fine", "fine", declares(lambda: "fine"))
        for n in range(1000):
            app.add_url_rule(f"/{n}", str(n), declares(view_raising(NotFound)))
        return app

    bare, declaring = app_that(lambda view: view), app_that(raises(Conflict, NotFound))
    assert cost(declaring, status, path=path) == cost(bare, status, path=path)


# Successes ----------------------------------------------------------------------------------------


def shop() -> Flask:
    app = Flask("shop", root_path="/", static_folder=None)
    app.add_url_rule("/", "index", lambda: {"fine": True}, methods=["GET", "POST"])
    app.add_url_rule("/<int:number>", "item", lambda number: f"item {number}")
    return app


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"integrations": ["sqlalchemy", "httpx", "requests", "redis", "pydantic"]},
        {"url_prefixes": ["/api"], "validation_status": 400},
        {"dialect": "jsonapi", "negotiate": False},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("HEAD", "/"), ("POST", "/"), ("OPTIONS", "/"), ("GET", "/7")],
)
def test_a_success_takes_the_very_calls_of_bare_flask(
    method: str, path: str, options: dict[str, Any]
) -> None:
    def calls(app: Flask) -> Counter[tuple[str, str]]:
        assert call(app, method, path).status == 200
        with counted() as made:
            call(app, method, path)
        return made

    app = shop()
    StatusKit(app, **options)
    with_statuskit = calls(app)
    assert not [file for file, _ in with_statuskit if file.startswith(PACKAGE)]
    assert with_statuskit == calls(shop())


def test_a_success_after_an_error_costs_what_it_did_before() -> None:
    app = shop()
    kit = StatusKit(app)
    kit.map(Foreign, Conflict)
    app.add_url_rule("/fails", "fails", view_raising(Foreign))
    before = cost(app, 200)
    for path in ("/fails", "/nowhere"):
        assert call(app, path=path).status in (404, 409)
    assert cost(app, 200) == before


# Import -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def imported() -> tuple[set[str], set[str]]:
    """The modules that Flask brings, and those that StatusKit adds to them."""
    program = (
        "import json, sys; import flask; flasks = set(sys.modules); import flask_statuskit;"
        "print(json.dumps([sorted(flasks), sorted(set(sys.modules) - flasks)]))"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, check=True, text=True
    )
    flasks, ours = json.loads(run.stdout)
    return set(flasks), set(ours)


def test_the_package_brings_no_library_that_flask_does_not_bring(
    imported: tuple[set[str], set[str]],
) -> None:
    flasks, ours = imported
    known = {name.partition(".")[0] for name in flasks} | {"flask_statuskit"}
    brought = {name.partition(".")[0] for name in ours} - known
    assert brought <= sys.stdlib_module_names


def test_the_package_brings_nothing_large_of_the_standard_library(
    imported: tuple[set[str], set[str]],
) -> None:
    _, ours = imported
    added = {name for name in ours if name.partition(".")[0] in sys.stdlib_module_names}
    assert added <= {"wsgiref", "wsgiref.util"}


@pytest.mark.parametrize(
    "room", ["catalog", "cli.*", "integrations.*", "members", "openapi", "rules", "sources"]
)
def test_importing_the_package_leaves_out_what_an_error_does_not_pass_through(
    imported: tuple[set[str], set[str]], room: str
) -> None:
    _, ours = imported
    name = f"flask_statuskit.{room}"
    entered = [n for n in ours if n == name or (room[-1] == "*" and n.startswith(name[:-1]))]
    assert entered == []
