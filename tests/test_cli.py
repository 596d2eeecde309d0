"""`flask statuskit ...`, in the test runner of an application and in processes of its own."""

from __future__ import annotations

import ast
import functools
import itertools
import os
import re
import subprocess
import sys
import warnings
from importlib.metadata import entry_points
from io import StringIO
from pathlib import Path
from typing import Any

import flask
import pytest
from click.testing import Result
from flask import Flask
from support import strict_json

import flask_statuskit
from flask_statuskit import STATUSES, StatusError, StatusKit
from flask_statuskit.cli import group
from flask_statuskit.config import KEYS, ROWS, Settings
from flask_statuskit.exceptions import ERRORS
from flask_statuskit.problem import Problem

every_code = pytest.mark.parametrize("code", STATUSES)

#: Settings with values of all kinds, as they may be written.
MANY = {
    "STATUSKIT_TYPE_BASE": "https://shop.example/problems/",
    "STATUSKIT_RETRY_AFTER": {503: 120, 429: 1.5, "413": "60"},
    "STATUSKIT_RETRY_AFTER_JITTER": "0.25",
    "STATUSKIT_CHALLENGE": """Basic realm="Ann's"; charset="UTF-8\"""",
    "STATUSKIT_REQUEST_ID_HEADER": None,
    "STATUSKIT_LOG_LEVELS": {"4xx": "debug", "404": "OFF", 410: None, 429: 25},
    "STATUSKIT_AUDIT_IGNORE": {"users.*": ["SK601", "SK201"], "*": "SK302", "reports": ["SK503"]},
    "STATUSKIT_URL_PREFIXES": "/v2, /api",
    "STATUSKIT_INTEGRATIONS": "sqlalchemy",
}


def make_app(settings: dict[str, Any] | None = None, **options: Any) -> Flask:
    app = Flask("shop")
    app.config.update(settings or {})
    StatusKit(app, **options)
    return app


def invoke(*arguments: str, app: Flask | None = None, columns: int = 100, **extra: Any) -> Result:
    app = app or make_app()
    # Flask's commands set app.debug to what this variable says.
    env = {"COLUMNS": str(columns), "FLASK_DEBUG": str(int(app.debug))}
    return app.test_cli_runner(env=env).invoke(args=["statuskit", *arguments], **extra)


def run(*arguments: str, app: Flask | None = None, columns: int = 100, **extra: Any) -> str:
    """What a command prints that succeeds."""
    result = invoke(*arguments, app=app, columns=columns, **extra)
    assert result.exit_code == 0, result.output
    return result.output


def as_json(*arguments: str, app: Flask | None = None) -> Any:
    return strict_json(run(*arguments, "--json", app=app).encode())


def words(text: str) -> str:
    """Text without the way it is laid out."""
    return " ".join(text.split())


# statuses -----------------------------------------------------------------------------------------


def test_all_statuses_are_listed_by_their_classes() -> None:
    printed = run("statuses")
    listed = re.findall(r"^(\d{3})  (.+?)(?:  .*)?$", printed, re.MULTILINE)
    assert listed == [(str(code), row.phrase) for code, row in STATUSES.items()]
    heads = ["Informational", "Successful", "Redirection", "Client Error", "Server Error"]
    assert re.findall(r"^\dxx (.*)$", printed, re.MULTILINE) == heads


def test_the_list_says_of_each_status_when_to_use_it_and_what_it_owes() -> None:
    printed = words(run("statuses"))
    for row in STATUSES.values():
        owed = ", ".join(duty.header for duty in row.duties if duty.level in ("must", "should"))
        assert (f"{row.use_when} It owes {owed}." if owed else row.use_when) in printed


def test_the_list_says_what_to_type_in_one_column_if_there_is_room() -> None:
    lines = [line for line in run("statuses", columns=120).splitlines() if line[:3].isdigit()]
    found = [match for line in lines if (match := re.search(" ((raise|return) .*)", line))]
    [column] = {match.start(1) for match in found}
    typed = [status["type"] for status in as_json("statuses") if status["type"]]
    assert [match[1] for match in found] == [text for text in typed if column + len(text) <= 100]


@every_code
def test_a_status_is_told_with_all_that_it_owes(code: int) -> None:
    printed, row = run("statuses", str(code)), STATUSES[code]
    assert printed.startswith(f"{code} {row.phrase}\n")
    for text in (row.sentence, row.use_when, row.section):
        assert text in words(printed)
    for duty in row.duties:
        value = f": {duty.value}" if duty.value else ""
        assert f" {duty.header}{value} ({duty.level}, {duty.section})\n" in printed


@every_code
def test_a_status_is_told_from_those_it_is_confused_with(code: int) -> None:
    printed = run("statuses", str(code))
    others = STATUSES[code].confused_with
    assert re.findall(r"^Or (\d+) ", printed, re.MULTILINE) == [str(other) for other in others]
    for other in others:
        assert f"Or {other} {STATUSES[other].phrase}?" in printed
        assert STATUSES[other].use_when in words(printed)


@pytest.mark.parametrize(
    ("code", "name", "said"),
    [
        (409, "Type", "raise Conflict"),
        (307, "Type", "return redirect_to(location)"),
        (100, "Type", None),
        (401, "Owes", "WWW-Authenticate (must, RFC 9110 §15.5.2)"),
        (428, "Owes", "Cache-Control: no-store (must, RFC 6585 §3)"),
        (400, "Owes", None),
        (404, "Content", "allowed"),
        (204, "Content", "none"),
        (404, "Caches", "keep it unless told otherwise"),
        (400, "Caches", "keep it only if told to"),
        (503, "Retry", "the same request may succeed later"),
        (422, "Retry", "something has to change first"),
        (200, "Retry", None),
    ],
)
def test_a_fact_is_told_where_it_means_something(code: int, name: str, said: str | None) -> None:
    facts = dict(re.findall(r"^([A-Z]\w+)  +(.+)$", run("statuses", str(code)), re.MULTILINE))
    assert facts.get(name) == said


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("499", "499 is not registered, and clients take it for 400."),
        ("599", "599 is not registered, and clients take it for 500."),
        ("600", "600 is not registered."),
        ("42", "42 is not registered."),
        ("teapot", "'teapot' is not a valid integer."),
    ],
)
def test_an_unknown_status_is_refused(code: str, complaint: str) -> None:
    result = invoke("statuses", code)
    assert result.exit_code == 2
    assert complaint in words(result.output)
    if code.isdigit():
        assert "`flask statuskit statuses` lists those that are." in words(result.output)


# What to type


@pytest.mark.parametrize("code", ERRORS)
def test_the_error_to_raise_exists_and_can_be_raised_so(code: int) -> None:
    [status] = as_json("statuses", str(code))
    with warnings.catch_warnings():
        # That WSGI cannot keep what a 407 or 426 owes.
        warnings.simplefilter("ignore", UserWarning)
        with pytest.raises(StatusError) as raised:
            exec(status["type"], vars(flask_statuskit).copy())
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("code", "headers"),
    [
        (200, {}),
        (201, {}),
        (202, {}),
        (204, {}),
        (205, {}),
        (206, {"Range": "bytes=0-3"}),
        (301, {}),
        (302, {}),
        (303, {}),
        (304, {"If-None-Match": '"v7"'}),
        (307, {}),
        (308, {}),
    ],
)
def test_the_call_to_return_exists_and_answers_with_the_status(
    code: int, headers: dict[str, str], tmp_path: Path
) -> None:
    [status] = as_json("statuses", str(code))
    keyword, _, call = status["type"].partition(" ")
    path = tmp_path / "room.txt"
    path.write_text("a room with a view")
    names = {"location": "/rooms/7", "monitor": "/jobs/7", "body": {"id": 7}, "path": path}
    with make_app().test_request_context(headers=headers):
        call = call.replace("...", "'v7'")
        response = eval(call, {"flask": flask, **vars(flask_statuskit), **names})
        assert (keyword, response.status_code) == ("return", code)
        response.close()


def test_nothing_is_to_be_typed_for_what_applications_do_not_send() -> None:
    nothing = {status["code"] for status in as_json("statuses") if status["type"] is None}
    assert nothing == {100, 101, 102, 103, 104, 203, 207, 208, 226, 300, 305, 306}


# As JSON


def test_a_status_as_json() -> None:
    assert as_json("statuses", "451") == [
        {
            "code": 451,
            "phrase": "Unavailable For Legal Reasons",
            "use_when": "Use it when a legal demand, which you may disclose, denies access; 403 if"
            " the refusal is your own.",
            "type": "raise UnavailableForLegalReasons",
            "duties": [
                {"header": "Link", "level": "should", "section": "RFC 7725 §4", "value": None}
            ],
            "confused_with": [403],
            "section": "RFC 7725 §3",
            "detail": "Access to the resource is denied because of a legal demand.",
            "body": True,
            "retry": False,
            "cacheable": True,
        }
    ]


def test_all_statuses_as_json_are_each_of_them() -> None:
    every = as_json("statuses")
    assert [status["code"] for status in every] == list(STATUSES)
    for status in every:
        assert as_json("statuses", str(status["code"])) == [status]


# config -------------------------------------------------------------------------------------------


def shown(app: Flask) -> dict[str, tuple[str, str]]:
    """Who decided each key, and what stands beside that."""
    head, *lines = run("config", app=app).splitlines()
    column = head.index("VALUE")
    rows: list[list[str]] = []
    for line in lines:
        if line.startswith("STATUSKIT_"):
            rows.append(line[:column].split(maxsplit=1))
            rows[-1].append(line[column:])
        else:
            assert line[:column].strip() == ""
            rows[-1][-1] += " " + line[column:]
    return {key: (origin.strip(), text) for key, origin, text in rows}


def settings_of(app: Flask) -> Settings:
    settings: Settings = app.extensions["statuskit"].settings(app)
    return settings


def configured_like(values: dict[str, Any], app: Flask) -> Settings:
    """The settings of a new application that has these values."""
    other = Flask("other")
    other.config.update(values, DEBUG=app.config["DEBUG"], TESTING=app.config["TESTING"])
    StatusKit(other)
    return settings_of(other)


def every_configuration() -> list[Any]:
    environments = [None, "production", "development", "testing"]
    flags = [(False, False), (True, False), (False, True), (True, True), (False, "False")]
    said = [None, True, "False"]
    return [
        pytest.param(
            {
                **MANY,
                **({"STATUSKIT_ENVIRONMENT": environment} if environment else {}),
                **({"STATUSKIT_EXPOSE_INTERNALS": expose} if expose is not None else {}),
                "DEBUG": debug,
                "TESTING": testing,
            },
            id=f"{environment}-{debug}-{testing}-{expose}",
        )
        for environment, (debug, testing), expose in itertools.product(environments, flags, said)
    ]


@pytest.mark.parametrize("settings", every_configuration())
def test_the_values_are_those_that_hold(settings: dict[str, Any]) -> None:
    app = make_app(settings)
    rows = as_json("config", app=app)
    assert [row["key"] for row in rows] == list(KEYS)
    assert configured_like({row["key"]: row["value"] for row in rows}, app) == settings_of(app)
    for row in rows:
        assert row["environments"][settings_of(app).environment] == row["value"]


@pytest.mark.parametrize("settings", [{}, MANY, {"DEBUG": True}, {"TESTING": True}], ids=str)
def test_a_value_is_shown_as_it_may_be_typed(settings: dict[str, Any]) -> None:
    app = make_app(settings)
    others = re.compile(r"; [^;]+ in (production|development|testing).*")
    typed = {k: ast.literal_eval(others.sub("", text)) for k, (_, text) in shown(app).items()}
    assert list(typed) == list(KEYS)
    assert configured_like(typed, app) == settings_of(app)


@pytest.mark.parametrize("environment", ["production", "development", "testing"])
def test_the_values_elsewhere_are_those_that_would_hold_there(environment: str) -> None:
    rows = as_json("config", app=make_app(MANY))
    there = make_app(
        {**MANY, "DEBUG": environment == "development", "TESTING": environment == "testing"}
    )
    elsewhere = {row["key"]: row["value"] for row in as_json("config", app=there)}
    assert {row["key"]: row["environments"][environment] for row in rows} == elsewhere


@pytest.mark.parametrize(
    ("settings", "options", "key", "beside"),
    [
        ({}, {}, "INSTANCE", ("default", "True")),
        ({"STATUSKIT_INSTANCE": "no"}, {}, "INSTANCE", ("app.config", "False")),
        ({"STATUSKIT_INSTANCE": "no"}, {"instance": True}, "INSTANCE", ("option", "True")),
        ({}, {}, "AUDIT", ("default", "'off'; 'warn' in development and testing")),
        ({"DEBUG": True}, {}, "AUDIT", ("default", "'warn'; 'off' in production")),
        ({}, {"audit": "raise"}, "AUDIT", ("option", "'raise'")),
        ({}, {}, "ENVIRONMENT", ("default", "'production'")),
        ({"DEBUG": True}, {}, "ENVIRONMENT", ("DEBUG", "'development'")),
        ({"DEBUG": True, "TESTING": True}, {}, "ENVIRONMENT", ("TESTING", "'testing'")),
        # It is text that Flask takes for true; StatusKit reads it.
        ({"TESTING": "False"}, {}, "ENVIRONMENT", ("default", "'production'")),
        ({}, {"environment": "testing"}, "ENVIRONMENT", ("option", "'testing'")),
        ({}, {}, "EXPOSE_INTERNALS", ("default", "False; True in development")),
        (
            {"DEBUG": True},
            {},
            "EXPOSE_INTERNALS",
            ("default", "True; False in production and testing"),
        ),
        (
            {"STATUSKIT_EXPOSE_INTERNALS": True},
            {},
            "EXPOSE_INTERNALS",
            ("DEBUG", "False; True in development"),
        ),
        (
            {"STATUSKIT_EXPOSE_INTERNALS": True, "DEBUG": True},
            {"environment": "production"},
            "EXPOSE_INTERNALS",
            ("environment", "False; True in development"),
        ),
        # Not what it would be in development with DEBUG, which is another one.
        ({}, {"environment": "development"}, "EXPOSE_INTERNALS", ("DEBUG", "False")),
        ({}, {}, "RETRY_AFTER_JITTER", ("default", "0")),
        ({"STATUSKIT_RETRY_AFTER": {503: 30.0}}, {}, "RETRY_AFTER", ("app.config", "{503: 30}")),
        ({"STATUSKIT_URL_PREFIXES": "/b, /a"}, {}, "URL_PREFIXES", ("app.config", "['/b', '/a']")),
        ({}, {"audit_ignore": "SK201"}, "AUDIT_IGNORE", ("option", "{'*': ['SK201']}")),
    ],
)
def test_each_value_says_who_decided_it_and_where_it_differs(
    settings: dict[str, Any], options: dict[str, Any], key: str, beside: tuple[str, str]
) -> None:
    assert shown(make_app(settings, **options))[f"STATUSKIT_{key}"] == beside


@pytest.mark.parametrize(
    ("named", "configured", "beside"),
    [
        ((), None, ("default", "[]")),
        ((), "httpx", ("app.config", "['httpx']")),
        (["sqlalchemy"], None, ("option", "['sqlalchemy']")),
        ("sqlalchemy", "httpx", ("option, app.config", "['sqlalchemy', 'httpx']")),
        (["httpx"], "httpx", ("option, app.config", "['httpx']")),
    ],
)
def test_integrations_named_to_the_constructor_are_added(
    named: Any, configured: str | None, beside: tuple[str, str]
) -> None:
    settings = {} if configured is None else {"STATUSKIT_INTEGRATIONS": configured}
    app = make_app(settings, integrations=named)
    assert shown(app)["STATUSKIT_INTEGRATIONS"] == beside
    values = {row["key"]: row for row in as_json("config", app=app)}
    integrations = values["STATUSKIT_INTEGRATIONS"]
    assert integrations["value"] == ast.literal_eval(beside[1])
    assert list(integrations["environments"].values()) == [integrations["value"]] * 3


def test_a_setting_as_json() -> None:
    rows = as_json("config", app=make_app({"DEBUG": True, **MANY}, retry_after={"503": 30}))
    by_key = {row["key"]: row for row in rows}
    assert by_key["STATUSKIT_ENVIRONMENT"] == {
        "key": "STATUSKIT_ENVIRONMENT",
        "value": "development",
        "from": "DEBUG",
        "environments": {
            "production": "production",
            "development": "development",
            "testing": "testing",
        },
    }
    assert by_key["STATUSKIT_RETRY_AFTER"] == {
        "key": "STATUSKIT_RETRY_AFTER",
        "value": {"503": 30},
        "from": "option",
        "environments": {
            "production": {"503": 30},
            "development": {"503": 30},
            "testing": {"503": 30},
        },
    }
    assert by_key["STATUSKIT_LOG_LEVELS"]["value"] == {
        "4xx": "DEBUG",
        "5xx": "ERROR",
        "404": "OFF",
        "410": "OFF",
        "429": 25,
    }


def old_body(problem: Problem) -> dict[str, Any]:
    return {"message": problem.detail}


@pytest.mark.parametrize(
    ("dialect", "shown_as"),
    [
        (old_body, "test_cli.old_body"),
        ({"legacy": old_body, "*": "xml"}, {"legacy": "test_cli.old_body", "*": "xml"}),
        (functools.partial(old_body), "functools.partial"),
    ],
)
def test_a_function_is_shown_by_its_name(dialect: Any, shown_as: Any) -> None:
    app = make_app({"STATUSKIT_DIALECT": dialect})
    [row] = [r for r in as_json("config", app=app) if r["key"] == "STATUSKIT_DIALECT"]
    assert row["value"] == shown_as


@pytest.mark.parametrize(
    ("key", "complaint"),
    [
        ("STATUSKIT_AUDIT", "STATUSKIT_AUDIT is 'loud'; it has to be"),
        ("STATUSKIT_AUDITS", "There is no setting STATUSKIT_AUDITS. Did you mean STATUSKIT_AUDIT?"),
    ],
)
def test_a_mistake_made_after_init_app_is_told(key: str, complaint: str) -> None:
    app = make_app()
    app.config[key] = "loud"
    result = invoke("config", app=app)
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {complaint}")


def test_an_application_without_statuskit_is_told_so() -> None:
    result = Flask("bare").test_cli_runner().invoke(group, ["config"])
    assert result.exit_code == 1
    assert result.output == "Error: bare has no StatusKit. Add StatusKit(app) to it.\n"


# The terminal -------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [60, 80, 100, 120])
def test_no_line_is_wider_than_the_terminal(columns: int) -> None:
    printed = [run("statuses", columns=columns), run("config", app=make_app(MANY), columns=columns)]
    printed += [run("statuses", str(code), columns=columns) for code in STATUSES]
    for line in (line for text in printed for line in text.splitlines()):
        *_, last = ["", *line.split("  ")]
        is_one_word = " " not in last
        assert len(line) <= columns or is_one_word
        assert line == line.rstrip()


def test_a_word_that_has_no_room_is_not_broken() -> None:
    assert " 'https://shop.example/problems/'\n" in run("config", app=make_app(MANY), columns=60)


@pytest.mark.parametrize("columns", [0, 1, 20])
def test_a_terminal_that_is_far_too_narrow_does_not_get_one_letter_a_line(columns: int) -> None:
    assert "raise NotFound" in run("statuses", columns=columns)
    assert "'X-Request-ID'" in run("config", columns=columns)


COMMANDS = [["statuses"], ["statuses", "409"], ["config"]]
every_command = pytest.mark.parametrize("command", COMMANDS, ids=" ".join)


@every_command
def test_colours_are_all_that_a_terminal_adds(command: list[str]) -> None:
    app = make_app(MANY)
    plain, coloured = run(*command, app=app), run(*command, app=app, color=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


@every_command
def test_json_has_no_colours(command: list[str]) -> None:
    printed = run(*command, "--json", color=True)
    assert "\x1b" not in printed
    strict_json(printed.encode())


@every_command
@pytest.mark.parametrize(("value", "coloured"), [("1", False), ("", True)])
def test_no_color_is_heard(
    command: list[str], value: str, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", value)
    assert ("\x1b" in run(*command, color=True)) is coloured


def test_what_somebody_has_set_stands_out() -> None:
    printed = run("config", app=make_app({"STATUSKIT_AUDIT": "off"}), color=True)
    bold = [line[4:].split()[0] for line in printed.splitlines() if line.startswith("\x1b[1m")]
    assert bold == ["SETTING", "STATUSKIT_AUDIT"]


def test_a_stream_without_an_encoding_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    group.main(["statuses", "409"], standalone_mode=False)
    assert "RFC 9110 §15.5.10" in stream.getvalue()


# In a process of its own --------------------------------------------------------------------------

APP = """
from flask import Flask
from flask_statuskit import StatusKit

app = Flask(__name__)
StatusKit(app, url_prefixes=["/caf\u00e9"])
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A directory with an application where Flask looks for it."""
    (tmp_path / "app.py").write_text(APP, encoding="utf-8")
    return tmp_path


def environment(**variables: str) -> dict[str, str]:
    ours = ("COLUMNS", "NO_COLOR", "FLASK_APP", "FLASK_DEBUG", "PYTHONIOENCODING", "PYTHONUTF8")
    return {k: v for k, v in os.environ.items() if k not in ours} | variables


def flask_command(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "flask", *arguments]


def in_process(
    directory: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        flask_command(*arguments),
        cwd=directory,
        env=environment(**variables),
        capture_output=True,
        check=False,
    )


def test_the_installed_package_gives_flask_the_commands() -> None:
    assert [e.load() for e in entry_points(group="flask.commands", name="statuskit")] == [group]


@pytest.mark.parametrize("source", [None, "raise RuntimeError('This does not start.')"])
def test_statuses_need_no_application(source: str | None, tmp_path: Path) -> None:
    if source is not None:
        (tmp_path / "app.py").write_text(source, encoding="utf-8")
    ran = in_process(tmp_path, "statuskit", "statuses", "409")
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout.startswith(b"409 Conflict")


def test_the_config_of_no_application_is_refused_as_flask_does(tmp_path: Path) -> None:
    ran = in_process(tmp_path, "statuskit", "config")
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert b"Could not locate a Flask application." in ran.stderr


def test_flasks_debug_flag_counts(project: Path) -> None:
    ran = in_process(project, "--debug", "statuskit", "config", "--json")
    assert ran.stderr == b""
    rows = {row["key"]: row for row in strict_json(ran.stdout)}
    assert rows["STATUSKIT_ENVIRONMENT"]["from"] == "DEBUG"
    assert rows["STATUSKIT_EXPOSE_INTERNALS"]["value"] is True


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp1252", "utf-8"])
@pytest.mark.parametrize("command", [["statuses"], ["config"]], ids=" ".join)
def test_an_encoding_that_lacks_characters_is_no_obstacle(
    command: list[str], encoding: str, project: Path
) -> None:
    ran = in_process(project, "statuskit", *command, PYTHONIOENCODING=encoding)
    assert (ran.returncode, ran.stderr) == (0, b"")
    ran.stdout.decode(encoding)


@pytest.mark.parametrize("command", [["statuses"], ["config", "--json"]], ids=" ".join)
def test_a_reader_that_goes_away_is_no_error_to_report(command: list[str], project: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        flask_command("statuskit", *command),
        cwd=project,
        env=environment(),
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert ran.stderr == b""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_real_terminal_has_its_colours_and_its_width(
    variables: dict[str, str], coloured: bool, project: Path
) -> None:
    import fcntl
    import struct
    import termios

    terminal, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 64, 0, 0))
    with subprocess.Popen(
        flask_command("statuskit", "config"),
        cwd=project,
        env=environment(**variables),
        stdin=slave,
        stdout=slave,
        stderr=slave,
    ) as process:
        os.close(slave)
        printed = b""
        # The end of a terminal is an error on Linux, and an empty read elsewhere.
        try:
            while chunk := os.read(terminal, 4096):
                printed += chunk
        except OSError:
            pass
        os.close(terminal)
    assert process.returncode == 0
    assert (b"\x1b[" in printed) is coloured
    plain = re.sub(rb"\x1b\[[0-9;]*m", b"", printed).decode()
    assert plain.startswith("SETTING")
    assert 60 < max(map(len, plain.split("\r\n"))) <= 64


# In applications ----------------------------------------------------------------------------------


def test_each_of_two_applications_has_the_commands() -> None:
    kit = StatusKit()
    apps = [Flask("one"), Flask("two")]
    for number, app in enumerate(apps):
        app.config["STATUSKIT_VALIDATION_STATUS"] = [422, 400][number]
        kit.init_app(app)
    assert [shown(app)["STATUSKIT_VALIDATION_STATUS"][1] for app in apps] == ["422", "400"]
    for app in apps:
        assert run("statuses", "404", app=app) == run("statuses", "404")


def test_the_commands_say_what_they_are_for() -> None:
    printed = run("--help")
    listed = re.findall(r"^  (\w+)  ", printed, re.MULTILINE)
    assert listed == ["config", "explain", "routes", "statuses", "types"]
    assert "..." not in printed.partition("Commands:")[2]


def test_every_setting_is_one_of_the_table() -> None:
    assert list(shown(make_app())) == [f"STATUSKIT_{name.upper()}" for name in ROWS]


def test_the_package_imports_no_more_of_click_than_flask_does() -> None:
    loaded = []
    for module in ("flask", "flask_statuskit"):
        program = f"import sys, {module}; print([m for m in sys.modules if m[:5] == 'click'])"
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
        loaded.append(ran.stdout)
    assert loaded[0] == loaded[1]
