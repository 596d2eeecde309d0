"""The catalogue of the example app as a browser shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

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
from example_app_support import only_its_types

from example_app import create_app
from example_app.config import Production
from example_app.database import engine_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    database = tmp_path_factory.mktemp("catalog") / "bookings.sqlite3"
    settings = {"DATABASE_URL": f"sqlite:///{database}", "RATELIMIT_STORAGE_URI": "memory://"}
    app = create_app(type("Config", (Production,), settings))
    with only_its_types(), serving(app) as address:
        yield address
    engine_of(app).dispose()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/problems/", "Problem types"),
        ("/problems/out-of-credit", "You do not have enough credit"),
        ("/problems/429", "Too Many Requests"),
    ],
)
def test_a_page_of_the_catalogue_reads_well(
    path: str, heading: str, width: int, scheme: str, browser: Browser, address: str
) -> None:
    with window(browser, address, width, scheme) as opened:
        assert opened.open(path).status == 200
        assert opened.page.locator("h1").inner_text() == heading
        assert_reads_well(opened.page)
        screenshot(opened.page, f"catalog-{Path(path).name}", width, scheme)


def test_each_link_of_the_index_leads_to_a_page_and_back(desktop: Window) -> None:
    desktop.open("/problems/")
    links = desktop.page.locator("main a")
    paths = [link.get_attribute("href") or "" for link in links.all()]
    assert "/problems/out-of-credit" in paths
    assert "/problems/404" in paths
    for path in paths:
        assert desktop.page.request.get(desktop.address + path).status == 200
    links.first.click()
    desktop.page.get_by_role("link", name="All problem types").click()
    assert desktop.page.url == f"{desktop.address}/problems/"


def test_a_script_gets_json(desktop: Window) -> None:
    answer = desktop.page.request.get(f"{desktop.address}/problems/out-of-credit")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["type"] == "/problems/out-of-credit"


def test_a_german_reads_german(browser: Browser, address: str) -> None:
    with window(browser, address, locale="de-DE") as opened:
        opened.open("/problems/429")
        assert opened.page.locator("html").get_attribute("lang") == "de"
        assert opened.page.locator("h1").inner_text() == "Zu viele Anfragen"
        assert_reads_well(opened.page)
