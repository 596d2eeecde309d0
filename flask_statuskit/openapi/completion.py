"""Completing a document with what the views of an application declare."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.http import HTTP_STATUS_CODES

from ..contract import declared_by, operations, template_of
from ..exceptions import ERRORS, StatusError, ValidationError
from ..statuses import STATUSES
from .parts import Classes, Json
from .writer import Writer, application, writer_for

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def complete(spec: Mapping[str, Any], app: Flask | None, theirs: frozenset[str]) -> Json:
    """A document with what is declared.

    Parameters:
        spec: the document.
        app: the application.
        theirs: the schemas of the errors that a library documents, and that are problems here.
    """
    app = application(app)
    if app is None:
        raise RuntimeError(
            "There is no application that says what its views declare: type document(spec, app),"
            " register(spec, app), or do it inside app.app_context()."
        )
    completed: Json = _copied(spec)
    declared = dict(_declared(completed, app))
    errors = {cls: None for classes in declared.values() for cls in classes}
    version = str(spec.get("openapi", spec.get("swagger")))
    with writer_for(version, app, errors, "openapi='3.1.0', or '3.0.3'") as writer:
        replaced = [_take_out(operation, spec, theirs) for operation in _operations(completed)]
        _drop_unused(completed, theirs)
        known = _known(writer, [*errors, ValidationError, *ERRORS.values()])
        ours = writer.components(known)
        writer.renamed = _renamed(completed, ours)
        for operation, described in zip(_operations(completed), replaced, strict=True):
            classes = [*declared.get(id(operation), ()), *_bare(described)]
            _add(operation, writer.responses(classes), described)
            if "default" in described:
                _add(operation, {"default": writer.problem(described["default"])})
        _add_components(completed, writer.components(known) if writer.renamed else ours)
    return completed


def _copied(value: Any) -> Any:
    # Not `deepcopy`: an object that stands in two places is to become two.
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, (list, tuple)) else value


def _known(writer: Writer, errors: Classes) -> list[type[StatusError]]:
    """Those errors, and all the others that have other names."""
    listed = list(dict.fromkeys(errors))
    names = {writer.name(cls) for cls in listed}
    return [*listed, *(cls for cls in writer.everything() if writer.name(cls) not in names)]


def _operations(spec: Json) -> Iterator[Json]:
    for item in (spec.get("paths") or {}).values():
        for method in _METHODS if isinstance(item, dict) else ():
            if isinstance(item.get(method), dict):
                yield item[method]


def _declared(spec: Json, app: Flask) -> Iterator[tuple[int, Classes]]:
    """What is declared for the operations of a document, by their identity."""
    endpoints: dict[str, dict[str, list[str]]] = {}
    for rule, method in operations(app):
        template = template_of(rule)
        for path in {template, _shape(template)}:
            endpoints.setdefault(path, {}).setdefault(method.lower(), []).append(rule.endpoint)
    servers = map(_path_of, spec.get("servers") or ())
    prefixes = [prefix for prefix in servers if prefix is not None]
    root = app.config["APPLICATION_ROOT"].rstrip("/")
    for path, item in (spec.get("paths") or {}).items():
        paths = [prefix + path for prefix in (*prefixes, "")]
        # What a server strips from the path, the application does not see.
        paths += [p[len(root) :] for p in paths if root and p.startswith(f"{root}/")]
        place = next((p for p in paths if _shape(p) in endpoints), "")
        # Of rules that differ in names only, that with the names of the document.
        found = {**endpoints.get(_shape(place), {}), **endpoints.get(place, {})}
        for method, names in found.items() if isinstance(item, dict) else ():
            operation = item.get(method)
            if isinstance(operation, dict):
                errors = [declared_by(app, name, method.upper()) or () for name in names]
                yield id(operation), dict.fromkeys(cls for classes in errors for cls in classes)


def _shape(template: str) -> str:
    """A path without the names of its variables, which may differ."""
    return re.sub(r"\{[^}]*\}", "{}", template)


def _path_of(server: Mapping[str, Any]) -> str | None:
    """The path of a server, None if its URL is none."""
    url = str(server.get("url", ""))
    for name, variable in (server.get("variables") or {}).items():
        url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    try:
        return urlsplit(url).path.rstrip("/")
    except ValueError:
        return None


def _add(operation: Json, responses: Json, described: Mapping[str, str] = {}) -> None:
    there = operation.get("responses") or {}
    known = {_code(status) for status in there}
    added = {status: r for status, r in responses.items() if status not in known}
    for status in added.keys() & described.keys():
        added[status]["description"] = described[status] or added[status]["description"]
    if added or not there:
        operation["responses"] = {**there, **added}


def _code(status: Any) -> str:
    # YAML and Python have statuses that are numbers.
    return str(int(status) if isinstance(status, int) else status)


def _renamed(spec: Json, ours: Json) -> dict[str, str]:
    """Other names for those of our schemas whose names are taken."""
    there = (spec.get("components") or {}).get("schemas") or {}
    renamed: dict[str, str] = {}
    for name, schema in ours["schemas"].items():
        other = name
        while _is_taken(other, there, schema) or (other != name and other in ours["schemas"]):
            other += "Problem"
            renamed[name] = other
    return renamed


def _is_taken(name: str, there: Json, schema: Json) -> bool:
    # That of our own `ProblemSchema` has the same properties.
    return name in there and there[name] != schema and not _is_alike(there[name], schema)


def _is_alike(one: Json, other: Json) -> bool:
    return "properties" in other and one.get("properties", {}).keys() == other["properties"].keys()


def _add_components(spec: Json, ours: Json) -> None:
    """Add what is referred to and missing, and what that refers to."""
    there: Json = spec.get("components") or {}
    missing: set[tuple[str, str]] = set()
    pending = list(_refs(spec))
    while pending:
        section, name = part = pending.pop()
        is_there = name in (there.get(section) or {})
        if part not in missing and not is_there and name in ours.get(section, {}):
            missing.add(part)
            pending.extend(_refs(ours[section][name]))
    for section, parts in ours.items():
        added = {name: part for name, part in parts.items() if (section, name) in missing}
        if added:
            spec["components"] = there
            there[section] = {**(there.get(section) or {}), **added}


def _refs(value: Any) -> Iterator[tuple[str, str]]:
    """The components that a part of a document refers to, by section and name."""
    if isinstance(value, str):
        if match := re.fullmatch(r"#/components/(\w+)/([A-Za-z0-9._-]+)", value):
            yield match[1], match[2]
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _refs(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _refs(item)


# What libraries document by themselves ------------------------------------------------------------


def _take_out(operation: Json, spec: Mapping[str, Any], theirs: frozenset[str]) -> dict[str, str]:
    """Take out the errors that a library has documented; their descriptions, by status."""
    responses = operation.get("responses") or {}
    taken = [status for status, r in responses.items() if _is_of_library(r, spec, theirs)]
    found: dict[str, str] = {}
    for status in taken:
        code = _code(status)
        said = _resolved(responses.pop(status), spec).get("description", "")
        found[code] = "" if _is_phrase(said, code) else said
    return found


def _is_phrase(said: str, code: str) -> bool:
    """Whether a description is the name of its status, which says less than our sentence."""
    status = int(code) if code.isdigit() else 0
    row = STATUSES.get(status)
    return said == HTTP_STATUS_CODES.get(status) or (row is not None and said == row.phrase)


def _bare(statuses: Iterable[str]) -> Iterator[type[StatusError]]:
    for code in statuses:
        if code.isdigit() and int(code) in ERRORS:
            yield ValidationError if int(code) == ValidationError.code else ERRORS[int(code)]


def _is_of_library(response: Any, spec: Mapping[str, Any], theirs: frozenset[str]) -> bool:
    """Whether a response has a schema that a library has for its own errors."""
    found = {name for section, name in _refs(_resolved(response, spec)) if section == "schemas"}
    return bool(found) and found <= theirs


def _resolved(response: Any, spec: Mapping[str, Any]) -> Any:
    known = (spec.get("components") or {}).get("responses") or {}
    names = [name for section, name in _refs(response) if section == "responses"]
    return known.get(names[0], response) if names else response


def _drop_unused(spec: Json, theirs: frozenset[str]) -> None:
    """Take out what only the library's errors have used."""
    sections = spec.get("components") or {}
    for section in ("responses", "schemas") if theirs else ():
        there = sections.get(section) or {}
        for name in list(there):
            is_theirs = name in theirs
            if section == "responses":
                is_theirs = _is_of_library(there[name], spec, theirs)
            if is_theirs and (section, name) not in set(_refs(spec)):
                del there[name]
        if section in sections and not there:
            del sections[section]
