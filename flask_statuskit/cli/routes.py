"""`flask statuskit routes`: what each view declares, and whether its source agrees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os.path import relpath
from pathlib import Path
from types import CodeType
from typing import Any

import click
from flask import Flask
from flask.cli import with_appcontext
from werkzeug.routing import Rule

from .. import sources
from ..config import Settings
from ..contract import (
    class_of,
    declared,
    declared_by,
    functions_of,
    identity_of,
    layers_of,
    operations,
)
from ..exceptions import StatusError
from ..statements import Found
from .output import echo, json_option, print_json, print_wrapped, this_app_and_settings, width

Errors = Sequence[type[StatusError]]

#: The columns that a text needs at least beside others.
_ROOM = 24


@dataclass(frozen=True)
class _Contract:
    """What a view, or a function that runs before views, declares and does.

    Attributes:
        name: the endpoint, or the name of the function.
        code: the code of the function, where it has any that is Python's.
        errors: what it declares; None if nothing.
        reading: what its source says.
        missing: what that raises without a declaration.
    """

    name: str
    code: CodeType | None
    errors: Errors | None
    reading: sources.Reading
    missing: tuple[Found, ...]


@dataclass(frozen=True)
class _View:
    """A view at one URL rule, for the methods that it answers alike."""

    methods: tuple[str, ...]
    rule: Rule
    contract: _Contract


@dataclass(frozen=True)
class _Hook:
    """A function that runs before the views of a blueprint, or before all."""

    blueprint: str | None
    contract: _Contract


@click.command("routes")
@with_appcontext
@click.option("--check", is_flag=True, help="Exit with 1 if a source raises what is undeclared.")
@json_option
@click.pass_context
def show_routes(context: click.Context, check: bool, as_json: bool) -> None:
    """Show every view, with the problems that it declares by @raises.

    With --check, read the source of each view, and say where it raises or aborts with an error that
    the view does not declare. What cannot be followed, such as a class that a function returns, is
    left out; so are the views of Flask and of installed libraries.
    """
    app, settings = this_app_and_settings()
    views, hooks = _views_of(app), _hooks_of(app)
    if as_json:
        print_json(
            {
                "routes": [_view_as_json(view, settings) for view in views],
                "before_request": [_hook_as_json(hook, settings) for hook in hooks],
            }
        )
    elif check:
        _print_check(app, views, hooks)
    else:
        _print_views(views, settings)
    contracts = [*(view.contract for view in views), *(hook.contract for hook in hooks)]
    if check and any(contract.missing for contract in contracts):
        context.exit(1)


def _views_of(app: Flask) -> list[_View]:
    methods: dict[tuple[int, _Contract], list[str]] = {}
    rules: dict[int, Rule] = {}
    for rule, method in operations(app):
        contract = _Contract(
            rule.endpoint,
            _code(functions_of(app.view_functions[rule.endpoint], method)[-1]),
            declared_by(app, rule.endpoint, method),
            sources.read_operation(app, rule.endpoint, method),
            tuple(sources.missing(app, rule, method)),
        )
        # A Rule has no hash.
        rules[id(rule)] = rule
        methods.setdefault((id(rule), contract), []).append(method)
    return [_View(tuple(m), rules[rule], contract) for (rule, contract), m in methods.items()]


def _hooks_of(app: Flask) -> list[_Hook]:
    found: list[_Hook] = []
    for hook, blueprint in sources.hooks(app):
        contract = _Contract(
            getattr(hook, "__qualname__", type(hook).__qualname__),
            _code(hook),
            declared(hook),
            sources.read(app, hook),
            tuple(sources.missing_of_hook(app, hook, blueprint)),
        )
        found.append(_Hook(blueprint, contract))
    return found


def _code(function: Any) -> CodeType | None:
    *_, innermost = layers_of(function)
    return getattr(innermost, "__code__", None)


# For programs -------------------------------------------------------------------------------------


def _view_as_json(view: _View, settings: Settings) -> dict[str, Any]:
    return {
        "methods": list(view.methods),
        "path": _path(view.rule),
        "endpoint": view.rule.endpoint,
        **_contract_as_json(view.contract, settings),
    }


def _hook_as_json(hook: _Hook, settings: Settings) -> dict[str, Any]:
    return {
        "name": hook.contract.name,
        "blueprint": hook.blueprint,
        **_contract_as_json(hook.contract, settings),
    }


def _contract_as_json(one: _Contract, settings: Settings) -> dict[str, Any]:
    errors = None if one.errors is None else _sorted(one.errors, settings)
    return {
        "declares": errors and [_error_as_json(cls, settings) for cls in errors],
        "raises": [_found_as_json(found, settings) for found in one.reading.found],
        "missing": [_found_as_json(found, settings) for found in one.missing],
        "unread": list(one.reading.unread),
    }


def _error_as_json(cls: type[StatusError], settings: Settings) -> dict[str, Any]:
    status, type_ = identity_of(cls, settings)
    return {"status": status, "type": type_, "error": cls.__name__}


def _found_as_json(found: Found, settings: Settings) -> dict[str, Any]:
    place = {"file": _file(found.file), "line": found.line}
    return {**_error_as_json(found.error, settings), **place}


# For people ---------------------------------------------------------------------------------------


def _print_views(views: list[_View], settings: Settings) -> None:
    rows = [("METHODS", "PATH", "ENDPOINT", "DECLARES")]
    rows += [
        (
            " ".join(view.methods),
            _path(view.rule),
            view.rule.endpoint,
            _in_words(view.contract.errors, settings),
        )
        for view in views
    ]
    first, second, third, _ = (max(map(len, column)) for column in zip(*rows, strict=True))
    fits = first + second + third + 6 + _ROOM <= width()
    for number, (methods, path, endpoint, errors) in enumerate(rows):
        bold = number == 0
        head = f"{methods:{first}}  {path:{second if fits else 0}}"
        if not fits:
            # Paths are what is long; below them is room.
            echo(click.style(head, bold=bold or None))
            head = " " * first
        head = f"{head}  {endpoint:{third}}"
        print_wrapped(errors, len(head) + 2, head, bold=bold)


def _in_words(errors: Errors | None, settings: Settings) -> str:
    if errors is None:
        return "-"
    named = (
        f"{identity_of(cls, settings)[0]}\N{NO-BREAK SPACE}{cls.__name__}"
        for cls in _sorted(errors, settings)
    )
    return ", ".join(named) or "no problem"


def _sorted(errors: Errors, settings: Settings) -> list[type[StatusError]]:
    return sorted(errors, key=lambda cls: (identity_of(cls, settings)[0], cls.__name__))


def _path(rule: Rule) -> str:
    """The path of a rule, behind its host or subdomain where it has one."""
    host = rule.host or (f"{rule.subdomain}." if rule.subdomain else "")
    return f"//{host}{rule.rule}" if host else rule.rule


def _file(name: str) -> str:
    """Where a source is, as a path from here if it is below."""
    return relpath(name) if Path(name).is_relative_to(Path.cwd()) else name


def _print_check(app: Flask, views: list[_View], hooks: list[_Hook]) -> None:
    own = {name for name in app.view_functions if sources.is_own(app, sources.view_of(app, name))}
    # What the developer cannot mend is nothing to be told of.
    views = [view for view in views if view.rule.endpoint in own]
    contracts = [*(view.contract for view in views), *(hook.contract for hook in hooks)]
    lines = [*_missing_of_views(app, views), *_missing_of_hooks(hooks)]
    for file, line, said in sorted(set(lines)):
        echo(f"{_file(file)}:{line}: {said}")
    for text in dict.fromkeys(map(_unread, (one for one in contracts if one.reading.unread))):
        echo(text)
    if not lines:
        unread = {view.rule.endpoint for view in views if view.contract.reading.unread}
        count = len({view.rule.endpoint for view in views} - unread)
        said = "all that is raised is declared" if count else "there is nothing to compare"
        echo(f"{count} view{'' if count == 1 else 's'} read: {said}.")


def _unread(one: _Contract) -> str:
    place = f"{_file(one.code.co_filename)}:{one.code.co_firstlineno}: " if one.code else ""
    names = ", ".join(one.reading.unread)
    return f"{place}{one.name} was not read: {names} has no source that can be read."


#: A file, a line in it, and what is to be said of that.
Line = tuple[str, int, str]


def _missing_of_views(app: Flask, views: list[_View]) -> Iterator[Line]:
    methods: dict[str, set[str]] = {}
    raising: dict[tuple[str, Found, str], set[str]] = {}
    for view in views:
        name = view.rule.endpoint
        methods.setdefault(name, set()).update(view.methods)
        for found in view.contract.missing:
            key = name, found, _complaint(view.contract, found)
            raising.setdefault(key, set()).update(view.methods)
    for (name, found, complaint), its in raising.items():
        # A class has a function for each method, and each has a declaration of its own.
        is_one_of = its != methods[name] or class_of(app.view_functions[name])
        named = f"{', '.join(sorted(its))} {name}" if is_one_of else name
        yield found.file, found.line, f"{named} {complaint}"


def _missing_of_hooks(hooks: list[_Hook]) -> Iterator[Line]:
    for hook in hooks:
        for found in hook.contract.missing:
            said = f"{hook.contract.name} {_complaint(hook.contract, found)}"
            yield found.file, found.line, said


def _complaint(one: _Contract, found: Found) -> str:
    name = found.error.__name__
    if one.errors is None:
        return f"raises {name}, and declares nothing: put @raises({name}) on it"
    return f"raises {name}, and does not declare it: add it to @raises(...)"
