"""The exceptions to raise: the table of classes, what each owes, and classes of users' own."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
import textwrap
import typing
import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import exceptions as werkzeugs
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.http import parse_dict_header

import flask_statuskit
from flask_statuskit import (
    BadRequest,
    Conflict,
    FieldError,
    Forbidden,
    Gone,
    InternalServerError,
    MethodNotAllowed,
    NetworkAuthenticationRequired,
    NotFound,
    PaymentRequired,
    RangeNotSatisfiable,
    RateLimited,
    RequestHeaderFieldsTooLarge,
    ServiceUnavailable,
    StatusError,
    TooManyRequests,
    Unauthorized,
    UnavailableForLegalReasons,
    UnprocessableContent,
    UnsupportedMediaType,
    UpgradeRequired,
    ValidationError,
    exceptions,
)
from flask_statuskit.exceptions import ERRORS
from flask_statuskit.problem import OWN_MEMBERS, STANDARD_MEMBERS
from flask_statuskit.statuses import STATUSES, Status

ERROR_ROWS = [row for code, row in STATUSES.items() if code >= 400]
every_row = pytest.mark.parametrize("row", ERROR_ROWS, ids=lambda row: str(row.code))

#: The registry calls 418 "(Unused)"; 429 is the one that is raised by what it means.
NAMED_OTHERWISE = {418: "ImATeapot", 429: "RateLimited"}
#: Statuses that Werkzeug 3.1 has no class for.
UNKNOWN_TO_WERKZEUG = {402, 407, 425, 426, 506, 507, 508, 510, 511}


def build(cls: type[StatusError], *args: Any, **options: Any) -> StatusError:
    """The error, without the warning that 407 and 426 give."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cls(*args, **options)


def in_camel_case(phrase: str) -> str:
    return "".join(word[0].upper() + word[1:] for word in phrase.split())


def lines(error: StatusError, name: str) -> list[str]:
    """The values of a header, line by line."""
    return [value for key, value in error.get_headers() if key.lower() == name.lower()]


# The table, both ways


def test_every_error_status_has_a_class_and_every_class_a_row() -> None:
    assert set(ERRORS) == {row.code for row in ERROR_ROWS}
    assert all(cls.code == code for code, cls in ERRORS.items())


def test_no_status_has_a_second_class_but_validation_error() -> None:
    public = {
        cls
        for name, cls in vars(exceptions).items()
        if inspect.isclass(cls) and issubclass(cls, StatusError) and not name.startswith("_")
    }
    assert public - set(ERRORS.values()) == {StatusError, ValidationError}
    assert len(set(ERRORS.values())) == len(ERRORS)


@every_row
def test_a_class_is_named_by_the_phrase_of_its_status(row: Status) -> None:
    expected = NAMED_OTHERWISE.get(row.code, in_camel_case(row.phrase))
    assert ERRORS[row.code].__name__ == expected
    assert vars(flask_statuskit)[expected] is ERRORS[row.code]


def test_the_429_has_the_name_of_its_phrase_as_well() -> None:
    assert in_camel_case(STATUSES[429].phrase) == "TooManyRequests"
    assert TooManyRequests is RateLimited


@every_row
def test_a_class_is_werkzeugs_class_where_there_is_one(row: Status) -> None:
    theirs = {
        cls
        for cls in ERRORS[row.code].__mro__
        if cls.__module__ == werkzeugs.__name__
        and not cls.__name__.startswith("_")
        and cls is not werkzeugs.HTTPException
    }
    known = werkzeugs.default_exceptions.get(row.code)
    assert theirs == ({known} if known else set())
    assert (known is None) == (row.code in UNKNOWN_TO_WERKZEUG)


@every_row
def test_an_error_is_caught_as_werkzeugs(row: Status) -> None:
    with pytest.raises(werkzeugs.default_exceptions.get(row.code, werkzeugs.HTTPException)):
        raise build(ERRORS[row.code])


@every_row
def test_a_bare_error_says_what_its_row_says(row: Status) -> None:
    error = build(ERRORS[row.code])
    assert (error.code, error.name) == (row.code, row.phrase)
    assert error.detail == error.description == row.sentence
    assert (error.type, error.title) == ("about:blank", None)
    assert (error.errors, error.get_members(), error.retry_after) == ((), {}, None)
    assert error.get_headers() == [("Content-Type", "text/html; charset=utf-8")]
    assert str(error) == f"{row.code} {row.phrase}: {row.sentence}"


@every_row
def test_a_docstring_begins_with_when_to_raise_and_cites_the_section(row: Status) -> None:
    doc = inspect.getdoc(ERRORS[row.code]) or ""
    assert re.match(r"Raise (when|never)\b", doc)
    assert re.search(re.escape(row.section) + r"(?![\d.]*\d)", " ".join(doc.split()))


def test_validation_error_says_when_to_raise_it_too() -> None:
    assert re.match(r"Raise when\b.*RFC 9457 §3", inspect.getdoc(ValidationError) or "")


def test_the_tree_in_the_module_docstring_shows_every_class() -> None:
    shown = re.findall(r"[├└]── (\d{3}) (\w+)(?: \((\w+)\))?", exceptions.__doc__ or "")
    assert {int(code): name for code, name, _ in shown} == {
        code: cls.__name__ for code, cls in ERRORS.items()
    }
    assert [alias for _, _, alias in shown if alias] == ["TooManyRequests"]


def test_only_what_is_written_for_clients_is_shown_in_production() -> None:
    assert {code for code, cls in ERRORS.items() if cls.expose} == {503, 511}


def test_flask_finds_an_original_exception_on_a_500() -> None:
    assert InternalServerError().original_exception is None


# Building


def test_the_first_argument_is_the_detail() -> None:
    error = Conflict("An account with this email already exists", email="a@b.c")
    assert error.detail == error.description == "An account with this email already exists"
    assert error.get_members() == {"email": "a@b.c"}


@pytest.mark.parametrize("cls", [Conflict, MethodNotAllowed, RateLimited, Unauthorized])
def test_nothing_else_is_positional(cls: Any) -> None:
    with pytest.raises(TypeError, match="positional"):
        cls("detail", "other")


def test_the_detail_can_be_given_by_werkzeugs_name() -> None:
    error = Conflict(description="Taken")
    assert (error.detail, error.get_members()) == ("Taken", {})


def test_type_and_title_can_be_given_for_one_error() -> None:
    error = Conflict(type="https://example.com/taken", title="Taken")
    assert (error.type, error.title) == ("https://example.com/taken", "Taken")
    assert (Conflict.type, Conflict.title) == ("about:blank", None)


def test_the_base_class_has_no_status_to_raise() -> None:
    with pytest.raises(TypeError, match="StatusError has no status: raise a subclass such as"):
        StatusError("Something")


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("status", "raise the class of that status instead"),
        ("instance", "it is the path of the request; name your own member differently"),
        *((name, "name it differently") for name in ["request_id", "errors_omitted", "debug"]),
    ],
)
def test_a_reserved_member_is_refused_with_what_to_do_instead(name: str, instead: str) -> None:
    with pytest.raises(TypeError) as raised:
        Conflict(**{name: 1})
    assert str(raised.value) == (
        f"Conflict: the member {name!r} is written by flask-statuskit; {instead}."
    )


def test_every_name_that_the_body_uses_is_a_parameter_or_reserved() -> None:
    parameters = inspect.signature(Conflict).parameters
    for name in sorted((STANDARD_MEMBERS | OWN_MEMBERS) - parameters.keys()):
        with pytest.raises(TypeError, match=f"the member '{name}' is written by"):
            Conflict(**{name: 1})


@pytest.mark.parametrize(
    "name", ["1st", "_private", "with-hyphen", "with space", "", "caf\u00e9", "a\r\nb", "a.b"]
)
def test_a_name_that_rfc_9457_does_not_allow_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match=r"is no name for a member: begin with a letter"):
        Conflict(**{name: 1})


@pytest.mark.parametrize("name", ["a", "email", "emailAddress", "n1", "snake_case"])
def test_a_bare_error_takes_any_other_member(name: str) -> None:
    assert Conflict(**{name: 1}).get_members() == {name: 1}


@pytest.mark.parametrize(
    "headers",
    [{"X-A": "1", "Allow": 2}, [("X-A", "1"), ("Allow", 2)], iter([("X-A", "1"), ("Allow", "2")])],
    ids=["mapping", "pairs", "iterator"],
)
def test_headers_are_added_and_replace_those_of_the_same_name(headers: Any) -> None:
    error = MethodNotAllowed(valid_methods=["GET"], headers=headers)
    assert error.headers == (("X-A", "1"), ("Allow", "2"))
    assert [h for h in error.get_headers() if h[0] != "Content-Type"] == [
        ("X-A", "1"),
        ("Allow", "2"),
    ]


def test_a_header_may_have_several_lines() -> None:
    error = NotFound(headers=[("Link", "<a>"), ("link", "<b>")])
    assert lines(error, "Link") == ["<a>", "<b>"]


def test_headers_of_one_error_are_not_those_of_the_next() -> None:
    NotFound(headers={"X-A": "1"}, retry_after=5)
    assert NotFound().get_headers() == [("Content-Type", "text/html; charset=utf-8")]


@pytest.mark.parametrize(
    ("retry_after", "sent"),
    [
        (0, ["0"]),
        (1.5, ["2"]),
        (timedelta(minutes=1), ["60"]),
        (datetime(2020, 1, 1, tzinfo=timezone.utc), ["0"]),
        ("60", ["60"]),
        (None, []),
        ("soon", []),
    ],
)
@pytest.mark.parametrize("cls", [Conflict, RateLimited, ServiceUnavailable])
def test_retry_after_is_sent_once_in_whole_seconds(
    cls: type[StatusError], retry_after: Any, sent: list[str]
) -> None:
    assert lines(cls(retry_after=retry_after), "Retry-After") == sent


def test_any_error_takes_validation_messages() -> None:
    error = Conflict(errors={"email": ["Taken"]})
    assert error.errors == (FieldError("Taken", pointer="#/email"),)


class Exposed(InternalServerError):
    expose = True


class Closed(StatusError):
    code = 599


@pytest.mark.parametrize(
    ("error", "html"),
    [
        (Conflict("Taken <b>"), "<p>Taken &lt;b&gt;</p>"),
        (ServiceUnavailable("Back at noon"), "<p>Back at noon</p>"),
        (Exposed("Sorry"), "<p>Sorry</p>"),
        (InternalServerError("password=x"), f"<p>{STATUSES[500].sentence}</p>"),
        (Closed("password=x"), "<p></p>"),
    ],
)
def test_where_werkzeug_renders_an_error_its_detail_is_as_hidden(
    error: StatusError, html: str
) -> None:
    assert error.get_description() == html
    assert html in error.get_body()


# Headers that a status owes


@pytest.mark.parametrize(
    ("options", "challenge"),
    [
        ({"scheme": "Bearer"}, "Bearer"),
        ({"realm": "users"}, 'Bearer realm="users"'),
        ({"scheme": "Bearer", "realm": "users"}, 'Bearer realm="users"'),
        ({"realm": ""}, 'Bearer realm=""'),
        ({"error": "invalid_token"}, 'Bearer error="invalid_token"'),
        (
            {"realm": "users", "error": "invalid_token", "scope": "read write"},
            'Bearer realm="users", error="invalid_token", scope="read write"',
        ),
        ({"scope": ["read", "write"]}, 'Bearer scope="read write"'),
        ({"scheme": "Basic", "realm": "api"}, 'Basic realm="api"'),
        ({"scheme": "DPoP"}, "DPoP"),
    ],
)
def test_a_challenge_says_what_was_given(options: dict[str, Any], challenge: str) -> None:
    assert lines(Unauthorized(**options), "WWW-Authenticate") == [challenge]


def test_no_challenge_is_made_where_nothing_was_said() -> None:
    assert lines(Unauthorized("Log in first"), "WWW-Authenticate") == []


def test_a_challenge_names_no_error_where_no_credentials_were_sent() -> None:
    # RFC 6750 §3.1
    [challenge] = lines(Unauthorized("Log in first", scheme="Bearer", realm="users", scope="a"),
                        "WWW-Authenticate")  # fmt: skip
    assert "error" not in challenge


@pytest.mark.parametrize(
    ("error", "instead"), [("invalid_request", "BadRequest"), ("insufficient_scope", "Forbidden")]
)
def test_an_error_code_of_another_status_is_refused(error: str, instead: str) -> None:
    with pytest.raises(ValueError, match=rf"{error} is no 401 .*: raise {instead} instead"):
        Unauthorized(error=error)


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_basic_has_to_name_a_realm(scheme: str) -> None:
    with pytest.raises(ValueError, match=r"Basic has to name a realm .*: add realm='\.\.\.'"):
        Unauthorized(scheme=scheme)


@pytest.mark.parametrize(
    "scheme", ['Bearer realm="x"', "Bearer\r\nX-Evil: 1", "Be\u00e4rer", "Bearer,", " "]
)
@pytest.mark.parametrize("cls", [Unauthorized, Forbidden])
def test_a_scheme_is_a_token(cls: Any, scheme: str) -> None:
    with pytest.raises(ValueError, match="is no scheme: type scheme='Bearer'"):
        cls(scheme=scheme, realm="users", scope="read")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ('say "friend"', r'"say \"friend\""'),
        ("back\\slash", r'"back\\slash"'),
        ('x", error="invalid_token', r'"x\", error=\"invalid_token"'),
        ("x\r\nSet-Cookie: a=b", '"x??Set-Cookie: a=b"'),
        ("caf\u00e9 \u20ac", '"caf? ?"'),
        ("tab\tnul\0del\x7f", '"tab?nul?del?"'),
    ],
)
@pytest.mark.parametrize("parameter", ["realm", "error", "scope"])
def test_a_challenge_cannot_be_broken_out_of(parameter: str, value: str, written: str) -> None:
    error = Unauthorized(**{parameter: value})
    assert lines(error, "WWW-Authenticate") == [f"Bearer {parameter}={written}"]


@given(st.text(), st.text(), st.text() | st.lists(st.text(min_size=1), min_size=1))
def test_every_challenge_keeps_to_the_grammar(realm: str, error: str, scope: Any) -> None:
    if error in ("invalid_request", "insufficient_scope"):
        error = "invalid_token"
    [challenge] = lines(Unauthorized(realm=realm, error=error, scope=scope), "WWW-Authenticate")
    quoted = r'"((?:[ !#-\[\]-~]|\\["\\])*)"'
    assert re.fullmatch(rf"Bearer realm={quoted}, error={quoted}, scope={quoted}", challenge)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_a_client_reads_the_realm_that_was_given(realm: str) -> None:
    [challenge] = lines(Unauthorized(realm=realm), "WWW-Authenticate")
    assert parse_dict_header(challenge.removeprefix("Bearer ")) == {"realm": realm}


BASIC = WWWAuthenticate("basic", {"realm": "api"})
DIGEST = WWWAuthenticate("digest", {"realm": "api", "nonce": "1"})


def test_challenges_of_werkzeugs_are_sent_each_on_a_line_of_its_own() -> None:
    error = Unauthorized(www_authenticate=[BASIC, DIGEST])
    assert lines(error, "WWW-Authenticate") == [BASIC.to_header(), DIGEST.to_header()]
    assert lines(Unauthorized(www_authenticate=BASIC), "WWW-Authenticate") == [BASIC.to_header()]


def test_further_challenges_stand_next_to_the_one_that_is_built() -> None:
    error = Unauthorized(scheme="Bearer", www_authenticate=BASIC)
    assert sorted(lines(error, "WWW-Authenticate")) == [BASIC.to_header(), "Bearer"]


@pytest.mark.parametrize(
    ("options", "challenges"),
    [
        ({}, []),
        ({"scope": "admin"}, ['Bearer error="insufficient_scope", scope="admin"']),
        ({"scope": ["a", "b"]}, ['Bearer error="insufficient_scope", scope="a b"']),
        (
            {"scope": "admin", "realm": "users", "scheme": "DPoP"},
            ['DPoP realm="users", error="insufficient_scope", scope="admin"'],
        ),
        ({"scope": 'a"\r\nb'}, [r'Bearer error="insufficient_scope", scope="a\"??b"']),
    ],
)
def test_a_403_names_the_scope_that_is_missing(
    options: dict[str, Any], challenges: list[str]
) -> None:
    assert lines(Forbidden(**options), "WWW-Authenticate") == challenges


@pytest.mark.parametrize(
    ("valid_methods", "allow"),
    [
        (None, []),
        (["GET", "HEAD"], ["GET, HEAD"]),
        (iter(["GET"]), ["GET"]),
        ([], [""]),
        ("GET", ["GET"]),
    ],
    ids=["unknown", "list", "iterator", "none", "text"],
)
def test_a_405_names_the_methods_that_it_knows(valid_methods: Any, allow: list[str]) -> None:
    error = MethodNotAllowed(valid_methods=valid_methods)
    assert lines(error, "Allow") == lines(error, "Allow") == allow


@pytest.mark.parametrize("methods", [["GET"], ("GET",), {"GET"}, frozenset({"GET"})])
def test_methods_given_the_way_of_werkzeug_are_refused(methods: Any) -> None:
    with pytest.raises(TypeError, match=r"first argument is the detail: type valid_methods=\["):
        MethodNotAllowed(methods)


@pytest.mark.parametrize(
    ("options", "content_range"),
    [
        ({}, []),
        ({"length": 1234}, ["bytes */1234"]),
        ({"length": 0}, ["bytes */0"]),
        ({"length": 7, "units": "items"}, ["items */7"]),
    ],
)
def test_a_416_names_the_length(options: dict[str, Any], content_range: list[str]) -> None:
    assert lines(RangeNotSatisfiable(**options), "Content-Range") == content_range


@pytest.mark.parametrize(
    ("option", "header"),
    [
        ("accept", "Accept"),
        ("accept_encoding", "Accept-Encoding"),
        ("accept_patch", "Accept-Patch"),
    ],
)
def test_a_415_names_what_would_do(option: str, header: str) -> None:
    assert lines(UnsupportedMediaType(), header) == []
    assert lines(UnsupportedMediaType(**{option: "a/b"}), header) == ["a/b"]
    assert lines(UnsupportedMediaType(**{option: ["a/b", "c/d"]}), header) == ["a/b, c/d"]


@pytest.mark.parametrize(
    ("url", "link"),
    [
        (None, []),
        ("https://court.example/7", ['<https://court.example/7>; rel="blocked-by"']),
        ("https://b\u00fccher.example/", ['<https://xn--bcher-kva.example/>; rel="blocked-by"']),
        (
            'https://a.example/>; rel="next", <x',
            ['<https://a.example/%3E;%20rel=%22next%22,%20%3Cx>; rel="blocked-by"'],
        ),
    ],
)
def test_a_451_links_to_who_blocks(url: str | None, link: list[str]) -> None:
    assert lines(UnavailableForLegalReasons(blocked_by=url), "Link") == link


def test_a_url_cannot_add_a_line() -> None:
    [link] = lines(UnavailableForLegalReasons(blocked_by="https://a/\r\nX-Evil: 1"), "Link")
    assert link.isprintable()


@pytest.mark.parametrize(
    ("cls", "option"),
    [(RequestHeaderFieldsTooLarge, "field"), (NetworkAuthenticationRequired, "login_url")],
)
def test_a_parameter_that_clients_need_is_a_member(cls: Any, option: str) -> None:
    error = cls(**{option: "value", "other": 1})
    assert error.get_members() == {option: "value", "other": 1}
    assert getattr(error, option) == "value"
    assert cls(other=1).get_members() == {"other": 1}


@pytest.mark.parametrize(
    ("options", "members", "retry_after"),
    [
        ({}, {}, []),
        ({"retry_after": 60}, {}, ["60"]),
        ({"limit": 100, "remaining": 0}, {"limit": 100, "remaining": 0}, []),
        ({"reset": 30}, {"reset": 30}, ["30"]),
        ({"reset": timedelta(seconds=1.5)}, {"reset": 2}, ["2"]),
        ({"reset": 30, "retry_after": 5}, {"reset": 30}, ["5"]),
        ({"reset": 30, "retry_after": 0}, {"reset": 30}, ["0"]),
        ({"reset": "soon"}, {}, []),
        ({"limit": 100, "plan": "free"}, {"limit": 100, "plan": "free"}, []),
        ({"policy": "burst"}, {}, []),
    ],
)
def test_a_429_tells_its_limit(
    options: dict[str, Any], members: dict[str, Any], retry_after: list[str]
) -> None:
    error = RateLimited(**options)
    assert error.get_members() == members
    assert lines(error, "Retry-After") == retry_after


@pytest.mark.parametrize(
    ("cls", "given"),
    [
        (Unauthorized, {"scheme": "DPoP", "realm": "a", "error": "invalid_token", "scope": "b"}),
        (Forbidden, {"scope": ["a"], "scheme": "DPoP", "realm": "b"}),
        (MethodNotAllowed, {"valid_methods": ("GET",)}),
        (UnsupportedMediaType, {"accept": "a/b", "accept_encoding": "br", "accept_patch": "c/d"}),
        (RangeNotSatisfiable, {"length": 5, "units": "items"}),
        (RateLimited, {"limit": 1, "remaining": 0, "reset": 5, "policy": "burst"}),
        (UnavailableForLegalReasons, {"blocked_by": "https://a.example/"}),
    ],
)
def test_what_an_error_was_built_with_can_be_read(cls: Any, given: dict[str, Any]) -> None:
    error = cls(**given)
    assert {name: getattr(error, name) for name in given} == given


def test_units_and_policy_have_a_default() -> None:
    assert (RangeNotSatisfiable().units, RateLimited().policy) == ("bytes", "default")


BEYOND_WSGI = {
    407: ("Proxy-Authenticate", "Raise Unauthorized (401)."),
    426: (
        "Upgrade and Connection",
        "Raise BadRequest (400) with a detail that names the protocol.",
    ),
}


@pytest.mark.parametrize("code", BEYOND_WSGI)
def test_an_error_whose_duty_wsgi_forbids_warns_and_works(code: int) -> None:
    owed, instead = BEYOND_WSGI[code]
    with pytest.warns(UserWarning, match=f"A {code} owes the header {owed}, which") as warned:
        error: Any = ERRORS[code]("Switch", headers={"X-A": "1"}, protocol="h2c")
    assert str(warned[0].message).endswith(instead)
    assert len(warned) == 1
    assert (error.code, error.detail) == (code, "Switch")
    assert error.get_members() == {"protocol": "h2c"}
    assert lines(error, "X-A") == ["1"]


def test_the_warning_names_the_line_that_builds_the_error() -> None:
    with pytest.warns(UserWarning, match="A 426") as warned:
        UpgradeRequired()
    assert warned[0].filename == __file__


def test_all_statuses_with_hop_by_hop_duties_warn() -> None:
    assert set(BEYOND_WSGI) == {
        row.code for row in ERROR_ROWS if any(duty.hop_by_hop for duty in row.duties)
    }


# ValidationError


@pytest.mark.parametrize(
    ("arguments", "options", "detail", "errors"),
    [
        ((), {}, None, []),
        (({"a": ["Wrong"]},), {}, None, [("#/a", "Wrong")]),
        (({"a": ["Wrong"]}, "Check a"), {}, "Check a", [("#/a", "Wrong")]),
        ((), {"errors": ["Wrong"], "detail": "Check"}, "Check", [("#", "Wrong")]),
        (([FieldError("Low", parameter="page")],), {}, None, [(None, "Low")]),
        (("The end precedes the start",), {}, "The end precedes the start", []),
        (("Wrong", "Check"), {}, "Check", [("#", "Wrong")]),
        ((), {"detail": "Check"}, "Check", []),
    ],
)
def test_a_validation_error_takes_messages_a_detail_or_both(
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    detail: str | None,
    errors: list[tuple[str | None, str]],
) -> None:
    error = ValidationError(*arguments, **options)
    assert error.detail == (detail or STATUSES[422].sentence)
    assert [(e.pointer, e.detail) for e in error.errors] == errors


def test_a_validation_error_is_a_422_and_takes_what_others_take() -> None:
    error = ValidationError({"a": ["Wrong"]}, title="Invalid order", retry_after=5, order=7)
    assert isinstance(error, UnprocessableContent)
    assert isinstance(error, werkzeugs.UnprocessableEntity)
    assert (error.code, error.type, error.title) == (422, "about:blank", "Invalid order")
    assert error.get_members() == {"order": 7}
    assert lines(error, "Retry-After") == ["5"]


# Problem types of users' own


@pytest.fixture(params=[False, True], ids=["annotations", "postponed annotations"])
def define(request: pytest.FixtureRequest) -> Any:
    """Runs a module of a user's and returns its last class."""

    def run(source: str) -> Any:
        head = "from __future__ import annotations\n" if request.param else ""
        names = {"__name__": "shop", "typing": typing, **vars(flask_statuskit)}
        program = compile(head + textwrap.dedent(source), "shop.py", "exec", dont_inherit=True)
        exec(program, names)
        return list(names.values())[-1]

    return run


OUT_OF_CREDIT = """
    class OutOfCredit(PaymentRequired):
        balance: int
        price: int = 5
"""


def test_annotated_members_are_keyword_parameters_and_attributes(define: Any) -> None:
    error = define(OUT_OF_CREDIT)("Top up first", balance=7)
    assert error.detail == "Top up first"
    assert error.get_members() == {"balance": 7, "price": 5}
    assert (error.balance, error.price) == (7, 5)


def test_members_stand_in_the_order_of_their_declaration(define: Any) -> None:
    assert list(define(OUT_OF_CREDIT)(price=1, balance=2).get_members()) == ["balance", "price"]


def test_a_missing_member_is_a_type_error_that_says_what_to_add(define: Any) -> None:
    with pytest.raises(TypeError) as raised:
        define(OUT_OF_CREDIT)("Top up first")
    assert str(raised.value) == "OutOfCredit needs its members: add balance=...."


def test_all_missing_members_are_named(define: Any) -> None:
    cls = define("class Shipped(Conflict):\n    order: int\n    parcel: str")
    with pytest.raises(TypeError, match=r"add order=\.\.\., parcel=\.\.\.\."):
        cls()


def test_an_unknown_member_is_a_type_error_that_says_what_to_type(define: Any) -> None:
    with pytest.raises(TypeError) as raised:
        define(OUT_OF_CREDIT)(balance=1, ballance=2)
    assert str(raised.value) == (
        "OutOfCredit has no member 'ballance': declare it in the class, ballance: ...,"
        " or choose from balance, price."
    )


@pytest.mark.parametrize("name", ["status", "instance", "debug"])
def test_a_reserved_member_of_a_type_is_refused_as_that(define: Any, name: str) -> None:
    with pytest.raises(TypeError, match=f"the member '{name}' is written by flask-statuskit"):
        define(OUT_OF_CREDIT)(balance=1, **{name: 1})


@pytest.mark.parametrize(
    "name",
    [
        *sorted(STANDARD_MEMBERS - {"type", "title"} | OWN_MEMBERS),
        *["headers", "name", "args", "get_body", "description", "code", "expose"],
        *["type", "title", "response", "members", "original_exception"],
    ],
)
def test_a_taken_name_cannot_be_declared(define: Any, name: str) -> None:
    with pytest.raises(TypeError) as raised:
        define(f"class Taken(Conflict):\n    {name}: int")
    assert str(raised.value) == (
        f"Taken.{name} cannot be a member, the name is taken: type taken_{name}: ... instead."
    )


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("Forbidden", "scope"),
        ("RateLimited", "limit"),
        ("RangeNotSatisfiable", "length"),
        ("UnsupportedMediaType", "accept"),
    ],
)
def test_a_parameter_of_the_base_cannot_be_declared(define: Any, base: str, name: str) -> None:
    with pytest.raises(TypeError, match="the name is taken"):
        define(f"class Taken({base}):\n    {name}: int")


def test_a_name_that_rfc_9457_does_not_allow_cannot_be_declared(define: Any) -> None:
    with pytest.raises(TypeError, match=r"'pr\xe9cis' is no name for a member"):
        define("class Taken(Conflict):\n    pr\u00e9cis: int")


def test_class_variables_and_private_names_are_no_members(define: Any) -> None:
    cls = define(
        """
        class Shipped(Conflict):
            order: int
            a: typing.ClassVar[int] = 1
            b: typing.ClassVar = 2
            _hidden: int = 3
            not_annotated = 4
        """
    )
    assert cls(order=7).get_members() == {"order": 7}


def test_class_attributes_may_be_annotated(define: Any) -> None:
    cls = define(
        """
        class Shipped(Conflict):
            code: int = 410
            type: str = "urn:shipped"
            title: str = "It has been shipped"
            detail: str = "Too late."
            expose: bool = True
            order: int
        """
    )
    error = cls(order=7)
    assert (error.code, error.type, error.title) == (410, "urn:shipped", "It has been shipped")
    assert (error.detail, error.expose) == ("Too late.", True)
    assert error.get_members() == {"order": 7}


def test_members_are_inherited(define: Any) -> None:
    cls = define(OUT_OF_CREDIT + "    class Overdrawn(OutOfCredit):\n        since: str")
    error = cls(balance=1, since="Monday")
    assert error.get_members() == {"balance": 1, "price": 5, "since": "Monday"}
    with pytest.raises(TypeError, match=r"Overdrawn needs its members: add balance=\.\.\., since"):
        cls(price=1)


def test_members_are_inherited_from_every_base(define: Any) -> None:
    cls = define(
        """
        class OfAnOrder(Conflict):
            order: int
        class OfAUser(Conflict):
            user: int
        class Shipped(OfAnOrder, OfAUser):
            parcel: int
        """
    )
    assert cls(order=1, user=2, parcel=3).get_members() == {"order": 1, "user": 2, "parcel": 3}


def test_a_member_may_be_declared_anew(define: Any) -> None:
    cls = define(OUT_OF_CREDIT + "    class Overdrawn(OutOfCredit):\n        balance: int = -1")
    assert cls().get_members() == {"balance": -1, "price": 5}
    with pytest.raises(TypeError, match="needs its members: add balance"):
        cls.__mro__[1]()


def test_a_subclass_without_members_keeps_those_of_its_base(define: Any) -> None:
    cls = define(OUT_OF_CREDIT + "    class Overdrawn(OutOfCredit):\n        pass")
    assert cls(balance=1).get_members() == {"balance": 1, "price": 5}


def test_a_constructor_of_a_users_own_passes_members_on(define: Any) -> None:
    cls = define(
        """
        class Shipped(Conflict):
            order: int
            def __init__(self, order):
                super().__init__(f"Order {order} has been shipped", order=order)
        """
    )
    error = cls(7)
    assert (error.detail, error.get_members()) == ("Order 7 has been shipped", {"order": 7})


@pytest.mark.parametrize(
    ("name", "type_", "title"),
    [
        ("OutOfCredit", "out-of-credit", "Out of credit"),
        ("Shipped", "shipped", "Shipped"),
        ("HTTPSRequired", "https-required", "Https required"),
        ("UserXMLBroken", "user-xml-broken", "User xml broken"),
        ("Step2Missing", "step2-missing", "Step2 missing"),
    ],
)
def test_a_type_is_named_by_its_class(name: str, type_: str, title: str, define: Any) -> None:
    cls = define(f"class {name}(Conflict):\n    pass")
    assert (cls.type, cls.title) == (type_, title)


def test_a_type_may_have_a_uri_and_a_title_of_its_own(define: Any) -> None:
    cls = define(
        """
        class OutOfCredit(PaymentRequired):
            type = "https://shop.example/credit"
            title = "You do not have enough credit"
        class Overdrawn(OutOfCredit):
            pass
        """
    )
    base = cls.__mro__[1]
    assert (base.type, base.title) == (
        "https://shop.example/credit",
        "You do not have enough credit",
    )
    assert (cls.type, cls.title) == ("overdrawn", "Overdrawn"), "each class is a type of its own"


def test_a_class_may_be_of_no_type_of_its_own(define: Any) -> None:
    cls = define("class Quiet(Conflict):\n    type = 'about:blank'")
    assert (cls.type, cls.title) == ("about:blank", None)


@pytest.mark.parametrize("name", ["detail", "description"])
def test_a_class_may_set_the_detail_of_all_its_errors(define: Any, name: str) -> None:
    cls = define(f"class Shipped(Conflict):\n    {name} = 'Too late.'")
    assert cls().detail == cls().description == "Too late."
    assert cls("Way too late.").detail == "Way too late."


@pytest.mark.parametrize(
    ("base", "code"),
    [
        ("StatusError", 409),
        ("Conflict", 410),
    ],
)
def test_a_class_that_sets_its_code_has_the_sentence_of_that_status(
    define: Any, base: str, code: int
) -> None:
    cls = define(f"class Own({base}):\n    code = {code}")
    assert cls().detail == STATUSES[code].sentence


def test_a_class_may_have_a_code_that_is_not_registered(define: Any) -> None:
    error = define("class Closed(StatusError):\n    code = 499")("Closed", by="client")
    assert (error.code, error.name, error.title) == (499, "Unknown Error", "Closed")
    assert error.get_members() == {"by": "client"}


@pytest.mark.parametrize("code", [400, 499, 599])
def test_a_code_may_be_any_from_400_to_599(define: Any, code: int) -> None:
    assert define(f"class Own(StatusError):\n    code = {code}")().code == code


@pytest.mark.parametrize("code", [200, 304, 399, 600, 0])
def test_an_error_has_a_code_from_400_to_599(define: Any, code: int) -> None:
    with pytest.raises(TypeError, match=rf"Own\.code is {code}: errors have 400 to 599"):
        define(f"class Own(Conflict):\n    code = {code}")


def test_classes_of_users_do_not_enter_the_table(define: Any) -> None:
    before = dict(ERRORS)
    define("class Own(Conflict):\n    code = 409")
    assert before == ERRORS


# Instances travel


class OutOfCredit(PaymentRequired):
    """The balance does not cover the price."""

    balance: int
    currency: str = "EUR"


def travellers() -> Iterator[Any]:
    for code, cls in ERRORS.items():
        yield pytest.param(build(cls, "Detail", retry_after=5, member=[1]), id=str(code))
    yield pytest.param(OutOfCredit("Top up first", balance=7), id="own type")
    yield pytest.param(ValidationError({"a": ["Wrong"]}, headers={"X-A": "1"}), id="validation")
    yield pytest.param(Unauthorized(realm="x", error="invalid_token"), id="challenge")
    yield pytest.param(RateLimited(limit=1, reset=timedelta(minutes=1), policy="p"), id="limit")
    yield pytest.param(RangeNotSatisfiable(length=5), id="range")


every_traveller = pytest.mark.parametrize("error", list(travellers()))


@every_traveller
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_is_pickled_whole(error: StatusError, protocol: int) -> None:
    read = pickle.loads(pickle.dumps(error, protocol))
    assert type(read) is type(error)
    assert vars(read) == vars(error)
    assert read.get_headers() == error.get_headers()


@every_traveller
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_an_error_is_copied_whole(error: StatusError, copied: Any) -> None:
    twin = copied(error)
    assert twin is not error
    assert type(twin) is type(error)
    assert vars(twin) == vars(error)
    assert str(twin) == str(error)


def test_the_same_instance_can_be_raised_twice() -> None:
    error = RateLimited("Slow down", limit=1, reset=5)
    before = copy.deepcopy(vars(error))
    for _ in range(2):
        with pytest.raises(werkzeugs.TooManyRequests) as raised:
            raise error
        assert raised.value is error
        assert lines(error, "Retry-After") == ["5"]
    assert vars(error) == before


def test_members_are_not_shared_between_instances() -> None:
    first, second = BadRequest(a=1), BadRequest(b=2)
    assert (first.get_members(), second.get_members()) == ({"a": 1}, {"b": 2})
    assert Gone().get_members() == {}


@pytest.mark.parametrize("empty", [[], ()])
def test_no_scope_at_all_is_no_parameter(empty: Any) -> None:
    assert lines(Unauthorized(realm="x", scope=empty), "WWW-Authenticate") == ['Bearer realm="x"']


def test_a_403_may_name_its_realm_alone() -> None:
    challenge = 'Bearer realm="x", error="insufficient_scope"'
    assert lines(Forbidden(realm="x"), "WWW-Authenticate") == [challenge]


def test_a_451_keeps_its_status_whatever_blocks() -> None:
    assert lines(UnavailableForLegalReasons(blocked_by="https://a:b/<x>"), "Link") == [
        '<https%3A//a%3Ab/%3Cx%3E>; rel="blocked-by"'
    ]
