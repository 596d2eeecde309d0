"""The catalogue: a page for each problem type of the application, and for each error status.

STATUSKIT_CATALOG_URL mounts it; or mount the blueprint by hand:

    app.register_blueprint(catalog.blueprint(), url_prefix="/problems")

The slugs of problem types become URIs under it, so the ``type`` of a problem leads to what it means
(RFC 9457 §4). It says what classes say of themselves: docstrings, titles, annotated members. Which
exceptions of other code become these errors it does not say, nor what production hides of a 5xx.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import cleandoc
from logging import ERROR
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Blueprint, Flask, Response, request, url_for
from flask.blueprints import BlueprintSetupState

from .config import ConfigError, Settings
from .current import find_state, state_of, this_app
from .describe import escaped, is_uri, status_of, type_uri
from .dialects import SIMPLE, negotiate
from .exceptions import ERRORS, NotFound, StatusError
from .languages import ENGLISH, OF_STATUSES, Language, client_language
from .log import log
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

    def to_dict(self) -> dict[str, Any]:
        """The entry for programs; ``members`` is a JSON Schema."""
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


def install(app: Flask, url: str | None) -> None:
    """Mount the catalogue, if there is to be one.

    Parameters:
        app: the application, which has its StatusKit.
        url: where, a path or an absolute URL of this application.

    Raises:
        ConfigError: the application tells hosts apart, and `url` names none.
    """
    if url is None:
        return
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


def base_uri(app: Flask) -> str | None:
    """What the slugs of problem types are appended to, None where no catalogue is mounted."""
    catalog = state_of(app).catalog
    if catalog is None or "://" in catalog:
        return catalog
    try:
        # Its prefix may have variables that the URL of the request has too; what it has not becomes
        # a query. And Werkzeug escapes no SCRIPT_NAME.
        return escaped(url_for(catalog, **(request.view_args or {})).partition("?")[0])
    except Exception as failure:
        log(ERROR, "The address of the catalogue cannot be built.", exc_info=failure)
        return None


# What it says -------------------------------------------------------------------------------------


def entries(app: Flask, language: Language = ENGLISH) -> tuple[list[Entry], list[Entry]]:
    """The problem types of an application, and the statuses that it can answer with.

    Parameters:
        app: the application; a request of it is being handled.
        language: what the reader is spoken to in.
    """
    settings = state_of(app).settings(app)
    author = _Author(
        settings,
        base_uri(app),
        language,
        lambda value: json.loads(app.json.dumps(value)),
    )
    return (
        sorted(map(author.of_type, _types(app)), key=lambda entry: (entry.status, entry.slug)),
        [author.of_status(row) for row in STATUSES.values() if _is_for_applications(row)],
    )


def _types(app: Flask) -> list[type[StatusError]]:
    """One class for each type: of several the most general, whose members all of them have."""
    classes = sorted(state_of(app).kit.problem_types(), key=lambda cls: -len(cls.__mro__))
    # Without a code it is only there to be subclassed.
    return list({text(cls.type): cls for cls in classes if cls.code is not None}.values())


def _is_for_applications(row: Status) -> bool:
    sendable = not any(duty.hop_by_hop for duty in row.duties)
    return row.code in ERRORS and sendable and row.use_when.startswith("Use it when")


@dataclass(frozen=True)
class _Author:
    """Writes the entries.

    Attributes:
        settings: the settings that hold.
        catalog: where the pages are.
        language: what the reader is spoken to in.
        to_plain: the JSON encoder of the application.
    """

    settings: Settings
    catalog: str | None
    language: Language
    to_plain: ToPlain

    def of_type(self, cls: type[StatusError]) -> Entry:
        # One that nobody constructs: a constructor may want anything.
        status = status_of(Exception.__new__(cls), self.settings)
        type_ = text(cls.type)
        detail = cls.description if cls.detail is None else cls.detail
        members = members_of(cls, self.to_plain)
        if status >= 500 and not cls.expose:
            detail, members = None, []
        problem = Problem(
            status,
            type_uri(type_, self.settings.type_base or self.catalog),
            self._say(text(cls.title)),
            self._sentence(status) if detail is None else self._say(text(detail)),
            members={member.name: member.example for member in members},
        )
        what, how = _told(cls)
        return self._entry(_slug(type_, self.catalog), problem, tuple(members), what, how)

    def of_status(self, row: Status) -> Entry:
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


def _index(**_arguments: Any) -> Response:
    with client_language() as language:
        types, statuses = entries(this_app(), language)
        document = {
            "problem_types": [entry.to_dict() for entry in types],
            "statuses": [entry.to_dict() for entry in statuses],
        }
        return _answer("catalog", document, language, types=types, statuses=statuses)


def _entry(slug: str, **_arguments: Any) -> Response:
    with client_language() as language:
        listed = entries(this_app(), language)
        found = next((e for part in listed for e in part if e.slug == slug), None)
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
