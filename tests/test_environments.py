"""Settings by environment, read strictly, in force from the next request on."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask, abort
from support import (
    CLIENTS,
    PROGRAM,
    Foreign,
    assert_error,
    assert_problem,
    call,
    kit_of,
    make_app,
    mapped,
    raising,
    view_raising,
)

from flask_statuskit import (
    BadGateway,
    ConfigError,
    Conflict,
    NotFound,
    StatusKit,
    ValidationError,
)

REASON = "the bolt is loose"
RENDERED = {"PROPAGATE_EXCEPTIONS": False}


def shows_internals(app: Flask, path: str = "/") -> bool:
    """Whether a 502 shows its reason and the member debug; never one without the other."""
    answer = call(app, path=path)
    body = assert_problem(answer, 502)
    shown = "debug" in body
    assert (body["detail"] == REASON) == shown
    assert (REASON in str(answer)) == shown
    return shown


def with_a_reason(config: Any = None, **options: Any) -> Flask:
    return raising(lambda: BadGateway(REASON), config, **options)


# Production, development, testing


@pytest.mark.parametrize(
    ("config", "shown"),
    [
        ({}, False),
        ({"DEBUG": True}, True),
        ({"TESTING": True}, False),
        ({"DEBUG": True, "TESTING": True}, False),
        ({"DEBUG": True, "TESTING": True, "STATUSKIT_EXPOSE_INTERNALS": True}, True),
        ({"DEBUG": True, "STATUSKIT_ENVIRONMENT": "development"}, True),
        ({"DEBUG": True, "STATUSKIT_ENVIRONMENT": "testing"}, False),
        ({"DEBUG": True, "STATUSKIT_ENVIRONMENT": "production"}, False),
        (
            {
                "DEBUG": True,
                "STATUSKIT_ENVIRONMENT": "production",
                "STATUSKIT_EXPOSE_INTERNALS": True,
            },
            False,
        ),
        ({"STATUSKIT_ENVIRONMENT": "development"}, False),
        ({"STATUSKIT_ENVIRONMENT": "development", "STATUSKIT_EXPOSE_INTERNALS": True}, False),
        ({"STATUSKIT_EXPOSE_INTERNALS": True}, False),
        ({"DEBUG": True, "STATUSKIT_EXPOSE_INTERNALS": False}, False),
    ],
    ids=str,
)
def test_internals_take_debug_and_an_environment_that_is_not_production(
    config: dict[str, Any], shown: bool
) -> None:
    assert shows_internals(with_a_reason(config)) is shown


@pytest.mark.parametrize(("headers", "content_type"), CLIENTS, ids=str)
@pytest.mark.parametrize("code", [None, 409, 503])
def test_a_production_environment_shows_nothing_of_an_exception_although_debug_is_on(
    headers: Any, content_type: str, code: int | None
) -> None:
    config = {**RENDERED, "DEBUG": True, "STATUSKIT_ENVIRONMENT": "production"}
    app = raising(lambda: Foreign(REASON), config)
    if code:
        kit_of(app).map(Foreign, code)
    answer = call(app, headers=headers)
    assert_error(answer, code or 500, content_type)
    assert not re.search(f"{REASON}|Foreign|frames|Traceback", str(answer))


def test_debug_shows_the_type_message_frames_and_causes_of_what_was_mapped() -> None:
    def view() -> None:
        try:
            raise ConnectionError("token=abc refused")
        except ConnectionError as error:
            raise Foreign(REASON) from error

    app = mapped(409, {"DEBUG": True}, raised=view)
    debug = assert_problem(call(app), 409)["debug"]
    assert debug["type"] == "support.Foreign"
    assert debug["message"] == REASON
    assert debug["frames"][-1]["function"] == "view"
    assert debug["frames"][-1]["code"] == "raise Foreign(REASON) from error"
    assert debug["causes"] == [{"type": "ConnectionError", "message": "token=*** refused"}]


def test_a_typed_4xx_says_itself_what_happened_so_debug_adds_nothing() -> None:
    assert "debug" not in call(raising(Conflict, {"DEBUG": True})).json
    assert "debug" not in call(make_app({"DEBUG": True}), path="/nowhere").json


def test_debug_that_is_switched_after_init_app_counts() -> None:
    app = with_a_reason()
    for debug in (True, False, True):
        app.debug = debug
        assert shows_internals(app) is debug


def test_an_environment_that_is_set_after_init_app_counts() -> None:
    app = with_a_reason({"DEBUG": True})
    assert shows_internals(app)
    app.config["STATUSKIT_ENVIRONMENT"] = "production"
    assert not shows_internals(app)


def test_an_option_of_the_constructor_decides_the_environment() -> None:
    app = with_a_reason(
        {"DEBUG": True, "STATUSKIT_ENVIRONMENT": "development"}, environment="production"
    )
    assert not shows_internals(app)


class Production:
    STATUSKIT_TYPE_BASE = "https://shop.example/problems"
    STATUSKIT_VALIDATION_STATUS = 400


class Development(Production):
    DEBUG = True
    PROPAGATE_EXCEPTIONS = False


class Testing(Production):
    TESTING = True
    PROPAGATE_EXCEPTIONS = False


class Staging(Development):
    STATUSKIT_ENVIRONMENT = "production"


@pytest.mark.parametrize(
    ("config", "shown"),
    [(Production, False), (Development, True), (Testing, False), (Staging, False)],
)
def test_one_class_of_configuration_for_each_environment_works(config: Any, shown: bool) -> None:
    app, kit = Flask("shop"), StatusKit()
    app.config.from_object(config)
    kit.init_app(app)
    app.add_url_rule("/", "index", view_raising(lambda: BadGateway(REASON)))
    app.add_url_rule("/no", "no", view_raising(lambda: ValidationError("no", type="no")))
    assert shows_internals(app) is shown
    assert assert_problem(call(app, path="/no"), 400)["type"] == "https://shop.example/problems/no"


# Environment variables are text


def from_env(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> Flask:
    for name, value in variables.items():
        monkeypatch.setenv(f"FLASK_{name}", value)
    app = Flask("shop")
    app.config.from_prefixed_env()
    StatusKit(app)
    app.add_url_rule("/", "index", view_raising(lambda: BadGateway(REASON)))
    return app


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        *((word, False) for word in ("False", "false", "FALSE", "0", "no", "Off", " false ")),
        *((word, True) for word in ("True", "true", "TRUE", "1", "yes", "On")),
    ],
)
def test_a_truth_value_in_an_environment_variable_is_read_as_it_is_meant(
    monkeypatch: pytest.MonkeyPatch, value: str, shown: bool
) -> None:
    variables = {"DEBUG": "1", "TESTING": "1", "STATUSKIT_EXPOSE_INTERNALS": value}
    assert shows_internals(from_env(monkeypatch, variables)) is shown


def test_a_word_that_is_no_truth_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"STATUSKIT_EXPOSE_INTERNALS is 'nope'.*True or False"):
        from_env(monkeypatch, {"STATUSKIT_EXPOSE_INTERNALS": "nope"})


@pytest.mark.parametrize("value", ["False", "no", "off", "FALSE"])
def test_internals_stay_hidden_when_debug_is_the_text_that_means_off(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    assert not shows_internals(from_env(monkeypatch, {"DEBUG": value}))


@pytest.mark.parametrize(
    "value",
    [
        False,
        0,
        "",
        None,
    ],
    ids=repr,
)
def test_a_debug_that_is_false_in_any_way_is_production(value: Any) -> None:
    assert not shows_internals(with_a_reason({"DEBUG": value}))


def test_every_kind_of_setting_can_come_from_an_environment_variable(
    monkeypatch: pytest.MonkeyPatch, log: Any
) -> None:
    app = from_env(
        monkeypatch,
        {
            "STATUSKIT_URL_PREFIXES": "/api, /v2/",
            "STATUSKIT_RETRY_AFTER": '{"502": 30}',
            "STATUSKIT_LOG_LEVELS__5xx": "WARNING",
            "STATUSKIT_LOG_LEVELS__404": "DEBUG",
            "STATUSKIT_MAX_BODY_BYTES": "2000",
            "STATUSKIT_REQUEST_ID_HEADER": "X-Correlation-ID",
        },
    )
    app.add_url_rule("/v2", "v2", view_raising(lambda: BadGateway(REASON)))
    answer = call(app, path="/v2")
    assert (answer.status, answer.header("Retry-After")) == (502, "30")
    assert answer.header("X-Correlation-ID") == answer.json["request_id"]
    assert call(app).header("Content-Type") == "text/html; charset=utf-8"
    call(app, path="/api/nowhere")
    assert [record.levelname for record in log.problems] == ["WARNING", "DEBUG"]


# What cannot be understood


@pytest.mark.parametrize(
    ("key", "value", "forms"),
    [
        ("ENVIRONMENT", "prod", '"production" or "development" or "testing"'),
        ("ENVIRONMENT", None, '"production" or'),
        ("EXPOSE_INTERNALS", "maybe", "True or False"),
        ("EXPOSE_INTERNALS", None, "True or False"),
        ("URL_PREFIXES", ["api"], 'each beginning with "/"'),
        ("URL_PREFIXES", 3, "a list of paths"),
        ("TYPE_BASE", "problems", 'a path beginning with "/"'),
        ("DIALECT", "jsn", '"problem" or "simple" or "jsonapi" or "xml" or "text" or "html"'),
        ("DIALECT", {"api": "jsn"}, "a mapping of names of blueprints"),
        ("NEGOTIATE", "maybe", "True or False"),
        ("CATALOG_URL", "problems", 'a path beginning with "/"'),
        ("VALIDATION_STATUS", 418, "422 or 400"),
        ("RETRY_AFTER", {200: 3}, "4xx and 5xx statuses"),
        ("RETRY_AFTER", {503: "soon"}, "seconds"),
        ("RETRY_AFTER", 3, "a mapping"),
        ("RETRY_AFTER_JITTER", -1, "0 or more"),
        ("RETRY_AFTER_JITTER", float("nan"), "0 or more"),
        ("RATELIMIT_HEADERS", "modern", '"none" or "legacy" or "draft"'),
        ("CHALLENGE", "", "a challenge such as"),
        ("CHALLENGE", "Bearer\r\nX: y", "a challenge such as"),
        ("REQUEST_ID_HEADER", "X Request", "the name of a header"),
        ("INSTANCE", "maybe", "True or False"),
        ("CACHE_CONTROL", "no-store\n", "a value of Cache-Control"),
        ("LOG_LEVELS", {"3xx": "INFO"}, "4xx"),
        ("LOG_LEVELS", {"4xx": "LOUD"}, "levels of logging"),
        ("LOG_LEVELS", "DEBUG", "a mapping"),
        ("MAX_BODY_BYTES", 100, "1024 or more"),
        ("MAX_BODY_BYTES", True, "a whole number"),
        ("INTEGRATIONS", 3, "a list of texts"),
    ],
    ids=repr,
)
def test_a_value_that_cannot_be_understood_is_refused_at_start_up(
    key: str, value: Any, forms: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        make_app({f"STATUSKIT_{key}": value})
    message = str(refused.value)
    assert message.startswith(f"STATUSKIT_{key} is {value!r}; it has to be ")
    assert forms in message


def test_an_option_that_cannot_be_understood_is_refused_by_its_own_name() -> None:
    with pytest.raises(ConfigError, match=r"^validation_status is 418; it has to be 422 or 400"):
        make_app(validation_status=418)


def test_a_bad_setting_after_start_up_keeps_the_good_ones_and_is_logged(log: Any) -> None:
    app = raising(lambda: ValidationError("no"), {"STATUSKIT_VALIDATION_STATUS": 400})
    app.config["STATUSKIT_VALIDATION_STATUS"] = "four hundred"
    assert_problem(call(app), 400)
    [complaint] = [r for r in log.ours if "STATUSKIT_VALIDATION_STATUS" in r.getMessage()]
    assert complaint.levelname == "ERROR"
    assert "'four hundred'; it has to be 422 or 400" in complaint.getMessage()


def test_a_bad_setting_after_start_up_is_logged_once_and_not_with_each_error(log: Any) -> None:
    app = raising(lambda: ValidationError("no"))
    app.config["STATUSKIT_VALIDATION_STATUS"] = "four hundred"
    for _ in range(3):
        assert_problem(call(app), 422)
    assert len([r for r in log.ours if "STATUSKIT_VALIDATION_STATUS" in r.getMessage()]) == 1


def test_a_bad_setting_that_is_mended_counts_again() -> None:
    app = raising(lambda: ValidationError("no"))
    for value, code in [("bad", 422), (400, 400), ("bad", 400), (422, 422)]:
        app.config["STATUSKIT_VALIDATION_STATUS"] = value
        assert_problem(call(app), code)


@pytest.mark.parametrize(
    "off",
    [
        lambda app: setattr(app, "debug", False),
        lambda app: app.config.update(STATUSKIT_ENVIRONMENT="production"),
        lambda app: app.config.update(STATUSKIT_EXPOSE_INTERNALS=False),
    ],
    ids=["debug", "environment", "expose_internals"],
)
def test_a_bad_setting_never_keeps_internals_open(off: Any) -> None:
    app = with_a_reason({"DEBUG": True})
    assert shows_internals(app)
    app.config["STATUSKIT_VALIDATION_STATUS"] = "bad"
    off(app)
    assert not shows_internals(app)


def test_an_environment_that_cannot_be_understood_is_production() -> None:
    app = with_a_reason({"DEBUG": True})
    assert shows_internals(app)
    app.config["STATUSKIT_ENVIRONMENT"] = "prodution"
    assert not shows_internals(app)


# A part of the site


def site(prefixes: Any, **config: Any) -> Flask:
    app = make_app({"STATUSKIT_URL_PREFIXES": prefixes, **RENDERED, **config})
    kit_of(app).map(Foreign, 409)
    app.add_url_rule("/<path:any>", "raise", view_raising(Conflict))
    for path in ("/api/only-post", "/only-post"):
        app.add_url_rule(path, path[1:].replace("/", " "), str, methods=["POST"])
    return app


INSIDE = ["/api", "/api/", "//api", "/api/users", "/api/../x", "/v2/x", "/v2"]
OUTSIDE = ["/apix", "/apix/users", "/x/api", "/API/users", "/ap", "/v22"]


@pytest.mark.parametrize("prefixes", [["/api", "/v2"], "/api,/v2", ("/api/", "/v2/")], ids=str)
@pytest.mark.parametrize("path", INSIDE)
def test_a_path_under_a_prefix_is_served(prefixes: Any, path: str) -> None:
    answer = call(site(prefixes), path=path)
    assert answer.header("Content-Type") == "application/problem+json"


@pytest.mark.parametrize("prefixes", [["/api", "/v2"], "/api,/v2", ("/api/", "/v2/")], ids=str)
@pytest.mark.parametrize("path", OUTSIDE)
def test_a_path_that_only_looks_like_a_prefix_is_left_to_flask(
    prefixes: Any, path: str, announced: list[Any]
) -> None:
    answer = call(site(prefixes), path=path)
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    assert announced == []


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [("GET", "/api/only-post", 405), ("DELETE", "/api/x", 405)],
)
def test_a_405_that_no_blueprint_owns_is_a_problem_under_a_prefix(
    method: str, path: str, code: int
) -> None:
    app = make_app({"STATUSKIT_URL_PREFIXES": "/api"})
    app.add_url_rule("/api/only-post", "post", str, methods=["POST"])
    app.add_url_rule("/api/x", "x", str)
    assert_problem(call(app, method, path), code)


@pytest.mark.parametrize("path", ["/api/nowhere", "/api", "/api/a/b/c"])
def test_a_404_that_no_blueprint_owns_is_a_problem_under_a_prefix(path: str) -> None:
    assert_problem(call(make_app({"STATUSKIT_URL_PREFIXES": "/api"}), path=path), 404)


def plain_and_prefixed(error: Any, **config: Any) -> tuple[Flask, Flask]:
    """The same application without StatusKit, and with it elsewhere."""
    prefixed = make_app({"STATUSKIT_URL_PREFIXES": "/api", **config})
    kit_of(prefixed).map(Foreign, 409)
    plain = Flask("shop", static_folder=None)
    plain.config.update(config)
    for app in (plain, prefixed):
        app.add_url_rule("/page", "page", view_raising(error))
    return plain, prefixed


@pytest.mark.parametrize("error", [Conflict, NotFound, lambda: abort(410), Foreign, KeyError])
@pytest.mark.parametrize("path", ["/page", "/nowhere"])
def test_elsewhere_everything_is_answered_as_without_statuskit(error: Any, path: str) -> None:
    plain, prefixed = plain_and_prefixed(error)
    assert call(prefixed, path=path) == call(plain, path=path)
    assert call(prefixed, "POST", path) == call(plain, "POST", path)


@pytest.mark.parametrize("config", [{"TESTING": True}, {"DEBUG": True}], ids=str)
def test_elsewhere_a_mapped_exception_propagates_as_flask_lets_it(config: Any) -> None:
    _, prefixed = plain_and_prefixed(Foreign, **config)
    with pytest.raises(Foreign):
        call(prefixed, path="/page", headers=PROGRAM)


def test_a_mapped_exception_is_a_problem_under_a_prefix_only() -> None:
    app = site("/api")
    app.view_functions["raise"] = view_raising(Foreign)
    assert_problem(call(app, path="/api/x"), 409)
    answer = call(app, path="/x")
    assert (answer.status, answer.header("Content-Type")) == (500, "text/html; charset=utf-8")


def test_the_prefix_slash_is_the_whole_site() -> None:
    assert_problem(call(make_app({"STATUSKIT_URL_PREFIXES": "/"}), path="/nowhere"), 404)


def test_prefixes_are_those_of_the_application_wherever_it_is_mounted() -> None:
    app = make_app({"STATUSKIT_URL_PREFIXES": "/api"})
    mount = {"SCRIPT_NAME": "/shop"}
    assert_problem(call(app, path="/api/nowhere", environ_overrides=mount), 404)
    outside = call(app, path="/nowhere", environ_overrides={"SCRIPT_NAME": "/api"})
    assert outside.header("Content-Type") == "text/html; charset=utf-8"
