"""`flask statuskit ...`: what to look up in a terminal.

statuses [CODE]   which status to answer with, and what to type for it
config            every setting: its value, who decided it, and what it would be elsewhere

Flask finds the commands by the entry point of the package, so `statuses` needs no application.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import click
from flask import Flask
from flask.cli import AppGroup

from . import config
from .current import find_state, this_app
from .exceptions import ERRORS
from .statuses import STATUSES, Status
from .success import HELPERS

if TYPE_CHECKING:
    from .extension import State

_CLASSES = {
    1: ("Informational", None),
    2: ("Successful", "green"),
    3: ("Redirection", "cyan"),
    4: ("Client Error", "yellow"),
    5: ("Server Error", "red"),
}

#: What Flask has for statuses that need no helper of ours.
_FLASKS = {206: "flask.send_file(path)", 302: "flask.redirect(location)"}


@click.group("statuskit", cls=AppGroup)
@click.pass_context
def group(context: click.Context) -> None:
    """Look up statuses and settings (flask-statuskit)."""
    # Click leaves colours out where there is no terminal; this is for those who never want them.
    if os.environ.get("NO_COLOR"):
        context.color = False


_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def _find_status(_context: object, _parameter: object, code: int | None) -> Status | None:
    if code is None:
        return None
    if code not in STATUSES:
        taken_for = f", and clients take it for {code // 100}00" if 100 <= code < 600 else ""
        raise click.BadParameter(
            f"{code} is not registered{taken_for}. `flask statuskit statuses` lists those that are."
        )
    return STATUSES[code]


# statuses -----------------------------------------------------------------------------------------


@group.command("statuses", with_appcontext=False)
@click.argument("status", metavar="[CODE]", type=int, required=False, callback=_find_status)
@_as_json
def show_statuses(status: Status | None, as_json: bool) -> None:
    """Say which status to answer with, and what to type for it.

    Without CODE, all of them; with it, everything about one and those it is confused with.
    """
    if as_json:
        _print_json(list(map(_status_as_json, [status] if status else STATUSES.values())))
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
        _echo(("\n" if hundred > 1 else "") + click.style(f"{hundred}xx {name}\n", bold=True))
        for status in STATUSES.values():
            if status.code // 100 == hundred:
                _print_in_short(status, column)


def _print_in_short(status: Status, column: int) -> None:
    code, type_this = f"{_coloured(status)}  ", _what_to_type(status) or ""
    if column + len(type_this) <= _width():
        _echo(code + f"{status.phrase:{column - 5}}{type_this}".rstrip())
    else:
        _echo(code + status.phrase)
        _print_wrapped(type_this, 5)
    owed = ", ".join(duty.header for duty in status.duties if duty.level != "may")
    _print_wrapped(f"{status.use_when} It owes {owed}." if owed else status.use_when, 5)


def _print_status(status: Status) -> None:
    _echo(f"{_coloured(status)} {click.style(status.phrase, bold=True)}\n")
    for name, text in _facts(status):
        _print_wrapped(text, 10, name)
    for code in status.confused_with:
        other = STATUSES[code]
        _echo(f"\nOr {_coloured(other)} {other.phrase}?")
        _print_wrapped(_what_to_type(other) or "", 10)
        _print_wrapped(other.use_when, 10)


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


# config -------------------------------------------------------------------------------------------


@group.command("config")
@_as_json
def show_config(as_json: bool) -> None:
    """Show every setting: its value, and who decided it.

    Where it has another value in another environment, that stands beside it. DEBUG is on if --debug
    or FLASK_DEBUG says so, as for all commands of Flask.
    """
    app = this_app()
    state = find_state(app)
    if state is None:
        raise click.ClickException(f"{app.name} has no StatusKit. Add StatusKit(app) to it.")
    try:
        rows = _settings_as_json(app, state)
    except config.ConfigError as error:
        # Set after init_app, which would have refused it.
        raise click.ClickException(str(error)) from None
    if as_json:
        _print_json(rows)
    else:
        _print_settings(rows)


def _settings_as_json(app: Flask, state: State) -> list[dict[str, Any]]:
    config.check_names(app.config, ())
    origins = config.origins(app.config, state.options, debug=app.debug, testing=app.testing)
    here = state.settings(app)
    settings = {
        environment: here
        if environment == here.environment
        else _elsewhere(environment, app, state)
        for environment in get_args(config.Environment)
    }
    if state.kit.integrations:
        # These are added to those of app.config; all other options win over it.
        settings = {e: _with_integrations(s, state.kit.integrations) for e, s in settings.items()}
        configured = origins["integrations"] != "default"
        origins["integrations"] = "option, app.config" if configured else "option"
    rows: list[dict[str, Any]] = []
    for key, name in zip(config.KEYS, config.ROWS, strict=True):
        values = {e: _as_configured(name, getattr(s, name)) for e, s in settings.items()}
        value = values[here.environment]
        rows.append({"key": key, "value": value, "from": origins[name], "environments": values})
    return rows


def _elsewhere(environment: str, app: Flask, state: State) -> config.Settings:
    """The settings in another environment, run as Flask's users run it there."""
    return config.resolve(
        app.config,
        {**state.options, "environment": environment},
        debug=environment == "development",
        testing=environment == "testing",
    )


def _with_integrations(settings: config.Settings, names: tuple[str, ...]) -> config.Settings:
    return replace(settings, integrations=tuple(dict.fromkeys((*names, *settings.integrations))))


def _as_configured(name: str, value: Any) -> Any:
    """A value as app.config takes it, of types that JSON knows."""
    if name == "log_levels":
        return {status: config.level_name(level) for status, level in value.items()}
    if isinstance(value, Mapping):
        return {key: _as_configured("", entry) for key, entry in value.items()}
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if callable(value):
        named = value if hasattr(value, "__qualname__") else type(value)
        return f"{named.__module__}.{named.__qualname__}"
    return list(value) if isinstance(value, tuple) else value


def _print_settings(rows: list[dict[str, Any]]) -> None:
    heads = [("SETTING", "FROM"), *((row["key"], row["from"]) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*heads, strict=True)]
    texts = ["VALUE", *map(_value_and_others, rows)]
    for number, ((key, origin), text) in enumerate(zip(heads, texts, strict=True)):
        _print_wrapped(
            text,
            sum(widths) + 4,
            f"{key:{widths[0]}}  {origin:{widths[1]}}",
            # What somebody has set stands out.
            bold=number == 0 or origin != "default",
        )


def _value_and_others(row: dict[str, Any]) -> str:
    others: dict[str, list[str]] = {}
    for environment, value in row["environments"].items():
        if value != row["value"] and row["key"] != config.PREFIX + "ENVIRONMENT":
            others.setdefault(repr(value), []).append(environment)
    texts = [f"{value} in {' and '.join(where)}" for value, where in others.items()]
    return "; ".join([repr(row["value"]), *texts])


# Both ---------------------------------------------------------------------------------------------


def _width() -> int:
    return min(shutil.get_terminal_size().columns, 100)


def _print_wrapped(text: str, indent: int, head: str = "", *, bold: bool = False) -> None:
    """Print text, if there is any, beside its head, and never below that."""
    if not text:
        return
    blank = " " * indent
    filled = textwrap.fill(
        text,
        max(_width(), indent + 16),
        initial_indent=blank,
        subsequent_indent=blank,
        break_long_words=False,
        break_on_hyphens=False,
    )
    _echo(click.style(f"{head:{indent}}", bold=bold or None) + filled[indent:])


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2))


def _echo(line: str) -> None:
    # ASCII and some code pages of Windows lack the section sign, and a setting may have any.
    encoding = sys.stdout.encoding or "utf-8"
    click.echo(line.encode(encoding, "replace").decode(encoding))
