"""Flask-JWT-Extended: each refusal for real, with the challenge that it owes."""

from __future__ import annotations

import base64
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask, got_request_exception
from flask.typing import ResponseReturnValue
from library_support import (
    CANARY,
    assert_imports_nothing,
    assert_page_is_true,
    problem,
    require,
    run_alone,
)
from werkzeug.test import TestResponse

from flask_statuskit import StatusKit

jwt_extended = require("flask_jwt_extended")
errors = require("flask_jwt_extended.exceptions")
jwt = require("jwt")

KEY = "k" * 32
LIBRARY = "flask_jwt_extended.jwt_manager"


class Shop:
    """An application whose views each want a token, and who may give it.

    Attributes:
        app: the application.
        manager: its JWTManager.
        statuskit: its StatusKit.
    """

    def __init__(self, *, statuskit_first: bool = False, **config: Any) -> None:
        options = config.pop("kit", {})
        self.app = Flask("shop")
        self.app.config.update(JWT_SECRET_KEY=KEY, **config)
        self.statuskit, self.manager = StatusKit(**options), jwt_extended.JWTManager()
        extensions = [self.manager, self.statuskit]
        for extension in reversed(extensions) if statuskit_first else extensions:
            extension.init_app(self.app)
        self.view("/", jwt_extended.jwt_required())
        self.view("/refresh", jwt_extended.jwt_required(refresh=True))
        self.view("/fresh", jwt_extended.jwt_required(fresh=True))
        self.view("/optional", jwt_extended.jwt_required(optional=True))

    def view(self, path: str, protect: Callable[[Any], Any]) -> None:
        self.app.add_url_rule(path, path, protect(lambda: "ok"), methods=["GET", "POST"])

    def token(self, identity: str = CANARY, *, refresh: bool = False, **options: Any) -> str:
        with self.app.app_context():
            make = (
                jwt_extended.create_refresh_token if refresh else jwt_extended.create_access_token
            )
            token: str = make(identity, **options)
            return token

    def get(self, path: str = "/", authorization: str | None = None) -> TestResponse:
        headers = {} if authorization is None else {"Authorization": authorization}
        return self.app.test_client().get(path, headers=headers)


def signed(key: str = KEY, **claims: Any) -> str:
    return jwt.encode({"sub": CANARY, "type": "access", **claims}, key, "HS256")


def meant_for_others(shop: Shop) -> str:
    shop.app.config["JWT_DECODE_AUDIENCE"] = "shop"
    return signed(aud=CANARY)


def claims_are_bad(shop: Shop) -> str:
    shop.manager.token_verification_loader(lambda _header, _data: False)
    return shop.token()


def user_is_unknown(shop: Shop) -> str:
    shop.manager.user_lookup_loader(lambda _header, _data: None)
    return shop.token()


def token_is_revoked(shop: Shop) -> str:
    shop.manager.token_in_blocklist_loader(lambda _header, _data: True)
    return shop.token()


BARE = "Bearer"
INVALID = 'Bearer error="invalid_token"'

REFUSALS: dict[str, tuple[Callable[[Shop], str | None], str, int, str | None]] = {
    "no token": (lambda _: None, "/", 401, BARE),
    "another scheme": (lambda _: "Basic YTpi", "/", 401, BARE),
    "a scheme alone": (lambda _: "Bearer", "/", 401, INVALID),
    "two tokens": (lambda _: f"Bearer {CANARY} {CANARY}", "/", 401, INVALID),
    "no JWT": (lambda _: f"Bearer {CANARY}", "/", 401, INVALID),
    "no JSON": (lambda _: "Bearer e30.e30.e30", "/", 401, INVALID),
    "forged": (lambda _: f"Bearer {signed('x' * 32)}", "/", 401, INVALID),
    "unsigned": (lambda _: f"Bearer {jwt.encode({'sub': CANARY}, '', 'none')}", "/", 401, INVALID),
    "expired": (lambda s: f"Bearer {s.token(expires_delta=timedelta(days=-1))}", "/", 401, INVALID),
    "not yet valid": (lambda _: f"Bearer {signed(nbf=2**40)}", "/", 401, INVALID),
    "without a subject": (
        lambda _: f"Bearer {jwt.encode({'type': 'access'}, KEY, 'HS256')}",
        "/",
        401,
        INVALID,
    ),
    "for others": (lambda s: f"Bearer {meant_for_others(s)}", "/", 401, INVALID),
    "a refresh token": (lambda s: f"Bearer {s.token(refresh=True)}", "/", 401, INVALID),
    "an access token": (lambda s: f"Bearer {s.token()}", "/refresh", 401, INVALID),
    "revoked": (lambda s: f"Bearer {token_is_revoked(s)}", "/", 401, INVALID),
    "of nobody": (lambda s: f"Bearer {user_is_unknown(s)}", "/", 401, INVALID),
    "not fresh": (
        lambda s: f"Bearer {s.token()}",
        "/fresh",
        401,
        'Bearer error="insufficient_user_authentication"',
    ),
    "insufficient": (
        lambda s: f"Bearer {claims_are_bad(s)}",
        "/",
        403,
        'Bearer error="insufficient_scope"',
    ),
}


@pytest.mark.parametrize("statuskit_first", [False, True])
@pytest.mark.parametrize("name", REFUSALS)
def test_each_refusal_has_its_status_and_challenge(name: str, statuskit_first: bool) -> None:
    authorize, path, status, challenge = REFUSALS[name]
    shop = Shop(statuskit_first=statuskit_first)
    response = shop.get(path, authorize(shop))
    problem(response, status)
    assert response.headers.getlist("WWW-Authenticate") == [challenge]


def test_good_tokens_are_let_in() -> None:
    shop = Shop()
    assert shop.get("/", f"Bearer {shop.token()}").text == "ok"
    assert shop.get("/fresh", f"Bearer {shop.token(fresh=True)}").text == "ok"
    assert shop.get("/refresh", f"Bearer {shop.token(refresh=True)}").text == "ok"
    assert shop.get("/optional").text == "ok"


def test_the_details_tell_the_refusals_apart() -> None:
    names = dict[str, list[str]]()
    for name, (authorize, path, status, _) in REFUSALS.items():
        shop = Shop()
        detail = problem(shop.get(path, authorize(shop)), status)["detail"]
        names.setdefault(detail, []).append(name)
    assert [*names.values()] == [
        ["no token", "another scheme"],
        ["a scheme alone", "two tokens"],
        # Why is told to nobody who may be the forger.
        ["no JWT", "no JSON", "forged", "unsigned", "not yet valid", "for others"],
        ["expired"],
        ["without a subject"],
        ["a refresh token", "an access token"],
        ["revoked"],
        ["of nobody"],
        ["not fresh"],
        ["insufficient"],
    ]


def test_a_post_with_a_cookie_lacks_its_csrf_token() -> None:
    shop = Shop(JWT_TOKEN_LOCATION="cookies")
    client = shop.app.test_client()
    client.set_cookie("access_token_cookie", shop.token())
    for headers in ({}, {"X-CSRF-TOKEN": CANARY}):
        response = client.post("/", headers=headers)
        problem(response, 403)
        assert "WWW-Authenticate" not in response.headers
    assert client.get("/").text == "ok"


@pytest.mark.parametrize(
    ("location", "sent", "challenge"),
    [
        ("cookies", {}, BARE),
        ("cookies", {"environ_base": {"HTTP_COOKIE": f"access_token_cookie={CANARY}"}}, INVALID),
        ("query_string", {}, BARE),
        ("query_string", {"query_string": {"jwt": CANARY}}, INVALID),
        ("json", {}, BARE),
        ("json", {"json": {}}, BARE),
        ("json", {"json": {"access_token": CANARY}}, INVALID),
    ],
)
def test_a_token_elsewhere_is_challenged_as_well(
    location: str, sent: dict[str, Any], challenge: str
) -> None:
    shop = Shop(JWT_TOKEN_LOCATION=location)
    response = shop.app.test_client(use_cookies=False).get("/", **sent)
    problem(response, 401)
    assert response.headers.getlist("WWW-Authenticate") == [challenge]


def test_a_query_parameter_without_its_prefix_is_no_token() -> None:
    shop = Shop(JWT_TOKEN_LOCATION="query_string", JWT_QUERY_STRING_VALUE_PREFIX="Bearer ")
    response = shop.get(f"/?jwt={shop.token()}")
    problem(response, 401)
    assert response.headers["WWW-Authenticate"] == INVALID


@pytest.mark.parametrize(("configured", "scheme"), [("JWT", "JWT"), ("", "Bearer")])
def test_the_challenge_has_the_scheme_of_the_application(configured: str, scheme: str) -> None:
    shop = Shop(JWT_HEADER_TYPE=configured)
    assert shop.get().headers["WWW-Authenticate"] == scheme
    response = shop.get("/", f"{configured} {CANARY}")
    assert response.headers["WWW-Authenticate"] == f'{scheme} error="invalid_token"'
    response = shop.get("/", f"{configured} {claims_are_bad(shop)}")
    assert response.headers["WWW-Authenticate"] == f'{scheme} error="insufficient_scope"'


# --- Giving way --------------------------------------------------------------------------------


def handled_by_the_library(app: Flask) -> dict[str, type[Exception]]:
    """The exceptions that JWTManager registers a handler for, by name."""
    handlers = app.error_handler_spec[None][None]
    return {e.__name__: e for e, handler in handlers.items() if handler.__module__ == LIBRARY}


def get_raising(shop: Shop, cls: type[Exception]) -> TestResponse:
    """The answer to an exception of this class, however it came to be raised."""
    exception: Any = cls.__new__(cls, CANARY)
    exception.jwt_header, exception.jwt_data, exception.claim = {}, {"sub": CANARY}, CANARY

    def view() -> None:
        raise exception

    shop.app.add_url_rule("/raises", "raises", view)
    return shop.get("/raises")


SIXTEEN = handled_by_the_library(Shop().app)


def test_the_library_handles_sixteen_exceptions() -> None:
    assert len(SIXTEEN) == 16


@pytest.mark.parametrize("statuskit_first", [False, True])
@pytest.mark.parametrize("name", SIXTEEN)
def test_its_default_handlers_give_way(name: str, statuskit_first: bool) -> None:
    response = get_raising(Shop(statuskit_first=statuskit_first), SIXTEEN[name])
    problem(response, 403 if name in FORBIDDEN else 401)


def test_with_the_integration_off_they_stay() -> None:
    shop = Shop(kit={"default_integrations": False})
    assert shop.get().get_json() == {"msg": "Missing Authorization Header"}


def own_answer(*_: Any) -> ResponseReturnValue:
    return {"own": True}, 499


FORBIDDEN = {"CSRFError", "UserClaimsVerificationError"}

LOADERS = {
    "unauthorized_loader": {"NoAuthorizationError", "CSRFError"},
    "invalid_token_loader": {
        "DecodeError",
        "InvalidAudienceError",
        "InvalidHeaderError",
        "InvalidIssuerError",
        "InvalidQueryParamError",
        "InvalidTokenError",
        "JWTDecodeError",
        "MissingRequiredClaimError",
        "WrongTokenError",
    },
    "expired_token_loader": {"ExpiredSignatureError"},
    "needs_fresh_token_loader": {"FreshTokenRequired"},
    "revoked_token_loader": {"RevokedTokenError"},
    "user_lookup_error_loader": {"UserLookupError"},
    "token_verification_failed_loader": {"UserClaimsVerificationError"},
}


@pytest.mark.parametrize("statuskit_first", [False, True])
@pytest.mark.parametrize(
    ("loader", "name"),
    [
        (loader, name)
        for loader in LOADERS
        for name in SIXTEEN
        if (loader, name) != ("invalid_token_loader", "ExpiredSignatureError")  # see below
    ],
)
def test_a_callback_that_the_application_set_is_its_own_choice(
    loader: str, name: str, statuskit_first: bool
) -> None:
    shop = Shop(statuskit_first=statuskit_first)
    getattr(shop.manager, loader)(own_answer)
    response = get_raising(shop, SIXTEEN[name])
    if name in LOADERS[loader]:
        assert (response.status_code, response.get_json()) == (499, {"own": True})
    else:
        problem(response, 403 if name in FORBIDDEN else 401)


def test_an_own_callback_for_invalid_tokens_does_not_get_the_expired_ones() -> None:
    shop = Shop()
    shop.manager.invalid_token_loader(own_answer)
    token = shop.token(expires_delta=timedelta(days=-1))
    problem(shop.get("/", f"Bearer {token}"), 401)


def test_outside_of_the_url_prefixes_flask_jwt_extended_answers_itself() -> None:
    shop = Shop(kit={"url_prefixes": ["/fresh"]})
    for _ in range(2):
        assert shop.get("/").get_json() == {"msg": "Missing Authorization Header"}
        problem(shop.get("/fresh"), 401)


def test_a_handler_that_the_application_registered_stays() -> None:
    shop = Shop()
    shop.app.register_error_handler(errors.NoAuthorizationError, own_answer)
    assert shop.get().get_json() == {"own": True}
    problem(shop.get("/", f"Bearer {CANARY}"), 401)


def test_a_handler_of_the_status_answers_what_gave_way() -> None:
    shop = Shop()
    shop.app.register_error_handler(401, lambda e: ({"own": e.detail}, 401))
    assert shop.get().get_json() == {"own": "This needs a token; log in and send it."}


@pytest.mark.parametrize("statuskit_first", [False, True])
@pytest.mark.parametrize("name", REFUSALS)
def test_a_catch_all_sees_no_more_than_without_statuskit(name: str, statuskit_first: bool) -> None:
    authorize, path, status, _ = REFUSALS[name]
    shop = Shop(statuskit_first=statuskit_first)
    shop.app.register_error_handler(Exception, own_answer)
    problem(shop.get(path, authorize(shop)), status)


def test_a_mapping_of_the_applications_own_decides() -> None:
    shop = Shop()
    shop.statuskit.map("flask_jwt_extended.exceptions.RevokedTokenError", 403)
    shop.statuskit.map("jwt.exceptions.ExpiredSignatureError", 410)
    problem(shop.get("/", f"Bearer {token_is_revoked(shop)}"), 403)
    expired = shop.token(expires_delta=timedelta(days=-1))
    problem(shop.get("/", f"Bearer {expired}"), 410)


# --- Keys that are elsewhere -------------------------------------------------------------------


@contextmanager
def key_server(body: Any) -> Iterator[str]:
    """The URL of a server that sends these keys."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/{CANARY}"
        finally:
            server.shutdown()


KEY_SET = {
    "keys": [
        {
            "kty": "oct",
            "kid": "known",
            "alg": "HS256",
            "k": base64.urlsafe_b64encode(KEY.encode()).decode().rstrip("="),
        }
    ]
}


def shop_with_keys_at(url: str) -> Shop:
    shop = Shop()
    keys = jwt.PyJWKClient(url, timeout=2)
    shop.manager.decode_key_loader(lambda header, _: keys.get_signing_key(header["kid"]).key)
    return shop


def signed_with(kid: str) -> str:
    return f"Bearer {jwt.encode({'sub': CANARY}, KEY, 'HS256', headers={'kid': kid})}"


def test_keys_are_fetched() -> None:
    with key_server(KEY_SET) as url:
        assert shop_with_keys_at(url).get("/", signed_with("known")).text == "ok"


def test_a_token_that_names_an_unknown_key_is_invalid() -> None:
    with key_server(KEY_SET) as url:
        response = shop_with_keys_at(url).get("/", signed_with(CANARY))
    problem(response, 401)
    assert response.headers["WWW-Authenticate"] == INVALID


def test_keys_that_cannot_be_fetched_are_an_incident_and_log_nobody_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with key_server(KEY_SET) as url:
        pass  # and it is gone
    shop, signalled = shop_with_keys_at(url), list[Any]()

    def receive(_sender: Flask, exception: BaseException) -> None:
        signalled.append(exception)

    with got_request_exception.connected_to(receive, shop.app), caplog.at_level(logging.INFO):
        body = problem(shop.get("/", signed_with("known")), 503)
    assert body["retry_after"] == 5
    assert [type(e).__name__ for e in signalled] == ["PyJWKClientConnectionError"]
    assert [r.exc_info[1] for r in caplog.records if r.exc_info] == signalled


@pytest.mark.parametrize("keys", [[], {"keys": []}, {"keys": [{"kty": "oct", "k": "AA"}]}])
def test_keys_that_are_broken_are_a_bug(keys: Any) -> None:
    with key_server(keys) as url:
        problem(shop_with_keys_at(url).get("/", signed_with("known")), 500)


# --- What is not there -------------------------------------------------------------------------


def test_nothing_is_imported_for_this() -> None:
    assert_imports_nothing("flask_jwt_extended", "jwt")


def test_pyjwt_without_flask_jwt_extended_is_not_its_business() -> None:
    program = """
import logging, jwt
from flask import Flask
from flask_statuskit import StatusKit
app = Flask("shop")
app.logger.disabled = True
logging.getLogger("flask_statuskit").disabled = True
StatusKit(app)
app.get("/")(lambda: jwt.decode("x", "k" * 32, ["HS256"]))
print(app.test_client().get("/").status_code)
"""
    assert run_alone(program) == ["500"]


def test_another_package_that_is_called_jwt_is_no_harm() -> None:
    program = """
import sys, types
sys.modules["jwt"] = types.ModuleType("jwt")
sys.modules["jwt.exceptions"] = sys.modules["jwt"].exceptions = types.ModuleType("jwt.exceptions")
from flask import Flask
from flask_statuskit import StatusKit
app = Flask("shop")
StatusKit(app)
print(app.test_client().get("/").status_code)
"""
    assert run_alone(program) == ["404"]


def test_the_page_is_true() -> None:
    assert_page_is_true("flask_jwt_extended.md")
