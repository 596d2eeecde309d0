"""`flask statuskit ...`: what to look up in a terminal, and what to check.

statuses [CODE]   which status to answer with, and what to type for it
explain ERROR     what an exception is answered with, and who answers
config            every setting: its value, who decided it, and what it would be elsewhere
routes            what each view declares, and what its source raises besides
types             the problem types: what they are made of, and whether clients can rely on it

Flask finds the commands by the entry point of the package, so `statuses` needs no application.
"""

from __future__ import annotations

import os

import click
from flask.cli import AppGroup


class _Commands(AppGroup):
    """Imports its commands when one is asked for: every process has them, and few run one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._import()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        self._import()
        return super().get_command(ctx, cmd_name)

    def _import(self) -> None:
        # Here, so that a process that serves requests does without them.
        from .explain import explain_exception
        from .routes import show_routes
        from .settings import show_config
        from .statuses import show_statuses
        from .types import show_types

        for command in (explain_exception, show_config, show_routes, show_statuses, show_types):
            self.add_command(command)


@click.group("statuskit", cls=_Commands)
@click.pass_context
def group(context: click.Context) -> None:
    """Look up statuses, settings, problems and their types (flask-statuskit)."""
    # Click leaves colours out where there is no terminal; this is for those who never want them.
    if os.environ.get("NO_COLOR"):
        context.color = False
