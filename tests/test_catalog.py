"""The catalogue: where it is mounted, that types lead to it, what it says and never says."""

from __future__ import annotations

import enum
import gc
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from flask import Blueprint, Flask, abort, g, has_app_context
from html_support import links_of, read_page, text_of
from jsonschema import Draft202012Validator
from support import (
    BROWSER,
    PROGRAM,
    Answer,
    Foreign,
    assert_problem,
    call,
    kit_of,
    make_app,
    mapped,
    raising,
    view_raising,
)
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_statuskit import (
    BadGateway,
    Conflict,
    Forbidden,
    Locked,
    NotFound,
    PaymentRequired,
    RateLimited,
    ServiceUnavailable,
    StatusError,
    StatusKit,
    ValidationError,
    catalog,
    raises,
)
from flask_statuskit.audit import check
from flask_statuskit.config import ConfigError
from flask_statuskit.contract import declared_by, operations, template_of

if TYPE_CHECKING:
    from conftest import Log


class Lazy:
    """A text in the language of the request, as Flask-Babel has them."""

    def __str__(self) -> str:
        return f"In {g.get('language', 'English') if has_app_context() else 'English'}"


class Currency(enum.Enum):
    EUR = "EUR"


# Other modules of tests have problem types, too; these have names that no other has.


class EmptyPurse(PaymentRequired):
    """The balance does not cover the price. Top up, then repeat the request."""

    title = "Your purse is empty"
    balance: int
    price: int
    accounts: list[str] = []  # noqa: RUF012 - a member of the body


class BusyOrder(Locked):
    detail = "Somebody else is changing the order"
    until: datetime
    by: Literal["support", "shop"] | None = None
    currency: Currency = Currency.EUR


class LostOrder(NotFound):
    type = "orders/lost order?"
    title = Lazy()  # type: ignore[assignment]


class MuddledOrder(ValidationError):
    """The order cannot be placed as it is."""


class SoldOut(Conflict):
    type = "https://shop.example/problems/sold-out"


class Elsewhere(Conflict):
    type = "tag:shop.example,2026:elsewhere"


class ClosedShop(ServiceUnavailable):
    """The shop is closed."""

    until: int


class LedgerDown(BadGateway):
    """Payments are impossible at present.

    Wait until they are possible again.
    """

    detail = "ledger-7.internal refused"
    node: str = "ledger-7.internal"


class PaidOrder(Conflict):
    order: int

    def __init__(self, order: int) -> None:
        super().__init__(f"Order {order} has been paid for", order=order)


class Vanished(StatusError):
    code = 499
    title = "Gone away"


ERRORS: list[StatusError] = [
    EmptyPurse(balance=30, price=50),
    BusyOrder(until=datetime(2026, 3, 1)),
    LostOrder(),
    MuddledOrder(["Empty"]),
    SoldOut(),
    Elsewhere(),
    ClosedShop(until=1),
    LedgerDown(),
    PaidOrder(7),
    Vanished(),
]

MOUNTED = {"STATUSKIT_CATALOG_URL": "/problems"}
each_error = pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)


def shop(config: Mapping[str, Any] | None = MOUNTED, **options: Any) -> Flask:
    """An application that raises each of `ERRORS`."""
    return add_errors(make_app(config, **options))


def add_errors(app: Flask) -> Flask:
    for number, error in enumerate(ERRORS):
        app.add_url_rule(f"/raise/{number}", f"raise{number}", view_raising(error))
    return app


def raise_(app: Any, error: StatusError, **arguments: Any) -> Any:
    path = arguments.pop("prefix", "") + f"/raise/{ERRORS.index(error)}"
    answer = call(app, path=path, headers=PROGRAM | arguments)
    return answer.json


def read(app: Any, path: str = "/problems/", **headers: str) -> Any:
    answer = call(app, path=path, headers=headers)
    assert answer.status == 200, answer.body
    assert answer.header("Content-Type") == "application/json"
    return answer.json


def browse(app: Any, path: str = "/problems/", **headers: str) -> Any:
    answer = call(app, path=path, headers=BROWSER | headers)
    assert answer.status == 200, answer.body
    return read_page(answer)


def entry_of(app: Any, cls: type[StatusError]) -> Any:
    return read(app, f"/problems/{cls.type}")


numbers = count()


def problem_type(base: type[StatusError] = Conflict, **namespace: Any) -> type[StatusError]:
    """A class of its own, for as long as somebody holds it."""
    return type(f"Problem{next(numbers)}", (base,), {"__module__": __name__, **namespace})


@pytest.fixture
def settled() -> None:
    """The classes of earlier tests are gone, and not between two requests for the index."""
    gc.collect()


# Where it is


@dataclass
class Mount:
    """A way to mount the catalogue.

    Attributes:
        make: makes an application that raises each of `ERRORS`.
        prefix: what stands before its paths.
        index: where the catalogue is.
        host: the host that the application answers on.
        index_host: the host that the catalogue answers on.
    """

    make: Callable[[], Any]
    prefix: str = ""
    index: str = "/problems/"
    host: str = "shop.example"
    index_host: str | None = None

    def open(self, path: str, **headers: str) -> Answer:
        return call(self.app, path=path, headers={"Host": self.host, **headers})

    def __post_init__(self) -> None:
        self.app = self.make()


def configured(url: str, **config: Any) -> Callable[[], Any]:
    return lambda: shop({"STATUSKIT_CATALOG_URL": url, **config})


def by_hand() -> Flask:
    app = shop({})
    app.register_blueprint(catalog.blueprint(), url_prefix="/problems")
    return app


def under_another_name() -> Flask:
    app = shop({})
    app.register_blueprint(catalog.blueprint(), name="errors", url_prefix="/problems/")
    return app


def nested() -> Flask:
    app, outer, inner = shop({}), Blueprint("outer", __name__), Blueprint("inner", __name__)
    inner.register_blueprint(catalog.blueprint(), url_prefix="/problems")
    outer.register_blueprint(inner, url_prefix="/inner")
    app.register_blueprint(outer, url_prefix="/outer")
    return app


def below(prefix: str) -> Callable[[], Any]:
    return lambda: DispatcherMiddleware(not_found, {prefix: shop()})


def below_and_absolute() -> Any:
    url = {"STATUSKIT_CATALOG_URL": "https://shop.example/api/problems"}
    return DispatcherMiddleware(not_found, {"/api": shop({**url, "APPLICATION_ROOT": "/api"})})


def not_found(environ: Any, start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b""]


def with_a_language() -> Flask:
    app = shop({})
    app.register_blueprint(catalog.blueprint(), url_prefix="/<language>/problems")

    @app.url_defaults
    def add_language(_endpoint: str, values: dict[str, Any]) -> None:
        values.setdefault("language", "de")

    return app


def on_a_subdomain() -> Flask:
    app = Flask("shop", root_path="/", static_folder=None, subdomain_matching=True)
    app.config.update(SERVER_NAME="shop.example", STATUSKIT_AUDIT="off")
    StatusKit(app)
    app.register_blueprint(catalog.blueprint(), subdomain="docs", url_prefix="/problems")
    return add_errors(app)


def matching_hosts(url: str | None = "https://docs.example/problems") -> Flask:
    app = Flask("shop", root_path="/", static_folder=None, host_matching=True)
    app.config.update(STATUSKIT_AUDIT="off", STATUSKIT_CATALOG_URL=url)
    StatusKit(app)
    for number, error in enumerate(ERRORS):
        view = view_raising(error)
        app.add_url_rule(f"/raise/{number}", f"raise{number}", view, host="shop.example")
    return app


def matching_hosts_by_hand() -> Flask:
    app = matching_hosts(None)
    app.register_blueprint(catalog.blueprint(host="docs.example"), url_prefix="/problems")
    return app


MOUNTS: dict[str, Callable[[], Mount]] = {
    "path": lambda: Mount(configured("/problems")),
    "slash": lambda: Mount(configured("/problems/")),
    "deep": lambda: Mount(configured("/api/v1/problems"), index="/api/v1/problems/"),
    "escaped": lambda: Mount(configured("/probl%C3%A8mes"), index="/probl%25C3%25A8mes/"),
    "absolute": lambda: Mount(configured("https://shop.example/problems")),
    "absolute, slash": lambda: Mount(configured("https://shop.example/problems/")),
    "root": lambda: Mount(configured("https://shop.example/"), index="/"),
    "by hand": lambda: Mount(by_hand),
    "another name": lambda: Mount(under_another_name),
    "nested": lambda: Mount(nested, index="/outer/inner/problems/"),
    "below": lambda: Mount(below("/api"), prefix="/api", index="/api/problems/"),
    "below, escaped": lambda: Mount(
        below("/caf\xc3\xa9 x"), prefix="/caf%C3%A9%20x", index="/caf%C3%A9%20x/problems/"
    ),
    "below, absolute": lambda: Mount(below_and_absolute, prefix="/api", index="/api/problems/"),
    "language": lambda: Mount(with_a_language, index="/de/problems/"),
    "subdomain": lambda: Mount(on_a_subdomain, index_host="docs.shop.example"),
    "hosts": lambda: Mount(matching_hosts, index_host="docs.example"),
    "hosts, by hand": lambda: Mount(matching_hosts_by_hand, index_host="docs.example"),
}
each_mount = pytest.mark.parametrize("name", MOUNTS)


@each_mount
def test_each_type_leads_to_a_page_about_it(name: str) -> None:
    mount = MOUNTS[name]()
    for error in ERRORS:
        body = mount.open(f"{mount.prefix}/raise/{ERRORS.index(error)}").json
        if isinstance(error, (Elsewhere, SoldOut)):
            assert body["type"] == type(error).type
            continue
        assert re.fullmatch("[!-~]+", body["type"])
        target = urlsplit(urljoin(f"http://{mount.host}/", body["type"]))
        assert target.netloc == (mount.index_host or mount.host)
        entry = mount.open(target.path, Host=target.netloc).json
        assert [entry[key] for key in ("title", "status")] == [body["title"], body["status"]]
        # The other host may call it by its path.
        assert urljoin(target.geturl(), entry["type"]) == target.geturl()


@each_mount
def test_each_link_leads_to_a_page(name: str) -> None:
    mount = MOUNTS[name]()
    host = mount.index_host or mount.host

    def follow(url: str) -> dict[str, str]:
        answer = mount.open(urlsplit(url).path, Host=host, **BROWSER)
        assert (answer.status, urlsplit(url).netloc) == (200, host)
        return {text: urljoin(url, href) for text, href in links_of(read_page(answer)).items()}

    index = f"http://{host}{mount.index}"
    links = follow(index)
    for title in [*(str(type(error).title) for error in ERRORS), "Not Found"]:
        assert follow(links[title]) == {"All problem types": index}


@each_mount
def test_an_unknown_page_is_a_404(name: str) -> None:
    mount = MOUNTS[name]()
    host = mount.index_host or mount.host
    body = assert_problem(mount.open(f"{mount.index}nothing", Host=host), 404)
    assert body["detail"] == "There is no such problem type."


@each_mount
def test_without_the_slash_the_index_is_found(name: str) -> None:
    mount = MOUNTS[name]()
    if mount.index == "/":
        return
    answer = mount.open(mount.index.rstrip("/"), Host=mount.index_host or mount.host)
    assert answer.status == 308
    assert urlsplit(answer.header("Location") or "").path == mount.index


def test_a_full_uri_under_the_catalogue_leads_to_a_page() -> None:
    app = shop()
    body = raise_(app, next(e for e in ERRORS if isinstance(e, SoldOut)))
    assert body["type"] == "https://shop.example/problems/sold-out"
    entry = read(app, "/problems/sold-out")
    assert (entry["type"], entry["title"]) == (body["type"], body["title"])


@pytest.mark.parametrize("slash", ["", "/"])
def test_under_an_absolute_url_types_are_absolute(slash: str) -> None:
    app = shop({"STATUSKIT_CATALOG_URL": f"https://shop.example/problems{slash}"})
    type_ = raise_(app, ERRORS[0])["type"]
    assert type_ == "https://shop.example/problems/empty-purse"
    assert entry_of(app, EmptyPurse)["type"] == type_


def test_links_stay_in_the_language_of_the_page() -> None:
    app = with_a_language()
    assert links_of(browse(app, "/fr/problems/"))["Not Found"] == "/fr/problems/404"
    index = links_of(browse(app, "/fr/problems/404"))["All problem types"]
    assert index == "/fr/problems/"


def test_a_query_that_is_added_to_urls_is_no_part_of_a_type() -> None:
    app = shop()
    app.url_defaults(lambda _endpoint, values: values.setdefault("theme", "dark"))
    assert raise_(app, ERRORS[0])["type"] == "/problems/empty-purse"
    assert links_of(browse(app))["Not Found"] == "/problems/404?theme=dark"


def test_off_there_is_no_page_and_types_are_names() -> None:
    app = shop({})
    assert len(list(app.url_map.iter_rules())) == len(ERRORS)
    assert app.blueprints == {}
    assert_problem(call(app, path="/problems/"), 404)
    assert raise_(app, ERRORS[0])["type"] == "urn:problem-type:empty-purse"


def test_a_type_base_wins_over_the_catalogue() -> None:
    app = shop({**MOUNTED, "STATUSKIT_TYPE_BASE": "https://docs.example/errors"})
    type_ = "https://docs.example/errors/empty-purse"
    assert raise_(app, ERRORS[0])["type"] == type_
    # Whoever keeps the pages there may copy them from here.
    entry = entry_of(app, EmptyPurse)
    assert (entry["type"], entry["example"]["type"]) == (type_, type_)


def test_a_bare_status_does_not_lead_anywhere() -> None:
    app = make_app(MOUNTED)
    assert call(app, path="/nowhere").json["type"] == "about:blank"
    assert read(app, "/problems/404")["type"] == "about:blank"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_out_of_a_request_the_scheme_is_that_which_clients_prefer(scheme: str) -> None:
    for app, host in [(on_a_subdomain(), "docs.shop.example"), (matching_hosts(None), "d.example")]:
        app.config["PREFERRED_URL_SCHEME"] = scheme
        if app.url_map.host_matching:
            app.register_blueprint(catalog.blueprint(host=host), url_prefix="/problems")
        assert catalog.base_uri(app) == f"{scheme}://{host}/problems/"


def test_a_bare_class_of_an_unregistered_status_is_called_what_its_problems_are() -> None:
    bare = problem_type(StatusError, code=498, type="about:blank")
    app = make_app()
    app.add_url_rule("/", "index", view_raising(bare))
    title = call(app).json["title"]
    assert catalog.author_of(app).of_type(bare).title == title


def test_mounting_by_hand_takes_a_statuskit() -> None:
    app = Flask("shop")
    with pytest.raises(RuntimeError, match=r"type StatusKit\(app\) before"):
        app.register_blueprint(catalog.blueprint(), url_prefix="/problems")


def test_where_hosts_are_told_apart_the_url_has_to_name_one() -> None:
    with pytest.raises(ConfigError, match=r"type 'https://your\.host/problems'"):
        matching_hosts("/problems")


def test_a_catalogue_whose_address_cannot_be_built_costs_no_error(log: Log) -> None:
    app = shop({})
    app.register_blueprint(catalog.blueprint(), url_prefix="/<language>/problems")
    assert raise_(app, ERRORS[0])["type"] == "urn:problem-type:empty-purse"
    assert any("address of the catalogue" in r.getMessage() for r in log.ours)
    assert raise_(app, ERRORS[0])["status"] == 402


def test_an_unknown_host_costs_no_error() -> None:
    app = shop({**MOUNTED, "TRUSTED_HOSTS": ["shop.example"]})
    app.register_error_handler(400, lambda _: EmptyPurse(balance=1, price=2).get_response())
    assert call(app, headers={"Host": "evil.example"}).status in (400, 402)


def test_the_catalogue_stays_where_problems_are_not_wanted() -> None:
    app = shop({**MOUNTED, "STATUSKIT_URL_PREFIXES": "/raise"})
    assert raise_(app, ERRORS[0])["type"] == "/problems/empty-purse"
    assert entry_of(app, EmptyPurse)["status"] == 402
    # The rest of the site is Flask's.
    assert call(app, path="/problems/nothing").header("Content-Type") == "text/html; charset=utf-8"


def test_several_applications_have_catalogues_of_their_own() -> None:
    kit = StatusKit(catalog_url="/problems")
    first, second = shop({}, kit=kit), shop({"STATUSKIT_CATALOG_URL": "/errors"})
    assert raise_(first, ERRORS[0])["type"] == "/problems/empty-purse"
    assert raise_(second, ERRORS[0])["type"] == "/errors/empty-purse"
    assert read(second, "/errors/empty-purse")["type"] == "/errors/empty-purse"


def test_who_has_to_log_in_has_to_for_the_catalogue_too() -> None:
    app = make_app(MOUNTED)
    app.before_request(lambda: abort(401))
    assert call(app, path="/problems/").status == 401


# Slugs


@pytest.mark.parametrize(
    "slug",
    [
        *("out of credit", "gr\u00f6\u00dfe", "\u4e0d\u8db3", "a/b", "a//b", "50%-off", "a%20b"),
        *("what?", "a#b", "a+b&c=d", "a;b,c", "trailing/", ".hidden", "~x", "a/b:c", "1:2", "404"),
        *("<b>", '"', "'", "a\\b", "[x]", "\ud800"),
    ],
    ids=ascii,
)
def test_a_slug_leads_to_its_page_whatever_is_in_it(slug: str) -> None:
    title = f"With {slug!a}"
    cls = problem_type(type=slug, title=title)
    app = make_app(MOUNTED)
    app.add_url_rule("/", "index", view_raising(cls))
    type_ = call(app).json["type"]
    assert type_.isascii()
    entry = read(app, type_)
    assert (entry["type"], entry["title"], entry["status"]) == (type_, title, 409)
    assert unquote(links_of(browse(app))[title]) == unquote(type_)


@pytest.mark.parametrize(
    ("type_", "path"),
    [
        ("tag:shop.example,2026:x", "/problems/tag-shop.example-2026-x"),
        ("https://other.example/a//b?c#d", "/problems/https-other.example-a-b-c-d"),
        ("https://other.example/problems/a%20b", "/problems/a%20b"),
        ("/errors/x", "/problems/errors-x"),
        ("/problems/x", "/problems/x"),
    ],
)
def test_a_type_that_is_a_uri_has_a_page_as_well(type_: str, path: str) -> None:
    cls = problem_type(type=type_, title=f"With {type_}")
    app = make_app(MOUNTED)
    assert links_of(browse(app))[cls.title] == path
    assert read(app, path)["type"] == type_


def test_of_classes_with_one_type_the_most_general_has_the_page() -> None:
    special = problem_type(EmptyPurse, type="empty-purse", title="Special")
    app = shop()
    assert entry_of(app, special)["title"] == "Your purse is empty"
    listed = [e["title"] for e in read(app)["problem_types"] if e["type"].endswith("/empty-purse")]
    assert listed == ["Your purse is empty"]


def test_a_type_that_is_defined_later_has_a_page() -> None:
    app = make_app(MOUNTED)
    assert call(app, path="/problems/later-on").status == 404
    cls = problem_type(type="later-on")
    assert entry_of(app, cls)["status"] == 409


def test_a_class_without_a_status_has_no_page() -> None:
    cls = problem_type(StatusError, type="only-a-base")
    assert call(make_app(MOUNTED), path=f"/problems/{cls.type}").status == 404


# What it says


def test_a_program_reads_an_entry() -> None:
    assert entry_of(shop(), EmptyPurse) == {
        "type": "/problems/empty-purse",
        "title": "Your purse is empty",
        "status": 402,
        "description": "The balance does not cover the price.",
        "how_to_fix": "Top up, then repeat the request.",
        "members": {
            "type": "object",
            "properties": {
                "balance": {"type": "integer"},
                "price": {"type": "integer"},
                "accounts": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["balance", "price", "accounts"],
        },
        "headers": [],
        "example": {
            "type": "/problems/empty-purse",
            "title": "Your purse is empty",
            "status": 402,
            "detail": "A payment is required before the request can be fulfilled.",
            "request_id": "0af7651916cd43dd8448eb211c80319c",
            "balance": 7,
            "price": 7,
            "accounts": [],
        },
    }


def test_a_program_reads_the_index() -> None:
    app = shop()
    index = read(app)
    assert list(index) == ["problem_types", "statuses"]
    listed = index["problem_types"]
    assert [e["status"] for e in listed] == sorted(e["status"] for e in listed)
    assert entry_of(app, EmptyPurse) in listed
    assert read(app, "/problems/409") in index["statuses"]


def test_a_person_reads_an_entry() -> None:
    tree = browse(shop(), "/problems/empty-purse")
    assert text_of(tree, "h1") == text_of(tree, "title") == "Your purse is empty"
    shown = text_of(tree, "main")
    for said in (
        "402",
        "The balance does not cover the price.",
        "Top up, then",
        "/problems/empty-",
    ):
        assert said in shown
    assert text_of(tree, "dt").splitlines() == ["balance", "price", "accounts"]
    assert text_of(tree, "dd").splitlines() == ["integer", "integer", "array of string"]
    assert json.loads(text_of(tree, "pre")) == entry_of(shop(), EmptyPurse)["example"]
    assert links_of(tree) == {"All problem types": "/problems/"}


def test_a_person_reads_the_index() -> None:
    tree = browse(shop())
    assert text_of(tree, "h1") == "Problem types"
    links = links_of(tree)
    assert links["Your purse is empty"] == "/problems/empty-purse"
    assert links["Too Many Requests"] == "/problems/429"
    assert "The balance does not cover the price." in text_of(tree, "dd")


def test_the_pages_have_no_blank_lines() -> None:
    for path in ("/problems/", "/problems/empty-purse", "/problems/429"):
        body = call(shop(), path=path, headers=BROWSER).body
        assert b"\n\n" not in body


def test_the_statuses_are_those_that_an_application_can_answer_with() -> None:
    codes = {entry["status"] for entry in read(shop())["statuses"]}
    assert {400, 401, 403, 404, 405, 413, 415, 422, 429, 500, 502, 503} <= codes
    # A joke, two that WSGI cannot keep, two that only servers and networks send.
    assert not codes & {418, 407, 426, 505, 511}
    assert min(codes) == 400


def test_a_status_says_which_headers_it_owes() -> None:
    app = shop()
    assert read(app, "/problems/401")["headers"] == ["WWW-Authenticate"]
    assert read(app, "/problems/405")["headers"] == ["Allow"]
    assert "Retry-After" in text_of(browse(app, "/problems/429"), "main")


@pytest.mark.parametrize("status", [400, 422])
def test_validation_errors_are_told_of_under_their_status(status: int) -> None:
    app = shop({**MOUNTED, "STATUSKIT_VALIDATION_STATUS": status})
    assert entry_of(app, MuddledOrder)["status"] == status
    with_errors = [e["status"] for e in read(app)["statuses"] if "errors" in e["example"]]
    assert with_errors == [status]
    # The list stands below in a problem, not here.
    assert "below" not in read(app, f"/problems/{status}")["how_to_fix"]


@each_error
def test_an_example_has_what_a_client_gets(error: StatusError) -> None:
    app = shop()
    real = raise_(app, error)
    entry = next(e for e in read(app)["problem_types"] if e["type"] == real["type"])
    # Of one occurrence, not of the type.
    for name in ("instance", "errors"):
        real.pop(name, None)
    assert entry["example"].keys() == real.keys()
    assert [*entry["members"]["properties"]] == entry["members"]["required"]
    assert entry["members"]["properties"].keys() <= real.keys()
    Draft202012Validator(entry["members"]).validate(real)


def test_each_example_fits_its_schema() -> None:
    for listed in read(shop()).values():
        for entry in listed:
            Draft202012Validator.check_schema(entry["members"])
            Draft202012Validator(entry["members"]).validate(entry["example"])
            assert entry["example"]["status"] == entry["status"]
            assert entry["example"]["type"] == entry["type"]


DOCSTRINGS: list[tuple[str | None, str, str]] = [
    # docstring, what has happened, how to fix it
    ("It is paid. Order another.", "It is paid.", "Order another."),
    ("It is paid.", "It is paid.", ""),
    ("It is paid", "It is paid", ""),
    ("It is paid! Wait. Then order.", "It is paid!", "Wait. Then order."),
    ("Use e.g. a card. Then wait.", "Use e.g. a card.", "Then wait."),
    ("Version 1.5 is out.", "Version 1.5 is out.", ""),
    ("It is\n    paid.\n    Order\n    another.", "It is paid.", "Order another."),
    ("It is paid. Really.\n\n    Order another.", "It is paid. Really.", "Order another."),
    ("It is paid.\n\n    Wait.\n\n    Order.", "It is paid.", "Wait. Order."),
    ("\u4e0d\u8db3\u3002\u8bf7\u5145\u3002", "\u4e0d\u8db3\u3002", "\u8bf7\u5145\u3002"),
    ("It is paid.\n\n    Parameters:\n        order: secret", "It is paid.", ""),
    ("It is paid.\n\n    Args:\n        order: secret", "It is paid.", ""),
    ("It is paid. Wait.\n\n    Attributes:\n        order: secret", "It is paid.", "Wait."),
    ("It is paid.\n\n    Attributes\n    ----------\n    order : secret", "It is paid.", ""),
    ("It is paid.\n\n    :param order: secret", "It is paid.", ""),
    ("It is paid.\n\n    .. note:: secret", "It is paid.", ""),
    ("It is paid.\n\n    >>> secret()", "It is paid.", ""),
    ("It is paid.\n\n    Note: secret", "It is paid.", ""),
    ("It is paid.\n    Raises the price. Wait.", "It is paid.", "Raises the price. Wait."),
    ("<b>&amp;", "<b>&amp;", ""),
    ("{braces} {}. {0}", "{braces} {}.", "{0}"),
    ("", "", ""),
    (None, "", ""),
    ("   \n\n  ", "", ""),
    ("Parameters:\n    order: secret", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("docstring", "what", "how"), DOCSTRINGS, ids=[ascii(d[0]) for d in DOCSTRINGS]
)
def test_the_docstring_tells_what_happened_and_how_to_fix_it(
    docstring: str | None, what: str, how: str
) -> None:
    cls = problem_type(__doc__=docstring, type="of-a-docstring")
    app = make_app(MOUNTED)
    entry = entry_of(app, cls)
    sentence = "The request conflicts with the current state of the resource;"
    advice = "Go back, change the request, then try again."
    if what:
        assert entry["description"] == what
    else:
        assert entry["description"].startswith(sentence)
    assert entry["how_to_fix"] == (how or advice)
    assert "secret" not in json.dumps(entry)
    shown = text_of(browse(app, "/problems/of-a-docstring"), "main")
    assert what in shown
    assert (how or advice) in shown


def test_without_a_docstring_the_detail_of_the_class_describes_it() -> None:
    entry = entry_of(shop(), BusyOrder)
    assert entry["description"] == "Somebody else is changing the order"
    assert entry["how_to_fix"] == "Wait a moment, then try again."


def test_a_docstring_is_not_inherited() -> None:
    base = problem_type(__doc__="For our eyes only.", type="a-base")
    cls = problem_type(base, type="derived")
    assert "our eyes" not in json.dumps(entry_of(make_app(MOUNTED), cls))


def test_a_title_is_in_the_language_of_the_request() -> None:
    app = shop()

    @app.before_request
    def choose() -> None:
        from flask import request

        g.language = request.headers["Accept-Language"]

    path = "/problems/orders/lost%20order%3F"
    for language in ("German", "Chinese"):
        assert read(app, path, **{"Accept-Language": language})["title"] == f"In {language}"
        assert text_of(browse(app, path, **{"Accept-Language": language}), "h1") == f"In {language}"


def test_sentences_of_statuses_are_in_the_language_of_the_request_as_in_a_problem() -> None:
    from flask_babel import Babel

    app = make_app(MOUNTED)
    Babel(app, default_locale="de")
    cls = problem_type(type="in-german", title="Not Found")
    app.add_url_rule("/", "index", view_raising(cls))
    real, entry = call(app).json, entry_of(app, cls)
    assert real["title"] == entry["title"] == entry["example"]["title"] == "Nicht gefunden"
    assert real["detail"] == entry["description"] == entry["example"]["detail"]
    assert "conflict" not in entry["description"]


def test_a_class_may_be_made_in_ways_of_its_own() -> None:
    def new(cls: type[StatusError], order: int) -> StatusError:
        return Conflict.__new__(cls)

    cls = problem_type(type="made-otherwise", __new__=new)
    assert entry_of(make_app(MOUNTED), cls)["status"] == 409


def test_what_the_encoder_of_the_application_writes_is_what_is_shown() -> None:
    app = shop()
    app.json.default = lambda value: (  # type: ignore[attr-defined, union-attr]
        value.value if isinstance(value, enum.Enum) else value.isoformat()
    )
    properties = entry_of(app, BusyOrder)["members"]["properties"]
    assert properties["currency"] == {"enum": ["EUR"]}
    assert properties["until"]["format"] == "date-time"


class Odd(Conflict):
    mutable: dict[str, Any] = {"list": [1, 2]}  # noqa: RUF012
    number: float = float("nan")
    huge: str = "x" * 5_000_000
    cycle: list[Any] = []  # noqa: RUF012
    object: Any = object()
    surrogate: str = "\ud800"
    raw: bytes = b"\xff"


Odd.cycle.append(Odd.cycle)


def test_a_default_that_is_no_json_or_has_no_end_is_cut() -> None:
    app = make_app(MOUNTED)
    answer = call(app, path="/problems/odd")
    assert len(answer.body) < 100_000
    example = answer.json["example"]
    assert example["mutable"] == {"list": [1, 2]}
    assert example["number"] is None
    browse(app, "/problems/odd")


PAYLOAD = "\"'></style><script>alert(1)</script><img src=x onerror=alert(1)>{{ 'ki' ~ 'ki' }}"


def test_nothing_that_a_class_says_becomes_markup() -> None:
    cls = problem_type(
        type=PAYLOAD,
        title=PAYLOAD,
        detail=PAYLOAD,
        __doc__=PAYLOAD,
        __annotations__={"note": str},
        note=PAYLOAD,
    )
    app = make_app(MOUNTED)
    for href in ["/problems/", links_of(browse(app))[PAYLOAD]]:
        shown = text_of(browse(app, href))
        assert PAYLOAD in shown
        assert "kiki" not in shown
    assert cls.title == PAYLOAD


def test_a_uri_that_could_run_is_no_link() -> None:
    cls = problem_type(type="javascript:alert(1)", title="Runs")
    app = make_app(MOUNTED)
    assert links_of(browse(app))["Runs"] == "/problems/javascript-alert-1"
    assert links_of(browse(app, "/problems/javascript-alert-1")) == {
        "All problem types": "/problems/"
    }
    assert cls.title == "Runs"


# What it never says


def test_what_production_hides_of_a_5xx_is_hidden_here() -> None:
    for config in (MOUNTED, {**MOUNTED, "DEBUG": True}):
        app = shop(config)
        entry = entry_of(app, LedgerDown)
        assert entry["description"] == "Payments are impossible at present."
        assert entry["members"]["properties"] == {}
        assert entry["example"]["detail"].startswith("Another service that the request depends on")
        for path in ("/problems/", "/problems/ledger-down"):
            for headers in (BROWSER, PROGRAM):
                assert b"ledger-7" not in call(app, path=path, headers=headers).body


def test_what_a_5xx_announces_is_shown() -> None:
    entry = entry_of(shop(), ClosedShop)
    assert entry["members"]["properties"] == {"until": {"type": "integer"}}


def test_it_does_not_tell_which_exceptions_become_these_errors_nor_where_they_are() -> None:
    app = shop()
    kit_of(app).map(Foreign, lambda _: PaidOrder(1))
    kit_of(app).map("library.errors.Unheard", 409, detail="unheard of")
    app.secret_key = "hunter2"
    internals = (Foreign.__name__, "Unheard", __name__, "flask_statuskit", ".py", os.getcwd())
    for path in ("/problems/", *links_of(browse(app)).values()):
        for headers in (BROWSER, PROGRAM):
            page = call(app, path=path, headers=headers).body
            for internal in (*internals, "hunter2", "unheard of"):
                assert internal.encode() not in page


# How it says it

ACCEPTS: list[tuple[str | None, str]] = [
    (None, "application/json"),
    ("*/*", "application/json"),
    ("", "application/json"),
    ("text/html", "text/html; charset=utf-8"),
    (BROWSER["Accept"], "text/html; charset=utf-8"),
    ("application/json", "application/json"),
    ("application/json, text/html;q=0.9", "application/json"),
    ("application/json;q=0.5, text/html", "text/html; charset=utf-8"),
    ("application/problem+json", "application/json"),
    ("image/png", "application/json"),
    ("text/html;q=0", "application/json"),
    ("nonsense", "application/json"),
]


@pytest.mark.parametrize(("accept", "content_type"), ACCEPTS)
@pytest.mark.parametrize("path", ["/problems/", "/problems/empty-purse", "/problems/404"])
def test_people_get_pages_and_programs_json(
    path: str, accept: str | None, content_type: str
) -> None:
    answer = call(shop(), path=path, headers={} if accept is None else {"Accept": accept})
    assert answer.status_line == "200 OK"
    assert answer.header("Content-Type") == content_type
    assert answer.header("Vary") == "Accept"
    assert answer.header("X-Content-Type-Options") == "nosniff"


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("headers", [BROWSER, PROGRAM], ids=["html", "json"])
@pytest.mark.parametrize("path", ["/problems/", "/problems/empty-purse"])
def test_what_has_not_changed_is_not_sent_again(path: str, headers: dict[str, str]) -> None:
    app = shop()
    first = call(app, path=path, headers=headers)
    again = {"If-None-Match": first.header("ETag") or ""}
    answer = call(app, path=path, headers=headers | again)
    assert answer.status == 304
    assert answer.header("ETag") == first.header("ETag")
    assert answer.header("Vary") == "Accept"


def test_the_page_and_the_json_have_etags_of_their_own() -> None:
    app = shop()
    etags = {call(app, path="/problems/", headers=h).header("ETag") for h in (BROWSER, PROGRAM)}
    assert len(etags) == 2


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("headers", [BROWSER, PROGRAM], ids=["html", "json"])
def test_head_has_the_headers_of_get(headers: dict[str, str]) -> None:
    app = shop()
    get, head = (call(app, method, "/problems/", headers) for method in ("GET", "HEAD"))
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Vary"):
        assert head.header(name) == get.header(name)


def test_there_is_nothing_to_change() -> None:
    answer = call(shop(), "POST", "/problems/empty-purse", PROGRAM)
    assert_problem(answer, 405)
    assert {*(answer.header("Allow") or "").split(", ")} == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
@pytest.mark.parametrize("headers", [BROWSER, PROGRAM], ids=["html", "json"])
def test_the_auditor_finds_nothing(method: str, headers: dict[str, str]) -> None:
    app = shop()
    for conditional in ({}, {"If-None-Match": "*"}, {"If-Match": '"other"'}):
        for slug in ("", "nothing", "empty-purse", "404"):
            with app.test_request_context(
                f"/problems/{slug}", method=method, headers=headers | conditional
            ) as context:
                response = app.full_dispatch_request()
                assert [str(f) for f in check(context.request, response)] == []


def test_the_applications_encoder_does_not_sort_what_is_shown() -> None:
    app = shop()
    assert app.json.sort_keys  # type: ignore[attr-defined]
    body = call(app, path="/problems/empty-purse").body.decode()
    assert body.index('"type"') < body.index('"title"') < body.index('"example"')


def test_the_pages_can_be_replaced(tmp_path: Any) -> None:
    folder = tmp_path / "statuskit"
    folder.mkdir()
    (folder / "problem_type.html").write_text("<p>{{ entry.title }} {{ link() }}")
    app = shop()
    app.template_folder = str(tmp_path)
    answer = call(app, path="/problems/empty-purse", headers=BROWSER)
    assert answer.body == b"<p>Your purse is empty /problems/"


def test_a_limit_may_be_a_problem_type() -> None:
    cls = problem_type(RateLimited, type="slow-down")
    assert entry_of(make_app(MOUNTED), cls)["headers"] == ["Cache-Control", "Retry-After"]


# Types without a class, hosts in paths


@pytest.mark.parametrize(
    "error",
    [PaymentRequired("Top up", type="credit-gone"), EmptyPurse(type="x", balance=1, price=2)],
)
def test_a_type_that_no_class_has_leads_nowhere_else(error: StatusError) -> None:
    body = call(raising(error, MOUNTED)).json
    assert body["type"] == f"urn:problem-type:{error.type}"


def test_a_type_that_a_mapping_gives_leads_nowhere_else() -> None:
    app = mapped(504, MOUNTED, type="lookup-timeout")
    assert call(app).json["type"] == "urn:problem-type:lookup-timeout"


def test_no_mount_point_makes_another_host_of_a_type() -> None:
    app = raising(EmptyPurse(balance=30, price=50), MOUNTED)
    body = call(app, environ_overrides={"SCRIPT_NAME": "//evil.example"}).json
    assert body["type"] == "/%2Fevil.example/problems/empty-purse"


def test_a_prefix_with_a_variable_is_that_of_the_request() -> None:
    app = make_app()
    app.register_blueprint(catalog.blueprint(), url_prefix="/<lang>/problems")
    error = EmptyPurse(balance=30, price=50)
    app.add_url_rule("/<lang>/pay", "pay", view_raising(error))
    assert call(app, path="/de/pay").json["type"] == "/de/problems/empty-purse"


# Who answers with it


def declaring(config: Mapping[str, Any] = MOUNTED, **options: Any) -> Flask:
    """An application whose views declare what they answer with."""
    app = make_app(config, **options)
    views: list[tuple[str, list[str], Any]] = [
        ("/zoos/<int:zoo>", ["GET", "PUT"], raises(NotFound, EmptyPurse)),
        ("/zoos", ["POST"], raises(EmptyPurse, ValidationError)),
        ("/", ["GET"], raises()),
        ("/nobody", ["GET"], lambda view: view),
    ]
    for number, (path, methods, declare) in enumerate(views):
        view = declare(view_raising(NotFound))
        app.add_url_rule(path, f"view{number}", view, methods=methods)
    app.add_url_rule("/zoos/<zoo>/old", "view0", methods=["GET"])
    return app


def test_an_entry_names_the_operations_that_declare_it_in_the_order_of_the_url_map() -> None:
    app = declaring()
    zoo = ["GET /zoos/{zoo}", "PUT /zoos/{zoo}", "GET /zoos/{zoo}/old"]
    paths = [f"{m} {template_of(rule)}" for rule, m in operations(app)]
    expected = sorted([*zoo, "POST /zoos"], key=paths.index)
    assert entry_of(app, EmptyPurse)["operations"] == expected
    assert read(app, "/problems/404")["operations"] == sorted(zoo, key=paths.index)
    for listed in read(app).values():
        for entry in listed:
            if "operations" in entry:
                assert entry["type"] in ("/problems/empty-purse", "about:blank")
                assert entry["status"] in (402, 404, 422)


def test_who_declares_what_is_asked_for_once_and_only_for_what_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app, asked = declaring(), list[tuple[str, str]]()

    def ask(app: Flask, endpoint: str, method: str) -> Any:
        asked.append((endpoint, method))
        return declared_by(app, endpoint, method)

    monkeypatch.setattr(catalog, "declared_by", ask)
    assert_problem(call(app, path="/problems/nothing"), 404)
    assert asked == []
    for _ in range(2):
        assert entry_of(app, EmptyPurse)["operations"]
        assert read(app)["problem_types"]
        assert len(asked) == 6
    # The status of a list of values is a setting.
    assert read(app, "/problems/422")["operations"] == ["POST /zoos"]
    app.config["STATUSKIT_VALIDATION_STATUS"] = 400
    assert read(app, "/problems/400")["operations"] == ["POST /zoos"]
    assert "operations" not in read(app, "/problems/422")


def test_before_the_first_request_operations_may_still_be_added() -> None:
    app = declaring()
    assert catalog.declared_operations(app)[404, "about:blank"]
    app.add_url_rule("/more", "more", raises(BusyOrder)(view_raising(BusyOrder)))
    assert entry_of(app, BusyOrder)["operations"] == ["GET /more"]


def test_what_nobody_declares_names_no_operation() -> None:
    app = declaring()
    assert "operations" not in entry_of(app, BusyOrder)
    assert "operations" not in read(app, "/problems/409")
    # A problem type does not stand for the bare status that it is derived from.
    assert "operations" not in read(app, "/problems/402")
    assert "Operations" not in text_of(browse(app, "/problems/409"))


def test_an_application_that_declares_nothing_is_told_nothing_of_operations() -> None:
    app = make_app(MOUNTED)
    app.static_folder = "/nowhere"
    app.add_url_rule("/static/<path:filename>", "static", app.send_static_file)
    assert declared_by(app, "static", "GET")
    assert declared_by(app, "statuskit_catalog.entry", "GET")
    assert b"operations" not in call(app, path="/problems/").body
    for path in ("/problems/", "/problems/404", "/problems/412"):
        page = text_of(browse(app, path))
        assert "perations" not in page
        assert "GET " not in page


@pytest.mark.parametrize("status", [400, 422])
def test_a_validation_error_is_declared_for_the_status_that_it_has(status: int) -> None:
    app = declaring({**MOUNTED, "STATUSKIT_VALIDATION_STATUS": status})
    assert read(app, f"/problems/{status}")["operations"] == ["POST /zoos"]
    assert "operations" not in read(app, f"/problems/{822 - status}")


def test_what_runs_before_a_view_and_its_blueprint_declare_for_it() -> None:
    app = make_app(MOUNTED)
    blueprint = raises(BusyOrder)(Blueprint("b", "b"))
    blueprint.add_url_rule("/b", "view", view_raising(NotFound))
    blueprint.before_request(raises(Forbidden)(lambda: None))
    app.register_blueprint(blueprint)
    for entry in (entry_of(app, BusyOrder), read(app, "/problems/403")):
        assert entry["operations"] == ["GET /b"]


def test_a_person_reads_who_answers_with_it() -> None:
    app = declaring()
    operations = entry_of(app, EmptyPurse)["operations"]
    tree = browse(app, "/problems/empty-purse")
    assert "Operations that can answer with it" in text_of(tree, "h2").splitlines()
    assert text_of(tree, "li").splitlines() == operations
    index = browse(app)
    assert "The operations that can answer with a problem stand below it" in text_of(index, "p")
    assert ", ".join(operations) in text_of(index, "dd").splitlines()


def test_a_5xx_is_declared_without_its_members() -> None:
    app = make_app(MOUNTED)
    app.add_url_rule("/pay", "pay", raises(LedgerDown)(view_raising(LedgerDown)))
    entry = entry_of(app, LedgerDown)
    assert (entry["operations"], entry["members"]["properties"]) == (["GET /pay"], {})


def test_no_path_becomes_markup() -> None:
    app = make_app(MOUNTED)
    path = "/<any('<b>', '&'):kind>/\"'&lt;b&gt;/<x>"
    app.add_url_rule(path, "x", raises(EmptyPurse)(view_raising(EmptyPurse)))
    [operation] = entry_of(app, EmptyPurse)["operations"]
    assert operation == "GET /{kind}/\"'&lt;b&gt;/{x}"
    for path in ("/problems/", "/problems/empty-purse"):
        assert operation in text_of(browse(app, path), "code").splitlines()


def test_the_catalogue_keeps_its_own_contract() -> None:
    app = make_app(MOUNTED)
    for path, headers in [
        ("/problems/", {"If-Match": '"other"'}),
        ("/problems/404", {"If-Match": '"other"'}),
        ("/problems/nothing", {}),
    ]:
        endpoint = "statuskit_catalog.index" if path.endswith("/") else "statuskit_catalog.entry"
        status = call(app, path=path, headers=headers).status
        declared = {cls.code for cls in declared_by(app, endpoint, "GET") or ()}
        assert status in declared, (path, status)
