"""The package as a whole: its public names, its layers, what it imports, and its examples."""

from __future__ import annotations

import ast
import doctest
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import flask_statuskit
from flask_statuskit import StatusError, exceptions
from flask_statuskit.exceptions import ERRORS

PACKAGE = Path(flask_statuskit.__file__).parent

#: From the top to the bottom: a module imports only what stands above it.
LAYERS = [
    "statuses",
    "log",
    "plain",
    "retry",
    "problem",
    "exceptions",
    "class_table",
    "mapping",
    "request_json",
    "current",
    "integrations",
    "dialects",
    "rules",
    "config",
    "members",
    "internals",
    "describe",
    "contract",
    "success",
    "languages",
    "pages",
    "address",
    "catalog",
    "openapi",
    "reply",
    "response",
    "handlers",
    "relay",
    "middleware",
    "audit",
    "statements",
    "sources",
    "cli",
    # Loaded by name when their integration is on; those of Flask's extensions stand at the edge.
    "integrations.*",
    "extension",
    "testing",
    "__init__",
]
#: The only ones that know Flask, or send signals as it does.
FLASK_EDGE = {
    *(
        "request_json",
        "current",
        "success",
        "languages",
        "pages",
        "address",
        "catalog",
        "reply",
        "response",
        "handlers",
    ),
    *("contract", "openapi", "audit", "sources", "cli", "middleware", "extension", "testing"),
}
FLASKS_EXTENSIONS = ("integrations.flask_", "integrations.apiflask", "integrations._restx_")

FILES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
every_file = pytest.mark.parametrize("name", FILES)


def room(name: str) -> str:
    """The layer of a module; the modules of a package are one."""
    name = name.removesuffix(".__init__")
    if name.startswith(("cli.", "openapi.", "testing.")):
        return name.partition(".")[0]
    return "integrations.*" if name.startswith("integrations.") else name


def imports(name: str, *, for_types: bool) -> Iterator[str]:
    """The modules that a file imports, those of the package by their names inside of it.

    With `for_types`, also those that only a type checker imports.
    """
    depth = name.count(".")
    statements: list[ast.AST] = [ast.parse(FILES[name].read_text(encoding="utf-8"))]
    while statements:
        node = statements.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            statements.extend([*(node.body if for_types else []), *node.orelse])
            continue
        statements.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""
        elif isinstance(node, ast.ImportFrom):
            parents = name.split(".")[: depth + 1 - node.level]
            for alias in node.names:
                target = [*parents, *(node.module or alias.name).split(".")]
                yield "flask_statuskit." + ".".join(target)


# Public names


def test_every_public_name_is_listed_and_every_listed_name_exists() -> None:
    public = {
        name
        for name, value in vars(flask_statuskit).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert set(flask_statuskit.__all__) == public
    assert len(flask_statuskit.__all__) == len(public)


def test_every_error_is_public_under_each_of_its_names() -> None:
    names = {
        name
        for name, value in vars(exceptions).items()
        if inspect.isclass(value) and issubclass(value, StatusError) and name[0] != "_"
    }
    assert names <= set(flask_statuskit.__all__)
    assert len(names) == len(ERRORS) + len({"StatusError", "ValidationError", "TooManyRequests"})


@pytest.mark.parametrize(
    "name",
    ["StatusKit", "Problem", "FieldError", "problem_raised", "ConfigError", "STATUSES", "Status"],
)
def test_what_the_design_names_is_public(name: str) -> None:
    assert name in flask_statuskit.__all__


def test_a_public_object_has_a_docstring() -> None:
    undocumented = [
        name
        for name in flask_statuskit.__all__
        if inspect.isclass(value := getattr(flask_statuskit, name)) and not inspect.getdoc(value)
    ]
    assert undocumented == []


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").read_bytes() == b""


# Layers


def test_every_module_has_its_layer() -> None:
    assert {room(name) for name in FILES} == set(LAYERS)
    assert len(LAYERS) == len(set(LAYERS))


@every_file
def test_imports_point_upwards_only(name: str) -> None:
    above = {*LAYERS[: LAYERS.index(room(name))]}
    below = [
        imported
        for imported in imports(name, for_types=False)
        if imported.startswith("flask_statuskit.")
        and room(imported.removeprefix("flask_statuskit.")) not in {*above, room(name)}
    ]
    assert below == []


@pytest.mark.parametrize(
    "name", [n for n in FILES if room(n) not in FLASK_EDGE and not n.startswith(FLASKS_EXTENSIONS)]
)
def test_only_the_edge_knows_flask(name: str) -> None:
    known = {imported.partition(".")[0] for imported in imports(name, for_types=True)}
    assert not known & {"flask", "blinker"}


@pytest.mark.parametrize("name", sorted(FLASK_EDGE))
def test_the_edge_does_know_flask(name: str) -> None:
    files = [file for file in FILES if room(file) == name]
    imported = {module for file in files for module in imports(file, for_types=False)}
    assert imported & {"flask", "flask.cli", "blinker"}


@every_file
def test_only_standard_library_flask_werkzeug_and_blinker_are_imported(name: str) -> None:
    known = {imported.partition(".")[0] for imported in imports(name, for_types=False)}
    allowed = {"flask", "werkzeug", "blinker", "flask_statuskit"}
    # click is Flask's, and in the tests of an application there is pytest
    libraries = {"cli": {"click"}, "pages": {"jinja2"}, "extension": {"jinja2"}}
    libraries |= {"testing": {"pytest"}, "openapi": {"marshmallow"}}
    allowed |= libraries.get(room(name), set())
    assert known - sys.stdlib_module_names <= allowed


@every_file
def test_annotations_are_postponed(name: str) -> None:
    assert name == "__init__" or "__future__" in set(imports(name, for_types=False))


# Imports


def test_importing_the_package_imports_no_library_and_no_integration_of_one() -> None:
    program = (
        "import sys, json; before = set(sys.modules); import flask_statuskit;"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=PACKAGE.parent,
        capture_output=True,
        check=True,
        text=True,
    )
    loaded = json.loads(run.stdout)
    libraries = [f"flask_statuskit.{name}" for name in FILES if name.startswith("integrations.")]
    assert "flask_statuskit.extension" in loaded
    assert [name for name in libraries if not name.endswith("__init__")]
    assert not set(loaded) & set(libraries)
    assert not [name for name in loaded if name.partition(".")[0] == "marshmallow"]


@every_file
def test_a_module_can_be_imported_first(name: str) -> None:
    module = f"flask_statuskit.{name}".removesuffix(".__init__")
    subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import {module}"], cwd=PACKAGE.parent, check=True
    )


# Examples


def examples(name: str) -> list[doctest.DocTest]:
    module = import_module(f"flask_statuskit.{name}".removesuffix(".__init__"))
    names: dict[str, Any] = {**vars(flask_statuskit), **vars(module)}
    found = doctest.DocTestFinder(exclude_empty=True).find(module, globs=names)
    return [example for example in found if example.examples]


@every_file
def test_the_examples_of_docstrings_run(name: str) -> None:
    for example in examples(name):
        report: list[str] = []
        results = doctest.DocTestRunner(verbose=False).run(example, out=report.append)
        assert results.failed == 0, "".join(report)


def test_the_examples_of_docstrings_are_found() -> None:
    shown = {example.name for name in FILES for example in examples(name)}
    assert {
        "flask_statuskit.retry.to_seconds",
        "flask_statuskit.problem.json_pointer",
        "flask_statuskit.exceptions.StatusError",
        "flask_statuskit.extension.StatusKit.map",
    } <= shown
