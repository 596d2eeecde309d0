"""Every setting: what may be written, what is refused with which words, and which default holds."""

from __future__ import annotations

import dataclasses
import logging
import math
from typing import Any

import pytest
from flask import Flask

from flask_statuskit import ConfigError, StatusKit, config
from flask_statuskit.config import KEYS, ROWS, Settings, check_names, level_name


def resolve(
    settings: dict[str, Any] | None = None,
    options: dict[str, Any] | None = None,
    *,
    debug: bool = False,
    testing: bool = False,
) -> Settings:
    return config.resolve(settings or {}, options or {}, debug=debug, testing=testing)


BOOLS = [
    *((value, True) for value in [True, 1, "True", "true", "TRUE", "yes", "on", "1", " On "]),
    *((value, False) for value in [False, 0, "False", "false", "no", "off", "0", "OFF\n"]),
]
NO_BOOLS = ["maybe", "", " ", "y", "truee", "None", None, 2, -1, 0.5, [], [True], {}]


class Acme:
    """A dialect that cannot be hashed, and whose copy is another."""

    __hash__ = None  # type: ignore[assignment]

    def __call__(self, problem: Any) -> dict[str, Any]:
        return {"fault": problem.title}


acme = Acme()
MEDIA_TYPES = ["application/vnd.acme.error+json", "text/csv; header=present", "Text/HTML", "x/y"]

#: For every key, what may be written and what it means.
ACCEPTED: dict[str, list[tuple[Any, Any]]] = {
    "environment": [(name, name) for name in ["production", "development", "testing"]],
    "expose_internals": BOOLS,
    "dialect": [
        *((v, v) for v in ["problem", "simple", "jsonapi", "xml", "text", "html", *MEDIA_TYPES]),
        (acme, acme),
        ({}, {}),
        ({"*": "xml", "api.v1": acme, "": "x/y"}, {"*": "xml", "api.v1": acme, "": "x/y"}),
    ],
    "negotiate": BOOLS,
    "catalog_url": [
        (None, None),
        ("", None),
        ("/problems", "/problems"),
        ("/problems/", "/problems/"),
        ("https://problems.shop.example/", "https://problems.shop.example/"),
        ("https://api.shop.example:8443/problems", "https://api.shop.example:8443/problems"),
        ("http://[::1]/problems", "http://[::1]/problems"),
    ],
    "url_prefixes": [
        ([], ()),
        ("", ()),
        ("/api", ("/api",)),
        ("/api, /v2/ ,", ("/api", "/v2")),
        (["/api/"], ("/api",)),
        (("/api", "/v2"), ("/api", "/v2")),
        ({"/api"}, ("/api",)),
        ("/", ("",)),
    ],
    "type_base": [
        (None, None),
        ("", None),
        ("https://shop.example/problems", "https://shop.example/problems"),
        ("/problems", "/problems"),
        ("urn:shop:", "urn:shop:"),
    ],
    "validation_status": [(422, 422), (400, 400), ("422", 422), ("400", 400)],
    "retry_after": [
        ({}, {}),
        ({503: 30}, {503: 30}),
        ({"503": "30", 404: 0}, {503: 30, 404: 0}),
        ({429: 1.5}, {429: 1.5}),
        ({400: 5, 511: 5}, {400: 5, 511: 5}),
    ],
    "retry_after_jitter": [(0, 0), (0.5, 0.5), ("0.25", 0.25), (1, 1)],
    "ratelimit_headers": [(name, name) for name in ["none", "legacy", "draft"]],
    "challenge": [
        (value, value) for value in ["Bearer", 'Basic realm="api"', 'Bearer realm="caf\u00e9"']
    ],
    "request_id_header": [(None, None), ("", None), ("X-Correlation-ID", "X-Correlation-ID")],
    "instance": BOOLS,
    "cache_control": [(None, None), ("", None), ("private, max-age=0", "private, max-age=0")],
    "log_levels": [
        ({}, {"4xx": logging.INFO, "5xx": logging.ERROR}),
        ({"4xx": "DEBUG"}, {"4xx": logging.DEBUG, "5xx": logging.ERROR}),
        ({400: "DEBUG"}, {"4xx": 20, "5xx": 40, 400: 10}),
        ({404: "debug", "503": 25}, {"4xx": 20, "5xx": 40, 404: 10, 503: 25}),
        ({404: "OFF", 410: None}, {"4xx": 20, "5xx": 40, 404: None, 410: None}),
    ],
    "audit": [(name, name) for name in ["off", "warn", "raise"]],
    "audit_ignore": [
        ({}, {}),
        ("", {"*": frozenset()}),
        ("SK201", {"*": {"SK201"}}),
        ("SK201, SK302 ,", {"*": {"SK201", "SK302"}}),
        (["SK201", "SK201"], {"*": {"SK201"}}),
        ({"SK201"}, {"*": {"SK201"}}),
        ({"users.*": ("SK201",)}, {"users.*": {"SK201"}}),
        (
            {"*": "SK500", "users.get": "SK601, SK602", "old": []},
            {"*": {"SK500"}, "users.get": {"SK601", "SK602"}, "old": frozenset()},
        ),
    ],
    "max_body_bytes": [(1024, 1024), ("65536", 65_536), (2048.0, 2048)],
    "integrations": [
        ([], ()),
        ("", ()),
        ("marshmallow", ("marshmallow",)),
        ("a, b", ("a", "b")),
        (["a", "b"], ("a", "b")),
    ],
}

#: For every key, what is refused.
REFUSED: dict[str, list[Any]] = {
    "environment": ["prod", "Production", " production", "", None, True, 5, ["production"], {}],
    "expose_internals": NO_BOOLS,
    "dialect": [
        *("jsn", "JSON", "Problem", " problem", "problem,xml", "", None, True, 5, b"problem", []),
        *("application/", "/json", "*/*", "text/*", "a b/c", "a/b/c", "text/h\u00e9", "x/y\n"),
        *({"api": "jsn"}, {"api": None}, {None: "xml"}, {5: "xml"}, {"api": {"v1": "xml"}}),
        [("api", "xml")],
    ],
    "negotiate": NO_BOOLS,
    "catalog_url": [
        *(
            "problems",
            "/",
            "//",
            "shop.example/problems",
            "//shop.example/problems",
            "urn:problems:",
            "/a b",
        ),
        *("/problems?all", "/problems#all", "/<slug>", "https://shop.example", "/\u00e9", "/a\n"),
        *(5, True, [], b"/problems"),
    ],
    "url_prefixes": [
        "api",
        "/ok, api",
        ["/ok", "api"],
        [5],
        [None],
        5,
        None,
        True,
        {"/a": 1},
        b"/",
    ],
    "type_base": [
        "problems",
        "shop.example/x",
        "https://a b",
        "https://\u00e9",
        "/a\n",
        5,
        True,
        [],
    ],
    "validation_status": [
        200,
        409,
        "four",
        "422.0",
        "",
        None,
        True,
        [],
        422.5,
    ],
    "retry_after": [
        30,
        "30",
        "",
        None,
        [(503, 30)],
        {"5xx": 30},
        {200: 30},
        {499: 30},
        {503: -1},
        {503: "soon"},
        {503: True},
        {503: None},
        {503: math.nan},
        {503: math.inf},
        {503: 2**31},
        {None: 30},
        {503.5: 30},
    ],
    "retry_after_jitter": [-0.1, "much", "", None, True, math.nan, math.inf, [], 10**400],
    "ratelimit_headers": ["Draft", "on", "", None, True, ["draft"]],
    "challenge": [
        "",
        None,
        5,
        "Bearer\r\nX-Evil: 1",
        "Bearer\n",
        "Bearer \u20ac",
        "a\tb",
        b"Bearer",
    ],
    "request_id_header": ["X Request", "X:Y", "X-\u00c9", "X-A\n", 5, True, b"X-A"],
    "instance": NO_BOOLS,
    "cache_control": ["no-store\r\nX-Evil: 1", "no-store\n", "\u20ac", 0, False, ["no-store"]],
    "log_levels": [
        "INFO",
        "",
        None,
        10,
        [("4xx", "INFO")],
        {"3xx": "INFO"},
        {"404 ": "LOUD"},
        {200: "INFO"},
        {"4xx": "LOUD"},
        {"4xx": ""},
        {"4xx": 1.5},
        {"4xx": []},
        {None: "INFO"},
        {404.5: "INFO"},
        {"4xx": True},
    ],
    "audit": ["Off", "error", "", None, True, False, 0, ["warn"]],
    "audit_ignore": [
        "SK1",
        "sk201",
        "201",
        201,
        None,
        True,
        b"SK201",
        [201],
        ["SK201", "SK1"],
        [["SK201"]],
        {"*": ["SK1"]},
        {"*": None},
        {"*": {"SK201": True}},
        {None: ["SK201"]},
        {"": ["SK201"]},
        {404: ["SK201"]},
    ],
    "max_body_bytes": [1023, 0, -1, 1024.5, "many", "", None, True, 2**31, math.nan, []],
    "integrations": [5, None, True, [5], {"marshmallow": True}, b"marshmallow"],
}


def rows(table: dict[str, list[Any]]) -> list[Any]:
    """The entries of a table as parameters, each after its key."""
    params = []
    for name, entries in table.items():
        for entry in entries:
            marked = hasattr(entry, "marks")
            values = entry.values if marked else entry if table is ACCEPTED else (entry,)
            params.append(pytest.param(name, *values, marks=entry.marks if marked else ()))
    return params


def test_every_setting_is_tried_with_what_it_takes_and_what_it_refuses() -> None:
    assert list(ACCEPTED) == list(REFUSED) == list(ROWS)


def test_a_key_is_a_setting_in_upper_case_with_the_prefix() -> None:
    assert [f"STATUSKIT_{name.upper()}" for name in ROWS] == list(KEYS)


@pytest.mark.parametrize(("name", "value", "parsed"), rows(ACCEPTED))
def test_a_value_is_read_from_config_and_options_alike(name: str, value: Any, parsed: Any) -> None:
    debug = name == "expose_internals"
    for settings in (
        resolve({f"STATUSKIT_{name.upper()}": value}, debug=debug),
        resolve({}, {name: value}, debug=debug),
    ):
        assert getattr(settings, name) == parsed
        assert type(getattr(settings, name)) in (type(parsed), float)


@pytest.mark.parametrize(("name", "value"), rows(REFUSED))
def test_what_cannot_be_parsed_is_an_error_with_key_value_and_forms(name: str, value: Any) -> None:
    key = f"STATUSKIT_{name.upper()}"
    forms = ROWS[name].metadata["parser"].forms
    with pytest.raises(ConfigError) as raised:
        resolve({key: value})
    assert str(raised.value) == f"{key} is {value!r}; it has to be {forms}."
    with pytest.raises(ConfigError) as raised:
        resolve({}, {name: value})
    assert str(raised.value) == f"{name} is {value!r}; it has to be {forms}."


@pytest.mark.parametrize("name", ROWS)
def test_the_forms_that_an_error_names_are_written_out(name: str) -> None:
    forms = ROWS[name].metadata["parser"].forms
    accepts_none = any(parsed is None for _, parsed in ACCEPTED[name])
    assert len(forms) > 5
    assert forms.endswith(", or None") is accepts_none


@pytest.mark.parametrize("name", ROWS)
def test_every_setting_says_in_sentences_what_it_does(name: str) -> None:
    doc = ROWS[name].metadata["doc"]
    assert doc[0].isupper()
    assert doc.endswith(".")


def test_settings_are_frozen() -> None:
    settings: Any = resolve()
    for name in ROWS:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(settings, name, None)


def test_the_defaults_are_those_that_are_safe_in_production() -> None:
    assert resolve() == Settings(
        environment="production",
        expose_internals=False,
        dialect="problem",
        negotiate=True,
        catalog_url=None,
        url_prefixes=(),
        type_base=None,
        validation_status=422,
        retry_after={},
        retry_after_jitter=0.0,
        ratelimit_headers="none",
        challenge="Bearer",
        request_id_header="X-Request-ID",
        instance=True,
        cache_control="no-store",
        log_levels={"4xx": logging.INFO, "5xx": logging.ERROR},
        audit="off",
        audit_ignore={},
        max_body_bytes=65_536,
        integrations=(),
    )


def test_an_option_beats_the_config() -> None:
    settings = resolve({"STATUSKIT_CHALLENGE": "Basic realm=x"}, {"challenge": "DPoP"})
    assert settings.challenge == "DPoP"


def test_an_option_that_is_off_beats_the_config_too() -> None:
    settings = resolve(
        {"STATUSKIT_CACHE_CONTROL": "private", "STATUSKIT_INSTANCE": True},
        {"cache_control": None, "instance": False},
    )
    assert (settings.cache_control, settings.instance) == (None, False)


# The environment


@pytest.mark.parametrize(
    ("debug", "testing", "environment"),
    [
        (False, False, "production"),
        (True, False, "development"),
        (False, True, "testing"),
        (True, True, "testing"),
    ],
)
def test_the_environment_is_derived_from_the_application(
    debug: bool, testing: bool, environment: str
) -> None:
    assert resolve(debug=debug, testing=testing).environment == environment


@pytest.mark.parametrize(
    ("flag", "environment"),
    [
        ("True", "development"),
        ("1", "development"),
        (1, "development"),
        ("False", "production"),
        ("0", "production"),
        ("", "production"),
        ("Flase", "production"),
        (None, "production"),
        ([True], "production"),
    ],
)
def test_a_debug_flag_that_is_text_is_read_as_such(flag: Any, environment: str) -> None:
    # Flask itself takes any text for true; DEBUG=False in a file of the environment is text.
    assert resolve(debug=flag).environment == environment
    assert resolve(debug=flag).expose_internals is (environment == "development")


@pytest.mark.parametrize("flag", ["False", "0", "", "Flase", None])
def test_a_testing_flag_that_is_text_is_read_as_such(flag: Any) -> None:
    assert resolve(testing=flag).environment == "production"
    assert resolve(testing="True").environment == "testing"  # type: ignore[arg-type]


@pytest.mark.parametrize("environment", ["production", "development", "testing"])
@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("testing", [True, False])
def test_an_environment_that_is_set_holds_whatever_the_application_is(
    environment: str, debug: bool, testing: bool
) -> None:
    settings = resolve({"STATUSKIT_ENVIRONMENT": environment}, debug=debug, testing=testing)
    assert settings.environment == environment


@pytest.mark.parametrize("testing", [True, False])
@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("environment", [None, "production", "development", "testing"])
@pytest.mark.parametrize("said", [None, True, False, "True", "False"])
def test_internals_need_debug_and_an_environment_other_than_production(
    said: Any, environment: str | None, debug: bool, testing: bool
) -> None:
    given = {"environment": environment, "expose_internals": said}
    options = {name: value for name, value in given.items() if value is not None}
    settings = resolve({}, options, debug=debug, testing=testing)
    wanted = settings.environment == "development" if said is None else str(said) == "True"
    assert settings.expose_internals is (wanted and debug and settings.environment != "production")


@pytest.mark.parametrize(
    ("environment", "default"),
    [("production", "off"), ("development", "warn"), ("testing", "warn")],
)
@pytest.mark.parametrize("said", [None, "off", "warn", "raise"])
def test_the_auditor_is_off_in_production_unless_somebody_says_otherwise(
    said: str | None, environment: str, default: str
) -> None:
    options = {"environment": environment, **({"audit": said} if said else {})}
    assert resolve({}, options).audit == (said or default)


# Origins


def origins(
    settings: dict[str, Any] | None = None,
    options: dict[str, Any] | None = None,
    *,
    debug: Any = False,
    testing: Any = False,
) -> dict[str, str]:
    return config.origins(settings or {}, options or {}, debug=debug, testing=testing)


def test_what_nobody_sets_is_a_default() -> None:
    assert origins() == dict.fromkeys(ROWS, "default")


@pytest.mark.parametrize("name", [name for name in ROWS if name != "expose_internals"])
def test_an_option_and_a_key_are_told_apart(name: str) -> None:
    value, _ = ACCEPTED[name][0]
    for debug in (True, False):
        key = {f"STATUSKIT_{name.upper()}": value}
        assert origins(key, debug=debug)[name] == "app.config"
        assert origins({}, {name: value}, debug=debug)[name] == "option"
        # Even where the two say the same.
        assert origins(key, {name: value}, debug=debug)[name] == "option"


@pytest.mark.parametrize(
    ("debug", "testing", "origin"),
    [
        (False, False, "default"),
        ("False", "", "default"),
        (True, False, "DEBUG"),
        ("True", False, "DEBUG"),
        (True, True, "TESTING"),
        (False, True, "TESTING"),
        ("True", "False", "DEBUG"),
    ],
)
def test_a_derived_environment_comes_from_the_flag_that_decides(
    debug: Any, testing: Any, origin: str
) -> None:
    assert origins(debug=debug, testing=testing)["environment"] == origin


@pytest.mark.parametrize(
    ("said", "environment", "debug", "origin"),
    [
        (None, None, False, "default"),
        (None, None, True, "default"),
        (None, "development", False, "DEBUG"),
        (None, "production", True, "default"),
        (True, None, False, "DEBUG"),
        (True, None, True, "app.config"),
        (True, "development", False, "DEBUG"),
        (True, "production", False, "DEBUG"),
        (True, "production", True, "environment"),
        ("True", "production", True, "environment"),
        (False, "production", True, "app.config"),
        (False, None, False, "app.config"),
    ],
)
def test_internals_that_stay_hidden_come_from_what_hides_them(
    said: Any, environment: str | None, debug: bool, origin: str
) -> None:
    options = {} if environment is None else {"environment": environment}
    settings = {} if said is None else {"STATUSKIT_EXPOSE_INTERNALS": said}
    assert origins(settings, options, debug=debug)["expose_internals"] == origin


def test_what_cannot_be_parsed_has_no_origin_either() -> None:
    with pytest.raises(ConfigError, match="STATUSKIT_AUDIT is 'loud'"):
        origins({"STATUSKIT_AUDIT": "loud"})


# Names


def test_known_names_and_those_of_others_pass() -> None:
    check_names([*KEYS, "DEBUG", "SECRET_KEY", "STATUSKITCHEN", "MY_STATUSKIT_KEY"], ROWS)


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("STATUSKIT_URL_PREFIX", "Did you mean STATUSKIT_URL_PREFIXES?"),
        ("STATUSKIT_ENV", "Did you mean STATUSKIT_ENVIRONMENT?"),
        ("STATUSKIT_RATE_LIMIT_HEADERS", "Did you mean STATUSKIT_RATELIMIT_HEADERS?"),
        ("STATUSKIT_XYZZYXYZZYXYZZYXYZZYXYZZY", f"Choose from {', '.join(KEYS)}."),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_name(key: str, hint: str) -> None:
    with pytest.raises(ConfigError) as raised:
        check_names(["DEBUG", key], ())
    assert str(raised.value).startswith(f"There is no setting {key}. {hint}")


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("url_prefix", "Did you mean url_prefixes?"),
        ("enviroment", "Did you mean environment?"),
        ("xyzzy", f"Choose from {', '.join(ROWS)}."),
    ],
)
def test_an_unknown_option_is_a_type_error_with_the_nearest_name(option: str, hint: str) -> None:
    with pytest.raises(TypeError) as raised:
        check_names((), ["challenge", option])
    assert str(raised.value) == f"StatusKit has no option {option!r}. {hint}"


# In an application


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("STATUSKIT_INSTANCE", "maybe", "STATUSKIT_INSTANCE is 'maybe'"),
        ("STATUSKIT_INSTANCES", True, "There is no setting STATUSKIT_INSTANCES"),
    ],
)
def test_a_mistake_is_an_error_at_start_up(key: str, value: Any, message: str) -> None:
    app = Flask(__name__)
    app.config[key] = value
    with pytest.raises(ConfigError, match=message):
        StatusKit(app)


def test_a_mistake_in_an_option_is_an_error_at_start_up() -> None:
    with pytest.raises(TypeError, match="StatusKit has no option 'instances'"):
        StatusKit(instances=True)
    with pytest.raises(ConfigError, match="instance is 'maybe'"):
        StatusKit(Flask(__name__), instance="maybe")


@pytest.mark.parametrize(
    ("name", "text", "parsed"),
    [
        ("INSTANCE", "False", False),
        ("INSTANCE", "false", False),
        ("INSTANCE", "0", False),
        ("INSTANCE", "yes", True),
        ("VALIDATION_STATUS", "400", 400),
        ("RETRY_AFTER", '{"503": 30}', {503: 30}),
        ("RETRY_AFTER__503", "30", {503: 30}),
        ("RETRY_AFTER_JITTER", "0.5", 0.5),
        ("DIALECT", "simple", "simple"),
        ("DIALECT", "application/vnd.acme.error+json", "application/vnd.acme.error+json"),
        ("DIALECT", '{"api": "simple", "*": "html"}', {"api": "simple", "*": "html"}),
        ("DIALECT__api", "simple", {"api": "simple"}),
        ("NEGOTIATE", "off", False),
        ("CATALOG_URL", "/problems", "/problems"),
        ("URL_PREFIXES", "/api, /v2", ("/api", "/v2")),
        ("URL_PREFIXES", '["/api"]', ("/api",)),
        ("REQUEST_ID_HEADER", "null", None),
        ("REQUEST_ID_HEADER", "", None),
        ("LOG_LEVELS", '{"4xx": "DEBUG", "404": "OFF"}', {"4xx": 10, "5xx": 40, 404: None}),
        ("ENVIRONMENT", "testing", "testing"),
        ("AUDIT", "off", "off"),
        ("AUDIT_IGNORE", "SK201, SK302", {"*": {"SK201", "SK302"}}),
        ("AUDIT_IGNORE", '["SK201"]', {"*": {"SK201"}}),
        ("AUDIT_IGNORE", '{"users.*": ["SK201"]}', {"users.*": {"SK201"}}),
        ("AUDIT_IGNORE__index", "SK201", {"index": {"SK201"}}),
    ],
)
def test_settings_can_come_from_environment_variables(
    name: str, text: str, parsed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"FLASK_STATUSKIT_{name}", text)
    app = Flask(__name__)
    app.config.from_prefixed_env()
    StatusKit(app)
    settings = resolve(app.config)
    assert getattr(settings, name.partition("__")[0].lower()) == parsed


def test_a_typo_in_an_environment_variable_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_STATUSKIT_INSTANCE", "Flase")
    app = Flask(__name__)
    app.config.from_prefixed_env()
    with pytest.raises(ConfigError, match="STATUSKIT_INSTANCE is 'Flase'; it has to be True or"):
        StatusKit(app)


class Base:
    STATUSKIT_TYPE_BASE = "/problems"
    STATUSKIT_LOG_LEVELS: Any = {404: "OFF"}  # noqa: RUF012


class Production(Base):
    STATUSKIT_ENVIRONMENT = "production"


class Development(Base):
    DEBUG = True
    STATUSKIT_LOG_LEVELS: Any = {404: "DEBUG"}  # noqa: RUF012


@pytest.mark.parametrize(
    ("source", "environment", "level"),
    [(Production, "production", None), (Development, "development", logging.DEBUG)],
)
def test_settings_can_come_from_a_class_for_each_environment(
    source: type, environment: str, level: int | None
) -> None:
    app = Flask(__name__)
    app.config.from_object(source)
    StatusKit(app)
    settings = resolve(app.config, debug=app.debug, testing=app.testing)
    assert (settings.environment, settings.type_base) == (environment, "/problems")
    assert settings.log_level(404) is level
    assert settings.expose_internals is (environment == "development")


# Levels


@pytest.mark.parametrize(
    ("levels", "status", "level"),
    [
        ({}, 404, logging.INFO),
        ({}, 503, logging.ERROR),
        ({"4xx": "WARNING"}, 404, logging.WARNING),
        ({"4xx": "WARNING", 404: "DEBUG"}, 404, logging.DEBUG),
        ({"4xx": "WARNING", 404: "DEBUG"}, 410, logging.WARNING),
        ({"4xx": "OFF"}, 404, None),
        ({"4xx": "OFF", "404": "INFO"}, 404, logging.INFO),
        ({404: "OFF"}, 404, None),
        ({}, 499, logging.INFO),
    ],
)
def test_the_level_of_a_status_beats_that_of_its_class(
    levels: Any, status: int, level: int | None
) -> None:
    assert resolve({}, {"log_levels": levels}).log_level(status) == level


def test_a_level_may_be_one_that_the_application_named() -> None:
    logging.addLevelName(25, "NOTICE")
    try:
        assert resolve({}, {"log_levels": {404: "notice"}}).log_level(404) == 25
    finally:
        del logging._levelToName[25], logging._nameToLevel["NOTICE"]


@pytest.mark.parametrize(
    ("level", "name"),
    [
        (None, "OFF"),
        (0, "NOTSET"),
        (logging.DEBUG, "DEBUG"),
        (logging.WARNING, "WARNING"),
        (25, 25),
    ],
)
def test_a_level_is_called_as_it_may_be_typed(level: int | None, name: Any) -> None:
    assert level_name(level) == name
    assert resolve({}, {"log_levels": {404: name}}).log_level(404) == level


@pytest.mark.parametrize(("called", "name"), [("NOTICE", "NOTICE"), ("Notice", 25)])
def test_a_level_of_the_application_has_its_name_if_that_may_be_typed(
    called: str, name: Any
) -> None:
    logging.addLevelName(25, called)
    try:
        assert level_name(25) == name
        assert resolve({}, {"log_levels": {404: name}}).log_level(404) == 25
    finally:
        del logging._levelToName[25], logging._nameToLevel[called]
