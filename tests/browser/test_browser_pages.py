"""Error pages as a browser shows them: readable, accessible, and under the strictest policy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser_support import (
    SCHEMES,
    SIZES,
    Window,
    assert_reads_well,
    screenshot,
    serving,
    window,
)
from flask import Flask, Response, jsonify, request

from flask_statuskit import (
    NotFound,
    PaymentRequired,
    ServiceUnavailable,
    StatusKit,
    ValidationError,
)
from flask_statuskit.pages import STYLE_HASH

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SECRET = "hunter2"
#: What an application may send that allows nothing but its own style sheets, and that of our pages.
STRICT = f"default-src 'none'; style-src 'self' '{STYLE_HASH}'"

#: The headings of the pages, and what else can be read there, by their paths.
PAGES = {
    "/missing": ("Not Found", "There is no room 7."),
    "/invalid": ("Unprocessable Content", "Must be later than check_in."),
    "/maintenance": ("Service Unavailable", "The archive is moving."),
    "/broken": ("Internal Server Error", "An unexpected error"),
    "/poor": ("You do not have enough credit", "The balance does not cover the price."),
}

OVERRIDE = """\
{% extends "statuskit/base.html" %}
{% block title %}Gone fishing{% endblock %}
{% block body %}<main><h1>Gone fishing</h1><p>{{ problem.detail }}</p></main>{% endblock %}
"""


class NoCredit(PaymentRequired):
    """The balance does not cover the price. Top up, then repeat the request."""

    type = "no-credit"  # unlike that of the example app: they may be tested in one process
    title = "You do not have enough credit"
    balance: int


def missing() -> Any:
    raise NotFound("There is no room 7.")


def invalid() -> Any:
    raise ValidationError(
        {
            "check_out": ["Must be later than check_in."],
            "guests": {0: {"name": ["Missing data for required field.", "a" * 200]}},
        }
    )


def maintenance() -> Any:
    raise ServiceUnavailable("The archive is moving.", retry_after=90)


def broken() -> Any:
    raise RuntimeError(f"Cannot connect to https://ann:{SECRET}@db/")


def late() -> Any:
    raise TimeoutError(f"No answer from https://ann:{SECRET}@db/")


def poor() -> Any:
    raise NoCredit("The balance does not cover the price.", balance=7)


def asked() -> Any:
    return jsonify(request.headers.get("Accept"))


def home() -> Any:
    return Response("<!doctype html><html lang=en><title>Home</title><p>Here", mimetype="text/html")


def make_app(templates: Path | None = None, **config: Any) -> Flask:
    app = Flask("shop", template_folder=templates)
    app.config.update(STATUSKIT_AUDIT="off", STATUSKIT_CATALOG_URL="/problems", **config)
    StatusKit(app).map(TimeoutError, 504)
    for view in (missing, invalid, maintenance, broken, late, poor, asked, home):
        app.add_url_rule(f"/{view.__name__}", view_func=view)
    app.after_request(with_policy)
    return app


def with_policy(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = STRICT
    return response


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(make_app()) as address:
        yield address


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_reads_well(
    path: str, width: int, scheme: str, browser: Browser, address: str
) -> None:
    heading, said = PAGES[path]
    with window(browser, address, width, scheme) as opened:
        response = opened.open(path)
        assert response.header_value("Content-Type") == "text/html; charset=utf-8"
        assert opened.page.locator("h1").inner_text() == heading
        assert said in opened.page.locator("main").inner_text()
        assert str(response.status) in opened.page.title()
        assert_reads_well(opened.page)
        screenshot(opened.page, f"page-{response.status}", width, scheme)


def test_the_fields_to_correct_are_listed(desktop: Window) -> None:
    desktop.open("/invalid")
    listed = desktop.page.locator("main li").all_inner_texts()
    assert listed[0] == "#/check_out Must be later than check_in."
    assert listed[1].startswith("#/guests/0/name ")
    assert len(listed) == 3


def test_a_page_says_when_to_come_back(desktop: Window) -> None:
    response = desktop.open("/maintenance")
    assert response.header_value("Retry-After") == "90"
    assert "90 seconds" in desktop.page.locator("main").inner_text()


def test_the_page_of_a_bug_tells_nothing_in_production(desktop: Window) -> None:
    response = desktop.open("/broken")
    shown = desktop.page.content()
    assert not [word for word in (SECRET, "RuntimeError", "Traceback", ".py") if word in shown]
    # What to quote is what the log has.
    assert response.header_value("X-Request-ID") in desktop.page.locator("footer").inner_text()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", SIZES)
def test_a_page_shows_the_lines_in_development(width: int, scheme: str, browser: Browser) -> None:
    with (
        serving(make_app(DEBUG=True)) as address,
        window(browser, address, width, scheme) as opened,
    ):
        assert opened.open("/late").status == 504
        shown = opened.page.locator("main").inner_text()
        assert "TimeoutError" in shown
        assert 'raise TimeoutError(f"No answer from' in shown
        assert SECRET not in shown
        assert_reads_well(opened.page)
        screenshot(opened.page, "page-debug", width, scheme)


def test_the_style_is_applied_under_the_strictest_policy(desktop: Window) -> None:
    response = desktop.open("/missing")
    assert response.header_value("Content-Security-Policy") == STRICT
    assert background_of(desktop) == "rgb(246, 247, 249)"


def test_without_its_hash_in_the_policy_the_style_is_refused(
    browser: Browser,
) -> None:
    app = make_app()
    app.after_request_funcs[None] = [without_hash]
    with serving(app) as address, window(browser, address) as opened:
        opened.open("/missing")
        assert background_of(opened) == "rgba(0, 0, 0, 0)"
        [complaint] = opened.complaints
        assert "style-src 'self'" in complaint
        opened.complaints.clear()


def without_hash(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'"
    return response


def background_of(opened: Window) -> str:
    return str(opened.page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_dark_is_dark(browser: Browser, address: str) -> None:
    backgrounds = []
    for scheme in SCHEMES:
        with window(browser, address, scheme=scheme) as opened:
            opened.open("/missing")
            backgrounds.append(background_of(opened))
    light, dark = (sum(map(int, colour[4:-1].split(", "))) for colour in backgrounds)
    assert dark < 150 < 600 < light


def test_a_page_of_the_application_takes_the_place_of_ours(
    browser: Browser, tmp_path: Path
) -> None:
    folder = tmp_path / "statuskit"
    folder.mkdir()
    (folder / "404.html").write_text(OVERRIDE)
    with serving(make_app(tmp_path)) as address, window(browser, address) as opened:
        assert opened.open("/missing").status == 404
        assert opened.page.title() == "Gone fishing"
        assert "There is no room 7." in opened.page.locator("main").inner_text()
        assert_reads_well(opened.page)
        # The others are as they were.
        assert opened.open("/maintenance").status == 503
        assert opened.page.locator("h1").inner_text() == "Service Unavailable"


def test_the_page_of_a_type_is_one_click_away(desktop: Window) -> None:
    desktop.open("/poor")
    desktop.page.get_by_role("link").click()
    assert desktop.page.url.endswith("/problems/no-credit")
    assert desktop.page.locator("h1").inner_text() == "You do not have enough credit"


# What Chromium really asks for


def test_a_navigation_gets_a_page(desktop: Window) -> None:
    assert desktop.open("/asked").json().startswith("text/html,")
    response = desktop.open("/missing")
    assert response.header_value("Content-Type") == "text/html; charset=utf-8"
    assert response.header_value("Vary") == "Accept"


@pytest.mark.parametrize(
    ("options", "content_type"),
    [
        ("{}", "application/problem+json"),
        ('{headers: {Accept: "application/json"}}', "application/problem+json"),
        ('{headers: {Accept: "text/html"}}', "text/html; charset=utf-8"),
        ('{headers: {Accept: "application/problem+xml"}}', "application/problem+xml"),
    ],
)
def test_a_fetch_gets_a_problem_unless_it_asks_for_a_page(
    options: str, content_type: str, browser: Browser, address: str
) -> None:
    with window(browser, address, bypass_csp=True) as opened:
        opened.open("/home")
        got = opened.page.evaluate(
            f"""async () => {{
                const response = await fetch("/missing", {options});
                return [response.status, response.headers.get("Content-Type")];
            }}"""
        )
        assert got == [404, content_type]
        opened.complaints.clear()  # Chromium's word on the 404
