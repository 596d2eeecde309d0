"""`flask statuskit statuses [CODE]`: which status to answer with, and what to type for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from ..exceptions import ERRORS
from ..statuses import STATUSES, Status
from ..success import HELPERS
from .output import echo, json_option, print_json, print_wrapped, width

_CLASSES = {
    1: ("Informational", None),
    2: ("Successful", "green"),
    3: ("Redirection", "cyan"),
    4: ("Client Error", "yellow"),
    5: ("Server Error", "red"),
}

#: What Flask has for statuses that need no helper of ours.
_FLASKS = {206: "flask.send_file(path)", 302: "flask.redirect(location)"}


def _find_status(_context: object, _parameter: object, code: int | None) -> Status | None:
    if code is None:
        return None
    if code not in STATUSES:
        taken_for = f", and clients take it for {code // 100}00" if 100 <= code < 600 else ""
        raise click.BadParameter(
            f"{code} is not registered{taken_for}. `flask statuskit statuses` lists those that are."
        )
    return STATUSES[code]


@click.command("statuses")
@click.argument("status", metavar="[CODE]", type=int, required=False, callback=_find_status)
@json_option
def show_statuses(status: Status | None, as_json: bool) -> None:
    """Say which status to answer with, and what to type for it.

    Without CODE, all of them; with it, everything about one and those it is confused with.
    """
    if as_json:
        print_json(list(map(_status_as_json, [status] if status else STATUSES.values())))
    elif status:
        _print_status(status)
    else:
        _print_statuses()


def _status_as_json(status: Status) -> dict[str, Any]:
    return {
        "code": status.code,
        "phrase": status.phrase,
        "use_when": status.use_when,
        "type": _what_to_type(status),
        "duties": [
            {"header": d.header, "level": d.level, "section": d.section, "value": d.value}
            for d in status.duties
        ],
        "confused_with": list(status.confused_with),
        "section": status.section,
        "detail": status.sentence,
        "body": status.body,
        "retry": status.retry,
        "cacheable": status.cacheable,
    }


def _what_to_type(status: Status) -> str | None:
    if status.code in ERRORS:
        return f"raise {ERRORS[status.code].__name__}"
    call = HELPERS.get(status.code) or _FLASKS.get(status.code)
    return call and f"return {call}"


def _print_statuses() -> None:
    column = 7 + max(len(status.phrase) for status in STATUSES.values())
    for hundred, (name, _) in _CLASSES.items():
        echo(("\n" if hundred > 1 else "") + click.style(f"{hundred}xx {name}\n", bold=True))
        for status in STATUSES.values():
            if status.code // 100 == hundred:
                _print_in_short(status, column)


def _print_in_short(status: Status, column: int) -> None:
    code, type_this = f"{_coloured(status)}  ", _what_to_type(status) or ""
    if column + len(type_this) <= width():
        echo(code + f"{status.phrase:{column - 5}}{type_this}".rstrip())
    else:
        echo(code + status.phrase)
        print_wrapped(type_this, 5)
    owed = ", ".join(duty.header for duty in status.duties if duty.level != "may")
    print_wrapped(f"{status.use_when} It owes {owed}." if owed else status.use_when, 5)


def _print_status(status: Status) -> None:
    echo(f"{_coloured(status)} {click.style(status.phrase, bold=True)}\n")
    for name, text in _facts(status):
        print_wrapped(text, 10, name)
    for code in status.confused_with:
        other = STATUSES[code]
        echo(f"\nOr {_coloured(other)} {other.phrase}?")
        print_wrapped(_what_to_type(other) or "", 10)
        print_wrapped(other.use_when, 10)


def _facts(status: Status) -> Iterator[tuple[str, str]]:
    yield "Means", status.sentence
    yield "When", status.use_when
    yield "Type", _what_to_type(status) or ""
    for number, duty in enumerate(status.duties):
        value = f": {duty.value}" if duty.value else ""
        yield "" if number else "Owes", f"{duty.header}{value} ({duty.level}, {duty.section})"
    yield "Content", "allowed" if status.body else "none"
    yield "Caches", f"keep it {'unless told otherwise' if status.cacheable else 'only if told to'}"
    if status.code >= 400:
        later = "the same request may succeed later"
        yield "Retry", later if status.retry else "something has to change first"
    yield "Section", status.section


def _coloured(status: Status) -> str:
    _, colour = _CLASSES[status.code // 100]
    return click.style(str(status.code), fg=colour, bold=True)
