"""`flask statuskit types`: the problem types, and whether clients can still rely on them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.cli import with_appcontext

from ..catalog import Entry, author_of, declared_operations, one_for_each_type
from ..current import state_of
from ..plain import text
from .output import echo, json_option, print_json, print_wrapped, this_app_and_state, width

#: What the catalogue says of each type, by the slug or URI that its class has.
Types = dict[str, Entry]
#: What clients rely on: of each type its status, and the schemas of its members.
Promises = dict[str, dict[str, Any]]


@click.command("types")
@with_appcontext
@click.option(
    "--lock",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write down in FILE what clients rely on.",
)
@click.option(
    "--check",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Exit with 1 if it is no longer as FILE has it.",
)
@json_option
@click.pass_context
def show_types(
    context: click.Context, lock: Path | None, check: Path | None, as_json: bool
) -> None:
    """Show the problem types of the application.

    With --lock, write their names, statuses and members down, as a file to keep with the code. With
    --check, compare: a type that is gone, has another status, or lost or changed a member breaks
    clients. What is new does not. Types are named as their classes name them: the URL in front of a
    slug is a setting, STATUSKIT_TYPE_BASE or STATUSKIT_CATALOG_URL, and no part of this.
    """
    if lock is not None and (check is not None or as_json):
        raise click.UsageError("Type --lock without --check and without --json.")
    app, _ = this_app_and_state()
    types = _types_of(app)
    if lock is not None:
        _write(lock, _promises(types))
        echo(f"{_counted(len(types))} written to {lock}.")
    elif check is not None:
        breaks = list(_breaks(_read(check), _promises(types)))
        if as_json:
            print_json({"breaks": breaks})
        else:
            all_is_well = f"{_counted(len(types))}, and nothing is missing that {check} has."
            for line in breaks or [all_is_well]:
                echo(line)
        if breaks:
            context.exit(1)
    elif as_json:
        print_json([_as_json(type_, entry) for type_, entry in types.items()])
    else:
        _print_types(types)


def _counted(number: int) -> str:
    return "1 problem type" if number == 1 else f"{number} problem types"


def _types_of(app: Flask) -> Types:
    author = author_of(app, declared=declared_operations(app))
    classes = one_for_each_type(state_of(app).kit.problem_types())
    types = [(text(cls.type), author.of_type(cls)) for cls in classes]
    return dict(sorted(types, key=lambda item: (item[1].status, item[0])))


# To look up ---------------------------------------------------------------------------------------


def _as_json(type_: str, entry: Entry) -> dict[str, Any]:
    return {
        "type": type_,
        "status": entry.status,
        "title": entry.title,
        "members": {member.name: member.schema for member in entry.members},
        "declared_by": list(entry.operations),
    }


def _print_types(types: Types) -> None:
    if not types:
        echo("There are no problem types: a subclass of an error, such as Conflict, is one.")
        return
    column = 7 + max(map(len, types))
    for number, (type_, entry) in enumerate(types.items()):
        head = f"{click.style(str(entry.status), bold=True)}  {click.style(type_, bold=True)}"
        if number:
            echo("")
        if column + len(entry.title) <= width():
            echo(head + " " * (column - 5 - len(type_)) + entry.title)
        else:
            echo(head)
            print_wrapped(entry.title, 5)
        members = (f"{member.name}: {member.kind}" for member in entry.members)
        _print_list(list(members), "Members")
        _print_list(list(entry.operations) or ["none"], "Views")


def _print_list(lines: list[str], name: str) -> None:
    for number, line in enumerate(lines):
        print_wrapped(line, 16, "" if number else f"     {name}")


# To keep ------------------------------------------------------------------------------------------


def _promises(types: Types) -> Promises:
    return {
        type_: {
            "status": entry.status,
            "members": {member.name: _constraints(member.schema) for member in entry.members},
        }
        for type_, entry in types.items()
    }


def _constraints(schema: Any) -> Any:
    """A schema as far as it constrains values, in one of the orders it may be written in."""
    if isinstance(schema, Mapping):
        return {key: _unordered(value, key) for key, value in schema.items() if key != "examples"}
    return schema


def _unordered(value: Any, key: str) -> Any:
    if not isinstance(value, list):
        return _constraints(value)
    parts = value if key == "enum" else [_constraints(part) for part in value]
    # Only of "prefixItems" the order means something.
    return parts if key == "prefixItems" else sorted(parts, key=_json)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _breaks(before: Promises, now: Promises) -> Iterator[str]:
    """What breaks clients that rely on what was, a line for each."""
    for type_, was in sorted(before.items()):
        if type_ not in now:
            yield f"{type_}: was a problem type with status {was['status']}, is gone"
            continue
        present = now[type_]
        if was["status"] != present["status"]:
            yield f"{type_}: status was {was['status']}, is {present['status']}"
        for name, schema in sorted(was["members"].items()):
            if name not in present["members"]:
                yield f"{type_}: member {name} was {_json(schema)}, is gone"
            elif _json(_constraints(schema)) != _json(present["members"][name]):
                is_now = _json(present["members"][name])
                yield f"{type_}: member {name} was {_json(schema)}, is {is_now}"


def _write(file: Path, promises: Promises) -> None:
    content = json.dumps(promises, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    file = file.resolve()  # what a link points to is replaced, not the link
    new = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        try:
            new.write_bytes(content.encode())
            new.replace(file)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise click.BadParameter(
            f"{file} cannot be written: {error.strerror or error}.", param_hint="--lock"
        ) from None


def _read(file: Path) -> Promises:
    try:
        content = json.loads(file.read_bytes())
        ours = isinstance(content, dict) and all(map(_is_promise, content.values()))
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
    except (ValueError, RecursionError) as error:
        reason = f"is no JSON: {error}"
    else:
        if ours:
            return dict(content)
        reason = "has not been written by --lock"
    raise click.BadParameter(
        f"{file} {reason}. Type flask statuskit types --lock {file} where the types are right.",
        param_hint="--check",
    )


def _is_promise(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and type(value.get("status")) is int
        and isinstance(value.get("members"), dict)
    )
