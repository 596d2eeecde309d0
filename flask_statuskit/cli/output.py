"""What the commands share: the application they are for, and the way they print."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from flask import Flask

from ..config import Settings
from ..current import find_state, this_app

if TYPE_CHECKING:
    from ..extension import State

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def json_option(command: CommandT) -> CommandT:
    """The option ``--json`` of a command; a decorator."""
    option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
    return option(command)


def this_app_and_state() -> tuple[Flask, State]:
    """The application, and what it has of its StatusKit."""
    app = this_app()
    state = find_state(app)
    if state is None:
        raise click.ClickException(f"{app.name} has no StatusKit. Add StatusKit(app) to it.")
    return app, state


def this_app_and_settings() -> tuple[Flask, Settings]:
    """The application, and the settings that hold."""
    app, state = this_app_and_state()
    return app, state.settings(app)


def width() -> int:
    return min(shutil.get_terminal_size().columns, 100)


def print_wrapped(text: str, indent: int, head: str = "", *, bold: bool = False) -> None:
    """Print text, if there is any, beside its head, and never below that.

    What a no-break space joins stays on one line.
    """
    if not text:
        return
    blank = " " * indent
    filled = textwrap.fill(
        text,
        max(width(), indent + 16),
        initial_indent=blank,
        subsequent_indent=blank,
        break_long_words=False,
        break_on_hyphens=False,
    )
    filled = filled[indent:].replace("\N{NO-BREAK SPACE}", " ")
    echo(click.style(f"{head:{indent}}", bold=bold or None) + filled)


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2))


def echo(line: str) -> None:
    # ASCII and some code pages of Windows lack the section sign, and a setting may have any.
    encoding = sys.stdout.encoding or "utf-8"
    click.echo(line.encode(encoding, "replace").decode(encoding))
