"""The pages for browsers: what they show, that they need and run nothing, how to replace them."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Blueprint, Flask, request, template_rendered
from html_support import all_of, links_of, read_page, text_of
from jinja2 import DictLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
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

from flask_statuskit import (
    BadGateway,
    Conflict,
    NotFound,
    PaymentRequired,
    RateLimited,
    ServiceUnavailable,
    StatusKit,
    ValidationError,
)
from flask_statuskit.pages import STYLE_HASH
from flask_statuskit.problem import FieldError

if TYPE_CHECKING:
    from conftest import Log


class OutOfCredit(PaymentRequired):
    title = "You do not have enough credit"
    balance: int
    accounts: list[str]


def out_of_credit() -> OutOfCredit:
    return OutOfCredit("It costs 50.", balance=30, accounts=["/1", "/2"])


INVALID = {"email": ["Not an email address"], "items": {0: {"price": ["Must be positive"]}}}


def browse(app: Any, path: str = "/", **headers: str) -> Answer:
    return call(app, path=path, headers=BROWSER | headers)


def page_of(error: Any, config: Mapping[str, Any] | None = None) -> Any:
    return read_page(browse(raising(error, config)))


# What they show


@pytest.mark.parametrize(
    "error",
    [
        NotFound(),
        NotFound(""),
        out_of_credit(),
        ValidationError(INVALID),
        RateLimited(retry_after=60),
        ServiceUnavailable(),
        BadGateway(),
        Conflict("One\n\nTwo", title="Größe 不足", note=None, nested={"a": [1, {"b": 2.5}]}),
        ZeroDivisionError(),
    ],
    ids=repr,
)
def test_a_page_is_valid_and_needs_nothing_else(error: Exception) -> None:
    answer = browse(raising(error))
    read_page(answer)
    assert answer.header("Content-Length") == str(len(answer.body))
    assert answer.header("Vary") == "Accept"
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("X-Content-Type-Options") == "nosniff"


@pytest.mark.parametrize(
    "error", [NotFound(), out_of_credit(), ValidationError(INVALID), Foreign()]
)
def test_a_page_has_no_blank_lines(error: Exception) -> None:
    body = browse(mapped(409, {"DEBUG": True}, raised=error)).body.decode()
    assert not re.findall(r"\n[ \t]*\n", body)
    assert not re.findall(r"\n[ \t]+<", body), "no block leaves its indentation behind"


def test_a_page_shows_what_the_problem_says() -> None:
    tree = page_of(out_of_credit())
    assert tree.get("lang") == "en"
    assert text_of(tree, "title") == "402 You do not have enough credit"
    assert text_of(tree, "h1") == "You do not have enough credit"
    assert "402" in text_of(tree, "main")
    assert "It costs 50." in text_of(tree, "main")
    assert text_of(tree, "dt").splitlines() == ["balance", "accounts"]
    assert text_of(tree, "dd").splitlines() == ["30", '["/1", "/2"]']


def test_a_page_names_the_request_id_to_quote() -> None:
    answer = browse(raising(NotFound()))
    quoted = answer.header("X-Request-ID")
    assert quoted
    assert quoted in text_of(read_page(answer), "footer")


def test_a_page_lists_each_field_error_with_its_place() -> None:
    errors = [
        FieldError("Not an email address", pointer="#/email"),
        FieldError("Unknown", parameter="sort"),
        FieldError("Too old", header="If-Match"),
        FieldError("Expired", cookie="basket"),
        FieldError("No number", path="id"),
        FieldError("Passwords differ"),
    ]
    tree = page_of(ValidationError(errors))
    assert text_of(tree, "li").splitlines() == [
        "#/email Not an email address",
        "sort Unknown",
        "If-Match Too old",
        "basket Expired",
        "id No number",
        "Passwords differ",
    ]


@pytest.mark.parametrize(
    ("retry_after", "said"),
    [
        (1, "It may work in a second."),
        (2, "It may work in 2 seconds."),
        (60, "It may work in 60 seconds."),
        (119, "It may work in 119 seconds."),
        (120, "It may work in 2 minutes."),
        (601, "It may work in 11 minutes."),
        (7200, "It may work in 2 hours."),
        (86_400, "It may work in 24 hours."),
    ],
)
def test_a_page_says_how_long_to_wait(retry_after: int, said: str) -> None:
    assert f"Wait a moment, then try again. {said}" in text_of(
        page_of(RateLimited(retry_after=retry_after))
    )


def test_a_page_does_not_speak_of_waiting_no_time() -> None:
    assert "It may work" not in text_of(page_of(RateLimited(retry_after=0)))


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (NotFound(), "Check the address, or go back to where you came from."),
        (Conflict(), "Go back, change the request, then try again."),
        (ValidationError(INVALID), "Correct what is listed below, then try again."),
        (BadGateway(), "Wait a moment, then try again."),
        (ZeroDivisionError(), "This is not your fault. Try again later."),
    ],
    ids=repr,
)
def test_a_page_says_what_to_do_next(error: Exception, advice: str) -> None:
    assert advice in text_of(page_of(error), "main").replace("\n", " ")


def test_a_hidden_reason_is_hidden_from_people_as_well() -> None:
    answer = browse(raising(BadGateway("db1 refused ann:hunter2", host="db1")))
    assert text_of(read_page(answer), "h1") == "Bad Gateway"
    assert b"db1" not in answer.body
    assert b"hunter2" not in answer.body


def test_head_has_the_headers_of_the_page_and_no_body() -> None:
    app = raising(NotFound())
    page, head = browse(app), call(app, "HEAD", headers=BROWSER)
    assert head.body == b""
    for name in ("Content-Type", "Content-Length", "Vary", "Cache-Control"):
        assert head.header(name) == page.header(name)


# Nothing in them runs

PAYLOAD = (
    "\"'></style></title><script>alert(1)</script><img src=x onerror=alert(1)>{{ 'ki' ~ 'ki' }}&lt;"
)


class Hostile(Conflict, init=False):
    def get_members(self) -> dict[str, Any]:
        return {PAYLOAD: PAYLOAD, "nested": {PAYLOAD: [PAYLOAD]}}


@pytest.mark.parametrize(
    "error",
    [
        Conflict(PAYLOAD),
        Conflict(title=PAYLOAD),
        Conflict(type=f"https://shop.example/{PAYLOAD}"),
        Conflict(type=PAYLOAD),
        Conflict(note=PAYLOAD, other={PAYLOAD: PAYLOAD}),
        Hostile(),
        ValidationError({PAYLOAD: [PAYLOAD]}),
        ValidationError([FieldError(PAYLOAD, parameter=PAYLOAD, code=PAYLOAD)]),
    ],
    ids=["detail", "title", "uri", "slug", "member", "name", "field", "parameter"],
)
@pytest.mark.parametrize("config", [{}, {"STATUSKIT_TYPE_BASE": "https://shop.example"}], ids=str)
def test_nothing_that_a_problem_says_becomes_markup(
    error: Conflict, config: dict[str, Any]
) -> None:
    # read_page fails for each element and attribute that could run.
    assert "kiki" not in text_of(page_of(error, config))


def test_what_is_escaped_is_still_read_as_it_was_written() -> None:
    tree = page_of(Conflict(PAYLOAD, note=PAYLOAD))
    assert text_of(tree, "main").count(PAYLOAD) == 2


def test_a_request_cannot_bring_markup_in() -> None:
    answer = call(
        raising(NotFound()),
        path="/%22%3E%3Cscript%3Ealert(1)%3C/script%3E?q=%3Cscript%3E",
        headers=BROWSER | {"X-Request-ID": "<script>alert(1)</script>", "Referer": "<script>"},
    )
    read_page(answer)
    assert b"script" not in answer.body


@pytest.mark.parametrize(
    "type_",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "urn:shop:out-of-credit",
        "tag:shop.example,2026:x",
        "about:blank",
        "out-of-credit",
    ],
)
def test_a_type_that_leads_to_no_page_is_no_link(type_: str) -> None:
    assert links_of(page_of(Conflict(type=type_))) == {}


@pytest.mark.parametrize(
    ("type_", "href"),
    [
        ("https://shop.example/problems/x?a=1&b=2#c", "https://shop.example/problems/x?a=1&b=2#c"),
        ("http://shop.example/x", "http://shop.example/x"),
        ("/problems/x", "/problems/x"),
    ],
)
def test_a_type_that_leads_to_a_page_is_a_link(type_: str, href: str) -> None:
    assert links_of(page_of(Conflict(type=type_))) == {"About this kind of problem": href}


def test_the_hash_that_is_published_allows_the_style_sheet() -> None:
    [style] = all_of(page_of(NotFound()), "style")
    digest = hashlib.sha256((style.text or "").encode()).digest()
    assert base64.b64encode(digest).decode() == STYLE_HASH.removeprefix("sha256-")


# How long they may be


@pytest.mark.parametrize(
    "error",
    [
        lambda: ValidationError([f"<b>&'{n}" for n in range(50_000)]),
        lambda: Conflict("<&>'\"" * 1_000_000),
        lambda: Conflict(title="<" * 5_000_000),
        lambda: Conflict(note={f"<{n}>": ["&"] * 100 for n in range(10_000)}),
    ],
    ids=["errors", "detail", "title", "members"],
)
@pytest.mark.parametrize("max_bytes", [20_000, 65_536])
def test_a_page_is_no_longer_than_a_body_may_be(error: Any, max_bytes: int) -> None:
    answer = browse(raising(error, {"STATUSKIT_MAX_BODY_BYTES": max_bytes}))
    assert len(answer.body) <= max_bytes
    assert len(answer.body) > max_bytes // 4
    request_id = answer.header("X-Request-ID") or ""
    assert request_id in text_of(read_page(answer), "footer")


def test_a_page_says_how_many_field_errors_it_leaves_out() -> None:
    tree = page_of(ValidationError([f"Error {n}" for n in range(50_000)]))
    shown = len(all_of(tree, "li"))
    assert shown > 100
    omitted = re.search(r"And (\d+) more\.", text_of(tree))
    assert omitted
    # Of more than 10 000, the others are not even counted.
    assert int(omitted[1]) in (50_000 - shown, 10_000 - shown)


# In development


def fail() -> None:
    try:
        {}["password=hunter2"]
    except KeyError as error:
        raise Foreign("no connection to postgres://ann:hunter2@db") from error


def test_in_development_a_page_shows_where_it_failed() -> None:
    answer = browse(mapped(503, {"DEBUG": True}, raised=fail))
    tree = read_page(answer)
    assert text_of(tree, "h2").splitlines() == ["support.Foreign"]
    assert "no connection to postgres://***@db" in text_of(tree, "main")
    assert 'raise Foreign("no connection to postgres://***@db") from error' in text_of(tree, "pre")
    assert "tests/test_pages.py:" in text_of(tree, "ol")
    assert "Caused by KeyError" in text_of(tree, "main")
    assert b"hunter2" not in answer.body


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"STATUSKIT_EXPOSE_INTERNALS": True},
        {"DEBUG": True, "STATUSKIT_ENVIRONMENT": "production"},
    ],
    ids=str,
)
def test_in_production_a_page_shows_nothing_of_it(config: dict[str, Any]) -> None:
    answer = browse(mapped(503, config, raised=fail))
    assert text_of(read_page(answer), "h1") == "Service Unavailable"
    for internal in (b"Foreign", b"KeyError", b"test_pages", b"postgres", b"<pre"):
        assert internal not in answer.body


def test_markup_in_an_exception_is_shown_as_text() -> None:
    tree = page_of_debug(Foreign(PAYLOAD))
    assert PAYLOAD in text_of(tree, "main")


def page_of_debug(raised: Exception) -> Any:
    return read_page(browse(mapped(409, {"DEBUG": True}, raised=raised)))


# Replaced by the application's own

ERROR_TEMPLATE = "statuskit/problem.html"


def overriding(
    folder: Path,
    templates: Mapping[str, str],
    error: Any = None,
    config: Mapping[str, Any] | None = None,
) -> Flask:
    """An application with templates of its own, whose view at "/" raises."""
    app = raising(error or NotFound("Lost"), config)
    app.template_folder = str(write(folder, templates))
    return app


def write(folder: Path, templates: Mapping[str, str]) -> Path:
    for name, source in templates.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return folder


def test_an_application_replaces_the_page(tmp_path: Path) -> None:
    app = overriding(tmp_path, {ERROR_TEMPLATE: "<p>{{ problem.status }}: {{ problem.detail }}"})
    answer = browse(app)
    assert answer.status == 404
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    assert answer.body == b"<p>404: Lost\n"


def test_a_template_of_one_status_comes_before_that_of_all(tmp_path: Path) -> None:
    app = overriding(tmp_path, {"statuskit/404.html": "lost", ERROR_TEMPLATE: "any"})
    app.add_url_rule("/conflict", "conflict", view_raising(Conflict()))
    assert browse(app).body == b"lost\n"
    assert browse(app, "/conflict").body == b"any\n"


def test_without_a_template_for_the_status_ours_is_there(tmp_path: Path) -> None:
    app = overriding(tmp_path, {"statuskit/404.html": "lost"}, Conflict())
    assert text_of(read_page(browse(app)), "h1") == "Conflict"


VALUES = """\
{{ [problem.status, problem.title, advice, errors, errors_omitted, retry_after, request_id,
    debug, members, language, style_hash, say("What to correct"), _ is defined] | tojson }}
"""


def test_a_template_is_given_what_ours_shows(tmp_path: Path) -> None:
    error = ValidationError(["Bad"], retry_after=5, note={"a": 1})
    app = overriding(tmp_path, {ERROR_TEMPLATE: VALUES}, error)
    assert browse(app, **{"X-Request-ID": "r1"}).json == [
        *(422, "Unprocessable Content", "Correct what is listed below, then try again."),
        *([{"detail": "Bad", "pointer": "#"}], None, 5, "r1"),
        *(None, {"note": {"a": 1}}, "en", STYLE_HASH, "What to correct", False),
    ]


EXTENDING = """\
{% extends "statuskit/base.html" %}
{% block title %}Lost{% endblock %}
{% block body %}<main><h1>{{ problem.detail }}</h1></main><footer>Shop</footer>{% endblock %}
"""


def test_a_template_extends_our_base(tmp_path: Path) -> None:
    tree = read_page(browse(overriding(tmp_path, {ERROR_TEMPLATE: EXTENDING}, NotFound(PAYLOAD))))
    assert text_of(tree, "title") == "Lost"
    assert text_of(tree, "h1") == PAYLOAD


def test_a_template_of_one_status_extends_our_page(tmp_path: Path) -> None:
    source = f'{{% extends "{ERROR_TEMPLATE}" %}}{{% block title %}}Oops{{% endblock %}}'
    tree = read_page(browse(overriding(tmp_path, {"statuskit/404.html": source})))
    assert (text_of(tree, "title"), text_of(tree, "h1")) == ("Oops", "Not Found")


def test_a_template_may_bring_a_policy_of_its_own(tmp_path: Path) -> None:
    source = f'{{% extends "{ERROR_TEMPLATE}" %}}{{% block policy %}}{{% endblock %}}'
    answer = browse(overriding(tmp_path, {"statuskit/404.html": source}))
    assert b"Content-Security-Policy" not in answer.body


def test_a_template_uses_the_layout_filters_and_context_of_the_application(tmp_path: Path) -> None:
    app = overriding(
        tmp_path,
        {
            "layout.html": "<nav>{{ shop }} {{ request.path }}</nav>{% block main %}{% endblock %}",
            ERROR_TEMPLATE: '{% extends "layout.html" %}'
            "{% block main %}{{ problem.title|shout }} {{ motto() }}{% endblock %}",
        },
    )
    app.context_processor(lambda: {"shop": "Shop"})
    app.template_filter("shout")(lambda value: f"{value}!")
    app.template_global("motto")(lambda: "Be well")
    assert browse(app).body == b"<nav>Shop /</nav>Not Found! Be well\n"


def test_a_function_for_translations_of_the_application_is_its_own(tmp_path: Path) -> None:
    source = '{% extends "statuskit/problem.html" %}{% block title %}{{ _("Lost") }}{% endblock %}'
    app = overriding(tmp_path, {"statuskit/404.html": source})
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda said: {"Lost": "Verloren"}[said], lambda one, many, n: one, newstyle=True
    )
    tree = read_page(browse(app))
    assert text_of(tree, "title") == "Verloren"
    assert "If you ask for help, quote this:" in text_of(tree, "footer")


def test_a_template_for_a_blueprint_has_its_context(tmp_path: Path) -> None:
    shop = Blueprint("shop", __name__)
    shop.context_processor(lambda: {"where": "shop"})
    shop.add_url_rule("/shop", "index", view_raising(NotFound()))
    app = overriding(tmp_path, {ERROR_TEMPLATE: "{{ where }}"})
    app.register_blueprint(shop)
    assert browse(app, "/shop").body == b"shop\n"
    assert browse(app).body == b"\n"


def test_a_template_may_stand_in_the_folder_of_a_blueprint(tmp_path: Path) -> None:
    folder = str(write(tmp_path, {ERROR_TEMPLATE: "from the blueprint"}))
    app = raising(NotFound())
    app.register_blueprint(Blueprint("shop", __name__, template_folder=folder))
    assert browse(app).body == b"from the blueprint\n"


def test_rendering_a_template_of_the_application_is_signalled(tmp_path: Path) -> None:
    app = overriding(tmp_path, {ERROR_TEMPLATE: "any"})
    rendered = signalled_templates(app)
    assert rendered == [ERROR_TEMPLATE]
    assert signalled_templates(raising(NotFound())) == []


def signalled_templates(app: Flask) -> list[str | None]:
    rendered: list[str | None] = []

    def receive(_sender: Flask, template: Any, **_: Any) -> None:
        rendered.append(template.name)

    with template_rendered.connected_to(receive, app):
        browse(app)
    return rendered


@pytest.mark.parametrize("option", ["DEBUG", "TEMPLATES_AUTO_RELOAD"])
def test_a_template_that_is_changed_or_added_is_found(tmp_path: Path, option: str) -> None:
    app = overriding(tmp_path, {}, config={option: True})
    assert text_of(read_page(browse(app)), "h1") == "Not Found"
    write(tmp_path, {ERROR_TEMPLATE: "one"})
    assert browse(app).body == b"one\n"
    write(tmp_path, {"statuskit/404.html": "two"})
    assert browse(app).body == b"two\n"


def test_each_application_has_its_own_templates(tmp_path: Path) -> None:
    kit = StatusKit()
    apps = [
        raising(NotFound(), kit=kit),
        overriding(tmp_path / "a", {ERROR_TEMPLATE: "a"}),
        overriding(tmp_path / "b", {ERROR_TEMPLATE: "b"}),
        raising(NotFound(), kit=kit),
    ]
    bodies = [browse(app).body for app in apps]
    assert bodies[1:3] == [b"a\n", b"b\n"]
    assert b"Not Found" in bodies[0]
    assert b"Not Found" in bodies[3]


def test_a_template_is_rendered_in_the_request_that_failed(tmp_path: Path) -> None:
    app = overriding(tmp_path, {ERROR_TEMPLATE: "{{ request.args.q }} {{ g.user }}"})

    @app.before_request
    def remember() -> None:
        from flask import g

        g.user = request.args["q"].upper()

    assert browse(app, "/?q=ann").body == b"ann ANN\n"


# Broken ones


def failing_context() -> dict[str, Any]:
    raise RuntimeError("the context processor is broken")


BROKEN: list[tuple[str, str, Any]] = [
    ("{% if %}", "TemplateSyntaxError", None),
    ('{% extends "nowhere.html" %}', "TemplateNotFound", None),
    ("{{ nothing.of.this }}", "UndefinedError", None),
    ("{{ problem.status / 0 }}", "ZeroDivisionError", None),
    (f'{{% extends "{ERROR_TEMPLATE}" %}}', "RecursionError", None),
    ("fine", "the context processor is broken", failing_context),
]


@pytest.mark.parametrize(("source", "reason", "context"), BROKEN, ids=[b[0] for b in BROKEN])
def test_a_broken_template_costs_the_page_but_not_the_status(
    tmp_path: Path, log: Log, source: str, reason: str, context: Any
) -> None:
    app = overriding(tmp_path, {ERROR_TEMPLATE: source}, Conflict("Taken"))
    if context:
        app.context_processor(context)
    answer = browse(app)
    assert answer.status_line == "409 Conflict"
    assert answer.header("Content-Type") == "application/problem+json"
    assert answer.json == {"type": "about:blank", "title": "Conflict", "status": 409}
    said = [logging.Formatter().format(r) for r in log.ours if r.levelno == logging.ERROR]
    assert len(said) == 2
    assert "Conflict: 409 Conflict: Taken" in said[0]
    assert reason in said[1]


def test_a_missing_value_is_an_error_where_the_application_wants_that(
    tmp_path: Path, log: Log
) -> None:
    app = overriding(tmp_path, {ERROR_TEMPLATE: "<p>{{ nothing }}"})
    app.jinja_env.undefined = StrictUndefined
    assert browse(app).json["status"] == 404
    assert "'nothing' is undefined" in logging.Formatter().format(log.ours[1])


def test_a_broken_template_does_not_concern_programs(tmp_path: Path) -> None:
    app = overriding(tmp_path, {ERROR_TEMPLATE: "{% if %}"})
    assert_problem(call(app, headers=PROGRAM), 404)


# Beside the application's


def test_our_templates_are_not_among_those_of_the_application(tmp_path: Path) -> None:
    app = overriding(tmp_path, {"index.html": "", "statuskit/404.html": ""})
    browse(app)
    assert sorted(app.jinja_env.list_templates()) == ["index.html", "statuskit/404.html"]


def test_how_templates_are_found_can_be_explained(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    app = overriding(tmp_path, {ERROR_TEMPLATE: "any"}, config={"EXPLAIN_TEMPLATE_LOADING": True})
    assert browse(app).body == b"any\n"
    said = [r.getMessage() for r in caplog.records if "Locating template" in r.getMessage()]
    assert len(said) == 2
    assert "statuskit/404.html" in said[0]
    assert "found" in said[1]
    assert "flask_statuskit" not in "".join(said)


def test_for_programs_no_template_environment_is_made() -> None:
    app = raising(NotFound())
    assert_problem(call(app, headers=PROGRAM), 404)
    assert "jinja_env" not in vars(app)
    assert app.extensions["statuskit"].pages is None


def reversed_delimiters(app: Flask) -> None:
    app.jinja_options = {
        "block_start_string": "[%",
        "block_end_string": "%]",
        "variable_start_string": "[[",
        "variable_end_string": "]]",
        "comment_start_string": "<!",
        "comment_end_string": ">",
    }


def with_options(**options: Any) -> Any:
    def set_up(app: Flask) -> None:
        app.jinja_options = options

    return set_up


def sandboxed(app: Flask) -> None:
    class Sandbox(ImmutableSandboxedEnvironment):
        def __init__(self, _app: Flask, **options: Any) -> None:
            super().__init__(**options)

    app.jinja_environment = Sandbox  # type: ignore[assignment]


def without_escaping(app: Flask) -> None:
    app.select_jinja_autoescape = lambda _: False  # type: ignore[method-assign]


def without_filters(app: Flask) -> None:
    app.jinja_env.filters.clear()
    app.jinja_env.tests.clear()
    app.jinja_env.globals.clear()


def without_loader(app: Flask) -> None:
    app.jinja_env.loader = None


SET_UPS = [
    reversed_delimiters,
    sandboxed,
    without_escaping,
    without_filters,
    without_loader,
    with_options(undefined=StrictUndefined),
    with_options(autoescape=False),
    with_options(trim_blocks=False, lstrip_blocks=False, keep_trailing_newline=True),
    with_options(line_statement_prefix="<", line_comment_prefix="@"),
    with_options(finalize=lambda _: "nothing"),
    with_options(enable_async=True),
    with_options(cache_size=0),
    with_options(loader=DictLoader({})),
]


@pytest.mark.parametrize("set_up", SET_UPS)
def test_options_of_the_applications_templates_do_ours_no_harm(set_up: Any) -> None:
    app = raising(Conflict(PAYLOAD, note=None), {"STATUSKIT_CATALOG_URL": "/problems"})
    set_up(app)
    tree = read_page(browse(app))
    assert PAYLOAD in text_of(tree, "main")
    assert text_of(tree, "dd") == "null"
    read_page(browse(app, "/problems/409"))


@pytest.mark.parametrize(
    "options", [{}, {"enable_async": True}, {"autoescape": False}, {"undefined": StrictUndefined}]
)
def test_our_base_is_the_same_whatever_extends_it(tmp_path: Path, options: dict[str, Any]) -> None:
    app = overriding(tmp_path, {"statuskit/404.html": '{% extends "statuskit/problem.html" %}'})
    app.jinja_options = options
    assert text_of(read_page(browse(app)), "h1") == "Not Found"


def test_delimiters_of_the_application_work_in_its_templates(tmp_path: Path) -> None:
    source = '[% extends "statuskit/base.html" %][% block body %][[ problem.title ]][% endblock %]'
    app = overriding(tmp_path, {ERROR_TEMPLATE: source})
    reversed_delimiters(app)
    body = browse(app).body.decode()
    assert "<body>\nNot Found" in body
    assert "%}" not in body


# Where else pages come from


def test_a_page_is_sent_where_html_is_the_default() -> None:
    app = raising(NotFound(), {"STATUSKIT_DIALECT": "html", "STATUSKIT_NEGOTIATE": False})
    answer = call(app, headers=PROGRAM)
    assert text_of(read_page(answer), "h1") == "Not Found"
    assert answer.header("Vary") is None


def test_an_address_that_nothing_answers_has_a_page() -> None:
    assert text_of(read_page(browse(make_app(), "/nowhere")), "h1") == "Not Found"


def test_an_error_of_a_mapping_has_a_page() -> None:
    app = make_app()
    kit_of(app).map(Foreign, lambda _: out_of_credit())
    app.add_url_rule("/", "index", view_raising(Foreign()))
    assert text_of(read_page(browse(app)), "h1") == "You do not have enough credit"


def test_the_word_for_programs_of_a_field_error_is_shown() -> None:
    error = ValidationError([FieldError("Bad", pointer="#/a", code="E42")])
    assert "<code>(E42)</code>" in browse(raising(error)).body.decode()
