"""The values of RFC 9457: a `Problem`, and the `FieldError`\\ s it may list.

Both are frozen, both read and write themselves as dictionaries, and neither knows where it came
from. What leaves the application goes through `Problem.redacted` and `Problem.bounded`:

messages ─▶ field_errors ─▶ FieldError ─┐
                                        ├▶ Problem ─▶ redacted ─▶ bounded ─▶ to_dict
detail, members ────────────────────────┘
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeAlias, cast
from urllib.parse import quote

from .plain import DEEPEST, LEFT_OUT, Room, text
from .statuses import STATUSES

#: What a library of validators reports: nested mappings and lists with texts at the leaves
#: (marshmallow's shape, ``_schema`` included), or `FieldError`\ s that are ready.
Messages: TypeAlias = "Mapping[Any, Any] | Iterable[Any]"

#: Members that this package writes itself. No other member may take their names.
STANDARD_MEMBERS = frozenset({"type", "title", "status", "detail", "instance"})
OWN_MEMBERS = frozenset({"request_id", "retry_after", "errors", "errors_omitted", "debug"})

#: What a client may still read in a problem whose reason is hidden from it.
_MEMBERS_OF_A_HIDDEN_PROBLEM = ("request_id", "retry_after")

#: A client mends a handful of fields at a time; ten thousand errors are somebody's load test.
_MOST_FIELD_ERRORS = 10_000

# RFC 3986 §3.5: what a fragment may hold unescaped, less the slash that RFC 6901 gives a meaning.
_SAFE_IN_FRAGMENT = "!$&'()*+,;=:@?"


def json_pointer(keys: Iterable[object]) -> str:
    """The JSON Pointer of a value as a URI fragment (RFC 6901 §6).

    >>> json_pointer(["items", 0, "price/EUR"])
    '#/items/0/price~1EUR'
    """
    return "/".join(["#", *[_escaped(text(key)) for key in keys]])


def _escaped(key: str) -> str:
    # Names of fields and indexes, which most keys are, have nothing to escape.
    if key.isascii() and (key.isidentifier() or key.isdigit()):
        return key
    return quote(key.replace("~", "~0").replace("/", "~1"), safe=_SAFE_IN_FRAGMENT)


@dataclass(frozen=True, init=False)
class FieldError:
    """One value that the client has to mend; one entry of the member ``errors`` (RFC 9457 §3).

    Attributes:
        detail: what is wrong with the value, for people. The value itself is never repeated.
        pointer: where the value stands in the body, a JSON Pointer as a URI fragment ("#/age").
        parameter: the query parameter that held it, when it did not come from the body.
        header: the request header that held it.
        cookie: the cookie that held it.
        path: the variable part of the URL that held it.
        code: a word for programs, such as "too_short".

    Raises:
        TypeError: more than one place is given.
        ValueError: `pointer` is no fragment.

    >>> FieldError("Must be positive", pointer="#/items/0/price").to_dict()
    {'detail': 'Must be positive', 'pointer': '#/items/0/price'}
    """

    detail: str
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None
    cookie: str | None = None
    path: str | None = None
    code: str | None = None

    def __init__(
        self,
        detail: str,
        pointer: str | None = None,
        parameter: str | None = None,
        header: str | None = None,
        cookie: str | None = None,
        path: str | None = None,
        code: str | None = None,
    ) -> None:
        places = (pointer, parameter, header, cookie, path)
        if places.count(None) < len(places) - 1:
            pairs = zip(_PLACES, places, strict=True)
            given = ", ".join(name for name, value in pairs if value is not None)
            raise TypeError(f"A value stands in one place: give one of {given}.")
        if pointer is not None and not (pointer + "/").startswith("#/"):
            # Escaped already, if it is a JSON Pointer; else the name of a value.
            escaped = quote("/" + pointer.strip("/"), safe=_SAFE_IN_FRAGMENT + "/~")
            raise ValueError(
                f"pointer={pointer!r} is no JSON Pointer fragment: type pointer={'#' + escaped!r}"
            )
        # A frozen dataclass would set each field by a call, which takes several times as long. What
        # is None here is so by its default.
        said = vars(self)
        said["detail"] = detail
        if pointer is not None:
            said["pointer"] = pointer
        if parameter is not None:
            said["parameter"] = parameter
        if header is not None:
            said["header"] = header
        if cookie is not None:
            said["cookie"] = cookie
        if path is not None:
            said["path"] = path
        if code is not None:
            said["code"] = code

    def to_dict(self) -> dict[str, str]:
        """The entry as it stands in the body: only what is known."""
        return {name: text(value) for name, value in vars(self).items() if value is not None}

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any]) -> FieldError:
        """Read an entry of a received body; what has the wrong type is ignored (RFC 9457 §3.1)."""
        known = {name: mapping.get(name) for name in _FIELD_ERROR_KEYS}
        read = {name: value for name, value in known.items() if isinstance(value, str)}
        for surplus in [name for name in _PLACES if name in read][1:]:
            del read[surplus]
        if not (read.get("pointer", "#") + "/").startswith("#/"):
            del read["pointer"]
        return cls(**{"detail": "", **read})


_FIELD_ERROR_KEYS = tuple(f.name for f in fields(FieldError))
_PLACES = ("pointer", "parameter", "header", "cookie", "path")


def field_errors(messages: Messages | str) -> Iterator[FieldError]:
    """Flatten validation messages, in their order, to at most 10 000 field errors.

    Parameters:
        messages: nested mappings, lists and texts as marshmallow writes them (integer keys are
            indexes, ``_schema`` stands for the value that holds it), `FieldError`\\ s, or both.

    >>> [e.pointer for e in field_errors({"items": {0: {"price": ["Must be positive"]}}})]
    ['#/items/0/price']
    """
    if isinstance(messages, (list, tuple)) and {*map(type, messages)} == {FieldError}:
        return iter(messages[:_MOST_FIELD_ERRORS])
    found: list[FieldError] = []
    # Every visit is paid for, so that a structure that holds itself comes to an end.
    _flatten(messages, (), found, iter(range(_MOST_FIELD_ERRORS * 4)), 0)
    return iter(found)


def _flatten(
    messages: Any,
    keys: tuple[object, ...],
    found: list[FieldError],
    visits: Iterator[int],
    depth: int,
) -> None:
    if len(keys) > DEEPEST or depth > 2 * DEEPEST or next(visits, None) is None:
        return
    kind = type(messages)
    if kind is FieldError:
        found.append(messages)
    # What marshmallow writes before what is like it: to ask abstract classes takes longer.
    elif kind is str:
        found.append(FieldError(text(messages), json_pointer(keys)))
    elif kind is dict or isinstance(messages, Mapping):
        entries: Mapping[object, Any] = messages
        for key, value in entries.items():
            if len(found) == _MOST_FIELD_ERRORS:
                break
            inner = keys if key == "_schema" else (*keys, key)
            _flatten(value, inner, found, visits, depth + 1)
    elif kind is list or isinstance(messages, (list, tuple, set, frozenset, Iterator)):
        # Not any Iterable: a lazily translated text is one.
        values: Iterable[Any] = messages
        for value in values:
            if len(found) == _MOST_FIELD_ERRORS:
                break
            _flatten(value, keys, found, visits, depth + 1)
    elif isinstance(messages, FieldError):
        found.append(messages)
    else:
        found.append(FieldError(text(messages), json_pointer(keys)))


@dataclass(frozen=True, init=False)
class Problem:
    """What went wrong, as one value (RFC 9457 §3.1): every body format says the same of it.

    Attributes:
        status: the status code of the response.
        type: a URI reference that names the problem type; "about:blank" says no more than `status`.
        title: a short summary, the same for every occurrence of the type.
        detail: what happened this time, and how to mend it.
        instance: a URI reference that names this occurrence.
        members: extension members by name; ``errors`` holds `FieldError`\\ s.
        headers: the header lines of the response, but for those of the body.

    >>> Problem(404, title="Not Found").to_dict()
    {'type': 'about:blank', 'title': 'Not Found', 'status': 404}
    """

    status: int
    type: str = "about:blank"
    title: str | None = None
    detail: str | None = None
    instance: str | None = None
    members: Mapping[str, Any] = field(default_factory=dict[str, Any])
    headers: tuple[tuple[str, str], ...] = ()

    def __init__(
        self,
        status: int,
        type: str = "about:blank",
        title: str | None = None,
        detail: str | None = None,
        instance: str | None = None,
        members: Mapping[str, Any] | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        fields = vars(self)  # as in `FieldError`
        fields["status"] = status
        fields["type"] = type
        fields["title"] = title
        fields["detail"] = detail
        fields["instance"] = instance
        fields["members"] = {} if members is None else members
        fields["headers"] = headers

    def to_dict(self) -> dict[str, Any]:
        """The body: the standard members in the RFC's order, then the others in their own."""
        body: dict[str, Any] = {"type": self.type}
        if self.title is not None:
            body["title"] = self.title
        body["status"] = self.status
        if self.detail is not None:
            body["detail"] = self.detail
        if self.instance is not None:
            body["instance"] = self.instance
        body.update(self.members)
        if isinstance(body.get("errors"), (list, tuple)):
            body["errors"] = _plain_errors(body["errors"])
        return body

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any], *, status: int | None = None) -> Problem:
        """Read a received body; a member of the wrong type is ignored (RFC 9457 §3.1).

        Parameters:
            mapping: the decoded body.
            status: the status code of the response; it wins over what the body says of it.

        Raises:
            ValueError: neither `status` nor the body says which status this is.
        """
        said = mapping.get("status")
        if status is None and isinstance(said, int) and not isinstance(said, bool):
            status = said
        if status is None:
            raise ValueError("The body names no status: pass status=response.status_code.")

        def string(name: str) -> str | None:
            value = mapping.get(name)
            return value if isinstance(value, str) else None

        members = {name: value for name, value in mapping.items() if name not in STANDARD_MEMBERS}
        errors = members.get("errors")
        if isinstance(errors, list):
            entries: list[Any] = errors
            members["errors"] = tuple(
                FieldError.from_dict(e) for e in entries if isinstance(e, Mapping)
            )
        return cls(
            status,
            type=string("type") or "about:blank",
            title=string("title"),
            detail=string("detail"),
            instance=string("instance"),
            members=members,
        )

    def redacted(self) -> Problem:
        """The same problem without its reason: what a client may know of a failure of ours.

        Type and title belong to the documentation of the problem type and stay; the detail becomes
        the status' own sentence, and of the members only ``request_id`` and ``retry_after`` remain.
        """
        row = STATUSES.get(self.status)
        kept = {n: self.members[n] for n in _MEMBERS_OF_A_HIDDEN_PROBLEM if n in self.members}
        detail = row.sentence if row else None
        return Problem(
            self.status, self.type, self.title, detail, self.instance, kept, self.headers
        )

    def bounded(self, max_bytes: int, to_plain: Callable[[Any], Any] = str) -> Problem:
        """The same problem in plain JSON values, which take no more than `max_bytes` as JSON.

        Texts are cut, and end in an ellipsis then; mappings and lists are cut between two entries;
        what cannot be cut and does not fit is left out. Numbers that JSON lacks become null.

        Parameters:
            max_bytes: the size, in bytes, 1024 or more.
            to_plain: turns a value that is of no JSON type into one that is.
        """

        def with_field_errors(value: Any) -> Any:
            return value.to_dict() if isinstance(value, FieldError) else to_plain(value)

        room = Room(max_bytes - len('{"status": 599}\n'), with_field_errors)
        standard: dict[str, Any] = {
            # A URI that is cut is another URI.
            "type": room.whole("type", self.type, max_bytes // 8)
            or room.whole("type", "about:blank", max_bytes),
            "instance": room.whole("instance", self.instance, max_bytes // 8),
            "title": room.cut("title", self.title, max_bytes // 8),
            "detail": room.cut("detail", self.detail, max_bytes // 4),
        }
        members: dict[str, Any] = {}
        for name, value in self.members.items():
            if name != "errors" or not isinstance(value, (list, tuple)):
                plain = room.member(name, value)
                errors: list[Any] = []
            else:
                errors = _plain_errors(cast("Any", value))
                plain = room.field_errors(errors)
            if plain is not LEFT_OUT:
                members[text(name)] = plain
                if errors and len(plain) < len(errors):
                    members["errors_omitted"] = len(errors) - len(plain)
        return replace(self, members=members, **standard)


def _plain_errors(errors: Iterable[Any]) -> list[Any]:
    return [e.to_dict() if isinstance(e, FieldError) else e for e in errors]
