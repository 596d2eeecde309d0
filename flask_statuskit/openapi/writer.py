"""From classes of errors to the parts of a document: schemas, responses, headers.

What the classes say of themselves comes from the entries of the catalogue, so the two agree. All is
written as OpenAPI 3.1 has it; what 3.0 lacks is replaced at the end.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import flask
from flask import Flask, current_app

from .. import config
from ..catalog import Author, Entry, author_of, is_for_applications, one_for_each_type
from ..current import find_state, this_app
from ..describe import is_uri, status_of_class
from ..dialects import PROBLEM_JSON
from ..exceptions import ERRORS, RateLimited, StatusError, ValidationError
from ..languages import ENGLISH
from ..pages import advice
from ..plain import text
from ..problem import Problem
from ..retry import rate_limit_headers
from ..statuses import STATUSES
from .names import LISTS_VALUES, Names, all_types
from .parts import (
    ALWAYS,
    BASE,
    COUNT,
    HEADERS,
    INTEGERS,
    LEFT_OUT,
    OPTIONAL,
    REFERENCE,
    STRING,
    Classes,
    Json,
)
from .version_30 import as_30


@contextmanager
def writer_for(
    version: str, app: Flask | None, errors: Classes, hint: str = "version='3.1', or '3.0'"
) -> Iterator[Writer]:
    """Who writes for an application, in English: a document is the same for every reader.

    Parameters:
        version: the version of OpenAPI.
        app: the application.
        errors: the classes that are going to be named.
        hint: what to type instead of a version that is not known.
    """
    match = re.fullmatch(r"3\.([01])(\.\d+)?", version) if isinstance(version, str) else None
    if match is None:
        raise ValueError(f"OpenAPI {version!r} cannot be written: type {hint}.")
    app = application(app)
    state = None if app is None else find_state(app)
    babel = sys.modules.get("flask_babel") if app and "babel" in app.extensions else None
    with _english(app, babel) if app and babel else nullcontext():
        if app is None or state is None:
            encode = flask.json.dumps if app is None else app.json.dumps
            settings = config.resolve({}, {}, debug=False, testing=False)
            author = Author(settings, None, ENGLISH, lambda value: json.loads(encode(value)))
        else:
            author = author_of(app)
        types = list(state.kit.problem_types()) if state else list(all_types())
        yield Writer(
            author,
            Names(errors),
            types,
            is_31=match[1] == "1",
            translates=babel is not None,
            knows_types=bool(author.settings.type_base) or not _is_catalog_variable(app),
        )


def application(app: Flask | None) -> Flask | None:
    if app is None or app is current_app:
        return this_app() if current_app else None
    return app


def _is_catalog_variable(app: Flask | None) -> bool:
    """Whether the URL of the catalogue has variables: each request has its own then."""
    state = None if app is None else find_state(app)
    if app is None or state is None or state.catalog is None or "://" in state.catalog:
        return False
    rules = app.url_map.iter_rules(state.catalog)
    return any(rule.arguments - set(rule.defaults or ()) for rule in rules)


@contextmanager
def _english(app: Flask, babel: Any) -> Iterator[None]:
    here = nullcontext() if current_app and this_app() is app else app.app_context()
    with here, babel.force_locale("en"):
        yield


class Writer:
    """Writes the parts of a document."""

    def __init__(
        self,
        author: Author,
        names: Names,
        types: list[type[StatusError]],
        *,
        is_31: bool,
        translates: bool,
        knows_types: bool,
    ) -> None:
        self._author = author
        self._names = names
        self._types = types
        self._is_31 = is_31
        self._translates = translates
        self._knows_types = knows_types
        self._entries: dict[type[StatusError], Entry] = {}
        #: What schemas are called where their names are taken.
        self.renamed: dict[str, str] = {}

    def everything(self) -> list[type[StatusError]]:
        """The statuses that an application may answer with, then the problem types."""
        bare = [ERRORS[row.code] for row in STATUSES.values() if is_for_applications(row)]
        types = sorted(one_for_each_type(self._types), key=lambda c: (self.status(c), text(c.type)))
        return [*bare, ValidationError, *types]

    def status(self, cls: type[StatusError]) -> int:
        return status_of_class(cls, self._author.settings)

    def name(self, cls: type[StatusError]) -> str:
        return self._names.of(cls, self.status(cls))

    def responses(self, errors: Classes) -> Json:
        """The Responses Object of errors."""
        by_status: dict[int, list[type[StatusError]]] = {}
        for cls in errors:
            by_status.setdefault(self.status(cls), []).append(cls)
        return _plain({str(s): self._response(s, by_status[s]) for s in sorted(by_status)})

    def _response(self, status: int, errors: Classes) -> Json:
        """The Response Object of errors that have one status."""
        by_type: dict[str, dict[str, list[type[StatusError]]]] = {}
        for cls in sorted(errors, key=lambda cls: len(cls.__mro__)):
            named = by_type.setdefault(self._entry(cls).type, {})
            named.setdefault(self.name(cls), []).append(cls)
        refs: dict[str, str] = {}
        examples: dict[str, Json] = {}
        described: dict[str, None] = {}
        for type_, named in by_type.items():
            # Of the bare ones, the schema whose description is the more precise.
            name = LISTS_VALUES if LISTS_VALUES in named else next(iter(named))
            entry = self._entry(named[name][0])
            refs[type_] = self._ref(name)
            examples[name] = {"summary": entry.title, "value": dict(entry.example)}
            described[entry.description] = None
        schema: Json = {"$ref": next(iter(refs.values()))}
        if len(refs) > 1 and not self._has_known_types(errors):
            # Nothing that is known beforehand tells them apart.
            schema = {"anyOf": [{"$ref": ref} for ref in refs.values()]}
        elif len(refs) > 1:
            schema = {
                "oneOf": [{"$ref": ref} for ref in refs.values()],
                "discriminator": {"propertyName": "type", "mapping": refs},
            }
        names = self._header_names(status, errors)
        headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        return {
            "description": "\n\n".join(described),
            **({"headers": headers} if headers else {}),
            "content": {PROBLEM_JSON: {"schema": schema, "examples": examples}},
        }

    def problem(self, description: str) -> Json:
        """The Response Object of any problem."""
        schema = {"$ref": self._ref("Problem")}
        return {"description": description, "content": {PROBLEM_JSON: {"schema": schema}}}

    def components(self, errors: Classes) -> Json:
        """The Components Object of errors."""
        by_name: dict[str, list[type[StatusError]]] = {}
        for cls in sorted(errors, key=lambda cls: (self.status(cls), len(cls.__mro__))):
            by_name.setdefault(self.name(cls), []).append(cls)
        schemas = {**BASE, **{name: self._schema(classes) for name, classes in by_name.items()}}
        responses = {
            name: self._response(self.status(classes[0]), classes)
            for name, classes in by_name.items()
        }
        headers = {name for response in responses.values() for name in response.get("headers", {})}
        return _plain(
            {
                "schemas": {self._own(n): self._converted(s) for n, s in schemas.items()},
                "headers": {name: self._header(name) for name in sorted(headers)},
                "responses": responses,
            }
        )

    def _converted(self, schema: Json) -> Json:
        schema = _with_refs(schema, self._ref)
        return schema if self._is_31 else as_30(schema)

    def _own(self, name: str) -> str:
        return self.renamed.get(name, name)

    def _ref(self, name: str) -> str:
        return f"#/components/schemas/{self._own(name)}"

    def _entry(self, cls: type[StatusError]) -> Entry:
        if cls not in self._entries:
            row = STATUSES.get(self.status(cls))
            # The docstrings of our own classes speak to developers.
            is_ours = cls is ValidationError or cls in ERRORS.values()
            author = self._author
            self._entries[cls] = author.of_status(row) if row and is_ours else author.of_type(cls)
        return self._entries[cls]

    def _has_known_types(self, classes: Classes) -> bool:
        """Whether the types of problems can be known without a request, slugs in particular."""
        return self._knows_types or all(is_uri(text(cls.type)) for cls in classes)

    def _schema(self, classes: list[type[StatusError]]) -> Json:
        """The schema of a problem: that of any, and what only it has.

        Parameters:
            classes: the classes that share it, the most general first.
        """
        entries = [self._entry(cls) for cls in classes]
        first, *others = ({m.name: m.schema for m in entry.members} for entry in entries)
        members = {n: s for n, s in first.items() if all(o.get(n) == s for o in others)}
        types = [entry.example["type"] for entry in entries]
        is_known = self._has_known_types(classes)
        titles = [entry.example["title"] for entry in entries]
        is_fixed = not self._translates and all(
            isinstance(cls.title, (str, type(None))) for cls in classes
        )
        properties: Json = {
            "type": _const("string", types) if is_known else {**REFERENCE, "examples": types[:1]},
            "title": _const("string", titles) if is_fixed else {**STRING, "examples": titles[:1]},
            "status": _const("integer", [entry.status for entry in entries]),
            **_optional(classes),
            **members,
        }
        return {
            "title": entries[0].title,
            "description": _said(entries[0]),
            "allOf": [
                {"$ref": "#/components/schemas/Problem"},
                {
                    "type": "object",
                    "properties": properties,
                    "required": ["type", "title", "status", *members],
                },
            ],
        }

    def _header_names(self, status: int, errors: Classes) -> list[str]:
        settings, row = self._author.settings, STATUSES.get(status)
        names = [duty.header for duty in row.duties if not duty.hop_by_hop] if row else []
        if status in settings.retry_after or (row and row.retry):
            names.append("Retry-After")
        if any(issubclass(cls, RateLimited) for cls in errors):
            style = settings.ratelimit_headers
            names += [name for name, _ in rate_limit_headers(style, limit=1, remaining=1, reset=1)]
        if settings.request_id_header:
            names.append(settings.request_id_header)
        return sorted(set(names) - LEFT_OUT)

    def _header(self, name: str) -> Json:
        default = "The id of the request, as in the member request_id."
        return {
            "description": HEADERS.get(name, default),
            **({"required": True} if name in ALWAYS else {}),
            "schema": dict(COUNT if name in INTEGERS else STRING),
        }


def _plain(part: Json) -> Json:
    """A part in values that are JSON and nothing else, each of them once, for encoders of YAML."""
    plain: Json = json.loads(json.dumps(part))
    return plain


def _said(entry: Entry) -> str:
    # What is advised of a status is meant for people in front of a browser.
    is_own = entry.fix != advice(Problem(entry.status))
    return "\n\n".join([entry.description, *([entry.fix] if is_own else [])])


def _const(kind: str, values: list[Any]) -> Json:
    listed = list(dict.fromkeys(values))
    return {"type": kind, **({"const": listed[0]} if len(listed) == 1 else {"enum": listed})}


def _optional(classes: list[type[StatusError]]) -> Json:
    """The members that problems of these classes may have, less what production hides."""
    return {
        name: schema
        for base, members in OPTIONAL.items()
        for name, schema in members.items()
        if all(issubclass(cls, base) and (cls.expose or (cls.code or 0) < 500) for cls in classes)
    }


def _with_refs(value: Any, ref: Callable[[str], str]) -> Any:
    """A schema with other names in its references."""
    if isinstance(value, list):
        return [_with_refs(item, ref) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("$ref"), str):
        return {"$ref": ref(value["$ref"].rpartition("/")[2])}
    return {key: _with_refs(item, ref) for key, item in value.items()}
