"""A corpus of exceptions that say, somewhere, what no client is to read: each holds `CANARY`.

Where libraries can be made to fail by themselves they are, for nobody knows better what they say.
"""

from __future__ import annotations

import builtins
import http.client
import importlib
import io
import json
import os
import smtplib
import socket
import sqlite3
import ssl
import subprocess
import urllib.error
from collections.abc import Callable
from contextlib import closing
from email.message import Message
from types import SimpleNamespace
from typing import Annotated, Any, Literal, NoReturn, Union

import pytest
from flask import abort, render_template_string, url_for
from werkzeug import exceptions

from flask_statuskit import BadGateway, GatewayTimeout, InternalServerError

CANARY = "canary7f3a"
#: As it stands in URLs, and as frameworks and drivers quote it.
URL = f"https://ann:{CANARY}@api.example/v1/users?api_key={CANARY}&page=2"
DSN = f"host=db.internal user=ann password={CANARY}"
SQL = f"UPDATE account SET password = '{CANARY}' WHERE token = '{CANARY}'"

#: Makes an exception, or fails.
Source = Callable[[], Any]


def error_of(source: Source) -> Exception:
    """What a source makes, or fails with."""
    try:
        made = source()
    except Exception as error:
        return error
    assert isinstance(made, Exception), "nothing failed"
    return made


# Python -------------------------------------------------------------------------------------------

CERTIFICATE = ssl.SSLCertVerificationError(1, CANARY)
CERTIFICATE.verify_message = CANARY


def table() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"SELECT * FROM {CANARY}")


PYTHON: dict[str, Source] = {
    "key": lambda: {}[CANARY],
    "attribute": lambda: getattr(SimpleNamespace(token=CANARY), CANARY),
    "number": lambda: int(CANARY),
    "file": lambda: open(f"/nowhere/{CANARY}/settings.ini"),  # noqa: SIM115
    "module": lambda: importlib.import_module(CANARY),
    "syntax": lambda: compile(f"password = '{CANARY}' +", f"/srv/{CANARY}.py", "exec"),
    "bytes": lambda: f"password={CANARY}\xff".encode("latin-1").decode(),
    "text": lambda: f"{CANARY}\ud800".encode(),
    "JSON": lambda: json.loads(f'{{"password": "{CANARY}",}}'),
    "arguments": lambda: AssertionError(CANARY, {"password": CANARY}),
    "address": lambda: socket.gaierror(-2, f"Name or service not known: {CANARY}.internal"),
    "connection": lambda: ConnectionRefusedError(111, "Connection refused", CANARY),
    "certificate": lambda: CERTIFICATE,
    "mail": lambda: smtplib.SMTPAuthenticationError(535, CANARY.encode()),
    "status line": lambda: http.client.BadStatusLine(CANARY),
    "table": table,
}
PYTHON_SECRETS: dict[str, Source] = {
    "process": lambda: subprocess.CalledProcessError(
        1, ["mysqldump", f"--password={CANARY}"], CANARY, CANARY
    ),
    "process, in words": lambda: subprocess.CalledProcessError(1, ["curl", "--token", CANARY]),
    "slow process": lambda: subprocess.TimeoutExpired(f"mysql --password={CANARY} main", 5, CANARY),
    "URL": lambda: urllib.error.HTTPError(URL, 401, f"Refused: {URL}", Message(), io.BytesIO()),
}

# Around an exception ------------------------------------------------------------------------------


class Loose(Exception):
    """An exception of an application, which has nothing to do with HTTP."""


class Talkative(Exception):
    """Prints it, whatever is printed of it."""

    def __str__(self) -> str:
        return CANARY

    def __format__(self, _: str) -> str:
        return CANARY

    __repr__ = __str__


class Agreeable(Exception):
    """Has every attribute that somebody may look for."""

    def __init__(self) -> None:
        names = ("code", "data", "description", "detail", "errors", "headers", "members", "title")
        vars(self).update(dict.fromkeys(names, CANARY))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return CANARY


class Detailed(Exception):
    """Computes what it says."""

    detail = title = message = property(lambda self: CANARY)

    def get_members(self) -> Any:
        return {"password": CANARY}

    to_dict = get_headers = get_response = get_members


def note() -> Exception:
    error = Loose()
    vars(error)["__notes__"] = [CANARY]  # what add_note of Python 3.11 does
    return error


def cause() -> NoReturn:
    raise Loose from ConnectionError(f"cannot connect to {DSN}")


def context() -> NoReturn:
    try:
        raise ConnectionError(f"Authorization: Bearer {CANARY}")
    except ConnectionError:
        raise Loose  # noqa: B904


def hidden_context() -> NoReturn:
    try:
        raise LookupError(CANARY)
    except LookupError:
        raise Loose from None


def local_variable() -> Any:
    password = CANARY
    return [][len(password)]


def group(*leaves: Exception) -> Any:
    make: Any = getattr(builtins, "ExceptionGroup", None)
    return make(CANARY, leaves) if make else pytest.skip("Python 3.11 has groups")


AROUND: dict[str, Source] = {
    "words": lambda: Talkative(CANARY, {"password": CANARY}),
    "name of a class": lambda: type(CANARY, (Exception,), {"__module__": CANARY})(),
    "attributes": Agreeable,
    "properties": Detailed,
    "note": note,
    "group": lambda: group(ValueError(CANARY), KeyError(CANARY)),
    "group of one": lambda: group(group(ValueError(CANARY))),
}
AROUND_SECRETS: dict[str, Source] = {
    f.__name__: f for f in (cause, context, hidden_context, local_variable)
}

# Flask and its kin --------------------------------------------------------------------------------

FLASK: dict[str, Source] = {
    "abort": lambda: abort(500, description=CANARY),
    "of Werkzeug": lambda: exceptions.BadGateway(CANARY),
    "original": lambda: exceptions.InternalServerError(CANARY, original_exception=Loose(CANARY)),
    "our original": lambda: InternalServerError(CANARY, original_exception=Loose(CANARY), sql=SQL),
    "hidden members": lambda: BadGateway(CANARY, url=URL, errors={"key": [CANARY]}, retry_after=5),
    "hidden field errors": lambda: GatewayTimeout(errors=[CANARY, {CANARY: CANARY}]),
    "URL of nothing": lambda: url_for("nowhere", token=CANARY),
    "undefined": lambda: render_template_string("{{ {}." + CANARY + ".x }}"),
    "syntax of a template": lambda: render_template_string("{% if '" + CANARY + "' %}"),
    "no template": lambda: render_template_string("{% include '" + CANARY + ".html' %}"),
}

# Libraries ----------------------------------------------------------------------------------------


def library(name: str) -> Any:
    if os.environ.get("STATUSKIT_REQUIRE_SERVICES") == "1":
        return importlib.import_module(name)
    return pytest.importorskip(name, reason=f"{name} is not installed")


def in_memory(statement: str, *parameters: Any) -> None:
    sqlalchemy = library("sqlalchemy")
    engine = sqlalchemy.create_engine("sqlite://")
    table = "CREATE TABLE account (email TEXT UNIQUE, age INT NOT NULL)"
    try:
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text(table))
            connection.execute(sqlalchemy.text(statement), *parameters)
    finally:
        engine.dispose()


class UniqueViolation(Exception):
    """As psycopg has it."""

    sqlstate = pgcode = "23505"


def values_of_a_row() -> NoReturn:
    said = f"duplicate key\nDETAIL:  Key (api_token)=({CANARY}) already exists."
    error = UniqueViolation(said)
    raise library("sqlalchemy").exc.IntegrityError(SQL, {"token": CANARY}, error) from error


def by_httpx(status: int, **headers: str) -> Any:
    request = library("httpx").Request("POST", URL, headers={"Authorization": f"Bearer {CANARY}"})
    return library("httpx").Response(status, headers=headers, text=CANARY, request=request)


def by_requests(status: int, **headers: str) -> Any:
    response = library("requests").Response()
    response.status_code, response.url, response._content = status, URL, CANARY.encode()
    response.headers.update(headers)
    prepare = library("requests").Request("GET", URL, headers={"Cookie": CANARY}).prepare
    response.request = prepare()
    return response


def requests_connection() -> Exception:
    said = f"HTTPSConnectionPool(host='api.example'): Max retries exceeded with url: {URL[32:]}"
    error: Exception = library("requests").ConnectionError(said, request=by_requests(200).request)
    return error


def refused_by_pydantic(annotation: Any, value: Any) -> None:
    library("pydantic").TypeAdapter(annotation).validate_python(value)


def pydantic_validator() -> None:
    def refuse(value: str) -> NoReturn:
        raise ValueError(f"{value!r} is not good enough")

    refused_by_pydantic(Annotated[str, library("pydantic").AfterValidator(refuse)], CANARY)


def pydantic_union() -> None:
    one, two = (model(name, kind=(Literal[name], ...)) for name in ("one", "two"))
    either = Annotated[Union[one, two], library("pydantic").Field(discriminator="kind")]  # noqa: UP007
    refused_by_pydantic(either, {"kind": CANARY})


def model(name: str, **fields: Any) -> Any:
    return library("pydantic").create_model(name, **fields)


def by_marshmallow() -> None:
    schema = library("marshmallow").Schema.from_dict({"a": library("marshmallow.fields").Integer()})
    schema().load({"a": CANARY})


def values_of_marshmallow() -> Exception:
    sent = {"password": CANARY}
    make = library("marshmallow").ValidationError
    error: Exception = make({"age": ["No integer."]}, data=sent, valid_data=sent)
    return error


def limit() -> Exception:
    item = library("limits").RateLimitItemPerMinute(5, namespace=CANARY)
    breached = SimpleNamespace(limit=item, error_message=None, scope=CANARY, key_func=CANARY)
    error: Exception = library("flask_limiter").RateLimitExceeded(breached)
    return error


def jwt(name: str, *arguments: Any) -> Any:
    return getattr(library("flask_jwt_extended").exceptions, name)(*arguments)


def redis(name: str, message: str) -> Any:
    return getattr(library("redis").exceptions, name)(message)


LIBRARIES: dict[str, Source] = {
    "sqlalchemy table": lambda: in_memory(f"SELECT * FROM {CANARY}"),
    "sqlalchemy URL": lambda: library("sqlalchemy.exc").ArgumentError(f"Could not parse {CANARY}"),
    "sqlalchemy rows": lambda: library("sqlalchemy.exc").MultipleResultsFound(CANARY),
    "pymysql": lambda: library("pymysql").OperationalError(1045, f"Access denied for '{CANARY}'"),
    "httpx connection": lambda: library("httpx").ConnectError(f"no connection to {URL}"),
    "httpx timeout": lambda: library("httpx").ReadTimeout(CANARY),
    "httpx URL": lambda: library("httpx").URL(f"https://api.example:{CANARY}/"),
    "httpx JSON": lambda: by_httpx(200).json(),
    "requests URL": lambda: library("requests").get(f"{CANARY}://api.example"),
    "requests JSON": lambda: by_requests(200).json(),
    "redis connection": lambda: redis("ConnectionError", f"redis://:{CANARY}@cache: refused"),
    "redis password": lambda: redis("AuthenticationError", f"WRONGPASS {CANARY}"),
    "redis pipeline": lambda: redis("ResponseError", f"(SET {CANARY}) caused error: OOM {CANARY}"),
    "pydantic validator": pydantic_validator,
    "pydantic union": pydantic_union,
    "marshmallow": by_marshmallow,
    "marshmallow values": values_of_marshmallow,
    "limit": limit,
    "JWT header": lambda: jwt("InvalidHeaderError", f"Bad Authorization header {CANARY}"),
    "JWT revoked": lambda: jwt("RevokedTokenError", {"alg": CANARY}, {"jti": CANARY}),
    "JWT user": lambda: jwt("UserLookupError", CANARY, {"alg": CANARY}, {"sub": CANARY}),
    "JWT text": lambda: library("jwt").DecodeError(f"Invalid header string: {CANARY}"),
    "JWT keys": lambda: library("jwt").exceptions.PyJWKClientConnectionError(URL),
}
ROW = "INSERT INTO account VALUES (:email, :age)"
LIBRARY_SECRETS: dict[str, Source] = {
    "sqlalchemy duplicate": lambda: in_memory(ROW, [{"email": CANARY, "age": 1}] * 2),
    "sqlalchemy not null": lambda: in_memory(ROW, {"email": CANARY, "age": None}),
    "sqlalchemy parameter": lambda: in_memory(ROW, {"email": CANARY}),
    "sqlalchemy values": values_of_a_row,
    "httpx status": lambda: by_httpx(403).raise_for_status(),
    "httpx busy": lambda: by_httpx(429, retry_after=CANARY).raise_for_status(),
    "requests status": lambda: by_requests(500).raise_for_status(),
    "requests busy": lambda: by_requests(503, retry_after=CANARY).raise_for_status(),
    "requests connection": requests_connection,
    "pydantic": lambda: refused_by_pydantic(
        model("Login", password=(int, ...)), {"password": CANARY}
    ),
}

#: Those whose canary stands where a secret is promised: not even ``debug`` shows it.
SECRETS = {**PYTHON_SECRETS, **AROUND_SECRETS, **LIBRARY_SECRETS}
SOURCES = {**PYTHON, **AROUND, **FLASK, **LIBRARIES, **SECRETS}
