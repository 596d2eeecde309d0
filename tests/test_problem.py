"""The values of RFC 9457: written, read back, hidden and bounded."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
from collections import UserDict, UserList
from collections.abc import Callable, Iterator
from datetime import date, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from support import strict_json

from flask_statuskit.dialects import PROBLEM, render
from flask_statuskit.problem import (
    OWN_MEMBERS,
    STANDARD_MEMBERS,
    FieldError,
    Problem,
    field_errors,
    json_pointer,
    text,
)
from flask_statuskit.statuses import STATUSES

PLACES = ["pointer", "parameter", "header", "cookie", "path"]


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no text")


class Color(enum.Enum):
    RED = "red"


class Word(str, enum.Enum):
    SHORT = "too_short"


# JSON Pointer


@pytest.mark.parametrize(
    ("keys", "pointer"),
    [
        ([], "#"),
        (["foo"], "#/foo"),
        (["foo", 0], "#/foo/0"),
        ([""], "#/"),
        (["a/b"], "#/a~1b"),
        (["c%d"], "#/c%25d"),
        (["e^f"], "#/e%5Ef"),
        (["g|h"], "#/g%7Ch"),
        (["i\\j"], "#/i%5Cj"),
        (['k"l'], "#/k%22l"),
        ([" "], "#/%20"),
        (["m~n"], "#/m~0n"),
    ],
)
def test_a_pointer_is_written_as_in_the_examples_of_rfc_6901(
    keys: list[object], pointer: str
) -> None:
    assert json_pointer(keys) == pointer


@given(st.lists(st.text() | st.integers()))
def test_a_pointer_finds_its_keys_again(keys: list[object]) -> None:
    pointer = json_pointer(keys)
    assert pointer.isascii()
    read = [
        part.replace("~1", "/").replace("~0", "~") for part in unquote(pointer[1:]).split("/")[1:]
    ]
    assert read == [str(key) for key in keys]


@pytest.mark.parametrize(
    ("key", "pointer"),
    [("\ud800", "#/?"), (b"\xff", "#/%EF%BF%BD"), (Broken(), "#/%3CBroken%3E")],
    ids=["surrogate", "bytes", "broken __str__"],
)
def test_a_pointer_can_be_written_of_any_key(key: object, pointer: str) -> None:
    assert json_pointer([key]) == pointer


# FieldError


@pytest.mark.parametrize("place", PLACES)
def test_a_field_error_says_only_what_is_known(place: str) -> None:
    where = {place: "#/age"}
    assert FieldError("Too low", **where).to_dict() == {"detail": "Too low", **where}
    assert FieldError("Too low", **where, code="min").to_dict() == {
        "detail": "Too low",
        **where,
        "code": "min",
    }


def test_a_field_error_stands_in_one_place() -> None:
    with pytest.raises(TypeError, match="give one of pointer, header"):
        FieldError("Wrong", pointer="#/age", header="X-Age")


@pytest.mark.parametrize("pointer", ["#", "#/", "#/age", "#/a~1b/0"])
def test_a_pointer_may_be_any_fragment(pointer: str) -> None:
    assert FieldError("Wrong", pointer=pointer).pointer == pointer


@pytest.mark.parametrize(
    ("pointer", "instead"),
    [
        ("age", "#/age"),
        ("/age", "#/age"),
        ("items/0/price", "#/items/0/price"),
        ("/a b", "#/a%20b"),
        ("#age", "#/%23age"),
        ("/a~1b", "#/a~1b"),
    ],
)
def test_a_pointer_that_is_no_fragment_is_refused_with_the_right_one(
    pointer: str, instead: str
) -> None:
    with pytest.raises(ValueError, match="is no JSON Pointer fragment") as raised:
        FieldError("Wrong", pointer=pointer)
    assert f"type pointer={instead!r}" in str(raised.value)


@pytest.mark.parametrize("value", [FieldError("Wrong"), Problem(404)], ids=["error", "problem"])
def test_values_are_frozen(value: Any) -> None:
    for field in dataclasses.fields(value):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field.name, None)


field_error_values = st.builds(
    lambda detail, where, code: FieldError(detail, **where, code=code),
    st.text(),
    st.just({})
    | st.fixed_dictionaries({"pointer": st.lists(st.text()).map(json_pointer)})
    | st.sampled_from(PLACES[1:]).flatmap(
        lambda place: st.fixed_dictionaries({place: st.text(min_size=1)})
    ),
    st.none() | st.text(min_size=1),
)


@given(field_error_values)
def test_a_field_error_reads_itself_back(error: FieldError) -> None:
    assert FieldError.from_dict(error.to_dict()) == error


@pytest.mark.parametrize(
    ("received", "read"),
    [
        ({}, FieldError("")),
        ({"detail": 5, "code": ["x"], "pointer": None}, FieldError("")),
        ({"detail": "Wrong", "extra": 1}, FieldError("Wrong")),
        ({"detail": "Wrong", "pointer": "/age"}, FieldError("Wrong")),
        ({"pointer": "#/a", "parameter": "b", "path": "c"}, FieldError("", pointer="#/a")),
        ({"header": "b", "cookie": "c"}, FieldError("", header="b")),
    ],
)
def test_a_received_field_error_is_read_as_far_as_it_makes_sense(
    received: dict[str, Any], read: FieldError
) -> None:
    assert FieldError.from_dict(received) == read


# Validation messages


@pytest.mark.parametrize(
    ("messages", "found"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"email": []}, [], id="a field without messages"),
        pytest.param("Wrong", [("#", "Wrong")], id="a text"),
        pytest.param(["One", "Two"], [("#", "One"), ("#", "Two")], id="texts"),
        pytest.param({"email": "Wrong"}, [("#/email", "Wrong")], id="a message without a list"),
        pytest.param(
            {"b": ["B1", "B2"], "a": ["A"]},
            [("#/b", "B1"), ("#/b", "B2"), ("#/a", "A")],
            id="in their order",
        ),
        pytest.param(
            {"user": {"address": {"zip": ["Wrong"]}}},
            [("#/user/address/zip", "Wrong")],
            id="nested",
        ),
        pytest.param(
            {"items": {0: {"price": ["Wrong"]}, 12: ["Unknown"]}},
            [("#/items/0/price", "Wrong"), ("#/items/12", "Unknown")],
            id="integer keys are indexes",
        ),
        pytest.param({"_schema": ["Whole"]}, [("#", "Whole")], id="_schema is the body"),
        pytest.param(
            {"user": {"_schema": ["Whole"], "name": ["Missing"]}},
            [("#/user", "Whole"), ("#/user/name", "Missing")],
            id="_schema is the value that holds it",
        ),
        pytest.param(
            {0: {"_schema": ["First"]}, "_schema": ["Not a list"]},
            [("#/0", "First"), ("#", "Not a list")],
            id="many=True mixes both",
        ),
        pytest.param({"a/b": {"m~n": ["Wrong"]}}, [("#/a~1b/m~0n", "Wrong")], id="escaped"),
        pytest.param({"a": ("One",)}, [("#/a", "One")], id="a tuple"),
        pytest.param({"a": {"Only"}}, [("#/a", "Only")], id="a set"),
        pytest.param({"a": (m for m in ["One", "Two"])}, [("#/a", "One"), ("#/a", "Two")], id="it"),
        pytest.param(MappingProxyType({"a": ["One"]}), [("#/a", "One")], id="any mapping"),
        pytest.param({"a": UserDict({"b": ["One"]})}, [("#/a/b", "One")], id="a UserDict"),
        pytest.param({"a": [5, b"bytes", None]}, [("#/a", "5"), ("#/a", "bytes"), ("#/a", "None")]),
        pytest.param({"a": [Broken()]}, [("#/a", "<Broken>")], id="a message without a text"),
        pytest.param({"a": UserList("ab")}, [("#/a", "['a', 'b']")], id="not any iterable"),
    ],
)
def test_messages_are_flattened_in_their_order(messages: Any, found: list[tuple[str, str]]) -> None:
    assert [(e.pointer, e.detail) for e in field_errors(messages)] == found


def test_field_errors_that_are_ready_pass_as_they_are() -> None:
    ready = FieldError("Wrong", parameter="page", code="min")
    errors = list(field_errors([ready, {"name": ["Missing", ready]}]))
    assert errors == [ready, FieldError("Missing", pointer="#/name"), ready]


class LazyText:
    """A translation that is looked up late, as Flask-Babel's."""

    def __str__(self) -> str:
        return "Falsch"

    def __iter__(self) -> Iterator[str]:
        return iter("Falsch")


def test_a_lazily_translated_message_is_one_message() -> None:
    assert [e.detail for e in field_errors({"a": LazyText()})] == ["Falsch"]


def nested(depth: int) -> Any:
    messages: Any = ["Deep"]
    for _ in range(depth):
        messages = {"a": messages}
    return messages


def test_messages_are_read_down_to_a_depth() -> None:
    assert [e.pointer for e in field_errors(nested(32))] == ["#" + "/a" * 32]
    assert list(field_errors(nested(33))) == []
    assert list(field_errors(nested(100_000))) == []


def holds_itself() -> dict[str, Any]:
    messages: dict[str, Any] = {"first": ["One"]}
    messages["self"] = messages
    messages["list"] = [messages, messages]
    return messages


def test_messages_that_hold_themselves_come_to_an_end() -> None:
    found = list(field_errors(holds_itself()))
    assert found[0] == FieldError("One", pointer="#/first")
    assert len(found) <= 10_000


@pytest.mark.parametrize(
    "messages",
    [
        [str(n) for n in range(50_000)],
        {str(n): [str(n)] for n in range(50_000)},
        [FieldError(str(n)) for n in range(50_000)],
    ],
    ids=["texts", "fields", "FieldErrors"],
)
def test_fifty_thousand_messages_are_the_first_thousands(messages: Any) -> None:
    details = [e.detail for e in field_errors(messages)]
    assert details == [str(n) for n in range(len(details))]
    assert 5000 < len(details) <= 10_000


# Problem


def test_the_body_has_its_members_in_the_order_of_the_rfc() -> None:
    problem = Problem(
        409,
        members={"request_id": "1", "zulu": 1, "alpha": 2},
        instance="/users",
        detail="Taken",
        title="Conflict",
        type="urn:x",
        headers=(("Allow", "GET"),),
    )
    assert list(problem.to_dict().items()) == [
        ("type", "urn:x"),
        ("title", "Conflict"),
        ("status", 409),
        ("detail", "Taken"),
        ("instance", "/users"),
        ("request_id", "1"),
        ("zulu", 1),
        ("alpha", 2),
    ]


def test_the_body_leaves_out_what_is_not_known() -> None:
    assert Problem(404).to_dict() == {"type": "about:blank", "status": 404}


def test_the_body_holds_field_errors_as_dictionaries() -> None:
    problem = Problem(422, members={"errors": (FieldError("Wrong", pointer="#/a"),)})
    assert problem.to_dict()["errors"] == [{"detail": "Wrong", "pointer": "#/a"}]


def test_a_body_can_be_changed_without_changing_its_problem() -> None:
    problem = Problem(409, members={"a": 1})
    problem.to_dict()["a"] = 2
    assert problem == Problem(409, members={"a": 1})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    max_leaves=10,
)
other_members = st.dictionaries(
    st.text().filter(lambda name: name not in STANDARD_MEMBERS | OWN_MEMBERS), json_values
)
problems = st.builds(
    lambda members, errors, **standard: Problem(
        **standard, members={**members, **({"errors": tuple(errors)} if errors else {})}
    ),
    status=st.integers(400, 599),
    type=st.text(min_size=1),
    title=st.none() | st.text(),
    detail=st.none() | st.text(),
    instance=st.none() | st.text(),
    members=other_members,
    errors=st.lists(field_error_values, max_size=3),
)


@given(problems)
def test_a_problem_reads_itself_back(problem: Problem) -> None:
    assert Problem.from_dict(problem.to_dict()) == problem


@given(problems)
def test_a_problem_reads_itself_back_from_json(problem: Problem) -> None:
    assert Problem.from_dict(json.loads(json.dumps(problem.to_dict()))) == problem


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        (name, wrong)
        for name in ["type", "title", "detail", "instance"]
        for wrong in [5, None, ["a"], {"a": 1}, True]
    ],
)
def test_a_received_member_of_the_wrong_type_is_ignored(name: str, wrong: Any) -> None:
    assert Problem.from_dict({"status": 404, name: wrong}) == Problem(404)


def test_an_empty_type_is_about_blank() -> None:
    assert Problem.from_dict({"status": 404, "type": ""}).type == "about:blank"


@pytest.mark.parametrize("said", [None, "404", 404.0, True, [404]])
def test_a_status_of_the_wrong_type_has_to_be_given(said: Any) -> None:
    with pytest.raises(ValueError, match=r"pass status=response\.status_code"):
        Problem.from_dict({"status": said})
    assert Problem.from_dict({"status": said}, status=404) == Problem(404)


def test_the_status_of_the_response_wins_over_what_the_body_says() -> None:
    assert Problem.from_dict({"status": 200}, status=404).status == 404


def test_unknown_members_are_kept_in_their_order() -> None:
    received = {"zulu": [1], "status": 409, "alpha": {"b": None}, "detail": "Taken"}
    assert list(Problem.from_dict(received).members.items()) == [
        ("zulu", [1]),
        ("alpha", {"b": None}),
    ]


def test_received_errors_are_field_errors_as_far_as_they_make_sense() -> None:
    received = {"status": 422, "errors": [{"detail": "Wrong", "pointer": "#/a"}, "x", 5, None, {}]}
    problem = Problem.from_dict(received)
    assert problem.members["errors"] == (FieldError("Wrong", pointer="#/a"), FieldError(""))


@pytest.mark.parametrize(
    "errors",
    [5, True, "text", {"name": ["Missing"]}],
)
def test_received_errors_of_another_shape_do_no_harm(errors: Any) -> None:
    # ASP.NET sends a mapping. The RFC has a reader ignore what it does not understand.
    body = Problem.from_dict({"status": 422, "errors": errors}).to_dict()
    assert body.get("errors", errors) == errors


@pytest.mark.parametrize(
    "errors",
    [
        5,
        True,
        "text",
        {"name": ["Missing"]},
    ],
)
def test_received_errors_of_another_shape_can_be_sent_on(errors: Any) -> None:
    problem = Problem.from_dict({"status": 422, "errors": errors})
    assert problem.bounded(1024).members == {"errors": errors}


# Redacted


@pytest.mark.parametrize("status", [500, 502, 507])
def test_a_redacted_problem_keeps_no_reason(status: int) -> None:
    problem = Problem(
        status,
        type="urn:problem-type:export-failed",
        title="The export failed",
        detail="psycopg.OperationalError: password of user shop is wrong",
        instance="/export",
        members={
            "request_id": "1",
            "host": "db1",
            "retry_after": 5,
            "errors": (FieldError("secret"),),
            "debug": {"message": "secret"},
        },
        headers=(("Retry-After", "5"),),
    )
    assert problem.redacted() == dataclasses.replace(
        problem, detail=STATUSES[status].sentence, members={"request_id": "1", "retry_after": 5}
    )


def test_a_redacted_problem_of_an_unregistered_status_has_no_detail() -> None:
    assert Problem(599, detail="secret").redacted().detail is None


# Bounded


def plain(value: Any) -> Any:
    return Problem(409, members={"it": value}).bounded(10_000).members["it"]


def deep(depth: int) -> Any:
    value: Any = "deep"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, None),
        (True, True),
        (5, 5),
        (2**64, 2**64),
        pytest.param(10**5000, None, id="a number too long for Python to write"),
        pytest.param(-(10**5000), None, id="a negative number too long for Python to write"),
        (enum.IntEnum("Number", {"ONE": 1}).ONE, 1),
        (1.5, 1.5),
        (math.nan, None),
        (math.inf, None),
        (-math.inf, None),
        ("text", "text"),
        ("\ud800", "?"),
        ("a\ud800\u20ac", "a?\u20ac"),
        (Word.SHORT, "too_short"),
        (b"bytes", "bytes"),
        (b"\xff", "\ufffd"),
        (bytearray(b"bytes"), "bytes"),
        ((1, 2), [1, 2]),
        ({3}, [3]),
        (frozenset({3}), [3]),
        ({"a": {"b": [math.nan]}}, {"a": {"b": [None]}}),
        ({1: "a", None: "b", b"c": "d"}, {"1": "a", "null": "b", "c": "d"}),
        ({"\ud800": 1}, {"?": 1}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (FieldError("Wrong", code="x"), {"detail": "Wrong", "code": "x"}),
        ([FieldError("Wrong")], [{"detail": "Wrong"}]),
    ],
)
def test_a_bounded_member_is_what_json_can_say(value: Any, said: Any) -> None:
    result = plain(value)
    assert result == said
    assert type(result) is type(said)


def test_a_key_without_a_text_has_the_name_of_its_class() -> None:
    assert plain({Broken(): 1}) == {"<Broken>": 1}


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("text", "text"),
        ({"amount": math.nan}, {"amount": None}),
        ([Decimal("1.5")], ["1.5"]),
        (None, None),
    ],
)
def test_a_value_of_another_type_is_what_the_encoder_makes_of_it(made: Any, said: Any) -> None:
    def to_plain(value: object) -> Any:
        return "1.5" if isinstance(value, Decimal) else made

    bounded = Problem(409, members={"it": Color.RED}).bounded(10_000, to_plain)
    assert bounded.members["it"] == said


@pytest.mark.parametrize("error", [TypeError, ValueError, RecursionError])
def test_a_value_that_the_encoder_does_not_know_has_the_name_of_its_class(
    error: type[Exception],
) -> None:
    def to_plain(value: object) -> Any:
        raise error

    bounded = Problem(409, members={"a": [Color.RED], "b": 1}).bounded(10_000, to_plain)
    assert bounded.members == {"a": ["<Color>"], "b": 1}


def test_an_encoder_that_never_comes_to_an_end_is_stopped() -> None:
    bounded = Problem(409, members={"it": Color.RED}).bounded(10_000, lambda value: value)
    assert bounded.members["it"] == "\u2026"


def test_a_bounded_member_is_no_deeper_than_a_limit() -> None:
    assert plain(deep(32)) == deep(32)
    assert "deep" not in json.dumps(plain(deep(40)))
    assert "deep" not in json.dumps(plain(deep(100_000)))


@pytest.mark.parametrize("make", [list, dict], ids=["list", "dict"])
def test_a_member_that_holds_itself_is_bounded(make: Callable[[], Any]) -> None:
    value = make()
    for key in range(3):
        value.append(value) if isinstance(value, list) else value.update({str(key): value})
    assert len(json.dumps(plain(value))) <= 10_000


def test_bounding_leaves_a_small_problem_as_it_is() -> None:
    problem = Problem(
        409, "urn:x", "Conflict", "Taken", "/users", {"a": [1, {"b": "c"}]}, (("Allow", "GET"),)
    )
    assert problem.bounded(1024) == problem


@pytest.mark.parametrize("name", ["title", "detail"])
@pytest.mark.parametrize("character", ["x", '"', "\0", "\u20ac", "\U0001f600"])
@pytest.mark.parametrize("size", [1024, 1025, 1026, 1027, 1028, 1029, 1030, 1031, 65_536])
def test_a_long_text_is_cut_with_an_ellipsis(name: str, character: str, size: int) -> None:
    standard: Any = {name: character * 5_000_000}
    bounded = Problem(409, **standard).bounded(size)
    cut = getattr(bounded, name)
    assert cut == character * (len(cut) - 1) + "\u2026"
    # No shorter than it has to be.
    assert size // 10 < len(json.dumps(cut)) <= size // 4


@pytest.mark.parametrize("size", [1024, 65_536])
def test_a_uri_is_whole_or_not_there(size: int) -> None:
    # A URI that is cut is another URI.
    short, long = "/" + "x" * (size // 10), "/" + "x" * size
    bounded = Problem(409, type=short, instance=short).bounded(size)
    assert (bounded.type, bounded.instance) == (short, short)
    bounded = Problem(409, type=long, instance=long).bounded(size)
    assert (bounded.type, bounded.instance) == ("about:blank", None)


def test_a_member_that_does_not_fit_leaves_the_room_to_others() -> None:
    members = {"request_id": "1", "x" * 2000: 1, "after": "y" * 900}
    bounded = Problem(409, members=members).bounded(1024)
    assert bounded.members == {"request_id": "1", "after": "y" * 900}


def test_the_size_holds_however_little_room_the_rest_leaves() -> None:
    errors = tuple(FieldError(f"Error {n}", code="x") for n in range(20))
    for length in range(1010):
        members = {"text": "x" * length, "errors": errors, "a": [{"b": 1}], "c": None}
        bounded = Problem(422, title="Invalid", members=members).bounded(1024)
        assert len(json.dumps(bounded.to_dict()) + "\n") <= 1024


def test_members_that_do_not_fit_are_left_out_and_the_first_ones_stay() -> None:
    members = {f"member{n}": n for n in range(1000)}
    bounded = Problem(409, members=members).bounded(1024)
    assert list(bounded.members.items()) == list(members.items())[: len(bounded.members)]
    assert 900 < len(json.dumps(bounded.to_dict())) <= 1024


@pytest.mark.parametrize("size", [1024, 1025, 1026, 1027, 1028, 1029, 65_536])
@pytest.mark.parametrize(
    ("value", "shorter"),
    [
        (list(range(10**5)), lambda n: list(range(n))),
        ({f"item-{n}": n for n in range(10**5)}, lambda n: {f"item-{i}": i for i in range(n)}),
        ([None] * 10**5, lambda n: [None] * n),
        ([10**600] * 10**4, lambda n: [10**600] * n),
        ([[]] * 10**5, lambda n: [[]] * n),
    ],
    ids=["numbers", "mapping", "nulls", "huge numbers", "empty lists"],
)
def test_a_list_or_mapping_is_cut_between_two_entries(value: Any, shorter: Any, size: int) -> None:
    bounded = Problem(409, members={"it": value}).bounded(size)
    kept = bounded.members["it"]
    assert kept == shorter(len(kept))
    assert len(json.dumps(bounded.to_dict())) <= size
    # No shorter than it has to be, but for one of the entries.
    assert len(json.dumps(bounded.to_dict())) > size * 0.8 - 700


@pytest.mark.parametrize("size", [1024, 1100, 1200, 65_536])
def test_field_errors_are_whole_and_those_that_had_to_go_are_counted(size: int) -> None:
    errors = tuple(FieldError(f"Error {n}", pointer=f"#/{n}", code="x") for n in range(5000))
    bounded = Problem(422, members={"request_id": "1", "errors": errors}).bounded(size)
    kept = bounded.members["errors"]
    assert 0 < len(kept) < 5000
    assert kept == [error.to_dict() for error in errors[: len(kept)]]
    assert len(kept) + bounded.members["errors_omitted"] == 5000
    assert size * 0.8 < len(json.dumps(bounded.to_dict())) <= size


def test_field_errors_that_all_fit_are_not_counted() -> None:
    errors = tuple(FieldError(f"Error {n}") for n in range(10))
    bounded = Problem(422, members={"errors": errors}).bounded(1024)
    assert bounded.members == {"errors": [e.to_dict() for e in errors]}


@pytest.mark.parametrize("size", [1024, 1025, 1026, 1027, 1028])
def test_field_errors_for_which_there_is_no_room_take_none(size: int) -> None:
    errors = tuple(FieldError(f"Error {n}") for n in range(500))
    problem = Problem(422, members={"text": "x" * 5000, "errors": errors})
    assert len(json.dumps(problem.bounded(size).to_dict())) <= size


def test_a_very_long_field_error_is_cut_and_leaves_room_for_others() -> None:
    errors = (FieldError("x" * 10**6, pointer="#/a"), FieldError("Wrong", pointer="#/b"))
    bounded = Problem(422, members={"errors": errors}).bounded(4096)
    [long, short] = bounded.members["errors"]
    assert long["detail"] == "x" * (len(long["detail"]) - 1) + "\u2026"
    assert (long["pointer"], short) == ("#/a", {"detail": "Wrong", "pointer": "#/b"})


def test_a_field_error_is_not_listed_without_its_detail() -> None:
    error = FieldError("The end precedes the start.")
    for length in range(700, 1000):
        members = {"text": "x" * length, "errors": (error,)}
        listed = Problem(422, members=members).bounded(1024).members.get("errors", [])
        assert all(entry["detail"] is not None for entry in listed)


@pytest.mark.parametrize("entry", ["a text", 5, {"detail": 5}, {"reason": "Wrong"}])
def test_errors_of_another_shape_are_listed_as_they_are(entry: Any) -> None:
    bounded = Problem(422, members={"errors": [entry, FieldError("Wrong")]}).bounded(1024)
    assert bounded.members == {"errors": [entry, {"detail": "Wrong"}]}


def test_a_very_long_pointer_is_not_cut() -> None:
    # It holds the name of a field, which may be the client's own.
    errors = (FieldError("Unknown field.", pointer="#/" + "x" * 10**6), FieldError("Wrong"))
    kept = Problem(422, members={"errors": errors}).bounded(4096).members["errors"]
    assert all("\u2026" not in error.get("pointer", "") for error in kept)


def flasks_dumps(value: Any) -> str:
    return Flask("shop").json.dumps(value)


def unescaped_dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def bytes_dumps(value: Any) -> bytes:
    return json.dumps(value).encode()


DUMPS = {
    "json": json.dumps,
    "flask": flasks_dumps,
    "unescaped": unescaped_dumps,
    "bytes": bytes_dumps,
}

any_text = st.text(st.characters(codec=None, exclude_categories=()))
hashable_garbage = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10, 6000).map(lambda digits: -(10**digits))
    | st.floats()
    | any_text
    | st.binary()
    | st.dates()
    | st.datetimes(timezones=st.sampled_from([None, timezone.utc]))
    | st.uuids()
    | st.complex_numbers()
    | st.sampled_from([Color.RED, Word.SHORT, date, len, ...])
    | st.builds(Broken)
    | st.builds(object)
    | field_error_values
)


def _cyclic(value: Any) -> Any:
    if isinstance(value, list):
        value.append(value)
    if isinstance(value, dict):
        value["self"] = [value, value]
    return value


acyclic_garbage = st.recursive(
    hashable_garbage | st.decimals() | st.binary().map(bytearray),
    lambda values: (
        st.lists(values)
        | st.tuples(values, values)
        | st.sets(hashable_garbage)
        | st.frozensets(hashable_garbage)
        | st.dictionaries(hashable_garbage, values)
    ),
    max_leaves=20,
)
garbage = acyclic_garbage | acyclic_garbage.map(_cyclic).map(lambda value: [value])
member_names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,20}", fullmatch=True).filter(
    lambda name: name not in STANDARD_MEMBERS | OWN_MEMBERS
)


@given(
    dumps=st.sampled_from(sorted(DUMPS)),
    max_bytes=st.integers(1024, 5000),
    title=any_text.map(text),
    detail=st.none()
    | any_text.map(text)
    | st.sampled_from(["x", "\0", "\U0001f600"]).map(lambda character: character * 10_000),
    members=st.dictionaries(member_names, garbage, max_size=5),
    errors=st.none() | st.lists(acyclic_garbage, max_size=5),
)
def test_whatever_is_thrown_in_the_body_is_json_of_bounded_size(
    dumps: str,
    max_bytes: int,
    title: str,
    detail: str | None,
    members: dict[str, Any],
    errors: list[Any] | None,
) -> None:
    if errors is not None:
        members = {"errors": tuple(field_errors(errors)), **members}
    problem = Problem(409, title=title, detail=detail, members=members)
    body = render(problem, PROBLEM, DUMPS[dumps], max_bytes)
    assert len(body) <= max_bytes
    read = strict_json(body)
    assert read["status"] == 409
    assert read.keys() <= {"type", "title", "status", "detail", "errors_omitted", *members}


@given(acyclic_garbage)
def test_field_errors_can_be_made_of_anything(messages: Any) -> None:
    errors = list(field_errors(messages))
    strict_json(json.dumps([e.to_dict() for e in errors]).encode())


# text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a", "a"),
        ("\u20ac\U0001f600", "\u20ac\U0001f600"),
        ("\ud800a", "?a"),
        (b"\xe2\x82\xac\xff", "\u20ac\ufffd"),
        (5, "5"),
        (Word.SHORT, "too_short"),
        (Broken(), "<Broken>"),
        (LazyText(), "Falsch"),
        (ValueError("a\ud800"), "a?"),
    ],
)
def test_a_text_is_made_of_anything(value: object, written: str) -> None:
    assert text(value) == written
    assert type(text(value)) is str


class NotJustText(str):
    def __str__(self) -> str:
        raise RuntimeError("broken")


def test_the_text_of_a_text_does_not_ask_its_class() -> None:
    assert text(NotJustText("a")) == "a"
