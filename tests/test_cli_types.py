"""`flask statuskit types`: the problem types, and what of them breaks clients."""

from __future__ import annotations

import json
import os
import stat
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from click.testing import Result
from flask import Flask
from flask.json.provider import DefaultJSONProvider
from hypothesis import given
from hypothesis import strategies as st
from support import strict_json
from test_cli import as_json, invoke, run, words

from flask_statuskit import (
    Conflict,
    InsufficientStorage,
    PaymentRequired,
    StatusError,
    StatusKit,
    ValidationError,
    raises,
)
from flask_statuskit.cli import group


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> list[type[StatusError]]:
    """The problem types that there are; those of other tests are none here."""
    known: list[type[StatusError]] = []
    monkeypatch.setattr(StatusKit, "problem_types", lambda self: known)
    return known


class OutOfCredit(PaymentRequired):
    title = "You do not have enough credit"
    balance: int
    price: int | None = None
    currencies: list[str]


class Full(InsufficientStorage):
    type = "https://shop.example/full"
    used: int


class OpenlyFull(InsufficientStorage):
    expose = True
    used: int


class InvalidOrder(ValidationError):
    """Of the status of a setting."""


def make_app(**options: Any) -> Flask:
    app = Flask("shop", static_folder=None)
    StatusKit(app, **options)

    @app.route("/orders", methods=["GET", "POST"])
    @raises(OutOfCredit)
    def order() -> str:
        return ""

    return app


def lines(*arguments: str, **options: Any) -> list[str]:
    return run("types", *arguments, app=make_app(**options)).splitlines()


# The table ----------------------------------------------------------------------------------------


def test_each_type_is_listed_with_its_members_and_who_declares_it(types: Any) -> None:
    types += [OpenlyFull, OutOfCredit]
    assert lines() == [
        "402  out-of-credit  You do not have enough credit",
        "     Members    balance: integer",
        "                price: integer or null",
        "                currencies: array of string",
        "     Views      GET /orders",
        "                POST /orders",
        "",
        "507  openly-full    Openly full",
        "     Members    used: integer",
        "     Views      none",
    ]


def test_a_narrow_terminal_gets_titles_below(types: Any) -> None:
    types += [OutOfCredit]
    printed = run("types", app=make_app(), columns=40).splitlines()
    assert printed[:2] == ["402  out-of-credit", "     You do not have enough credit"]


def test_there_may_be_no_types(types: Any) -> None:
    assert words(run("types", app=make_app())).startswith("There are no problem types")
    assert as_json("types", app=make_app()) == []


def test_a_server_error_that_is_hidden_shows_no_members(types: Any) -> None:
    types += [Full]
    assert as_json("types", app=make_app()) == [
        {
            "type": "https://shop.example/full",
            "status": 507,
            "title": "Full",
            "members": {},
            "declared_by": [],
        }
    ]


def test_types_for_programs(types: Any) -> None:
    types += [OutOfCredit]
    assert as_json("types", app=make_app(type_base="https://shop.example/problems")) == [
        {
            "type": "out-of-credit",
            "status": 402,
            "title": "You do not have enough credit",
            "members": {
                "balance": {"type": "integer"},
                "price": {"type": ["integer", "null"]},
                "currencies": {"type": "array", "items": {"type": "string"}},
            },
            "declared_by": ["GET /orders", "POST /orders"],
        }
    ]


# --lock -------------------------------------------------------------------------------------------


def lock(file: Path, **options: Any) -> str:
    assert run("types", "--lock", str(file), app=make_app(**options))
    return file.read_text(encoding="utf-8")


def test_the_lock_is_sorted_and_for_people_to_compare(types: Any, tmp_path: Path) -> None:
    types += [OpenlyFull, OutOfCredit]
    written = lock(tmp_path / "types.json")
    assert written.endswith("}\n")
    assert written == json.dumps(json.loads(written), indent=2, sort_keys=True) + "\n"
    types.reverse()
    assert lock(tmp_path / "types.json") == written
    assert strict_json(written.encode()) == {
        "openly-full": {"status": 507, "members": {"used": {"type": "integer"}}},
        "out-of-credit": {
            "status": 402,
            "members": {
                "balance": {"type": "integer"},
                "price": {"type": ["integer", "null"]},
                "currencies": {"type": "array", "items": {"type": "string"}},
            },
        },
    }


def test_what_is_written_is_said(types: Any, tmp_path: Path) -> None:
    types += [OutOfCredit]
    file = tmp_path / "types.json"
    assert (
        run("types", "--lock", str(file), app=make_app()) == f"1 problem type written to {file}.\n"
    )
    assert os.listdir(tmp_path) == ["types.json"]


@pytest.mark.parametrize("option", ["type_base", "catalog_url"])
def test_where_the_types_are_is_no_part_of_the_lock(
    option: str, types: Any, tmp_path: Path
) -> None:
    types += [OutOfCredit]
    elsewhere = lock(tmp_path / "there.json", **{option: "https://shop.example/problems"})
    assert elsewhere == lock(tmp_path / "here.json")


def test_what_could_not_be_put_in_place_is_removed(
    types: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", busy)
    result = invoke("types", "--lock", str(tmp_path / "types.json"), app=make_app())
    assert result.exit_code == 2
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such modes")
def test_the_file_may_be_read_by_whoever_may_read_others(types: Any, tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    lock(tmp_path / "types.json")
    modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert len(modes) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="links take a privilege")
def test_a_link_stays_a_link(types: Any, tmp_path: Path) -> None:
    types += [OutOfCredit]
    (tmp_path / "link").symlink_to(tmp_path / "types.json")
    lock(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert "out-of-credit" in (tmp_path / "types.json").read_text(encoding="utf-8")


def test_what_stands_there_stays_if_nothing_can_be_written(
    types: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "types.json"
    before = lock(file)
    types += [OutOfCredit]

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    result = invoke("types", "--lock", str(file), app=make_app())
    assert result.exit_code == 2
    assert "cannot be written: No space left on device." in words(result.output)
    assert file.read_text(encoding="utf-8") == before
    assert os.listdir(tmp_path) == ["types.json"]


def test_a_directory_that_is_not_there_is_said(types: Any, tmp_path: Path) -> None:
    result = invoke("types", "--lock", str(tmp_path / "no" / "types.json"), app=make_app())
    assert result.exit_code == 2
    assert "cannot be written" in words(result.output)


# --check ------------------------------------------------------------------------------------------


def check(directory: Path, was: Any, now: Any, types: Any, **options: Any) -> Result:
    """Lock with one list of types, and check with another."""
    file = directory / "types.json"
    types[:] = was
    lock(file)
    types[:] = now
    return invoke("types", "--check", str(file), app=make_app(**options))


def a_type(status: type[StatusError], **members: Any) -> type[StatusError]:
    return type("Changing", (status,), {"__annotations__": members, "__module__": __name__})


class Sent(str): ...


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ([OutOfCredit], [OutOfCredit]),
        ([], [OutOfCredit]),
        ([a_type(Conflict)], [a_type(Conflict, added=int)]),
        ([a_type(Conflict, one=int, other=str)], [a_type(Conflict, other=str, one=int)]),
        ([a_type(Conflict, one=int | None)], [a_type(Conflict, one=None | int)]),
        ([a_type(Conflict, one=Literal["a", "b"])], [a_type(Conflict, one=Literal["b", "a"])]),
        ([a_type(Conflict, one=str)], [a_type(Conflict, one=Sent)]),
        ([a_type(Conflict, one=int)], [a_type(Conflict, one=int), OutOfCredit]),
    ],
)
def test_what_breaks_nobody_passes(was: Any, now: Any, types: Any, tmp_path: Path) -> None:
    result = check(tmp_path, was, now, types)
    counted = "1 problem type" if len(now) == 1 else f"{len(now)} problem types"
    assert (result.exit_code, result.output) == (
        0,
        f"{counted}, and nothing is missing that {tmp_path / 'types.json'} has.\n",
    )


INTEGER = '{"type": "integer"}'


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        (
            [OutOfCredit],
            [],
            ["out-of-credit: was a problem type with status 402, is gone"],
        ),
        ([a_type(Conflict)], [a_type(PaymentRequired)], ["changing: status was 409, is 402"]),
        (
            [a_type(Conflict, one=int)],
            [a_type(Conflict)],
            [f"changing: member one was {INTEGER}, is gone"],
        ),
        (
            [a_type(Conflict, one=int)],
            [a_type(Conflict, one=str)],
            [f'changing: member one was {INTEGER}, is {{"type": "string"}}'],
        ),
        (
            [a_type(Conflict, one=int)],
            [a_type(Conflict, one=int | None)],
            [f'changing: member one was {INTEGER}, is {{"type": ["integer", "null"]}}'],
        ),
        (
            [a_type(Conflict, one=Literal["red", "blue"])],
            [a_type(Conflict, one=Literal["red"])],
            ['changing: member one was {"enum": ["blue", "red"]}, is {"enum": ["red"]}'],
        ),
        (
            [a_type(Conflict, one=tuple[int, str])],
            [a_type(Conflict, one=tuple[str, int])],
            [
                f'changing: member one was {{"prefixItems": [{INTEGER}, {{"type": "string"}}],'
                f' "type": "array"}}, is {{"prefixItems": [{{"type": "string"}}, {INTEGER}],'
                ' "type": "array"}'
            ],
        ),
        (
            [a_type(Conflict, b=int, a=int), OutOfCredit],
            [a_type(PaymentRequired)],
            [
                "changing: status was 409, is 402",
                f"changing: member a was {INTEGER}, is gone",
                f"changing: member b was {INTEGER}, is gone",
                "out-of-credit: was a problem type with status 402, is gone",
            ],
        ),
    ],
)
def test_what_breaks_clients_is_said_in_a_line_each(
    was: Any, now: Any, said: list[str], types: Any, tmp_path: Path
) -> None:
    result = check(tmp_path, was, now, types)
    assert result.exit_code == 1
    assert result.output.splitlines() == said


def test_a_setting_that_changes_a_status_breaks_clients(types: Any, tmp_path: Path) -> None:
    result = check(tmp_path, [InvalidOrder], [InvalidOrder], types, validation_status=400)
    assert result.exit_code == 1
    assert result.output == "invalid-order: status was 422, is 400\n"


def test_another_example_of_a_value_breaks_nobody(types: Any, tmp_path: Path) -> None:
    types += [a_type(Conflict, at=datetime)]
    file = tmp_path / "types.json"
    written = lock(file)
    assert "examples" not in written
    content = json.loads(written)
    content["changing"]["members"]["at"]["examples"] = ["1999-12-31T23:59:59Z"]
    file.write_text(json.dumps(content), encoding="utf-8")
    assert invoke("types", "--check", str(file), app=make_app()).exit_code == 0


def test_another_encoder_breaks_clients(types: Any, tmp_path: Path) -> None:
    class Seconds(DefaultJSONProvider):
        @staticmethod
        def default(value: Any) -> Any:
            return value.timestamp()

    types += [a_type(Conflict, at=datetime)]
    file = tmp_path / "types.json"
    lock(file)
    app = make_app()
    app.json = Seconds(app)
    result = invoke("types", "--check", str(file), app=app)
    assert result.exit_code == 1
    assert result.output.endswith('is {"type": "number"}\n')


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["out-of-credit", "status", "members", "x"]), inner)
    ),
    max_leaves=8,
)

BROKEN = [
    b"",
    b"{",
    b"\xff",
    b"[" * 100_000,
    b"[]",
    b"null",
    b'{"out-of-credit": 7}',
    b'{"out-of-credit": {}}',
    b'{"out-of-credit": {"status": "402", "members": {}}}',
    b'{"out-of-credit": {"status": true, "members": {}}}',
    b'{"out-of-credit": {"status": 402, "members": []}}',
]


@pytest.mark.parametrize("content", BROKEN, ids=lambda content: repr(content[:50]))
def test_a_broken_file_is_refused(content: bytes, types: Any, tmp_path: Path) -> None:
    file = tmp_path / "types.json"
    file.write_bytes(content)
    result = invoke("types", "--check", str(file), app=make_app())
    assert result.exit_code == 2
    assert "Invalid value for --check" in result.output
    assert f"flask statuskit types --lock {file}" in words(result.output)


@given(json_values)
def test_no_file_makes_a_traceback(tmp_path_factory: pytest.TempPathFactory, content: Any) -> None:
    file = tmp_path_factory.getbasetemp() / "whatever.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    result = invoke("types", "--check", str(file), app=make_app())
    assert result.exit_code in (0, 1, 2)
    assert result.exception is None or isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_file_that_is_not_there_is_refused(name: str, types: Any, tmp_path: Path) -> None:
    result = invoke("types", "--check", str(tmp_path / name), app=make_app())
    assert result.exit_code == 2
    assert "Invalid value for '--check'" in result.output


def test_what_breaks_can_be_had_as_json(types: Any, tmp_path: Path) -> None:
    file = tmp_path / "types.json"
    file.write_text('{"gone": {"status": 409, "members": {}}}', encoding="utf-8")
    result = invoke("types", "--check", str(file), "--json", app=make_app())
    breaks = ["gone: was a problem type with status 409, is gone"]
    assert (result.exit_code, strict_json(result.output.encode())) == (1, {"breaks": breaks})
    file.write_text("{}", encoding="utf-8")
    assert as_json("types", "--check", str(file), app=make_app()) == {"breaks": []}


# Both ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [("--lock", "--check"), ("--lock", "--json")])
def test_one_thing_at_a_time(options: tuple[str, ...], types: Any, tmp_path: Path) -> None:
    file = tmp_path / "types.json"
    file.write_text("{}", encoding="utf-8")
    words_of = {
        "--json": ["--json"],
        "--lock": ["--lock", str(file)],
        "--check": ["--check", str(file)],
    }
    arguments = [word for option in options for word in words_of[option]]
    result = invoke("types", *arguments, app=make_app())
    assert result.exit_code == 2
    assert "Type --lock without --check and without --json." in words(result.output)
    assert file.read_text(encoding="utf-8") == "{}"


def test_an_application_without_statuskit_is_told_so() -> None:
    result = Flask("bare").test_cli_runner().invoke(group, ["types"])
    assert result.exit_code == 1
    assert result.output == "Error: bare has no StatusKit. Add StatusKit(app) to it.\n"


def test_the_help_says_that_the_url_is_a_setting() -> None:
    assert "STATUSKIT_TYPE_BASE" in run("types", "--help")
