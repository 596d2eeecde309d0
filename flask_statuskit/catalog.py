"""The catalogue: a page for each problem type of the application, and for each error status.

STATUSKIT_CATALOG_URL mounts it; or mount the blueprint by hand:

    app.register_blueprint(catalog.blueprint(), url_prefix="/problems")

The slugs of problem types become URIs under it, so the ``type`` of a problem leads to what it means
(RFC 9457 §4). It says what classes say of themselves, in docstrings, titles, annotated members, and
which operations are declared to answer with them. Which exceptions of other code become these
errors it does not say, nor what production hides of a 5xx.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from inspect import cleandoc
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Blueprint, Flask, Response, request, url_for
from flask.blueprints import BlueprintSetupState

from .address import base_uri
from .config import ConfigError, Settings
from .contract import (
    Identity,
    declared_by,
    identity_of,
    is_given,
    operations,
    raises,
    template_of,
)
from .current import find_state, state_of, this_app
from .describe import escaped, is_uri, type_uri
from .dialects import SIMPLE, negotiate
from .exceptions import ERRORS, NotFound, PreconditionFailed, StatusError
from .languages import ENGLISH, OF_STATUSES, Language, client_language
from .members import Member, ToPlain, members_of
from .pages import HTML, advice, render_page
from .plain import Sentence, text
from .problem import FieldError, Problem
from .statuses import STATUSES, Status
from .success import conditional

#: Where a docstring begins to speak to developers: a section, an example, a directive.
_FOR_DEVELOPERS = re.compile(
    r"^ *(>>> |\.\. |:\w+.*:|"
    r"(Arguments|Args|Attributes|Examples?|Members|Notes?|Parameters|Raises|Returns|See Also|Todo)"
    r" *(:|\n *---))",
    re.MULTILINE | re.IGNORECASE,
)
#: What ends a sentence, but for abbreviations as far as a lower-case letter tells.
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?![a-z])|(?<=[\u3002\uff01\uff1f])\s*")

#: The operations that declare a problem, each a method and a URL template.
Operations = Mapping[Identity, tuple[str, ...]]

_REQUEST_ID = "0af7651916cd43dd8448eb211c80319c"
_FIELD_ERROR = FieldError("Must be positive", pointer="#/items/0/price")


@dataclass(frozen=True)
class Entry:
    """A page of the catalogue: a problem type, or a status.

    Attributes:
        slug: the last part of its URL.
        type: the URI that problems have as their ``type``.
        status: the status they are sent with.
        title: the title they have.
        description: what has happened, for clients.
        fix: what to do about it.
        members: what their bodies have besides the standard members.
        headers: the headers they owe.
        example: a body, as a client gets it.
        operations: who declares it, each a method and a URL template; none where nobody does.
    """

    slug: str
    type: str
    status: int
    title: str
    description: str
    fix: str
    members: tuple[Member, ...]
    headers: tuple[str, ...]
    example: Mapping[str, Any]
    operations: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The entry for programs; ``members`` is a JSON Schema."""
        # Without declarations, an empty list would say that nothing is answered with it.
        declared = {"operations": list(self.operations)} if self.operations else {}
        return {
            "type": self.type,
            "title": self.title,
            "status": self.status,
            "description": self.description,
            "how_to_fix": self.fix,
            "members": {
                "type": "object",
                "properties": {member.name: member.schema for member in self.members},
                "required": [member.name for member in self.members],
            },
            "headers": list(self.headers),
            "example": dict(self.example),
            **declared,
        }


# Where it is --------------------------------------------------------------------------------------


def blueprint(*, host: str | None = None) -> Blueprint:
    """The blueprint to mount where STATUSKIT_CATALOG_URL does not.

    Parameters:
        host: the host that it answers on, for an application with ``host_matching``.
    """
    of_host: Any = {} if host is None else {"host": host}
    pages = Blueprint("statuskit_catalog", __name__)
    pages.record(_remember)
    pages.add_url_rule("/", "index", _index, **of_host)
    pages.add_url_rule("/<path:slug>", "entry", _entry, **of_host)
    return pages


def install(app: Flask, url: str) -> None:
    """Mount the catalogue.

    Parameters:
        app: the application, which has its StatusKit.
        url: where, a path or an absolute URL of this application.

    Raises:
        ConfigError: the application tells hosts apart, and `url` names none.
    """
    parts, host = urlsplit(url), None
    if app.url_map.host_matching:
        host = parts.netloc
        if not host:
            raise ConfigError(
                f"STATUSKIT_CATALOG_URL is {url!r}, and this application has host_matching:"
                f" type 'https://your.host{url}'."
            )
    path, root = parts.path.rstrip("/"), app.config["APPLICATION_ROOT"].rstrip("/")
    if parts.netloc and f"{path}/".startswith(f"{root}/"):
        # What the server strips before the application sees it.
        path = path[len(root) :]
    app.register_blueprint(blueprint(host=host), url_prefix=path or None)
    if parts.netloc:
        state_of(app).catalog = url


def _remember(setup: BlueprintSetupState) -> None:
    state = find_state(setup.app)
    if state is None:
        raise RuntimeError(
            "The catalogue has no StatusKit to show: type StatusKit(app) before"
            " app.register_blueprint(catalog.blueprint())."
        )
    state.catalog = f"{setup.name_prefix}.{setup.name}.index".lstrip(".")


# What it says -------------------------------------------------------------------------------------


def entries(app: Flask, language: Language = ENGLISH) -> tuple[list[Entry], list[Entry]]:
    """The problem types of an application, and the statuses that it can answer with.

    Parameters:
        app: the application; a request of it is being handled.
        language: what the reader is spoken to in.
    """
    author = author_of(app, language, declared_operations(app))
    types = one_for_each_type(state_of(app).kit.problem_types())
    return _written(author, types), [author.of_status(row) for row in _rows()]


def entry_at(app: Flask, slug: str, language: Language = ENGLISH) -> Entry | None:
    """The entry with a slug, of several the first; None if there is none.

    Parameters:
        app: the application; a request of it is being handled.
        slug: the last part of its URL.
        language: what the reader is spoken to in.
    """
    author = author_of(app, language)
    types = [
        cls
        for cls in one_for_each_type(state_of(app).kit.problem_types())
        if _slug(text(cls.type), author.catalog) == slug
    ]
    rows = [row for row in _rows() if str(row.code) == slug]
    if not types and not rows:
        # Anybody may ask for anything; all views are looked at only for what there is.
        return None
    author = replace(author, operations=declared_operations(app))
    return _written(author, types)[0] if types else author.of_status(rows[0])


def _written(author: Author, types: Iterable[type[StatusError]]) -> list[Entry]:
    return sorted(map(author.of_type, types), key=lambda entry: (entry.status, entry.slug))


def _rows() -> list[Status]:
    return [row for row in STATUSES.values() if is_for_applications(row)]


def declared_operations(app: Flask) -> Operations:
    """Who declares what, in the order of the URL map; of views that the application has itself.

    From the first request on that stays, as Flask takes no more views then.
    """
    state = state_of(app)
    settings, kept = state.settings(app), state.operations
    if kept is None or kept[0] is not settings:
        kept = settings, _operations(app, settings)
        if getattr(app, "_got_first_request", False):
            state.operations = kept
    return kept[1]


def _operations(app: Flask, settings: Settings) -> Operations:
    found: dict[Identity, dict[str, None]] = {}
    for rule, method in operations(app):
        if is_given(app, rule.endpoint):
            continue
        for cls in declared_by(app, rule.endpoint, method) or ():
            of_problem = found.setdefault(identity_of(cls, settings), {})
            of_problem[f"{method} {template_of(rule)}"] = None
    return {known: tuple(declaring) for known, declaring in found.items()}


def one_for_each_type(classes: Iterable[type[StatusError]]) -> list[type[StatusError]]:
    """One class for each type: of several the most general, whose members all of them have."""
    classes = sorted(classes, key=lambda cls: -len(cls.__mro__))
    # Without a code it is only there to be subclassed.
    return list({text(cls.type): cls for cls in classes if cls.code is not None}.values())


def is_for_applications(row: Status) -> bool:
    """Whether a status is an error that an application may answer with."""
    sendable = not any(duty.hop_by_hop for duty in row.duties)
    return row.code in ERRORS and sendable and row.use_when.startswith("Use it when")


def author_of(
    app: Flask,
    language: Language = ENGLISH,
    declared: Operations | None = None,
) -> Author:
    """Who writes the entries of an application that has its StatusKit."""
    return Author(
        state_of(app).settings(app),
        base_uri(app),
        language,
        lambda value: json.loads(app.json.dumps(value)),
        declared or {},
    )


@dataclass(frozen=True)
class Author:
    """Writes the entries.

    Attributes:
        settings: the settings that hold.
        catalog: where the pages are.
        language: what the reader is spoken to in.
        to_plain: the JSON encoder of the application.
        operations: who declares what.
    """

    settings: Settings
    catalog: str | None
    language: Language
    to_plain: ToPlain
    operations: Operations = field(default_factory=dict)

    def of_type(self, cls: type[StatusError]) -> Entry:
        """The entry of a problem type."""
        status, type_ = identity_of(cls, self.settings)
        # One that nobody constructs: a constructor may want anything.
        title = Exception.__new__(cls).name if cls.title is None else cls.title
        detail = cls.description if cls.detail is None else cls.detail
        members = members_of(cls, self.to_plain)
        if status >= 500 and not cls.expose:
            detail, members = None, []
        problem = Problem(
            status,
            type_uri(type_, self.settings.type_base or self.catalog),
            self._say(text(title)),
            self._sentence(status) if detail is None else self._say(text(detail)),
            members={member.name: member.example for member in members},
        )
        what, how = _told(cls)
        return self._entry(_slug(type_, self.catalog), problem, tuple(members), what, how, type_)

    def of_status(self, row: Status) -> Entry:
        """The entry of a status."""
        is_list = row.code == self.settings.validation_status
        problem = Problem(
            row.code,
            title=self.language.say(row.phrase),
            detail=self._sentence(row.code),
            members={"errors": [_FIELD_ERROR]} if is_list else {},
        )
        return self._entry(str(row.code), problem)

    def _say(self, said: str) -> str:
        # What else an application says it translates itself.
        return self.language.say(said) if said in OF_STATUSES else said

    def _sentence(self, status: int) -> str | None:
        row = STATUSES.get(status)
        return self.language.say(row.sentence) if row else None

    def _entry(
        self,
        slug: str,
        problem: Problem,
        members: tuple[Member, ...] = (),
        what: str = "",
        how: str = "",
        declared: str = "about:blank",
    ) -> Entry:
        row = STATUSES.get(problem.status)
        body = {"request_id": _REQUEST_ID, **problem.members}
        example = Problem(problem.status, problem.type, problem.title, problem.detail, None, body)
        return Entry(
            slug,
            problem.type,
            problem.status,
            problem.title or "",
            what or problem.detail or problem.title or "",
            how or self.language.say(advice(Problem(problem.status))),
            members,
            tuple(duty.header for duty in row.duties) if row else (),
            example.bounded(self.settings.max_body_bytes, self.to_plain).to_dict(),
            self.operations.get((problem.status, declared), ()),
        )


def _slug(type_: str, catalog: str | None) -> str:
    """What a problem type is called in the catalogue, so that a URI under it leads to its page."""
    if not is_uri(type_):
        return type_
    path, prefix = urlsplit(type_).path, f"{urlsplit(catalog or '').path.rstrip('/')}/"
    is_under = path.startswith(prefix) and path != prefix
    return unquote(path[len(prefix) :]) if is_under else re.sub(r"[^\w.~-]+", "-", type_).strip("-")


def _told(cls: type[StatusError]) -> tuple[str, str]:
    """What the class's own docstring tells clients: what has happened, and how to fix it.

    Those are its first paragraph and the rest, or its first sentence and the rest.
    """
    said = cleandoc(text(cls.__doc__ or ""))
    if begins := _FOR_DEVELOPERS.search(said):
        said = said[: begins.start()]
    said = said.strip()
    parts = re.split(r"\n\s*\n", said, maxsplit=1)
    if len(parts) == 1:
        parts = _SENTENCE_END.split(said, maxsplit=1)
    what, *rest = (" ".join(part.split()) for part in parts)
    return what, " ".join(rest)


# The pages ----------------------------------------------------------------------------------------


@raises(PreconditionFailed)
def _index(**_arguments: Any) -> Response:
    with client_language() as language:
        types, statuses = entries(this_app(), language)
        document = {
            "problem_types": [entry.to_dict() for entry in types],
            "statuses": [entry.to_dict() for entry in statuses],
        }
        return _answer("catalog", document, language, types=types, statuses=statuses)


@raises(NotFound, PreconditionFailed)
def _entry(slug: str, **_arguments: Any) -> Response:
    with client_language() as language:
        found = entry_at(this_app(), slug, language)
        if found is None:
            raise NotFound(Sentence("There is no such problem type."))
        return _answer("problem_type", found.to_dict(), language, entry=found)


def _answer(template: str, document: dict[str, Any], language: Language, **values: Any) -> Response:
    if negotiate(request.headers.get("Accept"), SIMPLE, (HTML,)) is HTML:
        links: dict[str, Callable[..., str]] = {"link": _link, "as_json": _as_json}
        response = Response(
            render_page([f"statuskit/{template}.html"], language, **links, **values)
        )
    else:
        response = Response(_as_json(document), mimetype="application/json")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.vary.add("Accept")
    language.vary(response)
    if language.catalogue is not None:
        response.headers["Content-Language"] = language.of_ours
    return conditional(response)


def _as_json(value: Any) -> str:
    # Not the application's encoder, which may sort what stands in an order on purpose.
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _link(entry: Entry | None = None) -> str:
    """The URL of a page, of the index without an entry."""
    # What stands in the prefix: a language, a tenant.
    arguments = {n: v for n, v in (request.view_args or {}).items() if n != "slug"}
    if entry is None:
        return escaped(url_for(".index", **arguments))
    return escaped(url_for(".entry", slug=entry.slug, **arguments))
