"""Every setting: its type, its default in each environment, how it is parsed, and what it does.

app.config["STATUSKIT_..."], constructor options ─▶ resolve ─▶ Settings

`Settings` is the one table. Its fields are the keys, in lower case; the documentation and the
parser read the same rows.
"""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, TypeAlias, cast

from .dialects import MEDIA_TYPE, NAMES
from .retry import RateLimitStyle
from .statuses import STATUSES

PREFIX = "STATUSKIT_"

Environment: TypeAlias = Literal["production", "development", "testing"]


class ConfigError(ValueError):
    """A setting that cannot be understood; the message says what to type instead."""


class Parser:
    """How a value is read, and in which forms it may be written."""

    def __init__(self, forms: str, parse: Callable[[Any], Any]) -> None:
        self.forms = forms
        self.parse = parse


def _refuse(value: object) -> Any:
    raise ValueError(value)


def _optional(parser: Parser) -> Parser:
    def parse(value: Any) -> Any:
        return None if value is None or value == "" else parser.parse(value)

    return Parser(f"{parser.forms}, or None", parse)


def _listed(values: Iterable[str]) -> str:
    return " or ".join(f'"{value}"' for value in values)


def _choice(*values: str) -> Parser:
    return Parser(_listed(values), lambda value: value if value in values else _refuse(value))


_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


def _parse_bool(value: Any) -> bool:
    # Environment variables are text, and bool("False") is True.
    word = str(value).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else _refuse(value)


def _is_on(flag: Any) -> bool:
    """Whether DEBUG or TESTING is on; what cannot be understood is not."""
    try:
        return _parse_bool(flag)
    except ValueError:
        return False


def _parse_int(value: Any) -> int:
    number = int(value)
    return number if not isinstance(value, (bool, float)) or number is value else _refuse(value)


def _parse_number(value: Any) -> float:
    number = _refuse(value) if isinstance(value, bool) else float(value)
    return number if 0 <= number < 2**31 else _refuse(value)


def _parse_bytes(value: Any) -> int:
    number = _parse_number(value)
    return int(number) if number >= 1024 and number == int(number) else _refuse(value)


def _matching(pattern: str, value: Any) -> str:
    good = isinstance(value, str) and re.fullmatch(pattern, value)
    return str(value) if good else _refuse(value)


def _parse_line(value: Any) -> str:
    # What goes into a header: ISO 8859-1 without control characters (PEP 3333).
    return _matching(r"[\x20-\x7e\xa0-\xff]+", value)


def _parse_header_name(value: Any) -> str:
    return _matching(r"[A-Za-z0-9-]+", value)


def _parse_list(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    good = isinstance(value, (list, tuple, set, frozenset))
    entries = cast("Iterable[Any]", value) if good else _refuse(value)
    return tuple(entry if isinstance(entry, str) else _refuse(value) for entry in entries)


def _parse_prefixes(value: Any) -> tuple[str, ...]:
    prefixes = _parse_list(value)
    return tuple(p.rstrip("/") if p.startswith("/") else _refuse(value) for p in prefixes)


def _parse_uri(value: Any) -> str:
    return _matching(r"(/|[A-Za-z][A-Za-z0-9+.-]*:)[!-~]*", value)


def _parse_mount(value: Any) -> str:
    # A path without what Flask takes for a variable; "/" would answer all unknown URLs of a host.
    return _matching(r"""(https?://[^/?#\s]+/(?!/)|/(?=[^/]))[!"$-;=@-~]*""", value)


def _parse_delays(value: Any) -> dict[int, float]:
    items: Iterable[tuple[Any, Any]] = value.items()
    return {_parse_error_code(code): _parse_number(delay) for code, delay in items}


def _parse_error_code(code: Any) -> int:
    number = _parse_int(code)
    return number if number in STATUSES and number >= 400 else _refuse(code)


def _parse_levels(value: Any) -> dict[int | str, int | None]:
    items: Iterable[tuple[Any, Any]] = value.items()
    classes = ("4xx", "5xx")
    return {k if k in classes else _parse_error_code(k): _parse_level(v) for k, v in items}


def _parse_level(value: Any) -> int | None:
    if value is None or value == "OFF":
        return None
    # What logging itself takes: a registered name or an int. A bool is one only by accident.
    if isinstance(value, bool):
        _refuse(value)
    return logging.Handler(value.upper() if isinstance(value, str) else value).level


def _parse_ignored(value: Any) -> dict[str, frozenset[str]]:
    if not isinstance(value, Mapping):
        value = {"*": value}
    items: Iterable[tuple[Any, Any]] = value.items()
    return {
        _matching(".+", endpoint): frozenset(map(_parse_rule, _parse_list(ids)))
        for endpoint, ids in items
    }


def _parse_rule(name: str) -> str:
    # Here, since few applications ignore a rule, and no other needs them before the auditor does.
    from .rules import RULES

    return name if name in RULES else _refuse(name)


def level_name(level: int | None) -> str | int:
    """A level as STATUSKIT_LOG_LEVELS takes it: its name, or its number where it has none."""
    if level is None:
        return "OFF"
    name: str = logging.getLevelName(level)
    return name if logging.getLevelName(name.upper()) == level else level


def _parse_dialect(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return _parse_one_dialect(value)
    items: Iterable[tuple[Any, Any]] = value.items()
    return {
        name if isinstance(name, str) else _refuse(name): _parse_one_dialect(dialect)
        for name, dialect in items
    }


def _parse_one_dialect(value: Any) -> Any:
    if callable(value) or value in NAMES:
        return value
    # That of a dialect of the application's own, which may be registered later.
    return _matching(MEDIA_TYPE, value)


_BOOL = Parser("True or False", _parse_bool)
_LIST = Parser("a list of texts, or one text with commas", _parse_list)
_NUMBER = Parser("a number, 0 or more", _parse_number)


def _key(
    parser: Parser, default: Any, doc: str, *, environments: Mapping[Environment, Any] | None = None
) -> Any:
    """One row: a key with its parser, its default (and where that differs), and what it does."""
    # In the metadata, since dataclasses refuse a mapping as a default.
    metadata = {
        "default": default,
        "parser": parser,
        "doc": doc,
        "environments": environments or {},
    }
    return field(metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings that hold for one request."""

    environment: Environment = _key(
        _choice("production", "development", "testing"),
        "production",
        "Where the application runs. Unset, it is derived for each request: testing under TESTING,"
        " else development under DEBUG, else production.",
    )
    expose_internals: bool = _key(
        _BOOL,
        False,
        "Whether the body of an unexpected error has the member debug (type, message, frames,"
        " causes) and a 5xx keeps its detail. It takes DEBUG, and an environment other than"
        " production.",
        environments={"development": True},
    )
    dialect: Any = _key(
        Parser(
            f"{_listed(NAMES)}, the media type of a dialect of your own, a function that makes the"
            ' JSON of a Problem, or a mapping of names of blueprints ("*" for the rest) to these',
            _parse_dialect,
        ),
        "problem",
        "The body format of errors for clients that do not ask for another.",
    )
    negotiate: bool = _key(
        _BOOL,
        True,
        "Whether browsers get pages, and other clients the body format that they ask for by"
        " Accept. Off, all get the same.",
    )
    catalog_url: str | None = _key(
        _optional(Parser('a path beginning with "/", or a URL with "https://"', _parse_mount)),
        None,
        "Where the catalogue of problem types is mounted; their slugs become URIs under it, unless"
        " STATUSKIT_TYPE_BASE is set. Read at start-up.",
    )
    url_prefixes: tuple[str, ...] = _key(
        Parser(
            'a list of paths, each beginning with "/", or one text with commas', _parse_prefixes
        ),
        (),
        "The parts of the site to answer problems in; the rest is left to Flask. Empty means all.",
    )
    type_base: str | None = _key(
        _optional(Parser('a URI, or a path beginning with "/"', _parse_uri)),
        None,
        "What the slug of a problem type is appended to. Without it the type is"
        " urn:problem-type:<slug>.",
    )
    validation_status: int = _key(
        Parser("422 or 400", lambda value: {422: 422, 400: 400}[_parse_int(value)]),
        422,
        "The status of ValidationError.",
    )
    retry_after: Mapping[int, float] = _key(
        Parser("a mapping of 4xx and 5xx statuses to seconds", _parse_delays),
        {},
        "Retry-After, in seconds, for errors of a status that carry none.",
    )
    retry_after_jitter: float = _key(
        _NUMBER,
        0.0,
        "Up to this fraction is added to each Retry-After at random, so that clients do not all"
        " return at once.",
    )
    ratelimit_headers: RateLimitStyle = _key(
        _choice("none", "legacy", "draft"),
        "none",
        "How RateLimited announces its limit: not, as X-RateLimit-*, or as RateLimit and"
        " RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-11).",
    )
    challenge: str = _key(
        Parser("a challenge such as 'Bearer' or 'Basic realm=\"api\"'", _parse_line),
        "Bearer",
        "WWW-Authenticate for a 401 that has none.",
    )
    request_id_header: str | None = _key(
        _optional(Parser("the name of a header", _parse_header_name)),
        "X-Request-ID",
        "The header that a request id is read from and sent in.",
    )
    instance: bool = _key(
        _BOOL,
        True,
        "Whether the member instance names the path of the request (never its query).",
    )
    cache_control: str | None = _key(
        _optional(Parser("a value of Cache-Control", _parse_line)),
        "no-store",
        "Cache-Control of errors that have none. 428, 429, 431 and 511 are never stored.",
    )
    log_levels: Mapping[int | str, int | None] = _key(
        Parser(
            'a mapping of "4xx", "5xx" and statuses to levels of logging, or "OFF"', _parse_levels
        ),
        {"4xx": logging.INFO, "5xx": logging.ERROR},
        "The level of the log record for each problem; a status beats its class. Where Flask has"
        " logged the exception itself, it is WARNING at most.",
    )
    audit: Literal["off", "warn", "raise"] = _key(
        _choice("off", "warn", "raise"),
        "off",
        "What the auditor does about a broken response: it is not there, it warns once for each"
        " endpoint and rule, or it fails the request under TESTING (and warns elsewhere).",
        environments={"development": "warn", "testing": "warn"},
    )
    audit_ignore: Mapping[str, frozenset[str]] = _key(
        Parser(
            'a list of rules such as "SK201", one text with commas, or a mapping of endpoints such'
            ' as "users.*" to these',
            _parse_ignored,
        ),
        {},
        "Rules of the auditor to leave out, everywhere or for endpoints.",
    )
    max_body_bytes: int = _key(
        Parser("a whole number of bytes, 1024 or more", _parse_bytes),
        65_536,
        "The size, in bytes, that no body of a problem exceeds, unless what a page or a dialect of"
        " your own puts around it does alone.",
    )
    integrations: tuple[str, ...] = _key(
        _LIST,
        (),
        "Integrations to switch on, on top of those that are on by default. Read at start-up.",
    )

    @cached_property
    def request_id_key(self) -> str | None:
        """What the environ of a request calls `request_id_header` (PEP 3333)."""
        name = self.request_id_header
        return "HTTP_" + name.upper().replace("-", "_") if name else None

    @cached_property
    def outlines(self) -> dict[Any, Any]:
        """Written by `describe` only: what it has worked out for a class and a code of errors."""
        return {}

    def serves(self, path: str) -> bool:
        """Whether a path is in a part of the site in which problems are wanted."""
        prefixes = self.url_prefixes
        return not prefixes or any(path == p or path.startswith(p + "/") for p in prefixes)

    def log_level(self, status: int) -> int | None:
        """The level to log a problem with, None for not at all."""
        levels = self._levels
        if status not in levels:
            levels[status] = self.log_levels.get(status, self.log_levels.get(f"{status // 100}xx"))
        return levels[status]

    @cached_property
    def _levels(self) -> dict[int, int | None]:
        return {}


ROWS: Mapping[str, Field[Any]] = {row.name: row for row in fields(Settings)}
#: The keys of app.config, in the order of the table.
KEYS: tuple[str, ...] = tuple(PREFIX + name.upper() for name in ROWS)


def check_names(config: Iterable[str], options: Iterable[str]) -> None:
    """Refuse names that nothing would read.

    Raises:
        ConfigError: a key of `config` has the prefix and is unknown.
        TypeError: an option is unknown.
    """
    for key in config:
        if key.startswith(PREFIX) and key not in KEYS:
            raise ConfigError(f"There is no setting {key}. {_nearest(key, KEYS)}")
    for option in options:
        if option not in ROWS:
            raise TypeError(f"StatusKit has no option {option!r}. {_nearest(option, ROWS)}")


def _nearest(name: str, names: Iterable[str]) -> str:
    names = list(names)
    near = difflib.get_close_matches(name, names, 1)
    return f"Did you mean {near[0]}?" if near else f"Choose from {', '.join(names)}."


def resolve(
    config: Mapping[str, Any], options: Mapping[str, Any], *, debug: bool, testing: bool
) -> Settings:
    """The settings that hold: an option of the constructor, else app.config, else the default.

    Parameters:
        config: the configuration of the application.
        options: options of the constructor, by the names of `Settings`.
        debug: whether the application is in debug mode.
        testing: whether it is under test.

    Raises:
        ConfigError: a value cannot be parsed.
    """
    decided = _decide(config, options, debug=debug, testing=testing)
    return Settings(**{name: value for name, (value, _) in decided.items()})


def origins(
    config: Mapping[str, Any], options: Mapping[str, Any], *, debug: bool, testing: bool
) -> dict[str, str]:
    """Who decides each setting that `resolve` gives, by the names of `Settings`.

    "option", "app.config" or "default"; "DEBUG" or "TESTING" for an environment that is derived
    from them; "DEBUG" or "environment" for internals that stay hidden because of these.
    """
    decided = _decide(config, options, debug=debug, testing=testing)
    return {name: origin for name, (_, origin) in decided.items()}


def _decide(
    config: Mapping[str, Any], options: Mapping[str, Any], *, debug: bool, testing: bool
) -> dict[str, tuple[Any, str]]:
    """The value of each setting, and who decided it."""
    debug, testing = _is_on(debug), _is_on(testing)
    decided: dict[str, tuple[Any, str]] = {}
    for name, row in ROWS.items():
        key = PREFIX + name.upper()
        if name in options:
            decided[name] = _parse(row, name, options[name]), "option"
        elif key in config:
            decided[name] = _parse(row, key, config[key]), "app.config"
    derived = ("development", "DEBUG") if debug else ("production", "default")
    derived = ("testing", "TESTING") if testing else derived
    environment, _ = decided.setdefault("environment", derived)
    for name, row in ROWS.items():
        default = row.metadata["environments"].get(environment, row.metadata["default"])
        decided.setdefault(name, (default, "default"))
    levels, origin = decided["log_levels"]
    decided["log_levels"] = ROWS["log_levels"].metadata["default"] | levels, origin
    # Two people have to agree: whoever set DEBUG, and whoever did not say that this is production.
    if decided["expose_internals"][0] and not (debug and environment != "production"):
        decided["expose_internals"] = False, "environment" if debug else "DEBUG"
    return decided


def _parse(row: Field[Any], key: str, value: Any) -> Any:
    parser: Parser = row.metadata["parser"]
    try:
        return parser.parse(value)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise ConfigError(f"{key} is {value!r}; it has to be {parser.forms}.") from None
