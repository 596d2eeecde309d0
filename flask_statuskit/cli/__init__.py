"""`flask statuskit ...`: what to look up in a terminal, and what to check.

statuses [CODE]   which status to answer with, and what to type for it
config            every setting: its value, who decided it, and what it would be elsewhere
routes            what each view declares, and what its source raises besides
types             the problem types: what they are made of, and whether clients can rely on it

Flask finds the commands by the entry point of the package, so `statuses` needs no application.
"""

from __future__ import annotations

import os

import click
from flask.cli import AppGroup

from .explain import explain_exception
from .routes import show_routes
from .settings import show_config
from .statuses import show_statuses
from .types import show_types


@click.group("statuskit", cls=AppGroup)
@click.pass_context
def group(context: click.Context) -> None:
    """Look up statuses, settings, problems and their types (flask-statuskit)."""
    # Click leaves colours out where there is no terminal; this is for those who never want them.
    if os.environ.get("NO_COLOR"):
        context.color = False


for _command in (explain_exception, show_config, show_routes, show_statuses, show_types):
    group.add_command(_command)
