"""`assert_problem`: a response is the problem that a test expects, or how it differs is shown.

response ─▶ _Received ─┐
                       ├▶ lines of a diff ─▶ a Problem, or an AssertionError if any of them differs
error ─▶ _Expected ────┘
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, cast
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException

from ..describe import escaped, is_uri, type_uri
from ..dialects import PROBLEM_JSON, essence
from ..exceptions import ERRORS, StatusError, ValidationError
from ..log import one_line
from ..plain import text
from ..problem import FieldError, Problem, field_errors
from ..statuses import phrase

#: How much of a value, and of the body, stands in a message, in characters.
_LONGEST_VALUE = 500
_LONGEST_BODY = 2000

_ABSENT: Any = object()


def assert_problem(
    response: Any, error: type[StatusError] | int | str, /, **members: Any
) -> Problem:
    """Assert that a response is a certain problem (RFC 9457 §3).

    Whatever is expected of it, it has to be ``application/problem+json``, in strict JSON, and its
    member ``status`` has to be the status of the response.

    Parameters:
        response: what a test client returned: Flask's, Werkzeug's, that of httpx or requests.
        error: the class of the error, which decides about status and type; or a status, of whatever
            type; or a type, a URI or the slug that it ends in, of whatever status. A
            `ValidationError` is a 422, or a 400 that lists ``errors`` or has a type of its own, as
            STATUSKIT_VALIDATION_STATUS has it; ``status=422`` says which.
        members: what members of the body have to be equal to, ``detail`` and the other standard
            ones included. `unittest.mock.ANY` and `pytest.approx` may stand for values. ``errors``
            is what `ValidationError` takes, in whatever order, or the entries as they are sent.

    Returns:
        the problem, with the headers of the response, for what else there is to assert.

    Raises:
        AssertionError: the response is another one.
        TypeError: `response` is no response, or `error` none of these.
        ValueError: `error` is the status of no error.

    >>> from flask import Flask
    >>> app = Flask("shop")
    >>> _ = StatusKit(app)
    >>> problem = assert_problem(app.test_client().get("/users/7"), NotFound, instance="/users/7")
    >>> problem.title
    'Not Found'
    """
    __tracebackhide__ = True
    expected = _Expected.of(error)
    received = _Received.of(response)
    body, wrong = _read(received.content)
    lines = list(_compare(received, expected, body, wrong, members))
    if body is None or any(line[0] != " " for line in lines):
        raise AssertionError(_message(lines, received, expected))
    return replace(Problem.from_dict(body, status=received.status), headers=received.headers)


# What is expected, and what was received ----------------------------------------------------------


@dataclass(frozen=True)
class _Expected:
    """What an error says of the response.

    Attributes:
        name: what to call it.
        statuses: those that it may have; any, if there are none.
        type: its problem type; None for any.
    """

    name: str
    statuses: tuple[int, ...] = ()
    type: str | None = None

    @classmethod
    def of(cls, error: Any) -> _Expected:
        if isinstance(error, int) and not isinstance(error, bool):
            if not 400 <= error <= 599:
                raise ValueError(f"{error} is the status of no error: type one from 400 to 599.")
            return cls(_status(error), (error,))
        if isinstance(error, str) and error and not error.isdecimal():
            return cls(error, type=error)
        if not (inspect.isclass(error) and issubclass(error, StatusError)):
            hint = "a class such as Conflict, a status, or a problem type"
            if isinstance(error, str) and error:
                hint = f"{error}, without quotes"
            elif isinstance(error, StatusError):
                hint = f"{type(error).__name__}, the class, and its members by keyword"
            elif inspect.isclass(error) and issubclass(error, HTTPException):
                hint = f"flask_statuskit.{ERRORS.get(error.code or 0, StatusError).__name__}"
            raise TypeError(f"assert_problem cannot expect {error!r}: type {hint}.")
        if error.code is None:
            raise TypeError(f"{error.__name__} has no status: name one of its subclasses.")
        statuses: tuple[int, ...] = (error.code,)
        if issubclass(error, ValidationError) and error.code == ValidationError.code:
            # A response does not say which application it is of, so not what its setting is.
            statuses = (error.code, 400)
        return cls(error.__name__, statuses, text(error.type))


@dataclass(frozen=True)
class _Received:
    """A response, whichever library it is of.

    Attributes:
        status: its status.
        headers: its header lines.
        content: its body, in bytes.
        request: method and path of what it answers, where the response knows.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes
    request: str | None

    @classmethod
    def of(cls, response: Any) -> _Received:
        status = getattr(response, "status_code", None)
        headers = getattr(response, "headers", None)
        if not isinstance(status, int) or not hasattr(headers, "items"):
            raise TypeError(
                f"assert_problem reads a response, and {type(response).__name__} is none: pass what"
                " client.get(...) returns, not its JSON or its body."
            )
        # In httpx, only this one keeps two lines of a name apart.
        lines: Any = getattr(headers, "multi_items", cast("Any", headers).items)()
        pairs = tuple((str(name), str(value)) for name, value in lines)
        return cls(status, pairs, _content(response), _request(response))

    @property
    def content_type(self) -> str:
        return next((v for name, v in self.headers if name.lower() == "content-type"), "")

    @property
    def is_problem(self) -> bool:
        return essence(self.content_type) == PROBLEM_JSON


def _content(response: Any) -> bytes:
    if callable(getattr(response, "get_data", None)):
        return bytes(response.get_data())
    content: Any = getattr(response, "content", None)
    if content is None:
        content = getattr(response, "text", "")
    return content.encode("utf-8", "surrogatepass") if isinstance(content, str) else bytes(content)


def _request(response: Any) -> str | None:
    try:
        request = response.request
        path = urlsplit(str(request.url)).path
        return one_line(f"{request.method} {path}")
    except (AttributeError, RuntimeError, ValueError):  # httpx raises where it does not know
        return None


def _read(content: bytes) -> tuple[dict[str, Any] | None, str]:
    """The body as RFC 8259 has it, or None and what is wrong with it."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"the name {twice!r} stands twice in one object")
        return dict(pairs)

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    if not content:
        return None, "nothing; to HEAD there is none, so assert its status_code"
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=once, parse_constant=refuse)
        # A lone surrogate, written as an escape, passes the parser and is no text.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as failure:
        return None, f"no JSON: {one_line(str(failure))}"
    if not isinstance(value, dict):
        return None, f"JSON, but no object: {_cut(repr(value))}"
    return value, ""


# Comparing ----------------------------------------------------------------------------------------


def _lines(name: str, expected: str, got: str, agree: bool) -> list[str]:
    """What is said of one thing, as ``diff`` writes it."""
    return [f"  {name}: {got}"] if agree else [f"- {name}: {expected}", f"+ {name}: {got}"]


def _compare(
    received: _Received,
    expected: _Expected,
    body: dict[str, Any] | None,
    wrong: str,
    members: Mapping[str, Any],
) -> Iterator[str]:
    """Compare all there is to compare; the lines of it, those that differ begin with a sign."""
    has_status = _has_status(received, expected, body)
    yield from _lines("status", _statuses(expected), _status(received.status), has_status)
    given = one_line(received.content_type) or "absent"
    yield from _lines("Content-Type", PROBLEM_JSON, given, received.is_problem)
    if body is None:
        yield from _lines("body", "an object, in strict JSON (RFC 8259)", wrong, False)
        return
    said = body.get("status", _ABSENT)
    if has_status and "status" not in members and not _equal(received.status, said):
        yield from _lines("status in the body", str(received.status), _shown(said), False)
    if expected.type is not None:
        is_whole = expected.type == "about:blank" or is_uri(expected.type)
        wanted = expected.type if is_whole else f"{expected.type}, or a URI that ends in it"
        got = body.get("type", _ABSENT)
        shown = _cut(one_line(got)) if isinstance(got, str) else _shown(got)
        yield from _lines("type", wanted, shown, _is_of_type(got, expected.type))
    for name, value in members.items():
        got = body.get(name, _ABSENT)
        if name == "errors" and isinstance(value, _CONTAINERS) and isinstance(got, list):
            yield from _compare_errors(value, cast("Any", got))
        else:
            yield from _lines(name, _shown(value), _shown(got), _equal(value, got))


def _has_status(received: _Received, expected: _Expected, body: Mapping[str, Any] | None) -> bool:
    if len(expected.statuses) < 2 or received.status == expected.statuses[0]:
        return received.status in (expected.statuses or (received.status,))
    # A bare 400 is the status of many errors. What tells this one are the values that it names.
    tells = expected.type != "about:blank" or bool(body and body.get("errors"))
    return received.status in expected.statuses and tells


def _is_of_type(said: Any, type_: str) -> bool:
    if type_ == "about:blank":
        # RFC 9457 §3.1.1: one that is absent is this one.
        return said is _ABSENT or said == type_
    if not isinstance(said, str):
        return False
    if is_uri(type_):
        return said in (type_, escaped(type_))
    slug = type_uri(type_, "/")[1:]
    # The application may have a catalogue, a TYPE_BASE, or neither: a urn.
    return said == slug or said.endswith(tuple(mark + slug for mark in "/#:="))


def _equal(expected: Any, got: Any) -> bool:
    """Whether JSON says what Python expects; ``true`` is not 1, a tuple is a list."""
    kind = type(expected)
    if got is _ABSENT:
        return False
    if isinstance(got, bool) != (kind is bool) and kind in (bool, int, float):
        return False
    if kind in (list, tuple) and isinstance(got, list):
        return len(expected) == len(got) and all(map(_equal, expected, got))
    if kind is dict and isinstance(got, dict):
        same_names = expected.keys() == got.keys()
        return same_names and all(_equal(value, got[name]) for name, value in expected.items())
    # Expected is on the left, as ANY and its like are asked.
    return bool(expected == got)


# Field errors -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Entry:
    """An entry of ``errors`` that is expected.

    Attributes:
        value: what it says, by name; or something such as ANY.
        has_code: whether it says all; messages as marshmallow nests them know of no code.
    """

    value: Any
    has_code: bool = True

    @property
    def openness(self) -> int:
        """How much of it is something such as ANY."""
        if not isinstance(self.value, Mapping):
            return len(_KEYS)
        return sum(not isinstance(value, str) for value in self.value.values())

    def agrees(self, got: Any) -> bool:
        if isinstance(got, dict) and not self.has_code:
            got = {name: value for name, value in got.items() if name != "code"}
        return _equal(self.value, got)


#: What messages are nested in, or end in.
_CONTAINERS = (str, Mapping, list, tuple, set, frozenset)
_KEYS = tuple(field.name for field in fields(FieldError))


def _compare_errors(messages: Any, got: list[Any]) -> Iterator[str]:
    # In another order they are the same errors: validators may go through sets.
    left, missing = list(got), list[_Entry]()
    # An open entry would take what another one names.
    for entry in sorted(_entries(messages), key=lambda entry: entry.openness):
        match = next((index for index, error in enumerate(left) if entry.agrees(error)), None)
        if match is None:
            missing.append(entry)
        else:
            yield f"  errors: {_shown(left.pop(match))}"
    yield from (f"- errors: {_shown(entry.value)}" for entry in missing)
    yield from (f"+ errors: {_shown(error)}" for error in left)


def _entries(messages: Any) -> Iterator[_Entry]:
    listed: Iterable[Any] = [messages] if isinstance(messages, (str, Mapping)) else messages
    for message in listed:
        if isinstance(message, FieldError):
            values = {name: getattr(message, name) for name in _KEYS}
            yield _Entry({name: value for name, value in values.items() if value is not None})
        elif messages is not message and _is_as_sent(message):
            yield _Entry(dict(message))
        elif not isinstance(message, _CONTAINERS):
            yield _Entry(message)
        else:
            yield from _nested(message)


def _is_as_sent(message: Any) -> bool:
    # Nested messages have lists at their leaves, even those of a field that is called "detail".
    detail: Any = message.get("detail", []) if isinstance(message, Mapping) else []
    return not isinstance(detail, (Mapping, list, tuple)) and set(message) <= {*_KEYS}


def _nested(messages: Any) -> Iterator[_Entry]:
    """The entries of messages as marshmallow nests them, whose leaves may be ANY."""
    leaves: list[Any] = []

    def numbered(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: numbered(inner) for key, inner in value.items()}
        if isinstance(value, _CONTAINERS) and not isinstance(value, str):
            return [numbered(inner) for inner in cast("Iterable[Any]", value)]
        leaves.append(value)
        return str(len(leaves) - 1)

    for place in field_errors(numbered(messages)):
        leaf = leaves[int(place.detail)]
        if isinstance(leaf, FieldError):
            yield from _entries([leaf])
        else:
            yield _Entry({"detail": leaf, "pointer": place.pointer}, has_code=False)


# Saying it ----------------------------------------------------------------------------------------


def _message(differing: list[str], received: _Received, expected: _Expected) -> str:
    what = f"{received.request or 'The response'} is not {expected.name}"
    lines = [f"{what} (- expected, + answered):", *differing]
    if _is_werkzeugs_page(received):
        lines.append(
            "This is the page that Werkzeug has for errors, so StatusKit did not answer. In a view,"
            " raise the error, do not return it."
        )
    elif not received.is_problem:
        lines.append(
            f"Another body format was chosen, or StatusKit did not answer. Clients that send"
            f' headers={{"Accept": "{PROBLEM_JSON}"}} get this one.'
        )
    if received.status == 500 and 500 not in expected.statuses:
        lines.append(
            "A 500 is a bug, as a rule: the log has its traceback. With app.testing = True it is"
            " raised in the test."
        )
    if received.content:
        shown = received.content[: _LONGEST_BODY * 4].decode("utf-8", "replace")
        lines += ["The body:", *map(one_line, _cut(shown, _LONGEST_BODY).splitlines())]
    return "\n".join(lines)


def _is_werkzeugs_page(received: _Received) -> bool:
    page = re.search(rb"<title>(\d{3}) (.*)</title>\s*<h1>\2</h1>", received.content)
    is_html = essence(received.content_type) == "text/html"
    return is_html and page is not None and int(page[1]) == received.status


def _statuses(expected: _Expected) -> str:
    said = " or ".join(map(_status, expected.statuses)) or "any"
    bare = len(expected.statuses) > 1 and expected.type == "about:blank"
    return f"{said} that lists errors" if bare else said


def _status(status: int) -> str:
    return f"{status} {phrase(status)}"


def _shown(value: Any) -> str:
    return "absent" if value is _ABSENT else _cut(one_line(repr(value)))


def _cut(value: str, longest: int = _LONGEST_VALUE) -> str:
    return value if len(value) <= longest else f"{value[:longest]}... ({len(value)} characters)"
