"""`flask statuskit config`: every setting, who decided it, and what it would be elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import click
from flask import Flask
from flask.cli import with_appcontext

from .. import config
from .output import json_option, print_json, print_wrapped, this_app_and_state

if TYPE_CHECKING:
    from ..extension import State


@click.command("config")
@with_appcontext
@json_option
def show_config(as_json: bool) -> None:
    """Show every setting: its value, and who decided it.

    Where it has another value in another environment, that stands beside it. DEBUG is on if --debug
    or FLASK_DEBUG says so, as for all commands of Flask.
    """
    app, state = this_app_and_state()
    try:
        rows = _settings_as_json(app, state)
    except config.ConfigError as error:
        # Set after init_app, which would have refused it.
        raise click.ClickException(str(error)) from None
    if as_json:
        print_json(rows)
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
        print_wrapped(
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
