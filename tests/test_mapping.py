"""Which error a foreign exception becomes."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from types import ModuleType
from typing import Any

import marshmallow
import pytest
from werkzeug import exceptions as werkzeugs
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from flask_statuskit import (
    BadRequest,
    Conflict,
    FieldError,
    GatewayTimeout,
    Gone,
    NotFound,
    PaymentRequired,
    ServiceUnavailable,
    StatusError,
    ValidationError,
)
from flask_statuskit.exceptions import ERRORS
from flask_statuskit.integrations import install, install_readers
from flask_statuskit.mapping import Mapping, Resolution, adopt, is_ours_to_render, resolve
from flask_statuskit.statuses import STATUSES


class Base(Exception):
    pass


class Leaf(Base):
    def __init__(self, balance: int = 0) -> None:
        super().__init__(f"secret: {balance}")
        self.balance = balance


class OutOfCredit(PaymentRequired):
    balance: int


def answer(mapping: Mapping, exception: Exception) -> StatusError:
    resolution = resolve(exception, mapping)
    assert resolution is not None
    return resolution.error


def lines(error: StatusError, name: str) -> list[str]:
    return [value for key, value in error.get_headers() if key.lower() == name.lower()]


# What an exception is mapped to


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Conflict, Conflict),
        (409, Conflict),
        (504, GatewayTimeout),
        (lambda exception: Conflict("Taken"), Conflict),
        (ValidationError, ValidationError),
    ],
)
def test_an_exception_becomes_what_it_is_mapped_to(error: Any, expected: type[StatusError]) -> None:
    mapping = Mapping()
    mapping.map(Leaf, error)
    exception = Leaf()
    resolution = resolve(exception, mapping)
    assert resolution is not None
    assert type(resolution.error) is expected
    assert resolution.original is exception
    assert [resolution.entry] == list(mapping.entries(Leaf))


@pytest.mark.parametrize("code", ERRORS)
@pytest.mark.filterwarnings("ignore:A (407|426) owes")
def test_every_registered_error_status_can_be_mapped_to(code: int) -> None:
    mapping = Mapping()
    mapping.map(Leaf, code)
    assert type(answer(mapping, Leaf())) is ERRORS[code]


def test_a_decorator_maps_its_function_and_leaves_it_as_it_is() -> None:
    mapping = Mapping()

    @mapping.map(Leaf)
    def out_of_credit(exception: Leaf) -> StatusError:
        return OutOfCredit(balance=exception.balance)

    assert answer(mapping, Leaf(7)).get_members() == {"balance": 7}
    assert isinstance(out_of_credit(Leaf(8)), OutOfCredit)


def test_one_function_may_serve_several_exceptions() -> None:
    mapping = Mapping()

    @mapping.map(KeyError)
    @mapping.map(Leaf)
    def gone(exception: Exception) -> StatusError:
        return Gone()

    assert type(answer(mapping, Leaf())) is type(answer(mapping, KeyError())) is Gone


def test_an_exception_can_be_mapped_by_its_name() -> None:
    mapping = Mapping()
    mapping.map(f"{__name__}.Base", Conflict)
    assert type(answer(mapping, Leaf())) is Conflict


def test_a_name_is_mapped_once_its_module_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    extension = Mapping()
    extension.map("throwaway.Late", 409)
    extension.read_errors("throwaway.Late", lambda exception: [FieldError("Wrong")])
    application = Mapping(parent=extension)
    module: Any = ModuleType("throwaway")
    module.Late = type("Late", (Exception,), {})
    assert resolve(module.Late(), application) is None
    monkeypatch.setitem(sys.modules, "throwaway", module)
    error = answer(application, module.Late())
    assert (error.code, error.errors) == (409, (FieldError("Wrong"),))


def test_the_message_of_an_exception_is_not_shown() -> None:
    mapping = Mapping()
    mapping.map(Leaf, Conflict)
    assert answer(mapping, Leaf(7)).detail == STATUSES[409].sentence


def test_every_exception_gets_an_error_of_its_own() -> None:
    mapping = Mapping()
    mapping.map(Leaf, Conflict)
    assert answer(mapping, Leaf()) is not answer(mapping, Leaf())


def test_the_nearest_class_decides() -> None:
    mapping = Mapping()
    mapping.map(Exception, 500)
    mapping.map(Base, 409)
    assert answer(mapping, Leaf()).code == 409
    mapping.map(Leaf, 410)
    assert answer(mapping, Leaf()).code == 410
    assert answer(mapping, ValueError()).code == 500


def test_a_later_mapping_of_the_same_class_decides() -> None:
    mapping = Mapping()
    mapping.map(Leaf, 409)
    mapping.map(Leaf, 410)
    assert answer(mapping, Leaf()).code == 410


@pytest.mark.parametrize("exception", [Leaf(), KeyError("a"), StopIteration()])
def test_what_nobody_mapped_is_a_bug(exception: Exception) -> None:
    mapping = Mapping()
    mapping.map(ValueError, Conflict)
    assert resolve(exception, mapping) is None


@pytest.mark.parametrize("from_none", [False, True])
def test_a_cause_is_not_guessed_at(from_none: bool) -> None:
    mapping = Mapping()
    mapping.map(Leaf, Conflict)
    wrapper = RuntimeError()
    wrapper.__cause__ = None if from_none else Leaf()
    wrapper.__context__ = Leaf()
    assert resolve(wrapper, mapping) is None


def test_a_key_error_mapping_does_not_catch_a_missing_form_key() -> None:
    mapping = Mapping()
    mapping.map(KeyError, 404)
    error = answer(mapping, werkzeugs.BadRequestKeyError("email"))
    assert type(error) is BadRequest
    assert answer(mapping, KeyError("email")).code == 404


def test_an_http_exception_can_be_mapped() -> None:
    mapping = Mapping()
    mapping.map(werkzeugs.NotFound, Gone)
    assert type(answer(mapping, werkzeugs.NotFound())) is Gone
    assert type(answer(mapping, NotFound())) is Gone


# Layers: an application on top of its extension


def test_an_application_sees_the_mappings_of_the_extension_whenever_they_are_made() -> None:
    extension = Mapping()
    application = Mapping(parent=extension)
    extension.map(Leaf, Conflict)
    assert type(answer(application, Leaf())) is Conflict
    application.map(KeyError, Gone)
    assert resolve(KeyError(), extension) is None


def test_the_extension_decides_for_the_same_class_and_the_nearer_class_elsewhere() -> None:
    extension = Mapping()
    application = Mapping(parent=extension)
    extension.map(Base, 409)
    application.map(Base, 404)
    assert answer(application, Leaf()).code == 409
    application.map(Leaf, 410)
    assert answer(application, Leaf()).code == 410


def test_a_mapping_is_asked_for_unless_it_says_otherwise() -> None:
    mapping = Mapping()
    mapping.map(Leaf, 409)
    mapping.map(Leaf)(lambda exception: Gone())
    assert [entry.explicit for entry in mapping.entries(Leaf)] == [True, True]


@pytest.mark.parametrize("explicit", [True, False])
def test_a_mapping_knows_whether_somebody_asked_for_it(explicit: bool) -> None:
    mapping = Mapping()
    mapping.map(Leaf, 409, explicit=explicit)
    [entry] = mapping.entries(Leaf)
    assert entry.explicit is explicit


@pytest.mark.parametrize("explicit", [True, False])
def test_a_mapping_knows_the_integration_that_made_it(explicit: bool) -> None:
    mapping = Mapping()
    install(mapping, ["sqlalchemy"] if explicit else [], defaults=True)
    expected = {
        "marshmallow.exceptions.ValidationError": "marshmallow",
        "flask_limiter.errors.RateLimitExceeded": "flask_limiter",
        **({"sqlalchemy.exc.NoResultFound": "sqlalchemy"} if explicit else {}),
    }
    for name, author in expected.items():
        module, _, cls = name.rpartition(".")
        raised = getattr(pytest.importorskip(module), cls)
        assert author in {entry.author for entry in mapping.entries(raised)}


def test_a_mapping_of_the_application_has_no_author() -> None:
    kit, mapping = Mapping(), Mapping()
    mapping.map(Leaf, 409)
    install(mapping, [], defaults=True)
    mapping.map(Leaf, 410)
    mapping.map(Leaf)(lambda exception: Gone())
    kit.map(Leaf, 504)
    assert {entry.author for entry in (*mapping.entries(Leaf), *kit.entries(Leaf))} == {None}


# Hints


def test_hints_are_what_the_error_is_built_with() -> None:
    mapping = Mapping()
    mapping.map(
        Leaf,
        504,
        detail="The bank did not answer.",
        retry_after=5,
        headers={"X-A": "1"},
        title="Bank down",
        type="bank-down",
        bank="B",
    )
    error = answer(mapping, Leaf())
    assert (error.detail, error.title, error.type) == (
        "The bank did not answer.",
        "Bank down",
        "bank-down",
    )
    assert (lines(error, "Retry-After"), lines(error, "X-A")) == (["5"], ["1"])
    assert error.get_members() == {"bank": "B"}


def test_a_detail_given_to_a_mapping_is_shown_for_a_5xx_too() -> None:
    mapping = Mapping()
    mapping.map(Leaf, 504, detail="The bank did not answer.")
    assert answer(mapping, Leaf()).expose is True
    assert GatewayTimeout("other").expose is False


@pytest.mark.parametrize("hints", [{}, {"retry_after": 5}])
def test_a_mapped_5xx_without_a_detail_stays_hidden(hints: dict[str, Any]) -> None:
    mapping = Mapping()
    mapping.map(Leaf, 504, **hints)
    assert answer(mapping, Leaf()).expose is False


@pytest.mark.parametrize(
    ("error", "hints", "message"),
    [
        (OutOfCredit, {}, r"OutOfCredit needs its members: add balance=\.\.\."),
        (OutOfCredit, {"ballance": 1}, r"OutOfCredit needs its members: add balance=\.\.\."),
        (OutOfCredit, {"balance": 1, "price": 2}, "OutOfCredit has no member 'price'"),
        (409, {"status": 410}, "the member 'status' is written by flask-statuskit"),
        (StatusError, {}, "StatusError has no status"),
    ],
)
def test_hints_are_checked_when_the_mapping_is_made(
    error: Any, hints: dict[str, Any], message: str
) -> None:
    mapping = Mapping()
    with pytest.raises(TypeError, match=message):
        mapping.map(Leaf, error, **hints)
    assert resolve(Leaf(), mapping) is None


def test_hints_need_an_error_to_build() -> None:
    with pytest.raises(TypeError, match="Say what to build: map"):
        Mapping().map(Leaf, retry_after=5)  # type: ignore[call-overload]


def test_a_function_takes_no_hints() -> None:
    with pytest.raises(TypeError, match=r"give a class or a status with hints, or a function"):
        Mapping().map(Leaf, lambda exception: Conflict(), retry_after=5)


@pytest.mark.parametrize("code", [0, 200, 304, 399, 418000, 499, 599, True, False])
def test_a_status_that_is_no_registered_error_is_refused(code: int) -> None:
    with pytest.raises(ValueError, match=f"{code} is no registered 4xx or 5xx status"):
        Mapping().map(Leaf, code)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (werkzeugs.Conflict, r"Conflict is no StatusError: type flask_statuskit\.Conflict\."),
        (werkzeugs.RequestEntityTooLarge, r"type flask_statuskit\.ContentTooLarge\."),
        (ValueError, r"ValueError is no StatusError: type flask_statuskit\.StatusError\."),
        ("conflict", "'conflict' with {} maps to nothing"),
        (4.09, "maps to nothing"),
        (Conflict("built already"), "maps to nothing"),
    ],
)
def test_what_no_error_can_be_made_of_is_refused(error: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Mapping().map(Leaf, error)


@pytest.mark.parametrize("exception", [5, None, object, KeyboardInterrupt, Leaf()])
def test_only_exceptions_can_be_mapped(exception: Any) -> None:
    with pytest.raises(TypeError, match="is no subclass of Exception"):
        Mapping().map(exception, Conflict)


# Functions


def test_a_function_that_returns_none_leaves_it_to_the_next_mapping() -> None:
    mapping = Mapping()
    mapping.map(Base, 409)
    mapping.map(Leaf, lambda exception: Gone() if exception.balance else None)
    assert answer(mapping, Leaf(1)).code == 410
    assert answer(mapping, Leaf(0)).code == 409


def test_a_function_that_returns_none_leaves_the_rest_to_be_a_bug() -> None:
    mapping = Mapping()
    mapping.map(Leaf, lambda exception: None)
    assert resolve(Leaf(), mapping) is None


def test_a_function_that_returns_none_leaves_an_http_exception_as_it_is() -> None:
    mapping = Mapping()
    mapping.map(HTTPException, lambda exception: None)
    assert answer(mapping, werkzeugs.Gone()).code == 410


def test_a_function_may_raise_what_it_could_return() -> None:
    mapping = Mapping()

    @mapping.map(Leaf)
    def gone(exception: Leaf) -> StatusError:
        raise Gone("It is gone")

    assert (answer(mapping, Leaf()).code, answer(mapping, Leaf()).detail) == (410, "It is gone")


@pytest.fixture
def failing() -> Mapping:
    mapping = Mapping()

    @mapping.map(Leaf)
    def fails(exception: Leaf) -> StatusError:
        raise RuntimeError("broken")

    return mapping


def test_a_function_that_fails_is_logged_and_leaves_a_bug(
    failing: Mapping, caplog: pytest.LogCaptureFixture
) -> None:
    assert resolve(Leaf(), failing) is None
    [record] = caplog.records
    assert (record.name, record.levelname) == ("flask_statuskit", "ERROR")
    assert record.getMessage() == "The mapping of Leaf failed; it counts as unmapped."
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "broken"


def test_a_function_that_fails_leaves_a_bug_and_no_other_mapping(failing: Mapping) -> None:
    failing.map(Base, 404)
    assert resolve(Leaf(), failing) is None


@pytest.mark.parametrize(
    "returned", ["a text", 409, Conflict, werkzeugs.Conflict(), ({"error": 1}, 409), False]
)
def test_a_function_that_returns_no_error_is_logged_and_leaves_a_bug(
    returned: Any, caplog: pytest.LogCaptureFixture
) -> None:
    mapping = Mapping()
    mapping.map(Leaf, lambda exception: returned)
    assert resolve(Leaf(), mapping) is None
    [record] = caplog.records
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == f"{returned!r} is no StatusError"


# Validation errors of libraries


def read(exception: Leaf) -> Iterator[FieldError]:
    yield FieldError("Wrong", pointer="#/balance")


@pytest.mark.parametrize("error", [ValidationError, 400, Conflict])
def test_field_errors_are_read_whatever_the_status(error: Any) -> None:
    mapping = Mapping()
    mapping.read_errors(Base, read)
    mapping.map(Leaf, error)
    assert answer(mapping, Leaf()).errors == (FieldError("Wrong", pointer="#/balance"),)


def test_field_errors_are_read_for_the_application_by_the_extension() -> None:
    extension = Mapping()
    extension.read_errors(f"{__name__}.Base", read)
    application = Mapping(parent=extension)
    application.map(Leaf, 400)
    assert answer(application, Leaf()).errors == (FieldError("Wrong", pointer="#/balance"),)


def test_errors_given_as_a_hint_are_not_read() -> None:
    mapping = Mapping()
    mapping.read_errors(Leaf, read)
    mapping.map(Leaf, 400, errors=["Fixed"])
    assert [e.detail for e in answer(mapping, Leaf()).errors] == ["Fixed"]


def test_a_reader_that_fails_is_logged_and_leaves_a_bug(caplog: pytest.LogCaptureFixture) -> None:
    def fails(exception: Leaf) -> Iterator[FieldError]:
        raise RuntimeError("broken")
        yield

    mapping = Mapping()
    mapping.read_errors(Leaf, fails)
    mapping.map(Leaf, 400)
    assert resolve(Leaf(), mapping) is None
    assert len(caplog.records) == 1


def test_a_reader_alone_maps_nothing() -> None:
    mapping = Mapping()
    mapping.read_errors(Leaf, read)
    assert resolve(Leaf(), mapping) is None


# Exception groups

needs_groups = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="exception groups are new in Python 3.11"
)
Group: Any = getattr(builtins, "ExceptionGroup", None)
BaseGroup: Any = getattr(builtins, "BaseExceptionGroup", None)


@needs_groups
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_a_group_of_one_stands_for_its_leaf(depth: int) -> None:
    mapping = Mapping()
    mapping.map(Leaf, Conflict)
    leaf = exception = Leaf()
    for _ in range(depth):
        exception = Group("", [exception])
    resolution = resolve(exception, mapping)
    assert resolution is not None
    assert type(resolution.error) is Conflict
    assert resolution.original is leaf


@needs_groups
def test_a_group_of_one_may_hold_an_error_of_ours() -> None:
    error = NotFound()
    assert resolve(Group("", [error]), Mapping()) == Resolution(error)


@needs_groups
@pytest.mark.parametrize(
    "make",
    [
        lambda: Group("", [Leaf(), Leaf()]),
        lambda: Group("", [Group("", [Leaf(), Leaf()])]),
        lambda: Group("", [ValueError()]),
        lambda: BaseGroup("", [KeyboardInterrupt()]),
    ],
    ids=["two", "two inside of one", "a bug", "an interrupt"],
)
def test_another_group_is_a_bug(make: Any) -> None:
    mapping = Mapping()
    mapping.map(Leaf, Conflict)
    assert resolve(make(), mapping) is None


@needs_groups
def test_a_group_that_is_mapped_itself_is_not_opened() -> None:
    mapping = Mapping()
    mapping.map(Leaf, 409)
    mapping.map(Group, 502)
    assert answer(mapping, Group("", [Leaf()])).code == 502


# HTTPExceptions


def test_an_error_of_ours_is_the_answer_itself() -> None:
    error = Conflict("Taken")
    assert resolve(error, Mapping()) == Resolution(error, None, None)


def test_an_exception_of_werkzeugs_is_adopted() -> None:
    exception = werkzeugs.Conflict("Taken")
    resolution = resolve(exception, Mapping())
    assert resolution is not None
    assert (type(resolution.error), resolution.error.detail) == (Conflict, "Taken")
    assert (resolution.original, resolution.entry) == (exception, None)


def subclass(base: type[HTTPException] = werkzeugs.NotFound, **attributes: Any) -> Any:
    return type("Own", (base,), attributes)


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (werkzeugs.NotFound(), True),
        (werkzeugs.NotFound(response=Response("own")), False),
        (NotFound(), True),
        (RequestRedirect("/there/"), False),
        (HTTPException("no code"), False),
        (subclass(HTTPException, code=304)(), False),
        (subclass(HTTPException, code=200)(), False),
        (subclass(HTTPException, code=600)(), False),
        (subclass(HTTPException, code=399)(), False),
        (subclass(HTTPException, code=400)(), True),
        (subclass(HTTPException, code=499)(), True),
        (subclass(HTTPException, code=599)(), True),
        (subclass(get_response=lambda self, environ=None, scope=None: Response())(), False),
        (subclass(get_body=lambda self, environ=None, scope=None: "own")(), False),
        (subclass(get_headers=lambda self, environ=None, scope=None: [])(), True),
        (subclass(Conflict, get_body=lambda self, environ=None, scope=None: "own")(), False),
        (subclass(Conflict)(), True),
    ],
)
def test_what_has_a_response_of_its_own_is_left_alone(error: HTTPException, ours: bool) -> None:
    assert is_ours_to_render(error) is ours
    assert (resolve(error, Mapping()) is not None) is ours


@pytest.mark.parametrize("code", werkzeugs.default_exceptions)
def test_what_is_adopted_says_the_same_as_ours(code: int) -> None:
    adopted = adopt(werkzeugs.default_exceptions[code]())
    assert type(adopted) is ERRORS[code]
    assert (adopted.code, adopted.name) == (code, STATUSES[code].phrase)
    assert adopted.detail == adopted.description == STATUSES[code].sentence
    assert (adopted.type, adopted.title, adopted.get_members()) == ("about:blank", None, {})
    assert adopted.errors == ()


@pytest.mark.parametrize("cls", [werkzeugs.BadRequestKeyError, werkzeugs.SecurityError])
def test_a_subclass_is_adopted_by_its_code(cls: type[HTTPException]) -> None:
    adopted = adopt(cls())
    assert type(adopted) is BadRequest
    assert adopted.detail == STATUSES[400].sentence


@pytest.mark.parametrize(
    ("exception", "detail"),
    [
        (werkzeugs.NotFound("No such user"), "No such user"),
        (subclass(description="No such user")(), "No such user"),
        (werkzeugs.ServiceUnavailable("Back at noon"), "Back at noon"),
        (werkzeugs.InternalServerError("psycopg2: password=x"), STATUSES[500].sentence),
        (werkzeugs.BadGateway("psycopg2: password=x"), STATUSES[502].sentence),
        (subclass(werkzeugs.GatewayTimeout, description="x")(), STATUSES[504].sentence),
    ],
)
def test_a_written_description_is_kept_but_for_a_5xx(exception: Any, detail: str) -> None:
    adopted = adopt(exception)
    assert adopted.detail == adopted.description == detail


@pytest.mark.parametrize("description", [["a", "b"], {"json": {"a": ["Wrong"]}}])
def test_a_description_that_is_no_text_is_kept(description: Any) -> None:
    assert adopt(werkzeugs.UnprocessableEntity(description)).detail == description


CHALLENGES = [
    WWWAuthenticate("basic", {"realm": "api"}),
    WWWAuthenticate("bearer", {"error": "invalid_token"}),
]


@pytest.mark.parametrize(
    ("exception", "name", "values"),
    [
        (werkzeugs.MethodNotAllowed(["GET", "HEAD"]), "Allow", ["GET, HEAD"]),
        (
            werkzeugs.Unauthorized(www_authenticate=CHALLENGES),
            "WWW-Authenticate",
            [challenge.to_header() for challenge in CHALLENGES],
        ),
        (
            werkzeugs.RequestedRangeNotSatisfiable(length=1234),
            "Content-Range",
            ["bytes */1234"],
        ),
        (subclass(get_headers=lambda *_: [("Link", "<a>")])(), "Link", ["<a>"]),
    ],
)
def test_the_headers_that_an_exception_carries_are_kept(
    exception: HTTPException, name: str, values: list[str]
) -> None:
    assert lines(adopt(exception), name) == values


@pytest.mark.parametrize(
    ("retry_after", "sent"),
    [
        (60, ["60"]),
        (0, ["0"]),
        (1.5, ["2"]),
        (timedelta(minutes=1), ["60"]),
        (timedelta(0), ["0"]),
        (datetime(2020, 1, 1, tzinfo=timezone.utc), ["0"]),
        (datetime(2020, 1, 1), ["0"]),
        (None, []),
        (-5, ["0"]),
    ],
)
@pytest.mark.parametrize("cls", [werkzeugs.TooManyRequests, werkzeugs.ServiceUnavailable])
def test_the_delay_that_an_exception_carries_is_kept(
    cls: Any, retry_after: Any, sent: list[str]
) -> None:
    assert lines(adopt(cls(retry_after=retry_after)), "Retry-After") == sent


@pytest.mark.parametrize(("value", "sent"), [("60", ["60"]), ("soon", [])])
def test_a_retry_after_header_is_read_like_any_delay(value: str, sent: list[str]) -> None:
    exception = subclass(get_headers=lambda *_: [("retry-after", value)])()
    assert lines(adopt(exception), "Retry-After") == sent


def test_headers_may_depend_on_the_request() -> None:
    exception = subclass(get_headers=lambda self, environ, scope=None: [("X-A", environ["A"])])()
    environ: Any = {"A": "1"}
    assert lines(adopt(exception, environ), "X-A") == ["1"]
    resolution = resolve(exception, Mapping(), environ)
    assert resolution is not None
    assert lines(resolution.error, "X-A") == ["1"]


def test_an_exception_that_cannot_write_its_headers_keeps_its_status(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(*_: Any) -> Any:
        raise RuntimeError("broken")

    adopted = adopt(subclass(get_headers=fails)("No such user"))
    assert (adopted.code, adopted.detail) == (404, "No such user")
    [record] = caplog.records
    assert record.getMessage() == "Own could not write its headers."
    assert record.exc_info is not None


def test_an_unregistered_code_is_adopted_with_its_own_words() -> None:
    closed = subclass(HTTPException, code=499, name="Client Closed Request")
    adopted = adopt(closed("The client went away"))
    assert (adopted.code, adopted.title) == (499, "Client Closed Request")
    assert (adopted.detail, adopted.type) == ("The client went away", "about:blank")


def test_unregistered_codes_do_not_mix() -> None:
    first, second = (adopt(subclass(HTTPException, code=code)()) for code in (498, 499))
    assert (first.code, second.code) == (498, 499)
    assert second.detail is None


def test_an_unregistered_5xx_is_adopted_without_its_description() -> None:
    assert adopt(subclass(HTTPException, code=599)("secret")).detail is None


def test_adopting_changes_no_class_and_no_exception() -> None:
    exception = werkzeugs.ServiceUnavailable("Back at noon", retry_after=5)
    before = vars(exception).copy()
    adopt(exception)
    assert vars(exception) == before
    assert ServiceUnavailable().detail == STATUSES[503].sentence
    assert lines(ServiceUnavailable(), "Retry-After") == []


def test_a_5xx_lists_no_field_errors_of_the_servers_own_data() -> None:
    mapping = Mapping()
    install_readers(mapping)
    mapping.map(marshmallow.ValidationError, 502, detail="The upstream is odd today.")
    mapping.map(marshmallow.ValidationError, 503)
    assert answer(mapping, marshmallow.ValidationError({"margin": ["db-7"]})).errors == ()
