"""Body formats: which one a client gets, and how each says what a problem says.

Accept ─▶ negotiate ─▶ Dialect          Problem ─▶ bounded ─▶ Dialect.render ─▶ bytes

problem   application/problem+json    RFC 9457; for every client that asks for nothing else
xml       application/problem+xml     RFC 9457, appendix B; also for application/xml and text/xml
jsonapi   application/vnd.api+json    JSON:API 1.1, errors
simple    application/json            {"error": "...", "code": "..."}; never by Accept alone
text      text/plain                  for people at a terminal
html      text/html                   for people at a browser; `pages` has it

They are given the same `Problem`, so its members, field errors and retry_after agree in all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from logging import ERROR
from types import MappingProxyType
from typing import Any, TypeAlias
from urllib.parse import unquote

from werkzeug.http import parse_accept_header

from .log import log
from .problem import FieldError, Problem
from .statuses import phrase

#: Encodes JSON the way the application does; text or bytes.
Dumps: TypeAlias = Callable[[Any], "str | bytes"]
#: Makes a body: text, bytes, or what becomes JSON.
Renderer: TypeAlias = Callable[[Problem], Any]

#: The media type of the default dialect (RFC 9457 §3).
PROBLEM_JSON = "application/problem+json"
#: How media types are written (RFC 6838 §4.2), with or without parameters.
MEDIA_TYPE = "/".join(2 * ["[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*"]) + "( *;[ -~]+)?"

#: What clients send that have not chosen: curl, fetch and most libraries the first, and
#: HttpURLConnection the others (JDK-8163921), which Java programs fetch anything with.
_ANYTHING = frozenset(
    {
        "*/*",
        "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
        "text/html, image/gif, image/jpeg, */*; q=0.2",
    }
)
#: A header that is longer is no browser's, and not worth the reading (characters).
_LONGEST_ACCEPT = 1000
#: So many field errors are no load.
_FEW = 100
#: A problem is cut no shorter than this to make room for what a dialect puts around it (bytes).
_SHORTEST = 256


@dataclass(frozen=True, eq=False)
class Dialect:
    """A body format.

    Attributes:
        media_type: what is sent as Content-Type; a text gets its charset, UTF-8.
        render: makes the body of a problem whose members are plain JSON values.
        aliases: further media types by which a client may ask for it.
    """

    media_type: str
    render: Renderer
    aliases: tuple[str, ...] = ()

    @cached_property
    def content_type(self) -> str:
        written = self.media_type.lower()
        needs_charset = written.startswith("text/") and "charset=" not in written
        return f"{self.media_type}; charset=utf-8" if needs_charset else self.media_type

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The media types by which a client may ask for it, its own first."""
        return (essence(self.media_type), *self.aliases)


def essence(media_type: str) -> str:
    """A media type without parameters, in lower case (they are compared so: RFC 9110 §8.3.1)."""
    return media_type.partition(";")[0].strip(" \t").lower()


# The formats --------------------------------------------------------------------------------------


def _simple(problem: Problem) -> dict[str, Any]:
    error = problem.detail or problem.title or phrase(problem.status)
    return {"error": error, "code": _slug(problem), **problem.members}


def _slug(problem: Problem) -> str:
    """A word for programs: the end of the type's URI, else the phrase."""
    words: list[str] = re.findall("[^/:#?]+", problem.type)
    if words and problem.type != "about:blank":
        return words[-1]
    return re.sub("[^a-z0-9]+", "-", phrase(problem.status).lower()).strip("-")


def _field_errors(problem: Problem) -> list[Mapping[str, Any]]:
    listed = problem.members.get("errors")
    entries = listed if isinstance(listed, list) else []
    return [e if isinstance(e, Mapping) else {"detail": _one_line(e)} for e in entries]


def _jsonapi(problem: Problem) -> dict[str, Any]:
    error = {
        "status": str(problem.status),
        "code": _slug(problem),
        "title": problem.title,
        "detail": problem.detail,
        "links": {} if problem.type == "about:blank" else {"type": problem.type},
    }
    error = {name: value for name, value in error.items() if value}
    meta = {name: value for name, value in problem.members.items() if name != "errors"}
    if problem.instance is not None:
        meta["instance"] = problem.instance
    entries = _field_errors(problem)
    if entries and problem.detail:
        # Each entry becomes an error of its own, with a detail of its own.
        meta["detail"] = error.pop("detail")
    return {"errors": [{**error, **_located(entry)} for entry in entries or [{}]], "meta": meta}


def _located(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What a field error says, in the words of JSON:API."""
    said = {name: entry[name] for name in ("detail", "code") if name in entry}
    # Its pointers are plain (RFC 6901 §5), ours are fragments of a URI (§6).
    plain = {"pointer": unquote(entry["pointer"][1:])} if "pointer" in entry else {}
    source = plain | {name: entry[name] for name in ("parameter", "header") if name in entry}
    rest = {name: entry[name] for name in ("cookie", "path") if name in entry}
    return said | ({"source": source} if source else {}) | ({"meta": rest} if rest else {})


# What begins with "xml" is reserved (XML 1.0 §2.3), and "i" is for the entries of lists.
_XML_NAME = re.compile(r"(?!(?i:xml)|i$)[A-Za-z_][A-Za-z0-9_.-]*")
# What is no Char (XML 1.0 §2.2). `[^...]` of those that are takes milliseconds to compile.
_NO_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_XML_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


def _xml(problem: Problem) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<problem xmlns="urn:ietf:rfc:7807">\n'
        + "".join(f"  {_element(name, value)}\n" for name, value in problem.to_dict().items())
        + "</problem>\n"
    )


def _element(name: str, value: Any) -> str:
    if _XML_NAME.fullmatch(name):
        return f"<{name}>{_xml_content(value)}</{name}>"
    # No attribute: the schema of appendix B has none beside text.
    content = _xml_content(value)
    return f"<member><name>{_xml_text(name)}</name><value>{content}</value></member>"


def _xml_content(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(_element(name, item) for name, item in value.items())
    if isinstance(value, list):
        return "".join(f"<i>{_xml_content(item)}</i>" for item in value)
    return _xml_text(value) if isinstance(value, str) else json.dumps(value)


def _xml_text(value: str) -> str:
    return _NO_XML.sub("\ufffd", value).translate(_XML_ESCAPES)


#: Control characters but for tabs and line breaks: a terminal would obey them.
_CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f]")


def _text(problem: Problem) -> str:
    facts = {name: value for name, value in problem.members.items() if name != "errors"}
    if problem.instance is not None:
        facts = {"instance": problem.instance, **facts}
    if problem.type != "about:blank":
        facts = {"type": problem.type, **facts}
    paragraphs = [
        f"{problem.status} {problem.title or phrase(problem.status)}",
        problem.detail,
        "\n".join(map(_field_line, _field_errors(problem))),
        "\n".join(f"{name}: {_fact(name, value)}" for name, value in facts.items()),
    ]
    said = "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
    return _CONTROL.sub("\ufffd", re.sub("\r\n?", "\n", said))


def _field_line(entry: Mapping[str, Any]) -> str:
    places = ("pointer", "parameter", "header", "cookie", "path")
    place = next((f"{name} {_one_line(entry[name])}: " for name in places if name in entry), "")
    code = f" ({_one_line(entry['code'])})" if "code" in entry else ""
    return f"- {place}{_one_line(entry.get('detail', ''))}{code}"


def _fact(name: str, value: Any) -> str:
    # The frames of an exception fit on no line.
    return json.dumps(value, ensure_ascii=False, indent=2) if name == "debug" else _one_line(value)


def _one_line(value: Any) -> str:
    is_line = isinstance(value, str) and "\n" not in value and "\r" not in value
    return value if is_line else json.dumps(value, ensure_ascii=False)


PROBLEM = Dialect(PROBLEM_JSON, Problem.to_dict)
XML = Dialect("application/problem+xml", _xml, ("application/xml", "text/xml"))
JSONAPI = Dialect("application/vnd.api+json", _jsonapi)
SIMPLE = Dialect("application/json", _simple)
TEXT = Dialect("text/plain", _text)

#: Those that need nothing of Flask, by their names; `pages` has "html".
BUILT_IN: Mapping[str, Dialect] = MappingProxyType(
    {"problem": PROBLEM, "simple": SIMPLE, "jsonapi": JSONAPI, "xml": XML, "text": TEXT}
)

#: What STATUSKIT_DIALECT may be called.
NAMES = (*BUILT_IN, "html")


# Which one ----------------------------------------------------------------------------------------

_JSON = "application/json"


def negotiate(accept: str | None, default: Dialect, others: Iterable[Dialect]) -> Dialect:
    """The dialect that a client likes best (RFC 9110 §12.5.1), the default where it does not care.

    That is never a 406: an error in a format that was not asked for beats none.

    Parameters:
        accept: the header ``Accept``.
        default: what to send if nothing is asked for.
        others: what may be asked for besides, the best first. Who asks for ``application/json``,
            or for JSON of a kind that nobody knows, gets the first that is JSON.
    """
    # Most are answered without any parsing.
    if not accept or accept in _ANYTHING or len(accept) > _LONGEST_ACCEPT:
        return default
    offered = (default, *others)
    return offered[_best(accept, tuple(dialect.names for dialect in offered))]


# Clients send the same few texts over and over. Only texts are kept: what renders a dialect may
# belong to an application that is long gone.
@lru_cache(maxsize=256)
def _best(accept: str, offered: tuple[tuple[str, ...], ...]) -> int:
    """Which of the offered dialects, given by their names, is liked best; an index."""
    ranges = _ranges(accept)
    are_json = [names for names in offered if names[0].endswith(("/json", "+json"))]
    answers_json = min(are_json, key=lambda names: names[0] != _JSON, default=None)
    likings = [
        _liking((*names, _JSON) if names is answers_json else names, ranges) for names in offered
    ]
    # Of equals the first.
    best = likings.index(max(likings))
    return best if likings[best][0] > 0 else 0


def _liking(names: tuple[str, ...], ranges: Mapping[str, float]) -> tuple[float, int]:
    """How much a client likes a dialect, and by how telling a name."""
    own, *aliases = names
    if ranges.get(own) == 0:
        return 0.0, 0
    wildcard = ranges.get(f"{own.partition('/')[0]}/*", ranges.get("*/*", 0.0))
    likings = [(ranges[own], _weight(own)) if own in ranges else (wildcard, 0)]
    return max(likings + [(ranges[name], 1) for name in aliases if name in ranges])


def _weight(named: str) -> int:
    """How much it tells that a client names a media type, where it likes another as much.

    A format of errors is named by clients that know it; ``application/json`` too, which is for the
    answers that are none. Text is named by those that would take anything.
    """
    return 2 if "+" in named else 0 if named == "text/plain" else 1


def _ranges(accept: str) -> dict[str, float]:
    """The media ranges that a client names, and how much it likes them.

    We have no variants of a type, by charset, level or profile: a range with parameters stands for
    the type itself, unless that is named as well. What is invalid does not count.
    """
    parsed = [(";" not in item, quality, item) for item, quality in parse_accept_header(accept)]
    ranges = {essence(item): quality for _, quality, item in sorted(parsed)}
    # JSON of a kind that nobody knows had better be JSON.
    likings = [liked for name, liked in ranges.items() if name.endswith(("/json", "+json"))]
    return {**ranges, _JSON: max(likings)} if likings else ranges


# The body -----------------------------------------------------------------------------------------


def render(problem: Problem, dialect: Dialect, dumps: Dumps, max_bytes: int) -> bytes:
    """The body of a problem.

    Parameters:
        problem: what to say.
        dialect: how to say it.
        dumps: the application's JSON encoder. It also says how values of its own types are written.
        max_bytes: the size, in bytes, that the body does not exceed, unless what the dialect puts
            around the problem does alone.
    """
    if dialect is PROBLEM:
        plain = _if_plain(problem, dumps, max_bytes // 8)
        if plain is not None:
            return plain
    room, body = max_bytes, _body(problem, dialect, dumps, max_bytes, max_bytes)
    if len(body) <= max_bytes:
        return body
    # Tags, escapes and repetitions take more than was counted. How much is there in any case?
    frame = len(_body(problem, dialect, dumps, _SHORTEST, max_bytes))
    while frame <= max_bytes < len(body) and room > _SHORTEST:
        share = room * (max_bytes - frame) // (len(body) - frame)
        room = max(_SHORTEST, min(room * 7 // 8, share))
        body = _body(problem, dialect, dumps, room, max_bytes)
    return body


def _if_plain(problem: Problem, dumps: Dumps, at_most: int) -> bytes | None:
    """The body of a problem of which nothing is to be cut or mended, None where that is not sure.

    Most problems are so: a few texts, numbers and field errors. An eighth of the room is the least
    that a text may take, and the size of these is known before they are encoded.
    """
    size = len(problem.type) + len(problem.title or "") + len(problem.detail or "")
    for name, value in problem.members.items():
        kind = type(value)
        if kind is str:
            size += len(value)
        elif kind is int or kind is float:
            if not -(2**63) < value < 2**63:  # nor is a NaN
                return None
        elif name == "errors" and kind in (tuple, list) and len(value) <= _FEW:
            if {*map(type, value)} != {FieldError}:
                return None
        elif value is not None and kind is not bool:
            return None
    if size > at_most:
        return None
    try:
        said = dumps(problem.to_dict())
        said = said if isinstance(said, str) else said.decode("utf-8")
        # Maybe half a character (RFC 8259 §8.2).
        halved = "\\" in said and re.search(r"\\u[dD][89a-fA-F]", said)
        too_much = halved or len(said) > at_most
        return None if too_much else said.rstrip().encode("utf-8") + b"\n"
    except Exception:
        return None


def compiled(encoder: json.JSONEncoder) -> Dumps:
    """What an encoder does, without making the compiled part of itself anew for each text."""
    parts: Any = json.encoder
    try:
        in_quotes = (
            parts.encode_basestring_ascii if encoder.ensure_ascii else parts.encode_basestring
        )
        separators = encoder.indent, encoder.key_separator, encoder.item_separator
        flags = encoder.sort_keys, encoder.skipkeys, encoder.allow_nan
        encode = parts.c_make_encoder(None, encoder.default, in_quotes, *separators, *flags)
        sample = {"a": [1, "\u00e9", None]}
        if "".join(encode(sample, 0)) == encoder.encode(sample):
            return lambda value: "".join(encode(value, 0))
    except Exception:
        # Another Python has other compiled parts, or none.
        pass
    return encoder.encode


def _body(problem: Problem, dialect: Dialect, dumps: Dumps, room: int, max_bytes: int) -> bytes:
    """The body of as much of a problem as there is room for, before the dialect adds to it."""
    body = dialect.render(problem.bounded(room, lambda value: json.loads(dumps(value))))
    if isinstance(body, bytes):
        return body
    if not isinstance(body, str):
        said = _as_json(body, dumps)
        # An encoder may indent. Better without than with less to say.
        said = said if len(said) < max_bytes else json.dumps(json.loads(said))
        body = (said if isinstance(said, str) else said.decode("utf-8")).rstrip()
    # With a line break, as Flask's own JSON: terminals show the prompt on a line of its own.
    lines: str = body if body.endswith("\n") else body + "\n"
    return lines.encode("utf-8", "replace")


def _as_json(body: Any, dumps: Dumps) -> str | bytes:
    try:
        return dumps(body)
    except Exception as error:
        log(
            ERROR,
            "The application's JSON encoder failed; the standard library's steps in.",
            exc_info=error,
        )
        return json.dumps(body)
