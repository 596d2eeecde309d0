"""flask-restx's validation messages as field errors.

jsonschema, Python and flask-restx quote the value that was sent. A client may read what was wrong
with it, but no problem repeats a value: it could be a password, and problems end up in logs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask import request

from ..plain import Sentence
from ..problem import FieldError, json_pointer

_NUMBER = r"(?P<number>-?\d[\d.e+-]*)"

_GENERIC = Sentence("Is not valid.")
_NO_CHOICE = Sentence("Is none of the allowed values.")

#: How jsonschema's messages end, after the value; and what to say in place of them.
_SENTENCES = {
    r"is a required property": Sentence("Is required."),
    r"is not of type (?P<types>'\w+'(?:, '\w+')*)": Sentence("Has to be of type {types}."),
    r"is not one of \[.*\]": _NO_CHOICE,
    rf"is less than the minimum of {_NUMBER}": Sentence("Has to be at least {number}."),
    rf"is greater than the maximum of {_NUMBER}": Sentence("Has to be at most {number}."),
    rf"is less than or equal to the minimum of {_NUMBER}": Sentence(
        "Has to be greater than {number}."
    ),
    rf"is greater than or equal to the maximum of {_NUMBER}": Sentence(
        "Has to be less than {number}."
    ),
    rf"is not a multiple of {_NUMBER}": Sentence("Has to be a multiple of {number}."),
    r"is too short|should be non-empty": Sentence("Is too short."),
    r"is too long|expected to be empty": Sentence("Is too long."),
    r"does not match '.*'": Sentence("Does not match the pattern."),
    r"is not a '(?P<format>[\w-]+)'": Sentence("Is no valid {format}."),
    r"has non-unique elements": Sentence("Holds an element twice."),
    r"Additional properties are not allowed .*": Sentence("Holds properties that are not allowed."),
}


def model_errors(messages: Mapping[str, str]) -> Iterator[FieldError]:
    """What a model says of the body.

    Parameters:
        messages: by path, such as ``items.0.price``.
    """
    body = request.get_json(silent=True)
    for path, message in messages.items():
        keys = path.split(".") if path else []
        detail = _sentence(message)
        if isinstance(body, list) and not (keys and keys[0].isdigit()):
            # `@api.expect([model])` looks at each element by itself and does not say at which.
            said = Sentence("{name}: {detail}", name=path, detail=detail) if path else detail
            yield FieldError(said)
        else:
            yield FieldError(detail, pointer=json_pointer(keys))


def _sentence(message: str) -> Sentence:
    for ending, sentence in _SENTENCES.items():
        found = re.search(f"(?:{ending})$", message)
        if found:
            return sentence.filled(
                **{name: value.replace("'", "") for name, value in found.groupdict().items()}
            )
    return _GENERIC


def argument_errors(messages: Mapping[str, str]) -> Iterator[FieldError]:
    """What a request parser says of its arguments.

    Parameters:
        messages: by name. They hold the `help` of the argument, then what a converter said.
    """
    for name, message in messages.items():
        place, sent = _sent(name)
        place = place or _place_named_in(message)
        where = json_pointer([name]) if place == "pointer" else name
        yield FieldError(_unquoted(message, sent), **{place: where})


def _sent(name: str) -> tuple[str | None, list[Any]]:
    """Where the request has values of this name, and which."""
    body = request.get_json(silent=True)
    sources: list[tuple[str, Any]] = [
        ("path", request.view_args or {}),
        ("parameter", request.args),
        ("pointer", body if isinstance(body, dict) else {}),
        ("pointer", request.form),
        ("pointer", request.files),
        ("header", request.headers),
        ("cookie", request.cookies),
    ]
    for place, source in sources:
        if name in source:
            return place, source.getlist(name) if hasattr(source, "getlist") else [source[name]]
    return None, []


def _place_named_in(message: str) -> str:
    """Where an argument is missing: "... in the post body or the query string"."""
    if "HTTP headers" in message:
        return "header"
    if "cookies" in message:
        return "cookie"
    # With both to choose from, a client that sends a body will mend the body.
    in_query = "query string" in message and ("body" not in message or not request.mimetype)
    return "parameter" if in_query else "pointer"


def _unquoted(message: str, sent: list[Any]) -> str:
    """The message, without what quotes a value."""
    if not _quotes(message, sent):
        return message
    # Only the help that stands before a sentence of Python's or flask-restx's.
    help_text = re.split(r" ?(?:invalid literal|could not convert|The value ')", message)[0]
    if help_text and not _quotes(help_text, sent):
        return help_text
    return _NO_CHOICE if "is not a valid choice" in message else _GENERIC


def _quotes(message: str, sent: list[Any]) -> bool:
    """Whether a message repeats a value, or one inside it."""
    message = message.lower()
    pending = list(sent)
    for _ in range(10_000):
        if not pending:
            return False
        value = pending.pop()
        if isinstance(value, dict):
            pending += [*value, *value.values()]
        elif isinstance(value, list):
            pending += value
        else:
            # As it is, as Python writes it, and as `action="split"` takes it apart.
            for part in (str(value), repr(value)[1:-1], *str(value).split(",")):
                word = part.strip().lower()
                # Not "a" in "Not a date"; "a" between quotes is a word, too.
                if (
                    word
                    and word in message
                    and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", message)
                ):
                    return True
    return True  # too much to look through
