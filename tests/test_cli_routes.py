"""`flask statuskit routes`: what views declare, and what their sources raise besides."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.views import MethodView
from test_cli import as_json, invoke, run, words

from example_app import create_app
from example_app.config import CONFIGS
from example_app.database import engine_of
from flask_statuskit import (
    Conflict,
    Gone,
    NotFound,
    PaymentRequired,
    StatusKit,
    Unauthorized,
    ValidationError,
    raises,
)
from flask_statuskit.cli import group


class OutOfCredit(PaymentRequired):
    balance: int


def shop(**options: Any) -> Flask:
    app = Flask("shop", static_folder=None)
    StatusKit(app, **options)

    @app.get("/")
    def index() -> str:
        return ""

    @app.route("/users/<int:id>", methods=["GET", "PATCH"])
    @raises(Gone, NotFound, OutOfCredit)
    def user(id: int) -> None:
        raise Conflict("Not now.")

    @app.get("/about")
    @raises()
    def about() -> str:
        return ""

    class Rooms(MethodView):
        @raises(NotFound)
        def get(self) -> None:
            raise NotFound

        def post(self) -> None:
            raise ValidationError({})

    app.add_url_rule("/rooms", view_func=Rooms.as_view("rooms"))
    return app


def faultless() -> Flask:
    app = Flask("shop", static_folder=None)
    StatusKit(app, catalog_url="/problems")

    @app.get("/users/<int:id>")
    @raises(NotFound)
    def user(id: int) -> None:
        raise NotFound

    app.add_url_rule("/old/<int:id>", "user")
    return app


def problem_lines(app: Flask) -> list[str]:
    result = invoke("routes", "--check", app=app)
    assert result.exit_code == 1
    return [line.partition(": ")[2] for line in result.output.splitlines()]


def line_of(text: str) -> int:
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return 1 + next(number for number, line in enumerate(lines) if line.strip() == text)


# The table ----------------------------------------------------------------------------------------


def test_every_view_is_listed_with_what_it_declares() -> None:
    printed = run("routes", app=shop())
    assert printed == textwrap.dedent(
        """\
        METHODS    PATH             ENDPOINT  DECLARES
        GET        /                index     -
        GET PATCH  /users/<int:id>  user      402 OutOfCredit, 404 NotFound, 410 Gone
        GET        /about           about     no problem
        GET        /rooms           rooms     404 NotFound
        POST       /rooms           rooms     -
        """
    )


def test_a_narrow_terminal_gets_endpoints_and_declarations_below_each_path() -> None:
    printed = run("routes", app=shop(), columns=40)
    assert printed == textwrap.dedent(
        """\
        METHODS    PATH
                   ENDPOINT  DECLARES
        GET        /
                   index     -
        GET PATCH  /users/<int:id>
                   user      402 OutOfCredit,
                             404 NotFound,
                             410 Gone
        GET        /about
                   about     no problem
        GET        /rooms
                   rooms     404 NotFound
        POST       /rooms
                   rooms     -
        """
    )


@pytest.mark.parametrize("columns", [40, 60, 80, 100])
def test_a_status_stays_with_its_error(columns: int) -> None:
    printed = run("routes", app=shop(), columns=columns)
    assert re.findall(r"\d{3} \w+", printed) == [
        *("402 OutOfCredit", "404 NotFound", "410 Gone", "404 NotFound")
    ]
    for line in printed.splitlines():
        assert len(line) <= columns
        assert line == line.rstrip()


@pytest.mark.parametrize(
    ("settings", "options", "path"),
    [
        ({"host_matching": True, "static_folder": None}, {"host": "a.example"}, "//a.example/it"),
        ({"subdomain_matching": True}, {"subdomain": "api"}, "//api./it"),
        ({}, {}, "/it"),
    ],
)
def test_a_path_says_where_it_is(
    settings: dict[str, Any], options: dict[str, str], path: str
) -> None:
    app = Flask("shop", **settings)
    app.config["SERVER_NAME"] = "a.example"
    StatusKit(app)
    app.add_url_rule("/it", "it", lambda: "", **options)
    assert path in run("routes", app=app).split()


def test_validation_errors_have_the_status_of_the_setting() -> None:
    app = Flask("shop", static_folder=None)
    StatusKit(app, validation_status=400)
    app.add_url_rule("/it", view_func=raises(ValidationError)(about_nothing()))
    assert "400 ValidationError" in run("routes", app=app)


def about_nothing() -> Any:
    def view() -> str:
        return ""

    return view


# --check ------------------------------------------------------------------------------------------


def test_what_a_source_raises_without_a_declaration_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(Path(__file__).parent)
    result = invoke("routes", "--check", app=shop())
    assert result.exit_code == 1
    conflict = line_of('raise Conflict("Not now.")')
    invalid = line_of("raise ValidationError({})")
    assert result.output.splitlines() == [
        f"test_cli_routes.py:{conflict}: user raises Conflict, and does not declare it:"
        " add it to @raises(...)",
        f"test_cli_routes.py:{invalid}: POST rooms raises ValidationError, and declares nothing:"
        " put @raises(ValidationError) on it",
    ]


def test_a_source_elsewhere_has_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert invoke("routes", "--check", app=shop()).output.startswith(f"{__file__}:")


def test_a_line_is_not_broken_for_those_who_click_on_it() -> None:
    result = invoke("routes", "--check", app=shop(), columns=20)
    assert len(result.output.splitlines()) == 2


@pytest.mark.parametrize("views", [1, 2])
def test_one_line_says_that_all_is_declared(views: int) -> None:
    app = faultless()
    if views == 2:
        app.add_url_rule("/about", "about", about_nothing())
    result = invoke("routes", "--check", app=app)
    counted = {1: "1 view", 2: "2 views"}[views]
    assert (result.exit_code, result.output) == (
        0,
        f"{counted} read: all that is raised is declared.\n",
    )


def test_what_has_no_source_is_said_and_no_failure() -> None:
    app = faultless()
    app.add_url_rule("/len", "length", len)
    result = invoke("routes", "--check", app=app)
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "length was not read: len has no source that can be read.",
        "1 view read: all that is raised is declared.",
    ]


def test_what_cannot_be_read_is_named_with_its_place_and_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(Path(__file__).parent)
    app = Flask("shop", static_folder=None)
    StatusKit(app)
    made: dict[str, Any] = {}
    exec(compile("\n\ndef lost(): ...", "made.py", "exec"), made)
    app.add_url_rule("/l", "made", raises(404)(made["lost"]))
    result = invoke("routes", "--check", app=app)
    assert (result.exit_code, result.output) == (
        0,
        "made.py:3: made was not read: lost has no source that can be read.\n"
        "0 views read: there is nothing to compare.\n",
    )


def test_what_is_missing_is_sorted_by_place_and_says_the_method_where_methods_differ() -> None:
    app = Flask("shop", static_folder=None)
    StatusKit(app)

    class Rooms(MethodView):
        def get(self) -> None:
            raise NotFound

        def put(self) -> None:
            raise Gone

    def user() -> None:
        raise Conflict

    app.add_url_rule("/users", "a_user", user, methods=["GET", "PUT"])
    app.add_url_rule("/rooms", view_func=Rooms.as_view("rooms"))
    assert [line.partition(" raises")[0] for line in problem_lines(app)] == [
        "GET rooms",
        "PUT rooms",
        "a_user",
    ]


@pytest.mark.parametrize("json", [[], ["--json"]])
def test_a_function_that_runs_before_views_is_checked_by_itself(json: list[str]) -> None:
    app = faultless()

    @app.before_request
    def authenticate() -> None:
        raise Unauthorized

    result = invoke("routes", "--check", *json, app=app)
    assert result.exit_code == 1
    if not json:
        assert (
            "authenticate raises Unauthorized, and declares nothing:"
            " put @raises(Unauthorized) on it\n" in result.output
        )
    raises(Unauthorized)(authenticate)
    assert invoke("routes", "--check", *json, app=app).exit_code == 0
    assert "401 Unauthorized, 404 NotFound" in run("routes", app=app)


def test_an_error_is_said_once_for_all_methods_and_rules() -> None:
    app = shop()
    app.add_url_rule("/also/<int:id>", "user")
    assert len(problem_lines(app)) == 2


# --json -------------------------------------------------------------------------------------------


def test_everything_for_programs() -> None:
    app = shop()

    @app.before_request
    @raises(Unauthorized)
    def authenticate() -> None:
        raise Unauthorized

    listed = as_json("routes", app=app)
    assert [route["endpoint"] for route in listed["routes"]] == [
        *("index", "user", "about", "rooms", "rooms")
    ]
    assert [route["declares"] is None for route in listed["routes"]] == [
        *(True, False, False, False, True)
    ]
    conflict = {
        "status": 409,
        "type": "about:blank",
        "error": "Conflict",
        "file": relative_to_here(),
        "line": line_of('raise Conflict("Not now.")'),
    }
    unauthorized = {"status": 401, "type": "about:blank", "error": "Unauthorized"}
    assert listed["routes"][1] == {
        "methods": ["GET", "PATCH"],
        "path": "/users/<int:id>",
        "endpoint": "user",
        "declares": [
            unauthorized,
            {"status": 402, "type": "out-of-credit", "error": "OutOfCredit"},
            {"status": 404, "type": "about:blank", "error": "NotFound"},
            {"status": 410, "type": "about:blank", "error": "Gone"},
        ],
        "raises": [conflict],
        "missing": [conflict],
        "unread": [],
    }
    [hook] = listed["before_request"]
    assert (hook["name"].rpartition(".")[2], hook["blueprint"]) == ("authenticate", None)
    assert (hook["declares"], hook["missing"]) == ([unauthorized], [])


def relative_to_here() -> str:
    file = Path(__file__)
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)


def test_json_fails_where_the_check_does() -> None:
    assert invoke("routes", "--check", "--json", app=shop()).exit_code == 1
    assert invoke("routes", "--json", app=shop()).exit_code == 0
    assert invoke("routes", "--check", "--json", app=faultless()).exit_code == 0


# Applications -------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [[], ["--check"], ["--json"]])
def test_an_application_without_statuskit_is_told_so(options: list[str]) -> None:
    result = Flask("bare").test_cli_runner().invoke(group, ["routes", *options])
    assert result.exit_code == 1
    assert result.output == "Error: bare has no StatusKit. Add StatusKit(app) to it.\n"


def test_the_application_is_not_run_for_it() -> None:
    app = faultless()

    @app.before_request
    def never() -> None:
        pytest.fail("A function was called.")

    assert run("routes", "--check", app=app)


def test_the_help_says_what_is_not_found() -> None:
    assert "What cannot be followed" in words(run("routes", "--help"))


def test_the_example_declares_all_that_it_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLASK_DEBUG", raising=False)

    class Config(CONFIGS["production"]):  # type: ignore[misc]
        DATABASE_URL = f"sqlite:///{tmp_path / 'bookings.sqlite3'}"
        SECRET_KEY = "secret"

    app = create_app(Config)
    try:
        result = invoke("routes", "--check", app=app)
    finally:
        engine_of(app).dispose()
    assert (result.exit_code, len(result.output.splitlines())) == (0, 1), result.output
