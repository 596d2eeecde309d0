"""The member ``debug``: what an exception was, with secrets masked."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_statuskit.internals import debug_member, mask

SECRET = "hunter2"


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2",
        "password: hunter2",
        "password = 'hunter2'",
        'password="hunter2"',
        "Password=hunter2",
        "PGPASSWORD=hunter2",
        "db_password=hunter2",
        "passwd=hunter2",
        "pwd=hunter2",
        "the password is hunter2",
        "{'password': 'hunter2'}",
        '{"password": "hunter2", "user": "ann"}',
        "{'password': b'hunter2'}",
        "{'password' => 'hunter2'}",
        "secret=hunter2",
        "SECRET_KEY='hunter2'",
        "client_secret=hunter2&x=1",
        "token=hunter2",
        "access_token=hunter2",
        "access-token: hunter2",
        "api_key=hunter2",
        "apikey=hunter2",
        "X-Api-Key: hunter2",
        "access_key=hunter2",
        "private_key=hunter2",
        "credentials=hunter2",
        "signature=hunter2",
        "session=hunter2",
        "session_id=hunter2",
        "dsn=hunter2",
        "Cookie: hunter2",
        "Set-Cookie: hunter2",
        "Authorization: hunter2",
        "Authorization: Bearer hunter2",
        "authorization: Basic hunter2",
        "Authorization: Token hunter2",
        "https://ann:hunter2@example.com/",
        "postgresql://ann:hunter2@db/main",
        "redis://:hunter2@cache:6379",
        "cannot connect (password=hunter2)",
        "[token=hunter2]",
        "password='hunter2 with blanks'",
        "a=1 token=hunter2 b=2",
        "\u00fcber token=hunter2",
        "line one\npassword=hunter2\nline three",
        "Cookie: a=1; session_data=1; b=hunter2",
        r"password='a\'hunter2'",
        "passphrase=hunter2",
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    assert SECRET not in mask(text)
    assert "***" in mask(text)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("password=hunter2, user=ann", "password=***, user=ann"),
        ("https://ann:hunter2@example.com/a?b=c", "https://***@example.com/a?b=c"),
        ("token=hunter2&page=2", "token=***&page=2"),
        ("sent Bearer abcdefgh1234 to it", "sent Bearer *** to it"),
        ("password=a, token=b; secret=c", "password=***, token=***; secret=***"),
    ],
)
def test_what_stands_around_a_secret_stays(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no such table: users",
        "invalid literal for int() with base 10: 'x'",
        "https://example.com/a@b",
        "ann@example.com",
        "basic idea",
        "the bearer of news",
        "division by zero",
    ],
)
def test_a_text_without_secrets_stays(text: str) -> None:
    assert mask(text) == text


@given(
    st.sampled_from(["password", "api_key", "auth.token", "Client-Secret", "DSN"]),
    st.sampled_from(["=", ": ", " = ", "': ", '": ', " is "]),
    st.text(st.characters(categories=["L", "N"]), min_size=4),
)
def test_no_value_of_a_secret_name_is_shown(name: str, between: str, value: str) -> None:
    assert mask(f"before {name}{between}{value}|after") == f"before {name}{between}***"


# The member


class OutOfCredit(Exception):
    pass


def fail(text: object = "broken", depth: int = 0) -> Exception:
    """An exception that has been raised, and has a traceback as deep."""

    def raise_at(remaining: int) -> None:
        if remaining:
            raise_at(remaining - 1)
        raise OutOfCredit(text)

    try:
        raise_at(depth)
    except OutOfCredit as error:
        return error
    raise AssertionError


def test_the_member_has_type_message_frames_and_causes() -> None:
    member = debug_member(fail("no credit"))
    assert list(member) == ["type", "message", "frames", "causes"]
    assert member["type"] == f"{__name__}.OutOfCredit"
    assert member["message"] == "no credit"
    assert member["causes"] == []


@pytest.mark.parametrize(
    ("exception", "name"),
    [
        (ValueError(), "ValueError"),
        (json.JSONDecodeError("", "", 0), "json.decoder.JSONDecodeError"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
    ],
)
def test_a_type_is_named_by_its_module_but_for_builtins(
    exception: BaseException, name: str
) -> None:
    assert debug_member(exception)["type"] == name


def test_a_frame_names_file_line_function_and_code() -> None:
    frames = debug_member(fail())["frames"]
    assert [f["function"] for f in frames] == ["fail", "raise_at"]
    assert frames[-1]["file"] == "tests/test_internals.py"
    assert frames[-1]["code"] == "raise OutOfCredit(text)"
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    assert lines[frames[-1]["line"] - 1].strip() == frames[-1]["code"]


def test_no_path_of_the_machine_is_shown() -> None:
    assert str(Path(__file__).parent.parent) not in json.dumps(debug_member(fail()))


def test_no_values_of_variables_are_shown() -> None:
    local = "a-value-that-nothing-prints"
    with pytest.raises(ZeroDivisionError) as raised:
        print(len(local) / 0)
    assert local not in json.dumps(debug_member(raised.value)["frames"])


def test_the_innermost_frames_are_shown() -> None:
    frames = debug_member(fail(depth=50))["frames"]
    assert len(frames) == 20
    assert frames[-1]["code"] == "raise OutOfCredit(text)"
    assert {f["function"] for f in frames} == {"raise_at"}


def test_an_exception_that_was_not_raised_has_no_frames() -> None:
    assert debug_member(ValueError())["frames"] == []


def test_code_whose_source_is_not_at_hand_is_empty() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        exec(compile("1 / 0", "<template>", "exec"))
    frame = debug_member(raised.value)["frames"][-1]
    assert (frame["file"], frame["line"], frame["code"]) == ("/<template>", 1, "")


def test_secrets_in_message_code_and_causes_are_masked() -> None:
    with pytest.raises(ValueError, match="token") as raised:
        raise ValueError("token=hunter2") from OutOfCredit("password=hunter2")
    member = debug_member(raised.value)
    assert SECRET not in json.dumps(member)
    assert member["message"] == "token=***"
    assert member["causes"][0]["message"] == "password=***"


def test_a_long_message_is_cut() -> None:
    assert debug_member(ValueError("x" * 5_000_000))["message"] == "x" * 2000


def test_a_secret_at_the_end_of_a_long_message_is_masked_as_well() -> None:
    message = "x" * 1975 + " postgresql://ann:hunter2@db.example/main"
    assert SECRET not in debug_member(ValueError(message))["message"]


class Broken(Exception):
    def __str__(self) -> str:
        raise RuntimeError("broken")


@pytest.mark.parametrize(
    ("exception", "message"),
    [
        (Broken(), "<Broken>"),
        (ValueError(b"\xff"), "b'\\xff'"),
        (ValueError("a\ud800"), "a?"),
        (ValueError(), ""),
        (KeyError("a"), "'a'"),
    ],
)
def test_a_message_is_text_whatever_the_exception_holds(exception: Exception, message: str) -> None:
    assert debug_member(exception)["message"] == message


class DatabaseError(Exception):
    """As SQLAlchemy's: its text holds the statement and the values of a row."""

    statement = "INSERT INTO users VALUES (?)"

    def __str__(self) -> str:
        return f"{self.args[0]} [SQL: {self.statement}] [parameters: ('hunter2',)]"


@pytest.mark.parametrize(
    ("exception", "message"),
    [
        (DatabaseError("UNIQUE failed: users.email"), "UNIQUE failed: users.email"),
        (DatabaseError("duplicate key\nDETAIL: Key (email)=(hunter2) exists"), "duplicate key"),
    ],
)
def test_the_message_of_a_database_holds_no_values(exception: Exception, message: str) -> None:
    member = debug_member(chain(ValueError("a"), exception))
    assert debug_member(exception)["message"] == message
    assert SECRET not in json.dumps(member)


# Causes


def chain(*exceptions: Exception, attribute: str = "__cause__") -> Exception:
    for exception, cause in pairwise(exceptions):
        setattr(exception, attribute, cause)
    return exceptions[0]


def messages(exception: Exception) -> list[str]:
    return [cause["message"] for cause in debug_member(exception)["causes"]]


@pytest.mark.parametrize("attribute", ["__cause__", "__context__"])
def test_causes_are_listed_from_the_nearest_on(attribute: str) -> None:
    exception = chain(ValueError("a"), KeyError(), OutOfCredit("c"), attribute=attribute)
    assert debug_member(exception)["causes"] == [
        {"type": "KeyError", "message": ""},
        {"type": f"{__name__}.OutOfCredit", "message": "c"},
    ]


def test_a_cause_that_was_named_hides_the_context() -> None:
    exception = ValueError("a")
    exception.__context__ = ValueError("context")
    exception.__cause__ = ValueError("cause")
    assert messages(exception) == ["cause"]


def test_a_context_that_was_suppressed_stays_hidden() -> None:
    exception = ValueError("a")
    exception.__context__ = ValueError("context")
    exception.__suppress_context__ = True  # what `raise ... from None` sets
    assert messages(exception) == []


def test_no_more_than_five_causes_are_listed() -> None:
    exception = chain(*(ValueError(str(n)) for n in range(10)))
    assert messages(exception) == ["1", "2", "3", "4", "5"]


def test_causes_in_a_circle_come_to_an_end() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert messages(first) == ["second", "first", "second", "first", "second"]


class Empty(Exception):
    def __len__(self) -> int:
        return 0


def test_a_cause_may_be_false() -> None:
    assert messages(chain(ValueError("a"), Empty("b"))) == ["b"]
